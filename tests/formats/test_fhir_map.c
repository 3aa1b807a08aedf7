/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What resources mean: each test is one rule of docs/intake.md with the smallest bundle that could prove it wrong. */
#include <math.h>

#include "fhir_reading.h"

#define IN(resource) "{'resource':" resource "},"
#define COLLECTION(entries)                                                                                            \
    "{'resourceType':'Bundle','type':'collection','entry':[" entries                                                   \
    "{'resource':{'resourceType':'Basic','code':{'text':'x'}}}]}"
#define PATIENT                                                                                                        \
    "{'resourceType':'Patient','id':'p','identifier':[{'system':'urn:oid:2.1','value':'7','type':{'coding':[{'code':'" \
    "MR'}]}}],"                                                                                                        \
    "'name':[{'use':'official','family':'Example','given':['Anna','Maria']}],'gender':'female','birthDate':'1980-01-"  \
    "02',"                                                                                                             \
    "'telecom':[{'system':'phone','value':'+1 (555) 0100','use':'mobile'}],'address':[{'line':['1 Long Street','Flat " \
    "2'],"                                                                                                             \
    "'city':'Riverton','district':'County 3','postalCode':'12345'}]}"
#define COVID "'code':{'coding':[{'system':'http://loinc.org','code':'94500-6'}]}"
#define ABOUT "'subject':{'reference':'Patient/p'}"
#define DETECTED "'valueCodeableConcept':{'coding':[{'system':'http://snomed.info/sct','code':'260373001'}]}"
#define NOT_DETECTED "'valueCodeableConcept':{'coding':[{'system':'http://snomed.info/sct','code':'260415000'}]}"
#define OBSERVATION(more) "{'resourceType':'Observation','status':'final'," COVID "," ABOUT "," more "}"

static void assert_meaning(const char *more, enum report_interpretation interpretation, enum report_decision decision)
{
    char text[2000];
    snprintf(text, sizeof text,
             COLLECTION(IN(PATIENT) IN("{'resourceType':'Observation','status':'final'," COVID "," ABOUT "%s%s}")),
             *more != '\0' ? "," : "", more);
    struct reading *reading = read_text(text);
    assert_read(reading);
    assert_int_equal(reading->report.num_results, 1);
    const struct report_result *result = &reading->report.results[0];
    if (result->interpretation != interpretation || result->decided_by != decision)
        fail_msg("%s: %s by %s", more, report_interpretation_word(result->interpretation),
                 report_decision_word(result->decided_by));
    assert_string_equal(result->disease, "covid-19");
    end(reading);
}

static void test_what_a_result_means(void **state)
{
    (void) state;
    assert_meaning(DETECTED, REPORT_DETECTED, REPORT_BY_CODE);
    assert_meaning(NOT_DETECTED, REPORT_NOT_DETECTED, REPORT_BY_CODE);
    assert_meaning("'interpretation':[{'coding':[{'code':'POS'}]}],'valueString':'see note'", REPORT_DETECTED,
                   REPORT_BY_FLAG);
    assert_meaning("'valueQuantity':{'value':7},'referenceRange':[{'high':{'value':1}}]", REPORT_DETECTED,
                   REPORT_BY_NUMBER);
    assert_meaning("'valueQuantity':{'value':0.5},'referenceRange':[{'low':{'value':0},'high':{'value':1}}]",
                   REPORT_NOT_DETECTED, REPORT_BY_NUMBER);
    assert_meaning("'valueString':'Not detected'", REPORT_NOT_DETECTED, REPORT_BY_TEXT);
    assert_meaning("'valueCodeableConcept':{'text':'positive'}", REPORT_DETECTED, REPORT_BY_TEXT);
    assert_meaning("'interpretation':[{'coding':[{'code':'NEG'}]}],'valueString':'positive'", REPORT_NOT_UNDERSTOOD,
                   REPORT_BY_NOTHING);
    assert_meaning("'dataAbsentReason':{'coding':[{'code':'not-performed'}]}", REPORT_INVALID, REPORT_BY_STATUS);
    assert_meaning("'dataAbsentReason':{'coding':[{'code':'unknown'}]}", REPORT_NOT_UNDERSTOOD, REPORT_BY_NOTHING);
    assert_meaning("", REPORT_NOT_UNDERSTOOD, REPORT_BY_NOTHING);
}

