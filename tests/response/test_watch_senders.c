/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A sender that begins or stops is noticed by the round of the watch itself, however the day was delivered, on both
 * databases; what it brings is marked, what is more than it brings is not. */
#include "response/watch_senders.h"

#include <math.h>
#include <stdio.h>

#include "base/date_text.h"
#include "response/watch_run.h"
#include "store/node.h"
#include "store/rows_by.h"
#include "support/store.h"
#include "support/test.h"

enum { WINDOW = WATCH_SENDER_WINDOW, FIRST = WATCH_SENDER_BEFORE };
#define TODAY 20100 /* the clock of the store begins at 20000 */

/* ---- the rules ---- */

static struct watch_sender_days sender, all;

/* Others send 30 a day; the sender `own` from … to - 1, known the same day. */
static void fill(size_t from, size_t to, int64_t own)
{
    sender = all = (struct watch_sender_days){ .sent = { 0 } };
    for (size_t i = 0; i < WINDOW; i++) {
        sender.sent[i] = i >= from && i < to ? own : 0;
        sender.known[i] = (double) sender.sent[i];
        all.sent[i] = 30 + sender.sent[i];
    }
}

/* So many a day of the sender's are of its most frequent disease, of which others have so many. */
static void fill_top(int64_t own, int64_t others)
{
    for (size_t i = 0; i < WINDOW; i++) {
        sender.top[i] = sender.sent[i] > 0 ? own : 0;
        all.top[i] = others + sender.top[i];
    }
}

static bool joined(size_t left, size_t *day, double *percent)
{
    struct watch_sender_change change = { 0, 0 };
    bool                       is = watch_sender_joined(&sender, &all, left, &change);
    *day = change.day;
    *percent = change.percent;
    return is;
}

static void test_joined(void **state)
{
    size_t day;
    double percent;
    (void) state;
    fill(WINDOW - 1, WINDOW, 20);
    assert_true(joined(WINDOW, &day, &percent));
    assert_int_equal(day, WINDOW - 1);
    assert_close(percent, 40, 0, 0);
    fill(FIRST, WINDOW, 4); /* 4 of 34 */
    assert_true(joined(WINDOW, &day, &percent));
    assert_int_equal(day, FIRST);
    assert_close(percent, 12, 0, 0);
    fill(FIRST, WINDOW, 3); /* 3 of 33: not much */
    assert_false(joined(WINDOW, &day, &percent));
    fill(WINDOW - 1, WINDOW, 46); /* 30 + 3 × 5.48: as many as the area was used to; one more are too many */
    assert_true(joined(WINDOW, &day, &percent));
    fill(WINDOW - 1, WINDOW, 47);
    assert_false(joined(WINDOW, &day, &percent));
    fill(FIRST - 1, WINDOW, 20); /* longer ago */
    assert_false(joined(WINDOW, &day, &percent));
    fill(0, WINDOW, 20); /* always there */
    assert_false(joined(WINDOW, &day, &percent));
    fill(WINDOW - 1, WINDOW, 5); /* so few that nobody can say, where others are fewer still */
    for (size_t i = 0; i < WINDOW; i++)
        all.sent[i] = 2 + sender.sent[i];
    assert_true(joined(WINDOW, &day, &percent));
    sender.sent[WINDOW - 1]--;
    assert_false(joined(WINDOW, &day, &percent));
}

/* The area itself has begun: nobody sent before, or in one half of the time alone, or hardly anything. */
static void test_area_begins(void **state)
{
    size_t day, half = WINDOW - 5 - WATCH_SENDER_BEFORE / 2;
    double percent;
    (void) state;
    fill(WINDOW - 5, WINDOW, 20);
    memset(all.sent, 0, (WINDOW - 5) * sizeof *all.sent);
    assert_false(joined(WINDOW, &day, &percent));
    for (size_t i = half; i < WINDOW - 5; i++)
        all.sent[i] = 30;
    assert_false(joined(WINDOW, &day, &percent));
    all.sent[half - 1] = 1;
    assert_true(joined(WINDOW, &day, &percent));
    fill(FIRST, FIRST + 1, 5);
    memset(all.sent, 0, sizeof all.sent);
    all.sent[0] = WATCH_SENDER_BASE - 2;
    all.sent[FIRST - 1] = 1;
    all.sent[FIRST] = 20;
    assert_false(joined(WINDOW, &day, &percent));
    all.sent[0]++;
    assert_true(joined(WINDOW, &day, &percent));
}

