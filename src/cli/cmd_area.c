/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Code lists, shapes and populations of areas: are they right, what is in them, what does a newer edition change. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/date_text.h"
#include "base/memory.h"
#include "cli/area_import.h"
#include "cli/area_stored.h"
#include "cli/cmd.h"
#include "cli/command.h"
#include "cli/output_options.h"
#include "formats/area_shapes.h"
#include "formats/outline.h"
#include "formats/population_file.h"
#include "tocsin/status.h"

struct settings {
    struct output_settings   output;
    struct node_cli_settings node;
    const char              *shapes, *property, *population, *source, *calendar;
    toc_date                 edition;
    bool                     gaps, partial;
    long                     depth;
};

static const char *set_edition(void *settings, const char *value)
{
    struct settings *into = settings;
    enum date_form   form;
    toc_date         date;
    if (date_from_text(value, strlen(value), &date, &form, NULL) != 0 || form != DATE_FORM_DAY)
        return "a day (2024-02-26)";
    into->edition = date;
    return NULL;
}

static const struct cli_option options[] = {
    { .name = "gaps",
      .letter = 'g',
      .kind = CLI_FLAG,
      .offset = offsetof(struct settings, gaps),
      .meaning =
          "Levels may be left out between an area and its parent, as where a city has townships but no counties." },
    { .name = "shapes",
      .value = "FILE.geojson",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, shapes),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "check, import, outlines: the shapes of the areas." },
    { .name = "property",
      .value = "NAME",
      .initial = "code",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, property),
      .meaning = "The property of a shape that holds the area's code." },
    { .name = "population",
      .value = "FILE",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, population),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "check, import: a file of populations." },
    { .name = "source",
      .value = "TEXT",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, source),
      .meaning = "check, import: where numbers come from that name no source." },
    { .name = "calendar",
      .value = "FILE",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, calendar),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "import: a calendar of days off; its code is the file's name up to the first dot." },
    { .name = "edition",
      .value = "DAY",
      .kind = CLI_CUSTOM,
      .set = set_edition,
      .meaning = "changes, import: the day from which the newer list holds. changes needs it; import without it only "
                 "adds, renames and moves." },
    { .name = "partial",
      .kind = CLI_FLAG,
      .offset = offsetof(struct settings, partial),
      .meaning = "changes, import: the newer list tells only what it changes; areas that it does not name stay." },
    { .name = "depth",
      .letter = 'd',
      .value = "N",
      .initial = "all",
      .kind = CLI_WHOLE,
      .low = 0,
      .high = AREA_CODES_MAX_LEVEL,
      .offset = offsetof(struct settings, depth),
      .meaning = "tree: so many levels below the first." },
};

static const struct cli_group groups[] = {
    { .title = "Areas", .options = options, .num_options = sizeof options / sizeof *options },
    { .title = "Node",
      .options = node_options,
      .num_options = NODE_NUM_OPTIONS,
      .offset = offsetof(struct settings, node) },
    { .title = "Output", .options = output_options, .num_options = OUTPUT_NUM_OPTIONS - 1 },
};

/* One run. */
struct work {
    const struct cli_command *command;
    struct settings           settings;
    struct fault_list         faults;
    struct area_codes         list, newer;
    struct geojson            shapes;
    struct output             output;
};

/* ---- reading ---- */

/* Show the faults; what the program answers. */
static int refuse(struct work *work, int status)
{
    fault_list_write(&work->faults, stderr);
    return status == BASE_ERR_INPUT ? CLI_INPUT : CLI_MACHINE;
}

static int open_file(struct work *work, const char *path, int *fd)
{
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (*fd >= 0)
        return 0;
    fault_add(&work->faults, (struct fault_place){ .file = path }, NULL, "cannot be opened: %s",
              strerrordesc_np(errno));
    return BASE_ERR_SYSTEM;
}

static int read_list(struct work *work, char **paths, size_t num, struct area_codes *list)
{
    struct area_codes_options codes = { .allow_gaps = work->settings.gaps };
    struct table_input        inputs[AREA_CODES_MAX_FILES];
    int                       files[AREA_CODES_MAX_FILES], ret = 0;
    size_t                    opened = 0;
    if (num == 0 || num > AREA_CODES_MAX_FILES)
        return cli_complain(work->command, CLI_USE, "needs 1 to %d files; found %zu", AREA_CODES_MAX_FILES, num);
    for (; opened < num && ret == 0; opened += ret == 0) {
        ret = open_file(work, paths[opened], &files[opened]);
        inputs[opened] = table_input_file(&files[opened], paths[opened]);
    }
    if (ret == 0)
        ret = area_codes_read(inputs, num, &codes, &work->faults, list);
    while (opened > 0)
        close(files[--opened]);
    return ret == 0 ? CLI_DONE : refuse(work, ret);
}

