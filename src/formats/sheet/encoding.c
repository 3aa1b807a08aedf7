/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/sheet/encoding.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/text.h"
#include "tocsin/status.h"

static const struct {
    const char   *name;
    enum encoding encoding;
} names[] = {
    { "utf-8", ENCODING_UTF_8 },         { "utf8", ENCODING_UTF_8 },
    { "utf-16le", ENCODING_UTF_16_LE },  { "utf-16be", ENCODING_UTF_16_BE },
    { "gb18030", ENCODING_GB18030 },     { "gbk", ENCODING_GB18030 },
    { "gb2312", ENCODING_GB18030 },      { "windows-1252", ENCODING_WINDOWS_1252 },
    { "cp1252", ENCODING_WINDOWS_1252 }, { "iso-8859-1", ENCODING_WINDOWS_1252 },
};

enum encoding encoding_named(const char *name)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (text_equal_nocase(name, strlen(name), names[i].name, strlen(names[i].name)))
            return names[i].encoding;
    return ENCODING_UNDECIDED;
}

const char *encoding_word(enum encoding encoding)
{
    static const char *const words[ENCODING_NUM] = { "undecided", "utf-8",   "utf-16le",
                                                     "utf-16be",  "gb18030", "windows-1252" };
    return words[encoding];
}

enum encoding encoding_decide(const char *bytes, size_t size, size_t *mark, size_t *offset, const char **because)
{
    *mark = 0;
    *because = "it begins with a byte-order mark";
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        *mark = 3;
        *offset = 3 + text_check_utf8(bytes + 3, size - 3);
        return *offset == size ? ENCODING_UTF_8 : ENCODING_UNDECIDED;
    }
    if (size >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0)) {
        *mark = 2;
        return bytes[0] == '\xff' ? ENCODING_UTF_16_LE : ENCODING_UTF_16_BE;
    }
    *because = "all its bytes are UTF-8";
    *offset = text_check_utf8(bytes, size);
    return *offset == size ? ENCODING_UTF_8 : ENCODING_UNDECIDED;
}

int encoding_convert(enum encoding encoding, const char *bytes, size_t size, char **text, size_t *text_size,
                     size_t *offset)
{
    static const char *const called[ENCODING_NUM] = { "", "UTF-8", "UTF-16LE", "UTF-16BE", "GB18030", "WINDOWS-1252" };
    if (size > SIZE_MAX / 3 - 16)
        return TOC_ERR_NO_MEMORY;
    size_t  room = size * 3 + 16, left = room, in_left = size;
    char   *made = malloc(room), *out = made, *in = (char *) (uintptr_t) bytes;
    iconv_t iconv_of = iconv_open("UTF-8", called[encoding]);
    int     ret = 0;
    if (made == NULL || iconv_of == (iconv_t) -1)
        ret = TOC_ERR_NO_MEMORY;
    else if (iconv(iconv_of, &in, &in_left, &out, &left) == (size_t) -1) {
        *offset = size - in_left;
        ret = errno == E2BIG ? TOC_ERR_NO_MEMORY : BASE_ERR_INPUT;
    }
    if (iconv_of != (iconv_t) -1)
        iconv_close(iconv_of);
    size_t end = ret == 0 ? text_check_utf8(made, room - left) : 0; /* a NUL is no text in any of them */
    if (ret == 0 && end != room - left) {
        *offset = end;
        ret = BASE_ERR_INPUT;
    }
    if (ret != 0) {
        free(made);
        return ret;
    }
    *text = made;
    *text_size = room - left;
    return 0;
}