/* Twenty of one disease from a clinic that never reported anything are no clinic that has joined. */
static void test_outbreak(void **state)
{
    size_t day;
    double percent;
    (void) state;
    fill(WINDOW - 1, WINDOW, 20);
    fill_top(20, 1);
    assert_false(joined(WINDOW, &day, &percent));
    fill_top(14, 1); /* 6 of the 35 others */
    assert_true(joined(WINDOW, &day, &percent));
    assert_close(percent, 17, 0, 0);
    fill_top(16, 1); /* 4 others: too few to say */
    assert_false(joined(WINDOW, &day, &percent));
    fill_top(20, 28); /* nearly all of the area is that disease: by the volume alone */
    assert_true(joined(WINDOW, &day, &percent));
    assert_close(percent, 40, 0, 0);
}

static bool has_left(size_t *day, double *percent)
{
    struct watch_sender_change change = { 0, 0 };
    bool                       is = watch_sender_left(&sender, &all, &change);
    *day = change.day;
    *percent = change.percent;
    return is;
}

static void test_left(void **state)
{
    size_t day;
    double percent;
    (void) state;
    fill(0, WINDOW - 8, 20);
    assert_true(has_left(&day, &percent));
    assert_int_equal(day, WINDOW - 8);
    assert_close(percent, 40, 0, 0);
    fill(0, WINDOW - 7, 20); /* 6 days that are ended */
    assert_false(has_left(&day, &percent));
    fill(0, WINDOW - 8, 3); /* not much */
    assert_false(has_left(&day, &percent));
    fill(0, WINDOW - 8, 20); /* its reports come every second week: no longer than it has been silent before */
    for (size_t i = 0; i < WINDOW - 8; i++)
        if (i % 14 != 5)
            sender.known[i] = 0;
    assert_false(has_left(&day, &percent));
    fill(0, WINDOW - 8, 20); /* everybody is silent: not this sender */
    memset(&all.sent[WINDOW - 8], 0, 8 * sizeof *all.sent);
    assert_false(has_left(&day, &percent));
    fill(0, WINDOW - 8, 20); /* what it did last became known today */
    sender.known[WINDOW - 1] = 20;
    assert_false(has_left(&day, &percent));
    fill(0, WINDOW, 20);
    assert_false(has_left(&day, &percent));
}

/* Back after it left: without the long time in which it sent nothing. */
static void test_back(void **state)
{
    size_t day;
    double percent;
    (void) state;
    fill(0, WINDOW, 20);
    for (size_t i = WINDOW - 12; i < WINDOW - 2; i++) {
        all.sent[i] -= sender.sent[i];
        sender.sent[i] = 0;
    }
    assert_false(joined(WINDOW, &day, &percent));
    assert_true(joined(WINDOW - 12, &day, &percent));
    assert_int_equal(day, WINDOW - 2);
    fill(0, WINDOW - 12, 20); /* it is not */
    assert_false(joined(WINDOW - 12, &day, &percent));
}

/* ---- in the round ---- */

enum { USUAL = 12, DAYS = 80 };

static struct test_store    test;
static struct watch_memory *memory;
static struct id            person, facilities[3], stream_ids[4];
static toc_date             today;

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

static void *create(enum model_record_number record, void *value)
{
    struct access        program = test_program();
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(record), .value = value };
    struct store_request request = { .verb = "test", .set = { &change, 1 } };
    assert_ok(store_submit(test.store, &program, &request, NULL, NULL));
    return value;
}

