/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/memory.h"
#include "model/model_check.h"
#include "model/records.h"
#include "store/group.h"
#include "store/migration.h"
#include "store/names_ahead.h"
#include "store/schema.h"
#include "store/select_many.h"
#include "store/store_internal.h"
#include "store/writer.h"

/* Another process's changes of areas are noticed this soon. */
#define LOOK_MICROSECONDS (1 * INSTANT_SECOND)

int64_t store_now(const struct store *store)
{
    const struct store_clock *clock = &store->options.clock;
    return clock->now != NULL ? clock->now(clock->context) : instant_now();
}

int64_t store_clock_now(const struct store *store)
{
    return store_now(store);
}

uint64_t store_access_stamp(const struct store *store)
{
    return atomic_load(&store->access_stamp);
}

size_t store_record_number(const struct model_record *record)
{
    size_t num;
    return (size_t) (record - model_records(&num));
}

const char *store_select(const struct store *store, const struct model_record *record)
{
    return store->selects[store_record_number(record)];
}

/* ---- opening ---- */

const char *store_select_one(const struct store *store, const struct model_record *record)
{
    return store->selects_one[store_record_number(record)];
}

static char *with_id(const char *select)
{
    char *text = NULL;
    return asprintf(&text, "%s WHERE id = $1", select) >= 0 ? text : NULL;
}

static int make_selects(struct store *store)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    store->selects = memory_array(num, sizeof(char *));
    store->selects_one = memory_array(num, sizeof(char *));
    if (store->selects == NULL || store->selects_one == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num; i++)
        if ((store->selects[i] = schema_select(&records[i])) == NULL ||
            (store->selects_one[i] = with_id(store->selects[i])) == NULL)
            return TOC_ERR_NO_MEMORY;
    return 0;
}

static int open_writer(struct store *store, struct db_error *error)
{
    struct db        *db = NULL;
    struct db_options options = store->options.db;
    options.read_only = false;
    int ret = db_open(store->url, &options, &db, error);
    if (ret == 0)
        ret = writer_start(store, db, &store->writer, error);
    if (ret != 0)
        db_close(db);
    return ret;
}

int store_open(const struct store_options *options, struct store **store, struct db_error *error)
{
    struct store *made = memory_array(1, sizeof *made);
    if (made == NULL || sodium_init() < 0) {
        free(made);
        return TOC_ERR_NO_MEMORY;
    }
    made->options = *options;
    pthread_mutex_init(&made->trees_lock, NULL);
    made->url = strdup(options->url);
    int ret = made->url == NULL ? TOC_ERR_NO_MEMORY : make_selects(made);
    if (ret == 0 && options->write)
        ret = open_writer(made, error);
    struct db_options reading = options->db;
    reading.read_only = true;
    reading.create = false;
    if (ret == 0)
        ret = db_open(made->url, &reading, &made->tree_db, error);
    if (ret == 0 && !options->write)
        ret = migration_check(made->tree_db, migrations, num_migrations, error);
    if (ret == 0)
        ret = store_reload_areas(made, made->tree_db, error);
    if (ret == 0 && options->stays)
        ret = names_ahead_start(made->url, &reading, NAMES_AHEAD_STEP, 0, &made->names);
    if (ret != 0)
        store_close(made);
    else
        *store = made;
    return ret;
}

static void free_trees(struct store *store)
{
    while (store->trees != NULL) {
        struct held_tree *older = store->trees->older;
        area_names_free(store->trees->names);
        area_tree_free(store->trees->tree);
        free(store->trees);
        store->trees = older;
    }
}

void store_close(struct store *store)
{
    size_t num;
    if (store == NULL)
        return;
    names_ahead_stop(store->names);
    if (store->writer != NULL) {
        struct db *db = store->writer->db;
        writer_stop(store->writer);
        db_close(db);
    }
    db_close(store->tree_db);
    free_trees(store);
    free(store->moved);
    (void) model_records(&num);
    for (size_t i = 0; store->selects != NULL && i < num; i++)
        free(store->selects[i]);
    free(store->selects);
    for (size_t i = 0; store->selects_one != NULL && i < num; i++)
        free(store->selects_one[i]);
    free(store->selects_one);
    free(store->url);
    pthread_mutex_destroy(&store->trees_lock);
    free(store);
}

/* ---- areas ---- */

/* trees_lock is held. */
static void drop_unheld(struct store *store)
{
    struct held_tree **link = &store->trees;
    while (*link != NULL) {
        struct held_tree *held = *link;
        if (held == store->trees || held->holders > 0) {
            link = &held->older;
            continue;
        }
        *link = held->older;
        area_names_free(held->names);
        area_tree_free(held->tree);
        free(held);
    }
}

/* trees_lock is held. */
static int load_areas(struct store *store, struct db *db, struct db_error *error)
{
    struct held_tree *held = memory_array(1, sizeof *held);
    if (held == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = area_tree_load(db, &held->tree, error);
    if (ret != 0) {
        free(held);
        return ret;
    }
    held->older = store->trees;
    store->trees = held;
    store->tree_stale = false;
    drop_unheld(store);
    return 0;
}

int store_reload_areas(struct store *store, struct db *db, struct db_error *error)
{
    pthread_mutex_lock(&store->trees_lock);
    int ret = load_areas(store, db, error);
    pthread_mutex_unlock(&store->trees_lock);
    return ret;
}

struct news {
    int64_t event;
    bool    areas;
};

static int news_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct news *news = context;
    (void) num_columns;
    news->event = row[0].integer;
    news->areas = news->areas || (row[1].size == strlen("area") && memcmp(row[1].bytes, "area", row[1].size) == 0);
    return 0;
}

