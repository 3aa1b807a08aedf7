/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/watch_senders.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "response/change_list.h"
#include "response/watch_silence.h"
#include "store/key_table.h"
#include "store/rows_by.h"

enum { WINDOW = WATCH_SENDER_WINDOW, MOST_CHANGES = 10000 };

/* ---- the rules ---- */

static int64_t sum(const int64_t *days, size_t from, size_t to)
{
    int64_t all = 0;
    for (size_t i = from; i < to; i++)
        all += days[i];
    return all;
}

/* Is so many much of all? */
static bool is_much(int64_t own, int64_t of, double *percent)
{
    if (own < WATCH_SENDER_LEAST || own > of || 100 * own < WATCH_SENDER_PERCENT * of)
        return false;
    *percent = nearbyint(100.0 * (double) own / (double) of);
    return true;
}

/* No more than the area was used to: sent in `days` days, where it had `before` in the days before. */
static bool is_usual(int64_t sent, size_t days, int64_t before, size_t days_before)
{
    double usual = (double) before / (double) days_before * (double) days;
    return (double) sent <= usual + 3 * sqrt(usual);
}

bool watch_sender_joined(const struct watch_sender_days *sender, const struct watch_sender_days *all, size_t left,
                         struct watch_sender_change *change)
{
    size_t first = left < WINDOW ? left : 0;
    while (first < WINDOW && sender->sent[first] <= 0)
        first++;
    if (first < WATCH_SENDER_BEFORE || first == WINDOW)
        return false;
    size_t  from = first - WATCH_SENDER_BEFORE, half = first - WATCH_SENDER_BEFORE / 2;
    int64_t before = sum(all->sent, from, first), sent = sum(sender->sent, first, WINDOW),
            volume = sum(all->sent, first, WINDOW), rest = volume - sum(all->top, first, WINDOW);
    if (before < WATCH_SENDER_BASE || sum(all->sent, from, half) == 0 || sum(all->sent, half, first) == 0)
        return false; /* the area itself has begun */
    change->day = first;
    return is_usual(sent, WINDOW - first, before, WATCH_SENDER_BEFORE) &&
           (2 * rest >= volume ? is_much(sent - sum(sender->top, first, WINDOW), rest, &change->percent)
                               : is_much(sent, volume, &change->percent));
}

bool watch_sender_left(const struct watch_sender_days *sender, const struct watch_sender_days *all,
                       struct watch_sender_change *change)
{
    struct watch_silence silence;
    size_t               end = WINDOW;
    while (end > 0 && sender->sent[end - 1] <= 0)
        end--;
    if (end < WATCH_SENDER_RECENT || end == WINDOW || sum(all->sent, end, WINDOW) == 0)
        return false;
    watch_silence_judge(sender->known, WINDOW, &silence);
    change->day = end;
    return silence.silent && silence.empty >= WATCH_SENDER_SILENT &&
           is_much(sum(sender->sent, end - WATCH_SENDER_RECENT, end), sum(all->sent, end - WATCH_SENDER_RECENT, end),
                   &change->percent);
}

/* ---- codes ---- */

void watch_sender_codes_free(struct watch_sender_codes *codes)
{
    free(codes->codes);
    *codes = (struct watch_sender_codes){ NULL, 0, 0 };
}

static int take_code(void *context, uint32_t number, const char *first, size_t first_size, const char *second,
                     size_t second_size)
{
    struct watch_sender_codes *codes = context;
    if (number >= codes->room) {
        size_t                    room = 2 * (size_t) number + 64;
        struct watch_sender_code *more = memory_resize(codes->codes, room, sizeof *more);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        memset(more + codes->room, 0, (room - codes->room) * sizeof *more);
        codes->codes = more;
        codes->room = room;
    }
    struct watch_sender_code *code = &codes->codes[number];
    if (id_from_text(first, first_size, &code->sender) == 0)
        code->disease = second_size > 0 ? text_hash(second, second_size) : 0;
    codes->newest = number;
    return 0;
}

/* ---- what was sent ---- */

/* Of one disease. */
struct volume {
    uint32_t sender; /* number */
    uint64_t disease;
    int64_t  sent[WINDOW];
};

