/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is never collected, where FHIR has it: extensions, codings, observations, questions, words. */
#include "formats/denied.h"

#include <string.h>

#include "formats/fhir/parts.h"

/* Code systems of nothing else. */
static const char *const systems[] = {
    "v3-Race", "v3-Ethnicity", "v3-ReligiousAffiliation", "v3-TribalEntityUS", "v2-0005",
    "v2-0006", "v2-0189",      "2.16.840.1.113883.6.238", "HL70005",           "HL70006",
    "HL70189", "CDCREC",
};

/* Last words of extensions' addresses that are written together. */
static const char *const extensions[] = { "genderidentity", "sexualorientation", "tribalaffiliation" };

static bool ends_with(struct report_text text, const char *end)
{
    size_t size = strlen(end);
    return text.size >= size && memcmp(text.bytes + text.size - size, end, size) == 0;
}

static struct report_text text_of(const struct value *value)
{
    return value_is(value, VALUE_TEXT) ? (struct report_text){ value->text, value->length } : (struct report_text){ 0 };
}

/* The address of an extension: the last step of its path says what it is. */
static bool is_denied_extension(struct report_text url)
{
    char        folded[80];
    const char *slash = url.size > 0 ? memrchr(url.bytes, '/', url.size) : NULL;
    if (slash != NULL)
        url = (struct report_text){ slash + 1, url.size - (size_t) (slash + 1 - url.bytes) };
    if (url.size == 0 || url.size >= sizeof folded)
        return false;
    if (denied_has_word(url.bytes, url.size))
        return true;
    for (size_t i = 0; i < url.size; i++)
        folded[i] = (char) (url.bytes[i] >= 'A' && url.bytes[i] <= 'Z' ? url.bytes[i] | 0x20 : url.bytes[i]);
    for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++)
        if (memmem(folded, url.size, extensions[i], strlen(extensions[i])) != NULL)
            return true;
    return false;
}

static bool is_denied_coding(const struct value *coding)
{
    struct report_text system = text_of(value_get(coding, "system"));
    for (size_t i = 0; i < sizeof systems / sizeof *systems && system.size > 0; i++)
        if (ends_with(system, systems[i]))
            return true;
    return false;
}

/* A code, or the names of it, that asks for what is denied. */
static bool is_denied_question(const struct value *concept)
{
    struct report_text text = text_of(value_get(concept, "text"));
    for (VALUE_EACH(coding, value_get(concept, "coding"))) {
        struct report_text code = text_of(value_get(coding, "code")), display = text_of(value_get(coding, "display"));
        if (is_denied_coding(coding) || denied_is_question(code.bytes, code.size) ||
            denied_has_word(display.bytes, display.size))
            return true;
    }
    return denied_has_word(text.bytes, text.size);
}

static bool is_denied_item(const struct value *item)
{
    struct report_text text = text_of(value_get(item, "text")), link = text_of(value_get(item, "linkId"));
    if (link.size > 1 && link.bytes[0] == '/')
        link.bytes++, link.size--;
    return denied_has_word(text.bytes, text.size) || denied_is_question(link.bytes, link.size) ||
           denied_has_word(link.bytes, link.size);
}

bool fhir_is_denied_object(const struct value *object, uint16_t type)
{
    switch (type) {
    case FHIR_Extension: return is_denied_extension(text_of(value_get(object, "url")));
    case FHIR_Coding: return is_denied_coding(object);
    case FHIR_Observation:
    case FHIR_Observation_component:
    case FHIR_Condition: return is_denied_question(value_get(object, "code"));
    case FHIR_QuestionnaireResponse_item: return is_denied_item(object);
    default: return false;
    }
}

/* Where a value's bytes end in the transmission. */
static size_t end_of(const struct report *report, const struct value *value)
{
    size_t at = value->place;
    int    open = 0;
    bool   quoted = false;
    if (value->kind != VALUE_TEXT && value->kind != VALUE_ARRAY && value->kind != VALUE_OBJECT)
        return at + (value->text != NULL ? value->length : 4);
    for (; at < report->size; at++) {
        char c = report->bytes[at];
        if (quoted && c == '\\') {
            at++;
        } else if (c == '"') {
            quoted = !quoted;
            if (!quoted && open == 0)
                return at + 1;
        } else if (!quoted && (c == '{' || c == '[')) {
            open++;
        } else if (!quoted && (c == '}' || c == ']') && --open == 0) {
            return at + 1;
        }
    }
    return report->size;
}

void fhir_strike(struct fhir_context *context, const struct value *value)
{
    if (value->place < context->denied_end)
        return;
    context->denied_end = end_of(context->report, value);
    report_add_denied(context->report, value->place, context->denied_end - value->place);
}

bool fhir_is_struck(const struct fhir_context *context, const struct value *value)
{
    const struct report *report = context->report;
    uint32_t             low = 0, high = report->num_denied; /* ranges stand in order */
    while (low < high) {
        uint32_t                   middle = low + (high - low) / 2;
        const struct report_range *range = &report->denied[middle];
        if (value->place < range->offset)
            high = middle;
        else if (value->place >= range->offset + range->size)
            low = middle + 1;
        else
            return true;
    }
    return false;
}

void fhir_check_words(struct fhir_context *context, const struct value *text)
{
    if (denied_has_word(text->text, text->length))
        fhir_strike(context, text);
}
