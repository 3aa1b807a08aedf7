/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/people.h"

#include <assert.h>
#include <string.h>

#include "base/date_text.h"
#include "base/text.h"
#include "model/county_chance.h"
#include "model/people_names.h"

/* ---- texts ---- */

static struct model_text constant(const char *text)
{
    return (struct model_text){ text, strlen(text) };
}

/* A text that is being put together at the end of the sample's room. */
struct writing {
    struct people_sample *sample;
    size_t                begin;
};

static struct writing begin_text(struct people_sample *sample)
{
    return (struct writing){ sample, sample->text_used };
}

static void add_bytes(struct writing *writing, const char *bytes, size_t size)
{
    struct people_sample *sample = writing->sample;
    assert(size <= PEOPLE_TEXT_BYTES - sample->text_used);
    memcpy(sample->text + sample->text_used, bytes, size);
    sample->text_used += size;
}

static void add_text(struct writing *writing, const char *text)
{
    add_bytes(writing, text, strlen(text));
}

/* A number with at least `digits` digits. */
static void add_number(struct writing *writing, uint64_t number, int digits)
{
    char text[20];
    int  at = (int) sizeof text;
    for (; number > 0 || digits > 0; number /= 10, digits--)
        text[--at] = (char) ('0' + number % 10);
    add_bytes(writing, text + at, sizeof text - (size_t) at);
}

static struct model_text end_text(const struct writing *writing)
{
    const struct people_sample *sample = writing->sample;
    return (struct model_text){ sample->text + writing->begin, sample->text_used - writing->begin };
}

/* ---- who ---- */

const uint16_t people_age_groups[PEOPLE_AGE_GROUPS] = { 62, 66, 64, 60, 62, 70, 78, 80, 74, 70,
                                                        72, 68, 56, 44, 32, 20, 12, 6,  3,  1 };

static toc_date draw_birth(struct chance *chance, toc_date today)
{
    uint32_t at = chance_below(chance, 1000), group = 0;
    for (; group + 1 < PEOPLE_AGE_GROUPS && at >= people_age_groups[group]; group++)
        at -= people_age_groups[group];
    return today - (toc_date) (group * 1826) - (toc_date) chance_below(chance, 1826);
}

static const struct people_name *any_of(const struct people_names *names, struct chance *chance)
{
    return &names->names[chance_below(chance, (uint32_t) names->num_names)];
}

static const struct people_name *draw_surname(struct chance *chance)
{
    const struct people_names *surnames = &people_surnames;
    int                        at = (int) chance_below(chance, 10000);
    for (size_t i = 0; i < surnames->num_names; i++) {
        at -= surnames->names[i].weight;
        if (at < 0)
            return &surnames->names[i];
    }
    return any_of(surnames, chance); /* the rarer ones */
}

static void name_in_chinese(struct people_sample *sample, enum people_sex sex, struct chance *chance)
{
    const struct people_name *surname = draw_surname(chance);
    const struct people_name *first = any_of(&people_given_zh[sex], chance);
    const struct people_name *second = chance_permille(chance, 850) ? any_of(&people_given_zh[sex], chance) : NULL;
    struct writing            writing = begin_text(sample);
    add_text(&writing, surname->zh);
    add_text(&writing, first->zh);
    if (second != NULL)
        add_text(&writing, second->zh);
    sample->identity.name = end_text(&writing);

    writing = begin_text(sample);
    add_text(&writing, surname->latin);
    add_text(&writing, " ");
    size_t capital = sample->text_used;
    add_text(&writing, first->latin);
    if (second != NULL)
        add_text(&writing, second->latin);
    sample->text[capital] = (char) (sample->text[capital] - 'a' + 'A');
    sample->identity.name_latin = end_text(&writing);
}

static void name_in_tibetan(struct people_sample *sample, enum people_sex sex, struct chance *chance)
{
    const struct people_name *first = any_of(&people_given_bo_first, chance), *second;
    do
        second = any_of(&people_given_bo_second[sex], chance);
    while (strcmp(first->zh, second->zh) == 0);
    bool           own_script = chance_permille(chance, 400);
    struct writing writing = begin_text(sample);
    add_text(&writing, own_script ? first->bo : first->zh);
    if (own_script)
        add_text(&writing, "་");
    add_text(&writing, own_script ? second->bo : second->zh);
    sample->identity.name = end_text(&writing);

    writing = begin_text(sample);
    add_text(&writing, first->latin);
    add_text(&writing, " ");
    add_text(&writing, second->latin);
    sample->identity.name_latin = end_text(&writing);
}

