/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "base/instant.h"
#include "cli/cmd.h"
#include "cli/cmd_job.h"
#include "cli/command.h"
#include "cli/forward.h"
#include "cli/node_options.h"
#include "model/records.h"
#include "response/job.h"
#include "server/job_plan.h"
#include "server/jobs.h"
#include "store/account.h"
#include "store/job.h"

struct settings {
    struct node_cli_settings node;
    const char              *login;
    int                      role; /* 0 = none */
};

#define ROLE(name, word) word,
static const char *const role_words[] = { "none", ACCESS_ROLES(ROLE) NULL };
#undef ROLE

static const struct cli_option job_options[] = {
    { .name = "user",
      .value = "LOGIN",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, login),
      .meaning = "start: for whom: the job runs under their grants, and its file is theirs alone." },
    { .name = "role",
      .value = "ROLE",
      .initial = "none",
      .kind = CLI_CHOICE,
      .words = role_words,
      .offset = offsetof(struct settings, role),
      .meaning = "start: in which of their roles." },
};

static const struct cli_group groups[] = {
    { .title = "Job", .options = job_options, .num_options = sizeof job_options / sizeof *job_options },
    { .title = "Node", .options = node_options, .num_options = 1, .offset = offsetof(struct settings, node) },
};

/* What every verb works with. */
struct work {
    const struct cli_command *command;
    const struct settings    *settings;
    struct node              *node;
    struct access             who;
    struct store_reader      *reader;
    struct arena              arena;
    struct fault_list         faults;
    int64_t                   now;
};

static int fail(struct work *work, int status)
{
    if (status == STORE_ERR_ABSENT)
        return cli_complain(work->command, CLI_INPUT, "there is no such job, or no such user");
    return node_complain(work->command, status, &work->faults);
}

/* Rows of jobs are the program's to write, for whoever asks. */
static struct access program_for(const struct id *user)
{
    return (struct access){ .user = *user, .role = ACCESS_PROGRAM, .everywhere = true };
}

static void print_job(const struct model_job *job)
{
    char id[ID_TEXT_BYTES];
    id_to_text(&job->head.id, id);
    fprintf(cli_out(), "%s  %-10.*s  %3.0f %%  %.*s\n", id, (int) job->status.size, job->status.bytes,
            job->progress >= 0 ? 100 * job->progress : 0, (int) job->kind.size, job->kind.bytes);
}

static int list(struct work *work, const char *operand)
{
    struct model_job *jobs = arena_array(&work->arena, JOB_MOST_LISTED, sizeof *jobs);
    size_t            num = 0;
    (void) operand;
    int status = jobs == NULL ? TOC_ERR_NO_MEMORY
                              : job_list(work->reader, &work->who, NULL, &work->arena, jobs, JOB_MOST_LISTED, &num);
    for (size_t i = 0; status == 0 && i < num; i++)
        print_job(&jobs[i]);
    return status == 0 ? CLI_DONE : fail(work, status);
}

static int read_id(struct work *work, const char *text, struct id *id)
{
    return id_from_text(text, strlen(text), id) == 0
               ? CLI_DONE
               : cli_complain(work->command, CLI_USE, "%s: not the id of a job", text);
}

static void print_instant(const char *what, int64_t instant)
{
    char text[INSTANT_TEXT_BYTES];
    if (instant != MODEL_MISSING_INTEGER && instant_to_text(instant, text) > 0)
        fprintf(cli_out(), "%s %s\n", what, text);
}

static int show(struct work *work, const char *operand)
{
    struct model_job job;
    struct id        id;
    char             user[ID_TEXT_BYTES];
    int              exit_code = read_id(work, operand, &id);
    if (exit_code != CLI_DONE)
        return exit_code;
    int status = job_read(work->reader, &work->who, &id, &work->arena, &job);
    if (status != 0)
        return fail(work, status);
    print_job(&job);
    id_to_text(&job.requested_by, user);
    fprintf(cli_out(), "requested by %s\nparameters %.*s\n", user, (int) job.parameters.size,
            job.parameters.bytes != NULL ? job.parameters.bytes : "");
    print_instant("asked for", job.head.created);
    print_instant("started", job.started);
    print_instant("ended", job.ended);
    if (job.failure.bytes != NULL)
        fprintf(cli_out(), "failed: %.*s\n", (int) job.failure.size, job.failure.bytes);
    return CLI_DONE;
}

