/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/county.h"
#include "model/record_id.h"

static struct model_text text_of(const char *text)
{
    return (struct model_text){ text, strlen(text) };
}

static const char source[] = "Invented by 'tocsin county'";

void county_area_record(const struct county *county, uint32_t index, struct model_area *area)
{
    const struct county_area *from = &county->areas[index];
    model_init(model_record(MODEL_AREA), area);
    area->head.id = from->id;
    area->code = text_of(from->code);
    area->level = from->level;
    if (from->parent != AREA_CODES_NONE)
        area->parent = county->areas[from->parent].id;
    area->name_en = text_of(from->name_en);
    area->name_zh = text_of(from->name_zh);
    area->name_bo = text_of(from->name_bo);
    area->centre_latitude = from->centre_latitude / 1e7;
    area->centre_longitude = from->centre_longitude / 1e7;
}

int county_places(const struct county *county, struct people_place **places, uint32_t **weights_up_to,
                  size_t *num_places)
{
    size_t num = 0;
    for (uint32_t i = 0; i < county->num_areas; i++)
        num += county->areas[i].level == COUNTY_VILLAGE;
    enum { ADDRESS = 2 * COUNTY_NAME_BYTES };
    struct people_place *made = memory_array(num, sizeof *made + ADDRESS);
    uint32_t            *weights = memory_array(num, sizeof *weights), people = 0;
    if (made == NULL || weights == NULL) {
        free(made);
        free(weights);
        return TOC_ERR_NO_MEMORY;
    }
    char  *address = (char *) (made + num);
    size_t place = 0;
    for (uint32_t i = 0; i < county->num_areas; i++) {
        const struct county_area *area = &county->areas[i];
        if (area->level != COUNTY_VILLAGE)
            continue;
        snprintf(address, ADDRESS, "%s%s", county->areas[area->parent].name_zh, area->name_zh);
        people += area->num_people;
        made[place] = (struct people_place){ area->id, address };
        weights[place++] = people;
        address += ADDRESS;
    }
    *places = made;
    *weights_up_to = weights;
    *num_places = num;
    return 0;
}

/* ---- facilities ---- */

struct kind {
    enum county_level level;
    const char       *code, *letters, *en, *zh, *bo, *report, *period;
};

static const struct kind kinds[] = {
    { COUNTY_COUNTY, "cdc", "C", "Centre for Disease Control", "疾病预防控制中心", "ནད་རིགས་སྔོན་འགོག་ཚོད་འཛིན་ལྟེ་གནས",
      "zero-report", "week" },
    { COUNTY_COUNTY, "hospital", "H", "Hospital", "人民医院", "མི་དམངས་སྨན་ཁང", "zero-report", "week" },
    { COUNTY_COUNTY, "laboratory", "L", "Laboratory", "检测实验室", "བརྟག་དཔྱད་ཁང", "laboratory-counts", "week" },
    { COUNTY_TOWNSHIP, "township-health-centre", "T", "Health Centre", "卫生院", "འཕྲོད་བསྟེན་ཁང", "zero-report", "week" },
    { COUNTY_TOWNSHIP, "school", "S", "School", "中心小学", "སློབ་གྲྭ", "syndromic-counts", "day" },
    { COUNTY_VILLAGE, "village-clinic", "V", "Clinic", "卫生室", "སྨན་བཅོས་ཁང", "zero-report", "week" },
};

static const struct kind *find_kind(enum county_level level, int number)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].level == level && number-- == 0)
            return &kinds[i];
    return NULL;
}

int county_num_facilities(const struct county *county, uint32_t area)
{
    int num = 0;
    while (find_kind(county->areas[area].level, num) != NULL)
        num++;
    return num;
}

/* Write a text behind the others; it fits, as names are bounded. */
__attribute__((format(printf, 2, 3))) static struct model_text put(char **at, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(*at, COUNTY_TEXT_BYTES / 4, format, arguments);
    va_end(arguments);
    struct model_text text = { *at, (size_t) size };
    *at += size + 1;
    return text;
}

void county_facility_record(const struct county *county, uint32_t area, int number, struct model_facility *facility,
                            char text[COUNTY_TEXT_BYTES])
{
    const struct county_area *place = &county->areas[area];
    const struct kind        *kind = find_kind(place->level, number);
    char                     *at = text;
    model_init(model_record(MODEL_FACILITY), facility);
    facility->code = put(&at, "%s%s", place->code, kind->letters);
    facility->head.id = record_id_of(MODEL_FACILITY, facility->code.bytes);
    facility->kind = text_of(kind->code);
    facility->area = place->id;
    facility->name_en = put(&at, "%s %s", place->name_en, kind->en);
    facility->name_zh = put(&at, "%s%s", place->name_zh, kind->zh);
    facility->name_bo = put(&at, "%s་%s", place->name_bo, kind->bo);
    facility->latitude = place->centre_latitude / 1e7;
    facility->longitude = place->centre_longitude / 1e7;
}

