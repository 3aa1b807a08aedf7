/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <cairo-pdf.h>
#include <pango/pangocairo.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "formats/cairo_sink.h"
#include "formats/document.h"

#define PAGE_WIDTH 595.276 /* points: A4 */
#define PAGE_HEIGHT 841.89
#define MARGIN 56.0
#define WIDTH (PAGE_WIDTH - 2 * MARGIN)
#define BOTTOM (PAGE_HEIGHT - MARGIN - 14)
#define CELL_GAP 6.0
#define FIRST_COLUMN 0.4 /* of a table's width */
#define FAMILIES "Noto Sans, Noto Sans CJK SC, Noto Serif Tibetan, sans-serif"

struct page {
    const struct document *document;
    cairo_t               *cairo;
    PangoLayout           *layout;
    double                 y;
    int                    number;
};

static void choose_font(struct page *page, double points, bool bold)
{
    PangoFontDescription *font = pango_font_description_from_string(FAMILIES);
    pango_font_description_set_absolute_size(font, points * PANGO_SCALE);
    pango_font_description_set_weight(font, bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
    pango_layout_set_font_description(page->layout, font);
    pango_font_description_free(font);
}

/* Lay out a text in a width; its height. */
static double lay_out(struct page *page, const char *text, double width, PangoAlignment alignment)
{
    int height;
    pango_layout_set_width(page->layout, (int) (width * PANGO_SCALE));
    pango_layout_set_wrap(page->layout, PANGO_WRAP_WORD_CHAR);
    pango_layout_set_alignment(page->layout, alignment);
    pango_layout_set_text(page->layout, text, -1);
    pango_layout_get_size(page->layout, NULL, &height);
    return (double) height / PANGO_SCALE;
}

static void show_at(struct page *page, double x, double y)
{
    cairo_move_to(page->cairo, x, y);
    pango_cairo_show_layout(page->cairo, page->layout);
}

static void end_page(struct page *page)
{
    char number[24];
    snprintf(number, sizeof number, "%d", page->number);
    choose_font(page, 8, false);
    cairo_set_source_rgb(page->cairo, 0.34, 0.36, 0.39);
    (void) lay_out(page, page->document->title, WIDTH * 0.9, PANGO_ALIGN_LEFT);
    show_at(page, MARGIN, PAGE_HEIGHT - MARGIN);
    (void) lay_out(page, number, WIDTH, PANGO_ALIGN_RIGHT);
    show_at(page, MARGIN, PAGE_HEIGHT - MARGIN);
    cairo_set_source_rgb(page->cairo, 0, 0, 0);
    cairo_show_page(page->cairo);
    page->number++;
    page->y = MARGIN;
}

/* The lines of a text, each on the page that has room for it. */
static void put_text(struct page *page, const char *text, double points, bool bold, double before, double after)
{
    choose_font(page, points, bold);
    double           height = lay_out(page, text, WIDTH, PANGO_ALIGN_LEFT);
    double           keep = bold ? 3 * points : 0; /* a heading stands with what follows */
    PangoLayoutIter *iter;
    if (page->y > MARGIN)
        page->y += before;
    if (page->y + (bold ? height : 0) + keep > BOTTOM)
        end_page(page);
    choose_font(page, points, bold);
    (void) lay_out(page, text, WIDTH, PANGO_ALIGN_LEFT);
    iter = pango_layout_get_iter(page->layout);
    do {
        PangoRectangle   extents;
        PangoLayoutLine *line = pango_layout_iter_get_line_readonly(iter);
        pango_layout_iter_get_line_extents(iter, NULL, &extents);
        double line_height = (double) extents.height / PANGO_SCALE * 1.15;
        double base = (double) (pango_layout_iter_get_baseline(iter) - extents.y) / PANGO_SCALE;
        if (page->y + line_height > BOTTOM) {
            int rest = pango_layout_line_get_start_index(line); /* the page's foot takes the layout */
            pango_layout_iter_free(iter);
            end_page(page);
            put_text(page, text + rest, points, bold, 0, after);
            return;
        }
        cairo_move_to(page->cairo, MARGIN + (double) extents.x / PANGO_SCALE, page->y + base);
        pango_cairo_show_layout_line(page->cairo, line);
        page->y += line_height;
    } while (pango_layout_iter_next_line(iter));
    pango_layout_iter_free(iter);
    page->y += after;
}

/* ---- tables ---- */

static double width_of(const struct document_block *table, size_t column)
{
    if (table->num_columns == 1)
        return WIDTH;
    return column == 0 ? WIDTH * FIRST_COLUMN : WIDTH * (1 - FIRST_COLUMN) / (double) (table->num_columns - 1);
}

/* Draw a row, or only say how high it is. */
static double put_row(struct page *page, const struct document_block *table, size_t row, bool draw)
{
    double x = MARGIN, most = 0;
    choose_font(page, 9.5, row == 0);
    for (size_t column = 0; column < table->num_columns; column++) {
        double width = width_of(table, column);
        double height = lay_out(page, table->cells[row * table->num_columns + column], width - CELL_GAP,
                                column == 0 ? PANGO_ALIGN_LEFT : PANGO_ALIGN_RIGHT);
        if (draw)
            show_at(page, x, page->y + 2);
        most = height > most ? height : most;
        x += width;
    }
    return most + 5;
}

static void rule(struct page *page, double weight)
{
    cairo_set_line_width(page->cairo, weight);
    cairo_set_source_rgb(page->cairo, 0.6, 0.62, 0.64);
    cairo_move_to(page->cairo, MARGIN, page->y);
    cairo_line_to(page->cairo, MARGIN + WIDTH, page->y);
    cairo_stroke(page->cairo);
    cairo_set_source_rgb(page->cairo, 0, 0, 0);
}

static void put_table(struct page *page, const struct document_block *table)
{
    for (size_t row = 0; row < table->num_rows; row++) {
        double height = put_row(page, table, row, false);
        if (page->y + height + (row == 0 ? height : 0) > BOTTOM) {
            end_page(page);
            if (row > 0) { /* the head again */
                double head = put_row(page, table, 0, true);
                page->y += head;
                rule(page, 0.8);
            }
        }
        height = put_row(page, table, row, true);
        page->y += height;
        rule(page, row == 0 ? 0.8 : 0.3);
    }
    page->y += 8;
}

static void put_block(struct page *page, const struct document_block *block)
{
    switch (block->kind) {
    case DOCUMENT_TITLE: put_text(page, block->text, 18, true, 0, 6); break;
    case DOCUMENT_HEADING: put_text(page, block->text, 12.5, true, 8, 3); break;
    case DOCUMENT_PARAGRAPH: put_text(page, block->text, 10.5, false, 0, 4); break;
    case DOCUMENT_NOTE: put_text(page, block->text, 8.5, false, 0, 4); break;
    case DOCUMENT_TABLE: put_table(page, block); break;
    }
}

/* ---- the file ---- */

static void describe(cairo_surface_t *surface, const struct document *document)
{
    char made[INSTANT_TEXT_BYTES];
    instant_to_text(document->made - document->made % INSTANT_SECOND, made);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, document->title);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "Tocsin");
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, made);
}

int document_pdf(const struct document *document, struct sink *sink)
{
    cairo_t      *cairo = cairo_sink_pdf(sink, PAGE_WIDTH, PAGE_HEIGHT);
    PangoFontMap *fonts = pango_cairo_font_map_new(); /* of this call alone: several threads may print */
    PangoContext *context = pango_font_map_create_context(fonts);
    struct page   page = { .document = document, .cairo = cairo, .y = MARGIN, .number = 1 };
    describe(cairo_get_target(cairo), document);
    pango_context_set_language(context, pango_language_from_string(document->language));
    pango_cairo_update_context(cairo, context);
    page.layout = pango_layout_new(context);
    for (size_t i = 0; i < document->num_blocks; i++)
        put_block(&page, &document->blocks[i]);
    end_page(&page);
    g_object_unref(page.layout);
    g_object_unref(context);
    g_object_unref(fonts);
    return cairo_sink_end(cairo);
}
