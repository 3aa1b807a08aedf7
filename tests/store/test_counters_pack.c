/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Packed numbers of the counters: what is packed is read back, and bytes that are none are refused. */
#include <stdlib.h>

#include "store/counters_pack.h"
#include "support/test.h"

enum { MARK = 0xabcd, ROOM = 64 };

static struct counters_numbers numbers;

static int start(void **state)
{
    (void) state;
    counters_numbers_free(&numbers);
    return 0;
}

static size_t pack(uint8_t *bytes)
{
    return counters_pack(&numbers, MARK, bytes);
}

/* Bytes back into numbers: 0 or the walk's failure. */
static int unpack(const void *bytes, size_t size, uint16_t mark, struct counters_number *got, size_t *num)
{
    struct db_value      value = db_bytes(bytes, size);
    struct counters_walk walk;
    int                  ret = counters_walk_begin(&walk, &value, mark);
    *num = 0;
    while (ret == 0 && (ret = counters_walk_next(&walk, &got[*num])) == 1) {
        ++*num;
        ret = 0;
        assert_true(*num < ROOM);
        if (walk.at == walk.end)
            break;
    }
    return ret;
}

static void test_numbers_come_back_in_order(void **state)
{
    static const struct counters_number given[] = { { 7, 1 },           { 0, -1 },         { UINT32_MAX, INT64_MAX },
                                                    { 300, INT64_MIN }, { 127, 63 },       { 128, 64 },
                                                    { 8, -64 },         { 70000, -12345 }, { 7, 2 } };
    static const struct counters_number expected[] = { { 0, -1 },         { 7, 3 },
                                                       { 8, -64 },        { 127, 63 },
                                                       { 128, 64 },       { 300, INT64_MIN },
                                                       { 70000, -12345 }, { UINT32_MAX, INT64_MAX } };
    enum { NUM = sizeof expected / sizeof *expected };
    uint8_t                bytes[COUNTERS_MARK_BYTES + NUM * COUNTERS_NUMBER_BYTES];
    struct counters_number got[ROOM];
    size_t                 num;
    (void) state;
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        assert_ok(counters_numbers_add(&numbers, given[i].codes, given[i].value));
    size_t size = pack(bytes);
    assert_true(size <= sizeof bytes);
    assert_ok(unpack(bytes, size, MARK, got, &num));
    assert_int_equal(num, NUM);
    for (size_t i = 0; i < NUM; i++) {
        assert_int_equal(got[i].codes, expected[i].codes);
        assert_true(got[i].value == expected[i].value);
    }
}

static void test_nothing_is_kept_of_a_number_that_is_0(void **state)
{
    uint8_t                bytes[COUNTERS_MARK_BYTES + 2 * COUNTERS_NUMBER_BYTES];
    struct counters_number got[ROOM];
    size_t                 num;
    (void) state;
    assert_ok(counters_numbers_add(&numbers, 5, 0));
    assert_ok(counters_numbers_add(&numbers, 5, 2));
    assert_ok(counters_numbers_add(&numbers, 9, 1));
    assert_ok(counters_numbers_add(&numbers, 5, -2));
    assert_int_equal(numbers.num, 1);
    assert_ok(counters_numbers_add(&numbers, 9, -1));
    assert_int_equal(pack(bytes), COUNTERS_MARK_BYTES);
    assert_ok(unpack(bytes, COUNTERS_MARK_BYTES, MARK, got, &num));
    assert_int_equal(num, 0);
}

/* A usual row: a number of a case or two takes two bytes. */
static void test_a_small_number_is_small(void **state)
{
    uint8_t bytes[COUNTERS_MARK_BYTES + COUNTERS_NUMBER_BYTES];
    (void) state;
    assert_ok(counters_numbers_add(&numbers, 100, 63));
    assert_int_equal(pack(bytes), COUNTERS_MARK_BYTES + 2);
}

static void test_other_bytes_are_refused(void **state)
{
    struct counters_number got[ROOM];
    size_t                 num;
    (void) state;
    assert_status(unpack("\xcd", 1, MARK, got, &num), DB_ERR_CORRUPT);                             /* no mark */
    assert_status(unpack("\xcd\xab", 2, MARK + 1, got, &num), DB_ERR_CORRUPT);                     /* of another */
    assert_status(unpack("\xcd\xab\x01", 3, MARK, got, &num), DB_ERR_CORRUPT);                     /* no value */
    assert_status(unpack("\xcd\xab\x01\x80", 4, MARK, got, &num), DB_ERR_CORRUPT);                 /* cut */
    assert_status(unpack("\xcd\xab\x01\x02\x00\x02", 6, MARK, got, &num), DB_ERR_CORRUPT);         /* the same twice */
    assert_status(unpack("\xcd\xab\x80\x80\x80\x80\x10\x02", 8, MARK, got, &num), DB_ERR_CORRUPT); /* too large */
    struct db_value      text = db_word("no bytes");
    struct counters_walk walk;
    assert_status(counters_walk_begin(&walk, &text, MARK), DB_ERR_CORRUPT);
}

static int stop(void **state)
{
    return start(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_numbers_come_back_in_order, start),
        cmocka_unit_test_setup(test_nothing_is_kept_of_a_number_that_is_0, start),
        cmocka_unit_test_setup(test_a_small_number_is_small, start),
        cmocka_unit_test_setup(test_other_bytes_are_refused, start),
    };
    return cmocka_run_group_tests(tests, NULL, stop);
}