static struct id make_stream(const char *indicator, const char *counter, size_t area, const struct id *of)
{
    struct model_stream stream;
    char                code[40];
    model_init(model_record(MODEL_STREAM), &stream);
    snprintf(code, sizeof code, "%s-%zu", indicator, area);
    stream.head.id = node_new_id(test.now);
    stream.code = text(code);
    stream.indicator = text(indicator);
    stream.disease = text("influenza");
    stream.area = test.areas[area];
    stream.period = text("day");
    stream.feed = text(counter != NULL ? "counter" : "share");
    if (counter != NULL)
        stream.counter = text(counter);
    else {
        stream.numerator = of[1];
        stream.denominator = of[0];
    }
    create(MODEL_STREAM, &stream);
    return stream.head.id;
}

/* Cases of one day and institution, in transactions of so many at most. */
static void send_cases(size_t facility, size_t area, toc_date day, size_t num, size_t at_once)
{
    struct model_case   values[64];
    struct store_change changes[64];
    struct access       program = test_program();
    assert_true(at_once <= 64);
    for (size_t done = 0; done < num;) {
        size_t               these = num - done < at_once ? num - done : at_once;
        struct store_request request = { .verb = "test", .set = { changes, these } };
        for (size_t i = 0; i < these; i++) {
            model_init(model_record(MODEL_CASE), &values[i]);
            values[i].head.id = node_new_id(test.now);
            values[i].person = person;
            values[i].disease = text("influenza");
            values[i].classification = text("confirmed");
            values[i].responsible_area = test.areas[area];
            values[i].received_date = day;
            values[i].onset_date = day - 1;
            values[i].reported_by = facilities[facility];
            changes[i] =
                (struct store_change){ .verb = STORE_CREATE, .record = model_record(MODEL_CASE), .value = &values[i] };
        }
        test.now++;
        assert_ok(store_submit(test.store, &program, &request, NULL, NULL));
        done += these;
    }
}

static void send_results_as(const char *status, size_t facility, size_t area, toc_date day, size_t num, size_t detected)
{
    struct model_specimen specimen;
    char                  time[DATE_TEXT_BYTES];
    date_to_text(day, DATE_FORM_DAY, time);
    model_init(model_record(MODEL_SPECIMEN), &specimen);
    specimen.head.id = node_new_id(test.now);
    specimen.person = person;
    specimen.subject = text("person");
    specimen.material = text("nasopharyngeal-swab");
    specimen.responsible_area = test.areas[area];
    create(MODEL_SPECIMEN, &specimen);
    for (size_t i = 0; i < num; i++) {
        struct model_result one;
        model_init(model_record(MODEL_RESULT), &one);
        one.head.id = node_new_id(test.now);
        one.specimen = specimen.head.id;
        one.target = text("influenza-a-virus");
        one.disease = text("influenza");
        one.status = text(status);
        one.interpretation = text(i < detected ? "detected" : "not-detected");
        one.result_time = text(time);
        one.laboratory = facilities[facility];
        create(MODEL_RESULT, &one);
    }
}

static void send_results(size_t facility, size_t area, toc_date day, size_t num, size_t detected)
{
    send_results_as("final", facility, area, day, num, detected);
}

static void begin_day(toc_date day)
{
    today = day;
    test.now = (int64_t) day * INSTANT_DAY + 3600 * INSTANT_SECOND;
}

static struct watch_report run(struct watch_memory *kept)
{
    struct access       program = test_program();
    struct watch_report report;
    assert_ok(watch_run(test.store, &program, kept, today, test.now, NULL, NULL, &report, NULL));
    return report;
}

