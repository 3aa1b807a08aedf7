/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/code_tables.h: what codes and words of laboratories mean here: tables that a department can edit.
 *
 * A folder of CSV files (share/intake; docs/intake.md describes each): names of code systems, result codes, abnormal
 * flags, result words, tests with their target and method, organisms, conditions, materials, and the disease of each
 * target. A row with a sender holds for that sender only, and is asked after the common ones found nothing.
 *
 * Built once, then only read, by any number of threads. Texts that are answered live as long as the tables. A look-up
 * is one hash of a short text.
 */
#ifndef FORMATS_CODE_TABLES_H
#define FORMATS_CODE_TABLES_H

#include <stdbool.h>

#include "base/fault.h"
#include "formats/report.h"

#define CODE_TABLES_MAX_ROWS 500000
#define CODE_TABLES_MAX_TEXT 160 /* bytes of a code or words; longer ones are in no table */

enum code_role {
    CODE_RESULT = 1,
    CODE_QUESTION,        /* an answer: not a result */
    CODE_QUESTIONNAIRE,   /* of an order: all its observations are answers */
    CODE_VISIT,           /* says something of the visit */
    CODE_CYCLE_THRESHOLD, /* belongs to another result */
    CODE_NUM_ROLES
};

/* What a visit's observation fills. */
enum code_visit_part {
    CODE_VISIT_REASON = 1,
    CODE_VISIT_NOTE,
    CODE_VISIT_TEMPERATURE,
    CODE_VISIT_OXYGEN,
    CODE_VISIT_FACILITY,
    CODE_VISIT_FACILITY_KIND
};

struct code_meaning {
    uint8_t interpretation; /* enum report_interpretation */
    bool    pooled;
};

struct code_test {
    uint8_t     role;       /* enum code_role */
    uint8_t     question;   /* enum report_question */
    uint8_t     visit_part; /* enum code_visit_part */
    const char *target;     /* NULL = not said */
    const char *method;
};

/* What a word of a line list can be a value of (values.csv). */
enum code_value {
    CODE_VALUE_SEX = 1,        /* male, female, other, unknown */
    CODE_VALUE_FLAG,           /* yes, no, unknown */
    CODE_VALUE_CLASSIFICATION, /* a code of share/lists/case_classification.csv */
    CODE_VALUE_DISEASE,        /* a code of share/lists/disease.csv */
    CODE_VALUE_OUTCOME,        /* died, recovered, alive, unknown */
    CODE_VALUE_STATUS,         /* of a result: the words of report_status_word */
    CODE_VALUE_MISSING,        /* "" : the same as an empty cell */
    CODE_NUM_VALUES
};

struct code_tables;

int  code_tables_new(struct code_tables **tables); /* empty: nothing is known. 0 or TOC_ERR_NO_MEMORY */
void code_tables_free(struct code_tables *tables); /* NULL is fine */

/* Add the files of a folder (share/intake; share/lists for its test_target.csv and disease.csv); those that are not
 * there are left out, so that a department's own folder can hold only what it adds, and a row that is there already is
 * replaced. Faults name file, line and cell; the tables then keep the good rows. Returns 0, BASE_ERR_INPUT,
 * BASE_ERR_SYSTEM (the folder cannot be read) or TOC_ERR_NO_MEMORY. */
int code_tables_add_folder(struct code_tables *tables, const char *folder, struct fault_list *faults);

/* The system that a name, OID or URI means. HL70078 and the like are HL7's tables, L and 99… local. */
enum report_code_system code_tables_system(const struct code_tables *tables, struct report_text said);

/* What a result code means; NULL = not in the table. sender may be {0}. */
const struct code_meaning *code_tables_meaning(const struct code_tables *tables, enum report_code_system system,
                                               struct report_text code, struct report_text sender);

/* What an abnormal flag means, and what words mean ("Not detected", "neg.", "阴性"); REPORT_NOT_UNDERSTOOD = nothing
 * known. Words are compared without regard to case, blanks and what follows them in brackets or behind punctuation; "No
 * … detected" is not detected. */
enum report_interpretation code_tables_flag(const struct code_tables *tables, struct report_text flag);
enum report_interpretation code_tables_words(const struct code_tables *tables, struct report_text words,
                                             struct report_text sender);

/* A test, question or panel by its code; NULL = not in the table. */
const struct code_test *code_tables_test(const struct code_tables *tables, enum report_code_system system,
                                         struct report_text code, struct report_text sender);

/* The target that a name speaks of ("Measles virus IgM Ab [Presence] in Serum"); NULL where it names none, or more than
 * one. The method likewise: the first that is named. */
const char *code_tables_target_named(const struct code_tables *tables, struct report_text name);
const char *code_tables_method_named(const struct code_tables *tables, struct report_text name);

/* Does a name speak of a cycle threshold ("N gene Ct", "cycle threshold")? */
bool code_tables_names_cycle_threshold(struct report_text name);

/* The target that an organism's code is; NULL = not in the table. */
const char *code_tables_organism(const struct code_tables *tables, enum report_code_system system,
                                 struct report_text code);

/* For how many days after one another reports of a disease are one case; -1 = always, as of chronic infections. A
 * disease that the table has not goes by its row without a disease; without that one too: -1. */
long code_tables_episode_days(const struct code_tables *tables, const char *disease, size_t size);

const char *code_tables_disease_of(const struct code_tables *tables, const char *target);

/* The disease that a diagnosis or notified condition is: of ICD-10 the longest beginning in the table (A15.0, A15);
 * NULL = not in the table. */
const char *code_tables_condition(const struct code_tables *tables, enum report_code_system system,
                                  struct report_text code, struct report_text sender);

/* What a material is taken from; REPORT_PERSON where the table has nothing. */
enum report_subject_kind code_tables_material(const struct code_tables *tables, enum report_code_system system,
                                              struct report_text code);

/* The field (formats/list/fields.def) that a header of a line list means; NULL = not in the table. Case, blanks and
 * punctuation do not matter. */
const char *code_tables_column(const struct code_tables *tables, struct report_text header, struct report_text sender);

/* What a word means as a value of this kind; NULL = not in the table. Case and blanks do not matter. */
const char *code_tables_value(const struct code_tables *tables, enum code_value kind, struct report_text words,
                              struct report_text sender);

#endif
