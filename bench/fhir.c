/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What reading FHIR costs: bundles read, checked against R4 and mapped to reports on one core; beside jansson, which
 * makes a tree of the same bytes and does nothing else.
 *
 * usage: bench_fhir [ROUNDS] [FILE...]
 *
 * Without files the bundles are made here: laboratory messages without blanks between their parts (the dearest form a
 * byte), each with its own patient, times and numbers. With files these are read in turn, as they are. Time is the
 * process's own (other programs run beside). */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/sink.h"
#include "formats/fhir/fhir.h"
#include "tocsin/status.h"

#define NUM_MADE 2000 /* different bundles: more than the caches hold */
#define BAR_MB 100.0

struct texts {
    char  **bytes;
    size_t *sizes;
    size_t  num;
};

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

/* ---- bundles ---- */

static const char *const tests[][2] = {
    { "94500-6", "SARS-CoV-2 (COVID-19) RNA [Presence] in Respiratory system specimen by NAA with probe detection" },
    { "92142-9", "Influenza virus A RNA [Presence] in Respiratory specimen by NAA with probe detection" },
    { "92141-1", "Influenza virus B RNA [Presence] in Respiratory specimen by NAA with probe detection" },
    { "92131-2", "Respiratory syncytial virus RNA [Presence] in Respiratory specimen by NAA with probe detection" },
};

static void begin_entry(struct sink *sink, const char *type, unsigned i, unsigned n)
{
    sink_format(sink,
                "%s{\"fullUrl\":\"urn:uuid:%08x-0000-4000-8000-%012u\",\"resource\":{\"resourceType\":\"%s\","
                "\"id\":\"%u-%u\",",
                n > 0 ? "," : "", i, n, type, i, n);
}

static void put_reference(struct sink *sink, const char *name, unsigned i, unsigned n)
{
    sink_format(sink, "\"%s\":{\"reference\":\"urn:uuid:%08x-0000-4000-8000-%012u\"}", name, i, n);
}

static void put_people(struct sink *sink, unsigned i)
{
    begin_entry(sink, "MessageHeader", i, 0);
    sink_format(sink,
                "\"meta\":{\"tag\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v2-0103\",\"code\":\"P\"}]},"
                "\"eventCoding\":{\"system\":\"http://terminology.hl7.org/CodeSystem/v2-0003\",\"code\":\"R01\"},"
                "\"source\":{\"name\":\"LIMS\",\"endpoint\":\"https://lab.example\"},");
    put_reference(sink, "sender", i, 2);
    sink_format(sink, ",\"focus\":[{\"reference\":\"urn:uuid:%08x-0000-4000-8000-%012u\"}]}}", i, 5U);
    begin_entry(sink, "Patient", i, 1);
    sink_format(
        sink,
        "\"extension\":[{\"url\":\"http://hl7.org/fhir/us/core/StructureDefinition/us-core-race\",\"extension\":"
        "[{\"url\":\"text\",\"valueString\":\"any text\"}]}],\"identifier\":[{\"type\":{\"coding\":[{\"system\":"
        "\"http://terminology.hl7.org/CodeSystem/v2-0203\",\"code\":\"MR\"}]},\"system\":\"urn:oid:2.999.1.%u\","
        "\"value\":\"P%07u\"}],\"name\":[{\"use\":\"official\",\"family\":\"Example%u\",\"given\":[\"Anna\",\"M\"]}],"
        "\"telecom\":[{\"system\":\"phone\",\"value\":\"+1 555 %07u\",\"use\":\"home\"}],\"gender\":\"%s\","
        "\"birthDate\":\"19%02u-%02u-%02u\",\"address\":[{\"use\":\"home\",\"line\":[\"%u Long Street\"],\"city\":"
        "\"Riverton\",\"district\":\"County %u\",\"state\":\"ZZ\",\"postalCode\":\"%05u\",\"country\":\"USA\"}]}}",
        i % 5, i, i, i % 10000000, i % 2 ? "female" : "male", i % 90 + 10, i % 12 + 1, i % 28 + 1, i % 900 + 1, i % 30,
        i % 99999);
    begin_entry(sink, "Organization", i, 2);
    sink_format(sink,
                "\"identifier\":[{\"system\":\"urn:oid:2.16.840.1.113883.4.7\",\"value\":\"99D9999999\"}],\"name\":"
                "\"Central Laboratory\",\"telecom\":[{\"system\":\"phone\",\"value\":\"+1 555 5550100\",\"use\":"
                "\"work\"}],\"address\":[{\"line\":[\"1 Science Way\"],\"city\":\"Riverton\",\"state\":\"ZZ\"}]}}");
    begin_entry(sink, "Practitioner", i, 3);
    sink_format(sink,
                "\"identifier\":[{\"system\":\"http://hl7.org/fhir/sid/us-npi\",\"value\":\"1234567893\"}],\"name\":"
                "[{\"family\":\"Medic\",\"given\":[\"Maria\"]}]}}");
}

