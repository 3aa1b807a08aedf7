/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"

static char folder[] = "/tmp/test-scenario-XXXXXX";

int test_scenario_make_folder(void **state)
{
    (void) state;
    return mkdtemp(folder) == NULL;
}

int test_scenario_remove_folder(void **state)
{
    (void) state;
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", folder);
    return system(command);
}

const char *test_scenario_folder(void)
{
    return folder;
}

const char *test_scenario_path(const char *name)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

void test_scenario_write(const char *name, const char *text)
{
    FILE *file = fopen(test_scenario_path(name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

void test_scenario_read(const char *text, struct scenario *scenario)
{
    struct fault_list faults = { 0 };
    test_scenario_write("s.yaml", text);
    int status = scenario_read(test_scenario_path("s.yaml"), NULL, &faults, scenario);
    fault_list_write(&faults, stderr);
    assert_ok(status);
    fault_list_free(&faults);
}

char *test_scenario_faults(const char *name, const struct scenario_choices *choices)
{
    struct fault_list faults = { 0 };
    struct scenario   scenario;
    char             *text;
    size_t            size;
    FILE             *out = open_memstream(&text, &size);
    int               status = scenario_read(test_scenario_path(name), choices, &faults, &scenario);
    assert_int_equal(status, faults.num_all > 0 ? BASE_ERR_INPUT : 0);
    for (size_t i = 0; i < faults.num_kept; i++) {
        char line[FAULT_LINE_BYTES];
        fault_render(&faults.faults[i], line, sizeof line);
        fprintf(out, "%s\n", line + strlen(folder) + 1);
    }
    fclose(out);
    scenario_free(&scenario);
    fault_list_free(&faults);
    return text;
}

void assert_scenario_faults(const char *text, const char *expected)
{
    test_scenario_write("s.yaml", text);
    char *answer = test_scenario_faults("s.yaml", NULL);
    assert_string_equal(answer, expected);
    free(answer);
}
