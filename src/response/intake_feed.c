/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which feed a sender is. */
#include <arpa/inet.h>
#include <string.h>

#include "base/instant.h"
#include "base/text.h"
#include "response/intake_internal.h"
#include "store/rows_by.h"

#define MOST_FEEDS 10000

void intake_free_feeds(struct intake *intake)
{
    arena_free(&intake->feeds.arena);
    intake->feeds = (struct intake_feeds){ .read = INSTANT_MISSING };
}

/* Read them where those at hand are old; where that fails those at hand serve on. */
static void refresh(struct intake *intake)
{
    static const char *const statuses[] = { "onboarding", "live", "stopped" };
    int64_t                  now = store_clock_now(intake->options.store);
    struct intake_feeds      feeds = { .read = now };
    struct model_text        keys[3];
    void                    *rows = NULL;
    if (intake->feeds.read != INSTANT_MISSING && now >= intake->feeds.read &&
        now - intake->feeds.read < INTAKE_FEEDS_SECONDS * INSTANT_SECOND)
        return;
    for (size_t i = 0; i < 3; i++)
        keys[i] = intake_text(statuses[i]);
    if (store_rows_by(intake->reader, model_record(MODEL_FEED), "status", keys, 3, MOST_FEEDS, &feeds.arena, &rows,
                      &feeds.num) != 0) {
        arena_free(&feeds.arena);
        return;
    }
    feeds.feeds = rows;
    arena_free(&intake->feeds.arena);
    intake->feeds = feeds;
}

/* ---- matching ---- */

static bool same(struct model_text text, struct report_text said)
{
    return text.size == said.size && memcmp(text.bytes, said.bytes, said.size) == 0;
}

static size_t address_bytes(const char *text, uint8_t bytes[16])
{
    return inet_pton(AF_INET, text, bytes) == 1 ? 4 : inet_pton(AF_INET6, text, bytes) == 1 ? 16 : 0;
}

#define LIST_BYTES 1700
#define BETWEEN " \t\r\n,;"

/* "10.1.0.0/16" or an address, which is a network of one. */
struct network {
    uint8_t  bytes[16];
    size_t   size; /* 4 or 16 */
    unsigned bits;
};

static bool read_network(const char *word, struct network *network)
{
    char    host[64];
    size_t  length = strcspn(word, "/");
    int64_t bits;
    if (length >= sizeof host)
        return false;
    memcpy(host, word, length);
    host[length] = '\0';
    network->size = address_bytes(host, network->bytes);
    bits = (int64_t) network->size * 8;
    if (network->size == 0 ||
        (word[length] == '/' && text_to_integer(word + length + 1, strlen(word + length + 1), 0, bits, &bits) != 0))
        return false;
    network->bits = (unsigned) bits;
    return true;
}

static bool is_in_network(const uint8_t *address, size_t size, const struct network *network)
{
    if (network->size != size)
        return false;
    for (unsigned bit = 0; bit < network->bits; bit++)
        if (((address[bit / 8] ^ network->bytes[bit / 8]) >> (7 - bit % 8) & 1) != 0)
            return false;
    return true;
}

static bool is_listed(struct model_text list, const char *address)
{
    char           text[LIST_BYTES], *rest = NULL;
    uint8_t        bytes[16];
    struct network network;
    size_t         size = address_bytes(address, bytes);
    if (size == 0 || list.size >= sizeof text)
        return false;
    memcpy(text, list.bytes, list.size);
    text[list.size] = '\0';
    for (char *word = strtok_r(text, BETWEEN, &rest); word != NULL; word = strtok_r(NULL, BETWEEN, &rest))
        if (read_network(word, &network) && is_in_network(bytes, size, &network))
            return true;
    return false;
}

bool intake_is_within(const char *list, const char *address)
{
    return is_listed(intake_text(list), address);
}

bool intake_networks_are_valid(const char *list)
{
    char           text[LIST_BYTES], *rest = NULL;
    struct network network;
    if (strlen(list) >= sizeof text)
        return false;
    memcpy(text, list, strlen(list) + 1);
    for (char *word = strtok_r(text, BETWEEN, &rest); word != NULL; word = strtok_r(NULL, BETWEEN, &rest))
        if (!read_network(word, &network))
            return false;
    return true;
}

