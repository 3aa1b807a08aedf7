/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Segments of text as the codewords of a QR code: bits, blocks, Reed-Solomon codes. */
#include <string.h>

#include "formats/credential/qr_code.h"

/* Of the standard's table 9: codewords of correction in each block, and blocks. */
static const uint8_t corrections[2][QR_VERSIONS] = {
    [CREDENTIAL_QR_L] = { 7,  10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28,
                          28, 28, 30, 30, 26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30 },
    [CREDENTIAL_QR_Q] = { 13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30,
                          28, 30, 30, 30, 30, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30 },
};
static const uint8_t blocks[2][QR_VERSIONS] = {
    [CREDENTIAL_QR_L] = { 1, 1, 1, 1,  1,  2,  2,  2,  2,  4,  4,  4,  4,  4,  6,  6,  6,  6,  7,  8,
                          8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25 },
    [CREDENTIAL_QR_Q] = { 1,  1,  2,  2,  4,  4,  6,  6,  8,  8,  8,  10, 12, 16, 12, 17, 16, 18, 21, 20,
                          23, 23, 25, 27, 29, 34, 34, 35, 38, 40, 43, 45, 48, 51, 53, 56, 59, 62, 65, 68 },
};

int qr_alignments(int version, int at[7])
{
    int num = version == 1 ? 0 : version / 7 + 2;
    if (num == 0)
        return 0;
    /* From the last one backwards in even steps, as small as will do; the first one stands at 6 whatever is left. */
    int last = QR_SIDE(version) - 7, gaps = num - 1, step = ((last - 6 + gaps - 1) / gaps + 1) / 2 * 2;
    if (version == 32)
        step = 26; /* as the standard has it */
    at[0] = 6;
    for (int i = num - 1; i > 0; i--, last -= step)
        at[i] = last;
    return num;
}

size_t qr_codewords(int version)
{
    int at[7], side = QR_SIDE(version), num = qr_alignments(version, at);
    int patterns = 3 * 64 + 2 * (side - 16) + 31; /* finders, timing, format */
    if (num > 0)                                  /* of 25 modules, but none at the finders; some share timing's */
        patterns += (num * num - 3) * 25 - 2 * (num - 2) * 5;
    if (version >= 7)
        patterns += 2 * 18;
    return (size_t) (side * side - patterns) / 8;
}

static size_t data_codewords(int version, enum credential_qr_level level)
{
    return qr_codewords(version) - (size_t) blocks[level][version - 1] * corrections[level][version - 1];
}

/* ---- bits ---- */

static unsigned count_bits(enum qr_mode mode, int version)
{
    unsigned larger = version < 10 ? 0 : version < 27 ? 1 : 2;
    switch (mode) {
    case QR_DIGITS: return 10 + 2 * larger;
    case QR_CHARACTERS: return 9 + 2 * larger;
    default: return larger == 0 ? 8 : 16;
    }
}

static size_t segment_bits(const struct qr_segment *segment, int version)
{
    size_t bits = 4 + count_bits(segment->mode, version), size = segment->size;
    switch (segment->mode) {
    case QR_DIGITS: return bits + size / 3 * 10 + (size % 3 == 0 ? 0 : size % 3 * 3 + 1);
    case QR_CHARACTERS: return bits + size / 2 * 11 + size % 2 * 6;
    default: return bits + size * 8;
    }
}

int qr_version(const struct qr_segment *segments, size_t num, enum credential_qr_level level)
{
    for (int version = 1; version <= QR_VERSIONS; version++) {
        size_t bits = 0;
        for (size_t i = 0; i < num; i++)
            bits += segment_bits(&segments[i], version);
        if (bits <= 8 * data_codewords(version, level))
            return version;
    }
    return 0;
}

struct bits {
    uint8_t *bytes;
    size_t   num_bytes; /* whole ones */
    uint32_t rest;      /* behind them, */
    unsigned num_rest;  /* fewer than 8 */
};

static void put_bits(struct bits *bits, unsigned value, unsigned num)
{
    bits->rest = bits->rest << num | value;
    for (bits->num_rest += num; bits->num_rest >= 8;)
        bits->bytes[bits->num_bytes++] = (uint8_t) (bits->rest >> (bits->num_rest -= 8));
}

static void put_digits(struct bits *bits, const char *text, size_t size)
{
    for (size_t at = 0; at < size; at += 3) {
        size_t   num = size - at < 3 ? size - at : 3;
        unsigned value = 0;
        for (size_t i = 0; i < num; i++)
            value = value * 10 + (unsigned) (text[at + i] - '0');
        put_bits(bits, value, (unsigned) num * 3 + 1);
    }
}

static void put_characters(struct bits *bits, const char *text, size_t size)
{
    uint8_t values[256] = { 0 };
    for (unsigned i = 0; QR_ALPHABET[i] != '\0'; i++)
        values[(uint8_t) QR_ALPHABET[i]] = (uint8_t) i;
    size_t at = 0;
    for (; size - at >= 2; at += 2)
        put_bits(bits, values[(uint8_t) text[at]] * 45U + values[(uint8_t) text[at + 1]], 11);
    if (at < size)
        put_bits(bits, values[(uint8_t) text[at]], 6);
}

