/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/keeper.h: the keeper, a process of its own that holds the keys of the node.
 *
 * Keys of persons lie in the database, wrapped by node keys; node keys lie in a directory outside the database and its
 * backups (docs/keys.md). Only the keeper reads that directory. It answers on a socket that it shares with its parent
 * alone, cannot open a file once it serves, and ends when the parent's end closes. What it gives out in clear are keys
 * of single persons, at a limited rate; a node key never leaves it.
 *
 * The keeper serves one call after the other; calls may come from any number of threads. A call is one round trip for
 * up to KEEPER_BATCH elements (more are split), so ask for many at once: bench/keeper.c.
 *
 * Functions return 0 or a negative status: TOC_ERR_*, BASE_ERR_SYSTEM, SEAL_ERR_FORGED, or enum keeper_status. `error`
 * says it in a sentence and may be NULL. On failure outputs are untouched, except that keys are cleared.
 */
#ifndef STORE_KEEPER_H
#define STORE_KEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/id.h"
#include "store/seal.h"

enum keeper_status {
    KEEPER_ERR_RATE = -1310, /* too many keys unwrapped for this purpose; remedy: again after error->wait_seconds */
    KEEPER_ERR_LOST = -1311, /* the process is gone or does not answer; remedy: keeper_restart */
    KEEPER_ERR_KEYS = -1312, /* the key directory is missing, open to others, damaged or full; error->what says which */
    KEEPER_ERR_GENERATION = -1313, /* no key of this generation: destroyed, or from another node */
    KEEPER_ERR_YOUNG = -1314       /* backups made under this generation may still exist; remedy: later, or forced */
};

struct keeper_error {
    int    status;
    size_t where;        /* the first element that failed, or TOC_NOWHERE */
    double wait_seconds; /* KEEPER_ERR_RATE: until so many more are allowed */
    char   what[240];    /* a sentence for the log and for people; holds no key, text or id */
};

/* ---- keys of the node ---- */

/* Each kind has generations 1, 2, …; new work uses the newest, the older ones open what was made under them. */
#define KEEPER_KINDS(X)                                                                                                \
    X(WRAP, "gen", "wraps the keys of persons")                                                                        \
    X(TOKEN, "token", "makes search tokens")                                                                           \
    X(SIGN, "sign", "signs heads of the audit chain")                                                                  \
    X(HASH, "hash", "makes hashes of raw messages")                                                                    \
    X(PASS, "pass", "signs health passes")

enum keeper_kind {
#define X(name, word, meaning) KEEPER_##name,
    KEEPER_KINDS(X)
#undef X
        KEEPER_NUM_KINDS
};

#define KEEPER_MAX_GENERATIONS 64 /* of a kind, at a time */
#define KEEPER_BACKUP_DAYS 35.0   /* how long backups live, where options do not say */

struct keeper_generation {
    enum keeper_kind kind;
    uint32_t         number;
    int64_t          created;  /* instants */
    int64_t          replaced; /* when the next one was made; INSTANT_MISSING = it is the newest */
};

/* ---- purposes ---- */

/* What a person's key is unwrapped for. Each purpose has a rate of its own, so that a search or a check does not hold
 * up people: keys a second in the long run, and so many at once. */
#define KEEPER_PURPOSES(X)                                                                                             \
    X(SHOW, "show", 2000, 20000, "an identity shown to somebody who may see it")                                       \
    X(WRITE, "write", 20000, 100000, "a change of a sealed field, by the writer")                                      \
    X(SEARCH, "search", 10000, 100000, "prefix search within an area")                                                 \
    X(MESSAGE, "message", 10000, 100000, "raw messages, parsed or replayed")                                           \
    X(UPKEEP, "upkeep", 20000, 100000, "check, move, new search tokens")

enum keeper_purpose {
#define X(name, word, per_second, burst, meaning) KEEPER_##name,
    KEEPER_PURPOSES(X)
#undef X
        KEEPER_NUM_PURPOSES
};

struct keeper_rate {
    double per_second; /* > 0; 0 = as the table above */
    double burst;      /* >= 1; 0 = as the table above */
};

/* ---- starting and ending ---- */

struct keeper_options {
    const char        *directory;                  /* of the node keys; mode 0700 */
    const char        *program;                    /* path of tocsin; NULL: this process is forked without exec */
    struct keeper_rate rates[KEEPER_NUM_PURPOSES]; /* zero = defaults */
    double             backup_days;                /* 0 = KEEPER_BACKUP_DAYS */
    double             timeout_seconds;            /* without an answer the keeper counts as lost; 0 = 10 */
    bool               restarts;                   /* a lost keeper is started anew by the next call, at most once a
                                                    * KEEPER_RESTART_SECONDS; the call that met its end is sent again */
};
#define KEEPER_RESTART_SECONDS 0.5

