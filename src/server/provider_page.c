/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /sign-in/provider and /sign-in/callback: a browser goes to the identity provider and comes back. */
#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "server/account_answer.h"
#include "server/handlers.h"
#include "server/provider.h"
#include "server/route.h"
#include "server/server_internal.h"

struct provider *exchange_provider(const struct exchange *exchange)
{
    return exchange->server != NULL ? exchange->server->provider : NULL;
}

/* Our own address, by the first name that the server has: never by what a request says. */
const char *account_own_address(struct exchange *exchange, const char *path)
{
    const char *origin = exchange->server->guard.origins[0];
    size_t      size = strlen(origin) + strlen(path) + 1;
    char       *url = arena_array(&exchange->arena, size, 1);
    if (url != NULL)
        snprintf(url, size, "%s%s", origin, path);
    return url;
}

static const char *cookie_name(const struct exchange *exchange)
{
    return exchange_is_tls(exchange) ? "__Host-tocsin-provider" : "tocsin-provider";
}

/* Lax: the provider's page sends the browser here, from another site. It is worth nothing without the state. */
static void set_cookie(struct exchange *exchange, const char *value, int seconds)
{
    char text[200];
    snprintf(text, sizeof text, "%s=%s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%d%s", cookie_name(exchange), value,
             seconds, exchange_is_tls(exchange) ? "; Secure" : "");
    answer_header(exchange, "Set-Cookie", text);
    explicit_bzero(text, sizeof text);
}

/* For whoever runs the node: what of it went wrong, in our own words. */
static void tell_operator(const struct exchange *exchange, int status)
{
    char text[FAULT_NAME_BYTES + FAULT_FOUND_BYTES + 40] = "does not answer";
    if (status != PROVIDER_ERR_DOWN && status != PROVIDER_ERR_TOKEN)
        return;
    if (exchange->faults.num_kept > 0)
        snprintf(text, sizeof text, "%s %s: %s", status == PROVIDER_ERR_DOWN ? "not usable," : "not trusted,",
                 exchange->faults.faults[0].name, exchange->faults.faults[0].found);
    log_say(exchange->server->log, LOG_LEVEL_WARNING, exchange->now, "identity provider", text);
}

static int show(struct exchange *exchange, const char *link, int status)
{
    tell_operator(exchange, status);
    return link[0] != '\0' ? account_show_set_up(exchange, link, status) : account_show_sign_in(exchange, status);
}

int provider_go(struct exchange *exchange)
{
    struct provider      *provider = exchange_provider(exchange);
    struct provider_begun begun;
    const char           *link = exchange_query(exchange, "link"), *callback;
    if (provider == NULL)
        return SERVER_ERR_UNKNOWN_PATH;
    link = link != NULL ? link : "";
    callback = account_own_address(exchange, "/sign-in/callback");
    int ret = callback == NULL ? TOC_ERR_NO_MEMORY
                               : provider_begin(provider, callback, link, exchange->now / INSTANT_SECOND,
                                                &exchange->arena, &begun, &exchange->faults);
    if (ret != 0)
        return show(exchange, link, ret);
    set_cookie(exchange, begun.secret, PROVIDER_TIME);
    explicit_bzero(begun.secret, sizeof begun.secret);
    exchange->answer.status = 303;
    exchange->answer.type = "text/html; charset=utf-8";
    answer_header(exchange, "Location", begun.url);
    return 0;
}

/* ---- and back ---- */

/* A parameter that stands twice is none: which is meant, nobody knows. */
static const char *single(const struct exchange *exchange, const char *name)
{
    const char *found = NULL;
    for (size_t i = 0; i < exchange->num_query; i++)
        if (strcmp(exchange->query[i].name, name) == 0) {
            if (found != NULL)
                return NULL;
            found = exchange->query[i].value;
        }
    return found;
}

static int sign_in(struct exchange *exchange, const struct provider_person *person)
{
    struct accounts      *accounts = exchange_accounts(exchange);
    struct account_call   call = exchange_account_call(exchange);
    const char           *client = exchange_header(exchange, "user-agent");
    struct account_signed made;
    struct account_hash   subject = account_subject(provider_issuer(exchange_provider(exchange)), person->subject);
    int                   ret = person->link[0] != '\0'
                                    ? accounts_bind_subject(accounts, &call, person->link, &subject, person->second_factor, client, &made)
                                    : accounts_sign_in_subject(accounts, &call, &subject, person->second_factor, client, &made);
    if (ret != 0)
        return ret == ACCOUNT_ERR_REFUSED ? PROVIDER_ERR_UNKNOWN : ret;
    account_set_cookies(exchange, &made);
    /* A page of ours, not a redirect: the browser comes from another site, and would not bring the session's cookie. */
    account_begin_page(exchange, 200);
    sink_text(&exchange->answer.body, "<meta http-equiv=\"refresh\" content=\"0;url=/account\"><p>Signed in. "
                                      "<span lang=\"zh\">已登录。</span> <a href=\"/account\">Go on "
                                      "<span lang=\"zh\">继续</span></a></p>");
    account_end_page(exchange);
    return 0;
}

int provider_back(struct exchange *exchange)
{
    struct provider       *provider = exchange_provider(exchange);
    struct accounts       *accounts = exchange_accounts(exchange);
    struct account_call    call = exchange_account_call(exchange);
    struct provider_person person = { .link = "" };
    char                   secret[CALLER_SECRET_BYTES];
    const char            *cookies = exchange_header(exchange, "cookie");
    struct provider_return back = { .state = single(exchange, "state"),
                                    .code = single(exchange, "code"),
                                    .issuer = single(exchange, "iss"),
                                    .error = single(exchange, "error") };
    if (provider == NULL || accounts == NULL)
        return SERVER_ERR_UNKNOWN_PATH;
    if (cookies != NULL && caller_cookie(cookies, cookie_name(exchange), secret))
        back.secret = secret;
    back.callback = account_own_address(exchange, "/sign-in/callback");
    set_cookie(exchange, "", 0);
    int ret = back.callback == NULL ? TOC_ERR_NO_MEMORY : accounts_try_subject(accounts, &call);
    if (ret == 0)
        ret = provider_finish(provider, &back, exchange->now / INSTANT_SECOND, &exchange->arena, &person,
                              &exchange->faults);
    explicit_bzero(secret, sizeof secret);
    if (ret == 0)
        ret = sign_in(exchange, &person);
    if (ret == 0)
        accounts_forgive_subject(accounts, &call);
    return ret == 0 ? 0 : show(exchange, person.link, account_outcome(exchange, &call, ret));
}
