/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/db.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/sink.h"
#include "base/text.h"
#include "store/db_driver.h"

int db_fail(struct db_error *error, int status, const char *what, ...)
{
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, what);
        error->status = status;
        vsnprintf(error->what, sizeof error->what, what, arguments);
        va_end(arguments);
    }
    return status;
}

/* ---- text of SQL ---- */

void db_write_name(struct sink *sql, const char *name)
{
    sink_character(sql, '"');
    sink_text(sql, name);
    sink_character(sql, '"');
}

void db_write_columns(struct sink *sql, const struct db_table *table, size_t first, size_t num)
{
    for (size_t i = first; i < first + num; i++) {
        if (i > first)
            sink_character(sql, ',');
        db_write_name(sql, table->columns[i].name);
    }
}

char *db_take_text(struct sink *sql)
{
    sink_character(sql, '\0');
    char *text = sql->failure == 0 ? sql->bytes : NULL;
    if (text == NULL)
        sink_free(sql);
    sink_init_memory(sql);
    return text;
}

/* ---- prepared statements ---- */

/* Of a statement's text, eight bytes at a time: it is asked for with every query. */
static uint64_t hash_of(const char *sql)
{
    size_t   size = strlen(sql);
    uint64_t hash = size, part;
    for (; size >= sizeof part; sql += sizeof part, size -= sizeof part) {
        memcpy(&part, sql, sizeof part);
        hash = (hash ^ part) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash ^ text_hash(sql, size);
}

struct db_statement *db_find_statement(struct db *db, const char *sql)
{
    uint64_t hash = hash_of(sql);
    for (size_t i = 0; i < db->num_statements; i++) {
        struct db_statement *statement = db->statements[i];
        if (statement->hash == hash && strcmp(statement->sql, sql) == 0) {
            statement->asked = ++db->asked;
            return statement;
        }
    }
    return NULL;
}

int db_keep_statement(struct db *db, const char *sql, struct db_statement *statement, struct db_statement **dropped)
{
    statement->sql = strdup(sql);
    if (statement->sql == NULL)
        return TOC_ERR_NO_MEMORY;
    statement->hash = hash_of(sql);
    statement->asked = ++db->asked;
    *dropped = NULL;
    size_t place = db->num_statements;
    if (place < DB_STATEMENTS) {
        db->num_statements++;
    } else {
        place = 0;
        for (size_t i = 1; i < DB_STATEMENTS; i++)
            if (db->statements[i]->asked < db->statements[place]->asked)
                place = i;
        *dropped = db->statements[place];
    }
    db->statements[place] = statement;
    return 0;
}

/* ---- what values may be: the same for both databases, whatever each would put up with ---- */

static const char *value_fault(const struct db_value *value)
{
    switch (value->type) {
    case DB_REAL: return isfinite(value->real) ? NULL : "the number is not finite";
    case DB_TEXT:
        return text_check_utf8(value->bytes, value->size) == value->size ? NULL : "the text is not UTF-8 without NUL";
    case DB_NULL:
    case DB_INTEGER:
    case DB_BYTES: break;
    }
    return NULL;
}

static const char *column_fault(const struct db_column *column, const struct db_value *value, bool key)
{
    static const enum db_type types[] = { [DB_KIND_ID] = DB_BYTES,
                                          [DB_KIND_INTEGER] = DB_INTEGER,
                                          [DB_KIND_REAL] = DB_REAL,
                                          [DB_KIND_TEXT] = DB_TEXT,
                                          [DB_KIND_BYTES] = DB_BYTES };
    if (value->type == DB_NULL)
        return column->not_null || key || column->kind == DB_KIND_TEXT ? "the value is missing" : NULL;
    if (value->type != types[column->kind])
        return "the value has another type";
    if (column->kind == DB_KIND_ID && value->size != ID_BYTES)
        return "an id has 16 bytes";
    return value_fault(value);
}

static int check_row(const struct db_table *table, size_t num_columns, const struct db_value *row,
                     struct db_error *error)
{
    for (size_t i = 0; i < num_columns; i++) {
        const char *fault = column_fault(&table->columns[i], &row[i], i < table->num_key);
        if (fault != NULL)
            return db_fail(error, BASE_ERR_INPUT, "%s.%s: %s", table->name, table->columns[i].name, fault);
    }
    return 0;
}

int db_check_row(const struct db_table *table, const struct db_value *row, struct db_error *error)
{
    return check_row(table, table->num_columns, row, error);
}

static int check_rows(const struct db_table *table, size_t num_columns, const struct db_value *rows, size_t num_rows,
                      struct db_error *error)
{
    int ret = 0;
    for (size_t i = 0; i < num_rows && ret == 0; i++)
        ret = check_row(table, num_columns, rows + i * num_columns, error);
    return ret;
}

/* ---- the state of a connection ---- */

/* Remember the first failure within a transaction. */
static int note(struct db *db, int status)
{
    if (status < 0 && status != BASE_ERR_INPUT && db->state != DB_AT_REST && db->failure == 0)
        db->failure = status;
    if (status == DB_ERR_LOST)
        db->lost = true;
    return status;
}

static int check_usable(const struct db *db, struct db_error *error)
{
    if (db->lost)
        return db_fail(error, DB_ERR_LOST, "this connection was lost");
    if (db->failure != 0)
        return db_fail(error, db->failure, "a statement before this one failed: the transaction must be rolled back");
    return 0;
}

static int check_writable(const struct db *db, struct db_error *error)
{
    int ret = check_usable(db, error);
    if (ret == 0 && (db->read_only || db->state == DB_READING))
        ret = db_fail(error, BASE_ERR_SYSTEM, "nothing can be changed here: the %s is for reading",
                      db->read_only ? "connection" : "transaction");
    return ret;
}

static bool is_postgresql_url(const char *url)
{
    return strncmp(url, "postgresql://", 13) == 0 || strncmp(url, "postgres://", 11) == 0;
}

int db_open(const char *url, const struct db_options *options, struct db **db, struct db_error *error)
{
    static const struct db_options none;
    struct db                     *opened = NULL;
    int                            ret;
    if (options == NULL)
        options = &none;
    if (is_postgresql_url(url))
        ret = db_postgresql_open(url, options, &opened, error);
    else
        ret = db_sqlite_open(strncmp(url, "sqlite:", 7) == 0 ? url + 7 : url, options, &opened, error);
    if (ret != 0)
        return ret;
    opened->read_only = options->read_only;
    if (options->wrap != NULL) {
        struct db *inner = opened;
        ret = options->wrap(options->wrap_context, inner, &opened);
        if (ret != 0) {
            db_close(inner);
            return db_fail(error, ret, "the connection could not be wrapped");
        }
    }
    *db = opened;
    return 0;
}

void db_close(struct db *db)
{
    if (db != NULL)
        db->driver->close(db);
}

bool db_is_postgresql(const struct db *db)
{
    return db->postgresql;
}

const char *db_warning(const struct db *db)
{
    return db->warning[0] != '\0' ? db->warning : NULL;
}

/* ---- transactions ---- */

int db_begin(struct db *db, enum db_transaction kind, struct db_error *error)
{
    int ret = check_usable(db, error);
    if (ret == 0 && db->state != DB_AT_REST)
        ret = db_fail(error, BASE_ERR_SYSTEM, "a transaction is open already");
    if (ret == 0 && kind != DB_READ)
        ret = check_writable(db, error);
    if (ret == 0)
        ret = note(db, db->driver->begin(db, kind, error));
    if (ret == 0)
        db->state = kind == DB_READ ? DB_READING : DB_WRITING;
    return ret;
}

int db_commit(struct db *db, struct db_error *error)
{
    int ret = check_usable(db, error);
    if (ret != 0)
        return ret;
    if (db->state == DB_AT_REST)
        return db_fail(error, BASE_ERR_SYSTEM, "no transaction is open");
    db->state = DB_AT_REST;
    return note(db, db->driver->commit(db, error));
}

int db_rollback(struct db *db)
{
    if (db->state == DB_AT_REST)
        return db->lost ? DB_ERR_LOST : 0;
    db->state = DB_AT_REST;
    db->failure = 0;
    return db->lost ? DB_ERR_LOST : note(db, db->driver->rollback(db));
}

/* ---- statements ---- */

int db_execute(struct db *db, const char *sql, struct db_error *error)
{
    int ret = check_usable(db, error);
    return ret != 0 ? ret : note(db, db->driver->execute(db, sql, error));
}

int db_prepare(struct db *db, const char *sql, struct db_statement **statement, struct db_error *error)
{
    int ret = check_usable(db, error);
    return ret != 0 ? ret : note(db, db->driver->prepare(db, sql, statement, error));
}

int db_run(struct db_statement *statement, const struct db_value *parameters, size_t num, struct db_error *error)
{
    struct db *db = statement->db;
    int        ret = check_usable(db, error);
    for (size_t i = 0; i < num && ret == 0; i++) {
        const char *fault = value_fault(&parameters[i]);
        if (fault != NULL)
            ret = db_fail(error, BASE_ERR_INPUT, "parameter $%zu: %s", i + 1, fault);
    }
    return ret != 0 ? ret : note(db, db->driver->run(statement, parameters, num, error));
}

int db_step(struct db_statement *statement, const struct db_value **row, size_t *num_columns, struct db_error *error)
{
    struct db *db = statement->db;
    int        ret = check_usable(db, error);
    return ret != 0 ? ret : note(db, db->driver->step(statement, row, num_columns, error));
}

void db_reset(struct db_statement *statement)
{
    statement->db->driver->reset(statement);
}

/* ---- bulk changes ---- */

/* Is there anything to do, and may it be done? 1 = yes. */
static int check_change(struct db *db, const struct db_table *table, size_t num_columns, const struct db_value *rows,
                        size_t num_rows, struct db_error *error)
{
    int ret = check_writable(db, error);
    if (ret == 0 && db->state != DB_WRITING)
        ret = db_fail(error, BASE_ERR_SYSTEM, "rows are changed within a transaction");
    if (ret == 0)
        ret = check_rows(table, num_columns, rows, num_rows, error);
    return ret != 0 ? ret : num_rows > 0;
}

int db_insert(struct db *db, const struct db_table *table, const struct db_value *rows, size_t num_rows,
              struct db_error *error)
{
    int ret = check_change(db, table, table->num_columns, rows, num_rows, error);
    return ret != 1 ? ret : note(db, db->driver->insert(db, table, rows, num_rows, error));
}

int db_add(struct db *db, const struct db_table *table, uint64_t sum, const struct db_value *rows, size_t num_rows,
           struct db_error *error)
{
    int ret = check_change(db, table, table->num_columns, rows, num_rows, error);
    for (size_t i = 0; i < table->num_columns && ret == 1; i++) {
        bool added = i < 64 && (sum >> i & 1) != 0;
        if (added == (i < table->num_key) || (added && table->columns[i].kind != DB_KIND_INTEGER))
            ret = db_fail(error, BASE_ERR_SYSTEM, "%s.%s can neither be a key nor be added to", table->name,
                          table->columns[i].name);
    }
    return ret != 1 ? ret : note(db, db->driver->add(db, table, sum, rows, num_rows, error));
}

int db_update(struct db *db, const struct db_table *table, int version_column, const struct db_value *rows,
              size_t num_rows, size_t *conflict, struct db_error *error)
{
    size_t at = num_rows;
    int    ret = check_change(db, table, table->num_columns, rows, num_rows, error);
    if (ret != 1)
        return ret;
    ret = note(db, db->driver->update(db, table, version_column, rows, num_rows, &at, error));
    if (ret == DB_ERR_CONFLICT && conflict != NULL)
        *conflict = at;
    return ret;
}

int db_delete(struct db *db, const struct db_table *table, const struct db_value *keys, size_t num_rows,
              struct db_error *error)
{
    int ret = check_change(db, table, table->num_key, keys, num_rows, error);
    return ret != 1 ? ret : note(db, db->driver->remove(db, table, keys, num_rows, error));
}

int db_fetch(struct db *db, const struct db_table *table, const struct db_value *keys, size_t num_keys, db_row *row,
             void *context, struct db_error *error)
{
    int ret = check_usable(db, error);
    if (ret == 0)
        ret = check_rows(table, table->num_key, keys, num_keys, error);
    return ret != 0 || num_keys == 0 ? ret
                                     : note(db, db->driver->fetch(db, table, keys, num_keys, row, context, error));
}

int db_load_begin(struct db *db, const struct db_table *table, struct db_load **load, struct db_error *error)
{
    int ret = check_change(db, table, 0, NULL, 0, error);
    return ret != 0 ? ret : note(db, db->driver->load_begin(db, table, load, error));
}

int db_load_row(struct db_load *load, const struct db_value *row, struct db_error *error)
{
    struct db *db = load->db;
    int        ret = check_usable(db, error);
    if (ret == 0)
        ret = check_row(load->table, load->table->num_columns, row, error);
    return ret != 0 ? ret : note(db, db->driver->load_row(load, row, error));
}

int db_load_end(struct db_load *load, struct db_error *error)
{
    struct db *db = load->db;
    int        ret = check_usable(db, error);
    if (ret != 0) {
        db->driver->load_cancel(load);
        return ret;
    }
    return note(db, db->driver->load_end(load, error));
}

void db_load_cancel(struct db_load *load)
{
    if (load != NULL)
        load->db->driver->load_cancel(load);
}

/* ---- lease, log ---- */

static const struct db_column lease_columns[] = {
    { "one", DB_KIND_INTEGER, true },
    { "fence", DB_KIND_INTEGER, true },
    { "holder", DB_KIND_TEXT, true },
    { "taken", DB_KIND_INTEGER, true },
};
const struct db_table db_lease_table = { .name = "lease", .columns = lease_columns, .num_columns = 4, .num_key = 1 };

int db_take_lease(struct db *db, const char *holder, int64_t now, int64_t *fence, struct db_error *error)
{
    int ret = check_writable(db, error);
    if (ret == 0 && db->state != DB_AT_REST)
        ret = db_fail(error, BASE_ERR_SYSTEM, "the lease is taken outside of transactions");
    return ret != 0 ? ret : note(db, db->driver->take_lease(db, holder, now, fence, error));
}

int db_check_lease(struct db *db, int64_t fence, struct db_error *error)
{
    int ret = check_writable(db, error);
    if (ret == 0 && db->state != DB_WRITING)
        ret = db_fail(error, BASE_ERR_SYSTEM, "the lease is checked within a transaction");
    return ret != 0 ? ret : note(db, db->driver->check_lease(db, fence, error));
}

int db_checkpoint(struct db *db, int64_t *pages_left, struct db_error *error)
{
    int ret = check_usable(db, error);
    return ret != 0 ? ret : note(db, db->driver->checkpoint(db, pages_left, error));
}

int64_t db_log_pages(const struct db *db)
{
    return db->driver->log_pages(db);
}