static int read_shapes(struct work *work)
{
    const char *property = work->settings.property == NULL ? "code" : work->settings.property;
    int         ret = geojson_read_file(work->settings.shapes, property, &work->faults, &work->shapes);
    return ret == 0 ? CLI_DONE : refuse(work, ret);
}

/* ---- rows ---- */

static void put_day(struct rows *rows, toc_date day)
{
    char text[DATE_TEXT_BYTES] = "";
    if (day != AREA_CODES_NO_DATE)
        date_to_text(day, DATE_FORM_DAY, text);
    if (*text == '\0')
        rows_missing(rows);
    else
        rows_text(rows, text);
}

static void put_code(struct rows *rows, const struct area_codes *list, uint32_t area)
{
    if (area == AREA_CODES_NONE)
        rows_missing(rows);
    else
        rows_text(rows, area_codes_text(list, list->areas[area].code));
}

#define AREA_COLUMNS                                                                                                   \
    { .name = "code", .kind = ROWS_TEXT }, { .name = "level", .kind = ROWS_NUMBER },                                   \
        { .name = "name_en", .kind = ROWS_TEXT }, { .name = "name_zh", .kind = ROWS_TEXT },                            \
        { .name = "name_bo", .kind = ROWS_TEXT }, { .name = "parent", .kind = ROWS_TEXT },                             \
        { .name = "valid_from", .kind = ROWS_TEXT }, { .name = "valid_to", .kind = ROWS_TEXT },                        \
        { .name = "successor", .kind = ROWS_TEXT },                                                                    \
    {                                                                                                                  \
        .name = "id", .kind = ROWS_TEXT, .max_width = 36                                                               \
    }

static void put_area(struct rows *rows, const struct area_codes *list, uint32_t index, toc_date valid_to)
{
    const struct area_code *area = &list->areas[index];
    char                    id[ID_TEXT_BYTES];
    rows_text(rows, area_codes_text(list, area->code));
    rows_number(rows, area->level);
    rows_text(rows, area_codes_text(list, area->name_en));
    rows_text(rows, area_codes_text(list, area->name_zh));
    rows_text(rows, area_codes_text(list, area->name_bo));
    put_code(rows, list, area->parent);
    put_day(rows, area->valid_from);
    put_day(rows, valid_to);
    put_code(rows, list, area->successor);
    id_to_text(&area->id, id);
    rows_text(rows, id);
    rows_end_row(rows);
}

static int begin(struct work *work, const struct rows_column *columns, size_t num)
{
    return output_begin(work->command, &work->settings.output, columns, num, &work->output);
}

/* ---- check ---- */

static void put_count(struct work *work, const char *what, double number)
{
    rows_text(&work->output.rows, what);
    rows_number(&work->output.rows, number);
    rows_end_row(&work->output.rows);
}

static int read_population(struct work *work, struct population_file *file)
{
    struct population_file_options numbers = { work->settings.source };
    int                            fd, ret = open_file(work, work->settings.population, &fd);
    if (ret != 0)
        return ret;
    ret = population_file_read(table_input_file(&fd, work->settings.population), &work->list, &numbers, &work->faults,
                               file);
    close(fd);
    return ret;
}

static int check_population(struct work *work, size_t *num_rows)
{
    struct population_file file = { 0 };
    int                    ret = read_population(work, &file);
    *num_rows = file.num_rows;
    population_file_free(&file);
    return ret == 0 ? CLI_DONE : refuse(work, ret);
}

static int match_shapes(struct work *work, uint32_t **areas)
{
    uint32_t *found = memory_array((size_t) work->shapes.num_features + 1, sizeof *found);
    int       ret = TOC_ERR_NO_MEMORY;
    if (found != NULL)
        ret = area_shapes_match(&work->shapes, work->settings.shapes, &work->list, &work->faults, found);
    if (ret == 0) {
        *areas = found;
        return CLI_DONE;
    }
    free(found);
    return refuse(work, ret);
}

