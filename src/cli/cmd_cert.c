/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A county's own certificate authority, and what it signs. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/instant.h"
#include "base/no_core.h"
#include "base/sink.h"
#include "cli/cmd.h"
#include "cli/command.h"
#include "formats/certificate.h"
#include "tocsin/status.h"

#define KEY_FILE "authority.key"
#define CHAIN_FILE "authority.crt"
#define WARN_DAYS 30

struct settings {
    const char              *name, *to, *passphrase_file;
    struct certificate_hosts hosts;
    long                     years, days;
};

/* One run. */
struct work {
    const struct cli_command *command;
    struct settings           settings;
    char                    **operands;
    int                       num_operands;
    struct fault_list         faults;
};

static int complain(struct work *work, int status)
{
    if (status == TOC_ERR_NO_MEMORY)
        return cli_complain(work->command, CLI_MACHINE, "out of memory");
    fault_list_write(&work->faults, stderr);
    return CLI_INPUT;
}

/* ---- files ---- */

/* The whole file, ended by '\0'; wiped and freed by forget. Longer than CERTIFICATE_MAX_PEM is refused. */
struct file {
    char  *bytes;
    size_t size;
};

static void forget(struct file *file)
{
    if (file->bytes != NULL)
        explicit_bzero(file->bytes, file->size);
    free(file->bytes);
    *file = (struct file){ 0 };
}

static int read_file(struct work *work, const char *path, struct file *file)
{
    FILE *stream = fopen(path, "re");
    *file = (struct file){ .bytes = stream != NULL ? calloc(1, CERTIFICATE_MAX_PEM + 2) : NULL };
    if (stream == NULL || file->bytes == NULL) {
        int why = stream == NULL ? errno : ENOMEM;
        if (stream != NULL)
            fclose(stream);
        return cli_complain(work->command, CLI_MACHINE, "%s: %s", path, strerror(why));
    }
    file->size = fread(file->bytes, 1, CERTIFICATE_MAX_PEM + 1, stream);
    int why = ferror(stream) ? errno : 0;
    fclose(stream);
    if (why == 0 && file->size <= CERTIFICATE_MAX_PEM)
        return CLI_DONE;
    forget(file);
    return why != 0 ? cli_complain(work->command, CLI_MACHINE, "%s: %s", path, strerror(why))
                    : cli_complain(work->command, CLI_INPUT, "%s: longer than 64 KiB", path);
}

static int read_within(struct work *work, const char *folder, const char *name, struct file *file)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", folder, name) < 0)
        return cli_complain(work->command, CLI_MACHINE, "out of memory");
    int exit_code = read_file(work, path, file);
    free(path);
    return exit_code;
}

/* The first line of the file that --passphrase-file names. */
static int read_passphrase(struct work *work, struct file *passphrase)
{
    *passphrase = (struct file){ 0 };
    if (work->settings.passphrase_file == NULL)
        return CLI_DONE;
    int exit_code = read_file(work, work->settings.passphrase_file, passphrase);
    if (exit_code != CLI_DONE)
        return exit_code;
    passphrase->bytes[strcspn(passphrase->bytes, "\r\n")] = '\0';
    if (strlen(passphrase->bytes) >= 8)
        return CLI_DONE;
    forget(passphrase);
    return cli_complain(work->command, CLI_INPUT, "%s: a passphrase of 8 bytes or more is needed in its first line",
                        work->settings.passphrase_file);
}

/* Whole or not at all; one that holds a key for its owner alone. */
static int write_file(struct work *work, const char *path, const char *const *parts, bool secret)
{
    struct sink sink;
    mode_t      mask = umask(secret ? 0077 : 0022);
    int         ret = sink_open(&sink, path);
    umask(mask);
    for (; ret == 0 && *parts != NULL; parts++)
        sink_text(&sink, *parts);
    if (ret == 0)
        ret = sink_finish(&sink);
    if (ret == 0)
        return CLI_DONE;
    return ret == TOC_ERR_NO_MEMORY ? cli_complain(work->command, CLI_MACHINE, "out of memory")
                                    : cli_complain(work->command, CLI_MACHINE, "%s: %s", path, strerror(sink.failure));
}