struct volumes {
    toc_date                         first; /* day of the window */
    const struct watch_sender_codes *codes;
    struct key_table                 by_codes;  /* struct numbered */
    struct key_table                 by_sender; /* the same */
    struct volume                   *list;
    size_t                           num, room;
    struct watch_sender_days        *senders;
    struct id                       *ids;
    size_t                           num_senders, room_senders;
    struct watch_sender_days         all;
};

struct numbered_codes {
    uint32_t codes, number;
};

struct numbered_sender {
    struct id id;
    uint32_t  number;
};

static void volumes_free(struct volumes *volumes)
{
    key_table_free(&volumes->by_codes);
    key_table_free(&volumes->by_sender);
    free(volumes->list);
    free(volumes->senders);
    free(volumes->ids);
}

static int sender_number(struct volumes *volumes, const struct id *id, uint32_t *number)
{
    void *entry;
    bool  added;
    int   ret = key_table_put(&volumes->by_sender, id, &entry, &added);
    if (ret != 0)
        return ret;
    struct numbered_sender *found = entry;
    if (added) {
        if (volumes->num_senders == volumes->room_senders) {
            size_t room = volumes->room_senders == 0 ? 16 : 2 * volumes->room_senders;
            void  *senders = memory_resize(volumes->senders, room, sizeof *volumes->senders);
            if (senders == NULL)
                return TOC_ERR_NO_MEMORY;
            volumes->senders = senders;
            void *ids = memory_resize(volumes->ids, room, sizeof *volumes->ids);
            if (ids == NULL)
                return TOC_ERR_NO_MEMORY;
            volumes->ids = ids;
            volumes->room_senders = room;
        }
        volumes->senders[volumes->num_senders] = (struct watch_sender_days){ .sent = { 0 } };
        volumes->ids[volumes->num_senders] = *id;
        found->number = (uint32_t) volumes->num_senders++;
    }
    *number = found->number;
    return 0;
}

static int volume_of(struct volumes *volumes, uint32_t codes, struct volume **volume)
{
    static const struct watch_sender_code unknown;
    const struct watch_sender_code *code = codes < volumes->codes->room ? &volumes->codes->codes[codes] : &unknown;
    void                           *entry;
    bool                            added;
    int                             ret = key_table_put(&volumes->by_codes, &codes, &entry, &added);
    if (ret != 0)
        return ret;
    struct numbered_codes *found = entry;
    if (added && volumes->num == volumes->room) {
        size_t room = volumes->room == 0 ? 16 : 2 * volumes->room;
        void  *more = memory_resize(volumes->list, room, sizeof *volumes->list);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        volumes->list = more;
        volumes->room = room;
    }
    if (added) {
        struct volume made = { .disease = code->disease };
        ret = sender_number(volumes, &code->sender, &made.sender);
        if (ret != 0)
            return ret;
        volumes->list[volumes->num] = made;
        found->number = (uint32_t) volumes->num++;
    }
    *volume = &volumes->list[found->number];
    return 0;
}

static int take_cell(void *context, uint32_t codes, toc_date day, toc_date known, int64_t value)
{
    struct volumes *volumes = context;
    struct volume  *volume;
    int64_t         at = (int64_t) day - volumes->first, at_known = (int64_t) known - volumes->first;
    if (day == MODEL_MISSING_DATE || at < 0 || at >= WINDOW)
        return 0;
    int ret = volume_of(volumes, codes, &volume);
    if (ret != 0)
        return ret;
    struct watch_sender_days *sender = &volumes->senders[volume->sender];
    volume->sent[at] += value;
    sender->sent[at] += value;
    volumes->all.sent[at] += value;
    if (value > 0 && at_known >= 0) /* the day that the database writes by may be ahead of this one */
        sender->known[at_known < WINDOW ? at_known : WINDOW - 1] += (double) value;
    return 0;
}

/* The disease of which this sender sent most of late, its own and everybody's; of as many of two of them that with the
 * greater hash, whatever came first. */
