/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/population_file.h: how many people live where, by sex and age, from CSV.
 *
 * A table (formats/table.h) with these columns in any order and in any case:
 *
 *   area           the code of an area of the list; the one that has it at the end of the year, else at its beginning
 *   year           1850 … 2150
 *   number         a whole number, 0 or more
 *   sex            female, male; empty or without the column: the sexes are not told apart
 *   age_from       0, 5, 10, …; empty or without the column: 0
 *   age_to         the last age within the group (4, 9, 14, …); empty or without the column: no end
 *   kind           a word: resident, registered, …; empty or without the column: resident
 *   source         at most 200 bytes; empty or without the column: options.source
 *   source_date    a day; may be empty
 *
 * Any other column is a fault. Rows in any order; for one area, year, kind and source the groups of ages of a sex do
 * not overlap, and the sexes are told apart in all rows or in none, so that nobody is counted twice.
 *
 * Each fault is told at its line and cell.
 *
 * Memory: 48 bytes a row.
 */
#ifndef FORMATS_POPULATION_FILE_H
#define FORMATS_POPULATION_FILE_H

#include "formats/area_codes.h"

#define POPULATION_FILE_MAX_ROWS 30000000
#define POPULATION_FILE_MAX_AGE 130
#define POPULATION_FILE_MAX_NUMBER INT64_C(9000000000)
#define POPULATION_FILE_MAX_WORD 80    /* bytes of a kind */
#define POPULATION_FILE_MAX_SOURCE 200 /* bytes */
#define POPULATION_FILE_NO_END (-1)

enum population_sex { POPULATION_BOTH, POPULATION_FEMALE, POPULATION_MALE };

struct population_row {
    int64_t  number;
    uint32_t area;         /* index in the list of areas */
    uint32_t kind, source; /* offsets of texts that end with '\0' in population_file.text */
    uint32_t line;
    toc_date source_date;            /* AREA_CODES_NO_DATE: not given */
    int16_t  year, age_from, age_to; /* age_to: POPULATION_FILE_NO_END */
    uint8_t  sex;
};

struct population_file {
    struct population_row *rows; /* in the order of the file */
    size_t                 num_rows;
    char                  *text;
    size_t                 text_size;
};

struct population_file_options {
    const char *source; /* of rows that name none; NULL: each row must name one */
};

/* Read a file.
 *
 * areas    the list that the codes belong to
 * faults   gains every fault of the file; the input's name is borrowed as long as the list lives
 * file     free with population_file_free; untouched on failure
 *
 * Returns 0; BASE_ERR_INPUT (faults, or no row); BASE_ERR_SYSTEM (cannot be read); TOC_ERR_NO_MEMORY.
 */
int population_file_read(struct table_input input, const struct area_codes *areas,
                         const struct population_file_options *options, struct fault_list *faults,
                         struct population_file *file);

/* A zeroed one is safe to free. */
void population_file_free(struct population_file *file);

#endif