static int check(struct work *work, char **operands, size_t num)
{
    static const struct rows_column columns[] = { { .name = "what", .kind = ROWS_TEXT },
                                                  { .name = "number", .kind = ROWS_NUMBER } };
    size_t                          levels[AREA_CODES_MAX_LEVEL + 1] = { 0 }, num_rows = 0;
    uint32_t                       *areas = NULL;
    char                            what[40];
    int                             exit_code = read_list(work, operands, num, &work->list);
    if (exit_code == CLI_DONE && work->settings.population != NULL)
        exit_code = check_population(work, &num_rows);
    if (exit_code == CLI_DONE && work->settings.shapes != NULL)
        exit_code = read_shapes(work);
    if (exit_code == CLI_DONE && work->settings.shapes != NULL)
        exit_code = match_shapes(work, &areas);
    free(areas);
    if (exit_code == CLI_DONE)
        exit_code = begin(work, columns, 2);
    if (exit_code != CLI_DONE)
        return exit_code;
    for (uint32_t i = 0; i < work->list.num_areas; i++)
        levels[work->list.areas[i].level]++;
    for (int level = 0; level <= AREA_CODES_MAX_LEVEL; level++) {
        snprintf(what, sizeof what, "areas of level %d", level);
        if (levels[level] > 0)
            put_count(work, what, (double) levels[level]);
    }
    if (work->settings.population != NULL)
        put_count(work, "numbers of population", (double) num_rows);
    if (work->settings.shapes != NULL)
        put_count(work, "shapes", work->shapes.num_features);
    return output_finish(work->command, &work->output);
}

/* ---- list, changes ---- */

static int list(struct work *work, char **operands, size_t num)
{
    static const struct rows_column columns[] = { AREA_COLUMNS };
    int                             exit_code = read_list(work, operands, num, &work->list);
    if (exit_code == CLI_DONE)
        exit_code = begin(work, columns, sizeof columns / sizeof *columns);
    if (exit_code != CLI_DONE)
        return exit_code;
    for (uint32_t i = 0; i < work->list.num_areas; i++)
        put_area(&work->output.rows, &work->list, i, work->list.areas[i].valid_to);
    return output_finish(work->command, &work->output);
}

static void put_change(struct work *work, const struct area_change *change)
{
    static const struct {
        unsigned    what;
        const char *word;
    } words[] = {
        { AREA_CHANGE_NEW, "new" },       { AREA_CHANGE_RENAMED, "renamed" },     { AREA_CHANGE_MOVED, "moved" },
        { AREA_CHANGE_CLOSED, "closed" }, { AREA_CHANGE_SUCCESSOR, "successor" }, { AREA_CHANGE_DAYS, "days" }
    };
    char text[80] = "";
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (change->what & words[i].what) {
            if (*text != '\0')
                strcat(text, " ");
            strcat(text, words[i].word);
        }
    rows_text(&work->output.rows, text);
    if (change->new_index == AREA_CODES_NONE)
        put_area(&work->output.rows, &work->list, change->old_index, change->valid_to);
    else
        put_area(&work->output.rows, &work->newer, change->new_index, change->valid_to);
}

static int changes(struct work *work, char **operands, size_t num)
{
    static const struct rows_column columns[] = { { .name = "change", .kind = ROWS_TEXT }, AREA_COLUMNS };
    struct area_change             *found = NULL;
    size_t                          num_found = 0;
    if (num != 2)
        return cli_complain(work->command, CLI_USE, "changes compares two files, OLDER and NEWER; found %zu", num);
    if (work->settings.edition == AREA_CODES_NO_DATE)
        return cli_complain(work->command, CLI_USE, "changes needs --edition DAY");
    int exit_code = read_list(work, &operands[0], 1, &work->list);
    if (exit_code == CLI_DONE)
        exit_code = read_list(work, &operands[1], 1, &work->newer);
    if (exit_code != CLI_DONE)
        return exit_code;
    if (area_codes_update(&work->list, &work->newer, work->settings.edition, work->settings.partial, &found,
                          &num_found) != 0)
        return cli_complain(work->command, CLI_MACHINE, "out of memory");
    exit_code = begin(work, columns, sizeof columns / sizeof *columns);
    if (exit_code == CLI_DONE) {
        for (size_t i = 0; i < num_found; i++)
            put_change(work, &found[i]);
        exit_code = output_finish(work->command, &work->output);
    }
    free(found);
    return exit_code;
}

/* ---- import, tree ---- */

