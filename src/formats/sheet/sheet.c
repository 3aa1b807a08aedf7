/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/sheet/sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "formats/sheet/objects.h"
#include "formats/sheet/unpack.h"
#include "formats/sheet/xlsx.h"
#include "tocsin/status.h"

#define LINES_TO_COMPARE 20

struct sheet {
    const char           *name;
    struct fault_list    *faults;
    struct sheet_form     form;
    struct xlsx          *xlsx;     /* NULL: text, or */
    struct unpacked      *unpacked; /* read elsewhere */
    struct sheet_objects *objects;  /* NDJSON */
    size_t                number;
    /* text */
    char             *own;  /* the converted file; NULL: the caller's bytes are UTF-8 */
    const char       *text; /* without a mark */
    size_t            size, at;
    uint64_t          line; /* of text[at]; 1 = first */
    bool              begun;
    struct sheet_cell cells[SHEET_MAX_COLUMNS];
    size_t            begins[SHEET_MAX_COLUMNS];
    size_t            num_cells;
    char             *row;
    size_t            used, room;
};

static int refuse(struct sheet *sheet, uint64_t line, const char *allowed, const char *found)
{
    fault_add(sheet->faults, (struct fault_place){ .file = sheet->name, .line = line }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

/* ---- rows of text ---- */

static int put(struct sheet *sheet, const char *bytes, size_t size)
{
    if (size + 1 > sheet->room - sheet->used) {
        size_t room = 2 * sheet->room + size + 4096;
        if (room > 2 * SHEET_MAX_ROW)
            return refuse(sheet, sheet->line, "at most 4 MiB", "a row of more than 4 MiB");
        char *more = memory_resize(sheet->row, room, 1);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        sheet->row = more;
        sheet->room = room;
    }
    memcpy(sheet->row + sheet->used, bytes, size);
    sheet->used += size;
    return 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool ends_line(char c)
{
    return c == '\n' || c == '\r';
}

static void skip_line_end(struct sheet *sheet)
{
    if (sheet->at < sheet->size && sheet->text[sheet->at] == '\r')
        sheet->at++;
    if (sheet->at < sheet->size && sheet->text[sheet->at] == '\n')
        sheet->at++;
    sheet->line++;
}

/* The inside of a quoted cell, up to behind its closing quote. */
static int take_quoted(struct sheet *sheet)
{
    uint64_t began = sheet->line;
    int      ret = 0;
    sheet->at++;
    while (ret == 0) {
        const char *from = sheet->text + sheet->at;
        const char *quote = memchr(from, '"', sheet->size - sheet->at);
        if (quote == NULL)
            return refuse(sheet, began, "a closing quote",
                          "a quoted cell begins in this row and does not end; the rest of the file was not read");
        for (const char *c = from; (c = memchr(c, '\n', (size_t) (quote - c))) != NULL; c++)
            sheet->line++;
        sheet->at = (size_t) (quote - sheet->text) + 1;
        bool doubled = sheet->at < sheet->size && sheet->text[sheet->at] == '"';
        ret = put(sheet, from, (size_t) (quote - from) + doubled);
        sheet->at += doubled;
        if (!doubled)
            return ret;
    }
    return ret;
}

/* What follows up to the delimiter or the line's end: of a quoted cell mostly nothing. */
static int take_plain(struct sheet *sheet)
{
    size_t from = sheet->at;
    while (sheet->at < sheet->size && sheet->text[sheet->at] != sheet->form.delimiter &&
           !ends_line(sheet->text[sheet->at]))
        sheet->at++;
    return put(sheet, sheet->text + from, sheet->at - from);
}

static int take_cell(struct sheet *sheet)
{
    size_t begin = sheet->used;
    int    ret = 0;
    while (sheet->at < sheet->size && is_blank(sheet->text[sheet->at]) &&
           sheet->text[sheet->at] != sheet->form.delimiter)
        sheet->at++;
    bool formula = sheet->size - sheet->at > 1 && sheet->text[sheet->at] == '=' && sheet->text[sheet->at + 1] == '"';
    sheet->at += formula;
    if (sheet->at < sheet->size && sheet->text[sheet->at] == '"')
        ret = take_quoted(sheet);
    if (ret == 0)
        ret = take_plain(sheet);
    if (ret != 0)
        return ret;
    while (begin < sheet->used && is_blank(sheet->row[begin]))
        begin++;
    while (sheet->used > begin && is_blank(sheet->row[sheet->used - 1]))
        sheet->used--;
    if (sheet->used - begin > SHEET_MAX_CELL)
        return refuse(sheet, sheet->line, "at most 131068 bytes", "a cell of more than 131068 bytes");
    if (sheet->num_cells == SHEET_MAX_COLUMNS)
        return refuse(sheet, sheet->line, "at most 2000", "more than 2000 cells in a row");
    size_t size = sheet->used - begin;
    sheet->begins[sheet->num_cells] = begin;
    sheet->cells[sheet->num_cells++] = (struct sheet_cell){ .size = size, .kind = size > 0 ? SHEET_TEXT : SHEET_EMPTY };
    sheet->row[sheet->used++] = '\0'; /* put leaves room for it */
    return 0;
}

/* A row, be it empty. */
static int take_row(struct sheet *sheet)
{
    int ret;
    sheet->num_cells = sheet->used = 0;
    while ((ret = take_cell(sheet)) == 0) {
        if (sheet->at >= sheet->size || ends_line(sheet->text[sheet->at]))
            break;
        sheet->at++; /* the delimiter */
    }
    if (ret == 0 && sheet->at < sheet->size)
        skip_line_end(sheet);
    return ret;
}

static bool is_comment(const struct sheet *sheet)
{
    return !sheet->begun && sheet->at < sheet->size && sheet->text[sheet->at] == '#';
}

static int next_text_row(struct sheet *sheet, struct sheet_row *row)
{
    while (sheet->at < sheet->size) {
        uint64_t line = sheet->line;
        bool     comment = is_comment(sheet);
        int      ret = take_row(sheet);
        if (ret != 0) {
            sheet->at = sheet->size;
            return ret;
        }
        while (sheet->num_cells > 0 && sheet->cells[sheet->num_cells - 1].size == 0)
            sheet->num_cells--;
        if (sheet->num_cells == 0 || comment)
            continue;
        for (size_t i = 0; i < sheet->num_cells; i++)
            sheet->cells[i].text = sheet->row + sheet->begins[i];
        sheet->begun = true;
        *row = (struct sheet_row){ sheet->cells, sheet->num_cells, line };
        return 1;
    }
    return 0;
}

static void rewind_text(struct sheet *sheet)
{
    sheet->at = 0;
    sheet->line = 1;
    sheet->begun = false;
}

/* ---- the delimiter ---- */

/* How many of the first lines have as many cells as the first, if that is more than one. */
static size_t lines_in_agreement(struct sheet *sheet, char delimiter, size_t *num_cells)
{
    size_t   agree = 0;
    uint64_t faults = sheet->faults->num_all;
    rewind_text(sheet);
    sheet->form.delimiter = delimiter;
    *num_cells = 0;
    for (size_t i = 0; i < LINES_TO_COMPARE && sheet->at < sheet->size; i++) {
        bool comment = is_comment(sheet);
        if (take_row(sheet) != 0)
            break;
        sheet->begun |= !comment;
        if (comment || (sheet->num_cells == 1 && sheet->cells[0].size == 0))
            continue;
        if (*num_cells == 0)
            *num_cells = sheet->num_cells;
        agree += sheet->num_cells == *num_cells;
    }
    while (sheet->faults->num_all > faults) { /* told again when the rows are read */
        sheet->faults->num_kept -= sheet->faults->num_kept == sheet->faults->num_all;
        sheet->faults->num_all--;
    }
    return *num_cells > 1 ? agree : 0;
}

static char decide_delimiter(struct sheet *sheet)
{
    static const char delimiters[] = { ',', ';', '\t', '|' };
    char              best = ',';
    size_t            most = 0, most_cells = 0;
    for (size_t i = 0; i < sizeof delimiters; i++) {
        size_t cells, agree = lines_in_agreement(sheet, delimiters[i], &cells);
        if (agree > most || (agree == most && cells > most_cells && agree > 0)) {
            best = delimiters[i];
            most = agree;
            most_cells = cells;
        }
    }
    return best;
}

/* ---- the encoding ---- */

/* The text from the beginning of the cell that holds the offset to its end, in one encoding. */
static void show_cell(enum encoding encoding, const char *bytes, size_t size, size_t offset,
                      char shown[TEXT_QUOTE_BYTES])
{
    size_t begin = offset, end = offset, text_size, wrong;
    char  *text;
    while (begin > 0 && offset - begin < 40 && strchr(",;\t|\"\r\n", bytes[begin - 1]) == NULL)
        begin--;
    while (end < size && end - offset < 40 && strchr(",;\t|\"\r\n", bytes[end]) == NULL)
        end++;
    snprintf(shown, TEXT_QUOTE_BYTES, "nothing");
    for (size_t tries = 0; tries < 4 && end > begin; tries++, end--) /* a cut may have split a character */
        if (encoding_convert(encoding, bytes + begin, end - begin, &text, &text_size, &wrong) == 0) {
            text_quote(text, text_size, shown);
            free(text);
            return;
        }
}

static int ask_encoding(struct sheet *sheet, const char *bytes, size_t size, size_t offset)
{
    char     chinese[TEXT_QUOTE_BYTES], western[TEXT_QUOTE_BYTES];
    uint64_t line = 1;
    for (size_t i = 0; i < offset; i++)
        line += bytes[i] == '\n';
    if (memchr(bytes, '\0', size) != NULL)
        return refuse(sheet, line, "UTF-16 with its byte-order mark, or --encoding utf-16le or utf-16be",
                      "text with NUL bytes: UTF-16 without a mark, or no text");
    show_cell(ENCODING_GB18030, bytes, size, offset, chinese);
    show_cell(ENCODING_WINDOWS_1252, bytes, size, offset, western);
    fault_add(sheet->faults, (struct fault_place){ .file = sheet->name, .line = line },
              "--encoding gb18030 or windows-1252",
              "text that is not UTF-8: a cell reads %.80s in gb18030 and %.80s in windows-1252", chinese, western);
    return BASE_ERR_INPUT;
}

static int open_text(struct sheet *sheet, const char *bytes, size_t size, const struct sheet_options *options)
{
    size_t        mark, offset = 0;
    enum encoding encoding = encoding_decide(bytes, size, &mark, &offset, &sheet->form.because);
    if (options->encoding != NULL) {
        enum encoding said = encoding_named(options->encoding);
        if (said == ENCODING_UNDECIDED)
            return refuse(sheet, 0, ENCODING_ALLOWED, "an encoding that is not known");
        if (mark == 0) { /* a mark cannot be overruled */
            encoding = said;
            sheet->form.because = "it was said";
        }
    }
    if (encoding == ENCODING_UNDECIDED)
        return ask_encoding(sheet, bytes, size, offset);
    sheet->form.encoding = encoding_word(encoding);
    sheet->text = bytes + mark;
    sheet->size = size - mark;
    offset = encoding == ENCODING_UTF_8 ? text_check_utf8(sheet->text, sheet->size) : 0;
    int ret = encoding == ENCODING_UTF_8
                  ? (offset == sheet->size ? 0 : BASE_ERR_INPUT)
                  : encoding_convert(encoding, bytes + mark, size - mark, &sheet->own, &sheet->size, &offset);
    if (ret == BASE_ERR_INPUT) {
        char found[100];
        snprintf(found, sizeof found, "byte %zu is not %s", offset + mark + 1, sheet->form.encoding);
        return refuse(sheet, 0, "the encoding that the file has", found);
    }
    if (sheet->own != NULL)
        sheet->text = sheet->own;
    if (ret == 0 && options->delimiter == 0 && sheet_objects_begin(sheet->text, sheet->size))
        return sheet_objects_open(sheet->text, sheet->size, sheet->name, sheet->faults, &sheet->objects);
    sheet->form.delimiter = options->delimiter != 0 ? options->delimiter : decide_delimiter(sheet);
    return ret;
}

/* ---- spreadsheets ---- */

static int ask_sheet(struct sheet *sheet, const char *wanted)
{
    char   names[FAULT_ALLOWED_BYTES] = "--sheet ";
    size_t used = strlen(names);
    for (size_t i = 0; i < xlsx_num_sheets(sheet->xlsx) && used < sizeof names - 4; i++) {
        char shown[64];
        if (xlsx_sheet(sheet->xlsx, i)->hidden)
            continue;
        text_escape(xlsx_sheet(sheet->xlsx, i)->name, strlen(xlsx_sheet(sheet->xlsx, i)->name), shown, sizeof shown);
        used += (size_t) snprintf(names + used, sizeof names - used, "%s'%s'", used > 8 ? ", " : "", shown);
    }
    return refuse(sheet, 0, names, wanted != NULL ? "no sheet of that name" : "several sheets: which one?");
}

static int open_xlsx(struct sheet *sheet, const void *bytes, size_t size, const struct sheet_options *options)
{
    const char *wanted = options->sheet;
    size_t      num = 0, found = SIZE_MAX;
    int         ret = xlsx_open(bytes, size, sheet->name, sheet->faults, &sheet->xlsx);
    if (ret != 0)
        return ret;
    for (size_t i = 0; i < xlsx_num_sheets(sheet->xlsx); i++) {
        const struct xlsx_sheet *one = xlsx_sheet(sheet->xlsx, i);
        bool                     matches = wanted != NULL ? strcmp(one->name, wanted) == 0 : !one->hidden;
        num += matches;
        if (matches && found == SIZE_MAX)
            found = i;
    }
    if (wanted == NULL && options->takes_first)
        found = xlsx_first_sheet(sheet->xlsx);
    else if (num != 1)
        return ask_sheet(sheet, wanted);
    sheet->number = found;
    sheet->form.sheet = xlsx_sheet(sheet->xlsx, found)->name;
    return 0;
}

static int open_unpacked(struct sheet *sheet, const void *bytes, size_t size, const struct sheet_options *options)
{
    int ret = size > XLSX_MAX_BYTES ? refuse(sheet, 0, "at most 256 MiB", "a spreadsheet of more than 256 MiB")
                                    : unpack_open(options->program, bytes, size, sheet->name, options->sheet,
                                                  options->takes_first, sheet->faults, &sheet->unpacked);
    if (ret == 0)
        sheet->form.sheet = unpacked_sheet(sheet->unpacked);
    return ret;
}

/* ---- both ---- */

bool sheet_is_archive(const char *bytes, size_t size)
{
    return size >= 4 && (memcmp(bytes, "PK\x03\x04", 4) == 0 || memcmp(bytes, "\xd0\xcf\x11\xe0", 4) == 0);
}

int sheet_open(const void *bytes, size_t size, const char *name, const struct sheet_options *options,
               struct fault_list *faults, struct sheet **sheet)
{
    struct sheet *opened = memory_array(1, sizeof *opened);
    int           ret;
    if (opened == NULL)
        return TOC_ERR_NO_MEMORY;
    opened->name = name;
    opened->faults = faults;
    if (size > SHEET_MAX_BYTES)
        ret = refuse(opened, 0, "at most 1 GiB", "a file of more than 1 GiB");
    else if (sheet_is_archive(bytes, size) && options->program != NULL)
        ret = open_unpacked(opened, bytes, size, options);
    else if (sheet_is_archive(bytes, size))
        ret = open_xlsx(opened, bytes, size, options);
    else
        ret = open_text(opened, size > 0 ? bytes : "", size, options);
    if (ret == 0)
        ret = sheet_rewind(opened);
    if (ret == 0)
        *sheet = opened;
    else
        sheet_close(opened);
    return ret;
}

void sheet_close(struct sheet *sheet)
{
    if (sheet == NULL)
        return;
    xlsx_close(sheet->xlsx);
    unpack_close(sheet->unpacked);
    sheet_objects_close(sheet->objects);
    free(sheet->own);
    free(sheet->row);
    free(sheet);
}

const struct sheet_form *sheet_form(const struct sheet *sheet)
{
    return &sheet->form;
}

int sheet_rewind(struct sheet *sheet)
{
    if (sheet->xlsx != NULL)
        return xlsx_begin(sheet->xlsx, sheet->number);
    if (sheet->unpacked != NULL)
        unpacked_rewind(sheet->unpacked);
    else if (sheet->objects != NULL)
        sheet_objects_rewind(sheet->objects);
    else
        rewind_text(sheet);
    return 0;
}

int sheet_next(struct sheet *sheet, struct sheet_row *row)
{
    if (sheet->unpacked != NULL)
        return unpacked_next(sheet->unpacked, row);
    if (sheet->objects != NULL)
        return sheet_objects_next(sheet->objects, row);
    return sheet->xlsx != NULL ? xlsx_next(sheet->xlsx, row) : next_text_row(sheet, row);
}
