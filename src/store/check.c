/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/check_internal.h"
#include "store/schema.h"
#include "store/select_many.h"
#include "tocsin/status.h"

#define SQL_BYTES 600
#define CHECK_PAGE_ROWS 5000

void check_tell(struct check *check, int64_t looked, int64_t wrong, const char *remedy, const char *what, ...)
{
    char                 text[200];
    struct check_finding finding = {
        .what = text, .looked = looked, .wrong = wrong, .remedy = wrong > 0 ? remedy : NULL
    };
    va_list arguments;
    va_start(arguments, what);
    vsnprintf(text, sizeof text, what, arguments);
    va_end(arguments);
    check->wrong += wrong > 0;
    check->options->tell(check->options->context, &finding);
}

int check_number(struct check *check, const char *sql, int64_t *number)
{
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num_columns;
    int                    ret = db_prepare(check->db, sql, &statement, check->error);
    if (ret == 0)
        ret = db_run(statement, NULL, 0, check->error);
    if (ret == 0)
        ret = db_step(statement, &row, &num_columns, check->error);
    if (ret != 1)
        return ret < 0 ? ret : DB_ERR_CORRUPT;
    *number = row[0].type == DB_INTEGER ? row[0].integer : 0;
    db_reset(statement);
    return 0;
}

/* ---- the file ---- */

struct lines {
    int64_t looked, wrong;
};

static int line_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct lines *lines = context;
    (void) num_columns;
    lines->looked++;
    lines->wrong += !(row[0].type == DB_TEXT && row[0].size == 2 && memcmp(row[0].bytes, "ok", 2) == 0);
    return 0;
}

/* SQLite answers "ok", or one line a damage. What the indexes hold is check_indexes' to say: integrity_check, which
 * says it too, looks every row up in each of them. */
static int check_file(struct check *check)
{
    struct lines lines = { .looked = 0 };
    if (db_is_postgresql(check->db))
        return 0;
    int ret = select_rows(check->db, "PRAGMA quick_check(100)", NULL, 0, line_row, &lines, check->error);
    if (ret == 0)
        check_tell(check, lines.looked, lines.wrong, CHECK_RESTORE, "the pages of the file are sound");
    return ret;
}

/* ---- rows of records ---- */

/* One page of rows behind the id `*last`. *num = how many there were. */
static int check_page(struct check *check, const struct model_record *record, const char *sql, struct id *last,
                      size_t *num, int64_t *wrong)
{
    struct arena           arena = ARENA_INIT;
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num_columns;
    struct db_value        after = db_bytes(last->bytes, ID_BYTES);
    void                  *value = malloc(record->size);
    int ret = value != NULL ? db_prepare(check->db, sql, &statement, check->error) : TOC_ERR_NO_MEMORY;
    if (ret == 0)
        ret = db_run(statement, &after, 1, check->error);
    *num = 0;
    while (ret == 0 && (ret = db_step(statement, &row, &num_columns, check->error)) == 1) {
        ret = schema_fetch(record, row, &arena, value, NULL);
        *wrong += ret == DB_ERR_CORRUPT;
        if (ret == DB_ERR_CORRUPT)
            ret = 0;
        if (row[SCHEMA_ID].type == DB_BYTES && row[SCHEMA_ID].size == ID_BYTES)
            memcpy(last->bytes, row[SCHEMA_ID].bytes, ID_BYTES);
        (*num)++;
        arena_free(&arena);
    }
    free(value);
    return ret;
}

static int check_rows(struct check *check, const struct model_record *record)
{
    struct id last = { { 0 } };
    int64_t   looked = 0, wrong = 0;
    size_t    num = CHECK_PAGE_ROWS;
    char     *select = schema_select(record), *sql = NULL;
    int       ret = 0;
    if (select == NULL || asprintf(&sql, "%s WHERE \"id\" > $1 ORDER BY \"id\" LIMIT %d", select, CHECK_PAGE_ROWS) < 0)
        ret = TOC_ERR_NO_MEMORY;
    while (ret == 0 && num == CHECK_PAGE_ROWS) {
        ret = check_page(check, record, sql, &last, &num, &wrong);
        looked += (int64_t) num;
    }
    if (ret == 0)
        check_tell(check, looked, wrong, CHECK_RESTORE, "%s: every row can be read", record->name);
    free(select);
    free(sql);
    return ret;
}

