/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of a scenario are read first, then what stands in them from the extended one up, then what lists say of
 * days and areas, which need the start and the areas to be known. */
#include "formats/scenario_file.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "formats/scenario_reading.h"
#include "tocsin/status.h"

bool scenario_is_file(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static const char *const head_keys[] = { "scenario",  "source",    "extends",  "start",    "days",    "areas",
                                         "area_tree", "commuting", "journeys", "measures", "imports", NULL };

/* ---- files ---- */

/* The folder of a path with its slash, or "". */
static int folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? (int) (slash - path) + 1 : 0;
}

static char *join(struct arena *arena, const char *folder, int size, const char *name)
{
    bool   slash = size > 0 && folder[size - 1] != '/';
    size_t length = (size_t) size + slash + strlen(name);
    char  *path = arena_array(arena, length + 1, 1);
    if (path != NULL)
        snprintf(path, length + 1, "%.*s%s%s", size, folder, slash ? "/" : "", name);
    return path;
}

const char *scenario_beside(const struct scenario_reading *reading, const struct yaml_node *node, const char *name)
{
    const char *from = scenario_path_of(reading, node);
    return join(&reading->scenario->arena, from, folder_of(from), name);
}

/* The path of the scenario that a file extends: beside it, or in the library. */
static int find_extended(struct scenario_reading *reading, const struct yaml_node *node, const char **path)
{
    static const char allowed[] = "the name of a file in the same folder or the library (covid-19.yaml)";
    struct arena     *arena = &reading->scenario->arena;
    const char       *library = reading->choices->library, *name;
    if (scenario_text(reading, node, SCENARIO_NAME_BYTES, &name) != 0)
        return BASE_ERR_INPUT;
    char quoted[TEXT_QUOTE_BYTES];
    text_quote(name, strlen(name), quoted);
    if (strchr(name, '/') != NULL || name[0] == '.')
        return scenario_tell(reading, node, false, allowed, "%s is not the name of a file", quoted);
    const char *beside = scenario_beside(reading, node, name);
    const char *there = library != NULL ? join(arena, library, (int) strlen(library), name) : "";
    if (beside == NULL || there == NULL)
        return TOC_ERR_NO_MEMORY;
    *path = scenario_is_file(beside) ? beside : there;
    if (!scenario_is_file(*path))
        return scenario_tell(reading, node, false, allowed, "there is no file %s", quoted);
    return 0;
}

static int read_files(struct scenario_reading *reading, const char *path)
{
    for (;;) {
        struct yaml_node *root;
        size_t            file = reading->num_files++;
        reading->paths[file] = path;
        int ret = yaml_tree_read_file(path, reading->faults, &reading->scenario->arena, &root);
        if (ret != 0)
            return ret;
        reading->roots[file] = root;
        if (!scenario_is(reading, root, YAML_MAP, "a map: scenario, start, days, …"))
            return BASE_ERR_INPUT;
        const struct yaml_node *extends = yaml_member(root, "extends");
        if (extends == NULL)
            return 0;
        if (reading->num_files == SCENARIO_FILES)
            return scenario_tell(reading, extends, true, "at most 8 files", "too many scenarios extend each other");
        ret = find_extended(reading, extends, &path);
        if (ret != 0)
            return ret;
    }
}

/* ---- what stands in a file ---- */

static void read_days(struct scenario_reading *reading, const struct yaml_node *node)
{
    double days;
    if (scenario_number(reading, node, 1, SCENARIO_DAYS, true, "days", &days) == 0)
        reading->scenario->days = (uint32_t) days;
}

static void read_list(const struct scenario_reading *reading, const struct yaml_node *node,
                      const struct yaml_node **list)
{
    if (scenario_is(reading, node, YAML_LIST, "a list"))
        *list = node;
}

/* A list or a tree: the one that is nearest to the caller's file. */
static void read_areas(struct scenario_reading *reading, const struct yaml_node *node)
{
    bool                    is_tree = strcmp(node->key, "area_tree") == 0;
    const struct yaml_node *other = yaml_member(node->parent, is_tree ? "areas" : "area_tree");
    if (other != NULL) {
        scenario_tell(reading, node, true, "areas or area_tree", "both");
        return;
    }
    reading->areas = reading->tree = NULL;
    if (!is_tree)
        read_list(reading, node, &reading->areas);
    else if (scenario_is(reading, node, YAML_MAP,
                         "a map: codes, population, level, within, year, kind, source, report"))
        reading->tree = node;
}

