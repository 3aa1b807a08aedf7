/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/hl7v2/mllp.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define ROOM_AT_FIRST ((size_t) 4096)

void mllp_init(struct mllp_decoder *decoder, size_t limit)
{
    *decoder = (struct mllp_decoder){ .limit = limit };
}

void mllp_free(struct mllp_decoder *decoder)
{
    free(decoder->bytes);
    *decoder = (struct mllp_decoder){ .limit = decoder->limit };
}

/* Where the frame's next mark stands in the bytes, or their end. */
static size_t find_mark(const char *bytes, size_t size)
{
    const char *end = memchr(bytes, MLLP_END, size);
    size_t      until = end != NULL ? (size_t) (end - bytes) : size;
    const char *begin = memchr(bytes, MLLP_BEGIN, until);
    return begin != NULL ? (size_t) (begin - bytes) : until;
}

static void append(struct mllp_decoder *decoder, const char *bytes, size_t size)
{
    if (decoder->dropping || size == 0)
        return;
    if (size > decoder->limit - decoder->size) {
        decoder->dropping = true;
        return;
    }
    if (decoder->size + size > decoder->room) {
        size_t room = decoder->room == 0 ? ROOM_AT_FIRST : decoder->room;
        while (room < decoder->size + size)
            room *= 2;
        char *larger = memory_resize(decoder->bytes, room, 1);
        if (larger == NULL) {
            decoder->dropping = decoder->out_of_memory = true;
            return;
        }
        decoder->bytes = larger;
        decoder->room = room;
    }
    memcpy(decoder->bytes + decoder->size, bytes, size);
    decoder->size += size;
}

static void begin(struct mllp_decoder *decoder)
{
    decoder->num_discarded += decoder->within;
    decoder->within = true;
    decoder->dropping = decoder->out_of_memory = false;
    decoder->size = 0;
}

static enum mllp_event end(struct mllp_decoder *decoder)
{
    decoder->within = false;
    if (decoder->dropping) {
        decoder->num_discarded++;
        return decoder->out_of_memory ? MLLP_NO_MEMORY : MLLP_TOO_LARGE;
    }
    decoder->num_frames++;
    return MLLP_FRAME;
}

enum mllp_event mllp_feed(struct mllp_decoder *decoder, const char *bytes, size_t size, size_t *used)
{
    size_t at = 0;
    while (at < size) {
        if (!decoder->within) {
            char c = bytes[at++];
            if (c == MLLP_BEGIN)
                begin(decoder);
            else
                decoder->num_junk += c != '\r' && c != '\n';
            continue;
        }
        size_t length = find_mark(bytes + at, size - at);
        append(decoder, bytes + at, length);
        at += length;
        if (at == size)
            break;
        if (bytes[at++] == MLLP_END) {
            *used = at;
            return end(decoder);
        }
        begin(decoder);
    }
    *used = at;
    return MLLP_MORE;
}

bool mllp_is_within(const struct mllp_decoder *decoder)
{
    return decoder->within;
}
