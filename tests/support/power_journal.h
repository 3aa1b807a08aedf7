/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/support/power_journal.h: what a power cut may take away.
 *
 * kill -9 loses nothing that was written: the page cache belongs to the machine. A power cut loses what no fsync has
 * carried to the disk, in whole or in part and in any order. This journal notes, before each change of a file, what was
 * there; when the power goes, it puts back what the hardware is free to lose, and the database must make sense of the
 * rest. Writes go to real files, so that readers see them at once; nothing waits for a disk.
 *
 * What may survive (power_restore draws it from a seed)
 *   - a write that was followed by a successful fsync of its file: always, whole;
 *   - others: none, all, those up to a moment, or for each sector another moment. The last write may be torn between
 *     two bytes. Bytes that a write did not touch are never harmed, and what a sector gets it gets in the order of the
 *     writes ("powersafe overwrite"; what SQLite and PostgreSQL ask of a disk). A file's size is drawn like a sector;
 *   - creating, removing and renaming files: those up to a moment, in their order. An fsync of the directory carries
 *     all before it to the disk; with POWER_ORDERED_NAMES an fsync of any file does, as ext4 and XFS have it;
 *   - an fsync that fails (Linux): the pages count as clean and no later fsync writes them, unless they are written
 *     again; they stay readable until the power goes.
 *
 * The journal is one block of memory without pointers, private (the SQLite shim) or shared by all processes of a
 * server (the preloaded library): a process may be killed at any point within these functions, holding its lock.
 */
#ifndef TESTS_SUPPORT_POWER_JOURNAL_H
#define TESTS_SUPPORT_POWER_JOURNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { POWER_PATH = 400, POWER_HALVES = 2 };
enum power_flags { POWER_ORDERED_NAMES = 1 };

/* What is to go wrong. Calls are counted from 1 where the plan is set; 0 = never. */
struct power_plan {
    uint64_t cut_at;        /* the power goes at this write, truncation, fsync, creation, removal or renaming */
    uint64_t fail_sync_at;  /* this fsync fails */
    uint64_t fail_read_at;  /* this read fails (SQLite shim) */
    uint64_t short_read_at; /* this read ends early (SQLite shim) */
    int64_t  bytes_allowed; /* files may grow by so many bytes more, then the disk is full; negative = no limit */
};
#define POWER_PLAN_NONE                                                                                                \
    {                                                                                                                  \
        .bytes_allowed = -1                                                                                            \
    }

struct power_journal {
    uint64_t          magic;
    uint64_t          half_size;
    uint32_t          flags;
    uint32_t          half; /* which half holds the entries */
    uint64_t          used[POWER_HALVES];
    uint64_t          sequence;
    uint64_t          names_synced; /* names changed before this number are on the disk */
    struct power_plan plan;
    uint64_t          changes, syncs, reads; /* since the plan was set */
    uint64_t          seed;
    uint32_t          cut;      /* the power is off */
    uint32_t          overflow; /* the journal was too small: the test must be made smaller */
    pid_t             server;   /* the process to kill first when the power goes; 0 = none */
    pthread_mutex_t   lock;
    char              trash[POWER_PATH]; /* removed files wait here, in case their removal is lost */
};

/* How much memory a journal for `bytes` of unsynced changes needs, and set one up in it (zeroed memory).
 * trash: a folder on the same file system as the files. */
size_t power_journal_size(size_t bytes);
void   power_journal_init(struct power_journal *journal, size_t bytes, uint32_t flags, const char *trash);

void power_journal_lock(struct power_journal *journal);
void power_journal_unlock(struct power_journal *journal);

void power_journal_set_plan(struct power_journal *journal, const struct power_plan *plan, uint64_t seed);

/* The power goes now. */
void power_journal_cut(struct power_journal *journal);
/* The process that is killed first when the power goes. */
void power_journal_set_server(struct power_journal *journal, pid_t server);

struct power_state {
    uint64_t cut, changes, syncs, reads; /* counts since the plan was set */
};
void power_journal_state(const struct power_journal *journal, struct power_state *state);

/* The rest is called with the lock held.
 *
 * Count a change: after a write, truncation or change of a name is made, before an fsync. false: the power has gone,
 * and the caller's call fails. */
bool power_journal_count(struct power_journal *journal);

/* Before a file is written or truncated: room for the bytes that the change replaces, to be filled by the caller and
 * then kept. Bytes beyond old_size are not saved: *saved is what is wanted, from `offset` on.
 *
 * length: of the write; a truncation to `offset` replaces old_size - offset bytes (0 where the file grows) */
void *power_journal_note(struct power_journal *journal, uint64_t inode, int64_t old_size, int64_t offset,
                         int64_t length, size_t *saved);
void  power_journal_keep(struct power_journal *journal);

/* Before a name is made, removed or changed. What is removed or replaced gets a second name in `trash`. */
void power_journal_create(struct power_journal *journal, const char *path);
void power_journal_remove(struct power_journal *journal, const char *path);
void power_journal_rename(struct power_journal *journal, const char *from, const char *to);

/* Whether a file of `size` bytes may grow to `new_size`; takes it from the plan's bytes_allowed. */
bool power_journal_grow(struct power_journal *journal, int64_t size, int64_t new_size);

/* An fsync of this file, of a directory: 0, or -1 where the plan says that it fails. */
int power_journal_sync(struct power_journal *journal, uint64_t inode);
int power_journal_sync_names(struct power_journal *journal);

/* What the restored disk holds, beside what was synced. */
struct power_loss {
    uint64_t files, changes; /* with unsynced changes */
    uint64_t sectors_lost, sectors_kept;
    uint64_t names_lost, names_kept;
};

/* Every user of the files has ended: draw what survives and put back the rest, under `folder` and its subfolders.
 * sector: 512 or 4096, or more where the file system writes larger pages. Afterwards the power is on, the journal
 * empty and the plan POWER_PLAN_NONE. 0, or -1 with a message on standard error. */
int power_restore(struct power_journal *journal, const char *folder, uint64_t seed, unsigned sector,
                  struct power_loss *loss);

/* What was removed is gone for good. */
void power_journal_empty_trash(const struct power_journal *journal);

#endif
