/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/person_forms.h: the whole forms by which a person is found, before they are hashed.
 *
 * DESIGN section 6: a token is a keyed hash of (kind, county, whole form). This makes the forms in memory; the keeper
 * makes tokens of them; no form is ever stored, logged or sent. The arena that holds them is wiped by the caller
 * (arena_wipe). The kind goes into the hash and is not kept beside the token: it would tell the script of a name, and
 * how many tokens a person has tells a little of it too.
 *
 *     NAME          the name as written in Han or Tibetan, folded (script.h), without spaces, points and tsheg: 欧阳修
 *     LETTERS       the whole name in letters: pinyin of a Han name, and a name of an alphabet: ouyangxiu. Where a
 *                   surname is read in its own way (曾 单 解 …) that reading and the usual one are two forms, since
 *                   such a character may also begin a name without surname (单增, Tenzin, is dān zēng)
 *     NAME_YEAR     the name (NAME, or else LETTERS) and the year of birth: 欧阳修|1007
 *     IDENTIFIER    letters and digits, upper case: 54010219800203001X
 *     PHONE         +country and number: +8613800138000
 *
 * Never a form of a surname alone, of a single character or of a birth date:
 * - a name of one character or one syllable, of a compound surname alone (欧阳), or of a surname with a placeholder
 * (张某, 张×, 张 X) has no NAME, LETTERS or NAME_YEAR;
 * - a name of an alphabet needs two words of at least two letters: one word may be a surname, and a surname with an
 *   initial says no more than the surname;
 * - an identifier has at least PERSON_MIN_IDENTIFIER letters and digits, and is not the birth date.
 *
 * Words of an alphabet stand in a form as they were given; a query tries every rotation of its words, so "Xiu Ouyang"
 * finds "Ouyang Xiu" at no cost to the index (for up to PERSON_MAX_QUERY_WORDS words). ü is u: "lü", "lv", "lyu", "lu"
 * are one, and so are "nü" and the others.
 *
 * Status: 0; BASE_ERR_INPUT, a text is not UTF-8 or holds a NUL; TOC_ERR_OPTION; TOC_ERR_NO_MEMORY. Of a text only the
 * first PERSON_MAX_CHARS folded characters count.
 */
#ifndef STORE_PERSON_FORMS_H
#define STORE_PERSON_FORMS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "model/records.h"
#include "store/script.h"

/* The numbers go into the hash: never changed, never used again. */
enum person_form_kind {
    PERSON_FORM_NAME = 1,
    PERSON_FORM_LETTERS = 2,
    PERSON_FORM_NAME_YEAR = 3,
    PERSON_FORM_IDENTIFIER = 4,
    PERSON_FORM_PHONE = 5
};

#define PERSON_MAX_CHARS 256     /* of one text, folded */
#define PERSON_MAX_PHONES 2      /* numbers read from one text */
#define PERSON_MIN_IDENTIFIER 4  /* letters and digits */
#define PERSON_MIN_PHONE 7       /* digits, with country */
#define PERSON_MAX_PHONE 15      /* as E.164 has it */
#define PERSON_MAX_FORMS 8       /* of a person */
#define PERSON_MAX_QUERY_WORDS 8 /* rotations of a query */

struct person_form {
    enum person_form_kind kind;
    const char           *bytes; /* UTF-8 with '\0' behind; in the arena */
    size_t                size;
};

struct person_form_options {
    const char *country; /* digits of the country that a number without + belongs to */
    const char *trunk;   /* what is dialled before an area code within the country, and dropped; "" = nothing */
};
#define PERSON_FORM_OPTIONS_INIT                                                                                       \
    {                                                                                                                  \
        .country = "86", .trunk = "0"                                                                                  \
    }

/* Options for a country by its calling code, 1 … 999; 0 = 86. What is dialled before an area code and dropped follows
 * from it: 0; nothing where the 0 belongs to the number (39 Italy, 225 Côte d'Ivoire, 242 Congo, 378 San Marino, 379
 * Vatican); 8 in 7 (Russia, Kazakhstan), 06 in 36 (Hungary). `country` holds what the options point to. */
struct person_country {
    char                       digits[4];
    struct person_form_options options;
};
const struct person_form_options *person_country(unsigned code, struct person_country *country);

/* The forms of an identity, each once, at most PERSON_MAX_FORMS. head, person, address and coordinates are not looked
 * at. *num_forms 0: there is nothing by which the person could be found. Cost: docs/search.md. */
int person_forms(const struct model_identity *identity, const struct person_form_options *options, struct arena *arena,
                 struct person_form **forms, size_t *num_forms);

/* What somebody typed, of whatever kind: a name, a name and a year of birth ("张三 1980", "1980年2月3日生 张三"), a
 * number. With a year, a name in Han or Tibetan is looked up by NAME_YEAR alone: who has no date of birth is found
 * without it. */
struct person_query {
    struct person_form *forms; /* whoever has one of these may be meant; each once */
    size_t              num_forms;
    int                 birth_year; /* typed with the name: drop who was born in another year; 0 = none */
};

/* *query->num_forms 0: too little was typed (a surname, one character); the remedy is the whole name or the prefix
 * search within a county. A text of more than PERSON_MAX_CHARS folded characters is TOC_ERR_TOO_LARGE. */
int person_query_read(const char *typed, size_t size, const struct person_form_options *options, struct arena *arena,
                      struct person_query *query);

/* ---- prefix search within a county, on identities decrypted in memory ---- */

struct person_prefix {
    struct script_char chars[PERSON_MAX_CHARS];
    size_t             num_chars;
    char               letters[SCRIPT_UTF8_BYTES * PERSON_MAX_CHARS]; /* typed in an alphabet, UTF-8 without spaces */
    size_t             num_letters;                                   /* bytes; 0 = typed in Han or Tibetan */
    bool               syllable_ends; /* Tibetan: a tsheg or shad was typed at the end */
};

/* Read what was typed. Returns 0; BASE_ERR_INPUT, not UTF-8, or nothing but blanks and points; TOC_ERR_TOO_LARGE beyond
 * PERSON_MAX_CHARS. It holds what was typed: clear it after use (sodium_memzero). */
int person_prefix_read(const char *typed, size_t size, struct person_prefix *prefix);

/* Does the identity's name begin like this?
 *
 *     Han       欧, 欧阳, 歐陽: the first characters
 *     letters   the beginning of each syllable's reading in turn: "ouyang x", "ouyangx", "oyx", "zs" for 张三;
 *               or of any word and the words behind it, of name or name_latin, going round: "tse", "drolma ts"
 *     Tibetan   བཀྲ, བཀྲ་ཤི: the last syllable may be begun, unless a tsheg was typed behind it
 *
 * Cost: about 1 µs; no allocation. A name that is not UTF-8 does not match. */
bool person_prefix_matches(const struct person_prefix *prefix, const struct model_identity *identity);

#endif
