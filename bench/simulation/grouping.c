/* SPDX-License-Identifier: GPL-3.0-or-later */
/* grouping FOLDER: influenza in 140 districts of southern Germany, 416 weeks, replayed week by week: how many signals
 * toc_grouping_step makes of the alarms, and whether outbreaks that are put into the waves stand beside them.
 *
 * FOLDER has counts_flu_BYBW.txt and neighbourhood_BYBW.txt of R's package surveillance (docs/examples/real_counts.sh).
 * docs/methods/grouping.md quotes what it prints and says what each row means.
 */
#include "tocsin/grouping.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outbreak.h"
#include "study.h"
#include "tocsin/ears.h"
#include "tocsin/farrington.h"

enum {
    AREAS = 140,
    YEARS = 8,
    WEEKS_OF_YEAR = 52,
    GAP = 2,
    AFTER = 6,
    DRAWS = 200,
    HISTORY_YEARS = 5,
    PLACES = 10,
    MORE_PLACES = 200
};
enum { WEEKS = YEARS * WEEKS_OF_YEAR + 1 }; /* week 53 of 2004, which the counts leave out, is missing */

static struct {
    double                  counts[AREAS][WEEKS];
    toc_date                dates[WEEKS];
    size_t                  first_neighbour[AREAS + 1];
    uint32_t                neighbours[AREAS * AREAS];
    struct toc_grouping_map map;
} data;

/* What the detectors and the grouping said, week by week. */
struct replay {
    bool                       alarm[AREAS][WEEKS];
    double                     score[AREAS][WEEKS];
    struct toc_grouping_place  place[AREAS][WEEKS];
    struct toc_grouping_signal raised[WEEKS][AREAS];
    size_t                     num_raised[WEEKS];
    int64_t                    next[WEEKS + 1]; /* number of the next new signal at the beginning of the week */
};

/* ---- the data ---- */

static FILE *open_in(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "grouping: no file %s\n", path);
        exit(2);
    }
    return file;
}

static void read_word(FILE *file, char word[64])
{
    if (fscanf(file, "%63s", word) != 1) {
        fprintf(stderr, "grouping: a file ends too early\n");
        exit(2);
    }
}

static void read_data(const char *folder)
{
    char  word[64], codes[AREAS][64];
    FILE *file = open_in(folder, "counts_flu_BYBW.txt");
    for (size_t a = 0; a < AREAS; a++)
        read_word(file, codes[a]);
    for (size_t w = 0, row = 0; w < WEEKS; w++) {
        bool absent = w == 4 * WEEKS_OF_YEAR;
        if (!absent)
            read_word(file, word);
        for (size_t a = 0; a < AREAS; a++) {
            data.counts[a][w] = NAN;
            if (absent)
                continue;
            read_word(file, word);
            data.counts[a][w] = strtod(word, NULL);
        }
        data.dates[w] = absent ? toc_date_from_iso_week((struct toc_iso_week){ 2004, 53 })
                               : toc_date_from_iso_week((struct toc_iso_week){ 2001 + (int) (row / WEEKS_OF_YEAR),
                                                                               1 + (int) (row % WEEKS_OF_YEAR) });
        row += !absent;
    }
    fclose(file);
    file = open_in(folder, "neighbourhood_BYBW.txt");
    for (size_t a = 0; a < AREAS; a++) {
        read_word(file, word);
        if (strcmp(word, codes[a]) != 0) {
            fprintf(stderr, "grouping: the districts of the two files are not in one order\n");
            exit(2);
        }
    }
    size_t num = 0;
    for (size_t a = 0; a < AREAS; a++) {
        data.first_neighbour[a] = num;
        read_word(file, word);
        for (size_t b = 0; b < AREAS; b++) {
            read_word(file, word);
            if (strcmp(word, "1") == 0 && a != b)
                data.neighbours[num++] = (uint32_t) b;
        }
    }
    fclose(file);
    data.first_neighbour[AREAS] = num;
    data.map = (struct toc_grouping_map){ AREAS, data.first_neighbour, data.neighbours, NULL };
}

