/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/sheet/xlsx_rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "tocsin/status.h"

/* ---- faults ---- */

static void refuse(struct xlsx_rows *rows, const char *allowed, const char *found)
{
    char   letters[SHEET_LETTERS_BYTES] = "";
    size_t cell = rows->column == SIZE_MAX ? 0 : rows->column + 1;
    if (cell > 0)
        sheet_letters(rows->column, letters);
    struct fault_place place = { rows->package->name, rows->number, (uint32_t) cell, NULL };
    fault_add(rows->package->faults, place, allowed, "%s%s%s", *letters != '\0' ? letters : "",
              *letters != '\0' ? ": " : "", found);
    xml_fail(&rows->xml, BASE_ERR_INPUT);
}

static void take(struct xlsx_rows *rows, int status, const char *allowed, const char *found)
{
    if (status == TOC_ERR_TOO_LARGE)
        refuse(rows, allowed, found);
    else if (status != 0)
        xml_fail(&rows->xml, status);
}

/* ---- rows and cells ---- */

static void begin_row(struct xlsx_rows *rows, const char **attributes)
{
    const char *text = xml_attribute(attributes, "r");
    int64_t     number = (int64_t) rows->number + 1;
    rows->column = SIZE_MAX;
    if (text != NULL && text_to_integer(text, strlen(text), 1, XLSX_MAX_ROWS, &number) != 0) {
        refuse(rows, "a number from 1 to 1048576", "the number of a row is not one");
        return;
    }
    if (number > XLSX_MAX_ROWS || (uint64_t) number <= rows->number) {
        refuse(rows, "rows in their order, at most 1048576", "a row out of order");
        return;
    }
    rows->number = (uint64_t) number;
    rows->num_cells = rows->text.size = 0;
    rows->in_row = true;
}

/* "BC12" → 54; SIZE_MAX where it is no such reference or lies too far to the right. */
static size_t column_of(const char *reference)
{
    size_t column = 0;
    for (; *reference >= 'A' && *reference <= 'Z'; reference++) {
        column = column * 26 + (size_t) (*reference - 'A' + 1);
        if (column > XLSX_MAX_COLUMNS)
            return SIZE_MAX;
    }
    return column == 0 ? SIZE_MAX : column - 1;
}

static void begin_cell(struct xlsx_rows *rows, const char **attributes)
{
    const char *reference = xml_attribute(attributes, "r"), *type = xml_attribute(attributes, "t");
    const char *style = xml_attribute(attributes, "s");
    size_t      column = rows->column == SIZE_MAX ? 0 : rows->column + 1;
    if (reference != NULL) {
        size_t told = column_of(reference);
        if (told == SIZE_MAX || told < column) {
            refuse(rows, "at most 2000 columns, in their order", "a cell too far to the right, or out of order");
            return;
        }
        column = told;
    }
    if (column >= XLSX_MAX_COLUMNS) {
        refuse(rows, "at most 2000 columns", "more than 2000 columns");
        return;
    }
    rows->column = column;
    rows->style = style != NULL ? strtoul(style, NULL, 10) : 0;
    rows->type = 'n';
    if (type != NULL)
        rows->type = strcmp(type, "inlineStr") == 0 ? 'i' : strcmp(type, "str") == 0 ? 't' : *type;
    rows->cell.size = 0;
    rows->in_cell = true;
}

/* Keep the text as the cell at `column`; the cells between are empty. */
static void put_cell(struct xlsx_rows *rows, const char *text, size_t size, uint8_t kind)
{
    if (size == 0)
        return;
    while (rows->num_cells <= rows->column) {
        rows->begins[rows->num_cells] = rows->text.size;
        rows->cells[rows->num_cells++] = (struct sheet_cell){ .kind = SHEET_EMPTY };
    }
    rows->begins[rows->column] = rows->text.size;
    rows->cells[rows->column] = (struct sheet_cell){ .size = size, .kind = kind };
    int ret = growing_add(&rows->text, text, size, XLSX_MAX_ROW);
    if (ret == 0)
        ret = growing_add(&rows->text, "", 1, XLSX_MAX_ROW);
    take(rows, ret, "at most 4 MiB", "a row of more than 4 MiB");
}

