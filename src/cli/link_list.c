/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/link_list.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/deny.h"
#include "base/memory.h"
#include "base/text.h"
#include "formats/table.h"

/* ---- which column is what ---- */

struct mapping {
    enum person_field field[TABLE_MAX_COLUMNS]; /* of each column; PERSON_FIELD_NONE = not used */
    bool              day_first;
};

static bool is_ignored(const struct link_list_options *options, const struct table_cell *header)
{
    for (size_t i = 0; i < options->num_ignored; i++)
        if (text_equal_nocase(options->ignored[i], strlen(options->ignored[i]), header->text, header->size))
            return true;
    return false;
}

/* Did the user name this column for the field? */
static bool is_named(const struct link_list_options *options, enum person_field field, const struct table_cell *header)
{
    const char *column = options->field_column[field];
    return column != NULL && text_equal_nocase(column, strlen(column), header->text, header->size);
}

/* The field that the user says, else the one that the header's words mean. */
static enum person_field field_of(const struct link_list_options *options, const struct table_cell *header)
{
    for (int field = 0; field < PERSON_NUM_FIELDS; field++)
        if (is_named(options, (enum person_field) field, header))
            return (enum person_field) field;
    enum person_field field = person_field_of_header(header->text, header->size);
    return field != PERSON_FIELD_NONE && options->field_column[field] != NULL ? PERSON_FIELD_NONE : field;
}

static void note(FILE *notes, const char *path, const struct table_cell *header, const char *what)
{
    char quoted[TEXT_QUOTE_BYTES];
    text_quote(header->text, header->size, quoted);
    fprintf(notes, "%s: column %s %s\n", path, quoted, what);
}

static void map_columns(const struct table *table, const char *path, const struct link_list_options *options,
                        struct mapping *mapping, bool *found, FILE *notes)
{
    const struct table_row *header = table_header(table);
    bool                    taken[PERSON_NUM_FIELDS] = { false };
    for (size_t i = 0; i < header->num_cells; i++) {
        const struct table_cell   *cell = &header->cells[i];
        const struct denied_thing *denied = deny_match(cell->text, cell->size);
        mapping->field[i] = denied != NULL || is_ignored(options, cell) ? PERSON_FIELD_NONE : field_of(options, cell);
        enum person_field field = mapping->field[i];
        for (int named = 0; named < PERSON_NUM_FIELDS; named++)
            found[named] = found[named] || is_named(options, (enum person_field) named, cell);
        if (denied != NULL) {
            char what[200];
            snprintf(what, sizeof what, "is not read: %s", denied->reason_en);
            note(notes, path, cell, what);
        } else if (field != PERSON_FIELD_NONE && taken[field]) {
            note(notes, path, cell, "is not used: another column says the same");
            mapping->field[i] = PERSON_FIELD_NONE;
        } else if (field != PERSON_FIELD_NONE) {
            taken[field] = true;
        }
    }
    bool parts = taken[PERSON_FIELD_given] && taken[PERSON_FIELD_family];
    for (size_t i = 0; i < header->num_cells; i++) {
        if (mapping->field[i] == PERSON_FIELD_name && parts)
            mapping->field[i] = PERSON_FIELD_NONE; /* its parts say it better */
        if (mapping->field[i] == PERSON_FIELD_NONE)
            continue;
        char what[100];
        snprintf(what, sizeof what, "is %s (%s)", person_field_texts[mapping->field[i]].what,
                 person_field_texts[mapping->field[i]].code);
        note(notes, path, &header->cells[i], what);
    }
}

/* ---- records ---- */

static bool is_compared(enum person_field field)
{
    return field != PERSON_FIELD_record && field != PERSON_FIELD_name;
}

static int grow_array(uint32_t **array, size_t room)
{
    uint32_t *grown = memory_resize(*array, room, sizeof **array);
    if (grown == NULL)
        return TOC_ERR_NO_MEMORY;
    *array = grown;
    return 0;
}

