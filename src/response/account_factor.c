/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/account_factor.h"

#include <liboath/oath.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/instant.h"
#include "tocsin/status.h"

static const char base32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"; /* RFC 4648 */

int64_t factor_step(int64_t now)
{
    return now / (FACTOR_STEP_SECONDS * INSTANT_SECOND);
}

int factor_code(const uint8_t secret[FACTOR_BYTES], int64_t step, char code[FACTOR_DIGITS + 1])
{
    int ret = oath_hotp_generate((const char *) secret, FACTOR_BYTES, (uint64_t) step, FACTOR_DIGITS, 0,
                                 OATH_HOTP_DYNAMIC_TRUNCATION, code);
    return ret == OATH_OK ? 0 : TOC_ERR_OPTION;
}

int factor_check(const uint8_t secret[FACTOR_BYTES], const char *text, size_t size, int64_t last_step, int64_t now,
                 int64_t *step)
{
    char    digits[FACTOR_DIGITS + 1] = "", code[FACTOR_DIGITS + 1];
    size_t  num = 0;
    int64_t found = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == ' ')
            continue;
        if (text[i] < '0' || text[i] > '9' || num == FACTOR_DIGITS)
            return BASE_ERR_INPUT;
        digits[num++] = text[i];
    }
    if (num != FACTOR_DIGITS)
        return BASE_ERR_INPUT;
    for (int64_t at = factor_step(now) - FACTOR_DRIFT_STEPS; at <= factor_step(now) + FACTOR_DRIFT_STEPS; at++) {
        if (factor_code(secret, at, code) != 0)
            return BASE_ERR_INPUT;
        if (sodium_memcmp(code, digits, FACTOR_DIGITS) == 0 && at > last_step && found == 0)
            found = at;
    }
    if (found == 0)
        return BASE_ERR_INPUT;
    *step = found;
    return 0;
}

/* size: a multiple of five bytes. */
static void to_base32(const uint8_t *bytes, size_t size, char *text)
{
    for (size_t i = 0; i < size / 5; i++) {
        uint64_t group = 0;
        for (size_t j = 0; j < 5; j++)
            group = group << 8 | bytes[5 * i + j];
        for (size_t j = 0; j < 8; j++)
            *text++ = base32[group >> (35 - 5 * j) & 31];
    }
    *text = '\0';
}

void factor_secret_text(const uint8_t secret[FACTOR_BYTES], char text[FACTOR_SECRET_TEXT])
{
    to_base32(secret, FACTOR_BYTES, text);
}

/* What may stand in an address as it is; everything else is escaped. */
static void escape(const char *text, char *escaped, size_t room)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    size_t            used = 0;
    for (; *text != '\0' && used + 4 < room; text++) {
        if (strchr(plain, *text) != NULL)
            escaped[used++] = *text;
        else
            used += (size_t) snprintf(escaped + used, room - used, "%%%02X", (unsigned) (unsigned char) *text);
    }
    escaped[used] = '\0';
}

void factor_uri(const uint8_t secret[FACTOR_BYTES], const char *issuer, const char *login, char uri[FACTOR_URI_BYTES])
{
    char text[FACTOR_SECRET_TEXT], safe_issuer[200], safe_login[600];
    factor_secret_text(secret, text);
    escape(issuer, safe_issuer, sizeof safe_issuer);
    escape(login, safe_login, sizeof safe_login);
    snprintf(uri, FACTOR_URI_BYTES, "otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=SHA1&digits=6&period=30",
             safe_issuer, safe_login, text, safe_issuer);
    sodium_memzero(text, sizeof text);
}

void recovery_text(const uint8_t bytes[RECOVERY_BYTES], char text[RECOVERY_TEXT])
{
    char plain[17];
    to_base32(bytes, RECOVERY_BYTES, plain);
    snprintf(text, RECOVERY_TEXT, "%.4s-%.4s-%.4s-%.4s", plain, plain + 4, plain + 8, plain + 12);
}

int recovery_read(const char *text, size_t size, uint8_t bytes[RECOVERY_BYTES])
{
    uint64_t group = 0;
    size_t   num = 0;
    uint8_t  read[RECOVERY_BYTES];
    for (size_t i = 0; i < size; i++) {
        char character = text[i];
        if (character == '-' || character == ' ')
            continue;
        if (character >= 'a' && character <= 'z')
            character = (char) (character - 'a' + 'A');
        const char *at = character != '\0' ? strchr(base32, character) : NULL;
        if (at == NULL || num == 16)
            return BASE_ERR_INPUT;
        group = group << 5 | (uint64_t) (at - base32);
        if (++num % 8 == 0) {
            for (size_t j = 0; j < 5; j++)
                read[(num / 8 - 1) * 5 + j] = (uint8_t) (group >> (32 - 8 * j));
            group = 0;
        }
    }
    if (num != 16)
        return BASE_ERR_INPUT;
    memcpy(bytes, read, sizeof read);
    return 0;
}
