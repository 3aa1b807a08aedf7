/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "base/json_reader.h"
#include "formats/credential/base45.h"
#include "formats/credential/cbor.h"
#include "formats/credential/cose.h"
#include "formats/credential/inflate.h"
#include "formats/credential/rules.h"
#include "support/test.h"

/* 2022-03-01T12:00:00Z */
#define NOON INT64_C(1646136000)

static struct credential_rules_checker checker;
static struct credential_rules_answer  answer;
static struct fault_list               faults;
static struct value_tree               pass;

/* One rule with what matters of it. */
#define RULE(identifier, type, country, kind, version, from, to, logic)                                                \
    "{\"Identifier\":\"" identifier "\",\"Type\":\"" type "\",\"Country\":\"" country "\",\"Version\":\"" version      \
    "\",\"SchemaVersion\":\"1.0.0\",\"Engine\":\"CERTLOGIC\",\"EngineVersion\":\"1.0.0\",\"CertificateType\":\"" kind  \
    "\",\"Description\":[{\"lang\":\"de\",\"desc\":\"Zwei Dosen\"},{\"lang\":\"en\",\"desc\":\"Two doses\"}],"         \
    "\"ValidFrom\":\"" from "\",\"ValidTo\":\"" to "\",\"AffectedFields\":[\"v.0.dn\"],\"Logic\":" logic "}"
#define PLAIN(identifier, logic)                                                                                       \
    RULE(identifier, "Acceptance", "DE", "Vaccination", "1.0.0", "2021-01-01T00:00:00Z", "2030-01-01T00:00:00Z", logic)
#define DOSES "{\">=\":[{\"var\":\"payload.v.0.dn\"},{\"var\":\"payload.v.0.sd\"}]}"

static struct credential_rules *read_rules(const char *text)
{
    struct credential_rules *rules = NULL;
    char                    *copy = strdup(text); /* not needed after reading */
    int                      status = credential_rules_read(copy, strlen(copy), "rules.json", &rules, &faults);
    memset(copy, 'x', strlen(copy));
    free(copy);
    if (status != 0) {
        fault_list_write(&faults, stderr);
        fail_msg("not read: %d", status);
    }
    return rules;
}

static struct credential_rules_question question_of(const char *payload)
{
    assert_ok(json_read(payload, strlen(payload), NULL, &pass, NULL));
    return (struct credential_rules_question){ .payload = pass.values,
                                               .now = NOON,
                                               .country = "DE",
                                               .issuer = "IT",
                                               .issued = NOON - 86400,
                                               .expires = NOON + 86400 };
}

static const char *const two_doses = "{\"ver\":\"1.3.0\",\"v\":[{\"dn\":2,\"sd\":2}]}";
static const char *const one_dose = "{\"ver\":\"1.3.0\",\"v\":[{\"dn\":1,\"sd\":2}]}";

static void check(const struct credential_rules *rules, const struct credential_rules_question *question)
{
    assert_ok(credential_rules_check(rules, question, &checker, &answer));
}

static void test_fits_or_not(void **state)
{
    (void) state;
    struct credential_rules         *rules = read_rules("[" PLAIN("VR-DE-0001", DOSES) "]");
    struct credential_rules_question question = question_of(two_doses);
    check(rules, &question);
    assert_int_equal(answer.fit, CREDENTIAL_FITS);
    assert_int_equal(answer.num_results, 1);
    question = question_of(one_dose);
    check(rules, &question);
    assert_int_equal(answer.fit, CREDENTIAL_DOES_NOT_FIT);
    assert_string_equal(answer.results[0].rule->identifier, "VR-DE-0001");
    struct sink sink = { .fd = -1 };
    credential_rule_explain(rules, answer.results[0].rule, &question, &checker, &sink);
    sink_character(&sink, '\0');
    assert_string_equal(sink.bytes, "payload.v.0.dn >= payload.v.0.sd; where payload.v.0.dn is 1, payload.v.0.sd is 2");
    sink_free(&sink);
    credential_rules_free(rules);
}

