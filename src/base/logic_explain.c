/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why a result is not met: the operand that decided it, with what its own operands came to. */
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/logic_program.h"
#include "base/text.h"

/* ---- finding it ---- */

static bool has_operands(const struct logic_node *node)
{
    return node->op != LOGIC_OP_VAR && node->op != LOGIC_OP_LITERAL && node->op != LOGIC_OP_ARRAY;
}

static void show_operands(struct logic_machine *machine, const struct logic_node *node, struct logic_reason *reason)
{
    const struct logic_node *operand = node + 1;
    unsigned                 num = node->num_operands;
    if (!has_operands(node)) {
        operand = node;
        num = 1;
    } else if (node->op == LOGIC_OP_REDUCE) {
        num = 1; /* its step has no value of its own */
    }
    for (unsigned i = 0; i < num && i < LOGIC_MAX_SHOWN; i++, operand += operand->size) {
        reason->operands[i] = operand->source;
        reason->evaluated[i] = logic_run(machine, operand, &reason->values[i]) == 0;
        reason->num_operands = i + 1;
    }
}

/* The operation itself is the reason. */
static int settle(struct logic_machine *machine, const struct logic_node *node, int status, struct logic_reason *reason)
{
    reason->operation = node->source;
    reason->error = status != 0 ? machine->error : NULL;
    bool inner = node->op == LOGIC_OP_NOT && has_operands(node + 1);
    show_operands(machine, inner ? node + 1 : node, reason);
    return status;
}

/* The operand of an `and` that came out false or did not fit; NULL: none. */
static const struct logic_node *deciding_operand(struct logic_machine *machine, const struct logic_node *node)
{
    const struct logic_node *operand = node + 1;
    for (unsigned i = 0; i < node->num_operands; i++, operand += operand->size) {
        struct logic_value value;
        if (logic_run(machine, operand, &value) != 0 || logic_is_falsy(&value))
            return operand;
    }
    return NULL;
}

/* Where to look next: the operand or branch that decided; NULL: the node itself. */
static const struct logic_node *descend(struct logic_machine *machine, const struct logic_node *node)
{
    if (node->op == LOGIC_OP_AND)
        return deciding_operand(machine, node);
    if (node->op != LOGIC_OP_IF)
        return NULL;
    const struct logic_node *guard = node + 1, *branch = guard + guard->size;
    struct logic_value       value;
    if (logic_run(machine, guard, &value) != 0)
        return guard;
    if (!logic_is_truthy(&value))
        branch += branch->size;
    return branch->op == LOGIC_OP_LITERAL ? guard : branch; /* a plain false was decided by the guard */
}

int logic_explain(const struct logic_program *program, const struct value *const *parts, struct logic_machine *machine,
                  struct logic_reason *reason)
{
    const struct logic_node *node = program->nodes;
    struct logic_value       value;
    logic_start(machine, parts);
    memset(reason, 0, sizeof *reason);
    int status = logic_run(machine, node, &value);
    if (status == 0 && logic_is_truthy(&value))
        return 0;
    const struct value *error_at = machine->error_at;
    const char         *error = machine->error;
    for (const struct logic_node *next = node; next != NULL; next = descend(machine, node)) {
        node = next;
        machine->used = 0;
        if (status != 0 && node->source == error_at)
            break;
    }
    machine->used = 0;
    settle(machine, node, status, reason);
    reason->error = status != 0 ? error : NULL;
    machine->error_at = error_at;
    machine->error = error;
    return status;
}

/* ---- telling it ---- */

static void write_expression(const struct value *expression, struct sink *sink, unsigned depth);

static void write_list(const struct value *operands, const char *between, struct sink *sink, unsigned depth)
{
    size_t index = 0;
    for (VALUE_EACH(operand, operands)) {
        if (index++ > 0)
            sink_text(sink, between);
        write_expression(operand, sink, depth + 1);
    }
}

static bool is_infix(const struct value *key)
{
    static const char *const words[] = { "===", "and", "<",     ">",      "<=",        ">=",
                                         "in",  "+",   "after", "before", "not-after", "not-before" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (value_is_text(key, words[i]))
            return true;
    }
    return false;
}

static void write_escaped(const char *text, size_t length, struct sink *sink)
{
    char escaped[200];
    text_escape(text, length, escaped, sizeof escaped);
    sink_text(sink, escaped);
}

