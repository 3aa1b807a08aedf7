/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/daily_report_document.h"

#include <stdio.h>
#include <string.h>

#include "base/date_text.h"
#include "base/instant.h"
#include "base/time_zone.h"

static const char *const words[DAILY_REPORT_NUM_WORDS][2] = {
#define WORD(name, en, zh) { en, zh },
#include "response/daily_report_words.def"
#undef WORD
};

const char *daily_report_word(enum daily_report_word word, enum model_language language)
{
    return words[word][language == MODEL_CHINESE];
}

const char *daily_report_title(enum daily_report_section section, enum model_language language)
{
    return daily_report_word((enum daily_report_word)(DAILY_REPORT_WORD_SECTION_CASES + section), language);
}

const char *daily_report_name(const struct daily_report_row *row, enum model_language language)
{
    const char *own = row->name[language == MODEL_CHINESE], *other = row->name[language != MODEL_CHINESE];
    return own[0] != '\0' ? own : other[0] != '\0' ? other : row->item;
}

/* ---- as JSON ---- */

static void show_id(struct json_writer *json, const char *name, const struct id *id)
{
    char text[ID_TEXT_BYTES];
    id_to_text(id, text);
    json_key(json, name);
    json_put_string(json, text);
}

static void show_instant(struct json_writer *json, const char *name, int64_t instant)
{
    char text[INSTANT_TEXT_BYTES];
    json_key(json, name);
    if (instant == INSTANT_MISSING) {
        json_put_null(json);
        return;
    }
    instant_to_text(instant, text);
    json_put_string(json, text);
}

static void show_text(struct json_writer *json, const char *name, struct model_text text)
{
    json_key(json, name);
    if (text.bytes != NULL)
        json_put_string_of(json, text.bytes, text.size);
    else
        json_put_null(json);
}

static void show_values(struct json_writer *json, const char *name, const int64_t *values, size_t num)
{
    json_key(json, name);
    json_begin_array(json);
    for (size_t i = 0; i < num; i++)
        json_put_integer(json, values[i]);
    json_end(json);
}

static void show_names(struct json_writer *json, const struct daily_report_row *row)
{
    json_key(json, "section");
    json_put_string(json, daily_report_sections[row->section]);
    json_key(json, "title_en");
    json_put_string(json, daily_report_title(row->section, MODEL_ENGLISH));
    json_key(json, "title_zh");
    json_put_string(json, daily_report_title(row->section, MODEL_CHINESE));
    json_key(json, "item");
    json_put_string(json, row->item);
    json_key(json, "name_en");
    json_put_string(json, daily_report_name(row, MODEL_ENGLISH));
    json_key(json, "name_zh");
    json_put_string(json, daily_report_name(row, MODEL_CHINESE));
}

static void show_rows(struct json_writer *json, const struct daily_report *report)
{
    json_key(json, "rows");
    json_begin_array(json);
    for (size_t i = 0; i < report->figures.num_rows; i++) {
        json_begin_object(json);
        show_names(json, &report->figures.rows[i]);
        show_values(json, "values", report->figures.rows[i].values, report->figures.rows[i].num_values);
        json_end(json);
    }
    json_end(json);
    json_key(json, "changes");
    json_begin_array(json);
    for (size_t i = 0; i < report->num_changes; i++) {
        const struct daily_report_change *change = &report->changes[i];
        json_begin_object(json);
        show_names(json, change->row);
        show_values(json, "before", change->before, change->row->num_values);
        show_values(json, "after", change->after, change->row->num_values);
        json_end(json);
    }
    json_end(json);
}

void daily_report_show(struct json_writer *json, const struct daily_report *report)
{
    const struct model_daily_report *record = &report->record;
    char                             day[DATE_TEXT_BYTES];
    date_to_text(record->day, DATE_FORM_DAY, day);
    json_begin_object(json);
    show_id(json, "id", &record->head.id);
    json_key(json, "version");
    json_put_integer(json, record->head.version);
    show_id(json, "area", &record->area);
    show_text(json, "area_en", report->area.name_en);
    show_text(json, "area_zh", report->area.name_zh);
    show_text(json, "number", record->number);
    json_key(json, "day");
    json_put_string(json, day);
    json_key(json, "edition");
    json_put_integer(json, record->edition);
    json_key(json, "editions");
    json_begin_array(json);
    for (unsigned i = 1; i <= report->num_editions; i++) {
        char      text[ID_TEXT_BYTES];
        struct id id = daily_report_id(&record->area, record->day, i);
        id_to_text(&id, text);
        json_put_string(json, text);
    }
    json_end(json);
    show_instant(json, "cut_off", record->cut_off);
    show_instant(json, "frozen", record->frozen);
    show_instant(json, "published", record->published);
    show_text(json, "text", record->text);
    show_rows(json, report);
    json_end(json);
}

