/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SQLite driver: changing rows, one prepared statement run once a row, and the lease. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/memory.h"
#include "base/sink.h"
#include "store/db_sqlite.h"

/* The statement of the text in a sink. */
static int prepare(struct db *db, struct sink *sql, struct sqlite_statement **statement, struct db_error *error)
{
    struct db_statement *prepared;
    char                *text = db_take_text(sql);
    if (text == NULL)
        return db_fail(error, TOC_ERR_NO_MEMORY, "no memory for a statement");
    int ret = sqlite_prepare(db, text, &prepared, error);
    free(text);
    if (ret == 0)
        *statement = (struct sqlite_statement *) prepared;
    return ret;
}

/* INSERT INTO "t" ("a","b") VALUES ($1,$2) */
static void write_insert(struct sink *sql, const struct db_table *table)
{
    sink_init_memory(sql);
    sink_text(sql, "INSERT INTO ");
    db_write_name(sql, table->name);
    sink_text(sql, " (");
    db_write_columns(sql, table, 0, table->num_columns);
    sink_text(sql, ") VALUES (");
    for (size_t i = 0; i < table->num_columns; i++)
        sink_format(sql, i == 0 ? "$%zu" : ",$%zu", i + 1);
    sink_character(sql, ')');
}

/*  WHERE "a"=$1 AND "b"=$2 */
static void write_where(struct sink *sql, const struct db_table *table)
{
    for (size_t i = 0; i < table->num_key; i++) {
        sink_text(sql, i == 0 ? " WHERE " : " AND ");
        db_write_name(sql, table->columns[i].name);
        sink_format(sql, "=$%zu", i + 1);
    }
}

/* Run a statement for each row of `width` values. */
static int run_rows(struct sqlite_statement *statement, const struct db_value *rows, size_t num_rows, size_t width,
                    struct db_error *error)
{
    int ret = 0;
    for (size_t i = 0; i < num_rows && ret == 0; i++) {
        ret = sqlite_bind(statement, rows + i * width, width, 0, error);
        if (ret == 0)
            ret = sqlite_finish(statement, error);
    }
    return ret;
}

int sqlite_insert(struct db *db, const struct db_table *table, const struct db_value *rows, size_t num_rows,
                  struct db_error *error)
{
    struct sink              sql;
    struct sqlite_statement *statement;
    write_insert(&sql, table);
    int ret = prepare(db, &sql, &statement, error);
    return ret != 0 ? ret : run_rows(statement, rows, num_rows, table->num_columns, error);
}

int sqlite_add(struct db *db, const struct db_table *table, uint64_t sum, const struct db_value *rows, size_t num_rows,
               struct db_error *error)
{
    struct sink              sql;
    struct sqlite_statement *statement;
    write_insert(&sql, table);
    sink_text(&sql, " ON CONFLICT (");
    db_write_columns(&sql, table, 0, table->num_key);
    sink_text(&sql, sum == 0 ? ") DO NOTHING" : ") DO UPDATE SET ");
    for (size_t i = table->num_key; i < table->num_columns; i++) {
        const char *name = table->columns[i].name;
        sink_format(&sql, "%s\"%s\"=\"%s\"+excluded.\"%s\"", i > table->num_key ? "," : "", name, name, name);
    }
    int ret = prepare(db, &sql, &statement, error);
    return ret != 0 ? ret : run_rows(statement, rows, num_rows, table->num_columns, error);
}

int sqlite_update(struct db *db, const struct db_table *table, int version_column, const struct db_value *rows,
                  size_t num_rows, size_t *conflict, struct db_error *error)
{
    struct sink              sql;
    struct sqlite_statement *statement;
    sink_init_memory(&sql);
    sink_text(&sql, "UPDATE ");
    db_write_name(&sql, table->name);
    for (size_t i = table->num_key; i < table->num_columns; i++)
        sink_format(&sql, "%s\"%s\"=$%zu", i == table->num_key ? " SET " : ",", table->columns[i].name, i + 1);
    write_where(&sql, table);
    if (version_column >= 0)
        sink_format(&sql, " AND \"%s\"=$%d-1", table->columns[version_column].name, version_column + 1);
    int ret = prepare(db, &sql, &statement, error);
    for (size_t i = 0; i < num_rows && ret == 0; i++) {
        ret = run_rows(statement, rows + i * table->num_columns, 1, table->num_columns, error);
        if (ret == 0 && sqlite3_changes64(((struct sqlite_db *) db)->handle) == 0) {
            *conflict = i;
            ret = db_fail(error, DB_ERR_CONFLICT, "%s: row %zu has another version or is gone", table->name, i);
        }
    }
    return ret;
}

