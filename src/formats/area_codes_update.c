/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a newer edition of a code list changes. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/area_codes_index.h"

struct comparing {
    const struct area_codes *older;
    struct area_codes       *newer;
    toc_date                 edition;
    struct area_index        index;  /* of the older list */
    uint32_t                *old_of; /* by area of the newer list: the older one that it is, or AREA_CODES_NONE */
    uint32_t                *new_of; /* the reverse */
    struct area_change      *changes;
    size_t                   num_changes;
};

/* The older area that a row of the newer list means. */
static uint32_t find_old(const struct comparing *comparing, const struct area_code *area)
{
    const struct area_codes *older = comparing->older;
    const char              *code = area_codes_text(comparing->newer, area->code);
    uint32_t                 open = AREA_CODES_NONE;
    uint32_t                 old = area_index_find(&comparing->index, older, code, strlen(code));
    for (; old != AREA_CODES_NONE; old = comparing->index.next_same[old]) {
        const struct area_code *candidate = &older->areas[old];
        if (candidate->valid_from == area->valid_from &&
            (area->valid_from != AREA_CODES_NO_DATE || area->valid_to != AREA_CODES_NO_DATE))
            return old;
        if (candidate->valid_to == AREA_CODES_NO_DATE &&
            (candidate->valid_from == AREA_CODES_NO_DATE || area->valid_from == AREA_CODES_NO_DATE))
            open = old;
    }
    return open;
}

static void match(struct comparing *comparing)
{
    struct area_codes *newer = comparing->newer;
    for (uint32_t i = 0; i < newer->num_areas; i++) {
        struct area_code *area = &newer->areas[i];
        uint32_t          old = find_old(comparing, area);
        if (old != AREA_CODES_NONE && comparing->new_of[old] != AREA_CODES_NONE)
            old = AREA_CODES_NONE; /* another row is that area already */
        comparing->old_of[i] = old;
        if (old != AREA_CODES_NONE) {
            comparing->new_of[old] = i;
            area->id = comparing->older->areas[old].id;
        } else if (area->valid_from == AREA_CODES_NO_DATE) {
            area->valid_from = comparing->edition;
            area->id = area_codes_id(area_codes_text(newer, area->code), area->valid_from);
        }
    }
}

/* Does the newer list say another name? Where it says none, the older one stays. */
static bool renamed(const struct comparing *comparing, uint32_t old_name, uint32_t new_name)
{
    return new_name != 0 &&
           strcmp(area_codes_text(comparing->older, old_name), area_codes_text(comparing->newer, new_name)) != 0;
}

/* Do two references mean different areas? */
static bool differs(const struct comparing *comparing, uint32_t old, uint32_t new)
{
    if (old == AREA_CODES_NONE || new == AREA_CODES_NONE)
        return old != new;
    return !id_equal(&comparing->older->areas[old].id, &comparing->newer->areas[new].id);
}

static unsigned compare(const struct comparing *comparing, uint32_t old_index, uint32_t new_index)
{
    const struct area_code *old = &comparing->older->areas[old_index], *new = &comparing->newer->areas[new_index];
    unsigned                what = 0;
    if (renamed(comparing, old->name_en, new->name_en) || renamed(comparing, old->name_zh, new->name_zh) ||
        renamed(comparing, old->name_bo, new->name_bo))
        what |= AREA_CHANGE_RENAMED;
    if (differs(comparing, old->parent, new->parent) || old->level != new->level)
        what |= AREA_CHANGE_MOVED;
    if (old->valid_to != new->valid_to)
        what |= old->valid_to == AREA_CODES_NO_DATE ? AREA_CHANGE_CLOSED : AREA_CHANGE_DAYS;
    if (new->successor != AREA_CODES_NONE && differs(comparing, old->successor, new->successor))
        what |= AREA_CHANGE_SUCCESSOR;
    return what;
}