static void fill_top(struct volumes *volumes, size_t sender)
{
    int64_t  most = 0;
    uint64_t disease = 0;
    for (size_t i = 0; i < volumes->num; i++) {
        const struct volume *one = &volumes->list[i];
        int64_t              sent = sum(one->sent, WATCH_SENDER_BEFORE, WINDOW);
        if (one->sender == sender && one->disease != 0 && (sent > most || (sent == most && one->disease > disease))) {
            most = sent;
            disease = one->disease;
        }
    }
    memset(volumes->all.top, 0, sizeof volumes->all.top);
    for (size_t i = 0; i < volumes->num && disease != 0; i++)
        for (size_t d = 0; d < WINDOW && volumes->list[i].disease == disease; d++) {
            volumes->all.top[d] += volumes->list[i].sent[d];
            if (volumes->list[i].sender == sender)
                volumes->senders[sender].top[d] += volumes->list[i].sent[d];
        }
}

static const struct model_counter *counter_of(const struct model_record *record)
{
    const char *name = record == model_record(MODEL_CASE) ? "case_by_sender" : "result_by_sender";
    size_t      at = 0;
    while (at + 1 < record->num_counters && strcmp(record->counters[at].name, name) != 0)
        at++;
    return &record->counters[at];
}

static int read_volumes(struct store_reader *reader, const struct access *who, const struct watch_sender_codes *codes,
                        const struct watch_senders_at *at, toc_date today, struct volumes *volumes)
{
    const struct model_record *record = model_record(at->record);
    struct store_count_query   query = {
          .record = record, .counter = counter_of(record), .area = at->area, .from = today - WINDOW + 1, .to = today
    };
    *volumes = (struct volumes){ .first = query.from,
                                 .codes = codes,
                                 .by_codes = KEY_TABLE_INIT(sizeof(uint32_t), struct numbered_codes),
                                 .by_sender = KEY_TABLE_INIT(sizeof(struct id), struct numbered_sender) };
    return store_count_cells(reader, who, &query, take_cell, volumes);
}

/* ---- what is written, and what is to be ---- */

struct looking {
    const struct watch_senders_at    *at;
    toc_date                          first;   /* day of the window */
    const struct model_series_change *written; /* of senders that joined or left, of all areas */
    size_t                            num_written;
    struct arena                     *arena;
    struct store_change              *changes;
    size_t                            num, room;
};

