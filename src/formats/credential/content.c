/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a credential says, once its signature holds: EU DCC, WHO DDCC, SMART's FHIR bundle. Lenient where issuers were
 * wrong in the field and a person should not suffer for it; a strict reading is dcc_schema.h's. */
#include <string.h>

#include "formats/credential/scanner.h"

#define CLAIM_HCERT (-260)
#define HCERT_DCC 1
#define HCERT_MINIMAL (-1)
#define HCERT_DDCC_VACCINATION 3
#define HCERT_DDCC_TEST 4

/* ---- the EU's ---- */

/* Exactly one of v, t, r with exactly one entry. Groups that are null or empty count as absent. */
static bool take_dcc(struct credential_answer *answer, const struct value *dcc)
{
    static const struct {
        const char *name;
        unsigned    use;
    } groups[] = { { "v", CREDENTIAL_USE_VACCINATION },
                   { "t", CREDENTIAL_USE_TEST },
                   { "r", CREDENTIAL_USE_RECOVERY } };
    size_t num = 0;
    answer->payload = dcc;
    answer->kind = CREDENTIAL_DCC;
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        const struct value *group = value_get(dcc, groups[i].name);
        if (group == NULL || group->kind == VALUE_NULL)
            continue;
        if (group->kind != VALUE_ARRAY)
            return credential_decide(answer, CREDENTIAL_MALFORMED, groups[i].name, "a list");
        for (VALUE_EACH(entry, group)) {
            if (entry->kind == VALUE_NULL)
                continue;
            if (entry->kind != VALUE_OBJECT)
                return credential_decide(answer, CREDENTIAL_MALFORMED, groups[i].name, "a list of entries");
            num++;
            answer->uses |= groups[i].use;
        }
    }
    if (num == 1)
        return true;
    return credential_decide(answer, CREDENTIAL_MALFORMED, "content",
                             "one entry: a vaccination, a test or a recovery, and no more");
}

/* ---- the WHO's ---- */

static bool take_ddcc(struct credential_answer *answer, const struct value *ddcc)
{
    bool vaccination = value_get(ddcc, "vaccine") != NULL || value_get(ddcc, "vaccination") != NULL;
    bool test = value_get(ddcc, "test") != NULL;
    if (value_get(ddcc, "name") == NULL || vaccination == test)
        return credential_decide(answer, CREDENTIAL_MALFORMED, "content", "a name, and a vaccination or a test");
    answer->kind = CREDENTIAL_DDCC;
    answer->payload = ddcc;
    answer->uses = vaccination ? CREDENTIAL_USE_VACCINATION : CREDENTIAL_USE_TEST;
    return true;
}

/* ---- the domestic pass that tells next to nothing ---- */

static bool take_minimal(struct credential_answer *answer, const struct value *pass)
{
    const struct value *class = value_get(pass, "c");
    answer->uses = value_is_text(class, "v")   ? CREDENTIAL_USE_VACCINATION
                   : value_is_text(class, "t") ? CREDENTIAL_USE_TEST
                   : value_is_text(class, "r") ? CREDENTIAL_USE_RECOVERY
                                               : 0;
    if (answer->uses == 0 || pass->count != 1 || answer->expires == CREDENTIAL_NO_TIME)
        return credential_decide(answer, CREDENTIAL_MALFORMED, "content", "a class, v, t or r, with an end");
    answer->kind = CREDENTIAL_MINIMAL;
    answer->payload = pass;
    return true;
}

bool credential_take_hcert(struct credential_answer *answer)
{
    const struct value *hcert = value_get_integer(answer->claims, CLAIM_HCERT);
    if (hcert == NULL && value_get(answer->claims, "name") != NULL)
        return take_ddcc(answer, answer->claims);
    if (!value_is(hcert, VALUE_OBJECT))
        return credential_decide(answer, CREDENTIAL_MALFORMED, "claim -260", "a map of certificates");
    const struct value *dcc = value_get_integer(hcert, HCERT_DCC);
    if (value_is(dcc, VALUE_OBJECT))
        return take_dcc(answer, dcc);
    if (value_is(value_get_integer(hcert, HCERT_MINIMAL), VALUE_OBJECT))
        return take_minimal(answer, value_get_integer(hcert, HCERT_MINIMAL));
    for (int64_t claim = HCERT_DDCC_VACCINATION; claim <= HCERT_DDCC_TEST; claim++)
        if (value_is(value_get_integer(hcert, claim), VALUE_OBJECT))
            return take_ddcc(answer, value_get_integer(hcert, claim));
    return credential_decide(answer, hcert->count > 0 ? CREDENTIAL_CANNOT_BE_CHECKED : CREDENTIAL_MALFORMED,
                             "claim -260", "a certificate of the EU (1) or the WHO (3, 4)");
}

/* ---- SMART ---- */

static bool has_type(const struct value *types, const char *type)
{
    for (VALUE_EACH(one, types))
        if (value_is_text(one, type))
            return true;
    return false;
}

/* The resources: the kinds of proof that the bundle holds, about one person at most. */
static bool take_entries(struct credential_answer *answer, const struct value *bundle)
{
    bool person = false;
    for (VALUE_EACH(entry, value_get(bundle, "entry"))) {
        const struct value *resource = value_get(entry, "resource"), *type = value_get(resource, "resourceType");
        if (value_is_text(type, "Patient")) {
            if (person)
                return credential_decide(answer, CREDENTIAL_MALFORMED, "fhirBundle", "one person");
            person = true;
        } else if (value_is_text(type, "Immunization")) {
            answer->uses |= CREDENTIAL_USE_VACCINATION;
        } else if (value_is_text(type, "Observation")) {
            answer->uses |= CREDENTIAL_USE_TEST;
        }
    }
    return true;
}

bool credential_take_bundle(struct credential_answer *answer)
{
    const struct value *vc = value_get(answer->claims, "vc"), *subject = value_get(vc, "credentialSubject");
    const struct value *bundle = value_get(subject, "fhirBundle");
    if (!has_type(value_get(vc, "type"), "https://smarthealth.cards#health-card"))
        return credential_decide(answer, CREDENTIAL_MALFORMED, "vc.type", "a SMART Health Card");
    if (!value_is(value_get(subject, "fhirVersion"), VALUE_TEXT))
        return credential_decide(answer, CREDENTIAL_MALFORMED, "fhirVersion", "a version of FHIR");
    if (!value_is_text(value_get(bundle, "resourceType"), "Bundle") ||
        !value_is_text(value_get(bundle, "type"), "collection"))
        return credential_decide(answer, CREDENTIAL_MALFORMED, "fhirBundle", "a Bundle of the type collection");
    answer->kind = CREDENTIAL_FHIR;
    answer->payload = bundle;
    return take_entries(answer, bundle);
}
