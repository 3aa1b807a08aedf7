/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/daily_report.h"

#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "base/json_reader.h"
#include "base/sink.h"
#include "base/time_zone.h"
#include "response/change_list.h"
#include "tocsin/date.h"

/* ---- figures as text ---- */

void daily_report_write(struct json_writer *json, const struct daily_report_figures *figures)
{
    json_begin_object(json);
    json_key(json, "rows");
    json_begin_array(json);
    for (size_t i = 0; i < figures->num_rows; i++) {
        const struct daily_report_row *row = &figures->rows[i];
        json_begin_object(json);
        json_key(json, "section");
        json_put_string(json, daily_report_sections[row->section]);
        json_key(json, "item");
        json_put_string(json, row->item);
        json_key(json, "name_en");
        json_put_string(json, row->name[MODEL_ENGLISH]);
        json_key(json, "name_zh");
        json_put_string(json, row->name[MODEL_CHINESE]);
        json_key(json, "values");
        json_begin_array(json);
        for (size_t value = 0; value < row->num_values; value++)
            json_put_integer(json, row->values[value]);
        json_end(json);
        json_end(json);
    }
    json_end(json);
    json_end(json);
}

static const char *copy_member(const struct value *object, const char *name, struct arena *arena)
{
    const struct value *value = value_get(object, name);
    return value_is(value, VALUE_TEXT) ? arena_copy(arena, value->text, value->length) : NULL;
}

static bool read_row(const struct value *value, struct arena *arena, struct daily_report_row *row)
{
    const struct value *section = value_get(value, "section");
    row->item = copy_member(value, "item", arena);
    row->name[MODEL_ENGLISH] = copy_member(value, "name_en", arena);
    row->name[MODEL_CHINESE] = copy_member(value, "name_zh", arena);
    while (row->section < DAILY_REPORT_SECTIONS && !value_is_text(section, daily_report_sections[row->section]))
        row->section++;
    for (VALUE_EACH(number, value_get(value, "values"))) {
        if (!value_is(number, VALUE_INTEGER) || row->num_values == DAILY_REPORT_VALUES)
            return false;
        row->values[row->num_values++] = number->integer;
    }
    return row->section < DAILY_REPORT_SECTIONS && row->item != NULL && row->name[MODEL_ENGLISH] != NULL &&
           row->name[MODEL_CHINESE] != NULL && row->num_values > 0;
}

int daily_report_read(struct model_text text, struct arena *arena, struct daily_report_figures *figures)
{
    struct value_tree           tree = VALUE_TREE_INIT;
    struct daily_report_figures read = { 0 };
    int                 ret = text.bytes == NULL ? BASE_ERR_INPUT : json_read(text.bytes, text.size, NULL, &tree, NULL);
    const struct value *rows = ret == 0 ? value_get(tree.values, "rows") : NULL;
    if (ret == 0 && (!value_is(rows, VALUE_ARRAY) || rows->count > DAILY_REPORT_MOST_ROWS))
        ret = BASE_ERR_INPUT;
    if (ret == 0) {
        read.rows = arena_array(arena, (size_t) rows->count + 1, sizeof *read.rows);
        ret = read.rows == NULL ? TOC_ERR_NO_MEMORY : 0;
    }
    if (ret == 0)
        for (VALUE_EACH(row, rows)) {
            ret = ret == 0 && read_row(row, arena, &read.rows[read.num_rows]) ? 0 : BASE_ERR_INPUT;
            read.num_rows++;
        }
    value_tree_free(&tree);
    if (ret == 0)
        *figures = read;
    return ret;
}

/* ---- what is different ---- */

static const struct daily_report_row *find_row(const struct daily_report_figures *figures,
                                               const struct daily_report_row     *like)
{
    for (size_t i = 0; i < figures->num_rows; i++)
        if (figures->rows[i].section == like->section && strcmp(figures->rows[i].item, like->item) == 0)
            return &figures->rows[i];
    return NULL;
}

static void note_change(const struct daily_report_row *before, const struct daily_report_row *after,
                        struct daily_report_change *changes, size_t *num)
{
    struct daily_report_change change = { .row = after != NULL ? after : before };
    for (size_t i = 0; i < DAILY_REPORT_VALUES; i++) {
        change.before[i] = before != NULL ? before->values[i] : 0;
        change.after[i] = after != NULL ? after->values[i] : 0;
    }
    if (memcmp(change.before, change.after, sizeof change.before) != 0)
        changes[(*num)++] = change;
}

