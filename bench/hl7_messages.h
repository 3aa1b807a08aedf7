/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench/hl7_messages.h: laboratory reports of 3.6 kB as guides of version 2.5.1 ask for them, each with its own
 * patient, times and numbers, among five senders of which one codes its tests by names alone. */
#ifndef BENCH_HL7_MESSAGES_H
#define BENCH_HL7_MESSAGES_H

#include <stdbool.h>

#include "base/sink.h"

/* Message number i. answered: MSH-15 and MSH-16 are empty, which asks for one acknowledgement; else for none. */
void hl7_message_put(struct sink *sink, unsigned i, bool answered);

#endif
