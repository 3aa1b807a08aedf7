/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_people [PERSONS]: how long invented counties take, and how many invented persons, with identity and case, one
 * thread makes in a second. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "model/county.h"

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static void bench_county(const char *name, struct county_options options)
{
    struct county county;
    double        begin = seconds();
    if (county_generate(&options, &county) == 0)
        printf("county: %s: %u areas, %u points of outlines, %u people, %.3f s CPU\n", name, county.num_areas,
               county.num_points, county.areas[0].num_people, seconds() - begin);
    county_free(&county);
}

int main(int argc, char **argv)
{
    static const struct people_place places[] = { { { { 1 } }, "松谷乡鹤桥村" }, { { { 2 } }, "松谷乡杏坝村" } };
    const struct people              people = { .seed = 1,
                                                .today = 20000,
                                                .days = PEOPLE_DAYS,
                                                .places = places,
                                                .num_places = 2,
                                                .tibetan_permille = PEOPLE_TIBETAN_PERMILLE };
    struct people_sample             sample;
    uint64_t                         persons = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000, bytes = 0;
    double                           begin = seconds();
    for (uint64_t i = 0; i < persons; i++) {
        people_generate(&people, i, &sample);
        bytes += sample.text_used;
    }
    double taken = seconds() - begin;
    bench_county("demonstration", (struct county_options) COUNTY_OPTIONS_INIT);
    bench_county("large", (struct county_options) COUNTY_OPTIONS_LARGE);
    printf("people: %llu persons with identity and case, %llu bytes of text, %.2f s CPU, %.0f/s\n",
           (unsigned long long) persons, (unsigned long long) bytes, taken, (double) persons / taken);
    return 0;
}
