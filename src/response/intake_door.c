/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/intake_door.h"

#include <inttypes.h>
#include <semaphore.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/instant.h"
#include "base/memory.h"
#include "response/change_list.h"
#include "response/intake_internal.h"
#include "store/area_tree.h"
#include "store/node.h"
#include "store/rows_by.h"

#define FEW_RESOURCES 100           /* more have many rows: others go first */
#define LOOK_AT_DISK INSTANT_SECOND /* between two questions how full it is */

struct access intake_program(void)
{
    return (struct access){ .role = ACCESS_PROGRAM, .purpose = ACCESS_DATA_QUALITY, .everywhere = true };
}

struct model_text intake_text(const char *text)
{
    return (struct model_text){ text, strlen(text) };
}

/* ---- keys of the hashes ---- */

/* One for each generation of the keeper's, so that what came before a rotation is known again. */
static int make_keys(struct intake *intake, struct db_error *error)
{
    static const char        text[] = "tocsin intake hash 1";
    struct keeper           *keeper = intake->options.keeper;
    struct keeper_raw        raw = { text, sizeof text };
    struct keeper_generation generations[KEEPER_NUM_KINDS * KEEPER_MAX_GENERATIONS];
    struct keeper_error      failure = { 0 };
    uint32_t                 numbers[KEEPER_MAX_GENERATIONS];
    size_t                   num;
    int ret = keeper_generations(keeper, generations, KEEPER_NUM_KINDS * KEEPER_MAX_GENERATIONS, &num, &failure);
    for (size_t i = 0; ret == 0 && i < num; i++)
        if (generations[i].kind == KEEPER_HASH && intake->num_keys < KEEPER_MAX_GENERATIONS)
            numbers[intake->num_keys++] = generations[i].number;
    intake->keys = ret == 0 ? sodium_malloc((intake->num_keys + 1) * sizeof *intake->keys) : NULL;
    if (ret == 0 && intake->keys == NULL)
        ret = TOC_ERR_NO_MEMORY;
    for (size_t i = 0; ret == 0 && i < intake->num_keys; i++) {
        struct keeper_hash hash;
        ret = keeper_hash(keeper, numbers[intake->num_keys - 1 - i], &raw, 1, &hash, &failure);
        if (ret == 0)
            memcpy(intake->keys[i].bytes, hash.bytes, sizeof hash.bytes);
        sodium_memzero(&hash, sizeof hash);
    }
    if (ret == 0 && intake->num_keys == 0)
        ret = KEEPER_ERR_KEYS;
    if (ret != 0 && error != NULL)
        snprintf(error->what, sizeof error->what, "%s", failure.what);
    return ret;
}

int intake_open(const struct intake_options *options, struct intake **opened, struct db_error *error)
{
    struct intake *intake = memory_array(1, sizeof *intake);
    if (intake == NULL)
        return TOC_ERR_NO_MEMORY;
    intake->options = *options;
    intake->feeds.read = intake->room_looked = INSTANT_MISSING;
    pthread_mutex_init(&intake->lock, NULL);
    intake->quotas.limits = options->limits;
    pthread_mutex_init(&intake->quotas.lock, NULL);
    int ret = make_keys(intake, error);
    if (ret == 0)
        ret = store_reader_open(options->store, &intake->reader, error);
    if (ret != 0)
        intake_close(intake);
    else
        *opened = intake;
    return ret;
}

void intake_close(struct intake *intake)
{
    if (intake == NULL)
        return;
    intake_stop_worker(intake);
    intake_free_feeds(intake);
    store_reader_close(intake->reader);
    sodium_free(intake->keys);
    pthread_mutex_destroy(&intake->lock);
    pthread_mutex_destroy(&intake->quotas.lock);
    intake_quotas_free(&intake->quotas);
    free(intake);
}

const struct code_tables *intake_tables(const struct intake *intake)
{
    return intake->options.tables;
}

/* ---- is there room ---- */

