/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/intake_reconcile.h"

#include <stdlib.h>
#include <string.h>

#include "formats/hl7v2/batch.h"
#include "response/intake_format.h"
#include "response/intake_internal.h"
#include "store/sender_figures.h"

enum { TOLD_AT_MOST = 1000 };

/* ---- what is asked ---- */

struct hashed {
    uint8_t hash[32];
    size_t  asked;
};

struct question {
    struct intake            *intake;
    const struct model_feed  *feeds;
    size_t                    num_feeds;
    struct arena             *arena;
    struct fault_list        *faults;
    struct intake_reconciled *found;
    struct hashed            *hashes;
    size_t                    num_hashes, room_hashes, room_asked;
};

static int refuse(struct question *question, uint64_t line, const char *allowed, const char *found)
{
    fault_add(question->faults, (struct fault_place){ .line = line }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

/* Under each key and of each feed, as the door would have hashed it. */
static bool hash_all(struct question *question, const struct report *report, size_t asked)
{
    for (size_t f = 0; f < question->num_feeds; f++)
        for (size_t k = 0; k < question->intake->num_keys; k++) {
            const struct intake_arrival arrival = { .feed = &question->feeds[f], .report = report };
            void                       *hashes = question->hashes;
            if (!arena_make_room(question->arena, &hashes, question->num_hashes, &question->room_hashes,
                                 sizeof(struct hashed)))
                return false;
            question->hashes = hashes;
            struct hashed *one = &question->hashes[question->num_hashes++];
            one->asked = asked;
            intake_hash_control(&question->intake->keys[k], &arrival, one->hash);
        }
    return true;
}

static int ask(struct question *question, const struct hl7_batch_message *message)
{
    struct arena              arena = ARENA_INIT;
    struct intake_read        read;
    struct intake_reconciled *found = question->found;
    struct intake_reading     reading = { .tables = question->intake->options.tables,
                                          .feed = question->num_feeds > 0 ? &question->feeds[0] : NULL,
                                          .now = store_clock_now(question->intake->options.store),
                                          .bytes = message->bytes.bytes,
                                          .size = message->bytes.size,
                                          .arena = &arena };
    void                     *asked = found->asked;
    int                       ret = 0;
    (void) intake_format_read(intake_format_find("hl7v2", 5), &reading, &read);
    const struct report_text control = read.report.control_id;
    if (!report_text_is_given(control))
        ret = refuse(question, message->number, "MSH segments with MSH-10", "a message without a control number");
    else if (found->num_asked == INTAKE_RECONCILE_MOST)
        ret = refuse(question, message->number, "at most 100000 at a time", "more than 100000 headers");
    else if (!arena_make_room(question->arena, &asked, found->num_asked, &question->room_asked, sizeof *found->asked))
        ret = TOC_ERR_NO_MEMORY;
    if (ret == 0) {
        const char *copy = arena_copy(question->arena, control.bytes, control.size);
        found->asked = asked;
        found->asked[found->num_asked] = (struct intake_asked){ .control = { copy, control.size } };
        if (copy == NULL || !hash_all(question, &read.report, found->num_asked++))
            ret = TOC_ERR_NO_MEMORY;
    }
    arena_free(&arena);
    return ret;
}

static int ask_all(struct question *question, struct report_text headers)
{
    struct report            envelope;
    struct hl7_batch         batch;
    struct hl7_batch_message message;
    report_init(&envelope, question->arena, headers.bytes, headers.size);
    int ret = hl7_batch_begin(&batch, &envelope);
    while (ret >= 0 && (ret = hl7_batch_next(&batch, &message)) == 1)
        ret = ask(question, &message);
    hl7_batch_end(&batch);
    if (ret == BASE_ERR_INPUT && question->faults->num_all == 0)
        return refuse(question, 0, "HL7 v2: the MSH segments of what was sent", "something else");
    return ret;
}

/* ---- what came ---- */

static int by_hash(const void *a, const void *b)
{
    return memcmp(((const struct hashed *) a)->hash, ((const struct hashed *) b)->hash, 32);
}

static enum intake_became became_of(const char *verdict, size_t size)
{
    static const char *const verdicts[INTAKE_NUM_BECAME] = { [INTAKE_USED] = "accepted",
                                                             [INTAKE_USED_IN_PART] = "accepted-with-faults",
                                                             [INTAKE_HELD] = "held",
                                                             [INTAKE_REJECTED] = "rejected" };
    for (int i = 1; i < INTAKE_NUM_BECAME; i++)
        if (strlen(verdicts[i]) == size && memcmp(verdicts[i], verdict, size) == 0)
            return (enum intake_became) i;
    return INTAKE_WAITS;
}

static int take(void *context, const char *verdict, size_t size, const uint8_t *control, size_t control_size)
{
    struct question     *question = context;
    enum intake_became   became = became_of(verdict, size);
    struct hashed        wanted;
    const struct hashed *hit = NULL;
    question->found->received[became]++;
    if (control_size == sizeof wanted.hash && question->num_hashes > 0) {
        memcpy(wanted.hash, control, sizeof wanted.hash);
        hit = bsearch(&wanted, question->hashes, question->num_hashes, sizeof wanted, by_hash);
    }
    if (hit == NULL) {
        question->found->not_asked++;
        return 0;
    }
    struct intake_asked *asked = &question->found->asked[hit->asked];
    question->found->num_there += asked->times == 0;
    if (asked->times++ == 0 || became > asked->became)
        asked->became = became;
    return 0;
}

int intake_reconcile(struct intake *intake, struct store_reader *reader, const struct model_feed *feeds,
                     size_t num_feeds, int64_t from, int64_t until, struct report_text headers, struct arena *arena,
                     struct fault_list *faults, struct intake_reconciled *reconciled)
{
    struct question question = {
        .intake = intake, .feeds = feeds, .num_feeds = num_feeds, .arena = arena, .faults = faults, .found = reconciled
    };
    *reconciled = (struct intake_reconciled){ .not_asked = 0 };
    int ret = headers.size > 0 ? ask_all(&question, headers) : 0;
    if (ret == 0 && question.num_hashes > 0)
        qsort(question.hashes, question.num_hashes, sizeof *question.hashes, by_hash);
    for (size_t f = 0; f < num_feeds && ret == 0; f++)
        ret = store_sender_transmissions(reader, &feeds[f].head.id, from, until, take, &question);
    return ret;
}

/* ---- in words ---- */

static const char *const words[INTAKE_NUM_BECAME] = { "waiting", "accepted", "accepted_with_faults", "held",
                                                      "rejected" };

/* The first of those that did not come, or that came and were not used. */
static void write_asked(const struct intake_reconciled *reconciled, bool missing, struct json_writer *json)
{
    size_t told = 0;
    json_key(json, missing ? "missing" : "not_used");
    json_begin_array(json);
    for (size_t i = 0; i < reconciled->num_asked && told < TOLD_AT_MOST; i++) {
        const struct intake_asked *one = &reconciled->asked[i];
        bool                       unused = one->times > 0 && one->became >= INTAKE_HELD;
        if (missing ? one->times > 0 : !unused)
            continue;
        json_begin_object(json);
        json_key(json, "control_id");
        json_put_string_of(json, one->control.bytes, one->control.size);
        if (!missing) {
            json_key(json, "verdict");
            json_put_string(json, words[one->became]);
        }
        json_end(json);
        told++;
    }
    json_end(json);
}

static void put(struct json_writer *json, const char *key, uint64_t number)
{
    json_key(json, key);
    json_put_integer(json, (int64_t) number);
}

void intake_write_reconciled(const struct intake_reconciled *reconciled, struct json_writer *json)
{
    json_key(json, "received");
    json_begin_object(json);
    for (int i = 0; i < INTAKE_NUM_BECAME; i++)
        put(json, words[i], reconciled->received[i]);
    json_end(json);
    put(json, "asked", reconciled->num_asked);
    put(json, "there", reconciled->num_there);
    write_asked(reconciled, true, json);
    write_asked(reconciled, false, json);
    put(json, "not_asked", reconciled->not_asked);
}
