/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which cell formats of a workbook are dates, and the texts of numbers in them. */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "formats/sheet/xlsx_internal.h"
#include "tocsin/date.h"
#include "tocsin/status.h"

/* ---- number formats ---- */

/* What stands in quotes, behind a backslash, an underscore or a star, or in brackets is shown as it is; [h], [m] and
 * [s] are elapsed time. Only the first section counts: the others are for negative numbers and texts. */
enum style_kind style_of_code(const char *code)
{
    bool date = false, time = false, month_or_minute = false;
    for (const char *at = code; *at != '\0' && *at != ';'; at++) {
        switch (tolower((unsigned char) *at)) {
        case '"':
            at = strchr(at + 1, '"');
            if (at == NULL)
                return STYLE_PLAIN;
            break;
        case '\\':
        case '_':
        case '*':
            if (at[1] != '\0')
                at++;
            break;
        case '[':
            time |= strchr("hms", tolower((unsigned char) at[1])) != NULL && at[1] != '\0';
            at = strchr(at, ']');
            if (at == NULL)
                return STYLE_PLAIN;
            break;
        case 'g': /* General; or an era, which has a year too */
            if (strncasecmp(at, "General", 7) == 0)
                return STYLE_PLAIN;
            break;
        case 'y':
        case 'd': date = true; break;
        case 'h':
        case 's': time = true; break;
        case 'm': month_or_minute = true; break;
        default: break;
        }
    }
    if (date || (month_or_minute && !time))
        return STYLE_DATE;
    return time ? STYLE_TIME : STYLE_PLAIN;
}

/* Formats that have a number and no code; 27 … 36 and 50 … 58 are dates of East Asian editions. */
static enum style_kind style_of_number(long number)
{
    if ((number >= 14 && number <= 17) || number == 22 || (number >= 27 && number <= 31) || number == 36 ||
        (number >= 50 && number <= 54) || number == 57 || number == 58)
        return STYLE_DATE;
    return (number >= 18 && number <= 21) || (number >= 32 && number <= 35) || (number >= 45 && number <= 47) ||
                   number == 55 || number == 56
               ? STYLE_TIME
               : STYLE_PLAIN;
}

/* ---- the part ---- */

#define MAX_CODES 4096
struct codes {
    struct styles *styles;
    struct xml    *xml;
    bool           in_cell_formats;
    size_t         num;
    struct {
        long    number;
        uint8_t kind;
    } codes[MAX_CODES];
};

static void add_code(struct codes *codes, const char **attributes)
{
    const char *number = xml_attribute(attributes, "numFmtId"), *code = xml_attribute(attributes, "formatCode");
    if (number == NULL || code == NULL)
        return;
    if (codes->num == MAX_CODES) {
        package_refuse(codes->xml->package, "at most 4096", "more than 4096 number formats");
        xml_fail(codes->xml, BASE_ERR_INPUT);
        return;
    }
    codes->codes[codes->num].number = strtol(number, NULL, 10);
    codes->codes[codes->num++].kind = (uint8_t) style_of_code(code);
}

static void add_style(struct codes *codes, const char **attributes)
{
    struct styles *styles = codes->styles;
    const char    *text = xml_attribute(attributes, "numFmtId");
    long           number = text != NULL ? strtol(text, NULL, 10) : 0;
    uint8_t        kind = (uint8_t) style_of_number(number);
    for (size_t i = 0; i < codes->num; i++)
        if (codes->codes[i].number == number)
            kind = codes->codes[i].kind;
    if (styles->num == XLSX_MAX_STYLES) {
        package_refuse(codes->xml->package, "at most 65536", "more than 65536 cell formats");
        xml_fail(codes->xml, BASE_ERR_INPUT);
        return;
    }
    if (styles->num == styles->room) {
        size_t   room = styles->room * 2 + 64;
        uint8_t *more = memory_resize(styles->kinds, room, 1);
        if (more == NULL) {
            xml_fail(codes->xml, TOC_ERR_NO_MEMORY);
            return;
        }
        styles->kinds = more;
        styles->room = room;
    }
    styles->kinds[styles->num++] = kind;
}

