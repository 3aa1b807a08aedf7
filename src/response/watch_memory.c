/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/watch_memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "base/memory.h"
#include "response/change_list.h"
#include "response/watch_breaks.h"
#include "response/watch_judging.h"
#include "store/area_tree.h"
#include "store/list.h"
#include "store/stream_layers.h"

enum { PAGE = 256, ARENA_MOST_MIB = 2048, MOST_EVENTS = 20000 /* behind by more: everything is read again */ };

/* ---- its life ---- */

int watch_memory_new(struct watch_memory **memory)
{
    struct watch_memory *made = memory_array(1, sizeof *made);
    if (made == NULL)
        return TOC_ERR_NO_MEMORY;
    made->arena.limit = (size_t) ARENA_MOST_MIB << 20;
    *memory = made;
    return 0;
}

void watch_memory_clear(struct watch_memory *memory)
{
    for (size_t g = 0; g < memory->num_groups; g++)
        free(memory->groups[g].written);
    arena_free(&memory->arena);
    *memory = (struct watch_memory){
        .own = memory->own, .room_own = memory->room_own, .codes = memory->codes, .reader = memory->reader
    };
    memory->arena.limit = (size_t) ARENA_MOST_MIB << 20;
}

void watch_memory_free(struct watch_memory *memory)
{
    if (memory == NULL)
        return;
    watch_memory_clear(memory);
    store_reader_close(memory->reader);
    watch_sender_codes_free(&memory->codes);
    free(memory->own);
    free(memory);
}

/* ---- what is looked up ---- */

static int compare_streams(const void *x, const void *y, void *context)
{
    const struct watch_stream *streams = context;
    return id_compare(&streams[*(const uint32_t *) x].stream.head.id, &streams[*(const uint32_t *) y].stream.head.id);
}

static int compare_places(const void *x, const void *y, void *context)
{
    const struct id *areas = context;
    return id_compare(&areas[*(const uint32_t *) x], &areas[*(const uint32_t *) y]);
}

#define NOT_THERE UINT32_MAX

