/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/revocation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/credential/trust.h"
#include "tocsin/status.h"

/* ---- slices ---- */

#define BLOOM_HEAD 20
#define PREFIX_HEAD 11

static uint32_t big_endian(const uint8_t *at)
{
    return (uint32_t) at[0] << 24 | (uint32_t) at[1] << 16 | (uint32_t) at[2] << 8 | at[3];
}

static int refuse(struct toc_error *error, const char *what, const char *allowed)
{
    if (error != NULL)
        *error = (struct toc_error){ BASE_ERR_INPUT, what, TOC_NOWHERE, NAN, allowed };
    return BASE_ERR_INPUT;
}

static int read_bloom(const uint8_t *bytes, size_t size, struct credential_slice *slice, struct toc_error *error)
{
    if (size < BLOOM_HEAD)
        return refuse(error, "Bloom filter", "20 bytes of head, then words of 4 bytes");
    uint8_t  hashes = bytes[2];
    uint32_t words = big_endian(bytes + 16);
    if (hashes == 0 || hashes > CREDENTIAL_BLOOM_HASHES)
        return refuse(error, "Bloom filter", "1 … 127 hashes");
    if (words == 0 || words > (uint32_t) INT32_MAX / 32 || (size - BLOOM_HEAD) / 4 != words ||
        (size - BLOOM_HEAD) % 4 != 0)
        return refuse(error, "Bloom filter", "as many words as its head says, at least one");
    *slice = (struct credential_slice){
        .kind = CREDENTIAL_BLOOM, .body = bytes + BLOOM_HEAD, .num = words, .hashes = hashes, .expires = INT64_MAX
    };
    return 0;
}

static int compare_prefixes(const void *a, const void *b, void *size)
{
    return memcmp(a, b, *(const uint8_t *) size);
}

static int read_prefixes(uint8_t *bytes, size_t size, struct credential_slice *slice, struct toc_error *error)
{
    if (size < PREFIX_HEAD)
        return refuse(error, "list of prefixes", "11 bytes of head");
    uint8_t width = bytes[10];
    size_t  left = size - PREFIX_HEAD;
    if (width == 0 || width > CREDENTIAL_ENTRY_BYTES || left % width != 0)
        return refuse(error, "list of prefixes", "prefixes of one size, 1 … 16 bytes");
    *slice = (struct credential_slice){ .kind = CREDENTIAL_PREFIXES,
                                        .body = bytes + PREFIX_HEAD,
                                        .num = left / width,
                                        .size = width,
                                        .expires = INT64_MAX };
    for (size_t i = 1; i < slice->num; i++)
        if (memcmp(slice->body + (i - 1) * width, slice->body + i * width, width) > 0) {
            qsort_r(bytes + PREFIX_HEAD, slice->num, width, compare_prefixes, &width);
            break;
        }
    return 0;
}

int credential_slice_read(enum credential_slice_kind kind, uint8_t *bytes, size_t size, struct credential_slice *slice,
                          struct toc_error *error)
{
    struct credential_slice read;
    int                     ret =
        kind == CREDENTIAL_BLOOM ? read_bloom(bytes, size, &read, error) : read_prefixes(bytes, size, &read, error);
    if (ret == 0)
        *slice = read;
    return ret;
}

/* A signed number of 32 bytes modulo m, never negative. */
static uint32_t remainder_of(const uint8_t digest[CREDENTIAL_DIGEST_BYTES], uint32_t m)
{
    uint64_t rest = 0, power = 1; /* 2^256 modulo m along the way */
    for (size_t i = 0; i < CREDENTIAL_DIGEST_BYTES; i += 4) {
        rest = (rest << 32 | big_endian(digest + i)) % m;
        power = (power << 32) % m;
    }
    return (uint32_t) (digest[0] & 0x80 ? (rest + m - power) % m : rest);
}

bool credential_bloom_bit(struct credential_checker *checker, const uint8_t entry[CREDENTIAL_ENTRY_BYTES], uint8_t i,
                          uint32_t bits, uint32_t *bit)
{
    const struct credential_piece pieces[] = { { entry, CREDENTIAL_ENTRY_BYTES }, { &i, 1 } };
    uint8_t                       digest[CREDENTIAL_DIGEST_BYTES];
    if (!credential_hash(checker, pieces, 2, digest))
        return false;
    *bit = remainder_of(digest, bits);
    return true;
}

