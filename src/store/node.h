/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/node.h: a node in use: its settings, keeper, reference lists and store, opened together and closed
 * together. What a command or the server starts with.
 */
#ifndef STORE_NODE_H
#define STORE_NODE_H

#include "base/fault.h"
#include "model/model_lists.h"
#include "store/keeper.h"
#include "store/node_settings.h"
#include "store/store.h"

struct node {
    struct node_settings settings;
    struct keeper       *keeper;
    struct model_lists  *lists; /* as the store has them */
    struct store        *store;
};

struct node_options {
    const char        *directory;
    const char        *database; /* instead of the settings'; NULL = theirs */
    const char        *program;  /* of the keeper: the path of tocsin; NULL = forked without exec (tests) */
    const char        *holder;   /* of the writer's lease, for people; NULL = only readers */
    bool               create;   /* the database may be made */
    bool               stays;    /* a server's: names are read ahead (names_ahead.h) */
    struct store_clock clock;
};

/* Open a node. Returns 0, or the status of the part that refused, with the reason in faults; the node is zero then. */
int  node_open(const struct node_options *options, struct node *node, struct fault_list *faults);
void node_close(struct node *node); /* of a zeroed node it does nothing */

/* Make a node in a directory that is empty or does not exist: settings, keys, database, an operator to whom work at the
 * command line is ascribed, and the reference lists of a folder (share/lists). The node is left open, with a writer.
 * After a failure too node_close it, once the faults have been told: they point into it. */
int node_make(const struct node_options *options, const struct node_settings *settings, const char *lists_folder,
              struct node *node, struct fault_list *faults);

/* An id of this instant, with random bits of the system. */
struct id node_new_id(int64_t now);

/* The instant now, of the options' clock. */
int64_t node_clock(const struct node_options *options);

#endif
