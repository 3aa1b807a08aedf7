/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a request costs the server, beside the store's own call, and 5,000 streams of live events.
 *
 *     bench_server requests [CASES [SOCKET HOST]]
 *                                            read one, list 50, create: processor time a request, on a unix socket as
 *                                            behind nginx, or on a port
 *     bench_server live [STREAMS [SECONDS]]  one event a second to each
 *     bench_server live STREAMS SECONDS SOCKET PORT HOST
 *                                            the server on a unix socket, the streams through what listens on PORT;
 *                                            prints "ready" and waits for a line before they connect
 *
 * The server is this process, on SQLite in memory-backed or real /tmp; clients are another. Requests come from a
 * program's session of an epidemiologist, looked up as the server always does; streams from sessions that are given.
 * Prints rows for ./dev show, see bench/server.py.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/instant.h"
#include "client.h"
#include "model/records.h"
#include "response/account.h"
#include "store/list.h"
#include "support/server.h"
#include "support/test.h"

enum { CONNECTIONS = 8, ROUNDS = 7, READS = 10000, LISTS = 1000, CREATES = 4000 };

static struct test_server    test;
static struct people_sample *samples;
static struct access         who;
static struct caller         caller;
static char                  bearer[SESSION_TEXT]; /* the session's secret */
static char                  place[200];           /* where clients find the server, see client.h */
static const char           *way;                  /* there, in words */

static double cpu(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void row(const char *measure, const char *bar, const char *measured, bool holds)
{
    printf("row\t%s\t%s\t%s\t%s\n", measure, bar, measured, holds ? "yes" : "no");
    fflush(stdout);
}

/* ---- requests ---- */

static const char *program;

/* Let clients send what the file holds; the processor time of this process a request, in microseconds. */
static double serve(const char *file, int num, char *spread, size_t size)
{
    char   command[600], line[200] = "";
    double before = cpu();
    snprintf(command, sizeof command, "%s client %s %d %d %s", program, place, CONNECTIONS, num, file);
    FILE *client = popen(command, "re");
    if (client == NULL || fgets(line, sizeof line, client) == NULL || pclose(client) != 0)
        exit(1);
    int    answers = 0, good = 0;
    double seconds = 0, p50 = 0, p99 = 0;
    if (sscanf(line, "%d %d %lf %lf %lf", &answers, &good, &seconds, &p50, &p99) != 5 || answers != num ||
        good != num) {
        fprintf(stderr, "%d answers, %d good, of %d\n", answers, good, num);
        exit(1);
    }
    snprintf(spread, size, "%.0f a second, p50 %.2f ms, p99 %.2f ms", num / seconds, p50 / 1e3, p99 / 1e3);
    return (cpu() - before) * 1e6 / num;
}

static char *request_file(void)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/requests", test.store.folder);
    return path;
}

static void write_requests(const char *line, const char *tail, int num, const char *body)
{
    FILE *file = fopen(request_file(), "we");
    for (int i = 0; i < num; i++) {
        char id[ID_TEXT_BYTES], text[700] = "", length[160] = "";
        id_to_text(body != NULL ? &samples[i].person.head.id : &samples[i].illness.head.id, id);
        if (body != NULL) {
            char area[ID_TEXT_BYTES];
            id_to_text(&samples[i].illness.responsible_area, area);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
            snprintf(text, sizeof text, body, id, area);
#pragma GCC diagnostic pop
            snprintf(length, sizeof length,
                     "Idempotency-Key: %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n", id,
                     strlen(text));
        }
        fprintf(file, "%s%s%s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n%s\r\n%s", line,
                body == NULL && tail == NULL ? id : "", tail != NULL ? tail : "", test.host, bearer, length, text);
        fputc('\0', file);
    }
    fclose(file);
}

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

