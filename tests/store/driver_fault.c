/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/driver_fault.h"

#include <stdlib.h>

#include "store/db_driver.h"
#include "tocsin/status.h"

/* The connection that the store sees. Its statements and loads are the inner driver's, but belong to it, so that db.c
 * asks it. */
struct outer {
    struct db            db;
    struct db           *inner;
    struct driver_fault *fault;
};

static struct outer *outer_of(struct db *db)
{
    return (struct outer *) db;
}

static struct db *inner_of(struct db *db)
{
    return outer_of(db)->inner;
}

/* Count a call: whether it is to fail. */
static bool fails(struct db *db, enum driver_calls kind)
{
    struct driver_fault *fault = outer_of(db)->fault;
    if (fault->calls_counted != 0 && !(fault->calls_counted & kind))
        return false;
    size_t number = atomic_fetch_add(&fault->calls, 1) + 1;
    bool   hit = fault->fail_at != 0 && (number == fault->fail_at || (fault->and_after && number > fault->fail_at));
    if (hit)
        atomic_fetch_add(&fault->failed, 1);
    return hit;
}

static int say(struct db *db, struct db_error *error)
{
    return db_fail(error, outer_of(db)->fault->status, "this call fails, says the test");
}

/* Make the call, unless it is to fail; `done_first`: make it and forget that it succeeded. */
#define CALL(kind, call)                                                                                               \
    do {                                                                                                               \
        bool fails_ = fails(db, kind);                                                                                 \
        if (fails_ && !outer_of(db)->fault->done_first)                                                                \
            return say(db, error);                                                                                     \
        int ret_ = (call);                                                                                             \
        return fails_ && ret_ >= 0 ? say(db, error) : ret_;                                                            \
    } while (0)

static void close_both(struct db *db)
{
    db_close(inner_of(db));
    free(db);
}

static int begin(struct db *db, enum db_transaction kind, struct db_error *error)
{
    return fails(db, DRIVER_BEGIN) ? say(db, error) : db_begin(inner_of(db), kind, error);
}

/* A commit that fails has been rolled back: db_driver.h. */
static int commit(struct db *db, struct db_error *error)
{
    if (!fails(db, DRIVER_COMMIT))
        return db_commit(inner_of(db), error);
    if (outer_of(db)->fault->done_first)
        db_commit(inner_of(db), NULL);
    else
        db_rollback(inner_of(db));
    return say(db, error);
}

static int rollback(struct db *db)
{
    return db_rollback(inner_of(db));
}

static int execute(struct db *db, const char *sql, struct db_error *error)
{
    CALL(DRIVER_STATEMENT, db_execute(inner_of(db), sql, error));
}

static int prepare(struct db *db, const char *sql, struct db_statement **statement, struct db_error *error)
{
    if (fails(db, DRIVER_STATEMENT))
        return say(db, error);
    int ret = db_prepare(inner_of(db), sql, statement, error);
    if (ret == 0)
        (*statement)->db = db;
    return ret;
}

static int run(struct db_statement *statement, const struct db_value *parameters, size_t num, struct db_error *error)
{
    struct db *db = statement->db;
    CALL(DRIVER_STATEMENT, inner_of(db)->driver->run(statement, parameters, num, error));
}

/* A step that fails leaves the statement at rest. */
static int step(struct db_statement *statement, const struct db_value **row, size_t *num_columns,
                struct db_error *error)
{
    struct db *db = statement->db;
    if (!fails(db, DRIVER_STEP))
        return inner_of(db)->driver->step(statement, row, num_columns, error);
    inner_of(db)->driver->reset(statement);
    return say(db, error);
}

static void reset(struct db_statement *statement)
{
    inner_of(statement->db)->driver->reset(statement);
}

static int insert(struct db *db, const struct db_table *table, const struct db_value *rows, size_t num_rows,
                  struct db_error *error)
{
    CALL(DRIVER_CHANGE, db_insert(inner_of(db), table, rows, num_rows, error));
}

