/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tests/support/power_vfs.h: SQLite on a machine whose power can be cut, whose fsync can fail, whose disk can be full.
 *
 * A file system shim for SQLite over the system's: files are real, and a journal (power_journal.h, which says what a
 * cut may take away) notes what no fsync has carried to the disk. Nothing waits for a disk, so that a cycle of work,
 * cut and recovery takes milliseconds. One machine a program.
 *
 *     power_vfs_start(folder, …);             once; databases are files in the folder
 *     sqlite3_open_v2(path, …, POWER_VFS);    also through struct db_options.vfs
 *     power_vfs_plan(&plan, seed);            the power will go at the 57th change, say
 *     …                                       from then on every call to a file fails
 *     …                                       close all connections
 *     power_vfs_restore(seed, 512, &loss);    the folder is as the power cut left it; open again
 *
 * Memory-mapped reading is off; the index of the write-ahead log is the system's, and rebuilt by whoever opens first.
 * Temporary files are not part of the machine.
 */
#ifndef TESTS_SUPPORT_POWER_VFS_H
#define TESTS_SUPPORT_POWER_VFS_H

#include "support/power_journal.h"

#define POWER_VFS "power"

/* folder: absolute, exists, outside it nothing is touched but <folder>.trash. 0, or -1 with a message. */
int  power_vfs_start(const char *folder);
void power_vfs_end(void);

/* What goes wrong from now on; counts begin anew. */
void power_vfs_plan(const struct power_plan *plan);
/* Cut the power now. */
void power_vfs_cut(void);
bool power_vfs_is_cut(void);
/* Since the plan was set: writes, truncations, fsyncs, creations and removals; fsyncs; reads. */
uint64_t power_vfs_changes(void);
uint64_t power_vfs_syncs(void);
uint64_t power_vfs_reads(void);

/* After a cut (or as if the power went now): what the disk holds. All files must be closed; 0, or -1 with a message. */
int power_vfs_restore(uint64_t seed, unsigned sector, struct power_loss *loss);

#endif
