/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/problem.h"

#include <stdio.h>
#include <string.h>

#include "base/json_writer.h"
#include "formats/fhir/outcome.h"
#include "response/account.h"
#include "server/live.h"
#include "server/provider.h"
#include "store/keeper.h"

struct kind {
    int         status, http;
    const char *name, *title, *detail; /* name: behind /problems/ */
    bool        faults;                /* shows the exchange's */
};

static const struct kind kinds[] = {
    { BASE_ERR_INPUT, 422, "input", "What was sent has faults", NULL, true },
    { STORE_ERR_ABSENT, 404, "absent", "There is no such record",
      "There is none of this id, or it is not within your areas.", false },
    { SERVER_ERR_UNKNOWN_PATH, 404, "path", "Nothing is served here", NULL, false },
    { SERVER_ERR_METHOD, 405, "method", "This path is not asked so", "The header Allow names the methods.", false },
    { STORE_ERR_VERSION, 412, "version", "The record was changed meanwhile", "Read it again, then send your change.",
      false },
    { STORE_ERR_EXISTS, 409, "exists", "A record with this id or key exists", NULL, false },
    { DB_ERR_CONFLICT, 409, "exists", "A record with this id or key exists", NULL, false },
    { STORE_ERR_DENIED, 403, "denied", "Your role does not allow this", NULL, false },
    { SERVER_ERR_SIGN_IN, 401, "sign-in", "Sign in first", NULL, false },
    { ACCOUNT_ERR_REFUSED, 401, "refused", "Login, password or code is not right", NULL, false },
    { ACCOUNT_ERR_ENDED, 401, "ended", "This session, token or link is not, or no longer, known", NULL, false },
    { ACCOUNT_ERR_LATER, 429, "too-many", "Tried too often", "The header Retry-After says when again.", false },
    { ACCOUNT_ERR_BUSY, 503, "busy", "As many passwords as can be checked at once are being checked", NULL, false },
    { ACCOUNT_ERR_SECOND_FACTOR, 403, "second-factor", "This needs your second factor", NULL, false },
    { PROVIDER_ERR_DOWN, 503, "provider", "The identity provider does not answer now", NULL, true },
    { PROVIDER_ERR_REFUSED, 403, "provider", "The identity provider has not let you in", NULL, false },
    { PROVIDER_ERR_STATE, 400, "provider", "This sign-in was not begun here, is finished, or took too long", NULL,
      false },
    { PROVIDER_ERR_TOKEN, 502, "provider", "What the identity provider answered cannot be trusted", NULL, true },
    { PROVIDER_ERR_UNKNOWN, 403, "provider", "Nobody here belongs to that account", NULL, false },
    { SERVER_ERR_SECOND_FACTOR, 403, "second-factor", "This needs your second factor", NULL, false },
    { SERVER_ERR_TOO_MANY, 429, "too-many", "Asked too often", "The header Retry-After says when again.", true },
    { SERVER_ERR_MEDIA, 415, "media", "This kind of body is not taken here", NULL, true },
    { SERVER_ERR_PRECONDITION, 428, "precondition", "A header that must be there is missing",
      "If-Match names the version that you read.", true },
    { SERVER_ERR_ORIGIN, 403, "origin", "Asked for another host, or from a page of another origin", NULL, true },
    { SERVER_ERR_TOO_BIG, 413, "too-big", "The body is too large", NULL, true },
    { SERVER_ERR_BUSY, 503, "busy", "As much as can be served at once is being served", NULL, false },
    { SERVER_ERR_REQUEST, 400, "request", "Not a request as HTTP has it", NULL, true },
    { SERVER_ERR_TIMEOUT, 408, "timeout", "The request took too long to arrive", NULL, true },
    { SERVER_ERR_LONG_PATH, 414, "long-path", "The path or query is too long", NULL, true },
    { SERVER_ERR_HEADERS, 431, "headers", "Too many headers, or too long ones", NULL, true },
    { SERVER_ERR_SET_UP, 503, "set-up", "This node waits for its set-up link to be used", NULL, false },
    { STORE_ERR_FULL_QUEUE, 503, "busy", "As much as can be written at once is waiting", NULL, false },
    { STORE_ERR_STOPPED, 503, "stopped", "This node cannot write at present", NULL, false },
    { DB_ERR_BUSY, 503, "busy", "The database is busy", NULL, false },
    { DB_ERR_FULL, 507, "full", "The disk of this node is full", "Nothing of what was sent was kept.", false },
    { DB_ERR_FENCED, 503, "stopped", "Another process writes now", NULL, false },
    { DB_ERR_LOST, 503, "lost", "The connection to the database broke",
      "Whether it was kept is unknown: send it again with the same Idempotency-Key.", false },
    { KEEPER_ERR_LOST, 503, "keys", "The keys of this node cannot be reached at present", NULL, false },
    { TOC_ERR_NO_MEMORY, 503, "busy", "Too little memory for this request", NULL, false },
};

