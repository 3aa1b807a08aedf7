/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/intake_internal.h: what the files of the intake share behind intake_door.h. */
#ifndef RESPONSE_INTAKE_INTERNAL_H
#define RESPONSE_INTAKE_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "response/intake_door.h"
#include "store/keeper.h"

/* A key for the hashes of messages, of one generation of the keeper's. */
struct intake_hash_key {
    uint8_t bytes[KEEPER_HASH_BYTES];
};

struct intake_feeds {
    struct arena       arena;
    struct model_feed *feeds;
    size_t             num;
    int64_t            read; /* when; INSTANT_MISSING = never */
};

struct intake_worker; /* intake_work.c */

/* The hash of a name that this sender gave, under one key. */
void intake_hash_name(const struct intake_hash_key *key, const struct intake_arrival *arrival,
                      const struct intake_name *name, uint8_t hash[32]);

/* The hashes of what an arrival says and of the number it has at its sender. */
void intake_hash_body(const struct intake_hash_key *key, const struct intake_arrival *arrival, uint8_t hash[32]);
void intake_hash_control(const struct intake_hash_key *key, const struct intake_arrival *arrival, uint8_t hash[32]);

/* ---- intake_row.c: within the writer's group ---- */

bool intake_is_row(const struct model_message *message);

/* The newest row of this number that came before and was about somebody; NULL = none. */
int intake_find_earlier_row(const struct model_message *message, struct store_reader *reader, struct arena *arena,
                            const struct model_message **earlier);

/* A corrected row is about whom the earlier one was about, whatever it says of who that is. */
struct intake_person;
int intake_take_over_person(struct intake_person *one, const struct model_message *earlier, struct store_reader *reader,
                            struct arena *arena);

/* A file's rows that no table knows are one task: its id, and whether it is there. */
struct intake_plan_options;
int intake_find_review(const struct model_message *message, struct store_reader *reader, struct arena *arena,
                       struct intake_plan_options *options);

/* ---- intake_table.c ---- */

/* A file that waits to be worked off becomes its rows; one that cannot is put aside with the reason. Returns 0, or what
 * stopped it, as intake_work. */
int intake_work_table(struct intake *intake, struct store_reader *reader, const struct model_message *message);

/* ---- intake_resource.c ---- */

/* How many entries of earlier messages are known by the names asked for; what was left out is not counted. counts: one
 * a resource. */
int intake_count_resources(struct intake *intake, struct store_reader *reader, const struct intake_arrival *arrival,
                           struct arena *arena, uint32_t *counts);

/* Set the statuses from what is there, and what the transmission itself creates in its order. False: it is to be
 * rejected as a whole. */
bool intake_decide_resources(const struct intake_arrival *arrival, const uint32_t *counts);

/* The rows to write: as many changes as answered, in arena; SIZE_MAX: no memory. */
size_t intake_resource_changes(struct intake *intake, const struct intake_arrival *arrival,
                               const struct model_message *message, struct arena *arena, struct store_change **changes);

/* The entries of a message that were left out. */
int intake_left_out(struct store_reader *reader, const struct id *message, struct arena *arena, uint32_t **positions,
                    size_t *num);

struct intake {
    struct intake_options   options;
    struct intake_hash_key *keys; /* newest first; locked memory */
    size_t                  num_keys;
    pthread_mutex_t         lock; /* of reader and feeds */
    struct store_reader    *reader;
    struct intake_feeds     feeds;
    int64_t                 room_looked; /* when the disk was asked */
    bool                    room;
    struct intake_worker   *worker;   /* NULL = none */
    atomic_int_fast64_t     answered; /* number of the last answer */
    struct intake_quotas    quotas;
    atomic_int_fast64_t     limited;
    atomic_int_fast64_t     taken, repeated, held, rejected, refused, worked, failed;
};

/* The program itself, which takes in and works off: everywhere, for data quality. */
struct access intake_program(void);

struct model_text intake_text(const char *text); /* a view */

/* A number for an answer of ours, which no other has: the instant in microseconds, or the next one. As text of at most
 * 19 digits. */
void intake_answer_number(struct intake *intake, char text[20]);

/* Something waits to be worked off. */
void intake_wake(struct intake *intake);
void intake_stop_worker(struct intake *intake);

void intake_free_feeds(struct intake *intake);

#endif