static void test_the_person(void **state)
{
    (void) state;
    struct reading *reading = read_text(COLLECTION(IN(PATIENT)));
    assert_read(reading);
    assert_int_equal(reading->report.num_subjects, 1);
    const struct report_subject *subject = &reading->report.subjects[0];
    assert_text(subject->identifiers[0].value, "7");
    assert_text(subject->identifiers[0].authority.id, "2.1"); /* as HL7 v2 writes it: the same authority */
    assert_text(subject->identifiers[0].authority.id_kind, "ISO");
    assert_text(subject->identifiers[0].kind, "MR");
    assert_text(subject->names[0].family, "Example");
    assert_text(subject->names[0].given, "Anna");
    assert_text(subject->names[0].further, "Maria");
    assert_int_equal(subject->names[0].use, REPORT_NAME_LEGAL);
    assert_int_equal(subject->sex, REPORT_FEMALE);
    assert_int_equal(subject->birth.year, 1980);
    assert_text(subject->telecoms[0].number, "+15550100");
    assert_int_equal(subject->telecoms[0].kind, REPORT_MOBILE);
    assert_text(subject->addresses[0].other, "Flat 2");
    assert_text(subject->addresses[0].county, "County 3");
    end(reading);
    reading = read_text("{'resourceType':'Patient','name':[{'family':'REDACTED'}],'extension':[{'url':"
                        "'http://hl7.org/fhir/StructureDefinition/patient-animal','extension':[{'url':'species',"
                        "'valueCodeableConcept':{'text':'dog'}}]}]}");
    assert_read(reading);
    assert_int_equal(reading->report.subjects[0].num_names, 0);
    assert_int_equal(reading->report.subjects[0].kind, REPORT_ANIMAL);
    end(reading);
}

/* One person, however it is referred to; another where a reference leads out. */
static void test_references_lead_to_one_subject(void **state)
{
    static const char *const references[] = { "'reference':'urn:uuid:1'", "'reference':'Patient/p'",
                                              "'reference':'http://a.example/fhir/Patient/p/_history/3'" };
    (void) state;
    for (size_t i = 0; i < sizeof references / sizeof *references; i++) {
        char text[1500];
        snprintf(text, sizeof text,
                 "{'resourceType':'Bundle','type':'collection','entry':[{'fullUrl':'urn:uuid:1','resource':" PATIENT
                 "},{'resource':{'resourceType':'Observation','status':'final'," COVID ",'subject':{%s}," DETECTED
                 "}}]}",
                 references[i]);
        struct reading *reading = read_text(text);
        assert_read(reading);
        assert_int_equal(reading->report.num_subjects, 1);
        assert_int_equal(reading->report.results[0].subject, 0);
        end(reading);
    }
    struct reading *reading = read_text(COLLECTION(IN(OBSERVATION(DETECTED)) IN(OBSERVATION(NOT_DETECTED))));
    assert_read(reading);
    assert_int_equal(reading->report.num_subjects, 1); /* known from afar, once */
    assert_text(reading->report.subjects[0].identifiers[0].value, "Patient/p");
    end(reading);
    reading = read_text("{'resourceType':'Observation','status':'final'," COVID ",'subject':{'reference':"
                        "'Patient?identifier=http://a.example|7'}," DETECTED "}");
    assert_read(reading);
    assert_text(reading->report.subjects[0].identifiers[0].value, "7");
    assert_text(reading->report.subjects[0].identifiers[0].authority.id, "http://a.example");
    end(reading);
    reading = read_text("{'resourceType':'Observation','status':'final','contained':[" PATIENT "]," COVID
                        ",'subject':{'reference':'#p'}," DETECTED "}");
    assert_read(reading);
    assert_text(reading->report.subjects[0].names[0].family, "Example");
    assert_int_equal(reading->report.results[0].subject, 0);
    end(reading);
}

