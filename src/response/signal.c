/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/signal.h"

#include <sodium.h>
#include <string.h>

#include "base/text.h"
#include "base/unicode.h"
#include "response/change_list.h"

const char *const signal_words[] = { "triage", "verify", "assess", "act", "close", NULL };
const int         signal_hours[] = { 24, 24, 48, 24, 0 };
enum { MOST_REASON = 300 };

static const char *const task_kinds[] = { "triage-signal", "verify-signal", "assess-risk", "act-on-signal",
                                          "close-signal" };
/* Of each step: where it leads, and the statuses that it may be taken in. */
static const struct {
    const char *to, *from[4];
} ways[] = {
    [SIGNAL_TRIAGE] = { "verifying", { "new" } },
    [SIGNAL_VERIFY] = { "assessing", { "new", "verifying" } },
    [SIGNAL_ASSESS] = { "watching", { "new", "verifying", "assessing", "watching" } },
    [SIGNAL_ACT] = { "acting", { "verifying", "assessing", "watching", "acting" } },
};

struct id signal_task_id(const struct id *signal, enum signal_step step)
{
    unsigned char            hash[crypto_generichash_BYTES_MIN];
    unsigned char            number = (unsigned char) step;
    int64_t                  milliseconds = 0;
    crypto_generichash_state state;
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, (const unsigned char *) "signal-task", 11);
    crypto_generichash_update(&state, signal->bytes, ID_BYTES);
    crypto_generichash_update(&state, &number, 1);
    crypto_generichash_final(&state, hash, sizeof hash);
    for (size_t i = 0; i < 6; i++) /* of the signal's own id */
        milliseconds = milliseconds << 8 | signal->bytes[i];
    return id_make(milliseconds, hash);
}

static void open_task(const struct id *signal, const struct id *area, enum signal_step step, int hours, int64_t now,
                      struct model_task *task)
{
    model_init(model_record(MODEL_TASK), task);
    task->head.id = signal_task_id(signal, step);
    task->area = *area;
    task->kind = text_view(task_kinds[step]);
    task->signal = *signal;
    task->owner_role = text_view("epidemiologist");
    task->status = text_view("open");
    task->starts = now;
    task->due = now + hours * SIGNAL_HOUR;
}

void signal_task_first(const struct id *signal, const struct id *area, bool urgent, int64_t now,
                       struct model_task *task)
{
    open_task(signal, area, SIGNAL_TRIAGE, urgent ? SIGNAL_URGENT_HOURS : signal_hours[SIGNAL_TRIAGE], now, task);
}

/* ---- what is allowed ---- */

