/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/pass_desk.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/instant.h"
#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/memory.h"
#include "formats/credential/base64.h"
#include "formats/credential/revoke.h"
#include "store/revoked_passes.h"
#include "tocsin/status.h"

#define MOST_FILES 2048 /* published: of 64 keys with 16 chunks each, and the lists */
#define MOST_KEYS 64
#define FILE_BYTES ((size_t) 16 << 20) /* of a file of the folder */

struct published {
    char   path[120];
    char  *bytes;
    size_t size;
};

struct pass_desk {
    char                     folder[NODE_SETTING_BYTES], smart[NODE_SETTING_BYTES];
    struct keeper           *keeper;
    pthread_mutex_t          lock; /* of all below */
    struct pass_signer       signer;
    struct credential_maker *maker;
    struct timespec          changed; /* signer.crt */
    struct published        *files;
    size_t                   num_files;
    int64_t                  made; /* instant; INSTANT_MISSING = never */
};

/* ---- the folder ---- */

static int read_file(const struct pass_desk *desk, const char *name, bool needed, char **bytes, size_t *size,
                     struct fault_list *faults)
{
    char        path[NODE_SETTING_BYTES + 40];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", desk->folder, name);
    *bytes = NULL;
    *size = 0;
    FILE *stream = fopen(path, "rbe");
    if (stream == NULL && errno == ENOENT && !needed)
        return 0;
    if (stream != NULL && fstat(fileno(stream), &status) == 0 && status.st_size >= 0 &&
        (uint64_t) status.st_size <= FILE_BYTES && (*bytes = memory_array((size_t) status.st_size + 1, 1)) != NULL)
        *size = fread(*bytes, 1, (size_t) status.st_size, stream);
    if (*bytes == NULL)
        fault_add(faults, (struct fault_place){ .name = "pass_issuer" }, "a folder of 'tocsin issue signer --node'",
                  "%s: %s", name, strerror(errno));
    if (stream != NULL)
        fclose(stream);
    return *bytes != NULL ? 0 : BASE_ERR_SYSTEM;
}

static struct timespec time_of(const struct pass_desk *desk)
{
    char        path[NODE_SETTING_BYTES + 40];
    struct stat status;
    snprintf(path, sizeof path, "%s/signer.crt", desk->folder);
    return stat(path, &status) == 0 ? status.st_mtim : (struct timespec){ 0 };
}

static int open_signer(struct pass_desk *desk, struct fault_list *faults)
{
    struct credential_maker *maker = NULL;
    struct pass_signer       before = desk->signer;
    char                    *chain;
    size_t                   size;
    desk->changed = time_of(desk);
    int ret = read_file(desk, "signer.crt", true, &chain, &size, faults);
    if (ret == 0)
        ret = pass_signer_of(desk->keeper, chain, size, &desk->signer, faults);
    if (ret == 0)
        ret = credential_maker_open_by(&desk->signer.hand, chain, size, &maker, faults);
    free(chain);
    if (ret != 0) {
        desk->signer = before;
        return ret;
    }
    credential_maker_free(desk->maker);
    desk->maker = maker;
    return 0;
}

int pass_desk_new(const struct node *node, struct pass_desk **made, struct fault_list *faults)
{
    *made = NULL;
    if (node->settings.pass_issuer[0] == '\0')
        return 0;
    struct pass_desk *desk = memory_array(1, sizeof *desk);
    if (desk == NULL)
        return TOC_ERR_NO_MEMORY;
    memcpy(desk->folder, node->settings.pass_issuer, sizeof desk->folder);
    memcpy(desk->smart, node->settings.pass_smart, sizeof desk->smart);
    desk->keeper = node->keeper;
    desk->made = INSTANT_MISSING;
    pthread_mutex_init(&desk->lock, NULL);
    int ret = open_signer(desk, faults);
    if (ret != 0) {
        pass_desk_free(desk);
        return ret;
    }
    *made = desk;
    return 0;
}

static void drop_files(struct pass_desk *desk)
{
    for (size_t i = 0; i < desk->num_files; i++)
        free(desk->files[i].bytes);
    free(desk->files);
    desk->files = NULL;
    desk->num_files = 0;
}

void pass_desk_free(struct pass_desk *desk)
{
    if (desk == NULL)
        return;
    drop_files(desk);
    credential_maker_free(desk->maker);
    pthread_mutex_destroy(&desk->lock);
    free(desk);
}

/* A certificate that was renewed counts from the next pass on; where it cannot be read the one before goes on. */
struct credential_maker *pass_desk_take(struct pass_desk *desk)
{
    struct fault_list none = FAULT_LIST_INIT;
    pthread_mutex_lock(&desk->lock);
    struct timespec now = time_of(desk);
    if (now.tv_sec != desk->changed.tv_sec || now.tv_nsec != desk->changed.tv_nsec)
        (void) open_signer(desk, &none);
    fault_list_free(&none);
    return desk->maker;
}

