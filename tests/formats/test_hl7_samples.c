/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Real and published messages (shared data; skipped, and said so, where it is absent): each is read, or refused with
 * segment and reason; what is denied reaches no report; batches have the errors that their publisher expects. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/fault.h"
#include "formats/hl7v2/batch.h"
#include "formats/hl7v2/map.h"
#include "support/test.h"

static struct code_tables *tables;
static size_t              num_messages, num_read, num_refused, num_results, num_batches;

static char *slurp(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *size = (size_t) ftell(file);
    rewind(file);
    char *bytes = malloc(*size + 1);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    fclose(file);
    return bytes;
}

/* A word that stands in denied fields alone reaches nothing of the report. */
static void assert_denied_are_left_out(const struct report *report)
{
    struct sink        sink;
    struct json_writer json;
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    report_write_json(report, &json);
    sink_character(&sink, '\0');
    static const char *const words[] = { "HL70005", "HL70189", "Not Hispanic", "Hispanic or Latino", "CDCREC" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(sink.bytes, words[i]) != NULL)
            fail_msg("%s in a report: %.300s", words[i], strstr(sink.bytes, words[i]));
    sink_free(&sink);
}

static void read_message(const char *path, struct hl7_part bytes)
{
    const struct hl7_options options = { .tables = tables };
    struct arena             arena = ARENA_INIT;
    struct report            report;
    struct hl7_message       message;
    report_init(&report, &arena, bytes.bytes, bytes.size);
    int ret = hl7_map(&report, &options, &message);
    assert_true(ret == 0 || ret == BASE_ERR_INPUT);
    num_messages++;
    num_read += ret == 0;
    num_refused += ret != 0;
    num_results += report.num_results;
    if (ret != 0) { /* segment, field where there is one, reason */
        bool told = false;
        for (uint32_t i = 0; i < report.num_faults; i++)
            told |= report.faults[i].severity == REPORT_FATAL && report.faults[i].place.segment[0] != '\0' &&
                    report.faults[i].what != NULL;
        if (!told)
            fail_msg("%s: refused without a reason", path);
    }
    for (uint32_t i = 0; i < report.num_faults; i++)
        assert_true(report.faults[i].place.offset <= report.size);
    assert_denied_are_left_out(&report);
    arena_free(&arena);
}

/* Returns the faults of the envelope. */
static uint64_t read_path(const char *path, uint32_t *messages)
{
    struct arena             arena = ARENA_INIT;
    struct report            envelope;
    struct hl7_batch         batch;
    struct hl7_batch_message message;
    size_t                   size;
    char                    *bytes = slurp(path, &size);
    report_init(&envelope, &arena, bytes, size);
    assert_ok(hl7_batch_begin(&batch, &envelope));
    while (hl7_batch_next(&batch, &message) == 1)
        read_message(path, message.bytes);
    uint64_t faults = envelope.num_all_faults;
    *messages = batch.num_messages;
    hl7_batch_end(&batch);
    arena_free(&arena);
    free(bytes);
    return faults;
}

static void read_folder(const char *folder)
{
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char        path[4096];
        struct stat status;
        uint32_t    messages;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        assert_int_equal(stat(path, &status), 0);
        if (S_ISDIR(status.st_mode))
            read_folder(path);
        else
            read_path(path, &messages);
    }
    closedir(directory);
}

static void test_every_sample_is_read_or_refused_with_a_reason(void **state)
{
    (void) state;
    const char *folder = test_shared_data("intake");
    char        path[4096];
    if (folder == NULL)
        skip();
    static const char *const parts[] = { "hl7", "hl7-batch", "hl7-edge" };
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, parts[i]);
        read_folder(path);
    }
    printf("# %zu messages: %zu read, %zu refused with segment and reason; %zu results\n", num_messages, num_read,
           num_refused, num_results);
    assert_true(num_read > 400 && num_results > 500);
}

/* "1 error", ">=1 error", ">1 error", "0 errors", "debatches to N messages". */
static void assert_expected(const char *folder, const char *file, const char *expected)
{
    char     path[4096];
    uint32_t messages;
    unsigned number;
    snprintf(path, sizeof path, "%s/hl7-batch/hl7-pet/src__test__resources__batchFiles__%s", folder, file);
    uint64_t faults = read_path(path, &messages);
    bool     met = false;
    if (sscanf(expected, ">=%u error", &number) == 1)
        met = faults >= number;
    else if (sscanf(expected, ">%u error", &number) == 1)
        met = faults > number;
    else if (sscanf(expected, "debatches to %u", &number) == 1)
        met = messages == number && faults == 0;
    else if (sscanf(expected, "%u error", &number) == 1)
        met = faults == number;
    if (!met)
        fail_msg("%s: %llu faults, %u messages; expected: %s", file, (unsigned long long) faults, messages, expected);
    num_batches++;
}

static void test_batches_have_the_expected_errors(void **state)
{
    (void) state;
    const char *folder = test_shared_data("intake");
    char        path[4096], *line, *rest;
    size_t      size;
    if (folder == NULL)
        skip();
    snprintf(path, sizeof path, "%s/hl7-batch/expected.tsv", folder);
    char *text = slurp(path, &size);
    text[size] = '\0';
    for (line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
        char *tab = strchr(line, '\t');
        if (tab == NULL || strncmp(line, "file\t", 5) == 0)
            continue;
        *tab = '\0';
        assert_expected(folder, line, tab + 1);
    }
    printf("# %zu batch files as expected\n", num_batches);
    assert_true(num_batches >= 22);
    free(text);
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
        cmocka_unit_test(test_every_sample_is_read_or_refused_with_a_reason),
        cmocka_unit_test(test_batches_have_the_expected_errors),
    };
    if (test_shared_data("intake") == NULL)
        return test_skip_program("the shared messages are absent");
    return cmocka_run_group_tests(tests, load_tables, free_tables);
}
