/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/intake.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/time_zone.h"
#include "response/intake_person.h"
#include "response/intake_plan.h"
#include "tocsin/date.h"
#include "tocsin/status.h"

#define HOUR (3600 * INSTANT_SECOND)

/* In this order every reference is there: a specimen names its case, a result its specimen. */
static const enum model_record_number ranks[] = { MODEL_PERSON,   MODEL_IDENTITY, MODEL_CASE, MODEL_POOL,
                                                  MODEL_SPECIMEN, MODEL_RESULT,   MODEL_TASK };
enum { NUM_RANKS = sizeof ranks / sizeof *ranks };

/* ---- rows ---- */

static void *grow(struct plan *plan, void *old, size_t num, size_t *room, size_t size)
{
    if (num < *room)
        return old;
    size_t more = *room == 0 ? 32 : *room * 2;
    char  *made = arena_array(plan->arena, more, size);
    if (made == NULL) {
        plan->status = TOC_ERR_NO_MEMORY;
        return NULL;
    }
    if (num > 0)
        memcpy(made, old, num * size);
    *room = more;
    return made;
}

static struct row *add_row(struct plan *plan, enum model_record_number code, void *value)
{
    struct row *rows = grow(plan, plan->rows, plan->num_rows, &plan->room_rows, sizeof *rows);
    if (rows == NULL)
        return NULL;
    plan->rows = rows;
    rows[plan->num_rows] = (struct row){ .code = code, .value = value };
    return &rows[plan->num_rows++];
}

static struct store_change *add_change(struct plan *plan, enum store_verb verb, enum model_record_number code,
                                       void *value)
{
    struct store_change  *change = arena_array(plan->arena, 1, sizeof *change);
    struct store_change **changes =
        grow(plan, plan->changes, plan->num_changes, &plan->room_changes, sizeof(struct store_change *));
    if (change == NULL || changes == NULL) {
        plan->status = TOC_ERR_NO_MEMORY;
        return NULL;
    }
    plan->changes = changes;
    *change = (struct store_change){
        .verb = verb, .record = model_record(code), .value = value, .fresh = verb == STORE_CREATE
    };
    changes[plan->num_changes++] = change;
    return change;
}

/* An id that follows from message, instant and how many there were before. */
static struct id new_id(struct plan *plan)
{
    uint8_t                  random[ID_RANDOM_BYTES];
    uint64_t                 number = ++plan->num_ids;
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, crypto_generichash_BYTES_MIN);
    crypto_generichash_update(&state, plan->options->message->head.id.bytes, ID_BYTES);
    crypto_generichash_update(&state, (const uint8_t *) &plan->options->now, sizeof plan->options->now);
    crypto_generichash_update(&state, (const uint8_t *) &number, sizeof number);
    uint8_t hash[crypto_generichash_BYTES_MIN];
    crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(random, hash, sizeof random);
    return id_make(plan->options->now / 1000, random);
}

void *plan_make(struct plan *plan, enum model_record_number code, const struct id *id)
{
    const struct model_record *record = model_record(code);
    void                      *value = arena_array(plan->arena, 1, record->size);
    if (value == NULL) {
        plan->status = TOC_ERR_NO_MEMORY;
        return NULL;
    }
    model_init(record, value);
    ((struct model_head *) value)->id = id != NULL ? *id : new_id(plan);
    struct store_change *change = add_change(plan, STORE_CREATE, code, value);
    struct row          *row = change != NULL ? add_row(plan, code, value) : NULL;
    if (row == NULL)
        return NULL;
    row->is_new = true;
    row->change = change;
    return value;
}

/* The change of a row that stands there, or of one that is made (which needs none beside its own). Fields are noted
 * with set_field. */
static struct row *row_of(struct plan *plan, const void *value)
{
    for (size_t i = 0; i < plan->num_rows; i++)
        if (plan->rows[i].value == value)
            return &plan->rows[i];
    return NULL;
}

void plan_note_field(struct plan *plan, const void *value, size_t field)
{
    struct row *row = row_of(plan, value);
    if (row == NULL || row->is_new)
        return;
    if (row->change == NULL)
        row->change = add_change(plan, STORE_CHANGE, row->code, row->value);
    if (row->change != NULL)
        model_set_add(&row->change->given, field);
}

static void know(struct plan *plan, enum model_record_number code, const void *rows, size_t num)
{
    size_t size = model_record(code)->size;
    for (size_t i = 0; i < num; i++) {
        void *copy = arena_array(plan->arena, 1, size); /* what stands there is not altered */
        if (copy == NULL) {
            plan->status = TOC_ERR_NO_MEMORY;
            return;
        }
        memcpy(copy, (const char *) rows + i * size, size);
        (void) add_row(plan, code, copy);
    }
}