int daily_report_compare(const struct daily_report_figures *before, const struct daily_report_figures *after,
                         struct arena *arena, struct daily_report_change **changes, size_t *num_changes)
{
    size_t                      num = 0;
    struct daily_report_change *found = arena_array(arena, before->num_rows + after->num_rows + 1, sizeof *found);
    if (found == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < after->num_rows; i++)
        note_change(find_row(before, &after->rows[i]), &after->rows[i], found, &num);
    for (size_t i = 0; i < before->num_rows; i++)
        if (find_row(after, &before->rows[i]) == NULL)
            note_change(&before->rows[i], NULL, found, &num);
    *changes = found;
    *num_changes = num;
    return 0;
}

/* ---- ids and numbers ---- */

struct id daily_report_id(const struct id *area, toc_date day, unsigned edition)
{
    return id_that_follows("daily-report", area, NULL, (uint32_t) day * DAILY_REPORT_MOST_EDITIONS + edition - 1);
}

void daily_report_number(toc_date day, char number[DAILY_REPORT_NUMBER])
{
    int      year = toc_date_to_civil(day).year;
    toc_date first = toc_date_from_civil((struct toc_civil){ year, 1, 1 });
    snprintf(number, DAILY_REPORT_NUMBER, "%04d-%03d", year, (int) (day - first) + 1);
}

/* The editions of a day that are there, from the first on; the newest of them where there is one. */
static int find_editions(struct store_reader *reader, const struct access *who, const struct id *area, toc_date day,
                         struct arena *arena, unsigned *num, struct model_daily_report *newest)
{
    struct id                  ids[DAILY_REPORT_MOST_EDITIONS];
    bool                       there[DAILY_REPORT_MOST_EDITIONS] = { false };
    struct model_set           visible;
    struct model_daily_report *reports = arena_array(arena, DAILY_REPORT_MOST_EDITIONS, sizeof *reports);
    if (reports == NULL)
        return TOC_ERR_NO_MEMORY;
    for (unsigned i = 0; i < DAILY_REPORT_MOST_EDITIONS; i++)
        ids[i] = daily_report_id(area, day, i + 1);
    int ret = store_read_many(reader, who, model_record(MODEL_DAILY_REPORT), ids, DAILY_REPORT_MOST_EDITIONS, arena,
                              reports, there, &visible);
    *num = 0;
    while (ret == 0 && *num < DAILY_REPORT_MOST_EDITIONS && there[*num])
        ++*num;
    if (ret == 0 && *num > 0)
        *newest = reports[*num - 1];
    return ret;
}

/* ---- freezing ---- */

static int check_editions(const struct daily_report_freezing *freezing, unsigned num,
                          const struct model_daily_report *newest, struct fault_list *faults)
{
    if (num > 0 && freezing->once)
        return refuse_input(faults, "/day", "has a report already", "a day without one");
    if (num > 0 && newest->published == INSTANT_MISSING)
        return refuse_input(faults, "/day", "its newest edition is a draft", "a day whose newest edition is published");
    if (num == DAILY_REPORT_MOST_EDITIONS)
        return refuse_input(faults, "/day", "has 20 editions", "at most 20");
    return 0;
}

static int decide_freezing(void *context, struct store_reader *reader, struct arena *arena,
                           struct store_change_set *set, struct fault_list *faults)
{
    struct daily_report_freezing *freezing = context;
    struct model_daily_report     newest;
    struct change_list            list;
    char                          number[DAILY_REPORT_NUMBER];
    unsigned                      num = 0;
    int ret = find_editions(reader, &freezing->who, &freezing->area, freezing->day, arena, &num, &newest);
    if (ret == 0)
        ret = check_editions(freezing, num, &newest, faults);
    if (ret == 0)
        ret = change_list_begin(&list, arena, 1);
    if (ret != 0)
        return ret;
    freezing->made = daily_report_id(&freezing->area, freezing->day, num + 1);
    struct model_daily_report *report = change_list_create(&list, MODEL_DAILY_REPORT, &freezing->made);
    daily_report_number(freezing->day, number);
    const char *kept = arena_copy(arena, number, strlen(number));
    if (report == NULL || kept == NULL)
        return TOC_ERR_NO_MEMORY;
    report->area = freezing->area;
    report->number = text_view(kept);
    report->day = freezing->day;
    report->edition = num + 1;
    report->cut_off = freezing->cut_off;
    report->frozen = freezing->now;
    report->figures = freezing->figures;
    if (num > 0)
        report->text = newest.text; /* whoever writes goes on from there */
    *set = (struct store_change_set){ list.changes, list.num };
    return 0;
}

/* As it is stored. */
static int keep_figures(struct daily_report_freezing *freezing, const struct daily_report_figures *figures,
                        struct arena *arena)
{
    struct sink        sink;
    struct json_writer json;
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    daily_report_write(&json, figures);
    const char *copy = sink.failure == 0 ? arena_copy(arena, sink.bytes, sink.used) : NULL;
    freezing->figures = (struct model_text){ copy, sink.used };
    sink_free(&sink);
    return copy != NULL ? 0 : TOC_ERR_NO_MEMORY;
}

