/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What looks like a telephone or identity number or a mail address is struck out of a text (event_report.h). */
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include "base/date_text.h"
#include "base/text.h"
#include "response/event_report.h"

enum { FEWEST_DIGITS = 7, MOST_BETWEEN = 3 };
static const char struck[] = "[…]"; /* no longer than anything that it stands for */

struct piece {
    size_t  at, end; /* bytes */
    int     digit;   /* 0 … 9, or -1 */
    UChar32 code;
};

struct scan {
    struct model_text text;
    struct piece     *pieces;
    size_t            num;
};

/* Chinese words for digits as numbers are read out with them; 幺 and 两 are 1 and 2. */
static int chinese_digit(UChar32 code)
{
    static const UChar32 words[][4] = { { 0x3007, 0x96f6 }, { 0x4e00, 0x58f9, 0x5e7a }, { 0x4e8c, 0x8d30, 0x4e24 },
                                        { 0x4e09, 0x53c1 }, { 0x56db, 0x8086 },         { 0x4e94, 0x4f0d },
                                        { 0x516d, 0x9646 }, { 0x4e03, 0x67d2 },         { 0x516b, 0x634c },
                                        { 0x4e5d, 0x7396 } };
    for (int digit = 0; digit < 10; digit++)
        for (size_t i = 0; i < 4; i++)
            if (words[digit][i] == code)
                return digit;
    return -1;
}

static int read_pieces(struct scan *scan, struct arena *arena)
{
    const uint8_t *bytes = (const uint8_t *) scan->text.bytes;
    size_t         at = 0, size = scan->text.size;
    scan->pieces = arena_array(arena, size + 1, sizeof *scan->pieces);
    if (scan->pieces == NULL)
        return TOC_ERR_NO_MEMORY;
    while (at < size) {
        struct piece *piece = &scan->pieces[scan->num++];
        piece->at = at;
        U8_NEXT(bytes, at, size, piece->code);
        piece->end = at;
        piece->digit = piece->code < 0 ? -1 : u_charDigitValue(piece->code);
        if (piece->digit < 0 && piece->code > 0)
            piece->digit = chinese_digit(piece->code);
    }
    scan->pieces[scan->num] = (struct piece){ .at = size, .end = size, .digit = -1 }; /* code 0: of no kind */
    return 0;
}

/* What may stand between the digits of one number: some of these, … */
static bool is_gap(UChar32 code)
{
    return code == '(' || code == ')' || code == 0xff08 || code == 0xff09 || u_isUWhiteSpace(code) ||
           u_charType(code) == U_DASH_PUNCTUATION;
}

/* … or one of these: "12, 15, 20" are three numbers. */
static bool is_mark(UChar32 code)
{
    static const UChar32 marks[] = { '.', ',', '/', '+', '*', '_', 0xb7, 0xff0e, 0xff0f };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (marks[i] == code)
            return true;
    return false;
}

/* So many digits in a row from here, at most `most`; their value. */
static size_t digits_here(const struct scan *scan, size_t i, size_t most, int *value)
{
    size_t num = 0;
    for (*value = 0; num < most && scan->pieces[i + num].digit >= 0; num++)
        *value = 10 * *value + scan->pieces[i + num].digit;
    return scan->pieces[i + num].digit >= 0 ? 0 : num; /* more than that: none of these */
}

/* The end of a day that begins here: 2026-11-22, 2026/11/22, 22.11.2026; i where none does. */
static size_t day_end(const struct scan *scan, size_t i)
{
    int    parts[3];
    size_t sizes[3], at = i;
    for (size_t part = 0; part < 3; part++) {
        sizes[part] = digits_here(scan, at, 4, &parts[part]);
        at += sizes[part];
        if (sizes[part] == 0)
            return i;
        if (part < 2) {
            UChar32 code = scan->pieces[at].code;
            if ((code != '-' && code != '.' && code != '/') ||
                (part == 1 && code != scan->pieces[at - sizes[1] - 1].code))
                return i;
            at++;
        }
    }
    size_t year = sizes[0] == 4 ? 0 : 2;
    int    other = parts[2 - year];
    bool right = sizes[year] == 4 && sizes[1] <= 2 && sizes[2 - year] <= 2 && parts[year] >= 1900 && parts[year] < 2100;
    /* The middle is the month, but for 11/22/2026. */
    right = right && other >= 1 && parts[1] >= 1 && other <= 31 && parts[1] <= 31 && (other <= 12 || parts[1] <= 12);
    return right ? at : i;
}

