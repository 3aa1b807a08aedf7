/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/migration.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "store/db_driver.h"

static const struct db_column version_columns[] = {
    { "number", DB_KIND_INTEGER, true },  { "name", DB_KIND_TEXT, true },     { "digest", DB_KIND_TEXT, true },
    { "applied", DB_KIND_INTEGER, true }, { "whole", DB_KIND_INTEGER, true }, /* 0: its indexes are still to be made */
};
static const struct db_table version_table = {
    .name = "schema_version", .columns = version_columns, .num_columns = 5, .num_key = 1
};

void migration_digest(const char *text, char digest[MIGRATION_DIGEST_BYTES])
{
    unsigned char hash[16];
    crypto_generichash(hash, sizeof hash, (const unsigned char *) text, strlen(text), NULL, 0);
    sodium_bin2hex(digest, MIGRATION_DIGEST_BYTES, hash, sizeof hash);
}

/* ---- what has been applied ---- */

static int ask_number(struct db *db, const char *sql, const struct db_value *parameters, size_t num, int64_t *number,
                      struct db_error *error)
{
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num_columns;
    int                    ret = db_prepare(db, sql, &statement, error);
    if (ret == 0)
        ret = db_run(statement, parameters, num, error);
    if (ret != 0)
        return ret;
    ret = db_step(statement, &row, &num_columns, error);
    if (ret == 1)
        *number = row[0].type == DB_INTEGER ? row[0].integer : 0;
    db_reset(statement);
    return ret < 0 ? ret : 0;
}

static int has_versions(struct db *db, bool *exists, struct db_error *error)
{
    int64_t number = 0;
    int     ret = ask_number(db,
                         db_is_postgresql(db) ? "SELECT count(*) FROM pg_class WHERE oid=to_regclass('schema_version')"
                                                  : "SELECT count(*) FROM sqlite_schema WHERE name='schema_version'",
                             NULL, 0, &number, error);
    *exists = number > 0;
    return ret;
}

static int check_digest(const struct migration *migration, const struct db_value *digest, struct db_error *error)
{
    char expected[MIGRATION_DIGEST_BYTES];
    migration_digest(migration->text, expected);
    if (digest->size == strlen(expected) && memcmp(digest->bytes, expected, digest->size) == 0)
        return 0;
    return db_fail(error, BASE_ERR_SYSTEM,
                   "this database was made with another migration %d (%s) than this program's; remedy: the version of "
                   "Tocsin that made it",
                   migration->number, migration->name);
}

/* How many of the list have been applied, and is the last one whole? */
static int read_versions(struct db *db, const struct migration *list, size_t num, size_t *applied, bool *whole,
                         struct db_error *error)
{
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num_columns, count = 0;
    int64_t                newest = 0;
    bool                   all = true;
    int ret = db_prepare(db, "SELECT number, digest, whole FROM schema_version ORDER BY number", &statement, error);
    if (ret == 0)
        ret = db_run(statement, NULL, 0, error);
    if (ret != 0)
        return ret;
    while ((ret = db_step(statement, &row, &num_columns, error)) == 1) {
        newest = row[0].integer;
        if (count >= num) {
            db_reset(statement);
            return db_fail(
                error, DB_ERR_NEWER,
                "the database was written by a newer Tocsin (its schema is %lld, this one knows %zu); remedy: "
                "install that version",
                (long long) newest, num);
        }
        if (newest != list[count].number)
            ret = db_fail(error, DB_ERR_CORRUPT, "migration %d is missing in the database", list[count].number);
        if (ret == 1)
            ret = check_digest(&list[count], &row[1], error);
        if (ret < 0) {
            db_reset(statement);
            return ret;
        }
        all = row[2].integer != 0;
        count++;
    }
    if (ret == 0) {
        *applied = count;
        *whole = all;
    }
    return ret;
}

