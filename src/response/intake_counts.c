/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/intake_counts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/time_zone.h"
#include "response/change_list.h"
#include "response/intake_internal.h"
#include "response/intake_table_internal.h"
#include "response/stream_load.h"

enum { AT_ONCE = 64 };

/* ---- what the columns are ---- */

int intake_counts_suppose(struct intake_table *table, const char *name, struct fault_list *faults)
{
    table->counts = table->perhaps;
    int ret = count_mapping_ask(table->counts, name, faults);
    table->is_ready = ret == 0;
    return ret;
}

int intake_counts_open(struct store_reader *reader, const struct model_feed *feed, const char *name,
                       const struct report_text *mapping, const struct list_options *options, struct fault_list *faults,
                       struct intake_table *table)
{
    struct model_list_mapping *known = NULL;
    struct count_mapping      *counts = arena_array(&table->arena, 1, sizeof *counts);
    struct report_text         said = mapping != NULL ? *mapping : (struct report_text){ NULL, 0 };
    struct sheet_row           header;
    bool                       by_names = false;
    int                        ret = counts == NULL ? TOC_ERR_NO_MEMORY : sheet_next(table->sheet, &header);
    if (ret != 1)
        return ret;
    ret = count_mapping_propose(&header, &table->arena, counts, &by_names);
    if (ret == 0 && mapping == NULL)
        ret = intake_table_find_mapping(reader, feed, counts->fingerprint, &table->arena, &known);
    if (known != NULL)
        said = (struct report_text){ known->mapping.bytes, known->mapping.size };
    if (ret != 0)
        return ret;
    bool is_said = said.bytes != NULL && count_mapping_is(said.bytes, said.size);
    if (said.bytes != NULL && !is_said)
        return 0; /* of a line list */
    if (is_said)
        ret = count_mapping_apply(said.bytes, said.size, name, &table->arena, counts, faults);
    if (counts->dates == LIST_DATES_UNDECIDED)
        counts->dates = options->dates;
    if (*counts->disease == '\0' && options->disease != NULL)
        counts->disease = arena_copy(&table->arena, options->disease, strlen(options->disease));
    if (ret == 0 && counts->disease == NULL)
        ret = TOC_ERR_NO_MEMORY;
    table->is_confirmed = is_said;
    table->perhaps = is_said || counts->is_wastewater || by_names ? counts : NULL;
    if (ret != 0 || !(is_said || counts->is_wastewater))
        return ret;
    return intake_counts_suppose(table, name, faults);
}

/* ---- bad rows ---- */

/* A row that is left out, until the file is loaded. */
struct bad {
    uint64_t      line;
    struct sink   alone;
    struct report report;
};

struct loading {
    const struct count_mapping *mapping;
    struct arena                arena; /* of the reports */
    struct bad                 *rows;
    size_t                      num, room;
};

/* "\"Q\": is no number" of a cell "Q": what is wrong, without the value. */
static const char *clause_of(const struct fault *fault, struct report_text cell, struct arena *arena)
{
    char   quoted[TEXT_QUOTE_BYTES];
    size_t size = text_quote(cell.bytes, cell.size, quoted), length = strlen(fault->found);
    if (length <= size + 2 || memcmp(fault->found, quoted, size) != 0)
        return "cannot be used";
    return arena_copy(arena, fault->found + size + 2, length - size - 2);
}

static void tell_faults(struct loading *loading, const struct stream_file_left_out *row, struct report *report)
{
    const struct fault_list *faults = row->faults;
    for (size_t i = row->first_fault; i < faults->num_kept; i++) {
        const struct fault *fault = &faults->faults[i];
        struct report_place place = { .row = row->line, .column = fault->cell };
        struct report_text  cell = { "", 0 };
        if (fault->cell > 0 && fault->cell <= row->num_columns) {
            struct report_text header = { row->header[fault->cell - 1].bytes, row->header[fault->cell - 1].size };
            cell = (struct report_text){ row->cells[fault->cell - 1].bytes, row->cells[fault->cell - 1].size };
            cell.bytes = arena_copy(&loading->arena, cell.bytes, cell.size);
            place.column_name = arena_copy(&loading->arena, header.bytes, header.size);
        }
        if (cell.bytes == NULL)
            cell = (struct report_text){ "", 0 };
        const char *what = clause_of(fault, cell, &loading->arena);
        report_add_fault(report, REPORT_ERROR, REPORT_VALUE, place, cell, what != NULL ? what : "cannot be used",
                         arena_copy(&loading->arena, fault->allowed, strlen(fault->allowed)));
    }
    if (report->num_all_faults == 0)
        report_add_fault(report, REPORT_ERROR, REPORT_VALUE, (struct report_place){ .row = row->line },
                         (struct report_text){ "", 0 }, "cannot be used", NULL);
}

