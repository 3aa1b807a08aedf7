/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /api/v1/session and what is about the caller's own account: sign in and out, second factor, password, sessions. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "server/account_answer.h"
#include "server/handlers.h"
#include "server/request.h"
#include "server/route.h"

enum { MOST_TEXT = 1024, LOGIN_TEXT = 255, CODE_TEXT = 64, DEVICE_DAYS = 400 };

/* ---- what handlers share ---- */

int account_outcome(struct exchange *exchange, const struct account_call *call, int status)
{
    char seconds[24];
    if (status == ACCOUNT_ERR_LATER) {
        snprintf(seconds, sizeof seconds, "%lld", (long long) ((call->wait + INSTANT_SECOND - 1) / INSTANT_SECOND));
        answer_header(exchange, "Retry-After", seconds);
    }
    return status;
}

static void set_cookie(struct exchange *exchange, const char *name, const char *value, int64_t seconds)
{
    char text[200];
    snprintf(text, sizeof text, "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld%s", name, value,
             (long long) seconds, exchange_is_tls(exchange) ? "; Secure" : "");
    answer_header(exchange, "Set-Cookie", text);
    explicit_bzero(text, sizeof text);
}

void account_set_cookies(struct exchange *exchange, const struct account_signed *made)
{
    set_cookie(exchange, caller_cookie_name(exchange), made->secret,
               (made->session.ends - exchange->now) / INSTANT_SECOND);
    if (made->device[0] != '\0')
        set_cookie(exchange, caller_device_name(exchange), made->device, (int64_t) DEVICE_DAYS * 86400);
}

void account_clear_cookies(struct exchange *exchange)
{
    set_cookie(exchange, caller_cookie_name(exchange), "", 0);
}

const char *account_device(struct exchange *exchange)
{
    const char *cookie = exchange_header(exchange, "cookie"), *header = exchange_header(exchange, "tocsin-device");
    char       *device = arena_array(&exchange->arena, CALLER_SECRET_BYTES, 1);
    if (device != NULL && cookie != NULL && caller_cookie(cookie, caller_device_name(exchange), device))
        return device;
    return header;
}

int account_do_sign_in(struct exchange *exchange, const char *login, const char *password, bool program,
                       struct account_signed *made)
{
    struct account_call          call = exchange_account_call(exchange);
    const struct account_sign_in sign_in = { .login = login,
                                             .password = password,
                                             .device = account_device(exchange),
                                             .program = program,
                                             .client = exchange_header(exchange, "user-agent") };
    struct accounts             *accounts = exchange_accounts(exchange);
    if (accounts == NULL)
        return SERVER_ERR_SIGN_IN;
    return account_outcome(exchange, &call, accounts_sign_in(accounts, &call, &sign_in, made));
}

int account_do_factor(struct exchange *exchange, const char *code, struct account_signed *made)
{
    struct account_call call = exchange_account_call(exchange);
    return account_outcome(exchange, &call,
                           accounts_give_factor(exchange_accounts(exchange), &call, exchange->caller.who, code,
                                                account_device(exchange), made));
}

int account_do_link(struct exchange *exchange, struct account_use *use, struct account_signed *made)
{
    struct account_call call = exchange_account_call(exchange);
    struct accounts    *accounts = exchange_accounts(exchange);
    use->client = exchange_header(exchange, "user-agent");
    if (accounts == NULL)
        return SERVER_ERR_SIGN_IN;
    return account_outcome(exchange, &call, accounts_use_link(accounts, &call, use, made));
}

/* ---- answers ---- */

/* Whoever got a session: what it is worth, and its secret where a program asked. */
static int answer_signed(struct exchange *exchange, const struct account_signed *made)
{
    struct json_writer json;
    exchange->answer.status = 201;
    if (!made->session.program)
        account_set_cookies(exchange, made);
    reply_json(exchange, &json);
    json_begin_object(&json);
    reply_id(&json, "session", &made->session.id);
    reply_id(&json, "user", &made->session.user);
    reply_instant(&json, "until", made->session.ends);
    json_key(&json, "second_factor");
    json_put_string(&json, made->factor_given ? "given" : made->has_factor ? "wanted" : "none");
    if (made->session.program) {
        json_key(&json, "token");
        json_put_string(&json, made->secret);
        if (made->device[0] != '\0') {
            json_key(&json, "device");
            json_put_string(&json, made->device);
        }
    }
    if (made->codes != NULL) {
        json_key(&json, "recovery_codes");
        json_begin_array(&json);
        for (size_t i = 0; i < RECOVERY_CODES; i++)
            json_put_string(&json, made->codes[i]);
        json_end(&json);
    }
    json_end(&json);
    return 0;
}

