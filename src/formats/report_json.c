/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A report as JSON: one writer a record; what was not sent is left out. */
#include <math.h>

#include "formats/report.h"

static void put_text(struct json_writer *json, const char *key, struct report_text text)
{
    if (text.bytes == NULL)
        return;
    json_key(json, key);
    json_put_string_of(json, text.bytes, text.size);
}

static void put_word(struct json_writer *json, const char *key, const char *word)
{
    if (word == NULL || *word == '\0')
        return;
    json_key(json, key);
    json_put_string(json, word);
}

static void put_number(struct json_writer *json, const char *key, double number)
{
    if (isnan(number))
        return;
    json_key(json, key);
    json_put_number(json, number);
}

static void put_index(struct json_writer *json, const char *key, uint32_t index)
{
    if (index == REPORT_NONE)
        return;
    json_key(json, key);
    json_put_integer(json, index);
}

static void put_count(struct json_writer *json, const char *key, uint32_t count)
{
    if (count > 0)
        put_index(json, key, count);
}

static void put_true(struct json_writer *json, const char *key, bool value)
{
    if (!value)
        return;
    json_key(json, key);
    json_put_bool(json, true);
}

static void put_time(struct json_writer *json, const char *key, const struct report_time *time)
{
    char text[REPORT_TIME_BYTES];
    if (time->sent.bytes == NULL)
        return;
    json_key(json, key);
    json_begin_object(json);
    if (report_time_to_text(time, text) > 0)
        put_word(json, "time", text);
    if (time->precision >= REPORT_HOUR && !time->zone_known) {
        json_key(json, "zone_known");
        json_put_bool(json, false);
    }
    put_text(json, "sent", time->sent);
    json_end(json);
}

static void put_source(struct json_writer *json, const char *key, const struct report_source *source)
{
    if (source->name.bytes == NULL && source->id.bytes == NULL)
        return;
    json_key(json, key);
    json_begin_object(json);
    put_text(json, "name", source->name);
    put_text(json, "id", source->id);
    put_text(json, "id_kind", source->id_kind);
    json_end(json);
}

static void put_concept(struct json_writer *json, const char *key, const struct report_concept *concept)
{
    if (concept->num_codings == 0 && concept->text.bytes == NULL)
        return;
    json_key(json, key);
    json_begin_object(json);
    if (concept->num_codings > 0) {
        json_key(json, "codings");
        json_begin_array(json);
        for (uint32_t i = 0; i < concept->num_codings; i++) {
            const struct report_code *code = &concept->codings[i];
            json_begin_object(json);
            put_text(json, "code", code->code);
            put_text(json, "display", code->display);
            if (code->system != REPORT_SYSTEM_UNKNOWN)
                put_word(json, "system", report_system_word(code->system));
            else
                put_text(json, "system_sent", code->system_sent);
            json_end(json);
        }
        json_end(json);
    }
    put_text(json, "text", concept->text);
    json_end(json);
}

static void put_identifier_members(struct json_writer *json, const struct report_identifier *identifier)
{
    put_text(json, "value", identifier->value);
    put_text(json, "kind", identifier->kind);
    put_source(json, "authority", &identifier->authority);
    put_source(json, "facility", &identifier->facility);
}

static void put_address(struct json_writer *json, const struct report_address *address)
{
    json_begin_object(json);
    put_text(json, "use", address->use);
    put_text(json, "street", address->street);
    put_text(json, "other", address->other);
    put_text(json, "city", address->city);
    put_text(json, "county", address->county);
    put_text(json, "state", address->state);
    put_text(json, "postcode", address->postcode);
    put_text(json, "country", address->country);
    put_text(json, "area_code", address->area_code);
    json_end(json);
}

static bool address_is_given(const struct report_address *address)
{
    return address->street.bytes != NULL || address->city.bytes != NULL || address->county.bytes != NULL ||
           address->state.bytes != NULL || address->postcode.bytes != NULL || address->country.bytes != NULL ||
           address->other.bytes != NULL || address->area_code.bytes != NULL;
}

static void put_telecom(struct json_writer *json, const struct report_telecom *telecom)
{
    static const char *const kinds[] = { "telephone", "mobile", "fax", "mail", "other" };
    json_begin_object(json);
    put_word(json, "kind", kinds[telecom->kind]);
    put_text(json, "use", telecom->use);
    put_text(json, "number", telecom->number);
    json_end(json);
}

