/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin suppress: a table of counts by area and period, with the small ones left out so that they cannot be found. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/date_text.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/input_options.h"
#include "cli/output_options.h"
#include "cli/release_file.h"
#include "formats/area_codes_index.h"
#include "tocsin/suppression.h"

struct suppress_settings {
    const char *areas, *released;
    long        small;
};

struct settings {
    struct suppress_settings suppress;
    struct input_settings    input;
    struct output_settings   output;
};

static const struct cli_option own_options[] = {
    { .name = "areas",
      .value = "FILE",
      .kind = CLI_TEXT,
      .offset = offsetof(struct suppress_settings, areas),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "The code list of the areas (docs/areas.md). Needed." },
    { .name = "released",
      .value = "FILE",
      .kind = CLI_TEXT,
      .offset = offsetof(struct suppress_settings, released),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "What was published before, as this command wrote it (CSV): its periods stay as they are." },
    { .name = "small",
      .value = "N",
      .initial = "4",
      .kind = CLI_WHOLE,
      .low = 1,
      .high = 1000,
      .offset = offsetof(struct suppress_settings, small),
      .meaning = "Counts from 1 to N are left out." },
};

static const struct cli_group groups[] = {
    { .title = "Suppression",
      .options = own_options,
      .num_options = sizeof own_options / sizeof *own_options,
      .offset = offsetof(struct settings, suppress) },
    CLI_GROUP_INPUT(offsetof(struct settings, input)),
    { .title = "Output",
      .options = output_options,
      .num_options = OUTPUT_NUM_OPTIONS - 1,
      .offset = offsetof(struct settings, output) },
};

/* A count as it was given. */
struct given {
    toc_date date;
    uint32_t area; /* of the list */
    int64_t  count;
};

struct work {
    const struct cli_command *command;
    struct settings           settings;
    struct fault_list         faults;
    struct area_codes         areas;
    struct area_index         index; /* by code */
    struct given             *given;
    size_t                    num_given, room;
    struct release            released;
    enum date_form            form;
    /* of one period */
    uint32_t *place;   /* [area of the list]: its place in the table; AREA_CODES_NONE = none */
    uint32_t *area_of; /* [place] */
    uint32_t *parent;
    int64_t  *count;
    bool     *has_count;
    uint8_t  *decided;
    size_t    num_places;
};

/* ---- reading ---- */

static int read_areas(struct work *work)
{
    static const struct area_codes_options options = { .allow_gaps = true };
    const char                            *path = work->settings.suppress.areas;
    if (path == NULL)
        return cli_complain(work->command, CLI_USE, "--areas FILE is needed: which area belongs to which");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return cli_complain(work->command, CLI_MACHINE, "%s: cannot be opened: %s", path, strerrordesc_np(errno));
    struct table_input input = table_input_file(&fd, path);
    int                ret = area_codes_read(&input, 1, &options, &work->faults, &work->areas);
    close(fd);
    return ret == 0 ? CLI_DONE : input_report(work->command, ret, &work->faults);
}

static int index_areas(struct work *work)
{
    int ret = area_index_reserve(&work->index, &work->areas, work->areas.num_areas);
    for (uint32_t i = 0; i < work->areas.num_areas && ret == 0; i++)
        area_index_add(&work->index, &work->areas, i);
    return ret == 0 ? CLI_DONE : cli_complain(work->command, CLI_MACHINE, "out of memory");
}

/* The area that has the code on the day, or AREA_CODES_NONE. */
static uint32_t find_area(const struct work *work, const char *code, toc_date day)
{
    uint32_t area = area_index_find(&work->index, &work->areas, code, strlen(code));
    while (area != AREA_CODES_NONE && !area_valid_on(&work->areas.areas[area], day))
        area = work->index.next_same[area];
    return area;
}

static int add_given(struct work *work, const struct given *given)
{
    if (work->num_given == work->room) {
        size_t        room = work->room == 0 ? 1024 : 2 * work->room;
        struct given *grown = memory_resize(work->given, room, sizeof *grown);
        if (grown == NULL)
            return TOC_ERR_NO_MEMORY;
        work->given = grown;
        work->room = room;
    }
    work->given[work->num_given++] = *given;
    return 0;
}

