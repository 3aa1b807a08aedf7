/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is left on the disk after a power cut: see power_journal.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/power_entry.h"
#include "support/power_journal.h"

/* How the unsynced writes of a cut fare. */
enum mode { NOTHING, EVERYTHING, UP_TO_A_MOMENT, FILE_BY_FILE, SECTOR_BY_SECTOR, NUM_MODES };

struct restore {
    struct power_journal *journal;
    struct power_entry  **entries; /* by file, within a file in their order */
    size_t                num_entries;
    int64_t               sector_size;
    enum mode             mode;
    uint64_t              moment; /* UP_TO_A_MOMENT: entries of this number and later are lost */
    uint64_t              random; /* splitmix64 */
    struct power_loss     loss;
};

/* One file's share of the cut. Entry i happened at moment i; a sector at moment t has the entries before t. */
struct file {
    struct power_entry **entries;
    size_t               n;
    int64_t             *sectors; /* touched by what is not synced, ascending */
    size_t              *moments; /* of each sector */
    size_t              *least;   /* entries before this one are on the disk for certain */
    size_t               num_sectors;
    size_t               moment; /* for all sectors; n + 1 = each has its own */
    int64_t              tear;   /* so many bytes of entry `moment` arrived */
};

static uint64_t draw(struct restore *restore, uint64_t below)
{
    uint64_t z = (restore->random += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (z ^ (z >> 31)) % below;
}

/* A moment from least to most; the ends are likely. */
static size_t draw_moment(struct restore *restore, size_t least, size_t most)
{
    uint64_t kind = draw(restore, 4);
    return kind == 0 ? least : kind == 1 ? most : least + draw(restore, most - least + 1);
}

static int complain(const char *what, const char *path)
{
    fprintf(stderr, "power cut: %s %s: %s\n", what, path, strerror(errno));
    return -1;
}

static int compare_sectors(const void *a, const void *b)
{
    int64_t left = *(const int64_t *) a, right = *(const int64_t *) b;
    return (left > right) - (left < right);
}

static int64_t first_sector(const struct restore *restore, const struct power_entry *entry)
{
    return entry->offset / restore->sector_size;
}

/* One past the last sector that it touches. */
static int64_t end_sector(const struct restore *restore, const struct power_entry *entry)
{
    return (entry->offset + entry->length + restore->sector_size - 1) / restore->sector_size;
}

/* The place of a sector in file->sectors; -1 if nothing unsynced touches it. */
static ptrdiff_t find_sector(const struct file *file, int64_t sector)
{
    size_t low = 0, high = file->num_sectors;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (file->sectors[middle] < sector)
            low = middle + 1;
        else
            high = middle;
    }
    return low < file->num_sectors && file->sectors[low] == sector ? (ptrdiff_t) low : -1;
}

static int list_sectors(const struct restore *restore, struct file *file)
{
    size_t most = 0;
    for (size_t i = 0; i < file->n; i++)
        if (file->entries[i]->state != POWER_SYNCED && file->entries[i]->length > 0)
            most += (size_t) (end_sector(restore, file->entries[i]) - first_sector(restore, file->entries[i]));
    file->sectors = calloc(most + 1, sizeof *file->sectors);
    file->moments = calloc(most + 1, sizeof *file->moments);
    file->least = calloc(most + 1, sizeof *file->least);
    if (file->sectors == NULL || file->moments == NULL || file->least == NULL)
        return -1;
    size_t num = 0;
    for (size_t i = 0; i < file->n; i++) {
        const struct power_entry *entry = file->entries[i];
        if (entry->state == POWER_SYNCED || entry->length == 0)
            continue;
        for (int64_t sector = first_sector(restore, entry); sector < end_sector(restore, entry); sector++)
            file->sectors[num++] = sector;
    }
    qsort(file->sectors, num, sizeof *file->sectors, compare_sectors);
    for (size_t i = 0; i < num; i++)
        if (i == 0 || file->sectors[i] != file->sectors[file->num_sectors - 1])
            file->sectors[file->num_sectors++] = file->sectors[i];
    for (size_t i = 0; i < file->n; i++) {
        const struct power_entry *entry = file->entries[i];
        if (entry->state != POWER_SYNCED)
            continue;
        for (int64_t sector = first_sector(restore, entry); sector < end_sector(restore, entry); sector++) {
            ptrdiff_t at = find_sector(file, sector);
            if (at >= 0)
                file->least[at] = i + 1;
        }
    }
    return 0;
}