/* An epidemiologist of everywhere, and their session. */
static void sign_in(void)
{
    struct arena          arena = ARENA_INIT;
    struct accounts      *accounts = server_accounts(test.server);
    struct account_call   call = { .reader = test.store.reader, .now = instant_now(), .arena = &arena };
    struct account_signed made;
    struct model_user     user;
    struct model_grant    grant;
    struct store_change   changes[] = {
          { .verb = STORE_CREATE, .record = model_record(MODEL_USER), .value = &user },
          { .verb = STORE_CREATE, .record = model_record(MODEL_GRANT), .value = &grant },
    };
    struct store_request request = { .verb = "create", .set = { changes, 2 } };
    char                 link[LINK_TEXT];
    model_init(changes[0].record, &user);
    model_init(changes[1].record, &grant);
    user.head.id = node_new_id(call.now);
    user.login = text("dolma");
    grant.head.id = node_new_id(call.now);
    grant.user = user.head.id;
    grant.role = text(access_role_word(ACCESS_EPIDEMIOLOGIST));
    grant.starts = call.now - INSTANT_DAY;
    grant.everywhere = 1;
    assert_ok(store_submit(test.store.store, &who, &request, NULL, NULL));
    assert_ok(accounts_make_link(accounts, &call, &who, ACCOUNT_LINK_INVITE, &user.head.id, link));
    const struct account_use use = { .link = link, .password = "the kettle sings at dawn", .program = true };
    assert_ok(accounts_use_link(accounts, &call, &use, &made));
    memcpy(bearer, made.secret, sizeof bearer);
    arena_free(&arena);
}

static double read_itself(int num, int cases)
{
    double before = cpu();
    for (int i = 0; i < num; i++) {
        struct arena      arena = ARENA_INIT;
        struct model_case illness;
        struct model_set  visible;
        assert_ok(store_read(test.store.reader, &who, model_record(MODEL_CASE), &samples[i % cases].illness.head.id,
                             STORE_NOW, &arena, &illness, &visible));
        arena_free(&arena);
    }
    return (cpu() - before) * 1e6 / num;
}

static double list_itself(int num)
{
    double before = cpu();
    for (int i = 0; i < num; i++) {
        struct arena      arena = ARENA_INIT;
        struct list_page  page;
        struct fault_list faults = FAULT_LIST_INIT;
        struct list_query query = { .view = view_find("cases", 5) };
        assert_ok(store_list(test.store.reader, &who, &query, &arena, &page, &faults));
        arena_free(&arena);
    }
    return (cpu() - before) * 1e6 / num;
}

struct creating {
    pthread_t thread;
    int       first, num;
};

static void *create_some(void *context)
{
    struct creating *creating = context;
    for (int i = creating->first; i < creating->first + creating->num; i++) {
        struct model_case    illness = { .head = { .id = samples[i].illness.head.id } };
        struct store_change  change = { .verb = STORE_CREATE, .record = model_record(MODEL_CASE), .value = &illness };
        struct fault_list    faults = FAULT_LIST_INIT;
        struct store_receipt receipt;
        illness = samples[i].illness;
        illness.head.id.bytes[15] ^= 0x55;
        illness.episode = 50;
        struct store_request request = { .verb = "create", .set = { &change, 1 } };
        assert_ok(store_submit(test.store.store, &who, &request, &receipt, &faults));
    }
    return NULL;
}

/* As many at once as the clients have connections. */
static double create_itself(int num)
{
    struct creating creating[CONNECTIONS] = { 0 };
    double          before = cpu();
    for (int i = 0; i < CONNECTIONS; i++) {
        creating[i].first = i * (num / CONNECTIONS);
        creating[i].num = num / CONNECTIONS;
        pthread_create(&creating[i].thread, NULL, create_some, &creating[i]);
    }
    for (int i = 0; i < CONNECTIONS; i++)
        pthread_join(creating[i].thread, NULL);
    return (cpu() - before) * 1e6 / num;
}

