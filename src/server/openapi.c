/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/openapi.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/json_writer.h"
#include "model/model_schema.h"
#include "server/handlers.h"
#include "server/route.h"

static const struct {
    const char *name, *json;
} schemas[] = {
#define SCHEMA(name, ...) { #name, #__VA_ARGS__ },
#include "server/schemas.def"
#undef SCHEMA
};

static void begin(struct json_writer *json, const char *key)
{
    json_key(json, key);
    json_begin_object(json);
}

static void put_reference(struct json_writer *json, const char *name)
{
    char reference[160];
    snprintf(reference, sizeof reference, "#/components/schemas/%s", name);
    begin(json, "schema");
    json_member(json, "$ref", reference);
    json_end(json);
}

/* ---- parameters ---- */

static void put_schema_of(struct json_writer *json, const char *kind)
{
    static const char *const formats[] = { "uuid", "date", "date-time" };
    begin(json, "schema");
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(kind, formats[i]) == 0) {
            json_member(json, "type", "string");
            json_member(json, "format", kind);
            kind = NULL;
            break;
        }
    if (kind != NULL)
        json_member(json, "type", kind);
    json_end(json);
}

static void put_parameter(struct json_writer *json, const char *name, const char *in, const char *kind, bool required,
                          const char *meaning)
{
    json_begin_object(json);
    json_member(json, "name", name);
    json_member(json, "in", in);
    if (required) {
        json_key(json, "required");
        json_put_bool(json, true);
    }
    json_member(json, "description", meaning);
    put_schema_of(json, kind);
    json_end(json);
}

/* The {…} of a path. */
static void put_path_parameters(struct json_writer *json, const char *path)
{
    for (const char *at = strchr(path, '{'); at != NULL; at = strchr(at + 1, '{')) {
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int) strcspn(at + 1, "}"), at + 1);
        bool is_id = strcmp(name, "id") == 0;
        put_parameter(json, name, "path", is_id ? "uuid" : "string", true, is_id ? "The record" : "As the path says");
    }
}

static void put_parameters(struct json_writer *json, const struct route *route)
{
    json_key(json, "parameters");
    json_begin_array(json);
    put_path_parameters(json, route->path);
    for (const struct route_parameter *at = route->parameters; at != NULL && at->name != NULL; at++)
        put_parameter(json, at->name, "query", at->kind, false, at->meaning);
    if (route->if_match)
        put_parameter(json, "If-Match", "header", "string", true, "The ETag of the version that was read");
    if (route->idempotent)
        put_parameter(json, "Idempotency-Key", "header", "string", route->needs_key,
                      "A text of the sender's own: the same one again is answered as the first time");
    if (route->access != ROUTE_ANYBODY && route->access != ROUTE_METRICS) {
        put_parameter(json, "Tocsin-Role", "header", "string", false, "Which of the roles granted");
        put_parameter(json, "Tocsin-Purpose", "header", "string", false, "For what identities are read");
    }
    json_end(json);
}

/* ---- bodies ---- */

static void put_content(struct json_writer *json, const char *types, const char *schema)
{
    begin(json, "content");
    while (*types != '\0') {
        char   type[160];
        size_t size = strcspn(types, ",");
        assert(size < sizeof type);
        memcpy(type, types, size);
        type[size] = '\0';
        begin(json, type);
        if (schema != NULL)
            put_reference(json, schema);
        json_end(json);
        types += size;
        types += strspn(types, ", ");
    }
    json_end(json);
}

static const char *body_type(enum route_body body)
{
    switch (body) {
    case ROUTE_JSON: return "application/json";
    case ROUTE_FORM: return "application/x-www-form-urlencoded";
    case ROUTE_NO_BODY:
    case ROUTE_BYTES: break;
    }
    return "application/octet-stream";
}

static void put_request(struct json_writer *json, const struct route *route)
{
    if (route->body == ROUTE_NO_BODY)
        return;
    begin(json, "requestBody");
    json_key(json, "required");
    json_put_bool(json, true);
    put_content(json, body_type(route->body), route->request);
    json_end(json);
}

static void put_success(struct json_writer *json, const struct route *route, const char *status)
{
    begin(json, status);
    json_member(json, "description", "Done");
    if (route->reply_types != NULL || route->reply != NULL)
        put_content(json, route->reply_types != NULL ? route->reply_types : "application/json", route->reply);
    json_end(json);
}

