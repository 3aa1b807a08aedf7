/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/simulate_files.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/date_text.h"
#include "base/memory.h"
#include "tocsin/status.h"

#define AGES TOC_SIMULATION_AGE
#define COLUMNS TOC_SIMULATION_COLUMNS
#define AGE_WORD_BYTES 48

const char *const simulate_detail_words[] = { "full", "areas", "ages", "total", "none", NULL };

static const char *age_word(size_t age, char text[AGE_WORD_BYTES])
{
    if (age + 1 < AGES)
        snprintf(text, AGE_WORD_BYTES, "%zu-%zu", 10 * age, 10 * age + 9);
    else
        snprintf(text, AGE_WORD_BYTES, "%zu+", 10 * age);
    return text;
}

/* ---- folder ---- */

static int path_in(const struct simulate_files *files, const char *name, char path[4200])
{
    int size = snprintf(path, 4200, "%s/%s", files->folder, name);
    if (size < 4200)
        return CLI_DONE;
    return cli_complain(files->command, CLI_USE, "--output: the name of the folder is too long");
}

static int open_in(struct simulate_files *files, const char *name, char path[4200], struct sink *sink)
{
    int exit_code = path_in(files, name, path);
    if (exit_code != CLI_DONE)
        return exit_code;
    int ret = sink_open(sink, path);
    if (ret == 0)
        return CLI_DONE;
    return output_complain(files->command, path, ret == TOC_ERR_NO_MEMORY ? ENOMEM : sink->failure);
}

static int make_folder(const struct simulate_files *files)
{
    struct stat status;
    if (mkdir(files->folder, 0777) == 0 ||
        (errno == EEXIST && stat(files->folder, &status) == 0 && S_ISDIR(status.st_mode)))
        return CLI_DONE;
    return output_complain(files->command, files->folder, errno == EEXIST ? ENOTDIR : errno);
}

/* ---- series.csv: millions of numbers, so written without a detour ---- */

static bool has_area(enum simulate_detail detail)
{
    return detail == SIMULATE_FULL || detail == SIMULATE_BY_AREA;
}

static bool has_age(enum simulate_detail detail)
{
    return detail == SIMULATE_FULL || detail == SIMULATE_BY_AGE;
}

static void write_series_head(struct simulate_files *files)
{
    size_t                             num;
    const struct toc_simulation_entry *columns = toc_simulation_list_columns(&num);
    sink_text(&files->series, "scenario,seed,day,date");
    sink_text(&files->series, has_area(files->detail) ? ",area" : "");
    sink_text(&files->series, has_age(files->detail) ? ",age" : "");
    for (size_t i = 0; i < num; i++)
        sink_format(&files->series, ",%s", columns[i].name);
    sink_character(&files->series, '\n');
}

/* A text as a cell of CSV. */
static void write_cell(struct sink *sink, const char *text)
{
    if (strpbrk(text, ",\"\r\n") == NULL) {
        sink_text(sink, text);
        return;
    }
    sink_character(sink, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"')
            sink_character(sink, '"');
        sink_character(sink, *text);
    }
    sink_character(sink, '"');
}

struct row_head {
    const char            *name;
    const struct scenario *scenario;
    uint64_t               seed;
    uint32_t               day; /* 0-based */
};

/* place: NULL = all of them. */
static void write_series_row(struct simulate_files *files, const struct row_head *head,
                             const struct scenario_place *place, size_t age, const uint64_t *counts)
{
    struct sink *sink = &files->series;
    char         date[DATE_TEXT_BYTES], word[AGE_WORD_BYTES];
    date_to_text(head->scenario->start + (toc_date) head->day, DATE_FORM_DAY, date);
    write_cell(sink, head->name);
    sink_format(sink, ",%" PRIu64 ",%" PRIu32 ",%s", head->seed, head->day + 1, date);
    if (has_area(files->detail)) {
        sink_character(sink, ',');
        write_cell(sink, place != NULL ? place->name : "");
    }
    if (has_age(files->detail))
        sink_format(sink, ",%s", age_word(age, word));
    for (size_t column = 0; column < COLUMNS; column++) {
        sink_character(sink, ',');
        sink_integer(sink, (int64_t) counts[column]);
    }
    sink_character(sink, '\n');
}