/* ---- blocks ---- */

enum { MOST_BLOCKS = 64, MOST_COLUMNS = DAILY_REPORT_VALUES + 1, TEXT_ROOM = 400 };

struct making {
    const struct daily_report *report;
    enum model_language        language;
    struct arena              *arena;
    struct document_block     *blocks;
    size_t                     num_blocks;
    bool                       failed;
};

static const char *keep(struct making *making, const char *text)
{
    const char *copy = arena_copy(making->arena, text, strlen(text));
    making->failed = making->failed || copy == NULL;
    return copy != NULL ? copy : "";
}

static void put(struct making *making, enum document_kind kind, const char *text)
{
    if (making->num_blocks < MOST_BLOCKS)
        making->blocks[making->num_blocks++] = (struct document_block){ .kind = kind, .text = text };
}

/* A word with what stands for its %s. */
static const char *fill(struct making *making, enum daily_report_word word, const char *value)
{
    const char *text = daily_report_word(word, making->language), *at = strstr(text, "%s");
    char        filled[TEXT_ROOM];
    if (at == NULL)
        return text;
    snprintf(filled, sizeof filled, "%.*s%s%s", (int) (at - text), text, value, at + 2);
    return keep(making, filled);
}

static const char *number_text(struct making *making, int64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", (long long) number);
    return keep(making, text);
}

static const char *minute_text(struct making *making, int64_t instant)
{
    char text[TIME_ZONE_MINUTE_BYTES];
    time_zone_minute(instant, text);
    return keep(making, text);
}

static const char *day_text(struct making *making, toc_date day)
{
    char text[DATE_TEXT_BYTES];
    date_to_text(day, DATE_FORM_DAY, text);
    return keep(making, text);
}

/* ---- tables ---- */

/* The rows of a section that have so many numbers each, under its title where that is not said yet. */
static void put_rows(struct making *making, enum daily_report_section section, size_t num_values, bool *titled)
{
    static const enum daily_report_word heads[] = { DAILY_REPORT_WORD_COLUMN_DAY, DAILY_REPORT_WORD_COLUMN_WEEK,
                                                    DAILY_REPORT_WORD_COLUMN_BEFORE };
    const struct daily_report_figures  *figures = &making->report->figures;
    size_t                              columns = num_values + 1, rows = 1;
    const char **cells = arena_array(making->arena, (figures->num_rows + 1) * MOST_COLUMNS, sizeof *cells);
    if (cells == NULL || making->num_blocks + 2 > MOST_BLOCKS) {
        making->failed = true;
        return;
    }
    cells[0] = "";
    for (size_t i = 0; i < num_values; i++)
        cells[i + 1] =
            daily_report_word(num_values == 1 ? DAILY_REPORT_WORD_COLUMN_NUMBER : heads[i], making->language);
    for (size_t i = 0; i < figures->num_rows; i++) {
        const struct daily_report_row *row = &figures->rows[i];
        if (row->section != section || row->num_values != num_values)
            continue;
        cells[rows * columns] = daily_report_name(row, making->language);
        for (size_t value = 0; value < num_values; value++)
            cells[rows * columns + value + 1] = number_text(making, row->values[value]);
        rows++;
    }
    if (rows == 1)
        return;
    if (!*titled)
        put(making, DOCUMENT_HEADING, daily_report_title(section, making->language));
    *titled = true;
    making->blocks[making->num_blocks++] =
        (struct document_block){ .kind = DOCUMENT_TABLE, .cells = cells, .num_rows = rows, .num_columns = columns };
}

/* "3 / 12 / 9" */
static const char *values_text(struct making *making, const int64_t *values, size_t num)
{
    char text[100];
    int  used = 0;
    for (size_t i = 0; i < num; i++)
        used += snprintf(text + used, sizeof text - (size_t) used, i == 0 ? "%lld" : " / %lld", (long long) values[i]);
    return keep(making, text);
}

