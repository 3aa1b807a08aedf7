/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any JSON as a record: it is refused with faults, or issued; and then it is genuine to our own reader. Any bytes
 * packed, and as the text of a QR code. */
#include <stdlib.h>
#include <string.h>

#include "base/json_reader.h"
#include "formats/credential/credential.h"
#include "formats/credential/deflate.h"
#include "formats/credential/inflate.h"
#include "formats/credential/issue.h"
#include "formats/credential/qr.h"
#include "fuzz.h"

#define NOW INT64_C(1646136000)

static struct credential_maker   *maker;
static struct credential_trust    trust;
static struct credential_scanner *scanner;
static struct value_tree          record;

static void open_maker(void)
{
    const struct credential_signer_settings settings = { .country = "XX", .name = "Example County", .days = 30 };
    struct certificate                      made = { 0 };
    struct fault_list                       faults = FAULT_LIST_INIT;
    size_t                                  size;
    MUST(credential_signer_make(&settings, NULL, NOW, &made, &faults) == 0);
    MUST(credential_maker_open(made.key, made.key_size, made.chain, made.chain_size, &maker, &faults) == 0);
    const uint8_t *der = credential_maker_certificate(maker, &size);
    MUST(credential_trust_add_certificate(&trust, der, size, &faults) == 0 && credential_trust_ready(&trust) == 0);
    scanner = credential_scanner_new(&trust, NULL);
    MUST(scanner != NULL);
    certificate_free(&made);
}

static void pack(const uint8_t *data, size_t size)
{
    static uint8_t packed[CREDENTIAL_COMPRESSED(CREDENTIAL_COMPRESS_MOST)], again[sizeof packed];
    static struct libdeflate_decompressor *inflater;
    size_t                                 num = 0;
    if (inflater == NULL)
        inflater = credential_inflater_new();
    size_t num_packed = credential_compress(data, size, packed);
    MUST(num_packed <= CREDENTIAL_COMPRESSED(size));
    MUST(credential_inflate(inflater, CREDENTIAL_ZLIB, packed, num_packed, again, sizeof again, &num, NULL) == 0);
    MUST(num == size && memcmp(again, data, size) == 0);
}

static void draw(const char *text, size_t size)
{
    static struct credential_qr qr;
    for (int level = CREDENTIAL_QR_L; level <= CREDENTIAL_QR_Q; level++) {
        int status = credential_qr_make(text, size, (enum credential_qr_level) level, &qr);
        MUST(status == 0 || (status == BASE_ERR_INPUT && (size == 0 || size > 1663)));
        MUST(status != 0 || (qr.width >= 21 && qr.width <= CREDENTIAL_QR_MOST && qr.width % 4 == 1));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t          random[CREDENTIAL_IDENTIFIER_RANDOM] = { 1 };
    const struct credential_times times = { NOW, NOW + 86400 };
    const struct fault_place      place = { "fuzz", 1, 0, NULL };
    struct fault_list             faults = FAULT_LIST_INIT;
    struct credential_answer      answer;
    char                          text[CREDENTIAL_ISSUE_TEXT_BYTES];
    size_t                        length = 0;
    if (maker == NULL)
        open_maker();
    if (size <= CREDENTIAL_COMPRESS_MOST)
        pack(data, size);
    draw((const char *) data, size);
    if (size == 0 || json_read((const char *) data, size, NULL, &record, NULL) != 0)
        return 0;
    int status = credential_issue_hc1(maker, record.values, &times, random, place, text, &length, &faults);
    MUST(status == 0 ? faults.num_all == 0 : faults.num_all > 0);
    if (status == 0) {
        MUST(length == strlen(text));
        credential_scan(scanner, text, length, NOW + 60, &answer);
        MUST(answer.verdict == CREDENTIAL_GENUINE && answer.kind == CREDENTIAL_DCC);
    }
    fault_list_free(&faults);
    status = credential_issue_smart(maker, record.values, "https://cards.example", NOW, random, place, text, &length,
                                    &faults);
    MUST(status == 0 ? faults.num_all == 0 : faults.num_all > 0);
    fault_list_free(&faults);
    return 0;
}
