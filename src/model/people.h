/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/people.h: invented people and an invented case of each: for tests, benchmarks and the demonstration.
 *
 * Person number i of a seed is always the same, on any machine and in any order. Nothing of them is anybody's:
 *   identifier  18 characters that look like a resident's number, beginning with 00, which no province has, and with a
 *               last character that is always wrong by the rule of GB 11643: no such number can exist
 *   phone       +999 and 11 digits: a country code of the ITU that belongs to nobody
 *   address     the name of an invented place and a number
 * Names are made of frequent parts (model/people_names.h) and are common; they mean no one.
 *
 * Women and men are equally many; ages are those of a county with many children and old people. Diseases are as rare as
 * they are (one case in 20,000 is plague), 40 % of cases are written up with all dates, and one person in 25 has no
 * identifier, phone or birth date, as in real reports.
 */
#ifndef MODEL_PEOPLE_H
#define MODEL_PEOPLE_H

#include <stddef.h>
#include <stdint.h>

#include "model/records.h"

/* Of 1000 people, how many are in each group of five years: 0-4, 5-9, … 90-94, 95 and older. */
#define PEOPLE_AGE_GROUPS 20
extern const uint16_t people_age_groups[PEOPLE_AGE_GROUPS];

/* Where people live. */
struct people_place {
    struct id   area;
    const char *address; /* what stands before the house number: "松谷乡鹤桥村"; borrowed */
};

struct people {
    uint64_t                   seed;
    toc_date                   today; /* nobody is born and nothing is received later */
    int                        days;  /* cases were received on `today` or up to days - 1 days before; >= 1 */
    const struct people_place *places;
    const uint32_t            *weights_up_to;    /* people of the places up to each, added up; NULL = all alike */
    size_t                     num_places;       /* >= 1 */
    unsigned                   tibetan_permille; /* how many have a Tibetan name; of these, 4 in 10 are written in
                                                    Tibetan, the others in Chinese characters */
};
#define PEOPLE_DAYS 365
#define PEOPLE_TIBETAN_PERMILLE 400

#define PEOPLE_TEXT_BYTES 1024
#define PEOPLE_ADDRESS_BYTES 600 /* of a place's address, at most */

/* One person with identity and case. The texts point into `text`, into the places and into constants: a copy of the
 * struct points into the original. head holds the ids alone; ids of later indexes sort later. */
struct people_sample {
    struct model_person   person;
    struct model_identity identity;
    struct model_case     illness;
    char                  text[PEOPLE_TEXT_BYTES];
    size_t                text_used;
};

/* Person number `index`. Cannot fail where the places are as said; no memory is taken. Cost: about 1 µs. */
void people_generate(const struct people *people, uint64_t index, struct people_sample *sample);

#endif
