/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/event_report.h"

#include <sodium.h>
#include <string.h>

#include "base/time_zone.h"
#include "base/unicode.h"
#include "response/change_list.h"
#include "response/signal.h"
#include "store/rows_by.h"

enum { HASH_BYTES = 32, NUM_LETTERS = 12, GROUP_LETTERS = 4, LETTER_BITS = 5 };
enum { MOST_WHAT = 500 }; /* of signal.summary */
#define WHAT_ALLOWED "what is unusual, in at most 500 characters"
static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* ---- receipts ---- */

static void write_receipt(const char plain[NUM_LETTERS], char receipt[EVENT_RECEIPT_BYTES])
{
    size_t at = 0;
    for (size_t i = 0; i < NUM_LETTERS; i++) {
        if (i > 0 && i % GROUP_LETTERS == 0)
            receipt[at++] = '-';
        receipt[at++] = plain[i];
    }
    receipt[at] = '\0';
}

void event_receipt_make(const uint8_t random[EVENT_RECEIPT_RANDOM], char receipt[EVENT_RECEIPT_BYTES])
{
    char     plain[NUM_LETTERS];
    uint64_t bits = 0;
    for (size_t i = 0; i < EVENT_RECEIPT_RANDOM; i++)
        bits = bits << 8 | random[i];
    for (size_t i = 0; i < NUM_LETTERS; i++, bits >>= LETTER_BITS)
        plain[i] = letters[bits & ((1U << LETTER_BITS) - 1)];
    write_receipt(plain, receipt);
}

bool event_receipt_read(const char *typed, char receipt[EVENT_RECEIPT_BYTES])
{
    char   plain[NUM_LETTERS];
    size_t num = 0;
    for (; *typed != '\0'; typed++) {
        char letter = *typed >= 'a' && *typed <= 'z' ? (char) (*typed - 'a' + 'A') : *typed;
        letter = letter == 'O' ? '0' : letter == 'I' || letter == 'L' ? '1' : letter;
        if (letter == '-' || letter == ' ')
            continue;
        if (strchr(letters, letter) == NULL || num == NUM_LETTERS)
            return false;
        plain[num++] = letter;
    }
    if (num == NUM_LETTERS)
        write_receipt(plain, receipt);
    return num == NUM_LETTERS;
}

static void hash_receipt(const char *receipt, uint8_t hash[HASH_BYTES])
{
    static const unsigned char word[] = "event-receipt";
    crypto_generichash(hash, HASH_BYTES, (const unsigned char *) receipt, strlen(receipt), word, sizeof word - 1);
}

/* The row of a receipt; NULL: none. */
static int find_receipt(struct store_reader *reader, const char *receipt, struct arena *arena,
                        const struct model_event_report **found)
{
    uint8_t           hash[HASH_BYTES];
    struct model_text key = { (const char *) hash, sizeof hash };
    void             *rows;
    size_t            num;
    hash_receipt(receipt, hash);
    int ret = store_rows_by(reader, model_record(MODEL_EVENT_REPORT), "receipt_hash", &key, 1, 1, arena, &rows, &num);
    *found = ret == 0 && num > 0 ? rows : NULL;
    return ret;
}

/* ---- the report ---- */

struct access event_report_access(const struct event_report *report)
{
    return (struct access){
        .user = report->user, .role = ACCESS_PROGRAM, .purpose = ACCESS_DATA_QUALITY, .everywhere = true
    };
}

/* A text as it is kept: NFC, lines ended by LF, numbers struck out. Missing where nothing is said. */
static int clean(const char *said, bool strike, size_t *num_struck, struct arena *arena, struct model_text *text)
{
    const char *normal;
    size_t      size, kept = 0;
    *text = (struct model_text){ NULL, 0 };
    if (said == NULL || *said == '\0')
        return 0;
    int ret = unicode_normalize(said, strlen(said), UNICODE_NFC, arena, &normal, &size);
    if (ret != 0)
        return ret;
    char *plain = arena_array(arena, size + 1, 1);
    if (plain == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < size; i++)
        if (normal[i] != '\r')
            plain[kept++] = normal[i];
    *text = (struct model_text){ plain, kept };
    if (strike)
        *text = event_report_strike(*text, arena, num_struck);
    return text->bytes == NULL ? TOC_ERR_NO_MEMORY : 0;
}

