/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which rules count for a pass, and what each says of it. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "formats/credential/rules_reading.h"
#include "tocsin/status.h"

/* ---- what rules see besides the pass: a small object made of values ---- */

static struct value *add_value(struct credential_rules_checker *checker, enum value_kind kind, const char *text,
                               size_t length)
{
    struct value *value = &checker->external[checker->num_values++];
    *value = (struct value){ .kind = (uint8_t) kind, .size = 1, .text = text, .length = (uint32_t) length };
    return value;
}

/* A pair; text NULL: null. Long texts are of the caller and stay there. */
static void add_pair(struct credential_rules_checker *checker, const char *key, const char *text)
{
    add_value(checker, VALUE_TEXT, key, strlen(key));
    if (text != NULL)
        add_value(checker, VALUE_TEXT, text, strlen(text));
    else
        add_value(checker, VALUE_NULL, NULL, 0);
    checker->external->count++;
}

/* Room in the checker's text, kept until the next question. All its uses together fit (kid of 64 bytes at most). */
static char *take_text(struct credential_rules_checker *checker, size_t size)
{
    char *text = checker->text + checker->used_text;
    checker->used_text += size;
    return text;
}

enum { INSTANT_BYTES = 48, KID_MOST = 64 };

static const char *instant(struct credential_rules_checker *checker, int64_t seconds)
{
    struct tm parts;
    time_t    time = (time_t) seconds;
    if (seconds == CREDENTIAL_NO_INSTANT || gmtime_r(&time, &parts) == NULL || parts.tm_year < -1900 ||
        parts.tm_year > 8099)
        return NULL;
    char *text = take_text(checker, INSTANT_BYTES);
    snprintf(text, INSTANT_BYTES, "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900, parts.tm_mon + 1,
             parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
    return text;
}

static const char *base64(struct credential_rules_checker *checker, const uint8_t *bytes, size_t size)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size = size < KID_MOST ? size : KID_MOST;
    char *text = take_text(checker, (size + 2) / 3 * 4 + 1), *to = text;
    for (size_t i = 0; i < size; i += 3) {
        uint32_t three = (uint32_t) bytes[i] << 16 | (i + 1 < size ? (uint32_t) bytes[i + 1] << 8 : 0) |
                         (i + 2 < size ? bytes[i + 2] : 0U);
        *to++ = letters[three >> 18];
        *to++ = letters[three >> 12 & 63];
        *to++ = i + 1 < size ? letters[three >> 6 & 63] : '=';
        *to++ = i + 2 < size ? letters[three & 63] : '=';
    }
    *to = '\0';
    return text;
}

void credential_rules_prepare(struct credential_rules_checker        *checker,
                              const struct credential_rules_question *question)
{
    int64_t day = question->now - ((question->now % 86400) + 86400) % 86400;
    checker->num_values = 0;
    checker->used_text = 0;
    add_value(checker, VALUE_OBJECT, NULL, 0)->count = 0;
    add_pair(checker, "validationClock", instant(checker, question->now));
    add_pair(checker, "validationClockAtStartOfDay", instant(checker, day));
    add_pair(checker, "countryCode", question->country);
    add_pair(checker, "issuerCountryCode", question->issuer);
    add_pair(checker, "region", question->region);
    add_pair(checker, "exp", instant(checker, question->expires));
    add_pair(checker, "iat", instant(checker, question->issued));
    add_pair(checker, "kid", base64(checker, question->kid, question->kid_size));
    checker->external->size = (uint32_t) checker->num_values;
}

void credential_rules_wipe(struct credential_rules_checker *checker)
{
    explicit_bzero(checker, sizeof *checker);
}

/* ---- one rule ---- */

static const char newer_engine[] = "the rule is written for a newer engine";

/* A rule written for another major form of the payload would look in the wrong places. */
static bool other_form(const struct credential_rule *rule, const struct value *payload)
{
    const struct value *own = value_get(payload, "ver"), *asked = value_get(rule->json, "SchemaVersion");
    return value_is(own, VALUE_TEXT) && value_is(asked, VALUE_TEXT) && own->length > 0 && asked->length > 0 &&
           own->text[0] >= '0' && own->text[0] <= '9' && own->text[0] != asked->text[0];
}

static void parts_of(const struct credential_rules *rules, const struct credential_rules_question *question,
                     const struct credential_rules_checker *checker, const struct value *parts[RULES_NUM_PARTS])
{
    parts[RULES_PAYLOAD] = question->payload;
    parts[RULES_VALUE_SETS] = rules->sets.num_values > 0 ? rules->sets.values : NULL;
    parts[RULES_EXTERNAL] = checker->external;
}

