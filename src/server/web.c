/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/web.h"

#include <stdlib.h>
#include <string.h>

#include "server/handlers.h"

/* No script, style, picture or connection but our own; no frames; nothing inline. */
static const char policy[] = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
                             "frame-ancestors 'none'; img-src 'self' data:";

/* The scan page alone compiles WebAssembly, which runs nothing that is not ours either. */
static const char pass_policy[] = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; object-src 'none'; "
                                  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; img-src 'self' data:";

#define WORKER "pass-worker.js"

static int by_name(const void *name, const void *file)
{
    return strcmp(name, ((const struct web_file *) file)->name);
}

static const struct web_file *find(const char *name)
{
    return bsearch(name, web_files, num_web_files, sizeof *web_files, by_name);
}

bool web_is_there(void)
{
    return num_web_files > 0;
}

/* Files stand compressed; every browser of the last twenty years takes them so. */
static void answer_file(struct exchange *exchange, const struct web_file *file)
{
    exchange->answer.type = file->type;
    answer_header(exchange, "Content-Encoding", "gzip");
    sink_write(&exchange->answer.body, (const char *) file->bytes, file->size);
}

static int answer_root(struct exchange *exchange, const char *name, const char *under)
{
    const struct web_file *file = find(name);
    if (file == NULL)
        return SERVER_ERR_UNKNOWN_PATH;
    answer_header(exchange, "Content-Security-Policy", under);
    answer_file(exchange, file);
    return 0;
}

int web_answer_page(struct exchange *exchange)
{
    return answer_root(exchange, "index.html", policy);
}

int web_pass(struct exchange *exchange)
{
    return answer_root(exchange, "pass.html", pass_policy);
}

int web_pass_worker(struct exchange *exchange)
{
    return answer_root(exchange, WORKER, policy);
}

int web_page(struct exchange *exchange)
{
    return web_answer_page(exchange);
}

int web_asset(struct exchange *exchange)
{
    const struct web_file *file = find(exchange->segments[0]);
    const char            *end = strrchr(exchange->segments[0], '.');
    if (file == NULL || (end != NULL && strcmp(end, ".html") == 0) || strcmp(file->name, WORKER) == 0)
        return SERVER_ERR_UNKNOWN_PATH; /* pages and the worker have paths of their own */
    /* Its name has a hash of what it holds: a new release has new names. */
    answer_header(exchange, "Cache-Control", "public, max-age=31536000, immutable");
    answer_file(exchange, file);
    return 0;
}
