/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a row of a line list that stands by itself: what is no such row has a fatal fault and no row in a file
 * of errors; what is one gives a whole report, and a file of errors that can be read. */
#include <stdlib.h>
#include <string.h>

#include "formats/list/alone.h"
#include "fuzz.h"

static struct code_tables *tables;

static void load(void)
{
    struct fault_list faults = FAULT_LIST_INIT;
    MUST(code_tables_new(&tables) == 0 && code_tables_add_folder(tables, INTAKE, &faults) == 0);
    fault_list_free(&faults);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char         *bytes = (const char *) data;
    struct list_options options = { .today = 20000 };
    struct arena        arena = ARENA_INIT;
    struct report       report;
    struct sink         sink;
    if (tables == NULL)
        load();
    options.tables = tables;
    report_init(&report, &arena, bytes, size);
    int         ret = list_read_alone(&options, 7, &report);
    const char *name = list_alone_name(bytes, size, &arena);
    MUST(ret == 0 || ret == BASE_ERR_INPUT);
    MUST((ret == 0) == report_is_usable(&report));
    MUST(ret != 0 || name != NULL);
    MUST(report.bytes == bytes && report.size == size);
    for (uint32_t i = 0; i < report.num_faults; i++)
        MUST(report.faults[i].place.row == 7);
    (void) list_alone_again(bytes, size);
    sink_init_memory(&sink);
    list_write_alone_header(bytes, size, true, &sink);
    list_write_alone_errors(bytes, size, &report, "place", &sink);
    MUST((sink.used > 0) == (name != NULL));
    sink_free(&sink);
    arena_wipe(&arena);
    arena_free(&arena);
    return 0;
}
