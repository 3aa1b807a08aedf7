/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/stream_values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "tocsin/status.h"

enum { VERSION = 1, NUMBER_BYTES = 10 };
static const double WHOLE = 1e15; /* numbers up to here are exact with their decimals */

/* ---- order ---- */

static int compare(const void *x, const void *y)
{
    const struct stream_value *a = x, *b = y;
    int                        order = (a->day > b->day) - (a->day < b->day);
    if (order == 0)
        order = (a->known > b->known) - (a->known < b->known);
    return order != 0 ? order : (a->layer > b->layer) - (a->layer < b->layer);
}

static int by_known(const void *x, const void *y)
{
    const struct stream_value *a = x, *b = y;
    int                        order = (a->known > b->known) - (a->known < b->known);
    return order != 0 ? order : compare(x, y);
}

void stream_values_sort(struct stream_value *values, size_t num)
{
    size_t sorted = 1; /* mostly they are: days come one after the other */
    while (sorted < num && compare(&values[sorted - 1], &values[sorted]) <= 0)
        sorted++;
    if (sorted < num)
        qsort(values, num, sizeof *values, compare);
}

/* ---- packing ---- */

static uint64_t fold_sign(int64_t number)
{
    return number < 0 ? ~((uint64_t) number << 1) : (uint64_t) number << 1;
}

static int64_t unfold_sign(uint64_t number)
{
    return (number & 1) != 0 ? (int64_t) ~(number >> 1) : (int64_t) (number >> 1);
}

static uint8_t *put(uint8_t *at, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        *at++ = (uint8_t) (number | 0x80);
    *at++ = (uint8_t) number;
    return at;
}

static const double powers[STREAM_VALUES_DECIMALS + 1] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9 };

/* Does the number come back from so many decimals? */
static bool fits(double value, int decimals)
{
    double whole = nearbyint(value * powers[decimals]);
    return isnan(value) || (fabs(whole) <= WHOLE && whole / powers[decimals] == value);
}

static int decimals_of(double value, int least)
{
    for (int decimals = least; decimals <= STREAM_VALUES_DECIMALS; decimals++)
        if (fits(value, decimals))
            return decimals;
    return STREAM_VALUES_RAW;
}

static int decimals_of_run(const struct stream_value *values, size_t num)
{
    int decimals = 0;
    for (size_t i = 0; i < num; i++) {
        decimals = decimals_of(values[i].value, decimals);
        if (decimals == STREAM_VALUES_RAW)
            return decimals;
    }
    for (size_t i = 0; i < num; i++) /* a number may come back from few decimals and not from more */
        if (!fits(values[i].value, decimals))
            return STREAM_VALUES_RAW;
    return decimals;
}

/* How many from here on are of one day of knowledge and at one distance. */
static size_t run_of(const struct stream_value *values, size_t num)
{
    size_t run = 1;
    while (run < num && values[run].known == values[0].known &&
           values[run].day - values[run - 1].day == values[1].day - values[0].day)
        run++;
    return run;
}

static uint8_t *put_value(uint8_t *at, double value, int decimals)
{
    uint64_t bits;
    if (decimals != STREAM_VALUES_RAW)
        return put(at, isnan(value) ? 0 : 1 + fold_sign((int64_t) nearbyint(value * powers[decimals])));
    memcpy(&bits, &value, sizeof bits);
    for (size_t i = 0; i < sizeof bits; i++)
        *at++ = (uint8_t) (bits >> (8 * i));
    return at;
}

int stream_values_pack(const struct stream_value *values, size_t num, struct arena *arena, const uint8_t **bytes,
                       size_t *size)
{
    struct stream_value *sorted = arena_array(arena, num + 1, sizeof *sorted);
    uint8_t             *start = arena_array(arena, num + 1, 6 * NUMBER_BYTES), *at = start;
    toc_date             known = 0, day = 0;
    if (sorted == NULL || start == NULL)
        return TOC_ERR_NO_MEMORY;
    if (num > 0)
        memcpy(sorted, values, num * sizeof *sorted);
    qsort(sorted, num, sizeof *sorted, by_known);
    *at++ = VERSION;
    for (size_t i = 0, run; i < num; i += run) {
        run = run_of(sorted + i, num - i);
        int decimals = decimals_of_run(sorted + i, run);
        at = put(at, fold_sign((int64_t) sorted[i].known - known));
        at = put(at, fold_sign((int64_t) sorted[i].day - day));
        at = put(at, run > 1 ? (uint64_t) (sorted[i + 1].day - sorted[i].day) : 1);
        at = put(at, run);
        at = put(at, (uint64_t) decimals);
        for (size_t k = 0; k < run; k++)
            at = put_value(at, sorted[i + k].value, decimals);
        known = sorted[i].known;
        day = sorted[i + run - 1].day;
    }
    *bytes = start;
    *size = (size_t) (at - start);
    return 0;
}

struct reading {
    const uint8_t *at, *end;
    bool           bad;
};

static uint64_t take(struct reading *reading)
{
    uint64_t number = 0;
    for (int shift = 0; shift < 63 && reading->at < reading->end; shift += 7) {
        uint8_t byte = *reading->at++;
        number |= (uint64_t) (byte & 0x7f) << shift;
        if (byte < 0x80)
            return number;
    }
    reading->bad = true;
    return 0;
}

/* A day further on; days that no calendar has are no packed values. */
static toc_date take_day(struct reading *reading, toc_date from)
{
    int64_t day = unfold_sign(take(reading));
    if (day < -8000000 || day > 8000000 || day + from < TOC_DATE_MIN || day + from > TOC_DATE_MAX) {
        reading->bad = true;
        return 0;
    }
    return (toc_date) (day + from);
}

