/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Single values of a scenario, and the faults that they can have. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/date_text.h"
#include "base/nearest.h"
#include "base/text.h"
#include "formats/scenario_reading.h"
#include "tocsin/status.h"

/* ---- faults ---- */

const char *scenario_path_of(const struct scenario_reading *reading, const struct yaml_node *node)
{
    while (node->parent != NULL)
        node = node->parent;
    for (size_t file = 0; file < reading->num_files; file++)
        if (reading->roots[file] == node)
            return reading->paths[file];
    return reading->paths[reading->num_files - 1]; /* the file that is being opened has no root yet */
}

/* "infection.susceptibility": the keys from the outermost to the node. */
static void name_of(const struct yaml_node *node, char *name, size_t size)
{
    const char *keys[YAML_TREE_DEPTH + 1];
    size_t      num = 0, used = 0;
    for (; node != NULL && num <= YAML_TREE_DEPTH; node = node->parent)
        if (node->key != NULL)
            keys[num++] = node->key;
    name[0] = '\0';
    while (num-- > 0 && used < size)
        used += (size_t) snprintf(name + used, size - used, "%s%s", used > 0 ? "." : "", keys[num]);
}

int scenario_tell(const struct scenario_reading *reading, const struct yaml_node *node, bool at_key,
                  const char *allowed, const char *format, ...)
{
    char    found[FAULT_FOUND_BYTES], name[4 * FAULT_NAME_BYTES];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(found, sizeof found, format, arguments);
    va_end(arguments);
    at_key = at_key && node->key != NULL;
    name_of(at_key ? node->parent : node, name, sizeof name);
    struct fault_place place = { scenario_path_of(reading, node), at_key ? node->key_line : node->line,
                                 at_key ? node->key_column : node->column, name[0] != '\0' ? name : NULL };
    fault_add(reading->faults, place, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

void scenario_tell_unknown(const struct scenario_reading *reading, const struct yaml_node *member,
                           const char *const *names)
{
    struct nearest nearest = { .word = member->key };
    char           quoted[TEXT_QUOTE_BYTES], allowed[FAULT_ALLOWED_BYTES];
    size_t         used = 0;
    for (size_t i = 0; names[i] != NULL; i++) {
        nearest_offer(&nearest, names[i]);
        if (used < sizeof allowed)
            used += (size_t) snprintf(allowed + used, sizeof allowed - used, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    if (nearest.best != NULL)
        snprintf(allowed, sizeof allowed, "did you mean %s?", nearest.best);
    else if (used >= sizeof allowed)
        snprintf(allowed + sizeof allowed - sizeof " …", sizeof " …", " …");
    text_quote(member->key, strlen(member->key), quoted);
    scenario_tell(reading, member, true, allowed, "the key %s is unknown", quoted);
}

bool scenario_is(const struct scenario_reading *reading, const struct yaml_node *node, enum yaml_kind kind,
                 const char *allowed)
{
    if (node->kind == kind)
        return true;
    if (node->kind == YAML_TEXT && node->size == 0 && !node->quoted)
        scenario_tell(reading, node, false, allowed, "nothing stands here");
    else
        scenario_tell(reading, node, false, allowed, "%s", yaml_kind_word(node->kind));
    return false;
}

/* A text that is wrong, in quotes, and why. */
static int tell_text(const struct scenario_reading *reading, const struct yaml_node *node, const char *allowed,
                     const char *why)
{
    char quoted[TEXT_QUOTE_BYTES];
    text_quote(node->text, node->size, quoted);
    return scenario_tell(reading, node, false, allowed, "%s%s", quoted, why);
}

/* ---- values ---- */

static void bounds_text(double lowest, double highest, bool whole, const char *unit, char allowed[FAULT_ALLOWED_BYTES])
{
    snprintf(allowed, FAULT_ALLOWED_BYTES, "a %snumber, %.10g … %.10g%s%s%s", whole ? "whole " : "", lowest, highest,
             unit[0] != '\0' ? " (" : "", unit, unit[0] != '\0' ? ")" : "");
}

int scenario_number(const struct scenario_reading *reading, const struct yaml_node *node, double lowest, double highest,
                    bool whole, const char *unit, double *value)
{
    char   allowed[FAULT_ALLOWED_BYTES];
    double number;
    bounds_text(lowest, highest, whole, unit, allowed);
    if (!scenario_is(reading, node, YAML_TEXT, allowed))
        return BASE_ERR_INPUT;
    if (node->quoted)
        return tell_text(reading, node, allowed, " stands in quotes");
    if (text_to_double(node->text, node->size, &number) != 0)
        return tell_text(reading, node, allowed, " is not a number");
    if (number < lowest)
        return tell_text(reading, node, allowed, number < 0 && lowest >= 0 ? " is negative" : " is too small");
    if (number > highest)
        return tell_text(reading, node, allowed, " is too large");
    if (whole && number != floor(number))
        return tell_text(reading, node, allowed, " is not a whole number");
    *value = number;
    return 0;
}

int scenario_flag(const struct scenario_reading *reading, const struct yaml_node *node, double *value)
{
    static const char allowed[] = "yes or no";
    if (!scenario_is(reading, node, YAML_TEXT, allowed))
        return BASE_ERR_INPUT;
    bool yes = strcmp(node->text, "yes") == 0;
    if (!yes && strcmp(node->text, "no") != 0)
        return tell_text(reading, node, allowed, "");
    *value = yes ? 1 : 0;
    return 0;
}

int scenario_text(struct scenario_reading *reading, const struct yaml_node *node, size_t most, const char **text)
{
    char allowed[FAULT_ALLOWED_BYTES];
    snprintf(allowed, sizeof allowed, "a text of 1 … %zu bytes", most);
    if (!scenario_is(reading, node, YAML_TEXT, allowed))
        return BASE_ERR_INPUT;
    if (node->size == 0)
        return scenario_tell(reading, node, false, allowed, "nothing stands here");
    if (node->size > most)
        return tell_text(reading, node, allowed, " is too long");
    *text = node->text;
    return 0;
}

int scenario_date(const struct scenario_reading *reading, const struct yaml_node *node, toc_date *date)
{
    static const char allowed[] = "a day (2024-02-26)";
    enum date_form    form;
    toc_date          day;
    char              fault[DATE_FAULT_BYTES], why[DATE_FAULT_BYTES + 2];
    if (!scenario_is(reading, node, YAML_TEXT, allowed))
        return BASE_ERR_INPUT;
    if (date_from_text(node->text, node->size, &day, &form, fault) != 0) {
        snprintf(why, sizeof why, ": %s", fault);
        return tell_text(reading, node, allowed, why);
    }
    if (form != DATE_FORM_DAY)
        return tell_text(reading, node, allowed, " is not a day");
    *date = day;
    return 0;
}

/* Days are numbers from 1 on, or dates from the start on. */
int scenario_day(const struct scenario_reading *reading, const struct yaml_node *node, uint32_t *day)
{
    double   number = 0;
    toc_date date;
    if (node->kind == YAML_TEXT && !node->quoted && text_to_double(node->text, node->size, &number) == 0) {
        int ret = scenario_number(reading, node, 1, TOC_SIMULATION_LAST_DAY, true, "or a date", &number);
        if (ret == 0)
            *day = (uint32_t) number;
        return ret;
    }
    if (scenario_date(reading, node, &date) != 0)
        return BASE_ERR_INPUT;
    int64_t after = (int64_t) date - reading->scenario->start;
    if (!reading->has_start)
        return 0; /* told once: there is no start */
    char start[DATE_TEXT_BYTES], allowed[FAULT_ALLOWED_BYTES];
    date_to_text(reading->scenario->start, DATE_FORM_DAY, start);
    snprintf(allowed, sizeof allowed, "%s or later, at most %d days", start, TOC_SIMULATION_LAST_DAY);
    if (after < 0)
        return tell_text(reading, node, allowed, " lies before the start");
    if (after >= TOC_SIMULATION_LAST_DAY)
        return tell_text(reading, node, allowed, " is too late");
    *day = (uint32_t) after + 1;
    return 0;
}

/* ---- parameters ---- */

/* The parameter of that name, in the group (NULL = any), with its number and its group. */
static const struct toc_simulation_entry *find_parameter(const char *group, const char *name, size_t *number,
                                                         const char **found_in)
{
    size_t                             num;
    const struct toc_simulation_entry *all = toc_simulation_list_parameters(&num);
    const char                        *inside = "";
    for (size_t i = 0; i < num; i++) {
        if (all[i].kind == TOC_SIMULATION_HEADING)
            inside = all[i].name;
        else if ((group == NULL || strcmp(inside, group) == 0) && strcmp(all[i].name, name) == 0) {
            *number = i;
            *found_in = inside;
            return &all[i];
        }
    }
    return NULL;
}

bool scenario_is_group(const char *name)
{
    size_t                             num;
    const struct toc_simulation_entry *all = toc_simulation_list_parameters(&num);
    for (size_t i = 0; i < num; i++)
        if (all[i].kind == TOC_SIMULATION_HEADING && strcmp(all[i].name, name) == 0)
            return true;
    return false;
}

#define MOST_NAMES 128 /* of one group, with the end */

static void tell_unknown_parameter(const struct scenario_reading *reading, const struct yaml_node *member,
                                   const char *group)
{
    const char                        *names[MOST_NAMES], *belongs;
    char                               quoted[TEXT_QUOTE_BYTES], allowed[FAULT_ALLOWED_BYTES];
    size_t                             num, number, num_names = 0;
    bool                               inside = false;
    const struct toc_simulation_entry *all = toc_simulation_list_parameters(&num);
    if (find_parameter(NULL, member->key, &number, &belongs) != NULL) {
        snprintf(allowed, sizeof allowed, "in %s, where it belongs", belongs);
        text_quote(member->key, strlen(member->key), quoted);
        scenario_tell(reading, member, true, allowed, "the key %s is not one of %s", quoted, group);
        return;
    }
    for (size_t i = 0; i < num && num_names < MOST_NAMES - 1; i++)
        if (all[i].kind == TOC_SIMULATION_HEADING)
            inside = strcmp(all[i].name, group) == 0;
        else if (inside)
            names[num_names++] = all[i].name;
    names[num_names] = NULL;
    scenario_tell_unknown(reading, member, names);
}

/* What the numbers of a table are for. */
static const char *table_words(const char *per)
{
    static const struct {
        const char *per, *words;
    } tables[] = {
        { "AGE", "one for each age group: 0-9, 10-19, … 70-79, 80 and over" },
        { "SIZE", "one for each size of household, 1 … 6" },
        { "RING", "for primary school, secondary school, workplace, club 70-79, club 80+" },
        { "NETWORK", "for household, school and work, random contacts" },
        { "STRAIN", "one for each strain" },
        { "PAIR", "strain × strain, row by row" },
    };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (strcmp(tables[i].per, per) == 0)
            return tables[i].words;
    return "";
}

static int read_one(const struct scenario_reading *reading, const struct toc_simulation_entry *parameter,
                    const struct yaml_node *node, double *value)
{
    if (parameter->kind == TOC_SIMULATION_FLAG)
        return scenario_flag(reading, node, value);
    return scenario_number(reading, node, parameter->lowest, parameter->highest,
                           parameter->kind == TOC_SIMULATION_WHOLE, parameter->unit, value);
}

static int read_table(const struct scenario_reading *reading, const struct toc_simulation_entry *parameter,
                      const struct yaml_node *node, double *values)
{
    char   allowed[FAULT_ALLOWED_BYTES];
    size_t number = 0;
    int    ret = 0;
    snprintf(allowed, sizeof allowed, "a list of %zu numbers, %s", parameter->count, table_words(parameter->per));
    if (!scenario_is(reading, node, YAML_LIST, allowed))
        return BASE_ERR_INPUT;
    if (node->num != parameter->count)
        return scenario_tell(reading, node, false, allowed, "%zu number%s", node->num, node->num == 1 ? "" : "s");
    for (const struct yaml_node *member = node->first; member != NULL; member = member->next, number++)
        if (read_one(reading, parameter, member, &values[number]) != 0)
            ret = BASE_ERR_INPUT;
    return ret;
}

static void read_parameter(struct scenario_reading *reading, const struct yaml_node *member, const char *group)
{
    size_t                             number;
    const char                        *found_in;
    const struct toc_simulation_entry *parameter = find_parameter(group, member->key, &number, &found_in);
    if (parameter == NULL) {
        tell_unknown_parameter(reading, member, group);
        return;
    }
    char   *bytes = (char *) &reading->scenario->parameters + parameter->offset;
    double *values = (double *) (void *) bytes;
    int     ret = parameter->count == 1 ? read_one(reading, parameter, member, values)
                                        : read_table(reading, parameter, member, values);
    if (ret != 0)
        return;
    reading->given[number] = member;
    reading->scenario->origins[number] =
        (struct scenario_origin){ scenario_path_of(reading, member), member->key_line };
}

void scenario_read_group(struct scenario_reading *reading, const struct yaml_node *group)
{
    if (!scenario_is(reading, group, YAML_MAP, "a map of parameters"))
        return;
    for (const struct yaml_node *member = group->first; member != NULL; member = member->next)
        read_parameter(reading, member, group->key);
}