static int add(struct db *db, const struct db_table *table, uint64_t sum, const struct db_value *rows, size_t num_rows,
               struct db_error *error)
{
    CALL(DRIVER_CHANGE, db_add(inner_of(db), table, sum, rows, num_rows, error));
}

static int update(struct db *db, const struct db_table *table, int version_column, const struct db_value *rows,
                  size_t num_rows, size_t *conflict, struct db_error *error)
{
    CALL(DRIVER_CHANGE, db_update(inner_of(db), table, version_column, rows, num_rows, conflict, error));
}

static int remove_rows(struct db *db, const struct db_table *table, const struct db_value *keys, size_t num_rows,
                       struct db_error *error)
{
    CALL(DRIVER_CHANGE, db_delete(inner_of(db), table, keys, num_rows, error));
}

static int fetch(struct db *db, const struct db_table *table, const struct db_value *keys, size_t num_keys, db_row *row,
                 void *context, struct db_error *error)
{
    if (fails(db, DRIVER_STATEMENT))
        return say(db, error);
    return db_fetch(inner_of(db), table, keys, num_keys, row, context, error);
}

static int load_begin(struct db *db, const struct db_table *table, struct db_load **load, struct db_error *error)
{
    if (fails(db, DRIVER_CHANGE))
        return say(db, error);
    int ret = db_load_begin(inner_of(db), table, load, error);
    if (ret == 0)
        (*load)->db = db;
    return ret;
}

static int load_row(struct db_load *load, const struct db_value *row, struct db_error *error)
{
    struct db *db = load->db;
    CALL(DRIVER_CHANGE, inner_of(db)->driver->load_row(load, row, error));
}

/* It frees the load either way. */
static int load_end(struct db_load *load, struct db_error *error)
{
    struct db *db = load->db;
    if (!fails(db, DRIVER_CHANGE))
        return inner_of(db)->driver->load_end(load, error);
    inner_of(db)->driver->load_cancel(load);
    return say(db, error);
}

static void load_cancel(struct db_load *load)
{
    inner_of(load->db)->driver->load_cancel(load);
}

static int take_lease(struct db *db, const char *holder, int64_t now, int64_t *fence, struct db_error *error)
{
    CALL(DRIVER_LEASE, db_take_lease(inner_of(db), holder, now, fence, error));
}

static int check_lease(struct db *db, int64_t fence, struct db_error *error)
{
    CALL(DRIVER_LEASE, db_check_lease(inner_of(db), fence, error));
}

static int checkpoint(struct db *db, int64_t *pages_left, struct db_error *error)
{
    CALL(DRIVER_CHECKPOINT, db_checkpoint(inner_of(db), pages_left, error));
}

static int64_t log_pages(const struct db *db)
{
    return db_log_pages(((const struct outer *) db)->inner);
}

static const struct db_driver driver = {
    .close = close_both,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .execute = execute,
    .prepare = prepare,
    .run = run,
    .step = step,
    .reset = reset,
    .insert = insert,
    .add = add,
    .update = update,
    .remove = remove_rows,
    .fetch = fetch,
    .load_begin = load_begin,
    .load_row = load_row,
    .load_end = load_end,
    .load_cancel = load_cancel,
    .take_lease = take_lease,
    .check_lease = check_lease,
    .checkpoint = checkpoint,
    .log_pages = log_pages,
};

int driver_fault_wrap(void *context, struct db *inner, struct db **outer)
{
    struct outer *made = calloc(1, sizeof *made);
    if (made == NULL)
        return TOC_ERR_NO_MEMORY;
    made->db.driver = &driver;
    made->db.postgresql = inner->postgresql;
    made->db.read_only = inner->read_only;
    memcpy(made->db.warning, inner->warning, sizeof made->db.warning);
    made->inner = inner;
    made->fault = context;
    *outer = &made->db;
    return 0;
}
