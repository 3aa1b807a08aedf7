/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/sink.h"
#include "cli/cmd.h"
#include "cli/cmd_job.h"
#include "cli/cmd_report.h"
#include "cli/cmd_user.h"
#include "cli/cmd_watch.h"
#include "cli/command.h"
#include "cli/forward.h"
#include "cli/node_options.h"
#include "cli/parse.h"
#include "response/account.h"
#include "server/listen.h"
#include "server/openapi.h"
#include "server/route.h"
#include "server/server.h"

/* While it waits for another writer to end it tries again so often; and it looks so often whether its own has. */
enum { WAIT_SECONDS = 1, LATE_SECONDS = 60 };

struct settings {
    struct node_cli_settings node;
    const char              *listen, *public_url, *trusted_proxy;
    long                     workers, stop_seconds;
    bool                     demo, quiet, routes, openapi;
};

static const struct cli_option serve_options[] = {
    { .name = "listen",
      .letter = 'l',
      .value = "PLACE",
      .initial = "listen of tocsin.conf, else 127.0.0.1:8420",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, listen),
      .meaning = "Where to listen: ADDRESS:PORT ([::1]:8420 for IPv6; port 0 is any) or unix:PATH." },
    { .name = "public-url",
      .value = "URL",
      .initial = "public_url of tocsin.conf",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, public_url),
      .meaning =
          "The address by which people reach it: https://tocsin.county.example, say. Requests for other hosts are "
          "refused. Needed where "
          "it does not listen on loopback." },
    { .name = "trusted-proxy",
      .value = "ADDRESS",
      .initial = "trusted_proxy of tocsin.conf",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, trusted_proxy),
      .meaning = "Whose X-Forwarded-For is believed. Whoever comes by a unix socket is believed anyway." },
    { .name = "workers",
      .value = "N",
      .initial = "workers of tocsin.conf, else 4",
      .kind = CLI_WHOLE,
      .low = 1,
      .high = 64,
      .offset = offsetof(struct settings, workers),
      .meaning = "Threads that answer." },
    { .name = "stop-seconds",
      .value = "N",
      .initial = "10",
      .kind = CLI_WHOLE,
      .low = 0,
      .high = 600,
      .offset = offsetof(struct settings, stop_seconds),
      .meaning = "When it is told to end: so long it waits for clients to send the rest and to take their answers." },
    { .name = "demo",
      .kind = CLI_FLAG,
      .offset = offsetof(struct settings, demo),
      .meaning = "The data are invented: every page says so, and only loopback is served." },
    { .name = "quiet",
      .letter = 'q',
      .kind = CLI_FLAG,
      .offset = offsetof(struct settings, quiet),
      .meaning = "No log of requests." },
    { .name = "routes",
      .kind = CLI_FLAG,
      .offset = offsetof(struct settings, routes),
      .meaning = "Print what it would answer, a line a route, and end." },
    { .name = "openapi",
      .kind = CLI_FLAG,
      .offset = offsetof(struct settings, openapi),
      .meaning = "Print /openapi.json, without the codes of a node's lists, and end." },
};

static const struct cli_group groups[] = {
    { .title = "Serve", .options = serve_options, .num_options = sizeof serve_options / sizeof *serve_options },
    { .title = "Node", .options = node_options, .num_options = 1, .offset = offsetof(struct settings, node) },
};

static const char *access_word(enum route_access access)
{
    switch (access) {
    case ROUTE_ANYBODY: return "anybody";
    case ROUTE_SIGNED_IN: return "signed in";
    case ROUTE_PERSON: return "a person";
    case ROUTE_OWN_ACCOUNT: return "about oneself";
    case ROUTE_SECOND_FACTOR: return "second factor";
    case ROUTE_MACHINE: return "a machine";
    case ROUTE_METRICS: return "this machine";
    }
    return "";
}

static int print_routes(const struct cli_command *command)
{
    size_t              num;
    const struct route *all = routes(&num);
    for (size_t i = 0; i < num; i++)
        printf("%-6s  %-13s  %-48s  %s\n", http_method_word(all[i].method), access_word(all[i].access), all[i].path,
               all[i].summary_en);
    return cli_finish_stdout(command, CLI_DONE);
}

static int print_openapi(const struct cli_command *command)
{
    struct sink sink;
    sink_init_memory(&sink);
    openapi_write(&sink, NULL);
    fwrite(sink.bytes, 1, sink.used, stdout);
    int exit_code = cli_finish_stdout(command, CLI_DONE);
    sink_free(&sink);
    return exit_code;
}

