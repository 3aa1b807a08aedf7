/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/node_settings.h: a node is a directory: its settings (tocsin.conf), its keys, and, on SQLite, its database.
 *
 *     database = sqlite:tocsin.db        or postgresql://…; a relative path is one in the node's directory
 *     keys = keys                        node keys; better on another file system than the database's backups
 *     operator = 0193…                   whom the audit trail names for work at the command line
 *     backup_to = /media/backup          a directory, where possible on another machine
 *     backup_send = scp-to-the-other-site   a command that gets each finished backup on its standard input
 *     backup_every_hours = 24
 *     backup_keep_days = 35              after so many days a backup is deleted and its generation of keys dies
 *     negatives_keep_days = 14           after so many days who tested negative is forgotten; the tests stay as counts
 *     sender_messages_a_minute = 600     that one sender may send (docs/intake.md); none: as many as come
 *     sender_messages_a_day = 100000
 *     sender_mib_a_day = 1000
 *     listen = 127.0.0.1:8420            where 'tocsin serve' listens: ADDRESS:PORT or unix:PATH
 *     public_url = https://tocsin.county.example   by which people reach it, through TLS
 *     trusted_proxy = 127.0.0.1          whose X-Forwarded-For is believed; whoever comes by a unix socket is
 *     workers = 4                        threads that answer
 *     sign_in_issuer = https://login.county.example   the identity provider (OpenID Connect), letter by letter
 *     sign_in_client = tocsin            what it calls this server
 *     sign_in_secret = provider-secret   a file with the secret that it gave; none: PKCE alone
 *     sign_in_name = County sign-in      what people call it
 *     sign_in_second_factor = amr:mfa    its second factor counts where it says so (or acr:VALUE, several by commas)
 *     sign_in_authority = ca.pem         a file with the certificates that vouch for it; none: the system's
 *     pass_trust = trust                 the folder of trust lists that health passes are checked with (docs/pass.md)
 *     pass_rules = rules.json            the rules that they are held to
 *     pass_country = XX                  whose rules count here; and of which region
 *     pass_region = XX-1
 *     pass_pull = https://health.example/pass   where pass_trust is fetched from, each hour; none: by file
 *     pass_pull_rules = https://health.example/pass/rules.json   likewise pass_rules
 *     pass_pull_authority = ca.pem       a file with the certificates that vouch for both; none: the system's
 *     pass_issuer = signer               the folder of a signer that passes are issued by (docs/pass-issuing.md)
 *     pass_smart = https://cards.county.example   the address of its SMART Health Cards
 *     watch = yes                        'tocsin serve' judges the streams by itself (docs/watch.md)
 *     codes = our-codes                  the folder of code tables of your own, read after ours (docs/intake.md)
 *     call_mail = smtp://mail.county.example:25   the mail server by which people on duty are called (docs/watch.md)
 *     call_mail_from = tocsin@county.example
 *     call_mail_user = tocsin            of that server, and a file with the password; none: without
 *     call_mail_password = mail-password
 *     call_hook = https://sms.county.example/tocsin   a web-hook by which they are called, and a file with its secret
 *     call_hook_secret = hook-secret
 *     call_authority = ca.pem            a file with the certificates that vouch for both; none: the system's
 *     public_diseases = measles influenza   what the public page tells of (docs/public.md); none: there is no such page
 *     public_area = 540121               the code of the area that it tells of; none: the first with several below it
 *     public_reports = yes                anybody may report an event at /report (docs/watch.md)
 *     public_contact = 0800 12320        whom it names for questions
 *     report_hour = 8                    when the daily report is frozen (docs/daily-report.md); 24: by hand alone
 *     report_area = 540121               the code of the area that it tells of; none: the first with several below it
 *     exercise = no                      a drill: what is sent begins with EXERCISE
 *     demo = no                          invented data: served on loopback alone
 *     county_depth = 3                   of the counties in the tree of areas (0 = its top): people are found by name
 *                                        within one
 *     time_zone = Asia/Shanghai          whose days and hours count (base/time_zone.h); none: the machine's
 *     telephone_country = 86             of telephone numbers that are written without a country
 *

 *     [mllp hospital]                    a listener for HL7 v2 over MLLP (docs/intake.md), named for the log; up to 16
 *     listen = 10.0.0.5:2575             its own address and port
 *     certificate = mllp.pem             with TLS; plain listeners are for this machine, or name feed and addresses
 *     key = mllp.key                     of that certificate; none: it stands in the same file
 *     authority = authority.crt          whose senders may connect, each with a certificate
 *     feed = 0193…                       the only sender here; none: every feed of the channel mllp
 *     addresses = 10.1.0.0/16 10.2.0.7   who may connect; none: everybody
 *
 * Lines are `key = value`; # or ; begin a comment. A key that is not in the table is a fault, as is one that stands
 * twice.
 */
#ifndef STORE_NODE_SETTINGS_H
#define STORE_NODE_SETTINGS_H

#include <stdbool.h>

#include "base/fault.h"
#include "base/id.h"
#include "base/time_zone.h"

#define NODE_SETTINGS_FILE "tocsin.conf"
#define NODE_SETTINGS_LINES 1000 /* of the file, at most */
#define NODE_SETTING_BYTES 180   /* of a value, with its end */

