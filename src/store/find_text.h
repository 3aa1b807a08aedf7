/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/find_text.h: records by the words of their searched fields (search_words.h, SEARCHED in .def files): areas,
 * facilities, codes, outbreaks. A record is found where it has every term of what was typed.
 *
 * Search needs the right to read: whoever may not read one of the record's searched fields finds nothing of it. Records
 * of an area are found within the grant alone.
 */
#ifndef STORE_FIND_TEXT_H
#define STORE_FIND_TEXT_H

#include "base/arena.h"
#include "base/fault.h"
#include "model/model.h"
#include "store/area_tree.h"
#include "store/db.h"
#include "store/store.h"

#define FIND_TEXT_PAGE 50
#define FIND_TEXT_MOST_ROWS 200
#define FIND_TEXT_MOST_READ 20000 /* records with the terms, of one page, before the grant is looked at */

struct find_text_query {
    const struct model_record *record;
    const char                *typed; /* UTF-8 */
    size_t                     size;
    const char                *after;     /* `next` of the page before; NULL = from the beginning */
    size_t                     page_size; /* 0 = FIND_TEXT_PAGE */
};

struct find_text_answer {
    const struct id *ids;
    size_t           num_ids;
    const char      *next; /* NULL = there are no more; else the page may be short, or empty */
};

/* The records in a fixed order (by the rarest-looking term, then the id), a page at a time.
 *
 * Returns 0; BASE_ERR_INPUT with faults: nothing to look for, not UTF-8, no such cursor; STORE_ERR_DENIED;
 * TOC_ERR_TOO_LARGE, beyond SEARCH_MAX_QUERY; TOC_ERR_UNSUPPORTED, a record without searched fields, or whose area
 * stands in another record; db_status; TOC_ERR_NO_MEMORY. */
int find_text(struct db *db, const struct area_tree *areas, const struct access *who,
              const struct find_text_query *query, struct arena *arena, struct find_text_answer *answer,
              struct fault_list *faults, struct db_error *error);

/* The same for a reader of a store. */
int store_find_text(struct store_reader *reader, const struct access *who, const struct find_text_query *query,
                    struct arena *arena, struct find_text_answer *answer, struct fault_list *faults);

#endif
