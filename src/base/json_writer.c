/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/json_writer.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/text.h"

void json_writer_init(struct json_writer *json, struct sink *sink)
{
    *json = (struct json_writer){ .sink = sink };
}

/* The comma before a value or key, unless it is the first of its level. */
static void separate(struct json_writer *json)
{
    if (json->after_key) {
        json->after_key = false;
        return;
    }
    if (json->depth == 0)
        return;
    assert(json->closing[json->depth - 1] == ']'); /* a member of an object needs a key */
    if (json->has_members[json->depth - 1])
        sink_character(json->sink, ',');
    json->has_members[json->depth - 1] = true;
}

static void begin(struct json_writer *json, char opening, char closing)
{
    assert(json->depth < JSON_MAX_DEPTH);
    separate(json);
    sink_character(json->sink, opening);
    json->closing[json->depth] = closing;
    json->has_members[json->depth] = false;
    json->depth++;
}

void json_begin_object(struct json_writer *json)
{
    begin(json, '{', '}');
}

void json_begin_array(struct json_writer *json)
{
    begin(json, '[', ']');
}

void json_end(struct json_writer *json)
{
    assert(json->depth > 0 && !json->after_key);
    json->depth--;
    sink_character(json->sink, json->closing[json->depth]);
}

static void write_escape(struct sink *sink, unsigned char byte)
{
    switch (byte) {
    case '"': sink_text(sink, "\\\""); return;
    case '\\': sink_text(sink, "\\\\"); return;
    case '\n': sink_text(sink, "\\n"); return;
    case '\r': sink_text(sink, "\\r"); return;
    case '\t': sink_text(sink, "\\t"); return;
    default: sink_format(sink, "\\u%04x", (unsigned) byte); return;
    }
}

static bool needs_escape(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7f;
}

/* Well-formed UTF-8: runs that need no escape are copied at once. */
static void write_well_formed(struct sink *sink, const char *text, size_t size)
{
    size_t run = 0;
    for (size_t i = 0; i < size; i++) {
        if (!needs_escape((unsigned char) text[i]))
            continue;
        sink_write(sink, text + run, i - run);
        write_escape(sink, (unsigned char) text[i]);
        run = i + 1;
    }
    sink_write(sink, text + run, size - run);
}

/* The highest bit of some byte is set where a byte of the eight is under 0x20, '"', '\\', 0x7f or above. */
static inline uint64_t special_among(uint64_t eight)
{
    const uint64_t ones = UINT64_MAX / 0xff;
    uint64_t       quote = eight ^ ones * '"', slash = eight ^ ones * '\\', del = eight ^ ones * 0x7f;
    return (((eight - ones * 0x20) & ~eight) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash) |
            ((del - ones) & ~del) | eight) &
           ones * 0x80;
}

/* Only characters that stand for themselves, which nearly every text is. */
static bool is_plain(const char *text, size_t size)
{
    uint64_t eight = UINT64_MAX / 0xff * ' ', special = 0;
    if (size < sizeof eight) {
        for (size_t i = 0; i < size; i++)
            eight = eight << 8 | (unsigned char) text[i];
        return special_among(eight) == 0;
    }
    for (size_t i = 0; i < size; i += sizeof eight) { /* the last eight may overlap those before */
        memcpy(&eight, text + (i + sizeof eight <= size ? i : size - sizeof eight), sizeof eight);
        special |= special_among(eight);
    }
    return special == 0;
}

static void write_quoted(struct sink *sink, const char *text, size_t size)
{
    sink_character(sink, '"');
    if (is_plain(text, size)) {
        sink_write(sink, text, size);
        sink_character(sink, '"');
        return;
    }
    while (size > 0) {
        size_t well = text_check_utf8(text, size);
        write_well_formed(sink, text, well);
        if (well < size) { /* NUL, or a byte that is not UTF-8 */
            if (text[well] == '\0')
                write_escape(sink, '\0');
            else
                sink_text(sink, "\xEF\xBF\xBD");
            well++;
        }
        text += well;
        size -= well;
    }
    sink_character(sink, '"');
}

void json_key(struct json_writer *json, const char *name)
{
    assert(json->depth > 0 && json->closing[json->depth - 1] == '}' && !json->after_key);
    if (json->has_members[json->depth - 1])
        sink_character(json->sink, ',');
    json->has_members[json->depth - 1] = true;
    write_quoted(json->sink, name, strlen(name));
    sink_character(json->sink, ':');
    json->after_key = true;
}

void json_put_string(struct json_writer *json, const char *text)
{
    json_put_string_of(json, text, strlen(text));
}

void json_put_string_of(struct json_writer *json, const char *text, size_t size)
{
    separate(json);
    write_quoted(json->sink, text, size);
}

void json_put_number(struct json_writer *json, double value)
{
    separate(json);
    if (isfinite(value))
        sink_number(json->sink, value);
    else
        sink_text(json->sink, "null");
}

void json_put_integer(struct json_writer *json, int64_t value)
{
    separate(json);
    sink_integer(json->sink, value);
}

void json_put_bool(struct json_writer *json, bool value)
{
    separate(json);
    sink_text(json->sink, value ? "true" : "false");
}

void json_put_null(struct json_writer *json)
{
    separate(json);
    sink_text(json->sink, "null");
}

void json_put_json(struct json_writer *json, const char *text)
{
    separate(json);
    sink_text(json->sink, text);
}

void json_member(struct json_writer *json, const char *name, const char *text)
{
    json_key(json, name);
    json_put_string(json, text);
}

void json_member_integer(struct json_writer *json, const char *name, int64_t value)
{
    json_key(json, name);
    json_put_integer(json, value);
}