/* The rows of one kind at an area, or everywhere (TEST_NUM_AREAS). */
static size_t changes_of(const char *kind, size_t area, struct arena *arena, const struct model_series_change **first)
{
    struct model_text           key = text(kind);
    void                       *rows;
    size_t                      num, found = 0;
    struct model_series_change *list;
    assert_ok(store_rows_by(test.reader, model_record(MODEL_SERIES_CHANGE), "kind", &key, 1, 1000, arena, &rows, &num));
    list = rows;
    for (size_t i = 0; i < num; i++)
        if (area == TEST_NUM_AREAS || id_equal(&list[i].area, &test.areas[area]))
            list[found++] = list[i];
    *first = list;
    return found;
}

static void begin_store(bool postgresql)
{
    struct model_person value;
    test_store_open(&test, postgresql);
    begin_day(TODAY - DAYS);
    assert_ok(watch_memory_new(&memory));
    model_init(model_record(MODEL_PERSON), &value);
    value.head.id = person = node_new_id(test.now);
    value.area = test.areas[TEST_EAST];
    create(MODEL_PERSON, &value);
    for (size_t i = 0; i < 3; i++) {
        struct model_facility facility;
        char                  code[20];
        model_init(model_record(MODEL_FACILITY), &facility);
        snprintf(code, sizeof code, "f%zu", i);
        facility.head.id = facilities[i] = node_new_id(test.now);
        facility.code = facility.name_en = text(code);
        facility.kind = text("hospital");
        facility.area = test.areas[TEST_EAST];
        create(MODEL_FACILITY, &facility);
    }
    stream_ids[0] = make_stream("cases", "case_by_onset", TEST_EAST, NULL);
    stream_ids[1] = make_stream("cases", "case_by_onset", TEST_PROVINCE, NULL);
}

static void end_store(void)
{
    watch_memory_free(memory);
    test_store_close(&test);
}

/* The alarms of a stream with and without a mark. */
static void count_alarms(const struct id *stream, const char *mark, size_t *marked, size_t *others)
{
    struct arena              arena = ARENA_INIT;
    void                     *rows;
    size_t                    num;
    const struct model_alarm *list;
    assert_ok(store_rows_of(test.reader, model_record(MODEL_ALARM), "stream", stream, 1000, &arena, &rows, &num));
    list = rows;
    *marked = *others = 0;
    for (size_t i = 0; i < num; i++) {
        bool is = list[i].mark.bytes != NULL && list[i].mark.size == strlen(mark) &&
                  memcmp(list[i].mark.bytes, mark, list[i].mark.size) == 0;
        *marked += is;
        *others += !is;
    }
    arena_free(&arena);
}

/* Two institutions send every day, over so many days up to yesterday; one round a day, of the last. */
static void send_usual(size_t facility, size_t num, toc_date from, toc_date to)
{
    for (toc_date day = from; day <= to; day++) {
        begin_day(day);
        send_cases(facility, TEST_EAST_ONE, day, num, 64);
    }
}

struct outcome {
    size_t   num_changes, marked, others;
    double   percent[2]; /* in the district, in the province */
    toc_date day;
};

/* A third institution begins today with 20 beside their 24; the day comes in so many deliveries of each, with a round
 * behind each of them. */
static struct outcome third_joins(bool postgresql, size_t deliveries)
{
    static const size_t               each[] = { USUAL, USUAL, 20 };
    struct arena                      arena = ARENA_INIT;
    const struct model_series_change *changes;
    struct outcome                    outcome = { .num_changes = 0 };
    begin_store(postgresql);
    send_usual(0, USUAL, TODAY - DAYS, TODAY - 1);
    send_usual(1, USUAL, TODAY - DAYS, TODAY - 1);
    begin_day(TODAY - 1);
    (void) run(memory);
    begin_day(TODAY);
    for (size_t d = 0; d < deliveries; d++) {
        for (size_t f = 0; f < 3; f++)
            send_cases(f, TEST_EAST_ONE, TODAY, each[f] * (d + 1) / deliveries - each[f] * d / deliveries, 64);
        (void) run(memory);
    }
    assert_int_equal(run(NULL).num_noticed, 0); /* nothing is left to write */
    outcome.num_changes = changes_of("sender-joined", TEST_NUM_AREAS, &arena, &changes);
    for (size_t i = 0; i < outcome.num_changes; i++) {
        bool district = id_equal(&changes[i].area, &test.areas[TEST_EAST]);
        assert_true(id_equal(&changes[i].sender, &facilities[2]));
        assert_int_equal(changes[i].noticed, 1);
        outcome.percent[district ? 0 : 1] = changes[i].percent;
        outcome.day = changes[i].day;
    }
    count_alarms(&stream_ids[0], "sender-joined", &outcome.marked, &outcome.others);
    arena_free(&arena);
    end_store();
    return outcome;
}

