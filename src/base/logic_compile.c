/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From an expression as a tree of values to a program; every fault of its form is found here, with its place. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/logic_program.h"
#include "base/text.h"
#include "tocsin/status.h"

struct compiler {
    const struct value       *expression;
    const struct logic_names *names;
    struct arena             *arena;
    struct logic_fault       *fault;
    struct logic_node        *nodes;
    uint32_t                  num_nodes;
    unsigned                  depth;
    bool                      in_reduce;
};

struct logic_value logic_value_of(const struct value *value)
{
    if (value == NULL)
        return (struct logic_value){ .kind = LOGIC_NULL };
    switch ((enum value_kind) value->kind) {
    case VALUE_FALSE: return (struct logic_value){ .kind = LOGIC_FALSE };
    case VALUE_TRUE: return (struct logic_value){ .kind = LOGIC_TRUE };
    case VALUE_INTEGER: return (struct logic_value){ .kind = LOGIC_INTEGER, .integer = value->integer };
    case VALUE_NUMBER:
        if (fabs(value->number) <= 9007199254740992.0 && value->number == (double) (int64_t) value->number)
            return (struct logic_value){ .kind = LOGIC_INTEGER, .integer = (int64_t) value->number };
        return (struct logic_value){ .kind = LOGIC_NUMBER, .number = value->number };
    case VALUE_TEXT: return (struct logic_value){ .kind = LOGIC_TEXT, .text = value->text, .length = value->length };
    case VALUE_ARRAY:
    case VALUE_OBJECT: return (struct logic_value){ .kind = LOGIC_TREE, .tree = value };
    case VALUE_NULL:
    case VALUE_BYTES: break;
    }
    return (struct logic_value){ .kind = LOGIC_NULL };
}

/* ---- faults ---- */

static int refuse(struct compiler *compiler, const struct value *at, const char *allowed, const char *found, ...)
    __attribute__((format(printf, 4, 5)));

static int refuse(struct compiler *compiler, const struct value *at, const char *allowed, const char *found, ...)
{
    if (compiler->fault == NULL)
        return BASE_ERR_INPUT;
    va_list arguments;
    value_path(compiler->expression, at, compiler->fault->path, sizeof compiler->fault->path);
    va_start(arguments, found);
    vsnprintf(compiler->fault->found, sizeof compiler->fault->found, found, arguments);
    va_end(arguments);
    compiler->fault->allowed = allowed;
    return BASE_ERR_INPUT;
}

static const char *shown(const struct value *value, char text[72])
{
    char quoted[TEXT_QUOTE_BYTES];
    if (value == NULL || value->kind < VALUE_INTEGER || value->kind > VALUE_TEXT)
        return value_kind_text(value);
    text_quote(value->text, value->length, quoted);
    snprintf(text, 72, "%.60s", quoted);
    return text;
}

/* ---- paths ---- */

/* Does the path begin with the name, followed by a point or its end? *rest: how much of the path the name takes. */
static bool begins(const char *name, const char *path, size_t length, size_t *rest)
{
    size_t size = strlen(name);
    if (size > length || memcmp(name, path, size) != 0 || (size > 0 && size < length && path[size] != '.'))
        return false;
    *rest = size > 0 && size < length ? size + 1 : size;
    return true;
}

/* A step as certlogic-js reads one: digits at its beginning make it an index. */
static struct logic_step step_of(const char *key, size_t length)
{
    struct logic_step step = { .key = key, .length = (uint32_t) length, .index = -1 };
    int64_t           index = 0;
    size_t            digits = 0;
    for (; digits < length && key[digits] >= '0' && key[digits] <= '9'; digits++)
        index = index > LOGIC_MAX_INDEX ? index : index * 10 + (key[digits] - '0');
    if (digits > 0)
        step.index = (int32_t) (index > LOGIC_MAX_INDEX ? LOGIC_MAX_INDEX : index);
    return step;
}

static bool well_formed(const char *path, size_t length)
{
    if (length == 0)
        return true;
    if (path[0] == '.' || path[length - 1] == '.')
        return false;
    return memmem(path, length, "..", 2) == NULL;
}

static int split_path(struct compiler *compiler, struct logic_node *node, const char *path, size_t length)
{
    size_t num = length > 0;
    for (size_t i = 0; i < length; i++)
        num += path[i] == '.';
    struct logic_step *steps = arena_array(compiler->arena, num + 1, sizeof *steps);
    if (steps == NULL)
        return TOC_ERR_NO_MEMORY;
    const char *end = path + length;
    for (size_t i = 0; i < num; i++) {
        const char *point = memchr(path, '.', (size_t) (end - path));
        const char *to = point != NULL ? point : end;
        steps[i] = step_of(path, (size_t) (to - path));
        path = to + 1;
    }
    node->steps = steps;
    node->num_operands = (uint16_t) num;
    return 0;
}

