/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /fhir/R4: records read as FHIR resources, under the caller's grant; what is served, told from the table of routes. */
#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "response/fhir_record.h"
#include "server/handlers.h"
#include "server/request.h"
#include "server/route.h"
#include "store/store.h"

/* ---- reading ---- */

static int begin_read(struct exchange *exchange, enum model_record_number record, void *value)
{
    struct model_set visible;
    struct id        id;
    int              ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &id);
    if (ret == 0)
        ret = store_read(exchange->reader, &exchange->caller.access, model_record(record), &id, STORE_NOW,
                         &exchange->arena, value, &visible);
    return ret;
}

static void begin_answer(struct exchange *exchange, const struct model_head *head, struct json_writer *json)
{
    char tag[32];
    snprintf(tag, sizeof tag, "W/\"%lld\"", (long long) head->version);
    answer_header(exchange, "ETag", tag);
    exchange->answer.type = "application/fhir+json";
    reply_json(exchange, json);
}

int fhir_read_patient(struct exchange *exchange)
{
    struct model_person person;
    struct json_writer  json;
    int                 ret = begin_read(exchange, MODEL_PERSON, &person);
    if (ret != 0)
        return ret;
    begin_answer(exchange, &person.head, &json);
    fhir_record_patient(&json, &person);
    return 0;
}

int fhir_read_condition(struct exchange *exchange)
{
    struct model_case  value;
    struct json_writer json;
    int                ret = begin_read(exchange, MODEL_CASE, &value);
    if (ret != 0)
        return ret;
    begin_answer(exchange, &value.head, &json);
    fhir_record_condition(&json, store_lists(exchange->store), &value);
    return 0;
}

/* A result and its specimen; one that may not be read leaves its parts out. */
static int read_result(struct exchange *exchange, struct model_result *result, struct model_specimen *specimen)
{
    struct model_set visible;
    int              ret = begin_read(exchange, MODEL_RESULT, result);
    if (ret != 0 || id_is_missing(&result->specimen))
        return ret;
    ret = store_read(exchange->reader, &exchange->caller.access, model_record(MODEL_SPECIMEN), &result->specimen,
                     STORE_NOW, &exchange->arena, specimen, &visible);
    if (ret != STORE_ERR_ABSENT && ret != STORE_ERR_DENIED)
        return ret;
    *specimen = (struct model_specimen){ 0 };
    return 0;
}

int fhir_read_observation(struct exchange *exchange)
{
    struct model_result   result;
    struct model_specimen specimen = { 0 };
    struct json_writer    json;
    int                   ret = read_result(exchange, &result, &specimen);
    if (ret != 0)
        return ret;
    begin_answer(exchange, &result.head, &json);
    fhir_record_observation(&json, store_lists(exchange->store), &result, &specimen);
    return 0;
}

int fhir_read_report(struct exchange *exchange)
{
    struct model_result   result;
    struct model_specimen specimen = { 0 };
    struct json_writer    json;
    int                   ret = read_result(exchange, &result, &specimen);
    if (ret != 0)
        return ret;
    begin_answer(exchange, &result.head, &json);
    fhir_record_report(&json, store_lists(exchange->store), &result, &specimen);
    return 0;
}

/* ---- what is served ---- */

#define BASE "/fhir/R4/"

/* The type that a route of the table reads (GET …/Type/{id}) or creates (POST …/Type); its name is `length` bytes. NULL
 * = it does neither. */
static const char *type_of(const struct route *route, enum http_method method, size_t *length)
{
    size_t base = strlen(BASE);
    if (route->method != method || strncmp(route->path, BASE, base) != 0)
        return NULL;
    const char *type = route->path + base, *end = strchr(type, '/');
    if (type[0] < 'A' || type[0] > 'Z' || (method == HTTP_GET ? end == NULL || strcmp(end, "/{id}") != 0 : end != NULL))
        return NULL;
    *length = end != NULL ? (size_t) (end - type) : strlen(type);
    return type;
}

