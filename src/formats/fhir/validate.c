/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every object against the definition of its type: names, cardinality, kinds of values, closed code sets. */
#include <stdio.h>
#include <string.h>

#include "formats/fhir/parts.h"

#define MOST_CHOICES 4 /* value[x] elements that one object may have; R4's objects have three at most */

/* ---- faults ---- */

void fhir_push(struct fhir_context *context, const char *name, size_t length, uint32_t index)
{
    context->steps[context->num_steps++] = (struct fhir_step){ name, (uint32_t) length, index };
}

/* The steps as FHIRPath, in the arena; `more` may be "". */
static const char *path_text(struct fhir_context *context, const char *more)
{
    char   text[REPORT_PLACE_BYTES];
    size_t used = 0;
    for (uint32_t i = 0; i < context->num_steps && used + 1 < sizeof text; i++) {
        const struct fhir_step *step = &context->steps[i];
        char                    name[64];
        text_escape(step->name, step->length, name, sizeof name);
        int wrote = step->index == REPORT_NONE
                        ? snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? "." : "", name)
                        : snprintf(text + used, sizeof text - used, "%s%s[%u]", i > 0 ? "." : "", name, step->index);
        used += (size_t) wrote;
    }
    if (*more != '\0' && used + 1 < sizeof text)
        used += (size_t) snprintf(text + used, sizeof text - used, ".%s", more);
    if (used >= sizeof text)
        used = sizeof text - 1;
    return arena_copy(context->report->arena, text, used);
}

static struct report_text found_text(const struct value *at)
{
    if (at == NULL || at->kind == VALUE_ARRAY || at->kind == VALUE_OBJECT)
        return (struct report_text){ 0 };
    if (at->kind == VALUE_TRUE || at->kind == VALUE_FALSE || at->kind == VALUE_NULL)
        return report_text_of(at->kind == VALUE_TRUE ? "true" : at->kind == VALUE_FALSE ? "false" : "null");
    return (struct report_text){ at->text, at->length };
}

/* A view of the tree's own text room would not outlive it. */
static struct report_text keep(struct report *report, struct report_text text)
{
    if (text.size > REPORT_FOUND_BYTES)
        text.size = text_check_utf8(text.bytes, REPORT_FOUND_BYTES);
    if (text.size == 0 || (text.bytes >= report->bytes && text.bytes < report->bytes + report->size))
        return text;
    text.bytes = arena_copy(report->arena, text.bytes, text.size);
    if (text.bytes == NULL) {
        report->out_of_memory = true;
        text.size = 0;
    }
    return text;
}

/* Does a fault here cost the resource, or only the element that it is in? In a transaction, a batch and a resource by
 * itself all do. In the bundles of feeds (message, document, collection) those do that decide what is said and of whom:
 * a laboratory's positive result is not lost because somebody's address is written wrong. */
static bool is_costly(const struct fhir_context *context, const char *name)
{
    static const char decisive[] = "resourceType|status|code|subject|value|component|dataAbsentReason|interpretation|"
                                   "verificationStatus|modifierExtension|hasMember|result|specimen|focus";
    enum fhir_kind    kind = context->document->kind;
    if (kind != FHIR_MESSAGE && kind != FHIR_DOCUMENT && kind != FHIR_COLLECTION)
        return true;
    for (uint32_t i = 3; i < context->num_steps; i++)
        if (context->steps[i].length == 9 && memcmp(context->steps[i].name, "extension", 9) == 0)
            return false;
    struct report_text element = report_text_of(name);
    if (context->num_steps > 3)
        element = (struct report_text){ context->steps[3].name, context->steps[3].length };
    if (element.size == 0) /* the resource itself */
        return true;
    return context->document->entries[context->top].type != FHIR_Patient && fhir_is_listed(decisive, element);
}

static void count_fault(struct fhir_context *context, const char *name)
{
    struct fhir_document *document = context->document;
    bool                  costly = is_costly(context, name);
    document->entries[context->entry].num_errors++;
    document->entries[context->entry].refused |= costly;
    if (context->top != context->entry && context->top != REPORT_NONE) {
        document->entries[context->top].num_errors++;
        document->entries[context->top].refused |= costly;
    }
}