static int refuse(struct fault_list *faults, const char *where, const char *found, const char *allowed)
{
    fault_add(faults, (struct fault_place){ .name = where }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

static bool may_follow(const struct model_signal *signal, enum signal_step step)
{
    if (step == SIGNAL_CLOSE)
        return !text_is(signal->status, "closed");
    for (size_t i = 0; i < 4 && ways[step].from[i] != NULL; i++)
        if (text_is(signal->status, ways[step].from[i]))
            return true;
    return false;
}

static int check(const struct model_signal *signal, const struct signal_answer *answer, struct fault_list *faults)
{
    static const char *const lists[] = { [SIGNAL_VERIFY] = "a code of the list verification",
                                         [SIGNAL_ASSESS] = "a code of the list risk_level",
                                         [SIGNAL_CLOSE] = "a code of the list signal_closing" };
    bool duplicate = answer->step == SIGNAL_CLOSE && answer->code != NULL && strcmp(answer->code, "duplicate") == 0;
    bool needs_code = answer->step == SIGNAL_VERIFY || answer->step == SIGNAL_ASSESS || answer->step == SIGNAL_CLOSE;
    int  ret = 0;
    if (!may_follow(signal, answer->step)) {
        char found[80];
        text_escape(signal->status.bytes, signal->status.size, found, sizeof found);
        ret = refuse(faults, "/status", found, "a signal that this step may follow");
    }
    if (needs_code && (answer->code == NULL || *answer->code == '\0'))
        ret = refuse(faults, "/code", "missing", lists[answer->step]);
    if (!needs_code && answer->code != NULL)
        ret = refuse(faults, "/code", "not a part of this step", "verify, assess and close take one");
    if (answer->reason != NULL && unicode_length(answer->reason, strlen(answer->reason)) > MOST_REASON)
        ret = refuse(faults, "/reason", "too long", "at most 300 characters");
    if (!id_is_missing(&answer->outbreak) && answer->step != SIGNAL_ACT && answer->step != SIGNAL_CLOSE)
        ret = refuse(faults, "/outbreak", "not a part of this step", "act and close take one");
    if (answer->step == SIGNAL_CLOSE && answer->code != NULL && strcmp(answer->code, "outbreak-opened") == 0 &&
        id_is_missing(&answer->outbreak) && id_is_missing(&signal->outbreak))
        ret = refuse(faults, "/outbreak", "missing", "the outbreak that it was joined to, where it is closed for that");
    if (duplicate == id_is_missing(&answer->duplicate_of))
        ret = refuse(faults, "/duplicate_of", duplicate ? "missing" : "not a part of this answer",
                     "a signal, where it is closed as duplicate");
    return ret;
}

/* ---- changes ---- */

struct writing {
    const struct model_signal  *signal;
    const struct signal_answer *answer;
    int64_t                     now;
    struct arena               *arena;
    struct store_change        *changes;
    size_t                      num;
};

static void *add(struct writing *writing, enum store_verb verb, enum model_record_number number, int64_t version)
{
    const struct model_record *record = model_record(number);
    void                      *value = arena_array(writing->arena, 1, record->size);
    if (value == NULL)
        return NULL;
    model_init(record, value);
    writing->changes[writing->num++] =
        (struct store_change){ .verb = verb, .record = record, .value = value, .version = version };
    return value;
}

static void give(struct writing *writing, size_t field)
{
    model_set_add(&writing->changes[writing->num - 1].given, field);
}

static int change_signal(struct writing *writing)
{
    const struct signal_answer *answer = writing->answer;
    struct model_signal        *value = add(writing, STORE_CHANGE, MODEL_SIGNAL, writing->signal->head.version);
    struct model_text           now = time_view(writing->arena, writing->now);
    if (value == NULL || now.bytes == NULL)
        return TOC_ERR_NO_MEMORY;
    struct model_text *const times[] = { &value->triaged_time, &value->verified_time, &value->assessed_time,
                                         &value->acted_time, &value->closed_time };
    static const size_t fields[] = { model_signal_triaged_time, model_signal_verified_time, model_signal_assessed_time,
                                     model_signal_acted_time, model_signal_closed_time };
    value->head.id = writing->signal->head.id;
    *times[answer->step] = now;
    give(writing, fields[answer->step]);
    if (answer->step == SIGNAL_VERIFY && writing->signal->triaged_time.bytes == NULL) {
        value->triaged_time = now; /* somebody who verifies has looked */
        give(writing, model_signal_triaged_time);
    }
    value->status = text_view(answer->step == SIGNAL_CLOSE ? "closed" : ways[answer->step].to);
    give(writing, model_signal_status);
    value->owner = answer->user;
    if (!id_is_missing(&answer->user))
        give(writing, model_signal_owner);
    value->outbreak = answer->outbreak;
    if (!id_is_missing(&answer->outbreak))
        give(writing, model_signal_outbreak);
    value->verification = value->risk = value->closing = text_view(answer->code);
    if (answer->step == SIGNAL_VERIFY)
        give(writing, model_signal_verification);
    if (answer->step == SIGNAL_ASSESS)
        give(writing, model_signal_risk);
    if (answer->step == SIGNAL_CLOSE)
        give(writing, model_signal_closing);
    value->duplicate_of = answer->duplicate_of;
    if (!id_is_missing(&answer->duplicate_of))
        give(writing, model_signal_duplicate_of);
    return 0;
}

/* The step's own task is done; there may have been none, where the step came unasked. */
static int end_task(struct writing *writing, const struct model_task *task, bool there, const char *status, bool own)
{
    enum signal_step   step = writing->answer->step;
    struct model_task *value =
        add(writing, there ? STORE_CHANGE : STORE_CREATE, MODEL_TASK, there ? task->head.version : 0);
    if (value == NULL)
        return TOC_ERR_NO_MEMORY;
    if (there)
        value->head.id = task->head.id;
    else
        open_task(&writing->signal->head.id, &writing->signal->area, step, 0, writing->now, value);
    value->status = text_view(status);
    value->done = writing->now;
    give(writing, model_task_status);
    give(writing, model_task_done);
    if (!own)
        return 0;
    value->owner = writing->answer->user;
    value->evidence = text_view(writing->answer->reason);
    if (!id_is_missing(&value->owner))
        give(writing, model_task_owner);
    if (value->evidence.bytes != NULL)
        give(writing, model_task_evidence);
    return 0;
}

static bool is_open(const struct model_task *task, bool there)
{
    return there && !text_is(task->status, "done") && !text_is(task->status, "not-needed") &&
           !text_is(task->status, "cancelled");
}

/* The step behind this one, or SIGNAL_STEPS: none is due. */
static enum signal_step next_step(const struct signal_answer *answer)
{
    switch (answer->step) {
    case SIGNAL_TRIAGE: return SIGNAL_VERIFY;
    case SIGNAL_VERIFY: return SIGNAL_ASSESS;
    case SIGNAL_ASSESS: return strstr(answer->code, "high") != NULL ? SIGNAL_ACT : SIGNAL_STEPS;
    default: return SIGNAL_STEPS;
    }
}

static int open_next(struct writing *writing, const bool there[SIGNAL_STEPS])
{
    enum signal_step next = next_step(writing->answer);
    if (next == SIGNAL_STEPS || there[next])
        return 0;
    struct model_task *value = add(writing, STORE_CREATE, MODEL_TASK, 0);
    if (value == NULL)
        return TOC_ERR_NO_MEMORY;
    open_task(&writing->signal->head.id, &writing->signal->area, next, signal_hours[next], writing->now, value);
    value->owner = writing->answer->user;
    return 0;
}

int signal_answer(const struct model_signal *signal, const struct model_task tasks[SIGNAL_STEPS],
                  const bool there[SIGNAL_STEPS], const struct signal_answer *answer, int64_t now, struct arena *arena,
                  struct store_change *changes, size_t *num_changes, struct fault_list *faults)
{
    struct writing writing = { signal, answer, now, arena, changes, 0 };
    int            ret = check(signal, answer, faults);
    if (ret == 0)
        ret = change_signal(&writing);
    if (ret == 0)
        ret = end_task(&writing, &tasks[answer->step], there[answer->step], "done", true);
    /* What this step stands for, or what the end makes needless. */
    for (size_t i = 0; i < SIGNAL_STEPS && ret == 0; i++)
        if (i != (size_t) answer->step && is_open(&tasks[i], there[i]) &&
            (i < (size_t) answer->step || answer->step == SIGNAL_CLOSE))
            ret = end_task(&writing, &tasks[i], true, "not-needed", false);
    if (ret == 0)
        ret = open_next(&writing, there);
    if (ret == 0)
        *num_changes = writing.num;
    return ret;
}

int signal_answer_stored(struct store_reader *reader, const struct access *who, const struct id *id,
                         const struct signal_answer *answer, int64_t now, struct arena *arena,
                         struct store_change *changes, size_t *num_changes, struct model_signal *signal,
                         struct fault_list *faults)
{
    struct model_task tasks[SIGNAL_STEPS];
    struct id         ids[SIGNAL_STEPS];
    bool              there[SIGNAL_STEPS];
    struct model_set  visible;
    for (size_t i = 0; i < SIGNAL_STEPS; i++)
        ids[i] = signal_task_id(id, (enum signal_step) i);
    int ret = store_read(reader, who, model_record(MODEL_SIGNAL), id, STORE_NOW, arena, signal, &visible);
    if (ret == 0)
        ret = store_read_many(reader, who, model_record(MODEL_TASK), ids, SIGNAL_STEPS, arena, tasks, there, &visible);
    return ret == 0 ? signal_answer(signal, tasks, there, answer, now, arena, changes, num_changes, faults) : ret;
}

static int decide(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                  struct fault_list *faults)
{
    const struct signal_call *call = context;
    struct model_signal       signal;
    set->changes = arena_array(arena, SIGNAL_MOST_CHANGES, sizeof *set->changes);
    return set->changes == NULL ? TOC_ERR_NO_MEMORY
                                : signal_answer_stored(reader, &call->who, &call->signal, &call->answer, call->now,
                                                       arena, set->changes, &set->num_changes, &signal, faults);
}

void signal_request(struct signal_call *call)
{
    call->request =
        (struct store_request){ .verb = signal_words[call->answer.step], .decide = decide, .context = call };
}
