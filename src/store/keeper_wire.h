/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/keeper_wire.h: what goes over the keeper's socket, and the keeper's side of it.
 *
 * Both ends are the same program on the same machine, so numbers are in its order. A request is a header and `size`
 * bytes, an answer likewise; nothing is longer than WIRE_MAX_BYTES. The first request is WIRE_HELLO, once. A request
 * that does not fit its description ends the keeper: its parent is then no longer the program that started it.
 */
#ifndef STORE_KEEPER_WIRE_H
#define STORE_KEEPER_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "store/keeper.h"
#include "store/keeper_files.h"

#define WIRE_MAGIC UINT32_C(0x014b4354) /* "TCK" and the version, 1 */
#define WIRE_MAX_BYTES ((size_t) 512 << 10)
#define WIRE_MAX_PATH 4000
#define KEEPER_SIGNED_PREFIX "tocsin audit 1\n" /* stands before every head that is signed */

/* Operation, bytes of an element in the request and in the answer (0: of another shape), who answers. */
#define WIRE_OPERATIONS(X)                                                                                             \
    X(HELLO, 0, 0, NULL)                                                                                               \
    X(WRAP, sizeof(struct wire_wrap), sizeof(struct keeper_wrapped), answer_wrap)                                      \
    X(UNWRAP, sizeof(struct keeper_wrapped), sizeof(struct wire_unwrapped), answer_unwrap)                             \
    X(REWRAP, sizeof(struct keeper_wrapped), sizeof(struct wire_rewrapped), answer_rewrap)                             \
    X(TOKEN, 0, sizeof(struct keeper_token), answer_token)                                                             \
    X(HASH, WIRE_DIGEST_BYTES, sizeof(struct keeper_hash), answer_hash)                                                \
    X(SIGN, 0, sizeof(struct keeper_signature), answer_sign)                                                           \
    X(PUBLIC_KEY, 0, KEEPER_PUBLIC_BYTES, answer_public_key)                                                           \
    X(PASS_SIGN, sizeof(struct keeper_digest), sizeof(struct keeper_pass_signature), answer_pass_sign)                 \
    X(PASS_KEY, 0, KEEPER_PASS_POINT, answer_pass_key)                                                                 \
    X(GENERATIONS, 0, sizeof(struct keeper_generation), answer_generations)                                            \
    X(ERASE, sizeof(struct keeper_erasure), 0, answer_erase)                                                           \
    X(ERASURES, 0, 0, answer_erasures)                                                                                 \
    X(COUNT, 0, sizeof(struct keeper_counts), answer_count)

enum wire_operation {
#define X(name, request, answer, function) WIRE_##name,
    WIRE_OPERATIONS(X)
#undef X
        WIRE_NUM_OPERATIONS
};

struct wire_request {
    uint32_t magic;
    uint16_t operation;
    uint16_t purpose;  /* UNWRAP; else 0 */
    uint64_t argument; /* TOKEN, HASH, PUBLIC_KEY, PASS_*: a generation; ERASURES: a record; else 0 */
    uint32_t count;    /* elements, at most KEEPER_BATCH */
    uint32_t size;     /* bytes behind this header */
};

struct wire_answer {
    uint32_t magic;
    int32_t  status; /* where it is not 0, a struct wire_failure follows */
    uint32_t count;
    uint32_t size;
};

struct wire_failure {
    uint64_t where; /* UINT64_MAX: nowhere */
    double   wait_seconds;
    char     what[240];
};

struct wire_wrap {
    struct id       owner;
    struct seal_key key;
};

struct wire_unwrapped {
    int32_t         status;
    struct seal_key key;
};

struct wire_rewrapped {
    int32_t               status;
    struct keeper_wrapped wrapped;
};

#define WIRE_DIGEST_BYTES 64

struct wire_text { /* followed by the kind and the text */
    struct id area;
    uint16_t  kind_size;
    uint16_t  text_size;
};

struct wire_erasures { /* followed by the erasures */
    uint64_t next;     /* record to go on from */
    uint64_t damaged;
};

/* What a starting keeper is to do before it serves. */
enum wire_task { WIRE_SERVE, WIRE_NEW_GENERATION, WIRE_DESTROY };

