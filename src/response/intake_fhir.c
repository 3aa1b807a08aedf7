/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/intake_fhir.h"

#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/instant.h"
#include "formats/fhir/outcome.h"
#include "store/node.h"
#include "tocsin/status.h"

/* What is being read for one entry. */
struct reading {
    struct intake_fhir *fhir;
    struct arena       *arena;
    uint32_t            entry;
    uint32_t            num_conditions;
    size_t              num_names; /* so far */
    bool                refused;   /* this entry */
    bool                no_memory;
};

static struct report_text text_of(const struct value *value)
{
    return value_is(value, VALUE_TEXT) ? (struct report_text){ value->text, value->length } : (struct report_text){ 0 };
}

static const struct fhir_entry *entry_of(const struct reading *reading)
{
    return &reading->fhir->document.entries[reading->entry];
}

static bool is_single(const struct reading *reading)
{
    return reading->fhir->document.kind == FHIR_SINGLE;
}

/* A fault at an element of the entry ("request.method"); it costs the entry, in a transaction and a single resource
 * all. */
static void refuse(struct reading *reading, const char *element, enum report_rule rule, const char *what,
                   const char *allowed)
{
    struct report_place place = { .path = NULL };
    char                path[80];
    int                 size = snprintf(path, sizeof path, "Bundle.entry[%u].%s", reading->entry, element);
    if (!is_single(reading))
        place.path = arena_copy(reading->arena, path, (size_t) size);
    reading->no_memory = reading->no_memory || (!is_single(reading) && place.path == NULL);
    reading->refused = true;
    report_add_fault(&reading->fhir->read.report,
                     reading->fhir->document.kind == FHIR_BATCH ? REPORT_ERROR : REPORT_FATAL, rule, place,
                     (struct report_text){ 0 }, what, allowed);
}

/* ---- conditions ---- */

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Percent signs and plus signs of a query resolved, into the arena. {0}: a percent sign that begins nothing. */
static struct report_text decode(struct reading *reading, struct report_text query)
{
    char  *text = arena_array(reading->arena, query.size + 1, 1);
    size_t size = 0;
    reading->no_memory = reading->no_memory || text == NULL;
    for (size_t i = 0; i < query.size && text != NULL; i++) {
        char c = query.bytes[i] == '+' ? ' ' : query.bytes[i];
        if (c == '%') {
            int high = i + 2 < query.size ? hex(query.bytes[i + 1]) : -1, low = high < 0 ? -1 : hex(query.bytes[i + 2]);
            if (low < 0)
                return (struct report_text){ 0 };
            c = (char) (high * 16 + low);
            i += 2;
        }
        text[size++] = c;
    }
    return (struct report_text){ text, text != NULL ? size : 0 };
}

/* "identifier=system|value", perhaps behind "Type?"; one identifier and nothing else. */
static bool read_condition(struct reading *reading, struct report_text query, struct intake_name *name)
{
    static const char parameter[] = "identifier=";
    const char       *mark = query.size > 0 ? memchr(query.bytes, '?', query.size) : NULL;
    if (mark != NULL)
        query = (struct report_text){ mark + 1, query.size - (size_t) (mark + 1 - query.bytes) };
    if (query.size <= sizeof parameter - 1 || memcmp(query.bytes, parameter, sizeof parameter - 1) != 0 ||
        memchr(query.bytes, '&', query.size) != NULL)
        return false;
    struct report_text token = decode(
        reading, (struct report_text){ query.bytes + sizeof parameter - 1, query.size - (sizeof parameter - 1) });
    if (token.size == 0 || memchr(token.bytes, ',', token.size) != NULL ||
        memchr(token.bytes, '\\', token.size) != NULL)
        return false;
    const char *bar = memchr(token.bytes, '|', token.size);
    name->system = (struct report_text){ NULL, 0 };
    name->value = token;
    if (bar != NULL) {
        name->system = (struct report_text){ token.bytes, (size_t) (bar - token.bytes) };
        name->value = (struct report_text){ bar + 1, token.size - name->system.size - 1 };
    }
    return name->value.size > 0;
}

static void ask(struct reading *reading, struct intake_resource *resource, enum intake_wish wish, const char *element,
                struct report_text query)
{
    resource->wish = wish;
    if (++reading->num_conditions > INTAKE_FHIR_MAX_CONDITIONS) {
        refuse(reading, element, REPORT_LIMIT, "more conditions and updates than one transmission may have", "200");
        return;
    }
    if (!read_condition(reading, query, &resource->asked))
        refuse(reading, element, REPORT_UNSUPPORTED,
               is_single(reading) ? "If-None-Exist: not a condition that is looked for here"
                                  : "not a condition that is looked for here",
               "one identifier: identifier=system|value");
}

