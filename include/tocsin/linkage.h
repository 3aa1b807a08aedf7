/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin/linkage.h: which records mean the same person: Fellegi and Sunter's model, learned without labels.
 *
 * Two records are compared column by column; each comparison falls into a level (exact, near, different …). With
 *   m_k = P(level k | same person),  u_k = P(level k | two persons)
 * a pair of levels k(1) … k(n) is of one person with the odds
 *   M prod m / (R prod u + H prod h + T prod t + N prod n)
 * M is how many pairs of all are of one person, R how many are of two unrelated ones, H of two people of one household
 * (who share family name, home and telephone), T of twins (who share the birth date too), N of namesakes (names go by
 * sex and by each other, so both agree more often than either would by itself): h, t and n are m for what such people
 * share, u for the rest, and n of a rare name is as much less. Without them a sister or a namesake counts as evidence.
 * Columns of the place (town, postcode, state) hang together; their u is that of all their levels at once.
 *
 * Learning. u comes from random pairs, m, M, H and T by expectation and maximisation over the pairs that the blocking
 * rules find, against the expected number of such pairs among ALL pairs. So rare matches do not mislead it, as they do
 * where u is learned from blocked pairs. Few pairs are helped by prior counts (lib/linkage_roles.c).
 *
 * Frequent values say less. Where two records agree in value v exactly, u is replaced by the share of other records
 * that hold v, without those expected to be the same person's.
 *
 * A missing value is no evidence for or against.
 *
 * Three answers: same (probability >= options.same), perhaps (>= options.perhaps: for a person to decide), different.
 * toc_linkage_group makes groups of one list; toc_linkage_assign finds for each record of a list A its person in B.
 *
 * Order of calls; those marked * may run at once in several threads for different rules or slices:
 *   create, block* (each rule), plan, learn* (each slice), estimate, score* (each slice), then group or assign, free.
 * The result is the same for any number of threads. The allocator must then bear calls from several threads.
 *
 * Cost: about 180 bytes a record and 20 pairs to compare, 0.2 to 1 microsecond each.
 *
 * Sources: Newcombe et al. 1959, doi:10.1126/science.130.3381.954; Fellegi and Sunter 1969,
 * doi:10.1080/01621459.1969.10501049; Jaro 1989, doi:10.1080/01621459.1989.10478785 (expectation and maximisation,
 * string comparator); Winkler 1990 (string comparator, Proceedings of the Section on Survey Research Methods, American
 * Statistical Association, 354-359); Dempster et al. 1977, doi:10.1111/j.2517-6161.1977.tb01600.x; Damerau 1964,
 * doi:10.1145/363958.363994. That the odds have classes for households and twins, and that u is taken over all pairs,
 * is this library's own.
 */
#ifndef TOCSIN_LINKAGE_H
#define TOCSIN_LINKAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tocsin/allocator.h"
#include "tocsin/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TOC_LINKAGE_MAX_COLUMNS 15
#define TOC_LINKAGE_MAX_RECORDS 100000000u

/* What a column says of a person. It decides how values are compared, and with whom people share it. */
enum toc_linkage_role {
    TOC_LINKAGE_GIVEN = 0,    /* name; at most one such column */
    TOC_LINKAGE_FAMILY,       /* name; at most one such column */
    TOC_LINKAGE_BIRTH_DATE,   /* date; at most one such column */
    TOC_LINKAGE_SEX,          /* code */
    TOC_LINKAGE_IDENTIFIER,   /* number: of a person */
    TOC_LINKAGE_PHONE,        /* number; shared in a household */
    TOC_LINKAGE_ADDRESS,      /* text: street, house; shared in a household */
    TOC_LINKAGE_HOUSE_NUMBER, /* number; shared in a household */
    TOC_LINKAGE_PLACE,        /* text: village, town, state; shared by neighbours */
    TOC_LINKAGE_POSTCODE,     /* number; shared by neighbours */
    TOC_LINKAGE_OTHER,        /* text of the person: occupation, place of birth */
    TOC_LINKAGE_NUM_ROLES
};

/* How two values stand to each other. A kind of column knows some of them; more agreement is a higher number. */
enum toc_linkage_level {
    TOC_LINKAGE_DIFFERENT = 0,
    TOC_LINKAGE_PART = 1,    /* date: the year; name: an initial of the other */
    TOC_LINKAGE_LIKE = 2,    /* name, text: Jaro-Winkler >= 0.80; date: year and month, or one part wrong */
    TOC_LINKAGE_NEAR = 3,    /* name, text: Jaro-Winkler >= 0.92; number: one character wrong, missing, too many, or two
                                exchanged; date: one digit wrong, two exchanged, or day and month exchanged */
    TOC_LINKAGE_SOUND = 4,   /* name, text: the same letters for two ways of writing (Han of one reading) */
    TOC_LINKAGE_SWAPPED = 5, /* given and family name exchanged; counted in the given name, not in the family name */
    TOC_LINKAGE_EXACT = 6,
    TOC_LINKAGE_MISSING = 7,
    TOC_LINKAGE_NUM_LEVELS = 8
};