/* The worse of two answers: a machine's failure before faults of the input. */
static int worse(int one, int other)
{
    return one == 0 || (one == BASE_ERR_INPUT && other != 0) ? other : one;
}

/* Read all that belongs to the list and find the faults of all. */
static int read_import(struct work *work, uint32_t **shape_areas, struct population_file *population,
                       struct calendar_file *calendar)
{
    const struct settings *settings = &work->settings;
    int                    ret = 0;
    if (settings->shapes != NULL) {
        ret = geojson_read_file(settings->shapes, settings->property == NULL ? "code" : settings->property,
                                &work->faults, &work->shapes);
        if (ret == 0 &&
            (*shape_areas = memory_array((size_t) work->shapes.num_features + 1, sizeof **shape_areas)) == NULL)
            ret = TOC_ERR_NO_MEMORY;
        if (ret == 0)
            ret = area_shapes_match(&work->shapes, settings->shapes, &work->list, &work->faults, *shape_areas);
    }
    if (settings->population != NULL)
        ret = worse(ret, read_population(work, population));
    if (settings->calendar != NULL)
        ret = worse(ret, calendar_file_read(settings->calendar, &work->faults, calendar));
    return ret == 0 ? CLI_DONE : refuse(work, ret);
}

static int import(struct work *work, char **operands, size_t num)
{
    uint32_t              *shape_areas = NULL;
    struct population_file population = { 0 };
    struct calendar_file   calendar = { 0 };
    int                    exit_code = read_list(work, operands, num, &work->list);
    if (exit_code == CLI_DONE)
        exit_code = read_import(work, &shape_areas, &population, &calendar);
    if (exit_code == CLI_DONE)
        exit_code = area_import(&(struct area_import){ .command = work->command,
                                                       .node = &work->settings.node,
                                                       .list_paths = operands,
                                                       .num_list_paths = num,
                                                       .list = &work->list,
                                                       .shapes_path = work->settings.shapes,
                                                       .population_path = work->settings.population,
                                                       .calendar_path = work->settings.calendar,
                                                       .shapes = &work->shapes,
                                                       .shape_areas = shape_areas,
                                                       .population = &population,
                                                       .calendar = &calendar,
                                                       .edition = work->settings.edition,
                                                       .partial = work->settings.partial });
    calendar_file_free(&calendar);
    population_file_free(&population);
    free(shape_areas);
    return exit_code;
}

static int tree(struct work *work, char **operands, size_t num)
{
    if (num > 1)
        return cli_complain(work->command, CLI_USE, "tree shows what lies below one CODE; found %zu", num);
    return area_stored_tree(work->command, &work->settings.node, num == 1 ? operands[0] : NULL, work->settings.depth);
}

/* ---- outlines ---- */

static const struct rows_column outline_columns[] = {
    { .name = "area", .kind = ROWS_TEXT },        { .name = "detail", .kind = ROWS_NUMBER },
    { .name = "grid_bits", .kind = ROWS_NUMBER }, { .name = "min_x", .kind = ROWS_NUMBER },
    { .name = "min_y", .kind = ROWS_NUMBER },     { .name = "max_x", .kind = ROWS_NUMBER },
    { .name = "max_y", .kind = ROWS_NUMBER },     { .name = "path", .kind = ROWS_TEXT },
};

static void put_outlines(struct work *work, const struct outline_set *set)
{
    struct rows *rows = &work->output.rows;
    for (uint32_t i = 0; i < set->num_features * OUTLINE_DETAILS; i++) {
        const struct outline_path *path = &set->paths[i];
        rows_text(rows, work->shapes.features[i / OUTLINE_DETAILS].code);
        rows_number(rows, i % OUTLINE_DETAILS);
        rows_number(rows, set->grid_bits[i % OUTLINE_DETAILS]);
        rows_number(rows, (double) path->min_x);
        rows_number(rows, (double) path->min_y);
        rows_number(rows, (double) path->max_x);
        rows_number(rows, (double) path->max_y);
        rows_text(rows, set->text + path->text);
        rows_end_row(rows);
    }
}

