/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/node_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time_zone.h"
#include "tocsin/status.h"

/* ---- the keys, each described once ---- */

enum setting_kind {
    SETTING_URL,
    SETTING_PATH,
    SETTING_COMMAND,
    SETTING_TEXT,
    SETTING_ZONE,
    SETTING_ID,
    SETTING_YES,
    SETTING_WHOLE
};

struct setting {
    const char       *key;
    enum setting_kind kind;
    size_t            offset;
    int64_t           low, high; /* SETTING_WHOLE */
    const char       *meaning;
};

#define AT(member) offsetof(struct node_settings, member)
static const struct setting settings_table[] = {
    { "database", SETTING_URL, AT(database), 0, 0, "sqlite:FILE or postgresql://USER@HOST/NAME" },
    { "keys", SETTING_PATH, AT(keys), 0, 0, "the directory of the node keys; keep it apart from the backups" },
    { "operator", SETTING_ID, AT(operator_id), 0, 0, "whom the audit trail names for work at the command line" },
    { "backup_to", SETTING_PATH, AT(backup_to), 0, 0, "the directory that backups go to, best on another machine" },
    { "backup_send", SETTING_COMMAND, AT(backup_send), 0, 0, "a command that gets each backup on its standard input" },
    { "backup_every_hours", SETTING_WHOLE, AT(backup_every_hours), 1, 8760, "hours from one backup to the next" },
    { "backup_keep_days", SETTING_WHOLE, AT(backup_keep_days), 1, 3660,
      "days until a backup is deleted; the keys that could read it die with it" },
    { "negatives_keep_days", SETTING_WHOLE, AT(negatives_keep_days), 1, 3660,
      "days until somebody in whom tests found nothing is forgotten; the tests stay as counts" },
    { "sender_messages_a_minute", SETTING_WHOLE, AT(sender_messages_a_minute), 1, 1000000,
      "messages that one sender may send in a minute; none: as many as come" },
    { "sender_messages_a_day", SETTING_WHOLE, AT(sender_messages_a_day), 1, 1000000000, "likewise in a day" },
    { "sender_mib_a_day", SETTING_WHOLE, AT(sender_mib_a_day), 1, 1000000, "and MiB in a day" },
    { "county_depth", SETTING_WHOLE, AT(county_depth), 0, 15,
      "depth of the counties in the tree of areas, 0 = its top" },
    { "telephone_country", SETTING_WHOLE, AT(telephone_country), 1, 999,
      "calling code of telephone numbers that are written without a country; after a change: tocsin node rotate "
      "--tokens" },
    { "time_zone", SETTING_ZONE, AT(time_zone), 0, 0,
      "the zone whose days and hours count here, by its IANA name (Asia/Shanghai); none: the machine's" },
    { "listen", SETTING_TEXT, AT(listen), 0, 0, "where 'tocsin serve' listens: ADDRESS:PORT or unix:PATH" },
    { "public_url", SETTING_TEXT, AT(public_url), 0, 0, "the address by which people reach the server, through TLS" },
    { "trusted_proxy", SETTING_TEXT, AT(trusted_proxy), 0, 0, "the address whose X-Forwarded-For is believed" },
    { "workers", SETTING_WHOLE, AT(workers), 1, 64, "threads that answer" },
    { "sign_in_issuer", SETTING_TEXT, AT(sign_in_issuer), 0, 0,
      "the identity provider (OpenID Connect) by which people may sign in: its issuer, letter by letter" },
    { "sign_in_client", SETTING_TEXT, AT(sign_in_client), 0, 0, "what the provider calls this server (client_id)" },
    { "sign_in_secret", SETTING_PATH, AT(sign_in_secret), 0, 0,
      "a file, for this user alone, with the secret that the provider gave; none: PKCE alone" },
    { "sign_in_name", SETTING_TEXT, AT(sign_in_name), 0, 0, "what people call the provider" },
    { "sign_in_second_factor", SETTING_TEXT, AT(sign_in_second_factor), 0, 0,
      "when the provider's second factor counts: amr:mfa, acr:VALUE, several by commas; none: never" },
    { "sign_in_authority", SETTING_PATH, AT(sign_in_authority), 0, 0,
      "a file with the certificates that vouch for the provider; none: those of the system" },
    { "pass_trust", SETTING_PATH, AT(pass_trust), 0, 0,
      "the folder of trust lists that health passes are checked with: docs/pass.md" },
    { "pass_rules", SETTING_PATH, AT(pass_rules), 0, 0, "a file with the rules that passes are held to" },
    { "pass_country", SETTING_TEXT, AT(pass_country), 0, 0,
      "the country whose rules count here, as the rules name it" },
    { "pass_region", SETTING_TEXT, AT(pass_region), 0, 0, "the region of that country, for rules of a region alone" },
    { "pass_pull", SETTING_TEXT, AT(pass_pull), 0, 0,
      "an address that pass_trust is fetched from each hour: https://…; none: lists come by file" },
    { "pass_pull_rules", SETTING_TEXT, AT(pass_pull_rules), 0, 0, "an address that pass_rules is fetched from" },
    { "pass_pull_authority", SETTING_PATH, AT(pass_pull_authority), 0, 0,
      "a file with the certificates that vouch for both; none: those of the system" },
    { "pass_issuer", SETTING_PATH, AT(pass_issuer), 0, 0,
      "the folder of the signer that passes are issued by, made by 'tocsin issue signer --node'" },
    { "pass_smart", SETTING_TEXT, AT(pass_smart), 0, 0, "the address of its SMART Health Cards: https://…" },
    { "watch", SETTING_YES, AT(watch), 0, 0, "no: 'tocsin serve' does not judge the streams by itself" },
    { "codes", SETTING_PATH, AT(codes), 0, 0,
      "the folder of code tables of your own, read after those that came with tocsin: docs/intake.md" },
    { "call_mail", SETTING_TEXT, AT(call_mail), 0, 0,
      "the mail server by which people on duty are called: smtp://HOST:PORT or smtps://HOST:PORT" },
    { "call_mail_from", SETTING_TEXT, AT(call_mail_from), 0, 0, "the address that such mail comes from" },
    { "call_mail_user", SETTING_TEXT, AT(call_mail_user), 0, 0, "the user at that server; none: without" },
    { "call_mail_password", SETTING_PATH, AT(call_mail_password), 0, 0,
      "a file, for this user alone, with the password there" },
    { "call_hook", SETTING_TEXT, AT(call_hook), 0, 0,
      "a web-hook by which people on duty are called (https://…): gateways of text messages hang on it" },
    { "call_hook_secret", SETTING_PATH, AT(call_hook_secret), 0, 0,
      "a file, for this user alone, with the secret that the web-hook's calls are signed with" },
    { "call_authority", SETTING_PATH, AT(call_authority), 0, 0,
      "a file with the certificates that vouch for both; none: those of the system" },
    { "public_diseases", SETTING_TEXT, AT(public_diseases), 0, 0,
      "codes of the diseases that the public page (/public) tells of: docs/public.md; none: there is no such page" },
    { "public_area", SETTING_TEXT, AT(public_area), 0, 0,
      "the code of the area that it tells of; none: from the top down the first with several areas below it" },
    { "public_reports", SETTING_YES, AT(public_reports), 0, 0,
      "may anybody report an event on a page without signing in?" },
    { "public_contact", SETTING_TEXT, AT(public_contact), 0, 0, "whom the public page names for questions" },
    { "report_hour", SETTING_WHOLE, AT(report_hour), 0, NODE_LAST_HOUR + 1,
      "the hour at which the report of the day before is frozen; 24: by hand alone" },
    { "report_area", SETTING_TEXT, AT(report_area), 0, 0,
      "the code of the area that it tells of; none: from the top down the first with several areas below it" },
    { "exercise", SETTING_YES, AT(exercise), 0, 0, "yes: a drill, and what is sent begins with EXERCISE" },
    { "demo", SETTING_YES, AT(demo), 0, 0, "yes: the data are invented, and are served on loopback alone" },
};
#define NUM_SETTINGS (sizeof settings_table / sizeof *settings_table)