/* ---- detection: the default of `tocsin detect`, or EARS throughout ---- */

static void judge_week(const double *counts, size_t week, bool ears, bool *alarm, double *score)
{
    struct toc_series    series = { .observed = counts, .date = data.dates, .n = week + 1, .steps_per_year = 52 };
    struct toc_judgement judgement;
    struct toc_farrington_flexible_options flexible = TOC_FARRINGTON_FLEXIBLE_OPTIONS_INIT;
    struct toc_ears_options                c2 = TOC_EARS_C2_OPTIONS_INIT;
    int                                    ret = ears || week <= HISTORY_YEARS * 53
                                                     ? toc_ears_judge(&series, week, 1, &c2, &judgement, NULL)
                                                     : toc_farrington_flexible_judge(&series, week, 1, &flexible, &sim_allocator, &judgement, NULL, NULL);
    *alarm = ret == 0 && judgement.alarm == TOC_ALARM_YES;
    *score = *alarm ? judgement.score : NAN;
}

/* The spread of counts of this week where nothing is unusual: of the detector's own fit. NaN: it has none. */
static double usual_sd(const double *counts, size_t week)
{
    struct toc_series series = { .observed = counts, .date = data.dates, .n = week + 1, .steps_per_year = 52 };
    struct toc_farrington_flexible_options options = TOC_FARRINGTON_FLEXIBLE_OPTIONS_INIT;
    struct toc_farrington_detail           detail;
    struct toc_judgement                   judgement;
    options.min_cases = 0;
    if (toc_farrington_flexible_judge(&series, week, 1, &options, &sim_allocator, &judgement, &detail, NULL) != 0)
        return NAN;
    return sqrt(detail.phi * detail.expected);
}

/* ---- grouping ---- */

static double usual_count(const double *counts, size_t week)
{
    double sum = 0;
    size_t num = 0;
    for (size_t w = week > HISTORY_YEARS * 52 ? week - HISTORY_YEARS * 52 : 0; w < week; w++)
        if (!isnan(counts[w])) {
            sum += counts[w];
            num++;
        }
    return num > 0 ? (sum + 0.5) / (double) num : NAN;
}

static int64_t open_signal(const struct replay *replay, size_t area, size_t week)
{
    for (size_t back = 1; back <= GAP && back <= week; back++)
        if (replay->place[area][week - back].signal != 0)
            return replay->place[area][week - back].signal;
    return 0;
}

static void group_week(double counts[AREAS][WEEKS], struct replay *replay, size_t week)
{
    struct toc_grouping_options options = TOC_GROUPING_OPTIONS_INIT;
    struct toc_grouping_series  series[AREAS];
    struct toc_grouping_place   places[AREAS];
    struct toc_error            error;
    for (size_t a = 0; a < AREAS; a++)
        series[a] = (struct toc_grouping_series){
            .area = (uint32_t) a,
            .alarm = replay->alarm[a][week],
            .observed = counts[a][week],
            .before = { week > 0 ? counts[a][week - 1] : NAN, week > 1 ? counts[a][week - 2] : NAN },
            .usual = usual_count(counts[a], week),
            .score = replay->score[a][week],
            .signal = open_signal(replay, a, week),
        };
    if (toc_grouping_step(&data.map, series, AREAS, replay->next[week], &options, &sim_allocator, places,
                          replay->raised[week], &replay->num_raised[week], &error) != 0) {
        fprintf(stderr, "grouping: %s: %s\n", error.what, error.allowed);
        exit(2);
    }
    for (size_t a = 0; a < AREAS; a++)
        replay->place[a][week] = places[a];
    replay->next[week + 1] = replay->next[week] + (int64_t) replay->num_raised[week];
}

static void replay_all(struct replay *replay, bool ears)
{
    replay->next[0] = 1;
    for (size_t w = 0; w < WEEKS; w++) {
        for (size_t a = 0; a < AREAS; a++)
            judge_week(data.counts[a], w, ears, &replay->alarm[a][w], &replay->score[a][w]);
        group_week(data.counts, replay, w);
    }
}

