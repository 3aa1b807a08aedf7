/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "farrington_factors.h"

#include <stdlib.h>
#include <string.h>

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "internal.h"
#include "tocsin/calendar.h"

enum { SEASON = 0, WEEKDAY = 1, HOLIDAY = 2 };

static const double LEVERAGE_OF_ONE_ROW = 1.0 - 2.22e-15; /* a row that fixes a level alone has no residual */

/* ---- memory ---- */

size_t toci_factors_bytes(size_t max_rows)
{
    size_t a_row = 5 * sizeof(double) + (TOCI_FACTORS + 1) * sizeof(uint8_t);
    return toci_factor_bytes(max_rows) + max_rows * a_row + sizeof(double); /* room to end on a whole double */
}

void toci_factors_place(struct toci_factors_room *room, void *memory, size_t max_rows)
{
    double *next = memory;
    room->observed = next;
    room->time = next + max_rows;
    room->offset = next + 2 * max_rows;
    room->prior = next + 3 * max_rows;
    room->share = next + 4 * max_rows;
    next += 5 * max_rows;
    toci_factor_init(&room->fit, max_rows, next);
    uint8_t *levels = (uint8_t *) next + toci_factor_bytes(max_rows);
    for (size_t which = 0; which < TOCI_FACTORS; which++)
        room->level[which] = levels + which * max_rows;
    room->other = levels + TOCI_FACTORS * max_rows;
}

/* ---- which rows, and their levels ---- */

/* Where a row stands among the weeks of holidays: its level (0 = ordinary), and the level that a share of its days
 * belongs to. Labels of weeks come in sevens, -3 … 3 days beyond; levels of one holiday follow each other, and the one
 * after its last week never has rows of its own. */
struct place {
    uint8_t level, other;
    double  share;
};

static struct place place_of_row(const struct toci_factors_question *question, size_t row)
{
    uint8_t label = question->holidays ? question->series->holiday[row] : 0;
    if (label == 0 || question->series->steps_per_year != 52)
        return (struct place){ label, 0, 0.0 };
    int week = 1 + (label - 1) / TOC_LABELS_A_WEEK, beyond = (label - 1) % TOC_LABELS_A_WEEK - 3;
    return (struct place){ (uint8_t) week, (uint8_t) (beyond < 0 ? week - 1 : week + 1), abs(beyond) / 7.0 };
}

static uint8_t weekday_of_row(const struct toci_factors_question *question, size_t row)
{
    return question->weekdays ? (uint8_t) toc_date_weekday(question->series->date[row]) : 0;
}

/* How many years before step k a row lies, to the nearest. */
static size_t years_before(const struct toci_factors_question *question, size_t row)
{
    size_t steps = (size_t) question->series->steps_per_year;
    return (question->k - row + steps / 2) / steps;
}

/* Whether each label occurs in enough different years, as long as there is room for their columns. The judged step's
 * own label goes first. */
static void choose_labels(const struct toci_factors_question *question, bool usable[TOCI_FACTOR_LEVELS])
{
    size_t years[TOCI_FACTOR_LEVELS] = { 0 }, last[TOCI_FACTOR_LEVELS];
    int    room = TOCI_FACTOR_MAX_COLUMNS - question->periods - 7; /* six weekdays and a slope */

    memset(usable, 0, TOCI_FACTOR_LEVELS * sizeof *usable);
    usable[0] = true;
    if (!question->holidays)
        return;
    for (size_t i = 0; i < question->baseline->num; i++) {
        size_t  row = question->baseline->row[i], year = years_before(question, row);
        uint8_t label = place_of_row(question, row).level;
        if (years[label] == 0 || last[label] != year)
            years[label]++;
        last[label] = year;
    }
    for (size_t i = 0; i < TOCI_FACTOR_LEVELS; i++) {
        size_t label = (place_of_row(question, question->k).level + i) % TOCI_FACTOR_LEVELS;
        if (label != 0 && years[label] >= TOCI_HOLIDAY_YEARS && room > 0) {
            usable[label] = true;
            room--;
        }
    }
}

