/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/pause.h"

#include <stddef.h>

void pause_init(pthread_cond_t *changed)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

struct timespec pause_end(double seconds)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    time_t whole = (time_t) seconds;
    now.tv_sec += whole;
    now.tv_nsec += (long) ((seconds - (double) whole) * 1e9);
    now.tv_sec += now.tv_nsec / 1000000000L;
    now.tv_nsec %= 1000000000L;
    return now;
}

bool pause_for(pthread_mutex_t *lock, pthread_cond_t *changed, const bool *closing, bool *woken, bool *was_woken,
               double seconds)
{
    struct timespec until = pause_end(seconds);
    pthread_mutex_lock(lock);
    while (!*closing && (woken == NULL || !*woken) && pthread_cond_timedwait(changed, lock, &until) == 0)
        ;
    if (was_woken != NULL)
        *was_woken = woken != NULL && *woken;
    if (woken != NULL)
        *woken = false;
    bool goes_on = !*closing;
    pthread_mutex_unlock(lock);
    return goes_on;
}