void fhir_fault(struct fhir_context *context, const struct value *at, const char *name, enum report_severity severity,
                enum report_rule rule, const char *what, const char *allowed)
{
    struct report        *report = context->report;
    struct fhir_document *document = context->document;
    struct report_place   place = { .offset = at != NULL ? at->place : 0 };
    bool                  of_entry = context->entry != REPORT_NONE;
    if (severity == REPORT_ERROR) {
        bool whole = document->kind == FHIR_SINGLE || document->kind == FHIR_TRANSACTION || !of_entry;
        severity = whole ? REPORT_FATAL : REPORT_ERROR;
        if (of_entry)
            count_fault(context, name);
    }
    if (report->num_faults < REPORT_MAX_FAULTS) {
        place.path = path_text(context, name);
        if (place.path == NULL)
            report->out_of_memory = true;
    }
    bool struck = at != NULL && fhir_is_struck(context, at);
    report_add_fault(report, severity, rule, place, struck ? (struct report_text){ 0 } : keep(report, found_text(at)),
                     what, allowed);
}

/* ---- values ---- */

static void check_object(struct fhir_context *context, const struct value *object, uint16_t type);

static void check_codes(struct fhir_context *context, const struct value *value, const struct fhir_element *element)
{
    const char *codes = fhir_codes(element->codes);
    if (element->type == FHIR_code) {
        if (!fhir_is_listed(codes, (struct report_text){ value->text, value->length }))
            fhir_fault(context, value, "", REPORT_ERROR, REPORT_VALUE, "not a code of the closed set", codes);
        return;
    }
    bool any = false, good = false; /* a CodeableConcept: one of its codings is */
    for (VALUE_EACH(coding, value_get(value, "coding"))) {
        const struct value *code = value_get(coding, "code");
        if (code != NULL && code->kind == VALUE_TEXT) {
            any = true;
            good |= fhir_is_listed(codes, (struct report_text){ code->text, code->length });
        }
    }
    if (any && !good)
        fhir_fault(context, value, "coding", REPORT_ERROR, REPORT_VALUE, "no code of the closed set", codes);
}

/* One value of an element, its step being on the path. */
static void check_value(struct fhir_context *context, const struct value *value, const struct fhir_element *element)
{
    const struct fhir_type *type = fhir_type_of(element->type);
    const char             *allowed = NULL, *wrong;
    if (type->kind == FHIR_PRIMITIVE) {
        if (value->kind == VALUE_ARRAY || value->kind == VALUE_OBJECT)
            wrong = value->kind == VALUE_ARRAY ? "an array where one value may be" : "an object where a value must be";
        else
            wrong = fhir_check_primitive(element->type, value, &allowed);
        if (wrong != NULL) {
            fhir_fault(context, value, "", REPORT_ERROR, REPORT_TYPE, wrong, allowed);
            return;
        }
        if (element->type == FHIR_string || element->type == FHIR_markdown || element->type == FHIR_xhtml)
            fhir_check_words(context, value);
    } else if (value->kind != VALUE_OBJECT) {
        fhir_fault(context, value, "", REPORT_ERROR, REPORT_TYPE,
                   value->kind == VALUE_ARRAY ? "an array where one value may be" : "not an object", type->name);
        return;
    } else if (type->kind == FHIR_RESOURCE) {
        fhir_check_resource(context, value, element->type);
    } else {
        check_object(context, value, element->type);
    }
    if (element->codes != 0)
        check_codes(context, value, element);
    if (element->type == FHIR_Reference)
        fhir_check_target(context, value, element->targets);
}

/* "_birthDate": what says more of a primitive: an Element with id or extensions. */
static void check_primitive_extra(struct fhir_context *context, const struct value *extra,
                                  const struct fhir_element *element)
{
    static const struct fhir_element of_element = { "", "", FHIR_Element, 0, 0, 0, 0, false };
    if (extra->kind != VALUE_ARRAY) {
        check_value(context, extra, &of_element);
        return;
    }
    if (!element->many)
        fhir_fault(context, extra, "", REPORT_ERROR, REPORT_STRUCTURE, "an array where one value may be", NULL);
    for (VALUE_EACH(item, extra))
        if (item->kind != VALUE_NULL)
            check_value(context, item, &of_element);
}

