/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists and searches for readers of a store. */
#include "store/counters.h"
#include "store/find_person.h"
#include "store/find_text.h"
#include "store/list.h"
#include "store/store_internal.h"

static int audit_list(void *context, const struct access *who, const struct id *persons, size_t num_persons)
{
    return store_audit_reading(context, who, "list", model_record(MODEL_IDENTITY), persons, num_persons);
}

static int audit_search(void *context, const struct access *who, const struct id *persons, size_t num_persons)
{
    return store_audit_reading(context, who, "search", model_record(MODEL_IDENTITY), persons, num_persons);
}

static int undated_row(void *context, toc_date day, toc_date known, int64_t value)
{
    int64_t *total = context;
    (void) known;
    *total += day == MODEL_MISSING_DATE ? value : 0;
    return 0;
}

static int undated(struct db *db, const struct model_record *record, const struct model_counter *counter,
                   const struct id *area, const char *const dimensions[MODEL_MAX_DIMENSIONS], int64_t *total,
                   struct db_error *error)
{
    *total = 0;
    return counters_rows(db, record, counter, area, dimensions, TOC_DATE_MAX, TOC_DATE_MAX, TOC_DATE_MAX, undated_row,
                         total, error);
}

static int begin(struct store_reader *reader, struct list_source *source)
{
    *source = (struct list_source){ .keeper = reader->store->options.keeper,
                                    .total = counters_total,
                                    .undated = undated,
                                    .audit = audit_list,
                                    .audit_context = reader };
    if (reader->group != NULL) /* within a request's `decide`: too slow to hold up the others */
        return TOC_ERR_UNSUPPORTED;
    int ret = store_reader_db(reader, &source->db);
    if (ret == 0)
        source->areas = store_hold_areas(reader->store);
    return ret != 0 ? ret : source->areas == NULL ? TOC_ERR_NO_MEMORY : 0;
}

int store_list(struct store_reader *reader, const struct access *who, const struct list_query *query,
               struct arena *arena, struct list_page *page, struct fault_list *faults)
{
    struct list_source source;
    int                ret = begin(reader, &source);
    if (ret != 0)
        return ret;
    ret = list_read(&source, who, query, arena, page, faults, &reader->error);
    store_release_areas(reader->store, source.areas);
    return ret;
}

int store_totals(struct store_reader *reader, const struct access *who, const struct list_query *query, int64_t *total,
                 bool *known, struct fault_list *faults)
{
    struct list_source source;
    struct arena       arena = ARENA_INIT;
    int                ret = begin(reader, &source);
    if (ret != 0)
        return ret;
    ret = list_total(&source, who, query, &arena, total, known, faults, &reader->error);
    store_release_areas(reader->store, source.areas);
    arena_free(&arena);
    return ret;
}

int store_find_person(struct store_reader *reader, const struct access *who, const struct find_query *query,
                      bool prefix, struct arena *arena, struct find_answer *answer, struct fault_list *faults)
{
    struct list_source areas;
    int                ret = begin(reader, &areas);
    if (ret != 0)
        return ret;
    const struct find_source source = { .db = areas.db,
                                        .areas = areas.areas,
                                        .keeper = areas.keeper,
                                        .county_depth = reader->store->options.county_depth,
                                        .telephone_country = reader->store->options.telephone_country,
                                        .audit = audit_search,
                                        .audit_context = reader };
    ret = prefix ? find_person_prefix(&source, who, query, arena, answer, faults, &reader->error)
                 : find_person_whole(&source, who, query, arena, answer, faults, &reader->error);
    store_release_areas(reader->store, areas.areas);
    return ret;
}

int store_find_text(struct store_reader *reader, const struct access *who, const struct find_text_query *query,
                    struct arena *arena, struct find_text_answer *answer, struct fault_list *faults)
{
    struct list_source source;
    int                ret = begin(reader, &source);
    if (ret != 0)
        return ret;
    ret = find_text(source.db, source.areas, who, query, arena, answer, faults, &reader->error);
    store_release_areas(reader->store, source.areas);
    return ret;
}
