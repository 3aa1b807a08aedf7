/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pixels of PNG and JPEG, and the codes in them: what the confined process does. */
#include "formats/picture.h"

#include <limits.h>
#include <math.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h> /* jpeglib.h needs it */
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "base/fault.h"
#include "base/memory.h"
#include "formats/picture_zxing.h"

struct toc_error picture_error(enum picture_fault fault)
{
    static const char *const texts[PICTURE_NUM_FAULTS][2] = {
        [PICTURE_FILE_TOO_LONG] = { "file of the picture", "at most 33,554,432 bytes (32 MiB)" },
        [PICTURE_OTHER_FORM] = { "picture", "PNG or JPEG" },
        [PICTURE_DAMAGED] = { "picture", "a whole and undamaged PNG or JPEG" },
        [PICTURE_SIDE_TOO_LONG] = { "side of the picture", "1 … 12,000 pixels" },
        [PICTURE_TOO_MANY_PIXELS] = { "size of the picture", "at most 40,000,000 pixels" },
        [PICTURE_NO_CODE] = { "QR code", "one in the picture: sharp, flat, whole, with its white margin" },
        [PICTURE_TOO_MANY_CODES] = { "QR codes", "at most 16 in one picture" },
        [PICTURE_USED_UP] = { "picture", "one that 1 GiB of memory and 20 seconds suffice to read" },
    };
    return (struct toc_error){ BASE_ERR_INPUT, texts[fault][0], TOC_NOWHERE, NAN, texts[fault][1] };
}

static bool is_png(const uint8_t *bytes, size_t size)
{
    return size >= 8 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0;
}

static bool is_jpeg(const uint8_t *bytes, size_t size)
{
    return size >= 3 && memcmp(bytes, "\xff\xd8\xff", 3) == 0;
}

bool picture_is(const void *bytes, size_t size)
{
    return is_png(bytes, size) || is_jpeg(bytes, size);
}

/* Room for the pixels, where the picture is no larger than the limits. */
static enum picture_fault make_room(size_t width, size_t height, struct picture *picture)
{
    if (width == 0 || height == 0 || width > PICTURE_SIDE || height > PICTURE_SIDE)
        return PICTURE_SIDE_TOO_LONG;
    if (width * height > PICTURE_PIXELS)
        return PICTURE_TOO_MANY_PIXELS;
    uint8_t *grey = memory_array(width * height, 1);
    if (grey == NULL)
        return PICTURE_USED_UP;
    *picture = (struct picture){ width, height, grey };
    return 0;
}

static enum picture_fault decode_png(const uint8_t *bytes, size_t size, struct picture *picture)
{
    static const png_color white = { 255, 255, 255 };
    png_image              image = { .version = PNG_IMAGE_VERSION };
    struct picture         made = { 0 };
    if (png_image_begin_read_from_memory(&image, bytes, size) == 0)
        return PICTURE_DAMAGED;
    enum picture_fault fault = make_room(image.width, image.height, &made);
    image.format = PNG_FORMAT_GRAY;
    if (fault == PICTURE_NO_FAULT && png_image_finish_read(&image, &white, made.grey, 0, NULL) == 0)
        fault = PICTURE_DAMAGED;
    png_image_free(&image);
    if (fault == PICTURE_NO_FAULT)
        *picture = made;
    else
        free(made.grey);
    return fault;
}

/* ---- JPEG ---- */

#define JPEG_SCANS 64 /* of a picture that becomes clearer step by step: each costs a pass over all of it */

struct jpeg_failure {
    struct jpeg_error_mgr manager;
    jmp_buf               back;
};

static void jpeg_fail(j_common_ptr jpeg)
{
    longjmp(((struct jpeg_failure *) jpeg->err)->back, 1);
}

static void jpeg_say_nothing(j_common_ptr jpeg, int level)
{
    if (level < 0)
        jpeg->err->num_warnings++;
}

static void jpeg_count_scans(j_common_ptr jpeg)
{
    if (jpeg->is_decompressor && ((j_decompress_ptr) jpeg)->input_scan_number > JPEG_SCANS)
        jpeg_fail(jpeg);
}

static void read_rows(struct jpeg_decompress_struct *jpeg, const struct picture *picture)
{
    jpeg_start_decompress(jpeg);
    while (jpeg->output_scanline < jpeg->output_height) {
        JSAMPROW row = picture->grey + (size_t) jpeg->output_scanline * picture->width;
        jpeg_read_scanlines(jpeg, &row, 1);
    }
    jpeg_finish_decompress(jpeg);
}

