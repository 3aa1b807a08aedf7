/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The published rules: each with the smallest resource that breaks it, and its place. */
#include "fhir_reading.h"

#define OBSERVATION "{'resourceType':'Observation','status':'final','code':{'text':'x'}"

static void assert_accepted(const char *text)
{
    struct reading *reading = read_text(text);
    assert_read(reading);
    for (uint32_t i = 0; i < reading->report.num_faults; i++)
        if (reading->report.faults[i].severity >= REPORT_ERROR) {
            show_faults(&reading->report);
            fail_msg("not accepted: %s", text);
        }
    end(reading);
}

/* Refused by exactly one fault. */
static void assert_refused(const char *text, enum report_rule rule, const char *place)
{
    struct reading *reading = read_text(text);
    uint32_t        fatal = 0;
    for (uint32_t i = 0; i < reading->report.num_faults; i++)
        fatal += reading->report.faults[i].severity == REPORT_FATAL;
    if (reading->status != BASE_ERR_INPUT || fatal != 1 || find_fault(&reading->report, rule, place) == NULL) {
        show_faults(&reading->report);
        fail_msg("%s: expected one fault of rule %s at %s", text, report_rule_word(rule), place);
    }
    assert_int_equal(reading->report.num_results, 0);
    end(reading);
}

static void test_names_and_cardinality(void **state)
{
    (void) state;
    assert_accepted(OBSERVATION "}");
    assert_refused(OBSERVATION ",'colour':'red'}", REPORT_STRUCTURE, "Observation.colour");
    assert_refused("{'resourceType':'Observation','code':{'text':'x'}}", REPORT_REQUIRED, "Observation.status");
    assert_refused("{'resourceType':'Observation','status':'final'}", REPORT_REQUIRED, "Observation.code");
    assert_refused(OBSERVATION ",'category':{'text':'y'}}", REPORT_STRUCTURE, "Observation.category");
    assert_refused(OBSERVATION ",'category':[]}", REPORT_STRUCTURE, "Observation.category");
    assert_refused(OBSERVATION ",'subject':[{'display':'y'}]}", REPORT_TYPE, "Observation.subject");
    assert_refused(OBSERVATION ",'method':{}}", REPORT_STRUCTURE, "Observation.method");
    assert_refused(OBSERVATION ",'component':[{'valueString':'y'}]}", REPORT_REQUIRED, "Observation.component[0].code");
    assert_refused(OBSERVATION ",'valueString':'a','valueBoolean':true}", REPORT_STRUCTURE, "Observation.value");
    assert_refused("{'resourceType':'Patientt'}", REPORT_VALUE, "Patientt.resourceType");
    assert_refused("{'id':'7'}", REPORT_REQUIRED, "$this.resourceType");
    assert_refused("[1]", REPORT_STRUCTURE, "$this");
    /* every R4 type is known, also those of which nothing is made */
    assert_accepted("{'resourceType':'Basic','code':{'text':'x'}}");
    assert_refused("{'resourceType':'Basic'}", REPORT_REQUIRED, "Basic.code");
}

static void test_every_resource_type_is_found(void **state)
{
    unsigned num = 0;
    (void) state;
    for (uint16_t id = FHIR_Resource + 1; id < FHIR_NUM_TYPES; id++) {
        const struct fhir_type *type = fhir_type_of(id);
        enum fhir_type_id       found = fhir_resource_type(report_text_of(type->name));
        assert_int_equal(found, type->kind == FHIR_RESOURCE ? id : FHIR_NO_TYPE);
        num += type->kind == FHIR_RESOURCE;
    }
    assert_int_equal(num, 146); /* of R4 */
    assert_int_equal(fhir_resource_type(report_text_of("Patien")), FHIR_NO_TYPE);
    assert_int_equal(fhir_resource_type(report_text_of("Patients")), FHIR_NO_TYPE);
    assert_int_equal(fhir_resource_type(report_text_of("Resource")), FHIR_NO_TYPE);
    assert_int_equal(fhir_resource_type((struct report_text){ 0 }), FHIR_NO_TYPE);
}

