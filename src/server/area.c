/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Areas for whoever walks down the tree: an area, those that it lies in, those right below it, with what a map and a
 * rate need. Open data: whoever is signed in may ask for any area. */
#include "base/json_writer.h"
#include "model/model_json.h"
#include "server/handlers.h"
#include "server/request.h"
#include "store/area_figures.h"
#include "store/area_tree.h"

struct neighbours {
    struct id *ids; /* what it lies in, the top first; the area itself; those right below it */
    size_t     num_above, num;
    uint32_t  *num_below; /* of each */
};

static uint32_t children(const struct area_tree *tree, uint32_t area)
{
    uint32_t num = 0, end = area_tree_subtree(tree, area).end;
    for (uint32_t child = area + 1; child < end; child = area_tree_subtree(tree, child).end)
        num++;
    return num;
}

static void put(struct neighbours *found, const struct area_tree *tree, uint32_t area)
{
    found->ids[found->num] = *area_tree_id(tree, area);
    found->num_below[found->num++] = children(tree, area);
}

static int make_room(struct neighbours *found, struct arena *arena, size_t most)
{
    found->ids = arena_array(arena, most, sizeof *found->ids);
    found->num_below = arena_array(arena, most, sizeof *found->num_below);
    return found->ids == NULL || found->num_below == NULL ? TOC_ERR_NO_MEMORY : 0;
}

static int find_neighbours(const struct area_tree *tree, const struct id *id, struct arena *arena,
                           struct neighbours *found)
{
    uint32_t above[AREA_TREE_MAX_DEPTH];
    uint32_t area = area_tree_find(tree, id);
    if (area == AREA_NONE)
        return STORE_ERR_ABSENT;
    found->num_above = area_tree_ancestors(tree, area, above) - 1; /* it counts the area itself */
    if (make_room(found, arena, found->num_above + 1 + children(tree, area)) != 0)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = found->num_above + 1; i > 0; i--)
        put(found, tree, above[i - 1]);
    uint32_t end = area_tree_subtree(tree, area).end;
    for (uint32_t child = area + 1; child < end; child = area_tree_subtree(tree, child).end)
        put(found, tree, child);
    return 0;
}

static int find_tops(const struct area_tree *tree, struct arena *arena, struct neighbours *found)
{
    uint32_t end = (uint32_t) area_tree_count(tree);
    size_t   most = 0;
    for (uint32_t top = 0; top < end; top = area_tree_subtree(tree, top).end)
        most++;
    if (make_room(found, arena, most + 1) != 0)
        return TOC_ERR_NO_MEMORY;
    for (uint32_t top = 0; top < end; top = area_tree_subtree(tree, top).end)
        put(found, tree, top);
    return 0;
}

struct area_rows {
    struct model_area    *areas;
    bool                 *there;
    struct area_people   *people;
    struct model_outline *outlines; /* NULL: not asked for */
    struct model_set      visible;
};

