/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/record_list.h: tocsin record list: a page of a list, one JSON object a row. */
#ifndef CLI_RECORD_LIST_H
#define CLI_RECORD_LIST_H

#include "cli/command.h"
#include "store/list.h"
#include "store/node.h"

struct record_list_settings {
    const char        *area;
    struct list_filter filters[LIST_MOST_FILTERS];
    char               texts[LIST_MOST_FILTERS][200]; /* what the filters point to */
    size_t             num_filters;
    const char        *sort;
    bool               ascending;
    const char        *after;
    const char        *from;
    long               rows;
};
#define RECORD_LIST_SETTINGS_INIT                                                                                      \
    {                                                                                                                  \
        .rows = LIST_PAGE                                                                                              \
    }

#define RECORD_LIST_NUM_OPTIONS 7
extern const struct cli_option record_list_options[RECORD_LIST_NUM_OPTIONS];

/* Print the page of the list of that name. Returns an exit code. */
int record_list_print(const struct cli_command *command, struct node *node, const struct access *who, const char *name,
                      const struct record_list_settings *settings);

#endif