int sqlite_remove(struct db *db, const struct db_table *table, const struct db_value *keys, size_t num_rows,
                  struct db_error *error)
{
    struct sink              sql;
    struct sqlite_statement *statement;
    sink_init_memory(&sql);
    sink_text(&sql, "DELETE FROM ");
    db_write_name(&sql, table->name);
    write_where(&sql, table);
    int ret = prepare(db, &sql, &statement, error);
    return ret != 0 ? ret : run_rows(statement, keys, num_rows, table->num_key, error);
}

/* One look-up a key, by the driver's own functions: the connection may be wrapped. */
int sqlite_fetch(struct db *db, const struct db_table *table, const struct db_value *keys, size_t num_keys, db_row *row,
                 void *context, struct db_error *error)
{
    struct sink              sql;
    struct sqlite_statement *statement;
    sink_init_memory(&sql);
    sink_text(&sql, "SELECT ");
    db_write_columns(&sql, table, 0, table->num_columns);
    sink_text(&sql, " FROM ");
    db_write_name(&sql, table->name);
    write_where(&sql, table);
    int ret = prepare(db, &sql, &statement, error);
    for (size_t i = 0; i < num_keys && ret == 0; i++) {
        const struct db_value *values;
        size_t                 num_columns;
        ret = db->driver->run(&statement->statement, keys + i * table->num_key, table->num_key, error);
        while (ret == 0 && (ret = db->driver->step(&statement->statement, &values, &num_columns, error)) == 1)
            ret = row(context, values, num_columns);
    }
    if (ret != 0)
        db->driver->reset(&statement->statement);
    return ret;
}

/* ---- loading ----
 *
 * Rows come in the order of the table's key, so in no order of any other index: of an empty table those are dropped
 * first and made when the rows are there, by sorting. All within the transaction: others see neither.
 */

struct sqlite_load {
    struct db_load           load;
    struct sqlite_statement *statement;
    char                    *indexes; /* the statements that make them; NULL: they are there */
};

/* The first column of the first row that `format` (of the table's name) answers: a copy, or NULL where there is none.
 */
static int ask_text(struct sqlite_db *db, const char *format, const struct db_table *table, char **answer,
                    struct db_error *error)
{
    sqlite3_stmt *statement = NULL;
    char         *sql = sqlite3_mprintf(format, table->name);
    int           code = sql == NULL ? SQLITE_NOMEM : sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL);
    char         *copy = NULL;
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    const unsigned char *text = code == SQLITE_ROW ? sqlite3_column_text(statement, 0) : NULL;
    if (text != NULL && (copy = strdup((const char *) text)) == NULL)
        code = SQLITE_NOMEM;
    int ret = code == SQLITE_ROW || code == SQLITE_DONE ? 0 : sqlite_fail(db, code, error);
    sqlite3_finalize(statement);
    sqlite3_free(sql);
    if (ret == 0)
        *answer = copy;
    return ret;
}

static int drop_indexes(struct sqlite_db *db, struct sqlite_load *load, struct db_error *error)
{
    static const char of_table[] = " FROM sqlite_schema WHERE type='index' AND sql IS NOT NULL AND tbl_name=%Q";
    char              make[sizeof of_table + 40], drop[sizeof of_table + 60];
    char             *row = NULL, *drops = NULL;
    snprintf(make, sizeof make, "SELECT group_concat(sql, ';')%s", of_table);
    snprintf(drop, sizeof drop, "SELECT group_concat('DROP INDEX \"' || name || '\"', ';')%s", of_table);
    int ret = ask_text(db, "SELECT 'one' FROM \"%w\" LIMIT 1", load->load.table, &row, error);
    if (ret == 0 && row == NULL)
        ret = ask_text(db, make, load->load.table, &load->indexes, error);
    if (ret == 0 && load->indexes != NULL)
        ret = ask_text(db, drop, load->load.table, &drops, error);
    if (ret == 0 && drops != NULL)
        ret = sqlite_execute(&db->db, drops, error);
    free(row);
    free(drops);
    return ret;
}

int sqlite_load_begin(struct db *db, const struct db_table *table, struct db_load **out, struct db_error *error)
{
    struct sink         sql;
    struct sqlite_load *load = memory_array(1, sizeof *load);
    if (load == NULL)
        return db_fail(error, TOC_ERR_NO_MEMORY, "no memory");
    load->load = (struct db_load){ .db = db, .connection = db, .table = table };
    int ret = drop_indexes((struct sqlite_db *) db, load, error);
    if (ret == 0) {
        write_insert(&sql, table);
        ret = prepare(db, &sql, &load->statement, error);
    }
    if (ret == 0) {
        *out = &load->load;
        return 0;
    }
    free(load->indexes);
    free(load);
    return ret;
}

int sqlite_load_row(struct db_load *load, const struct db_value *row, struct db_error *error)
{
    return run_rows(((struct sqlite_load *) load)->statement, row, 1, load->table->num_columns, error);
}