static void test_primitive_types(void **state)
{
    static const struct {
        const char *element, *value, *place;
        bool        good;
    } cases[] = {
        { "active", "true", "active", true },
        { "active", "'true'", "active", false },
        { "birthDate", "'1980'", "birthDate", true },
        { "birthDate", "'1980-02'", "birthDate", true },
        { "birthDate", "'1980-02-29'", "birthDate", true },
        { "birthDate", "'1981-02-29'", "birthDate", false },
        { "birthDate", "'1980-13'", "birthDate", false },
        { "birthDate", "'1980-1-1'", "birthDate", false },
        { "birthDate", "'0000'", "birthDate", false },
        { "birthDate", "'1980-02-28T10:00:00Z'", "birthDate", false },
        { "deceasedDateTime", "'2026-11-22T10:00:00Z'", "deceased", true },
        { "deceasedDateTime", "'2026-11-22T10:00:00.123+14:00'", "deceased", true },
        { "deceasedDateTime", "'2026-11-22T10:00:00'", "deceased", false },
        { "deceasedDateTime", "'2026-11-22T10:00Z'", "deceased", false },
        { "deceasedDateTime", "'2026-11-22T24:00:00Z'", "deceased", false },
        { "deceasedDateTime", "'2026-11-22T10:00:00+15:00'", "deceased", false },
        { "multipleBirthInteger", "2", "multipleBirth", true },
        { "multipleBirthInteger", "2.0", "multipleBirth", false },
        { "multipleBirthInteger", "'2'", "multipleBirth", false },
        { "multipleBirthInteger", "2147483648", "multipleBirth", false },
        { "id", "'a-b.7'", "id", true },
        { "id", "'a_b'", "id", false },
        { "id", "'aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234'", "id", true },
        { "id", "'aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff12345'", "id", false },
        { "gender", "'female'", "gender", true },
        { "gender", "'F'", "gender", false },
        { "implicitRules", "'a b'", "implicitRules", false },
        { "language", "'en '", "language", false },
        { "language", "null", "language", false },
    };
    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200], place[80];
        snprintf(text, sizeof text, "{'resourceType':'Patient','%s':%s}", cases[i].element, cases[i].value);
        snprintf(place, sizeof place, "Patient.%s", cases[i].place);
        struct reading *reading = read_text(text);
        bool            good = reading->status == 0;
        bool            told = find_fault(&reading->report, REPORT_TYPE, place) != NULL ||
                    find_fault(&reading->report, REPORT_VALUE, place) != NULL;
        if (good != cases[i].good || told == good)
            fail_msg("%s: %s", text, good ? "accepted" : "refused");
        end(reading);
    }
    assert_refused(OBSERVATION ",'effectiveInstant':'2026-11-22'}", REPORT_TYPE, "Observation.effective");
    assert_refused(OBSERVATION ",'valueTime':'10:00'}", REPORT_TYPE, "Observation.value");
    assert_refused(OBSERVATION ",'valueQuantity':{'value':'7'}}", REPORT_TYPE, "Observation.value.value");
    assert_refused(OBSERVATION ",'valueString':''}", REPORT_TYPE, "Observation.value");
    assert_refused(OBSERVATION ",'text':{'status':'generated','div':'<p>x</p>'}}", REPORT_TYPE, "Observation.text.div");
}

static void test_extensions_of_primitives(void **state)
{
    (void) state;
    assert_accepted(
        "{'resourceType':'Patient','_birthDate':{'extension':[{'url':'http://x.example','valueString':'y'}]}}");
    assert_accepted("{'resourceType':'Patient','name':[{'given':['a',null],'_given':[null,{'id':'g'}]}]}");
    assert_refused("{'resourceType':'Patient','name':[{'given':['a',null]}]}", REPORT_TYPE, "Patient.name[0].given[1]");
    assert_refused("{'resourceType':'Patient','_name':[{'id':'a'}]}", REPORT_STRUCTURE, "Patient._name");
    /* a required value may be missing where an extension says why */
    assert_accepted(
        "{'resourceType':'Observation','_status':{'extension':[{'url':'http://x.example','valueCode':'y'}]},"
        "'code':{'text':'x'}}");
}

