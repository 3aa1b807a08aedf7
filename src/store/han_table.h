/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/han_table.h: the tables that make_han_table.c writes and script.c reads; nobody else includes this. */
#ifndef STORE_HAN_TABLE_H
#define STORE_HAN_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define HAN_TABLE_FIRST 0x3400
#define HAN_TABLE_LAST 0x9fff

struct han_character {
    uint32_t simplified;
    uint16_t syllable; /* of han_syllables; 0 = no reading known */
};

/* A character outside the table that has a simplified form or a reading. */
struct han_rare {
    uint32_t             code;
    struct han_character character;
};

struct han_surname {
    uint32_t    codes[2]; /* simplified; the second 0 = a surname of one character */
    const char *reading;
};

extern const char *const          han_syllables[];
extern const struct han_character han_table[]; /* HAN_TABLE_FIRST … HAN_TABLE_LAST */
extern const struct han_rare      han_rare[];  /* in the order of code */
extern const size_t               han_num_rare;
extern const struct han_surname   han_surnames[]; /* in the order of codes: a shorter one before the longer */
extern const size_t               han_num_surnames;

#endif