static bool has_room(struct intake *intake)
{
    struct statvfs disk;
    uint64_t       reserve = intake->options.reserve_bytes != 0 ? intake->options.reserve_bytes : INTAKE_RESERVE_BYTES;
    if (intake->options.disk == NULL)
        return true;
    int64_t now = store_clock_now(intake->options.store);
    pthread_mutex_lock(&intake->lock);
    if (intake->room_looked == INSTANT_MISSING || now < intake->room_looked ||
        now - intake->room_looked >= LOOK_AT_DISK) {
        intake->room_looked = now;
        intake->room = statvfs(intake->options.disk, &disk) == 0 && (uint64_t) disk.f_bavail * disk.f_frsize >= reserve;
    }
    bool room = intake->room;
    pthread_mutex_unlock(&intake->lock);
    return room;
}

/* ---- a message on its way into the store ---- */

struct taking {
    struct intake               *intake;
    const struct intake_arrival *arrival;
    struct model_message         message;
    struct model_message_raw     raw;
    struct store_change          changes[2];
    struct store_request         request;
    char                         reason[REPORT_PLACE_BYTES + 200];
    uint8_t                      body[32], control[32];
    int                          status;
    sem_t                        done;
};

/* Who sent it, as far as hashes and limits are concerned: the feed, else the institution, else the user, else nobody.
 */
static const struct id *sender_of(const struct intake_arrival *arrival)
{
    static const struct id none = { { 0 } };
    return arrival->feed != NULL                    ? &arrival->feed->head.id
           : !id_is_missing(&arrival->institution)  ? &arrival->institution
           : !id_is_missing(&arrival->submitted_by) ? &arrival->submitted_by
                                                    : &none;
}

static void hash_sender(crypto_generichash_state *state, const struct intake_arrival *arrival)
{
    crypto_generichash_update(state, sender_of(arrival)->bytes, ID_BYTES);
}

void intake_hash_body(const struct intake_hash_key *key, const struct intake_arrival *arrival, uint8_t hash[32])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, key->bytes, sizeof key->bytes, 32);
    crypto_generichash_update(&state, (const uint8_t *) "body", 5);
    hash_sender(&state, arrival);
    if (arrival->says.size > 0) {
        crypto_generichash_update(&state, (const uint8_t *) "says", 4);
        crypto_generichash_update(&state, (const uint8_t *) arrival->says.bytes, arrival->says.size);
    } else
        crypto_generichash_update(&state, arrival->bytes, arrival->size);
    crypto_generichash_final(&state, hash, 32);
}

static void hash_text(crypto_generichash_state *state, struct report_text text)
{
    uint64_t size = text.size;
    crypto_generichash_update(state, (const uint8_t *) &size, sizeof size);
    if (text.size > 0)
        crypto_generichash_update(state, (const uint8_t *) text.bytes, text.size);
}

void intake_hash_name(const struct intake_hash_key *key, const struct intake_arrival *arrival,
                      const struct intake_name *name, uint8_t hash[32])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, key->bytes, sizeof key->bytes, 32);
    crypto_generichash_update(&state, (const uint8_t *) "resource", 8);
    hash_sender(&state, arrival);
    hash_text(&state, name->type);
    crypto_generichash_update(&state, (const uint8_t *) (name->system.bytes == NULL ? "any" : "its"), 3);
    hash_text(&state, name->system);
    hash_text(&state, name->value);
    crypto_generichash_final(&state, hash, 32);
}

void intake_hash_control(const struct intake_hash_key *key, const struct intake_arrival *arrival, uint8_t hash[32])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, key->bytes, sizeof key->bytes, 32);
    crypto_generichash_update(&state, (const uint8_t *) (arrival->key.size > 0 ? "its key" : "control"), 8);
    hash_sender(&state, arrival);
    if (arrival->key.size > 0) {
        hash_text(&state, arrival->key);
        crypto_generichash_final(&state, hash, 32);
        return;
    }
    hash_text(&state, arrival->report->application.name);
    hash_text(&state, arrival->report->facility.name);
    hash_text(&state, arrival->report->facility.id);
    hash_text(&state, arrival->report->control_id);
    crypto_generichash_final(&state, hash, 32);
}