/* What is missing makes a rule open, not unmet; what is open does not hide what fails. */
static void test_open(void **state)
{
    (void) state;
    struct credential_rules         *rules = read_rules("[" PLAIN("A", DOSES) "]");
    struct credential_rules_question question = question_of("{\"ver\":\"1.3.0\",\"v\":[{\"sd\":2}]}");
    check(rules, &question);
    assert_int_equal(answer.fit, CREDENTIAL_FIT_OPEN);
    assert_int_equal(answer.results[0].verdict, CREDENTIAL_RULE_OPEN);
    assert_string_equal(answer.results[0].error, "all operands of a comparison operation must be of integer type");
    credential_rules_free(rules);
    rules = read_rules("[" PLAIN("A", DOSES) "," PLAIN("B", "false") "," PLAIN("C", "1") "]");
    check(rules, &question);
    assert_int_equal(answer.fit, CREDENTIAL_DOES_NOT_FIT);
    assert_int_equal(answer.num_results, 3);
    assert_string_equal(answer.results[2].error, "the rule answers neither true nor false");
    credential_rules_free(rules);
}

static size_t how_many(const char *text, const struct credential_rules_question *question)
{
    struct credential_rules *rules = read_rules(text);
    check(rules, question);
    credential_rules_free(rules);
    return answer.num_results;
}

static void test_which_rules_count(void **state)
{
    (void) state;
    struct credential_rules_question question = question_of(two_doses);
    assert_int_equal(how_many("[]", &question), 0); /* a node without rules */
    assert_int_equal(answer.fit, CREDENTIAL_NO_RULE);
    assert_int_equal(
        how_many("[" RULE("A", "Acceptance", "FR", "General", "1.0.0", "2021-01-01", "2030-01-01", "true") "]",
                 &question),
        0);
    assert_int_equal(answer.fit, CREDENTIAL_NO_RULE);
    assert_int_equal(
        how_many("[" RULE("A", "Acceptance", "de", "General", "1.0.0", "2021-01-01", "2030-01-01", "true") "]",
                 &question),
        1);
    assert_int_equal(
        how_many("[" RULE("A", "Acceptance", "DE", "Test", "1.0.0", "2021-01-01", "2030-01-01", "true") "]", &question),
        0);
    assert_int_equal(
        how_many("[" RULE("A", "Mask", "DE", "General", "1.0.0", "2021-01-01", "2030-01-01", "true") "]", &question),
        0);
    /* to the second, both ends counting */
    assert_int_equal(how_many("[" RULE("A", "Acceptance", "DE", "General", "1.0.0", "2022-03-01T12:00:00Z",
                                       "2030-01-01", "true") "]",
                              &question),
                     1);
    assert_int_equal(how_many("[" RULE("A", "Acceptance", "DE", "General", "1.0.0", "2022-03-01T12:00:01Z",
                                       "2030-01-01", "true") "]",
                              &question),
                     0);
    assert_int_equal(how_many("[" RULE("A", "Acceptance", "DE", "General", "1.0.0", "2021-01-01",
                                       "2022-03-01T12:00:00Z", "true") "]",
                              &question),
                     1);
    assert_int_equal(how_many("[" RULE("A", "Acceptance", "DE", "General", "1.0.0", "2021-01-01",
                                       "2022-03-01T11:59:59Z", "true") "]",
                              &question),
                     0);
    /* a day alone lasts to its end */
    assert_int_equal(
        how_many("[" RULE("A", "Acceptance", "DE", "General", "1.0.0", "2021-01-01", "2022-03-01", "true") "]",
                 &question),
        1);
}

static void test_the_highest_version_counts(void **state)
{
    (void) state;
    struct credential_rules_question question = question_of(two_doses);
    assert_int_equal(
        how_many("[" RULE("A", "Acceptance", "DE", "General", "1.9.0", "2021-01-01", "2030-01-01", "false") "," RULE(
                     "A", "Acceptance", "DE", "General", "1.10.0", "2021-01-01", "2030-01-01",
                     "true") "," RULE("A", "Acceptance", "DE", "General", "2.0.0", "2029-01-01", "2030-01-01",
                                      "false") "," RULE("B", "Acceptance", "DE", "Test", "2.0.0", "2021-01-01",
                                                        "2030-01-01",
                                                        "false") "," RULE("B", "Acceptance", "DE", "General", "1.0.0",
                                                                          "2021-01-01", "2030-01-01", "true") "]",
                 &question),
        2);
    assert_int_equal(answer.fit, CREDENTIAL_FITS);
}

