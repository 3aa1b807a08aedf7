/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/find_text.h"

#include <string.h>

#include "base/sink.h"
#include "store/search_words.h"
#include "store/select_many.h"

#define BATCH 256

struct text_search {
    struct db                    *db;
    const struct area_tree       *areas;
    const struct find_text_query *query;
    struct arena                 *arena;
    struct db_error              *error;
    struct area_set               grant;
    const struct access          *who;
    const char                   *area_field; /* NULL = records without an area */
    const char                   *facility_fields[MODEL_MAX_FACILITIES + 1];
    struct search_term           *terms;
    size_t                        num_terms;
    size_t                        driver; /* the term whose rows are walked */
    struct id                    *ids;    /* of the page, and one more */
    size_t                        num, most;
    struct model_text             last_term; /* of the row last read */
    struct id                     last_id;
    bool                          has_last;
    struct id                     batch[BATCH];
    struct model_text             batch_terms[BATCH];
    bool                          in_grant[BATCH];
    size_t                        num_batch;
};

static bool may_read_all(const struct access *who, const struct model_record *record)
{
    struct model_set set = access_visible(who, record);
    for (const char *const *name = record->searched; *name != NULL; name++) {
        const struct model_field *field = model_field_find(record, *name, strlen(*name));
        if (!model_set_has(&set, (size_t) (field - record->fields)) || !access_may_filter(who, record, field))
            return false;
    }
    return true;
}

/* A whole term before the beginning of one, a longer one before a shorter. */
static size_t choose_driver(const struct search_term *terms, size_t num)
{
    size_t best = 0;
    for (size_t i = 1; i < num; i++)
        if (terms[i].prefix != terms[best].prefix ? terms[best].prefix : terms[i].size > terms[best].size)
            best = i;
    return best;
}

/* "term~id" */
static int read_cursor(struct text_search *search, const char *after)
{
    const char *mark = strrchr(after, '~');
    if (mark == NULL || (size_t) (mark - after) > SEARCH_TERM_BYTES || mark == after ||
        id_from_text(mark + 1, strlen(mark + 1), &search->last_id) != 0)
        return BASE_ERR_INPUT;
    search->last_term = (struct model_text){ after, (size_t) (mark - after) };
    search->has_last = true;
    return 0;
}

static int write_cursor(struct text_search *search, const char **next)
{
    char   id[ID_TEXT_BYTES];
    size_t size = search->last_term.size;
    char  *text = arena_array(search->arena, size + 1 + ID_TEXT_BYTES, 1);
    if (text == NULL)
        return TOC_ERR_NO_MEMORY;
    id_to_text(&search->last_id, id);
    memcpy(text, search->last_term.bytes, size);
    text[size] = '~';
    memcpy(text + size + 1, id, ID_TEXT_BYTES);
    *next = text;
    return 0;
}

/* ---- the statement ---- */

struct statement {
    struct sink     sql;
    struct db_value parameters[2 * SEARCH_MAX_QUERY_TERMS + 8];
    size_t          num;
};

static void put(struct statement *s, struct db_value value)
{
    s->parameters[s->num++] = value;
    sink_format(&s->sql, "$%zu", s->num);
}

/* alias.term is the term, or begins with it. The end of a prefix is the prefix and the largest byte of UTF-8. */
static int put_term(struct statement *s, const char *alias, const struct search_term *term, struct arena *arena)
{
    sink_format(&s->sql, "%s.\"term\" %s ", alias, term->prefix ? ">=" : "=");
    put(s, db_text(term->bytes, term->size));
    if (!term->prefix)
        return 0;
    char *end = arena_array(arena, term->size + 4, 1);
    if (end == NULL)
        return TOC_ERR_NO_MEMORY;
    memcpy(end, term->bytes, term->size);
    memcpy(end + term->size, "\xf4\x8f\xbf\xbf", 4); /* U+10FFFF, behind every character */
    sink_format(&s->sql, " AND %s.\"term\" <= ", alias);
    put(s, db_text(end, term->size + 4));
    return 0;
}

/* Rows of the driver in the order of (term, id), behind the last one, that have every other term; of a record with
 * several terms of the driver's prefix the first alone. */
