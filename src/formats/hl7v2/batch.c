/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/hl7v2/batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"
#include "base/text.h"
#include "formats/hl7v2/time.h"
#include "tocsin/status.h"

#define NAME_BYTES 20 /* of HD.1, as the guides have it */
#define SEEN_AT_FIRST 1024

/* ---- messages seen, by sender and control id ---- */

struct seen_message {
    uint64_t key; /* 0 = free */
    size_t   offset;
    uint32_t size, number;
};

struct hl7_seen {
    struct seen_message *slots;
    size_t               num, num_slots; /* a power of 2 */
};

static struct seen_message *seen_slot(const struct hl7_seen *seen, uint64_t key)
{
    size_t i = (size_t) (key >> 7);
    while (seen->slots[i & (seen->num_slots - 1)].key != 0 && seen->slots[i & (seen->num_slots - 1)].key != key)
        i++;
    return &seen->slots[i & (seen->num_slots - 1)];
}

static int seen_grow(struct hl7_seen *seen)
{
    struct hl7_seen larger = { .num = seen->num,
                               .num_slots = seen->num_slots == 0 ? SEEN_AT_FIRST : 2 * seen->num_slots };
    larger.slots = memory_array(larger.num_slots, sizeof *larger.slots);
    if (larger.slots == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < seen->num_slots; i++)
        if (seen->slots[i].key != 0)
            *seen_slot(&larger, seen->slots[i].key) = seen->slots[i];
    free(seen->slots);
    *seen = larger;
    return 0;
}

/* MSH-3, 4 and 10 of a message as one key; 0 where there is no control id. */
static uint64_t key_of(struct hl7_part message)
{
    const char *end = message.bytes + message.size, *stop = message.bytes;
    if (message.size < 8)
        return 0;
    while (stop < end && *stop != '\r' && *stop != '\n')
        stop++;
    struct hl7_part header = { message.bytes, (size_t) (stop - message.bytes) };
    char            field = message.bytes[3];
    struct hl7_part sender = hl7_nth(header, field, 3), facility = hl7_nth(header, field, 4),
                    control = hl7_nth(header, field, 10);
    if (hl7_is_empty(control))
        return 0;
    uint64_t key = text_hash(sender.bytes, sender.size);
    key = key * 31 + text_hash(facility.bytes, facility.size);
    key = (key * 31 + text_hash(control.bytes, control.size)) * UINT64_C(0x9e3779b97f4a7c15);
    return key | 1;
}

/* Equal keys of different senders are as good as impossible, and cost no more than a word too many. */
static int look_for_same(struct hl7_batch *batch, struct hl7_batch_message *message)
{
    struct hl7_seen *seen = batch->seen;
    uint64_t         key = key_of(message->bytes);
    if (key == 0)
        return 0;
    if (2 * (seen->num + 1) > seen->num_slots) {
        int ret = seen_grow(seen);
        if (ret != 0)
            return ret;
    }
    struct seen_message *slot = seen_slot(seen, key);
    if (slot->key == 0) {
        *slot = (struct seen_message){ key, message->offset, (uint32_t) message->bytes.size, message->number };
        seen->num++;
    } else if (slot->size == message->bytes.size &&
               memcmp(batch->bytes + slot->offset, message->bytes.bytes, slot->size) == 0) {
        message->repeats = slot->number;
    } else {
        message->same_id = slot->number;
    }
    return 0;
}

/* ---- lines ---- */

enum line { LINE_OTHER, LINE_MSH, LINE_FHS, LINE_BHS, LINE_BTS, LINE_FTS };

static enum line kind_of(const struct hl7_batch *batch, const char *at, const char *end)
{
    static const char ids[][4] = { "", "MSH", "FHS", "BHS", "BTS", "FTS" };
    if (end - at < 3 || at[2] != 'S' + (at[0] == 'M') * ('H' - 'S'))
        return LINE_OTHER;
    char next = end - at > 3 ? at[3] : '\r';
    for (enum line kind = LINE_MSH; kind <= LINE_FTS; kind++) {
        if (memcmp(at, ids[kind], 3) != 0)
            continue;
        bool over = next == '\r' || next == '\n';
        bool mark = (unsigned char) next > ' ' && (unsigned char) next < 0x7f &&
                    !((next | 0x20) >= 'a' && (next | 0x20) <= 'z') && !(next >= '0' && next <= '9');
        if (kind <= LINE_BHS)
            return mark ? kind : LINE_OTHER;
        return over || next == batch->field ? kind : LINE_OTHER;
    }
    return LINE_OTHER;
}

