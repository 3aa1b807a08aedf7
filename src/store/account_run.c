/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/account_run.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/group.h"
#include "store/select_many.h"

static int some_row(void *context, const struct db_value *row, size_t num_columns)
{
    (void) row;
    (void) num_columns;
    *(bool *) context = true;
    return 0;
}

static int ask(struct group *group, const struct account_step *step)
{
    bool any = false;
    int  ret = select_rows(group->db, step->sql, step->values, step->num, some_row, &any, &group->error);
    return ret == 0 && !any ? step->refusal : ret;
}

static int execute(struct group *group, const struct account_step *step)
{
    struct db_statement *statement;
    int                  ret = db_prepare(group->db, step->sql, &statement, &group->error);
    return ret == 0 ? db_run(statement, step->values, step->num, &group->error) : ret;
}

struct running {
    const struct account_work *work;
    struct access              who;
    struct fault_list         *faults;
};

/* Records that change with it: a request of the program for the one who asked, with an audit entry of its own. */
static int apply_records(struct group *group, const struct running *running)
{
    struct access program = { .user = running->who.user, .role = ACCESS_PROGRAM, .everywhere = true };
    struct ticket ticket = {
        .request = running->work->records, .set = running->work->records->set, .who = program, .faults = running->faults
    };
    struct ticket *tickets = &ticket;
    bool           fatal = false;
    int            ret = group_gather(group, &tickets, 1);
    if (ret == 0)
        ret = group_apply(group, &ticket, &fatal);
    group->broken = group->broken || fatal;
    return ret;
}

static int audit(struct group *group, const struct running *running)
{
    const struct account_work *work = running->work;
    struct audit_subjects      subjects = { .record = work->record, .ids = &work->subject, .num = 1 };
    struct audit_entry         entry = { .at = group->known,
                                         .fence = group->writer->fence,
                                         .actor = running->who.user,
                                         .role = access_role_word(running->who.role),
                                         .purpose = access_purpose_word(running->who.purpose),
                                         .verb = work->verb,
                                         .subjects = &subjects,
                                         .num_subjects = id_is_missing(&work->subject) ? 0 : 1 };
    return group_audit(group, &entry);
}

static int account_job(void *context, struct group *group)
{
    const struct running      *running = context;
    const struct account_work *work = running->work;
    size_t                     step = 0;
    int                        ret = group_write(group); /* what this group has decided so far */
    for (; ret == 0 && step < work->num_steps && work->steps[step].refusal != 0; step++)
        ret = ask(group, &work->steps[step]);
    if (ret == 0 && work->records != NULL)
        ret = apply_records(group, running);
    if (ret != 0)
        return ret;
    group->access_changed = true;
    group->broken = true;     /* until all of it is done */
    ret = group_write(group); /* the statements see the records */
    for (; ret == 0 && step < work->num_steps; step++)
        ret = execute(group, &work->steps[step]);
    if (ret == 0 && work->verb != NULL)
        ret = audit(group, running);
    group->broken = ret != 0;
    return ret;
}

int account_run(struct store *store, const struct access *who, const struct account_work *work,
                struct fault_list *faults)
{
    struct fault_list own = FAULT_LIST_INIT;
    struct running    running = { .work = work, .who = *who, .faults = faults != NULL ? faults : &own };
    struct ticket     ticket = {
            .who = *who, .job = account_job, .context = &running, .weight = 1, .faults = running.faults
    };
    int ret = store->writer == NULL ? STORE_ERR_STOPPED : writer_submit(store->writer, &ticket);
    fault_list_free(&own);
    return ret;
}

/* ---- without waiting ---- */

struct later {
    const char         *sql;
    struct account_hash hash;
    int64_t             now;
};

static int later_job(void *context, struct group *group)
{
    const struct later       *later = context;
    const struct account_step step = { .sql = later->sql,
                                       .values = { db_integer(later->now),
                                                   db_bytes(later->hash.bytes, ACCOUNT_HASH_BYTES) },
                                       .num = 2 };
    int                       ret = group_write(group);
    group->broken = true;
    if (ret == 0)
        ret = execute(group, &step);
    group->broken = ret != 0;
    return ret;
}

