/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/pass_lists.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "formats/credential/device.h"
#include "formats/credential/folder.h"
#include "tocsin/status.h"

struct pass_edition {
    unsigned                        num_users; /* under the lists' lock */
    uint64_t                        files;     /* what the files were like */
    struct credential_trust         trust;
    struct credential_revocation   *revocation;
    struct credential_rules        *rules;
    struct pass_file                device, rules_file;
    char                           *rules_bytes;
    struct sink                     device_bytes;
    pthread_mutex_t                 checking; /* what stands below serves one at a time */
    struct credential_scanner      *scanner;
    struct credential_rules_checker checker;
    const struct node_settings     *settings;
};

struct pass_lists {
    struct node_settings settings;
    pthread_mutex_t      lock;
    struct pass_edition *newest;
    int64_t              looked; /* seconds */
    bool                 looking;
};

/* ---- an edition ---- */

static void edition_free(struct pass_edition *edition)
{
    if (edition == NULL)
        return;
    credential_scanner_free(edition->scanner);
    credential_rules_wipe(&edition->checker);
    credential_rules_free(edition->rules);
    credential_revocation_free(edition->revocation);
    credential_trust_free(&edition->trust);
    sink_free(&edition->device_bytes);
    free(edition->rules_bytes);
    pthread_mutex_destroy(&edition->checking);
    free(edition);
}