/* The end of a number with its thousands apart that begins here: 1,200,000; i where none does. */
static size_t thousands_end(const struct scan *scan, size_t i)
{
    int    value;
    size_t at = i + digits_here(scan, i, 3, &value);
    if (at == i)
        return i;
    while (scan->pieces[at].code == ',' && digits_here(scan, at + 1, 3, &value) == 3)
        at += 4;
    return scan->pieces[at].code == ',' && scan->pieces[at + 1].digit >= 0 ? i : at;
}

/* The end of the number that begins here, and of how many digits it is. */
static size_t number_end(const struct scan *scan, size_t i, size_t *num_digits)
{
    size_t end = i, between = 0;
    for (size_t at = i; at < scan->num; at++) {
        if (scan->pieces[at].digit >= 0) {
            if (between > 0 && day_end(scan, at) > at)
                break;
            ++*num_digits;
            between = 0;
            end = at + 1;
        } else if (is_mark(scan->pieces[at].code) ? between++ > 0 || scan->pieces[at + 1].digit < 0
                                                  : ++between > MOST_BETWEEN || !is_gap(scan->pieces[at].code))
            break;
    }
    if (*num_digits == 17 && (scan->pieces[end].code | 0x20) == 'x') /* the last place of a Chinese identity number */
        end++;
    return end;
}

/* The end of a mail address that begins with this word; i where it is none. */
static size_t address_end(const struct scan *scan, size_t i)
{
    size_t end = i, sign = 0;
    bool   dot = false;
    for (; end < scan->num && !u_isUWhiteSpace(scan->pieces[end].code) && scan->pieces[end].code < 0x2e80; end++) {
        UChar32 code = scan->pieces[end].code;
        if (code == ',' || code == ';' || code == '<' || code == '>' || code == '(' || code == ')')
            break;
        if (code == '@' && end > i)
            sign = end;
        dot = dot || (code == '.' && sign > 0 && end > sign + 1);
    }
    return dot ? end : i;
}

/* Where what begins here has to be struck out up to; i: it stays, up to *kept. */
static size_t strike_end(const struct scan *scan, size_t i, size_t *kept)
{
    size_t num_digits = 0, end;
    bool   begins = i == 0 || !u_isalnum(scan->pieces[i - 1].code);
    *kept = i + 1;
    if (begins && (end = address_end(scan, i)) > i)
        return end;
    if (scan->pieces[i].digit < 0)
        return i;
    if ((end = day_end(scan, i)) > i || (end = thousands_end(scan, i)) > i + FEWEST_DIGITS) {
        *kept = end;
        return i;
    }
    end = number_end(scan, i, &num_digits);
    if (num_digits >= FEWEST_DIGITS)
        return end;
    *kept = end;
    return i;
}

struct model_text event_report_strike(struct model_text text, struct arena *arena, size_t *num_struck)
{
    struct scan scan = { .text = text };
    char       *bytes = arena_array(arena, text.size + 1, 1);
    size_t      size = 0, kept, mark = sizeof struck - 1;
    if (bytes == NULL || read_pieces(&scan, arena) != 0)
        return (struct model_text){ NULL, 0 };
    for (size_t i = 0; i < scan.num; i = kept) {
        size_t end = strike_end(&scan, i, &kept), from = scan.pieces[i].at;
        if (end > i) {
            kept = end;
            ++*num_struck;
            memcpy(bytes + size, struck, mark);
            size += mark;
            continue;
        }
        memcpy(bytes + size, text.bytes + from, scan.pieces[kept].at - from);
        size += scan.pieces[kept].at - from;
    }
    return (struct model_text){ bytes, size };
}
