/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/intake_hl7.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/hl7v2/ack.h"
#include "formats/hl7v2/batch.h"
#include "response/intake_format.h"
#include "response/intake_internal.h"

#define READING_BYTES ((size_t) 256 << 20) /* of memory, a message: one of 8 MiB that is all delimiters fits */

/* A message of a transmission. */
struct item {
    struct hl7_part       bytes;
    struct arena          arena; /* identities: wiped */
    struct intake_read    read;
    struct model_feed     feed;
    bool                  known; /* of that feed */
    struct intake_receipt receipt;
    int                   status;
};

struct taking {
    const struct intake_hl7_door *door;
    struct intake_hl7_answer     *answer;
    struct report_time            now;
    bool                          batch; /* one answer for all */
    size_t                        num, room;
    struct item                  *items; /* room, as of those below */
    struct intake_arrival        *arrivals;
    struct intake_receipt        *receipts;
    int                          *statuses;
    /* Of a single message, which most transmissions are. */
    struct item           one;
    struct intake_arrival arrival;
    struct intake_receipt receipt;
    int                   status;
};

/* ---- reading ---- */

static int read_item(struct taking *taking, struct item *item)
{
    const struct intake_hl7_door *door = taking->door;
    struct intake_reading         reading = { .tables = door->intake->options.tables,
                                              .feed = item->known ? &item->feed : NULL,
                                              .now = store_clock_now(door->intake->options.store),
                                              .bytes = item->bytes.bytes,
                                              .size = item->bytes.size,
                                              .arena = &item->arena };
    int                           ret = intake_format_read(intake_format_find("hl7v2", 5), &reading, &item->read);
    return ret == TOC_ERR_NO_MEMORY ? ret : 0; /* what cannot be read is kept too */
}

/* Does the feed say how its messages are read? Then what was read without it does not stand. */
static bool reads_differently(const struct model_feed *feed)
{
    return feed->charset.size > 0 || feed->pooled == 1 || feed->blank_is_live == 1;
}

/* Read it as far as its sender says who it is, then as that sender's messages are read. */
static void prepare(struct taking *taking, struct item *item)
{
    const struct intake_hl7_door *door = taking->door;
    struct intake_caller          caller = door->caller;
    item->arena = (struct arena){ .limit = READING_BYTES };
    item->known = false;
    item->status = item->bytes.size > INTAKE_MAX_BYTES ? TOC_ERR_TOO_LARGE : read_item(taking, item);
    if (item->status != 0)
        return;
    caller.application = item->read.report.application.name;
    caller.facility = item->read.report.facility.name;
    item->known = intake_find_feed(door->intake, &caller, &item->arena, &item->feed);
    if (item->known && reads_differently(&item->feed))
        item->status = read_item(taking, item);
}

/* ---- answering ---- */

static const struct report_place at_sender = { .segment = "MSH", .sequence = 1, .field = 3 };
static const struct report_text  nothing;

/* What the sender is told besides what is wrong with the message itself. */
static void add_remarks(struct item *item)
{
    struct report *report = &item->read.report;
    if (item->status == TOC_ERR_TOO_LARGE)
        report_add_fault(report, REPORT_FATAL, REPORT_LIMIT, (struct report_place){ .segment = "MSH", .sequence = 1 },
                         nothing, "the message is larger than is taken in here; nothing was kept", "8 MiB");
    else if (item->status == 0 && strcmp(item->receipt.verdict, "held") == 0)
        report_add_fault(report, REPORT_WARNING, REPORT_UNKNOWN_CODE, at_sender, nothing,
                         item->known ? "this sender is stopped here: kept, and held until somebody decides"
                                     : "this sender is not known here: kept, and held until somebody decides",
                         NULL);
}

static void write_one(struct taking *taking, const struct item *item, const struct hl7_message *message,
                      enum hl7_ack_kind kind)
{
    struct intake_hl7_answer *answer = taking->answer;
    char                      number[HL7_ACK_NUMBER_BYTES], why[INTAKE_QUOTA_BYTES + 60];
    bool                      limited = item->status == INTAKE_ERR_LIMIT;
    intake_answer_number(taking->door->intake, number);
    if (limited)
        snprintf(why, sizeof why, "%s: not stored; send again in %lld s", item->receipt.limit,
                 (long long) item->receipt.again_seconds);
    /* What is too large is refused for good: "send again later" would not help. */
    struct hl7_ack_options options = { .kind = kind,
                                       .stored = item->status == 0 || item->status == TOC_ERR_TOO_LARGE,
                                       .control_id = number,
                                       .now = &taking->now,
                                       .why = limited ? why : NULL };
    hl7_ack_write(&answer->text, message, &item->read.report, &options);
    if (!taking->batch)
        answer->ends[answer->num_ends++] = answer->text.used;
}

