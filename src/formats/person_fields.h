/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/person_fields.h: which column of a list says what of a person, proposed from its header in English or
 * Chinese, in any order. person_fields.def holds the words. A proposal only: people can say otherwise. */
#ifndef FORMATS_PERSON_FIELDS_H
#define FORMATS_PERSON_FIELDS_H

#include <stddef.h>

enum person_field {
#define FIELD(code, what, words) PERSON_FIELD_##code,
#include "formats/person_fields.def"
#undef FIELD
    PERSON_NUM_FIELDS,
    PERSON_FIELD_NONE = -1
};

struct person_field_text {
    const char *code; /* "birth_date" */
    const char *what; /* "date of birth" */
};
extern const struct person_field_text person_field_texts[PERSON_NUM_FIELDS];

/* The field of that code, or PERSON_FIELD_NONE. */
enum person_field person_field_named(const char *code, size_t size);

/* The field that a header cell means, or PERSON_FIELD_NONE. Only whole cells match, without case, blanks, hyphens,
 * points, underscores and brackets. */
enum person_field person_field_of_header(const char *header, size_t size);

#endif
