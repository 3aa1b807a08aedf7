/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Does a look-up within a group meet what the group has not written yet?
 *
 * Every value that a row to be written holds, or held, is noted with its record and column, and every form by which a
 * person to be written may be found. A look-up for a value that is not noted meets none of these rows: the database
 * answers it, and nothing needs to be written first. Only hashes are kept, as bits: now and then a value is taken for
 * noted that is not, and the group writes early; never the other way round. */
#include <string.h>

#include "base/text.h"
#include "model/records.h"
#include "store/group.h"
#include "store/person_tokens.h"
#include "store/schema.h"

enum { TOKEN_COLUMN = 1 << 16, LONGEST = 200 }; /* bytes of a value; longer ones are not looked up */

static uint64_t mix(uint64_t hash)
{
    hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
    return hash ^ hash >> 31;
}

static uint64_t mark_of(size_t record, int column, const void *bytes, size_t size)
{
    return mix(text_hash(bytes, size) + mix(record * 256 + (uint64_t) column + 1));
}

static void note(struct pending *pending, uint64_t mark)
{
    for (int i = 0; i < 2; i++, mark >>= 32)
        pending->bits[mark % PENDING_BITS / 64] |= UINT64_C(1) << mark % 64;
    pending->some = true;
}

static bool is_noted(const struct pending *pending, uint64_t mark)
{
    bool noted = true;
    for (int i = 0; i < 2; i++, mark >>= 32)
        noted = noted && (pending->bits[mark % PENDING_BITS / 64] >> mark % 64 & 1) != 0;
    return noted;
}

void group_note(struct group *group, const struct entry *entry)
{
    if (group->writer->pending.all)
        return;
    size_t record = store_record_number(entry->record), num = schema_table(entry->record)->num_columns;
    for (size_t i = 0; entry->row != NULL && i < num; i++)
        if ((entry->row[i].type == DB_TEXT || entry->row[i].type == DB_BYTES) && entry->row[i].size <= LONGEST)
            note(&group->writer->pending, mark_of(record, (int) i, entry->row[i].bytes, entry->row[i].size));
}

void group_note_all(struct group *group)
{
    group->writer->pending.all = true;
}

void group_forget_notes(struct group *group)
{
    struct pending *pending = &group->writer->pending;
    if (pending->some)
        memset(pending->bits, 0, sizeof pending->bits);
    pending->some = pending->all = false;
}

bool group_has_noted(const struct group *group, const struct model_record *record, int column, const void *bytes,
                     size_t size)
{
    const struct pending *pending = &group->writer->pending;
    return pending->all || size > LONGEST ||
           (pending->some && is_noted(pending, mark_of(store_record_number(record), column, bytes, size)));
}

/* ---- by what people are found ---- */

uint64_t group_token_mark(const struct keeper_text *text)
{
    uint64_t of_form = mark_of(0, TOKEN_COLUMN, text->bytes, text->size);
    return mix(of_form ^ mark_of(text_hash(text->kind, strlen(text->kind)), 0, text->area.bytes, ID_BYTES));
}

bool group_has_noted_token(const struct group *group, uint64_t mark)
{
    const struct pending *pending = &group->writer->pending;
    return pending->all || (pending->some && is_noted(pending, mark));
}

int group_note_tokens(struct group *group, const struct model_identity *identity)
{
    struct person_tokens tokens = { .num = 0 };
    struct entry        *person;
    if (group->writer->pending.all)
        return 0;
    int ret = group_entry(group, model_record(MODEL_PERSON), &identity->person, &person);
    if (ret == 0 && person->value == NULL) {
        group_note_all(group);
        return 0;
    }
    struct id county = { { 0 } };
    if (ret == 0)
        county = store_county(group->store, group->areas, &((const struct model_person *) person->value)->area);
    if (ret == 0)
        ret = person_tokens_add(&tokens, identity, &county, group->store->options.telephone_country, &group->arena);
    for (size_t i = 0; i < tokens.num && ret == 0; i++)
        note(&group->writer->pending, group_token_mark(&tokens.texts[i]));
    person_tokens_free(&tokens);
    return ret;
}
