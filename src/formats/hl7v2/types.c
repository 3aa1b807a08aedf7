/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/hl7v2/types.h"

#include <math.h>
#include <string.h>

#include "base/text.h"
#include "formats/hl7v2/time.h"

#define MOST 12 /* components that are read of any type here */

void hl7_fault(struct hl7_context *context, const struct hl7_segment *segment, uint32_t field, uint32_t repetition,
               uint32_t component, enum report_severity severity, enum report_rule rule, const char *what,
               const char *allowed)
{
    struct report_place place = hl7_place(context->message, segment, field, repetition, component);
    struct hl7_part     part = hl7_field(context->message, segment, field);
    if (repetition > 0)
        part = hl7_nth(part, context->message->repetition, repetition);
    if (component > 0)
        part = hl7_nth(part, context->message->component, component);
    report_add_fault(context->report, severity, rule, place, (struct report_text){ part.bytes, part.size }, what,
                     allowed);
}

struct report_text hl7_read_text(struct hl7_context *context, struct hl7_part part)
{
    return hl7_text(context->message, context->report, part);
}

static size_t components(struct hl7_context *context, struct hl7_part part, struct hl7_part parts[MOST])
{
    size_t num = hl7_split(part, context->message->component, parts, MOST);
    return num;
}

/* Component n of parts that were split; nothing where it was not written. */
static struct report_text component(struct hl7_context *context, const struct hl7_part *parts, size_t num, size_t n)
{
    if (n > num)
        return (struct report_text){ 0 };
    return hl7_read_text(context, parts[n - 1]);
}

/* ---- who ---- */

struct report_source hl7_read_hd(struct hl7_context *context, struct hl7_part part, char delimiter)
{
    struct hl7_part parts[4];
    size_t          num = hl7_split(part, delimiter, parts, 4);
    return (struct report_source){
        .name = component(context, parts, num, 1),
        .id = component(context, parts, num, 2),
        .id_kind = component(context, parts, num, 3),
    };
}

struct report_source hl7_read_xon(struct hl7_context *context, struct hl7_part part)
{
    struct hl7_part      parts[MOST];
    size_t               num = components(context, part, parts);
    struct report_source source = { .name = component(context, parts, num, 1),
                                    .id = component(context, parts, num, 10) };
    if (source.id.bytes == NULL)
        source.id = component(context, parts, num, 3);
    if (num >= 6 && parts[5].size > 0) {
        struct report_source authority = hl7_read_hd(context, parts[5], context->message->subcomponent);
        source.id_kind = authority.name.bytes != NULL ? authority.name : authority.id;
    }
    return source;
}

struct report_identifier hl7_read_cx(struct hl7_context *context, struct hl7_part part)
{
    struct hl7_part          parts[MOST];
    size_t                   num = components(context, part, parts);
    struct report_identifier identifier = { .value = component(context, parts, num, 1),
                                            .kind = component(context, parts, num, 5) };
    if (num >= 4)
        identifier.authority = hl7_read_hd(context, parts[3], context->message->subcomponent);
    if (num >= 6)
        identifier.facility = hl7_read_hd(context, parts[5], context->message->subcomponent);
    return identifier;
}

struct report_text hl7_read_ei(struct hl7_context *context, struct hl7_part part, struct report_source *giver)
{
    struct hl7_part parts[4];
    size_t          num = hl7_split(part, context->message->component, parts, 4);
    *giver = (struct report_source){
        .name = component(context, parts, num, 2),
        .id = component(context, parts, num, 3),
        .id_kind = component(context, parts, num, 4),
    };
    return component(context, parts, num, 1);
}

/* ---- people ---- */

static uint8_t name_use(struct report_text code)
{
    if (code.size != 1)
        return REPORT_NAME_UNSPECIFIED;
    switch (code.bytes[0]) {
    case 'L':
    case 'C': return REPORT_NAME_LEGAL;
    case 'B': return REPORT_NAME_BIRTH;
    case 'D': return REPORT_NAME_DISPLAY;
    case 'A':
    case 'N': return REPORT_NAME_ALIAS;
    case 'S': return REPORT_NAME_PSEUDONYM;
    default: return REPORT_NAME_UNSPECIFIED;
    }
}

static struct report_text name_part(struct hl7_context *context, const struct hl7_part *parts, size_t num, size_t n)
{
    struct report_text text = component(context, parts, num, n);
    return meaning_is_redacted(text) ? (struct report_text){ 0 } : text;
}

