/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_outline [FILE [PROPERTY]]: CPU time and sizes of outlines of a GeoJSON file; without it, of the villages and
 * all other areas of the large invented country. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "formats/outline.h"
#include "model/county_files.h"

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static int read_invented(struct fault_list *faults, struct geojson *shapes)
{
    struct county_options options = COUNTY_OPTIONS_LARGE;
    struct county         county;
    struct sink           sink;
    int                   ret = county_generate(&options, &county);
    if (ret != 0)
        return ret;
    sink_init_memory(&sink);
    county_files[1].write(&county, &sink);
    double begin = seconds();
    ret = geojson_read(sink.bytes, sink.used, county_files[1].name, "code", faults, shapes);
    printf("geojson: %zu bytes read in %.2f s CPU\n", sink.used, seconds() - begin);
    sink_free(&sink);
    county_free(&county);
    return ret;
}

int main(int argc, char **argv)
{
    struct fault_list      faults = FAULT_LIST_INIT;
    struct geojson         shapes = { 0 };
    struct outline_options options = { { 0 } };
    struct outline_set     set = { 0 };
    struct rusage          usage;
    int                    ret = argc > 1 ? geojson_read_file(argv[1], argc > 2 ? argv[2] : NULL, &faults, &shapes)
                                          : read_invented(&faults, &shapes);
    double                 begin = seconds();
    if (ret == 0)
        ret = outline_make(&shapes, &options, &set);
    if (ret != 0) {
        fault_list_write(&faults, stderr);
        return 1;
    }
    double taken = seconds() - begin;
    getrusage(RUSAGE_SELF, &usage);
    printf("outline: %s: %u areas, %u points (%u different), %.2f s CPU, %ld MB at the peak\n",
           argc > 1 ? argv[1] : "invented country", shapes.num_features, shapes.num_points, set.num_points, taken,
           usage.ru_maxrss / 1024);
    for (int detail = 0; detail < OUTLINE_DETAILS; detail++) {
        size_t bytes = 0;
        for (uint32_t f = 0; f < set.num_features; f++)
            bytes += set.paths[f * OUTLINE_DETAILS + (uint32_t) detail].text_size;
        printf("outline: detail %d: 2^%d units around the world, %u points kept, %zu bytes of paths, %u points off the "
               "grid\n",
               detail, set.grid_bits[detail], set.num_kept[detail], bytes, set.num_off_grid[detail]);
    }
    outline_free(&set);
    geojson_free(&shapes);
    fault_list_free(&faults);
    return 0;
}