static int cancel(struct work *work, const char *operand)
{
    struct job_cancelling cancelling = { .who = work->who, .now = work->now };
    struct access         program = program_for(&work->who.user);
    struct store_request  request = { .verb = "cancel a job", .decide = job_decide_cancel, .context = &cancelling };
    int                   exit_code = read_id(work, operand, &cancelling.id);
    if (exit_code != CLI_DONE)
        return exit_code;
    int status = store_submit(work->node->store, &program, &request, NULL, &work->faults);
    return status == 0 ? CLI_DONE : fail(work, status);
}

/* ---- start ---- */

/* What the operand asks for, which the user may ask now; the parameters of its row. */
static int read_plan(struct work *work, const char *text, const struct id *user, struct job_plan *plan,
                     struct sink *parameters)
{
    enum access_role role = (enum access_role) work->settings->role;
    struct access    access = { .role = ACCESS_NO_ROLE };
    int64_t          total, open = 0;
    json_t          *json = strlen(text) > JOB_MOST_PARAMETERS ? NULL : json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    int              status = 0;
    if (json == NULL) {
        fault_add(&work->faults, (struct fault_place){ .name = "/" }, "JSON of at most 1,000 bytes", "something else");
        return BASE_ERR_INPUT;
    }
    status = job_plan_read(json, NULL, plan, &work->faults);
    json_decref(json);
    if (status == 0)
        status = job_access(work->reader, user, role, work->now, &work->arena, &access);
    if (status == 0)
        status = job_plan_check(plan, &access, work->reader, &total, &work->faults);
    if (status == 0)
        status = job_count_open(work->reader, user, &open);
    if (status == 0 && open >= JOBS_PER_USER) {
        fault_add(&work->faults, (struct fault_place){ .name = "/" }, "at most 10 of a user that wait or run",
                  "as many as may wait");
        status = BASE_ERR_INPUT;
    }
    if (status == 0)
        job_plan_write(plan, role, parameters);
    sink_character(parameters, '\0');
    return status != 0 ? status : parameters->failure != 0 ? TOC_ERR_NO_MEMORY : 0;
}

static int start(struct work *work, const char *operand)
{
    struct account_user  user;
    struct job_plan      plan = { .role = ACCESS_NO_ROLE };
    struct job_change    change;
    struct store_receipt receipt;
    struct sink          parameters;
    char                 text[ID_TEXT_BYTES];
    struct store_request request = { .verb = "ask for a job", .set = { &change.change, 1 } };
    if (work->settings->login == NULL || work->settings->role == ACCESS_NO_ROLE)
        return cli_complain(work->command, CLI_USE, "start: --user and --role are wanted");
    sink_init_memory(&parameters);
    int status = account_user_by_login(work->reader, work->settings->login, &user);
    if (status == 0)
        status = read_plan(work, operand, &user.id, &plan, &parameters);
    if (status == 0) {
        struct id     id = node_new_id(work->now);
        struct access program = program_for(&user.id);
        job_ask(&id, &user.id, job_plan_kind(&plan), parameters.bytes, work->now, &change);
        status = store_submit(work->node->store, &program, &request, &receipt, &work->faults);
    }
    job_plan_free(&plan);
    sink_free(&parameters);
    if (status != 0)
        return fail(work, status);
    id_to_text(&receipt.created, text);
    fprintf(cli_out(), "%s\n", text);
    return CLI_DONE;
}

/* ---- the command ---- */

static const struct {
    const char *name;
    int (*run)(struct work *work, const char *operand);
    int num_operands;
} verbs[] = { { "list", list, 0 }, { "show", show, 1 }, { "cancel", cancel, 1 }, { "start", start, 1 } };
enum { NUM_VERBS = sizeof verbs / sizeof *verbs };