static void add_counts(uint64_t *counts, const uint32_t *cells)
{
    for (size_t column = 0; column < COLUMNS; column++)
        counts[column] += cells[column];
}

/* Rows of these areas together: cells of ages, or their sum. */
static void write_series_ages(struct simulate_files *files, const struct row_head *head,
                              const struct scenario_place *place, const uint32_t *cells, size_t areas)
{
    size_t rows = has_age(files->detail) ? AGES : 1;
    for (size_t age = 0; age < rows; age++) {
        uint64_t counts[COLUMNS] = { 0 };
        for (size_t area = 0; area < areas; area++)
            for (size_t group = age; group < AGES; group += rows == 1 ? 1 : AGES)
                add_counts(counts, cells + (area * AGES + group) * COLUMNS);
        write_series_row(files, head, place, age, counts);
    }
}

/* The rows of a day: of each place that is shown, or of all areas. */
static void write_series_day(struct simulate_files *files, const struct row_head *head, const uint32_t *cells)
{
    const struct scenario       *scenario = head->scenario;
    const struct scenario_place *place = NULL;
    if (!has_area(files->detail) || scenario->num_places == 0) {
        write_series_ages(files, head, NULL, cells, scenario->num_areas > 0 ? scenario->num_areas : 1);
        return;
    }
    while ((place = simulate_next_shown(scenario, place)) != NULL)
        write_series_ages(files, head, place, cells + (size_t) place->first * AGES * COLUMNS, place->num);
}

/* ---- infections ---- */

static const struct rows_column infection_columns[] = {
    { .name = "scenario" },
    { .name = "seed", .kind = ROWS_NUMBER },
    { .name = "person", .kind = ROWS_NUMBER },
    { .name = "infected_by", .kind = ROWS_NUMBER },
    { .name = "day", .kind = ROWS_NUMBER },
    { .name = "date" },
    { .name = "onset_date" },
    { .name = "network" },
    { .name = "strain", .kind = ROWS_NUMBER },
    { .name = "age" },
    { .name = "area" },
    { .name = "severity" },
};

struct line_context {
    struct simulate_files *files;
    const char            *name;
    const struct scenario *scenario;
    uint64_t               seed;
};

/* The date of a day, missing for 0. */
static void put_date(struct rows *rows, const struct scenario *scenario, uint32_t day)
{
    char date[DATE_TEXT_BYTES];
    if (day == 0 || date_to_text(scenario->start + (toc_date) day - 1, DATE_FORM_DAY, date) == 0)
        rows_missing(rows);
    else
        rows_text(rows, date);
}

static int write_infection(void *context, const struct toc_simulation_infection *infection)
{
    static const char *const   networks[] = { "household", "ring", "random", "imported", "transport" };
    static const char *const   severities[] = { [TOC_SIMULATION_WITHOUT_SYMPTOMS] = "asymptomatic",
                                                [TOC_SIMULATION_WITH_MILD_SYMPTOMS] = "mild",
                                                [TOC_SIMULATION_WITH_SEVERE_SYMPTOMS] = "severe" };
    const struct line_context *line = context;
    const struct scenario     *scenario = line->scenario;
    struct rows               *rows = &line->files->lines;
    char                       word[AGE_WORD_BYTES];
    bool                       nobody = infection->infector == TOC_SIMULATION_NOBODY;
    rows_text(rows, line->name);
    rows_number(rows, (double) line->seed);
    rows_number(rows, infection->agent);
    rows_number(rows, nobody ? (double) NAN : (double) infection->infector);
    rows_number(rows, infection->day);
    put_date(rows, scenario, infection->day);
    put_date(rows, scenario, infection->onset);
    rows_text(rows, infection->network < 5 ? networks[infection->network] : "");
    rows_number(rows, infection->strain + 1);
    rows_text(rows, age_word(infection->age, word));
    rows_text(rows, scenario->num_areas > 0 ? scenario->area_names[infection->area] : "");
    rows_text(rows, severities[infection->severity]);
    rows_end_row(rows);
    return line->files->infections.failure;
}

