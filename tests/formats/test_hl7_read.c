/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "formats/hl7v2/decode.h"
#include "formats/hl7v2/hl7.h"
#include "support/test.h"

struct reading {
    struct arena       arena;
    struct report      report;
    struct hl7_message message;
    int                status;
};

static struct reading *read_bytes(const char *bytes, size_t size)
{
    struct reading *reading = calloc(1, sizeof *reading);
    report_init(&reading->report, &reading->arena, bytes, size);
    reading->status = hl7_read(&reading->report, &reading->message);
    return reading;
}

static struct reading *read_text(const char *text)
{
    return read_bytes(text, strlen(text));
}

static void end(struct reading *reading)
{
    arena_free(&reading->arena);
    free(reading);
}

static void assert_text(struct report_text text, const char *expected)
{
    assert_int_equal(text.size, strlen(expected));
    assert_memory_equal(text.bytes, expected, text.size);
}

static void assert_value(struct reading *reading, const char *id, uint32_t field, uint32_t component,
                         const char *expected)
{
    const struct hl7_segment *segment = hl7_find(&reading->message, id, 0);
    assert_non_null(segment);
    assert_text(hl7_value(&reading->message, &reading->report, segment, field, component), expected);
}

static void test_fields_count_as_the_standard_does(void **state)
{
    (void) state;
    struct reading *r = read_text("MSH|^~\\&|APP|FAC\rPID|1||A^B&C~D\rOBX|2\r");
    assert_ok(r->status);
    assert_int_equal(r->message.num_segments, 3);
    const struct hl7_segment *msh = &r->message.segments[0], *pid = &r->message.segments[1];
    assert_int_equal(hl7_field(&r->message, msh, 1).size, 1);
    assert_int_equal(hl7_field(&r->message, msh, 2).size, 4);
    assert_value(r, "MSH", 3, 1, "APP");
    assert_value(r, "MSH", 4, 1, "FAC");
    assert_value(r, "PID", 3, 1, "A");
    assert_value(r, "PID", 3, 2, "B&C");
    assert_text(hl7_value(&r->message, &r->report, pid, 3, 0), "A^B&C");
    assert_int_equal(hl7_field(&r->message, pid, 2).size, 0);
    assert_null(hl7_field(&r->message, pid, 4).bytes); /* not written */
    assert_int_equal(hl7_field(&r->message, pid, 0).size, 0);
    end(r);
}

static void test_any_delimiters(void **state)
{
    (void) state;
    struct reading *r = read_text("MSH^~|\\&^APP^200M\rPID^1^^11~x|22\r");
    assert_ok(r->status);
    assert_value(r, "PID", 3, 1, "11");
    assert_value(r, "PID", 3, 2, "x");
    end(r);
    r = read_text("MSH|^~\\&#|APP\rPID|1||a#b\r"); /* with a truncation character */
    assert_ok(r->status);
    assert_value(r, "PID", 3, 1, "a#b");
    end(r);
}

static void assert_refused(const char *text, const char *segment, uint32_t field)
{
    struct reading *r = read_text(text);
    assert_int_equal(r->status, BASE_ERR_INPUT);
    assert_int_equal(r->report.num_faults, 1);
    assert_int_equal(r->report.faults[0].severity, REPORT_FATAL);
    assert_string_equal(r->report.faults[0].place.segment, segment);
    assert_int_equal(r->report.faults[0].place.field, field);
    end(r);
}

static void test_what_is_no_message_is_refused_with_its_place(void **state)
{
    (void) state;
    assert_refused("", "MSH", 0);
    assert_refused("PID|1", "MSH", 0);
    assert_refused("MSH", "MSH", 0);
    assert_refused("MSH|", "MSH", 2);
    assert_refused("MSH|^~\\\\&|APP\r", "MSH", 2); /* twice the same */
}

static void test_few_encoding_characters_are_enough(void **state)
{
    (void) state;
    struct reading *r = read_text("MSH|^~|APP\rPID|1||a^b&c\r");
    assert_ok(r->status);
    assert_value(r, "PID", 3, 2, "b&c");
    end(r);
}

static void test_ends_of_lines(void **state)
{
    (void) state;
    static const char *const same[] = { "MSH|^~\\&|A\rPID|1||x\rOBX|1\r", "MSH|^~\\&|A\nPID|1||x\nOBX|1\n",
                                        "MSH|^~\\&|A\r\nPID|1||x\r\nOBX|1", "MSH|^~\\&|A\n\n\nPID|1||x\n \nOBX|1",
                                        "\xef\xbb\xbf\x0bMSH|^~\\&|A\rPID|1||x\rOBX|1\x1c\r" };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct reading *r = read_text(same[i]);
        assert_ok(r->status);
        assert_int_equal(r->message.num_segments, 3);
        assert_int_equal(r->report.num_all_faults, 0);
        assert_value(r, "PID", 3, 0, "x");
        assert_value(r, "OBX", 1, 0, "1");
        end(r);
    }
}

