/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/county_chance.h: random numbers of the invented county and its people: Philox, keyed by seed, purpose and
 * entity. The same numbers on every machine, in any order of entities and for any number of threads.
 */
#ifndef MODEL_COUNTY_CHANCE_H
#define MODEL_COUNTY_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

#include <Random123/philox.h>

/* What numbers are drawn for; those of two purposes are independent. */
enum chance_purpose { CHANCE_PERSON = 1, CHANCE_CASE, CHANCE_NAME, CHANCE_LAND, CHANCE_CORNER, CHANCE_POPULATION };

struct chance {
    uint64_t         seed, entity, purpose;
    uint64_t         blocks; /* drawn so far */
    unsigned         left;   /* numbers of the block that are not used yet */
    philox4x64_ctr_t block;
};

static inline struct chance chance_begin(uint64_t seed, enum chance_purpose purpose, uint64_t entity)
{
    return (struct chance){ .seed = seed, .entity = entity, .purpose = (uint64_t) purpose };
}

static inline uint64_t chance_word(struct chance *chance)
{
    if (chance->left == 0) {
        philox4x64_ctr_t counter = { { chance->blocks++, chance->entity, chance->purpose, 0 } };
        philox4x64_key_t key = { { chance->seed, 0 } };
        chance->block = philox4x64(counter, key);
        chance->left = 4;
    }
    return chance->block.v[--chance->left];
}

/* A whole number 0 … below - 1, for 1 <= below; off from uniform by less than 2^-32 × below. */
static inline uint32_t chance_below(struct chance *chance, uint32_t below)
{
    return (uint32_t) ((chance_word(chance) >> 32) * below >> 32);
}

/* low … high, both included. */
static inline int chance_between(struct chance *chance, int low, int high)
{
    return low + (int) chance_below(chance, (uint32_t) (high - low + 1));
}

static inline bool chance_permille(struct chance *chance, unsigned permille)
{
    return chance_below(chance, 1000) < permille;
}

#endif