/* ---- names ---- */

static void add_name(struct intake_name *names, size_t *num, struct intake_name name)
{
    for (size_t i = 0; i < *num; i++)
        if (names[i].system.size == name.system.size && names[i].value.size == name.value.size &&
            (names[i].system.bytes == NULL) == (name.system.bytes == NULL) &&
            (name.system.size == 0 || memcmp(names[i].system.bytes, name.system.bytes, name.system.size) == 0) &&
            memcmp(names[i].value.bytes, name.value.bytes, name.value.size) == 0)
            return;
    names[(*num)++] = name;
}

/* "any" has no bytes, "none" has, but no length: each identifier is known with its system and without. */
static struct report_text any_system(void)
{
    return (struct report_text){ NULL, 0 };
}

static void add_identifier(struct intake_name *names, size_t *num, struct report_text type,
                           const struct value *identifier)
{
    struct report_text value = text_of(value_get(identifier, "value")),
                       system = text_of(value_get(identifier, "system"));
    if (value.size == 0)
        return;
    if (system.bytes == NULL)
        system.bytes = "";
    add_name(names, num, (struct intake_name){ type, system, value });
    add_name(names, num, (struct intake_name){ type, any_system(), value });
}

static void read_names(struct reading *reading, struct intake_resource *resource)
{
    const struct fhir_entry *entry = entry_of(reading);
    const struct value      *identifiers = value_get(entry->resource, "identifier");
    struct report_text       type = report_text_of(fhir_type_of(entry->type)->name);
    size_t                   room = value_is(identifiers, VALUE_ARRAY) ? identifiers->count : 1;
    if (room > INTAKE_FHIR_MAX_IDENTIFIERS) {
        refuse(reading, "resource.identifier", REPORT_LIMIT, "a resource of more identifiers than one may have", "50");
        return;
    }
    struct intake_name *names = arena_array(reading->arena, 2 * room + 1, sizeof *names);
    if (names == NULL) {
        reading->no_memory = true;
        return;
    }
    if (value_is(identifiers, VALUE_OBJECT))
        add_identifier(names, &resource->num_names, type, identifiers);
    for (VALUE_EACH(identifier, identifiers))
        add_identifier(names, &resource->num_names, type, identifier);
    if (resource->wish == INTAKE_UPDATE && report_text_equals(resource->asked.system, "_id"))
        add_name(names, &resource->num_names, resource->asked);
    reading->num_names += resource->num_names;
    if (reading->num_names > INTAKE_FHIR_MAX_NAMES)
        refuse(reading, "resource.identifier", REPORT_LIMIT, "more identifiers than one transmission may create",
               "10000");
    resource->names = names;
    resource->asked.type = type;
    for (size_t i = 0; i < resource->num_names; i++)
        names[i].type = type;
}

/* ---- what the entries ask for ---- */

static void read_update(struct reading *reading, struct intake_resource *resource, struct report_text url)
{
    const char *query = url.size > 0 ? memchr(url.bytes, '?', url.size) : NULL;
    if (query != NULL) {
        ask(reading, resource, INTAKE_UPDATE, "request.url", url);
        return;
    }
    resource->wish = INTAKE_UPDATE;
    resource->asked.system = report_text_of("_id");
    resource->asked.value = entry_of(reading)->id; /* the url names the same, or that was a fault */
    if (++reading->num_conditions > INTAKE_FHIR_MAX_CONDITIONS)
        refuse(reading, "request.url", REPORT_LIMIT, "more conditions and updates than one transmission may have",
               "200");
}

static void read_request(struct reading *reading, struct intake_resource *resource)
{
    const struct value *request = entry_of(reading)->request, *method = value_get(request, "method");
    struct report_text  url = text_of(value_get(request, "url"));
    struct report_text  condition = text_of(value_get(request, "ifNoneExist"));
    if (!value_is_text(method, "POST") && !value_is_text(method, "PUT"))
        refuse(reading, "request.method", REPORT_UNSUPPORTED, "not a request that is served here", "POST or PUT");
    else if (url.size > 0 && memchr(url.bytes, '$', url.size) != NULL)
        refuse(reading, "request.url", REPORT_UNSUPPORTED, "an operation that is not served here",
               "the name of a type");
    else if (value_get(request, "ifMatch") != NULL)
        refuse(reading, "request.ifMatch", REPORT_UNSUPPORTED, "versions of a sender's resources are not kept",
               "no ifMatch");
    else if (value_is_text(method, "PUT"))
        read_update(reading, resource, url);
    else if (value_get(request, "ifNoneExist") != NULL)
        ask(reading, resource, INTAKE_CREATE_IF_NONE, "request.ifNoneExist", condition);
}

