/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/parity/check_farrington.h: every number that R's Farrington methods show, against ours. */
#ifndef TESTS_PARITY_CHECK_FARRINGTON_H
#define TESTS_PARITY_CHECK_FARRINGTON_H

#include "parity/oracle.h"

/* All cases of farringtonFlexible in a folder, every column; a difference is printed and fails the test.
 * shared: the folder is the shared oracle, whose README excludes some columns of some cases. */
void check_farrington_flexible(const char *folder, bool shared, const struct oracle_series *series, size_t num_series);

/* The same for farrington (1996). */
void check_farrington(const char *folder, const struct oracle_series *series, size_t num_series);

#endif
