/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Jobs as whoever asks for them meets them: asked for, looked at, cancelled, their results taken. The rules are
 * response/job.h's; who sees which, store/job.h's. */
#include "response/job.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "model/view.h"
#include "response/account_scope.h"
#include "server/handlers.h"
#include "server/job_plan.h"
#include "server/jobs.h"
#include "server/request.h"
#include "server/route.h"
#include "server/server_internal.h"
#include "store/job.h"
#include "store/node.h"

enum { PAGE = 50, AT_ONCE = 65536 };

static struct jobs *jobs_of(const struct exchange *exchange)
{
    return exchange->server != NULL ? exchange->server->jobs : NULL;
}

/* Rows of jobs are the program's to write, for whoever asks. */
static struct access program_for(const struct exchange *exchange)
{
    return (struct access){ .user = exchange->caller.access.user, .role = ACCESS_PROGRAM, .everywhere = true };
}

/* ---- asking for one ---- */

static int check_number(struct exchange *exchange)
{
    int64_t open = 0;
    int     ret = job_count_open(exchange->reader, &exchange->caller.access.user, &open);
    if (ret != 0 || open < JOBS_PER_USER)
        return ret;
    answer_header(exchange, "Retry-After", "60");
    fault_add(&exchange->faults, (struct fault_place){ .name = "/" }, "at most 10 that wait or run",
              "as many jobs of yours as may wait");
    return SERVER_ERR_TOO_MANY;
}

/* The plan of the body, which the caller may ask now, and the parameters of its row. */
static int read_plan(struct exchange *exchange, struct job_plan *plan, const char **parameters)
{
    json_t     *json = NULL;
    int64_t     total;
    struct sink sink;
    int         ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_json(exchange, &json);
    if (ret == 0)
        ret = job_plan_read(json, NULL, plan, &exchange->faults);
    json_decref(json);
    if (ret == 0)
        ret = job_plan_check(plan, &exchange->caller.access, exchange->reader, &total, &exchange->faults);
    if (ret != 0)
        return ret;
    sink_init_memory(&sink);
    job_plan_write(plan, exchange->caller.access.role, &sink);
    *parameters = sink.failure == 0 ? arena_copy(&exchange->arena, sink.bytes, sink.used) : NULL;
    if (*parameters == NULL)
        ret = TOC_ERR_NO_MEMORY;
    else if (sink.used > JOB_MOST_PARAMETERS) {
        fault_add(&exchange->faults, (struct fault_place){ .name = "/query" }, "1,000 bytes with all it says",
                  "too long");
        ret = BASE_ERR_INPUT;
    }
    sink_free(&sink);
    return ret;
}

static int submit_job(struct exchange *exchange, const char *kind, const char *parameters)
{
    struct access        program = program_for(exchange);
    struct id            id = node_new_id(exchange->now);
    struct jobs         *jobs = jobs_of(exchange);
    struct job_change    change;
    struct store_receipt receipt;
    char                 location[80], text[ID_TEXT_BYTES];
    struct store_request request = { .verb = "ask for a job", .set = { &change.change, 1 } };
    int                  ret = request_idempotency_key(exchange, true, &request.idempotency_key);
    if (ret != 0)
        return ret;
    job_ask(&id, &program.user, kind, parameters, exchange->now, &change);
    if (jobs != NULL)
        jobs_note(jobs, &id, &program.user);
    ret = store_submit(exchange->store, &program, &request, &receipt, &exchange->faults);
    if (ret != 0)
        return ret;
    if (jobs != NULL)
        jobs_wake(jobs);
    id_to_text(&receipt.created, text);
    snprintf(location, sizeof location, "/api/v1/jobs/%s", text);
    answer_header(exchange, "Location", location);
    exchange->answer.status = 201;
    reply_written(exchange, &receipt.created, 1);
    return 0;
}

int job_answer_new(struct exchange *exchange)
{
    struct job_plan plan = { .role = ACCESS_NO_ROLE };
    const char     *parameters = NULL;
    if (exchange->caller.access.role == ACCESS_NO_ROLE)
        return STORE_ERR_DENIED;
    int ret = read_plan(exchange, &plan, &parameters);
    if (ret == 0)
        ret = check_number(exchange);
    if (ret == 0)
        ret = submit_job(exchange, job_plan_kind(&plan), parameters);
    job_plan_free(&plan);
    return ret;
}

/* ---- its result ---- */