/* The country that issued a pass can withdraw what it issued; that alone makes nothing fit. */
static void test_invalidation(void **state)
{
    (void) state;
    struct credential_rules_question question = question_of(two_doses);
    const char *withdrawn = "[" RULE("I", "Invalidation", "IT", "General", "1.0.0", "2021-01-01", "2030-01-01",
                                     "false") "," PLAIN("A", "true") "]";
    assert_int_equal(how_many(withdrawn, &question), 2);
    assert_int_equal(answer.fit, CREDENTIAL_DOES_NOT_FIT);
    question.issuer = "FR";
    assert_int_equal(how_many(withdrawn, &question), 1);
    assert_int_equal(answer.fit, CREDENTIAL_FITS);
    question.issuer = "IT";
    assert_int_equal(
        how_many("[" RULE("I", "Invalidation", "IT", "General", "1.0.0", "2021-01-01", "2030-01-01", "true") "]",
                 &question),
        1);
    assert_int_equal(answer.fit, CREDENTIAL_NO_RULE);
}

#define IN_REGION(region)                                                                                              \
    "{\"Region\":\"" region "\",\"Identifier\":\"R\",\"Type\":\"Acceptance\",\"Country\":\"DE\","                      \
    "\"Version\":\"1.0.0\",\"SchemaVersion\":\"1.0.0\",\"Engine\":\"CERTLOGIC\",\"EngineVersion\":\"1.0.0\","          \
    "\"CertificateType\":\"General\",\"ValidFrom\":\"2021-01-01\",\"ValidTo\":\"2030-01-01\",\"Logic\":true}"

static void test_regions(void **state)
{
    (void) state;
    struct credential_rules_question question = question_of(two_doses);
    assert_int_equal(how_many("[" IN_REGION("SH") "]", &question), 0);
    assert_int_equal(how_many("[" IN_REGION("DE") "]", &question), 1);
    question.region = "sh";
    assert_int_equal(how_many("[" IN_REGION("SH") "," PLAIN("A", "true") "]", &question), 1);
}

/* A rule for a newer engine, or for another form of the payload, is open: never silently left out. */
static void test_what_cannot_be_evaluated_is_open(void **state)
{
    (void) state;
    struct credential_rules_question question = question_of(two_doses);
    const char                      *newer =
        "[{\"Identifier\":\"N\",\"Type\":\"Acceptance\",\"Country\":\"DE\",\"Version\":\"1.0.0\","
        "\"SchemaVersion\":\"1.0.0\",\"Engine\":\"CERTLOGIC\",\"EngineVersion\":\"1.3.4\",\"CertificateType\":"
        "\"General\",\"ValidFrom\":\"2021-01-01\",\"ValidTo\":\"2030-01-01\",\"Logic\":{\"new\":[]}}]";
    assert_int_equal(how_many(newer, &question), 1);
    assert_int_equal(answer.fit, CREDENTIAL_FIT_OPEN);
    assert_string_equal(answer.results[0].error, "the rule is written for a newer engine");
    question = question_of("{\"ver\":\"2.0.0\",\"v\":[{\"dn\":2,\"sd\":2}]}");
    assert_int_equal(how_many("[" PLAIN("A", DOSES) "]", &question), 1);
    assert_int_equal(answer.fit, CREDENTIAL_FIT_OPEN);
    assert_string_equal(answer.results[0].error, "the rule is written for another form of the pass");
}

static void test_what_rules_see_besides_the_pass(void **state)
{
    (void) state;
    static const uint8_t             kid[] = { 0xd9, 0x19, 0x37, 0x5f, 0xc1, 0xe7, 0xb6, 0xb2 };
    struct credential_rules_question question = question_of(two_doses);
    question.kid = kid;
    question.kid_size = sizeof kid;
    const char *all =
        "[" PLAIN("A", "{\"and\":[{\"===\":[{\"var\":\"external.kid\"},\"2Rk3X8HntrI=\"]},"
                       "{\"===\":[{\"var\":\"external.validationClock\"},\"2022-03-01T12:00:00Z\"]},"
                       "{\"===\":[{\"var\":\"external.validationClockAtStartOfDay\"},\"2022-03-01T00:00:00Z\"]},"
                       "{\"===\":[{\"var\":\"external.countryCode\"},\"DE\"]},{\"===\":[{\"var\":\"external."
                       "issuerCountryCode\"},\"IT\"]},"
                       "{\"===\":[{\"var\":\"external.iat\"},\"2022-02-28T12:00:00Z\"]},"
                       "{\"===\":[{\"var\":\"external.exp\"},\"2022-03-02T12:00:00Z\"]},"
                       "{\"!\":[{\"var\":\"external.region\"}]},{\"!\":[{\"var\":\"external.valueSets.tg\"}]}]}") "]";
    how_many(all, &question);
    assert_int_equal(answer.fit, CREDENTIAL_FITS);
    question.issued = CREDENTIAL_NO_INSTANT;
    how_many(all, &question);
    assert_int_equal(answer.fit, CREDENTIAL_DOES_NOT_FIT);
}

