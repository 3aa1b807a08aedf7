/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The texts that the cells of a workbook share. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/sheet/xlsx_internal.h"
#include "tocsin/status.h"

static int hex(char digit)
{
    return isdigit((unsigned char) digit) ? digit - '0' : tolower((unsigned char) digit) - 'a' + 10;
}

/* Only control characters and the underscore need an escape; others stay as they stand. */
size_t text_without_escapes(char *text, size_t size)
{
    size_t to = 0;
    for (size_t at = 0; at < size; at++) {
        if (text[at] == '_' && size - at >= 7 && text[at + 1] == 'x' && text[at + 6] == '_' && text[at + 2] == '0' &&
            text[at + 3] == '0' && isxdigit((unsigned char) text[at + 4]) && isxdigit((unsigned char) text[at + 5])) {
            int code = hex(text[at + 4]) * 16 + hex(text[at + 5]);
            if ((code > 0 && code < 0x20) || code == '_') {
                text[to++] = (char) code;
                at += 6;
                continue;
            }
        }
        text[to++] = text[at];
    }
    return to;
}

struct reading {
    struct strings *strings;
    struct xml     *xml;
    unsigned        item, phonetic, piece; /* how deep in <si>, <rPh>, <t> */
    size_t          begin;                 /* of the item's text */
};

static void on_start(void *context, const char *name, const char **attributes)
{
    struct reading *reading = context;
    (void) attributes;
    if (strcmp(name, "si") == 0) {
        reading->item++;
        reading->begin = reading->strings->bytes.size;
    } else if (strcmp(name, "rPh") == 0)
        reading->phonetic++;
    else if (strcmp(name, "t") == 0)
        reading->piece++;
}

static void add_bytes(struct reading *reading, const char *bytes, size_t size)
{
    int ret = growing_add(&reading->strings->bytes, bytes, size, XLSX_MAX_STRING_BYTES);
    if (ret == TOC_ERR_TOO_LARGE)
        ret = package_refuse(reading->xml->package, "at most 256 MiB", "more than 256 MiB of shared texts");
    if (ret != 0)
        xml_fail(reading->xml, ret);
}

static void end_item(struct reading *reading)
{
    struct strings *strings = reading->strings;
    if (strings->num == XLSX_MAX_STRINGS) {
        package_refuse(reading->xml->package, "at most 4000000", "more than 4000000 shared texts");
        xml_fail(reading->xml, BASE_ERR_INPUT);
        return;
    }
    if (strings->num == strings->room) {
        size_t    room = strings->room * 2 + 256;
        uint32_t *more = memory_resize(strings->ends, room, sizeof *more);
        if (more == NULL) {
            xml_fail(reading->xml, TOC_ERR_NO_MEMORY);
            return;
        }
        strings->ends = more;
        strings->room = room;
    }
    if (strings->bytes.size > reading->begin) {
        char *text = strings->bytes.bytes + reading->begin;
        strings->bytes.size = reading->begin + text_without_escapes(text, strings->bytes.size - reading->begin);
    }
    strings->ends[strings->num++] = (uint32_t) strings->bytes.size;
    add_bytes(reading, "", 1);
}

static void on_end(void *context, const char *name)
{
    struct reading *reading = context;
    if (strcmp(name, "si") == 0) {
        reading->item--;
        end_item(reading);
    } else if (strcmp(name, "rPh") == 0)
        reading->phonetic--;
    else if (strcmp(name, "t") == 0)
        reading->piece--;
}

static void on_text(void *context, const char *text, size_t size)
{
    struct reading *reading = context;
    if (reading->item > 0 && reading->piece > 0 && reading->phonetic == 0)
        add_bytes(reading, text, size);
}

int strings_read(const struct package *package, const char *part, struct strings *strings)
{
    struct reading reading = { .strings = strings };
    struct xml     xml = { .context = &reading, .start = on_start, .end = on_end, .text = on_text };
    reading.xml = &xml;
    int ret = xml_open(&xml, package, part);
    if (ret == 0)
        ret = xml_read_part(&xml, XLSX_MAX_PART_BYTES);
    xml_close(&xml);
    return ret;
}

void strings_free(struct strings *strings)
{
    free(strings->bytes.bytes);
    free(strings->ends);
    *strings = (struct strings){ 0 };
}