/* Of rounds in which requests and the store's own call took turns, the median of each: the machine has other guests. */
static void tell(const char *what, double bar, double *served, double *itself, int rounds, const char *spread)
{
    char measure[100], wanted[40], measured[300];
    qsort(served, (size_t) rounds, sizeof *served, client_by_size);
    qsort(itself, (size_t) rounds, sizeof *itself, client_by_size);
    double median = served[rounds / 2], own = itself[rounds / 2];
    int    used = snprintf(measured, sizeof measured, "%.1f us", median);
    if (rounds > 1)
        used += snprintf(measured + used, sizeof measured - (size_t) used, " (median of %d, %.1f to %.1f)", rounds,
                         served[0], served[rounds - 1]);
    snprintf(measured + used, sizeof measured - (size_t) used, ", %.2f x the store's own call (%.1f us); %s",
             median / own, own, spread);
    snprintf(measure, sizeof measure, "CPU a request, %s: %s", way, what);
    snprintf(wanted, sizeof wanted, "<= %.0f us", bar);
    row(measure, wanted, measured, median <= bar);
}

static void requests(int cases)
{
    char   spread[120];
    double served[ROUNDS], itself[ROUNDS];
    samples = calloc((size_t) cases, sizeof *samples);
    for (int i = 0; i < cases; i++)
        assert_ok(test_person_create(&test.store, &samples[i]));
    write_requests("GET /api/v1/cases/", NULL, cases, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        itself[i] = read_itself(READS / 4, cases);
        served[i] = serve(request_file(), READS, spread, sizeof spread);
    }
    tell("read one", 40, served, itself, ROUNDS, spread);
    write_requests("GET /api/v1/cases", "", 1, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        itself[i] = list_itself(LISTS / 4);
        served[i] = serve(request_file(), LISTS, spread, sizeof spread);
    }
    tell("list 50", 400, served, itself, ROUNDS, spread);
    itself[0] = create_itself(cases / CONNECTIONS * CONNECTIONS);
    write_requests("POST /api/v1/cases", "", cases,
                   "{\"person\":\"%s\",\"disease\":\"measles\",\"episode\":60,\"classification\":\"suspected\","
                   "\"responsible_area\":\"%s\",\"received_date\":\"2026-11-20\"}");
    served[0] = serve(request_file(), cases, spread, sizeof spread);
    tell("create", 500, served, itself, 1, spread);
}

/* ---- streams ---- */

static void live(int streams, int seconds, const char *port, const char *host, const char *through)
{
    char count[20], line[200] = "", measure[200], measured[200];
    int  to_client[2], from_client[2];
    if (pipe(to_client) != 0 || pipe(from_client) != 0)
        exit(1);
    snprintf(count, sizeof count, "%d", streams);
    pid_t child = fork();
    if (child == 0) {
        dup2(to_client[0], STDIN_FILENO);
        dup2(from_client[1], STDOUT_FILENO);
        for (int fd = STDERR_FILENO + 1; fd < 100; fd++)
            close(fd);
        execl(program, program, "streams", port, count, host, (char *) NULL);
        _exit(127);
    }
    close(to_client[0]);
    close(from_client[1]);
    FILE *said = fdopen(from_client[0], "re");
    if (said == NULL || fgets(line, sizeof line, said) == NULL || strcmp(line, "open\n") != 0) {
        fprintf(stderr, "streams: %s", line);
        exit(1);
    }
    sleep(1);
    double          before = cpu();
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < seconds; i++) {
        struct model_person  person = { .head = { .id = samples[i].person.head.id } };
        struct store_change  change = { .verb = STORE_CHANGE, .record = model_record(MODEL_PERSON), .value = &person };
        struct fault_list    faults = FAULT_LIST_INIT;
        struct store_receipt receipt;
        struct store_request request = { .verb = "change", .set = { &change, 1 } };
        person.birth_year = 1900 + i;
        model_set_add(&change.given,
                      (size_t) (model_field_find(change.record, "birth_year", 10) - change.record->fields));
        assert_ok(store_submit(test.store.store, &who, &request, &receipt, &faults));
        sleep(1);
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    double took = (double) (end.tv_sec - begin.tv_sec) + (double) (end.tv_nsec - begin.tv_nsec) / 1e9;
    double share = (cpu() - before) / took * 100;
    close(to_client[1]);
    size_t all = 0, fewest = 0, most = 0;
    if (fgets(line, sizeof line, said) == NULL || sscanf(line, "events %zu %zu %zu", &all, &fewest, &most) != 3)
        exit(1);
    waitpid(child, NULL, 0);
    size_t expected = (size_t) streams * (size_t) seconds;
    snprintf(measure, sizeof measure, "live events, %d clients, one a second, %s", streams, through);
    snprintf(measured, sizeof measured, "%zu lost of %zu, %.1f %% of a core", expected > all ? expected - all : 0,
             expected, share);
    row(measure, "none lost, <= 10 % of a core", measured, all == expected && fewest == most && share <= 10);
}

