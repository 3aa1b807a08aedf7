/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The columns of the rows of a page: one statement, with a join for each reference that a visible column leads through.
 * What the caller may not see does not stand in it. */
#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "store/list_internal.h"

#define MOST_JOINS 16

/* What a column is made of: outputs of the statement. */
struct made {
    size_t first, second; /* 0 = not from the statement */
    bool   sealed;
};

struct fetch {
    struct list_work *work;
    struct sink       outputs;
    size_t            num_outputs;
    struct {
        const char      *prefix; /* of the path, up to and with the dot behind the step's name */
        size_t           size;
        size_t           from; /* 0 = the list's record; else another join + 1 */
        struct view_step step;
    } joins[MOST_JOINS];
    size_t      num_joins;
    size_t      identity; /* the join of it + 1, or 0 */
    size_t      sealed;   /* its first output: id, person, sealed, generation, wrapped */
    struct made made[VIEW_MAX_COLUMNS];
};

/* The alias number of the record that a path's steps lead to. */
static int find_join(struct fetch *fetch, const char *text, const struct view_path *path, size_t *alias)
{
    size_t from = 0, used = 0;
    for (size_t s = 0; s < path->num_steps; s++) {
        used = (size_t) (strchr(text + used, '.') - text) + 1;
        size_t found = 0;
        for (size_t j = 0; j < fetch->num_joins && found == 0; j++)
            if (fetch->joins[j].size == used && memcmp(fetch->joins[j].prefix, text, used) == 0)
                found = j + 1;
        if (found == 0) {
            if (fetch->num_joins == MOST_JOINS)
                return TOC_ERR_TOO_LARGE;
            size_t j = fetch->num_joins++;
            fetch->joins[j].prefix = text;
            fetch->joins[j].size = used;
            fetch->joins[j].from = from;
            fetch->joins[j].step = path->steps[s];
            found = j + 1;
        }
        from = found;
    }
    *alias = from;
    return 0;
}

static size_t put_output(struct fetch *fetch, size_t alias, const char *column)
{
    sink_format(&fetch->outputs, ",t%zu.\"%s\"", alias, column);
    return ++fetch->num_outputs; /* output 0 is the id */
}

static int add_path(struct fetch *fetch, const char *text, size_t *output, bool *sealed)
{
    struct view_path path;
    size_t           alias;
    int              ret = view_path_of(fetch->work->record, text, &path);
    if (ret == 0)
        ret = find_join(fetch, text, &path, &alias);
    if (ret != 0)
        return ret;
    *sealed = path.field->class == MODEL_CLASS_IDENTIFYING;
    if (!*sealed)
        *output = put_output(fetch, alias, path.field->name);
    else if (path.record == model_record(MODEL_IDENTITY) && fetch->identity == 0) {
        fetch->identity = alias;
        fetch->sealed = put_output(fetch, alias, "id");
        put_output(fetch, alias, "person");
        put_output(fetch, alias, "sealed");
        sink_text(&fetch->outputs, ",k.\"generation\",k.\"wrapped\"");
        fetch->num_outputs += 2;
    } else if (path.record != model_record(MODEL_IDENTITY) || fetch->identity != alias)
        return TOC_ERR_UNSUPPORTED; /* a list shows the identities of one person a row */
    return 0;
}

static int add_columns(struct fetch *fetch, const struct model_set *visible)
{
    const struct view *view = fetch->work->view;
    for (size_t i = 0; i < view->num_columns; i++) {
        bool sealed = false;
        if (!model_set_has(visible, i))
            continue;
        int ret = add_path(fetch, view->columns[i].path, &fetch->made[i].first, &fetch->made[i].sealed);
        if (ret == 0 && view->columns[i].second != NULL)
            ret = add_path(fetch, view->columns[i].second, &fetch->made[i].second, &sealed);
        if (ret != 0)
            return ret;
    }
    return 0;
}

