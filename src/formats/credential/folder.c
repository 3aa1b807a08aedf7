/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/credential/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "formats/credential/base64.h"
#include "tocsin/status.h"

#define PATH_BYTES 4096

/* One run; the first status that is not 0 is kept. */
struct folder {
    const char                   *path;
    struct credential_trust      *trust;
    struct credential_revocation *revocation;
    struct fault_list            *faults;
    int                           status;
};

struct bytes {
    char   *bytes;
    size_t  size;
    int64_t dated;
};

static void keep(struct folder *folder, int status)
{
    if (folder->status == 0 || status == TOC_ERR_NO_MEMORY)
        folder->status = status;
}

/* The whole file. Returns 0, TOC_ERR_NO_MEMORY, or BASE_ERR_SYSTEM (errno says why). */
static int read_file(const char *path, struct bytes *file)
{
    struct stat status;
    FILE       *stream = fopen(path, "rbe");
    int         ret = BASE_ERR_SYSTEM;
    *file = (struct bytes){ 0 };
    if (stream == NULL || fstat(fileno(stream), &status) != 0)
        goto out;
    errno = EFBIG;
    if (!S_ISREG(status.st_mode) || (uint64_t) status.st_size > CREDENTIAL_SLICE_BYTES)
        goto out;
    file->bytes = memory_array((size_t) status.st_size + 1, 1);
    if (file->bytes == NULL) {
        ret = TOC_ERR_NO_MEMORY;
        goto out;
    }
    file->size = fread(file->bytes, 1, (size_t) status.st_size, stream);
    file->dated = status.st_mtime;
    ret = ferror(stream) ? BASE_ERR_SYSTEM : 0;
out:
    if (stream != NULL)
        fclose(stream);
    if (ret != 0) {
        free(file->bytes);
        *file = (struct bytes){ 0 };
    }
    return ret;
}

static void complain(struct folder *folder, const char *name, int status)
{
    if (status == BASE_ERR_SYSTEM)
        fault_add(folder->faults, (struct fault_place){ .file = name }, NULL, "%s", strerror(errno));
    keep(folder, status);
}

static bool ends_with(const char *name, const char *end)
{
    size_t size = strlen(name), tail = strlen(end);
    return size > tail && strcmp(name + size - tail, end) == 0;
}

/* The file of the same name with another end; absent is no fault. */
static int read_beside(const struct folder *folder, const char *name, const char *end, struct bytes *file)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%.*s%s", folder->path, (int) (strlen(name) - strlen(".json")), name, end);
    int ret = read_file(path, file);
    return ret == BASE_ERR_SYSTEM && errno == ENOENT ? 0 : ret;
}

static void read_list(struct folder *folder, const char *entry)
{
    char         path[PATH_BYTES];
    struct bytes list = { 0 }, key = { 0 }, signature = { 0 };
    const char  *name = credential_trust_name(folder->trust, entry);
    if (name == NULL) {
        keep(folder, TOC_ERR_NO_MEMORY);
        return;
    }
    snprintf(path, sizeof path, "%s/%s", folder->path, name);
    int ret = read_file(path, &list);
    if (ret == 0)
        ret = read_beside(folder, name, ".pem", &key);
    if (ret == 0)
        ret = read_beside(folder, name, ".sig", &signature);
    if (ret != 0) {
        complain(folder, name, ret);
    } else {
        const struct credential_list_file file = {
            .name = name,
            .bytes = list.bytes,
            .size = list.size,
            .dated = list.dated,
            .key = key.bytes,
            .key_size = key.size,
            .signature = (const uint8_t *) signature.bytes,
            .signature_size = signature.size,
        };
        uint64_t before = folder->faults->num_all;
        ret = credential_trust_add(folder->trust, &file, folder->faults);
        keep(folder, ret == 0 && folder->faults->num_all > before ? BASE_ERR_INPUT : ret);
    }
    free(list.bytes);
    free(key.bytes);
    free(signature.bytes);
}