struct keeper;

/* Start the process and wait until it has read its keys and confined itself. The calling process may leave no core and
 * be traced by nobody but root from then on (base/no_core.h): it will hold keys of persons. */
int keeper_start(const struct keeper_options *options, struct keeper **keeper, struct keeper_error *error);

/* End the process and start it anew, with full rates: after KEEPER_ERR_LOST. Calls of other threads wait. Not needed
 * where another process has added or destroyed a key (tocsin keeper rotate): a keeper notices that before it answers,
 * and the call that it refuses starts the next one. */
int keeper_restart(struct keeper *keeper, struct keeper_error *error);

void keeper_stop(struct keeper *keeper); /* waits for its end; NULL is fine */

pid_t keeper_process(const struct keeper *keeper);

/* ---- keys of persons ---- */

#define KEEPER_BATCH 4096
#define KEEPER_WRAPPED_BYTES 72 /* nonce, key, tag */

/* A person's key as the database keeps it. Bound to owner and generation: it opens for no other. */
struct keeper_wrapped {
    struct id owner; /* of the person, or of the message that the key is for */
    uint32_t  generation;
    uint8_t   bytes[KEEPER_WRAPPED_BYTES];
};

/* Wrap keys (seal_keys_make) under the newest generation. */
int keeper_wrap(struct keeper *keeper, const struct id *owners, const struct seal_key *keys, size_t num,
                struct keeper_wrapped *wrapped, struct keeper_error *error);

/* Open wrapped keys. Clear them after use (seal_keys_wipe).
 *
 * statuses   NULL: one that does not open fails the call (error->where). Else num of them, 0, SEAL_ERR_FORGED or
 *            KEEPER_ERR_GENERATION each; keys[i] is zero where statuses[i] is not
 *
 * Each element counts towards the rate of its purpose, opened or not. A call of more than the purpose's burst never
 * succeeds: TOC_ERR_OPTION. A refused call of up to KEEPER_BATCH elements takes nothing from the rate.
 */
int keeper_unwrap(struct keeper *keeper, enum keeper_purpose purpose, const struct keeper_wrapped *wrapped, size_t num,
                  struct seal_key *keys, int *statuses, struct keeper_error *error);

/* Wrap keys anew under the newest generation, without one leaving the keeper; for rotation. Not rate-limited. `again`
 * may be `wrapped`. statuses as above; where it is not 0, again[i] is as wrapped[i]. */
int keeper_rewrap(struct keeper *keeper, const struct keeper_wrapped *wrapped, size_t num, struct keeper_wrapped *again,
                  int *statuses, struct keeper_error *error);

/* ---- search tokens, hashes, signatures ---- */

#define KEEPER_TOKEN_BYTES 16
#define KEEPER_MAX_TEXT 1024 /* bytes of one text */
#define KEEPER_MAX_WORD 32   /* of its kind */

struct keeper_text {
    const char *kind; /* "name", "pinyin", "phone": texts of two kinds never share a token */
    struct id   area; /* the county; missing = everywhere. Nor do texts of two areas */
    const void *bytes;
    size_t      size;
};

struct keeper_token {
    uint8_t bytes[KEEPER_TOKEN_BYTES];
};

/* Search tokens: keyed BLAKE2b-128 of (kind, area, text).
 *
 * generation   of the TOKEN key; 0 = the newest
 */
int keeper_token(struct keeper *keeper, uint32_t generation, const struct keeper_text *texts, size_t num,
                 struct keeper_token *tokens, struct keeper_error *error);

#define KEEPER_HASH_BYTES 32

struct keeper_raw {
    const void *bytes;
    size_t      size; /* any */
};

struct keeper_hash {
    uint8_t bytes[KEEPER_HASH_BYTES];
};

/* Keyed hashes of raw messages ("did this arrive before?"), by which nobody without the key can try out what a message
 * said. The bytes themselves stay here: the keeper gets their BLAKE2b-512. generation: of the HASH key; 0 = newest. */
int keeper_hash(struct keeper *keeper, uint32_t generation, const struct keeper_raw *raws, size_t num,
                struct keeper_hash *hashes, struct keeper_error *error);

#define KEEPER_SIGNATURE_BYTES 64
#define KEEPER_PUBLIC_BYTES 32
#define KEEPER_MAX_SIGNED 4096

