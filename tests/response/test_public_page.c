/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The public page: who reads it every day for ten weeks, and subtracts days, levels and sums, finds no count that is
 * left out. It is HTML without script, in each language. */
#include "response/public_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "response/public_frame.h"
#include "store/node.h"
#include "support/property.h"
#include "support/store.h"
#include "support/test.h"

enum { DAYS = 70, BELOW = 10, AREAS = 1 + BELOW, DISEASES = 2, WEEKS = DAYS / 7 + 5, UNKNOWN = -1, UNSEEN = -2 };
#define FIRST_DAY 20001

static const unsigned char lot[PUBLIC_LOT_BYTES] = "a secret that nobody else knows";
static const char *const   diseases[DISEASES] = { "measles", "plague" };

static struct test_store test;
static struct id         places[BELOW];                 /* where cases live: below, or one level further down */
static int64_t           truth[DISEASES][WEEKS][AREAS]; /* as known when each week was published */
static int64_t           seen[DISEASES][WEEKS][AREAS];  /* on the page */
static char              names[AREAS][40];              /* in the order of the page */
static int64_t           late;                          /* cases that came after their week was published */

static struct public_options options_of(void)
{
    return (struct public_options){ .diseases = "measles plague", .area = "", .contact = "12320 <ask>", .lot = lot };
}

/* ---- the county lives on ---- */

static void make_area(size_t i)
{
    struct model_area    area;
    struct store_change  change = { .verb = STORE_CREATE, .record = model_record(MODEL_AREA), .value = &area };
    struct store_request request = { .verb = "create", .set = { &change, 1 } };
    struct access        who = test_program();
    char                 code[20];
    model_init(change.record, &area);
    snprintf(code, sizeof code, "2%05d", (int) i);
    area.head.id = node_new_id(test.now);
    area.code = area.name_en = (struct model_text){ code, strlen(code) };
    area.level = 1;
    area.parent = test.areas[TEST_PROVINCE];
    assert_ok(store_submit(test.store, &who, &request, NULL, NULL));
    places[i] = area.head.id;
}

static toc_date monday_of(toc_date day)
{
    return day - (toc_date) ((day + 3) % 7);
}

static int index_of(toc_date monday)
{
    int index = (int) ((monday - (monday_of(FIRST_DAY) - 21)) / 7);
    assert_true(index >= 0 && index < WEEKS);
    return index;
}

/* A case of the day `today`, received then or some days before. */
static void make_case(struct test_random *random, toc_date today)
{
    struct people_sample sample;
    struct store_change  changes[3];
    struct store_request request = { .verb = "create", .set = { changes, 3 } };
    struct access        who = test_program();
    size_t               disease = (size_t) test_between(random, 0, 1);
    size_t               place = test_between(random, 0, test_between(random, 0, test_between(random, 0, BELOW - 1)));
    toc_date received = today - (toc_date) (test_between(random, 0, 3) == 0 ? test_between(random, 1, 15) : 0);
    bool     counts = test_between(random, 0, 4) > 0;
    test_person_set(&test, &sample, changes);
    sample.illness.disease = (struct model_text){ diseases[disease], strlen(diseases[disease]) };
    sample.illness.classification =
        counts ? (struct model_text){ "confirmed", 9 } : (struct model_text){ "suspected", 9 };
    sample.illness.responsible_area = places[place];
    sample.illness.received_date = received;
    assert_ok(store_submit(test.store, &who, &request, NULL, NULL));
    toc_date monday = monday_of(received);
    if (!counts)
        return;
    if (today > monday + 6 + PUBLIC_RELEASE_DAYS) {
        late++;
        return;
    }
    truth[disease][index_of(monday)][1 + place]++;
    truth[disease][index_of(monday)][0]++;
}

/* ---- what a reader writes down ---- */

