/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/call.h"

#include <stdlib.h>

#include "base/time_zone.h"
#include "response/change_list.h"
#include "store/area_tree.h"
#include "store/list.h"
#include "store/on_call.h"

const char *const call_channels[] = { "email", "web-hook" };

int call_minutes(struct model_text priority)
{
    return text_is(priority, "urgent") ? 15 : text_is(priority, "high") ? 30 : text_is(priority, "low") ? 240 : 60;
}

/* ---- rules ---- */

struct id call_notice_id(const struct id *task, uint32_t number, enum call_channel channel)
{
    return id_that_follows("call", task, NULL, number * CALL_CHANNELS + channel);
}

static bool is_triage(const struct model_task *task)
{
    return text_is(task->kind, "triage-signal");
}

static const struct model_notice *find_call(const struct model_task *task, const struct model_notice *notices,
                                            size_t num, uint32_t number)
{
    for (int channel = 0; channel < CALL_CHANNELS; channel++) {
        struct id id = call_notice_id(&task->head.id, number, (enum call_channel) channel);
        for (size_t i = 0; i < num; i++)
            if (id_equal(&notices[i].head.id, &id))
                return &notices[i];
    }
    return NULL;
}

bool call_due(const struct model_task *task, const struct model_notice *notices, size_t num_notices, int64_t *when,
              uint32_t *number)
{
    const struct model_notice *newest = NULL;
    uint32_t                   next = 0;
    if (!task_is_open(task))
        return false;
    for (size_t i = 0; i < num_notices; i++)
        if (text_is(notices[i].status, "answered"))
            return false;
    for (const struct model_notice *one; (one = find_call(task, notices, num_notices, next)) != NULL; next++)
        newest = one;
    if (next >= CALL_MOST)
        return false;
    bool at_once = is_triage(task) && !text_is(task->priority, "low");
    *number = next;
    *when = newest != NULL ? newest->head.created + call_minutes(task->priority) * 60 * INSTANT_SECOND
            : at_once      ? (task->starts != MODEL_MISSING_INTEGER ? task->starts : task->head.created)
                           : task->due;
    return true;
}

static int nearness(const struct call_duty *duty)
{
    return text_is(duty->duty->role, "supervisor") ? -1 : (int) duty->depth;
}

static int by_call(const void *x, const void *y)
{
    const struct call_duty *a = x, *b = y;
    if (nearness(a) != nearness(b))
        return nearness(a) > nearness(b) ? -1 : 1;
    int64_t first = a->duty->order_of_call, second = b->duty->order_of_call;
    if (first != second) /* a missing number is the last */
        return first == MODEL_MISSING_INTEGER ? 1 : second == MODEL_MISSING_INTEGER ? -1 : first < second ? -1 : 1;
    return id_compare(&a->duty->head.id, &b->duty->head.id);
}

size_t call_order(struct call_duty *duties, size_t num, struct model_text role)
{
    size_t kept = 0, single = 0;
    for (size_t i = 0; i < num; i++) {
        struct model_text own = duties[i].duty->role;
        bool same = own.size == role.size && own.bytes != NULL && memcmp(own.bytes, role.bytes, role.size) == 0;
        if (same || text_is(own, "supervisor"))
            duties[kept++] = duties[i];
    }
    qsort(duties, kept, sizeof *duties, by_call);
    for (size_t i = 0; i < kept; i++) {
        bool again = false;
        for (size_t k = 0; k < single && !again; k++)
            again = id_equal(&duties[k].user->head.id, &duties[i].user->head.id);
        if (!again)
            duties[single++] = duties[i];
    }
    return single;
}

/* ---- with the store ---- */

struct look {
    struct store               *store;
    struct store_reader        *reader;
    const struct call_settings *settings;
    struct access               program;
    int64_t                     now;
    struct call_report         *report;
    struct arena                arena; /* of the look */
    struct arena                page;  /* of the tasks at hand */
    struct model_duty          *duties;
    struct model_user          *users; /* of the duties, in their order */
    bool                       *reachable;
    size_t                      num_duties;
};