/* 17 digits and a last character that GB 11643 would not put there. */
static struct model_text make_identifier(struct people_sample *sample, toc_date birth, enum people_sex sex,
                                         struct chance *chance)
{
    static const int  weights[17] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
    static const char checks[] = "10X98765432";
    struct writing    writing = begin_text(sample);
    struct toc_civil  civil = toc_date_to_civil(birth);
    int               sum = 0;
    add_text(&writing, "00");
    add_number(&writing, chance_below(chance, 10000), 4);
    add_number(&writing, (uint64_t) (civil.year * 10000 + civil.month * 100 + civil.day), 8);
    add_number(&writing, 2 * chance_below(chance, 500) + (sex == PEOPLE_MALE), 3);
    for (int i = 0; i < 17; i++)
        sum += weights[i] * (sample->text[writing.begin + (size_t) i] - '0');
    add_bytes(&writing, &checks[(sum + 1 + (int) chance_below(chance, 10)) % 11], 1);
    return end_text(&writing);
}

static const struct people_place *draw_place(const struct people *people, struct chance *chance)
{
    if (people->weights_up_to == NULL)
        return &people->places[chance_below(chance, (uint32_t) people->num_places)];
    uint32_t at = chance_below(chance, people->weights_up_to[people->num_places - 1]);
    size_t   low = 0, high = people->num_places - 1; /* the first whose sum is above `at` lies within */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (people->weights_up_to[middle] > at)
            high = middle;
        else
            low = middle + 1;
    }
    return &people->places[low];
}

static void generate_identity(const struct people *people, const struct people_place *place, toc_date birth,
                              enum people_sex sex, struct chance *chance, struct people_sample *sample)
{
    struct model_identity *identity = &sample->identity;
    bool                   tibetan = chance_permille(chance, people->tibetan_permille);
    if (tibetan)
        name_in_tibetan(sample, sex, chance);
    else
        name_in_chinese(sample, sex, chance);
    sample->person.preferred_language = constant(tibetan ? "bo" : "zh");
    if (!chance_permille(chance, 40)) {
        identity->identifier_kind = constant("other");
        identity->identifier = make_identifier(sample, birth, sex, chance);
    }
    if (!chance_permille(chance, 40)) {
        struct writing writing = begin_text(sample);
        add_text(&writing, "+9991");
        add_number(&writing, chance_below(chance, 1000000000), 10);
        identity->phone = end_text(&writing);
    }
    if (!chance_permille(chance, 40))
        identity->birth_date = birth;
    struct writing writing = begin_text(sample);
    add_text(&writing, place->address);
    add_number(&writing, 1 + chance_below(chance, 300), 1);
    add_text(&writing, "号");
    identity->address = end_text(&writing);
}

/* ---- the case ---- */

/* Of 20,000 cases. */
static const struct {
    const char *code;
    unsigned    share;
    int         oldest;      /* in years */
    unsigned    laboratory;  /* permille confirmed by a laboratory */
    unsigned    no_symptoms; /* permille */
} diseases[] = {
    { "influenza", 8999, 130, 300, 20 },
    { "hand-foot-mouth-disease", 4000, 12, 80, 10 },
    { "tuberculosis-pulmonary", 2200, 130, 450, 30 },
    { "hepatitis-b", 1800, 130, 950, 300 },
    { "shigellosis", 1000, 130, 250, 10 },
    { "brucellosis", 700, 130, 900, 40 },
    { "mumps", 600, 30, 50, 10 },
    { "scarlet-fever", 400, 15, 150, 10 },
    { "echinococcosis", 200, 130, 700, 500 },
    { "measles", 80, 40, 950, 0 },
    { "hepatitis-a", 20, 130, 950, 100 },
    { "plague", 1, 130, 1000, 0 },
};

static size_t draw_disease(struct chance *chance, int64_t age)
{
    for (;;) {
        uint32_t at = chance_below(chance, 20000);
        size_t   i = 0;
        for (; at >= diseases[i].share; i++)
            at -= diseases[i].share;
        if (age <= diseases[i].oldest)
            return i;
    }
}

/* A time to the minute on a day, between 8 and 20 o'clock in China's zone. */
static struct model_text make_time(struct people_sample *sample, toc_date day, struct chance *chance)
{
    char           date[DATE_TEXT_BYTES];
    struct writing writing = begin_text(sample);
    date_to_text(day, DATE_FORM_DAY, date);
    add_text(&writing, date);
    add_text(&writing, "T");
    add_number(&writing, 8 + chance_below(chance, 12), 2);
    add_text(&writing, ":");
    add_number(&writing, chance_below(chance, 60), 2);
    add_text(&writing, "+08:00");
    return end_text(&writing);
}

static void end_illness(struct model_case *illness, toc_date today, struct chance *chance)
{
    toc_date end = illness->received_date + chance_between(chance, 3, 40);
    if (end > today)
        return;
    illness->outcome_date = end;
    if (chance_permille(chance, 4)) {
        illness->outcome = constant("died-of-disease");
        illness->death_date = end;
    } else {
        illness->outcome = constant("recovered");
    }
}

