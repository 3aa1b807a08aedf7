/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/outline_borders.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/memory.h"
#include "tocsin/status.h"

struct point {
    double   x, y;
    int      grid_bits;
    uint32_t shape;
};

struct points {
    struct point *at;
    size_t        num, room;
};

static int add_point(struct points *points, const struct point *point)
{
    if (points->num == points->room) {
        size_t        room = points->room == 0 ? 1024 : 2 * points->room;
        struct point *more = memory_resize(points->at, room, sizeof *more);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        points->at = more;
        points->room = room;
    }
    points->at[points->num++] = *point;
    return 0;
}

/* ---- paths ---- */

struct reading {
    const char *at, *end;
};

static bool is_number(char byte)
{
    return (byte >= '0' && byte <= '9') || byte == '-' || byte == '.';
}

/* A whole number or a decimal one; false: none stands here. */
static bool read_number(struct reading *reading, double *number)
{
    char   text[40];
    size_t size = 0;
    while (reading->at < reading->end && *reading->at == ' ')
        reading->at++;
    while (reading->at < reading->end && size + 1 < sizeof text && is_number(*reading->at) &&
           (size == 0 || *reading->at != '-'))
        text[size++] = *reading->at++;
    text[size] = '\0';
    char *end = text;
    *number = strtod(text, &end);
    return size > 0 && *end == '\0' && fabs(*number) < 1e10;
}

/* Add what follows the letter: pairs of numbers; of 'h' and 'v' one number each. */
static int read_part(struct reading *reading, char letter, struct point *pen, struct points *points)
{
    int ret = 0;
    for (bool first = true; ret == 0; first = false) {
        double x = 0, y = 0;
        bool   more = reading->at < reading->end && (*reading->at == ' ' || is_number(*reading->at));
        if (!first && !more)
            return 0;
        if ((letter != 'v' && !read_number(reading, &x)) || (letter != 'h' && !read_number(reading, &y)))
            return BASE_ERR_INPUT;
        pen->x = letter == 'M' ? x : pen->x + x;
        pen->y = letter == 'M' ? y : pen->y + y;
        ret = add_point(points, pen);
    }
    return ret;
}

static int read_path(const struct outline_shape *shape, uint32_t number, struct points *points)
{
    struct reading reading = { shape->path, shape->path + shape->path_size };
    struct point   pen = { .grid_bits = shape->grid_bits, .shape = number };
    int            ret = 0;
    while (ret == 0 && reading.at < reading.end) {
        char letter = *reading.at++;
        if (letter == 'z')
            continue;
        if (letter != 'M' && letter != 'l' && letter != 'h' && letter != 'v')
            return BASE_ERR_INPUT;
        ret = read_part(&reading, letter, &pen, points);
    }
    return ret;
}

/* ---- pairs ---- */

static int by_place(const void *a, const void *b)
{
    const struct point *x = a, *y = b;
    if (x->grid_bits != y->grid_bits)
        return x->grid_bits < y->grid_bits ? -1 : 1;
    if (x->x != y->x)
        return x->x < y->x ? -1 : 1;
    if (x->y != y->y)
        return x->y < y->y ? -1 : 1;
    return (x->shape > y->shape) - (x->shape < y->shape);
}

static int by_shapes(const void *a, const void *b)
{
    const struct outline_border *x = a, *y = b;
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    return (x->b > y->b) - (x->b < y->b);
}

static bool same_place(const struct point *a, const struct point *b)
{
    return a->grid_bits == b->grid_bits && a->x == b->x && a->y == b->y;
}

/* A pair for each point that two shapes have. Points that many shapes have are corners, of a few each. */
static int find_pairs(const struct points *points, struct outline_border **pairs, size_t *num)
{
    size_t room = 0;
    *pairs = NULL;
    *num = 0;
    for (size_t i = 0; i < points->num; i++)
        for (size_t k = i + 1; k < points->num && same_place(&points->at[i], &points->at[k]); k++) {
            if (points->at[k].shape == points->at[i].shape || points->at[k].shape == points->at[k - 1].shape)
                continue;
            if (*num == room) {
                room = room == 0 ? 1024 : 2 * room;
                struct outline_border *more = memory_resize(*pairs, room, sizeof *more);
                if (more == NULL)
                    return TOC_ERR_NO_MEMORY;
                *pairs = more;
            }
            (*pairs)[(*num)++] = (struct outline_border){ points->at[i].shape, points->at[k].shape };
        }
    return 0;
}

/* Keep one of each pair that is there twice and more. */
static size_t keep_repeated(struct outline_border *pairs, size_t num)
{
    size_t kept = 0;
    for (size_t i = 0, end; i < num; i = end) {
        for (end = i + 1; end < num && by_shapes(&pairs[i], &pairs[end]) == 0;)
            end++;
        if (end - i >= 2)
            pairs[kept++] = pairs[i];
    }
    return kept;
}

int outline_borders(const struct outline_shape *shapes, uint32_t num, struct outline_border **borders,
                    size_t *num_borders, uint32_t *fault)
{
    struct points          points = { NULL, 0, 0 };
    struct outline_border *pairs = NULL;
    size_t                 num_pairs = 0;
    int                    ret = 0;
    for (uint32_t i = 0; i < num && ret == 0; i++) {
        ret = shapes[i].path != NULL ? read_path(&shapes[i], i, &points) : 0;
        if (ret == BASE_ERR_INPUT)
            *fault = i;
    }
    if (ret == 0 && points.num > 0) {
        qsort(points.at, points.num, sizeof *points.at, by_place);
        ret = find_pairs(&points, &pairs, &num_pairs);
    }
    if (ret == 0) {
        if (num_pairs > 0)
            qsort(pairs, num_pairs, sizeof *pairs, by_shapes);
        *num_borders = keep_repeated(pairs, num_pairs);
        *borders = pairs;
        pairs = NULL;
    }
    free(pairs);
    free(points.at);
    return ret;
}
