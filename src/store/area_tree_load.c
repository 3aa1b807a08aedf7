/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/area_tree.h"

#define FIRST_ROOM 4096

static struct id id_of(const struct db_value *value)
{
    struct id id = { { 0 } };
    if (value->type == DB_BYTES && value->size == ID_BYTES)
        memcpy(id.bytes, value->bytes, ID_BYTES);
    return id;
}

static int read_rows(struct db *db, struct area_row **rows, size_t *num_rows, struct db_error *error)
{
    struct db_statement *statement;
    int                  ret = db_prepare(db, "SELECT id, parent FROM area ORDER BY id", &statement, error);
    if (ret == 0)
        ret = db_run(statement, NULL, 0, error);
    if (ret != 0)
        return ret;
    size_t                 room = 0, columns;
    const struct db_value *row;
    while ((ret = db_step(statement, &row, &columns, error)) == 1) {
        if (*num_rows == room) {
            size_t           wanted = room == 0 ? FIRST_ROOM : 2 * room;
            struct area_row *larger = memory_resize(*rows, wanted, sizeof *larger);
            if (larger == NULL) {
                db_reset(statement);
                return TOC_ERR_NO_MEMORY;
            }
            *rows = larger;
            room = wanted;
        }
        (*rows)[(*num_rows)++] = (struct area_row){ .id = id_of(&row[0]), .parent = id_of(&row[1]) };
    }
    return ret;
}

int area_tree_of_rows(const struct area_row *rows, size_t num_rows, struct area_tree **tree, struct db_error *error)
{
    struct toc_error fault;
    int              ret = area_tree_build(rows, num_rows, tree, &fault);
    if (ret != TOC_ERR_DOMAIN && ret != TOC_ERR_SHAPE)
        return ret;
    if (error != NULL) {
        char id[ID_TEXT_BYTES];
        id_to_text(&rows[fault.where].id, id);
        error->status = DB_ERR_CORRUPT;
        snprintf(error->what, sizeof error->what, "the areas make no tree: %s of area %s; allowed: %s", fault.what, id,
                 fault.allowed);
    }
    return DB_ERR_CORRUPT;
}

int area_tree_load(struct db *db, struct area_tree **tree, struct db_error *error)
{
    struct area_row *rows = NULL;
    size_t           num_rows = 0;
    int              ret = read_rows(db, &rows, &num_rows, error);
    if (ret == 0)
        ret = area_tree_of_rows(rows, num_rows, tree, error);
    free(rows);
    return ret;
}
