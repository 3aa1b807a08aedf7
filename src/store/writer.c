/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/writer.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/instant.h"
#include "base/memory.h"
#include "store/counters_fold.h"
#include "store/erase.h"
#include "store/group.h"
#include "store/migration.h"
#include "store/schema.h"
#include "store/select_many.h"

enum { INTERACTIVE, BULK };

/* ---- the queue ---- */

static size_t queue_most(const struct writer *writer)
{
    size_t most = writer->store->options.queue_requests;
    return most != 0 ? most : STORE_QUEUE_REQUESTS;
}

static int put(struct writer *writer, struct ticket *ticket)
{
    int ret = 0, lane = ticket->bulk ? BULK : INTERACTIVE;
    pthread_mutex_lock(&writer->lock);
    if (writer->stopped || writer->closing)
        ret = STORE_ERR_STOPPED;
    else if (writer->waiting >= queue_most(writer))
        ret = STORE_ERR_FULL_QUEUE;
    else {
        ticket->next = NULL;
        if (writer->last[lane] != NULL)
            writer->last[lane]->next = ticket;
        else
            writer->first[lane] = ticket;
        if (writer->waiting++ == 0 || (lane == INTERACTIVE && writer->first[INTERACTIVE] == ticket))
            pthread_cond_signal(&writer->arrived);
        writer->last[lane] = ticket;
    }
    pthread_mutex_unlock(&writer->lock);
    return ret;
}

int writer_submit(struct writer *writer, struct ticket *ticket)
{
    bool waits = ticket->done == NULL;
    if (ticket->faults == NULL)
        ticket->faults = &ticket->spare;
    ticket->faults_kept = ticket->faults->num_kept;
    ticket->faults_all = ticket->faults->num_all;
    if (waits && sem_init(&ticket->finished, 0, 0) != 0)
        return BASE_ERR_SYSTEM;
    int ret = put(writer, ticket);
    if (!waits)
        return ret;
    if (ret == 0) {
        while (sem_wait(&ticket->finished) != 0)
            ;
        ret = ticket->status;
    }
    sem_destroy(&ticket->finished);
    return ret;
}

static double seconds_since(const struct timespec *since)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) (now.tv_sec - since->tv_sec) + (double) (now.tv_nsec - since->tv_nsec) / 1e9;
}

void writer_watch(struct writer *writer, struct store_state *state)
{
    double late = writer->fold != NULL ? counters_fold_late(writer->fold) : 0;
    pthread_mutex_lock(&writer->lock);
    *state = (struct store_state){ .writes = true,
                                   .stopped = writer->stopped,
                                   .waiting = writer->waiting,
                                   .groups = writer->groups,
                                   .requests = writer->requests,
                                   .event = writer->shown_event,
                                   .counts_late = late };
    if (writer->counts_failing.tv_sec != 0)
        state->counts_late = seconds_since(&writer->counts_failing);
    pthread_mutex_unlock(&writer->lock);
}

static struct ticket *take_first(struct writer *writer, int lane)
{
    struct ticket *ticket = writer->first[lane];
    writer->first[lane] = ticket->next;
    if (ticket->next == NULL)
        writer->last[lane] = NULL;
    writer->waiting--;
    return ticket;
}

/* What goes into the next group, in order: interactive work, then bulk. */
struct taken {
    size_t num, bulk_from;
    bool   beside; /* other work goes on */
};

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

/* Wait for somebody to come, so long at most; false: nobody did. The lock is held. */
static bool wait_for(struct writer *writer, double seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (long) ((seconds - (double) (time_t) seconds) * 1e9);
    until.tv_sec += (time_t) seconds + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    return pthread_cond_timedwait(&writer->arrived, &writer->lock, &until) == 0;
}

/* Wait until there is something to do; where only bulk work waits and other work was there just now, a moment longer
 * for that. */
static void wait_for_work(struct writer *writer)
{
    bool timed_out = false;
    while (writer->waiting == 0 && !writer->closing && !timed_out) {
        if (!writer->sweep_due && !writer->counts_due && !writer->keys_destroyed)
            pthread_cond_wait(&writer->arrived, &writer->lock);
        else
            timed_out = !wait_for(writer, 1);
    }
    for (double now = seconds_now(), until = now + WRITER_MOMENT_SECONDS;
         writer->first[INTERACTIVE] == NULL && !writer->closing && now < until && writer_pace_waits(&writer->pace, now);
         now = seconds_now())
        (void) wait_for(writer, until - now);
}

