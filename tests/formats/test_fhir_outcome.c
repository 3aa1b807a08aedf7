/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers: what they say, that they say nothing of a person, and that they are FHIR themselves. */
#include "fhir_reading.h"
#include "formats/fhir/outcome.h"

static char *outcome_of(struct reading *reading, uint32_t entry)
{
    struct sink        sink;
    struct json_writer json;
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    fhir_write_outcome(&json, &reading->report, &reading->document, entry);
    sink_character(&sink, '\0');
    return sink.bytes;
}

/* What is answered would be accepted. */
static void assert_is_fhir(const char *text)
{
    struct reading *reading = read_text(text);
    assert_read(reading);
    end(reading);
}

static void test_one_issue_a_fault(void **state)
{
    (void) state;
    struct reading *reading =
        read_text("{'resourceType':'Observation','status':'done','valueString':'y','dataAbsentReason':{"
                  "'text':'z'}}");
    char *text = outcome_of(reading, FHIR_EVERY_ENTRY);
    assert_string_equal(
        text, "{\"resourceType\":\"OperationOutcome\",\"issue\":["
              "{\"severity\":\"fatal\",\"code\":\"value\",\"diagnostics\":\"not a code of the closed set; found: "
              "\\\"done\\\"; allowed: registered|preliminary|final|amended|corrected|cancelled|entered-in-error|"
              "unknown\",\"expression\":[\"Observation.status\"]},"
              "{\"severity\":\"fatal\",\"code\":\"required\",\"diagnostics\":\"a required element is missing\","
              "\"expression\":[\"Observation.code\"]},"
              "{\"severity\":\"fatal\",\"code\":\"invariant\",\"diagnostics\":\"a reason why there is no value, "
              "and a value (obs-6)\",\"expression\":[\"Observation.dataAbsentReason\"]}]}");
    assert_is_fhir(text);
    assert_int_equal(fhir_status_of(&reading->report), 422);
    free(text);
    end(reading);
    reading = read_text("{'resourceType':'Patient'}");
    text = outcome_of(reading, FHIR_EVERY_ENTRY);
    assert_non_null(strstr(text, "\"code\":\"informational\""));
    assert_is_fhir(text);
    assert_int_equal(fhir_status_of(&reading->report), 200);
    free(text);
    end(reading);
}

/* What does not say what it is has no place by a name: the answer is FHIR all the same. */
static void test_a_resource_without_a_type(void **state)
{
    (void) state;
    struct reading *reading = read_text("{'a':[{'code':{'text':'x'}}]}");
    char           *text = outcome_of(reading, FHIR_EVERY_ENTRY);
    assert_non_null(strstr(text, "no resource type"));
    assert_null(strstr(text, "[\"\"]"));
    assert_is_fhir(text);
    free(text);
    end(reading);
}

static void test_nothing_of_a_person_is_repeated(void **state)
{
    (void) state;
    struct reading *reading =
        read_text("{'resourceType':'Bundle','type':'batch','entry':[{'request':{'method':'POST','url':'Patient'},"
                  "'resource':{'resourceType':'Patient','birthDate':'1980-1-1','gender':'X'}},{'request':{"
                  "'method':'POST','url':'Observation'},'resource':{'resourceType':'Observation','status':"
                  "'final','code':{'text':'x'},'issued':'SECRET'}}]}");
    char *text = outcome_of(reading, FHIR_EVERY_ENTRY);
    assert_null(strstr(text, "1980"));
    assert_null(strstr(text, "SECRET"));
    assert_null(strstr(text, "\\\"X"));
    assert_non_null(strstr(text, "Bundle.entry[0].resource.gender"));
    free(text);
    end(reading);
}

