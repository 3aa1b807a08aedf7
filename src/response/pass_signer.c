/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/pass_signer.h"

#include <string.h>

#include "tocsin/status.h"

_Static_assert(KEEPER_PASS_POINT == sizeof((struct credential_hand *) NULL)->point &&
                   KEEPER_PASS_SIGNATURE == CREDENTIAL_ES256_BYTES && KEEPER_PASS_DIGEST == CREDENTIAL_DIGEST_BYTES,
               "the keeper's and the credential's");

static bool sign(void *context, const uint8_t digest[CREDENTIAL_DIGEST_BYTES],
                 uint8_t signature[CREDENTIAL_ES256_BYTES])
{
    struct pass_signer          *signer = context;
    struct keeper_digest         one;
    struct keeper_pass_signature made;
    memcpy(one.bytes, digest, sizeof one.bytes);
    if (keeper_sign_passes(signer->keeper, signer->generation, &one, 1, &made, &signer->error) != 0)
        return false;
    memcpy(signature, made.bytes, sizeof made.bytes);
    return true;
}

static int take(struct keeper *keeper, uint32_t generation, struct pass_signer *signer, struct fault_list *faults)
{
    struct keeper_error error = { 0 };
    *signer = (struct pass_signer){ .keeper = keeper, .generation = generation };
    signer->hand = (struct credential_hand){ .sign = sign, .context = signer };
    int ret = keeper_pass_key(keeper, generation, signer->hand.point, &error);
    if (ret != 0)
        fault_add(faults, (struct fault_place){ .name = "keeper" }, NULL, "%s", error.what);
    return ret;
}

/* The generations of the kind PASS, the newest first. */
static int list(struct keeper *keeper, uint32_t numbers[KEEPER_MAX_GENERATIONS], size_t *num, struct fault_list *faults)
{
    struct keeper_generation all[KEEPER_NUM_KINDS * KEEPER_MAX_GENERATIONS];
    struct keeper_error      error = { 0 };
    size_t                   num_all = 0, found = 0;
    int                      ret = keeper_generations(keeper, all, sizeof all / sizeof *all, &num_all, &error);
    if (ret != 0) {
        fault_add(faults, (struct fault_place){ .name = "keeper" }, NULL, "%s", error.what);
        return ret;
    }
    for (size_t i = num_all; i-- > 0;)
        if (all[i].kind == KEEPER_PASS)
            numbers[found++] = all[i].number;
    *num = found;
    return 0;
}

int pass_signer_newest(struct keeper *keeper, struct pass_signer *signer, struct fault_list *faults)
{
    uint32_t numbers[KEEPER_MAX_GENERATIONS];
    size_t   num = 0;
    int      ret = list(keeper, numbers, &num, faults);
    return ret == 0 ? take(keeper, num > 0 ? numbers[0] : 0, signer, faults) : ret;
}

int pass_signer_of(struct keeper *keeper, const char *chain, size_t chain_size, struct pass_signer *signer,
                   struct fault_list *faults)
{
    uint32_t numbers[KEEPER_MAX_GENERATIONS];
    uint8_t  point[KEEPER_PASS_POINT];
    size_t   num = 0;
    if (!credential_certificate_point(chain, chain_size, point)) {
        fault_add(faults, (struct fault_place){ .name = "signer" }, "PEM, of a P-256 key",
                  "a certificate that cannot be read");
        return BASE_ERR_INPUT;
    }
    int ret = list(keeper, numbers, &num, faults);
    for (size_t i = 0; i < num && ret == 0; i++) {
        ret = take(keeper, numbers[i], signer, faults);
        if (ret == 0 && memcmp(signer->hand.point, point, sizeof point) == 0)
            return 0;
    }
    if (ret != 0)
        return ret;
    *signer = (struct pass_signer){ 0 };
    fault_add(faults, (struct fault_place){ .name = "signer" }, "one made with --node, by this node",
              "a certificate of a key that the keeper does not have");
    return BASE_ERR_INPUT;
}
