/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long the areas of a country take from their files into a fresh node, as one audited set.
 *
 *     bench_areas FOLDER [POSTGRESQL-URL]
 *
 * Makes nodes in FOLDER, one on SQLite and, where a URL of an empty database is given, one on PostgreSQL, and loads a
 * generated list of five levels and 660,000 areas into each: reading, checking, ordering, records, rows, history, audit
 * and event, until it is durable. Prints a row each: what, bar, seconds (and CPU seconds of this process), held or not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/memory.h"
#include "generated_areas.h"
#include "model/area_records.h"
#include "store/node.h"

#define BAR_SECONDS 5.0

static double wall(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static double cpu(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           1e-6 * (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static _Noreturn void stop(const char *what, int status, const struct fault_list *faults)
{
    fprintf(stderr, "bench_areas: %s: status %d\n", what, status);
    fault_list_write(faults, stderr);
    exit(1);
}

static struct model_area *read_areas(FILE *file, struct area_codes *list, struct fault_list *faults)
{
    int                descriptor = fileno(file);
    struct table_input input = table_input_file(&descriptor, "generated list");
    int                ret = area_codes_read(&input, 1, &(struct area_codes_options){ 0 }, faults, list);
    struct model_area *areas = ret == 0 ? memory_array(list->num_areas, sizeof *areas) : NULL;
    if (areas == NULL)
        stop("read", ret, faults);
    for (uint32_t i = 0; i < list->num_areas; i++)
        area_record(list, i, &areas[i]);
    return areas;
}

static void load(struct node *node, FILE *file, const char *database)
{
    static const char          digest[32] = "a digest of thirty-two bytes ...";
    struct fault_list          faults = FAULT_LIST_INIT;
    struct area_codes          list = { 0 };
    struct store_loaded        loaded;
    struct model_reference_set set;
    struct access              who = { .user = node->settings.operator_id, .role = ACCESS_PROGRAM, .everywhere = true };
    double                     began = wall(), cpu_before = cpu();

    struct model_area *areas = read_areas(file, &list, &faults);
    double             read = cpu() - cpu_before;
    model_init(model_record(MODEL_REFERENCE_SET), &set);
    set.head.id = node_new_id(node_clock(&(struct node_options){ 0 }));
    set.kind = (struct model_text){ "areas", 5 };
    set.name = (struct model_text){ "generated", 9 };
    set.edition = (struct model_text){ "2026", 4 };
    set.digest = (struct model_text){ digest, sizeof digest };
    set.num_rows = list.num_areas;
    set.loaded = node_clock(&(struct node_options){ 0 });
    int ret =
        store_load_set(node->store, &who,
                       &(struct store_load){
                           .record = model_record(MODEL_AREA), .rows = areas, .num_rows = list.num_areas, .set = &set },
                       &loaded, &faults);
    if (ret != 0 || loaded.created != list.num_areas)
        stop("load", ret, &faults);
    double seconds = wall() - began, cpu_seconds = cpu() - cpu_before;
    printf("row\t660,000 areas of five levels loaded as one audited set, %s\t< 5 s\t%.1f s (%.1f s CPU, %.1f s of them "
           "reading the list)\t%s\n",
           database, seconds, cpu_seconds, read, seconds < BAR_SECONDS ? "yes" : "no");
    fflush(stdout);
    free(areas);
    area_codes_free(&list);
}

static void bench(const char *folder, const char *url, const char *database, FILE *file)
{
    char                 directory[1000];
    struct fault_list    faults = FAULT_LIST_INIT;
    struct node_settings settings = NODE_SETTINGS_INIT;
    struct node          node;
    struct node_options  options = { .directory = directory, .holder = "bench_areas" };
    snprintf(directory, sizeof directory, "%s/%s", folder, database);
    if (url != NULL)
        snprintf(settings.database, sizeof settings.database, "%s", url);
    int ret = node_make(&options, &settings, LISTS, &node, &faults);
    if (ret != 0)
        stop(directory, ret, &faults);
    rewind(file);
    load(&node, file, database);
    node_close(&node);
    fault_list_free(&faults);
}

int main(int num_arguments, char **arguments)
{
    FILE *file = tmpfile();
    if (num_arguments < 2 || file == NULL || generated_areas_write(file) != 0) {
        fputs("bench_areas FOLDER [POSTGRESQL-URL]\n", stderr);
        return 2;
    }
    bench(arguments[1], NULL, "SQLite", file);
    if (num_arguments > 2)
        bench(arguments[1], arguments[2], "PostgreSQL", file);
    fclose(file);
    return 0;
}
