/* SPDX-License-Identifier: GPL-3.0-or-later */
/* QR codes of pictures: photographs of all kinds, several codes, limits, bombs, damage, and what the process that reads
 * them may do: nothing. */
#include <fcntl.h>
#include <math.h>
#include <png.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jpeglib.h>

#include "base/fault.h"
#include "formats/picture.h"
#include "support/photo.h"
#include "support/test.h"

/* ---- writing pictures ---- */

struct file {
    uint8_t *bytes;
    size_t   size;
};

static struct file as_png(const uint8_t *grey, int width, int height)
{
    png_image   image = { .version = PNG_IMAGE_VERSION,
                          .width = (png_uint_32) width,
                          .height = (png_uint_32) height,
                          .format = PNG_FORMAT_GRAY };
    struct file file = { NULL, 0 };
    assert_true(png_image_write_to_memory(&image, NULL, &file.size, 0, grey, 0, NULL));
    file.bytes = malloc(file.size);
    assert_true(png_image_write_to_memory(&image, file.bytes, &file.size, 0, grey, 0, NULL));
    return file;
}

/* scans: of a progressive picture, by its own script; 0 = in one. */
static struct file as_jpeg(const uint8_t *grey, int width, int height, int quality, int scans)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr       errors;
    jpeg_scan_info              script[66];
    struct file                 file = { NULL, 0 };
    unsigned long               size = 0;
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &file.bytes, &size);
    jpeg.image_width = (JDIMENSION) width;
    jpeg.image_height = (JDIMENSION) height;
    jpeg.input_components = 1;
    jpeg.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, quality, TRUE);
    for (int i = 0; i < scans; i++) { /* the mean, coefficient after coefficient; then the mean's last bit */
        bool mean = i == 0 || i == 64;
        script[i] = (jpeg_scan_info){ .comps_in_scan = 1,
                                      .component_index = { 0 },
                                      .Ss = mean ? 0 : i,
                                      .Se = mean ? 0 : i,
                                      .Ah = i == 64,
                                      .Al = i == 0 && scans > 64 };
    }
    if (scans > 0) {
        jpeg.scan_info = script;
        jpeg.num_scans = scans;
    }
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < jpeg.image_height) {
        JSAMPROW row = (JSAMPROW) (uintptr_t) grey + (size_t) jpeg.next_scanline * (size_t) width;
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    file.size = size;
    return file;
}

/* ---- photographs ---- */

/* A text as long as a pass: 320 characters make version 13, 860 version 25. */
static void make_text(unsigned seed, size_t size, char *text)
{
    static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    uint64_t          state = seed;
    memcpy(text, "HC1:", 4);
    for (size_t i = 4; i < size; i++) {
        state = state * UINT64_C(6364136223846793005) + 1;
        text[i] = letters[(state >> 33) % 45];
    }
    text[size] = '\0';
}

static struct file photograph(const struct photo *photo, const char *text, bool jpeg, int *version)
{
    size_t   pixels = (size_t) photo->width * (size_t) photo->height;
    double  *canvas = malloc(pixels * sizeof *canvas);
    uint8_t *grey = malloc(pixels);
    photo_clear(photo, canvas);
    *version = photo_draw(photo, text, 0.5, 0.5, canvas);
    photo_take(photo, canvas, strlen(text), grey);
    struct file file =
        jpeg ? as_jpeg(grey, photo->width, photo->height, 80, 0) : as_png(grey, photo->width, photo->height);
    free(canvas);
    free(grey);
    return file;
}

static bool reads(const struct file *file, const char *text)
{
    struct picture_codes *codes = NULL;
    enum picture_fault    fault;
    if (picture_read(file->bytes, file->size, &codes, &fault) != 0)
        return false;
    bool same = codes->num == 1 && codes->codes[0].size == strlen(text) &&
                memcmp(codes->codes[0].text, text, strlen(text)) == 0;
    picture_codes_free(codes);
    return same;
}

