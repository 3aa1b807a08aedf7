/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/yaml_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yaml.h>

#include "base/memory.h"
#include "base/text.h"
#include "tocsin/status.h"

struct reading {
    const char        *name;
    struct fault_list *faults;
    struct arena      *arena;
    struct yaml_node  *root;
    struct yaml_node  *open; /* the innermost map or list that has not ended; NULL = none */
    size_t             depth, num_nodes;
    const char        *key; /* of the member to come, in a map; NULL = a key is to come */
    yaml_mark_t        key_mark;
};

__attribute__((format(printf, 4, 5))) static int tell(const struct reading *reading, yaml_mark_t mark,
                                                      const char *allowed, const char *format, ...)
{
    char    found[FAULT_FOUND_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(found, sizeof found, format, arguments);
    va_end(arguments);
    struct fault_place place = { reading->name, mark.line + 1, (uint32_t) mark.column + 1, NULL };
    fault_add(reading->faults, place, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

/* ---- nodes ---- */

static void hang(struct yaml_node *parent, struct yaml_node *node)
{
    if (parent->last != NULL)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
    parent->num++;
}

static int add_node(struct reading *reading, enum yaml_kind kind, yaml_mark_t mark, struct yaml_node **added)
{
    if (reading->num_nodes == YAML_TREE_NODES)
        return tell(reading, mark, "at most 100000 values", "one value too many");
    struct yaml_node *node = arena_array(reading->arena, 1, sizeof *node);
    if (node == NULL)
        return TOC_ERR_NO_MEMORY;
    reading->num_nodes++;
    node->kind = kind;
    node->line = (uint32_t) mark.line + 1;
    node->column = (uint32_t) mark.column + 1;
    node->parent = reading->open;
    if (reading->key != NULL) {
        node->key = reading->key;
        node->key_line = (uint32_t) reading->key_mark.line + 1;
        node->key_column = (uint32_t) reading->key_mark.column + 1;
        reading->key = NULL;
    }
    if (reading->open != NULL)
        hang(reading->open, node);
    else
        reading->root = node;
    *added = node;
    return 0;
}

/* ---- events ---- */

static bool is_key(const struct reading *reading)
{
    return reading->open != NULL && reading->open->kind == YAML_MAP && reading->key == NULL;
}

static int take_text(struct reading *reading, const yaml_event_t *event)
{
    const char *bytes = (const char *) event->data.scalar.value;
    size_t      size = event->data.scalar.length;
    if (event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL)
        return tell(reading, event->start_mark, "the value itself", "anchors (&) and tags (!) are not read");
    if (text_check_utf8(bytes, size) != size)
        return tell(reading, event->start_mark, "text in UTF-8 without NUL", "a text with a byte that is no character");
    char *copy = arena_copy(reading->arena, bytes, size);
    if (copy == NULL)
        return TOC_ERR_NO_MEMORY;
    if (is_key(reading)) {
        reading->key = copy;
        reading->key_mark = event->start_mark;
        return 0;
    }
    struct yaml_node *node;
    int               ret = add_node(reading, YAML_TEXT, event->start_mark, &node);
    if (ret != 0)
        return ret;
    node->text = copy;
    node->size = size;
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return 0;
}

static int begin(struct reading *reading, enum yaml_kind kind, const yaml_event_t *event, bool marked)
{
    if (marked)
        return tell(reading, event->start_mark, "the value itself", "anchors (&) and tags (!) are not read");
    if (is_key(reading))
        return tell(reading, event->start_mark, "a text", "a key that is %s", yaml_kind_word(kind));
    if (reading->depth == YAML_TREE_DEPTH)
        return tell(reading, event->start_mark, "at most 16 maps and lists within each other", "too deep");
    struct yaml_node *node;
    int               ret = add_node(reading, kind, event->start_mark, &node);
    if (ret != 0)
        return ret;
    reading->open = node;
    reading->depth++;
    return 0;
}

static int compare_keys(const void *a, const void *b)
{
    const struct yaml_node *x = *(struct yaml_node *const *) a, *y = *(struct yaml_node *const *) b;
    int                     order = strcmp(x->key, y->key);
    if (order != 0)
        return order;
    if (x->key_line != y->key_line)
        return x->key_line < y->key_line ? -1 : 1;
    return x->key_column < y->key_column ? -1 : x->key_column > y->key_column;
}

/* Every key that comes again is told, with the line of the first. */
static int check_keys(struct reading *reading, const struct yaml_node *map)
{
    if (map->num < 2)
        return 0;
    const struct yaml_node **sorted = memory_array(map->num, sizeof *sorted);
    size_t                   num = 0, first = 0;
    if (sorted == NULL)
        return TOC_ERR_NO_MEMORY;
    for (const struct yaml_node *member = map->first; member != NULL; member = member->next)
        sorted[num++] = member;
    qsort(sorted, num, sizeof *sorted, compare_keys);
    for (size_t i = 1; i < num; i++) {
        if (strcmp(sorted[first]->key, sorted[i]->key) != 0) {
            first = i;
            continue;
        }
        char quoted[TEXT_QUOTE_BYTES];
        text_quote(sorted[i]->key, strlen(sorted[i]->key), quoted);
        fault_add(reading->faults,
                  (struct fault_place){ reading->name, sorted[i]->key_line, sorted[i]->key_column, NULL },
                  "each key once", "the key %s comes twice, first in line %" PRIu32, quoted, sorted[first]->key_line);
    }
    free(sorted);
    return 0;
}

static int end(struct reading *reading)
{
    int ret = reading->open->kind == YAML_MAP ? check_keys(reading, reading->open) : 0;
    reading->open = reading->open->parent;
    reading->depth--;
    return ret;
}

static int take_event(struct reading *reading, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_ALIAS_EVENT: return tell(reading, event->start_mark, "the value itself", "aliases (*) are not read");
    case YAML_SCALAR_EVENT: return take_text(reading, event);
    case YAML_SEQUENCE_START_EVENT:
        return begin(reading, YAML_LIST, event,
                     event->data.sequence_start.anchor != NULL || event->data.sequence_start.tag != NULL);
    case YAML_MAPPING_START_EVENT:
        return begin(reading, YAML_MAP, event,
                     event->data.mapping_start.anchor != NULL || event->data.mapping_start.tag != NULL);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return end(reading);
    case YAML_DOCUMENT_START_EVENT:
        if (reading->root != NULL)
            return tell(reading, event->start_mark, "one document a file", "a second document");
        return 0;
    default: return 0; /* where stream and document begin and end */
    }
}

/* ---- the whole text ---- */

static int complain_of_parser(const struct reading *reading, const yaml_parser_t *parser)
{
    if (parser->error == YAML_MEMORY_ERROR)
        return TOC_ERR_NO_MEMORY;
    if (parser->error == YAML_READER_ERROR) /* its mark is not where the byte is; its offset is */
        return tell(reading, parser->mark, "text in UTF-8 without control characters", "%s at byte %zu",
                    parser->problem != NULL ? parser->problem : "unreadable", parser->problem_offset);
    if (parser->context != NULL)
        return tell(reading, parser->problem_mark, "YAML", "%s, %s (from line %zu)", parser->problem, parser->context,
                    parser->context_mark.line + 1);
    return tell(reading, parser->problem_mark, "YAML", "%s",
                parser->problem != NULL ? parser->problem : "this is no YAML");
}

static int parse(struct reading *reading, yaml_parser_t *parser)
{
    for (;;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return complain_of_parser(reading, parser);
        bool last = event.type == YAML_STREAM_END_EVENT;
        int  ret = take_event(reading, &event);
        yaml_event_delete(&event);
        if (ret != 0 || last)
            return ret;
    }
}

int yaml_tree_read(const char *bytes, size_t size, const char *name, struct fault_list *faults, struct arena *arena,
                   struct yaml_node **root)
{
    struct reading reading = { .name = name, .faults = faults, .arena = arena };
    uint64_t       faults_before = faults->num_all;
    yaml_mark_t    start = { 0 };
    yaml_parser_t  parser;
    if (size > YAML_TREE_BYTES)
        return tell(&reading, start, "at most 1048576 bytes", "the file is too large");
    if (!yaml_parser_initialize(&parser))
        return TOC_ERR_NO_MEMORY;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *) bytes, size);
    int ret = parse(&reading, &parser);
    yaml_parser_delete(&parser);
    struct yaml_node *empty;
    if (ret == 0 && reading.root == NULL && (ret = add_node(&reading, YAML_TEXT, start, &empty)) == 0)
        empty->text = "";
    if (ret == 0 && faults->num_all > faults_before)
        ret = BASE_ERR_INPUT;
    if (ret == 0)
        *root = reading.root;
    return ret;
}

