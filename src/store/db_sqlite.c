/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SQLite driver: opening, transactions, statements, checkpoints. Changes of rows are in db_sqlite_rows.c. */
#include "store/db_sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/memory.h"

#define MAX_PARAMETERS 4096
#define MOST_VALUE_BYTES (256 << 20)
#define PAGE_BYTES "2048" /* of a new file: a change writes its page whole, and most of a page is its neighbours */

/* ---- errors ---- */

/* Nothing of ours is in SQLite's sentences but names of tables and columns: values are always bound. */
int sqlite_fail(struct sqlite_db *db, int code, struct db_error *error)
{
    int status = BASE_ERR_SYSTEM;
    switch (code & 0xff) {
    case SQLITE_NOMEM: status = TOC_ERR_NO_MEMORY; break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: status = DB_ERR_BUSY; break;
    case SQLITE_FULL: status = DB_ERR_FULL; break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: status = DB_ERR_CORRUPT; break;
    case SQLITE_CONSTRAINT:
        if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY || code == SQLITE_CONSTRAINT_ROWID)
            status = DB_ERR_CONFLICT;
        break;
    case SQLITE_IOERR:
        /* after a failed fsync nobody knows what is on the disk */
        if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC)
            status = DB_ERR_LOST;
        break;
    default: break;
    }
    return db_fail(error, status, "%s", db->handle != NULL ? sqlite3_errmsg(db->handle) : sqlite3_errstr(code));
}

static int fail_now(struct sqlite_db *db, struct db_error *error)
{
    return sqlite_fail(db, sqlite3_extended_errcode(db->handle), error);
}

int sqlite_execute(struct db *base, const char *sql, struct db_error *error)
{
    struct sqlite_db *db = (struct sqlite_db *) base;
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : fail_now(db, error);
}

/* ---- statements ---- */

static void free_statement(struct sqlite_statement *statement)
{
    if (statement == NULL)
        return;
    sqlite3_finalize(statement->handle);
    free(statement->row);
    free(statement->places);
    free(statement->statement.sql);
    free(statement);
}

/* Where $1 … stand. Returns false where there is no memory. */
static bool find_parameters(struct sqlite_statement *statement)
{
    int num = sqlite3_bind_parameter_count(statement->handle);
    statement->places = memory_array((size_t) num + 1, sizeof *statement->places);
    if (statement->places == NULL)
        return false;
    for (int i = 0; i < num; i++) {
        char name[16];
        snprintf(name, sizeof name, "$%d", i + 1);
        statement->places[i] = sqlite3_bind_parameter_index(statement->handle, name);
    }
    statement->num_parameters = (size_t) num;
    return true;
}

int sqlite_prepare(struct db *base, const char *sql, struct db_statement **out, struct db_error *error)
{
    struct sqlite_db    *db = (struct sqlite_db *) base;
    struct db_statement *found = db_find_statement(base, sql), *dropped = NULL;
    int                  ret = 0;
    if (found != NULL) {
        *out = found;
        return 0;
    }
    struct sqlite_statement *statement = memory_array(1, sizeof *statement);
    if (statement == NULL)
        return db_fail(error, TOC_ERR_NO_MEMORY, "no memory for a statement");
    statement->connection = db;
    statement->statement.db = base;
    if (sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement->handle, NULL) != SQLITE_OK) {
        ret = fail_now(db, error);
        goto out;
    }
    if (statement->handle == NULL) {
        ret = db_fail(error, BASE_ERR_SYSTEM, "there is no statement in this text");
        goto out;
    }
    statement->num_columns = (size_t) sqlite3_column_count(statement->handle);
    statement->row = memory_array(statement->num_columns + 1, sizeof *statement->row);
    if (statement->row == NULL || !find_parameters(statement) ||
        db_keep_statement(base, sql, &statement->statement, &dropped) != 0) {
        ret = db_fail(error, TOC_ERR_NO_MEMORY, "no memory for a statement");
        goto out;
    }
    free_statement((struct sqlite_statement *) dropped);
    *out = &statement->statement;
out:
    if (ret != 0)
        free_statement(statement);
    return ret;
}

static void reset(struct db_statement *base)
{
    struct sqlite_statement *statement = (struct sqlite_statement *) base;
    if (statement->running)
        sqlite3_reset(statement->handle);
    statement->running = statement->row_waits = false;
}

