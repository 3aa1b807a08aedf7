/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is the newest week unusual? Build: cc newest_week.c $(pkg-config --cflags --libs libtocsin) */
#include <stdio.h>
#include <tocsin/ears.h>

int main(void)
{
    const double            count[] = { 3, 5, 4, 2, 6, 3, 4, 5, 3, 19 };
    const struct toc_series series = { .observed = count, .n = 10, .steps_per_year = 52 };
    struct toc_ears_options options = TOC_EARS_C2_OPTIONS_INIT;
    struct toc_judgement    newest;
    struct toc_error        error;

    if (toc_ears_judge(&series, 9, 1, &options, &newest, &error) != 0) {
        fprintf(stderr, "%s[%zu] = %g; allowed: %s\n", error.what, error.where, error.found, error.allowed);
        return 1;
    }
    printf("%.0f cases, %.1f expected, alarm above %.1f: %s\n", count[9], newest.expected, newest.threshold,
           newest.alarm == TOC_ALARM_YES ? "unusual" : "as expected");
    return 0;
}
