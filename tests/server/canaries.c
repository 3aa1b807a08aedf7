/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "canaries.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/instant.h"
#include "model/model_value.h"
#include "support/test.h"

#define FIRST_DAY (-7305) /* 1950-01-01: no day of the store's own */
#define SHORTEST 8        /* a text of fewer bytes may stand somewhere by chance */

/* Codes on which other fields depend (NEEDS, ONLY_WITH). */
static const struct {
    enum model_record_number record;
    const char              *field, *code;
} chosen[] = {
    { MODEL_ANSWER, "value_kind", "text" },
    { MODEL_SPECIMEN, "subject", "person" },
    { MODEL_OUTBREAK_LINK, "kind", "case" },
};

static int number_of(size_t record, size_t field, enum side side)
{
    return (int) ((record * 64 + field) * 2 + side);
}

static struct model_text text_of(struct canaries *canaries, int number)
{
    char text[64];
    int  size = snprintf(text, sizeof text, "canary%04x", (unsigned) number);
    return (struct model_text){ arena_copy(&canaries->arena, text, (size_t) size), (size_t) size };
}

/* As much of it as the field takes: what is shorter than SHORTEST is not searched for. */
static struct model_text text_for(struct canaries *canaries, const struct model_field *field, int number)
{
    struct model_text text = text_of(canaries, number);
    if ((double) text.size > field->high)
        text.size = (size_t) field->high;
    return text;
}

/* The row of another record that a reference leads to; missing while there is none. */
static struct id target_of(const struct canaries *canaries, const char *name, enum side side)
{
    static const struct id nothing;
    size_t                 record = (size_t) (model_record_find(name) - model_record(MODEL_AREA));
    if (record == MODEL_AREA)
        return canaries->test->areas[side == MINE ? TEST_EAST_ONE : TEST_OTHER];
    const struct model_head *head = canaries->values[record][side];
    return head != NULL ? head->id : nothing;
}

static void fill_field(struct canaries *canaries, size_t record, size_t number, enum side side, void *value)
{
    const struct model_field *field = &model_record((enum model_record_number) record)->fields[number];
    int                       canary = number_of(record, number, side);
    void                     *at = (char *) value + field->offset;
    char                      day[INSTANT_TEXT_BYTES];
    switch (field->kind) {
    case MODEL_KIND_REFERENCE: *(struct id *) at = target_of(canaries, field->target, side); break;
    case MODEL_KIND_TEXT: *(struct model_text *) at = text_for(canaries, field, canary); break;
    case MODEL_KIND_CODE:
    case MODEL_KIND_BYTES: *(struct model_text *) at = text_of(canaries, canary); break;
    case MODEL_KIND_DATE: *(toc_date *) at = FIRST_DAY + canary; break;
    case MODEL_KIND_INSTANT: *(int64_t *) at = (FIRST_DAY + canary) * INSTANT_DAY; break;
    case MODEL_KIND_FLAG: *(int64_t *) at = 1; break;
    case MODEL_KIND_INTEGER:
        *(int64_t *) at = (int64_t) field->low + (field->high > 1e8 ? 70000000 + canary : 0);
        break;
    case MODEL_KIND_REAL: *(double *) at = (field->high > 1 ? 12.5 : 0.5) + canary / 1e6; break;
    case MODEL_KIND_TIME:
        instant_to_text((FIRST_DAY + canary) * INSTANT_DAY, day);
        day[10] = '\0';
        *(struct model_text *) at = (struct model_text){ arena_copy(&canaries->arena, day, 10), 10 };
        break;
    }
}

static void choose(const struct model_record *record, void *value)
{
    for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++) {
        const struct model_field *field = model_field_find(record, chosen[i].field, strlen(chosen[i].field));
        if (model_record(chosen[i].record) == record)
            *(struct model_text *) (void *) ((char *) value + field->offset) =
                (struct model_text){ chosen[i].code, strlen(chosen[i].code) };
    }
}

/* What goes only with a code that is not there is missing. */
static void drop(const struct model_record *record, void *value)
{
    void *nothing = calloc(1, record->size);
    assert_non_null(nothing);
    model_init(record, nothing);
    for (size_t i = 0; i < record->num_only_with; i++) {
        bool                      any = false;
        const char               *other = record->only_with[i].other;
        const struct model_field *field = model_field_find(record, other, strlen(other));
        for (size_t j = 0; j < record->num_only_with; j++) {
            const struct model_condition *line = &record->only_with[j];
            const struct model_text      *code =
                model_value_text(model_field_find(record, line->field, strlen(line->field)), value);
            any = any || (strcmp(line->other, other) == 0 && code->size == strlen(line->code) &&
                          memcmp(code->bytes, line->code, code->size) == 0);
        }
        if (!any)
            model_copy(field, value, nothing);
    }
    free(nothing);
}