static int bind_value(sqlite3_stmt *handle, int place, const struct db_value *value)
{
    switch (value->type) {
    case DB_INTEGER: return sqlite3_bind_int64(handle, place, value->integer);
    case DB_REAL: return sqlite3_bind_double(handle, place, value->real + 0.0); /* -0 becomes 0 */
    case DB_TEXT:
        return sqlite3_bind_text64(handle, place, value->size > 0 ? value->bytes : "", value->size, SQLITE_STATIC,
                                   SQLITE_UTF8);
    case DB_BYTES:
        return value->size > 0 ? sqlite3_bind_blob64(handle, place, value->bytes, value->size, SQLITE_STATIC)
                               : sqlite3_bind_zeroblob(handle, place, 0);
    case DB_NULL: break;
    }
    return sqlite3_bind_null(handle, place);
}

int sqlite_bind(struct sqlite_statement *statement, const struct db_value *values, size_t num, size_t first,
                struct db_error *error)
{
    for (size_t i = 0; i < num; i++)
        if (bind_value(statement->handle, statement->places[first + i], &values[i]) != SQLITE_OK)
            return fail_now(statement->connection, error);
    return 0;
}

int sqlite_finish(struct sqlite_statement *statement, struct db_error *error)
{
    int ret = sqlite3_step(statement->handle) == SQLITE_DONE ? 0 : fail_now(statement->connection, error);
    sqlite3_reset(statement->handle);
    return ret;
}

static int run(struct db_statement *base, const struct db_value *parameters, size_t num, struct db_error *error)
{
    struct sqlite_statement *statement = (struct sqlite_statement *) base;
    reset(base);
    if (num != statement->num_parameters)
        return db_fail(error, BASE_ERR_SYSTEM, "%zu parameters for a statement that has %zu", num,
                       statement->num_parameters);
    int ret = sqlite_bind(statement, parameters, num, 0, error);
    if (ret != 0)
        return ret;
    statement->running = true;
    int code = sqlite3_step(statement->handle);
    statement->row_waits = code == SQLITE_ROW;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        ret = fail_now(statement->connection, error);
    if (code != SQLITE_ROW)
        reset(base);
    return ret;
}

/* The value is looked up once: each sqlite3_column_… would find it anew. Allowed, as the connection is used without
 * SQLite's mutexes (SQLITE_OPEN_NOMUTEX). */
static struct db_value read_column(sqlite3_stmt *handle, int column)
{
    sqlite3_value *value = sqlite3_column_value(handle, column);
    switch (sqlite3_value_type(value)) {
    case SQLITE_INTEGER: return db_integer(sqlite3_value_int64(value));
    case SQLITE_FLOAT: return db_real(sqlite3_value_double(value));
    case SQLITE_TEXT: {
        const char *text = (const char *) sqlite3_value_text(value);
        return db_text(text, (size_t) sqlite3_value_bytes(value));
    }
    case SQLITE_BLOB: {
        const void *bytes = sqlite3_value_blob(value);
        return db_bytes(bytes != NULL ? bytes : "", (size_t) sqlite3_value_bytes(value));
    }
    default: return db_null();
    }
}

static int step(struct db_statement *base, const struct db_value **row, size_t *num_columns, struct db_error *error)
{
    struct sqlite_statement *statement = (struct sqlite_statement *) base;
    int                      ret = 0;
    if (!statement->running)
        return 0;
    int code = statement->row_waits ? SQLITE_ROW : sqlite3_step(statement->handle);
    statement->row_waits = false;
    if (code != SQLITE_ROW) {
        if (code != SQLITE_DONE)
            ret = fail_now(statement->connection, error);
        reset(base);
        return ret;
    }
    for (size_t i = 0; i < statement->num_columns; i++)
        statement->row[i] = read_column(statement->handle, (int) i);
    *row = statement->row;
    *num_columns = statement->num_columns;
    return 1;
}

/* ---- transactions ---- */

static void reset_all(struct sqlite_db *db)
{
    for (size_t i = 0; i < db->db.num_statements; i++)
        reset(db->db.statements[i]);
}

/* Begin, commit and rollback are prepared once too. */
static int run_once(struct db *base, const char *sql, struct db_error *error)
{
    struct db_statement *statement;
    int                  ret = sqlite_prepare(base, sql, &statement, error);
    return ret != 0 ? ret : run(statement, NULL, 0, error);
}

int sqlite_begin(struct db *base, enum db_transaction kind, struct db_error *error)
{
    return run_once(base, kind == DB_READ ? "BEGIN" : "BEGIN IMMEDIATE", error);
}

