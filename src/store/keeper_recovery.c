/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The recovery copy: header 64 (authenticated), then one sealed piece: key files, records of the erasure list. */
#include "store/keeper_recovery.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "tocsin/status.h"

#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define MAX_KEYS (KEEPER_NUM_KINDS * KEEPER_MAX_GENERATIONS)

struct header {
    uint8_t  magic[8];
    int64_t  made;
    uint64_t num_keys;
    uint64_t num_erasures;
    uint8_t  nonce[NONCE_BYTES];
    uint8_t  zero[8];
};
_Static_assert(sizeof(struct header) == 64, "no padding");
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the header of a recovery copy is written in the order of little-endian machines"
#endif
static const uint8_t magic[8] = { 'T', 'o', 'c', 's', 'R', 'e', 'c', 1 };

void keeper_copy_free(struct keeper_copy *copy)
{
    keeper_ring_free(copy->ring);
    free(copy->erasures);
    *copy = (struct keeper_copy){ 0 };
}

/* The key that the code stands for. */
static void key_of(const struct keeper_code *code, uint8_t key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES])
{
    static const char domain[] = "tocsin recovery 1";
    crypto_generichash(key, crypto_aead_xchacha20poly1305_ietf_KEYBYTES, (const uint8_t *) domain, sizeof domain,
                       code->bytes, sizeof code->bytes);
}

static size_t size_of_plain(const struct header *header)
{
    return (size_t) header->num_keys * KEEPER_FILE_BYTES + (size_t) header->num_erasures * KEEPER_ERASURE_BYTES;
}

/* ---- writing ---- */

/* All of a new file, on disk; no file where that fails. */
static int write_file(const char *path, const uint8_t *bytes, size_t size, struct keeper_error *error)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600), ret = 0;
    if (fd < 0)
        return keeper_fail(error, BASE_ERR_SYSTEM, "%.120s: %s", path, strerror(errno));
    for (size_t at = 0; at < size && ret == 0;) {
        ssize_t written = write(fd, bytes + at, size - at);
        if (written > 0)
            at += (size_t) written;
        else if (errno != EINTR)
            ret = -1;
    }
    if (ret == 0)
        ret = fsync(fd);
    if (ret != 0) {
        ret = keeper_fail(error, BASE_ERR_SYSTEM, "%.120s: %s", path, strerror(errno));
        unlink(path);
    }
    close(fd);
    return ret;
}

/* Opened again from the disk it must say the same. */
static int rehearse(const char *path, const struct keeper_code *code, const struct keeper_ring *ring,
                    struct keeper_error *error)
{
    struct keeper_copy       copy = { 0 };
    int                      ret = keeper_copy_read(path, code, &copy, error);
    struct keeper_comparison found = { 0 };
    if (ret == 0)
        found = keeper_copy_compare(&copy, ring);
    if (found.num_different != 0 || found.num_newer != 0 || found.num_destroyed != 0)
        ret = keeper_fail(error, BASE_ERR_SYSTEM, "%.120s does not hold what was written to it", path);
    keeper_copy_free(&copy);
    return ret;
}

int keeper_copy_write(const char *path, const struct keeper_ring *ring, const uint8_t *erasures, size_t num_erasures,
                      int64_t now, struct keeper_code *code, struct keeper_error *error)
{
    struct header header = { .made = now, .num_erasures = num_erasures };
    uint8_t       key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
    if (num_erasures > KEEPER_MAX_RECOVERY_ERASURES)
        return keeper_fail(error, TOC_ERR_TOO_LARGE, "an erasure list of %zu records; a copy holds %d", num_erasures,
                           KEEPER_MAX_RECOVERY_ERASURES);
    memcpy(header.magic, magic, sizeof magic);
    for (int kind = 0; kind < KEEPER_NUM_KINDS; kind++)
        header.num_keys += ring->num[kind];
    randombytes_buf(header.nonce, sizeof header.nonce);
    randombytes_buf(code->bytes, sizeof code->bytes);
    size_t   size = size_of_plain(&header), at = 0;
    uint8_t *plain = sodium_malloc(size + 1), *file = malloc(sizeof header + size + TAG_BYTES);
    int      ret = 0;
    if (plain == NULL || file == NULL) {
        ret = keeper_fail(error, TOC_ERR_NO_MEMORY, "no memory for the recovery copy");
        goto out;
    }
    for (int kind = 0; kind < KEEPER_NUM_KINDS; kind++)
        for (size_t i = 0; i < ring->num[kind]; i++, at += KEEPER_FILE_BYTES)
            keeper_key_write((enum keeper_kind) kind, &ring->keys[kind][i], plain + at);
    if (num_erasures > 0)
        memcpy(plain + at, erasures, num_erasures * KEEPER_ERASURE_BYTES);
    memcpy(file, &header, sizeof header);
    key_of(code, key);
    crypto_aead_xchacha20poly1305_ietf_encrypt(file + sizeof header, NULL, plain, size, file, sizeof header, NULL,
                                               header.nonce, key);
    sodium_memzero(key, sizeof key);
    ret = write_file(path, file, sizeof header + size + TAG_BYTES, error);
    if (ret == 0 && (ret = rehearse(path, code, ring, error)) != 0)
        unlink(path);
out:
    if (ret != 0)
        sodium_memzero(code, sizeof *code);
    sodium_free(plain);
    free(file);
    return ret;
}

/* ---- reading ---- */

