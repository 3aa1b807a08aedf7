/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/fault.h"
#include "base/logic_program.h"
#include "tocsin/status.h"

/* ---- truth ---- */

bool logic_is_falsy(const struct logic_value *value)
{
    switch ((enum logic_kind) value->kind) {
    case LOGIC_NULL:
    case LOGIC_FALSE: return true;
    case LOGIC_INTEGER: return value->integer == 0;
    case LOGIC_TEXT:
    case LOGIC_LIST: return value->length == 0;
    case LOGIC_TREE: return value->tree->count == 0;
    case LOGIC_TRUE:
    case LOGIC_NUMBER:
    case LOGIC_DATE:
    case LOGIC_FRAME: break;
    }
    return false;
}

bool logic_is_truthy(const struct logic_value *value)
{
    return value->kind != LOGIC_DATE && !logic_is_falsy(value);
}

static struct logic_value truth(bool holds)
{
    return (struct logic_value){ .kind = holds ? LOGIC_TRUE : LOGIC_FALSE };
}

/* ---- errors and limits ---- */

static int fail(struct logic_machine *machine, const struct logic_node *node, const char *error)
{
    machine->error_at = node->source;
    machine->error = error;
    return BASE_ERR_INPUT;
}

static int too_much(struct logic_machine *machine, const struct logic_node *node, const char *error)
{
    fail(machine, node, error);
    return TOC_ERR_TOO_LARGE;
}

/* Count the work; false where it is too much. */
static inline bool work(struct logic_machine *machine, uint32_t steps)
{
    machine->steps += steps;
    return machine->steps <= LOGIC_MAX_STEPS;
}

/* Room for `num` elements, or NULL. */
static struct logic_value *make_elements(struct logic_machine *machine, uint32_t num)
{
    if (num > LOGIC_MAX_ELEMENTS - machine->used)
        return NULL;
    struct logic_value *elements = machine->elements + machine->used;
    machine->used += num;
    return elements;
}

static int no_elements(struct logic_machine *machine, const struct logic_node *node)
{
    return too_much(machine, node, "more than 256 elements made up");
}

/* ---- var ---- */

static const struct value *step_into(const struct value *at, const struct logic_step *step)
{
    if (at->kind == VALUE_ARRAY)
        return step->index >= 0 ? value_at(at, (size_t) step->index) : NULL;
    if (at->kind != VALUE_OBJECT)
        return NULL;
    size_t length = step->length; /* of an index in an object: its digits, without zeros before them */
    if (step->index >= 0) {
        const char *key = step->key;
        for (length = 0; length < step->length && key[length] >= '0' && key[length] <= '9';)
            length++;
        for (; length > 1 && *key == '0'; length--)
            key++;
        return value_get_of(at, key, length);
    }
    return value_get_of(at, step->key, length);
}

static struct logic_value walk(const struct value *at, const struct logic_step *steps, size_t num)
{
    for (size_t i = 0; i < num && at != NULL; i++)
        at = step_into(at, &steps[i]);
    return logic_value_of(at);
}

static bool step_is(const struct logic_step *step, const char *word)
{
    return step->length == strlen(word) && memcmp(step->key, word, step->length) == 0;
}

static struct logic_value run_var(struct logic_machine *machine, const struct logic_node *node)
{
    const struct logic_step *steps = node->steps, *end = steps + node->num_operands;
    if (node->detail != LOGIC_IN_FRAME)
        return walk(machine->parts[node->detail], steps, node->num_operands);
    struct logic_value at = { .kind = LOGIC_FRAME, .length = 2, .elements = machine->frame };
    for (; steps < end; steps++) {
        if (at.kind == LOGIC_TREE)
            return walk(at.tree, steps, (size_t) (end - steps));
        bool inside = false;
        if (at.kind == LOGIC_FRAME && (step_is(steps, "accumulator") || step_is(steps, "current"))) {
            at = at.elements[step_is(steps, "current")];
            inside = true;
        } else if (at.kind == LOGIC_LIST && steps->index >= 0 && (uint32_t) steps->index < at.length) {
            at = at.elements[steps->index];
            inside = true;
        }
        if (!inside)
            return (struct logic_value){ .kind = LOGIC_NULL };
    }
    return at;
}

/* ---- comparing ---- */

