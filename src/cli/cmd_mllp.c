/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tocsin mllp: sends HL7 v2 messages to a listener, as a laboratory's system would, and says what it answered. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/cmd.h"
#include "cli/file_bytes.h"
#include "cli/mllp_link.h"
#include "cli/parse.h"
#include "formats/hl7v2/ack.h"
#include "formats/hl7v2/batch.h"
#include "tocsin/status.h"

struct settings {
    long        timeout;
    bool        tls, plain;
    const char *authority, *certificate, *key;
};

static const struct cli_option options[] = {
    { .name = "timeout",
      .value = "SECONDS",
      .initial = "30",
      .kind = CLI_WHOLE,
      .low = 1,
      .high = 3600,
      .offset = offsetof(struct settings, timeout),
      .meaning = "How long to wait for the connection, and for each answer." },
    { .name = "tls",
      .kind = CLI_FLAG,
      .offset = offsetof(struct settings, tls),
      .meaning = "Speak TLS; the listener's certificate must be trusted and be for HOST." },
    { .name = "authority",
      .value = "FILE",
      .initial = "those that this machine trusts",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, authority),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "Certificates of authorities to trust (PEM)." },
    { .name = "certificate",
      .value = "FILE",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, certificate),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "The sender's certificate (PEM), with --key." },
    { .name = "key",
      .value = "FILE",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, key),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "Its key (PEM)." },
    { .name = "plain",
      .kind = CLI_FLAG,
      .offset = offsetof(struct settings, plain),
      .meaning = "Without TLS to another machine than this: anybody on the way can read the messages." },
};

static const struct cli_group groups[] = {
    { .title = "Sending", .options = options, .num_options = sizeof options / sizeof *options },
};

struct call {
    const struct cli_command *command;
    const char               *target;
    struct mllp_link         *link;
    uint64_t                  num_sent, num_refused;
};

/* ---- what was answered ---- */

static void put_text(struct json_writer *json, const char *key, struct report_text text)
{
    if (text.size == 0)
        return;
    json_key(json, key);
    json_put_string_of(json, text.bytes, text.size);
}

static void tell(const char *file, uint32_t number, const struct hl7_answer *answer, double milliseconds)
{
    struct sink        sink;
    struct json_writer json;
    if (sink_open(&sink, NULL) != 0)
        return;
    json_writer_init(&json, &sink);
    json_begin_object(&json);
    json_key(&json, "file");
    json_put_string(&json, file);
    json_key(&json, "message");
    json_put_integer(&json, number);
    json_key(&json, "answer");
    json_put_string_of(&json, answer->code.bytes, answer->code.size);
    put_text(&json, "control_id", answer->control_id);
    put_text(&json, "error", answer->error);
    json_key(&json, "milliseconds");
    json_put_number(&json, milliseconds);
    json_end(&json);
    sink_character(&sink, '\n');
    (void) sink_finish(&sink);
}

static bool is_positive(const struct hl7_answer *answer)
{
    return answer->code.size == 2 && answer->code.bytes[1] == 'A';
}

static bool is_commit(const struct hl7_answer *answer)
{
    return answer->code.size == 2 && answer->code.bytes[0] == 'C';
}

static double now_milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec * 1e3 + (double) now.tv_nsec / 1e6;
}

/* ---- one message ---- */

/* Does the message ask for an application acknowledgement after a commit acknowledgement that accepts it? */
static bool asks_for_both(const struct hl7_part *message, struct arena *arena)
{
    struct report      report;
    struct hl7_message index = { 0 };
    report_init(&report, arena, message->bytes, message->size);
    return hl7_read(&report, &index) == 0 && hl7_ack_is_wanted(&index, HL7_ACK_COMMIT, HL7_ACCEPT) &&
           hl7_ack_is_wanted(&index, HL7_ACK_APPLICATION, HL7_ACCEPT);
}

static int receive(struct call *call, const char *file, const struct hl7_batch_message *message, double sent,
                   struct arena *arena, struct hl7_answer *answer)
{
    char          why[MLLP_LINK_WHY];
    const char   *bytes;
    size_t        size;
    struct report report;
    if (mllp_link_receive(call->link, &bytes, &size, why) != 0)
        return cli_complain(call->command, CLI_MACHINE, "%s: message %u of %s: %s; whether it was kept is not known",
                            call->target, message->number, file, why);
    report_init(&report, arena, bytes, size);
    *answer = (struct hl7_answer){ 0 };
    if (hl7_ack_read(&report, answer) != 0 || answer->code.size == 0)
        return cli_complain(call->command, CLI_MACHINE, "%s: message %u of %s: the answer is no acknowledgement",
                            call->target, message->number, file);
    tell(file, message->number, answer, now_milliseconds() - sent);
    return CLI_DONE;
}