static int write_within(struct work *work, const char *name, const char *text, bool secret)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", work->operands[0], name) < 0)
        return cli_complain(work->command, CLI_MACHINE, "out of memory");
    int exit_code = write_file(work, path, (const char *const[]){ text, NULL }, secret);
    free(path);
    return exit_code;
}

/* ---- what people read ---- */

static void print_fingerprint(const uint8_t bytes[CERTIFICATE_FINGERPRINT])
{
    for (size_t i = 0; i < CERTIFICATE_FINGERPRINT; i++)
        printf("%s%02X", i > 0 ? ":" : "", bytes[i]);
}

static void print_facts(const char *path, const struct certificate_facts *facts, int64_t now)
{
    char    from[INSTANT_TEXT_BYTES] = "?", to[INSTANT_TEXT_BYTES] = "?";
    int64_t days = (facts->to - now) / INSTANT_DAY;
    instant_to_text(facts->from, from);
    instant_to_text(facts->to, to);
    from[10] = to[10] = '\0';
    printf("%s\n  name         %s\n  signed by    %s\n  use          %s\n", path, facts->name, facts->issuer,
           facts->authority                 ? "authority"
           : facts->server && facts->sender ? "server, sender"
           : facts->server                  ? "server"
           : facts->sender                  ? "sender"
                                            : "none that Tocsin knows");
    if (facts->hosts[0] != '\0')
        printf("  hosts        %s\n", facts->hosts);
    printf("  valid        %s to %s", from, to);
    if (now > facts->to)
        printf(": ENDED");
    else if (days < WARN_DAYS)
        printf(": ENDS IN %lld DAYS, make a new one", (long long) days);
    printf("\n  fingerprint  ");
    print_fingerprint(facts->fingerprint);
    printf("\n");
}

static int show(struct work *work, const char *path)
{
    struct file              file;
    struct certificate_facts facts;
    int                      exit_code = read_file(work, path, &file);
    if (exit_code != CLI_DONE)
        return exit_code;
    int ret = certificate_read(file.bytes, file.size, &facts, &work->faults);
    forget(&file);
    if (ret != 0) {
        if (work->faults.num_kept > 0)
            work->faults.faults[work->faults.num_kept - 1].file = path;
        return complain(work, ret);
    }
    print_facts(path, &facts, instant_now());
    return CLI_DONE;
}

/* ---- subcommands ---- */

static int run_authority(struct work *work)
{
    struct certificate made = { 0 };
    struct file        passphrase;
    struct stat        status;
    const char        *folder = work->operands[0];
    int                exit_code = read_passphrase(work, &passphrase);
    if (exit_code != CLI_DONE)
        return exit_code;
    int  ret = certificate_authority(work->settings.name, &work->settings.hosts, (int) work->settings.years,
                                     instant_now(), passphrase.bytes, &made, &work->faults);
    bool encrypted = passphrase.bytes != NULL;
    forget(&passphrase);
    if (ret != 0)
        return complain(work, ret);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        exit_code = cli_complain(work->command, CLI_MACHINE, "%s: %s", folder, strerror(errno));
    char *path = NULL;
    if (exit_code == CLI_DONE && asprintf(&path, "%s/%s", folder, KEY_FILE) < 0)
        exit_code = cli_complain(work->command, CLI_MACHINE, "out of memory");
    if (exit_code == CLI_DONE && lstat(path, &status) == 0)
        exit_code =
            cli_complain(work->command, CLI_INPUT,
                         "%s: there is an authority already; what it has signed would no longer be trusted", path);
    if (exit_code == CLI_DONE)
        exit_code = write_within(work, CHAIN_FILE, made.chain, false);
    if (exit_code == CLI_DONE)
        exit_code = write_within(work, KEY_FILE, made.key, true);
    certificate_free(&made);
    if (exit_code == CLI_DONE) {
        memcpy(path + strlen(path) - 3, "crt", 3);
        exit_code = show(work, path);
        printf("\nPut %s on the phones and computers that use the server; compare the fingerprint there.\n"
               "Whoever has %s/%s can pose as the server: %s, away from the server.\n",
               path, folder, KEY_FILE,
               encrypted ? "keep it and its passphrase apart" : "it is not encrypted, so keep it locked up");
    }
    free(path);
    return exit_code;
}

