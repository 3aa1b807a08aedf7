/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of revoked passes as an issuer writes them: equal to the reference's, and read back by our own reader. */
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

#include "conformance.h"
#include "formats/credential/base64.h"
#include "formats/credential/revoke.h"

static struct credential_checker checker;

/* ---- slices ---- */

/* The reference's entries: hashes of "in:N:P:I", P as Java prints it. */
static void reference_entry(json_int_t n, double p, size_t i, uint8_t entry[CREDENTIAL_ENTRY_BYTES])
{
    char    text[80], rate[16];
    uint8_t digest[SHA256_DIGEST_LENGTH];
    int     power = 0;
    for (double rest = p; rest < 0.99; rest *= 10)
        power++;
    if (power <= 2)
        snprintf(rate, sizeof rate, "%g", p);
    else
        snprintf(rate, sizeof rate, "1.0E-%d", power);
    snprintf(text, sizeof text, "in:%lld:%s:%zu", (long long) n, rate, i);
    SHA256((const unsigned char *) text, strlen(text), digest);
    memcpy(entry, digest, CREDENTIAL_ENTRY_BYTES);
}

static void bloom_case(json_t *line)
{
    json_int_t  n = json_integer_value(json_object_get(line, "n"));
    double      p = json_real_value(json_object_get(line, "p"));
    const char *filter = conformance_text_of(line, "filter_b64");
    if (conformance_text_of(line, "inserted_rule") == NULL)
        return; /* the four that upstream ships name no entries */
    uint8_t    *entries = malloc((size_t) n * CREDENTIAL_ENTRY_BYTES), *expected = malloc(strlen(filter));
    size_t      size;
    struct sink sink;
    sink_init_memory(&sink);
    for (size_t i = 0; i < (size_t) n; i++)
        reference_entry(n, p, i, entries + i * CREDENTIAL_ENTRY_BYTES);
    assert_ok(credential_base64_decode(CREDENTIAL_BASE64, filter, strlen(filter), expected, &size));
    assert_ok(credential_bloom_write(entries, (size_t) n, (float) p, &checker, &sink));
    EXPECT(sink.used == size && memcmp(sink.bytes, expected, size) == 0, "n %lld, p %g: %zu bytes of %zu",
           (long long) n, p, sink.used, size);
    sink_free(&sink);
    free(entries);
    free(expected);
}

/* The reference sorts prefixes as signed numbers, and writes those that begin with ff wrongly: the head and the answers
 * are compared, but for those. */
static void prefixes_case(json_t *line)
{
    json_t *inserted = json_object_get(line, "inserted"), *hex;
    size_t  i, n = json_array_size(inserted), num = 0,
              width = (size_t) json_integer_value(json_object_get(line, "size"));
    uint8_t    *entries = malloc((n + 1) * CREDENTIAL_ENTRY_BYTES), *expected = malloc(1 << 16);
    size_t      size = conformance_from_hex(conformance_text_of(line, "bytes_hex"), expected, 1 << 16);
    struct sink sink;
    sink_init_memory(&sink);
    json_array_foreach (inserted, i, hex)
        assert_int_equal(conformance_from_hex(json_string_value(hex), entries + num++ * CREDENTIAL_ENTRY_BYTES,
                                              CREDENTIAL_ENTRY_BYTES),
                         CREDENTIAL_ENTRY_BYTES);
    float    rate;
    uint32_t bits =
        (uint32_t) expected[2] << 24 | (uint32_t) expected[3] << 16 | (uint32_t) expected[4] << 8 | expected[5];
    memcpy(&rate, &bits, sizeof rate);
    assert_ok(credential_prefixes_write(entries, num, (uint8_t) width, rate, &sink));
    EXPECT(sink.used == size && memcmp(sink.bytes, expected, 11) == 0, "n %zu, %zu bytes: the head", n, width);
    struct credential_slice slice;
    assert_ok(credential_slice_read(CREDENTIAL_PREFIXES, (uint8_t *) sink.bytes, sink.used, &slice, NULL));
    json_t *query;
    json_array_foreach (json_object_get(line, "queries"), i, query) {
        uint8_t entry[CREDENTIAL_ENTRY_BYTES];
        conformance_from_hex(json_string_value(json_array_get(query, 0)), entry, sizeof entry);
        if (entry[0] != 0xff)
            EXPECT(credential_slice_holds(&slice, &checker, entry) == json_is_true(json_array_get(query, 1)),
                   "n %zu, query %zu", n, i);
    }
    sink_free(&sink);
    free(entries);
    free(expected);
}

