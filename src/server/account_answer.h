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

/* May the caller act as administrator? Their role must be it, with the second factor. */
int account_need_administrator(const struct exchange *exchange);

#endif
