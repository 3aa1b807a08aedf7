/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/area_records.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/record_id.h"

static struct model_text text_at(const struct area_codes *list, uint32_t offset)
{
    const char *text = area_codes_text(list, offset);
    return offset == 0 ? (struct model_text){ NULL, 0 } : (struct model_text){ text, strlen(text) };
}

static toc_date day_of(toc_date day)
{
    return day == AREA_CODES_NO_DATE ? MODEL_MISSING_DATE : day;
}

void area_record(const struct area_codes *list, uint32_t index, struct model_area *area)
{
    const struct area_code *code = &list->areas[index];
    model_init(model_record(MODEL_AREA), area);
    area->head.id = code->id;
    area->code = text_at(list, code->code);
    area->level = code->level;
    if (code->parent != AREA_CODES_NONE)
        area->parent = list->areas[code->parent].id;
    area->name_en = text_at(list, code->name_en);
    area->name_zh = text_at(list, code->name_zh);
    area->name_bo = text_at(list, code->name_bo);
    area->valid_from = day_of(code->valid_from);
    area->valid_to = day_of(code->valid_to);
    if (code->successor != AREA_CODES_NONE)
        area->successor = list->areas[code->successor].id;
}

/* The names that the newer list says; where it says none, the older one stays. */
static void give_names(const struct model_area *area, struct model_set *given)
{
    static const size_t names[] = { model_area_name_en, model_area_name_zh, model_area_name_bo };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!model_is_missing(&model_record(MODEL_AREA)->fields[names[i]], area))
            model_set_add(given, names[i]);
}

void area_record_of_change(const struct area_codes *older, const struct area_codes *newer,
                           const struct area_change *change, struct model_area *area, struct model_set *given)
{
    if (change->new_index == AREA_CODES_NONE)
        area_record(older, change->old_index, area);
    else
        area_record(newer, change->new_index, area);
    area->valid_to = day_of(change->valid_to);
    *given = (struct model_set){ { 0 } };
    if (change->what & AREA_CHANGE_NEW)
        *given = model_set_all(model_record(MODEL_AREA));
    if (change->what & AREA_CHANGE_RENAMED)
        give_names(area, given);
    if (change->what & AREA_CHANGE_MOVED) {
        model_set_add(given, model_area_parent);
        model_set_add(given, model_area_level);
    }
    if (change->what & (AREA_CHANGE_CLOSED | AREA_CHANGE_DAYS))
        model_set_add(given, model_area_valid_to);
    if (change->what & AREA_CHANGE_SUCCESSOR)
        model_set_add(given, model_area_successor);
}

void area_record_after_change(const struct model_area *old, const struct area_codes *older,
                              const struct area_codes *newer, const struct area_change *change, struct model_area *area)
{
    const struct model_record *record = model_record(MODEL_AREA);
    struct model_area          changed;
    struct model_set           given;
    area_record_of_change(older, newer, change, &changed, &given);
    if (old == NULL) {
        *area = changed;
        return;
    }
    *area = *old;
    for (size_t field = 0; field < record->num_fields; field++)
        if (model_set_has(&given, field))
            model_copy(&record->fields[field], area, &changed);
}

/* ---- records as a list ---- */

struct finding {
    const struct model_area *rows;
    uint32_t                *order; /* of the rows by id */
    size_t                   num;
};

static int compare_ids(const void *a, const void *b, void *context)
{
    const struct finding *finding = context;
    return id_compare(&finding->rows[*(const uint32_t *) a].head.id, &finding->rows[*(const uint32_t *) b].head.id);
}