/* Different texts, each once: text v is letters[first[v]] … letters[first[v + 1] - 1], UTF-8. Two texts that are
 * written differently and have the same letters (张 and 章: zhang) are two values with equal letters. Given and family
 * names share one table, so that exchanged ones are seen. */
struct toc_linkage_values {
    const char     *letters;
    const uint32_t *first; /* num_values + 1 */
    size_t          num_values;
};

struct toc_linkage_column {
    enum toc_linkage_role role;
    /* num_records; 0 = missing. Text and number: 1 + the text. Date: year * 10000 + month * 100 + day, month and day 0
     * where not known. Sex: any code. */
    const uint32_t                  *value;
    const struct toc_linkage_values *values; /* NULL for dates and sex */
};

struct toc_linkage_records {
    size_t num_records;
    size_t num_first; /* the first ones are list A, the others list B, and only pairs between
                         them are compared; num_records = one list, compared with itself */
    const struct toc_linkage_column *columns;
    size_t                           num_columns; /* 1 … TOC_LINKAGE_MAX_COLUMNS */
};

struct toc_linkage_options {
    double   same;             /* perhaps < same < 1 */
    double   perhaps;          /* 0 < perhaps */
    double   pairs_per_record; /* >= 1: that a blocking rule may make; larger blocks are cut by further columns */
    size_t   sample_pairs;     /* >= 1000: random pairs, and blocked pairs, that are learned from */
    uint64_t seed;             /* of the random pairs */
};
#define TOC_LINKAGE_OPTIONS_INIT                                                                                       \
    {                                                                                                                  \
        .same = 0.90, .perhaps = 0.10, .pairs_per_record = 3.0, .sample_pairs = 500000, .seed = 1                      \
    }

struct toc_linkage;

/* Begin: checks and takes over the records; nothing of them is borrowed afterwards.
 * Errors: TOC_ERR_SHAPE, TOC_ERR_DOMAIN (a value beyond its table, a day without month), TOC_ERR_OPTION,
 * TOC_ERR_TOO_LARGE, TOC_ERR_NO_MEMORY. linkage: untouched on failure; keeps the allocator until it is freed. */
int  toc_linkage_create(const struct toc_linkage_records *records, const struct toc_linkage_options *options,
                        const struct toc_allocator *allocator, struct toc_linkage **linkage, struct toc_error *error);
void toc_linkage_free(struct toc_linkage *linkage); /* NULL is fine */

/* Find the blocks of one rule, 0 … num_rules - 1: sets of records that agree in a key. Each rule once. */
size_t toc_linkage_num_rules(const struct toc_linkage *linkage);
int    toc_linkage_block(struct toc_linkage *linkage, size_t rule, struct toc_error *error);

/* Cut the pairs of all blocks into slices of at most TOC_LINKAGE_SLICE_PAIRS (a pair in several rules counts in the
 * first alone). */
#define TOC_LINKAGE_SLICE_PAIRS 131072
int    toc_linkage_plan(struct toc_linkage *linkage, struct toc_error *error);
size_t toc_linkage_num_slices(const struct toc_linkage *linkage);

/* Compare the sampled pairs of a slice; then make the model of all. A sample without any pair leaves the prior. */
void toc_linkage_learn(struct toc_linkage *linkage, size_t slice);
int  toc_linkage_estimate(struct toc_linkage *linkage, struct toc_error *error);

struct toc_linkage_pair {
    uint32_t a, b; /* records; a < b */
    float    log_odds;
};

/* The pairs of a slice whose probability is at least options.perhaps, in a fixed order.
 * pairs   room for TOC_LINKAGE_SLICE_PAIRS */
void toc_linkage_score(const struct toc_linkage *linkage, size_t slice, struct toc_linkage_pair *pairs,
                       size_t *num_pairs);

/* Two records, column by column: the reasons. No allocation. */
struct toc_linkage_reasons {
    double  log_odds; /* of being one person */
    uint8_t level[TOC_LINKAGE_MAX_COLUMNS];
    double  weight[TOC_LINKAGE_MAX_COLUMNS]; /* log(m / u): > 0 speaks for, < 0 against; 0 where missing. They and
                                                log(M / R) add up to log_odds where neither household nor twins are
                                                likely and no two places agree */
};
void toc_linkage_explain(const struct toc_linkage *linkage, size_t a, size_t b, struct toc_linkage_reasons *reasons);

