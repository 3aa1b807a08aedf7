/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the rows of a code list mean together: parents, levels, successors, order. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "base/memory.h"
#include "base/text.h"
#include "formats/area_codes_reading.h"

/* ---- who is meant by a code ---- */

/* The area of those with one code that is there on a day; of unknown day the one that still is. */
static uint32_t choose(const struct area_reading *reading, uint32_t first, toc_date day)
{
    for (uint32_t area = first; area != AREA_CODES_NONE; area = reading->index.next_same[area]) {
        const struct area_code *candidate = &reading->list.areas[area];
        if (day == AREA_CODES_NO_DATE ? candidate->valid_to == AREA_CODES_NO_DATE : area_valid_on(candidate, day))
            return area;
    }
    return AREA_CODES_NONE;
}

static uint32_t find(const struct area_reading *reading, const char *code, size_t size)
{
    return area_index_find(&reading->index, &reading->list, code, size);
}

/* The code in quotes cannot be found, at all or on its day. */
static void tell_unknown(const struct area_reading *reading, const struct area_code *area, enum area_column column,
                         const char *code, bool known, toc_date day)
{
    char quoted[TEXT_QUOTE_BYTES], text[DATE_TEXT_BYTES];
    text_quote(code, strlen(code), quoted);
    if (!known)
        fault_add(reading->faults, area_codes_place(reading, area, column), "the code of an area of the list",
                  "no area has the code %s", quoted);
    else if (day == AREA_CODES_NO_DATE)
        fault_add(reading->faults, area_codes_place(reading, area, column), "an area without a last day",
                  "the area with the code %s has ended", quoted);
    else if (date_to_text(day, DATE_FORM_DAY, text) > 0)
        fault_add(reading->faults, area_codes_place(reading, area, column), "an area that is valid then",
                  "no area has the code %s on %s", quoted, text);
}

/* ---- parents ---- */

static const uint8_t group_ends[] = { 2, 4, 6, 9, 12 };
enum { NUM_GROUPS = sizeof group_ends };

/* How many groups of digits a code has without those of zeros at its end; 0: it is not made of such groups. Zeros count
 * where the code without them is another area's: 441900 is the county of the city 4419. */
static int num_groups(const struct area_reading *reading, const char *code)
{
    size_t size = strspn(code, "0123456789");
    int    groups = 0;
    if (code[size] != '\0')
        return 0;
    while (groups < NUM_GROUPS && group_ends[groups] != size)
        groups++;
    if (groups++ == NUM_GROUPS)
        return 0;
    for (; groups > 1; groups--) {
        size_t begin = group_ends[groups - 2], end = group_ends[groups - 1];
        if (strspn(code + begin, "0") < end - begin || find(reading, code, begin) != AREA_CODES_NONE)
            break;
    }
    return groups;
}

/* The first `groups` groups of a code, as short as they are or filled up with zeros. */
static uint32_t find_groups(const struct area_reading *reading, const char *code, int groups)
{
    char filled[13] = "000000000000";
    memcpy(filled, code, group_ends[groups - 1]);
    for (int end = groups - 1; end < NUM_GROUPS; end++) {
        uint32_t area = find(reading, filled, group_ends[end]);
        if (area != AREA_CODES_NONE)
            return area;
    }
    return AREA_CODES_NONE;
}

static void tell_gap(const struct area_reading *reading, const struct area_code *area, const char *code, int groups)
{
    fault_add(reading->faults, area_codes_place(reading, area, AREA_CODE), "a row for each area above it",
              "no area has the code %.*s", (int) group_ends[groups - 1], code);
}

/* The level, where no column says it, is that of the code too. */
static uint32_t parent_by_code(const struct area_reading *reading, struct area_code *area)
{
    const char *code = area_codes_text(&reading->list, area->code);
    int         own = num_groups(reading, code);
    uint32_t    parent = AREA_CODES_NONE;
    if (own == 0) {
        fault_add(reading->faults, area_codes_place(reading, area, AREA_CODE),
                  "2, 4, 6, 9 or 12 digits, or a column of parents", "the code does not tell the parent");
        return AREA_CODES_NONE;
    }
    if (area->level == AREA_NO_LEVEL)
        area->level = (uint8_t) (own - 1);
    int groups = own - 1;
    while (groups > 0 && (parent = find_groups(reading, code, groups)) == AREA_CODES_NONE)
        groups--;
    if (own == 1 || (groups > 0 && (groups == own - 1 || reading->options.allow_gaps)))
        return parent;
    tell_gap(reading, area, code, own - 1);
    return AREA_CODES_NONE;
}

static toc_date day_for_parent(const struct area_code *area)
{
    return area->valid_from != AREA_CODES_NO_DATE ? area->valid_from : area->valid_to;
}