enum credential_rule_verdict credential_rule_evaluate(const struct credential_rules          *rules,
                                                      const struct credential_rule           *rule,
                                                      const struct credential_rules_question *question,
                                                      struct credential_rules_checker *checker, const char **error)
{
    const struct value *parts[RULES_NUM_PARTS];
    struct logic_value  result;
    const char         *why = NULL;
    parts_of(rules, question, checker, parts);
    if (rule->program == NULL)
        why = newer_engine;
    else if (other_form(rule, question->payload))
        why = "the rule is written for another form of the pass";
    else if (logic_evaluate(rule->program, parts, &checker->machine, &result) != 0)
        why = checker->machine.error;
    else if (result.kind != LOGIC_TRUE && result.kind != LOGIC_FALSE)
        why = "the rule answers neither true nor false";
    if (error != NULL)
        *error = why;
    return why != NULL                 ? CREDENTIAL_RULE_OPEN
           : result.kind == LOGIC_TRUE ? CREDENTIAL_RULE_MET
                                       : CREDENTIAL_RULE_NOT_MET;
}

void credential_rule_explain(const struct credential_rules *rules, const struct credential_rule *rule,
                             const struct credential_rules_question *question, struct credential_rules_checker *checker,
                             struct sink *sink)
{
    const struct value *parts[RULES_NUM_PARTS];
    struct logic_reason reason;
    const char         *error;
    parts_of(rules, question, checker, parts);
    credential_rule_evaluate(rules, rule, question, checker, &error);
    if (rule->newer_engine || other_form(rule, question->payload)) {
        sink_text(sink, error != NULL ? error : newer_engine);
        return;
    }
    logic_explain(rule->program, parts, &checker->machine, &reason);
    logic_reason_write(&reason, sink);
}

/* ---- choosing ---- */

static unsigned kinds_of(const struct value *payload)
{
    static const char *const keys[] = { "v", "t", "r" };
    unsigned                 kinds = 0;
    for (unsigned i = 0; i < 3; i++) {
        const struct value *group = value_get(payload, keys[i]);
        if (value_is(group, VALUE_ARRAY) && group->count > 0)
            kinds |= 1U << i;
    }
    return kinds;
}

/* The first of `sorted` that is not before this country and type. */
static size_t first_of(const struct credential_rules *rules, const char *country, const char *type)
{
    struct credential_rule wanted = {
        .country = country, .type = type, .identifier = "", .version = { UINT16_MAX, UINT16_MAX, UINT16_MAX }
    };
    size_t low = 0, high = rules->num_rules;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (credential_rule_order(rules->sorted[middle], &wanted) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Evaluate the rules of a country and type that count. False where they are too many. */
static bool check_type(const struct credential_rules *rules, const struct credential_rules_question *question,
                       const char *country, const char *type, struct credential_rules_checker *checker,
                       struct credential_rules_answer *answer)
{
    const char *region = question->region != NULL && strcasecmp(question->region, country) != 0 ? question->region : "";
    unsigned    kinds = kinds_of(question->payload);
    const char *taken = NULL; /* the highest version of an identifier comes first */
    for (size_t i = first_of(rules, country, type); i < rules->num_rules; i++) {
        const struct credential_rule *rule = rules->sorted[i];
        if (strcasecmp(rule->country, country) != 0 || strcmp(rule->type, type) != 0)
            break;
        bool counts = (rule->kinds & kinds) != 0 && strcasecmp(rule->region, region) == 0 &&
                      rule->from / 1000 <= question->now && question->now <= rule->to / 1000;
        if (!counts || (taken != NULL && strcmp(taken, rule->identifier) == 0))
            continue;
        taken = rule->identifier;
        if (answer->num_results == CREDENTIAL_RULES_AT_ONCE)
            return false;
        struct credential_rule_result *result = &answer->results[answer->num_results++];
        result->rule = rule;
        result->verdict = credential_rule_evaluate(rules, rule, question, checker, &result->error);
        if (rule->newer_engine) { /* what it came to here may not be what was meant */
            result->verdict = CREDENTIAL_RULE_OPEN;
            result->error = newer_engine;
        }
    }
    return true;
}

static enum credential_fit fit_of(const struct credential_rules_answer *answer)
{
    enum credential_fit fit = answer->num_results > 0 ? CREDENTIAL_FITS : CREDENTIAL_NO_RULE;
    for (size_t i = 0; i < answer->num_results; i++) {
        if (answer->results[i].verdict == CREDENTIAL_RULE_NOT_MET)
            return CREDENTIAL_DOES_NOT_FIT;
        if (answer->results[i].verdict == CREDENTIAL_RULE_OPEN)
            fit = CREDENTIAL_FIT_OPEN;
    }
    return fit;
}

int credential_rules_check(const struct credential_rules *rules, const struct credential_rules_question *question,
                           struct credential_rules_checker *checker, struct credential_rules_answer *answer)
{
    answer->num_results = 0;
    credential_rules_prepare(checker, question);
    const char *type = question->type != NULL ? question->type : "Acceptance";
    bool        room = check_type(rules, question, question->country, type, checker, answer);
    /* Without a rule of acceptance nothing says that a pass fits, whatever its issuer has not withdrawn. */
    bool accepted = answer->num_results > 0;
    if (room && question->type == NULL && question->issuer != NULL)
        room = check_type(rules, question, question->issuer, "Invalidation", checker, answer);
    if (!room)
        return TOC_ERR_TOO_LARGE;
    answer->fit = fit_of(answer);
    if (!accepted && answer->fit != CREDENTIAL_DOES_NOT_FIT)
        answer->fit = CREDENTIAL_NO_RULE;
    return 0;
}
