/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Issuing health credentials: keys, passes, what is printed of them. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "base/no_core.h"
#include "cli/cmd.h"
#include "cli/issue_work.h"
#include "response/pass.h"

static const struct subcommand {
    const char *name;
    bool        makes_key, signs, operands, cards; /* takes FILEs; --smart */
    int (*run)(struct issue_work *work);
} subcommands[] = {
    { "authority", true, false, false, false, issue_run_authority },
    { "signer", true, false, false, false, issue_run_signer },
    { "passes", false, true, true, true, issue_run_passes },
    { "minimal", false, true, false, false, issue_run_minimal },
    { "revoke", false, true, true, true, issue_run_revoke },
    { "publish", false, true, false, true, issue_run_publish },
    { "record", false, false, true, false, issue_run_record },
    { "withdraw", false, false, true, false, issue_run_withdraw },
};
#define DAYS 365 /* where --days is not given; of a pass out of records its kind decides (response/pass.h) */
#define NUM_SUBCOMMANDS (sizeof subcommands / sizeof *subcommands)

/* What is missing, or NULL. */
static const char *missing(const struct subcommand *subcommand, const struct issue_work *work)
{
    const struct issue_settings *settings = &work->settings;
    bool                         records = subcommand->run == issue_run_record || subcommand->run == issue_run_withdraw;
    if (subcommand->makes_key && work->num_operands != 1)
        return "the folder to make, and nothing else";
    if (subcommand->makes_key && (settings->country == NULL || settings->name == NULL))
        return "--country CODE and --name NAME are needed";
    if (subcommand->signs && settings->signer == NULL)
        return "--signer DIR is needed";
    if (subcommand->signs && !subcommand->operands && work->num_operands > 0)
        return "no file is read";
    if (settings->smart != NULL && !subcommand->cards)
        return "--smart is of passes, revoke and publish";
    if ((subcommand->signs || records) && settings->format >= ISSUE_SVG && settings->to == NULL)
        return settings->format == ISSUE_CARD ? "--to DIR is needed for files of cards"
                                              : "--to DIR is needed for pictures";
    if (settings->format == ISSUE_CARD && !(settings->smart != NULL && subcommand->run == issue_run_passes) &&
        !(settings->form == PASS_SMART && subcommand->run == issue_run_record))
        return "--format card is of passes with --smart, and of record with --form smart";
    if (records && settings->node == NULL)
        return "--node DIR is needed: the node whose records they are";
    if (settings->node != NULL && !records && subcommand->run != issue_run_signer &&
        subcommand->run != issue_run_passes && subcommand->run != issue_run_minimal)
        return "--node is of signer, passes, minimal, record and withdraw";
    if (settings->renew && subcommand->run == issue_run_authority)
        return "--renew is of signers; an authority is followed by a new one, in a folder of its own";
    if (subcommand->run == issue_run_publish && settings->to == NULL)
        return "--to DIR is needed: the folder to publish";
    return NULL;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct issue_work work = {
        .command = command,
        .settings = { .as = NODE_CLI_SETTINGS_INIT,
                      .hours = 24,
                      .batch = 1,
                      .kind = -1,
                      .millimetres = 45,
                      .at = INSTANT_MISSING },
    };
    int first, exit_code = cli_parse(command, argc, argv, &work.settings, &first);
    if (exit_code >= 0)
        return exit_code;
    const struct subcommand *found = NULL;
    for (size_t i = 0; first < argc && i < NUM_SUBCOMMANDS; i++)
        if (strcmp(subcommands[i].name, argv[first]) == 0)
            found = &subcommands[i];
    if (found == NULL)
        return cli_complain(command, CLI_USE,
                            "what to do? authority, signer, passes, minimal, revoke, publish, record or withdraw");
    work.operands = argv + first + 1;
    work.num_operands = argc - first - 1;
    const char *wrong = missing(found, &work);
    if (wrong == NULL && found->run == issue_run_minimal && work.settings.kind < 0)
        wrong = "--class is needed: vaccinated, tested or recovered";
    if (wrong != NULL)
        return cli_complain(command, CLI_USE, "%s: %s", found->name, wrong);
    if (work.settings.days == 0 && found->run != issue_run_record)
        work.settings.days = DAYS;
    if (no_core() != 0)
        return cli_complain(command, CLI_MACHINE, "this process cannot be kept from leaving a core");
    work.now = (work.settings.at == INSTANT_MISSING ? instant_now() : work.settings.at) / INSTANT_SECOND;
    exit_code = found->run(&work);
    fault_list_free(&work.faults);
    return cli_finish_stdout(command, exit_code);
}

static const char *set_at(void *settings, const char *value)
{
    return instant_from_text(value, strlen(value), &((struct issue_settings *) settings)->at) == 0 ? NULL
                                                                                                   : INSTANT_ALLOWED;
}