int migration_check(struct db *db, const struct migration *list, size_t num, struct db_error *error)
{
    size_t applied = 0;
    bool   exists = false, whole = true;
    int    ret = has_versions(db, &exists, error);
    if (ret == 0 && exists)
        ret = read_versions(db, list, num, &applied, &whole, error);
    if (ret == 0 && applied < num)
        ret = db_fail(error, BASE_ERR_SYSTEM,
                      "the database is of an older Tocsin (its schema is %zu, this one needs %zu); remedy: start the "
                      "writer once, it brings the database up to date",
                      applied, num);
    return ret;
}

/* ---- applying ---- */

#define ONLINE "\n-- online\n"

/* The first `size` bytes of a neutral text, in this database's words; free() them. */
static int translate(struct db *db, const struct migration *migration, const char *text, size_t size, char **sql,
                     struct db_error *error)
{
    struct sink made;
    char       *part = strndup(text, size);
    sink_init_memory(&made);
    bool  understood = part != NULL && db_translate(&made, part, db_is_postgresql(db) ? DB_POSTGRESQL : DB_SQLITE);
    char *translated = db_take_text(&made);
    free(part);
    if (understood && translated != NULL) {
        *sql = translated;
        return 0;
    }
    free(translated);
    if (part == NULL || understood)
        return db_fail(error, TOC_ERR_NO_MEMORY, "no memory for migration %d", migration->number);
    return db_fail(error, BASE_ERR_SYSTEM, "migration %d has a word in braces that means nothing", migration->number);
}

/* Everything above "-- online", and the row in schema_version, in one transaction. */
static int apply_tables(struct db *db, const struct migration *migration, int64_t fence, int64_t now,
                        struct db_error *error)
{
    char        digest[MIGRATION_DIGEST_BYTES];
    char       *sql = NULL;
    const char *online = strstr(migration->text, ONLINE);
    size_t      size = online != NULL ? (size_t) (online - migration->text) : strlen(migration->text);
    int         ret = translate(db, migration, migration->text, size, &sql, error);
    if (ret != 0)
        return ret;
    migration_digest(migration->text, digest);
    const struct db_value row[] = { db_integer(migration->number), db_word(migration->name), db_word(digest),
                                    db_integer(now), db_integer(online == NULL) };
    ret = db_begin(db, DB_WRITE, error);
    if (ret != 0)
        goto out;
    ret = db_check_lease(db, fence, error);
    if (ret == 0)
        ret = db_execute(db, sql, error);
    if (ret == 0)
        ret = db_insert(db, &version_table, row, 1, error);
    if (ret == 0)
        ret = db_commit(db, error);
    else
        db_rollback(db);
out:
    free(sql);
    return ret;
}

/* One "CREATE [UNIQUE] INDEX "name" …;" below "-- online". An index of that name is the rest of an attempt that was cut
 * short (PostgreSQL keeps it, invalid). */
static int make_index(struct db *db, const struct migration *migration, const char *statement, size_t size,
                      struct db_error *error)
{
    const char *index = strstr(statement, "INDEX ");
    const char *name = memchr(statement, '"', size);
    const char *name_end = name != NULL ? strchr(name + 1, '"') : NULL;
    if (index == NULL || name_end == NULL || index > name || name_end > statement + size)
        return db_fail(error, BASE_ERR_SYSTEM, "migration %d: only indexes are made online", migration->number);
    struct sink text;
    sink_init_memory(&text);
    sink_text(&text, "DROP INDEX IF EXISTS ");
    sink_write(&text, name, (size_t) (name_end + 1 - name));
    char *drop = db_take_text(&text);
    sink_write(&text, statement, (size_t) (index + 6 - statement));
    if (db_is_postgresql(db))
        sink_text(&text, "CONCURRENTLY ");
    sink_write(&text, index + 6, size - (size_t) (index + 6 - statement));
    char *create = db_take_text(&text);
    int   ret = drop == NULL || create == NULL ? db_fail(error, TOC_ERR_NO_MEMORY, "no memory for an index") : 0;
    if (ret == 0)
        ret = db_execute(db, drop, error);
    if (ret == 0)
        ret = db_execute(db, create, error);
    free(drop);
    free(create);
    return ret;
}