/* "MSH-9.1: a message type that is not read here; allowed: …", cut at a whole character. */
static void set_reason(struct taking *taking, const struct report *report)
{
    const struct report_fault *worst = NULL;
    char                       place[REPORT_PLACE_BYTES];
    for (uint32_t i = 0; i < report->num_faults; i++)
        if (report->faults[i].severity >= REPORT_ERROR &&
            (worst == NULL || report->faults[i].severity > worst->severity))
            worst = &report->faults[i];
    if (worst == NULL)
        return;
    report_place_to_text(&worst->place, place);
    snprintf(taking->reason, sizeof taking->reason, "%s%s%s", place, place[0] != '\0' ? ": " : "", worst->what);
}

static struct model_text cut(const char *text, size_t most_characters)
{
    size_t size = 0;
    for (size_t characters = 0; text[size] != '\0'; size++)
        if (((unsigned char) text[size] & 0xc0) != 0x80 && characters++ == most_characters)
            break;
    return (struct model_text){ text, size };
}

static const char *verdict_of(const struct intake_arrival *arrival)
{
    if (arrival->in_parts)
        return "arriving";
    if (arrival->reject || (arrival->report != NULL && !report_is_usable(arrival->report)))
        return "rejected";
    return arrival->feed == NULL || text_is(arrival->feed->status, "stopped") ? "held" : "received";
}

static void fill_message(struct intake *intake, struct taking *taking, int64_t now)
{
    const struct intake_arrival *arrival = taking->arrival;
    struct model_message        *message = &taking->message;
    model_init(model_record(MODEL_MESSAGE), message);
    message->head.id = node_new_id(now);
    message->channel = intake_text(arrival->channel);
    message->format = intake_text(arrival->format);
    message->submitted_by = arrival->submitted_by;
    message->received = now;
    message->sender = arrival->institution;
    message->num_bytes = (int64_t) arrival->size;
    message->verdict = intake_text(verdict_of(arrival));
    if (!id_is_missing(&arrival->part_of)) {
        message->part_of = arrival->part_of;
        message->position = arrival->position;
    }
    if (arrival->feed != NULL) {
        message->feed = arrival->feed->head.id;
        message->area = arrival->feed->area;
        if (id_is_missing(&message->sender))
            message->sender = arrival->feed->facility;
    } else {
        const struct area_tree *areas = store_hold_areas(intake->options.store);
        if (areas != NULL && area_tree_count(areas) > 0)
            message->area = *area_tree_id(areas, 0);
        store_release_areas(intake->options.store, areas);
    }
    message->history = arrival->history ? 1 : MODEL_MISSING_INTEGER;
    intake_hash_body(&intake->keys[0], arrival, taking->body);
    message->body_hash = (struct model_text){ (const char *) taking->body, sizeof taking->body };
    if (arrival->report != NULL) {
        message->num_faults = (int64_t) arrival->report->num_all_faults;
        set_reason(taking, arrival->report);
        if (report_text_is_given(arrival->report->control_id) || arrival->key.size > 0) {
            intake_hash_control(&intake->keys[0], arrival, taking->control);
            message->control_hash = (struct model_text){ (const char *) taking->control, sizeof taking->control };
        }
    }
    if (arrival->reason != NULL)
        snprintf(taking->reason, sizeof taking->reason, "%s", arrival->reason);
    if (taking->reason[0] != '\0')
        message->reason = cut(taking->reason, 200);
}

/* Inside the writer's group: what the sender has created before, and so what becomes of each resource. */
static int decide(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                  struct fault_list *faults)
{
    struct taking               *taking = context;
    const struct intake_arrival *arrival = taking->arrival;
    uint32_t                    *counts = arena_array(arena, arrival->num_resources, sizeof *counts);
    struct store_change         *rows = NULL;
    size_t                       num = 0;
    (void) faults;
    int ret =
        counts == NULL ? TOC_ERR_NO_MEMORY : intake_count_resources(taking->intake, reader, arrival, arena, counts);
    if (ret != 0)
        return ret;
    if (intake_decide_resources(arrival, counts)) {
        num = intake_resource_changes(taking->intake, arrival, &taking->message, arena, &rows);
    } else {
        taking->message.verdict = intake_text("rejected");
        taking->message.reason = intake_text("more than one resource fits a condition of the transaction");
    }
    struct store_change *all = num == SIZE_MAX ? NULL : arena_array(arena, num + 2, sizeof *all);
    if (all == NULL)
        return TOC_ERR_NO_MEMORY;
    memcpy(all, taking->changes, sizeof taking->changes);
    if (num > 0)
        memcpy(all + 2, rows, num * sizeof *rows);
    *set = (struct store_change_set){ all, num + 2 };
    return 0;
}

