/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading accounts: users, grants, sessions, links, tokens, break-glasses, and who looked. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "base/instant.h"
#include "base/memory.h"
#include "model/records.h"
#include "store/account_run.h"
#include "store/select_many.h"
#include "store/store_internal.h"

struct account_hash account_hash(const char *kind, const void *secret, size_t size)
{
    struct account_hash      hash;
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, ACCOUNT_HASH_BYTES);
    crypto_generichash_update(&state, (const uint8_t *) kind, strlen(kind) + 1);
    crypto_generichash_update(&state, secret, size);
    crypto_generichash_final(&state, hash.bytes, ACCOUNT_HASH_BYTES);
    return hash;
}

/* ---- values of rows ---- */

static struct id id_in(const struct db_value *value)
{
    struct id id = { { 0 } };
    if (value->type == DB_BYTES && value->size == ID_BYTES)
        memcpy(id.bytes, value->bytes, ID_BYTES);
    return id;
}

static int64_t instant_in(const struct db_value *value)
{
    return value->type == DB_INTEGER ? value->integer : INSTANT_MISSING;
}

static struct account_hash hash_in(const struct db_value *value)
{
    struct account_hash hash = { { 0 } };
    if (value->type == DB_BYTES && value->size == ACCOUNT_HASH_BYTES)
        memcpy(hash.bytes, value->bytes, ACCOUNT_HASH_BYTES);
    return hash;
}

static void text_in(const struct db_value *value, char *text, size_t room)
{
    size_t size = value->type == DB_TEXT ? value->size : 0;
    if (size >= room) {
        size = room - 1;
        while (size > 0 && ((unsigned char) value->bytes[size] & 0xc0) == 0x80)
            size--; /* at a whole character */
    }
    memcpy(text, size > 0 ? value->bytes : "", size);
    text[size] = '\0';
}

static toc_date date_in(const struct db_value *value)
{
    toc_date       date;
    enum date_form form;
    char           fault[DATE_FAULT_BYTES];
    if (value->type != DB_TEXT || value->size == 0 ||
        date_from_text(value->bytes, value->size, &date, &form, fault) != 0)
        return MODEL_MISSING_DATE;
    return date;
}

/* One row into `found`. */
struct one {
    int (*take)(void *to, const struct db_value *row);
    void  *to;
    size_t size, max, num; /* of an array; max 1 = a single one */
};

static int take_one(void *context, const struct db_value *row, size_t num_columns)
{
    struct one *one = context;
    (void) num_columns;
    if (one->num == one->max)
        return 0;
    return one->take((char *) one->to + one->size * one->num++, row);
}

static int read_rows(struct store_reader *reader, const char *sql, const struct db_value *values, size_t num_values,
                     struct one *one)
{
    struct db *db;
    int        ret = store_reader_db(reader, &db);
    return ret == 0 ? select_rows(db, sql, values, num_values, take_one, one, &reader->error) : ret;
}

/* The single row, or STORE_ERR_ABSENT. */
static int read_one(struct store_reader *reader, const char *sql, const struct db_value *values, size_t num_values,
                    int (*take)(void *to, const struct db_value *row), void *to)
{
    struct one one = { .take = take, .to = to, .max = 1 };
    int        ret = read_rows(reader, sql, values, num_values, &one);
    return ret == 0 && one.num == 0 ? STORE_ERR_ABSENT : ret;
}

static int take_number(void *to, const struct db_value *row)
{
    *(int64_t *) to = row[0].integer;
    return 0;
}

/* ---- users ---- */

#define USER_COLUMNS "SELECT id, login, name, facility, valid_from, valid_to, version FROM \"user\" "

static int take_user(void *to, const struct db_value *row)
{
    struct account_user *user = to;
    user->id = id_in(&row[0]);
    text_in(&row[1], user->login, sizeof user->login);
    text_in(&row[2], user->name, sizeof user->name);
    user->facility = id_in(&row[3]);
    user->valid_from = date_in(&row[4]);
    user->valid_to = date_in(&row[5]);
    user->version = row[6].integer;
    return 0;
}

int account_user_by_login(struct store_reader *reader, const char *login, struct account_user *user)
{
    struct db_value value = db_word(login);
    return read_one(reader, USER_COLUMNS "WHERE login = $1", &value, 1, take_user, user);
}