static int leave_out(void *context, const struct stream_file_left_out *row)
{
    struct loading *loading = context;
    if (loading->num == INTAKE_COUNTS_MOST_BAD)
        return TOC_ERR_TOO_LARGE;
    if (loading->num == loading->room) {
        size_t      room = loading->room == 0 ? 64 : 2 * loading->room;
        struct bad *more = memory_resize(loading->rows, room, sizeof *more);
        if (more == NULL)
            return TOC_ERR_NO_MEMORY;
        loading->rows = more;
        loading->room = room;
    }
    struct bad *bad = &loading->rows[loading->num++];
    *bad = (struct bad){ .line = row->line };
    sink_init_memory(&bad->alone);
    count_mapping_write_alone(loading->mapping, row, &bad->alone);
    report_init(&bad->report, &loading->arena, "", 0);
    tell_faults(loading, row, &bad->report);
    return bad->alone.failure != 0 || bad->report.out_of_memory ? TOC_ERR_NO_MEMORY : 0;
}

static int take_bad(struct intake *intake, struct loading *loading, const struct id *file,
                    const struct intake_arrival *as, intake_told_row *told, void *context,
                    struct intake_table_counts *counts)
{
    int ret = 0;
    for (size_t first = 0, num; first < loading->num && ret == 0; first += num) {
        struct intake_arrival arrivals[AT_ONCE];
        struct intake_receipt receipts[AT_ONCE];
        int                   statuses[AT_ONCE];
        num = loading->num - first < AT_ONCE ? loading->num - first : AT_ONCE;
        for (size_t i = 0; i < num; i++) {
            struct bad *bad = &loading->rows[first + i];
            arrivals[i] = *as;
            arrivals[i].format = "row";
            arrivals[i].report = &bad->report;
            arrivals[i].part_of = *file;
            arrivals[i].position = bad->line <= 10000000 ? (int64_t) bad->line : 10000000;
            arrivals[i].reject = true;
            arrivals[i].bytes = bad->alone.bytes;
            arrivals[i].size = bad->alone.used;
        }
        intake_take_many(intake, arrivals, num, receipts, statuses);
        for (size_t i = 0; i < num; i++) {
            ret = ret != 0 ? ret : statuses[i];
            if (statuses[i] != 0)
                continue;
            counts->bad++;
            counts->repeated += receipts[i].repeats;
            if (told != NULL)
                told(context, (uint64_t) arrivals[i].position, &arrivals[i], &receipts[i]);
        }
    }
    return ret;
}

static void free_loading(struct loading *loading)
{
    for (size_t i = 0; i < loading->num; i++)
        sink_free(&loading->rows[i].alone);
    free(loading->rows);
    arena_wipe(&loading->arena);
}

/* ---- the numbers ---- */

static const char *or_none(const char *text)
{
    return *text != '\0' ? text : NULL;
}

static int read_and_load(struct intake *intake, struct loading *loading, struct intake_table *table,
                         const struct intake_arrival *as, struct stream_load_report *report, size_t *num_values,
                         struct fault_list *faults)
{
    const struct count_mapping *mapping = table->counts;
    const char                 *measure = strcmp(mapping->measure, "count") == 0 ? NULL : mapping->measure;
    int64_t                     now = store_clock_now(intake->options.store);
    toc_date                    today = time_zone_day(now);
    uint8_t                    *roles = arena_array(&table->arena, mapping->num_columns + 1, 1);
    struct stream_file          file = { .num_series = 0 };
    struct stream_file_options  reads = { .wide = mapping->wide,
                                          .many = mapping->many,
                                          .dates = mapping->dates,
                                          .today = today,
                                          .known = table->known != MODEL_MISSING_DATE ? table->known : today,
                                          .left_out = leave_out,
                                          .context = loading,
                                          .opened = table->sheet,
                                          .roles = roles };
    struct stream_load_options  loads = { .code = mapping->stream,
                                          .indicator = or_none(mapping->indicator),
                                          .measure = measure,
                                          .disease = or_none(mapping->disease),
                                          .period = mapping->period,
                                          .area = or_none(mapping->area),
                                          .cumulative = mapping->cumulative,
                                          .says_cumulative = true };
    struct access               who = intake_program();
    who.everywhere = false;
    who.areas = &as->feed->area;
    who.num_areas = 1;
    if (roles == NULL)
        return TOC_ERR_NO_MEMORY;
    count_mapping_roles(mapping, roles);
    int ret = stream_file_read("", 0, "", &reads, faults, &file);
    if (ret == 0) {
        fault_list_free(faults); /* those of the rows that are left out: they are told by themselves */
        *faults = (struct fault_list) FAULT_LIST_INIT;
        *num_values = file.num_values;
        ret = stream_load(intake->options.store, &who, &file, "", &loads, now, report, faults);
    }
    stream_file_free(&file);
    return ret;
}

