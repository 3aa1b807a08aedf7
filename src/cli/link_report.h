/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/link_report.h: what `tocsin link` prints: pairs with their probability and reasons, or groups. Never a value of a
 * person: a record is named by its own number or its line. */
#ifndef CLI_LINK_REPORT_H
#define CLI_LINK_REPORT_H

#include "cli/link_run.h"
#include "cli/output_options.h"

extern const struct rows_column link_pair_columns[];
extern const struct rows_column link_group_columns[];
extern const size_t             link_num_pair_columns, link_num_group_columns;

struct link_report {
    const struct link_lists   *lists;
    const struct link_columns *columns;
    const struct link_result  *result;
    double                     same;                              /* probability from which two records are the same */
    uint64_t                   num_same, num_perhaps, num_groups; /* counted while writing */
};

/* Pairs of one list: those of each group, then those in doubt; of two: the record of B for each of A that has one. */
void link_report_pairs(struct link_report *report, struct rows *rows);

/* Every record of one list with its group. */
void link_report_groups(struct link_report *report, struct rows *rows);

/* What was learned, for people, as lines. */
void link_report_model(const struct link_report *report, FILE *file);

#endif
