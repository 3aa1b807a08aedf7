/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/memory.h"
#include "cli/file_bytes.h"
#include "cli/node_options.h"
#include "model/model_table.h"
#include "tocsin/status.h"

/* ---- one row under way ---- */

struct window;

struct entry {
    struct window       *window;
    struct arena         arena;
    struct store_change  change;
    struct store_request request;
    struct fault_list    faults; /* the writer's thread adds to it until it answers */
    uint64_t             line;
    bool                 busy; /* submitted and not answered; under the window's lock */
    int                  status;
};

/* A ring of rows under way: the oldest is printed before its place is used again. */
struct window {
    pthread_mutex_t lock;
    pthread_cond_t  answered;
    struct entry    entries[RECORD_FILE_WINDOW];
    size_t          oldest, num; /* entries in use */
    /* what they have in common */
    const struct cli_command  *command;
    struct node               *node;
    const struct access       *who;
    const struct model_record *record;
    const char                *file;
    enum store_verb            verb;
    struct fault_list          faults;
    int                        failure; /* of the machine: no further row is taken */
};

static void on_done(void *context, int status, const struct store_receipt *receipt)
{
    (void) receipt;
    struct entry *entry = context;
    pthread_mutex_lock(&entry->window->lock);
    entry->status = status;
    entry->busy = false;
    pthread_cond_signal(&entry->window->answered);
    pthread_mutex_unlock(&entry->window->lock);
}

/* Its faults, at its line; a status that explains itself by them alone has no sentence of its own. */
static void tell_refusal(struct window *window, struct entry *entry)
{
    for (size_t i = 0; i < entry->faults.num_kept; i++) {
        const struct fault *fault = &entry->faults.faults[i];
        struct fault_place  place = { .file = window->file, .line = entry->line, .cell = fault->cell };
        place.name = *fault->name != '\0' ? fault->name : NULL;
        fault_add(&window->faults, place, *fault->allowed != '\0' ? fault->allowed : NULL, "%s", fault->found);
    }
    if (entry->faults.num_kept == 0)
        fault_add(&window->faults, (struct fault_place){ .file = window->file, .line = entry->line }, NULL, "%s",
                  node_status_text(entry->status));
}

/* Wait for the oldest row, print what became of it, free its place. */
static void finish_oldest(struct window *window)
{
    struct entry *entry = &window->entries[window->oldest];
    pthread_mutex_lock(&window->lock);
    while (entry->busy)
        pthread_cond_wait(&window->answered, &window->lock);
    pthread_mutex_unlock(&window->lock);
    if (entry->status == 0) {
        const struct model_head *head = entry->change.value;
        char                     text[ID_TEXT_BYTES];
        id_to_text(&head->id, text);
        printf("{\"id\":\"%s\",\"version\":%lld}\n", text, (long long) head->version);
    } else if (node_is_refusal(entry->status))
        tell_refusal(window, entry);
    else if (window->failure == 0)
        window->failure = entry->status;
    fault_list_free(&entry->faults);
    entry->faults = (struct fault_list) FAULT_LIST_INIT;
    arena_wipe(&entry->arena);
    window->oldest = (window->oldest + 1) % RECORD_FILE_WINDOW;
    window->num--;
}

/* ---- a row ---- */

/* The place of the next row; the oldest is finished first where all are in use. */
static struct entry *next_entry(struct window *window)
{
    if (window->num == RECORD_FILE_WINDOW)
        finish_oldest(window);
    struct entry *entry = &window->entries[(window->oldest + window->num) % RECORD_FILE_WINDOW];
    entry->window = window;
    entry->status = 0;
    entry->busy = false;
    entry->change = (struct store_change){ .verb = window->verb,
                                           .record = window->record,
                                           .value = arena_array(&entry->arena, 1, window->record->size) };
    return entry;
}

static int take_head(struct window *window, struct entry *entry)
{
    struct model_head *head = entry->change.value;
    entry->change.version = head->version;
    if (!id_is_missing(&head->id))
        return 0;
    if (window->verb == STORE_CHANGE) {
        fault_add(&window->faults, (struct fault_place){ .file = window->file, .line = entry->line, .name = "id" },
                  "the id of the record that is to be changed", "is missing");
        return BASE_ERR_INPUT;
    }
    head->id = node_new_id(instant_now());
    return 0;
}

static void submit_entry(struct window *window, struct entry *entry)
{
    entry->request = (struct store_request){ .verb = window->verb == STORE_CREATE ? "create" : "change",
                                             .set = { &entry->change, 1 },
                                             .bulk = true };
    window->num++;
    entry->busy = true;
    int status = take_head(window, entry);
    if (status == 0)
        status = store_submit_later(window->node->store, window->who, &entry->request, on_done, entry, &entry->faults);
    if (status == 0)
        return;
    entry->busy = false; /* refused at once: `done` is not called */
    entry->status = status;
}

