/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/token_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "model/records.h"
#include "store/sealed_fields.h"
#include "store/select_many.h"

/* Joined in this order: the persons of a page first, the identity and the key of each by their indexes. */
#define PAGE_SQL                                                                                                       \
    "SELECT p.\"id\", p.\"area\", i.\"id\", i.\"sealed\", k.\"generation\", k.\"wrapped\" FROM "                       \
    "(SELECT \"id\", \"area\" FROM \"person\" WHERE \"id\" > $1 ORDER BY \"id\" LIMIT $2) AS p "                       \
    "LEFT JOIN \"identity\" AS i ON i.\"person\" = p.\"id\" "                                                          \
    "LEFT JOIN \"person_key\" AS k ON k.\"person\" = p.\"id\" ORDER BY p.\"id\""
enum { PERSON, AREA, IDENTITY, SEALED, GENERATION, WRAPPED };

struct closed {
    struct id         area, identity;
    struct model_text sealed;
};

struct reading {
    const struct token_source *source;
    struct token_page         *page;
    struct arena              *arena;
    struct closed              closed[TOKEN_PAGE_PERSONS];
    struct keeper_wrapped      wrapped[TOKEN_PAGE_PERSONS];
    struct seal_key            keys[TOKEN_PAGE_PERSONS];
    int                        statuses[TOKEN_PAGE_PERSONS];
    struct id                  persons[TOKEN_PAGE_PERSONS]; /* whose tokens are compared */
    size_t                     num, num_persons;
    struct id                  last;
};

static bool read_id(const struct db_value *value, struct id *id)
{
    if (value->type != DB_BYTES || value->size != ID_BYTES)
        return false;
    memcpy(id->bytes, value->bytes, ID_BYTES);
    return true;
}

static int keep_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct reading        *reading = context;
    struct closed         *closed = &reading->closed[reading->num];
    struct keeper_wrapped *wrapped = &reading->wrapped[reading->num];
    const struct area_set *within = reading->source->within;
    (void) num_columns;
    if (!read_id(&row[PERSON], &reading->last) || !read_id(&row[AREA], &closed->area) ||
        reading->page->num_read == TOKEN_PAGE_PERSONS)
        return DB_ERR_CORRUPT;
    reading->page->num_read++;
    if (within != NULL && !area_set_has(within, area_tree_find(reading->source->areas, &closed->area)))
        return 0;
    if (!read_id(&row[IDENTITY], &closed->identity) || row[SEALED].type != DB_BYTES)
        return 0; /* a person without an identity, or one that says nothing */
    wrapped->owner = reading->last;
    if (row[WRAPPED].type != DB_BYTES || row[WRAPPED].size != KEEPER_WRAPPED_BYTES) {
        reading->page->num_closed++;
        return 0;
    }
    wrapped->generation = (uint32_t) row[GENERATION].integer;
    memcpy(wrapped->bytes, row[WRAPPED].bytes, KEEPER_WRAPPED_BYTES);
    closed->sealed.bytes = arena_copy(reading->arena, row[SEALED].bytes, row[SEALED].size);
    closed->sealed.size = row[SEALED].size;
    reading->num++;
    return closed->sealed.bytes == NULL ? TOC_ERR_NO_MEMORY : 0;
}

static struct id county_of(const struct token_source *source, const struct id *area)
{
    uint32_t number = area_tree_find(source->areas, area);
    return number == AREA_NONE
               ? *area
               : *area_tree_id(source->areas, area_tree_up(source->areas, number, source->county_depth));
}

/* The forms of one identity. */
static int add_forms(struct reading *reading, size_t i)
{
    const struct closed  *closed = &reading->closed[i];
    struct model_identity identity;
    const struct id       county = county_of(reading->source, &closed->area);
    model_init(model_record(MODEL_IDENTITY), &identity);
    identity.head.id = closed->identity;
    identity.person = reading->wrapped[i].owner;
    int ret =
        sealed_fields_open(&reading->keys[i], model_record(MODEL_IDENTITY), closed->sealed, reading->arena, &identity);
    if (ret == SEAL_ERR_FORGED || ret == DB_ERR_CORRUPT) {
        reading->page->num_closed++;
        return 0;
    }
    if (ret == 0)
        ret = person_tokens_add(&reading->page->tokens, &identity, &county, reading->source->telephone_country,
                                reading->arena);
    if (ret == 0)
        reading->persons[reading->num_persons++] = identity.person;
    return ret;
}

static int open_all(struct reading *reading, double *wait_seconds, struct db_error *error)
{
    struct keeper_error failure = { .status = 0 };
    int                 ret = reading->num == 0 ? 0
                                                : keeper_unwrap(reading->source->keeper, KEEPER_UPKEEP, reading->wrapped, reading->num,
                                                                reading->keys, reading->statuses, &failure);
    for (size_t i = 0; i < reading->num && ret == 0; i++) {
        if (reading->statuses[i] == 0)
            ret = add_forms(reading, i);
        else
            reading->page->num_closed++;
    }
    seal_keys_wipe(reading->keys, reading->num);
    if (ret == 0 && reading->page->tokens.num > 0)
        ret = person_tokens_make(&reading->page->tokens, reading->source->keeper, reading->arena, &failure);
    if (ret == KEEPER_ERR_RATE) {
        *wait_seconds = failure.wait_seconds > 0.01 ? failure.wait_seconds : 0.01;
        return 0;
    }
    if (ret != 0 && failure.what[0] != '\0' && error != NULL)
        snprintf(error->what, sizeof error->what, "%s", failure.what);
    return ret;
}

/* ---- beside what is there ---- */