static void put_changes(struct making *making)
{
    const struct daily_report *report = making->report;
    if (report->record.edition < 2)
        return;
    put(making, DOCUMENT_HEADING,
        fill(making, DAILY_REPORT_WORD_CHANGED, number_text(making, report->record.edition - 1)));
    if (report->num_changes == 0) {
        put(making, DOCUMENT_PARAGRAPH, daily_report_word(DAILY_REPORT_WORD_UNCHANGED, making->language));
        return;
    }
    const char **cells = arena_array(making->arena, (report->num_changes + 1) * 3, sizeof *cells);
    if (cells == NULL || making->num_blocks == MOST_BLOCKS) {
        making->failed = true;
        return;
    }
    cells[0] = "";
    cells[1] = fill(making, DAILY_REPORT_WORD_CHANGE_BEFORE, "");
    cells[2] = fill(making, DAILY_REPORT_WORD_CHANGE_AFTER, "");
    for (size_t i = 0; i < report->num_changes; i++) {
        const struct daily_report_change *change = &report->changes[i];
        char                              name[TEXT_ROOM];
        snprintf(name, sizeof name, "%s: %s", daily_report_title(change->row->section, making->language),
                 daily_report_name(change->row, making->language));
        cells[3 * i + 3] = keep(making, name);
        cells[3 * i + 4] = values_text(making, change->before, change->row->num_values);
        cells[3 * i + 5] = values_text(making, change->after, change->row->num_values);
    }
    making->blocks[making->num_blocks++] = (struct document_block){
        .kind = DOCUMENT_TABLE, .cells = cells, .num_rows = report->num_changes + 1, .num_columns = 3
    };
}

/* ---- the whole ---- */

static const char *area_name(struct making *making)
{
    const struct model_area *area = &making->report->area;
    struct model_text        name = making->language == MODEL_CHINESE ? area->name_zh : area->name_en;
    if (name.bytes == NULL)
        name = area->name_en.bytes != NULL ? area->name_en : area->name_zh;
    const char *copy = name.bytes != NULL ? arena_copy(making->arena, name.bytes, name.size) : "";
    making->failed = making->failed || copy == NULL;
    return copy != NULL ? copy : "";
}

static void put_head(struct making *making, struct daily_report_marks marks, const char *title)
{
    const struct model_daily_report *record = &making->report->record;
    const char *area = area_name(making), *day = fill(making, DAILY_REPORT_WORD_DAY_OF, day_text(making, record->day));
    char        line[TEXT_ROOM];
    if (marks.exercise)
        put(making, DOCUMENT_PARAGRAPH, daily_report_word(DAILY_REPORT_WORD_EXERCISE, making->language));
    if (marks.invented)
        put(making, DOCUMENT_PARAGRAPH, daily_report_word(DAILY_REPORT_WORD_INVENTED, making->language));
    put(making, DOCUMENT_TITLE, title);
    snprintf(line, sizeof line, "%s · %s · %s", area, day,
             fill(making, DAILY_REPORT_WORD_EDITION, number_text(making, record->edition)));
    put(making, DOCUMENT_PARAGRAPH, keep(making, line));
    snprintf(line, sizeof line, "%s · %s",
             fill(making, DAILY_REPORT_WORD_AS_KNOWN, minute_text(making, record->cut_off)),
             record->published == INSTANT_MISSING
                 ? daily_report_word(DAILY_REPORT_WORD_DRAFT, making->language)
                 : fill(making, DAILY_REPORT_WORD_PUBLISHED, minute_text(making, record->published)));
    put(making, DOCUMENT_NOTE, keep(making, line));
    if (record->text.bytes != NULL) {
        const char *text = arena_copy(making->arena, record->text.bytes, record->text.size);
        making->failed = making->failed || text == NULL;
        put(making, DOCUMENT_PARAGRAPH, text != NULL ? text : "");
    }
}

int daily_report_document(const struct daily_report *report, struct daily_report_marks marks,
                          enum model_language language, struct arena *arena, struct document *document)
{
    struct making making = { .report = report, .language = language, .arena = arena };
    char          number[40];
    making.blocks = arena_array(arena, MOST_BLOCKS, sizeof *making.blocks);
    if (making.blocks == NULL)
        return TOC_ERR_NO_MEMORY;
    snprintf(number, sizeof number, "%.*s", (int) report->record.number.size, report->record.number.bytes);
    const char *title = fill(&making, DAILY_REPORT_WORD_TITLE, number);
    put_head(&making, marks, title);
    for (enum daily_report_section section = 0; section < DAILY_REPORT_SECTIONS; section++) {
        bool titled = false;
        put_rows(&making, section, DAILY_REPORT_VALUES, &titled);
        put_rows(&making, section, 1, &titled);
    }
    put(&making, DOCUMENT_NOTE, daily_report_word(DAILY_REPORT_WORD_RECEIVED, language));
    put_changes(&making);
    *document = (struct document){ .title = title,
                                   .language = language == MODEL_CHINESE ? "zh-CN" : "en",
                                   .made = report->record.published != INSTANT_MISSING ? report->record.published
                                                                                       : report->record.frozen,
                                   .blocks = making.blocks,
                                   .num_blocks = making.num_blocks };
    return making.failed ? TOC_ERR_NO_MEMORY : 0;
}