/* Of a section [mllp NAME]. */
#define MLLP(member) offsetof(struct node_mllp, member)
static const struct setting mllp_table[] = {
    { "listen", SETTING_TEXT, MLLP(listen), 0, 0, "ADDRESS:PORT" },
    { "certificate", SETTING_PATH, MLLP(certificate), 0, 0, "the listener's certificate (PEM)" },
    { "key", SETTING_PATH, MLLP(key), 0, 0, "its key; none: in the same file" },
    { "authority", SETTING_PATH, MLLP(authority), 0, 0, "certificates of the authorities of senders" },
    { "feed", SETTING_ID, MLLP(feed), 0, 0, "the only sender" },
    { "addresses", SETTING_TEXT, MLLP(addresses), 0, 0, "who may connect" },
};
#define NUM_MLLP (sizeof mllp_table / sizeof *mllp_table)

static const char *allowed_of(const struct setting *setting, char text[FAULT_ALLOWED_BYTES])
{
    switch (setting->kind) {
    case SETTING_URL: return "sqlite:FILE, or postgresql://USER@HOST/NAME";
    case SETTING_PATH: return "a path of at most 179 bytes";
    case SETTING_COMMAND: return "a command for sh -c, of at most 179 bytes";
    case SETTING_TEXT: return "a text of at most 179 bytes";
    case SETTING_ZONE: return TIME_ZONE_ALLOWED;
    case SETTING_ID: return ID_ALLOWED;
    case SETTING_YES: return "yes, no";
    case SETTING_WHOLE: break;
    }
    snprintf(text, FAULT_ALLOWED_BYTES, "a whole number from %lld to %lld", (long long) setting->low,
             (long long) setting->high);
    return text;
}