/* Wait for a signal to end. Returns whether it came. */
static bool told_to_end(const sigset_t *ends, int seconds)
{
    return sigtimedwait(ends, NULL, &(struct timespec){ .tv_sec = seconds }) > 0;
}

/* Open the node; where another process writes, wait until it has ended and take over. Returns an exit code, or -1 when
 * the node is open. */
static int open_node(const struct cli_command *command, const struct settings *settings, const sigset_t *ends,
                     struct node *node)
{
    char                host[100] = "", holder[180];
    struct node_options options = { .directory = settings->node.directory, .program = node_program(), .stays = true };
    gethostname(host, sizeof host - 1);
    snprintf(holder, sizeof holder, "tocsin serve on %s, process %ld", host, (long) getpid());
    options.holder = holder;
    for (bool said = false;; said = true) {
        struct fault_list faults = FAULT_LIST_INIT;
        int               status = node_open(&options, node, &faults);
        if (status == 0)
            return -1;
        if (status != DB_ERR_BUSY)
            return node_complain(command, status, &faults);
        fault_list_free(&faults);
        if (!said)
            cli_complain(command, CLI_DONE, "another process writes to this node; waiting for it to end");
        if (told_to_end(ends, WAIT_SECONDS))
            return CLI_DONE;
    }
}

/* Nobody has an account yet: a link of one use makes the first administrator. To the terminal, or into a file that its
 * owner alone can read: never into a log. */
static void tell_set_up(const struct cli_command *command, const char *directory, struct node *node,
                        struct server *server)
{
    struct arena           arena = ARENA_INIT;
    struct account_call    call = { .now = instant_now(), .arena = &arena };
    const struct access    who = { .user = node->settings.operator_id, .role = ACCESS_PROGRAM };
    static const struct id nobody;
    char                   text[LINK_TEXT], path[4200];
    int status = accounts_make_link(server_accounts(server), &call, &who, ACCOUNT_LINK_SET_UP, &nobody, text);
    arena_free(&arena);
    if (status != 0) {
        cli_complain(command, CLI_DONE, "no set-up link: %s", node_status_text(status));
        return;
    }
    if (isatty(STDOUT_FILENO) == 1) {
        printf("Nobody has an account yet. Within 15 minutes, make the first administrator at\n    %s/set-up?link=%s\n",
               server_url(server), text);
        return;
    }
    snprintf(path, sizeof path, "%s/set-up-link", directory);
    unlink(path);
    int  fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool written = fd >= 0 && dprintf(fd, "%s/set-up?link=%s\n", server_url(server), text) > 0;
    if (fd >= 0)
        close(fd);
    if (written)
        printf("Nobody has an account yet: the link in %s makes the first administrator within 15 minutes\n", path);
    else
        cli_complain(command, CLI_DONE, "%s cannot be written", path);
}

/* What the operator's commands work with here. */
struct at_work {
    struct cmd_user_node users;
    struct server       *server;
};

/* A forward_run: what the operator asks of a node that is at work. */
static int forwarded(void *context, int num, char **words, FILE *input, FILE *out, FILE *messages)
{
    struct at_work *at_work = context;
    if (strcmp(words[0], cli_command_watch.name) == 0)
        return cmd_watch_forwarded(at_work->users.node, num, words, out, messages);
    if (strcmp(words[0], cli_command_report.name) == 0)
        return cmd_report_forwarded(at_work->users.node, num, words, out, messages);
    if (strcmp(words[0], cli_command_job.name) != 0)
        return cmd_user_forwarded(&at_work->users, num, words, input, out, messages);
    int exit_code = cmd_job_forwarded(at_work->users.node, num, words, out, messages);
    server_wake_jobs(at_work->server);
    return exit_code;
}

/* Serve until a signal says to end (CLI_DONE) or the writer has stopped for good (CLI_MACHINE: whoever watches over the
 * process starts it again). */
