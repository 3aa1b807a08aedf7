/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/pass.h: health passes out of the records of a node: of a test from a result, of a recovery from a case, of a
 * vaccination from its record; as HC1, as a SMART Health Card, or as a batch of minimal domestic passes that tell the
 * class and two hours alone.
 *
 * Whoever issues may write credentials and read identities for the purpose named (model/access.def); the reading of the
 * identity is audited as any other. Kept is that a pass was issued, of whom, out of what, until when, and by what it
 * can be withdrawn: nothing that it says.
 *
 *     test        a final or corrected result "not detected" of SARS-CoV-2 in a person's own specimen, by nucleic acid
 *                 amplification or an antigen test: a tube of many is no proof. HC1 of an antigen test tells the number
 * of the test in the EU's common list (`device`) recovery    a confirmed case of COVID-19 on laboratory evidence: its
 * first specimen, from the 11th day after it to the 180th (Regulation (EU) 2021/953, Annex) vaccination a dose against
 * COVID-19 whose vaccine, product, holder and number are known; vaccine, product and holder are told as the EU's value
 * sets have them (share/lists/vaccine*.csv)
 */
#ifndef RESPONSE_PASS_H
#define RESPONSE_PASS_H

#include "base/arena.h"
#include "base/fault.h"
#include "formats/credential/issue.h"
#include "model/records.h"
#include "store/store.h"

#define PASS_TEST_DAYS 3          /* a test's pass, where nobody says how long */
#define PASS_ANTIGEN_DAYS 1       /* of an antigen test */
#define PASS_VACCINATION_DAYS 365 /* or to the end of the certificate */
#define PASS_RECOVERY_FROM 11     /* days after the first specimen */
#define PASS_RECOVERY_UNTIL 180   /* likewise */
#define PASS_MOST_DAYS 365
#define PASS_MOST_HOURS 72
#define PASS_MOST_NUMBER 100 /* minimal passes at once */

enum pass_form { PASS_HC1, PASS_SMART, PASS_MINIMAL, PASS_FORMS };
extern const char *const pass_forms[PASS_FORMS + 1]; /* of the list pass_form; ends with NULL */

struct pass_issuing {
    struct access  who;
    int64_t        now;                          /* instant */
    struct id      id;                           /* of the credential; made by whoever asks */
    struct id      result, of_case, vaccination; /* one of them */
    enum pass_form form;
    int64_t        days;   /* HC1: at most so many; 0 = as above */
    int64_t        hours;  /* MINIMAL: whole hours */
    int64_t        number; /* MINIMAL */
    const char    *smart;  /* SMART: the issuer's address; NULL = none is set */
    /* What is made: */
    const char            **texts; /* of the codes, in the arena */
    size_t                  num_texts;
    struct model_credential credential;
    struct store_change     change;
    struct store_request request; /* writes the credential; submit it as `who`, and show the texts when it is durable */
};

/* Read the records and make the passes. Returns 0; STORE_ERR_DENIED (may not issue, or no purpose for identities);
 * STORE_ERR_ABSENT; BASE_ERR_INPUT with faults at /result, /case, /vaccination, /form, /days or, where the records do
 * not make a pass, /record: the fields by name, never a value. */
int pass_make(struct store_reader *reader, struct credential_maker *maker, struct pass_issuing *issuing,
              struct arena *arena, struct fault_list *faults);

/* ---- withdrawing ---- */

#define PASS_MOST_REVOKED 500 /* of one record */

struct pass_revoking {
    struct access        who;
    int64_t              now;
    struct id            credential, result, of_case, vaccination; /* one: a pass, or all that were issued out of it */
    size_t               num;                                      /* that were withdrawn now */
    struct store_request request;
};
/* Decided in the writer's group. What is withdrawn or has ended stays as it is. BASE_ERR_INPUT: a minimal pass, which
 * ends by itself; STORE_ERR_ABSENT; STORE_ERR_DENIED. */
void pass_revoke_request(struct pass_revoking *revoking);

#endif
