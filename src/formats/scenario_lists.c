/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lists of a scenario: measures and imported cases; areas are read by scenario_places.c, commuting and journeys by
 * scenario_flows.c. */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"
#include "formats/scenario_reading.h"
#include "tocsin/status.h"

bool scenario_split(const struct scenario_reading *reading, const struct yaml_node *line, const char *const *keys,
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

bool scenario_is_here(const struct scenario_reading *reading, const struct yaml_node *line,
                      const struct yaml_node *member, const char *key)
{
    if (member != NULL)
        return true;
    scenario_tell(reading, line, false, NULL, "%s is missing", key);
    return false;
}

/* How many areas a line is about; 0 is one. */
static uint32_t several(const struct scenario_place *place)
{
    return place->num > 1 ? place->num : 0;
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

enum { MEASURE, FROM, TO, AREA, LEVEL, STRENGTH, ON_ABOVE, OFF_BELOW, OFF_AFTER };

static bool read_trigger(const struct scenario_reading *reading, const struct yaml_node *line,
                         const struct yaml_node *const *members, struct toc_simulation_schedule *schedule)
{
    static const char unit[] = "found infections of 7 days per 100,000";
    double            days = 1;
    if (members[ON_ABOVE] == NULL && members[OFF_BELOW] == NULL && members[OFF_AFTER] == NULL)
        return true;
    if (!scenario_is_here(reading, line, members[ON_ABOVE], "on_above") ||
        !scenario_is_here(reading, line, members[OFF_BELOW], "off_below"))
        return false;
    bool good = scenario_number(reading, members[ON_ABOVE], 0, 1e5, false, unit, &schedule->on_above) == 0;
    good = scenario_number(reading, members[OFF_BELOW], 0, 1e5, false, unit, &schedule->off_below) == 0 && good;
    if (members[OFF_AFTER] != NULL)
        good =
            scenario_number(reading, members[OFF_AFTER], 1, TOC_SIMULATION_MOST_OFF_AFTER, true, "days", &days) == 0 &&
            good;
    schedule->off_after = (uint32_t) days;
    if (good && schedule->off_below > schedule->on_above) {
        scenario_tell(reading, members[OFF_BELOW], false, "at most on_above", "more than on_above");
        return false;
    }
    return good;
}

/* A measure as its line says, and where: in one place (NULL: everywhere), or in each place of a level. */
struct measure_line {
    struct toc_simulation_schedule schedule;
    const struct scenario_place   *place;
    bool                           by_level;
    uint8_t                        level;
};

static bool read_measure_line(struct scenario_reading *reading, const struct yaml_node *line,
                              struct measure_line *measure)
{
    struct toc_simulation_schedule *schedule = &measure->schedule;
    static const char *const        keys[] = { "measure",  "from",     "to",        "area",      "level",
                                               "strength", "on_above", "off_below", "off_after", NULL };
    const struct yaml_node         *members[SCENARIO_MOST_KEYS];
    *measure = (struct measure_line){ .schedule = { .area = TOC_SIMULATION_EVERYWHERE,
                                                    .from = 1,
                                                    .to = TOC_SIMULATION_LAST_DAY,
                                                    .strength = 1,
                                                    .on_above = -1,
                                                    .off_below = -1 },
                                      .by_level = false };
    bool good =
        scenario_split(reading, line, keys,
                       "a map: measure, from, to, area, level, strength, on_above, off_below, off_after", members);
    if (line->kind != YAML_MAP)
        return false;
    good = scenario_is_here(reading, line, members[MEASURE], "measure") && good;
    if (members[MEASURE] != NULL)
        good = read_measure_name(reading, members[MEASURE], &schedule->measure) && good;
    if (members[FROM] != NULL)
        good = scenario_day(reading, members[FROM], &schedule->from) == 0 && good;
    if (members[TO] != NULL)
        good = scenario_day(reading, members[TO], &schedule->to) == 0 && good;
    if (members[AREA] != NULL)
        good = scenario_read_place(reading, members[AREA], &measure->place) && good;
    measure->by_level = members[LEVEL] != NULL;
    if (measure->by_level)
        good = scenario_read_level(reading, members[LEVEL], &measure->level) == 0 && good;
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

/* Cases imported on one day, or on several. */
struct import_line {
    struct toc_simulation_import import; /* of the first day */
    uint32_t                     last, every;
};

enum { DAY, FIRST, LAST, EVERY, PERSONS, IMPORT_AREA, STRAIN };

/* `day`, or `from` and `to`. */
static bool read_import_days(const struct scenario_reading *reading, const struct yaml_node *line,
                             const struct yaml_node *const *members, struct import_line *import)
{
    double every = 1;
    if (members[DAY] != NULL && (members[FIRST] != NULL || members[LAST] != NULL || members[EVERY] != NULL)) {
        scenario_tell(reading, members[DAY], true, "day, or from and to", "both");
        return false;
    }
    if (members[DAY] != NULL || (members[FIRST] == NULL && members[LAST] == NULL)) {
        bool good = scenario_is_here(reading, line, members[DAY], "day") &&
                    scenario_day(reading, members[DAY], &import->import.day) == 0;
        import->last = import->import.day;
        return good;
    }
    if (!scenario_is_here(reading, line, members[FIRST], "from") ||
        !scenario_is_here(reading, line, members[LAST], "to"))
        return false;
    bool good = scenario_day(reading, members[FIRST], &import->import.day) == 0;
    good = scenario_day(reading, members[LAST], &import->last) == 0 && good;
    if (members[EVERY] != NULL)
        good = scenario_number(reading, members[EVERY], 1, SCENARIO_DAYS, true, "days", &every) == 0 && good;
    import->every = (uint32_t) every;
    if (good && import->last < import->import.day) {
        scenario_tell(reading, members[LAST], false, "the first day or later", "the last day lies before the first");
        return false;
    }
    return good;
}

static bool read_import_line(struct scenario_reading *reading, const struct yaml_node *line, struct import_line *made)
{
    static const char *const      keys[] = { "day", "from", "to", "every", "persons", "area", "strain", NULL };
    const struct yaml_node       *members[SCENARIO_MOST_KEYS];
    const struct scenario_place  *place = NULL;
    struct toc_simulation_import *import = &made->import;
    double                        number;
    *made = (struct import_line){ .import = { .area = TOC_SIMULATION_EVERYWHERE }, .every = 1 };
    bool good = scenario_split(reading, line, keys, "a map: day (or from, to, every), persons, area, strain", members);
    if (line->kind != YAML_MAP)
        return false;
    good = read_import_days(reading, line, members, made) && good;
    good = scenario_is_here(reading, line, members[PERSONS], "persons") && good;
    if (members[PERSONS] != NULL && scenario_number(reading, members[PERSONS], 1, 1e9, true, "persons", &number) == 0)
        import->persons = (uint32_t) number;
    else
        good = false;
    if (members[IMPORT_AREA] != NULL)
        good = scenario_read_place(reading, members[IMPORT_AREA], &place) && good;
    if (place != NULL) {
        import->area = place->first;
        import->areas = several(place);
    }
    if (members[STRAIN] != NULL) {
        if (scenario_number(reading, members[STRAIN], 1, TOC_SIMULATION_STRAIN, true, "strain", &number) == 0)
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

static void add_measure(struct scenario_reading *reading, const struct yaml_node *line,
                        const struct measure_line *measure, const struct scenario_place *place)
{
    struct scenario *scenario = reading->scenario;
    if (scenario->num_schedule == SCENARIO_LINES) {
        if (!reading->too_many_measures)
            scenario_tell(reading, line, false, "at most 10000, a line for each place of a level", "too many measures");
        reading->too_many_measures = true;
        return;
    }
    struct toc_simulation_schedule *schedule = &scenario->schedule[scenario->num_schedule];
    *schedule = measure->schedule;
    if (place != NULL) {
        schedule->area = place->first;
        schedule->areas = several(place);
    }
    reading->measures[scenario->num_schedule++] = line;
}

static void read_measure(struct scenario_reading *reading, const struct yaml_node *line)
{
    struct measure_line measure;
    if (!read_measure_line(reading, line, &measure))
        return;
    if (!measure.by_level) {
        add_measure(reading, line, &measure, measure.place);
        return;
    }
    const struct scenario_place *place = NULL;
    while ((place = scenario_next_place(reading->scenario, measure.level, measure.place, place)) != NULL)
        add_measure(reading, line, &measure, place);
}

/* The lines of all files, the extended ones first. */
static int read_measures(struct scenario_reading *reading)
{
    struct scenario *scenario = reading->scenario;
    size_t           num = count_lines(reading, "measures");
    if (is_too_long(reading, "measures", num))
        return 0;
    size_t room = num > 0 ? SCENARIO_LINES : 0; /* a line is several where it names a level */
    scenario->schedule = arena_array(&scenario->arena, room, sizeof *scenario->schedule);
    reading->measures = arena_array(&scenario->arena, room, sizeof(struct yaml_node *));
    if (scenario->schedule == NULL || reading->measures == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t file = reading->num_files; file-- > 0;) {
        const struct yaml_node *list = yaml_member(reading->roots[file], "measures");
        if (list == NULL || !scenario_is(reading, list, YAML_LIST, "a list of measures"))
            continue;
        for (const struct yaml_node *line = list->first; line != NULL; line = line->next)
            read_measure(reading, line);
    }
    return 0;
}

/* One element for each of the line's days. */
static void read_import(struct scenario_reading *reading, const struct yaml_node *line)
{
    struct scenario   *scenario = reading->scenario;
    struct import_line made;
    if (!read_import_line(reading, line, &made))
        return;
    for (; made.import.day <= made.last; made.import.day += made.every) {
        if (scenario->num_imports == SCENARIO_LINES) {
            scenario_tell(reading, line, false, "at most 10000, one for each day", "too many imports");
            return;
        }
        scenario->imports[scenario->num_imports] = made.import;
        reading->imports[scenario->num_imports++] = line;
    }
}

static int read_imports(struct scenario_reading *reading)
{
    struct scenario *scenario = reading->scenario;
    size_t           num = count_lines(reading, "imports");
    if (is_too_long(reading, "imports", num))
        return 0;
    size_t room = num > 0 ? SCENARIO_LINES : 0; /* a line is several where it has from and to */
    scenario->imports = arena_array(&scenario->arena, room, sizeof *scenario->imports);
    reading->imports = arena_array(&scenario->arena, room, sizeof(struct yaml_node *));
    if (scenario->imports == NULL || reading->imports == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t file = reading->num_files; file-- > 0;) {
        const struct yaml_node *list = yaml_member(reading->roots[file], "imports");
        if (list == NULL || !scenario_is(reading, list, YAML_LIST, "a list of imported cases"))
            continue;
        for (const struct yaml_node *line = list->first; line != NULL; line = line->next)
            read_import(reading, line);
    }
    return 0;
}

int scenario_read_lists(struct scenario_reading *reading)
{
    int ret = scenario_read_places(reading);
    if (ret == 0)
        ret = scenario_read_commuting(reading);
    if (ret == 0)
        ret = scenario_read_journeys(reading);
    if (ret == 0)
        ret = read_measures(reading);
    if (ret == 0)
        ret = read_imports(reading);
    return ret;
}
