/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who goes where: commuting and journeys. A line may name places of several areas each: it is then a line for each pair
 * of their areas, and those who go are divided over the areas by how many persons live there. */
#include <stdlib.h>
#include <string.h>

#include "formats/scenario_reading.h"
#include "tocsin/status.h"

#define SHARE_SLACK 1e-9 /* what decimal numbers lose */

struct flow {
    const struct scenario_place *from, *to;
    double                       share;
    uint32_t                     leave, back; /* of journeys */
    const struct yaml_node      *line;
};

struct flows {
    struct flow *flows;
    size_t       num, room;
};

static int add_flow(struct scenario_reading *reading, struct flows *flows, const struct flow *flow)
{
    if (flows->num == flows->room) {
        size_t       room = flows->room == 0 ? 64 : 2 * flows->room;
        struct flow *grown = arena_array(&reading->scenario->arena, room, sizeof *grown);
        if (grown == NULL)
            return TOC_ERR_NO_MEMORY;
        if (flows->num > 0)
            memcpy(grown, flows->flows, flows->num * sizeof *grown);
        flows->flows = grown;
        flows->room = room;
    }
    flows->flows[flows->num++] = *flow;
    return 0;
}

static bool is_in(const struct scenario_place *place, uint32_t area)
{
    return area >= place->first && area < place->first + place->num;
}

static double persons_in(const struct scenario *scenario, const struct scenario_place *place)
{
    double persons = 0;
    for (uint32_t area = place->first; area < place->first + place->num; area++)
        persons += scenario->areas[area].persons;
    return persons;
}

static size_t pairs_of(const struct flows *flows)
{
    size_t num = 0; /* at most 65,536 × 65,536 a line, and as many lines as a file of a megabyte has */
    for (size_t i = 0; i < flows->num; i++)
        num += (size_t) flows->flows[i].from->num * flows->flows[i].to->num;
    return num;
}

/* ---- commuting ---- */

/* {level, share}: within each place of the level, to all of its areas. */
static int read_level(struct scenario_reading *reading, const struct yaml_node *line, const struct yaml_node *node,
                      double share, struct flows *flows)
{
    uint8_t level;
    int     ret = scenario_read_level(reading, node, &level);
    if (ret != 0)
        return 0;
    const struct scenario_place *place = NULL;
    while (ret == 0 && (place = scenario_next_place(reading->scenario, level, NULL, place)) != NULL)
        ret = add_flow(reading, flows, &(struct flow){ .from = place, .to = place, .share = share, .line = line });
    return ret;
}

static int read_commuting_line(struct scenario_reading *reading, const struct yaml_node *line, struct flows *flows)
{
    enum { FROM, TO, SHARE, LEVEL };
    static const char *const keys[] = { "from", "to", "share", "level", NULL };
    const struct yaml_node  *members[SCENARIO_MOST_KEYS];
    struct flow              flow = { .line = line };
    bool good = scenario_split(reading, line, keys, "a map: from, to, share; or level, share", members);
    if (line->kind != YAML_MAP)
        return 0;
    bool by_level = members[LEVEL] != NULL;
    if (by_level && (members[FROM] != NULL || members[TO] != NULL)) {
        scenario_tell(reading, members[LEVEL], true, "from and to, or level", "both");
        return 0;
    }
    for (size_t i = by_level ? SHARE : FROM; i <= SHARE; i++)
        good = scenario_is_here(reading, line, members[i], keys[i]) && good;
    if (members[FROM] != NULL)
        good = scenario_read_place(reading, members[FROM], &flow.from) && good;
    if (members[TO] != NULL)
        good = scenario_read_place(reading, members[TO], &flow.to) && good;
    if (members[SHARE] != NULL)
        good = scenario_number(reading, members[SHARE], 0, 1, false, "share", &flow.share) == 0 && good;
    if (!good)
        return 0;
    return by_level ? read_level(reading, line, members[LEVEL], flow.share, flows) : add_flow(reading, flows, &flow);
}

/* The part of a flow that goes to one of the areas; `persons` live where it goes to. */
static double part_of(const struct scenario *scenario, const struct flow *flow, uint32_t to, double persons)
{
    if (flow->to->num == 1)
        return flow->share;
    return persons > 0 ? flow->share * scenario->areas[to].persons / persons : 0;
}

static void fill_commuting(struct scenario *scenario, const struct flow *flow)
{
    double persons = persons_in(scenario, flow->to);
    for (uint32_t from = flow->from->first; from < flow->from->first + flow->from->num; from++)
        for (uint32_t to = flow->to->first; to < flow->to->first + flow->to->num; to++)
            scenario->commuting[scenario->num_commuting++] =
                (struct toc_simulation_commuting){ from, to, part_of(scenario, flow, to, persons) };
}

static int compare_commuting(const void *a, const void *b)
{
    const struct toc_simulation_commuting *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return x->to < y->to ? -1 : x->to > y->to;
}