static void test_value_sets(void **state)
{
    (void) state;
    struct credential_rules_question question = question_of("{\"ver\":\"1.0.0\",\"v\":[{\"tg\":\"840539006\"}]}");
    const char                      *logic = "{\"rules\":[" PLAIN(
                             "A", "{\"in\":[{\"var\":\"payload.v.0.tg\"},{\"var\":\"external.valueSets.agents\"}]}") "]";
    char text[3000];
    snprintf(text, sizeof text, "%s}", logic);
    how_many(text, &question);
    assert_int_equal(answer.fit, CREDENTIAL_FIT_OPEN);
    snprintf(text, sizeof text, "%s,\"valueSets\":{\"agents\":[\"1\",\"840539006\"]}}", logic);
    how_many(text, &question);
    assert_int_equal(answer.fit, CREDENTIAL_FITS);
    snprintf(text, sizeof text,
             "%s,\"valueSets\":[{\"valueSetId\":\"agents\",\"valueSetValues\":{\"840539006\":{\"display\":\"x\"}}}]}",
             logic);
    struct credential_rules *rules = read_rules(text);
    check(rules, &question);
    assert_int_equal(answer.fit, CREDENTIAL_FITS);
    const char *other = "{\"agents\":[]}", *wrong = "{\"agents\":7}", *twice = "[{\"a\":[]},{\"a\":[]}]";
    assert_ok(credential_rules_read_value_sets(rules, other, strlen(other), "sets.json", &faults));
    check(rules, &question);
    assert_int_equal(answer.fit, CREDENTIAL_DOES_NOT_FIT);
    assert_status(credential_rules_read_value_sets(rules, wrong, strlen(wrong), "sets.json", &faults), BASE_ERR_INPUT);
    assert_status(credential_rules_read_value_sets(rules, twice, strlen(twice), "sets.json", &faults), BASE_ERR_INPUT);
    assert_int_equal(faults.num_all, 2);
    check(rules, &question);
    assert_int_equal(answer.fit, CREDENTIAL_DOES_NOT_FIT);
    fault_list_free(&faults);
    credential_rules_free(rules);
}

/* ---- what people are owed ---- */

static bool is_text(const struct value *value, const char *text)
{
    return value_is_text(value, text);
}

static void test_words_legal_basis_and_end(void **state)
{
    (void) state;
    struct credential_rules *rules = read_rules(
        "{\"legalBasis\":[{\"lang\":\"en\",\"desc\":\"Order 7 of 2022\"}],\"rules\":[" PLAIN("A", "true") "]}");
    const struct credential_rule *rule = credential_rules_at(rules, 0);
    assert_int_equal(credential_rules_count(rules), 1);
    assert_true(is_text(credential_rule_description(rule, "de"), "Zwei Dosen"));
    assert_true(is_text(credential_rule_description(rule, "en"), "Two doses"));
    assert_true(is_text(credential_rule_description(rule, "zh"), "Two doses"));
    assert_true(is_text(credential_rule_legal_basis(rules, rule, "zh"), "Order 7 of 2022"));
    assert_true(is_text(credential_rule_end(rule), "2030-01-01T00:00:00Z"));
    credential_rules_free(rules);
    rules = read_rules("[" PLAIN("A", "true") "]");
    assert_null(credential_rule_legal_basis(rules, credential_rules_at(rules, 0), "en"));
    credential_rules_free(rules);
}