/* ---- reading ---- */

struct reading {
    FILE                *file;
    const char          *path;
    const char          *directory;
    uint64_t             line;
    bool                 seen[NUM_SETTINGS], seen_mllp[NODE_MLLP_MOST][NUM_MLLP];
    struct node_settings settings;
    struct fault_list   *faults;
};

/* inih's view of the file, so that lines can be counted. */
static char *next_line(char *text, int size, void *context)
{
    struct reading *reading = context;
    if (reading->line >= NODE_SETTINGS_LINES)
        return NULL;
    char *line = fgets(text, size, reading->file);
    if (line != NULL)
        reading->line++;
    return line;
}

static struct fault_place place_of(const struct reading *reading, const char *key)
{
    return (struct fault_place){ .file = reading->path, .line = reading->line, .name = key };
}

/* A path or SQLite URL that is relative is one in the node's directory. Returns false where it is too long. */
static bool store_path(const struct reading *reading, const char *value, bool is_url, char *path)
{
    const char *scheme = "";
    if (is_url && strncmp(value, "postgresql://", 13) == 0)
        return (size_t) snprintf(path, NODE_SETTING_BYTES, "%s", value) < NODE_SETTING_BYTES;
    if (is_url && strncmp(value, "sqlite:", 7) != 0)
        return false;
    if (is_url) {
        scheme = "sqlite:";
        value += 7;
    }
    if (*value == '\0')
        return false;
    const char *before = *value == '/' ? "" : reading->directory;
    return (size_t) snprintf(path, NODE_SETTING_BYTES, "%s%s%s%s", scheme, before, *before != '\0' ? "/" : "", value) <
           NODE_SETTING_BYTES;
}

static bool store_value(const struct reading *reading, const struct setting *setting, const char *value, void *settings)
{
    char *at = (char *) settings + setting->offset;
    switch (setting->kind) {
    case SETTING_URL:
    case SETTING_PATH: return store_path(reading, value, setting->kind == SETTING_URL, at);
    case SETTING_TEXT:
    case SETTING_COMMAND: return (size_t) snprintf(at, NODE_SETTING_BYTES, "%s", value) < NODE_SETTING_BYTES;
    case SETTING_ZONE: snprintf(at, TIME_ZONE_BYTES, "%s", value); return *value == '\0' || time_zone_exists(value);
    case SETTING_ID: return id_from_text(value, strlen(value), (struct id *) (void *) at) == 0;
    case SETTING_YES:
        *(bool *) (void *) at = strcmp(value, "yes") == 0;
        return strcmp(value, "yes") == 0 || strcmp(value, "no") == 0;
    case SETTING_WHOLE: break;
    }
    return text_to_integer(value, strlen(value), setting->low, setting->high, (int64_t *) (void *) at) == 0;
}

