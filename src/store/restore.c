/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/instant.h"
#include "model/records.h"
#include "store/account.h"
#include "store/backup.h"
#include "store/erasure_list.h"

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

/* The list beside the backup, which may know more than this node's: put on this one's. A list that cannot be believed
 * is told in the result, and nothing is taken from it. */
static int take_list(const struct restore_options *options, struct node *node, struct restore_result *result,
                     struct fault_list *faults)
{
    struct erasure_list list = { .num = 0 };
    struct keeper_error error = { 0 };
    char                beside[4096];
    const char         *path = options->erasures, *slash = strrchr(options->backup, '/');
    if (path == NULL) {
        snprintf(beside, sizeof beside, "%.*s%s", slash != NULL ? (int) (slash + 1 - options->backup) : 0,
                 options->backup, ERASURE_LIST_FILE);
        path = beside;
    }
    int ret = erasure_list_read(path, node->keeper, &list, &result->list_found, &error);
    if (ret == 0)
        ret = erasure_list_give(node->keeper, &list, &result->list_taken, &error);
    else if (ret == BASE_ERR_INPUT) {
        result->list_refused = true;
        snprintf(result->list_reason, sizeof result->list_reason, "%s", error.what);
        ret = 0;
    }
    erasure_list_free(&list);
    return ret == 0 ? 0 : add_reason(faults, "erasure list", ret, error.what);
}

/* The list is read before anybody is erased: erasing adds to it. */
static int erase_again(struct node *node, struct restore_result *result, struct fault_list *faults)
{
    struct access        who = { .user = node->settings.operator_id, .role = ACCESS_DATA_MANAGER, .everywhere = true };
    struct erasure_list  all = { .num = 0 };
    struct store_reader *reader = NULL;
    struct db_error      error = { 0 };
    struct keeper_error  failure = { 0 };
    int                  ret = erasure_list_of_keeper(node->keeper, &all, &result->erasures_damaged, &failure);
    if (ret != 0)
        add_reason(faults, "erasure list", ret, failure.what);
    else if ((ret = store_reader_open(node->store, &reader, &error)) != 0)
        add_reason(faults, "erasure list", ret, error.what);
    for (size_t i = 0; ret == 0 && i < all.num; i++) {
        bool gone;
        ret = is_gone(reader, &who, &all.entries[i].person, &gone);
        if (ret == 0 && !gone)
            ret = erase_one(node, &who, &all.entries[i].person, &result->erased_again, faults);
        if (ret != 0)
            add_reason(faults, "erasure list", ret, "somebody who was erased cannot be erased again");
    }
    store_reader_close(reader);
    erasure_list_free(&all);
    return ret;
}

/* Whoever had signed in, or been sent a link, by the time of the backup signs in anew. */
static int end_sessions(struct node *node, struct fault_list *faults)
{
    struct access who = { .user = node->settings.operator_id, .role = ACCESS_PROGRAM, .everywhere = true };
    int           ret = account_end_all(node->store, &who);
    return ret == 0 ? 0 : add_reason(faults, "sessions", ret, "the sessions of then cannot be ended");
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
        ret = take_list(options, &node, &made, faults);
    if (ret == 0)
        ret = erase_again(&node, &made, faults);
    if (ret == 0)
        ret = end_sessions(&node, faults);
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
