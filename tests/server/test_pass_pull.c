/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists that a node fetches: whole editions take the place of the one before; where anything fails nothing changes. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/sink.h"
#include "formats/credential/base64.h"
#include "formats/credential/issue.h"
#include "formats/credential/revoke.h"
#include "server/pass_pull.h"
#include "support/test.h"

#define NOW INT64_C(1700000000)

static struct node_settings settings;
static char                 home[64], site[80];
static char                 kid_text[16];
static const char          *missing; /* a part of a path: answers 500 */

/* ---- an address in memory: files of a folder ---- */

static int get(void *context, const char *url, size_t most, struct arena *arena, int *status, const char **body,
               size_t *size, struct fault_list *faults)
{
    char path[400], *bytes = arena_array(arena, most < 65536 ? most : 65536, 1);
    (void) context;
    (void) faults;
    snprintf(path, sizeof path, "%s/%s", site, url + strlen("https://health.example/"));
    FILE *file = fopen(path, "rb");
    *status = file == NULL ? 404 : missing != NULL && strstr(path, missing) != NULL ? 500 : 200;
    *size = file != NULL ? fread(bytes, 1, 65535, file) : 0;
    *body = bytes;
    if (file != NULL)
        fclose(file);
    return 0;
}

static const struct pass_fetch fetch = { get, NULL };

