/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/photo.h"

#include <math.h>
#include <qrencode.h>
#include <stdlib.h>
#include <string.h>

#define QUIET 4
#define SUBPIXELS 3

void photo_clear(const struct photo *photo, double *canvas)
{
    for (int i = 0; i < photo->width * photo->height; i++)
        canvas[i] = (photo->dark + photo->light) / 2;
}

/* The grey of the page at this place in modules; NaN beside the page. */
static double page_at(const struct photo *photo, const QRcode *code, double u, double v)
{
    int side = code->width, i = (int) floor(u), j = (int) floor(v);
    if (i >= 0 && j >= 0 && i < side && j < side)
        return (code->data[j * side + i] & 1) != 0 ? photo->dark : photo->light;
    return i >= -QUIET && j >= -QUIET && i < side + QUIET && j < side + QUIET ? photo->light : NAN;
}

static void draw_pixel(const struct photo *photo, const QRcode *code, int x, int y, const double middle[2],
                       double *pixel)
{
    double sum = 0;
    for (int k = 0; k < SUBPIXELS * SUBPIXELS; k++) {
        double px = x - middle[0] + (double) (k % SUBPIXELS) / SUBPIXELS;
        double py = y - middle[1] + (double) (k / SUBPIXELS) / SUBPIXELS;
        double nearer = 1 + photo->tilt * py / photo->height;
        double u = (cos(photo->turn) * px + sin(photo->turn) * py) / (photo->module * nearer);
        double v = (cos(photo->turn) * py - sin(photo->turn) * px) / (photo->module * nearer);
        double grey = page_at(photo, code, u + code->width / 2.0, v + code->width / 2.0);
        sum += isnan(grey) ? *pixel : grey;
    }
    *pixel = sum / (SUBPIXELS * SUBPIXELS);
}

int photo_draw(const struct photo *photo, const char *text, double x, double y, double *canvas)
{
    const double middle[2] = { x * photo->width, y * photo->height };
    QRinput     *input = QRinput_new2(0, QR_ECLEVEL_Q);
    QRinput_append(input, QR_MODE_AN, (int) strlen(text), (const unsigned char *) text);
    QRcode *code = QRcode_encodeInput(input);
    QRinput_free(input);
    if (code == NULL)
        return 0;
    double reach = (code->width / 2.0 + QUIET + 1) * photo->module * 1.5 * (1 + photo->tilt);
    for (int j = 0; j < photo->height; j++)
        for (int i = 0; i < photo->width; i++)
            if (fabs(i - middle[0]) < reach && fabs(j - middle[1]) < reach)
                draw_pixel(photo, code, i, j, middle, &canvas[j * photo->width + i]);
    int version = code->version;
    QRcode_free(code);
    return version;
}

static int within(int value, int end)
{
    return value < 0 ? 0 : value >= end ? end - 1 : value;
}

/* One direction of a normal blur. */
static void blur(const struct photo *photo, const double *from, double *to, int dx, int dy)
{
    int    reach = (int) ceil(3 * photo->blur);
    double weights[64], total = 0;
    for (int i = 0; i <= 2 * reach; i++)
        total += weights[i] = exp(-0.5 * (i - reach) * (i - reach) / (photo->blur * photo->blur));
    for (int y = 0; y < photo->height; y++)
        for (int x = 0; x < photo->width; x++) {
            double sum = 0;
            for (int i = 0; i <= 2 * reach; i++)
                sum += weights[i] * from[within(y + dy * (i - reach), photo->height) * photo->width +
                                         within(x + dx * (i - reach), photo->width)];
            to[y * photo->width + x] = sum / total;
        }
}

static double chance(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double) (*state >> 11) / 9007199254740992.0;
}

void photo_take(const struct photo *photo, double *canvas, uint64_t seed, uint8_t *grey)
{
    double *other = malloc(sizeof *other * (size_t) photo->width * (size_t) photo->height);
    if (photo->blur > 0) {
        blur(photo, canvas, other, 1, 0);
        blur(photo, other, canvas, 0, 1);
    }
    free(other);
    for (int i = 0; i < photo->width * photo->height; i++) {
        double light = canvas[i] * (1 - photo->slope * (i % photo->width) / photo->width);
        for (int k = 0; k < 4; k++)
            light += photo->noise * (chance(&seed) - 0.5);
        grey[i] = (uint8_t) (light < 0 ? 0 : light > 255 ? 255 : light);
    }
}
