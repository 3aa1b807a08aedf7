/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/model.h"

#include <math.h>
#include <string.h>

#include "model/records.h"

/* ---- the descriptions, made from the .def files: one array a record of fields, counters, indexes, … ---- */

#define SELF_STRUCT struct MODEL_PASTE(model_, SELF)

#define KIND_REFERENCE(record) .kind = MODEL_KIND_REFERENCE, .target = #record
#define KIND_TEXT(most) .kind = MODEL_KIND_TEXT, .high = (most)
#define KIND_CODE(list) .kind = MODEL_KIND_CODE, .target = #list
#define KIND_DATE .kind = MODEL_KIND_DATE
#define KIND_TIME .kind = MODEL_KIND_TIME
#define KIND_INSTANT .kind = MODEL_KIND_INSTANT
#define KIND_INTEGER(least, most) .kind = MODEL_KIND_INTEGER, .low = (least), .high = (most)
#define KIND_REAL(least, most) .kind = MODEL_KIND_REAL, .low = (least), .high = (most)
#define KIND_FLAG .kind = MODEL_KIND_FLAG
#define KIND_BYTES(most) .kind = MODEL_KIND_BYTES, .high = (most)

#undef RECORD
#undef FIELD
#undef END_RECORD
#define RECORD(code, title_en, title_zh) static const struct model_field MODEL_PASTE(fields_, SELF)[] = {
#define FIELD(field, field_kind, field_rule, field_class, en, zh)                                                      \
    { .name = #field,                                                                                                  \
      KIND_##field_kind,                                                                                               \
      .rule = MODEL_RULE_##field_rule,                                                                                 \
      .class = MODEL_CLASS_##field_class,                                                                              \
      .label_en = (en),                                                                                                \
      .label_zh = (zh),                                                                                                \
      .offset = offsetof(SELF_STRUCT, field) },
#define END_RECORD                                                                                                     \
    }                                                                                                                  \
    ;
#include "model/all.def"

#define MODEL_WORDS_DEFAULT
#include "model/def.h"
#undef RECORD
#undef COUNTER
#undef DATED_COUNTER
#undef COUNTER_OF
#undef END_RECORD
#define CODES(...)                                                                                                     \
    {                                                                                                                  \
        __VA_ARGS__                                                                                                    \
    }
#define RECORD(code, title_en, title_zh) static const struct model_counter MODEL_PASTE(counters_, SELF)[] = {
#define COUNTER(counter, day_field, ...) { .name = #counter, .day = (day_field), .dimensions = { __VA_ARGS__ } },
#define DATED_COUNTER(counter, day_field, ...)                                                                         \
    { .name = #counter, .day = (day_field), .dimensions = { __VA_ARGS__ }, .dated = true },
#define COUNTER_OF(counter, field, given, day_field, ...)                                                              \
    { .name = #counter, .day = (day_field), .dimensions = { __VA_ARGS__ }, .only = (field), .codes = given },
#define END_RECORD                                                                                                     \
    {                                                                                                                  \
        0                                                                                                              \
    }                                                                                                                  \
    }                                                                                                                  \
    ;
#include "model/all.def"

#define MODEL_WORDS_DEFAULT
#include "model/def.h"
#undef RECORD
#undef INDEX
#undef UNIQUE
#undef END_RECORD
#define RECORD(code, title_en, title_zh) static const struct model_index MODEL_PASTE(indexes_, SELF)[] = {
#define INDEX(index, ...) { .name = #index, .fields = { __VA_ARGS__ } },
#define UNIQUE(index, ...) { .name = #index, .fields = { __VA_ARGS__ }, .unique = true },
#define END_RECORD                                                                                                     \
    {                                                                                                                  \
        0                                                                                                              \
    }                                                                                                                  \
    }                                                                                                                  \
    ;
#include "model/all.def"

#define MODEL_WORDS_DEFAULT
#include "model/def.h"
#undef RECORD
#undef ORDER
#undef END_RECORD
#define RECORD(code, title_en, title_zh) static const struct model_precedence MODEL_PASTE(orders_, SELF)[] = {
#define ORDER(first, second) { .earlier = (first), .later = (second) },
#define END_RECORD                                                                                                     \
    {                                                                                                                  \
        0                                                                                                              \
    }                                                                                                                  \
    }                                                                                                                  \
    ;
#include "model/all.def"

