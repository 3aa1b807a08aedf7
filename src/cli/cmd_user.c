/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Users for the operator at the command line: made, listed, granted, invited, gone. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/time_zone.h"
#include "cli/cmd.h"
#include "cli/cmd_user.h"
#include "cli/command.h"
#include "cli/forward.h"
#include "cli/node_options.h"
#include "model/records.h"
#include "response/account.h"
#include "response/account_password.h"
#include "store/find_area.h"

struct settings {
    struct node_cli_settings node;
    const char              *name, *area, *facility, *to;
    int                      role, purpose; /* 0 = none */
    bool                     everywhere, drop_factor, drop_provider;
};

#define ROLE(name, word) word,
static const char *const role_words[] = { "none", ACCESS_ROLES(ROLE) NULL };
static const char *const purpose_words[] = { "any", ACCESS_PURPOSES(ROLE) NULL };
#undef ROLE

static const struct cli_option user_options[] = {
    { .name = "name",
      .value = "NAME",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, name),
      .meaning = "create: the name in the office." },
    { .name = "role",
      .value = "ROLE",
      .initial = "none",
      .kind = CLI_CHOICE,
      .words = role_words,
      .offset = offsetof(struct settings, role),
      .meaning = "create, grant, revoke: the role." },
    { .name = "area",
      .value = "CODE",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, area),
      .meaning = "create, grant: in this area and all below it." },
    { .name = "facility",
      .value = "CODE",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, facility),
      .meaning = "create, grant: for what belongs to this facility." },
    { .name = "everywhere",
      .kind = CLI_FLAG,
      .offset = offsetof(struct settings, everywhere),
      .meaning = "create, grant: in all areas." },
    { .name = "for",
      .value = "PURPOSE",
      .initial = "any that the role has",
      .kind = CLI_CHOICE,
      .words = purpose_words,
      .offset = offsetof(struct settings, purpose),
      .meaning = "create, grant: identities for this purpose alone." },
    { .name = "to",
      .value = "LOGIN",
      .initial = "a supervisor of the task's area",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, to),
      .meaning = "leave: who gets the open tasks." },
    { .name = "drop-second-factor",
      .kind = CLI_FLAG,
      .offset = offsetof(struct settings, drop_factor),
      .meaning = "reset: the phone is lost, and so are the recovery codes: a new second factor is enrolled." },
    { .name = "drop-provider",
      .kind = CLI_FLAG,
      .offset = offsetof(struct settings, drop_provider),
      .meaning = "reset: the identity provider's account no longer lets them in." },
};

static const struct cli_group groups[] = {
    { .title = "User", .options = user_options, .num_options = sizeof user_options / sizeof *user_options },
    { .title = "Node", .options = node_options, .num_options = 1, .offset = offsetof(struct settings, node) },
};

/* What every verb works with. */
struct work {
    const struct cli_command *command;
    const struct settings    *settings;
    struct node              *node;
    struct access             who;
    FILE                     *input;
    struct store_reader      *reader;
    struct accounts          *accounts;
    struct arena              arena;
    struct fault_list         faults;
    struct account_call       call;
};

static int fail(struct work *work, int status)
{
    if (status == ACCOUNT_ERR_ENDED || status == ACCOUNT_ERR_REFUSED)
        return cli_complain(work->command, CLI_INPUT, "there is no such user here now");
    return node_complain(work->command, status, &work->faults);
}

static struct model_text text_in(const char *text)
{
    return text != NULL && *text != '\0' ? (struct model_text){ text, strlen(text) } : (struct model_text){ NULL, 0 };
}

/* ---- verbs ---- */

static int list(struct work *work, const char *login)
{
    struct account_user  *users;
    struct account_grant *grants = arena_array(&work->arena, ACCOUNT_MOST_GRANTS, sizeof *grants);
    struct account        account;
    size_t                num, num_grants;
    (void) login;
    int status = grants == NULL ? TOC_ERR_NO_MEMORY : account_users(work->reader, &work->arena, &users, &num);
    for (size_t i = 0; status == 0 && i < num; i++) {
        int has = account_read(work->reader, &users[i].id, &account);
        status = account_grants(work->reader, &users[i].id, grants, &num_grants);
        unsigned roles = status == 0 ? account_roles(grants, num_grants, work->call.now) : 0;
        bool     gone =
            has != 0 && users[i].valid_to != MODEL_MISSING_DATE && users[i].valid_to <= time_zone_day(work->call.now);
        fprintf(cli_out(), "%-24s  %-10s  %-13s%s ", users[i].login,
                gone        ? "gone"
                : has == 0  ? "active"
                : roles > 0 ? "invited"
                            : "no account",
                has == 0 && account.has_factor ? "second factor" : "",
                account_has_subject(work->reader, &users[i].id) ? "  provider" : "");
        for (int role = 1; role < ACCESS_NUM_ROLES; role++)
            if ((roles >> role & 1) != 0)
                fprintf(cli_out(), " %s", access_role_word((enum access_role) role));
        fputc('\n', cli_out());
    }
    return status == 0 ? CLI_DONE : fail(work, status);
}