struct wire_hello {           /* followed by the path of the directory, path_size bytes without an end */
    uint32_t           build; /* WIRE_BUILD: both ends are the same program */
    uint32_t           task;
    uint32_t           kind;
    uint32_t           number;
    int64_t            now;
    double             backup_days;
    struct keeper_rate rates[KEEPER_NUM_PURPOSES];
    uint32_t           forced;
    uint32_t           path_size;
};
#define WIRE_BUILD ((uint32_t) (sizeof(struct wire_hello) << 16 | WIRE_NUM_OPERATIONS << 8 | KEEPER_NUM_KINDS))

/* The answer to it. */
struct wire_ready {
    uint32_t newest[KEEPER_NUM_KINDS];
    uint32_t locked;
};

_Static_assert(sizeof(struct keeper_wrapped) == 92 && sizeof(struct wire_wrap) == 48, "no padding");
_Static_assert(sizeof(struct wire_unwrapped) == 36 && sizeof(struct wire_rewrapped) == 96, "no padding");
_Static_assert(sizeof(struct wire_request) == 24 && sizeof(struct wire_answer) == 16, "no padding");
_Static_assert(sizeof(struct wire_text) == 20 && sizeof(struct keeper_erasure) == 24, "no padding");
_Static_assert(KEEPER_BATCH * sizeof(struct wire_rewrapped) <= WIRE_MAX_BYTES, "a batch fits");
_Static_assert(KEEPER_BATCH *KEEPER_ERASURE_BYTES <= WIRE_MAX_BYTES, "a page of the erasure list fits");
_Static_assert(KEEPER_NUM_KINDS *KEEPER_MAX_GENERATIONS <= KEEPER_BATCH, "the list of generations fits");

/* ---- the keeper's side ---- */

/* A token bucket. */
struct keeper_bucket {
    double per_second, burst;
    double left; /* at the instant `filled` */
    double filled;
};

struct credential_es256;

struct keeper_service {
    struct keeper_ring      *ring;
    struct credential_es256 *passes[KEEPER_MAX_GENERATIONS]; /* of the ring's PASS keys; NULL = not made ready */
    int                      erasures;                       /* file */
    struct keeper_bucket     buckets[KEEPER_NUM_PURPOSES];
    struct keeper_counts     counts;
    double (*seconds)(void); /* a clock that only runs forward */
};

#define WIRE_MALFORMED -1399 /* the request was no request */
#define WIRE_STALE -1398     /* an answer's status: another process has changed the key directory; start a new keeper */

/* Is it a header that a keeper answers? 0 or WIRE_MALFORMED. */
int keeper_check_request(const struct wire_request *request);

/* Answer one request after the first.
 *
 * payload   request->size bytes, aligned for any type
 * result    room for WIRE_MAX_BYTES, aligned likewise
 *
 * Returns 0 with answer and result filled (also where the answer is a failure), or WIRE_MALFORMED.
 */
int keeper_answer(struct keeper_service *service, const struct wire_request *request, const uint8_t *payload,
                  struct wire_answer *answer, uint8_t *result);

/* Make the PASS keys of the ring ready, and sign once with each: what OpenSSL asks of the system only at first is asked
 * before the process is confined. 0 or TOC_ERR_NO_MEMORY. Give them back with keeper_close_passes. */
int  keeper_open_passes(struct keeper_service *service, struct keeper_error *error);
void keeper_close_passes(struct keeper_service *service);

/* Check and take apart the first request: path gets an end. 0 or WIRE_MALFORMED. */
int keeper_read_hello(const struct wire_request *request, const uint8_t *payload, struct wire_hello *hello,
                      char path[WIRE_MAX_PATH + 1]);

/* The buckets as a hello has them, full. */
void keeper_fill_buckets(struct keeper_service *service, const struct wire_hello *hello);

/* Write a failure as the answer. */
void keeper_answer_failure(const struct keeper_error *error, struct wire_answer *answer, uint8_t *result);

/* ---- the process ---- */

/* From here on the process can read and write these two files, see when the directory was changed, add to its standard
 * error, and end: all else kills it. No thread but the caller's may exist. */
int keeper_confine(int socket, int erasures, int directory, struct keeper_error *error);

/* Be the keeper behind this socket; does not return. All other files are closed, standard error is kept. */
void keeper_run(int socket) __attribute__((noreturn));

/* Exit statuses of it, for the journal. */
enum { KEEPER_EXIT_DONE = 0, KEEPER_EXIT_START = 1, KEEPER_EXIT_MALFORMED = 2, KEEPER_EXIT_LOST = 3 };

#endif
