/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What those ask for who watch over a node: the audit trail, backups, how long what is kept. */
#include "base/instant.h"
#include "model/records.h"
#include "server/account_answer.h"
#include "server/handlers.h"
#include "server/request.h"
#include "server/server_internal.h"
#include "store/audit_page.h"
#include "store/backup.h"
#include "store/node.h"

enum { PAGE = 100 };

/* ---- the audit trail ---- */

static void write_line(struct json_writer *json, const struct audit_line *line)
{
    const struct audit_entry *entry = &line->entry;
    json_begin_object(json);
    json_key(json, "number");
    json_put_integer(json, line->number);
    reply_instant(json, "at", entry->at);
    reply_id(json, "actor", &entry->actor);
    json_key(json, "role");
    json_put_string(json, entry->role);
    json_key(json, "purpose");
    json_put_string(json, entry->purpose);
    json_key(json, "verb");
    json_put_string(json, entry->verb);
    json_key(json, "subjects");
    json_begin_array(json);
    for (size_t i = 0; i < entry->num_subjects; i++) {
        json_begin_object(json);
        json_key(json, "record");
        json_put_string(json, entry->subjects[i].record);
        json_key(json, "count");
        json_put_integer(json, (int64_t) line->num[i]);
        json_key(json, "ids");
        json_begin_array(json);
        for (size_t j = 0; j < entry->subjects[i].num; j++) {
            char text[ID_TEXT_BYTES];
            id_to_text(&entry->subjects[i].ids[j], text);
            json_put_string(json, text);
        }
        json_end(json);
        json_end(json);
    }
    json_end(json);
    json_end(json);
}

int audit_list(struct exchange *exchange)
{
    struct audit_line *lines = arena_array(&exchange->arena, PAGE, sizeof *lines);
    int64_t            before = INT64_MAX;
    size_t             num = 0;
    struct json_writer json;
    int                ret = lines == NULL ? TOC_ERR_NO_MEMORY : request_parameters(exchange);
    if (ret == 0)
        ret = request_integer(exchange, "before", 1, INT64_MAX, &before);
    if (ret == 0)
        ret = store_audit_page(exchange->reader, &exchange->caller.access, before, &exchange->arena, lines, PAGE, &num);
    if (ret != 0)
        return ret;
    reply_json(exchange, &json);
    json_begin_object(&json);
    json_key(&json, "entries");
    json_begin_array(&json);
    for (size_t i = 0; i < num; i++)
        write_line(&json, &lines[i]);
    json_end(&json);
    json_key(&json, "next");
    if (num == PAGE)
        json_put_integer(&json, lines[num - 1].number);
    else
        json_put_null(&json);
    json_end(&json);
    return 0;
}

/* ---- backups and retention ---- */

static void write_backup(struct json_writer *json, const struct node_settings *settings)
{
    struct backup   newest = { .at = INSTANT_MISSING };
    struct db_error error = { .status = 0 };
    bool            set = settings->backup_to[0] != '\0';
    bool            known = set && backup_newest(settings->backup_to, &newest, &error) == 0;
    json_key(json, "backup");
    json_begin_object(json);
    json_key(json, "set_up");
    json_put_bool(json, set);
    json_key(json, "readable"); /* the directory, by the server */
    json_put_bool(json, known);
    reply_instant(json, "newest", known ? newest.at : INSTANT_MISSING);
    json_key(json, "every_hours");
    json_put_integer(json, settings->backup_every_hours);
    json_key(json, "keep_days");
    json_put_integer(json, settings->backup_keep_days);
    json_end(json);
}

static void write_retention(struct json_writer *json)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    json_key(json, "retention");
    json_begin_array(json);
    for (size_t i = 0; i < num; i++) {
        if (records[i].retained_from == NULL)
            continue;
        json_begin_object(json);
        json_key(json, "record");
        json_put_string(json, records[i].name);
        json_key(json, "from");
        json_put_string(json, records[i].retained_from);
        json_key(json, "days");
        json_put_integer(json, records[i].retained_days);
        json_end(json);
    }
    json_end(json);
}

int upkeep_show(struct exchange *exchange)
{
    const struct access *who = &exchange->caller.access;
    struct json_writer   json;
    bool may = (who->role == ACCESS_ADMINISTRATOR || who->role == ACCESS_AUDITOR) && !access_is_of_facilities(who);
    if (!may)
        return STORE_ERR_DENIED;
    if (exchange->server == NULL || exchange->server->options.node == NULL)
        return STORE_ERR_ABSENT;
    reply_json(exchange, &json);
    json_begin_object(&json);
    write_backup(&json, &exchange->server->options.node->settings);
    write_retention(&json);
    json_end(&json);
    return 0;
}