/* As many references that lead out as there are results in one contained list: the table of names grows with them. */
static void test_many_subjects_from_afar(void **state)
{
    enum { NUM = 500 };
    size_t room = 300 * NUM, used;
    char  *text = malloc(room);
    (void) state;
    assert_non_null(text);
    used = (size_t) snprintf(text, room,
                             "{'resourceType':'DiagnosticReport','status':'final','code':{'text':'x'},'result':[");
    for (unsigned i = 0; i < NUM; i++)
        used += (size_t) snprintf(text + used, room - used, "%s{'reference':'#%u'}", i > 0 ? "," : "", i);
    used += (size_t) snprintf(text + used, room - used, "],'contained':[");
    for (unsigned i = 0; i < NUM; i++)
        used += (size_t) snprintf(text + used, room - used,
                                  "%s{'resourceType':'Observation','id':'%u','status':'final'," COVID
                                  ",'subject':{'reference':'Patient/%u'}}",
                                  i > 0 ? "," : "", i, i);
    snprintf(text + used, room - used, "]}");
    struct reading *reading = read_text(text);
    assert_read(reading);
    assert_int_equal(reading->report.num_subjects, NUM);
    assert_int_equal(reading->report.num_results, NUM);
    assert_int_equal(reading->report.results[NUM - 1].subject, NUM - 1);
    assert_non_null(find_fault(&reading->report, REPORT_UNKNOWN_CODE, "DiagnosticReport.contained[0].value"));
    end(reading);
    free(text);
}

#define REPORT                                                                                                         \
    "{'resourceType':'DiagnosticReport','status':'final','identifier':[{'value':'A1'}],'code':{'coding':[{'system':"   \
    "'http://loinc.org','code':'95941-1'}]}," ABOUT                                                                    \
    ",'effectiveDateTime':'2026-11-21T10:00:00+08:00','issued':'2026-11-22T11:00:00+08:00','basedOn':[{'reference':"   \
    "'ServiceRequest/s'}],'specimen':[{'reference':'Specimen/t'}],'result':[{'reference':'Observation/"                \
    "a'},{'reference':"                                                                                                \
    "'Observation/b'}]}"
#define SPECIMEN(more) "{'resourceType':'Specimen','id':'t'" more "}"
#define RESULT(id, code, value)                                                                                        \
    "{'resourceType':'Observation','id':'" id                                                                          \
    "','status':'final','code':{'coding':[{'system':'http://loinc.org','code':'" code "'}]}," ABOUT "," value "}"
#define REQUEST                                                                                                        \
    "{'resourceType':'ServiceRequest','id':'s','status':'completed','intent':'order','identifier':[{'value':'O1'}]"    \
    "," ABOUT ",'requester':{'reference':'PractitionerRole/r'}}"
#define ROLE                                                                                                           \
    "{'resourceType':'PractitionerRole','id':'r','practitioner':{'reference':'Practitioner/d'},'organization':{"       \
    "'reference':'Organization/o'}}"
#define DOCTOR "{'resourceType':'Practitioner','id':'d','name':[{'family':'Medic'}],'identifier':[{'value':'123'}]}"
#define CLINIC "{'resourceType':'Organization','id':'o','name':'Clinic'}"

/* A panel with two positives: one order, one specimen, two results of two diseases. */
static void test_a_panel_with_two_positives(void **state)
{
    (void) state;
    struct reading *reading =
        read_text(COLLECTION(IN(PATIENT) IN(REPORT) IN(SPECIMEN("")) IN(RESULT("a", "94500-6", DETECTED))
                                 IN(RESULT("b", "92142-9", DETECTED)) IN(REQUEST) IN(ROLE) IN(DOCTOR) IN(CLINIC)));
    assert_read(reading);
    const struct report *report = &reading->report;
    assert_int_equal(report->num_orders, 1);
    assert_int_equal(report->num_specimens, 1);
    assert_int_equal(report->num_results, 2);
    assert_string_equal(report->results[0].disease, "covid-19");
    assert_string_equal(report->results[1].disease, "influenza");
    assert_int_equal(report->results[1].specimen, 0);
    assert_int_equal(report->results[1].order, 0);
    assert_text(report->orders[0].filler_number, "A1");
    assert_text(report->orders[0].placer_number, "O1");
    assert_text(report->orders[0].provider_family, "Medic");
    assert_text(report->orders[0].ordering_facility.name, "Clinic");
    assert_int_equal(report->orders[0].collected.hour, 10);
    assert_int_equal(report->orders[0].collected.zone_minutes, 480);
    assert_int_equal(report->specimens[0].collected.day, 21); /* the report's, where the specimen has none */
    end(reading);
}

