/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/pass.h"

#include <sodium.h>
#include <stdio.h>
#include <sys/random.h>

#include "base/date_text.h"
#include "base/instant.h"
#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/sink.h"
#include "base/time_zone.h"
#include "formats/credential/base64.h"
#include "formats/credential/revocation.h"
#include "model/model_lists.h"
#include "response/change_list.h"
#include "store/rows_by.h"

#define DAY INT64_C(86400)
#define COVID "840539006"
#define NOT_DETECTED "260415000"
#define AMPLIFICATION "LP6464-4"
#define RAPID_IMMUNOASSAY "LP217198-3"

const char *const pass_forms[] = { "hc1", "smart", "minimal", NULL };

/* What a pass is made of. */
struct basis {
    enum credential_use       kind;
    const char               *place; /* of faults: "/result", … */
    struct model_result       result;
    struct model_specimen     specimen;
    struct model_case         of_case;
    struct model_vaccination  dose;
    struct model_person       person;
    struct model_identity     identity;
    struct model_facility     centre; /* of a test: where the specimen was taken */
    struct id                 who;
    bool                      antigen;                    /* of a test */
    toc_date                  from, to;                   /* of a recovery */
    const struct model_entry *vaccine, *product, *holder; /* of a vaccination */
};

static toc_date today_of(int64_t now)
{
    return time_zone_day(now);
}

/* ---- reading ---- */

static int read_one(struct store_reader *reader, const struct pass_issuing *issuing, enum model_record_number record,
                    const struct id *id, struct arena *arena, void *value)
{
    struct model_set visible;
    return store_read(reader, &issuing->who, model_record(record), id, STORE_NOW, arena, value, &visible);
}

static int read_result(struct store_reader *reader, const struct pass_issuing *issuing, struct arena *arena,
                       struct basis *basis, struct fault_list *faults)
{
    const struct model_result *result = &basis->result;
    int                        ret = read_one(reader, issuing, MODEL_RESULT, &issuing->result, arena, &basis->result);
    if (ret == 0)
        ret = read_one(reader, issuing, MODEL_SPECIMEN, &result->specimen, arena, &basis->specimen);
    if (ret != 0)
        return ret;
    if (!text_is(basis->specimen.subject, "person") || id_is_missing(&basis->specimen.person))
        ret = refuse_input(faults, "/result", "not of one person's own specimen", "a result of a person's specimen");
    if (!text_is(result->status, "final") && !text_is(result->status, "corrected"))
        ret = refuse_input(faults, "/result", "not final", "a final or corrected result");
    if (!text_is(result->interpretation, "not-detected"))
        ret = refuse_input(faults, "/result", "not \"not detected\"", "a result that found nothing; else a recovery");
    if (!text_is(result->target, "sars-cov-2"))
        ret = refuse_input(faults, "/result", "another target", "sars-cov-2: of others no list has a code");
    basis->antigen = text_is(result->method, "antigen");
    if (!basis->antigen && !text_is(result->method, "nucleic-acid-amplification") &&
        !text_is(result->method, "isothermal-amplification") && !text_is(result->method, "cartridge-nucleic-acid"))
        ret = refuse_input(faults, "/result", "another method", "nucleic acid amplification or an antigen test");
    if (basis->antigen && issuing->form == PASS_HC1 && result->device.size == 0)
        ret = refuse_input(faults, "/result", "an antigen test without its number in the EU's common list", "device");
    basis->who = basis->specimen.person;
    if (ret == 0 && !id_is_missing(&basis->specimen.collected_by))
        ret = read_one(reader, issuing, MODEL_FACILITY, &basis->specimen.collected_by, arena, &basis->centre);
    return ret;
}

