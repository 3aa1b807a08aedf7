/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The checking of passes inside a device: the readers and rules of src/formats/credential as they are, with the browser
 * behind what they take from libdeflate and OpenSSL. `./dev web-wasm` compiles it.
 *
 * The browser inflates and checks signatures, but answers later. So a scan runs until it needs an answer, notes the
 * question and ends; whoever runs it answers (pass_inflated, pass_verified) and lets it run again from the start, where
 * the answers that are known are given at once. That costs microseconds, and the readers need no second form.
 *
 *     pass_room(size) → where to write; pass_trust(size), pass_rules(size): lists and rules, once
 *     pass_scan(size, seconds) → enum step; while it is not STEP_DONE: answer, pass_again()
 *     pass_report(), pass_report_size(): what was found, as JSON (report.h); then pass_wipe()
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "formats/credential/check.h"
#include "formats/credential/device.h"
#include "formats/credential/inflate.h"
#include "formats/credential/key.h"
#include "formats/credential/report.h"
#include "sha256.h"
#include "tocsin/status.h"

#define EXPORT(name) __attribute__((export_name(#name), used))
#define REPORT_BYTES ((size_t) 256 << 10)
#define STACK_BYTES ((size_t) 256 << 10) /* that a scan may have written to */
#define MOST_SIGNATURES 256              /* that one scan may ask for: signers with one kid */

enum step { STEP_DONE, STEP_INFLATE_ZLIB, STEP_INFLATE_RAW, STEP_VERIFY };

/* What the browser could not inflate. */
enum inflated { INFLATED_DAMAGED = -1, INFLATED_TOO_LARGE = -2 };

/* One of each: a page scans one pass at a time. */
static struct {
    char                           *room;
    size_t                          room_size;
    char                            country[CREDENTIAL_PLACE_BYTES], region[CREDENTIAL_PLACE_BYTES];
    struct credential_trust         trust;
    struct credential_revocation   *revocation;
    struct credential_scanner      *scanner;
    struct credential_rules        *rules;
    struct credential_rules_checker checker;
    enum credential_language        language;
    struct sink                     report;
} device;

/* The scan that runs, and what was asked. */
static struct {
    size_t         size;
    int64_t        now;
    enum step      step;
    const uint8_t *packed;
    size_t         packed_size;
    bool           has_inflated;
    int            inflated; /* bytes, or enum inflated */
    bool           verified[MOST_SIGNATURES];
    size_t         num_verified, num_asked, signer;
    bool           too_many;
    size_t         message_size, signature_size;
} scan;

static uint8_t inflated_bytes[CREDENTIAL_CONTENT_BYTES], message[2 * CREDENTIAL_CONTENT_BYTES];
static uint8_t signature_bytes[CREDENTIAL_RSA_BITS_MOST / 8];

/* ---- in place of libdeflate ---- */

struct libdeflate_decompressor *credential_inflater_new(void)
{
    return (struct libdeflate_decompressor *) &device; /* something to be there; never looked into */
}

void credential_inflater_free(struct libdeflate_decompressor *inflater)
{
    (void) inflater;
}

int credential_inflate(struct libdeflate_decompressor *inflater, enum credential_deflate form, const uint8_t *packed,
                       size_t size, uint8_t *bytes, size_t room, size_t *num_bytes, struct toc_error *error)
{
    (void) inflater;
    if (!scan.has_inflated) {
        scan.step = form == CREDENTIAL_ZLIB ? STEP_INFLATE_ZLIB : STEP_INFLATE_RAW;
        scan.packed = packed;
        scan.packed_size = size;
        return BASE_ERR_INPUT;
    }
    if (scan.inflated >= 0 && (size_t) scan.inflated <= room) {
        memcpy(bytes, inflated_bytes, (size_t) scan.inflated);
        *num_bytes = (size_t) scan.inflated;
        return 0;
    }
    if (error != NULL)
        *error = (struct toc_error){ .status = BASE_ERR_INPUT,
                                     .what = "compressed content",
                                     .where = TOC_NOWHERE,
                                     .allowed = scan.inflated == INFLATED_TOO_LARGE
                                                    ? "content that is not larger than the room for it (64 KiB)"
                                                : form == CREDENTIAL_ZLIB ? "content compressed by zlib"
                                                                          : "content compressed by deflate" };
    return BASE_ERR_INPUT;
}

