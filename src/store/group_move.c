/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Areas that get another parent: their counts leave the areas above and come to others, without a change of a record.
 *
 * Each moved area is first taken away from all above it, then put under all above it now, one after the other, so that
 * areas that are moved into one another are counted right in any order: what is above an area is looked up in the tree
 * as it is at that moment, where an area that was taken away and not put back yet is a top.
 */
#include <stdlib.h>
#include <string.h>

#include "model/records.h"
#include "store/group.h"
#include "store/key_table.h"
#include "store/select_many.h"

struct moved {
    struct id area; /* its key */
    struct id parent;
    bool      away;
};

struct moving {
    struct group    *group;
    struct key_table moved; /* area → struct moved: what the tree does not say */
};

struct parent {
    struct id id;
};

static int parent_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct parent *parent = context;
    (void) num_columns;
    if (row[0].type == DB_BYTES && row[0].size == ID_BYTES)
        memcpy(parent->id.bytes, row[0].bytes, ID_BYTES);
    return 0;
}

/* The area above, as things stand; missing: none. */
static int parent_of(struct moving *moving, const struct id *area, struct id *parent)
{
    struct group       *group = moving->group;
    const struct moved *moved = key_table_find(&moving->moved, area->bytes);
    uint32_t            number = area_tree_find(group->areas, area);
    struct parent       found = { { { 0 } } };
    struct entry       *entry;
    int                 ret = 0;
    if (moved != NULL)
        found.id = moved->away ? found.id : moved->parent;
    else if (number != AREA_NONE) {
        number = area_tree_parent(group->areas, number);
        if (number != AREA_NONE)
            found.id = *area_tree_id(group->areas, number);
    } else { /* new with this request, in memory or written already */
        ret = group_entry(group, model_record(MODEL_AREA), area, &entry);
        if (ret == 0 && entry->present)
            found.id = ((const struct model_area *) entry->value)->parent;
        else if (ret == 0) {
            struct db_value key = db_id(area);
            ret = select_rows(group->db, "SELECT parent FROM area WHERE id = $1", &key, 1, parent_row, &found,
                              &group->error);
        }
    }
    *parent = found.id;
    return ret;
}

static int above(struct moving *moving, const struct id *area, struct id areas[AREA_TREE_MAX_DEPTH], size_t *num)
{
    struct id next = *area;
    int       ret = 0;
    *num = 0;
    while (ret == 0 && *num < AREA_TREE_MAX_DEPTH) {
        ret = parent_of(moving, &next, &next);
        if (ret != 0 || id_is_missing(&next))
            break;
        areas[(*num)++] = next;
    }
    return ret;
}

/* Take an area's counts away from all above it, or put them there. */
static int count_above(struct moving *moving, const struct id *area, int64_t sign)
{
    struct group *group = moving->group;
    struct id     areas[AREA_TREE_MAX_DEPTH];
    size_t        num = 0;
    int           ret = above(moving, area, areas, &num);
    if (ret == 0)
        ret = counters_settle(group->writer->book, group->db, &group->error);
    if (ret == 0 && num > 0)
        ret = counters_move(group->writer->book, group->db, area, areas, num, group->known_day, sign, &group->error);
    return ret;
}

static int put_moved(struct moving *moving, const struct id *area, const struct id *parent, bool away)
{
    void *entry;
    bool  added;
    int   ret = key_table_put(&moving->moved, area->bytes, &entry, &added);
    if (ret == 0) {
        ((struct moved *) entry)->parent = *parent;
        ((struct moved *) entry)->away = away;
    }
    return ret;
}

/* Has anything ever been counted at one of them? */
static int counted_row(void *context, const struct db_value *row, size_t num_columns)
{
    (void) row;
    (void) num_columns;
    *(bool *) context = true;
    return 0;
}

static int any_counts(struct group *group, bool *any)
{
    const struct area_moves *moves = &group->moves;
    struct db_value         *keys = malloc(moves->num * sizeof *keys);
    if (keys == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < moves->num; i++)
        keys[i] = db_id(&moves->moves[i].area);
    int ret = counters_settle(group->writer->book, group->db, &group->error);
    if (ret == 0)
        ret = select_many(group->db, "SELECT area FROM counter_area WHERE area", "", keys, moves->num, counted_row, any,
                          &group->error);
    free(keys);
    return ret;
}

