/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store can do, measured: one measure a call, so that bench/store.py can run them one after the other on one
 * database. Rows as bench/show.py reads them.
 *
 *     store make DIR DATABASE              a new node with its areas
 *     store import DIR FIRST NUM BAR P99   NUM cases from number FIRST on, in bulk
 *     store create DIR FIRST CALLERS SECONDS BAR P99
 *     store one DIR FIRST                  rows, pages and bytes of one create
 *     store lists DIR ROUNDS               pages of the list of cases
 *     store search DIR NUM ROUNDS          persons 0 … NUM - 1 by name, number, beginning of a name
 *     store counts DIR ROUNDS              counts as of a day, reporting triangles
 *     store erase DIR NUM ERASED           ERASED of the persons 0 … NUM - 1
 *     store read-erased DIR NUM ERASED     how many of those whom `erase` erases with the same numbers can be read here
 *     store rewrap DIR                     all keys of persons under a new generation
 *     store canaries DIR FIRST OTHER       is an identifying text in clear anywhere below DIR, OTHER (or "-"), in /tmp?
 *     store pages DIR DATABASE NUM FILE    a new node of NUM cases by a clock of its own; 200 pages of it into FILE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "crash.h"
#include "creates.h"
#include "lists.h"
#include "secrets.h"

static void make(char **arguments)
{
    struct workload workload;
    workload_make(&workload, arguments[0], arguments[1], NULL);
    workload_close(&workload);
}

static void import(char **arguments)
{
    struct workload        workload;
    struct creates_options options = { .bar_rate = strtod(arguments[3], NULL), .bar_p99 = strtod(arguments[4], NULL) };
    workload_open(&workload, arguments[0], true);
    workload.next = strtoull(arguments[1], NULL, 10);
    creates_import(&workload, arguments[0], strtoull(arguments[2], NULL, 10), &options);
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

static void one(char **arguments)
{
    struct workload workload;
    workload_open(&workload, arguments[0], true);
    workload.next = strtoull(arguments[1], NULL, 10);
    creates_cost(&workload, arguments[0]);
    printf("next\t%llu\n", (unsigned long long) workload.next);
    workload_close(&workload);
}

static void read_erased(char **arguments)
{
    struct workload workload;
    workload_open(&workload, arguments[0], true);
    printf("next\t%zu\n",
           erase_count_read(&workload, strtoull(arguments[1], NULL, 10), strtoull(arguments[2], NULL, 10)));
    workload_close(&workload);
}

static void lists(char **arguments)
{
    struct workload workload;
    workload_open(&workload, arguments[0], true);
    lists_measure(&workload, strtoull(arguments[1], NULL, 10));
    workload_close(&workload);
}

static void search(char **arguments)
{
    struct workload workload;
    workload_open(&workload, arguments[0], true);
    search_measure(&workload, strtoull(arguments[1], NULL, 10), strtoull(arguments[2], NULL, 10));
    workload_close(&workload);
}

static void counts(char **arguments)
{
    struct workload workload;
    workload_open(&workload, arguments[0], true);
    counts_measure(&workload, strtoull(arguments[1], NULL, 10));
    workload_close(&workload);
}

static void erase(char **arguments)
{
    struct workload workload;
    workload_open(&workload, arguments[0], true);
    erase_measure(&workload, strtoull(arguments[1], NULL, 10), strtoull(arguments[2], NULL, 10));
    workload_close(&workload);
}

static void rewrap(char **arguments)
{
    struct workload workload;
    workload_open(&workload, arguments[0], true);
    rewrap_measure(&workload);
    workload_close(&workload);
}

static void canaries(char **arguments)
{
    struct workload   workload;
    const char *const directories[] = { arguments[0], arguments[2] };
    const bool        machine_writes_cores = crash_leaves_core(arguments[0], false);
    workload_open(&workload, arguments[0], true);
    workload.next = strtoull(arguments[1], NULL, 10);
    canaries_measure(&workload, directories, strcmp(arguments[2], "-") == 0 ? 1 : 2, machine_writes_cores);
    printf("next\t%llu\n", (unsigned long long) workload.next);
    workload_close(&workload);
}

/* A clock that goes on by a second with each request, and never by itself. */
static _Atomic int64_t fixed_now = (int64_t) WORKLOAD_TODAY * INSTANT_DAY;

static int64_t fixed_clock(void *context)
{
    (void) context;
    return fixed_now;
}

static void pages(char **arguments)
{
    struct workload    workload;
    struct store_clock clock = { .now = fixed_clock };
    uint64_t           num = strtoull(arguments[2], NULL, 10);
    workload_make(&workload, arguments[0], arguments[1], &clock);
    for (uint64_t i = 0; i < num; i++) {
        struct workload_create create;
        struct store_receipt   receipt;
        struct fault_list      faults = FAULT_LIST_INIT;
        workload_create_init(&workload, &create, false);
        fixed_now += INSTANT_SECOND;
        int status = store_submit(workload.node.store, &workload.writer, &create.request, &receipt, &faults);
        if (status != 0) {
            fault_list_write(&faults, stderr);
            workload_fail("a create", status);
        }
    }
    lists_write_pages(&workload, arguments[3]);
    workload_close(&workload);
}

static const struct measure {
    const char *name;
    int         num_arguments;
    void (*run)(char **arguments);
} measures[] = {
    { "make", 2, make },         { "import", 5, import }, { "create", 6, create }, { "lists", 2, lists },
    { "search", 3, search },     { "counts", 2, counts }, { "erase", 3, erase },   { "rewrap", 1, rewrap },
    { "canaries", 3, canaries }, { "pages", 4, pages },   { "one", 2, one },       { "read-erased", 3, read_erased },
};

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof measures / sizeof *measures; i++)
        if (argc == measures[i].num_arguments + 2 && strcmp(argv[1], measures[i].name) == 0) {
            measures[i].run(argv + 2);
            return 0;
        }
    fputs("usage: store MEASURE ARGUMENTS (bench/store/main.c says which)\n", stderr);
    return 2;
}
