/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/cbor.h"

#include <math.h>
#include <string.h>

#include "base/fault.h"
#include "base/text.h"

#define BREAK 31 /* the detail of an indefinite length, and of its end */

/* ---- heads ---- */

int credential_cbor_head(struct credential_cbor *cbor, struct credential_cbor_head *head)
{
    if (cbor->at >= cbor->size)
        return BASE_ERR_INPUT;
    uint8_t  first = cbor->bytes[cbor->at], detail = first & 31, major = first >> 5;
    size_t   follow = detail < 24 ? 0 : detail < 28 ? (size_t) 1 << (detail - 24) : 0;
    uint64_t number = detail < 24 ? detail : 0;
    bool     open = detail == BREAK;
    if (detail > 27 && !open)
        return BASE_ERR_INPUT;
    if (open && (major == CBOR_UNSIGNED || major == CBOR_NEGATIVE || major == CBOR_TAG))
        return BASE_ERR_INPUT;
    if (cbor->size - cbor->at - 1 < follow)
        return BASE_ERR_INPUT;
    for (size_t i = 0; i < follow; i++)
        number = number << 8 | cbor->bytes[cbor->at + 1 + i];
    cbor->at += 1 + follow;
    *head = (struct credential_cbor_head){ number, major, detail, open };
    return 0;
}

static bool is_break(const struct credential_cbor *cbor)
{
    return cbor->at < cbor->size && cbor->bytes[cbor->at] == 0xff;
}

int credential_cbor_bytes(struct credential_cbor *cbor, const uint8_t **bytes, size_t *size)
{
    struct credential_cbor      at = *cbor;
    struct credential_cbor_head head;
    if (credential_cbor_head(&at, &head) != 0 || head.major != CBOR_BYTES || head.indefinite ||
        head.number > at.size - at.at)
        return BASE_ERR_INPUT;
    *bytes = at.bytes + at.at;
    *size = (size_t) head.number;
    at.at += *size;
    *cbor = at;
    return 0;
}

/* ---- passing over ---- */

static int skip(struct credential_cbor *cbor, unsigned depth);

/* The pieces of a string of indefinite length, or the bytes of a definite one. */
static int skip_string(struct credential_cbor *cbor, struct credential_cbor_head head)
{
    if (!head.indefinite) {
        if (head.number > cbor->size - cbor->at)
            return BASE_ERR_INPUT;
        cbor->at += (size_t) head.number;
        return 0;
    }
    while (!is_break(cbor)) {
        struct credential_cbor_head piece;
        if (credential_cbor_head(cbor, &piece) != 0 || piece.major != head.major || piece.indefinite ||
            skip_string(cbor, piece) != 0)
            return BASE_ERR_INPUT;
    }
    cbor->at++;
    return 0;
}

static int skip_all(struct credential_cbor *cbor, struct credential_cbor_head head, unsigned depth)
{
    uint64_t each = head.major == CBOR_MAP ? 2 : 1;
    if (!head.indefinite && head.number > (cbor->size - cbor->at) / each)
        return BASE_ERR_INPUT; /* each value takes a byte at least */
    for (uint64_t i = 0; head.indefinite ? !is_break(cbor) : i < head.number; i++)
        for (uint64_t part = 0; part < each; part++)
            if (skip(cbor, depth + 1) != 0)
                return BASE_ERR_INPUT;
    cbor->at += head.indefinite;
    return 0;
}

static int skip(struct credential_cbor *cbor, unsigned depth)
{
    struct credential_cbor_head head;
    if (depth > CREDENTIAL_CBOR_DEPTH || credential_cbor_head(cbor, &head) != 0)
        return BASE_ERR_INPUT;
    switch (head.major) {
    case CBOR_BYTES:
    case CBOR_TEXT: return skip_string(cbor, head);
    case CBOR_ARRAY:
    case CBOR_MAP: return skip_all(cbor, head, depth);
    case CBOR_TAG: return skip(cbor, depth + 1);
    case CBOR_SIMPLE: return head.indefinite ? BASE_ERR_INPUT : 0;
    default: return 0;
    }
}

int credential_cbor_skip(struct credential_cbor *cbor)
{
    struct credential_cbor at = *cbor;
    int                    ret = skip(&at, 0);
    if (ret == 0)
        *cbor = at;
    return ret;
}

