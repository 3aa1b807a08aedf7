/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/date_text.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/own_folder.h"
#include "cli/simulate_files.h"
#include "formats/checkpoint_file.h"

#define MAX_SEEDS 10000
#define EVERY_DAYS 20                            /* between two checkpoints */
#define MAX_BYTES ((double) (UINT64_C(8) << 30)) /* of counts kept in memory */

struct simulate_settings {
    long        seeds, first_seed, threads, days, every;
    double      agents; /* 0 = as the scenario says */
    toc_date    from;
    bool        has_from, compare, check, progress;
    const char *folder, *checkpoints, *resume;
    int         format; /* enum rows_format; -1: a table on a terminal, else CSV */
    int         detail; /* enum simulate_detail */
    int         line_list;
};

/* ---- options ---- */

static const char *set_from(void *settings, const char *value)
{
    struct simulate_settings *simulate = settings;
    enum date_form            form;
    if (date_from_text(value, strlen(value), &simulate->from, &form, NULL) != 0 || form != DATE_FORM_DAY)
        return "a day (2024-02-26)";
    simulate->has_from = true;
    return NULL;
}

static const char *const line_list_words[] = { "csv", "ndjson", NULL }; /* as enum rows_format begins */

static const struct cli_option run_options[] = {
    { .name = "seeds",
      .letter = 'n',
      .value = "N",
      .initial = "20",
      .kind = CLI_WHOLE,
      .low = 1,
      .high = MAX_SEEDS,
      .offset = offsetof(struct simulate_settings, seeds),
      .meaning = "Runs: the same scenario with other chance. One run shows what can happen, many show how likely." },
    { .name = "first-seed",
      .value = "N",
      .initial = "1",
      .kind = CLI_WHOLE,
      .low = 0,
      .high = 2147483647,
      .offset = offsetof(struct simulate_settings, first_seed),
      .meaning = "Seed of the first run; the others follow. The same seed always gives the same run." },
    { .name = "threads",
      .letter = 't',
      .value = "N",
      .initial = "as many as the machine has",
      .kind = CLI_WHOLE,
      .low = 1,
      .high = SIMULATE_MAX_THREADS,
      .offset = offsetof(struct simulate_settings, threads),
      .meaning = "Threads; no number in the output depends on them." },
    { .name = "days",
      .value = "N",
      .kind = CLI_WHOLE,
      .low = 1,
      .high = SCENARIO_DAYS,
      .offset = offsetof(struct simulate_settings, days),
      .meaning = "Days to simulate, instead of what the scenario says." },
    { .name = "from",
      .value = "DATE",
      .kind = CLI_CUSTOM,
      .set = set_from,
      .meaning = "Date of the first day, instead of the scenario's start. Dates in the scenario stay where they are." },
    { .name = "agents",
      .value = "N",
      .kind = CLI_REAL,
      .low = 100,
      .high = 1e9,
      .offset = offsetof(struct simulate_settings, agents),
      .meaning = "Persons, instead of what the scenario says (only where it has no areas)." },
    { .name = "compare",
      .letter = 'c',
      .kind = CLI_FLAG,
      .offset = offsetof(struct simulate_settings, compare),
      .meaning = "Run two scenarios with the same seeds and compare them run by run: chance that is the same in both "
                 "cancels out." },
    { .name = "check",
      .kind = CLI_FLAG,
      .offset = offsetof(struct simulate_settings, check),
      .meaning = "Read the scenarios and list every parameter with its value and where it stands; run nothing." },
};

