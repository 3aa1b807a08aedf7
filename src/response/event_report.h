/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/event_report.h: somebody reports an event: what, where, when, how many, animals. It becomes a signal of
 * source "event-report" (or "clinician" …) with its first task, which people answer as any other; nothing orders or
 * defers what a person reported.
 *
 * There is no field for anybody's name. What looks like a telephone or identity number in the texts is struck out
 * before anything is written (event_report_strike). How the reporter may be asked again is sealed, beside the signal,
 * and goes after 30 days with all that ties a receipt to the signal (event_report.def). Nothing else about who reported
 * is kept.
 *
 * A receipt is twelve letters and digits in groups of four, which whoever reports holds and nobody else: 60 random
 * bits. It tells how far the answer is, never whether it was true nor about whom. The same receipt sent again is the
 * same report: nothing is written twice.
 */
#ifndef RESPONSE_EVENT_REPORT_H
#define RESPONSE_EVENT_REPORT_H

#include "base/arena.h"
#include "base/fault.h"
#include "model/records.h"
#include "store/store.h"

/* ---- receipts ---- */

#define EVENT_RECEIPT_BYTES 15 /* "K7QD-2M9X-0TRB" with its end */
#define EVENT_RECEIPT_RANDOM 8

/* Digits and the letters that are not taken for one another (Crockford's base 32). */
void event_receipt_make(const uint8_t random[EVENT_RECEIPT_RANDOM], char receipt[EVENT_RECEIPT_BYTES]);

/* Read a receipt as people type it: small letters, spaces, no hyphens, O for 0, I and L for 1. False: it is none. */
bool event_receipt_read(const char *typed, char receipt[EVENT_RECEIPT_BYTES]);

/* ---- the report ---- */

/* Strike out what looks like a telephone or identity number, or a mail address, in place of each "[…]":
 *  - seven digits or more, whatever stands singly between them (spaces, hyphens, dots, brackets, a plus before them),
 * in the digits of any script or in Chinese words for digits; but not a day (2026-11-22, 22.11.2026) nor a number
 *    written with a unit of thousands (1,200,000);
 *  - words with an @ and a dot behind it.
 *
 * Returns the text without them, in arena; the text itself where nothing is struck; missing where there is no memory.
 */
struct model_text event_report_strike(struct model_text text, struct arena *arena, size_t *num_struck);

struct event_report {
    const char          *receipt; /* as event_receipt_make made it */
    struct id            user;    /* who asks, for the audit; missing: the public */
    int64_t              now;
    struct id            id;     /* of the signal; made by whoever asks */
    struct id            area;   /* needed */
    const char          *source; /* of the list signal_source; NULL: "event-report"; never "alarm" */
    const char          *syndrome;
    const char          *what; /* needed; at most 500 characters */
    const char          *place;
    const char          *contact;
    toc_date             event_date;                     /* MODEL_MISSING_DATE; never a day to come */
    int64_t              num_ill, num_died, num_animals; /* MODEL_MISSING_INTEGER */
    struct store_request request;                        /* made by event_report_request */
    bool                 again;      /* afterwards: this receipt was sent before; id is that signal's */
    size_t               num_struck; /* afterwards */
};
#define EVENT_REPORT_INIT                                                                                              \
    {                                                                                                                  \
        .event_date = MODEL_MISSING_DATE, .num_ill = MODEL_MISSING_INTEGER, .num_died = MODEL_MISSING_INTEGER,         \
        .num_animals = MODEL_MISSING_INTEGER                                                                           \
    }

/* The caller whom the request is to be submitted as: the program, for `user`. A report may be of any area. */
struct access event_report_access(const struct event_report *report);

/* BASE_ERR_INPUT with faults at /area, /what, /event_date, /source and those of the model. */
void event_report_request(struct event_report *report);

/* ---- what a receipt tells ---- */

enum event_report_step { EVENT_RECEIVED, EVENT_CHECKED, EVENT_ASSESSED, EVENT_CLOSED };
extern const char *const event_report_steps[]; /* "received", "checked", "assessed", "closed" */

/* received: when. STORE_ERR_ABSENT: no such receipt, or older than 30 days. */
int event_report_follow(struct store_reader *reader, const char *receipt, struct arena *arena,
                        enum event_report_step *step, int64_t *received);

#endif
