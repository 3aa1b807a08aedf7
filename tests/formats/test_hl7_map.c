/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What messages mean: each test is one rule of docs/intake.md with the smallest message that could prove it wrong. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "formats/hl7v2/map.h"
#include "support/test.h"

static struct code_tables *tables;

struct mapping {
    struct arena       arena;
    struct report      report;
    struct hl7_message message;
    int                status;
    char               text[8000];
};

#define MSH "MSH|^~\\&|LIS|LAB^2.9^ISO|HD|HD|20261122120000+0800||ORU^R01^ORU_R01|17|P|2.5.1\r"
#define PID "PID|1||7^^^HOSP&2.1&ISO^MR||Example^Anna||19800102|F\r"
#define OBR "OBR|1|P1|A1|94500-6^SARS-CoV-2 RNA^LN|||202611211000|||||||||||||||202611221100|||F\r"

static struct mapping *map_with(const struct hl7_options *options, const char *text)
{
    struct mapping *m = calloc(1, sizeof *m);
    snprintf(m->text, sizeof m->text, "%s", text);
    report_init(&m->report, &m->arena, m->text, strlen(m->text));
    m->status = hl7_map(&m->report, options, &m->message);
    return m;
}

static struct mapping *map(const char *text)
{
    const struct hl7_options options = { .tables = tables };
    return map_with(&options, text);
}

static void end(struct mapping *m)
{
    arena_free(&m->arena);
    free(m);
}

static void assert_text(struct report_text text, const char *expected)
{
    if (text.size != strlen(expected) || (text.size > 0 && memcmp(text.bytes, expected, text.size) != 0))
        fail_msg("\"%.*s\" is not \"%s\"", (int) text.size, text.bytes != NULL ? text.bytes : "", expected);
}

static bool has_fault(const struct report *report, enum report_rule rule, const char *place)
{
    for (uint32_t i = 0; i < report->num_faults; i++) {
        char text[REPORT_PLACE_BYTES];
        report_place_to_text(&report->faults[i].place, text);
        if (report->faults[i].rule == rule && strcmp(text, place) == 0)
            return true;
    }
    return false;
}

/* One OBX line in an ordinary message: what was made of it. */
static void assert_meaning(const char *obx, enum report_interpretation interpretation, enum report_decision decision,
                           const char *disease)
{
    char text[2000];
    snprintf(text, sizeof text, MSH PID OBR "%s\r", obx);
    struct mapping *m = map(text);
    assert_ok(m->status);
    assert_int_equal(m->report.num_results, 1);
    const struct report_result *result = &m->report.results[0];
    if (result->interpretation != interpretation || result->decided_by != decision)
        fail_msg("%s: %s by %s", obx, report_interpretation_word(result->interpretation),
                 report_decision_word(result->decided_by));
    if (disease == NULL)
        assert_null(result->disease);
    else
        assert_string_equal(result->disease != NULL ? result->disease : "none", disease);
    end(m);
}

#define COVID "OBX|1|CWE|94500-6^SARS-CoV-2 RNA^LN||"

static void test_code_decides_first(void **state)
{
    (void) state;
    assert_meaning(COVID "260373001^Detected^SCT|||N|||F", REPORT_DETECTED, REPORT_BY_CODE, "covid-19");
    assert_meaning(COVID "D^x^L^10828004^Positive^2.16.840.1.113883.6.96||||||F", REPORT_DETECTED, REPORT_BY_CODE,
                   "covid-19");
    assert_meaning(COVID "260415000^Not detected^PH_SNOMED-CT|||A|||F", REPORT_NOT_DETECTED, REPORT_BY_CODE,
                   "covid-19");
    assert_meaning(COVID "419984006^Inconclusive^SCT||||||F", REPORT_INCONCLUSIVE, REPORT_BY_CODE, "covid-19");
    assert_meaning(COVID "455371000124106^Invalid^SCT||||||F", REPORT_INVALID, REPORT_BY_CODE, "covid-19");
    assert_meaning(COVID "125154007^Unsatisfactory^SCT||||||F", REPORT_REJECTED, REPORT_BY_CODE, "covid-19");
}

