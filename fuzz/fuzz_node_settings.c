/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a node's settings: what is read lies within the bounds of each key, and every fault says where it is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz.h"
#include "store/node_settings.h"

/* A new directory with one file in it. */
static const char *directory_with(const uint8_t *data, size_t size)
{
    static char directory[32], path[64];
    strcpy(directory, "/tmp/tocsin-fuzz-XXXXXX");
    MUST(mkdtemp(directory) != NULL);
    snprintf(path, sizeof path, "%s/%s", directory, NODE_SETTINGS_FILE);
    FILE *file = fopen(path, "we");
    MUST(file != NULL && fwrite(data, 1, size, file) == size && fclose(file) == 0);
    return directory;
}

static void remove_directory(const char *directory)
{
    char path[64];
    snprintf(path, sizeof path, "%s/%s", directory, NODE_SETTINGS_FILE);
    unlink(path);
    rmdir(directory);
}

static void check(const struct node_settings *settings)
{
    const char *texts[] = { settings->database, settings->keys, settings->backup_to, settings->backup_send };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        MUST(memchr(texts[i], '\0', NODE_SETTING_BYTES) != NULL);
    MUST(strncmp(settings->database, "sqlite:/", 8) == 0 || strncmp(settings->database, "postgresql://", 13) == 0);
    MUST(*settings->keys == '/' && (*settings->backup_to == '/' || *settings->backup_to == '\0'));
    MUST(settings->backup_every_hours >= 1 && settings->backup_every_hours <= 8760);
    MUST(settings->backup_keep_days >= 1 && settings->backup_keep_days <= 3660);
    MUST(settings->county_depth >= 0 && settings->county_depth <= 15);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault_list    faults = FAULT_LIST_INIT;
    struct node_settings settings = { .county_depth = -7 };
    const char          *directory = directory_with(data, size);
    int                  status = node_settings_read(directory, &settings, &faults);
    MUST(status == 0 ? faults.num_all == 0 : status == BASE_ERR_INPUT && faults.num_all > 0);
    if (status == 0)
        check(&settings);
    else
        MUST(settings.county_depth == -7);
    for (size_t i = 0; i < faults.num_kept; i++)
        MUST(faults.faults[i].line <= NODE_SETTINGS_LINES);
    fault_list_free(&faults);
    remove_directory(directory);
    return 0;
}