/* Whoever has no pass that fits is shown the other way: whatever the file says or leaves out, in every language. */
static void test_the_other_way_is_always_shown(void **state)
{
    (void) state;
    static const char *const files[] = {
        "[" PLAIN("A", "false") "]",
        "{\"otherWay\":\"\",\"rules\":[" PLAIN("A", "false") "]}",
        "{\"otherWay\":[],\"rules\":[" PLAIN("A", "false") "]}",
        "{\"otherWay\":[{\"lang\":\"en\",\"desc\":\"\"}],\"rules\":[" PLAIN("A", "false") "]}",
        "{\"otherWay\":[{\"lang\":\"en\",\"desc\":\"A test at gate 2, free, 15 minutes\"}],\"rules\":[" PLAIN(
            "A", "false") "]}",
    };
    static const char *const languages[] = { "en", "zh", "bo", "de", "" };
    const char              *text;
    size_t                   size;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct credential_rules *rules = read_rules(files[i]);
        for (size_t j = 0; j < sizeof languages / sizeof *languages; j++) {
            credential_rules_other_way(rules, languages[j], &text, &size);
            assert_true(size > 20);
            assert_true(i == 4 ? memcmp(text, "A test at gate 2", 16) == 0 : strncmp(text, "A test", 6) != 0);
        }
        credential_rules_free(rules);
    }
}

/* ---- faults ---- */

static void assert_refused(const char *text, const char *name, const char *found)
{
    struct credential_rules *rules = NULL;
    assert_status(credential_rules_read(text, strlen(text), "rules.json", &rules, &faults), BASE_ERR_INPUT);
    assert_null(rules);
    assert_true(faults.num_kept > 0);
    assert_string_equal(faults.faults[0].name, name);
    assert_string_equal(faults.faults[0].found, found);
    assert_string_equal(faults.faults[0].file, "rules.json");
    fault_list_free(&faults);
}

static void test_faults_of_a_file(void **state)
{
    (void) state;
    assert_refused("[", "[0]", "the end of the text");
    assert_refused("7", "rules", "nothing");
    assert_refused("{}", "rules", "nothing");
    assert_refused("[7]", "rule", "a whole number");
    assert_refused("[" PLAIN("A", "{\"and\":[true]}") "]", "Logic.and", "\"and\" with 1 operands");
    assert_refused("[" PLAIN("A", "{\"!\":[{\"var\":\"foo\"}]}") "]", "Logic.![0].var", "no data at the path \"foo\"");
    assert_refused("[" PLAIN("", "true") "]", "Identifier", "a text");
    assert_refused("[" RULE("A", "Acceptance", "DE", "General", "1.x", "2021-01-01", "2030-01-01", "true") "]",
                   "Version", "1.x");
    assert_refused("[" RULE("A", "Acceptance", "DE", "Pet", "1.0.0", "2021-01-01", "2030-01-01", "true") "]",
                   "CertificateType", "Pet");
    assert_refused("[" RULE("A", "Acceptance", "DE", "General", "1.0.0", "2021-01-01", "someday", "true") "]",
                   "ValidTo", "someday");
    assert_refused("[" RULE("A", "Acceptance", "DE", "General", "1.0.0", "2031-01-01", "2030-01-01", "true") "]",
                   "ValidTo", "an end before the beginning");
}

/* A rule without an end is no rule. */
static void test_every_rule_ends(void **state)
{
    (void) state;
    assert_refused(
        "[{\"Identifier\":\"A\",\"Type\":\"Acceptance\",\"Country\":\"DE\",\"Version\":\"1.0.0\",\"Engine\":"
        "\"CERTLOGIC\",\"EngineVersion\":\"1.0.0\",\"CertificateType\":\"General\",\"ValidFrom\":\"2021-01-01\","
        "\"Logic\":true}]",
        "ValidTo", "nothing");
}

static void test_all_faults_at_once(void **state)
{
    (void) state;
    struct credential_rules *rules = NULL;
    const char *text = "[" PLAIN("A", "{\"all\":[]}") ",\n" PLAIN("B", "null") ",\n" PLAIN("C", "true") "]";
    assert_status(credential_rules_read(text, strlen(text), "r", &rules, &faults), BASE_ERR_INPUT);
    assert_int_equal(faults.num_all, 2);
    assert_int_equal(faults.faults[1].line, 2);
    fault_list_free(&faults);
}

static void test_more_rules_than_count_at_once(void **state)
{
    (void) state;
    struct credential_rules_question question = question_of(two_doses);
    char                            *text = malloc((CREDENTIAL_RULES_AT_ONCE + 1) * 600);
    for (int most = CREDENTIAL_RULES_AT_ONCE; most <= CREDENTIAL_RULES_AT_ONCE + 1; most++) {
        size_t used = (size_t) sprintf(text, "[");
        for (int i = 0; i < most; i++)
            used += (size_t) sprintf(
                text + used,
                "%s{\"Identifier\":\"R%d\",\"Type\":\"Acceptance\",\"Country\":\"DE\",\"Version\":\"1.0.0\","
                "\"Engine\":\"CERTLOGIC\",\"EngineVersion\":\"1.0.0\",\"CertificateType\":\"General\",\"ValidFrom\":"
                "\"2021-01-01\",\"ValidTo\":\"2030-01-01\",\"Logic\":true}",
                i > 0 ? "," : "", i);
        sprintf(text + used, "]");
        struct credential_rules *rules = read_rules(text);
        assert_status(credential_rules_check(rules, &question, &checker, &answer),
                      most == CREDENTIAL_RULES_AT_ONCE ? 0 : TOC_ERR_TOO_LARGE);
        credential_rules_free(rules);
    }
    free(text);
}

