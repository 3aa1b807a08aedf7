/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Persons erased, and asked for at once; keys of persons wrapped anew. */
#include <stdio.h>
#include <stdlib.h>

#include "ask.h"
#include "base/instant.h"
#include "secrets.h"
#include "store/find_person.h"

/* Rows of a table about a person, by a connection of its own. */
static int64_t rows_of(struct db *db, const char *sql, const struct id *person)
{
    struct db_error        error = { 0 };
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num_columns;
    struct db_value        parameter = person != NULL ? db_id(person) : db_null();
    int                    status = db_prepare(db, sql, &statement, &error);
    if (status == 0)
        status = db_run(statement, &parameter, person != NULL ? 1 : 0, &error);
    if (status == 0)
        status = db_step(statement, &row, &num_columns, &error);
    if (status != 1)
        workload_fail(error.what, status);
    int64_t number = row[0].integer;
    db_reset(statement);
    return number;
}

/* By this key: is the person among the answers? */
static bool is_found(struct ask *ask, const struct id *person, const struct model_text *typed)
{
    bool found = false;
    int  status = typed->size == 0 ? 0 : 1;
    while (status != 0) {
        struct arena       arena = ARENA_INIT;
        struct find_query  query = { .typed = typed->bytes, .size = typed->size };
        struct find_answer answer;
        struct fault_list  faults = FAULT_LIST_INIT;
        status = store_find_person(ask->reader, &ask->who, &query, false, &arena, &answer, &faults);
        for (size_t i = 0; status == 0 && i < answer.num_results; i++)
            found = found || id_equal(&answer.results[i].person.head.id, person);
        arena_wipe(&arena);
        ask_again(ask, "a search", status, &faults);
    }
    return found;
}

static bool is_read(struct ask *ask, const struct id *identity)
{
    struct arena          arena = ARENA_INIT;
    struct model_identity value;
    struct model_set      visible;
    struct fault_list     faults = FAULT_LIST_INIT;
    int                   status =
        store_read(ask->reader, &ask->who, model_record(MODEL_IDENTITY), identity, STORE_NOW, &arena, &value, &visible);
    arena_wipe(&arena);
    if (status == STORE_ERR_ABSENT)
        return false;
    ask_again(ask, "an identity", status, &faults);
    return true;
}

/* Ways by which somebody who was erased is still met. */
static size_t remains(struct ask *ask, struct db *db, const struct people_sample *sample)
{
    const struct id *person = &sample->person.head.id;
    return (size_t) is_read(ask, &sample->identity.head.id) + (size_t) is_found(ask, person, &sample->identity.name) +
           (size_t) is_found(ask, person, &sample->identity.phone) +
           (size_t) is_found(ask, person, &sample->identity.identifier) +
           (size_t) (rows_of(db, "SELECT COUNT(*) FROM \"person_key\" WHERE \"person\" = $1", person) > 0) +
           (size_t) (rows_of(db, "SELECT COUNT(*) FROM \"search_token\" WHERE \"person\" = $1", person) > 0);
}

static struct db *open_reader(struct workload *workload)
{
    struct db_error error = { 0 };
    struct db      *db;
    int status = db_open(workload->node.settings.database, &(struct db_options){ .read_only = true }, &db, &error);
    if (status != 0)
        workload_fail(error.what, status);
    return db;
}

/* Person i of the `num` that are erased. */
static void draw_person(struct ask *ask, uint64_t num_persons, size_t num, size_t i, struct people_sample *sample)
{
    people_generate(&ask->workload->people, num_persons / num * i + ask_below(ask, num_persons / num), sample);
}

size_t erase_count_read(struct workload *workload, uint64_t num_persons, size_t num)
{
    struct ask ask;
    size_t     num_read = 0;
    ask_begin(&ask, workload);
    for (size_t i = 0; i < num; i++) {
        struct people_sample sample;
        int                  status = KEEPER_ERR_RATE;
        draw_person(&ask, num_persons, num, i, &sample);
        while (status == KEEPER_ERR_RATE) {
            struct arena          arena = ARENA_INIT;
            struct model_identity value;
            struct model_set      visible;
            struct fault_list     faults = FAULT_LIST_INIT;
            status = store_read(ask.reader, &ask.who, model_record(MODEL_IDENTITY), &sample.identity.head.id, STORE_NOW,
                                &arena, &value, &visible);
            num_read += status == 0 && value.name.size > 0;
            arena_wipe(&arena);
            if (status == KEEPER_ERR_RATE)
                ask_again(&ask, "an identity", status, &faults);
        }
    }
    ask_end(&ask);
    return num_read;
}

void erase_measure(struct workload *workload, uint64_t num_persons, size_t num)
{
    struct ask     ask;
    struct latency times = { 0 };
    struct db     *db = open_reader(workload);
    size_t         met_before = 0, met_after = 0;
    char           measure[120];
    ask_begin(&ask, workload);
    for (size_t i = 0; i < num; i++) {
        struct people_sample sample;
        struct store_receipt receipt;
        struct fault_list    faults = FAULT_LIST_INIT;
        draw_person(&ask, num_persons, num, i, &sample);
        met_before += remains(&ask, db, &sample) > 0;
        struct store_change  change = { .verb = STORE_ERASE,
                                        .record = model_record(MODEL_PERSON),
                                        .value = &sample.person };
        struct store_request request = { .verb = "erase", .set = { &change, 1 } };
        double               began = latency_clock();
        int status = store_submit(workload->node.store, &workload->writer, &request, &receipt, &faults);
        latency_add(&times, 1e3 * (latency_clock() - began));
        ask_again(&ask, "an erasure", status, &faults);
        met_after += remains(&ask, db, &sample) > 0;
    }
    snprintf(measure, sizeof measure,
             "erasure: absent at once by id, name, telephone, identifier; no key, no token, %s",
             workload_database(workload));
    workload_row(measure, "all of them", met_before == num && met_after == 0,
                 "%zu of %zu persons, %zu of whom were there before; p95 %.1f ms each", num - met_after, num,
                 met_before, latency_quantile(&times, 0.95));
    latency_free(&times);
    db_close(db);
    ask_end(&ask);
}

void rewrap_measure(struct workload *workload)
{
    struct keeper_error error = { 0 };
    uint32_t            generation;
    int64_t             rewrapped, failed;
    char                measure[120];
    int status = keeper_new_generation(workload->node.keeper, KEEPER_WRAP, instant_now(), &generation, &error);
    if (status != 0)
        workload_fail(error.what, status);
    double began = latency_clock();
    status = store_rewrap(workload->node.store, NULL, NULL, &rewrapped, &failed);
    double seconds = latency_clock() - began;
    if (status != 0)
        workload_fail("new keys", status);
    struct db *db = open_reader(workload);
    int64_t    keys = rows_of(db, "SELECT COUNT(*) FROM \"person_key\"", NULL);
    db_close(db);
    double million = seconds * 1e6 / (double) (rewrapped > 0 ? rewrapped : 1);
    snprintf(measure, sizeof measure, "all keys of persons wrapped anew, %s", workload_database(workload));
    workload_row(measure, "< 60 s a million", million < 60 && failed == 0 && rewrapped == keys,
                 "%.1f s for %.0f of %.0f keys: %.1f s a million; %.0f failed", seconds, (double) rewrapped,
                 (double) keys, million, (double) failed);
}
