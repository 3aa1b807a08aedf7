/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast passes are issued (src/formats/credential/issue.h): records of invented people, checked, written, signed;
 * and the same with its QR code as SVG. CPU seconds of this process, the best of some rounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/json_reader.h"
#include "formats/credential/issue.h"
#include "formats/credential/qr.h"

#define NOW INT64_C(1646136000)
enum { ROUNDS = 7, PASSES = 3000, CODES = 500 };

static struct credential_maker *maker;
static struct value_tree        record;

static double cpu_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static void open_maker(void)
{
    const struct credential_signer_settings settings = { .country = "XX", .name = "Example County", .days = 730 };
    struct certificate                      made = { 0 };
    struct fault_list                       faults = FAULT_LIST_INIT;
    if (credential_signer_make(&settings, NULL, NOW, &made, &faults) != 0 ||
        credential_maker_open(made.key, made.key_size, made.chain, made.chain_size, &maker, &faults) != 0)
        exit(1);
    certificate_free(&made);
}

/* One pass of a person of that number. */
static size_t issue(unsigned number, char text[CREDENTIAL_ISSUE_TEXT_BYTES])
{
    const struct credential_times times = { NOW, NOW + 180 * 86400 };
    uint8_t                       random[CREDENTIAL_IDENTIFIER_RANDOM];
    struct fault_list             faults = FAULT_LIST_INIT;
    char                          json[600];
    size_t                        size = 0;
    int                           length = snprintf(json, sizeof json,
                                                    "{\"nam\":{\"fn\":\"Surname%c%c\",\"gn\":\"Given Names "
                                                                              "%c\"},\"dob\":\"19%02u-0%u-1%u\",\"v\":[{\"tg\":\"840539006\","
                                                                              "\"vp\":\"1119349007\",\"mp\":\"EU/1/20/"
                                                                              "1528\",\"ma\":\"ORG-100030215\",\"dn\":2,\"sd\":2,\"dt\":\"2022-01-%02u\"}]}",
                                                    'a' + (char) (number % 26), 'a' + (char) (number / 26 % 26), 'a' + (char) (number / 676 % 26),
                                                    30 + number % 60, 1 + number % 9, number % 10, 1 + number % 28);
    memset(random, (int) number, sizeof random);
    memcpy(random, &number, sizeof number);
    if (json_read(json, (size_t) length, NULL, &record, NULL) != 0 ||
        credential_issue_hc1(maker, record.values, &times, random, (struct fault_place){ 0 }, text, &size, &faults) !=
            0) {
        fault_list_write(&faults, stderr);
        exit(1);
    }
    return size;
}

static double passes(void)
{
    char   text[CREDENTIAL_ISSUE_TEXT_BYTES];
    double best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double start = cpu_seconds();
        for (unsigned i = 0; i < PASSES; i++)
            issue(i, text);
        double rate = PASSES / (cpu_seconds() - start);
        best = rate > best ? rate : best;
    }
    return best;
}

static double codes(int *width, size_t *size)
{
    static struct credential_qr qr;
    char                        text[CREDENTIAL_ISSUE_TEXT_BYTES];
    double                      best = 0;
    for (int round = 0; round < ROUNDS; round++) {
        double start = cpu_seconds();
        for (unsigned i = 0; i < CODES; i++) {
            struct sink sink;
            sink_init_memory(&sink);
            *size = issue(i, text);
            if (credential_qr_make(text, *size, CREDENTIAL_QR_Q, &qr) != 0)
                exit(1);
            credential_qr_svg(&qr, 45, &sink);
            sink_free(&sink);
        }
        double rate = CODES / (cpu_seconds() - start);
        best = rate > best ? rate : best;
    }
    *width = qr.width;
    return best;
}

int main(void)
{
    int    width = 0;
    size_t size = 0;
    open_maker();
    double rate = passes();
    printf("row\tpasses issued a second a core: checked, signed, as text\t>= 20,000\t%.0f\t%s\n", rate,
           rate >= 20000 ? "yes" : "no");
    rate = codes(&width, &size);
    printf("row\tthe same with the QR code as SVG (%zu characters, version %d, Q)\t>= 960\t%.0f\t%s\n", size,
           (width - 17) / 4, rate, rate >= 960 ? "yes" : "no");
    value_tree_free(&record);
    credential_maker_free(maker);
    return 0;
}
