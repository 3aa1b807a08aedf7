/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/account_password.h: which passwords are taken (docs/access.md), after NIST SP 800-63B: long enough, not one
 * that everybody tries first; no rule about kinds of characters, no expiry.
 */
#ifndef RESPONSE_ACCOUNT_PASSWORD_H
#define RESPONSE_ACCOUNT_PASSWORD_H

#include "base/arena.h"
#include "base/fault.h"

#define PASSWORD_LEAST_CHARACTERS 12
#define PASSWORD_MOST_CHARACTERS 128
#define PASSWORD_MOST_BYTES 1024 /* as sent; more is not looked at */

/* Is it taken? Refused are: too short or too long; control characters; a well-known one, with whatever digits and signs
 * around it; a few characters repeated (abcabcabcabc); a run (123456789012, the rows of a keyboard); the login with
 * little added. Returns 0, BASE_ERR_INPUT with one fault that never repeats it, or TOC_ERR_NO_MEMORY. */
int account_password_check(const char *password, size_t size, const char *login, struct fault_list *faults);

/* The password as it is hashed: in NFC, so that two keyboards mean the same. In arena, which is wiped afterwards.
 * BASE_ERR_INPUT where it is not UTF-8 or longer than PASSWORD_MOST_BYTES. */
int account_password_normal(const char *password, size_t size, struct arena *arena, const char **normal,
                            size_t *normal_size);

#endif
