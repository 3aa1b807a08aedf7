/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QR codes: beside libqrencode's, which shares nothing with ours, module by module; and read again by zxing. */
#include <qrencode.h>
#include <stdlib.h>

#include "base/fault.h"
#include "formats/credential/qr_code.h"
#include "formats/picture.h"
#include "support/property.h"
#include "support/test.h"

static const char digits[] = "0123456789";

/* ---- libqrencode's ---- */

static QRcode *reference(const struct qr_segment *segments, size_t num, enum credential_qr_level level, int version)
{
    QRinput *input = QRinput_new2(version, level == CREDENTIAL_QR_Q ? QR_ECLEVEL_Q : QR_ECLEVEL_L);
    assert_non_null(input);
    for (size_t i = 0; i < num; i++) {
        QRencodeMode mode = segments[i].mode == QR_DIGITS       ? QR_MODE_NUM
                            : segments[i].mode == QR_CHARACTERS ? QR_MODE_AN
                                                                : QR_MODE_8;
        assert_ok(QRinput_append(input, mode, (int) segments[i].size, (const unsigned char *) segments[i].text));
    }
    QRcode *code = QRcode_encodeInput(input);
    QRinput_free(input);
    return code;
}

/* Which mask a code tells. */
static unsigned mask_of(const QRcode *code)
{
    unsigned mask = 0;
    for (int x = 2; x < 5; x++) /* beside the first finder, the highest bit first */
        mask = mask << 1 | (code->data[8 * code->width + x] & 1);
    return mask ^ 5; /* of what the format is laid over */
}

static bool same(const QRcode *code, const struct qr_grid *grid)
{
    for (int y = 0; y < code->width; y++) {
        for (int x = 0; x < code->width; x++) {
            if ((code->data[y * code->width + x] & 1) != qr_is_dark(grid, x, y))
                return false;
        }
    }
    return true;
}

/* ---- what is counted, module by module ---- */

static bool at(const struct qr_grid *grid, int side, int x, int y, bool turned)
{
    return x >= 0 && y >= 0 && x < side && y < side && (turned ? qr_is_dark(grid, y, x) : qr_is_dark(grid, x, y));
}

static unsigned plain_lines(const struct qr_grid *grid, int side, bool turned)
{
    static const bool finder[] = { 1, 0, 1, 1, 1, 0, 1 };
    unsigned          penalty = 0;
    for (int y = 0; y < side; y++) {
        for (int x = 0, end; x < side; x = end) {
            for (end = x + 1; end < side && at(grid, side, end, y, turned) == at(grid, side, x, y, turned);)
                end++;
            penalty += end - x >= 5 ? 3 + (unsigned) (end - x - 5) : 0;
        }
        for (int x = 0; x + 7 <= side; x++) {
            bool is = !at(grid, side, x - 1, y, turned) && !at(grid, side, x + 7, y, turned);
            bool before = true, behind = true;
            for (int i = 0; i < 7; i++)
                is = is && at(grid, side, x + i, y, turned) == finder[i];
            for (int i = 1; i <= 4; i++) {
                before = before && !at(grid, side, x - i, y, turned);
                behind = behind && !at(grid, side, x + 6 + i, y, turned);
            }
            penalty += is && (before || behind) ? 40 : 0;
        }
    }
    return penalty;
}

static unsigned plain_penalty(const struct qr_grid *grid, int side)
{
    unsigned penalty = plain_lines(grid, side, false) + plain_lines(grid, side, true);
    int      dark = 0, tenths = 0;
    for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
            int sum = at(grid, side, x, y, false) + at(grid, side, x + 1, y, false) + at(grid, side, x, y + 1, false) +
                      at(grid, side, x + 1, y + 1, false);
            penalty += x + 1 < side && y + 1 < side && sum % 4 == 0 ? 3 : 0;
            dark += at(grid, side, x, y, false);
        }
    }
    while ((tenths + 1) * side * side <= 10 * abs(2 * dark - side * side)) /* of a half: each a twentieth of all */
        tenths++;
    return penalty + 10 * (unsigned) tenths;
}

/* ---- comparing ---- */

static unsigned num_codes, num_masks; /* compared; of these, with the mask that libqrencode chose */

static void compare(const struct qr_segment *segments, size_t num, enum credential_qr_level level, int version)
{
    static struct qr_code code;
    static struct qr_grid shown, best;
    uint8_t               codewords[QR_CODEWORDS_MOST];
    QRcode               *expected = reference(segments, num, level, version);
    assert_non_null(expected);
    assert_int_equal(expected->version, version);
    qr_text(segments, num, level, version, codewords);
    qr_draw(&code, version, level, codewords);
    unsigned mask = mask_of(expected), chosen = qr_best_mask(&code, &best);
    qr_mask(&code, mask, &shown);
    if (!same(expected, &shown))
        fail_msg("version %d, level %d, mode %d, %zu characters, mask %u: another picture", version, (int) level,
                 (int) segments[0].mode, segments[0].size, mask);
    QRcode_free(expected);
    num_masks += mask == chosen;
    if (num_codes++ % 10 != 0)
        return; /* the plain count is slow */
    unsigned least = UINT32_MAX, of_ours = 0;
    for (unsigned i = QR_MASKS; i-- > 0;) {
        qr_mask(&code, i, &shown);
        unsigned plain = plain_penalty(&shown, code.side);
        assert_int_equal(qr_penalty(&shown, code.side), plain);
        if (plain <= least)
            of_ours = i;
        least = plain < least ? plain : least;
        if (i == chosen)
            assert_memory_equal(&shown, &best, sizeof best);
    }
    assert_int_equal(of_ours, chosen);
}