/* ---- revocation ---- */

struct slices {
    const char  *path; /* of the kid's folder */
    struct bytes last;
};

static const uint8_t *find_slice(void *context, const char *id, const char *chunk, const char *hash, size_t *size)
{
    struct slices *slices = context;
    char           path[PATH_BYTES];
    free(slices->last.bytes);
    slices->last = (struct bytes){ 0 };
    if (snprintf(path, sizeof path, "%s/%s/%s/%s", slices->path, id, chunk, hash) >= (int) sizeof path ||
        read_file(path, &slices->last) != 0)
        return NULL;
    *size = slices->last.size;
    return (const uint8_t *) slices->last.bytes;
}

static void read_partitions(struct folder *folder, const uint8_t kid[CREDENTIAL_KID_BYTES])
{
    static const char name[] = "revocation/KID/partitions.json";
    char              text[CREDENTIAL_BASE64_ENCODED(CREDENTIAL_KID_BYTES)], path[PATH_BYTES], file[PATH_BYTES + 32];
    int               num = (int) credential_base64_encode(CREDENTIAL_BASE64_URL, kid, CREDENTIAL_KID_BYTES, text);
    struct bytes      partitions;
    snprintf(path, sizeof path, "%s/revocation/%.*s", folder->path, num, text);
    snprintf(file, sizeof file, "%s/partitions.json", path);
    struct slices                        slices = { .path = path };
    const struct credential_slice_source source = { find_slice, &slices };
    int                                  ret = read_file(file, &partitions);
    if (ret != 0)
        complain(folder, name, ret);
    else
        keep(folder, credential_revocation_partitions(folder->revocation, name, kid, partitions.bytes, partitions.size,
                                                      &source, folder->faults));
    free(partitions.bytes);
    free(slices.last.bytes);
}

static void read_revocation(struct folder *folder)
{
    static const char name[] = "revocation/lists.json";
    char              path[PATH_BYTES];
    struct bytes      lists;
    snprintf(path, sizeof path, "%s/%s", folder->path, name);
    int ret = read_file(path, &lists);
    if (ret == BASE_ERR_SYSTEM && errno == ENOENT)
        return;
    if (ret != 0) {
        complain(folder, name, ret);
        return;
    }
    keep(folder, credential_revocation_lists(folder->revocation, name, lists.bytes, lists.size, folder->faults));
    free(lists.bytes);
    const uint8_t *kid;
    for (size_t i = 0; (kid = credential_revocation_kid(folder->revocation, i)) != NULL; i++)
        read_partitions(folder, kid);
}

/* ---- the folder ---- */

static int is_list(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && ends_with(entry->d_name, ".json");
}

int credential_folder_read(const char *path, struct credential_trust *trust, struct credential_revocation *revocation,
                           struct fault_list *faults)
{
    struct folder   folder = { .path = path, .trust = trust, .revocation = revocation, .faults = faults };
    struct dirent **entries = NULL;
    int             num = scandir(path, &entries, is_list, alphasort);
    if (num < 0)
        complain(&folder, NULL, BASE_ERR_SYSTEM);
    for (int i = 0; i < num; i++) {
        if (i < CREDENTIAL_FOLDER_LISTS && folder.status != TOC_ERR_NO_MEMORY)
            read_list(&folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    if (num > CREDENTIAL_FOLDER_LISTS) {
        fault_add(faults, (struct fault_place){ 0 }, "at most 256 lists", "%d files of lists", num);
        keep(&folder, BASE_ERR_INPUT);
    }
    if (folder.status != TOC_ERR_NO_MEMORY)
        read_revocation(&folder);
    if (folder.status == TOC_ERR_NO_MEMORY || credential_trust_ready(trust) != 0)
        return TOC_ERR_NO_MEMORY;
    return folder.status;
}
