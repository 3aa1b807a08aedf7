/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every field × role × purpose × scope (an area, a facility) × route: read, list, filter, sort, search, total, event,
 * error, conditional create. Each record has a value of its own in every field; none may stand in an answer that the
 * table of access does not allow, and what is outside the grant answers, byte for byte and statement for statement, as
 * what is not there. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "../store/driver_fault.h"
#include "canaries.h"
#include "model/model_json.h"
#include "model/view.h"
#include "server/route.h"
#include "support/exchange.h"
#include "support/test.h"

static struct test_store test;
static struct canaries   canaries;
static struct access     who;
static struct caller     caller;
static bool              of_facility; /* the grants name a facility, and no area */
static struct id         facility;

static void end_node(void)
{
    if (test.store == NULL)
        return;
    canaries_free(&canaries);
    test_store_close(&test);
    test.store = NULL;
}

/* One node of each database for all that is asked of it: nothing that is tried here changes a canary. */
static int begin(bool postgresql, bool facilities)
{
    if (test.postgresql != postgresql)
        end_node();
    if (test.store == NULL) {
        test_store_open(&test, postgresql);
        canaries_make(&canaries, &test);
    }
    facility = ((const struct model_head *) canaries.values[MODEL_FACILITY][MINE])->id;
    of_facility = facilities;
    test_exchange_as(&caller);
    return 0;
}

static int on_sqlite(void **state)
{
    (void) state;
    return begin(false, false);
}

static int on_sqlite_of_a_facility(void **state)
{
    (void) state;
    return begin(false, true);
}

static int on_postgresql(void **state)
{
    (void) state;
    return begin(true, false);
}

static int on_postgresql_of_a_facility(void **state)
{
    (void) state;
    return begin(true, true);
}

static int end_group(void **state)
{
    (void) state;
    test_exchange_as(NULL);
    end_node();
    return 0;
}

/* ---- callers and requests ---- */

static void become(int role, int purpose)
{
    who = (struct access){ .user = { { 9, 9, 9 } },
                           .role = (enum access_role) role,
                           .purpose = (enum access_purpose) purpose,
                           .areas = &test.areas[TEST_COUNTY],
                           .num_areas = of_facility ? 0 : 1,
                           .facilities = &facility,
                           .num_facilities = of_facility ? 1 : 0 };
    caller = test_caller_person(&who);
    caller.second_factor = true;
}

typedef void as_caller(void);
static void  as_each(as_caller *run)
{
    for (int role = 1; role < ACCESS_NUM_ROLES; role++)
        for (int purpose = 0; purpose < ACCESS_NUM_PURPOSES; purpose++) {
            become(role, purpose);
            run();
        }
}

static const char *word(void)
{
    static char words[80];
    snprintf(words, sizeof words, "%s for %s%s", access_role_word(who.role), access_purpose_word(who.purpose),
             of_facility ? " of a facility" : "");
    return words;
}

/* Ask, and hold the whole answer, headers too, against what the caller may not see. */
static struct exchange *ask(enum http_method method, const char *path, const char *body)
{
    static struct exchange exchange;
    static unsigned        keys;
    char                   key[24];
    exchange_free(&exchange);
    test_exchange_init(&exchange, &test, method, path, body);
    if (method != HTTP_GET && strstr(path, "/search") == NULL && strstr(path, "/prefix") == NULL) {
        snprintf(key, sizeof key, "key-%u", keys++);
        test_exchange_header(&exchange, "idempotency-key", key);
        test_exchange_header(&exchange, "if-match", "\"1\"");
    }
    (void) exchange_call(&exchange);
    const char *leak = canary_leak(&canaries, &who, test_exchange_body(&exchange));
    for (size_t i = 0; i < exchange.answer.num_headers && leak == NULL; i++)
        leak = canary_leak(&canaries, &who, exchange.answer.headers[i].value);
    if (leak != NULL)
        fail_msg("%s: %s %s shows %s:\n%s", word(), http_method_word(method), path, leak,
                 test_exchange_body(&exchange));
    return &exchange;
}

