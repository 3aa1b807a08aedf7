/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/sealed_fields.h"

#include <sodium.h>
#include <string.h>

#include "store/db.h"

/* A field: length of its name (1), name, size of its value (4, least first), value. A name of length 0 ends it. */
enum { SIZE_BYTES = 4 };

#define PURPOSE "fields"

/* The bytes of a field's value. */
static struct model_text value_of(const struct model_field *field, const void *value)
{
    const void *at = (const char *) value + field->offset;
    switch (field->kind) {
    case MODEL_KIND_REFERENCE: return (struct model_text){ at, ID_BYTES };
    case MODEL_KIND_DATE: return (struct model_text){ at, sizeof(toc_date) };
    case MODEL_KIND_REAL: return (struct model_text){ at, sizeof(double) };
    case MODEL_KIND_INSTANT:
    case MODEL_KIND_INTEGER:
    case MODEL_KIND_FLAG: return (struct model_text){ at, sizeof(int64_t) };
    case MODEL_KIND_TEXT:
    case MODEL_KIND_CODE:
    case MODEL_KIND_TIME:
    case MODEL_KIND_BYTES: break;
    }
    return *(const struct model_text *) at;
}

static bool is_present(const struct model_field *field, const void *value)
{
    return field->class == MODEL_CLASS_IDENTIFYING && !model_is_missing(field, value);
}

static size_t plain_size(const struct model_record *record, const void *value)
{
    size_t size = 0;
    for (size_t i = 0; i < record->num_fields; i++)
        if (is_present(&record->fields[i], value))
            size += 1 + strlen(record->fields[i].name) + SIZE_BYTES + value_of(&record->fields[i], value).size;
    if (size > 0)
        size = (size + 1 + SEALED_FIELDS_BLOCK - 1) / SEALED_FIELDS_BLOCK * SEALED_FIELDS_BLOCK;
    return size;
}

static void write_plain(const struct model_record *record, const void *value, uint8_t *plain)
{
    for (size_t i = 0; i < record->num_fields; i++) {
        const struct model_field *field = &record->fields[i];
        if (!is_present(field, value))
            continue;
        struct model_text text = value_of(field, value);
        size_t            length = strlen(field->name);
        *plain++ = (uint8_t) length;
        memcpy(plain, field->name, length);
        plain += length;
        for (unsigned b = 0; b < SIZE_BYTES; b++)
            *plain++ = (uint8_t) (text.size >> (8 * b));
        memcpy(plain, text.bytes, text.size);
        plain += text.size;
    }
}

int sealed_fields_seal(const struct seal_key *key, const struct model_record *record, const void *value,
                       struct arena *arena, struct model_text *sealed)
{
    size_t size = plain_size(record, value);
    if (size == 0) {
        *sealed = (struct model_text){ NULL, 0 };
        return 0;
    }
    struct seal_context context = { .record = record->name,
                                    .id = ((const struct model_head *) value)->id,
                                    .purpose = PURPOSE };
    uint8_t            *plain = arena_array(arena, size, 1);
    uint8_t            *bytes = arena_array(arena, size + SEAL_EXTRA_BYTES, 1);
    if (plain == NULL || bytes == NULL)
        return TOC_ERR_NO_MEMORY;
    write_plain(record, value, plain);
    int ret = seal(key, &context, plain, size, bytes);
    sodium_memzero(plain, size);
    if (ret == 0)
        *sealed = (struct model_text){ (const char *) bytes, size + SEAL_EXTRA_BYTES };
    return ret;
}

/* Set one field; plain text of its value stays borrowed from the arena. */
static int set_field(const struct model_field *field, const uint8_t *bytes, size_t size, void *value)
{
    char *at = (char *) value + field->offset;
    if (field->kind == MODEL_KIND_TEXT || field->kind == MODEL_KIND_CODE || field->kind == MODEL_KIND_TIME ||
        field->kind == MODEL_KIND_BYTES) {
        *(struct model_text *) (void *) at = (struct model_text){ (const char *) bytes, size };
        return size > 0 ? 0 : DB_ERR_CORRUPT;
    }
    if (size != value_of(field, value).size)
        return DB_ERR_CORRUPT;
    memcpy(at, bytes, size);
    return 0;
}

static int read_plain(const struct model_record *record, const uint8_t *plain, size_t size, void *value)
{
    size_t used = 0;
    while (used < size && plain[used] != 0) {
        size_t         length = plain[used];
        const uint8_t *name = plain + used + 1;
        if (length + 1 + SIZE_BYTES > size - used)
            return DB_ERR_CORRUPT;
        used += 1 + length;
        size_t bytes = 0;
        for (unsigned b = 0; b < SIZE_BYTES; b++)
            bytes |= (size_t) plain[used++] << (8 * b);
        if (bytes > size - used)
            return DB_ERR_CORRUPT;
        const struct model_field *field = model_field_find(record, (const char *) name, length);
        int                       ret =
            field == NULL || field->class != MODEL_CLASS_IDENTIFYING ? 0 : set_field(field, plain + used, bytes, value);
        if (ret != 0)
            return ret;
        used += bytes;
    }
    return 0;
}

int sealed_fields_open(const struct seal_key *key, const struct model_record *record, struct model_text sealed,
                       struct arena *arena, void *value)
{
    if (sealed.bytes == NULL)
        return 0;
    if (sealed.size < SEAL_EXTRA_BYTES)
        return SEAL_ERR_FORGED;
    struct seal_context context = { .record = record->name,
                                    .id = ((const struct model_head *) value)->id,
                                    .purpose = PURPOSE };
    size_t              size = sealed.size - SEAL_EXTRA_BYTES;
    uint8_t            *plain = arena_array(arena, size + 1, 1);
    if (plain == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = unseal(key, &context, (const uint8_t *) sealed.bytes, sealed.size, plain);
    return ret != 0 ? ret : read_plain(record, plain, size, value);
}
