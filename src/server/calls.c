/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/calls.h"

#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/memory.h"
#include "response/change_list.h"
#include "server/call_message.h"
#include "server/key_file.h"
#include "server/log.h"
#include "server/outgoing.h"
#include "server/pause.h"
#include "server/watch.h"
#include "store/area_tree.h"
#include "store/on_call.h"

enum { KEY_BYTES = 32, MAC_BYTES = ID_BYTES, MOST_SECRET = 512, MOST_ANSWER = 4096, TICK_MS = 1000 };

struct calls {
    struct calls_options options;
    struct call_settings settings;
    char                 url[300];
    unsigned char        key[KEY_BYTES];
    char                 hook_secret[MOST_SECRET + 1], mail_password[MOST_SECRET + 1];
    pthread_t            thread;
    bool                 started;
    pthread_mutex_t      lock; /* of what follows */
    pthread_cond_t       changed;
    bool                 closing, woken;
    struct calls_state   state;

    /* of the thread alone */
    struct store_reader *reader;
    struct arena         arena;                /* of the message at hand */
    double               looked;               /* seconds */
    int64_t              next;                 /* instant of the next call */
    double               pause[CALL_CHANNELS]; /* seconds; 0 = it works */
    double               until[CALL_CHANNELS]; /* left alone until then */
    bool                 nobody_said;
};

static double seconds(void)
{
    return (double) watch_clock() / 1e6;
}

static int64_t now_of(const struct calls *calls)
{
    const struct store_clock *clock = &calls->options.clock;
    return clock->now != NULL ? clock->now(clock->context) : instant_now();
}

static void say(const struct calls *calls, enum log_level level, const char *text)
{
    if (calls->options.log != NULL)
        log_say(calls->options.log, level, now_of(calls), "calls", text);
}

static const struct access program = { .role = ACCESS_PROGRAM, .everywhere = true };

/* ---- links ---- */

static void mac_of(const struct calls *calls, const struct id *notice, unsigned char mac[MAC_BYTES])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, calls->key, KEY_BYTES, MAC_BYTES);
    crypto_generichash_update(&state, (const unsigned char *) "I have it", 9);
    crypto_generichash_update(&state, notice->bytes, ID_BYTES);
    crypto_generichash_final(&state, mac, MAC_BYTES);
}

void calls_token(const struct calls *calls, const struct id *notice, char text[CALLS_TOKEN_BYTES])
{
    unsigned char bytes[ID_BYTES + MAC_BYTES];
    memcpy(bytes, notice->bytes, ID_BYTES);
    mac_of(calls, notice, bytes + ID_BYTES);
    sodium_bin2hex(text, CALLS_TOKEN_BYTES, bytes, sizeof bytes);
}

bool calls_read_token(const struct calls *calls, const char *text, struct id *notice)
{
    unsigned char bytes[ID_BYTES + MAC_BYTES], mac[MAC_BYTES];
    struct id     id;
    size_t        size = 0;
    if (strlen(text) != CALLS_TOKEN_BYTES - 1 ||
        sodium_hex2bin(bytes, sizeof bytes, text, CALLS_TOKEN_BYTES - 1, NULL, &size, NULL) != 0 ||
        size != sizeof bytes)
        return false;
    memcpy(id.bytes, bytes, ID_BYTES);
    mac_of(calls, &id, mac);
    if (sodium_memcmp(mac, bytes + ID_BYTES, MAC_BYTES) != 0)
        return false;
    *notice = id;
    return true;
}

/* ---- composing ---- */

/* What hazard the task is about. */
static int find_disease(struct calls *calls, const struct model_task *task, struct model_text *disease)
{
    struct model_set      visible;
    struct model_signal   signal;
    struct model_outbreak outbreak;
    int                   ret = 0;
    *disease = (struct model_text){ NULL, 0 };
    if (!id_is_missing(&task->signal)) {
        ret = store_read(calls->reader, &program, model_record(MODEL_SIGNAL), &task->signal, STORE_NOW, &calls->arena,
                         &signal, &visible);
        if (ret == 0)
            *disease = signal.disease;
    } else if (!id_is_missing(&task->outbreak)) {
        ret = store_read(calls->reader, &program, model_record(MODEL_OUTBREAK), &task->outbreak, STORE_NOW,
                         &calls->arena, &outbreak, &visible);
        if (ret == 0)
            *disease = outbreak.disease;
    }
    return ret == STORE_ERR_ABSENT ? 0 : ret;
}

