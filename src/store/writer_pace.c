/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/writer_pace.h"

/* Bounds of what is learnt, as changes in ALONE; and of what one group teaches: something else may have held it up. */
static const double LEAST_CHANGES = 30, MOST_CHANGES = 8192, MOST_TAUGHT = 3, WEIGHT = 0.2;

static double between(double least, double value, double most)
{
    return value < least ? least : value > most ? most : value;
}

void writer_pace_see(struct writer_pace *pace, double now)
{
    pace->seen = now;
}

bool writer_pace_beside(const struct writer_pace *pace, double now)
{
    return now - pace->seen < WRITER_GOES_ON_SECONDS;
}

bool writer_pace_waits(const struct writer_pace *pace, double now)
{
    return writer_pace_beside(pace, now) && now < pace->bulk_from;
}

static double slice_seconds(const struct writer_pace *pace, double now)
{
    if (writer_pace_beside(pace, now))
        return WRITER_BESIDE_SECONDS;
    if (now - pace->seen < WRITER_ATTENDED_FOR_SECONDS)
        return between(WRITER_ATTENDED_SECONDS, 2 * pace->answer_seconds, WRITER_ALONE_SECONDS);
    return WRITER_ALONE_SECONDS;
}

double writer_pace_changes(const struct writer_pace *pace, double now, bool interactive)
{
    return interactive && now < pace->bulk_from ? 0 : slice_seconds(pace, now) / pace->change_seconds;
}

/* Some of what is new and most of what was there. */
static double mix(double old, double new)
{
    return old + WEIGHT * ((new < MOST_TAUGHT *old ? new : MOST_TAUGHT *old) - old);
}

void writer_pace_learn(struct writer_pace *pace, double began, double now, size_t changes, bool beside)
{
    double seconds = now - began;
    if (changes == 0) {
        pace->answer_seconds = pace->answer_seconds > 0 ? mix(pace->answer_seconds, seconds) : seconds;
        return;
    }
    if (!beside)
        pace->change_seconds =
            between(WRITER_ALONE_SECONDS / MOST_CHANGES, mix(pace->change_seconds, seconds / (double) changes),
                    WRITER_ALONE_SECONDS / LEAST_CHANGES);
    pace->bulk_from = now + WRITER_PAUSES * seconds;
}
