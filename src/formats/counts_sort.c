/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sort on disk: a temporary SQLite database that has no name and dies with its connection. SQLite's external merge
 * sort keeps the memory constant; so does a cache of fixed size for the numbers of series. */
#include <math.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "formats/counts_internal.h"

/* The key holds the series' number above a date, which 22 bits hold; the place the file above the line. */
enum { DATE_BITS = 22, LINE_BITS = 48, CACHE_ENTRIES = 16384 };

struct cached_name {
    int64_t number; /* 0 = nothing cached */
    size_t  size;
    char    name[COUNTS_MAX_NAME];
};

struct counts_sort {
    sqlite3            *database;
    sqlite3_stmt       *add_row, *add_name, *find_name, *next_row, *name_of;
    struct fault_list  *faults;
    struct cached_name *cache; /* CACHE_ENTRIES, by hash */
    int64_t             num_series;
    int64_t             series; /* of the row last delivered; 0 = none */
    char                name[COUNTS_MAX_NAME];
    size_t              name_size;
};

static int fail(struct counts_sort *sort, int code)
{
    if ((code & 0xff) == SQLITE_NOMEM)
        return TOC_ERR_NO_MEMORY;
    int  reason = sort->database != NULL ? sqlite3_system_errno(sort->database) : 0;
    bool of_system = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_FULL || (code & 0xff) == SQLITE_CANTOPEN;
    fault_add(sort->faults, (struct fault_place){ 0 }, "room for about three times the size of the files",
              "the rows cannot be sorted in a temporary database (TMPDIR, else /var/tmp): %s",
              of_system && reason != 0 ? strerrordesc_np(reason) : sqlite3_errstr(code));
    return BASE_ERR_SYSTEM;
}