/* Copy the rows with usable labels. */
static void copy_rows(struct toci_factors_room *room, const struct toci_factors_question *question,
                      const bool usable[TOCI_FACTOR_LEVELS], struct toci_factors_answer *answer)
{
    const struct toci_baseline *baseline = question->baseline;
    size_t                      n = 0;

    for (size_t i = 0; i < baseline->num; i++) {
        size_t       row = baseline->row[i];
        struct place place = place_of_row(question, row);
        if (!usable[place.level])
            continue;
        room->observed[n] = question->values->count[row];
        room->offset[n] = question->values->log_population[row];
        room->time[n] = baseline->time[i];
        room->level[SEASON][n] = (uint8_t) baseline->season[i];
        room->level[WEEKDAY][n] = weekday_of_row(question, row);
        room->level[HOLIDAY][n] = place.level;
        room->other[n] = place.other;
        room->share[n] = place.share;
        answer->cases += room->observed[n];
        answer->highest = fmax(answer->highest, room->observed[n]);
        n++;
    }
    room->num = answer->rows = n;
}

struct level_sums {
    double rows, cases, exposure;
};

static struct level_sums sum_level(const struct toci_factors_room *room, const struct toci_factors_question *question,
                                   size_t which, uint8_t level)
{
    struct level_sums sums = { 0 };
    for (size_t i = 0; i < room->num; i++) {
        if (room->level[which][i] != level)
            continue;
        sums.rows += 1.0;
        sums.cases += room->observed[i];
        sums.exposure += exp(room->offset[i] - question->values->log_population[question->k]);
    }
    return sums;
}

static void find_levels_now(struct toci_factors_room *room, const struct toci_factors_question *question)
{
    struct place place = place_of_row(question, question->k);
    room->now = (struct toci_factor_point){
        .time = question->baseline->time_now,
        .offset = question->values->log_population[question->k],
        .level = { (uint8_t) (question->periods - 1), weekday_of_row(question, question->k), place.level },
        .other = place.other,
        .share = place.share,
    };
}

void toci_factors_load(struct toci_factors_room *room, const struct toci_factors_question *question,
                       struct toci_factors_answer *answer)
{
    bool usable[TOCI_FACTOR_LEVELS];

    *answer = (struct toci_factors_answer){ .slope = NAN };
    find_levels_now(room, question);
    choose_labels(question, usable);
    if (!usable[room->now.level[HOLIDAY]]) {
        answer->reason = TOC_REASON_HOLIDAY;
        return;
    }
    copy_rows(room, question, usable, answer);
    for (size_t which = 0; which < TOCI_FACTORS; which++) {
        struct level_sums sums = sum_level(room, question, which, room->now.level[which]);
        if (sums.rows == 0)
            answer->reason = TOC_REASON_BASELINE_MISSING;
        if (sums.cases == 0 && sums.exposure > answer->exposure)
            answer->exposure = sums.exposure;
    }
}

/* Leave out rows of levels without a case, whose effect would be minus infinity, until there are none. */
static void drop_levels_without_cases(struct toci_factors_room *room)
{
    bool dropped = true;
    while (dropped) {
        bool has_cases[TOCI_FACTORS][TOCI_FACTOR_LEVELS] = { 0 };
        for (size_t i = 0; i < room->num; i++)
            for (size_t which = 0; which < TOCI_FACTORS && room->observed[i] > 0; which++)
                has_cases[which][room->level[which][i]] = true;
        size_t kept = 0;
        for (size_t i = 0; i < room->num; i++) {
            bool keep = true;
            for (size_t which = 0; which < TOCI_FACTORS; which++)
                keep &= has_cases[which][room->level[which][i]];
            if (!keep)
                continue;
            room->observed[kept] = room->observed[i];
            room->offset[kept] = room->offset[i];
            room->time[kept] = room->time[i];
            room->share[kept] = room->share[i];
            room->other[kept] = room->other[i];
            for (size_t which = 0; which < TOCI_FACTORS; which++)
                room->level[which][kept] = room->level[which][i];
            kept++;
        }
        dropped = kept < room->num;
        room->num = kept;
    }
}

/* ---- fit, reweight, fit ---- */

