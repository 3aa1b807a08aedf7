/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/account_answer.h: what the handlers of accounts share: JSON (session.c, admin_account.c) and plain pages
 * (account_page.c). */
#ifndef SERVER_ACCOUNT_ANSWER_H
#define SERVER_ACCOUNT_ANSWER_H

#include "response/account.h"
#include "server/exchange.h"

/* The status of a call as this room answers it: Retry-After is set where they must wait. */
int account_outcome(struct exchange *exchange, const struct account_call *call, int status);

/* Set the cookies of a session that was begun in a browser; or take them away. */
void account_set_cookies(struct exchange *exchange, const struct account_signed *made);
void account_clear_cookies(struct exchange *exchange);

/* The secret of the device that the request brought, or NULL: its cookie, or the header Tocsin-Device. */
const char *account_device(struct exchange *exchange);

/* Sign in, give the code, use a link, with what a form or a JSON body said. */
int account_do_sign_in(struct exchange *exchange, const char *login, const char *password, bool program,
                       struct account_signed *made);
int account_do_factor(struct exchange *exchange, const char *code, struct account_signed *made);
int account_do_link(struct exchange *exchange, struct account_use *use, struct account_signed *made);

/* Pages of plain HTML: begun with the answer's status, and ended; what stands in them is put in by put_safe. */
void account_begin_page(struct exchange *exchange, int status);
void account_end_page(struct exchange *exchange);
void account_put_safe(struct sink *sink, const char *text);
/* The pages to sign in and to use a link, with a sentence about what was refused (0 = nothing). */
int account_show_sign_in(struct exchange *exchange, int refusal);
int account_show_set_up(struct exchange *exchange, const char *link, int refusal);

/* The identity provider, or NULL; an address of this server, in the arena. */
struct provider *exchange_provider(const struct exchange *exchange);
const char      *account_own_address(struct exchange *exchange, const char *path);

/* May the caller act as administrator? Their role must be it, with the second factor. */
int account_need_administrator(const struct exchange *exchange);

#endif
