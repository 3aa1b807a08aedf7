/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows of line lists when they are worked off: what an earlier row of the same number was about. */
#include <sodium.h>
#include <string.h>

#include "base/instant.h"
#include "response/intake.h"
#include "response/intake_internal.h"
#include "response/intake_person.h"
#include "store/rows_by.h"

enum { ROWS_MOST = 5000 };

bool intake_is_row(const struct model_message *message)
{
    return message->format.size == 3 && memcmp(message->format.bytes, "row", 3) == 0;
}

/* The newest row of this number that came before and was about somebody. */
int intake_find_earlier_row(const struct model_message *message, struct store_reader *reader, struct arena *arena,
                            const struct model_message **earlier)
{
    void  *rows = NULL;
    size_t num = 0;
    int    ret = 0;
    *earlier = NULL;
    if (intake_is_row(message) && message->control_hash.size > 0)
        ret = store_rows_by(reader, model_record(MODEL_MESSAGE), "control_hash", &message->control_hash, 1, ROWS_MOST,
                            arena, &rows, &num);
    for (size_t i = 0; i < num && ret == 0; i++) {
        const struct model_message *one = (const struct model_message *) rows + i;
        if (!id_is_missing(&one->person) && id_compare(&one->head.id, &message->head.id) < 0 &&
            (*earlier == NULL || id_compare(&one->head.id, &(*earlier)->head.id) > 0))
            *earlier = one;
    }
    return ret;
}

/* A corrected row is about whom the earlier one was about, whatever it says of who that is. */
int intake_take_over_person(struct intake_person *one, const struct model_message *earlier, struct store_reader *reader,
                            struct arena *arena)
{
    struct access       who = intake_program();
    struct model_person person;
    struct model_set    visible;
    struct id           id = earlier->person;
    int ret = store_read(reader, &who, model_record(MODEL_PERSON), &id, STORE_NOW, arena, &person, &visible);
    for (int i = 0; i < 10 && ret == 0 && !id_is_missing(&person.merged_into); i++) {
        id = person.merged_into;
        ret = store_read(reader, &who, model_record(MODEL_PERSON), &id, STORE_NOW, arena, &person, &visible);
    }
    if (ret == STORE_ERR_ABSENT || (ret == 0 && person.erased != INSTANT_MISSING))
        return 0; /* they are gone: who it is now is decided by what it says */
    if (ret != 0)
        return ret;
    struct id nobody = { { 0 } };
    one->id = id;
    one->is_new = false;
    one->perhaps = nobody;
    one->person = person;
    one->area = person.area;
    return 0;
}

/* A file's rows that no table knows are one task. */
int intake_find_review(const struct model_message *message, struct store_reader *reader, struct arena *arena,
                       struct intake_plan_options *options)
{
    struct access     who = intake_program();
    struct model_task task;
    struct model_set  visible;
    uint8_t           hash[crypto_generichash_BYTES_MIN];
    static const char what[] = "review of a file";
    crypto_generichash(hash, sizeof hash, message->part_of.bytes, ID_BYTES, (const uint8_t *) what, sizeof what);
    options->review = id_make(0, hash);
    memcpy(options->review.bytes, message->part_of.bytes, 6); /* as old as the file */
    int ret = store_read(reader, &who, model_record(MODEL_TASK), &options->review, STORE_NOW, arena, &task, &visible);
    options->is_told = ret == 0;
    return ret == STORE_ERR_ABSENT ? 0 : ret;
}