/* Prior weights from Anscombe residuals: s_i^-2 where s_i exceeds the limit, else 1, scaled to sum to the rows. */
static void reweight(struct toci_factors_room *room, const struct toci_factor_data *data, double phi, double limit)
{
    double sum = 0.0;
    for (size_t i = 0; i < data->n; i++) {
        double y = data->observed[i], mu = room->fit.mu[i];
        double leverage = toci_factor_leverage(&room->fit, i);
        double residual = 1.5 * (cbrt(y * y) / cbrt(sqrt(mu)) - sqrt(mu));
        residual = leverage < LEVERAGE_OF_ONE_ROW ? residual / sqrt(phi * (1.0 - leverage)) : 0.0;
        room->prior[i] = residual > limit ? 1.0 / (residual * residual) : 1.0;
        sum += room->prior[i];
    }
    for (size_t i = 0; i < data->n; i++)
        room->prior[i] *= (double) data->n / sum;
}

/* False where the model cannot be fitted. */
static bool fit_once(struct toci_factors_room *room, const struct toci_factors_question *question, bool slope)
{
    struct toci_factor_data data = {
        .n = room->num,
        .observed = room->observed,
        .time = slope ? room->time : NULL,
        .offset = room->offset,
        .level = { room->level[SEASON], room->level[WEEKDAY], room->level[HOLIDAY] },
        .other = room->other,
        .share = room->share,
    };
    if (!toci_factor_columns(&room->fit, &data))
        return false;
    toci_factor_solve(&room->fit, &data, NULL);
    if (!room->fit.converged || isnan(room->fit.dispersion))
        return false;
    if (question->reweight) {
        reweight(room, &data, fmax(room->fit.dispersion, 1.0), question->residual_limit);
        toci_factor_solve(&room->fit, &data, room->prior);
    }
    return isfinite(room->fit.dispersion);
}

/* False where the baseline says nothing of the step. */
static bool predict(const struct toci_factors_room *room, struct toci_prediction *prediction)
{
    double variance;
    if (!toci_factor_predict(&room->fit, &room->now, &prediction->log_mean, &variance))
        return false;
    prediction->phi = fmax(room->fit.dispersion, 1.0);
    prediction->log_mean_se = sqrt(prediction->phi * variance);
    prediction->mean = exp(prediction->log_mean);
    return true;
}

/* Overdispersion of the rows with a label, whose weeks differ more from year to year than others do: the festival may
 * take four or seven days of its week. Not weighted: an unusual year is just what this is about. */
static double holiday_phi(const struct toci_factors_room *room)
{
    bool   seen[TOCI_FACTOR_LEVELS] = { false };
    double sum = 0.0, freedom = 0.0;
    for (size_t i = 0; i < room->num; i++) {
        uint8_t label = room->level[HOLIDAY][i];
        if (label == 0)
            continue;
        double mu = room->fit.mu[i], distance = room->observed[i] - mu;
        sum += distance * distance / mu;
        freedom += seen[label] ? 1.0 : 0.0; /* a row of each label goes into its level */
        seen[label] = true;
    }
    return freedom > 0 ? sum / freedom : 1.0;
}

/* The slope stays if it is significant and does not carry the expectation beyond anything seen in the baseline. */
static bool slope_stays(const struct toci_factors_room *room, const struct toci_factors_question *question,
                        const struct toci_factors_answer *answer)
{
    double variance, slope = toci_factor_slope(&room->fit, &variance);
    if (!(answer->prediction.mean <= answer->highest) || isnan(slope))
        return false;
    if (question->trend_p_limit >= 1.0)
        return true;
    double t = slope / sqrt(answer->prediction.phi * variance);
    double freedom = (double) room->num - (double) room->fit.rank;
    return 2.0 * pt(-fabs(t), freedom, 1, 0) < question->trend_p_limit;
}

void toci_factors_predict(struct toci_factors_room *room, const struct toci_factors_question *question,
                          struct toci_factors_answer *answer)
{
    drop_levels_without_cases(room);
    answer->rows = room->num;
    bool known = question->slope && fit_once(room, question, true) && predict(room, &answer->prediction) &&
                 slope_stays(room, question, answer);
    if (!known)
        known = fit_once(room, question, false) && predict(room, &answer->prediction);
    if (!known) {
        answer->reason = TOC_REASON_FIT_FAILED;
        return;
    }
    double variance;
    answer->slope = toci_factor_slope(&room->fit, &variance);
    if (room->now.level[HOLIDAY] != 0) {
        double phi = fmax(answer->prediction.phi, holiday_phi(room));
        answer->prediction.log_mean_se *= sqrt(phi / answer->prediction.phi);
        answer->prediction.phi = phi;
    }
}