/* On a unix socket, as nginx reaches it, whatever its clients connect to. */
static void listen_on_socket(struct server_options *options, const char *path, const char *host)
{
    static char address[200], url[200];
    snprintf(address, sizeof address, "unix:%s", path);
    snprintf(url, sizeof url, "https://%s", host);
    options->listen = address;
    options->public_url = url;
}

static void start(const struct server_options *options)
{
    test_server_start(&test, options);
    who = test_program();
    who.purpose = ACCESS_NO_PURPOSE;
    caller = test_caller_person(&who);
}

static int measure_requests(int argc, char **argv)
{
    struct server_options options = { .quiet = true };
    bool                  on_socket = argc == 5;
    if (on_socket)
        listen_on_socket(&options, argv[3], argv[4]);
    start(&options);
    test_exchange_own_sessions(false);
    way = on_socket ? "from nginx's socket" : "over TCP";
    if (on_socket)
        snprintf(place, sizeof place, "%s", argv[3]);
    else
        snprintf(place, sizeof place, "%u", test.port);
    sign_in();
    requests(argc > 2 ? atoi(argv[2]) : CREATES);
    test_server_stop(&test);
    return 0;
}

static int measure_live(int argc, char **argv)
{
    struct server_options options = { .quiet = true, .max_per_peer = 20000 };
    bool                  through_nginx = argc == 7;
    char                  port[20], line[10];
    int                   streams = argc > 2 ? atoi(argv[2]) : 5000, seconds = argc > 3 ? atoi(argv[3]) : 10;
    if (through_nginx)
        listen_on_socket(&options, argv[4], argv[6]);
    start(&options);
    test_exchange_as(&caller);
    test_exchange_own_sessions(true);
    samples = calloc((size_t) seconds, sizeof *samples);
    for (int i = 0; i < seconds; i++)
        assert_ok(test_person_create(&test.store, &samples[i]));
    if (through_nginx && (puts("ready") < 0 || fflush(stdout) != 0 || fgets(line, sizeof line, stdin) == NULL))
        return 1;
    snprintf(port, sizeof port, "%u", test.port);
    if (through_nginx)
        live(streams, seconds, argv[5], argv[6], "through nginx");
    else
        live(streams, seconds, port, test.host, "direct");
    test_server_stop(&test);
    return 0;
}

int main(int argc, char **argv)
{
    program = argv[0];
    if (argc == 6 && strcmp(argv[1], "client") == 0)
        return client_requests(argv[2], atoi(argv[3]), atoi(argv[4]), argv[5]);
    if (argc == 5 && strcmp(argv[1], "streams") == 0)
        return client_streams(argv[2], atoi(argv[3]), argv[4]);
    if (argc < 2)
        return 2;
    return strcmp(argv[1], "live") == 0 ? measure_live(argc, argv) : measure_requests(argc, argv);
}
