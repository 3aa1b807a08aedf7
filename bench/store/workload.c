/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "workload.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/county.h"
#include "store/area_tree.h"
#include "tocsin/status.h"

static const struct county_options county_options = COUNTY_OPTIONS_LARGE;

void workload_fail(const char *what, int status)
{
    fprintf(stderr, "bench: %s: %d, %s\n", what, status, toc_status_text(status));
    exit(3);
}

void workload_row(const char *measure, const char *bar, bool holds, const char *format, ...)
{
    char    measured[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(measured, sizeof measured, format, arguments);
    va_end(arguments);
    printf("row\t%s\t%s\t%s\t%s\n", measure, bar, measured, holds ? "yes" : "no");
    fflush(stdout);
}

const char *workload_database(const struct workload *workload)
{
    return strncmp(workload->node.settings.database, "postgresql:", 11) == 0 ? "PostgreSQL" : "SQLite";
}

/* The generator's county, for its ids and for where people live. */
static void invent(struct workload *workload, struct county *county)
{
    size_t num_places;
    int    status = county_generate(&county_options, county);
    if (status == 0)
        status = county_places(county, &workload->places, &workload->weights, &num_places);
    workload->areas = memory_array(county->num_areas, sizeof *workload->areas);
    if (status != 0 || workload->areas == NULL)
        workload_fail("the county", status);
    workload->num_areas = county->num_areas;
    for (uint32_t i = 0; i < county->num_areas; i++)
        workload->areas[i] = county->areas[i].id;
    workload->people = (struct people){ .seed = 1,
                                        .today = WORKLOAD_TODAY,
                                        .days = PEOPLE_DAYS,
                                        .places = workload->places,
                                        .weights_up_to = workload->weights,
                                        .num_places = num_places,
                                        .tibetan_permille = PEOPLE_TIBETAN_PERMILLE };
}

static void complain(struct fault_list *faults, const char *what, int status)
{
    fault_list_write(faults, stderr);
    workload_fail(what, status);
}

static void be_writer(struct workload *workload)
{
    workload->writer = (struct access){ .user = workload->node.settings.operator_id,
                                        .role = ACCESS_DATA_MANAGER,
                                        .purpose = ACCESS_DATA_QUALITY,
                                        .everywhere = true };
}

/* The areas, parents before children, some hundred a request. */
static void load_areas(struct workload *workload, const struct county *county)
{
    enum { AT_ONCE = 500 };
    static struct model_area   areas[AT_ONCE];
    static struct store_change changes[AT_ONCE];
    struct access              program = workload->writer;
    program.role = ACCESS_PROGRAM;
    for (uint32_t first = 0; first < county->num_areas; first += AT_ONCE) {
        struct store_request request = { .verb = "load areas", .set = { .changes = changes } };
        struct fault_list    faults = FAULT_LIST_INIT;
        struct store_receipt receipt;
        for (uint32_t i = 0; i < AT_ONCE && first + i < county->num_areas; i++) {
            county_area_record(county, first + i, &areas[i]);
            changes[request.set.num_changes++] =
                (struct store_change){ .verb = STORE_CREATE, .record = model_record(MODEL_AREA), .value = &areas[i] };
        }
        int status = store_submit(workload->node.store, &program, &request, &receipt, &faults);
        if (status != 0)
            complain(&faults, "areas", status);
    }
}

static const char *keeper_program(void)
{
    const char *program = getenv("TOCSIN"); /* set by store.py; NULL: the keeper is forked without exec */
    return program;
}

void workload_make(struct workload *workload, const char *directory, const char *database,
                   const struct store_clock *clock)
{
    struct county        county;
    struct fault_list    faults = FAULT_LIST_INIT;
    struct node_settings settings = NODE_SETTINGS_INIT;
    struct node_options  options = { .directory = directory, .program = keeper_program(), .holder = "bench" };
    *workload = (struct workload){ 0 };
    snprintf(settings.database, sizeof settings.database, "%s", database);
    if (clock != NULL)
        options.clock = *clock;
    int status = node_make(&options, &settings, "share/lists", &workload->node, &faults);
    if (status != 0)
        complain(&faults, "a new node", status);
    be_writer(workload);
    invent(workload, &county);
    load_areas(workload, &county);
    county_free(&county);
}

void workload_open(struct workload *workload, const char *directory, bool write)
{
    struct county       county;
    struct fault_list   faults = FAULT_LIST_INIT;
    struct node_options options = { .directory = directory,
                                    .program = keeper_program(),
                                    .holder = write ? "bench" : NULL };
    *workload = (struct workload){ 0 };
    int status = node_open(&options, &workload->node, &faults);
    if (status != 0)
        complain(&faults, directory, status);
    be_writer(workload);
    invent(workload, &county);
    county_free(&county);
}

void workload_close(struct workload *workload)
{
    node_close(&workload->node);
    free(workload->places);
    free(workload->weights);
    free(workload->areas);
    *workload = (struct workload){ 0 };
}

void workload_create_init(struct workload *workload, struct workload_create *create, bool bulk)
{
    people_generate(&workload->people, atomic_fetch_add(&workload->next, 1), &create->sample);
    create->changes[0] = (struct store_change){ .record = model_record(MODEL_PERSON), .value = &create->sample.person };
    create->changes[1] =
        (struct store_change){ .record = model_record(MODEL_IDENTITY), .value = &create->sample.identity };
    create->changes[2] = (struct store_change){ .record = model_record(MODEL_CASE), .value = &create->sample.illness };
    create->request = (struct store_request){ .verb = "report a case", .set = { create->changes, 3 }, .bulk = bulk };
}
