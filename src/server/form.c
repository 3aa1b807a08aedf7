/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/form.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

static int digit_of(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    character = (char) (character | 0x20);
    return character >= 'a' && character <= 'f' ? character - 'a' + 10 : -1;
}

/* Decode size bytes into `to` (room for size); false where an escape is none. */
static bool decode(const char *from, size_t size, char *to, size_t *decoded)
{
    size_t num = 0;
    for (size_t i = 0; i < size; i++) {
        if (from[i] != '%') {
            to[num++] = from[i] == '+' ? ' ' : from[i];
            continue;
        }
        int high = size - i > 2 ? digit_of(from[i + 1]) : -1, low = size - i > 2 ? digit_of(from[i + 2]) : -1;
        if (high < 0 || low < 0)
            return false;
        to[num++] = (char) (high << 4 | low);
        i += 2;
    }
    *decoded = num;
    return true;
}

const char *form_value(const char *body, size_t size, const char *name, struct arena *arena)
{
    const char *found = NULL;
    size_t      name_size = strlen(name), fields = 0;
    for (size_t at = 0; at < size && fields < FORM_MOST_FIELDS; fields++) {
        const char *end = memchr(body + at, '&', size - at);
        size_t      length = end != NULL ? (size_t) (end - body) - at : size - at;
        const char *field = body + at;
        at += length + 1;
        if (length <= name_size || memcmp(field, name, name_size) != 0 || field[name_size] != '=')
            continue;
        size_t encoded = length - name_size - 1, decoded;
        char  *value = encoded <= 3 * FORM_MOST_VALUE ? arena_array(arena, encoded + 1, 1) : NULL;
        if (found != NULL || value == NULL || !decode(field + name_size + 1, encoded, value, &decoded) ||
            decoded > FORM_MOST_VALUE || text_check_utf8(value, decoded) != decoded)
            return NULL;
        value[decoded] = '\0';
        found = value;
    }
    return found;
}