static struct taken take_group(struct writer *writer, struct ticket **tickets, size_t most)
{
    size_t rows = writer->store->options.group_rows != 0 ? writer->store->options.group_rows : STORE_GROUP_ROWS;
    size_t num = 0, weight = 0;
    pthread_mutex_lock(&writer->lock);
    wait_for_work(writer);
    while (num < most - 1 && writer->first[INTERACTIVE] != NULL &&
           (num == 0 || weight + writer->first[INTERACTIVE]->weight <= rows)) {
        tickets[num] = take_first(writer, INTERACTIVE);
        weight += tickets[num++]->weight;
    }
    double now = seconds_now();
    if (num > 0)
        writer_pace_see(&writer->pace, now);
    struct taken taken = { .bulk_from = num, .beside = writer_pace_beside(&writer->pace, now) };
    double       fit = writer_pace_changes(&writer->pace, now, num > 0);
    weight = 0;
    while (num < most && writer->first[BULK] != NULL && fit > 0 &&
           (num == taken.bulk_from || (double) (weight + writer->first[BULK]->weight) <= fit)) {
        tickets[num] = take_first(writer, BULK);
        weight += tickets[num++]->weight;
    }
    pthread_mutex_unlock(&writer->lock);
    taken.num = num;
    return taken;
}

static void answer(struct ticket *ticket, int status)
{
    ticket->status = status;
    fault_list_free(&ticket->spare);
    if (ticket->done == NULL) {
        sem_post(&ticket->finished);
        return;
    }
    ticket->done(ticket->context, status, &ticket->receipt);
    if (ticket->owned)
        free(ticket);
}

/* ---- stopping for good ---- */

static void stop_for_good(struct writer *writer, int status, const struct db_error *error)
{
    pthread_mutex_lock(&writer->lock);
    if (!writer->stopped)
        snprintf(writer->reason, sizeof writer->reason, "the writer has stopped (%d): %.180s", status,
                 error->what[0] != '\0' ? error->what : "the database failed while it wrote");
    writer->stopped = true;
    /* it writes no more, and closing does not wait for it */
    writer->sweep_due = writer->counts_due = writer->keys_destroyed = false;
    pthread_mutex_unlock(&writer->lock);
}

/* After these nobody knows what the database holds, or it is no longer ours. */
static bool ends_writing(int status)
{
    return status == DB_ERR_LOST || status == DB_ERR_FENCED || status == DB_ERR_CORRUPT || status == BASE_ERR_SYSTEM;
}

/* ---- one group ---- */

/* Let a request decide what it changes; not one whose key was answered before: it would meet its own work. */
static int open_set(struct group *group, struct ticket *ticket)
{
    const struct store_request *request = ticket->request;
    bool                        answered = false;
    if (request == NULL || request->decide == NULL)
        return 0;
    int ret = group_gather_answers(group, &ticket, 1);
    if (ret == 0)
        ret = group_find_answer(group, ticket, &answered);
    if (ret != 0 || answered)
        return ret;
    struct fault_list none = FAULT_LIST_INIT;
    ret = request->decide(request->context, &group->reader, &group->arena, &ticket->set,
                          ticket->faults != NULL ? ticket->faults : &none);
    fault_list_free(&none);
    return ret;
}

/* Requests without `decide` that follow one another are read for at once. */
static size_t run_length(struct ticket *const *tickets, size_t num)
{
    size_t length = 0;
    while (length < num && (tickets[length]->request == NULL || tickets[length]->request->decide == NULL))
        length++;
    return length > 0 ? length : 1;
}

/* Apply tickets first …; *applied: how many were looked at, which is all but where areas have changed. */
static int apply_all(struct group *group, struct ticket *const *tickets, size_t num, size_t *applied)
{
    int ret = 0;
    *applied = 0;
    while (*applied < num && ret == 0 && !group->areas_changed) {
        struct ticket *const *run = tickets + *applied;
        size_t                length = run_length(run, num - *applied);
        for (size_t i = 0; i < length; i++)
            run[i]->status = open_set(group, run[i]);
        if (length > 1 || run[0]->status == 0)
            ret = group_gather(group, run, length);
        for (size_t i = 0; i < length && ret == 0 && !group->areas_changed; i++) {
            bool fatal = false;
            ++*applied;
            if (run[i]->status != 0)
                continue;
            run[i]->status = group_apply(group, run[i], &fatal);
            if (fatal)
                ret = run[i]->status;
        }
    }
    return ret;
}

