/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The PostgreSQL driver: changing many rows by one statement with an array a column, and COPY in binary. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/db_postgresql.h"

#define COPY_CHUNK 65536

static const char *array_type(enum db_kind kind)
{
    static const char *const types[] = { [DB_KIND_ID] = "uuid",
                                         [DB_KIND_INTEGER] = "int8",
                                         [DB_KIND_REAL] = "float8",
                                         [DB_KIND_TEXT] = "text",
                                         [DB_KIND_BYTES] = "bytea" };
    return types[kind];
}

/* unnest($1::uuid[],$2::int8[]) */
static void write_unnest(struct sink *sql, const struct db_table *table, size_t num_columns)
{
    sink_text(sql, "unnest(");
    for (size_t i = 0; i < num_columns; i++)
        sink_format(sql, "%s$%zu::%s[]", i > 0 ? "," : "", i + 1, array_type(table->columns[i].kind));
    sink_character(sql, ')');
}

/* AS u(c1,c2) */
static void write_alias(struct sink *sql, size_t num_columns, const char *end)
{
    sink_text(sql, " AS u(");
    for (size_t i = 0; i < num_columns; i++)
        sink_format(sql, "%sc%zu", i > 0 ? "," : "", i + 1);
    sink_text(sql, end);
}

/*  WHERE t."a"=u.c1 AND t."b"=u.c2 */
static void write_where(struct sink *sql, const struct db_table *table)
{
    for (size_t i = 0; i < table->num_key; i++)
        sink_format(sql, "%st.\"%s\"=u.c%zu", i == 0 ? " WHERE " : " AND ", table->columns[i].name, i + 1);
}

/* One column of the rows as an array. */
static void write_array(struct sink *sink, enum db_kind kind, const struct db_value *rows, size_t num_rows,
                        size_t width, size_t column)
{
    pg_write_int32(sink, 1); /* dimensions */
    pg_write_int32(sink, 1); /* there may be NULLs */
    pg_write_int32(sink, (int32_t) pg_type_of(kind));
    pg_write_int32(sink, (int32_t) num_rows);
    pg_write_int32(sink, 1); /* number of the first element */
    for (size_t i = 0; i < num_rows; i++)
        pg_write_field(sink, &rows[i * width + column]);
}

/* Columns of rows as arrays, as libpq wants them. */
struct arrays {
    const struct pg_statement *statement;
    const char                *values[DB_MAX_COLUMNS];
    int                        lengths[DB_MAX_COLUMNS], formats[DB_MAX_COLUMNS];
};

/* The statement in `sql` and the rows' columns as arrays. */
static int make_arrays(struct pg_db *db, struct sink *sql, const struct db_table *table, size_t width,
                       const struct db_value *rows, size_t num_rows, struct arrays *arrays, struct db_error *error)
{
    struct db_statement *base;
    size_t               begin[DB_MAX_COLUMNS + 1];
    char                *text = db_take_text(sql);
    if (text == NULL)
        return db_fail(error, TOC_ERR_NO_MEMORY, "no memory for a statement");
    int ret = pg_prepare(&db->db, text, &base, error);
    free(text);
    if (ret != 0)
        return ret;
    arrays->statement = (struct pg_statement *) base;
    db->bytes.used = 0;
    for (size_t i = 0; i < width; i++) {
        begin[i] = db->bytes.used;
        write_array(&db->bytes, table->columns[i].kind, rows, num_rows, width, i);
    }
    begin[width] = db->bytes.used;
    if (db->bytes.failure != 0 || db->bytes.used > INT32_MAX) {
        sink_free(&db->bytes);
        sink_init_memory(&db->bytes);
        return db_fail(error, TOC_ERR_NO_MEMORY, "no memory for %zu rows of %s", num_rows, table->name);
    }
    for (size_t i = 0; i < width; i++) {
        arrays->values[i] = db->bytes.bytes + begin[i];
        arrays->lengths[i] = (int) (begin[i + 1] - begin[i]);
        arrays->formats[i] = 1;
    }
    return 0;
}

/* Run the statement in `sql` with the rows' columns as arrays; *result is the caller's to clear. */
static int run_arrays(struct pg_db *db, struct sink *sql, const struct db_table *table, size_t width,
                      const struct db_value *rows, size_t num_rows, PGresult **result, struct db_error *error)
{
    struct arrays arrays;
    int           ret = make_arrays(db, sql, table, width, rows, num_rows, &arrays, error);
    return ret != 0 ? ret : pg_ask(db, arrays.statement, arrays.values, arrays.lengths, arrays.formats, result, error);
}