static void test_photographs(void **state)
{
    (void) state;
    /* Of six each, of versions 13 to 25: how many must be read. */
    static const struct {
        const char  *name;
        struct photo photo;
        int          least;
    } kinds[] = {
        { "printed, scanned at 6 pixels a module", { 900, 900, 6, 0, 0, 0, 0, 255, 0, 0 }, 6 },
        { "at 3 pixels", { 500, 500, 3, 0, 0, 0, 0, 255, 0, 0 }, 6 },
        { "at 2.3 pixels", { 420, 420, 2.3, 0, 0, 0, 0, 255, 0, 0 }, 6 },
        { "on its side", { 600, 600, 4, M_PI / 2, 0, 0, 0, 255, 0, 0 }, 6 },
        { "turned by 17 degrees", { 800, 800, 4, 0.3, 0, 0.5, 30, 220, 0.2, 8 }, 6 },
        { "turned by 45 degrees", { 900, 900, 4, M_PI / 4, 0, 0.5, 30, 220, 0.2, 8 }, 5 },
        { "seen from below", { 900, 900, 5, 0.1, 0.25, 0.7, 30, 220, 0.2, 8 }, 6 },
        { "out of focus", { 900, 900, 5, 0.05, 0, 1.5, 20, 230, 0.1, 5 }, 6 },
        { "small and out of focus", { 600, 600, 3, 0.05, 0, 1.2, 20, 230, 0.1, 5 }, 3 },
        { "in the dark", { 900, 900, 5, 0.05, 0, 1.0, 8, 45, 0.5, 6 }, 6 },
        { "with much noise", { 900, 900, 5, 0.05, 0, 1.0, 30, 220, 0.3, 60 }, 6 },
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int num = 0;
        for (unsigned j = 0; j < 6; j++) {
            char text[1024];
            int  version;
            make_text(j, 320 + 108 * j, text);
            struct file file = photograph(&kinds[i].photo, text, j % 2 == 1, &version);
            assert_in_range(version, 13, 25);
            num += reads(&file, text);
            free(file.bytes);
        }
        print_message("%s: %d of 6\n", kinds[i].name, num);
        assert_in_range(num, kinds[i].least, 6);
    }
}

/* ---- several ---- */

/* So many small codes in rows of five. */
static struct file many(int num)
{
    const struct photo photo = { 1000, 800, 4, 0, 0, 0, 0, 255, 0, 0 };
    double            *canvas = malloc(sizeof *canvas * 1000 * 800);
    uint8_t           *grey = malloc(1000 * 800);
    photo_clear(&photo, canvas);
    for (int i = 0; i < num; i++) {
        char text[16];
        snprintf(text, sizeof text, "HC1:%02d", i);
        photo_draw(&photo, text, 0.1 + 0.2 * (i % 5), 0.12 + 0.25 * (i / 5), canvas);
    }
    photo_take(&photo, canvas, 1, grey);
    struct file file = as_png(grey, 1000, 800);
    free(canvas);
    free(grey);
    return file;
}

static void test_several(void **state)
{
    (void) state;
    struct picture_codes *codes = NULL;
    enum picture_fault    fault = PICTURE_NO_FAULT;
    bool                  seen[PICTURE_CODES] = { false };
    struct file           file = many(PICTURE_CODES);
    assert_ok(picture_read(file.bytes, file.size, &codes, &fault));
    assert_int_equal(codes->num, PICTURE_CODES);
    for (size_t i = 0; i < codes->num; i++) {
        assert_int_equal(codes->codes[i].size, 6);
        seen[atoi(codes->codes[i].text + 4)] = true;
    }
    for (size_t i = 0; i < PICTURE_CODES; i++)
        assert_true(seen[i]);
    picture_codes_free(codes);
    free(file.bytes);
    file = many(PICTURE_CODES + 1);
    assert_status(picture_read(file.bytes, file.size, &codes, &fault), BASE_ERR_INPUT);
    assert_int_equal(fault, PICTURE_TOO_MANY_CODES);
    free(file.bytes);
}

/* ---- limits, at each and one past it ---- */

static enum picture_fault fault_of(const struct file *file)
{
    struct picture_codes *codes = NULL;
    enum picture_fault    fault = PICTURE_NO_FAULT;
    int                   ret = picture_read(file->bytes, file->size, &codes, &fault);
    assert_true(ret == 0 || ret == BASE_ERR_INPUT);
    picture_codes_free(codes);
    return fault;
}

static enum picture_fault fault_of_white(int width, int height, bool jpeg)
{
    uint8_t *grey = malloc((size_t) width * (size_t) height);
    memset(grey, 255, (size_t) width * (size_t) height);
    struct file        file = jpeg ? as_jpeg(grey, width, height, 50, 0) : as_png(grey, width, height);
    enum picture_fault fault = fault_of(&file);
    free(grey);
    free(file.bytes);
    return fault;
}

