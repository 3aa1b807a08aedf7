/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/link_report.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

const struct rows_column link_pair_columns[] = {
    { .name = "a" },
    { .name = "b" },
    { .name = "answer" },
    { .name = "probability", .kind = ROWS_NUMBER, .decimals = 3 },
    { .name = "reasons", .max_width = 200 },
};
const size_t link_num_pair_columns = sizeof link_pair_columns / sizeof *link_pair_columns;

const struct rows_column link_group_columns[] = {
    { .name = "record" },
    { .name = "group" },
    { .name = "size", .kind = ROWS_NUMBER },
};
const size_t link_num_group_columns = sizeof link_group_columns / sizeof *link_group_columns;

static const char *const level_words[TOC_LINKAGE_NUM_LEVELS] = { "different", "in part", "alike",    "near",
                                                                 "by sound",  "swapped", "the same", "missing" };

#define LABEL_BYTES 512

static const char *label_of(const struct link_lists *lists, size_t record, char label[LABEL_BYTES])
{
    if (lists->label[record] == 0) {
        snprintf(label, LABEL_BYTES, "line %u", lists->line[record]);
        return label;
    }
    uint32_t at = lists->label[record] - 1;
    size_t   size = lists->labels.first[at + 1] - lists->labels.first[at];
    size = size < LABEL_BYTES ? size : LABEL_BYTES - 1;
    memcpy(label, lists->labels.bytes + lists->labels.first[at], size);
    label[size] = '\0';
    return label;
}

/* "given the same +5.1; birth_date near +3.0; …": the strongest say most, but the order is that of the columns. */
#define REASONS_BYTES 2048

static void write_reasons(const struct link_columns *columns, const struct toc_linkage_reasons *reasons,
                          char text[REASONS_BYTES])
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < columns->num; i++) {
        if (reasons->level[i] == TOC_LINKAGE_MISSING)
            continue;
        used += (size_t) snprintf(text + used, REASONS_BYTES - used, "%s%s %s %+.1f", used > 0 ? "; " : "",
                                  person_field_texts[columns->field[i]].code, level_words[reasons->level[i]],
                                  reasons->weight[i]);
    }
}

static void write_pair(struct link_report *report, struct rows *rows, const struct toc_linkage_pair *pair, bool same)
{
    struct toc_linkage_reasons reasons;
    char                       label[LABEL_BYTES], text[REASONS_BYTES];
    toc_linkage_explain(report->result->linkage, pair->a, pair->b, &reasons);
    write_reasons(report->columns, &reasons, text);
    rows_text(rows, label_of(report->lists, pair->a, label));
    rows_text(rows, label_of(report->lists, pair->b, label));
    rows_text(rows, same ? "same" : "perhaps");
    rows_number(rows, toc_linkage_probability(pair->log_odds));
    rows_text(rows, text);
    rows_end_row(rows);
    report->num_same += same;
    report->num_perhaps += !same;
}

/* Records in the order of their groups: first[g] … of each group's first record g. */
static uint32_t *by_group(const struct link_lists *lists, const uint32_t *group, uint32_t *begin)
{
    uint32_t *order = memory_array(lists->num_records + 1, sizeof *order);
    if (order == NULL)
        return NULL;
    for (size_t i = 0; i < lists->num_records; i++)
        begin[group[i] + 1]++;
    for (size_t i = 0; i < lists->num_records; i++)
        begin[i + 1] += begin[i];
    for (size_t i = lists->num_records; i-- > 0;)
        order[--begin[group[i] + 1]] = (uint32_t) i;
    return order;
}

static void pairs_of_groups(struct link_report *report, struct rows *rows)
{
    const struct link_lists   *lists = report->lists;
    const uint32_t            *group = report->result->group;
    struct toc_linkage_reasons reasons;
    uint32_t                  *begin = memory_array(lists->num_records + 2, sizeof *begin);
    uint32_t                  *order = begin == NULL ? NULL : by_group(lists, group, begin);
    if (order == NULL) {
        rows->sink->failure = ENOMEM;
        free(begin);
        return;
    }
    for (uint32_t first = 0; first < lists->num_records; first++) {
        uint32_t from = begin[first + 1];
        uint32_t to = first + 1 < lists->num_records ? begin[first + 2] : (uint32_t) lists->num_records;
        report->num_groups += to - from > 1;
        for (uint32_t i = from; i < to; i++)
            for (uint32_t j = i + 1; j < to; j++) {
                toc_linkage_explain(report->result->linkage, order[i], order[j], &reasons);
                struct toc_linkage_pair pair = { order[i], order[j], (float) reasons.log_odds };
                write_pair(report, rows, &pair, true);
            }
    }
    free(order);
    free(begin);
}

void link_report_pairs(struct link_report *report, struct rows *rows)
{
    const struct link_result *result = report->result;
    double                    same = log(report->same / (1.0 - report->same));
    if (result->group == NULL) {
        for (size_t a = 0; a < report->lists->num_first; a++)
            if (result->best[a].a != result->best[a].b)
                write_pair(report, rows, &result->best[a], result->best[a].log_odds >= same);
        return;
    }
    pairs_of_groups(report, rows);
    for (size_t i = 0; i < result->num_pairs; i++)
        if (result->group[result->pairs[i].a] != result->group[result->pairs[i].b])
            write_pair(report, rows, &result->pairs[i], false);
}

void link_report_groups(struct link_report *report, struct rows *rows)
{
    const struct link_lists *lists = report->lists;
    const uint32_t          *group = report->result->group;
    char                     label[LABEL_BYTES];
    uint32_t                *size = memory_array(lists->num_records + 1, sizeof *size);
    if (size == NULL) {
        rows->sink->failure = ENOMEM;
        return;
    }
    for (size_t i = 0; i < lists->num_records; i++)
        size[group[i]]++;
    for (size_t i = 0; i < lists->num_records; i++) {
        report->num_groups += group[i] == i && size[i] > 1;
        rows_text(rows, label_of(lists, i, label));
        rows_text(rows, label_of(lists, group[i], label));
        rows_number(rows, size[group[i]]);
        rows_end_row(rows);
    }
    free(size);
    for (size_t i = 0; i < report->result->num_pairs; i++)
        report->num_perhaps += group[report->result->pairs[i].a] != group[report->result->pairs[i].b];
}

void link_report_model(const struct link_report *report, FILE *file)
{
    const struct toc_linkage_model *model = toc_linkage_learned(report->result->linkage);
    fprintf(file,
            "of %.0f pairs %.0f were compared; about %.0f are one person, %.0f of one household, %.0f twins, %.0f "
            "namesakes\n",
            model->pairs, model->blocked_pairs, model->matches, model->households, model->twins, model->namesakes);
    for (size_t i = 0; i < report->columns->num; i++) {
        fprintf(file, "%-14s", person_field_texts[report->columns->field[i]].code);
        for (size_t level = TOC_LINKAGE_NUM_LEVELS - 1; level-- > 0;)
            if (model->m[i][level] > 1e-6)
                fprintf(file, "  %s m %.4f u %.2g", level_words[level], model->m[i][level], model->u[i][level]);
        fputc('\n', file);
    }
}