static void tell_unknown(const struct scenario_reading *reading, const struct yaml_node *member)
{
    const char                        *names[64];
    size_t                             num, num_names = 0;
    const struct toc_simulation_entry *all = toc_simulation_list_parameters(&num);
    for (; head_keys[num_names] != NULL; num_names++)
        names[num_names] = head_keys[num_names];
    for (size_t i = 0; i < num && num_names < 63; i++)
        if (all[i].kind == TOC_SIMULATION_HEADING)
            names[num_names++] = all[i].name;
    names[num_names] = NULL;
    scenario_tell_unknown(reading, member, names);
}

static void read_member(struct scenario_reading *reading, const struct yaml_node *member)
{
    struct scenario *scenario = reading->scenario;
    const char      *key = member->key;
    if (scenario_is_group(key))
        scenario_read_group(reading, member);
    else if (strcmp(key, "scenario") == 0)
        scenario_text(reading, member, SCENARIO_NAME_BYTES, &scenario->title);
    else if (strcmp(key, "source") == 0)
        scenario_text(reading, member, YAML_TREE_BYTES, &scenario->source);
    else if (strcmp(key, "days") == 0)
        read_days(reading, member);
    else if (strcmp(key, "areas") == 0 || strcmp(key, "area_tree") == 0)
        read_areas(reading, member);
    else if (strcmp(key, "commuting") == 0)
        read_list(reading, member, &reading->commuting);
    else if (strcmp(key, "journeys") == 0)
        read_list(reading, member, &reading->journeys);
    else if (strcmp(key, "start") == 0)
        reading->has_start = scenario_date(reading, member, &scenario->start) == 0 || reading->has_start;
    else if (strcmp(key, "extends") != 0 && strcmp(key, "measures") != 0 && strcmp(key, "imports") != 0)
        tell_unknown(reading, member);
}

/* What a file must say, unless the caller chose it. */
static void check_head(struct scenario_reading *reading)
{
    struct scenario               *scenario = reading->scenario;
    const struct scenario_choices *choices = reading->choices;
    const struct fault_place       place = { .file = reading->paths[0] };
    bool                           start_given = yaml_member(reading->roots[0], "start") != NULL;
    if (choices->has_start) {
        scenario->start = choices->start;
        reading->has_start = true;
    }
    if (choices->days > 0)
        scenario->days = choices->days;
    if (choices->agents > 0)
        scenario->parameters.agents = choices->agents;
    if (scenario->title == NULL)
        fault_add(reading->faults, place, "scenario: what it is called", "there is no key \"scenario\"");
    if (!reading->has_start && !start_given)
        fault_add(reading->faults, place, "start: 2024-02-01", "there is no key \"start\"");
    if (scenario->days == 0 && yaml_member(reading->roots[0], "days") == NULL)
        fault_add(reading->faults, place, "days: 200", "there is no key \"days\"");
}

/* ---- what the engine does not take ---- */

/* "schedule" or "schedule.from". */
static bool is_about(const struct toc_error *error, const char *list)
{
    size_t size = strlen(list);
    return strncmp(error->what, list, size) == 0 && (error->what[size] == '\0' || error->what[size] == '.');
}

static const struct yaml_node *node_of(const struct scenario_reading *reading, const struct toc_error *error)
{
    size_t                             num, where = error->where == TOC_NOWHERE ? 0 : error->where;
    const struct toc_simulation_entry *all = toc_simulation_list_parameters(&num);
    if (is_about(error, "areas"))
        return reading->areas != NULL ? reading->areas : reading->tree;
    if (is_about(error, "commuting"))
        return reading->commuting;
    if (is_about(error, "journeys"))
        return where < reading->scenario->num_journeys ? reading->journey_lines[where] : NULL;
    if (is_about(error, "schedule"))
        return where < reading->scenario->num_schedule ? reading->measures[where] : NULL;
    if (is_about(error, "imports"))
        return where < reading->scenario->num_imports ? reading->imports[where] : NULL;
    for (size_t i = 0; i < num; i++)
        if (strcmp(all[i].name, error->what) == 0 && reading->given[i] != NULL)
            return reading->given[i];
    for (size_t i = 0; i < num; i++) /* it has its default: what it does not fit to was given */
        if (reading->given[i] != NULL && strstr(error->allowed, all[i].name) != NULL)
            return reading->given[i];
    return NULL;
}

