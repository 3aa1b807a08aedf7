/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/schema.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "base/date_text.h"
#include "base/id.h"
#include "base/instant.h"

struct walk {
    const json_t *document;
    char         *why;
    char          path[200]; /* to the value at hand */
};

static bool holds(struct walk *walk, const json_t *schema, const json_t *value);

__attribute__((format(printf, 2, 3))) static bool wrong(struct walk *walk, const char *format, ...)
{
    va_list arguments;
    size_t  used = (size_t) snprintf(walk->why, SCHEMA_WHY_BYTES, "%s: ", walk->path);
    va_start(arguments, format);
    if (used < SCHEMA_WHY_BYTES)
        vsnprintf(walk->why + used, SCHEMA_WHY_BYTES - used, format, arguments);
    va_end(arguments);
    return false;
}

const json_t *schema_named(const json_t *document, const char *name)
{
    return json_object_get(json_object_get(json_object_get(document, "components"), "schemas"), name);
}

/* A value within the value at hand. */
static bool holds_at(struct walk *walk, const char *step, const json_t *schema, const json_t *value)
{
    size_t length = strlen(walk->path);
    snprintf(walk->path + length, sizeof walk->path - length, "/%s", step);
    bool is = holds(walk, schema, value);
    walk->path[length] = '\0';
    return is;
}

/* ---- the words ---- */

static bool is_type(const char *type, const json_t *value)
{
    if (strcmp(type, "integer") == 0)
        return json_is_integer(value);
    if (strcmp(type, "number") == 0)
        return json_is_number(value);
    if (strcmp(type, "string") == 0)
        return json_is_string(value);
    if (strcmp(type, "boolean") == 0)
        return json_is_boolean(value);
    if (strcmp(type, "null") == 0)
        return json_is_null(value);
    if (strcmp(type, "array") == 0)
        return json_is_array(value);
    return strcmp(type, "object") == 0 && json_is_object(value);
}

static bool check_type(struct walk *walk, const json_t *word, const json_t *value)
{
    if (json_is_string(word))
        return is_type(json_string_value(word), value) || wrong(walk, "no %s", json_string_value(word));
    for (size_t i = 0; i < json_array_size(word); i++)
        if (is_type(json_string_value(json_array_get(word, i)), value))
            return true;
    return wrong(walk, "of none of the types");
}

static bool check_enum(struct walk *walk, const json_t *word, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(word); i++)
        if (json_equal(json_array_get(word, i), value))
            return true;
    return wrong(walk, "not one of the values");
}

static bool check_required(struct walk *walk, const json_t *word, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(word) && json_is_object(value); i++)
        if (json_object_get(value, json_string_value(json_array_get(word, i))) == NULL)
            return wrong(walk, "%s is missing", json_string_value(json_array_get(word, i)));
    return true;
}

/* The members that have a schema by it, the others by additionalProperties. */
static bool check_members(struct walk *walk, const json_t *schema, const json_t *value)
{
    const json_t *properties = json_object_get(schema, "properties");
    const json_t *others = json_object_get(schema, "additionalProperties");
    const char   *key;
    json_t       *member;
    json_object_foreach ((json_t *) (uintptr_t) value, key, member) {
        const json_t *of = json_object_get(properties, key);
        if (of == NULL && json_is_false(others))
            return wrong(walk, "%s is no member of it", key);
        if (of == NULL)
            of = others;
        if (json_is_object(of) && !holds_at(walk, key, of, member))
            return false;
    }
    return true;
}

static bool check_items(struct walk *walk, const json_t *word, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(value); i++) {
        char step[24];
        snprintf(step, sizeof step, "%zu", i);
        if (!holds_at(walk, step, word, json_array_get(value, i)))
            return false;
    }
    return true;
}

static size_t characters(const json_t *value)
{
    size_t num = 0;
    for (const char *at = json_string_value(value); *at != '\0'; at++)
        num += (*at & 0xc0) != 0x80;
    return num;
}

static bool check_number(struct walk *walk, const char *key, const json_t *word, const json_t *value)
{
    double bound = json_number_value(word);
    if (strcmp(key, "minLength") == 0)
        return !json_is_string(value) || (double) characters(value) >= bound || wrong(walk, "too short");
    if (strcmp(key, "maxLength") == 0)
        return !json_is_string(value) || (double) characters(value) <= bound || wrong(walk, "too long");
    if (!json_is_number(value))
        return true;
    return (strcmp(key, "minimum") == 0 ? json_number_value(value) >= bound : json_number_value(value) <= bound) ||
           wrong(walk, "out of its bounds");
}

enum { PATTERNS = 40 };

/* Compiled once: every answer is held to the same few. \d is no word of POSIX expressions. NULL: a pattern that is
 * none, or one too many. */
