/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/model_lists.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/date_text.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/unicode.h"
#include "tocsin/status.h"

#define ENTRIES_AT_FIRST 16

/* Entries in the order of their file, and slots of a hash table with open addressing: place in entries + 1, 0 = none.
 * There are always at least twice as many slots as entries. */
struct list {
    const char                *name;
    const struct model_entry **entries;
    size_t                     num_entries, capacity;
    uint32_t                  *slots;
    size_t                     num_slots; /* a power of 2 */
};

struct model_lists {
    struct arena arena;
    struct list  lists[MODEL_LISTS_MAX]; /* by name */
    size_t       num_lists;
    size_t       num_entries; /* of all */
};

/* ---- one list ---- */

static const struct model_entry *find(const struct list *list, const char *code, size_t size)
{
    if (list->num_slots == 0)
        return NULL;
    for (size_t i = text_hash(code, size);; i++) {
        uint32_t place = list->slots[i & (list->num_slots - 1)];
        if (place == 0)
            return NULL;
        const struct model_entry *entry = list->entries[place - 1];
        if (strncmp(entry->code, code, size) == 0 && entry->code[size] == '\0')
            return entry;
    }
}

static void put_in_slot(struct list *list, size_t place)
{
    const char *code = list->entries[place]->code;
    size_t      i = text_hash(code, strlen(code));
    while (list->slots[i & (list->num_slots - 1)] != 0)
        i++;
    list->slots[i & (list->num_slots - 1)] = (uint32_t) place + 1;
}

static int grow(struct list *list)
{
    size_t                     capacity = list->capacity == 0 ? ENTRIES_AT_FIRST : 2 * list->capacity;
    const struct model_entry **entries = memory_resize(list->entries, capacity, sizeof *entries);
    if (entries == NULL)
        return TOC_ERR_NO_MEMORY;
    list->entries = entries;
    uint32_t *slots = memory_array(2 * capacity, sizeof *slots);
    if (slots == NULL)
        return TOC_ERR_NO_MEMORY;
    free(list->slots);
    list->slots = slots;
    list->num_slots = 2 * capacity;
    list->capacity = capacity;
    for (size_t i = 0; i < list->num_entries; i++)
        put_in_slot(list, i);
    return 0;
}

static int copy_text(struct arena *arena, const char *text, const char **copy)
{
    *copy = NULL;
    if (text == NULL || *text == '\0')
        return 0;
    *copy = arena_copy(arena, text, strlen(text));
    return *copy != NULL ? 0 : TOC_ERR_NO_MEMORY;
}

/* Append a copy of an entry whose code is not there yet. */
static int append(struct list *list, struct arena *arena, const struct model_entry *entry)
{
    struct model_entry *copy = arena_array(arena, 1, sizeof *copy);
    int                 ret = copy == NULL ? TOC_ERR_NO_MEMORY : list->num_entries == list->capacity ? grow(list) : 0;
    if (ret != 0)
        return ret;
    *copy = *entry;
    if (copy_text(arena, entry->code, &copy->code) != 0 || copy_text(arena, entry->system, &copy->system) != 0 ||
        copy_text(arena, entry->system_code, &copy->system_code) != 0 ||
        copy_text(arena, entry->parent, &copy->parent) != 0)
        return TOC_ERR_NO_MEMORY;
    for (int i = 0; i < MODEL_NUM_LANGUAGES; i++)
        if (copy_text(arena, entry->name[i], &copy->name[i]) != 0)
            return TOC_ERR_NO_MEMORY;
    list->entries[list->num_entries] = copy;
    put_in_slot(list, list->num_entries++);
    return 0;
}

static void free_list(struct list *list)
{
    free(list->entries);
    free(list->slots);
    *list = (struct list){ 0 };
}

/* ---- the lists ---- */

int model_lists_new(struct model_lists **lists)
{
    struct model_lists *made = memory_array(1, sizeof *made);
    if (made == NULL)
        return TOC_ERR_NO_MEMORY;
    made->arena.limit = SIZE_MAX / 2; /* MODEL_LISTS_ENTRIES and the lengths of cells are the limit */
    *lists = made;
    return 0;
}

void model_lists_free(struct model_lists *lists)
{
    for (size_t i = 0; lists != NULL && i < lists->num_lists; i++)
        free_list(&lists->lists[i]);
    if (lists != NULL)
        arena_free(&lists->arena);
    free(lists);
}

