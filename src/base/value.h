/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/value.h: values as JSON knows them (and CBOR, as far as health credentials use it), read-only, in one flat
 * array.
 *
 * A tree stands in the order in which one would read it aloud: a value, then what it holds. An object holds pairs: the
 * key (one entry: a text, in CBOR also an integer), then its value. `size` is how many entries a value takes with all
 * it holds, so the next sibling of v is v + v->size. There are no pointers between values: a tree can be moved.
 *
 * Texts are `length` bytes without an end mark; they point into the bytes that were read where these say the text as
 * it is, else into the tree's own text room. So the bytes that were read must live as long as the tree.
 * A number keeps its own text beside its value: a decimal is not rounded by having been read.
 */
#ifndef BASE_VALUE_H
#define BASE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum value_kind {
    VALUE_NULL,
    VALUE_FALSE,
    VALUE_TRUE,
    VALUE_INTEGER, /* `integer`: a number without point or exponent that an int64_t holds */
    VALUE_NUMBER,  /* `number`: any other, as the nearest double */
    VALUE_TEXT,    /* UTF-8 */
    VALUE_BYTES,   /* of CBOR alone */
    VALUE_ARRAY,
    VALUE_OBJECT
};

struct value {
    const char *text; /* TEXT, BYTES, and numbers of JSON: as they stood */
    union {
        int64_t  integer;
        double   number;
        uint64_t sketch; /* TEXT: what the reader needs to find equal keys fast; nothing to rely on */
    };
    uint32_t size; /* entries, itself included; 1 for all but ARRAY and OBJECT */
    union {
        uint32_t length; /* bytes of text */
        uint32_t count;  /* elements of an array, pairs of an object */
    };
    uint32_t place; /* byte offset in what was read, for messages */
    uint8_t  kind;  /* enum value_kind */
};

/* ---- looking ---- */

/* The value of a key, or NULL: no such key, no object, or NULL given (so calls can be nested). Compares key after key:
 * for objects of some dozens of pairs. */
const struct value *value_get(const struct value *object, const char *key);
const struct value *value_get_of(const struct value *object, const char *key, size_t length);
/* The same for an integer key. */
const struct value *value_get_integer(const struct value *object, int64_t key);

/* The element at an index, or NULL. Steps over those before it; to see all of them use VALUE_EACH. */
const struct value *value_at(const struct value *array, size_t index);

/* for (VALUE_EACH(child, array)) …: every element of an array. Nothing where the value is NULL or no array. */
#define VALUE_EACH(child, parent)                                                                                      \
    const struct value *child = (parent), *child##_end = value_inside(&child, VALUE_ARRAY);                            \
    child < child##_end;                                                                                               \
    child += child->size
/* for (VALUE_EACH_PAIR(key, object)) …: every key of an object; key + 1 is its value. */
#define VALUE_EACH_PAIR(key, parent)                                                                                   \
    const struct value *key = (parent), *key##_end = value_inside(&key, VALUE_OBJECT);                                 \
    key < key##_end;                                                                                                   \
    key += 1 + key[1].size
/* Moves *first to the first thing inside it, and answers the end. */
const struct value *value_inside(const struct value **first, enum value_kind kind);

bool value_is_text(const struct value *value, const char *text);
bool value_is(const struct value *value, enum value_kind kind); /* false for NULL */
/* The number of an INTEGER or NUMBER; false, with *number untouched, for all else. */
bool value_to_number(const struct value *value, double *number);

/* The English word for a kind with its article: "a text", "an object"; NULL is "nothing". */
const char *value_kind_text(const struct value *value);

/* Where a value stands within root: "entry[3].resource.id"; "" for root itself. Cut where room is short, ends with
 * '\0'; keys are shown escaped. Returns its length. */
#define VALUE_PATH_BYTES 200
size_t value_path(const struct value *root, const struct value *value, char *path, size_t size);

/* ---- trees being filled ---- */

/* Room for a tree: the caller's own (value_tree_init_in), which never grows, or from the C library, which grows as
 * needed and is used again for the next tree (a zeroed struct; value_tree_free). */
struct value_tree {
    struct value *values; /* the first is the root */
    size_t        num_values;
    size_t        max_values;
    char         *text;
    size_t        used_text;
    size_t        max_text;
    bool          borrowed;
};
#define VALUE_TREE_INIT                                                                                                \
    {                                                                                                                  \
        0                                                                                                              \
    }

void value_tree_init_in(struct value_tree *tree, struct value *values, size_t max_values, char *text, size_t max_text);
void value_tree_free(struct value_tree *tree);
/* Forget the tree, keep the room. */
void value_tree_clear(struct value_tree *tree);
/* The same, and clear every byte of the room: trees that held what belongs to a person. */
void value_tree_wipe(struct value_tree *tree);

/* Room for `more` further values or bytes of text. Returns 0, TOC_ERR_NO_MEMORY, or TOC_ERR_TOO_LARGE where borrowed
 * room is short. Growing moves values and texts; texts of values that pointed into the text room follow it. */
int value_tree_reserve(struct value_tree *tree, size_t more);
int value_tree_reserve_text(struct value_tree *tree, size_t more);

#endif