static int work_on(struct work *work, size_t verb, const char *operand)
{
    struct db_error error = { 0 };
    int             status = store_reader_open(work->node->store, &work->reader, &error);
    work->now = instant_now();
    int exit_code = status == 0 ? verbs[verb].run(work, operand) : fail(work, status);
    store_reader_close(work->reader);
    arena_wipe(&work->arena);
    fault_list_free(&work->faults);
    return exit_code;
}

/* Options and verb; -1, or an exit code after telling what is wrong. */
static int parse(const struct cli_command *command, int argc, char **argv, struct settings *settings, size_t *verb,
                 const char **operand)
{
    int first, exit_code = cli_parse(command, argc, argv, settings, &first);
    if (exit_code >= 0)
        return exit_code;
    for (*verb = 0; first < argc && *verb < NUM_VERBS; ++*verb)
        if (strcmp(argv[first], verbs[*verb].name) == 0)
            break;
    if (first == argc || *verb == NUM_VERBS)
        return cli_complain(command, CLI_USE, "what is to be done? allowed: list, show, cancel, start");
    if (argc - first - 1 != verbs[*verb].num_operands)
        return cli_complain(command, CLI_USE, "%s: %s", verbs[*verb].name,
                            verbs[*verb].num_operands == 1 ? "one operand is wanted" : "no operand is wanted");
    *operand = argv[first + 1];
    settings->node.role = ACCESS_ADMINISTRATOR - 1;
    return -1;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings settings = { .node = NODE_CLI_SETTINGS_INIT };
    struct node     node;
    struct work     work = { .command = command, .settings = &settings, .node = &node };
    const char     *operand;
    size_t          verb;
    int             exit_code = parse(command, argc, argv, &settings, &verb, &operand);
    if (exit_code >= 0)
        return exit_code;
    exit_code = forward_send(settings.node.directory, argc, argv, "");
    if (exit_code < 0) {
        exit_code = node_options_open(command, &settings.node, true, &node, &work.who);
        if (exit_code == CLI_DONE) {
            exit_code = work_on(&work, verb, operand);
            node_close(&node);
        }
    }
    return cli_finish_stdout(command, exit_code);
}

int cmd_job_forwarded(struct node *node, int num, char **words, FILE *out, FILE *messages)
{
    const struct cli_command *command = &cli_command_job;
    struct settings           settings = { .node = NODE_CLI_SETTINGS_INIT };
    struct work               work = { .command = command, .settings = &settings, .node = node };
    const char               *operand;
    size_t                    verb;
    cli_redirect(out, messages);
    int exit_code = parse(command, num, words, &settings, &verb, &operand);
    work.who = (struct access){ .user = node->settings.operator_id, .role = ACCESS_ADMINISTRATOR, .everywhere = true };
    if (exit_code < 0)
        exit_code = work_on(&work, verb, operand);
    cli_redirect(NULL, NULL);
    return exit_code;
}

static const char *const usage[] = { "list", "show ID", "cancel ID", "start JSON --user LOGIN --role ROLE", NULL };
static const struct cli_example examples[] = {
    { "tocsin job list", "the newest 200: id, status, progress, kind" },
    { "tocsin job start '{\"kind\":\"export\",\"list\":\"cases\",\"as\":\"csv\"}' --user dolma --role analyst",
      "she finds the file at /api/v1/jobs/ID/result" },
    { "tocsin job cancel 0193aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee", "at once where it waits, soon where it runs" },
    { NULL, NULL },
};

const struct cli_command cli_command_job = {
    .name = "job",
    .summary = "list, show, cancel and start what a server does in the background",
    .usage = usage,
    .text = "Jobs make what takes longer than an answer may: the file of a whole list, or of a list as it was known at "
            "an instant. They are done by a server; without one they wait for the next. JSON is the body of POST "
            "/api/v1/jobs (docs/api.md).\n\n"
            "A server that is at work on the node is asked to do it, which it does for the user that it runs as.",
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
