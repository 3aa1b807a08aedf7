/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* ---- UTF-8 ---- */

/* Length of the well-formed character at text (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF), with its
 * code point; 0 where there is none. */
static size_t decode(const unsigned char *text, size_t size, uint32_t *code)
{
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned char         lead = text[0];
    size_t                length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    if (length == 0 || lead > 0xf4 || length > size)
        return 0;
    uint32_t value = length == 1 ? lead : lead & (0x7fU >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (text[i] & 0x3f);
    }
    if (length > 1 && (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)))
        return 0;
    *code = value;
    return length;
}

/* True where eight bytes are all ASCII and none is NUL: no high bit set, and none borrows when 1 is taken away. */
static bool plain_eight(const char *text)
{
    uint64_t word;
    memcpy(&word, text, sizeof word);
    return ((word | (word - UINT64_C(0x0101010101010101))) & UINT64_C(0x8080808080808080)) == 0;
}

/* True for the characters of three bytes that need no closer look: U+1000 on, but for those below a lead of ed, of
 * which some are surrogates. */
static bool plain_three(const unsigned char *text)
{
    return text[0] > 0xe0 && text[0] < 0xf0 && text[0] != 0xed && (text[1] & 0xc0) == 0x80 && (text[2] & 0xc0) == 0x80;
}

size_t text_check_utf8(const char *text, size_t size)
{
    size_t at = 0;
    while (at < size) {
        if (size - at >= 8 && plain_eight(text + at)) {
            at += 8;
            continue;
        }
        if (size - at >= 3 && plain_three((const unsigned char *) text + at)) {
            at += 3;
            continue;
        }
        uint32_t code;
        size_t   length = decode((const unsigned char *) text + at, size - at, &code);
        if (length == 0 || code == 0)
            return at;
        at += length;
    }
    return size;
}

/* ---- showing untrusted text ---- */

/* Characters that would move, hide or reorder what a terminal or page shows. */
static bool is_hidden(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || code == 0x61c ||
           (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb) ||
           (code >= 0xe0000 && code <= 0xe0fff);
}

/* The escape of one character or bad byte; returns its length, at most 8. */
static size_t escape_one(uint32_t code, size_t bytes, unsigned char raw, char escape[16])
{
    static const char letters[] = { ['\t'] = 't', ['\n'] = 'n', ['\r'] = 'r' };
    if (bytes == 0 || code < 0x80) {
        unsigned char byte = bytes == 0 ? raw : (unsigned char) code;
        if (bytes != 0 && byte < sizeof letters && letters[byte] != 0)
            return (size_t) sprintf(escape, "\\%c", letters[byte]);
        return (size_t) sprintf(escape, "\\x%02x", byte);
    }
    return (size_t) sprintf(escape, code > 0xffff ? "\\u%06x" : "\\u%04x", (unsigned) code);
}

/* Escape length bytes into room for size bytes with the end. Text that does not fit, or lies beyond `shown` bytes, is
 * replaced by …. `quotes`: escape " and \ as well. */
static size_t escape_text(const char *text, size_t length, size_t shown, bool quotes, char *escaped, size_t size)
{
    static const char cut[] = "…";
    size_t            out = 0, fits = 0; /* fits: how much of it leaves room for … */
    bool              whole = true;
    for (size_t at = 0; at < length;) {
        uint32_t code = 0;
        char     escape[16];
        size_t   bytes = decode((const unsigned char *) text + at, length - at, &code);
        size_t   taken = bytes == 0 ? 1 : bytes, room;
        if (at + taken > shown) {
            whole = false;
            break;
        }
        if (bytes == 0 || is_hidden(code)) {
            room = escape_one(code, bytes, (unsigned char) text[at], escape);
        } else if (quotes && (code == '"' || code == '\\')) {
            room = (size_t) sprintf(escape, "\\%c", (int) code);
        } else {
            memcpy(escape, text + at, bytes);
            room = bytes;
        }
        if (out + room + 1 > size) {
            whole = false;
            break;
        }
        memcpy(escaped + out, escape, room);
        out += room;
        if (out + sizeof cut <= size)
            fits = out;
        at += taken;
    }
    if (!whole) {
        memcpy(escaped + fits, cut, sizeof cut - 1);
        out = fits + sizeof cut - 1;
    }
    escaped[out] = '\0';
    return out;
}

size_t text_quote(const char *text, size_t size, char quoted[TEXT_QUOTE_BYTES])
{
    quoted[0] = '"';
    size_t length = 1 + escape_text(text, size, TEXT_QUOTE_SHOWN, true, quoted + 1, TEXT_QUOTE_BYTES - 2);
    quoted[length] = '"';
    quoted[length + 1] = '\0';
    return length + 1;
}

size_t text_escape(const char *text, size_t length, char *escaped, size_t size)
{
    return escape_text(text, length, SIZE_MAX, false, escaped, size);
}

static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char) (letter - 'A' + 'a') : letter;
}

bool text_equal_nocase(const char *a, size_t size_a, const char *b, size_t size_b)
{
    if (size_a != size_b)
        return false;
    for (size_t i = 0; i < size_a; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

uint64_t text_hash(const char *text, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char) text[i]) * UINT64_C(0x100000001b3);
    return hash;
}