/* As === of JavaScript: things with an inside are equal only to themselves, dates (made anew each time) to nothing. */
static bool equal(const struct logic_value *a, const struct logic_value *b)
{
    if (a->kind != b->kind)
        return false;
    switch ((enum logic_kind) a->kind) {
    case LOGIC_NULL:
    case LOGIC_FALSE:
    case LOGIC_TRUE: return true;
    case LOGIC_INTEGER: return a->integer == b->integer;
    case LOGIC_NUMBER: return a->number == b->number;
    case LOGIC_TEXT: return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
    case LOGIC_TREE: return a->tree == b->tree;
    case LOGIC_LIST: return a->length == b->length && a->length > 0 && a->elements == b->elements;
    case LOGIC_FRAME: return a->elements == b->elements;
    case LOGIC_DATE: break;
    }
    return false;
}

static bool ordered(unsigned op, int64_t a, int64_t b)
{
    switch (op) {
    case LOGIC_OP_LESS: return a < b;
    case LOGIC_OP_GREATER: return a > b;
    case LOGIC_OP_AT_MOST: return a <= b;
    default: return a >= b;
    }
}

static int run_comparison(struct logic_machine *machine, const struct logic_node *node, struct logic_value *result)
{
    const struct logic_node *operand = node + 1;
    struct logic_value       values[3];
    bool                     dates = true, integers = true, holds = true;
    unsigned                 op = node->op >= LOGIC_OP_BEFORE ? node->op - 4U : node->op;
    for (unsigned i = 0; i < node->num_operands; i++, operand += operand->size) {
        int status = logic_run(machine, operand, &values[i]);
        if (status != 0)
            return status;
        dates = dates && values[i].kind == LOGIC_DATE;
        integers = integers && values[i].kind == LOGIC_INTEGER;
    }
    if (node->op >= LOGIC_OP_BEFORE && !dates)
        return fail(machine, node, "all operands of a date-time comparison must be date-times");
    if (!dates && !integers)
        return fail(machine, node, "all operands of a comparison operation must be of integer type");
    for (unsigned i = 0; i + 1 < node->num_operands; i++) {
        int64_t a = values[i].integer, b = values[i + 1].integer;
        holds = holds && ordered(op, a, b) && !(dates && (a == LOGIC_NO_DATE || b == LOGIC_NO_DATE));
    }
    *result = truth(holds);
    return 0;
}

static int run_in(struct logic_machine *machine, const struct logic_node *node, struct logic_value *result)
{
    const struct logic_node *operand = node + 1;
    struct logic_value       wanted, array;
    int                      status = logic_run(machine, operand, &wanted);
    if (status == 0)
        status = logic_run(machine, operand + operand->size, &array);
    if (status != 0)
        return status;
    bool found = false;
    if (array.kind == LOGIC_LIST) {
        for (uint32_t i = 0; i < array.length && !found; i++)
            found = equal(&wanted, &array.elements[i]);
    } else if (array.kind == LOGIC_TREE && array.tree->kind == VALUE_ARRAY) {
        if (!work(machine, array.tree->count))
            return too_much(machine, node, "more than 1,000,000 steps");
        for (VALUE_EACH(child, array.tree)) {
            struct logic_value element = logic_value_of(child);
            found = found || equal(&wanted, &element);
        }
    } else {
        return fail(machine, node, "right-hand side of an \"in\" operation must be an array");
    }
    *result = truth(found);
    return 0;
}

/* ---- choosing ---- */

static int run_if(struct logic_machine *machine, const struct logic_node *node, struct logic_value *result)
{
    const struct logic_node *guard = node + 1, *then = guard + guard->size;
    struct logic_value       value;
    int                      status = logic_run(machine, guard, &value);
    if (status != 0)
        return status;
    if (logic_is_truthy(&value))
        return logic_run(machine, then, result);
    if (logic_is_falsy(&value))
        return logic_run(machine, then + then->size, result);
    return fail(machine, node, "if-guard evaluates to something neither truthy, nor falsy");
}

static int run_and(struct logic_machine *machine, const struct logic_node *node, struct logic_value *result)
{
    const struct logic_node *operand = node + 1;
    for (unsigned i = 0; i < node->num_operands; i++, operand += operand->size) {
        int status = logic_run(machine, operand, result);
        if (status != 0)
            return status;
        if (logic_is_falsy(result))
            return 0;
        if (!logic_is_truthy(result))
            return fail(machine, node, "all operands of an \"and\" operation must be either truthy or falsy");
    }
    return 0;
}

static int run_not(struct logic_machine *machine, const struct logic_node *node, struct logic_value *result)
{
    struct logic_value value;
    int                status = logic_run(machine, node + 1, &value);
    if (status != 0)
        return status;
    if (!logic_is_truthy(&value) && !logic_is_falsy(&value))
        return fail(machine, node, "operand of ! evaluates to something neither truthy, nor falsy");
    *result = truth(logic_is_falsy(&value));
    return 0;
}

