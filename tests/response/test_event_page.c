/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The form on which anybody reports: what is typed comes back as text and never as markup, what is wrong is named, in
 * three languages. */
#include "response/event_page.h"

#include "response/public_frame.h"
#include "support/test.h"

static struct sink       sink;
static struct fault_list faults;
static struct model_area areas[2];

static int begin(void **state)
{
    (void) state;
    sink_init_memory(&sink);
    faults = (struct fault_list) FAULT_LIST_INIT;
    for (size_t i = 0; i < 2; i++) {
        model_init(model_record(MODEL_AREA), &areas[i]);
        areas[i].head.id.bytes[0] = (uint8_t) (i + 1);
        areas[i].name_en = (struct model_text){ i == 0 ? "Upper <Gate>" : "Gone", i == 0 ? 12 : 4 };
    }
    areas[1].valid_to = 100;
    return 0;
}

static int end(void **state)
{
    (void) state;
    sink_free(&sink);
    fault_list_free(&faults);
    return 0;
}

static const char *text_of_page(void)
{
    sink_character(&sink, '\0');
    assert_int_equal(sink.failure, 0);
    return sink.bytes;
}

static struct event_page page_in(enum model_language language)
{
    return (struct event_page){ .language = language, .areas = areas, .num_areas = 2 };
}

static void test_what_is_typed_is_text(void **state)
{
    (void) state;
    static const char       nasty[] = "</textarea>\"'><script>alert(1)</script>&";
    const struct event_page page = page_in(MODEL_ENGLISH);
    struct event_form       form = { .receipt = "K7QD-2M9X-0TRB" };
    for (size_t i = 0; i < EVENT_FIELDS; i++)
        form.values[i] = nasty;
    event_page_form(&sink, &page, &form, NULL);
    const char *html = text_of_page();
    assert_null(strstr(html, "<script"));
    assert_null(strstr(html, "\"'>"));
    assert_non_null(strstr(html, "&lt;/textarea&gt;"));
    assert_non_null(strstr(html, "Upper &lt;Gate&gt;"));
    assert_null(strstr(html, "Gone")); /* an area that is no more */
    assert_non_null(strstr(html, "value=\"K7QD-2M9X-0TRB\""));
    assert_null(strstr(html, "role=\"alert\""));
}

static void test_a_form_becomes_a_report(void **state)
{
    (void) state;
    struct event_report report = EVENT_REPORT_INIT;
    struct event_form   form = { .receipt = "K7QD-2M9X-0TRB",
                                 .values = { [EVENT_WHAT] = "Dead birds",
                                             [EVENT_AREA] = "01890000-0000-7000-8000-000000000000",
                                             [EVENT_BEGAN] = "2026-11-20",
                                             [EVENT_ILL] = "12",
                                             [EVENT_DIED] = "" } };
    assert_ok(event_form_read(&form, &report, &faults));
    assert_string_equal(report.what, "Dead birds");
    assert_int_equal(report.num_ill, 12);
    assert_int_equal(report.num_died, MODEL_MISSING_INTEGER);
    assert_int_equal(report.num_animals, MODEL_MISSING_INTEGER);
    assert_int_equal(report.event_date, 20777);
    assert_int_equal(report.area.bytes[0], 1);
}

static void test_what_is_wrong_is_named(void **state)
{
    (void) state;
    struct event_report     report = EVENT_REPORT_INIT;
    const struct event_page page = page_in(MODEL_CHINESE);
    struct event_form       form = { .receipt = "K7QD-2M9X-0TRB",
                                     .values = { [EVENT_AREA] = "here",
                                                 [EVENT_BEGAN] = "soon",
                                                 [EVENT_ILL] = "1e3",
                                                 [EVENT_DIED] = "-1",
                                                 [EVENT_ANIMALS] = "1000000001" } };
    assert_int_equal(event_form_read(&form, &report, &faults), BASE_ERR_INPUT);
    assert_int_equal(faults.num_all, 5);
    event_page_form(&sink, &page, &form, &faults);
    const char              *html = text_of_page();
    static const char *const named[] = { "#area", "#event_date", "#num_ill", "#num_died", "#num_animals" };
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        assert_non_null(strstr(html, named[i]));
    assert_null(strstr(html, "#what"));
    assert_non_null(strstr(html, "role=\"alert\""));
}

static void test_every_text_in_every_language(void **state)
{
    (void) state;
    for (size_t i = 0; i < event_page_num_texts; i++)
        for (size_t a = 0; a < MODEL_NUM_LANGUAGES; a++) {
            const char *text = event_page_text(i, (enum model_language) a);
            assert_true(text[0] != '\0');
            for (size_t b = 0; b < a; b++)
                assert_string_not_equal(text, event_page_text(i, (enum model_language) b));
        }
}

static void test_which_language(void **state)
{
    (void) state;
    static const struct {
        const char         *accepted;
        enum model_language language;
    } cases[] = { { NULL, MODEL_ENGLISH },
                  { "", MODEL_ENGLISH },
                  { "bo", MODEL_TIBETAN },
                  { "fr,zh-CN;q=0.9,en;q=0.8", MODEL_CHINESE },
                  { "de-DE, de;q=0.9", MODEL_ENGLISH } };
    enum model_language language = MODEL_ENGLISH;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(public_language_of(cases[i].accepted), cases[i].language);
    assert_true(public_language_find("bo", &language));
    assert_int_equal(language, MODEL_TIBETAN);
    assert_false(public_language_find("b", &language));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_typed_is_text, begin, end),
        cmocka_unit_test_setup_teardown(test_a_form_becomes_a_report, begin, end),
        cmocka_unit_test_setup_teardown(test_what_is_wrong_is_named, begin, end),
        cmocka_unit_test(test_every_text_in_every_language),
        cmocka_unit_test(test_which_language),
    };
    return cmocka_run_group_tests_name("the form for reports of events", tests, NULL, NULL);
}