/* However many messages it came in. */
static void joins(bool postgresql)
{
    static const size_t deliveries[] = { 1, 4, 20 };
    for (size_t i = 0; i < sizeof deliveries / sizeof *deliveries; i++) {
        struct outcome outcome = third_joins(postgresql, deliveries[i]);
        assert_int_equal(outcome.num_changes, 2); /* where there are streams: in the district and the province */
        assert_int_equal(outcome.day, TODAY);
        assert_close(outcome.percent[0], 45, 0, 0);
        assert_close(outcome.percent[1], 45, 0, 0);
        assert_int_equal(outcome.marked, 1);
        assert_int_equal(outcome.others, 0);
    }
}

static void test_joins_on_sqlite(void **state)
{
    (void) state;
    joins(false);
}

static void test_joins_on_postgresql(void **state)
{
    (void) state;
    if (!test_postgresql_installed())
        skip();
    joins(true);
}

static void change_row(const struct model_series_change *row, double percent)
{
    struct access              program = test_program();
    struct model_series_change value;
    struct store_change        change = { .verb = STORE_CHANGE, .record = model_record(MODEL_SERIES_CHANGE) };
    struct store_request       request = { .verb = "test", .set = { &change, 1 } };
    model_init(model_record(MODEL_SERIES_CHANGE), &value);
    value.head.id = row->head.id;
    value.percent = percent;
    value.noticed = 0;
    model_set_add(&change.given, model_series_change_percent);
    model_set_add(&change.given, model_series_change_noticed);
    change.value = &value;
    assert_ok(store_submit(test.store, &program, &request, NULL, NULL));
}

/* What it brings is no growth; what comes beside it is; and a person who knows better is not written over. */
static void grows_too(bool postgresql)
{
    struct arena                      arena = ARENA_INIT;
    const struct model_series_change *changes;
    size_t                            marked, others;
    begin_store(postgresql);
    send_usual(0, 2 * USUAL, TODAY - DAYS, TODAY - 1);
    begin_day(TODAY);
    send_cases(0, TEST_EAST_ONE, TODAY, 60, 64);
    send_cases(2, TEST_EAST_ONE, TODAY, 20, 64);
    (void) run(memory);
    count_alarms(&stream_ids[0], "sender-joined", &marked, &others);
    assert_int_equal(marked, 0);
    assert_int_equal(others, 1);
    assert_int_equal(changes_of("sender-joined", TEST_EAST, &arena, &changes), 1);
    assert_close(changes[0].percent, 25, 0, 0);
    change_row(&changes[0], 3);
    send_cases(2, TEST_EAST_ONE, TODAY, 10, 64);
    assert_int_equal(run(memory).num_noticed, 1); /* the province's is kept up to date, the district's is not */
    assert_int_equal(changes_of("sender-joined", TEST_EAST, &arena, &changes), 1);
    assert_close(changes[0].percent, 3, 0, 0);
    assert_int_equal(changes_of("sender-joined", TEST_PROVINCE, &arena, &changes), 1);
    assert_close(changes[0].percent, 33, 0, 0);
    arena_free(&arena);
    end_store();
}

static void test_grows_on_sqlite(void **state)
{
    (void) state;
    grows_too(false);
}