/* The array "_name" beside "name", walked in step with it. */
struct extra {
    const struct value *at, *end; /* NULL = not looked for yet */
    uint32_t            num;      /* of `at` */
};

static const struct value *extra_at(struct extra *extra, const struct value *object, const struct fhir_element *element,
                                    uint32_t index)
{
    char name[80];
    if (extra->end == NULL) {
        snprintf(name, sizeof name, "_%s", element->name);
        extra->at = value_get(object, name);
        if (extra->at == NULL)
            extra->at = object; /* no array: nothing is in it */
        extra->end = value_inside(&extra->at, VALUE_ARRAY);
    }
    while (extra->at < extra->end && extra->num < index) {
        extra->at += extra->at->size;
        extra->num++;
    }
    return extra->at < extra->end ? extra->at : NULL;
}

static void check_array(struct fhir_context *context, const struct value *object, const struct value *array,
                        const struct fhir_element *element)
{
    struct extra extra = { .num = 0 };
    uint32_t     index = 0;
    bool         primitive = fhir_type_of(element->type)->kind == FHIR_PRIMITIVE;
    bool         of_bundle = element->type == FHIR_Bundle_entry && context->num_steps == 1;
    if (array->kind != VALUE_ARRAY) {
        fhir_push(context, element->name, element->length, REPORT_NONE);
        fhir_fault(context, array, "", REPORT_ERROR, REPORT_STRUCTURE, "one value where an array must be", "[ … ]");
        fhir_pop(context);
        return;
    }
    if (element->type == FHIR_Resource && array->count > FHIR_MAX_CONTAINED) {
        fhir_push(context, element->name, element->length, REPORT_NONE);
        fhir_fault(context, array, "", REPORT_ERROR, REPORT_LIMIT, "more contained resources than one may have",
                   "1000");
        fhir_pop(context);
        return;
    }
    for (VALUE_EACH(item, array)) {
        fhir_push(context, element->name, element->length, index++);
        if (of_bundle)
            context->entry = context->top = index - 1;
        if (item->kind == VALUE_NULL && primitive) { /* its place is taken by what _name says */
            const struct value *said = extra_at(&extra, object, element, index - 1);
            if (said == NULL || said->kind != VALUE_OBJECT)
                fhir_fault(context, item, "", REPORT_ERROR, REPORT_TYPE, "null without an extension that says why",
                           NULL);
        } else {
            check_value(context, item, element);
        }
        fhir_pop(context);
    }
    if (of_bundle)
        context->entry = context->top = REPORT_NONE;
    if (index == 0) {
        fhir_push(context, element->name, element->length, REPORT_NONE);
        fhir_fault(context, array, "", REPORT_ERROR, REPORT_STRUCTURE, "an empty array", "leave the element out");
        fhir_pop(context);
    }
}

static void check_member(struct fhir_context *context, const struct value *object, const struct value *key, bool extra,
                         const struct fhir_element *element)
{
    const struct value *value = key + 1;
    /* a path names a value[x] without its type */
    size_t length = element->length;
    if (element->choice != 0)
        length = fhir_choice_length(element);
    if (!extra && element->many) {
        check_array(context, object, value, element);
        return;
    }
    fhir_push(context, element->name, length, REPORT_NONE);
    if (extra)
        check_primitive_extra(context, value, element);
    else
        check_value(context, value, element);
    fhir_pop(context);
}

/* ---- objects ---- */

struct seen {
    uint64_t bits[8];
    uint16_t choices[MOST_CHOICES];
    unsigned num_choices;
};

/* True where another form of the same value[x] stood before. */
static bool is_second_choice(struct seen *seen, const struct fhir_element *element)
{
    for (unsigned i = 0; i < seen->num_choices; i++)
        if (seen->choices[i] == element->choice)
            return true;
    if (seen->num_choices < MOST_CHOICES)
        seen->choices[seen->num_choices++] = element->choice;
    return false;
}

static bool is_seen(const struct seen *seen, size_t index)
{
    return (seen->bits[index / 64] >> (index % 64) & 1) != 0;
}

