/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lib/linkage_internal.h: what the files of person linkage share. */
#ifndef LIB_LINKAGE_INTERNAL_H
#define LIB_LINKAGE_INTERNAL_H

#include "internal.h"
#include "tocsin/linkage.h"

/* ---- comparing ---- */

struct toci_text {
    const uint16_t *characters;
    size_t          size;
};

size_t toci_linkage_characters(const char *text, size_t size, uint16_t characters[TOC_LINKAGE_MAX_TEXT]);
double toci_jaro(struct toci_text a, struct toci_text b);
double toci_jaro_winkler(struct toci_text a, struct toci_text b);
bool   toci_one_error(struct toci_text a, struct toci_text b);

#define LIKE_AT 0.80 /* Jaro-Winkler, as in Winkler's own tables */
#define NEAR_AT 0.92

/* ---- what a role means ---- */

enum toci_kind { KIND_NAME, KIND_TEXT, KIND_NUMBER, KIND_DATE, KIND_CODE };

struct toci_role {
    enum toci_kind kind;
    bool           household, twin, place;                               /* shared by such people */
    bool           namesake;                                             /* shared by namesakes */
    double         m[TOC_LINKAGE_NUM_LEVELS], u[TOC_LINKAGE_NUM_LEVELS]; /* prior; 0: the level does not occur */
};
extern const struct toci_role toci_roles[TOC_LINKAGE_NUM_ROLES];

/* Pairs that the prior counts as. */
#define PRIOR_MATCHES 20.0
#define PRIOR_PAIRS 50.0

/* ---- the object ---- */

/* A table of texts made ready. */
struct toci_dictionary {
    const struct toc_linkage_values *source; /* to see which columns share one; not read after create */
    size_t                           num;
    size_t                           num_units;
    uint32_t                        *first; /* num + 1 */
    uint16_t                        *units;
    uint64_t                        *letters; /* set of characters, hashed to 64 */
    uint32_t                        *sound;   /* the first value with the same letters */
    uint32_t                        *phonetic;
};

struct toci_column {
    enum toc_linkage_role   role;
    struct toci_dictionary *dictionary; /* NULL for dates and sex */
    float                  *rarity;     /* of each value: -log u where both have it; NULL for dates and sex */
    uint32_t               *holders;    /* of each value: records */
    size_t                  num_present, num_values;
    double                  exact_pairs; /* of all pairs to compare, those that agree exactly */
    double                  present_pairs;
};

/* A rule's key: parts that must all agree, then parts that cut blocks that are too large. */
#define MAX_PARTS 4
enum toci_part_kind {
    PART_WHOLE,      /* the value; of a text, its letters */
    PART_PHONETIC,   /* code of the sound */
    PART_BEGIN,      /* the first three letters */
    PART_INITIAL,    /* the first letter */
    PART_YEAR,       /* of a date */
    PART_MONTH_DAY,  /* of a date */
    PART_YEAR_MONTH, /* of a date */
    PART_EITHER      /* given and family name by sound, in either order */
};
struct toci_part {
    uint8_t kind, column;
};
struct toci_rule {
    struct toci_part parts[MAX_PARTS];
    uint8_t          num_needed, num_parts;
};
#define MAX_RULES 32

/* The blocks of one rule: records in the order of their blocks. */
struct toci_blocks {
    uint32_t *order;  /* num_order records, those of list A first in each block */
    uint32_t *first;  /* num_blocks + 1, into order */
    uint32_t *second; /* num_blocks: where list B begins; of one list, = first */
    size_t    num_order, num_blocks, room_order, room_blocks;
    double    pairs;
};

/* The pairs of a run of blocks of one rule. */
struct toci_slice {
    uint32_t rule, block, num_blocks;
    uint64_t begin, pairs; /* pairs before it, and in it */
};

#define NO_PATTERN UINT64_MAX
struct toci_pattern {
    uint64_t levels; /* 4 bits a column */
    double   count;
};

#define PLACE_CELLS 512 /* levels of up to three columns of the place */
#define MAX_PLACES 3

struct toc_linkage {
    struct toc_allocator       allocator;
    struct toc_linkage_options options;
    size_t                     n, num_first, num_columns;
    bool                       one_list;
    uint32_t                  *value; /* of record r: value[r * num_columns + column] */
    struct toci_column         columns[TOC_LINKAGE_MAX_COLUMNS];
    struct toci_dictionary     dictionaries[TOC_LINKAGE_MAX_COLUMNS];
    size_t                     num_dictionaries;
    int                        column_of[TOC_LINKAGE_NUM_ROLES]; /* the first of each role, or -1 */

    struct toci_rule   rules[MAX_RULES];
    struct toci_blocks blocks[MAX_RULES];
    size_t             num_rules;
    uint32_t          *block_of; /* of record r: block_of[r * num_rules + rule], 1 = first, 0 = none */

    struct toci_slice *slices;
    size_t             num_slices, room_slices;
    uint64_t           stride; /* of the sample of blocked pairs */
    uint64_t          *blocked, *random;
    size_t             num_blocked, num_random;

    struct toc_linkage_model model;
    int                      places[MAX_PLACES]; /* columns; -1 = none */
    double                  *place_u;            /* PLACE_CELLS: -log u of their levels together */
    float                    lr[TOC_LINKAGE_MAX_COLUMNS][TOC_LINKAGE_NUM_LEVELS]; /* log m/u; 0 where missing */
    float                    lm[TOC_LINKAGE_MAX_COLUMNS][TOC_LINKAGE_NUM_LEVELS]; /* log m; 0 where missing */
    double                   prior, log_households, log_twins, log_namesakes;     /* log M/R, H/R, T/R, N/R */
    bool                     has_namesakes; /* there is a column besides names and sex to tell them apart */
};

/* Levels of two records. see_exchange: given and family name exchanged, said once, of the given name. */
void toci_linkage_see_exchange(const struct toc_linkage *linkage, const uint32_t *a, const uint32_t *b, uint8_t *level);
void toci_linkage_levels(const struct toc_linkage *linkage, size_t a, size_t b, uint8_t level[TOC_LINKAGE_MAX_COLUMNS]);
enum toc_linkage_level toci_linkage_refine(const struct toc_linkage *linkage, size_t column, uint32_t a, uint32_t b);

static inline uint64_t toci_linkage_pack(const uint8_t *level, size_t num_columns)
{
    uint64_t pattern = 0;
    for (size_t i = 0; i < num_columns; i++)
        pattern |= (uint64_t) level[i] << (4 * i);
    return pattern;
}

/* Go over the pairs of a slice. */
typedef void (*toci_pair_function)(void *context, uint64_t number, uint32_t a, uint32_t b);
void toci_linkage_walk(const struct toc_linkage *linkage, const struct toci_slice *slice, uint64_t stride,
                       toci_pair_function take, void *context);

/* Sort by key, stable; items of 64 bits key, 32 bits record. */
struct toci_keyed {
    uint64_t key;
    uint32_t record;
};
void toci_sort_keyed(struct toci_keyed *items, struct toci_keyed *room, size_t num);
void toci_sort_patterns(uint64_t *patterns, uint64_t *room, size_t num);

static inline uint64_t toci_mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

void toci_linkage_rules(struct toc_linkage *linkage);
void toci_linkage_rarity(struct toc_linkage *linkage);

#endif