static void test_reference(void **state)
{
    (void) state;
    const char *folder = test_shared_data("credentials/revocation");
    if (folder == NULL)
        skip();
    conformance_num_wrong = 0;
    print_message("%zu Bloom filters\n", conformance_each_line(folder, "bloom.jsonl", bloom_case));
    print_message("%zu lists of prefixes\n", conformance_each_line(folder, "varhash.jsonl", prefixes_case));
    assert_int_equal(conformance_num_wrong, 0);
}

/* ---- what is published, read back ---- */

#define NUM 300

static const uint8_t kids[2][CREDENTIAL_KID_BYTES] = { { 1, 2, 3, 4, 5, 6, 7, 8 }, { 0xff, 0, 0, 0, 0, 0, 0, 1 } };

static struct credential_revoked_entry numbered(unsigned i)
{
    struct credential_revoked_entry one = { .kid_size = CREDENTIAL_KID_BYTES,
                                            .kind = i % 3 == 0 ? CREDENTIAL_UCI : CREDENTIAL_SIGNATURE,
                                            .size = CREDENTIAL_ENTRY_BYTES,
                                            .expires = i % 5 == 0 ? INT64_MAX : 2000 + i };
    uint8_t                         digest[SHA256_DIGEST_LENGTH];
    memcpy(one.kid, kids[i % 2], CREDENTIAL_KID_BYTES);
    SHA256((const unsigned char *) &i, sizeof i, digest);
    memcpy(one.entry, digest, CREDENTIAL_ENTRY_BYTES);
    return one;
}

static struct kept {
    unsigned chunk;
    char     name[65];
    uint8_t *bytes;
    size_t   size;
} kept[64];
static size_t num_kept;

static int keep(void *context, unsigned chunk, const char *name, const char *bytes, size_t size)
{
    (void) context;
    struct kept *one = &kept[num_kept++];
    one->chunk = chunk;
    snprintf(one->name, sizeof one->name, "%s", name);
    one->bytes = malloc(size);
    memcpy(one->bytes, bytes, size);
    one->size = size;
    return 0;
}

static const uint8_t *find(void *context, const char *id, const char *chunk, const char *hash, size_t *size)
{
    (void) context;
    assert_string_equal(id, "null");
    for (size_t i = 0; i < num_kept; i++)
        if (strcmp(kept[i].name, hash) == 0 && "0123456789abcdef"[kept[i].chunk] == *chunk) {
            *size = kept[i].size;
            return kept[i].bytes;
        }
    return NULL;
}

static bool listed(const struct credential_revocation *revocation, const struct credential_revoked_entry *one,
                   int64_t now)
{
    struct credential_entries entries = { .has = 1u << one->kind };
    memcpy(entries.of[one->kind], one->entry, CREDENTIAL_ENTRY_BYTES);
    return credential_revocation_holds(revocation, &checker, one->kid, &entries, now);
}

static void read_back(enum credential_slice_kind kind)
{
    struct credential_revoked_set        set = { 0 };
    const struct credential_slice_writer writer = { keep, NULL };
    const struct credential_slice_source source = { find, NULL };
    struct credential_revocation        *revocation = credential_revocation_new();
    struct fault_list                    faults = FAULT_LIST_INIT;
    struct sink                          sink;
    for (unsigned i = 0; i < NUM; i++) {
        struct credential_revoked_entry one = numbered(i);
        assert_ok(credential_revoked_add(&set, &one));
        assert_ok(credential_revoked_add(&set, &one)); /* again: nothing more */
    }
    assert_int_equal(set.num, NUM);
    sink_init_memory(&sink);
    credential_revoked_lists(kids[0], 2, 1000, 3000, &sink);
    assert_ok(credential_revocation_lists(revocation, "lists", sink.bytes, sink.used, &faults));
    sink_free(&sink);
    for (int k = 0; k < 2; k++) {
        num_kept = 0;
        sink_init_memory(&sink);
        assert_ok(credential_revoked_partitions(&set, kids[k], kind, 2100, &writer, &checker, &sink));
        assert_ok(credential_revocation_partitions(revocation, "p", kids[k], sink.bytes, sink.used, &source, &faults));
        sink_free(&sink);
        for (size_t i = 0; i < num_kept; i++)
            free(kept[i].bytes);
    }
    bool    stale;
    int64_t dated = credential_revocation_dated(revocation, kids[0], 2100, &stale);
    assert_int_equal(dated, 1000);
    for (unsigned i = 0; i < NUM; i++) {
        struct credential_revoked_entry one = numbered(i), other = numbered(i + NUM);
        assert_int_equal(listed(revocation, &one, 2100), one.expires >= 2100);
        assert_false(listed(revocation, &other, 2100));
    }
    credential_revoked_free(&set);
    credential_revocation_free(revocation);
    fault_list_free(&faults);
}