static const struct kind unknown = {
    0, 500, "fault", "This node could not answer", "Its log has a line under the same Request-Id.", false
};

static const struct kind *kind_of(int status)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].status == status)
            return &kinds[i];
    return &unknown;
}

int problem_http_status(int status)
{
    return kind_of(status)->http;
}

static void put_fault(struct json_writer *json, const struct fault *fault)
{
    char where[FAULT_NAME_BYTES + 1];
    snprintf(where, sizeof where, "%s%s", fault->name[0] == '/' || fault->name[0] == '\0' ? "" : "/", fault->name);
    json_begin_object(json);
    json_member(json, "where", where);
    if (fault->line > 0) {
        json_key(json, "line");
        json_put_integer(json, (int64_t) fault->line);
    }
    if (fault->cell > 0) {
        json_key(json, "cell");
        json_put_integer(json, fault->cell);
    }
    json_member(json, "found", fault->found);
    if (fault->allowed[0] != '\0')
        json_member(json, "allowed", fault->allowed);
    json_end(json);
}

static void put_faults(struct json_writer *json, const struct fault_list *faults)
{
    json_key(json, "faults");
    json_begin_array(json);
    for (size_t i = 0; i < faults->num_kept; i++)
        put_fault(json, &faults->faults[i]);
    json_end(json);
    if (faults->num_all > faults->num_kept) {
        json_key(json, "more_faults");
        json_put_integer(json, (int64_t) (faults->num_all - faults->num_kept));
    }
}

/* What the handler had put into its answer is not sent, but for the headers that say how to ask again. */
static void clear(struct answer *answer, bool keep_headers)
{
    if (answer->part_free != NULL)
        answer->part_free(answer->part_context);
    answer->part = NULL;
    answer->part_free = NULL;
    answer->part_context = NULL;
    live_close(answer->live);
    answer->live = NULL;
    answer->body.used = 0;
    answer->body.failure = 0;
    if (!keep_headers)
        answer->num_headers = 0;
}

/* Of FHIR's list of issue types. */
static const char *issue_code(int http)
{
    switch (http) {
    case 401: return "login";
    case 403: return "forbidden";
    case 404: return "not-found";
    case 405:
    case 415: return "not-supported";
    case 409:
    case 412: return "conflict";
    case 413: return "too-long";
    case 429: return "throttled";
    case 503: return "transient";
    default: return http < 500 ? "invalid" : "exception";
    }
}

void problem_answer(struct exchange *exchange, int status)
{
    const struct kind *kind = kind_of(status);
    struct json_writer json;
    char               type[64];
    clear(&exchange->answer,
          status == SERVER_ERR_METHOD || status == SERVER_ERR_TOO_MANY || status == ACCOUNT_ERR_LATER);
    if (kind->http == 401)
        answer_header(exchange, "WWW-Authenticate", "Bearer");
    if (kind->http == 503)
        answer_header(exchange, "Retry-After", "2");
    snprintf(type, sizeof type, "/problems/%s", kind->name);
    exchange->answer.status = kind->http;
    exchange->answer.cause = status;
    if (strncmp(exchange->path != NULL ? exchange->path : "", "/fhir/", 6) == 0) {
        exchange->answer.type = "application/fhir+json";
        json_writer_init(&json, &exchange->answer.body);
        bool told = status == SERVER_ERR_TOO_MANY && exchange->faults.num_kept > 0; /* which limit, and when again */
        fhir_write_issue(&json, "error", issue_code(kind->http), told ? exchange->faults.faults[0].found : kind->title);
        return;
    }
    exchange->answer.type = "application/problem+json";
    json_writer_init(&json, &exchange->answer.body);
    json_begin_object(&json);
    json_member(&json, "type", type);
    json_member(&json, "title", kind->title);
    json_key(&json, "status");
    json_put_integer(&json, kind->http);
    if (kind->detail != NULL)
        json_member(&json, "detail", kind->detail);
    if (kind->faults && exchange->faults.num_kept > 0)
        put_faults(&json, &exchange->faults);
    json_end(&json);
}