static const struct cli_option out_options[] = {
    { .name = "output",
      .letter = 'o',
      .value = "DIR",
      .kind = CLI_TEXT,
      .offset = offsetof(struct simulate_settings, folder),
      .completion = CLI_COMPLETE_FILE,
      .meaning =
          "Folder for series.csv, runs.csv, fans.csv, summary.csv (or comparison.csv) and report.svg. It is made "
          "where it is not there; each file appears whole or not at all." },
    { .name = "format",
      .letter = 'f',
      .value = "csv|ndjson|table",
      .initial = "table on a terminal, else csv",
      .kind = CLI_CHOICE,
      .offset = offsetof(struct simulate_settings, format),
      .words = rows_format_words,
      .meaning = "How the summary on standard output is written." },
    { .name = "series",
      .value = "full|areas|ages|total|none",
      .initial = "full",
      .kind = CLI_CHOICE,
      .offset = offsetof(struct simulate_settings, detail),
      .words = simulate_detail_words,
      .meaning = "Rows of series.csv: by area and age, by area, by age, in all, or no series.csv." },
    { .name = "line-list",
      .value = "csv|ndjson",
      .kind = CLI_CHOICE,
      .offset = offsetof(struct simulate_settings, line_list),
      .words = line_list_words,
      .meaning = "Also write every infection with the person it came from (infections.csv or .ndjson): line list and "
                 "transmission tree." },
    { .name = "progress",
      .kind = CLI_FLAG,
      .offset = offsetof(struct simulate_settings, progress),
      .meaning = "Tell on standard error how far the work is and when it will end, also where that is no terminal." },
};

static const struct cli_option break_options[] = {
    { .name = "checkpoint",
      .value = "DIR",
      .kind = CLI_TEXT,
      .offset = offsetof(struct simulate_settings, checkpoints),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "Keep in this folder how far each run is, so that --resume goes on from there after a power cut or a "
                 "kill. One file a run, replaced whole; the folder is made where it is not there." },
    { .name = "every",
      .value = "N",
      .initial = "20",
      .kind = CLI_WHOLE,
      .low = 1,
      .high = SCENARIO_DAYS,
      .offset = offsetof(struct simulate_settings, every),
      .meaning = "Simulated days of a run between two checkpoints." },
    { .name = "resume",
      .value = "DIR",
      .kind = CLI_TEXT,
      .offset = offsetof(struct simulate_settings, resume),
      .completion = CLI_COMPLETE_FILE,
      .meaning =
          "Go on from the checkpoints in this folder, and keep on writing them. Everything else is given as "
          "before, but for --threads and the number of processes; the output is that of a run without a break." },
};

static const struct cli_group groups[] = {
    { .title = "Runs", .options = run_options, .num_options = sizeof run_options / sizeof *run_options },
    { .title = "Output", .options = out_options, .num_options = sizeof out_options / sizeof *out_options },
    { .title = "Interruptions", .options = break_options, .num_options = sizeof break_options / sizeof *break_options },
};

/* ---- scenarios ---- */

/* What is worked on: one scenario, or two to be compared. */
struct work {
    const struct cli_command       *command;
    const struct simulate_settings *settings;
    const struct simulate_team     *team; /* NULL = alone */
    struct scenario                 scenarios[SIMULATE_MAX_SCENARIOS];
    char                            names[SIMULATE_MAX_SCENARIOS][SCENARIO_NAME_BYTES + 4];
    struct simulate_ensemble        ensembles[SIMULATE_MAX_SCENARIOS];
    size_t                          num, at; /* at: the one that runs */
    struct simulate_files           files;
    int                             exit_code;
    bool                            tell, told;
    struct timespec                 began, last_told;
};

/* Of several processes rank 0 alone writes, and takes the runs. */
static bool is_helper(const struct work *work)
{
    return work->team != NULL && work->team->members.rank != 0;
}

/* The worst of what the processes answer; then all do the same. */
static int worst(const struct work *work, int exit_code)
{
    int64_t highest;
    simulate_team_agree(work->team, exit_code, &highest);
    return (int) highest;
}

/* "covid-19" of "…/covid-19.yaml". */
static void name_of(const char *path, char name[SCENARIO_NAME_BYTES + 4])
{
    const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
    size_t      size = strlen(base);
    const char *ending = size > 5 ? base + size - 5 : base;
    if (strcmp(ending, ".yaml") == 0)
        size -= 5;
    text_escape(base, size, name, SCENARIO_NAME_BYTES);
}

/* A scenario that is not here but came with the program. */
static const char *find_scenario(const char *path, const char *library, char found[4200])
{
    struct stat status;
    if (library == NULL || strchr(path, '/') != NULL || stat(path, &status) == 0)
        return path;
    snprintf(found, 4200, "%s/%s", library, path);
    return stat(found, &status) == 0 ? found : path;
}