static int open_infections(struct simulate_files *files)
{
    static const char *const names[] = { [ROWS_CSV] = "infections.csv", [ROWS_NDJSON] = "infections.ndjson" };
    int exit_code = open_in(files, names[files->line_list], files->infections_path, &files->infections);
    if (exit_code != CLI_DONE)
        return exit_code;
    files->infections_open = true;
    if (rows_begin(&files->lines, &files->infections, (enum rows_format) files->line_list, false, infection_columns,
                   sizeof infection_columns / sizeof *infection_columns) != 0)
        return output_complain(files->command, files->infections_path, ENOMEM);
    return CLI_DONE;
}

/* ---- while runs come in ---- */

int simulate_files_open(struct simulate_files *files)
{
    if (files->folder == NULL)
        return CLI_DONE;
    int exit_code = make_folder(files);
    if (exit_code == CLI_DONE && files->detail != SIMULATE_NO_SERIES) {
        exit_code = open_in(files, "series.csv", files->series_path, &files->series);
        files->series_open = exit_code == CLI_DONE;
        if (files->series_open)
            write_series_head(files);
    }
    if (exit_code == CLI_DONE && files->line_list >= 0)
        exit_code = open_infections(files);
    if (exit_code != CLI_DONE)
        simulate_files_abandon(files);
    return exit_code;
}

int simulate_files_add(struct simulate_files *files, const char *name, const struct scenario *scenario,
                       const struct simulate_run *run)
{
    size_t          day_cells = (scenario->num_areas > 0 ? scenario->num_areas : 1) * AGES * COLUMNS;
    struct row_head head = { name, scenario, run->seed, 0 };
    for (; files->series_open && head.day < scenario->days && files->series.failure == 0; head.day++)
        write_series_day(files, &head, run->cells + head.day * day_cells);
    if (files->infections_open) {
        struct line_context line = { files, name, scenario, run->seed };
        simulate_run_each_infection(run, scenario->days, write_infection, &line);
    }
    if (files->series_open && files->series.failure != 0)
        return output_complain(files->command, files->series_path, files->series.failure);
    if (files->infections_open && files->infections.failure != 0)
        return output_complain(files->command, files->infections_path, files->infections.failure);
    return CLI_DONE;
}

/* ---- tables ---- */

static const struct rows_column summary_columns[] = {
    { .name = "statistic" },
    { .name = "mean", .kind = ROWS_NUMBER, .decimals = 2 },
    { .name = "p05", .kind = ROWS_NUMBER, .decimals = 2 },
    { .name = "p25", .kind = ROWS_NUMBER, .decimals = 2 },
    { .name = "median", .kind = ROWS_NUMBER, .decimals = 2 },
    { .name = "p75", .kind = ROWS_NUMBER, .decimals = 2 },
    { .name = "p95", .kind = ROWS_NUMBER, .decimals = 2 },
    { .name = "meaning", .max_width = 100 },
};

static const struct rows_column comparison_columns[] = {
    { .name = "statistic" },
    { .name = "first_median", .kind = ROWS_NUMBER, .decimals = 2 },
    { .name = "second_median", .kind = ROWS_NUMBER, .decimals = 2 },
    { .name = "difference", .kind = ROWS_NUMBER, .decimals = 2 },
    { .name = "low", .kind = ROWS_NUMBER, .decimals = 2 },
    { .name = "high", .kind = ROWS_NUMBER, .decimals = 2 },
    { .name = "share_lower", .kind = ROWS_NUMBER, .decimals = 2 },
    { .name = "pairs", .kind = ROWS_NUMBER },
    { .name = "meaning", .max_width = 100 },
};