static void classify(struct model_case *illness, size_t disease, struct chance *chance)
{
    bool laboratory = chance_permille(chance, diseases[disease].laboratory);
    illness->no_symptoms = chance_permille(chance, diseases[disease].no_symptoms);
    if (laboratory)
        illness->classification = constant(illness->no_symptoms ? "asymptomatic" : "confirmed");
    else if (chance_permille(chance, 550))
        illness->classification = constant("clinically-diagnosed");
    else
        illness->classification = constant(chance_permille(chance, 700) ? "suspected" : "not-yet-classified");
    if (laboratory || strcmp(illness->classification.bytes, "clinically-diagnosed") == 0) {
        illness->classification_basis = constant(laboratory ? "laboratory" : "clinical");
        illness->classification_date = illness->received_date;
    }
}

/* Whole months of life. */
static int age_months(toc_date birth, toc_date on)
{
    struct toc_civil from = toc_date_to_civil(birth), to = toc_date_to_civil(on);
    return 12 * (to.year - from.year) + to.month - from.month - (to.day < from.day);
}

static void generate_case(const struct people *people, uint64_t index, toc_date birth, struct people_sample *sample)
{
    struct chance      chance = chance_begin(people->seed, CHANCE_CASE, index);
    struct model_case *illness = &sample->illness;
    toc_date           received = people->today - (toc_date) chance_below(&chance, (uint32_t) people->days);
    if (received < birth)
        received = people->today;
    toc_date onset = received - (toc_date) chance_below(&chance, 9);
    if (onset < birth)
        onset = birth;
    int months = age_months(birth, onset);
    illness->age_years = months / 12;
    size_t disease = draw_disease(&chance, illness->age_years);
    illness->disease = constant(diseases[disease].code);
    illness->episode = 1;
    illness->received_date = received;
    classify(illness, disease, &chance);
    if (illness->no_symptoms == 0)
        illness->onset_date = onset;
    if (illness->age_years < 3)
        illness->age_months = months % 12;
    illness->consultation_date = onset + (received - onset) / 2;
    if (chance_permille(&chance, 400)) {
        toc_date specimen = illness->consultation_date;
        illness->specimen_date = specimen;
        illness->result_time = make_time(sample, specimen + (received - specimen) / 2, &chance);
        illness->diagnosis_time = make_time(sample, received, &chance);
        illness->notified_time = make_time(sample, received, &chance);
    }
    illness->origin = constant(chance_permille(&chance, 930) ? "local" : "imported-from-other-area");
    illness->found_by = constant(chance_permille(&chance, 900) ? "sought-care" : "screening-round");
    illness->severity = constant(chance_permille(&chance, 950) ? "mild" : "severe");
    end_illness(illness, people->today, &chance);
}

/* ---- together ---- */

static struct id make_id(const struct people *people, uint64_t index, struct chance *chance)
{
    uint64_t random[2] = { chance_word(chance), chance_word(chance) };
    uint8_t  bytes[ID_RANDOM_BYTES];
    for (int i = 0; i < ID_RANDOM_BYTES; i++)
        bytes[i] = (uint8_t) (random[i / 8] >> (8 * (i % 8)));
    return id_make((int64_t) (people->today - people->days) * 86400000 + (int64_t) index, bytes);
}

void people_generate(const struct people *people, uint64_t index, struct people_sample *sample)
{
    struct chance chance = chance_begin(people->seed, CHANCE_PERSON, index);
    model_init(model_record(MODEL_PERSON), &sample->person);
    model_init(model_record(MODEL_IDENTITY), &sample->identity);
    model_init(model_record(MODEL_CASE), &sample->illness);
    sample->text_used = 0;
    sample->person.head.id = make_id(people, index, &chance);
    sample->identity.head.id = make_id(people, index, &chance);
    sample->illness.head.id = make_id(people, index, &chance);

    enum people_sex            sex = chance_below(&chance, 2) == 0 ? PEOPLE_FEMALE : PEOPLE_MALE;
    toc_date                   birth = draw_birth(&chance, people->today);
    const struct people_place *place = draw_place(people, &chance);
    sample->person.area = place->area;
    sample->person.sex = constant(sex == PEOPLE_FEMALE ? "female" : "male");
    sample->person.birth_year = toc_date_to_civil(birth).year;
    sample->identity.person = sample->person.head.id;
    generate_identity(people, place, birth, sex, &chance, sample);

    sample->illness.person = sample->person.head.id;
    sample->illness.sex = sample->person.sex;
    sample->illness.responsible_area = place->area;
    sample->illness.residence_area = place->area;
    sample->illness.reporting_area = place->area;
    generate_case(people, index, birth, sample);
}
