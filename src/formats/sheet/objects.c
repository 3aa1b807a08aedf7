/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/sheet/objects.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json_reader.h"
#include "base/memory.h"
#include "base/sink.h"
#include "formats/sheet/sheet.h"
#include "tocsin/status.h"

enum { MOST_KEY = 1000 /* bytes of a key with those around it */ };

struct key {
    const char *bytes;
    size_t      size;
};

struct sheet_objects {
    const char        *bytes, *name;
    size_t             size, offset;
    uint64_t           line; /* of the byte at `offset`; 1 = first */
    struct fault_list *faults;
    struct value_tree  tree;
    struct arena       arena; /* of the keys */
    struct key         keys[SHEET_MAX_COLUMNS];
    size_t             num_keys, last; /* the key that was met last: objects have theirs in the same order */
    bool               begun;          /* the header was given */
    uint64_t           number;         /* of the last row */
    struct sheet_cell  cells[SHEET_MAX_COLUMNS];
    size_t             begins[SHEET_MAX_COLUMNS]; /* in `text` */
    struct sink        text;
};

bool sheet_objects_begin(const char *bytes, size_t size)
{
    size_t at = 0;
    while (at < size && memchr(" \t\r\n", bytes[at], 4) != NULL)
        at++;
    return at < size && bytes[at] == '{';
}