static int read_case(struct store_reader *reader, const struct pass_issuing *issuing, struct arena *arena,
                     struct basis *basis, struct fault_list *faults)
{
    const struct model_case *of_case = &basis->of_case;
    toc_date                 today = today_of(issuing->now);
    int                      ret = read_one(reader, issuing, MODEL_CASE, &issuing->of_case, arena, &basis->of_case);
    if (ret != 0)
        return ret;
    if (!text_is(of_case->disease, "covid-19"))
        ret = refuse_input(faults, "/case", "another disease", "covid-19: of others no list has a code");
    if (!text_is(of_case->classification, "confirmed") && !text_is(of_case->classification, "asymptomatic"))
        ret = refuse_input(faults, "/case", "not confirmed", "a confirmed case or asymptomatic infection");
    if (!text_is(of_case->classification_basis, "laboratory") || of_case->specimen_date == MODEL_MISSING_DATE)
        ret = refuse_input(faults, "/case", "not on laboratory evidence with the day of its first specimen",
                           "classification_basis laboratory, and specimen_date");
    if (of_case->death_date != MODEL_MISSING_DATE)
        ret = refuse_input(faults, "/case", "ended by death", "somebody who has recovered");
    if (ret != 0)
        return ret;
    basis->who = of_case->person;
    basis->from = of_case->specimen_date + PASS_RECOVERY_FROM;
    basis->to = of_case->specimen_date + PASS_RECOVERY_UNTIL;
    if (today < basis->from || today > basis->to)
        return refuse_input(faults, "/case", "too early or too late",
                            "from the 11th to the 180th day after the first specimen");
    return 0;
}

/* What a list has as the code of a value set; NULL: nothing. */
static const struct model_entry *code_of(struct store_reader *reader, const char *list, struct model_text code)
{
    const struct model_lists *lists = store_lists(store_of_reader(reader));
    const struct model_entry *entry =
        lists != NULL && code.size > 0 ? model_lists_find(lists, list, code.bytes, code.size) : NULL;
    return entry != NULL && entry->system_code != NULL ? entry : NULL;
}

static int read_vaccination(struct store_reader *reader, const struct pass_issuing *issuing, struct arena *arena,
                            struct basis *basis, struct fault_list *faults)
{
    const struct model_vaccination *dose = &basis->dose;
    int ret = read_one(reader, issuing, MODEL_VACCINATION, &issuing->vaccination, arena, &basis->dose);
    if (ret != 0)
        return ret;
    if (!text_is(dose->disease, "covid-19"))
        ret = refuse_input(faults, "/vaccination", "another disease", "covid-19: of others no list has a code");
    if (dose->given_on > today_of(issuing->now))
        ret = refuse_input(faults, "/vaccination", "a day to come", "a dose that was given");
    basis->vaccine = code_of(reader, "vaccine", dose->vaccine);
    basis->product = code_of(reader, "vaccine_product", dose->product);
    basis->holder = code_of(reader, "vaccine_holder", dose->holder);
    if (basis->vaccine == NULL || basis->product == NULL || basis->holder == NULL ||
        dose->dose == MODEL_MISSING_INTEGER || dose->doses == MODEL_MISSING_INTEGER)
        ret = refuse_input(faults, "/vaccination", "not all that a pass tells of a dose",
                           "vaccine, product, holder, dose and doses");
    basis->who = dose->person;
    return ret;
}

/* The person, and who it is. */
static int read_person(struct store_reader *reader, const struct pass_issuing *issuing, struct arena *arena,
                       struct basis *basis, struct fault_list *faults)
{
    void  *rows;
    size_t num = 0;
    int    ret = read_one(reader, issuing, MODEL_PERSON, &basis->who, arena, &basis->person);
    if (ret != 0)
        return ret;
    if (!id_is_missing(&basis->person.merged_into) || basis->person.erased != INSTANT_MISSING)
        return refuse_input(faults, basis->place, "of a person who was merged or erased", "a person's own records");
    if (issuing->form == PASS_MINIMAL)
        return 0; /* tells no name: none is read */
    ret = store_rows_of(reader, model_record(MODEL_IDENTITY), "person", &basis->who, 1, arena, &rows, &num);
    if (ret == 0 && num == 0)
        ret = refuse_input(faults, "/record", "no identity", "a name");
    if (ret == 0)
        ret = read_one(reader, issuing, MODEL_IDENTITY, &((struct model_identity *) rows)->head.id, arena,
                       &basis->identity);
    return ret;
}

