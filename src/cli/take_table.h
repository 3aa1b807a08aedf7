/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/take_table.h: line lists of `tocsin intake` (response/intake_table.h). */
#ifndef CLI_TAKE_TABLE_H
#define CLI_TAKE_TABLE_H

#include "cli/command.h"
#include "response/intake_table.h"

struct take_table_options {
    const char *mapping;                                /* path; NULL = what is remembered */
    const char *errors;                                 /* path; NULL = no file of errors */
    const char *encoding, *sheet, *delimiter, *disease; /* NULL = as the file decides */
    int         dates;                                  /* of --dates; -1 = ask */
    bool        as_proposed;                            /* what is proposed is confirmed */
};

#define TAKE_TABLE_NUM_OPTIONS 8
extern const struct cli_option take_table_options[TAKE_TABLE_NUM_OPTIONS];

struct take_table_call {
    const struct cli_command        *command;
    const struct take_table_options *options;
    struct intake                   *intake;
    struct store_reader             *reader;
    const struct model_feed         *feed; /* NULL = none was named */
    struct id                        submitted_by;
    bool                             history;
    uint64_t                         num_bad; /* answered: rows, and 1 for a file that is not loaded */
};

/* By its name (.csv, .tsv, .xlsx), or its first bytes: a spreadsheet; objects of JSON that are no FHIR, with a feed. */
bool take_table_is(const char *path, bool has_feed, const char *bytes, size_t size);

/* Keep it, and load its rows where its mapping is confirmed; the receipt is written. What to exit with. */
int take_table_file(struct take_table_call *call, const char *path, const char *bytes, size_t size);

#endif