static int add_series(struct work *work, const struct counts_series *series)
{
    uint32_t area = AREA_CODES_NONE;
    int      ret = 0;
    for (size_t i = 0; i < series->series.n && ret == 0; i++) {
        char day[DATE_TEXT_BYTES], quoted[TEXT_QUOTE_BYTES];
        date_to_text(series->date[i], work->form, day);
        text_quote(series->name, strlen(series->name), quoted);
        if (area == AREA_CODES_NONE || !area_valid_on(&work->areas.areas[area], series->date[i]))
            area = find_area(work, series->name, series->date[i]);
        struct fault_place place = { .name = series->name };
        if (area == AREA_CODES_NONE)
            fault_add(&work->faults, place, "the code of an area of the list that there is then", "no area %s in %s",
                      quoted, day);
        else if (isnan(series->observed[i]))
            fault_add(&work->faults, place, "a count, or --missing zero", "%s has no count", day);
        else
            ret = add_given(work, &(struct given){ series->date[i], area, (int64_t) series->observed[i] });
    }
    return ret;
}

static int compare_given(const void *a, const void *b)
{
    const struct given *x = a, *y = b;
    return x->date != y->date ? (x->date < y->date ? -1 : 1) : x->area < y->area ? -1 : x->area > y->area;
}

static int read_counts(struct work *work, char *const *files, int num_files)
{
    struct counts_reader *reader = NULL;
    struct counts_series  series = COUNTS_SERIES_INIT;
    int exit_code = input_open(work->command, &work->settings.input, files, num_files, &work->faults, &reader);
    if (exit_code != CLI_DONE)
        return exit_code;
    work->form = counts_summary(reader)->form;
    int ret;
    while ((ret = counts_next(reader, &series)) == 1 && (ret = add_series(work, &series)) == 0)
        continue;
    counts_series_free(&series);
    counts_close(reader);
    if (ret == 0 && work->faults.num_all > 0)
        ret = BASE_ERR_INPUT;
    if (ret != 0)
        return input_report(work->command, ret, &work->faults);
    qsort(work->given, work->num_given, sizeof *work->given, compare_given);
    return CLI_DONE;
}

static int make_table(struct work *work)
{
    size_t n = work->areas.num_areas;
    work->place = memory_array(n, sizeof *work->place);
    work->area_of = memory_array(n, sizeof *work->area_of);
    work->parent = memory_array(n, sizeof *work->parent);
    work->count = memory_array(n, sizeof *work->count);
    work->has_count = memory_array(n, sizeof *work->has_count);
    work->decided = memory_array(n, sizeof *work->decided);
    bool made = work->place != NULL && work->area_of != NULL && work->parent != NULL && work->count != NULL &&
                work->has_count != NULL && work->decided != NULL;
    return made ? CLI_DONE : cli_complain(work->command, CLI_MACHINE, "out of memory");
}

/* ---- one period ---- */

/* The areas that there are then: the list is in preorder, so parents come first. */
static void lay_out(struct work *work, toc_date date)
{
    work->num_places = 0;
    for (uint32_t i = 0; i < work->areas.num_areas; i++) {
        uint32_t above = work->areas.areas[i].parent;
        work->place[i] = AREA_CODES_NONE;
        if (!area_valid_on(&work->areas.areas[i], date))
            continue;
        uint32_t place = (uint32_t) work->num_places++;
        work->place[i] = place;
        work->area_of[place] = i;
        work->parent[place] = above == AREA_CODES_NONE || work->place[above] == AREA_CODES_NONE
                                  ? TOC_SUPPRESSION_NO_PARENT
                                  : work->place[above];
        work->count[place] = 0;
        work->has_count[place] = false;
    }
}

/* What was given, and for areas that were not, the sum of those below. */
static void fill(struct work *work, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        uint32_t place = work->place[work->given[i].area];
        work->count[place] = work->given[i].count;
        work->has_count[place] = true;
    }
    for (size_t place = work->num_places; place-- > 0;) {
        uint32_t above = work->parent[place];
        if (above != TOC_SUPPRESSION_NO_PARENT && !work->has_count[above])
            work->count[above] += work->count[place];
    }
}

static int decide(struct work *work, toc_date date)
{
    struct toc_suppression_options options = { .small = work->settings.suppress.small };
    struct toc_error               error = { 0 };
    char                           day[DATE_TEXT_BYTES];
    if (getrandom(&options.seed, sizeof options.seed, 0) != sizeof options.seed)
        return cli_complain(work->command, CLI_MACHINE, "no random numbers: %s", strerrordesc_np(errno));
    int ret =
        toc_suppress(work->parent, work->count, work->num_places, &options, &memory_allocator, work->decided, &error);
    if (ret == 0)
        return CLI_DONE;
    if (ret == TOC_ERR_NO_MEMORY || error.where >= work->num_places)
        return cli_complain(work->command, CLI_MACHINE, "out of memory");
    date_to_text(date, work->form, day);
    return cli_complain(work->command, CLI_INPUT, "%s, %s: %.0f; allowed: %s",
                        area_codes_text(&work->areas, work->areas.areas[work->area_of[error.where]].code), day,
                        error.found, error.allowed);
}