/* ---- the record of a pass ---- */

static void put_text(struct json_writer *json, const char *key, struct model_text text)
{
    json_key(json, key);
    json_put_string_of(json, text.bytes, text.size);
}

static void put_words(struct json_writer *json, const char *key, const char *text)
{
    put_text(json, key, text_view(text));
}

static void put_day(struct json_writer *json, const char *key, toc_date day)
{
    char text[DATE_TEXT_BYTES];
    date_to_text(day, DATE_FORM_DAY, text);
    put_words(json, key, text);
}

/* The Latin form as a passport's machine-readable zone has it; what else stands there the check of the record tells. */
static void put_zone_name(struct json_writer *json, struct model_text latin)
{
    char   zone[512];
    size_t size = 0;
    for (size_t i = 0; i < latin.size && size < sizeof zone; i++) {
        char letter = latin.bytes[i];
        if (letter == '\'' || letter == '.' || letter == ',')
            continue;
        zone[size++] = letter == ' ' || letter == '-'   ? '<'
                       : letter >= 'a' && letter <= 'z' ? (char) (letter - 'a' + 'A')
                                                        : letter;
    }
    put_text(json, "fnt", (struct model_text){ zone, size });
    sodium_memzero(zone, sizeof zone);
}

/* Our records hold whole names: the pass has the whole name where the schema has the surname. */
static void put_person(struct json_writer *json, const struct basis *basis)
{
    char year[8] = "";
    json_key(json, "nam");
    json_begin_object(json);
    if (basis->identity.name.size > 0)
        put_text(json, "fn", basis->identity.name);
    if (basis->identity.name_latin.size > 0)
        put_zone_name(json, basis->identity.name_latin);
    json_end(json);
    if (basis->identity.birth_date != MODEL_MISSING_DATE) {
        put_day(json, "dob", basis->identity.birth_date);
        return;
    }
    if (basis->person.birth_year != MODEL_MISSING_INTEGER)
        snprintf(year, sizeof year, "%d", (int) basis->person.birth_year);
    json_key(json, "dob");
    json_put_string(json, year);
}

static void put_test(struct json_writer *json, const struct basis *basis)
{
    const struct model_facility *centre = &basis->centre;
    json_key(json, "t");
    json_begin_array(json);
    json_begin_object(json);
    put_words(json, "tg", COVID);
    put_words(json, "tt", basis->antigen ? RAPID_IMMUNOASSAY : AMPLIFICATION);
    if (basis->antigen && basis->result.device.size > 0)
        put_text(json, "ma", basis->result.device);
    put_text(json, "sc", basis->specimen.collected_time);
    put_words(json, "tr", NOT_DETECTED);
    if (centre->name_en.size > 0 || centre->name_zh.size > 0)
        put_text(json, "tc", centre->name_en.size > 0 ? centre->name_en : centre->name_zh);
    json_end(json);
    json_end(json);
}

static void put_recovery(struct json_writer *json, const struct basis *basis)
{
    json_key(json, "r");
    json_begin_array(json);
    json_begin_object(json);
    put_words(json, "tg", COVID);
    put_day(json, "fr", basis->of_case.specimen_date);
    put_day(json, "df", basis->from);
    put_day(json, "du", basis->to);
    json_end(json);
    json_end(json);
}

static void put_vaccination(struct json_writer *json, const struct basis *basis)
{
    const struct model_vaccination *dose = &basis->dose;
    json_key(json, "v");
    json_begin_array(json);
    json_begin_object(json);
    put_words(json, "tg", COVID);
    put_words(json, "vp", basis->vaccine->system_code);
    put_words(json, "mp", basis->product->system_code);
    put_words(json, "ma", basis->holder->system_code);
    json_key(json, "dn");
    json_put_integer(json, dose->dose);
    json_key(json, "sd");
    json_put_integer(json, dose->doses);
    put_day(json, "dt", dose->given_on);
    if (dose->country.size > 0)
        put_text(json, "co", dose->country);
    json_end(json);
    json_end(json);
}