/* SELECT t0."id",… FROM "case" AS t0 LEFT JOIN "person" AS t1 ON t1."id" = t0."person" … WHERE t0."id" IN ($1,…) */
static int prepare(struct fetch *fetch, size_t room, struct db_statement **statement)
{
    struct sink sql;
    sink_init_memory(&sql);
    sink_text(&sql, "SELECT t0.\"id\"");
    sink_write(&sql, fetch->outputs.bytes, fetch->outputs.used);
    sink_format(&sql, " FROM \"%s\" AS t0", fetch->work->record->name);
    for (size_t j = 0; j < fetch->num_joins; j++) {
        const struct view_step *step = &fetch->joins[j].step;
        sink_format(&sql, " LEFT JOIN \"%s\" AS t%zu ON t%zu.\"%s\" = t%zu.\"%s\"", step->to->name, j + 1, j + 1,
                    step->back ? step->field->name : "id", fetch->joins[j].from, step->back ? "id" : step->field->name);
    }
    if (fetch->identity != 0)
        sink_format(&sql, " LEFT JOIN \"person_key\" AS k ON k.\"person\" = t%zu.\"person\"", fetch->identity);
    sink_text(&sql, " WHERE t0.\"id\" IN (");
    for (size_t i = 0; i < room; i++)
        sink_format(&sql, i == 0 ? "$%zu" : ",$%zu", i + 1);
    sink_text(&sql, ")");
    sink_character(&sql, '\0');
    int ret = sql.failure != 0 || fetch->outputs.failure != 0
                  ? TOC_ERR_NO_MEMORY
                  : db_prepare(fetch->work->source->db, sql.bytes, statement, fetch->work->error);
    sink_free(&sql);
    return ret;
}

/* A copy in the arena; '' is missing. */
static int keep(struct arena *arena, const struct db_value *value, struct db_value *kept)
{
    *kept = *value;
    if (value->type != DB_TEXT && value->type != DB_BYTES)
        return 0;
    if (value->type == DB_TEXT && value->size == 0) {
        *kept = db_null();
        return 0;
    }
    kept->bytes = arena_copy(arena, value->bytes, value->size);
    return kept->bytes == NULL ? TOC_ERR_NO_MEMORY : 0;
}

static int keep_text(struct arena *arena, const struct db_value *value, struct model_text *text)
{
    *text = (struct model_text){ 0 };
    if (value->type != DB_BYTES)
        return 0;
    text->bytes = arena_copy(arena, value->bytes, value->size);
    text->size = value->size;
    return text->bytes == NULL ? TOC_ERR_NO_MEMORY : 0;
}

/* The day of a DATE, or of a TIME with at least its day. */
static bool day_of(const struct db_value *value, toc_date *day)
{
    enum date_form form;
    return value->type == DB_TEXT && value->size >= 10 && date_from_text(value->bytes, 10, day, &form, NULL) == 0 &&
           form == DATE_FORM_DAY;
}

static struct db_value days_between(const struct db_value *from, const struct db_value *to)
{
    toc_date first, last;
    return day_of(from, &first) && day_of(to, &last) ? db_integer((int64_t) last - first) : db_null();
}

static int keep_row(struct fetch *fetch, const struct db_value *row, struct db_value *values,
                    struct list_sealed *sealed)
{
    struct list_work  *work = fetch->work;
    const struct view *view = work->view;
    int                ret = 0;
    for (size_t i = 0; i < view->num_columns && ret == 0; i++) {
        const struct made *made = &fetch->made[i];
        values[i] = db_null();
        if (made->first == 0)
            continue;
        if (view->columns[i].expression == VIEW_DAYS)
            values[i] = days_between(&row[made->first], &row[made->second]);
        else
            ret = keep(work->arena, &row[made->first], &values[i]);
    }
    if (ret != 0 || fetch->identity == 0 || row[fetch->sealed].type != DB_BYTES)
        return ret;
    const struct db_value *first = &row[fetch->sealed];
    memcpy(sealed->identity.bytes, first[0].bytes, ID_BYTES);
    memcpy(sealed->person.bytes, first[1].bytes, ID_BYTES);
    ret = keep_text(work->arena, &first[2], &sealed->sealed);
    sealed->generation = first[3].type == DB_INTEGER ? first[3].integer : 0;
    if (ret == 0)
        ret = keep_text(work->arena, &first[4], &sealed->wrapped);
    return ret;
}

