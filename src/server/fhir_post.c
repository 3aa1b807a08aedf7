/* SPDX-License-Identifier: GPL-3.0-or-later */
/* POST to /fhir/R4: what machines send is taken in for their sender (response/intake_fhir.h) and answered. */
#include <string.h>

#include "base/text.h"
#include "response/account.h"
#include "response/intake_fhir.h"
#include "server/handlers.h"
#include "server/intake.h"
#include "server/request.h"
#include "server/route.h"
#include "server/server_internal.h"

#define READING_BYTES ((size_t) 256 << 20)

static struct intake *intake_of(const struct exchange *exchange)
{
    if (exchange->intake != NULL || exchange->server == NULL)
        return exchange->intake;
    return exchange->server->intake;
}

static bool is_json(const char *type)
{
    static const char *const types[] = { "application/fhir+json", "application/json", "text/json" };
    size_t                   size = type != NULL ? strcspn(type, "; \t") : 0;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (text_equal_nocase(type, size, types[i], strlen(types[i])))
            return true;
    return false;
}

/* Once to learn who says so, once as that feed's messages are read. */
static int read_body(struct exchange *exchange, struct intake *intake, const struct intake_fhir_call *call,
                     struct intake_reading *reading, struct model_feed *feed, struct intake_fhir *fhir)
{
    const struct account_who *who = exchange->caller.who;
    struct intake_caller      caller = { .channel = "fhir", .address = exchange->peer };
    if (who != NULL)
        caller.institution = who->token.facility;
    int ret = intake_fhir_read(reading, call, fhir);
    if (ret == TOC_ERR_NO_MEMORY)
        return ret;
    caller.application = fhir->read.report.application.name;
    caller.facility = fhir->read.report.facility.name;
    if (!intake_find_feed(intake, &caller, reading->arena, feed))
        return 0;
    reading->feed = feed;
    intake_fhir_free(fhir);
    ret = intake_fhir_read(reading, call, fhir);
    return ret == TOC_ERR_NO_MEMORY ? ret : 0;
}

static int take(struct exchange *exchange, struct intake *intake, const struct intake_fhir_call *call,
                struct intake_reading *reading, struct intake_fhir *fhir)
{
    struct model_feed     feed;
    struct intake_receipt receipt;
    struct json_writer    json;
    int                   ret = read_body(exchange, intake, call, reading, &feed, fhir);
    if (ret == 0 && !fhir->misplaced) {
        struct intake_arrival arrival = intake_fhir_arrival(fhir, reading, "fhir");
        if (exchange->caller.who != NULL)
            arrival.institution = exchange->caller.who->token.facility;
        ret = server_intake_status(exchange, intake_take(intake, &arrival, &receipt), &receipt);
    }
    if (ret != 0)
        return ret;
    if (!fhir->misplaced) {
        char location[60] = "/api/v1/submissions/";
        id_to_text(&receipt.message, location + strlen(location));
        answer_header(exchange, "Location", location);
    }
    reply_json(exchange, &json);
    exchange->answer.type = "application/fhir+json";
    exchange->answer.status = (int) intake_fhir_answer(fhir, call, fhir->misplaced ? NULL : &receipt, &json);
    return 0;
}

static int post(struct exchange *exchange, const struct intake_fhir_call *call)
{
    struct intake     *intake = intake_of(exchange);
    struct arena       arena = { .limit = READING_BYTES };
    struct intake_fhir fhir = { .status = 0 };
    int                ret = request_parameters(exchange);
    if (ret != 0)
        return ret;
    if (intake == NULL)
        return STORE_ERR_STOPPED;
    if (!is_json(exchange_header(exchange, "content-type")))
        return SERVER_ERR_MEDIA;
    if (exchange->body_size == 0)
        return BASE_ERR_INPUT;
    struct intake_reading reading = { .tables = intake_tables(intake),
                                      .now = exchange->now,
                                      .bytes = exchange->body,
                                      .size = exchange->body_size,
                                      .arena = &arena };
    ret = take(exchange, intake, call, &reading, &fhir);
    intake_fhir_free(&fhir);
    arena_wipe(&arena);
    arena_free(&arena);
    return ret;
}

int fhir_post_base(struct exchange *exchange)
{
    return post(exchange, &(struct intake_fhir_call){ .place = INTAKE_FHIR_BASE });
}

int fhir_post_message(struct exchange *exchange)
{
    return post(exchange, &(struct intake_fhir_call){ .place = INTAKE_FHIR_MESSAGE });
}

int fhir_post_bundle(struct exchange *exchange)
{
    return post(exchange, &(struct intake_fhir_call){ .place = INTAKE_FHIR_BUNDLE });
}

/* The type is the last word of the route's path. */
int fhir_post_resource(struct exchange *exchange)
{
    return post(exchange, &(struct intake_fhir_call){ .place = INTAKE_FHIR_TYPE,
                                                      .type = strrchr(exchange->route->path, '/') + 1,
                                                      .if_none_exist = exchange_header(exchange, "if-none-exist") });
}
