/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/intake_table.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/time_zone.h"
#include "formats/list/alone.h"
#include "response/intake_counts.h"
#include "response/intake_format.h"
#include "response/intake_internal.h"
#include "response/intake_table_internal.h"
#include "store/node.h"
#include "store/rows_by.h"

enum { AT_ONCE = 64, MOST_EARLIER = 20000, REASON_BYTES = 201 };

/* ---- open ---- */

#define HEADER_BYTES ((LIST_FINGERPRINT_BYTES - 1) / 2)

static void header_hash(const char *fingerprint, uint8_t hash[HEADER_BYTES])
{
    if (sodium_hex2bin(hash, HEADER_BYTES, fingerprint, strlen(fingerprint), NULL, NULL, NULL) != 0)
        memset(hash, 0, HEADER_BYTES); /* not to be */
}

int intake_table_find_mapping(struct store_reader *reader, const struct model_feed *feed, const char *fingerprint,
                              struct arena *arena, struct model_list_mapping **found)
{
    void  *rows = NULL;
    size_t num = 0;
    int    ret = store_rows_of(reader, model_record(MODEL_LIST_MAPPING), "feed", &feed->head.id, MOST_EARLIER, arena,
                               &rows, &num);
    struct model_list_mapping *all = rows;
    uint8_t                    hash[HEADER_BYTES];
    header_hash(fingerprint, hash);
    *found = NULL;
    for (size_t i = 0; i < num && ret == 0; i++)
        if (all[i].header_hash.size == sizeof hash && memcmp(all[i].header_hash.bytes, hash, sizeof hash) == 0)
            *found = &all[i];
    return ret;
}

/* The encoding that the feed names counts where the file itself says nothing. */
static const char *encoding_of(const struct intake_table_form *form, const struct model_feed *feed,
                               const struct report_text *file, char named[41])
{
    size_t      mark, offset;
    const char *because;
    if (form->encoding[0] != '\0')
        return form->encoding;
    if (feed->charset.size == 0 || feed->charset.size > 40 ||
        encoding_decide(file->bytes, file->size, &mark, &offset, &because) != ENCODING_UNDECIDED)
        return NULL;
    snprintf(named, 41, "%.*s", (int) feed->charset.size, feed->charset.bytes);
    return encoding_named(named) != ENCODING_UNDECIDED ? named : NULL;
}

static int open_list(struct intake_table *table, const char *name, const struct list_options *options,
                     struct fault_list *faults)
{
    list_close(table->list);
    table->list = NULL;
    int ret = sheet_rewind(table->sheet);
    return ret == 0 ? list_open(table->sheet, name, options, faults, &table->list) : ret;
}

/* Anything but the rows' own faults that keeps the list from being loaded. */
static int check_list(struct intake_table *table, const char *name, struct fault_list *faults)
{
    if (list_names_disease(table->list))
        return 0;
    fault_add(faults, (struct fault_place){ .file = name, .line = 1 },
              "a column of diseases or tests, or \"disease\" in the mapping",
              "nothing says which disease the rows are about");
    return BASE_ERR_INPUT;
}

static int refuse_archive(const char *name, struct fault_list *faults)
{
    fault_add(faults, (struct fault_place){ .file = name }, "its rows saved as CSV",
              "a spreadsheet, for which this program does not know its own place to start a reader");
    return BASE_ERR_INPUT;
}