/* ---- in place of OpenSSL ---- */

/* The keys themselves are the page's: it has them from the same file, in the same order. */
credential_refusal credential_key_of_info(const uint8_t *info, size_t size, struct credential_key *key)
{
    /* What stands before the point of each key on P-256. */
    static const uint8_t p256[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
                                    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00 };
    if (size < sizeof p256)
        return "the key cannot be read";
    key->pkey = NULL;
    key->algorithm = memcmp(info, p256, sizeof p256) == 0 ? CREDENTIAL_ES256 : CREDENTIAL_PS256;
    return NULL;
}

void credential_key_free(struct credential_key *key)
{
    *key = (struct credential_key){ 0 };
}

int credential_checker_init(struct credential_checker *checker, size_t                                       num_keys,
                            const struct credential_key *(*at)(const void *where, size_t index), const void *where)
{
    (void) at;
    (void) where;
    *checker = (struct credential_checker){ .num_contexts = num_keys };
    return 0;
}

void credential_checker_free(struct credential_checker *checker)
{
    *checker = (struct credential_checker){ 0 };
}

/* Also kept whole, since the browser hashes for itself what was signed: that is the last that is hashed before the
 * signatures are asked for. */
bool credential_hash(struct credential_checker *checker, const struct credential_piece *pieces, size_t num_pieces,
                     uint8_t digest[CREDENTIAL_DIGEST_BYTES])
{
    struct sha256 hash;
    (void) checker;
    sha256_begin(&hash);
    scan.message_size = 0;
    for (size_t i = 0; i < num_pieces; i++) {
        if (pieces[i].size > sizeof message - scan.message_size)
            return false;
        memcpy(message + scan.message_size, pieces[i].bytes, pieces[i].size);
        scan.message_size += pieces[i].size;
        sha256_add(&hash, pieces[i].bytes, pieces[i].size);
    }
    sha256_end(&hash, digest);
    return true;
}

bool credential_signed(struct credential_checker *checker, size_t index, enum credential_algorithm algorithm,
                       const uint8_t digest[CREDENTIAL_DIGEST_BYTES], const uint8_t *signature, size_t size)
{
    (void) checker;
    (void) digest;
    if (scan.step != STEP_DONE || size > sizeof signature_bytes ||
        (algorithm == CREDENTIAL_ES256 && size != CREDENTIAL_ES256_BYTES))
        return false;
    if (scan.num_asked < scan.num_verified)
        return scan.verified[scan.num_asked++];
    if (scan.num_asked == MOST_SIGNATURES) {
        scan.too_many = true;
        return false;
    }
    scan.step = STEP_VERIFY;
    scan.signer = index;
    memcpy(signature_bytes, signature, size);
    scan.signature_size = size;
    return false;
}

/* ---- lists and rules ---- */

EXPORT(pass_room) char *pass_room(size_t size)
{
    if (size > device.room_size) {
        char *grown = memory_resize(device.room, size, 1);
        if (grown == NULL)
            return NULL;
        device.room = grown;
        device.room_size = size;
    }
    return device.room;
}

static void forget_trust(void)
{
    credential_scanner_free(device.scanner);
    credential_revocation_free(device.revocation);
    credential_trust_free(&device.trust);
    device.scanner = NULL;
    device.revocation = NULL;
}

/* Returns 0 or a toc_status; without a trust each scan cannot be checked. */
EXPORT(pass_trust) int pass_trust(size_t size)
{
    forget_trust();
    device.revocation = credential_revocation_new();
    int ret = device.revocation != NULL ? credential_device_read(device.room, size, device.country, device.region,
                                                                 &device.trust, device.revocation)
                                        : TOC_ERR_NO_MEMORY;
    if (ret == 0) {
        device.scanner = credential_scanner_new(&device.trust, device.revocation);
        ret = device.scanner != NULL ? 0 : TOC_ERR_NO_MEMORY;
    }
    if (ret != 0)
        forget_trust();
    return ret;
}

EXPORT(pass_rules) int pass_rules(size_t size)
{
    struct fault_list        faults = { 0 };
    struct credential_rules *rules = NULL;
    int                      ret = credential_rules_read(device.room, size, "rules", &rules, &faults);
    fault_list_free(&faults);
    if (ret != 0)
        return ret;
    credential_rules_free(device.rules);
    device.rules = rules;
    return 0;
}