static void assert_pool(const char *specimen, const char *value, const struct fhir_options *options)
{
    char text[4000];
    snprintf(text, sizeof text,
             COLLECTION(IN(PATIENT) IN(REPORT) IN("%s") IN("{'resourceType':'Observation','id':'a','status':"
                                                           "'final'," COVID "," ABOUT ",%s}") IN(REQUEST)),
             specimen, value);
    struct reading *reading = read_with(options, text);
    assert_read(reading);
    assert_int_equal(reading->report.num_results, 1);
    const struct report_result *result = &reading->report.results[0];
    assert_true(result->pooled);
    assert_int_equal(reading->report.specimens[result->specimen].kind, REPORT_POOL);
    assert_int_equal(reading->report.subjects[result->subject].kind, REPORT_POOL); /* not the person */
    end(reading);
}

static void test_pooled_specimens(void **state)
{
    const struct fhir_options plain = { .tables = tables }, pools = { .tables = tables, .pooled = true };
    (void) state;
    assert_pool(SPECIMEN(",'parent':[{'reference':'Specimen/x'},{'reference':'Specimen/y'}]"), DETECTED, &plain);
    assert_pool(SPECIMEN(""),
                "'valueCodeableConcept':{'coding':[{'system':'http://snomed.info/sct','code':'462371000124108'}]}",
                &plain);
    assert_pool(SPECIMEN(",'extension':[{'url':'http://x.example/role','valueCodeableConcept':{'coding':[{'system':"
                         "'http://terminology.hl7.org/CodeSystem/v2-0369','code':'L'}]}}]"),
                DETECTED, &plain);
    assert_pool(SPECIMEN(""), DETECTED, &pools);
    struct reading *reading =
        read_text(COLLECTION(IN("{'resourceType':'Group','id':'g','type':'person','actual':true,"
                                "'quantity':10}") IN("{'resourceType':'Observation','status':'final'," COVID
                                                     ",'subject':{'reference':'Group/g'}," DETECTED "}")));
    assert_read(reading);
    assert_int_equal(reading->report.subjects[0].kind, REPORT_POOL);
    assert_int_equal(reading->report.subjects[0].num_pooled, 10);
    end(reading);
}

static void test_quality_control_never_counts(void **state)
{
    (void) state;
    struct reading *reading = read_text(COLLECTION(IN(PATIENT) IN(REPORT) IN(
        SPECIMEN(",'extension':[{'url':'http://x.example/role','valueCodeableConcept':{'coding':[{'system':"
                 "'http://terminology.hl7.org/CodeSystem/v2-0369','code':'Q'}]}}]"))
                                                       IN(RESULT("a", "94500-6", NOT_DETECTED)) IN(REQUEST)));
    assert_read(reading);
    assert_true(reading->report.results[0].quality_control);
    assert_int_equal(reading->report.num_not_detected, 0);
    end(reading);
}

