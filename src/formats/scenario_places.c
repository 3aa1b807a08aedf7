/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The places of a scenario: a list of areas, or a tree with the areas above them; and how lines name them. */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"
#include "formats/scenario_reading.h"
#include "tocsin/status.h"

/* ---- a list ---- */

static const struct scenario_place *find_name(const struct scenario *scenario, const char *name)
{
    for (size_t i = 0; i < scenario->num_places; i++)
        if (strcmp(scenario->places[i].name, name) == 0)
            return &scenario->places[i];
    return NULL;
}

static void read_area_line(struct scenario_reading *reading, const struct yaml_node *line)
{
    static const char *const keys[] = { "name", "persons", NULL };
    struct scenario         *scenario = reading->scenario;
    const struct yaml_node  *members[SCENARIO_MOST_KEYS];
    const char              *name = NULL;
    double                   persons = 0;
    bool                     good = scenario_split(reading, line, keys, "a map: name, persons", members);
    if (line->kind != YAML_MAP)
        return;
    good = scenario_is_here(reading, line, members[0], "name") && good;
    good = scenario_is_here(reading, line, members[1], "persons") && good;
    if (members[0] != NULL && scenario_text(reading, members[0], SCENARIO_NAME_BYTES, &name) != 0)
        good = false;
    if (members[1] != NULL && scenario_number(reading, members[1], 0, 1e9, true, "persons", &persons) != 0)
        good = false;
    if (name != NULL && find_name(scenario, name) != NULL) {
        scenario_tell(reading, members[0], false, "each area once", "the area comes twice");
        good = false;
    }
    if (!good)
        return;
    scenario->places[scenario->num_places++] =
        (struct scenario_place){ .name = name, .first = (uint32_t) scenario->num_areas, .num = 1, .is_area = true };
    scenario->areas[scenario->num_areas].persons = persons;
    scenario->area_names[scenario->num_areas++] = name;
}

static int read_list(struct scenario_reading *reading)
{
    struct scenario        *scenario = reading->scenario;
    const struct yaml_node *list = reading->areas;
    if (list->num == 0 || list->num > SCENARIO_AREAS) {
        scenario_tell(reading, list, false, "1 … 10000 areas", "%zu areas", list->num);
        return 0;
    }
    if (reading->choices->agents > 0)
        scenario_tell(reading, list, true, "either", "the scenario has areas, and a number of agents was chosen too");
    scenario->areas = arena_array(&scenario->arena, list->num, sizeof *scenario->areas);
    scenario->area_names = arena_array(&scenario->arena, list->num, sizeof *scenario->area_names);
    scenario->places = arena_array(&scenario->arena, list->num, sizeof *scenario->places);
    if (scenario->areas == NULL || scenario->area_names == NULL || scenario->places == NULL)
        return TOC_ERR_NO_MEMORY;
    for (const struct yaml_node *line = list->first; line != NULL; line = line->next)
        read_area_line(reading, line);
    return 0;
}

int scenario_read_places(struct scenario_reading *reading)
{
    if (reading->areas != NULL)
        return read_list(reading);
    return reading->tree != NULL ? scenario_read_tree(reading) : 0;
}

/* ---- how lines name them ---- */

static bool is_called(const struct scenario_place *place, const char *name)
{
    for (size_t i = 0; i < sizeof place->called / sizeof *place->called; i++)
        if (place->called[i] != NULL && strcmp(place->called[i], name) == 0)
            return true;
    return false;
}

/* Several places have this name: the codes of some of them. */
static void tell_several(const struct scenario_reading *reading, const struct yaml_node *node, const char *name)
{
    const struct scenario *scenario = reading->scenario;
    char                   quoted[TEXT_QUOTE_BYTES], allowed[FAULT_ALLOWED_BYTES] = "its code: ";
    size_t                 num = 0, used = strlen(allowed);
    for (size_t i = 0; i < scenario->num_places; i++) {
        if (!is_called(&scenario->places[i], name))
            continue;
        if (used < sizeof allowed)
            used += (size_t) snprintf(allowed + used, sizeof allowed - used, "%s%s", num > 0 ? ", " : "",
                                      scenario->places[i].name);
        num++;
    }
    text_quote(name, strlen(name), quoted);
    scenario_tell(reading, node, false, allowed, "%zu areas are called %s", num, quoted);
}

static void tell_none(const struct scenario_reading *reading, const struct yaml_node *node, const char *name)
{
    const struct scenario *scenario = reading->scenario;
    struct nearest         nearest = { .word = name };
    char                   quoted[TEXT_QUOTE_BYTES], allowed[FAULT_ALLOWED_BYTES] = "the name of one of the areas";
    for (size_t i = 0; i < scenario->num_places; i++) {
        nearest_offer(&nearest, scenario->places[i].name);
        for (size_t k = 0; k < sizeof scenario->places[i].called / sizeof *scenario->places[i].called; k++)
            if (scenario->places[i].called[k] != NULL)
                nearest_offer(&nearest, scenario->places[i].called[k]);
    }
    if (nearest.best != NULL)
        snprintf(allowed, sizeof allowed, "did you mean %s?", nearest.best);
    text_quote(node->text, node->size, quoted);
    scenario_tell(reading, node, false, allowed, "there is no area %s", quoted);
}

bool scenario_read_place(struct scenario_reading *reading, const struct yaml_node *node,
                         const struct scenario_place **place)
{
    const struct scenario       *scenario = reading->scenario;
    const struct scenario_place *found;
    const char                  *name;
    size_t                       num = 0;
    if (scenario_text(reading, node, SCENARIO_NAME_BYTES, &name) != 0)
        return false;
    found = find_name(scenario, name);
    for (size_t i = 0; found == NULL && i < scenario->num_places; i++)
        num += is_called(&scenario->places[i], name);
    for (size_t i = 0; num == 1 && found == NULL; i++)
        found = is_called(&scenario->places[i], name) ? &scenario->places[i] : NULL;
    if (num > 1)
        tell_several(reading, node, name);
    else if (found == NULL)
        tell_none(reading, node, name);
    else if (found->num == 0)
        scenario_tell(reading, node, false, "an area where people live", "nobody lives in %s", found->name);
    else
        *place = found;
    return num <= 1 && found != NULL && found->num > 0;
}

int scenario_read_level(const struct scenario_reading *reading, const struct yaml_node *node, uint8_t *level)
{
    const struct scenario *scenario = reading->scenario;
    double                 lowest = 0, number = 0;
    for (size_t i = 0; i < scenario->num_places; i++)
        lowest = scenario->places[i].level > lowest ? scenario->places[i].level : lowest;
    int ret = scenario_number(reading, node, 0, lowest, true, "a level of the area_tree, 0 = the top", &number);
    if (ret == 0)
        *level = (uint8_t) number;
    return ret;
}

const struct scenario_place *scenario_next_place(const struct scenario *scenario, uint8_t level,
                                                 const struct scenario_place *within,
                                                 const struct scenario_place *before)
{
    size_t i = before == NULL ? 0 : (size_t) (before - scenario->places) + 1;
    for (; i < scenario->num_places; i++) {
        const struct scenario_place *place = &scenario->places[i];
        bool                         is_inside =
            within == NULL || (place->first >= within->first && place->first < within->first + within->num);
        if (is_inside && place->num > 0 && (place->level == level || (place->is_area && place->level < level)))
            return place;
    }
    return NULL;
}
