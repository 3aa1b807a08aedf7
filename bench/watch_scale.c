/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The watch over a province: so many areas with so many indicators each, daily, with years of history in the store.
 *
 *     bench_watch FOLDER DATABASE-URL|- [AREAS INDICATORS YEARS REPORTS]
 *
 * Makes a node in FOLDER with invented counts. Streams and values are loaded by the store's own way for reference data,
 * a set an indicator, since 120,000 deliveries one by one would be measured elsewhere; the newest day and the reports
 * come in as deliveries do. Measured are rounds of the watch as a server does them, from the delivery that is durable
 * to the alarms and signals that are: the first of all, the newest day of all series, and one report at a time.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/memory.h"
#include "model/model_lists.h"
#include "response/stream_load.h"
#include "response/watch_run.h"
#include "store/node.h"

enum {
    MOST_INDICATORS = 60,
    LEVELS = 32, /* how many a day are usual */
    QUANTILES = 256,
    PLACES_A_COUNTY = 10,
    MOST_REPORTS = 1000
};
#define TODAY 20700 /* 2026-09-04 */
#define BAR_SECONDS_SQLITE 10.0
#define BAR_SECONDS_POSTGRESQL 20.0
#define BAR_REPORT_MS 50.0

struct bench {
    struct node          node;
    struct access        program;
    size_t               num_areas, num_indicators, num_reports;
    toc_date             first, today;
    struct id           *areas;
    struct model_stream  streams[MOST_INDICATORS]; /* what is alike in all areas */
    uint8_t              counts[LEVELS][QUANTILES];
    struct id           *ids; /* of all streams */
    bool                 postgresql;
    struct watch_memory *memory;
};

