/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a report makes of cases. */
#include <stdlib.h>

#include "response/intake_person.h"
#include "response/intake_plan.h"

static bool is_disease(const struct plan *plan, struct model_text a, struct model_text b)
{
    const struct model_entry *x, *y;
    if (same(a, b) || plan->options->lists == NULL)
        return same(a, b);
    x = model_lists_find(plan->options->lists, "disease", a.bytes, a.size);
    y = model_lists_find(plan->options->lists, "disease", b.bytes, b.size);
    return (x != NULL && x->parent != NULL && is(b, x->parent)) || (y != NULL && y->parent != NULL && is(a, y->parent));
}

/* The day that stands for a case when episodes are told apart: the latest that is known of it. */
static toc_date day_of_case(const struct model_case *one)
{
    toc_date day = one->specimen_date != MODEL_MISSING_DATE ? one->specimen_date : one->received_date;
    return one->onset_date != MODEL_MISSING_DATE && one->onset_date > day ? one->onset_date : day;
}

/* The case of this person and disease within the days of an episode; *episode: how many there were. */
static struct model_case *find_case(struct plan *plan, const struct id *person, struct model_text disease, toc_date day,
                                    int64_t *episode)
{
    struct model_case *found = NULL;
    long               days = code_tables_episode_days(plan->options->tables, disease.bytes, disease.size);
    *episode = 0;
    for (size_t i = 0; i < plan->num_rows; i++) {
        struct model_case *one = plan->rows[i].value;
        if (plan->rows[i].code != MODEL_CASE || !id_equal(&one->person, person) ||
            !is_disease(plan, one->disease, disease))
            continue;
        ++*episode;
        long apart = labs((long) day - (long) day_of_case(one));
        if ((days < 0 || apart <= days) && (found == NULL || day_of_case(one) > day_of_case(found)))
            found = one;
    }
    return found;
}

static int64_t age_at(const struct model_person *person, const struct model_identity *identity, toc_date day)
{
    struct toc_civil then = toc_date_to_civil(day);
    int64_t          years = MODEL_MISSING_INTEGER;
    if (identity->birth_date != MODEL_MISSING_DATE) {
        struct toc_civil born = toc_date_to_civil(identity->birth_date);
        years = then.year - born.year - (then.month < born.month || (then.month == born.month && then.day < born.day));
    }
    (void) person;
    return years >= 0 && years <= 130 ? years : MODEL_MISSING_INTEGER;
}

/* What the answers of the order and the notified condition say of the case. */
static void tell_case(struct plan *plan, struct model_case *one, uint32_t subject)
{
    const struct report *report = plan->report;
    for (uint32_t i = 0; i < report->num_answers; i++) {
        const struct report_answer *answer = &report->answers[i];
        if (answer->subject != subject)
            continue;
        toc_date day = answer->value.kind == REPORT_VALUE_TIME ? intake_day(&answer->value.time) : MODEL_MISSING_DATE;
        if (answer->question == REPORT_ONSET && day != MODEL_MISSING_DATE && day <= plan->today)
            one->onset_date = day;
        if (answer->question == REPORT_SYMPTOMATIC && answer->flag == REPORT_NO &&
            one->onset_date == MODEL_MISSING_DATE)
            one->no_symptoms = 1;
        if (answer->question == REPORT_PREGNANT && (answer->flag == REPORT_YES || answer->flag == REPORT_NO))
            one->pregnant = word(answer->flag == REPORT_YES ? "yes" : "no");
    }
}

/* The age that was said, where no date of birth is known. */
static void take_age(const struct plan *plan, struct model_case *one, uint32_t subject)
{
    const struct report_subject *about = &plan->report->subjects[subject];
    if (!(about->age >= 0) || one->age_years != MODEL_MISSING_INTEGER)
        return;
    if (report_text_equals(about->age_unit, "a") && about->age <= 130)
        one->age_years = (int64_t) about->age;
    else if (report_text_equals(about->age_unit, "mo") && about->age < 12) {
        one->age_years = 0;
        one->age_months = (int64_t) about->age;
    }
}

static bool is_listed(const struct plan *plan)
{
    return report_text_equals(plan->report->kind, "table");
}

/* What a row of a list says beside its diagnosis. */
static void take_row(struct plan *plan, struct model_case *one, uint32_t subject)
{
    const struct report_subject *about = &plan->report->subjects[subject];
    if (!is_listed(plan))
        return;
    if (about->deceased == REPORT_YES) {
        one->outcome = word("died-cause-unknown");
        one->death_date = intake_day(&about->death);
    }
    one->notified_time = intake_moment(&plan->report->sent, plan->arena, &plan->status);
}

