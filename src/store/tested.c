/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/tested.h"

#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "store/counters.h"

/* ---- one result ---- */

static const char *const interpretations[] = {
#define DECIDES(code) code,
#define NEVER(code)
#include "store/tested.def"
#undef DECIDES
#undef NEVER
};

static const char *const never[] = {
#define DECIDES(code)
#define NEVER(code) code,
#include "store/tested.def"
#undef DECIDES
#undef NEVER
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static size_t find_word(const char *const *words, size_t num, struct model_text text)
{
    size_t i = 0;
    while (i < num && (strlen(words[i]) != text.size || memcmp(words[i], text.bytes, text.size) != 0))
        i++;
    return i;
}

uint32_t tested_rank(struct model_text interpretation, struct model_text status)
{
    if (find_word(never, LENGTH(never), status) < LENGTH(never))
        return TESTED_NEVER;
    return (uint32_t) find_word(interpretations, LENGTH(interpretations), interpretation);
}

toc_date tested_day(struct model_text collected)
{
    struct model_specimen specimen;
    model_init(model_record(MODEL_SPECIMEN), &specimen);
    specimen.collected_time = collected;
    return counters_day(model_record(MODEL_SPECIMEN), "collected_time", &specimen);
}

toc_date tested_mark(const struct db_value *value)
{
    toc_date       day;
    enum date_form form;
    if (value->type != DB_TEXT || value->size == 0 || date_from_text(value->bytes, value->size, &day, &form, NULL) != 0)
        return MODEL_MISSING_DATE;
    return day;
}

bool tested_is_right(const struct tested *one)
{
    return memcmp(one->stands, one->decides, sizeof one->stands) == 0;
}

/* ---- which decides ---- */

static toc_date span_start(const struct tested *one, enum tested_span span)
{
    return span == TESTED_WEEK ? one->day - toc_date_weekday(one->day) : one->day;
}

static bool may_decide(const struct tested *one)
{
    return one->person != TESTED_NOBODY && one->rank != TESTED_NEVER && one->day != MODEL_MISSING_DATE;
}

static int compare(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

/* Of one person, disease and span: by number of person, disease and Monday or day. */
static int compare_place(const struct tested *a, const struct tested *b, enum tested_span span)
{
    toc_date first = span_start(a, span), second = span_start(b, span);
    int      order = compare(a->person, b->person);
    if (order == 0)
        order = compare(a->disease, b->disease);
    return order != 0 ? order : (first > second) - (first < second);
}

/* Those that may decide first, of each place the one that does before the others. */
static int by_place(const void *x, const void *y, void *context)
{
    const struct tested    *a = x, *b = y;
    const enum tested_span *span = context;
    if (!may_decide(a) || !may_decide(b))
        return may_decide(b) - may_decide(a);
    int order = compare_place(a, b, *span);
    if (order == 0)
        order = compare(a->rank, b->rank);
    return order != 0 ? order : id_compare(&a->result, &b->result);
}

void tested_decide(struct tested *all, size_t num)
{
    for (enum tested_span span = TESTED_DAY; span < TESTED_SPANS && num > 0; span++) {
        qsort_r(all, num, sizeof *all, by_place, &span);
        for (size_t i = 0; i < num; i++) {
            bool first = may_decide(&all[i]) && (i == 0 || compare_place(&all[i - 1], &all[i], span) != 0);
            all[i].decides[span] = first ? span_start(&all[i], span) : MODEL_MISSING_DATE;
        }
    }
}

/* ---- persons and diseases ---- */

enum { DISEASE_BYTES = 120 };

struct person {
    struct id id;
    uint32_t  up; /* number of a person they are merged with, + 1; 0: they stand for all */
};

struct disease {
    char code[DISEASE_BYTES];
};

void tested_names_init(struct tested_names *names)
{
    *names = (struct tested_names){
        .persons = KEY_TABLE_INIT(sizeof(struct id), struct person),
        .diseases = KEY_TABLE_INIT(sizeof((struct disease *) NULL)->code, struct disease),
    };
}

void tested_names_free(struct tested_names *names)
{
    key_table_free(&names->persons);
    key_table_free(&names->diseases);
}

int tested_add_person(struct tested_names *names, const struct id *person)
{
    void *entry;
    bool  added;
    return key_table_put(&names->persons, person, &entry, &added);
}

uint32_t tested_person(const struct tested_names *names, const struct id *person)
{
    const struct person *one = key_table_find(&names->persons, person);
    if (one == NULL)
        return TESTED_NOBODY;
    const struct person *first = key_table_at(&names->persons, 0);
    while (one->up != 0)
        one = &first[one->up - 1];
    return (uint32_t) (one - first);
}

int tested_join(struct tested_names *names, const struct id *person, const struct id *other)
{
    int ret = tested_add_person(names, person);
    if (ret == 0)
        ret = tested_add_person(names, other);
    if (ret != 0)
        return ret;
    uint32_t a = tested_person(names, person), b = tested_person(names, other);
    if (a != b)
        ((struct person *) key_table_at(&names->persons, a))->up = b + 1;
    return 0;
}

const struct id *tested_person_at(const struct tested_names *names, size_t number)
{
    return &((const struct person *) key_table_at(&names->persons, number))->id;
}

int tested_disease(struct tested_names *names, struct model_text code, uint32_t *number)
{
    struct disease key = { { 0 } };
    void          *entry;
    bool           added;
    if (code.size > 0)
        memcpy(key.code, code.bytes, code.size < DISEASE_BYTES ? code.size : DISEASE_BYTES - 1);
    int ret = key_table_put(&names->diseases, key.code, &entry, &added);
    if (ret == 0)
        *number =
            (uint32_t) ((const struct disease *) entry - (const struct disease *) key_table_at(&names->diseases, 0));
    return ret;
}
