/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz/replay.c: the files of a folder through a fuzz target, once each: replay FOLDER. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz.h"

static int replay(const char *folder, const char *name)
{
    char        path[4096];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL || fstat(fileno(file), &status) != 0) {
        perror(path);
        return 1;
    }
    size_t   size = (size_t) status.st_size;
    uint8_t *bytes = malloc(size > 0 ? size : 1); /* as tight as can be, for the sanitizers */
    if (bytes == NULL || fread(bytes, 1, size, file) != size) {
        perror(path);
        return 1;
    }
    fclose(file);
    LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    struct dirent **names = NULL;
    int             failed = 0, num_files = 0;
    int             num_names = argc == 2 ? scandir(argv[1], &names, NULL, alphasort) : -1;
    if (num_names < 0) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    for (int i = 0; i < num_names; i++) {
        if (names[i]->d_name[0] != '.') {
            failed |= replay(argv[1], names[i]->d_name);
            num_files++;
        }
        free(names[i]);
    }
    free(names);
    printf("%d files\n", num_files);
    return failed || num_files == 0;
}
