/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/qr.h"

#include <cairo-pdf.h>
#include <cairo.h>
#include <errno.h>
#include <qrencode.h>
#include <string.h>

#include "base/fault.h"
#include "tocsin/status.h"

#define POINTS_A_MM (72.0 / 25.4)

/* Characters of the alphanumeric mode. */
static bool alphanumeric(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '\0' || strchr("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:", text[i]) == NULL)
            return false;
    }
    return true;
}

/* The text in the modes that make it shortest: a card's digits behind its prefix, HC1 in alphanumeric mode. */
static int append(QRinput *input, const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *) text;
    size_t               digits = size > 5 && memcmp(text, "shc:/", 5) == 0 ? strspn(text + 5, "0123456789") : 0;
    if (digits > 0 && digits == size - 5)
        return QRinput_append(input, QR_MODE_8, 5, bytes) == 0
                   ? QRinput_append(input, QR_MODE_NUM, (int) digits, bytes + 5)
                   : -1;
    return QRinput_append(input, alphanumeric(text, size) ? QR_MODE_AN : QR_MODE_8, (int) size, bytes);
}

int credential_qr_make(const char *text, size_t size, enum credential_qr_level level, struct credential_qr *qr)
{
    if (size == 0 || size > 7089)
        return BASE_ERR_INPUT;
    QRinput *input = QRinput_new2(0, level == CREDENTIAL_QR_Q ? QR_ECLEVEL_Q : QR_ECLEVEL_L);
    if (input == NULL)
        return TOC_ERR_NO_MEMORY;
    QRcode *code = append(input, text, size) == 0 ? QRcode_encodeInput(input) : NULL;
    int     status = code != NULL ? 0 : errno == ENOMEM ? TOC_ERR_NO_MEMORY : BASE_ERR_INPUT;
    QRinput_free(input);
    if (code == NULL)
        return status;
    qr->width = code->width;
    for (int i = 0; i < code->width * code->width; i++)
        qr->dark[i] = code->data[i] & 1;
    QRcode_free(code);
    return 0;
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
        const uint8_t *row = qr->dark + y * qr->width;
        for (int x = 0, end; x < qr->width; x = end) {
            for (end = x; end < qr->width && row[end] == row[x];)
                end++;
            if (row[x] == 0)
                continue;
            sink_character(sink, 'M');
            sink_integer(sink, x + CREDENTIAL_QR_QUIET);
            sink_character(sink, ' ');
            sink_integer(sink, y + CREDENTIAL_QR_QUIET);
            sink_text(sink, ".5h");
            sink_integer(sink, end - x);
        }
    }
    sink_text(sink, "\"/></svg>\n");
}

/* ---- by cairo ---- */

static cairo_status_t take_bytes(void *where, const unsigned char *bytes, unsigned length)
{
    struct sink *sink = where;
    sink_write(sink, (const char *) bytes, length);
    return sink->failure != 0 ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static int status_of(cairo_status_t status)
{
    return status == CAIRO_STATUS_SUCCESS       ? 0
           : status == CAIRO_STATUS_WRITE_ERROR ? BASE_ERR_SYSTEM
                                                : TOC_ERR_NO_MEMORY;
}

int credential_qr_png(const struct credential_qr *qr, int scale, struct sink *sink)
{
    int              modules = qr->width + 2 * CREDENTIAL_QR_QUIET, side = modules * scale;
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, side, side);
    cairo_status_t   status = cairo_surface_status(surface);
    if (status == CAIRO_STATUS_SUCCESS) {
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
        status = cairo_surface_write_to_png_stream(surface, take_bytes, sink);
    }
    cairo_surface_destroy(surface);
    return status_of(status);
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
    double           side = millimetres * POINTS_A_MM;
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(take_bytes, sink, side, side);
    cairo_t         *cairo = cairo_create(surface);
    for (size_t i = 0; i < num; i++)
        draw_page(cairo, &qr[i], side);
    cairo_status_t status = cairo_status(cairo);
    cairo_destroy(cairo);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    return status_of(status);
}