static void test_statuses(void **state)
{
    static const struct {
        const char *text;
        unsigned    status;
    } cases[] = {
        { "{'resourceType':'Patient'", 400 },
        { "<Patient/>", 415 },
        { "{'resourceType':'Patient','a':1}", 400 },
        { "{'resourceType':'Patient','gender':'X'}", 422 },
        { "{'resourceType':'Patient','active':'x'}", 400 },
    };
    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reading *reading = read_text(cases[i].text);
        assert_int_equal(fhir_status_of(&reading->report), cases[i].status);
        end(reading);
    }
    assert_string_equal(fhir_status_text(412), "412 Precondition Failed");
    assert_string_equal(fhir_status_text(599), "500 Internal Server Error");
}

/* One answer an entry, in order; the faults of an entry are with it and with no other. */
static void test_responses(void **state)
{
    static const struct fhir_answer answers[] = {
        { .status = 201, .location = "Patient/7/_history/1", .etag = "W/\"1\"" },
        { .status = 422 },
        { .status = 412, .issue = "2 records fit ifNoneExist" }
    };
    struct sink        sink;
    struct json_writer json;
    (void) state;
    struct reading *reading =
        read_text("{'resourceType':'Bundle','type':'batch','entry':[{'request':{'method':'POST','url':'Patient'},'"
                  "resource':{'resourceType':"
                  "'Patient'}},{'request':{'method':'POST','url':'Observation'},'resource':{'resourceType':'"
                  "Observation','status':'final'}},{"
                  "'request':{'method':'POST','url':'Patient'},'resource':{'resourceType':'Patient','active':true}}]}");
    assert_read(reading);
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    fhir_write_response(&json, &reading->report, &reading->document, answers);
    sink_character(&sink, '\0');
    assert_string_equal(
        sink.bytes,
        "{\"resourceType\":\"Bundle\",\"type\":\"batch-response\",\"entry\":["
        "{\"response\":{\"status\":\"201 Created\",\"location\":\"Patient/7/_history/1\",\"etag\":\"W/\\\"1\\\"\"}},"
        "{\"response\":{\"status\":\"422 Unprocessable "
        "Content\",\"outcome\":{\"resourceType\":\"OperationOutcome\",\"issue\":["
        "{\"severity\":\"error\",\"code\":\"required\",\"diagnostics\":\"a required element is "
        "missing\",\"expression\":"
        "[\"Bundle.entry[1].resource.code\"]}]}}},"
        "{\"response\":{\"status\":\"412 Precondition "
        "Failed\",\"outcome\":{\"resourceType\":\"OperationOutcome\",\"issue\":["
        "{\"severity\":\"error\",\"code\":\"multiple-matches\",\"diagnostics\":\"2 records fit ifNoneExist\"}]}}}]}");
    assert_is_fhir(sink.bytes);
    sink_free(&sink);
    end(reading);
}

static void test_faults_beyond_those_kept(void **state)
{
    size_t room = 40 * (REPORT_MAX_FAULTS + 5), used;
    char  *text = malloc(room);
    (void) state;
    assert_non_null(text);
    used = (size_t) snprintf(text, room, "{'resourceType':'Patient'");
    for (unsigned i = 0; i < REPORT_MAX_FAULTS + 3; i++)
        used += (size_t) snprintf(text + used, room - used, ",'no%u':1", i);
    snprintf(text + used, room - used, "}");
    struct reading *reading = read_text(text);
    char           *answer = outcome_of(reading, FHIR_EVERY_ENTRY);
    assert_int_equal(reading->report.num_faults, REPORT_MAX_FAULTS);
    assert_non_null(strstr(answer, "\"code\":\"incomplete\",\"diagnostics\":\"3 faults more\""));
    free(answer);
    free(text);
    end(reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_issue_a_fault),
        cmocka_unit_test(test_a_resource_without_a_type),
        cmocka_unit_test(test_nothing_of_a_person_is_repeated),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_responses),
        cmocka_unit_test(test_faults_beyond_those_kept),
    };
    return cmocka_run_group_tests(tests, load_tables, free_tables);
}