static int read_rows(struct exchange *exchange, const struct neighbours *found, int64_t detail, struct area_rows *rows)
{
    size_t num = found->num;
    rows->areas = arena_array(&exchange->arena, num, sizeof *rows->areas);
    rows->there = arena_array(&exchange->arena, num, sizeof *rows->there);
    rows->people = arena_array(&exchange->arena, num, sizeof *rows->people);
    if (rows->areas == NULL || rows->there == NULL || rows->people == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = store_read_many(exchange->reader, &exchange->caller.access, model_record(MODEL_AREA), found->ids, num,
                              &exchange->arena, rows->areas, rows->there, &rows->visible);
    if (ret == 0)
        ret = store_area_people(exchange->reader, found->ids, num, rows->people);
    if (ret != 0 || detail < 0)
        return ret;
    rows->outlines = arena_array(&exchange->arena, num, sizeof *rows->outlines);
    if (rows->outlines == NULL)
        return TOC_ERR_NO_MEMORY;
    return store_area_outlines(exchange->reader, found->ids, num, (int) detail, &exchange->arena, rows->outlines);
}

static void write_outline(struct json_writer *json, const struct model_outline *outline)
{
    json_key(json, "outline");
    if (outline->path.bytes == NULL) {
        json_put_null(json);
        return;
    }
    const int64_t box[] = { outline->min_x, outline->min_y, outline->max_x, outline->max_y };
    json_begin_object(json);
    json_key(json, "path");
    json_put_string_of(json, outline->path.bytes, outline->path.size);
    json_key(json, "grid_bits");
    json_put_integer(json, outline->grid_bits);
    json_key(json, "box");
    json_begin_array(json);
    for (size_t i = 0; i < 4; i++)
        json_put_integer(json, box[i]);
    json_end(json);
    json_end(json);
}

static void write_area(struct json_writer *json, const struct neighbours *found, const struct area_rows *rows, size_t i)
{
    json_begin_object(json);
    json_key(json, "area");
    model_json_write(json, model_record(MODEL_AREA), &rows->areas[i], &rows->visible);
    json_key(json, "num_below");
    json_put_integer(json, found->num_below[i]);
    json_key(json, "people");
    if (rows->people[i].number == AREA_PEOPLE_UNKNOWN)
        json_put_null(json);
    else
        json_put_integer(json, rows->people[i].number);
    json_key(json, "people_year");
    if (rows->people[i].number == AREA_PEOPLE_UNKNOWN)
        json_put_null(json);
    else
        json_put_integer(json, rows->people[i].year);
    if (rows->outlines != NULL)
        write_outline(json, &rows->outlines[i]);
    json_end(json);
}

/* The rows first … end - 1 that the caller may read. */
static void write_areas(struct json_writer *json, const char *name, const struct neighbours *found,
                        const struct area_rows *rows, size_t first, size_t end)
{
    json_key(json, name);
    json_begin_array(json);
    for (size_t i = first; i < end; i++)
        if (rows->there[i])
            write_area(json, found, rows, i);
    json_end(json);
}

static void write_answer(struct exchange *exchange, const struct neighbours *found, const struct area_rows *rows)
{
    struct json_writer json;
    reply_json(exchange, &json);
    json_begin_object(&json);
    write_areas(&json, "above", found, rows, 0, found->num_above);
    json_key(&json, "here");
    write_area(&json, found, rows, found->num_above);
    write_areas(&json, "below", found, rows, found->num_above + 1, found->num);
    json_end(&json);
}

int area_below(struct exchange *exchange)
{
    struct id         id;
    int64_t           detail = -1;
    struct neighbours found = { .num = 0 };
    struct area_rows  rows = { .areas = NULL };
    int               ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &id);
    if (ret == 0)
        ret = request_integer(exchange, "detail", 0, 2, &detail);
    if (ret != 0)
        return ret;
    const struct area_tree *tree = store_hold_areas(exchange->store);
    ret = find_neighbours(tree, &id, &exchange->arena, &found);
    store_release_areas(exchange->store, tree);
    if (ret == 0)
        ret = read_rows(exchange, &found, detail, &rows);
    if (ret == 0 && !rows.there[found.num_above])
        ret = STORE_ERR_ABSENT;
    if (ret == 0)
        write_answer(exchange, &found, &rows);
    return ret;
}

int area_tops(struct exchange *exchange)
{
    struct neighbours  found = { .num = 0 };
    struct area_rows   rows = { .areas = NULL };
    struct json_writer json;
    int                ret = request_parameters(exchange);
    if (ret != 0)
        return ret;
    const struct area_tree *tree = store_hold_areas(exchange->store);
    ret = find_tops(tree, &exchange->arena, &found);
    store_release_areas(exchange->store, tree);
    if (ret == 0)
        ret = read_rows(exchange, &found, -1, &rows);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    write_areas(&json, "tops", &found, &rows, 0, found.num);
    json_end(&json);
    return 0;
}