/* The grant that the options describe; *any = false where they describe none. */
static int read_grant(struct work *work, const struct id *user, struct model_grant *grant, bool *any)
{
    const struct settings *settings = work->settings;
    *any = settings->role != ACCESS_NO_ROLE;
    model_init(model_record(MODEL_GRANT), grant);
    if (!*any)
        return 0;
    grant->head.id = node_new_id(work->call.now);
    grant->user = *user;
    grant->role = text_in(access_role_word((enum access_role) settings->role));
    grant->purpose = text_in(access_purpose_word((enum access_purpose) settings->purpose));
    grant->starts = work->call.now;
    grant->given_by = work->who.user;
    if (settings->everywhere)
        grant->everywhere = 1;
    if (settings->facility != NULL)
        return store_find_facility(work->reader, settings->facility, &grant->facility);
    return settings->area != NULL ? store_find_area(work->reader, settings->area, &grant->area) : 0;
}

static int check_grant(struct work *work, bool needed)
{
    const struct settings *settings = work->settings;
    if (settings->role == ACCESS_PROGRAM)
        return cli_complain(work->command, CLI_USE, "nobody is granted the role of the program itself");
    if (settings->role == ACCESS_NO_ROLE)
        return needed ? cli_complain(work->command, CLI_USE, "--role is wanted") : CLI_DONE;
    if ((settings->area != NULL) + (settings->facility != NULL) + settings->everywhere != 1)
        return cli_complain(work->command, CLI_USE, "a role is wanted with one of --area, --facility and --everywhere");
    return CLI_DONE;
}

static int print_link(struct work *work, const char *kind, const struct id *user)
{
    char        text[LINK_TEXT];
    const char *url = work->node->settings.public_url;
    int         status = accounts_make_link(work->accounts, &work->call, &work->who, kind, user, text);
    if (status != 0)
        return fail(work, status);
    fprintf(cli_out(), "%s/set-up?link=%s\n", url != NULL && *url != '\0' ? url : "http://127.0.0.1:8420", text);
    return CLI_DONE;
}

static int create(struct work *work, const char *login)
{
    struct model_user   user;
    struct model_grant  grant;
    struct store_change changes[] = {
        { .verb = STORE_CREATE, .record = model_record(MODEL_USER), .value = &user },
        { .verb = STORE_CREATE, .record = model_record(MODEL_GRANT), .value = &grant },
    };
    struct store_request request = { .verb = "create user", .set = { changes, 1 } };
    bool                 granted;
    int                  exit_code = check_grant(work, false);
    if (exit_code != CLI_DONE)
        return exit_code;
    model_init(changes[0].record, &user);
    user.head.id = node_new_id(work->call.now);
    user.login = text_in(login);
    user.name = text_in(work->settings->name);
    int status = read_grant(work, &user.head.id, &grant, &granted);
    request.set.num_changes += granted;
    if (status == 0)
        status = store_submit(work->node->store, &work->who, &request, NULL, &work->faults);
    return status == 0 ? print_link(work, ACCOUNT_LINK_INVITE, &user.head.id) : fail(work, status);
}

static int grant_role(struct work *work, const char *login)
{
    struct account_user  user;
    struct model_grant   grant;
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(MODEL_GRANT), .value = &grant };
    struct store_request request = { .verb = "grant", .set = { &change, 1 } };
    bool                 granted;
    int                  exit_code = check_grant(work, true);
    if (exit_code != CLI_DONE)
        return exit_code;
    int status = account_user_by_login(work->reader, login, &user);
    if (status == 0)
        status = read_grant(work, &user.id, &grant, &granted);
    if (status == 0)
        status = store_submit(work->node->store, &work->who, &request, NULL, &work->faults);
    return status == 0 ? CLI_DONE : fail(work, status);
}