int account_user_read(struct store_reader *reader, const struct id *id, struct account_user *user)
{
    struct db_value value = db_bytes(id->bytes, ID_BYTES);
    return read_one(reader, USER_COLUMNS "WHERE id = $1", &value, 1, take_user, user);
}

int account_users(struct store_reader *reader, struct arena *arena, struct account_user **users, size_t *num)
{
    int64_t    count = 0;
    struct one one = { .take = take_user, .size = sizeof **users };
    int        ret = read_one(reader, "SELECT COUNT(*) FROM \"user\"", NULL, 0, take_number, &count);
    if (ret != 0)
        return ret;
    one.max = (size_t) count;
    one.to = arena_array(arena, one.max + 1, sizeof **users);
    if (one.to == NULL)
        return TOC_ERR_NO_MEMORY;
    ret = read_rows(reader, USER_COLUMNS "ORDER BY login", NULL, 0, &one);
    if (ret == 0) {
        *users = one.to;
        *num = one.num;
    }
    return ret;
}

static int take_grant(void *to, const struct db_value *row)
{
    struct account_grant *grant = to;
    *grant = (struct account_grant){ .id = id_in(&row[0]), .version = row[1].integer };
    if (row[2].type == DB_TEXT)
        grant->role = access_role_find(row[2].bytes, row[2].size);
    if (row[3].type == DB_TEXT)
        grant->purpose = access_purpose_find(row[3].bytes, row[3].size);
    if (row[3].type == DB_TEXT && row[3].size > 0 && grant->purpose == ACCESS_NO_PURPOSE)
        grant->role = ACCESS_NO_ROLE; /* of a purpose that this program does not know: nothing */
    grant->area = id_in(&row[4]);
    grant->facility = id_in(&row[5]);
    grant->everywhere = row[6].type == DB_INTEGER && row[6].integer == 1;
    grant->starts = instant_in(&row[7]);
    grant->ends = instant_in(&row[8]);
    return 0;
}

int account_grants(struct store_reader *reader, const struct id *user, struct account_grant *grants, size_t *num)
{
    struct db_value value = db_bytes(user->bytes, ID_BYTES);
    struct one      one = { .take = take_grant, .to = grants, .size = sizeof *grants, .max = ACCOUNT_MOST_GRANTS };
    int             ret = read_rows(reader,
                                    "SELECT id, version, role, purpose, area, facility, everywhere, starts, ends FROM \"grant\" "
                                                "WHERE \"user\" = $1 ORDER BY starts DESC, id",
                                    &value, 1, &one);
    if (ret == 0)
        *num = one.num;
    return ret;
}

static int take_account(void *to, const struct db_value *row)
{
    struct account *account = to;
    account->user = id_in(&row[0]);
    account->changed = row[1].integer;
    text_in(&row[2], account->password, sizeof account->password);
    account->has_factor = row[3].type == DB_BYTES;
    account->factor_since = instant_in(&row[4]);
    account->factor_step = row[5].integer;
    account->has_next = row[6].type == DB_BYTES;
    account->next_since = instant_in(&row[7]);
    return 0;
}

int account_read(struct store_reader *reader, const struct id *user, struct account *account)
{
    struct db_value value = db_bytes(user->bytes, ID_BYTES);
    return read_one(reader,
                    "SELECT \"user\", changed, password, factor, factor_since, factor_step, \"next\", next_since FROM "
                    "account WHERE \"user\" = $1",
                    &value, 1, take_account, account);
}

int account_any(struct store_reader *reader, bool *any)
{
    int64_t found = 0;
    int     ret = read_one(reader, "SELECT 1 FROM account LIMIT 1", NULL, 0, take_number, &found);
    if (ret == 0 || ret == STORE_ERR_ABSENT)
        *any = ret == 0;
    return ret == STORE_ERR_ABSENT ? 0 : ret;
}

struct sealed_secret {
    struct id owner;
    uint8_t   bytes[ACCOUNT_REASON_BYTES + SEAL_EXTRA_BYTES];
    size_t    size;
};

static int take_sealed(void *to, const struct db_value *row)
{
    struct sealed_secret *secret = to;
    secret->owner = id_in(&row[0]);
    if (row[1].type != DB_BYTES || row[1].size > sizeof secret->bytes)
        return STORE_ERR_ABSENT;
    memcpy(secret->bytes, row[1].bytes, row[1].size);
    secret->size = row[1].size;
    return 0;
}

