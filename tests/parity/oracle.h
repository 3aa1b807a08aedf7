/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/parity/oracle.h: reads the oracle's files: series, cases and outputs that R computed.
 *
 * The layout is that of the shared oracle (series.csv, series_meta.csv, cases.csv, out_<algorithm>.csv), which our own
 * recordings under tests/parity/recorded/ copy, so that one reader serves both. Any fault in a file ends the test.
 */
#ifndef TESTS_PARITY_ORACLE_H
#define TESTS_PARITY_ORACLE_H

#include <jansson.h>

#include "tocsin/method.h"
#include "tocsin/series.h"

enum { ORACLE_NAME = 64, ORACLE_MAX_COLUMNS = 24 };

struct oracle_series {
    char              name[ORACLE_NAME];
    struct toc_series series;
};

/* One table of text cells with a header line. */
struct oracle_table {
    char  **header;
    size_t  num_columns;
    char ***cell; /* cell[row][column] */
    size_t  num_rows;
};

struct oracle_table oracle_read_table(const char *folder, const char *file);
void                oracle_free_table(struct oracle_table *table);
/* The column of that name; fails the test where there is none. */
size_t oracle_column(const struct oracle_table *table, const char *name);
/* "NA", "NaN" and "" are NaN; "Inf" is infinite. */
double oracle_number(const char *cell);

struct oracle_series    *oracle_read_series(const char *folder, size_t *num);
void                     oracle_free_series(struct oracle_series *series, size_t num);
const struct toc_series *oracle_find_series(const struct oracle_series *series, size_t num, const char *name);

/* Set a method's options from R's parameters (its `method` apart, which chooses among our methods). */
void oracle_set_parameters(const struct toc_method *method, json_t *params, void *options);

#endif
