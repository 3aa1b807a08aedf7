/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Upkeep that goes through the writer in slices: new wrapping of keys, the end of what is kept for a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "base/instant.h"
#include "store/group.h"
#include "store/schema.h"
#include "store/select_many.h"
#include "store/tables.h"

enum { REWRAP_SLICE = 1024, RETAIN_SLICE = 200 };

static const struct access program = { .role = ACCESS_PROGRAM, .everywhere = true };

int upkeep_run(struct store *store, int (*job)(void *context, struct group *group), void *context)
{
    struct ticket ticket = { .who = program, .job = job, .context = context, .bulk = true, .weight = 1 };
    return store->writer == NULL ? STORE_ERR_STOPPED : writer_submit(store->writer, &ticket);
}

int upkeep_audit(struct group *group, const char *verb)
{
    const struct audit_entry entry = { .at = group->known,
                                       .fence = group->writer->fence,
                                       .role = access_role_word(ACCESS_PROGRAM),
                                       .purpose = "",
                                       .verb = verb };
    return group_audit(group, &entry);
}

/* ---- keys ---- */

/* First the keys, then those beside the names, each in the order of its table. */
struct rewrap {
    bool                  names;
    struct id             after, after_area;
    bool                  begun;
    struct keeper_wrapped wrapped[REWRAP_SLICE], again[REWRAP_SLICE];
    int                   statuses[REWRAP_SLICE];
    struct id             areas[REWRAP_SLICE]; /* of names */
    struct db_value       sealed[REWRAP_SLICE];
    size_t                num;
    int64_t               done, failed;
    struct group         *group;
};

static int wrapped_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct rewrap *rewrap = context;
    (void) num_columns;
    if (row[2].type != DB_BYTES || row[2].size != KEEPER_WRAPPED_BYTES || rewrap->num == REWRAP_SLICE)
        return DB_ERR_CORRUPT;
    struct keeper_wrapped *wrapped = &rewrap->wrapped[rewrap->num];
    memcpy(wrapped->owner.bytes, row[0].bytes, ID_BYTES);
    wrapped->generation = (uint32_t) row[1].integer;
    memcpy(wrapped->bytes, row[2].bytes, KEEPER_WRAPPED_BYTES);
    if (rewrap->names) {
        const char *copy = arena_copy(&rewrap->group->arena, row[4].bytes, row[4].size);
        if (copy == NULL)
            return TOC_ERR_NO_MEMORY;
        memcpy(rewrap->areas[rewrap->num].bytes, row[3].bytes, ID_BYTES);
        rewrap->sealed[rewrap->num] = db_bytes(copy, row[4].size);
    }
    rewrap->num++;
    return 0;
}

static int read_wrapped(struct rewrap *rewrap)
{
    struct group   *group = rewrap->group;
    struct db_value parameters[] = { db_bytes(rewrap->after.bytes, ID_BYTES), db_integer(REWRAP_SLICE),
                                     db_bytes(rewrap->after_area.bytes, ID_BYTES) };
    rewrap->num = 0;
    if (rewrap->names)
        return select_rows(group->db,
                           "SELECT person, generation, wrapped, area, name FROM search_name WHERE (area, person) > "
                           "($3, $1) ORDER BY area, person LIMIT $2",
                           parameters, 3, wrapped_row, rewrap, &group->error);
    return select_rows(group->db,
                       rewrap->begun ? "SELECT person, generation, wrapped FROM person_key WHERE person > $1 ORDER BY "
                                       "person LIMIT $2"
                                     : "SELECT person, generation, wrapped FROM person_key WHERE person >= $1 ORDER BY "
                                       "person LIMIT $2",
                       parameters, 2, wrapped_row, rewrap, &group->error);
}

