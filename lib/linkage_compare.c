/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts, numbers and dates side by side. */
#include "linkage_internal.h"

#include <string.h>

/* The next character of UTF-8; a byte that begins none stands for itself. 16 bits are kept: letters that differ beyond
 * them are none that a name mixes. */
static uint16_t next_character(const unsigned char *text, size_t size, size_t *at)
{
    unsigned char lead = text[(*at)++];
    size_t        more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    if (more == 0 || size - *at < more)
        return lead;
    uint32_t code = lead & (0x3fU >> more);
    while (more-- > 0)
        code = code << 6 | (text[(*at)++] & 0x3fU);
    return (uint16_t) code;
}

size_t toci_linkage_characters(const char *text, size_t size, uint16_t characters[TOC_LINKAGE_MAX_TEXT])
{
    size_t at = 0, num = 0;
    while (at < size && num < TOC_LINKAGE_MAX_TEXT)
        characters[num++] = next_character((const unsigned char *) text, size, &at);
    return num;
}

/* Characters of a that have a partner in b within the window; partners as sets of bits. */
static size_t match(struct toci_text a, struct toci_text b, uint64_t *in_a, uint64_t *in_b)
{
    size_t longest = a.size > b.size ? a.size : b.size;
    size_t window = longest / 2 > 0 ? longest / 2 - 1 : 0;
    size_t matches = 0;
    *in_a = *in_b = 0;
    for (size_t i = 0; i < a.size; i++) {
        size_t from = i > window ? i - window : 0, to = i + window + 1 < b.size ? i + window + 1 : b.size;
        for (size_t j = from; j < to; j++)
            if (a.characters[i] == b.characters[j] && (*in_b >> j & 1) == 0) {
                *in_b |= UINT64_C(1) << j;
                *in_a |= UINT64_C(1) << i;
                matches++;
                break;
            }
    }
    return matches;
}

double toci_jaro(struct toci_text a, struct toci_text b)
{
    uint64_t in_a, in_b;
    if (a.size == 0 || b.size == 0)
        return a.size == b.size ? 1.0 : 0.0;
    size_t matches = match(a, b, &in_a, &in_b), out_of_place = 0;
    if (matches == 0)
        return 0.0;
    for (; in_a != 0; in_a &= in_a - 1, in_b &= in_b - 1)
        out_of_place += a.characters[__builtin_ctzll(in_a)] != b.characters[__builtin_ctzll(in_b)];
    double m = (double) matches;
    return (m / (double) a.size + m / (double) b.size + (m - 0.5 * (double) out_of_place) / m) / 3.0;
}

double toci_jaro_winkler(struct toci_text a, struct toci_text b)
{
    double jaro = toci_jaro(a, b);
    size_t prefix = 0, most = a.size < b.size ? a.size : b.size;
    while (prefix < 4 && prefix < most && a.characters[prefix] == b.characters[prefix])
        prefix++;
    return jaro + 0.1 * (double) prefix * (1.0 - jaro);
}

bool toci_one_error(struct toci_text a, struct toci_text b)
{
    if (a.size > b.size) {
        struct toci_text other = a;
        a = b;
        b = other;
    }
    if (b.size - a.size > 1)
        return false;
    size_t at = 0;
    while (at < a.size && a.characters[at] == b.characters[at])
        at++;
    if (at == a.size)
        return true;
    const uint16_t *rest_a = a.characters + at, *rest_b = b.characters + at;
    size_t          rest = a.size - at;
    if (a.size < b.size)
        return memcmp(rest_a, rest_b + 1, rest * sizeof *rest_a) == 0;
    if (memcmp(rest_a + 1, rest_b + 1, (rest - 1) * sizeof *rest_a) == 0)
        return true;
    return rest >= 2 && rest_a[0] == rest_b[1] && rest_a[1] == rest_b[0] &&
           memcmp(rest_a + 2, rest_b + 2, (rest - 2) * sizeof *rest_a) == 0;
}

double toc_jaro(const char *a, size_t size_a, const char *b, size_t size_b)
{
    uint16_t         room_a[TOC_LINKAGE_MAX_TEXT], room_b[TOC_LINKAGE_MAX_TEXT];
    struct toci_text text_a = { room_a, toci_linkage_characters(a, size_a, room_a) };
    struct toci_text text_b = { room_b, toci_linkage_characters(b, size_b, room_b) };
    return toci_jaro(text_a, text_b);
}

double toc_jaro_winkler(const char *a, size_t size_a, const char *b, size_t size_b)
{
    uint16_t         room_a[TOC_LINKAGE_MAX_TEXT], room_b[TOC_LINKAGE_MAX_TEXT];
    struct toci_text text_a = { room_a, toci_linkage_characters(a, size_a, room_a) };
    struct toci_text text_b = { room_b, toci_linkage_characters(b, size_b, room_b) };
    return toci_jaro_winkler(text_a, text_b);
}

bool toc_one_error(const char *a, size_t size_a, const char *b, size_t size_b)
{
    uint16_t         room_a[TOC_LINKAGE_MAX_TEXT], room_b[TOC_LINKAGE_MAX_TEXT];
    struct toci_text text_a = { room_a, toci_linkage_characters(a, size_a, room_a) };
    struct toci_text text_b = { room_b, toci_linkage_characters(b, size_b, room_b) };
    return toci_one_error(text_a, text_b);
}

/* Digits of YYYYMMDD that differ, and whether those are two neighbours exchanged. */
static int digits_apart(uint32_t a, uint32_t b, bool *exchanged)
{
    int      apart = 0;
    uint32_t first_a = 0, first_b = 0;
    *exchanged = false;
    for (int place = 0, last = -2; place < 8; place++, a /= 10, b /= 10) {
        if (a % 10 == b % 10)
            continue;
        *exchanged = apart == 1 && last == place - 1 && a % 10 == first_b && b % 10 == first_a;
        first_a = a % 10;
        first_b = b % 10;
        last = place;
        apart++;
    }
    return apart;
}

enum toc_linkage_level toc_linkage_dates(uint32_t a, uint32_t b)
{
    if (a == 0 || b == 0)
        return TOC_LINKAGE_MISSING;
    uint32_t year_a = a / 10000, year_b = b / 10000, month_a = a / 100 % 100, month_b = b / 100 % 100;
    uint32_t day_a = a % 100, day_b = b % 100;
    bool     whole = month_a != 0 && month_b != 0 && day_a != 0 && day_b != 0, exchanged;
    if (a == b)
        return whole ? TOC_LINKAGE_EXACT : month_a != 0 ? TOC_LINKAGE_LIKE : TOC_LINKAGE_PART;
    if (!whole) {
        if (year_a != year_b || (month_a != 0 && month_b != 0 && month_a != month_b))
            return TOC_LINKAGE_DIFFERENT;
        return month_a != 0 && month_b != 0 ? TOC_LINKAGE_LIKE : TOC_LINKAGE_PART;
    }
    if (year_a == year_b && month_a == day_b && day_a == month_b)
        return TOC_LINKAGE_NEAR;
    int apart = digits_apart(a, b, &exchanged);
    if (apart == 1 || (apart == 2 && exchanged))
        return TOC_LINKAGE_NEAR;
    int parts = (year_a == year_b) + (month_a == month_b) + (day_a == day_b);
    if (parts == 2)
        return TOC_LINKAGE_LIKE;
    return year_a == year_b ? TOC_LINKAGE_PART : TOC_LINKAGE_DIFFERENT;
}
