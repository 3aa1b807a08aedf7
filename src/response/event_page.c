/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/event_page.h"

#include <string.h>

#include "base/date_text.h"
#include "base/markup.h"
#include "base/text.h"
#include "response/change_list.h"
#include "response/public_frame.h"

enum text {
#define TEXT(name, en, zh, bo) name,
#include "response/event_page.def"
#undef TEXT
    NUM_TEXTS
};

static const char *const texts[NUM_TEXTS][MODEL_NUM_LANGUAGES] = {
#define TEXT(name, en, zh, bo) { en, zh, bo },
#include "response/event_page.def"
#undef TEXT
};

const size_t event_page_num_texts = NUM_TEXTS;

const char *event_page_text(size_t number, enum model_language language)
{
    return texts[number][language];
}

const char *const event_field_names[] = { "what",     "area",        "place",   "event_date", "num_ill",
                                          "num_died", "num_animals", "contact", NULL };

enum input { SEVERAL_LINES, ONE_OF_AREAS, ONE_LINE, DAY, COUNT };
static const struct {
    enum text  label, hint;
    enum input input;
} fields[EVENT_FIELDS] = {
    [EVENT_WHAT] = { WHAT, WHAT_HINT, SEVERAL_LINES }, [EVENT_AREA] = { AREA, CHOOSE, ONE_OF_AREAS },
    [EVENT_PLACE] = { PLACE, PLACE_HINT, ONE_LINE },   [EVENT_BEGAN] = { BEGAN, BEGAN_HINT, DAY },
    [EVENT_ILL] = { ILL, COUNT_HINT, COUNT },          [EVENT_DIED] = { DIED, COUNT_HINT, COUNT },
    [EVENT_ANIMALS] = { ANIMALS, COUNT_HINT, COUNT },  [EVENT_CONTACT] = { CONTACT_FIELD, CONTACT_HINT, ONE_LINE },
};

/* ---- reading ---- */

static int read_count(const struct event_form *form, enum event_field field, int64_t *count, struct fault_list *faults)
{
    const char *said = form->values[field];
    char        place[20] = "/";
    if (said == NULL || *said == '\0' || text_to_integer(said, strlen(said), 0, INT64_C(1000000000), count) == 0)
        return 0;
    strncat(place, event_field_names[field], sizeof place - 2);
    return refuse_input(faults, place, "no such number", "a number from 0, or nothing");
}

static int read_day(const char *said, toc_date *day, struct fault_list *faults)
{
    enum date_form form;
    if (said == NULL || *said == '\0' ||
        (date_from_text(said, strlen(said), day, &form, NULL) == 0 && form == DATE_FORM_DAY))
        return 0;
    return refuse_input(faults, "/event_date", "not a day", "a day (2026-11-22), or nothing");
}

int event_form_read(const struct event_form *form, struct event_report *report, struct fault_list *faults)
{
    const char *area = form->values[EVENT_AREA];
    int         ret = read_day(form->values[EVENT_BEGAN], &report->event_date, faults);
    const struct {
        enum event_field field;
        int64_t         *count;
    } counts[] = { { EVENT_ILL, &report->num_ill },
                   { EVENT_DIED, &report->num_died },
                   { EVENT_ANIMALS, &report->num_animals } };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (read_count(form, counts[i].field, counts[i].count, faults) != 0)
            ret = BASE_ERR_INPUT;
    if (area != NULL && *area != '\0' && id_from_text(area, strlen(area), &report->area) != 0)
        ret = refuse_input(faults, "/area", "no such area", "one of the list");
    report->receipt = form->receipt;
    report->what = form->values[EVENT_WHAT];
    report->place = form->values[EVENT_PLACE];
    report->contact = form->values[EVENT_CONTACT];
    return ret;
}

/* ---- writing ---- */

struct writing {
    struct sink             *sink;
    const struct event_page *page;
};

static void say(const struct writing *to, const char *before, enum text text, const char *after)
{
    const char *words = texts[text][to->page->language];
    sink_text(to->sink, before);
    sink_markup(to->sink, words, strlen(words));
    sink_text(to->sink, after);
}

static void begin(const struct writing *to, const char *path)
{
    public_frame_begin(to->sink, &(struct public_frame){ .language = to->page->language,
                                                         .title = texts[TITLE][to->page->language],
                                                         .path = path,
                                                         .invented = to->page->invented,
                                                         .exercise = to->page->exercise });
}

static void put_value(const struct writing *to, const char *value)
{
    if (value != NULL)
        sink_markup(to->sink, value, strlen(value));
}

static void put_areas(const struct writing *to, const char *chosen)
{
    say(to, "<option value=\"\">", CHOOSE, "</option>");
    for (size_t i = 0; i < to->page->num_areas; i++) {
        const struct model_area *area = &to->page->areas[i];
        if (area->valid_to != MODEL_MISSING_DATE)
            continue;
        struct model_text name = public_area_name(area, to->page->language);
        char              id[ID_TEXT_BYTES];
        id_to_text(&area->head.id, id);
        sink_format(to->sink, "<option value=\"%s\"%s>", id,
                    chosen != NULL && strcmp(chosen, id) == 0 ? " selected" : "");
        sink_markup(to->sink, name.bytes, name.size);
        sink_text(to->sink, "</option>");
    }
}

static bool is_faulty(const struct fault_list *faults, enum event_field field)
{
    for (size_t i = 0; faults != NULL && i < faults->num_kept; i++)
        if (faults->faults[i].name[0] == '/' && strcmp(faults->faults[i].name + 1, event_field_names[field]) == 0)
            return true;
    return false;
}

