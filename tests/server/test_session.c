/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signing in over HTTP and what it opens: cookies, tokens, roles, purposes, second factors, links, plain pages.
 * Requests run in memory; who sends them is found by the server itself. Passwords are hashed as cheaply as libsodium
 * allows. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "response/account.h"
#include "server/form.h"
#include "server/route.h"
#include "store/node.h"
#include "support/exchange.h"
#include "support/test.h"

static struct test_store test;
static struct accounts  *accounts;
static const char        password[] = "the kettle sings at dawn";

/* Somebody at a screen: their cookies, as the answers set them. */
struct browser {
    char cookies[400];
    char session[100], device[120];
};

static struct exchange ex;
static char            body[200000];
static int             status;

static int begin(void **state)
{
    (void) state;
    test_store_open(&test, false);
    const struct accounts_options options = { .store = test.store, .password_steps = 1, .password_bytes = 8192 };
    assert_ok(accounts_new(&options, &accounts));
    return 0;
}

static int end(void **state)
{
    (void) state;
    accounts_free(accounts);
    test_store_close(&test);
    return 0;
}

/* ---- asking ---- */

static void keep_cookies(struct browser *browser)
{
    for (size_t i = 0; i < ex.answer.num_headers; i++) {
        const char *value = ex.answer.headers[i].value;
        if (strcmp(ex.answer.headers[i].name, "Set-Cookie") != 0)
            continue;
        assert_non_null(strstr(value, "; HttpOnly"));
        assert_non_null(strstr(value, "; SameSite=Strict"));
        assert_non_null(strstr(value, "; Path=/;"));
        char  *to = strncmp(value, "tocsin-device=", 14) == 0 ? browser->device : browser->session;
        size_t room = to == browser->device ? sizeof browser->device : sizeof browser->session;
        snprintf(to, room, "%.*s", (int) strcspn(value, ";"), value);
    }
    snprintf(browser->cookies, sizeof browser->cookies, "%s; %s", browser->session, browser->device);
}

struct asking {
    struct browser *browser;
    const char     *bearer, *role, *purpose;
};

static int ask(const struct asking *as, enum http_method method, const char *path, const char *sent)
{
    char bearer[100];
    test_exchange_init(&ex, &test, method, path, sent);
    ex.accounts = accounts;
    if (sent != NULL && sent[0] != '{')
        test_exchange_header(&ex, "content-type", "application/x-www-form-urlencoded");
    if (as != NULL && as->browser != NULL && as->browser->cookies[0] != '\0')
        test_exchange_header(&ex, "cookie", as->browser->cookies);
    if (as != NULL && as->bearer != NULL) {
        snprintf(bearer, sizeof bearer, "Bearer %s", as->bearer);
        test_exchange_header(&ex, "authorization", bearer);
    }
    if (as != NULL && as->role != NULL)
        test_exchange_header(&ex, "tocsin-role", as->role);
    if (as != NULL && as->purpose != NULL)
        test_exchange_header(&ex, "tocsin-purpose", as->purpose);
    exchange_call(&ex);
    if (as != NULL && as->browser != NULL)
        keep_cookies(as->browser);
    snprintf(body, sizeof body, "%s", test_exchange_body(&ex));
    status = ex.answer.status;
    exchange_free(&ex);
    return status;
}

/* A text member of the answer, whose place is a.b; copied. */
static void member(const char *name, char *to, size_t room)
{
    json_t *json = json_loads(body, 0, NULL);
    assert_non_null(json);
    const char *text = json_string_value(json_object_get(json, name));
    if (text == NULL)
        fail_msg("no %s in %s", name, body);
    snprintf(to, room, "%s", text);
    json_decref(json);
}

static bool problem(const char *name)
{
    char text[60];
    snprintf(text, sizeof text, "\"type\":\"/problems/%s\"", name);
    return strstr(body, text) != NULL;
}

/* ---- the people of a test ---- */

static const char *code_now(const char *secret)
{
    static char code[FACTOR_DIGITS + 1];
    uint8_t     bytes[FACTOR_BYTES];
    assert_ok(recovery_read(secret, 16, bytes));
    assert_ok(recovery_read(secret + 16, 16, bytes + RECOVERY_BYTES));
    assert_ok(factor_code(bytes, factor_step(test.now), code));
    return code;
}

