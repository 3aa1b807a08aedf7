/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/dump.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "store/db_driver.h"
#include "store/dump_parse.h"
#include "store/migration.h"
#include "store/row_code.h"
#include "store/schema.h"

#define PAGE_ROWS 250           /* read at a time */
#define COMMIT_ROWS 100000      /* loaded in one transaction … */
#define COMMIT_BYTES (64 << 20) /* … or so many bytes */
#define TELL_ROWS 100000

/* The migrations that count. */
static const struct migration *list_of(const struct dump_options *options, size_t *num)
{
    *num = options->list != NULL ? options->num_list : num_migrations;
    return options->list != NULL ? options->list : migrations;
}

/* ---- reading a table, by pages in the order of its key ---- */

/* SELECT columns FROM table WHERE (key)>($1,…) ORDER BY key LIMIT n; the first page has no WHERE. free() it. */
static char *page_sql(const struct db_table *table, bool first)
{
    struct sink sql;
    sink_init_memory(&sql);
    sink_text(&sql, "SELECT ");
    db_write_columns(&sql, table, 0, table->num_columns);
    sink_text(&sql, " FROM ");
    db_write_name(&sql, table->name);
    if (!first) {
        sink_text(&sql, " WHERE (");
        db_write_columns(&sql, table, 0, table->num_key);
        for (size_t i = 0; i < table->num_key; i++)
            sink_format(&sql, i == 0 ? ")>($%zu" : ",$%zu", i + 1);
        sink_character(&sql, ')');
    }
    sink_text(&sql, " ORDER BY ");
    db_write_columns(&sql, table, 0, table->num_key);
    sink_format(&sql, " LIMIT %d", PAGE_ROWS);
    return db_take_text(&sql);
}

/* One page; `last` is the key of its last row, encoded. *num: how many rows it had. */
static int read_page(struct db *db, const struct db_table *table, const char *sql, struct sink *last,
                     const struct dump_taker *taker, size_t *num, struct db_error *error)
{
    struct db_statement   *statement;
    const struct db_value *row;
    struct db_value        key[DB_MAX_COLUMNS];
    size_t                 used, num_columns, num_key = last->used > 0 ? table->num_key : 0;
    int                    ret = db_prepare(db, sql, &statement, error);
    if (ret == 0 && num_key > 0 && row_code_read(last->bytes, last->used, key, num_key, &used) != 0)
        ret = db_fail(error, TOC_ERR_NO_MEMORY, "no memory");
    if (ret == 0)
        ret = db_run(statement, key, num_key, error);
    if (ret != 0)
        return ret;
    for (*num = 0; (ret = db_step(statement, &row, &num_columns, error)) == 1; ++*num) {
        if (*num + 1 == PAGE_ROWS) {
            last->used = 0;
            row_code_write(last, row, table->num_key);
        }
        ret = taker->row(taker->context, row, error);
        if (ret != 0) {
            db_reset(statement);
            return ret;
        }
    }
    return ret;
}

static int read_table(struct db *db, const struct db_table *table, const struct dump_taker *taker,
                      struct db_error *error)
{
    struct sink last;
    size_t      num = 0;
    int         ret = 0;
    char       *first = page_sql(table, true), *next = page_sql(table, false);
    sink_init_memory(&last);
    if (first == NULL || next == NULL)
        ret = db_fail(error, TOC_ERR_NO_MEMORY, "no memory");
    if (ret == 0)
        ret = read_page(db, table, first, &last, taker, &num, error);
    while (ret == 0 && num == PAGE_ROWS)
        ret = read_page(db, table, next, &last, taker, &num, error);
    sink_free(&last);
    free(first);
    free(next);
    return ret;
}

