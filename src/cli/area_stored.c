/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/area_stored.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/command.h"
#include "model/area_records.h"
#include "store/schema.h"

#define FIRST_ROOM 4096
#define TEXT_BYTES ((size_t) 2 << 30) /* of all names; AREA_CODES_MAX_AREAS of the longest are fewer */

static int add_area(struct area_stored *stored, size_t *room, const struct db_value *row)
{
    if (stored->num_areas == *room) {
        size_t             wanted = *room == 0 ? FIRST_ROOM : 2 * *room;
        struct model_area *larger = memory_resize(stored->areas, wanted, sizeof *larger);
        if (larger == NULL)
            return TOC_ERR_NO_MEMORY;
        stored->areas = larger;
        *room = wanted;
    }
    int ret = schema_fetch(model_record(MODEL_AREA), row, &stored->texts, &stored->areas[stored->num_areas], NULL);
    stored->num_areas += ret == 0;
    return ret;
}

int area_stored_read(struct db *db, struct area_stored *stored, struct db_error *error)
{
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 num_columns, room = 0;
    char                  *columns = schema_select(model_record(MODEL_AREA)), *sql = NULL;
    int                    ret = TOC_ERR_NO_MEMORY;
    stored->texts.limit = TEXT_BYTES;
    if (columns != NULL && asprintf(&sql, "%s ORDER BY id", columns) > 0)
        ret = db_prepare(db, sql, &statement, error);
    else
        sql = NULL;
    free(columns);
    free(sql);
    if (ret == 0)
        ret = db_run(statement, NULL, 0, error);
    if (ret != 0)
        return ret;
    while ((ret = db_step(statement, &row, &num_columns, error)) == 1)
        if ((ret = add_area(stored, &room, row)) != 0) {
            db_reset(statement);
            return ret;
        }
    return ret == 0 ? area_codes_of_records(stored->areas, stored->num_areas, &stored->list) : ret;
}

void area_stored_free(struct area_stored *stored)
{
    area_codes_free(&stored->list);
    free(stored->areas);
    arena_free(&stored->texts);
    *stored = (struct area_stored){ 0 };
}

/* ---- the tree ---- */

struct tree {
    const struct area_codes *list;
    uint32_t                *order; /* of the areas: by parent, then code, then first day; tops last */
};

static int compare_areas(const void *a, const void *b, void *context)
{
    const struct area_codes *list = context;
    const struct area_code  *one = &list->areas[*(const uint32_t *) a], *other = &list->areas[*(const uint32_t *) b];
    if (one->parent != other->parent)
        return one->parent < other->parent ? -1 : 1;
    int order = strcmp(area_codes_text(list, one->code), area_codes_text(list, other->code));
    return order != 0 ? order : (one->valid_from > other->valid_from) - (one->valid_from < other->valid_from);
}

/* The first place in the order of an area whose parent this is. */
static uint32_t first_child(const struct tree *tree, uint32_t parent)
{
    uint32_t low = 0, high = tree->list->num_areas;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (tree->list->areas[tree->order[middle]].parent < parent)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void print_day(const char *word, toc_date day)
{
    char text[DATE_TEXT_BYTES];
    if (day != AREA_CODES_NO_DATE && date_to_text(day, DATE_FORM_DAY, text) > 0)
        printf("  %s %s", word, text);
}

static void print_area(const struct tree *tree, uint32_t number, long depth)
{
    const struct area_codes *list = tree->list;
    const struct area_code  *area = &list->areas[number];
    const uint32_t           names[] = { area->name_en, area->name_zh, area->name_bo };
    printf("%*s%s", (int) (2 * depth), "", area_codes_text(list, area->code));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i] != 0)
            printf("  %s", area_codes_text(list, names[i]));
    print_day("from", area->valid_from);
    print_day("to", area->valid_to);
    if (area->successor != AREA_CODES_NONE)
        printf("  then %s", area_codes_text(list, list->areas[area->successor].code));
    putchar('\n');
}

/* The store holds areas that make a tree of at most AREA_CODES_MAX_LEVEL + 1 levels. */
static void print_below(const struct tree *tree, uint32_t number, long depth, long most)
{
    print_area(tree, number, depth);
    if (depth == most || depth == AREA_CODES_MAX_LEVEL)
        return;
    for (uint32_t at = first_child(tree, number);
         at < tree->list->num_areas && tree->list->areas[tree->order[at]].parent == number; at++)
        print_below(tree, tree->order[at], depth + 1, most);
}

static int print_tree(const struct cli_command *command, const struct area_codes *list, const char *code, long most)
{
    struct tree tree = { .list = list, .order = memory_array((size_t) list->num_areas + 1, sizeof *tree.order) };
    bool        found = code == NULL;
    char        quoted[TEXT_QUOTE_BYTES];
    if (tree.order == NULL)
        return cli_complain(command, CLI_MACHINE, "out of memory");
    for (uint32_t i = 0; i < list->num_areas; i++)
        tree.order[i] = i;
    qsort_r(tree.order, list->num_areas, sizeof *tree.order, compare_areas, (void *) (uintptr_t) list);
    for (uint32_t at = 0; at < list->num_areas; at++) {
        const struct area_code *area = &list->areas[tree.order[at]];
        if (code == NULL ? area->parent != AREA_CODES_NONE : strcmp(area_codes_text(list, area->code), code) != 0)
            continue;
        print_below(&tree, tree.order[at], 0, most);
        found = true;
    }
    free(tree.order);
    if (found)
        return cli_finish_stdout(command, CLI_DONE);
    text_quote(code, strlen(code), quoted);
    return cli_complain(command, CLI_INPUT, "no area has the code %s", quoted);
}

int area_stored_tree(const struct cli_command *command, const struct node_cli_settings *settings, const char *code,
                     long depth)
{
    struct node_opened opened;
    struct area_stored stored = { 0 };
    struct db_error    error = { 0 };
    int                exit_code = node_options_read(command, settings, &opened);
    if (exit_code != CLI_DONE)
        return exit_code;
    int ret = area_stored_read(opened.db, &stored, &error);
    node_options_close(&opened);
    if (ret == 0)
        exit_code = print_tree(command, &stored.list, code, depth);
    else
        exit_code = cli_complain(command, CLI_MACHINE, "%s", *error.what != '\0' ? error.what : node_status_text(ret));
    area_stored_free(&stored);
    return exit_code;
}
