/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a report says of itself: is it live, is it history, what its specimens are called. */
#include <string.h>

#include "response/intake.h"
#include "response/intake_person.h"

bool intake_is_test(const struct report *report, const struct model_feed *feed)
{
    if (report->processing == REPORT_TEST || feed == NULL || feed->status.size != 4 ||
        memcmp(feed->status.bytes, "live", 4) != 0)
        return true;
    return report->processing == REPORT_PROCESSING_NOT_SENT && feed->blank_is_live != 1;
}

static toc_date day_of_result(const struct report *report, const struct report_result *result)
{
    toc_date day = intake_day(&result->observed);
    if (day == MODEL_MISSING_DATE && result->order != REPORT_NONE)
        day = intake_day(&report->orders[result->order].collected);
    return day != MODEL_MISSING_DATE ? day : intake_day(&result->analysed);
}

/* The latest day that is said of it. */
static toc_date day_of_diagnosis(const struct report *report, const struct report_diagnosis *diagnosis)
{
    const toc_date days[] = { intake_day(&diagnosis->onset), intake_day(&diagnosis->diagnosed),
                              intake_day(&report->sent) };
    toc_date       latest = MODEL_MISSING_DATE;
    for (size_t i = 0; i < sizeof days / sizeof *days; i++)
        if (days[i] != MODEL_MISSING_DATE && (latest == MODEL_MISSING_DATE || days[i] > latest))
            latest = days[i];
    return latest;
}

bool intake_is_history(const struct report *report, const struct intake_plan_options *options)
{
    toc_date before = options->feed != NULL ? options->feed->history_before : MODEL_MISSING_DATE;
    if (options->message->history == 1)
        return true;
    for (uint32_t i = 0; i < report->num_results && before != MODEL_MISSING_DATE; i++) {
        toc_date day = day_of_result(report, &report->results[i]);
        if (day == MODEL_MISSING_DATE || day >= before)
            return false;
    }
    for (uint32_t i = 0; i < report->num_diagnoses && before != MODEL_MISSING_DATE && report->num_results == 0; i++) {
        toc_date day = day_of_diagnosis(report, &report->diagnoses[i]);
        if (day == MODEL_MISSING_DATE || day >= before)
            return false;
    }
    return before != MODEL_MISSING_DATE && report->num_results + report->num_diagnoses > 0;
}

struct report_text intake_specimen_number(const struct report *report, uint32_t specimen, uint32_t order)
{
    const struct report_text none = { NULL, 0 };
    if (specimen != REPORT_NONE && report_text_is_given(report->specimens[specimen].filler_number))
        return report->specimens[specimen].filler_number;
    if (order == REPORT_NONE && specimen != REPORT_NONE)
        order = report->specimens[specimen].order;
    if (order != REPORT_NONE && report_text_is_given(report->orders[order].filler_number))
        return report->orders[order].filler_number;
    if (specimen != REPORT_NONE && report_text_is_given(report->specimens[specimen].placer_number))
        return report->specimens[specimen].placer_number;
    return order != REPORT_NONE ? report->orders[order].placer_number : none;
}
