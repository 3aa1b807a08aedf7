/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/view.h"

#include <stdio.h>
#include <string.h>

#include "tocsin/status.h"

/* ---- the descriptions, made from the .def files: one array a list of columns, filters, sorts ---- */

#define LENGTH(array) (sizeof(array) / sizeof *(array))

#define VIEW_WORDS_DEFAULT
#include "model/view/def.h"
#undef VIEW
#undef COLUMN
#undef DAYS
#undef END_VIEW
#define VIEW(record, title_en, title_zh) static const struct view_column MODEL_PASTE(columns_, SELF)[] = {
#define COLUMN(column, at) { .name = #column, .expression = VIEW_FIELD, .path = (at) },
#define DAYS(column, at, later, en, zh)                                                                                \
    { .name = #column, .expression = VIEW_DAYS, .path = (at), .second = (later), .label_en = (en), .label_zh = (zh) },
#define END_VIEW                                                                                                       \
    }                                                                                                                  \
    ;
#include "model/view/all.def"

#define VIEW_WORDS_DEFAULT
#include "model/view/def.h"
#undef VIEW
#undef FILTER
#undef END_VIEW
#define VIEW(record, title_en, title_zh) static const struct view_filter MODEL_PASTE(filters_, SELF)[] = {
#define FILTER(name, kind) { .field = (name), .test = VIEW_##kind },
#define END_VIEW                                                                                                       \
    {                                                                                                                  \
        0                                                                                                              \
    }                                                                                                                  \
    }                                                                                                                  \
    ;
#include "model/view/all.def"

#define VIEW_WORDS_DEFAULT
#include "model/view/def.h"
#undef VIEW
#undef SORT
#undef END_VIEW
#define VIEW(record, title_en, title_zh) static const struct view_sort MODEL_PASTE(sorts_, SELF)[] = {
#define SORT(name) { .field = (name) },
#define END_VIEW                                                                                                       \
    {                                                                                                                  \
        0                                                                                                              \
    }                                                                                                                  \
    }                                                                                                                  \
    ;
#include "model/view/all.def"

#define VIEW_WORDS_DEFAULT
#include "model/view/def.h"
#undef VIEW
#undef KEYS
#undef RARE
#undef CARRIED
#undef COUNTED
#undef END_VIEW
#define VIEW(of, en, zh)                                                                                               \
    {                                                                                                                  \
        .name = MODEL_STRING(SELF), .title_en = (en), .title_zh = (zh), .record = MODEL_##of,                          \
        .columns = MODEL_PASTE(columns_, SELF), .num_columns = LENGTH(MODEL_PASTE(columns_, SELF)),                    \
        .filters = MODEL_PASTE(filters_, SELF), .num_filters = LENGTH(MODEL_PASTE(filters_, SELF)) - 1,                \
        .sorts = MODEL_PASTE(sorts_, SELF), .num_sorts = LENGTH(MODEL_PASTE(sorts_, SELF)) - 1,
#define KEYS(...) .keys = { __VA_ARGS__ },
#define RARE(...) .rare = { __VA_ARGS__ },
#define CARRIED(...) .carried = { __VA_ARGS__ },
#define COUNTED(name) .counter = (name),
#define END_VIEW                                                                                                       \
    }                                                                                                                  \
    ,

static const struct view all_views[] = {
#include "model/view/all.def"
};

#define VIEW_WORDS_DEFAULT
#include "model/view/def.h"

const struct view *views(size_t *num_views)
{
    *num_views = LENGTH(all_views);
    return all_views;
}

const struct view *view_find(const char *name, size_t size)
{
    for (size_t i = 0; i < LENGTH(all_views); i++)
        if (strlen(all_views[i].name) == size && memcmp(all_views[i].name, name, size) == 0)
            return &all_views[i];
    return NULL;
}

/* ---- paths ---- */

/* The field of `other` by which each of its rows belongs to one row of `record` alone, or NULL. */
static const struct model_field *belongs_by(const struct model_record *other, const struct model_record *record)
{
    for (size_t i = 0; i < other->num_indexes; i++) {
        const struct model_index *index = &other->indexes[i];
        if (!index->unique || index->fields[1] != NULL)
            continue;
        const struct model_field *field = model_field_find(other, index->fields[0], strlen(index->fields[0]));
        if (field != NULL && field->kind == MODEL_KIND_REFERENCE && strcmp(field->target, record->name) == 0)
            return field;
    }
    return NULL;
}

static const struct model_record *record_named(const char *name, size_t size)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t i = 0; i < num; i++)
        if (strlen(records[i].name) == size && memcmp(records[i].name, name, size) == 0)
            return &records[i];
    return NULL;
}

static bool take_step(const struct model_record *from, const char *name, size_t size, struct view_step *step)
{
    const struct model_field *field = model_field_find(from, name, size);
    if (field != NULL && field->kind == MODEL_KIND_REFERENCE) {
        *step = (struct view_step){ .from = from, .field = field, .to = model_record_find(field->target) };
        return true;
    }
    const struct model_record *other = record_named(name, size);
    field = field == NULL && other != NULL ? belongs_by(other, from) : NULL;
    if (field == NULL)
        return false;
    *step = (struct view_step){ .from = from, .field = field, .to = other, .back = true };
    return true;
}

