/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/fhir/outcome.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* ---- issues ---- */

static const char *severity_word(uint8_t severity)
{
    static const char *const words[] = { "information", "warning", "error", "fatal" };
    return words[severity];
}

/* Codes of the issue-type list. */
static const char *issue_code(const struct report_fault *fault)
{
    switch ((enum report_rule) fault->rule) {
    case REPORT_STRUCTURE: return "structure";
    case REPORT_REQUIRED: return "required";
    case REPORT_TYPE:
    case REPORT_VALUE: return "value";
    case REPORT_ORDER: return "business-rule";
    case REPORT_UNKNOWN_CODE: return "code-invalid";
    case REPORT_ENCODING: return "structure";
    case REPORT_LIMIT: return "too-costly";
    case REPORT_UNSUPPORTED: return "not-supported";
    case REPORT_REPEATED: return "duplicate";
    case REPORT_DENIED: return "suppressed";
    case REPORT_INVARIANT: return "invariant";
    }
    return "processing";
}

uint32_t fhir_fault_entry(const struct report_fault *fault)
{
    static const char word[] = "Bundle.entry[";
    const char       *path = fault->place.path;
    if (path == NULL || strncmp(path, word, sizeof word - 1) != 0)
        return REPORT_NONE;
    return (uint32_t) strtoul(path + sizeof word - 1, NULL, 10);
}

/* May what was found be repeated? A code, a date or a name of an element; nothing of a person, nothing typed. */
static bool may_repeat(const struct report_fault *fault, const struct fhir_document *document)
{
    uint32_t entry = fhir_fault_entry(fault);
    if (document == NULL || fault->found.size == 0)
        return false;
    if (entry == REPORT_NONE)
        entry = 0;
    if (entry >= document->num_entries)
        return false;
    const struct fhir_entry *made = &document->entries[entry];
    const char              *last = strrchr(fault->place.path != NULL ? fault->place.path : "", '.');
    bool person = made->type == FHIR_Patient || made->type == FHIR_RelatedPerson || made->type == FHIR_Person;
    static const char *const plain[] = { ".status",    ".code", ".system", ".resourceType",
                                         ".reference", ".type", ".method" };
    for (size_t i = 0; i < sizeof plain / sizeof *plain && !person && last != NULL; i++)
        if (strcmp(last, plain[i]) == 0)
            return true;
    return !person && fault->rule == REPORT_STRUCTURE;
}

static void begin_outcome(struct json_writer *json)
{
    json_begin_object(json);
    json_key(json, "resourceType");
    json_put_string(json, "OperationOutcome");
    json_key(json, "issue");
    json_begin_array(json);
}

static void begin_issue(struct json_writer *json, const char *severity, const char *code)
{
    json_begin_object(json);
    json_key(json, "severity");
    json_put_string(json, severity);
    json_key(json, "code");
    json_put_string(json, code);
}

static void write_fault(struct json_writer *json, const struct report_fault *fault,
                        const struct fhir_document *document)
{
    struct sink text;
    char        quoted[TEXT_QUOTE_BYTES];
    begin_issue(json, severity_word(fault->severity), issue_code(fault));
    sink_init_memory(&text);
    sink_format(&text, "%s", fault->what);
    if (may_repeat(fault, document)) {
        text_quote(fault->found.bytes, fault->found.size, quoted);
        sink_format(&text, "; found: %s", quoted);
    }
    if (fault->allowed != NULL)
        sink_format(&text, "; allowed: %s", fault->allowed);
    json_key(json, "diagnostics");
    json_put_string_of(json, text.bytes, text.failure == 0 ? text.used : 0);
    sink_free(&text);
    const char *path = fault->place.path; /* empty: of a resource that does not say what it is */
    if (path != NULL && path[0] != '\0' && strcmp(path, "$this") != 0) {
        json_key(json, "expression");
        json_begin_array(json);
        json_put_string(json, path);
        json_end(json);
    }
    json_end(json);
}

