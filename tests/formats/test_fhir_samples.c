/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Published and real resources (shared data; skipped, and said so, where it is absent): all of HL7's own examples are
 * accepted; those of others are read, or refused with the place; what is denied reaches no report. */
#include <dirent.h>

#include "fhir_reading.h"

struct tally {
    size_t num, usable, errors, results;
};

static void assert_denied_are_left_out(const struct report *report, const char *path)
{
    static const char *const words[] = { "Hispanic", "v3-Race", "2106-3", "us-core-race", "Catholic", "TribalEntity" };
    struct sink              sink;
    struct json_writer       json;
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    report_write_json(report, &json);
    sink_character(&sink, '\0');
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(sink.bytes, words[i]) != NULL)
            fail_msg("%s: %s in a report: %.200s", path, words[i], strstr(sink.bytes, words[i]));
    sink_free(&sink);
}

static void read_value(const char *path, struct report_text value, struct tally *tally)
{
    const struct fhir_options options = { .tables = tables };
    struct arena              arena = ARENA_INIT;
    struct fhir_document      document = FHIR_DOCUMENT_INIT;
    struct report             report;
    report_init(&report, &arena, value.bytes, value.size);
    int ret = fhir_map(&report, &options, &document);
    assert_true(ret == 0 || ret == BASE_ERR_INPUT);
    tally->num++;
    tally->usable += ret == 0;
    tally->results += report.num_results;
    bool fatal = false;
    for (uint32_t i = 0; i < report.num_faults; i++) {
        const struct report_fault *fault = &report.faults[i];
        assert_non_null(fault->place.path);
        assert_true(fault->place.offset <= report.size);
        fatal |= fault->severity == REPORT_FATAL;
        tally->errors += fault->severity >= REPORT_ERROR;
        if (fault->severity >= REPORT_ERROR && strstr(path, "hl7-fhir-r4-examples") != NULL)
            fail_msg("%s: %s: %s", path, fault->place.path, fault->what);
    }
    assert_true(fatal == (ret != 0));
    assert_denied_are_left_out(&report, path);
    fhir_document_free(&document);
    arena_free(&arena);
}

static void read_path(const char *path, struct tally *tally)
{
    struct report_text value;
    size_t             offset = 0;
    FILE              *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    size_t size = (size_t) ftell(file);
    rewind(file);
    char *bytes = malloc(size + 1);
    assert_int_equal(fread(bytes, 1, size, file), size);
    fclose(file);
    while (fhir_next_value(bytes, size, &offset, &value) == 1)
        read_value(path, value, tally);
    free(bytes);
}

static struct tally read_folder(const char *name)
{
    struct tally tally = { 0 };
    char         folder[4096], path[5000];
    snprintf(folder, sizeof folder, "%s/fhir/%s", test_shared_data("intake"), name);
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        read_path(path, &tally);
    }
    closedir(directory);
    printf("# %s: %zu, %zu usable, %zu faults, %zu results\n", name, tally.num, tally.usable, tally.errors,
           tally.results);
    return tally;
}

static void test_the_published_examples_are_accepted(void **state)
{
    (void) state;
    if (test_shared_data("intake") == NULL)
        skip();
    struct tally tally = read_folder("hl7-fhir-r4-examples");
    assert_true(tally.num > 200 && tally.usable == tally.num && tally.errors == 0);
}

static void test_feeds_are_read(void **state)
{
    (void) state;
    if (test_shared_data("intake") == NULL)
        skip();
    struct tally tally = read_folder("reportstream");
    assert_true(tally.usable + 3 > tally.num && tally.results > 90);
    tally = read_folder("simplereport");
    assert_true(tally.results >= 20);
    read_folder("phdi");
}

/* What is wrong in the files that are named so, and where. */
static void test_invalid_samples_are_refused_at_their_place(void **state)
{
    static const struct {
        const char *file, *place;
    } cases[] = {
        { "Normative__ObservationWithInvalidStatus.json", "Observation.status" },
        { "Normative__ObservationWithNoCode.json", "Observation.code" },
        { "Normative__InvalidObservation.json", "Observation.text" },
        { "Normative__Bundle-InvalidBundleType.json", "Bundle.type" },
        { "Normative__Bundle-TypeMissing.json", "Bundle.type" },
        { "Normative__Bundle-BatchWithInvalidEleEnums.json", "Bundle.entry[0].resource.gender1" },
        { "Normative__Bundle-BatchWithDuplicatedItems.json", "Bundle.entry[2].fullUrl" },
        { "Normative__Bundle-TransactionWithInvalidResourceType.json", "Bundle.entry[0].resource.subject.reference" },
        { "Normative__Bundle-TransactionWithInvalidBundleEntry.json", "Bundle.entry[0].resource.status" },
        { "Normative__Bundle-TransactionWithForeignReferenceInResourceBody.json",
          "Bundle.entry[0].resource.subject.reference" },
        { "R4__InvalidCompartmentDefinition.json", "Bundle.entry[1].fullUrl" },
    };
    const struct fhir_options options = { .tables = tables };
    (void) state;
    if (test_shared_data("intake") == NULL)
        skip();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena         arena = ARENA_INIT;
        struct fhir_document document = FHIR_DOCUMENT_INIT;
        struct report        report;
        char                 path[4096], *bytes = malloc(1 << 20);
        bool                 told = false;
        snprintf(path, sizeof path, "%s/fhir/ms-fhir-server/%s", test_shared_data("intake"), cases[i].file);
        FILE *file = fopen(path, "rb");
        assert_non_null(file);
        size_t size = fread(bytes, 1, 1 << 20, file);
        fclose(file);
        report_init(&report, &arena, bytes, size);
        fhir_map(&report, &options, &document);
        for (uint32_t f = 0; f < report.num_faults; f++)
            told |=
                report.faults[f].severity >= REPORT_ERROR && strcmp(report.faults[f].place.path, cases[i].place) == 0;
        if (!told) {
            show_faults(&report);
            fail_msg("%s: nothing at %s", cases[i].file, cases[i].place);
        }
        fhir_document_free(&document);
        arena_free(&arena);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_published_examples_are_accepted),
        cmocka_unit_test(test_feeds_are_read),
        cmocka_unit_test(test_invalid_samples_are_refused_at_their_place),
    };
    return cmocka_run_group_tests(tests, load_tables, free_tables);
}
