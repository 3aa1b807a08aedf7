/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/hl7v2/decode.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "base/fault.h"
#include "base/text.h"
#include "formats/hl7v2/hl7.h"
#include "tocsin/status.h"

/* MSH-18 (table 0211) and other spellings, as iconv calls them. */
static const struct {
    const char *said, *iconv;
} charsets[] = {
    { "ASCII", "US-ASCII" },
    { "8859/1", "ISO-8859-1" },
    { "8859/2", "ISO-8859-2" },
    { "8859/3", "ISO-8859-3" },
    { "8859/4", "ISO-8859-4" },
    { "8859/5", "ISO-8859-5" },
    { "8859/6", "ISO-8859-6" },
    { "8859/7", "ISO-8859-7" },
    { "8859/8", "ISO-8859-8" },
    { "8859/9", "ISO-8859-9" },
    { "8859/15", "ISO-8859-15" },
    { "ISO-8859-1", "ISO-8859-1" },
    { "ISO-8859-15", "ISO-8859-15" },
    { "WINDOWS-1252", "WINDOWS-1252" },
    { "CP1252", "WINDOWS-1252" },
    { "GB 18030-2000", "GB18030" },
    { "GB18030", "GB18030" },
    { "GB 18030", "GB18030" },
    { "GBK", "GBK" },
    { "GB2312", "GB18030" }, /* a part of it */
    { "BIG-5", "BIG5" },
    { "BIG5", "BIG5" },
    { "KS X 1001", "EUC-KR" },
    { "UNICODE UTF-8", "UTF-8" },
    { "UTF-8", "UTF-8" },
    { "UTF8", "UTF-8" },
    { "UNICODE", "UTF-8" }, /* only UTF-8 is allowed of the Unicode encodings */
};

static const char *iconv_name(struct report_text said)
{
    for (size_t i = 0; i < sizeof charsets / sizeof *charsets; i++)
        if (report_text_equals_nocase(said, charsets[i].said))
            return charsets[i].iconv;
    return NULL;
}

/* MSH-18, its first repetition, looked up in the raw bytes: the header's delimiters are ASCII in every set allowed. */
static struct report_text declared(const char *bytes, size_t size)
{
    const char *header = memmem(bytes, size < 64 ? size : 64, "MSH", 3);
    if (header == NULL || bytes + size - header < 9)
        return (struct report_text){ 0 };
    const char *end = bytes + size;
    const char *stop = header;
    while (stop < end && *stop != '\r' && *stop != '\n')
        stop++;
    struct hl7_part line = { header, (size_t) (stop - header) };
    struct hl7_part field = hl7_nth(line, header[3], 18);
    field = hl7_nth(field, header[5] != header[3] ? header[5] : '~', 1);
    return (struct report_text){ field.bytes, field.size };
}

static int refuse(struct report *report, size_t offset, const char *what, struct report_text found)
{
    struct report_place place = { .segment = "MSH", .sequence = 1, .field = 18, .offset = offset };
    report_add_fault(report, REPORT_FATAL, REPORT_ENCODING, place, found, what,
                     "UTF-8, or the character set that MSH-18 or the sender's profile names");
    return BASE_ERR_INPUT;
}

static int convert(struct report *report, const char *charset, struct report_text found)
{
    iconv_t machine = iconv_open("UTF-8", charset);
    if (machine == (iconv_t) -1)
        return refuse(report, 0, "a character set that is not known here", found);
    int    ret = 0;
    size_t room = 3 * report->size + 4, left = room, from_left = report->size;
    char  *text = arena_array(report->arena, room, 1), *to = text, *from = NULL;
    if (text == NULL) {
        ret = TOC_ERR_NO_MEMORY;
        report->out_of_memory = true;
        goto out;
    }
    memcpy(&from, &report->bytes, sizeof from); /* iconv only reads, but its parameter is not const */
    if (iconv(machine, &from, &from_left, &to, &left) == (size_t) -1) {
        ret = refuse(report, report->size - from_left, "bytes that are not of the character set named", found);
        goto out;
    }
    size_t size = room - left, bad = text_check_utf8(text, size);
    if (bad != size) {
        ret = refuse(report, bad, "a NUL in the text", found);
        goto out;
    }
    report->bytes = text;
    report->size = size;
out:
    iconv_close(machine);
    return ret;
}

int hl7_decode(struct report *report, const char *charset)
{
    const char *bytes = report->bytes;
    size_t      size = report->size;
    if (size > HL7_MAX_BYTES) {
        report_add_fault(report, REPORT_FATAL, REPORT_LIMIT, (struct report_place){ .offset = HL7_MAX_BYTES },
                         (struct report_text){ 0 }, "more bytes than a message may have", NULL);
        return BASE_ERR_INPUT;
    }
    if (size >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0))
        return refuse(report, 0, "UTF-16 or UTF-32, which HL7 v2 does not allow", (struct report_text){ bytes, 0 });
    size_t bad = text_check_utf8(bytes, size);
    if (bad == size)
        return 0;
    if (memchr(bytes, '\0', size) != NULL)
        return refuse(report, bad, "a NUL byte", (struct report_text){ 0 });
    if (charset != NULL) {
        const char *known = iconv_name(report_text_of(charset));
        return convert(report, known != NULL ? known : charset, report_text_of(charset));
    }
    struct report_text said = declared(bytes, size);
    if (said.size == 0)
        return refuse(report, bad, "bytes that are not UTF-8, and no character set is named", said);
    const char *name = iconv_name(said);
    if (name == NULL)
        return refuse(report, bad, "bytes that are not UTF-8, and MSH-18 names a character set not known here", said);
    if (strcmp(name, "UTF-8") == 0 || strcmp(name, "US-ASCII") == 0)
        return refuse(report, bad, "bytes that are not of the character set that MSH-18 names", said);
    return convert(report, name, said);
}
