/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/intake_accession.h: the accession numbers that a sender says it sent on a day, against what came: what
 * became of each, and what came that is not on the list; kept as a record (reconciliation.def).
 *
 * The list is text in UTF-8, a number a line; blanks around it and empty lines do not count, nor does a number that
 * stands twice. A number is compared whole with those of specimens: SPM-2 (or what stands for it in other formats),
 * else the accession number OBR-3, else the placer's, as intake_specimen_number has it.
 *
 *     used      a result with this number came in a message of the sender, on whatever day
 *     waiting   it stands in a message of that day that has not been read yet
 *     not used  it stands in a message of that day of which nothing with this number became a record, and why
 *     missing   it stands nowhere of these
 *
 * Messages of the day without results are read again for their numbers, as long as their bytes are kept; those in which
 * none can be read are counted.
 */
#ifndef RESPONSE_INTAKE_ACCESSION_H
#define RESPONSE_INTAKE_ACCESSION_H

#include "base/json_writer.h"
#include "response/intake_door.h"

#define INTAKE_ACCESSION_MOST 100000   /* numbers of a list */
#define INTAKE_ACCESSION_CHARACTERS 60 /* of a number */
#define INTAKE_ACCESSION_OPENED 2000   /* messages of a day that are read again; of more nothing is told but how many */
#define INTAKE_ACCESSION_DIFFERENCES 58000 /* bytes of differences in the record */

enum intake_fate { INTAKE_MISSING, INTAKE_NOT_USED, INTAKE_WAITING, INTAKE_HAS_RESULT, INTAKE_NUM_FATES };

/* A number of the list, or one that came and is not on it. */
struct intake_accession {
    struct model_text number;
    enum intake_fate  fate;
    int64_t           received; /* instant, of the newest message that has it; INSTANT_MISSING = none has */
    struct model_text reason;   /* why it is not used; may be empty */
};

struct intake_accessions {
    struct intake_accession *listed, *not_listed; /* each in the order of its numbers' bytes */
    size_t                   num_listed, num_not_listed;
    uint64_t                 fates[INTAKE_NUM_FATES]; /* of those listed */
    uint64_t                 unread;                  /* messages of the day in which no number can be read */
};

/* feeds: the sender's; their messages between the instants. Returns 0; BASE_ERR_INPUT (no text, a number too long, too
 * many: faults name the first line); TOC_ERR_NO_MEMORY; db_status. What is answered lies in arena. Cost: a look-up a
 * number and a message. */
int intake_accessions_find(struct intake *intake, struct store_reader *reader, const struct model_feed *feeds,
                           size_t num_feeds, int64_t from, int64_t until, struct report_text list, struct arena *arena,
                           struct fault_list *faults, struct intake_accessions *found);

/* Keep it as a record of the feed. filed_by: missing = nobody in particular. key: missing = none. Returns as
 * store_submit. */
struct intake_filing {
    const struct model_feed *feed;
    toc_date                 day;
    struct id                filed_by, key;
};
int intake_accessions_keep(struct intake *intake, const struct intake_accessions *found,
                           const struct intake_filing *filing, struct id *record, struct fault_list *faults);

/* The members of an object: reconciliation (its id), listed, used, waiting, not_used, missing, not_listed, unread, and
 * of each that differs the first 1,000: not_used_numbers, waiting_numbers, missing_numbers, not_listed_numbers. */
void intake_accessions_write(const struct intake_accessions *found, const struct id *record, struct json_writer *json);

#endif