/* ---- values ---- */

struct reading {
    struct credential_cbor cbor;
    struct value_tree     *tree;
    const char            *allowed; /* what would have been allowed where reading stopped */
};

static int refuse(struct reading *reading, const char *allowed)
{
    reading->allowed = allowed;
    return BASE_ERR_INPUT;
}

static int read_value(struct reading *reading, unsigned depth);

static struct value *add(struct reading *reading, enum value_kind kind, size_t place, int *ret)
{
    struct value_tree *tree = reading->tree;
    *ret = tree->num_values < tree->max_values ? 0 : value_tree_reserve(tree, 1);
    if (*ret != 0)
        return NULL;
    struct value *value = &tree->values[tree->num_values++];
    *value = (struct value){ .size = 1, .place = (uint32_t) place, .kind = (uint8_t) kind };
    return value;
}

/* A number of 16 bits: 1 of sign, 5 of exponent, 10 of fraction. */
static double half(uint16_t bits)
{
    int    exponent = bits >> 10 & 31, fraction = bits & 1023;
    double value = exponent == 0    ? ldexp(fraction, -24)
                   : exponent == 31 ? (fraction == 0 ? HUGE_VAL : NAN)
                                    : ldexp(fraction + 1024, exponent - 25);
    return bits & 0x8000 ? -value : value;
}

static double floating(struct credential_cbor_head head)
{
    uint32_t bits = (uint32_t) head.number;
    float    single;
    double   number;
    memcpy(&single, &bits, sizeof single);
    memcpy(&number, &head.number, sizeof number);
    return head.detail == 25 ? half((uint16_t) head.number) : head.detail == 26 ? (double) single : number;
}

static int read_simple(struct reading *reading, struct credential_cbor_head head, size_t place)
{
    static const uint8_t kinds[] = { [20] = VALUE_FALSE, [21] = VALUE_TRUE, [22] = VALUE_NULL, [23] = VALUE_NULL };
    bool                 is_number = head.detail >= 25 && head.detail <= 27;
    int                  ret = 0;
    if (!is_number && (head.detail < 20 || head.detail > 23))
        return refuse(reading, "false, true, null, undefined or a number");
    struct value *value = add(reading, is_number ? VALUE_NUMBER : (enum value_kind) kinds[head.detail], place, &ret);
    if (value != NULL && is_number)
        value->number = floating(head);
    return ret;
}

static int read_integer(struct reading *reading, struct credential_cbor_head head, size_t place)
{
    bool          fits = head.number <= INT64_MAX, negative = head.major == CBOR_NEGATIVE;
    int           ret = 0;
    struct value *value = add(reading, fits ? VALUE_INTEGER : VALUE_NUMBER, place, &ret);
    if (value == NULL)
        return ret;
    if (fits)
        value->integer = negative ? -1 - (int64_t) head.number : (int64_t) head.number;
    else
        value->number = negative ? -1.0 - (double) head.number : (double) head.number;
    return 0;
}

/* Put the pieces of a string together in the text room. */
static int gather(struct reading *reading, uint8_t major, const char **text, size_t *length)
{
    struct value_tree *tree = reading->tree;
    size_t             from = tree->used_text;
    while (!is_break(&reading->cbor)) {
        struct credential_cbor_head head;
        if (credential_cbor_head(&reading->cbor, &head) != 0 || head.major != major || head.indefinite ||
            head.number > reading->cbor.size - reading->cbor.at)
            return refuse(reading, "pieces of the string, then its end");
        int ret = value_tree_reserve_text(tree, (size_t) head.number);
        if (ret != 0)
            return ret;
        if (head.number > 0)
            memcpy(tree->text + tree->used_text, reading->cbor.bytes + reading->cbor.at, (size_t) head.number);
        tree->used_text += (size_t) head.number;
        reading->cbor.at += (size_t) head.number;
    }
    reading->cbor.at++;
    *text = tree->text + from;
    *length = tree->used_text - from;
    return 0;
}

