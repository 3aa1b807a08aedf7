/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/case_changes.h"

#include <string.h>

#include "base/date_text.h"
#include "base/instant.h"
#include "base/time_zone.h"
#include "response/change_list.h"
#include "store/area_tree.h"
#include "store/changed_cases.h"

const char *const case_change_words[] = { "new",      "late",         "moved-in", "moved-out", "redated",
                                          "restated", "reclassified", "merged",   "erased",    NULL };
const char *const case_figure_words[] = { "received", "not-quarantined", "source-unknown", "died", NULL };

/* What a figure asks of a case: that a dimension of the counter has this code, or has not. */
static const struct {
    const char *dimension, *code; /* NULL: nothing */
    bool        has_not;
} figures[CASE_FIGURES] = {
    [CASE_FIGURE_NOT_QUARANTINED] = { "found_by", "contact-in-quarantine", true },
    [CASE_FIGURE_SOURCE_UNKNOWN] = { "origin", "unknown", false },
    [CASE_FIGURE_DIED] = { "outcome", "died-of-disease", false },
};

static const struct access program = { .role = ACCESS_PROGRAM, .everywhere = true };

struct reading {
    struct store_reader             *reader;
    const struct access             *who;
    const struct case_changes_query *query;
    int64_t                          before, after; /* instants; after: STORE_NOW = now */
    struct arena                    *arena;
    struct case_changes             *changes;
};

/* A case as it was known at an instant. */
struct known {
    bool              there, in_area, in_days, counts;
    struct model_case value;
};

static bool is_within(const struct reading *reading, const struct id *area)
{
    struct store           *store = store_of_reader(reading->reader);
    const struct area_tree *areas = store_hold_areas(store);
    uint32_t                inner = area_tree_find(areas, area), outer = area_tree_find(areas, &reading->query->area);
    bool                    within = inner != AREA_NONE && outer != AREA_NONE && area_tree_within(areas, inner, outer);
    store_release_areas(store, areas);
    return within;
}

static bool answers(enum case_figure figure, const struct model_case *value)
{
    switch (figure) {
    case CASE_FIGURE_NOT_QUARANTINED: return !text_is(value->found_by, figures[figure].code);
    case CASE_FIGURE_SOURCE_UNKNOWN: return text_is(value->origin, figures[figure].code);
    case CASE_FIGURE_DIED: return text_is(value->outcome, figures[figure].code);
    default: return true;
    }
}

static int read_known(const struct reading *reading, const struct id *id, int64_t as_of, struct arena *arena,
                      struct known *known)
{
    const struct case_changes_query *query = reading->query;
    struct model_set                 visible;
    *known = (struct known){ .there = false };
    int ret =
        store_read(reading->reader, &program, model_record(MODEL_CASE), id, as_of, arena, &known->value, &visible);
    if (ret == STORE_ERR_ABSENT)
        return 0;
    if (ret != 0)
        return ret;
    known->there = true;
    known->in_area = is_within(reading, &known->value.responsible_area);
    known->in_days = known->value.received_date >= query->from && known->value.received_date <= query->to;
    known->counts = known->in_area && known->in_days &&
                    (query->disease == NULL || text_is(known->value.disease, query->disease)) &&
                    answers(query->figure, &known->value);
    return 0;
}

