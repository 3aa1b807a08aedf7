/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/holiday_text.h"

#include <stdio.h>
#include <stdlib.h>

void holiday_text(const struct toc_calendar *calendar, uint8_t label, char text[HOLIDAY_TEXT_BYTES])
{
    struct toc_label_meaning meaning;
    text[0] = '\0';
    if (toc_calendar_meaning(calendar, label, &meaning, NULL) != 0)
        return;
    const char *name = calendar->kinds[meaning.kind].name;
    if (meaning.week == 0)
        snprintf(text, HOLIDAY_TEXT_BYTES, "holiday: %s", name);
    else
        snprintf(text, HOLIDAY_TEXT_BYTES, "week %d %s %s", abs(meaning.week), meaning.week < 0 ? "before" : "after",
                 name);
}
