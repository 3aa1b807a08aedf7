/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/support/keeper.h: keys of a node for a test, and the keeper that holds them. */
#ifndef TESTS_SUPPORT_KEEPER_H
#define TESTS_SUPPORT_KEEPER_H

struct keeper;

/* A new temporary key directory with one fresh key of each kind; its path. */
char *test_key_directory(void);
/* Remove a directory made so, with all that is in it, and free its path. */
void test_remove_directory(char *path);

/* A keeper with default rates, forked without exec; ends the test where it does not start. */
struct keeper *test_keeper(const char *directory);

#endif
