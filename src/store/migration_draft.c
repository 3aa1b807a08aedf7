/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Comparing a database with the tables of the model (migration.h), and drafting what lies between them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"
#include "store/db_driver.h"
#include "store/migration.h"

/* Tables that the lists do not have: db_lease_table, schema_version. */
#define NOT_OURS "('lease','schema_version')"

/* Each query answers lines of one kind. */
static const char *const sqlite_queries[] = {
    /* an aggregate over a sorted sub-query sees its rows in that order */
    "SELECT 'table '||t.name||' key ('||(SELECT group_concat(name, ',') FROM (SELECT name FROM "
    "pragma_table_info(t.name) "
    "WHERE pk>0 ORDER BY pk))||')' FROM sqlite_schema t WHERE t.type='table' AND substr(t.name,1,7)<>'sqlite_' AND "
    "t.name NOT IN " NOT_OURS,
    "SELECT 'column '||t.name||'.'||c.name||' '||CASE c.type WHEN 'BLOB' THEN 'bytes' ELSE lower(c.type) END||"
    "CASE WHEN c.\"notnull\" THEN ' not null' ELSE '' END||CASE WHEN c.dflt_value='''''' THEN ' or empty' ELSE '' END "
    "FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type='table' AND substr(t.name,1,7)<>'sqlite_' AND "
    "t.name NOT IN " NOT_OURS,
    "SELECT 'index '||i.name||' on '||t.name||' ('||(SELECT group_concat(name, ',') FROM (SELECT name FROM "
    "pragma_index_info(i.name) ORDER BY seqno))||')'||CASE WHEN i.\"unique\" THEN ' unique' ELSE '' END||"
    "CASE WHEN i.partial THEN ' where present' ELSE '' END FROM sqlite_schema t, pragma_index_list(t.name) i "
    "WHERE t.type='table' AND i.origin='c' AND t.name NOT IN " NOT_OURS,
};

#define PG_OURS "t.relkind='r' AND t.relnamespace=current_schema()::regnamespace AND t.relname NOT IN " NOT_OURS
static const char *const postgresql_queries[] = {
    "SELECT 'table '||t.relname||' key ('||string_agg(a.attname, ',' ORDER BY k.n)||')' FROM pg_class t "
    "JOIN pg_index i ON i.indrelid=t.oid AND i.indisprimary CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k(number,n) "
    "JOIN pg_attribute a ON a.attrelid=t.oid AND a.attnum=k.number WHERE " PG_OURS " GROUP BY t.relname",
    "SELECT 'column '||t.relname||'.'||a.attname||' '||CASE format_type(a.atttypid,a.atttypmod) WHEN 'uuid' THEN 'id' "
    "WHEN 'bigint' THEN 'integer' WHEN 'double precision' THEN 'real' WHEN 'bytea' THEN 'bytes' "
    "ELSE format_type(a.atttypid,a.atttypmod) END||CASE WHEN a.attcollation<>0 AND c.collname<>'C' THEN "
    "' collate '||c.collname ELSE '' END||CASE WHEN a.attnotnull THEN ' not null' ELSE '' END||"
    "CASE WHEN pg_get_expr(d.adbin,d.adrelid)='''''::text' THEN ' or empty' ELSE '' END FROM pg_class t "
    "JOIN pg_attribute a ON a.attrelid=t.oid AND a.attnum>0 AND NOT a.attisdropped "
    "LEFT JOIN pg_collation c ON c.oid=a.attcollation LEFT JOIN pg_attrdef d ON d.adrelid=t.oid AND d.adnum=a.attnum "
    "WHERE " PG_OURS,
    "SELECT 'index '||x.relname||' on '||t.relname||' ('||string_agg(a.attname, ',' ORDER BY k.n)||')'||"
    "CASE WHEN i.indisunique THEN ' unique' ELSE '' END||CASE WHEN i.indpred IS NOT NULL THEN ' where present' "
    "ELSE '' END||CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END FROM pg_class t "
    "JOIN pg_index i ON i.indrelid=t.oid AND NOT i.indisprimary JOIN pg_class x ON x.oid=i.indexrelid "
    "CROSS JOIN unnest(i.indkey) WITH ORDINALITY AS k(number,n) "
    "JOIN pg_attribute a ON a.attrelid=t.oid AND a.attnum=k.number WHERE " PG_OURS
    " GROUP BY x.relname,t.relname,i.indisunique,i.indpred IS NOT NULL,i.indisvalid",
};

/* ---- lists of lines ---- */

struct lines {
    char **line;
    size_t num, room;
    bool   failed;
};

static void add_line(struct lines *lines, char *line) /* takes it over */
{
    if (line != NULL && lines->num == lines->room) {
        size_t room = 2 * lines->room + 64;
        char **more = memory_resize(lines->line, room, sizeof *more);
        if (more != NULL) {
            lines->line = more;
            lines->room = room;
        }
    }
    if (line == NULL || lines->num == lines->room) {
        lines->failed = true;
        free(line);
        return;
    }
    lines->line[lines->num++] = line;
}

