/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tests of contacts and of their contacts in turn, tests with priority, an app that tells later: what
 * OpenABM-Covid19's tests of recursive and priority testing ask, of this model. Shelter hospitals for those found. */
#include <math.h>
#include <string.h>

#include "lib/simulation_run.h"

/* Tests find every infection at once and no other; whoever is asked to stay does, to the end. */
static void be_certain(void)
{
    parameters.infectious_rate = 0;
    parameters.test_sensitivity = parameters.test_specificity = 1;
    parameters.test_first_day = 0;
    parameters.test_last_day = 400;
    parameters.isolation_share = 1;
    parameters.isolation_dropout = parameters.positive_dropout = parameters.traced_positive_dropout = 0;
    parameters.traced_positive_compliance = 1;
    parameters.onset_mean = 1;
    parameters.onset_sd = 0;
    parameters.tracers = parameters.tracer_interviews = parameters.tracer_notifications = 1000;
    all_ages(parameters.asymptomatic, 0);
    all_ages(parameters.mild, 1);
}

/* Who is infected, and who of them has symptoms. */
static int note_severity(void *context, const struct toc_simulation_infection *infection)
{
    uint8_t *severity = context;
    severity[infection->agent] = infection->severity == TOC_SIMULATION_WITHOUT_SYMPTOMS ? 1 : 2;
    return 0;
}

/* Of the households where somebody has symptoms all who are infected are found, not those with symptoms alone. */
static void test_contacts_of_cases_are_tested(void **state)
{
    (void) state;
    for (int tested = 0; tested < 2; tested++) {
        static uint8_t severity[AGENTS];
        double         expected = 0;
        set_up(NULL);
        be_certain();
        parameters.seed_infections = 8000;
        all_ages(parameters.asymptomatic, 0.5);
        all_ages(parameters.mild, 0.5);
        parameters.tracer_recall[1] = parameters.tracer_recall[2] = 0;
        enforce(MEASURE(isolation), 1);
        enforce(MEASURE(testing), 1);
        enforce(MEASURE(tracers), 1);
        if (tested)
            enforce(MEASURE(contact_testing), 1);
        struct toc_simulation *sim = create(5);
        memset(severity, 0, sizeof severity);
        toc_simulation_each_infection(sim, 0, 0, note_severity, severity);
        for (uint32_t i = 0; i < AGENTS; i++) {
            struct toc_simulation_agent agent = look_at(sim, i);
            bool                        ill = false;
            for (uint32_t k = 0; k < agent.household_size; k++)
                ill = ill || severity[agent.household + k] == 2;
            expected += severity[i] == 2 || (tested && ill && severity[i] == 1);
        }
        assert_close(run(sim, 30, COLUMN(positives)), expected, 0, 0);
        toc_simulation_free(sim);
    }
}

/* Children alone have symptoms. A worker who lives alone meets none of them; a colleague, whose child is a case, is
 * found by a test and traced in turn. */
static double lonely_workers_traced(bool tested)
{
    static uint8_t traced[AGENTS];
    double         sum = 0;
    set_up(NULL);
    be_certain();
    parameters.seed_infections = AGENTS;
    for (int age = 1; age < AGES; age++) {
        parameters.asymptomatic[age] = 1;
        parameters.mild[age] = 0;
    }
    parameters.tracer_recall[2] = 0;
    enforce(MEASURE(isolation), 1);
    enforce(MEASURE(testing), 1);
    enforce(MEASURE(tracers), 1);
    if (tested)
        enforce(MEASURE(contact_testing), 1);
    struct toc_simulation *sim = create(6);
    memset(traced, 0, sizeof traced);
    for (int day = 0; day < 15; day++) {
        assert_ok(toc_simulation_step(sim, NULL));
        for (uint32_t i = 0; i < AGENTS; i++)
            traced[i] = traced[i] || look_at(sim, i).restricted_until > 0;
    }
    for (uint32_t i = 0; i < AGENTS; i++) {
        struct toc_simulation_agent agent = look_at(sim, i);
        sum += traced[i] && agent.household_size == 1 && agent.ring == 2;
    }
    toc_simulation_free(sim);
    return sum;
}

