/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store can do, measured: one measure a call, so that bench/store.py can run them one after the other on one
 * database. Rows as bench/show.py reads them.
 *
 *     store make DIR DATABASE              a new node with its areas
 *     store import DIR FIRST NUM BAR P99   NUM cases from number FIRST on, in bulk
 *     store create DIR FIRST CALLERS SECONDS BAR P99
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "creates.h"

static void make(char **arguments)
{
    struct workload workload;
    workload_make(&workload, arguments[0], arguments[1]);
    workload_close(&workload);
}

static void import(char **arguments)
{
    struct workload        workload;
    struct creates_options options = { .bar_rate = strtod(arguments[3], NULL), .bar_p99 = strtod(arguments[4], NULL) };
    workload_open(&workload, arguments[0], true);
    workload.next = strtoull(arguments[1], NULL, 10);
    creates_import(&workload, strtoull(arguments[2], NULL, 10), &options);
    printf("next\t%llu\n", (unsigned long long) workload.next);
    workload_close(&workload);
}

static void create(char **arguments)
{
    struct workload        workload;
    struct creates_options options = { .num_callers = strtoull(arguments[2], NULL, 10),
                                       .seconds = strtod(arguments[3], NULL),
                                       .bar_rate = strtod(arguments[4], NULL),
                                       .bar_p99 = strtod(arguments[5], NULL) };
    workload_open(&workload, arguments[0], true);
    workload.next = strtoull(arguments[1], NULL, 10);
    creates_measure(&workload, arguments[0], &options);
    printf("next\t%llu\n", (unsigned long long) workload.next);
    workload_close(&workload);
}

static const struct measure {
    const char *name;
    int         num_arguments;
    void (*run)(char **arguments);
} measures[] = {
    { "make", 2, make },
    { "import", 5, import },
    { "create", 6, create },
};

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof measures / sizeof *measures; i++)
        if (argc == measures[i].num_arguments + 2 && strcmp(argv[1], measures[i].name) == 0) {
            measures[i].run(argv + 2);
            return 0;
        }
    fputs("usage: store make|import|create ARGUMENTS (bench/store/main.c says which)\n", stderr);
    return 2;
}
