/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "formats/hl7v2/ack.h"
#include "formats/hl7v2/map.h"
#include "support/test.h"

static struct code_tables *tables; /* empty: nothing here needs a code */

static const struct report_time now = { .year = 2026,
                                        .month = 11,
                                        .day = 22,
                                        .hour = 9,
                                        .minute = 5,
                                        .second = 7,
                                        .precision = REPORT_SECOND,
                                        .zone_known = true,
                                        .zone_minutes = -330 };

static char *answer_to(const char *text, enum hl7_ack_kind kind, bool stored)
{
    const struct hl7_options     options = { .tables = tables };
    const struct hl7_ack_options how = { .kind = kind, .stored = stored, .control_id = "R9", .now = &now };
    struct arena                 arena = ARENA_INIT;
    struct report                report;
    struct hl7_message           message;
    struct sink                  sink;
    report_init(&report, &arena, text, strlen(text));
    hl7_map(&report, &options, &message);
    sink_init_memory(&sink);
    hl7_ack_write(&sink, &message, &report, &how);
    sink_character(&sink, '\0');
    arena_free(&arena);
    return sink.bytes;
}

static void assert_answer(const char *text, enum hl7_ack_kind kind, bool stored, const char *expected)
{
    char *answer = answer_to(text, kind, stored);
    assert_string_equal(answer, expected);
    free(answer);
}

#define GOOD                                                                                                           \
    "MSH|^~\\&|LIS|LAB^2.9^ISO|HD|HQ|20261122||ORU^R01^ORU_R01|C17|P|2.5.1\rPID|1||7^^^H^MR\r"                         \
    "OBR|1||A1|X^y^L|||20261121|||||||||||||||20261122|||F\rOBX|1|NM|H^Haemoglobin^L||9||||||F\r"

static void test_a_good_message(void **state)
{
    (void) state;
    assert_answer(GOOD, HL7_ACK_APPLICATION, true,
                  "MSH|^~\\&|HD|HQ|LIS|LAB^2.9^ISO|20261122090507-0530||ACK^R01^ACK|R9|P|2.5.1\rMSA|AA|C17\r");
    assert_answer(GOOD, HL7_ACK_COMMIT, true,
                  "MSH|^~\\&|HD|HQ|LIS|LAB^2.9^ISO|20261122090507-0530||ACK^R01^ACK|R9|P|2.5.1\rMSA|CA|C17\r");
}

static void test_a_store_that_is_down_is_an_error_to_repeat(void **state)
{
    (void) state;
    char *answer = answer_to(GOOD, HL7_ACK_APPLICATION, false);
    assert_non_null(strstr(answer, "\rMSA|AE|C17\rERR|||207^Application internal error^HL70357|E||||not stored"));
    free(answer);
}

static void test_what_is_not_read_here_is_rejected_at_its_place(void **state)
{
    (void) state;
    char *answer = answer_to("MSH|^~\\&|LIS|LAB|HD|HQ|20261122||ORM^O01|C18|P|2.5.1\r", HL7_ACK_APPLICATION, true);
    assert_non_null(strstr(answer, "|ACK^O01^ACK|R9|P|2.5.1\rMSA|AR|C18\rERR||MSH^1^9^1^1|200^Unsupported message type^"
                                   "HL70357|E||||a message type that is not read here"));
    assert_null(strstr(answer, "ORM")); /* no value is repeated */
    free(answer);
}

static void test_errors_are_located(void **state)
{
    (void) state;
    char *answer = answer_to(GOOD "OBX|2|NM||||||||F\r", HL7_ACK_APPLICATION, true);
    assert_non_null(strstr(answer, "\rMSA|AE|C17\r"));
    assert_non_null(strstr(answer, "\rERR||OBX^2^3|101^Required field missing^HL70357|E||||"));
    free(answer);
}

static void test_older_versions_have_the_place_in_err_1(void **state)
{
    (void) state;
    char *answer = answer_to("MSH|^~\\&|LIS|LAB|HD|HQ|20261122||ORM^O01|C18|P|2.3\r", HL7_ACK_APPLICATION, true);
    assert_non_null(
        strstr(answer, "||ACK^O01|R9|P|2.3\rMSA|AR|C18\rERR|MSH^1^9^200&Unsupported message type&HL70357\r"));
    free(answer);
}

static void test_what_cannot_be_read_is_rejected_without_a_control_id(void **state)
{
    (void) state;
    assert_answer("hello", HL7_ACK_APPLICATION, true,
                  "MSH|^~\\&|||||20261122090507-0530||ACK|R9|P|2.5.1\rMSA|AR|\rERR||MSH^1|100^Segment sequence error^"
                  "HL70357|E||||the message does not begin with the segment MSH; allowed: "
                  "MSH\\F\\\\S\\\\R\\\\E\\\\T\\\\F\\…\r");
}

static void test_delimiters_of_the_sender_and_escapes(void **state)
{
    (void) state;
    char *answer = answer_to("MSH^~|\\&^LIS^LAB^HD^HQ^20261122^^ORU~R01^C\\S\\1^P^2.5.1\r", HL7_ACK_APPLICATION, true);
    assert_non_null(strstr(answer, "MSH^~|\\&^HD^HQ^LIS^LAB^"));
    assert_non_null(strstr(answer, "\rMSA^AE^C\\S\\1\r")); /* unescaped on the way in, escaped again */
    free(answer);
}

