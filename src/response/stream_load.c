/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/stream_load.h"

#include <stdio.h>
#include <string.h>

#include "response/change_list.h"
#include "response/stream_reports.h"
#include "store/find_area.h"
#include "store/node.h"
#include "store/stream_layers.h"
#include "tocsin/status.h"

enum { MOST_CODE = 80 };

/* Some series of a delivery, as they are decided. */
struct batch {
    const struct access              *who;
    const struct stream_file         *file;
    const struct stream_load_options *options;
    const char                       *name;
    int64_t                           now;
    size_t                            first, num;
    struct stream_load_report         report; /* of this batch alone */
};

/* ---- which stream ---- */

static int code_of(const struct batch *batch, const char *series, char code[MOST_CODE + 1], struct fault_list *faults)
{
    int size = snprintf(code, MOST_CODE + 1, "%s%s%s", batch->options->code, *series != '\0' ? "-" : "", series);
    if (size <= MOST_CODE)
        return 0;
    fault_add(faults, (struct fault_place){ batch->name, 0, 0, NULL }, "at most 80 bytes",
              "the code of the stream of %s is too long", series);
    return BASE_ERR_INPUT;
}

/* The area that the series' name begins with. */
static int area_of(const struct batch *batch, struct store_reader *reader, const char *series, struct id *area)
{
    char name[STREAM_FILE_MOST_NAME + 1];
    if (batch->options->area != NULL)
        return store_find_area(reader, batch->options->area, area);
    snprintf(name, sizeof name, "%s", series);
    int ret = store_find_area(reader, name, area);
    for (char *dash; ret == STORE_ERR_ABSENT && (dash = strrchr(name, '-')) != NULL;) {
        *dash = '\0';
        ret = store_find_area(reader, name, area);
    }
    return ret;
}

static int make_stream(const struct batch *batch, struct store_reader *reader, const char *series, const char *code,
                       struct arena *arena, struct store_change *change, struct fault_list *faults)
{
    const struct stream_load_options *options = batch->options;
    const struct model_record        *record = model_record(MODEL_STREAM);
    struct model_stream              *stream = arena_array(arena, 1, sizeof *stream);
    struct fault_place                place = { batch->name, 0, 0, NULL };
    if (stream == NULL)
        return TOC_ERR_NO_MEMORY;
    model_init(record, stream);
    if (options->indicator == NULL) {
        fault_add(faults, place, "the code of a stream, or --indicator to make it", "there is no stream \"%s\"", code);
        return BASE_ERR_INPUT;
    }
    int ret = area_of(batch, reader, series, &stream->area);
    if (ret == STORE_ERR_ABSENT) {
        fault_add(faults, place, "an area's code as the series' name, or --area",
                  "no area is known for the stream \"%s\"", code);
        return BASE_ERR_INPUT;
    }
    stream->head.id = node_new_id(batch->now);
    stream->code = (struct model_text){ arena_copy(arena, code, strlen(code)), strlen(code) };
    stream->indicator = text_view(options->indicator);
    stream->measure = text_view(options->measure);
    stream->disease = text_view(options->disease);
    stream->period = text_view(options->period);
    stream->feed = text_view("file");
    stream->cumulative = options->cumulative ? 1 : MODEL_MISSING_INTEGER;
    *change = (struct store_change){ .verb = STORE_CREATE, .record = record, .value = stream };
    return ret != 0 ? ret : stream->code.bytes != NULL ? 0 : TOC_ERR_NO_MEMORY;
}

static int takes_numbers(const char *name, const struct model_stream *stream, struct fault_list *faults)
{
    bool reported = stream_is_of_reports(stream);
    if (!reported && !text_is(stream->feed, "counter"))
        return 0;
    fault_add(faults, (struct fault_place){ name, 0, 0, NULL },
              reported ? "a stream that is not summed from reports" : "a stream that is not fed by a counter",
              reported ? "the stream \"%.*s\" is summed from the reports of reporting units"
                       : "the stream \"%.*s\" counts this program's own records",
              (int) stream->code.size, stream->code.bytes);
    return BASE_ERR_INPUT;
}