/* Room for one more record; all its values are missing. */
static int add_record(struct link_lists *lists)
{
    int ret = 0;
    if (lists->num_records == lists->room) {
        size_t room = lists->room == 0 ? 1024 : 2 * lists->room;
        for (int field = 0; field < PERSON_NUM_FIELDS && ret == 0; field++)
            if (lists->value[field] != NULL)
                ret = grow_array(&lists->value[field], room);
        if (ret == 0)
            ret = grow_array(&lists->label, room);
        if (ret == 0)
            ret = grow_array(&lists->line, room);
        if (ret != 0)
            return ret;
        lists->room = room;
    }
    for (int field = 0; field < PERSON_NUM_FIELDS; field++)
        if (lists->value[field] != NULL)
            lists->value[field][lists->num_records] = 0;
    lists->label[lists->num_records++] = 0;
    return 0;
}

/* A field that a list brings and earlier records do not have. */
static int add_field(struct link_lists *lists, enum person_field field)
{
    if (lists->value[field] != NULL)
        return 0;
    lists->value[field] = memory_array(lists->room == 0 ? 1 : lists->room, sizeof *lists->value[field]);
    return lists->value[field] == NULL ? TOC_ERR_NO_MEMORY : 0;
}

static int make_form(enum person_field field, const char *text, size_t size, struct link_text *form)
{
    switch (field) {
    case PERSON_FIELD_given: return link_given(text, size, form);
    case PERSON_FIELD_family: return link_family(text, size, form);
    case PERSON_FIELD_identifier:
    case PERSON_FIELD_identifier_2:
    case PERSON_FIELD_house_number:
    case PERSON_FIELD_postcode: return link_number(text, size, form);
    case PERSON_FIELD_phone:
    case PERSON_FIELD_phone_2: return link_phone(text, size, form);
    default: return link_words(text, size, form);
    }
}

static struct link_values *texts_of(struct link_lists *lists, enum person_field field)
{
    return &lists->texts[field == PERSON_FIELD_family ? PERSON_FIELD_given : field];
}

/* Cells that were met before, and what they became. */
struct memory {
    struct link_set cells[PERSON_NUM_FIELDS];
    uint32_t       *value[PERSON_NUM_FIELDS], *second[PERSON_NUM_FIELDS]; /* second: the family name of a whole one */
    size_t          room[PERSON_NUM_FIELDS];
};

static void free_memory(struct memory *memory)
{
    for (int field = 0; field < PERSON_NUM_FIELDS; field++) {
        link_set_free(&memory->cells[field]);
        free(memory->value[field]);
        free(memory->second[field]);
    }
}

static int remember(struct memory *memory, enum person_field field, uint32_t number, uint32_t value, uint32_t second)
{
    if (number >= memory->room[field]) {
        size_t room = memory->room[field] == 0 ? 1024 : 2 * memory->room[field];
        if (grow_array(&memory->value[field], room) != 0 || grow_array(&memory->second[field], room) != 0)
            return TOC_ERR_NO_MEMORY;
        memory->room[field] = room;
    }
    memory->value[field][number] = value;
    memory->second[field][number] = second;
    return 0;
}

static int read_text(struct link_lists *lists, struct memory *memory, enum person_field field,
                     const struct table_cell *cell, uint32_t *value, uint32_t *second)
{
    struct link_text form, family;
    uint32_t         number;
    int              is_new, ret = link_set_add(&memory->cells[field], cell->text, cell->size, &number, &is_new);
    if (ret != 0)
        return ret;
    if (is_new) {
        uint32_t made = 0, made_family = 0;
        if (field == PERSON_FIELD_name) {
            ret = link_full_name(cell->text, cell->size, &form, &family);
            if (ret == 0)
                ret = link_values_add(texts_of(lists, PERSON_FIELD_family), &family, &made_family);
        } else {
            ret = make_form(field, cell->text, cell->size, &form);
        }
        if (ret == 0)
            ret =
                link_values_add(texts_of(lists, field == PERSON_FIELD_name ? PERSON_FIELD_given : field), &form, &made);
        if (ret == 0)
            ret = remember(memory, field, number, made, made_family);
        if (ret != 0)
            return ret;
    }
    *value = memory->value[field][number];
    *second = memory->second[field][number];
    return 0;
}