static void enrol(struct browser *browser, char secret[FACTOR_SECRET_TEXT])
{
    char sent[100];
    assert_int_equal(ask(&(struct asking){ .browser = browser }, HTTP_PUT, "/api/v1/session/second-factor", NULL), 200);
    member("secret", secret, FACTOR_SECRET_TEXT);
    snprintf(sent, sizeof sent, "{\"code\":\"%s\"}", code_now(secret));
    assert_int_equal(ask(&(struct asking){ .browser = browser }, HTTP_POST, "/api/v1/session/second-factor", sent),
                     201);
    assert_non_null(strstr(body, "\"second_factor\":\"given\""));
    assert_non_null(strstr(body, "recovery_codes"));
}

static void make_link(const char *kind, const struct id *user, char link[LINK_TEXT])
{
    struct arena        arena = ARENA_INIT;
    struct account_call call = { .reader = test.reader, .now = test.now, .arena = &arena };
    struct access       who = { .role = ACCESS_ADMINISTRATOR };
    assert_ok(accounts_make_link(accounts, &call, &who, kind, user, link));
    arena_free(&arena);
}

/* The node is set up: its first administrator, at their browser. */
static struct browser set_up(void)
{
    struct browser         browser = { .cookies = "" };
    static const struct id none;
    char                   link[LINK_TEXT], sent[300];
    make_link(ACCOUNT_LINK_SET_UP, &none, link);
    snprintf(sent, sizeof sent, "{\"link\":\"%s\",\"login\":\"first\",\"name\":\"Dolma\",\"password\":\"%s\"}", link,
             password);
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_POST, "/api/v1/set-up", sent), 201);
    return browser;
}

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

static struct id make_user(const char *login, enum access_role role, enum test_area area)
{
    struct access       who = test_program();
    struct model_user   user;
    struct model_grant  grant;
    struct store_change changes[] = {
        { .verb = STORE_CREATE, .record = model_record(MODEL_USER), .value = &user },
        { .verb = STORE_CREATE, .record = model_record(MODEL_GRANT), .value = &grant },
    };
    struct store_request request = { .verb = "create", .set = { changes, 2 } };
    model_init(changes[0].record, &user);
    model_init(changes[1].record, &grant);
    user.head.id = node_new_id(test.now);
    user.login = text(login);
    grant.head.id = node_new_id(test.now);
    grant.user = user.head.id;
    grant.role = text(access_role_word(role));
    grant.starts = test.now;
    grant.area = test.areas[area];
    assert_ok(store_submit(test.store, &who, &request, NULL, NULL));
    return user.head.id;
}

static struct browser sign_in(const char *login)
{
    struct browser browser = { .cookies = "" };
    char           sent[200];
    snprintf(sent, sizeof sent, "{\"login\":\"%s\",\"password\":\"%s\"}", login, password);
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_POST, "/api/v1/session", sent), 201);
    return browser;
}

static struct browser somebody(const char *login, enum access_role role, enum test_area area)
{
    struct id user = make_user(login, role, area);
    char      link[LINK_TEXT], sent[200];
    make_link(ACCOUNT_LINK_INVITE, &user, link);
    snprintf(sent, sizeof sent, "{\"link\":\"%s\",\"password\":\"%s\"}", link, password);
    assert_int_equal(ask(NULL, HTTP_POST, "/api/v1/set-up", sent), 201);
    return sign_in(login);
}

/* ---- set-up ---- */

static void test_nothing_else_is_served_before_set_up(void **state)
{
    (void) state;
    size_t              num;
    const struct route *all = routes(&num);
    for (size_t i = 0; i < num; i++) {
        char   path[200];
        size_t used = 0;
        for (const char *at = all[i].path; *at != '\0'; at++) {
            if (*at == '{') {
                used += (size_t) snprintf(path + used, sizeof path - used, "00000000-0000-7000-8000-000000000001");
                at = strchr(at, '}');
            } else
                path[used++] = *at;
        }
        path[used] = '\0';
        ask(NULL, all[i].method, path, NULL);
        bool told = strncmp(path, "/fhir/", 6) == 0 ? strstr(body, "\"OperationOutcome\"") != NULL : problem("set-up");
        if (all[i].set_up)
            assert_false(problem("set-up"));
        else if (status != 503 || !told)
            fail_msg("%s %s: %d %s", http_method_word(all[i].method), path, status, body);
    }
    (void) set_up();
    assert_int_equal(ask(NULL, HTTP_GET, "/api/v1/cases", NULL), 401);
}

