/* SPDX-License-Identifier: GPL-3.0-or-later */
/* FHIR's data types as parts of a report. What is struck out reads as not sent. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "formats/fhir/parts.h"
#include "formats/hl7v2/time.h"

/* ---- texts ---- */

static struct report_text kept(struct fhir_context *context, const char *bytes, size_t size)
{
    struct report *report = context->report;
    bool           of_input = bytes >= report->bytes && bytes + size <= report->bytes + report->size;
    const char    *lasting = of_input ? bytes : arena_copy(report->arena, bytes, size);
    if (lasting == NULL) {
        report->out_of_memory = true;
        return (struct report_text){ 0 };
    }
    return (struct report_text){ lasting, size };
}

struct report_text fhir_text(struct fhir_context *context, const struct value *value)
{
    if (value == NULL || value->kind == VALUE_NULL || value->kind == VALUE_ARRAY || value->kind == VALUE_OBJECT)
        return (struct report_text){ 0 };
    if (context->report->num_denied > 0 && fhir_is_struck(context, value))
        return (struct report_text){ 0 };
    if (value->kind == VALUE_TRUE || value->kind == VALUE_FALSE)
        return report_text_of(value->kind == VALUE_TRUE ? "true" : "false");
    return kept(context, value->text, value->length);
}

struct report_text fhir_member(struct fhir_context *context, const struct value *object, const char *key)
{
    return fhir_text(context, value_get(object, key));
}

struct report_text fhir_join(struct fhir_context *context, const struct value *texts, size_t from)
{
    struct report_text joined = { 0 };
    size_t             index = 0, size = 0;
    for (VALUE_EACH(text, texts))
        size += text->kind == VALUE_TEXT ? text->length + 1 : 0;
    char *bytes = size > 0 ? arena_array(context->report->arena, size, 1) : NULL;
    if (bytes == NULL) {
        context->report->out_of_memory |= size > 0;
        return joined;
    }
    joined.bytes = bytes;
    for (VALUE_EACH(text, texts)) {
        if (index++ < from || text->kind != VALUE_TEXT || text->length == 0 || fhir_is_struck(context, text))
            continue;
        if (joined.size > 0)
            bytes[joined.size++] = ' ';
        memcpy(bytes + joined.size, text->text, text->length);
        joined.size += text->length;
    }
    return joined.size > 0 ? joined : (struct report_text){ 0 };
}

/* ---- times ---- */

struct report_time fhir_time(struct fhir_context *context, const struct value *value)
{
    struct report_time time = { 0 };
    const char        *what;
    struct report_text text = fhir_text(context, value);
    if (text.size > 0)
        hl7_time_read(text, &time, &what);
    return time;
}

struct report_time fhir_time_member(struct fhir_context *context, const struct value *object, const char *key)
{
    return fhir_time(context, value_get(object, key));
}

/* ---- codes ---- */

struct report_concept fhir_concept(struct fhir_context *context, const struct value *concept)
{
    struct report_concept made = { .text = fhir_member(context, concept, "text") };
    const struct value   *codings = value_get(concept, "coding");
    uint32_t              num = value_is(codings, VALUE_ARRAY) ? codings->count : 0;
    if (num > REPORT_MAX_PARTS)
        num = REPORT_MAX_PARTS;
    if (num == 0)
        return made;
    made.codings = arena_array(context->report->arena, num, sizeof *made.codings);
    if (made.codings == NULL) {
        context->report->out_of_memory = true;
        return made;
    }
    for (VALUE_EACH(coding, codings)) {
        if (made.num_codings == num)
            break;
        if (coding->kind != VALUE_OBJECT || fhir_is_struck(context, coding))
            continue;
        struct report_code *code = &made.codings[made.num_codings];
        code->code = fhir_member(context, coding, "code");
        code->display = fhir_member(context, coding, "display");
        code->system_sent = fhir_member(context, coding, "system");
        code->system = (uint8_t) code_tables_system(context->source.tables, code->system_sent);
        made.num_codings += code->code.size > 0 || code->display.size > 0;
    }
    return made;
}