static int write_statement(struct text_search *search, struct statement *s)
{
    const struct search_term *driver = &search->terms[search->driver];
    *s = (struct statement){ .num = 0 };
    sink_init_memory(&s->sql);
    sink_text(&s->sql, "SELECT a.\"term\",a.\"id\" FROM \"search_term\" AS a WHERE a.\"record\" = ");
    put(s, db_word(search->query->record->name));
    sink_text(&s->sql, " AND ");
    int ret = put_term(s, "a", driver, search->arena);
    if (search->has_last) {
        sink_text(&s->sql, " AND (a.\"term\",a.\"id\") > (");
        put(s, db_text(search->last_term.bytes, search->last_term.size));
        sink_character(&s->sql, ',');
        put(s, db_bytes(search->last_id.bytes, ID_BYTES));
        sink_character(&s->sql, ')');
    }
    for (size_t i = 0; i < search->num_terms && ret == 0; i++) {
        if (i == search->driver)
            continue;
        sink_text(&s->sql, " AND EXISTS (SELECT 1 FROM \"search_term\" AS b WHERE b.\"record\" = a.\"record\" AND "
                           "b.\"id\" = a.\"id\" AND ");
        ret = put_term(s, "b", &search->terms[i], search->arena);
        sink_character(&s->sql, ')');
    }
    if (driver->prefix) {
        sink_text(&s->sql, " AND NOT EXISTS (SELECT 1 FROM \"search_term\" AS c WHERE c.\"record\" = a.\"record\" AND "
                           "c.\"id\" = a.\"id\" AND c.\"term\" < a.\"term\" AND c.\"term\" >= ");
        put(s, db_text(driver->bytes, driver->size));
        sink_character(&s->sql, ')');
    }
    sink_format(&s->sql, " ORDER BY a.\"term\",a.\"id\" LIMIT %d", BATCH);
    sink_character(&s->sql, '\0');
    return ret != 0 ? ret : s->sql.failure != 0 ? TOC_ERR_NO_MEMORY : 0;
}

/* ---- rows ---- */

static int keep_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct text_search *search = context;
    (void) num_columns;
    if (row[0].type != DB_TEXT || row[1].type != DB_BYTES || row[1].size != ID_BYTES || search->num_batch == BATCH)
        return DB_ERR_CORRUPT;
    memcpy(search->batch[search->num_batch].bytes, row[1].bytes, ID_BYTES);
    struct model_text *term = &search->batch_terms[search->num_batch];
    search->in_grant[search->num_batch++] = search->area_field == NULL;
    *term = (struct model_text){ arena_copy(search->arena, row[0].bytes, row[0].size), row[0].size };
    return term->bytes == NULL ? TOC_ERR_NO_MEMORY : 0;
}

static int area_row(void *context, const struct db_value *row, size_t num_columns)
{
    struct text_search *search = context;
    bool                is_in = false;
    for (size_t i = 1; i < num_columns; i++) {
        struct id place;
        if (row[i].type != DB_BYTES || row[i].size != ID_BYTES)
            continue;
        memcpy(place.bytes, row[i].bytes, ID_BYTES);
        is_in = is_in || (i == 1 ? area_set_has(&search->grant, area_tree_find(search->areas, &place))
                                 : access_has_facility(search->who, &place));
    }
    for (size_t i = 0; i < search->num_batch; i++)
        if (memcmp(search->batch[i].bytes, row[0].bytes, ID_BYTES) == 0)
            search->in_grant[i] = is_in;
    return 0;
}

static int look_at_areas(struct text_search *search)
{
    struct db_value keys[BATCH];
    struct sink     sql;
    if (search->area_field == NULL || search->num_batch == 0)
        return 0;
    for (size_t i = 0; i < search->num_batch; i++)
        keys[i] = db_bytes(search->batch[i].bytes, ID_BYTES);
    sink_init_memory(&sql);
    sink_format(&sql, "SELECT \"id\",\"%s\"", search->area_field);
    for (const char *const *field = search->facility_fields; *field != NULL; field++)
        sink_format(&sql, ",\"%s\"", *field);
    sink_format(&sql, " FROM \"%s\" WHERE \"id\"", search->query->record->name);
    sink_character(&sql, '\0');
    int ret = sql.failure != 0
                  ? TOC_ERR_NO_MEMORY
                  : select_many(search->db, sql.bytes, "", keys, search->num_batch, area_row, search, search->error);
    sink_free(&sql);
    return ret;
}

