/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A plan in the making: what a result is of, and the specimen that stands there. */
#include "response/intake_person.h"
#include "response/intake_plan.h"
#include "tocsin/status.h"

#define NUMBER_CHARACTERS 60

/* The code of a list whose SNOMED CT code is among the concept's; `other` where there is none. */
static struct model_text material_of(const struct plan *plan, const struct report_concept *concept)
{
    const struct model_lists *lists = plan->options->lists;
    const struct model_entry *entry;
    for (uint32_t i = 0; i < concept->num_codings && lists != NULL; i++)
        for (size_t n = 0; (entry = model_lists_entry(lists, "specimen_material", n)) != NULL; n++)
            if (concept->codings[i].system == REPORT_SNOMED_CT && entry->system_code != NULL &&
                report_text_equals(concept->codings[i].code, entry->system_code))
                return word(entry->code);
    return word("other");
}

/* A tube must be called something: without a number, by the message that told of it. */
static struct model_text name_tube(struct plan *plan)
{
    char *made = arena_array(plan->arena, ID_TEXT_BYTES, 1);
    if (made == NULL)
        plan->status = TOC_ERR_NO_MEMORY;
    return made == NULL ? (struct model_text){ NULL, 0 }
                        : (struct model_text){ made, id_to_text(&plan->options->message->head.id, made) };
}

struct about plan_about_of(struct plan *plan, const struct report_result *result)
{
    const struct report          *report = plan->report;
    const struct report_order    *order = result->order != REPORT_NONE ? &report->orders[result->order] : NULL;
    const struct report_specimen *tube = result->specimen != REPORT_NONE ? &report->specimens[result->specimen] : NULL;
    const struct report_subject  *subject = result->subject != REPORT_NONE ? &report->subjects[result->subject] : NULL;
    struct about about = { .specimen = result->specimen, .order = result->order, .area = plan->options->message->area };
    uint8_t      kind = tube != NULL && tube->kind != REPORT_PERSON ? tube->kind
                        : subject != NULL                           ? subject->kind
                                                                    : REPORT_PERSON;
    if (result->pooled || (tube != NULL && tube->group))
        kind = REPORT_POOL;
    about.subject = kind == REPORT_POOL          ? "pool"
                    : kind == REPORT_ANIMAL      ? "animal"
                    : kind == REPORT_ENVIRONMENT ? "environment"
                                                 : "person";
    if (kind == REPORT_PERSON) {
        about.person = plan_person_of(plan, result->subject);
        if (about.person != NULL)
            about.area = about.person->area;
    }
    about.number = intake_clean(intake_specimen_number(report, result->specimen, result->order), NUMBER_CHARACTERS,
                                plan->arena, &plan->status);
    if (kind == REPORT_POOL && about.number.size == 0)
        about.number = name_tube(plan);
    if (tube != NULL) {
        about.collected = tube->collected;
        about.received = tube->received;
        about.material = tube->material;
    }
    if (about.collected.precision == REPORT_TIME_MISSING)
        about.collected =
            order != NULL && order->collected.precision != REPORT_TIME_MISSING ? order->collected : result->observed;
    if (about.received.precision == REPORT_TIME_MISSING && order != NULL)
        about.received = order->received;
    return about;
}

static struct model_pool *find_pool(struct plan *plan, const struct about *about, struct model_text number)
{
    for (size_t i = 0; i < plan->num_rows; i++)
        if (plan->rows[i].code == MODEL_POOL && same(((struct model_pool *) plan->rows[i].value)->number, number))
            return plan->rows[i].value;
    struct model_pool *pool = plan_make(plan, MODEL_POOL, NULL);
    if (pool == NULL)
        return NULL;
    uint32_t size = about->specimen != REPORT_NONE ? plan->report->specimens[about->specimen].num_pooled : 0;
    pool->responsible_area = about->area;
    pool->number = number;
    pool->laboratory = plan->options->message->sender;
    if (size >= 1 && size <= 100)
        pool->size = size;
    return pool;
}