/* Both kinds that an authority signs. */
static int run_signed(struct work *work, bool server)
{
    struct file        key = { 0 }, chain = { 0 }, passphrase;
    struct certificate made = { 0 };
    const char        *folder = work->operands[0];
    int                exit_code = read_passphrase(work, &passphrase);
    if (exit_code == CLI_DONE)
        exit_code = read_within(work, folder, CHAIN_FILE, &chain);
    if (exit_code == CLI_DONE)
        exit_code = read_within(work, folder, KEY_FILE, &key);
    if (exit_code == CLI_DONE) {
        struct certificate_issuer issuer = { key.bytes, chain.bytes, key.size, chain.size, passphrase.bytes };
        int ret = server ? certificate_server(&issuer, &work->settings.hosts, (int) work->settings.days, instant_now(),
                                              &made, &work->faults)
                         : certificate_sender(&issuer, work->settings.name, (int) work->settings.days, instant_now(),
                                              &made, &work->faults);
        exit_code = ret == 0 ? CLI_DONE : complain(work, ret);
    }
    forget(&key);
    forget(&chain);
    forget(&passphrase);
    if (exit_code == CLI_DONE)
        exit_code = write_file(work, work->settings.to, (const char *const[]){ made.key, made.chain, NULL }, true);
    certificate_free(&made);
    return exit_code == CLI_DONE ? show(work, work->settings.to) : exit_code;
}

static int run_server(struct work *work)
{
    return run_signed(work, true);
}

static int run_sender(struct work *work)
{
    return run_signed(work, false);
}

static int run_show(struct work *work)
{
    int exit_code = CLI_DONE;
    for (int i = 0; i < work->num_operands; i++) {
        int code = show(work, work->operands[i]);
        if (exit_code == CLI_DONE)
            exit_code = code;
        fault_list_free(&work->faults);
    }
    return exit_code;
}

static const struct subcommand {
    const char *name;
    bool        name_needed, hosts_needed, to_needed, many;
    int (*run)(struct work *work);
} subcommands[] = {
    { "authority", true, true, false, false, run_authority },
    { "server", false, true, true, false, run_server },
    { "sender", true, false, true, false, run_sender },
    { "show", false, false, false, true, run_show },
};
#define NUM_SUBCOMMANDS (sizeof subcommands / sizeof *subcommands)

/* What is missing, or NULL. */
static const char *missing(const struct subcommand *subcommand, const struct work *work)
{
    if (work->num_operands < 1 || (work->num_operands > 1 && !subcommand->many))
        return subcommand->many ? "the files to show are needed" : "the authority's directory, and nothing else";
    if (subcommand->name_needed && work->settings.name == NULL)
        return "--name NAME is needed";
    if (subcommand->hosts_needed && work->settings.hosts.num == 0)
        return "--host HOST is needed, once or more";
    return subcommand->to_needed && work->settings.to == NULL ? "--to FILE is needed" : NULL;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct work work = { .command = command, .settings = { .years = 10, .days = CERTIFICATE_MAX_DAYS } };
    int         first, exit_code = cli_parse(command, argc, argv, &work.settings, &first);
    if (exit_code >= 0)
        return exit_code;
    const struct subcommand *found = NULL;
    for (size_t i = 0; first < argc && i < NUM_SUBCOMMANDS; i++)
        if (strcmp(subcommands[i].name, argv[first]) == 0)
            found = &subcommands[i];
    if (found == NULL)
        return cli_complain(command, CLI_USE, "what to do? authority, server, sender or show");
    work.operands = argv + first + 1;
    work.num_operands = argc - first - 1;
    const char *wrong = missing(found, &work);
    if (wrong != NULL)
        return cli_complain(command, CLI_USE, "%s: %s", found->name, wrong);
    if (no_core() != 0)
        return cli_complain(command, CLI_MACHINE, "core dumps cannot be switched off");
    exit_code = found->run(&work);
    fault_list_free(&work.faults);
    return cli_finish_stdout(command, exit_code);
}