/* ---- who is it ---- */

static void test_a_browser_signs_in_and_out(void **state)
{
    (void) state;
    (void) set_up();
    struct browser browser = sign_in("first");
    assert_int_equal(strncmp(browser.session, "tocsin=", 7), 0);
    assert_int_equal(strncmp(browser.device, "tocsin-device=", 14), 0);
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_GET, "/api/v1/session", NULL), 200);
    assert_non_null(strstr(body, "\"login\":\"first\""));
    assert_non_null(
        strstr(body, "\"role\":\"administrator\",\"purposes\":[],\"areas\":[],\"facilities\":[],\"everywhere\":true"));
    assert_null(strstr(body, "token"));
    struct browser other = browser;
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_GET, "/api/v1/sessions", NULL), 200);
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_DELETE, "/api/v1/session", NULL), 204);
    assert_int_equal(ask(&(struct asking){ .browser = &other }, HTTP_GET, "/api/v1/session", NULL), 401);
    assert_int_equal(ask(NULL, HTTP_GET, "/api/v1/session", NULL), 401);
}

static void test_a_program_has_a_token_and_no_cookie(void **state)
{
    (void) state;
    char token[SESSION_TEXT], sent[200];
    (void) set_up();
    snprintf(sent, sizeof sent, "{\"login\":\"first\",\"password\":\"%s\",\"program\":true}", password);
    struct browser none = { .cookies = "" };
    assert_int_equal(ask(&(struct asking){ .browser = &none }, HTTP_POST, "/api/v1/session", sent), 201);
    assert_string_equal(none.session, "");
    member("token", token, sizeof token);
    assert_int_equal(ask(&(struct asking){ .bearer = token }, HTTP_GET, "/api/v1/session", NULL), 200);
    struct browser cookie = { .cookies = "" };
    snprintf(cookie.cookies, sizeof cookie.cookies, "tocsin=%s", token);
    assert_int_equal(ask(&(struct asking){ .browser = &cookie }, HTTP_GET, "/api/v1/session", NULL), 401);
    struct browser browser = sign_in("first");
    assert_int_equal(ask(&(struct asking){ .bearer = browser.session + 7 }, HTTP_GET, "/api/v1/session", NULL), 401);
    assert_int_equal(ask(&(struct asking){ .bearer = "nonsense" }, HTTP_GET, "/api/v1/session", NULL), 401);
}

static void test_refusals_do_not_say_which(void **state)
{
    (void) state;
    char *first;
    (void) set_up();
    assert_int_equal(ask(NULL, HTTP_POST, "/api/v1/session", "{\"login\":\"first\",\"password\":\"no, not this one\"}"),
                     401);
    assert_true(problem("refused"));
    first = strdup(body);
    assert_int_equal(
        ask(NULL, HTTP_POST, "/api/v1/session", "{\"login\":\"nobody\",\"password\":\"no, not this one\"}"), 401);
    assert_string_equal(body, first);
    assert_null(strstr(body, "nobody"));
    free(first);
}

static void test_who_tries_too_often_is_told_when_again(void **state)
{
    (void) state;
    static const char wrong[] = "{\"login\":\"first\",\"password\":\"no, not this one\"}";
    (void) set_up();
    for (int i = 0; i < 5; i++)
        assert_int_equal(ask(NULL, HTTP_POST, "/api/v1/session", wrong), 401);
    test_exchange_init(&ex, &test, HTTP_POST, "/api/v1/session", wrong);
    ex.accounts = accounts;
    exchange_call(&ex);
    assert_int_equal(ex.answer.status, 429);
    assert_string_equal(test_exchange_answer_header(&ex, "Retry-After"), "1");
    exchange_free(&ex);
}

/* ---- roles, purposes, second factor ---- */

