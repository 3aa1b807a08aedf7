/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Invented issuers, their lists and their credentials, for tests of the command and for the fuzz targets' corpora.
 *
 *   make_credentials FOLDER     writes FOLDER/trust/…, and one file a credential: genuine.txt, forged.txt, …
 */
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/issuer.h"

static const char *root;

static FILE *create(const char *name)
{
    char  path[4096];
    FILE *file;
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *slash = path + strlen(root) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
    file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    return file;
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    FILE *file = create(name);
    fwrite(bytes, 1, size, file);
    fclose(file);
}

static void put_base64(FILE *file, const uint8_t *bytes, size_t size)
{
    char text[8192];
    EVP_EncodeBlock((unsigned char *) text, bytes, (int) size);
    fputs(text, file);
}

/* A list of these signers, signed by its own keeper (DER, in a file beside it). */
static void write_list(struct issuer *issuers, size_t num)
{
    char          text[32768];
    FILE         *file = fmemopen(text, sizeof text, "wb");
    struct issuer keeper;
    fputs("{\"time\":\"2022-01-02T00:00:00Z\",\"certificates\":[", file);
    for (size_t i = 0; i < num; i++) {
        fputs(i > 0 ? ",{\"country\":\"XX\",\"kid\":\"" : "{\"country\":\"XX\",\"kid\":\"", file);
        put_base64(file, issuers[i].kid, 8);
        fputs("\",\"rawData\":\"", file);
        put_base64(file, issuers[i].der, issuers[i].der_size);
        fputs("\"}", file);
    }
    fputs("]}\n", file);
    fclose(file);
    write_file("trust/signers.json", text, strlen(text));
    issuer_init(&keeper, 0, NULL, 0, 0);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t     signature[256];
    size_t      size = sizeof signature;
    EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, keeper.pkey);
    EVP_DigestSign(context, signature, &size, (const unsigned char *) text, strlen(text));
    EVP_MD_CTX_free(context);
    write_file("trust/signers.sig", signature, size);
    file = create("trust/signers.pem");
    PEM_write_PUBKEY(file, keeper.pkey);
    fclose(file);
    issuer_free(&keeper);
}

static void write_pass(const char *name, const struct issuer *issuer, struct issuer_pass pass)
{
    char   text[ISSUER_PASS_BYTES];
    size_t size = issuer_hc1(issuer, &pass, text);
    write_file(name, text, size);
}

/* One pass is revoked by its identifier: a list of prefixes, by the first digit of the hash (VECTOR), then by chunk. */
static void write_revocation(const struct issuer *issuer, const char *ci)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t           hash[SHA256_DIGEST_LENGTH], slice[11 + 4] = { 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 4 };
    char              kid[16], name[200];
    SHA256((const unsigned char *) ci, strlen(ci), hash);
    memcpy(slice + 11, hash, 4);
    EVP_EncodeBlock((unsigned char *) kid, issuer->kid, 8);
    for (char *c = kid; *c != '\0'; c++)
        *c = *c == '+' ? '-' : *c == '/' ? '_' : *c == '=' ? '\0' : *c;
    FILE *file = create("trust/revocation/lists.json");
    fprintf(file,
            "[{\"kid\":\"%s\",\"mode\":\"VECTOR\",\"hashTypes\":[\"UCI\"],\"lastUpdated\":\"2022-01-03T00:00:00Z\","
            "\"expires\":\"2030-01-01T00:00:00+01:00\"}]",
            kid);
    fclose(file);
    snprintf(name, sizeof name, "trust/revocation/%s/partitions.json", kid);
    file = create(name);
    fprintf(file,
            "[{\"id\":\"p1\",\"x\":\"%c\",\"y\":null,\"chunks\":{\"%c\":{\"2030-01-01T00:00:00Z\":"
            "{\"type\":\"VARHASHLIST\",\"version\":\"1.0\",\"hash\":\"s1\"}}}}]",
            digits[hash[0] >> 4], digits[hash[0] & 15]);
    fclose(file);
    snprintf(name, sizeof name, "trust/revocation/%s/p1/%c/s1", kid, digits[hash[0] & 15]);
    write_file(name, slice, sizeof slice);
}