static void put(const char *name, const char *bytes, size_t size)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", site, name);
    for (char *slash = strchr(path + strlen(home), '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void put_text(const char *name, const char *text)
{
    put(name, text, strlen(text));
}

/* What the folder holds of a file; "" = nothing. */
static const char *held(const char *name)
{
    static char bytes[65536];
    char        path[400];
    snprintf(path, sizeof path, "%s/%s", settings.pass_trust, name);
    FILE *file = fopen(path, "rb");
    bytes[file != NULL ? fread(bytes, 1, sizeof bytes - 1, file) : 0] = '\0';
    if (file != NULL)
        fclose(file);
    return bytes;
}

static int pull_round(struct pass_pulled *pulled)
{
    struct fault_list faults = FAULT_LIST_INIT;
    int               ret = pass_pull_round(&settings, &fetch, pulled, &faults);
    assert_true((ret == 0) == (faults.num_all == 0));
    fault_list_free(&faults);
    return ret;
}

/* ---- an issuer ---- */

static int take_slice(void *context, unsigned chunk, const char *name, const char *bytes, size_t size)
{
    char path[200];
    (void) context;
    snprintf(path, sizeof path, "pass/revocation/%s/null/%x/%s", kid_text, chunk, name);
    put(path, bytes, size);
    return 0;
}

static const struct credential_key *no_key(const void *where, size_t index)
{
    (void) index;
    return where;
}

static void put_revoked(const uint8_t kid[8], size_t num)
{
    const struct credential_slice_writer writer = { take_slice, NULL };
    struct credential_revoked_set        set = { 0 };
    struct credential_checker            checker;
    struct sink                          sink;
    char                                 path[200];
    for (size_t i = 0; i < num; i++) {
        struct credential_revoked_entry one = {
            .kid_size = 8, .kind = CREDENTIAL_SIGNATURE, .size = CREDENTIAL_ENTRY_BYTES, .expires = NOW + 86400
        };
        memcpy(one.kid, kid, 8);
        memset(one.entry, (int) (16 * (i + 1)), sizeof one.entry);
        assert_ok(credential_revoked_add(&set, &one));
    }
    assert_ok(credential_checker_init(&checker, 0, no_key, NULL));
    sink_init_memory(&sink);
    assert_ok(credential_revoked_partitions(&set, kid, CREDENTIAL_PREFIXES, NOW, &writer, &checker, &sink));
    snprintf(path, sizeof path, "pass/revocation/%s/partitions.json", kid_text);
    put(path, sink.bytes, sink.used);
    sink_free(&sink);
    sink_init_memory(&sink);
    credential_revoked_lists(kid, 1, NOW, NOW + 86400, &sink);
    put("pass/revocation/lists.json", sink.bytes, sink.used);
    sink_free(&sink);
    credential_checker_free(&checker);
    credential_revoked_free(&set);
}

static uint8_t kid[8];

static void put_signers(const char *name)
{
    const struct credential_signer_settings wanted = { .country = "XX", .name = name, .days = 400 };
    struct credential_maker                *maker;
    struct certificate                      made = { 0 };
    struct fault_list                       faults = FAULT_LIST_INIT;
    char                                    raw[4096] = "", one[16] = "", text[6000];
    size_t                                  size;
    assert_ok(credential_signer_make(&wanted, NULL, NOW, &made, &faults));
    assert_ok(credential_maker_open(made.key, made.key_size, made.chain, made.chain_size, &maker, &faults));
    const uint8_t *der = credential_maker_certificate(maker, &size);
    memcpy(kid, credential_maker_facts(maker)->kid, sizeof kid);
    memset(kid_text, 0, sizeof kid_text);
    credential_base64_encode(CREDENTIAL_BASE64, kid, 8, one);
    credential_base64_encode(CREDENTIAL_BASE64_URL, kid, 8, kid_text);
    credential_base64_encode(CREDENTIAL_BASE64, der, size, raw);
    snprintf(text, sizeof text, "{\"certificates\":[{\"country\":\"XX\",\"kid\":\"%s\",\"rawData\":\"%s\"}]}", one,
             raw);
    put_text("pass/trust.json", text);
    credential_maker_free(maker);
    certificate_free(&made);
}

static int begin(void **state)
{
    (void) state;
    const char *folder = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
    snprintf(home, sizeof home, "%.40s/tocsin-pull-XXXXXX", folder);
    assert_non_null(mkdtemp(home));
    snprintf(site, sizeof site, "%s/site", home);
    settings = (struct node_settings) NODE_SETTINGS_INIT;
    snprintf(settings.pass_pull, sizeof settings.pass_pull, "https://health.example/pass");
    snprintf(settings.pass_trust, sizeof settings.pass_trust, "%s/trust", home);
    missing = NULL;
    put_signers("First");
    put_revoked(kid, 2);
    return 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void) status;
    (void) kind;
    (void) walk;
    return remove(path);
}

static int end(void **state)
{
    (void) state;
    return nftw(home, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- tests ---- */

static void test_an_edition_comes_whole(void **state)
{
    (void) state;
    struct pass_pulled pulled;
    char               first[8192];
    assert_ok(pull_round(&pulled));
    assert_int_equal(pulled.files, 5); /* signers, lists, parts, two slices */
    snprintf(first, sizeof first, "%s", held("trust.json"));
    assert_true(strlen(first) > 100 && strlen(held("revocation/lists.json")) > 10);
    assert_ok(pull_round(&pulled));
    assert_int_equal(pulled.files, 3); /* slices are the same for ever */
    assert_int_equal(pulled.kept, 2);
    put_signers("Second");
    put_revoked(kid, 3);
    assert_ok(pull_round(&pulled));
    assert_string_not_equal(first, held("trust.json"));
    assert_int_not_equal(access(home, R_OK), -1);
}

static void test_what_fails_changes_nothing(void **state)
{
    (void) state;
    static const char *const parts[] = { "trust.json", "lists.json", "partitions.json", "/null/" };
    struct pass_pulled       pulled;
    char                     first[8192], lists[8192];
    assert_ok(pull_round(&pulled));
    snprintf(first, sizeof first, "%s", held("trust.json"));
    snprintf(lists, sizeof lists, "%s", held("revocation/lists.json"));
    put_signers("Second");
    put_revoked(kid, 4);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        missing = parts[i];
        assert_int_equal(pull_round(&pulled), BASE_ERR_INPUT);
        assert_string_equal(first, held("trust.json"));
        assert_string_equal(lists, held("revocation/lists.json"));
    }
    missing = NULL;
    put_text("pass/trust.json", "{\"certificates\":[]}");
    assert_int_equal(pull_round(&pulled), BASE_ERR_INPUT);
    put_text("pass/trust.json", "<html>");
    assert_int_equal(pull_round(&pulled), BASE_ERR_INPUT);
    assert_string_equal(first, held("trust.json"));
    snprintf(first, sizeof first, "%s.pull", settings.pass_trust);
    assert_int_equal(access(first, F_OK), -1); /* nothing half done is left */
}

/* Whoever keeps the folder says whose signature a list must bear. */
static void test_a_list_without_its_signature(void **state)
{
    (void) state;
    const struct credential_signer_settings wanted = { .country = "XX", .name = "Vouches", .days = 400 };
    struct pass_pulled                      pulled;
    struct certificate                      made = { 0 };
    struct fault_list                       faults = FAULT_LIST_INIT;
    char                                    first[8192], path[200];
    assert_ok(pull_round(&pulled));
    snprintf(first, sizeof first, "%s", held("trust.json"));
    assert_ok(credential_signer_make(&wanted, NULL, NOW, &made, &faults));
    snprintf(path, sizeof path, "%s/trust.pem", settings.pass_trust);
    FILE *file = fopen(path, "wb");
    assert_int_equal(fwrite(made.chain, 1, made.chain_size, file), made.chain_size);
    fclose(file);
    certificate_free(&made);
    put_signers("Second");
    put_revoked(kid, 1);
    assert_int_equal(pull_round(&pulled), BASE_ERR_INPUT);
    assert_string_equal(first, held("trust.json"));
}

static void test_names_that_lead_elsewhere(void **state)
{
    (void) state;
    struct pass_pulled pulled;
    char               text[400], path[200];
    put_text("pass/revocation/lists.json", "[{\"kid\":\"../../../elsewhere\"}]");
    assert_int_equal(pull_round(&pulled), BASE_ERR_INPUT);
    put_revoked(kid, 1);
    snprintf(path, sizeof path, "pass/revocation/%s/partitions.json", kid_text);
    snprintf(text, sizeof text, "[{\"id\":\"../..\",\"chunks\":{\"0\":{\"2027\":{\"hash\":\"00\"}}}}]");
    put_text(path, text);
    assert_int_equal(pull_round(&pulled), BASE_ERR_INPUT);
    put_text(path, "[{\"id\":null,\"chunks\":{\"0\":{\"2027\":{\"hash\":\"../../../../x\"}}}}]");
    assert_int_equal(pull_round(&pulled), BASE_ERR_INPUT);
    assert_string_equal(held("trust.json"), "");
}

static void test_rules(void **state)
{
    (void) state;
    static const char rule[] =
        "[{\"Identifier\":\"A\",\"Type\":\"Acceptance\",\"Country\":\"XX\",\"CertificateType\":\"General\","
        "\"Version\":\"1.0.0\",\"SchemaVersion\":\"1.0.0\",\"Engine\":\"CERTLOGIC\",\"EngineVersion\":\"1.0.0\","
        "\"ValidFrom\":\"2022-01-01T00:00:00Z\",\"ValidTo\":\"2030-01-01\",\"Logic\":true}]";
    struct pass_pulled pulled;
    struct stat        status;
    snprintf(settings.pass_pull_rules, sizeof settings.pass_pull_rules, "https://health.example/rules.json");
    snprintf(settings.pass_rules, sizeof settings.pass_rules, "%s/rules.json", home);
    put_text("rules.json", rule);
    assert_ok(pull_round(&pulled));
    assert_int_equal(stat(settings.pass_rules, &status), 0);
    assert_int_equal(status.st_size, sizeof rule - 1);
    put_text("rules.json", "[{}]");
    assert_int_equal(pull_round(&pulled), BASE_ERR_INPUT);
    assert_int_equal(stat(settings.pass_rules, &status), 0);
    assert_int_equal(status.st_size, sizeof rule - 1);
}

static void test_settings_that_are_refused(void **state)
{
    (void) state;
    static const char *const urls[] = { "http://health.example/pass", "ftp://health.example",
                                        "https://health.example/p?q=1" };
    struct pass_pull        *pull = NULL;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct fault_list faults = FAULT_LIST_INIT;
        snprintf(settings.pass_pull, sizeof settings.pass_pull, "%s", urls[i]);
        assert_int_equal(pass_pull_start(&settings, NULL, &pull, &faults), BASE_ERR_INPUT);
        fault_list_free(&faults);
    }
    struct fault_list faults = FAULT_LIST_INIT;
    snprintf(settings.pass_pull, sizeof settings.pass_pull, "https://health.example/pass");
    settings.pass_trust[0] = '\0';
    assert_int_equal(pass_pull_start(&settings, NULL, &pull, &faults), BASE_ERR_INPUT);
    settings.pass_pull[0] = '\0';
    assert_ok(pass_pull_start(&settings, NULL, &pull, &faults));
    assert_null(pull);
    fault_list_free(&faults);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)
int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_edition_comes_whole),
        TEST(what_fails_changes_nothing),
        TEST(a_list_without_its_signature),
        TEST(names_that_lead_elsewhere),
        TEST(rules),
        TEST(settings_that_are_refused),
    };
    return cmocka_run_group_tests_name("pass pull", tests, NULL, NULL);
}
