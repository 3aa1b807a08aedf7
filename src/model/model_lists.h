/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/model_lists.h: the reference lists in memory: diseases, symptoms, materials, results, …; what CODE fields
 * may hold, and what it is called in each language.
 *
 * A list is a file share/lists/<list>.csv with the header
 *
 *     code,name_en,name_zh,name_bo,system,system_code,parent,valid_from,valid_to
 *
 * code and name_en are needed in every row, the other cells may be empty; columns may stand in any order, and those but
 * code and name_en may be left out. `parent` is a code of the same list, anywhere in it. A code is written with
 * a-z 0-9 - _ . and has at most MODEL_LISTS_CODE bytes.
 *
 * The lists are built once and then only read, by any number of threads.
 */
#ifndef MODEL_MODEL_LISTS_H
#define MODEL_MODEL_LISTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/fault.h"
#include "formats/table.h"
#include "model/model.h"

#define MODEL_LISTS_CODE 80         /* bytes of a code */
#define MODEL_LISTS_NAME 160        /* characters of a name */
#define MODEL_LISTS_MAX 256         /* lists */
#define MODEL_LISTS_ENTRIES 1000000 /* rows of all lists */

enum model_language { MODEL_ENGLISH, MODEL_CHINESE, MODEL_TIBETAN, MODEL_NUM_LANGUAGES };

/* A row. Texts end with '\0'; NULL = an empty cell. */
struct model_entry {
    const char *code;
    const char *name[MODEL_NUM_LANGUAGES]; /* name[MODEL_ENGLISH] is never NULL */
    const char *system, *system_code;      /* of a standard, where one has it */
    const char *parent;
    toc_date    valid_from, valid_to; /* both included; MODEL_MISSING_DATE = open */
};

struct model_lists;

/* No lists yet. Returns 0 or TOC_ERR_NO_MEMORY. */
int  model_lists_new(struct model_lists **lists);
void model_lists_free(struct model_lists *lists); /* NULL is fine */

/* Add one list from a file's bytes. A list of that name must not be there yet, and a file with a fault adds nothing.
 *
 * name     of the list; copied
 * input    its name (of the file) is borrowed as long as the fault list lives
 * faults   gains every fault of the file, by line and cell
 *
 * Returns 0, BASE_ERR_INPUT, BASE_ERR_SYSTEM or TOC_ERR_NO_MEMORY. */
int model_lists_add(struct model_lists *lists, const char *name, struct table_input input, struct fault_list *faults);

/* Add every <list>.csv of a folder, in the order of their names, and find the faults of all. The names of the files in
 * the faults live as long as `lists`. */
int model_lists_add_folder(struct model_lists *lists, const char *folder, struct fault_list *faults);

/* Add one row (as the store has it); makes the list where there is none; copied. BASE_ERR_INPUT where the code is there
 * already. */
int model_lists_add_entry(struct model_lists *lists, const char *list, const struct model_entry *entry);

bool model_lists_has(const struct model_lists *lists, const char *list);

/* The row of a code (size bytes), or NULL. One hash look-up. */
const struct model_entry *model_lists_find(const struct model_lists *lists, const char *list, const char *code,
                                           size_t size);

/* Walk: the lists by name in the order of the alphabet, the rows of a list in the order of its file; NULL at the end.
 */
const char               *model_lists_list(const struct model_lists *lists, size_t index);
const struct model_entry *model_lists_entry(const struct model_lists *lists, const char *list, size_t index);

/* What a row is called in a language; English where it has no name there. */
const char *model_entry_name(const struct model_entry *entry, enum model_language language);

#endif