int intake_table_open(struct intake *intake, struct store_reader *reader, const struct model_feed *feed,
                      const struct report_text *file, const char *name, const struct intake_table_form *form,
                      const struct report_text *mapping, const struct list_options *options, struct fault_list *faults,
                      struct intake_table *table)
{
    struct fault_list          first = FAULT_LIST_INIT;
    struct model_list_mapping *known = NULL;
    struct list_options        own;
    char                       named[41];
    struct sheet_options       sheet = { .sheet = form->sheet[0] != '\0' ? form->sheet : NULL,
                                         .delimiter = form->delimiter,
                                         .program = intake->options.program };
    struct intake_reading      reading = { .tables = intake->options.tables,
                                           .feed = feed,
                                           .now = store_clock_now(intake->options.store),
                                           .arena = &table->arena };
    bool                       archive = sheet_is_archive(file->bytes, file->size);
    if (archive && sheet.program == NULL)
        return refuse_archive(name, faults);
    if (!archive)
        sheet.encoding = encoding_of(form, feed, file, named);
    if (!intake_list_options(&reading, &own))
        return TOC_ERR_NO_MEMORY;
    own.disease = options->disease;
    own.dates = options->dates;
    int ret = sheet_open(file->bytes, file->size, name, &sheet, faults, &table->sheet);
    if (ret == 0)
        ret = intake_counts_open(reader, feed, name, mapping, options, faults, table);
    if (ret != 0 || table->counts != NULL)
        return ret;
    if (mapping == NULL) { /* the header alone, to find what is remembered */
        ret = open_list(table, name, &own, &first);
        if (table->list != NULL)
            ret = intake_table_find_mapping(reader, feed, list_fingerprint(table->list), &table->arena, &known);
        else if (ret == BASE_ERR_INPUT && table->perhaps == NULL)
            fault_list_merge(faults, faults->num_kept, &first, &name, 1);
        fault_list_free(&first);
        if (ret == BASE_ERR_INPUT && table->list == NULL && table->perhaps != NULL)
            return intake_counts_suppose(table, name, faults);
    }
    if (ret == 0 && known != NULL) {
        own.mapping = known->mapping.bytes;
        own.mapping_size = known->mapping.size;
    } else if (mapping != NULL) {
        own.mapping = mapping->bytes;
        own.mapping_size = mapping->size;
    }
    if (ret == 0)
        ret = open_list(table, name, &own, faults);
    table->is_confirmed = own.mapping != NULL;
    if (ret == 0) {
        ret =
            intake_list_authority(feed, list_name(table->list), &table->arena, &own.authority) ? 0 : TOC_ERR_NO_MEMORY;
        list_set_authority(table->list, own.authority);
    }
    if (ret == 0)
        ret = check_list(table, name, faults);
    table->is_ready = ret == 0;
    return ret;
}

void intake_table_close(struct intake_table *table)
{
    list_close(table->list);
    sheet_close(table->sheet);
    arena_wipe(&table->arena);
    arena_free(&table->arena);
    *table = (struct intake_table){ .list = NULL };
}

void intake_table_write_mapping(const struct intake_table *table, struct json_writer *json)
{
    if (table->counts != NULL)
        count_mapping_write(table->counts, json);
    else if (table->list != NULL)
        list_write_mapping(table->list, json);
    else
        json_put_null(json);
}

int intake_table_remember(struct intake *intake, struct store_reader *reader, const struct model_feed *feed,
                          const struct intake_table *table, const struct id *who)
{
    struct arena               arena = ARENA_INIT;
    struct access              program = intake_program();
    struct model_list_mapping *known = NULL, row;
    struct store_change        change = { .record = model_record(MODEL_LIST_MAPPING), .value = &row };
    struct store_request       request = { .verb = "confirm mapping", .set = { &change, 1 } };
    uint8_t                    hash[HEADER_BYTES];
    struct json_writer         json;
    struct sink                sink;
    int64_t                    now = store_clock_now(intake->options.store);
    const char *fingerprint = table->counts != NULL ? table->counts->fingerprint : list_fingerprint(table->list);
    int         ret = intake_table_find_mapping(reader, feed, fingerprint, &arena, &known);
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    intake_table_write_mapping(table, &json);
    model_init(model_record(MODEL_LIST_MAPPING), &row);
    row.head.id = known != NULL ? known->head.id : node_new_id(now);
    row.area = feed->area;
    row.feed = feed->head.id;
    header_hash(fingerprint, hash);
    row.header_hash = (struct model_text){ (const char *) hash, sizeof hash };
    row.mapping = (struct model_text){ sink.bytes, sink.used };
    row.confirmed = now;
    row.confirmed_by = *who;
    change.verb = known != NULL ? STORE_CHANGE : STORE_CREATE;
    model_set_add(&change.given, model_list_mapping_mapping);
    model_set_add(&change.given, model_list_mapping_confirmed);
    model_set_add(&change.given, model_list_mapping_confirmed_by);
    if (ret == 0 && sink.failure != 0)
        ret = TOC_ERR_NO_MEMORY;
    if (ret == 0 &&
        (known == NULL || known->mapping.size != sink.used || memcmp(known->mapping.bytes, sink.bytes, sink.used) != 0))
        ret = store_submit(intake->options.store, &program, &request, NULL, NULL);
    sink_free(&sink);
    arena_free(&arena);
    return ret;
}