static int read_scenario(struct work *work, const char *path, struct scenario *scenario)
{
    const struct simulate_settings *settings = work->settings;
    struct fault_list               faults = FAULT_LIST_INIT;
    char                            found[4200];
    const char                     *library = own_folder("scenarios", "../scenarios");
    struct scenario_choices         choices = { .library = library,
                                                .start = settings->from,
                                                .has_start = settings->has_from,
                                                .days = (uint32_t) settings->days,
                                                .agents = settings->agents };
    int ret = scenario_read(find_scenario(path, library, found), &choices, &faults, scenario);
    fault_list_write(&faults, stderr);
    fault_list_free(&faults);
    return ret == 0 ? CLI_DONE : ret == BASE_ERR_INPUT ? CLI_INPUT : CLI_MACHINE;
}

/* Both are read, so that the faults of both are told. */
static int read_scenarios(struct work *work, char **paths)
{
    int exit_code = CLI_DONE;
    for (size_t i = 0; i < work->num; i++) {
        int read = read_scenario(work, paths[i], &work->scenarios[i]);
        exit_code = read > exit_code ? read : exit_code;
        name_of(paths[i], work->names[i]);
    }
    if (exit_code == CLI_DONE && work->num == 2 && work->scenarios[0].days != work->scenarios[1].days)
        return cli_complain(work->command, CLI_USE,
                            "the scenarios have %" PRIu32 " and %" PRIu32 " days; --days makes them alike",
                            work->scenarios[0].days, work->scenarios[1].days);
    if (work->num == 2 && strcmp(work->names[0], work->names[1]) == 0) {
        strcat(work->names[0], "-1");
        strcat(work->names[1], "-2");
    }
    return exit_code;
}

/* ---- --check ---- */

static const struct rows_column check_columns[] = {
    { .name = "scenario" }, { .name = "parameter" }, { .name = "value", .max_width = 100 },
    { .name = "unit" },     { .name = "from" },      { .name = "meaning", .max_width = 100 },
};

static void put_values(struct rows *rows, const struct toc_simulation_entry *entry, const double *values)
{
    char   text[1000], number[TEXT_DOUBLE_BYTES];
    size_t used = 0;
    for (size_t i = 0; i < entry->count && used < sizeof text; i++) {
        text_from_double(values[i], number);
        used += (size_t) snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? " " : "", number);
    }
    rows_text(rows, entry->kind != TOC_SIMULATION_FLAG ? text : values[0] > 0 ? "yes" : "no");
}

static void list_parameters(struct rows *rows, const char *name, const struct scenario *scenario)
{
    size_t                             num;
    const struct toc_simulation_entry *all = toc_simulation_list_parameters(&num);
    const char                        *group = "";
    char                               text[300];
    for (size_t i = 0; i < num; i++) {
        const struct scenario_origin *origin = &scenario->origins[i];
        const char                   *bytes = (const char *) &scenario->parameters + all[i].offset;
        if (all[i].kind == TOC_SIMULATION_HEADING) {
            group = all[i].name;
            continue;
        }
        rows_text(rows, name);
        snprintf(text, sizeof text, "%s.%s", group, all[i].name);
        rows_text(rows, text);
        put_values(rows, &all[i], (const double *) (const void *) bytes);
        rows_text(rows, all[i].unit);
        if (origin->path != NULL) {
            const char *slash = strrchr(origin->path, '/');
            snprintf(text, sizeof text, "%s:%" PRIu32, slash != NULL ? slash + 1 : origin->path, origin->line);
        }
        rows_text(rows, origin->path != NULL ? text : "default");
        rows_text(rows, all[i].meaning);
        rows_end_row(rows);
    }
}

static int check(struct work *work)
{
    struct output_settings settings = { .format = work->settings->format };
    struct output          output;
    int                    exit_code =
        output_begin(work->command, &settings, check_columns, sizeof check_columns / sizeof *check_columns, &output);
    if (exit_code != CLI_DONE)
        return exit_code;
    for (size_t i = 0; i < work->num; i++)
        list_parameters(&output.rows, work->names[i], &work->scenarios[i]);
    return output_finish(work->command, &output);
}