static void expect(struct exchange *exchange, int status)
{
    if (exchange->answer.status != status)
        fail_msg("%s: %s %s: %d instead of %d: %s", word(), http_method_word(exchange->method), exchange->path,
                 exchange->answer.status, status, test_exchange_body(exchange));
}

static json_t *json_of(struct exchange *exchange)
{
    json_t *json = json_loads(test_exchange_body(exchange), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(json);
    return json;
}

static const struct model_record *record_at(size_t number)
{
    return model_record((enum model_record_number) number);
}

static struct id id_of(size_t record, enum side side)
{
    return ((const struct model_head *) canaries.values[record][side])->id;
}

static const struct id absent = { { 0x42, 0x42, 0x42, 0x42 } };

static const char *path_to(size_t record, const struct id *id, const char *more)
{
    static char path[200];
    char        text[ID_TEXT_BYTES];
    id_to_text(id, text);
    snprintf(path, sizeof path, "/api/v1/%s/%s%s", record_at(record)->path, text, more);
    return path;
}

static bool is_served(size_t record, unsigned verb)
{
    return record_at(record)->path != NULL && (record_at(record)->verbs & verb) != 0 && record != MODEL_AREA;
}

/* ---- read ---- */

static void shows_what_the_table_says(struct exchange *exchange, size_t number)
{
    const struct model_record *record = record_at(number);
    struct model_set           visible = access_visible(&who, record);
    json_t                    *json = json_of(exchange), *masked = json_object_get(json, "masked"), *name;
    size_t                     num = 0, i;
    for (size_t f = 0; f < record->num_fields; f++) {
        bool there = json_object_get(json, record->fields[f].name) != NULL;
        bool may = model_set_has(&visible, f) && !model_is_missing(&record->fields[f], canaries.values[number][MINE]);
        if (there != may)
            fail_msg("%s: %s.%s is %s", word(), record->name, record->fields[f].name, there ? "shown" : "not shown");
        num += !model_set_has(&visible, f);
    }
    json_array_foreach (masked, i, name) {
        const struct model_field *field =
            model_field_find(record, json_string_value(name), strlen(json_string_value(name)));
        assert_false(model_set_has(&visible, (size_t) (field - record->fields)));
    }
    assert_int_equal(json_array_size(masked), num);
    json_decref(json);
}

static void read_each(void)
{
    for (size_t r = 0; r < MODEL_NUM_RECORDS; r++) {
        if (!is_served(r, MODEL_READING))
            continue;
        struct id        mine = id_of(r, MINE);
        struct exchange *exchange = ask(HTTP_GET, path_to(r, &mine, ""), NULL);
        if (access_highest(&who, record_at(r)) == ACCESS_NOTHING) {
            expect(exchange, 404);
            continue;
        }
        expect(exchange, 200);
        shows_what_the_table_says(exchange, r);
        exchange = ask(HTTP_GET, path_to(r, &mine, "?asof=2100-01-01T00:00:00Z"), NULL);
        expect(exchange, 200);
        shows_what_the_table_says(exchange, r);
    }
}

static void test_reading(void **state)
{
    (void) state;
    as_each(read_each);
}

/* ---- outside the grant ---- */

/* The whole answer as one text. */
static char *answer_of(struct exchange *exchange)
{
    static char text[2][8192];
    static int  next;
    char       *at = text[next ^= 1];
    int         used = snprintf(at, sizeof text[0], "%d %s\n", exchange->answer.status, exchange->answer.type);
    for (size_t i = 0; i < exchange->answer.num_headers; i++)
        used += snprintf(at + used, sizeof text[0] - (size_t) used, "%s: %s\n", exchange->answer.headers[i].name,
                         exchange->answer.headers[i].value);
    snprintf(at + used, sizeof text[0] - (size_t) used, "%s", test_exchange_body(exchange));
    return at;
}

static void foreign_is_absent(enum http_method method, size_t record, const char *more, const char *body)
{
    struct id   foreign = id_of(record, FOREIGN);
    const char *one = answer_of(ask(method, path_to(record, &foreign, more), body));
    const char *other = answer_of(ask(method, path_to(record, &absent, more), body));
    if (strcmp(one, other) != 0)
        fail_msg("%s: %s %s\n%s\nand of what is not there\n%s", word(), http_method_word(method),
                 record_at(record)->path, one, other);
}

static void outside_each(void)
{
    for (size_t r = 0; r < MODEL_NUM_RECORDS; r++) {
        if (record_at(r)->scope != MODEL_SCOPE_AREA)
            continue;
        if (is_served(r, MODEL_READING)) {
            foreign_is_absent(HTTP_GET, r, "", NULL);
            foreign_is_absent(HTTP_GET, r, "?asof=2100-01-01T00:00:00Z", NULL);
        }
        if (is_served(r, MODEL_CHANGING))
            foreign_is_absent(HTTP_PATCH, r, "", "{}");
        if (is_served(r, MODEL_ERASING))
            foreign_is_absent(HTTP_DELETE, r, "", NULL);
    }
}

static void test_outside_the_grant_is_as_absent(void **state)
{
    (void) state;
    int64_t before = test_store_number(&test, "SELECT count(*) FROM event");
    for (int role = 1; role < ACCESS_NUM_ROLES; role++) {
        become(role, ACCESS_DATA_QUALITY);
        outside_each();
        become(role, ACCESS_CASE_INVESTIGATION);
        outside_each();
    }
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM event"), before); /* and nothing was written */
}

static size_t statements_of(struct driver_fault *driver, size_t record, const struct id *id, const char *more)
{
    size_t before = atomic_load(&driver->calls);
    (void) ask(HTTP_GET, path_to(record, id, more), NULL);
    return atomic_load(&driver->calls) - before;
}

static void test_outside_the_grant_takes_the_statements_of_absent(void **state)
{
    (void) state;
    static struct driver_fault driver;
    driver = (struct driver_fault){ .calls_counted = DRIVER_ALL & ~DRIVER_STEP };
    test.options.db.wrap = driver_fault_wrap;
    test.options.db.wrap_context = &driver;
    test_store_reopen(&test);
    become(ACCESS_DATA_MANAGER, ACCESS_DATA_QUALITY);
    for (size_t r = 0; r < MODEL_NUM_RECORDS; r++) {
        static const char *const ways[] = { "", "?asof=2100-01-01T00:00:00Z", "?asof=2001-01-01T00:00:00Z" };
        if (!is_served(r, MODEL_READING) || record_at(r)->scope != MODEL_SCOPE_AREA)
            continue;
        struct id foreign = id_of(r, FOREIGN);
        for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
            (void) ask(HTTP_GET, path_to(r, &absent, ways[i]), NULL); /* statements are prepared once */
            (void) ask(HTTP_GET, path_to(r, &foreign, ways[i]), NULL);
            size_t of_foreign = statements_of(&driver, r, &foreign, ways[i]);
            size_t of_absent = statements_of(&driver, r, &absent, ways[i]);
            if (of_foreign != of_absent)
                fail_msg("%s%s: %zu calls of the database, %zu for what is not there", record_at(r)->path, ways[i],
                         of_foreign, of_absent);
        }
    }
    test.options.db.wrap = NULL;
    test_store_reopen(&test);
}

