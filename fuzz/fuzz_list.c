/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a line list, and its mapping: the bytes up to the first NUL are a mapping where there are any, the rest
 * is the file. Reports are whole, a mapping reads back as itself, the file of errors can be read again, and what stands
 * in a column that is never collected comes out nowhere. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "formats/list/count_mapping.h"
#include "formats/list/list.h"
#include "fuzz.h"

static struct code_tables *tables;

static void load(void)
{
    struct fault_list faults = FAULT_LIST_INIT;
    MUST(code_tables_new(&tables) == 0 && code_tables_add_folder(tables, INTAKE, &faults) == 0);
    fault_list_free(&faults);
}

struct written {
    struct sink mapping, errors;
    uint64_t    num_rows, num_bad;
};

static void read_rows(struct list *list, struct written *written)
{
    struct arena       arena = ARENA_INIT;
    struct report      report;
    struct sink        sink;
    struct json_writer json;
    uint64_t           row = 0;
    list_write_errors_header(list, &written->errors);
    while (list_next(list, &report, &arena) == 1) {
        MUST(list_row_number(list) > row && !report.out_of_memory);
        row = list_row_number(list);
        sink_init_memory(&sink);
        json_writer_init(&json, &sink);
        report_write_json(&report, &json);
        MUST(text_check_utf8(sink.bytes, sink.used) == sink.used);
        sink_free(&sink);
        written->num_rows++;
        if (report.num_all_faults > 0 && report.worst >= REPORT_ERROR) {
            written->num_bad++;
            list_write_errors_row(list, &report, &written->errors);
        }
        arena_wipe(&arena);
    }
    arena_free(&arena);
}

/* The same bytes as a mapping of numbers: what was taken over is written, and says the same when it is read again. */
static void read_counts(const char *mapping, size_t mapping_size, const char *bytes, size_t size)
{
    struct fault_list    faults = FAULT_LIST_INIT;
    struct arena         arena = ARENA_INIT;
    struct sheet_options form = { 0 };
    struct sheet        *sheet = NULL;
    struct sheet_row     header;
    struct count_mapping counts, other;
    struct json_writer   json;
    struct sink          written, again;
    bool                 by_names;
    sink_init_memory(&written);
    sink_init_memory(&again);
    if (sheet_open(bytes, size, "f", &form, &faults, &sheet) == 0 && sheet_next(sheet, &header) == 1) {
        MUST(count_mapping_propose(&header, &arena, &counts, &by_names) == 0);
        MUST(count_mapping_propose(&header, &arena, &other, &by_names) == 0);
        if (mapping_size > 0)
            (void) count_mapping_apply(mapping, mapping_size, "f", &arena, &counts, &faults);
        json_writer_init(&json, &written);
        count_mapping_write(&counts, &json);
        MUST(count_mapping_is(written.bytes, written.used));
        MUST(count_mapping_apply(written.bytes, written.used, "f", &arena, &other, &faults) == 0);
        json_writer_init(&json, &again);
        count_mapping_write(&other, &json);
        MUST(written.used == again.used && memcmp(written.bytes, again.bytes, again.used) == 0);
        (void) count_mapping_ask(&counts, "f", &faults);
    }
    sheet_close(sheet);
    fault_list_free(&faults);
    arena_free(&arena);
    sink_free(&written);
    sink_free(&again);
}

/* True where the file was a list without questions. */
static bool read_list(const char *mapping, size_t mapping_size, const char *bytes, size_t size, struct written *written)
{
    struct fault_list    faults = FAULT_LIST_INIT;
    struct sheet        *sheet = NULL;
    struct list         *list = NULL;
    struct json_writer   json;
    struct sheet_options form = { 0 };
    struct list_options  options = {
         .tables = tables, .today = 20000, .mapping = mapping_size > 0 ? mapping : NULL, .mapping_size = mapping_size
    };
    int ret = sheet_open(bytes, size, "fuzz", &form, &faults, &sheet);
    sink_init_memory(&written->mapping);
    sink_init_memory(&written->errors);
    if (ret == 0)
        ret = list_open(sheet, "fuzz", &options, &faults, &list);
    MUST(ret == 0 || faults.num_all > 0);
    if (list != NULL) {
        json_writer_init(&json, &written->mapping);
        list_write_mapping(list, &json);
    }
    if (ret == 0)
        read_rows(list, written);
    list_close(list);
    sheet_close(sheet);
    fault_list_free(&faults);
    return ret == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char    *bytes = (const char *) data, *end = size > 0 ? memchr(bytes, '\0', size) : NULL;
    size_t         mapping_size = end != NULL ? (size_t) (end - bytes) : 0, skip = end != NULL ? mapping_size + 1 : 0;
    struct written first = { 0 }, again = { 0 }, mended = { 0 };
    if (tables == NULL)
        load();
    read_counts(bytes, mapping_size, bytes + skip, size - skip);
    if (read_list(bytes, mapping_size, bytes + skip, size - skip, &first)) {
        MUST(read_list(first.mapping.bytes, first.mapping.used, bytes + skip, size - skip, &again));
        MUST(again.num_rows == first.num_rows && again.num_bad == first.num_bad);
        MUST(again.mapping.used == first.mapping.used);
        if (read_list(first.mapping.bytes, first.mapping.used, first.errors.bytes, first.errors.used, &mended))
            MUST(mended.num_rows <= first.num_bad);
        sink_free(&again.mapping);
        sink_free(&again.errors);
        sink_free(&mended.mapping);
        sink_free(&mended.errors);
    }
    sink_free(&first.mapping);
    sink_free(&first.errors);
    return 0;
}
