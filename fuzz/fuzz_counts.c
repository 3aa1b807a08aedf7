/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as one or two counts files (the byte 0x1c parts them): what is delivered keeps the promises of
 * formats/counts.h, twice the same. The first byte chooses the options. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "formats/counts.h"
#include "fuzz.h"

static struct counts_options choose_options(uint8_t choice)
{
    struct counts_options options = {
        .step = (enum date_step)(choice & 3),
        .missing = (enum counts_missing)((choice >> 2) % 3),
        .columns = { .ignore_all = choice >= 0xf0 },
    };
    if (choice & 0x20)
        strcpy(options.columns.name[COUNTS_COUNT], "n");
    return options;
}

static void check_series(const struct counts_summary *summary, enum counts_missing missing,
                         const struct counts_series *series)
{
    const struct toc_series *s = &series->series;
    MUST(s->n > 0 && s->n <= summary->longest && s->n <= series->capacity);
    MUST((s->population != NULL) == summary->has_population && (series->imported != NULL) == summary->has_imported);
    MUST(strlen(series->name) <= COUNTS_MAX_NAME && s->holiday == NULL);
    MUST(s->date[0] >= summary->first && s->date[s->n - 1] <= summary->last);
    for (size_t i = 0; i < s->n; i++) {
        MUST(isnan(s->observed[i]) ? missing == COUNTS_MISSING_NA
                                   : s->observed[i] >= 0 && s->observed[i] == floor(s->observed[i]));
        MUST(s->population == NULL || (s->population[i] > 0 && isfinite(s->population[i])));
        MUST(series->imported == NULL || isnan(s->observed[i]) || series->imported[i] <= s->observed[i]);
        MUST(series->holiday[i] == 0);
        MUST(i == 0 || date_steps_between(s->date[i - 1], s->date[i], summary->step) == 1);
    }
}

/* A number that any change would change. */
static uint64_t mix(uint64_t sum, const struct counts_series *series)
{
    for (const char *at = series->name; *at != '\0'; at++)
        sum = (sum ^ (unsigned char) *at) * 0x100000001b3u;
    for (size_t i = 0; i < series->series.n; i++) {
        uint64_t count = isnan(series->observed[i]) ? UINT64_MAX : (uint64_t) series->observed[i];
        sum = (sum ^ count ^ (uint64_t) (int64_t) series->date[i] << 32) * 0x100000001b3u;
    }
    return sum;
}

static void deliver_twice(struct counts_reader *reader, const struct counts_options *options)
{
    const struct counts_summary *summary = counts_summary(reader);
    struct counts_series         series = { 0 };
    uint64_t                     sums[2] = { 0, 0 }, longest = 0;
    int                          status;
    for (int round = 0; round < 2; round++) {
        uint64_t number = 0;
        while ((status = counts_next(reader, &series)) == 1) {
            check_series(summary, options->missing, &series);
            MUST(series.number == number++);
            longest = series.series.n > longest ? series.series.n : longest;
            sums[round] = mix(sums[round], &series);
        }
        MUST(status == 0 && number == summary->num_series && longest == summary->longest);
        MUST(counts_rewind(reader) == 0);
    }
    MUST(sums[0] == sums[1]);
    counts_series_free(&series);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct counts_options options = choose_options(data[0]);
    const uint8_t        *parting = memchr(data, 0x1c, size);
    size_t                first = parting != NULL && parting > data ? (size_t) (parting - data) : size;
    const char           *paths[2] = { fuzz_file(0, data + 1, first - 1) };
    size_t                num_paths = 1;
    if (first < size)
        paths[num_paths++] = fuzz_file(1, data + first + 1, size - first - 1);

    struct fault_list     faults = { 0 };
    struct counts_reader *reader = NULL;
    int                   status = counts_open(paths, num_paths, &options, &faults, &reader);
    MUST(status == 0 ? faults.num_all == 0 : status == BASE_ERR_INPUT && faults.num_all > 0);
    if (status == 0)
        deliver_twice(reader, &options);
    for (size_t i = 0; i < faults.num_kept; i++) {
        char   line[FAULT_LINE_BYTES];
        size_t length = fault_render(&faults.faults[i], line, sizeof line);
        MUST(text_check_utf8(line, length) == length);
        for (size_t at = 0; at < length; at++)
            MUST((unsigned char) line[at] >= 0x20 && line[at] != 0x7f);
    }
    counts_close(reader);
    fault_list_free(&faults);
    return 0;
}