static void fill(struct intake *intake, struct taking *taking, const struct intake_arrival *arrival, int64_t now)
{
    *taking = (struct taking){ .intake = intake, .arrival = arrival };
    fill_message(intake, taking, now);
    model_init(model_record(MODEL_MESSAGE_RAW), &taking->raw);
    taking->raw.head.id = node_new_id(now);
    taking->raw.area = taking->message.area;
    taking->raw.received = now;
    taking->raw.bytes = (struct model_text){ arrival->bytes, arrival->size };
    taking->changes[0] =
        (struct store_change){ .verb = STORE_CREATE, .record = model_record(MODEL_MESSAGE_RAW), .value = &taking->raw };
    taking->changes[1] =
        (struct store_change){ .verb = STORE_CREATE, .record = model_record(MODEL_MESSAGE), .value = &taking->message };
    taking->changes[0].fresh = taking->changes[1].fresh = true;
    taking->request = (struct store_request){ .verb = "receive message", .set = { taking->changes, 2 } };
    if (arrival->in_parts)
        taking->request.set = (struct store_change_set){ taking->changes + 1, 1 };
    else
        taking->message.raw = taking->raw.head.id;
    if (arrival->num_resources > 0 && strcmp(verdict_of(arrival), "rejected") != 0) {
        taking->request.bulk = arrival->num_resources > FEW_RESOURCES;
        taking->request.decide = decide;
        taking->request.context = taking;
    }
}

/* ---- what came before ---- */

/* The message that has this hash, under any living key. */
static int find_earlier(struct intake *intake, const struct intake_arrival *arrival, size_t first_key,
                        struct arena *arena, struct model_message **earlier)
{
    struct model_text keys[KEEPER_MAX_GENERATIONS];
    uint8_t           hashes[KEEPER_MAX_GENERATIONS][32];
    void             *rows = NULL;
    size_t            num = 0, num_rows = 0;
    for (size_t i = first_key; i < intake->num_keys; i++) {
        intake_hash_body(&intake->keys[i], arrival, hashes[num]);
        keys[num] = (struct model_text){ (const char *) hashes[num], 32 };
        num++;
    }
    *earlier = NULL;
    if (num == 0)
        return 0;
    pthread_mutex_lock(&intake->lock);
    int ret =
        store_rows_by(intake->reader, model_record(MODEL_MESSAGE), "body_hash", keys, num, 1, arena, &rows, &num_rows);
    pthread_mutex_unlock(&intake->lock);
    if (ret == 0 && num_rows > 0)
        *earlier = rows;
    return ret;
}

/* Which rows of a file are here already, by one question for all: a file whose loading broke off comes again from its
 * first row, and to have each row refused by the writer costs more (on PostgreSQL the group that it stands in). What is
 * not found here the writer still tells. earlier: one a row; NULL = it is not here. */
static int find_rows(struct intake *intake, const struct intake_arrival *arrivals, size_t num, struct arena *arena,
                     struct model_message **earlier)
{
    size_t                num_keys = intake->num_keys, num_found = 0;
    struct model_text    *keys = arena_array(arena, num * num_keys, sizeof *keys);
    uint8_t              *hashes = arena_array(arena, num * num_keys, 32);
    struct model_message *found = NULL;
    void                 *rows = NULL;
    if (keys == NULL || hashes == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num * num_keys; i++) {
        intake_hash_body(&intake->keys[i % num_keys], &arrivals[i / num_keys], hashes + 32 * i);
        keys[i] = (struct model_text){ (const char *) hashes + 32 * i, 32 };
    }
    pthread_mutex_lock(&intake->lock);
    int ret = store_rows_by(intake->reader, model_record(MODEL_MESSAGE), "body_hash", keys, num * num_keys,
                            num * num_keys, arena, &rows, &num_found);
    pthread_mutex_unlock(&intake->lock);
    found = rows;
    for (size_t i = 0; i < num * num_keys && ret == 0; i++)
        for (size_t f = 0; f < num_found && earlier[i / num_keys] == NULL; f++)
            if (found[f].body_hash.size == 32 && memcmp(found[f].body_hash.bytes, keys[i].bytes, 32) == 0)
                earlier[i / num_keys] = &found[f];
    return ret;
}

