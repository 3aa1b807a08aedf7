/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/link_run.h: person linkage of whole lists, by several threads; the result is the same for any number. */
#ifndef CLI_LINK_RUN_H
#define CLI_LINK_RUN_H

#include "cli/link_list.h"

struct link_result {
    struct toc_linkage      *linkage;
    struct toc_linkage_pair *pairs; /* of at least options.perhaps, the most certain first */
    size_t                   num_pairs;
    uint32_t                *group; /* of one list: of each record, its group's first; else NULL */
    struct toc_linkage_pair *best;  /* of two lists: for each record of the first; else NULL */
};

/* Returns 0, TOC_ERR_NO_MEMORY or what the library said, in *error. */
int link_run(const struct link_lists *lists, const struct link_columns *columns,
             const struct toc_linkage_options *options, bool one_to_one, int threads, struct link_result *result,
             struct toc_error *error);

void link_result_free(struct link_result *result);

#endif
