/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/watch_choice.h: the method that somebody has chosen to judge a stream by, with its parameters. */
#ifndef RESPONSE_WATCH_CHOICE_H
#define RESPONSE_WATCH_CHOICE_H

#include "model/model.h"
#include "model/model_lists.h"
#include "tocsin/method.h"

#define WATCH_CHOICE_BYTES 201
#define WATCH_CHOICE_WHY 160

struct watch_choice {
    const struct toc_method *method;                         /* NULL = none was chosen */
    char                     parameters[WATCH_CHOICE_BYTES]; /* "alpha=0.01 weekdays=pooled"; "" = its own */
};

/* method: a name, or without bytes (none). parameters: NAME=VALUE, spaces between. A method that adds up from one step
 * to the next is none: its answer would depend on the round in which judging began. False: it cannot be used; why. */
bool watch_choice_read(struct model_text method, struct model_text parameters, struct watch_choice *choice,
                       char why[WATCH_CHOICE_WHY]);

/* Set the parameters of a choice that was read. options: of its method, with defaults. */
void watch_choice_apply(const struct watch_choice *choice, void *options);

#endif
