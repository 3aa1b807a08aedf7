/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/link_forms.h: what a person's list says, made ready for person linkage (tocsin/linkage.h).
 *
 * A text becomes two: as it is written (folded: case, width, accents, traditional characters) and in letters, in which
 * like-sounding ways of writing are the same or near:
 *
 *     张伟       written 张 | 伟             letters zhang | wei         and 章伟, "Zhang Wei" have these letters
 *     欧阳修     written 欧阳 | 修           letters ouyang | xiu        surnames by their own table (曾 zeng)
 *     བསྟན་འཛིན་རྡོ་རྗེ   written as it is            letters tenzin | dorje      and 丹增多吉, "Tenzing Dorji", "Danzeng
 * Duoji" Müller     written muller              letters muller
 *
 * Tibetan names have no family name: their first element stands in the place of the given name and the others in that
 * of the family name, so that exchanged elements are seen as an exchange. name_elements.def holds the elements.
 *
 * Blanks, hyphens and points are left out: "Mary-Ann" is "mary ann". A word that stands for "not known" ("unknown",
 * 不详, "n/a") is missing. Nothing here allocates; nothing is kept.
 */
#ifndef STORE_LINK_FORMS_H
#define STORE_LINK_FORMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LINK_TEXT_BYTES 256 /* longer forms are cut at a whole character */

struct link_text {
    char   written[LINK_TEXT_BYTES], letters[LINK_TEXT_BYTES];
    size_t num_written, num_letters; /* bytes; both 0 = missing */
};

/* All answer 0, or BASE_ERR_INPUT where the text is not UTF-8. */

/* A name in two parts. "Dupont, Anne" has its family name first, "Anne Dupont" last; Han names first. */
int link_full_name(const char *text, size_t size, struct link_text *given, struct link_text *family);

/* A part of a name that stands alone, a street, a place, an occupation. A family name is read as one. */
int link_given(const char *text, size_t size, struct link_text *form);
int link_family(const char *text, size_t size, struct link_text *form);
int link_words(const char *text, size_t size, struct link_text *form);

/* Letters and digits; of a telephone number the last ten digits, so that "+44 7911 123456" is "07911 123456". Fewer
 * than five digits are no telephone number. */
int link_number(const char *text, size_t size, struct link_text *form);
int link_phone(const char *text, size_t size, struct link_text *form);

/* 1 female, 2 male, 3 something else that is said; 0 missing. */
uint32_t link_sex(const char *text, size_t size);

/* A date as tocsin/linkage.h has it; 0 = missing or no date. 1980-02-03, 1980/2/3, 19800203, 1980年2月3日, 1980-02,
 * 1980, 3.2.1980 and 3/2/1980, 02/03/1980; day_first says what a column's dates with the year last begin with. A time
 * of day behind it is dropped. */
uint32_t link_date(const char *text, size_t size, bool day_first);

/* What a date with its year last tells of its column: +1 it can only begin with the day, -1 only with the month. */
int link_date_order(const char *text, size_t size);

#endif