static void add(struct comparing *comparing, unsigned what, uint32_t old, uint32_t new, toc_date valid_to)
{
    comparing->changes[comparing->num_changes++] = (struct area_change){ what, old, new, valid_to };
}

static void compare_new(struct comparing *comparing)
{
    for (uint32_t i = 0; i < comparing->newer->num_areas; i++) {
        uint32_t old = comparing->old_of[i];
        unsigned what = old == AREA_CODES_NONE ? AREA_CHANGE_NEW : compare(comparing, old, i);
        if (what != 0)
            add(comparing, what, old, i, comparing->newer->areas[i].valid_to);
    }
}

/* The last day of an area that is gone: the day before the edition, or before another took its code. */
static toc_date last_day(const struct comparing *comparing, const struct area_index *new_index, uint32_t old)
{
    const struct area_code *area = &comparing->older->areas[old];
    const char             *code = area_codes_text(comparing->older, area->code);
    toc_date                day = comparing->edition - 1;
    uint32_t new = area_index_find(new_index, comparing->newer, code, strlen(code));
    for (; new != AREA_CODES_NONE; new = new_index->next_same[new]) {
        toc_date from = comparing->newer->areas[new].valid_from;
        if (comparing->old_of[new] == AREA_CODES_NONE && from != AREA_CODES_NO_DATE && from - 1 < day &&
            (area->valid_from == AREA_CODES_NO_DATE || area->valid_from < from))
            day = from - 1;
    }
    return area->valid_from != AREA_CODES_NO_DATE && day < area->valid_from ? area->valid_from : day;
}

static int close_gone(struct comparing *comparing)
{
    const struct area_codes *older = comparing->older;
    struct area_index        new_index = { 0 };
    int                      ret = area_index_reserve(&new_index, comparing->newer, comparing->newer->num_areas);
    if (ret != 0)
        goto out;
    for (uint32_t i = 0; i < comparing->newer->num_areas; i++)
        area_index_add(&new_index, comparing->newer, i);
    for (uint32_t i = 0; i < older->num_areas; i++)
        if (comparing->new_of[i] == AREA_CODES_NONE && older->areas[i].valid_to == AREA_CODES_NO_DATE)
            add(comparing, AREA_CHANGE_CLOSED, i, AREA_CODES_NONE, last_day(comparing, &new_index, i));
out:
    area_index_free(&new_index);
    return ret;
}

static int begin(struct comparing *comparing)
{
    size_t num_old = comparing->older->num_areas, num_new = comparing->newer->num_areas;
    int    ret = area_index_reserve(&comparing->index, comparing->older, num_old);
    comparing->old_of = memory_array(num_new + 1, sizeof *comparing->old_of);
    comparing->new_of = memory_array(num_old + 1, sizeof *comparing->new_of);
    comparing->changes = memory_array(num_old + num_new + 1, sizeof *comparing->changes);
    if (ret != 0 || comparing->old_of == NULL || comparing->new_of == NULL || comparing->changes == NULL)
        return TOC_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < num_old; i++)
        area_index_add(&comparing->index, comparing->older, i);
    memset(comparing->new_of, 0xff, num_old * sizeof *comparing->new_of);
    return 0;
}

int area_codes_update(const struct area_codes *older, struct area_codes *newer, toc_date edition, bool partial,
                      struct area_change **changes, size_t *num_changes)
{
    struct comparing comparing = { .older = older, .newer = newer, .edition = edition };
    int              ret = begin(&comparing);
    if (ret == 0) {
        match(&comparing);
        compare_new(&comparing);
        if (!partial)
            ret = close_gone(&comparing);
    }
    if (ret == 0) {
        *changes = comparing.changes;
        *num_changes = comparing.num_changes;
        comparing.changes = NULL;
    }
    area_index_free(&comparing.index);
    free(comparing.old_of);
    free(comparing.new_of);
    free(comparing.changes);
    return ret;
}