static bool has_choice(const struct seen *seen, uint16_t choice)
{
    for (unsigned i = 0; i < seen->num_choices; i++)
        if (seen->choices[i] == choice)
            return true;
    return false;
}

static void check_missing(struct fhir_context *context, const struct value *object, const struct fhir_type *type,
                          const struct seen *seen)
{
    uint16_t told = 0;
    for (uint16_t i = 0; i < type->num_elements; i++) {
        const struct fhir_element *element = &type->elements[i];
        if (element->least == 0 || is_seen(seen, i))
            continue;
        if (element->choice != 0 && (has_choice(seen, element->choice) || told == element->choice))
            continue;
        told = element->choice;
        size_t length = element->choice != 0 ? fhir_choice_length(element) : element->length;
        fhir_push(context, element->name, length, REPORT_NONE);
        fhir_fault(context, object, "", REPORT_ERROR, REPORT_REQUIRED, "a required element is missing", NULL);
        fhir_pop(context);
    }
}

static void unknown_element(struct fhir_context *context, const struct value *key)
{
    fhir_push(context, key->text, key->length, REPORT_NONE);
    fhir_fault(context, key, "", REPORT_ERROR, REPORT_STRUCTURE, "no element of this name is defined here", NULL);
    fhir_pop(context);
}

static void check_object(struct fhir_context *context, const struct value *object, uint16_t type_id)
{
    const struct fhir_type *type = fhir_type_of(type_id);
    struct seen             seen = { 0 };
    uint16_t                hint = 0;
    if (fhir_is_denied_object(object, type_id))
        fhir_strike(context, object);
    for (VALUE_EACH_PAIR(key, object)) {
        bool extra = key->length > 1 && key->text[0] == '_';
        if (type->kind == FHIR_RESOURCE && key->length == 12 && memcmp(key->text, "resourceType", 12) == 0)
            continue;
        const struct fhir_element *element =
            fhir_find_element(type, key->text + extra, key->length - (size_t) extra, &hint);
        if (element == NULL || (extra && fhir_type_of(element->type)->kind != FHIR_PRIMITIVE)) {
            unknown_element(context, key);
            continue;
        }
        size_t index = (size_t) (element - type->elements);
        if (element->choice != 0 && !is_seen(&seen, index) && is_second_choice(&seen, element)) {
            fhir_push(context, element->name, fhir_choice_length(element), REPORT_NONE);
            fhir_fault(context, key, "", REPORT_ERROR, REPORT_STRUCTURE, "a second form of one element",
                       "one of its types");
            fhir_pop(context);
        }
        if (type_id == FHIR_Patient && element->type == FHIR_Attachment) /* a picture of the person */
            fhir_strike(context, key + 1);
        seen.bits[index / 64] |= UINT64_C(1) << (index % 64);
        check_member(context, object, key, extra, element);
    }
    if (object->count == 0)
        fhir_fault(context, object, "", REPORT_ERROR, REPORT_STRUCTURE, "an object without content (ele-1)",
                   "leave the element out");
    check_missing(context, object, type, &seen);
    fhir_check_invariants(context, object, type_id);
}

/* ---- resources ---- */

void fhir_check_resource(struct fhir_context *context, const struct value *resource, uint16_t expected)
{
    const struct value *name = value_get(resource, "resourceType");
    uint16_t            type = FHIR_NO_TYPE;
    uint32_t            outer = context->entry, outer_top = context->top;
    if (!value_is(name, VALUE_TEXT)) {
        fhir_fault(context, name != NULL ? name : resource, "resourceType", REPORT_ERROR, REPORT_REQUIRED,
                   "no resource type", "\"Observation\", \"Patient\" …");
        return;
    }
    type = (uint16_t) fhir_resource_type((struct report_text){ name->text, name->length });
    if (type == FHIR_NO_TYPE || (expected != FHIR_Resource && expected != type)) {
        fhir_fault(context, name, "resourceType", REPORT_ERROR, REPORT_VALUE, "not a resource type of R4",
                   "\"Observation\", \"Patient\" …");
        return;
    }
    fhir_enter(context, resource, type);
    check_object(context, resource, type);
    context->entry = outer;
    context->top = outer_top;
}
