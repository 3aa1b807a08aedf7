/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What reading costs: HL7 v2 messages of 3.6 kB, decoded, read and mapped to reports on one core.
 *
 * usage: bench_intake hl7 [MESSAGES] [FILE...]
 *
 * Without files the messages are made here: laboratory reports as versions 2.5.1 guides ask for them, each with its own
 * patient, times and numbers, among five senders of which one codes its tests by names alone. With files these are read
 * in turn, as they are. Time is the process's own (other programs run beside). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/memory.h"
#include "base/sink.h"
#include "formats/hl7v2/map.h"
#include "tocsin/status.h"

#define NUM_MADE 2000 /* different messages: more than the caches hold */
#define BAR 100000.0

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

/* ---- messages ---- */

static const char *const tests[][2] = {
    { "94500-6^SARS-CoV-2 (COVID-19) RNA [Presence] in Respiratory system specimen by NAA with probe detection^LN",
      "C19^SARS-CoV-2 PCR^L" },
    { "92142-9^Influenza virus A RNA [Presence] in Respiratory specimen by NAA with probe detection^LN",
      "FLUA^Influenza A PCR^L" },
    { "92141-1^Influenza virus B RNA [Presence] in Respiratory specimen by NAA with probe detection^LN",
      "FLUB^Influenza B PCR^L" },
    { "92131-2^Respiratory syncytial virus RNA [Presence] in Respiratory specimen by NAA with probe detection^LN",
      "RSV^RSV PCR^L" },
};

static void put_person(struct sink *sink, unsigned i)
{
    sink_format(sink,
                "PID|1||P%07u^^^City Hospital&2.999.1.%u&ISO^MR^City Hospital&2.999.1.%u&ISO~%09u^^^SSA^SS||"
                "Example%u^Anna^M^^^^L||19%02u%02u%02u|%c||2106-3^White^HL70005|%u Long Street^Apt %u^Riverton^ZZ^%05u^"
                "USA^H^^County %u||^PRN^PH^^1^555^%07u^^any text~^NET^Internet^anna%u@example.com|||||||||"
                "N^Not Hispanic or Latino^HL70189\r",
                i, i % 5, i % 5, i * 37 % 1000000000, i, i % 90 + 10, i % 12 + 1, i % 28 + 1, i % 2 ? 'F' : 'M',
                i % 900 + 1, i % 40, i % 99999, i % 30, i % 10000000, i);
}

static void put_order(struct sink *sink, unsigned i)
{
    sink_format(
        sink,
        "ORC|RE|O%u^City Hospital^2.999.1.9^ISO|A%u^Central Laboratory^2.999.2.1^ISO|||||||||1234567893^Medic^"
        "Maria^^^^^^NPI&2.16.840.1.113883.4.6&ISO^L^^^NPI||^WPN^PH^^1^555^5550199|||||||City Hospital^L^^^^"
        "NPI&2.999.7&ISO^XX^^^9876543210|12 Clinic Road^^Riverton^ZZ^12345^USA^B|^WPN^PH^^1^555^5550100\r"
        "OBR|1|O%u^City Hospital^2.999.1.9^ISO|A%u^Central Laboratory^2.999.2.1^ISO|95941-1^Influenza virus A "
        "and B and SARS-CoV-2 and SARS-related CoV RNA panel^LN^RESP4^Respiratory panel^L|||202611%02u0815-0500|"
        "||||||||1234567893^Medic^Maria^^^^^^NPI&2.16.840.1.113883.4.6&ISO^L^^^NPI|^WPN^PH^^1^555^5550199|||||"
        "202611%02u123000-0500|||F|||||||R05^Cough^I10C\r",
        i, i, i, i, i % 20 + 1, i % 20 + 1);
}

static void put_result(struct sink *sink, unsigned i, unsigned n)
{
    bool        positive = (i + n) % 7 == 0, plain = i % 5 == 4;
    const char *value =
        positive ? "260373001^Detected^SCT^DET^Detected^L" : "260415000^Not detected^SCT^ND^Not detected^L";
    sink_format(sink,
                "OBX|%u|CWE|%s%s%s||%s||Not detected|%s|||F|||202611%02u0815-0500|||Real-time PCR^Multiplex assay, "
                "emergency use^L^^^^^^Multiplex respiratory assay 4-plex_Example Diagnostics|ANALYZER7^^99INST|"
                "202611%02u1145-0500||||Central Laboratory^L^^^^CLIA&2.16.840.1.113883.4.7&ISO^XX^^^99D9999999|"
                "1 Science Way^^Riverton^ZZ^12345^USA^B\r",
                n + 1, plain ? "" : tests[n][0], plain ? "" : "^", tests[n][1], value, positive ? "A" : "N", i % 20 + 1,
                i % 20 + 1);
}