static void put_order(struct sink *sink, unsigned i)
{
    begin_entry(sink, "ServiceRequest", i, 4);
    sink_format(
        sink,
        "\"identifier\":[{\"value\":\"O%u\"}],\"status\":\"completed\",\"intent\":\"order\",\"code\":{\"coding\":"
        "[{\"system\":\"http://loinc.org\",\"code\":\"95941-1\"}]},",
        i);
    put_reference(sink, "subject", i, 1);
    sink_format(sink, ",");
    put_reference(sink, "requester", i, 3);
    sink_format(
        sink, ",\"reasonCode\":[{\"coding\":[{\"system\":\"http://hl7.org/fhir/sid/icd-10-cm\",\"code\":\"R05\"}]}]}}");
    begin_entry(sink, "DiagnosticReport", i, 5);
    sink_format(
        sink,
        "\"identifier\":[{\"value\":\"A%u\"}],\"basedOn\":[{\"reference\":\"urn:uuid:%08x-0000-4000-8000-%012u\"}],"
        "\"status\":\"final\",\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"95941-1\"}]},",
        i, i, 4U);
    put_reference(sink, "subject", i, 1);
    sink_format(sink,
                ",\"effectiveDateTime\":\"2026-11-%02uT08:15:00-05:00\",\"issued\":\"2026-11-%02uT12:30:00-05:00\","
                "\"specimen\":"
                "[{\"reference\":\"urn:uuid:%08x-0000-4000-8000-%012u\"}],\"result\":[",
                i % 20 + 1, i % 20 + 1, i, 6U);
    for (unsigned n = 0; n < 4; n++)
        sink_format(sink, "%s{\"reference\":\"urn:uuid:%08x-0000-4000-8000-%012u\"}", n > 0 ? "," : "", i, 7 + n);
    sink_format(sink, "]}}");
    begin_entry(sink, "Specimen", i, 6);
    sink_format(
        sink,
        "\"accessionIdentifier\":{\"value\":\"A%u\"},\"type\":{\"coding\":[{\"system\":\"http://snomed.info/sct\","
        "\"code\":\"258500001\",\"display\":\"Nasopharyngeal "
        "swab\"}]},\"receivedTime\":\"2026-11-%02uT10:15:00-05:00\","
        "\"collection\":{\"collectedDateTime\":\"2026-11-%02uT08:15:00-05:00\"},",
        i, i % 20 + 1, i % 20 + 1);
    put_reference(sink, "subject", i, 1);
    sink_format(sink, "}}");
}

static void put_result(struct sink *sink, unsigned i, unsigned n)
{
    bool positive = (i + n) % 7 == 0;
    begin_entry(sink, "Observation", i, 7 + n);
    sink_format(sink,
                "\"status\":\"final\",\"category\":[{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/"
                "observation-category\",\"code\":\"laboratory\"}]}],\"code\":{\"coding\":[{\"system\":\"http://"
                "loinc.org\",\"code\":"
                "\"%s\",\"display\":\"%s\"}]},",
                tests[n][0], tests[n][1]);
    put_reference(sink, "subject", i, 1);
    sink_format(
        sink,
        ",\"effectiveDateTime\":\"2026-11-%02uT08:15:00-05:00\",\"performer\":[{\"reference\":\"urn:uuid:%08x-0000-"
        "4000-8000-"
        "%012u\"}],\"valueCodeableConcept\":{\"coding\":[{\"system\":\"http://snomed.info/"
        "sct\",\"code\":\"%s\",\"display\":"
        "\"%s\"}]},\"interpretation\":[{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/"
        "v3-ObservationInterpretation\",\"code\":\"%s\"}]}],\"method\":{\"text\":\"Real-time PCR, emergency use\"},",
        i % 20 + 1, i, 2U, positive ? "260373001" : "260415000", positive ? "Detected" : "Not detected",
        positive ? "POS" : "NEG");
    put_reference(sink, "specimen", i, 6);
    sink_format(sink, ",\"referenceRange\":[{\"text\":\"Not detected\"}]}}");
}

static void put_answers(struct sink *sink, unsigned i)
{
    static const char *const questions[][2] = {
        { "95419-8", "\"valueCodeableConcept\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/"
                     "v2-0136\",\"code\":\"Y\"}]}" },
        { "65222-2", "\"valueDateTime\":\"2026-11-03\"" },
        { "30525-0", "\"valueQuantity\":{\"value\":44,\"unit\":\"year\",\"system\":\"http://"
                     "unitsofmeasure.org\",\"code\":\"a\"}" },
    };
    for (unsigned n = 0; n < 3; n++) {
        begin_entry(sink, "Observation", i, 11 + n);
        sink_format(sink,
                    "\"status\":\"final\",\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"%s\"}]},",
                    questions[n][0]);
        put_reference(sink, "subject", i, 1);
        sink_format(sink, ",%s}}", questions[n][1]);
    }
}