int session_begin(struct exchange *exchange)
{
    const char                 *login = NULL, *password = NULL;
    bool                        program = false;
    struct account_signed       made;
    const struct request_member members[] = {
        { .name = "login", .kind = REQUEST_TEXT, .needed = true, .high = LOGIN_TEXT, .value = &login },
        { .name = "password", .kind = REQUEST_TEXT, .needed = true, .high = MOST_TEXT, .value = &password },
        { .name = "program", .kind = REQUEST_FLAG, .value = &program },
    };
    int ret = request_members(exchange, members, sizeof members / sizeof *members);
    if (ret == 0)
        ret = account_do_sign_in(exchange, login, password, program, &made);
    return ret == 0 ? answer_signed(exchange, &made) : ret;
}

int session_set_up(struct exchange *exchange)
{
    struct account_use          use = { .login = NULL };
    struct account_signed       made;
    const struct request_member members[] = {
        { .name = "link", .kind = REQUEST_TEXT, .needed = true, .high = CODE_TEXT, .value = &use.link },
        { .name = "login", .kind = REQUEST_TEXT, .high = LOGIN_TEXT, .value = &use.login },
        { .name = "name", .kind = REQUEST_TEXT, .high = 480, .value = &use.name },
        { .name = "password", .kind = REQUEST_TEXT, .needed = true, .high = MOST_TEXT, .value = &use.password },
        { .name = "program", .kind = REQUEST_FLAG, .value = &use.program },
    };
    int ret = request_members(exchange, members, sizeof members / sizeof *members);
    if (ret == 0)
        ret = account_do_link(exchange, &use, &made);
    return ret == 0 ? answer_signed(exchange, &made) : ret;
}

int session_factor(struct exchange *exchange)
{
    const char                 *code = NULL;
    struct account_signed       made;
    const struct request_member members[] = {
        { .name = "code", .kind = REQUEST_TEXT, .needed = true, .high = CODE_TEXT, .value = &code },
    };
    int ret = request_members(exchange, members, 1);
    if (ret == 0)
        ret = account_do_factor(exchange, code, &made);
    return ret == 0 ? answer_signed(exchange, &made) : ret;
}

int session_offer_factor(struct exchange *exchange)
{
    struct account_call  call = exchange_account_call(exchange);
    struct account_offer offer;
    struct json_writer   json;
    int                  ret = accounts_offer_factor(exchange_accounts(exchange), &call, exchange->caller.who, &offer);
    if (ret != 0)
        return account_outcome(exchange, &call, ret);
    reply_json(exchange, &json);
    json_begin_object(&json);
    json_key(&json, "secret");
    json_put_string(&json, offer.secret);
    json_key(&json, "uri");
    json_put_string(&json, offer.uri);
    json_end(&json);
    explicit_bzero(&offer, sizeof offer);
    return 0;
}

/* ---- who am I ---- */

/* The areas, or the facilities, of the grants of a role. Returns whether one of them reaches everywhere. */
static bool write_reach(struct json_writer *json, const struct account_who *who, enum access_role role, int64_t now,
                        enum account_reach reach)
{
    bool everywhere = false;
    json_key(json, reach == ACCOUNT_AREA ? "areas" : "facilities");
    json_begin_array(json);
    for (size_t i = 0; i < who->num_grants; i++) {
        const struct account_grant *grant = &who->grants[i];
        char                        text[ID_TEXT_BYTES];
        if (grant->role != role || grant->starts > now || (grant->ends != INSTANT_MISSING && grant->ends <= now))
            continue;
        everywhere = everywhere || account_reach_of(grant) == ACCOUNT_EVERYWHERE;
        if (account_reach_of(grant) != reach)
            continue;
        id_to_text(reach == ACCOUNT_AREA ? &grant->area : &grant->facility, text);
        json_put_string(json, text);
    }
    json_end(json);
    return everywhere;
}

