/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Patient and whatever else a report can be about; organisations. */
#include <string.h>

#include "formats/fhir/parts.h"

/* Room for all items of a list, at most as many as a subject may have of a part. */
static void *room_for(struct fhir_context *context, const struct value *list, size_t size)
{
    size_t num = value_is(list, VALUE_ARRAY) ? list->count : 0;
    if (num > REPORT_MAX_PARTS)
        num = REPORT_MAX_PARTS;
    if (num == 0)
        return NULL;
    void *room = arena_array(context->report->arena, num, size);
    context->report->out_of_memory |= room == NULL;
    return room;
}

static void read_identifiers(struct fhir_context *context, const struct value *list, struct report_subject *subject)
{
    subject->identifiers = room_for(context, list, sizeof *subject->identifiers);
    for (VALUE_EACH(from, list)) {
        struct report_identifier made = { .value = fhir_member(context, from, "value") };
        if (subject->identifiers == NULL || subject->num_identifiers == REPORT_MAX_PARTS)
            return;
        if (made.value.size == 0 || meaning_is_redacted(made.value))
            continue;
        made.authority = fhir_authority(context, from);
        made.kind = fhir_member(context, value_at(value_get(value_get(from, "type"), "coding"), 0), "code");
        if (made.kind.size == 0 && report_text_equals(made.authority.id, "http://hl7.org/fhir/sid/us-ssn"))
            made.kind = report_text_of("SS");
        subject->identifiers[subject->num_identifiers++] = made;
    }
}

static void read_names(struct fhir_context *context, const struct value *list, struct report_subject *subject)
{
    subject->names = room_for(context, list, sizeof *subject->names);
    for (VALUE_EACH(from, list)) {
        if (subject->names == NULL || subject->num_names == REPORT_MAX_PARTS)
            return;
        subject->num_names += fhir_name(context, from, &subject->names[subject->num_names]);
    }
}

static void read_addresses(struct fhir_context *context, const struct value *list, struct report_subject *subject)
{
    subject->addresses = room_for(context, list, sizeof *subject->addresses);
    for (VALUE_EACH(from, list)) {
        if (subject->addresses == NULL || subject->num_addresses == REPORT_MAX_PARTS)
            return;
        fhir_address(context, from, &subject->addresses[subject->num_addresses++]);
    }
}

static void read_telecoms(struct fhir_context *context, const struct value *list, struct report_subject *subject)
{
    subject->telecoms = room_for(context, list, sizeof *subject->telecoms);
    for (VALUE_EACH(from, list)) {
        if (subject->telecoms == NULL || subject->num_telecoms == REPORT_MAX_PARTS)
            return;
        subject->num_telecoms += fhir_telecom(context, from, &subject->telecoms[subject->num_telecoms]);
    }
}

static uint8_t sex_of(struct report_text gender)
{
    return report_text_equals(gender, "male")     ? REPORT_MALE
           : report_text_equals(gender, "female") ? REPORT_FEMALE
           : report_text_equals(gender, "other")  ? REPORT_SEX_OTHER
           : gender.size > 0                      ? REPORT_SEX_UNKNOWN
                                                  : REPORT_SEX_NOT_SENT;
}

static void read_death(struct fhir_context *context, const struct value *patient, struct report_subject *subject)
{
    const struct value *said = value_get(patient, "deceasedBoolean");
    subject->death = fhir_time_member(context, patient, "deceasedDateTime");
    if (subject->death.precision != REPORT_TIME_MISSING || value_is(said, VALUE_TRUE))
        subject->deceased = REPORT_YES;
    else if (value_is(said, VALUE_FALSE))
        subject->deceased = REPORT_NO;
}

/* The published extension for animals. */
static void read_species(struct fhir_context *context, const struct value *patient, struct report_subject *subject)
{
    for (VALUE_EACH(extension, value_get(patient, "extension"))) {
        if (!value_is_text(value_get(extension, "url"), "http://hl7.org/fhir/StructureDefinition/patient-animal"))
            continue;
        subject->kind = REPORT_ANIMAL;
        for (VALUE_EACH(part, value_get(extension, "extension"))) {
            const struct value *value = value_get(part, "valueCodeableConcept");
            if (value_is_text(value_get(part, "url"), "species"))
                subject->species = fhir_concept(context, value);
            else if (value_is_text(value_get(part, "url"), "breed"))
                subject->breed = fhir_concept(context, value);
        }
    }
}