/* Totals go into streams of totals, counts into those of counts. */
static int is_of_its_kind(const struct batch *batch, const struct model_stream *stream, struct fault_list *faults)
{
    bool cumulative = stream->cumulative == 1;
    if (cumulative == batch->options->cumulative)
        return 0;
    fault_add(faults, (struct fault_place){ batch->name, 0, 0, NULL },
              cumulative ? "totals since a start (cumulative)" : "numbers of each day or week, not totals",
              "the stream \"%.*s\" has %s", (int) stream->code.size, stream->code.bytes,
              cumulative ? "totals" : "no totals");
    return BASE_ERR_INPUT;
}

/* ---- what is new ---- */

static int note_corrections(const struct model_stream *stream, const struct stream_known *known,
                            const struct stream_value *fresh, size_t num_fresh, struct arena *arena,
                            struct stream_load_report *report)
{
    int                  step = text_is(stream->period, "week") ? 7 : 1;
    size_t               num = known->num + num_fresh, corrections;
    struct stream_value *all = arena_array(arena, num + 1, sizeof *all);
    if (stream->cumulative != 1)
        return 0;
    if (all == NULL)
        return TOC_ERR_NO_MEMORY;
    if (known->num > 0)
        memcpy(all, known->values, known->num * sizeof *all);
    if (num_fresh > 0)
        memcpy(all + known->num, fresh, num_fresh * sizeof *all);
    for (size_t i = known->num; i < num; i++)
        all[i].layer = UINT32_MAX;
    stream_values_sort(all, num);
    num = stream_values_as_of(all, num, TOC_DATE_MAX);
    (void) stream_values_increments(all, num, step, NULL, 0, &corrections);
    report->num_corrections += corrections;
    return 0;
}

static int add_layer(const struct model_stream *stream, const struct stream_known *known,
                     const struct stream_value *given, size_t num, int64_t now, struct arena *arena,
                     struct store_change_set *set, struct stream_load_report *report)
{
    const struct model_record  *record = model_record(MODEL_STREAM_VALUES);
    struct stream_value        *fresh = arena_array(arena, num + 1, sizeof *fresh);
    struct model_stream_values *layer = arena_array(arena, 1, sizeof *layer);
    const uint8_t              *bytes;
    size_t                      revised, size;
    if (fresh == NULL || layer == NULL)
        return TOC_ERR_NO_MEMORY;
    if (num > 0)
        memcpy(fresh, given, num * sizeof *fresh);
    size_t num_fresh = stream_values_new(known->values, known->num, fresh, num, &revised);
    report->num_new += num_fresh;
    report->num_revised += revised;
    report->num_known += num - num_fresh;
    int ret = note_corrections(stream, known, fresh, num_fresh, arena, report);
    if (ret != 0 || num_fresh == 0)
        return ret;
    ret = stream_values_pack(fresh, num_fresh, arena, &bytes, &size);
    if (ret != 0)
        return ret;
    model_init(record, layer);
    layer->head.id = node_new_id(now);
    layer->stream = stream->head.id;
    layer->first_day = fresh[0].day;
    layer->last_day = fresh[num_fresh - 1].day;
    layer->number = (int64_t) num_fresh;
    layer->packed = (struct model_text){ (const char *) bytes, size };
    set->changes[set->num_changes++] = (struct store_change){ .verb = STORE_CREATE, .record = record, .value = layer };
    return 0;
}

/* ---- a batch ---- */

struct wanted {
    struct id           ids[STREAM_LOAD_AT_ONCE];
    struct model_stream streams[STREAM_LOAD_AT_ONCE];
    bool                there[STREAM_LOAD_AT_ONCE];
    bool                made[STREAM_LOAD_AT_ONCE];
};

