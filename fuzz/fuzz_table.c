/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a table: the rows keep the promises of formats/table.h, do not depend on how the bytes come in, and read
 * back from the CSV that they make. The first byte chooses the delimiter and how many bytes come at a time. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "formats/table.h"
#include "fuzz.h"

struct bytes {
    const uint8_t *at;
    size_t         left, chunk;
};

static ssize_t read_bytes(void *context, void *bytes, size_t size)
{
    struct bytes *source = context;
    size_t        count = source->left < size ? source->left : size;
    count = count < source->chunk ? count : source->chunk;
    if (count > 0)
        memcpy(bytes, source->at, count);
    source->at += count;
    source->left -= count;
    return (ssize_t) count;
}

/* The CSV text of all rows, as it was read. */
struct copy {
    char  *text;
    size_t size, room;
};

static void put(struct copy *copy, char letter)
{
    MUST(copy->size < copy->room);
    copy->text[copy->size++] = letter;
}

static void put_row(struct copy *copy, const struct table_row *row)
{
    for (size_t i = 0; i < row->num_cells; i++) {
        const struct table_cell *cell = &row->cells[i];
        MUST(cell->size <= TABLE_MAX_CELL && cell->text[cell->size] == '\0');
        MUST(text_check_utf8(cell->text, cell->size) == cell->size);
        put(copy, '"');
        for (size_t at = 0; at < cell->size; at++) {
            put(copy, cell->text[at]);
            if (cell->text[at] == '"')
                put(copy, '"');
        }
        put(copy, '"');
        put(copy, i + 1 < row->num_cells ? ',' : '\n');
    }
}

static int read_all(const uint8_t *data, size_t size, size_t chunk, char delimiter, struct copy *copy,
                    uint64_t *num_faults)
{
    struct bytes         source = { data, size, chunk };
    struct fault_list    faults = { 0 };
    struct table_options options = { delimiter };
    struct table        *table = NULL;
    struct table_row     row;
    int status = table_open((struct table_input){ read_bytes, &source, "fuzz" }, &options, &faults, &table);
    if (status == 0) {
        size_t   num_cells = table_header(table)->num_cells;
        uint64_t line = table_header(table)->line;
        MUST(num_cells > 0 && num_cells <= TABLE_MAX_COLUMNS && line > 0);
        put_row(copy, table_header(table));
        while ((status = table_next(table, &row)) == 1) {
            MUST(row.num_cells == num_cells && row.line > line);
            line = row.line;
            put_row(copy, &row);
        }
        MUST(table_next(table, &row) == 0);
    }
    MUST(status == 0 || (status < 0 && faults.num_all > 0));
    for (size_t i = 0; i < faults.num_kept; i++) {
        char   text[FAULT_LINE_BYTES];
        size_t length = fault_render(&faults.faults[i], text, sizeof text);
        MUST(text_check_utf8(text, length) == length);
        for (size_t at = 0; at < length; at++)
            MUST((unsigned char) text[at] >= 0x20 && text[at] != 0x7f);
    }
    *num_faults = faults.num_all;
    table_close(table);
    fault_list_free(&faults);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char delimiters[] = { 0, ',', ';', '\t' };
    if (size == 0 || size > 300000)
        return 0;
    size_t      room = 4 * size + 1024;
    struct copy copies[3];
    uint64_t    num_faults[3];
    for (size_t i = 0; i < 3; i++)
        copies[i] = (struct copy){ malloc(room), 0, room };
    char delimiter = delimiters[data[0] & 3];
    int  whole = read_all(data + 1, size - 1, SIZE_MAX, delimiter, &copies[0], &num_faults[0]);
    int  parts = read_all(data + 1, size - 1, (size_t) (data[0] >> 2) + 1, delimiter, &copies[1], &num_faults[1]);
    MUST(whole == parts && num_faults[0] == num_faults[1] && copies[0].size == copies[1].size);
    MUST(memcmp(copies[0].text, copies[1].text, copies[0].size) == 0);
    if (whole == 0 && copies[0].size <= TABLE_MAX_HEADER) { /* doubled quotes and new ones may break a limit */
        MUST(read_all((const uint8_t *) copies[0].text, copies[0].size, SIZE_MAX, ',', &copies[2], &num_faults[2]) ==
             0);
        MUST(num_faults[2] == 0 && copies[0].size == copies[2].size);
        MUST(memcmp(copies[0].text, copies[2].text, copies[0].size) == 0);
    }
    for (size_t i = 0; i < 3; i++)
        free(copies[i].text);
    return 0;
}
