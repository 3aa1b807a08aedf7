/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/power_entry.h"
#include "support/power_journal.h"

static const uint64_t MAGIC = 0x706f776572637574; /* "powercut" */

static char *half(struct power_journal *journal, uint32_t which)
{
    return (char *) (journal + 1) + which * journal->half_size;
}

struct power_entry *power_entry_first(struct power_journal *journal)
{
    return (struct power_entry *) half(journal, journal->half);
}

struct power_entry *power_entry_next(struct power_entry *entry)
{
    return (struct power_entry *) ((char *) entry + entry->size);
}

bool power_entry_in(struct power_journal *journal, const struct power_entry *entry)
{
    return (const char *) entry < half(journal, journal->half) + journal->used[journal->half];
}

size_t power_journal_size(size_t bytes)
{
    return sizeof(struct power_journal) + POWER_HALVES * bytes;
}

void power_journal_init(struct power_journal *journal, size_t bytes, uint32_t flags, const char *trash)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&journal->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    journal->half_size = bytes / 8 * 8;
    journal->flags = flags;
    journal->plan = (struct power_plan) POWER_PLAN_NONE;
    snprintf(journal->trash, sizeof journal->trash, "%s", trash);
    journal->magic = MAGIC;
}

bool power_journal_is(const struct power_journal *journal)
{
    return journal->magic == MAGIC;
}

/* Who held the lock may have been killed: every function here leaves the journal whole at each step. */
void power_journal_lock(struct power_journal *journal)
{
    if (pthread_mutex_lock(&journal->lock) == EOWNERDEAD)
        pthread_mutex_consistent(&journal->lock);
}

void power_journal_unlock(struct power_journal *journal)
{
    pthread_mutex_unlock(&journal->lock);
}

void power_journal_set_plan(struct power_journal *journal, const struct power_plan *plan, uint64_t seed)
{
    power_journal_lock(journal);
    journal->plan = *plan;
    journal->seed = seed;
    journal->changes = journal->syncs = journal->reads = 0;
    power_journal_unlock(journal);
}

void power_journal_cut(struct power_journal *journal)
{
    power_journal_lock(journal);
    journal->cut = 1;
    power_journal_unlock(journal);
}

void power_journal_set_server(struct power_journal *journal, pid_t server)
{
    journal->server = server;
}

void power_journal_state(const struct power_journal *journal, struct power_state *state)
{
    *state = (struct power_state){ journal->cut, journal->changes, journal->syncs, journal->reads };
}

bool power_journal_count(struct power_journal *journal)
{
    if (!journal->cut && ++journal->changes == journal->plan.cut_at)
        journal->cut = 1;
    return !journal->cut;
}

bool power_journal_grow(struct power_journal *journal, int64_t size, int64_t new_size)
{
    if (journal->plan.bytes_allowed < 0 || new_size <= size)
        return true;
    if (new_size - size > journal->plan.bytes_allowed)
        return false;
    journal->plan.bytes_allowed -= new_size - size;
    return true;
}

/* ---- entries ---- */

/* Whether an entry can still matter: it is not on the disk, or it is, but after a failed fsync whose pages it may have
 * rewritten. */
static bool matters(const struct power_journal *journal, const struct power_entry *entry, bool after_limbo)
{
    if (entry->kind != POWER_WRITE)
        return entry->sequence >= journal->names_synced;
    return entry->state != POWER_SYNCED || after_limbo;
}

/* Copy what matters to the other half and change over; a process killed meanwhile leaves the old half in force. */
static void compact(struct power_journal *journal)
{
    uint32_t other = 1 - journal->half;
    char    *target = half(journal, other);
    size_t   used = 0;
    bool     after_limbo = false;
    for (struct power_entry *entry = power_entry_first(journal); power_entry_in(journal, entry);
         entry = power_entry_next(entry)) {
        if (entry->state == POWER_LIMBO)
            after_limbo = true;
        if (!matters(journal, entry, after_limbo))
            continue;
        memcpy(target + used, entry, entry->size);
        used += entry->size;
    }
    journal->used[other] = used;
    __atomic_store_n(&journal->half, other, __ATOMIC_RELEASE);
}