static void put_shared(struct xlsx_rows *rows)
{
    int64_t index;
    if (rows->cell.size == 0)
        return;
    if (text_to_integer(rows->cell.bytes, rows->cell.size, 0, (int64_t) rows->strings->num - 1, &index) != 0) {
        refuse(rows, "the number of a shared text", "a cell that names no shared text");
        return;
    }
    size_t begin = index == 0 ? 0 : (size_t) rows->strings->ends[index - 1] + 1, end = rows->strings->ends[index];
    if (end - begin > XLSX_MAX_CELL)
        refuse(rows, "at most 131068 bytes", "a cell of more than 131068 bytes");
    else if (end > begin)
        put_cell(rows, rows->strings->bytes.bytes + begin, end - begin, SHEET_TEXT);
}

static void put_number(struct xlsx_rows *rows)
{
    char   text[STYLE_TEXT_BYTES];
    double value;
    size_t size, from = 0, to = rows->cell.size;
    while (from < to && strchr(" \t\r\n", rows->cell.bytes[from]) != NULL)
        from++;
    while (to > from && strchr(" \t\r\n", rows->cell.bytes[to - 1]) != NULL)
        to--;
    if (from == to)
        return;
    if (text_to_double(rows->cell.bytes + from, to - from, &value) != 0) {
        refuse(rows, "a number", "a cell that is said to be a number and is none");
        return;
    }
    enum style_kind style = rows->style < rows->styles->num ? rows->styles->kinds[rows->style] : STYLE_PLAIN;
    uint8_t         kind = style_text(value, style, rows->from_1904, text, &size);
    put_cell(rows, text, size, kind);
}

static void end_cell(struct xlsx_rows *rows)
{
    struct growing *cell = &rows->cell;
    rows->in_cell = false;
    switch (rows->type) {
    case 's': put_shared(rows); break;
    case 'i':
    case 't':
        if (cell->size > 0)
            put_cell(rows, cell->bytes, text_without_escapes(cell->bytes, cell->size), SHEET_TEXT);
        break;
    case 'b':
        if (cell->size > 0)
            put_cell(rows, cell->bytes[0] == '1' ? "true" : "false", cell->bytes[0] == '1' ? 4 : 5, SHEET_FLAG);
        break;
    case 'e':
        put_cell(rows, cell->size > 0 ? cell->bytes : "#ERROR", cell->size > 0 ? cell->size : 6, SHEET_ERROR);
        break;
    case 'd': put_cell(rows, cell->bytes, cell->size, cell->size > 10 ? SHEET_MOMENT : SHEET_DATE); break;
    default: put_number(rows); break;
    }
}

static void end_row(struct xlsx_rows *rows)
{
    rows->in_row = false;
    if (rows->num_cells == 0 || rows->xml.failure != 0)
        return;
    for (size_t i = 0; i < rows->num_cells; i++)
        rows->cells[i].text = rows->cells[i].size > 0 ? rows->text.bytes + rows->begins[i] : "";
    rows->ready = true;
    XML_StopParser(rows->xml.parser, XML_TRUE);
}

/* ---- XML ---- */

static void on_start(void *context, const char *name, const char **attributes)
{
    struct xlsx_rows *rows = context;
    if (strcmp(name, "sheetData") == 0)
        rows->in_data = true;
    else if (strcmp(name, "mergeCell") == 0)
        rows->num_merged++;
    else if (!rows->in_data)
        return;
    else if (strcmp(name, "row") == 0 && !rows->in_row)
        begin_row(rows, attributes);
    else if (strcmp(name, "c") == 0 && rows->in_row && !rows->in_cell)
        begin_cell(rows, attributes);
    else if (rows->in_cell && strcmp(name, "v") == 0)
        rows->value++;
    else if (rows->in_cell && strcmp(name, "t") == 0)
        rows->piece++;
    else if (rows->in_cell && strcmp(name, "rPh") == 0)
        rows->phonetic++;
}

