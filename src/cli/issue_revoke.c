/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Withdrawing what was issued, and the folder that everyone who verifies copies. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/instant.h"
#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/sink.h"
#include "cli/issue_work.h"
#include "formats/credential/base64.h"
#include "formats/credential/revoke.h"
#include "tocsin/status.h"

#define REVOKED_FILE "revoked.tsv"
#define LIST_SECONDS (14 * 86400) /* after so long a list is to be renewed */
#define MAX_KIDS 64               /* of one signer, with the keys that it had */
#define PATH_BYTES 4096

/* A signer as its verifiers see it. */
struct issuer {
    struct issue_work            *work;
    struct credential_trust       trust;
    struct credential_revocation *none; /* a scan tells entries where lists are there */
    struct credential_revoked_set revoked;
    struct credential_scanner    *scanner;
    struct credential_checker     checker;
    struct issue_file             lists[2];           /* trust.json, jwks.json */
    char                          folder[PATH_BYTES]; /* publish: that of the kid at hand */
};

static int out_of_memory(const struct issuer *issuer)
{
    return cli_complain(issuer->work->command, CLI_MACHINE, "out of memory");
}

static int add_list(struct issuer *issuer, const char *name, const char *iss, struct issue_file *bytes)
{
    struct issue_work *work = issuer->work;
    int                exit_code = issue_read_within(work, work->settings.signer, name, bytes);
    if (exit_code != CLI_DONE)
        return exit_code;
    const struct credential_list_file file = {
        .name = name, .bytes = bytes->bytes, .size = bytes->size, .dated = work->now, .iss = iss
    };
    return issue_told(work, credential_trust_add(&issuer->trust, &file, &work->faults));
}

static const struct credential_key *no_key(const void *where, size_t index)
{
    (void) index;
    return where;
}

static int open_issuer(struct issuer *issuer)
{
    struct issue_work *work = issuer->work;
    struct issue_file  kept = { 0 };
    int                exit_code = add_list(issuer, ISSUE_TRUST_FILE, NULL, &issuer->lists[0]);
    if (exit_code == CLI_DONE && work->settings.smart != NULL)
        exit_code = add_list(issuer, ISSUE_KEYS_FILE, work->settings.smart, &issuer->lists[1]);
    if (exit_code == CLI_DONE && issue_exists_within(work->settings.signer, REVOKED_FILE)) {
        char *path = NULL;
        if (asprintf(&path, "%s/" REVOKED_FILE, work->settings.signer) < 0)
            return out_of_memory(issuer);
        exit_code = issue_read(work, path, ISSUE_INPUT_BYTES, &kept);
        if (exit_code == CLI_DONE)
            exit_code = issue_told(
                work, credential_revoked_read(&issuer->revoked, REVOKED_FILE, kept.bytes, kept.size, &work->faults));
        free(path);
    }
    issue_forget(&kept);
    if (exit_code != CLI_DONE)
        return exit_code;
    issuer->none = credential_revocation_new();
    if (issuer->none == NULL || credential_trust_ready(&issuer->trust) != 0 ||
        credential_checker_init(&issuer->checker, 0, no_key, NULL) != 0)
        return out_of_memory(issuer);
    issuer->scanner = credential_scanner_new(&issuer->trust, issuer->none);
    return issuer->scanner != NULL ? CLI_DONE : out_of_memory(issuer);
}

static void close_issuer(struct issuer *issuer)
{
    credential_scanner_free(issuer->scanner);
    credential_checker_free(&issuer->checker);
    credential_revocation_free(issuer->none);
    credential_revoked_free(&issuer->revoked);
    credential_trust_free(&issuer->trust);
    for (int i = 0; i < 2; i++)
        issue_forget(&issuer->lists[i]);
}

/* ---- revoke ---- */

#define IDENTIFIER "URN:UVCI:"