static bool has(struct model_text text)
{
    return text.bytes != NULL && text.size > 0;
}

static bool has_address(const struct model_user *user, enum call_channel channel)
{
    return channel == CALL_MAIL ? has(user->work_mail) : has(user->work_phone) || has(user->work_mail);
}

static int read_duties(struct look *look)
{
    struct id       *ids = arena_array(&look->arena, CALL_MOST_DUTIES, sizeof *ids);
    struct id       *user_ids = arena_array(&look->arena, CALL_MOST_DUTIES, sizeof *user_ids);
    bool            *there = arena_array(&look->arena, 2 * CALL_MOST_DUTIES, sizeof *there);
    struct model_set visible;
    toc_date         today = time_zone_day(look->now);
    int              ret = ids == NULL || user_ids == NULL || there == NULL
                               ? TOC_ERR_NO_MEMORY
                               : store_duties_at(look->reader, look->now, ids, CALL_MOST_DUTIES, &look->num_duties);
    if (ret != 0 || look->num_duties == 0)
        return ret;
    look->duties = arena_array(&look->arena, look->num_duties, sizeof *look->duties);
    look->users = arena_array(&look->arena, look->num_duties, sizeof *look->users);
    look->reachable = arena_array(&look->arena, look->num_duties, sizeof *look->reachable);
    if (look->duties == NULL || look->users == NULL || look->reachable == NULL)
        return TOC_ERR_NO_MEMORY;
    ret = store_read_many(look->reader, &look->program, model_record(MODEL_DUTY), ids, look->num_duties, &look->arena,
                          look->duties, there, &visible);
    for (size_t i = 0; i < look->num_duties; i++)
        user_ids[i] = look->duties[i].user;
    if (ret == 0)
        ret = store_read_many(look->reader, &look->program, model_record(MODEL_USER), user_ids, look->num_duties,
                              &look->arena, look->users, there + CALL_MOST_DUTIES, &visible);
    for (size_t i = 0; i < look->num_duties && ret == 0; i++) {
        const struct model_user *user = &look->users[i];
        bool                     gone = user->valid_to != MODEL_MISSING_DATE && user->valid_to < today;
        for (int channel = 0; channel < CALL_CHANNELS; channel++)
            look->reachable[i] |= there[i] && there[CALL_MOST_DUTIES + i] && !gone &&
                                  look->settings->channels[channel] && has_address(user, (enum call_channel) channel);
    }
    return ret;
}

/* Who is called for a task in this area, in their order. */
static int find_chain(struct look *look, const struct model_task *task, struct call_duty **chain, size_t *num)
{
    const struct area_tree *areas = store_hold_areas(look->store);
    uint32_t                place = areas != NULL ? area_tree_find(areas, &task->area) : AREA_NONE;
    size_t                  found = 0;
    *chain = arena_array(&look->page, look->num_duties + 1, sizeof **chain);
    for (size_t i = 0; i < look->num_duties && *chain != NULL && place != AREA_NONE; i++) {
        uint32_t area = area_tree_find(areas, &look->duties[i].area);
        if (look->reachable[i] && area != AREA_NONE && area_tree_within(areas, place, area))
            (*chain)[found++] = (struct call_duty){ &look->duties[i], &look->users[i], area_tree_depth(areas, area) };
    }
    if (areas != NULL)
        store_release_areas(look->store, areas);
    if (*chain == NULL)
        return TOC_ERR_NO_MEMORY;
    *num = call_order(*chain, found, has(task->owner_role) ? task->owner_role : text_view("epidemiologist"));
    return 0;
}

static const char *template_of(const struct model_task *task, uint32_t number)
{
    if (is_triage(task))
        return number == 0 ? "signal-raised" : "signal-waiting";
    return number == 0 ? "task-late" : "task-escalated";
}