/* The entries that have a fault already: nothing is created by them. */
static bool *failed_entries(struct reading *reading)
{
    const struct report *report = &reading->fhir->read.report;
    uint32_t             num = reading->fhir->document.num_bundle_entries;
    bool                *failed = arena_array(reading->arena, num + 1, sizeof *failed);
    for (uint32_t i = 0; i < report->num_faults && failed != NULL; i++) {
        uint32_t entry = fhir_fault_entry(&report->faults[i]);
        if (report->faults[i].severity >= REPORT_ERROR && entry < num)
            failed[entry] = true;
    }
    for (uint32_t i = 0; i < num && failed != NULL; i++)
        failed[i] = failed[i] || reading->fhir->document.entries[i].refused;
    return failed;
}

static void read_resources(struct reading *reading, const struct intake_fhir_call *call)
{
    struct intake_fhir *fhir = reading->fhir;
    uint32_t            num = fhir->document.num_bundle_entries;
    bool               *failed = failed_entries(reading);
    fhir->resources = arena_array(reading->arena, num + 1, sizeof *fhir->resources);
    fhir->answers = arena_array(reading->arena, num + 1, sizeof *fhir->answers);
    reading->no_memory = failed == NULL || fhir->resources == NULL || fhir->answers == NULL;
    for (uint32_t i = 0; i < num && !reading->no_memory; i++) {
        struct intake_resource *resource = &fhir->resources[fhir->num_resources++];
        *resource = (struct intake_resource){ .position = i, .wish = INTAKE_CREATE };
        reading->entry = i;
        reading->refused = failed[i];
        if (!failed[i] && !is_single(reading))
            read_request(reading, resource);
        else if (!failed[i] && call->if_none_exist != NULL)
            ask(reading, resource, INTAKE_CREATE_IF_NONE, "", report_text_of(call->if_none_exist));
        if (!reading->refused)
            read_names(reading, resource);
        if (reading->refused) {
            resource->wish = INTAKE_REFUSED;
            resource->status = 422;
        }
    }
}

/* Does the place not take what came? */
static bool check_place(struct intake_fhir *fhir, const struct intake_fhir_call *call)
{
    enum fhir_kind      kind = fhir->document.kind;
    const char         *what = NULL, *allowed = NULL;
    struct report_place place = { .path = kind == FHIR_SINGLE ? NULL : "Bundle.type" };
    switch (call->place) {
    case INTAKE_FHIR_ANY: break;
    case INTAKE_FHIR_BASE:
        what = kind == FHIR_SINGLE || kind == FHIR_OTHER ? "not a bundle that is taken here" : NULL;
        allowed = "transaction, batch, message, document or collection";
        break;
    case INTAKE_FHIR_MESSAGE:
        what = kind != FHIR_MESSAGE ? "not a message" : NULL;
        allowed = "message";
        break;
    case INTAKE_FHIR_BUNDLE:
        what = kind != FHIR_MESSAGE && kind != FHIR_DOCUMENT && kind != FHIR_COLLECTION
                   ? "not a bundle that is kept as it is; transactions and batches are sent to the base"
                   : NULL;
        allowed = "message, document or collection";
        break;
    case INTAKE_FHIR_TYPE:
        if (kind != FHIR_SINGLE || strcmp(fhir_type_of(fhir->document.entries[0].type)->name, call->type) != 0)
            what = "not a resource of the type that the address names";
        allowed = call->type;
        break;
    }
    if (what != NULL)
        report_add_fault(&fhir->read.report, REPORT_FATAL, REPORT_VALUE, place, (struct report_text){ 0 }, what,
                         allowed);
    return what != NULL;
}