/* Columns in the set that are identifying. */
static struct model_set identifying(const struct list_work *work)
{
    struct model_set set = { { 0 } };
    for (size_t i = 0; i < work->view->num_columns; i++) {
        struct view_path path;
        if (view_path_of(work->record, work->view->columns[i].path, &path) == 0 &&
            path.class == MODEL_CLASS_IDENTIFYING)
            model_set_add(&set, i);
    }
    return set;
}

static struct model_set shown(const struct list_work *work)
{
    struct model_set set = view_visible(work->who, work->view), sealed = identifying(work);
    for (size_t i = 0; i < work->view->num_columns && !work->identities; i++)
        if (model_set_has(&sealed, i))
            model_set_remove(&set, i);
    return set;
}

static size_t row_of(const struct list_place *places, size_t num, const struct db_value *id)
{
    struct id wanted;
    size_t    i = 0;
    if (id->type != DB_BYTES || id->size != ID_BYTES)
        return num;
    memcpy(wanted.bytes, id->bytes, ID_BYTES);
    while (i < num && !id_equal(&places[i].id, &wanted))
        i++;
    return i;
}

static int run(struct fetch *fetch, const struct list_place *places, size_t num, struct db_value *values,
               struct list_sealed *sealed)
{
    struct db_value        ids[4 * LIST_MOST_ROWS];
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 columns, room = 1, found = 0;
    while (room < num)
        room *= 4;
    for (size_t i = 0; i < room; i++)
        ids[i] = db_bytes(places[i < num ? i : num - 1].id.bytes, ID_BYTES);
    int ret = prepare(fetch, room, &statement);
    if (ret == 0)
        ret = db_run(statement, ids, room, fetch->work->error);
    if (ret != 0)
        return ret;
    while ((ret = db_step(statement, &row, &columns, fetch->work->error)) == 1) {
        size_t at = row_of(places, num, &row[0]);
        ret = at == num ? DB_ERR_CORRUPT
                        : keep_row(fetch, row, values + at * fetch->work->view->num_columns, &sealed[at]);
        if (ret != 0) {
            db_reset(statement);
            return ret;
        }
        found++;
    }
    return ret == 0 && found != num ? DB_ERR_CORRUPT : ret; /* an index that names a row which is not there */
}

int list_fetch(struct list_work *work, const struct list_place *places, size_t num, struct list_page *page)
{
    const struct view  *view = work->view;
    struct fetch        fetch = { .work = work };
    struct id          *ids = arena_array(work->arena, num + 1, sizeof *ids);
    struct db_value    *values = arena_array(work->arena, num * view->num_columns + 1, sizeof *values);
    struct list_sealed *sealed = arena_array(work->arena, num + 1, sizeof *sealed);
    if (ids == NULL || values == NULL || sealed == NULL)
        return TOC_ERR_NO_MEMORY;
    page->visible = shown(work);
    sink_init_memory(&fetch.outputs);
    int ret = add_columns(&fetch, &page->visible);
    if (ret == 0 && num > 0)
        ret = run(&fetch, places, num, values, sealed);
    if (ret == 0 && fetch.identity != 0)
        ret = list_unseal(work, sealed, num, values);
    sink_free(&fetch.outputs);
    if (ret != 0)
        return ret;
    for (size_t i = 0; i < num; i++)
        ids[i] = places[i].id;
    page->ids = ids;
    page->values = values;
    page->num_rows = num;
    return 0;
}
