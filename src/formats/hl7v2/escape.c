/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts of fields: blanks dropped, escapes resolved. */
#include <string.h>

#include "base/text.h"
#include "formats/hl7v2/hl7.h"

static int hexadecimal(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* \X0D0A\: bytes. Only what is text afterwards: a control other than the ends of lines and tab, or bytes that are not
 * UTF-8, stay as they were written. Returns the bytes written, 0 = not resolved. */
static size_t resolve_bytes(const char *sequence, size_t size, char *out)
{
    size_t num = 0;
    if (size < 3 || size % 2 == 0)
        return 0;
    for (size_t i = 1; i < size; i += 2) {
        int high = hexadecimal(sequence[i]), low = hexadecimal(sequence[i + 1]);
        if (high < 0 || low < 0)
            return 0;
        char byte = (char) (16 * high + low);
        if ((unsigned char) byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t')
            return 0;
        out[num++] = byte;
    }
    return text_check_utf8(out, num) == num ? num : 0;
}

/* What stands between two escape characters. Returns the bytes written, at most `size`; SIZE_MAX = unknown. */
static size_t resolve(const struct hl7_message *message, const char *sequence, size_t size, char *out)
{
    if (size == 0)
        return SIZE_MAX;
    if (size == 1) {
        switch (sequence[0]) {
        case 'F': *out = message->field; return 1;
        case 'S': *out = message->component; return 1;
        case 'R': *out = message->repetition; return 1;
        case 'E': *out = message->escape; return 1;
        case 'T': *out = message->subcomponent != '\0' ? message->subcomponent : '&'; return 1;
        case 'H':
        case 'N': return 0; /* highlighting begins, ends */
        default: return SIZE_MAX;
        }
    }
    if (sequence[0] == 'X') {
        size_t num = resolve_bytes(sequence, size, out);
        return num > 0 ? num : SIZE_MAX;
    }
    if (sequence[0] == '.') { /* .br .sp .sp2: a new line; .in .ti .fi .nf .ce: layout, nothing to read */
        bool line = size >= 3 && (memcmp(sequence, ".br", 3) == 0 || memcmp(sequence, ".sp", 3) == 0 ||
                                  memcmp(sequence, ".ce", 3) == 0);
        bool layout = size >= 3 && (memcmp(sequence, ".in", 3) == 0 || memcmp(sequence, ".ti", 3) == 0 ||
                                    memcmp(sequence, ".fi", 3) == 0 || memcmp(sequence, ".nf", 3) == 0 ||
                                    memcmp(sequence, ".sk", 3) == 0);
        if (!line && !layout)
            return SIZE_MAX;
        *out = line ? '\n' : ' ';
        return 1;
    }
    return SIZE_MAX;
}

static struct report_text unescape(const struct hl7_message *message, struct report *report, struct hl7_part part)
{
    char *text = arena_array(report->arena, part.size, 1);
    if (text == NULL) {
        report->out_of_memory = true;
        return (struct report_text){ part.bytes, part.size };
    }
    size_t used = 0;
    for (size_t at = 0; at < part.size;) {
        const char *close = NULL;
        if (part.bytes[at] == message->escape && at + 1 < part.size)
            close = memchr(part.bytes + at + 1, message->escape, part.size - at - 1);
        if (close != NULL) {
            size_t size = (size_t) (close - part.bytes) - at - 1;
            size_t made = resolve(message, part.bytes + at + 1, size, text + used);
            if (made != SIZE_MAX) {
                used += made;
                at += size + 2;
                continue;
            }
        }
        text[used++] = part.bytes[at++];
    }
    return (struct report_text){ text, used };
}

struct report_text hl7_text(const struct hl7_message *message, struct report *report, struct hl7_part part)
{
    while (part.size > 0 && ((unsigned char) part.bytes[0] <= ' '))
        part.bytes++, part.size--;
    while (part.size > 0 && ((unsigned char) part.bytes[part.size - 1] <= ' '))
        part.size--;
    if (part.size == 0)
        return (struct report_text){ 0 };
    if (part.size == 2 && part.bytes[0] == '"' && part.bytes[1] == '"')
        return (struct report_text){ part.bytes, 0 };
    if (message->has_escape && memchr(part.bytes, message->escape, part.size) != NULL)
        return unescape(message, report, part);
    return (struct report_text){ part.bytes, part.size };
}

struct report_text hl7_value(const struct hl7_message *message, struct report *report,
                             const struct hl7_segment *segment, uint32_t n, uint32_t component)
{
    struct hl7_part part = hl7_first(message, segment, n);
    if (part.size == 0)
        return (struct report_text){ 0 };
    if (component > 0)
        part = hl7_nth(part, message->component, component);
    return hl7_text(message, report, part);
}