/* The bytes of the first segment, which is all that an answer needs of the message. */
static size_t header_size(const char *bytes, size_t size)
{
    size_t at = 0;
    while (at < size && (bytes[at] == '\r' || bytes[at] == '\n'))
        at++;
    while (at < size && bytes[at] != '\r' && bytes[at] != '\n')
        at++;
    return at;
}

static void answer_item(struct taking *taking, struct item *item)
{
    struct report      header;
    struct hl7_message message = { .num_segments = 0 };
    if (item->status == TOC_ERR_TOO_LARGE || item->status == TOC_ERR_NO_MEMORY)
        report_init(&item->read.report, &item->arena, item->bytes.bytes, 0);
    else {
        report_init(&header, &item->arena, item->read.report.bytes,
                    header_size(item->read.report.bytes, item->read.report.size));
        if (hl7_read(&header, &message) != 0)
            message.num_segments = 0;
    }
    add_remarks(item);
    bool             stored = item->status == 0 || item->status == TOC_ERR_TOO_LARGE;
    enum hl7_verdict verdict = stored ? hl7_verdict_of(&item->read.report) : HL7_ERROR;
    if (taking->batch || hl7_ack_is_wanted(&message, HL7_ACK_COMMIT, verdict))
        write_one(taking, item, &message, taking->batch ? HL7_ACK_APPLICATION : HL7_ACK_COMMIT);
    if (!taking->batch && hl7_ack_is_wanted(&message, HL7_ACK_APPLICATION, verdict))
        write_one(taking, item, &message, HL7_ACK_APPLICATION);
}

/* ---- one commit ---- */

static void take_items(struct taking *taking)
{
    const struct intake_hl7_door *door = taking->door;
    struct intake_hl7_answer     *answer = taking->answer;
    size_t                        num = 0;
    for (size_t i = 0; i < taking->num; i++) {
        struct item *item = &taking->items[i];
        prepare(taking, item);
        if (item->status == 0)
            taking->arrivals[num++] = (struct intake_arrival){ .channel = door->caller.channel,
                                                               .format = "hl7v2",
                                                               .feed = item->known ? &item->feed : NULL,
                                                               .report = &item->read.report,
                                                               .bytes = item->bytes.bytes,
                                                               .size = item->bytes.size,
                                                               .submitted_by = door->submitted_by,
                                                               .institution = door->institution };
    }
    if (num > 0)
        intake_take_many(door->intake, taking->arrivals, num, taking->receipts, taking->statuses);
    num = 0;
    for (size_t i = 0; i < taking->num; i++) {
        struct item *item = &taking->items[i];
        if (item->status == 0) {
            item->receipt = taking->receipts[num];
            item->status = taking->statuses[num++];
        }
        if (item->status == 0 && answer->num_kept++ == 0)
            answer->first = item->receipt.message;
        answer->num_repeats += item->status == 0 && item->receipt.repeats;
        answer->num_again += item->status != 0 && item->status != TOC_ERR_TOO_LARGE;
        if (item->status == INTAKE_ERR_LIMIT && item->receipt.again_seconds > answer->again_seconds)
            answer->again_seconds = item->receipt.again_seconds;
        answer_item(taking, item);
        arena_wipe(&item->arena);
    }
    answer->num_messages += (uint32_t) taking->num;
    taking->num = 0;
}

static void begin(struct taking *taking, const struct intake_hl7_door *door, struct intake_hl7_answer *answer)
{
    struct sink text = answer->text;
    text.used = 0;
    *answer = (struct intake_hl7_answer){ .text = text };
    *taking = (struct taking){ .door = door,
                               .answer = answer,
                               .now = intake_time(store_clock_now(door->intake->options.store)),
                               .room = 1,
                               .items = &taking->one,
                               .arrivals = &taking->arrival,
                               .receipts = &taking->receipt,
                               .statuses = &taking->status };
}