static int write_wrapped(struct rewrap *rewrap)
{
    const struct db_table *table = rewrap->names ? &store_table_search_name : &store_table_person_key;
    struct group          *group = rewrap->group;
    struct db_value       *rows = arena_array(&group->arena, rewrap->num * table->num_columns, sizeof *rows);
    size_t                 num = 0;
    if (rows == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < rewrap->num; i++) {
        const struct keeper_wrapped *again = &rewrap->again[i];
        if (rewrap->statuses[i] != 0)
            continue;
        struct db_value *row = rows + num++ * table->num_columns;
        if (rewrap->names) {
            row[store_search_name_area] = db_id(&rewrap->areas[i]);
            row[store_search_name_person] = db_id(&again->owner);
            row[store_search_name_generation] = db_integer(again->generation);
            row[store_search_name_wrapped] = db_bytes(again->bytes, KEEPER_WRAPPED_BYTES);
            row[store_search_name_name] = rewrap->sealed[i];
        } else {
            row[store_person_key_person] = db_id(&again->owner);
            row[store_person_key_generation] = db_integer(again->generation);
            row[store_person_key_wrapped] = db_bytes(again->bytes, KEEPER_WRAPPED_BYTES);
        }
    }
    return num == 0 ? 0 : db_update(group->db, table, -1, rows, num, NULL, &group->error);
}

static int rewrap_slice(void *context, struct group *group)
{
    struct rewrap      *rewrap = context;
    struct keeper_error failure = { .status = 0 };
    rewrap->group = group;
    int ret = group_write(group); /* what this group has decided so far */
    if (ret == 0)
        ret = read_wrapped(rewrap);
    if (ret != 0 || rewrap->num == 0)
        return ret;
    ret = keeper_rewrap(group->store->options.keeper, rewrap->wrapped, rewrap->num, rewrap->again, rewrap->statuses,
                        &failure);
    if (ret != 0)
        return group_fail(group, ret, failure.what);
    ret = write_wrapped(rewrap);
    return ret == 0 && !rewrap->begun ? upkeep_audit(group, "wrap keys anew") : ret;
}

int store_rewrap(struct store *store, void (*progress)(void *context, int64_t done), void *context, int64_t *rewrapped,
                 int64_t *failed)
{
    struct rewrap *rewrap = calloc(1, sizeof *rewrap);
    int            ret = rewrap == NULL ? TOC_ERR_NO_MEMORY : store->options.keeper == NULL ? STORE_ERR_DENIED : 0;
    while (ret == 0) {
        ret = upkeep_run(store, rewrap_slice, rewrap);
        if (ret != 0 || (rewrap->num == 0 && rewrap->names))
            break;
        if (rewrap->num == 0) {
            rewrap->names = rewrap->begun = true;
            rewrap->after = (struct id){ { 0 } };
            continue;
        }
        for (size_t i = 0; i < rewrap->num; i++)
            if (rewrap->statuses[i] != 0)
                rewrap->failed++;
            else
                rewrap->done += !rewrap->names; /* a person counts once */
        rewrap->after = rewrap->wrapped[rewrap->num - 1].owner;
        rewrap->after_area = rewrap->areas[rewrap->num - 1]; /* zero while keys are read */
        rewrap->begun = true;
        if (progress != NULL)
            progress(context, rewrap->done + rewrap->failed);
    }
    if (ret == 0) {
        *rewrapped = rewrap->done;
        *failed = rewrap->failed;
    }
    free(rewrap);
    return ret;
}

/* ---- what is kept for a time ---- */

struct retain {
    const struct model_record *record;
    struct db_value            before; /* rows whose day is smaller go */
    char                       date[DATE_TEXT_BYTES];
    struct id                  ids[RETAIN_SLICE];
    size_t                     num;
};

static int retained_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct retain *retain = context;
    (void) num_columns;
    if (retain->num < RETAIN_SLICE)
        memcpy(retain->ids[retain->num++].bytes, row[0].bytes, ID_BYTES);
    return 0;
}

static int no_row(void *context, const struct db_value *row, size_t num_columns)
{
    (void) context;
    (void) row;
    (void) num_columns;
    return 0;
}

