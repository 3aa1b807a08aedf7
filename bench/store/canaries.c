/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Is an identifying text anywhere in clear, on any disk, while people work and afterwards? */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "base/instant.h"
#include "crash.h"
#include "secrets.h"
#include "store/backup.h"

enum { THREADS = 8, PERSONS_EACH = 200, RUN_LETTERS = 10, CANARY_BYTES = 80 };

/* A canary is a text that begins with letters which only this run has; the number of the person follows. */
enum canary { NAME, NAME_LATIN, IDENTIFIER, PHONE, ADDRESS, NOTE, CONTROL, NUM_CANARIES };
static const char *const canary_words[] = { "name", "name in letters", "identifier", "telephone", "address",
                                            "note", "control" };

struct canaries {
    struct workload *workload;
    char             beginning[NUM_CANARIES][CANARY_BYTES];
    _Atomic uint64_t next;
    _Atomic size_t   read;
    time_t           began;
    size_t           found[NUM_CANARIES]; /* files */
    size_t           num_files;
    double           bytes;
};

/* Letters that nothing else contains by chance: one of 26^10 texts, against some GB. A telephone has digits alone, as
 * many as fit. */
static void draw_beginnings(struct canaries *canaries)
{
    for (enum canary canary = 0; canary < NUM_CANARIES; canary++) {
        char *at = canaries->beginning[canary];
        if (canary == PHONE)
            at += sprintf(at, "+999");
        for (int i = 0; i < RUN_LETTERS - (canary == PHONE); i++) {
            if (canary == NAME) /* Han characters from 丁 on: three bytes each */
                at += sprintf(at, "\xe4\xb8%c", (int) (0x80 + randombytes_uniform(0x40)));
            else
                *at++ = (char) (canary == PHONE ? '0' + (int) randombytes_uniform(10)
                                                : (canary == IDENTIFIER ? 'A' : 'a') + (int) randombytes_uniform(26));
        }
        *at = '\0';
    }
}

/* ---- persons ---- */

static struct model_text text_of(struct canaries *canaries, enum canary canary, uint64_t number,
                                 char text[CANARY_BYTES + 30])
{
    int length = snprintf(text, CANARY_BYTES + 30,
                          canary == PHONE        ? "%s%02u"
                          : canary == NAME_LATIN ? "%s nn%u"
                                                 : "%s%u",
                          canaries->beginning[canary], (unsigned) (canary == PHONE ? number % 100 : number));
    return (struct model_text){ text, (size_t) length };
}

static void make_one(struct canaries *canaries, struct store_reader *reader, uint64_t number)
{
    static const enum canary fields[] = { NAME, NAME_LATIN, IDENTIFIER, PHONE, ADDRESS, NOTE, CONTROL };
    char                     texts[NUM_CANARIES][CANARY_BYTES + 30];
    struct model_text        values[NUM_CANARIES];
    struct workload_create   create;
    struct store_receipt     receipt;
    struct fault_list        faults = FAULT_LIST_INIT;
    struct arena             arena = ARENA_INIT;
    struct model_identity    identity;
    struct model_set         visible;
    for (size_t i = 0; i < NUM_CANARIES; i++)
        values[i] = text_of(canaries, fields[i], number, texts[i]);
    workload_create_init(canaries->workload, &create, false);
    create.sample.identity.name = values[NAME];
    create.sample.identity.name_latin = values[NAME_LATIN];
    create.sample.identity.identifier_kind = (struct model_text){ "other", 5 };
    create.sample.identity.identifier = values[IDENTIFIER];
    create.sample.identity.phone = values[PHONE];
    create.sample.identity.address = values[ADDRESS];
    create.sample.illness.note = values[NOTE];
    create.sample.illness.definition_version = values[CONTROL];
    int status =
        store_submit(canaries->workload->node.store, &canaries->workload->writer, &create.request, &receipt, &faults);
    if (status == 0 && number % 4 == 0) {
        status = store_read(reader, &canaries->workload->writer, model_record(MODEL_IDENTITY),
                            &create.sample.identity.head.id, STORE_NOW, &arena, &identity, &visible);
        canaries->read += status == 0 && identity.name.size == values[NAME].size;
    }
    arena_wipe(&arena);
    if (status != 0) {
        fault_list_write(&faults, stderr);
        workload_fail("a canary", status);
    }
}

static void *make_some(void *context)
{
    struct canaries     *canaries = context;
    struct store_reader *reader;
    struct db_error      error = { 0 };
    int                  status = store_reader_open(canaries->workload->node.store, &reader, &error);
    if (status != 0)
        workload_fail(error.what, status);
    for (uint64_t number = canaries->next++; number < THREADS * PERSONS_EACH; number = canaries->next++)
        make_one(canaries, reader, number);
    store_reader_close(reader);
    return NULL;
}

/* ---- the search ---- */

static void search_file(struct canaries *canaries, const char *path, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return; /* gone meanwhile: a WAL segment that was recycled */
    /* Read in pieces and never mapped: a file that shrinks would end the program. */
    enum { PIECE = 4 << 20 };
    char   *piece = malloc(PIECE + CANARY_BYTES);
    size_t  kept = 0;
    ssize_t got;
    bool    seen[NUM_CANARIES] = { false };
    while (piece != NULL && (got = read(fd, piece + kept, PIECE)) > 0) {
        size_t num = kept + (size_t) got;
        for (enum canary canary = 0; canary < NUM_CANARIES; canary++) {
            const char *text = canaries->beginning[canary] + (canary == PHONE); /* also without its + */
            seen[canary] = seen[canary] || memmem(piece, num, text, strlen(text)) != NULL;
        }
        kept = num < CANARY_BYTES ? num : CANARY_BYTES;
        memmove(piece, piece + num - kept, kept);
    }
    for (enum canary canary = 0; canary < NUM_CANARIES; canary++) {
        canaries->found[canary] += seen[canary];
        if (seen[canary] && canary != CONTROL)
            printf("# found in clear: %s, in %s\n", canary_words[canary], path);
    }
    canaries->num_files++;
    canaries->bytes += (double) size;
    free(piece);
    close(fd);
}