static int read_cell(struct link_lists *lists, struct memory *memory, const struct mapping *mapping,
                     enum person_field field, const struct table_cell *cell)
{
    size_t   at = lists->num_records - 1;
    uint32_t value = 0, second = 0;
    int      ret = 0;
    if (cell->size == 0)
        return 0;
    if (field == PERSON_FIELD_record) {
        ret = link_set_add(&lists->labels, cell->text, cell->size, &value, NULL);
        lists->label[at] = value + 1;
        return ret;
    }
    if (field == PERSON_FIELD_birth_date) {
        lists->value[field][at] = link_date(cell->text, cell->size, mapping->day_first);
    } else if (field == PERSON_FIELD_sex) {
        lists->value[field][at] = link_sex(cell->text, cell->size);
    } else {
        ret = read_text(lists, memory, field, cell, &value, &second);
        if (ret != 0)
            return ret;
        if (field != PERSON_FIELD_name) {
            lists->value[field][at] = value;
            return 0;
        }
        lists->value[PERSON_FIELD_given][at] = value;
        lists->value[PERSON_FIELD_family][at] = second;
    }
    return ret;
}

static int read_rows(struct link_lists *lists, struct table *table, const struct mapping *mapping)
{
    struct table_row row;
    struct memory    memory = { .room = { 0 } };
    size_t           num_columns = table_header(table)->num_cells;
    int              ret = 0, more;
    while (ret == 0 && (more = table_next(table, &row)) != 0) {
        ret = more < 0 ? more : add_record(lists);
        if (ret != 0)
            break;
        lists->line[lists->num_records - 1] = (uint32_t) row.line;
        for (size_t i = 0; i < num_columns && ret == 0; i++)
            if (mapping->field[i] != PERSON_FIELD_NONE)
                ret = read_cell(lists, &memory, mapping, mapping->field[i], &row.cells[i]);
    }
    free_memory(&memory);
    return ret;
}

static int add_fields(struct link_lists *lists, const struct mapping *mapping, size_t num_columns)
{
    int ret = 0;
    for (size_t i = 0; i < num_columns && ret == 0; i++) {
        enum person_field field = mapping->field[i];
        if (field == PERSON_FIELD_name) {
            ret = add_field(lists, PERSON_FIELD_given);
            if (ret == 0)
                ret = add_field(lists, PERSON_FIELD_family);
        } else if (field != PERSON_FIELD_NONE && is_compared(field)) {
            ret = add_field(lists, field);
        }
    }
    return ret;
}

/* ---- the order of day and month ---- */

/* One look through the birth dates: a column is of one order, and says which by its 13th to 31st days. */
static int see_date_order(const char *path, size_t column, int *order, struct fault_list *faults)
{
    struct table        *table = NULL;
    struct table_options options = { 0 };
    struct table_row     row;
    struct fault_list    ignored = FAULT_LIST_INIT;
    int                  fd = open(path, O_RDONLY | O_CLOEXEC), ret;
    (void) faults;
    if (fd < 0)
        return 0; /* the reading itself will say so */
    ret = table_open(table_input_file(&fd, path), &options, &ignored, &table);
    for (int seen = 0; ret == 0 && seen < 100000 && table_next(table, &row) == 1; seen++)
        *order += link_date_order(row.cells[column].text, row.cells[column].size);
    table_close(table);
    fault_list_free(&ignored);
    close(fd);
    return 0;
}

static void choose_date_order(const char *path, const struct table *table, const struct link_list_options *options,
                              struct mapping *mapping, FILE *notes)
{
    int order = 0;
    mapping->day_first = options->dates == LINK_DATES_DAY_FIRST;
    if (options->dates != LINK_DATES_SEEN)
        return;
    for (size_t i = 0; i < table_header(table)->num_cells; i++)
        if (mapping->field[i] == PERSON_FIELD_birth_date)
            see_date_order(path, i, &order, NULL);
    mapping->day_first = order > 0;
    if (order != 0)
        fprintf(notes, "%s: dates with the year last have the %s first; --dates says otherwise\n", path,
                order > 0 ? "day" : "month");
}

