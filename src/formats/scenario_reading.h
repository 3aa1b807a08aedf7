/* SPDX-License-Identifier: GPL-3.0-or-later */
/* formats/scenario_reading.h: what the files that read scenarios share: places, values, lists. Internal. */
#ifndef FORMATS_SCENARIO_READING_H
#define FORMATS_SCENARIO_READING_H

#include "formats/scenario_file.h"
#include "formats/yaml_tree.h"

struct scenario_reading {
    const struct scenario_choices *choices;
    struct fault_list             *faults;
    struct scenario               *scenario;
    const char                    *paths[SCENARIO_FILES]; /* the first is the caller's, each extends the next */
    const struct yaml_node        *roots[SCENARIO_FILES];
    size_t                         num_files;
    bool                           has_start;
    const struct yaml_node       **given;             /* by parameter; NULL = the default */
    const struct yaml_node        *areas;             /* the list that counts; NULL = none */
    const struct yaml_node        *tree;              /* or the tree; NULL = none */
    const struct yaml_node        *commuting;         /* likewise */
    const struct yaml_node        *journeys;          /* likewise */
    const struct yaml_node       **measures;          /* by element of the schedule */
    const struct yaml_node       **imports;           /* by element */
    const struct yaml_node       **journey_lines;     /* by element */
    bool                           too_many_measures; /* told once */
};

#define SCENARIO_MOST_KEYS 10 /* of one map, with the end */

/* A fault at a node (its value, or its key), named by its path from the outermost: "measures.from". Returns
 * BASE_ERR_INPUT. */
int scenario_tell(const struct scenario_reading *reading, const struct yaml_node *node, bool at_key,
                  const char *allowed, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The path of the file that a node comes from. */
const char *scenario_path_of(const struct scenario_reading *reading, const struct yaml_node *node);

/* "the key \"x\" is unknown": with the nearest of the names, or all of them; they end with NULL. */
void scenario_tell_unknown(const struct scenario_reading *reading, const struct yaml_node *member,
                           const char *const *names);

/* Whether the node is of a kind; tells it where not. */
bool scenario_is(const struct scenario_reading *reading, const struct yaml_node *node, enum yaml_kind kind,
                 const char *allowed);

/* A map with some of these keys; they end with NULL. members[i] is the value of keys[i] or NULL. Returns whether the
 * map can be read on. */
bool scenario_split(const struct scenario_reading *reading, const struct yaml_node *line, const char *const *keys,
                    const char *allowed, const struct yaml_node **members);

/* A value that must be there. */
bool scenario_is_here(const struct scenario_reading *reading, const struct yaml_node *line,
                      const struct yaml_node *member, const char *key);

/* The path of a file that lies beside the one that a node comes from, or NULL where there is no memory; and whether
 * there is such a file. */
const char *scenario_beside(const struct scenario_reading *reading, const struct yaml_node *node, const char *name);
bool        scenario_is_file(const char *path);

/* Values. Each returns 0, or BASE_ERR_INPUT where the fault has been told; the value is untouched then. */
int scenario_number(const struct scenario_reading *reading, const struct yaml_node *node, double lowest, double highest,
                    bool whole, const char *unit, double *value);
int scenario_flag(const struct scenario_reading *reading, const struct yaml_node *node, double *value);
int scenario_text(struct scenario_reading *reading, const struct yaml_node *node, size_t most, const char **text);
int scenario_date(const struct scenario_reading *reading, const struct yaml_node *node, toc_date *date);
int scenario_day(const struct scenario_reading *reading, const struct yaml_node *node, uint32_t *day);

/* The parameters of a group of one file. */
void scenario_read_group(struct scenario_reading *reading, const struct yaml_node *group);
bool scenario_is_group(const char *name);

/* The lists of all files: areas, commuting, journeys, measures, imports. Returns 0 or TOC_ERR_NO_MEMORY; faults are
 * told (of a tree, also returned: without its areas nothing else can be read). */
int scenario_read_lists(struct scenario_reading *reading);

/* Parts of it. */
int scenario_read_places(struct scenario_reading *reading);
int scenario_read_tree(struct scenario_reading *reading);
int scenario_read_commuting(struct scenario_reading *reading);
int scenario_read_journeys(struct scenario_reading *reading);

/* The place that a line names: by its name or code, or by one of its names if no other place has it. False where the
 * fault has been told. */
bool scenario_read_place(struct scenario_reading *reading, const struct yaml_node *node,
                         const struct scenario_place **place);

/* A level that the places have. */
int scenario_read_level(const struct scenario_reading *reading, const struct yaml_node *node, uint8_t *level);

#endif
