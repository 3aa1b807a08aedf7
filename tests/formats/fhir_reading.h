/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of FHIR share: a text with ' for ", read and mapped. */
#ifndef TESTS_FORMATS_FHIR_READING_H
#define TESTS_FORMATS_FHIR_READING_H

#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "formats/fhir/fhir.h"
#include "support/test.h"

static struct code_tables *tables;

struct reading {
    struct arena         arena;
    struct report        report;
    struct fhir_document document;
    int                  status;
    char                *text;
};

static struct reading *read_with(const struct fhir_options *options, const char *text)
{
    struct reading *made = calloc(1, sizeof *made);
    assert_non_null(made);
    made->text = strdup(text);
    assert_non_null(made->text);
    for (char *c = made->text; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    report_init(&made->report, &made->arena, made->text, strlen(made->text));
    made->status = fhir_map(&made->report, options, &made->document);
    return made;
}

__attribute__((unused)) static struct reading *read_text(const char *text)
{
    const struct fhir_options options = { .tables = tables };
    return read_with(&options, text);
}

__attribute__((unused)) static void end(struct reading *reading)
{
    fhir_document_free(&reading->document);
    arena_free(&reading->arena);
    free(reading->text);
    free(reading);
}

__attribute__((unused)) static const struct report_fault *find_fault(const struct report *report, enum report_rule rule,
                                                                     const char *place)
{
    for (uint32_t i = 0; i < report->num_faults; i++)
        if (report->faults[i].rule == rule && report->faults[i].place.path != NULL &&
            strcmp(report->faults[i].place.path, place) == 0)
            return &report->faults[i];
    return NULL;
}

__attribute__((unused)) static void show_faults(const struct report *report)
{
    for (uint32_t i = 0; i < report->num_faults; i++)
        fprintf(stderr, "# %s %s: %s\n", report_rule_word((enum report_rule) report->faults[i].rule),
                report->faults[i].place.path, report->faults[i].what);
}

__attribute__((unused)) static void assert_read(const struct reading *reading)
{
    if (reading->status != 0)
        show_faults(&reading->report);
    assert_int_equal(reading->status, 0);
}

__attribute__((unused)) static void assert_text(struct report_text text, const char *expected)
{
    if (text.size != strlen(expected) || (text.size > 0 && memcmp(text.bytes, expected, text.size) != 0))
        fail_msg("\"%.*s\" is not \"%s\"", (int) text.size, text.bytes != NULL ? text.bytes : "", expected);
}

static int load_tables(void **state)
{
    struct fault_list faults = FAULT_LIST_INIT;
    (void) state;
    int ret = code_tables_new(&tables);
    if (ret == 0)
        ret = code_tables_add_folder(tables, LISTS, &faults);
    if (ret == 0)
        ret = code_tables_add_folder(tables, INTAKE, &faults);
    fault_list_free(&faults);
    return ret;
}

static int free_tables(void **state)
{
    (void) state;
    code_tables_free(tables);
    return 0;
}

#endif