/* As many bytes as there are, or one more than allowed; -1 with errno where the system refuses. */
static ssize_t read_all(int fd, char *bytes, size_t room)
{
    size_t size = 0;
    while (size < room) {
        ssize_t got = read(fd, bytes + size, room - size);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        size += (size_t) got;
    }
    return (ssize_t) size;
}

int yaml_tree_read_file(const char *path, struct fault_list *faults, struct arena *arena, struct yaml_node **root)
{
    struct fault_place place = { .file = path };
    char              *bytes = NULL;
    ssize_t            size = 0;
    int                ret = TOC_ERR_NO_MEMORY;
    int                fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        fault_add(faults, place, NULL, "cannot be opened: %s", strerrordesc_np(errno));
        return BASE_ERR_SYSTEM;
    }
    bytes = memory_array(YAML_TREE_BYTES + 1, 1);
    if (bytes == NULL)
        goto out;
    size = read_all(fd, bytes, YAML_TREE_BYTES + 1);
    if (size < 0) {
        fault_add(faults, place, NULL, "cannot be read: %s", strerrordesc_np(errno));
        ret = BASE_ERR_SYSTEM;
        goto out;
    }
    ret = yaml_tree_read(bytes, (size_t) size, path, faults, arena, root);
out:
    free(bytes);
    close(fd);
    return ret;
}

/* ---- looking ---- */

struct yaml_node *yaml_member(const struct yaml_node *map, const char *key)
{
    for (struct yaml_node *member = map->kind == YAML_MAP ? map->first : NULL; member != NULL; member = member->next)
        if (strcmp(member->key, key) == 0)
            return member;
    return NULL;
}

const char *yaml_kind_word(enum yaml_kind kind)
{
    static const char *const words[] = { [YAML_TEXT] = "a text", [YAML_LIST] = "a list", [YAML_MAP] = "a map" };
    return words[kind];
}