static void remember(struct writer *writer, const struct group *group, size_t requests)
{
    writer->head = group->head;
    writer->event = group->event;
    writer->known = group->known;
    pthread_mutex_lock(&writer->lock);
    writer->shown_event = writer->event;
    writer->requests += (int64_t) requests;
    writer->groups++;
    pthread_mutex_unlock(&writer->lock);
    writer->sweep_due = writer->sweep_due || group->num_erased > 0;
    writer->counts_due = counters_wait(writer->book);
    writer->keys_destroyed =
        writer->keys_destroyed || (group->keys_destroyed && !db_is_postgresql(writer->db)); /* there autovacuum does */
    if (group->moves.num > 0)
        (void) store_keep_moved(writer->store, group->moves.moves, group->moves.num); /* else `tocsin check` finds it */
    if (group->access_changed)
        atomic_fetch_add(&writer->store->access_stamp, 1);
    if (group->areas_changed) {
        pthread_mutex_lock(&writer->store->trees_lock);
        writer->store->tree_stale = true;
        pthread_mutex_unlock(&writer->store->trees_lock);
    }
}

/* Only a request that decides looks anything up that the group may not have written. */
static bool looks_up(struct ticket *const *tickets, size_t num)
{
    for (size_t i = 0; i < num; i++)
        if (tickets[i]->job != NULL || (tickets[i]->request != NULL && tickets[i]->request->decide != NULL))
            return true;
    return false;
}

/* One transaction. 0: durable, and each ticket has its status; else nothing of it is kept. */
static int run_group(struct writer *writer, struct ticket *const *tickets, size_t num, size_t *applied,
                     struct db_error *error)
{
    struct group group;
    for (size_t i = 0; i < num; i++) {
        tickets[i]->receipt = (struct store_receipt){ .event = 0 };
        if (tickets[i]->faults != NULL) { /* faults are told once, also where a request is tried again */
            tickets[i]->faults->num_kept = tickets[i]->faults_kept;
            tickets[i]->faults->num_all = tickets[i]->faults_all;
        }
        if (tickets[i]->request != NULL)
            tickets[i]->set = tickets[i]->request->set;
    }
    int ret = group_begin(&group, writer);
    if (ret == 0) {
        if (!looks_up(tickets, num))
            group_note_all(&group); /* nobody asks: nothing is noted one by one */
        ret = group_foresee(&group, tickets, num);
        if (ret == 0)
            ret = apply_all(&group, tickets, num, applied);
        if (ret == 0)
            ret = group_finish(&group);
        if (ret == 0)
            remember(writer, &group, *applied);
        else
            group_abandon(&group);
    }
    *error = group.error;
    group_free(&group);
    return ret;
}

/* A group that failed as a whole: its requests one by one, so that the one at fault fails alone. */
static void run_singly(struct writer *writer, struct ticket **tickets, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        struct db_error error = { .status = 0 };
        size_t          applied;
        int             ret = writer->stopped ? STORE_ERR_STOPPED : run_group(writer, &tickets[i], 1, &applied, &error);
        if (ends_writing(ret))
            stop_for_good(writer, ret, &error);
        if (ret == DB_ERR_CONFLICT)
            ret = STORE_ERR_EXISTS;
        answer(tickets[i], ret != 0 ? ret : tickets[i]->status);
    }
}

/* Requests that the group did not come to go back to where they stood. */
static void put_back(struct writer *writer, struct ticket **tickets, size_t num)
{
    pthread_mutex_lock(&writer->lock);
    for (size_t i = num; i > 0; i--) {
        struct ticket *ticket = tickets[i - 1];
        int            lane = ticket->bulk ? BULK : INTERACTIVE;
        ticket->next = writer->first[lane];
        writer->first[lane] = ticket;
        if (writer->last[lane] == NULL)
            writer->last[lane] = ticket;
        writer->waiting++;
    }
    pthread_mutex_unlock(&writer->lock);
}

static void run(struct writer *writer, struct ticket **tickets, size_t num)
{
    struct db_error error = { .status = 0 };
    size_t          applied = 0;
    int             ret = run_group(writer, tickets, num, &applied, &error);
    if (ret == 0) {
        for (size_t i = 0; i < applied; i++)
            answer(tickets[i], tickets[i]->status);
        put_back(writer, tickets + applied, num - applied);
        return;
    }
    if (ends_writing(ret)) {
        stop_for_good(writer, ret, &error);
        for (size_t i = 0; i < num; i++)
            answer(tickets[i], ret);
        return;
    }
    if (num > 1 && ret != DB_ERR_FULL && ret != DB_ERR_BUSY) {
        run_singly(writer, tickets, num);
        return;
    }
    for (size_t i = 0; i < num; i++)
        answer(tickets[i], ret == DB_ERR_CONFLICT ? STORE_ERR_EXISTS : ret);
}