static void write_record(struct sink *sink, const struct basis *basis)
{
    struct json_writer json;
    json_writer_init(&json, sink);
    json_begin_object(&json);
    put_person(&json, basis);
    if (basis->kind == CREDENTIAL_USE_TEST)
        put_test(&json, basis);
    else if (basis->kind == CREDENTIAL_USE_RECOVERY)
        put_recovery(&json, basis);
    else
        put_vaccination(&json, basis);
    json_end(&json);
}

/* ---- issuing ---- */

/* What the check of a record found, by the names of its fields alone: what was found may be somebody's. */
static void tell(const struct fault_list *found, struct fault_list *faults)
{
    char where[FAULT_NAME_BYTES + 16];
    for (size_t i = 0; i < found->num_kept; i++) {
        snprintf(where, sizeof where, "/record/%s", found->faults[i].name);
        fault_add(faults, (struct fault_place){ .name = where }, found->faults[i].allowed, "as the records have it");
    }
}

static const char *hex_of(struct arena *arena, const uint8_t *bytes, size_t size)
{
    char *text = arena_array(arena, 2 * size + 1, 1);
    return text != NULL ? sodium_bin2hex(text, 2 * size + 1, bytes, size) : NULL;
}

/* By what a revocation list would name the pass (formats/credential/revoke.h): half of the hash of r, or the card's
 * rid. */
static int note_entry(struct pass_issuing *issuing, struct credential_maker *maker,
                      const uint8_t random[CREDENTIAL_IDENTIFIER_RANDOM], struct arena *arena)
{
    struct model_credential             *credential = &issuing->credential;
    const struct credential_certificate *facts = credential_maker_facts(maker);
    const char                          *by, *entry;
    if (issuing->form == PASS_SMART) {
        char rid[CREDENTIAL_BASE64_ENCODED(CREDENTIAL_RID_RANDOM) + 1] = "";
        credential_base64_encode(CREDENTIAL_BASE64_URL, random, CREDENTIAL_RID_RANDOM, rid);
        const char *thumbprint = credential_maker_thumbprint(maker);
        by = arena_copy(arena, thumbprint, strlen(thumbprint));
        entry = arena_copy(arena, rid, strlen(rid));
    } else {
        uint8_t hash[crypto_hash_sha256_BYTES];
        crypto_hash_sha256(hash, credential_maker_signature(maker), CREDENTIAL_ES256_BYTES / 2);
        by = hex_of(arena, facts->kid, sizeof facts->kid);
        entry = hex_of(arena, hash, CREDENTIAL_ENTRY_BYTES);
    }
    if (by == NULL || entry == NULL)
        return TOC_ERR_NO_MEMORY;
    credential->signed_by = text_view(by);
    credential->entry = text_view(entry);
    return 0;
}

static int keep(struct pass_issuing *issuing, const char *text, size_t size, struct arena *arena)
{
    const char *copy = arena_copy(arena, text, size);
    if (copy == NULL)
        return TOC_ERR_NO_MEMORY;
    issuing->texts[issuing->num_texts++] = copy;
    return 0;
}

static int issue_minimal(struct pass_issuing *issuing, struct credential_maker *maker, const struct basis *basis,
                         const struct credential_times *times, struct arena *arena, struct fault_list *found)
{
    char   text[CREDENTIAL_ISSUE_TEXT_BYTES];
    size_t size = 0;
    int    ret = 0;
    for (int64_t i = 0; i < issuing->number && ret == 0; i++) {
        ret = credential_issue_minimal(maker, basis->kind, times, text, &size, found);
        if (ret == 0)
            ret = keep(issuing, text, size, arena);
    }
    sodium_memzero(text, sizeof text);
    return ret;
}

