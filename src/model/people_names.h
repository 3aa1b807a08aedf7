/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/people_names.h: what names of invented people are made of.
 *
 * Chinese surnames are as frequent as in the household registers (the commonest three are each held by 7 in 100
 * people), so that a search by name meets as many namesakes as it would in a county. Given names are put together of
 * syllables; Tibetan ones of two elements, as is usual.
 */
#ifndef MODEL_PEOPLE_NAMES_H
#define MODEL_PEOPLE_NAMES_H

#include <stddef.h>

enum people_sex { PEOPLE_FEMALE, PEOPLE_MALE, PEOPLE_EITHER };

/* In Chinese characters, Tibetan (NULL where it has none) and Latin letters. */
struct people_name {
    const char *zh, *bo, *latin;
    int         weight; /* of surnames: held by so many of 10,000 */
};

struct people_names {
    const struct people_name *names;
    size_t                    num_names;
};

extern const struct people_names people_surnames;           /* most frequent first; weights add up to at most 10,000 */
extern const struct people_names people_given_zh[2];        /* syllables, by enum people_sex */
extern const struct people_names people_given_bo_first;     /* first elements, of women and men alike */
extern const struct people_names people_given_bo_second[2]; /* second elements, by enum people_sex */

#endif
