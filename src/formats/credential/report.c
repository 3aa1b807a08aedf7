/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/report.h"

#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "base/json_writer.h"
#include "base/text.h"

#define DAY 86400
#define HOLDER_BYTES 256

/* ---- parts of both ---- */

/* A day, "" where it is not known. */
static void day_text(int64_t seconds, char text[INSTANT_TEXT_BYTES])
{
    text[0] = '\0';
    if (seconds != CREDENTIAL_NO_TIME && seconds > INT64_MIN / INSTANT_SECOND && seconds < INT64_MAX / INSTANT_SECOND)
        instant_to_text(seconds * INSTANT_SECOND, text);
    text[text[0] == '\0' ? 0 : 10] = '\0';
}

static const char *use_word(unsigned uses)
{
    switch (uses) {
    case CREDENTIAL_USE_TEST: return "test";
    case CREDENTIAL_USE_VACCINATION: return "vaccination";
    case CREDENTIAL_USE_RECOVERY: return "recovery";
    case 0: return "";
    default: return "several";
    }
}

static const char *form_word(enum credential_form form)
{
    return form == CREDENTIAL_HC1 ? "HC1" : form == CREDENTIAL_SMART ? "SMART" : "";
}

/* Of an HC1 in hexadecimal digits, of a SMART card as its characters. */
static void kid_text(const struct credential_answer *answer, char text[2 * CREDENTIAL_KID_MOST + 1])
{
    text[0] = '\0';
    if (answer->form == CREDENTIAL_SMART)
        text_escape((const char *) answer->kid, answer->kid_size, text, 2 * CREDENTIAL_KID_MOST + 1);
    else
        for (size_t i = 0; i < answer->kid_size; i++)
            snprintf(text + 2 * i, 3, "%02x", answer->kid[i]);
}

static size_t add_text(char *text, size_t at, size_t room, const char *between, const struct value *value)
{
    char shown[HOLDER_BYTES];
    if (!value_is(value, VALUE_TEXT) || value->length == 0)
        return at;
    text_escape(value->text, value->length, shown, sizeof shown);
    int num = snprintf(text + at, room - at, "%s%s", at > 0 ? between : "", shown);
    return num > 0 && (size_t) num < room - at ? at + (size_t) num : room - 1;
}

static const struct value *patient_of(const struct value *bundle)
{
    for (VALUE_EACH(entry, value_get(bundle, "entry"))) {
        const struct value *resource = value_get(entry, "resource");
        if (value_is_text(value_get(resource, "resourceType"), "Patient"))
            return resource;
    }
    return NULL;
}

/* Name and birth date, as the credential has them. */
static void holder_of(const struct credential_answer *answer, char name[HOLDER_BYTES], char born[HOLDER_BYTES])
{
    const struct value *payload = answer->payload;
    size_t              at = 0;
    name[0] = born[0] = '\0';
    if (answer->kind == CREDENTIAL_DCC) {
        const struct value *parts = value_get(payload, "nam");
        at = add_text(name, at, HOLDER_BYTES, "",
                      value_get(parts, "fn") != NULL ? value_get(parts, "fn") : value_get(parts, "fnt"));
        add_text(name, at, HOLDER_BYTES, ", ",
                 value_get(parts, "gn") != NULL ? value_get(parts, "gn") : value_get(parts, "gnt"));
        add_text(born, 0, HOLDER_BYTES, "", value_get(payload, "dob"));
    } else if (answer->kind == CREDENTIAL_DDCC) {
        add_text(name, 0, HOLDER_BYTES, "", value_get(payload, "name"));
        add_text(born, 0, HOLDER_BYTES, "", value_get(payload, "birthDate"));
    } else if (answer->kind == CREDENTIAL_FHIR) {
        const struct value *patient = patient_of(payload), *first = value_at(value_get(patient, "name"), 0);
        at = add_text(name, at, HOLDER_BYTES, "", value_get(first, "family"));
        for (VALUE_EACH(given, value_get(first, "given")))
            at = add_text(name, at, HOLDER_BYTES, at > 0 ? " " : "", given);
        add_text(born, 0, HOLDER_BYTES, "", value_get(patient, "birthDate"));
    }
}

