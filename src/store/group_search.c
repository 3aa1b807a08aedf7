/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the records of a group are found by: tokens of people, words of open texts. */
#include <stdlib.h>
#include <string.h>

#include "model/records.h"
#include "store/group.h"
#include "store/person_tokens.h"
#include "store/schema.h"
#include "store/search_name.h"
#include "store/search_words.h"
#include "store/select_many.h"
#include "store/tables.h"

enum { WORDS_MOST_FIELDS = 16 };

static int no_row(void *context, const struct db_value *row, size_t num_columns)
{
    (void) context;
    (void) row;
    (void) num_columns;
    return 0;
}

/* Rows of old tokens or words of the entries that are written anew. */
static int forget_found_by(struct group *group, bool tokens)
{
    int              ret = 0;
    size_t           num = 0;
    struct db_value *keys = arena_array(&group->arena, group->num_dirty + 1, sizeof *keys);
    if (keys == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < group->num_dirty; i++) {
        const struct entry *entry = group->dirty[i];
        if (entry->stored == 0 || !(tokens ? entry->tokens : entry->words))
            continue;
        struct id *id = arena_array(&group->arena, 1, sizeof *id);
        if (id == NULL)
            return TOC_ERR_NO_MEMORY;
        *id = tokens ? group_owner(entry) : entry->id;
        keys[num++] = db_id(id);
    }
    if (num > 0 && tokens)
        ret =
            select_many(group->db, "DELETE FROM search_name WHERE person", "", keys, num, no_row, NULL, &group->error);
    if (num > 0 && ret == 0)
        ret = select_many(group->db,
                          tokens ? "DELETE FROM search_token WHERE person" : "DELETE FROM search_term WHERE id", "",
                          keys, num, no_row, NULL, &group->error);
    return ret;
}

/* The row of somebody's name, where they live. */
static int name_of(struct group *group, const struct entry *entry, const struct entry *person, struct group_rows *rows)
{
    const struct model_identity *identity = entry->value;
    struct model_text            sealed = { NULL, 0 };
    struct group_key            *key;
    struct db_value             *row;
    int                          ret = group_key_of(group, &identity->person, &key);
    if (ret == 0 && key->known && key->stored && person->value != NULL)
        ret = search_name_seal(&key->key, identity, &group->arena, &sealed);
    if (ret != 0 || sealed.size == 0)
        return ret;
    ret = group_row(rows, &row);
    if (ret != 0)
        return ret;
    row[store_search_name_area] = db_id(&((const struct model_person *) person->value)->area);
    row[store_search_name_person] = db_id(&identity->person);
    row[store_search_name_generation] = db_integer(key->wrapped.generation);
    row[store_search_name_wrapped] = db_bytes(key->wrapped.bytes, KEEPER_WRAPPED_BYTES);
    row[store_search_name_name] = db_bytes(sealed.bytes, sealed.size);
    return 0;
}

/* The tokens of identities, asked of the keeper at once, and their names. */
int group_write_tokens(struct group *group)
{
    struct person_tokens tokens = { .num = 0 };
    struct group_rows    rows = { .table = &store_table_search_token }, names = { .table = &store_table_search_name };
    int                  ret = forget_found_by(group, true);
    for (size_t i = 0; i < group->num_dirty && ret == 0; i++) {
        const struct entry *entry = group->dirty[i];
        struct entry       *person;
        if (!entry->tokens || !entry->present)
            continue;
        struct id owner = group_owner(entry), county = { { 0 } };
        ret = group_entry(group, model_record(MODEL_PERSON), &owner, &person);
        if (ret == 0 && person->value != NULL)
            county = store_county(group->store, group->areas, &((const struct model_person *) person->value)->area);
        if (ret == 0)
            ret = person_tokens_add(&tokens, entry->value, &county, group->store->options.telephone_country,
                                    &group->arena);
        if (ret == 0)
            ret = name_of(group, entry, person, &names);
    }
    if (ret == 0 && tokens.num > 0) {
        struct keeper_error failure = { .status = 0 };
        ret = person_tokens_make(&tokens, group->store->options.keeper, &group->arena, &failure);
        if (ret != 0)
            ret = group_fail(group, ret, failure.what);
    }
    for (size_t i = 0; i < tokens.num && ret == 0; i++) {
        struct db_value *row;
        ret = group_row(&rows, &row);
        if (ret != 0)
            break;
        row[store_search_token_token] = db_bytes(tokens.tokens[i].bytes, KEEPER_TOKEN_BYTES);
        row[store_search_token_person] = db_id(&tokens.persons[i]);
    }
    if (ret == 0 && rows.num > 0)
        ret = db_insert(group->db, rows.table, rows.values, rows.num, &group->error);
    if (ret == 0 && names.num > 0)
        ret = db_insert(group->db, names.table, names.values, names.num, &group->error);
    free(rows.values);
    free(names.values);
    person_tokens_free(&tokens);
    return ret;
}

static int words_of(struct group *group, const struct entry *entry, struct group_rows *rows)
{
    struct model_text   texts[WORDS_MOST_FIELDS];
    struct search_term *terms;
    size_t              num = 0, num_terms;
    for (const char *const *name = entry->record->searched; *name != NULL && num < WORDS_MOST_FIELDS; name++) {
        const struct model_field *field = model_field_find(entry->record, *name, strlen(*name));
        texts[num++] = *(const struct model_text *) (const void *) ((const char *) entry->value + field->offset);
    }
    int ret = search_words_of_texts(texts, num, &group->arena, &terms, &num_terms);
    for (size_t i = 0; ret == 0 && i < num_terms; i++) {
        struct db_value *row;
        ret = group_row(rows, &row);
        if (ret != 0)
            break;
        row[store_search_term_record] = db_word(entry->record->name);
        row[store_search_term_term] = db_text(terms[i].bytes, terms[i].size);
        row[store_search_term_id] = db_id(&entry->id);
    }
    return ret;
}

int group_write_words(struct group *group)
{
    struct group_rows rows = { .table = &store_table_search_term };
    int               ret = forget_found_by(group, false);
    for (size_t i = 0; i < group->num_dirty && ret == 0; i++)
        if (group->dirty[i]->words && group->dirty[i]->present)
            ret = words_of(group, group->dirty[i], &rows);
    if (ret == 0 && rows.num > 0)
        ret = db_insert(group->db, rows.table, rows.values, rows.num, &group->error);
    free(rows.values);
    return ret;
}
