/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/account_throttle.h: how fast somebody may guess, without anybody being able to lock a colleague out.
 *
 * A try is counted before it is made and forgiven when it succeeds, so that many at once are many. After the free ones
 * of a subject each further one must wait, twice as long as the one before, up to a bound; a count falls by one every
 * THROTTLE_FORGET. Three kinds of subject: the login, the address (of IPv6 its /64), and a device that has signed in
 * before. Whoever comes with a known device waits for nothing but that device's own failures: a stranger's guesses at a
 * login never hinder it. An unknown device waits for login and address; the bound on a login is short.
 *
 * Counts lie in memory, in tables of fixed size by a keyed hash of the subject; two that meet share a count. They do
 * not outlive the process. Time is an argument. Callers lock.
 */
#ifndef RESPONSE_ACCOUNT_THROTTLE_H
#define RESPONSE_ACCOUNT_THROTTLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"

enum throttle_kind { THROTTLE_LOGIN, THROTTLE_ADDRESS, THROTTLE_DEVICE, THROTTLE_NUM_KINDS };

#define THROTTLE_FREE_LOGIN 5
#define THROTTLE_FREE_ADDRESS 20 /* an office has one address */
#define THROTTLE_FREE_DEVICE 5
#define THROTTLE_MOST_LOGIN (60 * INSTANT_SECOND)
#define THROTTLE_MOST_ADDRESS (300 * INSTANT_SECOND)
#define THROTTLE_MOST_DEVICE (900 * INSTANT_SECOND)
#define THROTTLE_FORGET (600 * INSTANT_SECOND)
#define THROTTLE_SLOTS 16384 /* of each kind */

struct throttle_slot {
    int64_t  last; /* when the last try was counted */
    uint32_t tries;
};

struct throttle {
    uint8_t              key[16]; /* random: nobody can look for logins that share a slot */
    struct throttle_slot slots[THROTTLE_NUM_KINDS][THROTTLE_SLOTS];
};

/* Who tries. */
struct throttle_who {
    const void *login; /* as typed, or an id; NULL = none is said */
    size_t      login_size;
    const char *address;     /* "192.0.2.7", "2001:db8::1", "unix"; NULL = none */
    const void *device;      /* hash of a known device's secret; NULL = unknown */
    size_t      device_size; /* of it */
};

/* Count a try. Returns 0, or how long they must wait in microseconds; then nothing is counted. */
int64_t throttle_try(struct throttle *throttle, const struct throttle_who *who, int64_t now);

/* The try succeeded: it is not counted, and the login (or the device) begins anew. What was counted for the address
 * stays, else one good account would clear the way for guesses at others. */
void throttle_forgive(struct throttle *throttle, const struct throttle_who *who);

#endif
