/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/pass_pull.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/json_reader.h"
#include "base/memory.h"
#include "base/sink.h"
#include "formats/credential/folder.h"
#include "formats/credential/rules.h"
#include "server/outgoing.h"
#include "server/pause.h"
#include "tocsin/status.h"

#define PATH_BYTES 1024

/* One round. */
struct round {
    const struct node_settings *settings;
    const struct pass_fetch    *fetch;
    struct pass_pulled         *pulled;
    struct fault_list          *faults;
    char                        stage[NODE_SETTING_BYTES + 8]; /* beside the folder; takes its place */
    size_t                      bytes;
};

static int refuse(struct round *round, const char *what, const char *found, const char *allowed)
{
    fault_add(round->faults, (struct fault_place){ .name = what }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

static int fail(struct round *round, const char *path)
{
    fault_add(round->faults, (struct fault_place){ .file = NULL, .name = "pass_trust" }, NULL, "%.120s: %s", path,
              strerror(errno));
    return BASE_ERR_SYSTEM;
}

/* ---- files of the stage ---- */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void) status;
    (void) kind;
    (void) walk;
    return remove(path);
}

static void remove_stage(const struct round *round)
{
    nftw(round->stage, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* The folders above a file of the stage. */
static int make_above(struct round *round, const char *name)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", round->stage, name);
    for (char *slash = path + strlen(round->stage); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0755) != 0 && errno != EEXIST)
            return fail(round, path);
        *slash = '/';
    }
    return 0;
}

static int write_file(struct round *round, const char *path, const char *bytes, size_t size)
{
    struct sink sink;
    int         ret = sink_open(&sink, path);
    if (ret == 0) {
        sink_write(&sink, bytes, size);
        ret = sink_finish(&sink);
    }
    if (ret != 0)
        errno = sink.failure;
    return ret != 0 ? fail(round, path) : 0;
}

/* A file of the address into the stage; its bytes, in the arena. *there false: there is no such file. */
static int take(struct round *round, const char *name, struct arena *arena, bool *there, const char **body,
                size_t *size)
{
    char url[OUTGOING_URL_BYTES], path[PATH_BYTES];
    int  status = 0;
    *there = false;
    if (round->pulled->files == PASS_PULL_MOST_FILES || round->bytes > PASS_PULL_ALL_BYTES)
        return refuse(round, "pass_pull", "more files, or larger ones, than are taken", "20,000 files, 256 MiB");
    if (snprintf(url, sizeof url, "%s/%s", round->settings->pass_pull, name) >= (int) sizeof url)
        return refuse(round, "pass_pull", "an address that is too long", "1,000 characters");
    int ret =
        round->fetch->get(round->fetch->context, url, PASS_PULL_FILE_BYTES, arena, &status, body, size, round->faults);
    if (ret != 0 || status == 404)
        return ret;
    if (status != 200)
        return refuse(round, "pass_pull", name, "an address that answers 200");
    round->pulled->files++;
    round->bytes += *size;
    *there = true;
    snprintf(path, sizeof path, "%s/%s", round->stage, name);
    ret = make_above(round, name);
    return ret == 0 ? write_file(round, path, *body, *size) : ret;
}

/* ---- names that come from outside ---- */

static bool is_of(const struct value *text, const char *letters, size_t most)
{
    if (!value_is(text, VALUE_TEXT) || text->length == 0 || text->length > most)
        return false;
    for (uint32_t i = 0; i < text->length; i++)
        if (text->text[i] == '\0' || strchr(letters, text->text[i]) == NULL)
            return false;
    return true;
}

#define HEX "0123456789abcdef"
#define WORD "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* ---- revocation ---- */

