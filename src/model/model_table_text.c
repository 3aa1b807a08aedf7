/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/model_table_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/model_table.h"
#include "tocsin/status.h"

#define LINES_AT_FIRST ((size_t) 64 << 10)

/* ---- lines ---- */

void model_lines_init(struct model_lines *lines, struct table_input input, struct fault_list *faults)
{
    *lines = (struct model_lines){ .input = input, .faults = faults };
}

void model_lines_free(struct model_lines *lines)
{
    free(lines->bytes);
    *lines = (struct model_lines){ 0 };
}

struct fault_place model_lines_place(const struct model_lines *lines)
{
    return (struct fault_place){ .file = lines->input.name, .line = lines->line };
}

/* Room behind `used`: by moving what is left to the front, or by growing up to one line. */
static int make_room(struct model_lines *lines)
{
    if (lines->from > 0) {
        memmove(lines->bytes, lines->bytes + lines->from, lines->used - lines->from);
        lines->used -= lines->from;
        lines->from = 0;
    }
    if (lines->used < lines->capacity)
        return 0;
    size_t capacity = lines->capacity == 0 ? LINES_AT_FIRST : 2 * lines->capacity;
    char  *bytes = memory_resize(lines->bytes, capacity, 1);
    if (bytes == NULL)
        return TOC_ERR_NO_MEMORY;
    lines->bytes = bytes;
    lines->capacity = capacity;
    return 0;
}

static int fill(struct model_lines *lines)
{
    int ret = make_room(lines);
    if (ret != 0)
        return ret;
    ssize_t got = lines->input.read(lines->input.context, lines->bytes + lines->used, lines->capacity - lines->used);
    if (got < 0) {
        fault_add(lines->faults, (struct fault_place){ .file = lines->input.name }, NULL, "cannot be read: %s",
                  strerror(errno));
        return BASE_ERR_SYSTEM;
    }
    lines->ended = got == 0;
    lines->used += (size_t) got;
    return 0;
}

/* The end of the line that begins at `from`; reads on until it is there. NULL with 0: the line is too long, and what
 * was read of it is gone. */
static int find_end(struct model_lines *lines, const char **end)
{
    size_t looked = 0; /* no end before this place behind `from` */
    for (;;) {
        const char *from = lines->bytes + lines->from;
        size_t      have = lines->used - lines->from;
        *end = have > looked ? memchr(from + looked, '\n', have - looked) : NULL;
        if (*end == NULL && lines->ended)
            *end = from + have;
        size_t length = *end != NULL ? (size_t) (*end - from) : have;
        if (length > MODEL_TABLE_MAX_LINE) {
            lines->from = *end != NULL ? (size_t) (*end - lines->bytes) : lines->used;
            *end = NULL;
            return 0;
        }
        if (*end != NULL)
            return 0;
        looked = have;
        int ret = fill(lines);
        if (ret != 0)
            return ret;
    }
}

/* Pass over the rest of a line that is too long. */
static int pass_over(struct model_lines *lines)
{
    fault_add(lines->faults, model_lines_place(lines), "at most 1 MiB", "the line is too long");
    for (;;) {
        const char *from = lines->bytes + lines->from;
        const char *end = memchr(from, '\n', lines->used - lines->from);
        lines->from = end != NULL ? (size_t) (end - lines->bytes) + 1 : lines->used;
        if (end != NULL || lines->ended)
            return 0;
        int ret = fill(lines);
        if (ret != 0)
            return ret;
    }
}

static bool is_blank(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
            return false;
    return true;
}

/* A byte-order mark before the first line. */
static size_t mark_size(const struct model_lines *lines, const char *line, size_t size)
{
    return lines->line == 1 && size >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
}

int model_lines_next(struct model_lines *lines, const char **line, size_t *size)
{
    int ret = lines->bytes != NULL ? 0 : fill(lines);
    while (ret == 0) {
        const char *end = NULL;
        if (lines->from == lines->used && lines->ended)
            return 0;
        lines->line++;
        ret = find_end(lines, &end);
        if (ret == 0 && end == NULL) {
            ret = pass_over(lines);
            continue;
        }
        if (ret != 0)
            break;
        *line = lines->bytes + lines->from;
        *size = (size_t) (end - *line);
        lines->from += *size + (end < lines->bytes + lines->used);
        size_t mark = mark_size(lines, *line, *size);
        *line += mark;
        *size -= mark;
        if (!is_blank(*line, *size))
            return 1;
    }
    lines->ended = true;
    lines->from = lines->used;
    return ret;
}

/* ---- cells ---- */

static bool begins_formula(const char *text, size_t size)
{
    static const char *const signs[] = { "=", "+", "-", "@", "＝", "＋", "－", "＠" };
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (size >= strlen(signs[i]) && memcmp(text, signs[i], strlen(signs[i])) == 0)
            return true;
    return false;
}

static size_t num_apostrophes(const char *text, size_t size)
{
    size_t num = 0;
    while (num < size && text[num] == '\'')
        num++;
    return num;
}

bool model_text_is_guarded(const char *text, size_t size)
{
    size_t num = num_apostrophes(text, size);
    return num > 0 && begins_formula(text + num, size - num);
}

void model_text_write_cell(struct sink *sink, const struct model_text *text)
{
    size_t num = num_apostrophes(text->bytes, text->size);
    bool   guard = begins_formula(text->bytes + num, text->size - num);
    bool   quotes = text->bytes[0] == ' ' || text->bytes[text->size - 1] == ' ';
    for (size_t i = 0; i < text->size && !quotes; i++)
        quotes = strchr(",;\t\"\r\n", text->bytes[i]) != NULL;
    if (quotes)
        sink_character(sink, '"');
    if (guard)
        sink_character(sink, '\'');
    for (size_t i = 0, run = 0; i <= text->size; i++)
        if (i == text->size || text->bytes[i] == '"') {
            sink_write(sink, text->bytes + run, i - run);
            if (i < text->size)
                sink_text(sink, "\"\"");
            run = i + 1;
        }
    if (quotes)
        sink_character(sink, '"');
}
