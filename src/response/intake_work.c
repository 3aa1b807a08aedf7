/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/intake_work.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "response/intake_format.h"
#include "response/intake_internal.h"
#include "response/intake_person.h"
#include "response/intake_residence.h"
#include "response/intake_table.h"
#include "store/foresee.h"
#include "store/meant_person.h"
#include "store/message_bytes.h"
#include "store/node.h"
#include "store/rows_by.h"

enum { ROWS_MOST = 5000, REASON_BYTES = 201 };

/* A message on its way. */
struct job {
    struct intake              *intake;
    const struct message_bytes *from;
    struct arena                arena; /* of what was read: identities, wiped */
    struct model_feed           feed;
    bool                        has_feed, readable, submitted;
    bool                        is_file; /* it has become its rows, which wait now */
    struct intake_read          read;
    struct intake_person       *persons;
    struct meant_tokens        *tokens; /* of those */
    size_t                      num_persons;
    struct model_text          *numbers; /* that its specimens may have */
    size_t                      num_numbers;
    struct id                   whom; /* of a row: the person who is there for it; missing = nobody */
    struct intake_outcome       outcome;
    struct store_request        request;
    const char                 *verdict;
    char                        reason[REASON_BYTES];
    struct fault_list           faults;
    int                         status;
    sem_t                       done;
};

/* ---- before the writer: read, and tokens ---- */

/* Where each of them lives: where their address says, else where the message is from. */
static void place_persons(struct job *job)
{
    struct store           *store = job->intake->options.store;
    const struct area_tree *tree = store_hold_areas(store);
    if (tree == NULL)
        return;
    const struct area_names *names = store_area_names(store, tree);
    uint32_t                 own = area_tree_find(tree, &job->from->message.area);
    for (size_t i = 0; names != NULL && i < job->num_persons; i++) {
        struct intake_person *one = &job->persons[i];
        uint32_t home = intake_residence(&job->read.report.subjects[one->subject], tree, names, own, &job->arena);
        if (home != AREA_NONE)
            one->area = *area_tree_id(tree, home);
    }
    store_release_areas(store, tree);
}

static void add_persons(struct job *job)
{
    const struct report *report = &job->read.report;
    int                  status = 0;
    job->persons = arena_array(&job->arena, report->num_subjects + 1, sizeof *job->persons);
    job->tokens = arena_array(&job->arena, report->num_subjects + 1, sizeof *job->tokens);
    if (job->persons == NULL || job->tokens == NULL) {
        job->status = TOC_ERR_NO_MEMORY;
        return;
    }
    for (uint32_t i = 0; i < report->num_subjects; i++) {
        struct intake_person *one = &job->persons[job->num_persons];
        if (report->subjects[i].kind != REPORT_PERSON)
            continue;
        one->subject = i;
        one->area = job->from->message.area;
        one->has_identity = intake_identity(&report->subjects[i], &job->arena, &one->person, &one->identity, &status);
        one->identity.person = (struct id){ { 1, (uint8_t) job->num_persons } }; /* until it is known who it is */
        job->num_persons++;
    }
    if (status != 0)
        job->status = status;
    place_persons(job);
}

static void read_job(struct job *job, struct store_reader *reader)
{
    const struct model_message *message = &job->from->message;
    const struct intake_format *format = intake_format_find(message->format.bytes, message->format.size);
    job->has_feed = !id_is_missing(&message->feed) && intake_feed(job->intake, &message->feed, &job->arena, &job->feed);
    struct intake_reading reading = { .tables = job->intake->options.tables,
                                      .feed = job->has_feed ? &job->feed : NULL,
                                      .now = message->received,
                                      .bytes = job->from->bytes.bytes,
                                      .size = job->from->bytes.size,
                                      .arena = &job->arena,
                                      .row = message->position > 0 ? (uint64_t) message->position : 0 };
    uint32_t             *left_out = NULL;
    job->arena.limit = (size_t) 256 << 20;
    if (message->format.size == 4 && memcmp(message->format.bytes, "fhir", 4) == 0) {
        job->status = intake_left_out(reader, &message->head.id, &job->arena, &left_out, &reading.num_left_out);
        if (job->status != 0)
            return;
        reading.left_out = left_out;
    }
    job->verdict = "held";
    if (format == NULL)
        snprintf(job->reason, sizeof job->reason, "this format is not read here");
    else if (job->from->bytes.bytes == NULL)
        snprintf(job->reason, sizeof job->reason, "its bytes are gone");
    else if (!job->has_feed)
        snprintf(job->reason, sizeof job->reason, "it is of no known feed");
    else {
        int ret = intake_format_read(format, &reading, &job->read);
        job->readable = ret == 0;
        job->status = ret == TOC_ERR_NO_MEMORY ? ret : 0;
        if (ret != 0)
            snprintf(job->reason, sizeof job->reason, "it cannot be read any more");
    }
    if (job->readable && !intake_is_test(&job->read.report, &job->feed))
        add_persons(job);
    if (job->readable && job->status == 0)
        job->status = intake_specimen_numbers(&job->read.report, &job->arena, &job->numbers, &job->num_numbers);
}