static void test_few_delimiters_stay_few(void **state)
{
    (void) state;
    char *answer = answer_to("MSH|~|LIS|LAB|HD|HQ|20261122||ORM~O01|C1|P|2.5.1\r", HL7_ACK_APPLICATION, true);
    assert_non_null(strstr(answer, "MSH|~|HD|HQ|LIS|LAB|"));
    free(answer);
}

static void assert_wanted(const char *msh_15_16, bool commit, bool application, enum hl7_verdict verdict)
{
    char text[200];
    snprintf(text, sizeof text, "MSH|^~\\&|A|B|C|D|20261122||ORU^R01|1|P|2.5.1|||%s\r", msh_15_16);
    struct arena       arena = ARENA_INIT;
    struct report      report;
    struct hl7_message message;
    report_init(&report, &arena, text, strlen(text));
    assert_ok(hl7_read(&report, &message));
    assert_int_equal(hl7_ack_is_wanted(&message, HL7_ACK_COMMIT, verdict), commit);
    assert_int_equal(hl7_ack_is_wanted(&message, HL7_ACK_APPLICATION, verdict), application);
    arena_free(&arena);
}

static void test_modes(void **state)
{
    (void) state;
    assert_wanted("|", false, true, HL7_ACCEPT); /* original */
    assert_wanted("NE|AL", false, true, HL7_ACCEPT);
    assert_wanted("AL|NE", true, false, HL7_ACCEPT);
    assert_wanted("NE|NE", false, false, HL7_REJECT);
    assert_wanted("AL|", true, false, HL7_ACCEPT);
    assert_wanted("ER|SU", false, true, HL7_ACCEPT);
    assert_wanted("ER|SU", true, false, HL7_ERROR);
}

/* More faults than an answer holds: the last segment says how many there are more. */
static void test_limit_of_errors_and_one_past(void **state)
{
    (void) state;
    for (int past = 0; past < 2; past++) {
        struct sink text;
        sink_init_memory(&text);
        sink_text(&text, GOOD);
        for (int i = 0; i < HL7_ACK_MAX_ERRORS + past; i++)
            sink_format(&text, "OBX|%d|NM||||||||F\r", i + 2);
        sink_character(&text, '\0');
        char  *answer = answer_to(text.bytes, HL7_ACK_APPLICATION, true);
        size_t num = 0;
        for (const char *at = answer; (at = strstr(at, "\rERR|")) != NULL; at++)
            num++;
        assert_int_equal(num, HL7_ACK_MAX_ERRORS);
        assert_int_equal(strstr(answer, "more faults") != NULL, past);
        free(answer);
        sink_free(&text);
    }
}

static void test_batch_answers(void **state)
{
    (void) state;
    const struct hl7_ack_options how = { .control_id = "B1", .now = &now };
    struct sink                  sink;
    sink_init_memory(&sink);
    hl7_ack_begin_batch(&sink, &how);
    hl7_ack_end_batch(&sink, 2, 1);
    sink_character(&sink, '\0');
    assert_string_equal(sink.bytes, "FHS|^~\\&|||||20261122090507-0530||||B1\rBHS|^~\\&|||||20261122090507-0530||||B1\r"
                                    "BTS|2|1 faults of the envelope\rFTS|1\r");
    sink_free(&sink);
}

static void test_answers_are_read(void **state)
{
    (void) state;
    static const struct {
        const char *text, *code, *id, *error;
    } cases[] = {
        { "MSH|^~\\&|A\rMSA|AA|C1\r", "AA", "C1", "" },
        { "MSH|^~\\&|A\rMSA|AR|C2|bad\rERR||PID^1|102^x|E||||no \\F\\ here\r", "AR", "C2", "no | here" },
        { "MSH|^~\\&|A\rMSA|CE||later\r", "CE", "", "later" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena      arena = ARENA_INIT;
        struct report     report;
        struct hl7_answer answer;
        report_init(&report, &arena, cases[i].text, strlen(cases[i].text));
        assert_ok(hl7_ack_read(&report, &answer));
        assert_true(report_text_equals(answer.code, cases[i].code));
        assert_true(report_text_equals(answer.control_id, cases[i].id));
        assert_true(report_text_equals(answer.error, cases[i].error));
        arena_free(&arena);
    }
    struct arena      arena = ARENA_INIT;
    struct report     report;
    struct hl7_answer answer;
    report_init(&report, &arena, GOOD, strlen(GOOD));
    assert_int_equal(hl7_ack_read(&report, &answer), BASE_ERR_INPUT);
    arena_free(&arena);
}

static int make_tables(void **state)
{
    (void) state;
    return code_tables_new(&tables);
}

static int free_tables(void **state)
{
    (void) state;
    code_tables_free(tables);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_message),
        cmocka_unit_test(test_a_store_that_is_down_is_an_error_to_repeat),
        cmocka_unit_test(test_what_is_not_read_here_is_rejected_at_its_place),
        cmocka_unit_test(test_errors_are_located),
        cmocka_unit_test(test_older_versions_have_the_place_in_err_1),
        cmocka_unit_test(test_what_cannot_be_read_is_rejected_without_a_control_id),
        cmocka_unit_test(test_delimiters_of_the_sender_and_escapes),
        cmocka_unit_test(test_few_delimiters_stay_few),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_limit_of_errors_and_one_past),
        cmocka_unit_test(test_batch_answers),
        cmocka_unit_test(test_answers_are_read),
    };
    return cmocka_run_group_tests(tests, make_tables, free_tables);
}
