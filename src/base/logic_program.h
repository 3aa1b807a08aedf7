/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/logic_program.h: what logic_compile makes and logic_evaluate runs; for the files of base/logic alone.
 *
 * A program is an array of nodes in the order of the expression: a node, then its operands. `size` counts a node with
 * all below it, so the next operand of a parent is node + node->size.
 */
#ifndef BASE_LOGIC_PROGRAM_H
#define BASE_LOGIC_PROGRAM_H

#include "base/logic.h"

enum logic_operator {
    LOGIC_OP_LITERAL, /* constant */
    LOGIC_OP_ARRAY,   /* of operands that are not all literals */
    LOGIC_OP_VAR,
    LOGIC_OP_IF,
    LOGIC_OP_EQUAL,
    LOGIC_OP_AND,
    LOGIC_OP_LESS,
    LOGIC_OP_GREATER,
    LOGIC_OP_AT_MOST,
    LOGIC_OP_AT_LEAST,
    LOGIC_OP_BEFORE, /* in the order of the four above: LESS + 4 is BEFORE */
    LOGIC_OP_AFTER,
    LOGIC_OP_NOT_AFTER,
    LOGIC_OP_NOT_BEFORE,
    LOGIC_OP_IN,
    LOGIC_OP_PLUS,
    LOGIC_OP_NOT,
    LOGIC_OP_PLUS_TIME, /* detail: the unit */
    LOGIC_OP_BIRTH,
    LOGIC_OP_REDUCE,
    LOGIC_OP_UVCI
};

enum logic_unit { LOGIC_YEAR, LOGIC_MONTH, LOGIC_DAY, LOGIC_HOUR };

/* One step of a path. */
struct logic_step {
    const char *key;
    uint32_t    length;
    int32_t     index; /* -1: no index */
};

struct logic_node {
    uint32_t            size;
    uint16_t            num_operands; /* that are nodes; of a VAR: steps */
    uint8_t             op;           /* enum logic_operator */
    uint8_t             detail;       /* the unit; of a VAR: the part, or LOGIC_IN_FRAME */
    const struct value *source;
    union {
        struct logic_value       constant;
        int64_t                  integer; /* PLUS_TIME: how many; UVCI: the index */
        const struct logic_step *steps;   /* VAR */
    };
};
enum { LOGIC_IN_FRAME = LOGIC_MAX_PARTS };

struct logic_program {
    const struct value      *expression;
    const struct logic_node *nodes;
};

/* A value of the data or a literal, as the evaluation sees it. */
struct logic_value logic_value_of(const struct value *value);

/* logic_run.c: the value of one node; used by logic_explain too. */
int  logic_run(struct logic_machine *machine, const struct logic_node *node, struct logic_value *result);
void logic_start(struct logic_machine *machine, const struct value *const *parts);

/* logic_date.c */
int64_t logic_date_plus(int64_t milliseconds, int64_t amount, enum logic_unit unit);
bool    logic_date_of_birth(const char *text, size_t length, int64_t *milliseconds);
/* "2021-06-15T00:00:00Z", or the date alone at midnight; ends with '\0' */
#define LOGIC_DATE_BYTES 40
void logic_date_to_text(int64_t milliseconds, char text[LOGIC_DATE_BYTES]);

#endif
