/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading, checking and mapping one transmission; its header; the walk over its entries. */
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "formats/fhir/parts.h"
#include "tocsin/status.h"

/* ---- header ---- */

static const char *kind_word(const struct fhir_document *document)
{
    switch (document->kind) {
    case FHIR_SINGLE: return fhir_type_of(document->entries[0].type)->name;
    case FHIR_TRANSACTION: return "Bundle/transaction";
    case FHIR_BATCH: return "Bundle/batch";
    case FHIR_MESSAGE: return "Bundle/message";
    case FHIR_DOCUMENT: return "Bundle/document";
    case FHIR_COLLECTION: return "Bundle/collection";
    default: return "Bundle";
    }
}

/* Tags of processing (P, T, D of table 0103) hold for the whole; HTEST of one resource makes a test of the whole, so
 * that no test is ever live. */
static void read_tags(struct fhir_context *context, const struct value *resource, bool whole)
{
    static const char *const lists[] = { "tag", "security" };
    const struct value      *meta = value_get(resource, "meta");
    struct report           *report = context->report;
    for (size_t i = 0; i < 2 && meta != NULL; i++) {
        for (VALUE_EACH(tag, value_get(meta, lists[i]))) {
            struct report_text code = fhir_member(context, tag, "code"), system = fhir_member(context, tag, "system");
            bool               processing = system.size > 0 && memmem(system.bytes, system.size, "0103", 4) != NULL;
            bool               test = report_text_equals(code, "HTEST");
            if (processing && whole && report->processing_sent.size == 0)
                report->processing_sent = code;
            test |= processing && (report_text_equals(code, "T") || report_text_equals(code, "D"));
            if (test)
                report->processing = REPORT_TEST;
            else if (processing && whole && report_text_equals(code, "P") && report->processing != REPORT_TEST)
                report->processing = REPORT_LIVE;
            context->resource_tested |= test && !whole;
        }
    }
}

static void read_processing(struct fhir_context *context)
{
    const struct fhir_document *document = context->document;
    struct report              *report = context->report;
    read_tags(context, document->tree.values, true);
    for (uint32_t i = 0; i < document->num_bundle_entries; i++)
        if (document->entries[i].resource != NULL && document->kind != FHIR_SINGLE)
            read_tags(context, document->entries[i].resource, document->entries[i].type == FHIR_MessageHeader);
    if (report->processing == REPORT_PROCESSING_NOT_SENT)
        report->processing = context->options->blank_processing;
}

static void read_message_header(struct fhir_context *context, uint32_t entry)
{
    struct report      *report = context->report;
    const struct value *header = context->document->entries[entry].resource, *source = value_get(header, "source");
    const struct value *destination = value_at(value_get(header, "destination"), 0);
    uint32_t            sender = fhir_follow(context, entry, value_get(header, "sender"));
    report->application.name = fhir_member(context, source, "name");
    if (report->application.name.size == 0)
        report->application.name = fhir_member(context, source, "software");
    report->application.id = fhir_member(context, source, "endpoint");
    report->receiving_application.name = fhir_member(context, destination, "name");
    report->receiving_application.id = fhir_member(context, destination, "endpoint");
    fhir_organisation(context, sender, &report->facility, NULL, NULL);
    uint32_t receiver = fhir_follow(context, entry, value_get(destination, "receiver"));
    fhir_organisation(context, receiver, &report->receiving_facility, NULL, NULL);
    if (report->control_id.size == 0)
        report->control_id = context->document->entries[entry].id;
}

void fhir_map_header(struct fhir_context *context)
{
    struct report              *report = context->report;
    const struct fhir_document *document = context->document;
    const struct value         *root = document->tree.values;
    report->kind = report_text_of(kind_word(document));
    report->version = report_text_of("4.0.1");
    report->profile = fhir_text(context, value_at(value_get(value_get(root, "meta"), "profile"), 0));
    if (document->kind != FHIR_SINGLE) {
        report->control_id = fhir_member(context, value_get(root, "identifier"), "value");
        report->sent = fhir_time_member(context, root, "timestamp");
    }
    for (uint32_t i = 0; i < document->num_bundle_entries; i++)
        if (document->entries[i].type == FHIR_MessageHeader && document->entries[i].resource != NULL) {
            read_message_header(context, i);
            break;
        }
    if (report->control_id.size == 0)
        report->control_id = fhir_member(context, root, "id");
    context->source.sender = report->facility.id.size > 0 ? report->facility.id : report->facility.name;
    read_processing(context);
}

/* ---- the walk ---- */

