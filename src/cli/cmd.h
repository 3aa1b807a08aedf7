/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/cmd.h: the commands, each defined at the end of its own file cmd_<name>.c. */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include "cli/command.h"

extern const struct cli_command cli_command_admin;
extern const struct cli_command cli_command_area;
extern const struct cli_command cli_command_audit;
extern const struct cli_command cli_command_backup;
extern const struct cli_command cli_command_cert;
extern const struct cli_command cli_command_check;
extern const struct cli_command cli_command_completion;
extern const struct cli_command cli_command_county;
extern const struct cli_command cli_command_detect;
extern const struct cli_command cli_command_growth;
extern const struct cli_command cli_command_help;
extern const struct cli_command cli_command_intake;
extern const struct cli_command cli_command_issue;
extern const struct cli_command cli_command_keeper;
extern const struct cli_command cli_command_link;
extern const struct cli_command cli_command_methods;
extern const struct cli_command cli_command_mllp;
extern const struct cli_command cli_command_model;
extern const struct cli_command cli_command_move;
extern const struct cli_command cli_command_node;
extern const struct cli_command cli_command_parse;
extern const struct cli_command cli_command_record;
extern const struct cli_command cli_command_report;
extern const struct cli_command cli_command_restore;
extern const struct cli_command cli_command_rt;
extern const struct cli_command cli_command_season;
extern const struct cli_command cli_command_serve;
extern const struct cli_command cli_command_simulate;
extern const struct cli_command cli_command_suppress;
extern const struct cli_command cli_command_user;
extern const struct cli_command cli_command_job;
extern const struct cli_command cli_command_verify;
extern const struct cli_command cli_command_watch;
extern const struct cli_command cli_command_evaluate;

#endif
