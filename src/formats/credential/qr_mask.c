/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The masks of a QR code and what the standard counts against each: 64 modules at a time, along the rows in windows of
 * a word, across the rows word by word.
 *
 *   1  five or more of one colour in a line                 3, and 1 for each beyond the fifth
 *   2  four of one colour in a square                       3 for each such square
 *   3  runs of 1 dark, 1 light, 3 dark, 1 light, 1 dark,    40
 *      four light ones before or behind (so is the margin)
 *   4  a share of dark ones away from a half                10 for each whole twentieth
 */
#include <stdlib.h>
#include <string.h>

#include "formats/credential/qr_code.h"

#define PERIOD 12  /* of every mask, in both directions */
#define COUNTED 48 /* places of a window at which something may begin; the others are looked at from there */

/* ---- masks ---- */

static bool flips(unsigned mask, unsigned x, unsigned y)
{
    switch (mask) {
    case 0: return (x + y) % 2 == 0;
    case 1: return y % 2 == 0;
    case 2: return x % 3 == 0;
    case 3: return (x + y) % 3 == 0;
    case 4: return (y / 2 + x / 3) % 2 == 0;
    case 5: return x * y % 2 + x * y % 3 == 0;
    case 6: return (x * y % 2 + x * y % 3) % 2 == 0;
    default: return ((x + y) % 2 + x * y % 3) % 2 == 0;
    }
}

/* What a mask flips in rows of this remainder. */
static void row_of_mask(unsigned mask, unsigned y, uint64_t words[QR_WORDS])
{
    for (unsigned i = 0; i < QR_WORDS; i++) {
        uint64_t period = 0;
        for (unsigned bit = 0; bit < PERIOD; bit++)
            period |= (uint64_t) flips(mask, (64 * i + bit + PERIOD - QR_MARGIN) % PERIOD, y) << bit;
        words[i] = period * UINT64_C(0x1001001001001001);
    }
}

static void put(struct qr_grid *grid, int x, int y, bool dark)
{
    unsigned at = (unsigned) (x + QR_MARGIN);
    grid->rows[y + QR_MARGIN][at / 64] |= (uint64_t) dark << at % 64;
}

/* Level and mask, with a code that corrects, twice. */
static void put_format(struct qr_grid *grid, int side, enum credential_qr_level level, unsigned mask)
{
    unsigned told = (level == CREDENTIAL_QR_L ? 1U : 3U) << 3 | mask, rest = told;
    for (int i = 0; i < 10; i++)
        rest = rest << 1 ^ (rest >> 9) * 0x537;
    unsigned bits = (told << 10 | rest) ^ 0x5412;
    for (int i = 0; i < 15; i++) {
        bool dark = (bits >> i & 1) != 0;
        if (i < 8) {
            put(grid, 8, i < 6 ? i : i + 1, dark);
            put(grid, side - 1 - i, 8, dark);
        } else {
            put(grid, i == 8 ? 7 : 14 - i, 8, dark);
            put(grid, 8, side - 15 + i, dark);
        }
    }
}

void qr_mask(const struct qr_code *code, unsigned mask, struct qr_grid *shown)
{
    uint64_t flipped[PERIOD][QR_WORDS];
    for (unsigned y = 0; y < PERIOD; y++)
        row_of_mask(mask, y, flipped[y]);
    *shown = code->dark;
    for (int y = 0; y < code->side; y++) {
        for (int i = 0; i < QR_WORDS; i++)
            shown->rows[y + QR_MARGIN][i] ^= flipped[y % PERIOD][i] & code->free.rows[y + QR_MARGIN][i];
    }
    put_format(shown, code->side, code->level, mask);
}

/* ---- penalties ---- */