static void test_closed_code_sets(void **state)
{
    (void) state;
    assert_refused("{'resourceType':'Observation','status':'Final','code':{'text':'x'}}", REPORT_VALUE,
                   "Observation.status");
    assert_refused(
        "{'resourceType':'Condition','subject':{'display':'x'},'clinicalStatus':{'coding':[{'code':'bad'}]}}",
        REPORT_VALUE, "Condition.clinicalStatus.coding");
    assert_accepted(
        "{'resourceType':'Condition','subject':{'display':'x'},'clinicalStatus':{'coding':[{'code':'active'},"
        "{'code':'other'}]}}");
}

static void test_invariants(void **state)
{
    static const struct {
        const char *text, *place;
    } cases[] = {
        { OBSERVATION ",'valueString':'y','dataAbsentReason':{'text':'z'}}", "Observation.dataAbsentReason" },
        { "{'resourceType':'Observation','status':'final','code':{'coding':[{'code':'a'}]},'valueString':'y','"
          "component':["
          "{'code':{'coding':[{'code':'a'}]},'valueString':'z'}]}",
          "Observation.component[0].code" },
        { OBSERVATION ",'referenceRange':[{'type':{'text':'y'}}]}", "Observation.referenceRange[0]" },
        { OBSERVATION ",'effectivePeriod':{'start':'2026-02-02','end':'2026-02-01'}}", "Observation.effective.end" },
        { OBSERVATION ",'valueQuantity':{'value':1,'code':'mg'}}", "Observation.value.system" },
        { OBSERVATION ",'valueRange':{'low':{'value':2},'high':{'value':1}}}", "Observation.value.low" },
        { OBSERVATION ",'valueRatio':{'numerator':{'value':2}}}", "Observation.value" },
        { OBSERVATION ",'extension':[{'url':'http://x.example'}]}", "Observation.extension[0]" },
        { "{'resourceType':'Patient','telecom':[{'value':'1'}]}", "Patient.telecom[0].system" },
        { "{'resourceType':'Patient','contact':[{'gender':'male'}]}", "Patient.contact[0]" },
        { "{'resourceType':'Organization','active':true}", "Organization" },
        { "{'resourceType':'Organization','name':'x','telecom':[{'use':'home'}]}", "Organization.telecom[0].use" },
        { "{'resourceType':'Condition','subject':{'display':'x'},'clinicalStatus':{'coding':[{'code':'active'}]},"
          "'abatementString':'y'}",
          "Condition.clinicalStatus" },
        { "{'resourceType':'Condition','subject':{'display':'x'},'clinicalStatus':{'coding':[{'code':'active'}]},"
          "'verificationStatus':{'coding':[{'code':'entered-in-error'}]}}",
          "Condition.clinicalStatus" },
        { "{'resourceType':'Patient','contained':[{'resourceType':'Basic','id':'b','code':{'text':'x'}}]}",
          "Patient.contained[0]" },
        { "{'resourceType':'Patient','contained':[{'resourceType':'Organization','id':'b','name':'x','meta':{'"
          "versionId':'1'"
          "}}],'managingOrganization':{'reference':'#b'}}",
          "Patient.contained[0].meta" },
    };
    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(cases[i].text, REPORT_INVARIANT, cases[i].place);
}

static void test_references(void **state)
{
    (void) state;
    assert_accepted(OBSERVATION ",'subject':{'reference':'Patient/7'}}");
    assert_accepted(OBSERVATION ",'subject':{'reference':'http://a.example/fhir/Patient/7/_history/2'}}");
    assert_accepted("{'resourceType':'Patient','contained':[{'resourceType':'Organization','id':'b','name':'x'}],"
                    "'managingOrganization':{'reference':'#b'}}");
    assert_refused(OBSERVATION ",'subject':{'reference':'Organization/7'}}", REPORT_VALUE,
                   "Observation.subject.reference");
    assert_refused(OBSERVATION ",'subject':{'reference':'Patientt/7'}}", REPORT_VALUE, "Observation.subject.reference");
    assert_refused(OBSERVATION ",'subject':{'reference':'#p'}}", REPORT_VALUE, "Observation.subject.reference");
}

