/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/county.h: an invented county, or a whole invented country: areas with names in three languages, outlines,
 * populations, facilities, reporting units and a small calendar. For demonstrations, drills, tests and benchmarks: an
 * invented outbreak never stands beside the name of a real place.
 *
 * The tree has six levels: country, province, city, county, township, village. Its country (code XT) does not exist, so
 * that no path of names is a real place's; provinces have codes from 90, which GB/T 2260 gives to none. Names say the
 * same in English, Chinese and Tibetan ("Juniper Valley", 柏谷, ཤུག་ལུང); siblings have different names.
 *
 * The land lies in the empty North Pacific. It is a plain of six-cornered cells with shaken corners; every area is a
 * connected piece of cells grown from a seed, so that villages fill their township, townships their county, and so on,
 * without gap or overlap, and all corners of neighbours are the same numbers.
 *
 * The people of an area, by sex and age, are the sum of those of the areas within it.
 *
 * The same options give the same county on every machine: whole numbers throughout, and counter-based random numbers.
 */
#ifndef MODEL_COUNTY_H
#define MODEL_COUNTY_H

#include <stddef.h>
#include <stdint.h>

#include "formats/area_codes.h"
#include "model/people.h"
#include "model/records.h"

enum county_level { COUNTY_COUNTRY, COUNTY_PROVINCE, COUNTY_CITY, COUNTY_COUNTY, COUNTY_TOWNSHIP, COUNTY_VILLAGE };
#define COUNTY_NUM_LEVELS 6

struct county_options {
    uint64_t seed;
    int      provinces;         /* 1 … 10 */
    int      cities;            /* of each province, 1 … 99; and so on */
    int      counties;          /* 1 … 99 */
    int      townships;         /* 1 … 99 */
    int      villages;          /* 1 … 99 */
    int      cells_per_village; /* 8 … 200: how many corners outlines have */
    int      year;              /* of the populations, 1900 … 2100; the calendar is that of this year */
};
#define COUNTY_OPTIONS_INIT                                                                                            \
    {                                                                                                                  \
        .seed = 1, .provinces = 1, .cities = 1, .counties = 1, .townships = 12, .villages = 20,                        \
        .cells_per_village = 40, .year = 2025                                                                          \
    }
/* About 3,000 villages in several provinces. */
#define COUNTY_OPTIONS_LARGE                                                                                           \
    {                                                                                                                  \
        .seed = 1, .provinces = 3, .cities = 2, .counties = 4, .townships = 8, .villages = 16,                         \
        .cells_per_village = 40, .year = 2025                                                                          \
    }
#define COUNTY_MAX_CELLS 2000000 /* cells in all: villages in all × cells_per_village */

#define COUNTY_AGE_GROUPS PEOPLE_AGE_GROUPS
#define COUNTY_NAME_BYTES 100

struct county_area {
    struct id         id; /* area_codes_id of its code */
    enum county_level level;
    uint32_t          parent; /* index; AREA_CODES_NONE of the country */
    uint32_t          last;   /* the last area within it (itself, where there is none): they follow it in preorder */
    char              code[16];
    char              name_en[COUNTY_NAME_BYTES], name_zh[COUNTY_NAME_BYTES], name_bo[COUNTY_NAME_BYTES];
    uint32_t          people[2][COUNTY_AGE_GROUPS]; /* women, men */
    uint32_t          num_people;
    uint32_t          first_ring, num_rings;             /* the first is the outer one; the others are holes */
    int32_t           centre_latitude, centre_longitude; /* in 10^-7 degrees; of a cell of it */
};

struct county_point {
    int32_t longitude, latitude; /* in 10^-7 degrees */
};

/* Points of a ring, without the first repeated at the end: counter-clockwise the outer ones, clockwise the holes. */
struct county_ring {
    uint32_t first_point, num_points;
};

struct county {
    struct county_options options;
    struct county_area   *areas; /* in preorder, siblings by code */
    uint32_t              num_areas;
    struct county_ring   *rings;
    uint32_t              num_rings;
    struct county_point  *points;
    uint32_t              num_points;
};

/* Make it. county: free with county_free; untouched on failure.
 *
 * Returns 0; TOC_ERR_OPTION (an option out of its range, or more cells than allowed); TOC_ERR_NO_MEMORY;
 * TOC_ERR_NO_CONVERGENCE (no way was found to cut the land so finely: more cells a village help).
 * Cost: 60 ms for the demonstration's county, 0.8 s for the large one; 150 bytes a cell while it is made.
 */
int county_generate(const struct county_options *options, struct county *county);

/* A zeroed one is safe to free. */
void county_free(struct county *county);

/* Area number `index` as a record; texts are borrowed from the county. */
void county_area_record(const struct county *county, uint32_t index, struct model_area *area);

/* Where people_generate may let people live: its villages, by how many live there.
 *
 * places, weights_up_to   newly allocated, with the addresses behind the places: free() both; untouched on failure
 *
 * Returns 0 or TOC_ERR_NO_MEMORY. */
int county_places(const struct county *county, struct people_place **places, uint32_t **weights_up_to,
                  size_t *num_places);

/* ---- what is in it: counted and made one by one ---- */

/* Facilities: a centre for disease control, a hospital and a laboratory in each county, a health centre and a school in
 * each township, a clinic in each village. `number` 0 … county_num_facilities - 1; texts point into `text`. */
#define COUNTY_TEXT_BYTES 800
int  county_num_facilities(const struct county *county, uint32_t area);
void county_facility_record(const struct county *county, uint32_t area, int number, struct model_facility *facility,
                            char text[COUNTY_TEXT_BYTES]);

/* The reporting unit of a facility: laboratories owe counts of their tests each week, schools counts of absent pupils
 * by symptom each day, all others a zero report each week. */
void county_reporting_unit_record(const struct county *county, uint32_t area, int number,
                                  struct model_reporting_unit *unit, char text[COUNTY_TEXT_BYTES]);

/* The number of people of an area, a sex and an age group as a record, of kind resident. sex: 0 women, 1 men. */
void county_population_record(const struct county *county, uint32_t area, int sex, int age_group,
                              struct model_population *population);

/* Days off that are the same in every year, and the school holidays, of options.year. */
#define COUNTY_NUM_HOLIDAYS 6
void county_calendar_record(const struct county *county, struct model_calendar *calendar);
void county_holiday_record(const struct county *county, int number, struct model_calendar_day *day);

#endif
