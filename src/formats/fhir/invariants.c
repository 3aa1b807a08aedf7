/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The published rules between the elements of one object: those of severity error, for the data types and the resources
 * that are read here. Each is told with its published key. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "formats/fhir/parts.h"

static void broken(struct fhir_context *context, const struct value *at, const char *name, const char *what)
{
    fhir_fault(context, at, name, REPORT_ERROR, REPORT_INVARIANT, what, NULL);
}

static bool has(const struct value *object, const char *key)
{
    return value_get(object, key) != NULL;
}

static struct report_text text_of(const struct value *value)
{
    return value_is(value, VALUE_TEXT) ? (struct report_text){ value->text, value->length } : (struct report_text){ 0 };
}

static bool same_text(struct report_text a, struct report_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

/* Does an object have an element whose name begins so ("valueString" of "value")? */
static const struct value *any_form(const struct value *object, const char *prefix)
{
    size_t length = strlen(prefix);
    for (VALUE_EACH_PAIR(key, object))
        if (key->length > length && memcmp(key->text, prefix, length) == 0 && key->text[length] >= 'A' &&
            key->text[length] <= 'Z')
            return key + 1;
    return NULL;
}

/* ---- data types ---- */

static void check_extension(struct fhir_context *context, const struct value *object)
{
    bool value = any_form(object, "value") != NULL;
    for (VALUE_EACH_PAIR(key, object)) /* a value that only has an extension of its own */
        value |= key->length > 6 && memcmp(key->text, "_value", 6) == 0;
    if (value == has(object, "extension"))
        broken(context, object, "", "neither or both of extensions and a value (ext-1)");
}

static void check_period(struct fhir_context *context, const struct value *object)
{
    struct report_time start = fhir_time_member(context, object, "start");
    struct report_time end = fhir_time_member(context, object, "end");
    if (report_time_compare(&start, &end) > 0)
        broken(context, value_get(object, "end"), "end", "ends before it starts (per-1)");
}

static double number_of(const struct value *quantity)
{
    double number = NAN;
    value_to_number(value_get(quantity, "value"), &number);
    return number;
}

static void check_range(struct fhir_context *context, const struct value *object)
{
    const struct value *low = value_get(object, "low"), *high = value_get(object, "high");
    bool                same_unit = same_text(text_of(value_get(low, "code")), text_of(value_get(high, "code"))) &&
                     same_text(text_of(value_get(low, "unit")), text_of(value_get(high, "unit")));
    if (same_unit && number_of(low) > number_of(high))
        broken(context, low, "low", "the low end lies above the high end (rng-2)");
}

static void check_data_type(struct fhir_context *context, const struct value *object, uint16_t type)
{
    switch (type) {
    case FHIR_Extension: check_extension(context, object); break;
    case FHIR_Period: check_period(context, object); break;
    case FHIR_Range: check_range(context, object); break;
    case FHIR_Quantity:
    case FHIR_Age:
    case FHIR_Count:
    case FHIR_Distance:
    case FHIR_Duration:
        if (has(object, "code") && !has(object, "system"))
            broken(context, object, "system", "a unit's code without its system (qty-3)");
        break;
    case FHIR_Ratio:
        if (has(object, "numerator") != has(object, "denominator") ||
            (!has(object, "numerator") && !has(object, "extension")))
            broken(context, object, "", "numerator and denominator must both be there (rat-1)");
        break;
    case FHIR_ContactPoint:
        if (has(object, "value") && !has(object, "system"))
            broken(context, object, "system", "a value without its system (cpt-2)");
        break;
    case FHIR_Attachment:
        if (has(object, "data") && !has(object, "contentType"))
            broken(context, object, "contentType", "data without its type (att-1)");
        break;
    default: break;
    }
}

/* ---- resources in general ---- */

static bool is_fragment(const struct value *value)
{
    return value->kind == VALUE_TEXT && value->length > 0 && value->text[0] == '#';
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *one = a, *other = b;
    return *one < *other ? -1 : *one > *other;
}

/* Hashes of all ids that stand behind a # in the resource, in order. NULL: none, or no memory. */
static uint64_t *fragments(struct fhir_context *context, const struct value *resource, size_t *num)
{
    *num = 0;
    for (const struct value *at = resource; at < resource + resource->size; at++)
        *num += is_fragment(at);
    uint64_t *hashes = *num > 0 ? arena_array(context->report->arena, *num, sizeof *hashes) : NULL;
    context->report->out_of_memory |= *num > 0 && hashes == NULL;
    if (hashes == NULL)
        return NULL;
    size_t used = 0;
    for (const struct value *at = resource; at < resource + resource->size; at++)
        if (is_fragment(at))
            hashes[used++] = text_hash(at->text + 1, at->length - 1);
    qsort(hashes, used, sizeof *hashes, by_number);
    return hashes;
}

/* Does a contained resource name its container? */
static bool names_container(const struct value *contained)
{
    for (const struct value *at = contained; at < contained + contained->size; at++)
        if (is_fragment(at) && at->length == 1)
            return true;
    return false;
}

static void check_contained(struct fhir_context *context, const struct value *resource)
{
    uint32_t  index = 0;
    size_t    num;
    uint64_t *hashes = fragments(context, resource, &num);
    for (VALUE_EACH(contained, value_get(resource, "contained"))) {
        if (index == FHIR_MAX_CONTAINED)
            break;
        const struct value *meta = value_get(contained, "meta");
        struct report_text  id = text_of(value_get(contained, "id"));
        fhir_push(context, "contained", 9, index++);
        if (has(contained, "contained"))
            broken(context, value_get(contained, "contained"), "contained",
                   "a contained resource contains another (dom-2)");
        uint64_t hash = text_hash(id.bytes, id.size);
        bool     used = hashes != NULL && bsearch(&hash, hashes, num, sizeof hash, by_number) != NULL;
        if (id.size == 0 || !(used || names_container(contained)))
            broken(context, contained, "", "nothing refers to this contained resource (dom-3)");
        if (has(meta, "versionId") || has(meta, "lastUpdated"))
            broken(context, meta, "meta", "a contained resource has a version (dom-4)");
        if (has(meta, "security"))
            broken(context, meta, "meta.security", "a contained resource has a security label (dom-5)");
        fhir_pop(context);
    }
}

/* ---- Observation ---- */

static bool same_code(const struct value *a, const struct value *b)
{
    for (VALUE_EACH(first, value_get(a, "coding"))) {
        for (VALUE_EACH(second, value_get(b, "coding")))
            if (text_of(value_get(first, "code")).size > 0 &&
                same_text(text_of(value_get(first, "code")), text_of(value_get(second, "code"))) &&
                same_text(text_of(value_get(first, "system")), text_of(value_get(second, "system"))))
                return true;
    }
    return false;
}

static void check_observation(struct fhir_context *context, const struct value *object)
{
    const struct value *value = any_form(object, "value");
    uint32_t            index = 0;
    if (has(object, "dataAbsentReason") && value != NULL)
        broken(context, value_get(object, "dataAbsentReason"), "dataAbsentReason",
               "a reason why there is no value, and a value (obs-6)");
    if (value == NULL)
        return;
    for (VALUE_EACH(component, value_get(object, "component"))) {
        if (same_code(value_get(object, "code"), value_get(component, "code"))) {
            fhir_push(context, "component", 9, index);
            broken(context, component, "code", "a component of the observation's own code beside its value (obs-7)");
            fhir_pop(context);
        }
        index++;
    }
}

/* ---- others ---- */

static bool code_is(const struct value *concept, const char *code)
{
    for (VALUE_EACH(coding, value_get(concept, "coding")))
        if (value_is_text(value_get(coding, "code"), code))
            return true;
    return false;
}

static void check_condition(struct fhir_context *context, const struct value *object)
{
    const struct value *clinical = value_get(object, "clinicalStatus");
    if (clinical != NULL && code_is(value_get(object, "verificationStatus"), "entered-in-error"))
        broken(context, clinical, "clinicalStatus", "a clinical status of what was entered in error (con-5)");
    bool over = code_is(clinical, "resolved") || code_is(clinical, "remission") || code_is(clinical, "inactive");
    if (any_form(object, "abatement") != NULL && clinical != NULL && !over)
        broken(context, clinical, "clinicalStatus", "abated, and neither inactive, resolved nor in remission (con-4)");
}

static void check_home_use(struct fhir_context *context, const struct value *object, const char *list, const char *what)
{
    uint32_t index = 0;
    for (VALUE_EACH(item, value_get(object, list))) {
        if (value_is_text(value_get(item, "use"), "home")) {
            fhir_push(context, list, strlen(list), index);
            broken(context, value_get(item, "use"), "use", what);
            fhir_pop(context);
        }
        index++;
    }
}

static void check_organization(struct fhir_context *context, const struct value *object)
{
    if (!has(object, "identifier") && !has(object, "name"))
        broken(context, object, "", "neither a name nor an identifier (org-1)");
    check_home_use(context, object, "telecom", "an organisation's telecom of use home (org-3)");
    check_home_use(context, object, "address", "an organisation's address of use home (org-2)");
}

static void check_answer_item(struct fhir_context *context, const struct value *object)
{
    if (has(object, "answer") && has(object, "item"))
        broken(context, value_get(object, "item"), "item",
               "items beside an answer; they belong into the answer (qrs-1)");
}

static void check_section(struct fhir_context *context, const struct value *object)
{
    if (!has(object, "text") && !has(object, "entry") && !has(object, "section"))
        broken(context, object, "", "neither text, entries nor sections (cmp-1)");
    if (has(object, "emptyReason") && has(object, "entry"))
        broken(context, value_get(object, "emptyReason"), "emptyReason",
               "a reason for having no entries, and entries (cmp-2)");
}

static void check_contact(struct fhir_context *context, const struct value *object)
{
    if (!has(object, "name") && !has(object, "telecom") && !has(object, "address") && !has(object, "organization"))
        broken(context, object, "", "a contact without name, telecom, address or organisation (pat-1)");
}

void fhir_check_invariants(struct fhir_context *context, const struct value *object, uint16_t type)
{
    switch (type) {
    case FHIR_Observation: check_observation(context, object); break;
    case FHIR_Observation_referenceRange:
        if (!has(object, "low") && !has(object, "high") && !has(object, "text"))
            broken(context, object, "", "neither low, high nor text (obs-3)");
        break;
    case FHIR_Condition: check_condition(context, object); break;
    case FHIR_Condition_stage:
        if (!has(object, "summary") && !has(object, "assessment"))
            broken(context, object, "", "neither summary nor assessment (con-1)");
        break;
    case FHIR_Condition_evidence:
        if (!has(object, "code") && !has(object, "detail"))
            broken(context, object, "", "neither code nor detail (con-2)");
        break;
    case FHIR_Organization: check_organization(context, object); break;
    case FHIR_Patient_contact: check_contact(context, object); break;
    case FHIR_QuestionnaireResponse_item: check_answer_item(context, object); break;
    case FHIR_Composition_section: check_section(context, object); break;
    case FHIR_ServiceRequest:
        if (has(object, "orderDetail") && !has(object, "code"))
            broken(context, value_get(object, "orderDetail"), "orderDetail", "details without a code (prr-1)");
        break;
    default: check_data_type(context, object, type); break;
    }
    if (fhir_type_of(type)->kind == FHIR_RESOURCE && has(object, "contained"))
        check_contained(context, object);
}