static int revoke_role(struct work *work, const char *login)
{
    struct account_user   user;
    struct account_grant *grants = arena_array(&work->arena, ACCOUNT_MOST_GRANTS, sizeof *grants);
    size_t                num = 0, ended = 0;
    if (work->settings->role == ACCESS_NO_ROLE)
        return cli_complain(work->command, CLI_USE, "--role is wanted");
    int status = grants == NULL ? TOC_ERR_NO_MEMORY : account_user_by_login(work->reader, login, &user);
    if (status == 0)
        status = account_grants(work->reader, &user.id, grants, &num);
    for (size_t i = 0; status == 0 && i < num; i++) {
        struct model_grant   grant;
        struct store_change  change = { .verb = STORE_CHANGE, .record = model_record(MODEL_GRANT), .value = &grant };
        struct store_request request = { .verb = "revoke", .set = { &change, 1 } };
        if ((int) grants[i].role != work->settings->role ||
            (grants[i].ends != INSTANT_MISSING && grants[i].ends <= work->call.now))
            continue;
        model_init(change.record, &grant);
        grant.head.id = grants[i].id;
        grant.ends = grants[i].starts > work->call.now ? grants[i].starts : work->call.now;
        model_set_add(&change.given, model_grant_ends);
        status = store_submit(work->node->store, &work->who, &request, NULL, &work->faults);
        ended += status == 0;
    }
    if (status != 0)
        return fail(work, status);
    fprintf(cli_out(), "%zu grant%s ended.\n", ended, ended == 1 ? "" : "s");
    return CLI_DONE;
}

static int leave(struct work *work, const char *login)
{
    struct account_user user, next = { .login = "" };
    struct account_left left;
    int                 status = account_user_by_login(work->reader, login, &user);
    if (status == 0 && work->settings->to != NULL)
        status = account_user_by_login(work->reader, work->settings->to, &next);
    if (status == 0)
        status = accounts_leave(work->accounts, &work->call, &work->who, &user.id, &next.id, &left);
    if (status != 0)
        return fail(work, status);
    fprintf(cli_out(), "%zu grant%s ended, %zu task%s handed over.\n", left.grants, left.grants == 1 ? "" : "s",
            left.tasks, left.tasks == 1 ? "" : "s");
    return CLI_DONE;
}

static int invite(struct work *work, const char *login)
{
    struct account_user user;
    int                 status = account_user_by_login(work->reader, login, &user);
    return status == 0 ? print_link(work, ACCOUNT_LINK_INVITE, &user.id) : fail(work, status);
}

static int reset(struct work *work, const char *login)
{
    struct account_user user;
    int                 status = account_user_by_login(work->reader, login, &user);
    if (status == 0 && work->settings->drop_factor)
        status = account_drop_factor(work->node->store, &work->who, &user.id);
    if (status == 0 && work->settings->drop_provider)
        status = account_drop_subject(work->node->store, &work->who, &user.id);
    return status == 0 ? print_link(work, ACCOUNT_LINK_RESET, &user.id) : fail(work, status);
}