static void put_names(struct json_writer *json, const struct report_subject *subject)
{
    static const char *const uses[] = { "unspecified", "legal", "birth", "display", "alias", "pseudonym" };
    json_key(json, "names");
    json_begin_array(json);
    for (uint32_t i = 0; i < subject->num_names; i++) {
        const struct report_name *name = &subject->names[i];
        json_begin_object(json);
        put_word(json, "use", uses[name->use]);
        put_text(json, "family", name->family);
        put_text(json, "given", name->given);
        put_text(json, "further", name->further);
        put_text(json, "prefix", name->prefix);
        put_text(json, "suffix", name->suffix);
        put_text(json, "whole", name->whole);
        put_text(json, "representation", name->representation);
        json_end(json);
    }
    json_end(json);
}

static void put_subject(struct json_writer *json, const struct report_subject *subject)
{
    static const char *const sexes[] = { NULL, "male", "female", "other", "unknown" };
    json_begin_object(json);
    put_word(json, "kind", report_subject_kind_word(subject->kind));
    if (subject->num_identifiers > 0) {
        json_key(json, "identifiers");
        json_begin_array(json);
        for (uint32_t i = 0; i < subject->num_identifiers; i++) {
            json_begin_object(json);
            put_identifier_members(json, &subject->identifiers[i]);
            json_end(json);
        }
        json_end(json);
    }
    if (subject->num_names > 0)
        put_names(json, subject);
    put_time(json, "birth", &subject->birth);
    put_word(json, "sex", sexes[subject->sex]);
    if (subject->num_addresses > 0) {
        json_key(json, "addresses");
        json_begin_array(json);
        for (uint32_t i = 0; i < subject->num_addresses; i++)
            put_address(json, &subject->addresses[i]);
        json_end(json);
    }
    if (subject->num_telecoms > 0) {
        json_key(json, "telecoms");
        json_begin_array(json);
        for (uint32_t i = 0; i < subject->num_telecoms; i++)
            put_telecom(json, &subject->telecoms[i]);
        json_end(json);
    }
    if (subject->deceased != REPORT_FLAG_NOT_SENT) {
        json_key(json, "deceased");
        json_put_string(json, subject->deceased == REPORT_YES  ? "yes"
                              : subject->deceased == REPORT_NO ? "no"
                                                               : "unknown");
    }
    put_time(json, "death", &subject->death);
    put_concept(json, "species", &subject->species);
    put_concept(json, "breed", &subject->breed);
    put_number(json, "age", subject->age);
    put_text(json, "age_unit", subject->age_unit);
    put_count(json, "num_pooled", subject->num_pooled);
    json_end(json);
}

static void put_value(struct json_writer *json, const struct report_value *value)
{
    static const char *const kinds[] = {
        NULL, "text", "coded", "number", "range", "ratio", "time", "document", "other"
    };
    if (value->kind == REPORT_VALUE_NONE)
        return;
    json_key(json, "value");
    json_begin_object(json);
    put_word(json, "kind", kinds[value->kind]);
    put_word(json, "comparator", value->comparator);
    put_number(json, "number", value->number);
    put_number(json, "high", value->high);
    put_true(json, "plus", value->plus);
    put_concept(json, "unit", &value->unit);
    put_concept(json, "concept", &value->concept);
    put_time(json, "time", &value->time);
    if (value->kind == REPORT_VALUE_TEXT || value->kind == REPORT_VALUE_OTHER)
        put_text(json, "sent", value->sent);
    json_end(json);
}

static void put_visit(struct json_writer *json, const struct report_visit *visit)
{
    static const char *const events[] = { "other", "admitted", "discharged", "registered", "updated", "cancelled" };
    json_begin_object(json);
    put_index(json, "subject", visit->subject);
    put_word(json, "event", events[visit->event]);
    if (visit->number.value.bytes != NULL) {
        json_key(json, "number");
        json_begin_object(json);
        put_identifier_members(json, &visit->number);
        json_end(json);
    }
    put_source(json, "facility", &visit->facility);
    put_concept(json, "facility_kind", &visit->facility_kind);
    put_text(json, "class", visit->class_sent);
    put_time(json, "admitted", &visit->admitted);
    put_time(json, "discharged", &visit->discharged);
    put_time(json, "recorded", &visit->recorded);
    put_text(json, "disposition", visit->disposition);
    put_concept(json, "reason", &visit->reason);
    put_text(json, "note", visit->note);
    put_number(json, "temperature", visit->temperature);
    put_text(json, "temperature_unit", visit->temperature_unit);
    put_number(json, "oxygen_saturation_percent", visit->oxygen_saturation_percent);
    json_end(json);
}

