/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "base/fault.h"
#include "store/audit_receipt.h"
#include "support/keeper.h"
#include "support/test.h"

static char          *directory;
static struct keeper *keeper;

static int start(void **state)
{
    (void) state;
    directory = test_key_directory();
    keeper = test_keeper(directory);
    return 0;
}

static int end(void **state)
{
    (void) state;
    keeper_stop(keeper);
    test_remove_directory(directory);
    return 0;
}

static struct audit_receipt a_receipt(void)
{
    struct audit_head    head = { .number = 1041, .at = INT64_C(1795312800000000), .hash = { 1, 2, 3 } };
    struct audit_receipt receipt;
    assert_ok(audit_receipt_make(keeper, &head, &receipt, NULL));
    return receipt;
}

static void test_a_receipt_is_a_line_that_reads_back(void **state)
{
    (void) state;
    struct audit_receipt receipt = a_receipt(), read;
    char                 text[AUDIT_RECEIPT_BYTES];
    size_t               size = audit_receipt_to_text(&receipt, text);
    assert_int_equal(size, strlen(text));
    assert_in_range(size, 300, AUDIT_RECEIPT_BYTES - 1);
    assert_int_equal(strncmp(text, "tocsin-audit-1 1041 2026-11-22T02:00:00.000000Z 010203", 54), 0);
    assert_ok(audit_receipt_from_text(text, size, &read));
    assert_ok(audit_receipt_check(&read));
    assert_int_equal(read.head.number, 1041);
}

static void test_a_receipt_that_was_touched_is_forged(void **state)
{
    (void) state;
    struct audit_receipt good = a_receipt(), bad = good;
    bad.head.number++;
    assert_status(audit_receipt_check(&bad), SEAL_ERR_FORGED);
    bad = good;
    bad.head.hash[31] ^= 1;
    assert_status(audit_receipt_check(&bad), SEAL_ERR_FORGED);
    bad = good;
    bad.public_key[0] ^= 1;
    assert_status(audit_receipt_check(&bad), SEAL_ERR_FORGED);
}

/* Every shorter line, and a longer one, is none. */
static void test_what_is_no_receipt(void **state)
{
    (void) state;
    struct audit_receipt receipt = a_receipt(), read;
    char                 text[AUDIT_RECEIPT_BYTES + 2];
    size_t               size = audit_receipt_to_text(&receipt, text);
    for (size_t i = 0; i < size; i++)
        assert_status(audit_receipt_from_text(text, i, &read), BASE_ERR_INPUT);
    text[size] = ' ';
    assert_status(audit_receipt_from_text(text, size + 1, &read), BASE_ERR_INPUT);
    text[size] = 'a';
    assert_status(audit_receipt_from_text(text, size + 1, &read), BASE_ERR_INPUT);
    text[0] = 'T';
    assert_status(audit_receipt_from_text(text, size, &read), BASE_ERR_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_receipt_is_a_line_that_reads_back),
        cmocka_unit_test(test_a_receipt_that_was_touched_is_forged),
        cmocka_unit_test(test_what_is_no_receipt),
    };
    return cmocka_run_group_tests(tests, start, end);
}
