/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/unicode.h"

#include <stdint.h>
#include <string.h>

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf8.h>

#include "base/fault.h"
#include "base/text.h"
#include "tocsin/status.h"

static bool is_ascii(const char *text, size_t size)
{
    unsigned char all = 0;
    for (size_t i = 0; i < size; i++)
        all |= (unsigned char) text[i];
    return all < 0x80;
}

static int copy(struct arena *arena, const char *text, size_t size, const char **normal, size_t *normal_size)
{
    char *bytes = arena_copy(arena, text, size);
    if (bytes == NULL)
        return TOC_ERR_NO_MEMORY;
    *normal = bytes;
    *normal_size = size;
    return 0;
}

/* UTF-16 of well-formed UTF-8: never more units than bytes. */
static UChar *widen(const char *text, size_t size, struct arena *arena, int32_t *length)
{
    UErrorCode status = U_ZERO_ERROR;
    UChar     *wide = arena_array(arena, size + 1, sizeof *wide);
    if (wide != NULL)
        u_strFromUTF8(wide, (int32_t) size + 1, length, text, (int32_t) size, &status);
    return wide != NULL && U_SUCCESS(status) ? wide : NULL;
}

static const UNormalizer2 *normalizer(enum unicode_form form)
{
    UErrorCode          status = U_ZERO_ERROR;
    const UNormalizer2 *found =
        form == UNICODE_NFC ? unorm2_getNFCInstance(&status) : unorm2_getNFKCCasefoldInstance(&status);
    return U_SUCCESS(status) ? found : NULL;
}

/* The normal form of `wide`, in the arena. */
static UChar *normal_form(const UNormalizer2 *form, const UChar *wide, int32_t length, struct arena *arena,
                          int32_t *normal_length)
{
    UErrorCode status = U_ZERO_ERROR;
    *normal_length = unorm2_normalize(form, wide, length, NULL, 0, &status); /* asks for the length */
    UChar *normal = arena_array(arena, (size_t) *normal_length + 1, sizeof *normal);
    status = U_ZERO_ERROR;
    if (normal != NULL)
        unorm2_normalize(form, wide, length, normal, *normal_length + 1, &status);
    return normal != NULL && U_SUCCESS(status) ? normal : NULL;
}

int unicode_normalize(const char *text, size_t size, enum unicode_form form, struct arena *arena, const char **normal,
                      size_t *normal_size)
{
    if (size > UNICODE_MAX_BYTES)
        return TOC_ERR_TOO_LARGE;
    if (text_check_utf8(text, size) != size)
        return BASE_ERR_INPUT;
    if (form == UNICODE_NFC && is_ascii(text, size))
        return copy(arena, text, size, normal, normal_size);
    const UNormalizer2 *rule = normalizer(form);
    int32_t             length = 0, normal_length = 0, narrow_length = 0;
    UChar              *wide = rule != NULL ? widen(text, size, arena, &length) : NULL;
    UChar              *whole = wide != NULL ? normal_form(rule, wide, length, arena, &normal_length) : NULL;
    if (whole == NULL)
        return TOC_ERR_NO_MEMORY;
    size_t     room = 3 * (size_t) normal_length + 1; /* a unit of UTF-16 becomes at most 3 bytes */
    char      *narrow = arena_array(arena, room, 1);
    UErrorCode status = U_ZERO_ERROR;
    if (narrow == NULL || room > INT32_MAX)
        return TOC_ERR_NO_MEMORY;
    u_strToUTF8(narrow, (int32_t) room, &narrow_length, whole, normal_length, &status);
    if (U_FAILURE(status))
        return TOC_ERR_NO_MEMORY;
    *normal = narrow;
    *normal_size = (size_t) narrow_length;
    return 0;
}

/* A text is in NFC where every piece between two boundaries is; pieces are short, so that no memory is needed. */
#define PIECE 256

static bool piece_is_nfc(const UNormalizer2 *nfc, const UChar *piece, int32_t length)
{
    UErrorCode status = U_ZERO_ERROR;
    return unorm2_isNormalized(nfc, piece, length, &status) && U_SUCCESS(status);
}

bool unicode_is_nfc(const char *text, size_t size)
{
    if (is_ascii(text, size))
        return true;
    if (size > UNICODE_MAX_BYTES || text_check_utf8(text, size) != size)
        return false;
    const UNormalizer2 *nfc = normalizer(UNICODE_NFC);
    UChar               piece[PIECE];
    int32_t             length = 0;
    for (int32_t i = 0; nfc != NULL && i < (int32_t) size;) {
        UChar32 character;
        U8_NEXT_UNSAFE(text, i, character);
        bool starts = unorm2_hasBoundaryBefore(nfc, character);
        if (starts && length > PIECE / 2) {
            if (!piece_is_nfc(nfc, piece, length))
                return false;
            length = 0;
        }
        if (length > PIECE - 2)
            return false;
        if (character > 0xffff) {
            piece[length++] = U16_LEAD(character);
            piece[length++] = U16_TRAIL(character);
        } else {
            piece[length++] = (UChar) character;
        }
    }
    return nfc != NULL && piece_is_nfc(nfc, piece, length);
}

size_t unicode_length(const char *text, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < size; i++)
        length += ((unsigned char) text[i] & 0xc0) != 0x80;
    return length;
}

static bool is_plain(UChar32 character)
{
    if (character < 0x20 || (character >= 0x7f && character < 0xa0))
        return character == '\n';
    if (character < 0x2000)
        return character != 0x61c; /* the Arabic letter mark */
    if (character == 0x200e || character == 0x200f || (character >= 0x2028 && character <= 0x202e) ||
        (character >= 0x2066 && character <= 0x2069) || character == 0xfeff)
        return false;
    return !U_IS_UNICODE_NONCHAR(character);
}

size_t unicode_check_plain(const char *text, size_t size)
{
    size_t well = text_check_utf8(text, size);
    for (size_t i = 0; i < well;) {
        size_t  start = i;
        UChar32 character;
        U8_NEXT_UNSAFE(text, i, character);
        if (!is_plain(character))
            return start;
    }
    return well;
}
