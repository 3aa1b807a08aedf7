/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/area_stored.h: the areas that a node has: read whole, shown as a tree. */
#ifndef CLI_AREA_STORED_H
#define CLI_AREA_STORED_H

#include "base/arena.h"
#include "cli/node_options.h"
#include "formats/area_codes.h"
#include "model/records.h"

struct area_stored {
    struct model_area *areas; /* in the order of their ids; texts live in the arena */
    size_t             num_areas;
    struct area_codes  list; /* the same, at the same indexes */
    struct arena       texts;
};

/* Read all areas. stored: free with area_stored_free, also on failure. Returns 0, db_status (error says why),
 * TOC_ERR_TOO_LARGE or TOC_ERR_NO_MEMORY. About 300 bytes an area. */
int  area_stored_read(struct db *db, struct area_stored *stored, struct db_error *error);
void area_stored_free(struct area_stored *stored); /* a zeroed one is safe */

/* Write the tree of areas, or what lies below the areas of a code, to standard output, one area a line.
 *
 * code     NULL: from the tops
 * depth    so many levels below the first; negative: all
 *
 * Returns an exit code. */
int area_stored_tree(const struct cli_command *command, const struct node_cli_settings *settings, const char *code,
                     long depth);

#endif
