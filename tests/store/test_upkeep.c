/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets of reference data, new wrapping of keys, retention; on both databases. */
#include <stdio.h>
#include <stdlib.h>

#include "store/area_tree.h"
#include "support/store.h"
#include "support/test.h"

static struct test_store test;

static struct model_text text(const char *bytes)
{
    return (struct model_text){ bytes, strlen(bytes) };
}

enum { VILLAGES = 5001 }; /* one more than a page of reading */

static struct model_area villages[VILLAGES];
static char              codes[VILLAGES][16];

static void make_villages(void)
{
    for (size_t i = 0; i < VILLAGES; i++) {
        snprintf(codes[i], sizeof codes[i], "100103%05zu", i);
        model_init(model_record(MODEL_AREA), &villages[i]);
        villages[i].head.id = (struct id){ { 2, (uint8_t) (i >> 8), (uint8_t) i } };
        villages[i].code = text(codes[i]);
        villages[i].level = 3;
        villages[i].parent = test.areas[TEST_WEST];
        villages[i].name_zh = text("鹤桥村");
    }
}

static struct model_reference_set edition(uint8_t number)
{
    struct model_reference_set set;
    model_init(model_record(MODEL_REFERENCE_SET), &set);
    set.head.id = (struct id){ { 3, number } };
    set.kind = text("areas");
    set.name = text("villages");
    set.edition = text(number == 1 ? "1" : "2");
    set.digest = (struct model_text){ "0123456789abcdef0123456789abcdef", 32 };
    set.num_rows = VILLAGES;
    set.loaded = test.now;
    return set;
}

static int load(struct model_reference_set *set, struct store_loaded *loaded, struct fault_list *faults)
{
    struct access     who = test_program();
    struct store_load what = { .record = model_record(MODEL_AREA), .rows = villages, .num_rows = VILLAGES, .set = set };
    return store_load_set(test.store, &who, &what, loaded, faults);
}

static void test_a_set_is_loaded_and_replaced_by_its_difference(void **state)
{
    (void) state;
    struct model_reference_set first = edition(1), second = edition(2);
    struct store_loaded        loaded;
    struct fault_list          faults = FAULT_LIST_INIT;
    struct access              who = test_program();
    struct people_sample       sample;
    make_villages();
    int ret = load(&first, &loaded, &faults);
    fault_list_write(&faults, stderr);
    assert_int_equal(ret, 0);
    assert_int_equal(loaded.created, VILLAGES);
    const struct area_tree *areas = store_hold_areas(test.store);
    assert_int_equal(area_tree_count(areas), TEST_NUM_AREAS + VILLAGES);
    store_release_areas(test.store, areas);
    assert_ok(store_load_words(test.store, &who, model_record(MODEL_AREA)));
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM search_term WHERE term = '鹤桥'"), VILLAGES);
    assert_ok(store_load_words(test.store, &who, model_record(MODEL_AREA))); /* again: the same */
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM search_term WHERE term = '鹤桥'"), VILLAGES);

    test.now += INSTANT_DAY;
    villages[VILLAGES - 1].name_zh = text("松谷村");
    villages[7].valid_to = 20001;
    assert_ok(load(&second, &loaded, &faults));
    assert_int_equal(loaded.created, 0);
    assert_int_equal(loaded.changed, 2);
    assert_int_equal(loaded.same, VILLAGES - 2);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM history WHERE record = 'area'"), 2);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM reference_set"), 2);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit WHERE verb = 'load set'"), 2);
    struct model_reference_set third = edition(3);
    assert_ok(load(&third, &loaded, &faults)); /* nothing new: nothing is written */
    assert_int_equal(loaded.created + loaded.changed, 0);
    assert_int_equal(loaded.same, VILLAGES);
    assert_int_equal(loaded.event, 0);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM reference_set"), 2);
    test.places[0].area = test.places[1].area = test.places[2].area = villages[9].head.id;
    assert_ok(test_person_create(&test, &sample)); /* somebody lives there now */
}