/* ---- making ---- */

static int run_plus(struct logic_machine *machine, const struct logic_node *node, struct logic_value *result)
{
    const struct logic_node *operand = node + 1;
    struct logic_value       a, b;
    int                      status = logic_run(machine, operand, &a);
    if (status == 0)
        status = logic_run(machine, operand + operand->size, &b);
    if (status != 0)
        return status;
    int64_t sum;
    if (a.kind != LOGIC_INTEGER || b.kind != LOGIC_INTEGER)
        return fail(machine, node, "operands of this operation must both be integers");
    if (__builtin_add_overflow(a.integer, b.integer, &sum))
        return fail(machine, node, "a sum that is too large");
    *result = (struct logic_value){ .kind = LOGIC_INTEGER, .integer = sum };
    return 0;
}

static int run_date(struct logic_machine *machine, const struct logic_node *node, struct logic_value *result)
{
    struct logic_value text;
    int64_t            date;
    int                status = logic_run(machine, node + 1, &text);
    if (status != 0)
        return status;
    bool birth = node->op == LOGIC_OP_BIRTH;
    if (text.kind != LOGIC_TEXT)
        return fail(machine, node,
                    birth ? "operand of \"dccDateOfBirth\" must be a string"
                          : "date argument (#1) of \"plusTime\" must be a string");
    if (birth ? !logic_date_of_birth(text.text, text.length, &date)
              : !logic_date_from_text(text.text, text.length, &date))
        return fail(machine, node, birth ? "not an EU DCC date-of-birth" : "not an allowed date or date-time format");
    if (!birth)
        date = logic_date_plus(date, node->integer, (enum logic_unit) node->detail);
    *result = (struct logic_value){ .kind = LOGIC_DATE, .integer = date };
    return 0;
}

static int run_array(struct logic_machine *machine, const struct logic_node *node, struct logic_value *result)
{
    const struct logic_node *operand = node + 1;
    struct logic_value      *elements = make_elements(machine, node->num_operands);
    if (elements == NULL)
        return no_elements(machine, node);
    for (unsigned i = 0; i < node->num_operands; i++, operand += operand->size) {
        int status = logic_run(machine, operand, &elements[i]);
        if (status != 0)
            return status;
    }
    *result = (struct logic_value){ .kind = LOGIC_LIST, .length = node->num_operands, .elements = elements };
    return 0;
}

/* The element of an index, of arrays of both kinds; next: where the element of a tree stands, moved on. */
static struct logic_value element_at(const struct logic_value *array, uint32_t index, const struct value **next)
{
    if (array->kind == LOGIC_LIST)
        return array->elements[index];
    const struct value *element = *next;
    *next += element->size;
    return logic_value_of(element);
}

/* Does the value of a step point into what the step made up? Then that must stay. */
static bool holds_elements(const struct logic_value *value)
{
    return value->kind == LOGIC_LIST || value->kind == LOGIC_FRAME;
}

static int run_steps(struct logic_machine *machine, const struct logic_node *node, const struct logic_value *array,
                     uint32_t num, struct logic_value *result)
{
    const struct logic_node  *step = node + 1 + node[1].size;
    const struct value       *next = array->kind == LOGIC_TREE ? array->tree + 1 : NULL;
    const struct logic_value *outer = machine->frame;
    struct logic_value       *frame = make_elements(machine, 2);
    int                       status = 0;
    for (uint32_t i = 0; i < num && status == 0; i++) {
        uint32_t used = machine->used;
        if (frame == NULL)
            return no_elements(machine, node);
        frame[0] = *result;
        frame[1] = element_at(array, i, &next);
        machine->frame = frame;
        status = logic_run(machine, step, result);
        machine->frame = outer;
        if (holds_elements(result))
            frame = i + 1 < num ? make_elements(machine, 2) : frame;
        else
            machine->used = used;
    }
    return status;
}

