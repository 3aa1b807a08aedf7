/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the entries of a batch or transaction ask for: each request against its resource, and against the others. */
#include <stdlib.h>
#include <string.h>

#include "formats/fhir/parts.h"

static struct report_text text_of(const struct value *value)
{
    return value_is(value, VALUE_TEXT) ? (struct report_text){ value->text, value->length } : (struct report_text){ 0 };
}

static bool same_text(struct report_text a, struct report_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static bool is_type(struct report_text text)
{
    return fhir_resource_type(text) != FHIR_NO_TYPE;
}

/* POST Type: the resource is of it. Published examples say it wrongly, so that it only costs a warning. */
static void check_create(struct fhir_context *context, const struct value *url, const struct fhir_entry *entry)
{
    struct report_text type = text_of(url), own = report_text_of(fhir_type_of(entry->type)->name);
    if (entry->resource != NULL && entry->type != FHIR_NO_TYPE && is_type(type) && !same_text(type, own))
        fhir_fault(context, url, "request.url", REPORT_WARNING, REPORT_VALUE,
                   "names another type than its resource has", fhir_type_of(entry->type)->name);
}

/* "Type/id" of "http://a.example/fhir/Type/id", as some write it. */
static struct report_text without_base(struct report_text text)
{
    const char *query = text.size > 0 ? memchr(text.bytes, '?', text.size) : NULL;
    size_t      size = query != NULL ? (size_t) (query - text.bytes) : text.size;
    if (size == 0 || memmem(text.bytes, size, "://", 3) == NULL)
        return text;
    unsigned wanted = query != NULL ? 1 : 2; /* Type?query, Type/id */
    for (size_t at = size; at-- > 0;)
        if (text.bytes[at] == '/' && --wanted == 0)
            return (struct report_text){ text.bytes + at + 1, text.size - at - 1 };
    return text;
}

/* PUT Type/id: the resource is of that type and has that id; PUT Type?query: of that type. */
static void check_update(struct fhir_context *context, const struct value *url, const struct fhir_entry *entry)
{
    struct report_text text = without_base(text_of(url));
    const char        *slash = text.size > 0 ? memchr(text.bytes, '/', text.size) : NULL;
    const char        *query = text.size > 0 ? memchr(text.bytes, '?', text.size) : NULL;
    const char        *end = query != NULL ? query : text.bytes + text.size;
    if (slash == NULL || (query != NULL && query < slash))
        slash = end;
    struct report_text type = { text.bytes, (size_t) (slash - text.bytes) }, id = { 0 };
    struct report_text own = report_text_of(fhir_type_of(entry->type)->name);
    if (slash < end)
        id = (struct report_text){ slash + 1, (size_t) (end - slash - 1) };
    if (entry->resource == NULL || entry->type == FHIR_NO_TYPE)
        return;
    if (!same_text(type, own)) {
        fhir_fault(context, url, "request.url", REPORT_ERROR, REPORT_VALUE, "names another type than its resource has",
                   fhir_type_of(entry->type)->name);
    } else if (id.size == 0 && query == NULL) {
        fhir_fault(context, url, "request.url", REPORT_ERROR, REPORT_VALUE, "an update that names no resource",
                   "Type/id or Type?query");
    } else if (id.size > 0 && !same_text(id, entry->id)) {
        const struct value *there = value_get(entry->resource, "id");
        fhir_fault(context, there != NULL ? there : entry->resource, "resource.id", REPORT_ERROR,
                   there != NULL ? REPORT_VALUE : REPORT_REQUIRED, "not the id that the request names", NULL);
    }
}

/* ---- one resource changed twice ---- */

struct target {
    uint64_t           hash;
    uint32_t           entry;
    struct report_text url;
};

static int by_hash(const void *a, const void *b)
{
    const struct target *one = a, *other = b;
    if (one->hash != other->hash)
        return one->hash < other->hash ? -1 : 1;
    return one->entry < other->entry ? -1 : one->entry > other->entry;
}

static bool changes(const struct value *method)
{
    return value_is_text(method, "PUT") || value_is_text(method, "PATCH") || value_is_text(method, "DELETE");
}

static void check_twice(struct fhir_context *context)
{
    struct fhir_document *document = context->document;
    struct target        *targets = arena_array(context->report->arena, document->num_bundle_entries, sizeof *targets);
    uint32_t              num = 0;
    if (targets == NULL) {
        context->report->out_of_memory |= document->num_bundle_entries > 0;
        return;
    }
    for (uint32_t i = 0; i < document->num_bundle_entries; i++) {
        const struct value *request = document->entries[i].request;
        struct report_text  url = text_of(value_get(request, "url"));
        if (url.size > 0 && changes(value_get(request, "method")))
            targets[num++] = (struct target){ text_hash(url.bytes, url.size), i, url };
    }
    if (num > 1)
        qsort(targets, num, sizeof *targets, by_hash);
    for (uint32_t i = 1; i < num; i++) {
        if (targets[i].hash != targets[i - 1].hash || !same_text(targets[i].url, targets[i - 1].url))
            continue;
        context->entry = context->top = targets[i].entry;
        fhir_push(context, "entry", 5, targets[i].entry);
        fhir_fault(context, value_get(document->entries[targets[i].entry].request, "url"), "request.url", REPORT_ERROR,
                   REPORT_INVARIANT, "another entry of the transaction changes the same resource", NULL);
        fhir_pop(context);
    }
}

void fhir_check_requests(struct fhir_context *context)
{
    struct fhir_document *document = context->document;
    for (uint32_t i = 0; i < document->num_bundle_entries; i++) {
        const struct fhir_entry *entry = &document->entries[i];
        const struct value      *method = value_get(entry->request, "method"), *url = value_get(entry->request, "url");
        context->entry = context->top = i;
        fhir_push(context, "entry", 5, i);
        if (value_is_text(method, "POST"))
            check_create(context, url, entry);
        else if (value_is_text(method, "PUT"))
            check_update(context, url, entry);
        fhir_pop(context);
    }
    if (document->kind == FHIR_TRANSACTION)
        check_twice(context);
    context->entry = context->top = REPORT_NONE;
}