/* ---- lists: filters, sorts, totals ---- */

static struct exchange *list_of(const struct view *view, const char *query)
{
    char path[400];
    snprintf(path, sizeof path, "/api/v1/%s?page_size=200%s%s", view->name, *query != '\0' ? "&" : "", query);
    return ask(HTTP_GET, path, NULL);
}

static bool has_row(const json_t *page, const struct id *id)
{
    char    text[ID_TEXT_BYTES];
    size_t  i;
    json_t *row;
    id_to_text(id, text);
    json_array_foreach (json_object_get(page, "rows"), i, row)
        if (strcmp(json_string_value(json_object_get(row, "id")), text) == 0)
            return true;
    return false;
}

static void check_page(const struct view *view, bool identities)
{
    struct exchange *exchange = list_of(view, identities ? "identities=true&total=true" : "total=true");
    struct model_set visible = view_visible(&who, view);
    bool             may = access_highest(&who, model_record(view->record)) != ACCESS_NOTHING;
    bool             identifies = access_may_identify(&who, model_record(MODEL_IDENTITY));
    bool             shows_names = view->record == MODEL_CASE;
    if (!may || (identities && !(shows_names && identifies))) {
        expect(exchange, 403);
        return;
    }
    expect(exchange, 200);
    json_t   *page = json_of(exchange), *row;
    struct id mine = id_of(view->record, MINE), foreign = id_of(view->record, FOREIGN);
    size_t    i;
    assert_true(has_row(page, &mine));
    if (model_record(view->record)->scope == MODEL_SCOPE_AREA) {
        assert_false(has_row(page, &foreign));
        const json_t *total = json_object_get(page, "total");
        assert_true(json_is_null(total) || json_integer_value(total) == 1);
    }
    json_array_foreach (json_object_get(page, "rows"), i, row)
        for (size_t c = 0; c < view->num_columns; c++)
            if (!model_set_has(&visible, c))
                assert_null(json_object_get(row, view->columns[c].name));
    json_decref(page);
}

