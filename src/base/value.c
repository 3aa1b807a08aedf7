/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/value.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "tocsin/status.h"

/* ---- looking ---- */

const struct value *value_inside(const struct value **first, enum value_kind kind)
{
    const struct value *parent = *first;
    if (parent == NULL || parent->kind != kind)
        return parent;
    *first = parent + 1;
    return parent + parent->size;
}

const struct value *value_get_of(const struct value *object, const char *key, size_t length)
{
    for (VALUE_EACH_PAIR(at, object)) {
        if (at->kind == VALUE_TEXT && at->length == length && memcmp(at->text, key, length) == 0)
            return at + 1;
    }
    return NULL;
}

const struct value *value_get(const struct value *object, const char *key)
{
    return value_get_of(object, key, strlen(key));
}

const struct value *value_get_integer(const struct value *object, int64_t key)
{
    for (VALUE_EACH_PAIR(at, object)) {
        if (at->kind == VALUE_INTEGER && at->integer == key)
            return at + 1;
    }
    return NULL;
}

const struct value *value_at(const struct value *array, size_t index)
{
    if (!value_is(array, VALUE_ARRAY) || index >= array->count)
        return NULL;
    const struct value *child = array + 1;
    while (index-- > 0)
        child += child->size;
    return child;
}

bool value_is_text(const struct value *value, const char *text)
{
    size_t length = strlen(text);
    return value_is(value, VALUE_TEXT) && value->length == length && memcmp(value->text, text, length) == 0;
}

bool value_is(const struct value *value, enum value_kind kind)
{
    return value != NULL && value->kind == kind;
}

bool value_to_number(const struct value *value, double *number)
{
    if (value_is(value, VALUE_INTEGER))
        *number = (double) value->integer;
    else if (value_is(value, VALUE_NUMBER))
        *number = value->number;
    else
        return false;
    return true;
}

const char *value_kind_text(const struct value *value)
{
    static const char *const words[] = { "null",   "false", "true",     "a whole number", "a number",
                                         "a text", "bytes", "an array", "an object" };
    return value == NULL ? "nothing" : words[value->kind];
}

/* ---- where a value stands ---- */

struct path {
    char  *text;
    size_t size;
    size_t used;
};

static void path_add(struct path *path, const char *text, size_t length)
{
    size_t room = path->size - 1 - path->used;
    length = length < room ? length : room;
    memcpy(path->text + path->used, text, length);
    path->used += length;
    path->text[path->used] = '\0';
}

static void path_add_index(struct path *path, size_t index)
{
    char text[TEXT_INTEGER_BYTES];
    path_add(path, "[", 1);
    path_add(path, text, text_from_integer((int64_t) index, text));
    path_add(path, "]", 1);
}

static void path_add_key(struct path *path, const struct value *key)
{
    char text[80];
    if (key->kind == VALUE_INTEGER) {
        path_add_index(path, (size_t) key->integer);
        return;
    }
    if (path->used > 0)
        path_add(path, ".", 1);
    path_add(path, text, text_escape(key->text, key->length, text, sizeof text));
}

/* The child of parent that holds `value` (or is its key); adds the step to the path. */
static const struct value *step(struct path *path, const struct value *parent, const struct value *value)
{
    size_t index = 0;
    for (VALUE_EACH(child, parent)) {
        if (value < child + child->size) {
            path_add_index(path, index);
            return child;
        }
        index++;
    }
    for (VALUE_EACH_PAIR(key, parent)) {
        if (value < key + 1 + key[1].size) {
            path_add_key(path, key);
            return key + 1;
        }
    }
    return NULL;
}

size_t value_path(const struct value *root, const struct value *value, char *text, size_t size)
{
    struct path path = { .text = text, .size = size };
    text[0] = '\0';
    for (const struct value *at = root; at != NULL && value > at;)
        at = step(&path, at, value);
    return path.used;
}

/* ---- trees being filled ---- */

void value_tree_init_in(struct value_tree *tree, struct value *values, size_t max_values, char *text, size_t max_text)
{
    *tree = (struct value_tree){
        .values = values, .max_values = max_values, .text = text, .max_text = max_text, .borrowed = true
    };
}

void value_tree_free(struct value_tree *tree)
{
    if (!tree->borrowed) {
        free(tree->values);
        free(tree->text);
    }
    *tree = (struct value_tree) VALUE_TREE_INIT;
}

void value_tree_clear(struct value_tree *tree)
{
    tree->num_values = 0;
    tree->used_text = 0;
}

void value_tree_wipe(struct value_tree *tree)
{
    if (tree->values != NULL)
        explicit_bzero(tree->values, tree->max_values * sizeof *tree->values);
    if (tree->text != NULL)
        explicit_bzero(tree->text, tree->max_text);
    value_tree_clear(tree);
}

/* The next capacity for used + more things: doubled, so that growing costs little; 0 where it cannot be. */
static size_t grown(size_t used, size_t more, size_t old)
{
    size_t wanted = old < 64 ? 64 : old;
    if (more > SIZE_MAX / 4 - used)
        return 0;
    while (wanted < used + more)
        wanted *= 2;
    return wanted;
}

/* Room that held a person's values is not left behind: so no realloc, but copy, clear, free. */
static void *moved(void *old, size_t used, void *new)
{
    if (used > 0) {
        memcpy(new, old, used);
        explicit_bzero(old, used);
    }
    free(old);
    return new;
}

int value_tree_reserve(struct value_tree *tree, size_t more)
{
    if (more <= tree->max_values - tree->num_values)
        return 0;
    size_t capacity = tree->borrowed ? 0 : grown(tree->num_values, more, tree->max_values);
    if (capacity == 0)
        return TOC_ERR_TOO_LARGE;
    struct value *values = memory_array(capacity, sizeof *values);
    if (values == NULL)
        return TOC_ERR_NO_MEMORY;
    tree->values = moved(tree->values, tree->num_values * sizeof *values, values);
    tree->max_values = capacity;
    return 0;
}

int value_tree_reserve_text(struct value_tree *tree, size_t more)
{
    if (more <= tree->max_text - tree->used_text)
        return 0;
    size_t capacity = tree->borrowed ? 0 : grown(tree->used_text, more, tree->max_text);
    if (capacity == 0)
        return TOC_ERR_TOO_LARGE;
    char *text = memory_array(capacity, 1);
    if (text == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < tree->num_values; i++) {
        struct value *value = &tree->values[i];
        bool          textual = value->kind == VALUE_TEXT || value->kind == VALUE_BYTES;
        uintptr_t     offset = (uintptr_t) value->text - (uintptr_t) tree->text;
        if (textual && tree->text != NULL && offset < tree->used_text)
            value->text = text + offset;
    }
    tree->text = moved(tree->text, tree->used_text, text);
    tree->max_text = capacity;
    return 0;
}
