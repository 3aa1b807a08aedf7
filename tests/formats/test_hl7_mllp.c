/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "formats/hl7v2/mllp.h"
#include "support/test.h"

#define VT "\x0b"
#define FS "\x1c"

struct seen {
    char     frames[500]; /* each followed by a ';'; "!" for one too large */
    uint64_t discarded, junk;
    bool     within;
};

/* Feed the stream in pieces of `step` bytes. */
static struct seen feed(const char *stream, size_t size, size_t step, size_t limit)
{
    struct mllp_decoder decoder;
    struct seen         seen = { .frames = "" };
    mllp_init(&decoder, limit);
    for (size_t at = 0; at < size; at += step) {
        size_t piece = size - at < step ? size - at : step, used = 0;
        for (size_t taken = 0; taken < piece; taken += used) {
            enum mllp_event event = mllp_feed(&decoder, stream + at + taken, piece - taken, &used);
            assert_true(used > 0 && used <= piece - taken);
            if (event == MLLP_FRAME)
                strncat(strncat(seen.frames, decoder.bytes != NULL ? decoder.bytes : "", decoder.size), ";", 2);
            else if (event == MLLP_TOO_LARGE)
                strcat(seen.frames, "!;");
            else
                assert_true(event == MLLP_MORE && used == piece - taken);
        }
    }
    seen.discarded = decoder.num_discarded;
    seen.junk = decoder.num_junk;
    seen.within = mllp_is_within(&decoder);
    mllp_free(&decoder);
    return seen;
}

/* However the stream is cut, the frames are the same. */
static void assert_stream(const char *stream, size_t limit, const char *frames, uint64_t discarded, uint64_t junk,
                          bool within)
{
    for (size_t step = 1; step <= strlen(stream) + 1; step++) {
        struct seen seen = feed(stream, strlen(stream), step, limit);
        assert_string_equal(seen.frames, frames);
        assert_int_equal(seen.discarded, discarded);
        assert_int_equal(seen.junk, junk);
        assert_int_equal(seen.within, within);
    }
}

static void test_frames(void **state)
{
    (void) state;
    assert_stream(VT "one" FS "\r", 100, "one;", 0, 0, false);
    assert_stream(VT "one" FS "\r" VT "two\rlines" FS "\r" VT FS "\r", 100, "one;two\rlines;;", 0, 0, false);
    assert_stream("", 100, "", 0, 0, false);
}

static void test_what_real_peers_do(void **state)
{
    (void) state;
    assert_stream(VT "one" FS VT "two" FS, 100, "one;two;", 0, 0, false); /* no CR */
    assert_stream("\r\n" VT "one" FS "\r\n\r\n" VT "two" FS "\r", 100, "one;two;", 0, 0, false);
    assert_stream("junk" VT "one" FS "\rmore" VT "two" FS "\r", 100, "one;two;", 0, 8, false);
    assert_stream(VT "cut" VT "one" FS "\r", 100, "one;", 1, 0, false); /* a new begin before the end */
    assert_stream(VT "one" FS "\r" VT "unfinished", 100, "one;", 0, 0, true);
    assert_stream(FS FS VT "one" FS, 100, "one;", 0, 2, false);
}

static void test_limit_and_one_past(void **state)
{
    (void) state;
    assert_stream(VT "12345" FS "\r" VT "x" FS "\r", 5, "12345;x;", 0, 0, false);
    assert_stream(VT "123456" FS "\r" VT "x" FS "\r", 5, "!;x;", 1, 0, false);
    assert_stream(VT "123456789" VT "x" FS "\r", 5, "x;", 1, 0, false);
}

/* A frame over the limit takes no memory beyond it. */
static void test_a_huge_frame_is_not_kept(void **state)
{
    (void) state;
    struct mllp_decoder decoder;
    char                block[4096];
    size_t              used;
    memset(block, 'x', sizeof block);
    mllp_init(&decoder, 10000);
    assert_int_equal(mllp_feed(&decoder, VT, 1, &used), MLLP_MORE);
    for (int i = 0; i < 10000; i++)
        assert_int_equal(mllp_feed(&decoder, block, sizeof block, &used), MLLP_MORE);
    assert_true(decoder.room <= 16384);
    assert_int_equal(mllp_feed(&decoder, FS, 1, &used), MLLP_TOO_LARGE);
    assert_int_equal(mllp_feed(&decoder, VT "a" FS, 3, &used), MLLP_FRAME);
    mllp_free(&decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames),
        cmocka_unit_test(test_what_real_peers_do),
        cmocka_unit_test(test_limit_and_one_past),
        cmocka_unit_test(test_a_huge_frame_is_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