static int check(const struct event_report *report, struct fault_list *faults)
{
    int ret = 0;
    if (id_is_missing(&report->area))
        ret = refuse_input(faults, "/area", "missing", "the area where it happens");
    if (report->what == NULL || *report->what == '\0')
        ret = refuse_input(faults, "/what", "missing", WHAT_ALLOWED);
    else if (unicode_length(report->what, strlen(report->what)) > MOST_WHAT)
        ret = refuse_input(faults, "/what", "longer", WHAT_ALLOWED);
    if (report->event_date != MODEL_MISSING_DATE && report->event_date > time_zone_day(report->now))
        ret = refuse_input(faults, "/event_date", "a day to come", "the day when it began, up to today");
    if (report->source != NULL && strcmp(report->source, "alarm") == 0)
        ret = refuse_input(faults, "/source", "alarm", "who reports: a code of the list signal_source but alarm");
    return ret;
}

static int fill(struct event_report *report, struct arena *arena, struct model_signal *signal,
                struct model_event_report *row)
{
    uint8_t hash[HASH_BYTES];
    hash_receipt(report->receipt, hash);
    signal->area = row->area = report->area;
    signal->source = text_view(report->source == NULL ? "event-report" : report->source);
    signal->syndrome = text_view(report->syndrome);
    signal->event_date = report->event_date;
    signal->num_ill = report->num_ill;
    signal->num_died = report->num_died;
    signal->num_animals = report->num_animals;
    signal->status = text_view("new");
    signal->noticed_time = time_view(arena, report->now);
    row->received = report->now;
    row->receipt_hash = (struct model_text){ arena_copy(arena, (const char *) hash, sizeof hash), sizeof hash };
    if (row->receipt_hash.bytes == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = clean(report->what, true, &report->num_struck, arena, &signal->summary);
    if (ret == 0)
        ret = clean(report->place, true, &report->num_struck, arena, &signal->place);
    return ret == 0 ? clean(report->contact, false, NULL, arena, &row->contact) : ret;
}

static int decide(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                  struct fault_list *faults)
{
    struct event_report             *report = context;
    const struct model_event_report *before;
    struct change_list               list;
    *set = (struct store_change_set){ NULL, 0 };
    report->num_struck = 0;
    int ret = find_receipt(reader, report->receipt, arena, &before);
    report->again = ret == 0 && before != NULL;
    if (report->again)
        report->id = before->head.id;
    if (ret == 0 && !report->again)
        ret = check(report, faults);
    if (ret != 0 || report->again)
        return ret;
    ret = change_list_begin(&list, arena, 3);
    struct id                  triage = signal_task_id(&report->id, SIGNAL_TRIAGE);
    struct model_signal       *signal = ret == 0 ? change_list_create(&list, MODEL_SIGNAL, &report->id) : NULL;
    struct model_event_report *row = ret == 0 ? change_list_create(&list, MODEL_EVENT_REPORT, &report->id) : NULL;
    struct model_task         *task = ret == 0 ? change_list_create(&list, MODEL_TASK, &triage) : NULL;
    if (ret == 0 && list.failed)
        ret = TOC_ERR_NO_MEMORY;
    if (ret == 0)
        ret = fill(report, arena, signal, row);
    if (ret != 0)
        return ret;
    signal_task_first(&report->id, &report->area, false, report->now, task);
    *set = (struct store_change_set){ list.changes, list.num };
    return 0;
}

void event_report_request(struct event_report *report)
{
    report->request = (struct store_request){ .verb = "report an event", .decide = decide, .context = report };
}

/* ---- what a receipt tells ---- */

const char *const event_report_steps[] = { "received", "checked", "assessed", "closed" };

static enum event_report_step step_of(const struct model_signal *signal)
{
    if (text_is(signal->status, "closed"))
        return EVENT_CLOSED;
    if (text_is(signal->status, "watching") || text_is(signal->status, "acting"))
        return EVENT_ASSESSED;
    return text_is(signal->status, "new") ? EVENT_RECEIVED : EVENT_CHECKED;
}

int event_report_follow(struct store_reader *reader, const char *receipt, struct arena *arena,
                        enum event_report_step *step, int64_t *received)
{
    const struct access              program = { .role = ACCESS_PROGRAM, .everywhere = true };
    const struct model_event_report *row;
    struct model_signal              signal;
    struct model_set                 visible;
    int                              ret = find_receipt(reader, receipt, arena, &row);
    if (ret == 0 && row == NULL)
        ret = STORE_ERR_ABSENT;
    if (ret == 0)
        ret = store_read(reader, &program, model_record(MODEL_SIGNAL), &row->head.id, STORE_NOW, arena, &signal,
                         &visible);
    if (ret != 0)
        return ret;
    *step = step_of(&signal);
    *received = row->received;
    return 0;
}
