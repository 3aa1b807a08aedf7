/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/script.h"

#include <string.h>

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf16.h>

#include "base/fault.h"
#include "base/text.h"
#include "store/han_table.h"

/* ---- Han ---- */

static const struct han_character *han_find(uint32_t code)
{
    if (code >= HAN_TABLE_FIRST && code <= HAN_TABLE_LAST)
        return &han_table[code - HAN_TABLE_FIRST];
    size_t low = 0, high = han_num_rare;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (han_rare[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < han_num_rare && han_rare[low].code == code ? &han_rare[low].character : NULL;
}

const char *script_reading(uint32_t written)
{
    const struct han_character *character = written == 0x3007 ? NULL : han_find(written);
    if (written == 0x3007)
        return "ling"; /* 〇, which is no ideograph to Unicode's Han-Latin */
    return character != NULL ? han_syllables[character->syllable] : NULL;
}

bool script_surname(const uint32_t *codes, size_t num_codes, size_t *length, const char **reading)
{
    bool found = false;
    for (size_t i = 0; i < han_num_surnames; i++) {
        const struct han_surname *surname = &han_surnames[i];
        size_t                    own = surname->codes[1] != 0 ? 2 : 1;
        if (num_codes < own || surname->codes[0] != codes[0] || (own == 2 && surname->codes[1] != codes[1]))
            continue;
        found = true;
        *length = own; /* the longer one comes behind the shorter */
        *reading = surname->reading;
    }
    return found;
}

/* Is the reading the same as the letters but for its space? */
static bool is_spelled(const char *reading, const char *letters, size_t size)
{
    size_t at = 0;
    for (; *reading != '\0'; reading++) {
        if (*reading == ' ')
            continue;
        if (at == size || letters[at++] != *reading)
            return false;
    }
    return at == size;
}

bool script_is_long_surname(const char *letters, size_t size)
{
    for (size_t i = 0; i < han_num_surnames; i++)
        if (han_surnames[i].codes[1] != 0 && is_spelled(han_surnames[i].reading, letters, size))
            return true;
    return false;
}

/* ---- classes ---- */

static bool within(uint32_t code, uint32_t first, uint32_t last)
{
    return code >= first && code <= last;
}

/* Scripts whose words stand without spaces between them, in the ranges that NFKC leaves. */
static bool is_han(uint32_t code)
{
    return within(code, 0x3400, 0x4dbf) || within(code, 0x4e00, 0x9fff) || within(code, 0x3005, 0x3007) ||
           within(code, 0x3041, 0x3096) || within(code, 0x309d, 0x309f) || within(code, 0x30a1, 0x30fa) ||
           within(code, 0x30fc, 0x30ff) || within(code, 0x3105, 0x312f) || within(code, 0x31a0, 0x31bf) ||
           within(code, 0x31f0, 0x31ff) || within(code, 0xac00, 0xd7a3) || within(code, 0xf900, 0xfaff) ||
           within(code, 0x1b000, 0x1b16f) || within(code, 0x20000, 0x3ffff);
}

/* Letters, vowels and signs that belong to a syllable; not tsheg, shad and the like, nor digits. */
static bool is_tibetan(uint32_t code)
{
    return code == 0xf00 || within(code, 0xf18, 0xf19) || code == 0xf35 || code == 0xf37 || code == 0xf39 ||
           within(code, 0xf40, 0xf6c) || within(code, 0xf71, 0xf84) || within(code, 0xf86, 0xf8f) ||
           within(code, 0xf90, 0xfbc) || code == 0xfc6;
}

static bool is_apostrophe(uint32_t code)
{
    return code == '\'' || code == 0x2018 || code == 0x2019 || code == 0x2bb || code == 0x2bc || code == 0x60;
}

static enum script_class classify(uint32_t code)
{
    if (code < 0x80)
        return within(code, 'a', 'z')   ? SCRIPT_LETTER
               : within(code, '0', '9') ? SCRIPT_DIGIT
               : is_apostrophe(code)    ? SCRIPT_JOINER
                                        : SCRIPT_OTHER;
    if (is_han(code))
        return SCRIPT_HAN;
    if (is_tibetan(code))
        return SCRIPT_TIBETAN;
    if (is_apostrophe(code))
        return SCRIPT_JOINER;
    UChar32  character = (UChar32) code;
    uint32_t category = U_GET_GC_MASK(character);
    return (category & (U_GC_L_MASK | U_GC_M_MASK)) != 0 ? SCRIPT_LETTER : SCRIPT_OTHER;
}

/* ---- folding ---- */

struct output {
    struct script_char *chars;
    size_t              max, num;
};

static void put(struct output *output, uint32_t code, uint32_t written, enum script_class class)
{
    if (output->num < output->max)
        output->chars[output->num] = (struct script_char){ code, written & 0xffffff, (uint32_t) class & 0xff };
    output->num++;
}

/* Letters that Unicode does not take apart into a plain letter and an accent. */
static const char *plain_letters(uint32_t code)
{
    switch (code) {
    case 0xe6: return "ae";
    case 0xf0:
    case 0x111: return "d";
    case 0xf8: return "o";
    case 0xfe: return "th";
    case 0x127: return "h";
    case 0x131: return "i";
    case 0x142: return "l";
    case 0x153: return "oe";
    default: return NULL;
    }
}

/* One normalised character. */
static void put_character(struct output *output, uint32_t code)
{
    if (code == 0xf35 || code == 0xf37)
        return; /* Tibetan marks of honour or stress under a syllable */
    const char *letters = code >= 0x80 ? plain_letters(code) : NULL;
    for (; letters != NULL && *letters != '\0'; letters++)
        put(output, (uint32_t) *letters, 0, SCRIPT_LETTER);
    if (code >= 0x80 && plain_letters(code) != NULL)
        return;
    int32_t digit = code >= 0x80 ? u_charDigitValue((UChar32) code) : -1;
    if (digit >= 0 && digit <= 9) {
        put(output, (uint32_t) ('0' + digit), 0, SCRIPT_DIGIT);
        return;
    }
    enum script_class class = classify(code);
    const struct han_character *han = class == SCRIPT_HAN ? han_find(code) : NULL;
    put(output, han != NULL ? han->simplified : code, code, class);
}

#define RUN_UNITS 128             /* UTF-16 of text that is normalised at a time */
#define RUN_ROOM (18 * RUN_UNITS) /* the longest that NFKC makes of it */
#define ACCENTS_FIRST 0x300
#define ACCENTS_LAST 0x36f

/* What ICU is needed for: NFKC with case folded; then accents of alphabets away; then NFC. ICU's singletons cannot fail
 * once they are there, and its data are part of its library. */
static void put_run(struct output *output, const UChar *run, int32_t size)
{
    UChar      folded[RUN_ROOM], apart[RUN_ROOM];
    UErrorCode error = U_ZERO_ERROR;
    int32_t    length = unorm2_normalize(unorm2_getNFKCCasefoldInstance(&error), run, size, folded, RUN_ROOM, &error);
    length = unorm2_normalize(unorm2_getNFDInstance(&error), folded, length, apart, RUN_ROOM, &error);
    int32_t kept = 0;
    for (int32_t i = 0; U_SUCCESS(error) && i < length; i++)
        if (apart[i] < ACCENTS_FIRST || apart[i] > ACCENTS_LAST)
            apart[kept++] = apart[i];
    length = unorm2_normalize(unorm2_getNFCInstance(&error), apart, kept, folded, RUN_ROOM, &error);
    for (int32_t at = 0; U_SUCCESS(error) && at < length;) {
        uint32_t code = folded[at++];
        if (U16_IS_LEAD(code)) /* ICU's output is well-formed: its other half follows */
            code = 0x10000 + ((code - 0xd800) << 10) + (folded[at++] - 0xdc00U);
        put_character(output, code);
    }
    explicit_bzero(folded, sizeof(UChar) * (size_t) (length > 0 && length < RUN_ROOM ? length : RUN_ROOM));
    explicit_bzero(apart, sizeof(UChar) * (size_t) (kept > 0 && kept < RUN_ROOM ? kept : RUN_ROOM));
}

/* Characters that fold by themselves, whatever stands beside them, as long as nothing combines with them. */
static bool is_plain(uint32_t code)
{
    return code < 0x80 || within(code, 0x3400, 0x4dbf) || within(code, 0x4e00, 0x9fff) || code == 0x3007 ||
           code == 0xf0b || code == 0xf0d;
}

static void append_unit(UChar *run, int32_t *length, uint32_t code)
{
    if (code > 0xffff) {
        run[(*length)++] = (UChar) (0xd800 + ((code - 0x10000) >> 10));
        code = 0xdc00 + ((code - 0x10000) & 0x3ff);
    }
    run[(*length)++] = (UChar) code;
}

static void put_plain(struct output *output, uint32_t code)
{
    if (within(code, 'A', 'Z'))
        code += 'a' - 'A';
    put_character(output, code);
}

int script_fold(const char *text, size_t size, struct script_char *chars, size_t max_chars, size_t *num_chars)
{
    if (text_check_utf8(text, size) != size)
        return BASE_ERR_INPUT;
    struct output       output = { chars, max_chars, 0 };
    UErrorCode          error = U_ZERO_ERROR;
    const UNormalizer2 *folding = unorm2_getNFKCCasefoldInstance(&error);
    UChar               run[RUN_UNITS];
    int32_t             length = 0;
    for (size_t at = 0; at < size;) {
        uint32_t code = script_next(text, &at), behind = 0;
        if (at < size) {
            size_t next = at;
            behind = script_next(text, &next);
        }
        /* A plain character before one that is not may get a mark from it, so it goes with it. */
        bool alone = is_plain(code) && (at == size || is_plain(behind));
        if (length > 0 && (is_plain(code) || length > RUN_UNITS - 2 ||
                           (length > RUN_UNITS / 2 && unorm2_hasBoundaryBefore(folding, (UChar32) code)))) {
            put_run(&output, run, length);
            length = 0;
        }
        if (alone)
            put_plain(&output, code);
        else
            append_unit(run, &length, code);
    }
    if (length > 0)
        put_run(&output, run, length);
    explicit_bzero(run, sizeof run);
    *num_chars = output.num;
    return 0;
}
