/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lists of a scenario: areas, commuting, journeys, measures, imported cases. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"
#include "formats/scenario_reading.h"
#include "tocsin/status.h"

#define MOST_KEYS 8      /* of one line of a list, with the end */
#define SHARE_SLACK 1e-9 /* what decimal numbers lose */

/* One line of a list: a map with some of these keys. members[i] is the value of keys[i] or NULL. Returns whether the
 * line can be read on. */
static bool split(const struct scenario_reading *reading, const struct yaml_node *line, const char *const *keys,
                  const char *allowed, const struct yaml_node **members)
{
    bool good = true;
    if (!scenario_is(reading, line, YAML_MAP, allowed))
        return false;
    for (size_t i = 0; keys[i] != NULL; i++)
        members[i] = yaml_member(line, keys[i]);
    for (const struct yaml_node *member = line->first; member != NULL; member = member->next) {
        size_t i = 0;
        while (keys[i] != NULL && strcmp(keys[i], member->key) != 0)
            i++;
        if (keys[i] != NULL)
            continue;
        scenario_tell_unknown(reading, member, keys);
        good = false;
    }
    return good;
}

/* A value that must be there. */
static bool is_here(const struct scenario_reading *reading, const struct yaml_node *line,
                    const struct yaml_node *member, const char *key)
{
    if (member != NULL)
        return true;
    scenario_tell(reading, line, false, NULL, "%s is missing", key);
    return false;
}

/* ---- areas ---- */

static int find_area(const struct scenario *scenario, const char *name)
{
    for (size_t i = 0; i < scenario->num_areas; i++)
        if (strcmp(scenario->area_names[i], name) == 0)
            return (int) i;
    return -1;
}

static bool read_area(struct scenario_reading *reading, const struct yaml_node *node, uint32_t *area)
{
    const struct scenario *scenario = reading->scenario;
    const char            *name;
    if (scenario_text(reading, node, SCENARIO_NAME_BYTES, &name) != 0)
        return false;
    int found = find_area(scenario, name);
    if (found < 0) {
        struct nearest nearest = { .word = name };
        char           quoted[TEXT_QUOTE_BYTES], allowed[FAULT_ALLOWED_BYTES] = "the name of one of the areas";
        for (size_t i = 0; i < scenario->num_areas; i++)
            nearest_offer(&nearest, scenario->area_names[i]);
        if (nearest.best != NULL)
            snprintf(allowed, sizeof allowed, "did you mean %s?", nearest.best);
        text_quote(node->text, node->size, quoted);
        scenario_tell(reading, node, false, allowed, "there is no area %s", quoted);
        return false;
    }
    *area = (uint32_t) found;
    return true;
}

static void read_area_line(struct scenario_reading *reading, const struct yaml_node *line)
{
    static const char *const keys[] = { "name", "persons", NULL };
    struct scenario         *scenario = reading->scenario;
    const struct yaml_node  *members[MOST_KEYS];
    const char              *name = NULL;
    double                   persons = 0;
    bool                     good = split(reading, line, keys, "a map: name, persons", members);
    if (line->kind != YAML_MAP)
        return;
    good = is_here(reading, line, members[0], "name") && good;
    good = is_here(reading, line, members[1], "persons") && good;
    if (members[0] != NULL && scenario_text(reading, members[0], SCENARIO_NAME_BYTES, &name) != 0)
        good = false;
    if (members[1] != NULL && scenario_number(reading, members[1], 0, 1e9, true, "persons", &persons) != 0)
        good = false;
    if (name != NULL && find_area(scenario, name) >= 0) {
        scenario_tell(reading, members[0], false, "each area once", "the area comes twice");
        good = false;
    }
    if (!good)
        return;
    scenario->areas[scenario->num_areas].persons = persons;
    scenario->area_names[scenario->num_areas++] = name;
}

static int read_areas(struct scenario_reading *reading)
{
    struct scenario        *scenario = reading->scenario;
    const struct yaml_node *list = reading->areas;
    if (list == NULL)
        return 0;
    if (list->num == 0 || list->num > SCENARIO_AREAS) {
        scenario_tell(reading, list, false, "1 … 10000 areas", "%zu areas", list->num);
        return 0;
    }
    if (reading->choices->agents > 0)
        scenario_tell(reading, list, true, "either", "the scenario has areas, and a number of agents was chosen too");
    scenario->areas = arena_array(&scenario->arena, list->num, sizeof *scenario->areas);
    scenario->area_names = arena_array(&scenario->arena, list->num, sizeof *scenario->area_names);
    if (scenario->areas == NULL || scenario->area_names == NULL)
        return TOC_ERR_NO_MEMORY;
    for (const struct yaml_node *line = list->first; line != NULL; line = line->next)
        read_area_line(reading, line);
    return 0;
}

