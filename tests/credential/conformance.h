/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the conformance tests of credentials share: reading cases, comparing values, going on after a fault. */
#ifndef TESTS_CREDENTIAL_CONFORMANCE_H
#define TESTS_CREDENTIAL_CONFORMANCE_H

#include <jansson.h>

#include "formats/credential/credential.h"
#include "support/test.h"

/* The whole file, ended by '\0'; free it. */
char *conformance_read_file(const char *folder, const char *name, size_t *size);
/* Call `each` with every line of a file of JSON. Returns how many there were. */
size_t conformance_each_line(const char *folder, const char *name, void (*each)(json_t *line));

const char *conformance_text_of(const json_t *object, const char *key);
size_t      conformance_from_hex(const char *text, uint8_t *bytes, size_t room);
/* Seconds of "2021-05-30T13:38:49.999500+02:00"; no zone is UTC. */
int64_t conformance_clock_of(const char *text);
bool    conformance_same_value(const struct value *value, const json_t *json);

/* The issuer that a SMART card (a file with its JWS) names: "iss" of its payload. */
void conformance_issuer_of(const char *folder, const char *name, char iss[200]);

/* Makes the trust ready. */
struct credential_scanner *conformance_scanner_of(struct credential_trust *trust);
/* For credential_checker_init: the one key that `where` is. */
const struct credential_key *conformance_only_key(const void *where, size_t index);

extern int conformance_num_wrong;

/* Say what went wrong and go on, so that one run shows all. */
#define EXPECT(condition, ...)                                                                                         \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            conformance_num_wrong++;                                                                                   \
            print_error(__VA_ARGS__);                                                                                  \
            print_error(": not %s\n", #condition);                                                                     \
        }                                                                                                              \
    } while (0)

#endif