static void on_start(void *context, const char *name, const char **attributes)
{
    struct codes *codes = context;
    if (strcmp(name, "numFmt") == 0)
        add_code(codes, attributes);
    else if (strcmp(name, "cellXfs") == 0)
        codes->in_cell_formats = true;
    else if (codes->in_cell_formats && strcmp(name, "xf") == 0)
        add_style(codes, attributes);
}

static void on_end(void *context, const char *name)
{
    struct codes *codes = context;
    if (strcmp(name, "cellXfs") == 0)
        codes->in_cell_formats = false;
}

static void on_text(void *context, const char *text, size_t size)
{
    (void) context;
    (void) text;
    (void) size;
}

int styles_read(const struct package *package, const char *part, struct styles *styles)
{
    struct codes *codes = memory_array(1, sizeof *codes);
    struct xml    xml = { .context = codes, .start = on_start, .end = on_end, .text = on_text };
    if (codes == NULL)
        return TOC_ERR_NO_MEMORY;
    codes->styles = styles;
    codes->xml = &xml;
    int ret = xml_open(&xml, package, part);
    if (ret == 0)
        ret = xml_read_part(&xml, XLSX_MAX_SMALL_PART);
    xml_close(&xml);
    free(codes);
    return ret;
}

/* ---- numbers ---- */

#define SERIAL_MAX 2958466.0 /* the day after 9999-12-31, of 1900 */

static void put_number(double value, char text[STYLE_TEXT_BYTES])
{
    if (fabs(value) < 1e15 && value == floor(value))
        snprintf(text, STYLE_TEXT_BYTES, "%.0f", value == 0 ? 0.0 : value);
    else
        text_from_double(value, text);
}

/* Seconds of the day, rounded; a cell holds a double of days. */
static int second_of_day(double value, double *day)
{
    *day = floor(value);
    int second = (int) lround((value - *day) * 86400);
    if (second == 86400) {
        *day += 1;
        second = 0;
    }
    return second;
}

uint8_t style_text(double value, enum style_kind style, bool from_1904, char text[STYLE_TEXT_BYTES], size_t *size)
{
    uint8_t kind = SHEET_NUMBER;
    double  day;
    if (style == STYLE_PLAIN || !(value >= 0 && value < SERIAL_MAX - (from_1904 ? 1462 : 0))) {
        put_number(value, text);
        *size = strlen(text);
        return kind;
    }
    int second = second_of_day(value, &day);
    if (style == STYLE_TIME && day == 0) {
        snprintf(text, STYLE_TEXT_BYTES, "%02d:%02d:%02d", second / 3600, second / 60 % 60, second % 60);
        kind = SHEET_TIME;
    } else if (!from_1904 && day == 60) { /* 29 February 1900 was not */
        put_number(value, text);
    } else {
        toc_date         first = toc_date_from_civil(from_1904  ? (struct toc_civil){ 1904, 1, 1 }
                                                     : day < 60 ? (struct toc_civil){ 1899, 12, 31 }
                                                                : (struct toc_civil){ 1899, 12, 30 });
        struct toc_civil civil = toc_date_to_civil(first + (toc_date) day);
        int              used = snprintf(text, STYLE_TEXT_BYTES, "%04d-%02d-%02d", civil.year, civil.month, civil.day);
        kind = SHEET_DATE;
        if (second != 0 || style == STYLE_TIME) {
            snprintf(text + used, STYLE_TEXT_BYTES - (size_t) used, "T%02d:%02d:%02d", second / 3600, second / 60 % 60,
                     second % 60);
            kind = SHEET_MOMENT;
        }
    }
    *size = strlen(text);
    return kind;
}