/* ---- what it came to ---- */

static int by_size(const void *x, const void *y)
{
    size_t a = *(const size_t *) x, b = *(const size_t *) y;
    return (a > b) - (a < b);
}

static void tell_of_replay(const struct replay *replay, const char *name)
{
    size_t sizes[WEEKS], alarming[WEEKS], most = 0, peak = 0, lost = 0, all = 0, beyond = 0, waves = 0;
    for (size_t w = 0; w < WEEKS; w++) {
        alarming[w] = 0;
        for (size_t a = 0; a < AREAS; a++) {
            alarming[w] += replay->alarm[a][w];
            lost += replay->alarm[a][w] != (replay->place[a][w].signal != 0);
        }
        sizes[w] = replay->num_raised[w];
        all += sizes[w];
        most = sizes[w] > most ? sizes[w] : most;
        peak = alarming[w] > alarming[peak] ? w : peak;
        for (size_t k = 0; k < replay->num_raised[w]; k++) {
            beyond += replay->raised[w][k].kind == TOC_GROUPING_BEYOND_WAVE;
            waves += replay->raised[w][k].kind == TOC_GROUPING_WAVE;
        }
    }
    printf("%s: %zu signals, of them %zu waves and %zu beyond one; %zu districts alarm in the peak week, with %zu new "
           "signals\n",
           name, all, waves, beyond, alarming[peak], sizes[peak]);
    qsort(sizes, WEEKS, sizeof *sizes, by_size);
    char measure[200], measured[200];
    snprintf(measure, sizeof measure, "influenza replayed, %s: new signals a week, median and maximum", name);
    snprintf(measured, sizeof measured, "%zu, %zu", sizes[WEEKS / 2], most);
    sim_row(measure, "<= 12", measured, most <= 12);
    snprintf(measure, sizeof measure, "influenza replayed, %s: alarming districts not in exactly one signal", name);
    snprintf(measured, sizeof measured, "%zu", lost);
    sim_row(measure, "0", measured, lost == 0);
}

/* ---- outbreaks put into waves ---- */

static size_t size_of_signal(const struct replay *replay, size_t week, int64_t signal)
{
    size_t num = 0;
    for (size_t a = 0; a < AREAS; a++)
        num += replay->place[a][week].signal == signal;
    return num;
}

/* In a signal that is not the wave's. */
static bool in_own_line(const struct replay *replay, size_t area, size_t week)
{
    int64_t signal = replay->place[area][week].signal;
    return signal != 0 && size_of_signal(replay, week, signal) < 6;
}

static size_t num_alarms(const struct replay *replay, size_t week)
{
    size_t num = 0;
    for (size_t a = 0; a < AREAS; a++)
        num += replay->alarm[a][week];
    return num;
}

static void replay_from(const struct replay *before, double counts[AREAS][WEEKS], const bool *changed, size_t start,
                        bool ears, struct replay *replay)
{
    memcpy(replay, before, sizeof *replay);
    for (size_t w = start; w < start + AFTER; w++) {
        for (size_t a = 0; a < AREAS; a++)
            if (changed[a])
                judge_week(counts[a], w, ears, &replay->alarm[a][w], &replay->score[a][w]);
        group_week(counts, replay, w);
    }
}

struct found {
    double draws, ungrouped, grouped, ungrouped_weeks, grouped_weeks, both, missed;
};

/* By what the outbreak changed: an alarm, or a line of its own, that is not there without it. */
static void compare(const struct replay *without, const struct replay *with, size_t area, size_t start,
                    struct found *found)
{
    int first_alarm = -1, first_line = -1;
    for (int i = 0; i < AFTER; i++) {
        size_t w = start + (size_t) i;
        if (first_alarm < 0 && with->alarm[area][w] && !without->alarm[area][w])
            first_alarm = i;
        if (first_line < 0 && in_own_line(with, area, w) && !in_own_line(without, area, w))
            first_line = i;
    }
    found->draws++;
    found->ungrouped += first_alarm >= 0;
    found->grouped += first_line >= 0;
    found->missed += first_alarm >= 0 && first_line < 0;
    if (first_alarm >= 0 && first_line >= 0) {
        found->both++;
        found->ungrouped_weeks += first_alarm;
        found->grouped_weeks += first_line;
    }
}

