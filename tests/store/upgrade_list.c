/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stands for the program's own list of migrations, so that a test can be the release before and the one after. Does not
 * include migration.h: there the list is constant. */
#include <stddef.h>

#include "upgrade_list.h"

struct migration {
    int         number;
    const char *name, *text;
};

extern struct migration migrations[2];
extern size_t           num_migrations;

struct migration migrations[2];
size_t           num_migrations;

void upgrade_list(const char *first, const char *second)
{
    migrations[0] = (struct migration){ 1, "records", first };
    migrations[1] = (struct migration){ 2, "upgrade", second };
    num_migrations = second != NULL ? 2 : 1;
}
