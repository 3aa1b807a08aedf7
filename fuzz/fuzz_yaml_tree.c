/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as YAML: a tree within its limits, or faults that name their line; never both. */
#include <string.h>

#include "formats/yaml_tree.h"
#include "fuzz.h"

/* Returns how many nodes hang here. */
static size_t look(const struct yaml_node *node, size_t depth)
{
    size_t num = 1, members = 0;
    MUST(node->line >= 1 && node->column >= 1);
    if (node->kind == YAML_TEXT) {
        MUST(node->first == NULL && node->num == 0 && strlen(node->text) == node->size);
        return 1;
    }
    MUST(depth < YAML_TREE_DEPTH);
    for (const struct yaml_node *member = node->first; member != NULL; member = member->next) {
        MUST(member->parent == node && (member->key != NULL) == (node->kind == YAML_MAP));
        num += look(member, depth + 1);
        members++;
    }
    MUST(members == node->num);
    return num;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault_list faults = { 0 };
    struct arena      arena = ARENA_INIT;
    struct yaml_node *root = NULL;
    int               status = yaml_tree_read((const char *) data, size, "m", &faults, &arena, &root);
    MUST(status == 0 ? faults.num_all == 0 && root != NULL : status == BASE_ERR_INPUT && faults.num_all > 0);
    for (size_t i = 0; i < faults.num_kept; i++)
        MUST(faults.faults[i].line >= 1);
    if (status == 0)
        MUST(look(root, 0) <= YAML_TREE_NODES);
    fault_list_free(&faults);
    arena_free(&arena);
    return 0;
}
