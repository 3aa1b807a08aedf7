/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/support/test.h: what every test includes. cmocka, and the assertions it lacks. */
#ifndef TESTS_SUPPORT_TEST_H
#define TESTS_SUPPORT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tocsin/allocator.h"
#include "tocsin/status.h"

/* |actual - expected| <= absolute + relative * |expected|. NaN equals NaN; an infinity equals itself. */
#define assert_close(actual, expected, relative, absolute)                                                             \
    test_assert_close((actual), (expected), (relative), (absolute), #actual, __FILE__, __LINE__)
void test_assert_close(double actual, double expected, double relative, double absolute, const char *text,
                       const char *file, int line);
bool test_is_close(double actual, double expected, double relative, double absolute);

/* The call returned 0; prints the status otherwise. */
#define assert_ok(call) test_assert_status((call), TOC_OK, #call, __FILE__, __LINE__)
/* The call returned this status. */
#define assert_status(call, expected) test_assert_status((call), (expected), #call, __FILE__, __LINE__)
void test_assert_status(int actual, int expected, const char *text, const char *file, int line);

/* A plain allocator on malloc. */
extern const struct toc_allocator test_allocator;

/* An allocator that answers NULL at the fail_at-th request (1-based) and counts what is still held.
 * Torture: for (fail_at = 1; the call fails; fail_at++) and nothing may be held after each. */
struct test_failing_memory {
    size_t requests;
    size_t fail_at; /* 0 = never */
    size_t bytes_held;
};
struct toc_allocator test_failing_allocator(struct test_failing_memory *memory);

/* The folder of shared real data, or NULL; prints loudly that the caller skips where it is absent. */
const char *test_shared_data(const char *folder);
/* The exit status of a program all of whose tests need what is absent: tells Meson that it was skipped, not passed. */
int test_skip_program(const char *reason);

#endif
