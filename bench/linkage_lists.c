/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linkage_lists KIND SCRIPT PERSONS [RECORDS [ERRORS [SEED]]]: invented lists of persons, with errors, to measure
 * person linkage on. CSV on standard output; the column `truth` says whose record it is.
 *
 *     KIND     list: RECORDS records of PERSONS persons, the first of each without errors
 *              register: one record of each person, without errors
 *              reports: RECORDS records of persons of the register, and of as many as a quarter more who are not in it
 *     SCRIPT   latin: names by syllables, as frequent as Zipf's law has it
 *              han: Chinese names; tibetan: Tibetan names (model/people.c)
 *     ERRORS   factor on all the rates below; 1 is a tidy office, 3 a bad week
 *
 * The error model, each independently in each record that has errors:
 *
 *     name       latin: slip in either part 8 %, given name reduced to its initial 4 %, exchanged 3 %, another family
 *                name (marriage) 2 %, given name missing 2 %
 *                han: written in pinyin 6 % (half of them given name first), a character replaced by one of the same
 *                reading 4 %, by any other 1 %
 *                tibetan: written in Tibetan, Chinese or Latin letters, a third each; in letters a slip 8 %; in
 *                Chinese a character of the same reading 6 %; elements exchanged 2 %, the second one missing 4 %
 *     birth date missing 4 %, a digit wrong 2 %, day and month exchanged 1 %, only the year 2 %
 *     sex        missing 2 %, wrong 0.5 %
 *     identifier missing 40 %, a digit wrong 2 %, two digits exchanged 1 %
 *     telephone  missing 25 %, another one 10 %, a digit wrong 1 %
 *     address    moved 8 %, house number wrong 4 %, missing 5 %
 *
 * A household in four shares telephone and address with the next person, of the same family name, where names have one.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/people.h"
#include "model/people_names.h"
#include "store/script.h"

/* ---- chance ---- */

struct chance {
    uint64_t state;
};