/* The lines are in the order of `from` now. */
static void check_commuting(const struct scenario_reading *reading)
{
    const struct scenario *scenario = reading->scenario;
    double                 sum = 0;
    for (size_t i = 0; i < scenario->num_commuting; i++) {
        bool last = i + 1 == scenario->num_commuting || scenario->commuting[i + 1].from != scenario->commuting[i].from;
        sum += scenario->commuting[i].share;
        if (last && sum > 1 + SHARE_SLACK)
            scenario_tell(reading, reading->commuting, true, "at most 1", "the shares from %s sum to %.10g",
                          scenario->area_names[scenario->commuting[i].from], sum);
        sum = last ? 0 : sum;
    }
}

int scenario_read_commuting(struct scenario_reading *reading)
{
    struct scenario        *scenario = reading->scenario;
    const struct yaml_node *list = reading->commuting;
    struct flows            flows = { 0 };
    int                     ret = 0;
    if (list == NULL || list->num == 0)
        return 0;
    if (list->num > SCENARIO_LINES) {
        scenario_tell(reading, list, true, "at most 10000 lines", "%zu lines", list->num);
        return 0;
    }
    for (const struct yaml_node *line = list->first; line != NULL && ret == 0; line = line->next)
        ret = read_commuting_line(reading, line, &flows);
    size_t num = pairs_of(&flows);
    if (ret == 0 && num > SCENARIO_PAIRS) {
        scenario_tell(reading, list, true, "at most 1000000; smaller places, or a lower level", "%zu pairs of areas",
                      num);
        return 0;
    }
    scenario->commuting = ret == 0 ? arena_array(&scenario->arena, num, sizeof *scenario->commuting) : NULL;
    if (scenario->commuting == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < flows.num; i++)
        fill_commuting(scenario, &flows.flows[i]);
    qsort(scenario->commuting, scenario->num_commuting, sizeof *scenario->commuting, compare_commuting);
    check_commuting(reading);
    return 0;
}

/* ---- journeys ---- */

static int read_journey_line(struct scenario_reading *reading, const struct yaml_node *line, struct flows *flows)
{
    enum { FROM, TO, SHARE, LEAVE, BACK };
    static const char *const keys[] = { "from", "to", "share", "leave", "back", NULL };
    const struct yaml_node  *members[SCENARIO_MOST_KEYS];
    struct flow              flow = { .line = line };
    bool                     good = scenario_split(reading, line, keys, "a map: from, to, share, leave, back", members);
    if (line->kind != YAML_MAP)
        return 0;
    for (size_t i = 0; keys[i] != NULL; i++)
        if (!scenario_is_here(reading, line, members[i], keys[i]))
            return 0;
    good = scenario_read_place(reading, members[FROM], &flow.from) && good;
    good = scenario_read_place(reading, members[TO], &flow.to) && good;
    if (good && flow.to->num == 1 && flow.from->num == 1 && flow.to->first == flow.from->first) {
        scenario_tell(reading, members[TO], false, "another area", "the same area as from");
        good = false;
    }
    good = scenario_number(reading, members[SHARE], 0, 1, false, "share of the households", &flow.share) == 0 && good;
    bool days = scenario_day(reading, members[LEAVE], &flow.leave) == 0;
    days = scenario_day(reading, members[BACK], &flow.back) == 0 && days;
    if (days && flow.back <= flow.leave) {
        scenario_tell(reading, members[BACK], false, "a day after leave", "they are back before they leave");
        return 0;
    }
    return good && days ? add_flow(reading, flows, &flow) : 0;
}

/* Nobody travels to where they live: what would go there goes to the others. */
static void fill_journeys(struct scenario_reading *reading, const struct flow *flow)
{
    struct scenario *scenario = reading->scenario;
    for (uint32_t from = flow->from->first; from < flow->from->first + flow->from->num; from++) {
        double persons = persons_in(scenario, flow->to) - (is_in(flow->to, from) ? scenario->areas[from].persons : 0);
        for (uint32_t to = flow->to->first; to < flow->to->first + flow->to->num; to++) {
            if (to == from)
                continue;
            reading->journey_lines[scenario->num_journeys] = flow->line;
            scenario->journeys[scenario->num_journeys++] =
                (struct toc_simulation_journey){ from, to, flow->leave, flow->back,
                                                 part_of(scenario, flow, to, persons) };
        }
    }
}

int scenario_read_journeys(struct scenario_reading *reading)
{
    struct scenario        *scenario = reading->scenario;
    const struct yaml_node *list = reading->journeys;
    struct flows            flows = { 0 };
    int                     ret = 0;
    if (list == NULL || list->num == 0)
        return 0;
    for (const struct yaml_node *line = list->first; line != NULL && ret == 0; line = line->next)
        ret = read_journey_line(reading, line, &flows);
    size_t num = pairs_of(&flows);
    if (ret == 0 && num > TOC_SIMULATION_MAX_JOURNEYS) {
        scenario_tell(reading, list, true, "at most 4096", "journeys between %zu pairs of areas", num);
        return 0;
    }
    scenario->journeys = ret == 0 ? arena_array(&scenario->arena, num, sizeof *scenario->journeys) : NULL;
    reading->journey_lines = ret == 0 ? arena_array(&scenario->arena, num, sizeof(struct yaml_node *)) : NULL;
    if (scenario->journeys == NULL || reading->journey_lines == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < flows.num; i++)
        fill_journeys(reading, &flows.flows[i]);
    return 0;
}
