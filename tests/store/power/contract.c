/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/power/contract.h"

enum { MAX_PARTS = 6, MAX_PART = 5000, SQL_ROOM = MAX_PART + 256, COUNTERS = 7 };

static uint64_t mix(uint64_t z)
{
    z += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

static unsigned num_parts(uint64_t number)
{
    return 1 + (unsigned) (mix(number) % MAX_PARTS);
}

/* The text of a part; returns its checksum. */
static uint64_t make_part(uint64_t number, unsigned place, char text[MAX_PART + 1])
{
    uint64_t random = mix(number * 31 + place), sum = number;
    size_t   size = 1 + (size_t) (random % 8 == 0 ? random / 8 % MAX_PART : random / 8 % 200);
    for (size_t i = 0; i < size; i++) {
        random = mix(random);
        text[i] = (char) ('a' + random % 26);
        sum = sum * 0x100000001b3 + (uint8_t) text[i];
    }
    text[size] = '\0';
    return sum;
}

/* The checksum of link n, from that of the link before; as a positive number of the database. */
static int64_t link_of(int64_t before, uint64_t number)
{
    char     text[MAX_PART + 1];
    uint64_t sum = mix((uint64_t) before);
    for (unsigned place = 0; place < num_parts(number); place++)
        sum = mix(sum ^ make_part(number, place, text));
    return (int64_t) (sum >> 1);
}

int contract_create(const struct contract_database *database)
{
    static const char *const tables[] = {
        "CREATE TABLE chain (number BIGINT PRIMARY KEY, link BIGINT NOT NULL)",
        "CREATE TABLE part (number BIGINT NOT NULL, place BIGINT NOT NULL, text TEXT NOT NULL, "
        "PRIMARY KEY (number, place))",
        "CREATE TABLE counter (name BIGINT PRIMARY KEY, value BIGINT NOT NULL)",
        "INSERT INTO chain (number, link) VALUES (0, 0)",
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (database->execute(database->context, tables[i]) != 0)
            return -1;
    return 0;
}

static int take_number(void *argument, int num_columns, char **values, char **names)
{
    (void) num_columns;
    (void) names;
    *(int64_t *) argument = values[0] == NULL ? -1 : strtoll(values[0], NULL, 10);
    return 0;
}

/* One number; -1 where there is none. */
static int64_t ask(const struct contract_database *database, const char *sql)
{
    int64_t number = -1;
    return database->query(database->context, sql, take_number, &number) == 0 ? number : -2;
}

static int write_parts(const struct contract_database *database, uint64_t number)
{
    char sql[SQL_ROOM], text[MAX_PART + 1];
    for (unsigned place = 0; place < num_parts(number); place++) {
        make_part(number, place, text);
        snprintf(sql, sizeof sql, "INSERT INTO part (number, place, text) VALUES (%" PRIu64 ", %u, '%s')", number,
                 place, text);
        int ret = database->execute(database->context, sql);
        if (ret != 0)
            return ret;
    }
    if (number <= CONTRACT_KEPT)
        return 0;
    snprintf(sql, sizeof sql, "DELETE FROM part WHERE number = %" PRIu64, number - CONTRACT_KEPT);
    return database->execute(database->context, sql);
}

static int write_transaction(const struct contract_database *database, uint64_t number)
{
    char sql[SQL_ROOM];
    int  ret = database->execute(database->context, "BEGIN");
    if (ret == 0)
        ret = write_parts(database, number);
    if (ret != 0)
        return ret;
    snprintf(sql, sizeof sql, "SELECT link FROM chain WHERE number = %" PRIu64, number - 1);
    int64_t before = ask(database, sql);
    if (before < 0)
        return -1;
    snprintf(sql, sizeof sql, "INSERT INTO chain (number, link) VALUES (%" PRIu64 ", %" PRId64 ")", number,
             link_of(before, number));
    ret = database->execute(database->context, sql);
    if (ret != 0)
        return ret;
    snprintf(sql, sizeof sql,
             "INSERT INTO counter (name, value) VALUES (%" PRIu64 ", %" PRIu64 ") "
             "ON CONFLICT (name) DO UPDATE SET value = counter.value + excluded.value",
             number % COUNTERS, number);
    ret = database->execute(database->context, sql);
    return ret != 0 ? ret : database->execute(database->context, "COMMIT");
}

int contract_transaction(const struct contract_database *database, uint64_t number)
{
    int ret = write_transaction(database, number);
    if (ret != 0)
        database->execute(database->context, "ROLLBACK");
    return ret;
}

/* ---- the check ---- */

struct links {
    uint64_t next; /* the number expected */
    int64_t  before;
    char    *why;
};

static int check_link(void *argument, int num_columns, char **values, char **names)
{
    (void) num_columns;
    (void) names;
    struct links *links = argument;
    uint64_t      number = strtoull(values[0], NULL, 10);
    int64_t       link = strtoll(values[1], NULL, 10);
    int64_t       expected = number == 0 ? 0 : link_of(links->before, number);
    if (number != links->next)
        snprintf(links->why, CONTRACT_WHY, "transaction %" PRIu64 " is missing from the chain", links->next);
    else if (link != expected)
        snprintf(links->why, CONTRACT_WHY, "the link of transaction %" PRIu64 " is wrong", number);
    links->next++;
    links->before = link;
    return links->why[0] != '\0';
}

struct parts {
    uint64_t number;
    unsigned place;
    char    *why;
};

/* Step to the next part expected. */
static void next_part(struct parts *parts)
{
    if (++parts->place < num_parts(parts->number))
        return;
    parts->number++;
    parts->place = 0;
}

static int check_part(void *argument, int num_columns, char **values, char **names)
{
    (void) num_columns;
    (void) names;
    struct parts *parts = argument;
    char          text[MAX_PART + 1];
    make_part(parts->number, parts->place, text);
    if (strtoull(values[0], NULL, 10) != parts->number || strtoull(values[1], NULL, 10) != parts->place)
        snprintf(parts->why, CONTRACT_WHY, "part %u of transaction %" PRIu64 " is expected, and part %s of %s is there",
                 parts->place, parts->number, values[1], values[0]);
    else if (strcmp(values[2], text) != 0)
        snprintf(parts->why, CONTRACT_WHY, "part %s of transaction %s has another text", values[1], values[0]);
    next_part(parts);
    return parts->why[0] != '\0';
}

static void check_counters(const struct contract_database *database, uint64_t newest, char why[CONTRACT_WHY])
{
    for (uint64_t name = 0; name < COUNTERS; name++) {
        char    sql[SQL_ROOM];
        int64_t expected = 0;
        for (uint64_t number = name; number <= newest; number += COUNTERS)
            expected += (int64_t) number;
        snprintf(sql, sizeof sql, "SELECT value FROM counter WHERE name = %" PRIu64, name);
        int64_t found = ask(database, sql);
        if (found != expected && !(found == -1 && expected == 0))
            snprintf(why, CONTRACT_WHY,
                     "counter %" PRIu64 " is %" PRId64 ", and its %" PRIu64 " transactions make %" PRId64, name, found,
                     newest, expected);
    }
}

int contract_check(const struct contract_database *database, uint64_t acknowledged, uint64_t attempted,
                   uint64_t *newest, char why[CONTRACT_WHY])
{
    struct links links = { .why = why };
    why[0] = '\0';
    int ret = database->query(database->context, "SELECT number, link FROM chain ORDER BY number", check_link, &links);
    if (ret != 0 || links.next == 0) {
        if (why[0] == '\0')
            snprintf(why, CONTRACT_WHY, "the chain cannot be read");
        return -1;
    }
    uint64_t found = links.next - 1;
    if (found < acknowledged || found > attempted)
        snprintf(why, CONTRACT_WHY,
                 "the newest transaction is %" PRIu64 "; %" PRIu64 " was acknowledged, %" PRIu64 " attempted", found,
                 acknowledged, attempted);
    struct parts parts = { .number = found > CONTRACT_KEPT ? found - CONTRACT_KEPT + 1 : 1, .why = why };
    if (why[0] == '\0' &&
        database->query(database->context, "SELECT number, place, text FROM part ORDER BY number, place", check_part,
                        &parts) != 0 &&
        why[0] == '\0')
        snprintf(why, CONTRACT_WHY, "the parts cannot be read");
    if (why[0] == '\0' && (parts.number != found + 1 || parts.place != 0))
        snprintf(why, CONTRACT_WHY, "parts of transaction %" PRIu64 " are missing", parts.number);
    if (why[0] == '\0')
        check_counters(database, found, why);
    if (why[0] != '\0')
        return -1;
    *newest = found;
    return 0;
}

unsigned contract_cycles(unsigned few)
{
    const char *asked = getenv("TOCSIN_POWER_CYCLES");
    return asked != NULL && atoi(asked) > 0 ? (unsigned) atoi(asked) : few;
}