static int area_of(const char *name)
{
    for (int i = 0; i < AREAS; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

static void note(size_t disease, toc_date monday, const char *name, int64_t value)
{
    int area = area_of(name);
    if (area < 0)
        return;
    int64_t *cell = &seen[disease][index_of(monday)][area];
    if (*cell != UNSEEN)
        assert_int_equal(*cell, value); /* a number never changes, and none that was hidden is shown later */
    *cell = value;
}

static const char *between(const char *at, const char *before, const char *after, char *text, size_t room)
{
    const char *from = strstr(at, before);
    if (from == NULL)
        return NULL;
    from += strlen(before);
    const char *until = strstr(from, after);
    assert_true(until != NULL && (size_t) (until - from) < room);
    memcpy(text, from, (size_t) (until - from));
    text[until - from] = '\0';
    return until;
}

static void read_section(const char *section, const char *end, size_t disease)
{
    toc_date       mondays[PUBLIC_WEEKS];
    size_t         num = 0;
    char           text[80];
    enum date_form form;
    const char    *at = section;
    for (const char *body = strstr(section, "<tbody>"); body != NULL && body < end; num++) {
        const char *next = between(at, "<th scope=\"col\">2", "</th>", text + 1, sizeof text - 1);
        if (next == NULL || next > body)
            break;
        text[0] = '2';
        assert_ok(date_from_text(text, 10, &mondays[num], &form, NULL));
        at = next;
    }
    while ((at = between(at, "<th scope=\"row\">", "</th>", text, sizeof text)) != NULL && at < end) {
        const char *cell = at;
        for (size_t week = 0; week < num; week++) {
            cell = strstr(cell, "<td") + 3;
            note(disease, mondays[week], text, *cell == '>' ? strtoll(cell + 1, NULL, 10) : UNKNOWN);
        }
    }
}

static const char *page_of(toc_date today, enum model_language language, struct sink *sink)
{
    struct arena          arena = ARENA_INIT;
    struct public_options options = options_of();
    struct public_figures figures;
    assert_ok(public_figures_read(test.reader, &options, today, &arena, &figures));
    sink_init_memory(sink);
    public_page_write(sink, &options, &figures, NULL, language);
    sink_character(sink, '\0');
    arena_free(&arena);
    return sink->bytes;
}

static void read_page(toc_date today)
{
    struct sink sink;
    const char *at = page_of(today, MODEL_ENGLISH, &sink);
    for (size_t disease = 0; disease < DISEASES; disease++) {
        at = strstr(at, "<section>");
        assert_non_null(at);
        const char *end = strstr(at, "</section>");
        read_section(at, end, disease);
        at = end;
    }
    sink_free(&sink);
}

/* ---- the attack ---- */

/* The lowest and the highest value that each count of a table can have: from what is shown, that the areas below make
 * up the whole, and that a count left out beside others that are shown is not 0. */
static void attack(const int64_t cells[AREAS], int64_t lowest[AREAS], int64_t highest[AREAS])
{
    bool any = false;
    for (size_t i = 1; i < AREAS; i++)
        any = any || cells[i] >= 0;
    for (size_t i = 0; i < AREAS; i++) {
        lowest[i] = cells[i] >= 0 ? cells[i] : i > 0 && any ? 1 : 0;
        highest[i] = cells[i] >= 0 ? cells[i] : i == 0 ? 4 : 1000000; /* a whole that is left out is small */
    }
    for (bool changed = true; changed;) {
        int64_t low = 0, high = 0;
        changed = false;
        for (size_t i = 1; i < AREAS; i++) {
            low += lowest[i];
            high += highest[i];
        }
        for (size_t i = 1; i < AREAS; i++) {
            int64_t most = highest[0] - (low - lowest[i]), least = lowest[0] - (high - highest[i]);
            changed = changed || most < highest[i] || least > lowest[i];
            highest[i] = most < highest[i] ? most : highest[i];
            lowest[i] = least > lowest[i] ? least : lowest[i];
        }
    }
}

/* Small counts removed and nothing else, as one would without complementary suppression. */
static size_t found_without_protection(const int64_t counts[AREAS])
{
    int64_t cells[AREAS], lowest[AREAS], highest[AREAS];
    size_t  found = 0;
    for (size_t i = 0; i < AREAS; i++)
        cells[i] = counts[i] >= 1 && counts[i] <= 4 ? UNKNOWN : counts[i];
    attack(cells, lowest, highest);
    for (size_t i = 1; i < AREAS; i++)
        found += cells[i] < 0 && cells[0] >= 0 && lowest[i] == highest[i];
    return found;
}

static void live(struct test_random *random)
{
    for (int day = 0; day < DAYS; day++) {
        test.now = (int64_t) (FIRST_DAY + day) * INSTANT_DAY + INSTANT_DAY / 2;
        for (size_t cases = test_between(random, 0, 16); cases > 0; cases--)
            make_case(random, FIRST_DAY + day);
        read_page(FIRST_DAY + day);
    }
}

static void learn_names(void)
{
    struct arena          arena = ARENA_INIT;
    struct public_options options = options_of();
    struct public_figures figures;
    assert_ok(public_figures_read(test.reader, &options, FIRST_DAY, &arena, &figures));
    for (size_t i = 0; i < figures.num_areas; i++) {
        const struct model_text *name =
            figures.areas[i].name_en.bytes != NULL ? &figures.areas[i].name_en : &figures.areas[i].code;
        int at = id_equal(&figures.areas[i].head.id, &test.areas[TEST_PROVINCE]) ? 0 : -1;
        for (int place = 0; place < BELOW; place++)
            if (id_equal(&figures.areas[i].head.id, &places[place]))
                at = 1 + place;
        if (at >= 0)
            snprintf(names[at], sizeof names[at], "%.*s", (int) name->size, name->bytes);
    }
    for (size_t i = 0; i < AREAS; i++)
        assert_true(names[i][0] != '\0');
    arena_free(&arena);
}

static void test_no_count_is_found(void **state)
{
    (void) state;
    struct test_random random = { .seed = 20261122 };
    size_t             hidden = 0, shown = 0, found = 0, otherwise = 0;
    memset(truth, 0, sizeof truth);
    for (size_t i = 0; i < DISEASES * WEEKS * AREAS; i++)
        (&seen[0][0][0])[i] = UNSEEN;
    for (size_t i = 0; i < BELOW; i++)
        make_area(i);
    learn_names();
    live(&random);
    for (size_t disease = 0; disease < DISEASES; disease++)
        for (size_t week = 0; week < WEEKS; week++) {
            const int64_t *cells = seen[disease][week], *counts = truth[disease][week];
            int64_t        lowest[AREAS], highest[AREAS];
            if (cells[0] == UNSEEN)
                continue;
            attack(cells, lowest, highest);
            for (size_t i = 0; i < AREAS; i++) {
                assert_true(lowest[i] <= counts[i] && counts[i] <= highest[i]); /* the attack is right */
                if (cells[i] >= 0) {
                    assert_int_equal(cells[i], counts[i]);
                    assert_false(counts[i] >= 1 && counts[i] <= 4);
                    shown++;
                    continue;
                }
                hidden++;
                found += lowest[i] == highest[i];
                assert_true(i == 0 || cells[0] < 0 || highest[i] > 4); /* nor that it is small */
            }
            otherwise += found_without_protection(counts);
        }
    print_message("%zu counts shown, %zu left out, %zu found; %zu found where small ones alone are removed\n", shown,
                  hidden, found, otherwise);
    assert_int_equal(found, 0);
    assert_true(hidden > 50 && shown > 50 && late > 5 && otherwise > 0);
}

/* ---- the page ---- */

static void test_the_page_in_each_language(void **state)
{
    (void) state;
    static const char *const tags[] = { "<html lang=\"en\">", "<html lang=\"zh-CN\">", "<html lang=\"bo\">" };
    for (size_t language = 0; language < MODEL_NUM_LANGUAGES; language++) {
        struct sink sink;
        const char *page = page_of(FIRST_DAY + 30, (enum model_language) language, &sink);
        assert_non_null(strstr(page, tags[language]));
        assert_non_null(strstr(page, public_text(0, (enum model_language) language)));
        assert_non_null(strstr(page, "12320 &lt;ask&gt;"));
        assert_null(strstr(page, "<script"));
        assert_null(strstr(page, "%s"));
        sink_free(&sink);
    }
}

static void test_before_the_areas_were_there_no_week_is_shown(void **state)
{
    (void) state;
    struct sink sink;
    const char *page = page_of(FIRST_DAY, MODEL_ENGLISH, &sink);
    assert_non_null(strstr(page, "No week has been published yet."));
    assert_null(strstr(page, "<table>"));
    sink_free(&sink);
}

static size_t places_in(const char *text)
{
    size_t num = 0;
    for (const char *at = strstr(text, "%s"); at != NULL; at = strstr(at + 2, "%s"))
        num++;
    return num;
}

static void check_words(size_t num, const char *(*text_of)(size_t number, enum model_language language))
{
    for (size_t i = 0; i < num; i++) {
        bool bare = text_of(i, MODEL_ENGLISH)[0] == '\0'; /* what is said in Tibetan alone */
        for (size_t language = 0; language < MODEL_NUM_LANGUAGES; language++) {
            const char *text = text_of(i, (enum model_language) language);
            assert_true(text[0] != '\0' || bare);
            assert_int_equal(places_in(text), places_in(text_of(i, MODEL_ENGLISH)));
        }
    }
}

static void test_every_word_in_every_language(void **state)
{
    (void) state;
    check_words(public_num_texts, public_text);
    check_words(public_frame_num_texts, public_frame_text);
}

static void test_the_setting(void **state)
{
    (void) state;
    struct model_lists *lists;
    struct fault_list   faults = FAULT_LIST_INIT;
    assert_ok(model_lists_new(&lists));
    assert_ok(
        model_lists_add_entry(lists, "disease", &(struct model_entry){ .code = "measles", .name = { "Measles" } }));
    assert_ok(public_diseases_check("", lists, &faults));
    assert_ok(public_diseases_check(" measles, measles ", lists, &faults));
    assert_status(public_diseases_check("measels", lists, &faults), BASE_ERR_INPUT);
    assert_ok(public_diseases_check("measles measles measles measles measles measles measles measles", lists, &faults));
    assert_status(public_diseases_check("measles measles measles measles measles measles measles measles measles",
                                        lists, &faults),
                  BASE_ERR_INPUT);
    fault_list_free(&faults);
    model_lists_free(lists);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        { "sqlite: no count is found", test_no_count_is_found, test_store_on_sqlite, test_store_end, &test },
        { "postgresql: no count is found", test_no_count_is_found, test_store_on_postgresql, test_store_end, &test },
        { "the page in each language", test_the_page_in_each_language, test_store_on_sqlite, test_store_end, &test },
        { "no week from before the areas", test_before_the_areas_were_there_no_week_is_shown, test_store_on_sqlite,
          test_store_end, &test },
        cmocka_unit_test(test_every_word_in_every_language),
        cmocka_unit_test(test_the_setting),
    };
    return cmocka_run_group_tests_name("public_page", tests, NULL, NULL);
}
