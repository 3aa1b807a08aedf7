/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a daily report counts (daily_report.h). */
#include <stdlib.h>
#include <string.h>

#include "base/time_zone.h"
#include "response/change_list.h"
#include "response/daily_report.h"
#include "response/daily_report_document.h"
#include "store/area_tree.h"
#include "store/counters.h"
#include "store/list.h"

#define WEEK 7
#define EARLIER_DAYS 28
#define SIGNAL_DAYS 366 /* what is older and still waits is found by nobody */
#define MOST_OUTBREAKS 2000

const char *const daily_report_sections[] = { "cases",  "class",   "disease", "found",    "area",
                                              "result", "earlier", "signal",  "outbreak", NULL };

struct counting {
    struct store_reader        *reader;
    const struct access        *who;
    struct id                   area;
    toc_date                    day, known;
    struct arena               *arena;
    struct daily_report_figures figures;
};

static const struct model_counter *find_counter(enum model_record_number record, const char *name)
{
    const struct model_record *own = model_record(record);
    size_t                     at = 0;
    while (at < own->num_counters && strcmp(own->counters[at].name, name) != 0)
        at++;
    return &own->counters[at];
}

/* The numbers of a counter from day to day, of a code of each dimension; NULL: of all. */
static int count_days_of(const struct counting *counting, enum model_record_number record, const char *counter,
                         const struct id *area, const char *const codes[COUNTERS_DIMENSIONS], toc_date from,
                         toc_date to, toc_date known, int64_t *counts)
{
    struct store_count_query query = { .record = model_record(record),
                                       .counter = find_counter(record, counter),
                                       .area = *area,
                                       .from = from,
                                       .to = to,
                                       .known = known };
    memcpy(query.dimensions, codes, sizeof query.dimensions);
    return store_counts(counting->reader, counting->who, &query, counts, NULL);
}

/* Of one code of one dimension, or of all. */
static int count_days(const struct counting *counting, enum model_record_number record, const char *counter,
                      const struct id *area, size_t dimension, const char *code, toc_date from, toc_date to,
                      toc_date known, int64_t *counts)
{
    const char *codes[COUNTERS_DIMENSIONS] = { NULL };
    codes[dimension] = code;
    return count_days_of(counting, record, counter, area, codes, from, to, known, counts);
}

static int64_t sum(const int64_t *counts, size_t num)
{
    int64_t total = 0;
    for (size_t i = 0; i < num; i++)
        total += counts[i];
    return total;
}

/* The day, the seven days to it, the seven before. */
static int count_row_of(const struct counting *counting, enum model_record_number record, const char *counter,
                        const struct id *area, const char *const codes[COUNTERS_DIMENSIONS],
                        int64_t values[DAILY_REPORT_VALUES])
{
    int64_t counts[2 * WEEK] = { 0 };
    int     ret = count_days_of(counting, record, counter, area, codes, counting->day - 2 * WEEK + 1, counting->day,
                                counting->known, counts);
    values[0] = counts[2 * WEEK - 1];
    values[1] = sum(counts + WEEK, WEEK);
    values[2] = sum(counts, WEEK);
    return ret;
}

static int count_row(const struct counting *counting, enum model_record_number record, const char *counter,
                     const struct id *area, size_t dimension, const char *code, int64_t values[DAILY_REPORT_VALUES])
{
    const char *codes[COUNTERS_DIMENSIONS] = { NULL };
    codes[dimension] = code;
    return count_row_of(counting, record, counter, area, codes, values);
}

/* ---- rows ---- */

static struct daily_report_row *add_row(struct counting *counting, enum daily_report_section section, const char *item,
                                        const int64_t *values, size_t num_values)
{
    struct daily_report_figures *figures = &counting->figures;
    if (figures->num_rows == DAILY_REPORT_MOST_ROWS)
        return NULL;
    struct daily_report_row *row = &figures->rows[figures->num_rows++];
    *row = (struct daily_report_row){ .section = section, .item = item, .name = { "", "" }, .num_values = num_values };
    memcpy(row->values, values, num_values * sizeof *values);
    return row;
}

/* A row that is called by one of the report's own words. */
static void add_named(struct counting *counting, enum daily_report_section section, const char *item,
                      enum daily_report_word word, const int64_t *values, size_t num_values)
{
    struct daily_report_row *row = add_row(counting, section, item, values, num_values);
    if (row == NULL)
        return;
    row->name[MODEL_ENGLISH] = daily_report_word(word, MODEL_ENGLISH);
    row->name[MODEL_CHINESE] = daily_report_word(word, MODEL_CHINESE);
}

static bool any(const int64_t values[DAILY_REPORT_VALUES])
{
    return values[0] != 0 || values[1] != 0 || values[2] != 0;
}

