/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One simulation among several members: here threads of one process, each with memory of its own. All must see what one
 * alone sees, on every day, to the bit. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "support/test.h"
#include "tocsin/simulation.h"

enum { AREAS = 3, ROW = TOC_SIMULATION_AGE * TOC_SIMULATION_COLUMNS, DAYS = 70, BREAK = 30, MOST_RANKS = 16 };

/* ---- members that are threads ---- */
struct table {
    pthread_barrier_t barrier;
    const void       *given[MOST_RANKS];
    size_t            num[MOST_RANKS];
    size_t            num_ranks;
};

struct member {
    struct table              *table;
    struct toc_simulation_team team;
    unsigned char             *all;
    size_t                     calls, fail_at; /* 0: never */
};

static int gather(void *context, const void *own, size_t num, const void **all, size_t *num_of)
{
    struct member *member = context;
    struct table  *table = member->table;
    size_t         sum = 0;
    table->given[member->team.rank] = own;
    table->num[member->team.rank] = num;
    pthread_barrier_wait(&table->barrier);
    for (size_t i = 0; i < table->num_ranks; i++)
        sum += table->num[i];
    member->all = realloc(member->all, sum);
    sum = 0;
    for (size_t i = 0; i < table->num_ranks; i++) {
        memcpy(member->all + sum, table->given[i], table->num[i]);
        num_of[i] = table->num[i];
        sum += table->num[i];
    }
    pthread_barrier_wait(&table->barrier);
    *all = member->all;
    return ++member->calls == member->fail_at;
}

/* ---- a run with everything in force ---- */
struct bytes {
    unsigned char *byte;
    size_t         num, room, at;
};

static int put_bytes(void *context, const void *from, size_t num)
{
    struct bytes *bytes = context;
    if (bytes->num + num > bytes->room) {
        bytes->room = 2 * (bytes->num + num);
        bytes->byte = realloc(bytes->byte, bytes->room);
    }
    memcpy(bytes->byte + bytes->num, from, num);
    bytes->num += num;
    return 0;
}

static int get_bytes(void *context, void *to, size_t num)
{
    struct bytes *bytes = context;
    if (num > bytes->num - bytes->at)
        return 1;
    memcpy(to, bytes->byte + bytes->at, num);
    bytes->at += num;
    return 0;
}

/* All that one member saw. */
struct view {
    int          status;
    uint32_t     counts[DAYS][AREAS * ROW];
    struct bytes half_way, end, infections;
};

static int note(void *context, const struct toc_simulation_infection *infection)
{
    return put_bytes(context, infection, sizeof *infection);
}

static void fill_setup(struct toc_simulation_parameters *parameters, struct toc_simulation_schedule *schedule,
                       struct toc_simulation_setup *setup)
{
    static const struct toc_simulation_area areas[] = { { .persons = 9000 }, { .persons = 40 }, { .persons = 12000 } };
    static const struct toc_simulation_commuting commuting[] = { { 0, 2, 0.2 }, { 1, 0, 0.3 }, { 2, 0, 0.1 } };
    static const struct toc_simulation_import    imports[] = { { .day = 10, .area = 2, .strain = 1, .persons = 30 } };
    static const struct toc_simulation_journey   journeys[] = { { 0, 2, 12, 25, 0.3 }, { 2, 0, 20, 40, 0.2 } };
    toc_simulation_parameters_init(parameters);
    parameters->seed_infections = 40;
    parameters->infectious_rate = 15;
    parameters->screening_share = 0.02;
    parameters->immune_days = 25; /* so that strains, waning and vaccines are passed on too */
    parameters->immune_tail_mean = 10;
    parameters->vaccine_days = 20;
    parameters->test_capacity = 300;
    parameters->test_priority_contacts = 12;
    parameters->app_delay = 2;
    parameters->shelter_beds = 500;
    parameters->transport_contacts = 4;
    for (int i = 0; i < TOC_SIMULATION_PAIR; i++)
        parameters->cross_immunity[i] = i % 5 == 0 ? 1 : 0.5;
    for (int i = 0; i < TOC_SIMULATION_MEASURES; i++)
        schedule[i] = (struct toc_simulation_schedule){ .measure = (enum toc_simulation_measure) i,
                                                        .area = i % 4 == 3 ? 2 : TOC_SIMULATION_EVERYWHERE,
                                                        .from = 5 + (uint32_t) i,
                                                        .to = 45,
                                                        .strength = i == TOC_SIMULATION_MEASURE_lockdown ? 0.5 : 1,
                                                        .on_above = i % 5 == 4 ? 50 : -1,
                                                        .off_below = 10,
                                                        .off_after = 3 };
    *setup = (struct toc_simulation_setup){ .parameters = parameters,
                                            .areas = areas,
                                            .num_areas = AREAS,
                                            .commuting = commuting,
                                            .num_commuting = 3,
                                            .schedule = schedule,
                                            .num_schedule = TOC_SIMULATION_MEASURES,
                                            .imports = imports,
                                            .num_imports = 1,
                                            .journeys = journeys,
                                            .num_journeys = 2,
                                            .seed = 77 };
}

