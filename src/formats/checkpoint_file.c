/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/checkpoint_file.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/memory_large.h"
#include "tocsin/status.h"

#define SUM_START UINT64_C(0xCBF29CE484222325) /* FNV-1a, a word at a time */
#define SUM_PRIME UINT64_C(0x100000001B3)

struct head {
    char     magic[32];
    char     version[16];
    uint64_t scenario, seed, cells_a_day, num_infections, infections;
    double   contacts;
    uint32_t days, day, agents, lines;
    uint64_t unused, sum;
};
static_assert(sizeof(struct head) == CHECKPOINT_HEAD_BYTES && offsetof(struct head, sum) == CHECKPOINT_SUM_AT,
              "the head has no gaps");

static const char magic[32] = "Tocsin simulation checkpoint 1\n";

/* ---- sums ---- */
uint64_t checkpoint_sum(uint64_t sum, const void *bytes, size_t num)
{
    for (size_t at = 0; at < num; at += sizeof sum) {
        uint64_t word = 0;
        memcpy(&word, (const char *) bytes + at, num - at < sizeof word ? num - at : sizeof word);
        sum = (sum ^ word) * SUM_PRIME;
        sum ^= sum >> 29;
    }
    return sum;
}

static uint64_t sum_of_head(const struct head *head)
{
    return checkpoint_sum(SUM_START, head, offsetof(struct head, sum));
}

static uint64_t sum_of_text(uint64_t sum, const char *text)
{
    uint64_t size = strlen(text);
    return checkpoint_sum(checkpoint_sum(sum, &size, sizeof size), text, size);
}

static uint64_t sum_of_numbers(uint64_t sum, size_t num, const double *numbers)
{
    return checkpoint_sum(sum, numbers, num * sizeof *numbers);
}

uint64_t checkpoint_fingerprint(const struct scenario *scenario)
{
    const double first[] = { scenario->start,
                             scenario->days,
                             (double) scenario->num_areas,
                             (double) scenario->num_commuting,
                             (double) scenario->num_schedule,
                             (double) scenario->num_imports,
                             (double) scenario->num_journeys };
    uint64_t     sum = checkpoint_sum(SUM_START, &scenario->parameters, sizeof scenario->parameters);
    sum = sum_of_numbers(sum_of_text(sum, scenario->title), 7, first);
    for (size_t i = 0; i < scenario->num_areas; i++) {
        const double *age_weight = scenario->areas[i].age_weight;
        sum = sum_of_numbers(sum_of_text(sum, scenario->area_names[i]), 1, &scenario->areas[i].persons);
        sum = age_weight == NULL ? sum : sum_of_numbers(sum, TOC_SIMULATION_AGE, age_weight);
    }
    for (size_t i = 0; i < scenario->num_commuting; i++) {
        const struct toc_simulation_commuting *line = &scenario->commuting[i];
        sum = sum_of_numbers(sum, 3, (const double[]){ line->from, line->to, line->share });
    }
    for (size_t i = 0; i < scenario->num_schedule; i++) {
        const struct toc_simulation_schedule *line = &scenario->schedule[i];
        sum = sum_of_numbers(sum, 8,
                             (const double[]){ line->measure, line->area, line->areas, line->from, line->to,
                                               line->strength, line->on_above, line->off_below });
    }
    for (size_t i = 0; i < scenario->num_imports; i++) {
        const struct toc_simulation_import *line = &scenario->imports[i];
        sum =
            sum_of_numbers(sum, 5, (const double[]){ line->day, line->area, line->areas, line->strain, line->persons });
    }
    for (size_t i = 0; i < scenario->num_journeys; i++) {
        const struct toc_simulation_journey *line = &scenario->journeys[i];
        sum = sum_of_numbers(sum, 5, (const double[]){ line->from, line->to, line->leave, line->back, line->share });
    }
    return sum;
}

/* ---- writing ---- */
static int put(void *context, const void *bytes, size_t num)
{
    struct sink *sink = context;
    if (sink == NULL)
        return 0;
    sink_write(sink, bytes, num);
    return sink->failure;
}

int checkpoint_write(const struct checkpoint_key *key, const struct checkpoint *checkpoint, struct sink *sink)
{
    size_t      cells = checkpoint->day * key->cells_a_day;
    struct head head = { .scenario = key->scenario,
                         .seed = key->seed,
                         .cells_a_day = key->cells_a_day,
                         .num_infections = checkpoint->num_infections,
                         .infections = checkpoint->description.infections,
                         .contacts = checkpoint->description.contacts_per_day,
                         .days = key->days,
                         .day = checkpoint->day,
                         .agents = checkpoint->description.agents,
                         .lines = key->lines };
    size_t      infection_bytes = checkpoint->num_infections * sizeof *checkpoint->infections;
    memcpy(head.magic, magic, sizeof magic);
    strncpy(head.version, key->version, sizeof head.version - 1);
    head.sum = checkpoint_sum(sum_of_head(&head), checkpoint->cells, cells * sizeof *checkpoint->cells);
    head.sum = checkpoint_sum(head.sum, checkpoint->infections, infection_bytes);
    if (sink != NULL) {
        put(sink, &head, sizeof head);
        put(sink, checkpoint->cells, cells * sizeof *checkpoint->cells);
        if (infection_bytes > 0)
            put(sink, checkpoint->infections, infection_bytes);
    }
    if (checkpoint->simulation == NULL)
        return 0;
    int ret = toc_simulation_save(checkpoint->simulation, put, sink, NULL);
    return ret == TOC_ERR_NO_MEMORY ? ret : 0; /* any other failure is the sink's */
}

