/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/intake_resource.h"

#include <string.h>

#include "response/intake_internal.h"
#include "store/node.h"
#include "store/rows_by.h"
#include "tocsin/status.h"

enum { ENOUGH = 2, LEFT_OUT_MOST = 20000 }; /* more than one is more than one */

static bool is_same(struct report_text a, struct report_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static bool is_name(const struct intake_name *a, const struct intake_name *b)
{
    return is_same(a->value, b->value) && (a->system.bytes == NULL) == (b->system.bytes == NULL) &&
           is_same(a->system, b->system) && is_same(a->type, b->type);
}

static bool is_asked(const struct intake_resource *resource)
{
    return resource->wish == INTAKE_CREATE_IF_NONE || resource->wish == INTAKE_UPDATE;
}

/* ---- what is there ---- */

static int count_name(struct intake *intake, struct store_reader *reader, const struct intake_arrival *arrival,
                      const struct intake_name *name, struct arena *arena, uint32_t *count)
{
    uint8_t           hashes[KEEPER_MAX_GENERATIONS][32];
    struct model_text keys[KEEPER_MAX_GENERATIONS];
    void             *rows;
    size_t            num = 0;
    for (size_t i = 0; i < intake->num_keys; i++) {
        intake_hash_name(&intake->keys[i], arrival, name, hashes[i]);
        keys[i] = (struct model_text){ (const char *) hashes[i], 32 };
    }
    int ret = store_rows_by(reader, model_record(MODEL_SENT_RESOURCE), "name_hash", keys, intake->num_keys, ENOUGH,
                            arena, &rows, &num);
    *count = (uint32_t) num;
    return ret;
}

int intake_count_resources(struct intake *intake, struct store_reader *reader, const struct intake_arrival *arrival,
                           struct arena *arena, uint32_t *counts)
{
    int ret = 0;
    for (size_t i = 0; i < arrival->num_resources && ret == 0; i++) {
        counts[i] = 0;
        if (is_asked(&arrival->resources[i]))
            ret = count_name(intake, reader, arrival, &arrival->resources[i].asked, arena, &counts[i]);
    }
    return ret;
}

/* ---- what becomes of it ---- */

/* Those of this transmission that were created before it and have the name. */
static uint32_t count_own(const struct intake_arrival *arrival, size_t number)
{
    uint32_t count = 0;
    for (size_t i = 0; i < number; i++) {
        const struct intake_resource *other = &arrival->resources[i];
        bool                          has = false;
        for (size_t n = 0; n < other->num_names && other->status == 201 && !has; n++)
            has = is_name(&other->names[n], &arrival->resources[number].asked);
        count += has;
    }
    return count;
}

bool intake_decide_resources(const struct intake_arrival *arrival, const uint32_t *counts)
{
    bool whole = true;
    for (size_t i = 0; i < arrival->num_resources; i++) {
        struct intake_resource *resource = &arrival->resources[i];
        uint32_t                count = is_asked(resource) ? counts[i] + count_own(arrival, i) : 0;
        if (resource->wish == INTAKE_REFUSED)
            continue;
        resource->status = count == 0 ? 201 : count == 1 ? 200 : 412;
        whole = whole && (count <= 1 || !arrival->together);
    }
    return whole;
}

static bool is_left_out(const struct intake_resource *resource)
{
    return resource->wish == INTAKE_REFUSED || resource->status == 412 ||
           (resource->status == 200 && resource->wish == INTAKE_CREATE_IF_NONE);
}

/* ---- its rows ---- */

static bool add_row(struct intake *intake, const struct intake_arrival *arrival, const struct model_message *message,
                    const struct intake_resource *resource, const struct intake_name *name, struct arena *arena,
                    struct store_change *change)
{
    struct model_sent_resource *row = arena_array(arena, 1, sizeof *row);
    uint8_t                    *hash = arena_array(arena, 1, 32);
    if (row == NULL || hash == NULL)
        return false;
    intake_hash_name(&intake->keys[0], arrival, name, hash);
    model_init(model_record(MODEL_SENT_RESOURCE), row);
    row->head.id = node_new_id(message->received);
    row->area = message->area;
    row->message = message->head.id;
    row->position = resource->position;
    row->received = message->received;
    row->name_hash = (struct model_text){ (const char *) hash, 32 };
    if (is_left_out(resource))
        row->left_out = 1;
    *change = (struct store_change){
        .verb = STORE_CREATE, .record = model_record(MODEL_SENT_RESOURCE), .value = row, .fresh = true
    };
    return true;
}

size_t intake_resource_changes(struct intake *intake, const struct intake_arrival *arrival,
                               const struct model_message *message, struct arena *arena, struct store_change **changes)
{
    /* What was left out is looked for by its message alone, and is nothing that could be asked for. */
    const struct intake_name none = { .value = { (const char *) message->head.id.bytes, ID_BYTES } };
    size_t                   room = 0, num = 0;
    for (size_t i = 0; i < arrival->num_resources; i++)
        room += arrival->resources[i].num_names + 1;
    *changes = arena_array(arena, room, sizeof **changes);
    if (*changes == NULL)
        return SIZE_MAX;
    for (size_t i = 0; i < arrival->num_resources; i++) {
        const struct intake_resource *resource = &arrival->resources[i];
        size_t num_names = is_left_out(resource) ? 1 : resource->status == 201 ? resource->num_names : 0;
        for (size_t n = 0; n < num_names; n++)
            if (!add_row(intake, arrival, message, resource, is_left_out(resource) ? &none : &resource->names[n], arena,
                         &(*changes)[num++]))
                return SIZE_MAX;
    }
    return num;
}

int intake_left_out(struct store_reader *reader, const struct id *message, struct arena *arena, uint32_t **positions,
                    size_t *num)
{
    void  *rows = NULL;
    size_t num_rows = 0;
    *num = 0;
    int ret = store_rows_of(reader, model_record(MODEL_SENT_RESOURCE), "message", message, LEFT_OUT_MOST, arena, &rows,
                            &num_rows);
    *positions = ret == 0 ? arena_array(arena, num_rows + 1, sizeof **positions) : NULL;
    if (ret == 0 && *positions == NULL)
        return TOC_ERR_NO_MEMORY;
    const struct model_sent_resource *all = rows;
    for (size_t i = 0; i < num_rows && ret == 0; i++)
        if (all[i].left_out == 1)
            (*positions)[(*num)++] = (uint32_t) all[i].position;
    return ret;
}