int account_factor(struct store_reader *reader, const struct id *user, bool next, uint8_t secret[ACCOUNT_FACTOR_BYTES])
{
    struct sealed_secret sealed = { .size = 0 };
    struct db_value      value = db_bytes(user->bytes, ID_BYTES);
    int                  ret = read_one(reader,
                       next ? "SELECT \"next\", next_sealed FROM account WHERE \"user\" = $1 AND \"next\" IS NOT NULL"
                                             : "SELECT factor, factor_sealed FROM account WHERE \"user\" = $1 AND factor IS NOT NULL",
                                        &value, 1, take_sealed, &sealed);
    if (ret == 0 && sealed.size != ACCOUNT_FACTOR_BYTES + SEAL_EXTRA_BYTES)
        ret = DB_ERR_CORRUPT;
    return ret == 0 ? account_unseal(reader, &sealed.owner, "second factor", sealed.bytes, sealed.size, secret) : ret;
}

int account_codes_left(struct store_reader *reader, const struct id *user, int64_t *num)
{
    struct db_value value = db_bytes(user->bytes, ID_BYTES);
    return read_one(reader, "SELECT COUNT(*) FROM account_code WHERE \"user\" = $1", &value, 1, take_number, num);
}

/* ---- sessions, devices, links ---- */

#define SESSION_COLUMNS "SELECT hash, id, \"user\", program, created, used, ends, factor, client FROM session "

static int take_session(void *to, const struct db_value *row)
{
    struct account_session *session = to;
    session->hash = hash_in(&row[0]);
    session->id = id_in(&row[1]);
    session->user = id_in(&row[2]);
    session->program = row[3].integer == 1;
    session->created = row[4].integer;
    session->used = row[5].integer;
    session->ends = row[6].integer;
    session->factor = instant_in(&row[7]);
    text_in(&row[8], session->client, sizeof session->client);
    return 0;
}

int account_session(struct store_reader *reader, const struct account_hash *hash, struct account_session *session)
{
    struct db_value value = db_bytes(hash->bytes, ACCOUNT_HASH_BYTES);
    return read_one(reader, SESSION_COLUMNS "WHERE hash = $1", &value, 1, take_session, session);
}

int account_sessions(struct store_reader *reader, const struct id *user, struct account_session *sessions, size_t max,
                     size_t *num)
{
    struct db_value value = db_bytes(user->bytes, ID_BYTES);
    struct one      one = { .take = take_session, .to = sessions, .size = sizeof *sessions, .max = max };
    int ret = read_rows(reader, SESSION_COLUMNS "WHERE \"user\" = $1 ORDER BY created DESC, id DESC", &value, 1, &one);
    if (ret == 0)
        *num = one.num;
    return ret;
}

bool account_device_known(struct store_reader *reader, const struct account_hash *hash, const struct id *user)
{
    int64_t         found = 0;
    struct db_value values[] = { db_bytes(hash->bytes, ACCOUNT_HASH_BYTES), db_bytes(user->bytes, ID_BYTES) };
    return read_one(reader, "SELECT 1 FROM account_device WHERE hash = $1 AND \"user\" = $2", values, 2, take_number,
                    &found) == 0;
}

int account_user_by_subject(struct store_reader *reader, const struct account_hash *subject, struct account_user *user)
{
    struct db_value value = db_bytes(subject->bytes, ACCOUNT_HASH_BYTES);
    return read_one(reader, USER_COLUMNS "WHERE id IN (SELECT s.\"user\" FROM account_subject s WHERE s.hash = $1)",
                    &value, 1, take_user, user);
}

bool account_has_subject(struct store_reader *reader, const struct id *user)
{
    int64_t         found = 0;
    struct db_value value = db_bytes(user->bytes, ID_BYTES);
    return read_one(reader, "SELECT 1 FROM account_subject WHERE \"user\" = $1", &value, 1, take_number, &found) == 0;
}

static int take_link(void *to, const struct db_value *row)
{
    struct account_link *link = to;
    link->hash = hash_in(&row[0]);
    text_in(&row[1], link->kind, sizeof link->kind);
    link->user = id_in(&row[2]);
    link->created = row[3].integer;
    link->ends = row[4].integer;
    return 0;
}

