/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/qr_code.h: the making of a QR code (ISO/IEC 18004, model 2), step by step; for qr*.c and their
 * tests. Versions 1 to 40, corrections L and Q, the modes for digits, for 45 characters and for bytes.
 *
 * Segments become codewords with their correction; these are drawn beside the patterns that every code has; then one of
 * eight masks is chosen, which is what costs time: the standard's penalties are counted for each of them. Here 64
 * modules are looked at together, so a code of version 18 takes 0.1 ms. Nothing allocates.
 */
#ifndef FORMATS_CREDENTIAL_QR_CODE_H
#define FORMATS_CREDENTIAL_QR_CODE_H

#include "formats/credential/qr.h"

#define QR_VERSIONS 40
#define QR_MASKS 8
#define QR_CODEWORDS_MOST 3706 /* of version 40 */
#define QR_DIGITS_MOST 7089    /* that one holds, at correction L */
#define QR_SIDE(version) (17 + 4 * (version))

/* ---- qr_text.c: codewords ---- */

#define QR_ALPHABET "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
enum qr_mode { QR_DIGITS = 1, QR_CHARACTERS = 2, QR_BYTES = 4 }; /* as the code tells them */

struct qr_segment {
    const char  *text; /* only what its mode has */
    size_t       size;
    enum qr_mode mode;
};

/* qr.c: a text in the modes that make it shortest: a card's digits behind its prefix, HC1 in characters. Their number.
 */
size_t qr_segments(const char *text, size_t size, struct qr_segment segments[2]);
/* How many codewords a version has, those of the correction included. */
size_t qr_codewords(int version);
/* The smallest version that holds the segments; 0: none does. */
int qr_version(const struct qr_segment *segments, size_t num, enum credential_qr_level level);
/* The codewords of a version that holds them, in the order in which they are drawn. */
void qr_text(const struct qr_segment *segments, size_t num, enum credential_qr_level level, int version,
             uint8_t codewords[QR_CODEWORDS_MOST]);
/* Where patterns that help to align stand, in both directions; their number, 0 … 7. */
int qr_alignments(int version, int at[7]);

/* ---- qr_code.c: modules ---- */

/* Bits with a margin of QR_MARGIN on each side, which is light. Bit x % 64 of word x / 64 of a row. */
#define QR_MARGIN CREDENTIAL_QR_QUIET
#define QR_WORDS 3
struct qr_grid {
    uint64_t rows[CREDENTIAL_QR_MOST + 2 * QR_MARGIN][QR_WORDS];
};

struct qr_code {
    int                      version, side;
    enum credential_qr_level level;
    struct qr_grid           dark, free; /* free: no pattern stands there, so a mask counts */
};

/* Without a mask. */
void qr_draw(struct qr_code *code, int version, enum credential_qr_level level,
             const uint8_t codewords[QR_CODEWORDS_MOST]);
bool qr_is_dark(const struct qr_grid *grid, int x, int y);

/* ---- qr_mask.c ---- */

/* The code as that mask shows it, with what tells the mask. */
void qr_mask(const struct qr_code *code, unsigned mask, struct qr_grid *shown);
/* What the standard counts against it. */
unsigned qr_penalty(const struct qr_grid *shown, int side);
/* The mask with the least penalty, of equal ones the first. */
unsigned qr_best_mask(const struct qr_code *code, struct qr_grid *shown);

#endif