static double wall(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

/* Of all threads of this process, so without the database server's. */
static double cpu(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static _Noreturn void stop(const char *what, int status, const struct fault_list *faults)
{
    fprintf(stderr, "bench_watch: %s: status %d\n", what, status);
    if (faults != NULL)
        fault_list_write(faults, stderr);
    exit(1);
}

static uint64_t scramble(uint64_t number)
{
    number += 0x9e3779b97f4a7c15u;
    number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9u;
    number = (number ^ (number >> 27)) * 0x94d049bb133111ebu;
    return number ^ (number >> 31);
}

/* Poisson counts by their quantiles. */
static void fill_counts(struct bench *bench)
{
    for (size_t level = 0; level < LEVELS; level++) {
        double mean = 0.3 * pow(1.16, (double) level), term = exp(-mean), below = term;
        for (size_t q = 0, count = 0; q < QUANTILES; q++) {
            while (below < ((double) q + 0.5) / QUANTILES) {
                count++;
                term *= mean / (double) count;
                below += term;
            }
            bench->counts[level][q] = (uint8_t) count;
        }
    }
}

static double count_of(const struct bench *bench, size_t stream, toc_date day)
{
    uint64_t level = scramble(stream) % (LEVELS - 2) + (toc_date_weekday(day) < 5);
    return bench->counts[level][scramble((uint64_t) stream << 20 | (uint64_t) day) % QUANTILES];
}

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

/* ---- the node ---- */

static void make_node(struct bench *bench, const char *folder, const char *url)
{
    struct fault_list    faults = FAULT_LIST_INIT;
    struct node_settings settings = NODE_SETTINGS_INIT;
    struct node_options  options = { .directory = folder, .program = getenv("TOCSIN"), .holder = "bench_watch" };
    bench->postgresql = strcmp(url, "-") != 0;
    if (bench->postgresql)
        snprintf(settings.database, sizeof settings.database, "%s", url);
    int ret = node_make(&options, &settings, LISTS, &bench->node, &faults);
    if (ret != 0)
        stop(folder, ret, &faults);
    bench->program =
        (struct access){ .user = bench->node.settings.operator_id, .role = ACCESS_PROGRAM, .everywhere = true };
}

static void load_set(struct bench *bench, const char *kind, const char *edition, enum model_record_number number,
                     void *rows, size_t num)
{
    static const char          digest[32] = "a digest of thirty-two bytes ...";
    struct fault_list          faults = FAULT_LIST_INIT;
    struct store_loaded        loaded;
    struct model_reference_set set;
    model_init(model_record(MODEL_REFERENCE_SET), &set);
    set.head.id = node_new_id(store_clock_now(bench->node.store));
    set.kind = text(kind);
    set.name = text("invented");
    set.edition = text(edition);
    set.digest = (struct model_text){ digest, sizeof digest };
    set.num_rows = (int64_t) num;
    set.loaded = store_clock_now(bench->node.store);
    struct store_load load = { .record = model_record(number), .rows = rows, .num_rows = num, .set = &set };
    int               ret = store_load_set(bench->node.store, &bench->program, &load, &loaded, &faults);
    if (ret != 0 || loaded.created != num)
        stop(edition, ret, &faults);
}

/* A province, its counties, and the places that have streams. */
static void load_areas(struct bench *bench)
{
    size_t             counties = (bench->num_areas + PLACES_A_COUNTY - 1) / PLACES_A_COUNTY;
    size_t             num = 1 + counties + bench->num_areas;
    struct model_area *areas = memory_array(num, sizeof *areas);
    char(*codes)[48] = memory_array(num, sizeof *codes);
    bench->areas = memory_array(bench->num_areas, sizeof *bench->areas);
    if (areas == NULL || codes == NULL || bench->areas == NULL)
        stop("areas", TOC_ERR_NO_MEMORY, NULL);
    for (size_t i = 0; i < num; i++) {
        model_init(model_record(MODEL_AREA), &areas[i]);
        areas[i].head.id = node_new_id(store_clock_now(bench->node.store));
        snprintf(codes[i], sizeof codes[i], "%zu", 100000 + i);
        areas[i].code = areas[i].name_en = text(codes[i]);
        areas[i].level = i == 0 ? 1 : i <= counties ? 3 : 4;
        if (i > 0)
            areas[i].parent = areas[i <= counties ? 0 : 1 + (i - 1 - counties) / PLACES_A_COUNTY].head.id;
        if (i > counties)
            bench->areas[i - 1 - counties] = areas[i].head.id;
    }
    load_set(bench, "areas", "areas", MODEL_AREA, areas, num);
    free(areas);
    free(codes);
}

/* Indicators without a disease first, then cases of diseases of which one case is not enough. */
static void choose_indicators(struct bench *bench)
{
    static const char *const  indicators[] = { "outpatient-visits", "fever-clinic-visits",   "influenza-like-illness",
                                               "diarrhoea-visits",  "rash-and-fever-visits", "admissions",
                                               "emergency-calls",   "absence-school",        "medicine-sales",
                                               "help-calls" };
    const struct model_lists *lists = store_lists(bench->node.store);
    size_t                    num = sizeof indicators / sizeof *indicators;
    for (size_t k = 0; k < bench->num_indicators; k++) {
        struct model_stream *stream = &bench->streams[k];
        model_init(model_record(MODEL_STREAM), stream);
        stream->indicator = text(k < num ? indicators[k] : "cases");
        stream->period = text("day");
        stream->feed = text("file");
    }
    const struct model_entry *entry;
    size_t                    k = num;
    for (size_t i = 0; k < bench->num_indicators && (entry = model_lists_entry(lists, "disease", i)) != NULL; i++)
        if (model_lists_find(lists, "single_case_disease", entry->code, strlen(entry->code)) == NULL)
            bench->streams[k++].disease = text(entry->code);
    if (k < bench->num_indicators)
        stop("too many indicators", 0, NULL);
}

/* ---- streams and their history ---- */

static void pack(const struct bench *bench, size_t stream, toc_date from, toc_date to, struct arena *arena,
                 struct model_stream_values *layer)
{
    size_t               num = (size_t) (to - from) + 1, size;
    struct stream_value *values = arena_array(arena, num, sizeof *values);
    const uint8_t       *bytes;
    if (values == NULL)
        stop("values", TOC_ERR_NO_MEMORY, NULL);
    for (size_t i = 0; i < num; i++)
        values[i] = (struct stream_value){ .day = from + (toc_date) i,
                                           .known = to,
                                           .value = count_of(bench, stream, from + (toc_date) i) };
    if (stream_values_pack(values, num, arena, &bytes, &size) != 0)
        stop("values", TOC_ERR_NO_MEMORY, NULL);
    model_init(model_record(MODEL_STREAM_VALUES), layer);
    layer->head.id = node_new_id(store_clock_now(bench->node.store));
    layer->stream = bench->ids[stream];
    layer->first_day = from;
    layer->last_day = to;
    layer->number = (int64_t) num;
    layer->packed = (struct model_text){ (const char *) bytes, size };
}

/* One delivery of each of the streams `begin` … `begin` + num. */
static void load_values(struct bench *bench, size_t begin, size_t num, toc_date from, toc_date to)
{
    struct arena                arena = { .limit = (size_t) 1 << 30 };
    struct model_stream_values *layers = memory_array(num, sizeof *layers);
    char                        edition[40];
    if (layers == NULL)
        stop("values", TOC_ERR_NO_MEMORY, NULL);
    for (size_t i = 0; i < num; i++)
        pack(bench, begin + i, from, to, &arena, &layers[i]);
    snprintf(edition, sizeof edition, "values-%zu-%d", begin, (int) to);
    load_set(bench, "codes", edition, MODEL_STREAM_VALUES, layers, num);
    free(layers);
    arena_free(&arena);
}

static void load_streams(struct bench *bench, size_t indicator)
{
    struct model_stream *streams = memory_array(bench->num_areas, sizeof *streams);
    char(*codes)[48] = memory_array(bench->num_areas, sizeof *codes);
    char edition[40];
    if (streams == NULL || codes == NULL)
        stop("streams", TOC_ERR_NO_MEMORY, NULL);
    for (size_t i = 0; i < bench->num_areas; i++) {
        streams[i] = bench->streams[indicator];
        streams[i].head.id = node_new_id(store_clock_now(bench->node.store));
        streams[i].area = bench->areas[i];
        snprintf(codes[i], sizeof codes[i], "s%zu-%zu", indicator, i);
        streams[i].code = text(codes[i]);
        bench->ids[indicator * bench->num_areas + i] = streams[i].head.id;
    }
    snprintf(edition, sizeof edition, "streams-%zu", indicator);
    load_set(bench, "codes", edition, MODEL_STREAM, streams, bench->num_areas);
    free(streams);
    free(codes);
}

static void load(struct bench *bench)
{
    double began = wall();
    bench->ids = memory_array(bench->num_areas * bench->num_indicators, sizeof *bench->ids);
    if (bench->ids == NULL)
        stop("streams", TOC_ERR_NO_MEMORY, NULL);
    load_areas(bench);
    choose_indicators(bench);
    fill_counts(bench);
    for (size_t k = 0; k < bench->num_indicators; k++) {
        load_streams(bench, k);
        load_values(bench, k * bench->num_areas, bench->num_areas, bench->first, bench->today);
    }
    printf("# loaded in %.0f s\n", wall() - began);
    fflush(stdout);
}

/* ---- rounds ---- */

static double do_round(struct bench *bench, struct watch_report *report)
{
    struct fault_list faults = FAULT_LIST_INIT;
    double            began = wall();
    int               ret = watch_run(bench->node.store, &bench->program, bench->memory, bench->today,
                                      store_clock_now(bench->node.store), NULL, NULL, report, &faults);
    if (ret != 0 || report->num_watched != bench->num_areas * bench->num_indicators)
        stop("a round", ret, &faults);
    return wall() - began;
}

static void print_row(const struct bench *bench, const char *measure, const char *bar, bool holds, const char *value)
{
    printf("row\t%zu series, %d years of days, %s: %s\t%s\t%s\t%s\n", bench->num_areas * bench->num_indicators,
           (int) ((bench->today - bench->first + 1) / 365), bench->postgresql ? "PostgreSQL" : "SQLite", measure, bar,
           value, holds ? "yes" : "no");
    fflush(stdout);
}

static void whole_rounds(struct bench *bench)
{
    struct watch_report report;
    char                value[200];
    double              bar = bench->postgresql ? BAR_SECONDS_POSTGRESQL : BAR_SECONDS_SQLITE;
    double              seconds = do_round(bench, &report);
    printf("# the first round, which has two weeks to judge: %.2f s, %zu alarms, %zu signals\n", seconds,
           report.num_alarms, report.num_signals);
    seconds = do_round(bench, &report);
    printf("# a round with nothing new: %.3f s, %zu alarms\n", seconds, report.num_alarms);
    if (report.num_alarms > 0)
        stop("alarms were written twice", 0, NULL);
    bench->today++;
    for (size_t k = 0; k < bench->num_indicators; k++)
        load_values(bench, k * bench->num_areas, bench->num_areas, bench->today, bench->today);
    double before = cpu();
    seconds = do_round(bench, &report);
    snprintf(value, sizeof value, "%.2f s (%.1f s CPU; %zu alarms, %zu signals)", seconds, cpu() - before,
             report.num_alarms, report.num_signals);
    print_row(bench, "newest day of all, judged, grouped, written", bench->postgresql ? "< 20 s" : "< 10 s",
              seconds < bar, value);
}

static int by_size(const void *x, const void *y)
{
    double a = *(const double *) x, b = *(const double *) y;
    return (a > b) - (a < b);
}

/* A number of today is revised: from where that is durable until it is judged. */
static void reports(struct bench *bench)
{
    double times[MOST_REPORTS], used = 0;
    size_t num = bench->num_areas * bench->num_indicators, alarms = 0;
    for (size_t i = 0; i < bench->num_reports; i++) {
        size_t                  stream = scramble(i) % num;
        struct fault_list       faults = FAULT_LIST_INIT;
        struct store_receipt    receipt;
        struct watch_report     report;
        struct stream_value     value = { .day = bench->today,
                                          .known = bench->today,
                                          .value = count_of(bench, stream, bench->today) + 1 + (i % 4 == 0 ? 200 : 0) };
        struct stream_load_call call = { .who = bench->program,
                                         .stream = bench->ids[stream],
                                         .values = &value,
                                         .num = 1,
                                         .now = store_clock_now(bench->node.store) };
        stream_load_request(&call);
        int ret = store_submit(bench->node.store, &bench->program, &call.request, &receipt, &faults);
        if (ret != 0)
            stop("a report", ret, &faults);
        used -= cpu();
        times[i] = do_round(bench, &report);
        used += cpu();
        alarms += report.num_alarms;
    }
    qsort(times, bench->num_reports, sizeof *times, by_size);
    double worst = 1e3 * times[(size_t) (0.99 * (double) (bench->num_reports - 1))];
    char   value[200];
    snprintf(value, sizeof value, "%.1f ms (median %.1f ms, CPU %.1f ms; of %zu reports, %zu alarms)", worst,
             1e3 * times[bench->num_reports / 2], 1e3 * used / (double) bench->num_reports, bench->num_reports, alarms);
    print_row(bench, "after one report, p99", "< 50 ms", worst < BAR_REPORT_MS, value);
}

static size_t number(int num, char **arguments, int at, size_t usual, size_t least, size_t most)
{
    size_t given = num > at ? strtoul(arguments[at], NULL, 10) : usual;
    if (given < least || given > most) {
        fprintf(stderr, "bench_watch: %zu: between %zu and %zu\n", given, least, most);
        exit(2);
    }
    return given;
}

int main(int num_arguments, char **arguments)
{
    static struct bench bench = { .today = TODAY };
    if (num_arguments < 3) {
        fputs("bench_watch FOLDER DATABASE-URL|- [AREAS INDICATORS YEARS REPORTS]\n", stderr);
        return 2;
    }
    bench.num_areas = number(num_arguments, arguments, 3, 3000, 1, 10000);
    bench.num_indicators = number(num_arguments, arguments, 4, 40, 11, MOST_INDICATORS);
    bench.first = TODAY - 365 * (toc_date) number(num_arguments, arguments, 5, 5, 1, 8) + 1;
    bench.num_reports = number(num_arguments, arguments, 6, 40, 1, MOST_REPORTS);
    make_node(&bench, arguments[1], arguments[2]);
    load(&bench);
    if (watch_memory_new(&bench.memory) != 0)
        stop("memory", TOC_ERR_NO_MEMORY, NULL);
    whole_rounds(&bench);
    reports(&bench);
    watch_memory_free(bench.memory);
    node_close(&bench.node);
    free(bench.areas);
    free(bench.ids);
    return 0;
}
