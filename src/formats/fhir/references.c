/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where references lead: fullUrl, urn:uuid, Type/id, #contained, Type?query. */
#include <string.h>

#include "formats/fhir/parts.h"

/* "http://a.example/Patient/7/_history/2" without its version. */
static struct report_text without_version(struct report_text text)
{
    const char *mark = text.size > 0 ? memmem(text.bytes, text.size, "/_history/", 10) : NULL;
    if (mark != NULL)
        text.size = (size_t) (mark - text.bytes);
    return text;
}

/* The last two steps, "Patient" and "7"; false: there are not two, or the first is no resource type. */
static bool split(struct report_text text, struct report_text *type, struct report_text *id)
{
    const char *slash = text.size > 0 ? memrchr(text.bytes, '/', text.size) : NULL;
    if (slash == NULL)
        return false;
    *id = (struct report_text){ slash + 1, text.size - (size_t) (slash + 1 - text.bytes) };
    size_t      left = (size_t) (slash - text.bytes);
    const char *before = left > 0 ? memrchr(text.bytes, '/', left) : NULL;
    const char *begin = before != NULL ? before + 1 : text.bytes;
    *type = (struct report_text){ begin, (size_t) (slash - begin) };
    return id->size > 0 && fhir_resource_type(*type) != FHIR_NO_TYPE;
}

static bool is_absolute(struct report_text text)
{
    const char *colon = text.size > 0 ? memchr(text.bytes, ':', text.size) : NULL;
    const char *query = text.size > 0 ? memchr(text.bytes, '?', text.size) : NULL;
    return colon != NULL && (query == NULL || colon < query) &&
           memchr(text.bytes, '/', (size_t) (colon - text.bytes)) == NULL;
}

uint32_t fhir_resolve(const struct fhir_document *document, uint32_t from, struct report_text reference)
{
    struct report_text type, id, none = { 0 };
    if (reference.size == 0)
        return REPORT_NONE;
    if (reference.bytes[0] == '#') {
        uint32_t top = from;
        if (top < document->num_entries && document->entries[top].within != REPORT_NONE)
            top = document->entries[top].within;
        if (reference.size == 1)
            return top;
        for (uint32_t i = document->num_bundle_entries; i < document->num_entries; i++) {
            const struct fhir_entry *entry = &document->entries[i];
            if (entry->within == top && entry->id.size == reference.size - 1 &&
                memcmp(entry->id.bytes, reference.bytes + 1, entry->id.size) == 0)
                return i;
        }
        return REPORT_NONE;
    }
    reference = without_version(reference);
    uint32_t found = fhir_find_name(document, reference, none);
    if (found == REPORT_NONE && split(reference, &type, &id))
        found = fhir_find_name(document, type, id);
    return found;
}

uint32_t fhir_follow(struct fhir_context *context, uint32_t from, const struct value *reference)
{
    const struct value *text = value_get(reference, "reference");
    if (!value_is(text, VALUE_TEXT))
        return REPORT_NONE;
    uint32_t found = fhir_resolve(context->document, from, (struct report_text){ text->text, text->length });
    if (found == REPORT_NONE || context->document->entries[found].resource == NULL ||
        context->document->entries[found].refused)
        return REPORT_NONE;
    return found;
}

/* ---- checking ---- */

/* The contained resource of this id in the resource that is being checked, or NULL. */
static const struct value *find_contained(const struct fhir_context *context, struct report_text id)
{
    const struct value *top = context->top != REPORT_NONE ? context->document->entries[context->top].resource : NULL;
    uint32_t            num = 0;
    for (VALUE_EACH(contained, value_get(top, "contained"))) {
        if (num++ == FHIR_MAX_CONTAINED)
            break;
        const struct value *own = value_get(contained, "id");
        if (value_is(own, VALUE_TEXT) && own->length == id.size && memcmp(own->text, id.bytes, id.size) == 0)
            return contained;
    }
    return NULL;
}

static struct report_text type_text(const struct value *resource)
{
    const struct value *type = value_get(resource, "resourceType");
    return value_is(type, VALUE_TEXT) ? (struct report_text){ type->text, type->length } : (struct report_text){ 0 };
}

/* The type that a reference leads to, as far as can be told; {0} = not known. Tells what is wrong. */
static struct report_text target_type(struct fhir_context *context, const struct value *at, struct report_text text)
{
    struct report_text  type = { 0 }, id;
    enum fhir_kind      kind = context->document->kind;
    const struct value *top;
    if (text.bytes[0] == '#') {
        if (text.size == 1) {
            top = context->top != REPORT_NONE ? context->document->entries[context->top].resource : NULL;
            return type_text(top);
        }
        const struct value *contained = find_contained(context, (struct report_text){ text.bytes + 1, text.size - 1 });
        if (contained == NULL)
            fhir_fault(context, at, "reference", REPORT_ERROR, REPORT_VALUE,
                       "leads to no resource that is contained here (ref-1)", NULL);
        return type_text(contained);
    }
    uint32_t found = fhir_resolve(context->document, context->entry, text);
    if (found != REPORT_NONE)
        return type_text(context->document->entries[found].resource);
    const char *query = memchr(text.bytes, '?', text.size);
    if (query != NULL && !is_absolute(text)) {
        type = (struct report_text){ text.bytes, (size_t) (query - text.bytes) };
        if (fhir_resource_type(type) != FHIR_NO_TYPE)
            return type;
    } else if (split(without_version(text), &type, &id)) {
        return type;
    } else if (is_absolute(text)) {
        bool within =
            text.size > 9 && (memcmp(text.bytes, "urn:uuid:", 9) == 0 || memcmp(text.bytes, "urn:oid:", 8) == 0);
        if (within && kind != FHIR_SINGLE && kind != FHIR_OTHER)
            fhir_fault(context, at, "reference", kind == FHIR_TRANSACTION ? REPORT_ERROR : REPORT_WARNING, REPORT_VALUE,
                       "leads to no entry of the bundle", "the fullUrl of an entry");
        return (struct report_text){ 0 };
    }
    fhir_fault(context, at, "reference", REPORT_ERROR, REPORT_VALUE, "not a reference",
               "Type/id, a fullUrl of the bundle, an address, or #id of a contained resource");
    return (struct report_text){ 0 };
}

void fhir_check_target(struct fhir_context *context, const struct value *reference, const char *targets)
{
    const struct value *text = value_get(reference, "reference");
    if (!value_is(text, VALUE_TEXT) || text->length == 0)
        return;
    struct report_text type = target_type(context, text, (struct report_text){ text->text, text->length });
    if (type.size > 0 && targets[0] != '\0' && !fhir_is_listed(targets, type))
        fhir_fault(context, text, "reference", REPORT_ERROR, REPORT_VALUE, "leads to a resource of another type",
                   targets);
}
