/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/logic.h: conditions as data: CertLogic 1.3.3, compiled once, evaluated without allocation.
 *
 * An expression is JSON: true, false, a whole number, a text, an array of expressions, or an object with one key, the
 * operator: {"and": [{"var": "payload.v.0"}, {">": [{"var": "payload.v.0.dn"}, 1]}]}. The operators:
 *
 *     var "a.0.b"            what stands there in the data; null where nothing does; "" is the whole
 *     if [c, then, else]     lazily
 *     ===                    equal texts, numbers, truths, nulls; arrays and objects only if they are the same one
 *     and [2 or more]        lazily: the first falsy operand, else the last
 *     < > <= >=              2 or 3 whole numbers (or dates: rules in the field wrote that)
 *     before after not-before not-after    2 or 3 dates
 *     in [x, array]  + [a, b]  ! [x]
 *     plusTime [text, n, "year"|"month"|"day"|"hour"]    a date, moved; UTC; 29 February + 1 year is 1 March
 *     dccDateOfBirth [text]  a date of YYYY, YYYY-MM (their last day) or YYYY-MM-DD
 *     reduce [array, step, initial]   step sees only {"accumulator", "current"}; null is initial
 *     extractFromUVCI [text, n]       the n-th part of a certificate's number, between / # and :
 *
 * Falsy are false, null, 0, "", [] and {}; a date is neither truthy nor falsy. What does not fit together (a text
 * compared as a number, a missing date moved) is an error of the evaluation: a rule with an error is open, never met.
 *
 * Source: the CertLogic specification 1.3.3 of the eHealth Network; results equal to certlogic-js 1.2.2 except for `<`
 * on dates (an error there) and indexes into texts (null here).
 */
#ifndef BASE_LOGIC_H
#define BASE_LOGIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/sink.h"
#include "base/value.h"

#define LOGIC_MAX_DEPTH 64        /* expressions within expressions; in the field 23 */
#define LOGIC_MAX_STEPS 1000000   /* operations and comparisons with elements, of one evaluation */
#define LOGIC_MAX_REDUCE 4096     /* elements that one reduce goes through */
#define LOGIC_MAX_ELEMENTS 256    /* of arrays that an evaluation makes up itself, all together */
#define LOGIC_MAX_PARTS 16        /* names that data can be given under */
#define LOGIC_MAX_INDEX 999999999 /* of an array, in a path */

struct logic_program;

struct logic_fault {
    char        path[VALUE_PATH_BYTES]; /* where in the expression; "" = the whole */
    char        found[160];             /* what was found, as a clause */
    const char *allowed;                /* what would have been accepted; "" = nothing to add */
};

/* Compile an expression.
 *
 * names   what the data come in: path[i] names parts[i] of logic_evaluate: "payload", "external.valueSets". The first
 *         name that begins the path of a var gives the part in which the rest of the path is looked up; the name ""
 *         begins every path. A path that no name begins is a fault. NULL: one part, the whole data.
 * program in arena; it points into the expression, which must live as long, unmoved.
 * Returns 0; BASE_ERR_INPUT with the first fault; TOC_ERR_NO_MEMORY. */
struct logic_names {
    const char *const *path;
    size_t             num; /* at most LOGIC_MAX_PARTS */
};
int logic_compile(const struct value *expression, const struct logic_names *names, struct arena *arena,
                  const struct logic_program **program, struct logic_fault *fault);

enum logic_kind {
    LOGIC_NULL,
    LOGIC_FALSE,
    LOGIC_TRUE,
    LOGIC_INTEGER,
    LOGIC_NUMBER, /* of the data, not whole */
    LOGIC_TEXT,
    LOGIC_DATE, /* integer: milliseconds from 1970, UTC; LOGIC_NO_DATE where it is none (a 13th month) */
    LOGIC_TREE, /* an array or object of the data or the expression */
    LOGIC_LIST, /* an array made up: elements */
    LOGIC_FRAME /* what `var ""` is within a reduce: elements are accumulator and current */
};
#define LOGIC_NO_DATE INT64_MIN

struct logic_value {
    union {
        int64_t                   integer;
        double                    number;
        const char               *text; /* length bytes */
        const struct value       *tree;
        const struct logic_value *elements; /* length of them, in the machine */
    };
    uint32_t length;
    uint8_t  kind; /* enum logic_kind */
};

/* The room of an evaluation; used again and again. Nothing to initialise. */
struct logic_machine {
    const struct value *const *parts;
    const struct logic_value  *frame; /* of the innermost reduce */
    uint32_t                   steps;
    uint32_t                   used;
    struct logic_value         elements[LOGIC_MAX_ELEMENTS];
    /* after an error */
    const struct value *error_at; /* the operation, within the expression */
    const char         *error;    /* what did not fit, a static clause */
};

/* Evaluate. parts: as many as names, NULL = nothing there. *result: may point into data, expression and machine; valid
 * until the machine's next evaluation. Returns 0; BASE_ERR_INPUT where things do not fit together and
 * TOC_ERR_TOO_LARGE where a limit is passed, with machine->error_at and ->error. No allocation. */
int logic_evaluate(const struct logic_program *program, const struct value *const *parts, struct logic_machine *machine,
                   struct logic_value *result);

bool logic_is_truthy(const struct logic_value *value);
bool logic_is_falsy(const struct logic_value *value);

/* A text as plusTime takes it: YYYY, YYYY-MM, YYYY-MM-DD, or with Thh:mm:ss, a fraction, and Z or an offset of
 * h, hh, hmm, hhmm, h:mm, hh:mm. False where it is none of these. */
bool logic_date_from_text(const char *text, size_t length, int64_t *milliseconds);

/* ---- explaining ---- */

#define LOGIC_MAX_SHOWN 3 /* operands */

/* What decided a result that is not met: the operand of `and`s and `if`s that came out false (or did not fit). */
struct logic_reason {
    const struct value *operation; /* within the expression; NULL: the result is met, nothing to explain */
    const struct value *operands[LOGIC_MAX_SHOWN]; /* within the expression */
    struct logic_value  values[LOGIC_MAX_SHOWN];   /* what they came to; into data and machine */
    bool                evaluated[LOGIC_MAX_SHOWN];
    size_t              num_operands;
    const char         *error; /* NULL, or what did not fit */
};

/* Evaluate once more, looking for the reason. Returns as logic_evaluate, an error that is explained included. */
int logic_explain(const struct logic_program *program, const struct value *const *parts, struct logic_machine *machine,
                  struct logic_reason *reason);

/* The reason in one line of symbols: `payload.v.0.dt + 14 days (2021-06-15) not-after external.validationClock + 0 days
 * (2021-06-10)`. It shows values of the data: for the screen, never for a log. */
void logic_reason_write(const struct logic_reason *reason, struct sink *sink);

#endif