static int send_message(struct call *call, const char *file, const struct hl7_batch_message *message)
{
    struct arena      arena = ARENA_INIT;
    struct hl7_answer answer;
    char              why[MLLP_LINK_WHY];
    double            sent = now_milliseconds();
    int               exit_code;
    if (mllp_link_send(call->link, message->bytes.bytes, message->bytes.size, why) != 0)
        return cli_complain(call->command, CLI_MACHINE, "%s: message %u of %s: %s", call->target, message->number, file,
                            why);
    call->num_sent++;
    exit_code = receive(call, file, message, sent, &arena, &answer);
    if (exit_code == CLI_DONE && is_commit(&answer) && is_positive(&answer) && asks_for_both(&message->bytes, &arena))
        exit_code = receive(call, file, message, sent, &arena, &answer);
    call->num_refused += exit_code == CLI_DONE && !is_positive(&answer);
    arena_wipe(&arena);
    return exit_code;
}

static int send_file(struct call *call, const char *path)
{
    struct file_bytes        file;
    struct arena             arena = ARENA_INIT;
    struct report            envelope;
    struct hl7_batch         messages;
    struct hl7_batch_message message;
    int                      failure = file_bytes_open(&file, path), exit_code = CLI_DONE;
    if (failure != 0)
        return cli_complain(call->command, CLI_MACHINE, "%s: %s", path, strerror(failure));
    report_init(&envelope, &arena, file.bytes != NULL ? file.bytes : "", file.size);
    int ret = hl7_batch_begin(&messages, &envelope);
    while (ret >= 0 && exit_code == CLI_DONE && (ret = hl7_batch_next(&messages, &message)) == 1)
        exit_code = send_message(call, path, &message);
    hl7_batch_end(&messages);
    arena_free(&arena);
    file_bytes_close(&file);
    return ret < 0 && exit_code == CLI_DONE ? cli_complain(call->command, CLI_MACHINE, "%s: not read whole", path)
                                            : exit_code;
}

/* ---- the command ---- */

static int connect_link(struct call *call, const struct settings *settings)
{
    struct mllp_link_options link = { .timeout_seconds = settings->timeout,
                                      .tls = settings->tls,
                                      .plain_anywhere = settings->plain,
                                      .authority = settings->authority,
                                      .certificate = settings->certificate,
                                      .key = settings->key };
    char                     why[MLLP_LINK_WHY];
    if (!mllp_link_target(call->target, &link))
        return cli_complain(call->command, CLI_USE, "where to? allowed: HOST:PORT, [ADDRESS]:PORT");
    if ((settings->certificate == NULL) != (settings->key == NULL))
        return cli_complain(call->command, CLI_USE, "--certificate and --key belong together");
    if (!settings->tls && (settings->authority != NULL || settings->certificate != NULL))
        return cli_complain(call->command, CLI_USE, "--authority, --certificate and --key need --tls");
    if (mllp_link_open(&link, &call->link, why) != 0)
        return cli_complain(call->command, CLI_MACHINE, "%s: %s", call->target, why);
    return CLI_DONE;
}

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings settings = { .timeout = 30 };
    struct call     call = { .command = command };
    int             first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    if (argc - first < 1 || strcmp(argv[first], "send") != 0)
        return cli_complain(command, CLI_USE, "what? allowed: send");
    if (argc - first < 3)
        return cli_complain(command, CLI_USE, "where to, and which files? send HOST:PORT FILE...");
    call.target = argv[first + 1];
    signal(SIGPIPE, SIG_IGN); /* a listener that goes away is told as such */
    exit_code = connect_link(&call, &settings);
    for (int i = first + 2; i < argc && exit_code == CLI_DONE; i++)
        exit_code = send_file(&call, argv[i]);
    mllp_link_close(call.link);
    if (exit_code == CLI_DONE && call.num_refused > 0)
        exit_code = CLI_INPUT;
    return cli_finish_stdout(command, exit_code);
}

static const char *const        usage[] = { "send [OPTION]... HOST:PORT FILE...", NULL };
static const struct cli_example examples[] = {
    { "tocsin mllp send localhost:2575 /tmp/results.hl7", "to a listener on this machine" },
    { "tocsin mllp send --tls --authority ca.pem --certificate lab.pem --key lab.key hub.example:2575 /tmp/results.hl7",
      "as the laboratory whose certificate it is" },
    { NULL, NULL },
};

const struct cli_command cli_command_mllp = {
    .name = "mllp",
    .summary = "send HL7 v2 messages to a listener, to try a feed",
    .usage = usage,
    .text =
        "Sends the messages of the files, with or without batch headers, one after the other over one connection "
        "(MLLP), and waits for the acknowledgement of each before the next, as laboratory systems do. One object a "
        "line for each answer: file, message (its number there), answer (AA, AE, AR, CA, CE, CR), control_id, error "
        "(its first one, in words), milliseconds. Where a message asks for a commit and an application "
        "acknowledgement, both are waited for.\n"
        "\n"
        "It stops at the first message without an answer: whether that one was kept is not known, and sending it "
        "again does no harm. Exit code 1: some were not accepted.",
    .groups = groups,
    .num_groups = sizeof groups / sizeof *groups,
    .examples = examples,
    .run = run,
};