static void test_those_found_are_traced_in_turn(void **state)
{
    (void) state;
    assert_close(lonely_workers_traced(false), 0, 0, 0);
    assert_true(lonely_workers_traced(true) > 500);
}

/* Members of a positive case's household are tested on the next day; a negative result does not end their stay. */
static void test_a_negative_contact_stays(void **state)
{
    (void) state;
    be_certain();
    parameters.seed_infections = 500;
    enforce(MEASURE(isolation), 1);
    enforce(MEASURE(testing), 1);
    enforce(MEASURE(household_on_positive), 1);
    enforce(MEASURE(contact_testing), 1);
    struct toc_simulation *sim = create(7);
    double                 members = 0;
    for (uint32_t i = 0; i < AGENTS; i++) {
        struct toc_simulation_agent agent = look_at(sim, i);
        bool                        ill = false;
        for (uint32_t k = 0; k < agent.household_size; k++)
            ill = ill || look_at(sim, agent.household + k).infected == 0;
        members += ill && agent.infected != 0;
    }
    /* symptoms on day 1, specimens 2, results 3; specimens of the household 4, their results 5 */
    assert_close(run(sim, 3, COLUMN(specimens)), 500, 0, 0);
    assert_close(run(sim, 1, COLUMN(specimens)), members, 0, 0);
    assert_close(run(sim, 4, COLUMN(specimens)), 0, 0, 0);
    double staying = 0;
    for (uint32_t i = 0; i < AGENTS; i++)
        staying += look_at(sim, i).infected != 0 && look_at(sim, i).restricted_until == 3 + 14;
    assert_true(members > 300);
    assert_close(staying, members, 0, 0);
    toc_simulation_free(sim);
}

/* Households of four and more have more than two and a half contacts where there are no others. */
static void test_many_contacts_give_priority(void **state)
{
    (void) state;
    be_certain();
    parameters.seed_infections = 3000;
    all_ages(parameters.random_contacts, 0);
    for (int ring = 0; ring < TOC_SIMULATION_RING; ring++)
        parameters.ring_contacts[ring] = 0;
    parameters.test_order_days = parameters.test_result_days = 2;
    parameters.test_priority_contacts = 2.5;
    parameters.test_priority_order_days = 0;
    parameters.test_priority_result_days = 1;
    enforce(MEASURE(isolation), 1);
    enforce(MEASURE(testing), 1);
    struct toc_simulation *sim = create(8);
    double                 first = 0, others = 0;
    run(sim, 6, COLUMN(specimens));
    for (uint32_t i = 0; i < AGENTS; i++) {
        struct toc_simulation_agent agent = look_at(sim, i);
        if (agent.infected != 0)
            continue;
        bool priority = agent.household_size > 3;
        /* fourteen days from the result: of day 1 + 0 + 1, or 1 + 2 + 2 */
        assert_int_equal(agent.restricted_until, priority ? 2 + 14 : 5 + 14);
        first += priority;
        others += !priority;
    }
    assert_true(first > 500 && others > 500);
    toc_simulation_free(sim);
}