/* The same where nothing is answered; within a group, put off. */
static int run_change(struct pg_db *db, struct sink *sql, const struct db_table *table, size_t width,
                      const struct db_value *rows, size_t num_rows, struct pg_sent sent, struct db_error *error)
{
    struct arrays arrays;
    int           ret = make_arrays(db, sql, table, width, rows, num_rows, &arrays, error);
    if (ret == 0)
        ret = pg_put_off(db, arrays.statement, arrays.values, arrays.lengths, arrays.formats, sent, error);
    return ret == 0 && !db->puts_off ? pg_settle(db, error) : ret;
}

static const struct pg_sent any_answer = { PG_SENT_PLAIN, NULL, 0 };

int pg_insert(struct db *db, const struct db_table *table, const struct db_value *rows, size_t num_rows,
              struct db_error *error)
{
    struct sink sql;
    sink_init_memory(&sql);
    sink_format(&sql, "INSERT INTO \"%s\" (", table->name);
    db_write_columns(&sql, table, 0, table->num_columns);
    sink_text(&sql, ") SELECT * FROM ");
    write_unnest(&sql, table, table->num_columns);
    return run_change((struct pg_db *) db, &sql, table, table->num_columns, rows, num_rows, any_answer, error);
}

int pg_add(struct db *db, const struct db_table *table, uint64_t sum, const struct db_value *rows, size_t num_rows,
           struct db_error *error)
{
    struct sink sql;
    sink_init_memory(&sql);
    sink_format(&sql, "INSERT INTO \"%s\" AS t (", table->name);
    db_write_columns(&sql, table, 0, table->num_columns);
    sink_text(&sql, ") SELECT ");
    for (size_t i = 0; i < table->num_columns; i++)
        sink_format(&sql, (sum >> i & 1) != 0 ? "%ssum(c%zu)::int8" : "%sc%zu", i > 0 ? "," : "", i + 1);
    sink_text(&sql, " FROM ");
    write_unnest(&sql, table, table->num_columns);
    write_alias(&sql, table->num_columns, ") GROUP BY ");
    for (size_t i = 0; i < table->num_key; i++)
        sink_format(&sql, "%sc%zu", i > 0 ? "," : "", i + 1);
    sink_text(&sql, " ON CONFLICT (");
    db_write_columns(&sql, table, 0, table->num_key);
    sink_text(&sql, sum == 0 ? ") DO NOTHING" : ") DO UPDATE SET ");
    for (size_t i = table->num_key; i < table->num_columns; i++) {
        const char *name = table->columns[i].name;
        sink_format(&sql, "%s\"%s\"=t.\"%s\"+excluded.\"%s\"", i > table->num_key ? "," : "", name, name, name);
    }
    return run_change((struct pg_db *) db, &sql, table, table->num_columns, rows, num_rows, any_answer, error);
}

int pg_remove(struct db *db, const struct db_table *table, const struct db_value *keys, size_t num_rows,
              struct db_error *error)
{
    struct sink sql;
    sink_init_memory(&sql);
    sink_format(&sql, "DELETE FROM \"%s\" AS t USING ", table->name);
    write_unnest(&sql, table, table->num_key);
    write_alias(&sql, table->num_key, ")");
    write_where(&sql, table);
    return run_change((struct pg_db *) db, &sql, table, table->num_key, keys, num_rows, any_answer, error);
}

/* ---- update ---- */

static uint64_t hash_key(const struct db_value *row, size_t num_key)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < num_key; i++) {
        bool     plain = row[i].type == DB_INTEGER;
        uint64_t part = plain ? (uint64_t) row[i].integer : text_hash(row[i].bytes, row[i].size);
        hash = (hash ^ part) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash;
}

static bool same_key(const struct db_value *a, const struct db_value *b, size_t num_key)
{
    for (size_t i = 0; i < num_key; i++) {
        if (a[i].type == DB_INTEGER || a[i].type == DB_REAL) {
            if (a[i].integer != b[i].integer)
                return false;
        } else if (a[i].size != b[i].size || memcmp(a[i].bytes, b[i].bytes, a[i].size) != 0) {
            return false;
        }
    }
    return true;
}

/* How many rows from the first on have keys that all differ: a statement updates a row once, so that a second change of
 * it must be another statement. 0 = no memory. */