int view_path_of(const struct model_record *record, const char *text, struct view_path *path)
{
    struct view_path made = { .record = record, .class = MODEL_CLASS_OPEN };
    const char      *dot;
    for (; (dot = strchr(text, '.')) != NULL; text = dot + 1) {
        struct view_step *step = &made.steps[made.num_steps];
        if (made.num_steps == VIEW_MAX_STEPS || !take_step(made.record, text, (size_t) (dot - text), step))
            return TOC_ERR_UNKNOWN_NAME;
        made.num_steps++;
        made.record = step->to;
        if (step->field->class > made.class)
            made.class = step->field->class;
    }
    made.field = model_field_find(made.record, text, strlen(text));
    if (made.field == NULL)
        return TOC_ERR_UNKNOWN_NAME;
    if (made.field->class > made.class)
        made.class = made.field->class;
    *path = made;
    return 0;
}

static bool may_read(const struct access *who, const struct model_record *record, const struct model_field *field)
{
    struct model_set set = access_visible(who, record);
    return model_set_has(&set, (size_t) (field - record->fields));
}

static bool may_follow(const struct access *who, const struct model_record *record, const char *text)
{
    struct view_path path;
    if (view_path_of(record, text, &path) != 0)
        return false;
    for (size_t i = 0; i < path.num_steps; i++) {
        const struct view_step *step = &path.steps[i];
        if (!may_read(who, step->back ? step->to : step->from, step->field))
            return false;
    }
    return may_read(who, path.record, path.field);
}

struct model_set view_visible(const struct access *who, const struct view *view)
{
    struct model_set           set = { { 0 } };
    const struct model_record *record = model_record(view->record);
    for (size_t i = 0; i < view->num_columns; i++) {
        const struct view_column *column = &view->columns[i];
        if (may_follow(who, record, column->path) &&
            (column->second == NULL || may_follow(who, record, column->second)))
            model_set_add(&set, i);
    }
    return set;
}

enum model_kind view_kind(const struct view *view, const struct view_column *column)
{
    struct view_path path;
    if (column->expression == VIEW_DAYS || view_path_of(model_record(view->record), column->path, &path) != 0)
        return MODEL_KIND_INTEGER;
    return path.field->kind;
}

/* ---- indexes ---- */

const char *view_area_field(const struct view *view)
{
    const struct model_record *record = model_record(view->record);
    if (record->scope != MODEL_SCOPE_AREA || strchr(record->scope_path, '.') != NULL)
        return NULL;
    return record->scope_path;
}

const char *view_facility_field(const struct view *view, size_t number)
{
    for (const char *const *path = model_record(view->record)->belongs_to; *path != NULL; path++)
        if (strchr(*path, '.') == NULL && number-- == 0)
            return *path;
    return NULL;
}

static void put(struct view_index *index, const char *field)
{
    size_t num = 0;
    while (index->fields[num] != NULL)
        if (strcmp(index->fields[num++], field) == 0)
            return;
    if (num < MODEL_INDEX_FIELDS)
        index->fields[num] = field;
}

static void put_keys(struct view_index *index, const struct view *view)
{
    for (size_t i = 0; i < VIEW_MAX_KEYS && view->keys[i] != NULL; i++)
        put(index, view->keys[i]);
}

static void put_sorts(struct view_index *index, const struct view *view)
{
    for (size_t i = 0; i < view->num_sorts; i++)
        put(index, view->sorts[i].field);
}

bool view_index_of(const struct view *view, int use, struct view_index *index)
{
    const char *area = view_area_field(view), *by;
    memset(index, 0, sizeof *index);
    if (use == VIEW_BY_AREA) {
        if (area == NULL)
            return false;
        put(index, area);
        put_sorts(index, view);
        put_keys(index, view);
        put(index, "id");
        by = "area";
    } else if (use == VIEW_BY_KEY) {
        if (view->keys[0] == NULL)
            return false;
        put_keys(index, view);
        if (area != NULL)
            put(index, area);
        put_sorts(index, view);
        put(index, "id");
        by = "key";
    } else if (use <= VIEW_BY_RARE) {
        size_t number = (size_t) (VIEW_BY_RARE - use);
        if (number >= VIEW_MAX_RARE || view->rare[number] == NULL)
            return false;
        by = view->rare[number];
        put(index, by);
        put_sorts(index, view);
        if (area != NULL)
            put(index, area);
        put_keys(index, view);
        put(index, "id");
    } else if (use <= VIEW_BY_FACILITY) {
        by = view_facility_field(view, (size_t) (VIEW_BY_FACILITY - use));
        if (by == NULL)
            return false;
        put(index, by);
        put(index, view->sorts[0].field);
        put(index, "id");
    } else {
        if (use < 0 || (size_t) use >= view->num_sorts)
            return false;
        by = view->sorts[use].field;
        put(index, by);
        put(index, "id");
        if (area != NULL)
            put(index, area);
        put_keys(index, view);
        for (size_t i = 0; i < VIEW_MAX_RARE && view->carried[i] != NULL; i++)
            put(index, view->carried[i]);
    }
    snprintf(index->name, sizeof index->name, "%s_by_%s", view->name, by);
    return true;
}