static void test_then_flag_then_number_then_words(void **state)
{
    (void) state;
    assert_meaning(COVID "XYZ^something^L|||A|||F", REPORT_DETECTED, REPORT_BY_FLAG, "covid-19");
    assert_meaning(COVID "XYZ^something^L|||N^Normal^HL70078|||F", REPORT_NOT_DETECTED, REPORT_BY_FLAG, "covid-19");
    assert_meaning("OBX|1|NM|94500-6^SARS-CoV-2^LN||5.2||0.0-0.9||||F", REPORT_DETECTED, REPORT_BY_NUMBER, "covid-19");
    assert_meaning("OBX|1|SN|94500-6^SARS-CoV-2^LN||<^1||<1||||F", REPORT_NOT_DETECTED, REPORT_BY_NUMBER, "covid-19");
    assert_meaning("OBX|1|SN|94500-6^SARS-CoV-2^LN||^1^:^80||<1:40||||F", REPORT_DETECTED, REPORT_BY_NUMBER,
                   "covid-19");
    assert_meaning("OBX|1|NM|94500-6^SARS-CoV-2^LN||5.2||||||F", REPORT_NOT_UNDERSTOOD, REPORT_BY_NOTHING, "covid-19");
    assert_meaning("OBX|1|ST|94500-6^SARS-CoV-2^LN||Not Detected (see note)||||||F", REPORT_NOT_DETECTED,
                   REPORT_BY_TEXT, "covid-19");
    assert_meaning("OBX|1|ST|94500-6^SARS-CoV-2^LN||阳性||||||F", REPORT_DETECTED, REPORT_BY_TEXT, "covid-19");
    assert_meaning("OBX|1|ST|94500-6^SARS-CoV-2^LN||No SARS-CoV-2 RNA detected.||||||F", REPORT_NOT_DETECTED,
                   REPORT_BY_TEXT, "covid-19");
    assert_meaning("OBX|1|CWE|94500-6^SARS-CoV-2^LN||Positive||||||F", REPORT_DETECTED, REPORT_BY_TEXT, "covid-19");
    assert_meaning(COVID "XYZ^something^L||||||F", REPORT_NOT_UNDERSTOOD, REPORT_BY_NOTHING, "covid-19");
}

static void test_flag_and_words_that_contradict_go_to_review(void **state)
{
    (void) state;
    assert_meaning("OBX|1|ST|94500-6^SARS-CoV-2^LN||Not detected|||A|||F", REPORT_NOT_UNDERSTOOD, REPORT_BY_NOTHING,
                   "covid-19");
    assert_meaning("OBX|1|ST|94500-6^SARS-CoV-2^LN||Indeterminate|||A|||F", REPORT_INCONCLUSIVE, REPORT_BY_TEXT,
                   "covid-19"); /* abnormal, and it says how */
}

static void test_the_target_comes_from_code_name_or_organism(void **state)
{
    (void) state;
    assert_meaning("OBX|1|CWE|X1^Measles virus IgM Ab^L||10828004^Positive^SCT||||||F", REPORT_DETECTED, REPORT_BY_CODE,
                   "measles");
    assert_meaning("OBX|1|CWE|600-7^Bacteria identified in Blood by Culture^LN||5595000^Salmonella Typhi^SCT||||||F",
                   REPORT_DETECTED, REPORT_BY_ORGANISM, "typhoid");
    assert_meaning("OBX|1|CWE|C1^Culture^L||SALTY^Salmonella enterica serovar Typhi^L|||A|||F", REPORT_DETECTED,
                   REPORT_BY_FLAG, "typhoid");
    assert_meaning("OBX|1|CWE|Q1^新冠病毒核酸检测^L||260373001^检出^SCT||||||F", REPORT_DETECTED, REPORT_BY_CODE,
                   "covid-19");
}

static void test_a_measurement_is_no_finding(void **state)
{
    (void) state;
    struct mapping *m = map(MSH PID "OBR|1|P|A|58410-2^CBC^LN|||20261121|||||||||||||||20261122|||F\r"
                                    "OBX|1|NM|718-7^Hemoglobin^LN||9.1|g/dL|12-16|L|||F\r");
    assert_ok(m->status);
    assert_int_equal(m->report.results[0].interpretation, REPORT_MEASURED);
    assert_null(m->report.results[0].disease);
    assert_int_equal(m->report.num_not_detected, 0);
    assert_false(has_fault(&m->report, REPORT_UNKNOWN_CODE, "OBX-3"));
    end(m);
}

