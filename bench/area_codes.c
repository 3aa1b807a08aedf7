/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_area_codes [FILE]...: CPU time and memory of reading, checking and ordering a code list; without files, of a
 * generated list of five levels and 660,000 areas. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "generated_areas.h"
#include "model/area_records.h"

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static long kilobytes(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

int main(int argc, char **argv)
{
    struct fault_list         faults = FAULT_LIST_INIT;
    struct area_codes         list = { 0 };
    struct area_codes_options options = { .allow_gaps = true };
    struct table_input        inputs[AREA_CODES_MAX_FILES];
    int                       files[AREA_CODES_MAX_FILES];
    size_t                    num = 0;
    FILE                     *generated = NULL;
    if (argc == 1) {
        generated = tmpfile();
        if (generated == NULL || generated_areas_write(generated) != 0)
            return 1;
        rewind(generated);
        files[num] = fileno(generated);
        inputs[num] = table_input_file(&files[num], "generated list");
        num++;
    }
    for (int i = 1; i < argc && num < AREA_CODES_MAX_FILES; i++, num++) {
        files[num] = open(argv[i], O_RDONLY | O_CLOEXEC);
        inputs[num] = table_input_file(&files[num], argv[i]);
    }
    long   before = kilobytes();
    double begin = seconds();
    if (area_codes_read(inputs, num, &options, &faults, &list) != 0) {
        fault_list_write(&faults, stderr);
        return 1;
    }
    double            taken = seconds() - begin;
    size_t            texts = 0;
    unsigned          levels[AREA_CODES_MAX_LEVEL + 1] = { 0 };
    struct model_area area;
    for (uint32_t i = 0; i < list.num_areas; i++) {
        area_record(&list, i, &area);
        texts += area.code.size + area.name_zh.size + area.name_en.size;
        levels[area.level]++;
    }
    double records = seconds() - begin - taken;
    printf("area_codes: %s: %u areas (", argc == 1 ? "a generated list" : argv[1], list.num_areas);
    for (int i = 0; i <= AREA_CODES_MAX_LEVEL && levels[i] > 0; i++)
        printf("%s%u", i == 0 ? "" : " + ", levels[i]);
    printf(
        "), read and checked in %.2f s CPU, as records %.2f s (%zu bytes of text), %.0f MB kept, %.0f MB at the peak\n",
        taken, records, texts, (double) (list.num_areas * sizeof *list.areas + list.text_size) / 1e6,
        (double) (kilobytes() - before) / 1e3);
    area_codes_free(&list);
    fault_list_free(&faults);
    if (generated != NULL)
        fclose(generated);
    return 0;
}