/* The names, sizes and times of all files, as one number. */
static uint64_t look(const struct node_settings *settings)
{
    char    *paths[] = { (char *) (uintptr_t) settings->pass_trust, (char *) (uintptr_t) settings->pass_rules, NULL };
    char     text[1200];
    uint64_t sum = 0;
    FTS     *walk = fts_open(paths[0][0] != '\0' ? paths : paths + 1, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    FTSENT  *entry;
    while (walk != NULL && (entry = fts_read(walk)) != NULL) {
        if (entry->fts_info != FTS_F && entry->fts_info != FTS_SL)
            continue;
        const struct stat *stat = entry->fts_statp;
        int                size = snprintf(text, sizeof text, "%lld.%09ld %lld %s", (long long) stat->st_mtim.tv_sec,
                                           stat->st_mtim.tv_nsec, (long long) stat->st_size, entry->fts_path);
        sum += text_hash(text, (size_t) size < sizeof text ? (size_t) size : sizeof text - 1);
    }
    if (walk != NULL)
        fts_close(walk);
    return sum;
}

static int read_file(const char *path, char **bytes, size_t *size, struct fault_list *faults)
{
    FILE *stream = fopen(path, "rbe");
    int   ret = BASE_ERR_SYSTEM;
    char *read = memory_array(CREDENTIAL_RULES_FILE_BYTES + 1, 1);
    if (stream != NULL && read != NULL) {
        *size = fread(read, 1, CREDENTIAL_RULES_FILE_BYTES + 1, stream);
        ret = ferror(stream) ? BASE_ERR_SYSTEM : 0;
    }
    if (ret == 0 && *size > CREDENTIAL_RULES_FILE_BYTES)
        errno = EFBIG;
    if (ret != 0 || *size > CREDENTIAL_RULES_FILE_BYTES) {
        fault_add(faults, (struct fault_place){ .file = path }, NULL, "%s", strerror(errno));
        ret = BASE_ERR_SYSTEM;
        free(read);
        read = NULL;
    }
    if (stream != NULL)
        fclose(stream);
    *bytes = read != NULL ? realloc(read, *size + 1) : NULL;
    return read != NULL && *bytes == NULL ? TOC_ERR_NO_MEMORY : ret;
}

/* No rules is a file without any: then no pass is said to fit. */
static int read_rules(struct pass_edition *edition, struct fault_list *faults)
{
    const char *path = edition->settings->pass_rules;
    size_t      size = 2;
    int         ret = 0;
    if (path[0] != '\0') {
        ret = read_file(path, &edition->rules_bytes, &size, faults);
    } else {
        edition->rules_bytes = strdup("[]");
        ret = edition->rules_bytes != NULL ? 0 : TOC_ERR_NO_MEMORY;
    }
    if (ret == 0)
        ret = credential_rules_read(edition->rules_bytes, size, path, &edition->rules, faults);
    edition->rules_file = (struct pass_file){ .bytes = edition->rules_bytes, .size = size };
    return ret;
}

static int read_trust(struct pass_edition *edition, struct fault_list *faults)
{
    const char       *path = edition->settings->pass_trust;
    struct fault_list parts = FAULT_LIST_INIT;
    edition->revocation = credential_revocation_new();
    if (edition->revocation == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = path[0] != '\0' ? credential_folder_read(path, &edition->trust, edition->revocation, &parts)
                              : credential_trust_ready(&edition->trust);
    fault_list_free(&parts);
    if (ret == BASE_ERR_SYSTEM && edition->trust.num_lists == 0)
        fault_add(faults, (struct fault_place){ .file = path }, "a folder of trust lists", "no list could be read");
    else if (ret != TOC_ERR_NO_MEMORY)
        ret = 0;
    return ret;
}

static int make_device(struct pass_edition *edition, struct fault_list *faults)
{
    const struct node_settings *settings = edition->settings;
    sink_init_memory(&edition->device_bytes);
    credential_device_write(&edition->device_bytes, settings->pass_country, settings->pass_region, &edition->trust,
                            edition->revocation);
    edition->device = (struct pass_file){ .bytes = edition->device_bytes.bytes, .size = edition->device_bytes.used };
    if (edition->device_bytes.failure != 0)
        return TOC_ERR_NO_MEMORY;
    if (edition->device.size <= CREDENTIAL_DEVICE_BYTES)
        return 0;
    fault_add(faults, (struct fault_place){ .file = settings->pass_trust }, "lists of at most 32 MiB for a device",
              "the lists come to %zu MiB", edition->device.size >> 20);
    return BASE_ERR_INPUT;
}

static void make_tag(struct pass_file *file)
{
    snprintf(file->tag, sizeof file->tag, "\"%016llx\"", (unsigned long long) text_hash(file->bytes, file->size));
}

static int edition_new(const struct node_settings *settings, struct pass_edition **made, struct fault_list *faults)
{
    struct pass_edition *edition = memory_array(1, sizeof *edition);
    if (edition == NULL)
        return TOC_ERR_NO_MEMORY;
    pthread_mutex_init(&edition->checking, NULL);
    edition->device_bytes.fd = -1;
    edition->settings = settings;
    edition->files = look(settings);
    int ret = read_rules(edition, faults);
    if (ret == 0)
        ret = read_trust(edition, faults);
    if (ret == 0)
        ret = make_device(edition, faults);
    if (ret == 0) {
        edition->scanner = credential_scanner_new(&edition->trust, edition->revocation);
        ret = edition->scanner != NULL ? 0 : TOC_ERR_NO_MEMORY;
    }
    if (ret != 0) {
        edition_free(edition);
        return ret;
    }
    make_tag(&edition->device);
    make_tag(&edition->rules_file);
    *made = edition;
    return 0;
}

const struct pass_file *pass_edition_trust(const struct pass_edition *edition)
{
    return &edition->device;
}

const struct pass_file *pass_edition_rules(const struct pass_edition *edition)
{
    return &edition->rules_file;
}

void pass_edition_check(struct pass_edition *edition, const char *text, size_t size, int64_t now,
                        enum credential_language language, struct sink *sink)
{
    struct credential_answer       answer;
    struct credential_rules_answer fit;
    pthread_mutex_lock(&edition->checking);
    credential_scan_lines(edition->scanner, text, size, now, &answer);
    bool                          held = credential_hold_to_rules(edition->rules, edition->settings->pass_country,
                                                                  edition->settings->pass_region, now, &answer, &edition->checker, &fit);
    const struct credential_style style = { CREDENTIAL_AS_NDJSON, language, false };
    const struct credential_found found = {
        .number = 1,
        .now = now,
        .answer = &answer,
        .trust = &edition->trust,
        .rules = edition->rules,
        .fit = held ? &fit : NULL,
    };
    credential_report(sink, &style, &found);
    credential_scanner_wipe(edition->scanner);
    credential_rules_wipe(&edition->checker);
    explicit_bzero(&answer, sizeof answer);
    pthread_mutex_unlock(&edition->checking);
}

/* ---- the newest ---- */

int pass_lists_new(const struct node_settings *settings, struct pass_lists **made, struct fault_list *faults)
{
    *made = NULL;
    if (settings->pass_trust[0] == '\0' && settings->pass_rules[0] == '\0')
        return 0;
    if (settings->pass_rules[0] != '\0' && settings->pass_country[0] == '\0') {
        fault_add(faults, (struct fault_place){ .name = "pass_country" }, "the country whose rules count: XX",
                  "missing beside pass_rules");
        return BASE_ERR_INPUT;
    }
    struct pass_lists *lists = memory_array(1, sizeof *lists);
    if (lists == NULL)
        return TOC_ERR_NO_MEMORY;
    lists->settings = *settings;
    pthread_mutex_init(&lists->lock, NULL);
    int ret = edition_new(&lists->settings, &lists->newest, faults);
    if (ret != 0) {
        pass_lists_free(lists);
        return ret;
    }
    lists->newest->num_users = 1;
    *made = lists;
    return 0;
}

static void give(struct pass_edition *edition)
{
    if (--edition->num_users == 0)
        edition_free(edition);
}

void pass_lists_free(struct pass_lists *lists)
{
    if (lists == NULL)
        return;
    if (lists->newest != NULL)
        give(lists->newest);
    pthread_mutex_destroy(&lists->lock);
    free(lists);
}

void pass_lists_give(struct pass_lists *lists, struct pass_edition *edition)
{
    pthread_mutex_lock(&lists->lock);
    give(edition);
    pthread_mutex_unlock(&lists->lock);
}

/* Read the files anew where they have changed; whoever asks meanwhile has the edition before. */
static void renew(struct pass_lists *lists, uint64_t known)
{
    struct pass_edition *next = NULL;
    struct fault_list    faults = FAULT_LIST_INIT;
    if (look(&lists->settings) != known)
        (void) edition_new(&lists->settings, &next, &faults);
    fault_list_free(&faults);
    pthread_mutex_lock(&lists->lock);
    if (next != NULL) {
        give(lists->newest);
        lists->newest = next;
        next->num_users = 1;
    }
    lists->looking = false;
    pthread_mutex_unlock(&lists->lock);
}

struct pass_edition *pass_lists_take(struct pass_lists *lists, int64_t now)
{
    pthread_mutex_lock(&lists->lock);
    bool     due = !lists->looking && (now - lists->looked >= PASS_LISTS_SECONDS || now < lists->looked);
    uint64_t known = lists->newest->files;
    if (due) {
        lists->looking = true;
        lists->looked = now;
    }
    pthread_mutex_unlock(&lists->lock);
    if (due)
        renew(lists, known);
    pthread_mutex_lock(&lists->lock);
    struct pass_edition *edition = lists->newest;
    edition->num_users++;
    pthread_mutex_unlock(&lists->lock);
    return edition;
}
