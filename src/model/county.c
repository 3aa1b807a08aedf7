/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The areas, their land and their people; names are in county_names.c, records in county_records.c. */
#include "model/county.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/county_land.h"
#include "model/county_names.h"

enum { ATTEMPTS = 20, LEAST_CELLS = 2 /* a village, of every area above */ };

struct making {
    struct county county;
    int           children[COUNTY_NUM_LEVELS]; /* of an area of each level */
    uint32_t      subtree[COUNTY_NUM_LEVELS];  /* areas in an area of each level, with itself */
    size_t        villages[COUNTY_NUM_LEVELS]; /* in an area of each level */
    struct land   land;
    uint32_t     *cells;       /* of the land, area by area */
    size_t       *begin, *end; /* by area: its cells */
    uint8_t      *walked;      /* by cell: a bit a side */
    uint32_t      room_rings, room_points;
};

/* ---- the tree ---- */

static int check_options(const struct county_options *options)
{
    const int counts[] = { options->cities, options->counties, options->townships, options->villages };
    bool      good = options->provinces >= 1 && options->provinces <= 10 && options->cells_per_village >= 8 &&
                options->cells_per_village <= 200 && options->year >= 1900 && options->year <= 2100;
    size_t villages = good ? (size_t) options->provinces : 0;
    for (int i = 0; i < 4 && good; i++) {
        good = counts[i] >= 1 && counts[i] <= 99;
        villages *= good ? (size_t) counts[i] : 1;
    }
    return good && villages * (size_t) options->cells_per_village <= COUNTY_MAX_CELLS ? 0 : TOC_ERR_OPTION;
}

static void count_areas(struct making *making)
{
    const struct county_options *options = &making->county.options;
    const int                    children[] = { options->provinces, options->cities,   options->counties,
                                                options->townships, options->villages, 0 };
    memcpy(making->children, children, sizeof children);
    making->subtree[COUNTY_VILLAGE] = 1;
    making->villages[COUNTY_VILLAGE] = 1;
    for (int level = COUNTY_VILLAGE - 1; level >= 0; level--) {
        making->subtree[level] = 1 + (uint32_t) children[level] * making->subtree[level + 1];
        making->villages[level] = (size_t) children[level] * making->villages[level + 1];
    }
    making->county.num_areas = making->subtree[COUNTY_COUNTRY];
}

/* Codes of 2-2-2-3-3 digits below the country; the parent's code is the beginning. */
static void make_code(struct county_area *area, const struct county_area *parent, int number)
{
    switch (area->level) {
    case COUNTY_COUNTRY: strcpy(area->code, "XT"); break;
    case COUNTY_PROVINCE: snprintf(area->code, sizeof area->code, "%d", 90 + number % 10); break;
    case COUNTY_CITY:
    case COUNTY_COUNTY: snprintf(area->code, sizeof area->code, "%.8s%02d", parent->code, (number + 1) % 100); break;
    case COUNTY_TOWNSHIP: snprintf(area->code, sizeof area->code, "%.8s%03d", parent->code, 100 + number % 900); break;
    case COUNTY_VILLAGE: snprintf(area->code, sizeof area->code, "%.9s%03d", parent->code, 200 + number % 800); break;
    }
    area->id = area_codes_id(area->code, AREA_CODES_NO_DATE);
}

static void make_tree(struct making *making)
{
    struct county      *county = &making->county;
    struct county_area *areas = county->areas;
    areas[0] = (struct county_area){ .parent = AREA_CODES_NONE, .last = county->num_areas - 1 };
    make_code(&areas[0], NULL, 0);
    county_name(county->options.seed, &areas[0], 0, 0);
    for (uint32_t i = 0; i < county->num_areas; i++) {
        int below = (int) areas[i].level + 1;
        for (int j = 0; j < making->children[areas[i].level]; j++) {
            uint32_t child = i + 1 + (uint32_t) j * making->subtree[below];
            areas[child] = (struct county_area){ .level = (enum county_level) below,
                                                 .parent = i,
                                                 .last = child + making->subtree[below] - 1 };
            make_code(&areas[child], &areas[i], j);
            county_name(county->options.seed, &areas[child], i, (uint32_t) j);
        }
    }
}

/* ---- people ---- */

