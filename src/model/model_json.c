/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/model_json.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/deny.h"
#include "base/instant.h"
#include "base/nearest.h"
#include "base/text.h"
#include "model/model_check.h"
#include "model/model_value.h"
#include "tocsin/status.h"

/* ---- text to JSON ---- */

/* How deep the text nests, without understanding it: brackets outside strings. */
static size_t depth_of(const char *text, size_t size)
{
    size_t depth = 0, deepest = 0;
    bool   in_string = false;
    for (size_t i = 0; i < size; i++) {
        if (in_string) {
            if (text[i] == '\\')
                i++;
            else if (text[i] == '"')
                in_string = false;
        } else if (text[i] == '"') {
            in_string = true;
        } else if (text[i] == '{' || text[i] == '[') {
            depth++;
            deepest = depth > deepest ? depth : deepest;
        } else if ((text[i] == '}' || text[i] == ']') && depth > 0) {
            depth--;
        }
    }
    return deepest;
}

static void clear_and_free(void *memory)
{
    if (memory != NULL)
        explicit_bzero(memory, malloc_usable_size(memory));
    free(memory);
}

void model_json_forget(void)
{
    json_set_alloc_funcs(malloc, clear_and_free);
}

/* Jansson's own words quote the text, which may be about a person: ours do not. */
static const char *reason_of(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_premature_end_of_input: return "the JSON ends too soon";
    case json_error_end_of_input_expected: return "something follows behind the JSON value";
    case json_error_invalid_utf8: return "a text is not UTF-8";
    case json_error_duplicate_key: return "a member comes twice in one object";
    case json_error_numeric_overflow: return "a number is too large";
    case json_error_null_character:
    case json_error_null_byte_in_key: return "a text holds the character NUL";
    case json_error_stack_overflow: return "it nests too deep";
    default: return "it is not JSON";
    }
}

int model_json_parse(const char *text, size_t size, struct fault_place place, struct json_t **json,
                     struct fault_list *faults)
{
    if (size > MODEL_JSON_MAX_BYTES) {
        fault_add(faults, place, "at most 16 MiB", "found %zu bytes of JSON", size);
        return BASE_ERR_INPUT;
    }
    size_t depth = depth_of(text, size);
    if (depth > MODEL_JSON_MAX_DEPTH) {
        fault_add(faults, place, "at most 32 levels", "the JSON nests %zu levels deep", depth);
        return BASE_ERR_INPUT;
    }
    json_error_t error;
    json_t      *parsed = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (parsed != NULL) {
        *json = parsed;
        return 0;
    }
    if (json_error_code(&error) == json_error_out_of_memory)
        return TOC_ERR_NO_MEMORY;
    fault_add(faults, place, "JSON (RFC 8259)", "%s (line %d, byte %d)", reason_of(&error), error.line, error.position);
    return BASE_ERR_INPUT;
}

/* ---- JSON to a record ---- */

struct reading {
    const struct model_record *record;
    struct fault_place         place;
    struct arena              *arena;
    struct fault_list         *faults;
    void                      *value;
    struct model_set           given;
    int                        failure; /* TOC_ERR_NO_MEMORY */
};

/* JSON pointer (RFC 6901): '~' and '/' of a member's name are written ~0 and ~1. */
static struct fault_place place_of(const struct reading *reading, const char *name, char pointer[FAULT_NAME_BYTES])
{
    struct fault_place place = reading->place;
    int                length = snprintf(pointer, FAULT_NAME_BYTES, "%s/", place.name != NULL ? place.name : "");
    size_t             used = length < FAULT_NAME_BYTES ? (size_t) length : FAULT_NAME_BYTES - 1;
    for (; *name != '\0' && used < FAULT_NAME_BYTES - 2; name++) {
        if (*name == '~' || *name == '/') {
            pointer[used++] = '~';
            pointer[used++] = *name == '~' ? '0' : '1';
        } else {
            pointer[used++] = *name;
        }
    }
    pointer[used] = '\0';
    pointer[text_check_utf8(pointer, used)] = '\0';
    place.name = pointer;
    return place;
}

/* What a JSON value is, quoted where it may be shown. */
static void describe(const json_t *json, bool hidden, char found[FAULT_FOUND_BYTES])
{
    char quoted[TEXT_QUOTE_BYTES], number[TEXT_DOUBLE_BYTES];
    if (hidden && json_is_string(json)) {
        snprintf(found, FAULT_FOUND_BYTES, "found a text of %zu bytes", json_string_length(json));
        return;
    }
    if (hidden && json_is_number(json)) {
        snprintf(found, FAULT_FOUND_BYTES, "found a number");
        return;
    }
    switch (json_typeof(json)) {
    case JSON_STRING:
        text_quote(json_string_value(json), json_string_length(json), quoted);
        snprintf(found, FAULT_FOUND_BYTES, "found %.190s", quoted);
        return;
    case JSON_INTEGER:
        snprintf(found, FAULT_FOUND_BYTES, "found %" JSON_INTEGER_FORMAT, json_integer_value(json));
        return;
    case JSON_REAL:
        text_from_double(json_real_value(json), number);
        snprintf(found, FAULT_FOUND_BYTES, "found %s", number);
        return;
    case JSON_TRUE: snprintf(found, FAULT_FOUND_BYTES, "found true"); return;
    case JSON_FALSE: snprintf(found, FAULT_FOUND_BYTES, "found false"); return;
    case JSON_NULL: snprintf(found, FAULT_FOUND_BYTES, "found null"); return;
    case JSON_ARRAY: snprintf(found, FAULT_FOUND_BYTES, "found an array"); return;
    case JSON_OBJECT: snprintf(found, FAULT_FOUND_BYTES, "found an object"); return;
    }
}