/* Rows, their history, their words; and their keys where each row has one of its own. */
static int remove_rows(struct group *group, const struct retain *retain)
{
    struct db_value *keys = arena_array(&group->arena, retain->num, sizeof *keys);
    char             history[128], words[128];
    if (keys == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < retain->num; i++)
        keys[i] = db_id(&retain->ids[i]);
    snprintf(history, sizeof history, " AND record = '%s'", retain->record->name);
    snprintf(words, sizeof words, " AND record = '%s'", retain->record->name);
    int ret = db_delete(group->db, schema_table(retain->record), keys, retain->num, &group->error);
    if (ret == 0)
        ret = select_many(group->db, "DELETE FROM history WHERE id", history, keys, retain->num, no_row, NULL,
                          &group->error);
    if (ret == 0)
        ret = select_many(group->db, "DELETE FROM search_term WHERE id", words, keys, retain->num, no_row, NULL,
                          &group->error);
    if (ret == 0 && retain->record->owner != NULL && strcmp(retain->record->owner, "id") == 0)
        ret = db_delete(group->db, &store_table_person_key, keys, retain->num, &group->error);
    return ret;
}

static int retain_slice(void *context, struct group *group)
{
    struct retain     *retain = context;
    struct audit_entry entry = { .at = group->known,
                                 .fence = group->writer->fence,
                                 .role = access_role_word(ACCESS_PROGRAM),
                                 .purpose = "",
                                 .verb = "retention" };
    char               sql[256];
    if (retain->before.type == DB_TEXT) /* '' is missing, and smaller than any day */
        snprintf(sql, sizeof sql, "SELECT id FROM \"%s\" WHERE \"%s\" < $1 AND \"%s\" <> '' LIMIT %d",
                 retain->record->name, retain->record->retained_from, retain->record->retained_from, RETAIN_SLICE);
    else
        snprintf(sql, sizeof sql, "SELECT id FROM \"%s\" WHERE \"%s\" < $1 LIMIT %d", retain->record->name,
                 retain->record->retained_from, RETAIN_SLICE);
    retain->num = 0;
    int ret = group_write(group);
    if (ret == 0)
        ret = select_rows(group->db, sql, &retain->before, 1, retained_row, retain, &group->error);
    if (ret != 0 || retain->num == 0)
        return ret;
    ret = remove_rows(group, retain);
    group->broken = ret != 0;
    group->writer->sweep_due = true; /* keys of messages went with them */
    struct audit_subjects subjects = { .record = retain->record->name, .ids = retain->ids, .num = retain->num };
    entry.subjects = &subjects;
    entry.num_subjects = 1;
    return ret == 0 ? group_audit(group, &entry) : ret;
}

static int forget_keys(void *context, struct group *group)
{
    struct db_value      before = db_integer(*(const int64_t *) context);
    struct db_statement *statement;
    int                  ret = group_write(group);
    if (ret == 0)
        ret = db_prepare(group->db, "DELETE FROM idempotency WHERE at < $1", &statement, &group->error);
    return ret == 0 ? db_run(statement, &before, 1, &group->error) : ret;
}

static int retain_record(struct store *store, struct retain *retain, toc_date today, int64_t *removed)
{
    const struct model_record *record = retain->record;
    const struct model_field  *field = model_field_find(record, record->retained_from, strlen(record->retained_from));
    toc_date                   before = today - (toc_date) record->retained_days;
    int                        ret = 0;
    if (field == NULL)
        return TOC_ERR_DOMAIN;
    if (field->kind == MODEL_KIND_INSTANT)
        retain->before = db_integer(before * INSTANT_DAY);
    else {
        size_t size = date_to_text(before, DATE_FORM_DAY, retain->date);
        retain->before = db_text(retain->date, size);
    }
    do {
        ret = upkeep_run(store, retain_slice, retain);
        if (ret == 0)
            *removed += (int64_t) retain->num;
    } while (ret == 0 && retain->num > 0);
    return ret;
}

int store_retain(struct store *store, toc_date today, int64_t *removed)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    struct retain             *retain = calloc(1, sizeof *retain);
    int64_t                    gone = 0, before = (today - STORE_IDEMPOTENCY_DAYS) * INSTANT_DAY;
    int                        ret = retain == NULL ? TOC_ERR_NO_MEMORY : upkeep_run(store, forget_keys, &before);
    for (size_t i = 0; i < num && ret == 0; i++) {
        if (records[i].retained_from == NULL)
            continue;
        retain->record = &records[i];
        ret = retain_record(store, retain, today, &gone);
    }
    free(retain);
    if (ret == 0)
        *removed = gone;
    return ret;
}