int link_lists_read(struct link_lists *lists, const char *path, const struct link_list_options *options,
                    struct fault_list *faults, FILE *notes)
{
    struct table        *table = NULL;
    struct table_options table_options = { 0 };
    struct mapping       mapping = { .day_first = false };
    int                  fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fault_add(faults, (struct fault_place){ .file = path }, NULL, "%s", strerror(errno));
        return BASE_ERR_SYSTEM;
    }
    int ret = table_open(table_input_file(&fd, path), &table_options, faults, &table);
    if (ret != 0)
        goto out;
    map_columns(table, path, options, &mapping, lists->found, notes);
    choose_date_order(path, table, options, &mapping, notes);
    ret = add_fields(lists, &mapping, table_header(table)->num_cells);
    if (ret == 0)
        ret = read_rows(lists, table, &mapping);
    if (ret == 0 && faults->num_all > 0)
        ret = BASE_ERR_INPUT;
out:
    table_close(table);
    close(fd);
    return ret;
}

void link_lists_free(struct link_lists *lists)
{
    for (int field = 0; field < PERSON_NUM_FIELDS; field++) {
        if (lists->value[field] != NULL)
            explicit_bzero(lists->value[field], lists->num_records * sizeof *lists->value[field]);
        free(lists->value[field]);
        link_values_free(&lists->texts[field]);
    }
    link_set_free(&lists->labels);
    free(lists->label);
    free(lists->line);
}

/* ---- what linkage gets ---- */

static const enum toc_linkage_role roles[PERSON_NUM_FIELDS] = {
    [PERSON_FIELD_given] = TOC_LINKAGE_GIVEN,
    [PERSON_FIELD_family] = TOC_LINKAGE_FAMILY,
    [PERSON_FIELD_birth_date] = TOC_LINKAGE_BIRTH_DATE,
    [PERSON_FIELD_sex] = TOC_LINKAGE_SEX,
    [PERSON_FIELD_identifier] = TOC_LINKAGE_IDENTIFIER,
    [PERSON_FIELD_identifier_2] = TOC_LINKAGE_IDENTIFIER,
    [PERSON_FIELD_phone] = TOC_LINKAGE_PHONE,
    [PERSON_FIELD_phone_2] = TOC_LINKAGE_PHONE,
    [PERSON_FIELD_house_number] = TOC_LINKAGE_HOUSE_NUMBER,
    [PERSON_FIELD_address] = TOC_LINKAGE_ADDRESS,
    [PERSON_FIELD_address_2] = TOC_LINKAGE_ADDRESS,
    [PERSON_FIELD_village] = TOC_LINKAGE_PLACE,
    [PERSON_FIELD_town] = TOC_LINKAGE_PLACE,
    [PERSON_FIELD_county] = TOC_LINKAGE_PLACE,
    [PERSON_FIELD_state] = TOC_LINKAGE_PLACE,
    [PERSON_FIELD_postcode] = TOC_LINKAGE_POSTCODE,
    [PERSON_FIELD_occupation] = TOC_LINKAGE_OTHER,
    [PERSON_FIELD_birth_place] = TOC_LINKAGE_OTHER,
};

void link_lists_columns(const struct link_lists *lists, struct link_columns *columns)
{
    columns->num = 0;
    for (int field = 0; field < PERSON_NUM_FIELDS && columns->num < TOC_LINKAGE_MAX_COLUMNS; field++) {
        if (lists->value[field] == NULL)
            continue;
        bool texts = field != PERSON_FIELD_birth_date && field != PERSON_FIELD_sex;
        int  of = field == PERSON_FIELD_family ? PERSON_FIELD_given : field;
        columns->values[of] = link_values_of(&lists->texts[of]);
        columns->field[columns->num] = (enum person_field) field;
        columns->column[columns->num++] = (struct toc_linkage_column){ .role = roles[field],
                                                                       .value = lists->value[field],
                                                                       .values = texts ? &columns->values[of] : NULL };
    }
}
