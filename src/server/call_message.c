/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/call_message.h"

#include <inttypes.h>
#include <sodium.h>
#include <string.h>
#include <time.h>

#include "base/instant.h"
#include "base/json_writer.h"
#include "base/time_zone.h"
#include "response/change_list.h"

enum { LINE = 76 }; /* characters of a line of base64 */

bool call_message_address_allowed(struct model_text address)
{
    const char *at = address.bytes != NULL ? memchr(address.bytes, '@', address.size) : NULL;
    for (size_t i = 0; i < address.size; i++)
        if (address.bytes[i] <= ' ' || address.bytes[i] >= 0x7f || strchr("<>\"(),:;[]\\", address.bytes[i]) != NULL)
            return false;
    return at != NULL && at != address.bytes && at + 1 < address.bytes + address.size &&
           memchr(at + 1, '@', address.size - (size_t) (at + 1 - address.bytes)) == NULL;
}

/* ---- the text ---- */

static void put_view(struct sink *sink, struct model_text text)
{
    sink_write(sink, text.bytes, text.size);
}

static void put_name(struct sink *sink, const struct call_message_parts *parts, const char *list,
                     struct model_text code, enum model_language language)
{
    const struct model_entry *entry =
        parts->lists != NULL && code.bytes != NULL ? model_lists_find(parts->lists, list, code.bytes, code.size) : NULL;
    if (entry != NULL)
        sink_text(sink, model_entry_name(entry, language));
    else
        put_view(sink, code);
}

static void put_time(struct sink *sink, int64_t instant)
{
    char text[TIME_ZONE_MINUTE_BYTES];
    time_zone_minute(instant, text);
    sink_text(sink, text);
}

static void put_what(struct sink *sink, const struct call_message_parts *parts, enum model_language language)
{
    bool              chinese = language == MODEL_CHINESE;
    struct model_text area = chinese && parts->area_zh.bytes != NULL ? parts->area_zh : parts->area_en;
    const char       *comma = chinese ? "，" : ", ";
    if (parts->disease.bytes != NULL) {
        put_name(sink, parts, "disease", parts->disease, language);
        sink_text(sink, comma);
    }
    put_view(sink, area);
    if (parts->task->priority.bytes != NULL) {
        sink_text(sink, chinese ? "（" : " (");
        put_name(sink, parts, "task_priority", parts->task->priority, language);
        sink_text(sink, chinese ? "）" : ")");
    }
}

static void put_english(struct sink *sink, const struct call_message_parts *parts)
{
    bool late = parts->task->due < parts->now;
    sink_text(sink, parts->exercise ? "EXERCISE. " : "");
    put_name(sink, parts, "task_kind", parts->task->kind, MODEL_ENGLISH);
    sink_text(sink, late ? ", late: " : ": ");
    put_what(sink, parts, MODEL_ENGLISH);
    sink_text(sink, late ? ". It was due " : ". Due ");
    put_time(sink, parts->task->due);
    sink_text(sink, ".");
}

static void put_chinese(struct sink *sink, const struct call_message_parts *parts)
{
    bool late = parts->task->due < parts->now;
    sink_text(sink, parts->exercise ? "演练（EXERCISE）。" : "");
    put_name(sink, parts, "task_kind", parts->task->kind, MODEL_CHINESE);
    sink_text(sink, late ? "（已逾期）：" : "：");
    put_what(sink, parts, MODEL_CHINESE);
    sink_text(sink, "。截止时间 ");
    put_time(sink, parts->task->due);
    sink_text(sink, "。");
}

static const char *finish(struct sink *sink, struct arena *arena)
{
    sink_character(sink, '\0');
    const char *copy = sink->failure == 0 ? arena_copy(arena, sink->bytes, sink->used) : NULL;
    sink_free(sink);
    return copy;
}

/* ---- as a mail ---- */

