/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/base/fault.h: what is wrong with a person's input, said so that they can mend it.
 *
 * A reader does not stop at the first fault: it adds each to a list and goes on, so that all faults of a file come at
 * once. The list keeps the first FAULT_MAX_KEPT and counts the rest. One line a fault:
 *
 *     visits.csv:14:2: count: "-3" is negative; allowed: a whole number, 0 or more
 *     FILE  LINE CELL NAME   FOUND               ALLOWED
 *
 * CELL is the number of the cell in its line (1 = first), as spreadsheets count columns; parts that do not apply are
 * left out. Text from the input is shown escaped and shortened (text_quote), never as raw control bytes.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What the rooms above lib/ answer, besides enum toc_status. */
enum base_status {
    BASE_ERR_INPUT = -1000, /* faults in what was read; the fault list holds them; remedy: mend the input */
    BASE_ERR_SYSTEM = -1001 /* a file or the machine refused; the list holds the reason; remedy: as it says */
};

#define FAULT_MAX_KEPT 1000
#define FAULT_FOUND_BYTES 200   /* the longest text, with its end; longer ones are cut at a whole character */
#define FAULT_ALLOWED_BYTES 160 /* as above */
#define FAULT_NAME_BYTES 48     /* as above */

struct fault {
    const char *file;                     /* as the person named it; NULL = none. Borrowed: lives as long as the list */
    uint64_t    line;                     /* 1 = first; 0 = the whole file */
    uint32_t    cell;                     /* 1 = first; 0 = the whole line */
    char        name[FAULT_NAME_BYTES];   /* of the column or option; "" = none */
    char        found[FAULT_FOUND_BYTES]; /* what was found, as a clause */
    char        allowed[FAULT_ALLOWED_BYTES]; /* what would have been accepted; "" = nothing to add */
};

struct fault_list {
    struct fault *faults;   /* num_kept */
    size_t        num_kept; /* at most FAULT_MAX_KEPT */
    size_t        capacity;
    uint64_t      num_all; /* with those that were only counted */
};
#define FAULT_LIST_INIT                                                                                                \
    {                                                                                                                  \
        0                                                                                                              \
    }

void fault_list_free(struct fault_list *list);

/* Where a fault lies. */
struct fault_place {
    const char *file;
    uint64_t    line;
    uint32_t    cell;
    const char *name; /* NULL = none; shown escaped */
};

/* Add a fault: `found` is a format with its arguments, `allowed` may be NULL. Cannot fail: where there is no memory for
 * one more, it is only counted. */
void fault_add(struct fault_list *list, struct fault_place place, const char *allowed, const char *found, ...)
    __attribute__((format(printf, 4, 5), nonnull(4)));

/* Move other's faults to the list, and put those of the list from index `from` on in the order of the files, their
 * lines and cells (those without a file first; equal ones as they were added). The first FAULT_MAX_KEPT of that order
 * are kept. `other` is empty afterwards. */
void fault_list_merge(struct fault_list *list, size_t from, struct fault_list *other, const char *const *files,
                      size_t num_files);

/* The line of one fault, without its end; always ends with '\0', cut where size is short. Returns its length. */
#define FAULT_LINE_BYTES 4096
size_t fault_render(const struct fault *fault, char *line, size_t size);

/* Write every kept fault, one a line, oldest first, and then how many more there are ("… and 12 more faults").
 * Returns 0, or BASE_ERR_SYSTEM where the stream refused. */
int fault_list_write(const struct fault_list *list, FILE *stream);

#endif
