/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/select_many.h"

#include <string.h>

#include "base/sink.h"

/* A wide key takes several parameters; both databases allow more than this. */
enum { MOST_PARAMETERS = 6 * 32, MOST_WIDE_KEYS = 32 };

int select_rows(struct db *db, const char *sql, const struct db_value *parameters, size_t num_parameters,
                select_row *row, void *context, struct db_error *error)
{
    struct db_statement *statement;
    int                  ret = db_prepare(db, sql, &statement, error);
    if (ret != 0)
        return ret;
    ret = db_run(statement, parameters, num_parameters, error);
    if (ret != 0)
        return ret;
    for (;;) {
        const struct db_value *values;
        size_t                 num_columns;
        ret = db_step(statement, &values, &num_columns, error);
        if (ret != 1)
            return ret;
        ret = row(context, values, num_columns);
        if (ret != 0) {
            db_reset(statement);
            return ret;
        }
    }
}

/* The length that so many keys are padded to. */
static size_t padded(size_t num_keys, size_t most)
{
    size_t length = 1;
    while (length < num_keys)
        length = length * 16 < most ? length * 16 : most;
    return length;
}

int select_many(struct db *db, const char *before, const char *after, const struct db_value *keys, size_t num_keys,
                select_row *row, void *context, struct db_error *error)
{
    struct sink sql = { .fd = -1 };
    int         ret = 0;
    for (size_t first = 0; first < num_keys && ret == 0; first += SELECT_MANY_MOST) {
        struct db_value some[SELECT_MANY_MOST];
        size_t          num = num_keys - first < SELECT_MANY_MOST ? num_keys - first : SELECT_MANY_MOST;
        size_t          length = padded(num, SELECT_MANY_MOST);
        sql.used = 0;
        sink_format(&sql, "%s IN (", before);
        for (size_t i = 0; i < length; i++) {
            some[i] = keys[first + (i < num ? i : num - 1)];
            sink_format(&sql, i == 0 ? "$%zu" : ",$%zu", i + 1);
        }
        sink_format(&sql, ")%s", after);
        sink_character(&sql, '\0');
        ret = sql.failure != 0 ? TOC_ERR_NO_MEMORY : select_rows(db, sql.bytes, some, length, row, context, error);
    }
    sink_free(&sql);
    return ret;
}

static void write_wide(struct sink *sql, const char *const *columns, size_t num_columns, size_t length)
{
    size_t parameter = 0;
    for (size_t i = 0; i < length; i++) {
        sink_text(sql, i == 0 ? " WHERE (" : " OR (");
        for (size_t c = 0; c < num_columns; c++)
            sink_format(sql, "%s\"%s\" = $%zu", c == 0 ? "" : " AND ", columns[c], ++parameter);
        sink_text(sql, ")");
    }
    sink_character(sql, '\0');
}

int select_many_wide(struct db *db, const char *before, const char *const *columns, size_t num_columns,
                     const struct db_value *keys, size_t num_keys, select_row *row, void *context,
                     struct db_error *error)
{
    struct sink sql = { .fd = -1 };
    int         ret = 0;
    for (size_t first = 0; first < num_keys && ret == 0; first += MOST_WIDE_KEYS) {
        struct db_value some[MOST_PARAMETERS];
        size_t          num = num_keys - first < MOST_WIDE_KEYS ? num_keys - first : MOST_WIDE_KEYS;
        size_t          length = padded(num, MOST_WIDE_KEYS);
        for (size_t i = 0; i < length; i++)
            memcpy(some + i * num_columns, keys + (first + (i < num ? i : num - 1)) * num_columns,
                   num_columns * sizeof *some);
        sql.used = 0;
        sink_text(&sql, before);
        write_wide(&sql, columns, num_columns, length);
        ret = sql.failure != 0 ? TOC_ERR_NO_MEMORY
                               : select_rows(db, sql.bytes, some, length * num_columns, row, context, error);
    }
    sink_free(&sql);
    return ret;
}
