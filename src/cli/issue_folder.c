/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folders of `tocsin issue`: an authority's, and a signer's with what others need to trust it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/sink.h"
#include "cli/issue_work.h"
#include "formats/credential/base64.h"
#include "tocsin/status.h"

#define AUTHORITY "authority"
#define SIGNER "signer"

int issue_told(struct issue_work *work, int status)
{
    if (status == TOC_ERR_NO_MEMORY)
        return cli_complain(work->command, CLI_MACHINE, "out of memory");
    fault_list_write(&work->faults, stderr);
    return status == 0 ? CLI_DONE : CLI_INPUT;
}

/* ---- files ---- */

void issue_forget(struct issue_file *file)
{
    if (file->bytes != NULL)
        explicit_bzero(file->bytes, file->size);
    free(file->bytes);
    *file = (struct issue_file){ 0 };
}

/* All of the stream; 0 or an errno. */
static int read_stream(FILE *stream, size_t most, struct issue_file *file)
{
    size_t room = 0;
    while (!feof(stream) && file->size <= most) {
        if (file->size + 1 >= room) {
            room = room == 0 ? 1 << 16 : 2 * room;
            char *larger = malloc(room);
            if (larger == NULL)
                return ENOMEM;
            if (file->bytes != NULL) {
                memcpy(larger, file->bytes, file->size);
                explicit_bzero(file->bytes, file->size);
            }
            free(file->bytes);
            file->bytes = larger;
        }
        file->size += fread(file->bytes + file->size, 1, room - file->size - 1, stream);
        if (ferror(stream))
            return errno;
    }
    file->bytes[file->size] = '\0';
    return 0;
}

int issue_read(struct issue_work *work, const char *path, size_t most, struct issue_file *file)
{
    bool  standard = path == NULL || strcmp(path, "-") == 0;
    FILE *stream = standard ? stdin : fopen(path, "rbe");
    *file = (struct issue_file){ 0 };
    if (stream == NULL)
        return cli_complain(work->command, CLI_MACHINE, "%s: %s", path, strerror(errno));
    int why = read_stream(stream, most, file);
    if (!standard)
        fclose(stream);
    if (why == 0 && file->size <= most)
        return CLI_DONE;
    issue_forget(file);
    return why != 0 ? cli_complain(work->command, CLI_MACHINE, "%s: %s", standard ? "-" : path, strerror(why))
                    : cli_complain(work->command, CLI_INPUT, "%s: longer than %zu bytes", standard ? "-" : path, most);
}

int issue_read_within(struct issue_work *work, const char *folder, const char *name, struct issue_file *file)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return cli_complain(work->command, CLI_MACHINE, "out of memory");
    int exit_code = issue_read(work, path, CERTIFICATE_MAX_PEM * 16, file);
    free(path);
    return exit_code;
}

int issue_write_within(struct issue_work *work, const char *folder, const char *name, const char *bytes, size_t size,
                       bool secret)
{
    struct sink sink;
    char       *path = NULL;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return cli_complain(work->command, CLI_MACHINE, "out of memory");
    mode_t mask = umask(secret ? 0077 : 0022);
    int    ret = sink_open(&sink, path);
    umask(mask);
    if (ret == 0) {
        sink_write(&sink, bytes, size);
        ret = sink_finish(&sink);
    }
    int exit_code = ret == 0 ? CLI_DONE
                    : ret == TOC_ERR_NO_MEMORY
                        ? cli_complain(work->command, CLI_MACHINE, "out of memory")
                        : cli_complain(work->command, CLI_MACHINE, "%s: %s", path, strerror(sink.failure));
    free(path);
    return exit_code;
}

bool issue_exists_within(const char *folder, const char *name)
{
    struct stat status;
    char       *path = NULL;
    bool        there = asprintf(&path, "%s/%s", folder, name) >= 0 && lstat(path, &status) == 0;
    free(path);
    return there;
}

/* ---- what others need ---- */

