/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/intake_door.h: what every door calls: a transmission goes in and is durable before the sender is answered.
 *
 *     door (MLLP, HTTP, command line, folder …)
 *         reads it far enough to answer (intake_format.h), finds the feed (intake_find_feed)
 *         intake_take: message and sealed bytes in one commit, shared with whatever else waits
 *         answers the sender with the verdict
 *
 * A transmission is kept whatever becomes of it. Its verdict on arrival is
 *     received    it can be read, and waits to be worked off in the order of arrival (intake_work.h)
 *     held        of no known feed, or of one that is stopped: for a person to decide; nothing is made of it
 *     rejected    it cannot be read, `reason` says where and why
 *
 * The same bytes of the same sender are one message, however often and by however many connections they come: the
 * sender gets the first one's verdict. Threads may call at once, each with an intake_taker of its own.
 */
#ifndef RESPONSE_INTAKE_DOOR_H
#define RESPONSE_INTAKE_DOOR_H

#include "formats/code_tables.h"
#include "formats/report.h"
#include "model/records.h"
#include "response/intake_quota.h"
#include "response/intake_resource.h"
#include "store/store.h"

#define INTAKE_MAX_BYTES ((size_t) 8 << 20)  /* of one transmission; larger files are taken in parts */
#define INTAKE_PART_BYTES ((size_t) 4 << 20) /* of a part of a file */
#define INTAKE_MAX_FILE ((size_t) 1 << 30)   /* bytes of a file of a table */
#define INTAKE_RESERVE_BYTES (UINT64_C(256) << 20)

enum intake_status {
    INTAKE_ERR_RESERVE = -1410, /* the disk is nearly full: nothing is taken in; remedy: make room */
    INTAKE_ERR_LIMIT = -1411 /* its sender has sent as much as it may: the receipt says which limit, and when again */
};

struct intake;

struct intake_options {
    struct store             *store; /* with a writer; borrowed */
    struct keeper            *keeper;
    const struct code_tables *tables;
    const char               *disk;          /* a path on the disk of the database; NULL = not watched */
    uint64_t                  reserve_bytes; /* kept free there; 0 = INTAKE_RESERVE_BYTES */
    struct intake_limits      limits;        /* of each sender */
    const char               *program;       /* of tocsin, started for each spreadsheet; NULL = they are refused */
};

/* Returns 0, KEEPER_ERR_…, TOC_ERR_NO_MEMORY, db_status. */
int intake_open(const struct intake_options *options, struct intake **intake, struct db_error *error);
const struct code_tables *intake_tables(const struct intake *intake);
void intake_close(struct intake *intake); /* ends its own thread (intake_work.h) first; NULL is fine */

/* ---- feeds ---- */

/* How somebody came, to be matched with the feeds of that channel. */
struct intake_caller {
    const char        *channel;               /* of share/lists/message_channel.csv */
    struct report_text application, facility; /* as the sender names itself */
    const char        *address;               /* IPv4 or IPv6 as text; NULL = this machine's own user */
    const char        *certificate;           /* SHA-256, hexadecimal; NULL = none was shown */
    struct id          institution;           /* whom its token is for; missing = none */
    struct id          feed;                  /* that alone: the door is one feed's; missing = any */
};

/* The feed that matches, in arena; false: none does. Of several the one that says most. Feeds are read anew when they
 * are older than INTAKE_FEEDS_SECONDS. A feed with a certificate matches that certificate alone; one with addresses
 * those; one with neither only this machine (or the institution's token). */
#define INTAKE_FEEDS_SECONDS 5
bool intake_find_feed(struct intake *intake, const struct intake_caller *caller, struct arena *arena,
                      struct model_feed *feed);
/* Every feed of an institution, in arena; answers how many, at most `most`. */
size_t intake_feeds_of(struct intake *intake, const struct id *institution, struct arena *arena,
                       struct model_feed *feeds, size_t most);
/* Is the address one of the list, or in a network of it ("10.1.0.0/16 fd00::5")? Are all words of it such? */
bool intake_is_within(const char *list, const char *address);
bool intake_networks_are_valid(const char *list);
bool intake_feed(struct intake *intake, const struct id *id, struct arena *arena, struct model_feed *feed);

/* ---- taking ---- */

struct intake_arrival {
    const char              *channel, *format; /* codes */
    const struct model_feed *feed;             /* NULL = none */
    const struct report *report; /* as the door has read it: control id, faults, whether it is a test; NULL = unread */
    const void          *bytes;
    size_t               size;         /* 1 … INTAKE_MAX_BYTES; else TOC_ERR_TOO_LARGE, TOC_ERR_SHAPE */
    struct id            submitted_by; /* user; missing = none */
    struct id            institution;  /* facility; missing = that of the feed */
    struct id            part_of;      /* message of the file that this is a part of; missing = whole */
    int64_t              position;     /* in it; with part_of */
    bool                 history;      /* feeds baselines only */
    bool                 reject;       /* the door refuses it though it could be read; reason says why */
    const char          *reason;       /* NULL = that of the report's first fault */
    bool in_parts; /* a file: the row alone, whose verdict is `arriving`; the bytes follow in parts (intake_table.h) */
    struct report_text      says;      /* by what the same again is known; empty = by the bytes */
    struct report_text      key;       /* of a row: by what a corrected one is known; empty = the report's control id */
    struct intake_resource *resources; /* that the sender creates; their statuses are set */
    size_t                  num_resources;
    bool                    together; /* all of them or none: else what fails is left out alone */
};

struct intake_receipt {
    struct id message;
    int64_t   received;    /* instant; of the first where it repeats one */
    bool      repeats;     /* these bytes were here before */
    char      verdict[24]; /* code of message_verdict */
    int64_t   num_faults;
    int64_t   again_seconds; /* of INTAKE_ERR_LIMIT alone, as limit: in so many seconds it may be sent again */
    char      limit[INTAKE_QUOTA_BYTES]; /* "more than 600 messages a minute" */
};

/* Take one in and wait until it is durable. Returns 0; INTAKE_ERR_RESERVE; INTAKE_ERR_LIMIT; as store_submit: nothing
 * was kept then, and no positive answer may leave. */
int intake_take(struct intake *intake, const struct intake_arrival *arrival, struct intake_receipt *receipt);

/* Several in one go: they share a commit. statuses: num of them, as above. */
void intake_take_many(struct intake *intake, const struct intake_arrival *arrivals, size_t num,
                      struct intake_receipt *receipts, int *statuses);

/* ---- how it does ---- */

struct intake_state {
    int64_t taken, repeated, held, rejected, refused; /* since the start: refused = not kept, and the sender was told */
    int64_t limited;                                  /* of these because of the sender's limits */
    int64_t worked, failed; /* worked off; of these put aside because they could not be written */
};
void intake_watch(struct intake *intake, struct intake_state *state);

#endif
