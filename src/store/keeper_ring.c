/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The node keys in memory, and the bytes of their files. */
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/instant.h"
#include "base/no_core.h"
#include "store/keeper_files.h"
#include "tocsin/status.h"

int keeper_fail(struct keeper_error *error, int status, const char *format, ...)
{
    if (error == NULL)
        return status;
    *error = (struct keeper_error){ .status = status, .where = TOC_NOWHERE };
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->what, sizeof error->what, format, arguments);
    va_end(arguments);
    return status;
}

const char *keeper_kind_word(enum keeper_kind kind)
{
    static const char *const words[] = {
#define X(name, word, meaning) word,
        KEEPER_KINDS(X)
#undef X
    };
    return words[kind];
}

/* ---- the ring ---- */

/* sodium_malloc locks, leaves out of cores, and puts unreadable pages around. */
struct keeper_ring *keeper_ring_new(void)
{
    struct keeper_ring *ring = no_core() == 0 ? sodium_malloc(sizeof *ring) : NULL;
    if (ring != NULL)
        sodium_memzero(ring, sizeof *ring);
    return ring;
}

void keeper_ring_free(struct keeper_ring *ring)
{
    sodium_free(ring);
}

const struct keeper_key *keeper_ring_find(const struct keeper_ring *ring, enum keeper_kind kind, uint32_t number)
{
    size_t num = ring->num[kind];
    if (number == 0)
        return num > 0 ? &ring->keys[kind][num - 1] : NULL;
    for (size_t i = num; i-- > 0;)
        if (ring->keys[kind][i].number == number)
            return &ring->keys[kind][i];
    return NULL;
}

uint32_t keeper_ring_newest(const struct keeper_ring *ring, enum keeper_kind kind)
{
    const struct keeper_key *newest = keeper_ring_find(ring, kind, 0);
    return newest != NULL ? newest->number : 0;
}

size_t keeper_ring_list(const struct keeper_ring *ring, struct keeper_generation *generations)
{
    size_t listed = 0;
    for (int kind = 0; kind < KEEPER_NUM_KINDS; kind++)
        for (size_t i = 0; i < ring->num[kind]; i++) {
            const struct keeper_key *key = &ring->keys[kind][i];
            generations[listed++] = (struct keeper_generation){
                .kind = (enum keeper_kind) kind,
                .number = key->number,
                .created = key->created,
                .replaced = i + 1 < ring->num[kind] ? key[1].created : INSTANT_MISSING,
            };
        }
    return listed;
}

int keeper_ring_add(struct keeper_ring *ring, enum keeper_kind kind, const struct keeper_key *key,
                    struct keeper_error *error)
{
    struct keeper_key *keys = ring->keys[kind];
    size_t             num = ring->num[kind], at = num;
    if (num == KEEPER_MAX_GENERATIONS)
        return keeper_fail(error, KEEPER_ERR_KEYS, "%d generations of '%s' keys, no more are allowed: destroy old ones",
                           KEEPER_MAX_GENERATIONS, keeper_kind_word(kind));
    while (at > 0 && keys[at - 1].number > key->number)
        at--;
    if (at > 0 && keys[at - 1].number == key->number)
        return keeper_fail(error, KEEPER_ERR_KEYS, "two keys are both %s-%04u", keeper_kind_word(kind), key->number);
    memmove(&keys[at + 1], &keys[at], (num - at) * sizeof *keys);
    keys[at] = *key;
    ring->num[kind]++;
    return 0;
}

int keeper_ring_fresh(struct keeper_ring *ring, int64_t now, struct keeper_error *error)
{
    int ret = 0;
    for (int kind = 0; kind < KEEPER_NUM_KINDS && ret == 0; kind++) {
        struct keeper_key key = { .number = 1, .created = now };
        randombytes_buf(key.bytes, sizeof key.bytes);
        ret = keeper_ring_add(ring, (enum keeper_kind) kind, &key, error);
        sodium_memzero(&key, sizeof key);
    }
    return ret;
}

/* ---- bytes of a key file: magic 8, kind 4, number 4, created 8, zero 8, key 32, BLAKE2b-128 of the rest 16 ---- */

static const uint8_t magic[8] = { 'T', 'o', 'c', 's', 'K', 'e', 'y', 1 };

static void put_number(uint8_t *at, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t) (number >> (8 * i));
}