static const char *add_use(void *settings, const char *value)
{
    static const char *const words[] = { "tests", "vaccinations", "recoveries" }; /* the bits of credential_use */
    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(value, words[i]) == 0) {
            ((struct issue_settings *) settings)->uses |= 1U << i;
            return NULL;
        }
    }
    return "tests, vaccinations or recoveries";
}

static const char *const formats[] = { "text", "ndjson", "svg", "png", "pdf", "card", NULL };
static const char *const classes[] = { "vaccinated", "tested", "recovered", NULL };

#define AT(member) .offset = offsetof(struct issue_settings, member)
static const struct cli_option key_options[] = {
    { .name = "country",
      .letter = 'c',
      .value = "CODE",
      .kind = CLI_TEXT,
      AT(country),
      .meaning = "authority, signer: whose passes these are; two capital letters." },
    { .name = "name",
      .letter = 'n',
      .value = "NAME",
      .kind = CLI_TEXT,
      AT(name),
      .meaning = "authority, signer: who issues; passes name it as their issuer." },
    { .name = "authority",
      .value = "DIR",
      .kind = CLI_TEXT,
      AT(authority),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "signer: the authority that signs its certificate; without it it signs itself." },
    { .name = "for",
      .value = "KIND",
      .kind = CLI_CUSTOM,
      .set = add_use,
      .meaning =
          "signer: may sign tests, vaccinations or recoveries alone. May be given several times; without it all." },
    { .name = "renew",
      .kind = CLI_FLAG,
      AT(renew),
      .meaning =
          "signer: replace the key that is there. Its certificate stays in the trust list, so what it signed stays "
          "genuine." },
};
static const struct cli_option pass_options[] = {
    { .name = "node",
      .value = "DIR",
      .kind = CLI_TEXT,
      AT(node),
      .completion = CLI_COMPLETE_FILE,
      .meaning =
          "signer, passes, minimal: the key is that of this node's keeper and never leaves it. record, withdraw: whose "
          "records they are." },
    { .name = "signer",
      .letter = 's',
      .value = "DIR",
      .kind = CLI_TEXT,
      AT(signer),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "passes, minimal, revoke, publish: the folder that `tocsin issue signer` made. record: instead of "
                 "pass_issuer "
                 "in tocsin.conf." },
    { .name = "days",
      .letter = 'd',
      .value = "N",
      .initial = "365; record: a test 3, an antigen test 1, a recovery to its 180th day",
      .kind = CLI_WHOLE,
      AT(days),
      .low = 1,
      .high = CREDENTIAL_SIGNER_MAX_DAYS,
      .meaning = "How long: of a certificate, or of passes; a pass ends no later than its signer's certificate." },
    { .name = "hours",
      .value = "N",
      .initial = "24",
      .kind = CLI_WHOLE,
      AT(hours),
      .low = 1,
      .high = 24 * 366,
      .meaning = "minimal, record --form minimal: how long; whole hours." },
    { .name = "class",
      .value = "CLASS",
      .kind = CLI_CHOICE,
      AT(kind),
      .words = classes,
      .meaning = "minimal: what the pass proves, and all that it tells." },
    { .name = "batch",
      .value = "N",
      .initial = "1",
      .kind = CLI_WHOLE,
      AT(batch),
      .low = 1,
      .high = ISSUE_BATCH_MOST,
      .meaning = "minimal, record --form minimal: how many, each to be shown once." },
    { .name = "form",
      .value = "FORM",
      .initial = "hc1",
      .kind = CLI_CHOICE,
      AT(form),
      .words = pass_forms,
      .meaning = "record: HC1, a SMART Health Card (with pass_smart in tocsin.conf), or minimal passes." },
    { .name = "smart",
      .value = "URL",
      .kind = CLI_TEXT,
      AT(smart),
      .meaning = "passes: SMART Health Cards of this issuer, under whose address jwks.json is served; revoke, publish: "
                 "those too." },
    { .name = "bloom",
      .kind = CLI_FLAG,
      AT(bloom),
      .meaning = "publish: Bloom filters, smaller where very many are revoked, instead of lists of prefixes." },
    { .name = "at",
      .letter = 'a',
      .value = "TIME",
      .initial = "now",
      .kind = CLI_CUSTOM,
      .set = set_at,
      .meaning = "Issue as of this instant." },
};
static const struct cli_option issue_output_options[] = {
    { .name = "format",
      .letter = 'f',
      .value = "FORMAT",
      .initial = "text",
      .kind = CLI_CHOICE,
      AT(format),
      .words = formats,
      .meaning = "The texts of the QR codes, one a line; NDJSON; a picture a pass; or, with --smart, a file a card "
                 "(.smart-health-card), for people to keep." },
    { .name = "to",
      .value = "PATH",
      .kind = CLI_TEXT,
      AT(to),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "The file to write (standard output otherwise); of pictures, and of publish, the folder." },
    { .name = "size",
      .value = "MM",
      .initial = "45",
      .kind = CLI_REAL,
      AT(millimetres),
      .low = 20,
      .high = 300,
      .meaning = "Side of an SVG or PDF, white margin included." },
};
static const struct cli_group groups[] = {
    { .title = "Keys", .options = key_options, .num_options = sizeof key_options / sizeof *key_options },
    { .title = "Passes", .options = pass_options, .num_options = sizeof pass_options / sizeof *pass_options },
    { .title = "Records of a node",
      .options = node_options + 1, /* --as, --purpose */
      .num_options = NODE_NUM_OPTIONS - 1,
      AT(as) },
    { .title = "Output",
      .options = issue_output_options,
      .num_options = sizeof issue_output_options / sizeof *issue_output_options },
};

