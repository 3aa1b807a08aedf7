/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/public_frame.h"

#include <string.h>

#include "base/markup.h"

enum text {
#define TEXT(name, en, zh, bo) name,
#include "response/public_frame.def"
#undef TEXT
    NUM_TEXTS
};

static const char *const texts[NUM_TEXTS][MODEL_NUM_LANGUAGES] = {
#define TEXT(name, en, zh, bo) { en, zh, bo },
#include "response/public_frame.def"
#undef TEXT
};

const size_t public_frame_num_texts = NUM_TEXTS;

const char *public_frame_text(size_t number, enum model_language language)
{
    return texts[number][language];
}

const char *const        public_language_codes[MODEL_NUM_LANGUAGES] = { "en", "zh", "bo" };
static const char *const tags[MODEL_NUM_LANGUAGES] = { "en", "zh-CN", "bo" };
static const char *const own_names[MODEL_NUM_LANGUAGES] = { "English", "简体中文", "བོད་ཡིག" };

bool public_language_find(const char *code, enum model_language *language)
{
    for (size_t i = 0; i < MODEL_NUM_LANGUAGES; i++)
        if (strcmp(code, public_language_codes[i]) == 0) {
            *language = (enum model_language) i;
            return true;
        }
    return false;
}

enum model_language public_language_of(const char *accepted)
{
    for (const char *at = accepted; at != NULL && *at != '\0'; at += strcspn(at, ",")) {
        at += strspn(at, ", ");
        if (strncmp(at, "en", 2) == 0)
            return MODEL_ENGLISH;
        if (strncmp(at, "zh", 2) == 0)
            return MODEL_CHINESE;
        if (strncmp(at, "bo", 2) == 0)
            return MODEL_TIBETAN;
    }
    return MODEL_ENGLISH;
}

static const char style[] =
    "<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:0 auto;"
    "padding:1em;color:#1a1c1f;background:#fff}:lang(bo){font-family:\"Noto Serif Tibetan\",\"Microsoft "
    "Himalaya\",Kailasa,serif;line-height:1.8}h1{font-size:1.5em}h2{font-size:1.2em;margin:1.6em 0 .3em}"
    "nav a{margin-inline-end:1em;line-height:2}.note{border:2px solid;padding:.4em .8em;font-weight:650}.scroll{"
    "overflow-x:auto}"
    "table{border-collapse:collapse}caption{text-align:start;color:#565b64}th,td{padding:.25em .6em;border-bottom:1px "
    "solid #8a8e96;text-align:end;white-space:nowrap}th:first-child{text-align:start}.top th,.top td{font-weight:650}"
    ".form{max-width:36em}label{display:block;font-weight:650}input,select,textarea,button{font:inherit;color:inherit;"
    "background:inherit;border:1px solid #6b7078;border-radius:4px;padding:.4em .5em;width:100%;box-sizing:border-box;"
    "min-height:44px}.count{width:8em}.form .quiet{display:block}[aria-invalid]{border:2px solid #b3261e}button{width:"
    "auto;padding:.4em 1.6em;background:#0a58a8;border-color:#0a58a8;color:#fff;font-weight:650}.receipt{font-size:"
    "1.3em;font-family:monospace;white-space:nowrap}"
    ".quiet,.no{color:#565b64}.no{font-size:.85em}a{color:#0a58a8}@media(prefers-color-scheme:dark){body{color:#e9ebee;"
    "background:#101216}caption,.quiet,.no{color:#a7adb8}a{color:#84baff}[aria-invalid]{border-color:#ff8a80}}</style>";

static void put(struct sink *sink, const char *before, const char *text, const char *after)
{
    sink_text(sink, before);
    sink_markup(sink, text, strlen(text));
    sink_text(sink, after);
}

static void put_languages(struct sink *sink, const struct public_frame *frame)
{
    put(sink, "<nav aria-label=\"", texts[LANGUAGES][frame->language], "\">");
    for (size_t i = 0; i < MODEL_NUM_LANGUAGES; i++) {
        const char *place = strstr(frame->path, "%s");
        sink_format(sink, "<a href=\"%.*s%s%s\" lang=\"%s\"%s>%s</a>", (int) (place - frame->path), frame->path,
                    public_language_codes[i], place + 2, tags[i], i == frame->language ? " aria-current=\"page\"" : "",
                    own_names[i]);
    }
    sink_text(sink, "</nav>");
}

void public_frame_begin(struct sink *sink, const struct public_frame *frame)
{
    sink_format(sink,
                "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                "content=\"width=device-width\">",
                tags[frame->language]);
    put(sink, "<title>", frame->title, "</title>");
    sink_text(sink, style);
    sink_text(sink, "</head><body><header>");
    put_languages(sink, frame);
    put(sink, "</header><main><h1>", frame->title, "</h1>");
    if (frame->exercise)
        put(sink, "<p class=\"note\">", texts[EXERCISE][frame->language], "</p>");
    if (frame->invented)
        put(sink, "<p class=\"note\">", texts[INVENTED][frame->language], "</p>");
    if (texts[UNREVIEWED][frame->language][0] != '\0')
        put(sink, "<p class=\"quiet\">", texts[UNREVIEWED][frame->language], "</p>");
}

void public_frame_end(struct sink *sink)
{
    sink_text(sink, "</main></body></html>\n");
}

struct model_text public_area_name(const struct model_area *area, enum model_language language)
{
    const struct model_text names[] = { area->name_en, area->name_zh, area->name_bo };
    struct model_text       name = names[language];
    for (size_t i = 0; i < MODEL_NUM_LANGUAGES && name.size == 0; i++)
        name = names[i];
    return name.size > 0 ? name : area->code;
}
