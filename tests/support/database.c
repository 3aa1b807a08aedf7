/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/database.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct test_database test_sqlite, test_on_postgresql = { .postgresql = true };

int test_database_set_up(void **state)
{
    struct test_database *database = *state;
    if (database->postgresql) {
        test_postgresql_database(database->url);
        return 0;
    }
    const char *place = getenv("TMPDIR");
    snprintf(database->folder, sizeof database->folder, "%s/tocsin-db-XXXXXX", place != NULL ? place : "/tmp");
    if (mkdtemp(database->folder) == NULL)
        return -1;
    snprintf(database->url, sizeof database->url, "sqlite:%s/t.db", database->folder);
    return 0;
}

int test_database_tear_down(void **state)
{
    struct test_database *database = *state;
    if (database->postgresql)
        return 0;
    DIR           *folder = opendir(database->folder);
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL)
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(folder), entry->d_name, 0);
    if (folder != NULL)
        closedir(folder);
    return rmdir(database->folder);
}

struct db *test_database_open_with(const struct test_database *database, struct db_options options)
{
    struct db      *db = NULL;
    struct db_error error = { 0 };
    options.create = !options.read_only;
    if (options.cache_bytes == 0)
        options.cache_bytes = 1 << 20;
    if (db_open(database->url, &options, &db, &error) != 0)
        fail_msg("db_open: %s", error.what);
    return db;
}

struct db *test_database_open(const struct test_database *database)
{
    return test_database_open_with(database, (struct db_options){ 0 });
}

static void write_value(FILE *stream, const struct db_value *value)
{
    switch (value->type) {
    case DB_NULL: fprintf(stream, "null"); break;
    case DB_INTEGER: fprintf(stream, "%lld", (long long) value->integer); break;
    case DB_REAL: fprintf(stream, "%.17g", value->real); break;
    case DB_TEXT: fprintf(stream, "'%.*s'", (int) value->size, value->bytes); break;
    case DB_BYTES:
        fprintf(stream, "x");
        for (size_t i = 0; i < value->size; i++)
            fprintf(stream, "%02x", (unsigned char) value->bytes[i]);
        break;
    }
}

char *test_database_ask(struct db *db, const char *sql, const struct db_value *parameters, size_t num)
{
    char                  *text = NULL;
    size_t                 size, num_columns;
    FILE                  *stream = open_memstream(&text, &size);
    struct db_statement   *statement = NULL;
    const struct db_value *row;
    struct db_error        error = { 0 };
    int                    ret;
    assert_db(db_prepare(db, sql, &statement, &said));
    assert_db(db_run(statement, parameters, num, &said));
    while ((ret = db_step(statement, &row, &num_columns, &error)) == 1) {
        for (size_t i = 0; i < num_columns; i++) {
            if (i > 0)
                fputc(' ', stream);
            write_value(stream, &row[i]);
        }
        fputc(';', stream);
    }
    if (ret != 0)
        fail_msg("db_step: %s", error.what);
    fclose(stream);
    return text;
}

void test_database_answers(struct db *db, const char *sql, const char *expected)
{
    char *text = test_database_ask(db, sql, NULL, 0);
    assert_string_equal(text, expected);
    free(text);
}

size_t test_database_count(const struct CMUnitTest *tests, size_t num)
{
    size_t without = 0;
    while (without < num && strncmp(tests[without].name, "postgresql: ", 12) != 0)
        without++;
    return without < num && test_postgresql_installed() ? num : without;
}