#define ENTRY(url, resource) "{'fullUrl':'" url "','resource':" resource "}"
#define POST(url, resource) "{'fullUrl':'" url "','resource':" resource ",'request':{'method':'POST','url':'$x'}}"
#define PATIENT "{'resourceType':'Patient','id':'p'}"
#define BUNDLE(type, more, entries) "{'resourceType':'Bundle','type':'" type "'" more ",'entry':[" entries "]}"
#define HEADER "{'resourceType':'MessageHeader','eventUri':'urn:x','source':{'endpoint':'urn:y'}}"

static void test_rules_of_bundles(void **state)
{
    static const struct {
        const char      *text, *place;
        enum report_rule rule;
    } cases[] = {
        { BUNDLE("collection", ",'total':1", ENTRY("urn:a", PATIENT)), "Bundle.total", REPORT_INVARIANT },
        { BUNDLE("transaction", "", "{'fullUrl':'urn:a','resource':" PATIENT "}"), "Bundle.entry[0].request",
          REPORT_REQUIRED },
        { BUNDLE("transaction", "", "{'request':{'method':'POST','url':'Patient'}}"), "Bundle.entry[0].resource",
          REPORT_REQUIRED },
        { BUNDLE("document", ",'timestamp':'2026-11-22T10:00:00Z','identifier':{'system':'urn:x','value':'1'}",
                 ENTRY("urn:a", PATIENT)),
          "Bundle.entry[0].resource", REPORT_INVARIANT },
        { BUNDLE("message", "", ENTRY("urn:a", PATIENT)), "Bundle.entry[0].resource", REPORT_INVARIANT },
        { "{'resourceType':'Bundle','type':'mixed'}", "Bundle.type", REPORT_VALUE },
        { "{'resourceType':'Bundle'}", "Bundle.type", REPORT_REQUIRED },
        { BUNDLE("transaction", "", POST("urn:a", PATIENT) "," POST("urn:a", PATIENT)), "Bundle.entry[1].fullUrl",
          REPORT_INVARIANT },
        { BUNDLE("transaction", "", POST("http://a.example/Patient/1/_history/2", PATIENT)), "Bundle.entry[0].fullUrl",
          REPORT_INVARIANT },
        { BUNDLE(
              "transaction", "",
              POST("urn:a", OBSERVATION ",'subject':{'reference':'urn:uuid:4a089b8a-b0a0-46a9-92da-c8b653aa2e73'}}")),
          "Bundle.entry[0].resource.subject.reference", REPORT_VALUE },
    };
    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_refused(cases[i].text, cases[i].rule, cases[i].place);
    assert_accepted(BUNDLE("message", "", ENTRY("urn:h", HEADER) "," ENTRY("urn:a", PATIENT)));
    assert_accepted(BUNDLE("batch", "", POST("urn:a", PATIENT)));
}

#define ASK(method, url, resource) "{'request':{'method':'" method "','url':'" url "'},'resource':" resource "}"

static void test_requests_fit_their_resources(void **state)
{
    static const struct {
        const char      *entries, *place;
        enum report_rule rule;
    } cases[] = {
        { ASK("PUT", "Observation/p", PATIENT), "Bundle.entry[0].request.url", REPORT_VALUE },
        { ASK("PUT", "Patient/", PATIENT), "Bundle.entry[0].request.url", REPORT_VALUE },
        { ASK("PUT", "Patient/q", PATIENT), "Bundle.entry[0].resource.id", REPORT_VALUE },
        { ASK("PUT", "Patient/q", "{'resourceType':'Patient'}"), "Bundle.entry[0].resource.id", REPORT_REQUIRED },
        { ASK("PUT", "Patient/p", PATIENT) ",{'request':{'method':'DELETE','url':'Patient/p'}}",
          "Bundle.entry[1].request.url", REPORT_INVARIANT },
    };
    char text[2000];
    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(text, sizeof text, BUNDLE("transaction", "", "%s"), cases[i].entries);
        assert_refused(text, cases[i].rule, cases[i].place);
    }
    assert_accepted(BUNDLE("transaction", "", ASK("PUT", "Patient/p", PATIENT) "," ASK("POST", "Patient", PATIENT)));
    assert_accepted(BUNDLE("transaction", "", ASK("PUT", "http://a.example/fhir/Patient/p", PATIENT)));
    assert_accepted(BUNDLE("transaction", "", ASK("PUT", "Patient?identifier=7", "{'resourceType':'Patient'}")));
}