static void find_parent(const struct area_reading *reading, uint32_t number)
{
    struct area_code *area = &reading->list.areas[number];
    const char       *code = area_codes_text(&reading->list, reading->references[number].parent);
    uint32_t          first = AREA_CODES_NONE;
    toc_date          day = day_for_parent(area);
    if (!reading->has_parents)
        first = parent_by_code(reading, area);
    else if (*code != '\0' && (first = find(reading, code, strlen(code))) == AREA_CODES_NONE)
        tell_unknown(reading, area, AREA_PARENT, code, false, day);
    if (first == AREA_CODES_NONE)
        return;
    area->parent = choose(reading, first, day);
    if (area->parent == AREA_CODES_NONE)
        tell_unknown(reading, area, reading->has_parents ? AREA_PARENT : AREA_CODE,
                     area_codes_text(&reading->list, reading->list.areas[first].code), true, day);
}

static void find_successor(const struct area_reading *reading, uint32_t number)
{
    struct area_code *area = &reading->list.areas[number];
    const char       *code = area_codes_text(&reading->list, reading->references[number].successor);
    if (*code == '\0' || area->valid_to == AREA_CODES_NO_DATE)
        return;
    uint32_t first = find(reading, code, strlen(code));
    toc_date day = area->valid_to + 1;
    area->successor = first == AREA_CODES_NONE ? first : choose(reading, first, day);
    if (area->successor == AREA_CODES_NONE)
        tell_unknown(reading, area, AREA_SUCCESSOR, code, first != AREA_CODES_NONE, day);
}

/* Whoever follows the parents from any area must come to a top. */
static int check_circles(const struct area_reading *reading)
{
    const struct area_codes *list = &reading->list;
    enum { UNSEEN, ON_THE_WAY, GOOD };
    uint8_t *state = memory_array((size_t) list->num_areas + 1, sizeof *state);
    if (state == NULL)
        return TOC_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < list->num_areas; i++) {
        uint32_t at = i;
        for (; at != AREA_CODES_NONE && state[at] == UNSEEN; at = list->areas[at].parent)
            state[at] = ON_THE_WAY;
        if (at != AREA_CODES_NONE && state[at] == ON_THE_WAY)
            fault_add(reading->faults,
                      area_codes_place(reading, &list->areas[at], reading->has_parents ? AREA_PARENT : AREA_CODE),
                      "parents that lead to a top", "the area belongs to itself, by way of its parents");
        for (at = i; at != AREA_CODES_NONE && state[at] == ON_THE_WAY; at = list->areas[at].parent)
            state[at] = GOOD;
    }
    free(state);
    return 0;
}

/* ---- one code, several areas ---- */

static int compare_days(const void *a, const void *b, void *context)
{
    const struct area_code *areas = context;
    const struct area_code *x = &areas[*(const uint32_t *) a], *y = &areas[*(const uint32_t *) b];
    if (x->valid_from != y->valid_from)
        return x->valid_from < y->valid_from ? -1 : 1; /* a missing one is the least */
    return *(const uint32_t *) a < *(const uint32_t *) b ? -1 : 1;
}

/* The areas of one code, from the one added last on. */
static void check_days(const struct area_reading *reading, uint32_t first)
{
    struct area_code *areas = reading->list.areas;
    uint32_t          same[AREA_CODES_MAX_SAME];
    size_t            num = 0;
    for (uint32_t area = first; area != AREA_CODES_NONE; area = reading->index.next_same[area])
        same[num++] = area;
    qsort_r(same, num, sizeof *same, compare_days, areas);
    for (size_t i = 1; i < num; i++) {
        const struct area_code *before = &areas[same[i - 1]], *after = &areas[same[i]];
        if (before->valid_to != AREA_CODES_NO_DATE && after->valid_from != AREA_CODES_NO_DATE &&
            before->valid_to < after->valid_from)
            continue;
        if (same[i - 1] > same[i]) {
            const struct area_code *swap = before;
            before = after;
            after = swap;
        }
        fault_add(reading->faults, area_codes_place(reading, after, AREA_CODE), "one area a code at any time",
                  "the code is that of line %" PRIu32 "%s%s at the same time", before->line,
                  before->file != after->file ? " of " : "",
                  before->file != after->file ? reading->inputs[before->file].name : "");
    }
}

static void check_codes(const struct area_reading *reading)
{
    for (size_t slot = 0; slot <= reading->index.mask; slot++) {
        uint32_t first = reading->index.first[slot];
        if (first != AREA_CODES_NONE && reading->index.next_same[first] != AREA_CODES_NONE)
            check_days(reading, first);
    }
}

/* ---- levels ---- */

static void check_level(const struct area_reading *reading, struct area_code *area)
{
    const struct area_code *parent = area->parent == AREA_CODES_NONE ? NULL : &reading->list.areas[area->parent];
    uint8_t                 wanted = parent == NULL ? 0 : (uint8_t) (parent->level + 1);
    if (wanted > AREA_CODES_MAX_LEVEL) {
        fault_add(reading->faults, area_codes_place(reading, area, AREA_CODE), "at most 15",
                  "more levels than allowed");
        area->level = AREA_CODES_MAX_LEVEL;
    } else if (area->level == AREA_NO_LEVEL) {
        area->level = wanted;
    } else if (parent != NULL && area->level <= parent->level) {
        fault_add(reading->faults, area_codes_place(reading, area, AREA_LEVEL), NULL,
                  "level %d does not lie below the parent's, %d", area->level, parent->level);
    } else if (parent != NULL && area->level != wanted && !reading->options.allow_gaps) {
        fault_add(reading->faults, area_codes_place(reading, area, AREA_LEVEL), "one below the parent's",
                  "there is a gap between level %d and the parent's, %d", area->level, parent->level);
    }
}