int sqlite_rollback(struct db *base)
{
    struct sqlite_db *db = (struct sqlite_db *) base;
    reset_all(db);
    if (!sqlite3_get_autocommit(db->handle)) /* some failures have rolled back already */
        sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    return sqlite3_get_autocommit(db->handle) ? 0 : DB_ERR_LOST;
}

int sqlite_commit(struct db *base, struct db_error *error)
{
    struct sqlite_db *db = (struct sqlite_db *) base;
    reset_all(db);
    int ret = run_once(base, "COMMIT", error);
    if (ret == 0)
        return 0;
    /* the frames of the commit may be in the log all the same: what became of them shows after the next opening */
    if ((sqlite3_errcode(db->handle) & 0xff) == SQLITE_IOERR)
        ret = db_fail(error, DB_ERR_LOST, "writing the log failed: %s", sqlite3_errmsg(db->handle));
    sqlite_rollback(base);
    return ret;
}

/* ---- the write-ahead log ---- */

static int checkpoint(struct db *base, int64_t *pages_left, struct db_error *error)
{
    struct sqlite_db *db = (struct sqlite_db *) base;
    int               all = 0, done = 0;
    int               code = sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &all, &done);
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
        return fail_now(db, error);
    *pages_left = code == SQLITE_OK ? all - done : db->log_pages;
    return 0;
}

static int64_t log_pages(const struct db *base)
{
    return ((const struct sqlite_db *) base)->log_pages;
}

/* ---- opening ---- */

static void close_connection(struct db *base)
{
    struct sqlite_db *db = (struct sqlite_db *) base;
    sqlite_checkpoint_end(db);
    for (size_t i = 0; i < base->num_statements; i++)
        free_statement((struct sqlite_statement *) base->statements[i]);
    sqlite3_close(db->handle);
    if (db->lease_file >= 0)
        close(db->lease_file);
    free(db->path);
    free(db);
}

static const struct db_driver driver = {
    .close = close_connection,
    .begin = sqlite_begin,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .execute = sqlite_execute,
    .prepare = sqlite_prepare,
    .run = run,
    .step = step,
    .reset = reset,
    .insert = sqlite_insert,
    .add = sqlite_add,
    .update = sqlite_update,
    .remove = sqlite_remove,
    .fetch = sqlite_fetch,
    .load_begin = sqlite_load_begin,
    .load_row = sqlite_load_row,
    .load_end = sqlite_load_end,
    .load_cancel = sqlite_load_cancel,
    .take_lease = sqlite_take_lease,
    .check_lease = sqlite_check_lease,
    .checkpoint = checkpoint,
    .log_pages = log_pages,
};

/* Make the file ourselves, so that nobody else may read it (the log and its index get the same rights), and its name
 * durable: SQLite syncs the folder for its logs alone. */
static int create_file(const char *path, struct db_error *error)
{
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return errno == EEXIST ? 0 : db_fail(error, BASE_ERR_SYSTEM, "cannot make %s: %s", path, strerror(errno));
    close(file);
    const char *slash = strrchr(path, '/');
    char       *folder = slash == NULL ? strdup(".") : strndup(path, slash == path ? 1 : (size_t) (slash - path));
    if (folder == NULL)
        return db_fail(error, TOC_ERR_NO_MEMORY, "no memory");
    int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = directory < 0 || fsync(directory) != 0;
    if (directory >= 0)
        close(directory);
    free(folder);
    return failed ? db_fail(error, BASE_ERR_SYSTEM, "cannot sync the folder of %s: %s", path, strerror(errno)) : 0;
}