/* The tokens of everybody in the batch, with one call of the keeper. */
static int make_tokens(struct intake *intake, struct job *jobs, size_t num_jobs, struct arena *arena)
{
    size_t num = 0;
    for (size_t i = 0; i < num_jobs; i++)
        num += jobs[i].num_persons;
    struct model_identity *identities = arena_array(arena, num + 1, sizeof *identities);
    struct id             *areas = arena_array(arena, num + 1, sizeof *areas);
    struct meant_tokens   *tokens = arena_array(arena, num + 1, sizeof *tokens);
    if (identities == NULL || areas == NULL || tokens == NULL)
        return TOC_ERR_NO_MEMORY;
    num = 0;
    for (size_t i = 0; i < num_jobs; i++)
        for (size_t p = 0; p < jobs[i].num_persons; p++) {
            areas[num] = jobs[i].persons[p].area;
            identities[num++] = jobs[i].persons[p].identity;
        }
    int ret = num == 0 ? 0 : store_meant_tokens(intake->options.store, identities, areas, num, arena, tokens);
    num = 0;
    for (size_t i = 0; i < num_jobs && ret == 0; i++)
        for (size_t p = 0; p < jobs[i].num_persons; p++)
            jobs[i].tokens[p] = tokens[num++];
    return ret;
}

/* ---- within the writer's group ---- */

static struct id job_id(const struct job *job)
{
    return node_new_id(store_clock_now(job->intake->options.store));
}

/* Who a person of the report is: somebody of the database, somebody new of this very message, or somebody new. */
static int decide_person(struct job *job, size_t number, struct store_reader *reader, struct arena *arena)
{
    struct intake_person *one = &job->persons[number];
    struct meant_person  *meant = NULL;
    size_t                num = 0, best = 0;
    struct id             none = { { 0 } };
    one->is_new = true;
    one->perhaps = none;
    one->id = job_id(job);
    if (!one->has_identity)
        return 0;
    int ret = store_meant_persons(reader, &job->tokens[number], arena, &meant, &num);
    if (ret != 0)
        return ret;
    switch (intake_weigh(&one->person, &one->identity, meant, num, &best)) {
    case INTAKE_IS_SAME:
        one->id = meant[best].stands_for;
        one->is_new = false;
        one->person = meant[best].person;
        one->area = meant[best].person.area;
        return 0;
    case INTAKE_IS_PERHAPS: one->perhaps = meant[best].stands_for; break;
    default: break;
    }
    for (size_t i = 0; i < number; i++) {
        struct meant_person earlier = { .person = job->persons[i].person, .identity = job->persons[i].identity };
        if (job->persons[i].is_new && job->persons[i].has_identity &&
            intake_weigh(&one->person, &one->identity, &earlier, 1, &best) == INTAKE_IS_SAME) {
            one->id = job->persons[i].id;
            one->perhaps = job->persons[i].perhaps;
        }
    }
    return 0;
}

static struct model_text key_of(const struct id *id)
{
    return (struct model_text){ (const char *) id->bytes, ID_BYTES };
}

