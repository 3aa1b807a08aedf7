/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The moving epidemic method against mem.R, our own plain program in R: thresholds within 1e-9, levels equal. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "parity/oracle.h"
#include "support/test.h"
#include "tocsin/season.h"

enum { MAX_WEEKS = 800 };

static const char *folder;

static struct toc_series read_winters(double *observed, double *population, toc_date *date)
{
    struct oracle_table table = oracle_read_table(folder, "winters.csv");
    assert_true(table.num_rows <= MAX_WEEKS);
    for (size_t row = 0; row < table.num_rows; row++) {
        struct toc_civil day;
        assert_int_equal(sscanf(table.cell[row][0], "%d-%d-%d", &day.year, &day.month, &day.day), 3);
        date[row] = toc_date_from_civil(day);
        observed[row] = oracle_number(table.cell[row][1]);
        population[row] = oracle_number(table.cell[row][2]);
    }
    struct toc_series series = { .observed = observed, .date = date, .n = table.num_rows, .steps_per_year = 52 };
    oracle_free_table(&table);
    return series;
}

static const struct {
    struct toc_season_options options;
    bool                      rates;
} settings[] = {
    { TOC_SEASON_OPTIONS_INIT, false },
    { { 40, 20, 5, 6, 30, 2.0, 0.9, { 0.5, 0.8, 0.95 } }, false },
    { { 40, 20, 5, 10, 20, 4.0, 0.95, { 0.4, 0.9, 0.975 } }, true },
};

static void test_winters(void **state)
{
    (void) state;
    static double                 observed[MAX_WEEKS], population[MAX_WEEKS];
    static toc_date               date[MAX_WEEKS];
    static struct toc_season_week got[3][MAX_WEEKS];
    struct toc_series             series = read_winters(observed, population, date);
    for (size_t s = 0; s < 3; s++) {
        series.population = settings[s].rates ? population : NULL;
        assert_ok(toc_season_judge(&series, 0, series.n, &settings[s].options, &test_allocator, got[s], NULL));
    }
    struct oracle_table table = oracle_read_table(folder, "out_season.csv");
    for (size_t row = 0; row < table.num_rows; row++) {
        char                        **cell = table.cell[row];
        const struct toc_season_week *week = &got[atoi(cell[0]) - 1][atoi(cell[1]) - 1];
        assert_int_equal(week->reason, TOC_REASON_NONE);
        assert_close(week->threshold, oracle_number(cell[2]), 1e-9, 0);
        for (size_t i = 0; i < 3; i++)
            assert_close(week->intensity[i], oracle_number(cell[3 + i]), 1e-9, 0);
        assert_int_equal(week->level, atoi(cell[6]));
    }
    print_message("# season: %zu weeks compared\n", table.num_rows);
    assert_true(table.num_rows > 500);
    oracle_free_table(&table);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_winters) };
    if (argc < 2)
        return 2;
    folder = argv[1];
    return cmocka_run_group_tests_name("season", tests, NULL, NULL);
}
