/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/case_notification.h: by when the law wants a case notified, and that it was.
 *
 * Which disease is notified within how many hours is reference data: a disease stands in the list
 * notify_within_2_hours or notify_within_24_hours, or what it belongs to does (share/lists/disease.csv, parent); one
 * that stands in neither has no deadline here. The hours run from the diagnosis, else from the first laboratory result.
 * A time of which only the day, or no zone, was said makes a deadline that is not exact: the latest that it can be, a
 * zone that was not said being taken as that of UTC.
 */
#ifndef RESPONSE_CASE_NOTIFICATION_H
#define RESPONSE_CASE_NOTIFICATION_H

#include "base/json_writer.h"
#include "model/model_lists.h"
#include "model/records.h"
#include "store/store.h"

enum case_notification_standing {
    CASE_NOTIFY_NO_RULE, /* the disease has no deadline here */
    CASE_NOTIFY_UNKNOWN, /* neither diagnosis nor result has a time */
    CASE_NOTIFY_RUNNING,
    CASE_NOTIFY_LATE, /* the deadline is over, and nobody has notified */
    CASE_NOTIFY_MET,
    CASE_NOTIFY_MET_LATE,
    CASE_NOTIFY_STANDINGS
};
extern const char *const case_notification_standings[]; /* "no-rule" … */

struct case_notification {
    enum case_notification_standing standing;
    const char                     *list;  /* that the disease stands in; NULL = none */
    int                             hours; /* 0 = none */
    const char                     *from;  /* "diagnosis_time" or "result_time"; NULL = neither is known */
    int64_t                         due;   /* instant; INSTANT_MISSING = none */
    bool                            exact;
};

/* At an instant. `value` as its reader may see it. */
void case_notification_read(const struct model_case *value, const struct model_lists *lists, int64_t now,
                            struct case_notification *found);

/* {"standing":…,"hours":…,"rule":…,"from":…,"due":…,"exact":…,"notified":…,"receipt":…}; receipt: of the task that the
 * notification ended, where the caller may read tasks. */
int case_notification_write(struct json_writer *json, struct store_reader *reader, const struct access *who,
                            const struct model_case *value, const struct case_notification *found, struct arena *arena);

/* A case was notified: its time is set, and a task of kind submit-report, done, keeps the receipt. */
struct case_notifying {
    struct access        who;
    int64_t              now;
    struct id            id;      /* of the case */
    const char          *at;      /* TIME; NULL = now */
    const char          *receipt; /* number of the card or the acknowledgement; NULL = none */
    struct store_request request; /* made by case_notify_request; submit it as `who` */
};
/* BASE_ERR_INPUT with faults at /at (not a time, in the future, notified already); STORE_ERR_ABSENT; STORE_ERR_DENIED.
 */
void case_notify_request(struct case_notifying *notifying);

#endif