/* Who names nobody is not to be compared with a document. */
static const char *next_of(const struct credential_answer *answer, enum credential_language language)
{
    char name[HOLDER_BYTES], born[HOLDER_BYTES];
    holder_of(answer, name, born);
    bool named = name[0] != '\0' || born[0] != '\0';
    explicit_bzero(name, sizeof name);
    explicit_bzero(born, sizeof born);
    return answer->verdict == CREDENTIAL_GENUINE && !named ? credential_nameless_next(language)
                                                           : credential_verdict_next(answer->verdict, language);
}

/* What its issuer should know; the person is not to suffer for it. NULL = nothing. */
static const char *note_of(const struct credential_found *found)
{
    return found->answer->in_parts ? "numbered as a part of several QR codes: SMART cards are no longer issued so"
                                   : NULL;
}

/* How old the knowledge was that answered. */
static void put_age(struct sink *sink, const char *what, int64_t dated, int64_t now)
{
    char day[INSTANT_TEXT_BYTES];
    day_text(dated, day);
    if (dated == CREDENTIAL_NO_TIME) {
        sink_format(sink, "%s of unknown date", what);
        return;
    }
    int64_t days = (now - dated) / DAY;
    sink_format(sink, "%s of %s", what, day);
    if (days > 0)
        sink_format(sink, " (%lld day%s old)", (long long) days, days == 1 ? "" : "s");
}

/* ---- in words ---- */

static void put_issuer(struct sink *sink, const struct credential_answer *answer)
{
    char from[INSTANT_TEXT_BYTES], to[INSTANT_TEXT_BYTES], kid[2 * CREDENTIAL_KID_MOST + 1], issuer[HOLDER_BYTES];
    day_text(answer->issued, from);
    day_text(answer->expires, to);
    kid_text(answer, kid);
    text_escape(answer->issuer.text != NULL ? answer->issuer.text : "", answer->issuer.size, issuer, sizeof issuer);
    if (answer->kid_size > 0) {
        sink_format(sink, "   issuer  %s%skey %s", issuer, issuer[0] != '\0' ? ", " : "", kid);
        if (answer->signer != NULL && answer->signer->country[0] != '\0')
            sink_format(sink, " of %s", answer->signer->country);
        sink_text(sink, "\n");
    }
    if (from[0] != '\0')
        sink_format(sink, "   issued  %s\n", from);
    if (to[0] != '\0')
        sink_format(sink, "   until   %s\n", to);
}

static void put_lists(struct sink *sink, const struct credential_found *found)
{
    const struct credential_answer *answer = found->answer;
    sink_text(sink, "   lists   ");
    if (answer->signer != NULL)
        put_age(sink, found->trust->lists[answer->signer->list].name, answer->trust_dated, found->now);
    else if (found->trust->num_lists > 0)
        put_age(sink, "oldest trust list", answer->trust_dated, found->now);
    else
        sink_text(sink, "no trust list");
    if (answer->revocation_dated != CREDENTIAL_NO_TIME) {
        sink_text(sink, "; ");
        put_age(sink, "revocation list", answer->revocation_dated, found->now);
    } else if (answer->form == CREDENTIAL_HC1) {
        sink_text(sink, "; no revocation list of this issuer");
    }
    sink_text(sink, "\n");
}

/* A text of the rules' file, in one line. */
static void put_value(struct sink *sink, const char *before, const struct value *text)
{
    char shown[1024];
    if (!value_is(text, VALUE_TEXT))
        return;
    text_escape(text->text, text->length, shown, sizeof shown);
    sink_format(sink, "%s%s\n", before, shown);
}