static int issue_named(struct pass_issuing *issuing, struct credential_maker *maker, const struct basis *basis,
                       const struct credential_times *times, struct arena *arena, struct fault_list *found)
{
    char               text[CREDENTIAL_ISSUE_TEXT_BYTES], numeric[2 * CREDENTIAL_ISSUE_TEXT_BYTES + 8];
    uint8_t            random[CREDENTIAL_IDENTIFIER_RANDOM];
    struct value       values[64];
    struct value_tree  tree;
    char               unescaped[2048];
    struct sink        sink;
    struct fault_place nowhere = { 0 };
    size_t             size = 0;
    if (getrandom(random, sizeof random, 0) != sizeof random)
        return TOC_ERR_NO_MEMORY;
    value_tree_init_in(&tree, values, sizeof values / sizeof *values, unescaped, sizeof unescaped);
    sink_init_memory(&sink);
    write_record(&sink, basis);
    int ret = sink.failure != 0 ? TOC_ERR_NO_MEMORY : json_read(sink.bytes, sink.used, NULL, &tree, NULL);
    if (ret == 0 && issuing->form == PASS_SMART)
        ret = credential_issue_smart(maker, tree.values, issuing->smart, times->issued, random, nowhere, text, &size,
                                     found);
    else if (ret == 0)
        ret = credential_issue_hc1(maker, tree.values, times, random, nowhere, text, &size, found);
    if (ret == 0)
        ret = note_entry(issuing, maker, random, arena);
    if (ret == 0 && issuing->form == PASS_SMART) {
        size_t digits = credential_issue_numeric(text, size, numeric, sizeof numeric);
        ret = digits > 0 ? keep(issuing, numeric, digits, arena) : TOC_ERR_NO_MEMORY;
    } else if (ret == 0)
        ret = keep(issuing, text, size, arena);
    if (sink.bytes != NULL)
        sodium_memzero(sink.bytes, sink.used);
    sink_free(&sink);
    value_tree_wipe(&tree);
    sodium_memzero(text, sizeof text);
    sodium_memzero(numeric, sizeof numeric);
    return ret;
}

static int64_t usual_days(const struct basis *basis)
{
    return basis->kind == CREDENTIAL_USE_VACCINATION ? PASS_VACCINATION_DAYS
           : basis->kind == CREDENTIAL_USE_RECOVERY  ? PASS_RECOVERY_UNTIL
           : basis->antigen                          ? PASS_ANTIGEN_DAYS
                                                     : PASS_TEST_DAYS;
}

/* From when to when, in seconds. Where nobody says how long, no longer than the certificate. */
static struct credential_times times_of(const struct pass_issuing *issuing, const struct basis *basis,
                                        const struct credential_certificate *facts)
{
    int64_t now = issuing->now / INSTANT_SECOND, end;
    if (issuing->form == PASS_MINIMAL)
        end = now + issuing->hours * 3600;
    else
        end = now + (issuing->days > 0 ? issuing->days : usual_days(basis)) * DAY;
    if (issuing->form != PASS_MINIMAL && issuing->days == 0 && end > facts->to && facts->to > now)
        end = facts->to;
    if (basis->kind == CREDENTIAL_USE_RECOVERY && end > ((int64_t) basis->to + 1) * DAY)
        end = ((int64_t) basis->to + 1) * DAY; /* its last day included */
    return (struct credential_times){ now, end };
}