static void test_wipe(void **state)
{
    (void) state;
    static const struct credential_rules_checker clean;
    struct credential_rules_question             question = question_of(two_doses);
    how_many("[" PLAIN("A", "{\"===\":[[{\"var\":\"payload.v.0.dn\"}],1]}") "]", &question);
    credential_rules_wipe(&checker);
    assert_memory_equal(&checker, &clean, sizeof clean);
}

/* ---- the rules of Europe ---- */

static char *slurp(const char *folder, const char *name, size_t *size)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *size = (size_t) ftell(file);
    rewind(file);
    char *text = malloc(*size + 1);
    assert_int_equal(fread(text, 1, *size, file), *size);
    fclose(file);
    return text;
}

static const struct value *rule_of(const struct value_tree *lines, size_t num, const struct value *name)
{
    for (size_t i = 0; i < num; i++) {
        const struct value *directory = value_get(lines[i].values, "dir");
        if (directory->length == name->length && memcmp(directory->text, name->text, name->length) == 0)
            return value_get(value_get(lines[i].values, "rule"), "Logic");
    }
    fail_msg("no rule %.*s", (int) name->length, name->text);
    return NULL;
}

static size_t read_lines(const char *text, size_t size, struct value_tree *lines, size_t most)
{
    size_t num = 0, offset = 0;
    for (;; num++) {
        assert_true(num < most);
        assert_ok(json_read_next(text, size, &offset, NULL, &lines[num], NULL));
        if (lines[num].num_values == 0)
            return num;
    }
}

enum { MOST_LINES = 1100 };
static struct value_tree lines[MOST_LINES], more[MOST_LINES];

static void free_lines(void)
{
    for (size_t i = 0; i < MOST_LINES; i++) {
        value_tree_free(&lines[i]);
        value_tree_free(&more[i]);
    }
}

static void test_business_rules(void **state)
{
    (void) state;
    static const char *const paths[] = { "payload", "external.valueSets", "external" };
    const struct logic_names names = { paths, 3 };
    const char              *folder = test_shared_data("credentials/rules");
    size_t                   size, tests_size, sets_size;
    if (folder == NULL)
        skip();
    char *rules = slurp(folder, "rules.jsonl", &size), *tests = slurp(folder, "rule-tests.jsonl", &tests_size);
    char *sets_text = slurp(folder, "valuesets-by-hash.json", &sets_size);
    struct value_tree sets = VALUE_TREE_INIT;
    struct arena      arena = ARENA_INIT;
    assert_ok(json_read(sets_text, sets_size, NULL, &sets, NULL));
    size_t num_rules = read_lines(rules, size, lines, MOST_LINES),
           num = read_lines(tests, tests_size, more, MOST_LINES);
    for (size_t i = 0; i < num; i++) {
        const struct value         *test = more[i].values, *hash = value_get(test, "valueSets");
        const struct value         *parts[3] = { value_get(test, "payload"),
                                                 value_get_of(sets.values, hash->text, hash->length),
                                                 value_get(test, "external") };
        const struct logic_program *program;
        struct logic_value          result = { .kind = LOGIC_NULL };
        struct logic_fault          fault;
        arena_free(&arena);
        assert_ok(logic_compile(rule_of(lines, num_rules, value_get(test, "rule")), &names, &arena, &program, &fault));
        int status = logic_evaluate(program, parts, &checker.machine, &result);
        if ((status == 0 && result.kind == LOGIC_TRUE) != value_is(value_get(test, "expected"), VALUE_TRUE))
            fail_msg("%.*s", (int) value_get(test, "id")->length, value_get(test, "id")->text);
    }
    print_message("# %zu tests of %zu rules\n", num, num_rules);
    assert_true(num > 100);
    arena_free(&arena);
    value_tree_free(&sets);
    free_lines();
    free(rules), free(tests), free(sets_text);
}

