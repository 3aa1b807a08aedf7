/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/watch_streams.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/outline_borders.h"
#include "model/model_lists.h"
#include "response/change_list.h"
#include "response/stream_reports.h"
#include "response/watch_breaks.h"
#include "response/watch_exempt.h"
#include "response/watch_parts.h"
#include "store/area_figures.h"
#include "store/area_tree.h"
#include "store/list.h"
#include "store/stream_layers.h"

enum { KNOWN_AT_ONCE = 256, KNOWN_MIB = 1024, MOST_KINDS = 256, TAKEN_AWAY = 3 };

/* What a stream counts: a sum, and what is taken away from it. Dimensions in the counter's order. One among some of the
 * cases alone has a counter of its own behind the one that it names. */
static const struct feed {
    const char              *indicator, *counter;
    enum model_record_number record;
    const char              *dimensions[4]; /* the first is the disease */
    const char              *without[TAKEN_AWAY][4];
    const char              *among, *counter_among; /* of the list stream_among; NULL: all of them */
} feeds[] = {
    { "cases", "case_by_onset", MODEL_CASE, { NULL }, { { NULL, "not-a-case" } }, NULL, NULL },
    { "cases", "case_by_specimen", MODEL_CASE, { NULL }, { { NULL, "not-a-case" } }, NULL, NULL },
    { "cases", "case_by_received", MODEL_CASE, { NULL }, { { NULL, "not-a-case" } }, NULL, NULL },
    { "cases",
      "case_by_received",
      MODEL_CASE,
      { NULL },
      { { NULL, "not-a-case" } },
      "health-workers",
      "case_of_health_workers" },
    { "cases",
      "case_by_received",
      MODEL_CASE,
      { NULL },
      { { NULL, "not-a-case" } },
      "acquired-in-facility",
      "case_acquired_in_facility" },
    { "tests",
      "result_by_day",
      MODEL_RESULT,
      { NULL },
      { { NULL, NULL, "cancelled" }, { NULL, NULL, "entered-in-error" }, { NULL, NULL, "superseded" } },
      NULL,
      NULL },
    { "positives",
      "result_by_day",
      MODEL_RESULT,
      { NULL, "detected" },
      { { NULL, "detected", "cancelled" },
        { NULL, "detected", "entered-in-error" },
        { NULL, "detected", "superseded" } },
      NULL,
      NULL },
    { "persons-tested",
      "person_by_day",
      MODEL_RESULT,
      { NULL },
      { { NULL, "invalid" }, { NULL, "rejected" } },
      NULL,
      NULL },
    { "persons-tested",
      "person_by_week",
      MODEL_RESULT,
      { NULL },
      { { NULL, "invalid" }, { NULL, "rejected" } },
      NULL,
      NULL },
    { "persons-positive", "person_by_day", MODEL_RESULT, { NULL, "detected" }, { { NULL } }, NULL, NULL },
    { "persons-positive", "person_by_week", MODEL_RESULT, { NULL, "detected" }, { { NULL } }, NULL, NULL },
};
/* The feeds of streams whose numbers others count: model/stream_values.def, response/stream_reports.h. */
enum { NUM_FEEDS = sizeof feeds / sizeof *feeds, IMPORTED = NUM_FEEDS, REPORTED, SHARE };

bool watch_counted_by_others(const struct watch_stream *one)
{
    return one->feed == IMPORTED || one->feed == REPORTED;
}

/* ---- streams ---- */

/* Who was tested on two days of a week is two persons by days and one by weeks, and who was tested for two diseases one
 * of each. */
static const char *why_no_persons(const struct model_stream *stream)
{
    if (!text_is(stream->counter, text_is(stream->period, "week") ? "person_by_week" : "person_by_day"))
        return "persons are counted of a day by person_by_day and of a week by person_by_week";
    return stream->disease.bytes == NULL ? "persons are counted of one disease, and this stream has none" : NULL;
}

