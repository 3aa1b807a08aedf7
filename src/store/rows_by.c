/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/rows_by.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/group.h"
#include "store/schema.h"
#include "store/select_many.h"
#include "store/store_internal.h"

struct gathering {
    const struct model_record *record;
    struct arena              *arena;
    char                      *rows;
    size_t                     num, room, most;
};

static int take(void *context, const struct db_value *row, size_t num_columns)
{
    struct gathering *gathering = context;
    size_t            size = gathering->record->size;
    (void) num_columns;
    if (gathering->num == gathering->most)
        return 0;
    for (size_t i = 0; i < gathering->num; i++) /* a key that stands twice */
        if (memcmp(gathering->rows + i * size, row[SCHEMA_ID].bytes, ID_BYTES) == 0)
            return 0;
    if (gathering->num == gathering->room) {
        size_t room = gathering->room == 0 ? 8 : gathering->room * 2;
        char  *more = arena_array(gathering->arena, room, size);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        if (gathering->num > 0)
            memcpy(more, gathering->rows, gathering->num * size);
        gathering->rows = more;
        gathering->room = room;
    }
    return schema_fetch(gathering->record, row, gathering->arena, gathering->rows + gathering->num++ * size, NULL);
}

static int by_id(const void *a, const void *b)
{
    return id_compare(&((const struct model_head *) a)->id, &((const struct model_head *) b)->id);
}

/* The connection to look up in, after what is not written yet is written where one of the keys may meet it. */
static int connection(struct store_reader *reader, const struct model_record *record, int column,
                      const struct model_text *keys, size_t num_keys, struct db **db)
{
    bool met = false;
    for (size_t i = 0; reader->group != NULL && i < num_keys && !met; i++)
        met = group_has_noted(reader->group, record, column, keys[i].bytes, keys[i].size);
    if (met)
        return store_reader_db(reader, db);
    *db = reader->db;
    return 0;
}

/* The keys that a row may have, as parameters: those of which a group knows better are left out. */
static size_t to_values(const struct store_reader *reader, const struct model_record *record,
                        const struct model_field *field, const struct model_text *keys, size_t num_keys,
                        struct db_value *values)
{
    bool   text = field->kind == MODEL_KIND_TEXT || field->kind == MODEL_KIND_CODE;
    size_t num = 0;
    for (size_t i = 0; i < num_keys; i++)
        if (reader->group == NULL ||
            !group_is_absent(reader->group, record->name, field->name, keys[i].bytes, keys[i].size))
            values[num++] = text ? db_text(keys[i].bytes, keys[i].size) : db_bytes(keys[i].bytes, keys[i].size);
    return num;
}

int store_rows_by(struct store_reader *reader, const struct model_record *record, const char *name,
                  const struct model_text *keys, size_t num_keys, size_t most, struct arena *arena, void **rows,
                  size_t *num_rows)
{
    const struct model_field *field = model_field_find(record, name, strlen(name));
    struct gathering          gathering = { .record = record, .arena = arena, .most = most };
    struct db                *db;
    char                      before[4096];
    int                       column = field == NULL ? -1 : schema_column(record, (size_t) (field - record->fields));
    if (column < 0)
        return TOC_ERR_OPTION;
    struct db_value *values = memory_array(num_keys + 1, sizeof *values);
    int              ret = values == NULL ? TOC_ERR_NO_MEMORY : connection(reader, record, column, keys, num_keys, &db);
    size_t           num_values = ret == 0 ? to_values(reader, record, field, keys, num_keys, values) : 0;
    if (num_values > 0) {
        snprintf(before, sizeof before, "%s WHERE \"%s\"", store_select(reader->store, record), name);
        ret = select_many(db, before, "", values, num_values, take, &gathering, &reader->error);
    }
    free(values);
    if (ret != 0)
        return ret;
    if (gathering.num > 1)
        qsort(gathering.rows, gathering.num, record->size, by_id);
    *rows = gathering.rows;
    *num_rows = gathering.num;
    return 0;
}

int store_rows_of(struct store_reader *reader, const struct model_record *record, const char *name, const struct id *id,
                  size_t most, struct arena *arena, void **rows, size_t *num_rows)
{
    struct model_text key = { (const char *) id->bytes, ID_BYTES };
    return store_rows_by(reader, record, name, &key, 1, most, arena, rows, num_rows);
}