static const char *add_host(void *settings, const char *value)
{
    struct certificate_hosts *hosts = &((struct settings *) settings)->hosts;
    if (hosts->num == CERTIFICATE_MAX_HOSTS)
        return "at most 32 hosts";
    if (!certificate_host_allowed(value, true))
        return "a name in small letters (tocsin.county.example), an address (10.1.2.3), or a net named by its first "
               "address (10.1.0.0/16)";
    hosts->names[hosts->num++] = value;
    return NULL;
}

static const struct cli_option options[] = {
    { .name = "name",
      .letter = 'n',
      .value = "NAME",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, name),
      .meaning = "authority: whose it is (the county's health department); sender: which laboratory or clinic." },
    { .name = "host",
      .letter = 'H',
      .value = "HOST",
      .kind = CLI_CUSTOM,
      .set = add_host,
      .meaning =
          "server: a name or address by which it is opened; authority: a domain, with all below it, or a net that "
          "it may vouch for. May be given several times." },
    { .name = "to",
      .value = "FILE",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, to),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "server, sender: the file to write, key and certificate together; a file that is there is replaced." },
    { .name = "years",
      .value = "N",
      .initial = "10",
      .kind = CLI_WHOLE,
      .offset = offsetof(struct settings, years),
      .low = 1,
      .high = CERTIFICATE_MAX_YEARS,
      .meaning = "authority: for how long." },
    { .name = "days",
      .value = "N",
      .initial = "397",
      .kind = CLI_WHOLE,
      .offset = offsetof(struct settings, days),
      .low = 1,
      .high = CERTIFICATE_MAX_DAYS,
      .meaning = "server, sender: for how long; browsers take no more." },
    { .name = "passphrase-file",
      .value = "FILE",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, passphrase_file),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "The authority's key is encrypted with the first line of this file." },
};
static const struct cli_group groups[] = {
    { .title = "Certificates", .options = options, .num_options = sizeof options / sizeof *options },
};

static const char *const usage[] = { "authority --name NAME --host HOST... DIR", "server --host HOST... --to FILE DIR",
                                     "sender --name NAME --to FILE DIR", "show FILE...", NULL };
static const struct cli_example examples[] = {
    { "tocsin cert authority --name 'Example County' --host county.example --host 10.1.0.0/16 authority",
      "an authority for the county's domain and net" },
    { "tocsin cert server --host tocsin.county.example --to server.pem authority", "what nginx needs" },
    { "tocsin cert sender --name 'County hospital laboratory' --to lab.pem authority",
      "what a laboratory system shows when it connects" },
    { "tocsin cert show server.pem", "until when is it valid?" },
    { NULL, NULL },
};

const struct cli_command cli_command_cert = {
    .name = "cert",
    .summary = "a county's own certificates: an authority, the server's, the senders'",
    .usage = usage,
    .text =
        "Browsers let a page use the camera and work offline over TLS alone, with a certificate that they trust. A "
        "department that gets its certificates elsewhere needs nothing of this.\n\n"
        "authority makes DIR with authority.crt, which phones and computers are told to trust, and authority.key, "
        "which signs. It can vouch for the hosts given and for nothing else, so trusting it endangers no other site. "
        "server and sender make a key and a certificate in one file, for nginx and for a system that sends messages; "
        "run them again before they end. show tells what a file holds, and its fingerprint.",
    .groups = groups,
    .num_groups = 1,
    .examples = examples,
    .run = run,
};
