/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading the rows; what they mean together is worked out in area_codes_tree.c. */
#include "formats/area_codes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/date_text.h"
#include "base/memory.h"
#include "base/text.h"
#include "formats/area_codes_reading.h"

static const char *const column_words[AREA_NUM_COLUMNS] = { "code",   "name_en",    "name_zh",  "name_bo",  "level",
                                                            "parent", "valid_from", "valid_to", "successor" };
#define ALL_COLUMNS "code, name_en, name_zh, name_bo, level, parent, valid_from, valid_to, successor"
#define MAX_TEXT ((size_t) 1 << 30) /* bytes of all texts: they are numbered by 32 bits */

/* ---- header ---- */

static void match_cell(struct area_reading *reading, size_t number)
{
    const struct table_row *header = table_header(reading->table);
    struct table_cell       cell = header->cells[number];
    struct fault_place      place = table_place(reading->table, header, number);
    size_t                  column = 0;
    uint32_t               *cells = reading->cell[reading->file];
    char                    quoted[TEXT_QUOTE_BYTES];
    place.name = NULL;
    text_quote(cell.text, cell.size, quoted);
    while (column < AREA_NUM_COLUMNS &&
           !text_equal_nocase(cell.text, cell.size, column_words[column], strlen(column_words[column])))
        column++;
    if (column == AREA_NUM_COLUMNS)
        fault_add(reading->faults, place, ALL_COLUMNS, "%s is not a known column", quoted);
    else if (cells[column] != 0)
        fault_add(reading->faults, place, NULL, "the column %s comes twice", quoted);
    else
        cells[column] = (uint32_t) number + 1;
}

static int match_header(struct area_reading *reading)
{
    const struct table_row *header = table_header(reading->table);
    const uint32_t         *cells = reading->cell[reading->file];
    uint64_t                faults_before = reading->faults->num_all;
    struct fault_place      place = table_place(reading->table, header, TABLE_WHOLE_ROW);
    for (size_t number = 0; number < header->num_cells; number++)
        match_cell(reading, number);
    if (cells[AREA_CODE] == 0)
        fault_add(reading->faults, place, ALL_COLUMNS, "there is no column \"code\"");
    if (cells[AREA_NAME_EN] == 0 && cells[AREA_NAME_ZH] == 0 && cells[AREA_NAME_BO] == 0)
        fault_add(reading->faults, place, ALL_COLUMNS, "there is no column of names");
    reading->has_parents |= cells[AREA_PARENT] != 0;
    return reading->faults->num_all > faults_before ? BASE_ERR_INPUT : 0;
}

/* ---- cells ---- */

struct fault_place area_codes_place(const struct area_reading *reading, const struct area_code *area,
                                    enum area_column column)
{
    return (struct fault_place){ reading->inputs[area->file].name, area->line, reading->cell[area->file][column],
                                 reading->cell[area->file][column] == 0 ? NULL : column_words[column] };
}

static struct table_cell cell_of(const struct area_reading *reading, enum area_column column)
{
    uint32_t cell = reading->cell[reading->file][column];
    return cell == 0 ? (struct table_cell){ "", 0 } : reading->row.cells[cell - 1];
}

static void tell(const struct area_reading *reading, enum area_column column, const char *allowed, const char *found)
{
    struct table_cell cell = cell_of(reading, column);
    char              quoted[TEXT_QUOTE_BYTES];
    text_quote(cell.text, cell.size, quoted);
    fault_add(reading->faults, table_place(reading->table, &reading->row, reading->cell[reading->file][column] - 1),
              allowed, "%s%s", cell.size == 0 ? "the cell is empty" : quoted, cell.size == 0 ? "" : found);
}

/* Keep a text; 0 where it is empty. */
static int keep(struct area_reading *reading, struct table_cell cell, uint32_t *offset)
{
    struct area_codes *list = &reading->list;
    if (cell.size == 0) {
        *offset = 0;
        return 0;
    }
    if (list->text_size + cell.size + 1 > reading->text_capacity) {
        size_t capacity = 2 * reading->text_capacity;
        char  *text = capacity > MAX_TEXT ? NULL : memory_resize(list->text, capacity, 1);
        if (text == NULL)
            return TOC_ERR_NO_MEMORY;
        list->text = text;
        reading->text_capacity = capacity;
    }
    *offset = (uint32_t) list->text_size;
    memcpy(list->text + list->text_size, cell.text, cell.size);
    list->text[list->text_size + cell.size] = '\0';
    list->text_size += cell.size + 1;
    return 0;
}

/* A code; those of neighbouring rows are often the same text. */
static int keep_code(struct area_reading *reading, struct table_cell cell, uint32_t last, uint32_t *offset)
{
    const char *text = area_codes_text(&reading->list, last);
    if (last != 0 && strncmp(text, cell.text, cell.size) == 0 && text[cell.size] == '\0') {
        *offset = last;
        return 0;
    }
    return keep(reading, cell, offset);
}