static void refuse(const struct reading *reading, const char *name, const json_t *json, bool hidden,
                   const char *allowed)
{
    char pointer[FAULT_NAME_BYTES], found[FAULT_FOUND_BYTES];
    describe(json, hidden, found);
    fault_add(reading->faults, place_of(reading, name, pointer), allowed, "%s", found);
}

static int read_number(const struct model_field *field, const json_t *json, void *value)
{
    if (field->kind == MODEL_KIND_FLAG) {
        if (!json_is_boolean(json))
            return BASE_ERR_INPUT;
        model_value_set_integer(field, value, json_is_true(json));
        return 0;
    }
    if (!json_is_number(json))
        return BASE_ERR_INPUT;
    double real = json_number_value(json);
    if (field->kind == MODEL_KIND_REAL) {
        model_value_set_real(field, value, real);
        return 0;
    }
    if (json_is_integer(json) && json_integer_value(json) != MODEL_MISSING_INTEGER) {
        model_value_set_integer(field, value, json_integer_value(json));
        return 0;
    }
    if (!json_is_real(json) || !(real > -1e15 && real < 1e15) || real != (double) (int64_t) real)
        return BASE_ERR_INPUT;
    model_value_set_integer(field, value, (int64_t) real); /* 3.0 is a whole number */
    return 0;
}

static int read_value(const struct reading *reading, const struct model_field *field, const json_t *json)
{
    switch (field->kind) {
    case MODEL_KIND_FLAG:
    case MODEL_KIND_INTEGER:
    case MODEL_KIND_REAL: return read_number(field, json, reading->value);
    default:
        if (!json_is_string(json))
            return BASE_ERR_INPUT;
        return model_value_read(field, json_string_value(json), json_string_length(json), reading->arena,
                                reading->value);
    }
}

static void read_field(struct reading *reading, const struct model_field *field, const json_t *json)
{
    char allowed[FAULT_ALLOWED_BYTES];
    if (field->rule == MODEL_RULE_WRITTEN) {
        char pointer[FAULT_NAME_BYTES];
        fault_add(reading->faults, place_of(reading, field->name, pointer), NULL, "only the program sets this field");
        return;
    }
    model_set_add(&reading->given, (size_t) (field - reading->record->fields));
    if (json_is_null(json))
        return;
    int ret = read_value(reading, field, json);
    if (ret == TOC_ERR_NO_MEMORY) {
        reading->failure = ret;
    } else if (ret != 0) {
        model_allowed(field, allowed);
        refuse(reading, field->name, json, field->class == MODEL_CLASS_IDENTIFYING, allowed);
    }
}

/* id, version, created, updated, masked. */
static bool read_head(struct reading *reading, const char *name, const json_t *json)
{
    struct model_head *head = reading->value;
    if (strcmp(name, "id") == 0) {
        struct id id;
        if (!json_is_string(json) || id_from_text(json_string_value(json), json_string_length(json), &id) != 0 ||
            id_is_missing(&id))
            refuse(reading, name, json, false, ID_ALLOWED);
        else
            head->id = id;
        return true;
    }
    if (strcmp(name, "version") == 0) {
        if (!json_is_integer(json) || json_integer_value(json) < 0)
            refuse(reading, name, json, false, "a whole number, 0 or more");
        else
            head->version = json_integer_value(json);
        return true;
    }
    return strcmp(name, "created") == 0 || strcmp(name, "updated") == 0 || strcmp(name, "masked") == 0;
}

static void refuse_unknown(const struct reading *reading, const char *name)
{
    char                       pointer[FAULT_NAME_BYTES], allowed[FAULT_ALLOWED_BYTES];
    struct fault_place         place = place_of(reading, name, pointer);
    const struct denied_thing *denied = deny_match(name, strlen(name));
    if (denied != NULL) {
        fault_add(reading->faults, place, NULL, "%s", denied->reason_en);
        return;
    }
    struct nearest nearest = { .word = name };
    for (size_t i = 0; i < reading->record->num_fields; i++)
        nearest_offer(&nearest, reading->record->fields[i].name);
    if (nearest.best != NULL)
        snprintf(allowed, sizeof allowed, "perhaps %s was meant", nearest.best);
    else
        snprintf(allowed, sizeof allowed, "the fields of %s", reading->record->name);
    fault_add(reading->faults, place, allowed, "a record %s has no such field", reading->record->name);
}

