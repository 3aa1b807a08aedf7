/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Health credentials checked offline: genuine or not, and whether they fit a file of rules. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "base/no_core.h"
#include "base/sink.h"
#include "cli/cmd.h"
#include "cli/command.h"
#include "cli/output_options.h"
#include "cli/verify_input.h"
#include "formats/credential/check.h"
#include "formats/credential/folder.h"
#include "formats/credential/report.h"
#include "formats/credential/rules.h"
#include "tocsin/status.h"

struct settings {
    const char *trust, *rules, *value_sets, *country, *region;
    int64_t     at; /* instant; INSTANT_MISSING = now */
    int         format, language;
    bool        holder;
};

static const char *set_at(void *settings, const char *value)
{
    char   whole[40];
    size_t size = strlen(value);
    if (size == 10) { /* a day begins in UTC */
        snprintf(whole, sizeof whole, "%sT00:00:00Z", value);
        value = whole;
        size = strlen(whole);
    }
    return instant_from_text(value, size, &((struct settings *) settings)->at) == 0
               ? NULL
               : "a day (2022-06-30) or an instant in UTC (2022-06-30T12:00:00Z)";
}

static const char *const formats[] = { "text", "json", "ndjson", NULL };
static const char *const languages[] = { "en", "zh", "bo", NULL };

#define AT(member) .offset = offsetof(struct settings, member)
static const struct cli_option knowledge_options[] = {
    { .name = "trust",
      .letter = 't',
      .value = "DIR",
      .kind = CLI_TEXT,
      AT(trust),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "Folder of trust lists and revocation lists. Without it every issuer is unknown." },
    { .name = "rules",
      .letter = 'r',
      .value = "FILE",
      .kind = CLI_TEXT,
      AT(rules),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "Rules that a genuine pass is held to (tocsin says whether it fits, never who may pass)." },
    { .name = "value-sets",
      .value = "FILE",
      .kind = CLI_TEXT,
      AT(value_sets),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "Value sets of the rules, in place of those in their file." },
    { .name = "country",
      .letter = 'c',
      .value = "CODE",
      .kind = CLI_TEXT,
      AT(country),
      .meaning = "Country whose rules count, as the rules name it. Needed with --rules." },
    { .name = "region",
      .value = "NAME",
      .kind = CLI_TEXT,
      AT(region),
      .meaning = "Region of that country, for rules that are of a region alone." },
    { .name = "at",
      .letter = 'a',
      .value = "TIME",
      .initial = "now",
      .kind = CLI_CUSTOM,
      .set = set_at,
      .meaning = "Check as of this time: a day, or an instant in UTC." },
};

static const struct cli_option output_options_own[] = {
    { .name = "format",
      .letter = 'f',
      .value = "FORMAT",
      .initial = "text",
      .kind = CLI_CHOICE,
      AT(format),
      .words = formats,
      .meaning = "In words for people, as one array of JSON, or as NDJSON, an object a line." },
    { .name = "language",
      .letter = 'l',
      .value = "CODE",
      .initial = "en",
      .kind = CLI_CHOICE,
      AT(language),
      .words = languages,
      .meaning = "Language of the sentences: English, Chinese or Tibetan." },
    { .name = "holder",
      .kind = CLI_FLAG,
      AT(holder),
      .meaning = "Write name and birth date in JSON too. Leave it out unless somebody compares them." },
};

static const struct cli_group groups[] = {
    { .title = "What is known",
      .options = knowledge_options,
      .num_options = sizeof knowledge_options / sizeof *knowledge_options },
    { .title = "Output",
      .options = output_options_own,
      .num_options = sizeof output_options_own / sizeof *output_options_own },
};

/* One run. */
struct work {
    const struct cli_command       *command;
    struct settings                 settings;
    struct credential_style         style;
    struct fault_list               faults;
    struct credential_trust         trust;
    struct credential_revocation   *revocation;
    struct credential_rules        *rules;
    struct credential_rules_checker checker;
    struct credential_scanner      *scanner;
    struct sink                     sink;
    int64_t                         now; /* seconds */
    uint64_t                        num_all, num_good;
};

static int out_of_memory(const struct work *work)
{
    return cli_complain(work->command, CLI_MACHINE, "out of memory");
}

/* ---- what is known ---- */