/* Nobody waits; *closing: and nobody will. */
static bool is_idle(struct writer *writer, bool *closing)
{
    pthread_mutex_lock(&writer->lock);
    bool idle = writer->waiting == 0;
    *closing = writer->closing;
    pthread_mutex_unlock(&writer->lock);
    return idle;
}

/* Keys of messages go many a second: what they leave behind goes every WRITER_KEYS_SECONDS, and at the end. */
static void note_keys(struct writer *writer)
{
    struct timespec now;
    bool            closing;
    if (!writer->keys_destroyed || writer->sweep_due)
        return;
    clock_gettime(CLOCK_MONOTONIC, &now);
    (void) is_idle(writer, &closing);
    if (!closing && now.tv_sec - writer->keys_swept < WRITER_KEYS_SECONDS)
        return;
    writer->keys_swept = now.tv_sec;
    writer->keys_destroyed = false;
    writer->sweep_due = !writer->stopped;
}

/* What erasures left behind goes as soon as nobody waits; where a reader is in the way, a second later. */
static bool sweep(struct writer *writer)
{
    bool closing, idle = is_idle(writer, &closing);
    if (idle && writer->sweep_due && !writer->stopped)
        writer->sweep_due = erase_sweep(writer->db, NULL) != 0;
    return !(idle && closing);
}

/* Counts that wait, some a transaction, as long as nobody comes. When the store is closed the rest waits for the next
 * writer. Where it fails: a second later again. */
static void add_counts(struct writer *writer)
{
    bool closing;
    int  ret = 0;
    while (ret == 0 && writer->counts_due && is_idle(writer, &closing) && !closing) {
        struct db_error error;
        struct group    group;
        ret = group_begin(&group, writer);
        group.idle = true;
        if (ret == 0)
            ret = group_finish(&group);
        if (ret == 0)
            writer->counts_due = counters_wait(writer->book);
        else
            group_abandon(&group);
        error = group.error;
        group_free(&group);
        if (ends_writing(ret))
            stop_for_good(writer, ret, &error);
        pthread_mutex_lock(&writer->lock);
        if (ret == 0)
            writer->counts_failing = (struct timespec){ 0 };
        else if (writer->counts_failing.tv_sec == 0)
            clock_gettime(CLOCK_MONOTONIC, &writer->counts_failing);
        pthread_mutex_unlock(&writer->lock);
    }
}

static void *work(void *context)
{
    struct writer  *writer = context;
    size_t          most = queue_most(writer) + 1;
    bool            closing;
    struct ticket **tickets = memory_array(most, sizeof(struct ticket *));
    pthread_setname_np(pthread_self(), "tocsin-writer");
    while (tickets != NULL) {
        struct taken taken = take_group(writer, tickets, most);
        size_t       num = taken.num;
        if (num == 0)
            note_keys(writer);
        if (num == 0 && !writer->sweep_due && !writer->keys_destroyed &&
            (!writer->counts_due || (is_idle(writer, &closing) && closing)))
            break; /* closing, and nothing waits */
        if (writer->stopped) {
            for (size_t i = 0; i < num; i++)
                answer(tickets[i], STORE_ERR_STOPPED);
            continue;
        }
        double began = seconds_now();
        size_t weight = 0;
        for (size_t i = taken.bulk_from; i < num; i++)
            weight += tickets[i]->weight;
        if (num > 0) {
            run(writer, tickets, num);
            writer_pace_learn(&writer->pace, began, seconds_now(), weight, taken.beside);
        } else {
            add_counts(writer);
        }
        if (writer->sweep_due && !sweep(writer))
            break;
    }
    free(tickets);
    return NULL;
}

/* ---- starting and stopping ---- */

static int event_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct writer *writer = context;
    (void) num_columns;
    writer->event = row[0].integer;
    writer->shown_event = writer->event;
    if (row[1].integer > writer->known)
        writer->known = row[1].integer;
    return 0;
}