static int read_string(struct reading *reading, struct credential_cbor_head head, size_t place)
{
    const char *text = (const char *) reading->cbor.bytes + reading->cbor.at;
    size_t      length = (size_t) head.number;
    int         ret = 0;
    if (head.indefinite) {
        ret = gather(reading, head.major, &text, &length);
        if (ret != 0)
            return ret;
    } else {
        if (head.number > reading->cbor.size - reading->cbor.at)
            return refuse(reading, "as many bytes as the string says");
        reading->cbor.at += length;
    }
    if (head.major == CBOR_TEXT && text_check_utf8(text, length) != length)
        return refuse(reading, "text in UTF-8");
    struct value *value = add(reading, head.major == CBOR_TEXT ? VALUE_TEXT : VALUE_BYTES, place, &ret);
    if (value != NULL) {
        value->text = text;
        value->length = (uint32_t) length;
    }
    return ret;
}

static bool same_key(const struct value *a, const struct value *b)
{
    if (a->kind != b->kind)
        return false;
    return a->kind == VALUE_INTEGER ? a->integer == b->integer
                                    : a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

/* A key, and that no earlier one of the map equals it: maps of credentials have some dozen pairs at most. */
static int read_key(struct reading *reading, size_t map, unsigned depth)
{
    size_t at = reading->tree->num_values;
    int    ret = read_value(reading, depth);
    if (ret != 0)
        return ret;
    const struct value *values = reading->tree->values, *key = values + at;
    if (key->kind != VALUE_TEXT && key->kind != VALUE_INTEGER)
        return refuse(reading, "a key that is a text or a whole number");
    for (const struct value *other = values + map + 1; other < key; other += 1 + other[1].size)
        if (same_key(other, key))
            return refuse(reading, "each key once");
    return 0;
}

#define MAP_PAIRS 256 /* bounds what comparing all keys with one another can cost */

static int read_all(struct reading *reading, struct credential_cbor_head head, size_t place, unsigned depth)
{
    int           ret = 0;
    bool          is_map = head.major == CBOR_MAP;
    struct value *value = add(reading, is_map ? VALUE_OBJECT : VALUE_ARRAY, place, &ret);
    if (value == NULL)
        return ret;
    size_t   at = reading->tree->num_values - 1;
    uint64_t count = 0;
    for (; head.indefinite ? !is_break(&reading->cbor) : count < head.number; count++) {
        if (is_map && count == MAP_PAIRS)
            return refuse(reading, "at most 256 pairs in a map");
        if (is_map)
            ret = read_key(reading, at, depth + 1);
        if (ret == 0)
            ret = read_value(reading, depth + 1);
        if (ret != 0)
            return ret;
    }
    reading->cbor.at += head.indefinite;
    value = &reading->tree->values[at];
    value->size = (uint32_t) (reading->tree->num_values - at);
    value->count = (uint32_t) count;
    return 0;
}

static int read_value(struct reading *reading, unsigned depth)
{
    struct credential_cbor_head head;
    size_t                      place = reading->cbor.at;
    if (depth > CREDENTIAL_CBOR_DEPTH)
        return refuse(reading, "at most 16 arrays and maps within one another");
    if (credential_cbor_head(&reading->cbor, &head) != 0)
        return refuse(reading, "a value of CBOR");
    switch (head.major) {
    case CBOR_UNSIGNED:
    case CBOR_NEGATIVE: return read_integer(reading, head, place);
    case CBOR_BYTES:
    case CBOR_TEXT: return read_string(reading, head, place);
    case CBOR_ARRAY:
    case CBOR_MAP: return read_all(reading, head, place, depth);
    case CBOR_TAG: return read_value(reading, depth + 1);
    default: return read_simple(reading, head, place);
    }
}

int credential_cbor_read(const uint8_t *bytes, size_t size, struct value_tree *tree, struct toc_error *error)
{
    struct reading reading = { .cbor = { bytes, size, 0 }, .tree = tree, .allowed = "fewer values" };
    value_tree_clear(tree);
    int ret = size > UINT32_MAX ? refuse(&reading, "fewer than 4 GiB") : read_value(&reading, 0);
    if (ret == 0 && reading.cbor.at != size)
        ret = refuse(&reading, "nothing behind the value");
    if (ret == 0)
        return 0;
    value_tree_clear(tree);
    if (error != NULL)
        *error = (struct toc_error){ ret, "CBOR", reading.cbor.at, NAN, reading.allowed };
    return ret;
}
