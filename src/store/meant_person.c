/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/meant_person.h"

#include <string.h>

#include "base/instant.h"
#include "store/group.h"
#include "store/person_tokens.h"
#include "store/schema.h"
#include "store/sealed_fields.h"
#include "store/select_many.h"
#include "store/store_internal.h"

enum { MERGES_MOST = 8 }; /* one after the other */

int store_meant_tokens(struct store *store, const struct model_identity *identities, const struct id *areas, size_t num,
                       struct arena *arena, struct meant_tokens *tokens)
{
    struct person_tokens    all = { .num = 0 };
    struct keeper_error     failure = { 0 };
    const struct area_tree *tree = store_hold_areas(store);
    size_t                 *first = arena_array(arena, num + 1, sizeof *first);
    int                     ret = tree == NULL || first == NULL ? TOC_ERR_NO_MEMORY : 0;
    for (size_t i = 0; i < num && ret == 0; i++) {
        struct id county = store_county(store, tree, &areas[i]);
        first[i] = all.num;
        ret = person_tokens_add(&all, &identities[i], &county, store->options.telephone_country, arena);
    }
    store_release_areas(store, tree);
    if (ret == 0 && all.num > 0)
        ret = person_tokens_make(&all, store->options.keeper, arena, &failure);
    uint64_t *marks = arena_array(arena, all.num + 1, sizeof *marks);
    if (ret == 0 && marks == NULL)
        ret = TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < all.num && ret == 0; i++)
        marks[i] = group_token_mark(&all.texts[i]);
    for (size_t i = 0; i < num && ret == 0; i++) {
        size_t end = i + 1 < num ? first[i + 1] : all.num;
        tokens[i] = (struct meant_tokens){ .tokens = all.tokens == NULL ? NULL : all.tokens + first[i],
                                           .marks = marks + first[i],
                                           .num = end - first[i] };
    }
    person_tokens_free(&all);
    return ret;
}

/* ---- who has them ---- */

struct search {
    struct arena         *arena;
    struct id             ids[MEANT_MOST_PERSONS];
    size_t                num_ids;
    struct meant_person  *persons;
    struct model_text     sealed[MEANT_MOST_PERSONS];
    struct keeper_wrapped wrapped[MEANT_MOST_PERSONS];
    size_t                num;
};

static struct id id_of(const struct db_value *value)
{
    struct id id = { { 0 } };
    if (value->type == DB_BYTES && value->size == ID_BYTES)
        memcpy(id.bytes, value->bytes, ID_BYTES);
    return id;
}

static int person_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct search *search = context;
    struct id      id = id_of(&row[0]);
    (void) num_columns;
    for (size_t i = 0; i < search->num_ids; i++)
        if (id_equal(&search->ids[i], &id))
            return 0;
    if (search->num_ids < MEANT_MOST_PERSONS)
        search->ids[search->num_ids++] = id;
    return 0;
}

enum { P_ID, P_AREA, P_SEX, P_BIRTH_YEAR, P_MERGED, P_ERASED, I_ID, I_SEALED, K_GENERATION, K_WRAPPED };

static int closed_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct search       *search = context;
    struct meant_person *one = &search->persons[search->num];
    (void) num_columns;
    for (size_t i = 0; i < search->num; i++)
        if (row[P_ID].size == ID_BYTES &&
            memcmp(search->persons[i].person.head.id.bytes, row[P_ID].bytes, ID_BYTES) == 0)
            return 0;
    if (search->num == MEANT_MOST_PERSONS || row[P_ERASED].type == DB_INTEGER || row[I_SEALED].type != DB_BYTES ||
        row[K_WRAPPED].type != DB_BYTES || row[K_WRAPPED].size != KEEPER_WRAPPED_BYTES)
        return 0;
    model_init(model_record(MODEL_PERSON), &one->person);
    model_init(model_record(MODEL_IDENTITY), &one->identity);
    one->person.head.id = one->identity.person = id_of(&row[P_ID]);
    one->person.area = id_of(&row[P_AREA]);
    one->person.merged_into = id_of(&row[P_MERGED]);
    one->stands_for = id_is_missing(&one->person.merged_into) ? one->person.head.id : one->person.merged_into;
    if (row[P_BIRTH_YEAR].type == DB_INTEGER)
        one->person.birth_year = row[P_BIRTH_YEAR].integer;
    if (row[P_SEX].size > 0)
        one->person.sex =
            (struct model_text){ arena_copy(search->arena, row[P_SEX].bytes, row[P_SEX].size), row[P_SEX].size };
    one->identity.head.id = id_of(&row[I_ID]);
    search->sealed[search->num] =
        (struct model_text){ arena_copy(search->arena, row[I_SEALED].bytes, row[I_SEALED].size), row[I_SEALED].size };
    search->wrapped[search->num].owner = one->person.head.id;
    search->wrapped[search->num].generation = (uint32_t) row[K_GENERATION].integer;
    memcpy(search->wrapped[search->num].bytes, row[K_WRAPPED].bytes, KEEPER_WRAPPED_BYTES);
    return search->sealed[search->num++].bytes == NULL ? TOC_ERR_NO_MEMORY : 0;
}

