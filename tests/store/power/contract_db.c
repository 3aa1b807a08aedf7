/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/power/contract_db.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_COLUMNS = 4 };

static int execute(void *context, const char *sql)
{
    if (strcmp(sql, "BEGIN") == 0)
        return db_begin(context, DB_WRITE, NULL);
    if (strcmp(sql, "COMMIT") == 0)
        return db_commit(context, NULL);
    if (strcmp(sql, "ROLLBACK") == 0)
        return db_rollback(context);
    return db_execute(context, sql, NULL);
}

/* A value as a text to be freed; NULL stays NULL. */
static char *text_of(const struct db_value *value)
{
    char number[24];
    if (value->type == DB_TEXT)
        return strndup(value->bytes, value->size);
    snprintf(number, sizeof number, "%" PRId64, value->integer);
    return value->type == DB_INTEGER ? strdup(number) : NULL;
}

static int pass_row(const struct db_value *row, size_t num_columns, contract_row *each, void *argument)
{
    char *values[MOST_COLUMNS] = { NULL };
    for (size_t i = 0; i < num_columns && i < MOST_COLUMNS; i++)
        values[i] = text_of(&row[i]);
    int ret = each(argument, (int) num_columns, values, NULL);
    for (size_t i = 0; i < MOST_COLUMNS; i++)
        free(values[i]);
    return ret;
}

static int query(void *context, const char *sql, contract_row *each, void *argument)
{
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num_columns;
    int                    ret = db_prepare(context, sql, &statement, NULL);
    if (ret == 0)
        ret = db_run(statement, NULL, 0, NULL);
    if (ret != 0)
        return ret;
    while ((ret = db_step(statement, &row, &num_columns, NULL)) == 1) {
        ret = pass_row(row, num_columns, each, argument);
        if (ret != 0)
            break;
    }
    db_reset(statement);
    return ret;
}

struct contract_database contract_of_db(struct db *db)
{
    return (struct contract_database){ db, execute, query };
}
