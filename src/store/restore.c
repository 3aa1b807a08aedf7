/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/memory.h"
#include "model/records.h"
#include "store/backup.h"

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static int add_reason(struct fault_list *faults, const char *step, int status, const char *what)
{
    fault_add(faults, (struct fault_place){ .name = step }, NULL, "%s", what);
    return status;
}

static int load(const struct restore_options *options, struct dump_summary *summary, struct fault_list *faults)
{
    struct dump_options dump = { .progress = options->progress, .progress_context = options->progress_context };
    struct db_error     error = { 0 };
    struct db          *db = NULL;
    int64_t             fence, now = node_clock(&options->node);
    int                 fd = open(options->backup, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return add_reason(faults, options->backup, BASE_ERR_SYSTEM, strerror(errno));
    int ret = db_open(options->database, &(struct db_options){ .create = true }, &db, &error);
    if (ret == 0)
        ret = db_take_lease(db, options->node.holder, now, &fence, &error);
    if (ret == 0)
        ret = dump_load(db, fence, now, &dump, backup_read_file, &fd, summary, &error);
    db_close(db);
    close(fd);
    return ret == 0 ? 0 : add_reason(faults, "restore", ret, error.what);
}

/* ---- who was erased since ---- */

/* Was this person erased before the backup was made, or never in it? Then there is nothing to do: erasing again would
 * add to the list once more at every rehearsal. */
static int is_gone(struct store_reader *reader, const struct access *who, const struct id *person, bool *gone)
{
    struct arena        arena = ARENA_INIT;
    struct model_person value;
    struct model_set    visible;
    int ret = store_read(reader, who, model_record(MODEL_PERSON), person, STORE_NOW, &arena, &value, &visible);
    if (ret == 0 || ret == STORE_ERR_ABSENT)
        *gone = ret == STORE_ERR_ABSENT || value.erased != INSTANT_MISSING;
    arena_wipe(&arena);
    return ret == STORE_ERR_ABSENT ? 0 : ret;
}

static int erase_one(struct node *node, const struct access *who, const struct id *person, uint64_t *erased,
                     struct fault_list *faults)
{
    struct model_person  value;
    struct store_receipt receipt;
    struct store_change  change = { .verb = STORE_ERASE, .record = model_record(MODEL_PERSON), .value = &value };
    struct store_request request = { .verb = "erase again after a restore", .set = { &change, 1 }, .bulk = true };
    model_init(change.record, &value);
    value.head.id = *person;
    int ret = store_submit(node->store, who, &request, &receipt, faults);
    *erased += ret == 0;
    return ret == STORE_ERR_ABSENT ? 0 : ret; /* was not in the backup, or was erased before it */
}

/* The whole list, read before anybody is erased: erasing adds to it. */
static int read_erasures(struct node *node, struct keeper_erasure **all, size_t *num_all, uint64_t *damaged,
                         struct fault_list *faults)
{
    struct keeper_erasure  page[256];
    struct keeper_erasure *read = NULL;
    struct keeper_error    error = { 0 };
    uint64_t               position = 0;
    size_t                 num = 1, num_read = 0;
    while (num > 0) {
        int ret = keeper_erasures(node->keeper, &position, page, sizeof page / sizeof *page, &num, damaged, &error);
        struct keeper_erasure *grown = ret == 0 ? memory_resize(read, num_read + num + 1, sizeof *read) : NULL;
        if (grown == NULL) {
            free(read);
            return ret != 0 ? add_reason(faults, "erasure list", ret, error.what) : TOC_ERR_NO_MEMORY;
        }
        read = grown;
        memcpy(read + num_read, page, num * sizeof *page);
        num_read += num;
    }
    *all = read;
    *num_all = num_read;
    return 0;
}

static int by_person(const void *a, const void *b)
{
    const struct keeper_erasure *x = a, *y = b;
    return id_compare(&x->person, &y->person);
}

static int erase_again(struct node *node, struct restore_result *result, struct fault_list *faults)
{
    struct access who = { .user = node->settings.operator_id, .role = ACCESS_DATA_MANAGER, .everywhere = true };
    struct keeper_erasure *all = NULL;
    struct store_reader   *reader = NULL;
    struct db_error        error = { 0 };
    size_t                 num = 0;
    int                    ret = read_erasures(node, &all, &num, &result->erasures_damaged, faults);
    if (ret == 0 && (ret = store_reader_open(node->store, &reader, &error)) != 0)
        add_reason(faults, "erasure list", ret, error.what);
    if (ret == 0)
        qsort(all, num, sizeof *all, by_person);
    for (size_t i = 0; ret == 0 && i < num; i++) {
        if (i > 0 && id_equal(&all[i].person, &all[i - 1].person))
            continue; /* stands there twice: an erasure that was tried again */
        bool gone;
        ret = is_gone(reader, &who, &all[i].person, &gone);
        if (ret == 0 && !gone)
            ret = erase_one(node, &who, &all[i].person, &result->erased_again, faults);
        if (ret != 0)
            add_reason(faults, "erasure list", ret, "somebody who was erased cannot be erased again");
    }
    store_reader_close(reader);
    free(all);
    return ret;
}

static int check(const struct restore_options *options, int64_t *wrong, struct fault_list *faults)
{
    struct db_error error = { 0 };
    struct db      *db = NULL;
    int             ret = db_open(options->database, &(struct db_options){ .read_only = true }, &db, &error);
    if (ret == 0)
        ret = store_check(db, &options->check, wrong, &error);
    db_close(db);
    return ret == 0 ? 0 : add_reason(faults, "check", ret, error.what);
}

int restore(const struct restore_options *options, struct restore_result *result, struct fault_list *faults)
{
    struct restore_result made = { .wrong = 0 };
    struct node_options   node_options = options->node;
    struct node           node = { 0 };
    double                begin = seconds();
    int                   ret = load(options, &made.summary, faults);
    made.load_seconds = seconds() - begin;
    if (ret != 0)
        return ret;
    begin = seconds();
    node_options.database = options->database;
    ret = node_open(&node_options, &node, faults);
    if (ret == 0)
        ret = erase_again(&node, &made, faults);
    node_close(&node);
    made.erase_seconds = seconds() - begin;
    if (ret != 0)
        return ret;
    begin = seconds();
    ret = check(options, &made.wrong, faults);
    made.check_seconds = seconds() - begin;
    if (ret == 0)
        *result = made;
    return ret;
}
