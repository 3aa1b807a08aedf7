/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "support/power_vfs.h"

enum { JOURNAL_BYTES = 256 << 20 }; /* touched only as far as it is used */

static struct {
    struct power_journal *journal;
    sqlite3_vfs          *system;
    sqlite3_vfs           vfs;
    char                  folder[POWER_PATH];
    int                   open_files;
} machine;

/* Our file, with the system's behind it. */
struct power_file {
    sqlite3_file  base;
    sqlite3_file *real;
    uint64_t      inode;
    bool          on_disk;    /* within the machine; temporary files are not */
    bool          syncs_name; /* the first fsync of a new journal also syncs its directory, as the system's does */
};

static struct power_file *power_file(sqlite3_file *file)
{
    return (struct power_file *) file;
}

static sqlite3_file *real(sqlite3_file *file)
{
    return power_file(file)->real;
}

static bool is_cut(sqlite3_file *file)
{
    return power_file(file)->on_disk && machine.journal->cut;
}

/* ---- one file ---- */

static int file_close(sqlite3_file *file)
{
    int ret = real(file)->pMethods->xClose(real(file));
    if (power_file(file)->on_disk)
        __atomic_sub_fetch(&machine.open_files, 1, __ATOMIC_RELAXED);
    file->pMethods = NULL;
    return ret;
}

static int file_read(sqlite3_file *file, void *buffer, int size, sqlite3_int64 offset)
{
    if (!power_file(file)->on_disk)
        return real(file)->pMethods->xRead(real(file), buffer, size, offset);
    power_journal_lock(machine.journal);
    uint64_t number = ++machine.journal->reads;
    bool     fails = machine.journal->cut || number == machine.journal->plan.fail_read_at;
    bool     is_short = number == machine.journal->plan.short_read_at;
    power_journal_unlock(machine.journal);
    if (fails)
        return SQLITE_IOERR_READ;
    if (is_short) {
        memset(buffer, 0, (size_t) size);
        int ret = real(file)->pMethods->xRead(real(file), buffer, size / 2, offset);
        return ret == SQLITE_OK ? SQLITE_IOERR_SHORT_READ : ret;
    }
    return real(file)->pMethods->xRead(real(file), buffer, size, offset);
}

/* Note what a change replaces. Called with the lock held. */
static int note(struct power_file *file, sqlite3_int64 old_size, sqlite3_int64 offset, sqlite3_int64 length)
{
    size_t saved;
    void  *bytes = power_journal_note(machine.journal, file->inode, old_size, offset, length, &saved);
    if (bytes == NULL)
        return SQLITE_NOMEM;
    int ret = saved == 0 ? SQLITE_OK : file->real->pMethods->xRead(file->real, bytes, (int) saved, offset);
    if (ret == SQLITE_OK)
        power_journal_keep(machine.journal);
    return ret;
}

static int file_write(sqlite3_file *file, const void *buffer, int size, sqlite3_int64 offset)
{
    if (!power_file(file)->on_disk)
        return real(file)->pMethods->xWrite(real(file), buffer, size, offset);
    sqlite3_int64 old_size = 0;
    int           ret = SQLITE_IOERR_WRITE;
    power_journal_lock(machine.journal);
    if (machine.journal->cut)
        goto out;
    ret = real(file)->pMethods->xFileSize(real(file), &old_size);
    if (ret != SQLITE_OK)
        goto out;
    ret = SQLITE_FULL;
    if (!power_journal_grow(machine.journal, old_size, offset + size))
        goto out;
    ret = note(power_file(file), old_size, offset, size);
    if (ret == SQLITE_OK)
        ret = real(file)->pMethods->xWrite(real(file), buffer, size, offset);
    if (!power_journal_count(machine.journal))
        ret = SQLITE_IOERR_WRITE;
out:
    power_journal_unlock(machine.journal);
    return ret;
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    if (!power_file(file)->on_disk)
        return real(file)->pMethods->xTruncate(real(file), size);
    sqlite3_int64 old_size = 0;
    int           ret = SQLITE_IOERR_TRUNCATE;
    power_journal_lock(machine.journal);
    if (machine.journal->cut)
        goto out;
    ret = real(file)->pMethods->xFileSize(real(file), &old_size);
    if (ret == SQLITE_OK)
        ret = note(power_file(file), old_size, size, size < old_size ? old_size - size : 0);
    if (ret == SQLITE_OK)
        ret = real(file)->pMethods->xTruncate(real(file), size);
    if (!power_journal_count(machine.journal))
        ret = SQLITE_IOERR_TRUNCATE;
out:
    power_journal_unlock(machine.journal);
    return ret;
}

