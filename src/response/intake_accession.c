/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/intake_accession.h"

#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/text.h"
#include "response/change_list.h"
#include "response/intake.h"
#include "response/intake_format.h"
#include "response/intake_internal.h"
#include "response/intake_person.h"
#include "response/intake_table.h"
#include "store/message_bytes.h"
#include "store/node.h"
#include "store/rows_by.h"
#include "store/sender_figures.h"

enum { AT_ONCE = 200, ROWS_MOST = 20000, TOLD_AT_MOST = 1000, LINE_BYTES = 600 };

/* A message of the day. */
struct day_message {
    struct id id;
    int64_t   received;
    bool      is_file; /* its rows are messages too */
};

struct search {
    struct intake            *intake;
    struct store_reader      *reader;
    const struct model_feed  *feeds;
    size_t                    num_feeds;
    struct arena             *arena;
    struct intake_accessions *found;
    size_t                    room_listed, room_not_listed;
    struct day_message       *messages;
    size_t                    num_messages, room_messages, opened;
};

static int compare(struct model_text a, struct model_text b)
{
    size_t shared = a.size < b.size ? a.size : b.size;
    int    order = shared > 0 ? memcmp(a.bytes, b.bytes, shared) : 0;
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* By number; of one number the one that was used most first. */
static int by_number(const void *a, const void *b)
{
    const struct intake_accession *x = a, *y = b;
    int                            order = compare(x->number, y->number);
    return order != 0 ? order : (int) y->fate - (int) x->fate;
}

/* In order, each number once. */
static size_t sort_numbers(struct intake_accession *numbers, size_t num)
{
    size_t kept = 0;
    if (num > 1)
        qsort(numbers, num, sizeof *numbers, by_number);
    for (size_t i = 0; i < num; i++)
        if (i == 0 || compare(numbers[kept - 1].number, numbers[i].number) != 0)
            numbers[kept++] = numbers[i];
    return kept;
}

/* ---- the list ---- */

static int refuse(struct fault_list *faults, uint64_t line, const char *allowed, const char *found)
{
    fault_add(faults, (struct fault_place){ .line = line }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

static int add_line(struct search *search, struct report_text line, uint64_t number, struct fault_list *faults)
{
    int               status = 0;
    void             *listed = search->found->listed;
    struct model_text whole = intake_clean(line, line.size, search->arena, &status);
    struct model_text one = intake_clean(line, INTAKE_ACCESSION_CHARACTERS, search->arena, &status);
    if (status != 0 || one.size == 0)
        return status;
    if (one.size != whole.size)
        return refuse(faults, number, "at most 60 characters", "a longer number");
    if (search->found->num_listed == INTAKE_ACCESSION_MOST)
        return refuse(faults, number, "at most 100000 at a time", "more than 100000 numbers");
    if (!arena_make_room(search->arena, &listed, search->found->num_listed, &search->room_listed,
                         sizeof *search->found->listed))
        return TOC_ERR_NO_MEMORY;
    search->found->listed = listed;
    search->found->listed[search->found->num_listed++] =
        (struct intake_accession){ .number = one, .received = INSTANT_MISSING };
    return 0;
}

static int read_list(struct search *search, struct report_text list, struct fault_list *faults)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t            at = list.size >= 3 && memcmp(list.bytes, mark, 3) == 0 ? 3 : 0;
    int               ret = 0;
    if (list.size > 0 && text_check_utf8(list.bytes, list.size) != list.size)
        return refuse(faults, 0, "accession numbers, one a line, in UTF-8", "something else than text");
    for (uint64_t line = 1; at < list.size && ret == 0; line++) {
        size_t size = 0;
        while (at + size < list.size && list.bytes[at + size] != '\n' && list.bytes[at + size] != '\r')
            size++;
        ret = add_line(search, (struct report_text){ list.bytes + at, size }, line, faults);
        bool both = at + size + 1 < list.size && list.bytes[at + size] == '\r' && list.bytes[at + size + 1] == '\n';
        at += size + (both ? 2 : 1);
    }
    if (ret == 0)
        search->found->num_listed = sort_numbers(search->found->listed, search->found->num_listed);
    return ret;
}

static struct intake_accession *find_listed(const struct search *search, struct model_text number)
{
    size_t low = 0, high = search->found->num_listed;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int    order = compare(search->found->listed[middle].number, number);
        if (order == 0)
            return &search->found->listed[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- what came ---- */

/* A number stood in a message: of one that is listed what is best, and the others are noted. */
static int note(struct search *search, struct model_text number, enum intake_fate fate, int64_t received,
                struct model_text reason)
{
    struct intake_accession *one = find_listed(search, number);
    void                    *array = search->found->not_listed;
    if (one == NULL) {
        if (!arena_make_room(search->arena, &array, search->found->num_not_listed, &search->room_not_listed,
                             sizeof *one))
            return TOC_ERR_NO_MEMORY;
        search->found->not_listed = array;
        one = &search->found->not_listed[search->found->num_not_listed++];
        *one = (struct intake_accession){ .received = INSTANT_MISSING };
        one->number.bytes = arena_copy(search->arena, number.bytes, number.size);
        one->number.size = number.size;
    }
    if (fate > one->fate) {
        one->fate = fate;
        one->reason.bytes = reason.size > 0 ? arena_copy(search->arena, reason.bytes, reason.size) : "";
        one->reason.size = reason.size;
    }
    if (one->received == INSTANT_MISSING || received > one->received)
        one->received = received;
    return one->number.bytes == NULL || one->reason.bytes == NULL ? TOC_ERR_NO_MEMORY : 0;
}

static struct model_text key_of(const struct id *id)
{
    return (struct model_text){ (const char *) id->bytes, ID_BYTES };
}

static const struct model_text no_reason = { "", 0 };

/* Records of these ids, as far as they are there; in arena. */
static int read_all(struct search *search, enum model_record_number code, const struct id *ids, size_t num,
                    struct arena *arena, void **values, bool **there)
{
    struct access    who = intake_program();
    struct model_set visible;
    *values = arena_array(arena, num + 1, model_record(code)->size);
    *there = arena_array(arena, num + 1, sizeof **there);
    if (*values == NULL || *there == NULL)
        return TOC_ERR_NO_MEMORY;
    return num == 0
               ? 0
               : store_read_many(search->reader, &who, model_record(code), ids, num, arena, *values, *there, &visible);
}

static bool is_senders(const struct search *search, const struct model_message *message)
{
    for (size_t f = 0; f < search->num_feeds; f++)
        if (id_equal(&search->feeds[f].head.id, &message->feed))
            return true;
    return false;
}

static const struct model_specimen *specimen_of(const struct model_specimen *specimens, const bool *there, size_t num,
                                                const struct id *id)
{
    for (size_t i = 0; i < num; i++)
        if ((there == NULL || there[i]) && id_equal(&specimens[i].head.id, id))
            return &specimens[i];
    return NULL;
}

/* Some numbers of the list: specimens that have them, whose results came in messages of the sender. */
static int look_up_numbers(struct search *search, const struct model_text *numbers, size_t num, struct arena *arena)
{
    void                 *rows = NULL, *found = NULL, *values;
    size_t                num_specimens = 0, num_results = 0;
    bool                 *there;
    struct model_text    *keys;
    struct id            *ids;
    struct model_result  *results;
    struct model_message *messages;
    int ret = store_rows_by(search->reader, model_record(MODEL_SPECIMEN), "number", numbers, num, ROWS_MOST, arena,
                            &rows, &num_specimens);
    struct model_specimen *specimens = rows;
    if (ret != 0 || num_specimens == 0)
        return ret;
    keys = arena_array(arena, num_specimens, sizeof *keys);
    for (size_t i = 0; i < num_specimens && keys != NULL; i++)
        keys[i] = key_of(&specimens[i].head.id);
    ret = keys == NULL ? TOC_ERR_NO_MEMORY
                       : store_rows_by(search->reader, model_record(MODEL_RESULT), "specimen", keys, num_specimens,
                                       ROWS_MOST, arena, &found, &num_results);
    results = found;
    ids = arena_array(arena, num_results + 1, sizeof *ids);
    for (size_t i = 0; i < num_results && ids != NULL && ret == 0; i++)
        ids[i] = results[i].message;
    if (ret == 0)
        ret =
            ids == NULL ? TOC_ERR_NO_MEMORY : read_all(search, MODEL_MESSAGE, ids, num_results, arena, &values, &there);
    if (ret != 0)
        return ret;
    messages = values;
    for (size_t i = 0; i < num_results && ret == 0; i++) {
        const struct model_specimen *one = specimen_of(specimens, NULL, num_specimens, &results[i].specimen);
        if (there[i] && one != NULL && is_senders(search, &messages[i]))
            ret = note(search, one->number, INTAKE_HAS_RESULT, messages[i].received, no_reason);
    }
    return ret;
}

static int look_up_list(struct search *search)
{
    struct model_text numbers[AT_ONCE];
    int               ret = 0;
    for (size_t done = 0; done < search->found->num_listed && ret == 0; done += AT_ONCE) {
        struct arena arena = { .limit = (size_t) 128 << 20 };
        size_t       num = 0;
        while (num < AT_ONCE && done + num < search->found->num_listed) {
            numbers[num] = search->found->listed[done + num].number;
            num++;
        }
        ret = look_up_numbers(search, numbers, num, &arena);
        arena_wipe(&arena);
    }
    return ret;
}

/* ---- the messages of the day ---- */

static int take_message(void *context, const struct sender_message *message)
{
    struct search *search = context;
    void          *messages = search->messages;
    if (!arena_make_room(search->arena, &messages, search->num_messages, &search->room_messages,
                         sizeof *search->messages))
        return TOC_ERR_NO_MEMORY;
    search->messages = messages;
    struct model_message like = { .format = message->format };
    search->messages[search->num_messages++] = (struct day_message){
        .id = message->id, .received = message->received, .is_file = !message->is_row && intake_is_table(&like)
    };
    return 0;
}

/* The results of some messages. has: which of them have any. */
static int look_up_messages(struct search *search, const struct day_message *messages, size_t num, bool *has,
                            struct arena *arena)
{
    struct model_text keys[AT_ONCE];
    void             *rows = NULL, *values;
    size_t            num_results = 0;
    bool             *there;
    for (size_t i = 0; i < num; i++)
        keys[i] = key_of(&messages[i].id);
    int ret = store_rows_by(search->reader, model_record(MODEL_RESULT), "message", keys, num, ROWS_MOST, arena, &rows,
                            &num_results);
    struct model_result *results = rows;
    struct id           *ids = arena_array(arena, num_results + 1, sizeof *ids);
    for (size_t i = 0; i < num_results && ids != NULL && ret == 0; i++)
        ids[i] = results[i].specimen;
    if (ret == 0)
        ret = ids == NULL ? TOC_ERR_NO_MEMORY
                          : read_all(search, MODEL_SPECIMEN, ids, num_results, arena, &values, &there);
    for (size_t i = 0; i < num_results && ret == 0; i++) {
        const struct model_specimen *one = &((struct model_specimen *) values)[i];
        for (size_t m = 0; m < num && ret == 0; m++) {
            if (!id_equal(&messages[m].id, &results[i].message))
                continue;
            has[m] = true;
            if (there[i] && one->number.size > 0)
                ret = note(search, one->number, INTAKE_HAS_RESULT, messages[m].received, no_reason);
        }
    }
    return ret;
}

/* Why nothing of a message with its number is a record. */
static struct model_text reason_of(const struct model_message *message)
{
    if (message->reason.size > 0)
        return message->reason;
    if (message->test == 1)
        return intake_text("a test message");
    if (text_is(message->verdict, "held"))
        return intake_text("it is held until somebody decides");
    return intake_text("nothing of it is a new result");
}

/* The numbers in the bytes of a message that has no results. */
static int read_again(struct search *search, const struct day_message *message, struct arena *arena)
{
    struct message_bytes        opened;
    struct intake_read          read;
    struct model_feed           feed;
    struct model_text          *numbers = NULL;
    size_t                      num = 0;
    bool                        whole = false;
    int                         ret = store_message_bytes(search->reader, &message->id, arena, &opened, &whole);
    const struct intake_format *format =
        ret == 0 ? intake_format_find(opened.message.format.bytes, opened.message.format.size) : NULL;
    bool                  has_feed = ret == 0 && intake_feed(search->intake, &opened.message.feed, arena, &feed);
    struct intake_reading reading = { .tables = search->intake->options.tables,
                                      .feed = has_feed ? &feed : NULL,
                                      .now = message->received,
                                      .bytes = ret == 0 ? opened.bytes.bytes : NULL,
                                      .size = ret == 0 ? opened.bytes.size : 0,
                                      .arena = arena,
                                      .row = ret == 0 && opened.message.position > 0
                                                 ? (uint64_t) opened.message.position
                                                 : 0 };
    if (ret == TOC_ERR_NO_MEMORY)
        return ret;
    if (format != NULL && reading.bytes != NULL && intake_format_read(format, &reading, &read) == 0)
        ret = intake_specimen_numbers(&read.report, arena, &numbers, &num);
    if (ret == TOC_ERR_NO_MEMORY)
        return ret;
    search->found->unread += num == 0;
    enum intake_fate fate = num > 0 && text_is(opened.message.verdict, "received") ? INTAKE_WAITING : INTAKE_NOT_USED;
    for (ret = 0; num > 0 && ret == 0; num--)
        ret = note(search, numbers[num - 1], fate, message->received,
                   fate == INTAKE_NOT_USED ? reason_of(&opened.message) : no_reason);
    return ret;
}

static int look_at_day(struct search *search)
{
    int ret = 0;
    for (size_t done = 0, num; done < search->num_messages && ret == 0; done += num) {
        struct arena arena = { .limit = (size_t) 128 << 20 };
        bool         has[AT_ONCE] = { false };
        num = search->num_messages - done < AT_ONCE ? search->num_messages - done : AT_ONCE;
        ret = look_up_messages(search, search->messages + done, num, has, &arena);
        arena_wipe(&arena);
        for (size_t i = 0; i < num && ret == 0; i++) {
            struct arena own = { .limit = (size_t) 256 << 20 };
            if (has[i] || search->messages[done + i].is_file)
                continue;
            if (search->opened++ < INTAKE_ACCESSION_OPENED)
                ret = read_again(search, &search->messages[done + i], &own);
            else
                search->found->unread++;
            arena_wipe(&own);
        }
    }
    return ret;
}

int intake_accessions_find(struct intake *intake, struct store_reader *reader, const struct model_feed *feeds,
                           size_t num_feeds, int64_t from, int64_t until, struct report_text list, struct arena *arena,
                           struct fault_list *faults, struct intake_accessions *found)
{
    struct search search = {
        .intake = intake, .reader = reader, .feeds = feeds, .num_feeds = num_feeds, .arena = arena, .found = found
    };
    *found = (struct intake_accessions){ .unread = 0 };
    int ret = read_list(&search, list, faults);
    if (ret == 0)
        ret = look_up_list(&search);
    for (size_t f = 0; f < num_feeds && ret == 0; f++)
        ret = store_sender_messages(reader, &feeds[f].head.id, from, until, take_message, &search);
    if (ret == 0)
        ret = look_at_day(&search);
    if (ret != 0)
        return ret;
    found->num_not_listed = sort_numbers(found->not_listed, found->num_not_listed);
    for (size_t i = 0; i < found->num_listed; i++)
        found->fates[found->listed[i].fate]++;
    return 0;
}

/* ---- the record ---- */

static const char *const fate_words[INTAKE_NUM_FATES] = { "missing", "not used", "waiting", "used" };

/* "missing: A1\n", "not used: A2: the reason\n", as far as they fit. */
static void put_differences(const struct intake_accession *numbers, size_t num, bool listed, struct sink *sink)
{
    for (size_t i = 0; i < num; i++) {
        const struct intake_accession *one = &numbers[i];
        if (listed && one->fate == INTAKE_HAS_RESULT)
            continue;
        if (sink->used + LINE_BYTES > INTAKE_ACCESSION_DIFFERENCES)
            return;
        sink_format(sink, "%s%s: %.*s", listed ? "" : "not listed, ", fate_words[one->fate], (int) one->number.size,
                    one->number.bytes);
        if (one->fate == INTAKE_NOT_USED && one->reason.size > 0)
            sink_format(sink, ": %.*s", (int) one->reason.size, one->reason.bytes);
        sink_character(sink, '\n');
    }
}

int intake_accessions_keep(struct intake *intake, const struct intake_accessions *found,
                           const struct intake_filing *filing, struct id *record, struct fault_list *faults)
{
    struct model_reconciliation row;
    struct store_receipt        receipt;
    struct access               who = intake_program();
    struct sink                 sink;
    int64_t                     now = store_clock_now(intake->options.store);
    model_init(model_record(MODEL_RECONCILIATION), &row);
    row.head.id = node_new_id(now);
    row.area = filing->feed->area;
    row.feed = filing->feed->head.id;
    row.sender = filing->feed->facility;
    row.day = filing->day;
    row.filed = now;
    row.filed_by = who.user = filing->filed_by;
    row.listed = (int64_t) found->num_listed;
    row.used = (int64_t) found->fates[INTAKE_HAS_RESULT];
    row.waiting = (int64_t) found->fates[INTAKE_WAITING];
    row.not_used = (int64_t) found->fates[INTAKE_NOT_USED];
    row.missing = (int64_t) found->fates[INTAKE_MISSING];
    row.not_listed = (int64_t) found->num_not_listed;
    row.unread = (int64_t) found->unread;
    sink_init_memory(&sink);
    put_differences(found->listed, found->num_listed, true, &sink);
    put_differences(found->not_listed, found->num_not_listed, false, &sink);
    row.differences = (struct model_text){ sink.bytes, sink.used };
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(MODEL_RECONCILIATION), .value = &row };
    struct store_request request = { .verb = "file reconciliation",
                                     .set = { &change, 1 },
                                     .idempotency_key = filing->key };
    int                  ret =
        sink.failure != 0 ? TOC_ERR_NO_MEMORY : store_submit(intake->options.store, &who, &request, &receipt, faults);
    sink_free(&sink);
    if (ret == 0)
        *record = receipt.again ? receipt.created : row.head.id;
    return ret;
}

/* ---- in words ---- */

static void put_numbers(const struct intake_accession *numbers, size_t num, enum intake_fate fate, bool all,
                        struct json_writer *json)
{
    size_t told = 0;
    json_begin_array(json);
    for (size_t i = 0; i < num && told < TOLD_AT_MOST; i++) {
        const struct intake_accession *one = &numbers[i];
        if (!all && one->fate != fate)
            continue;
        told++;
        json_begin_object(json);
        json_key(json, "number");
        json_put_string_of(json, one->number.bytes, one->number.size);
        if (all) {
            json_key(json, "became");
            json_put_string(json, fate_words[one->fate]);
        }
        if (one->fate == INTAKE_NOT_USED) {
            json_key(json, "reason");
            json_put_string_of(json, one->reason.bytes, one->reason.size);
        }
        json_end(json);
    }
    json_end(json);
}

void intake_accessions_write(const struct intake_accessions *found, const struct id *record, struct json_writer *json)
{
    static const char *const sums[INTAKE_NUM_FATES] = { "missing", "not_used", "waiting", "used" };
    static const char *const lists[INTAKE_HAS_RESULT] = { "missing_numbers", "not_used_numbers", "waiting_numbers" };
    char                     text[ID_TEXT_BYTES];
    json_key(json, "reconciliation");
    json_put_string_of(json, text, id_to_text(record, text));
    json_member_integer(json, "listed", (int64_t) found->num_listed);
    for (int fate = INTAKE_NUM_FATES - 1; fate >= 0; fate--)
        json_member_integer(json, sums[fate], (int64_t) found->fates[fate]);
    json_member_integer(json, "not_listed", (int64_t) found->num_not_listed);
    json_member_integer(json, "unread", (int64_t) found->unread);
    for (int fate = 0; fate < INTAKE_HAS_RESULT; fate++) {
        json_key(json, lists[fate]);
        put_numbers(found->listed, found->num_listed, (enum intake_fate) fate, false, json);
    }
    json_key(json, "not_listed_numbers");
    put_numbers(found->not_listed, found->num_not_listed, INTAKE_MISSING, true, json);
}