/* ---- tasks ---- */

static struct model_task *add_task_as(struct plan *plan, const struct id *id, const char *kind, const struct id *area,
                                      const char *role, const char *priority, const char *title)
{
    struct model_task *task = plan->outcome->history ? NULL : plan_make(plan, MODEL_TASK, id);
    if (task == NULL)
        return NULL;
    task->area = *area;
    task->kind = word(kind);
    task->title = word(title);
    task->owner_role = word(role);
    task->priority = word(priority);
    task->status = word("open");
    task->due = plan->options->now + INTAKE_TASK_HOURS * HOUR;
    return task;
}

struct model_task *plan_add_task(struct plan *plan, const char *kind, const struct id *area, const char *role,
                                 const char *priority, const char *title)
{
    return add_task_as(plan, NULL, kind, area, role, priority, title);
}

/* ---- persons ---- */

void plan_need_person(struct plan *plan, const struct intake_person *one)
{
    for (size_t i = 0; i < plan->num_rows; i++)
        if (plan->rows[i].code == MODEL_PERSON && id_equal(&((struct model_head *) plan->rows[i].value)->id, &one->id))
            return;
    struct model_person *person = one->is_new ? plan_make(plan, MODEL_PERSON, &one->id) : NULL;
    if (person == NULL)
        return;
    struct model_head head = person->head;
    *person = one->person;
    person->head = head;
    person->area = one->area;
    plan->outcome->new_persons++;
    struct model_identity *identity = one->has_identity ? plan_make(plan, MODEL_IDENTITY, NULL) : NULL;
    if (identity != NULL) {
        head = identity->head;
        *identity = one->identity;
        identity->head = head;
        identity->person = one->id;
    }
    struct model_task *task =
        id_is_missing(&one->perhaps)
            ? NULL
            : plan_add_task(plan, "resolve-duplicate", &one->area, "data-manager", "normal", "Perhaps the same person");
    if (task != NULL) {
        task->person = one->id;
        task->other_person = one->perhaps;
    }
}

const struct intake_person *plan_person_of(const struct plan *plan, uint32_t subject)
{
    for (size_t i = 0; i < plan->known->num_persons; i++)
        if (plan->known->persons[i].subject == subject)
            return &plan->known->persons[i];
    return NULL;
}

/* ---- results ---- */

static const char *const statuses[REPORT_NUM_STATUSES] = { [REPORT_STATUS_UNKNOWN] = "preliminary",
                                                           [REPORT_PRELIMINARY] = "preliminary",
                                                           [REPORT_FINAL] = "final",
                                                           [REPORT_CORRECTED] = "corrected",
                                                           [REPORT_CANCELLED] = "cancelled",
                                                           [REPORT_ENTERED_IN_ERROR] = "entered-in-error" };

static const char *const interpretations[REPORT_NUM_INTERPRETATIONS] = { [REPORT_DETECTED] = "detected",
                                                                         [REPORT_NOT_DETECTED] = "not-detected",
                                                                         [REPORT_INCONCLUSIVE] = "inconclusive",
                                                                         [REPORT_INVALID] = "invalid",
                                                                         [REPORT_REJECTED] = "rejected" };

static bool retracts(const struct report_result *result)
{
    return result->status == REPORT_CANCELLED || result->status == REPORT_ENTERED_IN_ERROR;
}

/* The result of this specimen and target that counts, or the last that did. */
static struct model_result *find_result(struct plan *plan, const struct id *specimen, const char *target,
                                        const char *method)
{
    struct model_result *found = NULL;
    for (size_t i = 0; i < plan->num_rows; i++) {
        struct model_result *one = plan->rows[i].value;
        if (plan->rows[i].code != MODEL_RESULT || !id_equal(&one->specimen, specimen) || !is(one->target, target) ||
            is(one->status, "superseded") || (method != NULL && one->method.size > 0 && !is(one->method, method)))
            continue;
        found = one;
    }
    return found;
}

/* A case rests on a result that says something else now: somebody must look at it again. */
static void doubt_case(struct plan *plan, const struct model_result *old, const struct about *about)
{
    if (id_is_missing(&old->linked_case))
        return;
    struct model_task *task = plan_add_task(plan, "review-case", &about->area, "epidemiologist", "high",
                                            "A result that this case rests on has changed");
    if (task == NULL)
        return;
    task->linked_case = old->linked_case;
    task->specimen = old->specimen;
    if (about->person != NULL)
        task->person = about->person->id;
}

