/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/signal_standing.h"

#include <stdlib.h>
#include <string.h>

#include "store/select_many.h"
#include "store/store_internal.h"
#include "tocsin/status.h"

struct taking {
    const struct id        *ids;
    size_t                  num;
    struct signal_standing *standings;
};

static int by_id(const void *a, const void *b)
{
    return id_compare(a, b);
}

static bool is_word(const struct db_value *value, const char *word)
{
    return value->size == strlen(word) && memcmp(value->bytes, word, value->size) == 0;
}

static int standing_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct taking *taking = context;
    struct id      id;
    (void) num_columns;
    if (row[0].type != DB_BYTES || row[0].size != ID_BYTES || row[1].type != DB_BYTES || row[1].size != ID_BYTES)
        return DB_ERR_CORRUPT;
    memcpy(id.bytes, row[0].bytes, ID_BYTES);
    const struct id *at = bsearch(&id, taking->ids, taking->num, sizeof id, by_id);
    if (at == NULL)
        return DB_ERR_CORRUPT;
    struct signal_standing *standing = &taking->standings[at - taking->ids];
    memcpy(standing->area.bytes, row[1].bytes, ID_BYTES);
    standing->version = row[2].integer;
    standing->is_new = is_word(&row[3], "new");
    standing->closed = is_word(&row[3], "closed");
    standing->marked = row[4].size > 0;
    return 0;
}

int store_signal_standings(struct store_reader *reader, const struct id *ids, size_t num, struct arena *arena,
                           struct signal_standing *standings)
{
    struct taking    taking = { ids, num, standings };
    struct db_value *keys = arena_array(arena, num + 1, sizeof *keys);
    struct db       *db;
    if (keys == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num; i++) {
        keys[i] = db_id(&ids[i]);
        standings[i] = (struct signal_standing){ .version = 0 };
    }
    int ret = num == 0 ? 0 : store_reader_db(reader, &db);
    if (ret == 0 && num > 0)
        ret = select_many(db, "SELECT \"id\", \"area\", \"version\", \"status\", \"mark\" FROM \"signal\" WHERE \"id\"",
                          "", keys, num, standing_row, &taking, &reader->error);
    return ret;
}