/* No place below the county is said. */
static int find_county(struct calls *calls, const struct model_task *task, struct call_message_parts *parts)
{
    const struct area_tree *areas = store_hold_areas(calls->options.store);
    struct id               id = task->area;
    struct model_area       area;
    struct model_set        visible;
    if (areas != NULL) {
        uint32_t place = area_tree_find(areas, &task->area);
        if (place != AREA_NONE)
            id = *area_tree_id(areas, area_tree_up(areas, place, (unsigned) calls->options.settings->county_depth));
        store_release_areas(calls->options.store, areas);
    }
    int ret =
        store_read(calls->reader, &program, model_record(MODEL_AREA), &id, STORE_NOW, &calls->arena, &area, &visible);
    if (ret != 0)
        return ret;
    parts->area_en = area.name_en.bytes != NULL ? area.name_en : area.code;
    parts->area_zh = area.name_zh;
    return 0;
}

static int compose(struct calls *calls, const struct model_notice *notice, const struct model_task *task,
                   const struct model_user *user, const char **message)
{
    char                      token[CALLS_TOKEN_BYTES], link[400];
    bool                      mail = text_is(notice->channel, call_channels[CALL_MAIL]);
    struct call_message_parts parts = { .notice = notice,
                                        .task = task,
                                        .recipient = user,
                                        .lists = store_lists(calls->options.store),
                                        .link = link,
                                        .from = calls->options.settings->call_mail_from,
                                        .exercise = calls->options.settings->exercise,
                                        .now = now_of(calls) };
    calls_token(calls, &notice->head.id, token);
    snprintf(link, sizeof link, "%s/have-it/%s", calls->url, token);
    int ret = find_disease(calls, task, &parts.disease);
    if (ret == 0)
        ret = find_county(calls, task, &parts);
    if (ret != 0)
        return ret;
    *message = mail ? call_message_mail(&parts, &calls->arena) : call_message_hook(&parts, &calls->arena);
    return *message != NULL ? 0 : BASE_ERR_INPUT;
}

/* ---- handing over ---- */

static int send_mail(struct calls *calls, const struct model_user *user, const char *message,
                     char receipt[OUTGOING_RECEIPT_BYTES], struct fault_list *faults)
{
    const struct node_settings *settings = calls->options.settings;
    char                        to[200];
    snprintf(to, sizeof to, "%.*s", (int) user->work_mail.size, user->work_mail.bytes);
    const struct outgoing_mail mail = { .url = settings->call_mail,
                                        .user = settings->call_mail_user[0] != '\0' ? settings->call_mail_user : NULL,
                                        .password = calls->mail_password,
                                        .authority =
                                            settings->call_authority[0] != '\0' ? settings->call_authority : NULL,
                                        .from = settings->call_mail_from,
                                        .to = to,
                                        .text = message };
    return outgoing_mail(&mail, receipt, faults);
}

static void sign(const struct calls *calls, const char *message, char header[OUTGOING_HEADER_BYTES])
{
    crypto_auth_hmacsha256_state state;
    unsigned char                mac[crypto_auth_hmacsha256_BYTES];
    char                         hex[2 * sizeof mac + 1], when[24];
    snprintf(when, sizeof when, "%lld", (long long) (now_of(calls) / INSTANT_SECOND));
    crypto_auth_hmacsha256_init(&state, (const unsigned char *) calls->hook_secret, strlen(calls->hook_secret));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *) when, strlen(when));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *) ".", 1);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *) message, strlen(message));
    crypto_auth_hmacsha256_final(&state, mac);
    sodium_bin2hex(hex, sizeof hex, mac, sizeof mac);
    snprintf(header, OUTGOING_HEADER_BYTES, "Tocsin-Signature: t=%s,v1=%s", when, hex);
}

static int call_hook(struct calls *calls, const char *message, char receipt[OUTGOING_RECEIPT_BYTES],
                     struct fault_list *faults)
{
    const struct node_settings *settings = calls->options.settings;
    char                        header[OUTGOING_HEADER_BYTES];
    struct outgoing_answer      answer;
    struct outgoing             request = { .url = settings->call_hook,
                                            .json = message,
                                            .header = header,
                                            .authority = settings->call_authority[0] != '\0' ? settings->call_authority : NULL,
                                            .most = MOST_ANSWER };
    sign(calls, message, header);
    (void) outgoing_url_allowed(settings->call_hook, &request.loopback);
    int ret = outgoing_fetch(&request, &calls->arena, &answer, faults);
    if (ret == 0 && (answer.status < 200 || answer.status > 299)) {
        fault_add(faults, (struct fault_place){ .name = "call_hook" }, "a status of 200 to 299", "%d", answer.status);
        return BASE_ERR_SYSTEM;
    }
    if (ret == 0)
        snprintf(receipt, OUTGOING_RECEIPT_BYTES, "%d", answer.status);
    return ret;
}