/* ---- running ---- */

static int number_of_threads(const struct simulate_settings *settings, const struct simulate_team *team)
{
    cpu_set_t set;
    if (settings->threads > 0)
        return (int) settings->threads;
    int num = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    if (team != NULL && team->here > 1)
        num = num / team->here > 1 ? num / team->here : 1;
    return num < SIMULATE_MAX_THREADS ? num : SIMULATE_MAX_THREADS;
}

static double seconds_since(const struct timespec *then)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) (now.tv_sec - then->tv_sec) + 1e-9 * (double) (now.tv_nsec - then->tv_nsec);
}

/* "0:07", "2:03:05". */
static void duration_text(double seconds, char text[32])
{
    long all = (long) (seconds + 0.5);
    if (all >= 3600)
        snprintf(text, 32, "%ld:%02ld:%02ld", all / 3600, all / 60 % 60, all % 60);
    else
        snprintf(text, 32, "%ld:%02ld", all / 60, all % 60);
}

static void tell_progress(void *context, uint64_t days_done)
{
    struct work *work = context;
    double       all = (double) work->num * (double) work->settings->seeds * work->scenarios[0].days;
    double done = (double) work->at * (double) work->settings->seeds * work->scenarios[0].days + (double) days_done;
    double since = seconds_since(&work->began);
    bool   terminal = isatty(STDERR_FILENO) != 0;
    char   left[32];
    if (!work->tell || (work->told && seconds_since(&work->last_told) < (terminal ? 0.2 : 5)))
        return;
    clock_gettime(CLOCK_MONOTONIC, &work->last_told);
    duration_text(done > 0 ? since * (all - done) / done : 0, left);
    fprintf(stderr, "%stocsin simulate: %.0f of %.0f days of all runs, %.0f %%, %s left%s", terminal ? "\r\033[K" : "",
            done, all, 100 * done / all, done > 0 ? left : "?", terminal ? "" : "\n");
    fflush(stderr);
    work->told = true;
}

static void end_progress(const struct work *work)
{
    if (work->told && isatty(STDERR_FILENO))
        fputs("\r\033[K", stderr);
}

static bool take(void *context, const struct simulate_run *run)
{
    struct work *work = context;
    if (run->exit_code != CLI_DONE) {
        end_progress(work);
        work->exit_code = cli_complain(work->command, run->exit_code, "%s", run->fault);
        return false;
    }
    simulate_ensemble_take(&work->ensembles[work->at], run->number, run->cells, run->description.contacts_per_day);
    work->exit_code = simulate_files_add(&work->files, work->names[work->at], &work->scenarios[work->at], run);
    return work->exit_code == CLI_DONE;
}

static int run_scenario(struct work *work)
{
    const struct simulate_settings *settings = work->settings;
    const struct scenario          *scenario = &work->scenarios[work->at];
    struct simulate_job             job = { .scenario = scenario,
                                            .first_seed = (uint64_t) settings->first_seed,
                                            .num_runs = (size_t) settings->seeds,
                                            .name = work->names[work->at],
                                            .threads = number_of_threads(settings, work->team),
                                            .lines = settings->line_list >= 0,
                                            .checkpoints = settings->resume != NULL ? settings->resume : settings->checkpoints,
                                            .every = (uint32_t) settings->every,
                                            .resume = settings->resume != NULL,
                                            .team = work->team,
                                            .progress = is_helper(work) ? NULL : tell_progress,
                                            .context = work };
    if (!is_helper(work) &&
        simulate_ensemble_init(scenario, job.first_seed, job.num_runs, &work->ensembles[work->at]) != 0)
        return cli_complain(work->command, CLI_MACHINE, "out of memory");
    if (simulate_run_all(&job, take, work) != 0)
        return cli_complain(work->command, CLI_MACHINE, "out of memory");
    return work->exit_code;
}