static void fill(struct pass_issuing *issuing, const struct basis *basis, const struct credential_times *times)
{
    struct model_credential *credential = &issuing->credential;
    credential->head.id = issuing->id;
    credential->person = basis->who;
    credential->responsible_area = basis->kind == CREDENTIAL_USE_TEST       ? basis->specimen.responsible_area
                                   : basis->kind == CREDENTIAL_USE_RECOVERY ? basis->of_case.responsible_area
                                                                            : basis->dose.responsible_area;
    credential->form = text_view(pass_forms[issuing->form]);
    credential->proof = text_view(basis->kind == CREDENTIAL_USE_TEST       ? "test"
                                  : basis->kind == CREDENTIAL_USE_RECOVERY ? "recovery"
                                                                           : "vaccination");
    credential->result = issuing->result;
    credential->linked_case = issuing->of_case;
    credential->vaccination = issuing->vaccination;
    credential->number = (int64_t) issuing->num_texts;
    credential->issued = times->issued * INSTANT_SECOND;
    credential->expires = times->expires * INSTANT_SECOND;
    issuing->change =
        (struct store_change){ .verb = STORE_CREATE, .record = model_record(MODEL_CREDENTIAL), .value = credential };
    issuing->request = (struct store_request){ .verb = "issue pass",
                                               .set = { &issuing->change, 1 },
                                               .idempotency_key = issuing->request.idempotency_key };
}

static int check(const struct pass_issuing *issuing, struct fault_list *faults)
{
    if (!access_may_write(&issuing->who, model_record(MODEL_CREDENTIAL)) ||
        !access_may_identify(&issuing->who, model_record(MODEL_IDENTITY)))
        return STORE_ERR_DENIED;
    if (id_is_missing(&issuing->result) + id_is_missing(&issuing->of_case) + id_is_missing(&issuing->vaccination) != 2)
        return refuse_input(faults, "/result", "none or several", "a result, a case or a vaccination");
    if (issuing->form == PASS_SMART && issuing->smart == NULL)
        return refuse_input(faults, "/form", "smart, but the node has no address for cards",
                            "pass_smart in tocsin.conf");
    if (issuing->form == PASS_SMART && !id_is_missing(&issuing->of_case))
        return refuse_input(faults, "/form", "smart, of a recovery", "hc1 or minimal: cards have no recovery");
    return 0;
}

static int read_basis(struct store_reader *reader, const struct pass_issuing *issuing, struct arena *arena,
                      struct basis *basis, struct fault_list *faults)
{
    int ret;
    if (!id_is_missing(&issuing->result)) {
        basis->kind = CREDENTIAL_USE_TEST;
        basis->place = "/result";
        ret = read_result(reader, issuing, arena, basis, faults);
    } else if (!id_is_missing(&issuing->of_case)) {
        basis->kind = CREDENTIAL_USE_RECOVERY;
        basis->place = "/case";
        ret = read_case(reader, issuing, arena, basis, faults);
    } else {
        basis->kind = CREDENTIAL_USE_VACCINATION;
        basis->place = "/vaccination";
        ret = read_vaccination(reader, issuing, arena, basis, faults);
    }
    return ret == 0 ? read_person(reader, issuing, arena, basis, faults) : ret;
}

int pass_make(struct store_reader *reader, struct credential_maker *maker, struct pass_issuing *issuing,
              struct arena *arena, struct fault_list *faults)
{
    struct basis      basis = { .kind = 0 };
    struct fault_list found = FAULT_LIST_INIT;
    model_init(model_record(MODEL_CREDENTIAL), &issuing->credential);
    model_init(model_record(MODEL_FACILITY), &basis.centre);
    model_init(model_record(MODEL_IDENTITY), &basis.identity);
    issuing->texts = arena_array(arena, PASS_MOST_NUMBER, sizeof *issuing->texts);
    issuing->num_texts = 0;
    int ret = issuing->texts != NULL ? check(issuing, faults) : TOC_ERR_NO_MEMORY;
    if (ret == 0)
        ret = read_basis(reader, issuing, arena, &basis, faults);
    struct credential_times times = times_of(issuing, &basis, credential_maker_facts(maker));
    if (ret == 0)
        ret = issuing->form == PASS_MINIMAL ? issue_minimal(issuing, maker, &basis, &times, arena, &found)
                                            : issue_named(issuing, maker, &basis, &times, arena, &found);
    if (ret == 0)
        fill(issuing, &basis, &times);
    tell(&found, faults);
    for (size_t i = 0; i < found.num_kept; i++)
        sodium_memzero(found.faults[i].found, sizeof found.faults[i].found);
    fault_list_free(&found);
    sodium_memzero(&basis, sizeof basis);
    return ret;
}