static void put_input(const struct writing *to, enum event_field field, const char *value, bool faulty)
{
    const char *name = event_field_names[field], *wrong = faulty ? " aria-invalid=\"true\"" : "";
    const char *needed = field == EVENT_WHAT || field == EVENT_AREA ? " required" : "";
    sink_format(to->sink, fields[field].input == SEVERAL_LINES  ? "<textarea rows=\"5\" "
                          : fields[field].input == ONE_OF_AREAS ? "<select "
                                                                : "<input ");
    sink_format(to->sink, "id=\"%s\" name=\"%s\" aria-describedby=\"%s-hint\"%s%s", name, name, name, wrong, needed);
    switch (fields[field].input) {
    case SEVERAL_LINES:
        sink_text(to->sink, ">\n"); /* the first line break of a text area is none of its text */
        put_value(to, value);
        sink_text(to->sink, "</textarea>");
        return;
    case ONE_OF_AREAS:
        sink_text(to->sink, ">");
        put_areas(to, value);
        sink_text(to->sink, "</select>");
        return;
    case ONE_LINE: sink_text(to->sink, " autocomplete=\"off\""); break;
    case DAY: sink_text(to->sink, " type=\"date\""); break;
    case COUNT: sink_text(to->sink, " inputmode=\"numeric\" autocomplete=\"off\" class=\"count\""); break;
    }
    sink_text(to->sink, " value=\"");
    put_value(to, value);
    sink_text(to->sink, "\">");
}

static void put_field(const struct writing *to, enum event_field field, const char *value, bool faulty)
{
    const char *name = event_field_names[field];
    sink_format(to->sink, "<p><label for=\"%s\">", name);
    say(to, "", fields[field].label, "</label>");
    put_input(to, field, value, faulty);
    sink_format(to->sink, "<span class=\"quiet\" id=\"%s-hint\">", name);
    if (field != EVENT_AREA)
        say(to, "", fields[field].hint, "");
    sink_text(to->sink, "</span></p>");
}

/* Which fields are to be looked at again, each with a link to it. */
static void put_faults(const struct writing *to, const struct fault_list *faults)
{
    if (faults == NULL || faults->num_all == 0)
        return;
    say(to, "<div class=\"note\" role=\"alert\"><p>", MEND, "</p><ul>");
    for (enum event_field field = EVENT_WHAT; field < EVENT_FIELDS; field++) {
        if (!is_faulty(faults, field))
            continue;
        sink_format(to->sink, "<li><a href=\"#%s\">", event_field_names[field]);
        say(to, "", fields[field].label, "</a> (");
        say(to, "", fields[field].hint, ")</li>");
    }
    sink_text(to->sink, "</ul></div>");
}

static void put_follow_link(const struct writing *to)
{
    sink_format(to->sink, "<p><a href=\"/report/%s/receipt\">", public_language_codes[to->page->language]);
    say(to, "", FOLLOW, "</a></p>");
}

void event_page_form(struct sink *sink, const struct event_page *page, const struct event_form *form,
                     const struct fault_list *faults)
{
    const struct writing to = { sink, page };
    begin(&to, "/report/%s");
    put_faults(&to, faults);
    say(&to, "<p>", INTRO, "</p>");
    say(&to, "<p class=\"note\">", URGENT, "</p>");
    say(&to, "<p>", NAMES, "</p><form method=\"post\" class=\"form\">");
    sink_format(sink, "<input type=\"hidden\" name=\"receipt\" value=\"%s\">", form->receipt);
    for (enum event_field field = EVENT_WHAT; field < EVENT_FIELDS; field++)
        put_field(&to, field, form->values[field], is_faulty(faults, field));
    say(&to, "<p><button>", SEND, "</button></p></form>");
    put_follow_link(&to);
    public_frame_end(sink);
}

void event_page_thanks(struct sink *sink, const struct event_page *page, const char *receipt, bool struck)
{
    const struct writing to = { sink, page };
    begin(&to, "/report/%s");
    say(&to, "<p>", THANKS, "</p>");
    say(&to, "<p>", RECEIPT_IS, " <strong class=\"receipt\">");
    sink_text(sink, receipt);
    say(&to, "</strong></p><p>", RECEIPT_USE, "</p>");
    if (struck)
        say(&to, "<p class=\"quiet\">", STRUCK, "</p>");
    put_follow_link(&to);
    public_frame_end(sink);
}

void event_page_follow(struct sink *sink, const struct event_page *page, enum event_found found,
                       enum event_report_step step)
{
    static const enum text steps[] = { STEP_RECEIVED, STEP_CHECKED, STEP_ASSESSED, STEP_CLOSED };
    const struct writing   to = { sink, page };
    begin(&to, "/report/%s/receipt");
    say(&to, "<h2>", FOLLOW, "</h2>");
    if (found != EVENT_NOT_ASKED)
        say(&to, "<p class=\"note\" role=\"status\">", found == EVENT_FOUND ? steps[step] : NO_RECEIPT, "</p>");
    say(&to, "<form method=\"post\" class=\"form\"><p><label for=\"receipt\">", RECEIPT,
        "</label><input id=\"receipt\" name=\"receipt\" autocomplete=\"off\" required></p>");
    say(&to, "<p><button>", ASK, "</button></p></form>");
    public_frame_end(sink);
}

void event_page_later(struct sink *sink, const struct event_page *page)
{
    const struct writing to = { sink, page };
    begin(&to, "/report/%s");
    say(&to, "<p class=\"note\" role=\"alert\">", LATER, "</p>");
    public_frame_end(sink);
}
