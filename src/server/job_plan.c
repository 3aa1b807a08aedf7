/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/job_plan.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "base/json_writer.h"
#include "base/nearest.h"
#include "base/text.h"
#include "model/model_json.h"
#include "model/view.h"
#include "response/account_scope.h"
#include "server/record_handlers.h"
#include "server/route.h"

static int refuse(struct fault_list *faults, const char *where, const char *found, const char *allowed)
{
    fault_add(faults, (struct fault_place){ .name = where }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

/* ---- members ---- */

static const char *const members[] = { "kind", "list", "as", "bom", "as_of", "query", "role" };
enum { NUM_MEMBERS = sizeof members / sizeof *members };

static bool is_member(const char *name, bool of_row)
{
    if (strcmp(name, of_row ? "kind" : "role") == 0)
        return false;
    for (size_t i = 0; i < NUM_MEMBERS; i++)
        if (strcmp(members[i], name) == 0)
            return true;
    return false;
}

static int check_members(json_t *json, bool of_row, struct fault_list *faults)
{
    const char *key;
    json_t     *value;
    int         ret = 0;
    if (!json_is_object(json))
        return refuse(faults, "/", "no object", "a JSON object");
    json_object_foreach (json, key, value) {
        struct nearest nearest = { .word = key };
        char           where[FAULT_NAME_BYTES] = "/", allowed[FAULT_ALLOWED_BYTES];
        if (is_member(key, of_row))
            continue;
        for (size_t i = 0; i < NUM_MEMBERS; i++)
            if (is_member(members[i], of_row))
                nearest_offer(&nearest, members[i]);
        text_escape(key, strlen(key), where + 1, sizeof where - 1);
        snprintf(allowed, sizeof allowed, "perhaps %s was meant", nearest.best != NULL ? nearest.best : "");
        ret = refuse(faults, where, "not a member of this body", nearest.best != NULL ? allowed : NULL);
    }
    return ret;
}

/* The text of a member; NULL where it is missing, or, after a fault, no text. */
static const char *text_in(const json_t *json, const char *name, bool needed, struct fault_list *faults)
{
    char          where[FAULT_NAME_BYTES];
    const json_t *value = json_object_get(json, name);
    snprintf(where, sizeof where, "/%s", name);
    if (value == NULL && needed)
        (void) refuse(faults, where, "missing", "a text");
    if (value != NULL && !json_is_string(value))
        (void) refuse(faults, where, "no text", "a text");
    return json_string_value(value);
}

static bool is_as_of(const struct job_plan *plan)
{
    return plan->export.as_of != STORE_NOW;
}

const char *job_plan_kind(const struct job_plan *plan)
{
    return is_as_of(plan) ? JOB_LINE_LIST_AS_OF : JOB_EXPORT;
}

/* ---- parts ---- */

static int read_kind(const json_t *json, const char *kind, struct job_plan *plan, struct fault_list *faults)
{
    size_t kept = faults->num_all;
    if (kind == NULL)
        kind = text_in(json, "kind", true, faults);
    const char *as_of = text_in(json, "as_of", false, faults);
    if (faults->num_all > kept)
        return BASE_ERR_INPUT;
    plan->export.as_of = STORE_NOW;
    if (strcmp(kind, JOB_EXPORT) != 0 && strcmp(kind, JOB_LINE_LIST_AS_OF) != 0)
        return refuse(faults, "/kind", "another word", JOB_KINDS_ALLOWED);
    if ((strcmp(kind, JOB_LINE_LIST_AS_OF) == 0) != (as_of != NULL))
        return refuse(faults, "/as_of", as_of != NULL ? "an export is of now" : "missing", INSTANT_ALLOWED);
    if (as_of != NULL && instant_from_text(as_of, strlen(as_of), &plan->export.as_of) != 0)
        return refuse(faults, "/as_of", "not an instant", INSTANT_ALLOWED);
    return 0;
}

static int read_form(const json_t *json, struct job_plan *plan, struct fault_list *faults)
{
    const char   *as = text_in(json, "as", true, faults);
    const json_t *bom = json_object_get(json, "bom");
    if (bom != NULL && !json_is_boolean(bom))
        return refuse(faults, "/bom", "neither", "true or false");
    plan->export.bom = json_is_true(bom);
    plan->export.most = JOB_MOST_ROWS;
    if (as == NULL)
        return BASE_ERR_INPUT;
    for (size_t i = 0; export_form_words[i] != NULL; i++)
        if (strcmp(export_form_words[i], as) == 0) {
            plan->export.form = (enum export_form) i;
            return 0;
        }
    return refuse(faults, "/as", "another word", EXPORT_FORMS_ALLOWED);
}

static int read_role(const json_t *json, struct job_plan *plan, struct fault_list *faults)
{
    const char *role = text_in(json, "role", true, faults);
    plan->role = role != NULL ? access_role_find(role, strlen(role)) : ACCESS_NO_ROLE;
    return plan->role != ACCESS_NO_ROLE ? 0 : refuse(faults, "/role", "no role", "a role");
}

/* ---- the query ---- */

static bool is_needless(const struct job_plan *plan, const char *name)
{
    static const char *const of_file[] = { "as", "bom", NULL }, *const of_order[] = { "sort", "direction", "from",
                                                                                      NULL };
    for (size_t i = 0; of_file[i] != NULL; i++)
        if (strcmp(of_file[i], name) == 0)
            return true;
    for (size_t i = 0; is_as_of(plan) && of_order[i] != NULL; i++)
        if (strcmp(of_order[i], name) == 0)
            return true;
    return false;
}

/* A value as it would stand in a query; NULL: it cannot. */
static const char *value_text(const json_t *value, struct arena *arena)
{
    char text[TEXT_INTEGER_BYTES];
    if (json_is_string(value))
        return arena_copy(arena, json_string_value(value), json_string_length(value));
    if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    if (!json_is_integer(value))
        return NULL;
    return arena_copy(arena, text, text_from_integer(json_integer_value(value), text));
}

static int take_parameter(struct job_plan *plan, const char *name, const json_t *value, struct fault_list *faults)
{
    struct exchange *asked = &plan->asked;
    const char      *text = value_text(value, &asked->arena);
    if (is_needless(plan, name))
        return refuse(faults, name, "not a part of this query", is_as_of(plan) ? "filters, area" : NULL);
    if (text == NULL || asked->num_query == EXCHANGE_MAX_QUERY)
        return refuse(faults, name, text == NULL ? "not such a value" : "too many parameters",
                      "a text, a whole number, true or false; at most 32 of them");
    const char *copy = arena_copy(&asked->arena, name, strlen(name));
    if (copy == NULL)
        return TOC_ERR_NO_MEMORY;
    asked->query[asked->num_query++] = (struct http_pair){ copy, text };
    return 0;
}

/* Faults of the query, as they are located in the body. */
static void move_faults(struct fault_list *from, struct fault_list *faults)
{
    for (size_t i = 0; i < from->num_kept; i++) {
        const struct fault *fault = &from->faults[i];
        char                where[2 * FAULT_NAME_BYTES];
        snprintf(where, sizeof where, "/query/%s", fault->name + (fault->name[0] == '/'));
        fault_add(faults, (struct fault_place){ .name = where }, fault->allowed, "%s", fault->found);
    }
    fault_list_free(from);
}

static int read_query(json_t *json, struct job_plan *plan, struct fault_list *faults)
{
    struct exchange *asked = &plan->asked;
    json_t          *query = json_object_get(json, "query");
    const char      *key, *list = text_in(json, "list", true, faults);
    json_t          *value;
    char             path[200];
    if (list == NULL)
        return BASE_ERR_INPUT;
    if (query != NULL && !json_is_object(query))
        return refuse(faults, "/query", "no object", "an object of texts");
    *asked = (struct exchange){ .method = HTTP_GET, .path = path, .body = "", .peer = "" };
    asked->arena.limit = EXCHANGE_ARENA;
    if (strlen(list) > 60 || strchr(list, '/') != NULL || view_find(list, strlen(list)) == NULL)
        return refuse(faults, "/list", "no such list", "a list of /api/v1/model: cases, say");
    snprintf(path, sizeof path, "/api/v1/exports/%s", list);
    int ret = route_find(asked);
    asked->path = "";
    if (ret != 0)
        return refuse(faults, "/list", "no such list", "a list of /api/v1/model: cases, say");
    json_object_foreach (query, key, value) {
        int one = take_parameter(plan, key, value, &asked->faults);
        ret = one != 0 ? one : ret;
    }
    if (ret == 0)
        ret = record_list_query(asked, &plan->export.query);
    move_faults(&asked->faults, faults);
    return ret;
}

int job_plan_read(json_t *json, const char *kind, struct job_plan *plan, struct fault_list *faults)
{
    struct job_plan read = { .role = ACCESS_NO_ROLE };
    int             ret = check_members(json, kind != NULL, faults);
    if (ret == 0)
        ret = read_kind(json, kind, &read, faults);
    if (ret == 0)
        ret = read_form(json, &read, faults);
    if (ret == 0 && kind != NULL)
        ret = read_role(json, &read, faults);
    if (ret == 0)
        ret = read_query(json, &read, faults);
    if (ret != 0) {
        job_plan_free(&read);
        read = (struct job_plan){ .role = ACCESS_NO_ROLE };
    }
    *plan = read;
    return ret;
}

int job_plan_check(struct job_plan *plan, const struct access *who, struct store_reader *reader, int64_t *total,
                   struct fault_list *faults)
{
    struct fault_list own = FAULT_LIST_INIT;
    plan->export.who = *who;
    int ret = export_check(&plan->export, reader, total, &own);
    move_faults(&own, faults);
    return ret;
}

int job_plan_parse(const char *parameters, const char *kind, struct job_plan *plan, struct fault_list *faults)
{
    json_t *json = NULL;
    *plan = (struct job_plan){ .role = ACCESS_NO_ROLE };
    int ret = model_json_parse(parameters, strlen(parameters), (struct fault_place){ .name = NULL }, &json, faults);
    if (ret == 0)
        ret = job_plan_read(json, kind, plan, faults);
    json_decref(json);
    return ret;
}

void job_plan_free(struct job_plan *plan)
{
    exchange_free(&plan->asked);
}

/* ---- writing ---- */

void job_plan_write(const struct job_plan *plan, enum access_role role, struct sink *sink)
{
    struct json_writer json;
    char               text[INSTANT_TEXT_BYTES];
    json_writer_init(&json, sink);
    json_begin_object(&json);
    json_member(&json, "list", plan->export.query.view->name);
    json_member(&json, "as", export_form_words[plan->export.form]);
    if (plan->export.bom) {
        json_key(&json, "bom");
        json_put_bool(&json, true);
    }
    if (is_as_of(plan) && instant_to_text(plan->export.as_of, text) > 0)
        json_member(&json, "as_of", text);
    json_member(&json, "role", access_role_word(role));
    json_key(&json, "query");
    json_begin_object(&json);
    for (size_t i = 0; i < plan->asked.num_query; i++)
        json_member(&json, plan->asked.query[i].name, plan->asked.query[i].value);
    json_end(&json);
    json_end(&json);
}

/* ---- who ---- */

int job_access(struct store_reader *reader, const struct id *user, enum access_role role, int64_t now,
               struct arena *arena, struct access *access)
{
    const struct account_wish wish = { .role = role, .purpose = ACCESS_NO_PURPOSE };
    struct account_grant     *grants = arena_array(arena, ACCOUNT_MOST_GRANTS, sizeof *grants);
    struct account_scope      scope;
    size_t                    num = 0;
    if (grants == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = account_grants(reader, user, grants, &num);
    if (ret == 0)
        ret = account_scope(user, grants, num, NULL, &wish, now, arena, &scope);
    if (ret == 0 && (scope.access.role != role || role == ACCESS_NO_ROLE))
        ret = STORE_ERR_DENIED;
    if (ret == 0)
        *access = scope.access;
    return ret;
}