/* The stream of each series, made where it is not there. */
static int find_streams(struct batch *batch, struct store_reader *reader, struct arena *arena,
                        struct store_change_set *set, struct wanted *wanted, struct fault_list *faults)
{
    struct model_set visible;
    int              ret = 0;
    for (size_t i = 0; i < batch->num && ret == 0; i++) {
        char        code[MOST_CODE + 1];
        const char *series = batch->file->series[batch->first + i].name;
        ret = code_of(batch, series, code, faults);
        if (ret == 0)
            ret = store_find_stream(reader, code, &wanted->ids[i]);
        if (ret == STORE_ERR_ABSENT) {
            ret = make_stream(batch, reader, series, code, arena, &set->changes[set->num_changes], faults);
            if (ret == 0) {
                wanted->made[i] = true;
                wanted->ids[i] = ((struct model_stream *) set->changes[set->num_changes++].value)->head.id;
            }
        }
    }
    if (ret == 0)
        ret = store_read_many(reader, batch->who, model_record(MODEL_STREAM), wanted->ids, batch->num, arena,
                              wanted->streams, wanted->there, &visible);
    for (size_t i = 0, made = 0; i < batch->num && ret == 0; i++)
        if (wanted->made[i])
            wanted->streams[i] = *(const struct model_stream *) set->changes[made++].value;
        else if (!wanted->there[i])
            ret = STORE_ERR_ABSENT;
        else
            ret = takes_numbers(batch->name, &wanted->streams[i], faults);
    for (size_t i = 0; i < batch->num && ret == 0 && batch->options->says_cumulative; i++)
        ret = is_of_its_kind(batch, &wanted->streams[i], faults);
    return ret;
}

static int decide(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                  struct fault_list *faults)
{
    struct batch        *batch = context;
    struct wanted       *wanted = arena_array(arena, 1, sizeof *wanted);
    struct stream_known *known = arena_array(arena, STREAM_LOAD_AT_ONCE, sizeof *known);
    set->changes = arena_array(arena, (size_t) 2 * STREAM_LOAD_AT_ONCE, sizeof *set->changes);
    if (wanted == NULL || known == NULL || set->changes == NULL)
        return TOC_ERR_NO_MEMORY;
    batch->report = (struct stream_load_report){ .num_streams = batch->num };
    int ret = find_streams(batch, reader, arena, set, wanted, faults);
    batch->report.num_made = set->num_changes;
    if (ret == 0)
        ret = store_stream_known(reader, batch->who, wanted->ids, batch->num, arena, known);
    for (size_t i = 0; i < batch->num && ret == 0; i++) {
        const struct stream_file_series *series = &batch->file->series[batch->first + i];
        ret = add_layer(&wanted->streams[i], &known[i], &batch->file->values[series->first], series->num, batch->now,
                        arena, set, &batch->report);
    }
    return ret;
}

static void add_report(struct stream_load_report *all, const struct stream_load_report *one)
{
    all->num_streams += one->num_streams;
    all->num_made += one->num_made;
    all->num_new += one->num_new;
    all->num_revised += one->num_revised;
    all->num_known += one->num_known;
    all->num_corrections += one->num_corrections;
}

int stream_load(struct store *store, const struct access *who, const struct stream_file *file, const char *name,
                const struct stream_load_options *options, int64_t now, struct stream_load_report *report,
                struct fault_list *faults)
{
    struct batch batch = { .who = who, .file = file, .options = options, .name = name, .now = now };
    int          ret = 0;
    *report = (struct stream_load_report){ 0 };
    for (batch.first = 0; batch.first < file->num_series && ret == 0; batch.first += batch.num) {
        size_t left = file->num_series - batch.first;
        batch.num = left < STREAM_LOAD_AT_ONCE ? left : STREAM_LOAD_AT_ONCE;
        struct store_request request = { .verb = "load counts", .bulk = true, .decide = decide, .context = &batch };
        struct store_receipt receipt;
        ret = store_submit(store, who, &request, &receipt, faults);
        if (ret == 0)
            add_report(report, &batch.report);
    }
    return ret;
}

/* ---- one stream ---- */

static int decide_one(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                      struct fault_list *faults)
{
    struct stream_load_call *call = context;
    struct model_stream      stream;
    struct model_set         visible;
    struct stream_known      known;
    call->report = (struct stream_load_report){ .num_streams = 1 };
    set->changes = arena_array(arena, 1, sizeof *set->changes);
    if (set->changes == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret =
        store_read(reader, &call->who, model_record(MODEL_STREAM), &call->stream, STORE_NOW, arena, &stream, &visible);
    if (ret == 0)
        ret = takes_numbers(NULL, &stream, faults);
    if (ret == 0)
        ret = store_stream_known(reader, &call->who, &call->stream, 1, arena, &known);
    if (ret == 0)
        ret = add_layer(&stream, &known, call->values, call->num, call->now, arena, set, &call->report);
    return ret;
}

void stream_load_request(struct stream_load_call *call)
{
    call->request = (struct store_request){ .verb = "load counts", .decide = decide_one, .context = call };
}