static void free_lines(struct lines *lines)
{
    for (size_t i = 0; i < lines->num; i++)
        free(lines->line[i]);
    free(lines->line);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

static void sort_lines(struct lines *lines)
{
    if (lines->num > 0)
        qsort(lines->line, lines->num, sizeof *lines->line, compare_lines);
}

static bool has_line(const struct lines *sorted, const char *line)
{
    return sorted->num > 0 && bsearch(&line, sorted->line, sorted->num, sizeof *sorted->line, compare_lines) != NULL;
}

static int read_lines(struct db *db, const char *sql, struct lines *lines, struct db_error *error)
{
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num_columns;
    int                    ret = db_prepare(db, sql, &statement, error);
    if (ret == 0)
        ret = db_run(statement, NULL, 0, error);
    if (ret != 0)
        return ret;
    while ((ret = db_step(statement, &row, &num_columns, error)) == 1)
        add_line(lines, row[0].type == DB_TEXT ? strndup(row[0].bytes, row[0].size) : strdup("?"));
    return ret;
}

static int read_database(struct db *db, struct lines *lines, struct db_error *error)
{
    int ret = 0;
    for (size_t i = 0; i < 3 && ret == 0; i++)
        ret = read_lines(db, db_is_postgresql(db) ? postgresql_queries[i] : sqlite_queries[i], lines, error);
    if (ret == 0 && lines->failed)
        ret = db_fail(error, TOC_ERR_NO_MEMORY, "no memory");
    sort_lines(lines);
    return ret;
}

static void write_names(struct sink *text, const struct db_table *table)
{
    for (size_t i = 0; i < table->num_key; i++)
        sink_format(text, "%s%s", i > 0 ? "," : "", table->columns[i].name);
}

static char *table_line(const struct db_table *table)
{
    struct sink text;
    sink_init_memory(&text);
    sink_format(&text, "table %s key (", table->name);
    write_names(&text, table);
    sink_character(&text, ')');
    return db_take_text(&text);
}

static char *column_line(bool postgresql, const struct db_table *table, size_t number)
{
    static const char *const kinds[] = { "id", "integer", "real", "text", "bytes" };
    const struct db_column  *column = &table->columns[number];
    bool                     text_kind = column->kind == DB_KIND_TEXT;
    const char              *kind = kinds[!postgresql && column->kind == DB_KIND_ID ? DB_KIND_BYTES : column->kind];
    struct sink              text;
    sink_init_memory(&text);
    sink_format(&text, "column %s.%s %s%s%s", table->name, column->name, kind,
                column->not_null || text_kind || number < table->num_key ? " not null" : "",
                text_kind && number >= table->num_key ? " or empty" : "");
    return db_take_text(&text);
}

static char *index_line(const struct db_table *table, const struct db_index *index)
{
    struct sink text;
    sink_init_memory(&text);
    sink_format(&text, "index %s on %s (", index->name, table->name);
    for (size_t i = 0; i < DB_INDEX_COLUMNS && index->columns[i] != NULL; i++)
        sink_format(&text, "%s%s", i > 0 ? "," : "", index->columns[i]);
    sink_format(&text, ")%s%s", index->unique ? " unique" : "",
                db_index_is_partial(table, index) ? " where present" : "");
    return db_take_text(&text);
}

static int list_tables(bool postgresql, const struct db_table *const *tables, size_t num, struct lines *lines)
{
    for (size_t i = 0; i < num; i++) {
        add_line(lines, table_line(tables[i]));
        for (size_t j = 0; j < tables[i]->num_columns; j++)
            add_line(lines, column_line(postgresql, tables[i], j));
        for (size_t j = 0; j < tables[i]->num_indexes; j++)
            add_line(lines, index_line(tables[i], &tables[i]->indexes[j]));
    }
    sort_lines(lines);
    return lines->failed ? TOC_ERR_NO_MEMORY : 0;
}

static char *join_lines(const struct lines *lines)
{
    struct sink text;
    sink_init_memory(&text);
    for (size_t i = 0; i < lines->num; i++)
        sink_format(&text, "%s\n", lines->line[i]);
    return db_take_text(&text);
}

int migration_read(struct db *db, char **text, struct db_error *error)
{
    struct lines lines = { 0 };
    char        *joined = NULL;
    int          ret = read_database(db, &lines, error);
    if (ret == 0 && (joined = join_lines(&lines)) == NULL)
        ret = db_fail(error, TOC_ERR_NO_MEMORY, "no memory");
    free_lines(&lines);
    if (ret == 0)
        *text = joined;
    return ret;
}

int migration_lines(const struct db *db, const struct db_table *const *tables, size_t num, char **text)
{
    struct lines lines = { 0 };
    char        *joined = NULL;
    int          ret = list_tables(db_is_postgresql(db), tables, num, &lines);
    if (ret == 0 && (joined = join_lines(&lines)) == NULL)
        ret = TOC_ERR_NO_MEMORY;
    free_lines(&lines);
    if (ret == 0)
        *text = joined;
    return ret;
}

/* ---- drafting ---- */

/* Does `sorted` have a line that begins so? */
static const char *find_beginning(const struct lines *sorted, const char *beginning)
{
    for (size_t i = 0; i < sorted->num; i++)
        if (strncmp(sorted->line[i], beginning, strlen(beginning)) == 0)
            return sorted->line[i];
    return NULL;
}

static bool has_named(const struct lines *sorted, const char *what, const char *name, const char *field,
                      const char *end)
{
    char beginning[256];
    snprintf(beginning, sizeof beginning, "%s %s%s%s%s", what, name, field != NULL ? "." : "",
             field != NULL ? field : "", end);
    return find_beginning(sorted, beginning) != NULL;
}

static void draft_column(const struct db_table *table, size_t number, const struct lines *have, struct sink *draft,
                         struct sink *by_hand)
{
    const struct db_column *column = &table->columns[number];
    char                   *line = column_line(false, table, number);
    if (line != NULL && !has_line(have, line)) {
        if (has_named(have, "column", table->name, column->name, " "))
            sink_format(by_hand, "%s.%s has changed: write how its old values become new ones\n", table->name,
                        column->name);
        else if (column->not_null && column->kind != DB_KIND_TEXT)
            sink_format(by_hand, "%s.%s is needed and new: write what old rows get\n", table->name, column->name);
        else {
            sink_format(draft, "ALTER TABLE \"%s\" ADD COLUMN ", table->name);
            db_write_column(draft, table, number, DB_NEUTRAL);
            sink_text(draft, ";\n");
        }
    }
    free(line);
}

/* Indexes of an existing table: gone or changed ones are dropped; new ones are made online. */
static void draft_indexes(const struct db_table *table, const struct lines *have, struct sink *draft,
                          struct sink *online)
{
    for (size_t i = 0; i < table->num_indexes; i++) {
        char *line = index_line(table, &table->indexes[i]);
        if (line != NULL && !has_line(have, line)) {
            if (has_named(have, "index", table->indexes[i].name, NULL, " on "))
                sink_format(draft, "DROP INDEX \"%s\";\n", table->indexes[i].name);
            db_write_index(online, table, &table->indexes[i]);
        }
        free(line);
    }
}

static void draft_table(const struct db_table *table, const struct lines *have, struct sink *draft, struct sink *online,
                        struct sink *by_hand)
{
    char *line = table_line(table);
    if (has_named(have, "table", table->name, NULL, " key (")) {
        if (line != NULL && !has_line(have, line))
            sink_format(by_hand, "%s has another key: write how its rows move\n", table->name);
        for (size_t i = 0; i < table->num_columns; i++)
            draft_column(table, i, have, draft, by_hand);
        draft_indexes(table, have, draft, online);
    } else {
        db_write_table(draft, table, DB_NEUTRAL);
        for (size_t i = 0; i < table->num_indexes; i++)
            db_write_index(draft, table, &table->indexes[i]);
        sink_character(draft, '\n');
    }
    free(line);
}

/* What the database has and the tables have not. */
static void draft_removed(const struct lines *have, const struct lines *want, struct sink *draft, struct sink *by_hand)
{
    for (size_t i = 0; i < have->num; i++) {
        const char *line = have->line[i];
        char        beginning[256];
        if (has_line(want, line))
            continue;
        size_t kind = strcspn(line, " ") + 1, name = strcspn(line + kind, " ");
        snprintf(beginning, sizeof beginning, "%.*s ", (int) (kind + name), line);
        if (find_beginning(want, beginning) != NULL)
            continue; /* changed: told above */
        if (strncmp(line, "index ", 6) == 0)
            sink_format(draft, "DROP INDEX \"%.*s\";\n", (int) name, line + kind);
        else
            sink_format(by_hand, "%.*s is not there any more: write what becomes of it\n", (int) (kind + name), line);
    }
}

int migration_draft(struct db *db, const struct db_table *const *tables, size_t num, struct sink *draft,
                    struct sink *by_hand, struct db_error *error)
{
    struct lines have = { 0 }, want = { 0 };
    struct sink  online;
    sink_init_memory(&online);
    if (db_is_postgresql(db))
        return db_fail(error, BASE_ERR_SYSTEM, "migrations are drafted from an SQLite database");
    int ret = read_database(db, &have, error);
    if (ret == 0 && list_tables(false, tables, num, &want) != 0)
        ret = db_fail(error, TOC_ERR_NO_MEMORY, "no memory");
    if (ret != 0)
        goto out;
    draft_removed(&have, &want, draft, by_hand);
    for (size_t i = 0; i < num; i++)
        draft_table(tables[i], &have, draft, &online, by_hand);
    if (online.used > 0) {
        sink_text(draft, "\n-- online\n");
        sink_write(draft, online.bytes, online.used);
    }
    if (draft->failure != 0 || by_hand->failure != 0 || online.failure != 0)
        ret = db_fail(error, TOC_ERR_NO_MEMORY, "no memory");
out:
    sink_free(&online);
    free_lines(&have);
    free_lines(&want);
    return ret;
}