/* Why it is held: without what was found. */
static void tell_held(int status, const struct fault_list *faults, char reason[INTAKE_TABLE_REASON])
{
    const struct fault *last = faults->num_kept > 0 ? &faults->faults[faults->num_kept - 1] : NULL;
    if (status == TOC_ERR_TOO_LARGE)
        snprintf(reason, INTAKE_TABLE_REASON, "more than 10,000 of its rows cannot be used");
    else if (last != NULL && last->line > 0)
        snprintf(reason, INTAKE_TABLE_REASON, "line %" PRIu64 ": allowed: %.150s", last->line, last->allowed);
    else if (last != NULL)
        snprintf(reason, INTAKE_TABLE_REASON, "its streams: allowed: %.150s", last->allowed);
    else
        snprintf(reason, INTAKE_TABLE_REASON, "a stream that is not of the feed's area");
}

static int hold(struct intake *intake, const struct id *file, struct intake_table_counts *counts)
{
    int ret = intake_table_say(intake, file, "held", counts->reason);
    return ret == 0 ? BASE_ERR_INPUT : ret;
}

static int end(struct intake *intake, struct store_reader *reader, const struct id *file,
               const struct stream_load_report *report, size_t num_values, struct intake_table_counts *counts)
{
    size_t used =
        (size_t) snprintf(counts->reason, sizeof counts->reason,
                          "%zu values of %zu streams: %zu new, of these %zu in the place of others, %zu known",
                          num_values, report->num_streams, report->num_new, report->num_revised, report->num_known);
    if (report->num_corrections > 0)
        used += (size_t) snprintf(counts->reason + used, sizeof counts->reason - used,
                                  "; %zu totals smaller than before", report->num_corrections);
    if (counts->bad > 0)
        snprintf(counts->reason + used, sizeof counts->reason - used, "; %" PRIu64 " rows cannot be used", counts->bad);
    const char *verdict = counts->bad > 0 ? "accepted-with-faults" : "accepted";
    return intake_table_end(intake, reader, file, verdict, counts->reason, counts);
}

int intake_counts_load(struct intake *intake, struct store_reader *reader, struct intake_table *table,
                       const struct id *file, const struct intake_arrival *arrival, intake_told_row *told,
                       void *context, struct intake_table_counts *counts)
{
    struct loading            loading = { .mapping = table->counts };
    struct stream_load_report report = { .num_streams = 0 };
    struct fault_list         faults = FAULT_LIST_INIT;
    size_t                    num_values = 0;
    *counts = (struct intake_table_counts){ .of_numbers = true };
    if (text_is(arrival->feed->status, "stopped")) {
        snprintf(counts->reason, sizeof counts->reason, "its feed is stopped");
        return hold(intake, file, counts);
    }
    if (!text_is(arrival->feed->status, "live")) {
        snprintf(counts->reason, sizeof counts->reason, "a test: of a feed that is not live nothing is loaded");
        return intake_table_end(intake, reader, file, "accepted", counts->reason, counts);
    }
    int ret = read_and_load(intake, &loading, table, arrival, &report, &num_values, &faults);
    if (ret == BASE_ERR_INPUT || ret == TOC_ERR_TOO_LARGE || ret == STORE_ERR_ABSENT || ret == STORE_ERR_DENIED) {
        tell_held(ret, &faults, counts->reason);
        ret = hold(intake, file, counts);
    } else if (ret == 0) {
        counts->rows = num_values;
        ret = take_bad(intake, &loading, file, arrival, told, context, counts);
        if (ret == 0)
            ret = end(intake, reader, file, &report, num_values, counts);
    }
    fault_list_free(&faults);
    free_loading(&loading);
    return ret;
}
