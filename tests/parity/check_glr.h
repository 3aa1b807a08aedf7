/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/parity/check_glr.h: every number that R's likelihood-ratio charts show, against ours. */
#ifndef TESTS_PARITY_CHECK_GLR_H
#define TESTS_PARITY_CHECK_GLR_H

#include "parity/oracle.h"

/* All cases of "glrpois" or "glrnb" in a folder: upperbound, alarm, mu0, alphahat. A difference is printed and fails.
 */
void check_glr(const char *folder, const char *algorithm, const struct oracle_series *series, size_t num_series);

#endif