static void put_fit(struct sink *sink, const struct credential_found *found, const char *language)
{
    const struct credential_rules_answer *fit = found->fit;
    const char                           *text;
    size_t                                size;
    if (found->rules == NULL || found->answer->verdict != CREDENTIAL_GENUINE)
        return;
    if (fit == NULL) {
        sink_text(sink, "   rules   written for the EU's content; this credential has another\n");
        return;
    }
    sink_format(sink, "   rules   %s\n", credential_fit_text(fit->fit, language));
    for (size_t i = 0; i < fit->num_results; i++) {
        const struct credential_rule *rule = fit->results[i].rule;
        if (fit->results[i].verdict == CREDENTIAL_RULE_MET)
            continue;
        sink_format(sink, "           %s: %s\n", rule->identifier,
                    credential_rule_verdict_word(fit->results[i].verdict));
        put_value(sink, "             ", credential_rule_description(rule, language));
        put_value(sink, "             legal basis: ", credential_rule_legal_basis(found->rules, rule, language));
        put_value(sink, "             ends: ", credential_rule_end(rule));
    }
    if (fit->fit != CREDENTIAL_FITS) {
        credential_rules_other_way(found->rules, language, &text, &size);
        sink_text(sink, "   or      ");
        sink_write(sink, text, size);
        sink_text(sink, "\n");
    }
}

static void report_text(struct sink *sink, const struct credential_style *style, const struct credential_found *found)
{
    const struct credential_answer *answer = found->answer;
    char                            name[HOLDER_BYTES], born[HOLDER_BYTES];
    holder_of(answer, name, born);
    sink_format(sink, "%llu  %s%s%s\n", (unsigned long long) found->number, credential_verdict_word(answer->verdict),
                answer->uses != 0 ? ": " : "", use_word(answer->uses));
    sink_format(sink, "   %s\n", credential_verdict_text(answer->verdict, style->language));
    if (answer->verdict != CREDENTIAL_GENUINE && answer->why.what != NULL)
        sink_format(sink, "   because %s; wanted: %s\n", answer->why.what, answer->why.allowed);
    if (name[0] != '\0' || born[0] != '\0')
        sink_format(sink, "   holder  %s%s%s\n", name, born[0] != '\0' ? ", born " : "", born);
    put_issuer(sink, answer);
    put_lists(sink, found);
    put_fit(sink, found, credential_language_code(style->language));
    if (note_of(found) != NULL)
        sink_format(sink, "   note    %s\n", note_of(found));
    sink_format(sink, "   next    %s\n", next_of(answer, style->language));
    if (!credential_verdict_reviewed(style->language))
        sink_text(sink, "           (machine translation, not yet reviewed)\n");
    explicit_bzero(name, sizeof name);
    explicit_bzero(born, sizeof born);
}

/* ---- JSON ---- */

static void json_day(struct json_writer *json, const char *key, int64_t seconds)
{
    char text[INSTANT_TEXT_BYTES] = "";
    if (seconds == CREDENTIAL_NO_TIME || seconds < INT64_MIN / INSTANT_SECOND || seconds > INT64_MAX / INSTANT_SECOND ||
        instant_to_text(seconds * INSTANT_SECOND, text) == 0)
        return;
    json_key(json, key);
    json_put_string(json, text);
}

static void json_pair(struct json_writer *json, const char *key, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    json_key(json, key);
    json_put_string(json, text);
}

/* A text of the rules' file. */
static void json_value(struct json_writer *json, const char *key, const struct value *text)
{
    if (!value_is(text, VALUE_TEXT) || text->length == 0)
        return;
    json_key(json, key);
    json_put_string_of(json, text->text, text->length);
}

static void json_results(struct json_writer *json, const struct credential_found *found, const char *language)
{
    json_key(json, "results");
    json_begin_array(json);
    for (size_t i = 0; found->fit != NULL && i < found->fit->num_results; i++) {
        const struct credential_rule_result *result = &found->fit->results[i];
        json_begin_object(json);
        json_pair(json, "rule", result->rule->identifier);
        json_pair(json, "verdict", credential_rule_verdict_word(result->verdict));
        json_value(json, "says", credential_rule_description(result->rule, language));
        json_value(json, "legal_basis", credential_rule_legal_basis(found->rules, result->rule, language));
        json_value(json, "ends", credential_rule_end(result->rule));
        json_end(json);
    }
    json_end(json);
}