/* A slice that is here already is the same for ever: its name is the hash of its bytes. */
static bool have(struct round *round, const char *name)
{
    char old[PATH_BYTES], new[PATH_BYTES];
    snprintf(old, sizeof old, "%s/%s", round->settings->pass_trust, name);
    snprintf(new, sizeof new, "%s/%s", round->stage, name);
    if (access(old, R_OK) != 0 || make_above(round, name) != 0 || link(old, new) != 0)
        return false;
    round->pulled->kept++;
    return true;
}

static int take_slice(struct round *round, const struct value *kid, const struct value *id, const struct value *chunk,
                      const struct value *slice)
{
    const struct value *hash = value_get(slice, "hash");
    struct arena        arena = { .limit = PASS_PULL_FILE_BYTES + (1 << 20) };
    char                name[400];
    bool                there;
    const char         *body;
    size_t              size;
    if (!is_of(chunk, HEX, 8) || !is_of(hash, HEX, 64) || (value_is(id, VALUE_TEXT) && !is_of(id, WORD, 64)))
        return refuse(round, "pass_pull", "a slice whose name is none", "hexadecimal digits");
    bool named = value_is(id, VALUE_TEXT);
    snprintf(name, sizeof name, "revocation/%.*s/%.*s/%.*s/%.*s", (int) kid->length, kid->text,
             named ? (int) id->length : 4, named ? id->text : "null", (int) chunk->length, chunk->text,
             (int) hash->length, hash->text);
    if (have(round, name))
        return 0;
    int ret = take(round, name, &arena, &there, &body, &size);
    arena_free(&arena);
    return ret == 0 && !there ? refuse(round, "pass_pull", "a slice is missing", "every slice that is named") : ret;
}

static int take_parts(struct round *round, const struct value *kid)
{
    struct arena      arena = { .limit = PASS_PULL_FILE_BYTES + (1 << 20) };
    struct value_tree parts = VALUE_TREE_INIT;
    char              name[120];
    bool              there;
    const char       *body;
    size_t            size;
    if (!is_of(kid, WORD, 64))
        return refuse(round, "pass_pull", "a key whose name is none", "base64url");
    snprintf(name, sizeof name, "revocation/%.*s/partitions.json", (int) kid->length, kid->text);
    int ret = take(round, name, &arena, &there, &body, &size);
    if (ret == 0 && (!there || json_read(body, size, NULL, &parts, NULL) != 0))
        ret = refuse(round, "pass_pull", "the parts of a list cannot be read", "JSON");
    for (VALUE_EACH(part, ret == 0 ? parts.values : NULL)) {
        for (VALUE_EACH_PAIR(chunk, value_get(part, "chunks")))
            for (VALUE_EACH_PAIR(end, chunk + 1))
                if (ret == 0)
                    ret = take_slice(round, kid, value_get(part, "id"), chunk, end + 1);
    }
    value_tree_free(&parts);
    arena_free(&arena);
    return ret;
}

static int take_revocation(struct round *round)
{
    struct arena      arena = { .limit = PASS_PULL_FILE_BYTES + (1 << 20) };
    struct value_tree lists = VALUE_TREE_INIT;
    bool              there;
    const char       *body;
    size_t            size, num = 0;
    int               ret = take(round, "revocation/lists.json", &arena, &there, &body, &size);
    if (ret == 0 && there && json_read(body, size, NULL, &lists, NULL) != 0)
        ret = refuse(round, "pass_pull", "revocation/lists.json cannot be read", "JSON");
    for (VALUE_EACH(list, ret == 0 && there ? lists.values : NULL)) {
        if (ret == 0 && ++num > PASS_PULL_MOST_KEYS)
            ret = refuse(round, "pass_pull", "more keys with lists than are taken", "1,000");
        if (ret == 0)
            ret = take_parts(round, value_get(list, "kid"));
    }
    value_tree_free(&lists);
    arena_free(&arena);
    return ret;
}

/* ---- an edition ---- */

