/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How fast health credentials are checked, in seconds of the processor. bench/credential.py runs it beside OpenSSL's
 * own measure and prints the rows.
 *
 *   bench_credential passes SECONDS    passes a second, HC1 ES256, from the text to the verdict, 128 issuers at random
 *   bench_credential parts SECONDS     the same without the signature: kids that nobody knows
 *   bench_credential latency           microseconds of single passes: median, 99th of 100, longest
 *   bench_credential start             milliseconds from the bytes of a list of 829 signers to a ready scanner
 *   bench_credential allocations       a pass: how often our code asks for memory, and how often OpenSSL does
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "formats/credential/credential.h"
#include "support/issuer.h"

#define ISSUERS 128
#define PASSES 1024
#define START_SIGNERS 829
#define LATENCIES 20000

static struct issuer issuers[ISSUERS];
static char          texts[PASSES * 1024]; /* one behind the other, as they would come from a file */
static const char   *begins[PASSES];
static size_t        sizes[PASSES];
static unsigned      order[PASSES * 8];

static double cpu_seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double) time.tv_sec + 1e-9 * (double) time.tv_nsec;
}

/* As `openssl speed` counts: without what the system did meanwhile. */
static double user_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double) usage.ru_utime.tv_sec + 1e-6 * (double) usage.ru_utime.tv_usec;
}

static _Noreturn void give_up(const char *why)
{
    fprintf(stderr, "bench_credential: %s\n", why);
    exit(1);
}

static struct credential_scanner *prepare(struct credential_trust *trust, bool known)
{
    struct fault_list faults = FAULT_LIST_INIT;
    uint32_t          chance = 12345;
    for (size_t i = 0; i < ISSUERS; i++) {
        issuer_init(&issuers[i], 0, NULL, 0, 0);
        if (known && credential_trust_add_certificate(trust, issuers[i].der, issuers[i].der_size, &faults) != 0)
            give_up("a signer was refused");
    }
    char *at = texts;
    for (size_t i = 0; i < PASSES; i++) {
        char               text[ISSUER_PASS_BYTES], ci[40];
        struct issuer_pass pass = { .kind = "vtr"[i % 3], .ci = ci };
        snprintf(ci, sizeof ci, "URN:UVCI:01:XX:%08zX#Q", i * 2654435761u);
        sizes[i] = issuer_hc1(&issuers[i % ISSUERS], &pass, text);
        if (sizes[i] > (size_t) (texts + sizeof texts - at))
            give_up("a pass is too long");
        begins[i] = memcpy(at, text, sizes[i]);
        at += sizes[i];
    }
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        chance = chance * 1664525 + 1013904223;
        order[i] = chance >> 16 & (PASSES - 1);
    }
    if (credential_trust_ready(trust) != 0)
        give_up("no memory");
    struct credential_scanner *scanner = credential_scanner_new(trust, NULL);
    if (scanner == NULL)
        give_up("no memory");
    return scanner;
}

static void scan(struct credential_scanner *scanner, size_t i, enum credential_verdict expected)
{
    struct credential_answer answer;
    unsigned                 which = order[i % (sizeof order / sizeof *order)];
    credential_scan(scanner, begins[which], sizes[which], ISSUER_EPOCH + 60, &answer);
    if (answer.verdict != expected)
        give_up(credential_verdict_word(answer.verdict));
}

/* Passes a second over so many seconds. */
static double rate(struct credential_scanner *scanner, double seconds, enum credential_verdict expected)
{
    size_t num = 0;
    double begin = user_seconds(), now = begin;
    while (now - begin < seconds) {
        for (size_t i = 0; i < 256; i++)
            scan(scanner, num++, expected);
        now = user_seconds();
    }
    return (double) num / (now - begin);
}

static int compare(const void *a, const void *b)
{
    double first = *(const double *) a, second = *(const double *) b;
    return (first > second) - (first < second);
}

static void latency(struct credential_scanner *scanner)
{
    static double took[LATENCIES];
    for (size_t i = 0; i < LATENCIES; i++) {
        double begin = cpu_seconds();
        scan(scanner, i, CREDENTIAL_GENUINE);
        took[i] = 1e6 * (cpu_seconds() - begin);
    }
    qsort(took, LATENCIES, sizeof *took, compare);
    printf("%.1f %.1f %.1f\n", took[LATENCIES / 2], took[LATENCIES / 100 * 99], took[LATENCIES - 1]);
}

