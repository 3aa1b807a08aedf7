/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "support/test.h"

bool test_is_close(double actual, double expected, double relative, double absolute)
{
    if (isnan(expected) || isnan(actual))
        return isnan(expected) && isnan(actual);
    if (isinf(expected) || isinf(actual))
        return expected == actual;
    return fabs(actual - expected) <= absolute + relative * fabs(expected);
}

void test_assert_close(double actual, double expected, double relative, double absolute, const char *text,
                       const char *file, int line)
{
    if (test_is_close(actual, expected, relative, absolute))
        return;
    print_error("%s is %.17g, expected %.17g (difference %.3g, allowed %.3g)\n", text, actual, expected,
                actual - expected, absolute + relative * fabs(expected));
    _fail(file, line);
}

void test_assert_status(int actual, int expected, const char *text, const char *file, int line)
{
    if (actual == expected)
        return;
    print_error("%s returned %d (%s), expected %d (%s)\n", text, actual, toc_status_text(actual), expected,
                toc_status_text(expected));
    _fail(file, line);
}

const char *test_shared_data(const char *folder)
{
    static char path[4096];
    struct stat status;
    const char *root = getenv("TOCSIN_SHARED_DATA");
    if (root != NULL) {
        snprintf(path, sizeof path, "%s/%s", root, folder);
        if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
            return path;
    }
    fprintf(stderr, "\n*** SKIPPED: shared data folder '%s' is absent; this test proves nothing here ***\n\n", folder);
    return NULL;
}

int test_skip_program(const char *reason)
{
    printf("1..0 # SKIP %s\n", reason);
    return 0;
}