static void test_statuses(void **state)
{
    static const struct {
        const char        *word;
        enum report_status status;
    } cases[] = {
        { "registered", REPORT_PRELIMINARY },
        { "preliminary", REPORT_PRELIMINARY },
        { "final", REPORT_FINAL },
        { "amended", REPORT_CORRECTED },
        { "corrected", REPORT_CORRECTED },
        { "cancelled", REPORT_CANCELLED },
        { "entered-in-error", REPORT_ENTERED_IN_ERROR },
        { "unknown", REPORT_STATUS_UNKNOWN },
    };
    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[300];
        snprintf(text, sizeof text, "{'resourceType':'Observation','status':'%s'," COVID "," DETECTED "}",
                 cases[i].word);
        struct reading *reading = read_text(text);
        assert_read(reading);
        assert_int_equal(reading->report.results[0].status, cases[i].status);
        end(reading);
    }
    /* a report that is withdrawn withdraws its results */
    struct reading *reading = read_text(
        COLLECTION(IN(PATIENT) IN("{'resourceType':'DiagnosticReport','status':"
                                  "'entered-in-error','code':{'text':'x'},'result':[{'reference':'Observation/a'}]}")
                       IN(RESULT("a", "94500-6", DETECTED))));
    assert_read(reading);
    assert_int_equal(reading->report.results[0].status, REPORT_ENTERED_IN_ERROR);
    end(reading);
}

static void test_test_marks(void **state)
{
    static const struct {
        const char            *meta;
        enum report_processing processing;
    } cases[] = {
        { "", REPORT_PROCESSING_NOT_SENT },
        { ",'meta':{'tag':[{'system':'http://terminology.hl7.org/CodeSystem/v2-0103','code':'P'}]}", REPORT_LIVE },
        { ",'meta':{'tag':[{'system':'http://terminology.hl7.org/CodeSystem/v2-0103','code':'T'}]}", REPORT_TEST },
        { ",'meta':{'tag':[{'system':'http://terminology.hl7.org/CodeSystem/v2-0103','code':'D'}]}", REPORT_TEST },
        { ",'meta':{'tag':[{'system':'http://terminology.hl7.org/CodeSystem/v3-ActReason','code':'HTEST'}]}",
          REPORT_TEST },
        { ",'meta':{'security':[{'code':'HTEST'}]}", REPORT_TEST },
    };
    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[400];
        snprintf(text, sizeof text, "{'resourceType':'Observation','status':'final'," COVID "%s}", cases[i].meta);
        struct reading *reading = read_text(text);
        assert_read(reading);
        assert_int_equal(reading->report.processing, cases[i].processing);
        end(reading);
    }
    /* one patient marked as test: no case is made of anything beside it */
    struct reading *reading = read_text(COLLECTION(IN("{'resourceType':'Patient','meta':{'tag':[{'code':'HTEST'}]}}")));
    assert_read(reading);
    assert_int_equal(reading->report.processing, REPORT_TEST);
    assert_non_null(find_fault(&reading->report, REPORT_VALUE, "Bundle.entry"));
    end(reading);
}

static void test_components_and_members(void **state)
{
    (void) state;
    struct reading *reading = read_text(
        "{'resourceType':'Observation','status':'final','code':{'text':'panel'},'component':["
        "{" COVID "," DETECTED "},{'code':{'coding':[{'system':'http://loinc.org','code':'92142-9'}]}," NOT_DETECTED
        "},"
        "{'code':{'coding':[{'system':'http://loinc.org','code':'94745-7'}]},'valueQuantity':{'value':21.5}}]}");
    assert_read(reading);
    assert_int_equal(reading->report.num_results, 2);
    assert_string_equal(reading->report.results[1].disease, "influenza");
    assert_close(reading->report.results[0].cycle_threshold, 21.5, 0, 0); /* belongs to its target's result */
    assert_true(isnan(reading->report.results[1].cycle_threshold));
    end(reading);
    reading = read_text(COLLECTION(IN(PATIENT)
                                       IN("{'resourceType':'Observation','status':'final','code':{'text':'panel'},"
                                          "'hasMember':[{'reference':'Observation/a'},{'reference':'Observation/b'}]}")
                                           IN(RESULT("a", "94500-6", DETECTED)) IN(RESULT("b", "94500-6", DETECTED))));
    assert_read(reading);
    assert_int_equal(reading->report.num_results, 1); /* the panel is none, and what is said twice counts once */
    end(reading);
}

