/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/record_list.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/node_options.h"
#include "store/find_area.h"
#include "tocsin/status.h"

/* FIELD=VALUE, or FIELD=FROM..TO with either left out. */
static const char *add_filter(void *context, const char *value)
{
    struct record_list_settings *settings = context;
    static const char            allowed[] = "FIELD=VALUE or FIELD=FROM..TO, at most 16 times, 199 bytes each";
    const char                  *equals = strchr(value, '=');
    if (equals == NULL || equals == value || strlen(value) >= sizeof settings->texts[0] ||
        settings->num_filters == LIST_MOST_FILTERS)
        return allowed;
    char               *text = settings->texts[settings->num_filters];
    struct list_filter *filter = &settings->filters[settings->num_filters++];
    strcpy(text, value);
    filter->field = text;
    text[equals - value] = '\0';
    char *is = text + (equals - value) + 1, *points = strstr(is, "..");
    if (points == NULL) {
        filter->is = is;
        return NULL;
    }
    *points = '\0';
    filter->from = *is != '\0' ? is : NULL;
    filter->to = points[2] != '\0' ? points + 2 : NULL;
    return NULL;
}

const struct cli_option record_list_options[RECORD_LIST_NUM_OPTIONS] = {
    { .name = "area",
      .letter = 'a',
      .value = "CODE",
      .initial = "all",
      .kind = CLI_TEXT,
      .offset = offsetof(struct record_list_settings, area),
      .meaning = "Only of this area and all below it." },
    { .name = "where",
      .letter = 'w',
      .value = "FIELD=VALUE",
      .kind = CLI_CUSTOM,
      .set = add_filter,
      .meaning =
          "Only rows with this value, or from one value to another (FIELD=FROM..TO); may be given several times." },
    { .name = "sort",
      .letter = 's',
      .value = "FIELD",
      .initial = "the list's first",
      .kind = CLI_TEXT,
      .offset = offsetof(struct record_list_settings, sort),
      .meaning = "The order." },
    { .name = "ascending",
      .kind = CLI_FLAG,
      .offset = offsetof(struct record_list_settings, ascending),
      .meaning = "The oldest or smallest first, instead of the newest or largest." },
    { .name = "after",
      .value = "CURSOR",
      .kind = CLI_TEXT,
      .offset = offsetof(struct record_list_settings, after),
      .meaning = "Go on behind the page that gave this cursor." },
    { .name = "from",
      .value = "VALUE",
      .kind = CLI_TEXT,
      .offset = offsetof(struct record_list_settings, from),
      .meaning = "Begin at this value of the field that is sorted by." },
    { .name = "rows",
      .value = "N",
      .initial = "50",
      .kind = CLI_WHOLE,
      .low = 1,
      .high = LIST_MOST_ROWS,
      .offset = offsetof(struct record_list_settings, rows),
      .meaning = "So many rows." },
};

static int complain_unknown(const struct cli_command *command, const char *name)
{
    struct nearest     nearest = { .word = name };
    size_t             num;
    const struct view *all = views(&num);
    for (size_t i = 0; i < num; i++)
        nearest_offer(&nearest, all[i].name);
    return cli_complain(command, CLI_USE, "there is no list '%s'%s%s%s", name,
                        nearest.best != NULL ? "; did you mean '" : "", nearest.best != NULL ? nearest.best : "",
                        nearest.best != NULL ? "'?" : "");
}

static int print_page(const struct cli_command *command, const struct list_page *page)
{
    struct sink        sink;
    struct json_writer json;
    if (sink_open(&sink, NULL) != 0)
        return cli_complain(command, CLI_MACHINE, "out of memory");
    json_writer_init(&json, &sink);
    list_write(&json, page);
    sink_character(&sink, '\n');
    return sink_finish(&sink) == 0 ? CLI_DONE
                                   : cli_complain(command, CLI_MACHINE, "standard output: %s", strerror(sink.failure));
}

int record_list_print(const struct cli_command *command, struct node *node, const struct access *who, const char *name,
                      const struct record_list_settings *settings)
{
    struct arena         arena = ARENA_INIT;
    struct fault_list    faults = FAULT_LIST_INIT;
    struct store_reader *reader = NULL;
    struct list_page     page;
    struct list_query    query = { .view = view_find(name, strlen(name)),
                                   .filters = settings->filters,
                                   .num_filters = settings->num_filters,
                                   .sort = settings->sort,
                                   .ascending = settings->ascending,
                                   .after = settings->after,
                                   .from = settings->from,
                                   .page_size = (size_t) settings->rows,
                                   .identities = who->purpose != ACCESS_NO_PURPOSE };
    if (query.view == NULL)
        return complain_unknown(command, name);
    int status = store_reader_open(node->store, &reader, NULL);
    if (status == 0 && settings->area != NULL)
        status = store_find_area(reader, settings->area, &query.area);
    if (status == 0)
        status = store_list(reader, who, &query, &arena, &page, &faults);
    int exit_code = status == 0 ? print_page(command, &page) : node_complain(command, status, &faults);
    fault_list_free(&faults);
    store_reader_close(reader);
    arena_wipe(&arena);
    return exit_code;
}
