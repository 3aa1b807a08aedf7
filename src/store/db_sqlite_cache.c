/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The SQLite driver: its page cache, without a walk over all of it at each commit.
 *
 * At each commit SQLite tells the cache to drop pages behind the end of the file. When it balances a tree it keeps a
 * page for a moment under the number of a page that no file has (the one at 1 GiB, where locks lie). Its own cache
 * remembers the greatest number ever seen, so while the file is shorter than 1 GiB it looks for pages to drop among
 * all it holds, after each of those commits: with 256 MiB that was half of the processor time of an import. Here the
 * number at 1 GiB is left out of the greatest, and its cache asked only when there is something to drop.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "store/db_sqlite.h"

#define ASIDE_BYTE 0x40000000

struct cache {
    sqlite3_pcache *inner;
    unsigned        greatest;   /* number of a page that may be held, but for the one aside */
    unsigned        aside;      /* the number that no page of a file has */
    bool            held_aside; /* a page is, for the moment */
};

static sqlite3_pcache_methods2 own; /* SQLite's */

static struct cache *cache_of(sqlite3_pcache *cache)
{
    return (struct cache *) (void *) cache;
}

static void see(struct cache *cache, unsigned number)
{
    if (number == cache->aside)
        cache->held_aside = true;
    else if (cache->greatest < number)
        cache->greatest = number;
}

static sqlite3_pcache *create(int page_bytes, int extra_bytes, int purgeable)
{
    struct cache *cache = memory_array(1, sizeof *cache);
    if (cache == NULL)
        return NULL;
    cache->aside = (unsigned) (ASIDE_BYTE / page_bytes) + 1;
    cache->inner = own.xCreate(page_bytes, extra_bytes, purgeable);
    if (cache->inner != NULL)
        return (sqlite3_pcache *) (void *) cache;
    free(cache);
    return NULL;
}

static void destroy(sqlite3_pcache *cache)
{
    own.xDestroy(cache_of(cache)->inner);
    free(cache_of(cache));
}

static void set_size(sqlite3_pcache *cache, int pages)
{
    own.xCachesize(cache_of(cache)->inner, pages);
}

static int count_pages(sqlite3_pcache *cache)
{
    return own.xPagecount(cache_of(cache)->inner);
}

static sqlite3_pcache_page *fetch(sqlite3_pcache *cache, unsigned number, int make)
{
    sqlite3_pcache_page *page = own.xFetch(cache_of(cache)->inner, number, make);
    if (page != NULL)
        see(cache_of(cache), number);
    return page;
}

static void unpin(sqlite3_pcache *cache, sqlite3_pcache_page *page, int discard)
{
    own.xUnpin(cache_of(cache)->inner, page, discard);
}

static void renumber(sqlite3_pcache *cache, sqlite3_pcache_page *page, unsigned from, unsigned to)
{
    own.xRekey(cache_of(cache)->inner, page, from, to);
    if (from == cache_of(cache)->aside)
        cache_of(cache)->held_aside = false;
    see(cache_of(cache), to);
}

static void drop_from(sqlite3_pcache *base, unsigned first)
{
    struct cache *cache = cache_of(base);
    if (first > cache->greatest && !cache->held_aside)
        return;
    own.xTruncate(cache->inner, first);
    if (first <= cache->greatest)
        cache->greatest = first - 1;
    if (first <= cache->aside)
        cache->held_aside = false;
}

static void shrink(sqlite3_pcache *cache)
{
    own.xShrink(cache_of(cache)->inner);
}

void sqlite_cache_install(void)
{
    sqlite3_pcache_methods2 methods;
    if (sqlite3_config(SQLITE_CONFIG_GETPCACHE2, &own) != SQLITE_OK)
        return;
    methods = own;
    methods.xCreate = create;
    methods.xDestroy = destroy;
    methods.xCachesize = set_size;
    methods.xPagecount = count_pages;
    methods.xFetch = fetch;
    methods.xUnpin = unpin;
    methods.xRekey = renumber;
    methods.xTruncate = drop_from;
    methods.xShrink = shrink;
    (void) sqlite3_config(SQLITE_CONFIG_PCACHE2, &methods);
}
