/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/county_files.h: an invented county as the files that the importers read: reading them gives its records
 * again, ids included.
 *
 *   areas.csv            formats/area_codes.h
 *   outlines.geojson     formats/geojson.h, the code in the property "code"
 *   population.csv       formats/population_file.h
 *   calendar.csv         formats/calendar_file.h
 *   facilities.csv, reporting-units.csv   model/model_table.h
 */
#ifndef MODEL_COUNTY_FILES_H
#define MODEL_COUNTY_FILES_H

#include "base/sink.h"
#include "model/county.h"

struct county_file {
    const char *name;
    void (*write)(const struct county *county, struct sink *sink);
};

#define COUNTY_NUM_FILES 6
extern const struct county_file county_files[COUNTY_NUM_FILES];

#endif