/* Specimens: those of the persons, and those of tubes, animals and places that have a number of the report. */
static int load_specimens(struct store_reader *reader, const struct model_text *persons, size_t num_persons,
                          const struct model_text *numbers, size_t num_numbers, struct arena *arena,
                          struct intake_known *known)
{
    const struct model_record *record = model_record(MODEL_SPECIMEN);
    void                      *theirs = NULL, *numbered = NULL;
    size_t                     num_theirs = 0, num_numbered = 0, num = 0;
    int ret = store_rows_by(reader, record, "person", persons, num_persons, ROWS_MOST, arena, &theirs, &num_theirs);
    if (ret == 0)
        ret = store_rows_by(reader, record, "number", numbers, num_numbers, ROWS_MOST, arena, &numbered, &num_numbered);
    struct model_specimen *all = arena_array(arena, num_theirs + num_numbered + 1, sizeof *all);
    if (ret == 0 && all == NULL)
        ret = TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num_theirs && ret == 0; i++)
        all[num++] = ((struct model_specimen *) theirs)[i];
    for (size_t i = 0; i < num_numbered && ret == 0; i++)
        if (id_is_missing(&((struct model_specimen *) numbered)[i].person))
            all[num++] = ((struct model_specimen *) numbered)[i];
    known->specimens = all;
    known->num_specimens = num;
    return ret;
}

static int load_known(struct job *job, struct store_reader *reader, struct arena *arena, struct intake_known *known)
{
    struct model_text *persons = arena_array(arena, job->num_persons + 1, sizeof *persons);
    void              *pools = NULL, *results = NULL, *cases = NULL;
    size_t             num_persons = 0;
    *known = (struct intake_known){ .persons = job->persons, .num_persons = job->num_persons };
    int ret = persons == NULL ? TOC_ERR_NO_MEMORY : 0;
    for (size_t i = 0; i < job->num_persons && ret == 0; i++)
        if (!job->persons[i].is_new)
            persons[num_persons++] = key_of(&job->persons[i].id);
    if (ret == 0)
        ret = load_specimens(reader, persons, num_persons, job->numbers, job->num_numbers, arena, known);
    if (ret == 0)
        ret = store_rows_by(reader, model_record(MODEL_POOL), "number", job->numbers, job->num_numbers, ROWS_MOST,
                            arena, &pools, &known->num_pools);
    struct model_text *specimens = arena_array(arena, known->num_specimens + 1, sizeof *specimens);
    if (ret == 0 && specimens == NULL)
        ret = TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < known->num_specimens && ret == 0; i++)
        specimens[i] = key_of(&known->specimens[i].head.id);
    if (ret == 0)
        ret = store_rows_by(reader, model_record(MODEL_RESULT), "specimen", specimens, known->num_specimens, ROWS_MOST,
                            arena, &results, &known->num_results);
    if (ret == 0)
        ret = store_rows_by(reader, model_record(MODEL_CASE), "person", persons, num_persons, ROWS_MOST, arena, &cases,
                            &known->num_cases);
    known->pools = pools;
    known->results = results;
    known->cases = cases;
    return ret;
}

/* ---- the message's own rows ---- */

struct own_rows {
    struct store_change *changes;
    size_t               num;
};

static void *add_own(struct own_rows *own, enum store_verb verb, enum model_record_number code, const struct id *id,
                     struct arena *arena)
{
    void *value = arena_array(arena, 1, model_record(code)->size);
    if (value == NULL)
        return NULL;
    model_init(model_record(code), value);
    ((struct model_head *) value)->id = *id;
    own->changes[own->num++] = (struct store_change){
        .verb = verb, .record = model_record(code), .value = value, .fresh = verb == STORE_CREATE
    };
    return value;
}

/* Is the person of a subject there, or made by these changes? Missing: no. */
static struct id owner_of(const struct job *job, uint32_t subject, const struct store_change_set *plan)
{
    const struct id none = { { 0 } };
    for (size_t i = 0; i < job->num_persons; i++) {
        const struct intake_person *one = &job->persons[i];
        if (one->subject != subject)
            continue;
        for (size_t c = 0; c < plan->num_changes && one->is_new; c++)
            if (plan->changes[c].record == model_record(MODEL_PERSON) &&
                id_equal(&((const struct model_head *) plan->changes[c].value)->id, &one->id))
                return one->id;
        return one->is_new ? none : one->id;
    }
    return none;
}