int daily_report_freeze(struct store_reader *reader, struct daily_report_freezing *freezing, struct arena *arena,
                        struct fault_list *faults)
{
    struct daily_report_figures figures;
    struct model_daily_report   newest;
    toc_date                    today = time_zone_day(freezing->now), known = MODEL_MISSING_DATE;
    unsigned                    num = 0;
    if (freezing->day == MODEL_MISSING_DATE)
        freezing->day = today - 1;
    if (freezing->day >= today)
        return refuse_input(faults, "/day", "not over yet", "a day up to yesterday");
    int ret = find_editions(reader, &freezing->who, &freezing->area, freezing->day, arena, &num, &newest);
    if (ret == 0)
        ret = check_editions(freezing, num, &newest, faults);
    freezing->cut_off = freezing->now;
    if (num == 0 && freezing->day < today - 1) {
        known = freezing->day;
        freezing->cut_off = time_zone_start(known + 1);
    }
    if (ret == 0)
        ret = daily_report_count(reader, &freezing->who, &freezing->area, freezing->day, known, arena, &figures);
    if (ret == 0)
        ret = keep_figures(freezing, &figures, arena);
    freezing->request =
        (struct store_request){ .verb = "freeze daily report", .decide = decide_freezing, .context = freezing };
    return ret;
}

/* ---- writing and publishing ---- */

static int decide_writing(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                          struct fault_list *faults)
{
    const struct daily_report_writing *writing = context;
    struct model_daily_report          was;
    struct model_set                   visible;
    struct change_list                 list;
    int ret = store_read(reader, &writing->who, model_record(MODEL_DAILY_REPORT), &writing->report, STORE_NOW, arena,
                         &was, &visible);
    if (ret == 0 && was.published != INSTANT_MISSING)
        ret = refuse_input(faults, "/published", "is published", "a draft; freeze another edition");
    if (ret == 0)
        ret = change_list_begin(&list, arena, 1);
    if (ret != 0)
        return ret;
    struct model_daily_report *report = change_list_change(&list, MODEL_DAILY_REPORT, &was.head);
    if (report == NULL)
        return TOC_ERR_NO_MEMORY;
    if (writing->text != NULL) {
        report->text = text_view(writing->text);
        change_list_give(&list, model_daily_report_text);
    } else {
        report->published = writing->now;
        change_list_give(&list, model_daily_report_published);
        report->published_by = writing->who.user;
        if (!id_is_missing(&report->published_by))
            change_list_give(&list, model_daily_report_published_by);
    }
    if (writing->version != 0)
        list.changes[0].version = writing->version;
    *set = (struct store_change_set){ list.changes, list.num };
    return 0;
}

void daily_report_write_request(struct daily_report_writing *writing)
{
    writing->request =
        (struct store_request){ .verb = writing->text != NULL ? "write daily report" : "publish daily report",
                                .decide = decide_writing,
                                .context = writing };
}

/* ---- reading ---- */

static int read_changes(struct store_reader *reader, const struct access *who, struct arena *arena,
                        struct daily_report *report)
{
    struct model_daily_report   before;
    struct daily_report_figures figures;
    struct model_set            visible;
    if (report->record.edition < 2)
        return 0;
    struct id id = daily_report_id(&report->record.area, report->record.day, (unsigned) report->record.edition - 1);
    int       ret = store_read(reader, who, model_record(MODEL_DAILY_REPORT), &id, STORE_NOW, arena, &before, &visible);
    if (ret == 0)
        ret = daily_report_read(before.figures, arena, &figures);
    return ret == 0 ? daily_report_compare(&figures, &report->figures, arena, &report->changes, &report->num_changes)
                    : ret;
}

int daily_report_open(struct store_reader *reader, const struct access *who, const struct id *id, struct arena *arena,
                      struct daily_report *report)
{
    struct daily_report       read = { .changes = NULL };
    struct model_daily_report newest;
    struct model_set          visible;
    int ret = store_read(reader, who, model_record(MODEL_DAILY_REPORT), id, STORE_NOW, arena, &read.record, &visible);
    if (ret == 0)
        ret = daily_report_read(read.record.figures, arena, &read.figures);
    if (ret == 0)
        ret = store_read(reader, who, model_record(MODEL_AREA), &read.record.area, STORE_NOW, arena, &read.area,
                         &visible);
    if (ret == 0)
        ret = find_editions(reader, who, &read.record.area, read.record.day, arena, &read.num_editions, &newest);
    if (ret == 0)
        ret = read_changes(reader, who, arena, &read);
    if (ret == 0)
        *report = read;
    return ret;
}
