/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The key directory: who may read it, what a crash leaves, what is damaged; the recovery copy. */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/instant.h"
#include "store/keeper_recovery.h"
#include "support/keeper.h"
#include "support/test.h"

#define NOW (INT64_C(1700000000000000) + INSTANT_DAY)

static char *directory;

static int begin(void **state)
{
    (void) state;
    directory = test_key_directory();
    return 0;
}

static int end(void **state)
{
    (void) state;
    test_remove_directory(directory);
    return 0;
}

/* Of a file in it; lives until the second next call. */
static char *path_of(const char *name)
{
    static char     paths[2][400];
    static unsigned next;
    char           *path = paths[next++ % 2];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

static bool exists(const char *name)
{
    return access(path_of(name), F_OK) == 0;
}

static void write_file(const char *name, int flags, const void *bytes, size_t size)
{
    int fd = open(path_of(name), O_WRONLY | flags, 0400);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    assert_int_equal(close(fd), 0);
}

/* A start, as the process does it. */
static int start(struct keeper_ring *ring, struct keeper_error *error)
{
    struct keeper_directory opened;
    int                     fd, ret = keeper_directory_open(directory, true, &opened, error);
    if (ret != 0)
        return ret;
    sodium_memzero(ring, sizeof *ring);
    ret = keeper_directory_load(&opened, ring, error);
    if (ret == 0)
        ret = keeper_directory_erasures(&opened, &fd, error);
    if (ret == 0)
        close(fd);
    keeper_directory_close(&opened);
    return ret;
}

static void assert_refused(const char *sentence)
{
    struct keeper_ring *ring = keeper_ring_new();
    struct keeper_error error = { 0 };
    struct keeper      *keeper = NULL;
    assert_status(start(ring, &error), KEEPER_ERR_KEYS);
    if (strstr(error.what, sentence) == NULL)
        fail_msg("said: %s", error.what);
    /* The process says the same. */
    assert_status(keeper_start(&(struct keeper_options){ .directory = directory }, &keeper, &error), KEEPER_ERR_KEYS);
    if (strstr(error.what, sentence) == NULL)
        fail_msg("said: %s", error.what);
    assert_null(keeper);
    keeper_ring_free(ring);
}

/* ---- who may read ---- */

static void test_the_modes_that_are_made(void **state)
{
    (void) state;
    struct stat status;
    assert_int_equal(stat(directory, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    for (int kind = 0; kind < KEEPER_NUM_KINDS; kind++) {
        char name[40];
        snprintf(name, sizeof name, "%s-0001", keeper_kind_word((enum keeper_kind) kind));
        assert_int_equal(stat(path_of(name), &status), 0);
        assert_int_equal(status.st_mode & 07777, 0400);
        assert_int_equal(status.st_size, KEEPER_FILE_BYTES);
    }
    assert_int_equal(stat(path_of("erasures"), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

static void test_what_others_can_read_is_refused(void **state)
{
    (void) state;
    assert_int_equal(chmod(directory, 0750), 0);
    assert_refused("is open to its group or to others (mode 0750); remedy: chmod 0700");
    assert_int_equal(chmod(directory, 0701), 0);
    assert_refused("(mode 0701)");
    assert_int_equal(chmod(directory, 0700), 0);
    assert_int_equal(chmod(path_of("gen-0001"), 0404), 0);
    assert_refused("gen-0001 is open to its group or to others (mode 0404); remedy: chmod 0400");
    assert_int_equal(chmod(path_of("gen-0001"), 0400), 0);
    assert_int_equal(chmod(path_of("erasures"), 0640), 0);
    assert_refused("erasures is open to its group or to others (mode 0640)");
}

static void test_what_belongs_to_another_user_is_refused(void **state)
{
    (void) state;
    if (geteuid() != 0)
        skip(); /* only root can give files away */
    assert_int_equal(chown(directory, 12345, 0), 0);
    assert_refused("belongs to user 12345");
    assert_int_equal(chown(directory, 0, 0), 0);
    assert_int_equal(chown(path_of("sign-0001"), 12345, 0), 0);
    assert_refused("sign-0001 belongs to user 12345");
}

static void test_links_are_not_followed(void **state)
{
    (void) state;
    struct keeper_ring *ring = keeper_ring_new();
    assert_int_equal(rename(path_of("gen-0001"), path_of("moved")), 0);
    assert_int_equal(symlink("moved", path_of("gen-0001")), 0);
    assert_status(start(ring, NULL), BASE_ERR_SYSTEM);
    keeper_ring_free(ring);
}

/* ---- damage ---- */

static void test_a_missing_directory_or_key(void **state)
{
    (void) state;
    char *real = directory, absent[] = "/nonexistent/keys";
    directory = absent;
    assert_refused("the key directory /nonexistent/keys cannot be opened: No such file or directory; 'tocsin keeper "
                   "init' makes one");
    directory = real;
    assert_int_equal(unlink(path_of("hash-0001")), 0);
    assert_refused("holds no 'hash' key");
}

/* Every prefix of a key file, one byte more, and every altered byte. */
static void test_a_torn_key_file(void **state)
{
    (void) state;
    uint8_t file[KEEPER_FILE_BYTES + 1];
    int     fd = open(path_of("gen-0001"), O_RDONLY);
    assert_int_equal(read(fd, file, sizeof file), KEEPER_FILE_BYTES);
    close(fd);
    struct keeper_ring *ring = keeper_ring_new();
    for (size_t size = 0; size <= sizeof file; size++) {
        write_file("gen-0001", O_TRUNC, file, size);
        assert_status(start(ring, NULL), size == KEEPER_FILE_BYTES ? 0 : KEEPER_ERR_KEYS);
    }
    for (size_t i = 0; i < KEEPER_FILE_BYTES; i++) {
        file[i] ^= 1;
        write_file("gen-0001", O_TRUNC, file, KEEPER_FILE_BYTES);
        assert_status(start(ring, NULL), KEEPER_ERR_KEYS);
        file[i] ^= 1;
    }
    assert_refused("gen-0001 is torn or damaged; remedy: 'tocsin keeper recover' from the recovery copy");
    keeper_ring_free(ring);
}

static void test_a_key_under_another_name_is_refused(void **state)
{
    (void) state;
    assert_int_equal(rename(path_of("gen-0001"), path_of("gen-0002")), 0);
    assert_refused("gen-0002 is torn or damaged");
    assert_int_equal(rename(path_of("gen-0002"), path_of("gen-1")), 0); /* none of our names */
    assert_refused("holds no 'gen' key");
}

/* ---- what a crash leaves ---- */

static void test_leftovers_are_cleared(void **state)
{
    (void) state;
    struct keeper_ring *ring = keeper_ring_new();
    write_file(".new-gen-0002", O_CREAT, "half", 4);
    write_file(".gone-gen-0001", O_CREAT, "a key that was to go", 20);
    assert_ok(start(ring, NULL));
    assert_false(exists(".new-gen-0002"));
    assert_false(exists(".gone-gen-0001"));
    assert_true(exists("gen-0001"));
    assert_int_equal(ring->num[KEEPER_WRAP], 1);
    keeper_ring_free(ring);
}

/* A destroyed key is not on the disk under any name, and what stood in the file was overwritten before. */
static void test_destroying_overwrites(void **state)
{
    (void) state;
    struct keeper_ring     *ring = keeper_ring_new();
    struct keeper_directory opened;
    uint8_t                 before[KEEPER_FILE_BYTES], after[KEEPER_FILE_BYTES];
    assert_ok(start(ring, NULL));
    assert_ok(keeper_directory_open(directory, true, &opened, NULL));
    assert_ok(keeper_directory_add(&opened, ring, KEEPER_WRAP, NOW, NULL));
    int held = open(path_of("gen-0001"), O_RDONLY); /* the file lives while it is open */
    assert_int_equal(pread(held, before, sizeof before, 0), sizeof before);
    assert_ok(keeper_directory_destroy(&opened, ring, KEEPER_WRAP, 1, NOW, 35, true, NULL));
    assert_int_equal(pread(held, after, sizeof after, 0), sizeof after);
    for (size_t i = 0; i + 8 <= sizeof before; i += 8)
        assert_memory_not_equal(before + i, after + i, 8);
    close(held);
    assert_false(exists("gen-0001"));
    assert_false(exists(".gone-gen-0001"));
    assert_int_equal(ring->num[KEEPER_WRAP], 1);
    assert_int_equal(keeper_ring_find(ring, KEEPER_WRAP, 0)->number, 2);
    assert_null(keeper_ring_find(ring, KEEPER_WRAP, 1));
    keeper_directory_close(&opened);
    keeper_ring_free(ring);
}

static void test_no_more_generations_than_the_limit(void **state)
{
    (void) state;
    struct keeper_ring     *ring = keeper_ring_new();
    struct keeper_directory opened;
    struct keeper_error     error;
    assert_ok(start(ring, NULL));
    assert_ok(keeper_directory_open(directory, true, &opened, NULL));
    for (uint32_t number = 2; number <= KEEPER_MAX_GENERATIONS; number++)
        assert_ok(keeper_directory_add(&opened, ring, KEEPER_WRAP, NOW + number, NULL));
    assert_status(keeper_directory_add(&opened, ring, KEEPER_WRAP, NOW, &error), KEEPER_ERR_KEYS);
    assert_string_equal(error.what, "64 generations of 'gen' keys, no more are allowed: destroy old ones");
    assert_false(exists("gen-0065"));
    keeper_directory_close(&opened);
    assert_ok(start(ring, NULL));
    assert_int_equal(keeper_ring_find(ring, KEEPER_WRAP, 0)->number, KEEPER_MAX_GENERATIONS);
    keeper_ring_free(ring);
}

static void test_keys_are_never_written_over(void **state)
{
    (void) state;
    struct keeper_ring *ring = keeper_ring_new();
    struct keeper_error error;
    char                made[400];
    assert_ok(keeper_ring_fresh(ring, NOW, NULL));
    assert_status(keeper_directory_make(directory, ring, NULL, 0, &error), KEEPER_ERR_KEYS);
    assert_non_null(strstr(error.what, "exists and is not an empty directory; keys are never written over"));
    snprintf(made, sizeof made, "%s.new", directory);
    assert_int_equal(access(made, F_OK), -1); /* nothing is left of the attempt */
    assert_ok(start(ring, NULL));
    keeper_ring_free(ring);
}

/* ---- the erasure list ---- */

/* The power failed while a record was written: the record is told, those before and behind it are whole. */
static void test_a_torn_erasure_list(void **state)
{
    (void) state;
    const struct keeper_erasure first = { { { 1 } }, NOW }, last = { { { 2 } }, NOW };
    struct keeper_erasure       list[3];
    uint8_t                     record[KEEPER_ERASURE_BYTES];
    uint64_t                    position = 0, damaged = 0;
    size_t                      num;
    keeper_erasure_write(&first, record);
    write_file("erasures", O_APPEND, record, sizeof record);
    write_file("erasures", O_APPEND, record, sizeof record - 5);
    struct keeper *keeper = test_keeper(directory);
    assert_ok(keeper_erase(keeper, &last, 1, NULL));
    assert_ok(keeper_erasures(keeper, &position, list, 3, &num, &damaged, NULL));
    assert_int_equal(num, 2);
    assert_int_equal(damaged, 1);
    assert_memory_equal(&list[0], &first, sizeof first);
    assert_memory_equal(&list[1], &last, sizeof last);
    keeper_stop(keeper);
}

/* ---- the recovery code ---- */

static void test_codes_as_text(void **state)
{
    (void) state;
    struct keeper_code code, read;
    char               text[KEEPER_CODE_TEXT_BYTES], typed[2 * KEEPER_CODE_TEXT_BYTES];
    for (int round = 0; round < 50; round++) {
        size_t length = 0;
        randombytes_buf(&code, sizeof code);
        keeper_code_to_text(&code, text);
        assert_int_equal(strlen(text), sizeof text - 1);
        assert_ok(keeper_code_from_text(text, strlen(text), &read, NULL));
        assert_memory_equal(&read, &code, sizeof code);
        for (const char *at = text; *at != '\0'; at++) { /* as people type it */
            typed[length++] = *at == '0' ? 'o' : *at == '1' ? 'l' : *at >= 'A' ? (char) (*at + 32) : *at;
            if (*at == '-')
                typed[length - 1] = '\n';
        }
        assert_ok(keeper_code_from_text(typed, length, &read, NULL));
        assert_memory_equal(&read, &code, sizeof code);
    }
}

/* Any wrong character, any two neighbours swapped, any two groups swapped. */
static void test_mistyped_codes(void **state)
{
    (void) state;
    static const char   alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    struct keeper_code  code, read = { { 7 } };
    struct keeper_error error;
    char                text[KEEPER_CODE_TEXT_BYTES];
    randombytes_buf(&code, sizeof code);
    keeper_code_to_text(&code, text);
    for (size_t at = 0; at < sizeof text - 1; at++) {
        char right = text[at], sentence[40];
        if (right == '-')
            continue;
        snprintf(sentence, sizeof sentence, "group %zu is mistyped", at / 6 + 1);
        for (const char *wrong = alphabet; *wrong != '\0'; wrong++) {
            text[at] = *wrong;
            if (*wrong == right)
                continue;
            assert_status(keeper_code_from_text(text, sizeof text - 1, &read, &error), BASE_ERR_INPUT);
            assert_string_equal(error.what, sentence);
        }
        text[at] = right;
        if (at % 6 != 4 && text[at + 1] != right) {
            text[at] = text[at + 1];
            text[at + 1] = right;
            assert_status(keeper_code_from_text(text, sizeof text - 1, &read, NULL), BASE_ERR_INPUT);
            text[at + 1] = text[at];
            text[at] = right;
        }
    }
    for (size_t a = 0; a < KEEPER_CODE_GROUPS; a++)
        for (size_t b = a + 1; b < KEEPER_CODE_GROUPS; b++) {
            char swapped[sizeof text];
            memcpy(swapped, text, sizeof text);
            memcpy(swapped + 6 * a, text + 6 * b, 5);
            memcpy(swapped + 6 * b, text + 6 * a, 5);
            if (memcmp(swapped + 6 * a, text + 6 * a, 5) != 0)
                assert_status(keeper_code_from_text(swapped, sizeof text - 1, &read, NULL), BASE_ERR_INPUT);
        }
    assert_status(keeper_code_from_text(text, sizeof text - 2, &read, &error), BASE_ERR_INPUT);
    assert_string_equal(error.what, "64 characters; a code has 13 groups of 5");
    text[8] = 'U';
    assert_status(keeper_code_from_text(text, sizeof text - 1, &read, &error), BASE_ERR_INPUT);
    assert_non_null(strstr(error.what, "group 2 has a character that no code has"));
    assert_status(keeper_code_from_text("", 0, &read, NULL), BASE_ERR_INPUT);
    assert_int_equal(read.bytes[0], 7);
}

/* ---- the recovery copy ---- */

static char *copy_path(void)
{
    static char path[420];
    snprintf(path, sizeof path, "%s.recovery", directory);
    return path;
}

static void test_a_copy_brings_everything_back(void **state)
{
    (void) state;
    const struct keeper_erasure erasure = { { { 1 } }, NOW };
    struct keeper_ring         *ring = keeper_ring_new();
    struct keeper_copy          copy = { 0 };
    struct keeper_comparison    found;
    struct keeper_directory     opened;
    struct keeper_code          code, other;
    struct keeper_error         error;
    struct stat                 status;
    uint8_t                     record[KEEPER_ERASURE_BYTES];
    keeper_erasure_write(&erasure, record);
    assert_ok(start(ring, NULL));
    assert_ok(keeper_copy_write(copy_path(), ring, record, 1, NOW, &code, NULL));
    assert_int_equal(stat(copy_path(), &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_status(keeper_copy_write(copy_path(), ring, record, 1, NOW, &other, NULL),
                  BASE_ERR_SYSTEM); /* not over it */

    assert_ok(keeper_copy_read(copy_path(), &code, &copy, NULL));
    assert_int_equal(copy.made, NOW);
    assert_int_equal(copy.num_erasures, 1);
    assert_memory_equal(copy.erasures, record, sizeof record);
    found = keeper_copy_compare(&copy, ring);
    assert_int_equal(found.num_equal, KEEPER_NUM_KINDS);
    assert_int_equal(found.num_different + found.num_newer + found.num_destroyed, 0);

    assert_ok(keeper_directory_open(directory, true, &opened, NULL));
    assert_ok(keeper_directory_add(&opened, ring, KEEPER_WRAP, NOW, NULL));
    assert_int_equal(keeper_copy_compare(&copy, ring).num_newer, 1);
    assert_ok(keeper_directory_destroy(&opened, ring, KEEPER_WRAP, 1, NOW, 35, true, NULL));
    assert_int_equal(keeper_copy_compare(&copy, ring).num_destroyed, 1);
    keeper_directory_close(&opened);
    copy.ring->keys[KEEPER_SIGN][0].bytes[31] ^= 1;
    assert_int_equal(keeper_copy_compare(&copy, ring).num_different, 1);
    keeper_copy_free(&copy);

    code.bytes[31] ^= 1;
    assert_status(keeper_copy_read(copy_path(), &code, &copy, &error), SEAL_ERR_FORGED);
    assert_null(copy.ring);
    assert_int_equal(unlink(copy_path()), 0);
    keeper_ring_free(ring);
}

static void test_damaged_copies(void **state)
{
    (void) state;
    struct keeper_ring *ring = keeper_ring_new();
    struct keeper_copy  copy = { 0 };
    struct keeper_code  code;
    uint8_t             file[1000];
    assert_ok(start(ring, NULL));
    assert_ok(keeper_copy_write(copy_path(), ring, NULL, 0, NOW, &code, NULL));
    int     fd = open(copy_path(), O_RDWR);
    ssize_t size = read(fd, file, sizeof file);
    assert_int_equal(size, 64 + KEEPER_NUM_KINDS * KEEPER_FILE_BYTES + 16);
    for (ssize_t i = 0; i < size; i++) { /* every byte is authenticated */
        uint8_t wrong = file[i] ^ 0x40;
        assert_int_equal(pwrite(fd, &wrong, 1, i), 1);
        int status = keeper_copy_read(copy_path(), &code, &copy, NULL);
        assert_true(status == SEAL_ERR_FORGED || status == KEEPER_ERR_KEYS);
        assert_int_equal(pwrite(fd, &file[i], 1, i), 1);
    }
    assert_ok(keeper_copy_read(copy_path(), &code, &copy, NULL));
    keeper_copy_free(&copy);
    for (ssize_t cut = size - 1; cut >= 0; cut -= 7) {
        assert_int_equal(ftruncate(fd, cut), 0);
        assert_status(keeper_copy_read(copy_path(), &code, &copy, NULL), KEEPER_ERR_KEYS);
    }
    close(fd);
    assert_int_equal(unlink(copy_path()), 0);
    assert_status(keeper_copy_read(copy_path(), &code, &copy, NULL), BASE_ERR_SYSTEM);
    assert_null(copy.ring);
    keeper_ring_free(ring);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(the_modes_that_are_made),
        TEST(what_others_can_read_is_refused),
        TEST(what_belongs_to_another_user_is_refused),
        TEST(links_are_not_followed),
        TEST(a_missing_directory_or_key),
        TEST(a_torn_key_file),
        TEST(a_key_under_another_name_is_refused),
        TEST(leftovers_are_cleared),
        TEST(destroying_overwrites),
        TEST(no_more_generations_than_the_limit),
        TEST(keys_are_never_written_over),
        TEST(a_torn_erasure_list),
        TEST(codes_as_text),
        TEST(mistyped_codes),
        TEST(a_copy_brings_everything_back),
        TEST(damaged_copies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