static int run(struct counts_sort *sort, const char *sql)
{
    int code = sqlite3_exec(sort->database, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? 0 : fail(sort, sqlite3_errcode(sort->database));
}

static int prepare(struct counts_sort *sort, const char *sql, sqlite3_stmt **statement)
{
    int code = sqlite3_prepare_v2(sort->database, sql, -1, statement, NULL);
    return code == SQLITE_OK ? 0 : fail(sort, code);
}

/* Run a statement that answers no rows, and make it ready again. */
static int finish(struct counts_sort *sort, sqlite3_stmt *statement)
{
    int code = sqlite3_step(statement);
    sqlite3_reset(statement);
    return code == SQLITE_DONE ? 0 : fail(sort, sqlite3_errcode(sort->database));
}

int counts_sort_open(struct fault_list *faults, struct counts_sort **sort)
{
    struct counts_sort *opened = memory_array(1, sizeof *opened);
    int                 ret = TOC_ERR_NO_MEMORY;
    if (opened == NULL)
        return ret;
    opened->faults = faults;
    opened->cache = memory_array(CACHE_ENTRIES, sizeof *opened->cache);
    if (opened->cache == NULL)
        goto out;
    int code =
        sqlite3_open_v2("", &opened->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    if (code != SQLITE_OK) {
        ret = fail(opened, code);
        goto out;
    }
    ret = run(opened, "PRAGMA page_size = 16384; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
                      "PRAGMA temp_store = FILE; PRAGMA cache_size = -8192; PRAGMA threads = 0;"
                      "CREATE TABLE name (number INTEGER PRIMARY KEY, text BLOB NOT NULL UNIQUE);"
                      "CREATE TABLE row (key INTEGER, place INTEGER, count REAL, population REAL,"
                      "                  imported REAL);"
                      "BEGIN;");
    if (ret == 0)
        ret = prepare(opened, "INSERT INTO row VALUES (?1, ?2, ?3, ?4, ?5)", &opened->add_row);
    if (ret == 0)
        ret = prepare(opened, "INSERT INTO name VALUES (?1, ?2)", &opened->add_name);
    if (ret == 0)
        ret = prepare(opened, "SELECT number FROM name WHERE text = ?1", &opened->find_name);
    if (ret == 0)
        ret = prepare(opened, "SELECT text FROM name WHERE number = ?1", &opened->name_of);
    if (ret != 0)
        goto out;
    *sort = opened;
    opened = NULL;
out:
    counts_sort_close(opened);
    return ret;
}

void counts_sort_close(struct counts_sort *sort)
{
    if (sort == NULL)
        return;
    sqlite3_finalize(sort->add_row);
    sqlite3_finalize(sort->add_name);
    sqlite3_finalize(sort->find_name);
    sqlite3_finalize(sort->next_row);
    sqlite3_finalize(sort->name_of);
    sqlite3_close(sort->database);
    free(sort->cache);
    free(sort);
}

/* ---- in ---- */

/* The number of a name that is not cached: the database's, or the next one. */
static int look_up(struct counts_sort *sort, const char *name, size_t size, int64_t *number)
{
    sqlite3_bind_blob(sort->find_name, 1, name, (int) size, SQLITE_STATIC);
    int     code = sqlite3_step(sort->find_name);
    int64_t found = code == SQLITE_ROW ? sqlite3_column_int64(sort->find_name, 0) : sort->num_series + 1;
    int     ret = code == SQLITE_ROW || code == SQLITE_DONE ? 0 : fail(sort, code);
    sqlite3_reset(sort->find_name);
    if (ret == 0 && code == SQLITE_DONE) {
        sqlite3_bind_int64(sort->add_name, 1, found);
        sqlite3_bind_blob(sort->add_name, 2, name, (int) size, SQLITE_STATIC);
        ret = finish(sort, sort->add_name);
        sort->num_series++;
    }
    if (ret == 0)
        *number = found;
    return ret;
}

/* The number of a name, in the order in which names first come. */
static int number_of(struct counts_sort *sort, const char *name, size_t size, int64_t *number)
{
    struct cached_name *cached = &sort->cache[text_hash(name, size) % CACHE_ENTRIES];
    if (cached->number == 0 || cached->size != size || memcmp(cached->name, name, size) != 0) {
        int ret = look_up(sort, name, size, &cached->number);
        if (ret != 0)
            return ret;
        memcpy(cached->name, name, size);
        cached->size = size;
    }
    *number = cached->number;
    return 0;
}

int counts_sort_add(struct counts_sort *sort, const struct counts_row *row)
{
    int64_t number = 0;
    int     ret = number_of(sort, row->name, row->name_size, &number);
    if (ret != 0)
        return ret;
    sqlite3_bind_int64(sort->add_row, 1, number << DATE_BITS | (row->date - TOC_DATE_MIN));
    sqlite3_bind_int64(sort->add_row, 2, (int64_t) row->source << LINE_BITS | (int64_t) row->line);
    sqlite3_bind_double(sort->add_row, 3, row->count); /* NaN is stored as NULL */
    sqlite3_bind_double(sort->add_row, 4, row->population);
    sqlite3_bind_double(sort->add_row, 5, row->imported);
    return finish(sort, sort->add_row);
}

/* ---- out ---- */

int counts_sort_finish(struct counts_sort *sort)
{
    int ret = run(sort, "CREATE TABLE sorted AS SELECT * FROM row ORDER BY key, place; DROP TABLE row; COMMIT;");
    if (ret == 0)
        ret =
            prepare(sort, "SELECT key, place, count, population, imported FROM sorted ORDER BY rowid", &sort->next_row);
    return ret;
}

int counts_sort_rewind(struct counts_sort *sort)
{
    sqlite3_reset(sort->next_row);
    sort->series = 0;
    return 0;
}

static double number_or_nan(sqlite3_stmt *statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL ? NAN : sqlite3_column_double(statement, column);
}

static int load_name(struct counts_sort *sort, int64_t series)
{
    sqlite3_bind_int64(sort->name_of, 1, series);
    int code = sqlite3_step(sort->name_of);
    int ret = code == SQLITE_ROW ? 0 : fail(sort, sqlite3_errcode(sort->database));
    if (ret == 0) {
        sort->name_size = (size_t) sqlite3_column_bytes(sort->name_of, 0);
        if (sort->name_size > 0)
            memcpy(sort->name, sqlite3_column_blob(sort->name_of, 0), sort->name_size);
        sort->series = series;
    }
    sqlite3_reset(sort->name_of);
    return ret;
}

int counts_sort_next(struct counts_sort *sort, struct counts_row *row)
{
    int code = sqlite3_step(sort->next_row);
    if (code == SQLITE_DONE)
        return 0;
    if (code != SQLITE_ROW)
        return fail(sort, sqlite3_errcode(sort->database));
    int64_t key = sqlite3_column_int64(sort->next_row, 0), place = sqlite3_column_int64(sort->next_row, 1);
    if (key >> DATE_BITS != sort->series) {
        int ret = load_name(sort, key >> DATE_BITS);
        if (ret != 0)
            return ret;
    }
    *row = (struct counts_row){
        .name = sort->name,
        .name_size = sort->name_size,
        .date = (toc_date) (key & ((INT64_C(1) << DATE_BITS) - 1)) + TOC_DATE_MIN,
        .count = number_or_nan(sort->next_row, 2),
        .population = number_or_nan(sort->next_row, 3),
        .imported = number_or_nan(sort->next_row, 4),
        .source = (size_t) (place >> LINE_BITS),
        .line = (uint64_t) (place & ((INT64_C(1) << LINE_BITS) - 1)),
    };
    return 1;
}
