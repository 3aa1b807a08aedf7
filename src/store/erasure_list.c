/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/erasure_list.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/instant.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/keeper_files.h"
#include "tocsin/status.h"

static const char first_line[] = "tocsin-erasures-1\n";
static const char seal_word[] = "signed ";

enum {
    PATH_BYTES = 4096,
    LINE_BYTES = ID_TEXT_BYTES + INSTANT_TEXT_BYTES,
    SEAL_BYTES = 32 + 2 * KEEPER_SIGNATURE_BYTES
};

/* ---- lists ---- */

void erasure_list_free(struct erasure_list *list)
{
    free(list->entries);
    *list = (struct erasure_list){ .num = 0 };
}

int erasure_list_add(struct erasure_list *list, const struct keeper_erasure *erasure)
{
    if (list->num == list->room) {
        size_t                 room = list->room == 0 ? 256 : 2 * list->room;
        struct keeper_erasure *more = memory_resize(list->entries, room, sizeof *more);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        list->entries = more;
        list->room = room;
    }
    list->entries[list->num++] = *erasure;
    return 0;
}

static int by_person(const void *a, const void *b)
{
    const struct keeper_erasure *x = a, *y = b;
    int                          order = id_compare(&x->person, &y->person);
    return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

void erasure_list_sort(struct erasure_list *list)
{
    size_t kept = 0;
    if (list->num > 1)
        qsort(list->entries, list->num, sizeof *list->entries, by_person);
    for (size_t i = 0; i < list->num; i++)
        if (kept == 0 || !id_equal(&list->entries[i].person, &list->entries[kept - 1].person))
            list->entries[kept++] = list->entries[i];
    list->num = kept;
}

int erasure_list_of_keeper(struct keeper *keeper, struct erasure_list *list, uint64_t *damaged,
                           struct keeper_error *error)
{
    struct keeper_erasure page[256];
    struct erasure_list   read = { .num = 0 };
    uint64_t              position = 0;
    size_t                num = 1;
    int                   ret = 0;
    while (ret == 0 && num > 0) {
        ret = keeper_erasures(keeper, &position, page, sizeof page / sizeof *page, &num, damaged, error);
        for (size_t i = 0; i < num && ret == 0; i++)
            ret = erasure_list_add(&read, &page[i]);
    }
    erasure_list_sort(&read);
    if (ret == 0)
        *list = read;
    else
        erasure_list_free(&read);
    return ret;
}

static bool has(const struct erasure_list *list, const struct id *person)
{
    size_t low = 0, high = list->num;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int    order = id_compare(&list->entries[middle].person, person);
        if (order == 0)
            return true;
        *(order < 0 ? &low : &high) = order < 0 ? middle + 1 : middle;
    }
    return false;
}

int erasure_list_give(struct keeper *keeper, const struct erasure_list *list, size_t *taken, struct keeper_error *error)
{
    struct erasure_list own = { .num = 0 }, missing = { .num = 0 };
    uint64_t            damaged = 0;
    int                 ret = erasure_list_of_keeper(keeper, &own, &damaged, error);
    for (size_t i = 0; i < list->num && ret == 0; i++)
        if (!has(&own, &list->entries[i].person))
            ret = erasure_list_add(&missing, &list->entries[i]);
    for (size_t at = 0; at < missing.num && ret == 0; at += KEEPER_BATCH)
        ret = keeper_erase(keeper, missing.entries + at,
                           missing.num - at < KEEPER_BATCH ? missing.num - at : KEEPER_BATCH, error);
    if (ret == 0)
        *taken = missing.num;
    erasure_list_free(&own);
    erasure_list_free(&missing);
    return ret;
}

/* ---- text ---- */

static int parse_line(const char *line, size_t size, struct erasure_list *list)
{
    struct keeper_erasure erasure;
    const size_t          id_size = ID_TEXT_BYTES - 1;
    if (size <= id_size || line[id_size] != ' ' || id_from_text(line, id_size, &erasure.person) != 0 ||
        instant_from_text(line + id_size + 1, size - id_size - 1, &erasure.at) != 0)
        return BASE_ERR_INPUT;
    return erasure_list_add(list, &erasure);
}