static void read_members(struct reading *reading, const json_t *object)
{
    const char *name;
    json_t     *json;
    /* json_object_foreach walks with a pointer that is not const; nothing is changed */
    json_t *walked = json_incref((json_t *) (uintptr_t) object);
    json_object_foreach (walked, name, json) {
        const struct model_field *field = model_field_find(reading->record, name, strlen(name));
        if (field != NULL)
            read_field(reading, field, json);
        else if (!read_head(reading, name, json))
            refuse_unknown(reading, name);
    }
    json_decref(walked);
}

int model_json_from(const struct json_t *object, const struct model_record *record, struct fault_place place,
                    struct arena *arena, void *value, struct model_set *given, struct fault_list *faults)
{
    uint64_t       faults_before = faults->num_all;
    struct reading reading = { .record = record, .place = place, .arena = arena, .faults = faults };
    if (!json_is_object(object)) {
        char found[FAULT_FOUND_BYTES];
        describe(object, true, found);
        fault_add(faults, place, "an object", "%s", found);
        return BASE_ERR_INPUT;
    }
    reading.value = arena_array(arena, 1, record->size);
    if (reading.value == NULL)
        return TOC_ERR_NO_MEMORY;
    model_init(record, reading.value);
    read_members(&reading, object);
    if (reading.failure != 0)
        return reading.failure;
    if (faults->num_all > faults_before)
        return BASE_ERR_INPUT;
    memcpy(value, reading.value, record->size);
    *given = reading.given;
    return 0;
}

int model_json_read(const char *text, size_t size, const struct model_record *record, struct fault_place place,
                    struct arena *arena, void *value, struct model_set *given, struct fault_list *faults)
{
    json_t *json = NULL;
    int     ret = model_json_parse(text, size, place, &json, faults);
    if (ret == 0)
        ret = model_json_from(json, record, place, arena, value, given, faults);
    json_decref(json);
    return ret;
}

/* ---- a record to JSON ---- */

static void write_instant(struct json_writer *json, const char *name, int64_t instant)
{
    char text[INSTANT_TEXT_BYTES];
    if (instant_to_text(instant, text) == 0)
        return;
    json_key(json, name);
    json_put_string(json, text);
}

static void write_head(struct json_writer *json, const struct model_head *head)
{
    char text[ID_TEXT_BYTES];
    if (!id_is_missing(&head->id)) {
        id_to_text(&head->id, text);
        json_key(json, "id");
        json_put_string(json, text);
    }
    if (head->version == 0)
        return;
    json_key(json, "version");
    json_put_integer(json, head->version);
    write_instant(json, "created", head->created);
    write_instant(json, "updated", head->updated);
}

static void write_bytes(struct json_writer *json, const struct model_field *field, const void *value)
{
    struct sink base64;
    sink_init_memory(&base64);
    model_value_write(field, value, &base64);
    json_put_string_of(json, base64.bytes != NULL ? base64.bytes : "", base64.used);
    if (base64.failure != 0)
        json->sink->failure = base64.failure;
    sink_free(&base64);
}

static void write_value(struct json_writer *json, const struct model_field *field, const void *value)
{
    char text[MODEL_VALUE_BYTES];
    switch (field->kind) {
    case MODEL_KIND_INTEGER: json_put_integer(json, model_value_integer(field, value)); return;
    case MODEL_KIND_REAL: json_put_number(json, model_value_real(field, value)); return;
    case MODEL_KIND_FLAG: json_put_bool(json, model_value_integer(field, value) != 0); return;
    case MODEL_KIND_TEXT:
    case MODEL_KIND_CODE:
    case MODEL_KIND_TIME:
        json_put_string_of(json, model_value_text(field, value)->bytes, model_value_text(field, value)->size);
        return;
    case MODEL_KIND_BYTES: write_bytes(json, field, value); return;
    case MODEL_KIND_REFERENCE:
    case MODEL_KIND_DATE:
    case MODEL_KIND_INSTANT: break;
    }
    json_put_string_of(json, text, model_value_to_text(field, value, text));
}

static void write_masked(struct json_writer *json, const struct model_record *record, const struct model_set *visible)
{
    bool begun = false;
    for (size_t i = 0; i < record->num_fields; i++) {
        if (model_set_has(visible, i))
            continue;
        if (!begun) {
            json_key(json, "masked");
            json_begin_array(json);
        }
        begun = true;
        json_put_string(json, record->fields[i].name);
    }
    if (begun)
        json_end(json);
}

void model_json_write(struct json_writer *json, const struct model_record *record, const void *value,
                      const struct model_set *visible)
{
    json_begin_object(json);
    write_head(json, value);
    for (size_t i = 0; i < record->num_fields; i++) {
        const struct model_field *field = &record->fields[i];
        if (!model_set_has(visible, i) || model_is_missing(field, value))
            continue;
        json_key(json, field->name);
        write_value(json, field, value);
    }
    write_masked(json, record, visible);
    json_end(json);
}