void county_reporting_unit_record(const struct county *county, uint32_t area, int number,
                                  struct model_reporting_unit *unit, char text[COUNTY_TEXT_BYTES])
{
    struct model_facility facility;
    const struct kind    *kind = find_kind(county->areas[area].level, number);
    county_facility_record(county, area, number, &facility, text);
    model_init(model_record(MODEL_REPORTING_UNIT), unit);
    unit->head.id = record_id_of(MODEL_REPORTING_UNIT, facility.code.bytes);
    unit->code = facility.code;
    unit->facility = facility.head.id;
    unit->area = facility.area;
    unit->report = text_of(kind->report);
    unit->period = text_of(kind->period);
    unit->due_hours = strcmp(kind->period, "day") == 0 ? 12 : 24;
    unit->missing_hours = strcmp(kind->period, "day") == 0 ? 36 : 72;
    unit->zero_report = strcmp(kind->report, "zero-report") == 0;
    unit->valid_from = toc_date_from_civil((struct toc_civil){ county->options.year, 1, 1 });
}

/* ---- populations and days ---- */

void county_population_record(const struct county *county, uint32_t area, int sex, int age_group,
                              struct model_population *population)
{
    model_init(model_record(MODEL_POPULATION), population);
    population->area = county->areas[area].id;
    population->year = county->options.year;
    population->kind = text_of("resident");
    population->sex = text_of(sex == 0 ? "female" : "male");
    population->age_from = 5 * age_group;
    if (age_group + 1 < COUNTY_AGE_GROUPS)
        population->age_to = 5 * age_group + 4;
    population->number = county->areas[area].people[sex][age_group];
    population->source = text_of(source);
    population->source_date = toc_date_from_civil((struct toc_civil){ county->options.year, 12, 31 });
    population->head.id = record_id_of_population(population);
}

static const struct {
    const char      *name, *kind, *steps;
    struct toc_civil from, to; /* of any year */
    int              before, after;
} holidays[COUNTY_NUM_HOLIDAYS] = {
    { "New Year's Day", "public-holiday", "days", { 0, 1, 1 }, { 0, 1, 1 }, 0, 0 },
    { "Winter holidays of schools", "school-holiday", "weeks", { 0, 1, 12 }, { 0, 2, 25 }, 0, 0 },
    { "Labour Day", "public-holiday", "days", { 0, 5, 1 }, { 0, 5, 1 }, 0, 0 },
    { "Summer holidays of schools", "school-holiday", "weeks", { 0, 7, 10 }, { 0, 8, 31 }, 0, 0 },
    { "Horse race festival", "moving-holiday", "weeks", { 0, 8, 1 }, { 0, 8, 7 }, 0, 1 },
    { "Day of the Cuckoo", "public-holiday", "weeks", { 0, 10, 1 }, { 0, 10, 7 }, 0, 1 },
};

void county_calendar_record(const struct county *county, struct model_calendar *calendar)
{
    model_init(model_record(MODEL_CALENDAR), calendar);
    calendar->head.id = record_id_of(MODEL_CALENDAR, "XT");
    calendar->code = text_of("XT");
    calendar->area = county->areas[0].id;
    calendar->name_en = text_of("Days off in the Land of the Cuckoo");
    calendar->name_zh = text_of("杜鹃国节假日");
    calendar->source = text_of(source);
}

void county_holiday_record(const struct county *county, int number, struct model_calendar_day *day)
{
    struct toc_civil      from = holidays[number].from, to = holidays[number].to;
    struct model_calendar calendar;
    county_calendar_record(county, &calendar);
    from.year = to.year = county->options.year;
    model_init(model_record(MODEL_CALENDAR_DAY), day);
    day->calendar = calendar.head.id;
    day->holiday = text_of(holidays[number].name);
    day->kind = text_of(holidays[number].kind);
    day->first_day = toc_date_from_civil(from);
    day->last_day = toc_date_from_civil(to);
    day->steps = text_of(holidays[number].steps);
    day->weeks_before = holidays[number].before;
    day->weeks_after = holidays[number].after;
    day->head.id = record_id_of_calendar_day(day);
}
