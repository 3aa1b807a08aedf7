/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Links of one use, leaving, break-glass, tokens of machines: each a set of changes that the store applies at once. */
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/memory.h"
#include "base/text.h"
#include "base/time_zone.h"
#include "base/unicode.h"
#include "model/records.h"
#include "response/account_internal.h"
#include "response/account_password.h"
#include "store/node.h"

static struct model_text text_in(const char *text)
{
    return text != NULL && *text != '\0' ? (struct model_text){ text, strlen(text) } : (struct model_text){ NULL, 0 };
}

static int refuse(struct account_call *call, const char *where, const char *allowed, const char *found)
{
    fault_add(call->faults, (struct fault_place){ .name = where }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

/* ---- links ---- */

static int64_t life_of(const char *kind)
{
    if (strcmp(kind, ACCOUNT_LINK_SET_UP) == 0)
        return SET_UP_LINK;
    return strcmp(kind, ACCOUNT_LINK_INVITE) == 0 ? INVITE_LINK : RESET_LINK;
}

int accounts_make_link(struct accounts *accounts, struct account_call *call, const struct access *who, const char *kind,
                       const struct id *user, char text[LINK_TEXT])
{
    struct account_link link = { .user = *user, .created = call->now, .ends = call->now + life_of(kind) };
    account_secret(LINK_BYTES, text, LINK_TEXT);
    link.hash = account_hash("link", text, strlen(text));
    memcpy(link.kind, kind, strlen(kind) + 1);
    return account_make_link(accounts->store, who, &link);
}

int accounts_read_link(struct accounts *accounts, struct account_call *call, const char *text,
                       struct account_link *link, char login[ACCOUNT_LOGIN_BYTES])
{
    struct account_user user = { .login = "" };
    (void) accounts;
    if (strlen(text) != LINK_TEXT - 1)
        return ACCOUNT_ERR_ENDED;
    struct account_hash hash = account_hash("link", text, strlen(text));
    int                 ret = account_link(call->reader, &hash, call->now, link);
    if (ret == 0 && !id_is_missing(&link->user)) {
        ret = account_user_read(call->reader, &link->user, &user);
        if (ret == 0 && !account_is_valid(&user, call->now))
            ret = STORE_ERR_ABSENT;
    }
    if (ret == 0)
        memcpy(login, user.login, ACCOUNT_LOGIN_BYTES);
    return ret == STORE_ERR_ABSENT ? ACCOUNT_ERR_ENDED : ret;
}

/* The first administrator: a user, and the grant of everything that administrators may do. */
struct first {
    struct model_user    user;
    struct model_grant   grant;
    struct store_change  changes[2];
    struct store_request request;
};

static void make_first(struct account_call *call, const struct account_use *use, struct first *first)
{
    model_init(model_record(MODEL_USER), &first->user);
    model_init(model_record(MODEL_GRANT), &first->grant);
    first->user.head.id = node_new_id(call->now);
    first->user.login = text_in(use->login);
    first->user.name = text_in(use->name);
    first->grant.head.id = node_new_id(call->now);
    first->grant.user = first->user.head.id;
    first->grant.role = text_in(access_role_word(ACCESS_ADMINISTRATOR));
    first->grant.everywhere = 1;
    first->grant.starts = call->now;
    first->changes[0] =
        (struct store_change){ .verb = STORE_CREATE, .record = model_record(MODEL_USER), .value = &first->user };
    first->changes[1] =
        (struct store_change){ .verb = STORE_CREATE, .record = model_record(MODEL_GRANT), .value = &first->grant };
    first->request = (struct store_request){ .verb = "set up the node", .set = { first->changes, 2 } };
}

static int check_login(struct account_call *call, const char *login)
{
    static const char allowed[] = "3 to 60 characters without blanks";
    size_t            size = strlen(login);
    if (text_check_utf8(login, size) != size || unicode_check_plain(login, size) != size || strchr(login, ' ') != NULL)
        return refuse(call, "/login", allowed, "not such a text");
    size_t length = unicode_length(login, size);
    return length < 3 || length > 60 ? refuse(call, "/login", allowed, "too short or too long") : 0;
}

int accounts_use_link(struct accounts *accounts, struct account_call *call, const struct account_use *use,
                      struct account_signed *made)
{
    struct account_link link;
    struct account      account;
    struct first        first;
    char                login[ACCOUNT_LOGIN_BYTES], hash[ACCOUNT_PASSWORD_BYTES];
    int                 ret = accounts_read_link(accounts, call, use->link, &link, login);
    if (ret != 0)
        return ret;
    bool is_set_up = id_is_missing(&link.user);
    if (is_set_up && (ret = check_login(call, use->login != NULL ? use->login : "")) != 0)
        return ret;
    ret = account_password_check(use->password, strlen(use->password), is_set_up ? use->login : login, call->faults);
    if (ret == 0)
        ret = accounts_hash_password(accounts, use->password, hash);
    if (ret != 0)
        return ret;
    if (is_set_up)
        make_first(call, use, &first);
    struct access who = { .user = is_set_up ? first.user.head.id : link.user };
    ret = account_use_link(accounts->store, &who, &link, &who.user, hash, false, is_set_up ? &first.request : NULL,
                           call->now, call->faults);
    if (ret == STORE_ERR_ABSENT)
        return ACCOUNT_ERR_ENDED;
    if (ret != 0)
        return ret;
    accounts->set_up_due = false;
    const struct account_start start = {
        .user = who.user, .program = use->program, .client = use->client, .new_device = true
    };
    ret = accounts_start(accounts, call, &start, made);
    if (ret == 0 && !is_set_up && account_read(call->reader, &who.user, &account) == 0)
        made->has_factor = account.has_factor;
    return ret;
}

/* ---- leaving ---- */

struct leaving {
    struct model_user    user;
    struct model_grant  *grants;
    struct model_task   *tasks;
    struct store_change *changes;
    size_t               num;
};

static void change(struct leaving *leaving, enum model_record_number record, void *value)
{
    leaving->changes[leaving->num++] =
        (struct store_change){ .verb = STORE_CHANGE, .record = model_record(record), .value = value };
}

static void give(struct leaving *leaving, size_t field)
{
    model_set_add(&leaving->changes[leaving->num - 1].given, field);
}

/* Grants that have not begun would end before they begin: they end as they begin. */
static size_t end_grants(struct leaving *leaving, const struct account_grant *grants, size_t num, int64_t now)
{
    size_t ended = 0;
    for (size_t i = 0; i < num; i++) {
        if (grants[i].ends != INSTANT_MISSING && grants[i].ends <= now)
            continue;
        struct model_grant *grant = &leaving->grants[ended++];
        model_init(model_record(MODEL_GRANT), grant);
        grant->head.id = grants[i].id;
        grant->ends = grants[i].starts > now ? grants[i].starts : now;
        change(leaving, MODEL_GRANT, grant);
        give(leaving, model_grant_ends);
    }
    return ended;
}

/* Whose a task becomes: the successor's, a supervisor's of its area, or the role's until somebody takes it. */
static int hand_over(struct account_call *call, struct leaving *leaving, const struct id *leaver,
                     const struct id *successor, const struct id *task, const struct id *area)
{
    struct id          supervisors[8];
    size_t             num = 0;
    struct model_task *value = &leaving->tasks[leaving->num];
    int                ret = id_is_missing(successor)
                                 ? account_holders(call->reader, ACCESS_SUPERVISOR, area, call->now, supervisors, 8, &num)
                                 : 0;
    if (ret != 0)
        return ret;
    model_init(model_record(MODEL_TASK), value);
    value->head.id = *task;
    value->owner = *successor;
    for (size_t i = 0; i < num && id_is_missing(&value->owner); i++)
        if (!id_equal(&supervisors[i], leaver))
            value->owner = supervisors[i];
    change(leaving, MODEL_TASK, value);
    give(leaving, model_task_owner);
    if (id_is_missing(&value->owner)) {
        value->owner_role = text_in(access_role_word(ACCESS_SUPERVISOR));
        give(leaving, model_task_owner_role);
    }
    return 0;
}

int accounts_leave(struct accounts *accounts, struct account_call *call, const struct access *who,
                   const struct id *user, const struct id *successor, struct account_left *left)
{
    struct account_user   leaver, other;
    struct account_grant *grants = arena_array(call->arena, ACCOUNT_MOST_GRANTS, sizeof *grants);
    struct leaving        leaving = { .num = 0 };
    struct id            *tasks, *areas;
    size_t                num_grants, num_tasks;
    toc_date              today = time_zone_day(call->now);
    int                   ret = grants == NULL ? TOC_ERR_NO_MEMORY : account_user_read(call->reader, user, &leaver);
    if (ret == 0 && !id_is_missing(successor)) {
        ret = account_user_read(call->reader, successor, &other);
        if (ret == STORE_ERR_ABSENT ||
            (ret == 0 && (id_equal(user, successor) || !account_is_valid(&other, call->now))))
            ret = refuse(call, "/successor", "another user who works here now", "not such a user");
    }
    if (ret == 0)
        ret = account_grants(call->reader, user, grants, &num_grants);
    if (ret == 0)
        ret = account_open_tasks(call->reader, user, call->arena, &tasks, &areas, &num_tasks);
    if (ret != 0)
        return ret;
    size_t most = 1 + num_grants + num_tasks;
    leaving.grants = arena_array(call->arena, num_grants + 1, sizeof *leaving.grants);
    leaving.tasks = arena_array(call->arena, most, sizeof *leaving.tasks);
    leaving.changes = arena_array(call->arena, most, sizeof *leaving.changes);
    if (leaving.grants == NULL || leaving.tasks == NULL || leaving.changes == NULL)
        return TOC_ERR_NO_MEMORY;
    model_init(model_record(MODEL_USER), &leaving.user);
    leaving.user.head.id = *user;
    leaving.user.valid_to =
        leaver.valid_from != MODEL_MISSING_DATE && leaver.valid_from > today ? leaver.valid_from : today;
    change(&leaving, MODEL_USER, &leaving.user);
    give(&leaving, model_user_valid_to);
    left->grants = end_grants(&leaving, grants, num_grants, call->now);
    for (size_t i = 0; i < num_tasks && ret == 0; i++)
        ret = hand_over(call, &leaving, user, successor, &tasks[i], &areas[i]);
    left->tasks = num_tasks;
    struct store_request request = { .verb = "somebody leaves", .set = { leaving.changes, leaving.num } };
    return ret == 0 ? account_leave(accounts->store, who, user, &request, call->faults) : ret;
}

/* ---- break-glass ---- */

enum { MOST_TOLD = 5 };

struct telling {
    struct model_task    task;
    struct model_notice  notices[MOST_TOLD];
    struct store_change  changes[1 + MOST_TOLD];
    struct store_request request;
};

/* A task for a supervisor of the area, and a notice for each of the first few. */
static int tell_supervisors(struct account_call *call, const struct account_glass *glass, struct telling *telling)
{
    struct id supervisors[MOST_TOLD + 1];
    size_t    num = 0, told = 0;
    int       ret =
        account_holders(call->reader, ACCESS_SUPERVISOR, &glass->area, call->now, supervisors, MOST_TOLD + 1, &num);
    if (ret != 0)
        return ret;
    struct model_task *task = &telling->task;
    model_init(model_record(MODEL_TASK), task);
    task->head.id = node_new_id(call->now);
    task->area = glass->area;
    task->kind = text_in("review-break-glass");
    task->priority = text_in("high");
    task->status = text_in("open");
    task->owner_role = text_in(access_role_word(ACCESS_SUPERVISOR));
    task->starts = call->now;
    task->due = glass->ends + INSTANT_DAY;
    for (size_t i = 0; i < num && told < MOST_TOLD; i++) {
        if (id_equal(&supervisors[i], &glass->user))
            continue;
        struct model_notice *notice = &telling->notices[told];
        model_init(model_record(MODEL_NOTICE), notice);
        notice->head.id = node_new_id(call->now);
        notice->area = glass->area;
        notice->recipient = supervisors[i];
        notice->channel = text_in("in-program");
        notice->template = text_in("break-glass");
        notice->task = task->head.id;
        notice->status = text_in("waiting");
        telling->changes[1 + told++] =
            (struct store_change){ .verb = STORE_CREATE, .record = model_record(MODEL_NOTICE), .value = notice };
    }
    if (told > 0)
        task->owner = telling->notices[0].recipient;
    telling->changes[0] =
        (struct store_change){ .verb = STORE_CREATE, .record = model_record(MODEL_TASK), .value = task };
    telling->request = (struct store_request){ .verb = "tell the supervisor", .set = { telling->changes, 1 + told } };
    return 0;
}

static int check_breaking(struct account_call *call, const struct account_who *who,
                          const struct account_breaking *breaking)
{
    static const char reason[] = "why, in 10 to 500 characters";
    size_t            size = strlen(breaking->reason);
    unsigned          roles = account_roles(who->grants, who->num_grants, call->now);
    if (who->session.factor == INSTANT_MISSING)
        return ACCOUNT_ERR_SECOND_FACTOR;
    if ((roles >> breaking->role & 1) == 0 || breaking->role == ACCESS_NO_ROLE)
        return refuse(call, "/role", "a role that you hold", "not such a role");
    if (breaking->purpose == ACCESS_NO_PURPOSE || !account_purpose_fits(breaking->role, breaking->purpose))
        return refuse(call, "/purpose", "one for which the role may read identities", "not such a purpose");
    if (text_check_utf8(breaking->reason, size) != size || unicode_check_plain(breaking->reason, size) != size)
        return refuse(call, "/reason", reason, "not plain text");
    size_t length = unicode_length(breaking->reason, size);
    if (length < BREAK_GLASS_LEAST_REASON || length > BREAK_GLASS_MOST_REASON)
        return refuse(call, "/reason", reason, "too short or too long");
    return 0;
}

int accounts_break_glass(struct accounts *accounts, struct account_call *call, const struct account_who *who,
                         const struct account_breaking *breaking, struct account_glass *glass)
{
    struct telling *telling = arena_array(call->arena, 1, sizeof *telling);
    struct access   self = { .user = who->session.user, .role = breaking->role, .purpose = breaking->purpose };
    int             ret = telling == NULL ? TOC_ERR_NO_MEMORY : check_breaking(call, who, breaking);
    if (ret != 0)
        return ret;
    *glass = (struct account_glass){ .id = node_new_id(call->now),
                                     .user = who->session.user,
                                     .session = who->session.id,
                                     .area = breaking->area,
                                     .role = breaking->role,
                                     .purpose = breaking->purpose,
                                     .starts = call->now,
                                     .ends = call->now + BREAK_GLASS_TIME,
                                     .reason = breaking->reason };
    if (glass->ends > who->session.ends)
        glass->ends = who->session.ends;
    ret = tell_supervisors(call, glass, telling);
    return ret == 0 ? account_break_glass(accounts->store, &self, glass, &telling->request, call->faults) : ret;
}

/* ---- machines ---- */

int accounts_give_token(struct accounts *accounts, struct account_call *call, const struct access *who,
                        const struct account_token_wish *wish, char secret[SESSION_TEXT], struct account_token *token)
{
    struct account_token earlier;
    size_t               size = strlen(wish->name);
    if (size == 0 || size > ACCOUNT_NAME_BYTES || text_check_utf8(wish->name, size) != size ||
        unicode_check_plain(wish->name, size) != size)
        return refuse(call, "/name", "1 to 120 bytes: what the token is for", "not such a text");
    if (wish->days < 1 || wish->days > TOKEN_MOST_DAYS)
        return refuse(call, "/days", "1 to 400", "not such a number");
    *token = (struct account_token){ .id = node_new_id(call->now),
                                     .facility = wish->facility,
                                     .unit = wish->unit,
                                     .given_by = who->user,
                                     .created = call->now,
                                     .ends = call->now + wish->days * INSTANT_DAY };
    token->family = token->id;
    memcpy(token->name, wish->name, size + 1);
    if (!id_is_missing(&wish->replaces)) {
        int ret = account_token_by_id(call->reader, &wish->replaces, &earlier);
        if (ret == STORE_ERR_ABSENT ||
            (ret == 0 && (!id_equal(&earlier.facility, &wish->facility) || !id_equal(&earlier.unit, &wish->unit))))
            return refuse(call, "/replaces", "a token of the same sender", "not such a token");
        if (ret != 0)
            return ret;
        token->family = earlier.family;
    }
    account_secret(SESSION_BYTES, secret, SESSION_TEXT);
    token->hash = account_hash("token", secret, strlen(secret));
    int ret = account_give_token(accounts->store, who, token, call->now + TOKEN_OVERLAP);
    return ret == STORE_ERR_ABSENT ? refuse(call, "/facility", "a facility, and a reporting unit of it", "not there")
                                   : ret;
}
