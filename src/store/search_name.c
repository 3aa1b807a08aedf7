/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/search_name.h"

#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/select_many.h"
#include "store/token_page.h"
#include "tocsin/status.h"

#define PURPOSE "search name"
#define BATCH 1024      /* names opened by one thread at a time */
#define FIRST_BATCH 64  /* and at first: of a common beginning the first names are enough */
#define MOST_UNOPENED 2 /* blocks; where as many wait, who reads opens one */

/* ---- one name ---- */

static struct seal_context context_of(const struct id *person)
{
    return (struct seal_context){ .record = "identity", .id = *person, .purpose = PURPOSE };
}

static uint8_t *put_text(uint8_t *at, struct model_text text)
{
    *at++ = (uint8_t) text.size;
    *at++ = (uint8_t) (text.size >> 8);
    if (text.size > 0)
        memcpy(at, text.bytes, text.size);
    return at + text.size;
}

int search_name_seal(const struct seal_key *key, const struct model_identity *identity, struct arena *arena,
                     struct model_text *sealed)
{
    struct seal_context context = context_of(&identity->person);
    uint8_t             plain[SEARCH_NAME_ROOM] = { 0 };
    size_t              size = 4 + identity->name.size + identity->name_latin.size;
    *sealed = (struct model_text){ NULL, 0 };
    if (size == 4)
        return 0;
    if (size > SEARCH_NAME_BYTES)
        return TOC_ERR_TOO_LARGE;
    size = (size + SEARCH_NAME_BLOCK - 1) / SEARCH_NAME_BLOCK * SEARCH_NAME_BLOCK;
    uint8_t *bytes = arena_array(arena, size + SEAL_EXTRA_BYTES, 1);
    if (bytes == NULL)
        return TOC_ERR_NO_MEMORY;
    put_text(put_text(plain, identity->name), identity->name_latin);
    int ret = seal(key, &context, plain, size, bytes);
    sodium_memzero(plain, sizeof plain);
    if (ret == 0)
        *sealed = (struct model_text){ (const char *) bytes, size + SEAL_EXTRA_BYTES };
    return ret;
}

/* The next text of `plain`; false where it does not fit in there. */
static bool take_text(const uint8_t *plain, size_t size, size_t *at, struct model_text *text)
{
    if (size - *at < 2)
        return false;
    size_t length = plain[*at] | (size_t) plain[*at + 1] << 8;
    *at += 2;
    if (length > size - *at)
        return false;
    *text = length == 0 ? (struct model_text){ NULL, 0 } : (struct model_text){ (const char *) plain + *at, length };
    *at += length;
    return true;
}

int search_name_open(const struct seal_key *key, const struct id *person, struct model_text sealed,
                     uint8_t plain[SEARCH_NAME_ROOM], struct model_identity *identity)
{
    struct seal_context context = context_of(person);
    size_t              at = 0;
    if (sealed.size < SEAL_EXTRA_BYTES || sealed.size - SEAL_EXTRA_BYTES > SEARCH_NAME_ROOM)
        return SEAL_ERR_FORGED;
    size_t size = sealed.size - SEAL_EXTRA_BYTES;
    int    ret = unseal(key, &context, (const uint8_t *) sealed.bytes, sealed.size, plain);
    if (ret == 0 &&
        !(take_text(plain, size, &at, &identity->name) && take_text(plain, size, &at, &identity->name_latin)))
        ret = SEAL_ERR_FORGED;
    return ret;
}

/* ---- the names of some areas ---- */

struct name_row {
    struct keeper_wrapped wrapped;
    struct model_text     name;
};

/* Rows are read and opened in blocks. */
struct block {
    struct name_row rows[BATCH];
    size_t          num, first; /* rows; how many stand before them */
    struct block   *next;
};

/* Somebody whose name begins so, and where in the order. */
struct found {
    size_t    at;
    struct id person;
};

/* What a thread opens a block with. */
struct workplace {
    struct keeper_wrapped wrapped[BATCH];
    struct seal_key       keys[BATCH];
    int                   statuses[BATCH];
    struct name_row      *rows[BATCH]; /* those of the block that may be among the first */
    size_t                num, first;
    struct found          found[BATCH];
    size_t                num_found;
    struct model_identity identity; /* the name that is being compared */
    double                waited;   /* for the keeper's rate */
};

/* The caller's thread reads, and opens the first blocks itself; then another opens what was read, and both what is left
 * when all has been read. */
struct search {
    const struct search_name_query *query;
    struct arena                    arena;                   /* sealed names */
    struct block                   *blocks, *last, *filling; /* handed over, one after the other; and not yet */
    size_t                          num_rows, batch;
    bool                            too_many;
    struct workplace               *place; /* of the caller's thread */
    pthread_t                       helpers[SEARCH_NAME_THREADS];
    size_t                          num_helpers;

