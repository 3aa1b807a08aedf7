/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of a folder of code tables. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/code_tables_rows.h"
#include "formats/table.h"
#include "tocsin/status.h"

#define MAX_COLUMNS 8

/* A file that is being read: which cell each of its columns is. */
struct file {
    struct code_tables     *tables;
    struct fault_list      *faults;
    struct table           *table;
    const struct table_row *row;
    const char *const      *columns;
    size_t                  cells[MAX_COLUMNS]; /* TABLE_WHOLE_ROW = not there */
};

static struct report_text cell(const struct file *file, size_t column)
{
    size_t at = file->cells[column];
    if (at == TABLE_WHOLE_ROW)
        return (struct report_text){ 0 };
    return (struct report_text){ file->row->cells[at].text, file->row->cells[at].size };
}

static void wrong(const struct file *file, size_t column, const char *allowed)
{
    struct report_text found = cell(file, column);
    fault_add(file->faults, table_place(file->table, file->row, file->cells[column]), allowed, "\"%.*s\" is not known",
              (int) (found.size < 60 ? found.size : 60), found.size > 0 ? found.bytes : "");
}

/* The index of a word that `word_of` gives below num; -1 = none, and a fault. */
static int index_of(const struct file *file, size_t column, const char *(*word_of)(unsigned), unsigned num,
                    const char *allowed)
{
    struct report_text text = cell(file, column);
    for (unsigned i = 0; i < num; i++)
        if (word_of(i) != NULL && report_text_equals(text, word_of(i)))
            return (int) i;
    wrong(file, column, allowed);
    return -1;
}

static const char *interpretation_word(unsigned i)
{
    return report_interpretation_word(i);
}

static const char *system_word(unsigned i)
{
    return report_system_word(i);
}

static const char *question_word(unsigned i)
{
    return report_question_word(i);
}

static const char *kind_word(unsigned i)
{
    return report_subject_kind_word(i);
}

static const char *role_word(unsigned i)
{
    static const char *const words[CODE_NUM_ROLES] = { NULL,    "result",         "question", "questionnaire",
                                                       "visit", "cycle-threshold" };
    return words[i];
}

static const char *visit_word(unsigned i)
{
    static const char *const words[] = { NULL,       "reason",       "note", "temperature", "oxygen-saturation",
                                         "facility", "facility-kind" };
    return words[i];
}

#define INTERPRETATIONS "detected, not-detected, inconclusive, invalid, rejected or measured"
#define SYSTEMS "LOINC, SNOMED-CT, UCUM, ICD-10, ICD-9, HL7, NND, PHIN or local"

static int interpretation(const struct file *file, size_t column)
{
    return index_of(file, column, interpretation_word, REPORT_NUM_INTERPRETATIONS, INTERPRETATIONS);
}

/* A copy of a text, or NULL where it is empty or there is no memory. */
static const char *keep(const struct file *file, struct report_text text)
{
    return text.size > 0 ? arena_copy(&file->tables->arena, text.bytes, text.size) : NULL;
}

/* Put a row under this code, folded or not, and its sender. */
static int put(struct file *file, struct code_row *row, struct report_text code, struct report_text sender)
{
    if (code.size == 0 || code.size > CODE_TABLES_MAX_TEXT) {
        wrong(file, 0, "a text of at most 160 bytes");
        return 0;
    }
    if (file->tables->num_rows >= CODE_TABLES_MAX_ROWS) {
        fault_add(file->faults, table_place(file->table, file->row, TABLE_WHOLE_ROW), NULL, "more rows than allowed");
        return BASE_ERR_INPUT;
    }
    row->key.code = (struct report_text){ keep(file, code), code.size };
    row->key.sender = (struct report_text){ keep(file, sender), sender.size };
    if (row->key.code.bytes == NULL || (sender.size > 0 && row->key.sender.bytes == NULL))
        return TOC_ERR_NO_MEMORY;
    file->tables->has_senders |= sender.size > 0;
    return code_tables_put(file->tables, row);
}

static struct report_text folded(struct report_text text, char room[CODE_TABLES_MAX_TEXT])
{
    return (struct report_text){ room, code_tables_fold(text, room) };
}

static struct report_text tokens(struct report_text text, char room[CODE_TABLES_MAX_TEXT])
{
    return (struct report_text){ room, code_tables_tokens(text, room) };
}

/* ---- one row of each file; the columns are in the order of the table below ---- */