/* The first village of a township is its town. */
static void settle(const struct making *making, uint32_t village)
{
    struct county_area *area = &making->county.areas[village];
    struct chance       chance = chance_begin(making->county.options.seed, CHANCE_POPULATION, village);
    bool                town = area->parent + 1 == village;
    uint32_t            total = (300 + chance_below(&chance, 1500)) * (town ? 4 : 1);
    for (int sex = 0; sex < 2; sex++)
        for (int group = 0; group < COUNTY_AGE_GROUPS; group++) {
            uint32_t thousandths = total * people_age_groups[group] / 2; /* women and men are alike */
            area->people[sex][group] = thousandths / 1000 + (chance_below(&chance, 1000) < thousandths % 1000);
        }
}

static void populate(const struct making *making)
{
    struct county_area *areas = making->county.areas;
    for (uint32_t i = making->county.num_areas; i-- > 0;) { /* the areas within an area come after it */
        if (areas[i].level == COUNTY_VILLAGE)
            settle(making, i);
        for (int sex = 0; sex < 2; sex++)
            for (int group = 0; group < COUNTY_AGE_GROUPS; group++) {
                areas[i].num_people += areas[i].people[sex][group];
                if (areas[i].parent != AREA_CODES_NONE)
                    areas[areas[i].parent].people[sex][group] += areas[i].people[sex][group];
            }
    }
}

/* ---- land ---- */

static int begin_land(struct making *making)
{
    const struct county_options *options = &making->county.options;
    struct land                 *land = &making->land;
    size_t                       wanted = making->villages[COUNTY_COUNTRY] * (size_t) options->cells_per_village;
    land->seed = options->seed;
    land->height = 12;
    while ((size_t) land->height * land->height * 43 / 50 < 2 * wanted + 200)
        land->height += 2;
    land->width = land->height * 43 / 50;
    size_t n = land_num_cells(land), num = making->county.num_areas;
    land->owner = memory_array(n, sizeof *land->owner);
    land->piece = memory_array(n, sizeof *land->piece);
    making->cells = memory_array(n, sizeof *making->cells);
    making->walked = memory_array(n, sizeof *making->walked);
    making->begin = memory_array(num, sizeof *making->begin);
    making->end = memory_array(num, sizeof *making->end);
    if (land->owner == NULL || land->piece == NULL || making->cells == NULL || making->walked == NULL ||
        making->begin == NULL || making->end == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = land_raise(land, wanted);
    if (ret != 0)
        return ret;
    for (uint32_t cell = 0; cell < n; cell++)
        if (land->owner[cell] == 0)
            making->cells[making->end[0]++] = cell;
    return 0;
}

/* Cut one area's land into its children's, each large enough for its villages. */
static int cut_area(struct making *making, uint32_t area)
{
    int      level = (int) making->county.areas[area].level, num = making->children[level];
    uint32_t step = making->subtree[level + 1], first = area + 1;
    size_t   begin = making->begin[area], ends[100];
    size_t   least = level + 1 == COUNTY_VILLAGE ? 1 : LEAST_CELLS * making->villages[level + 1];
    for (uint64_t attempt = 0; attempt < ATTEMPTS; attempt++) {
        uint64_t entity = 1 + area + (attempt << 32);
        int      ret =
            land_cut(&making->land, making->cells + begin, making->end[area] - begin, num, first, step, entity, ends);
        if (ret != 0)
            return ret;
        bool good = true;
        for (int i = 0; i < num; i++)
            good &= ends[i] - (i == 0 ? 0 : ends[i - 1]) >= least;
        for (int i = 0; i < num; i++) {
            making->begin[first + (uint32_t) i * step] = begin + (i == 0 ? 0 : ends[i - 1]);
            making->end[first + (uint32_t) i * step] = begin + ends[i];
        }
        if (good)
            return 0;
        for (size_t i = begin; i < making->end[area]; i++)
            making->land.owner[making->cells[i]] = area;
    }
    return TOC_ERR_NO_CONVERGENCE;
}

/* ---- outlines ---- */

static bool within(const struct making *making, const struct county_area *area, uint32_t index, uint32_t cell)
{
    uint32_t owner = making->land.owner[cell];
    return owner != LAND_NONE && owner >= index && owner <= area->last;
}

static int add_point(struct making *making, struct county_point point)
{
    struct county *county = &making->county;
    if (county->num_points == making->room_points) {
        uint32_t             room = making->room_points == 0 ? 4096 : 2 * making->room_points;
        struct county_point *points = memory_resize(county->points, room, sizeof *points);
        if (points == NULL)
            return TOC_ERR_NO_MEMORY;
        county->points = points;
        making->room_points = room;
    }
    county->points[county->num_points++] = point;
    return 0;
}

/* Walk around the area from a side of a cell that is on its border, the area to the left. */
static int walk_ring(struct making *making, uint32_t index, uint32_t cell, int side)
{
    const struct county_area *area = &making->county.areas[index];
    while (!(making->walked[cell] & 1u << side)) {
        int ret = add_point(making, land_corner(&making->land, cell, side));
        if (ret != 0)
            return ret;
        making->walked[cell] |= (uint8_t) (1u << side);
        int      next_side = (side + 1) % 6;
        uint32_t next = land_neighbour(&making->land, cell, next_side);
        if (within(making, area, index, next)) { /* three cells meet in a corner: the border goes on along this one */
            cell = next;
            side = (next_side + 4) % 6;
        } else {
            side = next_side;
        }
    }
    return 0;
}

static int64_t twice_the_area(const struct county_point *points, uint32_t num)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < num; i++) {
        const struct county_point *a = &points[i], *b = &points[(i + 1) % num];
        int64_t x = a->longitude - (int64_t) points->longitude, y = a->latitude - (int64_t) points->latitude;
        int64_t next_x = b->longitude - (int64_t) points->longitude, next_y = b->latitude - (int64_t) points->latitude;
        sum += (x * next_y - next_x * y) / 16; /* a ring is at most 2 × 10^9 / 16 wide: no overflow */
    }
    return sum;
}