/* A flat object of texts and whole numbers, as it was. */
void issue_copy_members(struct json_writer *json, const struct value *object)
{
    for (VALUE_EACH_PAIR(key, object)) {
        char name[64];
        if ((key[1].kind != VALUE_TEXT && key[1].kind != VALUE_INTEGER) || key->length >= sizeof name)
            continue;
        snprintf(name, sizeof name, "%.*s", (int) key->length, key->text);
        json_key(json, name);
        if (key[1].kind == VALUE_TEXT)
            json_put_string_of(json, key[1].text, key[1].length);
        else
            json_put_integer(json, key[1].integer);
    }
}

static void copy_object(struct json_writer *json, const struct value *object)
{
    json_begin_object(json);
    issue_copy_members(json, object);
    json_end(json);
}

/* {"<list>": [what stood in the file before, the new one]}: passes that the old key signed stay genuine. */
static int extend_list(struct issue_work *work, const char *file_name, const char *list, const char *entry)
{
    struct issue_file  old = { 0 };
    struct value_tree  tree = VALUE_TREE_INIT, made = VALUE_TREE_INIT;
    struct sink        sink;
    struct json_writer json;
    const char        *folder = work->operands[0];
    int                exit_code = CLI_DONE;
    if (issue_exists_within(folder, file_name))
        exit_code = issue_read_within(work, folder, file_name, &old);
    if (exit_code == CLI_DONE && old.bytes != NULL && json_read(old.bytes, old.size, NULL, &tree, NULL) != 0)
        exit_code = cli_complain(work->command, CLI_INPUT, "%s/%s: no JSON; move it away", folder, file_name);
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    json_begin_object(&json);
    json_key(&json, list);
    json_begin_array(&json);
    for (VALUE_EACH(one, value_get(tree.num_values > 0 ? tree.values : NULL, list)))
        copy_object(&json, one);
    if (json_read(entry, strlen(entry), NULL, &made, NULL) == 0)
        copy_object(&json, made.values);
    json_end(&json);
    json_end(&json);
    sink_character(&sink, '\n');
    if (exit_code == CLI_DONE && sink.failure != 0)
        exit_code = cli_complain(work->command, CLI_MACHINE, "out of memory");
    if (exit_code == CLI_DONE)
        exit_code = issue_write_within(work, folder, file_name, sink.bytes, sink.used, false);
    sink_free(&sink);
    value_tree_free(&tree);
    value_tree_free(&made);
    issue_forget(&old);
    return exit_code;
}

static int write_trust(struct issue_work *work, const struct credential_maker *maker)
{
    const struct credential_certificate *facts = credential_maker_facts(maker);
    size_t                               size;
    const uint8_t                       *der = credential_maker_certificate(maker, &size);
    char kid[16] = "", *raw = calloc(1, CREDENTIAL_BASE64_ENCODED(size) + 1), *entry = NULL;
    if (raw == NULL)
        return cli_complain(work->command, CLI_MACHINE, "out of memory");
    credential_base64_encode(CREDENTIAL_BASE64, facts->kid, sizeof facts->kid, kid);
    credential_base64_encode(CREDENTIAL_BASE64, der, size, raw);
    int exit_code =
        asprintf(&entry, "{\"certificateType\":\"DSC\",\"country\":\"%s\",\"kid\":\"%s\",\"rawData\":\"%s\"}",
                 facts->country, kid, raw) < 0
            ? cli_complain(work->command, CLI_MACHINE, "out of memory")
            : extend_list(work, ISSUE_TRUST_FILE, "certificates", entry);
    free(entry);
    free(raw);
    if (exit_code == CLI_DONE)
        exit_code = extend_list(work, ISSUE_KEYS_FILE, "keys", credential_maker_jwk(maker));
    if (exit_code == CLI_DONE)
        printf("%s: kid %s, issues for %s\n", work->operands[0], kid, facts->country);
    return exit_code;
}

/* ---- subcommands ---- */

