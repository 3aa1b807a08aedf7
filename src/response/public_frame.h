/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/public_frame.h: what the public pages have in common: HTML without script, their look, the links to the same
 * page in the other languages, and what is said of drills and invented data. */
#ifndef RESPONSE_PUBLIC_FRAME_H
#define RESPONSE_PUBLIC_FRAME_H

#include "base/sink.h"
#include "model/model_lists.h"
#include "model/records.h"

extern const char *const public_language_codes[MODEL_NUM_LANGUAGES]; /* "en", "zh", "bo": in paths */
bool                     public_language_find(const char *code, enum model_language *language);

/* The first language of the browser's (Accept-Language) that there is: English, where it names none; NULL is fine. */
enum model_language public_language_of(const char *accepted);

struct public_frame {
    enum model_language language;
    const char         *title;
    const char         *path; /* of the page, with %s for the language: "/public/%s" */
    bool                invented, exercise;
};

/* Up to and with the title in <main>; and the end. */
void public_frame_begin(struct sink *sink, const struct public_frame *frame);
void public_frame_end(struct sink *sink);

/* The name of an area in a language, else in another, else its code. */
struct model_text public_area_name(const struct model_area *area, enum model_language language);

/* The words, for tests. */
extern const size_t public_frame_num_texts;
const char         *public_frame_text(size_t number, enum model_language language);

#endif
