/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/pass_signer.h: who signs the passes that a node issues: a key that never leaves its keeper
 * (store/keeper.h, PASS), under a certificate that says for what, by whom and until when.
 *
 * Renewal: `tocsin keeper rotate --kind pass`, then a new certificate. What the old key signed stays genuine as long as
 * its certificate is in the trust list.
 */
#ifndef RESPONSE_PASS_SIGNER_H
#define RESPONSE_PASS_SIGNER_H

#include "base/fault.h"
#include "formats/credential/issue.h"
#include "store/keeper.h"

struct pass_signer {
    struct keeper         *keeper; /* borrowed */
    uint32_t               generation;
    struct credential_hand hand;  /* points to this struct: it stays where it is while it is used */
    struct keeper_error    error; /* of the last signature that failed */
};

/* The newest key. Returns 0 or a status of the keeper, told in faults. */
int pass_signer_newest(struct keeper *keeper, struct pass_signer *signer, struct fault_list *faults);

/* The key that a certificate (PEM; the first) is of. BASE_ERR_INPUT: it is of none that the keeper has. */
int pass_signer_of(struct keeper *keeper, const char *chain, size_t chain_size, struct pass_signer *signer,
                   struct fault_list *faults);

#endif