int sqlite_load_end(struct db_load *base, struct db_error *error)
{
    struct sqlite_load *load = (struct sqlite_load *) base;
    int                 ret = load->indexes != NULL ? sqlite_execute(base->connection, load->indexes, error) : 0;
    free(load->indexes);
    free(load);
    return ret;
}

/* Without its indexes nobody shall find the table. */
void sqlite_load_cancel(struct db_load *base)
{
    struct sqlite_load *load = (struct sqlite_load *) base;
    struct db          *db = base->connection;
    if (load->indexes != NULL && db->failure == 0)
        db->failure = BASE_ERR_SYSTEM;
    free(load->indexes);
    free(load);
}

/* ---- the lease ---- */

/* Lock PATH.lease; the lock goes with the file descriptor, so with the process too. */
static int lock_file(struct sqlite_db *db, struct db_error *error)
{
    size_t size = strlen(db->path) + sizeof ".lease";
    char  *path = malloc(size);
    if (path == NULL)
        return db_fail(error, TOC_ERR_NO_MEMORY, "no memory");
    snprintf(path, size, "%s.lease", db->path);
    int ret = 0, file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0)
        ret = db_fail(error, BASE_ERR_SYSTEM, "cannot open %s: %s", path, strerror(errno));
    else if (flock(file, LOCK_EX | LOCK_NB) != 0)
        ret = errno == EWOULDBLOCK ? db_fail(error, DB_ERR_BUSY, "another process is the writer of this database")
                                   : db_fail(error, BASE_ERR_SYSTEM, "cannot lock %s: %s", path, strerror(errno));
    free(path);
    if (ret == 0)
        db->lease_file = file;
    else if (file >= 0)
        close(file);
    return ret;
}

/* The one integer that a statement answers. */
static int ask_integer(struct db *db, const char *sql, const struct db_value *parameters, size_t num, int64_t *answer,
                       struct db_error *error)
{
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num_columns;
    int                    ret = sqlite_prepare(db, sql, &statement, error);
    if (ret != 0)
        return ret;
    ret = db->driver->run(statement, parameters, num, error);
    if (ret == 0)
        ret = db->driver->step(statement, &row, &num_columns, error);
    if (ret == 1)
        *answer = row[0].integer;
    db->driver->reset(statement);
    return ret == 0 ? db_fail(error, DB_ERR_FENCED, "nobody has ever taken the lease") : ret < 0 ? ret : 0;
}

/* Within a transaction: make the table where there is none, and count one further. */
static int count_lease(struct db *db, const char *holder, int64_t now, int64_t *fence, struct db_error *error)
{
    char   *sql = NULL;
    int64_t exists = 0;
    int     ret = ask_integer(db, "SELECT count(*) FROM sqlite_schema WHERE name='lease'", NULL, 0, &exists, error);
    if (ret == 0 && exists == 0) {
        ret = db_table_sql(db, &db_lease_table, &sql);
        ret = ret != 0 ? db_fail(error, ret, "no memory") : sqlite_execute(db, sql, error);
        free(sql);
    }
    if (ret != 0)
        return ret;
    const struct db_value parameters[] = { db_word(holder), db_integer(now) };
    return ask_integer(db,
                       "INSERT INTO lease (one,fence,holder,taken) VALUES (1,1,$1,$2) ON CONFLICT (one) DO UPDATE "
                       "SET fence=lease.fence+1, holder=excluded.holder, taken=excluded.taken RETURNING fence",
                       parameters, 2, fence, error);
}

int sqlite_take_lease(struct db *base, const char *holder, int64_t now, int64_t *fence, struct db_error *error)
{
    struct sqlite_db *db = (struct sqlite_db *) base;
    int64_t           counted = 0;
    int               ret = db->lease_file >= 0 ? 0 : lock_file(db, error);
    if (ret != 0)
        return ret;
    ret = sqlite_begin(base, DB_WRITE, error);
    if (ret != 0)
        return ret;
    ret = count_lease(base, holder, now, &counted, error);
    if (ret == 0)
        ret = sqlite_commit(base, error);
    else
        sqlite_rollback(base);
    if (ret != 0)
        return ret;
    if (!db->own_files)
        sqlite_checkpoint_begin(db);
    *fence = counted;
    return 0;
}

int sqlite_check_lease(struct db *db, int64_t fence, struct db_error *error)
{
    int64_t now = 0;
    int     ret = ask_integer(db, "SELECT fence FROM lease WHERE one=1", NULL, 0, &now, error);
    if (ret == 0 && now != fence)
        ret = db_fail(error, DB_ERR_FENCED, "another process has taken the lease (number %lld, ours is %lld)",
                      (long long) now, (long long) fence);
    return ret;
}