static void test_a_bare_line_feed_among_returns_is_data(void **state)
{
    (void) state;
    struct reading *r = read_text("MSH|^~\\&|A\rNTE|1||one\ntwo\rOBX|1\r");
    assert_ok(r->status);
    assert_int_equal(r->message.num_segments, 3);
    assert_int_equal(r->report.num_all_faults, 0);
    assert_value(r, "NTE", 3, 0, "one\ntwo");
    end(r);
    r = read_text("MSH|^~\\&|A\rNTE|1||one\nOBX|1\r"); /* looks like a mixed file: told */
    assert_int_equal(r->message.num_segments, 2);
    assert_int_equal(r->report.num_all_faults, 1);
    end(r);
}

static void test_a_line_that_is_no_segment_continues_the_field(void **state)
{
    (void) state;
    struct reading *r = read_text("MSH|^~\\&|A\nNTE|1||one\ntwo lines|four\nOBX|1\n");
    assert_ok(r->status);
    assert_int_equal(r->message.num_segments, 3);
    assert_int_equal(r->report.num_all_faults, 1);
    assert_int_equal(r->report.faults[0].severity, REPORT_WARNING);
    assert_value(r, "NTE", 3, 0, "one\ntwo lines");
    assert_value(r, "NTE", 4, 0, "four");
    end(r);
}

