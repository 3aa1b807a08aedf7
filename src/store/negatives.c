/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/negatives.h"

#include <string.h>

#include "base/arena.h"
#include "model/records.h"
#include "store/select_many.h"
#include "store/store_internal.h"

enum { SLICE = 200 };

/* The person, and whoever is merged into them: "own". $2: before. */
#define OWN(join) "FROM person own " join " WHERE (own.id = person.id OR own.merged_into = person.id)"
#define NOTHING_IN(table) " AND NOT EXISTS (SELECT 1 " OWN("JOIN " table " other ON other.person = own.id") ")"
#define NOT_OPEN_AS(field)                                                                                             \
    " AND person.id NOT IN (SELECT task." field " FROM task WHERE task." field " IS NOT NULL AND task.status IN "      \
    "('open', 'in-progress', 'waiting'))"
#define RESULTS OWN("JOIN specimen ON specimen.person = own.id JOIN result ON result.specimen = specimen.id")

#define NO_RESULT " AND NOT EXISTS (SELECT 1 FROM result WHERE result.specimen = specimen.id)"

/* A chain of more than one step is not followed here: nobody in it goes by this. */
#define NO_CHAIN                                                                                                       \
    " AND NOT EXISTS (SELECT 1 FROM person step JOIN person far ON far.merged_into = step.id WHERE "                   \
    "step.merged_into = person.id)"

#define IS_NEGATIVE                                                                                                    \
    "person.erased IS NULL AND person.merged_into IS NULL AND person.created < $2 AND EXISTS (SELECT 1 " RESULTS       \
    ") AND NOT EXISTS (SELECT 1 " RESULTS " AND (result.created >= $2 OR result.updated >= $2 OR result.status = "     \
    "'preliminary' OR (result.status NOT IN ('superseded', 'cancelled', 'entered-in-error') AND "                      \
    "result.interpretation NOT IN ('not-detected', 'invalid', 'rejected'))))"                                          \
    " AND NOT EXISTS (SELECT 1 " OWN("JOIN specimen ON specimen.person = own.id") NO_RESULT ")" NOTHING_IN("\"case\"") \
        NOTHING_IN("vaccination") NOTHING_IN("credential") NOT_OPEN_AS("person") NOT_OPEN_AS("other_person") NO_CHAIN

struct negatives {
    int64_t   before;
    struct id ids[SLICE];
    size_t    num;
};

static int take_id(void *context, const struct db_value *row, size_t num_columns)
{
    struct negatives *negatives = context;
    (void) num_columns;
    if (negatives->num < SLICE)
        memcpy(negatives->ids[negatives->num++].bytes, row[0].bytes, ID_BYTES);
    return 0;
}

static int find(struct negatives *negatives, struct store_reader *reader, const struct id *after)
{
    struct db_value parameters[] = { db_bytes(after->bytes, ID_BYTES), db_integer(negatives->before),
                                     db_integer(SLICE) };
    negatives->num = 0;
    return select_rows(
        reader->db, "SELECT person.id FROM person WHERE person.id > $1 AND " IS_NEGATIVE " ORDER BY person.id LIMIT $3",
        parameters, 3, take_id, negatives, &reader->error);
}

struct forgetting {
    struct id id;
    int64_t   before;
    bool      is_gone;
};

static int found(void *context, const struct db_value *row, size_t num_columns)
{
    (void) row;
    (void) num_columns;
    *(bool *) context = true;
    return 0;
}

/* Is it still so, with everything that came before this? Else nothing is done. */
static int decide(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                  struct fault_list *faults)
{
    struct forgetting   *forgetting = context;
    struct db_value      parameters[] = { db_id(&forgetting->id), db_integer(forgetting->before) };
    struct db           *db;
    struct model_person *person = arena_array(arena, 1, sizeof *person);
    struct store_change *change = arena_array(arena, 1, sizeof *change);
    bool                 is_negative = false;
    (void) faults;
    *set = (struct store_change_set){ NULL, 0 };
    if (person == NULL || change == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = store_reader_db(reader, &db);
    if (ret == 0)
        ret = select_rows(db, "SELECT person.id FROM person WHERE person.id = $1 AND " IS_NEGATIVE, parameters, 2,
                          found, &is_negative, &reader->error);
    if (ret != 0 || !is_negative)
        return ret;
    model_init(model_record(MODEL_PERSON), person);
    person->head.id = forgetting->id;
    *change = (struct store_change){ .verb = STORE_ERASE, .record = model_record(MODEL_PERSON), .value = person };
    *set = (struct store_change_set){ change, 1 };
    forgetting->is_gone = true;
    return 0;
}

static int forget(struct store *store, const struct id *id, int64_t before, int64_t *forgotten)
{
    const struct access  program = { .role = ACCESS_PROGRAM, .everywhere = true };
    struct forgetting    forgetting = { .id = *id, .before = before };
    struct store_request request = {
        .verb = "forget who tested negative", .bulk = true, .decide = decide, .context = &forgetting
    };
    int ret = store_submit(store, &program, &request, NULL, NULL);
    *forgotten += ret == 0 && forgetting.is_gone;
    return ret;
}

int store_forget_negatives(struct store *store, int64_t before, int64_t *forgotten)
{
    struct store_reader *reader = NULL;
    struct negatives     negatives = { .before = before };
    struct id            after = { { 0 } };
    *forgotten = 0;
    int ret = store_reader_open(store, &reader, NULL);
    do {
        if (ret == 0)
            ret = find(&negatives, reader, &after);
        for (size_t i = 0; i < negatives.num && ret == 0; i++)
            ret = forget(store, &negatives.ids[i], before, forgotten);
        if (negatives.num > 0)
            after = negatives.ids[negatives.num - 1];
    } while (ret == 0 && negatives.num > 0);
    store_reader_close(reader);
    return ret;
}