/* Sections that tell of earlier illness: what they list is not what is reported. */
static void mark_history(struct fhir_context *context, uint32_t composition, const struct value *sections)
{
    for (VALUE_EACH(section, sections)) {
        bool past = false;
        for (VALUE_EACH(coding, value_get(value_get(section, "code"), "coding")))
            past |= value_is_text(value_get(coding, "code"), "11348-0");
        for (VALUE_EACH(reference, value_get(section, "entry"))) {
            uint32_t entry = past ? fhir_follow(context, composition, reference) : REPORT_NONE;
            if (entry != REPORT_NONE)
                context->document->entries[entry].history = true;
        }
        mark_history(context, composition, value_get(section, "section"));
    }
}

/* A modifier may turn around what a resource says; one that is not understood forbids to use it. */
static void refuse_modified(struct fhir_context *context, uint32_t index)
{
    const struct value *resource = context->document->entries[index].resource;
    const char         *name = value_get(resource, "modifierExtension") != NULL ? "modifierExtension"
                               : value_get(resource, "implicitRules") != NULL   ? "implicitRules"
                                                                                : NULL;
    if (name == NULL)
        return;
    fhir_entry_fault(context, index, value_get(resource, name), name, REPORT_WARNING, REPORT_UNSUPPORTED,
                     "may change what the resource says in a way that is not known here; left out", NULL);
    context->document->entries[index].refused = true;
}

/* What was not created says nothing. What others refer to (whom, which tube, which order) stays known. */
static void leave_out(struct fhir_context *context)
{
    const struct fhir_options *options = context->options;
    struct fhir_document      *document = context->document;
    for (size_t i = 0; i < options->num_left_out; i++) {
        uint32_t number = options->left_out[i];
        uint16_t type = number < document->num_bundle_entries ? document->entries[number].type : FHIR_NO_TYPE;
        if (type == FHIR_Observation || type == FHIR_Condition || type == FHIR_Encounter ||
            type == FHIR_QuestionnaireResponse)
            document->entries[number].refused = true;
    }
}

static void map_entry(struct fhir_context *context, uint32_t index, uint16_t type)
{
    struct fhir_entry *entry = &context->document->entries[index];
    switch (type) {
    case FHIR_Composition: mark_history(context, index, value_get(entry->resource, "section")); break;
    case FHIR_Patient: fhir_map_patient(context, index); break;
    case FHIR_Encounter: fhir_map_encounter(context, index); break;
    case FHIR_Specimen: fhir_map_specimen(context, index); break;
    case FHIR_Condition: fhir_map_condition(context, index); break;
    case FHIR_DiagnosticReport: fhir_map_report(context, index); break;
    case FHIR_ServiceRequest:
        if (entry->record == REPORT_NONE)
            fhir_map_request(context, index);
        break;
    case FHIR_Observation:
        if (!entry->seen) {
            uint32_t first = context->report->num_results;
            fhir_map_observation(context, index, REPORT_NONE, REPORT_NONE, 0);
            meaning_tie_specimens(context->report, first);
        }
        break;
    case FHIR_QuestionnaireResponse: fhir_map_questionnaire(context, index); break;
    default: break;
    }
}

/* In an order in which what is referred to comes first. Panels before their members, so that these find their order. */
static void map_entries(struct fhir_context *context)
{
    static const uint16_t order[] = {
        FHIR_Composition,    FHIR_Patient,     FHIR_Encounter,
        FHIR_Specimen,       FHIR_Condition,   FHIR_DiagnosticReport,
        FHIR_ServiceRequest, FHIR_Observation, FHIR_QuestionnaireResponse,
    };
    struct fhir_document *document = context->document;
    for (uint32_t i = 0; i < document->num_entries; i++)
        refuse_modified(context, i);
    leave_out(context);
    for (size_t step = 0; step < sizeof order / sizeof *order; step++) {
        for (unsigned panels = 2; panels-- > 0;) { /* first those with members */
            if (order[step] != FHIR_Observation && panels == 1)
                continue;
            for (uint32_t i = 0; i < document->num_bundle_entries; i++) {
                const struct fhir_entry *entry = &document->entries[i];
                if (entry->type != order[step] || entry->resource == NULL || entry->refused)
                    continue;
                if (panels == 1 && value_get(entry->resource, "hasMember") == NULL)
                    continue;
                map_entry(context, i, order[step]);
            }
        }
    }
}

/* ---- the whole ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The type of a resource that could not be read to its end, from its first bytes; "" = not there. */
static int root_name(const char *bytes, size_t size, const char **name)
{
    static const char word[] = "\"resourceType\"";
    const char       *at = memmem(bytes, size < 400 ? size : 400, word, sizeof word - 1), *end = bytes + size;
    if (at == NULL)
        return 0;
    for (at += sizeof word - 1; at < end && (is_blank(*at) || *at == ':'); at++)
        ;
    size_t length = 0;
    while (at < end && at + 1 + length < end && length < 40 && at[1 + length] >= 'A' && at[1 + length] <= 'z')
        length++;
    *name = at + 1;
    return (int) length;
}