static void fill_result(struct plan *plan, struct model_result *row, const struct report_result *result)
{
    const struct report_value *value = &result->value;
    const struct report_order *order = result->order != REPORT_NONE ? &plan->report->orders[result->order] : NULL;
    row->status = word(statuses[result->status]);
    row->interpretation = word(interpretations[result->interpretation]);
    row->result_time = intake_moment(result->analysed.precision >= REPORT_DAY ? &result->analysed
                                     : order != NULL                          ? &order->reported
                                                                              : &result->observed,
                                     plan->arena, &plan->status);
    row->method = word(result->method);
    row->laboratory = plan->options->message->sender;
    row->kit = intake_clean(result->kit, 120, plan->arena, &plan->status);
    if (result->cycle_threshold >= 0 && result->cycle_threshold <= 100)
        row->cycle_threshold = result->cycle_threshold;
    if (value->kind == REPORT_VALUE_NUMBER && value->number >= 0 && value->number <= 1e15) {
        row->quantity = value->number;
        if (value->unit.num_codings > 0)
            row->unit = intake_clean(value->unit.codings[0].code, 30, plan->arena, &plan->status);
        row->below_detection = value->comparator[0] == '<' ? 1 : MODEL_MISSING_INTEGER;
    }
    row->message = plan->options->message->head.id;
}

static struct model_result *add_result(struct plan *plan, const struct report_result *result, const struct id *specimen,
                                       const struct id *illness, const struct id *supersedes)
{
    struct model_result *row = plan_make(plan, MODEL_RESULT, NULL);
    if (row == NULL)
        return NULL;
    row->specimen = *specimen;
    row->target = word(result->target);
    row->disease = word(result->disease);
    row->linked_case = *illness;
    row->supersedes = *supersedes;
    fill_result(plan, row, result);
    plan->outcome->new_results++;
    return row;
}

/* In place: the same finding, further on. History keeps what it was. */
static void ripen(struct plan *plan, struct model_result *old, const struct report_result *result,
                  const struct id *illness)
{
    static const size_t fields[] = { model_result_status,
                                     model_result_interpretation,
                                     model_result_result_time,
                                     model_result_method,
                                     model_result_kit,
                                     model_result_quantity,
                                     model_result_cycle_threshold,
                                     model_result_unit,
                                     model_result_below_detection,
                                     model_result_message,
                                     model_result_laboratory };
    fill_result(plan, old, result);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        plan_note_field(plan, old, fields[i]);
    if (!id_is_missing(illness) && !id_equal(illness, &old->linked_case)) {
        old->linked_case = *illness;
        plan_note_field(plan, old, model_result_linked_case);
    }
    plan->outcome->changed_results++;
}

static void take_retraction(struct plan *plan, struct model_result *old, const struct report_result *result,
                            const struct about *about)
{
    if (is(old->interpretation, "detected"))
        doubt_case(plan, old, about);
    old->status = word(statuses[result->status]);
    old->message = plan->options->message->head.id;
    plan_note_field(plan, old, model_result_status);
    plan_note_field(plan, old, model_result_message);
    plan->outcome->changed_results++;
}

static bool is_withdrawn(const struct model_result *old)
{
    return is(old->status, "cancelled") || is(old->status, "entered-in-error");
}

/* Says it nothing that is not there: the same again, or a preliminary one that comes after its final one. */
static bool is_repeated(const struct model_result *old, const struct report_result *result)
{
    const char *status = statuses[result->status];
    if (retracts(result))
        return is(old->status, status);
    if (is(old->interpretation, interpretations[result->interpretation]) && is(old->status, status))
        return true;
    return strcmp(status, "preliminary") == 0 && !is(old->status, "preliminary") && !is_withdrawn(old);
}

/* A result that is there already ripens, or is superseded. */
static void take_again(struct plan *plan, struct model_result *old, const struct report_result *result,
                       const struct about *about, const struct id *illness)
{
    bool preliminary = is(old->status, "preliminary"), withdrawn = is_withdrawn(old);
    bool alike = is(old->interpretation, interpretations[result->interpretation]);
    if (retracts(result)) {
        take_retraction(plan, old, result, about);
        return;
    }
    if (is(old->interpretation, "detected") && !alike && !withdrawn)
        doubt_case(plan, old, about);
    if (preliminary) {
        ripen(plan, old, result, illness);
        return;
    }
    if (!withdrawn) {
        old->status = word("superseded");
        plan_note_field(plan, old, model_result_status);
    }
    add_result(plan, result, &old->specimen, illness, &old->head.id);
}

/* The row that says it now, by which the next that corrects it finds it. */
static void follow_row(struct plan *plan, struct model_result *result)
{
    if (id_is_missing(&plan->known->earlier_row) || !id_equal(&result->message, &plan->known->earlier_row))
        return;
    result->message = plan->options->message->head.id;
    plan_note_field(plan, result, model_result_message);
}