/* The file that the job of the caller has made, if it was made under the grants that they have now; -1 = none. */
static int open_result(struct exchange *exchange, const struct model_job *job, struct job_plan *plan, int64_t *size)
{
    struct fault_list faults = FAULT_LIST_INIT;
    struct access     access;
    struct jobs      *jobs = jobs_of(exchange);
    char              kind[80];
    if (jobs == NULL || !job_is(job, JOB_DONE) || !id_equal(&job->requested_by, &exchange->caller.access.user))
        return -1;
    snprintf(kind, sizeof kind, "%.*s", (int) job->kind.size, job->kind.bytes);
    char *parameters = arena_copy(&exchange->arena, job->parameters.bytes, job->parameters.size);
    int   ret = parameters == NULL ? TOC_ERR_NO_MEMORY : job_plan_parse(parameters, kind, plan, &faults);
    if (ret == 0)
        ret = job_access(exchange->reader, &job->requested_by, plan->role, exchange->now, &exchange->arena, &access);
    if (ret == 0 && account_role_needs_factor(plan->role) && !exchange->caller.second_factor)
        ret = SERVER_ERR_SECOND_FACTOR;
    fault_list_free(&faults);
    return ret == 0 ? job_result_read(jobs_results(jobs), &job->head.id, job_result_mark(&access), size) : -1;
}

struct sending {
    int fd;
};

static void end_sending(void *context)
{
    close(((struct sending *) context)->fd);
}

static int send_part(void *context, struct exchange *exchange, struct sink *sink, bool *end)
{
    const struct sending *sending = context;
    char                  bytes[4096];
    ssize_t               got = 1;
    (void) exchange;
    for (size_t sent = 0; sent < AT_ONCE && got > 0; sent += (size_t) got) {
        got = read(sending->fd, bytes, sizeof bytes);
        if (got > 0)
            sink_write(sink, bytes, (size_t) got);
    }
    *end = got == 0;
    return got < 0 ? BASE_ERR_SYSTEM : 0;
}

static void send_file(struct exchange *exchange, struct sending *sending, const struct model_job *job,
                      const struct job_plan *plan)
{
    char name[EXPORT_NAME_BYTES], header[EXPORT_NAME_BYTES + 40];
    export_name(plan->export.query.view, plan->export.form, job->ended, name);
    snprintf(header, sizeof header, "attachment; filename=\"%s\"", name);
    answer_header(exchange, "Content-Disposition", header);
    answer_header(exchange, "Cache-Control", "no-store");
    exchange->answer.type = export_type(plan->export.form);
    exchange->answer.part = send_part;
    exchange->answer.part_context = sending;
    exchange->answer.part_free = end_sending;
}

int job_answer_result(struct exchange *exchange)
{
    struct job_plan  plan = { .role = ACCESS_NO_ROLE };
    struct model_job job;
    struct id        id;
    int64_t          size;
    struct sending  *sending = arena_array(&exchange->arena, 1, sizeof *sending);
    int              ret = sending == NULL ? TOC_ERR_NO_MEMORY : request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &id);
    if (ret == 0)
        ret = job_read(exchange->reader, &exchange->caller.access, &id, &exchange->arena, &job);
    if (ret != 0)
        return ret;
    sending->fd = open_result(exchange, &job, &plan, &size);
    if (sending->fd >= 0)
        send_file(exchange, sending, &job, &plan);
    else
        ret = STORE_ERR_ABSENT;
    job_plan_free(&plan);
    return ret;
}

/* ---- looking at them ---- */

static void put_text(struct json_writer *json, const char *name, struct model_text text)
{
    json_key(json, name);
    if (text.bytes == NULL)
        json_put_null(json);
    else
        json_put_string_of(json, text.bytes, text.size);
}

/* As they were written: an object. What is none of ours is not repeated. */
static void put_parameters(struct json_writer *json, struct exchange *exchange, struct model_text text)
{
    json_t *read = text.bytes != NULL ? json_loadb(text.bytes, text.size, JSON_REJECT_DUPLICATES, NULL) : NULL;
    char   *copy = json_is_object(read) ? arena_copy(&exchange->arena, text.bytes, text.size) : NULL;
    json_key(json, "parameters");
    if (copy != NULL)
        json_put_json(json, copy);
    else
        json_put_null(json);
    json_decref(read);
}

