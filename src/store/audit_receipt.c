/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/audit_receipt.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/instant.h"
#include "base/text.h"

static const char begin[] = "tocsin-audit-1";

int audit_receipt_make(struct keeper *keeper, const struct audit_head *head, struct audit_receipt *receipt,
                       struct keeper_error *error)
{
    struct audit_receipt made = { .head = *head };
    uint8_t              bytes[AUDIT_HEAD_BYTES];
    audit_head_write(head, bytes);
    int ret = keeper_sign(keeper, bytes, sizeof bytes, &made.signature, error);
    if (ret == 0)
        ret = keeper_public_key(keeper, made.signature.generation, made.public_key, error);
    if (ret == 0)
        *receipt = made;
    return ret;
}

int audit_receipt_check(const struct audit_receipt *receipt)
{
    uint8_t bytes[AUDIT_HEAD_BYTES];
    audit_head_write(&receipt->head, bytes);
    return keeper_verify(receipt->public_key, bytes, sizeof bytes, &receipt->signature);
}

size_t audit_receipt_to_text(const struct audit_receipt *receipt, char text[AUDIT_RECEIPT_BYTES])
{
    char at[INSTANT_TEXT_BYTES], hash[2 * AUDIT_HASH_BYTES + 1], key[2 * KEEPER_PUBLIC_BYTES + 1];
    char signature[2 * KEEPER_SIGNATURE_BYTES + 1];
    instant_to_text(receipt->head.at, at);
    sodium_bin2hex(hash, sizeof hash, receipt->head.hash, AUDIT_HASH_BYTES);
    sodium_bin2hex(key, sizeof key, receipt->public_key, KEEPER_PUBLIC_BYTES);
    sodium_bin2hex(signature, sizeof signature, receipt->signature.bytes, KEEPER_SIGNATURE_BYTES);
    return (size_t) snprintf(text, AUDIT_RECEIPT_BYTES, "%s %lld %s %s %u %s %s", begin,
                             (long long) receipt->head.number, at, hash, receipt->signature.generation, key, signature);
}

/* ---- reading ---- */

/* The next word of a line: what stands up to the next single blank, or to the end. */
static bool next_word(const char **text, const char *end, const char **word, size_t *size)
{
    if (*text == NULL)
        return false;
    const char *blank = memchr(*text, ' ', (size_t) (end - *text));
    *word = *text;
    *size = (size_t) ((blank != NULL ? blank : end) - *text);
    *text = blank != NULL ? blank + 1 : NULL;
    return *size > 0;
}

static bool next_number(const char **text, const char *end, int64_t high, int64_t *number)
{
    const char *word;
    size_t      size;
    return next_word(text, end, &word, &size) && text_to_integer(word, size, 0, high, number) == 0;
}

static bool next_bytes(const char **text, const char *end, uint8_t *bytes, size_t num_bytes)
{
    const char *word;
    size_t      size, read;
    return next_word(text, end, &word, &size) && size == 2 * num_bytes &&
           sodium_hex2bin(bytes, num_bytes, word, size, NULL, &read, NULL) == 0 && read == num_bytes;
}

int audit_receipt_from_text(const char *text, size_t size, struct audit_receipt *receipt)
{
    struct audit_receipt read;
    const char          *end = text + size, *word;
    int64_t              generation;
    size_t               length;
    if (!next_word(&text, end, &word, &length) || length != strlen(begin) || memcmp(word, begin, length) != 0)
        return BASE_ERR_INPUT;
    if (!next_number(&text, end, INT64_MAX, &read.head.number) || !next_word(&text, end, &word, &length) ||
        instant_from_text(word, length, &read.head.at) != 0 ||
        !next_bytes(&text, end, read.head.hash, AUDIT_HASH_BYTES) ||
        !next_number(&text, end, UINT32_MAX, &generation) ||
        !next_bytes(&text, end, read.public_key, KEEPER_PUBLIC_BYTES) ||
        !next_bytes(&text, end, read.signature.bytes, KEEPER_SIGNATURE_BYTES) || text != NULL)
        return BASE_ERR_INPUT;
    read.signature.generation = (uint32_t) generation;
    *receipt = read;
    return 0;
}
