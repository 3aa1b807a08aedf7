/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/worker.h: the worker, one of a node's three processes: it does what takes long (files of whole lists,
 * lists as of a day), so that neither a mistake in it nor its memory is the server's.
 *
 * It has the database open for reading alone and no keeper, so it can open no identity; no network and no way to start
 * a program; bounded memory, processor time, files and descriptors; and one socket to the server, over which a job
 * comes with the file that it fills (worker_wire.h). It ends when the server does.
 */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define WORKER_MOST_MEMORY ((size_t) 1 << 30)
#define WORKER_MOST_SECONDS 3600 /* of processor time, a job */
#define WORKER_MOST_FILES 64     /* open at a time */

/* The server's side: a process and the socket to it; socket -1: none runs. */
struct worker {
    pid_t process;
    int   socket;
};
#define WORKER_NONE                                                                                                    \
    {                                                                                                                  \
        .process = -1, .socket = -1                                                                                    \
    }

/* Start one: `program worker --serve-fd N`, and tell it the database. It says READY once it is. 0, BASE_ERR_SYSTEM. */
int worker_start(const char *program, const char *database, struct worker *worker);

/* End it: by itself within `seconds`, else killed. *status (may be NULL): as waitpid has it. */
void worker_end(struct worker *worker, double seconds, int *status);

/* In main: is this process started as a worker? Then it becomes one and does not return. */
void worker_run_if_asked(int argc, char **argv);

/* The process itself: serves behind the socket until its other end closes. Does not return. */
void worker_run(int socket) __attribute__((noreturn));

#endif