/* ---- commuting ---- */

static bool read_commuting_line(struct scenario_reading *reading, const struct yaml_node *line,
                                struct toc_simulation_commuting *commuting)
{
    static const char *const keys[] = { "from", "to", "share", NULL };
    const struct yaml_node  *members[MOST_KEYS];
    bool                     good = split(reading, line, keys, "a map: from, to, share", members);
    if (line->kind != YAML_MAP)
        return false;
    for (size_t i = 0; keys[i] != NULL; i++)
        good = is_here(reading, line, members[i], keys[i]) && good;
    if (members[0] != NULL)
        good = read_area(reading, members[0], &commuting->from) && good;
    if (members[1] != NULL)
        good = read_area(reading, members[1], &commuting->to) && good;
    if (members[2] != NULL)
        good = scenario_number(reading, members[2], 0, 1, false, "share", &commuting->share) == 0 && good;
    return good;
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

/* ---- journeys ---- */

static bool read_journey_line(struct scenario_reading *reading, const struct yaml_node *line,
                              struct toc_simulation_journey *journey)
{
    static const char *const keys[] = { "from", "to", "share", "leave", "back", NULL };
    const struct yaml_node  *members[MOST_KEYS];
    bool                     good = split(reading, line, keys, "a map: from, to, share, leave, back", members);
    if (line->kind != YAML_MAP)
        return false;
    for (size_t i = 0; keys[i] != NULL; i++)
        if (!is_here(reading, line, members[i], keys[i]))
            return false;
    good = read_area(reading, members[0], &journey->from) && good;
    good = read_area(reading, members[1], &journey->to) && good;
    if (good && journey->to == journey->from) {
        scenario_tell(reading, members[1], false, "another area", "the same area as from");
        good = false;
    }
    good = scenario_number(reading, members[2], 0, 1, false, "share of the households", &journey->share) == 0 && good;
    bool days = scenario_day(reading, members[3], &journey->leave) == 0;
    days = scenario_day(reading, members[4], &journey->back) == 0 && days;
    if (days && journey->back <= journey->leave) {
        scenario_tell(reading, members[4], false, "a day after leave", "they are back before they leave");
        return false;
    }
    return good && days;
}

static int read_journeys(struct scenario_reading *reading)
{
    struct scenario        *scenario = reading->scenario;
    const struct yaml_node *list = reading->journeys;
    if (list == NULL || list->num == 0)
        return 0;
    if (list->num > TOC_SIMULATION_MAX_JOURNEYS) {
        scenario_tell(reading, list, true, "at most 256 lines", "%zu lines", list->num);
        return 0;
    }
    scenario->journeys = arena_array(&scenario->arena, list->num, sizeof *scenario->journeys);
    if (scenario->journeys == NULL)
        return TOC_ERR_NO_MEMORY;
    for (const struct yaml_node *line = list->first; line != NULL; line = line->next)
        if (read_journey_line(reading, line, &scenario->journeys[scenario->num_journeys]))
            scenario->num_journeys++;
    return 0;
}

/* ---- measures ---- */

static bool read_measure_name(const struct scenario_reading *reading, const struct yaml_node *node,
                              enum toc_simulation_measure *measure)
{
    size_t                             num;
    const struct toc_simulation_entry *all = toc_simulation_list_measures(&num);
    struct nearest                     nearest = { .word = "" };
    char                               allowed[FAULT_ALLOWED_BYTES] = "", quoted[TEXT_QUOTE_BYTES];
    if (!scenario_is(reading, node, YAML_TEXT, "the name of a measure"))
        return false;
    nearest.word = node->text;
    for (size_t i = 0, used = 0; i < num; i++) {
        if (strcmp(all[i].name, node->text) == 0) {
            *measure = (enum toc_simulation_measure) i;
            return true;
        }
        nearest_offer(&nearest, all[i].name);
        if (used < sizeof allowed)
            used += (size_t) snprintf(allowed + used, sizeof allowed - used, "%s%s", i > 0 ? ", " : "", all[i].name);
    }
    if (nearest.best != NULL)
        snprintf(allowed, sizeof allowed, "did you mean %s?", nearest.best);
    text_quote(node->text, node->size, quoted);
    scenario_tell(reading, node, false, allowed, "there is no measure %s", quoted);
    return false;
}

enum { MEASURE, FROM, TO, AREA, STRENGTH, ON_ABOVE, OFF_BELOW };

static bool read_trigger(const struct scenario_reading *reading, const struct yaml_node *line,
                         const struct yaml_node *const *members, struct toc_simulation_schedule *schedule)
{
    static const char unit[] = "found infections of 7 days per 100,000";
    if (members[ON_ABOVE] == NULL && members[OFF_BELOW] == NULL)
        return true;
    if (!is_here(reading, line, members[ON_ABOVE], "on_above") ||
        !is_here(reading, line, members[OFF_BELOW], "off_below"))
        return false;
    bool good = scenario_number(reading, members[ON_ABOVE], 0, 1e5, false, unit, &schedule->on_above) == 0;
    good = scenario_number(reading, members[OFF_BELOW], 0, 1e5, false, unit, &schedule->off_below) == 0 && good;
    if (good && schedule->off_below > schedule->on_above) {
        scenario_tell(reading, members[OFF_BELOW], false, "at most on_above", "more than on_above");
        return false;
    }
    return good;
}

static bool read_measure_line(struct scenario_reading *reading, const struct yaml_node *line,
                              struct toc_simulation_schedule *schedule)
{
    static const char *const keys[] = { "measure", "from", "to", "area", "strength", "on_above", "off_below", NULL };
    const struct yaml_node  *members[MOST_KEYS];
    *schedule = (struct toc_simulation_schedule){ .area = TOC_SIMULATION_EVERYWHERE,
                                                  .from = 1,
                                                  .to = TOC_SIMULATION_LAST_DAY,
                                                  .strength = 1,
                                                  .on_above = -1,
                                                  .off_below = -1 };
    bool good = split(reading, line, keys, "a map: measure, from, to, area, strength, on_above, off_below", members);
    if (line->kind != YAML_MAP)
        return false;
    good = is_here(reading, line, members[MEASURE], "measure") && good;
    if (members[MEASURE] != NULL)
        good = read_measure_name(reading, members[MEASURE], &schedule->measure) && good;
    if (members[FROM] != NULL)
        good = scenario_day(reading, members[FROM], &schedule->from) == 0 && good;
    if (members[TO] != NULL)
        good = scenario_day(reading, members[TO], &schedule->to) == 0 && good;
    if (members[AREA] != NULL)
        good = read_area(reading, members[AREA], &schedule->area) && good;
    if (members[STRENGTH] != NULL)
        good =
            scenario_number(reading, members[STRENGTH], 0, 1, false, "share of the effect", &schedule->strength) == 0 &&
            good;
    good = read_trigger(reading, line, members, schedule) && good;
    if (good && schedule->to < schedule->from) {
        scenario_tell(reading, members[TO] != NULL ? members[TO] : line, false, "the first day or later",
                      "the last day lies before the first");
        return false;
    }
    return good;
}

/* ---- imports ---- */

static bool read_import_line(struct scenario_reading *reading, const struct yaml_node *line,
                             struct toc_simulation_import *import)
{
    static const char *const keys[] = { "day", "persons", "area", "strain", NULL };
    const struct yaml_node  *members[MOST_KEYS];
    double                   number;
    *import = (struct toc_simulation_import){ .area = TOC_SIMULATION_EVERYWHERE };
    bool good = split(reading, line, keys, "a map: day, persons, area, strain", members);
    if (line->kind != YAML_MAP)
        return false;
    good = is_here(reading, line, members[0], "day") && good;
    good = is_here(reading, line, members[1], "persons") && good;
    if (members[0] != NULL)
        good = scenario_day(reading, members[0], &import->day) == 0 && good;
    if (members[1] != NULL && scenario_number(reading, members[1], 1, 1e9, true, "persons", &number) == 0)
        import->persons = (uint32_t) number;
    else
        good = false;
    if (members[2] != NULL)
        good = read_area(reading, members[2], &import->area) && good;
    if (members[3] != NULL) {
        if (scenario_number(reading, members[3], 1, TOC_SIMULATION_STRAIN, true, "strain", &number) == 0)
            import->strain = (uint32_t) number - 1;
        else
            good = false;
    }
    return good;
}

/* ---- all lists ---- */

/* How many lines the lists of this name have in the files from `begin` down to the caller's. */
static size_t count_lines(const struct scenario_reading *reading, const char *key)
{
    size_t num = 0;
    for (size_t file = 0; file < reading->num_files; file++) {
        const struct yaml_node *list = yaml_member(reading->roots[file], key);
        num += list != NULL && list->kind == YAML_LIST ? list->num : 0;
    }
    return num;
}

static bool is_too_long(const struct scenario_reading *reading, const char *key, size_t num)
{
    if (num <= SCENARIO_LINES)
        return false;
    for (size_t file = 0; file < reading->num_files; file++) {
        const struct yaml_node *list = yaml_member(reading->roots[file], key);
        if (list == NULL)
            continue;
        scenario_tell(reading, list, true, "at most 10000 lines, extended ones included", "%zu lines", num);
        break;
    }
    return true;
}

static int read_commuting(struct scenario_reading *reading)
{
    struct scenario        *scenario = reading->scenario;
    const struct yaml_node *list = reading->commuting;
    if (list == NULL || list->num == 0)
        return 0;
    if (list->num > SCENARIO_LINES) {
        scenario_tell(reading, list, true, "at most 10000 lines", "%zu lines", list->num);
        return 0;
    }
    scenario->commuting = arena_array(&scenario->arena, list->num, sizeof *scenario->commuting);
    if (scenario->commuting == NULL)
        return TOC_ERR_NO_MEMORY;
    for (const struct yaml_node *line = list->first; line != NULL; line = line->next)
        if (read_commuting_line(reading, line, &scenario->commuting[scenario->num_commuting]))
            scenario->num_commuting++;
    qsort(scenario->commuting, scenario->num_commuting, sizeof *scenario->commuting, compare_commuting);
    check_commuting(reading);
    return 0;
}

/* The lines of all files, the extended ones first. */
static int read_measures(struct scenario_reading *reading)
{
    struct scenario *scenario = reading->scenario;
    size_t           num = count_lines(reading, "measures");
    if (is_too_long(reading, "measures", num))
        return 0;
    scenario->schedule = arena_array(&scenario->arena, num, sizeof *scenario->schedule);
    reading->measures = arena_array(&scenario->arena, num, sizeof(struct yaml_node *));
    if (scenario->schedule == NULL || reading->measures == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t file = reading->num_files; file-- > 0;) {
        const struct yaml_node *list = yaml_member(reading->roots[file], "measures");
        if (list == NULL || !scenario_is(reading, list, YAML_LIST, "a list of measures"))
            continue;
        for (const struct yaml_node *line = list->first; line != NULL; line = line->next)
            if (read_measure_line(reading, line, &scenario->schedule[scenario->num_schedule]))
                reading->measures[scenario->num_schedule++] = line;
    }
    return 0;
}

static int read_imports(struct scenario_reading *reading)
{
    struct scenario *scenario = reading->scenario;
    size_t           num = count_lines(reading, "imports");
    if (is_too_long(reading, "imports", num))
        return 0;
    scenario->imports = arena_array(&scenario->arena, num, sizeof *scenario->imports);
    reading->imports = arena_array(&scenario->arena, num, sizeof(struct yaml_node *));
    if (scenario->imports == NULL || reading->imports == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t file = reading->num_files; file-- > 0;) {
        const struct yaml_node *list = yaml_member(reading->roots[file], "imports");
        if (list == NULL || !scenario_is(reading, list, YAML_LIST, "a list of imported cases"))
            continue;
        for (const struct yaml_node *line = list->first; line != NULL; line = line->next)
            if (read_import_line(reading, line, &scenario->imports[scenario->num_imports]))
                reading->imports[scenario->num_imports++] = line;
    }
    return 0;
}

int scenario_read_lists(struct scenario_reading *reading)
{
    int ret = read_areas(reading);
    if (ret == 0)
        ret = read_commuting(reading);
    if (ret == 0)
        ret = read_journeys(reading);
    if (ret == 0)
        ret = read_measures(reading);
    if (ret == 0)
        ret = read_imports(reading);
    return ret;
}