static const struct route *route_of(enum http_method method, const char *type, size_t length)
{
    size_t              num, size;
    const struct route *all = routes(&num);
    for (size_t i = 0; i < num; i++) {
        const char *other = type_of(&all[i], method, &size);
        if (other != NULL && size == length && memcmp(other, type, size) == 0)
            return &all[i];
    }
    return NULL;
}

static void put_interaction(struct json_writer *json, const char *code, const char *documentation)
{
    json_begin_object(json);
    json_member(json, "code", code);
    json_member(json, "documentation", documentation);
    json_end(json);
}

static void put_resource(struct json_writer *json, const char *type, size_t length)
{
    const struct route *read = route_of(HTTP_GET, type, length), *create = route_of(HTTP_POST, type, length);
    json_begin_object(json);
    json_key(json, "type");
    json_put_string_of(json, type, length);
    json_key(json, "interaction");
    json_begin_array(json);
    if (read != NULL)
        put_interaction(json, "read", read->summary_en);
    if (create != NULL)
        put_interaction(json, "create", create->summary_en);
    json_end(json);
    json_member(json, "versioning", read != NULL ? "versioned" : "no-version");
    if (create != NULL && create->handler == fhir_post_resource) {
        json_key(json, "conditionalCreate");
        json_put_bool(json, true);
    }
    json_end(json);
}

/* Each type once: where it is read, else where it is created. */
static void put_resources(struct json_writer *json)
{
    size_t              num, length;
    const struct route *all = routes(&num);
    json_key(json, "resource");
    json_begin_array(json);
    for (size_t i = 0; i < num; i++) {
        const char *read = type_of(&all[i], HTTP_GET, &length);
        const char *type = read != NULL ? read : type_of(&all[i], HTTP_POST, &length);
        if (type != NULL && (read != NULL || route_of(HTTP_GET, type, length) == NULL))
            put_resource(json, type, length);
    }
    json_end(json);
}

static void put_system(struct json_writer *json)
{
    json_key(json, "interaction");
    json_begin_array(json);
    put_interaction(json, "transaction",
                    "POST and PUT alone; ifNoneExist by one identifier, among what the same sender has created");
    put_interaction(json, "batch", "As a transaction, each entry by itself");
    json_end(json);
    json_key(json, "operation");
    json_begin_array(json);
    json_begin_object(json);
    json_member(json, "name", "process-message");
    json_member(json, "definition", "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message");
    json_end(json);
    json_end(json);
}

/* CapabilityStatement */
int fhir_metadata(struct exchange *exchange)
{
    struct json_writer json;
    char               date[INSTANT_TEXT_BYTES];
    int                ret = request_parameters(exchange);
    if (ret != 0)
        return ret;
    instant_to_text(exchange->now, date);
    exchange->answer.type = "application/fhir+json";
    reply_json(exchange, &json);
    json_begin_object(&json);
    json_member(&json, "resourceType", "CapabilityStatement");
    json_member(&json, "status", "active");
    json_member(&json, "date", date);
    json_member(&json, "kind", "instance");
    json_key(&json, "software");
    json_begin_object(&json);
    json_member(&json, "name", "Tocsin");
    json_end(&json);
    json_key(&json, "implementation");
    json_begin_object(&json);
    json_member(
        &json, "description",
        "A health department's node: records are read under the caller's grant, reports are taken in from senders");
    json_end(&json);
    json_member(&json, "fhirVersion", "4.0.1");
    json_key(&json, "format");
    json_begin_array(&json);
    json_put_string(&json, "json");
    json_end(&json);
    json_key(&json, "rest");
    json_begin_array(&json);
    json_begin_object(&json);
    json_member(&json, "mode", "server");
    put_resources(&json);
    put_system(&json);
    json_end(&json);
    json_end(&json);
    json_end(&json);
    return 0;
}