static int write_call(struct look *look, const struct model_task *task, const struct model_user *user, uint32_t number)
{
    struct change_list list;
    int                ret = change_list_begin(&list, &look->page, CALL_CHANNELS);
    for (int channel = 0; channel < CALL_CHANNELS && ret == 0; channel++) {
        if (!look->settings->channels[channel] || !has_address(user, (enum call_channel) channel))
            continue;
        struct id            id = call_notice_id(&task->head.id, number, (enum call_channel) channel);
        struct model_notice *notice = change_list_create(&list, MODEL_NOTICE, &id);
        if (notice == NULL)
            return TOC_ERR_NO_MEMORY;
        notice->area = task->area;
        notice->recipient = user->head.id;
        notice->channel = text_view(call_channels[channel]);
        notice->template = text_view(template_of(task, number));
        notice->language = user->language;
        notice->task = task->head.id;
        notice->signal = task->signal;
        notice->outbreak = task->outbreak;
        notice->due = look->now + CALL_KEEP_HOURS * SIGNAL_HOUR;
        notice->status = text_view("waiting");
        notice->attempts = 0;
        notice->next_attempt = look->now;
    }
    if (ret != 0 || list.num == 0)
        return ret;
    const struct store_request request = { .verb = "call out", .set = { list.changes, list.num } };
    ret = store_submit(look->store, &look->program, &request, NULL, NULL);
    if (ret == STORE_ERR_EXISTS) /* another look was faster */
        return 0;
    look->report->num_calls += ret == 0;
    return ret;
}

static int look_at_task(struct look *look, const struct model_task *task)
{
    enum { ROOM = CALL_MOST * CALL_CHANNELS };
    struct id            ids[ROOM];
    struct model_notice *notices = NULL;
    bool                 there[ROOM];
    struct model_set     visible;
    struct call_duty    *chain;
    size_t               num = 0, length = 0;
    int64_t              when;
    uint32_t             number;
    int                  ret = store_notices_of_task(look->reader, &task->head.id, ids, ROOM, &num);
    if (ret == 0 && num > 0) {
        notices = arena_array(&look->page, num, sizeof *notices);
        ret = notices == NULL ? TOC_ERR_NO_MEMORY
                              : store_read_many(look->reader, &look->program, model_record(MODEL_NOTICE), ids, num,
                                                &look->page, notices, there, &visible);
    }
    if (ret != 0 || !call_due(task, notices, num, &when, &number))
        return ret;
    look->report->num_tasks++;
    if (when > look->now) {
        look->report->next = when < look->report->next ? when : look->report->next;
        return 0;
    }
    ret = find_chain(look, task, &chain, &length);
    if (ret != 0)
        return ret;
    if (length == 0) {
        look->report->num_nobody++;
        return 0;
    }
    return number < CALL_ROUNDS * length ? write_call(look, task, chain[number % length].user, number) : 0;
}

