/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/node_settings.h"
#include "support/test.h"

static char directory[] = "/tmp/tocsin-node-XXXXXX";
static char path[64];

static int make_directory(void **state)
{
    (void) state;
    if (mkdtemp(directory) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/%s", directory, NODE_SETTINGS_FILE);
    return 0;
}

static int remove_directory(void **state)
{
    (void) state;
    unlink(path);
    return rmdir(directory);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* The lines of all faults. */
static const char *faults_of(const char *text)
{
    static char          lines[8192];
    struct fault_list    faults = FAULT_LIST_INIT;
    struct node_settings settings = NODE_SETTINGS_INIT;
    write_file(text);
    int status = node_settings_read(directory, &settings, &faults);
    lines[0] = '\0';
    for (size_t i = 0; i < faults.num_kept; i++) {
        size_t used = strlen(lines);
        fault_render(&faults.faults[i], lines + used, sizeof lines - used);
        strcat(lines, "\n");
    }
    assert_status(status, faults.num_all > 0 ? BASE_ERR_INPUT : 0);
    fault_list_free(&faults);
    return lines;
}

static void test_what_is_written_reads_back(void **state)
{
    (void) state;
    struct fault_list    faults = FAULT_LIST_INIT;
    struct node_settings written = NODE_SETTINGS_INIT, read;
    struct stat          status;
    char                 expected[128];
    unlink(path);
    written.operator_id.bytes[0] = 1;
    written.backup_keep_days = 70;
    assert_ok(node_settings_write(directory, &written, &faults));
    assert_ok(stat(path, &status));
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_ok(node_settings_read(directory, &read, &faults));
    assert_true(id_equal(&read.operator_id, &written.operator_id));
    assert_int_equal(read.backup_keep_days, 70);
    assert_int_equal(read.county_depth, 3);
    assert_int_equal(read.telephone_country, 86);
    snprintf(expected, sizeof expected, "sqlite:%s/tocsin.db", directory);
    assert_string_equal(read.database, expected);
    snprintf(expected, sizeof expected, "%s/keys", directory);
    assert_string_equal(read.keys, expected);
    assert_string_equal(read.backup_to, "");
    assert_status(node_settings_write(directory, &written, &faults), BASE_ERR_SYSTEM); /* never over another */
    fault_list_free(&faults);
}

static void test_faults_stand_at_their_lines(void **state)
{
    (void) state;
    assert_string_equal(faults_of("# all well\ndatabase = postgresql:///tocsin\n"), "");
    assert_string_equal(faults_of("\nbackup_keep_days = 0\n"),
                        "tocsin.conf:2: backup_keep_days: found \"0\"; allowed: a whole number from 1 to 3660\n");
    assert_string_equal(
        faults_of("datbase = x\n"),
        "tocsin.conf:1: datbase: there is no such key; allowed: the keys that 'tocsin help node' lists, "
        "without sections\n");
    assert_string_equal(faults_of("keys = a\nkeys = b\n"),
                        "tocsin.conf:2: keys: stands here a second time; allowed: one line a key\n");
    assert_string_equal(faults_of("database = mysql://x\n"),
                        "tocsin.conf:1: database: found \"mysql://x\"; allowed: sqlite:FILE, or "
                        "postgresql://USER@HOST/NAME\n");
    assert_string_equal(faults_of("no setting at all\n"), "tocsin.conf:1: is no setting; allowed: key = value\n");
}

static void test_the_zone_of_the_node_is_that_of_the_process(void **state)
{
    (void) state;
    char name[TIME_ZONE_BYTES];
    assert_string_equal(faults_of("time_zone = Asia/Urumqi\n"), "");
    time_zone_name(name);
    assert_string_equal(name, "Asia/Urumqi");
    assert_string_equal(faults_of("time_zone = Europe/Nowhere\n"),
                        "tocsin.conf:1: time_zone: found \"Europe/Nowhere\"; allowed: " TIME_ZONE_ALLOWED "\n");
    time_zone_name(name);
    assert_string_equal(name, "Asia/Urumqi");
    assert_string_equal(faults_of("time_zone =\n"), "");
    time_zone_name(name);
    assert_string_equal(name, "UTC");
}

static void test_listeners_of_mllp(void **state)
{
    (void) state;
    char                 text[4096], expected[128];
    int                  size = 0;
    struct fault_list    faults = FAULT_LIST_INIT;
    struct node_settings settings;
    write_file("workers = 2\n[mllp hospital]\nlisten = 127.0.0.1:2575\ncertificate = mllp.pem\n[mllp lab-2]\n"
               "listen = [::1]:2576\naddresses = 10.1.0.0/16 fd00::5\n[mllp hospital]\nauthority = /ca.pem\n");
    assert_ok(node_settings_read(directory, &settings, &faults));
    assert_int_equal(settings.num_mllp, 2);
    assert_string_equal(settings.mllp[0].name, "hospital");
    snprintf(expected, sizeof expected, "%s/mllp.pem", directory);
    assert_string_equal(settings.mllp[0].certificate, expected);
    assert_string_equal(settings.mllp[0].authority, "/ca.pem");
    assert_string_equal(settings.mllp[1].addresses, "10.1.0.0/16 fd00::5");
    assert_true(id_is_missing(&settings.mllp[1].feed));
    fault_list_free(&faults);
    assert_string_equal(faults_of("[mllp a]\nport = 1\nlisten = here\n"),
                        "tocsin.conf:2: port: there is no such key; allowed: listen, certificate, key, authority, "
                        "feed, addresses\n");
    assert_string_equal(faults_of("[mllp a]\nlisten = x\n[mllp a]\nlisten = y\n"),
                        "tocsin.conf:4: listen: stands here a second time; allowed: one line a key\n");
    assert_string_equal(faults_of("[mllp a]\nfeed = 7\nlisten = x\n"),
                        "tocsin.conf:2: feed: found \"7\"; allowed: " ID_ALLOWED "\n");
    assert_string_equal(faults_of("[mllp a]\nkey = x\n"),
                        "tocsin.conf: a: [mllp a] does not say where it listens; allowed: listen = ADDRESS:PORT\n");
    assert_string_equal(faults_of("[mail]\nkey = x\n"),
                        "tocsin.conf:2: mail: there is no such section; allowed: [mllp NAME]\n");
    assert_non_null(strstr(faults_of("[mllp A b]\nlisten = x\n"), "is no name of a listener"));
    for (int i = 0; i < NODE_MLLP_MOST; i++)
        size += snprintf(text + size, sizeof text - (size_t) size, "[mllp l%d]\nlisten = x\n", i);
    assert_string_equal(faults_of(text), "");
    snprintf(text + size, sizeof text - (size_t) size, "[mllp one-more]\nlisten = x\n");
    assert_non_null(strstr(faults_of(text), "one listener too many"));
}

static void test_the_longest_value_and_one_past_it(void **state)
{
    (void) state;
    char text[400], value[NODE_SETTING_BYTES + 1];
    memset(value, 'x', sizeof value);
    value[0] = '/';
    snprintf(text, sizeof text, "keys = %.*s\n", NODE_SETTING_BYTES - 1, value);
    assert_string_equal(faults_of(text), "");
    snprintf(text, sizeof text, "keys = %.*s\n", NODE_SETTING_BYTES, value);
    assert_true(strncmp(faults_of(text), "tocsin.conf:1: keys: found", 26) == 0);
}

static void test_a_file_that_never_ends(void **state)
{
    (void) state;
    FILE *file = fopen(path, "w");
    for (int i = 0; i < NODE_SETTINGS_LINES; i++)
        fputs("#\n", file);
    fclose(file);
    struct fault_list    faults = FAULT_LIST_INIT;
    struct node_settings settings;
    assert_ok(node_settings_read(directory, &settings, &faults));
    file = fopen(path, "a");
    fputs("#\n", file);
    fclose(file);
    assert_status(node_settings_read(directory, &settings, &faults), BASE_ERR_INPUT);
    fault_list_free(&faults);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_reads_back),
        cmocka_unit_test(test_faults_stand_at_their_lines),
        cmocka_unit_test(test_the_zone_of_the_node_is_that_of_the_process),
        cmocka_unit_test(test_listeners_of_mllp),
        cmocka_unit_test(test_the_longest_value_and_one_past_it),
        cmocka_unit_test(test_a_file_that_never_ends),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
