/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/credential/qr.h: texts as QR codes, to be printed: SVG, PNG, PDF.
 *
 * Error correction Q (a quarter may be lost), as the EU asks of printed passes; L for SMART Health Cards, as they ask.
 * A quiet zone of four modules is part of the picture. In print a module should be 0.5 mm or more.
 */
#ifndef FORMATS_CREDENTIAL_QR_H
#define FORMATS_CREDENTIAL_QR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sink.h"

#define CREDENTIAL_QR_MOST 177 /* modules a side, of version 40 */
#define CREDENTIAL_QR_QUIET 4

enum credential_qr_level { CREDENTIAL_QR_L, CREDENTIAL_QR_Q };

struct credential_qr {
    int     width;                                         /* modules a side, without the quiet zone */
    uint8_t dark[CREDENTIAL_QR_MOST * CREDENTIAL_QR_MOST]; /* row after row, 1 = dark */
};

/* Returns 0, or BASE_ERR_INPUT where the text is empty or does not fit into a code. Cost: 0.1 ms; no allocation. */
int credential_qr_make(const char *text, size_t size, enum credential_qr_level level, struct credential_qr *qr);

/* One path of a line a run of dark modules; millimetres a side with the quiet zone. */
void credential_qr_svg(const struct credential_qr *qr, double millimetres, struct sink *sink);
/* `scale` pixels a module. Returns 0, TOC_ERR_NO_MEMORY, or BASE_ERR_SYSTEM where the sink refused. */
int credential_qr_png(const struct credential_qr *qr, int scale, struct sink *sink);
/* A page of that size for each of `num` codes, without other marks. Returns as above. */
int credential_qr_pdf(const struct credential_qr *qr, size_t num, double millimetres, struct sink *sink);

#endif
