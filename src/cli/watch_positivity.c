/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/watch_positivity.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/node_options.h"
#include "response/positivity.h"
#include "store/find_area.h"

#define AT(member) .offset = offsetof(struct watch_positivity_settings, member)

const struct cli_option watch_positivity_options[WATCH_POSITIVITY_NUM_OPTIONS] = {
    { .name = "by",
      .value = "WORD",
      .initial = "persons",
      .kind = CLI_TEXT,
      AT(by),
      .meaning = "persons: who tested positive, of whom a valid result came; tests: positive tests, of all tests." },
    { .name = "window",
      .value = "N",
      .kind = CLI_WHOLE,
      .low = 1,
      .high = 366,
      AT(window),
      .meaning = "over how many days or weeks they are added up." },
};

static int find_area(const struct cli_command *command, struct node *node, const char *area, struct id *id)
{
    struct fault_list    faults = FAULT_LIST_INIT;
    struct store_reader *reader = NULL;
    char                 quoted[TEXT_QUOTE_BYTES];
    int                  status = store_reader_open(node->store, &reader, NULL);
    if (status == 0)
        status = store_find_area(reader, area, id);
    store_reader_close(reader);
    if (status == STORE_ERR_ABSENT) {
        text_quote(area, strlen(area), quoted);
        return cli_complain(command, CLI_INPUT, "--area: no area has the code %s", quoted);
    }
    return status == 0 ? CLI_DONE : node_complain(command, status, &faults);
}

int watch_positivity(const struct cli_command *command, struct node *node, const struct access *who,
                     const struct watch_positivity_settings *settings, const char *disease, const char *area,
                     const char *period, char *const *operands, int num_operands)
{
    struct fault_list faults = FAULT_LIST_INIT;
    struct positivity made = { .disease = disease, .by = settings->by, .period = period };
    char              ids[3][ID_TEXT_BYTES];
    if (num_operands != 1 || area == NULL || disease == NULL)
        return cli_complain(command, CLI_USE,
                            "positivity: needs --disease CODE, --area CODE and the code of the stream");
    int exit_code = find_area(command, node, area, &made.area);
    if (exit_code != CLI_DONE)
        return exit_code;
    made.code = operands[0];
    made.window_steps = settings->window > 0 ? settings->window : MODEL_MISSING_INTEGER;
    made.now = store_clock_now(node->store);
    int status = positivity_request(&made, &faults);
    if (status == 0)
        status = store_submit(node->store, who, &made.request, NULL, &faults);
    if (status != 0)
        return node_complain(command, status, &faults);
    fault_list_free(&faults);
    for (size_t i = 0; i < 3; i++)
        id_to_text(&made.streams[i].head.id, ids[i]);
    fprintf(cli_out(), "{\"id\":\"%s\",\"numerator\":\"%s\",\"denominator\":\"%s\"}\n", ids[2], ids[0], ids[1]);
    return CLI_DONE;
}