/* Who vouches for a list is said by the folder, never by the address. */
static int bring_keys(struct round *round)
{
    static const char *const names[] = { "trust.pem", "cards.pem" };
    for (size_t i = 0; i < 2; i++) {
        char old[PATH_BYTES], new[PATH_BYTES];
        snprintf(old, sizeof old, "%s/%s", round->settings->pass_trust, names[i]);
        snprintf(new, sizeof new, "%s/%s", round->stage, names[i]);
        if (link(old, new) != 0 && errno != ENOENT)
            return fail(round, old);
    }
    return 0;
}

/* All of it can be read, and is signed where it must be. */
static int check(struct round *round)
{
    struct credential_trust       trust = { 0 };
    struct credential_revocation *revocation = credential_revocation_new();
    struct fault_list             faults = FAULT_LIST_INIT;
    int                           ret =
        revocation != NULL ? credential_folder_read(round->stage, &trust, revocation, &faults) : TOC_ERR_NO_MEMORY;
    bool signers = trust.num_signers > 0;
    for (size_t i = 0; i < faults.num_kept && i < 3; i++)
        fault_add(round->faults, (struct fault_place){ .name = "pass_pull" }, faults.faults[i].allowed, "%s",
                  faults.faults[i].found);
    fault_list_free(&faults);
    credential_revocation_free(revocation);
    credential_trust_free(&trust);
    return ret == 0 && !signers ? refuse(round, "pass_pull", "lists without a signer", "a list of signers") : ret;
}

/* The new one where the old one was, and the old one into the stage, to be removed. */
static int put_in_place(struct round *round, const char *name)
{
    char old[PATH_BYTES], new[PATH_BYTES];
    snprintf(old, sizeof old, "%s/%s", round->settings->pass_trust, name);
    snprintf(new, sizeof new, "%s/%s", round->stage, name);
    if (access(new, F_OK) != 0)
        return 0;
    if (renameat2(AT_FDCWD, new, AT_FDCWD, old, RENAME_EXCHANGE) == 0 || (errno == ENOENT && rename(new, old) == 0))
        return 0;
    return fail(round, old);
}

static int pull_lists(struct round *round)
{
    static const char *const lists[] = { "trust.json", "cards.json" };
    bool                     there = false;
    const char              *body;
    size_t                   size;
    int                      ret = 0;
    remove_stage(round); /* of a round that was cut short */
    if (mkdir(round->settings->pass_trust, 0755) != 0 && errno != EEXIST)
        return fail(round, round->settings->pass_trust);
    if (mkdir(round->stage, 0755) != 0)
        return fail(round, round->stage);
    for (size_t i = 0; i < 2 && ret == 0; i++) {
        struct arena arena = { .limit = PASS_PULL_FILE_BYTES + (1 << 20) };
        ret = take(round, lists[i], &arena, &there, &body, &size);
        if (ret == 0 && i == 0 && !there)
            ret = refuse(round, "pass_pull", "no trust.json there", "an address that `tocsin issue publish` fills");
        arena_free(&arena);
    }
    if (ret == 0)
        ret = take_revocation(round);
    if (ret == 0)
        ret = bring_keys(round);
    if (ret == 0)
        ret = check(round);
    if (ret == 0)
        ret = put_in_place(round, "revocation"); /* before the signers that it is of */
    for (size_t i = 2; i-- > 0 && ret == 0;)
        ret = put_in_place(round, lists[i]);
    remove_stage(round);
    return ret;
}

/* ---- rules ---- */

