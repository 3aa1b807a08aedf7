/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "bare.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "latency.h"

double bare_groups_per_second(const char *directory, size_t group_bytes, double seconds)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/bare.tmp", directory);
    int   fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    char *group = malloc(group_bytes);
    if (fd < 0 || group == NULL) {
        perror(path);
        exit(3);
    }
    memset(group, 'x', group_bytes);
    size_t groups = 0;
    double begin = latency_clock(), now = begin;
    for (; now - begin < seconds; groups++, now = latency_clock())
        if (write(fd, group, group_bytes) != (ssize_t) group_bytes || fdatasync(fd) != 0) {
            perror(path);
            exit(3);
        }
    close(fd);
    unlink(path);
    free(group);
    return (double) groups / (now - begin);
}

double bare_bytes_written(void)
{
    FILE  *file = fopen("/proc/self/io", "re");
    char   line[100];
    double bytes = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "wchar:", 6) == 0)
            bytes = strtod(line + 6, NULL);
    if (file != NULL)
        fclose(file);
    return bytes;
}
