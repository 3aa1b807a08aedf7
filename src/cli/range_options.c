/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/range_options.h"

#include <inttypes.h>
#include <string.h>

const char *range_date(const char *value, bool is_end, toc_date *date)
{
    enum date_form form;
    toc_date       first;
    if (date_from_text(value, strlen(value), &first, &form, NULL) != 0)
        return DATE_ALLOWED;
    *date = first;
    if (is_end && form == DATE_FORM_WEEK)
        *date = first + 6;
    if (is_end && form == DATE_FORM_MONTH)
        *date = date_advance(first, DATE_STEP_MONTH, 1) - 1;
    return NULL;
}

static const char *set_from(void *settings, const char *value)
{
    struct range_settings *range = settings;
    range->has_from = true;
    return range_date(value, false, &range->from);
}

static const char *set_to(void *settings, const char *value)
{
    struct range_settings *range = settings;
    range->has_to = true;
    return range_date(value, true, &range->to);
}

const struct cli_option range_options[RANGE_NUM_OPTIONS] = {
    { .name = "last",
      .letter = 'n',
      .value = "N",
      .kind = CLI_WHOLE,
      .low = 1,
      .high = COUNTS_MAX_STEPS,
      .offset = offsetof(struct range_settings, last),
      .meaning =
          "Only the newest N days, weeks or months of the files. The history before them is used all the same." },
    { .name = "from",
      .value = "DATE",
      .initial = "the first date",
      .kind = CLI_CUSTOM,
      .set = set_from,
      .meaning = "Only this day, ISO week or month and later ones. The history before it is used all the same." },
    { .name = "to",
      .value = "DATE",
      .initial = "the newest date",
      .kind = CLI_CUSTOM,
      .set = set_to,
      .meaning = "Only up to this day, ISO week or month, itself included." },
};

int range_choose(const struct cli_command *command, const struct range_settings *settings,
                 const struct counts_summary *summary, toc_date *from, toc_date *to)
{
    char first[DATE_TEXT_BYTES], last[DATE_TEXT_BYTES];
    if (settings->last > 0 && (settings->has_from || settings->has_to))
        return cli_complain(command, CLI_USE, "--last and --from or --to exclude each other");
    if (settings->has_from && settings->has_to && settings->from > settings->to)
        return cli_complain(command, CLI_USE, "--from lies after --to");
    *from = settings->has_from ? settings->from : TOC_DATE_MIN;
    *to = settings->has_to ? settings->to : TOC_DATE_MAX;
    if (settings->last > 0)
        *from = date_advance(summary->last, summary->step, 1 - settings->last);
    if (*from <= summary->last && *to >= summary->first)
        return CLI_DONE;
    date_to_text(summary->first, summary->form, first);
    date_to_text(summary->last, summary->form, last);
    return cli_complain(command, CLI_USE, "no date between --from and --to: the counts reach from %s to %s", first,
                        last);
}

void range_absent_add(struct range_absent *absent, const char *name)
{
    if (absent->num < RANGE_MAX_NAMES)
        snprintf(absent->name[absent->num], sizeof absent->name[0], "%s", name);
    absent->num++;
}

void range_absent_warn(const struct range_absent *absent, const struct cli_command *command)
{
    if (absent->num == 0)
        return;
    fprintf(stderr, "tocsin %s: warning: %" PRIu64 " series without a count in the dates asked for:", command->name,
            absent->num);
    for (uint64_t i = 0; i < absent->num && i < RANGE_MAX_NAMES; i++)
        fprintf(stderr, "%s %s", i == 0 ? "" : ",", absent->name[i]);
    fprintf(stderr, "%s\n", absent->num > RANGE_MAX_NAMES ? " …" : "");
}