static const struct model_counter *counter_of(const struct feed *feed)
{
    const struct model_record *record = model_record(feed->record);
    const char                *name = feed->counter_among != NULL ? feed->counter_among : feed->counter;
    for (size_t i = 0; i < record->num_counters; i++)
        if (strcmp(record->counters[i].name, name) == 0)
            return &record->counters[i];
    return NULL;
}

const struct model_counter *watch_stream_only(const struct watch_stream *one)
{
    return one->feed < NUM_FEEDS && feeds[one->feed].among != NULL ? counter_of(&feeds[one->feed]) : NULL;
}

static bool is_among(const struct model_stream *stream, const char *among)
{
    return among == NULL ? stream->among.bytes == NULL : text_is(stream->among, among);
}

static const char *why_not_for(const struct access *who, const struct watch_stream *one)
{
    const struct model_counter *counter = watch_stream_only(one);
    const struct model_record  *record = model_record(feeds[one->feed].record);
    if (counter != NULL &&
        !access_may_filter(who, record, model_field_find(record, counter->only, strlen(counter->only))))
        return "what tells whom it is among may not be read";
    return strncmp(feeds[one->feed].counter, "person_", strlen("person_")) == 0 ? why_no_persons(&one->stream) : NULL;
}

static const char *find_feed(struct watch_stream *one, const struct access *who, toc_date today)
{
    const struct model_stream *stream = &one->stream;
    if (!text_is(stream->period, "day") && !text_is(stream->period, "week"))
        return "only days and weeks are watched";
    if (stream->valid_to != MODEL_MISSING_DATE && stream->valid_to < today)
        return "it has ended";
    if (stream_is_of_reports(stream)) {
        one->feed = REPORTED;
        return stream_reports_unfit(stream);
    }
    if (!text_is(stream->feed, "counter")) {
        one->feed = watch_is_share(one) ? SHARE : IMPORTED;
        return NULL;
    }
    for (one->feed = 0; one->feed < NUM_FEEDS; one->feed++)
        if (text_is(stream->counter, feeds[one->feed].counter) &&
            text_is(stream->indicator, feeds[one->feed].indicator) && is_among(stream, feeds[one->feed].among))
            return why_not_for(who, one);
    return stream->among.bytes != NULL ? "no counter of that name counts this indicator among these"
                                       : "no counter of that name counts this indicator";
}

