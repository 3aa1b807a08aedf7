/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/call_message.h: what is said when somebody is called out, as a mail and as the body of a web-hook. Made of
 * the task, the hazard and the county alone: no name, no place below the county, no number of cases, in English and
 * Chinese. A drill's message begins with EXERCISE.
 */
#ifndef SERVER_CALL_MESSAGE_H
#define SERVER_CALL_MESSAGE_H

#include "model/model_lists.h"
#include "model/records.h"
#include "store/store.h"

struct call_message_parts {
    const struct model_notice *notice;
    const struct model_task   *task;
    const struct model_user   *recipient;
    struct model_text          disease;          /* of the signal or outbreak; missing: none is known */
    struct model_text          area_en, area_zh; /* of the county, or of what lies above it */
    const struct model_lists  *lists;            /* NULL: codes are said as they are */
    const char                *link;             /* of "I have it" */
    const char                *from;             /* of a mail */
    bool                       exercise;
    int64_t                    now;
};

/* In the arena; NULL where there is no memory, or where an address holds what no address may. */
const char *call_message_mail(const struct call_message_parts *parts, struct arena *arena);
const char *call_message_hook(const struct call_message_parts *parts, struct arena *arena);

/* May mail be sent to this: one address of ASCII without blanks, brackets and control characters? */
bool call_message_address_allowed(struct model_text address);

#endif