#define MODEL_WORDS_DEFAULT
#include "model/def.h"
#undef RECORD
#undef NEEDS
#undef END_RECORD
#define RECORD(code, title_en, title_zh) static const struct model_condition MODEL_PASTE(needs_, SELF)[] = {
#define NEEDS(holder, holds, needed) { .field = (holder), .code = (holds), .other = (needed) },
#define END_RECORD                                                                                                     \
    {                                                                                                                  \
        0                                                                                                              \
    }                                                                                                                  \
    }                                                                                                                  \
    ;
#include "model/all.def"

#define MODEL_WORDS_DEFAULT
#include "model/def.h"
#undef RECORD
#undef ONLY_WITH
#undef END_RECORD
#define RECORD(code, title_en, title_zh) static const struct model_condition MODEL_PASTE(only_with_, SELF)[] = {
#define ONLY_WITH(limited, holder, holds) { .field = (holder), .code = (holds), .other = (limited) },
#define END_RECORD                                                                                                     \
    {                                                                                                                  \
        0                                                                                                              \
    }                                                                                                                  \
    }                                                                                                                  \
    ;
#include "model/all.def"

#define MODEL_WORDS_DEFAULT
#include "model/def.h"
#undef RECORD
#undef SEARCHED
#undef END_RECORD
#define RECORD(code, title_en, title_zh) static const char *const MODEL_PASTE(searched_, SELF)[] = {
#define SEARCHED(field) field,
#define END_RECORD                                                                                                     \
    NULL                                                                                                               \
    }                                                                                                                  \
    ;
#include "model/all.def"

#define MODEL_WORDS_DEFAULT
#include "model/def.h"
#undef RECORD
#undef BELONGS_TO
#undef END_RECORD
#define RECORD(code, title_en, title_zh) static const char *const MODEL_PASTE(belongs_to_, SELF)[] = {
#define BELONGS_TO(path) path,
#define END_RECORD                                                                                                     \
    NULL                                                                                                               \
    }                                                                                                                  \
    ;
#include "model/all.def"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

#define MODEL_WORDS_DEFAULT
#include "model/def.h"
#undef RECORD
#undef SCOPE
#undef ROUTES
#undef OWNER
#undef RETAINED
#undef END_RECORD
#define RECORD(code, en, zh)                                                                                           \
    [MODEL_##code] = { .name = MODEL_STRING(SELF),                                                                     \
                       .title_en = (en),                                                                               \
                       .title_zh = (zh),                                                                               \
                       .fields = MODEL_PASTE(fields_, SELF),                                                           \
                       .num_fields = LENGTH(MODEL_PASTE(fields_, SELF)),                                               \
                       .size = sizeof(SELF_STRUCT),                                                                    \
                       .counters = MODEL_PASTE(counters_, SELF),                                                       \
                       .num_counters = LENGTH(MODEL_PASTE(counters_, SELF)) - 1,                                       \
                       .indexes = MODEL_PASTE(indexes_, SELF),                                                         \
                       .num_indexes = LENGTH(MODEL_PASTE(indexes_, SELF)) - 1,                                         \
                       .orders = MODEL_PASTE(orders_, SELF),                                                           \
                       .num_orders = LENGTH(MODEL_PASTE(orders_, SELF)) - 1,                                           \
                       .needs = MODEL_PASTE(needs_, SELF),                                                             \
                       .num_needs = LENGTH(MODEL_PASTE(needs_, SELF)) - 1,                                             \
                       .only_with = MODEL_PASTE(only_with_, SELF),                                                     \
                       .num_only_with = LENGTH(MODEL_PASTE(only_with_, SELF)) - 1,                                     \
                       .searched = MODEL_PASTE(searched_, SELF),                                                       \
                       .belongs_to = MODEL_PASTE(belongs_to_, SELF),
#define SCOPE(reach, path) .scope = MODEL_SCOPE_##reach, .scope_path = (path),
#define ROUTES(words, may) .path = (words), .verbs = MODEL_##may,
#define OWNER(path) .owner = (path),
#define RETAINED(field, days) .retained_from = (field), .retained_days = (days),
#define END_RECORD                                                                                                     \
    }                                                                                                                  \
    ,

static const struct model_record records[] = {
#include "model/all.def"
};

#define MODEL_WORDS_DEFAULT
#include "model/def.h"

/* ---- finding ---- */

const struct model_record *model_records(size_t *num_records)
{
    *num_records = LENGTH(records);
    return records;
}

const struct model_record *model_record(enum model_record_number code)
{
    return &records[code];
}

const struct model_record *model_record_find(const char *name)
{
    for (size_t i = 0; i < LENGTH(records); i++)
        if (strcmp(records[i].name, name) == 0)
            return &records[i];
    return NULL;
}

