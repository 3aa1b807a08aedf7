/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/job.h"

#include <stdio.h>
#include <string.h>

#include "store/schema.h"
#include "store/select_many.h"
#include "store/store_internal.h"

/* Those of a user; of everybody. */
#define OF_USER " WHERE requested_by = $1 AND id < $2 ORDER BY id DESC"
#define OF_ALL " WHERE id < $1 ORDER BY id DESC"
#define OPEN " WHERE status IN ('waiting', 'running') ORDER BY id"

struct taking {
    const struct model_record *record;
    struct arena              *arena;
    struct model_job          *jobs;
    size_t                     max, num;
};

static int take_job(void *context, const struct db_value *row, size_t num_columns)
{
    struct taking *taking = context;
    (void) num_columns;
    if (taking->num == taking->max)
        return 0;
    return schema_fetch(taking->record, row, taking->arena, &taking->jobs[taking->num++], NULL);
}

static int take_number(void *context, const struct db_value *row, size_t num_columns)
{
    (void) num_columns;
    *(int64_t *) context = row[0].integer;
    return 0;
}

static int find(struct store_reader *reader, const char *which, const struct db_value *values, size_t num_values,
                struct taking *taking)
{
    char       sql[4096];
    struct db *db;
    int        ret = store_reader_db(reader, &db);
    taking->record = model_record(MODEL_JOB);
    snprintf(sql, sizeof sql, "%s%s LIMIT %zu", store_select(reader->store, taking->record), which, taking->max);
    return ret == 0 ? select_rows(db, sql, values, num_values, take_job, taking, &reader->error) : ret;
}

/* ---- the grant ---- */

static bool sees_all(const struct access *who)
{
    return access_highest(who, model_record(MODEL_JOB)) >= (int) MODEL_CLASS_ROUTINE;
}

static bool is_own(const struct access *who, const struct model_job *job)
{
    return !id_is_missing(&who->user) && id_equal(&who->user, &job->requested_by);
}

/* Of another's job what the table says; of one's own everything. */
static void mask(const struct access *who, struct model_job *job)
{
    const struct model_record *record = model_record(MODEL_JOB);
    struct model_set           visible = access_visible(who, record);
    struct model_job           nothing;
    if (is_own(who, job))
        return;
    model_init(record, &nothing);
    for (size_t i = 0; i < record->num_fields; i++)
        if (!model_set_has(&visible, i))
            model_copy(&record->fields[i], job, &nothing);
}

/* ---- reading ---- */

int job_read(struct store_reader *reader, const struct access *who, const struct id *id, struct arena *arena,
             struct model_job *job)
{
    const struct access program = { .role = ACCESS_PROGRAM, .everywhere = true };
    struct model_job    found;
    struct model_set    visible;
    int ret = store_read(reader, &program, model_record(MODEL_JOB), id, STORE_NOW, arena, &found, &visible);
    if (ret == 0 && !is_own(who, &found) && !sees_all(who))
        ret = STORE_ERR_ABSENT;
    if (ret != 0)
        return ret;
    mask(who, &found);
    *job = found;
    return 0;
}

int job_list(struct store_reader *reader, const struct access *who, const struct id *before, struct arena *arena,
             struct model_job *jobs, size_t max, size_t *num)
{
    struct id last;
    memset(last.bytes, 0xff, sizeof last.bytes);
    struct db_value own[] = { db_id(&who->user), db_id(before != NULL ? before : &last) };
    struct taking   taking = { .arena = arena, .jobs = jobs, .max = max };
    int ret = sees_all(who) ? find(reader, OF_ALL, own + 1, 1, &taking) : find(reader, OF_USER, own, 2, &taking);
    for (size_t i = 0; i < taking.num && ret == 0; i++)
        mask(who, &jobs[i]);
    if (ret == 0)
        *num = taking.num;
    return ret;
}

int job_open(struct store_reader *reader, struct arena *arena, struct model_job *jobs, size_t max, size_t *num)
{
    struct taking taking = { .arena = arena, .jobs = jobs, .max = max };
    int           ret = find(reader, OPEN, NULL, 0, &taking);
    if (ret == 0)
        *num = taking.num;
    return ret;
}

int job_count_open(struct store_reader *reader, const struct id *user, int64_t *num)
{
    struct db      *db;
    struct db_value value = db_id(user);
    int64_t         found = 0;
    int             ret = store_reader_db(reader, &db);
    if (ret == 0)
        ret = select_rows(db, "SELECT COUNT(*) FROM job WHERE requested_by = $1 AND status IN ('waiting', 'running')",
                          &value, 1, take_number, &found, &reader->error);
    if (ret == 0)
        *num = found;
    return ret;
}