/* ---- writing ---- */

static const struct rows_column columns[] = {
    { .name = "area" },
    { .name = "date" },
    { .name = "count", .kind = ROWS_NUMBER },
};

static void put_row(struct rows *rows, const char *area, const char *date, double count)
{
    rows_text(rows, area);
    rows_text(rows, date);
    rows_number(rows, count);
    rows_end_row(rows);
}

static void put_period(struct work *work, struct rows *rows, toc_date date)
{
    char day[DATE_TEXT_BYTES];
    date_to_text(date, work->form, day);
    for (size_t place = 0; place < work->num_places; place++) {
        bool shown = work->decided[place] == TOC_SUPPRESSION_SHOWN;
        put_row(rows, area_codes_text(&work->areas, work->areas.areas[work->area_of[place]].code), day,
                shown ? (double) work->count[place] : (double) NAN);
    }
}

static int write_periods(struct work *work, struct rows *rows)
{
    int exit_code = CLI_DONE;
    for (size_t i = 0; i < work->released.num_rows; i++)
        put_row(rows, work->released.rows[i].area, work->released.rows[i].date, work->released.rows[i].count);
    for (size_t first = 0, end; first < work->num_given && exit_code == CLI_DONE; first = end) {
        toc_date date = work->given[first].date;
        for (end = first; end < work->num_given && work->given[end].date == date;)
            end++;
        if (release_has(&work->released, date))
            continue;
        lay_out(work, date);
        fill(work, first, end);
        exit_code = decide(work, date);
        if (exit_code == CLI_DONE)
            put_period(work, rows, date);
    }
    return exit_code;
}

static int write_table(struct work *work)
{
    struct output output;
    int           exit_code = output_begin(work->command, &work->settings.output, columns, 3, &output);
    if (exit_code != CLI_DONE)
        return exit_code;
    exit_code = write_periods(work, &output.rows);
    if (exit_code != CLI_DONE) {
        output_abandon(&output);
        return exit_code;
    }
    return output_finish(work->command, &output);
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct work work = {
        .command = command,
        .settings = { .suppress = { .small = 4 }, .input = INPUT_SETTINGS_INIT, .output = OUTPUT_SETTINGS_INIT }
    };
    int first, exit_code = cli_parse(command, argc, argv, &work.settings, &first);
    if (exit_code >= 0)
        return exit_code;
    exit_code = read_areas(&work);
    if (exit_code == CLI_DONE)
        exit_code = index_areas(&work);
    if (exit_code == CLI_DONE && work.settings.suppress.released != NULL)
        exit_code = release_read(command, work.settings.suppress.released, &work.faults, &work.released);
    if (exit_code == CLI_DONE)
        exit_code = read_counts(&work, argv + first, argc - first);
    if (exit_code == CLI_DONE)
        exit_code = make_table(&work);
    if (exit_code == CLI_DONE)
        exit_code = write_table(&work);
    free(work.place);
    free(work.area_of);
    free(work.parent);
    free(work.count);
    free(work.has_count);
    free(work.decided);
    free(work.given);
    release_free(&work.released);
    area_index_free(&work.index);
    area_codes_free(&work.areas);
    fault_list_free(&work.faults);
    return exit_code;
}

static const char *const        usage[] = { "--areas FILE [OPTION]... [FILE]...", NULL };
static const struct cli_example examples[] = {
    { "tocsin suppress --areas areas.csv --columns series=area weekly.csv", "a table that may be published" },
    { "tocsin suppress --areas areas.csv --columns series=area --released old.csv -o new.csv weekly.csv",
      "a later edition: what was published stays" },
    { NULL, NULL },
};

const struct cli_command cli_command_suppress = {
    .name = "suppress",
    .summary = "leave out the small counts of a table by area, so that they cannot be found",
    .usage = usage,
    .text =
        "Reads counts by area (the series) and period, and writes a row for each area and period:\n"
        "\n"
        "  area   code of the area\n"
        "  date   the period\n"
        "  count  empty: left out\n"
        "\n"
        "Counts from 1 to 4 are left out, and as many others with them as it takes so that no sum or difference of "
        "the table finds them; which ones is drawn by lot. Areas that are not in the file have the sum of those "
        "below them.\n"
        "\n"
        "Publish one table of what is counted, by weeks or by months, never sums of the last seven days, and what was "
        "once published again as it was: --released.\n"
        "\n" INPUT_TEXT,
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