static void write_roles(struct json_writer *json, const struct account_who *who, int64_t now)
{
    unsigned roles = account_roles(who->grants, who->num_grants, now);
    json_key(json, "roles");
    json_begin_array(json);
    for (int role = 1; role < ACCESS_NUM_ROLES; role++) {
        if ((roles >> role & 1) == 0)
            continue;
        unsigned purposes = account_purposes(who->grants, who->num_grants, (enum access_role) role, now);
        json_begin_object(json);
        json_key(json, "role");
        json_put_string(json, access_role_word((enum access_role) role));
        json_key(json, "purposes");
        json_begin_array(json);
        for (int purpose = 1; purpose < ACCESS_NUM_PURPOSES; purpose++)
            if ((purposes >> purpose & 1) != 0)
                json_put_string(json, access_purpose_word((enum access_purpose) purpose));
        json_end(json);
        bool everywhere = write_reach(json, who, (enum access_role) role, now, ACCOUNT_AREA);
        (void) write_reach(json, who, (enum access_role) role, now, ACCOUNT_FACILITY);
        json_key(json, "everywhere");
        json_put_bool(json, everywhere);
        json_key(json, "needs_second_factor");
        json_put_bool(json, account_role_needs_factor((enum access_role) role));
        json_end(json);
    }
    json_end(json);
}

static void write_glass(struct json_writer *json, const struct account_glass *glass)
{
    json_begin_object(json);
    reply_id(json, "id", &glass->id);
    reply_id(json, "user", &glass->user);
    json_key(json, "role");
    json_put_string(json, access_role_word(glass->role));
    json_key(json, "purpose");
    json_put_string(json, access_purpose_word(glass->purpose));
    reply_id(json, "area", &glass->area);
    reply_instant(json, "starts", glass->starts);
    reply_instant(json, "until", glass->ends);
    if (glass->reason != NULL) {
        json_key(json, "reason");
        json_put_string(json, glass->reason);
    }
    json_end(json);
}

int session_show(struct exchange *exchange)
{
    const struct account_who *who = exchange->caller.who;
    struct account_user       user;
    struct json_writer        json;
    int64_t                   codes = 0;
    int                       ret = account_user_read(exchange->reader, &who->session.user, &user);
    if (ret == 0)
        ret = account_codes_left(exchange->reader, &who->session.user, &codes);
    if (ret != 0)
        return ret == STORE_ERR_ABSENT ? SERVER_ERR_SIGN_IN : ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    reply_id(&json, "session", &who->session.id);
    reply_id(&json, "user", &user.id);
    json_key(&json, "login");
    json_put_string(&json, user.login);
    json_key(&json, "name");
    json_put_string(&json, user.name);
    reply_id(&json, "facility", &user.facility);
    reply_instant(&json, "until", who->session.ends);
    json_key(&json, "second_factor");
    json_put_string(&json, who->session.factor != INSTANT_MISSING ? "given" : who->has_factor ? "wanted" : "none");
    json_key(&json, "recovery_codes_left");
    json_put_integer(&json, codes);
    write_roles(&json, who, exchange->now);
    json_key(&json, "break_glass");
    if (who->has_glass && who->glass.ends > exchange->now)
        write_glass(&json, &who->glass);
    else
        json_put_null(&json);
    json_end(&json);
    return 0;
}

int session_end(struct exchange *exchange)
{
    int ret = accounts_sign_out(exchange_accounts(exchange), exchange->caller.who);
    if (ret == 0) {
        account_clear_cookies(exchange);
        exchange->answer.status = 204;
    }
    return ret;
}

/* ---- sessions, password ---- */

int sessions_list(struct exchange *exchange)
{
    const struct account_who *who = exchange->caller.who;
    struct account_session    sessions[ACCOUNT_MOST_SESSIONS];
    struct json_writer        json;
    size_t                    num;
    int ret = account_sessions(exchange->reader, &who->session.user, sessions, ACCOUNT_MOST_SESSIONS, &num);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    json_key(&json, "sessions");
    json_begin_array(&json);
    for (size_t i = 0; i < num; i++) {
        if (sessions[i].ends <= exchange->now)
            continue;
        json_begin_object(&json);
        reply_id(&json, "id", &sessions[i].id);
        reply_instant(&json, "created", sessions[i].created);
        reply_instant(&json, "used", sessions[i].used);
        reply_instant(&json, "until", sessions[i].ends);
        json_key(&json, "program");
        json_put_bool(&json, sessions[i].program);
        json_key(&json, "client");
        json_put_string(&json, sessions[i].client);
        json_key(&json, "this");
        json_put_bool(&json, id_equal(&sessions[i].id, &who->session.id));
        json_end(&json);
    }
    json_end(&json);
    json_end(&json);
    return 0;
}

