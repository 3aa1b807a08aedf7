/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/export_past.h"

#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/text.h"
#include "model/model_value.h"

/* ---- one field ---- */

static bool is_text(enum model_kind kind)
{
    return kind == MODEL_KIND_TEXT || kind == MODEL_KIND_CODE || kind == MODEL_KIND_TIME;
}

/* The value as text, as JSON and the query have it. */
static struct model_text text_of(const struct model_field *field, const void *value, char room[MODEL_VALUE_BYTES])
{
    if (is_text(field->kind))
        return *model_value_text(field, value);
    return (struct model_text){ room, model_value_to_text(field, value, room) };
}

static int compare(struct model_text text, const char *other)
{
    size_t size = strlen(other), least = text.size < size ? text.size : size;
    int    order = memcmp(text.bytes, other, least);
    return order != 0 ? order : (text.size > size) - (text.size < size);
}

static bool is_number(enum model_kind kind)
{
    return kind == MODEL_KIND_INTEGER || kind == MODEL_KIND_INSTANT;
}

static int64_t number_of(enum model_kind kind, const char *text)
{
    int64_t number = 0;
    if (kind == MODEL_KIND_INSTANT)
        (void) instant_from_text(text, strlen(text), &number);
    else
        (void) text_to_integer(text, strlen(text), INT64_MIN + 1, INT64_MAX, &number);
    return number;
}

static bool in_range(const struct model_field *field, const struct list_filter *filter, const void *value)
{
    char room[MODEL_VALUE_BYTES];
    if (is_number(field->kind)) {
        int64_t number = model_value_integer(field, value);
        return (filter->from == NULL || number >= number_of(field->kind, filter->from)) &&
               (filter->to == NULL || number <= number_of(field->kind, filter->to));
    }
    struct model_text text = text_of(field, value, room);
    if (filter->from != NULL && compare(text, filter->from) < 0)
        return false;
    size_t to = filter->to != NULL ? strlen(filter->to) : 0;
    return filter->to == NULL || compare(text, filter->to) <= 0 ||
           (text.size >= to && memcmp(text.bytes, filter->to, to) == 0);
}

static bool is_equal(const struct model_field *field, const char *wanted, const void *value)
{
    char      room[MODEL_VALUE_BYTES];
    struct id id;
    if (field->kind == MODEL_KIND_REFERENCE)
        return id_from_text(wanted, strlen(wanted), &id) == 0 && id_equal(&id, model_value_id(field, value));
    return compare(text_of(field, value, room), wanted) == 0;
}

static bool passes(const struct list_filter *filter, const struct model_record *record, const void *value)
{
    const struct model_field *field = model_field_find(record, filter->field, strlen(filter->field));
    if (field == NULL || model_is_missing(field, value))
        return false;
    return filter->is != NULL ? is_equal(field, filter->is, value) : in_range(field, filter, value);
}

/* ---- the record ---- */

static bool is_within(const struct list_query *query, const struct model_record *record, const void *value,
                      const struct area_tree *areas)
{
    const char *name = view_area_field(query->view);
    if (id_is_missing(&query->area) || name == NULL)
        return true;
    const struct model_field *field = model_field_find(record, name, strlen(name));
    uint32_t                  area = area_tree_find(areas, model_value_id(field, value));
    uint32_t                  top = area_tree_find(areas, &query->area);
    return area != AREA_NONE && top != AREA_NONE && area_tree_within(areas, area, top);
}

bool export_past_passes(const struct list_query *query, const struct model_record *record, const void *value,
                        const struct area_tree *areas)
{
    for (size_t i = 0; i < query->num_filters; i++)
        if (!passes(&query->filters[i], record, value))
            return false;
    return is_within(query, record, value, areas);
}