/* ---- what became of it ---- */

struct outcome {
    struct id   notice;
    int64_t     now;
    const char *status;  /* where it still waits; NULL: it waits on */
    const char *receipt; /* NULL = it was not handed over */
};

static int decide_outcome(void *context, struct store_reader *reader, struct arena *arena, struct store_change_set *set,
                          struct fault_list *faults)
{
    const struct outcome *outcome = context;
    struct model_notice   notice;
    struct model_set      visible;
    struct change_list    list;
    int                   ret =
        store_read(reader, &program, model_record(MODEL_NOTICE), &outcome->notice, STORE_NOW, arena, &notice, &visible);
    (void) faults;
    if (ret == 0)
        ret = change_list_begin(&list, arena, 1);
    struct model_notice *value = ret == 0 ? change_list_change(&list, MODEL_NOTICE, &notice.head) : NULL;
    if (value == NULL)
        return ret != 0 ? ret : TOC_ERR_NO_MEMORY;
    int64_t attempts = notice.attempts == MODEL_MISSING_INTEGER ? 0 : notice.attempts;
    bool    waits = text_is(notice.status, "waiting");
    value->attempts = attempts < 1000 ? attempts + 1 : 1000;
    change_list_give(&list, model_notice_attempts);
    if (waits && outcome->status != NULL) {
        value->status = text_view(outcome->status);
        change_list_give(&list, model_notice_status);
    }
    if (outcome->receipt != NULL) {
        bool answered = notice.answered != MODEL_MISSING_INTEGER && notice.answered < outcome->now;
        value->sent = answered ? notice.answered : outcome->now; /* somebody was faster than this was written */
        value->receipt = text_view(outcome->receipt);
        change_list_give(&list, model_notice_sent);
        change_list_give(&list, model_notice_receipt);
    } else if (waits && outcome->status == NULL) {
        int64_t pause = CALLS_PAUSE;
        for (int64_t i = 0; i < attempts && pause < CALLS_LONGEST_PAUSE; i++)
            pause *= 2;
        value->next_attempt =
            outcome->now + (pause < CALLS_LONGEST_PAUSE ? pause : CALLS_LONGEST_PAUSE) * INSTANT_SECOND;
        change_list_give(&list, model_notice_next_attempt);
    }
    *set = (struct store_change_set){ list.changes, list.num };
    return 0;
}

static int write_outcome(struct calls *calls, const struct id *notice, const char *status, const char *receipt)
{
    struct outcome             outcome = { *notice, now_of(calls), status, receipt };
    const struct store_request request = { .verb = "notice", .decide = decide_outcome, .context = &outcome };
    int                        ret = store_submit(calls->options.store, &program, &request, NULL, NULL);
    if (ret != 0)
        say(calls, LOG_LEVEL_WARNING, "what became of a notice could not be written; it may be sent again");
    return ret;
}

static void count(struct calls *calls, int64_t *counter)
{
    pthread_mutex_lock(&calls->lock);
    ++*counter;
    pthread_mutex_unlock(&calls->lock);
}

static void leave_alone(struct calls *calls, int channel, bool failed)
{
    double pause = calls->pause[channel];
    pause = !failed ? 0 : pause == 0 ? 1 : 2 * pause < CALLS_CHANNEL_PAUSE ? 2 * pause : CALLS_CHANNEL_PAUSE;
    calls->pause[channel] = pause;
    calls->until[channel] = seconds() + pause;
}

