/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What reading costs: HL7 v2 messages of 3.6 kB, decoded, read and mapped to reports on one core.
 *
 * usage: bench_intake hl7 [MESSAGES] [FILE...]
 *
 * Without files the messages are made here: laboratory reports as versions 2.5.1 guides ask for them, each with its own
 * patient, times and numbers, among five senders of which one codes its tests by names alone. With files these are read
 * in turn, as they are. Time is the process's own (other programs run beside). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/memory.h"
#include "base/sink.h"
#include "formats/hl7v2/map.h"
#include "hl7_messages.h"
#include "tocsin/status.h"

#define NUM_MADE 2000 /* different messages: more than the caches hold */
#define BAR 100000.0

struct texts {
    char  **bytes;
    size_t *sizes;
    size_t  num;
};

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

/* ---- messages ---- */

static int make_texts(struct texts *texts)
{
    texts->bytes = memory_array(NUM_MADE, sizeof *texts->bytes);
    texts->sizes = memory_array(NUM_MADE, sizeof *texts->sizes);
    if (texts->bytes == NULL || texts->sizes == NULL)
        return TOC_ERR_NO_MEMORY;
    for (unsigned i = 0; i < NUM_MADE; i++) {
        struct sink sink;
        sink_init_memory(&sink);
        hl7_message_put(&sink, i, false);
        if (sink.failure != 0)
            return TOC_ERR_NO_MEMORY;
        texts->bytes[i] = sink.bytes;
        texts->sizes[i] = sink.used;
    }
    texts->num = NUM_MADE;
    return 0;
}

static int load_texts(struct texts *texts, int num, char **paths)
{
    texts->bytes = memory_array((size_t) num, sizeof *texts->bytes);
    texts->sizes = memory_array((size_t) num, sizeof *texts->sizes);
    if (texts->bytes == NULL || texts->sizes == NULL)
        return TOC_ERR_NO_MEMORY;
    for (int i = 0; i < num; i++) {
        FILE *file = fopen(paths[i], "rb");
        char *bytes = malloc(1 << 20);
        if (file == NULL || bytes == NULL)
            return BASE_ERR_SYSTEM;
        texts->sizes[texts->num] = fread(bytes, 1, 1 << 20, file);
        texts->bytes[texts->num++] = bytes;
        fclose(file);
    }
    return 0;
}

/* ---- the measurement ---- */

static int measure(const struct code_tables *tables, const struct texts *texts, size_t num)
{
    struct hl7_memo         *memo = hl7_memo_new();
    const struct hl7_options options = { .tables = tables, .memo = memo };
    struct arena             arena = ARENA_INIT;
    struct rusage            before, after;
    size_t                   bytes = 0, results = 0, detected = 0, usable = 0;
    double                   began = 0;
    for (size_t i = 0; i < num + texts->num; i++) {
        struct report      report;
        struct hl7_message message;
        const char        *text = texts->bytes[i % texts->num];
        size_t             size = texts->sizes[i % texts->num];
        if (i == texts->num) { /* each was read once, unmeasured */
            getrusage(RUSAGE_SELF, &before);
            bytes = results = detected = usable = 0;
            began = cpu_seconds();
        }
        report_init(&report, &arena, text, size);
        usable += hl7_map(&report, &options, &message) == 0;
        bytes += size;
        results += report.num_results;
        for (uint32_t r = 0; r < report.num_results; r++)
            detected += report.results[r].interpretation == REPORT_DETECTED;
        arena_free(&arena);
    }
    double seconds = cpu_seconds() - began, rate = (double) num / seconds;
    getrusage(RUSAGE_SELF, &after);
    free(memo);
    printf("%zu messages of %.1f kB, %zu usable, %zu results, %zu detected\n", num,
           (double) bytes / 1000 / (double) num, usable, results, detected);
    printf("row\tHL7 decoded, read and mapped, one core, %.1f kB\t>= 100,000/s\t%.0f/s, %.0f MB/s\t%s\n",
           (double) bytes / 1000 / (double) num, rate, (double) bytes / 1e6 / seconds, rate >= BAR ? "yes" : "no");
    printf("row\tmemory gained while reading %zu messages\t< 1 MB\t%ld kB\t%s\n", num,
           after.ru_maxrss - before.ru_maxrss, after.ru_maxrss - before.ru_maxrss < 1024 ? "yes" : "no");
    return 0;
}

int main(int argc, char **argv)
{
    struct code_tables *tables = NULL;
    struct fault_list   faults = FAULT_LIST_INIT;
    struct texts        texts = { 0 };
    size_t              num = argc > 2 ? strtoul(argv[2], NULL, 10) : 300000;
    if (argc < 2 || strcmp(argv[1], "hl7") != 0 || num == 0) {
        fprintf(stderr, "usage: bench_intake hl7 [MESSAGES] [FILE...]\n");
        return 2;
    }
    int ret = code_tables_new(&tables);
    if (ret == 0)
        ret = code_tables_add_folder(tables, LISTS, &faults);
    if (ret == 0)
        ret = code_tables_add_folder(tables, INTAKE, &faults);
    fault_list_write(&faults, stderr);
    if (ret == 0)
        ret = argc > 3 ? load_texts(&texts, argc - 3, argv + 3) : make_texts(&texts);
    if (ret == 0)
        ret = measure(tables, &texts, num);
    for (size_t i = 0; i < texts.num; i++)
        free(texts.bytes[i]);
    free(texts.bytes);
    free(texts.sizes);
    code_tables_free(tables);
    fault_list_free(&faults);
    return ret == 0 ? 0 : 1;
}
