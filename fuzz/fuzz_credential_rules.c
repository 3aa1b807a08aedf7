/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two texts with a byte 0 between: a file of rules, and a pass as JSON. Whatever is read answers for every pass, with a
 * reason for what is not met, and always shows the other way. */
#include <string.h>

#include "base/json_reader.h"
#include "base/text.h"
#include "formats/credential/rules.h"
#include "fuzz.h"

static struct value_tree               pass;
static struct credential_rules_checker checker;
static struct credential_rules_answer  answer;

static void check_result(const struct credential_rules *rules, const struct credential_rule_result *result,
                         const struct credential_rules_question *question)
{
    struct sink sink = { .fd = -1 };
    MUST(result->verdict <= CREDENTIAL_RULE_OPEN &&
         (result->verdict == CREDENTIAL_RULE_OPEN) == (result->error != NULL));
    credential_rule_explain(rules, result->rule, question, &checker, &sink);
    MUST(sink.failure == 0);
    MUST(result->verdict == CREDENTIAL_RULE_MET || sink.used > 0 || result->verdict == CREDENTIAL_RULE_OPEN);
    MUST(sink.used == 0 || text_check_utf8(sink.bytes, sink.used) == sink.used);
    sink_free(&sink);
    const struct value *texts[] = { credential_rule_description(result->rule, "zh"),
                                    credential_rule_legal_basis(rules, result->rule, "zh"),
                                    credential_rule_end(result->rule) };
    MUST(texts[2] != NULL);
    for (size_t i = 0; i < 3; i++) {
        if (texts[i] != NULL)
            fuzz_look(texts[i]->text, texts[i]->length);
    }
}

static void check_rules(const struct credential_rules *rules)
{
    const char *text;
    size_t      size;
    credential_rules_other_way(rules, "zh", &text, &size);
    MUST(size > 0);
    fuzz_look(text, size);
    for (size_t i = 0; i < credential_rules_count(rules) && i < 8; i++) {
        struct credential_rules_question question = { .payload = pass.num_values > 0 ? pass.values : NULL,
                                                      .now = credential_rules_at(rules, i)->from / 1000,
                                                      .country = credential_rules_at(rules, i)->country,
                                                      .region = credential_rules_at(rules, i)->region,
                                                      .type = credential_rules_at(rules, i)->type };
        if (credential_rules_check(rules, &question, &checker, &answer) != 0)
            continue;
        MUST(answer.fit <= CREDENTIAL_NO_RULE && answer.num_results <= CREDENTIAL_RULES_AT_ONCE);
        for (size_t j = 0; j < answer.num_results; j++)
            check_result(rules, &answer.results[j], &question);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char              *bytes = (const char *) data;
    struct credential_rules *rules = NULL;
    struct fault_list        faults = FAULT_LIST_INIT;
    if (size == 0) /* libFuzzer gives NULL */
        return 0;
    const char *end = memchr(bytes, '\0', size);
    size_t      first = end != NULL ? (size_t) (end - bytes) : size;
    if (end == NULL || json_read(end + 1, size - first - 1, NULL, &pass, NULL) != 0)
        value_tree_clear(&pass);
    int status = credential_rules_read(bytes, first, "fuzz", &rules, &faults);
    MUST(status == 0 ? rules != NULL && faults.num_all == 0 : rules == NULL);
    MUST(status != BASE_ERR_INPUT || faults.num_all > 0);
    if (status == 0) {
        check_rules(rules);
        credential_rules_read_value_sets(rules, bytes, first, "sets", &faults);
        check_rules(rules);
        credential_rules_free(rules);
    }
    fault_list_free(&faults);
    return 0;
}
