/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes the tables of Han characters that script.c reads: their simplified forms (OpenCC, t2s, each character by
 * itself), their usual Mandarin readings without tone (ICU, Han-Latin), and the sorted surnames. Run when the program
 * is built:
 *
 *     make_han_table > han_table.c
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <opencc/opencc.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utrans.h>

#include "store/han_table.h"
#include "store/script.h"

#define NUM_PLANES 4 /* Han stands in planes 0, 2 and 3 */
#define MAX_CODE (NUM_PLANES * 0x10000)
#define MAX_SYLLABLES 1000
#define MAX_SYLLABLE 16
/* A traditional character is read as its simplified form, which Unicode's data know better, but for this one: 乾 is
 * simplified to 干 where it is read gān, and is written so in simplified text too where it is read qián, as in names.
 */
#define KEEPS_READING 0x4e7e

static uint32_t simplified[MAX_CODE];
static uint16_t reading[MAX_CODE]; /* number of a syllable; 0 = none */
static char     syllables[MAX_SYLLABLES][MAX_SYLLABLE];
static size_t   num_syllables = 1;

static _Noreturn void stop(const char *reason)
{
    fprintf(stderr, "make_han_table: %s\n", reason);
    exit(1);
}

static uint16_t syllable_number(const char *text)
{
    for (size_t i = 1; i < num_syllables; i++)
        if (strcmp(syllables[i], text) == 0)
            return (uint16_t) i;
    if (num_syllables == MAX_SYLLABLES || strlen(text) >= MAX_SYLLABLE)
        stop("more syllables than MAX_SYLLABLES, or a longer one than MAX_SYLLABLE");
    strcpy(syllables[num_syllables], text);
    return (uint16_t) num_syllables++;
}

/* The code points of a text of well-formed UTF-8; 0 where there are more than max. */
static size_t decode(const char *text, size_t size, uint32_t *codes, size_t max)
{
    size_t count = 0;
    for (size_t at = 0; at < size;) {
        if (count == max)
            return 0;
        codes[count++] = script_next(text, &at);
    }
    return count;
}

static void simplify(opencc_t opencc, UChar32 code)
{
    char   from[SCRIPT_UTF8_BYTES], to[64];
    size_t length = script_put((uint32_t) code, from);
    size_t size = opencc_convert_utf8_to_buffer(opencc, from, length, to);
    if (size == (size_t) -1)
        stop(opencc_error());
    uint32_t first[2];
    /* A character that becomes several stays as it is. */
    if (decode(to, size, first, 2) == 1)
        simplified[code] = first[0];
}

/* The syllable of one character: only if it is letters once its marks are off. */
static void read_one(const UTransliterator *pinyin, const UNormalizer2 *decompose, UChar32 code)
{
    UChar      text[64], plain[64];
    char       letters[MAX_SYLLABLE];
    int32_t    length = 0, limit;
    size_t     count = 0;
    UErrorCode error = U_ZERO_ERROR;
    U16_APPEND_UNSAFE(text, length, code);
    limit = length;
    utrans_transUChars(pinyin, text, &length, 64, 0, &limit, &error);
    int32_t size = unorm2_normalize(decompose, text, length, plain, 64, &error);
    if (U_FAILURE(error))
        stop(u_errorName(error));
    for (int32_t i = 0; i < size; i++) {
        if (u_charType(plain[i]) == U_NON_SPACING_MARK)
            continue;
        if (plain[i] < 'a' || plain[i] > 'z' || count + 1 == sizeof letters)
            return;
        letters[count++] = (char) plain[i];
    }
    letters[count] = '\0';
    if (count > 0)
        reading[code] = syllable_number(letters);
}

struct line {
    const char *written, *reading;
};
static const struct line surnames[] = {
#define READING(written, reading)
#define SURNAME(written, reading) { written, reading },
#include "store/surname_readings.def"
#undef SURNAME
#undef READING
};
#define NUM_SURNAMES (sizeof surnames / sizeof *surnames)

static const struct line corrections[] = {
#define READING(written, reading) { written, reading },
#define SURNAME(written, reading)
#include "store/surname_readings.def"
#undef SURNAME
#undef READING
};
#define NUM_CORRECTIONS (sizeof corrections / sizeof *corrections)

static _Noreturn void refuse(const char *written, const char *reason)
{
    fprintf(stderr, "surname_readings.def: %s: %s\n", written, reason);
    exit(1);
}

static const char *usual(uint32_t code)
{
    return reading[code] != 0 ? syllables[reading[code]] : "";
}

