/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/revoke.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "base/text.h"
#include "formats/credential/base64.h"
#include "tocsin/status.h"

/* ---- slices ---- */

static void put_big_endian(struct sink *sink, uint32_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        sink_character(sink, (char) (value >> 8 * i));
}

static uint32_t float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

int credential_bloom_write(const uint8_t *entries, size_t num, float rate, struct credential_checker *checker,
                           struct sink *sink)
{
    double   need = ceil(-(double) num * log((double) rate) / (M_LN2 * M_LN2));
    size_t   bytes = (size_t) need / 8 + 1, words = bytes / 4 + bytes % 4;
    uint32_t bits = (uint32_t) words * 32;
    double   hashes = fmin(fmax(round((double) bits / (double) num * M_LN2), 1), CREDENTIAL_BLOOM_HASHES);
    uint8_t *filter = memory_array(words, 4);
    if (filter == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num; i++)
        for (uint8_t j = 0; j < (uint8_t) hashes; j++) {
            uint32_t bit;
            if (!credential_bloom_bit(checker, entries + i * CREDENTIAL_ENTRY_BYTES, j, bits, &bit)) {
                free(filter);
                return TOC_ERR_NO_MEMORY;
            }
            filter[bit / 8] |= (uint8_t) (0x80 >> bit % 8);
        }
    put_big_endian(sink, 1, 2);
    put_big_endian(sink, (uint32_t) hashes, 1);
    put_big_endian(sink, 0, 1); /* SHA-256 */
    put_big_endian(sink, float_bits(rate), 4);
    put_big_endian(sink, (uint32_t) num, 4);
    put_big_endian(sink, (uint32_t) num, 4);
    put_big_endian(sink, (uint32_t) words, 4);
    sink_write(sink, (const char *) filter, words * 4);
    free(filter);
    return sink->failure != 0 ? TOC_ERR_NO_MEMORY : 0;
}

static int compare_entries(const void *a, const void *b)
{
    return memcmp(a, b, CREDENTIAL_ENTRY_BYTES);
}

int credential_prefixes_write(const uint8_t *entries, size_t num, uint8_t width, float rate, struct sink *sink)
{
    uint8_t *sorted = memory_array(num, CREDENTIAL_ENTRY_BYTES);
    if (sorted == NULL)
        return TOC_ERR_NO_MEMORY;
    memcpy(sorted, entries, num * CREDENTIAL_ENTRY_BYTES);
    qsort(sorted, num, CREDENTIAL_ENTRY_BYTES, compare_entries);
    put_big_endian(sink, 1, 2);
    put_big_endian(sink, float_bits(rate), 4);
    put_big_endian(sink, (uint32_t) num, 4);
    put_big_endian(sink, width, 1);
    for (size_t i = 0; i < num; i++)
        sink_write(sink, (const char *) sorted + i * CREDENTIAL_ENTRY_BYTES, width);
    free(sorted);
    return sink->failure != 0 ? TOC_ERR_NO_MEMORY : 0;
}

/* ---- what an issuer keeps ---- */

static int compare(const struct credential_revoked_entry *a, const struct credential_revoked_entry *b)
{
    int order = a->kid_size != b->kid_size ? (a->kid_size < b->kid_size ? -1 : 1) : memcmp(a->kid, b->kid, a->kid_size);
    if (order == 0 && a->kind != b->kind)
        order = a->kind < b->kind ? -1 : 1;
    if (order == 0 && a->size != b->size)
        order = a->size < b->size ? -1 : 1;
    return order != 0 ? order : memcmp(a->entry, b->entry, a->size);
}

void credential_revoked_free(struct credential_revoked_set *set)
{
    free(set->of);
    *set = (struct credential_revoked_set){ 0 };
}

int credential_revoked_add(struct credential_revoked_set *set, const struct credential_revoked_entry *one)
{
    size_t low = 0, high = set->num;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int    order = compare(&set->of[middle], one);
        if (order == 0)
            return 0;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (set->num == CREDENTIAL_REVOKED_MOST)
        return TOC_ERR_TOO_LARGE;
    if (set->num == set->max) {
        size_t more = set->max == 0 ? 64 : 2 * set->max;
        void  *grown = memory_resize(set->of, more, sizeof *set->of);
        if (grown == NULL)
            return TOC_ERR_NO_MEMORY;
        set->of = grown;
        set->max = more;
    }
    memmove(set->of + low + 1, set->of + low, (set->num - low) * sizeof *set->of);
    set->of[low] = *one;
    set->num++;
    return 0;
}

int credential_revoked_of(const struct credential_answer *answer, struct credential_revoked_entry *one)
{
    *one = (struct credential_revoked_entry){ .kid_size = (uint8_t) answer->kid_size,
                                              .kind = CREDENTIAL_SIGNATURE,
                                              .size = CREDENTIAL_ENTRY_BYTES,
                                              .expires = INT64_MAX };
    memcpy(one->kid, answer->kid, answer->kid_size);
    if (answer->form == CREDENTIAL_HC1) {
        if ((answer->entries.has & 1u << CREDENTIAL_SIGNATURE) == 0 || answer->kid_size != CREDENTIAL_KID_BYTES)
            return BASE_ERR_INPUT;
        memcpy(one->entry, answer->entries.of[CREDENTIAL_SIGNATURE], CREDENTIAL_ENTRY_BYTES);
        if (answer->expires != CREDENTIAL_NO_TIME)
            one->expires = answer->expires;
        return 0;
    }
    const struct value *rid = value_get(value_get(answer->claims, "vc"), "rid");
    if (!value_is(rid, VALUE_TEXT) || rid->length == 0 || rid->length > CREDENTIAL_RID_MOST)
        return BASE_ERR_INPUT;
    one->kind = CREDENTIAL_RID;
    one->size = (uint8_t) rid->length;
    memcpy(one->entry, rid->text, rid->length);
    return 0;
}