    pthread_mutex_t     lock; /* of what follows */
    pthread_cond_t      changed;
    struct block       *next; /* that no thread has taken yet */
    size_t              num_unopened;
    bool                all_read;
    struct found       *found; /* in order: the first ones so far, at most `enough` */
    size_t              num_found, enough;
    int                 status;
    struct keeper_error failure;
};

/* Would it be among the first ones? The lock is held. */
static bool may_be_first(const struct search *search, size_t at)
{
    return search->num_found < search->enough || at < search->found[search->num_found - 1].at;
}

/* The lock is held. */
static void put_found(struct search *search, const struct found *found)
{
    size_t at = search->num_found;
    if (!may_be_first(search, found->at))
        return;
    if (at == search->enough)
        at--;
    else
        search->num_found++;
    for (; at > 0 && found->at < search->found[at - 1].at; at--)
        search->found[at] = search->found[at - 1];
    search->found[at] = *found;
}

static bool begins_so(const struct search *search, const struct seal_key *key, const struct name_row *row,
                      struct model_identity *identity)
{
    uint8_t plain[SEARCH_NAME_ROOM];
    bool    found = search_name_open(key, &row->wrapped.owner, row->name, plain, identity) == 0 &&
                 person_prefix_matches(search->query->prefix, identity);
    sodium_memzero(plain, row->name.size < sizeof plain ? row->name.size : sizeof plain);
    return found;
}

/* Keys at the keeper's rate: it is waited for, so that a search that was begun comes to its end. */
static int unwrap(struct search *search, struct workplace *place, struct keeper_error *failure)
{
    for (;;) {
        int ret = keeper_unwrap(search->query->keeper, KEEPER_SEARCH, place->wrapped, place->num, place->keys,
                                place->statuses, failure);
        if (ret != KEEPER_ERR_RATE || place->waited + failure->wait_seconds > SEARCH_NAME_MOST_SECONDS)
            return ret;
        place->waited += failure->wait_seconds;
        token_page_wait(failure->wait_seconds);
    }
}

/* The next block, and what of it is to be opened; false: there is none. The lock is held. */
static bool take_block(struct search *search, struct workplace *place)
{
    struct block *block = search->next;
    if (block == NULL || search->status != 0)
        return false;
    search->next = block->next;
    search->num_unopened--;
    place->num = place->num_found = 0;
    place->first = block->first;
    while (place->num < block->num && may_be_first(search, block->first + place->num)) {
        place->rows[place->num] = &block->rows[place->num];
        place->num++;
    }
    return true;
}

static int open_names(struct search *search, struct workplace *place, struct keeper_error *failure)
{
    for (size_t i = 0; i < place->num; i++)
        place->wrapped[i] = place->rows[i]->wrapped;
    int ret = place->num == 0 ? 0 : unwrap(search, place, failure);
    for (size_t i = 0; i < place->num && ret == 0; i++)
        if (place->statuses[i] == 0 && /* else its key is gone */
            begins_so(search, &place->keys[i], place->rows[i], &place->identity))
            place->found[place->num_found++] = (struct found){ place->first + i, place->rows[i]->wrapped.owner };
    seal_keys_wipe(place->keys, place->num);
    return ret;
}

/* False: there is none to open. The lock is held, and let go while names are opened. */
static bool open_block(struct search *search, struct workplace *place)
{
    struct keeper_error failure = { .status = 0 };
    if (!take_block(search, place))
        return false;
    pthread_mutex_unlock(&search->lock);
    int ret = open_names(search, place, &failure);
    pthread_mutex_lock(&search->lock);
    for (size_t i = 0; i < place->num_found && ret == 0; i++)
        put_found(search, &place->found[i]);
    if (ret != 0 && search->status == 0) {
        search->status = ret;
        search->failure = failure;
    }
    return true;
}

static struct workplace *workplace_new(void)
{
    struct workplace *place = memory_array(1, sizeof *place);
    if (place != NULL)
        model_init(model_record(MODEL_IDENTITY), &place->identity);
    return place;
}

static void *open_blocks(void *context)
{
    struct search    *search = context;
    struct workplace *place = workplace_new();
    pthread_mutex_lock(&search->lock);
    if (place == NULL && search->status == 0)
        search->status = TOC_ERR_NO_MEMORY;
    while (search->status == 0)
        if (!open_block(search, place)) {
            if (search->all_read)
                break;
            pthread_cond_wait(&search->changed, &search->lock);
        }
    pthread_mutex_unlock(&search->lock);
    free(place);
    return NULL;
}

/* What was read is there to be opened. False: no more need be read, as what follows stands behind enough of those that
 * were found, or as something failed. */
