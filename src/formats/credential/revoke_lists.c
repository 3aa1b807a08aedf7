/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lists that an issuer publishes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "formats/credential/base64.h"
#include "formats/credential/revoke.h"
#include "tocsin/status.h"

#define CHUNKS 16

/* "2022-03-15T12:00:00Z": whole seconds, as other readers want them. The last second of the calendar for "never". */
static void time_text(int64_t seconds, char text[INSTANT_TEXT_BYTES])
{
    if (seconds > INT64_MAX / INSTANT_SECOND || instant_to_text(seconds * INSTANT_SECOND, text) == 0)
        strcpy(text, "9999-12-31T23:59:59Z");
    strcpy(text + strlen("2022-03-15T12:00:00"), "Z");
}

static void put_time(struct json_writer *json, const char *key, int64_t seconds)
{
    char text[INSTANT_TEXT_BYTES];
    time_text(seconds, text);
    json_key(json, key);
    json_put_string(json, text);
}

static void put_word(struct json_writer *json, const char *key, const char *word)
{
    json_key(json, key);
    if (word != NULL)
        json_put_string(json, word);
    else
        json_put_null(json);
}

void credential_revoked_lists(const uint8_t *kids, size_t num, int64_t now, int64_t expires, struct sink *sink)
{
    struct json_writer json;
    json_writer_init(&json, sink);
    json_begin_array(&json);
    for (size_t i = 0; i < num; i++) {
        char   kid[CREDENTIAL_BASE64_ENCODED(CREDENTIAL_KID_BYTES)];
        size_t size =
            credential_base64_encode(CREDENTIAL_BASE64_URL, kids + i * CREDENTIAL_KID_BYTES, CREDENTIAL_KID_BYTES, kid);
        json_begin_object(&json);
        json_key(&json, "kid");
        json_put_string_of(&json, kid, size);
        put_word(&json, "mode", "POINT");
        json_key(&json, "hashTypes");
        json_begin_array(&json);
        json_put_string(&json, "SIGNATURE");
        json_put_string(&json, "UCI");
        json_end(&json);
        put_time(&json, "lastUpdated", now);
        put_time(&json, "expires", expires);
        json_end(&json);
    }
    json_end(&json);
    sink_character(sink, '\n');
}

/* The entries of a kid and chunk that are still in force. */
struct chunk {
    uint8_t *entries;
    size_t   num;
    int64_t  expires;
};

static void gather(const struct credential_revoked_set *set, const uint8_t kid[CREDENTIAL_KID_BYTES], int64_t now,
                   unsigned digit, struct chunk *chunk)
{
    chunk->num = 0;
    chunk->expires = 0;
    for (size_t i = 0; i < set->num; i++) {
        const struct credential_revoked_entry *one = &set->of[i];
        if (one->kind == CREDENTIAL_RID || one->kid_size != CREDENTIAL_KID_BYTES || one->expires < now ||
            memcmp(one->kid, kid, CREDENTIAL_KID_BYTES) != 0 || one->entry[0] >> 4 != digit)
            continue;
        memcpy(chunk->entries + chunk->num++ * CREDENTIAL_ENTRY_BYTES, one->entry, CREDENTIAL_ENTRY_BYTES);
        chunk->expires = one->expires > chunk->expires ? one->expires : chunk->expires;
    }
}

static bool name_slice(struct credential_checker *checker, const struct sink *slice,
                       char name[2 * CREDENTIAL_DIGEST_BYTES + 1])
{
    const struct credential_piece piece = { slice->bytes, slice->used };
    uint8_t                       digest[CREDENTIAL_DIGEST_BYTES];
    if (!credential_hash(checker, &piece, 1, digest))
        return false;
    for (size_t i = 0; i < sizeof digest; i++)
        sprintf(name + 2 * i, "%02x", digest[i]);
    return true;
}

/* One slice, handed out and then named. */
static int put_chunk(const struct chunk *chunk, unsigned digit, enum credential_slice_kind kind,
                     const struct credential_slice_writer *writer, struct credential_checker *checker,
                     struct json_writer *json)
{
    const char  key[] = { "0123456789abcdef"[digit], '\0' };
    const float rate = (float) CREDENTIAL_BLOOM_RATE;
    char        name[2 * CREDENTIAL_DIGEST_BYTES + 1] = "", when[INSTANT_TEXT_BYTES];
    struct sink slice;
    sink_init_memory(&slice);
    int ret = kind == CREDENTIAL_BLOOM
                  ? credential_bloom_write(chunk->entries, chunk->num, rate, checker, &slice)
                  : credential_prefixes_write(chunk->entries, chunk->num, CREDENTIAL_PREFIX_BYTES, rate, &slice);
    if (ret == 0 && !name_slice(checker, &slice, name))
        ret = TOC_ERR_NO_MEMORY;
    if (ret == 0)
        ret = writer->take(writer->context, digit, name, slice.bytes, slice.used);
    sink_free(&slice);
    if (ret != 0)
        return ret;
    time_text(chunk->expires, when);
    json_key(json, key);
    json_begin_object(json);
    json_key(json, when);
    json_begin_object(json);
    put_word(json, "type", kind == CREDENTIAL_BLOOM ? "BLOOMFILTER" : "VARHASHLIST");
    put_word(json, "version", "1.0");
    put_word(json, "hash", name);
    json_end(json);
    json_end(json);
    return 0;
}

int credential_revoked_partitions(const struct credential_revoked_set *set, const uint8_t kid[CREDENTIAL_KID_BYTES],
                                  enum credential_slice_kind kind, int64_t now,
                                  const struct credential_slice_writer *writer, struct credential_checker *checker,
                                  struct sink *sink)
{
    struct json_writer json;
    struct chunk       chunk = { .entries = memory_array(set->num + 1, CREDENTIAL_ENTRY_BYTES) };
    int                ret = chunk.entries != NULL ? 0 : TOC_ERR_NO_MEMORY;
    json_writer_init(&json, sink);
    json_begin_array(&json);
    json_begin_object(&json);
    put_word(&json, "id", NULL);
    put_word(&json, "x", NULL);
    put_word(&json, "y", NULL);
    json_key(&json, "chunks");
    json_begin_object(&json);
    for (unsigned digit = 0; digit < CHUNKS && ret == 0; digit++) {
        gather(set, kid, now, digit, &chunk);
        if (chunk.num > 0)
            ret = put_chunk(&chunk, digit, kind, writer, checker, &json);
    }
    json_end(&json);
    json_end(&json);
    json_end(&json);
    sink_character(sink, '\n');
    free(chunk.entries);
    return ret;
}

size_t credential_revoked_crl(const struct credential_revoked_set *set, const char *kid, size_t kid_size,
                              struct sink *sink)
{
    struct json_writer json;
    size_t             num = 0;
    json_writer_init(&json, sink);
    for (size_t i = 0; i < set->num; i++) {
        const struct credential_revoked_entry *one = &set->of[i];
        if (one->kind != CREDENTIAL_RID || one->kid_size != kid_size || memcmp(one->kid, kid, kid_size) != 0)
            continue;
        if (num++ == 0) {
            json_begin_object(&json);
            json_key(&json, "kid");
            json_put_string_of(&json, kid, kid_size);
            put_word(&json, "method", "rid");
            json_key(&json, "rids");
            json_begin_array(&json);
        }
        json_put_string_of(&json, (const char *) one->entry, one->size);
    }
    if (num == 0)
        return 0;
    json_end(&json);
    json_key(&json, "ctr");
    json_put_integer(&json, (int64_t) num);
    json_end(&json);
    return num;
}
