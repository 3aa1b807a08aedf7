/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/case_message.h"

#include <stdlib.h>
#include <string.h>

#include "formats/hl7v2/decode.h"
#include "formats/hl7v2/hl7.h"
#include "response/change_list.h"
#include "store/rows_by.h"

enum { MOST_SLICES = 10000 };

const char *const case_message_standings[] = { "shown", "gone", "format" };

/* ---- striking out ---- */

/* A piece of a line: struck out, or text. */
static void add_span(struct case_message_line *line, const char *bytes, size_t size)
{
    if (size > 0)
        line->spans[line->num_spans++] = (struct case_message_span){ bytes, size };
}

/* Where the text may be cut: between two characters of UTF-8. */
static size_t whole_characters(const char *bytes, size_t size, size_t most)
{
    if (size <= most)
        return size;
    while (most > 0 && ((unsigned char) bytes[most] & 0xc0) == 0x80)
        most--;
    return most;
}

static int by_offset(const void *a, const void *b)
{
    const struct report_range *x = a, *y = b;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* One line, from `from` to `end`; denied: ranges in the order of the message. */
static int make_line(const struct report *report, size_t from, size_t end, struct arena *arena,
                     struct case_message_line *line)
{
    size_t num = 0, at = from, text = 0;
    for (uint32_t i = 0; i < report->num_denied; i++)
        num += report->denied[i].offset < end && report->denied[i].offset + report->denied[i].size > from;
    *line = (struct case_message_line){ .spans = arena_array(arena, 2 * num + 1, sizeof *line->spans) };
    if (line->spans == NULL)
        return TOC_ERR_NO_MEMORY;
    for (uint32_t i = 0; i <= report->num_denied; i++) {
        bool   last = i == report->num_denied;
        size_t begin = last ? end : report->denied[i].offset, stop = last ? end : begin + report->denied[i].size;
        if (!last && (begin >= end || stop <= from))
            continue;
        if (begin > at) {
            size_t shown = whole_characters(report->bytes + at, begin - at, CASE_MESSAGE_LINE - text);
            add_span(line, report->bytes + at, shown);
            line->left_out += begin - at - shown;
            text += shown;
        }
        if (!last)
            line->spans[line->num_spans++] = (struct case_message_span){ NULL, 0 };
        at = stop > at ? stop : at;
    }
    return 0;
}

static int make_lines(struct report *report, struct arena *arena, struct case_message *found)
{
    size_t at = 0;
    found->lines = arena_array(arena, CASE_MESSAGE_LINES, sizeof *found->lines);
    if (found->lines == NULL)
        return TOC_ERR_NO_MEMORY;
    if (report->num_denied > 1)
        qsort(report->denied, report->num_denied, sizeof *report->denied, by_offset);
    while (at < report->size) {
        size_t end = at;
        while (end < report->size && report->bytes[end] != '\r' && report->bytes[end] != '\n')
            end++;
        if (end > at && found->num_lines == CASE_MESSAGE_LINES) {
            found->cut = true;
            return 0;
        }
        int ret = end > at ? make_line(report, at, end, arena, &found->lines[found->num_lines++]) : 0;
        if (ret != 0)
            return ret;
        at = end + 1;
    }
    return 0;
}

int case_message_strike(const char *bytes, size_t size, const char *charset, struct arena *arena,
                        struct case_message *found)
{
    struct report      report;
    struct hl7_message message;
    report_init(&report, arena, bytes, size);
    found->standing = CASE_MESSAGE_FORMAT;
    int ret = hl7_decode(&report, charset);
    if (ret == 0)
        ret = hl7_read(&report, &message);
    if (ret == BASE_ERR_INPUT)
        return 0; /* what cannot be read cannot be struck out */
    if (ret == 0)
        hl7_strike_out(&message, &report, NULL);
    if (ret == 0 && report.out_of_memory)
        ret = TOC_ERR_NO_MEMORY;
    if (ret == 0)
        ret = make_lines(&report, arena, found);
    if (ret == 0)
        found->standing = CASE_MESSAGE_SHOWN;
    return ret;
}

/* ---- putting it together ---- */

struct parts {
    struct model_message_raw    raw;
    struct model_message_slice *slices; /* all of the message, in its order; bytes of the person's own alone */
    size_t                      num;
};

static int slice_by_offset(const void *a, const void *b)
{
    const struct model_message_slice *x = a, *y = b;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static int open_slices(struct store_reader *reader, const struct access *who, const struct id *person,
                       const struct id *message, struct arena *arena, struct parts *parts, bool *others)
{
    const struct model_record *record = model_record(MODEL_MESSAGE_SLICE);
    void                      *rows = NULL;
    int ret = store_rows_of(reader, record, "message", message, MOST_SLICES, arena, &rows, &parts->num);
    parts->slices = rows;
    for (size_t i = 0; i < parts->num && ret == 0; i++) {
        struct model_message_slice *slice = &parts->slices[i], opened;
        struct model_set            visible;
        *others = *others || !id_equal(&slice->person, person);
        if (!id_equal(&slice->person, person))
            continue;
        ret = store_read(reader, who, record, &slice->head.id, STORE_NOW, arena, &opened, &visible);
        if (ret == 0)
            slice->bytes = opened.bytes;
        else if (ret == STORE_ERR_ABSENT)
            ret = 0;
    }
    if (ret == 0 && parts->num > 1)
        qsort(parts->slices, parts->num, sizeof *parts->slices, slice_by_offset);
    return ret;
}

/* Of what is about nobody who is kept, the lines that name no person: whoever else the message told of may stand there,
 * where nothing of them was kept. */
static size_t copy_envelope(const char *bytes, size_t size, char *to, bool *others)
{
    static const char *const names[] = { "MSH", "SFT", "FHS", "BHS", "BTS", "FTS" };
    size_t                   used = 0, at = 0;
    while (at < size) {
        size_t end = at;
        bool   plain = false;
        while (end < size && bytes[end] != '\r' && bytes[end] != '\n')
            end++;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            plain = plain || (end - at > 3 && memcmp(bytes + at, names[i], 3) == 0);
        size_t line = end < size ? end + 1 - at : end - at;
        if (plain)
            memcpy(to + used, bytes + at, line);
        used += plain ? line : 0;
        *others = *others || (!plain && end > at);
        at += line;
    }
    return used;
}

/* The rest, with the person's own slices where they stood. */
static int join(const struct parts *parts, struct arena *arena, char **bytes, size_t *size, bool *others)
{
    struct model_text rest = parts->raw.bytes;
    size_t            room = rest.size, used = 0, from = 0, at = 0; /* at: in the message as it came */
    for (size_t i = 0; i < parts->num; i++)
        room += parts->slices[i].bytes.size;
    char *joined = arena_array(arena, room + 1, 1);
    if (joined == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < parts->num; i++) {
        const struct model_message_slice *slice = &parts->slices[i];
        size_t                            before = (size_t) slice->offset > at ? (size_t) slice->offset - at : 0;
        before = before < rest.size - from ? before : rest.size - from;
        used += copy_envelope(rest.bytes + from, before, joined + used, others);
        from += before;
        at += before + (size_t) slice->num_bytes;
        if (slice->bytes.size > 0)
            memcpy(joined + used, slice->bytes.bytes, slice->bytes.size);
        used += slice->bytes.size;
    }
    used += copy_envelope(rest.bytes + from, rest.size - from, joined + used, others);
    *bytes = joined;
    *size = used;
    return 0;
}

/* Does the role, for the purpose named, read what a message says? */
static bool reads_bytes(const struct access *who)
{
    struct model_set raw = access_visible(who, model_record(MODEL_MESSAGE_RAW));
    struct model_set slice = access_visible(who, model_record(MODEL_MESSAGE_SLICE));
    return model_set_has(&raw, model_message_raw_bytes) && model_set_has(&slice, model_message_slice_bytes);
}

static const struct model_message *find_message(const struct case_laboratory *laboratory, const struct id *message)
{
    const struct model_message *messages = laboratory->messages.values;
    for (size_t i = 0; i < laboratory->messages.num; i++)
        if (id_equal(&messages[i].head.id, message))
            return &messages[i];
    return NULL;
}

/* The character set that the feed names, where it is not UTF-8. */
static int find_charset(struct store_reader *reader, const struct access *who, const struct id *feed,
                        struct arena *arena, const char **charset)
{
    struct model_feed value;
    struct model_set  visible;
    int               ret = id_is_missing(feed)
                                ? STORE_ERR_ABSENT
                                : store_read(reader, who, model_record(MODEL_FEED), feed, STORE_NOW, arena, &value, &visible);
    if (ret == 0 && value.charset.size > 0) {
        char *copy = arena_array(arena, value.charset.size + 1, 1);
        if (copy == NULL)
            return TOC_ERR_NO_MEMORY;
        memcpy(copy, value.charset.bytes, value.charset.size);
        copy[value.charset.size] = '\0';
        *charset = copy;
    }
    return ret == STORE_ERR_ABSENT ? 0 : ret;
}

int case_message_read(struct store_reader *reader, const struct access *who, const struct id *id,
                      const struct id *message, struct arena *arena, struct case_message *found)
{
    struct case_laboratory laboratory;
    struct model_case      value;
    struct parts           parts = { .num = 0 };
    struct case_message    made = { .standing = CASE_MESSAGE_GONE };
    struct model_set       visible;
    const char            *charset = NULL;
    char                  *bytes = NULL;
    size_t                 size = 0;
    int                    ret = case_laboratory_read(reader, who, id, arena, &value, &laboratory);
    if (ret != 0)
        return ret;
    const struct model_message *row = find_message(&laboratory, message);
    if (row == NULL)
        return STORE_ERR_ABSENT;
    if (!reads_bytes(who))
        return STORE_ERR_DENIED;
    *found = made;
    if (!text_is(row->format, "hl7v2"))
        found->standing = CASE_MESSAGE_FORMAT;
    if (!text_is(row->format, "hl7v2") || id_is_missing(&row->raw))
        return 0;
    ret = store_read(reader, who, model_record(MODEL_MESSAGE_RAW), &row->raw, STORE_NOW, arena, &parts.raw, &visible);
    if (ret == STORE_ERR_ABSENT)
        return 0;
    if (ret == 0 && parts.raw.envelope != 1) {
        found->standing = CASE_MESSAGE_FORMAT; /* not told apart by persons: others may stand in it */
        return 0;
    }
    if (ret == 0)
        ret = open_slices(reader, who, &value.person, message, arena, &parts, &made.others);
    if (ret == 0)
        ret = join(&parts, arena, &bytes, &size, &made.others);
    if (ret == 0)
        ret = find_charset(reader, who, &row->feed, arena, &charset);
    if (ret == 0 && size > 0)
        ret = case_message_strike(bytes, size, charset, arena, &made);
    if (ret == 0)
        *found = made;
    return ret;
}

/* ---- as JSON ---- */

static void write_line(struct json_writer *json, const struct case_message_line *line)
{
    json_begin_object(json);
    json_key(json, "spans");
    json_begin_array(json);
    for (size_t i = 0; i < line->num_spans; i++) {
        json_begin_object(json);
        json_key(json, line->spans[i].bytes != NULL ? "text" : "struck");
        if (line->spans[i].bytes != NULL)
            json_put_string_of(json, line->spans[i].bytes, line->spans[i].size);
        else
            json_put_bool(json, true);
        json_end(json);
    }
    json_end(json);
    json_key(json, "left_out");
    json_put_integer(json, (int64_t) line->left_out);
    json_end(json);
}

void case_message_write(struct json_writer *json, const struct case_message *message)
{
    json_begin_object(json);
    json_key(json, "standing");
    json_put_string(json, case_message_standings[message->standing]);
    json_key(json, "others");
    json_put_bool(json, message->others);
    json_key(json, "cut");
    json_put_bool(json, message->cut);
    json_key(json, "lines");
    json_begin_array(json);
    for (size_t i = 0; i < message->num_lines; i++)
        write_line(json, &message->lines[i]);
    json_end(json);
    json_end(json);
}