/* The element of a list that an error is about. */
static const struct yaml_node *element_of(const struct yaml_node *list, size_t where)
{
    const struct yaml_node *element = list->kind == YAML_LIST ? list->first : NULL;
    for (size_t i = 0; element != NULL && i < where; i++)
        element = element->next;
    return element != NULL && where != TOC_NOWHERE ? element : list;
}

static int check_setup(struct scenario_reading *reading)
{
    struct toc_simulation_setup setup = scenario_setup(reading->scenario, 1);
    struct toc_error            error = { 0 };
    int                         ret = toc_simulation_check(&setup, &error);
    if (ret == 0)
        return 0;
    const struct yaml_node *node = node_of(reading, &error);
    if (node != NULL)
        return scenario_tell(reading, element_of(node, error.where), false, error.allowed,
                             "%.10g does not fit the other values", error.found);
    struct fault_place place = { .file = reading->paths[0], .name = error.what };
    fault_add(reading->faults, place, error.allowed, "%.10g does not fit the other values", error.found);
    return BASE_ERR_INPUT;
}

/* ---- the whole scenario ---- */

static int read_values(struct scenario_reading *reading)
{
    for (size_t file = reading->num_files; file-- > 0;)
        for (const struct yaml_node *member = reading->roots[file]->first; member != NULL; member = member->next)
            read_member(reading, member);
    check_head(reading);
    return scenario_read_lists(reading);
}

int scenario_read(const char *path, const struct scenario_choices *choices, struct fault_list *faults,
                  struct scenario *scenario)
{
    static const struct scenario_choices none = { 0 };
    struct scenario_reading              reading = { .choices = choices != NULL ? choices : &none,
                                                     .faults = faults,
                                                     .scenario = scenario };
    uint64_t                             faults_before = faults->num_all;
    size_t                               num;
    toc_simulation_list_parameters(&num);
    *scenario = (struct scenario){ .source = "", .arena = { .limit = (size_t) 256 << 20 } };
    toc_simulation_parameters_init(&scenario->parameters);
    scenario->origins = arena_array(&scenario->arena, num, sizeof *scenario->origins);
    reading.given = arena_array(&scenario->arena, num, sizeof(struct yaml_node *));
    path = arena_copy(&scenario->arena, path, strlen(path));
    int ret = scenario->origins == NULL || reading.given == NULL || path == NULL ? TOC_ERR_NO_MEMORY : 0;
    if (ret == 0)
        ret = read_files(&reading, path);
    if (ret == 0)
        ret = read_values(&reading);
    if (ret == 0 && faults->num_all > faults_before)
        ret = BASE_ERR_INPUT;
    if (ret == 0)
        ret = check_setup(&reading);
    if (ret == TOC_ERR_NO_MEMORY)
        fault_add(faults, (struct fault_place){ .file = path }, NULL, "out of memory");
    return ret;
}

void scenario_free(struct scenario *scenario)
{
    arena_free(&scenario->arena);
    *scenario = (struct scenario){ 0 };
}

struct toc_simulation_setup scenario_setup(const struct scenario *scenario, uint64_t seed)
{
    return (struct toc_simulation_setup){ .parameters = &scenario->parameters,
                                          .areas = scenario->areas,
                                          .num_areas = scenario->num_areas,
                                          .commuting = scenario->commuting,
                                          .num_commuting = scenario->num_commuting,
                                          .journeys = scenario->journeys,
                                          .num_journeys = scenario->num_journeys,
                                          .schedule = scenario->schedule,
                                          .num_schedule = scenario->num_schedule,
                                          .imports = scenario->imports,
                                          .num_imports = scenario->num_imports,
                                          .seed = seed };
}
