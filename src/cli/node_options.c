/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/node_options.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock_state.h"
#include "base/instant.h"
#include "cli/input_options.h"
#include "tocsin/status.h"

static const char *const role_words[] = {
#define X(name, word) word,
    ACCESS_ROLES(X)
#undef X
        NULL
};

static const char *const purpose_words[] = { "none",
#define X(name, word) word,
                                             ACCESS_PURPOSES(X)
#undef X
                                                 NULL };

const struct cli_option node_options[NODE_NUM_OPTIONS] = {
    { .name = "node",
      .letter = 'n',
      .value = "DIR",
      .initial = "tocsin-node",
      .kind = CLI_TEXT,
      .offset = offsetof(struct node_cli_settings, directory),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "The node: a directory made by 'tocsin node init'." },
    { .name = "as",
      .value = "ROLE",
      .initial = "data-manager",
      .kind = CLI_CHOICE,
      .offset = offsetof(struct node_cli_settings, role),
      .words = role_words,
      .meaning = "The role in which you work; it decides what you may see and change." },
    { .name = "purpose",
      .value = "PURPOSE",
      .initial = "none: names, numbers, addresses and notes stay hidden",
      .kind = CLI_CHOICE,
      .offset = offsetof(struct node_cli_settings, purpose),
      .words = purpose_words,
      .meaning =
          "What you need to know who somebody is for. It is written into the audit trail with each identity shown." },
};

const char *node_program(void)
{
    static char path[4096];
    ssize_t     length = readlink("/proc/self/exe", path, sizeof path - 1);
    if (length <= 0)
        return NULL;
    path[length] = '\0';
    return path;
}

void node_warn_of_clock(const struct cli_command *command)
{
    struct clock_reading reading;
    char                 text[CLOCK_WARNING_BYTES];
    if (clock_read(&reading) == 0 && clock_warning(&reading, instant_now(), INSTANT_MISSING, text) > 0)
        cli_complain(command, CLI_DONE, "%s", text);
}

int node_options_open(const struct cli_command *command, const struct node_cli_settings *settings, bool write,
                      struct node *node, struct access *who)
{
    char                host[100] = "", holder[180];
    struct fault_list   faults = FAULT_LIST_INIT;
    struct node_options options = { .directory = settings->directory, .program = node_program() };
    gethostname(host, sizeof host - 1);
    snprintf(holder, sizeof holder, "tocsin %s on %s, process %ld", command->name, host, (long) getpid());
    if (write) {
        options.holder = holder;
        node_warn_of_clock(command);
    }
    int status = node_open(&options, node, &faults);
    if (status != 0)
        return node_complain(command, status, &faults);
    node_options_who(settings, node, who);
    return CLI_DONE;
}

void node_options_who(const struct node_cli_settings *settings, const struct node *node, struct access *who)
{
    *who = (struct access){ .user = node->settings.operator_id,
                            .role = (enum access_role)(settings->role + 1),
                            .purpose = (enum access_purpose) settings->purpose,
                            .everywhere = true };
}

int node_options_keeper(const struct cli_command *command, const struct node_cli_settings *settings,
                        struct node_opened *opened)
{
    struct fault_list   faults = FAULT_LIST_INIT;
    struct keeper_error error = { 0 };
    struct node_opened  read = { 0 };
    int                 status = node_settings_read(settings->directory, &read.settings, &faults);
    if (status != 0)
        return node_complain(command, status, &faults);
    struct keeper_options keeper = { .directory = read.settings.keys, .program = node_program() };
    keeper.backup_days = (double) read.settings.backup_keep_days;
    if (keeper_start(&keeper, &read.keeper, &error) != 0)
        return cli_complain(command, CLI_MACHINE, "%s", error.what);
    *opened = read;
    return CLI_DONE;
}

int node_options_read(const struct cli_command *command, const struct node_cli_settings *settings,
                      struct node_opened *opened)
{
    struct db_error    error = { 0 };
    struct node_opened read;
    int                exit_code = node_options_keeper(command, settings, &read);
    if (exit_code != CLI_DONE)
        return exit_code;
    if (db_open(read.settings.database, &(struct db_options){ .read_only = true }, &read.db, &error) != 0) {
        node_options_close(&read);
        return cli_complain(command, CLI_MACHINE, "%s", error.what);
    }
    *opened = read;
    return CLI_DONE;
}

void node_options_close(struct node_opened *opened)
{
    db_close(opened->db);
    keeper_stop(opened->keeper);
}

const char *node_status_text(int status)
{
    switch (status) {
    case STORE_ERR_ABSENT: return "there is no such record, or you may not see it";
    case STORE_ERR_VERSION: return "the record has been changed since that version: read it again";
    case STORE_ERR_EXISTS: return "a record of this id, or with the same unique key, exists already";
    case STORE_ERR_DENIED: return "this role may not do that; 'tocsin help record' says how to choose another";
    case STORE_ERR_STOPPED: return "the writer has stopped: check the node ('tocsin check') before going on";
    case STORE_ERR_FULL_QUEUE: return "too much is waiting to be written: try again later";
    case DB_ERR_BUSY: return "another process holds the node's writer";
    case DB_ERR_FULL: return "the disk is full: nothing of this was written";
    case DB_ERR_NEWER: return "the database was written by a newer Tocsin: install that version";
    default: return toc_status_text(status);
    }
}

bool node_is_refusal(int status)
{
    return status == STORE_ERR_ABSENT || status == STORE_ERR_VERSION || status == STORE_ERR_EXISTS ||
           status == STORE_ERR_DENIED || status == BASE_ERR_INPUT;
}

int node_complain(const struct cli_command *command, int status, struct fault_list *faults)
{
    if (faults->num_all > 0)
        return input_report(command, node_is_refusal(status) ? BASE_ERR_INPUT : BASE_ERR_SYSTEM, faults);
    fault_list_free(faults);
    return cli_complain(command, node_is_refusal(status) ? CLI_INPUT : CLI_MACHINE, "%s", node_status_text(status));
}
