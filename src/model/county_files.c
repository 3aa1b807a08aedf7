/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/county_files.h"

#include <string.h>

#include "base/date_text.h"
#include "model/model_table.h"

static void put_day(struct sink *sink, toc_date day)
{
    char text[DATE_TEXT_BYTES];
    date_to_text(day, DATE_FORM_DAY, text);
    sink_text(sink, text);
}

/* Names and codes of the county need no quotes. */
static void write_areas(const struct county *county, struct sink *sink)
{
    sink_text(sink, "code,parent,level,name_en,name_zh,name_bo\n");
    for (uint32_t i = 0; i < county->num_areas; i++) {
        const struct county_area *area = &county->areas[i];
        sink_format(sink, "%s,%s,%d,%s,%s,%s\n", area->code,
                    area->parent == AREA_CODES_NONE ? "" : county->areas[area->parent].code, (int) area->level,
                    area->name_en, area->name_zh, area->name_bo);
    }
}

/* Ten millionths of a degree, exactly. */
static void put_degrees(struct sink *sink, int32_t value)
{
    int32_t whole = value / 10000000, rest = value % 10000000;
    sink_format(sink, "%s%d.%07d", value < 0 ? "-" : "", whole < 0 ? -whole : whole, rest < 0 ? -rest : rest);
}

static void put_ring(const struct county *county, const struct county_ring *ring, struct sink *sink)
{
    sink_character(sink, '[');
    for (uint32_t i = 0; i <= ring->num_points; i++) { /* the first again at the end */
        const struct county_point *point = &county->points[ring->first_point + i % ring->num_points];
        sink_text(sink, i == 0 ? "[" : ",[");
        put_degrees(sink, point->longitude);
        sink_character(sink, ',');
        put_degrees(sink, point->latitude);
        sink_character(sink, ']');
    }
    sink_character(sink, ']');
}

static void write_outlines(const struct county *county, struct sink *sink)
{
    sink_text(sink, "{\"type\":\"FeatureCollection\",\"features\":[\n");
    for (uint32_t i = 0; i < county->num_areas; i++) {
        const struct county_area *area = &county->areas[i];
        sink_format(sink, "{\"type\":\"Feature\",\"properties\":{\"code\":\"%s\",\"name\":\"%s\"},", area->code,
                    area->name_en);
        sink_text(sink, "\"geometry\":{\"type\":\"Polygon\",\"coordinates\":[");
        for (uint32_t r = 0; r < area->num_rings; r++) {
            if (r > 0)
                sink_character(sink, ',');
            put_ring(county, &county->rings[area->first_ring + r], sink);
        }
        sink_text(sink, i + 1 < county->num_areas ? "]}},\n" : "]}}\n");
    }
    sink_text(sink, "]}\n");
}

static void write_populations(const struct county *county, struct sink *sink)
{
    struct model_population population;
    sink_text(sink, "area,year,kind,sex,age_from,age_to,number,source,source_date\n");
    for (uint32_t i = 0; i < county->num_areas; i++)
        for (int sex = 0; sex < 2; sex++)
            for (int group = 0; group < COUNTY_AGE_GROUPS; group++) {
                county_population_record(county, i, sex, group, &population);
                sink_format(sink, "%s,%d,%s,%s,%d,", county->areas[i].code, (int) population.year,
                            population.kind.bytes, population.sex.bytes, (int) population.age_from);
                if (population.age_to != MODEL_MISSING_INTEGER)
                    sink_integer(sink, population.age_to);
                sink_character(sink, ',');
                sink_integer(sink, population.number);
                sink_format(sink, ",%s,", population.source.bytes);
                put_day(sink, population.source_date);
                sink_character(sink, '\n');
            }
}

static void write_calendar(const struct county *county, struct sink *sink)
{
    struct model_calendar_day day;
    sink_text(sink, "holiday,from,to,steps,before,after\n");
    for (int i = 0; i < COUNTY_NUM_HOLIDAYS; i++) {
        county_holiday_record(county, i, &day);
        sink_format(sink, "%s,", day.holiday.bytes);
        put_day(sink, day.first_day);
        sink_character(sink, ',');
        put_day(sink, day.last_day);
        sink_format(sink, ",%s,%d,%d\n", day.steps.bytes, (int) day.weeks_before, (int) day.weeks_after);
    }
}

static void write_facilities(const struct county *county, struct sink *sink)
{
    const struct model_record *record = model_record(MODEL_FACILITY);
    struct model_set           columns = model_table_exported(record);
    struct model_facility      facility;
    char                       text[COUNTY_TEXT_BYTES];
    model_table_header(sink, MODEL_TABLE_CSV, record, &columns);
    for (uint32_t i = 0; i < county->num_areas; i++)
        for (int number = 0; number < county_num_facilities(county, i); number++) {
            county_facility_record(county, i, number, &facility, text);
            model_table_row(sink, MODEL_TABLE_CSV, record, &columns, &columns, &facility);
        }
}

static void write_units(const struct county *county, struct sink *sink)
{
    const struct model_record  *record = model_record(MODEL_REPORTING_UNIT);
    struct model_set            columns = model_table_exported(record);
    struct model_reporting_unit unit;
    char                        text[COUNTY_TEXT_BYTES];
    model_table_header(sink, MODEL_TABLE_CSV, record, &columns);
    for (uint32_t i = 0; i < county->num_areas; i++)
        for (int number = 0; number < county_num_facilities(county, i); number++) {
            county_reporting_unit_record(county, i, number, &unit, text);
            model_table_row(sink, MODEL_TABLE_CSV, record, &columns, &columns, &unit);
        }
}

const struct county_file county_files[COUNTY_NUM_FILES] = {
    { "areas.csv", write_areas },       { "outlines.geojson", write_outlines }, { "population.csv", write_populations },
    { "calendar.csv", write_calendar }, { "facilities.csv", write_facilities }, { "reporting-units.csv", write_units },
};