static int read_system(struct file *file)
{
    char room[CODE_TABLES_MAX_TEXT];
    int  system = index_of(file, 1, system_word, REPORT_NUM_SYSTEMS, SYSTEMS);
    if (system < 0)
        return 0;
    struct code_row row = { .key.kind = CODE_KIND_SYSTEM, .number = system };
    return put(file, &row, folded(cell(file, 0), room), (struct report_text){ 0 });
}

static int read_meaning(struct file *file)
{
    int system = index_of(file, 1, system_word, REPORT_NUM_SYSTEMS, SYSTEMS), meaning = interpretation(file, 2);
    if (system < 0 || meaning < 0)
        return 0;
    struct code_row row = { .key = { .kind = CODE_KIND_MEANING, .system = (uint8_t) system },
                            .meaning = { (uint8_t) meaning, report_text_equals(cell(file, 3), "yes") } };
    return put(file, &row, cell(file, 0), cell(file, 4));
}

static int read_flag(struct file *file)
{
    char room[CODE_TABLES_MAX_TEXT];
    int  meaning = interpretation(file, 1);
    if (meaning < 0)
        return 0;
    struct code_row row = { .key.kind = CODE_KIND_FLAG, .meaning = { (uint8_t) meaning, false } };
    return put(file, &row, folded(cell(file, 0), room), (struct report_text){ 0 });
}

static int read_words(struct file *file)
{
    char room[CODE_TABLES_MAX_TEXT];
    int  meaning = interpretation(file, 1);
    if (meaning < 0)
        return 0;
    struct code_row row = { .key.kind = CODE_KIND_WORDS, .meaning = { (uint8_t) meaning, false } };
    return put(file, &row, folded(cell(file, 0), room), cell(file, 2));
}

static int read_test(struct file *file)
{
    int system = index_of(file, 1, system_word, REPORT_NUM_SYSTEMS, SYSTEMS);
    int role =
        index_of(file, 2, role_word, CODE_NUM_ROLES, "result, question, questionnaire, visit or cycle-threshold");
    int part = 0;
    if (system < 0 || role < 0)
        return 0;
    struct code_row row = { .key = { .kind = CODE_KIND_TEST, .system = (uint8_t) system } };
    if (role == CODE_QUESTION && cell(file, 5).size > 0)
        part = index_of(file, 5, question_word, REPORT_NUM_QUESTIONS, "a word of docs/intake.md, Questions");
    else if (role == CODE_VISIT)
        part = index_of(file, 5, visit_word, CODE_VISIT_FACILITY_KIND + 1,
                        "reason, note, temperature, oxygen-saturation, facility or facility-kind");
    if (part < 0)
        return 0;
    row.test = (struct code_test){ .role = (uint8_t) role,
                                   .question = (uint8_t) (role == CODE_QUESTION ? part : 0),
                                   .visit_part = (uint8_t) (role == CODE_VISIT ? part : 0),
                                   .target = keep(file, cell(file, 3)),
                                   .method = keep(file, cell(file, 4)) };
    return put(file, &row, cell(file, 0), cell(file, 6));
}

static int read_named(struct file *file, enum code_kind kind)
{
    char            room[CODE_TABLES_MAX_TEXT];
    struct code_row row = { .key.kind = (uint8_t) kind, .text = keep(file, cell(file, 1)) };
    return put(file, &row, tokens(cell(file, 0), room), (struct report_text){ 0 });
}

static int read_target_words(struct file *file)
{
    return read_named(file, CODE_KIND_TARGET_WORDS);
}

static int read_method_words(struct file *file)
{
    return read_named(file, CODE_KIND_METHOD_WORDS);
}

static int read_organism(struct file *file)
{
    int system = index_of(file, 1, system_word, REPORT_NUM_SYSTEMS, SYSTEMS);
    if (system < 0)
        return 0;
    struct code_row row = { .key = { .kind = CODE_KIND_ORGANISM, .system = (uint8_t) system },
                            .text = keep(file, cell(file, 2)) };
    return put(file, &row, cell(file, 0), (struct report_text){ 0 });
}

static int read_disease(struct file *file)
{
    struct code_row row = { .key.kind = CODE_KIND_DISEASE, .text = keep(file, cell(file, 1)) };
    return put(file, &row, cell(file, 0), (struct report_text){ 0 });
}