/* What every connection is told. No foreign keys: see db_table_sql. No memory map: a file error would be a signal. */
static int configure(struct sqlite_db *db, const struct db_options *options, struct db_error *error)
{
    static const int switches[][2] = {
        { SQLITE_DBCONFIG_DEFENSIVE, 1 },   { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
        { SQLITE_DBCONFIG_DQS_DML, 0 },     { SQLITE_DBCONFIG_DQS_DDL, 0 },
        { SQLITE_DBCONFIG_ENABLE_FKEY, 0 }, { SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
        { SQLITE_DBCONFIG_ENABLE_VIEW, 0 }, { SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
    };
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++)
        if (sqlite3_db_config(db->handle, switches[i][0], switches[i][1], NULL) != SQLITE_OK)
            return fail_now(db, error);
    sqlite3_limit(db->handle, SQLITE_LIMIT_ATTACHED, 1);
    sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, MOST_VALUE_BYTES);
    sqlite3_limit(db->handle, SQLITE_LIMIT_VARIABLE_NUMBER, MAX_PARAMETERS);
    sqlite3_busy_timeout(db->handle, options->busy_ms != 0 ? options->busy_ms : DB_BUSY_MS);
    sqlite3_extended_result_codes(db->handle, 1);

    size_t cache = options->cache_bytes;
    if (cache == 0)
        cache = options->read_only ? DB_READER_CACHE_BYTES : DB_CACHE_BYTES;
    char sql[600];
    snprintf(sql, sizeof sql,
             "%s PRAGMA synchronous=%s; PRAGMA secure_delete=ON; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;"
             "PRAGMA mmap_size=0; PRAGMA cache_size=-%zu; PRAGMA journal_size_limit=%lld;"
             "PRAGMA query_only=%d;",
             options->read_only ? "" : "PRAGMA page_size=" PAGE_BYTES "; PRAGMA journal_mode=WAL;",
             options->unsafe_test_sync ? "OFF" : "FULL", cache / 1024, 256LL << 20, options->read_only);
    int ret = sqlite_execute(&db->db, sql, error);
    if (ret == 0)
        sqlite3_wal_hook(db->handle, sqlite_after_commit, db);
    return ret;
}

/* A database that is not in WAL mode (a file system without shared memory, a copied file) would be neither safe nor
 * quick as promised. */
static int check_log(struct sqlite_db *db, struct db_error *error)
{
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num;
    int                    ret = sqlite_prepare(&db->db, "PRAGMA journal_mode", &statement, error);
    if (ret == 0)
        ret = run(statement, NULL, 0, error);
    if (ret == 0)
        ret = step(statement, &row, &num, error);
    if (ret < 0)
        return ret;
    bool wal = ret == 1 && row[0].size == 3 && memcmp(row[0].bytes, "wal", 3) == 0;
    reset(statement);
    return wal ? 0 : db_fail(error, BASE_ERR_SYSTEM, "%s cannot keep a write-ahead log where it lies", db->path);
}

static void look_at_rights(struct sqlite_db *db)
{
    struct stat status;
    if (stat(db->path, &status) == 0 && (status.st_mode & 077) != 0)
        snprintf(db->db.warning, sizeof db->db.warning,
                 "the database file may be read by others than its owner (mode %03o); remedy: chmod 600",
                 (unsigned) (status.st_mode & 0777));
}

static pthread_once_t set_up = PTHREAD_ONCE_INIT;

/* Where SQLite was used before, by others, it keeps its own. */
static void set_up_sqlite(void)
{
    sqlite_memory_install();
    sqlite_cache_install();
}

int db_sqlite_open(const char *path, const struct db_options *options, struct db **out, struct db_error *error)
{
    struct sqlite_db *db = memory_array(1, sizeof *db);
    int               ret = 0;
    if (db == NULL)
        return db_fail(error, TOC_ERR_NO_MEMORY, "no memory for a connection");
    (void) pthread_once(&set_up, set_up_sqlite);
    db->db.driver = &driver;
    db->lease_file = -1;
    db->own_files = options->vfs != NULL;
    db->path = strdup(path);
    if (db->path == NULL) {
        ret = db_fail(error, TOC_ERR_NO_MEMORY, "no memory for a connection");
        goto out;
    }
    if (options->create && !options->read_only) {
        ret = create_file(path, error);
        if (ret != 0)
            goto out;
    }
    /* read_only is kept by query_only: a reader too must be able to mend the log's index after a crash */
    bool        writes = !options->read_only && !options->unsafe_test_sync;
    const char *files = writes ? sqlite_log_over(options->vfs) : options->vfs;
    int         code =
        sqlite3_open_v2(path, &db->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, files);
    if (code != SQLITE_OK) {
        ret = sqlite_fail(db, code, NULL);
        db_fail(error, ret, "cannot open %s: %s", path, db->handle != NULL ? sqlite3_errmsg(db->handle) : "no memory");
        goto out;
    }
    ret = configure(db, options, error);
    if (ret == 0)
        ret = check_log(db, error);
    if (ret != 0)
        goto out;
    look_at_rights(db);
    *out = &db->db;
out:
    if (ret != 0)
        close_connection(&db->db);
    return ret;
}