/* "Sun, 22 Nov 2026 15:00:00 +0000", whatever the locale. */
static void put_date(struct sink *sink, int64_t now)
{
    static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    time_t                   seconds = (time_t) (now / INSTANT_SECOND);
    struct tm                parts;
    gmtime_r(&seconds, &parts);
    sink_format(sink, "Date: %s, %02d %s %d %02d:%02d:%02d +0000\r\n", days[parts.tm_wday], parts.tm_mday,
                months[parts.tm_mon], parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

static void put_base64(struct sink *sink, const char *bytes, size_t size)
{
    enum { STEP = LINE / 4 * 3 };
    char text[LINE + 1];
    for (size_t at = 0; at < size; at += STEP) {
        size_t part = size - at < STEP ? size - at : STEP;
        sodium_bin2base64(text, sizeof text, (const unsigned char *) bytes + at, part, sodium_base64_VARIANT_ORIGINAL);
        sink_text(sink, text);
        sink_text(sink, "\r\n");
    }
}

static void put_headers(struct sink *sink, const struct call_message_parts *parts, const char *id)
{
    const char *host = strrchr(parts->from, '@');
    sink_format(sink, "From: Tocsin <%s>\r\nTo: <%.*s>\r\n", parts->from, (int) parts->recipient->work_mail.size,
                parts->recipient->work_mail.bytes);
    sink_format(sink, "Subject: %sTocsin: you are called, %.8s\r\n", parts->exercise ? "EXERCISE: " : "", id);
    put_date(sink, parts->now);
    sink_format(sink, "Message-ID: <%s@%s>\r\nX-Tocsin-Notice: %s\r\n", id, host != NULL ? host + 1 : "tocsin.invalid",
                id);
    sink_text(sink, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                    "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
}

const char *call_message_mail(const struct call_message_parts *parts, struct arena *arena)
{
    struct sink text, mail;
    char        id[ID_TEXT_BYTES];
    if (!call_message_address_allowed(parts->recipient->work_mail))
        return NULL;
    sink_init_memory(&text);
    sink_init_memory(&mail);
    id_to_text(&parts->notice->head.id, id);
    put_english(&text, parts);
    sink_text(&text, "\r\n");
    put_chinese(&text, parts);
    sink_format(&text, "\r\n\r\nI have it 我已接手:\r\n%s\r\n", parts->link);
    put_headers(&mail, parts, id);
    put_base64(&mail, text.bytes, text.used);
    bool failed = text.failure != 0;
    sink_free(&text);
    const char *made = finish(&mail, arena);
    return failed ? NULL : made;
}

/* ---- as the body of a web-hook ---- */

static void put_member(struct json_writer *json, const char *name, struct model_text text)
{
    json_key(json, name);
    if (text.bytes == NULL)
        json_put_null(json);
    else
        json_put_string_of(json, text.bytes, text.size);
}

static void put_sentence(struct json_writer *json, const char *name, const struct call_message_parts *parts,
                         void (*put)(struct sink *sink, const struct call_message_parts *parts))
{
    struct sink text;
    sink_init_memory(&text);
    put(&text, parts);
    json_key(json, name);
    json_put_string_of(json, text.bytes, text.used);
    sink_free(&text);
}

const char *call_message_hook(const struct call_message_parts *parts, struct arena *arena)
{
    struct json_writer json;
    struct sink        sink;
    char               id[ID_TEXT_BYTES];
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    id_to_text(&parts->notice->head.id, id);
    json_begin_object(&json);
    json_key(&json, "id");
    json_put_string(&json, id);
    put_member(&json, "template", parts->notice->template);
    json_key(&json, "exercise");
    json_put_bool(&json, parts->exercise);
    json_key(&json, "to");
    json_begin_object(&json);
    put_member(&json, "phone", parts->recipient->work_phone);
    put_member(&json, "mail", parts->recipient->work_mail);
    json_end(&json);
    put_sentence(&json, "text", parts, put_english);
    put_sentence(&json, "text_zh", parts, put_chinese);
    json_key(&json, "link");
    json_put_string(&json, parts->link);
    json_end(&json);
    return finish(&sink, arena);
}