static void test_administrators_need_their_second_factor(void **state)
{
    (void) state;
    char           secret[FACTOR_SECRET_TEXT], sent[100];
    struct browser browser = set_up();
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_GET, "/api/v1/users", NULL), 403);
    assert_true(problem("second-factor"));
    enrol(&browser, secret);
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_GET, "/api/v1/users", NULL), 200);
    /* The next session must give it first, whatever it asks; about itself it may ask. */
    test.now += 60 * INSTANT_SECOND;
    struct browser next = sign_in("first");
    assert_int_equal(ask(&(struct asking){ .browser = &next }, HTTP_GET, "/api/v1/users", NULL), 403);
    assert_int_equal(ask(&(struct asking){ .browser = &next }, HTTP_GET, "/api/v1/session", NULL), 200);
    assert_non_null(strstr(body, "\"second_factor\":\"wanted\""));
    snprintf(sent, sizeof sent, "{\"code\":\"%s\"}", "000000");
    assert_int_equal(ask(&(struct asking){ .browser = &next }, HTTP_POST, "/api/v1/session/second-factor", sent), 401);
    snprintf(sent, sizeof sent, "{\"code\":\"%s\"}", code_now(secret));
    assert_int_equal(ask(&(struct asking){ .browser = &next }, HTTP_POST, "/api/v1/session/second-factor", sent), 201);
    assert_int_equal(ask(&(struct asking){ .browser = &next }, HTTP_GET, "/api/v1/users", NULL), 200);
}

static void test_identities_need_purpose_and_second_factor(void **state)
{
    (void) state;
    struct people_sample sample;
    char                 path[100], id[ID_TEXT_BYTES], secret[FACTOR_SECRET_TEXT];
    (void) set_up();
    assert_ok(test_person_create(&test, &sample));
    id_to_text(&sample.identity.head.id, id);
    snprintf(path, sizeof path, "/api/v1/identities/%s", id);
    struct browser browser = somebody("epi", ACCESS_EPIDEMIOLOGIST, TEST_COUNTY);
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_GET, path, NULL), 200);
    assert_non_null(strstr(body, "\"masked\":["));
    assert_int_equal(
        ask(&(struct asking){ .browser = &browser, .purpose = "case-investigation" }, HTTP_GET, path, NULL), 403);
    assert_true(problem("second-factor"));
    enrol(&browser, secret);
    assert_int_equal(
        ask(&(struct asking){ .browser = &browser, .purpose = "case-investigation" }, HTTP_GET, path, NULL), 200);
    assert_null(strstr(body, "masked"));
    /* Purposes and roles that are not theirs, or no words of ours. */
    assert_int_equal(ask(&(struct asking){ .browser = &browser, .purpose = "care" }, HTTP_GET, path, NULL), 403);
    assert_int_equal(ask(&(struct asking){ .browser = &browser, .purpose = "curiosity" }, HTTP_GET, path, NULL), 403);
    assert_int_equal(ask(&(struct asking){ .browser = &browser, .role = "data-manager" }, HTTP_GET, path, NULL), 403);
    assert_int_equal(ask(&(struct asking){ .browser = &browser, .role = "program" }, HTTP_GET, path, NULL), 403);
    assert_true(problem("denied"));
}

static void test_outside_the_areas_is_absent(void **state)
{
    (void) state;
    struct people_sample sample;
    char                 path[100], id[ID_TEXT_BYTES];
    (void) set_up();
    assert_ok(test_person_create(&test, &sample));
    id_to_text(&sample.person.head.id, id);
    snprintf(path, sizeof path, "/api/v1/persons/%s", id);
    struct browser near = somebody("near", ACCESS_EPIDEMIOLOGIST, TEST_COUNTY);
    struct browser far = somebody("far", ACCESS_EPIDEMIOLOGIST, TEST_OTHER);
    assert_int_equal(ask(&(struct asking){ .browser = &near }, HTTP_GET, path, NULL), 200);
    assert_int_equal(ask(&(struct asking){ .browser = &far }, HTTP_GET, path, NULL), 404);
}

