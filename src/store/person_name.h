/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/person_name.h: a name taken apart: characters, words, syllables, and how they are spelled. Used by
 * person_forms.c and person_prefix.c. */
#ifndef STORE_PERSON_NAME_H
#define STORE_PERSON_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/model.h"
#include "store/person_forms.h"
#include "store/script.h"

/* A part of a name: one Han character, one Tibetan syllable, one word of an alphabet, or a number. */
struct name_part {
    uint16_t first, end; /* of chars */
    uint16_t class;      /* enum script_class: HAN, TIBETAN, LETTER (with digits in it) or DIGIT */
};

struct name {
    struct script_char chars[PERSON_MAX_CHARS];
    struct name_part   parts[PERSON_MAX_CHARS];
    size_t             num_chars, num_parts;
};

/* Take a text apart; a missing one has no parts. *whole (may be NULL): no more than PERSON_MAX_CHARS folded characters.
 * Returns 0 or BASE_ERR_INPUT. */
int name_read(struct name *name, struct model_text text, bool *whole);

size_t name_count(const struct name *name, enum script_class class); /* parts of it */

/* Drop the parts first … end - 1. */
void name_drop(struct name *name, size_t first, size_t end);

/* Does it say more than a surname (person_forms.h)? */
bool name_is_whole(const struct name *name);

/* A form being written. */
#define NAME_FORM_BYTES (8 * PERSON_MAX_CHARS) /* six letters a Han character, and a year */
struct name_text {
    char   bytes[NAME_FORM_BYTES];
    size_t size;
};

/* The characters of a part, folded. */
void name_put_part(struct name_text *text, const struct name *name, size_t part);

/* ü, v and yu behind l and n become u: "lv", "lyu" and "lü" as "lu". */
void name_fold_u(struct name_text *text);

/* How the parts of a name are spelled: letters of a part, or NULL where there is no reading; the parts of the surname
 * as a surname, where `own`. */
struct name_spelling {
    const char *reading[PERSON_MAX_CHARS]; /* NULL: as written (words, digits), or none known (Han, Tibetan) */
    size_t      size[PERSON_MAX_CHARS];
};

/* Returns false where `own` is asked for and the name begins with no surname that has a reading of its own. */
bool name_spell(const struct name *name, bool own, struct name_spelling *spelling);

#endif
