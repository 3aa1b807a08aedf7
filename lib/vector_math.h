/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/vector_math.h: four numbers at a time, and exp, log, cosine and sine of them.
 *
 * Compilers turn a loop over exp() into vector code only under -ffast-math, which also lets them reorder sums. Here the
 * lanes are written out (vector extensions of gcc and clang), each lane does the same operations in the same order on
 * every processor, and nothing is contracted (-ffp-contract=off): the results are the same bit for bit whether the
 * machine has registers for two numbers or for four. Eight lanes were tried: no faster where the registers have room
 * for them, half as fast where they have not.
 *
 * A file that uses these defines a body with TOCI_INLINE and compiles it once per kind of processor with
 * TOCI_DISPATCH. Everything is in this header because a vector passed between functions would have another binary
 * interface on each kind of processor.
 */
#ifndef LIB_VECTOR_MATH_H
#define LIB_VECTOR_MATH_H

#include <math.h>
#include <stdint.h>

enum { TOCI_LANES = 4 };

#define TOCI_INLINE static inline __attribute__((always_inline))

/* Aligned as doubles are, so that any array may be read from any place. */
typedef double   toci_vec __attribute__((vector_size(32), aligned(8)));
typedef uint64_t toci_vec_bits __attribute__((vector_size(32), aligned(8)));
typedef double   toci_vec_pair __attribute__((vector_size(16), aligned(8)));

/* One body for the two kinds of x86-64 processor that matter, with AVX2 and without. The body is `name_body`, an
 * always-inlined function with these parameters; elsewhere there is one kind. __builtin_cpu_supports reads a constant
 * table that the compiler's own start-up code filled (__cpu_model in libgcc). */
#if defined(__x86_64__) && !defined(TOCI_PORTABLE) /* tests compare with the portable kind */
#define TOCI_DISPATCH(name, parameters, arguments)                                                                     \
    __attribute__((target("avx2"))) static void name##_avx2 parameters                                                 \
    {                                                                                                                  \
        name##_body arguments;                                                                                         \
    }                                                                                                                  \
    void name parameters                                                                                               \
    {                                                                                                                  \
        if (__builtin_cpu_supports("avx2"))                                                                            \
            name##_avx2 arguments;                                                                                     \
        else                                                                                                           \
            name##_body arguments;                                                                                     \
    }
#else
#define TOCI_DISPATCH(name, parameters, arguments)                                                                     \
    void name parameters                                                                                               \
    {                                                                                                                  \
        name##_body arguments;                                                                                         \
    }
#endif

TOCI_INLINE toci_vec toci_vec_all(double x)
{
    return (toci_vec){ x, x, x, x };
}

TOCI_INLINE toci_vec toci_vec_load(const double *from)
{
    return *(const toci_vec *) from;
}

TOCI_INLINE void toci_vec_store(double *to, toci_vec x)
{
    *(toci_vec *) to = x;
}

/* In each lane: where the comparison holds (all bits set) x, else y. */
TOCI_INLINE toci_vec toci_vec_choose(toci_vec_bits where, toci_vec x, toci_vec y)
{
    return (toci_vec) (((toci_vec_bits) x & where) | ((toci_vec_bits) y & ~where));
}

TOCI_INLINE toci_vec toci_vec_clamp(toci_vec x, double low, double high)
{
    toci_vec lowest = toci_vec_all(low), highest = toci_vec_all(high);
    x = toci_vec_choose((toci_vec_bits) (x < lowest), lowest, x);
    return toci_vec_choose((toci_vec_bits) (x > highest), highest, x);
}

/* The sum of the lanes, always in the same order. */
TOCI_INLINE double toci_vec_sum(toci_vec x)
{
    toci_vec_pair pair = __builtin_shufflevector(x, x, 0, 1) + __builtin_shufflevector(x, x, 2, 3);
    return pair[0] + pair[1];
}

/* exp(x) for -708 <= x <= 709, to about one unit in the last place.
 *
 * x = k log 2 + r with |r| <= log(2) / 2, exp(x) = 2^k exp(r), and exp(r) is its Taylor series up to r^13 / 13!
 * (the next term is below 5e-18). log 2 is split so that k times its upper part is exact. The series is summed in
 * pairs, which are independent of each other, instead of one long chain. */