/* The bytes, a slice a person, and the rest under a new key. *raw: the row that holds the rest. */
static int seal_anew(struct job *job, const struct store_change_set *plan, struct own_rows *own, struct arena *arena,
                     struct id *raw)
{
    const struct model_message *message = &job->from->message;
    struct model_text           bytes = job->from->bytes;
    size_t                      used = 0, at = 0, before = own->num;
    char                       *rest = arena_array(arena, bytes.size + 1, 1);
    if (rest == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < job->read.num_slices; i++) {
        const struct intake_slice *slice = &job->read.slices[i];
        struct id                  owner = owner_of(job, slice->subject, plan), id = job_id(job);
        if (id_is_missing(&owner) || slice->size == 0)
            continue;
        struct model_message_slice *row = add_own(own, STORE_CREATE, MODEL_MESSAGE_SLICE, &id, arena);
        if (row == NULL)
            return TOC_ERR_NO_MEMORY;
        row->area = message->area;
        row->message = message->head.id;
        row->person = owner;
        row->received = message->received;
        row->offset = (int64_t) slice->offset;
        row->num_bytes = (int64_t) slice->size;
        row->bytes = (struct model_text){ bytes.bytes + slice->offset, slice->size };
        memcpy(rest + used, bytes.bytes + at, slice->offset - at);
        used += slice->offset - at;
        at = slice->offset + slice->size;
    }
    if (own->num == before)
        return 0; /* about nobody who is kept: it stays as it came until its time is over */
    memcpy(rest + used, bytes.bytes + at, bytes.size - at);
    used += bytes.size - at;
    *raw = job_id(job);
    struct model_message_raw *envelope = add_own(own, STORE_CREATE, MODEL_MESSAGE_RAW, raw, arena);
    if (envelope == NULL)
        return TOC_ERR_NO_MEMORY;
    envelope->area = message->area;
    envelope->received = message->received;
    envelope->envelope = 1;
    if (used > 0)
        envelope->bytes = (struct model_text){ rest, used };
    return 0;
}

static void set_verdict(struct job *job)
{
    const struct report *report = &job->read.report;
    bool                 faulty = job->outcome.for_review > 0;
    for (uint32_t i = 0; i < report->num_faults; i++)
        faulty = faulty || report->faults[i].severity >= REPORT_ERROR;
    job->verdict = faulty ? "accepted-with-faults" : "accepted";
}

static void fill_message(struct job *job, struct store_change *change, struct model_message *row, const struct id *raw)
{
    static const size_t always[] = { model_message_verdict, model_message_processed };
    row->verdict = intake_text(job->verdict);
    row->processed = store_clock_now(job->intake->options.store);
    for (size_t i = 0; i < 2; i++)
        model_set_add(&change->given, always[i]);
    if (job->readable) {
        row->num_faults = (int64_t) job->read.report.num_all_faults;
        model_set_add(&change->given, model_message_num_faults);
        row->test = job->outcome.test ? 1 : MODEL_MISSING_INTEGER;
        model_set_add(&change->given, model_message_test);
        row->history = job->outcome.history ? 1 : MODEL_MISSING_INTEGER;
        model_set_add(&change->given, model_message_history);
    }
    if (job->readable && intake_is_row(&job->from->message) && job->num_persons == 1) {
        row->person = job->whom;
        row->linked_case = job->outcome.linked_case;
        model_set_add(&change->given, model_message_person);
        model_set_add(&change->given, model_message_linked_case);
    }
    if (job->reason[0] != '\0') {
        row->reason = intake_text(job->reason);
        model_set_add(&change->given, model_message_reason);
    }
    if (!id_is_missing(raw)) {
        row->raw = *raw;
        model_set_add(&change->given, model_message_raw);
    }
}