static bool same(struct model_text a, struct model_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static bool any_left(const struct looking *looking)
{
    bool any = false;
    for (size_t i = 0; i < looking->num_written && !any; i++)
        any = id_equal(&looking->written[i].area, &looking->at->area) &&
              text_is(looking->written[i].kind, watch_mark_words[WATCH_SENDER_LEFT]);
    return any;
}

/* Since when a sender had left, the last time; WINDOW: it had not, or long ago. */
static size_t left_since(const struct looking *looking, const struct id *sender)
{
    size_t since = WINDOW;
    for (size_t i = 0; i < looking->num_written; i++) {
        const struct model_series_change *one = &looking->written[i];
        int64_t                           at = (int64_t) one->day - looking->first;
        if (id_equal(&one->area, &looking->at->area) && id_equal(&one->sender, sender) &&
            text_is(one->kind, watch_mark_words[WATCH_SENDER_LEFT]) &&
            same(one->indicator, looking->at->indicators[0]) && at >= 0 && at < WINDOW &&
            (since == WINDOW || (size_t) at > since))
            since = (size_t) at;
    }
    return since;
}

static const struct model_series_change *find_written(const struct looking *looking, const struct id *sender,
                                                      struct model_text indicator, enum watch_mark mark, toc_date day)
{
    for (size_t i = 0; i < looking->num_written; i++) {
        const struct model_series_change *one = &looking->written[i];
        if (id_equal(&one->area, &looking->at->area) && id_equal(&one->sender, sender) &&
            text_is(one->kind, watch_mark_words[mark]) && same(one->indicator, indicator) &&
            labs((long) one->day - (long) day) <= WATCH_SENDER_RECENT)
            return one;
    }
    return NULL;
}

static struct store_change *add_change(struct looking *looking)
{
    if (looking->num == looking->room) {
        size_t               room = looking->room == 0 ? 16 : 2 * looking->room;
        struct store_change *more = arena_array(looking->arena, room, sizeof *more);
        if (more == NULL)
            return NULL;
        if (looking->num > 0)
            memcpy(more, looking->changes, looking->num * sizeof *more);
        looking->changes = more;
        looking->room = room;
    }
    struct store_change        *change = &looking->changes[looking->num];
    struct model_series_change *value = arena_array(looking->arena, 1, sizeof *value);
    if (value == NULL)
        return NULL;
    model_init(model_record(MODEL_SERIES_CHANGE), value);
    *change = (struct store_change){ .record = model_record(MODEL_SERIES_CHANGE), .value = value };
    looking->num++;
    return change;
}

/* One row; day and percent are what it should say. */
static int want(struct looking *looking, const struct id *sender, struct model_text indicator, enum watch_mark mark,
                toc_date day, double percent)
{
    const struct model_series_change *there = find_written(looking, sender, indicator, mark, day);
    if (there != NULL && (there->noticed != 1 || (there->day == day && there->percent == percent)))
        return 0;
    struct store_change *change = add_change(looking);
    if (change == NULL)
        return TOC_ERR_NO_MEMORY;
    struct model_series_change *value = change->value;
    value->day = day;
    value->percent = percent;
    if (there != NULL) {
        change->verb = STORE_CHANGE;
        change->version = there->head.version;
        value->head.id = there->head.id;
        model_set_add(&change->given, model_series_change_day);
        model_set_add(&change->given, model_series_change_percent);
        return 0;
    }
    char kind[80];
    snprintf(kind, sizeof kind, "%s %.*s", watch_mark_words[mark], (int) indicator.size, indicator.bytes);
    change->verb = STORE_CREATE;
    value->head.id = id_that_follows(kind, &looking->at->area, sender, (uint32_t) day);
    value->area = looking->at->area;
    value->kind = text_view(watch_mark_words[mark]);
    value->indicator = indicator;
    value->sender = *sender;
    value->noticed = 1;
    return 0;
}

static int judge_sender(struct looking *looking, struct volumes *volumes, size_t number, bool may_be_back)
{
    const struct watch_sender_days *days = &volumes->senders[number];
    const struct id                *sender = &volumes->ids[number];
    struct watch_sender_change      change;
    enum watch_mark                 mark = WATCH_UNMARKED;
    int                             ret = 0;
    if (id_is_missing(sender))
        return 0;
    size_t left = may_be_back ? left_since(looking, sender) : WINDOW;
    if (sum(days->sent, 0, WATCH_SENDER_BEFORE) == 0 || left < WINDOW)
        fill_top(volumes, number);
    if (watch_sender_joined(days, &volumes->all, left, &change))
        mark = WATCH_SENDER_JOINED;
    else if (watch_sender_left(days, &volumes->all, &change))
        mark = WATCH_SENDER_LEFT;
    for (size_t i = 0; i < looking->at->num_indicators && mark != WATCH_UNMARKED && ret == 0; i++)
        ret = want(looking, sender, looking->at->indicators[i], mark, looking->first + (toc_date) change.day,
                   change.percent);
    return ret;
}

int watch_senders_changes(struct store_reader *reader, const struct access *who, struct watch_sender_codes *codes,
                          const struct watch_senders_at *at, size_t num, toc_date today, struct arena *arena,
                          struct store_change_set *set)
{
    const struct model_text kinds[] = { text_view(watch_mark_words[WATCH_SENDER_JOINED]),
                                        text_view(watch_mark_words[WATCH_SENDER_LEFT]) };
    struct looking          looking = { .at = at, .first = today - WINDOW + 1, .arena = arena };
    void                   *rows = NULL;
    int                     ret = 0;
    *set = (struct store_change_set){ NULL, 0 };
    if (num > 0)
        ret = store_rows_by(reader, model_record(MODEL_SERIES_CHANGE), "kind", kinds, 2, MOST_CHANGES, arena, &rows,
                            &looking.num_written);
    looking.written = rows;
    if (ret == 0 && num > 0)
        ret = store_count_codes(reader, codes->newest, take_code, codes);
    for (; looking.at < at + num && ret == 0; looking.at++) {
        struct volumes volumes;
        bool           back = any_left(&looking);
        ret = read_volumes(reader, who, codes, looking.at, today, &volumes);
        for (size_t k = 0; k < volumes.num_senders && ret == 0; k++)
            ret = judge_sender(&looking, &volumes, k, back);
        volumes_free(&volumes);
    }
    if (ret == 0)
        *set = (struct store_change_set){ looking.changes, looking.num };
    return ret;
}