static unsigned ones(uint64_t word)
{
    word -= word >> 1 & UINT64_C(0x5555555555555555);
    word = (word & UINT64_C(0x3333333333333333)) + (word >> 2 & UINT64_C(0x3333333333333333));
    word = (word + (word >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (unsigned) (word * UINT64_C(0x0101010101010101) >> 56);
}

/* Bits from … to - 1 of a row, in the window that begins at `begin`. */
static uint64_t span(int from, int to, int begin)
{
    from = from > begin ? from - begin : 0;
    to = to - begin < 64 ? to - begin : 64;
    return from >= to ? 0 : UINT64_MAX << from & UINT64_MAX >> (64 - to);
}

static uint64_t window(const uint64_t row[QR_WORDS], int begin)
{
    int word = begin / 64, bit = begin % 64;
    return row[word] >> bit | (bit > 0 && word + 1 < QR_WORDS ? row[word + 1] << (64 - bit) : 0);
}

/* A bit of `five`: five of one colour begin here. A longer run has several, of which one is the last. */
static unsigned along_rows(const struct qr_grid *shown, int side, int begin)
{
    int      end = side + QR_MARGIN;
    uint64_t counted = (UINT64_C(1) << COUNTED) - 1, runs = span(QR_MARGIN, end - 4, begin);
    uint64_t squares = span(QR_MARGIN, end - 1, begin) & counted, finders = span(0, side - 6, begin) & counted;
    uint64_t next = window(shown->rows[QR_MARGIN], begin), next_same = ~(next ^ next >> 1);
    unsigned penalty = 0;
    for (int y = QR_MARGIN; y < end; y++) {
        uint64_t row = next, same = next_same, two = same & same >> 1, five = two & two >> 2 & runs;
        next = window(shown->rows[y + 1], begin);
        next_same = ~(next ^ next >> 1);
        penalty += ones(five & counted) + 2 * ones(five & ~(five >> 1) & counted);
        if (y + 1 < end)
            penalty += 3 * ones(same & next_same & ~(row ^ next) & squares);
        /* a bit of `finder`: it begins four modules on */
        uint64_t light = ~row & ~row >> 1, four = light & light >> 2, on = row >> 4;
        uint64_t finder =
            on & ~(on >> 1) & on >> 2 & on >> 3 & on >> 4 & ~(on >> 5) & on >> 6 & ~(row >> 3 | row >> 11) & finders;
        if (finder != 0)
            penalty += 40 * ones(finder & (four | four >> 11));
    }
    return penalty;
}

/* Runs and finders across the rows, for the modules of one word of each. */
static unsigned across_rows(const struct qr_grid *shown, int side, int word)
{
    uint64_t same[CREDENTIAL_QR_MOST + 2 * QR_MARGIN], columns = 0;
    unsigned penalty = 0;
    for (int x = QR_MARGIN; x < side + QR_MARGIN; x++)
        columns |= x / 64 == word ? UINT64_C(1) << x % 64 : 0;
#define ROW(y) shown->rows[y][word]
    for (int y = QR_MARGIN; y < side + QR_MARGIN; y++)
        same[y] = ~(ROW(y) ^ ROW(y + 1));
    uint64_t before = 0;
    for (int y = QR_MARGIN; y <= side + QR_MARGIN - 5; y++) {
        uint64_t five = same[y] & same[y + 1] & same[y + 2] & same[y + 3] & columns;
        penalty += ones(five) + 2 * ones(five & ~before);
        before = five;
    }
    for (int y = QR_MARGIN; y <= side + QR_MARGIN - 7; y++) {
        uint64_t finder = ROW(y) & ~ROW(y + 1) & ROW(y + 2) & ROW(y + 3) & ROW(y + 4) & ~ROW(y + 5) & ROW(y + 6) &
                          ~(ROW(y - 1) | ROW(y + 7));
        if (finder != 0)
            penalty += 40 * ones(finder & (~(ROW(y - 4) | ROW(y - 3) | ROW(y - 2) | ROW(y - 1)) |
                                           ~(ROW(y + 7) | ROW(y + 8) | ROW(y + 9) | ROW(y + 10))));
    }
#undef ROW
    return penalty;
}

static unsigned balance(const struct qr_grid *shown, int side)
{
    int dark = 0, all = side * side;
    for (int y = QR_MARGIN; y < side + QR_MARGIN; y++) {
        for (int i = 0; i < QR_WORDS; i++)
            dark += (int) ones(shown->rows[y][i]);
    }
    return 10 * (unsigned) (abs(20 * dark - 10 * all) / all);
}

unsigned qr_penalty(const struct qr_grid *shown, int side)
{
    unsigned penalty = balance(shown, side);
    for (int begin = 0; begin < side + QR_MARGIN; begin += COUNTED)
        penalty += along_rows(shown, side, begin);
    for (int word = 0; 64 * word < side + QR_MARGIN; word++)
        penalty += across_rows(shown, side, word);
    return penalty;
}

unsigned qr_best_mask(const struct qr_code *code, struct qr_grid *shown)
{
    struct qr_grid tried;
    unsigned       best = 0, least = 0;
    for (unsigned mask = 0; mask < QR_MASKS; mask++) {
        qr_mask(code, mask, &tried);
        unsigned penalty = qr_penalty(&tried, code->side);
        if (mask == 0 || penalty < least) {
            least = penalty;
            best = mask;
            *shown = tried;
        }
    }
    return best;
}