static void put_segment(struct bits *bits, const struct qr_segment *segment, int version)
{
    put_bits(bits, segment->mode, 4);
    put_bits(bits, (unsigned) segment->size, count_bits(segment->mode, version));
    switch (segment->mode) {
    case QR_DIGITS: put_digits(bits, segment->text, segment->size); break;
    case QR_CHARACTERS: put_characters(bits, segment->text, segment->size); break;
    case QR_BYTES:
        for (size_t i = 0; i < segment->size; i++)
            put_bits(bits, (uint8_t) segment->text[i], 8);
        break;
    }
}

/* An end mark of up to four bits, then what fills. */
static void fill(struct bits *bits, size_t size)
{
    size_t left = 8 * (size - bits->num_bytes) - bits->num_rest;
    put_bits(bits, 0, left < 4 ? (unsigned) left : 4);
    if (bits->num_rest > 0)
        put_bits(bits, 0, 8 - bits->num_rest);
    for (unsigned byte = 0xec; bits->num_bytes < size; byte ^= 0xec ^ 0x11)
        put_bits(bits, byte, 8);
}

/* ---- correction ---- */

/* The remainder of a division by the generator, over the field of 256 with x^8 = x^4 + x^3 + x^2 + 1. */

/* 32 coefficients, the highest power first, in the first word's highest byte. A generator has at most 30 behind its
 * first, which is 1. */
struct polynomial {
    uint64_t words[4];
};

struct generator {
    struct polynomial low[16], high[16]; /* it times a factor's lower four bits, and times its higher ones */
};

static void add(struct polynomial *to, const struct polynomial *what)
{
    for (int i = 0; i < 4; i++)
        to->words[i] ^= what->words[i];
}

/* All coefficients times x. */
static struct polynomial doubled(const struct polynomial *from)
{
    struct polynomial result;
    for (int i = 0; i < 4; i++) {
        uint64_t over = from->words[i] >> 7 & UINT64_C(0x0101010101010101);
        result.words[i] = (from->words[i] & UINT64_C(0x7f7f7f7f7f7f7f7f)) << 1 ^ over * 0x1d;
    }
    return result;
}

static struct polynomial times(struct polynomial from, unsigned factor)
{
    struct polynomial result = { { 0 } };
    for (; factor != 0; factor >>= 1) {
        if ((factor & 1) != 0)
            add(&result, &from);
        from = doubled(&from);
    }
    return result;
}

/* Its lowest coefficient takes `in`; what leaves at the top is lost. */
static void shift(struct polynomial *polynomial, unsigned in, unsigned degree)
{
    uint64_t *words = polynomial->words;
    for (int i = 0; i < 4; i++)
        words[i] = words[i] << 8 | (i < 3 ? words[i + 1] >> 56 : 0);
    words[(degree - 1) / 8] |= (uint64_t) in << (56 - 8 * ((degree - 1) % 8));
}

/* (x - 1)(x - 2)(x - 4) … of `degree` factors. */
static void make_generator(struct generator *generator, unsigned degree)
{
    struct polynomial product = { { 0 } };
    unsigned          root = 1;
    shift(&product, 1, degree); /* of no factor: 1. At the end the first coefficient leaves at the top. */
    for (unsigned i = 0; i < degree; i++) {
        struct polynomial by_root = times(product, root);
        shift(&product, 0, degree);
        add(&product, &by_root);
        root = root << 1 ^ (root >> 7) * 0x11d;
    }
    for (unsigned i = 0; i < 16; i++) {
        generator->low[i] = times(product, i);
        generator->high[i] = times(product, i << 4);
    }
}

static void correct(const struct generator *generator, const uint8_t *data, size_t size, unsigned degree,
                    uint8_t *correction)
{
    struct polynomial rest = { { 0 } };
    for (size_t i = 0; i < size; i++) {
        unsigned factor = data[i] ^ (unsigned) (rest.words[0] >> 56);
        shift(&rest, 0, degree);
        add(&rest, &generator->low[factor & 15]);
        add(&rest, &generator->high[factor >> 4]);
    }
    for (unsigned i = 0; i < degree; i++)
        correction[i] = (uint8_t) (rest.words[i / 8] >> (56 - 8 * (i % 8)));
}

/* ---- all of it ---- */

/* The data and each block's correction behind one another become: the first of each block, the second of each … The
 * last blocks have one codeword of data more, where it does not divide. */
static void interleave(const uint8_t *data, size_t num_data, size_t num_blocks, unsigned degree, uint8_t *codewords)
{
    struct generator generator;
    size_t           each = num_data / num_blocks, longer = num_blocks - num_data % num_blocks;
    make_generator(&generator, degree);
    for (size_t block = 0; block < num_blocks; block++) {
        size_t  size = each + (block >= longer);
        uint8_t correction[32];
        correct(&generator, data, size, degree, correction);
        for (size_t i = 0; i < each; i++)
            codewords[i * num_blocks + block] = data[i];
        if (size > each)
            codewords[each * num_blocks + block - longer] = data[each];
        for (size_t i = 0; i < degree; i++)
            codewords[num_data + i * num_blocks + block] = correction[i];
        data += size;
    }
}

void qr_text(const struct qr_segment *segments, size_t num, enum credential_qr_level level, int version,
             uint8_t codewords[QR_CODEWORDS_MOST])
{
    uint8_t     data[QR_CODEWORDS_MOST];
    size_t      size = data_codewords(version, level);
    struct bits bits = { .bytes = data };
    for (size_t i = 0; i < num; i++)
        put_segment(&bits, &segments[i], version);
    fill(&bits, size);
    interleave(data, size, blocks[level][version - 1], corrections[level][version - 1], codewords);
}