bool hl7_read_xpn(struct hl7_context *context, struct hl7_part part, struct report_name *name)
{
    struct hl7_part parts[MOST];
    size_t          num = components(context, part, parts);
    if (num > 0) /* FN: the surname is its first subcomponent */
        parts[0] = hl7_nth(parts[0], context->message->subcomponent, 1);
    struct report_name made = {
        .use = name_use(component(context, parts, num, 7)),
        .family = name_part(context, parts, num, 1),
        .given = name_part(context, parts, num, 2),
        .further = name_part(context, parts, num, 3),
        .suffix = component(context, parts, num, 4),
        .prefix = component(context, parts, num, 5),
        .representation = component(context, parts, num, 8),
    };
    if (!report_text_is_given(made.family) && !report_text_is_given(made.given))
        return false;
    *name = made;
    return true;
}

bool hl7_read_xad(struct hl7_context *context, struct hl7_part part, struct report_address *address)
{
    struct hl7_part parts[MOST], street[3];
    size_t          num = components(context, part, parts), num_street = 0;
    if (num > 0)
        num_street = hl7_split(parts[0], context->message->subcomponent, street, 3);
    if (num_street > 1) /* SAD: the whole line, or where it is empty the name of the street */
        parts[0] = street[0].size > 0 ? street[0] : street[1];
    struct report_address made = {
        .use = component(context, parts, num, 7),
        .street = name_part(context, parts, num, 1),
        .other = component(context, parts, num, 2),
        .city = component(context, parts, num, 3),
        .county = component(context, parts, num, 9),
        .state = component(context, parts, num, 4),
        .postcode = component(context, parts, num, 5),
        .country = component(context, parts, num, 6),
    };
    if (!report_text_is_given(made.street) && !report_text_is_given(made.city) && !report_text_is_given(made.state) &&
        !report_text_is_given(made.postcode) && !report_text_is_given(made.country) &&
        !report_text_is_given(made.county) && !report_text_is_given(made.other))
        return false;
    *address = made;
    return true;
}

/* Digits of a text, and a + at its beginning, up to an extension's letter; returns the bytes written. */
static size_t digits_of(struct report_text text, char *to)
{
    size_t num = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.bytes[i];
        if ((c >= '0' && c <= '9') || (c == '+' && num == 0))
            to[num++] = c;
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
            break;
    }
    return num;
}

/* The number from country code, area code and local number, or from the formatted text. */
static struct report_text number_of(struct hl7_context *context, const struct hl7_part *parts, size_t num)
{
    struct report_text whole = component(context, parts, num, 12), country = component(context, parts, num, 5),
                       area = component(context, parts, num, 6), local = component(context, parts, num, 7);
    bool in_parts = report_text_is_given(local) && !meaning_is_redacted(local);
    if (!report_text_is_given(whole) || meaning_is_redacted(whole))
        whole = component(context, parts, num, 1);
    if (!in_parts && (!report_text_is_given(whole) || meaning_is_redacted(whole)))
        return (struct report_text){ 0 };
    size_t room = in_parts ? country.size + area.size + local.size + 1 : whole.size;
    char  *text = arena_array(context->report->arena, room, 1);
    if (text == NULL) {
        context->report->out_of_memory = true;
        return (struct report_text){ 0 };
    }
    size_t used = 0;
    if (in_parts) {
        if (report_text_is_given(country)) {
            text[used++] = '+';
            if (country.bytes[0] == '+')
                country.bytes++, country.size--;
            used += digits_of(country, text + used);
        }
        used += digits_of(area, text + used);
        used += digits_of(local, text + used);
    } else {
        used = digits_of(whole, text);
    }
    return used > 1 ? (struct report_text){ text, used } : whole;
}

static uint8_t telecom_kind(struct report_text equipment)
{
    if (report_text_equals(equipment, "CP"))
        return REPORT_MOBILE;
    if (report_text_equals(equipment, "FX"))
        return REPORT_FAX;
    if (report_text_equals(equipment, "Internet") || report_text_equals(equipment, "X.400"))
        return REPORT_MAIL;
    if (equipment.size == 0 || report_text_equals(equipment, "PH") || report_text_equals(equipment, "SAT"))
        return REPORT_TELEPHONE;
    return REPORT_TELECOM_OTHER;
}