/* Behind the next end of a line; the size where there is none. */
static size_t next_line(const struct hl7_batch *batch, size_t at)
{
    const char *bytes = batch->bytes;
    while (at < batch->size && bytes[at] != '\r' && bytes[at] != '\n')
        at++;
    return at < batch->size ? at + 1 : at;
}

static struct hl7_part line_at(const struct hl7_batch *batch, size_t at)
{
    size_t end = at;
    while (end < batch->size && batch->bytes[end] != '\r' && batch->bytes[end] != '\n')
        end++;
    return (struct hl7_part){ batch->bytes + at, end - at };
}

static bool is_blank(char c)
{
    return c == '\r' || c == '\n' || c == ' ' || c == '\t' || c == '\v' || c == '\x1c' || c == '\x1a';
}

/* ---- faults of the envelope ---- */

static void tell(struct hl7_batch *batch, const char *segment, uint32_t sequence, uint32_t field, uint32_t component,
                 enum report_rule rule, struct hl7_part found, const char *what, const char *allowed)
{
    struct report_place place = { .sequence = sequence, .field = field, .component = component, .offset = batch->at };
    snprintf(place.segment, sizeof place.segment, "%s", segment);
    report_add_fault(batch->report, REPORT_ERROR, rule, place, (struct report_text){ found.bytes, found.size }, what,
                     allowed);
}

static void tell_structure(struct hl7_batch *batch, const char *segment, uint32_t sequence, const char *what)
{
    tell(batch, segment, sequence, 0, 0, REPORT_STRUCTURE, (struct hl7_part){ 0 }, what, NULL);
}

/* FHS or BHS 3 … 6: application and facility of both sides. */
static void check_source(struct hl7_batch *batch, const char *segment, uint32_t sequence, uint32_t n,
                         struct hl7_part field, char component)
{
    struct hl7_part parts[5];
    size_t          num = hl7_split(field, component, parts, 5);
    if (num > 3)
        tell(batch, segment, sequence, n, 4, REPORT_STRUCTURE, parts[3], "more components than HD has",
             "name^number^kind of number");
    if (num > 0 && parts[0].size > NAME_BYTES)
        tell(batch, segment, sequence, n, 1, REPORT_LIMIT, parts[0], "the name is longer than 20 characters", "20");
    for (size_t i = 1; num > 0 && i < 3; i++)
        if (i >= num || parts[i].size == 0)
            tell(batch, segment, sequence, n, (uint32_t) i + 1, REPORT_REQUIRED, field,
                 i == 1 ? "no number of the sender or receiver" : "no kind of its number",
                 "name^number^kind of number");
}

static void check_header(struct hl7_batch *batch, struct hl7_part line, const char *segment, uint32_t sequence,
                         bool required)
{
    struct hl7_message marks = { 0 };
    const char        *what;
    if (!hl7_read_delimiters(line.bytes, line.size, &marks, &what)) {
        tell(batch, segment, sequence, 2, 0, REPORT_VALUE, line, what, "|^~\\&");
        return;
    }
    batch->field = marks.field;
    for (uint32_t n = 3; n <= 7; n++) {
        struct hl7_part field = hl7_nth(line, marks.field, n);
        if (hl7_is_empty(field)) {
            if (required)
                tell(batch, segment, sequence, n, 0, REPORT_REQUIRED, field, "a field that a batch header must have",
                     NULL);
            continue;
        }
        if (n < 7) {
            check_source(batch, segment, sequence, n, field, marks.component);
            continue;
        }
        struct report_time time;
        field = hl7_nth(field, marks.component, 1);
        if (hl7_time_read((struct report_text){ field.bytes, field.size }, &time, &what) >= HL7_TIME_IMPOSSIBLE)
            tell(batch, segment, sequence, n, 0, REPORT_TYPE, field, what, "YYYYMMDDHHMMSS+ZZZZ, or less");
    }
}

