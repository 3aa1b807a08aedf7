/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An invented county as files, for demonstrations, drills and tests. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cmd.h"
#include "cli/command.h"
#include "model/county_files.h"
#include "tocsin/status.h"

struct settings {
    const char *out;
    long        seed, provinces, cities, counties, townships, villages, cells, year;
    bool        large;
};

#define SIZE(word, field, most, default_text, what)                                                                    \
    {                                                                                                                  \
        .name = (word), .value = "N", .initial = (default_text), .kind = CLI_WHOLE,                                    \
        .offset = offsetof(struct settings, field), .low = 1, .high = (most), .meaning = (what)                        \
    }

static const struct cli_option options[] = {
    { .name = "out",
      .letter = 'o',
      .value = "FOLDER",
      .kind = CLI_TEXT,
      .offset = offsetof(struct settings, out),
      .completion = CLI_COMPLETE_FILE,
      .meaning = "Where the files are written; made where it is not there. Needed." },
    { .name = "seed",
      .letter = 's',
      .value = "N",
      .initial = "1",
      .kind = CLI_WHOLE,
      .offset = offsetof(struct settings, seed),
      .low = 0,
      .high = 2147483647,
      .meaning = "Another number, another county; the same number, the same county, on any machine." },
    { .name = "large",
      .kind = CLI_FLAG,
      .offset = offsetof(struct settings, large),
      .meaning = "3 provinces of 2 cities of 4 counties of 8 townships of 16 villages: 3,072 villages." },
    SIZE("provinces", provinces, 10, "1", "How many provinces."),
    SIZE("cities", cities, 99, "1", "How many cities a province has."),
    SIZE("counties", counties, 99, "1", "How many counties a city has."),
    SIZE("townships", townships, 99, "12", "How many townships a county has."),
    SIZE("villages", villages, 99, "20", "How many villages a township has."),
    { .name = "cells",
      .value = "N",
      .initial = "40",
      .kind = CLI_WHOLE,
      .offset = offsetof(struct settings, cells),
      .low = 8,
      .high = 200,
      .meaning = "Of how many small cells the land of a village is made: more give it finer borders." },
    { .name = "year",
      .letter = 'y',
      .value = "YEAR",
      .initial = "2025",
      .kind = CLI_WHOLE,
      .offset = offsetof(struct settings, year),
      .low = 1900,
      .high = 2100,
      .meaning = "The year of its populations and of its calendar." },
};

static const struct cli_group groups[] = {
    { .title = "County", .options = options, .num_options = sizeof options / sizeof *options },
};

/* What the user gave, else the size of the kind of county. */
static int size_of(long given, int usual)
{
    return given == 0 ? usual : (int) given;
}

static struct county_options options_of(const struct settings *settings)
{
    const struct county_options demonstration = COUNTY_OPTIONS_INIT, large = COUNTY_OPTIONS_LARGE;
    const struct county_options usual = settings->large ? large : demonstration;
    return (struct county_options){ .seed = (uint64_t) settings->seed,
                                    .provinces = size_of(settings->provinces, usual.provinces),
                                    .cities = size_of(settings->cities, usual.cities),
                                    .counties = size_of(settings->counties, usual.counties),
                                    .townships = size_of(settings->townships, usual.townships),
                                    .villages = size_of(settings->villages, usual.villages),
                                    .cells_per_village = size_of(settings->cells, usual.cells_per_village),
                                    .year = size_of(settings->year, usual.year) };
}

/* ---- files ---- */

static int write_file(const struct cli_command *command, const char *folder, const struct county_file *file,
                      const struct county *county)
{
    char *path = NULL;
    int   exit_code = CLI_DONE;
    if (asprintf(&path, "%s/%s", folder, file->name) < 0)
        return cli_complain(command, CLI_MACHINE, "out of memory");
    struct sink sink;
    int         ret = sink_open(&sink, path);
    if (ret == 0) {
        file->write(county, &sink);
        ret = sink_finish(&sink);
    }
    if (ret == TOC_ERR_NO_MEMORY)
        exit_code = cli_complain(command, CLI_MACHINE, "%s: out of memory", path);
    else if (ret != 0)
        exit_code = cli_complain(command, CLI_MACHINE, "%s: %s", path, strerror(sink.failure));
    free(path);
    return exit_code;
}

static int write_files(const struct cli_command *command, const char *folder, const struct county *county)
{
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return cli_complain(command, CLI_MACHINE, "%s: %s", folder, strerror(errno));
    for (int i = 0; i < COUNTY_NUM_FILES; i++) {
        int exit_code = write_file(command, folder, &county_files[i], county);
        if (exit_code != CLI_DONE)
            return exit_code;
    }
    return CLI_DONE;
}

static int generate(const struct cli_command *command, const struct settings *settings, struct county *county)
{
    struct county_options wanted = options_of(settings);
    switch (county_generate(&wanted, county)) {
    case 0: return CLI_DONE;
    case TOC_ERR_OPTION:
        return cli_complain(command, CLI_USE, "more than %d cells of land; fewer villages or --cells are needed",
                            COUNTY_MAX_CELLS);
    case TOC_ERR_NO_CONVERGENCE:
        return cli_complain(command, CLI_USE,
                            "the land could not be cut so finely; more --cells or another --seed may help");
    default: return cli_complain(command, CLI_MACHINE, "out of memory");
    }
}

/* ---- the command ---- */

static int run(const struct cli_command *command, int argc, char **argv)
{
    struct settings settings = { .seed = 1 };
    struct county   county = { 0 };
    int             first, exit_code = cli_parse(command, argc, argv, &settings, &first);
    if (exit_code >= 0)
        return exit_code;
    if (argc > first)
        return cli_complain(command, CLI_USE, "takes no operand; found '%s'", argv[first]);
    if (settings.out == NULL)
        return cli_complain(command, CLI_USE, "--out FOLDER is needed");
    exit_code = generate(command, &settings, &county);
    if (exit_code == CLI_DONE)
        exit_code = write_files(command, settings.out, &county);
    if (exit_code == CLI_DONE) {
        printf("%s: %u areas, %u people\n", settings.out, county.num_areas, county.areas[0].num_people);
        exit_code = cli_finish_stdout(command, CLI_DONE);
    }
    county_free(&county);
    return exit_code;
}

static const char *const        usage[] = { "--out FOLDER [OPTION]...", NULL };
static const struct cli_example examples[] = {
    { "tocsin county --out county", "a county of 12 townships with 20 villages each" },
    { "tocsin county --out two --seed 7 --counties 2", "another one, with its neighbour" },
    { NULL, NULL },
};

const struct cli_command cli_command_county = {
    .name = "county",
    .summary = "make up a county: areas, shapes, populations, facilities, days off, as files",
    .usage = usage,
    .text =
        "Writes an invented county, with the province, the city and the country it lies in, for demonstrations, "
        "drills and tests: an invented outbreak never stands beside the name of a real place. Names are in English, "
        "Chinese and Tibetan; the land lies in the empty Pacific.\n\n"
        "The files: areas.csv (code list), outlines.geojson (shapes; code in the property \"code\"), population.csv "
        "(by sex and age), calendar.csv (days off), facilities.csv and reporting-units.csv.",
    .groups = groups,
    .num_groups = 1,
    .examples = examples,
    .run = run,
};
