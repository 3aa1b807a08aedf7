/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/verify_input.h: the credentials of a file: one a line; JSON values one after the other (NDJSON), each a text or
 * an object with "credential" or "text"; a file of SMART cards ({"verifiableCredential": […]}); or a picture of QR
 * codes (PNG, JPEG), which a confined process reads (formats/picture.h). Parts of one SMART card ("shc:/1/3/…") follow
 * one another, in any order.
 */
#ifndef CLI_VERIFY_INPUT_H
#define CLI_VERIFY_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/fault.h"
#include "formats/credential/credential.h"

#define VERIFY_INPUT_BYTES ((size_t) 1 << 30) /* the largest file */

/* One credential: its parts, most often one. */
struct verify_item {
    struct credential_text parts[CREDENTIAL_MAX_PARTS];
    size_t                 num_parts;
    uint64_t               number;   /* 1 = the first of the file */
    bool                   ill_made; /* a picture's code of a SMART card: above version 22, or in one segment */
};

struct verify_taker {
    /* Each credential, in order, until the answer is other than 0. */
    int (*each)(void *context, const struct verify_item *item);
    /* Nothing more is there now: answers are to go out, and what is still known of passes is to be forgotten. */
    void (*pause)(void *context);
    void *context;
};

/* Every credential of the file (NULL or "-": standard input). Lines are taken as they come, so that a scanner may write
 * them; JSON and pictures when they are whole. The bytes are cleared as soon as they were taken. Returns 0, what `each`
 * answered, BASE_ERR_INPUT with a fault, BASE_ERR_SYSTEM (errno says why) or TOC_ERR_NO_MEMORY. */
int verify_input_each(const char *path, const struct verify_taker *taker, struct fault_list *faults);

#endif
