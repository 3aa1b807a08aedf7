/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One request: all of its changes, or none; its events and its audit entry. */
#include <sodium.h>
#include <string.h>

#include "model/records.h"
#include "store/group.h"
#include "store/row_code.h"
#include "store/schema.h"
#include "store/select_many.h"
#include "store/tables.h"

int group_event(struct group *group, enum store_verb verb, const struct entry *entry, const struct group_place *place)
{
    struct db_value    *row;
    struct group_place *copy = arena_array(&group->arena, 1, sizeof *copy);
    if (copy == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = group_row(&group->events, &row);
    if (ret != 0)
        return ret;
    *copy = *place;
    row[store_event_number] = db_integer(++group->event);
    row[store_event_at] = db_integer(group->known);
    row[store_event_verb] = db_integer(verb);
    row[store_event_record] = db_word(entry->record->name);
    row[store_event_id] = db_id(&entry->id);
    row[store_event_version] = db_integer(((const struct model_head *) entry->value)->version);
    row[store_event_area] = db_id(&copy->area);
    row[store_event_facilities] =
        copy->num_facilities > 0 ? db_bytes(copy->facilities, copy->num_facilities * ID_BYTES) : db_null();
    return 0;
}

/* ---- the audit entry of a request ---- */

int group_audit(struct group *group, const struct audit_entry *entry)
{
    struct db_value *row;
    int              ret = group_row(&group->audit, &row);
    return ret != 0 ? ret : audit_append(&group->head, entry, &group->arena, row);
}

/* A keyed hash of the rows as the request leaves them: generation of the key (4 bytes), hash (32). */
static int digest(struct group *group, const struct store_change_set *set, struct model_text *text)
{
    const struct writer     *writer = group->writer;
    crypto_generichash_state state;
    struct sink              bytes = { .fd = -1 };
    if (writer->digest_key == NULL)
        return 0;
    uint8_t *made = arena_array(&group->arena, 4 + AUDIT_HASH_BYTES, 1);
    if (made == NULL)
        return TOC_ERR_NO_MEMORY;
    for (unsigned i = 0; i < 4; i++)
        made[i] = (uint8_t) (writer->digest_generation >> (8 * i));
    crypto_generichash_init(&state, writer->digest_key, KEEPER_HASH_BYTES, AUDIT_HASH_BYTES);
    int ret = 0;
    for (size_t i = 0; i < set->num_changes && ret == 0; i++) {
        const struct store_change *change = &set->changes[i];
        struct entry              *entry;
        ret = group_entry(group, change->record, &((const struct model_head *) change->value)->id, &entry);
        if (ret != 0)
            break;
        bytes.used = 0;
        row_code_write_number(&bytes, (uint64_t) change->verb);
        if (entry->present)
            row_code_write(&bytes, entry->row, schema_table(entry->record)->num_columns);
        crypto_generichash_update(&state, (const uint8_t *) change->record->name, strlen(change->record->name) + 1);
        crypto_generichash_update(&state, entry->id.bytes, ID_BYTES);
        crypto_generichash_update(&state, (const uint8_t *) bytes.bytes, bytes.used);
        if (bytes.failure != 0)
            ret = TOC_ERR_NO_MEMORY;
    }
    sink_free(&bytes);
    crypto_generichash_final(&state, made + 4, AUDIT_HASH_BYTES);
    *text = (struct model_text){ (const char *) made, 4 + AUDIT_HASH_BYTES };
    return ret;
}

static struct audit_entry entry_of(const struct group *group, const struct ticket *ticket, const char *verb)
{
    return (struct audit_entry){ .at = group->known,
                                 .fence = group->writer->fence,
                                 .actor = ticket->who.user,
                                 .role = access_role_word(ticket->who.role),
                                 .purpose = access_purpose_word(ticket->who.purpose),
                                 .verb = verb };
}

/* The subjects of a request: ids of changes of one record that follow one another are one group. */
static int audit_request(struct group *group, struct ticket *ticket)
{
    const struct store_change_set *set = &ticket->set;
    struct audit_entry             entry = entry_of(group, ticket, ticket->request->verb);
    struct audit_subjects         *subjects = arena_array(&group->arena, set->num_changes + 1, sizeof *subjects);
    struct id                     *ids = arena_array(&group->arena, set->num_changes + 1, sizeof *ids);
    size_t                         num = 0;
    if (subjects == NULL || ids == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < set->num_changes; i++) {
        ids[i] = ((const struct model_head *) set->changes[i].value)->id;
        if (num == 0 || strcmp(subjects[num - 1].record, set->changes[i].record->name) != 0)
            subjects[num++] = (struct audit_subjects){ .record = set->changes[i].record->name, .ids = &ids[i] };
        subjects[num - 1].num++;
    }
    entry.subjects = subjects;
    entry.num_subjects = num;
    int ret = digest(group, set, &entry.digest);
    return ret == 0 ? group_audit(group, &entry) : ret;
}

/* Who looked at whom, by person too. */
static int audit_reading(struct group *group, const struct ticket *ticket)
{
    struct audit_entry entry = entry_of(group, ticket, ticket->verb);
    entry.subjects = &ticket->subjects;
    entry.num_subjects = 1;
    int ret = group_audit(group, &entry);
    for (size_t i = 0; i < ticket->subjects.num && ret == 0; i++) {
        struct db_value *row;
        struct id       *id = arena_array(&group->arena, 1, sizeof *id);
        ret = id == NULL ? TOC_ERR_NO_MEMORY : group_row(&group->readings, &row);
        if (ret != 0)
            break;
        *id = ticket->subjects.ids[i];
        row[store_audit_reading_subject] = db_id(id);
        row[store_audit_reading_number] = db_integer(group->head.number);
    }
    return ret;
}

/* ---- applying ---- */

static void undo(struct group *group, size_t history, size_t events, int64_t event)
{
    while (group->num_undo > 0) {
        const struct group_undo *last = &group->undo[--group->num_undo];
        bool                     dirty = last->entry->dirty; /* stays in the list: written as it is, or not at all */
        *last->entry = last->before;
        last->entry->dirty = dirty;
    }
    while (group->num_made > 0) {
        struct group_key *key = group->made[--group->num_made];
        seal_keys_wipe(&key->key, 1);
        key->known = false;
    }
    group->num_counts = group->moves.num = 0;
    group->history.num = history;
    group->events.num = events;
    group->event = event;
}

/* Areas are changed alone: the tree that everything else is judged by stays the same within a group. */
static int check_alone(struct group *group, struct ticket *ticket)
{
    for (size_t i = 0; i < ticket->set.num_changes && group->areas_changed; i++)
        if (ticket->set.changes[i].record->scope == MODEL_SCOPE_AREA) {
            if (ticket->faults != NULL)
                fault_add(ticket->faults, (struct fault_place){ .name = NULL },
                          "areas in a request of their own, before what lies in them", "areas and other records");
            return BASE_ERR_INPUT;
        }
    return 0;
}

size_t group_counted_areas(const struct group *group, const struct id *area, struct id areas[AREA_TREE_MAX_DEPTH])
{
    uint32_t numbers[AREA_TREE_MAX_DEPTH];
    uint32_t number = area_tree_find(group->areas, area);
    size_t   num = number == AREA_NONE ? 0 : area_tree_ancestors(group->areas, number, numbers);
    for (size_t a = 0; a < num; a++)
        areas[a] = *area_tree_id(group->areas, numbers[a]);
    return num;
}

static int post_counts(struct group *group)
{
    int ret = 0;
    for (size_t i = 0; i < group->num_counts && ret == 0; i++) {
        const struct group_count *count = &group->counts[i];
        struct id                 areas[AREA_TREE_MAX_DEPTH];
        size_t                    num = group_counted_areas(group, &count->area, areas);
        ret =
            counters_count(group->writer->book, count->record, count->value, areas, num, group->known_day, count->sign);
    }
    group->num_counts = 0;
    return ret;
}

static bool is_fatal(int status)
{
    return (status <= DB_ERR_BUSY && status >= DB_ERR_NEWER) || status == TOC_ERR_NO_MEMORY ||
           status == BASE_ERR_SYSTEM || (status <= -1310 && status >= -1399);
}

static int apply_changes(struct group *group, struct ticket *ticket)
{
    int ret = 0;
    for (size_t i = 0; i < ticket->set.num_changes && ret == 0; i++) {
        struct store_change *change = &ticket->set.changes[i];
        ret = group_change(group, ticket, change, i);
        if (ret != 0)
            ticket->receipt.failed = i;
        else if (change->verb == STORE_CREATE && id_is_missing(&ticket->receipt.created))
            ticket->receipt.created = ((const struct model_head *) change->value)->id;
    }
    return ret;
}

int group_apply(struct group *group, struct ticket *ticket, bool *fatal)
{
    size_t  history = group->history.num, events = group->events.num;
    int64_t event = group->event;
    bool    again = false, areas_before = group->areas_changed;
    int     ret;
    *fatal = false;
    ticket->receipt.known = group->known;
    if (ticket->request == NULL) {
        ret = ticket->job != NULL ? ticket->job(ticket->context, group) : audit_reading(group, ticket);
        *fatal = is_fatal(ret) || group->broken;
        return ret;
    }
    group->num_undo = group->num_made = 0;
    ret = group_find_answer(group, ticket, &again);
    if (ret == 0 && again)
        return 0;
    if (ret == 0)
        ret = apply_changes(group, ticket);
    if (ret == 0)
        ret = check_alone(group, ticket);
    if (ret == 0 && group->areas_changed)
        ret = group_note_moves(group, ticket);
    if (ret != 0) {
        undo(group, history, events, event);
        group->areas_changed = areas_before;
        *fatal = is_fatal(ret) || group->broken;
        return ret;
    }
    ticket->receipt.event = group->event;
    ret = post_counts(group);
    if (ret == 0)
        ret = group_move_areas(group);
    ticket->receipt.areas_moved = group->moves.num > 0;
    if (ret == 0)
        ret = audit_request(group, ticket);
    if (ret == 0)
        ret = group_keep_answer(group, ticket);
    *fatal = ret != 0;
    return ret;
}