/* "signed GENERATION SIGNATURE" and nothing behind it. */
static int parse_seal(const char *line, size_t size, struct erasure_seal *seal)
{
    const char *word = line + strlen(seal_word), *blank;
    int64_t     generation;
    size_t      left, read;
    if (size < strlen(seal_word) || memcmp(line, seal_word, strlen(seal_word)) != 0)
        return BASE_ERR_INPUT;
    left = size - strlen(seal_word);
    blank = memchr(word, ' ', left);
    if (blank == NULL || text_to_integer(word, (size_t) (blank - word), 1, UINT32_MAX, &generation) != 0)
        return BASE_ERR_INPUT;
    seal->signature.generation = (uint32_t) generation;
    left -= (size_t) (blank + 1 - word);
    return left == 2 * KEEPER_SIGNATURE_BYTES &&
                   sodium_hex2bin(seal->signature.bytes, KEEPER_SIGNATURE_BYTES, blank + 1, left, NULL, &read, NULL) ==
                       0 &&
                   read == KEEPER_SIGNATURE_BYTES
               ? 0
               : BASE_ERR_INPUT;
}

int erasure_list_parse(const char *text, size_t size, struct erasure_list *list, struct erasure_seal *seal)
{
    struct erasure_list read = { .num = 0 };
    struct erasure_seal found = { .size = strlen(first_line) };
    bool                sealed = false;
    int                 ret = 0;
    if (size < found.size || size > ERASURE_LIST_MOST_BYTES || memcmp(text, first_line, found.size) != 0)
        return BASE_ERR_INPUT;
    for (size_t at = found.size; ret == 0 && at < size;) {
        const char *end = memchr(text + at, '\n', size - at);
        if (end == NULL || sealed) { /* cut short, or something behind the hash */
            ret = BASE_ERR_INPUT;
            break;
        }
        size_t length = (size_t) (end - text) - at;
        sealed = length > 0 && text[at] == seal_word[0] && parse_seal(text + at, length, &found) == 0;
        if (!sealed)
            ret = parse_line(text + at, length, &read);
        at += length + 1;
        if (!sealed)
            found.size = at;
    }
    if (ret == 0 && !sealed)
        ret = BASE_ERR_INPUT;
    if (ret == 0) {
        *list = read;
        *seal = found;
    } else
        erasure_list_free(&read);
    return ret;
}

/* What is signed: a word of its own and the hash of the text. No audit head is as long. */
enum { HASH_BYTES = 32, SIGNED_BYTES = sizeof first_line - 1 + HASH_BYTES };

static void signed_bytes(const char *text, size_t size, uint8_t bytes[SIGNED_BYTES])
{
    memcpy(bytes, first_line, sizeof first_line - 1);
    crypto_generichash(bytes + sizeof first_line - 1, HASH_BYTES, (const uint8_t *) text, size, NULL, 0);
}

/* *text: free(). */
static int write_text(struct keeper *keeper, const struct erasure_list *list, char **text, size_t *size,
                      struct keeper_error *error)
{
    struct keeper_signature signature;
    uint8_t                 bytes[SIGNED_BYTES];
    char                    hex[2 * KEEPER_SIGNATURE_BYTES + 1], id[ID_TEXT_BYTES], at[INSTANT_TEXT_BYTES];
    size_t                  room = strlen(first_line) + list->num * LINE_BYTES + SEAL_BYTES, used = strlen(first_line);
    char                   *made = memory_array(room, 1);
    if (made == NULL)
        return keeper_fail(error, TOC_ERR_NO_MEMORY, "no memory for the erasure list");
    memcpy(made, first_line, used);
    for (size_t i = 0; i < list->num; i++) {
        id_to_text(&list->entries[i].person, id);
        instant_to_text(list->entries[i].at, at);
        used += (size_t) snprintf(made + used, room - used, "%s %s\n", id, at);
    }
    signed_bytes(made, used, bytes);
    int ret = keeper_sign(keeper, bytes, sizeof bytes, &signature, error);
    if (ret != 0) {
        free(made);
        return ret;
    }
    sodium_bin2hex(hex, sizeof hex, signature.bytes, sizeof signature.bytes);
    used += (size_t) snprintf(made + used, room - used, "%s%u %s\n", seal_word, signature.generation, hex);
    *text = made;
    *size = used;
    return 0;
}

/* ---- files ---- */

static int fail_file(struct keeper_error *error, const char *path)
{
    return keeper_fail(error, BASE_ERR_SYSTEM, "%.100s: %s", path, strerror(errno));
}

