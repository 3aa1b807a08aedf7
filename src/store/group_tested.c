/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which results of a person decide (tested.h), marked anew where a group has changed a result, a specimen or who is
 * merged with whom.
 *
 * What a group changes is noted by person. When all of its requests are applied, all results of these persons, and of
 * those merged with them, are looked at: as the entries in memory have them, and what the database has besides, in
 * three queries whatever the number of persons, in none where everybody is new. A result that the group has changed
 * gets its mark with that change; another one is changed by it: version, history, event. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/group.h"
#include "store/schema.h"
#include "store/select_many.h"

/* ---- whose results a change is about ---- */

static int note_person(struct group *group, const struct id *person)
{
    return id_is_missing(person) ? 0 : tested_add_person(&group->tested, person);
}

int group_note_tested(struct group *group, const struct entry *entry, bool is_new)
{
    int ret = 0;
    if (entry->record == model_record(MODEL_RESULT)) {
        const struct model_result *result = entry->value;
        const struct entry        *specimen = group_entry_find(group, model_record(MODEL_SPECIMEN), &result->specimen);
        if (specimen != NULL && specimen->present)
            ret = note_person(group, &((const struct model_specimen *) specimen->value)->person);
    } else if (entry->record == model_record(MODEL_SPECIMEN) && !is_new) {
        ret = note_person(group, &((const struct model_specimen *) entry->value)->person);
    } else if (entry->record == model_record(MODEL_PERSON)) {
        const struct model_person *person = entry->value;
        if (!id_is_missing(&person->merged_into)) {
            ret = note_person(group, &entry->id);
            if (ret == 0)
                ret = note_person(group, &person->merged_into);
        }
    }
    return ret;
}

/* ---- all results of these persons ---- */

struct found {
    struct group        *group;
    struct tested_names *names;
    struct db_value     *keys; /* persons to be asked for */
    size_t               num_keys;
    struct key_table     rows; /* results that the database has answered: each once */
    struct tested       *all;
    size_t               num, room;
};

static struct id id_of(const struct db_value *value)
{
    struct id id = { { 0 } };
    if (value->type == DB_BYTES && value->size == ID_BYTES)
        memcpy(id.bytes, value->bytes, ID_BYTES);
    return id;
}

/* Is a record in memory, as read or as it will be? Else what the database says holds. */
static const struct entry *in_memory(const struct group *group, enum model_record_number record, const struct id *id)
{
    const struct entry *entry = group_entry_find(group, model_record(record), id);
    return entry != NULL && entry->loaded ? entry : NULL;
}

static int merged_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct found       *found = context;
    const struct id     person = id_of(&row[0]), into = id_of(&row[1]);
    const struct entry *entry = in_memory(found->group, MODEL_PERSON, &person);
    (void) num_columns;
    return entry != NULL ? 0 : tested_join(found->names, &person, &into);
}

/* Those merged with somebody, of the entries in memory. */
static int join_in_memory(struct found *found)
{
    const struct group *group = found->group;
    int                 ret = 0;
    for (size_t i = 0; i < group->entries.num && ret == 0; i++) {
        const struct entry *entry = group_entry_at(group, i);
        if (entry == NULL || entry->record != model_record(MODEL_PERSON) || !entry->present)
            continue;
        const struct id *into = &((const struct model_person *) entry->value)->merged_into;
        if (!id_is_missing(into))
            ret = tested_join(found->names, &entry->id, into);
    }
    return ret;
}

/* Persons from number `first` on as keys, but for those whom the database has not. */
static int take_keys(struct found *found, size_t first)
{
    struct db_value *keys = memory_resize(found->keys, found->names->persons.num + 1, sizeof *keys);
    if (keys == NULL)
        return TOC_ERR_NO_MEMORY;
    found->keys = keys;
    found->num_keys = 0;
    for (size_t i = first; i < found->names->persons.num; i++) {
        const struct id    *person = tested_person_at(found->names, i);
        const struct entry *entry = in_memory(found->group, MODEL_PERSON, person);
        struct id          *key = arena_array(&found->group->arena, 1, sizeof *key);
        if (key == NULL)
            return TOC_ERR_NO_MEMORY;
        *key = *person; /* the table grows */
        if (entry == NULL || entry->stored != 0)
            found->keys[found->num_keys++] = db_id(key);
    }
    return 0;
}