/* Draw what each sector of a file lived to see. */
static void draw_file(struct restore *restore, struct file *file)
{
    file->moment = restore->mode == NOTHING ? 0 : file->n;
    if (restore->mode == FILE_BY_FILE)
        file->moment = draw_moment(restore, 0, file->n);
    if (restore->mode == UP_TO_A_MOMENT)
        while (file->moment > 0 && file->entries[file->moment - 1]->sequence >= restore->moment)
            file->moment--;
    const struct power_entry *torn = file->moment < file->n ? file->entries[file->moment] : NULL;
    bool                      tears = restore->mode == FILE_BY_FILE ||
                 (restore->mode == UP_TO_A_MOMENT && torn != NULL && torn->sequence == restore->moment);
    if (tears && torn != NULL && torn->length > 0)
        file->tear = (int64_t) draw(restore, (uint64_t) torn->length);
    for (size_t i = 0; i < file->num_sectors; i++) {
        size_t least = file->least[i];
        if (restore->mode == SECTOR_BY_SECTOR)
            file->moments[i] = draw_moment(restore, least, file->n);
        else
            file->moments[i] = file->moment > least ? file->moment : least;
        if (file->moments[i] < file->n)
            restore->loss.sectors_lost++;
        else
            restore->loss.sectors_kept++;
    }
}

/* Put back the bytes from `start` to `end` that an entry replaced; what was beyond the file's end becomes zeros. */
static int put_back(int fd, const struct power_entry *entry, int64_t start, int64_t end)
{
    static const char zeros[65536];
    int64_t           saved_end = entry->offset + (int64_t) entry->saved;
    while (start < end) {
        bool        saved = start < saved_end;
        int64_t     part_end = saved ? (end < saved_end ? end : saved_end) : end;
        size_t      size = (size_t) (part_end - start);
        const char *bytes = saved ? (const char *) (entry + 1) + (start - entry->offset) : zeros;
        if (!saved && size > sizeof zeros)
            size = sizeof zeros;
        ssize_t written = pwrite(fd, bytes, size, start);
        if (written <= 0)
            return -1;
        start += written;
    }
    return 0;
}

/* Undo, newest first, what each sector did not live to see. */
static int undo_writes(const struct restore *restore, const struct file *file, int fd)
{
    for (size_t i = file->n; i-- > 0;) {
        const struct power_entry *entry = file->entries[i];
        if (entry->length == 0)
            continue;
        int64_t kept = i == file->moment && restore->mode != SECTOR_BY_SECTOR ? entry->offset + file->tear : 0;
        for (int64_t sector = first_sector(restore, entry); sector < end_sector(restore, entry); sector++) {
            ptrdiff_t at = find_sector(file, sector);
            if (at < 0 || i < file->moments[at])
                continue;
            int64_t start = sector * restore->sector_size, end = start + restore->sector_size;
            if (start < entry->offset)
                start = entry->offset;
            if (end > entry->offset + entry->length)
                end = entry->offset + entry->length;
            if (start < kept)
                start = kept;
            if (put_back(fd, entry, start, end) != 0)
                return -1;
        }
    }
    return 0;
}

/* The file's size at the moment that its size lived to see. */
static int64_t draw_size(struct restore *restore, const struct file *file, int64_t now)
{
    size_t least = 0, moment = file->moment;
    for (size_t i = 0; i < file->n; i++)
        if (file->entries[i]->state == POWER_SYNCED)
            least = i + 1;
    if (restore->mode == SECTOR_BY_SECTOR)
        moment = draw_moment(restore, least, file->n);
    if (moment < least)
        return least < file->n ? file->entries[least]->old_size : now;
    if (moment >= file->n)
        return now;
    const struct power_entry *entry = file->entries[moment];
    int64_t torn = restore->mode != SECTOR_BY_SECTOR && file->tear > 0 && entry->saved < (uint64_t) entry->length
                       ? entry->offset + file->tear
                       : 0;
    return torn > entry->old_size ? torn : entry->old_size;
}