static size_t count_distinct(const struct db_table *table, const struct db_value *rows, size_t num_rows)
{
    size_t room = 16, num = 0;
    while (room < 2 * num_rows)
        room *= 2;
    size_t *places = memory_array(room, sizeof *places); /* 1 + the row's number */
    if (places == NULL)
        return 0;
    for (; num < num_rows; num++) {
        const struct db_value *row = rows + num * table->num_columns;
        size_t                 at = hash_key(row, table->num_key) & (room - 1);
        while (places[at] != 0 && !same_key(row, rows + (places[at] - 1) * table->num_columns, table->num_key))
            at = (at + 1) & (room - 1);
        if (places[at] != 0)
            break;
        places[at] = num + 1;
    }
    free(places);
    return num;
}

/* The first row that the statement did not return. */
static size_t find_not_returned(const PGresult *result, size_t num_rows)
{
    size_t missing = num_rows;
    bool  *seen = memory_array(num_rows, sizeof *seen);
    for (int i = 0; i < PQntuples(result) && seen != NULL; i++) {
        struct db_value number = { 0 };
        if (pg_decode(PQgetvalue(result, i, 0), PQgetlength(result, i, 0), PG_INT8, &number) && number.integer >= 1 &&
            (uint64_t) number.integer <= num_rows)
            seen[number.integer - 1] = true;
    }
    for (size_t i = num_rows; i-- > 0 && seen != NULL;)
        if (!seen[i])
            missing = i;
    free(seen);
    return missing;
}

/* The first row whose key is not there. */
static int find_absent(struct pg_db *db, const struct db_table *table, const struct db_value *rows, size_t num_rows,
                       size_t *absent, struct db_error *error)
{
    struct sink     sql;
    struct db_value number = { 0 };
    PGresult       *result = NULL;
    sink_init_memory(&sql);
    sink_text(&sql, "SELECT min(u.n) FROM ");
    write_unnest(&sql, table, table->num_columns);
    sink_text(&sql, " WITH ORDINALITY");
    write_alias(&sql, table->num_columns, ",n)");
    sink_format(&sql, " WHERE NOT EXISTS (SELECT 1 FROM \"%s\" AS t", table->name);
    write_where(&sql, table);
    sink_character(&sql, ')');
    int ret = run_arrays(db, &sql, table, table->num_columns, rows, num_rows, &result, error);
    if (ret == 0 && PQntuples(result) == 1 && !PQgetisnull(result, 0, 0) &&
        pg_decode(PQgetvalue(result, 0, 0), PQgetlength(result, 0, 0), PG_INT8, &number) && number.integer >= 1)
        *absent = (size_t) number.integer - 1;
    PQclear(result);
    return ret;
}

/* Where versions are compared, the statement returns the rows that it has updated; else their number is enough. */
static int update_distinct(struct pg_db *db, const struct db_table *table, int version_column,
                           const struct db_value *rows, size_t num_rows, size_t *conflict, struct db_error *error)
{
    struct sink sql;
    sink_init_memory(&sql);
    sink_format(&sql, "UPDATE \"%s\" AS t", table->name);
    for (size_t i = table->num_key; i < table->num_columns; i++)
        sink_format(&sql, "%s\"%s\"=u.c%zu", i == table->num_key ? " SET " : ",", table->columns[i].name, i + 1);
    sink_text(&sql, " FROM ");
    write_unnest(&sql, table, table->num_columns);
    if (version_column >= 0)
        sink_text(&sql, " WITH ORDINALITY");
    write_alias(&sql, table->num_columns, version_column >= 0 ? ",n)" : ")");
    write_where(&sql, table);
    if (version_column >= 0)
        sink_format(&sql, " AND t.\"%s\"=u.c%d-1 RETURNING u.n", table->columns[version_column].name,
                    version_column + 1);
    if (version_column < 0 && db->puts_off)
        return run_change(db, &sql, table, table->num_columns, rows, num_rows,
                          (struct pg_sent){ PG_SENT_UPDATE, table->name, num_rows }, error);
    PGresult *result = NULL;
    int       ret = run_arrays(db, &sql, table, table->num_columns, rows, num_rows, &result, error);
    bool      all = ret == 0 && strtoull(PQcmdTuples(result), NULL, 10) == num_rows;
    if (ret == 0 && !all && version_column >= 0)
        *conflict = find_not_returned(result, num_rows);
    else if (ret == 0 && !all)
        ret = find_absent(db, table, rows, num_rows, conflict, error);
    PQclear(result);
    return ret != 0 || all ? ret
                           : db_fail(error, DB_ERR_CONFLICT, "%s: a row has another version or is gone", table->name);
}