static enum picture_fault decode_jpeg(const uint8_t *bytes, size_t size, struct picture *picture)
{
    struct jpeg_decompress_struct jpeg;
    struct jpeg_failure           failure;
    struct jpeg_progress_mgr      progress = { .progress_monitor = jpeg_count_scans };
    struct picture *volatile made = calloc(1, sizeof *made); /* survives the jump */
    volatile enum picture_fault fault = PICTURE_DAMAGED;
    if (made == NULL)
        return PICTURE_USED_UP;
    jpeg.err = jpeg_std_error(&failure.manager);
    failure.manager.error_exit = jpeg_fail;
    failure.manager.emit_message = jpeg_say_nothing;
    jpeg_create_decompress(&jpeg);
    jpeg.progress = &progress;
    if (setjmp(failure.back) == 0) {
        jpeg_mem_src(&jpeg, bytes, (unsigned long) size);
        jpeg_read_header(&jpeg, TRUE);
        jpeg.out_color_space = JCS_GRAYSCALE;
        fault = make_room(jpeg.image_width, jpeg.image_height, made);
        if (fault == PICTURE_NO_FAULT) {
            fault = PICTURE_DAMAGED; /* until all of it was read */
            read_rows(&jpeg, made);
            fault = PICTURE_NO_FAULT;
        }
    }
    jpeg_destroy_decompress(&jpeg);
    if (fault == PICTURE_NO_FAULT)
        *picture = *made;
    else
        free(made->grey);
    free(made);
    return fault;
}

enum picture_fault picture_decode(const void *bytes, size_t size, struct picture *picture)
{
    if (size > PICTURE_FILE_BYTES)
        return PICTURE_FILE_TOO_LONG;
    if (is_png(bytes, size))
        return decode_png(bytes, size, picture);
    if (is_jpeg(bytes, size))
        return decode_jpeg(bytes, size, picture);
    return PICTURE_OTHER_FORM;
}

/* ---- codes ---- */

#define MODE_BITS 4
#define MODE_BYTES 4
#define TOO_MANY 1
#define SMALLEST ((size_t) 100 * 100) /* pixels of a picture that may be halved */

/* Bits of a segment, from the first on. */
static unsigned bits(const struct picture_zxing_code *code, size_t from, size_t num)
{
    unsigned value = 0;
    for (size_t i = from; i < from + num; i++)
        value = value << 1 | (i / 8 < code->stream_size ? (unsigned) code->stream[i / 8] >> (7 - i % 8) & 1U : 0U);
    return value;
}

/* A code has as many bytes of data as its version and level allow: those of version 22 (ISO/IEC 18004, table 7). */
static bool above_22(const struct picture_zxing_code *code)
{
    switch (code->level) {
    case 'L': return code->stream_size > 1006;
    case 'M': return code->stream_size > 782;
    case 'Q': return code->stream_size > 568;
    case 'H': return code->stream_size > 442;
    default: return false;
    }
}

/* One segment of bytes that holds all: its length has 8 bits up to version 9 and 16 above; a card never fits into 9. */
static bool one_segment(const struct picture_zxing_code *code)
{
    return bits(code, 0, MODE_BITS) == MODE_BYTES && code->size > 0 && bits(code, MODE_BITS, 16) == code->size;
}

/* Where codes are looked for, and those found. */
struct search {
    struct picture       *picture;
    struct picture_codes *codes;
};

/* White where the code was: what is left is looked through again, as many codes at once hide one another. A pixel lies
 * within the four corners where it lies on the same side of all four edges. */
static void paint_over(struct picture *picture, const int corners[8])
{
    long low[2] = { LONG_MAX, LONG_MAX }, high[2] = { 0, 0 },
         end[2] = { (long) picture->width, (long) picture->height };
    for (int i = 0; i < 8; i++) {
        low[i % 2] = corners[i] < low[i % 2] ? (corners[i] < 0 ? 0 : corners[i]) : low[i % 2];
        high[i % 2] = corners[i] > high[i % 2] ? corners[i] : high[i % 2];
    }
    for (long y = low[1]; y <= high[1] && y < end[1]; y++)
        for (long x = low[0]; x <= high[0] && x < end[0]; x++) {
            int left = 0, right = 0;
            for (int i = 0; i < 4; i++) {
                const int *from = corners + 2 * i, *to = corners + 2 * ((i + 1) % 4);
                long       side = (to[0] - from[0]) * (y - from[1]) - (to[1] - from[1]) * (x - from[0]);
                left += side > 0;
                right += side < 0;
            }
            if (left == 0 || right == 0)
                picture->grey[(size_t) y * picture->width + (size_t) x] = UINT8_MAX;
        }
}