/* Everybody who is merged with one of these persons, over any number of steps. */
static int find_merged(struct found *found)
{
    struct group *group = found->group;
    int           ret = join_in_memory(found);
    for (size_t asked = 0; asked < found->names->persons.num && ret == 0;) {
        ret = take_keys(found, asked);
        asked = found->names->persons.num;
        if (ret == 0 && found->num_keys > 0)
            ret = select_many(group->db, "SELECT id, merged_into FROM person WHERE merged_into IS NOT NULL AND id", "",
                              found->keys, found->num_keys, merged_row, found, &group->error);
        if (ret == 0 && found->num_keys > 0)
            ret = select_many(group->db, "SELECT id, merged_into FROM person WHERE merged_into", "", found->keys,
                              found->num_keys, merged_row, found, &group->error);
    }
    return ret;
}

/* One more result. A specimen that is no person's: none; of a person who is not looked at: left out. */
static int add_result(struct found *found, const struct id *result, const struct id *person, struct model_text disease,
                      struct tested tested)
{
    tested.result = *result;
    tested.person = id_is_missing(person) ? TESTED_NOBODY : tested_person(found->names, person);
    if (tested.person == TESTED_NOBODY && !id_is_missing(person))
        return 0;
    if (found->num == found->room) {
        size_t room = found->room == 0 ? 64 : 2 * found->room;
        void  *more = memory_resize(found->all, room, sizeof *found->all);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        found->all = more;
        found->room = room;
    }
    int ret = tested_disease(found->names, disease, &tested.disease);
    if (ret == 0)
        found->all[found->num++] = tested;
    return ret;
}

static struct model_text text_of(const struct db_value *value)
{
    return value->type == DB_TEXT ? (struct model_text){ value->bytes, value->size } : (struct model_text){ NULL, 0 };
}

/* The results of the entries in memory; their specimens are there too. */
static int add_in_memory(struct found *found)
{
    struct group *group = found->group;
    size_t        num = group->entries.num;
    struct entry *specimen;
    int           ret = 0;
    for (size_t i = 0; i < num && ret == 0; i++) {
        const struct entry *entry = group_entry_at(group, i);
        if (entry != NULL && entry->record == model_record(MODEL_RESULT) && entry->present)
            ret = group_entry(group, model_record(MODEL_SPECIMEN),
                              &((const struct model_result *) entry->value)->specimen, &specimen);
    }
    if (ret == 0)
        ret = group_load(group);
    for (size_t i = 0; i < num && ret == 0; i++) {
        const struct entry *entry = group_entry_at(group, i);
        struct id           nobody = { { 0 } };
        if (entry == NULL || entry->record != model_record(MODEL_RESULT) || !entry->present)
            continue;
        const struct model_result *result = entry->value;
        specimen = group_entry_find(group, model_record(MODEL_SPECIMEN), &result->specimen);
        const struct model_specimen *of = specimen != NULL && specimen->present ? specimen->value : NULL;
        ret = add_result(found, &entry->id, of != NULL ? &of->person : &nobody, result->disease,
                         (struct tested){ .rank = tested_rank(result->interpretation, result->status),
                                          .day = of != NULL ? tested_day(of->collected_time) : MODEL_MISSING_DATE,
                                          .stands = { result->person_day, result->person_week } });
    }
    return ret;
}

enum { R_ID, R_DISEASE, R_INTERPRETATION, R_STATUS, R_DAY, R_WEEK, S_ID, S_PERSON, S_COLLECTED };
#define RESULTS_OF                                                                                                     \
    "SELECT r.id, r.disease, r.interpretation, r.status, r.person_day, r.person_week, s.id, s.person, "                \
    "s.collected_time FROM specimen AS s JOIN result AS r ON r.specimen = s.id WHERE "

static int result_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct found       *found = context;
    const struct id     id = id_of(&row[R_ID]), specimen = id_of(&row[S_ID]);
    const struct entry *entry = in_memory(found->group, MODEL_SPECIMEN, &specimen);
    struct id           person = id_of(&row[S_PERSON]);
    struct model_text   collected = text_of(&row[S_COLLECTED]);
    void               *slot;
    bool                added;
    (void) num_columns;
    if (in_memory(found->group, MODEL_RESULT, &id) != NULL)
        return 0;
    int ret = key_table_put(&found->rows, &id, &slot, &added);
    if (ret != 0 || !added)
        return ret;
    if (entry != NULL) {
        const struct model_specimen *now = entry->present ? entry->value : NULL;
        person = now != NULL ? now->person : (struct id){ { 0 } };
        collected = now != NULL ? now->collected_time : (struct model_text){ NULL, 0 };
    }
    return add_result(found, &id, &person, text_of(&row[R_DISEASE]),
                      (struct tested){ .rank = tested_rank(text_of(&row[R_INTERPRETATION]), text_of(&row[R_STATUS])),
                                       .day = tested_day(collected),
                                       .stands = { tested_mark(&row[R_DAY]), tested_mark(&row[R_WEEK]) } });
}