int pg_update(struct db *db, const struct db_table *table, int version_column, const struct db_value *rows,
              size_t num_rows, size_t *conflict, struct db_error *error)
{
    int ret = 0;
    for (size_t done = 0, num; done < num_rows && ret == 0; done += num) {
        const struct db_value *first = rows + done * table->num_columns;
        size_t                 at = num_rows;
        num = count_distinct(table, first, num_rows - done);
        if (num == 0)
            return db_fail(error, TOC_ERR_NO_MEMORY, "no memory for %zu rows of %s", num_rows, table->name);
        ret = update_distinct((struct pg_db *) db, table, version_column, first, num, &at, error);
        if (ret == DB_ERR_CONFLICT && at < num)
            *conflict = done + at;
    }
    return ret;
}

/* ---- fetching ---- */

int pg_fetch(struct db *db, const struct db_table *table, const struct db_value *keys, size_t num_keys, db_row *row,
             void *context, struct db_error *error)
{
    struct sink     sql;
    struct db_value values[DB_MAX_COLUMNS];
    PGresult       *result = NULL;
    sink_init_memory(&sql);
    for (size_t i = 0; i < table->num_columns; i++)
        sink_format(&sql, "%st.\"%s\"", i == 0 ? "SELECT " : ",", table->columns[i].name);
    sink_text(&sql, " FROM ");
    write_unnest(&sql, table, table->num_key);
    write_alias(&sql, table->num_key, ")");
    sink_format(&sql, " JOIN \"%s\" AS t ON", table->name);
    for (size_t i = 0; i < table->num_key; i++)
        sink_format(&sql, "%st.\"%s\"=u.c%zu", i == 0 ? " " : " AND ", table->columns[i].name, i + 1);
    int ret = run_arrays((struct pg_db *) db, &sql, table, table->num_key, keys, num_keys, &result, error);
    for (int i = 0; ret == 0 && i < PQntuples(result); i++) {
        ret = pg_read_row(result, i, values, table->num_columns, error);
        if (ret == 0)
            ret = row(context, values, table->num_columns);
    }
    PQclear(result);
    return ret;
}

/* ---- loading ---- */

static int send(struct pg_db *db, struct db_error *error)
{
    if (db->bytes.failure != 0) {
        sink_free(&db->bytes);
        sink_init_memory(&db->bytes);
        return db_fail(error, TOC_ERR_NO_MEMORY, "no memory for rows");
    }
    if (PQputCopyData(db->connection, db->bytes.bytes, (int) db->bytes.used) != 1)
        return pg_fail(db, PQgetResult(db->connection), error);
    db->bytes.used = 0;
    return 0;
}

/* End the copying, with a reason where it is given up; everything that the server has to say. */
static int end_copy(struct pg_db *db, const char *reason, struct db_error *error)
{
    int       ret = 0;
    PGresult *result;
    if (PQputCopyEnd(db->connection, reason) != 1)
        ret = db_fail(error, DB_ERR_LOST, "the connection to PostgreSQL broke");
    while ((result = PQgetResult(db->connection)) != NULL) {
        if (PQresultStatus(result) != PGRES_COMMAND_OK && ret == 0)
            ret = pg_fail(db, result, error);
        else
            PQclear(result);
        if (PQstatus(db->connection) != CONNECTION_OK)
            break;
    }
    return ret;
}

struct pg_load {
    struct db_load load;
    char          *indexes; /* the statements that make them; NULL: they are there */
};

/* The first column of the first row that a statement about the table answers: a copy, or NULL where there is none. */
static int ask_text(struct pg_db *db, const char *before, const struct db_table *table, const char *after,
                    char **answer, struct db_error *error)
{
    struct sink sql;
    sink_init_memory(&sql);
    sink_format(&sql, "%s\"%s\"%s", before, table->name, after);
    char     *text = db_take_text(&sql);
    PGresult *result = text != NULL ? PQexec(db->connection, text) : NULL;
    free(text);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        return pg_fail(db, result, error);
    bool any = PQntuples(result) > 0 && !PQgetisnull(result, 0, 0);
    *answer = any ? strdup(PQgetvalue(result, 0, 0)) : NULL;
    PQclear(result);
    return any && *answer == NULL ? db_fail(error, TOC_ERR_NO_MEMORY, "no memory") : 0;
}

/* Nobody else uses the table? Then nobody else will, until the transaction ends. Else *locked is false, and nothing has
 * happened. */
static int try_lock(struct pg_db *db, const struct db_table *table, bool *locked, struct db_error *error)
{
    char sql[200];
    snprintf(sql, sizeof sql, "LOCK TABLE \"%.60s\" IN ACCESS EXCLUSIVE MODE NOWAIT", table->name);
    int ret = pg_execute(db, "SAVEPOINT lock_table", error);
    if (ret != 0)
        return ret;
    *locked = pg_execute(db, sql, NULL) == 0;
    return pg_execute(db, *locked ? "RELEASE SAVEPOINT lock_table" : "ROLLBACK TO SAVEPOINT lock_table", error);
}