/* ---- how many came before ---- */

struct tally_entry {
    uint8_t  hash[16];
    uint32_t count; /* 0 = free */
};

struct tally {
    struct tally_entry *entries;
    size_t              num, room; /* a power of two */
};

static struct tally_entry *find_entry(struct tally_entry *entries, size_t room, const uint8_t hash[16])
{
    size_t at;
    memcpy(&at, hash, sizeof at);
    for (at &= room - 1; entries[at].count > 0 && memcmp(entries[at].hash, hash, 16) != 0;)
        at = (at + 1) & (room - 1);
    return &entries[at];
}

static bool grow(struct tally *tally)
{
    size_t              room = tally->room == 0 ? 1024 : 2 * tally->room;
    struct tally_entry *entries = memory_array(room, sizeof *entries);
    if (entries == NULL)
        return false;
    for (size_t i = 0; i < tally->room; i++)
        if (tally->entries[i].count > 0)
            *find_entry(entries, room, tally->entries[i].hash) = tally->entries[i];
    free(tally->entries);
    tally->entries = entries;
    tally->room = room;
    return true;
}

/* How often it was counted before; UINT32_MAX: no memory. */
static uint32_t count(struct tally *tally, const struct sink *said)
{
    uint8_t hash[16];
    if (4 * (tally->num + 1) > 3 * tally->room && !grow(tally))
        return UINT32_MAX;
    crypto_generichash(hash, sizeof hash, (const uint8_t *) said->bytes, said->used, NULL, 0);
    struct tally_entry *entry = find_entry(tally->entries, tally->room, hash);
    memcpy(entry->hash, hash, sizeof hash);
    tally->num += entry->count == 0;
    return entry->count++;
}

/* ---- rows ---- */

/* A row on its way to the door. */
struct passing {
    struct arena          arena;
    struct report         report;
    struct sink           alone, says, key;
    bool                  has_key, is_old; /* old: it has been corrected since, and its file is one that came again */
    struct intake_arrival arrival;
};

struct passage {
    struct intake               *intake;
    struct store_reader         *reader;
    struct intake_table         *table;
    const struct id             *file;
    const struct intake_arrival *as;
    intake_told_row             *told;
    void                        *context;
    struct intake_table_counts  *counts;
    struct tally                 tally;
    struct passing              *rows; /* AT_ONCE */
    size_t                       num;
};

static struct report_text text_of(const struct sink *sink)
{
    return (struct report_text){ sink->bytes, sink->used };
}

/* "FILE.ROW.AGAIN" of a row that comes back mended. */
static bool read_place(struct report_text said, struct id *file, int64_t *row, int64_t *again)
{
    const char *dot =
        said.size > ID_TEXT_BYTES - 1 ? memchr(said.bytes + ID_TEXT_BYTES, '.', said.size - ID_TEXT_BYTES) : NULL;
    return dot != NULL && said.bytes[ID_TEXT_BYTES - 1] == '.' &&
           id_from_text(said.bytes, ID_TEXT_BYTES - 1, file) == 0 &&
           text_to_integer(said.bytes + ID_TEXT_BYTES, (size_t) (dot - said.bytes) - ID_TEXT_BYTES, 0, 10000000, row) ==
               0 &&
           text_to_integer(dot + 1, said.size - (size_t) (dot + 1 - said.bytes), 0, 10000000, again) == 0;
}