static void inject(const struct replay *without, struct replay *with, double k, bool ears)
{
    static double     counts[AREAS][WEEKS];
    struct sim_random random = { .seed = 6, .scenario = (uint64_t) k };
    struct found      found = { 0 };
    while (found.draws < DRAWS) {
        size_t area = sim_between(&random, 0, AREAS - 1),
               start = sim_between(&random, HISTORY_YEARS * 53 + 1, WEEKS - AFTER - 1);
        bool   changed[AREAS] = { false };
        double sd = usual_sd(data.counts[area], start);
        if (num_alarms(without, start) < 10 || !(sd > 0))
            continue;
        memcpy(counts, data.counts, sizeof counts);
        sim_outbreak(&random, k, sd, start, 1, 1, counts[area], NULL, WEEKS);
        changed[area] = true;
        replay_from(without, counts, changed, start, ears, with);
        compare(without, with, area, start, &found);
    }
    char measure[200], measured[200];
    snprintf(measure, sizeof measure,
             "outbreaks of %.0f sd put into one district in a wave: shown as own line (alarm of the district alone)",
             k);
    snprintf(measured, sizeof measured, "%.1f %% (%.1f %%)", 100 * found.grouped / found.draws,
             100 * found.ungrouped / found.draws);
    /* Draws in which one of the two found it and the other did not decide; they are as likely as not either way. */
    double lost = found.missed, gained = found.grouped - found.both;
    sim_row(measure, "the same, within 2 errors of chance", measured, lost - gained <= 2 * sqrt(lost + gained));
    snprintf(measure, sizeof measure, "outbreaks of %.0f sd, both found: weeks until the own line (the alarm)", k);
    snprintf(measured, sizeof measured, "%.2f (%.2f); %.0f alarms without a line", found.grouped_weeks / found.both,
             found.ungrouped_weeks / found.both, found.missed);
    sim_row(measure, "not later", measured, found.grouped_weeks <= found.ungrouped_weeks);
}

/* ---- outbreaks of several districts, two at a time ---- */

/* A district and up to three of its neighbours. */
static void choose_place(struct sim_random *random, bool *place)
{
    size_t centre = sim_between(random, 0, AREAS - 1);
    place[centre] = true;
    for (size_t k = data.first_neighbour[centre];
         k < data.first_neighbour[centre + 1] && k < data.first_neighbour[centre] + 3; k++)
        place[data.neighbours[k]] = true;
}

/* Two places that neither share nor border on a district. */
static void choose_places(struct sim_random *random, bool places[2][AREAS])
{
    for (bool apart = false; !apart;) {
        memset(places, 0, 2 * sizeof *places);
        choose_place(random, places[0]);
        choose_place(random, places[1]);
        apart = true;
        for (size_t a = 0; a < AREAS; a++) {
            apart = apart && !(places[0][a] && places[1][a]);
            for (size_t k = data.first_neighbour[a]; k < data.first_neighbour[a + 1]; k++)
                apart = apart && !(places[0][a] && places[1][data.neighbours[k]]);
        }
    }
}

struct planted {
    int64_t signal; /* 0 = none within a week of the first alarm */
    double  overlap;
    int     first_alarm; /* weeks after the start; < 0 = none that would not be there without the outbreak */
};

/* The districts of a signal in weeks from … to, held against those planted districts that alarm in these weeks and
 * would not without the outbreak, or are in the signal. */
static double overlap_of(const struct replay *without, const struct replay *with, const bool *place, size_t from,
                         size_t to, int64_t signal)
{
    size_t both = 0, either = 0;
    for (size_t a = 0; a < AREAS; a++) {
        bool member = false, alarms = false;
        for (size_t w = from; w <= to; w++) {
            member = member || with->place[a][w].signal == signal;
            alarms = alarms || (place[a] && with->alarm[a][w] && !without->alarm[a][w]);
        }
        both += member && place[a];
        either += member || alarms;
    }
    return either > 0 ? (double) both / (double) either : 0;
}

