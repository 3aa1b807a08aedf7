/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/record_id.h"

#include <stdio.h>
#include <string.h>

#include <sodium.h>

static struct id hash(enum model_record_number record, const void *name, size_t size)
{
    crypto_generichash_state state;
    struct id                id;
    const char              *record_name = model_record(record)->name;
    crypto_generichash_init(&state, NULL, 0, ID_BYTES);
    crypto_generichash_update(&state, (const unsigned char *) "tocsin ", 7);
    crypto_generichash_update(&state, (const unsigned char *) record_name, strlen(record_name) + 1);
    crypto_generichash_update(&state, name, size);
    crypto_generichash_final(&state, id.bytes, ID_BYTES);
    id.bytes[6] = (uint8_t) (0x80 | (id.bytes[6] & 0x0f)); /* version 8 */
    id.bytes[8] = (uint8_t) (0x80 | (id.bytes[8] & 0x3f)); /* the variant of RFC 9562 */
    return id;
}

struct id record_id_of(enum model_record_number record, const char *name)
{
    return hash(record, name, strlen(name));
}

/* Parts with their lengths before them, so that no two names are alike. */
struct name {
    unsigned char bytes[1200];
    size_t        size;
};

static void add(struct name *name, const void *bytes, size_t size)
{
    size_t room = sizeof name->bytes - name->size - 2;
    size = size > room ? room : size; /* longer than any field that is added here */
    name->bytes[name->size++] = (unsigned char) (size >> 8);
    name->bytes[name->size++] = (unsigned char) size;
    if (size > 0)
        memcpy(name->bytes + name->size, bytes, size);
    name->size += size;
}

static void add_number(struct name *name, int64_t number)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char) ((uint64_t) number >> (56 - 8 * i));
    add(name, bytes, sizeof bytes);
}

static void add_text(struct name *name, struct model_text text)
{
    add(name, text.bytes, text.size);
}

struct id record_id_of_population(const struct model_population *population)
{
    struct name name = { .size = 0 };
    add(&name, population->area.bytes, ID_BYTES);
    add_number(&name, population->year);
    add_text(&name, population->kind);
    add_text(&name, population->sex);
    add_number(&name, population->age_from);
    add_text(&name, population->source);
    return hash(MODEL_POPULATION, name.bytes, name.size);
}

struct id record_id_of_outline(const struct model_outline *outline)
{
    struct name name = { .size = 0 };
    add(&name, outline->area.bytes, ID_BYTES);
    add_number(&name, outline->detail);
    return hash(MODEL_OUTLINE, name.bytes, name.size);
}

struct id record_id_of_calendar_day(const struct model_calendar_day *day)
{
    struct name name = { .size = 0 };
    add(&name, day->calendar.bytes, ID_BYTES);
    add_text(&name, day->holiday);
    add_number(&name, day->first_day);
    return hash(MODEL_CALENDAR_DAY, name.bytes, name.size);
}