static void list_each(void)
{
    size_t             num;
    const struct view *all = views(&num);
    for (size_t v = 0; v < num; v++) {
        check_page(&all[v], false);
        for (size_t c = 0; c < all[v].num_columns; c++) {
            struct view_path path;
            if (view_path_of(model_record(all[v].record), all[v].columns[c].path, &path) == 0 &&
                path.class == MODEL_CLASS_IDENTIFYING) {
                check_page(&all[v], true);
                break;
            }
        }
    }
}

static void test_lists(void **state)
{
    (void) state;
    as_each(list_each);
}

static const struct view_filter *filter_of(const struct view *view, const char *field)
{
    for (size_t i = 0; i < view->num_filters; i++)
        if (strcmp(view->filters[i].field, field) == 0)
            return &view->filters[i];
    return NULL;
}

static bool sorts_by(const struct view *view, const char *field)
{
    for (size_t i = 0; i < view->num_sorts; i++)
        if (strcmp(view->sorts[i].field, field) == 0)
            return true;
    return false;
}

/* Filter by a field's own value and sort by it: only what is a filter and may be read. The foreign row's value finds
 * nothing. */
static void ask_by_field(const struct view *view, size_t number)
{
    const struct model_record *record = model_record(view->record);
    const struct model_field  *field = &record->fields[number];
    const struct view_filter  *filter = filter_of(view, field->name);
    bool                       may = access_may_filter(&who, record, field);
    char                       query[300];
    snprintf(query, sizeof query, "sort=%s", field->name);
    expect(list_of(view, query), may && sorts_by(view, field->name) ? 200 : 422);
    for (enum side side = MINE; side < NUM_SIDES; side++) {
        const char *value = canary_text(&canaries, view->record, number, side);
        if (value == NULL || (field->kind == MODEL_KIND_INSTANT && strchr(value, 'T') == NULL))
            continue;
        if (filter != NULL && filter->test == VIEW_RANGE)
            snprintf(query, sizeof query, "%s.from=%s&%s.to=%s", field->name, value, field->name, value);
        else
            snprintf(query, sizeof query, "%s=%s", field->name, value);
        struct exchange *exchange = list_of(view, query);
        if (filter == NULL || !may) {
            expect(exchange, 422);
            continue;
        }
        expect(exchange, 200);
        json_t *page = json_of(exchange);
        if (record->scope == MODEL_SCOPE_AREA)
            assert_int_equal(json_array_size(json_object_get(page, "rows")), side == MINE ? 1 : 0);
        json_decref(page);
    }
}

static void filter_each(void)
{
    size_t             num;
    const struct view *all = views(&num);
    for (size_t v = 0; v < num; v++)
        for (size_t f = 0; f < model_record(all[v].record)->num_fields; f++)
            if (access_highest(&who, model_record(all[v].record)) != ACCESS_NOTHING)
                ask_by_field(&all[v], f);
}

