/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a file of numbers of others, and as packed values: what is read keeps its bounds, is sorted, packs and
 * comes back the same. The first byte chooses the options. */
#include "formats/stream_file.h"

#include <math.h>
#include <string.h>

#include "fuzz.h"

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static void check_series(const struct stream_value *values, size_t num)
{
    struct arena         arena = { .limit = (size_t) 1 << 30 };
    const uint8_t       *bytes;
    size_t               size, got = 0, corrections;
    struct stream_value *back = arena_array(&arena, num + 1, sizeof *back);
    MUST(back != NULL && stream_values_pack(values, num, &arena, &bytes, &size) == 0);
    MUST(stream_values_unpack(bytes, size, 0, back, num, &got) == 0 && got == num);
    stream_values_sort(back, num);
    for (size_t i = 0; i < num; i++) {
        MUST(back[i].day == values[i].day && back[i].known == values[i].known);
        MUST(same(back[i].value, values[i].value));
    }
    num = stream_values_as_of(back, num, TOC_DATE_MAX);
    for (size_t i = 1; i < num; i++)
        MUST(back[i - 1].day < back[i].day);
    size_t room = stream_values_steps(back, num, 7);
    if (room < 1000000) {
        struct stream_value *increments = arena_array(&arena, room + 1, sizeof *increments);
        MUST(increments != NULL && stream_values_increments(back, num, 7, increments, room, &corrections) <= room);
    }
    arena_free(&arena);
}

static void read_packed(const uint8_t *data, size_t size)
{
    int64_t num = stream_values_count(data, size);
    if (num < 0 || num > 100000)
        return;
    struct arena         arena = ARENA_INIT;
    struct stream_value *values = arena_array(&arena, (size_t) num + 1, sizeof *values);
    size_t               got;
    MUST(values != NULL && stream_values_unpack(data, size, 0, values, (size_t) num, &got) == 0);
    for (size_t i = 0; i < got; i++)
        MUST(values[i].day >= TOC_DATE_MIN && values[i].day <= TOC_DATE_MAX && !isinf(values[i].value));
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const columns[] = { NULL, "date=d,value=v,series=a+b,known=k", "date=date,ignore=x", "series=" };
    struct fault_list        faults = { 0 };
    struct stream_file       file = { .num_series = 0 };
    struct stream_file_options options = { .today = 20000, .known = 20000 };
    if (size == 0)
        return 0;
    options.columns = columns[data[0] & 3];
    options.wide = (data[0] & 4) != 0;
    options.many = (enum stream_file_many)((data[0] >> 3) % 3);
    read_packed(data + 1, size - 1);
    int status = stream_file_read(data + 1, size - 1, "fuzz", &options, &faults, &file);
    MUST(status == 0 ? faults.num_all == 0 : faults.num_all > 0);
    for (size_t i = 0; i < file.num_series; i++) {
        MUST(strlen(file.series[i].name) <= STREAM_FILE_MOST_NAME && file.series[i].num > 0);
        MUST(i == 0 || strcmp(file.series[i - 1].name, file.series[i].name) < 0);
        check_series(&file.values[file.series[i].first], file.series[i].num);
    }
    stream_file_free(&file);
    fault_list_free(&faults);
    return 0;
}