static uint64_t get_number(const uint8_t *at, size_t bytes)
{
    uint64_t number = 0;
    for (size_t i = bytes; i-- > 0;)
        number = number << 8 | at[i];
    return number;
}

void keeper_key_write(enum keeper_kind kind, const struct keeper_key *key, uint8_t file[KEEPER_FILE_BYTES])
{
    memset(file, 0, KEEPER_FILE_BYTES);
    memcpy(file, magic, sizeof magic);
    put_number(file + 8, (uint64_t) kind, 4);
    put_number(file + 12, key->number, 4);
    put_number(file + 16, (uint64_t) key->created, 8);
    memcpy(file + 32, key->bytes, KEEPER_KEY_BYTES);
    crypto_generichash(file + 64, 16, file, 64, NULL, 0);
}

int keeper_key_read(const uint8_t file[KEEPER_FILE_BYTES], enum keeper_kind *kind, struct keeper_key *key)
{
    uint8_t  check[16];
    uint64_t number_of_kind = get_number(file + 8, 4);
    crypto_generichash(check, sizeof check, file, 64, NULL, 0);
    if (memcmp(file, magic, sizeof magic) != 0 || memcmp(check, file + 64, sizeof check) != 0 ||
        number_of_kind >= KEEPER_NUM_KINDS || get_number(file + 12, 4) == 0)
        return KEEPER_ERR_KEYS;
    *kind = (enum keeper_kind) number_of_kind;
    key->number = (uint32_t) get_number(file + 12, 4);
    key->created = (int64_t) get_number(file + 16, 8);
    memcpy(key->bytes, file + 32, KEEPER_KEY_BYTES);
    return 0;
}

/* ---- bytes of the erasure list: id 16, instant 8, BLAKE2b of both 8 (its first bytes) ---- */

static void check_erasure(const uint8_t record[KEEPER_ERASURE_BYTES], uint8_t check[16])
{
    crypto_generichash(check, 16, record, 24, (const uint8_t *) "tocsin erasure 1", 16);
}

void keeper_erasure_write(const struct keeper_erasure *erasure, uint8_t record[KEEPER_ERASURE_BYTES])
{
    uint8_t check[16];
    memcpy(record, erasure->person.bytes, ID_BYTES);
    put_number(record + ID_BYTES, (uint64_t) erasure->at, 8);
    check_erasure(record, check);
    memcpy(record + 24, check, 8);
}

bool keeper_erasure_read(const uint8_t record[KEEPER_ERASURE_BYTES], struct keeper_erasure *erasure)
{
    uint8_t check[16];
    check_erasure(record, check);
    if (memcmp(record + 24, check, 8) != 0)
        return false;
    memcpy(erasure->person.bytes, record, ID_BYTES);
    erasure->at = (int64_t) get_number(record + ID_BYTES, 8);
    return true;
}

/* ---- bytes of the note on copies: instant 8, newest of each kind 4, BLAKE2b of both 8 (its first bytes) ---- */

_Static_assert(8 + 4 * KEEPER_NUM_KINDS + 8 == KEEPER_COPIED_BYTES, "the note on copies");

static void check_copied(const uint8_t file[KEEPER_COPIED_BYTES], uint8_t check[16])
{
    crypto_generichash(check, 16, file, KEEPER_COPIED_BYTES - 8, (const uint8_t *) "tocsin copied 1.", 16);
}

void keeper_copied_write(const struct keeper_copied *copied, uint8_t file[KEEPER_COPIED_BYTES])
{
    uint8_t check[16];
    put_number(file, (uint64_t) copied->made, 8);
    for (size_t kind = 0; kind < KEEPER_NUM_KINDS; kind++)
        put_number(file + 8 + 4 * kind, copied->newest[kind], 4);
    check_copied(file, check);
    memcpy(file + KEEPER_COPIED_BYTES - 8, check, 8);
}

bool keeper_copied_read(const uint8_t file[KEEPER_COPIED_BYTES], struct keeper_copied *copied)
{
    uint8_t check[16];
    check_copied(file, check);
    if (memcmp(file + KEEPER_COPIED_BYTES - 8, check, 8) != 0)
        return false;
    copied->made = (int64_t) get_number(file, 8);
    for (size_t kind = 0; kind < KEEPER_NUM_KINDS; kind++)
        copied->newest[kind] = (uint32_t) get_number(file + 8 + 4 * kind, 4);
    return true;
}