static void write_plus_time(const struct value *operands, struct sink *sink, unsigned depth)
{
    const struct value *amount = value_at(operands, 1), *unit = value_at(operands, 2);
    write_expression(value_at(operands, 0), sink, depth + 1);
    if (!value_is(amount, VALUE_INTEGER) || !value_is(unit, VALUE_TEXT) || amount->integer == 0)
        return;
    uint64_t many = amount->integer < 0 ? -(uint64_t) amount->integer : (uint64_t) amount->integer;
    sink_text(sink, amount->integer < 0 ? " - " : " + ");
    sink_format(sink, "%llu ", (unsigned long long) many);
    write_escaped(unit->text, unit->length, sink);
    sink_text(sink, many == 1 ? "" : "s");
}

static void write_operation(const struct value *expression, struct sink *sink, unsigned depth)
{
    const struct value *key = expression + 1, *operands = expression + 2;
    if (value_is_text(key, "var")) {
        write_escaped(operands->text, operands->length, sink);
    } else if (value_is_text(key, "plusTime")) {
        write_plus_time(operands, sink, depth);
    } else if (value_is_text(key, "!")) {
        sink_text(sink, "not ");
        write_list(operands, ", ", sink, depth);
    } else if (is_infix(key)) {
        char between[24];
        snprintf(between, sizeof between, " %.*s ", (int) (key->length < 20 ? key->length : 20), key->text);
        sink_text(sink, depth > 0 ? "(" : "");
        write_list(operands, between, sink, depth);
        sink_text(sink, depth > 0 ? ")" : "");
    } else {
        write_escaped(key->text, key->length, sink);
        sink_text(sink, "(");
        write_list(operands, ", ", sink, depth);
        sink_text(sink, ")");
    }
}

static void write_expression(const struct value *expression, struct sink *sink, unsigned depth)
{
    char quoted[TEXT_QUOTE_BYTES];
    if (depth > 6) {
        sink_text(sink, "…");
        return;
    }
    switch ((enum value_kind) expression->kind) {
    case VALUE_OBJECT: write_operation(expression, sink, depth); break;
    case VALUE_ARRAY:
        sink_text(sink, "[");
        if (expression->count > 8)
            sink_format(sink, "%u values", expression->count);
        else
            write_list(expression, ", ", sink, depth);
        sink_text(sink, "]");
        break;
    case VALUE_TEXT:
        text_quote(expression->text, expression->length, quoted);
        sink_text(sink, quoted);
        break;
    case VALUE_INTEGER:
    case VALUE_NUMBER: sink_write(sink, expression->text, expression->length); break;
    default: sink_text(sink, value_kind_text(expression)); break;
    }
}

static void write_value(const struct logic_value *value, struct sink *sink)
{
    char quoted[TEXT_QUOTE_BYTES], date[LOGIC_DATE_BYTES];
    switch ((enum logic_kind) value->kind) {
    case LOGIC_NULL: sink_text(sink, "missing"); break;
    case LOGIC_FALSE: sink_text(sink, "false"); break;
    case LOGIC_TRUE: sink_text(sink, "true"); break;
    case LOGIC_INTEGER: sink_integer(sink, value->integer); break;
    case LOGIC_NUMBER: sink_number(sink, value->number); break;
    case LOGIC_TEXT:
        text_quote(value->text, value->length, quoted);
        sink_text(sink, quoted);
        break;
    case LOGIC_DATE:
        logic_date_to_text(value->integer, date);
        sink_text(sink, date);
        break;
    case LOGIC_TREE: sink_text(sink, value->tree->count == 0 ? "empty" : "there"); break;
    case LOGIC_LIST: sink_format(sink, "%u values", value->length); break;
    case LOGIC_FRAME: sink_text(sink, "there"); break;
    }
}

void logic_reason_write(const struct logic_reason *reason, struct sink *sink)
{
    if (reason->operation == NULL)
        return;
    write_expression(reason->operation, sink, 0);
    bool any = false;
    for (size_t i = 0; i < reason->num_operands; i++) {
        if (!reason->evaluated[i] || reason->operands[i]->kind != VALUE_OBJECT)
            continue;
        sink_text(sink, any ? ", " : "; where ");
        any = true;
        write_expression(reason->operands[i], sink, 0);
        sink_text(sink, " is ");
        write_value(&reason->values[i], sink);
    }
    if (reason->error != NULL) {
        sink_text(sink, "; ");
        sink_text(sink, reason->error);
    }
}