static const struct value *certificate_of(size_t num, const struct value *id)
{
    for (size_t i = 0; i < num; i++) {
        const struct value *own = value_get(lines[i].values, "id");
        if (own->length == id->length && memcmp(own->text, id->text, id->length) == 0)
            return lines[i].values;
    }
    fail_msg("no certificate %.*s", (int) id->length, id->text);
    return NULL;
}

static void check_matrix_line(const struct credential_rules *rules, size_t num_certificates, const struct value *line)
{
    static const char                letters[] = { 'T', 'F', 'E' };
    const struct value              *certificate = certificate_of(num_certificates, value_get(line, "id"));
    const struct value              *clock = value_get(line, "validationClock"), *results = value_get(line, "results");
    const struct value              *country = value_get(certificate, "country");
    struct credential_rules_question question = { .payload = value_get(certificate, "JSON") };
    char                             issuer[8];
    int64_t                          now;
    assert_true(logic_date_from_text(clock->text, clock->length, &now));
    question.now = now / 1000;
    snprintf(issuer, sizeof issuer, "%.*s", (int) country->length, country->text);
    question.issuer = issuer;
    question.issued = INT64_C(1609459200);
    question.expires = INT64_C(1893456000);
    assert_int_equal(results->length, credential_rules_count(rules));
    for (size_t i = 0; i < results->length; i++) {
        const struct credential_rule *rule = credential_rules_at(rules, i);
        question.country = rule->country;
        credential_rules_prepare(&checker, &question);
        enum credential_rule_verdict verdict = credential_rule_evaluate(rules, rule, &question, &checker, NULL);
        if (letters[verdict] != results->text[i])
            fail_msg("%.*s, rule %zu %s: %c, not %c", (int) value_get(line, "id")->length, value_get(line, "id")->text,
                     i, rule->identifier, letters[verdict], results->text[i]);
    }
}

static void test_matrix(void **state)
{
    (void) state;
    char        path[600];
    const char *folder = test_shared_data("credentials");
    size_t      size, matrix_size, rules_size, sets_size;
    if (folder == NULL)
        skip();
    snprintf(path, sizeof path, "%s", folder);
    char                    *certificates = slurp(path, "hcert/dgc-testdata.jsonl", &size);
    char                    *matrix = slurp(path, "rules/derived-matrix.jsonl", &matrix_size);
    char                    *text = slurp(path, "rules/production-2023-eu-rules.json", &rules_size);
    char                    *sets = slurp(path, "valuesets/compressed-valueSets.json", &sets_size);
    struct credential_rules *rules;
    assert_ok(credential_rules_read(text, rules_size, "production", &rules, &faults));
    assert_ok(credential_rules_read_value_sets(rules, sets, sets_size, "sets", &faults));
    size_t num_certificates = read_lines(certificates, size, lines, MOST_LINES);
    size_t num = read_lines(matrix, matrix_size, more, MOST_LINES);
    for (size_t i = 0; i < num; i++)
        check_matrix_line(rules, num_certificates, more[i].values);
    print_message("# %zu certificates and clocks by %zu rules\n", num, credential_rules_count(rules));
    assert_true(num > 100);
    credential_rules_free(rules);
    free_lines();
    free(certificates), free(matrix), free(text), free(sets);
}

/* ---- whole engines: a pass as text, rules, and what is expected of them ---- */

static uint8_t           packed[8192], content[16384];
static struct value_tree claims;

static void unpack(const struct value *text, struct credential_cose *cose)
{
    size_t                          size;
    struct libdeflate_decompressor *inflater = credential_inflater_new();
    assert_ok(credential_base45_decode(text->text + 4, text->length - 4, packed, &size, NULL));
    assert_ok(credential_inflate(inflater, CREDENTIAL_ZLIB, packed, size, content, sizeof content, &size, NULL));
    assert_ok(credential_cose_read(content, size, cose, NULL));
    assert_ok(credential_cbor_read(cose->payload.bytes, cose->payload.size, &claims, NULL));
    credential_inflater_free(inflater);
}

static void copy_text(const struct value *value, char text[8])
{
    assert_true(value != NULL && value->length < 8);
    memcpy(text, value->text, value->length);
    text[value->length] = '\0';
}