static uint64_t draw(struct chance *chance)
{
    uint64_t x = chance->state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static double uniform(struct chance *chance)
{
    return (double) (draw(chance) >> 11) * 0x1p-53;
}

static size_t below(struct chance *chance, size_t n)
{
    return (size_t) (draw(chance) % n);
}

static struct chance chance_of(uint64_t seed, uint64_t what, uint64_t number)
{
    struct chance chance = { seed * 1000003 + what * 7919 + 17 };
    chance.state ^= draw(&chance) + number;
    draw(&chance);
    return chance;
}

/* ---- persons ---- */

enum script { LATIN, HAN, TIBETAN };

struct list {
    enum script script;
    uint64_t    seed;
    double      errors;
    size_t      persons;
};

#define PART 160
struct record {
    char     given[PART], family[PART], given_letters[PART], family_letters[PART];
    char     given_other[PART], family_other[PART]; /* tibetan: in Tibetan */
    unsigned year, month, day;
    char     sex, identifier[24], phone[24], street[PART], town[PART];
    unsigned house;
    bool     whole_is_letters, exchanged;
};

/* A word of syllables; its number by Zipf's law, so that few are frequent. */
static void zipf_word(struct chance *chance, size_t num, unsigned salt, char *word, size_t size)
{
    static const char *const first[] = { "ma", "jo", "an", "pe", "ka", "ro",  "si",  "mi",  "el",  "da",
                                         "lu", "be", "ha", "to", "wi", "gre", "che", "ste", "bra", "shi" };
    static const char *const next[] = { "ri",  "n",   "ra", "ter", "la",  "s",    "nes", "ton",
                                        "ley", "vid", "ck", "nd",  "mes", "rt",   "bel", "son",
                                        "man", "cy",  "ke", "th",  "ll",  "wood", "ham", "ber" };
    double                   u = uniform(chance);
    size_t                   rank = (size_t) (__builtin_pow((double) num, u)) - 1;
    struct chance            spelled = chance_of(salt, 77, rank);
    size_t                   syllables = 2 + below(&spelled, 2);
    snprintf(word, size, "%s", first[below(&spelled, sizeof first / sizeof *first)]);
    for (size_t i = 1; i < syllables; i++) {
        size_t used = strlen(word);
        snprintf(word + used, size - used, "%s", next[below(&spelled, sizeof next / sizeof *next)]);
    }
}

static const struct people_name *any(struct chance *chance, const struct people_names *names)
{
    return &names->names[below(chance, names->num_names)];
}

static const struct people_name *by_weight(struct chance *chance, const struct people_names *names)
{
    int left = (int) below(chance, 10000);
    for (size_t i = 0; i < names->num_names; i++)
        if ((left -= names->names[i].weight) < 0)
            return &names->names[i];
    return any(chance, names);
}

static void join(char *to, const char *more)
{
    size_t used = strlen(to);
    snprintf(to + used, PART - used, "%s", more);
}

static void name_person(const struct list *list, struct chance *family, struct chance *own, struct record *person)
{
    size_t sex = person->sex == 'F' ? 0 : 1;
    if (list->script == LATIN) {
        zipf_word(family, 20000, 1, person->family, PART);
        zipf_word(own, 2000, 2 + (unsigned) sex, person->given, PART);
    } else if (list->script == HAN) {
        const struct people_name *surname = by_weight(family, &people_surnames);
        size_t                    syllables = uniform(own) < 0.25 ? 1 : 2;
        join(person->family, surname->zh);
        join(person->family_letters, surname->latin);
        for (size_t i = 0; i < syllables; i++) {
            const struct people_name *syllable = any(own, &people_given_zh[sex]);
            join(person->given, syllable->zh);
            join(person->given_letters, syllable->latin);
        }
    } else {
        const struct people_name *one = any(own, &people_given_bo_first), *two = any(own, &people_given_bo_second[sex]);
        join(person->given, one->zh);
        join(person->given_letters, one->latin);
        join(person->given_other, one->bo);
        join(person->family, two->zh);
        join(person->family_letters, two->latin);
        join(person->family_other, two->bo);
    }
}

static struct record person_of(const struct list *list, size_t number)
{
    struct chance own = chance_of(list->seed, 1, number);
    /* One in four lives with the one before. */
    bool          shares = number > 0 && number % 4 == 3;
    struct chance home = chance_of(list->seed, 2, shares ? number - 1 : number);
    struct record person = { .sex = uniform(&own) < 0.5 ? 'F' : 'M' };
    name_person(list, &home, &own, &person);
    double age = 90.0 * __builtin_pow(uniform(&own), 1.3);
    person.year = 2025 - (unsigned) age;
    person.month = 1 + (unsigned) below(&own, 12);
    person.day = 1 + (unsigned) below(&own, 28);
    snprintf(person.identifier, sizeof person.identifier, "00%06zu%04u%02u%02u%04zu", below(&home, 1000000),
             person.year, person.month, person.day, below(&own, 10000));
    snprintf(person.phone, sizeof person.phone, "+999 1%010zu", below(&home, 10000000000));
    zipf_word(&home, 5000, 11, person.street, PART);
    join(person.street, " street");
    zipf_word(&home, 200, 12, person.town, PART);
    person.house = 1 + (unsigned) below(&home, 200);
    return person;
}

/* ---- errors ---- */

static bool happens(const struct list *list, struct chance *chance, double percent)
{
    return uniform(chance) < percent / 100.0 * list->errors;
}

/* One letter wrong, missing, too many, or two exchanged. */
static void slip(struct chance *chance, char *text, const char *letters)
{
    size_t size = strlen(text), at = size > 1 ? below(chance, size) : 0;
    if (size < 2)
        return;
    switch (below(chance, 4)) {
    case 0: text[at] = letters[below(chance, strlen(letters))]; break;
    case 1: memmove(text + at, text + at + 1, size - at); break;
    case 2:
        if (size + 2 < PART / 8) {
            memmove(text + at + 1, text + at, size - at + 1);
            text[at] = letters[below(chance, strlen(letters))];
        }
        break;
    default:
        if (at + 1 < size) {
            char other = text[at];
            text[at] = text[at + 1];
            text[at + 1] = other;
        }
    }
}

static const char small_letters[] = "abcdefghijklmnopqrstuvwxyz", digits[] = "0123456789";

/* One Han character becomes another of the same reading (or any). */
static void other_character(struct chance *chance, char *name, bool same_reading)
{
    size_t size = strlen(name), num = size / 3, at = 3 * (num == 0 ? 0 : below(chance, num)), from = at;
    if (num == 0)
        return;
    const char *reading = script_reading(script_next(name, &from));
    for (int tries = 0; tries < 60000; tries++) {
        uint32_t    code = 0x4e00 + (uint32_t) below(chance, 0x5000);
        const char *other = script_reading(code);
        if (other == NULL || reading == NULL || (strcmp(other, reading) == 0) != same_reading)
            continue;
        char utf8[SCRIPT_UTF8_BYTES];
        if (script_put(code, utf8) == 3)
            memcpy(name + at, utf8, 3);
        return;
    }
}

static void exchange(char *a, char *b)
{
    char other[PART];
    memcpy(other, a, PART);
    memcpy(a, b, PART);
    memcpy(b, other, PART);
}

static void spoil_latin(const struct list *list, struct chance *chance, struct record *record)
{
    if (happens(list, chance, 8))
        slip(chance, below(chance, 2) == 0 ? record->given : record->family, small_letters);
    if (happens(list, chance, 4))
        record->given[1] = '\0';
    if (happens(list, chance, 3))
        exchange(record->given, record->family);
    if (happens(list, chance, 2))
        zipf_word(chance, 20000, 1, record->family, PART);
    if (happens(list, chance, 2))
        record->given[0] = '\0';
}

static void spoil_han(const struct list *list, struct chance *chance, struct record *record)
{
    if (happens(list, chance, 4))
        other_character(chance, below(chance, 3) == 0 ? record->family : record->given, true);
    if (happens(list, chance, 1))
        other_character(chance, record->given, false);
    record->whole_is_letters = happens(list, chance, 6);
    record->exchanged = record->whole_is_letters && below(chance, 2) == 0;
}

static void spoil_tibetan(const struct list *list, struct chance *chance, struct record *record)
{
    size_t script = below(chance, 3);
    if (script == 0) {
        memcpy(record->given, record->given_other, PART);
        memcpy(record->family, record->family_other, PART);
    } else if (script == 1) {
        record->whole_is_letters = true;
        if (happens(list, chance, 8))
            slip(chance, below(chance, 2) == 0 ? record->given_letters : record->family_letters, small_letters);
    } else if (happens(list, chance, 6)) {
        other_character(chance, below(chance, 2) == 0 ? record->given : record->family, true);
    }
    record->exchanged = happens(list, chance, 2);
    if (happens(list, chance, 4))
        record->family[0] = record->family_letters[0] = '\0';
}

static void spoil_rest(const struct list *list, struct chance *chance, struct record *record)
{
    if (happens(list, chance, 2))
        record->day = 1 + (record->day + 9) % 30;
    if (happens(list, chance, 1) && record->day <= 12) {
        unsigned day = record->day;
        record->day = record->month;
        record->month = day;
    }
    if (happens(list, chance, 2))
        record->month = record->day = 0;
    if (happens(list, chance, 4))
        record->year = 0;
    if (happens(list, chance, 2))
        record->sex = '\0';
    else if (happens(list, chance, 0.5))
        record->sex = record->sex == 'F' ? 'M' : 'F';
    if (happens(list, chance, 3))
        slip(chance, record->identifier, digits);
    if (happens(list, chance, 40))
        record->identifier[0] = '\0';
    if (happens(list, chance, 1))
        slip(chance, record->phone + 6, digits);
    if (happens(list, chance, 10))
        snprintf(record->phone, sizeof record->phone, "+999 1%010zu", below(chance, 10000000000));
    if (happens(list, chance, 25))
        record->phone[0] = '\0';
    if (happens(list, chance, 8)) {
        zipf_word(chance, 5000, 11, record->street, PART);
        zipf_word(chance, 200, 12, record->town, PART);
        record->house = 1 + (unsigned) below(chance, 200);
    }
    if (happens(list, chance, 4))
        record->house += 1 + (unsigned) below(chance, 20);
    if (happens(list, chance, 5))
        record->street[0] = '\0';
}

static void spoil(const struct list *list, struct chance *chance, struct record *record)
{
    if (list->script == LATIN)
        spoil_latin(list, chance, record);
    else if (list->script == HAN)
        spoil_han(list, chance, record);
    else
        spoil_tibetan(list, chance, record);
    spoil_rest(list, chance, record);
}

/* ---- rows ---- */

static void write_name(const struct list *list, const struct record *record)
{
    if (list->script == LATIN) {
        printf("%s,%s", record->given, record->family);
        return;
    }
    const char *given = record->whole_is_letters ? record->given_letters : record->given;
    const char *family = record->whole_is_letters ? record->family_letters : record->family;
    bool        given_first = (list->script == TIBETAN) != record->exchanged;
    const char *between = record->whole_is_letters                                ? " "
                          : list->script == TIBETAN && record->given[0] == '\xe0' ? "་"
                                                                                  : "";
    printf("%s%s%s", given_first ? given : family, family[0] == '\0' ? "" : between, given_first ? family : given);
}

static void write_row(const struct list *list, size_t number, size_t truth, const struct record *record)
{
    printf("%zu,r%zu,", truth, number);
    write_name(list, record);
    putchar(',');
    if (record->sex != '\0')
        putchar(record->sex);
    putchar(',');
    if (record->year != 0 && record->month != 0)
        printf("%04u-%02u-%02u", record->year, record->month, record->day);
    else if (record->year != 0)
        printf("%04u", record->year);
    printf(",%s,%s,", record->identifier, record->phone);
    if (record->street[0] != '\0')
        printf("%u,%s,%s\n", record->house, record->street, record->town);
    else
        printf(",,%s\n", record->town);
}

int main(int argc, char **argv)
{
    static const char *const scripts[] = { "latin", "han", "tibetan" };
    struct list              list = { .errors = 1.0, .seed = 1 };
    if (argc < 4) {
        fputs("linkage_lists list|register|reports latin|han|tibetan PERSONS [RECORDS [ERRORS [SEED]]]\n", stderr);
        return 2;
    }
    while (list.script < TIBETAN && strcmp(argv[2], scripts[list.script]) != 0)
        list.script++;
    list.persons = strtoull(argv[3], NULL, 10);
    bool   is_register = strcmp(argv[1], "register") == 0, is_list = strcmp(argv[1], "list") == 0;
    size_t records = is_register || argc < 5 ? list.persons : strtoull(argv[4], NULL, 10);
    list.errors = argc > 5 ? strtod(argv[5], NULL) : 1.0;
    list.seed = argc > 6 ? strtoull(argv[6], NULL, 10) : 1;
    printf("truth,record,%s,sex,birth_date,identifier,phone,house_number,street,town\n",
           list.script == LATIN ? "given_name,family_name" : "name");
    for (size_t i = 0; i < records; i++) {
        struct chance chance = chance_of(list.seed, is_list ? 3 : 4, i);
        size_t        truth = is_register || (is_list && i < list.persons) ? i
                              : is_list                                    ? below(&chance, list.persons)
                                        : below(&chance, list.persons + list.persons / 4);
        struct record record = person_of(&list, truth);
        if (!is_register && !(is_list && i < list.persons))
            spoil(&list, &chance, &record);
        write_row(&list, i, truth, &record);
    }
    return 0;
}
