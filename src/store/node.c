/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/node.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock_state.h"
#include "base/instant.h"
#include "base/memory.h"
#include "model/records.h"
#include "store/keeper_files.h"
#include "store/migration.h"
#include "store/schema.h"
#include "store/select_many.h"

static int add_reason(struct fault_list *faults, const char *part, int status, const char *what)
{
    fault_add(faults, (struct fault_place){ .name = part }, NULL, "%s", what);
    return status;
}

int64_t node_clock(const struct node_options *options)
{
    return options->clock.now != NULL ? options->clock.now(options->clock.context) : instant_now();
}

/* ---- the reference lists, as the store has them ---- */

static const char *text_of(struct arena *arena, struct model_text text)
{
    return text.bytes != NULL ? arena_copy(arena, text.bytes, text.size) : NULL;
}

static int add_code(struct model_lists *lists, const struct db_value *row)
{
    struct arena      arena = ARENA_INIT;
    struct model_code code;
    int               ret = schema_fetch(model_record(MODEL_CODE), row, &arena, &code, NULL);
    if (ret == 0) {
        struct model_entry entry = { .code = text_of(&arena, code.code),
                                     .name = { text_of(&arena, code.name_en), text_of(&arena, code.name_zh),
                                               text_of(&arena, code.name_bo) },
                                     .system = text_of(&arena, code.system),
                                     .system_code = text_of(&arena, code.system_code),
                                     .parent = text_of(&arena, code.parent),
                                     .valid_from = code.valid_from,
                                     .valid_to = code.valid_to };
        const char        *list = text_of(&arena, code.list);
        bool               whole = list != NULL && entry.code != NULL && entry.name[MODEL_ENGLISH] != NULL;
        ret = whole ? model_lists_add_entry(lists, list, &entry) : TOC_ERR_NO_MEMORY;
    }
    arena_free(&arena);
    return ret;
}

static int code_row(void *context, const struct db_value *row, size_t num_columns)
{
    (void) num_columns;
    return add_code(context, row);
}

static int read_codes(struct db *db, struct model_lists *lists, struct db_error *error)
{
    char *sql = schema_select(model_record(MODEL_CODE));
    int   ret = sql != NULL ? select_rows(db, sql, NULL, 0, code_row, lists, error) : TOC_ERR_NO_MEMORY;
    free(sql);
    return ret;
}

static int operator_row(void *context, const struct db_value *row, size_t num_columns)
{
    (void) num_columns;
    memcpy(((struct id *) context)->bytes, row[0].bytes, ID_BYTES);
    return 0;
}

/* Whom work at the command line is ascribed to, where the settings were lost with the machine: the operator that
 * node_make wrote into the database. */
static int read_operator(struct db *db, struct id *operator_id, struct db_error *error)
{
    if (!id_is_missing(operator_id))
        return 0;
    return select_rows(db, "SELECT \"id\" FROM \"user\" WHERE \"login\" = 'operator'", NULL, 0, operator_row,
                       operator_id, error);
}

/* By a connection of its own, before the store opens: it wants them from its first change on. */
static int read_lists(const char *url, struct model_lists **lists, struct id *operator_id, struct db_error *error)
{
    struct db          *db = NULL;
    struct model_lists *read = NULL;
    int                 ret = db_open(url, &(struct db_options){ .read_only = true }, &db, error);
    if (ret == 0)
        ret = model_lists_new(&read);
    if (ret == 0)
        ret = read_codes(db, read, error);
    if (ret == 0)
        ret = read_operator(db, operator_id, error);
    db_close(db);
    if (ret == 0)
        *lists = read;
    else
        model_lists_free(read);
    return ret;
}

/* ---- opening ---- */

static int start_keeper(const struct node_options *options, struct node *node, struct fault_list *faults)
{
    struct keeper_error   error;
    struct keeper_options keeper = { .directory = node->settings.keys,
                                     .program = options->program,
                                     .restarts = options->program != NULL,
                                     .backup_days = (double) node->settings.backup_keep_days };
    int                   ret = keeper_start(&keeper, &node->keeper, &error);
    return ret == 0 ? 0 : add_reason(faults, "keys", BASE_ERR_SYSTEM, error.what);
}

static int open_store(const struct node_options *options, struct node *node, struct fault_list *faults)
{
    struct db_error      error = { 0 };
    struct store_options store = { .url = node->settings.database,
                                   .keeper = node->keeper,
                                   .lists = node->lists,
                                   .clock = options->clock,
                                   .write = options->holder != NULL,
                                   .stays = options->stays,
                                   .holder = options->holder,
                                   .db = { .create = options->create },
                                   .county_depth = (unsigned) node->settings.county_depth,
                                   .telephone_country = (unsigned) node->settings.telephone_country };
    int                  ret = store_open(&store, &node->store, &error);
    if (ret == DB_ERR_BUSY && options->holder != NULL) {
        fault_add(faults, (struct fault_place){ .name = "database" }, NULL,
                  "%s; remedy: wait until it has ended, or ask it; reading without --purpose works meanwhile",
                  error.what);
        return ret;
    }
    return ret == 0 ? 0 : add_reason(faults, "database", ret, error.what);
}

