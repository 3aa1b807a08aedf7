/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef TESTS_STORE_UPGRADE_LIST_H
#define TESTS_STORE_UPGRADE_LIST_H

/* The program has these migrations from now on; second NULL = one alone. Borrowed. */
void upgrade_list(const char *first, const char *second);

#endif