/* What the counts of all runs in work take; better said before than found out in the middle. */
static int check_memory(const struct work *work)
{
    const struct simulate_settings *settings = work->settings;
    double                          bytes = 0;
    for (size_t i = 0; i < work->num; i++) {
        double days = work->scenarios[i].days;
        bytes += (double) simulate_run_bytes(&work->scenarios[i]) * 2 * number_of_threads(settings, work->team);
        bytes += (double) settings->seeds * days * TOC_SIMULATION_COLUMNS * sizeof(double);
    }
    if (bytes <= MAX_BYTES)
        return CLI_DONE;
    return cli_complain(
        work->command, CLI_USE,
        "the counts of these areas, days and seeds would take %.1f GB of memory; allowed: %.1f GB; fewer "
        "--threads, --days or --seeds take less",
        bytes / 1e9, MAX_BYTES / 1e9);
}

static int write_results(struct work *work)
{
    const char               *names[SIMULATE_MAX_SCENARIOS] = { work->names[0], work->names[1] };
    struct output_settings    settings = { .format = work->settings->format };
    struct output             output;
    size_t                    num_columns;
    const struct rows_column *columns = simulate_summary_columns(work->num, &num_columns);
    int                       exit_code = simulate_files_finish(&work->files, work->ensembles, names, work->num);
    if (exit_code == CLI_DONE)
        exit_code = output_begin(work->command, &settings, columns, num_columns, &output);
    if (exit_code != CLI_DONE)
        return exit_code;
    if (simulate_write_summary(&output.rows, work->ensembles, work->num) != 0) {
        output_abandon(&output);
        return cli_complain(work->command, CLI_MACHINE, "out of memory");
    }
    return output_finish(work->command, &output);
}

static int make_checkpoint_folder(const struct work *work)
{
    const struct simulate_settings *settings = work->settings;
    struct stat                     status;
    if (settings->resume != NULL && (stat(settings->resume, &status) != 0 || !S_ISDIR(status.st_mode)))
        return cli_complain(work->command, CLI_MACHINE, "--resume: %s: there is no such folder", settings->resume);
    if (settings->checkpoints == NULL || mkdir(settings->checkpoints, 0777) == 0 ||
        (errno == EEXIST && stat(settings->checkpoints, &status) == 0 && S_ISDIR(status.st_mode)))
        return CLI_DONE;
    return output_complain(work->command, settings->checkpoints, errno == EEXIST ? ENOTDIR : errno);
}

static int simulate(struct work *work)
{
    int exit_code = check_memory(work);
    if (exit_code == CLI_DONE)
        exit_code = make_checkpoint_folder(work);
    if (exit_code == CLI_DONE && !is_helper(work))
        exit_code = simulate_files_open(&work->files);
    exit_code = worst(work, exit_code);
    clock_gettime(CLOCK_MONOTONIC, &work->began);
    for (work->at = 0; exit_code == CLI_DONE && work->at < work->num; work->at++)
        exit_code = worst(work, run_scenario(work));
    end_progress(work);
    if (exit_code == CLI_DONE && !is_helper(work))
        exit_code = write_results(work);
    simulate_files_abandon(&work->files);
    return worst(work, exit_code);
}

/* All processes have read the same scenarios, or none goes on. */
static int compare_what_was_read(const struct work *work, int exit_code)
{
    uint64_t read = 0;
    int64_t  highest;
    int      all = worst(work, exit_code);
    if (all != CLI_DONE && exit_code == CLI_DONE)
        return cli_complain(work->command, all, "another process cannot read the scenario; is it on all machines?");
    for (size_t i = 0; all == CLI_DONE && i < work->num; i++)
        read = read * 31 + checkpoint_fingerprint(&work->scenarios[i]);
    if (all == CLI_DONE && !simulate_team_agree(work->team, (int64_t) read, &highest))
        return cli_complain(
            work->command, CLI_MACHINE,
            "the processes have read different scenarios; the files have to be the same on all machines");
    return all;
}

static const char *check_use(const struct simulate_settings *settings)
{
    if (settings->folder == NULL && settings->line_list >= 0)
        return "--line-list needs --output DIR";
    if (settings->checkpoints != NULL && settings->resume != NULL)
        return "--checkpoint and --resume exclude each other: a run that goes on keeps on writing checkpoints";
    if (settings->every > 0 && settings->checkpoints == NULL && settings->resume == NULL)
        return "--every needs --checkpoint DIR or --resume DIR";
    return NULL;
}