struct report_concept fhir_first_concept(struct fhir_context *context, const struct value *concepts)
{
    return fhir_concept(context, value_at(concepts, 0));
}

/* ---- identifiers ---- */

/* "urn:oid:2.16…" is the number that HL7 v2 writes without its prefix: one authority, whichever door. */
static struct report_source source_of(struct report_text system)
{
    struct report_source source = { .id = system };
    if (system.size > 8 && memcmp(system.bytes, "urn:oid:", 8) == 0) {
        source.id = (struct report_text){ system.bytes + 8, system.size - 8 };
        source.id_kind = report_text_of("ISO");
    } else if (system.size > 9 && memcmp(system.bytes, "urn:uuid:", 9) == 0) {
        source.id = (struct report_text){ system.bytes + 9, system.size - 9 };
        source.id_kind = report_text_of("UUID");
    } else if (system.size > 0) {
        source.id_kind = report_text_of("URI");
    }
    return source;
}

struct report_source fhir_authority(struct fhir_context *context, const struct value *identifier)
{
    struct report_source source = source_of(fhir_member(context, identifier, "system"));
    source.name = fhir_member(context, value_get(identifier, "assigner"), "display");
    return source;
}

static bool has_kind(const struct value *identifier, const char *kinds)
{
    for (VALUE_EACH(coding, value_get(value_get(identifier, "type"), "coding"))) {
        const struct value *code = value_get(coding, "code");
        if (value_is(code, VALUE_TEXT) && fhir_is_listed(kinds, (struct report_text){ code->text, code->length }))
            return true;
    }
    return false;
}

/* The first whose type is one of `kinds` ("FILL|ACSN"); with "" the first that has no type of its own, else the first.
 */
struct report_text fhir_identifier(struct fhir_context *context, const struct value *identifiers, const char *kinds,
                                   struct report_source *authority)
{
    const struct value *best = NULL;
    for (VALUE_EACH(identifier, identifiers)) {
        bool fits = kinds[0] == '\0' ? value_get(identifier, "type") == NULL : has_kind(identifier, kinds);
        if (fits && value_get(identifier, "value") != NULL) {
            best = identifier;
            break;
        }
    }
    if (best == NULL && kinds[0] == '\0')
        best = value_at(identifiers, 0);
    if (best == NULL)
        return (struct report_text){ 0 };
    if (authority != NULL)
        *authority = fhir_authority(context, best);
    return fhir_member(context, best, "value");
}

/* ---- names, addresses, telephones ---- */

bool fhir_name(struct fhir_context *context, const struct value *from, struct report_name *name)
{
    static const struct {
        const char *use;
        uint8_t     is;
    } uses[] = {
        { "official", REPORT_NAME_LEGAL }, { "usual", REPORT_NAME_DISPLAY },       { "maiden", REPORT_NAME_BIRTH },
        { "nickname", REPORT_NAME_ALIAS }, { "anonymous", REPORT_NAME_PSEUDONYM }, { "old", REPORT_NAME_ALIAS },
    };
    const struct value *given = value_get(from, "given");
    struct report_name  made = {
         .family = fhir_member(context, from, "family"),
         .given = fhir_text(context, value_at(given, 0)),
         .further = fhir_join(context, given, 1),
         .prefix = fhir_join(context, value_get(from, "prefix"), 0),
         .suffix = fhir_join(context, value_get(from, "suffix"), 0),
    };
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        if (value_is_text(value_get(from, "use"), uses[i].use))
            made.use = uses[i].is;
    if (meaning_is_redacted(made.family))
        made.family = (struct report_text){ 0 };
    if (meaning_is_redacted(made.given))
        made.given = (struct report_text){ 0 };
    if (made.family.size == 0 && made.given.size == 0) {
        made.whole = fhir_member(context, from, "text");
        if (made.whole.size == 0 || meaning_is_redacted(made.whole))
            return false;
    }
    *name = made;
    return true;
}