static int add_ring(struct making *making, uint32_t index, uint32_t cell, int side)
{
    struct county      *county = &making->county;
    struct county_area *area = &county->areas[index];
    struct county_ring  ring = { .first_point = county->num_points };
    if (county->num_rings == making->room_rings) {
        uint32_t            room = making->room_rings == 0 ? 256 : 2 * making->room_rings;
        struct county_ring *rings = memory_resize(county->rings, room, sizeof *rings);
        if (rings == NULL)
            return TOC_ERR_NO_MEMORY;
        county->rings = rings;
        making->room_rings = room;
    }
    int ret = walk_ring(making, index, cell, side);
    if (ret != 0)
        return ret;
    ring.num_points = county->num_points - ring.first_point;
    county->rings[county->num_rings++] = ring;
    area->num_rings++;
    if (twice_the_area(county->points + ring.first_point, ring.num_points) > 0) { /* the outer one, to the front */
        county->rings[county->num_rings - 1] = county->rings[area->first_ring];
        county->rings[area->first_ring] = ring;
    }
    return 0;
}

static int draw_area(struct making *making, uint32_t index)
{
    struct county_area *area = &making->county.areas[index];
    area->first_ring = making->county.num_rings;
    for (size_t i = making->begin[index]; i < making->end[index]; i++)
        making->walked[making->cells[i]] = 0;
    for (size_t i = making->begin[index]; i < making->end[index]; i++) {
        uint32_t cell = making->cells[i];
        for (int side = 0; side < 6; side++) {
            if (making->walked[cell] & 1u << side ||
                within(making, area, index, land_neighbour(&making->land, cell, side)))
                continue;
            int ret = add_ring(making, index, cell, side);
            if (ret != 0)
                return ret;
        }
    }
    /* A cell near the middle, for the area's centre. */
    struct county_point centre =
        land_centre(&making->land, making->cells[(making->begin[index] + making->end[index]) / 2]);
    area->centre_longitude = centre.longitude;
    area->centre_latitude = centre.latitude;
    return 0;
}

/* ---- together ---- */

static int make(struct making *making)
{
    struct county *county = &making->county;
    int            ret = check_options(&county->options);
    if (ret != 0)
        return ret;
    count_areas(making);
    county->areas = memory_array(county->num_areas, sizeof *county->areas);
    if (county->areas == NULL)
        return TOC_ERR_NO_MEMORY;
    make_tree(making);
    populate(making);
    ret = begin_land(making);
    for (uint32_t i = 0; i < county->num_areas && ret == 0; i++)
        if (county->areas[i].level != COUNTY_VILLAGE)
            ret = cut_area(making, i);
    for (uint32_t i = 0; i < county->num_areas && ret == 0; i++)
        ret = draw_area(making, i);
    return ret;
}

int county_generate(const struct county_options *options, struct county *county)
{
    struct making making = { .county.options = *options };
    int           ret = make(&making);
    if (ret == 0) {
        *county = making.county;
        making.county = (struct county){ 0 };
    }
    county_free(&making.county);
    free(making.land.owner);
    free(making.land.piece);
    free(making.cells);
    free(making.begin);
    free(making.end);
    free(making.walked);
    return ret;
}

void county_free(struct county *county)
{
    free(county->areas);
    free(county->rings);
    free(county->points);
    *county = (struct county){ 0 };
}