static const char *const        usage[] = { "authority --country CODE --name NAME DIR",
                                            "signer --country CODE --name NAME [--authority DIR] DIR",
                                            "passes --signer DIR [OPTION]... [FILE]...",
                                            "minimal --signer DIR --class CLASS [OPTION]...",
                                            "revoke --signer DIR [--smart URL] [FILE]...",
                                            "publish --signer DIR --to DIR [--smart URL] [--bloom]",
                                            "record --node DIR --purpose PURPOSE [OPTION]... KIND ID",
                                            "withdraw --node DIR KIND ID",
                                            NULL };
static const struct cli_example examples[] = {
    { "tocsin issue signer --country XX --name 'Example County' --days 730 signer",
      "a key, and what others need to trust it" },
    { "tocsin issue passes --signer signer --days 180 --format svg --to codes records.ndjson", "a picture a record" },
    { "tocsin issue minimal --signer signer --class tested --hours 24 --batch 20 --to tickets.txt",
      "20 passes that tell no name and cannot be linked" },
    { "tocsin issue passes --signer signer --smart https://cards.county.example records.ndjson",
      "as SMART Health Cards" },
    { "tocsin issue revoke --signer signer withdrawn.txt && tocsin issue publish --signer signer --to public",
      "withdraw passes, and tell everyone who verifies" },
    { "tocsin issue record --node tocsin-node --purpose data-quality --format pdf --to codes result ID",
      "out of a result in a node's records" },
    { NULL, NULL },
};

const struct cli_command cli_command_issue = {
    .name = "issue",
    .summary = "issue health credentials: keys, HC1, minimal domestic passes, SMART cards",
    .usage = usage,
    .text =
        "signer makes a folder with signer.key, which signs and must be kept, signer.crt, trust.json for everyone who "
        "verifies (tocsin verify --trust), and jwks.json for SMART Health Cards. authority makes one that signs "
        "signers, "
        "to be kept off the machine that issues. With --node there is no signer.key: the node's keeper signs, with a "
        "key that 'tocsin keeper rotate --kind pass' renews.\n\n"
        "passes reads records as JSON, one after the other or in arrays:\n"
        "  {\"nam\": {\"fn\": \"Doe\", \"gn\": \"Jane\"}, \"dob\": \"1979-04-14\",\n"
        "   \"v\": [{\"tg\": \"840539006\", \"vp\": \"1119349007\", \"mp\": \"EU/1/20/1528\", \"ma\": "
        "\"ORG-100030215\",\n"
        "          \"dn\": 2, \"sd\": 2, \"dt\": \"2022-01-31\"}]}\n"
        "v is a vaccination, t a test, r a recovery, with the fields of the EU's schema 1.3.0 and no others. What can "
        "be "
        "filled in is: fnt and gnt of names in plain letters, co, is, and ci by chance. Every fault is told with its "
        "line, "
        "and then nothing is written.\n\n"
        "minimal makes passes that hold a class (vaccinated, tested, recovered), a country and two whole hours, and "
        "nothing "
        "of a person. Those of a batch differ in their signatures alone, so scans of them cannot be put together. Such "
        "a "
        "pass proves nothing about who shows it.\n\n"
        "revoke reads passes that this signer issued, a text a line, or their identifiers (URN:UVCI:…), and keeps "
        "hashes "
        "of them, which name nobody, in DIR/revoked.tsv. publish writes the folder for `tocsin verify --trust`: "
        "trust.json, the lists of revoked passes as the EU's service gives them, and of SMART cards their keys and "
        "lists, "
        "also as they are to be served under the issuer's address (.well-known). Publish anew at least every 14 "
        "days.\n\n"
        "record issues out of a node's records, as POST /api/v1/passes does: of a test (KIND result), a recovery "
        "(case) or a vaccination. It needs a role that may issue (--as) and a purpose for which that role reads "
        "identities; the reading "
        "and the issuing are entries of the audit trail. Nothing keeps the pass itself. withdraw names a pass by the "
        "id of its row (pass), or a result, case or vaccination: then everything that was issued out of it goes. A "
        "node that "
        "serves has its writer: ask it by its pages or its API.",
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