/* One fault costs a transaction, an entry of a batch, an element of a message. */
static void test_what_a_fault_costs(void **state)
{
    (void) state;
    const char *bad = "{'resourceType':'Patient','gender':'F'}";
    char        text[2000];
    snprintf(text, sizeof text, BUNDLE("transaction", "", POST("urn:a", PATIENT) "," POST("urn:b", "%s")), bad);
    assert_refused(text, REPORT_VALUE, "Bundle.entry[1].resource.gender");
    snprintf(text, sizeof text, BUNDLE("batch", "", POST("urn:a", PATIENT) "," POST("urn:b", "%s")), bad);
    struct reading *reading = read_text(text);
    assert_read(reading);
    assert_int_equal(reading->report.num_subjects, 1);
    assert_false(reading->document.entries[0].refused);
    assert_true(reading->document.entries[1].refused);
    assert_non_null(find_fault(&reading->report, REPORT_VALUE, "Bundle.entry[1].resource.gender"));
    end(reading);
    snprintf(text, sizeof text, BUNDLE("message", "", ENTRY("urn:h", HEADER) "," ENTRY("urn:b", "%s")), bad);
    reading = read_text(text);
    assert_read(reading);
    assert_int_equal(reading->report.num_subjects, 1);
    assert_int_equal(reading->report.subjects[0].sex, REPORT_SEX_UNKNOWN);
    end(reading);
    /* but not where the element decides what is said */
    reading = read_text(BUNDLE("message", "",
                               ENTRY("urn:h", HEADER) "," ENTRY("urn:o", "{'resourceType':'Observation',"
                                                                         "'status':'done','code':{'text':'x'}}")));
    assert_read(reading);
    assert_int_equal(reading->report.num_results, 0);
    assert_true(reading->document.entries[1].refused);
    end(reading);
}

static void test_what_is_not_json(void **state)
{
    (void) state;
    assert_refused("{'resourceType':'Patient','id':'p','id':'q'}", REPORT_TYPE, "Patient.id");
    assert_refused("{'resourceType':'Patient',}", REPORT_TYPE, "Patient");
    assert_refused("", REPORT_TYPE, "$this");
    assert_refused("<Patient xmlns='http://hl7.org/fhir'/>", REPORT_UNSUPPORTED, "$this");
    assert_refused("{'resourceType':'Patient','id':'\xff'}", REPORT_TYPE, "Patient.id");
    struct reading            *reading = read_text("\xef\xbb\xbf{'resourceType':'Patient','gender':'F'}");
    const struct report_fault *fault = find_fault(&reading->report, REPORT_VALUE, "Patient.gender");
    assert_non_null(fault);
    assert_memory_equal(reading->text + fault->place.offset, "\"F\"", 3);
    end(reading);
}

static char *repeated(const char *before, const char *part, size_t num, const char *after)
{
    size_t length = strlen(part), at = strlen(before);
    char  *text = malloc(at + num * length + strlen(after) + 1);
    assert_non_null(text);
    memcpy(text, before, at);
    for (size_t i = 0; i < num; i++, at += length)
        memcpy(text + at, part, length);
    strcpy(text + at, after);
    return text;
}

static void assert_limit(char *text, bool good)
{
    struct reading *reading = read_text(text);
    bool            told = false;
    for (uint32_t i = 0; i < reading->report.num_faults; i++)
        told |= reading->report.faults[i].rule == REPORT_LIMIT;
    if (told == good || (reading->status == 0) != good)
        fail_msg("%.60s… of %zu bytes: %d, %s", text, strlen(text), reading->status, told ? "told" : "not told");
    end(reading);
    free(text);
}

