/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/simulation_random.h: chance without state: what is drawn depends on seed, agent, day and purpose alone.
 *
 * Draws are Philox 4x32-10 (Salmon et al. 2011, doi:10.1145/2063384.2063405). Pairings of the day are keyed bijections:
 * an additive Feistel network on Z_a x Z_b with a hash as round function, its keys drawn by Philox.
 */
#ifndef LIB_SIMULATION_RANDOM_H
#define LIB_SIMULATION_RANDOM_H

#include <math.h>
#include <stdint.h>

#include <Random123/philox.h>

/* What is drawn; part of the counter, so that no two purposes share a number. */
enum toci_purpose {
    TOCI_DRAW_HOUSEHOLD,
    TOCI_DRAW_CALIBRATION,
    TOCI_DRAW_AGENT,
    TOCI_DRAW_RING,
    TOCI_DRAW_REWIRED,
    TOCI_DRAW_MET,
    TOCI_DRAW_PAIRING,
    TOCI_DRAW_SEED,
    TOCI_DRAW_IMPORT,
    TOCI_DRAW_INFECTION,
    TOCI_DRAW_POISSON,
    TOCI_DRAW_HIT,
    TOCI_DRAW_COURSE,
    TOCI_DRAW_TIE,
    TOCI_DRAW_DUE,
    TOCI_DRAW_CONTACT,
    TOCI_DRAW_TRAVEL,
    TOCI_DRAW_IMMUNITY,
    TOCI_DRAW_SYMPTOMS,
    TOCI_DRAW_OTHER_SYMPTOMS,
    TOCI_DRAW_STAY,
    TOCI_DRAW_TEST,
    TOCI_DRAW_LOT,
    TOCI_DRAW_SEEN,
    TOCI_DRAW_COMPLY,
    TOCI_DRAW_SCREENING,
    TOCI_DRAW_VACCINE,
    TOCI_DRAW_JOURNEY,
    TOCI_DRAW_VISITOR,
    TOCI_DRAW_CONTACT_TEST,
    TOCI_DRAW_SHELTER,
    TOCI_DRAW_RIDER,
    TOCI_DRAW_RIDE,
    TOCI_DRAW_RIDE_MET,
    TOCI_DRAW_TUBE
};

struct toci_draw {
    uint32_t v[4];
};

static inline struct toci_draw toci_draw(uint64_t seed, enum toci_purpose purpose, uint32_t a, uint32_t b, uint32_t c)
{
    philox4x32_ctr_t counter = { { a, b, c, (uint32_t) purpose } };
    philox4x32_key_t key = { { (uint32_t) seed, (uint32_t) (seed >> 32) } };
    philox4x32_ctr_t out = philox4x32(counter, key);
    return (struct toci_draw){ { out.v[0], out.v[1], out.v[2], out.v[3] } };
}

/* 0 < u < 1. */
static inline double toci_unit(uint32_t x)
{
    return ((double) x + 0.5) * 0x1p-32;
}

/* 0 … n - 1. */
static inline uint32_t toci_below(uint32_t x, uint32_t n)
{
    return (uint32_t) (((uint64_t) x * n) >> 32);
}

/* A probability as a bound that a random word stays below: x < toci_chance(p). */
static inline uint64_t toci_chance(double p)
{
    return (uint64_t) (p * 0x1p32 + 0.5);
}

/* A bijection of 0 … size - 1. */
struct toci_shuffle {
    uint32_t a, b, size; /* a * b >= size; points outside are walked on until they are inside */
    uint32_t key[4];
};

static inline struct toci_shuffle toci_shape_of(uint32_t size)
{
    uint32_t a = (uint32_t) sqrt((double) size);
    a = a < 1 ? 1 : a;
    uint32_t b = (size + a - 1) / a;
    return (struct toci_shuffle){ .a = a, .b = b < 1 ? 1 : b, .size = size };
}

/* Two words make the keys of four rounds. */
static inline struct toci_shuffle toci_shuffle_of(uint32_t size, uint32_t a, uint32_t b, uint32_t word, uint32_t other)
{
    return (struct toci_shuffle){
        a, b, size, { word, other, (word ^ 0x9E3779B9u) * 0x85EBCA6Bu, (other ^ 0x7F4A7C15u) * 0xC2B2AE35u }
    };
}

static inline uint32_t toci_round(uint32_t x, uint32_t key, uint32_t size)
{
    uint64_t h = (uint64_t) (x ^ key) * 0x9E3779B97F4A7C15u + key;
    h ^= h >> 32;
    h *= 0xD6E8FEB86659FD93u;
    return (uint32_t) (((h >> 32) * size) >> 32);
}

static inline uint32_t toci_plus(uint32_t x, uint32_t y, uint32_t size)
{
    uint32_t sum = x + y;
    return sum >= size ? sum - size : sum;
}

static inline uint32_t toci_minus(uint32_t x, uint32_t y, uint32_t size)
{
    return x >= y ? x - y : x + size - y;
}

static inline uint32_t toci_shuffled(const struct toci_shuffle *shuffle, uint32_t x)
{
    do {
        uint32_t left = x / shuffle->b, right = x % shuffle->b;
        left = toci_plus(left, toci_round(right, shuffle->key[0], shuffle->a), shuffle->a);
        right = toci_plus(right, toci_round(left, shuffle->key[1], shuffle->b), shuffle->b);
        left = toci_plus(left, toci_round(right, shuffle->key[2], shuffle->a), shuffle->a);
        right = toci_plus(right, toci_round(left, shuffle->key[3], shuffle->b), shuffle->b);
        x = left * shuffle->b + right;
    } while (x >= shuffle->size);
    return x;
}

static inline uint32_t toci_unshuffled(const struct toci_shuffle *shuffle, uint32_t x)
{
    do {
        uint32_t left = x / shuffle->b, right = x % shuffle->b;
        right = toci_minus(right, toci_round(left, shuffle->key[3], shuffle->b), shuffle->b);
        left = toci_minus(left, toci_round(right, shuffle->key[2], shuffle->a), shuffle->a);
        right = toci_minus(right, toci_round(left, shuffle->key[1], shuffle->b), shuffle->b);
        left = toci_minus(left, toci_round(right, shuffle->key[0], shuffle->a), shuffle->a);
        x = left * shuffle->b + right;
    } while (x >= shuffle->size);
    return x;
}

#endif