/* Everything, of one moment. */
static int read_database(struct db *db, const struct dump_options *options, const struct dump_taker *taker,
                         struct dump_summary *summary, struct db_error *error)
{
    size_t                        num_list;
    const struct migration       *list = list_of(options, &num_list);
    char                          digest[MIGRATION_DIGEST_BYTES] = "";
    size_t                        num;
    const struct db_table *const *tables = schema_tables(&num);
    int                           ret = db_begin(db, DB_READ, error);
    if (ret != 0)
        return ret;
    ret = migration_check(db, list, num_list, error);
    if (ret == 0) {
        migration_digest(list[num_list - 1].text, digest);
        const struct db_value value = db_word(digest);
        ret = taker->beginning(taker->context, (int64_t) num_list, &value, error);
    }
    for (size_t i = 0; i < num && ret == 0; i++) {
        char *layout = schema_layout_text(tables[i]);
        ret = layout == NULL ? db_fail(error, TOC_ERR_NO_MEMORY, "no memory")
                             : taker->table(taker->context, tables[i], layout, error);
        if (ret == 0)
            ret = read_table(db, tables[i], taker, error);
        if (ret == 0)
            ret = taker->table_end(taker->context, error);
        free(layout);
    }
    summary->tables = num;
    db_rollback(db);
    return ret;
}

/* ---- writing a stream ---- */

struct writing {
    struct dump_writer         writer;
    const struct dump_options *options;
    const struct db_table     *table;
    uint64_t                   rows, all_rows;
};

static void tell(const struct dump_options *options, const char *table, uint64_t rows, bool always)
{
    if (options->progress != NULL && (always || rows % TELL_ROWS == 0))
        options->progress(options->progress_context, table, rows);
}

static int write_values(struct writing *writing, enum dump_what what, const struct db_value *values, size_t num,
                        struct db_error *error)
{
    row_code_write(&writing->writer.content, values, num);
    return dump_writer_block(&writing->writer, what, error);
}

static int write_beginning(void *context, int64_t number, const struct db_value *digest, struct db_error *error)
{
    const struct db_value values[] = { db_integer(number), *digest };
    return write_values(context, DUMP_BEGINNING, values, 2, error);
}

static int write_table(void *context, const struct db_table *table, const char *layout, struct db_error *error)
{
    struct writing       *writing = context;
    const struct db_value values[] = { db_word(table->name), db_word(layout) };
    writing->table = table;
    writing->rows = 0;
    return write_values(writing, DUMP_TABLE, values, 2, error);
}

static int write_row(void *context, const struct db_value *row, struct db_error *error)
{
    struct writing *writing = context;
    row_code_write(&writing->writer.content, row, writing->table->num_columns);
    tell(writing->options, writing->table->name, ++writing->rows, false);
    if (writing->writer.content.used < DUMP_BLOCK_BYTES)
        return 0;
    return dump_writer_block(&writing->writer, DUMP_ROWS, error);
}

static int write_table_end(void *context, struct db_error *error)
{
    struct writing       *writing = context;
    const struct db_value rows = db_integer((int64_t) writing->rows);
    int                   ret = 0;
    if (writing->writer.content.used > 0)
        ret = dump_writer_block(&writing->writer, DUMP_ROWS, error);
    writing->all_rows += writing->rows;
    tell(writing->options, writing->table->name, writing->rows, true);
    return ret != 0 ? ret : write_values(writing, DUMP_TABLE_END, &rows, 1, error);
}

int dump_write(struct db *db, const struct dump_options *options, dump_write_bytes *write, void *context,
               struct dump_summary *summary, struct db_error *error)
{
    struct writing writing = {
        .writer = { .write = write, .context = context, .key = options->key, .level = options->level },
        .options = options
    };
    const struct dump_taker taker = { write_beginning, write_table, write_row, write_table_end, &writing };
    struct dump_summary     made = { 0 };
    int                     ret = dump_writer_begin(&writing.writer, error);
    if (ret == 0)
        ret = read_database(db, options, &taker, &made, error);
    if (ret == 0) {
        const struct db_value end[] = { db_integer((int64_t) made.tables), db_integer((int64_t) writing.all_rows) };
        ret = write_values(&writing, DUMP_END, end, 2, error);
    }
    if (ret == 0) {
        made.rows = writing.all_rows;
        made.bytes = writing.writer.bytes;
        memcpy(made.hash, writing.writer.hash, DUMP_HASH_BYTES);
        *summary = made;
    }
    dump_writer_free(&writing.writer);
    return ret;
}

/* ---- loading ---- */

struct loading {
    struct db                 *db;
    int64_t                    fence, now;
    const struct dump_options *options;
    bool                       older; /* the dump's tables are those of an older Tocsin */
    const struct db_table     *table;
    struct db_load            *load; /* NULL: none is under way */
    size_t                     next; /* which table of schema_tables is due */
    size_t                     rows_open, bytes_open;
    uint64_t                   rows, all_rows;
};

