/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast rules are evaluated (src/formats/credential/rules.h): every rule that Europe's countries had in 2023 on
 * every certificate of the EU's test data, and the rules of one country as a checkpoint asks them. And whether every
 * answer is the one that the reference gives. CPU seconds of this process.
 *
 * usage: bench_rules FOLDER     the folder of the conformance data
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json_reader.h"
#include "formats/credential/rules.h"

enum { ROUNDS = 9 };

struct certificate {
    struct value_tree   tree;
    const struct value *payload, *id;
    char                country[8];
};

static struct certificate              certificates[1000];
static size_t                          num_certificates;
static struct credential_rules_checker checker;
static struct credential_rules_answer  answer;

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static char *slurp(const char *folder, const char *name, size_t *size)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        fprintf(stderr, "bench_rules: %s cannot be read\n", path);
        exit(2);
    }
    *size = (size_t) ftell(file);
    rewind(file);
    char *text = malloc(*size + 1);
    if (text == NULL || fread(text, 1, *size, file) != *size)
        exit(2);
    fclose(file);
    return text;
}

static struct credential_rules *read_rules(const char *folder)
{
    size_t                   size, sets_size;
    struct fault_list        faults = FAULT_LIST_INIT;
    struct credential_rules *rules = NULL;
    char                    *text = slurp(folder, "rules/production-2023-eu-rules.json", &size);
    char                    *sets = slurp(folder, "valuesets/compressed-valueSets.json", &sets_size);
    if (credential_rules_read(text, size, "rules", &rules, &faults) != 0 ||
        credential_rules_read_value_sets(rules, sets, sets_size, "sets", &faults) != 0) {
        fault_list_write(&faults, stderr);
        exit(1);
    }
    free(text);
    free(sets);
    return rules;
}

static void read_certificates(const char *folder)
{
    size_t size, offset = 0;
    char  *text = slurp(folder, "hcert/dgc-testdata.jsonl", &size); /* stays: the trees point into it */
    for (; num_certificates < 1000; num_certificates++) {
        struct certificate *certificate = &certificates[num_certificates];
        if (json_read_next(text, size, &offset, NULL, &certificate->tree, NULL) != 0)
            exit(1);
        if (certificate->tree.num_values == 0)
            return;
        const struct value *country = value_get(certificate->tree.values, "country");
        certificate->payload = value_get(certificate->tree.values, "JSON");
        certificate->id = value_get(certificate->tree.values, "id");
        if (country != NULL)
            snprintf(certificate->country, sizeof certificate->country, "%.*s", (int) country->length, country->text);
    }
}

static struct credential_rules_question question_of(const struct certificate *certificate, int64_t now)
{
    return (struct credential_rules_question){ .payload = certificate->payload,
                                               .now = now,
                                               .country = "DE",
                                               .issuer = certificate->country,
                                               .issued = INT64_C(1609459200),
                                               .expires = INT64_C(1893456000) };
}

/* Single rules a second: the best of some rounds. */
static double evaluations(const struct credential_rules *rules)
{
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        size_t num = 0;
        double start = cpu_seconds();
        for (size_t i = 0; i < num_certificates; i++) {
            struct credential_rules_question question = question_of(&certificates[i], INT64_C(1646136000));
            credential_rules_prepare(&checker, &question);
            for (size_t j = 0; j < credential_rules_count(rules); j++, num++)
                credential_rule_evaluate(rules, credential_rules_at(rules, j), &question, &checker, NULL);
        }
        double rate = (double) num / (cpu_seconds() - start);
        best = rate > best ? rate : best;
    }
    return best;
}

/* The country with the most rules. */
static const char *busiest(const struct credential_rules *rules)
{
    const char *country = "";
    size_t      most = 0;
    for (size_t i = 0; i < credential_rules_count(rules); i++) {
        const char *own = credential_rules_at(rules, i)->country;
        size_t      num = 0;
        for (size_t j = 0; j < credential_rules_count(rules); j++)
            num += strcmp(own, credential_rules_at(rules, j)->country) == 0;
        country = num > most ? own : country;
        most = num > most ? num : most;
    }
    return country;
}

/* Passes a second against the rules of one country; *num_rules: the most that counted for one. */
static double checks(const struct credential_rules *rules, const char *country, size_t *num_rules)
{
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double start = cpu_seconds();
        for (size_t i = 0; i < num_certificates; i++) {
            struct credential_rules_question question = question_of(&certificates[i], INT64_C(1677672000));
            question.country = country;
            credential_rules_check(rules, &question, &checker, &answer);
            *num_rules = answer.num_results > *num_rules ? answer.num_results : *num_rules;
        }
        double rate = (double) num_certificates / (cpu_seconds() - start);
        best = rate > best ? rate : best;
    }
    return best;
}

/* One line of the reference's answers: how many letters are ours. */
static size_t same_answers(const struct credential_rules *rules, const struct value *line)
{
    const struct value *id = value_get(line, "id"), *clock = value_get(line, "validationClock");
    const struct value *results = value_get(line, "results");
    size_t              same = 0, at = 0;
    int64_t             now = 0;
    while (at < num_certificates &&
           (certificates[at].id->length != id->length || memcmp(certificates[at].id->text, id->text, id->length) != 0))
        at++;
    if (at == num_certificates || !logic_date_from_text(clock->text, clock->length, &now))
        return 0;
    for (size_t i = 0; i < results->length && i < credential_rules_count(rules); i++) {
        struct credential_rules_question question = question_of(&certificates[at], now / 1000);
        const struct credential_rule    *rule = credential_rules_at(rules, i);
        question.country = rule->country;
        credential_rules_prepare(&checker, &question);
        same += "TFE"[credential_rule_evaluate(rules, rule, &question, &checker, NULL)] == results->text[i];
    }
    return same;
}

static void show_matrix(const struct credential_rules *rules, const char *folder)
{
    struct value_tree line = VALUE_TREE_INIT;
    size_t            size, offset = 0, num = 0, same = 0;
    char             *text = slurp(folder, "rules/derived-matrix.jsonl", &size);
    while (json_read_next(text, size, &offset, NULL, &line, NULL) == 0 && line.num_values > 0) {
        num += value_get(line.values, "results")->length;
        same += same_answers(rules, line.values);
    }
    printf("row\tanswers of %zu rules to %zu certificates equal to the reference's\t100 %%\t%zu of %zu\t%s\n",
           credential_rules_count(rules), num_certificates, same, num, same == num && num > 0 ? "yes" : "no");
    value_tree_free(&line);
    free(text);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: bench_rules FOLDER\n");
        return 2;
    }
    struct credential_rules *rules = read_rules(argv[1]);
    size_t                   num_rules = 0;
    read_certificates(argv[1]);
    show_matrix(rules, argv[1]);
    double rate = evaluations(rules);
    printf("row\trule evaluations a second a core\t>= 1,000,000\t%.0f\t%s\n", rate, rate >= 1e6 ? "yes" : "no");
    const char *country = busiest(rules);
    rate = checks(rules, country, &num_rules);
    printf("row\tpasses a second a core against the rules of %s (up to %zu)\t>= 50,000\t%.0f\t%s\n", country, num_rules,
           rate, rate >= 50000 ? "yes" : "no");
    for (size_t i = 0; i <= num_certificates && i < 1000; i++)
        value_tree_free(&certificates[i].tree);
    credential_rules_free(rules);
    return 0;
}