/* What is history was not received today: it would stand among today's cases. */
static void date_history(const struct plan *plan, struct model_case *one)
{
    const toc_date days[] = { intake_day(&plan->report->sent), one->specimen_date, one->onset_date };
    for (size_t i = 0; i < sizeof days / sizeof *days && plan->outcome->history; i++)
        if (days[i] != MODEL_MISSING_DATE && days[i] <= plan->today) {
            one->received_date = days[i];
            return;
        }
}

static struct model_case *add_case(struct plan *plan, const struct intake_person *person, struct model_text disease,
                                   const struct about *about, const struct report_time *found, int64_t episode)
{
    plan_need_person(plan, person);
    struct model_case *one = plan_make(plan, MODEL_CASE, NULL);
    if (one == NULL)
        return NULL;
    one->person = person->id;
    one->disease = disease;
    one->episode = episode;
    one->responsible_area = one->residence_area = person->area;
    one->reporting_area = plan->options->message->area;
    one->reported_by = plan->options->message->sender;
    one->classification = word("not-yet-classified");
    one->sex = person->person.sex;
    one->received_date = plan->today;
    one->specimen_date = about != NULL ? intake_day(&about->collected) : MODEL_MISSING_DATE;
    if (found != NULL && report_time_compare(&about->collected, found) <= 0)
        one->result_time = intake_moment(found, plan->arena, &plan->status);
    tell_case(plan, one, person->subject);
    toc_date day = one->onset_date != MODEL_MISSING_DATE      ? one->onset_date
                   : one->specimen_date != MODEL_MISSING_DATE ? one->specimen_date
                                                              : plan->today;
    one->age_years = age_at(&person->person, &person->identity, day);
    take_age(plan, one, person->subject);
    take_row(plan, one, person->subject);
    date_history(plan, one);
    plan->outcome->new_cases++;
    struct model_task *task =
        plan_add_task(plan, "review-case", &person->area, "epidemiologist", "high", "Review a new case");
    if (task != NULL) {
        task->linked_case = one->head.id;
        task->person = person->id;
    }
    return one;
}

struct id plan_case_of(struct plan *plan, const struct about *about, struct model_text disease,
                       const struct report_time *found)
{
    int64_t  episode;
    toc_date day = intake_day(&about->collected);
    if (day == MODEL_MISSING_DATE)
        day = intake_day(found);
    if (day == MODEL_MISSING_DATE)
        day = plan->today;
    struct model_case *one = find_case(plan, &about->person->id, disease, day, &episode);
    if (one == NULL)
        one = add_case(plan, about->person, disease, about, found, episode + 1);
    if (one != NULL)
        plan->outcome->linked_case = one->head.id;
    return one == NULL ? (struct id){ { 0 } } : one->head.id;
}

/* ---- a row that comes again ---- */

static bool is_new(const struct plan *plan, const struct model_case *one)
{
    for (size_t i = 0; i < plan->num_rows; i++)
        if (plan->rows[i].value == one)
            return plan->rows[i].is_new;
    return false;
}

static void note_day(struct plan *plan, struct model_case *one, size_t field, toc_date *now, toc_date said)
{
    if (said == MODEL_MISSING_DATE || said == *now)
        return;
    *now = said;
    plan_note_field(plan, one, field);
    plan->outcome->changed_cases = 1;
}

static void note_text(struct plan *plan, struct model_case *one, size_t field, struct model_text *now,
                      struct model_text said)
{
    if (said.size == 0 || same(said, *now))
        return;
    *now = said;
    plan_note_field(plan, one, field);
    plan->outcome->changed_cases = 1;
}

static void note_number(struct plan *plan, struct model_case *one, size_t field, int64_t *now, int64_t said)
{
    if (said == MODEL_MISSING_INTEGER || said == *now)
        return;
    *now = said;
    plan_note_field(plan, one, field);
    plan->outcome->changed_cases = 1;
}

static void ask_again(struct plan *plan, const struct model_case *one, const char *why)
{
    struct model_task *task = plan_add_task(plan, "review-case", &one->responsible_area, "epidemiologist", "high", why);
    if (task == NULL)
        return;
    task->linked_case = one->head.id;
    task->person = one->person;
}

/* The row of this case comes again and says something else: what it says now holds. A classification that a person has
 * reviewed stays, and somebody is asked. What it does not say any more stays too. */
