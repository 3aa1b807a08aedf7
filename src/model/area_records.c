/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/area_records.h"

#include <string.h>

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
