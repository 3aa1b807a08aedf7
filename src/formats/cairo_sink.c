/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/cairo_sink.h"

#include <cairo-pdf.h>

#include "base/fault.h"
#include "tocsin/status.h"

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

cairo_t *cairo_sink_pdf(struct sink *sink, double width, double height)
{
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(take_bytes, sink, width, height);
    cairo_t         *cairo = cairo_create(surface);
    cairo_surface_destroy(surface); /* cairo holds it */
    return cairo;
}

int cairo_sink_end(cairo_t *cairo)
{
    cairo_surface_t *surface = cairo_surface_reference(cairo_get_target(cairo));
    cairo_status_t   status = cairo_status(cairo);
    cairo_destroy(cairo);
    cairo_surface_finish(surface);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    return status_of(status);
}

int cairo_sink_png(cairo_surface_t *picture, struct sink *sink)
{
    cairo_status_t status = cairo_surface_status(picture);
    if (status == CAIRO_STATUS_SUCCESS)
        status = cairo_surface_write_to_png_stream(picture, take_bytes, sink);
    cairo_surface_destroy(picture);
    return status_of(status);
}