static bool same_text(struct model_text a, struct model_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

/* It counts at one of both, in the area at both: what has changed. */
static enum case_change_kind corrected(const struct known *before, const struct known *after)
{
    return before->in_days && after->in_days ? CASE_CHANGE_RESTATED : CASE_CHANGE_REDATED;
}

/* What became of it; CASE_CHANGE_KINDS: nothing that this number tells. */
static enum case_change_kind kind_of(const struct reading *reading, const struct known *before,
                                     const struct known *after, bool merged)
{
    if (!before->there && after->counts)
        return after->value.received_date == reading->query->day ? CASE_CHANGE_NEW : CASE_CHANGE_LATE;
    if (!before->counts && after->counts)
        return before->in_area ? corrected(before, after) : CASE_CHANGE_MOVED_IN;
    if (before->counts && after->there && !after->counts)
        return after->in_area ? corrected(before, after) : CASE_CHANGE_MOVED_OUT;
    if (!before->counts || !after->counts)
        return CASE_CHANGE_KINDS;
    if (before->value.received_date != after->value.received_date)
        return CASE_CHANGE_REDATED;
    if (!same_text(before->value.classification, after->value.classification))
        return CASE_CHANGE_RECLASSIFIED;
    return merged ? CASE_CHANGE_MERGED : CASE_CHANGE_KINDS;
}

/* A row for the caller, with what they may see of the case now and then; none where it is not theirs to see. */
static int add_row(struct reading *reading, enum case_change_kind kind, const struct id *id)
{
    struct case_changes *changes = reading->changes;
    struct access        plain = *reading->who;
    struct model_case    now, then;
    struct model_set     visible;
    plain.purpose = ACCESS_NO_PURPOSE;
    if (changes->num_rows[kind] == CASE_CHANGES_ROWS)
        return 0;
    int ret = store_read(reading->reader, &plain, model_record(MODEL_CASE), id, reading->after, reading->arena, &now,
                         &visible);
    if (ret != 0)
        return ret == STORE_ERR_ABSENT || ret == STORE_ERR_DENIED ? 0 : ret;
    if (changes->rows[kind] == NULL)
        changes->rows[kind] = arena_array(reading->arena, CASE_CHANGES_ROWS, sizeof **changes->rows);
    if (changes->rows[kind] == NULL)
        return TOC_ERR_NO_MEMORY;
    struct case_change *row = &changes->rows[kind][changes->num_rows[kind]++];
    *row = (struct case_change){
        .id = *id, .disease = now.disease, .classification = now.classification, .received = now.received_date
    };
    ret = store_read(reading->reader, &plain, model_record(MODEL_CASE), id, reading->before, reading->arena, &then,
                     &visible);
    if (ret == 0)
        row->classification_before = then.classification;
    return ret == STORE_ERR_ABSENT || ret == STORE_ERR_DENIED ? 0 : ret;
}

static int judge(struct reading *reading, const struct id *id, bool merged)
{
    struct case_changes  *changes = reading->changes;
    struct arena          arena = ARENA_INIT;
    struct known          before, after;
    enum case_change_kind kind = CASE_CHANGE_KINDS;
    int                   ret = read_known(reading, id, reading->before, &arena, &before);
    if (ret == 0)
        ret = read_known(reading, id, reading->after, &arena, &after);
    if (ret == 0)
        kind = kind_of(reading, &before, &after, merged);
    /* merged cases are gone through apart, and may have been written too */
    if (kind != CASE_CHANGE_KINDS && (kind == CASE_CHANGE_MERGED) == merged) {
        changes->counts[kind]++;
        changes->changes[kind] += after.counts - before.counts;
        ret = add_row(reading, kind, id);
    }
    arena_free(&arena);
    return ret;
}

/* Was the person of a case merged since, not before? */
static int judge_merged(struct reading *reading, const struct id *id)
{
    struct arena        arena = ARENA_INIT;
    struct model_case   illness;
    struct model_person then, now;
    struct model_set    visible;
    bool                merged = false;
    int                 ret =
        store_read(reading->reader, &program, model_record(MODEL_CASE), id, STORE_NOW, &arena, &illness, &visible);
    if (ret == 0)
        ret = store_read(reading->reader, &program, model_record(MODEL_PERSON), &illness.person, reading->before,
                         &arena, &then, &visible);
    if (ret == 0 && id_is_missing(&then.merged_into)) {
        ret = store_read(reading->reader, &program, model_record(MODEL_PERSON), &illness.person, reading->after, &arena,
                         &now, &visible);
        merged = ret == 0 && !id_is_missing(&now.merged_into);
    }
    arena_free(&arena);
    if (ret == STORE_ERR_ABSENT)
        return 0;
    return ret == 0 && merged ? judge(reading, id, true) : ret;
}

/* code: of that dimension of the counter; NULL: all cases. */
static int sum_days(const struct reading *reading, toc_date known, const char *dimension, const char *code,
                    int64_t *sum)
{
    const struct case_changes_query *query = reading->query;
    const struct model_record       *record = model_record(MODEL_CASE);
    size_t                           num_days = (size_t) (query->to - query->from) + 1, at = 0;
    int64_t                         *days = arena_array(reading->arena, num_days, sizeof *days), undated;
    if (days == NULL)
        return TOC_ERR_NO_MEMORY;
    while (strcmp(record->counters[at].name, "case_by_received") != 0)
        at++;
    struct store_count_query counted = { .record = record,
                                         .counter = &record->counters[at],
                                         .area = query->area,
                                         .dimensions = { query->disease },
                                         .from = query->from,
                                         .to = query->to,
                                         .known = known };
    for (size_t i = 0; code != NULL && i < MODEL_MAX_DIMENSIONS && counted.counter->dimensions[i] != NULL; i++)
        if (strcmp(counted.counter->dimensions[i], dimension) == 0)
            counted.dimensions[i] = code;
    int ret = store_counts(reading->reader, reading->who, &counted, days, &undated);
    *sum = 0;
    for (size_t i = 0; i < num_days && ret == 0; i++)
        *sum += days[i];
    return ret;
}

static int count(const struct reading *reading, toc_date known, int64_t *sum)
{
    enum case_figure figure = reading->query->figure;
    const char      *dimension = figures[figure].dimension, *code = figures[figure].code;
    int64_t          of_code = 0, all = 0;
    int              ret = sum_days(reading, known, dimension, code, &of_code);
    if (ret == 0 && figures[figure].has_not)
        ret = sum_days(reading, known, NULL, NULL, &all);
    *sum = figures[figure].has_not ? all - of_code : of_code;
    return ret;
}

static int judge_all(struct reading *reading)
{
    struct case_changes *changes = reading->changes;
    struct id           *ids = arena_array(reading->arena, CASE_CHANGES_MOST, sizeof *ids);
    size_t               num = 0;
    bool                 more = false, more_merged = false;
    if (ids == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = store_changed_cases(reading->reader, changes->since, CASE_CHANGES_MOST, ids, &num, &more);
    for (size_t i = 0; i < num && ret == 0; i++)
        ret = judge(reading, &ids[i], false);
    if (ret == 0)
        ret = store_merged_cases(reading->reader, changes->since, CASE_CHANGES_MOST, ids, &num, &more_merged);
    for (size_t i = 0; i < num && ret == 0; i++)
        ret = judge_merged(reading, &ids[i]);
    changes->complete = !more && !more_merged;
    return ret;
}

/* What nothing else explains was erased. */
static void find_erased(struct case_changes *changes)
{
    int64_t explained = 0;
    for (size_t kind = 0; kind < CASE_CHANGE_ERASED; kind++)
        explained += changes->changes[kind];
    changes->changes[CASE_CHANGE_ERASED] = changes->now - changes->then - explained;
    changes->counts[CASE_CHANGE_ERASED] = -changes->changes[CASE_CHANGE_ERASED];
}

int case_changes_read(struct store_reader *reader, const struct access *who, const struct case_changes_query *query,
                      struct arena *arena, struct case_changes *changes)
{
    int64_t             since = time_zone_start(query->day);
    struct case_changes made = { .since = since };
    struct reading      reading = { .reader = reader,
                                    .who = who,
                                    .query = query,
                                    .before = since - 1,
                                    .after = query->past ? time_zone_start(query->day + 1) - 1 : STORE_NOW,
                                    .arena = arena,
                                    .changes = &made };
    int                 ret = store_snapshot_begin(reader);
    if (ret != 0)
        return ret;
    ret = count(&reading, query->day - 1, &made.then);
    if (ret == 0)
        ret = count(&reading, query->past ? query->day : MODEL_MISSING_DATE, &made.now);
    if (ret == 0)
        ret = judge_all(&reading);
    store_snapshot_end(reader);
    if (ret != 0)
        return ret;
    if (made.complete)
        find_erased(&made);
    *changes = made;
    return 0;
}

/* ---- as JSON ---- */

static void write_text(struct json_writer *json, const char *name, struct model_text text)
{
    json_key(json, name);
    if (text.bytes == NULL)
        json_put_null(json);
    else
        json_put_string_of(json, text.bytes, text.size);
}

static void write_row(struct json_writer *json, const struct case_change *row)
{
    char id[ID_TEXT_BYTES], day[DATE_TEXT_BYTES] = "";
    id_to_text(&row->id, id);
    json_begin_object(json);
    json_key(json, "id");
    json_put_string(json, id);
    write_text(json, "disease", row->disease);
    write_text(json, "classification", row->classification);
    write_text(json, "classification_before", row->classification_before);
    if (row->received != MODEL_MISSING_DATE)
        date_to_text(row->received, DATE_FORM_DAY, day);
    write_text(json, "received_date",
               (struct model_text){ row->received == MODEL_MISSING_DATE ? NULL : day, strlen(day) });
    json_end(json);
}

void case_changes_write(struct json_writer *json, const struct case_changes *changes)
{
    char since[INSTANT_TEXT_BYTES];
    instant_to_text(changes->since, since);
    json_begin_object(json);
    json_key(json, "since");
    json_put_string(json, since);
    json_key(json, "then");
    json_put_integer(json, changes->then);
    json_key(json, "now");
    json_put_integer(json, changes->now);
    json_key(json, "complete");
    json_put_bool(json, changes->complete);
    json_key(json, "kinds");
    json_begin_array(json);
    for (size_t kind = 0; kind < CASE_CHANGE_KINDS; kind++) {
        if (kind == CASE_CHANGE_ERASED && !changes->complete)
            continue;
        json_begin_object(json);
        json_key(json, "kind");
        json_put_string(json, case_change_words[kind]);
        json_key(json, "count");
        json_put_integer(json, changes->counts[kind]);
        json_key(json, "change");
        json_put_integer(json, changes->changes[kind]);
        json_key(json, "rows");
        json_begin_array(json);
        for (size_t i = 0; i < changes->num_rows[kind]; i++)
            write_row(json, &changes->rows[kind][i]);
        json_end(json);
        json_end(json);
    }
    json_end(json);
    json_end(json);
}