void pass_desk_give(struct pass_desk *desk)
{
    pthread_mutex_unlock(&desk->lock);
}

const char *pass_desk_smart(const struct pass_desk *desk)
{
    return desk->smart[0] != '\0' ? desk->smart : NULL;
}

/* ---- what is published ---- */

static int publish(struct pass_desk *desk, const char *path, const char *bytes, size_t size)
{
    if (desk->num_files == MOST_FILES)
        return TOC_ERR_TOO_LARGE;
    struct published *file = &desk->files[desk->num_files];
    file->bytes = memory_array(size + 1, 1);
    if (file->bytes == NULL)
        return TOC_ERR_NO_MEMORY;
    memcpy(file->bytes, bytes, size);
    file->size = size;
    snprintf(file->path, sizeof file->path, "%s", path);
    desk->num_files++;
    return 0;
}

/* One key of HC1 whose lists are written. */
struct writing {
    struct pass_desk *desk;
    char              kid[16]; /* base64url */
};

static int take_slice(void *context, unsigned chunk, const char *name, const char *bytes, size_t size)
{
    struct writing *writing = context;
    char            path[120];
    snprintf(path, sizeof path, "revocation/%s/null/%x/%s", writing->kid, chunk, name);
    return publish(writing->desk, path, bytes, size);
}

static const struct credential_key *no_key(const void *where, size_t index)
{
    (void) index;
    return where;
}

static int publish_key(struct pass_desk *desk, const struct credential_revoked_set *set,
                       const uint8_t kid[CREDENTIAL_KID_BYTES], int64_t now, struct credential_checker *checker)
{
    struct writing                       writing = { .desk = desk };
    const struct credential_slice_writer writer = { take_slice, &writing };
    struct sink                          sink;
    char                                 path[120];
    credential_base64_encode(CREDENTIAL_BASE64_URL, kid, CREDENTIAL_KID_BYTES, writing.kid);
    snprintf(path, sizeof path, "revocation/%s/partitions.json", writing.kid);
    sink_init_memory(&sink);
    int ret = credential_revoked_partitions(set, kid, CREDENTIAL_PREFIXES, now, &writer, checker, &sink);
    if (ret == 0)
        ret = sink.failure != 0 ? TOC_ERR_NO_MEMORY : publish(desk, path, sink.bytes, sink.used);
    sink_free(&sink);
    return ret;
}

/* HC1: slices, partitions, lists of every key that the signer had. */
static int publish_passes(struct pass_desk *desk, const struct value *trust, const struct credential_revoked_set *set,
                          int64_t now)
{
    uint8_t                   kids[MOST_KEYS][CREDENTIAL_KID_BYTES], decoded[64];
    struct credential_checker checker;
    struct sink               sink;
    size_t                    num = 0, size;
    int                       ret = credential_checker_init(&checker, 0, no_key, NULL);
    for (VALUE_EACH(one, value_get(trust, "certificates"))) {
        const struct value *kid = value_get(one, "kid");
        if (ret != 0 || num == MOST_KEYS || !value_is(kid, VALUE_TEXT) || kid->length > 40 ||
            credential_base64_decode(CREDENTIAL_BASE64, kid->text, kid->length, decoded, &size) != 0 ||
            size != CREDENTIAL_KID_BYTES)
            continue;
        memcpy(kids[num], decoded, CREDENTIAL_KID_BYTES);
        ret = publish_key(desk, set, kids[num++], now, &checker);
    }
    credential_checker_free(&checker);
    if (ret != 0)
        return ret;
    sink_init_memory(&sink);
    credential_revoked_lists(kids[0], num, now, now + PASS_DESK_LIST_DAYS * 86400, &sink);
    ret = sink.failure != 0 ? TOC_ERR_NO_MEMORY : publish(desk, "revocation/lists.json", sink.bytes, sink.used);
    sink_free(&sink);
    return ret;
}

static void put_members(struct json_writer *json, const struct value *object)
{
    for (VALUE_EACH_PAIR(key, object)) {
        char name[64];
        if (key[1].kind != VALUE_TEXT || key->length >= sizeof name)
            continue;
        snprintf(name, sizeof name, "%.*s", (int) key->length, key->text);
        json_key(json, name);
        json_put_string_of(json, key[1].text, key[1].length);
    }
}