static int pull_rules(struct round *round)
{
    const char              *to = round->settings->pass_rules;
    struct arena             arena = { .limit = CREDENTIAL_RULES_FILE_BYTES + (1 << 20) };
    struct credential_rules *rules = NULL;
    struct fault_list        faults = FAULT_LIST_INIT;
    const char              *body;
    size_t                   size;
    int                      status = 0;
    int ret = round->fetch->get(round->fetch->context, round->settings->pass_pull_rules, CREDENTIAL_RULES_FILE_BYTES,
                                &arena, &status, &body, &size, round->faults);
    if (ret == 0 && status != 200)
        ret = refuse(round, "pass_pull_rules", "no rules there", "an address that answers 200");
    if (ret == 0)
        ret = credential_rules_read(body, size, "rules", &rules, &faults);
    if (ret == BASE_ERR_INPUT && faults.num_kept > 0)
        fault_add(round->faults, (struct fault_place){ .name = "pass_pull_rules" }, faults.faults[0].allowed, "%s",
                  faults.faults[0].found);
    if (ret == 0)
        ret = write_file(round, to, body, size); /* whole or not at all: base/sink.h */
    round->pulled->files += ret == 0;
    credential_rules_free(rules);
    fault_list_free(&faults);
    arena_free(&arena);
    return ret;
}

int pass_pull_round(const struct node_settings *settings, const struct pass_fetch *fetch, struct pass_pulled *pulled,
                    struct fault_list *faults)
{
    struct round round = { .settings = settings, .fetch = fetch, .pulled = pulled, .faults = faults };
    size_t       length = strlen(settings->pass_trust);
    *pulled = (struct pass_pulled){ 0 };
    while (length > 1 && settings->pass_trust[length - 1] == '/')
        length--;
    snprintf(round.stage, sizeof round.stage, "%.*s.pull", (int) length, settings->pass_trust);
    int ret = settings->pass_pull[0] != '\0' ? pull_lists(&round) : 0;
    int of_rules = settings->pass_pull_rules[0] != '\0' ? pull_rules(&round) : 0;
    return ret != 0 ? ret : of_rules;
}

/* ---- the thread ---- */

struct pass_pull {
    const struct node_settings *settings;
    struct log                 *log;
    pthread_t                   thread;
    bool                        started;
    pthread_mutex_t             lock; /* of closing */
    pthread_cond_t              changed;
    bool                        closing;
};

static bool is_closing(struct pass_pull *pull)
{
    pthread_mutex_lock(&pull->lock);
    bool closing = pull->closing;
    pthread_mutex_unlock(&pull->lock);
    return closing;
}

static int get(void *context, const char *url, size_t most, struct arena *arena, int *status, const char **body,
               size_t *size, struct fault_list *faults)
{
    struct pass_pull      *pull = context;
    const char            *authority = pull->settings->pass_pull_authority;
    struct outgoing        request = { .url = url, .most = most, .authority = authority[0] != '\0' ? authority : NULL };
    struct outgoing_answer answer = { 0 };
    if (is_closing(pull)) {
        fault_add(faults, (struct fault_place){ .name = "pass_pull" }, NULL, "the server stops");
        return BASE_ERR_SYSTEM;
    }
    if (!outgoing_url_allowed(url, &request.loopback)) {
        fault_add(faults, (struct fault_place){ .name = "pass_pull" }, "https://…", "an address that is not asked");
        return BASE_ERR_INPUT;
    }
    int ret = outgoing_fetch(&request, arena, &answer, faults);
    if (ret != 0)
        return ret;
    *status = answer.status;
    *body = answer.body;
    *size = answer.size;
    return 0;
}

/* Told once when it begins to fail and once when it goes on, not every time. */
static void tell(const struct pass_pull *pull, int status, const struct fault_list *faults, bool *failing)
{
    char text[400];
    if (status == 0 && *failing)
        log_say(pull->log, LOG_LEVEL_INFO, instant_now(), "pass lists", "are fetched again");
    if (status != 0 && !*failing) {
        snprintf(text, sizeof text, "cannot be fetched; those that are here count on, and grow older: %s",
                 faults->num_kept > 0 ? faults->faults[0].found : "no memory");
        log_say(pull->log, LOG_LEVEL_WARNING, instant_now(), "pass lists", text);
    }
    *failing = status != 0;
}

