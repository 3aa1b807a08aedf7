/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What `./dev migration` runs: the text of the migration that leads from the files to the model and tables.def.
 *
 *     migration NUM        replay the first NUM files, write what is missing; exit 3: nothing is
 *     migration --digests  "0001 <hash>" of every file
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sink.h"
#include "store/migration.h"
#include "store/schema.h"

static int say(const char *what, const struct db_error *error)
{
    fprintf(stderr, "migration: %s: %s\n", what, error->what);
    return 1;
}

static int draft(struct db *db, size_t num_files)
{
    struct db_error               error = { 0 };
    struct sink                   text, by_hand;
    int64_t                       fence;
    size_t                        num;
    const struct db_table *const *tables = schema_tables(&num);
    sink_init_memory(&text);
    sink_init_memory(&by_hand);
    if (db_take_lease(db, "migration", 0, &fence, &error) != 0 ||
        migration_apply(db, migrations, num_files, fence, 0, &error) != 0)
        return say("replaying the files", &error);
    if (migration_draft(db, tables, num, &text, &by_hand, &error) != 0)
        return say("comparing", &error);
    if (by_hand.used > 0)
        fprintf(stderr, "These must be written by hand (docs/database.md, Migrations):\n%.*s", (int) by_hand.used,
                by_hand.bytes);
    printf("%.*s", (int) text.used, text.used > 0 ? text.bytes : "");
    int ret = by_hand.used > 0 ? 1 : text.used > 0 ? 0 : 3;
    sink_free(&text);
    sink_free(&by_hand);
    return ret;
}

int main(int num_arguments, char **arguments)
{
    if (num_arguments == 2 && strcmp(arguments[1], "--digests") == 0) {
        for (size_t i = 0; i < num_migrations; i++) {
            char digest[MIGRATION_DIGEST_BYTES];
            migration_digest(migrations[i].text, digest);
            printf("%04d %s\n", migrations[i].number, digest);
        }
        return 0;
    }
    size_t num_files = num_arguments == 2 ? strtoul(arguments[1], NULL, 10) : num_migrations;
    if (num_files > num_migrations)
        num_files = num_migrations;
    char folder[] = "/tmp/tocsin-migration-XXXXXX", path[64], command[80];
    if (mkdtemp(folder) == NULL)
        return 1;
    snprintf(path, sizeof path, "%s/t.db", folder);
    struct db_error error = { 0 };
    struct db      *db = NULL;
    int             ret = db_open(path, &(struct db_options){ .create = true }, &db, &error);
    ret = ret != 0 ? say("a database of its own", &error) : draft(db, num_files);
    db_close(db);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) != 0 ? 1 : ret;
}
