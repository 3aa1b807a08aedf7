/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The numbers of base/text.h. */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/text.h"

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

int text_to_integer(const char *text, size_t size, int64_t low, int64_t high, int64_t *value)
{
    size_t at = size > 0 && (text[0] == '-' || text[0] == '+');
    bool   negative = at == 1 && text[0] == '-';
    if (at == size)
        return BASE_ERR_INPUT;
    int64_t sum = 0; /* kept negative: the negative side reaches further by one */
    for (; at < size; at++) {
        if (!is_digit(text[at]) || __builtin_mul_overflow(sum, 10, &sum) ||
            __builtin_sub_overflow(sum, text[at] - '0', &sum))
            return BASE_ERR_INPUT;
    }
    if (!negative && __builtin_sub_overflow(0, sum, &sum))
        return BASE_ERR_INPUT;
    if (sum < low || sum > high)
        return BASE_ERR_INPUT;
    *value = sum;
    return 0;
}

/* The parts of a decimal number: digits as a whole number times a power of ten. */
struct decimal {
    uint64_t digits; /* exact only where num_digits <= 19 */
    int      num_digits;
    int      exponent;
    bool     negative;
};

/* Take the grammar apart: [+-] digits [. digits] [e [+-] digits], at least one digit before the exponent. */
static int read_decimal(const char *text, size_t size, struct decimal *decimal)
{
    struct decimal d = { 0 };
    size_t         at = 0;
    bool           any = false, point = false;
    if (size > 0 && (text[0] == '-' || text[0] == '+'))
        d.negative = text[at++] == '-';
    for (; at < size && (is_digit(text[at]) || (text[at] == '.' && !point)); at++) {
        if (text[at] == '.') {
            point = true;
            continue;
        }
        any = true;
        d.exponent -= point;
        if (d.num_digits == 0 && text[at] == '0')
            continue; /* zeros in front */
        d.num_digits++;
        if (d.num_digits <= 19)
            d.digits = 10 * d.digits + (uint64_t) (text[at] - '0');
    }
    if (!any)
        return BASE_ERR_INPUT;
    if (at < size && (text[at] == 'e' || text[at] == 'E')) {
        int64_t power;
        if (text_to_integer(text + at + 1, size - at - 1, -100000, 100000, &power) != 0)
            return BASE_ERR_INPUT;
        d.exponent += (int) power;
        at = size;
    }
    if (at != size)
        return BASE_ERR_INPUT;
    *decimal = d;
    return 0;
}

/* strtod in the C locale, for the few numbers that the short way cannot round. */
static int convert_slowly(const char *text, size_t size, double *value)
{
    char copy[TEXT_MAX_NUMBER + 1];
    memcpy(copy, text, size);
    copy[size] = '\0';
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t) 0);
    if (c_locale == (locale_t) 0)
        return BASE_ERR_INPUT;
    double number = strtod_l(copy, NULL, c_locale);
    freelocale(c_locale);
    if (isinf(number))
        return BASE_ERR_INPUT;
    *value = number;
    return 0;
}

int text_to_double(const char *text, size_t size, double *value)
{
    static const double powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                     1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    struct decimal      d;
    if (size > TEXT_MAX_NUMBER || read_decimal(text, size, &d) != 0)
        return BASE_ERR_INPUT;
    /* Both the digits and the power are exact doubles, so one operation rounds once: the right double. */
    if (d.num_digits <= 19 && d.digits <= UINT64_C(1) << 53 && d.exponent >= -22 && d.exponent <= 22) {
        double number = (double) d.digits;
        number = d.exponent < 0 ? number / powers[-d.exponent] : number * powers[d.exponent];
        *value = d.negative ? -number : number;
        return 0;
    }
    return convert_slowly(text, size, value);
}