/* The messages that say what this arrival says. */
static int find_said(struct passage *passage, const struct intake_arrival *arrival, struct arena *arena,
                     struct model_message **found, size_t *num)
{
    struct intake    *intake = passage->intake;
    uint8_t           hashes[KEEPER_MAX_GENERATIONS][32];
    struct model_text keys[KEEPER_MAX_GENERATIONS];
    void             *rows = NULL;
    for (size_t i = 0; i < intake->num_keys; i++) {
        intake_hash_body(&intake->keys[i], arrival, hashes[i]);
        keys[i] = (struct model_text){ (const char *) hashes[i], 32 };
    }
    int ret = store_rows_by(passage->reader, model_record(MODEL_MESSAGE), "body_hash", keys, intake->num_keys,
                            MOST_EARLIER, arena, &rows, num);
    *found = rows;
    return ret;
}

static void add_number(struct sink *sink, uint64_t number)
{
    sink_character(sink, '\0');
    sink_integer(sink, (int64_t) number);
}

/* Of a row about nobody known that comes back mended: the first number that no row of its first file has. */
static int number_mended(struct passage *passage, struct passing *row, const struct id *first, uint32_t before)
{
    size_t   size = row->says.used;
    uint64_t number = 0;
    for (uint32_t free_ones = 0;; number++) {
        struct arena          arena = ARENA_INIT;
        struct model_message *found = NULL;
        size_t                num = 0;
        row->says.used = size;
        add_number(&row->says, number);
        row->arrival.says = text_of(&row->says);
        int  ret = find_said(passage, &row->arrival, &arena, &found, &num);
        bool theirs = ret == 0 && num > 0 && id_equal(&found[0].part_of, first);
        arena_free(&arena);
        if (ret != 0 || (!theirs && free_ones++ == before))
            return ret;
    }
}

/* Is it that one, by what it says? */
static bool is_message(const struct passage *passage, const struct passing *row, const struct model_message *message)
{
    bool same = false;
    for (size_t i = 0; i < passage->intake->num_keys && !same; i++) {
        uint8_t hash[32];
        intake_hash_body(&passage->intake->keys[i], &row->arrival, hash);
        same = message->body_hash.size == 32 && memcmp(message->body_hash.bytes, hash, 32) == 0;
    }
    return same;
}

/* Of a row with a number: what it says, and behind which row of that number (found: all of them, the oldest first). So
 * a row that goes back to what it said two files ago is a correction, too; unless its whole file is an old one that
 * came again. */
static void follow(struct passage *passage, struct passing *row, const struct model_message *const *found, size_t num)
{
    const struct id none = { { 0 } };
    size_t          size = row->says.used;
    bool            same = false;
    if (num > 0) {
        sink_write(&row->says, (const char *) (num > 1 ? found[num - 2]->head.id : none).bytes, ID_BYTES);
        row->arrival.says = text_of(&row->says);
        same = is_message(passage, row, found[num - 1]);
        row->says.used = same ? row->says.used : size;
    }
    for (size_t i = 0; i + 1 < num && !same && passage->table->is_repeated; i++) {
        sink_write(&row->says, (const char *) (i > 0 ? found[i - 1]->head.id : none).bytes, ID_BYTES);
        row->arrival.says = text_of(&row->says);
        same = row->is_old = is_message(passage, row, found[i]);
        row->says.used = same ? row->says.used : size;
    }
    if (!same)
        sink_write(&row->says, (const char *) (num > 0 ? found[num - 1]->head.id : none).bytes, ID_BYTES);
    row->arrival.says = text_of(&row->says);
}

/* The same of the rows that wait, by one question for all. Two of them never have one number: a number that stands
 * twice in a file is counted (know). */