static const regex_t *compiled(const char *word)
{
    static struct {
        char    word[200];
        regex_t expression;
    } known[PATTERNS];
    static size_t num;
    char          pattern[400];
    size_t        used = 0;
    for (size_t i = 0; i < num; i++)
        if (strcmp(known[i].word, word) == 0)
            return &known[i].expression;
    for (const char *at = word; *at != '\0' && used + 8 < sizeof pattern; at++) {
        if (at[0] == '\\' && at[1] == 'd') {
            used += (size_t) snprintf(pattern + used, sizeof pattern - used, "[0-9]");
            at++;
        } else
            pattern[used++] = *at;
    }
    pattern[used] = '\0';
    if (num == PATTERNS || strlen(word) >= sizeof known[num].word ||
        regcomp(&known[num].expression, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return NULL;
    snprintf(known[num].word, sizeof known[num].word, "%s", word);
    return &known[num++].expression;
}

static bool check_pattern(struct walk *walk, const json_t *word, const json_t *value)
{
    if (!json_is_string(value))
        return true;
    const regex_t *expression = compiled(json_string_value(word));
    if (expression == NULL)
        return wrong(walk, "a pattern that is none");
    return regexec(expression, json_string_value(value), 0, NULL, 0) == 0 || wrong(walk, "not of the pattern");
}

static bool check_format(struct walk *walk, const json_t *word, const json_t *value)
{
    const char    *format = json_string_value(word), *text = json_string_value(value);
    struct id      id;
    toc_date       day;
    enum date_form form;
    int64_t        instant;
    if (!json_is_string(value))
        return true;
    bool is = (strcmp(format, "uuid") == 0 && id_from_text(text, strlen(text), &id) == 0) ||
              (strcmp(format, "date") == 0 && date_from_text(text, strlen(text), &day, &form, NULL) == 0 &&
               form == DATE_FORM_DAY) ||
              (strcmp(format, "date-time") == 0 && instant_from_text(text, strlen(text), &instant) == 0);
    return is || wrong(walk, "no %s", format);
}

static bool check_any(struct walk *walk, const json_t *word, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(word); i++)
        if (holds(walk, json_array_get(word, i), value))
            return true;
    return false;
}

static bool check_all(struct walk *walk, const json_t *word, const json_t *value)
{
    for (size_t i = 0; i < json_array_size(word); i++) {
        const json_t *one = json_array_get(word, i), *then = json_object_get(one, "then");
        if (then != NULL ? holds(walk, json_object_get(one, "if"), value) && !holds(walk, then, value)
                         : !holds(walk, one, value))
            return false;
    }
    return true;
}

static bool check_reference(struct walk *walk, const json_t *word, const json_t *value)
{
    static const char before[] = "#/components/schemas/";
    const char       *text = json_string_value(word);
    if (strncmp(text, before, sizeof before - 1) != 0 || schema_named(walk->document, text + sizeof before - 1) == NULL)
        return wrong(walk, "no schema %s", text);
    return holds(walk, schema_named(walk->document, text + sizeof before - 1), value);
}

/* Words that say nothing about the value, or are looked at together with another. */
static bool is_silent(const char *key)
{
    static const char *const words[] = { "title", "description", "readOnly", "contentEncoding",
                                         "additionalProperties" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], key) == 0)
            return true;
    return strncmp(key, "x-", 2) == 0;
}

static bool check_word(struct walk *walk, const json_t *schema, const char *key, const json_t *word,
                       const json_t *value)
{
    static const struct {
        const char *key;
        bool (*check)(struct walk *walk, const json_t *word, const json_t *value);
    } words[] = { { "type", check_type },       { "enum", check_enum },     { "required", check_required },
                  { "items", check_items },     { "anyOf", check_any },     { "allOf", check_all },
                  { "pattern", check_pattern }, { "format", check_format }, { "$ref", check_reference } };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].key, key) == 0)
            return words[i].check(walk, word, value);
    if (strcmp(key, "properties") == 0)
        return check_members(walk, schema, value);
    if (strcmp(key, "const") == 0)
        return json_equal(word, value) || wrong(walk, "another value");
    if (strcmp(key, "minimum") == 0 || strcmp(key, "maximum") == 0 || strcmp(key, "minLength") == 0 ||
        strcmp(key, "maxLength") == 0)
        return check_number(walk, key, word, value);
    return is_silent(key) || wrong(walk, "the schema has a word that is not known: %s", key);
}

static bool holds(struct walk *walk, const json_t *schema, const json_t *value)
{
    const char *key;
    json_t     *word;
    if (!json_is_object(schema))
        return wrong(walk, "no schema");
    json_object_foreach ((json_t *) (uintptr_t) schema, key, word) {
        if (!check_word(walk, schema, key, word, value))
            return false;
    }
    return json_object_get(schema, "properties") != NULL || json_object_get(schema, "additionalProperties") == NULL ||
           check_members(walk, schema, value);
}

bool schema_holds(const json_t *document, const json_t *schema, const json_t *value, char why[SCHEMA_WHY_BYTES])
{
    struct walk walk = { .document = document, .why = why };
    why[0] = '\0';
    return holds(&walk, schema, value);
}