int node_open(const struct node_options *options, struct node *node, struct fault_list *faults)
{
    struct node     opened = { 0 };
    struct db_error error = { 0 };
    int             ret = node_settings_read(options->directory, &opened.settings, faults);
    if (ret == 0 && options->database != NULL)
        snprintf(opened.settings.database, sizeof opened.settings.database, "%s", options->database);
    if (ret == 0)
        ret = start_keeper(options, &opened, faults);
    if (ret == 0) {
        ret = read_lists(opened.settings.database, &opened.lists, &opened.settings.operator_id, &error);
        if (ret != 0)
            add_reason(faults, "database", ret, error.what);
    }
    if (ret == 0)
        ret = open_store(options, &opened, faults);
    if (ret != 0) {
        node_close(&opened);
        opened = (struct node){ 0 };
    }
    *node = opened;
    return ret;
}

void node_close(struct node *node)
{
    store_close(node->store);
    keeper_stop(node->keeper);
    model_lists_free(node->lists);
    *node = (struct node){ 0 };
}

/* ---- making ---- */

/* Before any key is made: a database that cannot be had, or is somebody's already, is told while nothing is lost. */
static int check_new_database(const char *url, struct fault_list *faults)
{
    struct db_error error = { 0 };
    struct db      *db = NULL;
    int             ret = db_open(url, &(struct db_options){ .create = true }, &db, &error);
    if (ret == 0)
        ret = migration_check_empty(db, &error);
    db_close(db);
    return ret == 0 ? 0 : add_reason(faults, "database", ret, error.what);
}

static int make_keys(const char *directory, int64_t now, struct fault_list *faults)
{
    struct keeper_error error = { 0 };
    struct keeper_ring *ring = keeper_ring_new();
    int                 ret = ring != NULL ? keeper_ring_fresh(ring, now, &error) : TOC_ERR_NO_MEMORY;
    if (ret == 0)
        ret = keeper_directory_make(directory, ring, NULL, 0, &error);
    keeper_ring_free(ring);
    return ret == 0 ? 0 : add_reason(faults, "keys", BASE_ERR_SYSTEM, error.what);
}

/* Settings, keys and the empty database. What was written is taken back where there are no keys yet. */
static int make_parts(const struct node_options *options, const struct node_settings *settings, int64_t now,
                      struct node_settings *read, struct fault_list *faults)
{
    char path[4096];
    int  ret = node_settings_write(options->directory, settings, faults);
    if (ret != 0)
        return ret;
    ret = node_settings_read(options->directory, read, faults);
    if (ret == 0)
        ret = check_new_database(read->database, faults);
    if (ret == 0)
        ret = make_keys(read->keys, now, faults);
    if (ret != 0 && snprintf(path, sizeof path, "%s/%s", options->directory, NODE_SETTINGS_FILE) < (int) sizeof path)
        unlink(path);
    return ret;
}

struct id node_new_id(int64_t now)
{
    uint8_t random[ID_RANDOM_BYTES];
    randombytes_buf(random, sizeof random);
    return id_make(now / 1000, random);
}

static struct model_text text_in(const char *text)
{
    return text != NULL && *text != '\0' ? (struct model_text){ text, strlen(text) } : (struct model_text){ NULL, 0 };
}

static void code_of(const char *list, const struct model_entry *entry, int64_t now, struct model_code *code)
{
    model_init(model_record(MODEL_CODE), code);
    code->head.id = node_new_id(now);
    code->list = text_in(list);
    code->code = text_in(entry->code);
    code->name_en = text_in(entry->name[MODEL_ENGLISH]);
    code->name_zh = text_in(entry->name[MODEL_CHINESE]);
    code->name_bo = text_in(entry->name[MODEL_TIBETAN]);
    code->system = text_in(entry->system);
    code->system_code = text_in(entry->system_code);
    code->parent = text_in(entry->parent);
    code->valid_from = entry->valid_from;
    code->valid_to = entry->valid_to;
}

static size_t count_codes(const struct model_lists *lists)
{
    const char *list;
    size_t      num = 0;
    for (size_t i = 0; (list = model_lists_list(lists, i)) != NULL; i++)
        for (size_t j = 0; model_lists_entry(lists, list, j) != NULL; j++)
            num++;
    return num;
}

