/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a holiday calendar: whatever is read without a fault labels days, weeks and months. */
#include "formats/calendar_file.h"
#include "fuzz.h"

static void label(const struct toc_calendar *calendar, int days, int steps_per_year)
{
    enum { STEPS = 200 };
    toc_date date[STEPS];
    uint8_t  labels[STEPS];
    for (int i = 0; i < STEPS; i++)
        date[i] =
            calendar->holidays[0].from > TOC_DATE_MAX - 10000 ? i * days : calendar->holidays[0].from + (i - 20) * days;
    if (date[0] < TOC_DATE_MIN)
        return;
    struct toc_error error;
    MUST(toc_calendar_label(calendar, date, STEPS, steps_per_year, labels, &error) == 0);
    for (int i = 0; i < STEPS; i++) {
        struct toc_label_meaning meaning;
        MUST(labels[i] == 0 || toc_calendar_meaning(calendar, labels[i], &meaning, &error) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault_list    faults = { 0 };
    struct calendar_file file = { 0 };
    int                  status = calendar_file_read(fuzz_file(0, data, size), &faults, &file);
    MUST(status == 0 ? faults.num_all == 0 : status == BASE_ERR_INPUT && faults.num_all > 0);
    if (status == 0) {
        MUST(file.calendar.num_kinds > 0 && file.calendar.num_holidays > 0);
        label(&file.calendar, 1, 365);
        label(&file.calendar, 7, 52);
        label(&file.calendar, 31, 12);
    }
    calendar_file_free(&file);
    fault_list_free(&faults);
    return 0;
}