#define NODE_LAST_HOUR 23
#define NODE_MLLP_MOST 16
#define NODE_MLLP_NAME 31 /* with its end */
struct node_mllp {
    char      name[NODE_MLLP_NAME];
    char      listen[NODE_SETTING_BYTES];
    char      certificate[NODE_SETTING_BYTES], key[NODE_SETTING_BYTES], authority[NODE_SETTING_BYTES]; /* "" = none */
    struct id feed;                                                                                    /* or missing */
    char      addresses[NODE_SETTING_BYTES];
};

struct node_settings {
    char             database[NODE_SETTING_BYTES];
    char             keys[NODE_SETTING_BYTES];
    struct id        operator_id;
    char             backup_to[NODE_SETTING_BYTES];   /* "" = none */
    char             backup_send[NODE_SETTING_BYTES]; /* "" = none */
    int64_t          backup_every_hours;              /* 1 … 8760 */
    int64_t          backup_keep_days;                /* 1 … 3660 */
    int64_t          negatives_keep_days;             /* 1 … 3660 */
    int64_t          sender_messages_a_minute;        /* 0 = any number, as of those below */
    int64_t          sender_messages_a_day;
    int64_t          sender_mib_a_day;
    int64_t          county_depth;               /* 0 … 15 */
    int64_t          telephone_country;          /* 1 … 999 */
    char             time_zone[TIME_ZONE_BYTES]; /* "" = the machine's */
    char             listen[NODE_SETTING_BYTES];
    char             public_url[NODE_SETTING_BYTES];     /* "" = none */
    char             trusted_proxy[NODE_SETTING_BYTES];  /* "" = none */
    int64_t          workers;                            /* 1 … 64 */
    char             sign_in_issuer[NODE_SETTING_BYTES]; /* "" = none */
    char             sign_in_client[NODE_SETTING_BYTES];
    char             sign_in_secret[NODE_SETTING_BYTES]; /* "" = none */
    char             sign_in_name[NODE_SETTING_BYTES];
    char             sign_in_second_factor[NODE_SETTING_BYTES]; /* "" = never counts */
    char             sign_in_authority[NODE_SETTING_BYTES];     /* "" = the system's */
    char             pass_trust[NODE_SETTING_BYTES];            /* "" = none, as of those below */
    char             pass_rules[NODE_SETTING_BYTES];
    char             pass_country[NODE_SETTING_BYTES];
    char             pass_region[NODE_SETTING_BYTES];
    char             pass_pull[NODE_SETTING_BYTES];
    char             pass_pull_rules[NODE_SETTING_BYTES];
    char             pass_pull_authority[NODE_SETTING_BYTES];
    char             pass_issuer[NODE_SETTING_BYTES];
    char             pass_smart[NODE_SETTING_BYTES];
    bool             watch;
    char             call_mail[NODE_SETTING_BYTES]; /* "" = none, as of those below */
    char             call_mail_from[NODE_SETTING_BYTES];
    char             call_mail_user[NODE_SETTING_BYTES];
    char             call_mail_password[NODE_SETTING_BYTES];
    char             call_hook[NODE_SETTING_BYTES];
    char             call_hook_secret[NODE_SETTING_BYTES];
    char             call_authority[NODE_SETTING_BYTES];
    char             public_diseases[NODE_SETTING_BYTES]; /* "" = no public page */
    char             public_area[NODE_SETTING_BYTES];
    bool             public_reports;
    char             public_contact[NODE_SETTING_BYTES];
    int64_t          report_hour; /* 0 … NODE_LAST_HOUR; one more: none */
    char             report_area[NODE_SETTING_BYTES];
    bool             exercise;
    char             codes[NODE_SETTING_BYTES];
    bool             demo;
    struct node_mllp mllp[NODE_MLLP_MOST];
    size_t           num_mllp;
};
#define NODE_SETTINGS_INIT                                                                                             \
    {                                                                                                                  \
        .database = "sqlite:tocsin.db", .keys = "keys", .backup_every_hours = 24, .backup_keep_days = 35,              \
        .negatives_keep_days = 14, .county_depth = 3, .telephone_country = 86, .listen = "127.0.0.1:8420",             \
        .workers = 4, .sign_in_client = "tocsin", .sign_in_name = "Identity provider", .watch = true,                  \
        .report_hour = NODE_LAST_HOUR + 1                                                                              \
    }

/* Read DIRECTORY/tocsin.conf; relative paths come back with the directory before them. The process's time zone is the
 * node's from then on, so it is read before there are threads. Returns 0, BASE_ERR_INPUT (every
 * fault at its line) or BASE_ERR_SYSTEM (no such file, …); settings untouched then. */
int node_settings_read(const char *directory, struct node_settings *settings, struct fault_list *faults);

/* The text of a settings file, each key explained; what is as NODE_SETTINGS_INIT says is commented out. Into a file of
 * mode 0600 that must not exist yet. Returns 0 or BASE_ERR_SYSTEM. */
int node_settings_write(const char *directory, const struct node_settings *settings, struct fault_list *faults);

#endif
