/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any text as an HL7 time: what is read exists, shows as text, and reads back as itself. */
#include <string.h>

#include "base/instant.h"
#include "formats/hl7v2/time.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct report_time time, again;
    const char        *what = NULL;
    char               text[REPORT_TIME_BYTES];
    enum hl7_dress     dress = hl7_time_read((struct report_text){ (const char *) data, size }, &time, &what);
    size_t             length = report_time_to_text(&time, text);
    MUST((dress >= HL7_TIME_IMPOSSIBLE) == (what != NULL));
    MUST((dress == HL7_TIME_HL7 || dress == HL7_TIME_ISO) == (length > 0));
    if (length == 0)
        return 0;
    MUST(report_time_check(&time, NULL) && report_time_compare(&time, &time) == 0);
    if (time.precision >= REPORT_DAY)
        MUST(time_check(text, length) == 0);
    MUST(hl7_time_read((struct report_text){ text, length }, &again, &what) <= HL7_TIME_ISO);
    MUST(report_time_compare(&time, &again) == 0 && again.zone_known == time.zone_known);
    return 0;
}
