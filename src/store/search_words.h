/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/search_words.h: the terms under which open text is found, and the terms that a query asks for.
 *
 * For what may be searched in clear: names of areas and facilities, open notes. Names of people never come here
 * (person_forms.h). Text is folded first (script.h), then:
 *
 *     words of alphabets    whole, letters and digits together: "H5N1" -> h5n1; a number is a word
 *     Han, kana, hangul     every two neighbours, and the last one alone: 鼠疫病 -> 鼠疫 疫病 病
 *     Tibetan               every syllable, by tsheg and shad: བོད་ལྗོངས། -> བོད ལྗོངས
 *
 * A record is found where it has every term of the query. Two characters are one term, so a word like 鼠疫 is found
 * wherever it stands and nowhere else; a longer one is found by its pairs. A single Han character is asked for as a
 * prefix: it begins a pair wherever it stands, but for the last place, where it is a term itself.
 *
 * A term longer than SEARCH_TERM_BYTES is cut at a whole character, in texts and queries alike.
 *
 * Status: 0; BASE_ERR_INPUT, not UTF-8 or with a NUL; TOC_ERR_TOO_LARGE, beyond a limit below; TOC_ERR_NO_MEMORY.
 */
#ifndef STORE_SEARCH_WORDS_H
#define STORE_SEARCH_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "model/model.h"

#define SEARCH_TERM_BYTES 64
#define SEARCH_MAX_TEXT ((size_t) 64 << 10) /* bytes of all texts of a record together */
#define SEARCH_MAX_QUERY 1024               /* bytes of a query */
#define SEARCH_MAX_QUERY_TERMS 32           /* different terms of a query */

struct search_term {
    const char *bytes; /* UTF-8, 1 … SEARCH_TERM_BYTES, with '\0' behind; in the arena */
    size_t      size;
    bool        prefix; /* of a query: the record has a term that begins with these bytes */
};

/* The terms of a record's texts: each once, in the order of their bytes. Missing texts are passed over; a term never
 * reaches from one text into the next. Cost: about 50 ns a byte. */
int search_words_of_texts(const struct model_text *texts, size_t num_texts, struct arena *arena,
                          struct search_term **terms, size_t *num_terms);

/* The terms that a record must have, all of them, to be found: each once, in the order of their bytes. *num_terms 0:
 * nothing to look for (blanks, points). */
int search_words_of_query(const char *query, size_t size, struct arena *arena, struct search_term **terms,
                          size_t *num_terms);

/* Does a record with these terms (of search_words_of_texts) answer the query? What the database is asked, in memory. */
bool search_words_match(const struct search_term *terms, size_t num_terms, const struct search_term *query,
                        size_t num_query);

#endif
