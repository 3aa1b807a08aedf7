/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/own_folder.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/node_options.h"

const char *own_folder(const char *name, const char *in_tree)
{
    static char path[8192];
    const char *program = node_program(), *slash = program != NULL ? strrchr(program, '/') : NULL;
    if (slash == NULL)
        return NULL;
    snprintf(path, sizeof path, "%.*s/../share/tocsin/%s", (int) (slash - program), program, name);
    if (access(path, R_OK | X_OK) == 0)
        return path;
    snprintf(path, sizeof path, "%.*s/%s", (int) (slash - program), program, in_tree);
    return access(path, R_OK | X_OK) == 0 ? path : NULL;
}