/* As in SQLite: rows come in the order of the table's key, so in no order of any other index. */
static int drop_indexes(struct pg_db *db, struct pg_load *load, struct db_error *error)
{
    static const char      of_table[] = "FROM pg_index WHERE NOT indisprimary AND indrelid = '";
    const struct db_table *table = load->load.table;
    char                   make[sizeof of_table + 80], drop[sizeof of_table + 80], *row = NULL, *drops = NULL;
    bool                   locked = false;
    snprintf(make, sizeof make, "SELECT string_agg(pg_get_indexdef(indexrelid), ';') %s", of_table);
    snprintf(drop, sizeof drop, "SELECT 'DROP INDEX ' || string_agg(indexrelid::regclass::text, ',') %s", of_table);
    int ret = ask_text(db, "SELECT 'one' FROM ", table, " LIMIT 1", &row, error);
    if (ret == 0 && row == NULL)
        ret = try_lock(db, table, &locked, error);
    if (ret == 0 && locked)
        ret = ask_text(db, make, table, "'::regclass", &load->indexes, error);
    if (ret == 0 && load->indexes != NULL)
        ret = ask_text(db, drop, table, "'::regclass", &drops, error);
    if (ret == 0 && drops != NULL)
        ret = pg_execute(db, drops, error);
    free(row);
    free(drops);
    return ret;
}

static int begin_copy(struct pg_db *db, const struct db_table *table, struct db_error *error)
{
    static const char header[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0"; /* and the 0 at its end: two numbers of 4 bytes */
    struct sink       sql;
    sink_init_memory(&sql);
    sink_format(&sql, "COPY \"%s\" (", table->name);
    db_write_columns(&sql, table, 0, table->num_columns);
    sink_text(&sql, ") FROM STDIN (FORMAT binary)");
    char *text = db_take_text(&sql);
    if (text == NULL)
        return db_fail(error, TOC_ERR_NO_MEMORY, "no memory");
    PGresult *result = PQexec(db->connection, text);
    free(text);
    if (PQresultStatus(result) != PGRES_COPY_IN)
        return pg_fail(db, result, error);
    PQclear(result);
    db->bytes.used = 0;
    sink_write(&db->bytes, header, sizeof header);
    return 0;
}

static void free_load(struct db_load *load)
{
    free(((struct pg_load *) load)->indexes);
    free(load);
}

int pg_load_begin(struct db *base, const struct db_table *table, struct db_load **out, struct db_error *error)
{
    struct pg_db   *db = (struct pg_db *) base;
    struct pg_load *load = memory_array(1, sizeof *load);
    if (load == NULL)
        return db_fail(error, TOC_ERR_NO_MEMORY, "no memory");
    load->load = (struct db_load){ .db = base, .connection = base, .table = table };
    int ret = pg_settle(db, error);
    if (ret == 0)
        ret = drop_indexes(db, load, error);
    if (ret == 0)
        ret = begin_copy(db, table, error);
    if (ret == 0)
        *out = &load->load;
    else
        free_load(&load->load);
    return ret;
}

/* The load's connection: load->db may be a wrapper. */
static struct pg_db *connection_of(struct db_load *load)
{
    return (struct pg_db *) load->connection;
}

int pg_load_row(struct db_load *load, const struct db_value *row, struct db_error *error)
{
    struct pg_db *db = connection_of(load);
    pg_write_int16(&db->bytes, (int16_t) load->table->num_columns);
    for (size_t i = 0; i < load->table->num_columns; i++)
        pg_write_field(&db->bytes, &row[i]);
    return db->bytes.used < COPY_CHUNK && db->bytes.failure == 0 ? 0 : send(db, error);
}

int pg_load_end(struct db_load *load, struct db_error *error)
{
    struct pg_db *db = connection_of(load);
    pg_write_int16(&db->bytes, -1);
    int ret = send(db, error);
    if (ret == 0)
        ret = end_copy(db, NULL, error);
    else
        end_copy(db, "given up", NULL);
    const char *indexes = ((struct pg_load *) load)->indexes;
    if (ret == 0 && indexes != NULL)
        ret = pg_execute(db, indexes, error);
    free_load(load);
    return ret;
}

void pg_load_cancel(struct db_load *load)
{
    end_copy(connection_of(load), "given up", NULL);
    free_load(load);
}
