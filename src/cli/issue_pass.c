/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passes of `tocsin issue`: all records are issued in memory first; where one has a fault nothing is written. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/json_reader.h"
#include "base/json_writer.h"
#include "base/sink.h"
#include "cli/issue_work.h"
#include "cli/output_options.h"
#include "formats/credential/qr.h"
#include "tocsin/status.h"

#define DAY 86400
#define HOUR 3600
#define PIXELS 6 /* a module of a PNG */

struct issuing {
    struct issue_work       *work;
    struct credential_maker *maker;
    struct credential_times  times;
    struct issue_texts       texts;
    struct issue_keeper      keeper; /* with --node */
};

static int open_maker(struct issuing *issuing)
{
    struct issue_work        *work = issuing->work;
    struct credential_maker **maker = &issuing->maker;
    bool                      node = work->settings.node != NULL;
    struct issue_file         key = { 0 }, chain = { 0 };
    int                       exit_code = issue_read_within(work, work->settings.signer, "signer.crt", &chain);
    if (exit_code == CLI_DONE && !node)
        exit_code = issue_read_within(work, work->settings.signer, "signer.key", &key);
    if (exit_code == CLI_DONE && node)
        exit_code = issue_keeper_start(work, &chain, &issuing->keeper);
    if (exit_code == CLI_DONE && node)
        exit_code = issue_told(work, credential_maker_open_by(&issuing->keeper.signer.hand, chain.bytes, chain.size,
                                                              maker, &work->faults));
    else if (exit_code == CLI_DONE)
        exit_code =
            issue_told(work, credential_maker_open(key.bytes, key.size, chain.bytes, chain.size, maker, &work->faults));
    issue_forget(&key);
    issue_forget(&chain);
    return exit_code;
}

void issue_keep_text(struct issue_texts *texts, const char *text, size_t size)
{
    sink_write(&texts->sink, text, size);
    sink_character(&texts->sink, '\0');
    texts->num++;
}

/* ---- records ---- */

static int issue_record(struct issuing *issuing, const struct value *record, struct fault_place place)
{
    static char        text[CREDENTIAL_ISSUE_TEXT_BYTES], numeric[2 * CREDENTIAL_ISSUE_TEXT_BYTES + 8];
    struct issue_work *work = issuing->work;
    const char        *smart = work->settings.smart;
    uint8_t            random[CREDENTIAL_IDENTIFIER_RANDOM];
    size_t             size = 0;
    if (getrandom(random, sizeof random, 0) != sizeof random)
        return TOC_ERR_NO_MEMORY;
    int ret = smart != NULL ? credential_issue_smart(issuing->maker, record, smart, issuing->times.issued, random,
                                                     place, text, &size, &work->faults)
                            : credential_issue_hc1(issuing->maker, record, &issuing->times, random, place, text, &size,
                                                   &work->faults);
    if (ret == 0 && smart != NULL)
        issue_keep_text(&issuing->texts, numeric, credential_issue_numeric(text, size, numeric, sizeof numeric));
    else if (ret == 0)
        issue_keep_text(&issuing->texts, text, size);
    explicit_bzero(text, sizeof text);
    explicit_bzero(numeric, sizeof numeric);
    return ret;
}

static void record_line(const struct issue_file *file, const struct value *record, uint64_t *line, size_t *from)
{
    for (; *from < record->place; (*from)++)
        *line += file->bytes[*from] == '\n';
}

