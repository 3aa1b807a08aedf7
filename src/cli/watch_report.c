/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/watch_report.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/date_text.h"
#include "base/text.h"
#include "cli/node_options.h"
#include "response/event_report.h"
#include "store/find_area.h"

static const char *set_began(void *settings, const char *value)
{
    struct watch_report_settings *own = settings;
    enum date_form                form;
    if (date_from_text(value, strlen(value), &own->began, &form, NULL) != 0 || form != DATE_FORM_DAY)
        return "a day (2026-11-22)";
    return NULL;
}

#define AT(member) .offset = offsetof(struct watch_report_settings, member)
#define COUNT .value = "N", .kind = CLI_WHOLE, .low = 0, .high = 1e9

const struct cli_option watch_report_options[WATCH_REPORT_NUM_OPTIONS] = {
    { .name = "ill", COUNT, AT(num_ill), .meaning = "how many fell ill." },
    { .name = "died", COUNT, AT(num_died), .meaning = "how many died." },
    { .name = "animals", COUNT, AT(num_animals), .meaning = "how many animals fell ill or died." },
    { .name = "began", .value = "DAY", .kind = CLI_CUSTOM, .set = set_began, .meaning = "when it began." },
    { .name = "place", .value = "TEXT", .kind = CLI_TEXT, AT(place), .meaning = "where: a school, a lake, a market." },
    { .name = "syndrome",
      .value = "CODE",
      .kind = CLI_TEXT,
      AT(syndrome),
      .meaning = "the leading symptom, of the list symptom." },
    { .name = "source",
      .value = "CODE",
      .initial = "event-report",
      .kind = CLI_TEXT,
      AT(source),
      .meaning =
          "who reports, of the list signal_source: clinician, laboratory, school-or-workplace, animal-health …" },
};

static void take_count(long said, int64_t *count)
{
    if (said >= 0)
        *count = said;
}

int watch_report(const struct cli_command *command, struct node *node, const struct access *who,
                 const struct watch_report_settings *settings, const char *area, char *const *operands,
                 int num_operands)
{
    struct fault_list    faults = FAULT_LIST_INIT;
    struct store_reader *reader = NULL;
    struct event_report  report = EVENT_REPORT_INIT;
    uint8_t              random[EVENT_RECEIPT_RANDOM];
    char                 receipt[EVENT_RECEIPT_BYTES], text[ID_TEXT_BYTES], quoted[TEXT_QUOTE_BYTES];
    if (num_operands != 1 || area == NULL)
        return cli_complain(command, CLI_USE, "report: needs --area CODE and what is unusual, as one word in quotes");
    randombytes_buf(random, sizeof random);
    event_receipt_make(random, receipt);
    report.receipt = receipt;
    report.user = who->user;
    report.now = store_clock_now(node->store);
    report.id = node_new_id(report.now);
    report.what = operands[0];
    report.place = settings->place;
    report.source = settings->source;
    report.syndrome = settings->syndrome;
    report.event_date = settings->began;
    take_count(settings->num_ill, &report.num_ill);
    take_count(settings->num_died, &report.num_died);
    take_count(settings->num_animals, &report.num_animals);
    int status = store_reader_open(node->store, &reader, NULL);
    if (status == 0)
        status = store_find_area(reader, area, &report.area);
    store_reader_close(reader);
    if (status == STORE_ERR_ABSENT) {
        text_quote(area, strlen(area), quoted);
        return cli_complain(command, CLI_INPUT, "--area: no area has the code %s", quoted);
    }
    event_report_request(&report);
    const struct access program = event_report_access(&report);
    if (status == 0)
        status = store_submit(node->store, &program, &report.request, NULL, &faults);
    if (status != 0)
        return node_complain(command, status, &faults);
    fault_list_free(&faults);
    id_to_text(&report.id, text);
    fprintf(cli_out(), "{\"id\":\"%s\",\"receipt\":\"%s\",\"struck_out\":%zu}\n", text, receipt, report.num_struck);
    return CLI_DONE;
}