static bool is_own_machine(const char *address)
{
    return address == NULL || strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

/* How much of the feed's description speaks for the caller; 0 = it is another. */
static unsigned matches(const struct model_feed *feed, const struct intake_caller *caller)
{
    bool by_token = !id_is_missing(&caller->institution) && id_equal(&feed->facility, &caller->institution);
    if (!id_is_missing(&caller->feed) && !id_equal(&feed->head.id, &caller->feed))
        return 0;
    if (!same(feed->channel, report_text_of(caller->channel)) || (!id_is_missing(&caller->institution) && !by_token))
        return 0;
    if (feed->certificate.size > 0 &&
        (caller->certificate == NULL || feed->certificate.size != strlen(caller->certificate) ||
         !text_equal_nocase(feed->certificate.bytes, feed->certificate.size, caller->certificate,
                            strlen(caller->certificate))))
        return 0;
    if (feed->addresses.size > 0 && (caller->address == NULL || !is_listed(feed->addresses, caller->address)))
        return 0;
    if (feed->addresses.size == 0 && feed->certificate.size == 0 && !by_token && !is_own_machine(caller->address))
        return 0;
    if ((feed->application.size > 0 && !same(feed->application, caller->application)) ||
        (feed->sending_facility.size > 0 && !same(feed->sending_facility, caller->facility)))
        return 0;
    return 1U + (feed->application.size > 0 ? 1 : 0) + (feed->sending_facility.size > 0 ? 2 : 0) +
           (feed->addresses.size > 0 ? 4 : 0) + (feed->certificate.size > 0 ? 8 : 0);
}

/* A copy whose texts live in the caller's arena. */
static bool copy_feed(const struct model_feed *feed, struct arena *arena, struct model_feed *copy)
{
    *copy = *feed;
    struct model_text *texts[] = { &copy->name,        &copy->channel,          &copy->status,
                                   &copy->application, &copy->sending_facility, &copy->addresses,
                                   &copy->certificate, &copy->charset };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i]->size > 0 && (texts[i]->bytes = arena_copy(arena, texts[i]->bytes, texts[i]->size)) == NULL)
            return false;
    return true;
}

bool intake_find_feed(struct intake *intake, const struct intake_caller *caller, struct arena *arena,
                      struct model_feed *feed)
{
    const struct model_feed *best = NULL;
    unsigned                 most = 0;
    pthread_mutex_lock(&intake->lock);
    refresh(intake);
    for (size_t i = 0; i < intake->feeds.num; i++) {
        unsigned speaks = matches(&intake->feeds.feeds[i], caller);
        if (speaks > most) {
            most = speaks;
            best = &intake->feeds.feeds[i];
        }
    }
    bool found = best != NULL && copy_feed(best, arena, feed);
    pthread_mutex_unlock(&intake->lock);
    return found;
}

bool intake_feed(struct intake *intake, const struct id *id, struct arena *arena, struct model_feed *feed)
{
    bool found = false;
    pthread_mutex_lock(&intake->lock);
    refresh(intake);
    for (size_t i = 0; i < intake->feeds.num && !found; i++)
        found = id_equal(&intake->feeds.feeds[i].head.id, id) && copy_feed(&intake->feeds.feeds[i], arena, feed);
    pthread_mutex_unlock(&intake->lock);
    return found;
}

size_t intake_feeds_of(struct intake *intake, const struct id *institution, struct arena *arena,
                       struct model_feed *feeds, size_t most)
{
    size_t num = 0;
    pthread_mutex_lock(&intake->lock);
    refresh(intake);
    for (size_t i = 0; i < intake->feeds.num && num < most && !id_is_missing(institution); i++)
        num += id_equal(&intake->feeds.feeds[i].facility, institution) &&
               copy_feed(&intake->feeds.feeds[i], arena, &feeds[num]);
    pthread_mutex_unlock(&intake->lock);
    return num;
}