static void revise(struct plan *plan, struct model_case *one, const struct intake_person *person,
                   const struct report_diagnosis *diagnosis)
{
    struct model_case said = *one;
    said.onset_date = intake_day(&diagnosis->onset);
    said.diagnosis_time = intake_moment(&diagnosis->diagnosed, plan->arena, &plan->status);
    said.classification = word(diagnosis->classification);
    said.sex = word(NULL);
    for (uint32_t i = REPORT_MALE; i <= REPORT_SEX_UNKNOWN; i++)
        if (plan->report->subjects[person->subject].sex == i)
            said.sex = word((const char *[]){ NULL, "male", "female", "other", "unknown" }[i]);
    said.age_years = said.age_months = MODEL_MISSING_INTEGER;
    said.outcome = word(NULL);
    said.death_date = MODEL_MISSING_DATE;
    take_age(plan, &said, person->subject);
    take_row(plan, &said, person->subject);
    tell_case(plan, &said, person->subject);
    note_day(plan, one, model_case_onset_date, &one->onset_date, said.onset_date);
    note_day(plan, one, model_case_death_date, &one->death_date, said.death_date);
    note_text(plan, one, model_case_diagnosis_time, &one->diagnosis_time, said.diagnosis_time);
    note_text(plan, one, model_case_outcome, &one->outcome, said.outcome);
    note_text(plan, one, model_case_sex, &one->sex, said.sex);
    note_text(plan, one, model_case_pregnant, &one->pregnant, said.pregnant);
    note_number(plan, one, model_case_age_years, &one->age_years, said.age_years);
    note_number(plan, one, model_case_age_months, &one->age_months, said.age_months);
    note_number(plan, one, model_case_no_symptoms, &one->no_symptoms, said.no_symptoms);
    bool decided = one->reviewed_time.size > 0 && said.classification.size > 0;
    if (decided && !same(said.classification, one->classification))
        ask_again(plan, one, "The row of a list now classifies this case otherwise");
    else if (!decided)
        note_text(plan, one, model_case_classification, &one->classification, said.classification);
    if (plan->outcome->changed_cases > 0)
        ask_again(plan, one, "The row of a list that this case came from has changed");
}

/* The case of an earlier row of this number; NULL: there is none of this disease. */
static struct model_case *find_revised(struct plan *plan, struct model_text disease)
{
    for (size_t i = 0; i < plan->num_rows; i++) {
        struct model_case *one = plan->rows[i].value;
        if (plan->rows[i].code != MODEL_CASE || !id_equal(&one->head.id, &plan->known->revises))
            continue;
        if (is_disease(plan, one->disease, disease))
            return one;
        ask_again(plan, one, "The row of a list that this case came from now names another disease");
    }
    return NULL;
}

/* ---- notified conditions ---- */

static void fill(struct plan *plan, struct model_case *one, const struct report_diagnosis *diagnosis)
{
    if (diagnosis->classification != NULL)
        one->classification = word(diagnosis->classification);
    if (one->onset_date == MODEL_MISSING_DATE)
        one->onset_date = intake_day(&diagnosis->onset);
    if (one->onset_date != MODEL_MISSING_DATE)
        one->no_symptoms = MODEL_MISSING_INTEGER;
    one->diagnosis_time = intake_moment(&diagnosis->diagnosed, plan->arena, &plan->status);
    date_history(plan, one);
}

void plan_take_notification(struct plan *plan, const struct report_diagnosis *diagnosis)
{
    const struct intake_person *person =
        diagnosis->subject != REPORT_NONE ? plan_person_of(plan, diagnosis->subject) : NULL;
    int64_t  episode;
    toc_date day = intake_day(&diagnosis->onset);
    if (diagnosis->kind != REPORT_NOTIFIED || person == NULL)
        return;
    if (diagnosis->disease == NULL) {
        plan->outcome->for_review++;
        return;
    }
    if (day == MODEL_MISSING_DATE)
        day = intake_day(&diagnosis->diagnosed);
    if (day == MODEL_MISSING_DATE && is_listed(plan))
        day = intake_day(&plan->report->sent);
    if (day == MODEL_MISSING_DATE)
        day = plan->today;
    struct model_case *revised = find_revised(plan, word(diagnosis->disease));
    struct model_case *one = revised;
    if (one == NULL)
        one = find_case(plan, &person->id, word(diagnosis->disease), day, &episode);
    bool made = one == NULL;
    if (made)
        one = add_case(plan, person, word(diagnosis->disease), NULL, NULL, episode + 1);
    if (one == NULL)
        return;
    plan->outcome->linked_case = one->head.id;
    if (made || is_new(plan, one))
        fill(plan, one, diagnosis);
    else if (revised != NULL)
        revise(plan, one, person, diagnosis);
}