static void test_break_glass_is_shown_and_who_looked_is_told(void **state)
{
    (void) state;
    struct people_sample sample;
    char                 path[100], id[ID_TEXT_BYTES], area[ID_TEXT_BYTES], secret[FACTOR_SECRET_TEXT], sent[400];
    (void) set_up();
    assert_ok(test_person_create(&test, &sample));
    id_to_text(&sample.identity.head.id, id);
    id_to_text(&test.areas[TEST_COUNTY], area);
    snprintf(path, sizeof path, "/api/v1/identities/%s", id);
    struct browser epi = somebody("epi", ACCESS_EPIDEMIOLOGIST, TEST_OTHER);
    struct browser chief = somebody("chief", ACCESS_SUPERVISOR, TEST_PROVINCE);
    struct browser manager = somebody("manager", ACCESS_DATA_MANAGER, TEST_COUNTY);
    enrol(&epi, secret);
    const struct asking as = { .browser = &epi, .role = "epidemiologist", .purpose = "case-investigation" };
    assert_int_equal(ask(&as, HTTP_GET, path, NULL), 404);
    snprintf(sent, sizeof sent,
             "{\"role\":\"epidemiologist\",\"purpose\":\"case-investigation\",\"area\":\"%s\",\"reason\":\"%s\"}", area,
             "short");
    assert_int_equal(ask(&as, HTTP_POST, "/api/v1/break-glass", sent), 422);
    snprintf(sent, sizeof sent,
             "{\"role\":\"epidemiologist\",\"purpose\":\"case-investigation\",\"area\":\"%s\",\"reason\":\"%s\"}", area,
             "she was moved to our ward tonight");
    assert_int_equal(ask(&as, HTTP_POST, "/api/v1/break-glass", sent), 201);
    assert_int_equal(ask(&as, HTTP_GET, path, NULL), 200);
    assert_int_equal(ask(&(struct asking){ .browser = &epi }, HTTP_GET, "/api/v1/break-glass", NULL), 403);
    assert_int_equal(ask(&(struct asking){ .browser = &chief }, HTTP_GET, "/api/v1/break-glass", NULL), 200);
    assert_non_null(strstr(body, "she was moved to our ward tonight"));
    /* Asked in person: role, purpose, time, office; never who. */
    id_to_text(&sample.person.head.id, id);
    snprintf(path, sizeof path, "/api/v1/persons/%s/readings", id);
    assert_int_equal(ask(&(struct asking){ .browser = &manager }, HTTP_GET, path, NULL),
                     403); /* neither factor nor purpose */
    enrol(&manager, secret);
    assert_int_equal(ask(&(struct asking){ .browser = &manager }, HTTP_GET, path, NULL), 403);
    assert_int_equal(ask(&(struct asking){ .browser = &manager, .purpose = "data-quality" }, HTTP_GET, path, NULL),
                     403);
    assert_int_equal(ask(&(struct asking){ .browser = &manager, .purpose = "own-request" }, HTTP_GET, path, NULL), 200);
    assert_non_null(
        strstr(body, "\"role\":\"epidemiologist\",\"purpose\":\"case-investigation\",\"verb\":\"read\",\"office\":null,"
                     "\"break_glass\":true"));
    assert_null(strstr(body, "epi\""));
    assert_int_equal(ask(&as, HTTP_DELETE, "/api/v1/break-glass", NULL), 204);
    snprintf(path, sizeof path, "/api/v1/identities/%s", id);
    assert_int_equal(ask(&as, HTTP_GET, path, NULL), 404);
}

/* ---- machines ---- */

