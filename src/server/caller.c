/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/caller.h"

#include <string.h>

#include "base/instant.h"
#include "response/account.h"
#include "server/exchange.h"
#include "server/route.h"
#include "server/server_internal.h"

struct accounts *exchange_accounts(const struct exchange *exchange)
{
    if (exchange->accounts != NULL || exchange->server == NULL)
        return exchange->accounts;
    return exchange->server->accounts;
}

bool exchange_is_tls(const struct exchange *exchange)
{
    return exchange->server != NULL && exchange->server->tls;
}

struct account_call exchange_account_call(struct exchange *exchange)
{
    return (struct account_call){ .reader = exchange->reader,
                                  .now = exchange->now,
                                  .peer = exchange->peer,
                                  .arena = &exchange->arena,
                                  .faults = &exchange->faults };
}

/* ---- what is brought ---- */

static bool is_secret(const char *text, size_t size)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return size == SESSION_TEXT - 1 && strspn(text, letters) >= size;
}

bool caller_cookie(const char *header, const char *name, char value[CALLER_SECRET_BYTES])
{
    size_t name_size = strlen(name);
    bool   found = false;
    for (const char *at = header; at != NULL; at = strchr(at, ';')) {
        at += strspn(at, "; \t");
        size_t size = strcspn(at, ";");
        while (size > 0 && (at[size - 1] == ' ' || at[size - 1] == '\t'))
            size--;
        if (size <= name_size || strncmp(at, name, name_size) != 0 || at[name_size] != '=')
            continue;
        if (found || !is_secret(at + name_size + 1, size - name_size - 1))
            return false; /* twice, or not one of ours: which is meant, nobody knows */
        memcpy(value, at + name_size + 1, SESSION_TEXT - 1);
        value[SESSION_TEXT - 1] = '\0';
        found = true;
    }
    return found;
}

bool caller_bearer(const char *header, char value[CALLER_SECRET_BYTES])
{
    static const char scheme[] = "bearer ";
    for (size_t i = 0; i < sizeof scheme - 1; i++, header++)
        if ((*header | (*header >= 'A' && *header <= 'Z' ? 0x20 : 0)) != scheme[i])
            return false;
    header += strspn(header, " ");
    if (!is_secret(header, strlen(header)))
        return false;
    memcpy(value, header, SESSION_TEXT);
    return true;
}

const char *caller_cookie_name(const struct exchange *exchange)
{
    return exchange_is_tls(exchange) ? "__Host-tocsin" : "tocsin";
}

const char *caller_device_name(const struct exchange *exchange)
{
    return exchange_is_tls(exchange) ? "__Host-tocsin-device" : "tocsin-device";
}

/* ---- what they may do ---- */

static int read_wish(const struct exchange *exchange, struct account_wish *wish)
{
    const char *role = exchange_header(exchange, "tocsin-role"), *purpose = exchange_header(exchange, "tocsin-purpose");
    *wish = (struct account_wish){ ACCESS_NO_ROLE, ACCESS_NO_PURPOSE };
    if (role != NULL)
        wish->role = access_role_find(role, strlen(role));
    if (purpose != NULL)
        wish->purpose = access_purpose_find(purpose, strlen(purpose));
    return (role != NULL && wish->role == ACCESS_NO_ROLE) || (purpose != NULL && wish->purpose == ACCESS_NO_PURPOSE)
               ? STORE_ERR_DENIED
               : 0;
}

/* Who has a second factor gives it before anything else; administrators must have one; so must whoever reads
 * identities, in any role. */
static bool lacks_factor(const struct account_who *who, const struct account_scope *scope)
{
    return who->session.factor == INSTANT_MISSING &&
           (who->has_factor || account_role_needs_factor(scope->access.role) ||
            scope->access.purpose != ACCESS_NO_PURPOSE || scope->break_glass);
}

static int find_scope(struct exchange *exchange, const struct account_who *who)
{
    struct caller       *caller = &exchange->caller;
    struct account_wish  wish;
    struct account_scope scope;
    if (exchange->route != NULL && exchange->route->access == ROUTE_OWN_ACCOUNT)
        return 0; /* about themselves: in no role, and before the second factor */
    int ret = read_wish(exchange, &wish);
    if (ret == 0)
        ret = account_scope(&who->session.user, who->grants, who->num_grants, who->has_glass ? &who->glass : NULL,
                            &wish, exchange->now, &exchange->arena, &scope);
    if (ret == 0 && lacks_factor(who, &scope))
        ret = SERVER_ERR_SECOND_FACTOR;
    if (ret != 0)
        return exchange->route != NULL && exchange->route->access == ROUTE_ANYBODY ? 0 : ret;
    caller->access = scope.access;
    caller->break_glass = scope.break_glass;
    if (scope.until < caller->until)
        caller->until = scope.until;
    return 0;
}

int caller_find(struct exchange *exchange)
{
    struct accounts    *accounts = exchange_accounts(exchange);
    const char         *authorization = exchange_header(exchange, "authorization");
    const char         *cookie = exchange_header(exchange, "cookie");
    char                secret[CALLER_SECRET_BYTES];
    struct account_call call = exchange_account_call(exchange);
    struct account_who *who;
    bool                program = authorization != NULL;
    exchange->caller = (struct caller){ .kind = CALLER_NOBODY };
    if (accounts == NULL)
        return program ? SERVER_ERR_SIGN_IN : 0;
    if (accounts_set_up_due(accounts) && exchange->route != NULL && !exchange->route->set_up)
        return SERVER_ERR_SET_UP; /* before its first administrator a node serves what makes one, and nothing else */
    if (program ? !caller_bearer(authorization, secret)
                : cookie == NULL || !caller_cookie(cookie, caller_cookie_name(exchange), secret))
        return program ? SERVER_ERR_SIGN_IN : 0;
    who = arena_array(&exchange->arena, 1, sizeof *who);
    int ret = who == NULL ? TOC_ERR_NO_MEMORY : accounts_who(accounts, &call, secret, program, who);
    explicit_bzero(secret, sizeof secret);
    if (ret == ACCOUNT_ERR_ENDED) /* a page that anybody may see is shown to whoever was signed in as well */
        return exchange->route != NULL && exchange->route->access == ROUTE_ANYBODY ? 0 : SERVER_ERR_SIGN_IN;
    if (ret != 0)
        return ret;
    exchange->caller.who = who;
    exchange->caller.stamp = who->stamp;
    if (who->machine) {
        exchange->caller.kind = CALLER_MACHINE;
        exchange->caller.token = who->token.id;
        exchange->caller.access.user = who->token.id;
        exchange->caller.until = who->token.ends;
        return 0;
    }
    exchange->caller.kind = CALLER_PERSON;
    exchange->caller.session = who->session.id;
    exchange->caller.access.user = who->session.user;
    exchange->caller.second_factor = who->session.factor != INSTANT_MISSING;
    exchange->caller.until = who->session.ends;
    return find_scope(exchange, who);
}