/* ---- withdrawing ---- */

/* The rows that are meant; those out of a record as far as they are the caller's. */
static int find(const struct pass_revoking *revoking, struct store_reader *reader, struct arena *arena,
                struct model_credential **rows, size_t *num, struct fault_list *faults)
{
    const struct model_record *record = model_record(MODEL_CREDENTIAL);
    const char                *by = !id_is_missing(&revoking->result)    ? "result"
                                    : !id_is_missing(&revoking->of_case) ? "linked_case"
                                                                         : "vaccination";
    const struct id           *of = !id_is_missing(&revoking->result)    ? &revoking->result
                                    : !id_is_missing(&revoking->of_case) ? &revoking->of_case
                                                                         : &revoking->vaccination;
    struct model_set           visible;
    void                      *all;
    if (!id_is_missing(&revoking->credential)) {
        *rows = arena_array(arena, 1, sizeof **rows);
        if (*rows == NULL)
            return TOC_ERR_NO_MEMORY;
        *num = 1;
        int ret = store_read(reader, &revoking->who, record, &revoking->credential, STORE_NOW, arena, *rows, &visible);
        if (ret == 0 && text_is((*rows)->form, "minimal"))
            ret =
                refuse_input(faults, "/id", "minimal passes, of which no list can tell", "another form; they end soon");
        return ret;
    }
    int ret = store_rows_of(reader, record, by, of, PASS_MOST_REVOKED, arena, &all, num);
    if (ret != 0)
        return ret;
    struct id               *ids = arena_array(arena, *num + 1, sizeof *ids);
    bool                    *there = arena_array(arena, *num + 1, sizeof *there);
    struct model_credential *seen = arena_array(arena, *num + 1, sizeof *seen), *found = all;
    if (ids == NULL || there == NULL || seen == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < *num; i++)
        ids[i] = found[i].head.id;
    if (*num > 0)
        ret = store_read_many(reader, &revoking->who, record, ids, *num, arena, seen, there, &visible);
    size_t kept = 0;
    for (size_t i = 0; i < *num && ret == 0; i++)
        if (there[i])
            seen[kept++] = seen[i];
    *rows = seen;
    *num = kept;
    return ret == 0 && kept == 0 ? STORE_ERR_ABSENT : ret;
}

static int decide_revoking(void *context, struct store_reader *reader, struct arena *arena,
                           struct store_change_set *set, struct fault_list *faults)
{
    struct pass_revoking    *revoking = context;
    struct model_credential *rows = NULL;
    struct change_list       list;
    size_t                   num = 0;
    revoking->num = 0;
    if (!access_may_write(&revoking->who, model_record(MODEL_CREDENTIAL)))
        return STORE_ERR_DENIED;
    int ret = find(revoking, reader, arena, &rows, &num, faults);
    if (ret == 0)
        ret = change_list_begin(&list, arena, num);
    if (ret != 0)
        return ret;
    for (size_t i = 0; i < num; i++) {
        if (rows[i].revoked != INSTANT_MISSING || rows[i].expires < revoking->now || text_is(rows[i].form, "minimal"))
            continue;
        struct model_credential *value = change_list_change(&list, MODEL_CREDENTIAL, &rows[i].head);
        if (value == NULL)
            return TOC_ERR_NO_MEMORY;
        value->revoked = revoking->now;
        change_list_give(&list, model_credential_revoked);
        revoking->num++;
    }
    *set = (struct store_change_set){ list.changes, list.num };
    return 0;
}

void pass_revoke_request(struct pass_revoking *revoking)
{
    revoking->request = (struct store_request){ .verb = "revoke pass",
                                                .decide = decide_revoking,
                                                .context = revoking,
                                                .idempotency_key = revoking->request.idempotency_key };
}