static void test_a_panel_with_two_positives_is_two_results(void **state)
{
    (void) state;
    struct mapping *m = map(MSH PID "OBR|1|P|A|95941-1^Respiratory panel^LN|||20261121|||||||||||||||20261122|||F\r"
                                    "OBX|1|CWE|94500-6^SARS-CoV-2^LN||260373001^Detected^SCT||||||F\r"
                                    "OBX|2|CWE|92142-9^Flu A^LN||260373001^Detected^SCT||||||F\r"
                                    "OBX|3|CWE|92141-1^Flu B^LN||260415000^Not detected^SCT||||||F\r"
                                    "SPM|1|P&L^S1&L||258500001^Nasopharyngeal swab^SCT|||||||P|||||||20261121\r");
    assert_ok(m->status);
    assert_int_equal(m->report.num_results, 3);
    assert_int_equal(m->report.num_specimens, 1);
    assert_string_equal(m->report.results[0].disease, "covid-19");
    assert_string_equal(m->report.results[1].disease, "influenza");
    assert_int_equal(m->report.results[1].interpretation, REPORT_DETECTED);
    assert_int_equal(m->report.num_not_detected, 1);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(m->report.results[i].specimen, 0);
        assert_int_equal(m->report.results[i].subject, 0);
        assert_false(m->report.results[i].pooled);
    }
    assert_text(m->report.specimens[0].filler_number, "S1");
    end(m);
}

static void assert_pooled(const char *obx, const char *spm, uint32_t num_pooled, bool by_setting)
{
    const struct hl7_options options = { .tables = tables, .pooled = by_setting };
    char                     text[2000];
    snprintf(text, sizeof text, MSH PID OBR "%s\r%s", obx, spm);
    struct mapping *m = map_with(&options, text);
    assert_ok(m->status);
    const struct report_result *result = &m->report.results[0];
    assert_true(result->pooled);
    assert_int_equal(m->report.specimens[result->specimen].kind, REPORT_POOL);
    assert_int_equal(m->report.subjects[result->subject].kind, REPORT_POOL); /* not the person of PID */
    assert_int_equal(m->report.subjects[result->subject].num_pooled, num_pooled);
    assert_int_equal(m->report.subjects[result->subject].num_names, 0);
    end(m);
}

static void test_a_pooled_finding_is_of_the_tube(void **state)
{
    (void) state;
    const char *positive = COVID "260373001^Detected^SCT||||||F";
    assert_pooled(positive, "SPM|1|^T1||258500001^Swab^SCT|||||||L^Pooled^HL70369||10\r", 10, false);
    assert_pooled(positive, "SPM|1|^T1||258500001^Swab^SCT|||||||G\r", 0, false);
    assert_pooled(positive, "SPM|1|^T1||258500001^Swab^SCT|||||||||5\r", 5, false);
    assert_pooled(COVID "462371000124108^Detected in pool^SCT||||||F", "SPM|1|^T1||258500001^Swab^SCT\r", 0, false);
    assert_pooled(COVID "895231008^Not detected in pool^SCT||||||F", "", 0, false);
    assert_pooled(positive, "SPM|1|^T1||258500001^Swab^SCT|||||||P\r", 0, true);
}

static void test_a_single_specimen_is_no_pool(void **state)
{
    (void) state;
    struct mapping *m = map(MSH PID OBR COVID "260373001^Detected^SCT||||||F\r"
                                              "SPM|1|^T1||258500001^Swab^SCT|||||||P^Patient^HL70369||1\r");
    assert_false(m->report.results[0].pooled);
    assert_int_equal(m->report.num_subjects, 1);
    end(m);
}

static void test_quality_control_never_counts(void **state)
{
    (void) state;
    struct mapping *m = map(MSH PID OBR COVID "260415000^Not detected^SCT||||||F\r"
                                              "SPM|1|^T1||258500001^Swab^SCT|||||||Q^Control^HL70369\r");
    assert_true(m->report.results[0].quality_control);
    assert_int_equal(m->report.num_not_detected, 0);
    assert_int_equal(m->report.subjects[m->report.results[0].subject].kind, REPORT_QUALITY_CONTROL);
    end(m);
}