void fhir_map_patient(struct fhir_context *context, uint32_t entry)
{
    struct report         *report = context->report;
    const struct value    *patient = context->document->entries[entry].resource;
    struct report_subject *subject = report_add_subject(report);
    if (subject == NULL)
        return;
    context->document->entries[entry].record = report->num_subjects - 1;
    read_identifiers(context, value_get(patient, "identifier"), subject);
    read_names(context, value_get(patient, "name"), subject);
    subject->birth = fhir_time_member(context, patient, "birthDate");
    subject->sex_sent = fhir_member(context, patient, "gender");
    subject->sex = sex_of(subject->sex_sent);
    read_addresses(context, value_get(patient, "address"), subject);
    read_telecoms(context, value_get(patient, "telecom"), subject);
    read_death(context, patient, subject);
    read_species(context, patient, subject);
    if (report_time_compare(&subject->birth, &subject->death) > 0)
        fhir_entry_fault(context, entry, value_get(patient, "deceasedDateTime"), "deceased", REPORT_WARNING,
                         REPORT_ORDER, "died before birth", NULL);
    if (context->options->now != NULL && report_time_compare(&subject->birth, context->options->now) > 0)
        fhir_entry_fault(context, entry, value_get(patient, "birthDate"), "birthDate", REPORT_WARNING, REPORT_ORDER,
                         "born in the future", NULL);
}

/* ---- whom something is about ---- */

/* A person who is only named from afar: by the sender's own reference or by an identifier. */
static uint32_t add_outside(struct fhir_context *context, struct report_identifier identifier)
{
    struct report         *report = context->report;
    struct report_subject *subject = report_add_subject(report);
    if (subject == NULL)
        return REPORT_NONE;
    uint32_t index = report->num_subjects - 1;
    subject->identifiers = arena_array(report->arena, 1, sizeof *subject->identifiers);
    if (subject->identifiers == NULL) {
        report->out_of_memory = true;
        return REPORT_NONE;
    }
    subject->identifiers[0] = identifier;
    subject->num_identifiers = 1;
    return index;
}

/* "Patient?identifier=http://a.example|7" */
static bool read_query(struct report_text text, struct report_identifier *identifier)
{
    static const char word[] = "Patient?identifier=";
    size_t            size = sizeof word - 1;
    if (text.size <= size || memcmp(text.bytes, word, size) != 0)
        return false;
    struct report_text rest = { text.bytes + size, text.size - size };
    const char        *bar = memchr(rest.bytes, '|', rest.size);
    if (memchr(rest.bytes, '&', rest.size) != NULL || memchr(rest.bytes, '%', rest.size) != NULL)
        return false;
    identifier->value = rest;
    if (bar != NULL) {
        identifier->authority.id = (struct report_text){ rest.bytes, (size_t) (bar - rest.bytes) };
        identifier->authority.id_kind = report_text_of("URI");
        identifier->value = (struct report_text){ bar + 1, rest.size - (size_t) (bar + 1 - rest.bytes) };
    }
    return identifier->value.size > 0;
}

static uint32_t subject_outside(struct fhir_context *context, struct report_text text)
{
    struct report_identifier identifier = { .value = text, .kind = report_text_of("reference") };
    struct fhir_entry        made = { .full_url = text, .within = REPORT_NONE };
    uint32_t                 known = fhir_find_name(context->document, text, (struct report_text){ 0 });
    if (known != REPORT_NONE)
        return context->document->entries[known].record;
    read_query(text, &identifier);
    uint32_t entry = fhir_add_entry(context, made), subject = add_outside(context, identifier);
    if (entry == REPORT_NONE)
        return REPORT_NONE;
    context->document->entries[entry].record = subject;
    fhir_put_name(context, entry, text, (struct report_text){ 0 });
    return subject;
}