static int restore_file(struct restore *restore, struct file *file, const char *path)
{
    struct stat status;
    int         ret = -1, fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0 || list_sectors(restore, file) != 0)
        goto out;
    draw_file(restore, file);
    int64_t size = draw_size(restore, file, status.st_size);
    if (undo_writes(restore, file, fd) != 0 || ftruncate(fd, size) != 0)
        goto out;
    restore->loss.files++;
    ret = 0;
out:
    if (ret != 0)
        complain("putting back", path);
    if (fd >= 0)
        close(fd);
    free(file->sectors);
    free(file->moments);
    free(file->least);
    return ret;
}

static int compare_entries(const void *a, const void *b)
{
    const struct power_entry *left = *(struct power_entry *const *) a, *right = *(struct power_entry *const *) b;
    if (left->inode != right->inode)
        return left->inode < right->inode ? -1 : 1;
    return (left->sequence > right->sequence) - (left->sequence < right->sequence);
}

static int compare_inode(const void *key, const void *entry)
{
    uint64_t inode = *(const uint64_t *) key, other = (*(struct power_entry *const *) entry)->inode;
    return (inode > other) - (inode < other);
}

/* The entries of a file that exists, if it has any. */
static int restore_if_changed(struct restore *restore, const char *path, uint64_t inode)
{
    struct power_entry **found =
        bsearch(&inode, restore->entries, restore->num_entries, sizeof *restore->entries, compare_inode);
    if (found == NULL)
        return 0;
    struct file file = { .entries = found, .n = 1 };
    while (file.entries > restore->entries && file.entries[-1]->inode == inode) {
        file.entries--;
        file.n++;
    }
    while (file.entries + file.n < restore->entries + restore->num_entries && file.entries[file.n]->inode == inode)
        file.n++;
    bool pending = false;
    for (size_t i = 0; i < file.n; i++)
        pending = pending || file.entries[i]->state != POWER_SYNCED;
    return pending ? restore_file(restore, &file, path) : 0;
}

static int restore_folder(struct restore *restore, const char *folder)
{
    DIR *listing = opendir(folder);
    if (listing == NULL)
        return complain("opening", folder);
    int            ret = 0;
    struct dirent *entry;
    while (ret == 0 && (entry = readdir(listing)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char        path[2 * POWER_PATH];
        struct stat status;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_type == DT_DIR && strcmp(path, restore->journal->trash) != 0)
            ret = restore_folder(restore, path);
        else if (entry->d_type == DT_REG && stat(path, &status) == 0)
            ret = restore_if_changed(restore, path, status.st_ino);
    }
    closedir(listing);
    return ret;
}

/* Collect the entries of files, sorted. */
static int collect(struct restore *restore)
{
    struct power_journal *journal = restore->journal;
    size_t                num = 0;
    for (struct power_entry *e = power_entry_first(journal); power_entry_in(journal, e); e = power_entry_next(e))
        num++;
    restore->entries = calloc(num + 1, sizeof(struct power_entry *));
    if (restore->entries == NULL)
        return complain("memory for", "the journal");
    for (struct power_entry *e = power_entry_first(journal); power_entry_in(journal, e); e = power_entry_next(e)) {
        if (e->kind != POWER_WRITE)
            continue;
        restore->entries[restore->num_entries++] = e;
        restore->loss.changes += e->state != POWER_SYNCED;
    }
    qsort(restore->entries, restore->num_entries, sizeof *restore->entries, compare_entries);
    return 0;
}