const struct rows_column *simulate_summary_columns(size_t num, size_t *num_columns)
{
    *num_columns = num == 1 ? sizeof summary_columns / sizeof *summary_columns
                            : sizeof comparison_columns / sizeof *comparison_columns;
    return num == 1 ? summary_columns : comparison_columns;
}

static int write_summary_of_one(struct rows *rows, const struct simulate_ensemble *ensemble)
{
    const struct simulate_statistic *statistics;
    size_t                           num = simulate_statistics(&statistics);
    struct simulate_summary          lines[SIMULATE_MAX_STATISTICS];
    int                              ret = simulate_summarise(ensemble, lines);
    for (size_t i = 0; ret == 0 && i < num; i++) {
        rows_text(rows, statistics[i].name);
        rows_number(rows, lines[i].mean);
        for (size_t k = 0; k < SIMULATE_NUM_QUANTILES; k++)
            rows_number(rows, lines[i].quantiles[k]);
        rows_text(rows, statistics[i].meaning);
        rows_end_row(rows);
    }
    return ret;
}

static int write_summary_of_two(struct rows *rows, const struct simulate_ensemble *ensembles)
{
    const struct simulate_statistic *statistics;
    size_t                           num = simulate_statistics(&statistics);
    struct simulate_difference       lines[SIMULATE_MAX_STATISTICS];
    int                              ret = simulate_compare(ensembles, lines);
    for (size_t i = 0; ret == 0 && i < num; i++) {
        rows_text(rows, statistics[i].name);
        rows_number(rows, lines[i].median[0]);
        rows_number(rows, lines[i].median[1]);
        rows_number(rows, lines[i].mean);
        rows_number(rows, lines[i].low);
        rows_number(rows, lines[i].high);
        rows_number(rows, lines[i].share_lower);
        rows_number(rows, (double) lines[i].num_pairs);
        rows_text(rows, statistics[i].meaning);
        rows_end_row(rows);
    }
    return ret;
}

int simulate_write_summary(struct rows *rows, const struct simulate_ensemble *ensembles, size_t num)
{
    return num == 1 ? write_summary_of_one(rows, ensembles) : write_summary_of_two(rows, ensembles);
}

/* ---- files that are written at the end ---- */

struct finishing {
    const struct simulate_ensemble *ensembles;
    const char *const              *names;
    size_t                          num;
};

static int write_runs(struct sink *sink, const struct finishing *finishing)
{
    const struct simulate_statistic *statistics;
    size_t                           num = simulate_statistics(&statistics);
    double                           values[SIMULATE_MAX_STATISTICS];
    sink_text(sink, "scenario,seed");
    for (size_t i = 0; i < num; i++)
        sink_format(sink, ",%s", statistics[i].name);
    sink_character(sink, '\n');
    for (size_t k = 0; k < finishing->num; k++)
        for (size_t run = 0; run < finishing->ensembles[k].num_runs; run++) {
            simulate_run_statistics(&finishing->ensembles[k], run, values);
            write_cell(sink, finishing->names[k]);
            sink_format(sink, ",%" PRIu64, finishing->ensembles[k].first_seed + run);
            for (size_t i = 0; i < num; i++) {
                sink_character(sink, ',');
                if (!isnan(values[i]))
                    sink_number(sink, values[i]);
            }
            sink_character(sink, '\n');
        }
    return 0;
}

static void write_fan_row(struct sink *sink, const struct finishing *finishing, size_t k, uint32_t day,
                          const struct simulate_curve *curve, double *values)
{
    const struct simulate_ensemble *ensemble = &finishing->ensembles[k];
    double                          quantiles[SIMULATE_NUM_QUANTILES], mean;
    char                            date[DATE_TEXT_BYTES];
    date_to_text(ensemble->scenario->start + (toc_date) day, DATE_FORM_DAY, date);
    simulate_fan(ensemble, curve, day, values, quantiles, &mean);
    write_cell(sink, finishing->names[k]);
    sink_format(sink, ",%" PRIu32 ",%s,%s,", day + 1, date, curve->name);
    sink_number(sink, mean);
    for (size_t i = 0; i < SIMULATE_NUM_QUANTILES; i++) {
        sink_character(sink, ',');
        sink_number(sink, quantiles[i]);
    }
    sink_character(sink, '\n');
}

