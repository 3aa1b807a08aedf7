/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a spreadsheet, and, where they do not begin as an archive, as the parts of one: sheet, shared texts,
 * styles and list of sheets, with a NUL between them. Rows come in order, cells are UTF-8 within their bounds, and
 * reading a sheet again gives the same. */
#include <stdlib.h>
#include <string.h>
#include <zip.h>

#include "base/text.h"
#include "formats/sheet/xlsx.h"
#include "fuzz.h"

static const char *const names[] = { "xl/one.xml", "xl/strings.xml", "xl/styles.xml", "xl/workbook.xml" };
static const char        list[] = "<w><sheets><sheet name=\"one\" id=\"b\"/></sheets></w>";
static const char        relations[] =
    "<R><Relationship Id=\"b\" Type=\"worksheet\" Target=\"one.xml\"/><Relationship Id=\"s\" "
    "Type=\"styles\" Target=\"styles.xml\"/><Relationship Id=\"t\" Type=\"sharedStrings\" "
    "Target=\"strings.xml\"/></R>";

static void put(zip_t *archive, const char *name, const void *bytes, size_t size)
{
    zip_source_t *source = zip_source_buffer(archive, bytes, size, 0);
    MUST(source != NULL && zip_file_add(archive, name, source, 0) >= 0);
}

/* An archive of the parts; free() it. */
static void *pack(const uint8_t *data, size_t size, size_t *packed)
{
    zip_error_t   error;
    zip_source_t *whole = zip_source_buffer_create(NULL, 0, 0, &error);
    MUST(whole != NULL);
    zip_source_keep(whole);
    zip_t *archive = zip_open_from_source(whole, ZIP_TRUNCATE, &error);
    MUST(archive != NULL);
    put(archive, "xl/_rels/workbook.xml.rels", relations, sizeof relations - 1);
    for (size_t i = 0; i < 4; i++) {
        const uint8_t *end = size > 0 ? memchr(data, 0, size) : NULL;
        size_t         length = end != NULL ? (size_t) (end - data) : size;
        if (length > 0 || i < 3)
            put(archive, names[i], data, length);
        else
            put(archive, names[i], list, sizeof list - 1);
        data += length;
        size -= length;
        data += size > 0;
        size -= size > 0;
    }
    MUST(zip_close(archive) == 0);
    zip_stat_t stat;
    MUST(zip_source_stat(whole, &stat) == 0);
    char *bytes = malloc(stat.size);
    MUST(bytes != NULL && zip_source_open(whole) == 0);
    MUST(zip_source_read(whole, bytes, stat.size) == (zip_int64_t) stat.size);
    zip_source_close(whole);
    zip_source_free(whole);
    *packed = stat.size;
    return bytes;
}

/* A hash of all rows of a sheet. */
static uint64_t read_sheet(struct xlsx *xlsx, size_t sheet, const struct fault_list *faults)
{
    struct sheet_row row;
    uint64_t         hash = 0, before = 0, faults_before = faults->num_all;
    int              ret = xlsx_begin(xlsx, sheet);
    while (ret == 0 && (ret = xlsx_next(xlsx, &row)) == 1) {
        MUST(row.number > before && row.num_cells > 0 && row.num_cells <= XLSX_MAX_COLUMNS);
        before = row.number;
        for (size_t i = 0; i < row.num_cells; i++) {
            const struct sheet_cell *cell = &row.cells[i];
            MUST(cell->size <= XLSX_MAX_CELL && cell->text[cell->size] == '\0');
            MUST((cell->kind == SHEET_EMPTY) == (cell->size == 0));
            MUST(text_check_utf8(cell->text, cell->size) == cell->size);
            hash = hash * 31 + text_hash(cell->text, cell->size) + cell->kind;
        }
        MUST(row.cells[row.num_cells - 1].size > 0);
        ret = 0;
    }
    MUST(ret == 0 || faults->num_all > faults_before);
    return hash + (ret != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault_list faults = FAULT_LIST_INIT;
    struct xlsx      *xlsx = NULL;
    bool              archive = size >= 2 && memcmp(data, "PK", 2) == 0;
    size_t            packed = size;
    void             *bytes = archive ? NULL : pack(data, size, &packed);
    int               ret = xlsx_open(archive ? data : bytes, packed, "fuzz", &faults, &xlsx);
    MUST((ret == 0) == (xlsx != NULL) && (ret == 0 || faults.num_all > 0));
    for (size_t i = 0; ret == 0 && i < xlsx_num_sheets(xlsx) && i < 3; i++)
        MUST(read_sheet(xlsx, i, &faults) == read_sheet(xlsx, i, &faults));
    xlsx_close(xlsx);
    fault_list_free(&faults);
    free(bytes);
    return 0;
}