static char *draw_text(struct test_random *random, enum qr_mode mode, size_t size)
{
    static char text[QR_DIGITS_MOST + 1];
    for (size_t i = 0; i < size; i++)
        text[i] = mode == QR_DIGITS       ? digits[test_between(random, 0, 9)]
                  : mode == QR_CHARACTERS ? QR_ALPHABET[test_between(random, 0, sizeof QR_ALPHABET - 2)]
                                          : (char) test_between(random, 0, 255);
    return text;
}

/* The most characters of a mode in a version; 0 where there is no room for one. */
static size_t most(enum qr_mode mode, enum credential_qr_level level, int version)
{
    size_t low = 0, high = QR_DIGITS_MOST + 1;
    while (low + 1 < high) {
        struct qr_segment segment = { NULL, (low + high) / 2, mode };
        int               needed = qr_version(&segment, 1, level);
        if (needed != 0 && needed <= version)
            low = segment.size;
        else
            high = segment.size;
    }
    return low;
}

static const enum qr_mode modes[] = { QR_DIGITS, QR_CHARACTERS, QR_BYTES };

/* Full, and with one character more than the version before holds. */
static void test_every_version(void **state)
{
    (void) state;
    struct test_random random = { .seed = 18004 };
    num_codes = num_masks = 0;
    for (int version = 1; version <= QR_VERSIONS; version++) {
        for (unsigned i = 0; i < 6; i++) {
            enum credential_qr_level level = i < 3 ? CREDENTIAL_QR_L : CREDENTIAL_QR_Q;
            enum qr_mode             mode = modes[i % 3];
            size_t                   full = most(mode, level, version), before = most(mode, level, version - 1);
            assert_true(full > before);
            struct qr_segment segment = { draw_text(&random, mode, full), full, mode };
            compare(&segment, 1, level, version);
            segment.size = before + 1;
            compare(&segment, 1, level, version);
        }
    }
    print_message("%u codes, of which libqrencode shows %u with another mask\n", num_codes, num_codes - num_masks);
    /* It rounds the share of dark modules, and also counts finders that are twice as large. */
    assert_true(num_masks >= num_codes * 95 / 100);
}

static void test_a_card(struct test_random *random)
{
    size_t                   size = test_between(random, 1, 3000);
    struct qr_segment        segments[2] = { { "shc:/", 5, QR_BYTES },
                                             { draw_text(random, QR_DIGITS, size), size, QR_DIGITS } };
    enum credential_qr_level level = test_between(random, 0, 1) == 0 ? CREDENTIAL_QR_L : CREDENTIAL_QR_Q;
    compare(segments, 2, level, qr_version(segments, 2, level));
}

static void test_cards(void **state)
{
    (void) state;
    test_property("segments of two modes", 60, test_a_card);
}

/* The shortest form of a text, and texts that fit no code. */
static void test_texts(void **state)
{
    (void) state;
    static struct credential_qr qr;
    static char                 text[QR_DIGITS_MOST + 1];
    struct qr_segment           segments[2];
    static const struct {
        const char  *text;
        size_t       num, first;
        enum qr_mode mode;
    } cases[] = {
        { "HC1:6BF", 1, 7, QR_CHARACTERS }, { "shc:/56", 2, 5, QR_BYTES },   { "shc:/5a", 1, 7, QR_BYTES },
        { "shc:/", 1, 5, QR_BYTES },        { "1234", 1, 4, QR_CHARACTERS }, { "HC1:\0X", 1, 6, QR_BYTES },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size = i == 5 ? 6 : strlen(cases[i].text);
        assert_int_equal(qr_segments(cases[i].text, size, segments), cases[i].num);
        assert_int_equal(segments[0].size, cases[i].first);
        assert_int_equal(segments[0].mode, cases[i].mode);
    }
    for (int level = CREDENTIAL_QR_L; level <= CREDENTIAL_QR_Q; level++) {
        size_t limits[2] = { most(QR_CHARACTERS, (enum credential_qr_level) level, QR_VERSIONS),
                             most(QR_BYTES, (enum credential_qr_level) level, QR_VERSIONS) };
        assert_int_equal(limits[0], level == CREDENTIAL_QR_L ? 4296 : 2420);
        assert_int_equal(limits[1], level == CREDENTIAL_QR_L ? 2953 : 1663);
        for (int bytes = 0; bytes < 2; bytes++) {
            memset(text, bytes == 0 ? 'A' : 'a', sizeof text);
            assert_ok(credential_qr_make(text, limits[bytes], (enum credential_qr_level) level, &qr));
            assert_int_equal(qr.width, CREDENTIAL_QR_MOST);
            assert_int_equal(credential_qr_make(text, limits[bytes] + 1, (enum credential_qr_level) level, &qr),
                             BASE_ERR_INPUT);
        }
    }
    assert_int_equal(credential_qr_make(text, 0, CREDENTIAL_QR_L, &qr), BASE_ERR_INPUT);
    assert_int_equal(credential_qr_make(text, SIZE_MAX, CREDENTIAL_QR_L, &qr), BASE_ERR_INPUT);
}

