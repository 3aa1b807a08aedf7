/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Areas of a scenario from a tree with populations: which of its areas people live in, how many, of what age, and which
 * of them belong to the areas above. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/date_text.h"
#include "base/memory.h"
#include "base/text.h"
#include "formats/area_codes_index.h"
#include "formats/population_file.h"
#include "formats/scenario_reading.h"
#include "tocsin/status.h"

#define AGES TOC_SIMULATION_AGE
#define YEARS_OF_GROUP 10
#define ALL_LEVELS (AREA_CODES_MAX_LEVEL + 1)

enum { CODES, POPULATION, LEVEL, WITHIN, YEAR, KIND, SOURCE, REPORT, NUM_KEYS };
static const char *const keys[NUM_KEYS + 1] = { "codes", "population", "level",  "within", "year",
                                                "kind",  "source",     "report", NULL };

/* Who lives in an area of the list. */
struct residents {
    double      persons, of_age[AGES];
    const char *source; /* NULL = nobody was counted */
    bool        without_ages;
};

struct tree {
    struct scenario_reading *reading;
    const struct yaml_node  *node, *members[NUM_KEYS];
    double                   level, year, report; /* -1 = not given */
    const char              *kind, *source;       /* source: NULL = not given */
    struct area_codes        codes;
    struct population_file   population;
    struct residents        *residents; /* by area of the list */
    uint32_t                 root, end; /* the part of the list that is asked for */
};

/* ---- what is asked for ---- */

static bool read_keys(struct tree *tree)
{
    struct scenario_reading *reading = tree->reading;
    const char              *unused;
    tree->level = tree->year = tree->report = -1;
    tree->kind = "resident";
    if (!scenario_split(reading, tree->node, keys,
                        "a map: codes, population, level, within, year, kind, source, report", tree->members))
        return false;
    const struct yaml_node *const *members = tree->members;
    bool                           good = scenario_is_here(reading, tree->node, members[CODES], keys[CODES]);
    good = scenario_is_here(reading, tree->node, members[POPULATION], keys[POPULATION]) && good;
    if (members[LEVEL] != NULL)
        good =
            scenario_number(reading, members[LEVEL], 0, AREA_CODES_MAX_LEVEL, true, "0 = the top", &tree->level) == 0 &&
            good;
    if (members[REPORT] != NULL)
        good = scenario_number(reading, members[REPORT], 0, AREA_CODES_MAX_LEVEL, true, "0 = the top", &tree->report) ==
                   0 &&
               good;
    if (members[YEAR] != NULL)
        good = scenario_number(reading, members[YEAR], 1850, 2150, true, "", &tree->year) == 0 && good;
    if (members[KIND] != NULL)
        good = scenario_text(reading, members[KIND], POPULATION_FILE_MAX_WORD, &tree->kind) == 0 && good;
    if (members[SOURCE] != NULL)
        good = scenario_text(reading, members[SOURCE], POPULATION_FILE_MAX_SOURCE, &tree->source) == 0 && good;
    if (members[WITHIN] != NULL)
        good = scenario_text(reading, members[WITHIN], AREA_CODES_MAX_CODE, &unused) == 0 && good;
    return good;
}

/* ---- the files ---- */

