/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/intake.h"

#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "response/intake_work.h"
#include "server/mllp.h"
#include "server/server_internal.h"
#include "store/message_bytes.h"

/* The folder of the database's file; "" where it is on no disk of this machine that is known. */
static void find_disk(const struct node_settings *settings, char folder[NODE_SETTING_BYTES])
{
    const char *path = strncmp(settings->database, "sqlite:", 7) == 0 ? settings->database + 7 : "";
    const char *slash = strrchr(path, '/');
    snprintf(folder, NODE_SETTING_BYTES, "%.*s", slash != NULL ? (int) (slash - path) : 0, path);
}

int server_start_intake(struct server *server)
{
    const struct server_options *options = &server->options;
    const struct node_settings  *settings = &options->node->settings;
    struct db_error              error = { 0 };
    if (options->tables == NULL)
        return 0;
    find_disk(settings, server->disk);
    struct intake_options wanted = { .store = server->store,
                                     .keeper = options->node->keeper,
                                     .tables = options->tables,
                                     .disk = server->disk[0] != '\0' ? server->disk : NULL,
                                     .reserve_bytes = options->intake_reserve_bytes,
                                     .limits = { .messages_a_minute = settings->sender_messages_a_minute,
                                                 .messages_a_day = settings->sender_messages_a_day,
                                                 .bytes_a_day = settings->sender_mib_a_day << 20 },
                                     .program = options->program };
    int                   ret = intake_open(&wanted, &server->intake, &error);
    return ret == 0 ? intake_start_worker(server->intake) : ret;
}

int server_intake_status(struct exchange *exchange, int status, const struct intake_receipt *receipt)
{
    char seconds[24];
    if (status != INTAKE_ERR_LIMIT)
        return status == INTAKE_ERR_RESERVE ? DB_ERR_FULL : status == TOC_ERR_TOO_LARGE ? SERVER_ERR_TOO_BIG : status;
    snprintf(seconds, sizeof seconds, "%lld", (long long) receipt->again_seconds);
    answer_header(exchange, "Retry-After", seconds);
    fault_add(&exchange->faults, (struct fault_place){ .name = "" }, NULL,
              "%s: nothing was kept; send it again in %s s", receipt->limit, seconds);
    return SERVER_ERR_TOO_MANY;
}

/* ---- /metrics ---- */

static void write_backlog(const struct server *server, struct store_reader *reader, struct sink *sink)
{
    int64_t num, oldest;
    if (store_messages_backlog(reader, &num, &oldest) != 0)
        return;
    metrics_number(sink, "tocsin_messages_waiting", "gauge", "Messages that are kept and wait to be worked off.",
                   (double) num);
    metrics_number(sink, "tocsin_messages_oldest_seconds", "gauge", "For so long the oldest of them has waited.",
                   oldest == INSTANT_MISSING ? 0 : (double) (server_now(server) - oldest) / (double) INSTANT_SECOND);
}

static void write_mllp(struct mllp_listeners *listeners, struct sink *sink)
{
    struct mllp_state state;
    mllp_watch(listeners, &state);
    metrics_number(sink, "tocsin_mllp_connections", "gauge", "Open connections of MLLP listeners.",
                   (double) state.connections);
    metrics_number(sink, "tocsin_mllp_accepted_total", "counter", "Connections accepted.", (double) state.accepted);
    metrics_number(sink, "tocsin_mllp_refused_total", "counter", "Connections refused.", (double) state.refused);
    metrics_number(sink, "tocsin_mllp_timed_out_total", "counter", "Connections ended that took too long.",
                   (double) state.timed_out);
    metrics_number(sink, "tocsin_mllp_too_large_total", "counter", "Messages over the limit; the sender was told.",
                   (double) state.too_large);
}

void server_write_intake(const struct server *server, struct store_reader *reader, struct sink *sink)
{
    struct intake_state state;
    if (server->intake == NULL)
        return;
    intake_watch(server->intake, &state);
    metrics_number(sink, "tocsin_messages_taken_total", "counter", "Messages kept, the held and the rejected too.",
                   (double) state.taken);
    metrics_number(sink, "tocsin_messages_repeated_total", "counter", "Messages that were kept before.",
                   (double) state.repeated);
    metrics_number(sink, "tocsin_messages_held_total", "counter", "Messages kept for a person to decide on.",
                   (double) state.held);
    metrics_number(sink, "tocsin_messages_rejected_total", "counter", "Messages kept that cannot be read.",
                   (double) state.rejected);
    metrics_number(sink, "tocsin_messages_refused_total", "counter",
                   "Messages that were not kept; the sender was told.", (double) state.refused);
    metrics_number(sink, "tocsin_messages_limited_total", "counter",
                   "Of these those that were more than their sender may send.", (double) state.limited);
    metrics_number(sink, "tocsin_messages_worked_total", "counter", "Messages worked off.", (double) state.worked);
    metrics_number(sink, "tocsin_messages_failed_total", "counter",
                   "Of these, messages put aside because they could not be written.", (double) state.failed);
    if (reader != NULL)
        write_backlog(server, reader, sink);
    if (server->mllp != NULL)
        write_mllp(server->mllp, sink);
}
