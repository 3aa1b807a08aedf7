/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts that the writer keeps: a series by day or week, a table week × area × code with its zeros, the reporting
 * triangle. */
#include "server/count.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "base/memory.h"
#include "formats/rows.h"
#include "model/model_lists.h"
#include "server/request.h"
#include "store/area_tree.h"
#include "tocsin/date.h"

#define COUNT_MOST_DAYS 36600    /* of a series: a century */
#define COUNT_MOST_CELLS 1000000 /* of a triangle */
#define COUNT_MOST_DELAY 1000
#define COUNT_MOST_ROWS 100000  /* of a table */
#define COUNT_MOST_SERIES 20000 /* that a table asks for */
#define COUNT_MOST_CODES 256    /* of a table's dimension */
#define COUNT_DIMENSIONS (sizeof((struct model_counter *) NULL)->dimensions / sizeof(char *))

static int refuse(struct exchange *exchange, const char *name, const char *found, const char *allowed)
{
    fault_add(&exchange->faults, (struct fault_place){ .name = name }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

/* ---- what may be asked ---- */

enum { SERIES = 1, TRIANGLE = 2, TABLE = 4, AREAS = 8, ALL = 15 };

static const struct {
    unsigned               of;
    struct route_parameter parameter;
} fixed[] = {
    { ALL, { "record", "string", "What is counted; case where it is not said" } },
    { ALL, { "counter", "string", "A counter of the record; its first where it is not said" } },
    { ALL, { "area", "uuid", "An area of the grant, and all below it" } },
    { ALL, { "from", "date", "The first day, included" } },
    { ALL, { "to", "date", "The last day, included" } },
    { ALL, { "asof", "date", "As known at the end of this day" } },
    { SERIES, { "by", "string", "day or week; whole weeks are counted" } },
    { SERIES | TABLE, { "weeks", "string", "iso (Monday to Sunday) or mmwr (Sunday to Saturday)" } },
    { TRIANGLE, { "max_delay", "integer", "0 to 1000 days; 28 where it is not said" } },
    { TABLE, { "as", "string", "csv or ndjson" } },
};
#define LENGTH(array) (sizeof(array) / sizeof *(array))

static bool has(const struct route_parameter *parameters, size_t num, const char *name)
{
    for (size_t i = 0; i < num; i++)
        if (strcmp(parameters[i].name, name) == 0)
            return true;
    return false;
}

/* Those above, then the dimensions of all counters. */
static const struct route_parameter *parameters_of(unsigned of)
{
    static const size_t        most = 128;
    size_t                     num = 0, num_records;
    const struct model_record *records = model_records(&num_records);
    struct route_parameter    *made = memory_array(most, sizeof *made);
    if (made == NULL)
        abort();
    for (size_t i = 0; i < LENGTH(fixed); i++)
        if ((fixed[i].of & of) != 0)
            made[num++] = fixed[i].parameter;
    for (size_t r = 0; r < num_records; r++)
        for (size_t c = 0; c < records[r].num_counters; c++)
            for (size_t d = 0; d < COUNT_DIMENSIONS && records[r].counters[c].dimensions[d] != NULL; d++) {
                const char *name = records[r].counters[c].dimensions[d];
                if (num + 1 < most && !has(made, num, name))
                    made[num++] = (struct route_parameter){ name, "string",
                                                            of == SERIES  ? "A code, or several with commas between "
                                                                            "them, which are added up; without it all"
                                                            : of == TABLE ? "A code, or of the first dimension several "
                                                                            "with commas between them"
                                                                          : "A code; without it all" };
            }
    return made;
}

/* The codes between the commas, each once. codes: room for COUNT_MOST_CODES. */
static int read_codes(struct exchange *exchange, const char *name, const char *text, const char **codes, size_t *num)
{
    *num = 0;
    while (*text != '\0') {
        size_t size = strcspn(text, ","), at = 0;
        while (at < *num && (strlen(codes[at]) != size || memcmp(codes[at], text, size) != 0))
            at++;
        if (at == COUNT_MOST_CODES)
            return refuse(exchange, name, "too many codes", "at most 256");
        if (at == *num && (codes[(*num)++] = arena_copy(&exchange->arena, text, size)) == NULL)
            return TOC_ERR_NO_MEMORY;
        text += size + (text[size] == ',');
    }
    return *num > 0 ? 0 : refuse(exchange, name, "no code", "codes with commas between them");
}

/* ---- the question ---- */

enum weeks { WEEKS_ISO, WEEKS_MMWR };
static const char *const week_words[] = { "iso", "mmwr", NULL };

struct question {
    struct store_count_query query;
    size_t                   by_week;
    size_t                   weeks; /* enum weeks */
};

static const struct model_counter *find_counter(const struct model_record *record, const char *name)
{
    for (size_t i = 0; i < record->num_counters; i++)
        if (name == NULL || strcmp(record->counters[i].name, name) == 0)
            return &record->counters[i];
    return NULL;
}

static int read_counter(struct exchange *exchange, struct store_count_query *query)
{
    const char *word = exchange_query(exchange, "record");
    query->record = word != NULL ? model_record_find(word) : model_record(MODEL_CASE);
    if (query->record == NULL || query->record->num_counters == 0)
        return refuse(exchange, "record", "no record that is counted", "case, or as /api/v1/model says");
    query->counter = find_counter(query->record, exchange_query(exchange, "counter"));
    if (query->counter == NULL)
        return refuse(exchange, "counter", "no counter of this record", "as /api/v1/model says");
    for (size_t i = 0; i < COUNT_DIMENSIONS && query->counter->dimensions[i] != NULL; i++)
        query->dimensions[i] = exchange_query(exchange, query->counter->dimensions[i]);
    return 0;
}

static bool is_dimension(const struct model_counter *counter, const char *name)
{
    for (size_t d = 0; d < COUNT_DIMENSIONS && counter->dimensions[d] != NULL; d++)
        if (strcmp(counter->dimensions[d], name) == 0)
            return true;
    return false;
}

/* A dimension of another counter is none of this one. */
static int check_dimensions(struct exchange *exchange, const struct model_counter *counter)
{
    int ret = 0;
    for (size_t i = 0; i < exchange->num_query; i++) {
        const char *name = exchange->query[i].name;
        bool        is_fixed = false;
        for (size_t p = 0; p < LENGTH(fixed); p++)
            is_fixed = is_fixed || strcmp(fixed[p].parameter.name, name) == 0;
        if (!is_fixed && !is_dimension(counter, name))
            ret = refuse(exchange, name, "no dimension of this counter", "as /api/v1/model says");
    }
    return ret;
}

static int64_t week_start(enum weeks weeks, toc_date day)
{
    int weekday = toc_date_weekday(day);
    return (int64_t) day - (weeks == WEEKS_ISO ? weekday : (weekday + 1) % 7);
}

/* "2026-W47": an ISO week belongs to the year of its Thursday, an MMWR week to that of its Wednesday. */
#define WEEK_TEXT_BYTES 24
static void week_text(toc_date start, char text[WEEK_TEXT_BYTES])
{
    toc_date         middle = start + 3;
    struct toc_civil civil = toc_date_to_civil(middle);
    toc_date         first = toc_date_from_civil((struct toc_civil){ civil.year, 1, 1 });
    snprintf(text, WEEK_TEXT_BYTES, "%04d-W%02d", civil.year, (middle - first) / 7 + 1);
}

static int read_days(struct exchange *exchange, struct question *question, int64_t most)
{
    struct store_count_query *query = &question->query;
    query->from = query->to = query->known = MODEL_MISSING_DATE;
    int ret = request_day(exchange, "from", &query->from);
    if (ret == 0)
        ret = request_day(exchange, "to", &query->to);
    if (ret == 0)
        ret = request_day(exchange, "asof", &query->known);
    if (ret != 0)
        return ret;
    if (query->from == MODEL_MISSING_DATE || query->to == MODEL_MISSING_DATE)
        return refuse(exchange, query->from == MODEL_MISSING_DATE ? "from" : "to", "missing", "a day: 2026-11-22");
    if (query->to < query->from)
        return refuse(exchange, "to", "before `from`", "a day on or after it");
    if (question->by_week != 0) { /* whole weeks */
        query->from = (toc_date) week_start((enum weeks) question->weeks, query->from);
        query->to = (toc_date) (week_start((enum weeks) question->weeks, query->to) + 6);
    }
    if (query->from < TOC_DATE_MIN || query->to > TOC_DATE_MAX || (int64_t) query->to - query->from >= most)
        return refuse(exchange, "to", "too many days", "a shorter time");
    return 0;
}

static int read_question(struct exchange *exchange, struct question *question, int64_t most_days)
{
    int ret = request_parameters(exchange);
    if (ret == 0)
        ret = read_counter(exchange, &question->query);
    if (ret == 0)
        ret = check_dimensions(exchange, question->query.counter);
    if (ret == 0)
        ret = request_id(exchange, "area", &question->query.area);
    if (ret == 0 && id_is_missing(&question->query.area))
        ret = refuse(exchange, "area", "missing", "an area of the grant");
    if (ret == 0)
        ret = request_choice(exchange, "weeks", week_words, "iso (Monday to Sunday) or mmwr (Sunday to Saturday)",
                             &question->weeks);
    return ret == 0 ? read_days(exchange, question, most_days) : ret;
}

static void write_question(struct json_writer *json, const struct question *question)
{
    const struct store_count_query *query = &question->query;
    json_key(json, "record");
    json_put_string(json, query->record->name);
    json_key(json, "counter");
    json_put_string(json, query->counter->name);
    reply_id(json, "area", &query->area);
    reply_day(json, "from", query->from);
    reply_day(json, "to", query->to);
    reply_day(json, "asof", query->known);
}

/* ---- a series ---- */

static void write_points(struct json_writer *json, const struct question *question, const int64_t *counts)
{
    const struct store_count_query *query = &question->query;
    int                             step = question->by_week != 0 ? 7 : 1;
    char                            text[WEEK_TEXT_BYTES];
    json_key(json, "points");
    json_begin_array(json);
    for (toc_date day = query->from; day <= query->to; day += step) {
        int64_t sum = 0;
        for (int i = 0; i < step; i++)
            sum += counts[day - query->from + i];
        json_begin_object(json);
        json_key(json, "at");
        if (step == 7)
            week_text(day, text);
        else
            date_to_text(day, DATE_FORM_DAY, text);
        json_put_string(json, text);
        json_key(json, "count");
        json_put_integer(json, sum);
        json_end(json);
    }
    json_end(json);
}

/* What is counted of a series: its numbers, and room for those of one code of each dimension. */
struct series {
    struct exchange *exchange;
    size_t           num_days, num_parts;
    int64_t         *counts, *part, undated;
};

static int add_part(struct series *series, const struct store_count_query *query)
{
    struct exchange *exchange = series->exchange;
    int64_t          undated = 0;
    if (++series->num_parts > COUNT_MOST_CODES)
        return refuse(exchange, query->counter->dimensions[0], "more than 256 series to add up", "fewer codes");
    int ret = store_counts(exchange->reader, &exchange->caller.access, query, series->part, &undated);
    for (size_t day = 0; day < series->num_days && ret == 0; day++)
        series->counts[day] += series->part[day];
    series->undated += undated;
    return ret;
}

/* Add the series of every code that is named of this dimension and those after it. */
static int add_series(struct series *series, const struct store_count_query *query, size_t dimension)
{
    const char *codes[COUNT_MOST_CODES];
    size_t      num;
    while (dimension < COUNT_DIMENSIONS &&
           (query->dimensions[dimension] == NULL || strchr(query->dimensions[dimension], ',') == NULL))
        dimension++;
    if (dimension == COUNT_DIMENSIONS)
        return add_part(series, query);
    int ret =
        read_codes(series->exchange, query->counter->dimensions[dimension], query->dimensions[dimension], codes, &num);
    for (size_t i = 0; i < num && ret == 0; i++) {
        struct store_count_query one = *query;
        one.dimensions[dimension] = codes[i];
        ret = add_series(series, &one, dimension + 1);
    }
    return ret;
}

static int count_series(struct exchange *exchange)
{
    static const char *const by[] = { "day", "week", NULL };
    struct question          question = { .by_week = 0 };
    struct series            series = { .exchange = exchange };
    struct json_writer       json;
    int                      ret = request_choice(exchange, "by", by, "day or week", &question.by_week);
    if (ret == 0)
        ret = read_question(exchange, &question, COUNT_MOST_DAYS);
    if (ret != 0)
        return ret;
    series.num_days = (size_t) (question.query.to - question.query.from) + 1;
    series.counts = arena_array(&exchange->arena, series.num_days, sizeof *series.counts);
    series.part = arena_array(&exchange->arena, series.num_days, sizeof *series.part);
    if (series.counts == NULL || series.part == NULL)
        return TOC_ERR_NO_MEMORY;
    memset(series.counts, 0, series.num_days * sizeof *series.counts);
    ret = add_series(&series, &question.query, 0);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    write_question(&json, &question);
    json_key(&json, "by");
    json_put_string(&json, by[question.by_week]);
    write_points(&json, &question, series.counts);
    json_key(&json, "undated");
    json_put_integer(&json, series.undated);
    json_end(&json);
    return 0;
}

/* ---- the triangle ---- */

static int count_triangle(struct exchange *exchange)
{
    struct question    question = { .by_week = 0 };
    struct json_writer json;
    int64_t            max_delay = 28;
    int                ret = request_integer(exchange, "max_delay", 0, COUNT_MOST_DELAY, &max_delay);
    if (ret == 0)
        ret = read_question(exchange, &question, COUNT_MOST_CELLS / (max_delay + 1));
    if (ret != 0)
        return ret;
    size_t   days = (size_t) (question.query.to - question.query.from) + 1, columns = (size_t) max_delay + 1;
    int64_t *cells = memory_array(days * columns, sizeof *cells);
    if (cells == NULL)
        return TOC_ERR_NO_MEMORY;
    ret = store_triangle(exchange->reader, &exchange->caller.access, &question.query, (size_t) max_delay, cells);
    if (ret == 0) {
        reply_json(exchange, &json);
        json_begin_object(&json);
        write_question(&json, &question);
        json_key(&json, "max_delay");
        json_put_integer(&json, max_delay);
        json_key(&json, "cells");
        json_begin_array(&json);
        for (size_t day = 0; day < days; day++) {
            json_begin_array(&json);
            for (size_t delay = 0; delay < columns; delay++)
                json_put_integer(&json, cells[day * columns + delay]);
            json_end(&json);
        }
        json_end(&json);
        json_end(&json);
    }
    free(cells);
    return ret;
}

/* ---- the table ---- */

struct table_area {
    struct id   id;
    const char *code; /* "" = none */
    bool        rest; /* the area asked for itself: what lies in none of those below it */
};

struct count_table {
    struct exchange   *exchange;
    struct question    question;
    struct table_area *areas;
    size_t             num_areas; /* with the rest, which is the last */
    const char        *codes[COUNT_MOST_CODES];
    size_t             num_codes;
    size_t             num_days, num_weeks;
    int64_t           *counts; /* [area][code][week] */
};

/* The areas right below the one that is asked for, and the rest. */
static int find_areas(struct count_table *table)
{
    struct exchange        *exchange = table->exchange;
    const struct area_tree *tree = store_hold_areas(exchange->store);
    uint32_t                top = area_tree_find(tree, &table->question.query.area);
    int                     ret = top == AREA_NONE ? STORE_ERR_ABSENT : 0;
    struct area_interval    below = { 0, 0 };
    size_t                  num = 0;
    if (ret == 0) {
        below = area_tree_subtree(tree, top);
        for (uint32_t area = top + 1; area < below.end; area = area_tree_subtree(tree, area).end)
            num++;
        table->areas = arena_array(&exchange->arena, num + 1, sizeof *table->areas);
        if (table->areas == NULL)
            ret = TOC_ERR_NO_MEMORY;
    }
    for (uint32_t area = top + 1; ret == 0 && area < below.end; area = area_tree_subtree(tree, area).end)
        table->areas[table->num_areas++] = (struct table_area){ .id = *area_tree_id(tree, area), .code = "" };
    store_release_areas(exchange->store, tree);
    if (ret == 0)
        table->areas[table->num_areas++] =
            (struct table_area){ .id = table->question.query.area, .code = "", .rest = true };
    return ret;
}

static int name_areas(struct count_table *table)
{
    struct exchange   *exchange = table->exchange;
    struct model_area *areas = arena_array(&exchange->arena, table->num_areas, sizeof *areas);
    struct id         *ids = arena_array(&exchange->arena, table->num_areas, sizeof *ids);
    bool              *there = arena_array(&exchange->arena, table->num_areas, sizeof *there);
    struct model_set   visible;
    if (areas == NULL || ids == NULL || there == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < table->num_areas; i++)
        ids[i] = table->areas[i].id;
    int ret = store_read_many(exchange->reader, &exchange->caller.access, model_record(MODEL_AREA), ids,
                              table->num_areas, &exchange->arena, areas, there, &visible);
    for (size_t i = 0; i < table->num_areas && ret == 0; i++) {
        if (!there[i] || areas[i].code.bytes == NULL)
            continue;
        table->areas[i].code = arena_copy(&exchange->arena, areas[i].code.bytes, areas[i].code.size);
        if (table->areas[i].code == NULL)
            ret = TOC_ERR_NO_MEMORY;
    }
    return ret;
}

/* The sums of a series' weeks, into weeks. */
static int ask(struct count_table *table, const struct id *area, const char *code, int64_t *weeks)
{
    struct exchange         *exchange = table->exchange;
    struct store_count_query query = table->question.query;
    query.area = *area;
    query.dimensions[0] = code;
    int64_t *counts = memory_array(table->num_days, sizeof *counts);
    if (counts == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = store_counts(exchange->reader, &exchange->caller.access, &query, counts, NULL);
    memset(weeks, 0, table->num_weeks * sizeof *weeks);
    for (size_t i = 0; i < table->num_days && ret == 0; i++)
        weeks[i / 7] += counts[i];
    free(counts);
    return ret;
}

/* The codes that are named, or those of the dimension's list that were counted at all. */
static int find_codes(struct count_table *table)
{
    const struct store_count_query *query = &table->question.query;
    const char                     *name = query->counter->dimensions[0];
    const struct model_field       *field = name != NULL ? model_field_find(query->record, name, strlen(name)) : NULL;
    const struct model_lists       *lists = store_lists(table->exchange->store);
    const struct model_entry       *entry;
    if (field == NULL)
        return refuse(table->exchange, "counter", "a counter without dimensions", "one with a dimension");
    if (query->dimensions[0] != NULL)
        return read_codes(table->exchange, name, query->dimensions[0], table->codes, &table->num_codes);
    if (lists == NULL || field->kind != MODEL_KIND_CODE)
        return refuse(table->exchange, name, "missing", "codes with commas between them");
    int64_t *weeks = memory_array(table->num_weeks, sizeof *weeks);
    int      ret = weeks == NULL ? TOC_ERR_NO_MEMORY : 0;
    for (size_t i = 0; ret == 0 && (entry = model_lists_entry(lists, field->target, i)) != NULL; i++) {
        bool any = false;
        ret = ask(table, &query->area, entry->code, weeks);
        for (size_t week = 0; week < table->num_weeks; week++)
            any = any || weeks[week] != 0;
        if (ret == 0 && any && table->num_codes < COUNT_MOST_CODES)
            table->codes[table->num_codes++] = entry->code;
    }
    free(weeks);
    return ret;
}

/* Every series; the rest is what the area has beyond those below it. */
static int fill(struct count_table *table)
{
    size_t series = table->num_areas * table->num_codes;
    if (series > COUNT_MOST_SERIES || series * table->num_weeks > COUNT_MOST_ROWS)
        return refuse(table->exchange, "to", "more than 100,000 rows", "a shorter time, fewer codes, a smaller area");
    table->counts = memory_array(series * table->num_weeks + 1, sizeof *table->counts);
    int ret = table->counts == NULL ? TOC_ERR_NO_MEMORY : 0;
    for (size_t i = 0; i < series && ret == 0; i++)
        ret = ask(table, &table->areas[i / table->num_codes].id, table->codes[i % table->num_codes],
                  table->counts + i * table->num_weeks);
    size_t   one = table->num_codes * table->num_weeks;
    int64_t *rest = table->counts + (table->num_areas - 1) * one;
    for (size_t area = 0; ret == 0 && area + 1 < table->num_areas; area++)
        for (size_t i = 0; i < one; i++)
            rest[i] -= table->counts[area * one + i];
    return ret;
}

static void write_rows(struct count_table *table, struct rows *rows)
{
    char week[WEEK_TEXT_BYTES], id[ID_TEXT_BYTES];
    for (size_t w = 0; w < table->num_weeks; w++) {
        week_text(table->question.query.from + (toc_date) (7 * w), week);
        for (size_t a = 0; a < table->num_areas; a++)
            for (size_t c = 0; c < table->num_codes; c++) {
                id_to_text(&table->areas[a].id, id);
                rows_text(rows, week);
                rows_text(rows, id);
                rows_text(rows, table->areas[a].code);
                rows_flag(rows, table->areas[a].rest);
                rows_text(rows, table->codes[c]);
                rows_number(rows, (double) table->counts[(a * table->num_codes + c) * table->num_weeks + w]);
                rows_end_row(rows);
            }
    }
}

static int write_table(struct count_table *table, bool csv)
{
    const struct rows_column columns[] = {
        { .name = "week", .kind = ROWS_TEXT },
        { .name = "area", .kind = ROWS_TEXT },
        { .name = "area_code", .kind = ROWS_TEXT },
        { .name = "rest", .kind = ROWS_FLAG },
        { .name = table->question.query.counter->dimensions[0], .kind = ROWS_TEXT },
        { .name = "count", .kind = ROWS_NUMBER },
    };
    struct rows rows;
    int         ret = rows_begin(&rows, &table->exchange->answer.body, csv ? ROWS_CSV : ROWS_NDJSON, false, columns,
                                 sizeof columns / sizeof *columns);
    if (ret != 0)
        return ret;
    table->exchange->answer.type = csv ? "text/csv; charset=utf-8" : "application/x-ndjson";
    write_rows(table, &rows);
    rows_finish(&rows);
    return 0;
}

static int count_weeks(struct exchange *exchange)
{
    static const char *const formats[] = { "csv", "ndjson", NULL };
    struct count_table       table = { .exchange = exchange, .question.by_week = 1 };
    size_t                   format = 0;
    int                      ret = request_choice(exchange, "as", formats, "csv or ndjson", &format);
    if (ret == 0)
        ret = read_question(exchange, &table.question, COUNT_MOST_DAYS);
    if (ret != 0)
        return ret;
    table.num_days = (size_t) (table.question.query.to - table.question.query.from) + 1;
    table.num_weeks = table.num_days / 7;
    ret = find_codes(&table);
    if (ret == 0)
        ret = find_areas(&table);
    if (ret == 0)
        ret = fill(&table);
    if (ret == 0)
        ret = name_areas(&table);
    if (ret == 0)
        ret = write_table(&table, format == 0);
    free(table.counts);
    return ret;
}

/* ---- by area below ---- */

static void write_area_counts(struct count_table *table, const int64_t *counts)
{
    struct json_writer json;
    size_t             rest = table->num_areas - 1;
    reply_json(table->exchange, &json);
    json_begin_object(&json);
    write_question(&json, &table->question);
    json_key(&json, "rows");
    json_begin_array(&json);
    for (size_t i = 0; i < rest; i++) {
        json_begin_object(&json);
        reply_id(&json, "area", &table->areas[i].id);
        json_key(&json, "count");
        json_put_integer(&json, counts[i]);
        json_end(&json);
    }
    json_end(&json);
    json_key(&json, "total");
    json_put_integer(&json, counts[rest]);
    json_end(&json);
}

static int count_areas(struct exchange *exchange)
{
    struct count_table table = { .exchange = exchange };
    int                ret = read_question(exchange, &table.question, COUNT_MOST_DAYS);
    if (ret == 0)
        ret = find_areas(&table);
    if (ret != 0)
        return ret;
    table.num_days = (size_t) (table.question.query.to - table.question.query.from) + 1;
    if (table.num_areas > COUNT_MOST_SERIES)
        return refuse(exchange, "area", "more than 20,000 areas below it", "a smaller area");
    int64_t *sums = arena_array(&exchange->arena, table.num_areas, sizeof *sums);
    int64_t *days = memory_array(table.num_days, sizeof *days);
    if (sums == NULL || days == NULL)
        ret = TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < table.num_areas && ret == 0; i++) {
        struct store_count_query query = table.question.query;
        query.area = table.areas[i].id;
        ret = store_counts(exchange->reader, &exchange->caller.access, &query, days, NULL);
        sums[i] = 0;
        for (size_t day = 0; day < table.num_days; day++)
            sums[i] += days[day];
    }
    free(days);
    if (ret == 0)
        write_area_counts(&table, sums);
    return ret;
}

/* ---- the routes ---- */

void count_routes(struct route_list *list)
{
    struct route route = { .method = HTTP_GET, .access = ROUTE_SIGNED_IN };
    route.path = "/api/v1/counts";
    route.handler = count_series;
    route.summary_en = "Counts by day or week, as known now or on a day";
    route.summary_zh = "按日或周计数，可指定知悉日期";
    route.reply = "counts";
    route.parameters = parameters_of(SERIES);
    route_add(list, &route);
    route.path = "/api/v1/counts/areas";
    route.handler = count_areas;
    route.summary_en = "Counts of some days in an area and in each area right below it";
    route.summary_zh = "某地区及其各直接下级地区在一段日期内的计数";
    route.reply = "area_counts";
    route.parameters = parameters_of(AREAS);
    route_add(list, &route);
    route.path = "/api/v1/triangle";
    route.handler = count_triangle;
    route.summary_en = "The reporting triangle: counts by day and delay";
    route.summary_zh = "报告三角：按日期和报告延迟计数";
    route.reply = "triangle";
    route.parameters = parameters_of(TRIANGLE);
    route_add(list, &route);
    route.path = "/api/v1/counts/weeks";
    route.handler = count_weeks;
    route.heavy = true;
    route.summary_en = "A table week × area below × code, with its zeros; `rest` is what lies in no area below";
    route.summary_zh = "周 × 下级地区 × 代码的计数表（含零），rest 为不属于任何下级地区者";
    route.reply = NULL;
    route.reply_types = "text/csv, application/x-ndjson";
    route.parameters = parameters_of(TABLE);
    route_add(list, &route);
}