static void test_a_machine_sends_for_its_sender_and_reads_nothing(void **state)
{
    (void) state;
    struct access         who = test_program();
    struct model_facility facility;
    struct store_change   change = { .verb = STORE_CREATE, .record = model_record(MODEL_FACILITY), .value = &facility };
    struct store_request  request = { .verb = "create", .set = { &change, 1 } };
    struct people_sample  sample;
    char                  token[SESSION_TEXT], secret[FACTOR_SECRET_TEXT], sent[300], id[ID_TEXT_BYTES], path[100];
    struct browser        browser = set_up();
    model_init(change.record, &facility);
    facility.head.id = node_new_id(test.now);
    facility.code = text("H1");
    facility.kind = text("hospital");
    facility.area = test.areas[TEST_EAST];
    assert_ok(store_submit(test.store, &who, &request, NULL, NULL));
    assert_ok(test_person_create(&test, &sample));
    id_to_text(&facility.head.id, id);
    snprintf(sent, sizeof sent, "{\"facility\":\"%s\",\"name\":\"laboratory system\"}", id);
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_POST, "/api/v1/tokens", sent), 403);
    enrol(&browser, secret);
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_POST, "/api/v1/tokens", sent), 201);
    member("token", token, sizeof token);
    member("id", id, sizeof id);
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_GET, "/api/v1/tokens", NULL), 200);
    assert_null(strstr(body, token));
    const struct asking machine = { .bearer = token };
    assert_int_equal(ask(&machine, HTTP_GET, "/api/v1/submissions", NULL), 200);
    assert_string_equal(body, "{\"submissions\":[]}");
    assert_int_equal(ask(&machine, HTTP_GET, "/api/v1/session", NULL), 403);
    assert_int_equal(ask(&machine, HTTP_GET, "/api/v1/tokens", NULL), 403);
    char person[ID_TEXT_BYTES];
    id_to_text(&sample.person.head.id, person);
    snprintf(path, sizeof path, "/api/v1/persons/%s", person);
    assert_int_equal(ask(&machine, HTTP_GET, path, NULL), 404);
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_GET, "/api/v1/submissions", NULL), 403);
    snprintf(path, sizeof path, "/api/v1/tokens/%s", id);
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_DELETE, path, NULL), 204);
    assert_int_equal(ask(&machine, HTTP_GET, "/api/v1/submissions", NULL), 401);
}

/* ---- leaving ---- */

static void test_an_administrator_says_who_leaves(void **state)
{
    (void) state;
    char           path[100], id[ID_TEXT_BYTES], secret[FACTOR_SECRET_TEXT];
    struct browser browser = set_up();
    struct browser epi = somebody("epi", ACCESS_EPIDEMIOLOGIST, TEST_COUNTY);
    ask(&(struct asking){ .browser = &epi }, HTTP_GET, "/api/v1/session", NULL);
    member("user", id, sizeof id);
    snprintf(path, sizeof path, "/api/v1/users/%s/leave", id);
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_POST, path, "{}"), 403);
    enrol(&browser, secret);
    struct browser other = epi;
    enrol(&other, secret);
    assert_int_equal(ask(&(struct asking){ .browser = &other }, HTTP_POST, path, "{}"),
                     403); /* nobody sends away as they like */
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_POST, path, "{}"), 200);
    assert_string_equal(body, "{\"grants_ended\":1,\"tasks_handed_over\":0}");
    assert_int_equal(ask(&(struct asking){ .browser = &other }, HTTP_GET, "/api/v1/session", NULL), 401);
}

/* ---- plain pages ---- */

static void test_a_person_signs_in_with_a_plain_page(void **state)
{
    (void) state;
    struct browser         browser = { .cookies = "" };
    static const struct id none;
    char                   link[LINK_TEXT], sent[300], path[100];
    make_link(ACCOUNT_LINK_SET_UP, &none, link);
    snprintf(path, sizeof path, "/set-up?link=%s", link);
    assert_int_equal(ask(NULL, HTTP_GET, path, NULL), 200);
    assert_non_null(strstr(body, link));
    snprintf(sent, sizeof sent, "link=%s&login=first&name=%%3Cb%%3EDolma&password=short", link);
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_POST, "/set-up", sent), 422);
    assert_non_null(strstr(body, "too short"));
    snprintf(sent, sizeof sent, "link=%s&login=first&name=%%3Cb%%3EDolma&password=the+kettle+sings+at+dawn", link);
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_POST, "/set-up", sent), 303);
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_GET, "/account", NULL), 200);
    assert_non_null(strstr(body, "<strong>first</strong>"));
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_POST, "/account", "action=offer"), 200);
    const char *at = strstr(body, "<code>");
    char        secret[FACTOR_SECRET_TEXT];
    snprintf(secret, sizeof secret, "%.32s", at + 6);
    snprintf(sent, sizeof sent, "action=code&code=%s", code_now(secret));
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_POST, "/account", sent), 200);
    assert_non_null(strstr(body, "recovery codes"));
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_POST, "/account", "action=out"), 303);
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_GET, "/account", NULL), 303);
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_POST, "/sign-in",
                         "login=%3Cscript%3E&password=nothing+like+it"),
                     401);
    assert_null(strstr(body, "script"));
    assert_int_equal(ask(&(struct asking){ .browser = &browser }, HTTP_POST, "/sign-in",
                         "login=first&password=the+kettle+sings+at+dawn"),
                     303);
    assert_int_equal(ask(NULL, HTTP_GET, path, NULL), 401); /* the link is used up */
}