static int apply_indexes(struct db *db, const struct migration *migration, int64_t fence, struct db_error *error)
{
    const char *text = strstr(migration->text, ONLINE);
    int         ret = 0;
    for (text = text != NULL ? strstr(text, "\nCREATE ") : NULL; text != NULL && ret == 0;
         text = strstr(text + 1, "\nCREATE "))
        ret = make_index(db, migration, text + 1, strcspn(text, ";"), error);
    if (ret == 0)
        ret = db_begin(db, DB_WRITE, error);
    if (ret != 0)
        return ret;
    char sql[80];
    snprintf(sql, sizeof sql, "UPDATE schema_version SET whole=1 WHERE number=%d", migration->number);
    ret = db_check_lease(db, fence, error);
    if (ret == 0)
        ret = db_execute(db, sql, error);
    if (ret == 0)
        return db_commit(db, error);
    db_rollback(db);
    return ret;
}

static int make_versions(struct db *db, int64_t fence, struct db_error *error)
{
    char *sql = NULL;
    int   ret = db_table_sql(db, &version_table, &sql);
    if (ret != 0)
        return db_fail(error, ret, "no memory");
    ret = db_begin(db, DB_WRITE, error);
    if (ret == 0) {
        ret = db_check_lease(db, fence, error);
        if (ret == 0)
            ret = db_execute(db, sql, error);
        if (ret == 0)
            ret = db_commit(db, error);
        else
            db_rollback(db);
    }
    free(sql);
    return ret;
}

int migration_apply(struct db *db, const struct migration *list, size_t num, int64_t fence, int64_t now,
                    struct db_error *error)
{
    size_t applied = 0;
    bool   exists = false, whole = true;
    int    ret = has_versions(db, &exists, error);
    if (ret == 0 && !exists)
        ret = make_versions(db, fence, error);
    if (ret == 0)
        ret = read_versions(db, list, num, &applied, &whole, error);
    if (ret == 0 && applied == num && whole)
        return 0;
    if (ret == 0 && !whole)
        ret = apply_indexes(db, &list[applied - 1], fence, error);
    for (; applied < num && ret == 0; applied++) {
        ret = apply_tables(db, &list[applied], fence, now, error);
        if (ret == 0 && strstr(list[applied].text, ONLINE) != NULL)
            ret = apply_indexes(db, &list[applied], fence, error);
    }
    return ret;
}

int migration_check_empty(struct db *db, struct db_error *error)
{
    char *lines = NULL;
    bool  exists = false;
    int   ret = has_versions(db, &exists, error);
    if (ret == 0)
        ret = migration_read(db, &lines, error);
    if (ret == 0 && (exists || lines[0] != '\0'))
        ret = db_fail(error, BASE_ERR_SYSTEM, "the database is not empty; remedy: a new one");
    free(lines);
    return ret;
}

int migration_mark(struct db *db, const struct migration *list, size_t num, int64_t fence, int64_t now,
                   struct db_error *error)
{
    int ret = make_versions(db, fence, error);
    if (ret == 0)
        ret = db_begin(db, DB_WRITE, error);
    if (ret != 0)
        return ret;
    ret = db_check_lease(db, fence, error);
    for (size_t i = 0; i < num && ret == 0; i++) {
        char digest[MIGRATION_DIGEST_BYTES];
        migration_digest(list[i].text, digest);
        const struct db_value row[] = { db_integer(list[i].number), db_word(list[i].name), db_word(digest),
                                        db_integer(now), db_integer(1) };
        ret = db_insert(db, &version_table, row, 1, error);
    }
    if (ret == 0)
        return db_commit(db, error);
    db_rollback(db);
    return ret;
}