/* The key of the digests in the audit, from the node's key for hashes: nobody without it can try out a row. */
static int make_digest_key(struct writer *writer)
{
    static const char        text[] = "tocsin audit digest 1";
    struct keeper           *keeper = writer->store->options.keeper;
    struct keeper_generation generations[KEEPER_NUM_KINDS * KEEPER_MAX_GENERATIONS];
    struct keeper_raw        raw = { text, sizeof text };
    struct keeper_hash       hash;
    size_t                   num;
    if (keeper == NULL)
        return 0;
    int ret = keeper_generations(keeper, generations, KEEPER_NUM_KINDS * KEEPER_MAX_GENERATIONS, &num, NULL);
    for (size_t i = 0; i < num && ret == 0; i++)
        if (generations[i].kind == KEEPER_HASH && generations[i].number > writer->digest_generation)
            writer->digest_generation = generations[i].number;
    if (ret == 0)
        ret = keeper_hash(keeper, writer->digest_generation, &raw, 1, &hash, NULL);
    if (ret == 0) {
        writer->digest_key = sodium_malloc(sizeof hash.bytes);
        if (writer->digest_key != NULL)
            memcpy(writer->digest_key, hash.bytes, sizeof hash.bytes);
        else
            ret = TOC_ERR_NO_MEMORY;
    }
    sodium_memzero(&hash, sizeof hash);
    return ret;
}

static int keep_layouts(struct writer *writer, struct db_error *error)
{
    int ret = db_begin(writer->db, DB_WRITE, error);
    if (ret == 0)
        ret = schema_keep_layouts(writer->db, error);
    if (ret == 0)
        ret = db_commit(writer->db, error);
    else
        db_rollback(writer->db);
    return ret;
}

/* Counting beside the writer, where the database lets two write at once; else by the writer, when it suits. */
static int put_counts_off(struct writer *writer)
{
    const struct store_options *options = &writer->store->options;
    size_t                      least = options->counts_waiting != 0 ? options->counts_waiting : STORE_COUNTS_WAITING;
    if (!db_is_postgresql(writer->db)) {
        writer->counts_due = true; /* what waits since the last one shows with the first transaction */
        return counters_leave_to_slices(writer->book, least, options->counts_batch);
    }
    int ret = counters_fold_start(writer->store->url, &options->db, writer->fence, &writer->fold);
    if (ret == 0)
        counters_leave_to(writer->book, writer->fold, least);
    return ret;
}

int writer_start(struct store *store, struct db *db, struct writer **made, struct db_error *error)
{
    struct writer *writer = memory_array(1, sizeof *writer);
    if (writer == NULL)
        return TOC_ERR_NO_MEMORY;
    writer->store = store;
    writer->db = db;
    writer->pace = (struct writer_pace) WRITER_PACE_INIT;
    pthread_mutex_init(&writer->lock, NULL);
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&writer->arrived, &clock);
    pthread_condattr_destroy(&clock);
    int ret = counters_new(&writer->book);
    if (ret == 0)
        ret = db_take_lease(db, store->options.holder, store_now(store), &writer->fence, error);
    if (ret == 0)
        ret = migration_apply(db, migrations, num_migrations, writer->fence, store_now(store), error);
    if (ret == 0)
        ret = keep_layouts(writer, error);
    if (ret == 0)
        ret = audit_read_head(db, &writer->head, error);
    writer->known = writer->head.at;
    if (ret == 0)
        ret = select_rows(db, "SELECT number, at FROM event ORDER BY number DESC LIMIT 1", NULL, 0, event_row, writer,
                          error);
    if (ret == 0)
        ret = make_digest_key(writer);
    if (ret == 0)
        ret = put_counts_off(writer);
    if (ret == 0 && pthread_create(&writer->thread, NULL, work, writer) != 0)
        ret = BASE_ERR_SYSTEM;
    writer->started = ret == 0;
    if (ret != 0)
        writer_stop(writer);
    else
        *made = writer;
    return ret;
}

void writer_stop(struct writer *writer)
{
    if (writer == NULL)
        return;
    pthread_mutex_lock(&writer->lock);
    writer->closing = true;
    pthread_cond_signal(&writer->arrived);
    pthread_mutex_unlock(&writer->lock);
    if (writer->started)
        pthread_join(writer->thread, NULL);
    counters_fold_stop(writer->fold);
    counters_free(writer->book);
    sodium_free(writer->digest_key);
    pthread_mutex_destroy(&writer->lock);
    pthread_cond_destroy(&writer->arrived);
    free(writer);
}