/* A row for each code of a list that was counted at all. */
static int count_codes(struct counting *counting, enum daily_report_section section, const char *list, size_t dimension)
{
    const struct model_lists *lists = store_lists(store_of_reader(counting->reader));
    const struct model_entry *entry;
    int                       ret = 0;
    for (size_t i = 0; ret == 0 && lists != NULL && (entry = model_lists_entry(lists, list, i)) != NULL; i++) {
        int64_t values[DAILY_REPORT_VALUES];
        ret = count_row(counting, MODEL_CASE, "case_by_received", &counting->area, dimension, entry->code, values);
        if (ret != 0 || !any(values))
            continue;
        struct daily_report_row *row = add_row(counting, section, entry->code, values, DAILY_REPORT_VALUES);
        if (row == NULL)
            continue;
        row->name[MODEL_ENGLISH] = model_entry_name(entry, MODEL_ENGLISH);
        row->name[MODEL_CHINESE] = model_entry_name(entry, MODEL_CHINESE);
    }
    return ret;
}

static int count_cases(struct counting *counting)
{
    int64_t values[DAILY_REPORT_VALUES];
    int     ret = count_row(counting, MODEL_CASE, "case_by_received", &counting->area, 0, NULL, values);
    if (ret == 0)
        add_named(counting, DAILY_REPORT_CASES, "all", DAILY_REPORT_WORD_ALL, values, DAILY_REPORT_VALUES);
    if (ret == 0)
        ret = count_codes(counting, DAILY_REPORT_CLASS, "case_classification", 1);
    return ret == 0 ? count_codes(counting, DAILY_REPORT_DISEASE, "disease", 0) : ret;
}

/* Of the cases received: how they were found, of no known source, ended. The dimensions are found by their names. */
static int count_found(struct counting *counting)
{
    static const struct {
        const char            *item, *field, *code;
        enum daily_report_word word;
    } asked[] = { { "quarantine", "found_by", "contact-in-quarantine", DAILY_REPORT_WORD_QUARANTINE },
                  { "no-source", "origin", "unknown", DAILY_REPORT_WORD_NO_SOURCE },
                  { "died", "outcome", "died-of-disease", DAILY_REPORT_WORD_DIED } };
    const struct model_counter *counter = find_counter(MODEL_CASE, "case_by_received");
    int                         ret = 0;
    for (size_t i = 0; ret == 0 && i < sizeof asked / sizeof *asked; i++) {
        int64_t values[DAILY_REPORT_VALUES];
        size_t  dimension = 0;
        while (dimension + 1 < COUNTERS_DIMENSIONS && strcmp(counter->dimensions[dimension], asked[i].field) != 0)
            dimension++;
        ret = count_row(counting, MODEL_CASE, counter->name, &counting->area, dimension, asked[i].code, values);
        if (ret == 0)
            add_named(counting, DAILY_REPORT_FOUND, asked[i].item, asked[i].word, values, DAILY_REPORT_VALUES);
    }
    return ret;
}

/* ---- the areas below ---- */

struct below {
    struct id id;
    int64_t   values[DAILY_REPORT_VALUES];
};

static int find_below(const struct counting *counting, struct below **below, size_t *num)
{
    struct store           *store = store_of_reader(counting->reader);
    const struct area_tree *tree = store_hold_areas(store);
    uint32_t                top = area_tree_find(tree, &counting->area);
    struct area_interval    within = { 0, 0 };
    int                     ret = top == AREA_NONE ? STORE_ERR_ABSENT : 0;
    *num = 0;
    if (ret == 0)
        within = area_tree_subtree(tree, top);
    for (uint32_t area = top + 1; ret == 0 && area < within.end; area = area_tree_subtree(tree, area).end)
        ++*num;
    *below = arena_array(counting->arena, *num + 1, sizeof **below);
    if (*below == NULL)
        ret = TOC_ERR_NO_MEMORY;
    size_t at = 0;
    for (uint32_t area = top + 1; ret == 0 && area < within.end; area = area_tree_subtree(tree, area).end)
        (*below)[at++].id = *area_tree_id(tree, area);
    store_release_areas(store, tree);
    return ret;
}

static int most_first(const void *x, const void *y)
{
    const struct below *a = x, *b = y;
    int64_t             least = b->values[1] - a->values[1];
    return least != 0 ? (least > 0 ? 1 : -1) : memcmp(a->id.bytes, b->id.bytes, ID_BYTES);
}

static const char *copy_text(struct arena *arena, struct model_text text)
{
    const char *copy = text.bytes != NULL ? arena_copy(arena, text.bytes, text.size) : NULL;
    return copy != NULL ? copy : "";
}