static void test_status(void **state)
{
    (void) state;
    static const struct {
        const char        *code;
        enum report_status status;
    } cases[] = {
        { "F", REPORT_FINAL },
        { "P", REPORT_PRELIMINARY },
        { "S", REPORT_PRELIMINARY },
        { "C", REPORT_CORRECTED },
        { "W", REPORT_ENTERED_IN_ERROR },
        { "D", REPORT_ENTERED_IN_ERROR },
        { "X", REPORT_CANCELLED },
        { "N", REPORT_NOT_A_RESULT },
        { "F^Final results", REPORT_FINAL },
        { "", REPORT_FINAL /* OBR-25 */ },
        { "unknown", REPORT_STATUS_UNKNOWN },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[1000];
        snprintf(text, sizeof text, MSH PID OBR COVID "260373001^Detected^SCT||||||%s\r", cases[i].code);
        struct mapping *m = map(text);
        assert_int_equal(m->report.results[0].status, cases[i].status);
        assert_int_equal(has_fault(&m->report, REPORT_VALUE, "OBX-11"), cases[i].status == REPORT_STATUS_UNKNOWN);
        end(m);
    }
}

static void assert_processing(const char *msh_11, enum report_processing processing)
{
    char text[1000];
    snprintf(text, sizeof text,
             "MSH|^~\\&|A|B|||20261122||ORU^R01|1|%s|2.5.1\r" PID OBR COVID "260415000^ND^SCT||||||F\r", msh_11);
    struct mapping *m = map(text);
    assert_int_equal(m->report.processing, processing);
    assert_int_equal(m->report.num_not_detected, processing == REPORT_TEST ? 0 : 1);
    end(m);
}

static void test_test_messages_are_never_live(void **state)
{
    (void) state;
    assert_processing("P", REPORT_LIVE);
    assert_processing("T", REPORT_TEST);
    assert_processing("D", REPORT_TEST);
    assert_processing("P^T", REPORT_TEST);
    assert_processing("Q", REPORT_TEST); /* not known: never live by a guess */
    assert_processing("", REPORT_PROCESSING_NOT_SENT);
}

static void test_answers_are_not_results(void **state)
{
    (void) state;
    struct mapping *m = map(MSH PID OBR COVID "260373001^Detected^SCT||||||F\r"
                                              "OBX|2|CWE|95419-8^Symptoms^LN||Y^Yes^HL70136||||||F\r"
                                              "OBX|3|DT|11368-8^Onset^LN||20261118||||||F\r"
                                              "OBX|4|NM|35659-2^Age^LN||46|a^year^UCUM|||||F\r"
                                              "OBX|5|CWE|82810-3^Pregnancy^LN||60001007^Not pregnant^SCT||||||F\r"
                                              "OBX|6|ST|LOCAL^Something asked^L||blue||||||F||||||||||||||||||QST\r");
    assert_ok(m->status);
    assert_int_equal(m->report.num_results, 1);
    assert_int_equal(m->report.num_answers, 5);
    assert_int_equal(m->report.answers[0].question, REPORT_SYMPTOMATIC);
    assert_int_equal(m->report.answers[0].flag, REPORT_YES);
    assert_int_equal(m->report.answers[1].question, REPORT_ONSET);
    assert_int_equal(m->report.answers[1].value.time.precision, REPORT_DAY);
    assert_close(m->report.subjects[0].age, 46, 0, 0);
    assert_int_equal(m->report.answers[3].flag, REPORT_NO);
    assert_int_equal(m->report.answers[4].question, REPORT_QUESTION_OTHER);
    end(m);
}

static void test_a_cycle_threshold_belongs_to_its_result(void **state)
{
    (void) state;
    struct mapping *m = map(MSH PID OBR COVID "260373001^Detected^SCT||||||F\r"
                                              "OBX|2|NM|94745-7^SARS-CoV-2 RNA Ct^LN||24.5|{Ct}|||||F\r"
                                              "OBX|3|NM|ORF^SARS-CoV-2 ORF1ab gene Ct^L||26|||||F\r");
    assert_int_equal(m->report.num_results, 2); /* the second threshold has no result left to go to */
    assert_close(m->report.results[0].cycle_threshold, 24.5, 0, 0);
    assert_int_equal(m->report.results[1].interpretation, REPORT_MEASURED);
    end(m);
}