static int keep(void *context, const struct picture_zxing_code *found)
{
    struct search        *search = context;
    struct picture_codes *codes = search->codes;
    paint_over(search->picture, found->corners);
    if (found->size == 0 || found->size > PICTURE_TEXT_BYTES)
        return 0;
    if (codes->num == PICTURE_CODES)
        return TOO_MANY;
    struct picture_code *code = &codes->codes[codes->num++];
    code->size = found->size;
    code->above_22 = above_22(found);
    code->one_segment = one_segment(found);
    memcpy(code->text, found->bytes, found->size);
    return 0;
}

/* Changes the picture. */
static enum picture_fault find(struct picture *picture, struct picture_codes *codes)
{
    struct search search = { picture, codes };
    size_t        before;
    int           ret;
    do {
        before = codes->num;
        ret = picture_zxing(picture->grey, picture->width, picture->height, PICTURE_CODES, keep, &search);
    } while (ret == 0 && codes->num > before);
    return ret == TOO_MANY ? PICTURE_TOO_MANY_CODES : ret < 0 ? PICTURE_USED_UP : PICTURE_NO_FAULT;
}

/* The mean of each four pixels: what noise and blur of a large photograph need. */
static enum picture_fault halve(const struct picture *picture, struct picture *made)
{
    size_t   width = picture->width / 2, height = picture->height / 2;
    uint8_t *grey = memory_array(width * height, 1);
    if (grey == NULL)
        return PICTURE_USED_UP;
    for (size_t y = 0; y < height; y++) {
        const uint8_t *upper = picture->grey + 2 * y * picture->width, *lower = upper + picture->width;
        for (size_t x = 0; x < width; x++)
            grey[y * width + x] =
                (uint8_t) ((upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1] + 2) / 4);
    }
    *made = (struct picture){ width, height, grey };
    return 0;
}

/* Pixels between the pixels: codes whose modules are two or three pixels wide need them. */
static enum picture_fault enlarge(const struct picture *picture, struct picture *made)
{
    size_t   width = picture->width * 2, height = picture->height * 2;
    uint8_t *grey = memory_array(width * height, 1);
    if (grey == NULL)
        return PICTURE_USED_UP;
    for (size_t y = 0; y < height; y++) {
        size_t         next = y / 2 + 1 < picture->height ? y / 2 + 1 : y / 2;
        const uint8_t *upper = picture->grey + y / 2 * picture->width;
        const uint8_t *lower = y % 2 == 0 ? upper : picture->grey + next * picture->width;
        for (size_t x = 0; x < width; x++) {
            size_t left = x / 2, right = x % 2 == 0 || left + 1 == picture->width ? left : left + 1;
            grey[y * width + x] = (uint8_t) ((upper[left] + upper[right] + lower[left] + lower[right] + 2) / 4);
        }
    }
    *made = (struct picture){ width, height, grey };
    return 0;
}

enum picture_fault picture_find(struct picture *picture, struct picture_codes *codes)
{
    static enum picture_fault (*const scale[])(const struct picture *, struct picture *) = { halve, enlarge };
    codes->num = 0;
    enum picture_fault fault = find(picture, codes);
    for (size_t i = 0; i < 2 && fault == PICTURE_NO_FAULT && codes->num == 0; i++) {
        struct picture scaled = { 0 };
        size_t         pixels = picture->width * picture->height;
        if (i == 0 ? pixels < SMALLEST : pixels > PICTURE_PIXELS / 4)
            continue;
        fault = scale[i](picture, &scaled);
        if (fault == PICTURE_NO_FAULT)
            fault = find(&scaled, codes);
        free(scaled.grey);
    }
    return fault == PICTURE_NO_FAULT && codes->num == 0 ? PICTURE_NO_CODE : fault;
}

void picture_codes_free(struct picture_codes *codes)
{
    if (codes != NULL)
        explicit_bzero(codes, sizeof *codes);
    free(codes);
}