static void put_order(struct json_writer *json, const struct report_order *order)
{
    json_begin_object(json);
    put_index(json, "subject", order->subject);
    put_index(json, "visit", order->visit);
    put_text(json, "placer_number", order->placer_number);
    put_source(json, "placer", &order->placer);
    put_text(json, "filler_number", order->filler_number);
    put_source(json, "filler", &order->filler);
    put_text(json, "control", order->control);
    put_concept(json, "service", &order->service);
    put_concept(json, "reason", &order->reason);
    put_word(json, "status", report_status_word(order->status));
    put_time(json, "ordered", &order->ordered);
    put_time(json, "collected", &order->collected);
    put_time(json, "collected_end", &order->collected_end);
    put_time(json, "received", &order->received);
    put_time(json, "reported", &order->reported);
    put_source(json, "ordering_facility", &order->ordering_facility);
    if (address_is_given(&order->ordering_facility_address)) {
        json_key(json, "ordering_facility_address");
        put_address(json, &order->ordering_facility_address);
    }
    if (order->ordering_facility_telephone.number.bytes != NULL) {
        json_key(json, "ordering_facility_telephone");
        put_telecom(json, &order->ordering_facility_telephone);
    }
    put_text(json, "provider_family", order->provider_family);
    put_text(json, "provider_given", order->provider_given);
    put_source(json, "provider", &order->provider);
    if (order->provider_telephone.number.bytes != NULL) {
        json_key(json, "provider_telephone");
        put_telecom(json, &order->provider_telephone);
    }
    json_end(json);
}

static void put_specimen(struct json_writer *json, const struct report_specimen *specimen)
{
    json_begin_object(json);
    put_index(json, "subject", specimen->subject);
    put_index(json, "order", specimen->order);
    put_word(json, "kind", report_subject_kind_word(specimen->kind));
    put_true(json, "group", specimen->group);
    put_count(json, "num_pooled", specimen->num_pooled);
    put_text(json, "placer_number", specimen->placer_number);
    put_text(json, "filler_number", specimen->filler_number);
    put_concept(json, "material", &specimen->material);
    put_concept(json, "site", &specimen->site);
    put_concept(json, "role", &specimen->role);
    put_concept(json, "reject_reason", &specimen->reject_reason);
    put_concept(json, "condition", &specimen->condition);
    put_time(json, "collected", &specimen->collected);
    put_time(json, "collected_end", &specimen->collected_end);
    put_time(json, "received", &specimen->received);
    json_end(json);
}

static void put_result(struct json_writer *json, const struct report_result *result)
{
    json_begin_object(json);
    put_index(json, "subject", result->subject);
    put_index(json, "order", result->order);
    put_index(json, "specimen", result->specimen);
    put_index(json, "sequence", result->sequence);
    put_word(json, "status", report_status_word(result->status));
    put_word(json, "interpretation", report_interpretation_word(result->interpretation));
    put_word(json, "decided_by", report_decision_word(result->decided_by));
    put_true(json, "pooled", result->pooled);
    put_true(json, "quality_control", result->quality_control);
    put_word(json, "disease", result->disease);
    put_word(json, "target", result->target);
    put_word(json, "method", result->method);
    put_concept(json, "test", &result->test);
    put_text(json, "sub_id", result->sub_id);
    put_value(json, &result->value);
    put_concept(json, "flags", &result->flags);
    put_text(json, "reference_range", result->reference_range);
    put_number(json, "cycle_threshold", result->cycle_threshold);
    put_text(json, "kit", result->kit);
    put_concept(json, "method_sent", &result->method_sent);
    put_time(json, "observed", &result->observed);
    put_time(json, "analysed", &result->analysed);
    put_source(json, "laboratory", &result->laboratory);
    if (address_is_given(&result->laboratory_address)) {
        json_key(json, "laboratory_address");
        put_address(json, &result->laboratory_address);
    }
    put_text(json, "comment", result->comment);
    json_end(json);
}

