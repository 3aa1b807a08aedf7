/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of who was erased, beside the backups: both lists say the same afterwards, and nobody else can write one. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/instant.h"
#include "store/erasure_list.h"
#include "support/keeper.h"
#include "support/test.h"

static char           folder[40], path[80];
static char          *keys;
static struct keeper *keeper;

static int begin(void **state)
{
    (void) state;
    snprintf(folder, sizeof folder, "/tmp/tocsin-erasures-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/%s", folder, ERASURE_LIST_FILE);
    keys = test_key_directory();
    keeper = test_keeper(keys);
    return 0;
}

static int end(void **state)
{
    (void) state;
    keeper_stop(keeper);
    test_remove_directory(keys);
    test_remove_directory(strdup(folder));
    return 0;
}

static struct keeper_erasure person(unsigned number)
{
    return (struct keeper_erasure){ .person = { { 1, (uint8_t) (number >> 8), (uint8_t) number } },
                                    .at = 20000 * INSTANT_DAY + number };
}

static void erase(unsigned first, unsigned num)
{
    for (unsigned i = 0; i < num; i++) {
        struct keeper_erasure one = person(first + i);
        assert_ok(keeper_erase(keeper, &one, 1, NULL));
    }
}

static size_t own_list(void)
{
    struct erasure_list list;
    uint64_t            damaged = 0;
    assert_ok(erasure_list_of_keeper(keeper, &list, &damaged, NULL));
    assert_int_equal(damaged, 0);
    size_t num = list.num;
    erasure_list_free(&list);
    return num;
}

static bool keep(void)
{
    bool written = false;
    assert_ok(erasure_list_keep(folder, keeper, &written, NULL));
    return written;
}

/* The keys, as a recovery copy of earlier would bring them: with an empty list. */
static void lose_the_list(void)
{
    char list[200];
    keeper_stop(keeper);
    snprintf(list, sizeof list, "%s/erasures", keys);
    assert_int_equal(truncate(list, 0), 0);
    keeper = test_keeper(keys);
}

static void test_the_file_is_as_new_as_the_list(void **state)
{
    (void) state;
    struct erasure_list list;
    struct stat         status;
    bool                found = true;
    assert_ok(erasure_list_read(path, keeper, &list, &found, NULL));
    assert_false(found);
    assert_int_equal(list.num, 0);
    assert_true(keep());
    assert_false(keep()); /* nothing new: not written */
    erase(0, 300);
    erase(7, 1); /* tried again */
    assert_true(keep());
    assert_false(keep());
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_ok(erasure_list_read(path, keeper, &list, &found, NULL));
    assert_true(found);
    assert_int_equal(list.num, 300);
    for (unsigned i = 0; i < 300; i++) {
        struct keeper_erasure one = person(i);
        assert_true(id_equal(&list.entries[i].person, &one.person));
        assert_int_equal(list.entries[i].at, one.at);
    }
    erasure_list_free(&list);
}

/* Both lists: who is on one of them alone is put on the other. */
static void test_nobody_is_lost(void **state)
{
    (void) state;
    erase(0, 5);
    keep();
    lose_the_list();
    assert_int_equal(own_list(), 0);
    erase(3, 5);
    assert_true(keep());
    assert_int_equal(own_list(), 8);
    assert_false(keep());
    lose_the_list();
    assert_false(keep()); /* the file is right; the keeper's list is filled from it */
    assert_int_equal(own_list(), 8);
}

static void read_file(char *text, size_t room)
{
    FILE  *file = fopen(path, "re");
    size_t size = fread(text, 1, room - 1, file);
    text[size] = '\0';
    fclose(file);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "we");
    fputs(text, file);
    fclose(file);
}

static void assert_refused(const char *text, const char *why)
{
    struct keeper_error error = { .status = 0 };
    struct erasure_list list;
    bool                found, written;
    char                after[2000];
    write_file(text);
    assert_status(erasure_list_read(path, keeper, &list, &found, &error), BASE_ERR_INPUT);
    assert_non_null(strstr(error.what, why));
    assert_status(erasure_list_keep(folder, keeper, &written, &error), BASE_ERR_INPUT);
    read_file(after, sizeof after);
    assert_string_equal(after, text); /* left as it is, for whoever looks into it */
}

static void test_a_changed_list_is_refused(void **state)
{
    (void) state;
    char good[2000], bad[2100];
    erase(0, 3);
    keep();
    read_file(good, sizeof good);
    char *second = strchr(strchr(good, '\n') + 1, '\n') + 1, *third = strchr(second, '\n') + 1;
    snprintf(bad, sizeof bad, "%.*s%s", (int) (second - good), good, third); /* one left out */
    assert_refused(bad, "was changed");
    snprintf(bad, sizeof bad, "%.*s%.*s%s", (int) (third - good), good, (int) (third - second), second, third);
    assert_refused(bad, "was changed"); /* one more */
    strcpy(bad, good);
    bad[strlen(bad) - 2] = bad[strlen(bad) - 2] == 'a' ? 'b' : 'a';
    assert_refused(bad, "was changed");
    snprintf(bad, sizeof bad, "%.*s", (int) (third - good), good);
    assert_refused(bad, "is no erasure list");
    assert_refused("", "is no erasure list");
    snprintf(bad, sizeof bad, "%sx\n", good);
    assert_refused(bad, "is no erasure list");
    write_file(good);
    assert_false(keep());
}

static void test_another_nodes_list_is_refused(void **state)
{
    (void) state;
    char good[2000];
    erase(0, 3);
    keep();
    read_file(good, sizeof good);
    keeper_stop(keeper);
    test_remove_directory(keys);
    keys = test_key_directory();
    keeper = test_keeper(keys);
    assert_refused(good, "is another node's");
}

static void test_a_new_key_signs_and_the_old_one_is_known(void **state)
{
    (void) state;
    uint32_t generation;
    erase(0, 2);
    keep();
    assert_ok(keeper_new_generation(keeper, KEEPER_SIGN, 20000 * INSTANT_DAY, &generation, NULL));
    assert_true(keep());
    assert_false(keep());
    assert_int_equal(own_list(), 2);
}

int main(void)
{
#define WITH_KEYS(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)
    const struct CMUnitTest tests[] = {
        WITH_KEYS(the_file_is_as_new_as_the_list),
        WITH_KEYS(nobody_is_lost),
        WITH_KEYS(a_changed_list_is_refused),
        WITH_KEYS(another_nodes_list_is_refused),
        WITH_KEYS(a_new_key_signs_and_the_old_one_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