/* The next rows are those behind this one of the batch. */
static void go_on_behind(struct text_search *search, size_t row)
{
    search->last_term = search->batch_terms[row];
    search->last_id = search->batch[row];
    search->has_last = true;
}

/* One batch; *end: there are no more rows. */
static int read_batch(struct text_search *search, bool *end)
{
    struct statement s;
    search->num_batch = 0;
    int ret = write_statement(search, &s);
    if (ret == 0)
        ret = select_rows(search->db, s.sql.bytes, s.parameters, s.num, keep_row, search, search->error);
    sink_free(&s.sql);
    if (ret == 0)
        ret = look_at_areas(search);
    if (ret != 0 || search->num_batch == 0) {
        *end = true;
        return ret;
    }
    *end = search->num_batch < BATCH;
    go_on_behind(search, search->num_batch - 1);
    return 0;
}

/* Fill the page. *more: it is full, or the patience is at its end, and rows are left. */
static int fill(struct text_search *search, bool *more)
{
    bool end = false;
    *more = false;
    for (size_t read = 0; !end && read < FIND_TEXT_MOST_READ; read += BATCH) {
        int ret = read_batch(search, &end);
        if (ret != 0)
            return ret;
        for (size_t i = 0; i < search->num_batch; i++) {
            if (!search->in_grant[i])
                continue;
            if (search->num == search->most) {
                go_on_behind(search, i - 1);
                *more = true;
                return 0;
            }
            search->ids[search->num++] = search->batch[i];
        }
    }
    *more = !end;
    return 0;
}

static int refuse(struct fault_list *faults, const char *name, const char *what, const char *allowed)
{
    fault_add(faults, (struct fault_place){ .name = name }, allowed, "%s", what);
    return BASE_ERR_INPUT;
}

static int prepare(struct text_search *search, const struct access *who, struct fault_list *faults)
{
    const struct find_text_query *query = search->query;
    const struct model_record    *record = query->record;
    if (record->searched == NULL || record->searched[0] == NULL ||
        (record->scope == MODEL_SCOPE_AREA && strchr(record->scope_path, '.') != NULL))
        return TOC_ERR_UNSUPPORTED;
    if (!may_read_all(who, record))
        return STORE_ERR_DENIED;
    if (query->page_size > FIND_TEXT_MOST_ROWS)
        return refuse(faults, "page_size", "too many rows", "1 to 200");
    if (record->scope == MODEL_SCOPE_AREA)
        search->area_field = record->scope_path;
    for (size_t i = 0, num = 0; record->belongs_to[i] != NULL && who->num_facilities > 0; i++)
        if (strchr(record->belongs_to[i], '.') == NULL)
            search->facility_fields[num++] = record->belongs_to[i];
    int ret = search_words_of_query(query->typed, query->size, search->arena, &search->terms, &search->num_terms);
    if (ret == BASE_ERR_INPUT)
        return refuse(faults, "typed", "not text in UTF-8", NULL);
    if (ret == 0 && search->num_terms == 0)
        return refuse(faults, "typed", "nothing to look for", "a word");
    if (ret == 0 && query->after != NULL && read_cursor(search, query->after) != 0)
        return refuse(faults, "after", "not such a cursor", "`next` of a page of the same search");
    if (ret == 0)
        ret = area_set_of_grant(search->areas, who, search->arena, &search->grant);
    search->most = query->page_size == 0 ? FIND_TEXT_PAGE : query->page_size;
    search->ids = arena_array(search->arena, search->most, sizeof *search->ids);
    return ret == 0 && search->ids == NULL ? TOC_ERR_NO_MEMORY : ret;
}

int find_text(struct db *db, const struct area_tree *areas, const struct access *who,
              const struct find_text_query *query, struct arena *arena, struct find_text_answer *answer,
              struct fault_list *faults, struct db_error *error)
{
    struct text_search search = {
        .db = db, .who = who, .areas = areas, .query = query, .arena = arena, .error = error
    };
    struct find_text_answer made = { 0 };
    bool                    more;
    int                     ret = prepare(&search, who, faults);
    if (ret != 0)
        return ret;
    search.driver = choose_driver(search.terms, search.num_terms);
    ret = fill(&search, &more);
    if (ret == 0 && more)
        ret = write_cursor(&search, &made.next);
    if (ret != 0)
        return ret;
    made.ids = search.ids;
    made.num_ids = search.num;
    *answer = made;
    return 0;
}