static int open_all(struct store_reader *reader, struct search *search)
{
    struct seal_key     keys[MEANT_MOST_PERSONS];
    int                 statuses[MEANT_MOST_PERSONS];
    struct keeper_error failure = { 0 };
    size_t              kept = 0;
    int ret = keeper_unwrap(reader->store->options.keeper, KEEPER_WRITE, search->wrapped, search->num, keys, statuses,
                            &failure);
    for (size_t i = 0; i < search->num && ret == 0; i++) {
        if (statuses[i] != 0)
            continue;
        ret = sealed_fields_open(&keys[i], model_record(MODEL_IDENTITY), search->sealed[i], search->arena,
                                 &search->persons[i].identity);
        search->persons[kept++] = search->persons[i];
    }
    seal_keys_wipe(keys, MEANT_MOST_PERSONS);
    search->num = kept;
    return ret;
}

struct merge {
    struct meant_person *persons;
    size_t               num;
    bool                 moved;
};

static int merged_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct merge *merge = context;
    struct id     from = id_of(&row[0]), into = id_of(&row[1]);
    (void) num_columns;
    for (size_t i = 0; i < merge->num && !id_is_missing(&into); i++)
        if (id_equal(&merge->persons[i].stands_for, &from)) {
            merge->persons[i].stands_for = into;
            merge->moved = true;
        }
    return 0;
}

/* Follow merges to their end. */
static int follow(struct store_reader *reader, struct db *db, struct search *search)
{
    struct merge merge = { .persons = search->persons, .num = search->num, .moved = true };
    int          ret = 0;
    for (int step = 0; step < MERGES_MOST && merge.moved && ret == 0; step++) {
        struct db_value keys[MEANT_MOST_PERSONS];
        size_t          num = 0;
        for (size_t i = 0; i < search->num; i++)
            if (!id_equal(&search->persons[i].stands_for, &search->persons[i].person.head.id))
                keys[num++] = db_id(&search->persons[i].stands_for);
        merge.moved = false;
        if (num > 0) /* whom they were merged into may be merged by this group */
            ret = store_reader_db(reader, &db);
        if (num > 0 && ret == 0)
            ret = select_many(db, "SELECT id, merged_into FROM person WHERE id", "", keys, num, merged_row, &merge,
                              &reader->error);
    }
    return ret;
}

/* Within a group: may somebody be found who is not written yet? */
static bool meets_tokens(const struct store_reader *reader, const struct meant_tokens *tokens)
{
    bool met = false;
    for (size_t i = 0; reader->group != NULL && i < tokens->num && !met; i++)
        met = group_has_noted_token(reader->group, tokens->marks[i]);
    return met;
}

/* Does what was found stand otherwise in the group than in the database? */
static bool meets_persons(const struct store_reader *reader, const struct search *search)
{
    const struct model_record *identity = model_record(MODEL_IDENTITY);
    int                        person = schema_column(identity, model_identity_person);
    bool                       met = false;
    for (size_t i = 0; reader->group != NULL && i < search->num_ids && !met; i++)
        met = group_has_noted(reader->group, identity, person, search->ids[i].bytes, ID_BYTES) ||
              group_has_noted(reader->group, model_record(MODEL_PERSON), SCHEMA_ID, search->ids[i].bytes, ID_BYTES);
    return met;
}

/* The persons as the database has them, closed. */
static int look_up(struct store_reader *reader, struct db *db, const struct meant_tokens *tokens, struct search *search)
{
    struct db_value keys[MEANT_MOST_PERSONS];
    size_t          num_keys = 0;
    int             ret = 0;
    search->num_ids = search->num = 0;
    for (size_t i = 0; i < tokens->num && num_keys < MEANT_MOST_PERSONS; i++)
        if (reader->group == NULL ||
            !group_is_absent(reader->group, "search_token", "token", tokens->tokens[i].bytes, KEEPER_TOKEN_BYTES))
            keys[num_keys++] = db_bytes(tokens->tokens[i].bytes, KEEPER_TOKEN_BYTES);
    if (num_keys > 0)
        ret = select_many(db, "SELECT person FROM search_token WHERE token", "", keys, num_keys, person_row, search,
                          &reader->error);
    for (size_t i = 0; i < search->num_ids; i++)
        keys[i] = db_id(&search->ids[i]);
    if (ret == 0 && search->num_ids > 0)
        ret = select_many(db,
                          "SELECT p.id, p.area, p.sex, p.birth_year, p.merged_into, p.erased, i.id, i.sealed, "
                          "k.generation, k.wrapped FROM person AS p JOIN identity AS i ON i.person = p.id "
                          "JOIN person_key AS k ON k.person = p.id WHERE p.id",
                          "", keys, search->num_ids, closed_row, search, &reader->error);
    return ret;
}

int store_meant_persons(struct store_reader *reader, const struct meant_tokens *tokens, struct arena *arena,
                        struct meant_person **persons, size_t *num)
{
    struct search search = { .arena = arena };
    struct db    *db = reader->db;
    search.persons = arena_array(arena, MEANT_MOST_PERSONS + 1, sizeof *search.persons);
    int ret = search.persons == NULL ? TOC_ERR_NO_MEMORY : 0;
    if (ret == 0 && meets_tokens(reader, tokens))
        ret = store_reader_db(reader, &db);
    if (ret == 0)
        ret = look_up(reader, db, tokens, &search);
    if (ret == 0 && meets_persons(reader, &search)) {
        ret = store_reader_db(reader, &db);
        if (ret == 0)
            ret = look_up(reader, db, tokens, &search);
    }
    if (ret == 0 && search.num > 0)
        ret = open_all(reader, &search);
    if (ret == 0 && search.num > 0)
        ret = follow(reader, db, &search);
    if (ret == 0) {
        *persons = search.persons;
        *num = search.num;
    }
    return ret;
}
