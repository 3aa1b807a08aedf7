/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "parity/oracle.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/test.h"

/* The next cell of a line, quotes taken off in place; *rest moves past it. */
static char *next_cell(char **rest)
{
    char *in = *rest, *out = *rest, *cell = *rest;
    bool  quoted = *in == '"';
    if (quoted)
        in++;
    for (; *in != '\0'; in++) {
        if (quoted && in[0] == '"' && in[1] == '"')
            in++;
        else if (quoted && *in == '"') {
            quoted = false;
            continue;
        } else if (!quoted && *in == ',')
            break;
        *out++ = *in;
    }
    *rest = *in == ',' ? in + 1 : NULL;
    *out = '\0';
    return cell;
}

static char **split(char *line, size_t *num)
{
    char **cells = calloc(ORACLE_MAX_COLUMNS, sizeof *cells);
    size_t found = 0;
    for (char *rest = line; rest != NULL; found++) {
        assert_true(found < ORACLE_MAX_COLUMNS);
        cells[found] = strdup(next_cell(&rest));
    }
    *num = found;
    return cells;
}

struct oracle_table oracle_read_table(const char *folder, const char *file)
{
    char                path[4096], *line = NULL;
    size_t              room = 0, cells = 0, capacity = 0;
    struct oracle_table table = { 0 };
    snprintf(path, sizeof path, "%s/%s", folder, file);
    FILE *in = fopen(path, "r");
    if (in == NULL)
        fail_msg("cannot open %s", path);
    for (ssize_t length; (length = getline(&line, &room, in)) > 0;) {
        if (line[0] == '#')
            continue;
        line[strcspn(line, "\r\n")] = '\0';
        char **row = split(line, &cells);
        if (table.header == NULL) {
            table.header = row;
            table.num_columns = cells;
            continue;
        }
        if (cells != table.num_columns)
            fail_msg("%s: row %zu has %zu cells, not %zu", path, table.num_rows + 2, cells, table.num_columns);
        if (table.num_rows == capacity) {
            capacity = capacity ? 2 * capacity : 256;
            table.cell = realloc(table.cell, capacity * sizeof *table.cell);
        }
        table.cell[table.num_rows++] = row;
    }
    free(line);
    fclose(in);
    return table;
}

static void free_row(char **row, size_t cells)
{
    for (size_t i = 0; i < cells; i++)
        free(row[i]);
    free(row);
}

void oracle_free_table(struct oracle_table *table)
{
    for (size_t i = 0; i < table->num_rows; i++)
        free_row(table->cell[i], table->num_columns);
    free(table->cell);
    free_row(table->header, table->num_columns);
    *table = (struct oracle_table){ 0 };
}

size_t oracle_column(const struct oracle_table *table, const char *name)
{
    for (size_t i = 0; i < table->num_columns; i++)
        if (strcmp(table->header[i], name) == 0)
            return i;
    fail_msg("no column %s", name);
    return 0;
}

double oracle_number(const char *cell)
{
    if (*cell == '\0' || strcmp(cell, "NA") == 0 || strcmp(cell, "NaN") == 0)
        return NAN;
    char  *end;
    double value = strtod(cell, &end);
    if (*end != '\0')
        fail_msg("'%s' is not a number", cell);
    return value;
}

static toc_date parse_date(const char *text)
{
    struct toc_civil civil;
    if (sscanf(text, "%d-%d-%d", &civil.year, &civil.month, &civil.day) != 3 || !toc_civil_valid(civil))
        fail_msg("'%s' is not a date", text);
    return toc_date_from_civil(civil);
}

struct oracle_series *oracle_read_series(const char *folder, size_t *num)
{
    struct oracle_table   meta = oracle_read_table(folder, "series_meta.csv");
    struct oracle_table   rows = oracle_read_table(folder, "series.csv");
    size_t                name = oracle_column(&rows, "series"), date = oracle_column(&rows, "date");
    size_t                observed = oracle_column(&rows, "observed"), population = oracle_column(&rows, "population");
    struct oracle_series *all = calloc(meta.num_rows, sizeof *all);
    size_t                row = 0;

    for (size_t i = 0; i < meta.num_rows; i++) {
        struct oracle_series *one = &all[i];
        size_t                n = (size_t) atol(meta.cell[i][oracle_column(&meta, "n")]);
        double               *y = calloc(n, sizeof *y), *persons = calloc(n, sizeof *persons);
        toc_date             *dates = calloc(n, sizeof *dates);
        bool                  dated = false, has_population = false;
        snprintf(one->name, sizeof one->name, "%s", meta.cell[i][oracle_column(&meta, "series")]);
        for (size_t t = 0; t < n; t++, row++) {
            assert_string_equal(rows.cell[row][name], one->name);
            y[t] = oracle_number(rows.cell[row][observed]);
            dated = *rows.cell[row][date] != '\0';
            if (dated)
                dates[t] = parse_date(rows.cell[row][date]);
            has_population = *rows.cell[row][population] != '\0';
            persons[t] = has_population ? oracle_number(rows.cell[row][population]) : 1.0;
        }
        one->series = (struct toc_series){
            .observed = y,
            .population = persons,
            .date = dates,
            .n = n,
            .steps_per_year = atoi(meta.cell[i][oracle_column(&meta, "freq")]),
        };
        if (!dated) {
            free(dates);
            one->series.date = NULL;
        }
        if (!has_population) {
            free(persons);
            one->series.population = NULL;
        }
    }
    *num = meta.num_rows;
    oracle_free_table(&meta);
    oracle_free_table(&rows);
    return all;
}

void oracle_free_series(struct oracle_series *series, size_t num)
{
    for (size_t i = 0; i < num; i++) {
        free((void *) (uintptr_t) series[i].series.observed);
        free((void *) (uintptr_t) series[i].series.population);
        free((void *) (uintptr_t) series[i].series.date);
    }
    free(series);
}

const struct toc_series *oracle_find_series(const struct oracle_series *series, size_t num, const char *name)
{
    for (size_t i = 0; i < num; i++)
        if (strcmp(series[i].name, name) == 0)
            return &series[i].series;
    fail_msg("no series %s", name);
    return NULL;
}

static void set_value(const struct toc_method *method, const char *key, int element, const json_t *value, void *options)
{
    struct toc_error            error;
    const struct toc_parameter *parameter = toc_method_parameter(method, key, element);
    if (parameter == NULL)
        fail_msg("%s has no parameter %s[%d]", method->name, key, element);
    if (json_is_string(value))
        assert_ok(toc_parameter_set_word(parameter, json_string_value(value), options, &error));
    else if (json_is_boolean(value))
        assert_ok(toc_parameter_set_number(parameter, json_is_true(value), options, &error));
    else
        assert_ok(toc_parameter_set_number(parameter, json_number_value(value), options, &error));
}

void oracle_set_parameters(const struct toc_method *method, json_t *params, void *options)
{
    const char *key;
    json_t     *value;
    json_object_foreach (params, key, value) {
        if (strcmp(key, "method") == 0)
            continue;
        if (json_is_object(value)) { /* mu0 = list(S, trend, refit) */
            oracle_set_parameters(method, value, options);
            continue;
        }
        if (!json_is_array(value))
            set_value(method, key, 0, value, options);
        for (size_t i = 0; i < json_array_size(value); i++)
            set_value(method, key, (int) i, json_array_get(value, i), options);
    }
}