TOCI_INLINE toci_vec toci_vec_exp(toci_vec x)
{
    const double shift = 0x1.8p52; /* adding it rounds to a whole number, which then sits in the lowest bits */
    toci_vec     shifted = x * 0x1.71547652b82fep+0 + shift;
    toci_vec     k = shifted - shift;
    toci_vec     r = (x - k * 0x1.62e42fefp-1) - k * 0x1.473de6af278edp-34;
    toci_vec     r2 = r * r, r4 = r2 * r2;

    toci_vec low = (1.0 / 2 + r * (1.0 / 6)) + r2 * (1.0 / 24 + r * (1.0 / 120));
    toci_vec middle = (1.0 / 720 + r * (1.0 / 5040)) + r2 * (1.0 / 40320 + r * (1.0 / 362880));
    toci_vec high = (1.0 / 3628800 + r * (1.0 / 39916800)) + r2 * (1.0 / 479001600 + r * (1.0 / 6227020800.0));
    toci_vec power = 1.0 + (r + r2 * (low + r4 * (middle + r4 * high)));

    toci_vec_bits exponent = ((toci_vec_bits) shifted + 1023) << 52;
    return power * (toci_vec) exponent;
}

/* log(x) for normal positive x, to about one unit in the last place; log(1) = 0.
 *
 * x = 2^k m with m between sqrt(1/2) and sqrt(2); s = (m - 1) / (m + 1), log m = 2 atanh(s) = 2 s (1 + s^2/3 + ...);
 * |s| < 0.1716, so that the terms up to s^21 / 21 leave less than 1e-17. */
TOCI_INLINE toci_vec toci_vec_log(toci_vec x)
{
    const uint64_t root_of_half = 0x3fe6a09e667f3bcd, bits_of_one_exponent = (uint64_t) 1023 << 52;
    toci_vec_bits  bits = (toci_vec_bits) x;
    toci_vec_bits  biased = (bits - root_of_half + bits_of_one_exponent) >> 52; /* k + 1023 */
    toci_vec       m = (toci_vec) (bits - ((biased - 1023) << 52));
    toci_vec       k = (toci_vec) (biased | 0x4330000000000000) - (0x1p52 + 1023); /* the number behind 2^52's bits */
    toci_vec       s = (m - 1.0) / (m + 1.0);
    toci_vec       s2 = s * s, s4 = s2 * s2, s8 = s4 * s4;

    toci_vec low = (1.0 / 3 + s2 * (1.0 / 5)) + s4 * (1.0 / 7 + s2 * (1.0 / 9));
    toci_vec high = (1.0 / 11 + s2 * (1.0 / 13)) + s4 * (1.0 / 15 + s2 * (1.0 / 17));
    toci_vec top = 1.0 / 19 + s2 * (1.0 / 21);
    toci_vec rest = s2 * (low + s8 * (high + s8 * top));
    return k * 0x1.62e42fefp-1 + (2.0 * s + (2.0 * s * rest + k * 0x1.473de6af278edp-34));
}

/* Cosine and sine of 2 pi u, u in turns (|u| < 2^49), to about one unit in the last place of 1.
 *
 * u = k / 4 + f with |f| <= 1/8, and nothing of that is rounded. The Taylor series of both at r = 2 pi f, |r| <= pi /
 * 4, up to r^16 and r^15 leave less than 7e-17. Each quarter turn makes the sine the cosine and the cosine minus the
 * sine.
 */
TOCI_INLINE void toci_vec_cos_sin(toci_vec u, toci_vec *cosine, toci_vec *sine)
{
    const double  shift = 0x1.8p52; /* as in toci_vec_exp */
    toci_vec      shifted = 4.0 * u + shift;
    toci_vec      r = (u - 0.25 * (shifted - shift)) * (2.0 * M_PI);
    toci_vec      r2 = r * r, r4 = r2 * r2, r8 = r4 * r4;
    toci_vec_bits k = (toci_vec_bits) shifted;

    toci_vec even = (1.0 / 24 - r2 * (1.0 / 720)) + r4 * (1.0 / 40320 - r2 * (1.0 / 3628800)) +
                    r8 * ((1.0 / 479001600 - r2 * (1.0 / 87178291200.0)) + r4 * (1.0 / 20922789888000.0));
    toci_vec odd = (-1.0 / 6 + r2 * (1.0 / 120)) + r4 * (-1.0 / 5040 + r2 * (1.0 / 362880)) +
                   r8 * ((-1.0 / 39916800 + r2 * (1.0 / 6227020800.0)) - r4 * (1.0 / 1307674368000.0));
    toci_vec c = 1.0 + (r4 * even - 0.5 * r2), s = r + r * r2 * odd;

    toci_vec_bits swapped = 0 - (k & 1);
    *cosine = (toci_vec) ((toci_vec_bits) toci_vec_choose(swapped, s, c) ^ (((k + 1) & 2) << 62));
    *sine = (toci_vec) ((toci_vec_bits) toci_vec_choose(swapped, c, s) ^ ((k & 2) << 62));
}

#endif