static void test_answers_are_no_results(void **state)
{
    (void) state;
    struct reading *reading =
        read_text(COLLECTION(IN(PATIENT) IN("{'resourceType':'Observation','status':'final','code':{'coding':[{'system'"
                                            ":'http://loinc.org','code':'95419-8'}]}," ABOUT ",'valueBoolean':true}")
                                 IN("{'resourceType':'Observation','status':'final','category':[{'coding':[{'code':'"
                                    "social-history'}]}],'code':{'text':"
                                    "'smoking'}," ABOUT ",'valueString':'never'}")
                                     IN("{'resourceType':'QuestionnaireResponse','status':'completed'," ABOUT
                                        ",'item':[{'linkId':'/65222-2','text':'onset',"
                                        "'answer':[{'valueDate':'2026-11-03'}]},{'linkId':'g','item':[{'linkId':'95417-"
                                        "2','answer':[{'valueBoolean':false}]}]}]}")));
    assert_read(reading);
    const struct report *report = &reading->report;
    assert_int_equal(report->num_results, 0);
    assert_int_equal(report->num_answers, 4);
    assert_int_equal(report->answers[0].question, REPORT_SYMPTOMATIC);
    assert_int_equal(report->answers[0].flag, REPORT_YES);
    assert_int_equal(report->answers[1].question, REPORT_QUESTION_OTHER);
    assert_int_equal(report->answers[2].question, REPORT_ONSET);
    assert_int_equal(report->answers[2].value.time.day, 3);
    assert_int_equal(report->answers[3].question, REPORT_FIRST_TEST);
    assert_int_equal(report->answers[3].flag, REPORT_NO);
    end(reading);
}

static void test_conditions_and_visits(void **state)
{
    (void) state;
    struct reading *reading = read_text(COLLECTION(
        IN(PATIENT) IN("{'resourceType':'Encounter','id':'e','status':'finished','class':{'code':'EMER'}," ABOUT
                       ",'identifier':[{'value':'V1'}],"
                       "'period':{'start':'2026-11-20','end':'2026-11-21'},'reasonCode':[{'text':'cough'}]}")
            IN("{'resourceType':'Condition'," ABOUT
               ",'encounter':{'reference':'Encounter/e'},'code':{'coding':[{'system':"
               "'http://snomed.info/sct','code':'840539006'}]},'onsetDateTime':'2026-11-19'}")
                IN("{'resourceType':'Condition'," ABOUT
                   ",'verificationStatus':{'coding':[{'code':'refuted'}]},'code':{'text':'x'}}")
                    IN("{'resourceType':'Observation','status':'final'," ABOUT
                       ",'encounter':{'reference':'Encounter/e'},'code':{'coding':["
                       "{'system':'http://loinc.org','code':'8310-5'}]},'valueQuantity':{'value':39.2,'unit':'Cel'}}")
                        IN("{'resourceType':'Observation','status':'final'," ABOUT
                           ",'code':{'coding':[{'system':'http://snomed.info/sct','code':"
                           "'64572001'}]},'valueCodeableConcept':{'coding':[{'system':'http://snomed.info/"
                           "sct','code':'14189004'}]}}")));
    assert_read(reading);
    const struct report *report = &reading->report;
    assert_int_equal(report->num_visits, 1);
    assert_text(report->visits[0].number.value, "V1");
    assert_int_equal(report->visits[0].event, REPORT_DISCHARGED);
    assert_text(report->visits[0].reason.text, "cough");
    assert_close(report->visits[0].temperature, 39.2, 0, 0);
    assert_int_equal(report->num_diagnoses, 2);
    assert_string_equal(report->diagnoses[0].disease, "covid-19");
    assert_int_equal(report->diagnoses[0].visit, 0);
    assert_int_equal(report->diagnoses[0].onset.day, 19);
    assert_int_equal(report->diagnoses[1].kind, REPORT_NOTIFIED);
    assert_string_equal(report->diagnoses[1].disease, "measles");
    assert_int_equal(report->num_results, 0);
    end(reading);
}

