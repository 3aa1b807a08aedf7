/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SQLite driver: the memory that SQLite asks for.
 *
 * A statement that reads one row takes a small piece for each of its texts and gives all back at its end: some hundred
 * pieces of one size a read, more than malloc keeps at hand for a thread. SQLite has a store of its own for that, which
 * Debian builds it without. Here each thread keeps some pieces; they are malloc's own and may end in any thread. Nor is
 * the memory counted, which would be under one lock for all threads.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/confine.h"
#include "store/db_sqlite.h"

enum { PIECE_BYTES = 72, MOST_PIECES = 96 }; /* 72 is what malloc gives for 57 to 72 */

struct pieces {
    unsigned num;
    void    *free[MOST_PIECES];
};

static pthread_key_t                at_end;
static _Thread_local struct pieces *mine;

static void end_thread(void *context)
{
    struct pieces *pieces = context;
    while (pieces->num > 0)
        free(pieces->free[--pieces->num]);
    free(pieces);
    mine = NULL;
}

static bool begin_thread(void)
{
    struct pieces *pieces = calloc(1, sizeof *pieces);
    if (pieces == NULL || pthread_setspecific(at_end, pieces) != 0) {
        free(pieces);
        return false;
    }
    mine = pieces;
    return true;
}

static void *take(int size)
{
    if (size > PIECE_BYTES)
        return malloc((size_t) size);
    return mine != NULL && mine->num > 0 ? mine->free[--mine->num] : malloc(PIECE_BYTES);
}

static void give(void *memory)
{
    if (malloc_usable_size(memory) == PIECE_BYTES && (mine != NULL || begin_thread()) && mine->num < MOST_PIECES)
        mine->free[mine->num++] = memory;
    else
        free(memory);
}

static int usable(void *memory)
{
    return (int) malloc_usable_size(memory);
}

static void *resize(void *memory, int size)
{
    return realloc(memory, (size_t) size);
}

static int round_up(int size)
{
    return (size + 7) & ~7;
}

static int begin(void *context)
{
    (void) context;
    return SQLITE_OK;
}

static void end(void *context)
{
    (void) context;
}

/* A sanitizer watches malloc's pieces, not ours. */
void sqlite_memory_install(void)
{
    static const sqlite3_mem_methods methods = { .xMalloc = take,
                                                 .xFree = give,
                                                 .xRealloc = resize,
                                                 .xSize = usable,
                                                 .xRoundup = round_up,
                                                 .xInit = begin,
                                                 .xShutdown = end };
    (void) sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (!CONFINE_SANITIZED && pthread_key_create(&at_end, end_thread) == 0)
        (void) sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}
