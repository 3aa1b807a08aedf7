/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as open text and as a query: the terms keep the promises of store/search_words.h, a text is found by what
 * stands in it, and folding does not depend on the room that it is given. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/text.h"
#include "fuzz.h"
#include "store/script.h"
#include "store/search_words.h"
#include "tocsin/status.h"

static void check_terms(const struct search_term *terms, size_t num_terms, bool query)
{
    for (size_t i = 0; i < num_terms; i++) {
        const struct search_term *term = &terms[i];
        MUST(term->size >= 1 && term->size <= SEARCH_TERM_BYTES && term->bytes[term->size] == '\0');
        MUST(text_check_utf8(term->bytes, term->size) == term->size);
        MUST(query || !term->prefix);
        MUST(i == 0 || strcmp(terms[i - 1].bytes, term->bytes) < 0 || (terms[i].prefix && !terms[i - 1].prefix));
    }
}

static void check_fold(const char *text, size_t size)
{
    size_t              num = 0, again = 0, room = SCRIPT_MAX_GROWTH * size + 1;
    struct script_char *chars = malloc(room * sizeof *chars);
    MUST(chars != NULL);
    MUST(script_fold(text, size, chars, room, &num) == 0 && num <= room);
    MUST(script_fold(text, size, NULL, 0, &again) == 0 && again == num);
    for (size_t i = 0; i < num; i++) {
        char bytes[SCRIPT_UTF8_BYTES];
        MUST(chars[i].class <= SCRIPT_JOINER);
        MUST(chars[i].class != SCRIPT_DIGIT || (chars[i].code >= '0' && chars[i].code <= '9'));
        MUST(text_check_utf8(bytes, script_put(chars[i].code, bytes)) != 0);
        const char *reading = chars[i].class == SCRIPT_HAN ? script_reading(chars[i].written) : NULL;
        MUST(reading == NULL || (reading[0] != '\0' && reading[strspn(reading, "abcdefghijklmnopqrstuvwxyz")] == '\0'));
    }
    free(chars);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char         *text = (const char *) data;
    struct arena        arena = ARENA_INIT;
    struct search_term *terms = NULL, *wanted = NULL;
    size_t              num_terms = 0, num_wanted = 0;
    struct model_text   one = { text, size };
    if (size == 0 || size > 5000)
        return 0;
    int status = search_words_of_texts(&one, 1, &arena, &terms, &num_terms);
    int asked = search_words_of_query(text, size, &arena, &wanted, &num_wanted);
    MUST((status == BASE_ERR_INPUT) == (text_check_utf8(text, size) != size));
    MUST(status == 0 || status == BASE_ERR_INPUT);
    MUST(asked == status || (asked == TOC_ERR_TOO_LARGE && (status == 0 || size > SEARCH_MAX_QUERY)));
    if (status == 0) {
        check_fold(text, size);
        check_terms(terms, num_terms, false);
        if (asked == 0) {
            check_terms(wanted, num_wanted, true);
            MUST(search_words_match(terms, num_terms, wanted, num_wanted));
        }
    }
    arena_wipe(&arena);
    return 0;
}