static int serve(const struct cli_command *command, const struct settings *settings, const sigset_t *ends,
                 struct node *node, const struct code_tables *tables)
{
    struct fault_list           faults = FAULT_LIST_INIT;
    struct store_state          state;
    struct server              *server;
    struct forward             *forward = NULL;
    const struct node_settings *own = &node->settings;
    char                        results[4200], call_key[4200], public_lot[4200];
    struct server_options       options = { .node = node,
                                            .quiet = settings->quiet,
                                            .program = node_program(),
                                            .tables = tables,
                                            .mllp = node->settings.mllp,
                                            .num_mllp = node->settings.num_mllp };
    snprintf(results, sizeof results, "%s/results", settings->node.directory);
    options.results = results;
    snprintf(call_key, sizeof call_key, "%s/call-key", settings->node.directory);
    options.call_key = call_key;
    snprintf(public_lot, sizeof public_lot, "%s/public-lot", settings->node.directory);
    options.public_lot = public_lot;
    options.listen = settings->listen != NULL ? settings->listen : own->listen;
    options.public_url = settings->public_url != NULL ? settings->public_url
                         : *own->public_url           ? own->public_url
                                                      : NULL;
    options.trusted_proxy = settings->trusted_proxy != NULL ? settings->trusted_proxy : own->trusted_proxy;
    options.workers = (unsigned) (settings->workers != 0 ? settings->workers : own->workers);
    options.demo = settings->demo || own->demo;
    int status = server_start(&options, &server, &faults);
    if (status != 0)
        return node_complain(command, status, &faults);
    struct at_work served = { .users = { .node = node, .accounts = server_accounts(server) }, .server = server };
    if (forward_listen(settings->node.directory, forwarded, &served, &forward) != 0)
        cli_complain(command, CLI_DONE,
                     "'tocsin user', 'job' and 'watch' cannot reach this server: no socket in the node's directory");
    printf("Tocsin serves at %s\n", server_url(server));
    for (size_t i = 0; server_mllp_place(server, i) != NULL; i++)
        printf("HL7 v2 over MLLP at %s\n", server_mllp_place(server, i));
    if (accounts_set_up_due(server_accounts(server)))
        tell_set_up(command, settings->node.directory, node, server);
    fflush(stdout);
    int  exit_code = CLI_DONE;
    bool late = false;
    while (!told_to_end(ends, WAIT_SECONDS)) {
        store_watch(node->store, &state);
        if (!late && state.counts_late > LATE_SECONDS)
            cli_complain(command, CLI_DONE, "counts have not been added to their rows for %.0f seconds: %s",
                         state.counts_late, "see what else writes to this database, and how full its disk is");
        late = state.counts_late > LATE_SECONDS;
        if (state.stopped) {
            exit_code = cli_complain(command, CLI_MACHINE, "the writer has stopped: %s", "check the node, start again");
            break;
        }
    }
    forward_stop(forward);
    server_stop(server, (unsigned) settings->stop_seconds);
    fault_list_free(&faults);
    return exit_code;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings     settings = { .node = NODE_CLI_SETTINGS_INIT, .stop_seconds = 10 };
    struct code_tables *tables = NULL;
    struct node         node;
    sigset_t            ends;
    int                 first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    if (first < argc)
        return cli_complain(command, CLI_USE, "no operand is wanted; found '%s'", argv[first]);
    if (settings.routes)
        return print_routes(command);
    if (settings.openapi)
        return print_openapi(command);
    node_warn_of_clock(command);
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    pthread_sigmask(SIG_BLOCK, &ends, NULL); /* before there are threads: all of them inherit it */
    exit_code = open_node(command, &settings, &ends, &node);
    if (exit_code >= 0)
        return exit_code;
    exit_code = parse_load_tables(command, *node.settings.codes ? node.settings.codes : NULL, &tables);
    if (exit_code == CLI_DONE)
        exit_code = serve(command, &settings, &ends, &node, tables);
    node_close(&node);
    code_tables_free(tables);
    return exit_code;
}

static const char *const        usage[] = { "[OPTION]...", NULL };
static const struct cli_example examples[] = {
    { "tocsin serve --node /var/lib/tocsin", "on 127.0.0.1:8420, for this machine alone" },
    { "tocsin serve --node /var/lib/tocsin --listen unix:/run/tocsin/http --public-url https://tocsin.county.example",
      "behind nginx, which brings TLS (packaging/nginx)" },
    { "tocsin serve --routes", "what it answers" },
    { NULL, NULL },
};

const struct cli_command cli_command_serve = {
    .name = "serve",
    .summary = "serve a node to browsers and programs",
    .usage = usage,
    .text =
        "Serves the records of a node over HTTP: the API, live events, /healthz, /metrics. What is not given here is "
        "read from the node's tocsin.conf, whose keys have the same names (listen, public_url, trusted_proxy, workers, "
        "demo).\n\n"
        "It listens on loopback unless told otherwise; TLS and HTTP/2 are brought by nginx in front of it. One process "
        "writes to a node: a second one waits, and takes over within seconds when the first has ended, however it "
        "ended. SIGTERM or SIGINT: no new connections, what was begun is answered, live streams are told to come "
        "back.\n\n"
        "The log goes to standard error, a JSON object a line, without anything of a person. docs/server.md tells "
        "more.",
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