static double take_value(struct reading *reading, uint64_t decimals)
{
    uint64_t bits = 0;
    double   value;
    if (decimals != STREAM_VALUES_RAW) {
        uint64_t number = take(reading);
        return number == 0 ? NAN : (double) unfold_sign(number - 1) / powers[decimals];
    }
    if (reading->end - reading->at < (ptrdiff_t) sizeof bits) {
        reading->bad = true;
        return NAN;
    }
    for (size_t i = 0; i < sizeof bits; i++)
        bits |= (uint64_t) *reading->at++ << (8 * i);
    memcpy(&value, &bits, sizeof value);
    if (isinf(value))
        reading->bad = true;
    return value;
}

static int64_t walk(const uint8_t *bytes, size_t size, uint32_t layer, struct stream_value *values, size_t room)
{
    struct reading reading = { bytes, bytes + size, size == 0 || bytes[0] != VERSION };
    toc_date       known = 0, day = 0;
    size_t         num = 0;
    for (reading.at += size > 0; !reading.bad && reading.at < reading.end;) {
        known = take_day(&reading, known);
        day = take_day(&reading, day);
        uint64_t distance = take(&reading), run = take(&reading), decimals = take(&reading);
        if (distance < 1 || distance > 8000000 || run < 1 || run > STREAM_VALUES_MOST - num ||
            (decimals > STREAM_VALUES_DECIMALS && decimals != STREAM_VALUES_RAW) ||
            (int64_t) (run - 1) * (int64_t) distance > TOC_DATE_MAX - day)
            return -1;
        for (uint64_t i = 0; i < run && !reading.bad; i++, num++) {
            double value = take_value(&reading, decimals);
            if (values != NULL && num == room)
                return -1;
            if (values != NULL)
                values[num] = (struct stream_value){
                    .day = day + (toc_date) (i * distance), .known = known, .layer = layer, .value = value
                };
        }
        day += (toc_date) ((run - 1) * distance);
    }
    return reading.bad ? -1 : (int64_t) num;
}

int64_t stream_values_count(const uint8_t *bytes, size_t size)
{
    return walk(bytes, size, 0, NULL, 0);
}

int stream_values_unpack(const uint8_t *bytes, size_t size, uint32_t layer, struct stream_value *values, size_t room,
                         size_t *num)
{
    int64_t found = walk(bytes, size, layer, values, room);
    if (found < 0)
        return BASE_ERR_INPUT;
    *num = (size_t) found;
    return 0;
}

/* ---- as known ---- */

size_t stream_values_as_of(struct stream_value *values, size_t num, toc_date known)
{
    size_t kept = 0;
    for (size_t i = 0; i < num; i++) {
        if (values[i].known > known)
            continue;
        if (kept > 0 && values[kept - 1].day == values[i].day)
            kept--;
        values[kept++] = values[i];
    }
    return kept;
}

/* What was known of a day on a day, among sorted values; NULL: nothing. */
static const struct stream_value *look_up(const struct stream_value *values, size_t num, toc_date day, toc_date known)
{
    size_t low = 0, high = num;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (values[middle].day < day || (values[middle].day == day && values[middle].known <= known))
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && values[low - 1].day == day ? &values[low - 1] : NULL;
}

size_t stream_values_new(const struct stream_value *known, size_t num_known, struct stream_value *delivery, size_t num,
                         size_t *revised)
{
    size_t kept = 0;
    *revised = 0;
    for (size_t i = 0; i < num; i++) {
        const struct stream_value *before = look_up(known, num_known, delivery[i].day, delivery[i].known);
        /* What this delivery itself said of the day before it said this. */
        if (kept > 0 && delivery[kept - 1].day == delivery[i].day &&
            (before == NULL || before->known <= delivery[kept - 1].known))
            before = &delivery[kept - 1];
        if (before != NULL && (isnan(delivery[i].value) || before->value == delivery[i].value))
            continue;
        *revised += before != NULL && !isnan(before->value);
        delivery[kept++] = delivery[i];
    }
    return kept;
}

/* ---- totals ---- */

size_t stream_values_steps(const struct stream_value *values, size_t num, int step)
{
    return num == 0 ? 0 : (size_t) ((values[num - 1].day - values[0].day) / step) + num + 1;
}

/* Part `i` of n of a difference. */
static double share(double all, size_t i, size_t n)
{
    if (all != floor(all))
        return all / (double) n;
    double each = trunc(all / (double) n), left = all - each * (double) n;
    return each + ((double) (n - i) <= fabs(left) ? copysign(1, left) : 0);
}

size_t stream_values_increments(const struct stream_value *values, size_t num, int step,
                                struct stream_value *increments, size_t room, size_t *corrections)
{
    const struct stream_value *before = NULL;
    bool                       blank = false;
    size_t                     made = 0;
    *corrections = 0;
    for (size_t i = 0; i < num; i++) {
        const struct stream_value *now = &values[i];
        if (isnan(now->value)) {
            blank = true;
            continue;
        }
        double all = before != NULL ? now->value - before->value : now->value;
        size_t steps = before != NULL ? (size_t) ((now->day - before->day + step - 1) / step) : 1;
        bool   known = before != NULL || blank || now->value == 0;
        if (all < 0)
            steps = 1; /* nobody knows when what is taken back had been counted */
        *corrections += all < 0;
        for (size_t k = 0; k < steps && known && made < room; k++)
            increments[made++] = (struct stream_value){ .day = now->day - (toc_date) ((steps - 1 - k) * (size_t) step),
                                                        .value = share(all, k, steps) };
        before = now;
    }
    return made;
}