/* Every record of a file: values one after the other, or arrays of them. */
static int issue_file(struct issuing *issuing, const char *path)
{
    struct issue_work *work = issuing->work;
    struct issue_file  file;
    struct value_tree  tree = VALUE_TREE_INIT;
    struct json_fault  fault;
    struct fault_place place = { path != NULL ? path : "-", 1, 0, NULL };
    size_t             offset = 0, from = 0;
    int                ret = 0, exit_code = issue_read(work, path, ISSUE_INPUT_BYTES, &file);
    if (exit_code != CLI_DONE)
        return exit_code;
    while (ret != TOC_ERR_NO_MEMORY) {
        int read = json_read_next(file.bytes, file.size, &offset, NULL, &tree, &fault);
        if (read != 0 || tree.num_values == 0) {
            place.line = fault.line;
            place.name = fault.path;
            if (read == BASE_ERR_INPUT || read == TOC_ERR_TOO_LARGE)
                fault_add(&work->faults, place, fault.allowed, "%s", fault.found);
            ret = read == TOC_ERR_NO_MEMORY ? read : ret;
            break;
        }
        if (tree.values->kind != VALUE_ARRAY) {
            record_line(&file, tree.values, &place.line, &from);
            ret = issue_record(issuing, tree.values, place);
        }
        for (VALUE_EACH(record, tree.values)) {
            record_line(&file, record, &place.line, &from);
            if (ret != TOC_ERR_NO_MEMORY)
                ret = issue_record(issuing, record, place);
        }
    }
    value_tree_wipe(&tree);
    value_tree_free(&tree);
    issue_forget(&file);
    return ret == TOC_ERR_NO_MEMORY ? cli_complain(work->command, CLI_MACHINE, "out of memory") : CLI_DONE;
}

/* ---- writing ---- */

static int write_lines(struct issue_work *work, const struct issue_texts *texts)
{
    struct sink        sink;
    struct json_writer json;
    const char        *text = texts->sink.bytes;
    bool               plain = work->settings.format == ISSUE_TEXT;
    if (sink_open(&sink, work->settings.to) != 0)
        return output_complain(work->command, work->settings.to, sink.failure);
    for (uint64_t i = 1; i <= texts->num; i++, text += strlen(text) + 1) {
        if (plain) {
            sink_text(&sink, text);
        } else {
            json_writer_init(&json, &sink);
            json_begin_object(&json);
            json_key(&json, "number");
            json_put_integer(&json, (int64_t) i);
            json_key(&json, "credential");
            json_put_string(&json, text);
            json_end(&json);
        }
        sink_character(&sink, '\n');
    }
    return sink_finish(&sink) == 0 ? CLI_DONE : output_complain(work->command, work->settings.to, sink.failure);
}

/* {"verifiableCredential": [the JWS that the digits stand for]}. */
static int write_card_file(const char *digits, struct sink *sink)
{
    sink_text(sink, "{\"verifiableCredential\":[\"");
    for (const char *at = digits + strlen("shc:/"); at[0] != '\0' && at[1] != '\0'; at += 2)
        sink_character(sink, (char) ((at[0] - '0') * 10 + (at[1] - '0') + '-'));
    sink_text(sink, "\"]}\n");
    return sink->failure != 0 ? TOC_ERR_NO_MEMORY : 0;
}

static int draw(const struct issue_settings *settings, const char *text, struct sink *sink)
{
    static struct credential_qr qr;
    if (settings->format == ISSUE_CARD)
        return write_card_file(text, sink);
    int ret = credential_qr_make(text, strlen(text), settings->smart != NULL ? CREDENTIAL_QR_L : CREDENTIAL_QR_Q, &qr);
    if (ret == 0 && settings->format == ISSUE_SVG)
        credential_qr_svg(&qr, settings->millimetres, sink);
    else if (ret == 0 && settings->format == ISSUE_PNG)
        ret = credential_qr_png(&qr, PIXELS, sink);
    else if (ret == 0)
        ret = credential_qr_pdf(&qr, 1, settings->millimetres, sink);
    explicit_bzero(&qr, sizeof qr);
    return ret != 0 ? ret : sink->failure != 0 ? TOC_ERR_NO_MEMORY : 0;
}

