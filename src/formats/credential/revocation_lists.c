/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revocation lists as the EU's distribution service describes them, in JSON. */
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/json_reader.h"
#include "base/text.h"
#include "formats/credential/base64.h"
#include "formats/credential/revocation.h"
#include "formats/credential/trust.h"

#define NAME_BYTES 128 /* of a partition, a chunk, a slice: what may become a file's name */

struct reading {
    struct credential_revocation         *revocation;
    struct fault_list                    *faults;
    const char                           *name;
    const uint8_t                        *kid;
    const struct credential_slice_source *source;
};

static int fault(const struct reading *reading, const char *where, const char *allowed, const char *found)
{
    fault_add(reading->faults, (struct fault_place){ .file = reading->name, .name = where }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

int credential_kid_from_text(const char *text, size_t size, uint8_t kid[CREDENTIAL_KID_BYTES])
{
    uint8_t bytes[CREDENTIAL_BASE64_DECODED(16)];
    size_t  num = 0;
    if (size < 11 || size > 12)
        return BASE_ERR_INPUT;
    if (credential_base64_decode(CREDENTIAL_BASE64, text, size, bytes, &num) != 0 &&
        credential_base64_decode(CREDENTIAL_BASE64_URL, text, text[size - 1] == '=' ? size - 1 : size, bytes, &num) !=
            0)
        return BASE_ERR_INPUT;
    if (num != CREDENTIAL_KID_BYTES)
        return BASE_ERR_INPUT;
    memcpy(kid, bytes, CREDENTIAL_KID_BYTES);
    return 0;
}

/* Seconds of "2022-06-30T00:00:00Z", also with an offset of whole hours and minutes. */
static bool read_time(const char *text, size_t size, int64_t *seconds)
{
    int64_t instant, offset = 0;
    char    utc[40];
    if (size < 20 || size >= sizeof utc)
        return false;
    memcpy(utc, text, size);
    if (size > 25 - 1 && (text[size - 6] == '+' || text[size - 6] == '-') && text[size - 3] == ':') {
        int64_t hours, minutes;
        if (text_to_integer(text + size - 5, 2, 0, 23, &hours) != 0 ||
            text_to_integer(text + size - 2, 2, 0, 59, &minutes) != 0)
            return false;
        offset = (hours * 3600 + minutes * 60) * (text[size - 6] == '-' ? -1 : 1);
        size -= 5;
        utc[size - 1] = 'Z';
    }
    if (instant_from_text(utc, size, &instant) != 0)
        return false;
    *seconds = instant / INSTANT_SECOND - offset;
    return true;
}

/* A time of an object; what is absent stays as it was. */
static bool member_time(const struct value *object, const char *name, int64_t *seconds)
{
    const struct value *time = value_get(object, name);
    return time == NULL || time->kind == VALUE_NULL ||
           (time->kind == VALUE_TEXT && read_time(time->text, time->length, seconds));
}

/* ---- the lists ---- */

static bool read_mode(const struct value *mode, enum credential_partition_mode *read)
{
    static const char *const words[] = { "POINT", "VECTOR", "COORDINATE" };
    for (int i = 0; i < 3; i++)
        if (value_is_text(mode, words[i])) {
            *read = (enum credential_partition_mode) i;
            return true;
        }
    return false;
}

static unsigned read_entries(const struct value *types)
{
    static const char *const words[CREDENTIAL_NUM_ENTRIES] = { "UCI", "COUNTRYCODEUCI", "SIGNATURE" };
    unsigned                 entries = 0;
    for (VALUE_EACH(type, types))
        for (unsigned i = 0; i < CREDENTIAL_NUM_ENTRIES; i++)
            entries |= value_is_text(type, words[i]) ? 1u << i : 0;
    return entries;
}

static int read_list(const struct reading *reading, const struct value *list)
{
    uint8_t                        kid[CREDENTIAL_KID_BYTES];
    const struct value            *text = value_get(list, "kid");
    enum credential_partition_mode mode = CREDENTIAL_POINT;
    int64_t                        dated = CREDENTIAL_NO_TIME, expires = INT64_MAX;
    unsigned                       entries = read_entries(value_get(list, "hashTypes"));
    if (!value_is(text, VALUE_TEXT) || credential_kid_from_text(text->text, text->length, kid) != 0)
        return fault(reading, "kid", "eight bytes in base64", "a list does not say whose it is");
    if (!read_mode(value_get(list, "mode"), &mode))
        return fault(reading, "mode", "POINT, VECTOR or COORDINATE", "the mode is not known");
    if (entries == 0)
        return fault(reading, "hashTypes", "UCI, COUNTRYCODEUCI, SIGNATURE", "no kind of hash that is known");
    if (!member_time(list, "lastUpdated", &dated) || !member_time(list, "expires", &expires))
        return fault(reading, "lastUpdated, expires", "2022-06-30T00:00:00Z", "a time cannot be read");
    int ret = credential_revocation_declare(reading->revocation, kid, mode, entries, dated, expires);
    return ret == BASE_ERR_INPUT ? fault(reading, "kid", "each kid once", "a kid stands there twice") : ret;
}

static int read_json(const struct reading *reading, const char *bytes, size_t size, struct value_tree *tree)
{
    struct json_fault broken;
    int               ret = json_read(bytes, size, NULL, tree, &broken);
    if (ret == TOC_ERR_NO_MEMORY)
        return ret;
    if (ret != 0) {
        fault_add(reading->faults, (struct fault_place){ .file = reading->name, .line = broken.line }, broken.allowed,
                  "%s", broken.found);
        return BASE_ERR_INPUT;
    }
    return value_is(tree->values, VALUE_ARRAY) ? 0 : fault(reading, NULL, "a list", "it is no list");
}

/* What each does with every element: the first fault does not stop it, want of memory does. */
static int read_each(const struct reading *reading, const char *bytes, size_t size,
                     int (*read)(const struct reading *reading, const struct value *element))
{
    struct value_tree tree = VALUE_TREE_INIT;
    int               ret = read_json(reading, bytes, size, &tree);
    if (ret == 0)
        for (VALUE_EACH(element, tree.values)) {
            int one = read(reading, element);
            ret = one != 0 ? one : ret;
            if (one == TOC_ERR_NO_MEMORY)
                break;
        }
    value_tree_free(&tree);
    return ret;
}

int credential_revocation_lists(struct credential_revocation *revocation, const char *name, const char *bytes,
                                size_t size, struct fault_list *faults)
{
    const struct reading reading = { .revocation = revocation, .faults = faults, .name = name };
    return read_each(&reading, bytes, size, read_list);
}

/* ---- partitions ---- */

/* One hexadecimal digit as text; absent or null: 0. */
static bool read_digit(const struct value *value, unsigned *digit)
{
    *digit = 0;
    if (value == NULL || value->kind == VALUE_NULL)
        return true;
    if (value->kind != VALUE_TEXT || value->length != 1)
        return false;
    const char *found = strchr("0123456789abcdef", value->text[0] | (value->text[0] >= 'A' ? 0x20 : 0));
    if (found == NULL || *found == '\0')
        return false;
    *digit = (unsigned) (found - "0123456789abcdef");
    return true;
}

/* A name that can be a file's: letters, digits, - and _ and =; ended by '\0'. */
static bool read_name(const struct value *value, char name[NAME_BYTES])
{
    if (!value_is(value, VALUE_TEXT) || value->length == 0 || value->length >= NAME_BYTES)
        return false;
    for (size_t i = 0; i < value->length; i++) {
        char c = value->text[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                     c == '_' || c == '=';
        if (!plain)
            return false;
        name[i] = c;
    }
    name[value->length] = '\0';
    return true;
}

struct place {
    char     id[NAME_BYTES], chunk_name[NAME_BYTES];
    unsigned x, y, chunk;
};

static int read_slice(const struct reading *reading, const struct place *place, const struct value *when,
                      const struct value *slice)
{
    char                       hash[NAME_BYTES];
    const struct value        *type = value_get(slice, "type");
    bool                       bloom = value_is_text(type, "BLOOMFILTER");
    enum credential_slice_kind kind = bloom ? CREDENTIAL_BLOOM : CREDENTIAL_PREFIXES;
    struct toc_error           error;
    int64_t                    expires;
    size_t                     size = 0;
    if (!bloom && !value_is_text(type, "VARHASHLIST"))
        return fault(reading, "type", "BLOOMFILTER or VARHASHLIST", "the kind of a slice is not known");
    if (!read_name(value_get(slice, "hash"), hash) || !read_time(when->text, when->length, &expires))
        return fault(reading, "chunks", "{EXPIRES: {\"type\", \"hash\"}}", "a slice has no name or no end");
    const uint8_t *bytes = reading->source->find(reading->source->context, place->id, place->chunk_name, hash, &size);
    if (bytes == NULL)
        return fault(reading, hash, "every slice of the list", "the slice is missing");
    int ret = credential_revocation_add(reading->revocation, reading->kid, place->x, place->y, place->chunk, kind,
                                        bytes, size, expires, &error);
    return ret == BASE_ERR_INPUT ? fault(reading, hash, error.allowed, "the slice cannot be read") : ret;
}

static int read_partition(const struct reading *reading, const struct value *partition)
{
    struct place        place;
    const struct value *id = value_get(partition, "id"), *chunks = value_get(partition, "chunks");
    int                 ret = 0;
    if (id == NULL || id->kind == VALUE_NULL)
        strcpy(place.id, "null"); /* as the service names the only one */
    else if (!read_name(id, place.id))
        return fault(reading, "id", "letters, digits, - and _", "a partition has no name");
    if (!read_digit(value_get(partition, "x"), &place.x) || !read_digit(value_get(partition, "y"), &place.y))
        return fault(reading, place.id, "one hexadecimal digit each", "x and y cannot be read");
    for (VALUE_EACH_PAIR(key, chunks)) {
        if (!read_digit(key, &place.chunk) || !read_name(key, place.chunk_name)) {
            ret = fault(reading, place.id, "one hexadecimal digit", "a chunk has no name");
            continue;
        }
        for (VALUE_EACH_PAIR(when, key + 1)) {
            int one = read_slice(reading, &place, when, when + 1);
            ret = one != 0 ? one : ret;
            if (one == TOC_ERR_NO_MEMORY)
                return one;
        }
    }
    return ret;
}

int credential_revocation_partitions(struct credential_revocation *revocation, const char *name,
                                     const uint8_t kid[CREDENTIAL_KID_BYTES], const char *bytes, size_t size,
                                     const struct credential_slice_source *source, struct fault_list *faults)
{
    const struct reading reading = { revocation, faults, name, kid, source };
    return read_each(&reading, bytes, size, read_partition);
}
