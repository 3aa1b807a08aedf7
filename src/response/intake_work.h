/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/intake_work.h: messages that wait are worked off: read again, linked to persons inside the writer's group,
 * written as records with an audit entry, and their bytes sealed anew, a slice a person (DESIGN section 6).
 *
 * In the order of arrival, some at a time, in the writer's bulk lane. A message is one request: all of it or nothing.
 * What fails is put aside as `held` with the reason and its bytes; a writer that has stopped or a full disk leaves it
 * waiting. Whatever happens in between, a message is worked off once: its verdict is part of the same transaction.
 */
#ifndef RESPONSE_INTAKE_WORK_H
#define RESPONSE_INTAKE_WORK_H

#include "response/intake.h"
#include "response/intake_door.h"

#define INTAKE_WORK_MOST 128 /* messages at a time */

/* What became of one message, for whoever asked for it to be worked off. */
typedef void intake_told(void *context, const struct id *message, const char *verdict, const char *reason,
                         const struct intake_outcome *outcome);

/* Work off what waits, at most INTAKE_WORK_MOST messages; *num: how many there were, 0 = none waits. told may be NULL.
 * Returns 0, or what stopped it: db_status, STORE_ERR_STOPPED, KEEPER_ERR_RATE (again later). */
int intake_work(struct intake *intake, struct store_reader *reader, intake_told *told, void *context, size_t *num);

/* Have a message worked off again, from its bytes, while they are kept: after a table or a feed has changed, or a
 * person has decided. Only one that is held; STORE_ERR_ABSENT where its bytes are gone, STORE_ERR_DENIED where it is
 * not held. */
int intake_release(struct intake *intake, struct store_reader *reader, const struct access *who,
                   const struct id *message);

/* A thread that does it as messages come, until intake_close. 0 or BASE_ERR_SYSTEM. */
int intake_start_worker(struct intake *intake);

#endif
