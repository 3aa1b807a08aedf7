/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as an MLLP stream: the same frames however it is cut, none over the limit, none with a mark in it. */
#include <string.h>

#include "formats/hl7v2/mllp.h"
#include "fuzz.h"

#define LIMIT 64

/* A hash over the frames and events of the stream, fed in pieces of `step`. */
static uint64_t feed(const char *bytes, size_t size, size_t step)
{
    struct mllp_decoder decoder;
    uint64_t            hash = 14695981039346656037u;
    mllp_init(&decoder, LIMIT);
    for (size_t at = 0; at < size; at += step) {
        size_t piece = size - at < step ? size - at : step, used = 0;
        for (size_t taken = 0; taken < piece; taken += used) {
            enum mllp_event event = mllp_feed(&decoder, bytes + at + taken, piece - taken, &used);
            MUST(used > 0 && used <= piece - taken);
            if (event == MLLP_MORE)
                continue;
            hash = hash * 1099511628211u + event;
            for (size_t i = 0; event == MLLP_FRAME && i < decoder.size; i++) {
                MUST(decoder.bytes[i] != MLLP_BEGIN && decoder.bytes[i] != MLLP_END);
                hash = (hash ^ (unsigned char) decoder.bytes[i]) * 1099511628211u;
            }
            MUST(event != MLLP_FRAME || decoder.size <= LIMIT);
        }
    }
    hash += decoder.num_junk * 31 + decoder.num_discarded * 37 + decoder.num_frames * 41 + mllp_is_within(&decoder);
    mllp_free(&decoder);
    return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t whole = feed((const char *) data, size, size + 1);
    for (size_t step = 1; step < 8; step++)
        MUST(feed((const char *) data, size, step) == whole);
    return 0;
}