/* Of a list of tasks: those open and of this kind, due up to an instant (NULL = all). */
static int look_at_kind(struct look *look, const char *kind, const char *due)
{
    char                     after[LIST_CURSOR_BYTES + 1];
    const struct list_filter filters[] = { { .field = "kind", .is = kind },
                                           { .field = "status", .is = "open" },
                                           { .field = "due", .to = due } };
    struct list_query        query = { .view = view_find("tasks", strlen("tasks")),
                                       .filters = filters,
                                       .num_filters = due != NULL ? 3 : 2,
                                       .ascending = true,
                                       .page_size = LIST_MOST_ROWS };
    size_t                   seen = 0;
    int                      ret = 0;
    do {
        struct list_page  page;
        struct model_set  visible;
        struct fault_list faults = FAULT_LIST_INIT;
        ret = store_list(look->reader, &look->program, &query, &look->page, &page, &faults);
        fault_list_free(&faults);
        size_t             num = ret == 0 ? page.num_rows : 0;
        struct model_task *tasks = arena_array(&look->page, num + 1, sizeof *tasks);
        bool              *there = arena_array(&look->page, num + 1, sizeof *there);
        if (ret == 0 && (tasks == NULL || there == NULL))
            ret = TOC_ERR_NO_MEMORY;
        if (ret == 0 && num > 0)
            ret = store_read_many(look->reader, &look->program, model_record(MODEL_TASK), page.ids, num, &look->page,
                                  tasks, there, &visible);
        for (size_t i = 0; i < num && ret == 0; i++)
            if (there[i] && (!id_is_missing(&tasks[i].signal) || !id_is_missing(&tasks[i].outbreak)))
                ret = look_at_task(look, &tasks[i]);
        seen += num;
        query.after = NULL;
        if (ret == 0 && page.next != NULL && seen < CALL_MOST_TASKS) {
            memcpy(after, page.next, strlen(page.next) + 1);
            query.after = after;
        }
        arena_wipe(&look->page);
    } while (ret == 0 && query.after != NULL);
    return ret;
}

/* A signal that somebody has entered, or another node has sent: it waits for its first look like any other. */
static int give_task(struct look *look, const struct id *signal)
{
    struct model_signal value;
    struct model_task   task;
    struct model_set    visible;
    struct store_change change = { .verb = STORE_CREATE, .record = model_record(MODEL_TASK), .value = &task };
    int ret = store_read(look->reader, &look->program, model_record(MODEL_SIGNAL), signal, STORE_NOW, &look->page,
                         &value, &visible);
    if (ret != 0 || !text_is(value.status, "new"))
        return ret == STORE_ERR_ABSENT ? 0 : ret;
    signal_task_first(signal, &value.area, false, value.head.created, &task);
    task.priority = text_view("normal");
    const struct store_request request = { .verb = "watch", .set = { &change, 1 } };
    ret = store_submit(look->store, &look->program, &request, NULL, NULL);
    return ret == STORE_ERR_EXISTS ? 0 : ret;
}

static int give_tasks(struct look *look)
{
    char                     after[LIST_CURSOR_BYTES + 1];
    const struct list_filter filter = { .field = "status", .is = "new" };
    struct list_query        query = { .view = view_find("signals", strlen("signals")),
                                       .filters = &filter,
                                       .num_filters = 1,
                                       .page_size = LIST_MOST_ROWS };
    int                      ret = 0;
    do {
        struct list_page  page;
        struct model_set  visible;
        struct fault_list faults = FAULT_LIST_INIT;
        ret = store_list(look->reader, &look->program, &query, &look->page, &page, &faults);
        fault_list_free(&faults);
        size_t             num = ret == 0 ? page.num_rows : 0;
        struct id         *ids = arena_array(&look->page, num + 1, sizeof *ids);
        struct model_task *tasks = arena_array(&look->page, num + 1, sizeof *tasks);
        bool              *there = arena_array(&look->page, num + 1, sizeof *there);
        if (ret == 0 && (ids == NULL || tasks == NULL || there == NULL))
            ret = TOC_ERR_NO_MEMORY;
        for (size_t i = 0; i < num && ret == 0; i++)
            ids[i] = signal_task_id(&page.ids[i], SIGNAL_TRIAGE);
        if (ret == 0 && num > 0)
            ret = store_read_many(look->reader, &look->program, model_record(MODEL_TASK), ids, num, &look->page, tasks,
                                  there, &visible);
        for (size_t i = 0; i < num && ret == 0; i++)
            if (!there[i])
                ret = give_task(look, &page.ids[i]);
        query.after = NULL;
        if (ret == 0 && page.next != NULL) {
            memcpy(after, page.next, strlen(page.next) + 1);
            query.after = after;
        }
        arena_wipe(&look->page);
    } while (ret == 0 && query.after != NULL);
    return ret;
}