static void put_result(struct json_writer *json, struct exchange *exchange, const struct model_job *job)
{
    struct job_plan plan = { .role = ACCESS_NO_ROLE };
    char            path[80], text[ID_TEXT_BYTES];
    int64_t         size = 0;
    int             fd = open_result(exchange, job, &plan, &size);
    id_to_text(&job->head.id, text);
    snprintf(path, sizeof path, "/api/v1/jobs/%s/result", text);
    put_text(json, "result", fd >= 0 ? (struct model_text){ path, strlen(path) } : (struct model_text){ NULL, 0 });
    json_key(json, "result_bytes");
    if (fd >= 0)
        json_put_integer(json, size);
    else
        json_put_null(json);
    reply_instant(json, "result_until", fd >= 0 ? job->ended + JOB_RESULT_TIME : INSTANT_MISSING);
    if (fd >= 0)
        close(fd);
    job_plan_free(&plan);
}

static void put_job(struct json_writer *json, struct exchange *exchange, const struct model_job *job)
{
    json_begin_object(json);
    reply_id(json, "id", &job->head.id);
    json_key(json, "version");
    json_put_integer(json, job->head.version);
    put_text(json, "kind", job->kind);
    put_text(json, "status", job->status);
    json_key(json, "progress");
    json_put_number(json, job->progress); /* missing: null */
    put_parameters(json, exchange, job->parameters);
    reply_id(json, "requested_by", &job->requested_by);
    reply_instant(json, "created", job->head.created);
    reply_instant(json, "not_before", job->not_before);
    reply_instant(json, "started", job->started);
    reply_instant(json, "ended", job->ended);
    json_key(json, "attempts");
    json_put_integer(json, job->attempts == MODEL_MISSING_INTEGER ? 0 : job->attempts);
    json_key(json, "cancel");
    json_put_bool(json, job->cancel == 1);
    put_text(json, "failure", job->failure);
    put_result(json, exchange, job);
    json_end(json);
}

int job_answer_one(struct exchange *exchange)
{
    struct model_job   job;
    struct json_writer json;
    struct id          id;
    int                ret = request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &id);
    if (ret == 0)
        ret = job_read(exchange->reader, &exchange->caller.access, &id, &exchange->arena, &job);
    if (ret != 0)
        return ret;
    reply_version(exchange, job.head.version);
    reply_json(exchange, &json);
    put_job(&json, exchange, &job);
    return 0;
}

int job_answer_list(struct exchange *exchange)
{
    struct model_job  *jobs = arena_array(&exchange->arena, JOB_MOST_LISTED, sizeof *jobs);
    struct json_writer json;
    struct id          before = { { 0 } };
    int64_t            page_size = PAGE;
    size_t             num = 0;
    int                ret = jobs == NULL ? TOC_ERR_NO_MEMORY : request_parameters(exchange);
    if (ret == 0)
        ret = request_id(exchange, "before", &before);
    if (ret == 0)
        ret = request_integer(exchange, "page_size", 1, JOB_MOST_LISTED, &page_size);
    if (ret == 0)
        ret = job_list(exchange->reader, &exchange->caller.access, id_is_missing(&before) ? NULL : &before,
                       &exchange->arena, jobs, (size_t) page_size, &num);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    json_key(&json, "jobs");
    json_begin_array(&json);
    for (size_t i = 0; i < num; i++)
        put_job(&json, exchange, &jobs[i]);
    json_end(&json);
    reply_id(&json, "next", num == (size_t) page_size ? &jobs[num - 1].head.id : &(struct id){ { 0 } });
    json_end(&json);
    return 0;
}

/* ---- cancelling one ---- */

int job_answer_cancel(struct exchange *exchange)
{
    struct job_cancelling *cancelling = arena_array(&exchange->arena, 1, sizeof *cancelling);
    struct access          program = program_for(exchange);
    struct jobs           *jobs = jobs_of(exchange);
    struct store_request   request = { .verb = "cancel a job", .decide = job_decide_cancel, .context = cancelling };
    int                    ret = cancelling == NULL ? TOC_ERR_NO_MEMORY : request_parameters(exchange);
    if (ret == 0)
        ret = request_path_id(exchange, 0, &cancelling->id);
    if (ret == 0)
        ret = request_idempotency_key(exchange, false, &request.idempotency_key);
    if (ret != 0)
        return ret;
    cancelling->who = exchange->caller.access;
    cancelling->now = exchange->now;
    ret = store_submit(exchange->store, &program, &request, NULL, &exchange->faults);
    if (ret == 0 && jobs != NULL)
        jobs_wake(jobs);
    return ret == 0 ? job_answer_one(exchange) : ret;
}