struct keeper_signature {
    uint32_t generation;
    uint8_t  bytes[KEEPER_SIGNATURE_BYTES];
};

/* Sign a head of the audit chain with the newest SIGN key: Ed25519 over "tocsin audit 1\n" and the head (at most
 * KEEPER_MAX_SIGNED bytes). */
int keeper_sign(struct keeper *keeper, const void *head, size_t size, struct keeper_signature *signature,
                struct keeper_error *error);

/* The public key of a generation (0 = newest), to be kept by those who verify: also after the generation is gone. */
int keeper_public_key(struct keeper *keeper, uint32_t generation, uint8_t public_key[KEEPER_PUBLIC_BYTES],
                      struct keeper_error *error);

/* Is the signature of this head good? Needs no keeper. Returns 0 or SEAL_ERR_FORGED. */
int keeper_verify(const uint8_t public_key[KEEPER_PUBLIC_BYTES], const void *head, size_t size,
                  const struct keeper_signature *signature);

/* ---- health passes ---- */

#define KEEPER_PASS_DIGEST 32    /* SHA-256 of what is signed */
#define KEEPER_PASS_SIGNATURE 64 /* r and s */
#define KEEPER_PASS_POINT 64     /* x and y of the public key */

struct keeper_digest {
    uint8_t bytes[KEEPER_PASS_DIGEST];
};
struct keeper_pass_signature {
    uint8_t bytes[KEEPER_PASS_SIGNATURE];
};

/* Sign digests with ES256, with the PASS key of a generation (0 = the newest): the certificate that is issued under
 * says which (formats/credential/issue.h). That key signs nothing else. */
int keeper_sign_passes(struct keeper *keeper, uint32_t generation, const struct keeper_digest *digests, size_t num,
                       struct keeper_pass_signature *signatures, struct keeper_error *error);

/* The public key of a generation (0 = the newest). */
int keeper_pass_key(struct keeper *keeper, uint32_t generation, uint8_t point[KEEPER_PASS_POINT],
                    struct keeper_error *error);

/* ---- generations ---- */

/* The generations that exist, by kind and number. max: at least KEEPER_NUM_KINDS × KEEPER_MAX_GENERATIONS. */
int keeper_generations(struct keeper *keeper, struct keeper_generation *generations, size_t max, size_t *num,
                       struct keeper_error *error);

/* Make a generation; the process is restarted, as it cannot write files while it serves. now: an instant. */
int keeper_new_generation(struct keeper *keeper, enum keeper_kind kind, int64_t now, uint32_t *number,
                          struct keeper_error *error);

/* Destroy a generation's key: overwritten, synced, unlinked; the process is restarted. A file system that copies on
 * write, a journal or a flash drive may keep the old blocks: the directory belongs on an encrypted volume.
 *
 * Refused for the newest of its kind (KEEPER_ERR_KEYS), and with KEEPER_ERR_YOUNG until options.backup_days after it
 * was replaced, unless forced. What is still wrapped under it is lost: that is the purpose.
 */
int keeper_destroy(struct keeper *keeper, enum keeper_kind kind, uint32_t number, int64_t now, bool forced,
                   struct keeper_error *error);

/* ---- the erasure list ---- */

/* Who was erased and when, kept beside the keys: a restored backup first forgets these again. */
struct keeper_erasure {
    struct id person;
    int64_t   at; /* an instant */
};

/* Add to the list. 0 = on the disk. */
int keeper_erase(struct keeper *keeper, const struct keeper_erasure *erasures, size_t num, struct keeper_error *error);

/* Read the list on from *position (0 = its beginning), oldest first, at most max of them; *num = 0 at its end.
 *
 * damaged   added to: records on the way that do not check: never finished when the power failed (then their erasure
 *           was not acknowledged), or damaged since; tell people
 */
int keeper_erasures(struct keeper *keeper, uint64_t *position, struct keeper_erasure *erasures, size_t max, size_t *num,
                    uint64_t *damaged, struct keeper_error *error);

/* ---- counts ---- */

struct keeper_counts {
    uint64_t unwrapped[KEEPER_NUM_PURPOSES]; /* since the process started */
    uint64_t refused[KEEPER_NUM_PURPOSES];   /* calls, for their rate */
    uint64_t wrapped, rewrapped, tokens, hashes, signatures, passes, erased;
    uint64_t locked; /* 1 = its memory cannot be swapped out; 0 = the system's limit on locked memory was too small */
};

int keeper_count(struct keeper *keeper, struct keeper_counts *counts, struct keeper_error *error);

#endif