/* All files below; of /tmp only what is newer than the run and lies there itself. */
static void search_directory(struct canaries *canaries, const char *path, bool below)
{
    DIR           *directory = opendir(path);
    struct dirent *entry;
    char           name[4096];
    struct stat    state;
    while (directory != NULL && (entry = readdir(directory)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (lstat(name, &state) != 0)
            continue;
        if (S_ISDIR(state.st_mode) && below)
            search_directory(canaries, name, true);
        else if (S_ISREG(state.st_mode) && (below || state.st_mtime >= canaries->began))
            search_file(canaries, name, (size_t) state.st_size);
    }
    if (directory != NULL)
        closedir(directory);
}

static void search_all(struct canaries *canaries, const char *const *directories, size_t num_directories)
{
    for (size_t i = 0; i < num_directories; i++)
        search_directory(canaries, directories[i], true);
    search_directory(canaries, "/tmp", false);
}

/* ---- what a crash and a backup leave ---- */

/* A process like this one that ends by a signal; beside it, whether this machine writes cores at all. */
static void crash_now(struct canaries *canaries, const char *directory, bool machine_writes_cores)
{
    char measure[160];
    bool core = crash_leaves_core(directory, true);
    snprintf(measure, sizeof measure, "a core of a crash under load, %s", workload_database(canaries->workload));
    workload_row(measure, "none", !core && machine_writes_cores, "%s; of a program that holds no keys: %s",
                 core ? "a core" : "no core", machine_writes_cores ? "a core" : "none either, so this shows nothing");
}

/* A backup, and all that it holds as it lies in a database: the backup itself is compressed. */
static void back_up(struct canaries *canaries, const char *directory)
{
    static char           folder[4096], url[4200];
    struct node          *node = &canaries->workload->node;
    struct backup_options options = { .directory = folder, .now = instant_now() };
    struct dump_options   dump = { 0 };
    struct dump_summary   summary;
    struct backup         backup;
    struct db_error       error = { 0 };
    struct db            *from = NULL, *to = NULL;
    int64_t               fence;
    snprintf(folder, sizeof folder, "%s/canary-backups", directory);
    snprintf(url, sizeof url, "sqlite:%s/canary-backups/loaded.db", directory);
    int status = db_open(node->settings.database, &(struct db_options){ .read_only = true }, &from, &error);
    if (status == 0)
        status = backup_make(from, node->keeper, &options, &backup, &error);
    db_close(from);
    int fd = status == 0 ? open(backup.path, O_RDONLY | O_CLOEXEC) : -1;
    if (status == 0)
        status = db_open(url, &(struct db_options){ .create = true }, &to, &error);
    if (status == 0)
        status = db_take_lease(to, "bench", options.now, &fence, &error);
    if (status == 0)
        status = dump_load(to, fence, options.now, &dump, backup_read_file, &fd, &summary, &error);
    db_close(to);
    close(fd);
    if (status != 0)
        workload_fail(error.what, status);
}

/* ---- rows ---- */

static void report(struct canaries *canaries, const char *what, bool control_needed)
{
    size_t found = 0;
    char   measure[160];
    for (enum canary canary = 0; canary < CONTROL; canary++)
        found += canaries->found[canary];
    snprintf(measure, sizeof measure, "identifying canaries in %s, %s", what, workload_database(canaries->workload));
    workload_row(measure, "none", found == 0 && (!control_needed || canaries->found[CONTROL] > 0),
                 "%zu in %zu files of %.0f MB; %d persons × 6 texts, %zu read; the text that may be seen was found in "
                 "%zu files",
                 found, canaries->num_files, 1e-6 * canaries->bytes, THREADS * PERSONS_EACH, canaries->read,
                 canaries->found[CONTROL]);
    canaries->num_files = 0;
    canaries->bytes = 0;
    memset(canaries->found, 0, sizeof canaries->found);
}

void canaries_measure(struct workload *workload, const char *const *directories, size_t num_directories,
                      bool machine_writes_cores)
{
    struct canaries canaries = { .workload = workload, .began = time(NULL) - 1 };
    pthread_t       threads[THREADS];
    if (sodium_init() < 0)
        workload_fail("libsodium", -1);
    draw_beginnings(&canaries);
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, make_some, &canaries) != 0)
            workload_fail("a thread", -1);
    while (canaries.next < THREADS * PERSONS_EACH / 4)
        nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
    crash_now(&canaries, directories[0], machine_writes_cores);
    search_all(&canaries, directories, num_directories);
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    report(&canaries, "database, logs, temporary files, where a crash left its core, under load", false);
    search_all(&canaries, directories, num_directories);
    report(&canaries, "database, logs, temporary files, afterwards", true);
    back_up(&canaries, directories[0]);
    char backups[4096];
    snprintf(backups, sizeof backups, "%s/canary-backups", directories[0]);
    search_directory(&canaries, backups, true);
    report(&canaries, "a backup, packed and unpacked", true);
}