/* Hand it over and write down what became of it. */
static int send_notice(struct calls *calls, const struct model_notice *notice, const struct model_task *task,
                       const struct model_user *user)
{
    int               channel = text_is(notice->channel, call_channels[CALL_MAIL]) ? CALL_MAIL : CALL_HOOK;
    char              receipt[OUTGOING_RECEIPT_BYTES] = "";
    struct fault_list faults = FAULT_LIST_INIT;
    const char       *message;
    if (seconds() < calls->until[channel])
        return 0;
    if (!calls->settings.channels[channel])
        return write_outcome(calls, &notice->head.id, "cancelled", NULL);
    int ret = compose(calls, notice, task, user, &message);
    if (ret == BASE_ERR_INPUT)
        return write_outcome(calls, &notice->head.id, "failed", NULL);
    if (ret != 0)
        return ret;
    ret = channel == CALL_MAIL ? send_mail(calls, user, message, receipt, &faults)
                               : call_hook(calls, message, receipt, &faults);
    leave_alone(calls, channel, ret != 0);
    count(calls, ret == 0 ? &calls->state.sent : &calls->state.failures);
    if (ret != 0 && faults.num_kept > 0) {
        char text[200];
        snprintf(text, sizeof text, "%s: %.150s", call_channels[channel], faults.faults[0].found);
        say(calls, LOG_LEVEL_WARNING, text);
    }
    fault_list_free(&faults);
    bool given_up = ret != 0 && notice->due != MODEL_MISSING_INTEGER && now_of(calls) >= notice->due;
    return write_outcome(calls, &notice->head.id,
                         ret == 0   ? "sent"
                         : given_up ? "failed"
                                    : NULL,
                         ret == 0 ? (receipt[0] != '\0' ? receipt : "taken") : NULL);
}

/* A notice whose task was done meanwhile is not sent any more. */
static int take_notice(struct calls *calls, const struct id *id)
{
    struct model_notice notice;
    struct model_task   task;
    struct model_user   user;
    struct model_set    visible;
    int ret = store_read(calls->reader, &program, model_record(MODEL_NOTICE), id, STORE_NOW, &calls->arena, &notice,
                         &visible);
    if (ret != 0 || !text_is(notice.status, "waiting"))
        return ret == STORE_ERR_ABSENT ? 0 : ret;
    ret = store_read(calls->reader, &program, model_record(MODEL_TASK), &notice.task, STORE_NOW, &calls->arena, &task,
                     &visible);
    if (ret == 0)
        ret = store_read(calls->reader, &program, model_record(MODEL_USER), &notice.recipient, STORE_NOW, &calls->arena,
                         &user, &visible);
    if (ret == STORE_ERR_ABSENT || (ret == 0 && !task_is_open(&task)))
        return write_outcome(calls, id, "cancelled", NULL);
    return ret == 0 ? send_notice(calls, &notice, &task, &user) : ret;
}

/* ---- the thread ---- */

static bool is_closing(struct calls *calls)
{
    pthread_mutex_lock(&calls->lock);
    bool closing = calls->closing;
    pthread_mutex_unlock(&calls->lock);
    return closing;
}

static int send_due(struct calls *calls)
{
    struct id ids[CALLS_MOST_AT_ONCE];
    size_t    num = 0;
    int64_t   waiting = 0;
    int       ret = store_notices_due(calls->reader, now_of(calls), ids, CALLS_MOST_AT_ONCE, &num, &waiting);
    pthread_mutex_lock(&calls->lock);
    calls->state.waiting = waiting;
    pthread_mutex_unlock(&calls->lock);
    for (size_t i = 0; i < num && ret == 0 && !is_closing(calls); i++) {
        ret = take_notice(calls, &ids[i]);
        arena_wipe(&calls->arena);
    }
    return ret;
}

static int look(struct calls *calls)
{
    struct call_report report;
    int                ret = call_look(calls->options.store, calls->reader, &calls->settings, now_of(calls), &report);
    calls->looked = seconds();
    if (ret != 0)
        return ret;
    calls->next = report.next;
    pthread_mutex_lock(&calls->lock);
    calls->state.nobody = report.num_nobody;
    pthread_mutex_unlock(&calls->lock);
    if (report.num_nobody > 0 && !calls->nobody_said)
        say(calls, LOG_LEVEL_WARNING, "somebody is to be called, and nobody who can be reached is on duty");
    calls->nobody_said = report.num_nobody > 0;
    return 0;
}

static void *run(void *context)
{
    struct calls *calls = context;
    bool          woken = true, failing = false;
    pthread_setname_np(pthread_self(), "tocsin-calls");
    do {
        struct db_error error;
        int             ret = 0;
        if (calls->reader == NULL && store_reader_open(calls->options.store, &calls->reader, &error) != 0)
            calls->reader = NULL;
        if (calls->reader == NULL)
            ret = DB_ERR_LOST;
        if (ret == 0 && (woken || seconds() - calls->looked >= CALLS_LOOK_SECONDS || calls->next <= now_of(calls)))
            ret = look(calls);
        if (ret == 0)
            ret = send_due(calls);
        arena_wipe(&calls->arena);
        if (ret != 0) {
            store_reader_close(calls->reader);
            calls->reader = NULL;
            if (!failing)
                say(calls, LOG_LEVEL_WARNING, "calls could not be looked through; it is tried again");
        }
        failing = ret != 0;
    } while (pause_for(&calls->lock, &calls->changed, &calls->closing, &calls->woken, &woken, TICK_MS / 1e3));
    store_reader_close(calls->reader);
    arena_free(&calls->arena);
    return NULL;
}