static bool hand_over(struct search *search, bool all_read)
{
    struct block *block = search->filling;
    search->filling = NULL;
    pthread_mutex_lock(&search->lock);
    if (block != NULL && search->last != NULL)
        search->last->next = block;
    else if (block != NULL)
        search->blocks = block;
    if (block != NULL) {
        search->last = block;
        search->next = search->next != NULL ? search->next : block;
        search->num_unopened++;
    }
    search->all_read = all_read;
    pthread_cond_broadcast(&search->changed);
    size_t most = all_read || search->num_helpers == 0 ? 0 : MOST_UNOPENED;
    while (search->num_unopened > most && open_block(search, search->place))
        ;
    bool go_on = search->num_found < search->enough && search->status == 0;
    pthread_mutex_unlock(&search->lock);
    while (go_on && !all_read && search->batch == BATCH && search->num_helpers + 1 < SEARCH_NAME_THREADS &&
           pthread_create(&search->helpers[search->num_helpers], NULL, open_blocks, search) == 0)
        search->num_helpers++;
    return go_on;
}

enum { NO_MORE = 1 }; /* ends a query: no failure */

static int name_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct search *search = context;
    (void) num_columns;
    if (search->num_rows == search->query->most_persons) {
        search->too_many = true;
        return NO_MORE;
    }
    if (search->filling == NULL) {
        search->filling = memory_array(1, sizeof *search->filling);
        if (search->filling == NULL)
            return TOC_ERR_NO_MEMORY;
        search->filling->first = search->num_rows;
    }
    if (row[0].type != DB_BYTES || row[0].size != ID_BYTES || row[2].type != DB_BYTES ||
        row[2].size != KEEPER_WRAPPED_BYTES || row[3].type != DB_BYTES)
        return DB_ERR_CORRUPT;
    struct name_row *made = &search->filling->rows[search->filling->num];
    *made = (struct name_row){ .wrapped.generation = (uint32_t) row[1].integer };
    memcpy(made->wrapped.owner.bytes, row[0].bytes, ID_BYTES);
    memcpy(made->wrapped.bytes, row[2].bytes, KEEPER_WRAPPED_BYTES);
    made->name = (struct model_text){ arena_copy(&search->arena, row[3].bytes, row[3].size), row[3].size };
    if (made->name.bytes == NULL)
        return TOC_ERR_NO_MEMORY;
    search->num_rows++;
    if (++search->filling->num < search->batch)
        return 0;
    bool go_on = hand_over(search, false);
    search->batch = search->batch * 2 < BATCH ? search->batch * 2 : BATCH;
    return go_on ? 0 : NO_MORE;
}

/* Some areas a statement, in their order: PostgreSQL's whole answer comes before its first row, and is to be opened
 * while the next one is made. */
static int read_names(struct search *search, struct db_error *error)
{
    enum { FEW_AREAS = 1024, SOME = 16 };
    const struct search_name_query *query = search->query;
    size_t                          step = query->num_areas <= FEW_AREAS ? SOME : SELECT_MANY_MOST;
    int                             ret = 0;
    for (size_t first = 0; first < query->num_areas && ret == 0; first += step) {
        size_t num = query->num_areas - first < step ? query->num_areas - first : step;
        ret = select_many(query->db, "SELECT person, generation, wrapped, name FROM search_name WHERE area",
                          " ORDER BY area, person", query->areas + first, num, name_row, search, error);
    }
    return ret == NO_MORE ? 0 : ret;
}

static void free_search(struct search *search)
{
    for (struct block *block = search->blocks, *next; block != NULL; block = next) {
        next = block->next;
        free(block);
    }
    free(search->filling);
    free(search->found);
    free(search->place);
    arena_free(&search->arena);
    pthread_mutex_destroy(&search->lock);
    pthread_cond_destroy(&search->changed);
}

int search_name_find(const struct search_name_query *query, struct id *persons, size_t room, size_t *num, bool *more,
                     struct db_error *error)
{
    struct search search = { .query = query,
                             .batch = FIRST_BATCH,
                             .enough = room + 1,
                             .place = workplace_new(),
                             .arena = { .limit = (size_t) 1 << 30 },
                             .lock = PTHREAD_MUTEX_INITIALIZER,
                             .changed = PTHREAD_COND_INITIALIZER };
    search.found = memory_array(search.enough, sizeof *search.found);
    int ret = search.found == NULL || search.place == NULL ? TOC_ERR_NO_MEMORY : read_names(&search, error);
    pthread_mutex_lock(&search.lock);
    if (ret != 0 && search.status == 0)
        search.status = ret; /* ends the other thread */
    pthread_mutex_unlock(&search.lock);
    hand_over(&search, true);
    for (size_t i = 0; i < search.num_helpers; i++)
        pthread_join(search.helpers[i], NULL);
    if (ret == 0 && search.status != 0) {
        ret = search.status;
        if (error != NULL && search.failure.what[0] != '\0')
            snprintf(error->what, sizeof error->what, "%s", search.failure.what);
    }
    if (ret == 0 && search.too_many && search.num_found < search.enough)
        ret = TOC_ERR_TOO_LARGE;
    if (ret == 0) {
        *num = search.num_found < room ? search.num_found : room;
        *more = search.num_found > room;
        for (size_t i = 0; i < *num; i++)
            persons[i] = search.found[i].person;
    }
    free_search(&search);
    return ret;
}