/* By its identifier, under each key that the signer had: which of them signed it is not known. */
static int revoke_identifier(struct issuer *issuer, const char *text, size_t size)
{
    const struct credential_piece piece = { text, size };
    uint8_t                       digest[CREDENTIAL_DIGEST_BYTES];
    int                           ret = 0;
    if (!credential_hash(&issuer->checker, &piece, 1, digest))
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < issuer->trust.num_signers && ret == 0; i++) {
        const struct credential_signer *signer = &issuer->trust.signers[i];
        struct credential_revoked_entry one = {
            .kid_size = signer->kid_size, .kind = CREDENTIAL_UCI, .size = CREDENTIAL_ENTRY_BYTES, .expires = signer->to
        };
        memcpy(one.kid, signer->kid, sizeof one.kid);
        memcpy(one.entry, digest, CREDENTIAL_ENTRY_BYTES);
        if (signer->iss == NULL)
            ret = credential_revoked_add(&issuer->revoked, &one);
    }
    return ret;
}

static int revoke_text(struct issuer *issuer, struct credential_text text, struct fault_place place)
{
    struct issue_work              *work = issuer->work;
    struct credential_answer        answer;
    struct credential_revoked_entry one;
    if (text.size > strlen(IDENTIFIER) && memcmp(text.text, IDENTIFIER, strlen(IDENTIFIER)) == 0)
        return revoke_identifier(issuer, text.text, text.size);
    credential_scan(issuer->scanner, text.text, text.size, work->now, &answer);
    if (answer.signer == NULL) {
        fault_add(&work->faults, place,
                  "a text of a pass that this signer issued (of SMART cards with --smart), or its URN:UVCI:…", "%s: %s",
                  credential_verdict_word(answer.verdict), answer.why.what);
        return BASE_ERR_INPUT;
    }
    int ret = credential_revoked_of(&answer, &one);
    if (ret == BASE_ERR_INPUT)
        fault_add(&work->faults, place, "a pass that holds what it can be revoked by", "a card without a rid");
    return ret != 0 ? ret : credential_revoked_add(&issuer->revoked, &one);
}

static int revoke_file(struct issuer *issuer, const char *path)
{
    struct issue_file  file;
    struct fault_place place = { .file = path != NULL ? path : "-" };
    int                ret = 0, exit_code = issue_read(issuer->work, path, ISSUE_INPUT_BYTES, &file);
    if (exit_code != CLI_DONE)
        return exit_code;
    for (size_t at = 0; at < file.size && ret != TOC_ERR_NO_MEMORY && ret != TOC_ERR_TOO_LARGE;) {
        const char *end = memchr(file.bytes + at, '\n', file.size - at);
        size_t      size = end != NULL ? (size_t) (end - file.bytes) - at : file.size - at;
        place.line++;
        struct credential_text text = credential_trim(file.bytes + at, size);
        if (text.size > 0)
            ret = revoke_text(issuer, text, place);
        at += size + 1;
    }
    issue_forget(&file);
    return ret == TOC_ERR_NO_MEMORY ? out_of_memory(issuer)
           : ret == TOC_ERR_TOO_LARGE
               ? cli_complain(issuer->work->command, CLI_INPUT, "more than 1,000,000 revoked at once")
               : CLI_DONE;
}

int issue_run_revoke(struct issue_work *work)
{
    struct issuer issuer = { .work = work };
    struct sink   sink;
    sink_init_memory(&sink);
    int    exit_code = open_issuer(&issuer);
    size_t before = issuer.revoked.num;
    if (exit_code == CLI_DONE && work->num_operands == 0)
        exit_code = revoke_file(&issuer, NULL);
    for (int i = 0; i < work->num_operands && exit_code == CLI_DONE; i++)
        exit_code = revoke_file(&issuer, work->operands[i]);
    if (exit_code == CLI_DONE && work->faults.num_all > 0) { /* all or none, as passes are issued */
        fault_list_write(&work->faults, stderr);
        exit_code = CLI_INPUT;
    }
    if (exit_code == CLI_DONE) {
        credential_revoked_write(&issuer.revoked, work->now, &sink);
        exit_code = sink.failure != 0 ? out_of_memory(&issuer)
                                      : issue_write_within(work, work->settings.signer, REVOKED_FILE,
                                                           sink.used > 0 ? sink.bytes : "", sink.used, true);
    }
    if (exit_code == CLI_DONE)
        printf("%s: %zu more revoked; publish them: tocsin issue publish\n", work->settings.signer,
               issuer.revoked.num - before);
    sink_free(&sink);
    close_issuer(&issuer);
    return exit_code;
}

/* ---- publish ---- */

