/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/model_check.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "base/text.h"
#include "base/unicode.h"
#include "model/model_lists.h"
#include "model/model_moment.h"
#include "model/model_value.h"

/* A record that is being checked. */
struct checking {
    const struct model_check  *check;
    const struct model_record *record;
    const void                *value;
    struct fault_list         *faults;
    uint64_t                   faults_before;
};

/* ---- saying it ---- */

static void allowed_number(const struct model_field *field, char allowed[FAULT_ALLOWED_BYTES])
{
    char low[TEXT_DOUBLE_BYTES], high[TEXT_DOUBLE_BYTES];
    if (field->kind == MODEL_KIND_INTEGER) {
        snprintf(allowed, FAULT_ALLOWED_BYTES, "a whole number from %.0f to %.0f", field->low, field->high);
        return;
    }
    text_from_double(field->low, low);
    text_from_double(field->high, high);
    snprintf(allowed, FAULT_ALLOWED_BYTES, "a number from %s to %s", low, high);
}

void model_allowed(const struct model_field *field, char allowed[FAULT_ALLOWED_BYTES])
{
    const char *say = "";
    switch (field->kind) {
    case MODEL_KIND_REFERENCE:
        snprintf(allowed, FAULT_ALLOWED_BYTES, "the id of a record %s: %s", field->target, ID_ALLOWED);
        return;
    case MODEL_KIND_TEXT:
        snprintf(allowed, FAULT_ALLOWED_BYTES, "a text of 1 to %.0f characters%s", field->high,
                 field->high < MODEL_LINES_FROM ? ", in one line" : "");
        return;
    case MODEL_KIND_CODE: snprintf(allowed, FAULT_ALLOWED_BYTES, "a code of the list %s", field->target); return;
    case MODEL_KIND_BYTES: snprintf(allowed, FAULT_ALLOWED_BYTES, "1 to %.0f bytes, in base64", field->high); return;
    case MODEL_KIND_INTEGER:
    case MODEL_KIND_REAL: allowed_number(field, allowed); return;
    case MODEL_KIND_DATE: say = "a date as 2026-11-22"; break;
    case MODEL_KIND_TIME: say = TIME_ALLOWED; break;
    case MODEL_KIND_INSTANT: say = INSTANT_ALLOWED; break;
    case MODEL_KIND_FLAG: say = "true or false"; break;
    }
    snprintf(allowed, FAULT_ALLOWED_BYTES, "%s", say);
}

/* The place of a field: the pointer to the record, '/', its name. */
static struct fault_place place_of(const struct checking *checking, const char *name, char pointer[FAULT_NAME_BYTES])
{
    struct fault_place place = checking->check->place;
    snprintf(pointer, FAULT_NAME_BYTES, "%s/%s", place.name != NULL ? place.name : "", name);
    place.name = pointer;
    return place;
}

/* What a field holds, quoted where it may be shown. */
static void describe(const struct model_field *field, const void *value, char found[FAULT_FOUND_BYTES])
{
    struct sink sink;
    char        quoted[TEXT_QUOTE_BYTES];
    sink_init_memory(&sink);
    if (field->kind != MODEL_KIND_BYTES)
        model_value_write(field, value, &sink);
    if (field->kind == MODEL_KIND_BYTES) {
        snprintf(found, FAULT_FOUND_BYTES, "found %zu bytes", model_value_text(field, value)->size);
    } else if (field->class == MODEL_CLASS_IDENTIFYING) {
        snprintf(found, FAULT_FOUND_BYTES, "found %zu characters", unicode_length(sink.bytes, sink.used));
    } else {
        text_quote(sink.bytes != NULL ? sink.bytes : "", sink.used, quoted);
        snprintf(found, FAULT_FOUND_BYTES, "found %.190s", quoted);
    }
    sink_free(&sink);
}

static void refuse(const struct checking *checking, const struct model_field *field, const char *allowed)
{
    char pointer[FAULT_NAME_BYTES], usual[FAULT_ALLOWED_BYTES], found[FAULT_FOUND_BYTES];
    if (allowed == NULL)
        model_allowed(field, usual);
    describe(field, checking->value, found);
    fault_add(checking->faults, place_of(checking, field->name, pointer), allowed != NULL ? allowed : usual, "%s",
              found);
}

/* ---- values ---- */

static void check_text(const struct checking *checking, const struct model_field *field)
{
    const struct model_text *text = model_value_text(field, checking->value);
    size_t                   plain = unicode_check_plain(text->bytes, text->size);
    if (text->size == 0 || (double) unicode_length(text->bytes, text->size) > field->high)
        refuse(checking, field, NULL);
    else if (text_check_utf8(text->bytes, text->size) != text->size)
        refuse(checking, field, "text in UTF-8");
    else if (plain != text->size)
        refuse(checking, field, "text without control characters and marks of direction");
    else if (field->high < MODEL_LINES_FROM && memchr(text->bytes, '\n', text->size) != NULL)
        refuse(checking, field, "one line");
    else if (!unicode_is_nfc(text->bytes, text->size))
        refuse(checking, field, "text in Unicode's normal form NFC");
}

