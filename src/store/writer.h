/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/writer.h: the writer's thread and its queue (store.h). */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "store/counters.h"
#include "store/store_internal.h"
#include "store/writer_pace.h"

#define WRITER_KEYS_SECONDS 10 /* between two sweeps of the keys of messages */

/* A request that waits, or a reading that wants its audit entry. */
struct ticket {
    struct ticket              *next;
    const struct store_request *request; /* NULL: a reading */
    struct store_change_set     set;     /* of the request, or decided */
    struct access               who;
    struct fault_list          *faults; /* set to `spare` where nobody wants them */
    struct fault_list           spare;
    size_t                      faults_kept; /* that were there before; a second try begins with them */
    uint64_t                    faults_all;
    const char                 *verb; /* of a reading */
    struct audit_subjects       subjects;
    int (*job)(void *context, struct group *group); /* work of the store's own within a transaction; else NULL */
    store_done          *done;
    void                *context;
    bool                 owned; /* freed after done */
    bool                 bulk, valid /* checked by the caller's thread */;
    size_t               weight; /* changes */
    int                  status;
    struct store_receipt receipt;
    sem_t                finished; /* where done is NULL */
};

/* What the group at hand has not written yet, as bits (group_pending.c). */
#define PENDING_BITS (1 << 20)
struct pending {
    bool     some, all; /* something is noted; nobody knows what, so everything counts as noted */
    uint64_t bits[PENDING_BITS / 64];
};

struct writer {
    struct store         *store;
    struct db            *db;
    struct counter_book  *book;
    struct counters_fold *fold; /* NULL: on SQLite */
    int64_t               fence;
    struct audit_head     head;  /* as committed */
    int64_t               event; /* as committed */
    int64_t               known; /* of the newest group */
    uint32_t              digest_generation;
    uint8_t              *digest_key;     /* KEEPER_HASH_BYTES, locked; NULL: without a keeper there are no digests */
    bool                  sweep_due;      /* erasures are committed whose old pages may stay */
    bool                  counts_due;     /* counts wait for the writer to add them */
    bool                  keys_destroyed; /* keys of messages are gone, whose old pages may stay */
    time_t                keys_swept;     /* when that was last seen to */
    struct pending        pending;
    struct writer_pace    pace;

    pthread_t       thread;
    bool            started;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t  arrived;
    struct ticket  *first[2], *last[2]; /* interactive, bulk */
    size_t          waiting;
    bool            closing, stopped;
    char            reason[240];                   /* why it has stopped */
    int64_t         groups, requests, shown_event; /* committed */
    struct timespec counts_failing;                /* since when what waits cannot be added; zero: it can (SQLite) */
};

int  writer_start(struct store *store, struct db *db, struct writer **writer, struct db_error *error);
void writer_stop(struct writer *writer); /* after what waits is done; NULL is fine */

void writer_watch(struct writer *writer, struct store_state *state);

/* Put a ticket into the queue; with `done` NULL wait until it is finished and return its status. */
int writer_submit(struct writer *writer, struct ticket *ticket);

#endif
