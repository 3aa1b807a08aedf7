/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which area an address speaks of. */
#include "response/intake_residence.h"

#include "support/test.h"

enum { COUNTRY, PROVINCE, CITY, COUNTY, SNOW, SNOW_ONE, SNOW_TWIN, SWAN, SWAN_TWIN, OTHER, OTHER_TWIN, NUM };

static const struct {
    int         parent;
    const char *code, *en, *zh, *bo;
} places[NUM] = {
    [COUNTRY] = { -1, "XT", "Land of the Cuckoo", "杜鹃国", "" },
    [PROVINCE] = { COUNTRY, "90", "Upper Cave Province", "上方洞省", "སྟོད་ཕུག་ཞིང་ཆེན" },
    [CITY] = { PROVINCE, "9001", "Clear Lake City", "清湖市", "" },
    [COUNTY] = { CITY, "900101", "Reed County", "芦苇县", "" },
    [SNOW] = { COUNTY, "900101100", "Snow Mountain Township", "雪山镇", "གངས་རི་གྲོང་རྡལ" },
    [SNOW_ONE] = { SNOW, "900101100200", "Swan River Village", "天鹅河村", "" },
    [SNOW_TWIN] = { SNOW, "900101100201", "Stone Village", "石村", "" },
    [SWAN] = { COUNTY, "900101101", "Swan Township", "天鹅镇", "" },
    [SWAN_TWIN] = { SWAN, "900101101200", "Stone Village", "石村", "" },
    [OTHER] = { CITY, "900102", "Willow County", "柳县", "" },
    [OTHER_TWIN] = { OTHER, "900102100", "Stone Village", "石村", "" },
};

static struct area_tree  *tree;
static struct area_names *names;

static struct id id_of(int place)
{
    struct id id = { { 0 } };
    if (place >= 0)
        id = (struct id){ { 7, (uint8_t) (place + 1) } };
    return id;
}

static uint32_t number_of(int place)
{
    struct id id = id_of(place);
    return place < 0 ? AREA_NONE : area_tree_find(tree, &id);
}

static int set_up(void **state)
{
    (void) state;
    struct area_row rows[NUM];
    for (int i = 0; i < NUM; i++)
        rows[i] = (struct area_row){ id_of(i), id_of(places[i].parent) };
    assert_ok(area_tree_build(rows, NUM, &tree, NULL));
    names = area_names_new();
    assert_non_null(names);
    for (int i = 0; i < NUM; i++) {
        const char *texts[] = { places[i].code, places[i].en, places[i].zh, places[i].bo };
        for (int k = 0; k < 4; k++)
            assert_ok(area_names_add(names, texts[k], strlen(texts[k]), k == 0, number_of(i)));
    }
    assert_ok(area_names_ready(names));
    return 0;
}

static int tear_down(void **state)
{
    (void) state;
    area_names_free(names);
    area_tree_free(tree);
    return 0;
}

static struct report_text text(const char *bytes)
{
    return bytes == NULL ? (struct report_text){ NULL, 0 } : (struct report_text){ bytes, strlen(bytes) };
}

static uint32_t look(const struct report_address *address, int feed)
{
    struct report_address copy = *address;
    struct report_subject subject = { .addresses = &copy, .num_addresses = 1 };
    struct arena          arena = ARENA_INIT;
    uint32_t              found = intake_residence(&subject, tree, names, number_of(feed), &arena);
    arena_free(&arena);
    return found;
}

/* A case: street, other, city, county, state; the feed's area; what is found. */
struct spoken {
    const char *street, *other, *city, *county, *state;
    int         feed, found;
};

