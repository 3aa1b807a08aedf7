/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/public_areas.h"

#include <string.h>

#include "store/area_tree.h"
#include "store/rows_by.h"

static size_t count_below(const struct area_tree *tree, uint32_t area)
{
    uint32_t end = area_tree_subtree(tree, area).end;
    size_t   num = 0;
    for (uint32_t child = area + 1; child < end; child = area_tree_subtree(tree, child).end)
        num++;
    return num;
}

static int take_ids(const struct area_tree *tree, uint32_t area, size_t most, struct arena *arena, struct id **ids,
                    size_t *num)
{
    size_t   room = 1 + count_below(tree, area);
    uint32_t end = area_tree_subtree(tree, area).end;
    *ids = arena_array(arena, room, sizeof **ids);
    if (*ids == NULL)
        return TOC_ERR_NO_MEMORY;
    *num = 0;
    (*ids)[(*num)++] = *area_tree_id(tree, area);
    for (uint32_t child = area + 1; child < end && room <= most; child = area_tree_subtree(tree, child).end)
        (*ids)[(*num)++] = *area_tree_id(tree, child);
    return 0;
}

/* The area of this code that has not ended; missing where no code is said. */
static int find_area(struct store_reader *reader, const char *code, struct arena *arena, struct id *found)
{
    const struct model_text key = { code, strlen(code) };
    void                   *rows = NULL;
    size_t                  num = 0;
    *found = (struct id){ { 0 } };
    if (key.size == 0)
        return 0;
    int ret = store_rows_by(reader, model_record(MODEL_AREA), "code", &key, 1, 100, arena, &rows, &num);
    for (size_t i = 0; i < num && ret == 0; i++)
        if (((struct model_area *) rows)[i].valid_to == MODEL_MISSING_DATE)
            *found = ((struct model_area *) rows)[i].head.id;
    return ret == 0 && id_is_missing(found) ? STORE_ERR_ABSENT : ret;
}

/* That area, else from the first top down to the first with several below it. */
static uint32_t place_of(const struct area_tree *tree, const struct id *id)
{
    if (!id_is_missing(id))
        return area_tree_find(tree, id);
    uint32_t area = area_tree_count(tree) > 0 ? 0 : AREA_NONE;
    while (area != AREA_NONE && count_below(tree, area) == 1)
        area++;
    return area;
}

int public_areas_read(struct store_reader *reader, const char *code, size_t most, struct arena *arena,
                      struct model_area **areas, size_t *num_areas)
{
    static const struct access program = { .role = ACCESS_PROGRAM, .everywhere = true };
    struct id                  one, *ids = NULL;
    struct model_set           visible;
    size_t                     num = 0;
    int                        ret = find_area(reader, code, arena, &one);
    if (ret != 0)
        return ret;
    struct store           *store = store_of_reader(reader);
    const struct area_tree *tree = store_hold_areas(store);
    uint32_t                area = tree != NULL ? place_of(tree, &one) : AREA_NONE;
    ret = area == AREA_NONE ? STORE_ERR_ABSENT : take_ids(tree, area, most, arena, &ids, &num);
    if (tree != NULL)
        store_release_areas(store, tree);
    if (ret != 0)
        return ret;
    bool              *there = arena_array(arena, num, sizeof *there);
    struct model_area *read = arena_array(arena, num, sizeof *read);
    if (there == NULL || read == NULL)
        return TOC_ERR_NO_MEMORY;
    ret = store_read_many(reader, &program, model_record(MODEL_AREA), ids, num, arena, read, there, &visible);
    if (ret != 0)
        return ret;
    *areas = read;
    *num_areas = num;
    return 0;
}
