/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/node_options.h: which node a command works on, and as whom; shared by the commands that do. */
#ifndef CLI_NODE_OPTIONS_H
#define CLI_NODE_OPTIONS_H

#include "cli/command.h"
#include "model/access.h"
#include "store/node.h"

struct node_cli_settings {
    const char *directory;
    int         role;    /* index into the words: enum access_role - 1 */
    int         purpose; /* 0 = none */
};
#define NODE_CLI_SETTINGS_INIT                                                                                         \
    {                                                                                                                  \
        .directory = "tocsin-node", .role = ACCESS_DATA_MANAGER - 1                                                    \
    }

#define NODE_NUM_OPTIONS 3
extern const struct cli_option node_options[NODE_NUM_OPTIONS]; /* --node, --as, --purpose */

/* Open the node, with a writer if wanted; `who` is its operator in the role and purpose chosen, everywhere. Returns
 * CLI_DONE, or an exit code after telling why. */
int node_options_open(const struct cli_command *command, const struct node_cli_settings *settings, bool write,
                      struct node *node, struct access *who);

/* The same operator of a node that is open already: for what a server does for another process (cli/forward.h). */
void node_options_who(const struct node_cli_settings *settings, const struct node *node, struct access *who);

/* The same for commands that look at the database itself and change nothing; the node may be at work. */
struct node_opened {
    struct node_settings settings;
    struct keeper       *keeper;
    struct db           *db; /* read only */
};
int  node_options_read(const struct cli_command *command, const struct node_cli_settings *settings,
                       struct node_opened *opened);
int  node_options_keeper(const struct cli_command *command, const struct node_cli_settings *settings,
                         struct node_opened *opened); /* without the database */
void node_options_close(struct node_opened *opened);

/* Tell a status of the store in a sentence, with the faults if there are any; returns the exit code. Frees the faults.
 */
int node_complain(const struct cli_command *command, int status, struct fault_list *faults);

/* Say loudly on standard error where nobody keeps the machine's clock. */
void node_warn_of_clock(const struct cli_command *command);

/* Did the store refuse what was asked for, or was the input at fault? Then the exit code is CLI_INPUT. */
bool node_is_refusal(int status);

/* What a status means, as a sentence without its full stop. */
const char *node_status_text(int status);

/* The path of the running program, for the keeper; NULL where the system does not say. */
const char *node_program(void);

#endif