static int name_areas(struct counting *counting, const struct below *below, size_t num)
{
    struct arena      *arena = counting->arena;
    struct model_area *areas = arena_array(arena, num + 1, sizeof *areas);
    struct id         *ids = arena_array(arena, num + 1, sizeof *ids);
    bool              *there = arena_array(arena, num + 1, sizeof *there);
    struct model_set   visible;
    if (areas == NULL || ids == NULL || there == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < num; i++)
        ids[i] = below[i].id;
    int ret = store_read_many(counting->reader, counting->who, model_record(MODEL_AREA), ids, num, arena, areas, there,
                              &visible);
    for (size_t i = 0; i < num && ret == 0; i++) {
        char text[ID_TEXT_BYTES];
        id_to_text(&ids[i], text);
        const char              *item = arena_copy(arena, text, strlen(text));
        struct daily_report_row *row =
            item != NULL ? add_row(counting, DAILY_REPORT_AREA, item, below[i].values, DAILY_REPORT_VALUES) : NULL;
        if (row == NULL)
            return TOC_ERR_NO_MEMORY;
        if (!there[i])
            continue;
        row->name[MODEL_ENGLISH] = copy_text(arena, areas[i].name_en);
        row->name[MODEL_CHINESE] = copy_text(arena, areas[i].name_zh);
    }
    return ret;
}

static int count_areas(struct counting *counting)
{
    struct below *below = NULL;
    size_t        num = 0, shown = 0;
    int           ret = find_below(counting, &below, &num);
    for (size_t i = 0; i < num && ret == 0; i++)
        ret = count_row(counting, MODEL_CASE, "case_by_received", &below[i].id, 0, NULL, below[i].values);
    if (ret != 0)
        return ret;
    qsort(below, num, sizeof *below, most_first);
    while (shown < num && shown < DAILY_REPORT_MOST_AREAS && any(below[shown].values))
        shown++;
    return name_areas(counting, below, shown);
}

/* ---- results ---- */

/* What found something, and what found it or not; a result that was taken back (cancelled, in error, superseded) is
 * none. */
static int count_results(struct counting *counting)
{
    static const char *const found[] = { "detected", "not-detected" }, *const standing[] = { "preliminary", "final",
                                                                                             "corrected" };
    int64_t values[2][DAILY_REPORT_VALUES] = { 0 };
    int     ret = 0;
    for (size_t i = 0; i < sizeof found / sizeof *found; i++)
        for (size_t k = 0; ret == 0 && k < sizeof standing / sizeof *standing; k++) {
            int64_t     part[DAILY_REPORT_VALUES];
            const char *codes[COUNTERS_DIMENSIONS] = { NULL, found[i], standing[k] };
            ret = count_row_of(counting, MODEL_RESULT, "result_by_day", &counting->area, codes, part);
            for (size_t j = 0; ret == 0 && j < DAILY_REPORT_VALUES; j++)
                values[i][j] += part[j];
        }
    if (ret != 0)
        return ret;
    for (size_t j = 0; j < DAILY_REPORT_VALUES; j++)
        values[1][j] += values[0][j];
    add_named(counting, DAILY_REPORT_RESULT, "positive", DAILY_REPORT_WORD_POSITIVE, values[0], DAILY_REPORT_VALUES);
    add_named(counting, DAILY_REPORT_RESULT, "conclusive", DAILY_REPORT_WORD_CONCLUSIVE, values[1],
              DAILY_REPORT_VALUES);
    return 0;
}

/* ---- what became known of earlier days ---- */

static int count_earlier(struct counting *counting)
{
    int64_t  now[EARLIER_DAYS] = { 0 }, then[EARLIER_DAYS] = { 0 }, late = 0, gone = 0;
    toc_date from = counting->day - EARLIER_DAYS, to = counting->day - 1;
    int      ret =
        count_days(counting, MODEL_CASE, "case_by_received", &counting->area, 0, NULL, from, to, counting->known, now);
    if (ret == 0)
        ret = count_days(counting, MODEL_CASE, "case_by_received", &counting->area, 0, NULL, from, to,
                         counting->day - 1, then);
    for (size_t i = 0; i < EARLIER_DAYS; i++) {
        late += now[i] > then[i] ? now[i] - then[i] : 0;
        gone += now[i] < then[i] ? then[i] - now[i] : 0;
    }
    if (ret == 0) {
        add_named(counting, DAILY_REPORT_EARLIER, "late", DAILY_REPORT_WORD_LATE, &late, 1);
        add_named(counting, DAILY_REPORT_EARLIER, "gone", DAILY_REPORT_WORD_GONE, &gone, 1);
    }
    return ret;
}

/* ---- signals and outbreaks ---- */