static int decide(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                  struct fault_list *faults)
{
    struct job                 *job = context;
    const struct model_message *message = &job->from->message;
    struct access               who = intake_program();
    struct model_message        now;
    struct model_set            visible;
    struct intake_known         known = { .num_persons = 0 };
    struct store_change_set     plan = { NULL, 0 };
    struct id                   raw = { { 0 } };
    (void) faults;
    int ret =
        store_read(reader, &who, model_record(MODEL_MESSAGE), &message->head.id, STORE_NOW, arena, &now, &visible);
    if (ret == 0 && (now.verdict.size != 8 || memcmp(now.verdict.bytes, "received", 8) != 0))
        return STORE_ERR_VERSION; /* somebody else has worked it off */
    if (job->readable) {
        const struct model_message *earlier = NULL;
        for (size_t i = 0; i < job->num_persons && ret == 0; i++)
            ret = decide_person(job, i, reader, arena);
        if (ret == 0)
            ret = intake_find_earlier_row(message, reader, arena, &earlier);
        if (ret == 0 && earlier != NULL && job->num_persons == 1)
            ret = intake_take_over_person(&job->persons[0], earlier, reader, arena);
        if (ret == 0 && job->num_persons + job->read.report.num_results > 0)
            ret = load_known(job, reader, arena, &known);
        struct intake_plan_options options = { .tables = job->intake->options.tables,
                                               .lists = store_lists(job->intake->options.store),
                                               .message = message,
                                               .feed = job->has_feed ? &job->feed : NULL,
                                               .now = store_clock_now(job->intake->options.store) };
        if (earlier != NULL) {
            known.earlier_row = earlier->head.id;
            known.revises = earlier->linked_case;
        }
        if (ret == 0 && intake_is_row(message))
            ret = intake_find_review(message, reader, arena, &options);
        if (ret == 0)
            ret = intake_plan(&job->read.report, &known, &options, arena, &plan, &job->outcome);
        set_verdict(job);
        if (job->num_persons == 1)
            job->whom = owner_of(job, job->persons[0].subject, &plan);
    }
    struct own_rows own = { .num = 0 };
    own.changes = arena_array(arena, plan.num_changes + job->read.num_slices + 4, sizeof *own.changes);
    if (ret == 0 && own.changes == NULL)
        ret = TOC_ERR_NO_MEMORY;
    if (ret != 0)
        return ret;
    for (size_t i = 0; i < plan.num_changes; i++)
        own.changes[own.num++] = plan.changes[i];
    ret = job->readable ? seal_anew(job, &plan, &own, arena, &raw) : 0;
    struct model_message *row = ret == 0 ? add_own(&own, STORE_CHANGE, MODEL_MESSAGE, &message->head.id, arena) : NULL;
    if (row == NULL)
        return TOC_ERR_NO_MEMORY;
    fill_message(job, &own.changes[own.num - 1], row, &raw);
    if (!id_is_missing(&raw) && add_own(&own, STORE_ERASE, MODEL_MESSAGE_RAW, &message->raw, arena) == NULL)
        return TOC_ERR_NO_MEMORY;
    *set = (struct store_change_set){ own.changes, own.num };
    return 0;
}

static void foresee(void *context, struct store_foresight *foresight)
{
    const struct job           *job = context;
    const struct model_message *message = &job->from->message;
    store_foresee_record(foresight, model_record(MODEL_MESSAGE), &message->head.id);
    store_foresee_record(foresight, model_record(MODEL_MESSAGE_RAW), &message->raw);
    for (size_t i = 0; i < job->num_persons; i++)
        if (job->persons[i].has_identity)
            store_foresee_persons(foresight, &job->tokens[i]);
    store_foresee_rows(foresight, model_record(MODEL_SPECIMEN), "number", job->numbers, job->num_numbers);
    store_foresee_rows(foresight, model_record(MODEL_POOL), "number", job->numbers, job->num_numbers);
}

/* ---- one batch ---- */

static void done(void *context, int status, const struct store_receipt *receipt)
{
    struct job *job = context;
    (void) receipt;
    job->status = status;
    sem_post(&job->done);
}

static int submit(struct job *job)
{
    struct access who = intake_program();
    job->request = (struct store_request){
        .verb = "work off message", .bulk = true, .decide = decide, .context = job, .foresee = foresee
    };
    return store_submit_later(job->intake->options.store, &who, &job->request, done, job, &job->faults);
}

/* Something else than this message is wrong: it waits. */
static bool is_everybodys(int status)
{
    return status == STORE_ERR_STOPPED || status == STORE_ERR_FULL_QUEUE || status == DB_ERR_FULL ||
           status == DB_ERR_BUSY || status == DB_ERR_LOST || status == DB_ERR_FENCED || status == TOC_ERR_NO_MEMORY ||
           status == KEEPER_ERR_RATE || status == KEEPER_ERR_LOST || status == BASE_ERR_SYSTEM;
}

/* What could not be written is put aside, with the field that was at fault and never its value. */
static void put_aside(struct job *job)
{
    int why = job->status;
    job->readable = false;
    job->read.num_slices = 0;
    job->outcome = (struct intake_outcome){ .test = false };
    job->verdict = "held";
    if (job->faults.num_kept > 0)
        snprintf(job->reason, sizeof job->reason, "it cannot be written: %.40s; allowed: %.120s",
                 job->faults.faults[0].name, job->faults.faults[0].allowed);
    else
        snprintf(job->reason, sizeof job->reason, "it cannot be written: status %d", why);
    fault_list_free(&job->faults);
    if (submit(job) == 0)
        while (sem_wait(&job->done) != 0)
            ;
    atomic_fetch_add(&job->intake->failed, 1);
}

