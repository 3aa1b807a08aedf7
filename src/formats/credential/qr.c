/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/qr.h"

#include <string.h>

#include "base/fault.h"
#include "formats/cairo_sink.h"
#include "formats/credential/qr_code.h"

#define POINTS_A_MM (72.0 / 25.4)
#define RUN_BYTES 16 /* of a run in an SVG path: "M181 181.5h177" */

/* Are all of the first `num` of the alphabet? */
static bool of_characters(const char *text, size_t size, size_t num)
{
    bool known[256] = { false };
    for (size_t i = 0; i < num; i++)
        known[(uint8_t) QR_ALPHABET[i]] = true;
    for (size_t i = 0; i < size; i++) {
        if (!known[(uint8_t) text[i]])
            return false;
    }
    return true;
}

size_t qr_segments(const char *text, size_t size, struct qr_segment segments[2])
{
    static const char prefix[] = "shc:/";
    size_t            head = sizeof prefix - 1;
    if (size > head && memcmp(text, prefix, head) == 0 && of_characters(text + head, size - head, 10)) {
        segments[0] = (struct qr_segment){ text, head, QR_BYTES };
        segments[1] = (struct qr_segment){ text + head, size - head, QR_DIGITS };
        return 2;
    }
    bool plain = of_characters(text, size, sizeof QR_ALPHABET - 1);
    segments[0] = (struct qr_segment){ text, size, plain ? QR_CHARACTERS : QR_BYTES };
    return 1;
}

int credential_qr_make(const char *text, size_t size, enum credential_qr_level level, struct credential_qr *qr)
{
    struct qr_segment segments[2];
    struct qr_code    code;
    struct qr_grid    shown;
    uint8_t           codewords[QR_CODEWORDS_MOST];
    size_t            num = size <= QR_DIGITS_MOST ? qr_segments(text, size, segments) : 0;
    int               version = size > 0 && num > 0 ? qr_version(segments, num, level) : 0;
    if (version == 0)
        return BASE_ERR_INPUT;
    qr_text(segments, num, level, version, codewords);
    qr_draw(&code, version, level, codewords);
    (void) qr_best_mask(&code, &shown);
    qr->width = code.side;
    for (int y = 0; y < code.side; y++) {
        for (int x = 0; x < code.side; x++)
            qr->dark[y * code.side + x] = qr_is_dark(&shown, x, y);
    }
    return 0;
}

/* A number below 1000. */
static char *put_number(char *at, int number)
{
    if (number >= 100)
        *at++ = (char) ('0' + number / 100);
    if (number >= 10)
        *at++ = (char) ('0' + number / 10 % 10);
    *at++ = (char) ('0' + number % 10);
    return at;
}

/* A line for each run of dark modules of a row. */
static char *put_row(char *at, const struct credential_qr *qr, int y)
{
    const uint8_t *row = qr->dark + y * qr->width;
    for (int x = 0, end; x < qr->width; x = end) {
        for (end = x; end < qr->width && row[end] == row[x];)
            end++;
        if (row[x] == 0)
            continue;
        *at++ = 'M';
        at = put_number(at, x + CREDENTIAL_QR_QUIET);
        *at++ = ' ';
        at = put_number(at, y + CREDENTIAL_QR_QUIET);
        memcpy(at, ".5h", 3);
        at = put_number(at + 3, end - x);
    }
    return at;
}

void credential_qr_svg(const struct credential_qr *qr, double millimetres, struct sink *sink)
{
    int side = qr->width + 2 * CREDENTIAL_QR_QUIET;
    sink_text(sink, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"");
    sink_number(sink, millimetres);
    sink_text(sink, "mm\" height=\"");
    sink_number(sink, millimetres);
    sink_format(sink,
                "mm\" viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\"><rect width=\"%d\" height=\"%d\" "
                "fill=\"#fff\"/><path stroke=\"#000\" d=\"",
                side, side, side, side);
    for (int y = 0; y < qr->width; y++) {
        char line[(CREDENTIAL_QR_MOST + 1) / 2 * RUN_BYTES];
        sink_write(sink, line, (size_t) (put_row(line, qr, y) - line));
    }
    sink_text(sink, "\"/></svg>\n");
}

/* ---- by cairo ---- */

int credential_qr_png(const struct credential_qr *qr, int scale, struct sink *sink)
{
    int              modules = qr->width + 2 * CREDENTIAL_QR_QUIET, side = modules * scale;
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, side, side);
    if (cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS) {
        unsigned char *pixels = cairo_image_surface_get_data(surface);
        size_t         stride = (size_t) cairo_image_surface_get_stride(surface);
        memset(pixels, 0xff, stride * (size_t) side);
        for (int y = 0; y < qr->width * scale; y++) {
            unsigned char *line = pixels + (size_t) (y + CREDENTIAL_QR_QUIET * scale) * stride;
            for (int x = 0; x < qr->width * scale; x++) {
                if (qr->dark[y / scale * qr->width + x / scale] != 0)
                    memset(line + 4 * (size_t) (x + CREDENTIAL_QR_QUIET * scale), 0, 4);
            }
        }
        cairo_surface_mark_dirty(surface);
    }
    return cairo_sink_png(surface, sink);
}

static void draw_page(cairo_t *cairo, const struct credential_qr *qr, double side)
{
    double module = side / (qr->width + 2 * CREDENTIAL_QR_QUIET);
    cairo_save(cairo);
    cairo_scale(cairo, module, module);
    for (int y = 0; y < qr->width; y++) {
        const uint8_t *row = qr->dark + y * qr->width;
        for (int x = 0, end; x < qr->width; x = end) {
            for (end = x; end < qr->width && row[end] == row[x];)
                end++;
            if (row[x] != 0)
                cairo_rectangle(cairo, x + CREDENTIAL_QR_QUIET, y + CREDENTIAL_QR_QUIET, end - x, 1);
        }
    }
    cairo_fill(cairo);
    cairo_restore(cairo);
    cairo_show_page(cairo);
}

int credential_qr_pdf(const struct credential_qr *qr, size_t num, double millimetres, struct sink *sink)
{
    double   side = millimetres * POINTS_A_MM;
    cairo_t *cairo = cairo_sink_pdf(sink, side, side);
    for (size_t i = 0; i < num; i++)
        draw_page(cairo, &qr[i], side);
    return cairo_sink_end(cairo);
}