static void *run(void *context)
{
    struct pass_pull       *pull = context;
    const struct pass_fetch fetch = { get, pull };
    bool                    failing = false;
    pthread_setname_np(pthread_self(), "tocsin-pull");
    do {
        struct fault_list  faults = FAULT_LIST_INIT;
        struct pass_pulled pulled;
        int                status = pass_pull_round(pull->settings, &fetch, &pulled, &faults);
        if (pull->log != NULL && !is_closing(pull))
            tell(pull, status, &faults, &failing);
        failing = status != 0;
        fault_list_free(&faults);
    } while (pause_for(&pull->lock, &pull->changed, &pull->closing, NULL, NULL,
                       failing ? PASS_PULL_AGAIN_SECONDS : PASS_PULL_SECONDS));
    return NULL;
}

static int check_settings(const struct node_settings *settings, struct fault_list *faults)
{
    const struct {
        const char *name, *url, *to, *to_name;
    } pairs[] = {
        { "pass_pull", settings->pass_pull, settings->pass_trust, "pass_trust" },
        { "pass_pull_rules", settings->pass_pull_rules, settings->pass_rules, "pass_rules" },
    };
    int  ret = 0;
    bool loopback;
    for (size_t i = 0; i < 2; i++) {
        if (pairs[i].url[0] == '\0')
            continue;
        if (!outgoing_url_allowed(pairs[i].url, &loopback) || strchr(pairs[i].url, '?') != NULL) {
            fault_add(faults, (struct fault_place){ .name = pairs[i].name }, "https://health.example/pass",
                      "not an address that is asked");
            ret = BASE_ERR_INPUT;
        }
        if (pairs[i].to[0] == '\0') {
            fault_add(faults, (struct fault_place){ .name = pairs[i].to_name }, "where to put what is fetched",
                      "missing beside %s", pairs[i].name);
            ret = BASE_ERR_INPUT;
        }
    }
    return ret;
}

/* What is checked with before the first round has come: a folder without lists, a file without rules. */
static int make_places(const struct node_settings *settings, struct fault_list *faults)
{
    struct pass_pulled none = { 0 };
    struct round       round = { .settings = settings, .pulled = &none, .faults = faults };
    if (settings->pass_pull[0] != '\0' && mkdir(settings->pass_trust, 0755) != 0 && errno != EEXIST)
        return fail(&round, settings->pass_trust);
    if (settings->pass_pull_rules[0] != '\0' && access(settings->pass_rules, F_OK) != 0)
        return write_file(&round, settings->pass_rules, "[]", 2);
    return 0;
}

int pass_pull_start(const struct node_settings *settings, struct log *log, struct pass_pull **started,
                    struct fault_list *faults)
{
    *started = NULL;
    if (settings->pass_pull[0] == '\0' && settings->pass_pull_rules[0] == '\0')
        return 0;
    int ret = check_settings(settings, faults);
    if (ret == 0)
        ret = make_places(settings, faults);
    if (ret != 0)
        return ret;
    struct pass_pull *pull = memory_array(1, sizeof *pull);
    if (pull == NULL)
        return TOC_ERR_NO_MEMORY;
    pull->settings = settings;
    pull->log = log;
    pthread_mutex_init(&pull->lock, NULL);
    pause_init(&pull->changed);
    pull->started = pthread_create(&pull->thread, NULL, run, pull) == 0;
    if (!pull->started) {
        pass_pull_stop(pull);
        return BASE_ERR_SYSTEM;
    }
    *started = pull;
    return 0;
}

void pass_pull_stop(struct pass_pull *pull)
{
    if (pull == NULL)
        return;
    pthread_mutex_lock(&pull->lock);
    pull->closing = true;
    pthread_cond_signal(&pull->changed);
    pthread_mutex_unlock(&pull->lock);
    if (pull->started)
        pthread_join(pull->thread, NULL);
    pthread_cond_destroy(&pull->changed);
    pthread_mutex_destroy(&pull->lock);
    free(pull);
}
