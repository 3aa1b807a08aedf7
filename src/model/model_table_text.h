/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/model_table_text.h: the inside of model_table: the lines of NDJSON, and texts as cells. */
#ifndef MODEL_MODEL_TABLE_TEXT_H
#define MODEL_MODEL_TABLE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault.h"
#include "base/sink.h"
#include "formats/table.h"
#include "model/model.h"

/* Lines of an input, of at most MODEL_TABLE_MAX_LINE bytes; a longer one is a fault and passed over. */
struct model_lines {
    struct table_input input;
    struct fault_list *faults;
    char              *bytes; /* from `from` to `used`: read and not given out yet */
    size_t             capacity, from, used;
    uint64_t           line; /* of the last one given out; 1 = first */
    bool               ended;
};

void model_lines_init(struct model_lines *lines, struct table_input input, struct fault_list *faults);
void model_lines_free(struct model_lines *lines); /* a zeroed one is fine */

/* The next line that is not blank, without its end; valid until the next call. 1, 0 at the end, BASE_ERR_SYSTEM or
 * TOC_ERR_NO_MEMORY. */
int                model_lines_next(struct model_lines *lines, const char **line, size_t *size);
struct fault_place model_lines_place(const struct model_lines *lines);

/* Apostrophes, then one of = + - @ or their wide forms: a spreadsheet would compute it without the first of them. */
bool model_text_is_guarded(const char *text, size_t size);

/* A text as a cell: guarded where it must be, in quotes where it must be. */
void model_text_write_cell(struct sink *sink, const struct model_text *text);

#endif
