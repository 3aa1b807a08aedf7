/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/rules.h: the rules that a country accepts passes by, and whether a pass fits them.
 *
 * A rule is a condition in CertLogic (base/logic.h) with its country, kind, version and days, as the EU's verifiers
 * exchange them. It says whether a proof fits, never whether a person may pass.
 *
 * A file is an array of rules, or an object: {"rules": […], "valueSets": {…}, "legalBasis": …, "otherWay": …}. Value
 * sets are lists of codes ({"disease-agent-targeted": ["840539006"]}), or as the EU publishes them
 * ({"valueSetId": …, "valueSetValues": {…}}), one or an array of these. Legal basis and other way are a text, or
 * [{"lang": "en", "desc": "…"}, …]; a rule may have a "LegalBasis" of its own. Every rule has an end date (ValidTo):
 * one without is refused.
 *
 * Which rules count: of Type Acceptance those of the country of arrival, of Type Invalidation those of the country that
 * issued the pass; of the pass's kind or General; of the asked region (a Region equal to the Country is the whole
 * country); ValidFrom ≤ now ≤ ValidTo; of each Identifier the highest Version.
 *
 * A set is read-only once read and may serve all threads; each thread has a checker of its own. Checking allocates
 * nothing.
 */
#ifndef FORMATS_CREDENTIAL_RULES_H
#define FORMATS_CREDENTIAL_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/logic.h"
#include "base/sink.h"
#include "base/value.h"

#define CREDENTIAL_RULES_FILE_BYTES                                                                                    \
    ((size_t) 16 << 20)                 /* a file of rules or value sets; all of Europe's are 240 kB                   \
                                         */
#define CREDENTIAL_RULES_AT_ONCE 128    /* rules that count for one pass */
#define CREDENTIAL_RULE_TEXT 200        /* bytes of an identifier, a country, a region */
#define CREDENTIAL_NO_INSTANT INT64_MIN /* of question.issued and .expires: not said */

enum credential_rule_verdict {
    CREDENTIAL_RULE_MET,
    CREDENTIAL_RULE_NOT_MET,
    CREDENTIAL_RULE_OPEN /* data that the rule needs are missing, or it needs a newer engine */
};

enum credential_fit {
    CREDENTIAL_FITS,         /* every rule that counts is met */
    CREDENTIAL_DOES_NOT_FIT, /* one is not */
    CREDENTIAL_FIT_OPEN,     /* none fails, but one is open */
    CREDENTIAL_NO_RULE       /* none counts here and now for this kind of pass */
};

struct credential_rule {
    const struct value         *json;
    const char                 *identifier, *country, *region; /* end with '\0'; region "" = the whole country */
    const char                 *type;                          /* "Acceptance", "Invalidation", … */
    uint8_t                     kinds;                         /* sum of enum credential_pass_kind */
    uint16_t                    version[3];
    int64_t                     from, to;     /* milliseconds since 1970 */
    bool                        newer_engine; /* it asks for one that this is not: always open */
    const struct logic_program *program;      /* NULL: of a newer engine, and not understood */
};

enum credential_pass_kind { CREDENTIAL_PASS_VACCINATION = 1, CREDENTIAL_PASS_TEST = 2, CREDENTIAL_PASS_RECOVERY = 4 };

struct credential_rules;

/* Read a file of rules; all faults at once. file: its name for the faults. Returns 0, BASE_ERR_INPUT with the faults,
 * or TOC_ERR_NO_MEMORY; *rules untouched then. bytes are not needed afterwards. */
int  credential_rules_read(const char *bytes, size_t size, const char *file, struct credential_rules **rules,
                           struct fault_list *faults);
void credential_rules_free(struct credential_rules *rules);

/* Take value sets from a file of their own, in place of any before. Not while a check runs. Returns as above. */
int credential_rules_read_value_sets(struct credential_rules *rules, const char *bytes, size_t size, const char *file,
                                     struct fault_list *faults);