void fhir_write_outcome(struct json_writer *json, const struct report *report, const struct fhir_document *document,
                        uint32_t entry)
{
    uint32_t num = 0;
    begin_outcome(json);
    for (uint32_t i = 0; i < report->num_faults; i++) {
        if (entry != FHIR_EVERY_ENTRY && fhir_fault_entry(&report->faults[i]) != entry)
            continue;
        write_fault(json, &report->faults[i], document);
        num++;
    }
    if (entry == FHIR_EVERY_ENTRY && report->num_all_faults > report->num_faults) {
        char text[80];
        snprintf(text, sizeof text, "%llu faults more",
                 (unsigned long long) (report->num_all_faults - report->num_faults));
        begin_issue(json, severity_word(report->worst), "incomplete");
        json_key(json, "diagnostics");
        json_put_string(json, text);
        json_end(json);
    }
    if (num == 0) {
        begin_issue(json, "information", "informational");
        json_key(json, "diagnostics");
        json_put_string(json, "no fault was found");
        json_end(json);
    }
    json_end(json);
    json_end(json);
}

void fhir_write_issue(struct json_writer *json, const char *severity, const char *code, const char *diagnostics)
{
    fhir_write_issue_at(json, severity, code, diagnostics, NULL);
}

void fhir_write_issue_at(struct json_writer *json, const char *severity, const char *code, const char *diagnostics,
                         const char *expression)
{
    begin_outcome(json);
    begin_issue(json, severity, code);
    json_key(json, "diagnostics");
    json_put_string(json, diagnostics);
    if (expression != NULL) {
        json_key(json, "expression");
        json_begin_array(json);
        json_put_string(json, expression);
        json_end(json);
    }
    json_end(json);
    json_end(json);
    json_end(json);
}

/* ---- statuses ---- */

unsigned fhir_status_of(const struct report *report)
{
    unsigned status = 200;
    for (uint32_t i = 0; i < report->num_faults; i++) {
        const struct report_fault *fault = &report->faults[i];
        if (fault->severity < REPORT_FATAL)
            continue;
        if (fault->rule == REPORT_LIMIT)
            return 413;
        if (fault->rule == REPORT_UNSUPPORTED && fault->place.path != NULL && strcmp(fault->place.path, "$this") == 0)
            return 415;
        if (fault->rule == REPORT_STRUCTURE || fault->rule == REPORT_TYPE || fault->rule == REPORT_ENCODING)
            status = 400;
        else if (status == 200)
            status = 422;
    }
    return status;
}

const char *fhir_status_text(unsigned status)
{
    static const struct {
        unsigned    status;
        const char *text;
    } known[] = {
        { 200, "200 OK" },
        { 201, "201 Created" },
        { 202, "202 Accepted" },
        { 304, "304 Not Modified" },
        { 400, "400 Bad Request" },
        { 403, "403 Forbidden" },
        { 404, "404 Not Found" },
        { 405, "405 Method Not Allowed" },
        { 409, "409 Conflict" },
        { 410, "410 Gone" },
        { 412, "412 Precondition Failed" },
        { 413, "413 Content Too Large" },
        { 415, "415 Unsupported Media Type" },
        { 422, "422 Unprocessable Content" },
        { 429, "429 Too Many Requests" },
        { 503, "503 Service Unavailable" },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].status == status)
            return known[i].text;
    return "500 Internal Server Error";
}

/* ---- responses ---- */

static bool has_faults(const struct report *report, uint32_t entry)
{
    for (uint32_t i = 0; i < report->num_faults; i++)
        if (fhir_fault_entry(&report->faults[i]) == entry)
            return true;
    return false;
}

static void write_answer(struct json_writer *json, const struct report *report, const struct fhir_document *document,
                         uint32_t entry, const struct fhir_answer *answer)
{
    json_begin_object(json);
    json_key(json, "response");
    json_begin_object(json);
    json_key(json, "status");
    json_put_string(json, fhir_status_text(answer->status));
    if (answer->location != NULL) {
        json_key(json, "location");
        json_put_string(json, answer->location);
    }
    if (answer->etag != NULL) {
        json_key(json, "etag");
        json_put_string(json, answer->etag);
    }
    if (answer->issue != NULL) {
        json_key(json, "outcome");
        fhir_write_issue(json, "error", answer->status == 412 ? "multiple-matches" : "processing", answer->issue);
    } else if (has_faults(report, entry)) {
        json_key(json, "outcome");
        fhir_write_outcome(json, report, document, entry);
    }
    json_end(json);
    json_end(json);
}