#define ISS "https://cards.example"
#define CARD                                                                                                           \
    "{\"iss\":\"" ISS "\",\"nbf\":1640995200.5,\"vc\":{\"type\":[\"https://smarthealth.cards#health-card\"],"          \
    "\"rid\":\"%s\",\"credentialSubject\":{\"fhirVersion\":\"4.0.1\",\"fhirBundle\":{\"resourceType\":\"Bundle\","     \
    "\"type\":\"collection\",\"entry\":[{\"fullUrl\":\"resource:0\",\"resource\":{\"resourceType\":\"Patient\","       \
    "\"name\":[{\"family\":\"Anyperson\",\"given\":[\"Ann\",\"B.\"]}],\"birthDate\":\"1951-01-20\"}},"                 \
    "{\"fullUrl\":\"resource:1\",\"resource\":{\"resourceType\":\"Immunization\",\"status\":\"completed\","            \
    "\"vaccineCode\":{\"coding\":[{\"system\":\"cvx\",\"code\":\"207\"}]},\"occurrenceDateTime\":\"2021-01-01\"}}]}}}" \
    "}"

static void write_cards(struct issuer *issuer)
{
    char  jwk[512], payload[2048], jws[ISSUER_PASS_BYTES], digits[2 * ISSUER_PASS_BYTES], kid[64] = "";
    FILE *file = create("trust/cards.json");
    issuer_jwk(issuer, ",\"crlVersion\":2", jwk, sizeof jwk);
    sscanf(strstr(jwk, "\"kid\":\"") + 7, "%43s", kid);
    fprintf(file,
            "{\"time\":\"2022-01-04T00:00:00Z\",\"iss\":\"" ISS "\",\"keys\":[%s],"
            "\"crls\":[{\"kid\":\"%s\",\"method\":\"rid\",\"ctr\":2,\"rids\":[\"gone\",\"before.1640995200\"]}]}",
            jwk, kid);
    fclose(file);
    static const char *const names[] = { "card", "gone" };
    for (int i = 0; i < 2; i++) {
        char name[40];
        snprintf(payload, sizeof payload, CARD, i == 0 ? "before" : "gone");
        size_t size = issuer_card(issuer, payload, NULL, false, jws);
        snprintf(name, sizeof name, "%s.jws", names[i]);
        write_file(name, jws, size);
        size = issuer_numeric("shc:/", jws, size, digits);
        snprintf(name, sizeof name, "%s.txt", names[i]);
        write_file(name, digits, size);
        if (i > 0)
            continue;
        size_t half = strlen(jws) / 2;
        size = issuer_numeric("shc:/1/2/", jws, half, digits);
        write_file("part1.txt", digits, size);
        size = issuer_numeric("shc:/2/2/", jws + half, strlen(jws) - half, digits);
        write_file("part2.txt", digits, size);
        file = create("card.smart-health-card");
        fprintf(file, "{\n  \"verifiableCredential\": [\n    \"%s\"\n  ]\n}\n", jws);
        fclose(file);
    }
}

int main(int argc, char **argv)
{
    struct issuer issuers[2], stranger, cards;
    if (argc != 2)
        return 2;
    root = argv[1];
    issuer_init(&issuers[0], 0, NULL, 0, 0);
    issuer_init(&issuers[1], 0, "1.3.6.1.4.1.1847.2021.1.1", 0, 0);
    issuer_init(&stranger, 0, NULL, 0, 0);
    issuer_init(&cards, 0, NULL, 0, 0);
    write_list(issuers, 2);
    write_revocation(&issuers[0], "URN:UVCI:01:XX:GONE#B");
    write_cards(&cards);
    write_pass("genuine.txt", &issuers[0], (struct issuer_pass){ .kind = 'v' });
    write_pass("recovery.txt", &issuers[0], (struct issuer_pass){ .kind = 'r' });
    write_pass("forged.txt", &issuers[0], (struct issuer_pass){ .spoil = ISSUER_SPOIL_R });
    write_pass("unknown.txt", &stranger, (struct issuer_pass){ .kind = 't' });
    write_pass("revoked.txt", &issuers[0], (struct issuer_pass){ .ci = "URN:UVCI:01:XX:GONE#B" });
    write_pass("usage.txt", &issuers[1], (struct issuer_pass){ .kind = 'v' });
    write_pass("expired.txt", &issuers[0], (struct issuer_pass){ .expires = 3600 });
    write_pass("early.txt", &issuers[0], (struct issuer_pass){ .issued = 30 * 86400 });
    write_pass("algorithm.txt", &issuers[0], (struct issuer_pass){ .algorithm = -8 });
    for (int i = 0; i < 2; i++)
        issuer_free(&issuers[i]);
    issuer_free(&stranger);
    issuer_free(&cards);
    return 0;
}
