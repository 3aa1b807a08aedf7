/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/picture_zxing.h: zxing behind C (it is C++, and the only part of Tocsin that is). */
#ifndef FORMATS_PICTURE_ZXING_H
#define FORMATS_PICTURE_ZXING_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct picture_zxing_code {
    const uint8_t *bytes; /* what the code holds; lives for the call alone */
    size_t         size;
    const uint8_t *stream; /* its segments, as bits */
    size_t         stream_size;
    char           level;      /* of error correction: L, M, Q, H */
    int            corners[8]; /* x and y of each in a circle; they may lie a little beside the picture */
};

/* Calls `each` for every QR code found, until it answers other than 0. Returns 0, what `each` answered, or -1 where
 * there is no memory. */
int picture_zxing(const uint8_t *grey, size_t width, size_t height, int most,
                  int (*each)(void *context, const struct picture_zxing_code *code), void *context);

#ifdef __cplusplus
}
#endif

#endif
