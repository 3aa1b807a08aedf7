/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two JSON values: an expression and its data. What compiles is evaluated, explained and told; twice with the same
 * result; what fails says where. */
#include <string.h>

#include "base/fault.h"
#include "base/json_reader.h"
#include "base/logic.h"
#include "base/text.h"
#include "fuzz.h"

static struct value_tree    expression, data;
static struct arena         arena;
static struct logic_machine machine;

static void check_run(const struct logic_program *program)
{
    const struct value *parts[1] = { data.num_values > 0 ? data.values : NULL };
    struct logic_value  first = { .kind = 77 }, second = { .kind = 77 };
    struct logic_reason reason;
    struct sink         sink = { .fd = -1 };
    int                 status = logic_evaluate(program, parts, &machine, &first);
    MUST(status == 0 ? first.kind <= LOGIC_FRAME : first.kind == 77 && machine.error != NULL);
    MUST(status == 0 ||
         (machine.error_at >= expression.values && machine.error_at < expression.values + expression.num_values));
    MUST(logic_evaluate(program, parts, &machine, &second) == status);
    MUST(first.kind == second.kind && (first.kind == 77 || logic_is_falsy(&first) == logic_is_falsy(&second)));
    if (first.kind == LOGIC_TEXT)
        fuzz_look(first.text, first.length);
    int explained = logic_explain(program, parts, &machine, &reason);
    MUST(explained == status);
    MUST((reason.operation == NULL) == (status == 0 && logic_is_truthy(&second)));
    logic_reason_write(&reason, &sink);
    MUST(sink.failure == 0 && (sink.used == 0 || text_check_utf8(sink.bytes, sink.used) == sink.used));
    sink_free(&sink);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    const char                 *text = (const char *) bytes;
    const struct logic_program *program;
    struct logic_fault          fault;
    size_t                      offset = 0;
    if (size == 0) /* libFuzzer gives NULL */
        return 0;
    if (json_read_next(text, size, &offset, NULL, &expression, NULL) != 0 || expression.num_values == 0)
        return 0;
    if (json_read_next(text, size, &offset, NULL, &data, NULL) != 0)
        value_tree_clear(&data);
    arena_free(&arena);
    int status = logic_compile(expression.values, NULL, &arena, &program, &fault);
    if (status == 0)
        check_run(program);
    else
        MUST(status == BASE_ERR_INPUT && fault.found[0] != '\0' && fault.allowed != NULL);
    return 0;
}