/* From a checkpoint where there is one, else from the beginning; changes from outside half way. No assertion in here:
 * it runs in threads. */
static void simulate(const struct toc_simulation_team *team, struct bytes *from, struct view *view)
{
    struct toc_simulation_parameters   parameters;
    struct toc_simulation_schedule     schedule[TOC_SIMULATION_MEASURES];
    struct toc_simulation_setup        setup;
    struct toc_simulation             *sim = NULL;
    const struct toc_simulation_runner runner = { .team = team };
    fill_setup(&parameters, schedule, &setup);
    int ret = from == NULL ? toc_simulation_create(&setup, &test_allocator, &runner, &sim, NULL)
                           : toc_simulation_restore(&setup, &test_allocator, &runner, get_bytes, from, &sim, NULL);
    for (uint32_t day = from == NULL ? 0 : BREAK; ret == 0 && day < DAYS; day++) {
        if (day == BREAK && from == NULL) {
            ret |= toc_simulation_infect(sim, 20000, 0, NULL) | toc_simulation_restrict(sim, 5, 9, NULL) |
                   toc_simulation_restrict(sim, 20500, 9, NULL) | toc_simulation_vaccinate(sim, 12000, NULL) |
                   toc_simulation_import(sim, 0, 2, 40, NULL);
            ret |= toc_simulation_save(sim, put_bytes, &view->half_way, NULL);
        }
        ret = ret != 0 ? ret : toc_simulation_step(sim, NULL);
        if (ret == 0)
            toc_simulation_read(sim, view->counts[day]);
    }
    if (ret == 0)
        ret = toc_simulation_save(sim, put_bytes, &view->end, NULL);
    if (ret == 0)
        ret = toc_simulation_each_infection(sim, 0, DAYS, note, &view->infections);
    view->status = ret;
    toc_simulation_free(sim);
}

struct job {
    struct member member;
    struct bytes  from;
    bool          restored;
    struct view   view;
};

static void *be_member(void *context)
{
    struct job *job = context;
    simulate(&job->member.team, job->restored ? &job->from : NULL, &job->view);
    return NULL;
}

static struct job *simulate_among(uint32_t ranks, const struct bytes *from, size_t fail_at)
{
    struct job  *jobs = calloc(ranks, sizeof *jobs);
    struct table table = { .num_ranks = ranks };
    pthread_t    threads[MOST_RANKS];
    pthread_barrier_init(&table.barrier, NULL, ranks);
    for (uint32_t i = 0; i < ranks; i++) {
        jobs[i].member = (struct member){ .table = &table, .fail_at = fail_at };
        jobs[i].member.team = (struct toc_simulation_team){ i, ranks, gather, &jobs[i].member };
        jobs[i].restored = from != NULL;
        if (from != NULL)
            jobs[i].from = *from;
        assert_int_equal(pthread_create(&threads[i], NULL, be_member, &jobs[i]), 0);
    }
    for (uint32_t i = 0; i < ranks; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&table.barrier);
    return jobs;
}

static void free_view(struct view *view)
{
    free(view->half_way.byte);
    free(view->end.byte);
    free(view->infections.byte);
}