/* SMART cards: the keys, each with the number of its list, and the lists. */
static int publish_cards(struct pass_desk *desk, const struct value *jwks, const struct credential_revoked_set *set)
{
    struct sink        sink, list;
    struct json_writer json;
    char               path[120];
    int                ret = 0;
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    json_begin_object(&json);
    json_key(&json, "keys");
    json_begin_array(&json);
    for (VALUE_EACH(key, value_get(jwks, "keys"))) {
        const struct value *kid = value_get(key, "kid");
        if (ret != 0 || !value_is(kid, VALUE_TEXT) || kid->length > CREDENTIAL_KID_MOST)
            continue;
        sink_init_memory(&list);
        size_t counter = credential_revoked_crl(set, kid->text, kid->length, &list);
        json_begin_object(&json);
        put_members(&json, key);
        if (counter > 0) {
            snprintf(path, sizeof path, "crl/%.*s.json", (int) kid->length, kid->text);
            ret = list.failure != 0 ? TOC_ERR_NO_MEMORY : publish(desk, path, list.bytes, list.used);
            json_key(&json, "crlVersion");
            json_put_integer(&json, (int64_t) counter);
        }
        json_end(&json);
        sink_free(&list);
    }
    json_end(&json);
    json_end(&json);
    if (ret == 0)
        ret = sink.failure != 0 ? TOC_ERR_NO_MEMORY : publish(desk, "jwks.json", sink.bytes, sink.used);
    sink_free(&sink);
    return ret;
}

/* What the records and `tocsin issue revoke` have withdrawn. */
static int read_revoked(struct pass_desk *desk, struct store_reader *reader, int64_t now,
                        struct credential_revoked_set *set, struct fault_list *faults)
{
    struct sink sink;
    char       *kept;
    size_t      size;
    sink_init_memory(&sink);
    int ret = store_revoked_passes(reader, now, &sink);
    if (ret == 0)
        ret = sink.failure != 0 ? TOC_ERR_NO_MEMORY
              : sink.used > 0   ? credential_revoked_read(set, "passes", sink.bytes, sink.used, faults)
                                : 0;
    sink_free(&sink);
    if (ret == 0)
        ret = read_file(desk, "revoked.tsv", false, &kept, &size, faults);
    if (ret == 0 && kept != NULL) {
        ret = credential_revoked_read(set, "revoked.tsv", kept, size, faults);
        free(kept);
    }
    return ret;
}

static int make_files(struct pass_desk *desk, struct store_reader *reader, int64_t now)
{
    struct credential_revoked_set set = { 0 };
    struct fault_list             faults = FAULT_LIST_INIT;
    struct value_tree             trust = VALUE_TREE_INIT, jwks = VALUE_TREE_INIT;
    char                         *bytes[2] = { NULL, NULL };
    size_t                        sizes[2] = { 0, 0 };
    desk->files = memory_array(MOST_FILES, sizeof *desk->files);
    int ret = desk->files != NULL ? read_revoked(desk, reader, now, &set, &faults) : TOC_ERR_NO_MEMORY;
    if (ret == 0)
        ret = read_file(desk, "trust.json", true, &bytes[0], &sizes[0], &faults);
    if (ret == 0)
        ret = read_file(desk, "jwks.json", true, &bytes[1], &sizes[1], &faults);
    if (ret == 0)
        ret = json_read(bytes[0], sizes[0], NULL, &trust, NULL);
    if (ret == 0)
        ret = json_read(bytes[1], sizes[1], NULL, &jwks, NULL);
    if (ret == 0)
        ret = publish(desk, "trust.json", bytes[0], sizes[0]);
    if (ret == 0)
        ret = publish_passes(desk, trust.values, &set, now / INSTANT_SECOND);
    if (ret == 0)
        ret = publish_cards(desk, jwks.values, &set);
    value_tree_free(&trust);
    value_tree_free(&jwks);
    free(bytes[0]);
    free(bytes[1]);
    credential_revoked_free(&set);
    fault_list_free(&faults);
    return ret;
}

int pass_desk_file(struct pass_desk *desk, struct store_reader *reader, int64_t now, const char *path,
                   struct sink *sink)
{
    int ret = 0;
    pthread_mutex_lock(&desk->lock);
    if (desk->made == INSTANT_MISSING || now < desk->made || now - desk->made >= PASS_DESK_SECONDS * INSTANT_SECOND) {
        drop_files(desk);
        ret = make_files(desk, reader, now);
        desk->made = ret == 0 ? now : INSTANT_MISSING;
    }
    size_t at = 0;
    while (ret == 0 && at < desk->num_files && strcmp(desk->files[at].path, path) != 0)
        at++;
    if (ret == 0 && at == desk->num_files)
        ret = STORE_ERR_ABSENT;
    if (ret == 0)
        sink_write(sink, desk->files[at].bytes, desk->files[at].size);
    pthread_mutex_unlock(&desk->lock);
    return ret;
}