void fhir_address(struct fhir_context *context, const struct value *from, struct report_address *address)
{
    const struct value *line = value_get(from, "line");
    *address = (struct report_address){
        .use = fhir_member(context, from, "use"),
        .street = fhir_text(context, value_at(line, 0)),
        .other = fhir_join(context, line, 1),
        .city = fhir_member(context, from, "city"),
        .county = fhir_member(context, from, "district"),
        .state = fhir_member(context, from, "state"),
        .postcode = fhir_member(context, from, "postalCode"),
        .country = fhir_member(context, from, "country"),
    };
    if (address->street.size == 0 && address->city.size == 0)
        address->street = fhir_member(context, from, "text");
}

/* Digits, and a + in front. */
static struct report_text digits_of(struct fhir_context *context, struct report_text text)
{
    char  *digits = arena_array(context->report->arena, text.size, 1);
    size_t used = 0;
    if (digits == NULL) {
        context->report->out_of_memory = true;
        return (struct report_text){ 0 };
    }
    for (size_t i = 0; i < text.size; i++)
        if ((text.bytes[i] >= '0' && text.bytes[i] <= '9') || (text.bytes[i] == '+' && used == 0))
            digits[used++] = text.bytes[i];
    return (struct report_text){ digits, used };
}

bool fhir_telecom(struct fhir_context *context, const struct value *from, struct report_telecom *telecom)
{
    const struct value   *system = value_get(from, "system"), *use = value_get(from, "use");
    struct report_telecom made = { .kind = REPORT_TELECOM_OTHER, .use = fhir_text(context, use) };
    bool                  spoken = value_is_text(system, "phone") || value_is_text(system, "sms");
    made.number = fhir_member(context, from, "value");
    if (made.number.size == 0 || meaning_is_redacted(made.number))
        return false;
    if (spoken)
        made.kind = value_is_text(use, "mobile") || value_is_text(system, "sms") ? REPORT_MOBILE : REPORT_TELEPHONE;
    else if (value_is_text(system, "fax"))
        made.kind = REPORT_FAX;
    else if (value_is_text(system, "email"))
        made.kind = REPORT_MAIL;
    if (made.kind == REPORT_TELEPHONE || made.kind == REPORT_MOBILE || made.kind == REPORT_FAX)
        made.number = digits_of(context, made.number);
    *telecom = made;
    return made.number.size > 0;
}

/* ---- value[x] ---- */

static double number_of(const struct value *value)
{
    double number = NAN;
    value_to_number(value, &number);
    return number;
}

static struct report_concept unit_of(struct fhir_context *context, const struct value *quantity)
{
    struct report_concept unit = { .text = fhir_member(context, quantity, "unit") };
    struct report_text    code = fhir_member(context, quantity, "code");
    if (code.size == 0)
        return unit;
    unit.codings = arena_array(context->report->arena, 1, sizeof *unit.codings);
    if (unit.codings == NULL) {
        context->report->out_of_memory = true;
        return unit;
    }
    unit.num_codings = 1;
    unit.codings[0].code = code;
    unit.codings[0].display = unit.text;
    unit.codings[0].system_sent = fhir_member(context, quantity, "system");
    unit.codings[0].system = (uint8_t) code_tables_system(context->source.tables, unit.codings[0].system_sent);
    return unit;
}

static void read_quantity(struct fhir_context *context, const struct value *quantity, struct report_value *made)
{
    made->kind = REPORT_VALUE_NUMBER;
    made->number = number_of(value_get(quantity, "value"));
    made->sent = fhir_member(context, quantity, "value");
    made->unit = unit_of(context, quantity);
    meaning_comparator(made, fhir_member(context, quantity, "comparator"));
}