static void test_sizes(void **state)
{
    (void) state;
    for (int jpeg = 0; jpeg < 2; jpeg++) {
        assert_int_equal(fault_of_white(PICTURE_SIDE, 8, jpeg), PICTURE_NO_CODE);
        assert_int_equal(fault_of_white(PICTURE_SIDE + 1, 8, jpeg), PICTURE_SIDE_TOO_LONG);
        assert_int_equal(fault_of_white(8, PICTURE_SIDE + 1, jpeg), PICTURE_SIDE_TOO_LONG);
        assert_int_equal(fault_of_white(1, 1, jpeg), PICTURE_NO_CODE);
    }
    assert_int_equal(fault_of_white(8000, 5000, false), PICTURE_NO_CODE);
    assert_int_equal(fault_of_white(8000, 5001, false), PICTURE_TOO_MANY_PIXELS);
    assert_int_equal(fault_of_white(8000, 5001, true), PICTURE_TOO_MANY_PIXELS);
}

/* What stands behind a picture is not looked at, but for its length. */
static void test_file_bytes(void **state)
{
    (void) state;
    struct file small = many(1), large = { calloc(1, PICTURE_FILE_BYTES + 1), PICTURE_FILE_BYTES };
    memcpy(large.bytes, small.bytes, small.size);
    assert_int_equal(fault_of(&large), PICTURE_NO_FAULT);
    large.size++;
    assert_int_equal(fault_of(&large), PICTURE_FILE_TOO_LONG);
    free(large.bytes);
    free(small.bytes);
}

/* A few hundred kilobytes that say they are a picture of a terabyte; a picture that takes ever another look. */
static void test_bombs(void **state)
{
    (void) state;
    uint8_t     grey[64 * 64] = { 0 };
    struct file file = as_png(grey, 64, 64);
    memcpy(file.bytes + 16, "\x7f\xff\xff\xff\x7f\xff\xff\xff", 8);
    assert_int_not_equal(fault_of(&file), PICTURE_NO_FAULT);
    free(file.bytes);
    file = as_jpeg(grey, 64, 64, 90, 64);
    assert_int_equal(fault_of(&file), PICTURE_NO_CODE);
    free(file.bytes);
    file = as_jpeg(grey, 64, 64, 90, 65);
    assert_int_equal(fault_of(&file), PICTURE_DAMAGED);
    free(file.bytes);
}

/* Cut anywhere, and with any byte changed: a fault or the code, and always an answer. */
static void test_damage(void **state)
{
    (void) state;
    char               text[400];
    int                version;
    const struct photo photo = { 300, 300, 3, 0, 0, 0, 0, 255, 0, 0 };
    make_text(1, 330, text);
    for (int jpeg = 0; jpeg < 2; jpeg++) {
        struct file file = photograph(&photo, text, jpeg, &version);
        assert_true(reads(&file, text));
        for (size_t i = 0; i < 48; i++) {
            struct file cut = { file.bytes, file.size * i / 48 };
            fault_of(&cut);
            uint8_t *byte = &file.bytes[file.size * i / 48];
            *byte ^= 0x55;
            fault_of(&file);
            *byte ^= 0x55;
        }
        free(file.bytes);
    }
    assert_int_equal(fault_of(&(struct file){ (uint8_t *) text, strlen(text) }), PICTURE_OTHER_FORM);
}

/* ---- what the process may do ---- */

static void open_a_file(void)
{
    (void) open("/etc/passwd", O_RDONLY);
}

static void connect_somewhere(void)
{
    (void) socket(AF_INET, SOCK_STREAM, 0);
}

static void start_a_program(void)
{
    execl("/bin/true", "true", (char *) NULL);
}

static void end_its_parent(void)
{
    kill(getppid(), SIGTERM);
}

static void read_its_pipe(void)
{
    char byte;
    (void) !read(0, &byte, 1);
}

/* How a process ends that calls this once it is confined. */
static int end_of(void (*call)(void))
{
    int   ends[2], state = 0;
    pid_t child;
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        if (!picture_confine(ends[1]))
            _exit(9);
        if (call != NULL)
            call();
        _exit(0);
    }
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(waitpid(child, &state, 0), child);
    return WIFSIGNALED(state) ? -WTERMSIG(state) : WEXITSTATUS(state);
}

static void test_confined(void **state)
{
    (void) state;
    assert_int_equal(end_of(NULL), 0);
    assert_int_equal(end_of(open_a_file), -SIGSYS);
    assert_int_equal(end_of(connect_somewhere), -SIGSYS);
    assert_int_equal(end_of(start_a_program), -SIGSYS);
    assert_int_equal(end_of(end_its_parent), -SIGSYS);
    assert_int_equal(end_of(read_its_pipe), -SIGSYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_photographs), cmocka_unit_test(test_several), cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_file_bytes),  cmocka_unit_test(test_bombs),   cmocka_unit_test(test_damage),
        cmocka_unit_test(test_confined),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