static void test_filters_and_sorts(void **state)
{
    (void) state;
    for (int role = 1; role < ACCESS_NUM_ROLES; role++) {
        become(role, ACCESS_NO_PURPOSE);
        filter_each();
        become(role, ACCESS_CASE_INVESTIGATION);
        filter_each();
    }
}

static void count_each(void)
{
    for (size_t r = 0; r < MODEL_NUM_RECORDS; r++)
        for (size_t c = 0; c < record_at(r)->num_counters; c++) {
            static const enum test_area areas[] = { TEST_COUNTY, TEST_PROVINCE, TEST_OTHER };
            for (size_t a = 0; a < 3; a++) {
                char path[300], area[ID_TEXT_BYTES];
                id_to_text(&test.areas[areas[a]], area);
                snprintf(path, sizeof path,
                         "/api/v1/counts?record=%s&counter=%s&area=%s&from=1950-01-01&to=1965-01-01&by=week",
                         record_at(r)->name, record_at(r)->counters[c].name, area);
                const char      *only = record_at(r)->counters[c].only;
                bool             may = access_highest(&who, record_at(r)) != ACCESS_NOTHING;
                struct exchange *exchange = ask(HTTP_GET, path, NULL);
                if (only != NULL)
                    may = may &&
                          access_may_filter(&who, record_at(r), model_field_find(record_at(r), only, strlen(only)));
                expect(exchange, !may ? 403 : a == 0 && !of_facility ? 200 : 404);
                if (exchange->answer.status != 200)
                    continue;
                json_t *json = json_of(exchange), *point;
                int64_t sum = json_integer_value(json_object_get(json, "undated"));
                size_t  i;
                json_array_foreach (json_object_get(json, "points"), i, point)
                    sum += json_integer_value(json_object_get(point, "count"));
                assert_in_range(sum, only == NULL ? 1 : 0, 1); /* mine, and not the foreign one */
                json_decref(json);
            }
        }
}

static void test_totals_and_counts(void **state)
{
    (void) state;
    as_each(count_each);
}

/* ---- exports and worklists ---- */

/* The first canary of a field that leaves in nobody's export: identifying, or a proxy of origin or belief. */
static const char *never_exported(const char *text)
{
    for (size_t r = 0; r < MODEL_NUM_RECORDS; r++)
        for (size_t f = 0; f < record_at(r)->num_fields; f++) {
            const struct model_field *field = &record_at(r)->fields[f];
            const char               *canary = canary_text(&canaries, r, f, MINE);
            if ((field->class == MODEL_CLASS_IDENTIFYING || access_is_proxy(record_at(r), field)) && canary != NULL &&
                strstr(text, canary) != NULL)
                return canary;
        }
    return NULL;
}

static void export_each(void)
{
    static const char *const formats[] = { "csv", "ndjson" };
    size_t                   num;
    const struct view       *all = views(&num);
    for (size_t v = 0; v < num; v++)
        for (size_t i = 0; i < 2; i++) {
            char path[200];
            snprintf(path, sizeof path, "/api/v1/exports/%s?as=%s", all[v].name, formats[i]);
            struct exchange *exchange = ask(HTTP_GET, path, NULL);
            struct access    plain = who;
            plain.purpose = ACCESS_NO_PURPOSE;
            expect(exchange, access_highest(&plain, model_record(all[v].record)) == ACCESS_NOTHING ? 403 : 200);
            const char *leak = never_exported(test_exchange_body(exchange));
            if (leak != NULL)
                fail_msg("%s: %s holds %s", word(), path, leak);
        }
    expect(ask(HTTP_GET, "/api/v1/worklists/cases", NULL),
           access_highest(&who, model_record(MODEL_CASE)) != ACCESS_NOTHING &&
                   access_may_identify(&who, model_record(MODEL_IDENTITY))
               ? 200
               : 403);
}