static uint32_t find_row(const struct finding *finding, const struct id *id)
{
    size_t low = 0, high = finding->num;
    while (low < high && !id_is_missing(id)) {
        size_t middle = low + (high - low) / 2;
        int    order = id_compare(&finding->rows[finding->order[middle]].head.id, id);
        if (order == 0)
            return finding->order[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return AREA_CODES_NONE;
}

static uint32_t keep_text(struct area_codes *list, struct model_text text)
{
    uint32_t offset = (uint32_t) list->text_size;
    if (text.bytes == NULL)
        return 0;
    memcpy(list->text + offset, text.bytes, text.size);
    list->text_size += text.size + 1; /* the memory was zero */
    return offset;
}

static struct area_code code_of(struct area_codes *list, const struct finding *finding, const struct model_area *row)
{
    return (struct area_code){
        .id = row->head.id,
        .code = keep_text(list, row->code),
        .name_en = keep_text(list, row->name_en),
        .name_zh = keep_text(list, row->name_zh),
        .name_bo = keep_text(list, row->name_bo),
        .parent = find_row(finding, &row->parent),
        .successor = find_row(finding, &row->successor),
        .valid_from = row->valid_from == MODEL_MISSING_DATE ? AREA_CODES_NO_DATE : row->valid_from,
        .valid_to = row->valid_to == MODEL_MISSING_DATE ? AREA_CODES_NO_DATE : row->valid_to,
        .level = (uint8_t) row->level,
    };
}

int area_codes_of_records(const struct model_area *rows, size_t num_rows, struct area_codes *list)
{
    size_t            text_size = 1;
    struct area_codes made = { .text_size = 1 };
    struct finding    finding = { .rows = rows, .num = num_rows };
    int               ret = TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num_rows; i++)
        text_size += rows[i].code.size + rows[i].name_en.size + rows[i].name_zh.size + rows[i].name_bo.size + 4;
    if (num_rows > AREA_CODES_MAX_AREAS || text_size > UINT32_MAX)
        return TOC_ERR_TOO_LARGE;
    made.areas = memory_array(num_rows + 1, sizeof *made.areas);
    made.text = memory_array(text_size, 1);
    finding.order = memory_array(num_rows + 1, sizeof *finding.order);
    if (made.areas == NULL || made.text == NULL || finding.order == NULL)
        goto out;
    for (uint32_t i = 0; i < num_rows; i++)
        finding.order[i] = i;
    qsort_r(finding.order, num_rows, sizeof *finding.order, compare_ids, &finding);
    for (; made.num_areas < num_rows; made.num_areas++)
        made.areas[made.num_areas] = code_of(&made, &finding, &rows[made.num_areas]);
    *list = made;
    made = (struct area_codes){ 0 };
    ret = 0;
out:
    area_codes_free(&made);
    free(finding.order);
    return ret;
}

static struct model_text text_of(const char *text)
{
    return (struct model_text){ text, strlen(text) };
}

void population_record(const struct population_file *file, const struct area_codes *areas, size_t index,
                       struct model_population *population)
{
    static const char *const     sexes[] = { [POPULATION_FEMALE] = "female", [POPULATION_MALE] = "male" };
    const struct population_row *row = &file->rows[index];
    model_init(model_record(MODEL_POPULATION), population);
    population->area = areas->areas[row->area].id;
    population->year = row->year;
    population->kind = text_of(file->text + row->kind);
    if (row->sex != POPULATION_BOTH)
        population->sex = text_of(sexes[row->sex]);
    population->age_from = row->age_from;
    if (row->age_to != POPULATION_FILE_NO_END)
        population->age_to = row->age_to;
    population->number = row->number;
    population->source = text_of(file->text + row->source);
    population->source_date = day_of(row->source_date);
    population->head.id = record_id_of_population(population);
}

void outline_record(const struct outline_set *set, uint32_t feature, int detail, const struct id *area,
                    struct model_outline *outline)
{
    const struct outline_path *path = &set->paths[(size_t) feature * OUTLINE_DETAILS + (size_t) detail];
    model_init(model_record(MODEL_OUTLINE), outline);
    outline->area = *area;
    outline->detail = detail;
    outline->grid_bits = set->grid_bits[detail];
    outline->path = (struct model_text){ set->text + path->text, path->text_size };
    outline->min_x = path->min_x;
    outline->min_y = path->min_y;
    outline->max_x = path->max_x;
    outline->max_y = path->max_y;
    outline->head.id = record_id_of_outline(outline);
}

void calendar_day_record(const struct calendar_file *file, size_t index, const struct id *calendar,
                         struct model_calendar_day *day)
{
    static const char *const steps[] = {
        [TOC_HOLIDAY_DAYS] = "days", [TOC_HOLIDAY_WEEKS] = "weeks", [TOC_HOLIDAY_MONTHS] = "months"
    };
    const struct toc_holiday      *holiday = &file->holidays[index];
    const struct toc_holiday_kind *kind = &file->kinds[holiday->kind];
    model_init(model_record(MODEL_CALENDAR_DAY), day);
    day->calendar = *calendar;
    day->holiday = text_of(kind->name);
    day->first_day = holiday->from;
    day->last_day = holiday->to;
    day->steps = text_of(steps[kind->steps]);
    day->weeks_before = kind->weeks_before;
    day->weeks_after = kind->weeks_after;
    day->head.id = record_id_of_calendar_day(day);
}