static void leave(unsigned *depth)
{
    *depth -= *depth > 0;
}

static void on_end(void *context, const char *name)
{
    struct xlsx_rows *rows = context;
    if (strcmp(name, "sheetData") == 0)
        rows->in_data = false;
    else if (strcmp(name, "row") == 0 && rows->in_row)
        end_row(rows);
    else if (strcmp(name, "c") == 0 && rows->in_cell)
        end_cell(rows);
    else if (strcmp(name, "v") == 0)
        leave(&rows->value);
    else if (strcmp(name, "t") == 0)
        leave(&rows->piece);
    else if (strcmp(name, "rPh") == 0)
        leave(&rows->phonetic);
}

static void on_text(void *context, const char *text, size_t size)
{
    struct xlsx_rows *rows = context;
    bool wanted = rows->in_cell && (rows->type == 'i' ? rows->piece > 0 && rows->phonetic == 0 : rows->value > 0);
    if (wanted)
        take(rows, growing_add(&rows->cell, text, size, XLSX_MAX_CELL), "at most 131068 bytes",
             "a cell of more than 131068 bytes");
}

/* ---- drawing ---- */

int xlsx_rows_open(struct xlsx_rows *rows, const struct package *package, const char *part, const struct styles *styles,
                   const struct strings *strings, bool from_1904)
{
    struct growing text = rows->text, cell = rows->cell;
    *rows = (struct xlsx_rows){ .package = package,
                                .styles = styles,
                                .strings = strings,
                                .from_1904 = from_1904,
                                .text = text,
                                .cell = cell,
                                .column = SIZE_MAX };
    rows->xml = (struct xml){ .context = rows, .start = on_start, .end = on_end, .text = on_text };
    int ret = xml_open(&rows->xml, package, part);
    if (ret == 0)
        ret = part_open(package, part, XLSX_MAX_PART_BYTES, &rows->part);
    rows->open = ret == 0;
    if (ret != 0)
        xlsx_rows_close(rows);
    return ret;
}

void xlsx_rows_close(struct xlsx_rows *rows)
{
    xml_close(&rows->xml);
    part_close(&rows->part);
    free(rows->text.bytes);
    free(rows->cell.bytes);
    rows->text = rows->cell = (struct growing){ 0 };
    rows->open = false;
}

/* Go on until a row is ready, the block is read or the sheet ends. */
static int advance(struct xlsx_rows *rows)
{
    enum XML_Status status;
    if (rows->suspended) {
        status = XML_ResumeParser(rows->xml.parser);
    } else {
        size_t got = 0;
        void  *block = XML_GetBuffer(rows->xml.parser, BLOCK_BYTES);
        if (block == NULL)
            return TOC_ERR_NO_MEMORY;
        int ret = part_read(rows->package, &rows->part, block, BLOCK_BYTES, &got);
        if (ret != 0)
            return ret;
        rows->at_end = got == 0;
        status = XML_ParseBuffer(rows->xml.parser, (int) got, got == 0);
    }
    rows->suspended = status == XML_STATUS_SUSPENDED;
    return xml_status(&rows->xml, status);
}

int xlsx_rows_next(struct xlsx_rows *rows, struct sheet_row *row)
{
    if (!rows->open)
        return rows->failure;
    rows->ready = false;
    while (!rows->ready && (rows->suspended || !rows->at_end)) {
        int ret = advance(rows);
        if (ret != 0) {
            rows->failure = ret;
            rows->open = false;
            return ret;
        }
    }
    if (!rows->ready)
        return 0;
    *row = (struct sheet_row){ rows->cells, rows->num_cells, rows->number };
    return 1;
}
