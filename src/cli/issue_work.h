/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/issue_work.h: what the files of `tocsin issue` share. */
#ifndef CLI_ISSUE_WORK_H
#define CLI_ISSUE_WORK_H

#include "base/json_writer.h"
#include "base/sink.h"
#include "cli/command.h"
#include "cli/node_options.h"
#include "formats/credential/issue.h"
#include "response/pass_signer.h"

#define ISSUE_INPUT_BYTES ((size_t) 256 << 20) /* the largest file of records */
#define ISSUE_BATCH_MOST 1000

enum issue_format { ISSUE_TEXT, ISSUE_NDJSON, ISSUE_SVG, ISSUE_PNG, ISSUE_PDF, ISSUE_CARD };

struct issue_settings {
    const char              *country, *name, *authority, *signer, *to, *smart, *node;
    struct node_cli_settings as;                 /* record, withdraw: role and purpose; its directory is `node` */
    long                     days, hours, batch; /* days 0: not said */
    unsigned                 uses;               /* --for, added up */
    int                      format, kind, form; /* kind -1: not said; form: enum pass_form */
    double                   millimetres;
    int64_t                  at; /* instant; INSTANT_MISSING = now */
    bool                     renew, bloom;
};

/* One run. */
struct issue_work {
    const struct cli_command *command;
    struct issue_settings     settings;
    char                    **operands;
    int                       num_operands;
    struct fault_list         faults;
    int64_t                   now; /* seconds */
};

/* Status of a function of formats, told: CLI_DONE, CLI_INPUT or CLI_MACHINE. */
int issue_told(struct issue_work *work, int status);

/* ---- files (issue_folder.c) ---- */

/* A whole file, ended by '\0'; path NULL or "-": standard input. forget clears it. */
struct issue_file {
    char  *bytes;
    size_t size;
};
int  issue_read(struct issue_work *work, const char *path, size_t most, struct issue_file *file);
int  issue_read_within(struct issue_work *work, const char *folder, const char *name, struct issue_file *file);
void issue_forget(struct issue_file *file);
/* Whole or not at all; a secret for its owner alone. */
int issue_write_within(struct issue_work *work, const char *folder, const char *name, const char *bytes, size_t size,
                       bool secret);

bool issue_exists_within(const char *folder, const char *name);
/* The members of a flat object: its texts and whole numbers, as they were. */
void issue_copy_members(struct json_writer *json, const struct value *object);

#define ISSUE_TRUST_FILE "trust.json" /* of a signer's folder */
#define ISSUE_KEYS_FILE "jwks.json"

/* The subcommands that make keys: an authority, or a signer with its trust.json and jwks.json. */
int issue_run_authority(struct issue_work *work);
int issue_run_signer(struct issue_work *work);

/* ---- keys of a node (issue_keeper.c) ---- */

/* Start the keeper of --node and find the key that signs: of a certificate, or the newest (chain NULL). Stopped by
 * issue_keeper_stop; zeroed before. */
struct issue_keeper {
    struct keeper     *keeper;
    struct pass_signer signer;
};
int  issue_keeper_start(struct issue_work *work, const struct issue_file *chain, struct issue_keeper *started);
void issue_keeper_stop(struct issue_keeper *started);

/* ---- passes (issue_pass.c) ---- */

/* What was issued, one text after the other, each ended by '\0'. */
struct issue_texts {
    struct sink sink;
    uint64_t    num;
};
void issue_keep_text(struct issue_texts *texts, const char *text, size_t size);
/* As --format and --to have it; where work->faults has one they are told and nothing is written. */
int  issue_write_texts(struct issue_work *work, const struct issue_texts *texts);
void issue_forget_texts(struct issue_texts *texts);

int issue_run_passes(struct issue_work *work);
int issue_run_minimal(struct issue_work *work);

/* ---- out of a node's records (issue_record.c) ---- */
int issue_run_record(struct issue_work *work);
int issue_run_withdraw(struct issue_work *work);

/* ---- what was issued, withdrawn (issue_revoke.c) ---- */
int issue_run_revoke(struct issue_work *work);
int issue_run_publish(struct issue_work *work);

#endif
