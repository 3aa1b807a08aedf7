/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which records of a list, or of two, are the same person. */
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "cli/cmd.h"
#include "cli/input_options.h"
#include "cli/link_report.h"

struct link_settings {
    struct link_list_options list;
    double                   same, perhaps;
    bool                     groups, one_to_one, model;
    long                     threads;
};

struct settings {
    struct link_settings   link;
    struct output_settings output;
};

/* ---- options ---- */

static const char *set_field(void *settings, const char *value)
{
    struct link_settings *link = settings;
    const char           *equals = strchr(value, '=');
    enum person_field field = equals == NULL ? PERSON_FIELD_NONE : person_field_named(value, (size_t) (equals - value));
    if (field == PERSON_FIELD_NONE)
        return "FIELD=COLUMN with one of the fields that 'tocsin help link' lists";
    link->list.field_column[field] = equals + 1;
    return NULL;
}

static const char *set_ignored(void *settings, const char *value)
{
    struct link_settings *link = settings;
    if (link->list.num_ignored == LINK_MAX_IGNORED)
        return "at most 64 columns";
    link->list.ignored[link->list.num_ignored++] = value;
    return NULL;
}

static const char *const date_words[] = { "seen", "day-month", "month-day", NULL };

static const struct cli_option own_options[] = {
    { .name = "field",
      .value = "FIELD=COLUMN",
      .initial = "by the words of the header",
      .kind = CLI_CUSTOM,
      .set = set_field,
      .meaning = "What a column holds. May be given several times." },
    { .name = "ignore",
      .value = "COLUMN",
      .kind = CLI_CUSTOM,
      .set = set_ignored,
      .meaning = "Do not compare this column. May be given several times." },
    { .name = "dates",
      .value = "seen|day-month|month-day",
      .initial = "seen",
      .kind = CLI_CHOICE,
      .offset = offsetof(struct link_settings, list.dates),
      .words = date_words,
      .meaning =
          "What dates with the year last (3/2/1980) begin with; seen: what the column's 13th to 31st days tell." },
    { .name = "same",
      .value = "P",
      .initial = "0.90",
      .kind = CLI_REAL,
      .low = 0,
      .high = 1,
      .open = true,
      .offset = offsetof(struct link_settings, same),
      .meaning = "From this probability on two records are the same person." },
    { .name = "perhaps",
      .value = "P",
      .initial = "0.10",
      .kind = CLI_REAL,
      .low = 0,
      .high = 1,
      .open = true,
      .offset = offsetof(struct link_settings, perhaps),
      .meaning = "From this probability on a person should look at them." },
    { .name = "groups",
      .letter = 'g',
      .kind = CLI_FLAG,
      .offset = offsetof(struct link_settings, groups),
      .meaning = "Of one list: every record with the first record of its group, instead of pairs." },
    { .name = "one-to-one",
      .kind = CLI_FLAG,
      .offset = offsetof(struct link_settings, one_to_one),
      .meaning = "Of two lists, neither of which names anybody twice: a record of B belongs to one of A at most." },
    { .name = "model",
      .kind = CLI_FLAG,
      .offset = offsetof(struct link_settings, model),
      .meaning = "Show on standard error what was learned of each column." },
    { .name = "threads",
      .letter = 'j',
      .value = "N",
      .initial = "one a processor",
      .kind = CLI_WHOLE,
      .low = 1,
      .high = 256,
      .offset = offsetof(struct link_settings, threads),
      .meaning = "Compare with N threads. The results are the same for any N." },
};

static const struct cli_group groups[] = {
    { .title = "Linkage",
      .options = own_options,
      .num_options = sizeof own_options / sizeof *own_options,
      .offset = offsetof(struct settings, link) },
    { .title = "Output",
      .options = output_options,
      .num_options = OUTPUT_NUM_OPTIONS - 1,
      .offset = offsetof(struct settings, output) },
};

/* ---- linking ---- */

static int number_of_threads(long wanted)
{
    cpu_set_t set;
    if (wanted == 0)
        wanted = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return wanted > 256 ? 256 : (int) wanted;
}

static int complain(const struct cli_command *command, int ret, const struct toc_error *error)
{
    if (ret == TOC_ERR_OPTION)
        return cli_complain(command, CLI_USE, "%s: %g is not allowed; allowed: %s", error->what, error->found,
                            error->allowed);
    return cli_complain(command, CLI_MACHINE, "%s", toc_status_text(ret));
}

static int write_result(const struct cli_command *command, const struct settings *settings, struct link_report *report)
{
    struct output output;
    bool          groups_wanted = settings->link.groups;
    int           exit_code = groups_wanted
                                  ? output_begin(command, &settings->output, link_group_columns, link_num_group_columns, &output)
                                  : output_begin(command, &settings->output, link_pair_columns, link_num_pair_columns, &output);
    if (exit_code != CLI_DONE)
        return exit_code;
    if (groups_wanted)
        link_report_groups(report, &output.rows);
    else
        link_report_pairs(report, &output.rows);
    return output_finish(command, &output);
}

