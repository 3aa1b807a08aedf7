/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Search tokens made anew, page by page through the writer: after an area has come to another county, after a new key.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/group.h"
#include "store/select_many.h"
#include "store/tables.h"
#include "store/token_page.h"

struct retoken {
    const struct id  *areas; /* people who live there and below; none: everywhere */
    size_t            num_areas;
    struct token_page page;
    double            wait_seconds;
    bool              told; /* the audit has its entry */
    int64_t           looked, remade, closed;
};

static int no_row(void *context, const struct db_value *row, size_t num_columns)
{
    (void) context;
    (void) row;
    (void) num_columns;
    return 0;
}

/* The tokens of those on the page whose are wrong. */
static int write_page(struct group *group, const struct token_page *page)
{
    struct group_rows rows = { .table = &store_table_search_token };
    struct db_value  *keys = arena_array(&group->arena, page->num_wrong + 1, sizeof *keys);
    int               ret = keys == NULL ? TOC_ERR_NO_MEMORY : 0;
    size_t            at = 0;
    for (size_t i = 0; i < page->num_wrong && ret == 0; i++) {
        keys[i] = db_id(&page->wrong[i]);
        while (at < page->tokens.num && id_compare(&page->tokens.persons[at], &page->wrong[i]) < 0)
            at++;
        for (; at < page->tokens.num && id_equal(&page->tokens.persons[at], &page->wrong[i]) && ret == 0; at++) {
            struct db_value *row;
            ret = group_row(&rows, &row);
            if (ret != 0)
                break;
            row[store_search_token_token] = db_bytes(page->tokens.tokens[at].bytes, KEEPER_TOKEN_BYTES);
            row[store_search_token_person] = db_id(&page->wrong[i]);
        }
    }
    if (ret == 0)
        ret = select_many(group->db, "DELETE FROM search_token WHERE person", "", keys, page->num_wrong, no_row, NULL,
                          &group->error);
    if (ret == 0 && rows.num > 0)
        ret = db_insert(group->db, rows.table, rows.values, rows.num, &group->error);
    free(rows.values);
    return ret;
}

static int retoken_slice(void *context, struct group *group)
{
    struct retoken     *retoken = context;
    const struct id     after = retoken->page.after;
    struct area_set     within;
    struct token_source source = { .db = group->db,
                                   .keeper = group->store->options.keeper,
                                   .areas = group->areas,
                                   .county_depth = group->store->options.county_depth,
                                   .telephone_country = group->store->options.telephone_country };
    int                 ret = group_write(group); /* what this group has decided so far */
    if (ret == 0 && retoken->num_areas > 0) {
        ret = area_set_of(group->areas, retoken->areas, retoken->num_areas, &group->arena, &within);
        source.within = &within;
    }
    if (ret == 0)
        ret = token_page_read(&source, &retoken->page, &group->arena, &retoken->wait_seconds, &group->error);
    if (ret == 0 && retoken->page.num_wrong > 0) {
        group->broken = true;
        ret = write_page(group, &retoken->page);
        group->broken = ret != 0;
    }
    if (ret == 0 && retoken->page.num_wrong > 0 && !retoken->told)
        ret = upkeep_audit(group, "make search tokens anew");
    retoken->page.wrong = NULL; /* goes with the group's arena */
    if (ret != 0)
        retoken->page.after = after;
    return ret;
}

static int retoken_all(struct store *store, struct retoken *retoken, void (*progress)(void *context, int64_t done),
                       void *context)
{
    int ret = store->options.keeper == NULL ? STORE_ERR_DENIED : 0;
    for (bool last = false; ret == 0 && !last;) {
        ret = upkeep_run(store, retoken_slice, retoken);
        if (ret != 0)
            break;
        if (retoken->wait_seconds > 0) {
            token_page_wait(retoken->wait_seconds);
            continue;
        }
        last = retoken->page.num_read < TOKEN_PAGE_PERSONS;
        retoken->told = retoken->told || retoken->page.num_wrong > 0;
        retoken->looked += (int64_t) retoken->page.num_open;
        retoken->remade += (int64_t) retoken->page.num_wrong;
        retoken->closed += (int64_t) retoken->page.num_closed;
        if (progress != NULL)
            progress(context, retoken->looked);
    }
    token_page_clear(&retoken->page);
    return ret;
}

int store_tokens(struct store *store, void (*progress)(void *context, int64_t done), void *context, int64_t *remade,
                 int64_t *failed)
{
    struct retoken retoken = { .num_areas = 0 };
    int            ret = retoken_all(store, &retoken, progress, context);
    if (ret == 0) {
        *remade = retoken.remade;
        *failed = retoken.closed;
    }
    return ret;
}

/* ---- after areas have moved ---- */

/* The areas that were moved and whose people nobody has looked after yet; free() them. */
static struct id *take_moved(struct store *store, size_t *num)
{
    pthread_mutex_lock(&store->trees_lock);
    struct id *moved = store->moved;
    *num = store->num_moved;
    store->moved = NULL;
    store->num_moved = 0;
    pthread_mutex_unlock(&store->trees_lock);
    return moved;
}

int store_keep_moved(struct store *store, const struct area_move *moves, size_t num)
{
    pthread_mutex_lock(&store->trees_lock);
    struct id *more = memory_resize(store->moved, store->num_moved + num, sizeof *more);
    if (more != NULL) {
        store->moved = more;
        for (size_t i = 0; i < num; i++)
            store->moved[store->num_moved++] = moves[i].area;
    }
    pthread_mutex_unlock(&store->trees_lock);
    return more == NULL ? TOC_ERR_NO_MEMORY : 0;
}

int store_tokens_moved(struct store *store)
{
    struct retoken retoken = { .num_areas = 0 };
    struct id     *moved = take_moved(store, &retoken.num_areas);
    int            ret = 0;
    retoken.areas = moved;
    if (moved != NULL && store->options.keeper != NULL)
        ret = retoken_all(store, &retoken, NULL, NULL);
    free(moved);
    return ret;
}
