/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/area_import.h: a code list with its shapes, populations and calendar into a node. */
#ifndef CLI_AREA_IMPORT_H
#define CLI_AREA_IMPORT_H

#include "cli/node_options.h"
#include "formats/area_codes.h"
#include "formats/calendar_file.h"
#include "formats/geojson.h"
#include "formats/population_file.h"

struct area_import {
    const struct cli_command       *command;
    const struct node_cli_settings *node;
    char *const                    *list_paths; /* the files of the list, for name and digest of the set */
    size_t                          num_list_paths;
    struct area_codes              *list; /* as read; its ids become those of the areas that the node has */
    const char                     *shapes_path, *population_path, *calendar_path; /* NULL: not given */
    const struct geojson           *shapes;
    const uint32_t                 *shape_areas; /* of each shape: its area's index in the list */
    const struct population_file   *population;
    const struct calendar_file     *calendar;
    toc_date                        edition; /* AREA_CODES_NO_DATE: the list adds; nothing is closed */
    bool                            partial;
};

/* Compare with what the node has and load what differs, each kind of record as one audited set; print what was new,
 * renamed, moved, closed, and the time. Returns an exit code. */
int area_import(const struct area_import *import);

#endif
