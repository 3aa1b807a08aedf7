/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/public_page.h: what everybody may know of the situation, as a page of HTML without script: for each disease
 * that the department names, cases confirmed by a laboratory or a physician, by week of receipt, of one area
 * and those right below it; what to do; whom to ask.
 *
 * Small counts are left out, and others with them, so that none follows from what is shown (tocsin/suppression.h). That
 * holds only for tables that never change and of which no sum crosses: so a week is one table, as it was known at the
 * end of the PUBLIC_RELEASE_DAYS-th day after it, for good; weeks do not overlap; there is no sum of weeks or of
 * diseases, no age, no sex; and which others are left out is drawn by a secret lot that stays the same for a table. A
 * week is shown as long as none of the areas has changed since it was published (so none from before the node had its
 * areas).
 */
#ifndef RESPONSE_PUBLIC_PAGE_H
#define RESPONSE_PUBLIC_PAGE_H

#include "base/fault.h"
#include "base/sink.h"
#include "model/model_lists.h"
#include "model/records.h"
#include "store/store.h"

#define PUBLIC_WEEKS 6
#define PUBLIC_RELEASE_DAYS 2 /* after Sunday: what is known at the end of Tuesday */
#define PUBLIC_MOST_DISEASES 8
#define PUBLIC_MOST_AREAS 1000 /* more: the one alone */
#define PUBLIC_LOT_BYTES 32
#define PUBLIC_LEFT_OUT (-1)

struct public_options {
    const char *diseases; /* codes with blanks between them */
    const char *area; /* code of the one that it tells of; "" = from the top down to the first with several below it */
    const char *contact;          /* whom to ask, as it is to be shown; "" = nobody is named */
    const unsigned char *lot;     /* PUBLIC_LOT_BYTES: secret, the same as long as the database lives */
    bool                 reports; /* anybody may report an event: a link to the form */
    bool                 invented, exercise;
};

struct public_figures {
    struct model_area *areas; /* the one, and those right below it */
    uint32_t          *parent;
    size_t             num_areas;
    char               diseases[PUBLIC_MOST_DISEASES][MODEL_LISTS_CODE + 1];
    size_t             num_diseases;
    toc_date           monday[PUBLIC_WEEKS]; /* the newest week first */
    bool               published[PUBLIC_WEEKS];
    int64_t           *cells; /* [(disease * PUBLIC_WEEKS + week) * num_areas + area] */
};

/* Are these codes of the list of diseases, no more than there may be? BASE_ERR_INPUT with a fault. */
int public_diseases_check(const char *diseases, const struct model_lists *lists, struct fault_list *faults);

/* The figures that may be shown on a day. In the arena. */
int public_figures_read(struct store_reader *reader, const struct public_options *options, toc_date today,
                        struct arena *arena, struct public_figures *figures);

/* The words of the page (response/public_page.def), for tests: how many, and each in each language. */
extern const size_t public_num_texts;
const char         *public_text(size_t number, enum model_language language);

/* The page. `lists`: names of diseases. */
void public_page_write(struct sink *sink, const struct public_options *options, const struct public_figures *figures,
                       const struct model_lists *lists, enum model_language language);

#endif