static int make_texts(struct texts *texts)
{
    texts->bytes = memory_array(NUM_MADE, sizeof *texts->bytes);
    texts->sizes = memory_array(NUM_MADE, sizeof *texts->sizes);
    if (texts->bytes == NULL || texts->sizes == NULL)
        return TOC_ERR_NO_MEMORY;
    for (unsigned i = 0; i < NUM_MADE; i++) {
        struct sink sink;
        sink_init_memory(&sink);
        sink_format(
            &sink,
            "{\"resourceType\":\"Bundle\",\"identifier\":{\"value\":\"M%09u\"},\"type\":\"message\",\"timestamp\":"
            "\"2026-11-%02uT12:31:00-05:00\",\"entry\":[",
            i, i % 20 + 1);
        put_people(&sink, i);
        put_order(&sink, i);
        for (unsigned n = 0; n < 4; n++)
            put_result(&sink, i, n);
        put_answers(&sink, i);
        sink_format(&sink, "]}");
        if (sink.failure != 0)
            return TOC_ERR_NO_MEMORY;
        texts->bytes[i] = sink.bytes;
        texts->sizes[i] = sink.used;
    }
    texts->num = NUM_MADE;
    return 0;
}

static int load_texts(struct texts *texts, int num, char **paths)
{
    texts->bytes = memory_array((size_t) num, sizeof *texts->bytes);
    texts->sizes = memory_array((size_t) num, sizeof *texts->sizes);
    if (texts->bytes == NULL || texts->sizes == NULL)
        return TOC_ERR_NO_MEMORY;
    for (int i = 0; i < num; i++) {
        FILE *file = fopen(paths[i], "rb");
        char *bytes = malloc(1 << 20);
        if (file == NULL || bytes == NULL)
            return BASE_ERR_SYSTEM;
        texts->sizes[texts->num] = fread(bytes, 1, 1 << 20, file);
        texts->bytes[texts->num++] = bytes;
        fclose(file);
    }
    return 0;
}

/* ---- the measurement ---- */

/* Megabytes a second of jansson's tree alone, as it is made by the settings that refuse what ours refuses. */
static double measure_peer(const struct texts *texts, size_t rounds)
{
    size_t bytes = 0;
    double began = cpu_seconds();
    for (size_t i = 0; i < rounds * texts->num / 4; i++) {
        size_t  n = i % texts->num;
        json_t *tree = json_loadb(texts->bytes[n], texts->sizes[n], JSON_REJECT_DUPLICATES, NULL);
        json_decref(tree);
        bytes += texts->sizes[n];
    }
    return (double) bytes / 1e6 / (cpu_seconds() - began);
}

static void measure(const struct code_tables *tables, const struct texts *texts, size_t rounds)
{
    const struct fhir_options options = { .tables = tables };
    struct arena              arena = ARENA_INIT;
    struct fhir_document      document = FHIR_DOCUMENT_INIT;
    size_t                    bytes = 0, results = 0, detected = 0, usable = 0, num = rounds * texts->num;
    double                    began = 0;
    for (size_t i = 0; i < num + texts->num; i++) {
        struct report report;
        size_t        n = i % texts->num;
        if (i == texts->num) { /* each was read once, unmeasured */
            bytes = results = detected = usable = 0;
            began = cpu_seconds();
        }
        report_init(&report, &arena, texts->bytes[n], texts->sizes[n]);
        usable += fhir_map(&report, &options, &document) == 0;
        bytes += texts->sizes[n];
        results += report.num_results;
        for (uint32_t r = 0; r < report.num_results; r++)
            detected += report.results[r].interpretation == REPORT_DETECTED;
        arena_free(&arena);
    }
    double rate = (double) bytes / 1e6 / (cpu_seconds() - began), peer = measure_peer(texts, rounds);
    fhir_document_free(&document);
    printf("%zu bundles of %.1f kB, %zu usable, %zu results, %zu detected\n", num, (double) bytes / 1000 / (double) num,
           usable, results, detected);
    printf(
        "row\tFHIR read, checked against R4 and mapped, one core, bundles of %.1f kB\t>= 100 MB/s\t%.0f MB/s (jansson, "
        "the tree alone: %.0f)\t%s\n",
        (double) bytes / 1000 / (double) num, rate, peer, rate >= BAR_MB ? "yes" : "no");
}

int main(int argc, char **argv)
{
    struct code_tables *tables = NULL;
    struct fault_list   faults = FAULT_LIST_INIT;
    struct texts        texts = { 0 };
    size_t              rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 20;
    if (rounds == 0) {
        fprintf(stderr, "usage: bench_fhir [ROUNDS] [FILE...]\n");
        return 2;
    }
    int ret = code_tables_new(&tables);
    if (ret == 0)
        ret = code_tables_add_folder(tables, LISTS, &faults);
    if (ret == 0)
        ret = code_tables_add_folder(tables, INTAKE, &faults);
    fault_list_write(&faults, stderr);
    if (ret == 0)
        ret = argc > 2 ? load_texts(&texts, argc - 2, argv + 2) : make_texts(&texts);
    if (ret == 0)
        measure(tables, &texts, rounds);
    for (size_t i = 0; i < texts.num; i++)
        free(texts.bytes[i]);
    free(texts.bytes);
    free(texts.sizes);
    code_tables_free(tables);
    fault_list_free(&faults);
    return ret == 0 ? 0 : 1;
}