static bool has_form_of_code(const struct model_text *text)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
    for (size_t i = 0; i < text->size; i++)
        if (text->bytes[i] == '\0' || strchr(letters, text->bytes[i]) == NULL)
            return false;
    return text->size > 0 && text->size <= MODEL_LISTS_CODE;
}

/* A code's list may not be loaded (an old node, a test): then its form alone is asked for. */
static void check_code(const struct checking *checking, const struct model_field *field)
{
    const struct model_lists *lists = checking->check->lists;
    const struct model_text  *text = model_value_text(field, checking->value);
    if (!has_form_of_code(text) || (lists != NULL && model_lists_has(lists, field->target) &&
                                    model_lists_find(lists, field->target, text->bytes, text->size) == NULL))
        refuse(checking, field, NULL);
}

static void check_number(const struct checking *checking, const struct model_field *field)
{
    double number = field->kind == MODEL_KIND_REAL ? model_value_real(field, checking->value)
                                                   : (double) model_value_integer(field, checking->value);
    if (!(number >= field->low && number <= field->high)) /* infinities too */
        refuse(checking, field, NULL);
}

static void check_value(const struct checking *checking, const struct model_field *field)
{
    const struct model_text *text;
    switch (field->kind) {
    case MODEL_KIND_TEXT: check_text(checking, field); return;
    case MODEL_KIND_CODE: check_code(checking, field); return;
    case MODEL_KIND_INTEGER:
    case MODEL_KIND_REAL: check_number(checking, field); return;
    case MODEL_KIND_BYTES:
        text = model_value_text(field, checking->value);
        if (text->size == 0 || (double) text->size > field->high)
            refuse(checking, field, NULL);
        return;
    case MODEL_KIND_TIME:
        text = model_value_text(field, checking->value);
        if (time_check(text->bytes, text->size) != 0)
            refuse(checking, field, NULL);
        return;
    case MODEL_KIND_DATE:
        if (model_value_date(field, checking->value) < TOC_DATE_MIN ||
            model_value_date(field, checking->value) > TOC_DATE_MAX)
            refuse(checking, field, NULL);
        return;
    case MODEL_KIND_FLAG:
        if ((uint64_t) model_value_integer(field, checking->value) > 1)
            refuse(checking, field, NULL);
        return;
    case MODEL_KIND_INSTANT:
        if (instant_to_text(model_value_integer(field, checking->value), (char[INSTANT_TEXT_BYTES]){ 0 }) == 0)
            refuse(checking, field, NULL);
        return;
    case MODEL_KIND_REFERENCE: return; /* any id; whether the record exists is the store's to say */
    }
}

static void check_field(const struct checking *checking, const struct model_field *field)
{
    char pointer[FAULT_NAME_BYTES], allowed[FAULT_ALLOWED_BYTES];
    if (!model_is_missing(field, checking->value)) {
        check_value(checking, field);
    } else if (field->rule == MODEL_RULE_REQUIRED || field->rule == MODEL_RULE_FIXED) {
        model_allowed(field, allowed);
        fault_add(checking->faults, place_of(checking, field->name, pointer), allowed, "is missing");
    }
}

/* ---- the record ---- */

static void check_order(const struct checking *checking, const struct model_precedence *order)
{
    const struct model_record *record = checking->record;
    const struct model_field  *earlier = model_field_find(record, order->earlier, strlen(order->earlier));
    const struct model_field  *later = model_field_find(record, order->later, strlen(order->later));
    struct model_moment        first, second;
    if (!model_moment_of(earlier, checking->value, &first) || !model_moment_of(later, checking->value, &second) ||
        model_moment_may_follow(&first, &second))
        return;
    char allowed[FAULT_ALLOWED_BYTES];
    if (earlier->class == MODEL_CLASS_IDENTIFYING) {
        snprintf(allowed, sizeof allowed, "not before %s", earlier->name);
    } else {
        char found[FAULT_FOUND_BYTES];
        describe(earlier, checking->value, found);
        snprintf(allowed, sizeof allowed, "not before %s, which is %.80s", earlier->name, found + strlen("found "));
    }
    refuse(checking, later, allowed);
}

static const struct model_field *field_called(const struct checking *checking, const char *name)
{
    return model_field_find(checking->record, name, strlen(name));
}

static bool touches(const struct checking *checking, const char *name, const struct model_set *given)
{
    return given == NULL || model_set_has(given, (size_t) (field_called(checking, name) - checking->record->fields));
}

static bool holds(const struct checking *checking, const struct model_condition *condition)
{
    const struct model_field *field = field_called(checking, condition->field);
    const struct model_text  *text = model_value_text(field, checking->value);
    return !model_is_missing(field, checking->value) && text->size == strlen(condition->code) &&
           memcmp(text->bytes, condition->code, text->size) == 0;
}