int account_link(struct store_reader *reader, const struct account_hash *hash, int64_t now, struct account_link *link)
{
    struct db_value values[] = { db_bytes(hash->bytes, ACCOUNT_HASH_BYTES), db_integer(now) };
    return read_one(reader,
                    "SELECT hash, kind, \"user\", created, ends FROM account_link WHERE hash = $1 AND ends > $2",
                    values, 2, take_link, link);
}

/* ---- leaving ---- */

struct open_task {
    struct id id, area;
};

static int take_task(void *to, const struct db_value *row)
{
    struct open_task *task = to;
    *task = (struct open_task){ id_in(&row[0]), id_in(&row[1]) };
    return 0;
}

#define OPEN_TASKS "FROM task WHERE owner = $1 AND status IN ('open', 'in-progress', 'waiting')"

int account_open_tasks(struct store_reader *reader, const struct id *user, struct arena *arena, struct id **tasks,
                       struct id **areas, size_t *num)
{
    int64_t         count = 0;
    struct db_value value = db_bytes(user->bytes, ID_BYTES);
    struct one      one = { .take = take_task, .size = sizeof(struct open_task) };
    int             ret = read_one(reader, "SELECT COUNT(*) " OPEN_TASKS, &value, 1, take_number, &count);
    if (ret != 0)
        return ret;
    one.max = (size_t) count;
    struct open_task *found = arena_array(arena, one.max + 1, sizeof *found);
    *tasks = arena_array(arena, one.max + 1, sizeof **tasks);
    *areas = arena_array(arena, one.max + 1, sizeof **areas);
    one.to = found;
    if (found == NULL || *tasks == NULL || *areas == NULL)
        return TOC_ERR_NO_MEMORY;
    ret = read_rows(reader, "SELECT id, area " OPEN_TASKS " ORDER BY due, id", &value, 1, &one);
    for (size_t i = 0; i < one.num; i++) {
        (*tasks)[i] = found[i].id;
        (*areas)[i] = found[i].area;
    }
    *num = one.num;
    return ret;
}

static bool is_within(struct store *store, const struct id *area, const struct id *top)
{
    const struct area_tree *areas = store_hold_areas(store);
    uint32_t                number = area_tree_find(areas, area), above = area_tree_find(areas, top);
    bool within = number != AREA_NONE && above != AREA_NONE && area_tree_within(areas, number, above);
    store_release_areas(store, areas);
    return within;
}

struct holder {
    struct id user, area;
    bool      everywhere;
};

static int take_holder(void *to, const struct db_value *row)
{
    struct holder *holder = to;
    *holder = (struct holder){ id_in(&row[0]), id_in(&row[1]), row[2].type == DB_INTEGER && row[2].integer == 1 };
    return 0;
}

int account_holders(struct store_reader *reader, enum access_role role, const struct id *area, int64_t now,
                    struct id *users, size_t max, size_t *num)
{
    struct db_value values[] = { db_word(access_role_word(role)), db_integer(now) };
    struct holder   holders[ACCOUNT_MOST_LISTED];
    struct one      one = { .take = take_holder, .to = holders, .size = sizeof *holders, .max = ACCOUNT_MOST_LISTED };
    size_t          found = 0;
    int             ret = read_rows(reader,
                                    "SELECT \"user\", area, everywhere FROM \"grant\" WHERE role = $1 AND starts <= $2 AND "
                                                "(ends IS NULL OR ends > $2) AND facility IS NULL ORDER BY starts, id",
                                    values, 2, &one);
    for (size_t i = 0; ret == 0 && i < one.num && found < max; i++) {
        bool again = false;
        for (size_t j = 0; j < found; j++)
            again = again || id_equal(&users[j], &holders[i].user);
        if (!again && (holders[i].everywhere || is_within(reader->store, area, &holders[i].area)))
            users[found++] = holders[i].user;
    }
    if (ret == 0)
        *num = found;
    return ret;
}

/* ---- machines ---- */

#define TOKEN_COLUMNS "SELECT hash, id, family, name, facility, unit, created, given_by, ends, used FROM machine_token "

static int take_token(void *to, const struct db_value *row)
{
    struct account_token *token = to;
    token->hash = hash_in(&row[0]);
    token->id = id_in(&row[1]);
    token->family = id_in(&row[2]);
    text_in(&row[3], token->name, sizeof token->name);
    token->facility = id_in(&row[4]);
    token->unit = id_in(&row[5]);
    token->created = row[6].integer;
    token->given_by = id_in(&row[7]);
    token->ends = row[8].integer;
    token->used = row[9].integer;
    return 0;
}