/* ---- preorder ---- */

/* Children by parent: those of area i are children[first[i]] … children[first[i + 1] - 1]; the tops are those of
 * num_areas. Those in circles are reached by nobody. */
struct family {
    uint32_t *first, *children, *order, *position; /* order: which area comes at a place; position: its reverse */
    uint32_t  num_ordered;
};

static int compare_areas(const void *a, const void *b, void *context)
{
    const struct area_codes *list = context;
    const struct area_code  *x = &list->areas[*(const uint32_t *) a], *y = &list->areas[*(const uint32_t *) b];
    int                      codes = strcmp(area_codes_text(list, x->code), area_codes_text(list, y->code));
    if (codes != 0)
        return codes;
    return x->valid_from != y->valid_from ? (x->valid_from < y->valid_from ? -1 : 1) : 0;
}

/* Files are mostly in order. */
static void sort_siblings(struct area_codes *list, uint32_t *siblings, size_t num)
{
    for (size_t i = 1; i < num; i++)
        if (compare_areas(&siblings[i - 1], &siblings[i], list) > 0) {
            qsort_r(siblings, num, sizeof *siblings, compare_areas, list);
            return;
        }
}

static void gather_children(struct area_codes *list, struct family *family)
{
    uint32_t n = list->num_areas;
    for (uint32_t i = 0; i < n; i++) /* count at the place after the next, so that filling leaves the beginnings */
        family->first[(list->areas[i].parent == AREA_CODES_NONE ? n : list->areas[i].parent) + 2]++;
    for (uint32_t i = 2; i <= n + 2; i++)
        family->first[i] += family->first[i - 1];
    for (uint32_t i = 0; i < n; i++)
        family->children[family->first[(list->areas[i].parent == AREA_CODES_NONE ? n : list->areas[i].parent) + 1]++] =
            i;
    for (uint32_t i = 0; i <= n; i++)
        sort_siblings(list, family->children + family->first[i], family->first[i + 1] - family->first[i]);
}

/* Walk from the tops. `position` serves as the stack and is filled afterwards. */
static void walk(const struct area_reading *reading, struct family *family)
{
    uint32_t n = reading->list.num_areas, *stack = family->position, waiting = 0;
    for (uint32_t i = family->first[n + 1]; i > family->first[n]; i--)
        stack[waiting++] = family->children[i - 1];
    while (waiting > 0) {
        uint32_t area = stack[--waiting];
        check_level(reading, &reading->list.areas[area]);
        family->order[family->num_ordered++] = area;
        for (uint32_t i = family->first[area + 1]; i > family->first[area]; i--)
            stack[waiting++] = family->children[i - 1];
    }
    for (uint32_t i = 0; i < family->num_ordered; i++)
        family->position[family->order[i]] = i;
}

static int put_in_order(struct area_codes *list, const struct family *family)
{
    struct area_code *areas = memory_array((size_t) list->num_areas + 1, sizeof *areas);
    if (areas == NULL)
        return TOC_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < list->num_areas; i++) {
        struct area_code *area = &areas[i];
        *area = list->areas[family->order[i]];
        if (area->parent != AREA_CODES_NONE)
            area->parent = family->position[area->parent];
        if (area->successor != AREA_CODES_NONE)
            area->successor = family->position[area->successor];
        area->id = area_codes_id(area_codes_text(list, area->code), area->valid_from);
    }
    free(list->areas);
    list->areas = areas;
    return 0;
}

int area_codes_build(struct area_reading *reading)
{
    struct area_codes *list = &reading->list;
    size_t             n = list->num_areas;
    uint64_t           faults_before = reading->faults->num_all;
    if (n == 0)
        return 0;
    check_codes(reading);
    for (uint32_t i = 0; i < n; i++) {
        find_parent(reading, i);
        find_successor(reading, i);
    }
    int           ret = check_circles(reading);
    struct family family = { .first = memory_array(n + 3, sizeof *family.first),
                             .children = memory_array(n, sizeof *family.children),
                             .order = memory_array(n, sizeof *family.order),
                             .position = memory_array(n, sizeof *family.position) };
    if (ret == 0 &&
        (family.first == NULL || family.children == NULL || family.order == NULL || family.position == NULL))
        ret = TOC_ERR_NO_MEMORY;
    if (ret == 0) {
        gather_children(list, &family);
        walk(reading, &family);
        if (reading->faults->num_all == faults_before)
            ret = put_in_order(list, &family);
    }
    free(family.first);
    free(family.children);
    free(family.order);
    free(family.position);
    return ret;
}
