/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The examples of docs/api.md, run one after the other as they stand there: each answers with the status that it says.
 * No network: a line of curl is read into a request. */
#include <stdio.h>
#include <stdlib.h>
#include <wordexp.h>

#include "support/exchange.h"
#include "support/test.h"

static struct test_store test;
static struct access     who;
static struct caller     caller;

static void name(const char *variable, const struct id *id)
{
    char text[ID_TEXT_BYTES];
    id_to_text(id, text);
    setenv(variable, text, 1);
}

/* Who sends the examples: a job says who asked for it. */
static void write_sender(void)
{
    struct access        program = test_program();
    struct model_user    user;
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(MODEL_USER), .value = &user };
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    model_init(change.record, &user);
    user.head.id = (struct id){ { 9, 9, 9 } };
    user.login = (struct model_text){ "sender", 6 };
    assert_ok(store_submit(test.store, &program, &request, NULL, NULL));
}

static int begin(void **state)
{
    static struct people_sample sample;
    (void) state;
    test_store_open(&test, false);
    assert_ok(test_person_create(&test, &sample));
    write_sender();
    setenv("TOCSIN", "http://127.0.0.1:8420", 1);
    setenv("TOKEN", "x", 1);
    name("AREA", &test.areas[TEST_COUNTY]);
    name("CASE", &sample.illness.head.id);
    name("PERSON", &sample.person.head.id);
    return 0;
}

static int end(void **state)
{
    (void) state;
    test_exchange_as(NULL);
    test_store_close(&test);
    return 0;
}

/* ---- a line of curl as a request ---- */

struct call {
    enum http_method method;
    const char      *url, *body;
    const char      *headers[8]; /* "Name: value" */
    size_t           num_headers;
};

static enum http_method method_of(const char *word)
{
    for (int method = 0; method < HTTP_NUM_METHODS; method++)
        if (strcmp(http_method_word((enum http_method) method), word) == 0)
            return (enum http_method) method;
    fail_msg("no method %s", word);
    return HTTP_GET;
}

static struct call call_of(char *const *words, size_t num)
{
    struct call call = { .method = HTTP_GET };
    for (size_t i = 1; i < num; i++) {
        if (strcmp(words[i], "-X") == 0)
            call.method = method_of(words[++i]);
        else if (strcmp(words[i], "-d") == 0)
            call.body = words[++i];
        else if (strcmp(words[i], "-H") == 0) {
            assert_true(call.num_headers < 8);
            call.headers[call.num_headers++] = words[++i];
        } else if (strcmp(words[i], "-o") == 0)
            i++;
        else
            call.url = words[i];
    }
    assert_non_null(call.url);
    return call;
}

/* Headers in small letters; role and purpose become the caller's, which sign-in would do. */
static void take_headers(struct exchange *exchange, const struct call *call)
{
    who = test_epidemiologist(&test.areas[TEST_COUNTY]);
    who.purpose = ACCESS_NO_PURPOSE;
    for (size_t i = 0; i < call->num_headers; i++) {
        const char *colon = strstr(call->headers[i], ": ");
        assert_non_null(colon);
        size_t size = (size_t) (colon - call->headers[i]);
        char  *lower = arena_copy(&exchange->arena, call->headers[i], size);
        for (char *at = lower; *at != '\0'; at++)
            *at = (char) (*at >= 'A' && *at <= 'Z' ? *at + 32 : *at);
        if (strcmp(lower, "tocsin-purpose") == 0)
            who.purpose = access_purpose_find(colon + 2, strlen(colon + 2));
        if (strcmp(lower, "tocsin-role") == 0)
            who.role = access_role_find(colon + 2, strlen(colon + 2));
        test_exchange_header(exchange, lower, colon + 2);
    }
    caller = test_caller_person(&who);
    test_exchange_as(&caller);
}

static void run(const char *line, int expected)
{
    wordexp_t       words;
    struct exchange exchange;
    if (wordexp(line, &words, WRDE_NOCMD | WRDE_UNDEF) != 0)
        fail_msg("no words: %s", line);
    struct call call = call_of(words.we_wordv, words.we_wordc);
    const char *path = strstr(call.url, "/api/");
    if (path == NULL)
        path = strstr(call.url, "/fhir/");
    assert_non_null(path);
    test_exchange_init(&exchange, &test, call.method, path, call.body);
    take_headers(&exchange, &call);
    (void) exchange_call(&exchange);
    if (exchange.answer.status != expected)
        fail_msg("%s\n%d instead of %d: %s", line, exchange.answer.status, expected, test_exchange_body(&exchange));
    (void) test_exchange_body(&exchange); /* all parts of a file */
    exchange_free(&exchange);
    wordfree(&words);
}

/* ---- the page ---- */

/* A command with the lines that it goes on in, without its status; 0 at the end of the page. */
static int next_example(FILE *page, char *command, size_t size)
{
    char line[2048];
    command[0] = '\0';
    while (fgets(line, sizeof line, page) != NULL) {
        bool goes_on = command[0] != '\0';
        if (!goes_on && strncmp(line, "curl ", 5) != 0)
            continue;
        size_t used = strlen(command);
        snprintf(command + used, size - used, "%s", line);
        used = strlen(command);
        while (used > 0 && command[used - 1] == '\n')
            command[--used] = '\0';
        if (used > 0 && command[used - 1] == '\\') {
            command[used - 1] = ' ';
            continue;
        }
        char *status = strstr(command, "  # ");
        if (status == NULL)
            fail_msg("no status behind: %s", command);
        *status = '\0';
        return atoi(status + 4);
    }
    return 0;
}

static void test_every_example_answers_as_it_says(void **state)
{
    (void) state;
    static char command[8192];
    FILE       *page = fopen(TESTS_ROOT "/../docs/api.md", "r");
    size_t      num = 0;
    int         status;
    assert_non_null(page);
    while ((status = next_example(page, command, sizeof command)) != 0) {
        run(command, status);
        num++;
    }
    fclose(page);
    assert_true(num >= 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_example_answers_as_it_says, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