static void test_a_set_at_fault_leaves_nothing(void **state)
{
    (void) state;
    struct model_reference_set set = edition(1);
    struct store_loaded        loaded;
    struct fault_list          faults = FAULT_LIST_INIT;
    make_villages();
    villages[11].parent = villages[11].head.id; /* a circle */
    assert_status(load(&set, &loaded, &faults), BASE_ERR_INPUT);
    assert_int_equal(faults.num_all, 1);
    fault_list_free(&faults);
    make_villages();
    villages[12].head.id = villages[11].head.id;
    assert_status(load(&set, &loaded, &faults), BASE_ERR_INPUT);
    fault_list_free(&faults);
    make_villages();
    villages[12].code = villages[11].code;
    assert_int_not_equal(load(&set, &loaded, &faults), 0);
    fault_list_free(&faults);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM area"), TEST_NUM_AREAS);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM reference_set"), 0);
    make_villages();
    assert_ok(load(&set, &loaded, NULL));
}

static void test_keys_are_wrapped_anew(void **state)
{
    (void) state;
    enum { PERSONS = 5 };
    struct people_sample samples[PERSONS];
    struct access        who = test_program();
    struct arena         arena = ARENA_INIT;
    int64_t              rewrapped, failed;
    for (size_t i = 0; i < PERSONS; i++)
        assert_ok(test_person_create(&test, &samples[i]));
    uint32_t generation;
    assert_ok(keeper_new_generation(test.keeper, KEEPER_WRAP, test.now, &generation, NULL));
    assert_ok(store_rewrap(test.store, NULL, NULL, &rewrapped, &failed));
    assert_int_equal(rewrapped, PERSONS);
    assert_int_equal(failed, 0);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM person_key WHERE generation = 2"), PERSONS);
    assert_ok(keeper_destroy(test.keeper, KEEPER_WRAP, 1, test.now, true, NULL));
    for (size_t i = 0; i < PERSONS; i++) {
        struct model_identity identity;
        struct model_set      visible;
        assert_ok(store_read(test.reader, &who, model_record(MODEL_IDENTITY), &samples[i].identity.head.id, STORE_NOW,
                             &arena, &identity, &visible));
        assert_int_equal(identity.name.size, samples[i].identity.name.size);
    }
    arena_wipe(&arena);
}

static void test_what_is_over_goes(void **state)
{
    (void) state;
    struct access       who = test_program();
    struct store_change change = { .verb = STORE_CREATE, .record = model_record(MODEL_MESSAGE_RAW) };
    int64_t             removed;
    for (int i = 0; i < 3; i++) {
        struct model_message_raw raw;
        model_init(model_record(MODEL_MESSAGE_RAW), &raw);
        raw.head.id = (struct id){ { 4, (uint8_t) i } };
        raw.area = test.areas[TEST_COUNTY];
        raw.received = (20000 - 40 + 10 * i) * INSTANT_DAY; /* 40, 30 and 20 days ago; they are kept for 30 */
        raw.bytes = text("MSH|^~\\&|");
        change.value = &raw;
        struct store_request request = { .verb = "receive", .set = { &change, 1 } };
        struct fault_list    faults = FAULT_LIST_INIT;
        int                  ret = store_submit(test.store, &who, &request, NULL, &faults);
        fault_list_write(&faults, stderr);
        assert_int_equal(ret, 0);
    }
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM person_key"), 3);
    assert_ok(store_retain(test.store, 20000, &removed));
    assert_int_equal(removed, 1);
    assert_ok(store_retain(test.store, 20001, &removed));
    assert_int_equal(removed, 1);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM message_raw"), 1);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM person_key"), 1);
    assert_int_equal(test_store_number(&test, "SELECT count(*) FROM audit WHERE verb = 'retention'"), 2);
}

#define PROMISES(on)                                                                                                   \
    on(test_a_set_is_loaded_and_replaced_by_its_difference) on(test_a_set_at_fault_leaves_nothing)                     \
        on(test_keys_are_wrapped_anew) on(test_what_is_over_goes)
#define ON_SQLITE(name) { "sqlite: " #name, name, test_store_on_sqlite, test_store_end, &test },
#define ON_POSTGRESQL(name) { "postgresql: " #name, name, test_store_on_postgresql, test_store_end, &test },

int main(void)
{
    const struct CMUnitTest both[] = { PROMISES(ON_SQLITE) PROMISES(ON_POSTGRESQL) };
    size_t                  num = sizeof both / sizeof *both;
    return _cmocka_run_group_tests("upkeep", both, test_postgresql_installed() ? num : num / 2, NULL, NULL);
}
