/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "formats/hl7v2/batch.h"
#include "support/test.h"

#define HEADER "|^~\\&|LAB^2.1^ISO|LAB^2.1^ISO|HD^2.2^ISO|HD^2.2^ISO|20261122"
#define MSH(id) "MSH|^~\\&|A|B|||||ORU^R01|" id "|P|2.5.1\rPID|1||x\r"

/* Reads the file: how many messages, and the places of the envelope's faults, joined by blanks. */
static uint32_t read_file(const char *bytes, size_t size, char places[2000])
{
    struct arena             arena = ARENA_INIT;
    struct report            report;
    struct hl7_batch         batch;
    struct hl7_batch_message message;
    int                      ret;
    uint32_t                 num = 0;
    report_init(&report, &arena, bytes, size);
    assert_ok(hl7_batch_begin(&batch, &report));
    while ((ret = hl7_batch_next(&batch, &message)) == 1) {
        assert_int_equal(message.number, ++num);
        assert_true(message.bytes.bytes >= bytes && message.bytes.bytes + message.bytes.size <= bytes + size);
    }
    assert_true(ret == 0 || ret == BASE_ERR_INPUT);
    places[0] = '\0';
    for (uint32_t i = 0; i < report.num_faults; i++) {
        char place[REPORT_PLACE_BYTES];
        report_place_to_text(&report.faults[i].place, place);
        assert_int_equal(report.faults[i].severity, REPORT_ERROR);
        if (strlen(places) + strlen(place) + 2 < 2000)
            sprintf(places + strlen(places), "%s%s", i > 0 ? " " : "", place);
    }
    hl7_batch_end(&batch);
    arena_free(&arena);
    return num;
}

static void assert_file(const char *text, uint32_t num_messages, const char *expected)
{
    char places[2000];
    assert_int_equal(read_file(text, strlen(text), places), num_messages);
    assert_string_equal(places, expected);
}

static void test_a_whole_envelope(void **state)
{
    (void) state;
    assert_file("FHS|^~\\&\rBHS" HEADER "\r" MSH("1") MSH("2") "BTS|2|\rFTS|1|\r", 2, "");
    assert_file("FHS|^~\\&\n\nBHS" HEADER "\n\n\nMSH|^~\\&|A\nPID|1\n\nBTS|1\nFTS|1\n", 1, "");
}

static void test_no_headers_are_allowed(void **state)
{
    (void) state;
    assert_file(MSH("1"), 1, "");
    assert_file(MSH("1") MSH("2") "\r\n" MSH("3"), 3, "");
    assert_file("FHS|^~\\&\r" MSH("1") MSH("2") "FTS|1\r", 2, "");
    assert_file("", 0, "");
    assert_file("\r\n \n", 0, "");
}

static void test_what_is_wrong_is_told_and_every_message_read(void **state)
{
    (void) state;
    assert_file("FHS|^~\\&\rBHS" HEADER "\r" MSH("1") "BTS|3|\rFTS|2|\r", 1, "BTS-1 FTS-1");
    assert_file("BHS" HEADER "\r" MSH("1") "BTS|1\r", 1, "FHS");
    assert_file("FHS|^~\\&\rBHS" HEADER "\r" MSH("1") "BTS|1\r", 1, "FTS");
    assert_file("FHS|^~\\&\rBHS" HEADER "\r" MSH("1") "FTS|1\r", 1, "BTS");
    assert_file("FHS|^~\\&\rBHS" HEADER "\r" MSH("1") "BTS|1\r" MSH("2") "FTS|1\r", 2, "MSH(2)");
    assert_file(MSH("1") "FHS|^~\\&\rBHS" HEADER "\r" MSH("2") "BTS|1\rFTS|1\r", 2, "FHS");
    assert_file("FHS|^~\\&\rBHS" HEADER "\rBTS|0\rFTS|1\r", 0, "BHS");
    assert_file("FHS|^~\\&\rFTS|0\r", 0, "FHS");
    assert_file("FHS|^~\\&\rBHS" HEADER "\r" MSH("1") "BTS|x\rFTS|\r", 1, "BTS-1 FTS-1");
    assert_file("hello\r" MSH("1"), 1, "");
}

