/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The statements that make tables and indexes, in the words of either database or of migration files. */
#include <stdlib.h>
#include <string.h>

#include "base/sink.h"
#include "store/db_driver.h"

/* What the databases say differently: { neutral, SQLite, PostgreSQL }. */
static const char *const words[][3] = {
    { "{id}", "BLOB", "uuid" },
    { "{integer}", "INTEGER", "bigint" },
    { "{real}", "REAL", "double precision" },
    { "{text}", "TEXT", "text COLLATE \"C\"" },
    { "{bytes}", "BLOB", "bytea" },
    { "{rowid}", " STRICT", "" },                /* behind a table whose key is one integer */
    { "{keyed}", " STRICT, WITHOUT ROWID", "" }, /* behind any other */
};
enum { NUM_WORDS = sizeof words / sizeof *words, WORD_ROWID = 5, WORD_KEYED = 6 };

static const char *word(size_t number, enum db_dialect dialect)
{
    return words[number][dialect == DB_NEUTRAL ? 0 : dialect == DB_SQLITE ? 1 : 2];
}

void db_write_column(struct sink *sql, const struct db_table *table, size_t number, enum db_dialect dialect)
{
    const struct db_column *column = &table->columns[number];
    db_write_name(sql, column->name);
    sink_format(sql, " %s", word(column->kind, dialect)); /* the first words are in the order of enum db_kind */
    if (column->not_null || column->kind == DB_KIND_TEXT || number < table->num_key)
        sink_text(sql, " NOT NULL");
    if (column->kind == DB_KIND_TEXT && number >= table->num_key)
        sink_text(sql, " DEFAULT ''");
}

void db_write_table(struct sink *sql, const struct db_table *table, enum db_dialect dialect)
{
    bool rowid = table->num_key == 1 && table->columns[0].kind == DB_KIND_INTEGER;
    sink_text(sql, "CREATE TABLE ");
    db_write_name(sql, table->name);
    for (size_t i = 0; i < table->num_columns; i++) {
        sink_text(sql, i == 0 ? " (\n  " : ",\n  ");
        db_write_column(sql, table, i, dialect);
    }
    sink_text(sql, ",\n  PRIMARY KEY (");
    db_write_columns(sql, table, 0, table->num_key);
    sink_format(sql, "))%s;\n", word(rowid ? WORD_ROWID : WORD_KEYED, dialect));
}

static const struct db_column *find_column(const struct db_table *table, const char *name)
{
    for (size_t i = 0; i < table->num_columns; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

void db_write_index(struct sink *sql, const struct db_table *table, const struct db_index *index)
{
    const char *separator = " (";
    sink_text(sql, index->unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");
    db_write_name(sql, index->name);
    sink_text(sql, " ON ");
    db_write_name(sql, table->name);
    for (size_t i = 0; i < DB_INDEX_COLUMNS && index->columns[i] != NULL; i++, separator = ",") {
        sink_text(sql, separator);
        db_write_name(sql, index->columns[i]);
    }
    sink_character(sql, ')');
    db_write_index_rows(sql, table, index);
    sink_text(sql, ";\n");
}

bool db_index_is_partial(const struct db_table *table, const struct db_index *index)
{
    const struct db_column *first = find_column(table, index->columns[0]);
    if (first == NULL || first->not_null || first < table->columns + table->num_key)
        return false;
    return first->kind == DB_KIND_ID || (index->unique && first->kind == DB_KIND_TEXT);
}

void db_write_index_rows(struct sink *sql, const struct db_table *table, const struct db_index *index)
{
    const struct db_column *first = find_column(table, index->columns[0]);
    if (db_index_is_partial(table, index))
        sink_format(sql, " WHERE \"%s\" %s", first->name, first->kind == DB_KIND_TEXT ? "<> ''" : "IS NOT NULL");
}

int db_table_sql(const struct db *db, const struct db_table *table, char **sql)
{
    struct sink text;
    sink_init_memory(&text);
    db_write_table(&text, table, db->postgresql ? DB_POSTGRESQL : DB_SQLITE);
    char *made = db_take_text(&text);
    if (made == NULL)
        return TOC_ERR_NO_MEMORY;
    *sql = made;
    return 0;
}

int db_index_sql(const struct db *db, const struct db_table *table, const struct db_index *index, char **sql)
{
    struct sink text;
    (void) db; /* both say it alike */
    sink_init_memory(&text);
    db_write_index(&text, table, index);
    char *made = db_take_text(&text);
    if (made == NULL)
        return TOC_ERR_NO_MEMORY;
    *sql = made;
    return 0;
}

bool db_translate(struct sink *sql, const char *neutral, enum db_dialect dialect)
{
    for (const char *brace; (brace = strchr(neutral, '{')) != NULL;) {
        size_t number = 0, length = strcspn(brace, "}") + 1;
        while (number < NUM_WORDS && strncmp(brace, words[number][0], length) != 0)
            number++;
        if (number == NUM_WORDS)
            return false;
        sink_write(sql, neutral, (size_t) (brace - neutral));
        sink_text(sql, word(number, dialect));
        neutral = brace + length;
    }
    sink_text(sql, neutral);
    return true;
}
