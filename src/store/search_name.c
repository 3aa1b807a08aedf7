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
#define BATCH 1024 /* names opened by one thread at a time */

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
    bool                  begins_so;
};

struct search {
    const struct search_name_query *query;
    struct arena                    arena; /* sealed names */
    struct name_row                *rows;  /* while they are read: in the order of the database */
    size_t                          num, room;
    const struct name_row         **order; /* by person */
    pthread_mutex_t                 lock;
    size_t                          next; /* row that no thread has taken yet; under the lock, like what follows */
    size_t                          found, enough;
    int                             status;
    struct keeper_error             failure;
};

static int name_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct search *search = context;
    (void) num_columns;
    if (search->num == search->query->most_persons)
        return TOC_ERR_TOO_LARGE;
    if (search->num == search->room) {
        size_t           room = search->room == 0 ? BATCH : 2 * search->room;
        struct name_row *larger = memory_resize(search->rows, room, sizeof *larger);
        if (larger == NULL)
            return TOC_ERR_NO_MEMORY;
        search->rows = larger;
        search->room = room;
    }
    struct name_row *made = &search->rows[search->num];
    if (row[0].type != DB_BYTES || row[0].size != ID_BYTES || row[2].type != DB_BYTES ||
        row[2].size != KEEPER_WRAPPED_BYTES || row[3].type != DB_BYTES)
        return DB_ERR_CORRUPT;
    *made = (struct name_row){ .wrapped.generation = (uint32_t) row[1].integer };
    memcpy(made->wrapped.owner.bytes, row[0].bytes, ID_BYTES);
    memcpy(made->wrapped.bytes, row[2].bytes, KEEPER_WRAPPED_BYTES);
    made->name = (struct model_text){ arena_copy(&search->arena, row[3].bytes, row[3].size), row[3].size };
    if (made->name.bytes == NULL)
        return TOC_ERR_NO_MEMORY;
    search->num++;
    return 0;
}

static int by_person(const void *a, const void *b)
{
    const struct name_row *const *x = a, *const *y = b;
    return id_compare(&(*x)->wrapped.owner, &(*y)->wrapped.owner);
}

/* Some rows that no other thread has; 0 = enough are found, or there are no more. */
static size_t take_rows(struct search *search, size_t *first)
{
    pthread_mutex_lock(&search->lock);
    size_t num = search->num - search->next < BATCH ? search->num - search->next : BATCH;
    if (search->status != 0 || search->found >= search->enough)
        num = 0;
    *first = search->next;
    search->next += num;
    pthread_mutex_unlock(&search->lock);
    return num;
}

static bool begins_so(const struct search *search, const struct seal_key *key, const struct name_row *row)
{
    struct model_identity identity;
    uint8_t               plain[SEARCH_NAME_ROOM];
    model_init(model_record(MODEL_IDENTITY), &identity);
    bool found = search_name_open(key, &row->wrapped.owner, row->name, plain, &identity) == 0 &&
                 person_prefix_matches(search->query->prefix, &identity);
    sodium_memzero(plain, row->name.size < sizeof plain ? row->name.size : sizeof plain);
    return found;
}

/* Keys at the keeper's rate: it is waited for, so that a search that was begun comes to its end. *waited: so far. */
static int unwrap(struct search *search, const struct keeper_wrapped *wrapped, size_t num, struct seal_key *keys,
                  int *statuses, double *waited, struct keeper_error *failure)
{
    for (;;) {
        int ret = keeper_unwrap(search->query->keeper, KEEPER_SEARCH, wrapped, num, keys, statuses, failure);
        if (ret != KEEPER_ERR_RATE || *waited + failure->wait_seconds > SEARCH_NAME_MOST_SECONDS)
            return ret;
        *waited += failure->wait_seconds;
        token_page_wait(failure->wait_seconds);
    }
}

static void *open_rows(void *context)
{
    struct search         *search = context;
    struct keeper_wrapped *wrapped = memory_array(BATCH, sizeof *wrapped);
    struct seal_key       *keys = memory_array(BATCH, sizeof *keys);
    int                   *statuses = memory_array(BATCH, sizeof *statuses);
    struct keeper_error    failure = { .status = 0 };
    double                 waited = 0;
    int                    ret = wrapped == NULL || keys == NULL || statuses == NULL ? TOC_ERR_NO_MEMORY : 0;
    for (size_t num = 1, first, found = 0; ret == 0 && num > 0; found = 0) {
        num = take_rows(search, &first);
        for (size_t i = 0; i < num; i++)
            wrapped[i] = search->order[first + i]->wrapped;
        if (num > 0)
            ret = unwrap(search, wrapped, num, keys, statuses, &waited, &failure);
        for (size_t i = 0; i < num && ret == 0; i++) {
            struct name_row *row = &search->rows[search->order[first + i] - search->rows];
            row->begins_so = statuses[i] == 0 && begins_so(search, &keys[i], row); /* else its key is gone */
            found += row->begins_so;
        }
        if (keys != NULL)
            seal_keys_wipe(keys, num);
        pthread_mutex_lock(&search->lock);
        search->found += found;
        if (ret != 0 && search->status == 0) {
            search->status = ret;
            search->failure = failure;
        }
        pthread_mutex_unlock(&search->lock);
    }
    free(wrapped);
    free(keys);
    free(statuses);
    return NULL;
}

/* All rows that were taken are opened when this returns: they are the first ones by their ids. */
static int open_all(struct search *search, struct db_error *error)
{
    pthread_t threads[SEARCH_NAME_THREADS];
    size_t    num = 0;
    if (pthread_mutex_init(&search->lock, NULL) != 0)
        return TOC_ERR_NO_MEMORY;
    while (num + 1 < SEARCH_NAME_THREADS && search->num > BATCH &&
           pthread_create(&threads[num], NULL, open_rows, search) == 0)
        num++;
    open_rows(search);
    while (num > 0)
        pthread_join(threads[--num], NULL);
    pthread_mutex_destroy(&search->lock);
    if (search->status != 0 && error != NULL && search->failure.what[0] != '\0')
        snprintf(error->what, sizeof error->what, "%s", search->failure.what);
    return search->status;
}

int search_name_find(const struct search_name_query *query, struct id *persons, size_t room, size_t *num, bool *more,
                     struct db_error *error)
{
    struct search search = { .query = query, .enough = room + 1, .arena = { .limit = (size_t) 1 << 30 } };
    int ret = select_many(query->db, "SELECT person, generation, wrapped, name FROM search_name WHERE area", "",
                          query->areas, query->num_areas, name_row, &search, error);
    if (ret == 0 && search.num > 0) {
        search.order = memory_array(search.num, sizeof *search.order);
        ret = search.order == NULL ? TOC_ERR_NO_MEMORY : 0;
    }
    for (size_t i = 0; i < search.num && ret == 0; i++)
        search.order[i] = &search.rows[i];
    if (ret == 0 && search.num > 1)
        qsort(search.order, search.num, sizeof *search.order, by_person);
    if (ret == 0 && search.num > 0)
        ret = open_all(&search, error);
    if (ret == 0) {
        size_t found = 0;
        for (size_t i = 0; i < search.num && found <= room; i++)
            if (search.order[i]->begins_so && found++ < room)
                persons[found - 1] = search.order[i]->wrapped.owner;
        *num = found < room ? found : room;
        *more = found > room;
    }
    free(search.order);
    free(search.rows);
    arena_free(&search.arena);
    return ret;
}