static void test_addresses_speak_of_areas(void **state)
{
    (void) state;
    static const struct spoken cases[] = {
        /* a county's laboratory need not name the county; case and signs do not count */
        { "12 Long Street", NULL, "Swan River Village", NULL, NULL, COUNTY, SNOW_ONE },
        { "12 Long Street", NULL, "SWAN-RIVER village", NULL, NULL, COUNTY, SNOW_ONE },
        { "12 Long Street, Swan River Village", NULL, "Snow Mountain Township", NULL, NULL, COUNTY, SNOW_ONE },
        /* a number in the street, a word within a street: no village */
        { "12 Swan River Village Street", NULL, NULL, NULL, NULL, COUNTY, -1 },
        /* of several villages with one name that of the township which is named too, else what they lie in */
        { NULL, NULL, "Stone Village", "Swan Township", NULL, COUNTY, SWAN_TWIN },
        { NULL, NULL, "Stone Village", NULL, NULL, SWAN, SWAN_TWIN },
        { NULL, NULL, "Stone Village", NULL, NULL, COUNTY, COUNTY },
        { NULL, NULL, "Stone Village", "Willow County", NULL, COUNTY, OTHER_TWIN },
        /* a far place takes two names */
        { NULL, NULL, "Willow County", NULL, NULL, COUNTY, -1 },
        { NULL, NULL, "Clear Lake City", "Willow County", NULL, COUNTY, OTHER },
        { NULL, NULL, "Swan River Village", NULL, NULL, -1, -1 },
        { NULL, NULL, "Swan River Village", NULL, "Upper Cave Province", -1, SNOW_ONE },
        /* what holds the feed's own area says nothing new */
        { NULL, NULL, "Clear Lake City", NULL, "Upper Cave Province", COUNTY, -1 },
        { NULL, NULL, "Reed County", NULL, NULL, COUNTY, COUNTY },
        /* HL7 v2 has the county's code */
        { NULL, NULL, NULL, "900102", "Upper Cave Province", COUNTY, OTHER },
        { NULL, NULL, "Stone Village", "900102", NULL, COUNTY, OTHER_TWIN },
        /* chains without gaps, with a country before and a street behind; traditional signs and wide letters */
        { "上方洞省清湖市芦苇县雪山镇天鹅河村12号", NULL, NULL, NULL, NULL, -1, SNOW_ONE },
        { "中国上方洞省清湖市柳县石村", NULL, NULL, NULL, NULL, COUNTY, OTHER_TWIN },
        { "雪山镇 石村", NULL, NULL, NULL, NULL, COUNTY, SNOW_TWIN },
        { "天鹅镇", NULL, "上方洞省", NULL, NULL, -1, SWAN },
        { "天鹅镇长街3号", NULL, NULL, NULL, NULL, COUNTY, SWAN },
        { "སྟོད་ཕུག་ཞིང་ཆེན་གངས་རི་གྲོང་རྡལ།", NULL, NULL, NULL, NULL, -1, SNOW },
        /* nothing that is an area */
        { "1 Elsewhere Road", "Flat 3", "Paris", "75", "IDF", COUNTY, -1 },
        { "", "", "", "", "", COUNTY, -1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct spoken  *one = &cases[i];
        struct report_address address = { .street = text(one->street),
                                          .other = text(one->other),
                                          .city = text(one->city),
                                          .county = text(one->county),
                                          .state = text(one->state) };
        uint32_t              found = look(&address, one->feed);
        if (found != number_of(one->found))
            fail_msg("case %zu: found %d, not %d", i, (int) found, (int) number_of(one->found));
    }
}

static void test_a_code_decides(void **state)
{
    (void) state;
    struct report_address address = { .area_code = text("900102100"), .city = text("Swan River Village") };
    assert_int_equal(look(&address, COUNTY), number_of(OTHER_TWIN));
    address.area_code = text("900102999"); /* no area's: what the words say */
    assert_int_equal(look(&address, COUNTY), number_of(SNOW_ONE));
}

static void test_the_home_is_taken_of_several_addresses(void **state)
{
    (void) state;
    struct report_address addresses[] = { { .use = text("B"), .city = text("Swan Township") },
                                          { .use = text("h"), .city = text("Swan River Village") } };
    struct report_subject subject = { .addresses = addresses, .num_addresses = 2 };
    struct arena          arena = ARENA_INIT;
    assert_int_equal(intake_residence(&subject, tree, names, number_of(COUNTY), &arena), number_of(SNOW_ONE));
    subject.num_addresses = 1;
    assert_int_equal(intake_residence(&subject, tree, names, number_of(COUNTY), &arena), number_of(SWAN));
    subject.num_addresses = 0;
    assert_int_equal(intake_residence(&subject, tree, names, number_of(COUNTY), &arena), AREA_NONE);
    arena_free(&arena);
}

/* Whatever bytes stand there: no more than UTF-8 promised, and always an answer. */
static void test_long_addresses_end(void **state)
{
    (void) state;
    static char long_text[100000];
    for (size_t i = 0; i + 6 <= sizeof long_text; i += 6)
        memcpy(long_text + i, i % 12 == 0 ? "石村" : ",,,,,,", 6);
    struct report_address address = { .street = { long_text, sizeof long_text - sizeof long_text % 6 } };
    assert_int_equal(look(&address, COUNTY), number_of(COUNTY));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses_speak_of_areas),
        cmocka_unit_test(test_a_code_decides),
        cmocka_unit_test(test_the_home_is_taken_of_several_addresses),
        cmocka_unit_test(test_long_addresses_end),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
