/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/cmd_user.h: `tocsin user`, done by a server for another process (cli/forward.h). */
#ifndef CLI_CMD_USER_H
#define CLI_CMD_USER_H

#include <stdio.h>

struct accounts;
struct node;

struct cmd_user_node {
    struct node     *node;     /* open, with a writer */
    struct accounts *accounts; /* the server's, so that what it remembers is true */
};

/* A forward_run; context: a struct cmd_user_node. */
int cmd_user_forwarded(void *context, int num, char **words, FILE *input, FILE *out, FILE *messages);

#endif