/* The system's fsync is not called: the journal is the disk. */
static int file_sync(sqlite3_file *file, int flags)
{
    (void) flags;
    if (!power_file(file)->on_disk)
        return SQLITE_OK;
    int ret = SQLITE_IOERR_FSYNC;
    power_journal_lock(machine.journal);
    if (power_journal_count(machine.journal) && power_journal_sync(machine.journal, power_file(file)->inode) == 0)
        ret = SQLITE_OK;
    if (ret == SQLITE_OK && power_file(file)->syncs_name) {
        power_file(file)->syncs_name = false;
        if (!power_journal_count(machine.journal) || power_journal_sync_names(machine.journal) != 0)
            ret = SQLITE_IOERR_DIR_FSYNC;
    }
    power_journal_unlock(machine.journal);
    return ret;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return is_cut(file) ? SQLITE_IOERR_FSTAT : real(file)->pMethods->xFileSize(real(file), size);
}

static int file_lock(sqlite3_file *file, int level)
{
    return is_cut(file) ? SQLITE_IOERR_LOCK : real(file)->pMethods->xLock(real(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xUnlock(real(file), level);
}

static int file_check_lock(sqlite3_file *file, int *held)
{
    return is_cut(file) ? SQLITE_IOERR_CHECKRESERVEDLOCK : real(file)->pMethods->xCheckReservedLock(real(file), held);
}

/* Hints that would make the system's file grow behind our back are taken and forgotten. */
static int file_control(sqlite3_file *file, int verb, void *argument)
{
    if (verb == SQLITE_FCNTL_SIZE_HINT || verb == SQLITE_FCNTL_CHUNK_SIZE)
        return SQLITE_OK;
    if (verb == SQLITE_FCNTL_MMAP_SIZE) {
        *(sqlite3_int64 *) argument = 0;
        return SQLITE_OK;
    }
    return is_cut(file) ? SQLITE_IOERR : real(file)->pMethods->xFileControl(real(file), verb, argument);
}

static int file_sector_size(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}

static int file_characteristics(sqlite3_file *file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    return is_cut(file) ? SQLITE_IOERR_SHMMAP : real(file)->pMethods->xShmMap(real(file), page, size, extend, out);
}

static int file_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    if (is_cut(file) && !(flags & SQLITE_SHM_UNLOCK))
        return SQLITE_IOERR_SHMLOCK;
    return real(file)->pMethods->xShmLock(real(file), offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
    real(file)->pMethods->xShmBarrier(real(file));
}

static int file_shm_unmap(sqlite3_file *file, int remove)
{
    return real(file)->pMethods->xShmUnmap(real(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

/* ---- the file system ---- */

static bool within_machine(const char *path)
{
    size_t length = strlen(machine.folder);
    return path != NULL && strncmp(path, machine.folder, length) == 0 && path[length] == '/';
}

static int open_on_disk(struct power_file *file, const char *path, int flags, int *out_flags)
{
    struct stat status;
    int         ret = SQLITE_CANTOPEN;
    power_journal_lock(machine.journal);
    if (machine.journal->cut)
        goto out;
    bool makes = (flags & SQLITE_OPEN_CREATE) && access(path, F_OK) != 0;
    if (makes)
        power_journal_create(machine.journal, path);
    ret = machine.system->xOpen(machine.system, path, file->real, flags, out_flags);
    if (ret != SQLITE_OK)
        goto out;
    file->inode = stat(path, &status) == 0 ? status.st_ino : 0;
    file->on_disk = true;
    file->syncs_name = makes && (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL)) != 0;
    __atomic_add_fetch(&machine.open_files, 1, __ATOMIC_RELAXED);
    if (makes)
        power_journal_count(machine.journal);
out:
    power_journal_unlock(machine.journal);
    return ret;
}

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *out, int flags, int *out_flags)
{
    (void) vfs;
    struct power_file *file = power_file(out);
    memset(file, 0, sizeof *file);
    file->real = (sqlite3_file *) (file + 1);
    int ret = within_machine(path) ? open_on_disk(file, path, flags, out_flags)
                                   : machine.system->xOpen(machine.system, path, file->real, flags, out_flags);
    if (ret == SQLITE_OK)
        file->base.pMethods = &methods;
    else if (file->real->pMethods != NULL)
        file->real->pMethods->xClose(file->real);
    return ret;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int sync_folder)
{
    (void) vfs;
    if (!within_machine(path))
        return machine.system->xDelete(machine.system, path, sync_folder);
    int ret = SQLITE_IOERR_DELETE;
    power_journal_lock(machine.journal);
    if (machine.journal->cut)
        goto out;
    if (access(path, F_OK) == 0)
        power_journal_remove(machine.journal, path);
    ret = machine.system->xDelete(machine.system, path, 0);
    if (!power_journal_count(machine.journal))
        ret = SQLITE_IOERR_DELETE;
    if (ret == SQLITE_OK && sync_folder &&
        (!power_journal_count(machine.journal) || power_journal_sync_names(machine.journal) != 0))
        ret = SQLITE_IOERR_DIR_FSYNC;
out:
    power_journal_unlock(machine.journal);
    return ret;
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *found)
{
    (void) vfs;
    if (within_machine(path) && machine.journal->cut)
        return SQLITE_IOERR_ACCESS;
    return machine.system->xAccess(machine.system, path, flags, found);
}

int power_vfs_start(const char *folder)
{
    char   trash[POWER_PATH];
    size_t size = power_journal_size(JOURNAL_BYTES);
    machine.system = sqlite3_vfs_find(NULL);
    snprintf(machine.folder, sizeof machine.folder, "%s", folder);
    if (snprintf(trash, sizeof trash, "%s.trash", folder) >= (int) sizeof trash ||
        (mkdir(trash, 0700) != 0 && errno != EEXIST)) {
        fprintf(stderr, "power machine: %s: %s\n", trash, strerror(errno));
        return -1;
    }
    machine.journal = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (machine.journal == MAP_FAILED) {
        perror("power machine: memory");
        return -1;
    }
    power_journal_init(machine.journal, JOURNAL_BYTES, 0, trash);
    machine.vfs = *machine.system;
    machine.vfs.zName = POWER_VFS;
    machine.vfs.pNext = NULL;
    machine.vfs.szOsFile = (int) sizeof(struct power_file) + machine.system->szOsFile;
    machine.vfs.xOpen = vfs_open;
    machine.vfs.xDelete = vfs_delete;
    machine.vfs.xAccess = vfs_access;
    return sqlite3_vfs_register(&machine.vfs, 0) == SQLITE_OK ? 0 : -1;
}

void power_vfs_end(void)
{
    if (machine.journal == NULL)
        return;
    sqlite3_vfs_unregister(&machine.vfs);
    power_journal_empty_trash(machine.journal);
    rmdir(machine.journal->trash);
    munmap(machine.journal, power_journal_size(JOURNAL_BYTES));
    machine.journal = NULL;
}

void power_vfs_plan(const struct power_plan *plan)
{
    power_journal_set_plan(machine.journal, plan, 0);
}

void power_vfs_cut(void)
{
    power_journal_cut(machine.journal);
}

bool power_vfs_is_cut(void)
{
    return machine.journal->cut;
}

uint64_t power_vfs_changes(void)
{
    return machine.journal->changes;
}

uint64_t power_vfs_syncs(void)
{
    return machine.journal->syncs;
}

uint64_t power_vfs_reads(void)
{
    return machine.journal->reads;
}

int power_vfs_restore(uint64_t seed, unsigned sector, struct power_loss *loss)
{
    if (machine.open_files != 0) {
        fprintf(stderr, "power machine: %d files are still open\n", machine.open_files);
        return -1;
    }
    return power_restore(machine.journal, machine.folder, seed, sector, loss);
}
