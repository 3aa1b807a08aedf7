/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/server/pass_lists.h: the trust lists and rules of a node (its settings pass_trust, pass_rules, pass_country,
 * pass_region): as this server checks passes with them, and as devices at checkpoints are given them.
 *
 * They are read at the start and again when files have changed, which is looked at when somebody asks, at most every
 * PASS_LISTS_SECONDS. An edition whose rules cannot be read does not take the place of the one before.
 */
#ifndef SERVER_PASS_LISTS_H
#define SERVER_PASS_LISTS_H

#include "formats/credential/report.h"
#include "store/node_settings.h"

#define PASS_LISTS_SECONDS 60
#define PASS_LISTS_TAG_BYTES 24

/* Bytes that a device is given, with their ETag. */
struct pass_file {
    const char *bytes;
    size_t      size;
    char        tag[PASS_LISTS_TAG_BYTES];
};

struct pass_lists;
struct pass_edition;

/* *lists is NULL where the settings name none. BASE_ERR_INPUT or BASE_ERR_SYSTEM with faults where the rules or the
 * whole folder cannot be read; single signers and lists that are refused are not: a checkpoint goes on with the others.
 */
int  pass_lists_new(const struct node_settings *settings, struct pass_lists **lists, struct fault_list *faults);
void pass_lists_free(struct pass_lists *lists); /* NULL is fine */

/* The newest edition, to be given back. now: seconds. Any number of threads at once. */
struct pass_edition *pass_lists_take(struct pass_lists *lists, int64_t now);
void                 pass_lists_give(struct pass_lists *lists, struct pass_edition *edition);

const struct pass_file *pass_edition_trust(const struct pass_edition *edition); /* formats/credential/device.h */
const struct pass_file *pass_edition_rules(const struct pass_edition *edition); /* the file as it is */

/* Check a text and write the report, as JSON without the holder. Nothing of the pass stays. */
void pass_edition_check(struct pass_edition *edition, const char *text, size_t size, int64_t now,
                        enum credential_language language, struct sink *sink);

#endif