/* *text: free(); NULL where there is no such file. */
static int read_file(const char *path, char **text, size_t *size, struct keeper_error *error)
{
    struct stat status;
    FILE       *file = fopen(path, "re");
    *text = NULL;
    *size = 0;
    if (file == NULL)
        return errno == ENOENT ? 0 : fail_file(error, path);
    int ret = fstat(fileno(file), &status) == 0 ? 0 : fail_file(error, path);
    if (ret == 0 && (status.st_size < 0 || (size_t) status.st_size > ERASURE_LIST_MOST_BYTES))
        ret = keeper_fail(error, BASE_ERR_INPUT, "%.100s is too large for an erasure list", path);
    if (ret == 0 && (*text = memory_array((size_t) status.st_size + 1, 1)) == NULL)
        ret = keeper_fail(error, TOC_ERR_NO_MEMORY, "no memory for the erasure list");
    if (ret == 0) {
        *size = fread(*text, 1, (size_t) status.st_size, file);
        if (ferror(file))
            ret = fail_file(error, path);
    }
    if (ret != 0) {
        free(*text);
        *text = NULL;
    }
    fclose(file);
    return ret;
}

/* The list of a text, if this node's keeper has sealed it. */
static int prove(const char *path, const char *text, size_t size, struct keeper *keeper, struct erasure_list *list,
                 struct keeper_error *error)
{
    struct erasure_list read = { .num = 0 };
    struct erasure_seal seal;
    uint8_t             bytes[SIGNED_BYTES], key[KEEPER_PUBLIC_BYTES];
    int                 ret = erasure_list_parse(text, size, &read, &seal);
    if (ret == BASE_ERR_INPUT)
        return keeper_fail(error, ret, "%.100s is no erasure list, or is not whole", path);
    if (ret == 0)
        ret = keeper_public_key(keeper, seal.signature.generation, key, error);
    if (ret == 0) {
        signed_bytes(text, seal.size, bytes);
        ret = keeper_verify(key, bytes, sizeof bytes, &seal.signature);
    }
    if (ret == KEEPER_ERR_GENERATION || ret == SEAL_ERR_FORGED)
        ret = keeper_fail(error, BASE_ERR_INPUT, "%.100s was changed, or is another node's", path);
    if (ret == 0)
        *list = read;
    else
        erasure_list_free(&read);
    return ret;
}

int erasure_list_read(const char *path, struct keeper *keeper, struct erasure_list *list, bool *found,
                      struct keeper_error *error)
{
    struct erasure_list read = { .num = 0 };
    char               *text;
    size_t              size;
    int                 ret = read_file(path, &text, &size, error);
    if (ret == 0 && text != NULL)
        ret = prove(path, text, size, keeper, &read, error);
    if (ret == 0) {
        *list = read;
        *found = text != NULL;
    }
    free(text);
    return ret;
}

static int sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int ret = fd >= 0 ? fsync(fd) : -1;
    if (fd >= 0)
        close(fd);
    return ret;
}

static int write_file(const char *directory, const char *path, const char *text, size_t size,
                      struct keeper_error *error)
{
    char temporary[PATH_BYTES + 16];
    snprintf(temporary, sizeof temporary, "%s.unfinished", path);
    int   fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL)
        return fail_file(error, temporary);
    bool good = fwrite(text, 1, size, file) == size && fflush(file) == 0 && fsync(fd) == 0;
    int  reason = errno;
    fclose(file);
    errno = reason;
    if (good && rename(temporary, path) == 0 && sync_folder(directory) == 0)
        return 0;
    int ret = fail_file(error, path);
    unlink(temporary);
    return ret;
}

int erasure_list_keep(const char *directory, struct keeper *keeper, bool *written, struct keeper_error *error)
{
    struct erasure_list own = { .num = 0 }, there = { .num = 0 };
    char                path[PATH_BYTES], *old = NULL, *text = NULL;
    size_t              old_size = 0, size = 0, taken;
    uint64_t            damaged = 0;
    if (snprintf(path, sizeof path, "%s/%s", directory, ERASURE_LIST_FILE) >= PATH_BYTES)
        return keeper_fail(error, BASE_ERR_SYSTEM, "%.100s: the path is too long", directory);
    int ret = read_file(path, &old, &old_size, error);
    if (ret == 0 && old != NULL)
        ret = prove(path, old, old_size, keeper, &there, error);
    if (ret == 0)
        ret = erasure_list_give(keeper, &there, &taken, error);
    if (ret == 0)
        ret = erasure_list_of_keeper(keeper, &own, &damaged, error);
    if (ret == 0)
        ret = write_text(keeper, &own, &text, &size, error);
    bool same = ret == 0 && old != NULL && size == old_size && memcmp(text, old, size) == 0;
    if (ret == 0 && !same)
        ret = write_file(directory, path, text, size, error);
    if (ret == 0)
        *written = !same;
    erasure_list_free(&own);
    erasure_list_free(&there);
    free(old);
    free(text);
    return ret;
}