/* BTS-1 or FTS-1 against what was counted. */
static void check_count(struct hl7_batch *batch, struct hl7_part line, const char *segment, uint32_t sequence,
                        uint32_t counted, const char *differs)
{
    struct hl7_part field = hl7_nth(line, batch->field, 2);
    int64_t         said;
    if (hl7_is_empty(field))
        tell(batch, segment, sequence, 1, 0, REPORT_REQUIRED, field, "no count", "a whole number");
    else if (text_to_integer(field.bytes, field.size, 0, INT64_MAX, &said) != 0)
        tell(batch, segment, sequence, 1, 0, REPORT_TYPE, field, "not a count", "a whole number");
    else if (said != counted)
        tell(batch, segment, sequence, 1, 0, REPORT_VALUE, field, differs, NULL);
}

/* ---- the segments of the envelope ---- */

static void begin_file(struct hl7_batch *batch, struct hl7_part line)
{
    batch->num_fhs++;
    check_header(batch, line, "FHS", batch->num_fhs, false);
    if (batch->num_fhs > 1)
        tell_structure(batch, "FHS", batch->num_fhs, "a second file header; one file a transmission");
    else if (batch->num_messages > 0)
        tell_structure(batch, "FHS", 1, "messages before the file header");
    batch->file_open = true;
    batch->batches_in_file = batch->in_batch = 0;
}

static void begin_batch(struct hl7_batch *batch, struct hl7_part line)
{
    batch->num_bhs++;
    check_header(batch, line, "BHS", batch->num_bhs, true);
    if (batch->num_bhs > 1)
        tell_structure(batch, "BHS", batch->num_bhs, "a second batch; one batch a file");
    else if (batch->num_fhs == 0)
        tell_structure(batch, "FHS", 0, "a batch without file header");
    if (batch->batch_open)
        tell_structure(batch, "BTS", batch->num_bts + 1, "the batch before has no trailer");
    else if (batch->in_batch > 0)
        tell_structure(batch, "BHS", batch->num_bhs, "messages before the batch header");
    batch->batch_open = true;
    batch->in_batch = 0;
    batch->batches_in_file++;
}

static void end_batch(struct hl7_batch *batch, struct hl7_part line)
{
    batch->num_bts++;
    check_count(batch, line, "BTS", batch->num_bts, batch->in_batch,
                "the count of messages differs from those that stand in the batch");
    if (batch->num_bts > 1)
        tell_structure(batch, "BTS", batch->num_bts, "a second batch trailer; one batch a file");
    else if (!batch->batch_open)
        tell_structure(batch, "BTS", batch->num_bts, "a batch trailer without its header");
    if (batch->batch_open && batch->in_batch == 0)
        tell_structure(batch, "BHS", batch->num_bhs, "the batch holds no message");
    batch->batch_open = false;
    batch->in_batch = 0;
}

static void end_file(struct hl7_batch *batch, struct hl7_part line)
{
    bool     bare = batch->batches_in_file == 0 && batch->in_batch > 0; /* messages without BHS are one batch */
    uint32_t batches = bare ? 1 : batch->batches_in_file;
    batch->num_fts++;
    if (batch->batch_open) {
        tell_structure(batch, "BTS", batch->num_bts + 1, "the batch has no trailer");
        batch->batch_open = false;
    }
    check_count(batch, line, "FTS", batch->num_fts, batches,
                "the count of batches differs from those that stand in the file");
    if (batch->num_fts > 1)
        tell_structure(batch, "FTS", batch->num_fts, "a second file trailer; one file a transmission");
    else if (!batch->file_open)
        tell_structure(batch, "FTS", batch->num_fts, "a file trailer without its header");
    if (batch->file_open && batches == 0)
        tell_structure(batch, "FHS", batch->num_fhs, "the file holds no batch and no message");
    batch->file_open = false;
    batch->batches_in_file = batch->in_batch = 0;
}

static void finish(struct hl7_batch *batch)
{
    if (batch->ended)
        return;
    batch->ended = true;
    if (batch->batch_open)
        tell_structure(batch, "BTS", batch->num_bts + 1, "the batch has no trailer");
    if (batch->batch_open && batch->in_batch == 0)
        tell_structure(batch, "BHS", batch->num_bhs, "the batch holds no message");
    if (batch->file_open)
        tell_structure(batch, "FTS", batch->num_fts + 1, "the file has no trailer");
    batch->num_batches = batch->num_bhs > 0 ? batch->num_bhs : (batch->num_messages > 0);
}

