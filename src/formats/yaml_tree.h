/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/yaml_tree.h: a YAML file as a tree of maps, lists and texts, each with its line and column.
 *
 * Only the part of YAML that people write by hand and that means one thing: one document of maps, lists and plain or
 * quoted texts. Refused, at their place: anchors and aliases (a file of some hundred bytes can stand for gigabytes),
 * tags, a second document, keys that are not a text, a key that comes twice in its map. What a text means (a number, a
 * date) is for the caller to read; nothing is guessed ("no" stays the text no).
 *
 * Faults name the line and, as `cell`, the column (1 = first, counted in characters).
 */
#ifndef FORMATS_YAML_TREE_H
#define FORMATS_YAML_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fault.h"

#define YAML_TREE_BYTES ((size_t) 1 << 20) /* of a file, at most */
#define YAML_TREE_DEPTH 16                 /* of maps and lists within each other, at most */
#define YAML_TREE_NODES 100000             /* at most, the outermost included */

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind    kind;
    uint32_t          line, column;         /* of the value; 1 = first */
    const char       *key;                  /* within a map; else NULL. Ends with '\0', has none inside */
    uint32_t          key_line, key_column; /* of the key */
    const char       *text;                 /* YAML_TEXT: ends with '\0', has none inside */
    size_t            size;                 /* of the text */
    bool              quoted;               /* the text stands in quotes: never a number or "nothing" */
    struct yaml_node *first, *last, *next;  /* of a map or list, in the order of the file; next among its parent's */
    struct yaml_node *parent;               /* NULL = the outermost */
    size_t            num;                  /* members of a map or list */
};

/* Read one document.
 *
 * bytes    size of them; UTF-8
 * name     of the file, for faults; borrowed by them
 * arena    holds the tree; its texts live as long as the arena
 * root     the outermost node; untouched on failure
 *
 * Returns 0; BASE_ERR_INPUT (every fault is in the list; reading ends at the first that is not a key twice);
 * TOC_ERR_NO_MEMORY. An empty document is a text of no bytes. Cost: linear, but for sorting the keys of a map.
 */
int yaml_tree_read(const char *bytes, size_t size, const char *name, struct fault_list *faults, struct arena *arena,
                   struct yaml_node **root);

/* The same for the file at path, of which at most YAML_TREE_BYTES are taken into memory. Also BASE_ERR_SYSTEM: it
 * cannot be opened or read. */
int yaml_tree_read_file(const char *path, struct fault_list *faults, struct arena *arena, struct yaml_node **root);

/* The member of a map with this key, or NULL. */
struct yaml_node *yaml_member(const struct yaml_node *map, const char *key);

/* "a text", "a list", "a map": for messages. */
const char *yaml_kind_word(enum yaml_kind kind);

#endif
