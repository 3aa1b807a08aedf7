/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/picture.h: the QR codes of a picture, PNG or JPEG: a photograph, a scanned page, a screenshot.
 *
 * libpng and libjpeg read the picture, zxing finds and reads its codes. Readers of pictures are what attackers like
 * most, so they run in a process of their own that has given up all it does not need: it sees the bytes and one pipe,
 * may open, write, start and connect to nothing (seccomp), and has so much memory and time and no more. What comes back
 * is bytes, to be checked like those of any scanner.
 */
#ifndef FORMATS_PICTURE_H
#define FORMATS_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tocsin/status.h"

#define PICTURE_FILE_BYTES ((size_t) 32 << 20)
#define PICTURE_SIDE 12000                      /* pixels */
#define PICTURE_PIXELS ((size_t) 40000000)      /* more than a telephone's camera makes */
#define PICTURE_CODES 16                        /* codes of one picture */
#define PICTURE_TEXT_BYTES 7089                 /* what a code can hold */
#define PICTURE_MEMORY_BYTES ((size_t) 1 << 30) /* of the process that reads */
#define PICTURE_SECONDS 20                      /* of the processor */

struct picture_code {
    size_t size;
    bool   above_22;    /* a code of more than version 22 */
    bool   one_segment; /* all of it in one segment of bytes, where a card's digits should be numbers */
    char   text[PICTURE_TEXT_BYTES];
};

struct picture_codes {
    size_t              num;
    struct picture_code codes[PICTURE_CODES];
};

/* What is wrong with a picture. */
enum picture_fault {
    PICTURE_NO_FAULT,
    PICTURE_FILE_TOO_LONG,
    PICTURE_OTHER_FORM,
    PICTURE_DAMAGED,
    PICTURE_SIDE_TOO_LONG,
    PICTURE_TOO_MANY_PIXELS,
    PICTURE_NO_CODE,
    PICTURE_TOO_MANY_CODES,
    PICTURE_USED_UP, /* the memory or the time of the process */
    PICTURE_NUM_FAULTS
};

/* Its sentence: what, where, allowed; found is left NaN. */
struct toc_error picture_error(enum picture_fault fault);

/* Do the bytes begin as a picture does that can be read? So many of them are needed. */
#define PICTURE_BEGINNING 8
bool picture_is(const void *bytes, size_t size);

/* The codes of a picture, by the confined process; those found first come first. Returns 0; BASE_ERR_INPUT with what is
 * wrong with the picture; BASE_ERR_SYSTEM where the process cannot be made or confined; TOC_ERR_NO_MEMORY. */
int picture_read(const void *bytes, size_t size, struct picture_codes **codes, enum picture_fault *fault);

/* Clears them. */
void picture_codes_free(struct picture_codes *codes);

/* ---- without a process: what runs within it; for tests of the readers alone ---- */

struct picture {
    size_t   width, height;
    uint8_t *grey; /* row after row, 0 = dark */
};

/* Transparent is white. PICTURE_USED_UP where there is no memory. */
enum picture_fault picture_decode(const void *bytes, size_t size, struct picture *picture);

/* The codes of grey pixels: as they are; where there is none, halved, then doubled. As above. Paints over those that it
 * finds. */
enum picture_fault picture_find(struct picture *picture, struct picture_codes *codes);

/* Give up everything but memory, time and writing to `pipe`, which becomes file 0. False: this failed, end the process.
 * Whatever else it calls from here on, ends it. */
bool picture_confine(int pipe);

#endif