static void receipt_of(const struct model_message *message, bool repeats, struct intake_receipt *receipt)
{
    *receipt =
        (struct intake_receipt){ .message = message->head.id,
                                 .received = message->received,
                                 .repeats = repeats,
                                 .num_faults = message->num_faults == MODEL_MISSING_INTEGER ? 0 : message->num_faults };
    snprintf(receipt->verdict, sizeof receipt->verdict, "%.*s", (int) message->verdict.size, message->verdict.bytes);
}

/* ---- taking ---- */

static void taken(void *context, int status, const struct store_receipt *receipt)
{
    struct taking *taking = context;
    (void) receipt;
    taking->status = status;
    sem_post(&taking->done);
}

static int check(struct intake *intake, const struct intake_arrival *arrival)
{
    if (arrival->size == 0)
        return TOC_ERR_SHAPE;
    if (arrival->size > (arrival->in_parts ? INTAKE_MAX_FILE : INTAKE_MAX_BYTES))
        return TOC_ERR_TOO_LARGE;
    return has_room(intake) ? 0 : INTAKE_ERR_RESERVE;
}

/* May its sender send so much? */
static int check_limits(struct intake *intake, const struct intake_arrival *arrival, struct intake_receipt *receipt)
{
    if (!id_is_missing(&arrival->part_of))
        return 0;
    return intake_quota_take(&intake->quotas, sender_of(arrival), arrival->size, store_clock_now(intake->options.store),
                             &receipt->again_seconds, receipt->limit);
}

/* A repetition creates nothing: what the first one created is there. */
static int tell_resources(struct intake *intake, const struct intake_arrival *arrival)
{
    struct arena arena = ARENA_INIT;
    uint32_t    *counts = arena_array(&arena, arrival->num_resources + 1, sizeof *counts);
    int          ret = counts == NULL ? TOC_ERR_NO_MEMORY : 0;
    if (ret == 0 && arrival->num_resources > 0) {
        pthread_mutex_lock(&intake->lock);
        ret = intake_count_resources(intake, intake->reader, arrival, &arena, counts);
        pthread_mutex_unlock(&intake->lock);
    }
    for (size_t i = 0; i < arrival->num_resources && ret == 0; i++)
        if (arrival->resources[i].wish != INTAKE_REFUSED)
            arrival->resources[i].status = counts[i] > 1 ? 412 : 200;
    arena_free(&arena);
    return ret;
}

/* Put it into the writer's queue; 1: it is there, and taking->done will be told. earlier: it is here already. */
static int begin(struct intake *intake, struct taking *taking, const struct intake_arrival *arrival,
                 struct model_message *earlier, struct intake_receipt *receipt)
{
    struct access who = intake_program();
    struct arena  arena = ARENA_INIT;
    int           ret = check(intake, arrival);
    if (ret == 0)
        ret = check_limits(intake, arrival, receipt);
    if (ret == 0 && earlier == NULL &&
        intake->num_keys > 1) /* what came under an older key is not found by the unique one */
        ret = find_earlier(intake, arrival, 1, &arena, &earlier);
    if (ret == 0 && earlier != NULL)
        receipt_of(earlier, true, receipt);
    if (ret == 0 && earlier != NULL)
        ret = tell_resources(intake, arrival);
    arena_free(&arena);
    if (ret != 0 || earlier != NULL)
        return ret;
    fill(intake, taking, arrival, store_clock_now(intake->options.store));
    if (sem_init(&taking->done, 0, 0) != 0)
        return BASE_ERR_SYSTEM;
    ret = store_submit_later(intake->options.store, &who, &taking->request, taken, taking, NULL);
    if (ret != 0)
        sem_destroy(&taking->done);
    return ret == 0 ? 1 : ret;
}