static void read_two(struct fhir_context *context, const struct value *low, const struct value *high,
                     struct report_value *made)
{
    made->number = number_of(value_get(low, "value"));
    made->high = number_of(value_get(high, "value"));
    made->sent = fhir_member(context, low, "value");
    made->unit = unit_of(context, high != NULL ? high : low);
    meaning_comparator(made, fhir_member(context, low, "comparator"));
}

static void read_coded(struct fhir_context *context, const struct value *value, struct report_value *made)
{
    made->kind = REPORT_VALUE_CODED;
    made->concept = fhir_concept(context, value);
    made->sent = made->concept.text;
    if (made->concept.num_codings > 0)
    made->sent =
        made->concept.codings[0].code.size > 0 ? made->concept.codings[0].code : made->concept.codings[0].display;
}

static void read_coding(struct fhir_context *context, const struct value *coding, struct report_value *made)
{
    made->kind = REPORT_VALUE_CODED;
    made->concept.codings = arena_array(context->report->arena, 1, sizeof *made->concept.codings);
    if (made->concept.codings == NULL) {
        context->report->out_of_memory = true;
        return;
    }
    struct report_code *code = made->concept.codings;
    code->code = made->sent = fhir_member(context, coding, "code");
    code->display = fhir_member(context, coding, "display");
    code->system_sent = fhir_member(context, coding, "system");
    code->system = (uint8_t) code_tables_system(context->source.tables, code->system_sent);
    made->concept.num_codings = 1;
}

static bool named(const struct value *key, size_t prefix, const char *type)
{
    return key->length == prefix + strlen(type) && memcmp(key->text + prefix, type, key->length - prefix) == 0;
}

static void read_form(struct fhir_context *context, const struct value *key, size_t prefix, struct report_value *made)
{
    const struct value *value = key + 1;
    if (named(key, prefix, "Quantity")) {
        read_quantity(context, value, made);
    } else if (named(key, prefix, "CodeableConcept")) {
        read_coded(context, value, made);
    } else if (named(key, prefix, "Coding")) {
        read_coding(context, value, made);
    } else if (named(key, prefix, "Range")) {
        made->kind = REPORT_VALUE_RANGE;
        read_two(context, value_get(value, "low"), value_get(value, "high"), made);
    } else if (named(key, prefix, "Ratio")) {
        made->kind = REPORT_VALUE_RATIO;
        read_two(context, value_get(value, "numerator"), value_get(value, "denominator"), made);
    } else if (named(key, prefix, "dateTime") || named(key, prefix, "DateTime") || named(key, prefix, "Date") ||
               named(key, prefix, "Period")) {
        made->kind = REPORT_VALUE_TIME;
        made->time = fhir_time(context, value->kind == VALUE_OBJECT ? value_get(value, "start") : value);
        made->sent = made->time.sent;
    } else if (named(key, prefix, "Integer") || named(key, prefix, "Decimal")) {
        made->kind = REPORT_VALUE_NUMBER;
        made->number = number_of(value);
        made->sent = fhir_text(context, value);
    } else if (named(key, prefix, "Attachment")) {
        made->kind = REPORT_VALUE_DOCUMENT;
    } else if (named(key, prefix, "SampledData") || named(key, prefix, "Time") || named(key, prefix, "Reference")) {
        made->kind = REPORT_VALUE_OTHER;
        made->sent = fhir_text(context, value);
    } else {
        made->sent = fhir_text(context, value);
        if (!meaning_number_text(made->sent, made))
            made->kind = REPORT_VALUE_TEXT;
    }
}

struct report_value fhir_value(struct fhir_context *context, const struct value *object, const char *prefix)
{
    struct report_value made = { .number = NAN, .high = NAN };
    size_t              length = strlen(prefix);
    for (VALUE_EACH_PAIR(key, object)) {
        if (key->length <= length || memcmp(key->text, prefix, length) != 0 || key->text[length] < 'A' ||
            key->text[length] > 'Z')
            continue;
        if (!fhir_is_struck(context, key + 1))
            read_form(context, key, length, &made);
        break;
    }
    return made;
}