static int read_page(struct store_reader *reader, const struct access *who, const struct list_page *page,
                     struct arena *arena, struct watch_stream *streams, size_t *num)
{
    const struct model_record *record = model_record(MODEL_STREAM);
    struct model_stream       *values = arena_array(arena, page->num_rows, sizeof *values);
    bool                      *there = arena_array(arena, page->num_rows, sizeof *there);
    struct model_set           visible;
    if (values == NULL || there == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = store_read_many(reader, who, record, page->ids, page->num_rows, arena, values, there, &visible);
    for (size_t i = 0; i < page->num_rows && ret == 0; i++)
        if (there[i])
            streams[(*num)++].stream = values[i];
    return ret;
}

static int read_all(struct store_reader *reader, const struct access *who, struct arena *arena,
                    struct watch_streams *found, struct fault_list *faults)
{
    struct list_query query = { .view = view_find("streams", strlen("streams")),
                                .ascending = true,
                                .page_size = LIST_MOST_ROWS };
    size_t            room = 0;
    int               ret = 0;
    do {
        struct list_page page;
        ret = store_list(reader, who, &query, arena, &page, faults);
        if (ret == 0 && found->num_streams + page.num_rows > room) {
            room = 2 * (found->num_streams + page.num_rows);
            struct watch_stream *more = arena_array(arena, room, sizeof *more);
            if (more == NULL)
                return TOC_ERR_NO_MEMORY;
            if (found->num_streams > 0)
                memcpy(more, found->streams, found->num_streams * sizeof *more);
            found->streams = more;
        }
        if (ret == 0 && page.num_rows > 0)
            ret = read_page(reader, who, &page, arena, found->streams, &found->num_streams);
        query.after = ret == 0 ? page.next : NULL;
    } while (ret == 0 && query.after != NULL);
    return ret;
}

static int compare_text(struct model_text a, struct model_text b)
{
    size_t size = a.size < b.size ? a.size : b.size;
    int    order = size > 0 ? memcmp(a.bytes, b.bytes, size) : 0;
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Of one disease, or without one of one indicator; unwatched ones behind all others. */
static int compare_group(const struct watch_stream *a, const struct watch_stream *b)
{
    if ((a->unwatched != NULL) != (b->unwatched != NULL))
        return a->unwatched != NULL ? 1 : -1;
    int order = compare_text(a->stream.disease, b->stream.disease);
    if (order == 0)
        order = compare_text(a->stream.period, b->stream.period);
    if (order == 0 && a->stream.disease.bytes == NULL)
        order = compare_text(a->stream.indicator, b->stream.indicator);
    return order;
}

static int by_group(const void *x, const void *y)
{
    const struct watch_stream *a = x, *b = y;
    int                        order = compare_group(a, b);
    return order != 0 ? order : id_compare(&a->stream.head.id, &b->stream.head.id);
}

size_t watch_streams_group(const struct watch_streams *streams, size_t first)
{
    size_t end = first;
    while (end < streams->num_streams && streams->streams[end].unwatched == NULL &&
           compare_group(&streams->streams[first], &streams->streams[end]) == 0)
        end++;
    return end - first;
}

/* ---- the map ---- */

static int by_number(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *) x, b = *(const uint32_t *) y;
    return (a > b) - (a < b);
}

static uint32_t place_of(const uint32_t *numbers, size_t num, uint32_t number)
{
    const uint32_t *found = number == AREA_NONE ? NULL : bsearch(&number, numbers, num, sizeof *numbers, by_number);
    return found != NULL ? (uint32_t) (found - numbers) : TOC_GROUPING_NO_AREA;
}

/* The areas of all streams and those above them, by their numbers in the tree. */
static int find_areas(const struct area_tree *tree, struct arena *arena, struct watch_streams *found)
{
    uint32_t *numbers = arena_array(arena, found->num_streams * AREA_TREE_MAX_DEPTH + 1, sizeof *numbers);
    uint32_t *parent;
    size_t    num = 0, kept = 0;
    if (numbers == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < found->num_streams; i++) {
        uint32_t number = area_tree_find(tree, &found->streams[i].stream.area);
        if (number != AREA_NONE)
            num += area_tree_ancestors(tree, number, numbers + num);
    }
    qsort(numbers, num, sizeof *numbers, by_number);
    for (size_t i = 0; i < num; i++)
        if (i == 0 || numbers[i] != numbers[i - 1])
            numbers[kept++] = numbers[i];
    found->areas = arena_array(arena, kept + 1, sizeof *found->areas);
    parent = arena_array(arena, kept + 1, sizeof *parent);
    if (found->areas == NULL || parent == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < kept; i++) {
        found->areas[i] = *area_tree_id(tree, numbers[i]);
        parent[i] = place_of(numbers, kept, area_tree_parent(tree, numbers[i]));
    }
    for (size_t i = 0; i < found->num_streams; i++) {
        struct watch_stream *one = &found->streams[i];
        uint32_t             number = area_tree_find(tree, &one->stream.area);
        one->place = place_of(numbers, kept, number);
        if (number == AREA_NONE)
            one->unwatched = "its area is in no tree";
        else
            one->depth = area_tree_depth(tree, number);
    }
    found->map = (struct toc_grouping_map){ .num_areas = kept, .parent = parent };
    return 0;
}

static int fill_neighbours(const struct outline_border *borders, size_t num, struct arena *arena,
                           struct watch_streams *found)
{
    size_t    areas = found->map.num_areas, *first = arena_array(arena, areas + 2, sizeof *first);
    uint32_t *neighbours = arena_array(arena, 2 * num + 1, sizeof *neighbours);
    if (first == NULL || neighbours == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num; i++) {
        first[borders[i].a + 2]++;
        first[borders[i].b + 2]++;
    }
    for (size_t a = 2; a < areas + 2; a++)
        first[a] += first[a - 1];
    for (size_t i = 0; i < num; i++) {
        neighbours[first[borders[i].a + 1]++] = borders[i].b;
        neighbours[first[borders[i].b + 1]++] = borders[i].a;
    }
    found->map.first_neighbour = first;
    found->map.neighbour = neighbours;
    return 0;
}

static size_t depth_of(const struct toc_grouping_map *map, uint32_t area)
{
    size_t depth = 0;
    while ((area = map->parent[area]) != TOC_GROUPING_NO_AREA)
        depth++;
    return depth;
}

/* Who borders on whom, at one depth of the tree. Without outlines nobody does. */
static int find_neighbours(struct store_reader *reader, struct arena *arena, struct watch_streams *found)
{
    uint32_t               num = (uint32_t) found->map.num_areas, fault = 0;
    struct model_outline  *outlines = arena_array(arena, num + 1, sizeof *outlines);
    struct outline_shape  *shapes = arena_array(arena, num + 1, sizeof *shapes);
    struct outline_border *borders = NULL;
    size_t                 num_borders = 0, kept = 0;
    if (outlines == NULL || shapes == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = num > 0 ? store_area_outlines(reader, found->areas, num, 2, arena, outlines) : 0;
    for (uint32_t i = 0; i < num && ret == 0; i++)
        shapes[i] =
            (struct outline_shape){ outlines[i].path.bytes, outlines[i].path.size, (int) outlines[i].grid_bits };
    if (ret == 0)
        ret = outline_borders(shapes, num, &borders, &num_borders, &fault);
    for (size_t i = 0; i < num_borders && ret == 0; i++) {
        if (depth_of(&found->map, borders[i].a) == depth_of(&found->map, borders[i].b))
            borders[kept++] = borders[i];
    }
    if (ret == 0)
        ret = fill_neighbours(borders, kept, arena, found);
    free(borders);
    return ret;
}

/* ---- thresholds that somebody has set ---- */

static bool is_given(double number)
{
    return !isnan(number) && number > 0;
}

/* The lower one where a number and a rate are set. A rate is of the residents of the newest year that is known. */
static void set_threshold(struct watch_stream *one, const struct area_people *people)
{
    if (is_given(one->stream.threshold))
        one->fixed = one->stream.threshold;
    if (!is_given(one->stream.threshold_per_100k) || one->unwatched != NULL)
        return;
    double most = one->stream.threshold_per_100k * (double) people[one->place].number / 1e5;
    one->residents = people[one->place].number;
    one->residents_year = (int) people[one->place].year;
    if (one->feed == SHARE) {
        one->unwatched = "a share has no rate of residents";
    } else if (people[one->place].number <= 0) {
        one->unwatched = "how many live in its area is not known, so there is no rate";
    } else if (one->fixed == 0 || most < one->fixed) {
        one->fixed = most;
        one->by_rate = true;
    }
}

static int find_thresholds(struct store_reader *reader, struct watch_streams *found)
{
    struct area_people *people = memory_array(found->map.num_areas + 1, sizeof *people);
    bool                rates = false;
    int                 ret = people == NULL ? TOC_ERR_NO_MEMORY : 0;
    for (size_t i = 0; i < found->num_streams; i++)
        rates = rates || is_given(found->streams[i].stream.threshold_per_100k);
    if (ret == 0 && rates)
        ret = store_area_people(reader, found->areas, found->map.num_areas, people);
    for (size_t i = 0; i < found->num_streams && ret == 0; i++)
        set_threshold(&found->streams[i], people);
    free(people);
    return ret;
}

/* ---- all of them ---- */

static int find_how(struct watch_stream *one, const struct access *who, toc_date today, struct arena *arena)
{
    char                why[WATCH_CHOICE_WHY];
    struct watch_choice choice, *kept;
    one->unwatched = find_feed(one, who, today);
    if (!watch_choice_read(one->stream.method, one->stream.parameters, &choice, why)) {
        if (one->unwatched == NULL)
            one->unwatched = "its method, or a parameter of it, cannot be used";
        return 0;
    }
    if (choice.method == NULL)
        return 0;
    kept = arena_array(arena, 1, sizeof *kept);
    if (kept == NULL)
        return TOC_ERR_NO_MEMORY;
    *kept = choice;
    one->choice = kept;
    return 0;
}

int watch_streams_read(struct store_reader *reader, const struct access *who, toc_date today, struct arena *arena,
                       struct watch_streams *streams, struct fault_list *faults)
{
    struct watch_streams found = { .num_streams = 0 };
    struct store        *store = store_of_reader(reader);
    int                  ret = read_all(reader, who, arena, &found, faults);
    if (ret != 0)
        return ret;
    for (size_t i = 0; i < found.num_streams && ret == 0; i++)
        ret = find_how(&found.streams[i], who, today, arena);
    if (ret != 0)
        return ret;
    const struct area_tree *tree = store_hold_areas(store);
    ret = find_areas(tree, arena, &found);
    store_release_areas(store, tree);
    if (ret == 0)
        ret = find_neighbours(reader, arena, &found);
    if (ret == 0)
        ret = find_thresholds(reader, &found);
    if (ret == 0)
        ret = watch_exempt_facilities(reader, who, arena, &found);
    if (ret == 0)
        ret = watch_parts_find(&found);
    if (ret != 0)
        return ret;
    if (found.num_streams > 0)
        qsort(found.streams, found.num_streams, sizeof *found.streams, by_group);
    ret = watch_parts_find(&found); /* where they are now */
    if (ret == 0)
        ret = watch_parts_tests(&found);
    if (ret == 0)
        ret = watch_breaks_read(reader, arena, &found);
    if (ret == 0)
        *streams = found;
    return ret;
}

/* ---- series ---- */

bool watch_stream_question(const struct watch_stream *one, size_t number, char disease[MODEL_LISTS_CODE + 1],
                           struct store_count_query *query)
{
    const struct feed       *feed = &feeds[one->feed];
    const char *const       *dimensions = number == 0 ? feed->dimensions : feed->without[(number - 1) % TAKEN_AWAY];
    const struct model_text *code = &one->stream.disease;
    bool                     any = number == 0;
    if (number > TAKEN_AWAY)
        return false;
    *query = (struct store_count_query){ .record = model_record(feed->record),
                                         .counter = counter_of(feed),
                                         .area = one->stream.area,
                                         .known = MODEL_MISSING_DATE };
    for (size_t i = 1; i < 4; i++) {
        query->dimensions[i] = dimensions[i];
        any = any || dimensions[i] != NULL;
    }
    if (code->bytes != NULL && code->size <= MODEL_LISTS_CODE) {
        memcpy(disease, code->bytes, code->size);
        disease[code->size] = '\0';
        query->dimensions[0] = disease;
    }
    return any;
}

bool watch_stream_counts(const struct watch_stream *stream, enum model_record_number record,
                         const struct model_text *disease)
{
    const struct model_text *own = &stream->stream.disease;
    bool                     counts = stream->feed < NUM_FEEDS ? feeds[stream->feed].record == record
                                                               : stream->feed == REPORTED && record == MODEL_UNIT_REPORT;
    return stream->unwatched == NULL && counts &&
           (disease == NULL || own->bytes == NULL || compare_text(*own, *disease) == 0);
}

static int read_days(struct store_reader *reader, const struct access *who, const struct watch_stream *one,
                     toc_date from, toc_date to, double *days, int64_t *scratch)
{
    size_t num = (size_t) (to - from) + 1;
    int    ret = 0;
    for (size_t i = 0; i < num; i++)
        days[i] = 0;
    for (size_t q = 0; ret == 0; q++) {
        struct store_count_query query;
        char                     disease[MODEL_LISTS_CODE + 1];
        if (!watch_stream_question(one, q, disease, &query))
            break;
        query.from = from;
        query.to = to;
        ret = store_counts(reader, who, &query, scratch, NULL);
        for (size_t i = 0; i < num && ret == 0; i++)
            days[i] += (double) (q == 0 ? scratch[i] : -scratch[i]);
    }
    return ret;
}

static toc_date first_read(toc_date today)
{
    return today - WATCH_DAYS_READ + 1;
}

static toc_date step_start(toc_date day, int length)
{
    return length == 7 ? day - toc_date_weekday(day) : day;
}

/* Streams of the same indicator among the same in areas of the same depth have the number of the first of them. */
static void find_peers(const struct watch_stream *streams, size_t num, struct watch_series *series)
{
    size_t kinds[MOST_KINDS], num_kinds = 0;
    for (size_t i = 0; i < num; i++) {
        size_t k = 0;
        while (k < num_kinds &&
               !(streams[kinds[k]].depth == streams[i].depth && streams[kinds[k]].feed == streams[i].feed &&
                 compare_text(streams[kinds[k]].stream.indicator, streams[i].stream.indicator) == 0 &&
                 compare_text(streams[kinds[k]].stream.among, streams[i].stream.among) == 0))
            k++;
        series[i].peers = (uint32_t) (k < num_kinds ? kinds[k] : i);
        if (k == num_kinds && num_kinds < MOST_KINDS)
            kinds[num_kinds++] = i;
    }
}

int watch_days_known(const struct watch_stream *one, struct stream_known *known, toc_date as_of, toc_date today,
                     struct arena *arena, double *at)
{
    toc_date             from = first_read(today);
    int                  step = text_is(one->stream.period, "week") ? 7 : 1;
    size_t               num = stream_values_as_of(known->values, known->num, as_of), corrections;
    struct stream_value *values = known->values;
    for (size_t i = 0; i < WATCH_DAYS_READ; i++)
        at[i] = NAN;
    if (one->stream.cumulative == 1) {
        size_t room = stream_values_steps(known->values, num, step);
        values = arena_array(arena, room + 1, sizeof *values);
        if (values == NULL)
            return TOC_ERR_NO_MEMORY;
        num = stream_values_increments(known->values, num, step, values, room, &corrections);
    }
    for (size_t i = 0; i < num; i++)
        if (values[i].day >= from && values[i].day <= today && values[i].value >= 0)
            at[values[i].day - from] = values[i].value;
    return 0;
}

/* One stream's days and where they go. */
struct wanted {
    const struct watch_stream *stream;
    double                    *days;
};

/* What is known of streams of one feed. */
static int read_known(struct store_reader *reader, const struct access *who, size_t feed,
                      const struct model_stream *const *streams, size_t num, struct arena *arena,
                      struct stream_known *known)
{
    struct id ids[KNOWN_AT_ONCE];
    if (feed == REPORTED)
        return stream_reports_known(reader, who, streams, num, arena, known);
    for (size_t i = 0; i < num; i++)
        ids[i] = streams[i]->head.id;
    return store_stream_known(reader, who, ids, num, arena, known);
}

/* All streams of one feed among these, a few hundred at once. */
static int read_wanted(struct store_reader *reader, const struct access *who, size_t feed, const struct wanted *wanted,
                       size_t num, toc_date today)
{
    int ret = 0;
    for (size_t i = 0; i < num && ret == 0;) {
        const struct model_stream *streams[KNOWN_AT_ONCE];
        const struct wanted       *at[KNOWN_AT_ONCE];
        size_t                     there = 0;
        struct stream_known        known[KNOWN_AT_ONCE];
        struct arena               arena = { .limit = (size_t) KNOWN_MIB << 20 };
        for (; i < num && there < KNOWN_AT_ONCE; i++)
            if (wanted[i].stream->feed == feed) {
                at[there] = &wanted[i];
                streams[there++] = &wanted[i].stream->stream;
            }
        ret = read_known(reader, who, feed, streams, there, &arena, known);
        for (size_t k = 0; k < there && ret == 0; k++)
            ret = watch_days_known(at[k]->stream, &known[k], TOC_DATE_MAX, today, &arena, at[k]->days);
        arena_free(&arena);
    }
    return ret;
}

/* Of a day nothing is known, or a counter has counted nothing. */
static bool is_nothing(const struct watch_stream *one, double value)
{
    return isnan(value) || (!watch_counted_by_others(one) && value == 0);
}

toc_date watch_days_first(const struct watch_stream *one, const struct watch_days *days, toc_date today)
{
    const struct watch_stream *of = one->feed == SHARE ? one->denominator : one;
    const double              *at = one->feed == SHARE ? days->of : days->counts;
    size_t                     d = 0;
    while (d < WATCH_DAYS_READ && is_nothing(of, at[d]))
        d++;
    return d < WATCH_DAYS_READ ? first_read(today) + (toc_date) d : MODEL_MISSING_DATE;
}

int watch_days_read(struct store_reader *reader, const struct access *who, const struct watch_stream *const *streams,
                    size_t num, toc_date today, struct watch_days *days, toc_date *first)
{
    int64_t       *scratch = memory_array(WATCH_DAYS_READ, sizeof *scratch);
    struct wanted *wanted = memory_array(2 * num + 1, sizeof *wanted);
    size_t         there = 0;
    int            ret = scratch == NULL || wanted == NULL ? TOC_ERR_NO_MEMORY : 0;
    for (size_t i = 0; i < num && ret == 0; i++) {
        wanted[there++] =
            (struct wanted){ streams[i]->feed == SHARE ? streams[i]->numerator : streams[i], days[i].counts };
        if (streams[i]->denominator != NULL)
            wanted[there++] = (struct wanted){ streams[i]->denominator, days[i].of };
    }
    for (size_t i = 0; i < there && ret == 0; i++)
        if (!watch_counted_by_others(wanted[i].stream))
            ret = read_days(reader, who, wanted[i].stream, first_read(today), today, wanted[i].days, scratch);
    if (ret == 0)
        ret = read_wanted(reader, who, IMPORTED, wanted, there, today);
    if (ret == 0)
        ret = read_wanted(reader, who, REPORTED, wanted, there, today);
    for (size_t i = 0; i < num && ret == 0; i++)
        first[i] = watch_days_first(streams[i], &days[i], today);
    free(wanted);
    free(scratch);
    return ret;
}

toc_date watch_days_start(const struct watch_stream *streams, const toc_date *first, size_t num, toc_date today)
{
    toc_date start = MODEL_MISSING_DATE, from = first_read(today);
    for (size_t i = 0; i < num; i++)
        if (first[i] != MODEL_MISSING_DATE && (start == MODEL_MISSING_DATE || first[i] < start))
            start = first[i];
    for (size_t i = 0; i < num && start != MODEL_MISSING_DATE; i++)
        if (streams[i].stream.valid_from != MODEL_MISSING_DATE && streams[i].stream.valid_from < start)
            start = streams[i].stream.valid_from > from ? streams[i].stream.valid_from : from;
    return start == MODEL_MISSING_DATE ? start : step_start(start, watch_step_days(streams));
}

int watch_step_days(const struct watch_stream *stream)
{
    return text_is(stream->stream.period, "week") ? 7 : 1;
}

static void put_steps(const struct watch_stream *one, toc_date today, const double *days, toc_date start, size_t steps,
                      double *counts)
{
    toc_date from = first_read(today);
    int      length = watch_step_days(one);
    for (size_t s = 0; s < steps; s++) {
        double sum = 0;
        int    known = 0;
        for (int i = 0; i < length; i++) {
            toc_date day = start + (toc_date) s * length + i;
            if (day < from || day > today || isnan(days[day - from]))
                continue;
            sum += days[day - from];
            known++;
        }
        if (!watch_counted_by_others(one))
            counts[s] = fmax(0, sum); /* more taken away than was there: never of whole records */
        else
            counts[s] = known == 0 ? NAN : watch_is_count(&one->stream) ? nearbyint(sum) : sum / known;
    }
}

void watch_days_steps(const struct watch_stream *one, toc_date today, const struct watch_days *days, toc_date start,
                      size_t steps, double *counts)
{
    put_steps(one->feed == SHARE ? one->numerator : one, today, days->counts, start, steps, counts);
    if (one->denominator != NULL)
        put_steps(one->denominator, today, days->of, start, steps, counts + steps);
    for (size_t s = 0; s < steps && one->feed == SHARE; s++)
        if (counts[s] > counts[steps + s]) /* one of them is wrong */
            counts[s] = NAN;
}

/* 0: no share. */
static int share_window(const struct watch_stream *one)
{
    if (one->feed != SHARE)
        return 0;
    return one->stream.window_steps != MODEL_MISSING_INTEGER ? (int) one->stream.window_steps : 1;
}

void watch_streams_shape(const struct store *store, const struct watch_stream *streams, size_t num,
                         struct watch_series *series)
{
    for (size_t i = 0; i < num; i++)
        series[i] =
            (struct watch_series){ .stream = streams[i].stream.head.id,
                                   .area = streams[i].stream.area,
                                   .place = streams[i].place,
                                   .fixed = streams[i].fixed,
                                   .by_rate = streams[i].by_rate,
                                   .continuous = streams[i].feed != SHARE && !watch_is_count(&streams[i].stream),
                                   .share_of = share_window(&streams[i]),
                                   .tests = watch_counts_tests(&streams[i]),
                                   .choice = streams[i].choice,
                                   .breaks = streams[i].breaks,
                                   .num_breaks = streams[i].num_breaks };
    find_peers(streams, num, series);
    watch_exempt_mark(store_lists(store), streams, num, series);
}

int watch_streams_frame(const struct watch_streams *all, size_t first, size_t num, toc_date start, toc_date today,
                        struct arena *arena, struct watch_group *group)
{
    int       length = watch_step_days(&all->streams[first]);
    size_t    steps = (size_t) ((today - start) / length) + 1;
    toc_date *dates = arena_array(arena, steps, sizeof *dates);
    if (dates == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t s = 0; s < steps; s++)
        dates[s] = start + (toc_date) s * length;
    *group = (struct watch_group){ .map = all->map,
                                   .areas = all->areas,
                                   .num_series = num,
                                   .dates = dates,
                                   .num_steps = steps,
                                   .steps_per_year = length == 7 ? 52 : 365 };
    return 0;
}

int watch_streams_series(struct store_reader *reader, const struct access *who, const struct watch_streams *streams,
                         size_t first, size_t num, toc_date today, struct arena *arena, struct watch_group *group)
{
    const struct watch_stream  *one = &streams->streams[first];
    const struct watch_stream **wanted = memory_array(num + 1, sizeof *wanted);
    toc_date                   *firsts = memory_array(num + 1, sizeof *firsts), start = MODEL_MISSING_DATE;
    struct watch_days          *days = memory_array(num, sizeof *days);
    int                         ret = days == NULL || wanted == NULL || firsts == NULL ? TOC_ERR_NO_MEMORY : 0;
    for (size_t i = 0; i < num && ret == 0; i++)
        wanted[i] = &one[i];
    if (ret == 0)
        ret = watch_days_read(reader, who, wanted, num, today, days, firsts);
    if (ret == 0)
        start = watch_days_start(one, firsts, num, today);
    if (ret == 0 && start == MODEL_MISSING_DATE) {
        *group = (struct watch_group){ .num_steps = 0 };
    } else if (ret == 0) {
        ret = watch_streams_frame(streams, first, num, start, today, arena, group);
        struct watch_series *series = ret == 0 ? arena_array(arena, num, sizeof *series) : NULL;
        size_t               wide = (streams->linked ? 2 : 1) * group->num_steps; /* denominators behind */
        double              *counts = ret == 0 ? arena_array(arena, num * wide, sizeof *counts) : NULL;
        if (series == NULL || counts == NULL) {
            ret = TOC_ERR_NO_MEMORY;
        } else {
            watch_streams_shape(store_of_reader(reader), one, num, series);
            for (size_t i = 0; i < num; i++) {
                double *at = &counts[i * wide];
                watch_days_steps(&one[i], today, &days[i], start, group->num_steps, at);
                series[i].counts = at;
                series[i].of = one[i].denominator != NULL ? at + group->num_steps : NULL;
            }
            group->series = series;
        }
    }
    free(days);
    free(wanted);
    free(firsts);
    return ret;
}