static int write_fans(struct sink *sink, const struct finishing *finishing)
{
    double *values = memory_array(finishing->ensembles->num_runs, sizeof *values);
    if (values == NULL)
        return TOC_ERR_NO_MEMORY;
    sink_text(sink, "scenario,day,date,curve,mean,p05,p25,median,p75,p95\n");
    for (size_t k = 0; k < finishing->num; k++)
        for (uint32_t day = 0; day < finishing->ensembles[k].days; day++)
            for (size_t i = 0; i < SIMULATE_NUM_CURVES; i++)
                write_fan_row(sink, finishing, k, day, &simulate_curves[i], values);
    free(values);
    return 0;
}

static int write_table(struct sink *sink, const struct finishing *finishing)
{
    struct rows               rows;
    size_t                    num_columns;
    const struct rows_column *columns = simulate_summary_columns(finishing->num, &num_columns);
    int                       ret = rows_begin(&rows, sink, ROWS_CSV, false, columns, num_columns);
    if (ret == 0)
        ret = simulate_write_summary(&rows, finishing->ensembles, finishing->num);
    rows_finish(&rows);
    return ret;
}

static int write_report(struct sink *sink, const struct finishing *finishing)
{
    return simulate_report_write(finishing->ensembles, finishing->names, finishing->num, sink);
}

static int write_areas(struct sink *sink, const struct finishing *finishing)
{
    return simulate_areas_write(finishing->ensembles, sink);
}

static int write_one(struct simulate_files *files, const char *name, const struct finishing *finishing,
                     int (*write)(struct sink *sink, const struct finishing *finishing))
{
    struct sink sink;
    char        path[4200];
    int         exit_code = open_in(files, name, path, &sink);
    if (exit_code != CLI_DONE)
        return exit_code;
    int ret = write(&sink, finishing);
    if (ret == 0 && sink_finish(&sink) == 0)
        return CLI_DONE;
    int failure = ret == TOC_ERR_NO_MEMORY ? ENOMEM : sink.failure;
    sink_free(&sink);
    return output_complain(files->command, path, failure);
}

static int finish_sink(struct simulate_files *files, struct sink *sink, bool *open, const char *path)
{
    if (!*open)
        return CLI_DONE;
    *open = false;
    if (sink_finish(sink) == 0)
        return CLI_DONE;
    return output_complain(files->command, path, sink->failure);
}

int simulate_files_finish(struct simulate_files *files, const struct simulate_ensemble *ensembles,
                          const char *const *names, size_t num)
{
    struct finishing finishing = { ensembles, names, num };
    if (files->folder == NULL)
        return CLI_DONE;
    if (files->infections_open)
        rows_finish(&files->lines);
    int exit_code = finish_sink(files, &files->series, &files->series_open, files->series_path);
    if (exit_code == CLI_DONE)
        exit_code = finish_sink(files, &files->infections, &files->infections_open, files->infections_path);
    if (exit_code == CLI_DONE)
        exit_code = write_one(files, "runs.csv", &finishing, write_runs);
    if (exit_code == CLI_DONE)
        exit_code = write_one(files, "fans.csv", &finishing, write_fans);
    if (exit_code == CLI_DONE)
        exit_code = write_one(files, num == 1 ? "summary.csv" : "comparison.csv", &finishing, write_table);
    if (exit_code == CLI_DONE)
        exit_code = write_one(files, "report.svg", &finishing, write_report);
    if (exit_code == CLI_DONE && num == 1 && ensembles->infections != NULL)
        exit_code = write_one(files, "areas.svg", &finishing, write_areas);
    return exit_code;
}

void simulate_files_abandon(struct simulate_files *files)
{
    if (files->infections_open)
        rows_finish(&files->lines);
    if (files->series_open)
        sink_free(&files->series);
    if (files->infections_open)
        sink_free(&files->infections);
    files->series_open = files->infections_open = false;
}