/* One line: a key of a table, into the struct that the table describes. seen: a flag a key. */
static void take_line(struct reading *reading, const struct setting *table, size_t num, bool *seen, void *settings,
                      const char *key, const char *value, const char *keys)
{
    char   quoted[TEXT_QUOTE_BYTES], allowed[FAULT_ALLOWED_BYTES];
    size_t i = 0;
    while (i < num && strcmp(table[i].key, key) != 0)
        i++;
    if (i == num) {
        fault_add(reading->faults, place_of(reading, key), keys, "there is no such key");
        return;
    }
    text_quote(value, strlen(value), quoted);
    if (seen[i])
        fault_add(reading->faults, place_of(reading, key), "one line a key", "stands here a second time");
    else if (!store_value(reading, &table[i], value, settings))
        fault_add(reading->faults, place_of(reading, key), allowed_of(&table[i], allowed), "found %s", quoted);
    seen[i] = true;
}

/* The listener of a section's name, made where it is new. NULL after a fault. */
static struct node_mllp *find_mllp(struct reading *reading, const char *section)
{
    struct node_settings *settings = &reading->settings;
    const char           *name = section + 5;
    size_t                size = strlen(name);
    for (size_t i = 0; i < settings->num_mllp; i++)
        if (strcmp(settings->mllp[i].name, name) == 0)
            return &settings->mllp[i];
    if (size == 0 || size >= NODE_MLLP_NAME || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != size)
        fault_add(reading->faults, place_of(reading, section), "[mllp NAME]: at most 30 small letters, digits and -",
                  "is no name of a listener");
    else if (settings->num_mllp == NODE_MLLP_MOST)
        fault_add(reading->faults, place_of(reading, section), "at most 16 listeners", "one listener too many");
    else {
        struct node_mllp *made = &settings->mllp[settings->num_mllp++];
        memcpy(made->name, name, size + 1);
        return made;
    }
    return NULL;
}

static int take(void *context, const char *section, const char *key, const char *value)
{
    struct reading   *reading = context;
    struct node_mllp *mllp;
    if (*section == '\0')
        take_line(reading, settings_table, NUM_SETTINGS, reading->seen, &reading->settings, key, value,
                  "the keys that 'tocsin help node' lists, without sections");
    else if (strncmp(section, "mllp ", 5) != 0)
        fault_add(reading->faults, place_of(reading, section), "[mllp NAME]", "there is no such section");
    else if ((mllp = find_mllp(reading, section)) != NULL)
        take_line(reading, mllp_table, NUM_MLLP, reading->seen_mllp[mllp - reading->settings.mllp], mllp, key, value,
                  "listen, certificate, key, authority, feed, addresses");
    return 1;
}

static void check_mllp(struct reading *reading)
{
    for (size_t i = 0; i < reading->settings.num_mllp; i++)
        if (reading->settings.mllp[i].listen[0] == '\0')
            fault_add(
                reading->faults, (struct fault_place){ .file = reading->path, .name = reading->settings.mllp[i].name },
                "listen = ADDRESS:PORT", "[mllp %s] does not say where it listens", reading->settings.mllp[i].name);
}

/* The initial values, their paths in the node's directory. */
static bool begin(struct reading *reading)
{
    static const struct node_settings initial = NODE_SETTINGS_INIT;
    reading->settings = initial;
    for (size_t i = 0; i < NUM_SETTINGS; i++) {
        const struct setting *setting = &settings_table[i];
        const char           *value = (const char *) &initial + setting->offset;
        bool                  is_path = setting->kind == SETTING_URL || setting->kind == SETTING_PATH;
        if (is_path && *value != '\0' && !store_value(reading, setting, value, &reading->settings))
            return false;
    }
    return true;
}