/* Faults of lists are told and the rest is used: a checkpoint goes on with what holds, and knows what is missing. */
static int read_trust(struct work *work)
{
    work->revocation = credential_revocation_new();
    if (work->revocation == NULL)
        return out_of_memory(work);
    int ret = work->settings.trust != NULL
                  ? credential_folder_read(work->settings.trust, &work->trust, work->revocation, &work->faults)
                  : credential_trust_ready(&work->trust);
    if (ret == TOC_ERR_NO_MEMORY)
        return out_of_memory(work);
    fault_list_write(&work->faults, stderr);
    fault_list_free(&work->faults);
    if (ret == BASE_ERR_SYSTEM && work->trust.num_lists == 0)
        return cli_complain(work->command, CLI_MACHINE, "%s: no list could be read", work->settings.trust);
    work->scanner = credential_scanner_new(&work->trust, work->revocation);
    return work->scanner != NULL ? CLI_DONE : out_of_memory(work);
}

static int read_whole(struct work *work, const char *path, char **bytes, size_t *size)
{
    FILE *stream = fopen(path, "rbe");
    *bytes = stream != NULL ? malloc(CREDENTIAL_RULES_FILE_BYTES + 1) : NULL;
    int exit_code = CLI_DONE;
    if (stream == NULL)
        return cli_complain(work->command, CLI_MACHINE, "%s: %s", path, strerror(errno));
    if (*bytes == NULL)
        exit_code = out_of_memory(work);
    *size = exit_code == CLI_DONE ? fread(*bytes, 1, CREDENTIAL_RULES_FILE_BYTES + 1, stream) : 0;
    if (exit_code == CLI_DONE && ferror(stream))
        exit_code = cli_complain(work->command, CLI_MACHINE, "%s: %s", path, strerror(errno));
    if (exit_code == CLI_DONE && *size > CREDENTIAL_RULES_FILE_BYTES)
        exit_code = cli_complain(work->command, CLI_INPUT, "%s: longer than 16 MiB", path);
    fclose(stream);
    return exit_code;
}

static int told(struct work *work, int ret)
{
    if (ret == TOC_ERR_NO_MEMORY)
        return out_of_memory(work);
    fault_list_write(&work->faults, stderr);
    return ret == 0 ? CLI_DONE : CLI_INPUT;
}

static int read_rules(struct work *work)
{
    const struct settings *settings = &work->settings;
    char                  *bytes = NULL;
    size_t                 size = 0;
    if (settings->rules == NULL)
        return settings->value_sets == NULL && settings->country == NULL && settings->region == NULL
                   ? CLI_DONE
                   : cli_complain(work->command, CLI_USE, "--value-sets, --country and --region need --rules");
    if (settings->country == NULL)
        return cli_complain(work->command, CLI_USE, "--rules needs --country: whose rules count");
    int exit_code = read_whole(work, settings->rules, &bytes, &size);
    if (exit_code == CLI_DONE)
        exit_code = told(work, credential_rules_read(bytes, size, settings->rules, &work->rules, &work->faults));
    free(bytes);
    bytes = NULL;
    if (exit_code != CLI_DONE || settings->value_sets == NULL)
        return exit_code;
    exit_code = read_whole(work, settings->value_sets, &bytes, &size);
    if (exit_code == CLI_DONE)
        exit_code =
            told(work, credential_rules_read_value_sets(work->rules, bytes, size, settings->value_sets, &work->faults));
    free(bytes);
    return exit_code;
}

/* ---- one credential ---- */

static int check(void *context, const struct verify_item *item)
{
    struct work                   *work = context;
    struct credential_answer       answer;
    struct credential_rules_answer fit;
    if (item->num_parts > 1)
        credential_scan_parts(work->scanner, item->parts, item->num_parts, work->now, &answer);
    else
        credential_scan(work->scanner, item->parts[0].text, item->parts[0].size, work->now, &answer);
    if (item->ill_made)
        credential_refuse_code(&answer);
    bool evaluated = credential_hold_to_rules(work->rules, work->settings.country, work->settings.region, work->now,
                                              &answer, &work->checker, &fit);
    const struct credential_found found = {
        .number = ++work->num_all,
        .now = work->now,
        .answer = &answer,
        .trust = &work->trust,
        .rules = work->rules,
        .fit = evaluated ? &fit : NULL,
    };
    credential_report(&work->sink, &work->style, &found);
    work->num_good +=
        answer.verdict == CREDENTIAL_GENUINE && (work->rules == NULL || (evaluated && fit.fit == CREDENTIAL_FITS));
    if (evaluated)
        credential_rules_wipe(&work->checker);
    return work->sink.failure != 0 ? BASE_ERR_SYSTEM : 0;
}

static void forget(void *context)
{
    struct work *work = context;
    sink_flush(&work->sink);
    if (work->sink.used == 0 && work->sink.capacity > 0)
        explicit_bzero(work->sink.bytes, work->sink.capacity);
    credential_scanner_wipe(work->scanner);
    credential_wipe_stack();
}