static void test_the_past_is_not_reported(void **state)
{
    (void) state;
    struct reading *reading =
        read_text("{'resourceType':'Bundle','type':'document','timestamp':'2026-11-22T10:00:00Z','identifier':{"
                  "'system':'urn:x','value':'1'},'entry':[{'resource':{'resourceType':'Composition','status':'final','"
                  "type':{'text':'x'},"
                  "'date':'2026-11-22','author':[{'display':'x'}],'title':'x','section':[{'code':{'coding':[{'code':'"
                  "11348-0'}]},'entry':[{"
                  "'reference':'Condition/"
                  "c'}]}]}},{'resource':{'resourceType':'Condition','id':'c','subject':{'display':'x'},'code':{'text':"
                  "'measles'}}}]}");
    assert_read(reading);
    assert_int_equal(reading->report.num_diagnoses, 0);
    end(reading);
}

/* A modifier may turn around what is said: what is not understood is not used. */
static void test_unknown_modifiers(void **state)
{
    (void) state;
    struct reading *reading = read_text("{'resourceType':'Observation','status':'final'," COVID "," DETECTED
                                        ",'modifierExtension':[{'url':'http://x.example/not','valueBoolean':true}]}");
    assert_read(reading);
    assert_int_equal(reading->report.num_results, 0);
    assert_non_null(find_fault(&reading->report, REPORT_UNSUPPORTED, "Observation.modifierExtension"));
    end(reading);
}

/* Denied elements reach no part of the report, and where they lie is told byte for byte. */
static void test_denied_elements(void **state)
{
    static const struct {
        const char *text, *struck;
    } cases[] = {
        { "{'resourceType':'Patient','extension':[{'url':'http://hl7.org/fhir/us/core/StructureDefinition/"
          "us-core-race',"
          "'extension':[{'url':'text','valueString':'SECRET'}]}]}",
          "{'url':'http://hl7.org/fhir/us/core/StructureDefinition/"
          "us-core-race','extension':[{'url':'text','valueString':'SECRET'}]}" },
        { "{'resourceType':'Patient','extension':[{'url':'http://hl7.org/fhir/StructureDefinition/patient-religion',"
          "'valueString':'SECRET'}]}",
          "{'url':'http://hl7.org/fhir/StructureDefinition/patient-religion','valueString':'SECRET'}" },
        { "{'resourceType':'Patient','extension':[{'url':'http://x.example/"
          "us-ph-genderidentity-extension','valueString':'SECRET'}]}",
          "{'url':'http://x.example/us-ph-genderidentity-extension','valueString':'SECRET'}" },
        { "{'resourceType':'Observation','status':'final','code':{'coding':[{'system':'http://"
          "loinc.org','code':'72826-1'}]},"
          "'valueString':'SECRET'}",
          NULL },
        { "{'resourceType':'Observation','status':'final'," COVID
          ",'component':[{'code':{'text':'Ethnicity'},'valueString':"
          "'SECRET'}]}",
          "{'code':{'text':'Ethnicity'},'valueString':'SECRET'}" },
        { "{'resourceType':'Observation','status':'final'," COVID ",'note':[{'text':'race: SECRET'}]}",
          "'race: SECRET'" },
        { "{'resourceType':'Observation','status':'final'," COVID ",'valueCodeableConcept':{'coding':[{'system':"
          "'http://terminology.hl7.org/CodeSystem/v3-Race','code':'SECRET'}]}}",
          "{'system':'http://terminology.hl7.org/CodeSystem/v3-Race','code':'SECRET'}" },
        { "{'resourceType':'QuestionnaireResponse','status':'completed','item':[{'linkId':'1','text':'Religion','"
          "answer':[{"
          "'valueString':'SECRET'}]}]}",
          "{'linkId':'1','text':'Religion','answer':[{'valueString':'SECRET'}]}" },
        { "{'resourceType':'Patient','photo':[{'title':'SECRET'}]}", "[{'title':'SECRET'}]" },
        { "{'resourceType':'Patient','text':{'status':'generated','div':'<div>Race: SECRET \\'x\\'</div>'}}",
          "'<div>Race: SECRET \\'x\\'</div>'" },
    };
    (void) state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reading    *reading = read_text(cases[i].text);
        struct sink        sink;
        struct json_writer json;
        char               expected[400];
        assert_read(reading);
        sink_init_memory(&sink);
        json_writer_init(&json, &sink);
        report_write_json(&reading->report, &json);
        sink_character(&sink, '\0');
        if (strstr(sink.bytes, "SECRET") != NULL)
            fail_msg("in the report: %s", cases[i].text);
        sink_free(&sink);
        assert_int_equal(reading->report.num_denied, 1);
        const struct report_range *range = &reading->report.denied[0];
        snprintf(expected, sizeof expected, "%s", cases[i].struck != NULL ? cases[i].struck : cases[i].text);
        for (char *c = expected; *c != '\0'; c++)
            if (*c == '\'')
                *c = '"';
        if (range->size != strlen(expected) || memcmp(reading->text + range->offset, expected, range->size) != 0)
            fail_msg("struck out: %.*s", (int) range->size, reading->text + range->offset);
        end(reading);
    }
}