static void put_diagnosis(struct json_writer *json, const struct report_diagnosis *diagnosis)
{
    static const char *const kinds[] = { "unspecified", "admitting", "working", "final", "notified" };
    json_begin_object(json);
    put_index(json, "subject", diagnosis->subject);
    put_index(json, "visit", diagnosis->visit);
    put_word(json, "kind", kinds[diagnosis->kind]);
    put_word(json, "disease", diagnosis->disease);
    put_word(json, "classification", diagnosis->classification);
    put_concept(json, "condition", &diagnosis->condition);
    put_time(json, "onset", &diagnosis->onset);
    put_time(json, "diagnosed", &diagnosis->diagnosed);
    json_end(json);
}

static void put_answer(struct json_writer *json, const struct report_answer *answer)
{
    static const char *const flags[] = { NULL, "yes", "no", "unknown" };
    json_begin_object(json);
    put_index(json, "subject", answer->subject);
    put_index(json, "order", answer->order);
    put_index(json, "visit", answer->visit);
    put_word(json, "question", report_question_word(answer->question));
    put_word(json, "answer", flags[answer->flag]);
    put_concept(json, "asked", &answer->asked);
    put_value(json, &answer->value);
    json_end(json);
}

static void put_fault(struct json_writer *json, const struct report_fault *fault)
{
    char place[REPORT_PLACE_BYTES];
    json_begin_object(json);
    put_word(json, "severity", report_severity_word(fault->severity));
    put_word(json, "rule", report_rule_word(fault->rule));
    if (report_place_to_text(&fault->place, place) > 0)
        put_word(json, "place", place);
    json_key(json, "offset");
    json_put_integer(json, (int64_t) fault->place.offset);
    put_word(json, "what", fault->what);
    put_text(json, "found", fault->found);
    put_word(json, "allowed", fault->allowed);
    json_end(json);
}

/* An array of records, where there are any. */
#define PUT_ALL(json, key, array, num, put)                                                                            \
    do {                                                                                                               \
        if ((num) > 0) {                                                                                               \
            json_key(json, key);                                                                                       \
            json_begin_array(json);                                                                                    \
            for (uint32_t i = 0; i < (num); i++)                                                                       \
                put(json, &(array)[i]);                                                                                \
            json_end(json);                                                                                            \
        }                                                                                                              \
    } while (0)

static void put_envelope(struct json_writer *json, const struct report *report)
{
    static const char *const processings[] = { "not-sent", "live", "test" };
    put_text(json, "kind", report->kind);
    put_text(json, "version", report->version);
    put_text(json, "profile", report->profile);
    put_source(json, "application", &report->application);
    put_source(json, "facility", &report->facility);
    put_source(json, "receiving_application", &report->receiving_application);
    put_source(json, "receiving_facility", &report->receiving_facility);
    put_text(json, "control_id", report->control_id);
    put_word(json, "processing", processings[report->processing]);
    put_time(json, "sent", &report->sent);
}

void report_write_faults(const struct report *report, struct json_writer *json)
{
    PUT_ALL(json, "faults", report->faults, report->num_faults, put_fault);
}

void report_write_json(const struct report *report, struct json_writer *json)
{
    json_begin_object(json);
    json_key(json, "usable");
    json_put_bool(json, report_is_usable(report));
    put_envelope(json, report);
    PUT_ALL(json, "subjects", report->subjects, report->num_subjects, put_subject);
    PUT_ALL(json, "visits", report->visits, report->num_visits, put_visit);
    PUT_ALL(json, "orders", report->orders, report->num_orders, put_order);
    PUT_ALL(json, "specimens", report->specimens, report->num_specimens, put_specimen);
    PUT_ALL(json, "results", report->results, report->num_results, put_result);
    PUT_ALL(json, "diagnoses", report->diagnoses, report->num_diagnoses, put_diagnosis);
    PUT_ALL(json, "answers", report->answers, report->num_answers, put_answer);
    json_key(json, "num_not_detected");
    json_put_integer(json, report->num_not_detected);
    json_key(json, "num_denied");
    json_put_integer(json, report->num_denied);
    json_key(json, "num_faults");
    json_put_integer(json, (int64_t) report->num_all_faults);
    report_write_faults(report, json);
    json_end(json);
}