int intake_fhir_read(const struct intake_reading *reading, const struct intake_fhir_call *call,
                     struct intake_fhir *fhir)
{
    struct reading state = { .fhir = fhir, .arena = reading->arena };
    *fhir = (struct intake_fhir){ .status = 0 };
    report_init(&fhir->read.report, reading->arena, reading->bytes, reading->size);
    fhir->status = intake_format_fhir(reading, &fhir->read, &fhir->document);
    if (fhir->status == 0)
        fhir->misplaced = check_place(fhir, call);
    enum fhir_kind kind = fhir->document.kind;
    if (fhir->status == 0 && report_is_usable(&fhir->read.report) &&
        (kind == FHIR_SINGLE || kind == FHIR_TRANSACTION || kind == FHIR_BATCH))
        read_resources(&state, call);
    if (state.no_memory || fhir->read.report.out_of_memory)
        fhir->status = TOC_ERR_NO_MEMORY;
    else if (fhir->status == 0 && !report_is_usable(&fhir->read.report))
        fhir->status = BASE_ERR_INPUT;
    return fhir->status;
}

void intake_fhir_free(struct intake_fhir *fhir)
{
    fhir_document_free(&fhir->document);
    *fhir = (struct intake_fhir){ .status = 0 };
}

struct intake_arrival intake_fhir_arrival(const struct intake_fhir *fhir, const struct intake_reading *reading,
                                          const char *channel)
{
    return (struct intake_arrival){ .channel = channel,
                                    .format = "fhir",
                                    .feed = reading->feed,
                                    .report = &fhir->read.report,
                                    .bytes = reading->bytes,
                                    .size = reading->size,
                                    .resources = fhir->resources,
                                    .num_resources = fhir->num_resources,
                                    .together = fhir->document.kind != FHIR_BATCH };
}

/* ---- the answer ---- */

#define SEVERAL "more than one resource of this sender fits the condition"

static unsigned answer_several(const struct intake_fhir *fhir, struct json_writer *json)
{
    char path[80];
    for (size_t i = 0; i < fhir->num_resources; i++) {
        if (fhir->resources[i].status != 412)
            continue; /* the first is named */
        snprintf(path, sizeof path, "Bundle.entry[%u].request.%s", fhir->resources[i].position,
                 fhir->resources[i].wish == INTAKE_UPDATE ? "url" : "ifNoneExist");
        fhir_write_issue_at(json, "error", "multiple-matches", SEVERAL,
                            fhir->document.kind == FHIR_SINGLE ? NULL : path);
        return 412;
    }
    fhir_write_issue(json, "error", "processing", "the same bytes were rejected when they came first, and are kept");
    return 422;
}

static unsigned answer_entries(const struct intake_fhir *fhir, bool held, struct json_writer *json)
{
    for (size_t i = 0; i < fhir->num_resources; i++) {
        unsigned status = fhir->resources[i].status;
        fhir->answers[i] = (struct fhir_answer){ .status = held && status < 300 ? 202 : status,
                                                 .issue = status == 412 ? SEVERAL : NULL };
    }
    fhir_write_response(json, &fhir->read.report, &fhir->document, fhir->answers);
    return 200;
}

static bool answer_message(const struct intake_fhir *fhir, const struct intake_receipt *receipt,
                           struct json_writer *json)
{
    char      ids[2][ID_TEXT_BYTES], now[INSTANT_TEXT_BYTES];
    struct id made = node_new_id(receipt->received);
    id_to_text(&receipt->message, ids[0]);
    id_to_text(&made, ids[1]);
    instant_to_text(receipt->received, now);
    return fhir_write_message_response(json, &fhir->read.report, &fhir->document,
                                       (const char *const[2]){ ids[0], ids[1] }, now);
}

unsigned intake_fhir_answer(const struct intake_fhir *fhir, const struct intake_fhir_call *call,
                            const struct intake_receipt *receipt, struct json_writer *json)
{
    const struct report *report = &fhir->read.report;
    bool                 held = receipt != NULL && strcmp(receipt->verdict, "held") == 0;
    if (report_is_usable(report) && strcmp(receipt->verdict, "rejected") == 0)
        return answer_several(fhir, json);
    if (!report_is_usable(report)) {
        fhir_write_outcome(json, report, &fhir->document, FHIR_EVERY_ENTRY);
        return fhir_status_of(report);
    }
    if (fhir->document.kind == FHIR_TRANSACTION || fhir->document.kind == FHIR_BATCH)
        return answer_entries(fhir, held, json);
    if (call->place != INTAKE_FHIR_BUNDLE && fhir->document.kind == FHIR_MESSAGE && answer_message(fhir, receipt, json))
        return held ? 202 : 200;
    fhir_write_outcome(json, report, &fhir->document, FHIR_EVERY_ENTRY);
    if (held)
        return 202;
    if (fhir->document.kind == FHIR_SINGLE)
        return fhir->num_resources > 0 ? fhir->resources[0].status : 200;
    return call->place == INTAKE_FHIR_BUNDLE && !receipt->repeats ? 201 : 200;
}
