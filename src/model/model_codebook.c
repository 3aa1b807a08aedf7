/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <string.h>

#include "model/model_schema.h"

const char *model_kind_word(enum model_kind kind)
{
    static const char *const words[] = { "reference", "text",    "code", "date", "time",
                                         "instant",   "integer", "real", "flag", "bytes" };
    return words[kind];
}

const char *model_rule_word(enum model_rule rule)
{
    static const char *const words[] = { "optional", "required", "fixed", "written" };
    return words[rule];
}

const char *model_class_word(enum model_class class)
{
    static const char *const words[] = { "open", "routine", "sensitive", "identifying" };
    return words[class];
}

const struct rows_column model_codebook_columns[MODEL_CODEBOOK_COLUMNS] = {
    { .name = "record", .kind = ROWS_TEXT },
    { .name = "field", .kind = ROWS_TEXT },
    { .name = "kind", .kind = ROWS_TEXT },
    { .name = "rule", .kind = ROWS_TEXT },
    { .name = "class", .kind = ROWS_TEXT },
    { .name = "label_en", .kind = ROWS_TEXT },
    { .name = "label_zh", .kind = ROWS_TEXT },
    { .name = "list", .kind = ROWS_TEXT },
    { .name = "low", .kind = ROWS_NUMBER, .decimals = -1 },
    { .name = "high", .kind = ROWS_NUMBER, .decimals = -1 },
};

static void write_field(struct rows *rows, const struct model_record *record, const struct model_field *field)
{
    bool bounded = field->kind == MODEL_KIND_INTEGER || field->kind == MODEL_KIND_REAL;
    bool limited = bounded || field->kind == MODEL_KIND_TEXT || field->kind == MODEL_KIND_BYTES;
    rows_text(rows, record->name);
    rows_text(rows, field->name);
    rows_text(rows, model_kind_word(field->kind));
    rows_text(rows, model_rule_word(field->rule));
    rows_text(rows, model_class_word(field->class));
    rows_text(rows, field->label_en);
    rows_text(rows, field->label_zh);
    if (field->target != NULL)
        rows_text(rows, field->target);
    else
        rows_missing(rows);
    rows_number(rows, bounded ? field->low : NAN);
    rows_number(rows, limited ? field->high : NAN);
    rows_end_row(rows);
}

void model_codebook_rows(struct rows *rows, const struct model_record *record)
{
    size_t                     num = 1;
    const struct model_record *records = record != NULL ? record : model_records(&num);
    for (size_t i = 0; i < num; i++)
        for (size_t j = 0; j < records[i].num_fields; j++)
            write_field(rows, &records[i], &records[i].fields[j]);
}

/* Did a field before this one name the list already? */
static bool is_first_use(const struct model_record *records, size_t record, size_t field)
{
    const char *list = records[record].fields[field].target;
    for (size_t i = 0; i <= record; i++)
        for (size_t j = 0; j < (i == record ? field : records[i].num_fields); j++)
            if (records[i].fields[j].kind == MODEL_KIND_CODE && strcmp(records[i].fields[j].target, list) == 0)
                return false;
    return true;
}

const char *model_list_used(const struct model_record *record, size_t index)
{
    size_t                     num = 1;
    const struct model_record *records = record != NULL ? record : model_records(&num);
    for (size_t i = 0; i < num; i++)
        for (size_t j = 0; j < records[i].num_fields; j++)
            if (records[i].fields[j].kind == MODEL_KIND_CODE && is_first_use(records, i, j) && index-- == 0)
                return records[i].fields[j].target;
    return NULL;
}