static void test_read_back(void **state)
{
    (void) state;
    read_back(CREDENTIAL_BLOOM);
    read_back(CREDENTIAL_PREFIXES);
}

/* ---- what is kept ---- */

static void test_lines(void **state)
{
    (void) state;
    static const char *const bad[] = {
        "x",
        "0102030405060708\tUCI\t000102030405060708090a0b0c0d0e0f",
        "0102030405060708\tUCI\t000102030405060708090a0b0c0d0e0f\t1\t2",
        "0102030405060708\tUCI\t000102030405060708090a0b0c0d0e0F\t",
        "010203040506070\tUCI\t000102030405060708090a0b0c0d0e0f\t",
        "0102030405060708\tOTHER\t000102030405060708090a0b0c0d0e0f\t",
        "kid\tRID\tabcdefghijklmnopqrstuvwxy\t", /* 25 characters */
        "kid\tRID\t\t",
        "kid\tRID\ta.b\t",
        "kid\tRID\tab\t-1",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct credential_revoked_set set = { 0 };
        struct fault_list             faults = FAULT_LIST_INIT;
        assert_status(credential_revoked_read(&set, "kept", bad[i], strlen(bad[i]), &faults), BASE_ERR_INPUT);
        assert_int_equal(faults.num_all, 1);
        assert_int_equal(set.num, 0);
        credential_revoked_free(&set);
        fault_list_free(&faults);
    }
    static const char             good[] = "0102030405060708\tUCI\t000102030405060708090a0b0c0d0e0f\t50\n\n"
                                           "kid\tRID\tabcdefghijklmnopqrstuvwx\t\n";
    struct credential_revoked_set set = { 0 };
    struct fault_list             faults = FAULT_LIST_INIT;
    struct sink                   sink;
    assert_ok(credential_revoked_read(&set, "kept", good, strlen(good), &faults));
    assert_int_equal(set.num, 2);
    sink_init_memory(&sink);
    assert_int_equal(credential_revoked_crl(&set, "kid", 3, &sink), 1);
    assert_int_equal(credential_revoked_crl(&set, "kic", 3, &sink), 0);
    sink_free(&sink);
    sink_init_memory(&sink);
    credential_revoked_write(&set, 51, &sink); /* the first has expired */
    assert_int_equal(sink.used, strlen("kid\tRID\tabcdefghijklmnopqrstuvwx\t\n"));
    sink_free(&sink);
    credential_revoked_free(&set);
    fault_list_free(&faults);
}

static void test_limit(void **state)
{
    (void) state;
    struct credential_revoked_set   set = { 0 };
    struct credential_revoked_entry one = numbered(0);
    for (uint32_t i = 0; i <= CREDENTIAL_REVOKED_MOST; i++) {
        for (int j = 0; j < 4; j++)
            one.entry[j] = (uint8_t) (i >> 8 * (3 - j));
        assert_status(credential_revoked_add(&set, &one), i < CREDENTIAL_REVOKED_MOST ? 0 : TOC_ERR_TOO_LARGE);
    }
    assert_int_equal(set.num, CREDENTIAL_REVOKED_MOST);
    credential_revoked_free(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reference),
        cmocka_unit_test(test_read_back),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_limit),
    };
    if (credential_checker_init(&checker, 0, conformance_only_key, NULL) != 0)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    credential_checker_free(&checker);
    return failed;
}