/* Room for many, of which the first may be there. */
static int make_room(struct taking *taking)
{
    struct item           *items = memory_array(INTAKE_HL7_AT_ONCE, sizeof *items);
    struct intake_arrival *arrivals = memory_array(INTAKE_HL7_AT_ONCE, sizeof *arrivals);
    struct intake_receipt *receipts = memory_array(INTAKE_HL7_AT_ONCE, sizeof *receipts);
    int                   *statuses = memory_array(INTAKE_HL7_AT_ONCE, sizeof *statuses);
    if (items == NULL || arrivals == NULL || receipts == NULL || statuses == NULL) {
        free(items);
        free(arrivals);
        free(receipts);
        free(statuses);
        return TOC_ERR_NO_MEMORY;
    }
    items[0].bytes = taking->one.bytes;
    taking->items = items;
    taking->arrivals = arrivals;
    taking->receipts = receipts;
    taking->statuses = statuses;
    taking->room = INTAKE_HL7_AT_ONCE;
    return 0;
}

static int begin_batch(struct taking *taking)
{
    char number[HL7_ACK_NUMBER_BYTES];
    int  ret = make_room(taking);
    if (ret != 0)
        return ret;
    intake_answer_number(taking->door->intake, number);
    taking->batch = true;
    hl7_ack_begin_batch(&taking->answer->text, &(struct hl7_ack_options){ .control_id = number, .now = &taking->now });
    return 0;
}

static int end(struct taking *taking)
{
    if (taking->room > 1) {
        free(taking->items);
        free(taking->arrivals);
        free(taking->receipts);
        free(taking->statuses);
    }
    return taking->answer->text.failure != 0 ? TOC_ERR_NO_MEMORY : 0;
}

/* An answer to what is no message that could be kept. */
static void refuse(struct taking *taking, const char *what, const char *allowed)
{
    struct report_place place = { .segment = "MSH", .sequence = 1 };
    struct hl7_message  message = { .num_segments = 0 };
    struct item        *item = &taking->one;
    taking->answer->num_messages = 1;
    report_init(&item->read.report, &item->arena, "", 0);
    report_add_fault(&item->read.report, REPORT_FATAL, REPORT_LIMIT, place, nothing, what, allowed);
    write_one(taking, item, &message, HL7_ACK_APPLICATION);
    arena_wipe(&item->arena);
}

/* Headers of a batch so far, or more messages than one. */
static bool is_batch(const struct hl7_batch *messages, uint32_t number)
{
    return messages->num_fhs + messages->num_bhs > 0 || number > 1;
}

int intake_hl7_take(const struct intake_hl7_door *door, const char *bytes, size_t size,
                    struct intake_hl7_answer *answer)
{
    struct arena             arena = { .limit = READING_BYTES };
    struct report            envelope;
    struct hl7_batch         messages;
    struct hl7_batch_message message;
    struct taking            taking;
    begin(&taking, door, answer);
    report_init(&envelope, &arena, bytes, size);
    int ret = hl7_batch_begin(&messages, &envelope);
    while (ret >= 0 && (ret = hl7_batch_next(&messages, &message)) == 1) {
        if (!taking.batch && is_batch(&messages, message.number) && (ret = begin_batch(&taking)) != 0)
            break;
        if (taking.num == taking.room)
            take_items(&taking);
        taking.items[taking.num++].bytes = message.bytes;
    }
    if (ret == 0 && !taking.batch && is_batch(&messages, 0))
        ret = begin_batch(&taking); /* of nothing */
    if (taking.num > 0)
        take_items(&taking);
    if (taking.batch) {
        hl7_ack_end_batch(&answer->text, answer->num_messages, envelope.num_all_faults);
        answer->ends[answer->num_ends++] = answer->text.used;
    } else if (answer->num_messages == 0) {
        refuse(&taking, "there is no message", "MSH and its segments");
    }
    hl7_batch_end(&messages);
    arena_wipe(&arena);
    int failed = end(&taking);
    return ret < 0 && ret != BASE_ERR_INPUT ? ret : failed;
}

int intake_hl7_too_large(const struct intake_hl7_door *door, const char *allowed, struct intake_hl7_answer *answer)
{
    struct taking taking;
    begin(&taking, door, answer);
    refuse(&taking, "the transmission is larger than is taken in here; nothing was kept", allowed);
    return end(&taking);
}