/* All of one colour, stripes, finders without end, noise: the count is the plain one. */
static void test_penalties(struct test_random *random)
{
    static struct qr_grid grid;
    int                   side = QR_SIDE((int) test_between(random, 1, QR_VERSIONS));
    size_t                kind = test_between(random, 0, 5), part = test_between(random, 1, 9);
    memset(&grid, 0, sizeof grid);
    for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
            bool dark = kind == 0   ? true
                        : kind == 1 ? false
                        : kind == 2 ? x % (int) part < 3
                        : kind == 3 ? (0x5d >> (x + y) % 11 & 1) != 0 /* finders without end */
                                    : test_between(random, 1, 10) <= part;
            grid.rows[y + QR_MARGIN][(x + QR_MARGIN) / 64] |= (uint64_t) dark << (x + QR_MARGIN) % 64;
        }
    }
    assert_int_equal(qr_penalty(&grid, side), plain_penalty(&grid, side));
}

static void test_counting(void **state)
{
    (void) state;
    test_property("penalties", 200, test_penalties);
}

/* The lines of an SVG are the dark modules, each once. */
static void test_svg(void **state)
{
    (void) state;
    static struct credential_qr qr, drawn;
    struct test_random          random = { .seed = 2 };
    struct sink                 sink;
    sink_init_memory(&sink);
    assert_ok(credential_qr_make(draw_text(&random, QR_BYTES, 2900), 2900, CREDENTIAL_QR_L, &qr));
    credential_qr_svg(&qr, 45, &sink);
    sink_character(&sink, '\0');
    assert_int_equal(sink.failure, 0);
    const char *at_run = strstr(sink.bytes, " d=\"");
    assert_non_null(at_run);
    int x, y, length, used;
    for (at_run += 4; sscanf(at_run, "M%d %d.5h%d%n", &x, &y, &length, &used) == 3; at_run += used) {
        assert_true(x >= 4 && y >= 4 && length > 0 && x + length <= qr.width + 4 && y < qr.width + 4);
        for (int i = 0; i < length; i++)
            drawn.dark[(y - 4) * qr.width + x - 4 + i]++;
    }
    assert_string_equal(at_run, "\"/></svg>\n");
    assert_memory_equal(drawn.dark, qr.dark, sizeof qr.dark);
    sink_free(&sink);
}

/* What zxing finds on a picture of it. */
static void read_again(const char *text, size_t size, enum credential_qr_level level, int version)
{
    static struct credential_qr qr;
    static struct picture_codes codes;
    struct picture              picture;
    struct sink                 sink;
    sink_init_memory(&sink);
    assert_ok(credential_qr_make(text, size, level, &qr));
    assert_int_equal(qr.width, QR_SIDE(version));
    assert_ok(credential_qr_png(&qr, 3, &sink));
    assert_int_equal(picture_decode(sink.bytes, sink.used, &picture), PICTURE_NO_FAULT);
    assert_int_equal(picture_find(&picture, &codes), PICTURE_NO_FAULT);
    assert_int_equal(codes.num, 1);
    assert_int_equal(codes.codes[0].size, size);
    assert_memory_equal(codes.codes[0].text, text, size);
    assert_true(codes.codes[0].above_22 == (version > 22));
    free(picture.grey);
    sink_free(&sink);
}

static void test_zxing_reads_them(void **state)
{
    (void) state;
    struct test_random random = { .seed = 1 };
    for (int version = 1; version <= QR_VERSIONS; version++) {
        enum credential_qr_level level = version % 2 == 0 ? CREDENTIAL_QR_L : CREDENTIAL_QR_Q;
        char                    *text = draw_text(&random, QR_CHARACTERS, most(QR_CHARACTERS, level, version));
        read_again(text, most(QR_CHARACTERS, level, version), level, version);
    }
    char card[5 + 1000 + 1] = "shc:/";
    memcpy(card + 5, draw_text(&random, QR_DIGITS, 1000), 1000);
    read_again(card, 1005, CREDENTIAL_QR_L, 13);
    read_again("a text in small letters", 23, CREDENTIAL_QR_Q, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_version), cmocka_unit_test(test_cards), cmocka_unit_test(test_texts),
        cmocka_unit_test(test_counting),      cmocka_unit_test(test_svg),   cmocka_unit_test(test_zxing_reads_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