static void check_need(const struct checking *checking, const struct model_condition *need)
{
    const struct model_field *other = field_called(checking, need->other);
    char                      pointer[FAULT_NAME_BYTES], allowed[FAULT_ALLOWED_BYTES];
    if (!holds(checking, need) || !model_is_missing(other, checking->value))
        return;
    model_allowed(other, allowed);
    fault_add(checking->faults, place_of(checking, need->other, pointer), allowed, "is missing, but %s is \"%s\"",
              need->field, need->code);
}

/* Given, and none of its lines holds? Told once, at its first line. */
static void check_only_with(const struct checking *checking, size_t line)
{
    const struct model_condition *lines = checking->record->only_with, *first = &lines[line];
    char                          pointer[FAULT_NAME_BYTES], allowed[FAULT_ALLOWED_BYTES];
    size_t used = (size_t) snprintf(allowed, sizeof allowed, "this only where %s is", first->field);
    for (size_t i = 0; i < checking->record->num_only_with; i++) {
        if (strcmp(lines[i].other, first->other) != 0)
            continue;
        if (i < line || holds(checking, &lines[i]))
            return;
        if (used < sizeof allowed)
            used += (size_t) snprintf(allowed + used, sizeof allowed - used, "%s \"%s\"", i == line ? "" : " or",
                                      lines[i].code);
    }
    if (!model_is_missing(field_called(checking, first->other), checking->value))
        fault_add(checking->faults, place_of(checking, first->other, pointer), allowed, "is given");
}

static void check_conditions(const struct checking *checking, const struct model_set *given)
{
    const struct model_record *record = checking->record;
    for (size_t i = 0; i < record->num_needs; i++)
        if (touches(checking, record->needs[i].field, given) || touches(checking, record->needs[i].other, given))
            check_need(checking, &record->needs[i]);
    for (size_t i = 0; i < record->num_only_with; i++)
        if (touches(checking, record->only_with[i].field, given) ||
            touches(checking, record->only_with[i].other, given))
            check_only_with(checking, i);
}

/* Sealed fields need a key: that of the person whom the owner field names. */
static void check_owner(const struct checking *checking, const struct model_set *given)
{
    const struct model_record *record = checking->record;
    if (record->owner == NULL || strcmp(record->owner, "id") == 0)
        return;
    const struct model_field *owner = model_field_find(record, record->owner, strlen(record->owner));
    if (owner == NULL || !model_is_missing(owner, checking->value))
        return;
    for (size_t i = 0; i < record->num_fields; i++) {
        const struct model_field *field = &record->fields[i];
        if (field->class == MODEL_CLASS_IDENTIFYING && (given == NULL || model_set_has(given, i)) &&
            !model_is_missing(field, checking->value)) {
            char pointer[FAULT_NAME_BYTES], allowed[FAULT_ALLOWED_BYTES];
            snprintf(allowed, sizeof allowed, "this only where %s names whom it is about", owner->name);
            fault_add(checking->faults, place_of(checking, field->name, pointer), allowed,
                      "is given, but nobody's key could seal it");
        }
    }
}

static int check_all(const struct checking *checking, const struct model_set *given)
{
    const struct model_record *record = checking->record;
    for (size_t i = 0; i < record->num_fields; i++)
        if (given == NULL || model_set_has(given, i))
            check_field(checking, &record->fields[i]);
    if (checking->faults->num_all == checking->faults_before) /* else a moment may be none */
        for (size_t i = 0; i < record->num_orders; i++)
            if (touches(checking, record->orders[i].earlier, given) ||
                touches(checking, record->orders[i].later, given))
                check_order(checking, &record->orders[i]);
    check_conditions(checking, given);
    check_owner(checking, given);
    return checking->faults->num_all > checking->faults_before ? BASE_ERR_INPUT : 0;
}

int model_check_create(const struct model_check *check, const struct model_record *record, const void *value,
                       struct fault_list *faults)
{
    struct checking checking = { check, record, value, faults, faults->num_all };
    char            pointer[FAULT_NAME_BYTES];
    if (id_is_missing(&((const struct model_head *) value)->id)) {
        fault_add(faults, place_of(&checking, "id", pointer), ID_ALLOWED, "is missing");
    }
    return check_all(&checking, NULL);
}

int model_check_change(const struct model_check *check, const struct model_record *record, const void *before,
                       const void *after, const struct model_set *given, struct fault_list *faults)
{
    struct checking checking = { check, record, after, faults, faults->num_all };
    for (size_t i = 0; i < record->num_fields; i++) {
        const struct model_field *field = &record->fields[i];
        if (field->rule != MODEL_RULE_FIXED || !model_set_has(given, i) || model_is_missing(field, after) ||
            model_equal(field, before, after))
            continue;
        char pointer[FAULT_NAME_BYTES];
        fault_add(faults, place_of(&checking, field->name, pointer), "the value it has: it is never changed",
                  "is another value than before");
    }
    return check_all(&checking, given);
}
