/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a population file for a fixed list of areas: what is read keeps its bounds, and nobody is counted twice.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "formats/population_file.h"
#include "fuzz.h"

static const char areas_text[] = "code,name_en,parent,valid_from,valid_to\nA,Top,,,\nB,Old,A,,2020-06-30\n"
                                 "B,New,A,2021-01-01,\nC,x,B,2021-01-01,\n";

static void check_row(const struct population_file *file, const struct population_row *row, uint32_t num_areas)
{
    MUST(row->area < num_areas && row->year >= 1850 && row->year <= 2150 && row->sex <= POPULATION_MALE);
    MUST(row->number >= 0 && row->number <= POPULATION_FILE_MAX_NUMBER);
    MUST(row->age_from >= 0 && row->age_from % 5 == 0);
    MUST(row->age_to == POPULATION_FILE_NO_END || (row->age_to > row->age_from && row->age_to % 5 == 4));
    fuzz_look(file->text + row->kind, strlen(file->text + row->kind));
    fuzz_look(file->text + row->source, strlen(file->text + row->source));
    MUST(file->text[row->kind] != '\0' && file->text[row->source] != '\0');
}

static bool same_subject(const struct population_file *file, const struct population_row *a,
                         const struct population_row *b)
{
    return a->area == b->area && a->year == b->year && strcmp(file->text + a->kind, file->text + b->kind) == 0 &&
           strcmp(file->text + a->source, file->text + b->source) == 0;
}

static bool overlap(const struct population_row *a, const struct population_row *b)
{
    int a_to = a->age_to == POPULATION_FILE_NO_END ? 1000 : a->age_to;
    int b_to = b->age_to == POPULATION_FILE_NO_END ? 1000 : b->age_to;
    return a->age_from <= b_to && b->age_from <= a_to;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault_list              faults = { 0 };
    struct area_codes              areas;
    struct population_file         file = { 0 };
    struct area_codes_options      none = { .allow_gaps = false };
    struct population_file_options options = { size > 0 && data[0] & 1 ? NULL : "source" };
    int                            fd = open(fuzz_file(0, areas_text, sizeof areas_text - 1), O_RDONLY | O_CLOEXEC);
    struct table_input             input = table_input_file(&fd, "areas");
    MUST(area_codes_read(&input, 1, &none, &faults, &areas) == 0);
    close(fd);
    fd = open(fuzz_file(1, data, size), O_RDONLY | O_CLOEXEC);
    input = table_input_file(&fd, "population");
    int status = population_file_read(input, &areas, &options, &faults, &file);
    close(fd);
    MUST(status == 0 ? faults.num_all == 0 : status == BASE_ERR_INPUT && faults.num_all > 0);
    for (size_t i = 0; i < file.num_rows; i++) {
        check_row(&file, &file.rows[i], areas.num_areas);
        for (size_t j = 0; j < i && i < 200; j++) {
            const struct population_row *a = &file.rows[i], *b = &file.rows[j];
            MUST(!same_subject(&file, a, b) ||
                 (a->sex == b->sex ? !overlap(a, b) : a->sex != POPULATION_BOTH && b->sex != POPULATION_BOTH));
        }
    }
    population_file_free(&file);
    area_codes_free(&areas);
    fault_list_free(&faults);
    return 0;
}