const struct model_field *model_field_find(const struct model_record *record, const char *name, size_t size)
{
    for (size_t i = 0; i < record->num_fields && size > 0; i++) {
        const char *known = record->fields[i].name;
        if (known[0] == name[0] && strncmp(known, name, size) == 0 && known[size] == '\0')
            return &record->fields[i];
    }
    return NULL;
}

/* ---- values ---- */

static const void *place(const struct model_field *field, const void *value)
{
    return (const char *) value + field->offset;
}

static size_t size_of(enum model_kind kind)
{
    switch (kind) {
    case MODEL_KIND_REFERENCE: return sizeof(struct id);
    case MODEL_KIND_DATE: return sizeof(toc_date);
    case MODEL_KIND_REAL: return sizeof(double);
    case MODEL_KIND_INSTANT:
    case MODEL_KIND_INTEGER:
    case MODEL_KIND_FLAG: return sizeof(int64_t);
    case MODEL_KIND_TEXT:
    case MODEL_KIND_CODE:
    case MODEL_KIND_TIME:
    case MODEL_KIND_BYTES: break;
    }
    return sizeof(struct model_text);
}

static void set_missing(const struct model_field *field, void *value)
{
    char *at = (char *) value + field->offset;
    switch (field->kind) {
    case MODEL_KIND_DATE: *(toc_date *) (void *) at = MODEL_MISSING_DATE; break;
    case MODEL_KIND_REAL: *(double *) (void *) at = NAN; break;
    case MODEL_KIND_INSTANT:
    case MODEL_KIND_INTEGER:
    case MODEL_KIND_FLAG: *(int64_t *) (void *) at = MODEL_MISSING_INTEGER; break;
    case MODEL_KIND_REFERENCE:
    case MODEL_KIND_TEXT:
    case MODEL_KIND_CODE:
    case MODEL_KIND_TIME:
    case MODEL_KIND_BYTES: memset(at, 0, size_of(field->kind)); break;
    }
}

void model_init(const struct model_record *record, void *value)
{
    memset(value, 0, record->size);
    for (size_t i = 0; i < record->num_fields; i++)
        set_missing(&record->fields[i], value);
}

bool model_is_missing(const struct model_field *field, const void *value)
{
    const void *at = place(field, value);
    switch (field->kind) {
    case MODEL_KIND_REFERENCE: return id_is_missing(at);
    case MODEL_KIND_DATE: return *(const toc_date *) at == MODEL_MISSING_DATE;
    case MODEL_KIND_REAL: return isnan(*(const double *) at);
    case MODEL_KIND_INSTANT:
    case MODEL_KIND_INTEGER:
    case MODEL_KIND_FLAG: return *(const int64_t *) at == MODEL_MISSING_INTEGER;
    case MODEL_KIND_TEXT:
    case MODEL_KIND_CODE:
    case MODEL_KIND_TIME:
    case MODEL_KIND_BYTES: break;
    }
    return ((const struct model_text *) at)->bytes == NULL;
}

static bool is_text(enum model_kind kind)
{
    return kind == MODEL_KIND_TEXT || kind == MODEL_KIND_CODE || kind == MODEL_KIND_TIME || kind == MODEL_KIND_BYTES;
}

bool model_equal(const struct model_field *field, const void *a, const void *b)
{
    if (model_is_missing(field, a) || model_is_missing(field, b))
        return model_is_missing(field, a) == model_is_missing(field, b);
    if (is_text(field->kind)) {
        const struct model_text *text_a = place(field, a), *text_b = place(field, b);
        return text_a->size == text_b->size && memcmp(text_a->bytes, text_b->bytes, text_a->size) == 0;
    }
    if (field->kind == MODEL_KIND_REAL) /* 0 = -0 */
        return *(const double *) place(field, a) == *(const double *) place(field, b);
    return memcmp(place(field, a), place(field, b), size_of(field->kind)) == 0;
}

void model_copy(const struct model_field *field, void *to, const void *from)
{
    memcpy((char *) to + field->offset, place(field, from), size_of(field->kind));
}

/* ---- sets of fields ---- */

bool model_set_has(const struct model_set *set, size_t field)
{
    return (set->bits[field / 64] >> (field % 64) & 1) != 0;
}

void model_set_add(struct model_set *set, size_t field)
{
    set->bits[field / 64] |= UINT64_C(1) << (field % 64);
}

void model_set_remove(struct model_set *set, size_t field)
{
    set->bits[field / 64] &= ~(UINT64_C(1) << (field % 64));
}

struct model_set model_set_all(const struct model_record *record)
{
    struct model_set set = { { 0 } };
    for (size_t i = 0; i < record->num_fields; i++)
        model_set_add(&set, i);
    return set;
}