static int follow_all(struct passage *passage)
{
    struct arena                 arena = ARENA_INIT;
    const struct model_message **theirs = NULL;
    const struct intake         *intake = passage->intake;
    size_t                       num_keys = intake->num_keys, num = 0;
    void                        *rows = NULL;
    struct model_text           *keys = arena_array(&arena, passage->num * num_keys + 1, sizeof *keys);
    uint8_t                     *hashes = arena_array(&arena, passage->num * num_keys + 1, 32);
    int                          ret = keys == NULL || hashes == NULL ? TOC_ERR_NO_MEMORY : 0;
    for (size_t i = 0; i < passage->num * num_keys && ret == 0; i++) {
        intake_hash_control(&intake->keys[i % num_keys], &passage->rows[i / num_keys].arrival, hashes + 32 * i);
        keys[i] = (struct model_text){ (const char *) hashes + 32 * i, 32 };
    }
    if (ret == 0)
        ret = store_rows_by(passage->reader, model_record(MODEL_MESSAGE), "control_hash", keys, passage->num * num_keys,
                            MOST_EARLIER, &arena, &rows, &num);
    theirs = arena_array(&arena, num + 1, sizeof *theirs);
    if (ret == 0 && theirs == NULL)
        ret = TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < passage->num && ret == 0; i++) {
        const struct model_message *found = rows;
        size_t                      num_theirs = 0;
        for (size_t f = 0; f < num; f++)
            for (size_t k = 0; k < num_keys; k++)
                if (found[f].control_hash.size == 32 &&
                    memcmp(found[f].control_hash.bytes, keys[i * num_keys + k].bytes, 32) == 0)
                    theirs[num_theirs++] = &found[f];
        if (passage->rows[i].has_key)
            follow(passage, &passage->rows[i], theirs, num_theirs);
    }
    arena_free(&arena);
    return ret;
}

static bool is_bad(const struct report *report)
{
    return report->num_all_faults > 0 && report->worst >= REPORT_ERROR;
}

/* By what it is known again. */
static int know(struct passage *passage, struct passing *row, uint64_t *again)
{
    const struct list *list = passage->table->list;
    struct id          first;
    int64_t            number, said;
    bool               mended = read_place(list_mended_row(list), &first, &number, &said);
    *again = 0;
    list_write_content(list, &row->says);
    row->has_key = list_write_key(list, &row->key);
    if (row->has_key) {
        uint32_t before = count(&passage->tally, &row->key);
        *again = mended ? (uint64_t) said : before;
        if (before == UINT32_MAX)
            return TOC_ERR_NO_MEMORY;
        add_number(&row->key, *again);
    } else if (list_is_anonymous(list) && !is_bad(&row->report)) {
        uint32_t before = count(&passage->tally, &row->says);
        if (before == UINT32_MAX)
            return TOC_ERR_NO_MEMORY;
        if (mended)
            return number_mended(passage, row, &first, before);
        add_number(&row->says, before);
    }
    return 0;
}

static int pass(struct passage *passage, struct passing *row)
{
    uint64_t again, number = list_row_number(passage->table->list);
    bool     bad = is_bad(&row->report);
    row->arrival = *passage->as;
    row->arrival.format = "row";
    row->arrival.report = &row->report;
    row->arrival.part_of = *passage->file;
    row->arrival.position = number <= 10000000 ? (int64_t) number : 10000000;
    row->arrival.reject = bad;
    int ret = know(passage, row, &again);
    row->arrival.says = text_of(&row->says);
    row->arrival.key = row->has_key ? text_of(&row->key) : (struct report_text){ NULL, 0 };
    list_write_alone(passage->table->list, bad, again, &row->alone);
    row->arrival.bytes = row->alone.bytes;
    row->arrival.size = row->alone.used;
    if (row->alone.failure != 0 || row->says.failure != 0 || row->key.failure != 0)
        ret = TOC_ERR_NO_MEMORY;
    return ret;
}