static int read_lines(struct reading *reading)
{
    uint64_t before = reading->faults->num_all;
    int      wrong = ini_parse_stream(next_line, reading, take, reading);
    if (wrong < 0)
        return TOC_ERR_NO_MEMORY;
    if (wrong > 0)
        fault_add(reading->faults, (struct fault_place){ .file = reading->path, .line = (uint64_t) wrong },
                  "key = value", "is no setting");
    check_mllp(reading);
    if (fgetc(reading->file) != EOF)
        fault_add(reading->faults, place_of(reading, NULL), "at most 1000 lines", "the file goes on");
    return reading->faults->num_all > before ? BASE_ERR_INPUT : 0;
}

int node_settings_read(const char *directory, struct node_settings *settings, struct fault_list *faults)
{
    char           path[4096];
    struct reading reading = { .path = NODE_SETTINGS_FILE, .directory = directory, .faults = faults };
    snprintf(path, sizeof path, "%s/%s", directory, NODE_SETTINGS_FILE);
    if (!begin(&reading)) {
        fault_add(faults, (struct fault_place){ .name = "directory" }, "a shorter path", "the path is too long");
        return BASE_ERR_SYSTEM;
    }
    reading.file = fopen(path, "re");
    if (reading.file == NULL) {
        fault_add(faults, (struct fault_place){ .name = path }, "a directory made by 'tocsin node init'", "%s",
                  strerror(errno));
        return BASE_ERR_SYSTEM;
    }
    int ret = read_lines(&reading);
    fclose(reading.file);
    if (ret == 0)
        ret = time_zone_set(reading.settings.time_zone);
    if (ret == 0)
        *settings = reading.settings;
    return ret;
}

/* ---- writing ---- */

static void print_value(FILE *file, const struct setting *setting, const struct node_settings *settings)
{
    static const struct node_settings initial = NODE_SETTINGS_INIT;
    const char                       *at = (const char *) settings + setting->offset;
    const char                       *standard = (const char *) &initial + setting->offset;
    char                              text[ID_TEXT_BYTES];
    fprintf(file, "\n# %s\n", setting->meaning);
    switch (setting->kind) {
    case SETTING_URL:
    case SETTING_PATH:
    case SETTING_TEXT:
    case SETTING_ZONE:
    case SETTING_COMMAND: fprintf(file, "%s%s = %s\n", strcmp(at, standard) == 0 ? "# " : "", setting->key, at); break;
    case SETTING_ID:
        id_to_text((const struct id *) (const void *) at, text);
        fprintf(file, "%s = %s\n", setting->key, text);
        break;
    case SETTING_YES: {
        bool yes = *(const bool *) (const void *) at;
        bool same = yes == *(const bool *) (const void *) standard;
        fprintf(file, "%s%s = %s\n", same ? "# " : "", setting->key, yes ? "yes" : "no");
        break;
    }
    case SETTING_WHOLE:
        fprintf(file, "%s%s = %lld\n", memcmp(at, standard, sizeof(int64_t)) == 0 ? "# " : "", setting->key,
                (long long) *(const int64_t *) (const void *) at);
        break;
    }
}

int node_settings_write(const char *directory, const struct node_settings *settings, struct fault_list *faults)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, NODE_SETTINGS_FILE);
    int   fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL) {
        fault_add(faults, (struct fault_place){ .name = path }, "a directory that holds no node yet", "%s",
                  strerror(errno));
        return BASE_ERR_SYSTEM;
    }
    fputs("# The settings of a Tocsin node. 'tocsin help node' explains them.\n", file);
    for (size_t i = 0; i < NUM_SETTINGS; i++)
        print_value(file, &settings_table[i], settings);
    bool failed = fflush(file) != 0 || fsync(fd) != 0;
    failed |= fclose(file) != 0;
    if (!failed)
        return 0;
    fault_add(faults, (struct fault_place){ .name = path }, NULL, "%s", strerror(errno));
    unlink(path);
    return BASE_ERR_SYSTEM;
}