/* A file of the scenario's folder, or of a folder within it. Returns its descriptor, or a negative status. */
static int open_beside(struct tree *tree, const struct yaml_node *node, const char **path)
{
    const char *name;
    char        quoted[TEXT_QUOTE_BYTES];
    if (scenario_text(tree->reading, node, SCENARIO_PATH_BYTES, &name) != 0)
        return BASE_ERR_INPUT;
    text_quote(node->text, node->size, quoted);
    bool up = strcmp(name, "..") == 0 || strncmp(name, "../", 3) == 0 || strstr(name, "/..") != NULL;
    if (name[0] == '/' || up)
        return scenario_tell(tree->reading, node, false, "a file in the scenario's folder, or in a folder within it",
                             "%s lies elsewhere", quoted);
    *path = scenario_beside(tree->reading, node, name);
    if (*path == NULL)
        return TOC_ERR_NO_MEMORY;
    int fd = scenario_is_file(*path) ? open(*path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return scenario_tell(tree->reading, node, false, "a file in the scenario's folder, or in a folder within it",
                             "%s cannot be opened", quoted);
    return fd;
}

static int read_codes(struct tree *tree)
{
    static const struct area_codes_options options = { .allow_gaps = true };
    const char                            *path;
    int                                    fd = open_beside(tree, tree->members[CODES], &path);
    if (fd < 0)
        return fd;
    struct table_input input = table_input_file(&fd, path);
    int                ret = area_codes_read(&input, 1, &options, tree->reading->faults, &tree->codes);
    close(fd);
    return ret;
}

static int read_population(struct tree *tree)
{
    static const struct population_file_options options = { .source = "not named" };
    const char                                 *path;
    int                                         fd = open_beside(tree, tree->members[POPULATION], &path);
    if (fd < 0)
        return fd;
    int ret = population_file_read(table_input_file(&fd, path), &tree->codes, &options, tree->reading->faults,
                                   &tree->population);
    close(fd);
    return ret;
}

/* ---- which areas there are on the first day ---- */

static bool is_open(const struct tree *tree, const struct area_code *area)
{
    return area_valid_on(area, tree->reading->scenario->start);
}

static const char *code_of(const struct tree *tree, uint32_t area)
{
    return area_codes_text(&tree->codes, tree->codes.areas[area].code);
}

static uint32_t end_of_subtree(const struct tree *tree, uint32_t area)
{
    uint32_t end = area + 1;
    while (end < tree->codes.num_areas && tree->codes.areas[end].level > tree->codes.areas[area].level)
        end++;
    return end;
}

static int find_root(struct tree *tree)
{
    const struct yaml_node *node = tree->members[WITHIN];
    tree->root = 0;
    tree->end = tree->codes.num_areas;
    if (node == NULL)
        return 0;
    for (uint32_t i = 0; i < tree->codes.num_areas; i++)
        if (is_open(tree, &tree->codes.areas[i]) && strcmp(code_of(tree, i), node->text) == 0) {
            tree->root = i;
            tree->end = end_of_subtree(tree, i);
            return 0;
        }
    char quoted[TEXT_QUOTE_BYTES], start[DATE_TEXT_BYTES], allowed[FAULT_ALLOWED_BYTES];
    text_quote(node->text, node->size, quoted);
    date_to_text(tree->reading->scenario->start, DATE_FORM_DAY, start);
    snprintf(allowed, sizeof allowed, "the code of an area that there is on %s", start);
    return scenario_tell(tree->reading, node, false, allowed, "no area has the code %s", quoted);
}

/* ---- who lives there ---- */

static const char *text_of(const struct tree *tree, uint32_t offset)
{
    return tree->population.text + offset;
}

static bool is_asked_for(const struct tree *tree, const struct population_row *row)
{
    return row->area >= tree->root && row->area < tree->end && strcmp(text_of(tree, row->kind), tree->kind) == 0 &&
           (tree->source == NULL || strcmp(text_of(tree, row->source), tree->source) == 0);
}

/* The year that was asked for, or the newest. */
static int find_year(struct tree *tree)
{
    double newest = -1;
    bool   found = false;
    for (size_t i = 0; i < tree->population.num_rows; i++) {
        const struct population_row *row = &tree->population.rows[i];
        if (!is_asked_for(tree, row))
            continue;
        newest = row->year > newest ? row->year : newest;
        found = found || row->year == tree->year;
    }
    char quoted[TEXT_QUOTE_BYTES];
    text_quote(tree->kind, strlen(tree->kind), quoted);
    if (newest < 0)
        return scenario_tell(tree->reading, tree->node, true, "a kind and a source that the file has for these areas",
                             "there is no population of kind %s", quoted);
    if (tree->year >= 0 && !found) {
        char allowed[FAULT_ALLOWED_BYTES];
        snprintf(allowed, sizeof allowed, "%g, the newest", newest);
        return scenario_tell(tree->reading, tree->members[YEAR], false, allowed, "there is no population of that year");
    }
    tree->year = tree->year < 0 ? newest : tree->year;
    return 0;
}

/* Years of age that a row and an age group of ten years have in common; the last group is 80 and over, and counts as
 * ten years where the row has no end. */
static double common_years(const struct population_row *row, int group)
{
    bool   last = group == AGES - 1, no_end = row->age_to == POPULATION_FILE_NO_END;
    double from = YEARS_OF_GROUP * group, to = from + YEARS_OF_GROUP;
    double first = row->age_from > from ? row->age_from : from, end = no_end ? to : row->age_to + 1;
    if (last)
        return no_end || end > from ? (no_end ? YEARS_OF_GROUP : end - first) : 0;
    end = end < to ? end : to;
    return end > first ? end - first : 0;
}

/* A row's persons into groups of ten years: where it reaches over several, as the scenario's own ages say. */
static void add_row(const struct tree *tree, const struct population_row *row, struct residents *residents)
{
    const double *usual = tree->reading->scenario->parameters.age_weight;
    double        part[AGES], sum = 0;
    residents->persons += (double) row->number;
    if (row->age_from == 0 && row->age_to == POPULATION_FILE_NO_END) {
        residents->without_ages = true;
        return;
    }
    for (int with_usual = 1; with_usual >= 0 && sum <= 0; with_usual--)
        for (int group = 0; group < AGES; group++) {
            part[group] = common_years(row, group) * (with_usual ? usual[group] : 1);
            sum += part[group];
        }
    for (int group = 0; group < AGES; group++)
        residents->of_age[group] += (double) row->number * part[group] / sum;
}

static int count_residents(struct tree *tree)
{
    tree->residents = memory_array(tree->codes.num_areas, sizeof *tree->residents);
    if (tree->residents == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < tree->population.num_rows; i++) {
        const struct population_row *row = &tree->population.rows[i];
        struct residents            *residents = &tree->residents[row->area];
        if (!is_asked_for(tree, row) || row->year != tree->year)
            continue;
        const char *source = text_of(tree, row->source);
        if (residents->source != NULL && strcmp(residents->source, source) != 0) {
            char first[TEXT_QUOTE_BYTES], second[TEXT_QUOTE_BYTES];
            text_quote(residents->source, strlen(residents->source), first);
            text_quote(source, strlen(source), second);
            return scenario_tell(tree->reading, tree->node, true, "source: one of them",
                                 "%s has populations of two sources, %s and %s", code_of(tree, row->area), first,
                                 second);
        }
        residents->source = source;
        add_row(tree, row, residents);
    }
    return 0;
}

/* ---- areas of the simulation ---- */

/* The lowest level with a population. */
static double lowest_level(const struct tree *tree)
{
    double lowest = 0;
    for (uint32_t i = tree->root; i < tree->end; i++)
        if (is_open(tree, &tree->codes.areas[i]) && tree->residents[i].source != NULL &&
            tree->codes.areas[i].level > lowest)
            lowest = tree->codes.areas[i].level;
    return lowest;
}

/* Areas of the level, and above it those that have none below them. */
static bool is_lived_in(const struct tree *tree, uint32_t area)
{
    if (!is_open(tree, &tree->codes.areas[area]) || tree->codes.areas[area].level > tree->level)
        return false;
    if (tree->codes.areas[area].level == tree->level)
        return true;
    for (uint32_t i = area + 1; i < tree->end && tree->codes.areas[i].level > tree->codes.areas[area].level; i++)
        if (is_open(tree, &tree->codes.areas[i]) && tree->codes.areas[i].level <= tree->level)
            return false;
    return true;
}

static const double *age_weight_of(struct tree *tree, const struct residents *residents)
{
    double *weight;
    if (residents->without_ages || residents->persons <= 0)
        return NULL;
    weight = arena_array(&tree->reading->scenario->arena, AGES, sizeof *weight);
    if (weight != NULL)
        memcpy(weight, residents->of_age, sizeof residents->of_age);
    return weight;
}

static int add_area(struct tree *tree, uint32_t area, const char *name)
{
    struct scenario        *scenario = tree->reading->scenario;
    const struct residents *residents = &tree->residents[area];
    if (residents->source == NULL) {
        char quoted[TEXT_QUOTE_BYTES];
        text_quote(tree->kind, strlen(tree->kind), quoted);
        return scenario_tell(tree->reading, tree->members[POPULATION], false, "one for each area that people live in",
                             "%s has no population of kind %s in %g", name, quoted, tree->year);
    }
    struct toc_simulation_area made = { .persons = residents->persons, .age_weight = age_weight_of(tree, residents) };
    if (made.age_weight == NULL && residents->persons > 0 && !residents->without_ages)
        return TOC_ERR_NO_MEMORY;
    scenario->areas[scenario->num_areas] = made;
    scenario->area_names[scenario->num_areas++] = name;
    return 0;
}

static int copy_text(struct tree *tree, uint32_t offset, const char **text)
{
    const char *here = area_codes_text(&tree->codes, offset);
    *text = here[0] == '\0' ? NULL : arena_copy(&tree->reading->scenario->arena, here, strlen(here));
    return here[0] != '\0' && *text == NULL ? TOC_ERR_NO_MEMORY : 0;
}

static int fill_place(struct tree *tree, uint32_t area, struct scenario_place *place)
{
    const struct area_code *from = &tree->codes.areas[area];
    int                     ret = copy_text(tree, from->code, &place->name);
    if (ret == 0)
        ret = copy_text(tree, from->name_en, &place->called[0]);
    if (ret == 0)
        ret = copy_text(tree, from->name_zh, &place->called[1]);
    if (ret == 0)
        ret = copy_text(tree, from->name_bo, &place->called[2]);
    place->level = from->level;
    place->first = (uint32_t) tree->reading->scenario->num_areas;
    return ret;
}

/* How many areas and places there will be. */
static void count_places(const struct tree *tree, size_t *num_areas, size_t *num_places)
{
    *num_areas = *num_places = 0;
    for (uint32_t i = tree->root; i < tree->end; i++) {
        *num_areas += is_lived_in(tree, i);
        *num_places += is_open(tree, &tree->codes.areas[i]) && tree->codes.areas[i].level <= tree->level;
    }
}

static int make_room(struct tree *tree)
{
    struct scenario *scenario = tree->reading->scenario;
    size_t           num_areas, num_places;
    count_places(tree, &num_areas, &num_places);
    if (num_areas == 0 || num_areas > TOC_SIMULATION_MAX_AREAS)
        return scenario_tell(tree->reading, tree->node, true, "1 … 65536 areas; level and within choose them",
                             "%zu areas that people live in", num_areas);
    scenario->areas = arena_array(&scenario->arena, num_areas, sizeof *scenario->areas);
    scenario->area_names = arena_array(&scenario->arena, num_areas, sizeof *scenario->area_names);
    scenario->places = arena_array(&scenario->arena, num_places, sizeof *scenario->places);
    return scenario->areas != NULL && scenario->area_names != NULL && scenario->places != NULL ? 0 : TOC_ERR_NO_MEMORY;
}

/* The list is in preorder, and so are the places: those above stand before those below, whose areas are counted for
 * each of them when the next one that is not below it comes, or at the end. */
static int fill_places(struct tree *tree)
{
    struct scenario *scenario = tree->reading->scenario;
    size_t           above[ALL_LEVELS], depth = 0;
    int              ret = 0;
    for (uint32_t i = tree->root; i < tree->end && ret != TOC_ERR_NO_MEMORY; i++) {
        if (!is_open(tree, &tree->codes.areas[i]) || tree->codes.areas[i].level > tree->level)
            continue;
        while (depth > 0 && scenario->places[above[depth - 1]].level >= tree->codes.areas[i].level)
            depth--;
        struct scenario_place *place = &scenario->places[scenario->num_places];
        ret = fill_place(tree, i, place);
        if (ret != 0)
            break;
        above[depth++] = scenario->num_places++;
        if (!is_lived_in(tree, i))
            continue;
        place->is_area = true;
        if (add_area(tree, i, place->name) == TOC_ERR_NO_MEMORY)
            ret = TOC_ERR_NO_MEMORY;
        for (size_t k = 0; k < depth; k++)
            scenario->places[above[k]].num = (uint32_t) scenario->num_areas - scenario->places[above[k]].first;
    }
    return ret;
}

static int read_tree(struct tree *tree)
{
    uint64_t faults_before = tree->reading->faults->num_all;
    if (!read_keys(tree))
        return BASE_ERR_INPUT;
    int ret = read_codes(tree);
    if (ret == 0)
        ret = find_root(tree);
    if (ret == 0)
        ret = read_population(tree);
    if (ret == 0)
        ret = find_year(tree);
    if (ret == 0)
        ret = count_residents(tree);
    if (ret == 0 && tree->level < 0)
        tree->level = lowest_level(tree);
    if (ret == 0)
        ret = make_room(tree);
    if (ret == 0)
        ret = fill_places(tree);
    if (ret == 0 && tree->reading->faults->num_all > faults_before)
        ret = BASE_ERR_INPUT;
    return ret;
}

int scenario_read_tree(struct scenario_reading *reading)
{
    struct tree tree = { .reading = reading, .node = reading->tree };
    if (reading->choices->agents > 0)
        return scenario_tell(reading, reading->tree, true, "either",
                             "the scenario has areas, and a number of agents was chosen too");
    int ret = read_tree(&tree);
    if (ret == 0)
        reading->scenario->report_level = tree.report < 0 ? AREA_CODES_MAX_LEVEL : (uint8_t) tree.report;
    area_codes_free(&tree.codes);
    population_file_free(&tree.population);
    free(tree.residents);
    return ret;
}