static int read_condition(struct file *file)
{
    int system = index_of(file, 1, system_word, REPORT_NUM_SYSTEMS, SYSTEMS);
    if (system < 0)
        return 0;
    struct code_row    row = { .key = { .kind = CODE_KIND_CONDITION, .system = (uint8_t) system },
                               .text = keep(file, cell(file, 2)) };
    struct report_text code = cell(file, 0);
    char               plain[CODE_TABLES_MAX_TEXT];
    if (system == REPORT_ICD_10) {
        size_t size = 0;
        for (size_t i = 0; i < code.size && size < sizeof plain; i++)
            if (code.bytes[i] != '.')
                plain[size++] = code.bytes[i];
        code = (struct report_text){ plain, size };
    }
    return put(file, &row, code, cell(file, 3));
}

static int read_material(struct file *file)
{
    int system = index_of(file, 1, system_word, REPORT_NUM_SYSTEMS, SYSTEMS);
    int kind =
        index_of(file, 2, kind_word, REPORT_NUM_SUBJECT_KINDS, "person, pool, animal, environment or quality-control");
    if (system < 0 || kind < 0)
        return 0;
    struct code_row row = { .key = { .kind = CODE_KIND_MATERIAL, .system = (uint8_t) system }, .number = kind };
    return put(file, &row, cell(file, 0), (struct report_text){ 0 });
}

/* Days, or "never" for what stays one case for good; the row without a disease is for all others. */
static int read_episode(struct file *file)
{
    struct report_text days = cell(file, 1), disease = cell(file, 0);
    struct code_row    row = { .key.kind = CODE_KIND_EPISODE, .number = -1 };
    if (!report_text_equals(days, "never")) {
        row.number = 0;
        for (size_t i = 0; i < days.size; i++)
            if (days.bytes[i] < '0' || days.bytes[i] > '9' || days.size > 4)
                row.number = -1;
            else if (row.number >= 0)
                row.number = row.number * 10 + (days.bytes[i] - '0');
        if (days.size == 0 || row.number < 0) {
            wrong(file, 1, "never, or days: 0 … 9999");
            return 0;
        }
    }
    return put(file, &row, disease.size > 0 ? disease : report_text_of("*"), (struct report_text){ 0 });
}

/* Of the reference lists (share/lists): rows without a code of a standard say nothing here. */
static int read_listed_organism(struct file *file)
{
    return cell(file, 0).size > 0 ? read_organism(file) : 0;
}

/* The name of a listed code, as a value that line lists say it by. */
static int put_name(struct file *file, enum code_value kind, struct report_text code, size_t column)
{
    char            room[CODE_TABLES_MAX_TEXT];
    struct code_row row = { .key = { .kind = CODE_KIND_VALUE, .system = (uint8_t) kind }, .text = keep(file, code) };
    if (cell(file, column).size == 0)
        return 0;
    return put(file, &row, folded(cell(file, column), room), (struct report_text){ 0 });
}

static int put_names(struct file *file, enum code_value kind, size_t code, size_t name_en, size_t name_zh)
{
    int ret = put_name(file, kind, cell(file, code), code);
    if (ret == 0)
        ret = put_name(file, kind, cell(file, code), name_en);
    return ret == 0 ? put_name(file, kind, cell(file, code), name_zh) : ret;
}

static int read_listed_disease(struct file *file)
{
    int ret = put_names(file, CODE_VALUE_DISEASE, 2, 4, 5);
    return ret == 0 && cell(file, 0).size > 0 ? read_condition(file) : ret;
}

static int read_listed_classification(struct file *file)
{
    return put_names(file, CODE_VALUE_CLASSIFICATION, 0, 1, 2);
}

/* ---- line lists ---- */

static int read_column(struct file *file)
{
    char               room[CODE_TABLES_MAX_TEXT];
    struct code_row    row = { .key.kind = CODE_KIND_COLUMN, .text = keep(file, cell(file, 1)) };
    struct report_text header = { room, code_tables_squeeze(cell(file, 0), room) };
    return put(file, &row, header, cell(file, 2));
}

static const char *value_word(unsigned i)
{
    static const char *const words[CODE_NUM_VALUES] = { NULL,      "sex",     "flag",   "classification",
                                                        "disease", "outcome", "status", "missing" };
    return words[i];
}

static int read_value(struct file *file)
{
    char room[CODE_TABLES_MAX_TEXT];
    int  kind = index_of(file, 1, value_word, CODE_NUM_VALUES,
                         "sex, flag, classification, disease, outcome, status or missing");
    if (kind < 0)
        return 0;
    struct code_row row = { .key = { .kind = CODE_KIND_VALUE, .system = (uint8_t) kind },
                            .text = kind == CODE_VALUE_MISSING ? "" : keep(file, cell(file, 2)) };
    return put(file, &row, folded(cell(file, 0), room), cell(file, 3));
}