/* Room for an entry with `bytes` behind it; NULL if the journal is too small. It counts once it is kept. */
static struct power_entry *room(struct power_journal *journal, size_t bytes)
{
    size_t size = (sizeof(struct power_entry) + bytes + 7) / 8 * 8;
    if (journal->used[journal->half] + size > journal->half_size)
        compact(journal);
    if (journal->used[journal->half] + size > journal->half_size) {
        journal->overflow = 1;
        return NULL;
    }
    struct power_entry *entry = (struct power_entry *) (half(journal, journal->half) + journal->used[journal->half]);
    memset(entry, 0, sizeof *entry);
    entry->size = (uint32_t) size;
    entry->sequence = ++journal->sequence;
    return entry;
}

void *power_journal_note(struct power_journal *journal, uint64_t inode, int64_t old_size, int64_t offset,
                         int64_t length, size_t *saved)
{
    int64_t             end = offset + length < old_size ? offset + length : old_size;
    size_t              bytes = end > offset ? (size_t) (end - offset) : 0;
    struct power_entry *entry = room(journal, bytes);
    *saved = 0;
    if (entry == NULL)
        return NULL;
    entry->kind = POWER_WRITE;
    entry->inode = inode;
    entry->old_size = old_size;
    entry->offset = offset;
    entry->length = length;
    entry->saved = bytes;
    *saved = bytes;
    return entry + 1;
}

void power_journal_keep(struct power_journal *journal)
{
    uint64_t           *used = &journal->used[journal->half];
    struct power_entry *entry = (struct power_entry *) (half(journal, journal->half) + *used);
    if (!journal->overflow)
        __atomic_store_n(used, *used + entry->size, __ATOMIC_RELEASE);
}

void power_trash_name(const struct power_journal *journal, const struct power_entry *entry, char name[POWER_TRASH_NAME])
{
    snprintf(name, POWER_TRASH_NAME, "%s/%llu", journal->trash, (unsigned long long) entry->sequence);
}

/* A change of a name: two paths behind the entry; the file at `doomed` (if any) gets a second name in the trash. */
static void note_name(struct power_journal *journal, enum power_kind kind, const char *path, const char *to,
                      const char *doomed)
{
    size_t              size = strlen(path) + 1, size_to = strlen(to) + 1;
    struct power_entry *entry = room(journal, size + size_to);
    if (entry == NULL)
        return;
    struct stat status;
    entry->kind = (uint8_t) kind;
    entry->inode = stat(path, &status) == 0 ? status.st_ino : 0;
    memcpy(entry + 1, path, size);
    memcpy((char *) (entry + 1) + size, to, size_to);
    if (doomed != NULL) {
        char trash[POWER_TRASH_NAME];
        power_trash_name(journal, entry, trash);
        if (link(doomed, trash) != 0 && errno != ENOENT)
            fprintf(stderr, "power journal: %s to %s: %s\n", doomed, trash, strerror(errno));
    }
    power_journal_keep(journal);
}

void power_journal_create(struct power_journal *journal, const char *path)
{
    note_name(journal, POWER_CREATE, path, "", NULL);
}

void power_journal_remove(struct power_journal *journal, const char *path)
{
    note_name(journal, POWER_REMOVE, path, "", path);
}

void power_journal_rename(struct power_journal *journal, const char *from, const char *to)
{
    note_name(journal, POWER_RENAME, from, to, to);
}

int power_journal_sync_names(struct power_journal *journal)
{
    bool fails = ++journal->syncs == journal->plan.fail_sync_at;
    if (!fails)
        journal->names_synced = journal->sequence + 1;
    return fails ? -1 : 0;
}

int power_journal_sync(struct power_journal *journal, uint64_t inode)
{
    bool fails = ++journal->syncs == journal->plan.fail_sync_at, left = false;
    if (!fails && (journal->flags & POWER_ORDERED_NAMES))
        journal->names_synced = journal->sequence + 1;
    for (struct power_entry *entry = power_entry_first(journal); power_entry_in(journal, entry);
         entry = power_entry_next(entry)) {
        if (entry->kind == POWER_WRITE && entry->inode == inode && entry->state == POWER_PENDING)
            entry->state = fails ? POWER_LIMBO : POWER_SYNCED;
        left = left || matters(journal, entry, false);
    }
    if (!left)
        journal->used[journal->half] = 0;
    return fails ? -1 : 0;
}