/* Where the list of that name stands, or would. */
static size_t place_of(const struct model_lists *lists, const char *name, bool *there)
{
    size_t low = 0, high = lists->num_lists;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int    order = strcmp(lists->lists[middle].name, name);
        if (order == 0) {
            *there = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *there = false;
    return low;
}

static const struct list *list_of(const struct model_lists *lists, const char *name)
{
    bool   there;
    size_t place = place_of(lists, name, &there);
    return there ? &lists->lists[place] : NULL;
}

/* Take a list over; the caller knows that its name is new. */
static int insert(struct model_lists *lists, const struct list *list)
{
    bool   there;
    size_t place = place_of(lists, list->name, &there);
    if (lists->num_lists == MODEL_LISTS_MAX)
        return TOC_ERR_TOO_LARGE;
    memmove(&lists->lists[place + 1], &lists->lists[place], (lists->num_lists - place) * sizeof *list);
    lists->lists[place] = *list;
    lists->num_lists++;
    lists->num_entries += list->num_entries;
    return 0;
}

bool model_lists_has(const struct model_lists *lists, const char *list)
{
    return list_of(lists, list) != NULL;
}

const struct model_entry *model_lists_find(const struct model_lists *lists, const char *list, const char *code,
                                           size_t size)
{
    const struct list *found = list_of(lists, list);
    return found != NULL ? find(found, code, size) : NULL;
}

const char *model_lists_list(const struct model_lists *lists, size_t index)
{
    return index < lists->num_lists ? lists->lists[index].name : NULL;
}

const struct model_entry *model_lists_entry(const struct model_lists *lists, const char *list, size_t index)
{
    const struct list *found = list_of(lists, list);
    return found != NULL && index < found->num_entries ? found->entries[index] : NULL;
}

const char *model_entry_name(const struct model_entry *entry, enum model_language language)
{
    return entry->name[language] != NULL ? entry->name[language] : entry->name[MODEL_ENGLISH];
}

int model_lists_add_entry(struct model_lists *lists, const char *list, const struct model_entry *entry)
{
    bool   there;
    size_t place = place_of(lists, list, &there);
    if (lists->num_entries >= MODEL_LISTS_ENTRIES)
        return TOC_ERR_TOO_LARGE;
    if (!there) {
        struct list made = { 0 };
        int         ret = copy_text(&lists->arena, list, &made.name);
        if (ret == 0)
            ret = insert(lists, &made);
        if (ret != 0)
            return ret;
    }
    if (find(&lists->lists[place], entry->code, strlen(entry->code)) != NULL)
        return BASE_ERR_INPUT;
    int ret = append(&lists->lists[place], &lists->arena, entry);
    if (ret == 0)
        lists->num_entries++;
    return ret;
}

/* ---- reading a file ---- */

enum column { CODE, NAME_EN, NAME_ZH, NAME_BO, SYSTEM, SYSTEM_CODE, PARENT, VALID_FROM, VALID_TO, NUM_COLUMNS };
static const char *const column_words[NUM_COLUMNS] = { "code",        "name_en", "name_zh",    "name_bo", "system",
                                                       "system_code", "parent",  "valid_from", "valid_to" };
#define ALL_COLUMNS "code, name_en, name_zh, name_bo, system, system_code, parent, valid_from, valid_to"
#define NO_CELL ((size_t) -1)
#define CODE_ALLOWED "a code of a-z, 0-9, '-', '_', '.', at most 80 of them"

struct reading {
    struct fault_list *faults;
    struct table      *table;
    struct table_row   row;
    size_t             cell[NUM_COLUMNS];
    struct arena      *arena;
    struct list        list;
    uint64_t          *lines; /* of each entry */
    size_t             num_lines;
};

static void match_cell(struct reading *reading, size_t number)
{
    const struct table_row *header = table_header(reading->table);
    struct fault_place      place = table_place(reading->table, header, number);
    const char             *text = header->cells[number].text;
    size_t                  column = 0;
    place.name = NULL;
    while (column < NUM_COLUMNS && strcmp(text, column_words[column]) != 0)
        column++;
    char quoted[TEXT_QUOTE_BYTES];
    text_quote(text, header->cells[number].size, quoted);
    if (column == NUM_COLUMNS)
        fault_add(reading->faults, place, ALL_COLUMNS, "%s is not a known column", quoted);
    else if (reading->cell[column] != NO_CELL)
        fault_add(reading->faults, place, NULL, "the column %s comes twice", quoted);
    else
        reading->cell[column] = number;
}

static void match_header(struct reading *reading)
{
    const struct table_row *header = table_header(reading->table);
    for (size_t column = 0; column < NUM_COLUMNS; column++)
        reading->cell[column] = NO_CELL;
    for (size_t number = 0; number < header->num_cells; number++)
        match_cell(reading, number);
    for (size_t column = CODE; column <= NAME_EN; column++)
        if (reading->cell[column] == NO_CELL)
            fault_add(reading->faults, table_place(reading->table, header, TABLE_WHOLE_ROW), ALL_COLUMNS,
                      "there is no column \"%s\"", column_words[column]);
}

/* The text of a cell; NULL where it is empty or there is no such column. */
static const char *cell_text(const struct reading *reading, enum column column)
{
    size_t cell = reading->cell[column];
    return cell != NO_CELL && reading->row.cells[cell].size > 0 ? reading->row.cells[cell].text : NULL;
}

static void refuse(struct reading *reading, enum column column, const char *allowed)
{
    char        quoted[TEXT_QUOTE_BYTES];
    const char *text = cell_text(reading, column);
    text_quote(text != NULL ? text : "", text != NULL ? strlen(text) : 0, quoted);
    fault_add(reading->faults, table_place(reading->table, &reading->row, reading->cell[column]), allowed, "found %s",
              quoted);
}

static bool is_code(const char *code)
{
    return code != NULL && strlen(code) <= MODEL_LISTS_CODE &&
           code[strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] == '\0';
}

static void check_texts(struct reading *reading)
{
    for (enum column column = NAME_EN; column <= SYSTEM_CODE; column++) {
        const char *text = cell_text(reading, column);
        size_t      size = text != NULL ? strlen(text) : 0;
        if (text == NULL && column == NAME_EN)
            refuse(reading, column, "a name in English in every row");
        else if (size > 0 && unicode_length(text, size) > MODEL_LISTS_NAME)
            refuse(reading, column, "at most 160 characters");
        else if (size > 0 &&
                 (unicode_check_plain(text, size) != size || strchr(text, '\n') != NULL || !unicode_is_nfc(text, size)))
            refuse(reading, column, "one line of text in Unicode's normal form NFC, without control characters");
    }
}

static toc_date read_date(struct reading *reading, enum column column)
{
    const char    *text = cell_text(reading, column);
    toc_date       date = MODEL_MISSING_DATE;
    enum date_form form = DATE_FORM_DAY;
    if (text == NULL)
        return MODEL_MISSING_DATE;
    if (date_from_text(text, strlen(text), &date, &form, NULL) != 0 || form != DATE_FORM_DAY) {
        refuse(reading, column, "a date as 2026-11-22");
        return MODEL_MISSING_DATE;
    }
    return date;
}

static int remember_line(struct reading *reading)
{
    if (reading->num_lines % 1024 == 0) {
        uint64_t *lines = memory_resize(reading->lines, reading->num_lines + 1024, sizeof *lines);
        if (lines == NULL)
            return TOC_ERR_NO_MEMORY;
        reading->lines = lines;
    }
    reading->lines[reading->num_lines++] = reading->row.line;
    return 0;
}

static int read_row(struct reading *reading)
{
    const char        *code = cell_text(reading, CODE);
    uint64_t           faults_before = reading->faults->num_all;
    struct model_entry entry = {
        .code = code,
        .name = { cell_text(reading, NAME_EN), cell_text(reading, NAME_ZH), cell_text(reading, NAME_BO) },
        .system = cell_text(reading, SYSTEM),
        .system_code = cell_text(reading, SYSTEM_CODE),
        .parent = cell_text(reading, PARENT),
        .valid_from = read_date(reading, VALID_FROM),
        .valid_to = read_date(reading, VALID_TO),
    };
    if (!is_code(code))
        refuse(reading, CODE, CODE_ALLOWED);
    else if (find(&reading->list, code, strlen(code)) != NULL)
        refuse(reading, CODE, "each code once");
    check_texts(reading);
    if (entry.valid_from != MODEL_MISSING_DATE && entry.valid_to != MODEL_MISSING_DATE &&
        entry.valid_to < entry.valid_from)
        refuse(reading, VALID_TO, "not before valid_from");
    if (reading->list.num_entries >= MODEL_LISTS_ENTRIES)
        fault_add(reading->faults, table_place(reading->table, &reading->row, TABLE_WHOLE_ROW), NULL,
                  "more than %d codes", MODEL_LISTS_ENTRIES);
    if (reading->faults->num_all > faults_before)
        return 0;
    int ret = append(&reading->list, reading->arena, &entry);
    return ret != 0 ? ret : remember_line(reading);
}

static void check_parents(struct reading *reading)
{
    for (size_t i = 0; i < reading->list.num_entries; i++) {
        const char *parent = reading->list.entries[i]->parent;
        if (parent == NULL || find(&reading->list, parent, strlen(parent)) != NULL)
            continue;
        struct table_row   row = { .line = reading->lines[i] };
        struct fault_place place = table_place(reading->table, &row, TABLE_WHOLE_ROW);
        char               quoted[TEXT_QUOTE_BYTES];
        text_quote(parent, strlen(parent), quoted);
        place.name = column_words[PARENT];
        fault_add(reading->faults, place, "a code of this list", "found %s", quoted);
    }
}

static int read_rows(struct reading *reading)
{
    int ret;
    while ((ret = table_next(reading->table, &reading->row)) == 1) {
        ret = read_row(reading);
        if (ret != 0)
            return ret;
    }
    return ret;
}

int model_lists_add(struct model_lists *lists, const char *name, struct table_input input, struct fault_list *faults)
{
    struct reading reading = { .faults = faults, .arena = &lists->arena };
    uint64_t       faults_before = faults->num_all;
    int            ret = copy_text(&lists->arena, name, &reading.list.name);
    if (ret == 0 && (model_lists_has(lists, name) || lists->num_lists == MODEL_LISTS_MAX)) {
        fault_add(faults, (struct fault_place){ .file = input.name }, NULL, "the list \"%s\" %s", name,
                  lists->num_lists == MODEL_LISTS_MAX ? "is one too many" : "is there already");
        ret = BASE_ERR_INPUT;
    }
    if (ret == 0)
        ret = table_open(input, &(struct table_options){ .delimiter = ',' }, faults, &reading.table);
    if (ret != 0)
        goto out;
    match_header(&reading);
    if (faults->num_all == faults_before)
        ret = read_rows(&reading);
    if (ret == 0 && faults->num_all == faults_before)
        check_parents(&reading);
    if (ret == 0 && faults->num_all > faults_before)
        ret = BASE_ERR_INPUT;
    if (ret == 0)
        ret = insert(lists, &reading.list);
    if (ret == 0)
        reading.list = (struct list){ 0 }; /* it is theirs now */
out:
    table_close(reading.table);
    free(reading.lines);
    free_list(&reading.list);
    return ret;
}

/* ---- a folder ---- */

static int is_list_file(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 4 && entry->d_name[0] != '.' && strcmp(entry->d_name + length - 4, ".csv") == 0;
}

/* By bytes, the same in every locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_file(struct model_lists *lists, const char *folder, const char *file, struct fault_list *faults)
{
    size_t length = strlen(folder), file_length = strlen(file);
    char  *path = arena_array(&lists->arena, length + file_length + 2, 1);
    char  *name = arena_copy(&lists->arena, file, file_length - 4);
    if (path == NULL || name == NULL)
        return TOC_ERR_NO_MEMORY;
    memcpy(path, folder, length);
    path[length] = '/';
    memcpy(path + length + 1, file, file_length);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fault_add(faults, (struct fault_place){ .file = path }, NULL, "cannot be opened: %s", strerror(errno));
        return BASE_ERR_SYSTEM;
    }
    int ret = model_lists_add(lists, name, table_input_file(&fd, path), faults);
    close(fd);
    return ret;
}

int model_lists_add_folder(struct model_lists *lists, const char *folder, struct fault_list *faults)
{
    struct dirent **files = NULL;
    int             num_files = scandir(folder, &files, is_list_file, compare_names), ret = 0;
    if (num_files < 0) {
        const char *path = arena_copy(&lists->arena, folder, strlen(folder));
        fault_add(faults, (struct fault_place){ .file = path }, NULL, "cannot be read: %s", strerror(errno));
        return BASE_ERR_SYSTEM;
    }
    for (int i = 0; i < num_files; i++) {
        int answer = add_file(lists, folder, files[i]->d_name, faults);
        if (ret == 0 || answer == TOC_ERR_NO_MEMORY)
            ret = answer;
        free(files[i]);
    }
    free(files);
    return ret;
}