/* The first `needed` columns must be there. */
static const struct {
    const char *name;
    const char *columns[MAX_COLUMNS];
    size_t      needed;
    int (*read)(struct file *file);
} files[] = {
    { "systems.csv", { "said", "system" }, 2, read_system },
    { "meanings.csv", { "code", "system", "interpretation", "pooled", "sender" }, 3, read_meaning },
    { "flags.csv", { "code", "interpretation" }, 2, read_flag },
    { "words.csv", { "words", "interpretation", "sender" }, 2, read_words },
    { "tests.csv", { "code", "system", "role", "target", "method", "question", "sender" }, 3, read_test },
    { "target_words.csv", { "words", "target" }, 2, read_target_words },
    { "method_words.csv", { "words", "method" }, 2, read_method_words },
    { "organisms.csv", { "code", "system", "target" }, 3, read_organism },
    { "target_diseases.csv", { "target", "disease" }, 2, read_disease },
    { "conditions.csv", { "code", "system", "disease", "sender" }, 3, read_condition },
    { "materials.csv", { "code", "system", "kind" }, 3, read_material },
    { "episodes.csv", { "disease", "days" }, 2, read_episode },
    { "test_target.csv", { "system_code", "system", "code" }, 3, read_listed_organism },
    { "disease.csv", { "system_code", "system", "code", "sender", "name_en", "name_zh" }, 3, read_listed_disease },
    { "case_classification.csv", { "code", "name_en", "name_zh" }, 1, read_listed_classification },
    { "columns.csv", { "header", "field", "sender" }, 2, read_column },
    { "values.csv", { "words", "kind", "code", "sender" }, 3, read_value },
};

static int find_columns(struct file *file, size_t needed)
{
    const struct table_row *header = table_header(file->table);
    for (size_t c = 0; c < MAX_COLUMNS; c++) {
        file->cells[c] = TABLE_WHOLE_ROW;
        for (size_t i = 0; file->columns[c] != NULL && i < header->num_cells; i++)
            if (strcmp(header->cells[i].text, file->columns[c]) == 0)
                file->cells[c] = i;
        if (c < needed && file->cells[c] == TABLE_WHOLE_ROW) {
            fault_add(file->faults, table_place(file->table, header, TABLE_WHOLE_ROW), NULL, "no column '%s'",
                      file->columns[c]);
            return BASE_ERR_INPUT;
        }
    }
    return 0;
}

static int read_file(struct code_tables *tables, int fd, const char *path, size_t which, struct fault_list *faults)
{
    struct table_row row;
    struct file      file = { .tables = tables, .faults = faults, .row = &row, .columns = files[which].columns };
    uint64_t         before = faults->num_all;
    int              ret = table_open(table_input_file(&fd, path), &(struct table_options){ 0 }, faults, &file.table);
    if (ret != 0)
        return ret;
    ret = find_columns(&file, files[which].needed);
    while (ret == 0 && (ret = table_next(file.table, &row)) == 1)
        ret = files[which].read(&file);
    table_close(file.table);
    return ret == 0 && faults->num_all > before ? BASE_ERR_INPUT : ret;
}

int code_tables_add_folder(struct code_tables *tables, const char *folder, struct fault_list *faults)
{
    struct stat status;
    int         ret = 0;
    if (stat(folder, &status) != 0 || !S_ISDIR(status.st_mode)) {
        fault_add(faults, (struct fault_place){ .name = folder }, "a folder of code tables", "is no folder");
        return BASE_ERR_SYSTEM;
    }
    for (size_t i = 0; i < sizeof files / sizeof *files && (ret == 0 || ret == BASE_ERR_INPUT); i++) {
        size_t size = strlen(folder) + strlen(files[i].name) + 2;
        char  *path = arena_array(&tables->arena, size, 1); /* lives as long as the tables: faults borrow it */
        if (path == NULL)
            return TOC_ERR_NO_MEMORY;
        snprintf(path, size, "%s/%s", folder, files[i].name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
            continue;
        if (fd < 0) {
            fault_add(faults, (struct fault_place){ .file = path }, NULL, "%s", strerror(errno));
            return BASE_ERR_SYSTEM;
        }
        int one = read_file(tables, fd, path, i, faults);
        close(fd);
        if (one != 0)
            ret = one;
    }
    return ret;
}