/* Has another process changed areas? Asked at most once a second. trees_lock is held. */
static void look(struct store *store)
{
    struct news     news = { .event = store->tree_event };
    struct db_value after = db_integer(store->tree_event);
    int64_t         now = store_now(store);
    if (store->writer != NULL || (now >= store->tree_looked && now < store->tree_looked + LOOK_MICROSECONDS))
        return;
    store->tree_looked = now;
    if (select_rows(store->tree_db, "SELECT number, record FROM event WHERE number > $1 ORDER BY number", &after, 1,
                    news_row, &news, NULL) == 0) {
        store->tree_event = news.event;
        store->tree_stale = store->tree_stale || news.areas;
    }
}

/* Where the newest areas cannot be read those at hand serve on, and the next caller tries again. */
const struct area_tree *store_hold_areas(struct store *store)
{
    pthread_mutex_lock(&store->trees_lock);
    look(store);
    if (store->tree_stale)
        (void) load_areas(store, store->tree_db, NULL);
    struct held_tree *newest = store->trees;
    newest->holders++;
    pthread_mutex_unlock(&store->trees_lock);
    return newest->tree;
}

void store_release_areas(struct store *store, const struct area_tree *areas)
{
    pthread_mutex_lock(&store->trees_lock);
    for (struct held_tree *held = store->trees; held != NULL; held = held->older)
        if (held->tree == areas && held->holders > 0) {
            held->holders--;
            break;
        }
    drop_unheld(store);
    pthread_mutex_unlock(&store->trees_lock);
}

const struct area_names *store_area_names(struct store *store, const struct area_tree *areas)
{
    const struct area_names *names = NULL;
    pthread_mutex_lock(&store->trees_lock);
    for (struct held_tree *held = store->trees; held != NULL; held = held->older) {
        if (held->tree != areas)
            continue;
        if (held->names == NULL)
            (void) area_names_load(store->tree_db, held->tree, &held->names, NULL);
        names = held->names;
    }
    pthread_mutex_unlock(&store->trees_lock);
    return names;
}

const struct model_lists *store_lists(const struct store *store)
{
    return store->options.lists;
}

struct id store_county(const struct store *store, const struct area_tree *areas, const struct id *area)
{
    uint32_t number = area_tree_find(areas, area);
    return number == AREA_NONE ? *area : *area_tree_id(areas, area_tree_up(areas, number, store->options.county_depth));
}

/* ---- submitting ---- */

static int check_values(const struct store *store, const struct store_request *request, struct fault_list *faults,
                        size_t *failed)
{
    struct model_check check = { .lists = store->options.lists };
    for (size_t i = 0; i < request->set.num_changes; i++) {
        const struct store_change *change = &request->set.changes[i];
        if (change->verb != STORE_CREATE)
            continue;
        int ret = model_check_create(&check, change->record, change->value, faults);
        *failed = i;
        if (ret != 0)
            return ret;
    }
    *failed = 0;
    return 0;
}

static struct ticket ticket_of(const struct access *who, const struct store_request *request, struct fault_list *faults)
{
    return (struct ticket){ .request = request,
                            .who = *who,
                            .faults = faults,
                            .bulk = request->bulk,
                            .valid = request->decide == NULL,
                            .weight = request->set.num_changes > 0 ? request->set.num_changes : 1 };
}

int store_submit(struct store *store, const struct access *who, const struct store_request *request,
                 struct store_receipt *receipt, struct fault_list *faults)
{
    struct store_receipt made = { .event = 0 };
    struct fault_list    own = FAULT_LIST_INIT;
    struct ticket        ticket = ticket_of(who, request, faults != NULL ? faults : &own);
    if (store->writer == NULL)
        return STORE_ERR_STOPPED;
    int ret = request->decide != NULL ? 0 : check_values(store, request, ticket.faults, &made.failed);
    if (ret == 0) {
        ret = writer_submit(store->writer, &ticket);
        made = ticket.receipt;
    }
    if (ret == 0 && made.areas_moved)
        ret = store_tokens_moved(store);
    if (receipt != NULL)
        *receipt = made;
    fault_list_free(&own);
    return ret;
}

int store_submit_later(struct store *store, const struct access *who, const struct store_request *request,
                       store_done *done, void *context, struct fault_list *faults)
{
    size_t            failed;
    struct fault_list own = FAULT_LIST_INIT;
    if (store->writer == NULL)
        return STORE_ERR_STOPPED;
    int ret = request->decide != NULL ? 0 : check_values(store, request, faults != NULL ? faults : &own, &failed);
    fault_list_free(&own);
    if (ret != 0)
        return ret;
    struct ticket *ticket = memory_array(1, sizeof *ticket);
    if (ticket == NULL)
        return TOC_ERR_NO_MEMORY;
    *ticket = ticket_of(who, request, faults);
    ticket->done = done;
    ticket->context = context;
    ticket->owned = true;
    ret = writer_submit(store->writer, ticket);
    if (ret != 0)
        free(ticket);
    return ret;
}

int store_audit_reading(struct store_reader *reader, const struct access *who, const char *verb,
                        const struct model_record *record, const struct id *subjects, size_t num_subjects)
{
    struct ticket ticket = { .who = *who,
                             .verb = verb,
                             .subjects = { .record = record->name, .ids = subjects, .num = num_subjects },
                             .weight = 1 };
    if (reader->group != NULL) {
        bool fatal;
        return group_apply(reader->group, &ticket, &fatal);
    }
    return reader->store->writer == NULL ? STORE_ERR_STOPPED : writer_submit(reader->store->writer, &ticket);
}

void store_watch(struct store *store, struct store_state *state)
{
    *state = (struct store_state){ 0 };
    if (store->writer != NULL)
        writer_watch(store->writer, state);
}
