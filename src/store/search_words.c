/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/search_words.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "store/script.h"
#include "tocsin/status.h"

struct collector {
    struct arena       *arena;
    struct search_term *terms;
    size_t              num_terms, room;
    bool                query;
};

/* ---- terms ---- */

/* The characters from first to before end as a term, without joiners, cut at SEARCH_TERM_BYTES. */
static int add(struct collector *collector, const struct script_char *chars, size_t first, size_t end, bool prefix)
{
    char   bytes[SEARCH_TERM_BYTES];
    size_t size = 0;
    for (size_t i = first; i < end; i++) {
        char   one[SCRIPT_UTF8_BYTES];
        size_t length = script_put(chars[i].code, one);
        if (chars[i].class == SCRIPT_JOINER)
            continue;
        if (size + length > sizeof bytes)
            break;
        memcpy(bytes + size, one, length);
        size += length;
    }
    if (collector->num_terms == collector->room) {
        size_t              room = collector->room == 0 ? 16 : 2 * collector->room;
        struct search_term *terms = arena_array(collector->arena, room, sizeof *terms);
        if (terms == NULL)
            return TOC_ERR_NO_MEMORY;
        if (collector->num_terms > 0)
            memcpy(terms, collector->terms, collector->num_terms * sizeof *terms);
        collector->terms = terms;
        collector->room = room;
    }
    char *copy = arena_copy(collector->arena, bytes, size);
    if (copy == NULL)
        return TOC_ERR_NO_MEMORY;
    collector->terms[collector->num_terms++] = (struct search_term){ copy, size, prefix };
    return 0;
}

/* Neighbours in pairs; in a text also the last one alone, which a query for a single character finds; in a query a
 * single character as a prefix, which finds the pairs that it begins. */
static int add_han(struct collector *collector, const struct script_char *chars, size_t first, size_t end)
{
    int ret = 0;
    for (size_t i = first; ret == 0 && i + 1 < end; i++)
        ret = add(collector, chars, i, i + 2, false);
    if (ret == 0 && (!collector->query || end - first == 1))
        ret = add(collector, chars, end - 1, end, collector->query);
    return ret;
}

/* Letters and digits make one word; all else only runs of its own kind. */
static bool is_same_run(const struct script_char *chars, size_t num_chars, size_t i, enum script_class class)
{
    enum script_class own = chars[i].class;
    if (class != SCRIPT_LETTER && class != SCRIPT_DIGIT)
        return own == class;
    if (own == SCRIPT_JOINER) /* within a word alone */
        return i + 1 < num_chars && (chars[i + 1].class == SCRIPT_LETTER || chars[i + 1].class == SCRIPT_DIGIT);
    return own == SCRIPT_LETTER || own == SCRIPT_DIGIT;
}

static int add_terms(struct collector *collector, const struct script_char *chars, size_t num_chars)
{
    int ret = 0;
    for (size_t first = 0, end; ret == 0 && first < num_chars; first = end) {
        enum script_class class = chars[first].class;
        end = first + 1;
        if (class == SCRIPT_OTHER || class == SCRIPT_JOINER)
            continue;
        while (end < num_chars && is_same_run(chars, num_chars, end, class))
            end++;
        ret = class == SCRIPT_HAN ? add_han(collector, chars, first, end) : add(collector, chars, first, end, false);
    }
    return ret;
}

static int add_text(struct collector *collector, const char *text, size_t size)
{
    size_t              room = size, num_chars = 0;
    struct script_char *chars = NULL;
    do {
        chars = arena_array(collector->arena, room, sizeof *chars);
        if (chars == NULL)
            return TOC_ERR_NO_MEMORY;
        int ret = script_fold(text, size, chars, room, &num_chars);
        if (ret != 0)
            return ret;
        if (num_chars <= room)
            break;
        room = num_chars; /* a text that grows is rare: fold it again */
    } while (true);
    return add_terms(collector, chars, num_chars);
}

/* ---- sets ---- */

static int compare(const void *a, const void *b)
{
    const struct search_term *x = a, *y = b;
    size_t                    common = x->size < y->size ? x->size : y->size;
    int                       order = memcmp(x->bytes, y->bytes, common);
    if (order != 0)
        return order;
    if (x->size != y->size)
        return x->size < y->size ? -1 : 1;
    return (int) x->prefix - (int) y->prefix;
}

static void sort_and_drop_repeats(struct collector *collector)
{
    if (collector->num_terms == 0)
        return;
    qsort(collector->terms, collector->num_terms, sizeof *collector->terms, compare);
    size_t kept = 1;
    for (size_t i = 1; i < collector->num_terms; i++)
        if (compare(&collector->terms[i], &collector->terms[kept - 1]) != 0)
            collector->terms[kept++] = collector->terms[i];
    collector->num_terms = kept;
}

int search_words_of_texts(const struct model_text *texts, size_t num_texts, struct arena *arena,
                          struct search_term **terms, size_t *num_terms)
{
    struct collector collector = { .arena = arena };
    size_t           left = SEARCH_MAX_TEXT;
    for (size_t i = 0; i < num_texts; i++) {
        if (texts[i].bytes == NULL)
            continue;
        if (texts[i].size > left)
            return TOC_ERR_TOO_LARGE;
        left -= texts[i].size;
        int ret = add_text(&collector, texts[i].bytes, texts[i].size);
        if (ret != 0)
            return ret;
    }
    sort_and_drop_repeats(&collector);
    *terms = collector.terms;
    *num_terms = collector.num_terms;
    return 0;
}

int search_words_of_query(const char *query, size_t size, struct arena *arena, struct search_term **terms,
                          size_t *num_terms)
{
    struct collector collector = { .arena = arena, .query = true };
    if (size > SEARCH_MAX_QUERY)
        return TOC_ERR_TOO_LARGE;
    int ret = add_text(&collector, query, size);
    if (ret != 0)
        return ret;
    sort_and_drop_repeats(&collector);
    if (collector.num_terms > SEARCH_MAX_QUERY_TERMS)
        return TOC_ERR_TOO_LARGE;
    *terms = collector.terms;
    *num_terms = collector.num_terms;
    return 0;
}

/* The first of the sorted terms that is not before the wanted one. */
static size_t lower_bound(const struct search_term *terms, size_t num_terms, const struct search_term *wanted)
{
    struct search_term plain = { wanted->bytes, wanted->size, false };
    size_t             low = 0, high = num_terms;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&terms[middle], &plain) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool search_words_match(const struct search_term *terms, size_t num_terms, const struct search_term *query,
                        size_t num_query)
{
    for (size_t i = 0; i < num_query; i++) {
        size_t at = lower_bound(terms, num_terms, &query[i]);
        if (at == num_terms || terms[at].size < query[i].size ||
            memcmp(terms[at].bytes, query[i].bytes, query[i].size) != 0 ||
            (!query[i].prefix && terms[at].size != query[i].size))
            return false;
    }
    return true;
}