/* A picture or file a pass: 000001.svg … in the folder. */
static int write_pictures(struct issue_work *work, const struct issue_texts *texts)
{
    static const char *const endings[] = { "", "", "svg", "png", "pdf", "smart-health-card" };
    const char              *text = texts->sink.bytes;
    int                      exit_code = CLI_DONE;
    if (mkdir(work->settings.to, 0700) != 0 && errno != EEXIST)
        return cli_complain(work->command, CLI_MACHINE, "%s: %s", work->settings.to, strerror(errno));
    for (uint64_t i = 1; i <= texts->num && exit_code == CLI_DONE; i++, text += strlen(text) + 1) {
        struct sink sink;
        char        name[40];
        sink_init_memory(&sink);
        int ret = draw(&work->settings, text, &sink);
        snprintf(name, sizeof name, "%06llu.%s", (unsigned long long) i, endings[work->settings.format]);
        if (ret == BASE_ERR_INPUT)
            exit_code = cli_complain(work->command, CLI_INPUT, "pass %llu does not fit into one QR code",
                                     (unsigned long long) i);
        else if (ret != 0)
            exit_code = cli_complain(work->command, CLI_MACHINE, "out of memory");
        else
            exit_code = issue_write_within(work, work->settings.to, name, sink.bytes, sink.used, true);
        if (sink.bytes != NULL)
            explicit_bzero(sink.bytes, sink.used);
        sink_free(&sink);
    }
    return exit_code;
}

int issue_write_texts(struct issue_work *work, const struct issue_texts *texts)
{
    if (work->faults.num_all > 0) {
        fault_list_write(&work->faults, stderr);
        return CLI_INPUT;
    }
    if (texts->sink.failure != 0)
        return cli_complain(work->command, CLI_MACHINE, "out of memory");
    return work->settings.format >= ISSUE_SVG ? write_pictures(work, texts) : write_lines(work, texts);
}

void issue_forget_texts(struct issue_texts *texts)
{
    if (texts->sink.bytes != NULL)
        explicit_bzero(texts->sink.bytes, texts->sink.used);
    sink_free(&texts->sink);
}

static void end_issuing(struct issuing *issuing)
{
    credential_maker_free(issuing->maker);
    issue_keeper_stop(&issuing->keeper);
    issue_forget_texts(&issuing->texts);
}

/* ---- subcommands ---- */

int issue_run_passes(struct issue_work *work)
{
    struct issuing issuing = { .work = work, .times = { work->now, work->now + work->settings.days * DAY } };
    sink_init_memory(&issuing.texts.sink);
    int exit_code = open_maker(&issuing);
    if (exit_code == CLI_DONE && work->num_operands == 0)
        exit_code = issue_file(&issuing, NULL);
    for (int i = 0; i < work->num_operands && exit_code == CLI_DONE; i++)
        exit_code = issue_file(&issuing, work->operands[i]);
    if (exit_code == CLI_DONE)
        exit_code = issue_write_texts(work, &issuing.texts);
    end_issuing(&issuing);
    return exit_code;
}

int issue_run_minimal(struct issue_work *work)
{
    static const enum credential_use uses[] = { CREDENTIAL_USE_VACCINATION, CREDENTIAL_USE_TEST,
                                                CREDENTIAL_USE_RECOVERY };
    struct issuing issuing = { .work = work, .times = { work->now, work->now + work->settings.hours * HOUR } };
    char           text[CREDENTIAL_ISSUE_TEXT_BYTES];
    size_t         size;
    sink_init_memory(&issuing.texts.sink);
    int exit_code = open_maker(&issuing);
    for (long i = 0; i < work->settings.batch && exit_code == CLI_DONE; i++) {
        int ret = credential_issue_minimal(issuing.maker, uses[work->settings.kind], &issuing.times, text, &size,
                                           &work->faults);
        if (ret != 0)
            exit_code = issue_told(work, ret);
        else
            issue_keep_text(&issuing.texts, text, size);
    }
    if (exit_code == CLI_DONE)
        exit_code = issue_write_texts(work, &issuing.texts);
    end_issuing(&issuing);
    return exit_code;
}