/* ---- messages ---- */

/* The message that begins here: until a line that is a header or trailer. */
static int take_message(struct hl7_batch *batch, struct hl7_batch_message *message)
{
    size_t from = batch->at, at = next_line(batch, from);
    if (batch->num_messages == HL7_MAX_MESSAGES) {
        tell(batch, "MSH", batch->num_messages + 1, 0, 0, REPORT_LIMIT, (struct hl7_part){ 0 },
             "more messages than a file may have; these and the rest are not read", "1,000,000");
        batch->ended = true;
        return BASE_ERR_INPUT;
    }
    batch->field = batch->bytes[from + 3];
    if (batch->num_bts > 0 && !batch->batch_open && !batch->told_after) {
        batch->told_after = true;
        tell_structure(batch, "MSH", batch->num_messages + 1, "a message behind the end of its batch");
    }
    while (at < batch->size && kind_of(batch, batch->bytes + at, batch->bytes + batch->size) == LINE_OTHER)
        at = next_line(batch, at);
    *message = (struct hl7_batch_message){ .bytes = { batch->bytes + from, at - from },
                                           .offset = from,
                                           .number = ++batch->num_messages };
    while (message->bytes.size > 0 && is_blank(message->bytes.bytes[message->bytes.size - 1]))
        message->bytes.size--;
    batch->in_batch++;
    batch->at = at;
    int ret = look_for_same(batch, message);
    return ret != 0 ? ret : 1;
}

/* A line that is neither header nor trailer nor of a message. */
static void skip_text(struct hl7_batch *batch, struct hl7_part line)
{
    if (!batch->told_text)
        tell(batch, "", 0, 0, 0, REPORT_STRUCTURE, line, "text that belongs to no message; it was left out", NULL);
    batch->told_text = true;
}

/* No header anywhere: the whole as one message, whose reading will tell. */
static int take_whole(struct hl7_batch *batch, struct hl7_batch_message *message)
{
    *message = (struct hl7_batch_message){ .bytes = { batch->bytes, batch->size }, .number = 1 };
    batch->at = batch->size;
    batch->num_messages = 1;
    batch->ended = true;
    return 1;
}

static bool has_header(const struct hl7_batch *batch)
{
    for (size_t at = 0; at < batch->size; at = next_line(batch, at)) {
        while (at < batch->size && is_blank(batch->bytes[at]))
            at++;
        if (kind_of(batch, batch->bytes + at, batch->bytes + batch->size) != LINE_OTHER)
            return true;
    }
    return false;
}

int hl7_batch_next(struct hl7_batch *batch, struct hl7_batch_message *message)
{
    if (batch->at == 0 && batch->size >= 3 && memcmp(batch->bytes, "\xef\xbb\xbf", 3) == 0)
        batch->at = 3;
    while (!batch->ended) {
        while (batch->at < batch->size && is_blank(batch->bytes[batch->at]))
            batch->at++;
        if (batch->at == batch->size)
            break;
        enum line       kind = kind_of(batch, batch->bytes + batch->at, batch->bytes + batch->size);
        struct hl7_part line = line_at(batch, batch->at);
        switch (kind) {
        case LINE_MSH: return take_message(batch, message);
        case LINE_FHS: begin_file(batch, line); break;
        case LINE_BHS: begin_batch(batch, line); break;
        case LINE_BTS: end_batch(batch, line); break;
        case LINE_FTS: end_file(batch, line); break;
        case LINE_OTHER:
            if (batch->num_messages == 0 && batch->num_fhs == 0 && batch->num_bhs == 0 && !has_header(batch))
                return take_whole(batch, message);
            skip_text(batch, line);
            break;
        }
        batch->at = next_line(batch, batch->at);
    }
    finish(batch);
    return 0;
}

int hl7_batch_begin(struct hl7_batch *batch, struct report *report)
{
    *batch = (struct hl7_batch){ .report = report, .bytes = report->bytes, .size = report->size, .field = '|' };
    batch->seen = memory_array(1, sizeof *batch->seen);
    return batch->seen != NULL ? 0 : TOC_ERR_NO_MEMORY;
}

void hl7_batch_end(struct hl7_batch *batch)
{
    if (batch->seen != NULL)
        free(batch->seen->slots);
    free(batch->seen);
    batch->seen = NULL;
}