static int outlines(struct work *work, char **operands, size_t num)
{
    struct outline_options chosen = { { 0 } };
    struct outline_set     set = { 0 };
    if (work->settings.shapes == NULL || num > 0)
        return cli_complain(work->command, CLI_USE, "outlines needs --shapes FILE.geojson and no other file%s%s",
                            num > 0 ? "; found " : "", num > 0 ? operands[0] : "");
    int exit_code = read_shapes(work);
    if (exit_code == CLI_DONE && outline_make(&work->shapes, &chosen, &set) != 0)
        exit_code = cli_complain(work->command, CLI_MACHINE, "out of memory");
    if (exit_code == CLI_DONE)
        exit_code = begin(work, outline_columns, sizeof outline_columns / sizeof *outline_columns);
    if (exit_code == CLI_DONE) {
        put_outlines(work, &set);
        exit_code = output_finish(work->command, &work->output);
    }
    outline_free(&set);
    return exit_code;
}

/* ---- the command ---- */

static const struct {
    const char *name;
    int (*run)(struct work *work, char **operands, size_t num);
} parts[] = { { "check", check },       { "list", list },     { "changes", changes },
              { "outlines", outlines }, { "import", import }, { "tree", tree } };

static int run_part(struct work *work, const char *name, char **operands, size_t num)
{
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strcmp(parts[i].name, name) == 0)
            return parts[i].run(work, operands, num);
    return cli_complain(work->command, CLI_USE, "'%s' is none of check, list, changes, outlines, import, tree", name);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct work work = { .command = command,
                         .settings = { .output = OUTPUT_SETTINGS_INIT,
                                       .node = { .directory = "tocsin-node", .role = ACCESS_ADMINISTRATOR - 1 },
                                       .edition = AREA_CODES_NO_DATE,
                                       .depth = -1 } };
    int         first, exit_code = cli_parse(command, argc, argv, &work.settings, &first);
    if (exit_code >= 0)
        return exit_code;
    if (first == argc)
        return cli_complain(command, CLI_USE, "needs one of check, list, changes, outlines, import, tree");
    exit_code = run_part(&work, argv[first], argv + first + 1, (size_t) (argc - first - 1));
    area_codes_free(&work.list);
    area_codes_free(&work.newer);
    geojson_free(&work.shapes);
    fault_list_free(&work.faults);
    return exit_code;
}

static const char *const usage[] = { "check [OPTION]... FILE...",
                                     "list [OPTION]... FILE...",
                                     "changes --edition DAY [OPTION]... OLDER NEWER",
                                     "outlines --shapes FILE.geojson [OPTION]...",
                                     "import --node DIR [OPTION]... FILE...",
                                     "tree --node DIR [OPTION]... [CODE]",
                                     NULL };

static const struct cli_example examples[] = {
    { "tocsin area check areas.csv --shapes outlines.geojson --population population.csv",
      "do the files fit together?" },
    { "tocsin area list provinces.csv cities.csv counties.csv", "three files as one list, in the order of the tree" },
    { "tocsin area changes --edition 2024-01-01 2023.csv 2024.csv", "what the newer list changes" },
    { "tocsin area outlines --shapes outlines.geojson", "paths for maps at three levels of detail" },
    { "tocsin area import areas.csv --shapes outlines.geojson --population population.csv",
      "the areas of a node, with their shapes and populations" },
    { "tocsin area import --edition 2024-01-01 2024.csv",
      "a newer edition: areas that it lacks end on the day before" },
    { "tocsin area tree --depth 2", "the upper levels of what the node has" },
    { NULL, NULL },
};

const struct cli_command cli_command_area = {
    .name = "area",
    .summary = "check code lists, shapes and populations of areas; compare editions; import them",
    .usage = usage,
    .text =
        "check reads a code list (all FILEs as one) and the shapes and populations that belong to it, tells every "
        "fault, and counts what is there. list writes the areas in the order of the tree with the ids that they have "
        "on every node. changes tells what a newer edition changes: new, renamed, moved, closed. outlines writes the "
        "paths of shapes for maps.\n\n"
        "import loads a code list with its shapes, populations and days off into a node (\"tocsin node init\"), each "
        "as "
        "one set with an entry in the audit trail: areas are compared with those that the node has, and only what "
        "differs is written. With --edition the list is the whole of what holds from that day on: open areas that it "
        "does not name end on the day before. tree shows the areas of a node with their names, below CODE or from the "
        "tops.\n\n"
        "A code list is CSV with the columns code, name_en, name_zh, name_bo, level, parent, valid_from, valid_to, "
        "successor; code and one column of names are needed. Without the column parent it is found in codes of 2, 4, "
        "6, 9 and 12 digits.",
    .groups = groups,
    .num_groups = 3,
    .examples = examples,
    .run = run,
};