static int check_reference(struct check *check, const struct model_record *record, const struct model_field *field)
{
    char    sql[SQL_BYTES];
    int64_t looked, wrong;
    snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM \"%s\" WHERE \"%s\" IS NOT NULL", record->name, field->name);
    int ret = check_number(check, sql, &looked);
    if (ret != 0)
        return ret;
    snprintf(sql, sizeof sql,
             "SELECT COUNT(*) FROM \"%s\" t WHERE t.\"%s\" IS NOT NULL AND NOT EXISTS "
             "(SELECT 1 FROM \"%s\" r WHERE r.\"id\" = t.\"%s\")",
             record->name, field->name, field->target, field->name);
    ret = check_number(check, sql, &wrong);
    if (ret == 0)
        check_tell(check, looked, wrong, CHECK_RESTORE, "%s.%s: refers to what exists", record->name, field->name);
    return ret;
}

/* What is sealed can be opened: the key of its owner is there. */
static int check_sealed(struct check *check, const struct model_record *record)
{
    char    sql[SQL_BYTES];
    int64_t looked, wrong;
    snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM \"%s\" WHERE \"sealed\" IS NOT NULL", record->name);
    int ret = check_number(check, sql, &looked);
    if (ret != 0)
        return ret;
    snprintf(sql, sizeof sql,
             "SELECT COUNT(*) FROM \"%s\" t WHERE t.\"sealed\" IS NOT NULL AND NOT EXISTS "
             "(SELECT 1 FROM \"person_key\" k WHERE k.\"person\" = t.\"%s\")",
             record->name, record->owner);
    ret = check_number(check, sql, &wrong);
    if (ret == 0)
        check_tell(check, looked, wrong, CHECK_RESTORE, "%s: the key of what is sealed is there", record->name);
    return ret;
}

static int check_record(struct check *check, const struct model_record *record)
{
    int ret = check_rows(check, record);
    for (size_t i = 0; ret == 0 && i < record->num_fields; i++)
        if (record->fields[i].kind == MODEL_KIND_REFERENCE && schema_column(record, i) >= 0)
            ret = check_reference(check, record, &record->fields[i]);
    if (ret == 0 && schema_sealed_column(record) >= 0)
        ret = check_sealed(check, record);
    return ret;
}

/* ---- the audit chain ---- */

static int check_audit(struct check *check)
{
    static const char *const verdicts[] = { [AUDIT_WHOLE] = "is whole",
                                            [AUDIT_CHANGED] = "has an entry that was changed",
                                            [AUDIT_MISSING] = "lacks an entry",
                                            [AUDIT_SHORTENED] = "ends before a head that was given out",
                                            [AUDIT_OTHER_HEAD] = "is not the chain whose head was given out" };
    struct audit_result      result;
    int ret = audit_verify(check->db, check->options->heads, check->options->num_heads, &result, check->error);
    if (ret == 0 && result.verdict == AUDIT_WHOLE)
        check_tell(check, result.entries, 0, NULL, "the audit chain is whole");
    else if (ret == 0)
        check_tell(check, result.entries, 1, "keep this database as it is and tell the data-protection officer",
                   "the audit chain %s (number %lld)", verdicts[result.verdict], (long long) result.number);
    return ret;
}

int store_check(struct db *db, const struct check_options *options, int64_t *wrong, struct db_error *error)
{
    struct check               check = { .db = db, .options = options, .error = error };
    size_t                     num;
    const struct model_record *records = model_records(&num);
    int                        ret = check_file(&check); /* before the snapshot: it locks nothing */
    if (ret == 0)
        ret = db_begin(db, DB_READ, error);
    if (ret != 0)
        return ret;
    ret = check_indexes(&check);
    for (size_t i = 0; ret == 0 && i < num; i++)
        ret = check_record(&check, &records[i]);
    if (ret == 0)
        ret = check_tokens(&check);
    if (ret == 0)
        ret = check_counters(&check);
    if (ret == 0)
        ret = check_tested(&check);
    if (ret == 0)
        ret = check_audit(&check);
    db_rollback(db);
    if (ret == 0)
        *wrong = check.wrong;
    return ret;
}
