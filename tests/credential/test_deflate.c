/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is packed is the same again, and of passes no larger than libdeflate has it. */
#include <libdeflate.h>
#include <stdio.h>

#include "formats/credential/base45.h"
#include "formats/credential/deflate.h"
#include "formats/credential/inflate.h"
#include "support/issuer.h"
#include "support/property.h"
#include "support/test.h"

static struct libdeflate_decompressor *inflater;

static size_t pack(const uint8_t *bytes, size_t size)
{
    static uint8_t packed[CREDENTIAL_COMPRESSED(CREDENTIAL_COMPRESS_MOST)], again[CREDENTIAL_COMPRESS_MOST];
    size_t         num_packed = credential_compress(bytes, size, packed), num = 0;
    assert_true(num_packed <= CREDENTIAL_COMPRESSED(size));
    assert_ok(credential_inflate(inflater, CREDENTIAL_ZLIB, packed, num_packed, again, sizeof again, &num, NULL));
    assert_int_equal(num, size);
    assert_memory_equal(again, bytes, size);
    return num_packed;
}

/* Bytes of a smaller or larger alphabet, which repeat more or less. */
static void try_bytes(struct test_random *random)
{
    static uint8_t bytes[CREDENTIAL_COMPRESS_MOST];
    size_t         size = test_between(random, 0, test_between(random, 0, 9) == 0 ? sizeof bytes : 600);
    size_t         letters = (size_t) 1 << test_between(random, 0, 8), repeats = test_between(random, 0, 20);
    for (size_t i = 0, num; i < size; i += num) {
        bool   copy = i > 0 && test_between(random, 0, 20) < repeats;
        size_t from = copy ? test_between(random, 0, i - 1) : 0;
        num = copy ? test_between(random, 1, size - i) : 1;
        for (size_t j = 0; j < num; j++)
            bytes[i + j] = copy ? bytes[from + j] : (uint8_t) test_between(random, 0, letters - 1);
    }
    pack(bytes, size);
}

static void test_any_bytes(void **state)
{
    (void) state;
    test_property("packed bytes are the same again", 500, try_bytes);
}

/* Each length and distance of a repetition. */
static void test_repetitions(void **state)
{
    (void) state;
    static uint8_t bytes[CREDENTIAL_COMPRESS_MOST];
    for (size_t length = 1; length <= 600; length++) {
        memset(bytes, 'a', sizeof bytes);
        pack(bytes, length);
        for (size_t i = 0; i < length; i++)
            bytes[i] = bytes[length + i] = (uint8_t) (i * i >> 3);
        pack(bytes, 2 * length);
    }
    for (size_t distance = 3; distance + 3 <= sizeof bytes; distance += distance < 40 ? 1 : distance / 20) {
        for (size_t i = 0; i < distance; i++)
            bytes[i] = (uint8_t) (i * 2654435761U >> 24);
        memcpy(bytes + distance, bytes, 3);
        pack(bytes, distance + 3);
    }
    memset(bytes, 0, sizeof bytes);
    assert_true(pack(bytes, sizeof bytes) < 400);
}

/* The invented issuer packs with libdeflate at level 9. */
static void test_passes(void **state)
{
    (void) state;
    struct issuer issuer;
    size_t        ours = 0, theirs = 0;
    issuer_init(&issuer, 0, NULL, 0, 0);
    for (int i = 0; i < 300; i++) {
        char               text[ISSUER_PASS_BYTES], ci[40];
        uint8_t            packed[ISSUER_PASS_BYTES], token[ISSUER_PASS_BYTES];
        struct issuer_pass pass = { .kind = "vtr"[i % 3], .ci = ci, .padding = i % 20 };
        size_t             num_packed = 0, num = 0;
        snprintf(ci, sizeof ci, "URN:UVCI:01:XX:%08X#Q", (unsigned) i * 2654435761U);
        size_t size = issuer_hc1(&issuer, &pass, text);
        assert_ok(credential_base45_decode(text + 4, size - 4, packed, &num_packed, NULL));
        assert_ok(credential_inflate(inflater, CREDENTIAL_ZLIB, packed, num_packed, token, sizeof token, &num, NULL));
        ours += pack(token, num);
        theirs += num_packed;
    }
    print_message("of 300 passes %zu bytes, libdeflate's %zu\n", ours, theirs);
    assert_true(ours <= theirs + theirs / 200);
    issuer_free(&issuer);
}

static int set_up(void **state)
{
    (void) state;
    inflater = credential_inflater_new();
    return inflater == NULL;
}

static int tear_down(void **state)
{
    (void) state;
    credential_inflater_free(inflater);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_bytes),
        cmocka_unit_test(test_repetitions),
        cmocka_unit_test(test_passes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
