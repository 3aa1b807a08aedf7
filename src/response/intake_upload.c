/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/intake_upload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/list/alone.h"
#include "response/intake_format.h"
#include "response/intake_internal.h"
#include "response/intake_table_internal.h"

#define AT_ONCE 200

static bool is(struct model_text text, const char *word)
{
    return text.size == strlen(word) && memcmp(text.bytes, word, text.size) == 0;
}

int intake_upload_find(struct store_reader *reader, const struct access *who, const struct id *institution,
                       const struct id *file, struct arena *arena, struct model_message *message)
{
    struct access    program = intake_program();
    struct model_set visible;
    int ret = store_read(reader, who != NULL ? who : &program, model_record(MODEL_MESSAGE), file, STORE_NOW, arena,
                         message, &visible);
    if (ret != 0)
        return ret;
    bool theirs = who != NULL || (!id_is_missing(institution) && id_equal(&message->sender, institution));
    return theirs && intake_is_table(message) ? 0 : STORE_ERR_ABSENT;
}

/* ---- the file of errors ---- */

static int write_row(struct intake *intake, struct store_reader *reader, const struct model_message *file,
                     const struct model_feed *feed, const struct model_message *row, bool *began, struct sink *sink)
{
    struct arena         arena = { .limit = (size_t) 64 << 20 };
    struct message_bytes found;
    struct intake_read   read;
    bool                 whole;
    char                 place[ID_TEXT_BYTES + 44];
    int                  ret = store_message_bytes(reader, &row->head.id, &arena, &found, &whole);
    if (ret == 0) {
        struct intake_reading reading = { .tables = intake->options.tables,
                                          .feed = feed,
                                          .now = row->received,
                                          .bytes = found.bytes.bytes,
                                          .size = found.bytes.size,
                                          .arena = &arena,
                                          .row = (uint64_t) row->position };
        size_t                size = id_to_text(&file->head.id, place);
        snprintf(place + size, sizeof place - size, ".%llu.%llu", (unsigned long long) row->position,
                 (unsigned long long) list_alone_again(found.bytes.bytes, found.bytes.size));
        ret = intake_format_read(intake_format_find("row", 3), &reading, &read);
        if (!*began)
            list_write_alone_header(found.bytes.bytes, found.bytes.size, true, sink);
        *began = true;
        list_write_alone_errors(found.bytes.bytes, found.bytes.size, &read.report, place, sink);
    }
    arena_wipe(&arena);
    arena_free(&arena);
    return ret == STORE_ERR_ABSENT || ret == BASE_ERR_INPUT ? 0 : ret;
}

int intake_upload_errors(struct intake *intake, struct store_reader *reader, const struct model_message *message,
                         struct sink *sink)
{
    struct arena      own = ARENA_INIT;
    struct model_feed feed;
    int64_t           after = -1;
    size_t            num = 1, written = 0;
    bool              began = false;
    bool              known = !id_is_missing(&message->feed) && intake_feed(intake, &message->feed, &own, &feed);
    int               ret = 0;
    while (ret == 0 && num > 0 && written < INTAKE_UPLOAD_ERRORS) {
        struct arena          arena = ARENA_INIT;
        struct model_message *rows = NULL;
        ret = store_message_rows(reader, &message->head.id, "rejected", after, AT_ONCE, &arena, &rows, &num);
        for (size_t i = 0; i < num && ret == 0; i++) {
            ret = write_row(intake, reader, message, known ? &feed : NULL, &rows[i], &began, sink);
            after = rows[i].position;
            written++;
        }
        arena_free(&arena);
    }
    arena_free(&own);
    return ret == 0 && sink->failure != 0 ? TOC_ERR_NO_MEMORY : ret;
}

/* ---- proposed ---- */

int intake_upload_propose(struct intake *intake, struct store_reader *reader, const struct model_message *message,
                          struct fault_list *faults, struct intake_table *table, char **bytes)
{
    struct arena             arena = ARENA_INIT;
    struct intake_table_form form = { .delimiter = '\0' };
    struct list_options      options = { .dates = LIST_DATES_UNDECIDED };
    struct model_feed        feed;
    int ret = is(message->verdict, "held") || is(message->verdict, "rejected") ? 0 : STORE_ERR_VERSION;
    if (ret == 0 && !intake_feed(intake, &message->feed, &arena, &feed))
        ret = STORE_ERR_ABSENT;
    if (ret == 0)
        ret = intake_table_bytes(reader, message, &form, bytes);
    if (ret == 0) {
        struct report_text file = { *bytes, (size_t) message->num_bytes };
        ret = intake_table_open(intake, reader, &feed, &file, "", &form, NULL, &options, faults, table);
    }
    arena_free(&arena);
    return ret;
}

/* ---- confirmed ---- */

int intake_upload_confirm(struct intake *intake, struct store_reader *reader, const struct model_message *message,
                          const struct report_text *mapping, const struct id *who, struct fault_list *faults)
{
    struct arena             arena = ARENA_INIT;
    struct intake_table_form form = { .delimiter = '\0' };
    struct intake_table      table = { .list = NULL };
    struct list_options      options = { .dates = LIST_DATES_UNDECIDED };
    struct model_feed        feed;
    char                    *bytes = NULL;
    bool                     waits = is(message->verdict, "held") || is(message->verdict, "rejected");
    int                      ret = waits ? 0 : STORE_ERR_VERSION;
    if (ret == 0 && !intake_feed(intake, &message->feed, &arena, &feed))
        ret = STORE_ERR_ABSENT;
    if (ret == 0)
        ret = intake_table_bytes(reader, message, &form, &bytes);
    if (ret == 0) {
        struct report_text file = { bytes, (size_t) message->num_bytes };
        ret = intake_table_open(intake, reader, &feed, &file, "", &form, mapping, &options, faults, &table);
        if (ret == 0)
            ret = intake_table_remember(intake, reader, &feed, &table, who);
        if (ret == 0)
            ret = intake_table_say(intake, &message->head.id, "received", NULL);
        intake_table_close(&table);
        explicit_bzero(bytes, file.size);
    }
    free(bytes);
    arena_free(&arena);
    if (ret == 0)
        intake_wake(intake);
    return ret;
}
