/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/account_factor.h: second factors: codes of six digits by time (TOTP, RFC 6238: HMAC-SHA1, 30 seconds), and
 * recovery codes. Random bytes come from the caller; time is an argument.
 */
#ifndef RESPONSE_ACCOUNT_FACTOR_H
#define RESPONSE_ACCOUNT_FACTOR_H

#include <stddef.h>
#include <stdint.h>

#define FACTOR_BYTES 20
#define FACTOR_STEP_SECONDS 30
#define FACTOR_DRIFT_STEPS 1 /* a clock may be wrong by so many steps */
#define FACTOR_DIGITS 6
#define FACTOR_SECRET_TEXT 33 /* base32, with its end */
#define FACTOR_URI_BYTES 1200

/* The step of an instant. */
int64_t factor_step(int64_t now);

/* The code of a step, with its end. 0 or TOC_ERR_OPTION. */
int factor_code(const uint8_t secret[FACTOR_BYTES], int64_t step, char code[FACTOR_DIGITS + 1]);

/* Is the text a code of now, one step earlier or later, and of a later step than the last that served? Blanks in it are
 * passed over. Returns 0 and its step, or BASE_ERR_INPUT. The same work is done whatever the answer. */
int factor_check(const uint8_t secret[FACTOR_BYTES], const char *text, size_t size, int64_t last_step, int64_t now,
                 int64_t *step);

/* The secret as people type it into a phone, and the address that a QR code holds. */
void factor_secret_text(const uint8_t secret[FACTOR_BYTES], char text[FACTOR_SECRET_TEXT]);
void factor_uri(const uint8_t secret[FACTOR_BYTES], const char *issuer, const char *login, char uri[FACTOR_URI_BYTES]);

/* Recovery codes: 80 random bits as ABCD-EFGH-JKLM-NPQR. */
#define RECOVERY_CODES 10
#define RECOVERY_BYTES 10
#define RECOVERY_TEXT 20 /* with its end */
void recovery_text(const uint8_t bytes[RECOVERY_BYTES], char text[RECOVERY_TEXT]);
/* Read one, in either case, with or without hyphens and blanks. 0 or BASE_ERR_INPUT. */
int recovery_read(const char *text, size_t size, uint8_t bytes[RECOVERY_BYTES]);

#endif