static void test_a_repeated_observation_counts_once(void **state)
{
    (void) state;
    struct mapping *m = map(MSH PID OBR COVID "260415000^ND^SCT||||||F\r" COVID "260415000^ND^SCT||||||F\r"
                                              "OBX|3|CWE|94500-6^SARS-CoV-2 RNA^LN|2|260415000^ND^SCT||||||F\r");
    assert_int_equal(m->report.num_results, 2); /* another sub-id is another observation */
    assert_true(has_fault(&m->report, REPORT_REPEATED, "OBX(2)"));
    end(m);
}

static void test_people(void **state)
{
    (void) state;
    struct mapping *m =
        map("MSH|^~\\&|A|B|||20261122||ORU^R01|1|P|2.5.1\r"
            "PID|1||7^^^HOSP&2.1&ISO^MR~8^^^OTHER^PI||Example&von^Anna^Maria^^Dr^^L~^^^^^^S~REDACTED^REDACTED||1980|F||"
            "2106-3^White|5 Long Street&Long Street&5^Apt 2^Riverton^ZZ^12345^USA^H^^County||(530) 555 0199^PRN^CP^^1^"
            "530^5550199~^NET^Internet^a@example.com||||||123-45-6789||||||||||20261120|Y\r" OBR
            "OBX|1|CWE|94500-6^C^LN||260415000^ND^SCT||||||F\r");
    const struct report_subject *subject = &m->report.subjects[0];
    assert_int_equal(subject->num_identifiers, 3);
    assert_text(subject->identifiers[0].value, "7");
    assert_text(subject->identifiers[0].authority.name, "HOSP");
    assert_text(subject->identifiers[0].authority.id, "2.1");
    assert_text(subject->identifiers[0].kind, "MR");
    assert_text(subject->identifiers[2].kind, "SS");
    assert_int_equal(subject->num_names, 1); /* a pseudonym without a name, and a redacted one, are none */
    assert_text(subject->names[0].family, "Example");
    assert_text(subject->names[0].given, "Anna");
    assert_int_equal(subject->names[0].use, REPORT_NAME_LEGAL);
    assert_int_equal(subject->birth.precision, REPORT_YEAR);
    assert_int_equal(subject->sex, REPORT_FEMALE);
    assert_text(subject->addresses[0].street, "5 Long Street");
    assert_text(subject->addresses[0].county, "County");
    assert_text(subject->telecoms[0].number, "+15305550199");
    assert_int_equal(subject->telecoms[0].kind, REPORT_MOBILE);
    assert_text(subject->telecoms[1].number, "a@example.com");
    assert_int_equal(subject->deceased, REPORT_YES);
    assert_int_equal(m->report.num_denied, 1);
    end(m);
}

static void test_denied_fields_reach_no_part_of_the_report(void **state)
{
    (void) state;
    struct mapping *m =
        map(MSH "PID|1||7^^^H^MR||Example^A||1980|F||RACEWORD|||||||FAITHWORD|||||ETHNOSWORD\r" OBR COVID
                "260415000^ND^SCT||||||F\rOBX|2|CWE|32624-9^Race^LN||RACEWORD^Race||||||F\r"
                "NTE|1||patient's religion: FAITHWORD\r");
    struct sink        sink;
    struct json_writer json;
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    report_write_json(&m->report, &json);
    sink_character(&sink, '\0');
    assert_null(strstr(sink.bytes, "WORD"));
    assert_int_equal(m->report.num_results, 1);
    assert_int_equal(m->report.num_answers, 0);
    assert_int_equal(m->report.num_denied, 5);
    sink_free(&sink);
    end(m);
}

static void test_two_patients_are_kept_apart(void **state)
{
    (void) state;
    struct mapping *m =
        map(MSH PID OBR COVID "260373001^D^SCT||||||F\r"
                              "PID|2||9^^^HOSP^MR||Other^Ben||1990|M\r" OBR COVID "260415000^ND^SCT||||||F\r");
    assert_int_equal(m->report.num_subjects, 2);
    assert_int_equal(m->report.results[0].subject, 0);
    assert_int_equal(m->report.results[1].subject, 1);
    assert_int_equal(m->report.num_specimens, 2); /* one accession number, but two people */
    end(m);
}

