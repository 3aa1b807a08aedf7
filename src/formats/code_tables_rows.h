/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/code_tables_rows.h: how the code tables lie in memory; for code_tables.c and code_tables_read.c alone. */
#ifndef FORMATS_CODE_TABLES_ROWS_H
#define FORMATS_CODE_TABLES_ROWS_H

#include "base/arena.h"
#include "formats/code_tables.h"

#define CODE_TABLES_WORDS 8 /* of a target's name, at most */

enum code_kind {
    CODE_KIND_SYSTEM,
    CODE_KIND_MEANING,
    CODE_KIND_FLAG,
    CODE_KIND_WORDS,
    CODE_KIND_TEST,
    CODE_KIND_TARGET_WORDS,
    CODE_KIND_METHOD_WORDS,
    CODE_KIND_ORGANISM,
    CODE_KIND_DISEASE,
    CODE_KIND_CONDITION,
    CODE_KIND_MATERIAL,
    CODE_KIND_COLUMN,
    CODE_KIND_VALUE, /* its system is an enum code_value */
    CODE_KIND_EPISODE
};

struct code_key {
    uint8_t            kind, system;
    struct report_text code, sender;
};

struct code_row {
    struct code_key     key;
    struct code_meaning meaning;
    struct code_test    test;
    const char         *text;   /* target, method or disease */
    int                 number; /* system, kind of subject, or days */
};

struct code_tables {
    struct arena     arena; /* texts */
    struct code_row *rows;
    size_t           num_rows;
    uint32_t        *slots; /* row + 1; 0 = free */
    size_t           num_slots;
    bool             has_senders;
};

/* Add or replace a row; its texts live in the tables' arena. 0 or TOC_ERR_NO_MEMORY. */
int code_tables_put(struct code_tables *tables, const struct code_row *row);

/* ASCII small letters, one blank for many, none at the ends. Returns the size; 0 where the text is too long. */
size_t code_tables_fold(struct report_text text, char folded[CODE_TABLES_MAX_TEXT]);

/* Words of letters and digits with one blank between; of a longer text the beginning. */
size_t code_tables_tokens(struct report_text text, char tokens[CODE_TABLES_MAX_TEXT]);

/* Small letters and digits without anything between: "Date of birth" and date_of_birth are dateofbirth. */
size_t code_tables_squeeze(struct report_text text, char squeezed[CODE_TABLES_MAX_TEXT]);

#endif
