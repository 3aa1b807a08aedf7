/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/person_fields.h"

#include <stdbool.h>
#include <string.h>

const struct person_field_text person_field_texts[PERSON_NUM_FIELDS] = {
#define FIELD(code, what, words) { #code, (what) },
#include "formats/person_fields.def"
#undef FIELD
};

static const char *const field_words[PERSON_NUM_FIELDS] = {
#define FIELD(code, what, words) (words),
#include "formats/person_fields.def"
#undef FIELD
};

enum person_field person_field_named(const char *code, size_t size)
{
    for (int field = 0; field < PERSON_NUM_FIELDS; field++)
        if (strlen(person_field_texts[field].code) == size && memcmp(person_field_texts[field].code, code, size) == 0)
            return (enum person_field) field;
    return PERSON_FIELD_NONE;
}

#define MAX_HEADER_WORD 64

/* Small letters, digits and whatever is not ASCII. */
static size_t squeeze(const char *header, size_t size, char word[MAX_HEADER_WORD])
{
    size_t num = 0;
    for (size_t i = 0; i < size && num < MAX_HEADER_WORD; i++) {
        unsigned char byte = (unsigned char) header[i];
        if (byte >= 'A' && byte <= 'Z')
            byte = (unsigned char) (byte - 'A' + 'a');
        if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte >= 0x80)
            word[num++] = (char) byte;
    }
    return num;
}

static bool among(const char *words, const char *word, size_t size)
{
    for (const char *at = words; *at != '\0';) {
        size_t length = strcspn(at, " ");
        if (length == size && memcmp(at, word, size) == 0)
            return true;
        at += length + strspn(at + length, " ");
    }
    return false;
}

enum person_field person_field_of_header(const char *header, size_t size)
{
    char   word[MAX_HEADER_WORD];
    size_t length = squeeze(header, size, word);
    for (int field = 0; field < PERSON_NUM_FIELDS && length > 0; field++)
        if (among(field_words[field], word, length))
            return (enum person_field) field;
    return PERSON_FIELD_NONE;
}
