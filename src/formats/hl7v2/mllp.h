/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/hl7v2/mllp.h: MLLP frames out of a stream of bytes, and into one.
 *
 *     0x0B message 0x1C 0x0D
 *
 * The decoder is incremental and does no I/O: bytes go in as they come, frames come out whole. What real peers do is
 * read: several frames in one piece and one in many, a missing CR behind 0x1C, CR and LF between frames. A new 0x0B
 * before 0x1C discards what came before it, and counts it, so that one broken frame costs one message; other bytes
 * between frames are counted as junk. A frame over the limit is dropped as it comes in, without taking memory for it,
 * and told at its end.
 */
#ifndef FORMATS_HL7V2_MLLP_H
#define FORMATS_HL7V2_MLLP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MLLP_BEGIN '\x0b'
#define MLLP_END '\x1c'

enum mllp_event {
    MLLP_MORE,      /* all bytes taken; nothing is whole yet */
    MLLP_FRAME,     /* decoder->bytes, size: a message, until the next call */
    MLLP_TOO_LARGE, /* a frame over the limit has ended; it was dropped */
    MLLP_NO_MEMORY  /* the frame was dropped; what follows is read on */
};

struct mllp_decoder {
    char    *bytes; /* of the frame under way, or of the one answered */
    size_t   size, room;
    size_t   limit; /* bytes of a message, at most */
    bool     within, dropping, out_of_memory;
    uint64_t num_frames;    /* answered */
    uint64_t num_discarded; /* frames that a new one cut off, or over the limit */
    uint64_t num_junk;      /* bytes outside frames, but for CR and LF */
};

void mllp_init(struct mllp_decoder *decoder, size_t limit);
void mllp_free(struct mllp_decoder *decoder);

/* Take bytes until a frame ends. *used: how many were taken; call again with the rest, also with none left over after
 * MLLP_FRAME. */
enum mllp_event mllp_feed(struct mllp_decoder *decoder, const char *bytes, size_t size, size_t *used);

/* A frame is under way: the stream may not end here. */
bool mllp_is_within(const struct mllp_decoder *decoder);

#endif
