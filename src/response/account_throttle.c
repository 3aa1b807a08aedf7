/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/account_throttle.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <stdbool.h>
#include <string.h>

static const struct {
    uint32_t free;
    int64_t  most;
} limits[THROTTLE_NUM_KINDS] = {
    [THROTTLE_LOGIN] = { THROTTLE_FREE_LOGIN, THROTTLE_MOST_LOGIN },
    [THROTTLE_ADDRESS] = { THROTTLE_FREE_ADDRESS, THROTTLE_MOST_ADDRESS },
    [THROTTLE_DEVICE] = { THROTTLE_FREE_DEVICE, THROTTLE_MOST_DEVICE },
};

enum { MOST_TRIES = 64, NETWORK_BYTES = 8 };

static struct throttle_slot *slot_of(struct throttle *throttle, enum throttle_kind kind, const void *subject,
                                     size_t size)
{
    uint64_t hash;
    crypto_shorthash((uint8_t *) &hash, subject, size, throttle->key);
    return &throttle->slots[kind][hash % THROTTLE_SLOTS];
}

/* The address as it counts: of IPv6 the network, which is what one customer has. */
static struct throttle_slot *address_slot(struct throttle *throttle, const char *address)
{
    uint8_t bytes[16];
    if (inet_pton(AF_INET6, address, bytes) == 1 && !IN6_IS_ADDR_V4MAPPED((const struct in6_addr *) bytes))
        return slot_of(throttle, THROTTLE_ADDRESS, bytes, NETWORK_BYTES);
    return slot_of(throttle, THROTTLE_ADDRESS, address, strlen(address));
}

static size_t slots_of(struct throttle *throttle, const struct throttle_who *who,
                       struct throttle_slot *slots[THROTTLE_NUM_KINDS], enum throttle_kind kinds[THROTTLE_NUM_KINDS])
{
    size_t num = 0;
    if (who->device != NULL) {
        kinds[num] = THROTTLE_DEVICE;
        slots[num++] = slot_of(throttle, THROTTLE_DEVICE, who->device, who->device_size);
        return num;
    }
    if (who->login != NULL) {
        kinds[num] = THROTTLE_LOGIN;
        slots[num++] = slot_of(throttle, THROTTLE_LOGIN, who->login, who->login_size);
    }
    if (who->address != NULL) {
        kinds[num] = THROTTLE_ADDRESS;
        slots[num++] = address_slot(throttle, who->address);
    }
    return num;
}

/* What is left of a count by now. */
static uint32_t tries_left(const struct throttle_slot *slot, int64_t now)
{
    int64_t forgotten = now > slot->last ? (now - slot->last) / THROTTLE_FORGET : 0;
    return forgotten >= (int64_t) slot->tries ? 0 : slot->tries - (uint32_t) forgotten;
}

static int64_t wait_of(const struct throttle_slot *slot, enum throttle_kind kind, int64_t now)
{
    uint32_t tries = tries_left(slot, now);
    if (tries < limits[kind].free)
        return 0;
    uint32_t doublings = tries - limits[kind].free;
    int64_t  wait = limits[kind].most;
    if (doublings < 20 && (INSTANT_SECOND << doublings) < wait)
        wait = INSTANT_SECOND << doublings;
    int64_t until = slot->last + wait;
    return until > now ? until - now : 0;
}

int64_t throttle_try(struct throttle *throttle, const struct throttle_who *who, int64_t now)
{
    struct throttle_slot *slots[THROTTLE_NUM_KINDS];
    enum throttle_kind    kinds[THROTTLE_NUM_KINDS];
    size_t                num = slots_of(throttle, who, slots, kinds);
    int64_t               longest = 0;
    for (size_t i = 0; i < num; i++) {
        int64_t wait = wait_of(slots[i], kinds[i], now);
        longest = wait > longest ? wait : longest;
    }
    for (size_t i = 0; i < num && longest == 0; i++) {
        uint32_t tries = tries_left(slots[i], now);
        slots[i]->tries = tries < MOST_TRIES ? tries + 1 : tries;
        slots[i]->last = now;
    }
    return longest;
}

void throttle_forgive(struct throttle *throttle, const struct throttle_who *who)
{
    struct throttle_slot *slots[THROTTLE_NUM_KINDS];
    enum throttle_kind    kinds[THROTTLE_NUM_KINDS];
    size_t                num = slots_of(throttle, who, slots, kinds);
    for (size_t i = 0; i < num; i++) {
        if (kinds[i] != THROTTLE_ADDRESS)
            slots[i]->tries = 0;
        else if (slots[i]->tries > 0)
            slots[i]->tries--;
    }
}