static struct planted judge_place(const struct replay *without, const struct replay *with, const bool *place,
                                  size_t start)
{
    struct planted found = { 0, 0, -1 };
    for (size_t w = start; found.first_alarm < 0 && w < start + AFTER - 1; w++)
        for (size_t a = 0; a < AREAS; a++)
            if (place[a] && with->alarm[a][w] && !without->alarm[a][w])
                found.first_alarm = (int) (w - start);
    if (found.first_alarm < 0)
        return found;
    size_t to = start + (size_t) found.first_alarm + 1;
    for (size_t a = 0; a < AREAS; a++)
        for (size_t w = start; place[a] && w <= to; w++) {
            int64_t signal = with->place[a][w].signal;
            double  overlap = signal != 0 ? overlap_of(without, with, place, start, to, signal) : 0;
            if (overlap > found.overlap) {
                found.overlap = overlap;
                found.signal = signal;
            }
        }
    return found;
}

static void plant(const struct replay *without, struct replay *with, bool in_wave, size_t places_wanted)
{
    static double     counts[AREAS][WEEKS];
    struct sim_random random = { .seed = 7, .scenario = in_wave };
    double            worst = 1, sum = 0;
    size_t            num = 0, good = 0;
    while (num < places_wanted) {
        bool   places[2][AREAS], changed[AREAS];
        size_t start = sim_between(&random, HISTORY_YEARS * 53 + 1, WEEKS - AFTER - 1);
        if ((num_alarms(without, start) >= 10) != in_wave)
            continue;
        choose_places(&random, places);
        memcpy(counts, data.counts, sizeof counts);
        for (size_t a = 0; a < AREAS; a++) {
            double sd = usual_sd(data.counts[a], start);
            changed[a] = (places[0][a] || places[1][a]) && sd > 0;
            if (changed[a])
                sim_outbreak(&random, 10, sd, start, 1, 6, counts[a], NULL, WEEKS);
        }
        replay_from(without, counts, changed, start, false, with);
        struct planted found[2] = { judge_place(without, with, places[0], start),
                                    judge_place(without, with, places[1], start) };
        if (found[0].first_alarm < 0 || found[1].first_alarm < 0)
            continue;
        for (size_t i = 0; i < 2; i++, num++) {
            good += found[i].overlap >= 0.5 && found[0].signal != found[1].signal;
            worst = fmin(worst, found[i].overlap);
            sum += found[i].overlap;
        }
    }
    char        measured[200];
    const char *where = in_wave ? "in a wave" : "outside waves";
    snprintf(measured, sizeof measured, "%zu of %zu; overlap on average %.2f, at worst %.2f", good, num,
             sum / (double) num, worst);
    if (places_wanted != PLACES) {
        printf("outbreaks planted %s, two at a time: own signal in time, area overlap >= 0.5: %s\n", where, measured);
        return;
    }
    char measure[200];
    snprintf(measure, sizeof measure,
             "outbreaks planted in 10 places %s, two at a time: own signal in time, area overlap >= 0.5", where);
    sim_row(measure, "10 of 10", measured, good == PLACES);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: grouping FOLDER\n");
        return 2;
    }
    read_data(argv[1]);
    struct replay *replay = sim_memory(1, sizeof *replay), *with = sim_memory(1, sizeof *with);
    replay_all(replay, true);
    tell_of_replay(replay, "EARS C2 throughout");
    memset(replay, 0, sizeof *replay);
    replay_all(replay, false);
    tell_of_replay(replay, "default method");
    for (size_t i = 0; i < 3; i++)
        inject(replay, with, (double[]){ 3, 5, 10 }[i], false);
    for (size_t i = 0; i < 4; i++)
        plant(replay, with, i % 2 == 0, i < 2 ? PLACES : MORE_PLACES);
    free(replay);
    free(with);
    return 0;
}