int call_look(struct store *store, struct store_reader *reader, const struct call_settings *settings, int64_t now,
              struct call_report *report)
{
    static const char *const late[] = { "verify-signal", "assess-risk", "act-on-signal", "submit-report" };
    char                     due[INSTANT_TEXT_BYTES];
    struct look              look = { .store = store,
                                      .reader = reader,
                                      .settings = settings,
                                      .program = { .role = ACCESS_PROGRAM, .everywhere = true },
                                      .now = now,
                                      .report = report };
    *report = (struct call_report){ .next = INT64_MAX };
    instant_to_text(now, due);
    int ret = give_tasks(&look);
    if (ret == 0)
        ret = read_duties(&look);
    if (ret == 0)
        ret = look_at_kind(&look, "triage-signal", NULL);
    for (size_t i = 0; i < sizeof late / sizeof *late && ret == 0; i++)
        ret = look_at_kind(&look, late[i], due);
    arena_free(&look.page);
    arena_free(&look.arena);
    return ret;
}

/* ---- an answer ---- */

static int take_signal(struct call_answer *answer, const struct access *program, const struct model_notice *notice,
                       struct store_reader *reader, struct change_list *list)
{
    const struct signal_answer triage = { .step = SIGNAL_TRIAGE, .user = notice->recipient };
    struct model_signal        signal;
    struct model_set           visible;
    struct fault_list          faults = FAULT_LIST_INIT;
    size_t                     num = 0;
    int ret = store_read(reader, program, model_record(MODEL_SIGNAL), &notice->signal, STORE_NOW, list->arena, &signal,
                         &visible);
    answer->late = ret == STORE_ERR_ABSENT || (ret == 0 && !text_is(signal.status, "new"));
    if (ret != 0 || answer->late)
        return ret == STORE_ERR_ABSENT ? 0 : ret;
    ret = signal_answer_stored(reader, program, &notice->signal, &triage, answer->now, list->arena,
                               list->changes + list->num, &num, &signal, &faults);
    fault_list_free(&faults);
    if (ret == 0)
        list->num += num;
    return ret;
}

static int take_task(struct call_answer *answer, const struct access *program, const struct model_notice *notice,
                     struct store_reader *reader, struct change_list *list)
{
    struct model_task task;
    struct model_set  visible;
    int               ret =
        store_read(reader, program, model_record(MODEL_TASK), &notice->task, STORE_NOW, list->arena, &task, &visible);
    answer->late = ret == STORE_ERR_ABSENT || (ret == 0 && !task_is_open(&task));
    if (ret != 0 || answer->late)
        return ret == STORE_ERR_ABSENT ? 0 : ret;
    struct model_task *value = change_list_change(list, MODEL_TASK, &task.head);
    if (value == NULL)
        return TOC_ERR_NO_MEMORY;
    value->owner = notice->recipient;
    change_list_give(list, model_task_owner);
    return 0;
}

static int decide_answer(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                         struct fault_list *faults)
{
    struct call_answer *answer = context;
    const struct access program = { .role = ACCESS_PROGRAM, .everywhere = true };
    struct model_notice notice;
    struct model_set    visible;
    struct change_list  list;
    int                 ret =
        store_read(reader, &program, model_record(MODEL_NOTICE), &answer->notice, STORE_NOW, arena, &notice, &visible);
    (void) faults;
    answer->late = ret == 0 && text_is(notice.status, "answered");
    if (ret != 0 || answer->late) {
        *set = (struct store_change_set){ NULL, 0 };
        return ret;
    }
    ret = change_list_begin(&list, arena, SIGNAL_MOST_CHANGES + 2);
    struct id triage = signal_task_id(&notice.signal, SIGNAL_TRIAGE);
    if (ret == 0 && id_equal(&notice.task, &triage))
        ret = take_signal(answer, &program, &notice, reader, &list);
    else if (ret == 0)
        ret = take_task(answer, &program, &notice, reader, &list);
    struct model_notice *value = ret == 0 ? change_list_change(&list, MODEL_NOTICE, &notice.head) : NULL;
    if (value == NULL)
        return ret != 0 ? ret : TOC_ERR_NO_MEMORY;
    value->status = text_view("answered");
    change_list_give(&list, model_notice_status);
    value->answered = answer->now;
    change_list_give(&list, model_notice_answered);
    *set = (struct store_change_set){ list.changes, list.num };
    return 0;
}