static int compile_var(struct compiler *compiler, struct logic_node *node, const struct value *operand)
{
    size_t rest = 0;
    node->op = LOGIC_OP_VAR;
    if (operand->kind != VALUE_TEXT)
        return refuse(compiler, operand, "{\"var\": \"PATH\"}", "not of the form { \"var\": \"<path>\" }, but %s",
                      value_kind_text(operand));
    if (!well_formed(operand->text, operand->length) || operand->length > UINT16_MAX) {
        char text[72];
        return refuse(compiler, operand, "keys and indexes with points between: payload.v.0.dn",
                      "data access path doesn't have a valid format: %s", shown(operand, text));
    }
    node->detail = LOGIC_IN_FRAME;
    if (!compiler->in_reduce && compiler->names != NULL) {
        size_t part = 0;
        while (part < compiler->names->num &&
               !begins(compiler->names->path[part], operand->text, operand->length, &rest))
            part++;
        if (part == compiler->names->num) {
            char text[72];
            return refuse(compiler, operand, "a path into the data that there are", "no data at the path %s",
                          shown(operand, text));
        }
        node->detail = (uint8_t) part;
    } else if (!compiler->in_reduce) {
        node->detail = 0;
    }
    return split_path(compiler, node, operand->text + rest, operand->length - rest);
}

/* ---- operators ---- */

static const struct form {
    const char         *name;
    enum logic_operator op;
    uint8_t             min, max; /* operands; max 0 = as many as there are */
    uint8_t             compiled; /* the first so many are expressions; 0 = all */
} forms[] = {
    { "if", LOGIC_OP_IF, 3, 3, 0 },
    { "===", LOGIC_OP_EQUAL, 2, 2, 0 },
    { "and", LOGIC_OP_AND, 2, 0, 0 },
    { "<", LOGIC_OP_LESS, 2, 3, 0 },
    { ">", LOGIC_OP_GREATER, 2, 3, 0 },
    { "<=", LOGIC_OP_AT_MOST, 2, 3, 0 },
    { ">=", LOGIC_OP_AT_LEAST, 2, 3, 0 },
    { "before", LOGIC_OP_BEFORE, 2, 3, 0 },
    { "after", LOGIC_OP_AFTER, 2, 3, 0 },
    { "not-after", LOGIC_OP_NOT_AFTER, 2, 3, 0 },
    { "not-before", LOGIC_OP_NOT_BEFORE, 2, 3, 0 },
    { "in", LOGIC_OP_IN, 2, 2, 0 },
    { "+", LOGIC_OP_PLUS, 2, 2, 0 },
    { "!", LOGIC_OP_NOT, 1, 1, 0 },
    { "plusTime", LOGIC_OP_PLUS_TIME, 3, 3, 1 },
    { "dccDateOfBirth", LOGIC_OP_BIRTH, 1, 1, 0 },
    { "reduce", LOGIC_OP_REDUCE, 3, 3, 0 },
    { "extractFromUVCI", LOGIC_OP_UVCI, 2, 2, 1 },
};

static int compile(struct compiler *compiler, const struct value *expression);

static int whole_number(struct compiler *compiler, const struct value *operand, const char *which, int64_t *number)
{
    struct logic_value value = logic_value_of(operand);
    char               text[72];
    if (value.kind != LOGIC_INTEGER)
        return refuse(compiler, operand, "a whole number", "%s must be an integer, but it is: %s", which,
                      shown(operand, text));
    *number = value.integer;
    return 0;
}

/* The operands that are not expressions. */
static int fixed_operands(struct compiler *compiler, struct logic_node *node, const struct value *operands)
{
    static const char *const units[] = { "year", "month", "day", "hour" };
    if (node->op == LOGIC_OP_UVCI)
        return whole_number(compiler, value_at(operands, 1), "\"index\" argument (#2) of \"extractFromUVCI\"",
                            &node->integer);
    int status =
        whole_number(compiler, value_at(operands, 1), "\"amount\" argument (#2) of \"plusTime\"", &node->integer);
    if (status != 0)
        return status;
    const struct value *unit = value_at(operands, 2);
    while (node->detail < 4 && !value_is_text(unit, units[node->detail]))
        node->detail++;
    char text[72];
    if (node->detail == 4)
        return refuse(compiler, unit, "\"year\", \"month\", \"day\" or \"hour\"",
                      "\"unit\" argument (#3) of \"plusTime\" is %s", shown(unit, text));
    return 0;
}

static int check_operands(struct compiler *compiler, const struct form *form, const struct value *operands)
{
    if (operands->kind != VALUE_ARRAY)
        return refuse(compiler, operands, "an array of operands",
                      "operation not of the form { \"<operator>\": [ <values...> ] }, but with %s",
                      value_kind_text(operands));
    if (form == NULL) {
        char text[72];
        return refuse(compiler, operands - 1,
                      "var if === and > < >= <= in + ! after before not-after not-before plusTime reduce "
                      "extractFromUVCI dccDateOfBirth",
                      "unrecognised operator: %s", shown(operands - 1, text));
    }
    if (operands->count < form->min || (form->max != 0 && operands->count > form->max) || operands->count > UINT16_MAX)
        return refuse(compiler, operands,
                      form->max == 0           ? "2 operands or more"
                      : form->max != form->min ? "2 or 3 operands"
                      : form->max == 1         ? "1 operand"
                      : form->max == 2         ? "2 operands"
                                               : "3 operands",
                      "\"%s\" with %u operands", form->name, operands->count);
    return 0;
}

