/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as JSON: one value, many values, and in room that is too small. What is read is within the bytes or the
 * text room, sizes add up, and the fault of what is not read lies within the bytes. */
#include <string.h>

#include "base/fault.h"
#include "base/json_reader.h"
#include "base/text.h"
#include "fuzz.h"
#include "tocsin/status.h"

static struct value_tree tree;

/* Sizes of parts add up to the size of the whole; answers it. */
static uint32_t check_value(const struct value *value)
{
    uint32_t count = 0, size = 1;
    MUST(value->kind <= VALUE_OBJECT && value->kind != VALUE_BYTES);
    if (value->kind == VALUE_TEXT)
        MUST(text_check_utf8(value->text, value->length) == value->length);
    if (value->kind == VALUE_INTEGER || value->kind == VALUE_NUMBER)
        fuzz_look(value->text, value->length);
    for (VALUE_EACH(child, value)) {
        size += check_value(child);
        count++;
    }
    for (VALUE_EACH_PAIR(key, value)) {
        MUST(key->kind == VALUE_TEXT && key->size == 1 && value_get_of(value, key->text, key->length) == key + 1);
        size += 1 + check_value(key + 1);
        count++;
    }
    MUST(size == value->size);
    MUST(value->kind < VALUE_ARRAY || count == value->count);
    return size;
}

static void check_path(void)
{
    char path[VALUE_PATH_BYTES];
    MUST(value_path(tree.values, tree.values + tree.num_values - 1, path, sizeof path) < sizeof path);
    MUST(strlen(path) < sizeof path);
}

static void check_fault(const struct json_fault *fault, size_t size)
{
    MUST(fault->byte <= size && fault->line >= 1 && fault->column >= 1 && fault->found[0] != '\0');
    MUST(text_check_utf8(fault->found, strlen(fault->found)) == strlen(fault->found));
    MUST(memchr(fault->path, '\0', sizeof fault->path) != NULL && fault->allowed != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char       *bytes = (const char *) data;
    struct json_fault fault;
    struct value      few[40];
    char              short_text[16];
    struct value_tree small;
    if (size == 0) /* libFuzzer gives NULL */
        return 0;
    int status = json_read(bytes, size, NULL, &tree, &fault);
    if (status == 0) {
        MUST(check_value(tree.values) == tree.num_values);
        check_path();
    } else {
        check_fault(&fault, size);
    }
    value_tree_init_in(&small, few, sizeof few / sizeof *few, short_text, sizeof short_text);
    int again = json_read(bytes, size, NULL, &small, &fault);
    MUST(again == status || again == TOC_ERR_TOO_LARGE);
    for (size_t offset = 0, before = 1; offset != before;) {
        before = offset;
        if (json_read_next(bytes, size, &offset, NULL, &tree, &fault) != 0)
            check_fault(&fault, size);
        else if (tree.num_values > 0)
            MUST(check_value(tree.values) == tree.num_values);
    }
    return 0;
}
