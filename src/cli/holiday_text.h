/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/holiday_text.h: the label of a step (tocsin/calendar.h) in words. */
#ifndef CLI_HOLIDAY_TEXT_H
#define CLI_HOLIDAY_TEXT_H

#include "tocsin/calendar.h"

#define HOLIDAY_TEXT_BYTES 240

/* "holiday: Spring Festival", "week 1 before Spring Festival", "week 2 after Spring Festival"; "" for label 0. */
void holiday_text(const struct toc_calendar *calendar, uint8_t label, char text[HOLIDAY_TEXT_BYTES]);

#endif