static void codes_of(const struct model_lists *lists, int64_t now, struct model_code *codes)
{
    const char               *list;
    const struct model_entry *entry;
    for (size_t i = 0; (list = model_lists_list(lists, i)) != NULL; i++)
        for (size_t j = 0; (entry = model_lists_entry(lists, list, j)) != NULL; j++)
            code_of(list, entry, now, codes++);
}

static void hash_text(crypto_hash_sha256_state *state, struct model_text text)
{
    const uint64_t size = text.size;
    crypto_hash_sha256_update(state, (const void *) &size, sizeof size);
    if (size > 0)
        crypto_hash_sha256_update(state, (const void *) text.bytes, size);
}

/* What the lists say, whatever files they came from: codes and names. */
static void digest_codes(const struct model_code *codes, size_t num, uint8_t digest[crypto_hash_sha256_BYTES])
{
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < num; i++) {
        const struct model_text texts[] = { codes[i].list, codes[i].code, codes[i].name_en, codes[i].name_zh,
                                            codes[i].name_bo };
        for (size_t j = 0; j < sizeof texts / sizeof *texts; j++)
            hash_text(&state, texts[j]);
    }
    crypto_hash_sha256_final(&state, digest);
}

/* The rows of all lists, as one audited set. */
static int write_lists(struct node *node, const struct access *who, int64_t now, struct fault_list *faults)
{
    char                       edition[INSTANT_TEXT_BYTES];
    uint8_t                    digest[crypto_hash_sha256_BYTES];
    struct store_loaded        loaded;
    struct model_reference_set set;
    size_t                     num = count_codes(node->lists);
    struct model_code         *codes = memory_array(num + 1, sizeof *codes);
    if (codes == NULL)
        return TOC_ERR_NO_MEMORY;
    model_init(model_record(MODEL_REFERENCE_SET), &set);
    set.head.id = node_new_id(now);
    codes_of(node->lists, now, codes);
    digest_codes(codes, num, digest);
    for (size_t i = 0; i < num; i++)
        codes[i].reference_set = set.head.id;
    set.kind = text_in("codes");
    set.name = text_in("reference lists");
    set.edition = (struct model_text){ edition, instant_to_text(now, edition) };
    set.digest = (struct model_text){ (const char *) digest, sizeof digest };
    set.num_rows = (int64_t) num;
    set.loaded = now;
    set.loaded_by = who->user;
    const struct store_load load = { .record = model_record(MODEL_CODE), .rows = codes, .num_rows = num, .set = &set };
    int                     ret = num > 0 ? store_load_set(node->store, who, &load, &loaded, faults) : 0;
    free(codes);
    return ret == 0 ? store_load_words(node->store, who, load.record) : ret;
}

static int write_operator(struct node *node, const struct access *who, struct fault_list *faults)
{
    struct model_user    user;
    struct store_receipt receipt;
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(MODEL_USER), .value = &user };
    struct store_request request = { .verb = "make the node", .set = { &change, 1 } };
    model_init(change.record, &user);
    user.head.id = node->settings.operator_id;
    user.login = text_in("operator");
    user.name = text_in("Operator at the command line");
    return store_submit(node->store, who, &request, &receipt, faults);
}

static int fill(struct node *node, int64_t now, struct fault_list *faults)
{
    struct access who = { .user = node->settings.operator_id, .role = ACCESS_ADMINISTRATOR, .everywhere = true };
    int           ret = write_operator(node, &who, faults);
    who.role = ACCESS_PROGRAM;
    return ret == 0 ? write_lists(node, &who, now, faults) : ret;
}

int node_make(const struct node_options *options, const struct node_settings *settings, const char *lists_folder,
              struct node *node, struct fault_list *faults)
{
    struct node          made = { .settings = *settings };
    struct node_options  create = *options;
    struct node_settings written = *settings;
    int64_t              now = node_clock(options);
    create.create = true;
    if (sodium_init() < 0)
        return add_reason(faults, "keys", BASE_ERR_SYSTEM, "libsodium does not start");
    if (mkdir(options->directory, 0700) != 0 && errno != EEXIST)
        return add_reason(faults, options->directory, BASE_ERR_SYSTEM, strerror(errno));
    written.operator_id = node_new_id(now);
    int ret = model_lists_new(&made.lists);
    if (ret == 0)
        ret = model_lists_add_folder(made.lists, lists_folder, faults);
    if (ret == 0)
        ret = make_parts(options, &written, now, &made.settings, faults);
    if (ret == 0)
        ret = start_keeper(&create, &made, faults);
    if (ret == 0)
        ret = open_store(&create, &made, faults);
    if (ret == 0)
        ret = fill(&made, now, faults);
    if (ret != 0) { /* the faults may name the lists' files */
        struct model_lists *lists = made.lists;
        made.lists = NULL;
        node_close(&made);
        made.lists = lists;
    }
    *node = made;
    return ret;
}