/* A row that was bad, and is good now that a table says more: it counts now. */
static int take_again(struct passage *passage, struct passing *row, struct intake_receipt *receipt)
{
    if (!receipt->repeats || row->is_old || row->arrival.reject || strcmp(receipt->verdict, "rejected") != 0)
        return 0;
    sink_write(&row->says, (const char *) receipt->message.bytes, ID_BYTES);
    row->arrival.says = text_of(&row->says);
    return intake_take(passage->intake, &row->arrival, receipt);
}

static void drop(struct passage *passage)
{
    for (size_t i = 0; i < passage->num; i++) {
        struct passing *row = &passage->rows[i];
        sink_free(&row->alone);
        sink_free(&row->says);
        sink_free(&row->key);
        arena_wipe(&row->arena);
        arena_free(&row->arena);
    }
    passage->num = 0;
}

static int take(struct passage *passage)
{
    struct intake_arrival arrivals[AT_ONCE];
    struct intake_receipt receipts[AT_ONCE];
    int                   statuses[AT_ONCE], ret = 0;
    bool                  followed = false;
    for (size_t i = 0; i < passage->num; i++)
        followed |= passage->rows[i].has_key;
    if (followed)
        ret = follow_all(passage);
    if (ret != 0) {
        drop(passage);
        return ret;
    }
    for (size_t i = 0; i < passage->num; i++)
        arrivals[i] = passage->rows[i].arrival;
    intake_take_many(passage->intake, arrivals, passage->num, receipts, statuses);
    for (size_t i = 0; i < passage->num; i++) {
        if (statuses[i] == 0)
            statuses[i] = take_again(passage, &passage->rows[i], &receipts[i]);
        if (statuses[i] != 0) {
            ret = statuses[i];
            continue;
        }
        passage->counts->rows++;
        passage->counts->bad += strcmp(receipts[i].verdict, "rejected") == 0;
        passage->counts->repeated += receipts[i].repeats;
        if (passage->told != NULL)
            passage->told(passage->context, (uint64_t) arrivals[i].position, &arrivals[i], &receipts[i]);
    }
    drop(passage);
    return ret;
}

/* All rows. 0, or as intake_table_rows. */
static int pass_all(struct passage *passage)
{
    int ret = 1;
    while (ret == 1) {
        struct passing *row = &passage->rows[passage->num];
        *row = (struct passing){ .arena = ARENA_INIT };
        ret = list_next(passage->table->list, &row->report, &row->arena);
        if (ret != 1) {
            arena_wipe(&row->arena);
            arena_free(&row->arena);
            break;
        }
        sink_init_memory(&row->alone);
        sink_init_memory(&row->says);
        sink_init_memory(&row->key);
        passage->num++;
        int status = pass(passage, row);
        if (status == 0 && passage->num == AT_ONCE)
            status = take(passage);
        if (status != 0)
            ret = status;
    }
    int last = ret == 0 || ret == BASE_ERR_INPUT ? take(passage) : 0;
    drop(passage);
    return last != 0 ? last : ret;
}

int intake_table_rows(struct intake *intake, struct store_reader *reader, struct intake_table *table,
                      const struct id *file, const struct intake_arrival *arrival, intake_told_row *told, void *context,
                      struct intake_table_counts *counts)
{
    char           reason[REASON_BYTES] = "";
    struct passage passage = { .intake = intake,
                               .reader = reader,
                               .table = table,
                               .file = file,
                               .as = arrival,
                               .told = told,
                               .context = context,
                               .counts = counts };
    *counts = (struct intake_table_counts){ .rows = 0 };
    if (table->counts != NULL)
        return intake_counts_load(intake, reader, table, file, arrival, told, context, counts);
    passage.rows = memory_array(AT_ONCE, sizeof *passage.rows);
    int ret = passage.rows == NULL ? TOC_ERR_NO_MEMORY : pass_all(&passage);
    free(passage.rows);
    free(passage.tally.entries);
    if (ret != 0 && ret != BASE_ERR_INPUT)
        return ret;
    if (ret != 0)
        snprintf(reason, sizeof reason, "it cannot be read to its end; %" PRIu64 " rows came before", counts->rows);
    else if (counts->bad > 0)
        snprintf(reason, sizeof reason, "%" PRIu64 " of %" PRIu64 " rows cannot be used", counts->bad, counts->rows);
    const char *verdict = ret != 0 || counts->bad > 0 ? "accepted-with-faults" : "accepted";
    int         ended = intake_table_end(intake, reader, file, verdict, reason, counts);
    intake_wake(intake);
    return ended != 0 ? ended : ret;
}

