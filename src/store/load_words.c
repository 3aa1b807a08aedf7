/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words by which rows of reference data are found, made after they were loaded. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/records.h"
#include "store/group.h"
#include "store/schema.h"
#include "store/search_words.h"
#include "store/select_many.h"
#include "store/tables.h"

enum { WORD_ROWS = 1000, MOST_SEARCHED = 16 };

struct wording {
    const struct model_record *record;
    struct group              *group;
    struct id                  last;
    size_t                     read;
    struct group_rows          rows;
    struct id                  ids[WORD_ROWS];
};

static int word_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct wording     *wording = context;
    struct arena       *arena = &wording->group->arena;
    struct model_text   texts[MOST_SEARCHED];
    struct search_term *terms;
    size_t              num = 0, num_terms;
    _Alignas(16) char   value[4096];
    (void) num_columns;
    int ret = wording->read < WORD_ROWS ? schema_fetch(wording->record, row, arena, value, NULL) : DB_ERR_CORRUPT;
    if (ret != 0)
        return ret;
    struct id *id = &wording->ids[wording->read++];
    *id = wording->last = ((const struct model_head *) (const void *) value)->id;
    for (const char *const *name = wording->record->searched; *name != NULL && num < MOST_SEARCHED; name++) {
        const struct model_field *field = model_field_find(wording->record, *name, strlen(*name));
        texts[num++] = *(const struct model_text *) (const void *) (value + field->offset);
    }
    ret = search_words_of_texts(texts, num, arena, &terms, &num_terms);
    for (size_t i = 0; ret == 0 && i < num_terms; i++) {
        struct db_value *made;
        ret = group_row(&wording->rows, &made);
        if (ret != 0)
            break;
        made[store_search_term_record] = db_word(wording->record->name);
        made[store_search_term_term] = db_text(terms[i].bytes, terms[i].size);
        made[store_search_term_id] = db_id(id);
    }
    return ret;
}

static int no_row(void *context, const struct db_value *row, size_t num_columns)
{
    (void) context;
    (void) row;
    (void) num_columns;
    return 0;
}

static int words_job(void *context, struct group *group)
{
    struct wording *wording = context;
    struct db_value after = db_bytes(wording->last.bytes, ID_BYTES), keys[WORD_ROWS];
    char            sql[4200];
    wording->group = group;
    wording->read = 0;
    wording->rows.num = 0;
    snprintf(sql, sizeof sql, "%s WHERE id > $1 ORDER BY id LIMIT %d", store_select(group->store, wording->record),
             WORD_ROWS);
    struct id from = wording->last;
    after.bytes = (const char *) from.bytes;
    group->broken = true;
    int ret = group_write(group);
    if (ret == 0)
        ret = select_rows(group->db, sql, &after, 1, word_row, wording, &group->error);
    for (size_t i = 0; i < wording->read; i++)
        keys[i] = db_id(&wording->ids[i]);
    if (ret == 0 && wording->read > 0)
        ret = select_many(group->db, "DELETE FROM search_term WHERE id", "", keys, wording->read, no_row, NULL,
                          &group->error);
    if (ret == 0 && wording->rows.num > 0)
        ret = db_insert(group->db, wording->rows.table, wording->rows.values, wording->rows.num, &group->error);
    group->broken = ret != 0;
    if (ret != 0)
        wording->last = from;
    return ret;
}

int store_load_words(struct store *store, const struct access *who, const struct model_record *record)
{
    int ret = 0;
    if (store->writer == NULL)
        return STORE_ERR_STOPPED;
    if (!access_may_write(who, record) || record->size > 4096)
        return STORE_ERR_DENIED;
    if (record->searched == NULL || record->searched[0] == NULL)
        return 0;
    struct wording *wording = memory_array(1, sizeof *wording);
    if (wording == NULL)
        return TOC_ERR_NO_MEMORY;
    wording->record = record;
    wording->rows.table = &store_table_search_term;
    do {
        struct ticket ticket = { .who = *who, .job = words_job, .context = wording, .bulk = true, .weight = 1 };
        ret = writer_submit(store->writer, &ticket);
    } while (ret == 0 && wording->read == WORD_ROWS);
    free(wording->rows.values);
    free(wording);
    return ret;
}
