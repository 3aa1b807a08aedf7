/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `tocsin issue record` and `withdraw`: passes out of a node's records. The rules are response/pass.h's. */
#include <string.h>

#include "base/instant.h"
#include "cli/issue_work.h"
#include "formats/credential/check.h"
#include "response/pass.h"
#include "tocsin/status.h"

/* A node at work, and who signs for it. */
struct desk {
    struct issue_work       *work;
    struct node              node;
    struct access            who;
    struct pass_signer       signer;
    struct credential_maker *maker;
};

static int complain(struct desk *desk, int status)
{
    return status == 0 ? CLI_DONE : node_complain(desk->work->command, status, &desk->work->faults);
}

static int open_desk(struct desk *desk)
{
    struct node_cli_settings settings = desk->work->settings.as;
    settings.directory = desk->work->settings.node;
    return node_options_open(desk->work->command, &settings, true, &desk->node, &desk->who);
}

static int open_signer(struct desk *desk)
{
    struct issue_work *work = desk->work;
    const char        *folder = work->settings.signer != NULL ? work->settings.signer : desk->node.settings.pass_issuer;
    struct issue_file  chain = { 0 };
    if (*folder == '\0')
        return cli_complain(work->command, CLI_USE,
                            "the node issues no passes: pass_issuer in its tocsin.conf, or "
                            "--signer DIR, is missing");
    int exit_code = issue_read_within(work, folder, "signer.crt", &chain);
    if (exit_code == CLI_DONE)
        exit_code =
            issue_told(work, pass_signer_of(desk->node.keeper, chain.bytes, chain.size, &desk->signer, &work->faults));
    if (exit_code == CLI_DONE)
        exit_code = issue_told(
            work, credential_maker_open_by(&desk->signer.hand, chain.bytes, chain.size, &desk->maker, &work->faults));
    issue_forget(&chain);
    return exit_code;
}

/* KIND ID: `ids` in the order of `kinds`, which ends with NULL; the one that is meant is set. */
static int read_operands(struct issue_work *work, const char *const *kinds, struct id *const *ids, const char *allowed)
{
    size_t at = 0;
    if (work->num_operands != 2)
        return cli_complain(work->command, CLI_USE, "KIND and ID are needed: %s", allowed);
    while (kinds[at] != NULL && strcmp(kinds[at], work->operands[0]) != 0)
        at++;
    if (kinds[at] == NULL)
        return cli_complain(work->command, CLI_USE, "no such kind; allowed: %s", allowed);
    if (id_from_text(work->operands[1], strlen(work->operands[1]), ids[at]) != 0)
        return cli_complain(work->command, CLI_USE, "ID: not one; allowed: %s", ID_ALLOWED);
    return CLI_DONE;
}

/* ---- record ---- */

static int make(struct desk *desk, struct pass_issuing *issuing, struct arena *arena)
{
    struct store_reader *reader = NULL;
    struct db_error      error = { 0 };
    int                  ret = store_reader_open(desk->node.store, &reader, &error);
    if (ret == 0)
        ret = pass_make(reader, desk->maker, issuing, arena, &desk->work->faults);
    store_reader_close(reader);
    if (ret == 0)
        ret = store_submit(desk->node.store, &desk->who, &issuing->request, NULL, &desk->work->faults);
    return complain(desk, ret);
}

int issue_run_record(struct issue_work *work)
{
    static const char *const kinds[] = { "result", "case", "vaccination", NULL };
    struct desk              desk = { .work = work };
    struct arena             arena = ARENA_INIT;
    struct issue_texts       texts = { 0 };
    struct pass_issuing      issuing = { .now = work->now * INSTANT_SECOND,
                                         .form = (enum pass_form) work->settings.form,
                                         .days = work->settings.days,
                                         .hours = work->settings.hours,
                                         .number = work->settings.batch };
    struct id *const         ids[] = { &issuing.result, &issuing.of_case, &issuing.vaccination };
    int                      exit_code = read_operands(work, kinds, ids, "result, case, vaccination");
    if (exit_code != CLI_DONE)
        return exit_code;
    if (issuing.days > PASS_MOST_DAYS || issuing.hours > PASS_MOST_HOURS || issuing.number > PASS_MOST_NUMBER)
        return cli_complain(work->command, CLI_USE, "record: at most --days %d, --hours %d, --batch %d", PASS_MOST_DAYS,
                            PASS_MOST_HOURS, PASS_MOST_NUMBER);
    exit_code = open_desk(&desk);
    if (exit_code != CLI_DONE)
        return exit_code;
    sink_init_memory(&texts.sink);
    issuing.who = desk.who;
    issuing.id = node_new_id(issuing.now);
    issuing.smart = desk.node.settings.pass_smart[0] != '\0' ? desk.node.settings.pass_smart : NULL;
    exit_code = open_signer(&desk);
    if (exit_code == CLI_DONE)
        exit_code = make(&desk, &issuing, &arena);
    for (size_t i = 0; exit_code == CLI_DONE && i < issuing.num_texts; i++)
        issue_keep_text(&texts, issuing.texts[i], strlen(issuing.texts[i]));
    if (issuing.form == PASS_SMART)
        work->settings.smart = issuing.smart;
    if (exit_code == CLI_DONE)
        exit_code = issue_write_texts(work, &texts);
    issue_forget_texts(&texts);
    arena_wipe(&arena);
    credential_maker_free(desk.maker);
    credential_wipe_stack();
    node_close(&desk.node);
    return exit_code;
}

/* ---- withdraw ---- */

int issue_run_withdraw(struct issue_work *work)
{
    static const char *const kinds[] = { "pass", "result", "case", "vaccination", NULL };
    struct desk              desk = { .work = work };
    struct pass_revoking     revoking = { .now = work->now * INSTANT_SECOND };
    struct id *const ids[] = { &revoking.credential, &revoking.result, &revoking.of_case, &revoking.vaccination };
    int              exit_code = read_operands(work, kinds, ids, "pass, result, case, vaccination");
    if (exit_code == CLI_DONE)
        exit_code = open_desk(&desk);
    if (exit_code != CLI_DONE)
        return exit_code;
    revoking.who = desk.who;
    pass_revoke_request(&revoking);
    exit_code = complain(&desk, store_submit(desk.node.store, &desk.who, &revoking.request, NULL, &work->faults));
    if (exit_code == CLI_DONE)
        printf("{\"withdrawn\":%zu}\n", revoking.num);
    node_close(&desk.node);
    return exit_code;
}