int account_token(struct store_reader *reader, const struct account_hash *hash, struct account_token *token)
{
    struct db_value value = db_bytes(hash->bytes, ACCOUNT_HASH_BYTES);
    return read_one(reader, TOKEN_COLUMNS "WHERE hash = $1", &value, 1, take_token, token);
}

int account_token_by_id(struct store_reader *reader, const struct id *id, struct account_token *token)
{
    struct db_value value = db_bytes(id->bytes, ID_BYTES);
    return read_one(reader, TOKEN_COLUMNS "WHERE id = $1", &value, 1, take_token, token);
}

int account_tokens(struct store_reader *reader, int64_t now, struct account_token *tokens, size_t max, size_t *num)
{
    struct db_value value = db_integer(now);
    struct one      one = { .take = take_token, .to = tokens, .size = sizeof *tokens, .max = max };
    int ret = read_rows(reader, TOKEN_COLUMNS "WHERE ends > $1 ORDER BY facility, created, id", &value, 1, &one);
    if (ret == 0)
        *num = one.num;
    return ret;
}

#define RECEIPT_COLUMNS "SELECT id, received, verdict, num_faults, reason, processed, test FROM message "

static int take_receipt(void *to, const struct db_value *row)
{
    struct account_receipt *receipt = to;
    receipt->id = id_in(&row[0]);
    receipt->received = row[1].integer;
    text_in(&row[2], receipt->verdict, sizeof receipt->verdict);
    receipt->num_faults = row[3].type == DB_INTEGER ? row[3].integer : 0;
    text_in(&row[4], receipt->reason, sizeof receipt->reason);
    receipt->processed = row[5].type == DB_INTEGER ? row[5].integer : INSTANT_MISSING;
    receipt->test = row[6].type == DB_INTEGER && row[6].integer == 1;
    return 0;
}

int account_receipts(struct store_reader *reader, const struct id *facility, struct account_receipt *receipts,
                     size_t max, size_t *num)
{
    struct db_value values[] = { db_bytes(facility->bytes, ID_BYTES), db_integer((int64_t) max) };
    struct one      one = { .take = take_receipt, .to = receipts, .size = sizeof *receipts, .max = max };
    int             ret = read_rows(reader,
                                    RECEIPT_COLUMNS "WHERE sender = $1 ORDER BY received "
                                                                "DESC, id DESC LIMIT $2",
                                    values, 2, &one);
    if (ret == 0)
        *num = one.num;
    return ret;
}

int account_receipt(struct store_reader *reader, const struct id *facility, const struct id *message,
                    struct account_receipt *receipt)
{
    struct db_value values[] = { db_bytes(facility->bytes, ID_BYTES), db_bytes(message->bytes, ID_BYTES) };
    struct one      one = { .take = take_receipt, .to = receipt, .size = sizeof *receipt, .max = 1 };
    int             ret = read_rows(reader, RECEIPT_COLUMNS "WHERE sender = $1 AND id = $2", values, 2, &one);
    return ret == 0 && one.num == 0 ? STORE_ERR_ABSENT : ret;
}

/* ---- break-glass ---- */

static int take_glass(void *to, const struct db_value *row)
{
    struct account_glass *glass = to;
    glass->id = id_in(&row[0]);
    glass->user = id_in(&row[1]);
    glass->session = id_in(&row[2]);
    glass->role = access_role_find(row[3].bytes, row[3].size);
    glass->purpose = access_purpose_find(row[4].bytes, row[4].size);
    glass->area = id_in(&row[5]);
    glass->starts = row[6].integer;
    glass->ends = row[7].integer;
    glass->reason = NULL;
    return 0;
}

#define GLASS_COLUMNS "SELECT id, \"user\", session, role, purpose, area, starts, ends FROM break_glass "

int account_glass_of(struct store_reader *reader, const struct id *session, int64_t now, struct account_glass *glass)
{
    struct db_value values[] = { db_bytes(session->bytes, ID_BYTES), db_integer(now) };
    return read_one(reader, GLASS_COLUMNS "WHERE session = $1 AND ends > $2 AND starts <= $2", values, 2, take_glass,
                    glass);
}