static void test_escapes(void **state)
{
    (void) state;
    static const struct {
        const char *sent, *text;
    } cases[] = {
        { "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f", "a|b^c&d~e\\f" },
        { "one\\.br\\two\\.sp\\three", "one\ntwo\nthree" },
        { "\\H\\loud\\N\\", "loud" },
        { "\\X41C3A9\\", "A\xc3\xa9" },
        { "\\XC3\\", "\\XC3\\" },         /* half a character */
        { "\\X00\\x", "\\X00\\x" },       /* a NUL is no text */
        { "\\X4\\x", "\\X4\\x" },         /* half a byte */
        { "\\Zlocal\\x", "\\Zlocal\\x" }, /* unknown: as it is */
        { "C:\\folder", "C:\\folder" },   /* not ended */
        { "\\\\", "\\\\" },               /* nothing between */
        { "  blanks  ", "blanks" },
        { "\\\"\\", "\\\"\\" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        snprintf(text, sizeof text, "MSH|^~\\&|A\rNTE|1||%s\r", cases[i].sent);
        struct reading *r = read_text(text);
        assert_value(r, "NTE", 3, 0, cases[i].text);
        end(r);
    }
}

static void test_not_sent_and_sent_empty_differ(void **state)
{
    (void) state;
    struct reading           *r = read_text("MSH|^~\\&|A\rPID|1||\"\"|\r");
    const struct hl7_segment *pid = hl7_find(&r->message, "PID", 0);
    struct report_text        cleared = hl7_value(&r->message, &r->report, pid, 3, 0);
    struct report_text        absent = hl7_value(&r->message, &r->report, pid, 2, 0);
    assert_true(cleared.bytes != NULL && cleared.size == 0);
    assert_true(absent.bytes == NULL && absent.size == 0);
    end(r);
}

static char *repeated(const char *begin, const char *part, size_t times, size_t *size)
{
    size_t first = strlen(begin), each = strlen(part);
    char  *text = malloc(first + each * times + 1);
    memcpy(text, begin, first);
    for (size_t i = 0; i < times; i++)
        memcpy(text + first + i * each, part, each);
    *size = first + each * times;
    return text;
}

static void assert_limit(const char *begin, const char *part, size_t most)
{
    for (size_t i = 0; i < 2; i++) {
        size_t          size;
        char           *text = repeated(begin, part, most + i, &size);
        struct reading *r = read_bytes(text, size);
        assert_int_equal(r->status, i == 0 ? 0 : BASE_ERR_INPUT);
        if (i == 1)
            assert_int_equal(r->report.faults[0].rule, REPORT_LIMIT);
        end(r);
        free(text);
    }
}

static void test_limits_and_one_past(void **state)
{
    (void) state;
    assert_limit("MSH|^~\\&|A\r", "ZZZ\r", HL7_MAX_SEGMENTS - 1);
    assert_limit("MSH|^~\\&|A\rPID", "|", HL7_MAX_FIELDS);
    assert_limit("MSH|^~\\&|A\rPID|", "x", HL7_MAX_BYTES - 15);
}

static void test_no_memory_is_told(void **state)
{
    (void) state;
    struct reading r = { .arena.limit = 100 };
    report_init(&r.report, &r.arena, "MSH|^~\\&|A\r", 11);
    assert_int_equal(hl7_read(&r.report, &r.message), TOC_ERR_NO_MEMORY);
    assert_false(report_is_usable(&r.report));
    arena_free(&r.arena);
}

/* ---- character sets ---- */

static void assert_decoded(const char *bytes, const char *charset, int status, const char *name)
{
    struct arena  arena = ARENA_INIT;
    struct report report;
    report_init(&report, &arena, bytes, strlen(bytes));
    assert_int_equal(hl7_decode(&report, charset), status);
    if (status == 0) {
        assert_non_null(memmem(report.bytes, report.size, name, strlen(name)));
    } else {
        assert_int_equal(report.faults[0].rule, REPORT_ENCODING);
        assert_int_equal(report.faults[0].severity, REPORT_FATAL);
    }
    arena_free(&arena);
}

#define UNTIL_18 "MSH|^~\\&|A||||||ORU^R01|1|P|2.5.1||||||"

static void test_character_sets_are_named_never_guessed(void **state)
{
    (void) state;
    const char *latin = "M\xfcller", *utf8 = "M\xc3\xbcller", *gb = "\xcd\xf5\xb7\xbc",
               *wang = "\xe7\x8e\x8b\xe8\x8a\xb3";
    char text[200];
    snprintf(text, sizeof text, "%s\rPID|1||%s\r", UNTIL_18, utf8);
    assert_decoded(text, NULL, 0, utf8);
    assert_decoded(text, "8859/1", 0, utf8); /* what is UTF-8 is UTF-8, whatever the profile says */
    snprintf(text, sizeof text, "%s8859/1\rPID|1||%s\r", UNTIL_18, latin);
    assert_decoded(text, NULL, 0, utf8);
    snprintf(text, sizeof text, "%sGB 18030-2000\rPID|1||%s\r", UNTIL_18, gb);
    assert_decoded(text, NULL, 0, wang);
    snprintf(text, sizeof text, "%s\rPID|1||%s\r", UNTIL_18, latin);
    assert_decoded(text, NULL, BASE_ERR_INPUT, "");
    assert_decoded(text, "8859/1", 0, utf8);
    snprintf(text, sizeof text, "%sUNICODE UTF-8\rPID|1||%s\r", UNTIL_18, latin);
    assert_decoded(text, NULL, BASE_ERR_INPUT, "");
    snprintf(text, sizeof text, "%sKLINGON\rPID|1||%s\r", UNTIL_18, latin);
    assert_decoded(text, NULL, BASE_ERR_INPUT, "");
    assert_decoded("\xff\xfeM", NULL, BASE_ERR_INPUT, "");
}

static void test_the_offset_of_a_bad_byte_is_told(void **state)
{
    (void) state;
    struct arena  arena = ARENA_INIT;
    struct report report;
    const char    bytes[] = "MSH|^~\\&|A\rPID|1||ab\xfc\r";
    report_init(&report, &arena, bytes, sizeof bytes - 1);
    assert_int_equal(hl7_decode(&report, NULL), BASE_ERR_INPUT);
    assert_int_equal(report.faults[0].place.offset, 20);
    arena_free(&arena);
}

/* ---- denied fields ---- */

static void test_denied_fields_are_found(void **state)
{
    (void) state;
    const char *text = "MSH|^~\\&|A\rPID|1|||||||||RACE|||||||FAITH|||||ETHNOS|\rNK1|1||||||||||||||||||||||||CHURCH\r"
                       "OBX|1|CWE|32624-9^Race^LN||2106-3^White\rOBX|2|ST|X^Trace metal^L||5\r"
                       "OBX|3|ST|Q^Patient ethnicity^L||secret\rNTE|1||Religion: none of our business\r";
    struct reading *r = read_text(text);
    hl7_strike_out(&r->message, &r->report, NULL);
    static const char *const struck[] = {
        "RACE", "FAITH", "ETHNOS", "CHURCH", "2106-3^White", "secret", "Religion: none of our business"
    };
    assert_int_equal(r->report.num_denied, sizeof struck / sizeof *struck);
    for (size_t i = 0; i < sizeof struck / sizeof *struck; i++) {
        assert_int_equal(r->report.denied[i].size, strlen(struck[i]));
        assert_memory_equal(text + r->report.denied[i].offset, struck[i], strlen(struck[i]));
    }
    end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_count_as_the_standard_does),
        cmocka_unit_test(test_any_delimiters),
        cmocka_unit_test(test_what_is_no_message_is_refused_with_its_place),
        cmocka_unit_test(test_few_encoding_characters_are_enough),
        cmocka_unit_test(test_ends_of_lines),
        cmocka_unit_test(test_a_bare_line_feed_among_returns_is_data),
        cmocka_unit_test(test_a_line_that_is_no_segment_continues_the_field),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_not_sent_and_sent_empty_differ),
        cmocka_unit_test(test_limits_and_one_past),
        cmocka_unit_test(test_no_memory_is_told),
        cmocka_unit_test(test_character_sets_are_named_never_guessed),
        cmocka_unit_test(test_the_offset_of_a_bad_byte_is_told),
        cmocka_unit_test(test_denied_fields_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