static int refuse(struct report *report, const struct json_fault *fault, int ret)
{
    struct report_place place = { .offset = fault->byte };
    char                whole[VALUE_PATH_BYTES + 64];
    const char         *name = "";
    int                 length = root_name(report->bytes, report->size, &name);
    int size = snprintf(whole, sizeof whole, "%.*s%s%s", length, name, length > 0 && fault->path[0] != '\0' ? "." : "",
                        fault->path);
    const char *path = arena_copy(report->arena, whole, (size_t) size);
    const char *found = arena_copy(report->arena, fault->found, strlen(fault->found));
    const char *allowed = fault->allowed[0] != '\0' ? fault->allowed : NULL;
    if (path == NULL || found == NULL)
        return TOC_ERR_NO_MEMORY;
    place.path = path[0] != '\0' ? path : "$this";
    report_add_fault(report, REPORT_FATAL, ret == TOC_ERR_TOO_LARGE ? REPORT_LIMIT : REPORT_TYPE, place,
                     report_text_of(found),
                     ret == TOC_ERR_TOO_LARGE ? "larger or deeper than is read" : "not JSON that can be read", allowed);
    return BASE_ERR_INPUT;
}

/* XML is FHIR too, but is not read here: told apart so that its sender learns what to change. */
static bool is_xml(const char *bytes, size_t size)
{
    size_t at = 0;
    while (at < size && is_blank(bytes[at]))
        at++;
    return at < size && bytes[at] == '<';
}

static int read_tree(struct report *report, struct value_tree *tree)
{
    static const struct json_limits limits = { FHIR_MAX_DEPTH, FHIR_MAX_VALUES, 0 };
    const char                     *bytes = report->bytes;
    size_t                          size = report->size, mark = 0;
    struct json_fault               fault;
    struct report_place             place = { .path = "$this" };
    if (size > FHIR_MAX_BYTES) {
        report_add_fault(report, REPORT_FATAL, REPORT_LIMIT, place, (struct report_text){ 0 },
                         "more bytes than one transmission may have", "33554432");
        return BASE_ERR_INPUT;
    }
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        mark = 3;
    if (is_xml(bytes + mark, size - mark)) {
        report_add_fault(report, REPORT_FATAL, REPORT_UNSUPPORTED, place, (struct report_text){ 0 },
                         "XML, which is not read here", "FHIR in JSON");
        return BASE_ERR_INPUT;
    }
    int ret = json_read(bytes + mark, size - mark, &limits, tree, &fault);
    if (ret == TOC_ERR_NO_MEMORY)
        return ret;
    if (ret != 0) {
        fault.byte += mark;
        return refuse(report, &fault, ret);
    }
    for (size_t i = 0; i < tree->num_values && mark > 0; i++)
        tree->values[i].place += (uint32_t) mark;
    return 0;
}

static int check(struct fhir_context *context)
{
    const struct value *root = context->document->tree.values;
    struct report      *report = context->report;
    const struct value *name = value_get(root, "resourceType");
    if (root->kind != VALUE_OBJECT) {
        fhir_push(context, "$this", 5, REPORT_NONE);
        report_add_fault(report, REPORT_FATAL, REPORT_STRUCTURE, (struct report_place){ .path = "$this" },
                         (struct report_text){ 0 }, "not an object", "a resource: { \"resourceType\": … }");
        return BASE_ERR_INPUT;
    }
    if (value_is(name, VALUE_TEXT) && name->length > 0)
        fhir_push(context, name->text, name->length, REPORT_NONE);
    else
        fhir_push(context, "$this", 5, REPORT_NONE);
    context->entry = context->top = REPORT_NONE;
    if (!fhir_index(context))
        return report->out_of_memory ? TOC_ERR_NO_MEMORY : BASE_ERR_INPUT;
    if (context->document->kind == FHIR_SINGLE)
        context->entry = context->top = 0;
    fhir_check_resource(context, root, FHIR_Resource);
    if (context->document->kind != FHIR_SINGLE)
        fhir_check_bundle(context);
    return 0;
}