/* A password of one line on standard input: command lines are seen by others on the machine. */
static int set_password(struct work *work, const char *login)
{
    struct account_user user;
    char                line[PASSWORD_MOST_BYTES + 2], hash[ACCOUNT_PASSWORD_BYTES];
    int                 status = account_user_by_login(work->reader, login, &user);
    if (status != 0)
        return fail(work, status);
    if (fgets(line, sizeof line, work->input) == NULL)
        line[0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    status = account_password_check(line, strlen(line), user.login, &work->faults);
    if (status == 0)
        status = accounts_hash_password(work->accounts, line, hash);
    explicit_bzero(line, sizeof line);
    if (status == 0)
        status = account_set_password(work->node->store, &work->who, &user.id, hash, NULL);
    if (status == 0)
        accounts_set_up_done(work->accounts);
    return status == 0 ? CLI_DONE : fail(work, status);
}

/* ---- the command ---- */

static const struct {
    const char *name;
    int (*run)(struct work *work, const char *login);
    int num_operands;
} verbs[] = { { "list", list, 0 },          { "create", create, 1 },        { "grant", grant_role, 1 },
              { "revoke", revoke_role, 1 }, { "leave", leave, 1 },          { "invite", invite, 1 },
              { "reset", reset, 1 },        { "password", set_password, 1 } };
enum { NUM_VERBS = sizeof verbs / sizeof *verbs, VERB_PASSWORD = NUM_VERBS - 1 };

/* accounts: the server's, or NULL: then there are none that remember anything. */
static int work_on(struct work *work, size_t verb, struct accounts *accounts, const char *login)
{
    struct db_error  error = { 0 };
    struct accounts *own = NULL;
    int              status = store_reader_open(work->node->store, &work->reader, &error);
    if (status == 0 && accounts == NULL)
        status = accounts_new(&(struct accounts_options){ .store = work->node->store }, &own);
    work->accounts = accounts != NULL ? accounts : own;
    work->call = (struct account_call){
        .reader = work->reader, .now = instant_now(), .arena = &work->arena, .faults = &work->faults
    };
    int exit_code = status == 0 ? verbs[verb].run(work, login) : fail(work, status);
    accounts_free(own);
    store_reader_close(work->reader);
    arena_wipe(&work->arena);
    fault_list_free(&work->faults);
    return exit_code;
}

/* Options and verb; -1, or an exit code after telling what is wrong. */
static int parse(const struct cli_command *command, int argc, char **argv, struct settings *settings, size_t *verb,
                 const char **login)
{
    int first, exit_code = cli_parse(command, argc, argv, settings, &first);
    if (exit_code >= 0)
        return exit_code;
    for (*verb = 0; first < argc && *verb < NUM_VERBS; ++*verb)
        if (strcmp(argv[first], verbs[*verb].name) == 0)
            break;
    if (first == argc || *verb == NUM_VERBS)
        return cli_complain(command, CLI_USE,
                            "what is to be done? allowed: list, create, grant, revoke, leave, invite, reset, password");
    if (argc - first - 1 != verbs[*verb].num_operands)
        return cli_complain(command, CLI_USE, "%s: %s", verbs[*verb].name,
                            verbs[*verb].num_operands == 1 ? "one LOGIN is wanted" : "no operand is wanted");
    *login = argv[first + 1];
    settings->node.role = ACCESS_ADMINISTRATOR - 1;
    return -1;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings settings = { .node = NODE_CLI_SETTINGS_INIT };
    struct node     node;
    struct work     work = { .command = command, .settings = &settings, .node = &node, .input = stdin };
    char            line[PASSWORD_MOST_BYTES + 2] = "";
    const char     *login;
    size_t          verb;
    int             exit_code = parse(command, argc, argv, &settings, &verb, &login);
    if (exit_code >= 0)
        return exit_code;
    if (verb == VERB_PASSWORD && fgets(line, sizeof line, stdin) == NULL)
        line[0] = '\0';
    exit_code = forward_send(settings.node.directory, argc, argv, line);
    if (exit_code < 0) {
        exit_code = node_options_open(command, &settings.node, true, &node, &work.who);
        if (exit_code == CLI_DONE) {
            work.input = fmemopen(line, sizeof line, "r");
            exit_code = work.input != NULL ? work_on(&work, verb, NULL, login) : fail(&work, TOC_ERR_NO_MEMORY);
            if (work.input != NULL)
                fclose(work.input);
            node_close(&node);
        }
    }
    explicit_bzero(line, sizeof line);
    return cli_finish_stdout(command, exit_code);
}

int cmd_user_forwarded(void *context, int num, char **words, FILE *input, FILE *out, FILE *messages)
{
    const struct cmd_user_node *served = context;
    const struct cli_command   *command = &cli_command_user;
    struct settings             settings = { .node = NODE_CLI_SETTINGS_INIT };
    struct work work = { .command = command, .settings = &settings, .node = served->node, .input = input };
    const char *login;
    size_t      verb;
    cli_redirect(out, messages);
    int exit_code = strcmp(words[0], command->name) == 0
                        ? parse(command, num, words, &settings, &verb, &login)
                        : cli_complain(command, CLI_USE, "another command: %s",
                                       "'tocsin user', 'job' and 'watch' alone are handed over");
    work.who =
        (struct access){ .user = served->node->settings.operator_id, .role = ACCESS_ADMINISTRATOR, .everywhere = true };
    if (exit_code < 0)
        exit_code = work_on(&work, verb, served->accounts, login);
    cli_redirect(NULL, NULL);
    return exit_code;
}

static const char *const usage[] = {
    "list",
    "create LOGIN [--name NAME] [--role ROLE (--area CODE | --facility CODE | --everywhere)]",
    "grant LOGIN --role ROLE (--area CODE | --facility CODE | --everywhere) [--for PURPOSE]",
    "revoke LOGIN --role ROLE",
    "invite LOGIN",
    "reset LOGIN [--drop-second-factor] [--drop-provider]",
    "password LOGIN",
    "leave LOGIN [--to LOGIN]",
    NULL
};
static const struct cli_example examples[] = {
    { "tocsin user create dolma --role epidemiologist --area 540100", "prints a link by which she sets her password" },
    { "tocsin user reset dolma", "a link for a new password, for an hour" },
    { "tocsin user leave dolma --to tashi", "she is out at once; her open tasks are his" },
    { NULL, NULL },
};

const struct cli_command cli_command_user = {
    .name = "user",
    .summary = "make users, grant roles, invite, reset, and let people leave",
    .usage = usage,
    .text =
        "For the operator at the command line; administrators do the same in the program. A server that is at work on "
        "the "
        "node is asked to do it, which it does for the user that it runs as. What is done is ascribed to the node's "
        "operator in the audit trail.\n\n"
        "create and invite print a link that works once, for three days; reset one for an hour. Whoever opens it sets "
        "the password: hand it over yourself. password reads one from standard input instead.\n\n"
        "leave ends sessions, grants and the second factor at once and hands open tasks over. docs/access.md tells "
        "more.",
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