static bool bloom_holds(const struct credential_slice *slice, struct credential_checker *checker,
                        const uint8_t entry[CREDENTIAL_ENTRY_BYTES])
{
    for (uint8_t i = 0; i < slice->hashes; i++) {
        uint32_t bit;
        if (!credential_bloom_bit(checker, entry, i, (uint32_t) slice->num * 32, &bit) ||
            (big_endian(slice->body + bit / 32 * 4) >> (31 - bit % 32) & 1) == 0)
            return false;
    }
    return true;
}

static bool prefixes_hold(const struct credential_slice *slice, const uint8_t entry[CREDENTIAL_ENTRY_BYTES])
{
    size_t low = 0, high = slice->num;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int    compared = memcmp(slice->body + middle * slice->size, entry, slice->size);
        if (compared == 0)
            return true;
        if (compared < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

bool credential_slice_holds(const struct credential_slice *slice, struct credential_checker *checker,
                            const uint8_t entry[CREDENTIAL_ENTRY_BYTES])
{
    return slice->kind == CREDENTIAL_BLOOM ? bloom_holds(slice, checker, entry) : prefixes_hold(slice, entry);
}

/* ---- lists ---- */

/* A slice with the digits of where it lies. */
struct placed {
    struct credential_slice slice;
    uint8_t                 x, y, chunk;
    uint8_t                *bytes; /* owned */
};

struct list {
    uint8_t                        kid[CREDENTIAL_KID_BYTES];
    enum credential_partition_mode mode;
    unsigned                       entries;
    int64_t                        dated, expires;
    struct placed                 *slices;
    size_t                         num_slices, max_slices;
};

struct credential_revocation {
    struct list *lists;
    size_t       num_lists, max_lists;
};

struct credential_revocation *credential_revocation_new(void)
{
    return memory_array(1, sizeof(struct credential_revocation));
}

void credential_revocation_free(struct credential_revocation *revocation)
{
    if (revocation == NULL)
        return;
    for (size_t i = 0; i < revocation->num_lists; i++) {
        for (size_t j = 0; j < revocation->lists[i].num_slices; j++)
            free(revocation->lists[i].slices[j].bytes);
        free(revocation->lists[i].slices);
    }
    free(revocation->lists);
    free(revocation);
}

/* The list of a kid, or where it would stand. */
static size_t find(const struct credential_revocation *revocation, const uint8_t *kid, bool *found)
{
    size_t low = 0, high = revocation->num_lists;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int    compared = memcmp(revocation->lists[middle].kid, kid, CREDENTIAL_KID_BYTES);
        if (compared == 0) {
            *found = true;
            return middle;
        }
        if (compared < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = false;
    return low;
}

static struct list *list_of(const struct credential_revocation *revocation, const uint8_t *kid)
{
    bool   found;
    size_t at = find(revocation, kid, &found);
    return found ? &revocation->lists[at] : NULL;
}

const uint8_t *credential_revocation_kid(const struct credential_revocation *revocation, size_t index)
{
    return index < revocation->num_lists ? revocation->lists[index].kid : NULL;
}

bool credential_revocation_list_at(const struct credential_revocation *revocation, size_t index,
                                   struct credential_revocation_list *list)
{
    if (index >= revocation->num_lists)
        return false;
    const struct list *at = &revocation->lists[index];
    *list = (struct credential_revocation_list){ at->kid, at->mode, at->entries, at->dated, at->expires };
    return true;
}

bool credential_revocation_slice_at(const struct credential_revocation *revocation, size_t index, size_t slice,
                                    struct credential_revocation_slice *found)
{
    if (index >= revocation->num_lists || slice >= revocation->lists[index].num_slices)
        return false;
    const struct placed *at = &revocation->lists[index].slices[slice];
    size_t               size = (size_t) (at->slice.body - at->bytes) +
                  at->slice.num * (at->slice.kind == CREDENTIAL_BLOOM ? 4 : at->slice.size);
    *found = (struct credential_revocation_slice){ at->x,     at->y, at->chunk, at->slice.kind, at->slice.expires,
                                                   at->bytes, size };
    return true;
}

int credential_revocation_declare(struct credential_revocation *revocation, const uint8_t kid[CREDENTIAL_KID_BYTES],
                                  enum credential_partition_mode mode, unsigned entries, int64_t dated, int64_t expires)
{
    bool   found;
    size_t at = find(revocation, kid, &found);
    if (found)
        return BASE_ERR_INPUT;
    if (revocation->num_lists == revocation->max_lists) {
        size_t more = revocation->max_lists == 0 ? 64 : revocation->max_lists * 2;
        void  *grown = memory_resize(revocation->lists, more, sizeof *revocation->lists);
        if (grown == NULL)
            return TOC_ERR_NO_MEMORY;
        revocation->lists = grown;
        revocation->max_lists = more;
    }
    struct list *lists = revocation->lists;
    memmove(lists + at + 1, lists + at, (revocation->num_lists - at) * sizeof *lists);
    lists[at] = (struct list){ .mode = mode, .entries = entries, .dated = dated, .expires = expires };
    memcpy(lists[at].kid, kid, CREDENTIAL_KID_BYTES);
    revocation->num_lists++;
    return 0;
}

static struct placed *room(struct list *list)
{
    if (list->num_slices == list->max_slices) {
        size_t more = list->max_slices == 0 ? 16 : list->max_slices * 2;
        void  *grown = memory_resize(list->slices, more, sizeof *list->slices);
        if (grown == NULL)
            return NULL;
        list->slices = grown;
        list->max_slices = more;
    }
    return &list->slices[list->num_slices];
}

int credential_revocation_add(struct credential_revocation *revocation, const uint8_t kid[CREDENTIAL_KID_BYTES],
                              unsigned x, unsigned y, unsigned chunk, enum credential_slice_kind kind,
                              const uint8_t *bytes, size_t size, int64_t expires, struct toc_error *error)
{
    struct list            *list = list_of(revocation, kid);
    struct credential_slice slice;
    if (list == NULL)
        return refuse(error, "kid", "a kid whose list was declared");
    if (size > CREDENTIAL_SLICE_BYTES)
        return refuse(error, "slice", "at most 256 MiB");
    if ((list->mode != CREDENTIAL_POINT && x > 15) || (list->mode == CREDENTIAL_COORDINATE && y > 15) || chunk > 15)
        return refuse(error, "partition", "one hexadecimal digit for each of x, y and chunk");
    uint8_t       *copy = memory_array(size + 1, 1);
    struct placed *placed = room(list);
    if (copy == NULL || placed == NULL) {
        free(copy);
        return TOC_ERR_NO_MEMORY;
    }
    memcpy(copy, bytes, size);
    int ret = credential_slice_read(kind, copy, size, &slice, error);
    if (ret != 0) {
        free(copy);
        return ret;
    }
    slice.expires = expires;
    *placed =
        (struct placed){ .slice = slice, .x = (uint8_t) x, .y = (uint8_t) y, .chunk = (uint8_t) chunk, .bytes = copy };
    list->num_slices++;
    return 0;
}

static unsigned digit(const uint8_t entry[CREDENTIAL_ENTRY_BYTES], unsigned index)
{
    return index % 2 == 0 ? entry[index / 2] >> 4 : entry[index / 2] & 15;
}

static bool lies_in(const struct list *list, const struct placed *placed, const uint8_t *entry)
{
    unsigned at = 0;
    if (list->mode != CREDENTIAL_POINT && digit(entry, at++) != placed->x)
        return false;
    if (list->mode == CREDENTIAL_COORDINATE && digit(entry, at++) != placed->y)
        return false;
    return digit(entry, at) == placed->chunk;
}

bool credential_revocation_holds(const struct credential_revocation *revocation, struct credential_checker *checker,
                                 const uint8_t kid[CREDENTIAL_KID_BYTES], const struct credential_entries *entries,
                                 int64_t now)
{
    const struct list *list = list_of(revocation, kid);
    if (list == NULL)
        return false;
    for (unsigned which = 0; which < CREDENTIAL_NUM_ENTRIES; which++) {
        if ((entries->has & list->entries & 1u << which) == 0)
            continue;
        for (size_t i = 0; i < list->num_slices; i++) {
            const struct placed *placed = &list->slices[i];
            if (lies_in(list, placed, entries->of[which]) && placed->slice.expires >= now &&
                credential_slice_holds(&placed->slice, checker, entries->of[which]))
                return true;
        }
    }
    return false;
}

int64_t credential_revocation_dated(const struct credential_revocation *revocation,
                                    const uint8_t kid[CREDENTIAL_KID_BYTES], int64_t now, bool *stale)
{
    const struct list *list = list_of(revocation, kid);
    *stale = list != NULL && list->expires < now;
    return list != NULL ? list->dated : CREDENTIAL_NO_TIME;
}