static void finish(struct job *job)
{
    while (job->submitted && sem_wait(&job->done) != 0)
        ;
    if (job->status == STORE_ERR_VERSION) /* already */
        job->status = 0;
    else if (job->status != 0 && !is_everybodys(job->status))
        put_aside(job);
    if (job->status == 0)
        atomic_fetch_add(&job->intake->worked, 1);
}

struct batch {
    struct arena          arena;
    struct message_bytes *waiting;
    struct job           *jobs;
    size_t                num;
};

static void free_batch(struct batch *batch)
{
    for (size_t i = 0; i < batch->num && batch->jobs != NULL; i++) {
        arena_wipe(&batch->jobs[i].arena);
        fault_list_free(&batch->jobs[i].faults);
    }
    free(batch->jobs);
    arena_wipe(&batch->arena);
    *batch = (struct batch){ .num = 0 };
}

static void submit_jobs(struct job *jobs, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        if (jobs[i].is_file)
            continue;
        sem_init(&jobs[i].done, 0, 0);
        int put = jobs[i].status == 0 ? submit(&jobs[i]) : jobs[i].status;
        jobs[i].submitted = put == 0; /* then its status is what the writer says */
        if (put != 0)
            jobs[i].status = put;
    }
}

/* Read what waits and is not under way, and hand it to the writer. On failure, or where nothing waits, the batch is
 * empty. */
static int begin_batch(struct intake *intake, struct store_reader *reader, const struct batch *under_way,
                       struct batch *batch)
{
    struct id except[INTAKE_WORK_MOST];
    *batch = (struct batch){ .arena.limit = (size_t) 256 << 20 };
    for (size_t i = 0; i < under_way->num; i++)
        except[i] = under_way->waiting[i].message.head.id;
    int ret = store_messages_waiting(reader, except, under_way->num, INTAKE_WORK_MOST, &batch->arena, &batch->waiting,
                                     &batch->num);
    batch->jobs = memory_array(batch->num + 1, sizeof *batch->jobs);
    if (ret == 0 && batch->jobs == NULL)
        ret = TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < batch->num && ret == 0; i++) {
        batch->jobs[i] = (struct job){ .intake = intake, .from = &batch->waiting[i] };
        batch->jobs[i].is_file = intake_is_table(&batch->waiting[i].message);
        if (batch->jobs[i].is_file)
            ret = intake_work_table(intake, reader, &batch->waiting[i].message);
        else
            read_job(&batch->jobs[i], reader);
    }
    if (ret == 0)
        ret = make_tokens(intake, batch->jobs, batch->num, &batch->arena);
    if (ret == 0 && batch->num > 0)
        submit_jobs(batch->jobs, batch->num);
    else
        free_batch(batch);
    return ret;
}

/* Wait until it is written. */
static int end_batch(struct batch *batch, intake_told *told, void *context)
{
    int ret = 0;
    for (size_t i = 0; i < batch->num; i++) {
        struct job *job = &batch->jobs[i];
        if (job->is_file)
            continue;
        finish(job);
        if (job->status != 0)
            ret = job->status;
        else if (told != NULL)
            told(context, &job->from->message.head.id, job->verdict, job->reason, &job->outcome);
        sem_destroy(&job->done);
    }
    free_batch(batch);
    return ret;
}

int intake_work(struct intake *intake, struct store_reader *reader, intake_told *told, void *context, size_t *num)
{
    const struct batch none = { .num = 0 };
    struct batch       batch;
    int                ret = begin_batch(intake, reader, &none, &batch);
    *num = batch.num;
    int ended = end_batch(&batch, told, context);
    return ret == 0 ? ended : ret;
}