EXPORT(pass_language) void pass_language(int language)
{
    device.language =
        language >= 0 && language < CREDENTIAL_NUM_LANGUAGES ? (enum credential_language) language : CREDENTIAL_ENGLISH;
}

/* ---- a scan ---- */

static enum step run(void)
{
    static struct credential_answer       answer;
    static struct credential_rules_answer fit;
    scan.step = STEP_DONE;
    scan.num_asked = 0;
    scan.too_many = false;
    credential_scan_lines(device.scanner, device.room, scan.size, scan.now, &answer);
    if (scan.step != STEP_DONE)
        return scan.step;
    if (scan.too_many)
        answer.verdict = CREDENTIAL_CANNOT_BE_CHECKED;
    bool held =
        credential_hold_to_rules(device.rules, device.country, device.region, scan.now, &answer, &device.checker, &fit);
    const struct credential_style style = { CREDENTIAL_AS_NDJSON, device.language, true };
    const struct credential_found found = {
        .number = 1,
        .now = scan.now,
        .answer = &answer,
        .trust = &device.trust,
        .rules = device.rules,
        .fit = held ? &fit : NULL,
    };
    credential_report(&device.report, &style, &found);
    explicit_bzero(&answer, sizeof answer);
    if (held)
        credential_rules_wipe(&device.checker);
    return STEP_DONE;
}

EXPORT(pass_scan) int pass_scan(size_t size, double now)
{
    if (device.scanner == NULL || device.rules == NULL)
        return -1;
    explicit_bzero(&scan, sizeof scan);
    scan.size = size;
    scan.now = (int64_t) now;
    /* Room that need not grow, which would leave a copy behind; the holder's name is the last that is written. */
    if (device.report.bytes == NULL) {
        sink_init_memory(&device.report);
        device.report.bytes = malloc(REPORT_BYTES);
        device.report.capacity = device.report.bytes != NULL ? REPORT_BYTES : 0;
    }
    return (int) run();
}

EXPORT(pass_again) int pass_again(void)
{
    return (int) run();
}

EXPORT(pass_asked) const uint8_t *pass_asked(void)
{
    return scan.step == STEP_VERIFY ? message : scan.packed;
}

EXPORT(pass_asked_size) size_t pass_asked_size(void)
{
    return scan.step == STEP_VERIFY ? scan.message_size : scan.packed_size;
}

EXPORT(pass_inflated_room) uint8_t *pass_inflated_room(void)
{
    return inflated_bytes;
}

EXPORT(pass_inflated) void pass_inflated(int size)
{
    scan.has_inflated = true;
    scan.inflated = size <= (int) sizeof inflated_bytes ? size : INFLATED_TOO_LARGE;
}

EXPORT(pass_signer) size_t pass_signer(void)
{
    return scan.signer;
}

EXPORT(pass_signature) const uint8_t *pass_signature(void)
{
    return signature_bytes;
}

EXPORT(pass_signature_size) size_t pass_signature_size(void)
{
    return scan.signature_size;
}

EXPORT(pass_verified) void pass_verified(int good)
{
    if (scan.num_verified < MOST_SIGNATURES)
        scan.verified[scan.num_verified++] = good == 1;
}

EXPORT(pass_report) const char *pass_report(void)
{
    return device.report.bytes;
}

EXPORT(pass_report_size) size_t pass_report_size(void)
{
    return device.report.failure == 0 ? device.report.used : 0;
}

/* What calls that have ended left on the stack. */
__attribute__((noinline)) static void wipe_stack(void)
{
    char left[STACK_BYTES];
    explicit_bzero(left, sizeof left);
}

/* Nothing of the pass is left here. */
EXPORT(pass_wipe) void pass_wipe(void)
{
    if (device.scanner != NULL)
        credential_scanner_wipe(device.scanner);
    if (device.room != NULL)
        explicit_bzero(device.room, device.room_size);
    if (device.report.bytes != NULL)
        explicit_bzero(device.report.bytes, device.report.capacity);
    device.report.used = 0;
    device.report.failure = 0;
    explicit_bzero(&scan, sizeof scan);
    explicit_bzero(inflated_bytes, sizeof inflated_bytes);
    explicit_bzero(message, sizeof message);
    explicit_bzero(signature_bytes, sizeof signature_bytes);
    wipe_stack();
}