bool hl7_read_xtn(struct hl7_context *context, struct hl7_part part, struct report_telecom *telecom)
{
    struct hl7_part       parts[MOST];
    size_t                num = components(context, part, parts);
    struct report_text    mail = component(context, parts, num, 4);
    struct report_telecom made = { .kind = telecom_kind(component(context, parts, num, 3)),
                                   .use = component(context, parts, num, 2) };
    if (report_text_equals(made.use, "NET"))
        made.kind = REPORT_MAIL;
    if (made.kind == REPORT_MAIL || (report_text_is_given(mail) && memchr(mail.bytes, '@', mail.size) != NULL)) {
        made.kind = REPORT_MAIL;
        made.number = report_text_is_given(mail) ? mail : component(context, parts, num, 1);
    } else {
        made.number = number_of(context, parts, num);
    }
    if (!report_text_is_given(made.number) || meaning_is_redacted(made.number))
        return false;
    *telecom = made;
    return true;
}

/* ---- codes ---- */

struct report_concept hl7_read_cwe(struct hl7_context *context, struct hl7_part part)
{
    static const size_t first[] = { 1, 4, 10 }; /* of each triplet */
    struct hl7_part     parts[MOST];
    struct report_concept concept = { 0 };
    struct report_code codings[3];
    size_t             num = components(context, part, parts);
    for (size_t i = 0; i < 3 && first[i] <= num; i++) {
        struct report_code coding = {
            .code = component(context, parts, num, first[i]),
            .display = component(context, parts, num, first[i] + 1),
        };
        if (!report_text_is_given(coding.code) && !report_text_is_given(coding.display))
            continue;
        coding.system_sent = component(context, parts, num, first[i] + 2);
        coding.system = (uint8_t) code_tables_system(context->source.tables, coding.system_sent);
        codings[concept.num_codings++] = coding;
    }
    if (concept.num_codings > 0) {
        concept.codings = arena_array(context->report->arena, concept.num_codings, sizeof *concept.codings);
        if (concept.codings == NULL) {
            context->report->out_of_memory = true;
            return (struct report_concept){ 0 };
        }
        memcpy(concept.codings, codings, concept.num_codings * sizeof *codings);
    }
    concept.text = component(context, parts, num, 9);
    return concept;
}

/* ---- times and numbers ---- */

struct report_time hl7_read_time(struct hl7_context *context, const struct hl7_segment *segment, uint32_t field)
{
    struct report_time time;
    const char        *what = NULL;
    struct hl7_part    part = hl7_first(context->message, segment, field);
    if (part.size == 0)
        return (struct report_time){ 0 };
    struct hl7_same *same = &context->same;
    for (unsigned i = 0; i < HL7_SAME_TIMES; i++)
        if (part.size == same->times[i].size && memcmp(part.bytes, same->times[i].bytes, part.size) == 0)
            return same->times_read[i];
    struct hl7_part whole = part;
    part = hl7_nth(part, context->message->component, 1);
    enum hl7_dress dress = hl7_time_read(hl7_read_text(context, part), &time, &what);
    switch (dress) {
    case HL7_TIME_IMPOSSIBLE:
    case HL7_TIME_BAD:
        hl7_fault(context, segment, field, 1, 0, REPORT_WARNING, dress == HL7_TIME_BAD ? REPORT_TYPE : REPORT_VALUE,
                  what, "YYYYMMDDHHMMSS+ZZZZ, or less");
        break;
    case HL7_TIME_ISO:
        hl7_fault(context, segment, field, 1, 0, REPORT_INFORMATION, REPORT_TYPE, "written as ISO 8601, not as HL7",
                  "YYYYMMDDHHMMSS+ZZZZ, or less");
        break;
    case HL7_TIME_HL7:
    case HL7_TIME_MISSING: break;
    }
    if (context->options->now != NULL && report_time_compare(&time, context->options->now) > 0)
        hl7_fault(context, segment, field, 1, 0, REPORT_WARNING, REPORT_ORDER, "lies in the future", NULL);
    else if (dress == HL7_TIME_HL7) { /* the faults of others are told at every place */
        same->times[same->next_time] = whole;
        same->times_read[same->next_time] = time;
        same->next_time = (same->next_time + 1) % HL7_SAME_TIMES;
    }
    return time;
}
