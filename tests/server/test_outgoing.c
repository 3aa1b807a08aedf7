/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests that the server makes itself: which addresses, how much, how long; and the times of a sign-in by an identity
 * provider, on a clock of the test's own. The provider is tests/support/provider.py. */
#include "server/outgoing.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "server/provider.h"
#include "support/test.h"

static struct arena      arena;
static struct fault_list faults;

/* ---- addresses ---- */

static void test_urls(void **state)
{
    (void) state;
    static const struct {
        const char *url;
        bool        allowed, loopback;
    } cases[] = {
        { "https://login.county.example", true, false },
        { "https://login.county.example:8443/a?b=c", true, false },
        { "https://[2001:db8::1]/a", true, false },
        { "https://127.0.0.1/", true, true },
        { "http://127.0.0.1:8000/a", true, true },
        { "http://[::1]:8000", true, true },
        { "http://"
          "LOCALHOST:8000",
          true, true },
        { "http://login.county.example", false, false },
        { "http://127.0.0.1.evil.example/", false, false },
        { "http://localhost.evil.example/", false, false },
        { "http://localhost@evil.example/", false, false },
        { "https://"
          "user@login.county.example/",
          false, false },
        { "https://"
          "user:word@login.county.example/",
          false, false },
        { "https://login.county.example/#part", false, false },
        { "https://login.county.example/ a", false, false },
        { "https://login.county.example/\r\nX: y", false, false },
        { "https://login.county.example\\@evil.example", false, false },
        { "https://login.county.example:", false, false },
        { "https://login.county.example:123456", false, false },
        { "https://login.county.example:a", false, false },
        { "https://", false, false },
        { "https:///a", false, false },
        { "https://[::1", false, false },
        { "https://[::1]x/", false, false },
        { "file:///etc/passwd", false, false },
        { "gopher://127.0.0.1/", false, false },
        { "HTTPS://login.county.example", false, false },
        { "", false, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool loopback = false;
        if (outgoing_url_allowed(cases[i].url, &loopback) != cases[i].allowed)
            fail_msg("%s", cases[i].url);
        if (cases[i].allowed)
            assert_int_equal(loopback, cases[i].loopback);
    }
    char long_url[OUTGOING_URL_BYTES + 1] = "https://login.example/";
    bool loopback;
    memset(long_url + 22, 'a', OUTGOING_URL_BYTES - 23);
    assert_true(outgoing_url_allowed(long_url, &loopback));
    long_url[OUTGOING_URL_BYTES - 1] = 'a';
    assert_false(outgoing_url_allowed(long_url, &loopback));
}

static bool may_go(const char *text, bool loopback)
{
    struct sockaddr_in  four = { .sin_family = AF_INET };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
    if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
        return outgoing_address_allowed((const struct sockaddr *) &four, loopback);
    assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
    return outgoing_address_allowed((const struct sockaddr *) &six, loopback);
}

static void test_addresses(void **state)
{
    (void) state;
    static const char *const others[] = { "192.0.2.1",   "10.1.2.3", "192.168.1.1",
                                          "2001:db8::1", "fd00::1",  "::ffff:192.0.2.1" };
    static const char *const never[] = { "0.0.0.0",       "0.1.2.3",         "169.254.169.254",
                                         "224.0.0.1",     "255.255.255.255", "::",
                                         "fe80::1",       "ff02::1",         "::ffff:169.254.169.254",
                                         "::ffff:0.0.0.0" };
    static const char *const own[] = { "127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1" };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_true(may_go(others[i], false) && may_go(others[i], true));
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (may_go(never[i], false) || may_go(never[i], true))
            fail_msg("%s", never[i]);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        assert_true(!may_go(own[i], false) && may_go(own[i], true));
    assert_false(outgoing_address_allowed(&(struct sockaddr){ .sa_family = AF_UNIX }, true));
}

static void test_pairs(void **state)
{
    (void) state;
    char text[60] = "";
    assert_true(outgoing_add_pair(text, sizeof text, "a", "b c"));
    assert_true(outgoing_add_pair(text, sizeof text, "d", "&=%~"));
    assert_string_equal(text, "a=b%20c&d=%26%3D%25~");
    text[0] = '\0';
    assert_true(outgoing_add_pair(text, 6, "a", "b") && strcmp(text, "a=b") == 0);
    text[0] = '\0';
    assert_false(outgoing_add_pair(text, 5, "a", "b")); /* room for an escape is kept */
    text[0] = '\0';
    assert_false(outgoing_add_pair(text, 5, "long", ""));
}

/* ---- a provider beside ---- */

static char                 url[100];
static FILE                *to_provider;
static pid_t                child;
static char                 folder[] = "/tmp/tocsin-test-XXXXXX";
static struct node_settings settings;

static int begin(void **state)
{
    (void) state;
    int in[2], out[2];
    assert_non_null(mkdtemp(folder));
    assert_true(pipe(in) == 0 && pipe(out) == 0);
    child = fork();
    if (child == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        close(in[1]);
        execlp("python3", "python3", TESTS_ROOT "/support/provider.py", folder, (char *) NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    to_provider = fdopen(in[1], "w");
    FILE *said = fdopen(out[0], "r");
    assert_non_null(said);
    assert_non_null(fgets(url, sizeof url, said));
    url[strcspn(url, "\n")] = '\0';
    fclose(said);
    char path[100];
    snprintf(path, sizeof path, "%s/secret", folder);
    FILE *file = fopen(path, "w");
    assert_true(file != NULL && fputs("quite+secret &more", file) > 0 && fclose(file) == 0);
    assert_int_equal(chmod(path, 0600), 0);
    settings = (struct node_settings) NODE_SETTINGS_INIT;
    snprintf(settings.sign_in_issuer, sizeof settings.sign_in_issuer, "%s", url);
    snprintf(settings.sign_in_secret, sizeof settings.sign_in_secret, "%s", path);
    return 0;
}

static int end(void **state)
{
    (void) state;
    char command[200];
    fclose(to_provider);
    kill(child, SIGTERM);
    waitpid(child, NULL, 0);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    arena_free(&arena);
    fault_list_free(&faults);
    return system(command);
}

static struct outgoing_answer fetch(const char *path, size_t most, int expected)
{
    char                   address[2000];
    struct outgoing_answer answer = { 0 };
    struct outgoing        request = { .url = address, .most = most, .loopback = true };
    snprintf(address, sizeof address, "%s%s", url, path);
    fault_list_free(&faults);
    assert_int_equal(outgoing_fetch(&request, &arena, &answer, &faults), expected);
    return answer;
}

static void test_what_is_fetched(void **state)
{
    (void) state;
    struct outgoing_answer answer = fetch("/counts", 1000, 0);
    assert_int_equal(answer.status, 200);
    size_t size = answer.size;
    assert_true(size >= 2 && answer.body[size] == '\0');
    (void) fetch("/counts", size, 0); /* counts only what is no control: the answer has the same size again */
    (void) fetch("/counts", size - 1, BASE_ERR_SYSTEM);
    assert_string_equal(faults.faults[0].found, "its answer is too large");
    struct outgoing request = { .url = url, .most = 100 }; /* this machine is not meant */
    assert_int_equal(outgoing_fetch(&request, &arena, &answer, &faults), BASE_ERR_SYSTEM);
    assert_int_equal(fetch("/nowhere", 100, 0).status, 404);
    assert_int_equal(fetch("/authorize?state=a&redirect_uri=b", 100, 0).status, 302); /* not followed */
}

/* It names the machine by a name: judged by where that leads. */
static void test_names_of_this_machine(void **state)
{
    (void) state;
    struct outgoing_answer answer;
    struct outgoing        request = { .url = "https://"
                                                     "2130706433:9/",
                                       .most = 100 }; /* 127.0.0.1 */
    fault_list_free(&faults);
    assert_int_equal(outgoing_fetch(&request, &arena, &answer, &faults), BASE_ERR_SYSTEM);
    assert_string_equal(faults.faults[0].found, "its name leads to an address that is not asked");
}

/* ---- times of a sign-in ---- */

#define CALLBACK "http://127.0.0.1:1/sign-in/callback"

static int64_t wall(void)
{
    return (int64_t) time(NULL);
}

/* To the provider at `at`, back `later` seconds after it, by our clock. */
static int sign_in_with(struct provider *provider, int64_t at, int64_t later, struct provider_person *person,
                        struct arena *memory, struct fault_list *said)
{
    struct provider_begun begun;
    char                  text[200], code[200], address[2000];
    int                   ret = provider_begin(provider, CALLBACK, "", at, memory, &begun, said);
    if (ret != 0)
        return ret;
    const char            *query = strchr(begun.url, '?'), *from = strstr(query, "&state=") + 7;
    struct outgoing_answer answer;
    struct outgoing        request = { .url = address, .most = 1000, .loopback = true };
    snprintf(text, sizeof text, "%.*s", (int) strcspn(from, "&"), from);
    snprintf(address, sizeof address, "%s", begun.url);
    ret = outgoing_fetch(&request, memory, &answer, said);
    if (ret != 0)
        return ret;
    snprintf(code, sizeof code, "%s", answer.body);
    const struct provider_return back = {
        .callback = CALLBACK, .secret = begun.secret, .state = text, .code = code, .issuer = url
    };
    fault_list_free(said);
    return provider_finish(provider, &back, at + later, memory, person, said);
}

static int sign_in(struct provider *provider, int64_t at, int64_t later, struct provider_person *person)
{
    fault_list_free(&faults);
    arena_free(&arena);
    return sign_in_with(provider, at, later, person, &arena, &faults);
}

static int counted(const char *path)
{
    const char *text = fetch("/counts", 2000, 0).body, *found = strstr(text, path);
    return found != NULL ? atoi(found + strlen(path) + 3) : 0;
}

static void test_times_of_a_sign_in(void **state)
{
    (void) state;
    struct provider       *provider;
    struct provider_person person;
    assert_ok(provider_new(&settings, &provider, &faults));
    int64_t now = wall();
    assert_ok(sign_in(provider, now, 0, &person));
    assert_string_equal(person.subject, "248289761001");
    /* finished within ten minutes; the token is of the provider's clock, so begin that much earlier */
    assert_ok(sign_in(provider, now - PROVIDER_TIME + 1, PROVIDER_TIME - 1, &person));
    assert_int_equal(sign_in(provider, now - PROVIDER_TIME, PROVIDER_TIME, &person), PROVIDER_ERR_STATE);
    /* begun in the future, which our clock has been in */
    assert_int_equal(sign_in(provider, now, -61, &person), PROVIDER_ERR_STATE);
    /* a restart: another key, so nobody's state */
    provider_free(provider);
}

static void test_how_often_it_is_asked(void **state)
{
    (void) state;
    struct provider       *provider;
    struct provider_person person;
    int64_t                now = wall();
    assert_ok(provider_new(&settings, &provider, &faults));
    int keys = counted("/keys"), described = counted("/.well-known/openid-configuration");
    assert_ok(sign_in(provider, now, 0, &person));
    assert_ok(sign_in(provider, now, 0, &person));
    assert_int_equal(counted("/keys"), keys + 1);
    assert_int_equal(counted("/.well-known/openid-configuration"), described + 1);
    /* a key that is not known yet: asked for again, but not within the minute */
    (void) fetch("/twist?rotate=yes", 100, 0);
    (void) fetch("/twist?alg=ES256", 100, 0);
    (void) fetch("/twist?clock=59", 100, 0);
    assert_int_equal(sign_in(provider, now + PROVIDER_KEYS_AGAIN - 1, 0, &person), PROVIDER_ERR_TOKEN);
    assert_int_equal(counted("/keys"), keys + 1);
    assert_ok(sign_in(provider, now + PROVIDER_KEYS_AGAIN, 0, &person));
    assert_int_equal(counted("/keys"), keys + 2);
    /* an hour later all is read anew */
    (void) fetch("/twist?clock=3659", 100, 0);
    assert_ok(sign_in(provider, now + PROVIDER_KEYS_AGAIN + PROVIDER_FRESH, 0, &person));
    assert_int_equal(counted("/keys"), keys + 3);
    assert_int_equal(counted("/.well-known/openid-configuration"), described + 2);
    (void) fetch("/twist?clock=&alg=", 100, 0);
    provider_free(provider);
}

static void test_while_it_is_down(void **state)
{
    (void) state;
    struct provider       *provider;
    struct provider_person person;
    int64_t                now = wall();
    assert_ok(provider_new(&settings, &provider, &faults));
    int before = counted("/.well-known/openid-configuration");
    (void) fetch("/twist?status=500", 100, 0);
    for (int64_t later = 0; later < PROVIDER_DOWN_TIME; later += PROVIDER_DOWN_TIME - 1)
        assert_int_equal(sign_in(provider, now + later, 0, &person), PROVIDER_ERR_DOWN);
    (void) fetch("/twist?status=", 100, 0);
    assert_int_equal(sign_in(provider, now + PROVIDER_DOWN_TIME - 1, 0, &person), PROVIDER_ERR_DOWN);
    assert_int_equal(counted("/.well-known/openid-configuration"), before + 1);
    assert_ok(sign_in(provider, now + PROVIDER_DOWN_TIME, 0, &person));
    provider_free(provider);
}

/* What it says of itself, and its keys, where they are not what they must be. */
static void test_descriptions(void **state)
{
    (void) state;
    static const struct {
        const char *twist, *name;
    } cases[] = {
        { "issuer=https%3A%2F%2Fother.example", "issuer" },
        { "description=%7B%22token_endpoint%22%3A%22http%3A%2F%2Fevil.example%2F%22%7D", "token_endpoint" },
        { "description=%7B%22jwks_uri%22%3A%22file%3A%2F%2F%2Fetc%2Fpasswd%22%7D", "jwks_uri" },
        { "description=%7B%22jwks_uri%22%3Anull%7D", "jwks_uri" },
        { "description=%7B%22authorization_endpoint%22%3A%22javascript%3Aalert%281%29%22%7D",
          "authorization_endpoint" },
        { "description=%7B%22end_session_endpoint%22%3A%22http%3A%2F%2Fevil.example%2F%22%7D", "end_session_endpoint" },
        { "keys=html", "keys" },
        { "keys=many", "keys" },
        { "keys=none", "keys" },
        { "keys=huge", "provider" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct provider       *provider;
        struct provider_person person;
        char                   path[300];
        assert_ok(provider_new(&settings, &provider, &faults));
        snprintf(path, sizeof path, "/twist?%s", cases[i].twist);
        (void) fetch(path, 100, 0);
        assert_int_equal(sign_in(provider, wall(), 0, &person), PROVIDER_ERR_DOWN);
        assert_string_equal(faults.faults[0].name, cases[i].name);
        (void) fetch("/twist?issuer=&description=&keys=", 100, 0);
        provider_free(provider);
    }
}

enum { THREADS = 4, SIGN_INS = 5 };

static void *sign_in_often(void *context)
{
    uintptr_t good = 0;
    for (int i = 0; i < SIGN_INS; i++) {
        struct arena           memory = ARENA_INIT;
        struct fault_list      said = FAULT_LIST_INIT;
        struct provider_person person;
        int                    ret = sign_in_with(context, wall(), 0, &person, &memory, &said);
        good += ret == 0 && strcmp(person.subject, "248289761001") == 0;
        (void) provider_sign_out(context, CALLBACK, &memory);
        arena_free(&memory);
        fault_list_free(&said);
    }
    return (void *) good;
}

static void test_many_at_once(void **state)
{
    (void) state;
    struct provider *provider;
    pthread_t        threads[THREADS];
    void            *good;
    assert_ok(provider_new(&settings, &provider, &faults));
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sign_in_often, provider), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &good);
        assert_int_equal((uintptr_t) good, SIGN_INS);
    }
    provider_free(provider);
}

/* Its answer does not come: given up in time. */
static void test_it_is_slow(void **state)
{
    (void) state;
    struct provider      *provider;
    struct provider_begun begun;
    struct timespec       from, to;
    assert_ok(provider_new(&settings, &provider, &faults));
    (void) fetch("/twist?slow=20", 100, 0);
    clock_gettime(CLOCK_MONOTONIC, &from);
    assert_int_equal(provider_begin(provider, CALLBACK, "", wall(), &arena, &begun, &faults), PROVIDER_ERR_DOWN);
    clock_gettime(CLOCK_MONOTONIC, &to);
    assert_in_range(to.tv_sec - from.tv_sec, OUTGOING_WHOLE_MS / 1000 - 1, OUTGOING_WHOLE_MS / 1000 + 4);
    (void) fetch("/twist?slow=", 100, 0);
    provider_free(provider);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_pairs),
        cmocka_unit_test(test_what_is_fetched),
        cmocka_unit_test(test_names_of_this_machine),
        cmocka_unit_test(test_times_of_a_sign_in),
        cmocka_unit_test(test_how_often_it_is_asked),
        cmocka_unit_test(test_while_it_is_down),
        cmocka_unit_test(test_descriptions),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_it_is_slow),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