static int check_file(struct work *work, const char *path)
{
    const struct verify_taker taker = { check, forget, work };
    int                       ret = verify_input_each(path, &taker, &work->faults);
    if (work->sink.failure != 0)
        return CLI_DONE; /* told at the end */
    if (ret == TOC_ERR_NO_MEMORY)
        return out_of_memory(work);
    if (ret == BASE_ERR_SYSTEM)
        return cli_complain(work->command, CLI_MACHINE, "%s: %s", path != NULL ? path : "-", strerror(errno));
    return told(work, ret);
}

static int check_all(struct work *work, int num_files, char **files)
{
    int exit_code = CLI_DONE;
    if (sink_open(&work->sink, NULL) != 0)
        return out_of_memory(work);
    if (num_files == 0)
        exit_code = check_file(work, NULL);
    for (int i = 0; i < num_files; i++) {
        int one = check_file(work, files[i]);
        exit_code = one > exit_code ? one : exit_code;
    }
    if (work->style.format == CREDENTIAL_AS_JSON)
        sink_text(&work->sink, work->num_all == 0 ? "[]\n" : "]\n");
    if (work->style.format == CREDENTIAL_AS_TEXT && work->num_all > 1)
        sink_format(&work->sink, "\n%llu of %llu %s\n", (unsigned long long) work->num_good,
                    (unsigned long long) work->num_all,
                    work->rules != NULL ? "are genuine and fit the rules" : "are genuine");
    if (sink_finish(&work->sink) != 0)
        return output_complain(work->command, "-", work->sink.failure);
    return exit_code == CLI_DONE && work->num_good < work->num_all ? CLI_INPUT : exit_code;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    static struct work work;
    int                first;
    work = (struct work){ .command = command, .settings = { .at = INSTANT_MISSING } };
    int exit_code = cli_parse(command, argc, argv, &work.settings, &first);
    if (exit_code >= 0)
        return exit_code;
    if (no_core() != 0)
        return cli_complain(command, CLI_MACHINE, "this process cannot be kept from leaving a core");
    work.style = (struct credential_style){ (enum credential_format) work.settings.format,
                                            (enum credential_language) work.settings.language, work.settings.holder };
    work.now = (work.settings.at == INSTANT_MISSING ? instant_now() : work.settings.at) / INSTANT_SECOND;
    exit_code = read_rules(&work);
    if (exit_code == CLI_DONE)
        exit_code = read_trust(&work);
    if (exit_code == CLI_DONE)
        exit_code = check_all(&work, argc - first, argv + first);
    credential_scanner_free(work.scanner);
    credential_rules_free(work.rules);
    credential_revocation_free(work.revocation);
    fault_list_free(&work.faults);
    credential_trust_free(&work.trust);
    return exit_code;
}

static const char *const        usage[] = { "[OPTION]... [FILE]...", NULL };
static const struct cli_example examples[] = {
    { "tocsin verify --trust /etc/tocsin/trust pass.txt", "is this pass genuine?" },
    { "tocsin verify --trust /etc/tocsin/trust --rules rules.json --country XX -",
      "and does it fit the rules? From a scanner" },
    { "tocsin verify --trust /etc/tocsin/trust photo.jpg", "the QR codes of a photograph" },
    { "tocsin verify --trust /etc/tocsin/trust --at 2022-02-01 --format ndjson passes.ndjson",
      "thousands, as they were that day" },
    { NULL, NULL },
};

const struct cli_command cli_command_verify = {
    .name = "verify",
    .summary = "check health credentials: HC1 and SMART Health Cards, offline",
    .usage = usage,
    .text =
        "Reads the texts of QR codes, one a line; JSON values one after the other, each a text or an object with "
        "\"credential\" or \"text\"; files of SMART cards; or pictures of QR codes (PNG, JPEG). Parts of one SMART "
        "card follow one another. Asks no network and keeps nothing.\n\n"
        "Each is one of these; a sentence says what to do next:\n"
        "  genuine                a known issuer signed it, and it is in date\n"
        "  unknown issuer         no list here has the key: not said to be forged\n"
        "  forged                 the signature does not hold\n"
        "  expired, not yet valid its time, or its issuer's key's\n"
        "  revoked                its issuer has withdrawn it\n"
        "  key may not sign this  a test centre's key under a vaccination, for example\n"
        "  malformed              no health credential that can be read\n"
        "  cannot be checked      a list, a part or a way of signing is missing here\n"
        "\n"
        "The age of the lists that answered always stands with it. With --rules each genuine pass is also held to the "
        "rules "
        "of --country: it fits, does not fit, or is open, with the rule's words, legal basis and end. Tocsin never "
        "decides "
        "who may pass.\n\n"
        "In words, name and birth date stand for whoever compares them with a document; JSON leaves them out unless "
        "--holder asks.\n\n"
        "Ends with 0 where all are genuine (and fit the rules), else with 1.",
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
