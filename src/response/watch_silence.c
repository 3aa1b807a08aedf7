/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/watch_silence.h"

#include <math.h>

#include "base/date_text.h"

void watch_silence_judge(const double *counts, size_t num, struct watch_silence *silence)
{
    size_t ended = num > 0 ? num - 1 : 0, empty = 0, back = 0, there = 0, gap = 0, longest = 0;
    double sum = 0;
    *silence = (struct watch_silence){ false, 0, 0 };
    while (ended > 0 && !(counts[ended - 1] > 0)) {
        empty += counts[ended - 1] == 0;
        ended--;
    }
    for (; back < WATCH_SILENCE_STEPS && back < ended; back++)
        if (!isnan(counts[ended - 1 - back])) {
            if (there < WATCH_SILENCE_RATE) {
                sum += counts[ended - 1 - back];
                there++;
            }
            gap = counts[ended - 1 - back] == 0 ? gap + 1 : 0;
            longest = gap > longest ? gap : longest;
        }
    if (there < WATCH_SILENCE_RATE)
        return;
    silence->empty = empty;
    silence->usual = sum / (double) there;
    silence->silent =
        silence->usual * (double) empty > WATCH_SILENCE_LIMIT && empty > longest && !(counts[num - 1] > 0);
}

static int read_group(struct store_reader *reader, const struct access *who, const struct watch_streams *streams,
                      size_t first, size_t num, toc_date today, struct watch_silent *silent, size_t *found)
{
    struct arena       arena = ARENA_INIT;
    struct watch_group group;
    int                ret = watch_streams_series(reader, who, streams, first, num, today, &arena, &group);
    for (size_t i = 0; i < num && ret == 0 && group.num_steps > 0; i++) {
        struct watch_silence silence;
        if (group.series[i].share_of > 0) /* what it is a share of stops, if anything does */
            continue;
        watch_silence_judge(group.series[i].counts, group.num_steps, &silence);
        if (!silence.silent)
            continue;
        size_t last = group.num_steps - 1;
        while (!(group.series[i].counts[last] > 0))
            last--;
        silent[(*found)++] = (struct watch_silent){ streams->streams[first + i].stream, silence, group.dates[last] };
    }
    arena_free(&arena);
    return ret;
}

int watch_silence_read(struct store_reader *reader, const struct access *who, toc_date today, struct arena *arena,
                       struct watch_silent **silent, size_t *num, struct fault_list *faults)
{
    struct watch_streams streams = { 0 };
    size_t               found = 0;
    int                  ret = watch_streams_read(reader, who, today, arena, &streams, faults);
    struct watch_silent *made = arena_array(arena, streams.num_streams + 1, sizeof *made);
    if (ret == 0 && made == NULL)
        ret = TOC_ERR_NO_MEMORY;
    for (size_t first = 0, in_group; ret == 0 && (in_group = watch_streams_group(&streams, first)) > 0;
         first += in_group)
        ret = read_group(reader, who, &streams, first, in_group, today, made, &found);
    if (ret != 0)
        return ret;
    *silent = made;
    *num = found;
    return 0;
}

static void put_text(struct json_writer *json, const char *name, struct model_text text)
{
    json_key(json, name);
    if (text.bytes == NULL)
        json_put_null(json);
    else
        json_put_string_of(json, text.bytes, text.size);
}

static void put_id(struct json_writer *json, const char *name, const struct id *id)
{
    char text[ID_TEXT_BYTES];
    id_to_text(id, text);
    json_key(json, name);
    json_put_string(json, text);
}

void watch_silence_write(struct json_writer *json, const struct watch_silent *silent, size_t num)
{
    json_begin_object(json);
    json_key(json, "silent");
    json_begin_array(json);
    for (size_t i = 0; i < num; i++) {
        char day[DATE_TEXT_BYTES];
        json_begin_object(json);
        put_id(json, "stream", &silent[i].stream.head.id);
        put_text(json, "code", silent[i].stream.code);
        put_id(json, "area", &silent[i].stream.area);
        put_text(json, "indicator", silent[i].stream.indicator);
        put_text(json, "disease", silent[i].stream.disease);
        put_text(json, "period", silent[i].stream.period);
        date_to_text(silent[i].last, DATE_FORM_DAY, day);
        json_key(json, "last");
        json_put_string(json, day);
        json_key(json, "empty");
        json_put_integer(json, (int64_t) silent[i].silence.empty);
        json_key(json, "usual");
        json_put_number(json, round(silent[i].silence.usual * 100) / 100);
        json_end(json);
    }
    json_end(json);
    json_end(json);
}