/* A tube: somebody samples its people again. */
static void resample(struct plan *plan, const struct model_specimen *tube)
{
    struct model_task *task = plan_add_task(plan, "collect-again", &tube->responsible_area, "tracer", "urgent",
                                            "A pool was positive: sample again");
    if (task != NULL)
        task->specimen = tube->head.id;
}

static void take_result(struct plan *plan, const struct report_result *result)
{
    const struct id none = { { 0 } };
    struct id       illness = none;
    if (result->status == REPORT_NOT_A_RESULT || result->interpretation == REPORT_MEASURED)
        return;
    bool control =
        result->quality_control ||
        (result->specimen != REPORT_NONE && plan->report->specimens[result->specimen].kind == REPORT_QUALITY_CONTROL) ||
        (result->subject != REPORT_NONE && plan->report->subjects[result->subject].kind == REPORT_QUALITY_CONTROL);
    if (control) {
        plan->outcome->quality_control++;
        return;
    }
    if (result->target == NULL || (interpretations[result->interpretation] == NULL && !retracts(result))) {
        plan->outcome->for_review++;
        return;
    }
    struct about about = plan_about_of(plan, result);
    if (strcmp(about.subject, "person") == 0 && about.person == NULL) {
        plan->outcome->for_review++; /* about whom is not known */
        return;
    }
    struct model_specimen *specimen = plan_find_specimen(plan, &about);
    if (specimen == NULL)
        return;
    struct report_result own = *result;
    if (interpretations[own.interpretation] == NULL)
        own.interpretation = REPORT_INVALID; /* a retraction says nothing of what was found */
    bool pooled = strcmp(about.subject, "pool") == 0;
    bool positive = own.interpretation == REPORT_DETECTED && !retracts(&own);
    plan->outcome->pooled += pooled;
    struct model_result *old = find_result(plan, &specimen->head.id, own.target, own.method);
    plan->outcome->for_review += own.status == REPORT_STATUS_UNKNOWN;
    if (old != NULL && is_repeated(old, &own)) {
        plan->outcome->repeated_results++;
        follow_row(plan, old);
        return;
    }
    if (positive && about.person != NULL && own.disease != NULL) {
        illness = plan_case_of(plan, &about, word(own.disease), &own.observed);
        if (id_is_missing(&specimen->linked_case)) {
            specimen->linked_case = illness;
            plan_note_field(plan, specimen, model_specimen_linked_case);
        }
    }
    if (old != NULL)
        take_again(plan, old, &own, &about, &illness);
    else if (add_result(plan, &own, &specimen->head.id, &illness, &none) != NULL && pooled && positive)
        resample(plan, specimen);
}

/* What no table knows is for a person to review, one task a message. */
static void ask_for_review(struct plan *plan)
{
    const struct id *own = id_is_missing(&plan->options->review) ? NULL : &plan->options->review;
    if (plan->outcome->for_review == 0 || plan->options->is_told)
        return;
    (void) add_task_as(plan, own, "mend-data", &plan->options->message->area, "data-manager", "normal",
                       "Results that no code table knows, or about nobody known");
}

/* ---- the whole ---- */

int intake_plan(const struct report *report, const struct intake_known *known,
                const struct intake_plan_options *options, struct arena *arena, struct store_change_set *set,
                struct intake_outcome *outcome)
{
    struct plan plan = { .report = report,
                         .known = known,
                         .options = options,
                         .arena = arena,
                         .outcome = outcome,
                         .today = time_zone_day(options->now) };
    *outcome = (struct intake_outcome){ .test = intake_is_test(report, options->feed),
                                        .history = intake_is_history(report, options) };
    *set = (struct store_change_set){ NULL, 0 };
    if (outcome->test)
        return 0;
    know(&plan, MODEL_POOL, known->pools, known->num_pools);
    know(&plan, MODEL_SPECIMEN, known->specimens, known->num_specimens);
    know(&plan, MODEL_RESULT, known->results, known->num_results);
    know(&plan, MODEL_CASE, known->cases, known->num_cases);
    for (uint32_t i = 0; i < report->num_results && plan.status == 0; i++)
        take_result(&plan, &report->results[i]);
    for (uint32_t i = 0; i < report->num_diagnoses && plan.status == 0; i++)
        plan_take_notification(&plan, &report->diagnoses[i]);
    ask_for_review(&plan);
    set->changes = arena_array(arena, plan.num_changes + 1, sizeof *set->changes);
    if (set->changes == NULL || plan.status != 0)
        return TOC_ERR_NO_MEMORY;
    for (size_t rank = 0; rank < NUM_RANKS; rank++)
        for (size_t i = 0; i < plan.num_changes; i++)
            if (plan.changes[i]->record == model_record(ranks[rank]))
                set->changes[set->num_changes++] = *plan.changes[i];
    return 0;
}