static bool is_code(struct table_cell cell)
{
    for (size_t i = 0; i < cell.size; i++)
        if ((unsigned char) cell.text[i] <= ' ')
            return false;
    return cell.size > 0 && cell.size <= AREA_CODES_MAX_CODE;
}

static int read_names(struct area_reading *reading, struct area_code *area)
{
    uint32_t *const names[] = { &area->name_en, &area->name_zh, &area->name_bo };
    bool            named = false;
    for (int i = 0; i < 3; i++) {
        enum area_column  column = (enum area_column)(AREA_NAME_EN + i);
        struct table_cell cell = cell_of(reading, column);
        named |= cell.size > 0;
        if (cell.size > AREA_CODES_MAX_NAME) {
            tell(reading, column, "at most 480 bytes", " is too long");
            cell.size = 0;
        }
        int ret = keep(reading, cell, names[i]);
        if (ret != 0)
            return ret;
    }
    if (!named)
        fault_add(reading->faults, table_place(reading->table, &reading->row, TABLE_WHOLE_ROW), "a name",
                  "the area has no name in any language");
    return 0;
}

static void read_day(const struct area_reading *reading, enum area_column column, toc_date *day)
{
    struct table_cell cell = cell_of(reading, column);
    enum date_form    form;
    char              fault[DATE_FAULT_BYTES], found[DATE_FAULT_BYTES + 2] = " is not a day";
    toc_date          read;
    *day = AREA_CODES_NO_DATE;
    if (cell.size == 0)
        return;
    if (date_from_text(cell.text, cell.size, &read, &form, fault) != 0)
        snprintf(found, sizeof found, ": %s", fault);
    else if (form == DATE_FORM_DAY) {
        *day = read;
        return;
    }
    tell(reading, column, "a day (2024-02-26), or nothing", found);
}

static void read_level(const struct area_reading *reading, uint8_t *level)
{
    struct table_cell cell = cell_of(reading, AREA_LEVEL);
    int64_t           number;
    *level = AREA_NO_LEVEL;
    if (reading->cell[reading->file][AREA_LEVEL] == 0)
        return;
    if (text_to_integer(cell.text, cell.size, 0, AREA_CODES_MAX_LEVEL, &number) != 0)
        tell(reading, AREA_LEVEL, "a whole number, 0 … 15", " is not a level");
    else
        *level = (uint8_t) number;
}

/* ---- rows ---- */

static int grow(struct area_reading *reading)
{
    struct area_codes *list = &reading->list;
    uint32_t           capacity = reading->capacity == 0 ? 4096 : 2 * reading->capacity;
    void              *areas = memory_resize(list->areas, capacity, sizeof *list->areas);
    if (areas == NULL)
        return TOC_ERR_NO_MEMORY;
    list->areas = areas;
    void *references = memory_resize(reading->references, capacity, sizeof *reading->references);
    if (references == NULL)
        return TOC_ERR_NO_MEMORY;
    reading->references = references;
    int ret = area_index_reserve(&reading->index, list, capacity);
    if (ret == 0)
        reading->capacity = capacity;
    return ret;
}

static int keep_references(struct area_reading *reading, struct area_reference *reference)
{
    struct table_cell parent = cell_of(reading, AREA_PARENT), successor = cell_of(reading, AREA_SUCCESSOR);
    uint32_t          last = reading->list.num_areas == 0 ? 0 : reading->references[reading->list.num_areas - 1].parent;
    if (parent.size > 0 && !is_code(parent))
        tell(reading, AREA_PARENT, "a code of 1 … 40 bytes without blanks", " is not a code");
    if (successor.size > 0 && !is_code(successor))
        tell(reading, AREA_SUCCESSOR, "a code of 1 … 40 bytes without blanks", " is not a code");
    int ret = parent.size == 0 || !is_code(parent) ? 0 : keep_code(reading, parent, last, &reference->parent);
    if (ret == 0 && is_code(successor))
        ret = keep(reading, successor, &reference->successor);
    return ret;
}

static int read_row(struct area_reading *reading)
{
    struct area_codes    *list = &reading->list;
    struct table_cell     code = cell_of(reading, AREA_CODE);
    struct area_code      area = { .parent = AREA_CODES_NONE, .successor = AREA_CODES_NONE, .file = reading->file };
    struct area_reference reference = { 0, 0 };
    area.line = reading->row.line > UINT32_MAX ? UINT32_MAX : (uint32_t) reading->row.line;
    if (!is_code(code)) {
        tell(reading, AREA_CODE, "a code of 1 … 40 bytes without blanks", " is not a code");
        return 0;
    }
    int ret = list->num_areas == reading->capacity ? grow(reading) : 0;
    if (ret == 0)
        ret = keep(reading, code, &area.code);
    if (ret == 0)
        ret = read_names(reading, &area);
    if (ret == 0)
        ret = keep_references(reading, &reference);
    if (ret != 0)
        return ret;
    read_level(reading, &area.level);
    read_day(reading, AREA_VALID_FROM, &area.valid_from);
    read_day(reading, AREA_VALID_TO, &area.valid_to);
    if (area.valid_from != AREA_CODES_NO_DATE && area.valid_to != AREA_CODES_NO_DATE && area.valid_to < area.valid_from)
        tell(reading, AREA_VALID_TO, "the first day or later", " lies before the first day");
    if (reference.successor != 0 && area.valid_to == AREA_CODES_NO_DATE)
        tell(reading, AREA_SUCCESSOR, "a last day (valid_to) with it", " follows an area without a last day");
    list->areas[list->num_areas] = area;
    reading->references[list->num_areas] = reference;
    if (area_index_add(&reading->index, list, list->num_areas++) > AREA_CODES_MAX_SAME)
        tell(reading, AREA_CODE, "at most 100 rows", " is the code of too many rows");
    return 0;
}