static void make_one(struct canaries *canaries, size_t number, enum side side)
{
    const struct model_record *record = model_record((enum model_record_number) number);
    void                      *value = calloc(1, record->size);
    assert_non_null(value);
    model_init(record, value);
    for (size_t i = 0; i < record->num_fields; i++)
        if (record->fields[i].rule != MODEL_RULE_WRITTEN)
            fill_field(canaries, number, i, side, value);
    choose(record, value);
    drop(record, value);
    ((struct model_head *) value)->id = (struct id){ { 0x42, (uint8_t) (side + 1), (uint8_t) number, 1 } };
    struct access        who = test_program();
    struct store_change  change = { .verb = STORE_CREATE, .record = record, .value = value };
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    struct fault_list    faults = FAULT_LIST_INIT;
    int                  status = store_submit(canaries->test->store, &who, &request, NULL, &faults);
    if (status != 0) {
        fault_list_write(&faults, stderr);
        fail_msg("%s: %d", record->name, status);
    }
    fault_list_free(&faults);
    canaries->values[number][side] = value;
}

static char *make_text(struct canaries *canaries, size_t record, size_t field, enum side side)
{
    char                      text[128];
    const void               *value = canaries->values[record][side];
    const struct model_field *of = &model_record((enum model_record_number) record)->fields[field];
    struct sink               sink;
    if (value == NULL || model_is_missing(of, value) || of->kind == MODEL_KIND_REFERENCE)
        return NULL;
    sink_init_memory(&sink);
    model_value_write(of, value, &sink);
    snprintf(text, sizeof text, "%.*s", (int) sink.used, sink.bytes);
    sink_free(&sink);
    if (of->kind == MODEL_KIND_INSTANT)
        text[10] = '\0'; /* its day alone tells it */
    return strlen(text) < SHORTEST ? NULL : arena_copy(&canaries->arena, text, strlen(text));
}

/* What the store itself has written; it tells nothing that another field does not. */
static void read_written(struct canaries *canaries, enum side side)
{
    struct access        who = test_program();
    struct model_result *value = canaries->values[MODEL_RESULT][side], result;
    struct model_set     visible;
    struct arena         arena = ARENA_INIT;
    assert_int_equal(store_read(canaries->test->reader, &who, model_record(MODEL_RESULT), &value->head.id, STORE_NOW,
                                &arena, &result, &visible),
                     0);
    value->person_day = result.person_day;
    value->person_week = result.person_week;
    arena_free(&arena);
}

void canaries_make(struct canaries *canaries, struct test_store *test)
{
    *canaries = (struct canaries){ .test = test };
    for (size_t record = 0; record < MODEL_NUM_RECORDS; record++)
        for (enum side side = MINE; side < NUM_SIDES; side++)
            if (record != MODEL_AREA)
                make_one(canaries, record, side);
    for (size_t record = 0; record < MODEL_NUM_RECORDS; record++)
        for (size_t field = 0; field < model_record((enum model_record_number) record)->num_fields; field++)
            for (enum side side = MINE; side < NUM_SIDES; side++)
                canaries->texts[record][field][side] = make_text(canaries, record, field, side);
    for (enum side side = MINE; side < NUM_SIDES; side++)
        read_written(canaries, side);
}

void canaries_free(struct canaries *canaries)
{
    for (size_t record = 0; record < MODEL_NUM_RECORDS; record++)
        for (enum side side = MINE; side < NUM_SIDES; side++)
            free(canaries->values[record][side]);
    arena_free(&canaries->arena);
}

const char *canary_text(struct canaries *canaries, size_t record, size_t field, enum side side)
{
    return canaries->texts[record][field][side];
}

const char *canary_leak(struct canaries *canaries, const struct access *who, const char *text)
{
    for (size_t number = 0; number < MODEL_NUM_RECORDS; number++) {
        const struct model_record *record = model_record((enum model_record_number) number);
        struct model_set           visible = access_visible(who, record);
        for (size_t i = 0; i < record->num_fields; i++)
            for (enum side side = MINE; side < NUM_SIDES; side++) {
                const char *canary = canary_text(canaries, number, i, side);
                bool hides = (side == FOREIGN && record->scope == MODEL_SCOPE_AREA) || !model_set_has(&visible, i);
                if (canary != NULL && hides && strstr(text, canary) != NULL)
                    return canary;
            }
    }
    return NULL;
}