static inline double toc_linkage_probability(double log_odds)
{
    return log_odds > 700 ? 1.0 : log_odds < -700 ? 0.0 : 1.0 / (1.0 + __builtin_exp(-log_odds));
}

/* What was learned. */
struct toc_linkage_model {
    double matches;       /* M; R is about the number of all pairs */
    double households;    /* H */
    double twins;         /* T */
    double namesakes;     /* N; about 0 where there are only names and sex */
    double pairs;         /* of all records */
    double blocked_pairs; /* of all slices */
    size_t iterations;
    double m[TOC_LINKAGE_MAX_COLUMNS][TOC_LINKAGE_NUM_LEVELS];
    double u[TOC_LINKAGE_MAX_COLUMNS][TOC_LINKAGE_NUM_LEVELS];
};
const struct toc_linkage_model *toc_linkage_learned(const struct toc_linkage *linkage);

/* Groups of one list: who is the same person.
 *
 * Pairs of at least options.same are taken from the most certain on. Two groups become one where the mean log odds over
 * all pairs between them, those that no rule found included, speaks for one person: a chain of steps does not join what
 * does not fit together. (One pair brings at most 12 to the mean.)
 *
 * pairs   those of all slices, in any order; sorted by this function
 * group   room for num_records: the number of the group's first record
 * Errors: TOC_ERR_NO_MEMORY. Cost: 24 bytes a record; the pairs between two groups, at most 400 a question. */
int toc_linkage_group(const struct toc_linkage *linkage, struct toc_linkage_pair *pairs, size_t num_pairs,
                      uint32_t *group, struct toc_error *error);

/* For each record of list A the most likely of list B.
 *
 * Those who compete share one probability: where two of B fit as well, neither is more than 1/2. Two records of B that
 * are the same person themselves do not compete.
 *
 * one_to_one   a record of B goes to one record of A alone, the most certain first
 * best         room for num_first: .b the record of B, .log_odds with competition; a = b where none reaches
 *              options.perhaps
 */
int toc_linkage_assign(const struct toc_linkage *linkage, struct toc_linkage_pair *pairs, size_t num_pairs,
                       bool one_to_one, struct toc_linkage_pair *best, struct toc_error *error);

/* ---- one pair, where there is no list to learn from ---- */

/* A text as it is written, and in letters (struct toc_linkage_values says how they differ); of a number only the
 * letters count. num_letters 0 = missing. */
struct toc_linkage_form {
    const char *written, *letters;
    size_t      num_written, num_letters;
};

/* form: of each role that has texts; those of birth date and sex are not looked at. */
struct toc_linkage_person {
    struct toc_linkage_form form[TOC_LINKAGE_NUM_ROLES];
    uint32_t                birth_date; /* as in a column; 0 = missing */
    uint32_t                sex;        /* any code; 0 = missing */
};

/* The log odds that two are one person, by the weights that learning begins with: for a stream of records each of which
 * is held against whom it may be.
 *
 * persons   how many people the second one was found among, and could have been any of
 * level     how they stand to each other by role; NULL = not wanted
 *
 * No value is known to be rare or frequent, so the weights of common names are a little too high, those of rare ones
 * too low. Columns of the place count as independent. No allocation; some microseconds. */
double toc_linkage_weigh(const struct toc_linkage_person *a, const struct toc_linkage_person *b, double persons,
                         uint8_t level[TOC_LINKAGE_NUM_ROLES]);

/* ---- comparisons, of their own use ---- */

/* Jaro and Winkler's similarity of two UTF-8 texts by characters, 0 … 1: Jaro's J, and J + 0.1 l (1 - J) with l the
 * equal characters at the beginning, at most 4. Two empty texts are 1; text beyond TOC_LINKAGE_MAX_TEXT characters is
 * not looked at. */
#define TOC_LINKAGE_MAX_TEXT 64
double toc_jaro(const char *a, size_t size_a, const char *b, size_t size_b);
double toc_jaro_winkler(const char *a, size_t size_a, const char *b, size_t size_b);

/* One character wrong, missing or too many, or two neighbours exchanged (Damerau's four errors), or equal. */
bool toc_one_error(const char *a, size_t size_a, const char *b, size_t size_b);

/* Two dates, as in a column. */
enum toc_linkage_level toc_linkage_dates(uint32_t a, uint32_t b);

#ifdef __cplusplus
}
#endif
#endif