/* ---- start ---- */

static char *list_of_signers(size_t *size)
{
    size_t room = (size_t) START_SIGNERS * 3000, at = 0;
    char  *list = malloc(room);
    if (list == NULL)
        give_up("no memory");
    at += (size_t) sprintf(list + at, "{\"certificates\":[");
    for (size_t i = 0; i < START_SIGNERS; i++) {
        struct issuer issuer;
        issuer_init(&issuer, 0, i % 4 == 0 ? "1.3.6.1.4.1.1847.2021.1.2" : NULL, 0, 0);
        at += (size_t) sprintf(list + at, "%s{\"certificateType\":\"DSC\",\"country\":\"XX\",\"kid\":\"",
                               i > 0 ? "," : "");
        at += (size_t) EVP_EncodeBlock((unsigned char *) list + at, issuer.kid, sizeof issuer.kid);
        at += (size_t) sprintf(list + at, "\",\"rawData\":\"");
        at += (size_t) EVP_EncodeBlock((unsigned char *) list + at, issuer.der, (int) issuer.der_size);
        at += (size_t) sprintf(list + at, "\"}");
        issuer_free(&issuer);
    }
    at += (size_t) sprintf(list + at, "]}");
    *size = at;
    return list;
}

static void start(void)
{
    size_t                      size;
    char                       *list = list_of_signers(&size);
    struct credential_trust     trust = CREDENTIAL_TRUST_INIT;
    struct fault_list           faults = FAULT_LIST_INIT;
    struct credential_list_file file = { .name = "signers", .bytes = list, .size = size, .dated = 0 };
    double                      begin = cpu_seconds();
    if (credential_trust_add(&trust, &file, &faults) != 0 || credential_trust_ready(&trust) != 0)
        give_up("the list was refused");
    struct credential_scanner *scanner = credential_scanner_new(&trust, NULL);
    double                     took = cpu_seconds() - begin;
    if (scanner == NULL || trust.num_signers != START_SIGNERS)
        give_up("signers are missing");
    printf("%.1f\n", 1e3 * took);
    credential_scanner_free(scanner);
    credential_trust_free(&trust);
    free(list);
}

/* ---- memory ---- */

/* Calls of our own code go through these (linked with --wrap); those of OpenSSL, a library of its own, do not. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);

static size_t ours, openssls;

void *__wrap_malloc(size_t size)
{
    ours++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    ours++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
    ours++;
    return __real_realloc(pointer, size);
}

static void *openssl_malloc(size_t size, const char *file, int line)
{
    (void) file;
    (void) line;
    openssls++;
    return __real_malloc(size);
}

static void *openssl_realloc(void *pointer, size_t size, const char *file, int line)
{
    (void) file;
    (void) line;
    openssls++;
    return __real_realloc(pointer, size);
}

static void openssl_free(void *pointer, const char *file, int line)
{
    (void) file;
    (void) line;
    free(pointer);
}

static void allocations(struct credential_scanner *scanner)
{
    ours = openssls = 0;
    for (size_t i = 0; i < 1000; i++)
        scan(scanner, i, CREDENTIAL_GENUINE);
    printf("%.3f %.3f\n", (double) ours / 1000, (double) openssls / 1000);
}

int main(int argc, char **argv)
{
    const char             *what = argc > 1 ? argv[1] : "";
    struct credential_trust trust = CREDENTIAL_TRUST_INIT;
    bool                    parts = strcmp(what, "parts") == 0;
    CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free);
    if (strcmp(what, "start") == 0) {
        start();
        return 0;
    }
    struct credential_scanner *scanner = prepare(&trust, !parts);
    if (strcmp(what, "passes") == 0 || parts)
        printf("%.0f\n",
               rate(scanner, argc > 2 ? atof(argv[2]) : 1, parts ? CREDENTIAL_UNKNOWN_ISSUER : CREDENTIAL_GENUINE));
    else if (strcmp(what, "latency") == 0)
        latency(scanner);
    else if (strcmp(what, "allocations") == 0)
        allocations(scanner);
    else
        give_up("passes SECONDS | parts SECONDS | latency | start | allocations");
    credential_scanner_free(scanner);
    credential_trust_free(&trust);
    for (size_t i = 0; i < ISSUERS; i++)
        issuer_free(&issuers[i]);
    return 0;
}