/* The whole file, with its header checked. */
static int read_file(const char *path, struct header *header, uint8_t **file, struct keeper_error *error)
{
    struct stat status;
    uint8_t    *bytes = NULL;
    int         ret = 0, fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0) {
        ret = keeper_fail(error, BASE_ERR_SYSTEM, "%.120s: %s", path, strerror(errno));
        goto out;
    }
    ssize_t got = read(fd, header, sizeof *header);
    if (got != sizeof *header || memcmp(header->magic, magic, sizeof magic) != 0 || header->num_keys > MAX_KEYS ||
        header->num_erasures > KEEPER_MAX_RECOVERY_ERASURES ||
        (uint64_t) status.st_size != sizeof *header + size_of_plain(header) + TAG_BYTES) {
        ret = keeper_fail(error, KEEPER_ERR_KEYS, "%.120s is not a recovery copy, or not a whole one", path);
        goto out;
    }
    size_t size = size_of_plain(header) + TAG_BYTES;
    bytes = malloc(size);
    if (bytes == NULL) {
        ret = keeper_fail(error, TOC_ERR_NO_MEMORY, "no memory for the recovery copy");
        goto out;
    }
    for (size_t at = 0; at < size && ret == 0;) {
        got = read(fd, bytes + at, size - at);
        if (got > 0)
            at += (size_t) got;
        else if (got == 0 || errno != EINTR)
            ret = keeper_fail(error, BASE_ERR_SYSTEM, "%.120s: %s", path, got == 0 ? "torn" : strerror(errno));
    }
out:
    if (ret == 0)
        *file = bytes;
    else
        free(bytes);
    if (fd >= 0)
        close(fd);
    return ret;
}

/* The keys and the erasure list of an opened piece. */
static int take_apart(const struct header *header, const uint8_t *plain, struct keeper_copy *copy,
                      struct keeper_error *error)
{
    int    ret = 0;
    size_t at = 0, num = (size_t) header->num_erasures;
    copy->made = header->made;
    copy->ring = keeper_ring_new();
    copy->erasures = malloc(num * KEEPER_ERASURE_BYTES + 1);
    copy->num_erasures = num;
    if (copy->ring == NULL || copy->erasures == NULL)
        return keeper_fail(error, TOC_ERR_NO_MEMORY, "no memory for the recovery copy");
    for (uint64_t i = 0; i < header->num_keys && ret == 0; i++, at += KEEPER_FILE_BYTES) {
        struct keeper_key key;
        enum keeper_kind  kind;
        ret = keeper_key_read(plain + at, &kind, &key);
        ret = ret == 0
                  ? keeper_ring_add(copy->ring, kind, &key, error)
                  : keeper_fail(error, ret, "key %llu of the recovery copy is damaged", (unsigned long long) i + 1);
        sodium_memzero(&key, sizeof key);
    }
    for (int kind = 0; kind < KEEPER_NUM_KINDS && ret == 0; kind++)
        if (copy->ring->num[kind] == 0 && kind != KEEPER_PASS)
            ret = keeper_fail(error, KEEPER_ERR_KEYS, "the recovery copy holds no '%s' key",
                              keeper_kind_word((enum keeper_kind) kind));
    if (ret == 0)
        memcpy(copy->erasures, plain + at, num * KEEPER_ERASURE_BYTES);
    return ret;
}

int keeper_copy_read(const char *path, const struct keeper_code *code, struct keeper_copy *copy,
                     struct keeper_error *error)
{
    struct header      header;
    struct keeper_copy read = { 0 };
    uint8_t            key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES], *file = NULL, *plain = NULL;
    int                ret = read_file(path, &header, &file, error);
    if (ret != 0)
        return ret;
    size_t size = size_of_plain(&header);
    plain = sodium_malloc(size + 1);
    if (plain == NULL) {
        ret = keeper_fail(error, TOC_ERR_NO_MEMORY, "no memory for the recovery copy");
        goto out;
    }
    key_of(code, key);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, file, size + TAG_BYTES, (const uint8_t *) &header,
                                                   sizeof header, header.nonce, key) != 0)
        ret = keeper_fail(error, SEAL_ERR_FORGED,
                          "%.120s does not open: the code belongs to another copy, or the file "
                          "was altered",
                          path);
    else
        ret = take_apart(&header, plain, &read, error);
    sodium_memzero(key, sizeof key);
out:
    if (ret == 0)
        *copy = read;
    else
        keeper_copy_free(&read);
    sodium_free(plain);
    free(file);
    return ret;
}

/* ---- comparing ---- */

struct keeper_comparison keeper_copy_compare(const struct keeper_copy *copy, const struct keeper_ring *ring)
{
    struct keeper_comparison found = { 0 };
    for (int kind = 0; kind < KEEPER_NUM_KINDS; kind++) {
        for (size_t i = 0; i < copy->ring->num[kind]; i++) {
            const struct keeper_key *key = &copy->ring->keys[kind][i];
            const struct keeper_key *live = keeper_ring_find(ring, (enum keeper_kind) kind, key->number);
            if (live == NULL)
                found.num_destroyed++;
            else if (live->created == key->created && sodium_memcmp(live->bytes, key->bytes, sizeof key->bytes) == 0)
                found.num_equal++;
            else
                found.num_different++;
        }
        for (size_t i = 0; i < ring->num[kind]; i++)
            found.num_newer +=
                keeper_ring_find(copy->ring, (enum keeper_kind) kind, ring->keys[kind][i].number) == NULL;
    }
    return found;
}