static void test_grows_on_postgresql(void **state)
{
    (void) state;
    if (!test_postgresql_installed())
        skip();
    grows_too(true);
}

/* One of two stops; after a time it is noticed, backdated; when it comes back, that is noticed at once, and the history
 * before counts on. */
static void leaves(bool postgresql)
{
    struct arena                      arena = ARENA_INIT;
    const struct model_series_change *changes;
    size_t                            marked, others;
    begin_store(postgresql);
    for (toc_date day = TODAY - DAYS; day <= TODAY; day++) {
        send_usual(0, USUAL, day, day);
        if (day <= TODAY - 10)
            send_usual(1, USUAL, day, day);
        if (day == TODAY - 3) { /* 6 days that are ended */
            (void) run(memory);
            assert_int_equal(changes_of("sender-left", TEST_NUM_AREAS, &arena, &changes), 0);
        }
    }
    begin_day(TODAY);
    (void) run(memory);
    assert_int_equal(changes_of("sender-left", TEST_NUM_AREAS, &arena, &changes), 2);
    assert_int_equal(changes[0].day, TODAY - 9);
    assert_close(changes[0].percent, 50, 0, 0);
    assert_true(id_equal(&changes[0].sender, &facilities[1]));
    begin_day(TODAY + 1);
    send_cases(0, TEST_EAST_ONE, TODAY + 1, USUAL, 64);
    send_cases(1, TEST_EAST_ONE, TODAY + 1, USUAL, 64);
    (void) run(memory);
    assert_int_equal(changes_of("sender-joined", TEST_EAST, &arena, &changes), 1);
    assert_int_equal(changes[0].day, TODAY + 1);
    count_alarms(&stream_ids[0], "sender-joined", &marked, &others);
    assert_int_equal(others, 0);
    for (size_t i = 0; i < memory->num_watched; i++) {
        assert_int_equal(memory->series[i].num_breaks, 2);
        assert_true(memory->series[i].breaks[0].pause && memory->series[i].breaks[1].pause);
    }
    arena_free(&arena);
    end_store();
}

static void test_leaves_on_sqlite(void **state)
{
    (void) state;
    leaves(false);
}

static void test_leaves_on_postgresql(void **state)
{
    (void) state;
    if (!test_postgresql_installed())
        skip();
    leaves(true);
}

/* A laboratory begins: tests, positives and their share are told; a stream of the same indicator that somebody loads,
 * and one of an area below, are not. */
static void laboratory_joins(bool postgresql)
{
    struct arena                      arena = ARENA_INIT;
    const struct model_series_change *changes;
    struct model_stream               loaded;
    size_t                            found = 0;
    begin_store(postgresql);
    stream_ids[0] = make_stream("tests", "result_by_day", TEST_EAST, NULL);
    stream_ids[1] = make_stream("positives", "result_by_day", TEST_EAST, NULL);
    (void) make_stream("positivity", NULL, TEST_EAST, stream_ids);
    stream_ids[2] = make_stream("tests", "result_by_day", TEST_EAST_TWO, NULL);
    model_init(model_record(MODEL_STREAM), &loaded);
    loaded.head.id = node_new_id(test.now);
    loaded.code = text("loaded");
    loaded.indicator = text("tests");
    loaded.disease = text("influenza");
    loaded.area = test.areas[TEST_EAST];
    loaded.period = text("day");
    loaded.feed = text("file");
    create(MODEL_STREAM, &loaded);
    for (toc_date day = TODAY - DAYS; day < TODAY; day++) {
        begin_day(day);
        send_results(0, day % 2 == 0 ? TEST_EAST_ONE : TEST_EAST_TWO, day, 6, 1);
    }
    begin_day(TODAY);
    send_results(0, TEST_EAST_TWO, TODAY, 6, 1);
    send_results(1, TEST_EAST_ONE, TODAY, 6, 1);
    assert_int_equal(run(memory).num_noticed, 3);
    assert_int_equal(changes_of("sender-joined", TEST_EAST, &arena, &changes), 3);
    for (size_t i = 0; i < 3; i++)
        assert_close(changes[i].percent, 50, 0, 0);
    for (size_t i = 0; i < memory->num_watched; i++) {
        const struct model_stream *stream = &memory->streams.streams[i].stream;
        bool is = id_equal(&stream->area, &test.areas[TEST_EAST]) && !id_equal(&stream->head.id, &loaded.head.id) &&
                  stream->indicator.bytes[0] != 'c'; /* cases */
        assert_int_equal(memory->series[i].num_breaks, is ? 1 : 0);
        found += is;
    }
    assert_int_equal(found, 3);
    arena_free(&arena);
    end_store();
}