static int begin_load(struct loading *loading, struct db_error *error)
{
    int ret = db_begin(loading->db, DB_WRITE, error);
    if (ret == 0)
        ret = db_check_lease(loading->db, loading->fence, error);
    if (ret == 0)
        ret = db_load_begin(loading->db, loading->table, &loading->load, error);
    loading->rows_open = loading->bytes_open = 0;
    return ret;
}

static int end_load(struct loading *loading, struct db_error *error)
{
    struct db_load *load = loading->load;
    loading->load = NULL;
    int ret = db_load_end(load, error);
    return ret != 0 ? ret : db_commit(loading->db, error);
}

static int load_beginning(void *context, int64_t number, const struct db_value *digest, struct db_error *error)
{
    struct loading *loading = context;
    char            expected[MIGRATION_DIGEST_BYTES];
    size_t          num;

    const struct migration *list = list_of(loading->options, &num);
    if (number > (int64_t) num)
        return db_fail(
            error, DB_ERR_NEWER,
            "the dump was written by a newer Tocsin (its schema is %lld, this one knows %zu); remedy: install "
            "that version",
            (long long) number, num);
    if (number < 1)
        return db_fail(error, BASE_ERR_INPUT, "the dump has no schema");
    migration_digest(list[number - 1].text, expected);
    if (digest->size != strlen(expected) || memcmp(digest->bytes, expected, digest->size) != 0)
        return db_fail(error, BASE_ERR_INPUT, "the dump was made with another migration %lld than this program's",
                       (long long) number);
    loading->older = number < (int64_t) num;
    if (!loading->older)
        return 0;
    return migration_apply(loading->db, list, (size_t) number, loading->fence, loading->now, error);
}

/* The table as the model has it; the dump must have just its columns. */
static int make_table(struct loading *loading, const char *name, const char *layout, struct db_error *error)
{
    size_t                        num;
    const struct db_table *const *tables = schema_tables(&num);
    if (loading->next >= num || strcmp(tables[loading->next]->name, name) != 0)
        return db_fail(error, BASE_ERR_INPUT, "the dump has a table '%s' where '%s' is due", name,
                       loading->next < num ? tables[loading->next]->name : "the end");
    loading->table = tables[loading->next++];
    char *expected = schema_layout_text(loading->table), *sql = NULL;
    int   ret = expected == NULL ? db_fail(error, TOC_ERR_NO_MEMORY, "no memory") : 0;
    if (ret == 0 && strcmp(expected, layout) != 0)
        ret = db_fail(error, BASE_ERR_INPUT, "the dump's table '%s' has other columns", name);
    if (ret == 0 && db_table_sql(loading->db, loading->table, &sql) != 0)
        ret = db_fail(error, TOC_ERR_NO_MEMORY, "no memory");
    if (ret == 0)
        ret = db_execute(loading->db, sql, error);
    free(expected);
    free(sql);
    return ret;
}

static int load_table(void *context, const struct db_table *table, const char *layout, struct db_error *error)
{
    struct loading *loading = context;
    int             ret = 0;
    loading->table = table;
    loading->rows = 0;
    if (!loading->older)
        ret = make_table(loading, table->name, layout, error);
    return ret != 0 ? ret : begin_load(loading, error);
}

static int load_row(void *context, const struct db_value *row, struct db_error *error)
{
    struct loading *loading = context;
    int             ret = 0;
    if (loading->rows_open == COMMIT_ROWS || loading->bytes_open > COMMIT_BYTES) {
        ret = end_load(loading, error);
        if (ret == 0)
            ret = begin_load(loading, error);
    }
    if (ret == 0)
        ret = db_load_row(loading->load, row, error);
    loading->rows_open++;
    for (size_t i = 0; i < loading->table->num_columns; i++)
        loading->bytes_open += row[i].type == DB_TEXT || row[i].type == DB_BYTES ? row[i].size : 8;
    tell(loading->options, loading->table->name, ++loading->rows, false);
    return ret;
}

static int load_table_end(void *context, struct db_error *error)
{
    struct loading *loading = context;
    loading->all_rows += loading->rows;
    tell(loading->options, loading->table->name, loading->rows, true);
    return end_load(loading, error);
}