static void free_jobs(struct job *jobs, uint32_t ranks)
{
    for (uint32_t i = 0; i < ranks; i++) {
        free_view(&jobs[i].view);
        free(jobs[i].member.all);
    }
    free(jobs);
}

static void assert_same_bytes(const struct bytes *a, const struct bytes *b)
{
    assert_int_equal(a->num, b->num);
    assert_memory_equal(a->byte, b->byte, a->num);
}

static struct view alone;

static int simulate_alone(void **state)
{
    (void) state;
    simulate(NULL, NULL, &alone);
    return alone.status;
}

static int forget_alone(void **state)
{
    (void) state;
    free_view(&alone);
    return 0;
}

/* ---- tests ---- */
static void test_every_member_sees_what_one_alone_sees(void **state)
{
    (void) state;
    static const uint32_t teams[] = { 1, 2, 3, 4, 13 }; /* the last: more than there are shards */
    assert_true(alone.infections.num / sizeof(struct toc_simulation_infection) > 5000);
    for (size_t k = 0; k < sizeof teams / sizeof *teams; k++) {
        struct job *jobs = simulate_among(teams[k], NULL, 0);
        for (uint32_t i = 0; i < teams[k]; i++) {
            assert_int_equal(jobs[i].view.status, 0);
            assert_memory_equal(jobs[i].view.counts, alone.counts, sizeof alone.counts);
            assert_same_bytes(&jobs[i].view.half_way, &alone.half_way);
            assert_same_bytes(&jobs[i].view.end, &alone.end);
            assert_same_bytes(&jobs[i].view.infections, &alone.infections);
        }
        free_jobs(jobs, teams[k]);
    }
}

/* A checkpoint of one alone goes on among three; as all checkpoints are the same bytes, the other way round too. */
static void test_a_checkpoint_goes_on_among_others(void **state)
{
    (void) state;
    struct job *jobs = simulate_among(3, &alone.half_way, 0);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(jobs[i].view.status, 0);
        assert_memory_equal(jobs[i].view.counts + BREAK, alone.counts + BREAK, sizeof alone.counts[0] * (DAYS - BREAK));
        assert_same_bytes(&jobs[i].view.end, &alone.end);
    }
    free_jobs(jobs, 3);
}

static void test_a_gathering_that_fails_ends_the_simulation(void **state)
{
    (void) state;
    for (size_t fail_at = 1; fail_at <= 9; fail_at += 2) {
        struct job *jobs = simulate_among(2, NULL, fail_at);
        assert_int_equal(jobs[0].view.status, TOC_ERR_NO_MEMORY);
        assert_int_equal(jobs[1].view.status, TOC_ERR_NO_MEMORY);
        free_jobs(jobs, 2);
    }
}

static void test_a_rank_that_is_none(void **state)
{
    (void) state;
    struct toc_simulation_parameters parameters;
    struct toc_simulation           *sim = NULL;
    struct toc_error                 error = { 0 };
    toc_simulation_parameters_init(&parameters);
    const struct toc_simulation_setup  setup = { .parameters = &parameters, .seed = 1 };
    struct toc_simulation_team         team = { .rank = 2, .num_ranks = 2, .gather = gather };
    const struct toc_simulation_runner runner = { .team = &team };
    assert_status(toc_simulation_create(&setup, &test_allocator, &runner, &sim, &error), TOC_ERR_SHAPE);
    assert_string_equal(error.what, "team");
    team = (struct toc_simulation_team){ .rank = 0, .num_ranks = TOC_SIMULATION_MAX_RANKS + 1, .gather = gather };
    assert_status(toc_simulation_create(&setup, &test_allocator, &runner, &sim, &error), TOC_ERR_SHAPE);
    assert_null(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_member_sees_what_one_alone_sees),
        cmocka_unit_test(test_a_checkpoint_goes_on_among_others),
        cmocka_unit_test(test_a_gathering_that_fails_ends_the_simulation),
        cmocka_unit_test(test_a_rank_that_is_none),
    };
    return cmocka_run_group_tests_name("simulation_team", tests, simulate_alone, forget_alone);
}