static int read_file(struct area_reading *reading)
{
    struct table_options options = { 0 };
    int                  ret = table_open(reading->inputs[reading->file], &options, reading->faults, &reading->table);
    if (ret == 0)
        ret = match_header(reading);
    while (ret == 0 && (ret = table_next(reading->table, &reading->row)) == 1) {
        if (reading->list.num_areas == AREA_CODES_MAX_AREAS) {
            fault_add(reading->faults, table_place(reading->table, &reading->row, TABLE_WHOLE_ROW),
                      "at most 2000000 areas", "one area too many; the rest was not read");
            ret = BASE_ERR_INPUT;
        } else {
            ret = read_row(reading);
        }
    }
    table_close(reading->table);
    reading->table = NULL;
    return ret;
}

/* ---- the whole list ---- */

struct id area_codes_id(const char *code, toc_date valid_from)
{
    static const char purpose[] = "tocsin area"; /* with its NUL */
    unsigned char     text[sizeof purpose + AREA_CODES_MAX_CODE + 1 + DATE_TEXT_BYTES];
    char              day[DATE_TEXT_BYTES] = "";
    struct id         id;
    size_t            size = strnlen(code, AREA_CODES_MAX_CODE), length = 0;
    if (valid_from != AREA_CODES_NO_DATE)
        length = date_to_text(valid_from, DATE_FORM_DAY, day);
    memcpy(text, purpose, sizeof purpose);
    memcpy(text + sizeof purpose, code, size);
    text[sizeof purpose + size] = '\0';
    memcpy(text + sizeof purpose + size + 1, day, length);
    crypto_generichash(id.bytes, ID_BYTES, text, sizeof purpose + size + 1 + length, NULL, 0);
    id.bytes[6] = (uint8_t) (0x80 | (id.bytes[6] & 0x0f)); /* version 8 */
    id.bytes[8] = (uint8_t) (0x80 | (id.bytes[8] & 0x3f)); /* the variant of RFC 9562 */
    return id;
}

static int read_files(struct area_reading *reading, size_t num_inputs)
{
    int worst = 0;
    for (size_t i = 0; i < num_inputs; i++) {
        reading->file = (uint8_t) i;
        int ret = read_file(reading);
        if (ret == TOC_ERR_NO_MEMORY || ret == BASE_ERR_SYSTEM)
            return ret;
        worst = ret == 0 ? worst : ret;
    }
    return worst;
}

static int read_all(struct area_reading *reading, size_t num_inputs)
{
    uint64_t faults_before = reading->faults->num_all;
    reading->text_capacity = (size_t) 1 << 16;
    reading->list.text = memory_array(reading->text_capacity, 1);
    if (reading->list.text == NULL)
        return TOC_ERR_NO_MEMORY;
    reading->list.text_size = 1; /* offset 0: no text */
    int ret = read_files(reading, num_inputs);
    if (ret != 0)
        return ret; /* what was not read would be missed as parents */
    if (reading->list.num_areas == 0 && reading->faults->num_all == faults_before)
        fault_add(reading->faults, (struct fault_place){ .file = reading->inputs[0].name }, "a row for each area",
                  "no rows after the header");
    ret = area_codes_build(reading);
    if (ret == 0 && reading->faults->num_all > faults_before)
        ret = BASE_ERR_INPUT;
    return ret;
}

int area_codes_read(const struct table_input *inputs, size_t num_inputs, const struct area_codes_options *options,
                    struct fault_list *faults, struct area_codes *list)
{
    struct area_reading reading = { .faults = faults, .inputs = inputs, .options = *options };
    int                 ret = TOC_ERR_SHAPE;
    if (num_inputs >= 1 && num_inputs <= AREA_CODES_MAX_FILES)
        ret = read_all(&reading, num_inputs);
    if (ret == 0) {
        *list = reading.list;
        reading.list = (struct area_codes){ 0 };
    } else if (ret == TOC_ERR_NO_MEMORY) {
        fault_add(faults, (struct fault_place){ .file = inputs[reading.file].name }, NULL, "out of memory");
    }
    area_codes_free(&reading.list);
    free(reading.references);
    area_index_free(&reading.index);
    return ret;
}

void area_codes_free(struct area_codes *list)
{
    free(list->areas);
    free(list->text);
    *list = (struct area_codes){ 0 };
}