void fhir_write_response(struct json_writer *json, const struct report *report, const struct fhir_document *document,
                         const struct fhir_answer *answers)
{
    json_begin_object(json);
    json_key(json, "resourceType");
    json_put_string(json, "Bundle");
    json_key(json, "type");
    json_put_string(json, document->kind == FHIR_TRANSACTION ? "transaction-response" : "batch-response");
    if (document->num_bundle_entries > 0) {
        json_key(json, "entry");
        json_begin_array(json);
        for (uint32_t i = 0; i < document->num_bundle_entries; i++)
            write_answer(json, report, document, i, &answers[i]);
        json_end(json);
    }
    json_end(json);
}

/* ---- the response to a message ---- */

static void put_value(struct json_writer *json, const char *key, const struct value *text)
{
    if (!value_is(text, VALUE_TEXT))
        return;
    json_key(json, key);
    json_put_string_of(json, text->text, text->length);
}

/* The request's event, as it was sent. */
static void put_event(struct json_writer *json, const struct value *header)
{
    const struct value *coding = value_get(header, "eventCoding");
    if (coding == NULL) {
        put_value(json, "eventUri", value_get(header, "eventUri"));
        return;
    }
    json_key(json, "eventCoding");
    json_begin_object(json);
    put_value(json, "system", value_get(coding, "system"));
    put_value(json, "code", value_get(coding, "code"));
    json_end(json);
}

static void put_urn(struct json_writer *json, const char *key, const char *id)
{
    char urn[64];
    snprintf(urn, sizeof urn, "urn:uuid:%s", id);
    json_member(json, key, urn);
}

static void put_header(struct json_writer *json, const struct report *report, const struct value *header,
                       const char *outcome)
{
    json_begin_object(json);
    json_member(json, "resourceType", "MessageHeader");
    put_event(json, header);
    json_key(json, "source");
    json_begin_object(json);
    json_member(json, "name", "Tocsin");
    json_member(json, "endpoint", "urn:tocsin");
    json_end(json);
    json_key(json, "response");
    json_begin_object(json);
    put_value(json, "identifier", value_get(header, "id"));
    json_member(json, "code", report->num_all_faults > 0 && report->worst >= REPORT_ERROR ? "fatal-error" : "ok");
    json_key(json, "details");
    json_begin_object(json);
    put_urn(json, "reference", outcome);
    json_end(json);
    json_end(json);
    json_end(json);
}

bool fhir_write_message_response(struct json_writer *json, const struct report *report,
                                 const struct fhir_document *document, const char *const ids[2], const char *now)
{
    const struct value *header = document->num_bundle_entries > 0 ? document->entries[0].resource : NULL;
    if (document->kind != FHIR_MESSAGE || !value_is(value_get(header, "id"), VALUE_TEXT) ||
        (!value_is(value_get(value_get(header, "eventCoding"), "code"), VALUE_TEXT) &&
         !value_is(value_get(header, "eventUri"), VALUE_TEXT)))
        return false;
    json_begin_object(json);
    json_member(json, "resourceType", "Bundle");
    json_member(json, "type", "message");
    json_member(json, "timestamp", now);
    json_key(json, "entry");
    json_begin_array(json);
    for (int i = 0; i < 2; i++) {
        json_begin_object(json);
        put_urn(json, "fullUrl", ids[i]);
        json_key(json, "resource");
        if (i == 0)
            put_header(json, report, header, ids[1]);
        else
            fhir_write_outcome(json, report, document, FHIR_EVERY_ENTRY);
        json_end(json);
    }
    json_end(json);
    json_end(json);
    return true;
}
