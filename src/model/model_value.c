/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/model_value.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "base/date_text.h"
#include "base/fault.h"
#include "base/instant.h"
#include "base/text.h"
#include "base/unicode.h"
#include "tocsin/status.h"

#define BASE64 sodium_base64_VARIANT_ORIGINAL

static void put(const struct model_field *field, void *value, const void *member, size_t size)
{
    memcpy((char *) value + field->offset, member, size);
}

static int put_text(const struct model_field *field, void *value, const char *bytes, size_t size)
{
    if (bytes == NULL)
        return TOC_ERR_NO_MEMORY;
    struct model_text text = { bytes, size };
    put(field, value, &text, sizeof text);
    return 0;
}

static int read_text(const struct model_field *field, const char *text, size_t size, struct arena *arena, void *value)
{
    const char *normal = NULL;
    size_t      normal_size = 0;
    int         ret = unicode_normalize(text, size, UNICODE_NFC, arena, &normal, &normal_size);
    if (ret == TOC_ERR_TOO_LARGE)
        return BASE_ERR_INPUT;
    return ret != 0 ? ret : put_text(field, value, normal, normal_size);
}

static int read_id(const struct model_field *field, const char *text, size_t size, void *value)
{
    struct id id;
    int       ret = id_from_text(text, size, &id);
    if (ret != 0 || id_is_missing(&id))
        return BASE_ERR_INPUT;
    put(field, value, &id, sizeof id);
    return 0;
}

static int read_date(const struct model_field *field, const char *text, size_t size, void *value)
{
    toc_date       date;
    enum date_form form;
    if (date_from_text(text, size, &date, &form, NULL) != 0 || form != DATE_FORM_DAY)
        return BASE_ERR_INPUT;
    put(field, value, &date, sizeof date);
    return 0;
}

static int read_flag(const struct model_field *field, const char *text, size_t size, void *value)
{
    static const char *const words[] = { "false", "true", "0", "1", "no", "yes", "否", "是" };
    for (int64_t i = 0; i < 8; i++)
        if (text_equal_nocase(words[i], strlen(words[i]), text, size)) {
            model_value_set_integer(field, value, i % 2);
            return 0;
        }
    return BASE_ERR_INPUT;
}

static int read_bytes(const struct model_field *field, const char *text, size_t size, struct arena *arena, void *value)
{
    size_t         room = size / 4 * 3 + 3, used = 0;
    const char    *end = NULL;
    unsigned char *bytes = arena_array(arena, room, 1);
    if (bytes == NULL)
        return TOC_ERR_NO_MEMORY;
    if (sodium_base642bin(bytes, room, text, size, NULL, &used, &end, BASE64) != 0 || end != text + size || used == 0)
        return BASE_ERR_INPUT;
    return put_text(field, value, (const char *) bytes, used);
}

static int read_number(const struct model_field *field, const char *text, size_t size, void *value)
{
    int64_t integer;
    double  real;
    int     ret;
    switch (field->kind) {
    case MODEL_KIND_INSTANT: ret = instant_from_text(text, size, &integer); break;
    case MODEL_KIND_INTEGER: ret = text_to_integer(text, size, INT64_MIN + 1, INT64_MAX, &integer); break;
    default:
        ret = text_to_double(text, size, &real);
        if (ret == 0)
            model_value_set_real(field, value, real);
        return ret;
    }
    if (ret == 0)
        model_value_set_integer(field, value, integer);
    return ret;
}

int model_value_read(const struct model_field *field, const char *text, size_t size, struct arena *arena, void *value)
{
    if (size == 0)
        return BASE_ERR_INPUT;
    switch (field->kind) {
    case MODEL_KIND_REFERENCE: return read_id(field, text, size, value);
    case MODEL_KIND_DATE: return read_date(field, text, size, value);
    case MODEL_KIND_FLAG: return read_flag(field, text, size, value);
    case MODEL_KIND_BYTES: return read_bytes(field, text, size, arena, value);
    case MODEL_KIND_TIME:
        return time_check(text, size) != 0 ? BASE_ERR_INPUT
                                           : put_text(field, value, arena_copy(arena, text, size), size);
    case MODEL_KIND_INSTANT:
    case MODEL_KIND_INTEGER:
    case MODEL_KIND_REAL: return read_number(field, text, size, value);
    case MODEL_KIND_TEXT:
    case MODEL_KIND_CODE: break;
    }
    return read_text(field, text, size, arena, value);
}

/* Base64, a piece at a time: 57 bytes make 76 characters without padding between pieces. */
static void write_base64(const struct model_text *bytes, struct sink *sink)
{
    char text[sodium_base64_ENCODED_LEN(57, BASE64)];
    for (size_t at = 0; at < bytes->size; at += 57) {
        size_t piece = bytes->size - at < 57 ? bytes->size - at : 57;
        sodium_bin2base64(text, sizeof text, (const unsigned char *) bytes->bytes + at, piece, BASE64);
        sink_text(sink, text);
    }
}

size_t model_value_to_text(const struct model_field *field, const void *value, char text[MODEL_VALUE_BYTES])
{
    switch (field->kind) {
    case MODEL_KIND_REFERENCE: return id_to_text(model_value_id(field, value), text);
    case MODEL_KIND_DATE: return date_to_text(model_value_date(field, value), DATE_FORM_DAY, text);
    case MODEL_KIND_INSTANT: return instant_to_text(model_value_integer(field, value), text);
    case MODEL_KIND_INTEGER: return text_from_integer(model_value_integer(field, value), text);
    case MODEL_KIND_REAL: return text_from_double(model_value_real(field, value), text);
    case MODEL_KIND_FLAG: strcpy(text, model_value_integer(field, value) != 0 ? "true" : "false"); return strlen(text);
    default: assert(false); return 0; /* a kind of any length */
    }
}

void model_value_write(const struct model_field *field, const void *value, struct sink *sink)
{
    char                     text[MODEL_VALUE_BYTES];
    const struct model_text *bytes = model_value_text(field, value);
    switch (field->kind) {
    case MODEL_KIND_BYTES: write_base64(bytes, sink); return;
    case MODEL_KIND_TEXT:
    case MODEL_KIND_CODE:
    case MODEL_KIND_TIME: sink_write(sink, bytes->bytes, bytes->size); return;
    default: sink_write(sink, text, model_value_to_text(field, value, text)); return;
    }
}

/* ---- the members ---- */

static const void *member(const struct model_field *field, const void *value)
{
    return (const char *) value + field->offset;
}

const struct id *model_value_id(const struct model_field *field, const void *value)
{
    return member(field, value);
}

const struct model_text *model_value_text(const struct model_field *field, const void *value)
{
    return member(field, value);
}

toc_date model_value_date(const struct model_field *field, const void *value)
{
    return *(const toc_date *) member(field, value);
}

int64_t model_value_integer(const struct model_field *field, const void *value)
{
    return *(const int64_t *) member(field, value);
}

double model_value_real(const struct model_field *field, const void *value)
{
    return *(const double *) member(field, value);
}

void model_value_set_integer(const struct model_field *field, void *value, int64_t integer)
{
    put(field, value, &integer, sizeof integer);
}

void model_value_set_real(const struct model_field *field, void *value, double real)
{
    real += 0.0; /* no -0: JSON and SQL do not keep it */
    put(field, value, &real, sizeof real);
}
