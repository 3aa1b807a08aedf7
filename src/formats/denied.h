/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/denied.h: the words and questions that may not be collected (denied.def), for the readers of all doors.
 */
#ifndef FORMATS_DENIED_H
#define FORMATS_DENIED_H

#include <stdbool.h>
#include <stddef.h>

/* Does the text have a denied word, whole ("race", not "trace")? */
bool denied_has_word(const char *text, size_t size);

/* Is a LOINC code that of a denied question? */
bool denied_is_question(const char *code, size_t size);

#endif