/* The array of rules as text: from its place in the file to its closing bracket. */
static char *rules_text(const char *cases, const struct value *list)
{
    const char *from = cases + list->place;
    int         depth = 0;
    size_t      length = 0;
    bool        quoted = false;
    do {
        char c = from[length++];
        quoted = quoted != (c == '"');
        depth += quoted ? 0 : (c == '[' || c == '{') - (c == ']' || c == '}');
    } while (depth > 0);
    return strndup(from, length);
}

/* The cases bring no value sets: rules over them see none. */
static void check_whole(const char *cases, const struct value *test)
{
    struct credential_cose   cose;
    char                     issuer[8], country[8];
    struct credential_rules *rules;
    const struct value      *list = value_get(test, "rules");
    unpack(value_get(test, "dcc"), &cose);
    copy_text(value_get_integer(claims.values, 1), issuer);
    copy_text(value_get(test, "countryOfArrival"), country);
    struct credential_rules_question question = {
        .payload = value_get_integer(value_get_integer(claims.values, -260), 1),
        .now = value_get(test, "validationClock")->integer,
        .country = country,
        .issuer = issuer,
        .kid = cose.kid.bytes,
        .kid_size = cose.kid.size,
        .issued = value_get_integer(claims.values, 6)->integer,
        .expires = value_get_integer(claims.values, 4)->integer,
    };
    char *text = rules_text(cases, list);
    assert_ok(credential_rules_read(text, strlen(text), "case", &rules, &faults));
    check(rules, &question);
    int64_t counted[3] = { 0 };
    for (size_t i = 0; i < answer.num_results; i++)
        counted[answer.results[i].verdict]++;
    if (counted[CREDENTIAL_RULE_MET] != value_get(test, "expPass")->integer ||
        counted[CREDENTIAL_RULE_NOT_MET] != value_get(test, "expFail")->integer ||
        counted[CREDENTIAL_RULE_OPEN] != value_get(test, "expOpen")->integer)
        fail_msg("%.*s: %d %d %d", (int) value_get(test, "description")->length, value_get(test, "description")->text,
                 (int) counted[0], (int) counted[1], (int) counted[2]);
    credential_rules_free(rules);
    free(text);
}

static void test_whole_engines(void **state)
{
    (void) state;
    const char *folder = test_shared_data("credentials");
    size_t      size;
    if (folder == NULL)
        skip();
    char  *cases = slurp(folder, "rules/cwa-dcc-validation-rules.jsonl", &size);
    size_t num = read_lines(cases, size, lines, MOST_LINES);
    for (size_t i = 0; i < num; i++)
        check_whole(cases, lines[i].values);
    print_message("# %zu whole cases\n", num);
    assert_true(num > 5);
    value_tree_free(&claims);
    free_lines();
    free(cases);
}

static void test_all_production_rules_are_read(void **state)
{
    (void) state;
    static const char *const files[] = { "production-2023-domestic-rules.json",
                                         "production-2023-eu-booster-rules.json" };
    const char              *folder = test_shared_data("credentials/rules");
    size_t                   size;
    if (folder == NULL)
        skip();
    for (int i = 0; i < 2; i++) {
        struct credential_rules *rules;
        char                    *text = slurp(folder, files[i], &size);
        assert_ok(credential_rules_read(text, size, files[i], &rules, &faults));
        credential_rules_free(rules);
        free(text);
    }
}

static int free_all(void **state)
{
    (void) state;
    value_tree_free(&pass);
    fault_list_free(&faults);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fits_or_not),
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_which_rules_count),
        cmocka_unit_test(test_the_highest_version_counts),
        cmocka_unit_test(test_invalidation),
        cmocka_unit_test(test_regions),
        cmocka_unit_test(test_what_cannot_be_evaluated_is_open),
        cmocka_unit_test(test_what_rules_see_besides_the_pass),
        cmocka_unit_test(test_value_sets),
        cmocka_unit_test(test_words_legal_basis_and_end),
        cmocka_unit_test(test_the_other_way_is_always_shown),
        cmocka_unit_test(test_faults_of_a_file),
        cmocka_unit_test(test_every_rule_ends),
        cmocka_unit_test(test_all_faults_at_once),
        cmocka_unit_test(test_more_rules_than_count_at_once),
        cmocka_unit_test(test_wipe),
        cmocka_unit_test(test_business_rules),
        cmocka_unit_test(test_matrix),
        cmocka_unit_test(test_whole_engines),
        cmocka_unit_test(test_all_production_rules_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, free_all);
}