static void test_older_dress(void **state)
{
    (void) state;
    struct mapping *m = map("MSH|^~\\&|A|B|||20261122||ORU^R01|1|P|2.3\r" PID
                            "OBR|1||A9|X^Rabies FA^L|||202611211000|||||||202611211200|BRAIN&Brain tissue&L||||||||F\r"
                            "OBX|1|CE|6532-6^Rabies FA^LN||10828004^Positive^SNM|||||F|F\r");
    assert_ok(m->status);
    assert_string_equal(m->report.results[0].disease, "rabies");
    assert_int_equal(m->report.num_specimens, 1);
    assert_text(m->report.specimens[0].material.codings[0].code, "BRAIN");
    assert_text(m->report.specimens[0].filler_number, "A9");
    assert_int_equal(m->report.specimens[0].collected.precision, REPORT_MINUTE);
    assert_false(m->report.specimens[0].collected.zone_known);
    end(m);
}

static void test_times_out_of_order_are_told(void **state)
{
    (void) state;
    struct mapping *m =
        map(MSH PID "OBR|1|P|A|94500-6^C^LN|||20261125|||||||||||||||20261124|||F\r" COVID "260415000^ND^SCT||||||F\r");
    assert_ok(m->status);
    assert_true(has_fault(&m->report, REPORT_ORDER, "OBR-22"));
    end(m);
    struct report_time       now = { .year = 2026, .month = 11, .day = 20, .precision = REPORT_DAY };
    const struct hl7_options options = { .tables = tables, .now = &now };
    m = map_with(&options, MSH PID OBR COVID "260415000^ND^SCT||||||F\r");
    assert_true(has_fault(&m->report, REPORT_ORDER, "OBR-7"));
    assert_true(has_fault(&m->report, REPORT_ORDER, "MSH-7"));
    end(m);
}

static void assert_refused(const char *msh, const char *place, enum report_rule rule)
{
    char text[1000];
    snprintf(text, sizeof text, "%s\r" PID, msh);
    struct mapping *m = map(text);
    assert_int_equal(m->status, BASE_ERR_INPUT);
    assert_true(has_fault(&m->report, rule, place));
    assert_int_equal(m->report.num_subjects, 0);
    end(m);
}

static void test_what_is_not_read_here_is_refused_with_its_place(void **state)
{
    (void) state;
    assert_refused("MSH|^~\\&|A|B|||20261122||ORM^O01|1|P|2.5.1", "MSH-9.1", REPORT_UNSUPPORTED);
    assert_refused("MSH|^~\\&|A|B|||20261122||ADT^A40|1|P|2.5.1", "MSH-9.2", REPORT_UNSUPPORTED);
    assert_refused("MSH|^~\\&|A|B|||20261122||ORU^R30|1|P|2.5.1", "MSH-9.2", REPORT_UNSUPPORTED);
    assert_refused("MSH|^~\\&|A|B|||20261122|||1|P|2.5.1", "MSH-9", REPORT_REQUIRED);
    assert_refused("MSH|^~\\&|A|B|||20261122||ORU^R01|1|P|3.0", "MSH-12.1", REPORT_UNSUPPORTED);
}

static void test_missing_parts_are_errors_but_the_rest_is_read(void **state)
{
    (void) state;
    struct mapping *m = map("MSH|^~\\&|A|B|||20261122||ORU^R01||P|2.5.1\r" PID OBR COVID "260415000^ND^SCT||||||F\r"
                            "OBX|2|ST|||x||||||F\r");
    assert_ok(m->status);
    assert_true(has_fault(&m->report, REPORT_REQUIRED, "MSH-10"));
    assert_true(has_fault(&m->report, REPORT_REQUIRED, "OBX(2)-3"));
    assert_int_equal(m->report.num_results, 1);
    assert_int_equal(m->report.worst, REPORT_ERROR);
    end(m);
    m = map(MSH OBR COVID "260415000^ND^SCT||||||F\r");
    assert_true(has_fault(&m->report, REPORT_REQUIRED, "PID"));
    assert_int_equal(m->report.results[0].subject, REPORT_NONE);
    end(m);
    m = map(MSH PID COVID "260415000^ND^SCT||||||F\r");
    assert_true(has_fault(&m->report, REPORT_STRUCTURE, "OBX"));
    end(m);
}