static uint32_t find_stream(const struct watch_memory *memory, const struct id *id)
{
    size_t low = 0, high = memory->num_watched;
    while (low < high) {
        size_t   middle = low + (high - low) / 2;
        uint32_t at = memory->by_id[middle];
        int      order = id_compare(&memory->streams.streams[at].stream.head.id, id);
        if (order == 0)
            return at;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NOT_THERE;
}

static uint32_t find_place(const struct watch_memory *memory, const struct id *area)
{
    size_t low = 0, high = memory->streams.map.num_areas;
    while (low < high) {
        size_t   middle = low + (high - low) / 2;
        uint32_t at = memory->place_by_id[middle];
        int      order = id_compare(&memory->streams.areas[at], area);
        if (order == 0)
            return at;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NOT_THERE;
}

static struct watch_memory_group *group_of(const struct watch_memory *memory, uint32_t stream)
{
    size_t low = 0, high = memory->num_groups;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (memory->groups[middle].first <= stream)
            low = middle;
        else
            high = middle;
    }
    return &memory->groups[low];
}

/* ---- alarms ---- */

static int compare_written(const struct watch_written *a, const struct id *stream, toc_date day)
{
    int order = id_compare(&a->stream, stream);
    return order != 0 ? order : (a->day > day) - (a->day < day);
}

static size_t place_of_written(const struct watch_memory_group *group, const struct id *stream, toc_date day)
{
    size_t low = 0, high = group->num_written;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_written(&group->written[middle], stream, day) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct watch_written *watch_memory_alarms(const struct watch_memory_group *group, const struct id *stream,
                                                size_t *num)
{
    size_t first = place_of_written(group, stream, INT32_MIN), end = first;
    while (end < group->num_written && id_equal(&group->written[end].stream, stream))
        end++;
    *num = end - first;
    return *num > 0 ? &group->written[first] : NULL;
}

/* Alarms of one stream and day by several methods stand one behind the other. */
int watch_memory_alarm(struct watch_memory_group *group, const struct watch_written *written)
{
    size_t at = place_of_written(group, &written->stream, written->day);
    for (size_t i = at;
         i < group->num_written && compare_written(&group->written[i], &written->stream, written->day) == 0; i++)
        if (id_equal(&group->written[i].id, &written->id)) {
            group->written[i] = *written;
            return 0;
        }
    if (group->num_written == group->room) {
        size_t                room = group->room == 0 ? 64 : 2 * group->room;
        struct watch_written *more = memory_resize(group->written, room, sizeof *more);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        group->written = more;
        group->room = room;
    }
    memmove(&group->written[at + 1], &group->written[at], (group->num_written - at) * sizeof *group->written);
    group->written[at] = *written;
    group->num_written++;
    return 0;
}

static toc_date oldest_alarm(toc_date today)
{
    return today - 7 * (WATCH_WEEKS + WATCH_GAP + 1);
}

/* Alarms too old to matter go. */
static void drop_old(struct watch_memory *memory)
{
    for (size_t g = 0; g < memory->num_groups; g++) {
        struct watch_memory_group *group = &memory->groups[g];
        size_t                     kept = 0;
        for (size_t i = 0; i < group->num_written; i++)
            if (group->written[i].day >= oldest_alarm(memory->today))
                group->written[kept++] = group->written[i];
        group->num_written = kept;
    }
}

static size_t column(const struct view *view, const char *name)
{
    size_t at = 0;
    while (at < view->num_columns && strcmp(view->columns[at].name, name) != 0)
        at++;
    return at;
}

static struct id id_in(const struct db_value *value)
{
    struct id id = { { 0 } };
    if (value->type == DB_BYTES && value->size == ID_BYTES)
        memcpy(id.bytes, value->bytes, ID_BYTES);
    return id;
}

static int take_alarms(struct watch_memory *memory, const struct list_page *page)
{
    const struct view *view = page->view;
    size_t             stream = column(view, "stream"), signal = column(view, "signal"), day = column(view, "day");
    int                ret = 0;
    for (size_t i = 0; i < page->num_rows && ret == 0; i++) {
        const struct db_value *row = &page->values[i * view->num_columns];
        enum date_form         form;
        struct watch_written one = { .stream = id_in(&row[stream]), .id = page->ids[i], .signal = id_in(&row[signal]) };
        uint32_t             at = find_stream(memory, &one.stream);
        if (at != NOT_THERE && date_from_text(row[day].bytes, row[day].size, &one.day, &form, NULL) == 0)
            ret = watch_memory_alarm(group_of(memory, at), &one);
    }
    return ret;
}

static int read_alarms(struct watch_memory *memory, struct store_reader *reader, const struct access *who,
                       struct fault_list *faults)
{
    char               from[DATE_TEXT_BYTES];
    struct list_filter filter = { .field = "day", .from = from };
    struct list_query  query = { .view = view_find("alarms", strlen("alarms")),
                                 .filters = &filter,
                                 .num_filters = 1,
                                 .ascending = true,
                                 .page_size = LIST_MOST_ROWS };
    struct arena       arena = { .limit = (size_t) ARENA_MOST_MIB << 20 };
    int                ret = 0;
    date_to_text(oldest_alarm(memory->today), DATE_FORM_DAY, from);
    do {
        struct list_page page;
        ret = store_list(reader, who, &query, &arena, &page, faults);
        if (ret == 0)
            ret = take_alarms(memory, &page);
        query.after = ret == 0 ? page.next : NULL;
    } while (ret == 0 && query.after != NULL);
    arena_free(&arena);
    return ret;
}

/* ---- from nothing ---- */

static int make_groups(struct watch_memory *memory, struct store *store)
{
    size_t first = 0, num;
    memory->groups = arena_array(&memory->arena, memory->streams.num_streams + 1, sizeof *memory->groups);
    memory->series = arena_array(&memory->arena, memory->streams.num_streams + 1, sizeof *memory->series);
    if (memory->groups == NULL || memory->series == NULL)
        return TOC_ERR_NO_MEMORY;
    while ((num = watch_streams_group(&memory->streams, first)) > 0) {
        memory->groups[memory->num_groups++] =
            (struct watch_memory_group){ .first = first, .num = num, .start = MODEL_MISSING_DATE };
        watch_streams_shape(store, &memory->streams.streams[first], num, &memory->series[first]);
        first += num;
    }
    memory->num_watched = first;
    return 0;
}

static int make_indexes(struct watch_memory *memory)
{
    size_t               num = memory->num_watched, places = memory->streams.map.num_areas;
    struct watch_stream *streams = memory->streams.streams;
    memory->by_id = arena_array(&memory->arena, num + 1, sizeof *memory->by_id);
    memory->next_at = arena_array(&memory->arena, num + 1, sizeof *memory->next_at);
    memory->place_by_id = arena_array(&memory->arena, places + 1, sizeof *memory->place_by_id);
    memory->first_at = arena_array(&memory->arena, places + 1, sizeof *memory->first_at);
    memory->judged = arena_array(&memory->arena, num + 1, sizeof *memory->judged);
    memory->first = arena_array(&memory->arena, num + 1, sizeof *memory->first);
    memory->stale = arena_array(&memory->arena, num + 1, sizeof *memory->stale);
    if (memory->by_id == NULL || memory->next_at == NULL || memory->place_by_id == NULL || memory->first_at == NULL ||
        memory->judged == NULL || memory->first == NULL || memory->stale == NULL)
        return TOC_ERR_NO_MEMORY;
    for (uint32_t a = 0; a < places; a++) {
        memory->place_by_id[a] = a;
        memory->first_at[a] = NOT_THERE;
    }
    for (uint32_t i = 0; i < num; i++) {
        uint32_t *head = &memory->first_at[streams[i].place];
        memory->by_id[i] = i;
        memory->next_at[i] = *head;
        *head = i;
        memory->stale[i] = true;
        memory->series[i].judged = &memory->judged[i];
    }
    qsort_r(memory->by_id, num, sizeof *memory->by_id, compare_streams, streams);
    qsort_r(memory->place_by_id, places, sizeof *memory->place_by_id, compare_places, memory->streams.areas);
    return 0;
}

static int begin(struct watch_memory *memory, struct store_reader *reader, const struct access *who, toc_date today,
                 struct fault_list *faults)
{
    watch_memory_clear(memory);
    memory->today = today;
    int ret = store_newest_event(reader, &memory->after); /* before anything is read */
    if (ret == 0)
        ret = watch_streams_read(reader, who, today, &memory->arena, &memory->streams, faults);
    if (ret == 0)
        ret = make_groups(memory, store_of_reader(reader));
    if (ret == 0)
        ret = make_indexes(memory);
    if (ret == 0)
        ret = read_alarms(memory, reader, who, faults);
    for (size_t g = 0; g < memory->num_groups; g++)
        memory->groups[g].changed = true;
    memory->warm = ret == 0;
    return ret;
}

/* ---- what has happened since ---- */

/* Records of a page of events as they are now, each once. */
struct page_records {
    struct id   ids[PAGE];
    bool        there[PAGE];
    const char *values;
    size_t      num;
};

struct following {
    struct watch_memory *memory;
    struct store_reader *reader;
    const struct access *who;
    struct arena         arena; /* of one page of events */
    struct store_event   events[PAGE];
    struct page_records  cases, results;
    size_t               places[PAGE]; /* of an event's record among those */
    bool                 all;          /* read everything again */
};

static void spoil_loaded(struct watch_memory *memory)
{
    for (size_t i = 0; i < memory->num_watched; i++)
        memory->stale[i] = memory->stale[i] || !text_is(memory->streams.streams[i].stream.feed, "counter");
}

static void spoil_counters(struct watch_memory *memory, enum model_record_number record)
{
    for (size_t i = 0; i < memory->num_watched; i++)
        memory->stale[i] = memory->stale[i] || watch_stream_counts(&memory->streams.streams[i], record, NULL);
}

/* Streams that count such records at the area and all above it. disease: NULL = all. */
static void spoil_area(struct following *following, enum model_record_number record, const struct id *area,
                       const struct model_text *disease)
{
    struct watch_memory    *memory = following->memory;
    struct store           *store = store_of_reader(following->reader);
    const struct area_tree *tree = store_hold_areas(store);
    uint32_t                up[AREA_TREE_MAX_DEPTH], number = area_tree_find(tree, area);
    size_t                  depth = number != AREA_NONE ? area_tree_ancestors(tree, number, up) : 0;
    for (size_t k = 0; k < depth; k++) {
        uint32_t place = find_place(memory, area_tree_id(tree, up[k]));
        for (uint32_t i = place != NOT_THERE ? memory->first_at[place] : NOT_THERE; i != NOT_THERE;
             i = memory->next_at[i])
            memory->stale[i] = memory->stale[i] || watch_stream_counts(&memory->streams.streams[i], record, disease);
    }
    store_release_areas(store, tree);
    if (depth == 0)
        spoil_counters(memory, record);
}

static size_t place_of(struct page_records *records, const struct id *id)
{
    size_t at = 0;
    while (at < records->num && !id_equal(&records->ids[at], id))
        at++;
    if (at == records->num)
        records->ids[records->num++] = *id;
    return at;
}

static int read_records(struct following *following, enum model_record_number number, struct page_records *records)
{
    const struct model_record *record = model_record(number);
    struct model_set           visible;
    void                      *values = arena_array(&following->arena, records->num + 1, record->size);
    if (values == NULL)
        return TOC_ERR_NO_MEMORY;
    records->values = values;
    if (records->num > 0 && store_read_many(following->reader, following->who, record, records->ids, records->num,
                                            &following->arena, values, records->there, &visible) != 0)
        memset(records->there, 0, sizeof records->there);
    return 0;
}

/* The cases and results that a page of events is about, in two readings. */
static int read_page(struct following *following, size_t num)
{
    following->cases.num = following->results.num = 0;
    for (size_t i = 0; i < num; i++) {
        const struct store_event *event = &following->events[i];
        if (strcmp(event->record, "case") == 0)
            following->places[i] = place_of(&following->cases, &event->id);
        else if (strcmp(event->record, "result") == 0)
            following->places[i] = place_of(&following->results, &event->id);
    }
    int ret = read_records(following, MODEL_CASE, &following->cases);
    return ret == 0 ? read_records(following, MODEL_RESULT, &following->results) : ret;
}

/* Of an event's record what read_page found; NULL: it is not there. */
static const void *found(const struct following *following, const struct store_event *event,
                         const struct page_records *records, enum model_record_number number)
{
    size_t place = following->places[event - following->events];
    return records->there[place] ? records->values + place * model_record(number)->size : NULL;
}

/* The record as it is, and as it was before the event. False: it is not there, or was not. */
static bool read_now(struct following *following, const struct store_event *event, enum model_record_number number,
                     int64_t as_of, void *value)
{
    struct model_set visible;
    return store_read(following->reader, following->who, model_record(number), &event->id, as_of, &following->arena,
                      value, &visible) == 0;
}

static void take_case(struct following *following, const struct store_event *event)
{
    const struct model_case *now = found(following, event, &following->cases, MODEL_CASE);
    struct model_case        before;
    if (now != NULL)
        spoil_area(following, MODEL_CASE, &now->responsible_area, &now->disease);
    if (now == NULL || event->version > 1) {
        if (now != NULL && read_now(following, event, MODEL_CASE, event->at - 1, &before) &&
            before.head.version == event->version - 1) /* else it was changed twice in one instant */
            spoil_area(following, MODEL_CASE, &before.responsible_area, &before.disease);
        else
            spoil_counters(following->memory, MODEL_CASE);
    }
}

static void take_result(struct following *following, const struct store_event *event)
{
    const struct model_result *now = found(following, event, &following->results, MODEL_RESULT);
    if (now == NULL)
        spoil_counters(following->memory, MODEL_RESULT);
    else
        spoil_area(following, MODEL_RESULT, &event->area, event->version > 1 ? NULL : &now->disease);
}

/* Results are counted where their specimen is. */
static void take_specimen(struct following *following, const struct store_event *event)
{
    struct model_specimen now, before;
    if (event->version == 1 && event->verb == STORE_CREATE)
        return;
    if (!read_now(following, event, MODEL_SPECIMEN, STORE_NOW, &now) ||
        !read_now(following, event, MODEL_SPECIMEN, event->at - 1, &before) ||
        before.head.version != event->version - 1 || !id_equal(&now.responsible_area, &before.responsible_area))
        spoil_counters(following->memory, MODEL_RESULT);
}

static int take_alarm(struct following *following, const struct store_event *event)
{
    struct model_alarm alarm;
    if (event->verb == STORE_ERASE || !read_now(following, event, MODEL_ALARM, STORE_NOW, &alarm)) {
        following->all = true;
        return 0;
    }
    uint32_t at = find_stream(following->memory, &alarm.stream);
    if (at == NOT_THERE)
        return 0;
    struct watch_memory_group *group = group_of(following->memory, at);
    struct watch_written       written = {
              .stream = alarm.stream, .id = alarm.head.id, .signal = alarm.signal, .day = alarm.day
    };
    group->changed = true;
    return alarm.day >= oldest_alarm(following->memory->today) ? watch_memory_alarm(group, &written) : 0;
}

static void take_signal(struct watch_memory *memory, const struct id *signal)
{
    for (size_t g = 0; g < memory->num_groups; g++)
        for (size_t i = 0; i < memory->groups[g].num_written && !memory->groups[g].changed; i++)
            memory->groups[g].changed = id_equal(&memory->groups[g].written[i].signal, signal);
}

static int take_values(struct following *following, size_t num)
{
    struct watch_memory *memory = following->memory;
    struct id            values[PAGE], streams[PAGE];
    size_t               wanted = 0;
    for (size_t i = 0; i < num; i++)
        if (strcmp(following->events[i].record, "stream_values") == 0)
            values[wanted++] = following->events[i].id;
    int ret = wanted > 0 ? store_values_streams(following->reader, values, wanted, streams) : 0;
    for (size_t i = 0; i < wanted && ret == 0; i++) {
        uint32_t at = find_stream(memory, &streams[i]);
        if (id_is_missing(&streams[i])) /* a set of them, or one that is gone */
            spoil_loaded(memory);
        else if (at != NOT_THERE)
            memory->stale[at] = true;
    }
    return ret;
}

static bool is_own(const struct watch_memory *memory, int64_t number)
{
    for (size_t i = 0; i < memory->num_own; i++)
        if (number >= memory->own[i].from && number <= memory->own[i].to)
            return true;
    return false;
}

static int take_event(struct following *following, const struct store_event *event)
{
    static const char *const all[] = { "area", "stream", "series_change", "outline", "code", "population" };
    const char              *record = event->record;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        following->all = following->all || strcmp(record, all[i]) == 0;
    if (following->all || strcmp(record, "stream_values") == 0)
        return 0;
    if (strcmp(record, "facility") == 0)
        following->all = event->verb != STORE_CREATE; /* its kind says what may be deferred */
    else if (strcmp(record, "case") == 0)
        take_case(following, event);
    else if (strcmp(record, "result") == 0)
        take_result(following, event);
    else if (strcmp(record, "specimen") == 0)
        take_specimen(following, event);
    else if (strcmp(record, "unit_report") == 0)
        spoil_area(following, MODEL_UNIT_REPORT, &event->area, NULL);
    else if (strcmp(record, "reporting_unit") == 0)
        spoil_counters(following->memory, MODEL_UNIT_REPORT);
    else if (strcmp(record, "person") == 0 && event->verb == STORE_ERASE) { /* with what belonged to it */
        spoil_counters(following->memory, MODEL_CASE);
        spoil_counters(following->memory, MODEL_RESULT);
    } else if (strcmp(record, "alarm") == 0)
        return take_alarm(following, event);
    else if (strcmp(record, "signal") == 0)
        take_signal(following->memory, &event->id);
    return 0;
}

/* *all: everything is to be read again. */
static int follow(struct watch_memory *memory, struct store_reader *reader, const struct access *who, bool *all)
{
    struct following *following = memory_array(1, sizeof *following);
    size_t            num = 0, looked_at = 0;
    int               ret = 0;
    if (following == NULL)
        return TOC_ERR_NO_MEMORY;
    *following = (struct following){ .memory = memory, .reader = reader, .who = who };
    do {
        ret = store_follow(reader, &memory->after, following->events, PAGE, &num);
        if (ret == 0)
            ret = take_values(following, num);
        if (ret == 0)
            ret = read_page(following, num);
        for (size_t i = 0; i < num && ret == 0 && !following->all; i++)
            if (!is_own(memory, following->events[i].number)) {
                ret = take_event(following, &following->events[i]);
                looked_at++;
            }
        arena_free(&following->arena);
    } while (ret == 0 && num == PAGE && !following->all && looked_at < MOST_EVENTS);
    *all = following->all || num == PAGE;
    memory->num_own = 0;
    free(following);
    return ret;
}

int watch_memory_own(struct watch_memory *memory, int64_t from, int64_t to)
{
    if (memory->after + 1 == from) { /* nobody else has written meanwhile */
        memory->after = to;
        return 0;
    }
    if (memory->num_own == memory->room_own) {
        size_t                   room = memory->room_own == 0 ? 16 : 2 * memory->room_own;
        struct watch_own_events *more = memory_resize(memory->own, room, sizeof *more);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        memory->own = more;
        memory->room_own = room;
    }
    memory->own[memory->num_own++] = (struct watch_own_events){ from, to };
    return 0;
}

/* ---- another day ---- */

/* False: a stream has ended, or the day lies before; everything is to be read again. */
static bool begin_day(struct watch_memory *memory, toc_date today)
{
    for (size_t i = 0; i < memory->num_watched; i++) {
        toc_date last = memory->streams.streams[i].stream.valid_to;
        if (last != MODEL_MISSING_DATE && last < today)
            return false;
        memory->stale[i] = true;
    }
    bool later = today > memory->today;
    memory->today = today;
    drop_old(memory);
    for (size_t g = 0; g < memory->num_groups; g++)
        memory->groups[g].changed = true;
    return later;
}

/* ---- judging what is stale ---- */

static int judge_wanted(struct watch_memory *memory, struct store_reader *reader, const struct access *who,
                        struct watch_memory_group *group, uint32_t *wanted, size_t num)
{
    struct watch_judging judging = { .who = who,
                                     .streams = &memory->streams,
                                     .first = group->first,
                                     .num = group->num,
                                     .series = &memory->series[group->first],
                                     .today = memory->today,
                                     .wanted = wanted,
                                     .num_wanted = num,
                                     .first_days = &memory->first[group->first],
                                     .judged = &memory->judged[group->first],
                                     .num_back = watch_memory_back(memory, group) };
    toc_date             before = group->start;
    int                  ret = watch_judging_do(&judging, reader, before, &group->start);
    if (ret == 0 && num < group->num && group->start != before) {
        group->changed = true; /* the history begins on another day: all of them are judged anew */
        for (uint32_t i = 0; i < group->num; i++)
            wanted[i] = i;
        judging.num_wanted = group->num;
        ret = watch_judging_do(&judging, reader, before, &group->start);
    }
    return ret;
}

static int judge_group(struct watch_memory *memory, struct store_reader *reader, const struct access *who,
                       struct watch_memory_group *group)
{
    bool                *stale = &memory->stale[group->first];
    struct watch_judged *judged = &memory->judged[group->first], *before = NULL;
    uint32_t            *wanted = memory_array(group->num, sizeof *wanted);
    size_t               num = 0;
    int                  ret = wanted == NULL ? TOC_ERR_NO_MEMORY : 0;
    for (uint32_t i = 0; i < group->num && ret == 0; i++)
        if (stale[i])
            wanted[num++] = i;
    if (ret == 0 && num > 0 && !group->changed) {
        before = memory_array(num, sizeof *before);
        ret = before == NULL ? TOC_ERR_NO_MEMORY : 0;
        for (size_t k = 0; k < num && ret == 0; k++)
            before[k] = judged[wanted[k]];
    }
    if (ret == 0 && num > 0)
        ret = judge_wanted(memory, reader, who, group, wanted, num);
    for (size_t k = 0; k < num && ret == 0 && !group->changed; k++)
        group->changed = memcmp(&before[k], &judged[wanted[k]], sizeof *before) != 0;
    if (ret == 0)
        memset(stale, 0, group->num * sizeof *stale);
    free(before);
    free(wanted);
    return ret;
}

/* What is of another stream has changed with it. */
static void spoil_linked(struct watch_memory *memory)
{
    const struct watch_stream *streams = memory->streams.streams;
    for (size_t i = 0; i < memory->num_watched && memory->streams.linked; i++) {
        const struct watch_stream *one = &streams[i];
        memory->stale[i] = memory->stale[i] || (one->numerator != NULL && memory->stale[one->numerator - streams]) ||
                           (one->denominator != NULL && memory->stale[one->denominator - streams]);
    }
}

size_t watch_memory_back(const struct watch_memory *memory, const struct watch_memory_group *group)
{
    return watch_step_days(&memory->streams.streams[group->first]) == 7 ? WATCH_WEEKS : WATCH_DAYS;
}

int watch_memory_follow(struct watch_memory *memory, struct store_reader *reader, const struct access *who,
                        toc_date today, struct fault_list *faults)
{
    bool all = !memory->warm;
    int  ret = all ? 0 : follow(memory, reader, who, &all);
    if (ret == 0 && !all && today != memory->today)
        all = !begin_day(memory, today);
    if (ret == 0 && all)
        ret = begin(memory, reader, who, today, faults);
    if (ret != 0)
        watch_memory_clear(memory);
    return ret;
}

static bool counts_records(const struct watch_stream *one, enum model_record_number record)
{
    return watch_stream_counts(one, record, NULL) ||
           (one->numerator != NULL &&
            (watch_stream_counts(one->numerator, record, NULL) || watch_stream_counts(one->denominator, record, NULL)));
}

/* What is to be looked at of one place. */
static struct watch_senders_at senders_at(const struct watch_memory *memory, uint32_t place,
                                          enum model_record_number record)
{
    struct watch_senders_at at = { .area = memory->streams.areas[place], .record = record };
    for (uint32_t i = memory->first_at[place]; i != NOT_THERE; i = memory->next_at[i]) {
        const struct watch_stream *one = &memory->streams.streams[i];
        size_t                     k = 0;
        if (!counts_records(one, record))
            continue;
        while (k < at.num_indicators &&
               (at.indicators[k].size != one->stream.indicator.size ||
                memcmp(at.indicators[k].bytes, one->stream.indicator.bytes, one->stream.indicator.size) != 0))
            k++;
        if (k == at.num_indicators && k < WATCH_SENDER_INDICATORS)
            at.indicators[at.num_indicators++] = one->stream.indicator;
    }
    return at;
}

static const enum model_record_number sent_records[] = { MODEL_CASE, MODEL_RESULT };
enum { SENT_RECORDS = sizeof sent_records / sizeof *sent_records };

/* Of each place a bit for each kind of record that a stale stream there counts; how many bits. */
static size_t mark_places(const struct watch_memory *memory, uint8_t *marks)
{
    size_t num = 0;
    for (size_t i = 0; i < memory->num_watched; i++)
        for (unsigned r = 0; memory->stale[i] && r < SENT_RECORDS; r++) {
            const struct watch_stream *one = &memory->streams.streams[i];
            uint8_t                    bit = (uint8_t) (1u << r);
            if (!(marks[one->place] & bit) && watch_stream_counts(one, sent_records[r], NULL)) {
                marks[one->place] |= bit;
                num++;
            }
        }
    return num;
}

int watch_memory_senders(const struct watch_memory *memory, struct arena *arena, struct watch_senders_at **at,
                         size_t *num)
{
    size_t                   places = memory->streams.map.num_areas, found = 0;
    uint8_t                 *marks = arena_array(arena, places + 1, sizeof *marks);
    size_t                   marked = marks != NULL ? mark_places(memory, marks) : 0;
    struct watch_senders_at *list = arena_array(arena, marked + 1, sizeof *list);
    if (marks == NULL || list == NULL)
        return TOC_ERR_NO_MEMORY;
    for (uint32_t place = 0; place < places; place++)
        for (unsigned r = 0; r < SENT_RECORDS; r++)
            if (marks[place] & 1u << r)
                list[found++] = senders_at(memory, place, sent_records[r]);
    *at = list;
    *num = found;
    return 0;
}

int watch_memory_breaks(struct watch_memory *memory, struct store_reader *reader)
{
    size_t               num = memory->streams.num_streams;
    struct watch_stream *streams = memory->streams.streams, *before = memory_array(num + 1, sizeof *before);
    if (before == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num; i++) {
        before[i] = streams[i];
        streams[i].breaks = NULL;
        streams[i].num_breaks = 0;
    }
    int ret = watch_breaks_read(reader, &memory->arena, &memory->streams);
    for (size_t i = 0; i < memory->num_watched && ret == 0; i++) {
        memory->series[i].breaks = streams[i].breaks;
        memory->series[i].num_breaks = streams[i].num_breaks;
        memory->stale[i] =
            memory->stale[i] || streams[i].num_breaks != before[i].num_breaks ||
            (streams[i].num_breaks > 0 &&
             memcmp(streams[i].breaks, before[i].breaks, streams[i].num_breaks * sizeof *streams[i].breaks) != 0);
    }
    free(before);
    if (ret != 0)
        watch_memory_clear(memory);
    return ret;
}

int watch_memory_judge(struct watch_memory *memory, struct store_reader *reader, const struct access *who)
{
    int ret = 0;
    spoil_linked(memory);
    for (size_t g = 0; g < memory->num_groups && ret == 0; g++)
        ret = judge_group(memory, reader, who, &memory->groups[g]);
    if (ret != 0)
        watch_memory_clear(memory);
    return ret;
}

int watch_memory_update(struct watch_memory *memory, struct store_reader *reader, const struct access *who,
                        toc_date today, struct fault_list *faults)
{
    int ret = watch_memory_follow(memory, reader, who, today, faults);
    return ret == 0 ? watch_memory_judge(memory, reader, who) : ret;
}
