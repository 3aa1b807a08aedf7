/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/pause.h: a thread rests until something is due, it is woken, or it is to end, by a clock that is never
 * set. */
#ifndef SERVER_PAUSE_H
#define SERVER_PAUSE_H

#include <pthread.h>
#include <stdbool.h>
#include <time.h>

/* A condition that is waited for by that clock. */
void pause_init(pthread_cond_t *changed);

/* So many seconds from now on, for pthread_cond_timedwait. */
struct timespec pause_end(double seconds);

/* Rest for so many seconds, or until *closing or (where not NULL) *woken is set, both guarded by the lock and told by
 * the condition; *woken is taken back. was_woken may be NULL. Returns whether the thread goes on. */
bool pause_for(pthread_mutex_t *lock, pthread_cond_t *changed, const bool *closing, bool *woken, bool *was_woken,
               double seconds);

#endif