/* ---- starting ---- */

static int refuse(struct fault_list *faults, const char *name, const char *found, const char *allowed)
{
    fault_add(faults, (struct fault_place){ .name = name }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

/* A file for this user alone; its first line. */
static bool read_secret(const char *path, char secret[MOST_SECRET + 1])
{
    struct stat status;
    int         fd = open(path, O_RDONLY | O_CLOEXEC);
    bool        safe = fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && (status.st_mode & 077) == 0;
    ssize_t     size = safe ? read(fd, secret, MOST_SECRET) : -1;
    if (fd >= 0)
        close(fd);
    secret[size > 0 ? size : 0] = '\0';
    secret[strcspn(secret, "\r\n")] = '\0';
    return secret[0] != '\0';
}

static int read_settings(struct calls *calls, struct fault_list *faults)
{
    static const char           allowed[] = "a file of at most 512 bytes that its owner alone can read";
    const struct node_settings *settings = calls->options.settings;
    struct model_text           from = text_view(settings->call_mail_from);
    bool                        loopback;
    calls->settings.channels[CALL_MAIL] = settings->call_mail[0] != '\0';
    calls->settings.channels[CALL_HOOK] = settings->call_hook[0] != '\0';
    if (settings->call_mail[0] != '\0' && !outgoing_mail_url_allowed(settings->call_mail, &loopback))
        return refuse(faults, "call_mail", "not the address of a mail server", "smtp://HOST:PORT or smtps://HOST:PORT");
    if (settings->call_mail[0] != '\0' && !call_message_address_allowed(from))
        return refuse(faults, "call_mail_from", "missing, or not an address of mail", "tocsin@county.example");
    if (settings->call_mail_user[0] != '\0' && !read_secret(settings->call_mail_password, calls->mail_password))
        return refuse(faults, "call_mail_password", "cannot be used", allowed);
    if (settings->call_hook[0] != '\0' && !outgoing_url_allowed(settings->call_hook, &loopback))
        return refuse(faults, "call_hook", "not an address that is asked", "https://…, or http:// of this machine");
    if (settings->call_hook[0] != '\0' && !read_secret(settings->call_hook_secret, calls->hook_secret))
        return refuse(faults, "call_hook_secret", "cannot be used", allowed);
    return 0;
}

int calls_start(const struct calls_options *options, struct calls **started, struct fault_list *faults)
{
    *started = NULL;
    if (options->settings->call_mail[0] == '\0' && options->settings->call_hook[0] == '\0')
        return 0;
    struct calls *calls = memory_array(1, sizeof *calls);
    if (calls == NULL)
        return TOC_ERR_NO_MEMORY;
    calls->options = *options;
    snprintf(calls->url, sizeof calls->url, "%s", options->url);
    pthread_mutex_init(&calls->lock, NULL);
    pause_init(&calls->changed);
    int ret = read_settings(calls, faults);
    if (ret == 0 && (ret = key_file_read(calls->options.key, calls->key, KEY_BYTES)) != 0)
        fault_add(faults, (struct fault_place){ .name = "call-key" }, "a folder that can be written", "cannot be kept");
    if (ret == 0 && pthread_create(&calls->thread, NULL, run, calls) != 0)
        ret = BASE_ERR_SYSTEM;
    calls->started = ret == 0;
    if (ret != 0)
        calls_stop(calls);
    else
        *started = calls;
    return ret;
}

void calls_stop(struct calls *calls)
{
    if (calls == NULL)
        return;
    if (calls->started) {
        pthread_mutex_lock(&calls->lock);
        calls->closing = true;
        pthread_cond_signal(&calls->changed);
        pthread_mutex_unlock(&calls->lock);
        pthread_join(calls->thread, NULL);
    }
    pthread_cond_destroy(&calls->changed);
    pthread_mutex_destroy(&calls->lock);
    sodium_memzero(calls, sizeof *calls);
    free(calls);
}

void calls_wake(struct calls *calls)
{
    if (calls == NULL)
        return;
    pthread_mutex_lock(&calls->lock);
    calls->woken = true;
    pthread_cond_signal(&calls->changed);
    pthread_mutex_unlock(&calls->lock);
}

void calls_watch(struct calls *calls, struct calls_state *state)
{
    pthread_mutex_lock(&calls->lock);
    *state = calls->state;
    pthread_mutex_unlock(&calls->lock);
}
