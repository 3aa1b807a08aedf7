/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signing in by an identity provider: what it vouches for is a subject; who that is here, an invitation has said. */
#include <sodium.h>
#include <string.h>

#include "response/account_internal.h"

struct account_hash account_subject(const char *issuer, const char *subject)
{
    struct account_hash both[2] = { account_hash("issuer", issuer, strlen(issuer)),
                                    account_hash("subject", subject, strlen(subject)) };
    return account_hash("subject of issuer", both, sizeof both);
}

int accounts_try_subject(struct accounts *accounts, struct account_call *call)
{
    return accounts_try(accounts, call, &(struct throttle_who){ .address = call->peer });
}

void accounts_forgive_subject(struct accounts *accounts, struct account_call *call)
{
    accounts_forgive(accounts, &(struct throttle_who){ .address = call->peer });
}

static int start(struct accounts *accounts, struct account_call *call, const struct id *user, bool factor,
                 const char *client, struct account_signed *made)
{
    const struct account_start start = { .user = *user, .factor = factor, .client = client };
    struct account             account;
    int                        ret = accounts_start(accounts, call, &start, made);
    if (ret == 0 && account_read(call->reader, user, &account) == 0)
        made->has_factor = account.has_factor;
    return ret;
}

int accounts_sign_in_subject(struct accounts *accounts, struct account_call *call, const struct account_hash *subject,
                             bool factor, const char *client, struct account_signed *made)
{
    struct account_user user;
    int                 ret = account_user_by_subject(call->reader, subject, &user);
    if (ret == STORE_ERR_ABSENT || (ret == 0 && !account_is_valid(&user, call->now)))
        return ACCOUNT_ERR_REFUSED;
    return ret == 0 ? start(accounts, call, &user.id, factor, client, made) : ret;
}

int accounts_bind_subject(struct accounts *accounts, struct account_call *call, const char *link,
                          const struct account_hash *subject, bool factor, const char *client,
                          struct account_signed *made)
{
    struct account_link found;
    char                login[ACCOUNT_LOGIN_BYTES];
    int                 ret = accounts_read_link(accounts, call, link, &found, login);
    if (ret == 0 && (id_is_missing(&found.user) || strcmp(found.kind, ACCOUNT_LINK_INVITE) != 0))
        ret = ACCOUNT_ERR_ENDED; /* of another kind */
    if (ret != 0)
        return ret;
    const struct access self = { .user = found.user };
    ret = account_bind_subject(accounts->store, &self, &found, subject, call->now);
    if (ret == STORE_ERR_ABSENT)
        return ACCOUNT_ERR_ENDED;
    return ret == 0 ? start(accounts, call, &found.user, factor, client, made) : ret;
}