static int finish(struct intake *intake, struct taking *taking, struct intake_receipt *receipt)
{
    struct arena          arena = ARENA_INIT;
    struct model_message *earlier = NULL;
    while (sem_wait(&taking->done) != 0)
        ;
    sem_destroy(&taking->done);
    int ret = taking->status;
    if (ret == 0)
        receipt_of(&taking->message, false, receipt);
    if (ret == STORE_ERR_EXISTS) {
        ret = find_earlier(intake, taking->arrival, 0, &arena, &earlier);
        if (ret == 0 && earlier == NULL)
            ret = STORE_ERR_EXISTS; /* an id of ours: not to be */
        if (ret == 0)
            receipt_of(earlier, true, receipt);
        if (ret == 0)
            ret = tell_resources(intake, taking->arrival);
    }
    arena_free(&arena);
    return ret;
}

static void count(struct intake *intake, int status, const struct intake_receipt *receipt)
{
    if (status != 0)
        atomic_fetch_add(&intake->refused, 1);
    if (status == INTAKE_ERR_LIMIT)
        atomic_fetch_add(&intake->limited, 1);
    if (status != 0)
        return;
    if (receipt->repeats)
        atomic_fetch_add(&intake->repeated, 1);
    else {
        atomic_fetch_add(&intake->taken, 1);
        atomic_fetch_add(&intake->held, strcmp(receipt->verdict, "held") == 0);
        atomic_fetch_add(&intake->rejected, strcmp(receipt->verdict, "rejected") == 0);
        if (strcmp(receipt->verdict, "received") == 0)
            intake_wake(intake);
    }
}

void intake_take_many(struct intake *intake, const struct intake_arrival *arrivals, size_t num,
                      struct intake_receipt *receipts, int *statuses)
{
    struct arena           arena = ARENA_INIT;
    struct taking         *takings = memory_array(num, sizeof *takings);
    struct model_message **earlier = arena_array(&arena, num, sizeof *earlier);
    bool                   room = takings != NULL && earlier != NULL;
    int                    ret = room ? 0 : TOC_ERR_NO_MEMORY;
    if (room && num > 1 && !id_is_missing(&arrivals[0].part_of)) /* together rows are those of one file */
        ret = find_rows(intake, arrivals, num, &arena, earlier);
    for (size_t i = 0; i < num; i++)
        statuses[i] = ret != 0 ? ret : begin(intake, &takings[i], &arrivals[i], earlier[i], &receipts[i]);
    for (size_t i = 0; i < num; i++) {
        if (statuses[i] == 1)
            statuses[i] = finish(intake, &takings[i], &receipts[i]);
        count(intake, statuses[i], &receipts[i]);
    }
    free(takings);
    arena_free(&arena);
}

int intake_take(struct intake *intake, const struct intake_arrival *arrival, struct intake_receipt *receipt)
{
    int status;
    intake_take_many(intake, arrival, 1, receipt, &status);
    return status;
}

void intake_answer_number(struct intake *intake, char text[20])
{
    int_fast64_t now = store_clock_now(intake->options.store), last = atomic_load(&intake->answered), next;
    do
        next = now > last ? now : last + 1;
    while (!atomic_compare_exchange_weak(&intake->answered, &last, next));
    snprintf(text, 20, "%" PRIu64, (uint64_t) next % UINT64_C(1000000000000000000));
}

void intake_watch(struct intake *intake, struct intake_state *state)
{
    *state = (struct intake_state){ .taken = atomic_load(&intake->taken),
                                    .repeated = atomic_load(&intake->repeated),
                                    .held = atomic_load(&intake->held),
                                    .rejected = atomic_load(&intake->rejected),
                                    .refused = atomic_load(&intake->refused),
                                    .limited = atomic_load(&intake->limited),
                                    .worked = atomic_load(&intake->worked),
                                    .failed = atomic_load(&intake->failed) };
}
