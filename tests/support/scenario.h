/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/support/scenario.h: scenarios in a folder of the test's own, and what is said of them. */
#ifndef TESTS_SUPPORT_SCENARIO_H
#define TESTS_SUPPORT_SCENARIO_H

#include "formats/scenario_file.h"

/* For cmocka: the folder is there while the tests of a group run. */
int test_scenario_make_folder(void **state);
int test_scenario_remove_folder(void **state);

/* The folder's path, and that of a file in it, until the next call. */
const char *test_scenario_folder(void);
const char *test_scenario_path(const char *name);

void test_scenario_write(const char *name, const char *text);

/* The text as s.yaml, which must be right. */
void test_scenario_read(const char *text, struct scenario *scenario);

/* The faults of a file, a line each, without the folder; free() it. */
char *test_scenario_faults(const char *name, const struct scenario_choices *choices);

/* The faults of the text as s.yaml. */
void assert_scenario_faults(const char *text, const char *expected);

#endif