/* ---- one that waits ---- */

/* Where the first fault is and what would be allowed: never what was found. */
static void tell_reason(const struct fault_list *faults, const struct intake_table *table, char reason[REASON_BYTES])
{
    const struct fault *first = faults->num_kept > 0 ? &faults->faults[0] : NULL;
    if (first != NULL && first->line == 0)
        snprintf(reason, REASON_BYTES, "the file: allowed: %.150s", first->allowed);
    else if (first != NULL)
        snprintf(reason, REASON_BYTES, "line %" PRIu64 ", column %u: allowed: %.120s", first->line, first->cell,
                 first->allowed);
    else
        snprintf(reason, REASON_BYTES, "%s",
                 table->is_confirmed ? "it cannot be read" : "what its columns mean is to be confirmed");
}

static int work_rows(struct intake *intake, struct store_reader *reader, const struct model_message *message,
                     const struct model_feed *feed, const struct report_text *file,
                     const struct intake_table_form *form)
{
    struct intake_table        table = { .known = time_zone_day(message->received) };
    struct intake_table_counts counts;
    struct list_options        options = { .dates = LIST_DATES_UNDECIDED };
    struct fault_list          faults = FAULT_LIST_INIT;
    char                       channel[40], reason[REASON_BYTES];
    struct intake_arrival      arrival = { .channel = channel,
                                           .feed = feed,
                                           .submitted_by = message->submitted_by,
                                           .institution = message->sender,
                                           .history = message->history == 1 };
    snprintf(channel, sizeof channel, "%.*s", (int) message->channel.size, message->channel.bytes);
    int ret = intake_table_open(intake, reader, feed, file, "", form, NULL, &options, &faults, &table);
    if (ret == 0 && table.is_confirmed)
        ret = intake_table_rows(intake, reader, &table, &message->head.id, &arrival, NULL, NULL, &counts);
    else if (ret == 0 || ret == BASE_ERR_INPUT || ret == BASE_ERR_SYSTEM) { /* that: its reader cannot be started */
        tell_reason(&faults, &table, reason);
        ret = intake_table_say(intake, &message->head.id, "held", reason);
    }
    fault_list_free(&faults);
    intake_table_close(&table);
    return ret == BASE_ERR_INPUT ? 0 : ret; /* it was ended with that */
}

int intake_work_table(struct intake *intake, struct store_reader *reader, const struct model_message *message)
{
    struct arena             arena = ARENA_INIT;
    struct intake_table_form form = { .delimiter = '\0' };
    struct model_feed        feed;
    char                    *bytes = NULL;
    const char              *reason = NULL;
    int                      ret = 0;
    if (id_is_missing(&message->feed) || !intake_feed(intake, &message->feed, &arena, &feed))
        reason = "it is of no known feed";
    else
        ret = intake_table_bytes(reader, message, &form, &bytes);
    if (ret == STORE_ERR_ABSENT) {
        reason = "its bytes are gone";
        ret = 0;
    }
    if (reason != NULL)
        ret = intake_table_say(intake, &message->head.id, "held", reason);
    else if (ret == 0) {
        struct report_text file = { bytes, (size_t) message->num_bytes };
        ret = work_rows(intake, reader, message, &feed, &file, &form);
    }
    if (bytes != NULL)
        explicit_bzero(bytes, (size_t) message->num_bytes);
    free(bytes);
    arena_free(&arena);
    return ret;
}
