/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was looked for, ordered or diagnosed. */
#include "formats/meaning.h"

/* The row of the tables for what was asked, by any of its codings. A code without a system is taken as LOINC only where
 * the table of tests knows it as that. */
static const struct code_test *find_test(const struct meaning_source *source, const struct report_concept *asked)
{
    for (uint32_t i = 0; i < asked->num_codings; i++) {
        const struct report_code *code = &asked->codings[i];
        enum report_code_system   system = code->system;
        if (system == REPORT_SYSTEM_UNKNOWN && !report_text_is_given(code->system_sent))
            system = REPORT_LOINC;
        const struct code_test *test = code_tables_test(source->tables, system, code->code, source->sender);
        if (test != NULL)
            return test;
    }
    return NULL;
}

static const char *named(const struct code_tables *tables, const struct report_concept *concept,
                         const char *(*find)(const struct code_tables *, struct report_text))
{
    const char *found = NULL;
    for (uint32_t i = 0; i < concept->num_codings && found == NULL; i++)
        found = find(tables, concept->codings[i].display);
    return found == NULL ? find(tables, concept->text) : found;
}

/* A cycle threshold whose code no table has: "N gene Ct". */
static bool names_cycle_threshold(const struct report_concept *asked)
{
    for (uint32_t i = 0; i < asked->num_codings; i++)
        if (code_tables_names_cycle_threshold(asked->codings[i].display))
            return true;
    return false;
}

struct meaning_test meaning_test(const struct meaning_source *source, const struct report_concept *asked)
{
    struct meaning_test meant = { .test = find_test(source, asked) };
    if (meant.test != NULL) {
        meant.target = meant.test->target;
        meant.method = meant.test->method;
        meant.threshold = meant.test->role == CODE_CYCLE_THRESHOLD;
    } else {
        meant.threshold = names_cycle_threshold(asked);
    }
    if (meant.target == NULL)
        meant.target = named(source->tables, asked, code_tables_target_named);
    if (meant.method == NULL)
        meant.method = named(source->tables, asked, code_tables_method_named);
    return meant;
}

const char *meaning_method(const struct code_tables *tables, const struct report_concept *method)
{
    return named(tables, method, code_tables_method_named);
}

bool meaning_is_questionnaire(const struct meaning_source *source, const struct report_concept *service)
{
    for (uint32_t i = 0; i < service->num_codings; i++) {
        const struct code_test *test =
            code_tables_test(source->tables, service->codings[i].system, service->codings[i].code, source->sender);
        if (test != NULL && test->role == CODE_QUESTIONNAIRE)
            return true;
    }
    return false;
}

const char *meaning_ordered_target(const struct meaning_source *source, const struct report_concept *service)
{
    const char *target = NULL;
    for (uint32_t i = 0; i < service->num_codings && target == NULL; i++) {
        const struct report_code *code = &service->codings[i];
        const struct code_test   *test = code_tables_test(source->tables, code->system, code->code, source->sender);
        target = test != NULL ? test->target : code_tables_target_named(source->tables, code->display);
    }
    return target;
}

const char *meaning_disease(const struct meaning_source *source, const struct report_concept *concept)
{
    for (uint32_t i = 0; i < concept->num_codings; i++) {
        const struct report_code *code = &concept->codings[i];
        const char *disease = code_tables_condition(source->tables, code->system, code->code, source->sender);
        if (disease != NULL)
            return disease;
    }
    return NULL;
}