static bool is_specimen(const struct model_specimen *specimen, const struct about *about, struct model_text collected)
{
    if (!is(specimen->subject, about->subject) ||
        (about->person != NULL && !id_equal(&specimen->person, &about->person->id)))
        return false;
    if (about->number.size > 0 || about->person == NULL)
        return same(specimen->number, about->number);
    return specimen->number.size == 0 && same(specimen->collected_time, collected);
}

/* Of a row that corrects an earlier one: was this result made, or said last, by that? */
static bool is_of_earlier_row(const struct plan *plan, const struct model_specimen *specimen)
{
    for (size_t i = 0; i < plan->num_rows; i++) {
        const struct model_result *result = plan->rows[i].value;
        if (plan->rows[i].code == MODEL_RESULT && id_equal(&result->specimen, &specimen->head.id) &&
            id_equal(&result->message, &plan->known->earlier_row))
            return true;
    }
    return false;
}

/* The specimen of the row that this one corrects, whatever day either says. */
static struct model_specimen *find_corrected(struct plan *plan, const struct about *about)
{
    if (id_is_missing(&plan->known->earlier_row) || about->person == NULL)
        return NULL;
    for (size_t i = 0; i < plan->num_rows; i++) {
        struct model_specimen *one = plan->rows[i].value;
        if (plan->rows[i].code == MODEL_SPECIMEN && is(one->subject, about->subject) &&
            id_equal(&one->person, &about->person->id) && same(one->number, about->number) &&
            is_of_earlier_row(plan, one))
            return one;
    }
    return NULL;
}

/* The specimen that stands there, or a new one. */
struct model_specimen *plan_find_specimen(struct plan *plan, const struct about *about)
{
    struct model_text      collected = intake_moment(&about->collected, plan->arena, &plan->status);
    struct model_specimen *corrected = find_corrected(plan, about);
    if (corrected != NULL && collected.size > 0 && !same(corrected->collected_time, collected)) {
        corrected->collected_time = collected;
        plan_note_field(plan, corrected, model_specimen_collected_time);
    }
    if (corrected != NULL)
        return corrected;
    for (size_t i = 0; i < plan->num_rows; i++)
        if (plan->rows[i].code == MODEL_SPECIMEN && is_specimen(plan->rows[i].value, about, collected))
            return plan->rows[i].value;
    struct model_pool *pool = NULL;
    if (about->person != NULL)
        plan_need_person(plan, about->person);
    if (strcmp(about->subject, "pool") == 0)
        pool = find_pool(plan, about, about->number);
    struct model_specimen *specimen = plan_make(plan, MODEL_SPECIMEN, NULL);
    if (specimen == NULL)
        return NULL;
    specimen->subject = word(about->subject);
    specimen->responsible_area = about->area;
    specimen->number = about->number;
    specimen->material = material_of(plan, &about->material);
    specimen->collected_time = collected;
    specimen->laboratory = plan->options->message->sender;
    if (about->person != NULL)
        specimen->person = about->person->id;
    if (pool != NULL)
        specimen->pool = pool->head.id;
    if (report_time_compare(&about->collected, &about->received) <= 0)
        specimen->received_time = intake_moment(&about->received, plan->arena, &plan->status);
    return specimen;
}

int intake_specimen_numbers(const struct report *report, struct arena *arena, struct model_text **numbers, size_t *num)
{
    int status = 0;
    *num = 0;
    *numbers = arena_array(arena, report->num_results + 1, sizeof **numbers);
    if (*numbers == NULL)
        return TOC_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < report->num_results; i++) {
        const struct report_result *result = &report->results[i];
        struct model_text number = intake_clean(intake_specimen_number(report, result->specimen, result->order),
                                                NUMBER_CHARACTERS, arena, &status);
        bool              known = number.size == 0;
        for (size_t n = 0; n < *num && !known; n++)
            known = (*numbers)[n].size == number.size && memcmp((*numbers)[n].bytes, number.bytes, number.size) == 0;
        if (!known)
            (*numbers)[(*num)++] = number;
    }
    return status;
}