static int compile_operation(struct compiler *compiler, struct logic_node *node, const struct value *expression)
{
    if (expression->count != 1)
        return refuse(compiler, expression, "an object with one key, the operator",
                      "expression object must have exactly one key, but it has %u", expression->count);
    const struct value *key = expression + 1, *operands = expression + 2;
    if (value_is_text(key, "var"))
        return compile_var(compiler, node, operands);
    const struct form *form = NULL;
    for (size_t i = 0; i < sizeof forms / sizeof *forms && form == NULL; i++)
        form = value_is_text(key, forms[i].name) ? &forms[i] : NULL;
    int status = check_operands(compiler, form, operands);
    if (status != 0)
        return status;
    node->op = (uint8_t) form->op;
    node->num_operands = (uint16_t) (form->compiled != 0 ? form->compiled : operands->count);
    const struct value *operand = operands + 1;
    for (unsigned i = 0; i < node->num_operands && status == 0; i++, operand += operand->size) {
        bool outer = compiler->in_reduce;
        compiler->in_reduce = outer || (form->op == LOGIC_OP_REDUCE && i == 1);
        status = compile(compiler, operand);
        compiler->in_reduce = outer;
    }
    return status != 0 || form->compiled == 0 ? status : fixed_operands(compiler, node, operands);
}

/* ---- literals and arrays ---- */

static bool is_literal(const struct value *value)
{
    bool literal = value->kind != VALUE_OBJECT && value->kind != VALUE_NULL && value->kind != VALUE_BYTES &&
                   logic_value_of(value).kind != LOGIC_NUMBER;
    for (VALUE_EACH(child, value))
        literal = literal && is_literal(child);
    return literal;
}

static int compile_array(struct compiler *compiler, struct logic_node *node, const struct value *expression)
{
    int status = 0;
    if (is_literal(expression)) {
        node->op = LOGIC_OP_LITERAL;
        node->constant = logic_value_of(expression);
        return 0;
    }
    node->op = LOGIC_OP_ARRAY;
    if (expression->count > LOGIC_MAX_ELEMENTS)
        return refuse(compiler, expression, "at most 256 elements, or literals alone", "an array of %u expressions",
                      expression->count);
    node->num_operands = (uint16_t) expression->count;
    for (VALUE_EACH(child, expression)) {
        if (status == 0)
            status = compile(compiler, child);
    }
    return status;
}

static int compile_literal(struct compiler *compiler, struct logic_node *node, const struct value *expression)
{
    node->op = LOGIC_OP_LITERAL;
    node->constant = logic_value_of(expression);
    if (node->constant.kind == LOGIC_NULL)
        return refuse(compiler, expression, "true, false, a whole number, a text, an array or an operation",
                      "invalid CertLogic expression: %s", value_kind_text(expression));
    if (node->constant.kind == LOGIC_NUMBER)
        return refuse(compiler, expression, "a whole number", "%.*s is a non-integer number",
                      (int) (expression->length < 40 ? expression->length : 40), expression->text);
    return 0;
}

static int compile(struct compiler *compiler, const struct value *expression)
{
    uint32_t           index = compiler->num_nodes++;
    struct logic_node *node = &compiler->nodes[index];
    int                status;
    node->source = expression;
    if (compiler->depth == LOGIC_MAX_DEPTH)
        return refuse(compiler, expression, "fewer", "more than %d expressions within one another", LOGIC_MAX_DEPTH);
    compiler->depth++;
    if (expression->kind == VALUE_OBJECT)
        status = compile_operation(compiler, node, expression);
    else if (expression->kind == VALUE_ARRAY)
        status = compile_array(compiler, node, expression);
    else
        status = compile_literal(compiler, node, expression);
    compiler->depth--;
    node->size = compiler->num_nodes - index;
    return status;
}

int logic_compile(const struct value *expression, const struct logic_names *names, struct arena *arena,
                  const struct logic_program **program, struct logic_fault *fault)
{
    struct compiler compiler = { .expression = expression, .names = names, .arena = arena, .fault = fault };
    compiler.nodes = arena_array(arena, expression->size, sizeof *compiler.nodes); /* no value makes two nodes */
    struct logic_program *made = arena_array(arena, 1, sizeof *made);
    if (compiler.nodes == NULL || made == NULL)
        return TOC_ERR_NO_MEMORY;
    int status = compile(&compiler, expression);
    if (status != 0)
        return status;
    *made = (struct logic_program){ .expression = expression, .nodes = compiler.nodes };
    *program = made;
    return 0;
}