static int submit_rows(struct window *window, struct model_table *table)
{
    int status = 1;
    while (status == 1 && window->failure == 0) {
        struct entry      *entry = next_entry(window);
        struct fault_place place;
        status = entry->change.value == NULL
                     ? TOC_ERR_NO_MEMORY
                     : model_table_next(table, &entry->arena, entry->change.value, &entry->change.given, &place);
        entry->line = status == 1 ? place.line : 0;
        if (status == 1)
            submit_entry(window, entry);
        else
            arena_wipe(&entry->arena);
    }
    while (window->num > 0)
        finish_oldest(window);
    return status < 0 && status != BASE_ERR_INPUT ? status : window->failure;
}

static bool ends_with(const char *file, const char *end)
{
    const char *point = strrchr(file, '.');
    return point != NULL && strcmp(point, end) == 0;
}

static enum model_table_format format_of(const char *file)
{
    return ends_with(file, ".csv") ? MODEL_TABLE_CSV : ends_with(file, ".tsv") ? MODEL_TABLE_TSV : MODEL_TABLE_NDJSON;
}

static int submit_table(struct window *window, int ret, struct model_table *table)
{
    if (ret == 0)
        ret = submit_rows(window, table);
    model_table_close(table);
    return ret == BASE_ERR_INPUT ? 0 : ret; /* the faults tell */
}

static int submit_file(struct window *window, int fd)
{
    struct model_table *table = NULL;
    int ret = model_table_open(table_input_file(&fd, window->file), format_of(window->file), window->record,
                               &window->faults, &table);
    return submit_table(window, ret, table);
}

static int submit_workbook(struct window *window, const struct file_bytes *file)
{
    struct model_table *table = NULL;
    const char         *program = node_program();
    int                 ret = program == NULL ? BASE_ERR_SYSTEM
                                              : model_table_open_xlsx(file->bytes, file->size, window->file, program, window->record,
                                                                      &window->faults, &table);
    if (ret == BASE_ERR_SYSTEM)
        fault_add(&window->faults, (struct fault_place){ .file = window->file }, "its rows saved as CSV",
                  "a spreadsheet, and the process that would read it cannot be started");
    return submit_table(window, ret, table);
}

static int report(struct window *window, int status)
{
    int exit_code = CLI_DONE;
    if (window->faults.num_all > 0) {
        fault_list_write(&window->faults, stderr);
        exit_code = cli_complain(window->command, CLI_INPUT, "%llu fault%s; the rows without one were written",
                                 (unsigned long long) window->faults.num_all, window->faults.num_all == 1 ? "" : "s");
    }
    if (status != 0 && status != BASE_ERR_SYSTEM) /* of a file that cannot be read the faults tell */
        exit_code = cli_complain(window->command, CLI_MACHINE, "%s", node_status_text(status));
    return status == BASE_ERR_SYSTEM ? CLI_MACHINE : exit_code;
}

/* What the file is opened as: a spreadsheet is mapped, all else is read from its beginning to its end. */
struct source {
    bool              standard_input, workbook;
    int               fd; /* -1: none */
    struct file_bytes bytes;
};

/* 0, or the errno of what was refused. */
static int source_open(struct source *source, const char *file)
{
    *source =
        (struct source){ .standard_input = strcmp(file, "-") == 0, .workbook = ends_with(file, ".xlsx"), .fd = -1 };
    if (source->workbook)
        return file_bytes_open(&source->bytes, file);
    source->fd = source->standard_input ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
    return source->fd < 0 ? errno : 0;
}

static void source_close(struct source *source)
{
    if (source->workbook)
        file_bytes_close(&source->bytes);
    else if (!source->standard_input)
        close(source->fd);
}

int record_file_submit(const struct cli_command *command, struct node *node, const struct access *who,
                       const struct model_record *record, const char *file, bool change)
{
    struct source  source;
    int            failure = source_open(&source, file);
    struct window *window = memory_array(1, sizeof *window);
    if (failure != 0 || window == NULL) {
        if (failure == 0)
            source_close(&source);
        free(window);
        return cli_complain(command, CLI_MACHINE, "%s: %s", file, failure != 0 ? strerror(failure) : "out of memory");
    }
    pthread_mutex_init(&window->lock, NULL);
    pthread_cond_init(&window->answered, NULL);
    window->command = command;
    window->node = node;
    window->who = who;
    window->record = record;
    window->file = source.standard_input ? "standard input" : file;
    window->verb = change ? STORE_CHANGE : STORE_CREATE;
    int exit_code =
        report(window, source.workbook ? submit_workbook(window, &source.bytes) : submit_file(window, source.fd));
    source_close(&source);
    fault_list_free(&window->faults);
    pthread_cond_destroy(&window->answered);
    pthread_mutex_destroy(&window->lock);
    free(window);
    return exit_code;
}