static void test_exports(void **state)
{
    (void) state;
    for (int role = 1; role < ACCESS_NUM_ROLES; role++) {
        become(role, ACCESS_NO_PURPOSE);
        export_each();
        become(role, ACCESS_DATA_QUALITY);
        export_each();
        become(role, ACCESS_CASE_INVESTIGATION);
        export_each();
    }
}

/* ---- searches ---- */

static void search_each(void)
{
    for (size_t r = 0; r < MODEL_NUM_RECORDS; r++) {
        const struct model_record *record = record_at(r);
        struct model_set           visible = access_visible(&who, record);
        bool                       may = true;
        if (record->searched == NULL || record->searched[0] == NULL || r == MODEL_AREA)
            continue;
        for (const char *const *name = record->searched; *name != NULL; name++) {
            const struct model_field *field = model_field_find(record, *name, strlen(*name));
            may = may && model_set_has(&visible, (size_t) (field - record->fields));
        }
        for (enum side side = MINE; side < NUM_SIDES; side++) {
            const struct model_field *field =
                model_field_find(record, record->searched[0], strlen(record->searched[0]));
            char body[200];
            snprintf(body, sizeof body, "{\"typed\":\"%s\",\"record\":\"%s\"}",
                     canary_text(&canaries, r, (size_t) (field - record->fields), side), record->name);
            struct exchange *exchange = ask(HTTP_POST, "/api/v1/search", body);
            expect(exchange, may ? 200 : 403);
            if (!may)
                continue;
            json_t       *json = json_of(exchange);
            const json_t *rows = json_object_get(json_array_get(json_object_get(json, "found"), 0), "rows");
            bool          hidden = side == FOREIGN && record->scope == MODEL_SCOPE_AREA;
            assert_int_equal(json_array_size(rows), hidden ? 0 : 1);
            json_decref(json);
        }
    }
}

static void person_each(void)
{
    bool may = access_may_identify(&who, model_record(MODEL_IDENTITY)) &&
               access_highest(&who, model_record(MODEL_PERSON)) != ACCESS_NOTHING;
    for (enum side side = MINE; side < NUM_SIDES; side++) {
        char        body[200];
        const char *identifier = canary_text(&canaries, MODEL_IDENTITY, model_identity_identifier, side);
        snprintf(body, sizeof body, "{\"typed\":\"%s\"}", identifier);
        struct exchange *exchange = ask(HTTP_POST, "/api/v1/persons/search", body);
        expect(exchange, may ? (of_facility ? 404 : 200) : 403); /* people are looked for in areas */
        if (!may || of_facility)
            continue;
        json_t *json = json_of(exchange);
        assert_int_equal(json_array_size(json_object_get(json, "persons")), side == MINE ? 1 : 0);
        json_decref(json);
    }
    expect(ask(HTTP_POST, "/api/v1/persons/prefix", "{\"typed\":\"cana\"}"), may ? (of_facility ? 404 : 200) : 403);
}

static void test_searches(void **state)
{
    (void) state;
    as_each(search_each);
    as_each(person_each);
}

/* ---- events ---- */

static void events_each(void)
{
    static struct store_event events[4096];
    struct arena              arena = ARENA_INIT;
    int64_t                   after = 0;
    size_t                    num;
    assert_ok(store_events(test.reader, &who, &after, &arena, events, sizeof events / sizeof *events, &num));
    for (size_t i = 0; i < num; i++) {
        const struct model_record *record = model_record_find(events[i].record);
        size_t                     number = (size_t) (record - model_record(MODEL_AREA));
        assert_int_not_equal(access_highest(&who, record), ACCESS_NOTHING);
        if (record->scope == MODEL_SCOPE_AREA) {
            struct id foreign = id_of(number, FOREIGN);
            assert_false(id_equal(&events[i].id, &foreign));
        }
    }
    arena_free(&arena);
}

static void test_events(void **state)
{
    (void) state;
    as_each(events_each);
}

/* ---- errors ---- */