static void correct(void)
{
    for (size_t i = 0; i < NUM_CORRECTIONS; i++) {
        uint32_t    code = 0;
        const char *written = corrections[i].written;
        if (decode(written, strlen(written), &code, 1) != 1 || simplified[code] != code)
            refuse(written, "not one simplified character");
        if (strcmp(usual(code), corrections[i].reading) == 0)
            refuse(written, "is read as usual and needs no line");
        reading[code] = syllable_number(corrections[i].reading);
    }
}

static void make_tables(void)
{
    UErrorCode          error = U_ZERO_ERROR;
    UChar               name[32];
    UTransliterator    *pinyin = utrans_openU(u_uastrcpy(name, "Han-Latin"), -1, UTRANS_FORWARD, NULL, 0, NULL, &error);
    const UNormalizer2 *decompose = unorm2_getNFDInstance(&error);
    opencc_t            opencc = opencc_open("t2s.json");
    if (U_FAILURE(error))
        stop(u_errorName(error));
    if (opencc == (opencc_t) -1)
        stop(opencc_error());
    for (UChar32 code = 0; code < MAX_CODE; code++) {
        simplified[code] = (uint32_t) code;
        if (u_hasBinaryProperty(code, UCHAR_IDEOGRAPHIC)) {
            simplify(opencc, code);
            read_one(pinyin, decompose, code);
        }
    }
    correct();
    for (UChar32 code = 0; code < MAX_CODE; code++)
        if (reading[simplified[code]] != 0 && code != KEEPS_READING)
            reading[code] = reading[simplified[code]];
    opencc_close(opencc);
    utrans_close(pinyin);
}

struct sorted {
    uint32_t codes[2];
    size_t   index;
};

static int compare(const void *a, const void *b)
{
    const struct sorted *x = a, *y = b;
    for (int i = 0; i < 2; i++)
        if (x->codes[i] != y->codes[i])
            return x->codes[i] < y->codes[i] ? -1 : 1;
    return 0;
}

static void write_surnames(void)
{
    static struct sorted sorted[NUM_SURNAMES];
    for (size_t i = 0; i < NUM_SURNAMES; i++) {
        const char *written = surnames[i].written;
        size_t      count = decode(written, strlen(written), sorted[i].codes, 2);
        sorted[i].index = i;
        if (count == 0)
            refuse(written, "not one or two characters");
        for (size_t k = 0; k < count; k++)
            if (simplified[sorted[i].codes[k]] != sorted[i].codes[k])
                refuse(written, "not simplified");
        if ((count == 2) != (strchr(surnames[i].reading, ' ') != NULL))
            refuse(written, "as many syllables as characters, with a space between them");
        if (count == 1 && strcmp(surnames[i].reading, usual(sorted[i].codes[0])) == 0)
            refuse(written, "is read as usual and needs no line");
    }
    qsort(sorted, NUM_SURNAMES, sizeof *sorted, compare);
    puts("const struct han_surname han_surnames[] = {");
    for (size_t i = 0; i < NUM_SURNAMES; i++) {
        if (i > 0 && compare(&sorted[i - 1], &sorted[i]) == 0)
            refuse(surnames[sorted[i].index].written, "a second time");
        printf("    { { 0x%x, 0x%x }, \"%s\" },\n", sorted[i].codes[0], sorted[i].codes[1],
               surnames[sorted[i].index].reading);
    }
    printf("};\nconst size_t han_num_surnames = %zu;\n", NUM_SURNAMES);
}

int main(void)
{
    make_tables();
    puts("/* SPDX-License-Identifier: GPL-3.0-or-later */");
    puts("/* Written by src/store/make_han_table.c. */");
    puts("#include \"store/han_table.h\"\n");
    puts("const char *const han_syllables[] = {\n    0,");
    for (size_t i = 1; i < num_syllables; i++)
        printf("    \"%s\",\n", syllables[i]);
    puts("};\nconst struct han_character han_table[] = {");
    for (uint32_t code = HAN_TABLE_FIRST; code <= HAN_TABLE_LAST; code++)
        printf("    { 0x%x, %u },\n", simplified[code], reading[code]);
    puts("};\nconst struct han_rare han_rare[] = {");
    size_t num_rare = 0;
    for (uint32_t code = HAN_TABLE_LAST + 1; code < MAX_CODE; code++) {
        if (simplified[code] == code && reading[code] == 0)
            continue;
        printf("    { 0x%x, { 0x%x, %u } },\n", code, simplified[code], reading[code]);
        num_rare++;
    }
    printf("};\nconst size_t han_num_rare = %zu;\n", num_rare);
    write_surnames();
    if (fflush(stdout) != 0 || ferror(stdout))
        stop("the table could not be written");
    return 0;
}
