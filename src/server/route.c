/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of routes and the tree of paths that finds them: a node a part of a path. */
#include "server/route.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "formats/document.h"
#include "server/count.h"
#include "server/handlers.h"
#include "server/record_handlers.h"
#include "server/route_records.h"

static const struct route written_out[] = {
#define ROUTE(handler_, ...) { .handler = handler_, __VA_ARGS__ },
#include "server/routes.def"
#undef ROUTE
};

/* The parts that make their own routes; each is declared in the header of its file. */
static route_part *const parts[] = { record_routes, count_routes };

struct node {
    const char         *text; /* of the part, not ended; NULL = {…} */
    size_t              size;
    struct node        *next, *first; /* its neighbour; its first child */
    const struct route *of[HTTP_NUM_METHODS];
};

struct route_list {
    struct route routes[ROUTE_MAX_ROUTES];
    size_t       num;
    struct node  root;
};

static struct route_list list;
static pthread_once_t    once = PTHREAD_ONCE_INIT;

static bool is_variable(const char *part, size_t size)
{
    return size > 2 && part[0] == '{' && part[size - 1] == '}';
}

/* The child for a part, made where it is new; {…} goes last, so that what is written out is tried before it. */
static struct node *child(struct node *node, const char *part, size_t size)
{
    bool          variable = is_variable(part, size);
    struct node **place = &node->first;
    for (; *place != NULL; place = &(*place)->next) {
        if ((*place)->text == NULL ? variable
                                   : !variable && (*place)->size == size && memcmp((*place)->text, part, size) == 0)
            return *place;
        if ((*place)->text == NULL)
            break;
    }
    struct node *made = calloc(1, sizeof *made);
    if (made == NULL)
        abort();
    made->text = variable ? NULL : part;
    made->size = size;
    made->next = *place;
    *place = made;
    return made;
}

/* The next part of a path behind its '/'; *size its length. */
static const char *next_part(const char *path, size_t *size)
{
    *size = strcspn(path + 1, "/");
    return path + 1;
}

void route_add(struct route_list *to, const struct route *route)
{
    struct node *node = &to->root;
    size_t       size, depth = 0;
    assert(to->num < ROUTE_MAX_ROUTES && route->path[0] == '/' && route->method != HTTP_HEAD);
    for (const char *at = route->path; *at == '/'; at += size) {
        at = next_part(at, &size);
        node = child(node, at, size);
        depth++;
    }
    assert(depth <= ROUTE_MAX_DEPTH && node->of[route->method] == NULL);
    (void) depth;
    to->routes[to->num] = *route;
    node->of[route->method] = &to->routes[to->num++];
}

static void fill(void)
{
    for (size_t i = 0; i < sizeof written_out / sizeof *written_out; i++)
        route_add(&list, &written_out[i]);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        parts[i](&list);
}

const struct route *routes(size_t *num_routes)
{
    pthread_once(&once, fill);
    *num_routes = list.num;
    return list.routes;
}

static bool has_routes(const struct node *node)
{
    for (int method = 0; method < HTTP_NUM_METHODS; method++)
        if (node->of[method] != NULL)
            return true;
    return false;
}

/* The node of a path, and where each {…} of it lies in the path. */
static const struct node *find(const struct node *node, const char *path, const char **starts, size_t *sizes,
                               size_t num)
{
    size_t size;
    if (*path == '\0')
        return has_routes(node) ? node : NULL;
    const char *part = next_part(path, &size);
    for (const struct node *at = node->first; at != NULL; at = at->next) {
        size_t more = num;
        if (at->text == NULL) {
            if (size == 0 || num == EXCHANGE_MAX_SEGMENTS)
                continue;
            starts[more] = part;
            sizes[more++] = size;
        } else if (at->size != size || memcmp(at->text, part, size) != 0) {
            continue;
        }
        const struct node *found = find(at, part + size, starts, sizes, more);
        if (found != NULL)
            return found;
        starts[num] = NULL;
    }
    return NULL;
}

static size_t depth_of(const char *path)
{
    size_t depth = 0;
    for (; *path != '\0'; path++)
        depth += *path == '/';
    return depth;
}

static int refuse_method(struct exchange *exchange, const struct node *node)
{
    char   allow[HTTP_NUM_METHODS * 10] = "";
    size_t used = 0;
    for (int method = 0; method < HTTP_NUM_METHODS; method++) {
        if (node->of[method == HTTP_HEAD ? HTTP_GET : method] == NULL)
            continue;
        const char *word = http_method_word((enum http_method) method);
        memcpy(allow + used, used > 0 ? ", " : "", used > 0 ? 3 : 1);
        used += used > 0 ? 2 : 0;
        memcpy(allow + used, word, strlen(word) + 1);
        used += strlen(word);
    }
    answer_header(exchange, "Allow", allow);
    return SERVER_ERR_METHOD;
}

int route_find(struct exchange *exchange)
{
    const char *starts[EXCHANGE_MAX_SEGMENTS + 1] = { NULL };
    size_t      sizes[EXCHANGE_MAX_SEGMENTS + 1] = { 0 };
    pthread_once(&once, fill);
    if (exchange->path[0] != '/' || depth_of(exchange->path) > ROUTE_MAX_DEPTH)
        return SERVER_ERR_UNKNOWN_PATH;
    const struct node *node = find(&list.root, exchange->path, starts, sizes, 0);
    if (node == NULL)
        return SERVER_ERR_UNKNOWN_PATH;
    const struct route *route = node->of[exchange->method == HTTP_HEAD ? HTTP_GET : exchange->method];
    if (route == NULL)
        return refuse_method(exchange, node);
    for (size_t i = 0; i < EXCHANGE_MAX_SEGMENTS; i++) {
        exchange->segments[i] = starts[i] != NULL ? arena_copy(&exchange->arena, starts[i], sizes[i]) : NULL;
        if (starts[i] != NULL && exchange->segments[i] == NULL)
            return TOC_ERR_NO_MEMORY;
    }
    exchange->route = route;
    return 0;
}