int group_move_areas(struct group *group)
{
    struct moving           moving = { .group = group, .moved = KEY_TABLE_INIT(sizeof(struct id), struct moved) };
    const struct area_move *moves = group->moves.moves;
    const size_t            num = group->moves.num;
    bool                    any = false;
    int                     ret = num == 0 ? 0 : group_decide_tested(group); /* by the tree before */
    if (ret == 0 && num > 0)
        ret = any_counts(group, &any);
    for (size_t i = 0; any && i < num && ret == 0; i++) {
        ret = count_above(&moving, &moves[i].area, -1);
        if (ret == 0)
            ret = put_moved(&moving, &moves[i].area, &moves[i].parent, true);
    }
    for (size_t i = 0; any && i < num && ret == 0; i++) {
        ret = put_moved(&moving, &moves[i].area, &moves[i].parent, false);
        if (ret == 0)
            ret = count_above(&moving, &moves[i].area, 1);
    }
    key_table_free(&moving.moved);
    return ret;
}

int group_note_move(struct group *group, const struct id *area, const struct id *parent)
{
    struct area_moves *moves = &group->moves;
    uint32_t           number = area_tree_find(group->areas, area), up;
    const struct id    none = { { 0 } };
    if (number == AREA_NONE)
        return 0; /* new: nothing is counted there */
    up = area_tree_parent(group->areas, number);
    if (id_equal(parent, up == AREA_NONE ? &none : area_tree_id(group->areas, up)))
        return 0;
    for (size_t i = 0; i < moves->num; i++)
        if (id_equal(&moves->moves[i].area, area)) {
            moves->moves[i].parent = *parent; /* changed twice in one request */
            return 0;
        }
    if (moves->num == moves->room) {
        size_t            room = moves->room == 0 ? 16 : 2 * moves->room;
        struct area_move *more = realloc(moves->moves, room * sizeof *more);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        moves->moves = more;
        moves->room = room;
    }
    moves->moves[moves->num++] = (struct area_move){ *area, *parent };
    return 0;
}

/* Is there a top above the area, within the levels that a tree may have? A circle has none. */
static int check_place(struct moving *moving, const struct id *area, bool *good)
{
    struct id areas[AREA_TREE_MAX_DEPTH];
    size_t    num;
    int       ret = above(moving, area, areas, &num);
    *good = num < AREA_TREE_MAX_DEPTH;
    return ret;
}

/* The areas of a request, and whatever lies below those that move, make a tree afterwards too. */
static int check_tree(struct moving *moving, const struct store_change_set *set, bool *good)
{
    const struct area_tree *tree = moving->group->areas;
    int                     ret = 0;
    *good = true;
    for (size_t i = 0; i < set->num_changes && *good && ret == 0; i++)
        if (set->changes[i].record == model_record(MODEL_AREA) && set->changes[i].verb == STORE_CREATE)
            ret = check_place(moving, &((const struct model_head *) set->changes[i].value)->id, good);
    for (size_t i = 0; i < moving->group->moves.num && *good && ret == 0; i++) {
        uint32_t             area = area_tree_find(tree, &moving->group->moves.moves[i].area);
        struct area_interval below = area_tree_subtree(tree, area);
        for (uint32_t each = below.first; each < below.end && *good && ret == 0; each++)
            ret = check_place(moving, area_tree_id(tree, each), good);
    }
    return ret;
}

int group_note_moves(struct group *group, const struct ticket *ticket)
{
    const struct store_change_set *set = &ticket->set;
    struct moving moving = { .group = group, .moved = KEY_TABLE_INIT(sizeof(struct id), struct moved) };
    bool          good = true;
    int           ret = 0;
    for (size_t i = 0; i < set->num_changes && ret == 0; i++) {
        struct entry *entry;
        if (set->changes[i].record != model_record(MODEL_AREA) || set->changes[i].verb != STORE_CHANGE)
            continue;
        ret = group_entry(group, set->changes[i].record, &((const struct model_head *) set->changes[i].value)->id,
                          &entry);
        if (ret == 0 && entry->present)
            ret = group_note_move(group, &entry->id, &((const struct model_area *) entry->value)->parent);
    }
    for (size_t i = 0; i < group->moves.num && ret == 0; i++)
        ret = put_moved(&moving, &group->moves.moves[i].area, &group->moves.moves[i].parent, false);
    if (ret == 0)
        ret = check_tree(&moving, set, &good);
    key_table_free(&moving.moved);
    if (ret == 0 && !good) {
        if (ticket->faults != NULL)
            fault_add(ticket->faults, (struct fault_place){ .name = "/parent" },
                      "an area above it, without a circle and within 16 levels", "areas that make no tree");
        ret = BASE_ERR_INPUT;
    }
    return ret;
}
