/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The patterns of a QR code, and where its codewords stand among them. */
#include "formats/credential/qr_code.h"

#include <stdlib.h>
#include <string.h>

#define ALL_FREE UINT64_MAX
#define FINDER 7 /* modules a side, without the light ones around it */

bool qr_is_dark(const struct qr_grid *grid, int x, int y)
{
    unsigned at = (unsigned) (x + QR_MARGIN);
    return (grid->rows[y + QR_MARGIN][at / 64] >> at % 64 & 1) != 0;
}

/* A module of a pattern. */
static void put(struct qr_code *code, int x, int y, bool dark)
{
    unsigned  at = (unsigned) (x + QR_MARGIN);
    uint64_t  bit = UINT64_C(1) << at % 64;
    uint64_t *word = &code->dark.rows[y + QR_MARGIN][at / 64];
    *word = dark ? *word | bit : *word & ~bit;
    code->free.rows[y + QR_MARGIN][at / 64] &= ~bit;
}

/* ---- patterns ---- */

/* Squares within one another, around (x, y): dark where the distance from the middle is one of the bits of `dark`. */
static void put_squares(struct qr_code *code, int x, int y, int radius, unsigned dark)
{
    for (int dy = -radius; dy <= radius; dy++) {
        for (int dx = -radius; dx <= radius; dx++) {
            int distance = abs(dx) > abs(dy) ? abs(dx) : abs(dy);
            if (x + dx >= 0 && x + dx < code->side && y + dy >= 0 && y + dy < code->side)
                put(code, x + dx, y + dy, (dark >> distance & 1) != 0);
        }
    }
}

static void put_alignments(struct qr_code *code)
{
    int at[7], num = qr_alignments(code->version, at);
    for (int i = 0; i < num; i++) {
        for (int j = 0; j < num; j++) {
            bool finder = (i == 0 && j == 0) || (i == 0 && j == num - 1) || (i == num - 1 && j == 0);
            if (!finder)
                put_squares(code, at[i], at[j], 2, 0x5);
        }
    }
}

static void put_version(struct qr_code *code)
{
    unsigned rest = (unsigned) code->version;
    for (int i = 0; i < 12; i++)
        rest = rest << 1 ^ (rest >> 11) * 0x1f25;
    unsigned bits = (unsigned) code->version << 12 | rest;
    for (int i = 0; i < 18; i++) {
        bool dark = (bits >> i & 1) != 0;
        put(code, code->side - 11 + i % 3, i / 3, dark);
        put(code, i / 3, code->side - 11 + i % 3, dark);
    }
}

/* Where the mask and the level will be told (qr_mask); one module there is always dark. */
static void keep_format(struct qr_code *code)
{
    for (int i = 0; i < 9; i++) {
        if (i == 6)
            continue; /* of the timing */
        put(code, 8, i, false);
        put(code, i, 8, false);
    }
    for (int i = 1; i <= 8; i++) {
        put(code, 8, code->side - i, i == 8);
        put(code, code->side - i, 8, false);
    }
}

static void put_patterns(struct qr_code *code)
{
    int far = code->side - (FINDER + 1) / 2, near = FINDER / 2;
    for (int i = 0; i < code->side; i++) {
        put(code, i, 6, i % 2 == 0);
        put(code, 6, i, i % 2 == 0);
    }
    put_squares(code, near, near, 4, 0xb);
    put_squares(code, far, near, 4, 0xb);
    put_squares(code, near, far, 4, 0xb);
    put_alignments(code);
    keep_format(code);
    if (code->version >= 7)
        put_version(code);
}

/* ---- codewords ---- */

/* In columns of two from the right, upwards and downwards in turn, wherever it is free. Column 6 is the timing's. */
static void put_codewords(struct qr_code *code, const uint8_t *codewords)
{
    size_t num = 8 * qr_codewords(code->version), next = 0;
    bool   up = true;
    for (int right = code->side - 1; right > 0; right -= 2, up = !up) {
        if (right == 6)
            right = 5;
        for (int i = 0; i < code->side; i++) {
            int y = (up ? code->side - 1 - i : i) + QR_MARGIN;
            for (int x = right + QR_MARGIN; x >= right - 1 + QR_MARGIN; x--) {
                uint64_t is_free = code->free.rows[y][x / 64] >> x % 64 & 1;
                uint64_t dark = next < num ? codewords[next / 8] >> (7 - next % 8) & 1U : 0;
                code->dark.rows[y][x / 64] |= (dark & is_free) << x % 64;
                next += is_free;
            }
        }
    }
}

void qr_draw(struct qr_code *code, int version, enum credential_qr_level level,
             const uint8_t codewords[QR_CODEWORDS_MOST])
{
    *code = (struct qr_code){ .version = version, .side = QR_SIDE(version), .level = level };
    for (int y = 0; y < code->side; y++) {
        for (int i = 0; i < QR_WORDS; i++) {
            int from = QR_MARGIN - 64 * i, to = from + code->side; /* the bits of this word that belong to the code */
            code->free.rows[y + QR_MARGIN][i] =
                to <= 0 || from >= 64 ? 0 : (ALL_FREE << (from > 0 ? from : 0)) & (ALL_FREE >> (to < 64 ? 64 - to : 0));
        }
    }
    put_patterns(code);
    put_codewords(code, codewords);
}
