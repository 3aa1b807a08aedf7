/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys of `tocsin issue --node`: they stay in the node's keeper. */
#include "cli/issue_work.h"
#include "cli/node_options.h"

int issue_keeper_start(struct issue_work *work, const struct issue_file *chain, struct issue_keeper *started)
{
    const struct node_cli_settings settings = { .directory = work->settings.node };
    struct node_opened             opened = { 0 };
    int                            exit_code = node_options_keeper(work->command, &settings, &opened);
    if (exit_code != CLI_DONE)
        return exit_code;
    started->keeper = opened.keeper;
    int ret = chain != NULL
                  ? pass_signer_of(started->keeper, chain->bytes, chain->size, &started->signer, &work->faults)
                  : pass_signer_newest(started->keeper, &started->signer, &work->faults);
    return issue_told(work, ret);
}

void issue_keeper_stop(struct issue_keeper *started)
{
    keeper_stop(started->keeper);
    *started = (struct issue_keeper){ 0 };
}