/* The app tells contacts after its delay, and as long after a negative result that they need not stay. */
static void test_the_app_tells_later(void **state)
{
    (void) state;
    for (int delay = 0; delay < 4; delay += 3) {
        double days[2];
        set_up(NULL);
        be_certain();
        parameters.seed_infections = 500;
        parameters.app_delay = delay;
        parameters.traced_symptoms_compliance = 1;
        all_ages(parameters.app_share, 1);
        enforce(MEASURE(isolation), 1);
        enforce(MEASURE(app_on_symptoms), 1);
        struct toc_simulation *sim = create(9);
        assert_close(run(sim, delay, COLUMN(traced)), 0, 0, 0);
        assert_true(run(sim, 1, COLUMN(traced)) > 1000);
        assert_close(run(sim, 8, COLUMN(traced)), 0, 0, 0);
        toc_simulation_free(sim);
        parameters.seed_infections = 0;
        parameters.other_symptoms = 0.0001;
        enforce(MEASURE(testing), 1);
        for (int release = 0; release < 2; release++) {
            parameters.test_release = release;
            sim = create(9);
            days[release] = run(sim, 40, COLUMN(restricted));
            toc_simulation_free(sim);
        }
        /* released after 2 days, or 14 from the last contact, less those who give it up */
        assert_true(days[0] > 10000);
        assert_true(days[1] / days[0] < 0.4);
    }
}

/* Ten in a tube; those of a positive tube are tested again singly. */
static void test_pools(void **state)
{
    (void) state;
    double tubes[2];
    for (int seeds = 0; seeds < 2; seeds++) {
        set_up(NULL);
        be_certain();
        parameters.seed_infections = 20.0 * seeds;
        all_ages(parameters.asymptomatic, 1);
        all_ages(parameters.mild, 0);
        parameters.screening_share = 0.25;
        parameters.screening_attendance = 1;
        enforce(MEASURE(screening), 1);
        struct toc_simulation *sim = create(11);
        double                 tested = 0, found = 0;
        tubes[seeds] = 0;
        for (int day = 1; day <= 5; day++) { /* four days are a round; the results come a day later */
            assert_ok(toc_simulation_step(sim, NULL));
            tested += day < 5 ? total(sim, COLUMN(specimens)) : 0;
            tubes[seeds] += day < 5 ? total(sim, COLUMN(tubes)) : 0;
            found += total(sim, COLUMN(positives));
        }
        assert_close(tested, AGENTS, 0, 0);
        assert_close(found, 20.0 * seeds, 0, 0);
        toc_simulation_free(sim);
    }
    assert_close(tubes[0], AGENTS / 10.0, 0, 4 * 64); /* the last tube of each part of the population is not full */
    assert_close(tubes[1] - tubes[0], 200, 0, 10);
}

/* A mistake of the tube and one of the single test make a case, or two tests that find the infection. */
static void test_a_positive_tube_is_no_case(void **state)
{
    (void) state;
    be_certain();
    parameters.seed_infections = 1000;
    parameters.test_sensitivity = 0.7;
    parameters.test_specificity = 0.97;
    all_ages(parameters.asymptomatic, 1);
    all_ages(parameters.mild, 0);
    parameters.screening_share = parameters.screening_attendance = 1;
    enforce(MEASURE(screening), 1);
    struct toc_simulation *sim = create(12);
    run(sim, 2, COLUMN(positives));
    double infected = 0, found = 0;
    for (uint32_t i = 0; i < AGENTS; i++) {
        bool restricted = look_at(sim, i).restricted_until > 0;
        infected += restricted && look_at(sim, i).infected == 0;
        found += restricted;
    }
    assert_close(total(sim, COLUMN(positives)), found, 0, 0);
    /* a tube with one infected is positive in 0.7 + 0.3 x 0.03 of all tubes, in more with others; then once more 0.7 */
    assert_close(infected / 1000, (0.7 + 0.3 * (0.03 + 9 * 0.7 / 40)) * 0.7, 0, 4 * sqrt(0.25 / 1000));
    /* of the others in a tube that is positive for an infected one or by mistake, 0.03 */
    double positive = 0.03 + 0.97 * (1 - pow(1 - 0.7 / 40, 9));
    assert_close(found - infected, (AGENTS - 1000) * positive * 0.03, 0, 4 * sqrt(AGENTS * positive * 0.03));
    toc_simulation_free(sim);
}