size_t text_from_integer(int64_t value, char text[TEXT_INTEGER_BYTES])
{
    char     backwards[TEXT_INTEGER_BYTES];
    size_t   count = 0, length = 0;
    uint64_t rest = value < 0 ? -(uint64_t) value : (uint64_t) value;
    do {
        backwards[count++] = (char) ('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        text[length++] = '-';
    while (count > 0)
        text[length++] = backwards[--count];
    text[length] = '\0';
    return length;
}

/* A number of `count` digits and the power of ten of the first: 1234.5 is { 12345, 5, 3 }. */
struct digits {
    uint64_t number;
    int      count;
    int      exponent;
};

/* Fixed notation for exponents -5 … 14, as 0.00001 and 123456789012345; else 1.5e+20. */
static size_t write_digits(struct digits d, bool negative, char *text)
{
    char letters[TEXT_INTEGER_BYTES];
    while (d.count > 1 && d.number % 10 == 0) {
        d.number /= 10;
        d.count--;
    }
    int written = (int) text_from_integer((int64_t) d.number, letters);
    d.exponent += written - d.count; /* 9.99… was rounded up to 10 */
    d.count = written;
    char *out = text;
    if (negative)
        *out++ = '-';
    if (d.exponent >= -5 && d.exponent < 0) {
        memcpy(out, "0.0000", 6);
        out += 1 - d.exponent;
        memcpy(out, letters, (size_t) d.count);
        out += d.count;
    } else {
        int whole = d.exponent >= 0 && d.exponent < 15 ? d.exponent + 1 : 1;
        for (int i = 0; i < whole; i++)
            *out++ = i < d.count ? letters[i] : '0';
        if (d.count > whole) {
            *out++ = '.';
            memcpy(out, letters + whole, (size_t) (d.count - whole));
            out += d.count - whole;
        }
        if (d.exponent != whole - 1)
            out += sprintf(out, "e%+03d", d.exponent);
    }
    *out = '\0';
    return (size_t) (out - text);
}

/* The C library's digits of a positive value; the radix character may be any. */
static struct digits digits_slowly(double value, int count)
{
    char          text[64];
    struct digits d = { .count = count };
    snprintf(text, sizeof text, "%.*e", count - 1, value);
    const char *at = text;
    for (; *at != 'e'; at++)
        if (is_digit(*at))
            d.number = 10 * d.number + (uint64_t) (*at - '0');
    d.exponent = atoi(at + 1);
    return d;
}

static bool reads_back_slowly(struct digits d, double value)
{
    char   text[TEXT_DOUBLE_BYTES];
    double again;
    size_t length = write_digits(d, false, text);
    return convert_slowly(text, length, &again) == 0 && again == value;
}

static struct digits shortest_slowly(double value)
{
    /* Up to 15 digits, if any such number reads back, the nearest of 15 does; those near the least double have fewer.
     */
    for (int count = value < DBL_MIN ? 1 : DBL_DIG; count < 17; count++) {
        struct digits d = digits_slowly(value, count);
        if (reads_back_slowly(d, value))
            return d;
    }
    return digits_slowly(value, 17);
}

enum reads_back { NO, YES, UNSURE };

#if LDBL_MANT_DIG == 64
enum { QUICK_LOW = -10, QUICK_HIGH = 15 }; /* powers of ten between which the quick way works */

/* The first `count` digits of a value whose first digit stands for 10^exponent, and whether they read back to it.
 *
 * With the 64-bit significand of x86 a value times or by a power of ten up to 10^27 (exact there) is rounded once, so
 * its digits are known but for a hundredth of the 17th; and so is the number that they read back to, but for one bit
 * below those of a double. What comes too near to a tie in either is UNSURE. */
static enum reads_back try_digits(double value, int count, int exponent, uint64_t *number)
{
    static const long double powers[] = { 1e0L,  1e1L,  1e2L,  1e3L,  1e4L,  1e5L,  1e6L,  1e7L,  1e8L,  1e9L,
                                          1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L,
                                          1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L };
    int                      power = count - 1 - exponent;
    long double              scaled = power >= 0 ? value * powers[power] : value / powers[-power];
    uint64_t                 whole = (uint64_t) scaled;
    long double              rest = scaled - (long double) whole;
    if (rest > 0.48L && rest < 0.52L)
        return UNSURE;
    whole += rest > 0.5L;

    long double again = power >= 0 ? (long double) whole / powers[power] : (long double) whole * powers[-power];
    uint64_t    bits;
    memcpy(&bits, &again, sizeof bits);
    bits &= 0x7ff; /* what a double drops; 0x400 is a tie */
    if (bits >= 0x3ff && bits <= 0x401)
        return UNSURE;
    *number = whole;
    return (double) again == value ? YES : NO;
}

static enum reads_back shortest_quickly(double value, struct digits *found)
{
    static const double powers[] = { 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1e0,  1e1,  1e2,
                                     1e3,   1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
    if (value < powers[0] || value >= powers[QUICK_HIGH - QUICK_LOW])
        return UNSURE;
    int             binary;
    uint64_t        number = 0;
    enum reads_back answer = NO;
    frexp(value, &binary);
    int exponent = (int) floor((binary - 1) * 0.30102999566398120); /* at most one too small */
    if (exponent < QUICK_LOW)
        exponent = QUICK_LOW;
    if (exponent < QUICK_HIGH && value >= powers[exponent + 1 - QUICK_LOW])
        exponent++;
    int count = 15;
    for (; count <= 17 && answer == NO; count++)
        answer = try_digits(value, count, exponent, &number);
    *found = (struct digits){ number, count - 1, exponent };
    return answer;
}
#else
static enum reads_back shortest_quickly(double value, struct digits *found)
{
    (void) value;
    (void) found;
    return UNSURE;
}
#endif

size_t text_from_double(double value, char text[TEXT_DOUBLE_BYTES])
{
    bool negative = signbit(value) != 0;
    if (isnan(value))
        return (size_t) sprintf(text, "NA");
    if (isinf(value))
        return (size_t) sprintf(text, negative ? "-Inf" : "Inf");
    if (value == 0)
        return (size_t) sprintf(text, negative ? "-0" : "0");
    double size = fabs(value);
    if (size < 1e15 && size == floor(size))
        return text_from_integer((int64_t) value, text);
    struct digits digits;
    if (shortest_quickly(size, &digits) != YES)
        digits = shortest_slowly(size);
    return write_digits(digits, negative, text);
}