/* A value of the field's kind that may not stand there (a date before all others), and one that is none. */
static void change_each(void)
{
    static const char *const values[] = { "\"1900-01-01\"", "\"\\u0001\"", "{}", "null", "-5" };
    for (size_t r = 0; r < MODEL_NUM_RECORDS; r++) {
        if (!is_served(r, MODEL_CHANGING))
            continue;
        struct id        mine = id_of(r, MINE);
        struct model_set writable = access_writable(&who, record_at(r));
        for (size_t f = 0; f < record_at(r)->num_fields; f++)
            for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
                char body[200];
                snprintf(body, sizeof body, "{\"%s\":%s,\"id\":\"00000000-0000-0000-0000-000000000001\"}",
                         record_at(r)->fields[f].name, values[v]);
                int status = ask(HTTP_PATCH, path_to(r, &mine, ""), body)->answer.status;
                assert_true(status == 422 || status == 403 || status == 404);
                if (model_set_has(&writable, f)) /* it reaches the store, of another version */
                    continue;
                snprintf(body, sizeof body, "{\"%s\":%s}", record_at(r)->fields[f].name, values[v]);
                status = ask(HTTP_PATCH, path_to(r, &mine, ""), body)->answer.status;
                if (status < 400)
                    fail_msg("%s: wrote %s.%s", word(), record_at(r)->name, record_at(r)->fields[f].name);
            }
    }
}

static void test_errors_and_what_may_not_be_written(void **state)
{
    (void) state;
    int64_t before = test_store_number(&test, "SELECT count(*) FROM event");
    for (int role = 1; role < ACCESS_NUM_ROLES; role++) {
        become(role, ACCESS_NO_PURPOSE);
        change_each();
    }
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM event"), before);
}

/* An order of dates that the change breaks: the message may name the other date only to whoever may read it. */
static void order_each(void)
{
    for (size_t r = 0; r < MODEL_NUM_RECORDS; r++)
        for (size_t o = 0; o < record_at(r)->num_orders && is_served(r, MODEL_CHANGING); o++) {
            char      body[200];
            struct id mine = id_of(r, MINE);
            snprintf(body, sizeof body, "{\"%s\":\"1900-01-01\"}", record_at(r)->orders[o].later);
            assert_true(ask(HTTP_PATCH, path_to(r, &mine, ""), body)->answer.status >= 400);
        }
}

static void test_faults_tell_no_hidden_value(void **state)
{
    (void) state;
    as_each(order_each);
}

/* ---- conditional create ---- */

/* A record that refers to `id` by its first reference that may be given, as the body of a create. */
static bool body_with(size_t number, size_t field, const struct id *id, char *body, size_t size)
{
    const struct model_record *record = record_at(number);
    struct sink                sink;
    struct json_writer         json;
    struct model_set           all = model_set_all(record);
    void                      *value = malloc(record->size);
    void                      *nothing = malloc(record->size);
    memcpy(value, canaries.values[number][MINE], record->size);
    model_init(record, nothing);
    for (size_t f = 0; f < record->num_fields; f++)
        if (record->fields[f].rule == MODEL_RULE_WRITTEN)
            model_copy(&record->fields[f], value, nothing);
    free(nothing);
    *(struct model_head *) value = (struct model_head){ .id = { { 0x77, (uint8_t) number, (uint8_t) field } } };
    *(struct id *) (void *) ((char *) value + record->fields[field].offset) = *id;
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    model_json_write(&json, record, value, &all);
    bool fits = sink.used < size;
    snprintf(body, size, "%.*s", (int) sink.used, sink.bytes);
    sink_free(&sink);
    free(value);
    return fits;
}

/* What is referred to outside the grant is as absent: else an id could be tried, and a record be hung on to a person
 * who is not the caller's. */