int intake_release(struct intake *intake, struct store_reader *reader, const struct access *who,
                   const struct id *message)
{
    struct arena         arena = ARENA_INIT;
    struct message_bytes found;
    struct model_message value;
    bool                 whole;
    int                  ret = store_message_bytes(reader, message, &arena, &found, &whole);
    if (ret == STORE_ERR_ABSENT && intake_is_table(&found.message))
        ret = 0; /* its bytes are parts */
    if (ret == 0 && (found.message.verdict.size != 4 || memcmp(found.message.verdict.bytes, "held", 4) != 0))
        ret = STORE_ERR_DENIED;
    if (ret == 0) {
        struct store_change  change = { .verb = STORE_CHANGE, .record = model_record(MODEL_MESSAGE), .value = &value };
        struct store_request request = { .verb = "release message", .set = { &change, 1 } };
        model_init(model_record(MODEL_MESSAGE), &value);
        value.head.id = *message;
        value.verdict = intake_text("received");
        model_set_add(&change.given, model_message_verdict);
        ret = store_submit(intake->options.store, who, &request, NULL, NULL);
    }
    arena_wipe(&arena);
    if (ret == 0)
        intake_wake(intake);
    return ret;
}

/* ---- the thread ---- */

struct intake_worker {
    struct intake       *intake;
    struct store_reader *reader;
    pthread_t            thread;
    pthread_mutex_t      lock;
    pthread_cond_t       woken;
    bool                 waits, closing; /* something waits */
};

static bool wait_for_work(struct intake_worker *worker, bool again)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1; /* another process may have taken something in */
    pthread_mutex_lock(&worker->lock);
    while (!worker->closing && !worker->waits && !again)
        if (pthread_cond_timedwait(&worker->woken, &worker->lock, &until) != 0)
            break;
    worker->waits = false;
    bool goes_on = !worker->closing;
    pthread_mutex_unlock(&worker->lock);
    return goes_on;
}

static bool is_closing(struct intake_worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    bool closing = worker->closing;
    pthread_mutex_unlock(&worker->lock);
    return closing;
}

/* All that waits: while the writer works one batch off, the next is read. */
static int work_all(struct intake_worker *worker, size_t *num)
{
    const struct batch none = { .num = 0 };
    struct batch       batch, next;
    int                ret = begin_batch(worker->intake, worker->reader, &none, &batch);
    *num = batch.num;
    while (batch.num > 0) {
        next = none;
        int began = ret != 0 || is_closing(worker) ? 0 : begin_batch(worker->intake, worker->reader, &batch, &next);
        int ended = end_batch(&batch, NULL, NULL);
        ret = ret != 0 ? ret : began != 0 ? began : ended;
        batch = next;
    }
    return ret;
}

/* After a lost connection with a new one. */
static int work_once(struct intake_worker *worker, size_t *num)
{
    int ret = worker->reader == NULL ? store_reader_open(worker->intake->options.store, &worker->reader, NULL) : 0;
    if (ret == 0)
        ret = work_all(worker, num);
    if (ret == DB_ERR_LOST) {
        store_reader_close(worker->reader);
        worker->reader = NULL;
    }
    return ret;
}

static void *work(void *context)
{
    struct intake_worker *worker = context;
    bool                  again = true;
    pthread_setname_np(pthread_self(), "tocsin-intake");
    while (wait_for_work(worker, again)) {
        size_t num = 0;
        int    ret = work_once(worker, &num);
        again = ret == 0 && num > 0;
        if (ret != 0)
            nanosleep(&(struct timespec){ .tv_nsec = 200000000 }, NULL);
    }
    return NULL;
}

int intake_start_worker(struct intake *intake)
{
    struct intake_worker *worker = memory_array(1, sizeof *worker);
    if (worker == NULL)
        return TOC_ERR_NO_MEMORY;
    worker->intake = intake;
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->woken, NULL);
    int ret = store_reader_open(intake->options.store, &worker->reader, NULL);
    if (ret == 0 && pthread_create(&worker->thread, NULL, work, worker) != 0)
        ret = BASE_ERR_SYSTEM;
    if (ret != 0) {
        store_reader_close(worker->reader);
        free(worker);
        return ret;
    }
    intake->worker = worker;
    return 0;
}

void intake_wake(struct intake *intake)
{
    struct intake_worker *worker = intake->worker;
    if (worker == NULL)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->waits = true;
    pthread_cond_signal(&worker->woken);
    pthread_mutex_unlock(&worker->lock);
}

void intake_stop_worker(struct intake *intake)
{
    struct intake_worker *worker = intake->worker;
    if (worker == NULL)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->closing = true;
    pthread_cond_signal(&worker->woken);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    store_reader_close(worker->reader);
    pthread_cond_destroy(&worker->woken);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
    intake->worker = NULL;
}