void call_answer_request(struct call_answer *answer)
{
    answer->request = (struct store_request){ .verb = "I have it", .decide = decide_answer, .context = answer };
}

/* ---- for a page ---- */

static void put_text(struct json_writer *json, const char *name, struct model_text text)
{
    json_key(json, name);
    if (text.bytes == NULL)
        json_put_null(json);
    else
        json_put_string_of(json, text.bytes, text.size);
}

static void put_instant(struct json_writer *json, const char *name, int64_t instant)
{
    char text[INSTANT_TEXT_BYTES];
    json_key(json, name);
    if (instant == MODEL_MISSING_INTEGER || instant_to_text(instant, text) == 0)
        json_put_null(json);
    else
        json_put_string(json, text);
}

static void put_notice(struct json_writer *json, const struct model_notice *notice)
{
    char id[ID_TEXT_BYTES];
    json_begin_object(json);
    id_to_text(&notice->head.id, id);
    json_key(json, "id");
    json_put_string(json, id);
    id_to_text(&notice->recipient, id);
    json_key(json, "recipient");
    json_put_string(json, id);
    put_text(json, "template", notice->template);
    put_text(json, "channel", notice->channel);
    put_text(json, "status", notice->status);
    put_instant(json, "called", notice->head.created);
    put_instant(json, "sent", notice->sent);
    put_instant(json, "answered", notice->answered);
    json_end(json);
}

static void put_steps(struct json_writer *json, const struct model_signal *signal)
{
    const struct {
        const char       *what;
        struct model_text at;
    } steps[] = { { "noticed", signal->noticed_time }, { "triage", signal->triaged_time },
                  { "verify", signal->verified_time }, { "assess", signal->assessed_time },
                  { "act", signal->acted_time },       { "close", signal->closed_time } };
    json_key(json, "steps");
    json_begin_array(json);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (steps[i].at.bytes == NULL)
            continue;
        json_begin_object(json);
        json_key(json, "what");
        json_put_string(json, steps[i].what);
        put_text(json, "at", steps[i].at);
        json_end(json);
    }
    json_end(json);
}

int call_timeline_write(struct store_reader *reader, const struct access *who, const struct id *signal,
                        struct arena *arena, struct json_writer *json)
{
    enum { ROOM = 200 };
    struct model_signal  value;
    struct model_set     visible;
    struct id            ids[ROOM];
    struct model_notice *notices = arena_array(arena, ROOM, sizeof *notices);
    bool                 there[ROOM] = { false };
    size_t               num = 0;
    int ret = store_read(reader, who, model_record(MODEL_SIGNAL), signal, STORE_NOW, arena, &value, &visible);
    if (ret == 0 && notices == NULL)
        ret = TOC_ERR_NO_MEMORY;
    if (ret == 0)
        ret = store_notices_of_signal(reader, signal, ids, ROOM, &num);
    if (ret == 0 && num > 0)
        ret = store_read_many(reader, who, model_record(MODEL_NOTICE), ids, num, arena, notices, there, &visible);
    if (ret == STORE_ERR_DENIED && num > 0) { /* may see signals, not calls */
        memset(there, 0, sizeof there);
        ret = 0;
    }
    if (ret != 0)
        return ret;
    json_begin_object(json);
    put_steps(json, &value);
    json_key(json, "notices");
    json_begin_array(json);
    for (size_t i = 0; i < num; i++)
        if (there[i])
            put_notice(json, &notices[i]);
    json_end(json);
    json_end(json);
    return 0;
}