static int count_signals(struct counting *counting)
{
    int64_t values[DAILY_REPORT_VALUES], waiting, days[SIGNAL_DAYS] = { 0 };
    int     ret = count_row(counting, MODEL_SIGNAL, "signal_by_noticed", &counting->area, 0, NULL, values);
    if (ret == 0)
        ret = count_days(counting, MODEL_SIGNAL, "signal_by_noticed", &counting->area, 1, "new",
                         counting->day - SIGNAL_DAYS + 1, counting->day, counting->known, days);
    if (ret != 0)
        return ret;
    waiting = sum(days, SIGNAL_DAYS);
    add_named(counting, DAILY_REPORT_SIGNAL, "noticed", DAILY_REPORT_WORD_NOTICED, values, DAILY_REPORT_VALUES);
    add_named(counting, DAILY_REPORT_SIGNAL, "waiting", DAILY_REPORT_WORD_WAITING, &waiting, 1);
    return 0;
}

static const char *const outbreak_items[] = { "suspected", "confirmed", "under-control" };
#define NUM_ITEMS (sizeof outbreak_items / sizeof *outbreak_items)

struct outbreaks {
    int64_t opened[DAILY_REPORT_VALUES], standing[NUM_ITEMS];
};

/* As it stood when the report was frozen. */
static int take_outbreak(const struct counting *counting, const struct id *id, struct outbreaks *outbreaks)
{
    struct arena          arena = ARENA_INIT;
    struct model_outbreak outbreak;
    struct model_set      visible;
    int64_t as_of = counting->known == MODEL_MISSING_DATE ? STORE_NOW : time_zone_start(counting->known + 1) - 1;
    int ret = store_read(counting->reader, counting->who, model_record(MODEL_OUTBREAK), id, as_of, &arena, &outbreak,
                         &visible);
    if (ret == 0 && outbreak.detection_date != MODEL_MISSING_DATE && outbreak.detection_date <= counting->day) {
        toc_date age = counting->day - outbreak.detection_date;
        outbreaks->opened[0] += age == 0;
        outbreaks->opened[1] += age < WEEK;
        outbreaks->opened[2] += age >= WEEK && age < 2 * WEEK;
        for (size_t i = 0; i < NUM_ITEMS; i++)
            outbreaks->standing[i] += text_is(outbreak.status, outbreak_items[i]);
    }
    arena_free(&arena);
    return ret == STORE_ERR_ABSENT ? 0 : ret; /* it was not known then */
}

static int count_outbreaks(struct counting *counting)
{
    struct outbreaks  outbreaks = { { 0 }, { 0 } };
    struct fault_list faults = FAULT_LIST_INIT;
    struct arena      page_arena = ARENA_INIT;
    char              after[LIST_CURSOR_BYTES + 1];
    struct list_query query = { .view = view_find("outbreaks", 9),
                                .area = counting->area,
                                .page_size = LIST_MOST_ROWS };
    size_t            num = 0;
    int               ret = 0;
    do {
        struct list_page page;
        ret = store_list(counting->reader, counting->who, &query, &page_arena, &page, &faults);
        for (size_t i = 0; ret == 0 && i < page.num_rows; i++)
            ret = take_outbreak(counting, &page.ids[i], &outbreaks);
        num += ret == 0 ? page.num_rows : 0;
        query.after = NULL;
        if (ret == 0 && page.next != NULL && num < MOST_OUTBREAKS) {
            strncpy(after, page.next, sizeof after - 1);
            after[sizeof after - 1] = '\0';
            query.after = after;
        }
        arena_free(&page_arena);
    } while (ret == 0 && query.after != NULL);
    fault_list_free(&faults);
    if (ret != 0)
        return ret;
    add_named(counting, DAILY_REPORT_OUTBREAK, "opened", DAILY_REPORT_WORD_OPENED, outbreaks.opened,
              DAILY_REPORT_VALUES);
    for (size_t i = 0; i < NUM_ITEMS; i++)
        add_named(counting, DAILY_REPORT_OUTBREAK, outbreak_items[i],
                  (enum daily_report_word)(DAILY_REPORT_WORD_SUSPECTED + i), &outbreaks.standing[i], 1);
    return 0;
}

/* ---- the whole ---- */

int daily_report_count(struct store_reader *reader, const struct access *who, const struct id *area, toc_date day,
                       toc_date known, struct arena *arena, struct daily_report_figures *figures)
{
    struct counting counting = {
        .reader = reader, .who = who, .area = *area, .day = day, .known = known, .arena = arena
    };
    counting.figures.rows = arena_array(arena, DAILY_REPORT_MOST_ROWS, sizeof *counting.figures.rows);
    if (counting.figures.rows == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = count_cases(&counting);
    if (ret == 0)
        ret = count_found(&counting);
    if (ret == 0)
        ret = count_areas(&counting);
    if (ret == 0)
        ret = count_results(&counting);
    if (ret == 0)
        ret = count_earlier(&counting);
    if (ret == 0)
        ret = count_signals(&counting);
    if (ret == 0)
        ret = count_outbreaks(&counting);
    if (ret == 0)
        *figures = counting.figures;
    return ret;
}