static void test_header_fields(void **state)
{
    (void) state;
    assert_file("FHS|^~\\&\rBHS|^~\\&|LAB^2.1^ISO\r" MSH("1") "BTS|1\rFTS|1\r", 1, "BHS-4 BHS-5 BHS-6 BHS-7");
    assert_file("FHS|^~\\&||LAB\rBHS" HEADER "\r" MSH("1") "BTS|1\rFTS|1\r", 1, "FHS-4.2 FHS-4.3");
    assert_file("FHS|^~\\&|L^2^ISO^more||||soon\rBHS" HEADER "\r" MSH("1") "BTS|1\rFTS|1\r", 1, "FHS-3.4 FHS-7");
    assert_file("FHS|^~\\&|12345678901234567890^2^ISO\rBHS" HEADER "\r" MSH("1") "BTS|1\rFTS|1\r", 1, "");
    assert_file("FHS|^~\\&|123456789012345678901^2^ISO\rBHS" HEADER "\r" MSH("1") "BTS|1\rFTS|1\r", 1, "FHS-3.1");
    assert_file("FHS|1|A\rBHS" HEADER "\r" MSH("1") "BTS|1\rFTS|1\r", 1, "FHS-2");
}

static void test_text_without_any_header_is_one_message(void **state)
{
    (void) state;
    assert_file("{\"content\": 1}\n{\"content\": 2}\n", 1, "");
    assert_file("MSHcript\n", 1, "");
}

static void assert_same(const char *text, uint32_t number, uint32_t repeats, uint32_t same_id)
{
    struct arena             arena = ARENA_INIT;
    struct report            report;
    struct hl7_batch         batch;
    struct hl7_batch_message message;
    report_init(&report, &arena, text, strlen(text));
    assert_ok(hl7_batch_begin(&batch, &report));
    while (hl7_batch_next(&batch, &message) == 1)
        if (message.number == number) {
            assert_int_equal(message.repeats, repeats);
            assert_int_equal(message.same_id, same_id);
        }
    assert_int_equal(report.num_all_faults, 0);
    hl7_batch_end(&batch);
    arena_free(&arena);
}

static void test_repeated_messages_and_control_ids_are_told(void **state)
{
    (void) state;
    assert_same(MSH("1") MSH("2") MSH("1"), 3, 1, 0);
    assert_same(MSH("1") MSH("1") "OBX|1\r", 2, 0, 1);
    assert_same(MSH("1") MSH("2"), 2, 0, 0);
    assert_same(MSH("") MSH(""), 2, 0, 0); /* no control id: nothing to compare */
}

/* As many messages as fit in the table of those seen, and more: found again after it grew. */
static void test_many_messages(void **state)
{
    (void) state;
    enum { NUM = 5000 };
    char  *text = malloc(NUM * 60), places[2000];
    size_t size = 0;
    for (int i = 0; i < NUM; i++)
        size += (size_t) sprintf(text + size, "MSH|^~\\&|A|B|||||ORU^R01|%d|P|2.5.1\r", i % (NUM / 2));
    struct arena             arena = ARENA_INIT;
    struct report            report;
    struct hl7_batch         batch;
    struct hl7_batch_message message;
    uint32_t                 repeats = 0;
    report_init(&report, &arena, text, size);
    assert_ok(hl7_batch_begin(&batch, &report));
    while (hl7_batch_next(&batch, &message) == 1)
        repeats += message.repeats == message.number - NUM / 2 && message.number > NUM / 2;
    assert_int_equal(repeats, NUM / 2);
    hl7_batch_end(&batch);
    arena_free(&arena);
    assert_int_equal(read_file(text, size, places), NUM);
    free(text);
}

static void test_limit_of_messages_and_one_past(void **state)
{
    (void) state;
    const char *one = "MSH|^\r";
    size_t      each = strlen(one);
    char       *text = malloc(each * (HL7_MAX_MESSAGES + 1)), places[2000];
    for (size_t i = 0; i <= HL7_MAX_MESSAGES; i++)
        memcpy(text + i * each, one, each);
    assert_int_equal(read_file(text, each * HL7_MAX_MESSAGES, places), HL7_MAX_MESSAGES);
    assert_string_equal(places, "");
    assert_int_equal(read_file(text, each * (HL7_MAX_MESSAGES + 1), places), HL7_MAX_MESSAGES);
    assert_string_equal(places, "MSH(1000001)");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_envelope),
        cmocka_unit_test(test_no_headers_are_allowed),
        cmocka_unit_test(test_what_is_wrong_is_told_and_every_message_read),
        cmocka_unit_test(test_header_fields),
        cmocka_unit_test(test_text_without_any_header_is_one_message),
        cmocka_unit_test(test_repeated_messages_and_control_ids_are_told),
        cmocka_unit_test(test_many_messages),
        cmocka_unit_test(test_limit_of_messages_and_one_past),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