static void test_a_case_notification_is_answers_and_a_condition(void **state)
{
    (void) state;
    struct mapping *m =
        map(MSH PID "OBR|1||N1|68991-9^Epidemiologic information^LN|||20261122|||||||||||||||20261122|||F||||||"
                    "10190^Pertussis^NND\r"
                    "OBX|1|TS|11368-8^Onset^LN||20261101||||||F\r"
                    "OBX|2|CWE|77990-0^Case class^LN||410605003^Confirmed^SCT||||||F\r"
                    "OBX|3|CWE|INV930^Indicator^PHINQUESTION|1|Y^Yes^HL70136||||||F\r");
    assert_ok(m->status);
    assert_int_equal(m->report.num_results, 0);
    assert_int_equal(m->report.num_answers, 3);
    assert_int_equal(m->report.num_diagnoses, 1);
    assert_string_equal(m->report.diagnoses[0].disease, "pertussis");
    assert_string_equal(m->report.diagnoses[0].classification, "confirmed");
    assert_int_equal(m->report.diagnoses[0].onset.precision, REPORT_DAY);
    end(m);
}

static void test_a_visit(void **state)
{
    (void) state;
    struct mapping *m = map("MSH|^~\\&||ED^9^NPI|||202611220040||ADT^A03^ADT_A03|1|P|2.5.1\r"
                            "EVN||202611220030|||||Mercy^98^NPI\r"
                            "PID|1||33^^^^MR||^^^^^^~^^^^^^S|||F||||^^^^53217^^^^55089\r"
                            "PV1|1|E|||||||||||||||||V7^^^^VN|||||||||||||||||09||||||||202611212130|202611220010\r"
                            "PV2|||^Stomach pain\r"
                            "DG1|1||A37.90^Whooping cough^I10C|||F\rDG1|2||0074^Crypto^I9CDX|||W\r"
                            "OBX|1|CWE|SS003^^PHINQUESTION||261QE0002X^Emergency Care^NUCC||||||F\r"
                            "OBX|2|NM|21612-7^Age^LN||45|a^^UCUM|||||F\r"
                            "OBX|3|CWE|8661-1^^LN||^^^^^^^^Diarrhea, fever||||||F\r"
                            "OBX|4|NM|11289-6^Temperature^LN||38.6|Cel^^UCUM|||||F\r"
                            "OBX|5|NM|59408-5^SpO2^LN||95|%^^UCUM|||||F\r"
                            "OBX|6|TX|54094-8^Triage^LN||came walking||||||F\r");
    assert_ok(m->status);
    assert_int_equal(m->report.num_visits, 1);
    const struct report_visit *visit = &m->report.visits[0];
    assert_int_equal(visit->event, REPORT_DISCHARGED);
    assert_text(visit->number.value, "V7");
    assert_text(visit->facility.name, "Mercy");
    assert_text(visit->disposition, "09");
    assert_text(visit->reason.text, "Diarrhea, fever"); /* more exact than PV2-3 */
    assert_text(visit->note, "came walking");
    assert_close(visit->temperature, 38.6, 0, 0);
    assert_close(visit->oxygen_saturation_percent, 95, 0, 0);
    assert_text(visit->facility_kind.codings[0].code, "261QE0002X");
    assert_close(m->report.subjects[0].age, 45, 0, 0);
    assert_int_equal(m->report.subjects[0].num_names, 0);
    assert_int_equal(m->report.num_diagnoses, 2);
    assert_string_equal(m->report.diagnoses[0].disease, "pertussis");
    assert_int_equal(m->report.diagnoses[0].kind, REPORT_FINAL_DIAGNOSIS);
    assert_int_equal(m->report.diagnoses[1].kind, REPORT_WORKING);
    assert_int_equal(m->report.num_results, 0);
    end(m);
}