static uint32_t subject_by_identifier(struct fhir_context *context, const struct value *from)
{
    struct report           *report = context->report;
    struct report_identifier made = { .value = fhir_member(context, from, "value") };
    if (made.value.size == 0)
        return REPORT_NONE;
    made.authority = fhir_authority(context, from);
    made.kind = fhir_member(context, value_at(value_get(value_get(from, "type"), "coding"), 0), "code");
    if (report->num_subjects > 0) {
        const struct report_subject *last = &report->subjects[report->num_subjects - 1];
        if (last->num_identifiers == 1 && last->identifiers[0].value.size == made.value.size &&
            memcmp(last->identifiers[0].value.bytes, made.value.bytes, made.value.size) == 0)
            return report->num_subjects - 1;
    }
    return add_outside(context, made);
}

/* A group, a place or a device: what is found is said of no person. */
static uint32_t add_other(struct fhir_context *context, uint32_t entry)
{
    struct fhir_entry     *from = &context->document->entries[entry];
    struct report_subject *subject = report_add_subject(context->report);
    if (subject == NULL)
        return REPORT_NONE;
    const struct value *kind = value_get(from->resource, "type"), *quantity = value_get(from->resource, "quantity");
    subject->kind = REPORT_ENVIRONMENT;
    if (from->type == FHIR_Group)
        subject->kind = value_is_text(kind, "animal") ? REPORT_ANIMAL : REPORT_POOL;
    if (value_is(quantity, VALUE_INTEGER) && quantity->integer > 0 && quantity->integer < 1000000)
        subject->num_pooled = (uint32_t) quantity->integer;
    from->record = context->report->num_subjects - 1;
    return from->record;
}

uint32_t fhir_map_subject(struct fhir_context *context, uint32_t from, const struct value *reference)
{
    const struct value *text = value_get(reference, "reference");
    if (!value_is(text, VALUE_TEXT))
        return subject_by_identifier(context, value_get(reference, "identifier"));
    struct report_text name = fhir_text(context, text);
    uint32_t           found = fhir_resolve(context->document, from, name);
    if (found == REPORT_NONE)
        return subject_outside(context, name);
    struct fhir_entry *entry = &context->document->entries[found];
    if (entry->refused) {
        fhir_entry_fault(context, from, text, "subject", REPORT_ERROR, REPORT_REQUIRED,
                         "its subject was refused; about whom it is is not known", NULL);
        return REPORT_NONE;
    }
    if (entry->record != REPORT_NONE || entry->resource == NULL)
        return entry->record;
    if (entry->type == FHIR_Patient)
        fhir_map_patient(context, found);
    else if (entry->type == FHIR_Group || entry->type == FHIR_Location || entry->type == FHIR_Device)
        add_other(context, found);
    return context->document->entries[found].record;
}

/* ---- organisations ---- */

void fhir_organisation(struct fhir_context *context, uint32_t entry, struct report_source *source,
                       struct report_address *address, struct report_telecom *telecom)
{
    if (entry == REPORT_NONE)
        return;
    const struct value *resource = context->document->entries[entry].resource;
    if (context->document->entries[entry].type == FHIR_PractitionerRole) {
        fhir_organisation(context, fhir_follow(context, entry, value_get(resource, "organization")), source, address,
                          telecom);
        return;
    }
    if (context->document->entries[entry].type != FHIR_Organization &&
        context->document->entries[entry].type != FHIR_Location)
        return;
    struct report_source authority = { 0 };
    source->name = fhir_member(context, resource, "name");
    source->id = fhir_identifier(context, value_get(resource, "identifier"), "", &authority);
    source->id_kind = authority.id;
    const struct value *place = value_get(resource, "address");
    if (address != NULL && place != NULL)
        fhir_address(context, place->kind == VALUE_ARRAY ? value_at(place, 0) : place, address);
    if (telecom != NULL)
        fhir_telecom(context, value_at(value_get(resource, "telecom"), 0), telecom);
}