/* A person's token, as bytes that compare. */
struct pair {
    uint8_t person[ID_BYTES], token[KEEPER_TOKEN_BYTES];
};

struct pairs {
    struct pair *pairs;
    size_t       num, room;
};

static int add_pair(struct pairs *pairs, const uint8_t *person, const void *token)
{
    if (pairs->num == pairs->room) {
        size_t       room = pairs->room == 0 ? 4096 : 2 * pairs->room;
        struct pair *more = memory_resize(pairs->pairs, room, sizeof *more);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        pairs->pairs = more;
        pairs->room = room;
    }
    memcpy(pairs->pairs[pairs->num].person, person, ID_BYTES);
    memcpy(pairs->pairs[pairs->num++].token, token, KEEPER_TOKEN_BYTES);
    return 0;
}

static int pair_row(void *context, const struct db_value *row, size_t num_columns)
{
    (void) num_columns;
    if (row[0].type != DB_BYTES || row[0].size != KEEPER_TOKEN_BYTES || row[1].type != DB_BYTES ||
        row[1].size != ID_BYTES)
        return DB_ERR_CORRUPT;
    return add_pair(context, (const uint8_t *) row[1].bytes, row[0].bytes);
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct pair));
}

/* In order, each once. */
static void sort_pairs(struct pairs *pairs)
{
    size_t kept = 0;
    if (pairs->num > 1)
        qsort(pairs->pairs, pairs->num, sizeof *pairs->pairs, by_bytes);
    for (size_t i = 0; i < pairs->num; i++)
        if (i == 0 || memcmp(&pairs->pairs[i], &pairs->pairs[i - 1], sizeof *pairs->pairs) != 0)
            pairs->pairs[kept++] = pairs->pairs[i];
    pairs->num = kept;
}

/* The pairs of one person, from `at` on; moves behind them. */
static size_t pairs_of(const struct pairs *pairs, const struct id *person, size_t *at)
{
    while (*at < pairs->num && memcmp(pairs->pairs[*at].person, person->bytes, ID_BYTES) < 0)
        ++*at;
    size_t first = *at;
    while (*at < pairs->num && memcmp(pairs->pairs[*at].person, person->bytes, ID_BYTES) == 0)
        ++*at;
    return first;
}

static int compare(struct reading *reading, struct pairs *wanted, struct pairs *there)
{
    struct token_page *page = reading->page;
    size_t             w = 0, t = 0;
    page->wrong = arena_array(reading->arena, reading->num_persons + 1, sizeof *page->wrong);
    if (page->wrong == NULL)
        return TOC_ERR_NO_MEMORY;
    sort_pairs(wanted);
    sort_pairs(there);
    for (size_t i = 0; i < reading->num_persons; i++) { /* in the order of their ids */
        size_t first_wanted = pairs_of(wanted, &reading->persons[i], &w);
        size_t first_there = pairs_of(there, &reading->persons[i], &t);
        bool   same = w - first_wanted == t - first_there;
        if (same && w > first_wanted)
            same = memcmp(&wanted->pairs[first_wanted], &there->pairs[first_there],
                          (w - first_wanted) * sizeof *wanted->pairs) == 0;
        if (!same)
            page->wrong[page->num_wrong++] = reading->persons[i];
    }
    return 0;
}

static int find_wrong(struct reading *reading, struct db_error *error)
{
    struct token_page *page = reading->page;
    struct pairs       wanted = { .num = 0 }, there = { .num = 0 };
    struct db_value   *keys = arena_array(reading->arena, reading->num_persons + 1, sizeof *keys);
    int                ret = keys == NULL ? TOC_ERR_NO_MEMORY : 0;
    for (size_t i = 0; i < page->tokens.num && ret == 0; i++)
        ret = add_pair(&wanted, page->tokens.persons[i].bytes, page->tokens.tokens[i].bytes);
    for (size_t i = 0; i < reading->num_persons && ret == 0; i++)
        keys[i] = db_id(&reading->persons[i]);
    if (ret == 0)
        ret = select_many(reading->source->db, "SELECT token, person FROM search_token WHERE person", "", keys,
                          reading->num_persons, pair_row, &there, error);
    if (ret == 0)
        ret = compare(reading, &wanted, &there);
    free(wanted.pairs);
    free(there.pairs);
    return ret;
}

int token_page_read(const struct token_source *source, struct token_page *page, struct arena *arena,
                    double *wait_seconds, struct db_error *error)
{
    struct reading *reading = memory_array(1, sizeof *reading);
    struct db_value parameters[] = { db_bytes(page->after.bytes, ID_BYTES), db_integer(TOKEN_PAGE_PERSONS) };
    if (reading == NULL)
        return TOC_ERR_NO_MEMORY;
    token_page_clear(page);
    *wait_seconds = 0;
    *reading = (struct reading){ .source = source, .page = page, .arena = arena, .last = page->after };
    int ret = select_rows(source->db, PAGE_SQL, parameters, 2, keep_row, reading, error);
    if (ret == 0)
        ret = open_all(reading, wait_seconds, error);
    if (ret == 0 && *wait_seconds <= 0)
        ret = find_wrong(reading, error);
    if (ret != 0 || *wait_seconds > 0)
        token_page_clear(page);
    else {
        page->after = reading->last;
        page->num_open = reading->num_persons;
    }
    free(reading);
    return ret;
}

void token_page_wait(double seconds)
{
    struct timespec time = { .tv_sec = (time_t) seconds };
    time.tv_nsec = (long) (1e9 * (seconds - (double) time.tv_sec));
    nanosleep(&time, NULL);
}

void token_page_clear(struct token_page *page)
{
    person_tokens_free(&page->tokens);
    *page = (struct token_page){ .after = page->after };
}