/* ---- its file ---- */

static const char *const kind_words[] = { "UCI", "COUNTRYCODEUCI", "SIGNATURE", "RID" };

static bool from_hex(const char *text, size_t size, uint8_t *bytes)
{
    for (size_t i = 0; i < size; i++) {
        const char *digit = memchr("0123456789abcdef", text[i], 16);
        if (digit == NULL)
            return false;
        unsigned value = (unsigned) (digit - "0123456789abcdef");
        bytes[i / 2] = (uint8_t) (i % 2 == 0 ? value << 4 : bytes[i / 2] | value);
    }
    return size % 2 == 0;
}

static bool is_word(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (memchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", text[i], 64) == NULL)
            return false;
    return size > 0;
}

static bool read_line(const char *line, size_t size, struct credential_revoked_entry *one)
{
    const char *cells[4];
    size_t      sizes[4], kind = 0, num = 0;
    for (const char *at = line, *end = line + size; num < 4; num++, at++) {
        const char *tab = memchr(at, '\t', (size_t) (end - at));
        cells[num] = at;
        sizes[num] = (size_t) ((tab != NULL ? tab : end) - at);
        at += sizes[num];
        if (at == end)
            break;
    }
    *one = (struct credential_revoked_entry){ .expires = INT64_MAX };
    if (num != 3)
        return false;
    while (kind <= CREDENTIAL_RID &&
           (strlen(kind_words[kind]) != sizes[1] || memcmp(kind_words[kind], cells[1], sizes[1]) != 0))
        kind++;
    one->kind = (uint8_t) kind;
    if (sizes[3] > 0 && text_to_integer(cells[3], sizes[3], 0, INT64_C(1) << 40, &one->expires) != 0)
        return false;
    if (kind == CREDENTIAL_RID) {
        if (sizes[0] > CREDENTIAL_KID_MOST || sizes[2] > CREDENTIAL_RID_MOST || !is_word(cells[0], sizes[0]) ||
            !is_word(cells[2], sizes[2]))
            return false;
        one->kid_size = (uint8_t) sizes[0];
        one->size = (uint8_t) sizes[2];
        memcpy(one->kid, cells[0], sizes[0]);
        memcpy(one->entry, cells[2], sizes[2]);
        return true;
    }
    one->kid_size = CREDENTIAL_KID_BYTES;
    one->size = CREDENTIAL_ENTRY_BYTES;
    return kind < CREDENTIAL_RID && sizes[0] == 2 * CREDENTIAL_KID_BYTES && sizes[2] == 2 * CREDENTIAL_ENTRY_BYTES &&
           from_hex(cells[0], sizes[0], one->kid) && from_hex(cells[2], sizes[2], one->entry);
}

int credential_revoked_read(struct credential_revoked_set *set, const char *name, const char *bytes, size_t size,
                            struct fault_list *faults)
{
    struct fault_place place = { .file = name };
    int                ret = 0;
    for (size_t at = 0; at < size;) {
        const char                     *end = memchr(bytes + at, '\n', size - at);
        size_t                          length = end != NULL ? (size_t) (end - bytes) - at : size - at;
        struct credential_revoked_entry one;
        place.line++;
        if (length > 0 && !read_line(bytes + at, length, &one)) {
            fault_add(faults, place, "kid, kind, entry and end, as `tocsin issue revoke` writes them",
                      "no revoked pass");
            ret = BASE_ERR_INPUT;
        } else if (length > 0) {
            int one_ret = credential_revoked_add(set, &one);
            if (one_ret != 0)
                return one_ret;
        }
        at += length + 1;
    }
    return ret;
}

static void put_hex(struct sink *sink, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        sink_format(sink, "%02x", bytes[i]);
}

void credential_revoked_write(const struct credential_revoked_set *set, int64_t now, struct sink *sink)
{
    for (size_t i = 0; i < set->num; i++) {
        const struct credential_revoked_entry *one = &set->of[i];
        if (one->expires < now)
            continue;
        if (one->kind == CREDENTIAL_RID) {
            sink_write(sink, (const char *) one->kid, one->kid_size);
            sink_text(sink, "\tRID\t");
            sink_write(sink, (const char *) one->entry, one->size);
        } else {
            put_hex(sink, one->kid, one->kid_size);
            sink_format(sink, "\t%s\t", kind_words[one->kind]);
            put_hex(sink, one->entry, one->size);
        }
        sink_character(sink, '\t');
        if (one->expires != INT64_MAX)
            sink_integer(sink, one->expires);
        sink_character(sink, '\n');
    }
}