static int run_reduce(struct logic_machine *machine, const struct logic_node *node, struct logic_value *result)
{
    const struct logic_node *operand = node + 1, *initial = operand + operand->size;
    struct logic_value       array;
    initial += initial->size;
    int status = logic_run(machine, operand, &array);
    if (status != 0)
        return status;
    uint32_t num = array.kind == LOGIC_LIST ? array.length : array.kind == LOGIC_TREE ? array.tree->count : 0;
    bool     is_array = array.kind == LOGIC_LIST || (array.kind == LOGIC_TREE && array.tree->kind == VALUE_ARRAY);
    if (array.kind != LOGIC_NULL && !is_array)
        return fail(machine, node, "operand of reduce evaluated to a non-null non-array");
    if (num > LOGIC_MAX_REDUCE)
        return too_much(machine, node, "reduce over more than 4096 elements");
    status = logic_run(machine, initial, result);
    return status != 0 || num == 0 ? status : run_steps(machine, node, &array, num, result);
}

static int run_uvci(struct logic_machine *machine, const struct logic_node *node, struct logic_value *result)
{
    static const char  prefix[] = "URN:UVCI:";
    struct logic_value uvci;
    int                status = logic_run(machine, node + 1, &uvci);
    if (status != 0)
        return status;
    if (uvci.kind != LOGIC_TEXT && uvci.kind != LOGIC_NULL)
        return fail(machine, node, "\"UVCI\" argument (#1) of \"extractFromUVCI\" must be either a string or null");
    *result = (struct logic_value){ .kind = LOGIC_NULL };
    if (uvci.kind == LOGIC_NULL || node->integer < 0)
        return 0;
    const char *at = uvci.text, *end = at + uvci.length;
    if (uvci.length >= sizeof prefix - 1 && memcmp(at, prefix, sizeof prefix - 1) == 0)
        at += sizeof prefix - 1;
    for (int64_t index = 0;; index++) {
        const char *to = at;
        while (to < end && *to != '/' && *to != '#' && *to != ':')
            to++;
        if (index == node->integer) {
            *result = (struct logic_value){ .kind = LOGIC_TEXT, .text = at, .length = (uint32_t) (to - at) };
            return 0;
        }
        if (to == end)
            return 0;
        at = to + 1;
    }
}

/* ---- the whole ---- */

static int run_equal(struct logic_machine *machine, const struct logic_node *node, struct logic_value *result)
{
    const struct logic_node *operand = node + 1;
    struct logic_value       a, b;
    int                      status = logic_run(machine, operand, &a);
    if (status == 0)
        status = logic_run(machine, operand + operand->size, &b);
    if (status == 0)
        *result = truth(equal(&a, &b));
    return status;
}

int logic_run(struct logic_machine *machine, const struct logic_node *node, struct logic_value *result)
{
    if (!work(machine, 1))
        return too_much(machine, node, "more than 1,000,000 steps");
    switch ((enum logic_operator) node->op) {
    case LOGIC_OP_LITERAL: *result = node->constant; return 0;
    case LOGIC_OP_ARRAY: return run_array(machine, node, result);
    case LOGIC_OP_VAR: *result = run_var(machine, node); return 0;
    case LOGIC_OP_IF: return run_if(machine, node, result);
    case LOGIC_OP_EQUAL: return run_equal(machine, node, result);
    case LOGIC_OP_AND: return run_and(machine, node, result);
    case LOGIC_OP_LESS:
    case LOGIC_OP_GREATER:
    case LOGIC_OP_AT_MOST:
    case LOGIC_OP_AT_LEAST:
    case LOGIC_OP_BEFORE:
    case LOGIC_OP_AFTER:
    case LOGIC_OP_NOT_AFTER:
    case LOGIC_OP_NOT_BEFORE: return run_comparison(machine, node, result);
    case LOGIC_OP_IN: return run_in(machine, node, result);
    case LOGIC_OP_PLUS: return run_plus(machine, node, result);
    case LOGIC_OP_NOT: return run_not(machine, node, result);
    case LOGIC_OP_PLUS_TIME:
    case LOGIC_OP_BIRTH: return run_date(machine, node, result);
    case LOGIC_OP_REDUCE: return run_reduce(machine, node, result);
    case LOGIC_OP_UVCI: return run_uvci(machine, node, result);
    }
    return fail(machine, node, "an operation that this program does not know");
}

void logic_start(struct logic_machine *machine, const struct value *const *parts)
{
    machine->parts = parts;
    machine->frame = NULL;
    machine->steps = 0;
    machine->used = 0;
    machine->error = NULL;
    machine->error_at = NULL;
}

int logic_evaluate(const struct logic_program *program, const struct value *const *parts, struct logic_machine *machine,
                   struct logic_value *result)
{
    struct logic_value value;
    logic_start(machine, parts);
    int status = logic_run(machine, program->nodes, &value);
    if (status == 0)
        *result = value;
    return status;
}
