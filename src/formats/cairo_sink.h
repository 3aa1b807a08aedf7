/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/cairo_sink.h: what cairo draws, written into a sink. */
#ifndef FORMATS_CAIRO_SINK_H
#define FORMATS_CAIRO_SINK_H

#include <cairo.h>

#include "base/sink.h"

/* A PDF whose pages have this size in points; its surface is cairo_get_target's. Never NULL: a fault is told at the
 * end.
 */
cairo_t *cairo_sink_pdf(struct sink *sink, double width, double height);
/* Writes what is left, and frees. Returns 0, TOC_ERR_NO_MEMORY, or BASE_ERR_SYSTEM where the sink refused. */
int cairo_sink_end(cairo_t *cairo);

/* A picture as PNG; frees it. Returns as above. */
int cairo_sink_png(cairo_surface_t *picture, struct sink *sink);

#endif