int sessions_end_one(struct exchange *exchange)
{
    struct id id;
    int       ret = request_path_id(exchange, 0, &id);
    if (ret == 0)
        ret = account_end_session(exchange->store, &exchange->caller.access, &exchange->caller.access.user, &id);
    if (ret == 0)
        exchange->answer.status = 204;
    return ret;
}

int sessions_end_others(struct exchange *exchange)
{
    const struct caller *caller = &exchange->caller;
    int ret = account_end_sessions(exchange->store, &caller->access, &caller->access.user, &caller->session);
    if (ret == 0)
        exchange->answer.status = 204;
    return ret;
}

int password_change(struct exchange *exchange)
{
    const char                 *old_password = NULL, *new_password = NULL;
    struct account_call         call = exchange_account_call(exchange);
    const struct request_member members[] = {
        { .name = "old", .kind = REQUEST_TEXT, .needed = true, .high = MOST_TEXT, .value = &old_password },
        { .name = "password", .kind = REQUEST_TEXT, .needed = true, .high = MOST_TEXT, .value = &new_password },
    };
    int ret = request_members(exchange, members, 2);
    if (ret == 0)
        ret = accounts_change_password(exchange_accounts(exchange), &call, exchange->caller.who, old_password,
                                       new_password);
    if (ret == 0)
        exchange->answer.status = 204;
    return account_outcome(exchange, &call, ret);
}

/* ---- break-glass ---- */

int glass_break(struct exchange *exchange)
{
    const char                 *role = NULL, *purpose = NULL;
    struct account_breaking     breaking = { .reason = NULL };
    struct account_glass        glass;
    struct json_writer          json;
    struct account_call         call = exchange_account_call(exchange);
    const struct request_member members[] = {
        { .name = "role", .kind = REQUEST_TEXT, .needed = true, .high = CODE_TEXT, .value = &role },
        { .name = "purpose", .kind = REQUEST_TEXT, .needed = true, .high = CODE_TEXT, .value = &purpose },
        { .name = "area", .kind = REQUEST_ID, .needed = true, .value = &breaking.area },
        { .name = "reason", .kind = REQUEST_TEXT, .needed = true, .high = 2000, .value = &breaking.reason },
    };
    int ret = request_members(exchange, members, sizeof members / sizeof *members);
    if (ret != 0)
        return ret;
    breaking.role = access_role_find(role, strlen(role));
    breaking.purpose = access_purpose_find(purpose, strlen(purpose));
    ret = accounts_break_glass(exchange_accounts(exchange), &call, exchange->caller.who, &breaking, &glass);
    if (ret != 0)
        return ret;
    exchange->answer.status = 201;
    reply_json(exchange, &json);
    write_glass(&json, &glass);
    return 0;
}

int glass_end(struct exchange *exchange)
{
    const struct caller *caller = &exchange->caller;
    int                  ret = account_end_glass(exchange->store, &caller->access, &caller->session, exchange->now);
    if (ret == 0)
        exchange->answer.status = 204;
    return ret;
}

/* For supervisors of the area, and auditors. */
int glass_list(struct exchange *exchange)
{
    const struct access  *who = &exchange->caller.access;
    struct account_glass *glasses = arena_array(&exchange->arena, ACCOUNT_MOST_LISTED, sizeof *glasses);
    struct json_writer    json;
    size_t                num;
    if (who->role != ACCESS_SUPERVISOR && who->role != ACCESS_AUDITOR)
        return STORE_ERR_DENIED;
    if (glasses == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = account_glasses(exchange->reader, who, &exchange->arena, glasses, ACCOUNT_MOST_LISTED, &num);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    json_key(&json, "break_glass");
    json_begin_array(&json);
    for (size_t i = 0; i < num; i++)
        write_glass(&json, &glasses[i]);
    json_end(&json);
    json_end(&json);
    return 0;
}