/* Specimens on the day of the symptoms, also of those who are ill of something else. */
static void test_tests_without_delay(void **state)
{
    (void) state;
    be_certain();
    parameters.seed_infections = 100;
    parameters.other_symptoms = 0.01;
    parameters.test_order_days = parameters.test_result_days = 0;
    parameters.test_release = 0;
    enforce(MEASURE(isolation), 1);
    enforce(MEASURE(testing), 1);
    struct toc_simulation *sim = create(10);
    for (int day = 1; day < 80; day++) {
        assert_ok(toc_simulation_step(sim, NULL));
        if (day == 1)
            assert_close(total(sim, COLUMN(specimens)), total(sim, COLUMN(restricted)), 0, 0);
        assert_close(total(sim, COLUMN(specimens)), day == 1 ? 500 : 400, 0, 100);
    }
    toc_simulation_free(sim);
}

/* Two thousand have symptoms on day 1 and a result on day 3; beds for all of them, or for four hundred. */
static void test_shelters_and_their_beds(void **state)
{
    (void) state;
    for (int few = 0; few < 2; few++) {
        set_up(NULL);
        be_certain();
        parameters.seed_infections = 2000;
        parameters.shelter_beds = few ? 1000 : 1e5;
        enforce(MEASURE(isolation), 1);
        enforce(MEASURE(testing), 1);
        enforce(MEASURE(shelters), 1);
        struct toc_simulation *sim = create(5);
        assert_close(run(sim, 2, COLUMN(sheltered)), 0, 0, 0);
        for (int day = 3; day < 17; day++) {
            double now = run(sim, 1, COLUMN(sheltered));
            assert_close(now, few ? 400 : 2000, 0, 0);
            assert_close(total(sim, COLUMN(restricted)), 2000, 0, 0);
        }
        assert_close(run(sim, 1, COLUMN(sheltered)), 0, 0, 0); /* positive_days after the result */
        toc_simulation_free(sim);
    }
}

struct infectors {
    const struct toc_simulation *sim;
    double                       late; /* infections from day 4 on by those who were infected at first */
};

static int note_infector(void *context, const struct toc_simulation_infection *infection)
{
    struct infectors *found = context;
    if (infection->day > 3 && infection->infector != TOC_SIMULATION_NOBODY)
        found->late += look_at(found->sim, infection->infector).infected == 0;
    return 0;
}

/* Households are the only place to be infected: isolation at home does not keep them, a shelter does. */
static void test_shelters_keep_households_well(void **state)
{
    (void) state;
    for (int sheltered = 0; sheltered < 2; sheltered++) {
        set_up(NULL);
        be_certain();
        parameters.infectious_rate = 5;
        parameters.network_weight[1] = parameters.network_weight[2] = 0;
        parameters.seed_infections = 2000;
        parameters.shelter_beds = 1e5;
        enforce(MEASURE(isolation), 1);
        enforce(MEASURE(testing), 1);
        if (sheltered)
            enforce(MEASURE(shelters), 1);
        struct toc_simulation *sim = create(5);
        struct infectors       found = { .sim = sim };
        run(sim, 16, COLUMN(infections));
        toc_simulation_each_infection(sim, 1, 16, note_infector, &found);
        assert_true(sheltered ? found.late <= 0 : found.late > 300);
        toc_simulation_free(sim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_contacts_of_cases_are_tested, set_up),
        cmocka_unit_test_setup(test_those_found_are_traced_in_turn, set_up),
        cmocka_unit_test_setup(test_a_negative_contact_stays, set_up),
        cmocka_unit_test_setup(test_many_contacts_give_priority, set_up),
        cmocka_unit_test_setup(test_the_app_tells_later, set_up),
        cmocka_unit_test_setup(test_pools, set_up),
        cmocka_unit_test_setup(test_a_positive_tube_is_no_case, set_up),
        cmocka_unit_test_setup(test_tests_without_delay, set_up),
        cmocka_unit_test_setup(test_shelters_and_their_beds, set_up),
        cmocka_unit_test_setup(test_shelters_keep_households_well, set_up),
    };
    return cmocka_run_group_tests_name("simulation_tracing", tests, NULL, NULL);
}