size_t                        credential_rules_count(const struct credential_rules *rules);
const struct credential_rule *credential_rules_at(const struct credential_rules *rules, size_t index); /* file order */

/* What is asked of the rules. Texts end with '\0'. */
struct credential_rules_question {
    const struct value *payload; /* the EU payload: {"ver", "nam", "dob", "v" | "t" | "r"} */
    int64_t             now;     /* seconds since 1970 */
    const char         *country; /* of arrival: "DE" */
    const char         *region;  /* NULL or "" = none */
    const char         *issuer;  /* the country that issued it; NULL = not known */
    const uint8_t      *kid;
    size_t              kid_size;
    int64_t             issued, expires; /* seconds since 1970 or CREDENTIAL_NO_INSTANT */
    const char         *type;            /* NULL = Acceptance and Invalidation; else this one, of the country */
};

/* The room of a check, one a thread. What it holds of a person goes with credential_rules_wipe. */
struct credential_rules_checker {
    struct logic_machine machine;
    struct value         external[24];
    char                 text[512];
    size_t               num_values, used_text;
};
void credential_rules_wipe(struct credential_rules_checker *checker);

struct credential_rule_result {
    const struct credential_rule *rule;
    enum credential_rule_verdict  verdict;
    const char                   *error; /* of one that is open: why, a static clause */
};

struct credential_rules_answer {
    enum credential_fit           fit;
    size_t                        num_results;
    struct credential_rule_result results[CREDENTIAL_RULES_AT_ONCE]; /* in the order of their identifiers */
};

/* Find the rules that count and evaluate each. Returns 0, or TOC_ERR_TOO_LARGE where more than CREDENTIAL_RULES_AT_ONCE
 * count; *answer untouched then. */
int credential_rules_check(const struct credential_rules *rules, const struct credential_rules_question *question,
                           struct credential_rules_checker *checker, struct credential_rules_answer *answer);

/* Get ready to evaluate single rules for this question; credential_rules_check does it itself. */
void credential_rules_prepare(struct credential_rules_checker        *checker,
                              const struct credential_rules_question *question);
/* One rule, whether it counts or not, by this engine. error: as in the result; may be NULL. */
enum credential_rule_verdict credential_rule_evaluate(const struct credential_rules          *rules,
                                                      const struct credential_rule           *rule,
                                                      const struct credential_rules_question *question,
                                                      struct credential_rules_checker *checker, const char **error);

/* What decided that a rule is not met or open, in one line with the values that it looked at (logic_reason_write):
 * for the screen of who is asked, never for a log. */
void credential_rule_explain(const struct credential_rules *rules, const struct credential_rule *rule,
                             const struct credential_rules_question *question, struct credential_rules_checker *checker,
                             struct sink *sink);

/* ---- in words ---- */

/* The word for machines: "fits", "does not fit", "open", "no rule"; and a sentence with what to do next, "en" or "zh"
 * (others are English). Static. */
const char *credential_fit_word(enum credential_fit fit);
const char *credential_fit_text(enum credential_fit fit, const char *language);
const char *credential_rule_verdict_word(enum credential_rule_verdict verdict);

/* What the rule says, in the language asked for, else in English, else in its first; NULL: it says nothing. */
const struct value *credential_rule_description(const struct credential_rule *rule, const char *language);
/* What law or order it rests on: its own, else the file's; NULL: neither says. */
const struct value *credential_rule_legal_basis(const struct credential_rules *rules,
                                                const struct credential_rule *rule, const char *language);
/* Its last day, as the rule writes it. */
const struct value *credential_rule_end(const struct credential_rule *rule);
/* What is open to whoever has no pass that fits: the file's text, else one of ours, which asks for a test or another
 * way. Never empty. */
void credential_rules_other_way(const struct credential_rules *rules, const char *language, const char **text,
                                size_t *size);

#endif