static void say_counts(const struct link_report *report)
{
    const struct link_lists *lists = report->lists;
    if (report->result->group != NULL)
        fprintf(stderr, "%zu records; %llu persons with several records; %llu pairs for a person to decide\n",
                lists->num_records, (unsigned long long) report->num_groups, (unsigned long long) report->num_perhaps);
    else
        fprintf(stderr, "%zu and %zu records; %llu of the first are in the second; %llu for a person to decide\n",
                lists->num_first, lists->num_records - lists->num_first, (unsigned long long) report->num_same,
                (unsigned long long) report->num_perhaps);
}

static int link_lists(const struct cli_command *command, const struct settings *settings,
                      const struct link_lists *lists)
{
    struct link_columns        columns;
    struct link_result         result = { .num_pairs = 0 };
    struct toc_error           error = { .what = "" };
    struct toc_linkage_options options = TOC_LINKAGE_OPTIONS_INIT;
    int                        exit_code;
    options.same = settings->link.same;
    options.perhaps = settings->link.perhaps;
    link_lists_columns(lists, &columns);
    if (columns.num == 0)
        return cli_complain(command, CLI_INPUT,
                            "no column that says anything of a person; --field FIELD=COLUMN names them");
    int ret = link_run(lists, &columns, &options, settings->link.one_to_one, number_of_threads(settings->link.threads),
                       &result, &error);
    if (ret == 0) {
        struct link_report report = { lists, &columns, &result, options.same, 0, 0, 0 };
        if (settings->link.model)
            link_report_model(&report, stderr);
        exit_code = write_result(command, settings, &report);
        if (exit_code == CLI_DONE)
            say_counts(&report);
    } else {
        exit_code = complain(command, ret, &error);
    }
    link_result_free(&result);
    return exit_code;
}

/* A column that the user names is one that a list has. */
static int check_named(const struct cli_command *command, const struct link_list_options *options,
                       const struct link_lists *lists)
{
    for (int field = 0; field < PERSON_NUM_FIELDS; field++)
        if (options->field_column[field] != NULL && !lists->found[field])
            return cli_complain(command, CLI_USE, "--field %s=%s: no list has a column of that name",
                                person_field_texts[field].code, options->field_column[field]);
    return CLI_DONE;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings   settings = { .link = { .same = 0.90, .perhaps = 0.10 }, .output = OUTPUT_SETTINGS_INIT };
    struct fault_list faults = FAULT_LIST_INIT;
    struct link_lists lists = { .num_records = 0 };
    int               first, ret = 0, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    int num = argc - first;
    if (num < 1 || num > LINK_MAX_LISTS)
        return cli_complain(command, CLI_USE, "one list or two are needed; 'tocsin help link' shows how");
    if (num == 2 && settings.link.groups)
        return cli_complain(command, CLI_USE, "--groups is for one list");
    for (int i = 0; i < num && ret == 0; i++) {
        ret = link_lists_read(&lists, argv[first + i], &settings.link.list, &faults, stderr);
        if (i == 0)
            lists.num_first = lists.num_records;
    }
    if (ret != 0)
        exit_code = input_report(command, ret, &faults);
    else if ((exit_code = check_named(command, &settings.link.list, &lists)) == CLI_DONE)
        exit_code = link_lists(command, &settings, &lists);
    link_lists_free(&lists);
    fault_list_free(&faults);
    return exit_code;
}

static const char *const usage[] = { "[OPTION]… LIST.csv", "[OPTION]… A.csv B.csv", NULL };

static const struct cli_example examples[] = {
    { "tocsin link linelist.csv", "Pairs of records that are, or perhaps are, one person, with the reasons." },
    { "tocsin link --groups linelist.csv", "Every record with its group." },
    { "tocsin link results.csv register.csv", "For each record of results.csv, its person in register.csv." },
    { "tocsin link --field birth_date=Geburt --field record=Nr linelist.csv", "Columns with names of their own." },
    { NULL, NULL },
};

const struct cli_command cli_command_link = {
    .name = "link",
    .summary = "which records of one list, or of two, are the same person",
    .usage = usage,
    .text =
        "Compares names, birth dates, sex, numbers, telephones, addresses and places by Fellegi and Sunter's model, "
        "which it learns from the lists themselves, without labels. Slips of the pen, exchanged names and dates, the "
        "same name in Chinese characters and pinyin, and the spellings of Tibetan names are seen. Three answers: same, "
        "perhaps (for a person to decide), and different, which is not printed.\n"
        "\n"
        "Lists are CSV or TSV in UTF-8 with a header line. Columns are recognised by their header in English or "
        "Chinese; standard error says which column was taken for what. FIELD is one of record (the record's own "
        "number, printed and never compared), name, given, family, birth_date, sex, identifier, identifier_2, phone, "
        "phone_2, house_number, address, address_2, village, town, county, state, postcode, occupation, birth_place. "
        "Columns of what Tocsin never collects (ethnicity, religion, politics …) are not read.\n"
        "\n"
        "Nothing of a person is printed but the record's number or line, how each column agrees, and what that "
        "weighs (log of the odds; + speaks for, - against).",
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