/* ---- what is read from headers and forms ---- */

#define SECRET "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA1"

static void test_cookies_are_read_strictly(void **state)
{
    (void) state;
    char value[CALLER_SECRET_BYTES];
    assert_true(caller_cookie("tocsin=" SECRET, "tocsin", value));
    assert_string_equal(value, SECRET);
    assert_true(caller_cookie("a=b; tocsin=" SECRET " ;c=d", "tocsin", value));
    static const char *const others[] = { "",
                                          "tocsin",
                                          "tocsin=",
                                          "xtocsin=" SECRET,
                                          "tocsin=" SECRET "A",
                                          "tocsin=" SECRET "; tocsin=" SECRET,
                                          "tocsin=\"" SECRET "\"",
                                          "tocsin=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+1",
                                          "tocsin-device=" SECRET };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(caller_cookie(others[i], "tocsin", value));
    assert_true(caller_bearer("Bearer " SECRET, value));
    assert_true(caller_bearer("bEARER   " SECRET, value));
    static const char *const no_bearers[] = {
        "", "Bearer", "Bearer ", "Basic " SECRET, "Bearer " SECRET "=", "Bearer" SECRET
    };
    for (size_t i = 0; i < sizeof no_bearers / sizeof *no_bearers; i++)
        assert_false(caller_bearer(no_bearers[i], value));
}

static void test_forms_are_read_strictly(void **state)
{
    (void) state;
    struct arena arena = ARENA_INIT;
    static char  large[FORM_MOST_VALUE + 10];
#define VALUE(form) form_value(form, strlen(form), "a", &arena)
    assert_string_equal(VALUE("a=b"), "b");
    assert_string_equal(VALUE("b=1&a=%E5%8D%93+x&c"), "卓 x");
    assert_string_equal(VALUE("a="), "");
    assert_null(VALUE(""));
    assert_null(VALUE("b=a"));
    assert_null(VALUE("a"));
    assert_null(VALUE("a=1&a=2"));
    assert_null(VALUE("a=%"));
    assert_null(VALUE("a=%4"));
    assert_null(VALUE("a=%4g"));
    assert_null(VALUE("a=%00"));
    assert_null(VALUE("a=%ff"));
    memset(large, 'x', sizeof large - 1);
    memcpy(large, "a=", 2);
    assert_non_null(form_value(large, 2 + FORM_MOST_VALUE, "a", &arena));
    assert_null(form_value(large, 3 + FORM_MOST_VALUE, "a", &arena));
    char many[200] = "";
    for (int i = 0; i < FORM_MOST_FIELDS - 1; i++)
        strcat(many, "b=1&");
    strcat(many, "a=1");
    assert_non_null(VALUE(many));
    memmove(many + 4, many, strlen(many) + 1);
    assert_null(VALUE(many));
    arena_free(&arena);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_nothing_else_is_served_before_set_up),
        TEST(test_a_browser_signs_in_and_out),
        TEST(test_a_program_has_a_token_and_no_cookie),
        TEST(test_refusals_do_not_say_which),
        TEST(test_who_tries_too_often_is_told_when_again),
        TEST(test_administrators_need_their_second_factor),
        TEST(test_identities_need_purpose_and_second_factor),
        TEST(test_outside_the_areas_is_absent),
        TEST(test_break_glass_is_shown_and_who_looked_is_told),
        TEST(test_a_machine_sends_for_its_sender_and_reads_nothing),
        TEST(test_an_administrator_says_who_leaves),
        TEST(test_a_person_signs_in_with_a_plain_page),
        cmocka_unit_test(test_cookies_are_read_strictly),
        cmocka_unit_test(test_forms_are_read_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