int simulate_among(const struct cli_command *command, int argc, char **argv, const struct simulate_team *team)
{
    struct simulate_settings settings = { .seeds = 20, .first_seed = 1, .format = -1, .line_list = -1 };
    int                      first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    if (argc - first != (settings.compare ? 2 : 1))
        return cli_complain(command, CLI_USE,
                            settings.compare ? "--compare: two scenarios are wanted; found %d"
                                             : "one scenario is wanted; found %d",
                            argc - first);
    const char *fault = check_use(&settings);
    if (fault != NULL)
        return cli_complain(command, CLI_USE, "%s", fault);
    settings.every = settings.every > 0 ? settings.every : EVERY_DAYS;
    if (team != NULL && settings.format < 0)
        settings.format = ROWS_CSV; /* mpirun shows its processes a terminal where it has none itself */
    struct work work = { .command = command,
                         .settings = &settings,
                         .team = team,
                         .num = settings.compare ? 2 : 1,
                         .tell = settings.progress || isatty(STDERR_FILENO),
                         .files = { .command = command,
                                    .folder = settings.folder,
                                    .detail = (enum simulate_detail) settings.detail,
                                    .line_list = settings.line_list } };
    exit_code = compare_what_was_read(&work, read_scenarios(&work, argv + first));
    if (exit_code == CLI_DONE && !settings.check)
        exit_code = simulate(&work);
    else if (exit_code == CLI_DONE && !is_helper(&work))
        exit_code = check(&work);
    for (size_t i = 0; i < work.num; i++) {
        simulate_ensemble_free(&work.ensembles[i]);
        scenario_free(&work.scenarios[i]);
    }
    return exit_code;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    int exit_code = simulate_hand_over(command, argv);
    return exit_code != CLI_DONE ? exit_code : simulate_among(command, argc, argv, NULL);
}

static const char *const        usage[] = { "[OPTION]... SCENARIO.yaml", "--compare [OPTION]... FIRST.yaml SECOND.yaml",
                                            "--check SCENARIO.yaml", NULL };
static const struct cli_example examples[] = {
    { "tocsin simulate --output out covid-19.yaml", "twenty runs of a scenario that came with Tocsin" },
    { "tocsin simulate -c --agents 20000 covid-19-c-testing.yaml covid-19-e-app.yaml",
      "what tracing by an app adds to tests, run by run, in a small town" },
    { "tocsin simulate --check measles.yaml", "every parameter, and where its value stands" },
    { "mpirun -n 4 tocsin simulate -n 1000 --output out --checkpoint steps covid-19.yaml",
      "a thousand runs on four processes, and where they stand in case of a power cut" },
    { NULL, NULL },
};

const struct cli_command cli_command_simulate = {
    .name = "simulate",
    .summary = "rehearse an epidemic among invented persons, with measures and without",
    .usage = usage,
    .text =
        "Runs a scenario: invented persons in households, schools, workplaces and chance meetings, a disease, and what "
        "is done against it. Every run has other chance (its seed); the summary is over the runs. What is assumed, "
        "what was checked and what this must not be used for: docs/methods/simulation.md.\n"
        "\n"
        "A scenario is a YAML file; docs/methods/simulation.md has its keys. A name that is no file here is looked "
        "for among the scenarios that came with Tocsin:\n"
        "\n"
        "  covid-19.yaml    COVID-19 of 2020 without measures; covid-19-a-… to -i-… with measures\n"
        "  influenza.yaml   seasonal influenza\n"
        "  measles.yaml     measles in a town with gaps in vaccination\n"
        "  cholera.yaml     a disease like cholera, from person to person\n"
        "  ebola.yaml       a disease like Ebola\n"
        "\n"
        "An unknown key, a value out of bounds, a date that does not exist and a table that does not sum are told by "
        "line and column, and nothing is run.\n"
        "\n"
        "Under mpirun (where Tocsin was built with MPI) the processes share the runs, or, where there are fewer runs "
        "than processes, the areas of a run; the output is the same.\n"
        "\n"
        "With --compare, statistics of the second scenario less the first, run by run with the same seeds: mean "
        "difference with its 95 % interval, and the share of pairs in which the second is lower.",
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