static int find_results(struct found *found)
{
    struct group *group = found->group;
    int           ret = take_keys(found, 0);
    if (ret == 0 && found->num_keys > 0)
        ret = select_many(group->db, RESULTS_OF "s.person", "", found->keys, found->num_keys, result_row, found,
                          &group->error);
    return ret == 0 ? add_in_memory(found) : ret;
}

/* ---- marking ---- */

/* The entries of the results that are to change, their specimens and areas: in memory. */
static int load_wrong(struct found *found)
{
    struct group *group = found->group;
    struct entry *entry;
    int           ret = 0;
    for (size_t i = 0; i < found->num && ret == 0; i++)
        if (!tested_is_right(&found->all[i]))
            ret = group_entry(group, model_record(MODEL_RESULT), &found->all[i].result, &entry);
    if (ret == 0)
        ret = group_load(group);
    for (size_t i = 0; i < found->num && ret == 0; i++)
        if (!tested_is_right(&found->all[i])) {
            const struct entry *result = in_memory(group, MODEL_RESULT, &found->all[i].result);
            ret = result == NULL || !result->present
                      ? DB_ERR_CORRUPT
                      : group_entry(group, model_record(MODEL_SPECIMEN),
                                    &((const struct model_result *) result->value)->specimen, &entry);
        }
    return ret == 0 ? group_load(group) : ret;
}

/* The result as it is marked from now on; `again`: it is changed by that alone. */
static int write_marks(struct group *group, struct entry *entry, const struct tested *tested, bool again)
{
    struct model_result *value = arena_array(&group->arena, 1, sizeof *value);
    struct db_value     *row = arena_array(&group->arena, schema_table(entry->record)->num_columns, sizeof *row);
    if (value == NULL || row == NULL)
        return TOC_ERR_NO_MEMORY;
    *value = *(const struct model_result *) entry->value;
    value->person_day = tested->decides[TESTED_DAY];
    value->person_week = tested->decides[TESTED_WEEK];
    if (again) {
        value->head.version++;
        value->head.updated = group->known;
    }
    int ret = schema_bind(entry->record, value, entry->sealed, &group->arena, row);
    if (ret == 0)
        ret = group_dirty(group, entry);
    if (ret == 0) {
        entry->value = value;
        entry->row = row;
    }
    return ret;
}

static int mark(struct group *group, const struct tested *tested)
{
    struct entry      *entry = group_entry_find(group, model_record(MODEL_RESULT), &tested->result);
    const void        *before = entry->value;
    const bool         again = !entry->dirty;
    struct group_place place = group_place_of(group, entry);
    struct id          areas[AREA_TREE_MAX_DEPTH];
    size_t             num = group_counted_areas(group, &place.area, areas);
    int                ret = again ? group_keep_history(group, entry) : 0;
    if (ret == 0)
        ret = write_marks(group, entry, tested, again);
    if (ret == 0)
        ret = counters_recount(group->writer->book, entry->record, before, entry->value, areas, num, group->known_day);
    return ret == 0 && again ? group_event(group, STORE_CHANGE, entry, &place) : ret;
}

int group_decide_tested(struct group *group)
{
    struct found found = { .group = group,
                           .names = &group->tested,
                           .rows = KEY_TABLE_INIT(sizeof(struct id), struct id) };
    if (group->tested.persons.num == 0)
        return 0;
    int ret = find_merged(&found);
    if (ret == 0)
        ret = find_results(&found);
    if (ret == 0) {
        tested_decide(found.all, found.num);
        ret = load_wrong(&found);
    }
    for (size_t i = 0; i < found.num && ret == 0; i++)
        if (!tested_is_right(&found.all[i]))
            ret = mark(group, &found.all[i]);
    tested_names_free(&group->tested);
    key_table_free(&found.rows);
    free(found.keys);
    free(found.all);
    return ret;
}