/* A sender should know that nothing is made of what it sent. */
static void tell_what_is_only_checked(struct fhir_context *context)
{
    static const char read_types[] = "Patient|DiagnosticReport|ServiceRequest|Specimen|Observation|Condition|Encounter|"
                                     "QuestionnaireResponse";
    const struct fhir_document *document = context->document;
    struct report_place         place = { .path = "Bundle.type" };
    if (document->kind == FHIR_OTHER) {
        report_add_fault(context->report, REPORT_WARNING, REPORT_UNSUPPORTED, place, (struct report_text){ 0 },
                         "bundles of this type are checked, and nothing is made of them",
                         "transaction, batch, message, document or collection");
    } else if (document->kind == FHIR_SINGLE) {
        place.path = fhir_type_of(document->entries[0].type)->name;
        if (!fhir_is_listed(read_types, report_text_of(place.path)))
            report_add_fault(context->report, REPORT_INFORMATION, REPORT_UNSUPPORTED, place, (struct report_text){ 0 },
                             "resources of this type are checked, and nothing is made of them", NULL);
    }
}

int fhir_map(struct report *report, const struct fhir_options *options, struct fhir_document *document)
{
    struct fhir_context context = {
        .report = report,
        .options = options,
        .document = document,
        .source.tables = options->tables,
        .entry = REPORT_NONE,
        .top = REPORT_NONE,
    };
    struct value_tree room = document->tree; /* used again */
    *document = (struct fhir_document) FHIR_DOCUMENT_INIT;
    document->tree = room;
    int ret = read_tree(report, &document->tree);
    if (ret == 0)
        ret = check(&context);
    if (ret == 0) {
        fhir_map_header(&context);
        if (report_is_usable(report) && document->kind != FHIR_OTHER)
            map_entries(&context);
        tell_what_is_only_checked(&context);
        if (context.resource_tested && document->kind != FHIR_SINGLE)
            report_add_fault(report, REPORT_WARNING, REPORT_VALUE, (struct report_place){ .path = "Bundle.entry" },
                             (struct report_text){ 0 },
                             "a resource is marked as test: the whole transmission is taken as one",
                             "the mark on the bundle");
    }
    report_count(report);
    if (report->out_of_memory)
        return TOC_ERR_NO_MEMORY;
    return ret != 0 ? ret : report_is_usable(report) ? 0 : BASE_ERR_INPUT;
}

void fhir_document_free(struct fhir_document *document)
{
    value_tree_wipe(&document->tree);
    value_tree_free(&document->tree);
    *document = (struct fhir_document) FHIR_DOCUMENT_INIT;
}

void fhir_entry_fault(struct fhir_context *context, uint32_t entry, const struct value *at, const char *path,
                      enum report_severity severity, enum report_rule rule, const char *what, const char *allowed)
{
    const struct fhir_document *document = context->document;
    const struct fhir_entry    *made = &document->entries[entry];
    context->num_steps = 0;
    context->entry = entry;
    context->top = made->within != REPORT_NONE ? made->within : entry;
    const char *name = fhir_type_of(document->entries[context->top].type)->name;
    if (document->kind == FHIR_SINGLE) {
        fhir_push(context, name, strlen(name), REPORT_NONE);
    } else {
        fhir_push(context, "Bundle", 6, REPORT_NONE);
        fhir_push(context, "entry", 5, made->number);
        fhir_push(context, "resource", 8, REPORT_NONE);
    }
    uint32_t index = 0;
    for (VALUE_EACH(contained, made->within != REPORT_NONE
                                   ? value_get(document->entries[context->top].resource, "contained")
                                   : NULL)) {
        if (contained == made->resource)
            fhir_push(context, "contained", 9, index);
        index++;
    }
    fhir_fault(context, at != NULL ? at : made->resource, path, severity, rule, what, allowed);
}

/* ---- streams ---- */

/* Brackets are counted, not read. A text that is not closed ends with its line, and a bracket that is not closed costs
 * no more than the values up to the next line that begins one: what is broken must not take the rest with it. */
int fhir_next_value(const char *bytes, size_t size, size_t *offset, struct report_text *value)
{
    size_t at = *offset, begin, next_line = 0;
    int    open = 0;
    bool   quoted = false;
    while (at < size && is_blank(bytes[at]))
        at++;
    if (at == size)
        return 0;
    for (begin = at; at < size; at++) {
        char c = bytes[at];
        if (c == '\n' && (quoted || open == 0))
            break;
        if (quoted && c == '\\' && at + 1 < size && bytes[at + 1] != '\n')
            at++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '{' || c == '['))
            open++;
        else if (!quoted && (c == '}' || c == ']') && --open <= 0)
            break;
        if (c == '\n' && next_line == 0 && at + 1 < size && bytes[at + 1] == '{')
            next_line = at + 1;
        if (open > FHIR_MAX_DEPTH + 1 && next_line > 0)
            break;
    }
    if (open > 0 && next_line > 0)
        at = next_line;
    else if (at < size)
        at++;
    *value = (struct report_text){ bytes + begin, at - begin };
    *offset = at;
    return 1;
}
