/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every allocation of the readers fails once. The linker hands malloc, calloc and realloc of the rooms to the functions
 * below (-Wl,--wrap); the sanitizers then see what is lost. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "formats/calendar_file.h"
#include "formats/counts.h"
#include "formats/scenario_file.h"
#include "support/test.h"

static size_t num_requests, fail_at; /* fail_at 0 = never */

static bool fails(void)
{
    return ++num_requests == fail_at;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
    return fails() ? NULL : __real_realloc(pointer, size);
}

static char path[] = "/tmp/test-memory-XXXXXX";

static int make_file(void **state)
{
    (void) state;
    int fd = mkstemp(path);
    return fd < 0 || close(fd) != 0;
}

static int remove_file(void **state)
{
    (void) state;
    return unlink(path);
}

static void write_text(const char *text)
{
    FILE *file = fopen(path, "w");
    fputs(text, file);
    fclose(file);
}

/* Open, deliver all, close. */
static int read_counts(struct fault_list *faults)
{
    const char *const     paths[] = { path };
    struct counts_options options = { 0 };
    struct counts_reader *reader;
    struct counts_series  series = { 0 };
    int                   status = counts_open(paths, 1, &options, faults, &reader);
    if (status != 0)
        return status;
    while ((status = counts_next(reader, &series)) == 1)
        continue;
    counts_series_free(&series);
    counts_close(reader);
    return status;
}

static int read_calendar(struct fault_list *faults)
{
    struct calendar_file file = { 0 };
    int                  status = calendar_file_read(path, faults, &file);
    calendar_file_free(&file);
    return status;
}

static int read_scenario(struct fault_list *faults)
{
    struct scenario scenario;
    int             status = scenario_read(path, NULL, faults, &scenario);
    scenario_free(&scenario);
    return status;
}

/* However many requests are answered, the end is the answer `expected` or "no memory", never a crash. */
static void torture(int (*job)(struct fault_list *), int expected)
{
    size_t failures = 0;
    for (size_t at = 1;; at++) {
        struct fault_list faults = { 0 };
        num_requests = 0;
        fail_at = at;
        int  status = job(&faults);
        bool failed = num_requests >= at;
        fail_at = 0;
        fault_list_free(&faults);
        if (!failed) {
            assert_int_equal(status, expected);
            break;
        }
        failures++;
        assert_true(status == TOC_ERR_NO_MEMORY || status == expected); /* a fault that finds no room is only counted */
    }
    assert_true(failures > 3);
}

static void test_grouped_counts(void **state)
{
    (void) state;
    write_text("date,count,series,population,imported\n2024-W01,1,a,9,0\n2024-W02,1,a,9,0\n2024-W01,1,b,9,0\n");
    torture(read_counts, 0);
}

static void test_sorted_counts(void **state)
{
    (void) state;
    write_text("date,count,series\n2024-W01,1,a\n2024-W01,1,b\n2024-W02,1,a\n");
    torture(read_counts, 0);
}

static void test_faulty_counts(void **state)
{
    (void) state;
    write_text("date,count,series\n2024-W01,-1,a\n2024-W03,1,a\n2024-W03,1,a\n");
    torture(read_counts, BASE_ERR_INPUT);
}

static void test_calendar(void **state)
{
    (void) state;
    write_text("holiday,from\nEid,2024-04-10\nEnd,2024-12-31\n");
    torture(read_calendar, 0);
}

static void test_scenario(void **state)
{
    (void) state;
    write_text(
        "scenario: a\nstart: 2024-01-01\ndays: 5\nareas: [{name: a, persons: 100}]\ncommuting: [{from: a, to: a, "
        "share: 0.1}]\nmeasures: [{measure: lockdown}]\nimports: [{day: 1, persons: 1}]\n");
    torture(read_scenario, 0);
    write_text("scenario: a\nstart: 2024-01-01\ndays: x\nb: 1\nb: 2\n");
    torture(read_scenario, BASE_ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grouped_counts), cmocka_unit_test(test_sorted_counts),
        cmocka_unit_test(test_faulty_counts),  cmocka_unit_test(test_calendar),
        cmocka_unit_test(test_scenario),
    };
    return cmocka_run_group_tests_name("memory", tests, make_file, remove_file);
}