/* A path as an entry has it, from `folder` where it is relative. */
static void place(const char *folder, const char *path, char out[2 * POWER_PATH])
{
    if (path[0] == '/')
        snprintf(out, 2 * POWER_PATH, "%s", path);
    else
        snprintf(out, 2 * POWER_PATH, "%s/%s", folder, path);
}

static void undo_name(struct restore *restore, const char *folder, const struct power_entry *entry)
{
    const char *path = (const char *) (entry + 1);
    char        from[2 * POWER_PATH], to[2 * POWER_PATH], trash[POWER_TRASH_NAME];
    struct stat status;
    place(folder, path, from);
    place(folder, path + strlen(path) + 1, to);
    power_trash_name(restore->journal, entry, trash);
    int unused = 0; /* a process killed before the change itself: there is nothing to undo */
    if (entry->kind == POWER_CREATE)
        unused = unlink(from);
    else if (entry->kind == POWER_REMOVE)
        unused = link(trash, from);
    else if (stat(to, &status) == 0 && status.st_ino == entry->inode) {
        unused = rename(to, from);
        unused = link(trash, to);
    }
    (void) unused;
    restore->loss.names_lost++;
}

/* How many of the changes of names survive. */
static size_t draw_names(struct restore *restore, struct power_entry *const *names, size_t num)
{
    if (restore->mode == NOTHING)
        return 0;
    if (restore->mode == EVERYTHING)
        return num;
    if (restore->mode != UP_TO_A_MOMENT)
        return draw_moment(restore, 0, num);
    while (num > 0 && names[num - 1]->sequence >= restore->moment)
        num--;
    return num;
}

/* Undo the changes of names after a moment, newest first. */
static int restore_names(struct restore *restore, const char *folder)
{
    struct power_journal *journal = restore->journal;
    size_t                num = 0, at = 0;
    for (struct power_entry *e = power_entry_first(journal); power_entry_in(journal, e); e = power_entry_next(e))
        num += e->kind != POWER_WRITE && e->sequence >= journal->names_synced;
    struct power_entry **names = calloc(num + 1, sizeof *names);
    if (names == NULL)
        return complain("memory for", "the names");
    for (struct power_entry *e = power_entry_first(journal); power_entry_in(journal, e); e = power_entry_next(e))
        if (e->kind != POWER_WRITE && e->sequence >= journal->names_synced)
            names[at++] = e;
    size_t moment = draw_names(restore, names, num);
    for (size_t i = num; i-- > moment;)
        undo_name(restore, folder, names[i]);
    restore->loss.names_kept += moment;
    free(names);
    return 0;
}

void power_journal_empty_trash(const struct power_journal *journal)
{
    DIR *listing = opendir(journal->trash);
    if (listing == NULL)
        return;
    struct dirent *entry;
    while ((entry = readdir(listing)) != NULL)
        unlinkat(dirfd(listing), entry->d_name, 0);
    closedir(listing);
}

int power_restore(struct power_journal *journal, const char *folder, uint64_t seed, unsigned sector,
                  struct power_loss *loss)
{
    struct restore restore = { .journal = journal, .sector_size = sector, .random = seed };
    if (!power_journal_is(journal) || journal->overflow) {
        fprintf(stderr, "power cut: the journal is %s\n", journal->overflow ? "too small" : "none");
        return -1;
    }
    restore.mode = (enum mode) draw(&restore, NUM_MODES);
    int ret = collect(&restore);
    if (ret == 0 && restore.mode == UP_TO_A_MOMENT) {
        uint64_t first = journal->used[journal->half] > 0 ? power_entry_first(journal)->sequence : journal->sequence;
        restore.moment = first + draw_moment(&restore, 0, journal->sequence - first + 1);
    }
    if (ret == 0)
        ret = restore_names(&restore, folder);
    if (ret == 0)
        ret = restore_folder(&restore, folder);
    free(restore.entries);
    power_journal_empty_trash(journal);
    if (ret != 0)
        return ret;
    journal->used[0] = journal->used[1] = 0;
    journal->plan = (struct power_plan) POWER_PLAN_NONE;
    journal->cut = 0;
    if (loss != NULL)
        *loss = restore.loss;
    return 0;
}