static void test_the_header(void **state)
{
    (void) state;
    struct reading *reading =
        read_text("{'resourceType':'Bundle','type':'message','identifier':{'value':'M1'},'timestamp':"
                  "'2026-11-22T10:00:00Z','entry':[{'resource':{'resourceType':'MessageHeader','eventUri':'urn:x','"
                  "source':{'name':'LIS',"
                  "'endpoint':'urn:lis'},'sender':{'reference':'Organization/"
                  "o'},'destination':[{'name':'HD','endpoint':'urn:hd'}]}},{"
                  "'resource':{'resourceType':'Organization','id':'o','name':'Central "
                  "Laboratory','identifier':[{'value':'99D'}]}}]}");
    assert_read(reading);
    const struct report *report = &reading->report;
    assert_text(report->kind, "Bundle/message");
    assert_text(report->control_id, "M1");
    assert_text(report->application.name, "LIS");
    assert_text(report->facility.name, "Central Laboratory");
    assert_text(report->facility.id, "99D");
    assert_text(report->receiving_application.name, "HD");
    assert_int_equal(report->sent.hour, 10);
    end(reading);
}

/* The tree is used again for the next transmission: nothing of the report may point into it. */
static void test_texts_outlive_the_document(void **state)
{
    const struct fhir_options options = { .tables = tables };
    static char               first[] = "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"Ex\\u0061mple\"}]}";
    static char               second[] = "{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"Z\\u0061zzzzz\"}]}";
    struct arena              arena = ARENA_INIT;
    struct fhir_document      document = FHIR_DOCUMENT_INIT;
    struct report             one, two;
    (void) state;
    report_init(&one, &arena, first, sizeof first - 1);
    assert_ok(fhir_map(&one, &options, &document));
    report_init(&two, &arena, second, sizeof second - 1);
    assert_ok(fhir_map(&two, &options, &document));
    assert_text(one.subjects[0].names[0].family, "Example");
    assert_text(two.subjects[0].names[0].family, "Zazzzzz");
    fhir_document_free(&document);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_a_result_means),
        cmocka_unit_test(test_the_person),
        cmocka_unit_test(test_references_lead_to_one_subject),
        cmocka_unit_test(test_many_subjects_from_afar),
        cmocka_unit_test(test_a_panel_with_two_positives),
        cmocka_unit_test(test_pooled_specimens),
        cmocka_unit_test(test_quality_control_never_counts),
        cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_test_marks),
        cmocka_unit_test(test_components_and_members),
        cmocka_unit_test(test_answers_are_no_results),
        cmocka_unit_test(test_conditions_and_visits),
        cmocka_unit_test(test_the_past_is_not_reported),
        cmocka_unit_test(test_unknown_modifiers),
        cmocka_unit_test(test_denied_elements),
        cmocka_unit_test(test_the_header),
        cmocka_unit_test(test_texts_outlive_the_document),
    };
    return cmocka_run_group_tests(tests, load_tables, free_tables);
}