static void test_limits(void **state)
{
    (void) state;
    const char *entry = "{'resource':{'resourceType':'Organization','name':'x'}},";
    const char *last = "{'resource':{'resourceType':'Organization','name':'x'}}]}";
    const char *begin = "{'resourceType':'Bundle','type':'collection','entry':[";
    assert_limit(repeated(begin, entry, FHIR_MAX_ENTRIES - 1, last), true);
    assert_limit(repeated(begin, entry, FHIR_MAX_ENTRIES, last), false);
    /* 64 levels: the resource, then an array and an object an extension */
    const char *open = "{'url':'http://x.example','extension':[";
    char        close[2 * FHIR_MAX_DEPTH + 80];
    for (size_t levels = 31; levels <= 32; levels++) {
        size_t at = (size_t) sprintf(close, "{'url':'http://x.example','valueString':'y'}");
        for (size_t i = 0; i + 1 < levels; i++)
            at += (size_t) sprintf(close + at, "]}");
        sprintf(close + at, "]}");
        if (levels == 31)
            assert_limit(repeated("{'resourceType':'Patient','extension':[", open, 30, close), true);
        else
            assert_limit(repeated("{'resourceType':'Patient','extension':[", open, 31, close), false);
    }
    char *large = repeated("{'resourceType':'Patient'", " ", FHIR_MAX_BYTES - 26, "}");
    assert_int_equal(strlen(large), FHIR_MAX_BYTES);
    assert_limit(large, true);
    assert_limit(repeated("{'resourceType':'Patient'", " ", FHIR_MAX_BYTES - 25, "}"), false);
    /* contained in one: each refers to its container */
    const char *inner = "{'resourceType':'Location','id':'a','partOf':{'reference':'#'}},";
    const char *innermost = "{'resourceType':'Location','id':'a','partOf':{'reference':'#'}}]}";
    assert_limit(repeated("{'resourceType':'Location','contained':[", inner, FHIR_MAX_CONTAINED - 1, innermost), true);
    assert_limit(repeated("{'resourceType':'Location','contained':[", inner, FHIR_MAX_CONTAINED, innermost), false);
    /* resources: each entry contains one more */
    const char *two =
        "{'resource':{'resourceType':'Group','type':'person','actual':true,'contained':[{'resourceType':'Organization',"
        "'id':'o','name':'x'}],'managingEntity':{'reference':'#o'}}},";
    const char *three =
        "{'resource':{'resourceType':'Location','contained':[{'resourceType':'Organization','id':'o','name':'x'},"
        "{'resourceType':'Location','id':'q'}],'managingOrganization':{'reference':'#o'},"
        "'partOf':{'reference':'#q'}}}]}";
    assert_limit(repeated(begin, two, FHIR_MAX_RESOURCES / 2 - 1, "{'resource':{'resourceType':'Patient'}}]}"), true);
    struct reading *reading = NULL;
    char           *text = repeated(begin, two, FHIR_MAX_RESOURCES / 2 - 1, three);
    reading = read_text(text);
    bool told = false;
    for (uint32_t i = 0; i < reading->report.num_faults; i++)
        told |= reading->report.faults[i].rule == REPORT_LIMIT;
    assert_true(told);
    end(reading);
    free(text);
}

/* A stream: values in any dress, and one broken one does not take the others with it. */
static void test_streams(void **state)
{
    static const char text[] = "{\"a\":1}\n{\"b\":[\"}\",\n 2]} {\"c\":3}\n{\"d\":[\n{\"e\":5}\n\"open\n{\"f\":6}";
    static const char *const expected[] = {
        "{\"a\":1}", "{\"b\":[\"}\",\n 2]}", "{\"c\":3}", "{\"d\":[\n", "{\"e\":5}", "\"open\n", "{\"f\":6}"
    };
    struct report_text value;
    size_t             offset = 0;
    (void) state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_int_equal(fhir_next_value(text, sizeof text - 1, &offset, &value), 1);
        assert_text(value, expected[i]);
    }
    assert_int_equal(fhir_next_value(text, sizeof text - 1, &offset, &value), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_cardinality),
        cmocka_unit_test(test_every_resource_type_is_found),
        cmocka_unit_test(test_primitive_types),
        cmocka_unit_test(test_extensions_of_primitives),
        cmocka_unit_test(test_closed_code_sets),
        cmocka_unit_test(test_invariants),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_rules_of_bundles),
        cmocka_unit_test(test_requests_fit_their_resources),
        cmocka_unit_test(test_what_a_fault_costs),
        cmocka_unit_test(test_what_is_not_json),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_streams),
    };
    return cmocka_run_group_tests(tests, load_tables, free_tables);
}