static void create_each(void)
{
    for (size_t r = 0; r < MODEL_NUM_RECORDS; r++)
        for (size_t f = 0; f < record_at(r)->num_fields && is_served(r, MODEL_CREATING); f++) {
            const struct model_field *field = &record_at(r)->fields[f];
            char                      body[8192];
            if (field->kind != MODEL_KIND_REFERENCE || model_is_missing(field, canaries.values[r][MINE]))
                continue;
            size_t target = (size_t) (model_record_find(field->target) - model_record(MODEL_AREA));
            if (record_at(target)->scope != MODEL_SCOPE_AREA)
                continue;
            struct id   foreign = id_of(target, FOREIGN);
            const char *path = path_to(r, &absent, "");
            char        at[200];
            snprintf(at, sizeof at, "%.*s", (int) (strrchr(path, '/') - path), path);
            assert_true(body_with(r, f, &foreign, body, sizeof body));
            const char *one = answer_of(ask(HTTP_POST, at, body));
            assert_true(body_with(r, f, &absent, body, sizeof body));
            struct exchange *other = ask(HTTP_POST, at, body);
            assert_true(other->answer.status == 422 || other->answer.status == 403);
            if (strcmp(one, answer_of(other)) != 0)
                fail_msg("%s: %s.%s of a foreign record:\n%s\nand of none:\n%s", word(), record_at(r)->name,
                         field->name, one, answer_of(other));
        }
}

static void test_conditional_create(void **state)
{
    (void) state;
    as_each(create_each);
}

/* The key of somebody else is not known to anybody. */
static void test_an_answer_is_repeated_to_its_sender_alone(void **state)
{
    (void) state;
    char body[200], area[ID_TEXT_BYTES], registered_by[ID_TEXT_BYTES];
    char ids[3][ID_TEXT_BYTES];
    id_to_text(&test.areas[TEST_EAST], area);
    id_to_text(&facility, registered_by);
    snprintf(body, sizeof body, "{\"area\":\"%s\",\"registered_by\":\"%s\"}", area, registered_by);
    for (int i = 0; i < 3; i++) {
        struct exchange exchange;
        become(ACCESS_EPIDEMIOLOGIST, 0);
        who.user.bytes[0] = i == 1 ? 8 : 9;
        caller = test_caller_person(&who);
        test_exchange_init(&exchange, &test, HTTP_POST, "/api/v1/persons", body);
        test_exchange_header(&exchange, "idempotency-key", of_facility ? "the-same" : "this-one");
        assert_ok(exchange_call(&exchange));
        json_t *json = json_of(&exchange);
        snprintf(ids[i], sizeof ids[i], "%s", json_string_value(json_object_get(json, "id")));
        json_decref(json);
        exchange_free(&exchange);
    }
    assert_string_not_equal(ids[0], ids[1]);
    assert_string_equal(ids[0], ids[2]);
}

#define TEST(test, set_up) cmocka_unit_test_setup(test, set_up)
#define TESTS(set_up)                                                                                                  \
    TEST(test_reading, set_up), TEST(test_outside_the_grant_is_as_absent, set_up),                                     \
        TEST(test_outside_the_grant_takes_the_statements_of_absent, set_up), TEST(test_lists, set_up),                 \
        TEST(test_filters_and_sorts, set_up), TEST(test_totals_and_counts, set_up), TEST(test_exports, set_up),        \
        TEST(test_searches, set_up), TEST(test_events, set_up), TEST(test_errors_and_what_may_not_be_written, set_up), \
        TEST(test_faults_tell_no_hidden_value, set_up), TEST(test_conditional_create, set_up)
/* The last on a node writes rows of its own, which the totals of the others do not know. */
#define ON(area, facility)                                                                                             \
    TESTS(area), TESTS(facility), TEST(test_an_answer_is_repeated_to_its_sender_alone, area),                          \
        TEST(test_an_answer_is_repeated_to_its_sender_alone, facility)

int main(void)
{
    const struct CMUnitTest sqlite[] = { ON(on_sqlite, on_sqlite_of_a_facility) };
    const struct CMUnitTest both[] = { ON(on_sqlite, on_sqlite_of_a_facility),
                                       ON(on_postgresql, on_postgresql_of_a_facility) };
    return test_postgresql_installed() ? cmocka_run_group_tests_name("access", both, NULL, end_group)
                                       : cmocka_run_group_tests_name("access", sqlite, NULL, end_group);
}