/* The reason is opened for whoever may see the break-glass at all. */
static int open_reason(struct store_reader *reader, struct arena *arena, struct account_glass *glass)
{
    struct sealed_secret sealed = { .size = 0 };
    struct db_value      value = db_bytes(glass->id.bytes, ID_BYTES);
    int   ret = read_one(reader, "SELECT id, reason FROM break_glass WHERE id = $1", &value, 1, take_sealed, &sealed);
    char *reason = arena_array(arena, ACCOUNT_REASON_BYTES + 1, 1);
    if (ret == 0 && reason == NULL)
        ret = TOC_ERR_NO_MEMORY;
    if (ret == 0 && sealed.size >= SEAL_EXTRA_BYTES)
        ret = account_unseal(reader, &sealed.owner, "reason", sealed.bytes, sealed.size, reason);
    if (ret == 0)
        glass->reason = reason;
    return ret == STORE_ERR_ABSENT ? 0 : ret;
}

static bool may_see(struct store *store, const struct access *who, const struct id *area)
{
    for (size_t i = 0; i < who->num_areas && !who->everywhere; i++)
        if (is_within(store, area, &who->areas[i]))
            return true;
    return who->everywhere;
}

int account_glasses(struct store_reader *reader, const struct access *who, struct arena *arena,
                    struct account_glass *glasses, size_t max, size_t *num)
{
    struct account_glass all[ACCOUNT_MOST_LISTED];
    struct one           one = { .take = take_glass, .to = all, .size = sizeof *all, .max = ACCOUNT_MOST_LISTED };
    size_t               kept = 0;
    int ret = read_rows(reader, GLASS_COLUMNS "ORDER BY starts DESC, id DESC LIMIT 200", NULL, 0, &one);
    for (size_t i = 0; ret == 0 && i < one.num && kept < max; i++) {
        if (!may_see(reader->store, who, &all[i].area))
            continue;
        glasses[kept] = all[i];
        ret = open_reason(reader, arena, &glasses[kept++]);
    }
    if (ret == 0)
        *num = kept;
    return ret;
}

/* ---- who looked ---- */

struct looked {
    struct account_reading reading;
    int64_t                number;
};

static int take_reading(void *to, const struct db_value *row)
{
    struct looked          *looked = to;
    struct account_reading *reading = &looked->reading;
    looked->number = row[0].integer;
    reading->at = row[1].integer;
    text_in(&row[2], reading->role, sizeof reading->role);
    text_in(&row[3], reading->purpose, sizeof reading->purpose);
    text_in(&row[4], reading->verb, sizeof reading->verb);
    reading->actor = id_in(&row[5]);
    reading->facility = id_in(&row[6]);
    reading->break_glass = row[7].type == DB_INTEGER && row[7].integer > 0;
    return 0;
}

int account_readings(struct store_reader *reader, const struct id *person, int64_t before,
                     struct account_reading *readings, size_t max, size_t *num, int64_t *next)
{
    struct db_value values[] = { db_bytes(person->bytes, ID_BYTES), db_integer(before), db_integer((int64_t) max) };
    struct one      one = { .take = take_reading, .size = sizeof(struct looked), .max = max };
    struct looked  *looked = memory_array(max + 1, sizeof *looked);
    if (looked == NULL)
        return TOC_ERR_NO_MEMORY;
    one.to = looked;
    int ret = read_rows(reader,
                        "SELECT r.number, a.at, a.role, a.purpose, a.verb, a.actor, u.facility, "
                        "(SELECT COUNT(*) FROM break_glass b WHERE b.\"user\" = a.actor AND b.starts <= a.at AND "
                        "b.ends > a.at AND b.role = a.role AND b.purpose = a.purpose) "
                        "FROM audit_reading r JOIN audit a ON a.number = r.number LEFT JOIN \"user\" u ON "
                        "u.id = a.actor WHERE r.subject = $1 AND r.number < $2 ORDER BY r.number DESC LIMIT $3",
                        values, 3, &one);
    for (size_t i = 0; ret == 0 && i < one.num; i++)
        readings[i] = looked[i].reading;
    if (ret == 0) {
        *num = one.num;
        *next = one.num == max && max > 0 ? looked[one.num - 1].number : 0;
    }
    free(looked);
    return ret;
}