static void json_fit(struct json_writer *json, const struct credential_found *found, const char *language)
{
    enum credential_fit     fit = found->fit != NULL ? found->fit->fit : CREDENTIAL_NO_RULE;
    enum credential_outcome outcome = credential_outcome_of(found->answer, found->fit);
    const char             *other_way;
    size_t                  size;
    if (found->rules == NULL)
        return;
    json_pair(json, "outcome", credential_outcome_word(outcome));
    if (outcome != CREDENTIAL_OUTCOME_FITS) {
        credential_rules_other_way(found->rules, language, &other_way, &size);
        json_key(json, "other_way");
        json_put_string_of(json, other_way, size);
    }
    if (found->answer->verdict != CREDENTIAL_GENUINE)
        return;
    json_key(json, "rules");
    json_begin_object(json);
    json_pair(json, "fit", credential_fit_word(fit));
    json_pair(json, "text", credential_fit_text(fit, language));
    json_results(json, found, language);
    json_end(json);
}

static void json_holder(struct json_writer *json, const struct credential_answer *answer)
{
    char name[HOLDER_BYTES], born[HOLDER_BYTES];
    holder_of(answer, name, born);
    json_key(json, "holder");
    json_begin_object(json);
    json_pair(json, "name", name);
    json_pair(json, "born", born);
    json_end(json);
    explicit_bzero(name, sizeof name);
    explicit_bzero(born, sizeof born);
}

static void json_lists(struct json_writer *json, const struct credential_found *found)
{
    const struct credential_answer *answer = found->answer;
    if (answer->signer != NULL)
        json_pair(json, "trust_list", found->trust->lists[answer->signer->list].name);
    json_day(json, "trust_dated", answer->trust_dated);
    if (answer->trust_dated != CREDENTIAL_NO_TIME) {
        json_key(json, "trust_age_days");
        json_put_integer(json, (found->now - answer->trust_dated) / DAY);
    }
    json_day(json, "revocation_dated", answer->revocation_dated);
}

static void report_json(struct sink *sink, const struct credential_style *style, const struct credential_found *found)
{
    const struct credential_answer *answer = found->answer;
    char                            kid[2 * CREDENTIAL_KID_MOST + 1];
    struct json_writer              json;
    kid_text(answer, kid);
    json_writer_init(&json, sink);
    json_begin_object(&json);
    json_key(&json, "number");
    json_put_integer(&json, (int64_t) found->number);
    json_pair(&json, "verdict", credential_verdict_word(answer->verdict));
    json_pair(&json, "text", credential_verdict_text(answer->verdict, style->language));
    json_pair(&json, "next", next_of(answer, style->language));
    if (answer->verdict != CREDENTIAL_GENUINE) {
        json_pair(&json, "because", answer->why.what);
        json_pair(&json, "wanted", answer->why.allowed);
    }
    json_pair(&json, "note", note_of(found));
    json_pair(&json, "form", form_word(answer->form));
    json_pair(&json, "kind", use_word(answer->uses));
    if (answer->issuer.text != NULL) {
        json_key(&json, "issuer");
        json_put_string_of(&json, answer->issuer.text, answer->issuer.size);
    }
    json_pair(&json, "kid", kid);
    json_day(&json, "issued", answer->issued);
    json_day(&json, "expires", answer->expires);
    json_lists(&json, found);
    json_fit(&json, found, credential_language_code(style->language));
    if (style->holder && answer->payload != NULL)
        json_holder(&json, answer);
    json_end(&json);
}

void credential_report(struct sink *sink, const struct credential_style *style, const struct credential_found *found)
{
    if (style->format == CREDENTIAL_AS_TEXT) {
        if (found->number > 1)
            sink_text(sink, "\n");
        report_text(sink, style, found);
        return;
    }
    if (style->format == CREDENTIAL_AS_JSON)
        sink_text(sink, found->number == 1 ? "[" : ",\n");
    report_json(sink, style, found);
    if (style->format == CREDENTIAL_AS_NDJSON)
        sink_text(sink, "\n");
}