/* Into the folder, which is made; a key that is there is never replaced without being asked to. */
static int write_keys(struct issue_work *work, const char *name, const struct certificate *made)
{
    const char *folder = work->operands[0];
    bool        elsewhere = made->key == NULL; /* in a keeper */
    char        key[32], chain[32];
    snprintf(key, sizeof key, elsewhere ? "%s.crt" : "%s.key", name);
    snprintf(chain, sizeof chain, "%s.crt", name);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return cli_complain(work->command, CLI_MACHINE, "%s: %s", folder, strerror(errno));
    if (!work->settings.renew && issue_exists_within(folder, key))
        return cli_complain(work->command, CLI_INPUT, "%s/%s: there is a key already%s", folder, key,
                            strcmp(name, SIGNER) == 0
                                ? "; --renew makes a new one, and what the old one signed stays genuine"
                                : "; what it has signed would no longer be trusted");
    int exit_code = issue_write_within(work, folder, chain, made->chain, made->chain_size, false);
    return exit_code == CLI_DONE && !elsewhere ? issue_write_within(work, folder, key, made->key, made->key_size, true)
                                               : exit_code;
}

static struct credential_signer_settings signer_of(const struct issue_work *work, bool authority)
{
    return (struct credential_signer_settings){ .country = work->settings.country,
                                                .name = work->settings.name,
                                                .days = (int) work->settings.days,
                                                .uses = work->settings.uses,
                                                .authority = authority };
}

int issue_run_authority(struct issue_work *work)
{
    const struct credential_signer_settings settings = signer_of(work, true);
    struct certificate                      made = { 0 };
    int exit_code = issue_told(work, credential_signer_make(&settings, NULL, work->now, &made, &work->faults));
    if (exit_code == CLI_DONE)
        exit_code = write_keys(work, AUTHORITY, &made);
    certificate_free(&made);
    return exit_code;
}

static int make_signer(struct issue_work *work, const struct credential_hand *hand, struct certificate *made)
{
    const struct credential_signer_settings settings = signer_of(work, false);
    const char                             *folder = work->settings.authority;
    struct issue_file                       key = { 0 }, chain = { 0 };
    int                                     exit_code = CLI_DONE;
    if (folder != NULL)
        exit_code = issue_read_within(work, folder, AUTHORITY ".key", &key);
    if (folder != NULL && exit_code == CLI_DONE)
        exit_code = issue_read_within(work, folder, AUTHORITY ".crt", &chain);
    const struct certificate_issuer by = { key.bytes, chain.bytes, key.size, chain.size, NULL };
    if (exit_code == CLI_DONE && hand != NULL)
        exit_code = issue_told(work, credential_signer_certify(&settings, hand, folder != NULL ? &by : NULL, work->now,
                                                               made, &work->faults));
    else if (exit_code == CLI_DONE)
        exit_code = issue_told(
            work, credential_signer_make(&settings, folder != NULL ? &by : NULL, work->now, made, &work->faults));
    issue_forget(&key);
    issue_forget(&chain);
    return exit_code;
}

int issue_run_signer(struct issue_work *work)
{
    struct certificate       made = { 0 };
    struct credential_maker *maker = NULL;
    struct issue_keeper      keeper = { 0 };
    bool                     node = work->settings.node != NULL;
    int                      exit_code = node ? issue_keeper_start(work, NULL, &keeper) : CLI_DONE;
    if (exit_code == CLI_DONE)
        exit_code = make_signer(work, node ? &keeper.signer.hand : NULL, &made);
    if (exit_code == CLI_DONE && node)
        exit_code = issue_told(
            work, credential_maker_open_by(&keeper.signer.hand, made.chain, made.chain_size, &maker, &work->faults));
    else if (exit_code == CLI_DONE)
        exit_code = issue_told(
            work, credential_maker_open(made.key, made.key_size, made.chain, made.chain_size, &maker, &work->faults));
    if (exit_code == CLI_DONE)
        exit_code = write_keys(work, SIGNER, &made);
    if (exit_code == CLI_DONE)
        exit_code = write_trust(work, maker);
    credential_maker_free(maker);
    issue_keeper_stop(&keeper);
    certificate_free(&made);
    return exit_code;
}
