/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/case_notification.h"

#include <string.h>

#include "base/instant.h"
#include "model/model_moment.h"
#include "response/change_list.h"

enum { MOST_PARENTS = 10 };
#define HOUR (3600 * INSTANT_SECOND)

const char *const case_notification_standings[] = { "no-rule", "unknown", "running", "late", "met", "met-late" };

/* 传染病信息报告管理规范（2026年版）; docs/reference-lists.md says what stands where and why. */
static const struct {
    const char *list;
    int         hours;
} rules[] = { { "notify_within_2_hours", 2 }, { "notify_within_24_hours", 24 } };

/* The list that a disease, or the nearest that it belongs to, stands in. */
static void find_rule(const struct model_lists *lists, struct model_text disease, struct case_notification *found)
{
    for (int step = 0; lists != NULL && disease.size > 0 && step < MOST_PARENTS; step++) {
        for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
            if (model_lists_find(lists, rules[i].list, disease.bytes, disease.size) == NULL)
                continue;
            found->list = rules[i].list;
            found->hours = rules[i].hours;
            return;
        }
        const struct model_entry *entry = model_lists_find(lists, "disease", disease.bytes, disease.size);
        disease = text_view(entry != NULL ? entry->parent : NULL);
    }
}

static bool moment_of(const struct model_case *value, size_t field, struct model_moment *moment)
{
    return model_moment_of(&model_record(MODEL_CASE)->fields[field], value, moment);
}

/* The first and the last instant that a moment can have been, in UTC. */
static int64_t first_of(const struct model_moment *moment)
{
    return moment->start - (moment->zone_known ? moment->zone : 0);
}

static int64_t last_of(const struct model_moment *moment)
{
    return first_of(moment) + moment->span - 1;
}

static bool is_exact(const struct model_moment *moment)
{
    return moment->zone_known && moment->span <= 60 * INSTANT_SECOND;
}

void case_notification_read(const struct model_case *value, const struct model_lists *lists, int64_t now,
                            struct case_notification *found)
{
    struct model_moment start, notified;
    *found = (struct case_notification){ .standing = CASE_NOTIFY_NO_RULE, .due = INSTANT_MISSING };
    find_rule(lists, value->disease, found);
    if (found->list == NULL)
        return;
    found->standing = CASE_NOTIFY_UNKNOWN;
    if (moment_of(value, model_case_diagnosis_time, &start))
        found->from = "diagnosis_time";
    else if (moment_of(value, model_case_result_time, &start))
        found->from = "result_time";
    else
        return;
    found->exact = is_exact(&start);
    found->due = (found->exact ? first_of(&start) : last_of(&start) + 1) + found->hours * HOUR;
    if (moment_of(value, model_case_notified_time, &notified))
        found->standing = first_of(&notified) <= found->due ? CASE_NOTIFY_MET : CASE_NOTIFY_MET_LATE;
    else
        found->standing = now <= found->due ? CASE_NOTIFY_RUNNING : CASE_NOTIFY_LATE;
}

/* The task that keeps the receipt: the same id, whoever makes it. */
static struct id task_of(const struct id *id)
{
    return id_that_follows("case-notify", id, NULL, 0);
}

/* ---- as JSON ---- */

static void put_text(struct json_writer *json, const char *name, struct model_text text)
{
    json_key(json, name);
    if (text.bytes == NULL)
        json_put_null(json);
    else
        json_put_string_of(json, text.bytes, text.size);
}

int case_notification_write(struct json_writer *json, struct store_reader *reader, const struct access *who,
                            const struct model_case *value, const struct case_notification *found, struct arena *arena)
{
    struct model_task task;
    struct model_set  visible;
    struct id         id = task_of(&value->head.id);
    bool              there = false;
    char              due[INSTANT_TEXT_BYTES];
    int ret = store_read_many(reader, who, model_record(MODEL_TASK), &id, 1, arena, &task, &there, &visible);
    if (ret != 0 && ret != STORE_ERR_DENIED)
        return ret;
    json_begin_object(json);
    json_key(json, "standing");
    json_put_string(json, case_notification_standings[found->standing]);
    json_key(json, "hours");
    if (found->hours > 0)
        json_put_integer(json, found->hours);
    else
        json_put_null(json);
    put_text(json, "rule", text_view(found->list));
    put_text(json, "from", text_view(found->from));
    put_text(json, "due",
             text_view(found->due != INSTANT_MISSING && instant_to_text(found->due, due) > 0 ? due : NULL));
    json_key(json, "exact");
    json_put_bool(json, found->exact);
    put_text(json, "notified", value->notified_time);
    put_text(json, "receipt", ret == 0 && there ? task.evidence : text_view(NULL));
    json_end(json);
    return 0;
}

/* ---- the verb ---- */

static int check(const struct case_notifying *notifying, const struct model_case *was, struct model_case *value,
                 struct arena *arena, struct fault_list *faults)
{
    struct model_moment at;
    value->notified_time = notifying->at != NULL ? text_view(notifying->at) : time_view(arena, notifying->now);
    if (was->notified_time.bytes != NULL)
        return refuse_input(faults, "/at", "notified already", "a case that is not notified: change its field instead");
    if (!moment_of(value, model_case_notified_time, &at))
        return refuse_input(faults, "/at", "not a time", "a time as 2026-11-22T10:30+08:00");
    if (first_of(&at) > notifying->now + (at.zone_known ? 0 : INSTANT_DAY))
        return refuse_input(faults, "/at", "a time to come", "a time up to now");
    return 0;
}

static int decide(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                  struct fault_list *faults)
{
    const struct case_notifying *notifying = context;
    struct change_list           list;
    struct model_case            was;
    struct model_set             visible;
    struct access                plain = notifying->who;
    struct id                    id = task_of(&notifying->id);
    plain.purpose = ACCESS_NO_PURPOSE;
    int ret = store_read(reader, &plain, model_record(MODEL_CASE), &notifying->id, STORE_NOW, arena, &was, &visible);
    if (ret == 0)
        ret = change_list_begin(&list, arena, 2);
    if (ret != 0)
        return ret;
    struct model_case *value = change_list_change(&list, MODEL_CASE, &was.head);
    if (value == NULL)
        return TOC_ERR_NO_MEMORY;
    ret = check(notifying, &was, value, arena, faults);
    if (ret != 0)
        return ret;
    change_list_give(&list, model_case_notified_time);
    struct model_task *task = change_list_create(&list, MODEL_TASK, &id);
    if (task == NULL)
        return TOC_ERR_NO_MEMORY;
    task->area = was.responsible_area;
    task->kind = text_view("submit-report");
    task->linked_case = notifying->id;
    task->owner = notifying->who.user;
    task->status = text_view("done");
    task->due = task->done = notifying->now;
    task->evidence = text_view(notifying->receipt);
    *set = (struct store_change_set){ list.changes, list.num };
    return 0;
}

void case_notify_request(struct case_notifying *notifying)
{
    notifying->request = (struct store_request){ .verb = "notify case", .decide = decide, .context = notifying };
}
