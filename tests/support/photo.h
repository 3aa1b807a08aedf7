/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/support/photo.h: photographs of QR codes, as a telephone would take them: turned, seen from below, out of
 * focus, dark, with the light from one side and with noise. */
#ifndef TESTS_SUPPORT_PHOTO_H
#define TESTS_SUPPORT_PHOTO_H

#include <stddef.h>
#include <stdint.h>

struct photo {
    int    width, height; /* pixels */
    double module;        /* pixels a module of the code */
    double turn, tilt;    /* radians; how much narrower the upper edge is */
    double blur;          /* standard deviation, pixels */
    double dark, light;   /* grey of the modules, 0 … 255 */
    double slope;         /* how much of the light the right edge loses */
    double noise;         /* width of a noise that is nearly normal */
};

/* Draw the text as a code (alphanumeric, error correction Q) onto grey, width × height pixels: its middle at x, y of
 * the picture (0 … 1). Returns the code's version, 0 where the text does not fit. `photo_clear` first. */
int  photo_draw(const struct photo *photo, const char *text, double x, double y, double *canvas);
void photo_clear(const struct photo *photo, double *canvas);
/* What the lens and the sensor make of it. */
void photo_take(const struct photo *photo, double *canvas, uint64_t seed, uint8_t *grey);

#endif
