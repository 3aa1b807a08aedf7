/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/link_list.h: lists of persons read for `tocsin link`: which column is what, and every record made ready. */
#ifndef CLI_LINK_LIST_H
#define CLI_LINK_LIST_H

#include <stdbool.h>
#include <stdio.h>

#include "base/fault.h"
#include "formats/person_fields.h"
#include "store/link_values.h"

#define LINK_MAX_LISTS 2
#define LINK_MAX_IGNORED 64

enum link_dates { LINK_DATES_SEEN, LINK_DATES_DAY_FIRST, LINK_DATES_MONTH_FIRST };

struct link_list_options {
    const char *field_column[PERSON_NUM_FIELDS]; /* the user's own; NULL = by header words */
    const char *ignored[LINK_MAX_IGNORED];
    size_t      num_ignored;
    int         dates; /* enum link_dates */
};

/* All lists' records behind each other. */
struct link_lists {
    size_t             num_records, room;
    size_t             num_first;                /* of the first list */
    uint32_t          *value[PERSON_NUM_FIELDS]; /* of the fields that are compared; NULL = no list has it */
    struct link_values texts[PERSON_NUM_FIELDS]; /* names: both in PERSON_FIELD_given */
    struct link_set    labels;                   /* of the column record */
    bool               found[PERSON_NUM_FIELDS]; /* a list has the column that the user named for the field */
    uint32_t          *label, *line;             /* of each record: 1 + label or 0; the line of its list */
};

/* Read a list and put its records behind those that are there; say on `notes` which columns are used, which are not,
 * and why. Returns 0, BASE_ERR_INPUT, BASE_ERR_SYSTEM, TOC_ERR_NO_MEMORY. */
int  link_lists_read(struct link_lists *lists, const char *path, const struct link_list_options *options,
                     struct fault_list *faults, FILE *notes);
void link_lists_free(struct link_lists *lists); /* clears what identifies */

/* The columns to compare: role and values of each; values and columns point into lists. Returns how many there are. */
struct link_columns {
    struct toc_linkage_column column[TOC_LINKAGE_MAX_COLUMNS];
    struct toc_linkage_values values[PERSON_NUM_FIELDS];
    enum person_field         field[TOC_LINKAGE_MAX_COLUMNS];
    size_t                    num;
};
void link_lists_columns(const struct link_lists *lists, struct link_columns *columns);

#endif