/* A folder within the one that is published, for all to read. */
static int make_folder(struct issuer *issuer, const char *path)
{
    mode_t mask = umask(0022);
    int    made = mkdir(path, 0755);
    umask(mask);
    if (made == 0 || errno == EEXIST)
        return CLI_DONE;
    return cli_complain(issuer->work->command, CLI_MACHINE, "%s: %s", path, strerror(errno));
}

static int make_folders(struct issuer *issuer, const char *first, const char *second)
{
    int exit_code = CLI_DONE;
    snprintf(issuer->folder, sizeof issuer->folder, "%s/%s", issuer->work->settings.to, first);
    exit_code = make_folder(issuer, issuer->folder);
    if (exit_code != CLI_DONE || second == NULL)
        return exit_code;
    size_t used = strlen(issuer->folder);
    snprintf(issuer->folder + used, sizeof issuer->folder - used, "/%s", second);
    return make_folder(issuer, issuer->folder);
}

static int write_sink(struct issuer *issuer, const char *folder, const char *name, struct sink *sink)
{
    int exit_code = sink->failure != 0 ? out_of_memory(issuer)
                                       : issue_write_within(issuer->work, folder, name, sink->bytes, sink->used, false);
    sink_free(sink);
    sink_init_memory(sink);
    return exit_code;
}

static int take_slice(void *context, unsigned chunk, const char *name, const char *bytes, size_t size)
{
    struct issuer *issuer = context;
    char           folder[PATH_BYTES + 16];
    int            exit_code = CLI_DONE;
    snprintf(folder, sizeof folder, "%s/null", issuer->folder);
    exit_code = make_folder(issuer, folder);
    snprintf(folder, sizeof folder, "%s/null/%x", issuer->folder, chunk);
    if (exit_code == CLI_DONE)
        exit_code = make_folder(issuer, folder);
    return exit_code == CLI_DONE ? issue_write_within(issuer->work, folder, name, bytes, size, false) : exit_code;
}

/* Slices, then the partitions that name them, then the lists: who copies meanwhile sees the old or the new. */
static int publish_passes(struct issuer *issuer, struct sink *sink)
{
    const struct credential_slice_writer writer = { take_slice, issuer };
    uint8_t                              kids[MAX_KIDS][CREDENTIAL_KID_BYTES];
    size_t                               num = 0;
    int                                  exit_code = CLI_DONE;
    for (size_t i = 0; i < issuer->trust.num_signers && exit_code == CLI_DONE; i++) {
        const struct credential_signer *signer = &issuer->trust.signers[i];
        char                            name[16] = "";
        if (signer->iss != NULL)
            continue;
        if (num == MAX_KIDS)
            return cli_complain(issuer->work->command, CLI_INPUT, "more than 64 keys in " ISSUE_TRUST_FILE);
        memcpy(kids[num++], signer->kid, CREDENTIAL_KID_BYTES);
        credential_base64_encode(CREDENTIAL_BASE64_URL, signer->kid, CREDENTIAL_KID_BYTES, name);
        exit_code = make_folders(issuer, "revocation", name);
        if (exit_code != CLI_DONE)
            break;
        int ret = credential_revoked_partitions(&issuer->revoked, signer->kid,
                                                issuer->work->settings.bloom ? CREDENTIAL_BLOOM : CREDENTIAL_PREFIXES,
                                                issuer->work->now, &writer, &issuer->checker, sink);
        exit_code = ret < 0   ? out_of_memory(issuer)
                    : ret > 0 ? ret
                              : write_sink(issuer, issuer->folder, "partitions.json", sink);
    }
    if (exit_code == CLI_DONE)
        exit_code = make_folders(issuer, "revocation", NULL);
    if (exit_code != CLI_DONE)
        return exit_code;
    credential_revoked_lists(kids[0], num, issuer->work->now, issuer->work->now + LIST_SECONDS, sink);
    exit_code = write_sink(issuer, issuer->folder, "lists.json", sink);
    return exit_code == CLI_DONE ? issue_write_within(issuer->work, issuer->work->settings.to, ISSUE_TRUST_FILE,
                                                      issuer->lists[0].bytes, issuer->lists[0].size, false)
                                 : exit_code;
}

