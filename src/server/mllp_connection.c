/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/mllp_connection.h"

#include <stdio.h>
#include <string.h>

#include "formats/hl7v2/mllp.h"
#include "server/mllp_stream.h"

#define PIECE_BYTES 16384
#define KEPT_BYTES ((size_t) 1 << 20) /* of memory, from one message to the next */
#define JUNK_BYTES 65536              /* outside frames: it speaks something else */

struct connection {
    struct mllp_peer        *peer;
    struct mllp_stream       stream;
    struct mllp_decoder      decoder;
    struct intake_hl7_answer answer;
    struct sink              frames;
    double                   since; /* the last message, or the beginning of the one under way */
    char                     bytes[PIECE_BYTES];
    size_t                   num, used; /* of bytes: received, and given to the decoder */
    enum mllp_end            how;
};

/* ---- answering ---- */

static bool send_answer(struct connection *connection)
{
    static const char         begin = MLLP_BEGIN, end[] = { MLLP_END, '\r' };
    struct intake_hl7_answer *answer = &connection->answer;
    struct sink              *frames = &connection->frames;
    double                    until = mllp_seconds() + connection->peer->limits.answer_seconds;
    frames->used = 0;
    for (size_t i = 0; i < answer->num_ends; i++) {
        size_t from = i > 0 ? answer->ends[i - 1] : 0;
        sink_write(frames, &begin, 1);
        sink_write(frames, answer->text.bytes + from, answer->ends[i] - from);
        sink_write(frames, end, sizeof end);
    }
    connection->how = MLLP_OUT_OF_MEMORY;
    if (frames->failure != 0)
        return false;
    connection->how = MLLP_LATE;
    return mllp_stream_send(&connection->stream, frames->bytes, frames->used, until);
}

/* Large messages are rare: their memory is not kept for the next. */
static void forget(struct connection *connection)
{
    struct mllp_decoder *decoder = &connection->decoder;
    explicit_bzero(decoder->bytes, decoder->size);
    if (decoder->room > KEPT_BYTES) {
        uint64_t junk = decoder->num_junk;
        mllp_free(decoder);
        decoder->num_junk = junk;
    }
    connection->since = mllp_seconds();
}

static bool take_message(struct connection *connection)
{
    const struct mllp_decoder *decoder = &connection->decoder;
    int ret = intake_hl7_take(&connection->peer->door, decoder->bytes != NULL ? decoder->bytes : "", decoder->size,
                              &connection->answer);
    forget(connection);
    connection->how = MLLP_OUT_OF_MEMORY;
    return ret == 0 && send_answer(connection);
}

static bool refuse_message(struct connection *connection)
{
    char allowed[40];
    snprintf(allowed, sizeof allowed, "at most %zu bytes", connection->peer->limits.bytes);
    int ret = intake_hl7_too_large(&connection->peer->door, allowed, &connection->answer);
    connection->since = mllp_seconds();
    connection->how = MLLP_OUT_OF_MEMORY;
    return ret == 0 && send_answer(connection);
}

/* ---- receiving ---- */

/* More bytes. False: it ends here. */
static bool receive(struct connection *connection)
{
    const struct mllp_limits  *limits = &connection->peer->limits;
    const struct mllp_decoder *decoder = &connection->decoder;
    double                     until =
        connection->since +
        (mllp_is_within(decoder) ? limits->message_seconds + (double) decoder->size / 16384 : limits->idle_seconds);
    connection->used = connection->num = 0;
    bool got = mllp_stream_receive(&connection->stream, connection->bytes, PIECE_BYTES, until, &connection->num);
    connection->how = got || mllp_seconds() < until ? MLLP_ENDED : MLLP_LATE;
    return got;
}

/* What the decoder makes of the next bytes. False: it ends here. */
static bool go_on(struct connection *connection, atomic_int_fast64_t *num_too_large)
{
    struct mllp_decoder *decoder = &connection->decoder;
    bool                 before = mllp_is_within(decoder);
    size_t               used = 0;
    enum mllp_event      event =
        mllp_feed(decoder, connection->bytes + connection->used, connection->num - connection->used, &used);
    connection->used += used;
    switch (event) {
    case MLLP_FRAME: return take_message(connection);
    case MLLP_TOO_LARGE: atomic_fetch_add(num_too_large, 1); return refuse_message(connection);
    case MLLP_NO_MEMORY: connection->how = MLLP_OUT_OF_MEMORY; return false;
    case MLLP_MORE: break;
    }
    if (!before && mllp_is_within(decoder))
        connection->since = mllp_seconds();
    connection->how = decoder->num_junk > JUNK_BYTES ? MLLP_JUNK : MLLP_ENDED;
    return decoder->num_junk <= JUNK_BYTES && !atomic_load(connection->peer->closing) && receive(connection);
}

enum mllp_end mllp_serve(struct mllp_peer *peer, atomic_int_fast64_t *num_too_large)
{
    struct connection connection = { .peer = peer, .how = MLLP_NO_TLS };
    double            now = mllp_seconds();
    connection.since = now;
    mllp_init(&connection.decoder, peer->limits.bytes);
    sink_init_memory(&connection.answer.text);
    sink_init_memory(&connection.frames);
    if (mllp_stream_begin(&connection.stream, peer->fd, peer->tls, now + peer->limits.tls_seconds)) {
        peer->door.caller.certificate = connection.stream.fingerprint[0] != '\0' ? connection.stream.fingerprint : NULL;
        while (go_on(&connection, num_too_large))
            ;
    }
    mllp_stream_end(&connection.stream);
    if (connection.decoder.bytes != NULL)
        explicit_bzero(connection.decoder.bytes, connection.decoder.room);
    explicit_bzero(connection.bytes, sizeof connection.bytes);
    mllp_free(&connection.decoder);
    sink_free(&connection.answer.text);
    sink_free(&connection.frames);
    return connection.how;
}