static void put_answers(struct sink *sink, unsigned i)
{
    sink_format(sink,
                "OBX|5|NM|30525-0^Age^LN||%u|a^year^UCUM|||||F||||||||||||||||QST\r"
                "OBX|6|CWE|95419-8^Has symptoms related to condition of interest^LN||Y^Yes^HL70136||||||F||||||||||||||"
                "||QST\r"
                "OBX|7|DT|65222-2^Date and time of symptom onset^LN||202611%02u||||||F||||||||||||||||QST\r",
                i % 90, i % 20 + 1);
    sink_format(
        sink,
        "SPM|1|O%u&City Hospital&2.999.1.9&ISO^A%u&Central Laboratory&2.999.2.1&ISO||258500001^Nasopharyngeal "
        "swab^SCT^NP^NP swab^L^^^Swab of nasopharynx||||71836000^Nasopharyngeal structure^SCT|||P^Patient^HL70369"
        "||||||202611%02u0815-0500|202611%02u1015-0500\r",
        i, i, i % 20 + 1, i % 20 + 1);
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
        sink_format(&sink,
                    "MSH|^~\\&|LIMS %u^2.999.3.%u^ISO|Central Laboratory^99D9999999^CLIA|Health Department^2.999.4^ISO|"
                    "ELR^2.999.5^ISO|202611%02u123100-0500||ORU^R01^ORU_R01|M%09u|P|2.5.1|||NE|NE|USA|UNICODE UTF-8|||"
                    "PHLabReport-NoAck^^2.16.840.1.113883.9.11^ISO\r"
                    "SFT|Example Software|1.2|LIMS|12345||20260101\r",
                    i % 5, i % 5, i % 20 + 1, i);
        put_person(&sink, i);
        put_order(&sink, i);
        for (unsigned n = 0; n < 4; n++)
            put_result(&sink, i, n);
        put_answers(&sink, i);
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

static int measure(const struct code_tables *tables, const struct texts *texts, size_t num)
{
    struct hl7_memo         *memo = hl7_memo_new();
    const struct hl7_options options = { .tables = tables, .memo = memo };
    struct arena             arena = ARENA_INIT;
    struct rusage            before, after;
    size_t                   bytes = 0, results = 0, detected = 0, usable = 0;
    double                   began = 0;
    for (size_t i = 0; i < num + texts->num; i++) {
        struct report      report;
        struct hl7_message message;
        const char        *text = texts->bytes[i % texts->num];
        size_t             size = texts->sizes[i % texts->num];
        if (i == texts->num) { /* each was read once, unmeasured */
            getrusage(RUSAGE_SELF, &before);
            bytes = results = detected = usable = 0;
            began = cpu_seconds();
        }
        report_init(&report, &arena, text, size);
        usable += hl7_map(&report, &options, &message) == 0;
        bytes += size;
        results += report.num_results;
        for (uint32_t r = 0; r < report.num_results; r++)
            detected += report.results[r].interpretation == REPORT_DETECTED;
        arena_free(&arena);
    }
    double seconds = cpu_seconds() - began, rate = (double) num / seconds;
    getrusage(RUSAGE_SELF, &after);
    free(memo);
    printf("%zu messages of %.1f kB, %zu usable, %zu results, %zu detected\n", num,
           (double) bytes / 1000 / (double) num, usable, results, detected);
    printf("row\tHL7 decoded, read and mapped, one core, %.1f kB\t>= 100,000/s\t%.0f/s, %.0f MB/s\t%s\n",
           (double) bytes / 1000 / (double) num, rate, (double) bytes / 1e6 / seconds, rate >= BAR ? "yes" : "no");
    printf("row\tmemory gained while reading %zu messages\t< 1 MB\t%ld kB\t%s\n", num,
           after.ru_maxrss - before.ru_maxrss, after.ru_maxrss - before.ru_maxrss < 1024 ? "yes" : "no");
    return 0;
}

int main(int argc, char **argv)
{
    struct code_tables *tables = NULL;
    struct fault_list   faults = FAULT_LIST_INIT;
    struct texts        texts = { 0 };
    size_t              num = argc > 2 ? strtoul(argv[2], NULL, 10) : 300000;
    if (argc < 2 || strcmp(argv[1], "hl7") != 0 || num == 0) {
        fprintf(stderr, "usage: bench_intake hl7 [MESSAGES] [FILE...]\n");
        return 2;
    }
    int ret = code_tables_new(&tables);
    if (ret == 0)
        ret = code_tables_add_folder(tables, LISTS, &faults);
    if (ret == 0)
        ret = code_tables_add_folder(tables, INTAKE, &faults);
    fault_list_write(&faults, stderr);
    if (ret == 0)
        ret = argc > 3 ? load_texts(&texts, argc - 3, argv + 3) : make_texts(&texts);
    if (ret == 0)
        ret = measure(tables, &texts, num);
    for (size_t i = 0; i < texts.num; i++)
        free(texts.bytes[i]);
    free(texts.bytes);
    free(texts.sizes);
    code_tables_free(tables);
    fault_list_free(&faults);
    return ret == 0 ? 0 : 1;
}