static void forget_later(void *context, int status, const struct store_receipt *receipt)
{
    (void) status;
    (void) receipt;
    free(context);
}

void account_run_later(struct store *store, const char *sql, const struct account_hash *hash, int64_t now)
{
    struct later  *later = memory_array(1, sizeof *later);
    struct ticket *ticket = memory_array(1, sizeof *ticket);
    if (later == NULL || ticket == NULL || store->writer == NULL) {
        free(later);
        free(ticket);
        return;
    }
    *later = (struct later){ .sql = sql, .hash = *hash, .now = now };
    *ticket = (struct ticket){
        .job = later_job, .context = later, .done = forget_later, .owned = true, .bulk = true, .weight = 1
    };
    if (writer_submit(store->writer, ticket) != 0) {
        free(later);
        free(ticket);
    }
}

/* ---- what is sealed ---- */

static struct seal_context context_of(const struct id *owner, const char *purpose)
{
    return (struct seal_context){ .record = "account", .id = *owner, .purpose = purpose };
}

int account_seal(struct store *store, const struct id *owner, const char *purpose, const void *plain, size_t size,
                 struct account_sealed *sealed)
{
    struct seal_key     key;
    struct seal_context context = context_of(owner, purpose);
    if (store->options.keeper == NULL)
        return STORE_ERR_DENIED;
    if (size > ACCOUNT_REASON_BYTES)
        return TOC_ERR_TOO_LARGE;
    seal_keys_make(&key, 1);
    int ret = keeper_wrap(store->options.keeper, owner, &key, 1, &sealed->wrapped, NULL);
    if (ret == 0)
        ret = seal(&key, &context, plain, size, sealed->bytes);
    seal_keys_wipe(&key, 1);
    sealed->owner = *owner;
    sealed->size = size + SEAL_EXTRA_BYTES;
    return ret;
}

struct key_found {
    struct keeper_wrapped wrapped;
    bool                  any;
};

static int key_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct key_found *found = context;
    (void) num_columns;
    if (row[1].type != DB_BYTES || row[1].size != KEEPER_WRAPPED_BYTES)
        return DB_ERR_CORRUPT;
    found->wrapped.generation = (uint32_t) row[0].integer;
    memcpy(found->wrapped.bytes, row[1].bytes, KEEPER_WRAPPED_BYTES);
    found->any = true;
    return 0;
}

int account_unseal(struct store_reader *reader, const struct id *owner, const char *purpose, const void *sealed,
                   size_t size, void *plain)
{
    struct db          *db;
    struct seal_key     key;
    struct key_found    found = { .wrapped = { .owner = *owner } };
    struct seal_context context = context_of(owner, purpose);
    struct db_value     parameter = db_id(owner);
    if (reader->store->options.keeper == NULL)
        return STORE_ERR_DENIED;
    int ret = store_reader_db(reader, &db);
    if (ret == 0)
        ret = select_rows(db, "SELECT generation, wrapped FROM person_key WHERE person = $1", &parameter, 1, key_row,
                          &found, &reader->error);
    if (ret == 0 && !found.any)
        ret = STORE_ERR_ABSENT;
    if (ret != 0)
        return ret;
    ret = keeper_unwrap(reader->store->options.keeper, KEEPER_SHOW, &found.wrapped, 1, &key, NULL, NULL);
    if (ret == 0)
        ret = unseal(&key, &context, sealed, size, plain);
    seal_keys_wipe(&key, 1);
    return ret;
}

struct account_step account_key_step(const struct account_sealed *sealed)
{
    return (struct account_step){ .sql = "INSERT INTO person_key (person, generation, wrapped) VALUES ($1, $2, $3)",
                                  .values = { db_id(&sealed->owner), db_integer(sealed->wrapped.generation),
                                              db_bytes(sealed->wrapped.bytes, KEEPER_WRAPPED_BYTES) },
                                  .num = 3 };
}