/* The keys, each with the number of its list. */
static void put_keys(struct issuer *issuer, const struct value *keys, struct json_writer *json)
{
    json_key(json, "keys");
    json_begin_array(json);
    for (VALUE_EACH(key, keys)) {
        const struct value *kid = value_get(key, "kid");
        struct sink         list;
        sink_init_memory(&list);
        size_t counter =
            value_is(kid, VALUE_TEXT) ? credential_revoked_crl(&issuer->revoked, kid->text, kid->length, &list) : 0;
        json_begin_object(json);
        issue_copy_members(json, key);
        if (counter > 0) {
            json_key(json, "crlVersion");
            json_put_integer(json, (int64_t) counter);
        }
        json_end(json);
        sink_free(&list);
    }
    json_end(json);
}

/* Of each key that has one: as a file to serve, and as an element of `crls`. */
static int put_crls(struct issuer *issuer, const struct value *keys, struct json_writer *json)
{
    int exit_code = CLI_DONE;
    json_key(json, "crls");
    json_begin_array(json);
    for (VALUE_EACH(key, keys)) {
        const struct value *kid = value_get(key, "kid");
        struct sink         list;
        char                name[CREDENTIAL_KID_MOST + 8];
        sink_init_memory(&list);
        if (exit_code == CLI_DONE && value_is(kid, VALUE_TEXT) && kid->length <= CREDENTIAL_KID_MOST &&
            credential_revoked_crl(&issuer->revoked, kid->text, kid->length, &list) > 0) {
            snprintf(name, sizeof name, "%.*s.json", (int) kid->length, kid->text);
            sink_character(&list, '\0');
            json_put_json(json, list.bytes != NULL ? list.bytes : "null");
            list.used--;
            exit_code = write_sink(issuer, issuer->folder, name, &list);
        }
        sink_free(&list);
    }
    json_end(json);
    return exit_code;
}

static int publish_cards(struct issuer *issuer, struct sink *sink)
{
    struct value_tree  tree = VALUE_TREE_INIT;
    struct json_writer json;
    char               now[INSTANT_TEXT_BYTES] = "", served[PATH_BYTES];
    int                exit_code = make_folders(issuer, ".well-known", "crl");
    if (exit_code != CLI_DONE)
        return exit_code;
    if (json_read(issuer->lists[1].bytes, issuer->lists[1].size, NULL, &tree, NULL) != 0)
        return out_of_memory(issuer); /* it was read once already */
    const struct value *keys = value_get(tree.values, "keys");
    instant_to_text(issuer->work->now * INSTANT_SECOND, now);
    json_writer_init(&json, sink);
    json_begin_object(&json);
    json_key(&json, "iss");
    json_put_string(&json, issuer->work->settings.smart);
    json_key(&json, "time");
    json_put_string(&json, now);
    put_keys(issuer, keys, &json);
    exit_code = put_crls(issuer, keys, &json);
    json_end(&json);
    if (exit_code == CLI_DONE)
        exit_code = write_sink(issuer, issuer->work->settings.to, "cards.json", sink);
    json_writer_init(&json, sink);
    json_begin_object(&json);
    put_keys(issuer, keys, &json);
    json_end(&json);
    snprintf(served, sizeof served, "%s/.well-known", issuer->work->settings.to);
    if (exit_code == CLI_DONE)
        exit_code = write_sink(issuer, served, ISSUE_KEYS_FILE, sink);
    value_tree_free(&tree);
    return exit_code;
}

int issue_run_publish(struct issue_work *work)
{
    struct issuer issuer = { .work = work };
    struct sink   sink;
    sink_init_memory(&sink);
    int exit_code = open_issuer(&issuer);
    if (exit_code == CLI_DONE && strlen(work->settings.to) > PATH_BYTES / 2)
        exit_code = cli_complain(work->command, CLI_USE, "--to: at most 2,048 bytes");
    if (exit_code == CLI_DONE)
        exit_code = make_folder(&issuer, work->settings.to);
    if (exit_code == CLI_DONE)
        exit_code = publish_passes(&issuer, &sink);
    if (exit_code == CLI_DONE && work->settings.smart != NULL)
        exit_code = publish_cards(&issuer, &sink);
    if (exit_code == CLI_DONE)
        printf("%s: %zu revoked; publish again within 14 days\n", work->settings.to, issuer.revoked.num);
    sink_free(&sink);
    close_issuer(&issuer);
    return exit_code;
}