static void put_replies(struct json_writer *json, const struct route *route)
{
    char status[12];
    bool fhir = strncmp(route->path, "/fhir/", 6) == 0;
    snprintf(status, sizeof status, "%d", route->status != 0 ? route->status : 200);
    begin(json, "responses");
    put_success(json, route, status);
    for (const char *at = route->also != NULL ? route->also : ""; *at != '\0'; at += strspn(at, ", ")) {
        size_t size = strcspn(at, ",");
        snprintf(status, sizeof status, "%.*s", (int) size, at);
        put_success(json, route, status);
        at += size;
    }
    begin(json, "default");
    json_member(json, "description", fhir ? "What was wrong (OperationOutcome)" : "What was wrong (RFC 9457)");
    put_content(json, fhir ? "application/fhir+json" : "application/problem+json", fhir ? NULL : "problem");
    json_end(json);
    json_end(json);
}

/* ---- the document ---- */

static void put_security(struct json_writer *json, enum route_access access)
{
    json_key(json, "security");
    json_begin_array(json);
    if (access != ROUTE_ANYBODY && access != ROUTE_METRICS) {
        json_put_json(json, "{\"session\":[]}");
        json_put_json(json, "{\"token\":[]}");
    }
    json_end(json);
}

static const char *access_word(enum route_access access)
{
    switch (access) {
    case ROUTE_ANYBODY: return "anybody";
    case ROUTE_SIGNED_IN: return "signed-in";
    case ROUTE_PERSON: return "person";
    case ROUTE_OWN_ACCOUNT: return "own-account";
    case ROUTE_SECOND_FACTOR: return "second-factor";
    case ROUTE_MACHINE: return "machine";
    case ROUTE_METRICS: return "this-machine";
    }
    return "";
}

static void put_route(struct json_writer *json, const struct route *route)
{
    static const char *const words[] = { [HTTP_GET] = "get", [HTTP_HEAD] = "head",   [HTTP_POST] = "post",
                                         [HTTP_PUT] = "put", [HTTP_PATCH] = "patch", [HTTP_DELETE] = "delete" };
    begin(json, words[route->method]);
    json_member(json, "summary", route->summary_en);
    json_member(json, "x-summary-zh", route->summary_zh);
    json_member(json, "x-access", access_word(route->access));
    put_security(json, route->access);
    put_parameters(json, route);
    put_request(json, route);
    put_replies(json, route);
    json_end(json);
}

/* Routes of one path stand together, at the first of them. */
static void put_paths(struct json_writer *json)
{
    size_t              num;
    const struct route *all = routes(&num);
    begin(json, "paths");
    for (size_t i = 0; i < num; i++) {
        size_t before = 0;
        while (before < i && strcmp(all[before].path, all[i].path) != 0)
            before++;
        if (before < i)
            continue;
        begin(json, all[i].path);
        for (size_t j = i; j < num; j++)
            if (strcmp(all[j].path, all[i].path) == 0)
                put_route(json, &all[j]);
        json_end(json);
    }
    json_end(json);
}

static void put_components(struct json_writer *json, const struct model_lists *lists)
{
    begin(json, "components");
    begin(json, "securitySchemes");
    json_key(json, "session");
    json_put_json(json, "{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"tocsin\"}");
    json_key(json, "token");
    json_put_json(json, "{\"type\":\"http\",\"scheme\":\"bearer\"}");
    json_end(json);
    begin(json, "schemas");
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++) {
        json_key(json, schemas[i].name);
        json_put_json(json, schemas[i].json);
    }
    model_openapi_write(json, NULL, lists);
    json_end(json);
    json_end(json);
}

void openapi_write(struct sink *sink, const struct model_lists *lists)
{
    struct json_writer json;
    json_writer_init(&json, sink);
    json_begin_object(&json);
    json_member(&json, "openapi", "3.1.0");
    begin(&json, "info");
    json_member(&json, "title", "Tocsin");
    json_member(&json, "version", TOCSIN_VERSION);
    json_end(&json);
    put_paths(&json);
    put_components(&json, lists);
    json_end(&json);
}

int describe_api(struct exchange *exchange)
{
    openapi_write(&exchange->answer.body, store_lists(exchange->store));
    return 0;
}
