/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which results decide for their person, decided anew. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/check_internal.h"
#include "store/select_many.h"
#include "store/tested.h"

struct deciding {
    struct tested_names names;
    struct tested      *all;
    size_t              num, room;
};

static struct id id_of(const struct db_value *value)
{
    struct id id = { { 0 } };
    if (value->type == DB_BYTES && value->size == ID_BYTES)
        memcpy(id.bytes, value->bytes, ID_BYTES);
    return id;
}

static struct model_text text_of(const struct db_value *value)
{
    return value->type == DB_TEXT ? (struct model_text){ value->bytes, value->size } : (struct model_text){ NULL, 0 };
}

static int merged_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct deciding *deciding = context;
    const struct id  person = id_of(&row[0]), into = id_of(&row[1]);
    (void) num_columns;
    return tested_join(&deciding->names, &person, &into);
}

enum { R_ID, R_DISEASE, R_INTERPRETATION, R_STATUS, R_DAY, R_WEEK, S_PERSON, S_COLLECTED };

static int result_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct deciding *deciding = context;
    const struct id  person = id_of(&row[S_PERSON]);
    (void) num_columns;
    if (deciding->num == deciding->room) {
        size_t room = deciding->room == 0 ? 1024 : 2 * deciding->room;
        void  *more = memory_resize(deciding->all, room, sizeof *deciding->all);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        deciding->all = more;
        deciding->room = room;
    }
    struct tested *one = &deciding->all[deciding->num];
    *one = (struct tested){ .result = id_of(&row[R_ID]),
                            .person = TESTED_NOBODY,
                            .rank = tested_rank(text_of(&row[R_INTERPRETATION]), text_of(&row[R_STATUS])),
                            .day = tested_day(text_of(&row[S_COLLECTED])),
                            .stands = { tested_mark(&row[R_DAY]), tested_mark(&row[R_WEEK]) } };
    int ret = id_is_missing(&person) ? 0 : tested_add_person(&deciding->names, &person);
    if (ret == 0 && !id_is_missing(&person))
        one->person = tested_person(&deciding->names, &person);
    if (ret == 0)
        ret = tested_disease(&deciding->names, text_of(&row[R_DISEASE]), &one->disease);
    deciding->num += ret == 0;
    return ret;
}

int check_tested(struct check *check)
{
    struct deciding deciding = { .all = NULL };
    int64_t         wrong = 0;
    tested_names_init(&deciding.names);
    int ret = select_rows(check->db, "SELECT id, merged_into FROM person WHERE merged_into IS NOT NULL", NULL, 0,
                          merged_row, &deciding, check->error);
    if (ret == 0)
        ret = select_rows(check->db,
                          "SELECT r.id, r.disease, r.interpretation, r.status, r.person_day, r.person_week, s.person, "
                          "s.collected_time FROM result AS r LEFT JOIN specimen AS s ON s.id = r.specimen",
                          NULL, 0, result_row, &deciding, check->error);
    if (ret == 0) {
        tested_decide(deciding.all, deciding.num);
        for (size_t i = 0; i < deciding.num; i++)
            wrong += !tested_is_right(&deciding.all[i]);
        check_tell(check, (int64_t) deciding.num, wrong, "tell the makers of Tocsin; until then restore a whole backup",
                   "result: of each person, disease, day and week one decides");
    }
    tested_names_free(&deciding.names);
    free(deciding.all);
    return ret;
}