static int refuse(const struct sheet_objects *objects, uint64_t line, const char *allowed, const char *found)
{
    fault_add(objects->faults, (struct fault_place){ .file = objects->name, .line = line }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

/* The next object, and the line where it begins: 1, 0 at the end. */
static int next_object(struct sheet_objects *objects, uint64_t *line)
{
    const struct json_limits limits = { .max_depth = SHEET_OBJECTS_DEPTH };
    struct json_fault        fault;
    const char              *at, *end = objects->bytes + objects->size;
    size_t                   used = 0;
    for (at = objects->bytes + objects->offset; at < end && memchr(" \t\r\n", *at, 4) != NULL; at++)
        objects->line += *at == '\n';
    *line = objects->line;
    objects->offset = (size_t) (at - objects->bytes);
    if (at == end)
        return 0;
    if (*at != '{')
        return refuse(objects, *line, "an object a line", "a value that is no object");
    size_t rest = (size_t) (end - at), shown = rest < SHEET_MAX_ROW ? rest : SHEET_MAX_ROW;
    int    ret = json_read_next(at, shown, &used, &limits, &objects->tree, &fault);
    if (ret == BASE_ERR_INPUT && fault.byte == shown && shown < rest)
        return refuse(objects, *line, "at most 4 MiB", "an object of more than 4 MiB");
    if (ret == BASE_ERR_INPUT || ret == TOC_ERR_TOO_LARGE)
        return refuse(objects, *line + fault.line - 1, "objects of JSON, one a line", fault.found);
    for (size_t i = 0; i < used && ret == 0; i++)
        objects->line += at[i] == '\n';
    objects->offset += used;
    return ret == 0 ? 1 : ret;
}

/* The number of a key; num_keys = it is new. */
static size_t find_key(const struct sheet_objects *objects, const char *bytes, size_t size)
{
    for (size_t i = 0; i < objects->num_keys; i++) {
        size_t            number = (objects->last + 1 + i) % objects->num_keys;
        const struct key *key = &objects->keys[number];
        if (key->size == size && memcmp(key->bytes, bytes, size) == 0)
            return number;
    }
    return objects->num_keys;
}

static int add_key(struct sheet_objects *objects, const char *bytes, size_t size, uint64_t line)
{
    if (objects->num_keys == SHEET_MAX_COLUMNS)
        return refuse(objects, line, "at most 2,000", "more keys than a table has columns");
    char *copy = arena_copy(&objects->arena, bytes, size);
    if (copy == NULL)
        return TOC_ERR_NO_MEMORY;
    objects->keys[objects->num_keys++] = (struct key){ copy, size };
    return 0;
}

static int put_cell(struct sheet_objects *objects, size_t number, const struct value *value)
{
    bool        flag = value->kind == VALUE_TRUE || value->kind == VALUE_FALSE;
    const char *text = !flag ? value->text : value->kind == VALUE_TRUE ? "true" : "false";
    size_t      size = flag ? strlen(text) : value->length;
    if (value->kind == VALUE_NULL || size == 0)
        return 0;
    if (size > SHEET_MAX_CELL)
        return refuse(objects, objects->line, "at most 131,068 bytes", "a longer text");
    objects->begins[number] = objects->text.used;
    objects->cells[number] = (struct sheet_cell){ .size = size, .kind = SHEET_TEXT };
    sink_write(&objects->text, text, size);
    sink_character(&objects->text, '\0');
    return objects->text.failure != 0 ? TOC_ERR_NO_MEMORY : 0;
}

/* What a member says under its whole key, and what stands within it. */
static int take_member(struct sheet_objects *objects, char *key, size_t size, const struct value *value, uint64_t line,
                       bool collects);

static int take_inside(struct sheet_objects *objects, char *key, size_t size, const struct value *outer, uint64_t line,
                       bool collects)
{
    size_t number = 0;
    int    ret = 0;
    for (VALUE_EACH(element, outer)) {
        int more = snprintf(key + size, MOST_KEY - size, ".%zu", number++);
        if (ret == 0)
            ret = (size_t) more < MOST_KEY - size
                      ? take_member(objects, key, size + (size_t) more, element, line, collects)
                      : refuse(objects, line, "at most 1,000 bytes", "a longer key");
    }
    for (VALUE_EACH_PAIR(name, outer)) {
        size_t dot = size > 0;
        if (ret == 0 && name->length + dot >= MOST_KEY - size)
            ret = refuse(objects, line, "at most 1,000 bytes", "a longer key");
        if (ret != 0)
            break;
        if (dot > 0)
            key[size] = '.';
        memcpy(key + size + dot, name->text, name->length);
        ret = take_member(objects, key, size + dot + name->length, name + 1, line, collects);
    }
    return ret;
}

static int take_member(struct sheet_objects *objects, char *key, size_t size, const struct value *value, uint64_t line,
                       bool collects)
{
    if (value->kind == VALUE_OBJECT || value->kind == VALUE_ARRAY)
        return take_inside(objects, key, size, value, line, collects);
    size_t number = find_key(objects, key, size);
    int    ret = number == objects->num_keys && collects ? add_key(objects, key, size, line) : 0;
    if (ret == 0 && number < objects->num_keys)
        objects->last = number;
    return ret == 0 && !collects && number < objects->num_keys ? put_cell(objects, number, value) : ret;
}

static int collect(struct sheet_objects *objects)
{
    char     key[MOST_KEY];
    uint64_t line;
    int      ret;
    while ((ret = next_object(objects, &line)) == 1)
        if ((ret = take_inside(objects, key, 0, objects->tree.values, line, true)) != 0)
            break;
    if (ret == 0 && objects->num_keys == 0)
        ret = refuse(objects, 1, "objects with keys", "objects without any");
    return ret;
}

int sheet_objects_open(const char *bytes, size_t size, const char *name, struct fault_list *faults,
                       struct sheet_objects **objects)
{
    struct sheet_objects *opened = memory_array(1, sizeof *opened);
    if (opened == NULL)
        return TOC_ERR_NO_MEMORY;
    opened->bytes = bytes;
    opened->size = size;
    opened->name = name;
    opened->faults = faults;
    sink_init_memory(&opened->text);
    sheet_objects_rewind(opened);
    int ret = collect(opened);
    sheet_objects_rewind(opened);
    if (ret == 0)
        *objects = opened;
    else
        sheet_objects_close(opened);
    return ret;
}

void sheet_objects_close(struct sheet_objects *objects)
{
    if (objects == NULL)
        return;
    value_tree_wipe(&objects->tree);
    value_tree_free(&objects->tree);
    sink_free(&objects->text);
    arena_free(&objects->arena);
    free(objects);
}

void sheet_objects_rewind(struct sheet_objects *objects)
{
    objects->offset = 0;
    objects->line = 1;
    objects->begun = false;
    objects->number = 0;
    objects->last = objects->num_keys > 0 ? objects->num_keys - 1 : 0;
}

int sheet_objects_next(struct sheet_objects *objects, struct sheet_row *row)
{
    char     key[MOST_KEY];
    uint64_t line;
    if (!objects->begun) {
        for (size_t i = 0; i < objects->num_keys; i++)
            objects->cells[i] = (struct sheet_cell){ objects->keys[i].bytes, objects->keys[i].size, SHEET_TEXT };
        objects->begun = true;
        *row = (struct sheet_row){ objects->cells, objects->num_keys, 1 };
        return 1;
    }
    for (;;) {
        size_t num = 0;
        int    ret = next_object(objects, &line);
        memset(objects->cells, 0, objects->num_keys * sizeof *objects->cells);
        objects->text.used = 0;
        if (ret == 1)
            ret = take_inside(objects, key, 0, objects->tree.values, line, false) == 0 ? 1 : BASE_ERR_INPUT;
        if (ret != 1)
            return ret;
        for (size_t i = 0; i < objects->num_keys; i++) {
            bool given = objects->cells[i].kind != SHEET_EMPTY;
            objects->cells[i].text = given ? objects->text.bytes + objects->begins[i] : "";
            num = given ? i + 1 : num;
        }
        if (num == 0) /* as an empty line */
            continue;
        objects->number = line > objects->number ? line : objects->number + 1;
        *row = (struct sheet_row){ objects->cells, num, objects->number };
        return 1;
    }
}