static void test_a_memo_changes_no_answer(void **state)
{
    (void) state;
    struct hl7_memo         *memo = hl7_memo_new();
    const struct hl7_options with = { .tables = tables, .memo = memo };
    const char              *texts[] = { MSH PID OBR COVID "260373001^D^SCT||||||F\r"
                                                                        "OBX|2|CWE|X^Measles IgM^L||10828004^P^SCT||||||F\r"
                                                                        "OBX|3|ST|E^Ethnicity^L||x||||||F\r",
                                         MSH PID     OBR "OBX|1|CWE|X^Measles IgG^L||10828004^P^SCT||||||F\r"
                                                                      "OBX|2|NM|94745-7^Ct^LN||20||||||F\r" };
    for (int i = 0; i < 4; i++) {
        struct mapping *a = map(texts[i % 2]), *b = map_with(&with, texts[i % 2]);
        struct sink     sinks[2];
        for (int k = 0; k < 2; k++) {
            struct json_writer json;
            sink_init_memory(&sinks[k]);
            json_writer_init(&json, &sinks[k]);
            report_write_json(k == 0 ? &a->report : &b->report, &json);
        }
        assert_int_equal(sinks[0].used, sinks[1].used);
        assert_memory_equal(sinks[0].bytes, sinks[1].bytes, sinks[0].used);
        sink_free(&sinks[0]);
        sink_free(&sinks[1]);
        end(a);
        end(b);
    }
    free(memo);
}

static void test_every_lack_of_memory_is_told(void **state)
{
    (void) state;
    const struct hl7_options options = { .tables = tables };
    const char *text = MSH PID OBR COVID "260373001^D^SCT||||||F\rSPM|1|^1||1^x^SCT\r";
    int                            status = TOC_ERR_NO_MEMORY;
    for (size_t limit = 16; status != 0; limit += 200) {
        struct arena       arena = { .limit = limit };
        struct report      report;
        struct hl7_message message;
        report_init(&report, &arena, text, strlen(text));
        status = hl7_map(&report, &options, &message);
        assert_true(status == 0 || status == TOC_ERR_NO_MEMORY);
        assert_int_equal(report_is_usable(&report), status == 0);
        arena_free(&arena);
        assert_true(limit < 100000);
    }
}

static int load_tables(void **state)
{
    struct fault_list faults = FAULT_LIST_INIT;
    (void) state;
    int ret = code_tables_new(&tables);
    if (ret == 0)
        ret = code_tables_add_folder(tables, LISTS, &faults);
    if (ret == 0)
        ret = code_tables_add_folder(tables, INTAKE, &faults);
    fault_list_write(&faults, stderr);
    fault_list_free(&faults);
    return ret;
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
        cmocka_unit_test(test_code_decides_first),
        cmocka_unit_test(test_then_flag_then_number_then_words),
        cmocka_unit_test(test_flag_and_words_that_contradict_go_to_review),
        cmocka_unit_test(test_the_target_comes_from_code_name_or_organism),
        cmocka_unit_test(test_a_measurement_is_no_finding),
        cmocka_unit_test(test_a_panel_with_two_positives_is_two_results),
        cmocka_unit_test(test_a_pooled_finding_is_of_the_tube),
        cmocka_unit_test(test_a_single_specimen_is_no_pool),
        cmocka_unit_test(test_quality_control_never_counts),
        cmocka_unit_test(test_status),
        cmocka_unit_test(test_test_messages_are_never_live),
        cmocka_unit_test(test_answers_are_not_results),
        cmocka_unit_test(test_a_cycle_threshold_belongs_to_its_result),
        cmocka_unit_test(test_a_repeated_observation_counts_once),
        cmocka_unit_test(test_people),
        cmocka_unit_test(test_denied_fields_reach_no_part_of_the_report),
        cmocka_unit_test(test_two_patients_are_kept_apart),
        cmocka_unit_test(test_older_dress),
        cmocka_unit_test(test_times_out_of_order_are_told),
        cmocka_unit_test(test_what_is_not_read_here_is_refused_with_its_place),
        cmocka_unit_test(test_missing_parts_are_errors_but_the_rest_is_read),
        cmocka_unit_test(test_a_case_notification_is_answers_and_a_condition),
        cmocka_unit_test(test_a_visit),
        cmocka_unit_test(test_a_memo_changes_no_answer),
        cmocka_unit_test(test_every_lack_of_memory_is_told),
    };
    return cmocka_run_group_tests(tests, load_tables, free_tables);
}
