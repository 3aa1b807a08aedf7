/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/base64.h"

#include "base/fault.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* The six bits of a character, or -1. */
static int bits(enum credential_base64 form, char character)
{
    if (character >= 'A' && character <= 'Z')
        return character - 'A';
    if (character >= 'a' && character <= 'z')
        return character - 'a' + 26;
    if (character >= '0' && character <= '9')
        return character - '0' + 52;
    const char *alphabet = form == CREDENTIAL_BASE64 ? standard : url;
    return character == alphabet[62] ? 62 : character == alphabet[63] ? 63 : -1;
}

int credential_base64_decode(enum credential_base64 form, const char *text, size_t size, uint8_t *bytes,
                             size_t *num_bytes)
{
    if (form == CREDENTIAL_BASE64 && size % 4 == 0 && size > 0 && text[size - 1] == '=')
        size -= text[size - 2] == '=' ? 2 : 1;
    if (size % 4 == 1)
        return BASE_ERR_INPUT;
    size_t   num = 0;
    uint32_t held = 0;
    for (size_t i = 0; i < size; i++) {
        int six = bits(form, text[i]);
        if (six < 0)
            return BASE_ERR_INPUT;
        held = held << 6 | (uint32_t) six;
        if (i % 4 == 3) {
            bytes[num++] = (uint8_t) (held >> 16);
            bytes[num++] = (uint8_t) (held >> 8);
            bytes[num++] = (uint8_t) held;
            held = 0;
        }
    }
    if ((size % 4 == 2 && (held & 15) != 0) || (size % 4 == 3 && (held & 3) != 0))
        return BASE_ERR_INPUT;
    if (size % 4 == 2)
        bytes[num++] = (uint8_t) (held >> 4);
    if (size % 4 == 3) {
        bytes[num++] = (uint8_t) (held >> 10);
        bytes[num++] = (uint8_t) (held >> 2);
    }
    *num_bytes = num;
    return 0;
}

size_t credential_base64_encode(enum credential_base64 form, const uint8_t *bytes, size_t size, char *text)
{
    const char *alphabet = form == CREDENTIAL_BASE64 ? standard : url;
    size_t      num = 0;
    for (size_t i = 0; i < size; i += 3) {
        size_t   left = size - i;
        uint32_t held =
            (uint32_t) bytes[i] << 16 | (left > 1 ? (uint32_t) bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0);
        for (unsigned part = 0; part < 4; part++)
            if (part <= left)
                text[num++] = alphabet[held >> (18 - 6 * part) & 63];
            else if (form == CREDENTIAL_BASE64)
                text[num++] = '=';
    }
    return num;
}
