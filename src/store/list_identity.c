/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The identifying columns of a page: all keys asked of the keeper at once, each identity opened once. */
#include <stdio.h>
#include <string.h>

#include "base/date_text.h"
#include "base/memory.h"
#include "store/keeper.h"
#include "store/list_internal.h"
#include "store/sealed_fields.h"

/* A field of the opened identity as SQL would have it. */
static int value_of(const struct model_field *field, const struct model_identity *identity, struct arena *arena,
                    struct db_value *value)
{
    const char              *at = (const char *) identity + field->offset;
    const struct model_text *text = (const void *) at;
    char                     day[DATE_TEXT_BYTES];
    *value = db_null();
    if (model_is_missing(field, identity))
        return 0;
    if (field->kind == MODEL_KIND_REAL) {
        *value = db_real(*(const double *) (const void *) at);
        return 0;
    }
    if (field->kind == MODEL_KIND_DATE) {
        *value = db_text(day, date_to_text(*(const toc_date *) (const void *) at, DATE_FORM_DAY, day));
        value->bytes = arena_copy(arena, day, value->size);
    } else
        *value = db_text(arena_copy(arena, text->bytes, text->size), text->size);
    return value->bytes == NULL ? TOC_ERR_NO_MEMORY : 0;
}

static int show(struct list_work *work, const struct seal_key *key, const struct list_sealed *sealed,
                struct db_value *values)
{
    const struct model_record *record = model_record(MODEL_IDENTITY);
    struct model_identity      identity;
    model_init(record, &identity);
    identity.head.id = sealed->identity;
    int ret = sealed_fields_open(key, record, sealed->sealed, work->arena, &identity);
    for (size_t i = 0; i < work->view->num_columns && ret == 0; i++) {
        struct view_path path;
        if (view_path_of(work->record, work->view->columns[i].path, &path) == 0 && path.record == record &&
            path.field->class == MODEL_CLASS_IDENTIFYING)
            ret = value_of(path.field, &identity, work->arena, &values[i]);
    }
    return ret;
}

int list_unseal(struct list_work *work, const struct list_sealed *sealed, size_t num, struct db_value *values)
{
    struct keeper_wrapped *wrapped = arena_array(work->arena, num + 1, sizeof *wrapped);
    struct seal_key       *keys = arena_array(work->arena, num + 1, sizeof *keys);
    int                   *statuses = arena_array(work->arena, num + 1, sizeof *statuses);
    size_t                *rows = arena_array(work->arena, num + 1, sizeof *rows), opened = 0;
    struct id             *persons = arena_array(work->arena, num + 1, sizeof *persons);
    struct keeper_error    failure = { 0 };
    if (wrapped == NULL || keys == NULL || statuses == NULL || rows == NULL || persons == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num; i++) {
        if (sealed[i].sealed.bytes == NULL || sealed[i].wrapped.size != KEEPER_WRAPPED_BYTES)
            continue; /* no identity, or erased */
        wrapped[opened] =
            (struct keeper_wrapped){ .owner = sealed[i].person, .generation = (uint32_t) sealed[i].generation };
        memcpy(wrapped[opened].bytes, sealed[i].wrapped.bytes, KEEPER_WRAPPED_BYTES);
        persons[opened] = sealed[i].person;
        rows[opened++] = i;
    }
    int ret =
        opened == 0 ? 0 : keeper_unwrap(work->source->keeper, KEEPER_SHOW, wrapped, opened, keys, statuses, &failure);
    if (ret != 0 && work->error != NULL)
        snprintf(work->error->what, sizeof work->error->what, "%s", failure.what);
    for (size_t i = 0; i < opened && ret == 0; i++)
        if (statuses[i] == 0)
            ret = show(work, &keys[i], &sealed[rows[i]], values + rows[i] * work->view->num_columns);
    seal_keys_wipe(keys, opened);
    work->shown = persons;
    work->num_shown = opened;
    return ret;
}