/* ---- reading ---- */
static int get(void *context, void *bytes, size_t num)
{
    return fread(bytes, 1, num, context) != num;
}

/* NULL, or why the run cannot go on from here. */
static const char *check_head(const struct head *head, const struct checkpoint_key *key)
{
    if (memcmp(head->magic, magic, sizeof magic) != 0)
        return "is no checkpoint of a simulation";
    if (strncmp(head->version, key->version, sizeof head->version - 1) != 0)
        return "was written by another version of tocsin; allowed: one of this version";
    if (head->scenario != key->scenario || head->days != key->days)
        return "is of another scenario; allowed: one of this scenario, with the same --days, --from and --agents";
    if (head->seed != key->seed)
        return "is of another seed; files of a folder of checkpoints keep their names";
    if (head->lines != key->lines)
        return "was written with other output; --line-list has to be as it was";
    if (head->cells_a_day != key->cells_a_day || head->day < 1 || head->day > head->days ||
        (head->num_infections > 0 && (head->day < head->days || !key->lines)))
        return "was cut short or damaged";
    return NULL;
}

static bool is_infection(const struct toc_simulation_infection *infection, const struct checkpoint_key *key)
{
    return infection->day <= key->days && infection->onset <= TOC_SIMULATION_LAST_DAY && infection->network <= 3 &&
           infection->strain < TOC_SIMULATION_STRAIN && infection->age < TOC_SIMULATION_AGE &&
           infection->area < key->num_areas && (unsigned) infection->severity <= TOC_SIMULATION_WITH_SEVERE_SYMPTOMS;
}

static uint64_t bytes_left(FILE *file)
{
    off_t here = ftello(file), end = here >= 0 && fseeko(file, 0, SEEK_END) == 0 ? ftello(file) : -1;
    return end >= here && fseeko(file, here, SEEK_SET) == 0 ? (uint64_t) (end - here) : 0;
}

/* Counts and infections, which the file must be long enough for before memory is asked for. */
static int read_counts(FILE *file, const struct head *head, const struct checkpoint_key *key, uint32_t *cells,
                       struct toc_simulation_infection **infections, bool *whole)
{
    size_t   cell_bytes = head->day * key->cells_a_day * sizeof *cells, num = head->num_infections;
    uint64_t left = bytes_left(file), sum = sum_of_head(head);
    *whole =
        left >= cell_bytes && num <= (left - cell_bytes) / sizeof **infections && get(file, cells, cell_bytes) == 0;
    if (!*whole)
        return 0;
    sum = checkpoint_sum(sum, cells, cell_bytes);
    if (num > 0) {
        *infections = memory_array(num, sizeof **infections);
        if (*infections == NULL)
            return TOC_ERR_NO_MEMORY;
        *whole = get(file, *infections, num * sizeof **infections) == 0;
        sum = checkpoint_sum(sum, *infections, num * sizeof **infections);
        for (size_t i = 0; i < num && *whole; i++)
            *whole = is_infection(&(*infections)[i], key);
    }
    *whole = *whole && sum == head->sum;
    return 0;
}

int checkpoint_read(FILE *file, const struct checkpoint_key *key, const struct toc_simulation_setup *setup,
                    const struct toc_simulation_runner *runner, struct checkpoint *checkpoint, const char **fault)
{
    static const char *const         damaged = "was cut short or damaged";
    struct head                      head = { 0 };
    struct toc_simulation_infection *infections = NULL;
    struct toc_simulation           *sim = NULL;
    bool                             whole = false;
    int                              ret = BASE_ERR_INPUT;
    *fault = get(file, &head, sizeof head) != 0 ? "is no checkpoint of a simulation" : check_head(&head, key);
    if (*fault != NULL)
        goto out;
    *fault = damaged;
    ret = read_counts(file, &head, key, checkpoint->cells, &infections, &whole);
    if (ret == 0 && !whole)
        ret = BASE_ERR_INPUT;
    if (ret == 0 && head.day < head.days) {
        ret = toc_simulation_restore(setup, &memory_large_allocator, runner, get, file, &sim, NULL);
        if (ret == 0 && toc_simulation_day(sim) != head.day)
            ret = TOC_ERR_DOMAIN;
        ret = ret == 0 || ret == TOC_ERR_NO_MEMORY ? ret : BASE_ERR_INPUT;
    }
    if (ret == 0 && fgetc(file) != EOF)
        ret = BASE_ERR_INPUT;
    if (ret != 0)
        goto out;
    checkpoint->day = head.day;
    checkpoint->description = (struct toc_simulation_description){ .agents = head.agents,
                                                                   .contacts_per_day = head.contacts,
                                                                   .infections = head.infections };
    checkpoint->simulation = sim;
    checkpoint->infections = infections;
    checkpoint->num_infections = head.num_infections;
    sim = NULL;
    infections = NULL;
out:
    if (ret != 0 && ferror(file))
        ret = BASE_ERR_SYSTEM;
    toc_simulation_free(sim);
    free(infections);
    return ret;
}
