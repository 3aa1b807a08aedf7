/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passes with what this program says of them, for the device's program to be held to (web/src/pass/same.test.ts).
 *
 *   device_cases FOLDER > cases.ndjson      FOLDER: what make_credentials has made
 *
 * A line each: {"rules": a file of rules}, {"device": a device's file}, and what is scanned under the last of both,
 * {"id", "text", "now", "report"}. The conformance sets are among them where the shared data are. A device's file is
 * read back here too, and must lead to the same reports.
 */
#include <stdio.h>
#include <stdlib.h>

#include "conformance.h"
#include "formats/credential/base64.h"
#include "formats/credential/device.h"
#include "formats/credential/folder.h"
#include "formats/credential/report.h"
#include "formats/credential/scanner.h"

static struct credential_rules *rules;

/* Lists as they were read, and as a device reads them. */
struct side {
    struct credential_trust       trust;
    struct credential_revocation *revocation;
    struct credential_scanner    *scanner;
    char                          country[CREDENTIAL_PLACE_BYTES], region[CREDENTIAL_PLACE_BYTES];
};
static struct side here, device;

static void put(const char *key, json_t *value)
{
    json_t *line = json_object();
    json_object_set_new(line, key, value);
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(line);
}

static void side_free(struct side *side)
{
    credential_scanner_free(side->scanner);
    credential_revocation_free(side->revocation);
    credential_trust_free(&side->trust);
    *side = (struct side){ 0 };
}

static void begin(void)
{
    side_free(&here);
    side_free(&device);
    here.revocation = credential_revocation_new();
    device.revocation = credential_revocation_new();
}

/* The lists of `here` are complete: hand them on. */
static void hand_on(const char *country)
{
    struct sink sink;
    assert_ok(credential_trust_ready(&here.trust));
    credential_scanner_free(here.scanner);
    here.scanner = credential_scanner_new(&here.trust, here.revocation);
    snprintf(here.country, sizeof here.country, "%s", country);
    sink_init_memory(&sink);
    credential_device_write(&sink, country, "", &here.trust, here.revocation);
    assert_int_equal(sink.failure, 0);
    side_free(&device);
    device.revocation = credential_revocation_new();
    assert_ok(
        credential_device_read(sink.bytes, sink.used, device.country, device.region, &device.trust, device.revocation));
    device.scanner = credential_scanner_new(&device.trust, device.revocation);
    put("device", json_stringn(sink.bytes, sink.used));
    sink_free(&sink);
}

static void report(const struct side *side, const char *text, size_t size, int64_t now, struct sink *sink)
{
    static struct credential_rules_checker checker;
    struct credential_answer               answer;
    struct credential_rules_answer         fit;
    credential_scan_lines(side->scanner, text, size, now, &answer);
    bool held = credential_hold_to_rules(rules, side->country, side->region, now, &answer, &checker, &fit);
    const struct credential_style style = { CREDENTIAL_AS_NDJSON, CREDENTIAL_ENGLISH, true };
    const struct credential_found found = {
        .number = 1, .now = now, .answer = &answer, .trust = &side->trust, .rules = rules, .fit = held ? &fit : NULL
    };
    sink_init_memory(sink);
    credential_report(sink, &style, &found);
}

static void scan(const char *id, const char *text, size_t size, int64_t now)
{
    struct sink first, second;
    json_t     *shown = json_stringn(text, size);
    if (shown == NULL) /* not UTF-8, which JSON cannot hold */
        return;
    report(&here, text, size, now, &first);
    report(&device, text, size, now, &second);
    if (first.used != second.used || memcmp(first.bytes, second.bytes, first.used) != 0)
        fail_msg("%s: %.*s behind the device's file, %.*s before it", id, (int) second.used, second.bytes,
                 (int) first.used, first.bytes);
    json_t *line = json_pack("{s:s,s:o,s:I,s:o}", "id", id, "text", shown, "now", (json_int_t) now, "report",
                             json_stringn(first.bytes, first.used));
    json_dumpf(line, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(line);
    sink_free(&first);
    sink_free(&second);
}

/* ---- invented issuers ---- */

static void invented(const char *folder)
{
    static const char *const names[] = { "genuine", "recovery", "forged",    "unknown", "revoked", "usage",
                                         "expired", "early",    "algorithm", "card",    "gone" };
    char                     path[4096], parts[1 << 15];
    struct fault_list        faults = FAULT_LIST_INIT;
    size_t                   size, more;
    begin();
    snprintf(path, sizeof path, "%s/trust", folder);
    assert_ok(credential_folder_read(path, &here.trust, here.revocation, &faults));
    fault_list_free(&faults);
    hand_on("XX");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s.txt", names[i]);
        char *text = conformance_read_file(folder, path, &size);
        scan(names[i], text, size, 1641168000 + 86400);
        for (size_t at = 0; i == 0 && at < size; at += 7) { /* a character changed, all along */
            char kept = text[at];
            text[at] = kept == 'A' ? 'B' : 'A';
            snprintf(path, sizeof path, "genuine with another character at %zu", at);
            scan(path, text, size, 1641168000 + 86400);
            text[at] = kept;
        }
        free(text);
    }
    char *second = conformance_read_file(folder, "part2.txt", &size);
    char *first = conformance_read_file(folder, "part1.txt", &more);
    snprintf(parts, sizeof parts, "%s\r\n%s\n", second, first);
    scan("parts", parts, strlen(parts), 1641168000);
    scan("one part", first, more, 1641168000);
    free(first);
    free(second);
    scan("nothing", "", 0, 1641168000);
}

/* ---- the conformance sets ---- */

static const char *countries[64];
static size_t      num_countries, num_cases;
static json_t     *all_rules;

static void take_rule(json_t *line)
{
    json_t     *rule = json_object_get(line, "rule");
    const char *country = conformance_text_of(rule, "Country");
    bool        known = false;
    for (size_t i = 0; i < num_countries; i++)
        known = known || strcmp(countries[i], country) == 0;
    if (!known && num_countries < sizeof countries / sizeof *countries)
        countries[num_countries++] = strdup(country);
    json_array_append(all_rules, rule);
}

static void read_rules(const char *folder)
{
    struct fault_list faults = FAULT_LIST_INIT;
    all_rules = json_array();
    if (folder != NULL)
        conformance_each_line(folder, "rules.jsonl", take_rule);
    char *text = json_dumps(all_rules, JSON_COMPACT);
    if (credential_rules_read(text, strlen(text), "rules", &rules, &faults) != 0) {
        fault_list_write(&faults, stderr);
        exit(1);
    }
    put("rules", json_string(text));
    free(text);
    json_decref(all_rules);
}

static void hc1_case(json_t *line)
{
    const char   *text = conformance_text_of(line, "PREFIX");
    const json_t *context = json_object_get(line, "TESTCTX");
    const char   *clock = conformance_text_of(context, "VALIDATIONCLOCK");
    const char   *raw = conformance_text_of(context, "CERTIFICATE");
    size_t        num = 0;
    if (raw == NULL || clock == NULL)
        return;
    uint8_t          *der = malloc(CREDENTIAL_BASE64_DECODED(strlen(raw)));
    struct fault_list faults = FAULT_LIST_INIT;
    begin();
    assert_ok(credential_base64_decode(CREDENTIAL_BASE64, raw, strlen(raw), der, &num));
    (void) credential_trust_add_certificate(&here.trust, der, num, &faults);
    hand_on(countries[num_cases++ % num_countries]);
    scan(conformance_text_of(line, "id"), text, strlen(text), conformance_clock_of(clock));
    fault_list_free(&faults);
    free(der);
}

/* For half of the signers a list of revoked passes: filters in which half of the bits are set, by chance. */
static void invent_filters(void)
{
    uint32_t chance = 1;
    for (size_t i = 0; i < here.trust.num_signers; i += 2) {
        const struct credential_signer *signer = &here.trust.signers[i];
        uint8_t                         filter[20 + 4 * 64] = { 0, 1, 2, 0, [19] = 64 };
        if (signer->kid_size != CREDENTIAL_KID_BYTES ||
            credential_revocation_declare(here.revocation, signer->kid, CREDENTIAL_POINT, (unsigned) (1 + i % 7),
                                          1600000000, INT64_MAX) != 0)
            continue;
        for (unsigned chunk = 0; chunk < 16; chunk++) {
            for (size_t at = 20; at < sizeof filter; at++)
                filter[at] = (uint8_t) ((chance = chance * 1664525 + 1013904223) >> 24);
            assert_ok(credential_revocation_add(here.revocation, signer->kid, 0, 0, chunk, CREDENTIAL_BLOOM, filter,
                                                sizeof filter, INT64_MAX, NULL));
        }
    }
}

static void qa_case(json_t *line)
{
    const char *text = conformance_text_of(line, "text");
    scan(conformance_text_of(line, "id"), text, strlen(text),
         (int64_t) json_number_value(json_object_get(line, "iat")));
}

static void quality_assurance(const char *hcert, const char *trust)
{
    struct fault_list           faults = FAULT_LIST_INIT;
    size_t                      size;
    char                       *list = conformance_read_file(trust, "acc-dsc-list.json", &size);
    struct credential_list_file file = { .name = "acc", .bytes = list, .size = size, .dated = 1600000000 };
    for (int revoked = 0; revoked < 2; revoked++) {
        begin();
        assert_ok(credential_trust_add(&here.trust, &file, &faults));
        if (revoked == 1)
            invent_filters();
        hand_on(countries[revoked]);
        conformance_each_line(hcert, "dcc-quality-assurance.jsonl", qa_case);
    }
    fault_list_free(&faults);
    free(list);
}

static const char *card_files;

static void card_case(json_t *line)
{
    static const char separator[] = "\n";
    json_t           *files = json_object_get(line, "files"), *name;
    const char       *type = conformance_text_of(line, "type");
    char             *text = calloc(1, 1 << 20);
    size_t            i, size;
    if (strcmp(type, "jws") == 0 || strcmp(type, "qrnumeric") == 0) {
        json_array_foreach (files, i, name) {
            char *part = conformance_read_file(card_files, json_string_value(name), &size);
            if (strlen(text) + size + 2 < (1 << 20))
                strcat(strcat(text, part), separator);
            free(part);
        }
        scan(conformance_text_of(line, "name"), text, strlen(text),
             json_integer_value(json_object_get(line, "validation_time")));
    }
    free(text);
}

static void cards(const char *folder)
{
    static const char           keys[] = "issuer/https_spec.smarthealth.cards_examples_issuer_.well-known_jwks.json";
    struct fault_list           faults = FAULT_LIST_INIT;
    char                        path[4096], iss[200];
    size_t                      size;
    char                       *set = conformance_read_file(folder, keys, &size);
    struct credential_list_file file = {
        .name = "examples", .bytes = set, .size = size, .dated = CREDENTIAL_NO_TIME, .iss = iss
    };
    begin();
    conformance_issuer_of(folder, "files/example-00-d-jws.txt", iss);
    assert_ok(credential_trust_add(&here.trust, &file, &faults));
    hand_on("XX");
    snprintf(path, sizeof path, "%s/files", folder);
    card_files = path;
    conformance_each_line(folder, "dev-tools-cases.jsonl", card_case);
    fault_list_free(&faults);
    free(set);
}

static char *shared(const char *name)
{
    const char *folder = test_shared_data(name);
    return folder != NULL ? strdup(folder) : NULL;
}

int main(int argc, char **argv)
{
    char *hcert = shared("credentials/hcert"), *trust = shared("credentials/trust"), *shc = shared("credentials/shc"),
         *rule_folder = shared("credentials/rules");
    if (argc != 2)
        return 2;
    read_rules(rule_folder);
    invented(argv[1]);
    if (hcert != NULL && trust != NULL && shc != NULL && rule_folder != NULL) {
        conformance_each_line(hcert, "dgc-testdata.jsonl", hc1_case);
        quality_assurance(hcert, trust);
        cards(shc);
    } else {
        fprintf(stderr, "SKIPPED: the conformance sets are not here\n");
    }
    side_free(&here);
    side_free(&device);
    credential_rules_free(rules);
    for (size_t i = 0; i < num_countries; i++)
        free((char *) (uintptr_t) countries[i]);
    free(hcert);
    free(trust);
    free(shc);
    free(rule_folder);
    return 0;
}