static void test_laboratory_on_sqlite(void **state)
{
    (void) state;
    laboratory_joins(false);
}

static void test_laboratory_on_postgresql(void **state)
{
    (void) state;
    if (!test_postgresql_installed())
        skip();
    laboratory_joins(true);
}

/* What a stream has counted today. */
static double counted_today(const struct id *stream)
{
    static struct watch_days days;
    struct access            program = test_program();
    struct watch_streams     streams;
    struct store_reader     *reader;
    struct arena             arena = ARENA_INIT;
    toc_date                 first;
    double                   counted = NAN;
    assert_ok(store_reader_open(test.store, &reader, NULL));
    assert_ok(watch_streams_read(reader, &program, TODAY, &arena, &streams, NULL));
    for (size_t i = 0; i < streams.num_streams; i++) {
        const struct watch_stream *one = &streams.streams[i];
        if (!id_equal(&one->stream.head.id, stream))
            continue;
        assert_ok(watch_days_read(reader, &program, &one, 1, TODAY, &days, &first));
        counted = days.counts[WATCH_DAYS_READ - 1];
    }
    store_reader_close(reader);
    arena_free(&arena);
    return counted;
}

/* A positive is corrected to a negative: the row that was superseded is neither a test nor a positive any more. */
static void test_correction(void **state)
{
    const bool *postgresql = *state;
    if (*postgresql && !test_postgresql_installed())
        skip();
    begin_store(*postgresql);
    stream_ids[0] = make_stream("tests", "result_by_day", TEST_EAST, NULL);
    stream_ids[1] = make_stream("positives", "result_by_day", TEST_EAST, NULL);
    begin_day(TODAY);
    send_results_as("final", 0, TEST_EAST_ONE, TODAY, 6, 2);
    assert_close(counted_today(&stream_ids[0]), 6, 0, 0);
    assert_close(counted_today(&stream_ids[1]), 2, 0, 0);
    send_results_as("superseded", 0, TEST_EAST_ONE, TODAY, 1, 1);
    send_results_as("corrected", 0, TEST_EAST_ONE, TODAY, 1, 0);
    assert_close(counted_today(&stream_ids[0]), 7, 0, 0);
    assert_close(counted_today(&stream_ids[1]), 2, 0, 0);
    end_store();
}

static bool on_sqlite = false, on_postgresql = true;

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_joined),
        cmocka_unit_test(test_area_begins),
        cmocka_unit_test(test_outbreak),
        cmocka_unit_test(test_left),
        cmocka_unit_test(test_back),
        cmocka_unit_test(test_joins_on_sqlite),
        cmocka_unit_test(test_grows_on_sqlite),
        cmocka_unit_test(test_leaves_on_sqlite),
        cmocka_unit_test(test_laboratory_on_sqlite),
        cmocka_unit_test_prestate(test_correction, &on_sqlite),
        cmocka_unit_test(test_joins_on_postgresql),
        cmocka_unit_test(test_grows_on_postgresql),
        cmocka_unit_test(test_leaves_on_postgresql),
        cmocka_unit_test(test_laboratory_on_postgresql),
        cmocka_unit_test_prestate(test_correction, &on_postgresql),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