static int make_indexes(struct db *db, const struct db_table *table, struct db_error *error)
{
    int ret = 0;
    for (size_t i = 0; i < table->num_indexes && ret == 0; i++) {
        char *sql = NULL;
        ret = db_index_sql(db, table, &table->indexes[i], &sql);
        ret = ret != 0 ? db_fail(error, ret, "no memory") : db_execute(db, sql, error);
        free(sql);
    }
    return ret;
}

static int finish_load(struct loading *loading, struct db_error *error)
{
    struct db                    *db = loading->db;
    size_t                        num_list;
    const struct migration       *list = list_of(loading->options, &num_list);
    size_t                        num;
    const struct db_table *const *tables = schema_tables(&num);
    int                           ret = 0;
    if (loading->older)
        return migration_apply(db, list, num_list, loading->fence, loading->now, error);
    if (loading->next != num)
        return db_fail(error, BASE_ERR_INPUT, "the dump has no table '%s'", tables[loading->next]->name);
    if (db_is_postgresql(db))
        ret = db_execute(db, "SET maintenance_work_mem='256MB'", error);
    for (size_t i = 0; i < num && ret == 0; i++)
        ret = make_indexes(db, tables[i], error);
    if (ret == 0 && db_is_postgresql(db))
        ret = db_execute(db, "RESET maintenance_work_mem; ANALYZE", error);
    return ret != 0 ? ret : migration_mark(db, list, num_list, loading->fence, loading->now, error);
}

/* What is under way when something failed. */
static void give_up(struct loading *loading)
{
    if (loading->load != NULL)
        db_load_cancel(loading->load);
    db_rollback(loading->db);
}

int dump_load(struct db *db, int64_t fence, int64_t now, const struct dump_options *options, dump_read_bytes *read,
              void *context, struct dump_summary *summary, struct db_error *error)
{
    struct loading          loading = { .db = db, .fence = fence, .now = now, .options = options };
    const struct dump_taker taker = { load_beginning, load_table, load_row, load_table_end, &loading };
    struct dump_summary     made = { 0 };
    int                     ret = migration_check_empty(db, error);
    if (ret != 0)
        return ret;
    ret = dump_parse(options, read, context, &taker, &made, error);
    if (ret == 0)
        ret = finish_load(&loading, error);
    if (ret == 0)
        *summary = made;
    else
        give_up(&loading);
    return ret;
}

int dump_copy(struct db *from, struct db *to, int64_t fence, int64_t now, const struct dump_options *options,
              struct dump_summary *summary, struct db_error *error)
{
    struct loading          loading = { .db = to, .fence = fence, .now = now, .options = options };
    const struct dump_taker taker = { load_beginning, load_table, load_row, load_table_end, &loading };
    struct dump_summary     made = { 0 };
    int                     ret = migration_check_empty(to, error);
    if (ret != 0)
        return ret;
    ret = read_database(from, options, &taker, &made, error);
    if (ret == 0)
        ret = finish_load(&loading, error);
    made.rows = loading.all_rows;
    if (ret == 0)
        *summary = made;
    else
        give_up(&loading);
    return ret;
}

/* ---- checking ---- */

struct checking {
    const struct db_table *table;
};

static int check_beginning(void *context, int64_t number, const struct db_value *digest, struct db_error *error)
{
    (void) context;
    (void) digest;
    return number > 0 ? 0 : db_fail(error, BASE_ERR_INPUT, "the dump has no schema");
}

static int check_table(void *context, const struct db_table *table, const char *layout, struct db_error *error)
{
    (void) layout;
    (void) error;
    ((struct checking *) context)->table = table;
    return 0;
}

static int check_row(void *context, const struct db_value *row, struct db_error *error)
{
    return db_check_row(((struct checking *) context)->table, row, error);
}

static int check_table_end(void *context, struct db_error *error)
{
    (void) context;
    (void) error;
    return 0;
}

int dump_check(const struct dump_options *options, dump_read_bytes *read, void *context, struct dump_summary *summary,
               struct db_error *error)
{
    struct checking         checking = { NULL };
    const struct dump_taker taker = { check_beginning, check_table, check_row, check_table_end, &checking };
    return dump_parse(options, read, context, &taker, summary, error);
}
