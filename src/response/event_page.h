/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/event_page.h: the pages on which anybody reports an event, and asks what became of it: HTML without script,
 * in English, Chinese and Tibetan. What they write is response/event_report.h's.
 */
#ifndef RESPONSE_EVENT_PAGE_H
#define RESPONSE_EVENT_PAGE_H

#include "base/fault.h"
#include "base/sink.h"
#include "model/model_lists.h"
#include "response/event_report.h"

enum event_field {
    EVENT_WHAT,
    EVENT_AREA,
    EVENT_PLACE,
    EVENT_BEGAN,
    EVENT_ILL,
    EVENT_DIED,
    EVENT_ANIMALS,
    EVENT_CONTACT,
    EVENT_FIELDS
};
/* Their names in the form; those of the faults of an event_report behind a slash: "what", "area", … */
extern const char *const event_field_names[EVENT_FIELDS + 1];

struct event_page {
    enum model_language      language;
    bool                     invented, exercise;
    const struct model_area *areas; /* one of which is chosen */
    size_t                   num_areas;
};

/* What a form says, as it was typed; NULL = nothing. */
struct event_form {
    const char *receipt;
    const char *values[EVENT_FIELDS];
};

/* Read a form into a report (texts are borrowed). BASE_ERR_INPUT with faults by the names above. */
int event_form_read(const struct event_form *form, struct event_report *report, struct fault_list *faults);

/* The form; with faults: which fields are to be looked at again. */
void event_page_form(struct sink *sink, const struct event_page *page, const struct event_form *form,
                     const struct fault_list *faults);

void event_page_thanks(struct sink *sink, const struct event_page *page, const char *receipt, bool struck);

/* The question what became of a report. */
enum event_found { EVENT_NOT_ASKED, EVENT_FOUND, EVENT_NOT_FOUND };
void event_page_follow(struct sink *sink, const struct event_page *page, enum event_found found,
                       enum event_report_step step);

/* Too many reports at once. */
void event_page_later(struct sink *sink, const struct event_page *page);

/* The words, for tests. */
extern const size_t event_page_num_texts;
const char         *event_page_text(size_t number, enum model_language language);

#endif
