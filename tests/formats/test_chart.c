/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <math.h>

#include "formats/chart.h"
#include "formats/chart_axis.h"
#include "support/test.h"

#define WEEKS 60

static toc_date date[WEEKS];
static double   observed[WEEKS], threshold[WEEKS], high[WEEKS];
static uint8_t  where[WEEKS];

static int make_weeks(void **state)
{
    (void) state;
    for (int i = 0; i < WEEKS; i++) {
        date[i] = toc_date_from_iso_week((struct toc_iso_week){ 2023, 1 }) + 7 * i;
        observed[i] = i % 7;
        threshold[i] = 8;
        high[i] = 9;
        where[i] = i % 10 == 0;
    }
    observed[3] = NAN;
    threshold[5] = INFINITY;
    return 0;
}

static char *draw(const struct chart_panel *panels, size_t num, struct sink *sink)
{
    struct chart chart = { .title = "A <title> & more",
                           .note = "a note",
                           .step = DATE_STEP_WEEK,
                           .form = DATE_FORM_WEEK,
                           .panels = panels,
                           .num_panels = num };
    sink_init_memory(sink);
    chart_write(&chart, sink);
    sink_character(sink, '\0');
    assert_int_equal(sink->failure, 0);
    return sink->bytes;
}

static size_t count(const char *text, const char *word)
{
    size_t num = 0;
    for (; (text = strstr(text, word)) != NULL; text++)
        num++;
    return num;
}

/* All shapes in one panel; no number that SVG does not know; every meaning once in the legend. */
static void test_every_shape(void **state)
{
    (void) state;
    const struct chart_layer layers[] = {
        { CHART_HATCH, CHART_GREY, "hatched", .where = where },
        { CHART_SHADE, CHART_YELLOW, "shaded", .where = where },
        { CHART_RIBBON, CHART_SKY, "ribbon", .y = threshold, .high = high },
        { CHART_BARS, CHART_GREY, "bars", .y = observed },
        { CHART_LINE, CHART_BLUE, "line", .y = threshold },
        { CHART_DASHES, CHART_GREEN, "dashes", .y = threshold, .where = where },
        { CHART_STEPS, CHART_BLUE, "steps", .y = threshold },
        { CHART_LEVEL, CHART_BLACK, "level", .level = 1 },
        { CHART_TRIANGLE, CHART_RED, "triangle", .y = observed, .where = where },
        { CHART_CROSS, CHART_BLACK, "cross", .where = where },
        { CHART_DIAMOND, CHART_PURPLE, "diamond", .where = where },
    };
    const struct chart_panel panels[] = {
        { .title = "one", .date = date, .n = WEEKS, .layers = layers, .num_layers = 11 },
        { .title = "two", .date = date, .n = WEEKS, .layers = layers, .num_layers = 11 },
    };
    struct sink sink;
    const char *svg = draw(panels, 2, &sink);
    assert_null(strstr(svg, "nan"));
    assert_null(strstr(svg, "inf"));
    for (size_t i = 0; i < 11; i++)
        assert_int_equal(count(svg, layers[i].label), strcmp(layers[i].label, "line") == 0     ? count(svg, "line")
                                                      : strcmp(layers[i].label, "level") == 0  ? count(svg, "level")
                                                      : strcmp(layers[i].label, "dashes") == 0 ? count(svg, "dashes")
                                                                                               : 1);
    assert_int_equal(count(svg, ">line</text>"), 1);
    sink_free(&sink);
}

static void test_texts_are_escaped(void **state)
{
    (void) state;
    const struct chart_panel panel = { .title = "<script>\x01\xff & \"老城\"", .date = date, .n = WEEKS };
    struct sink              sink;
    const char              *svg = draw(&panel, 1, &sink);
    assert_null(strstr(svg, "<script>"));
    assert_non_null(strstr(svg, "&lt;script&gt;"));
    assert_non_null(strstr(svg, "&amp; &quot;老城&quot;"));
    assert_non_null(strstr(svg, "A &lt;title&gt; &amp; more"));
    for (const char *c = svg; *c != '\0'; c++)
        assert_true((unsigned char) *c >= 0x20 || *c == '\n');
    assert_null(strchr(svg, '\xff'));
    sink_free(&sink);
}

/* One wild threshold must not flatten the counts. */
static void test_a_wild_line_is_cut(void **state)
{
    (void) state;
    double                   wild[WEEKS];
    const struct chart_layer layers[] = { { CHART_BARS, CHART_GREY, "bars", .y = observed },
                                          { CHART_LINE, CHART_BLUE, "line", .y = wild } };
    const struct chart_panel panel = { .title = "", .date = date, .n = WEEKS, .layers = layers, .num_layers = 2 };
    struct sink              sink;
    for (int i = 0; i < WEEKS; i++)
        wild[i] = i == 7 ? 1e12 : 5;
    const char *svg = draw(&panel, 1, &sink);
    assert_non_null(strstr(svg, ">15</text>")); /* 2.5 times the largest bar, 6 */
    assert_null(strstr(svg, ">20</text>"));
    sink_free(&sink);
}

static void test_a_fan_is_not_cut(void **state)
{
    (void) state;
    double                   wild[WEEKS];
    const struct chart_layer layers[] = { { CHART_LINE, CHART_BLUE, "line", .y = observed },
                                          { CHART_RIBBON, CHART_SKY, "ribbon", .y = observed, .high = wild } };
    const struct chart_panel panel = { .title = "", .date = date, .n = WEEKS, .layers = layers, .num_layers = 2 };
    struct chart             chart = { .title = "t", .whole = true, .panels = &panel, .num_panels = 1 };
    struct sink              sink;
    for (int i = 0; i < WEEKS; i++)
        wild[i] = i == 7 ? 1000 : 5;
    sink_init_memory(&sink);
    chart_write(&chart, &sink);
    sink_character(&sink, '\0');
    assert_non_null(strstr(sink.bytes, ">1000</text>"));
    sink_free(&sink);
}

static void test_nothing_to_draw(void **state)
{
    (void) state;
    const struct chart_layer layers[] = { { CHART_BARS, CHART_GREY, "bars", .y = threshold, .where = where } };
    const struct chart_panel empty = { .title = "nothing", .date = date, .n = 0, .layers = layers, .num_layers = 1 };
    const struct chart_panel one = { .title = "one", .date = date, .n = 1, .layers = layers, .num_layers = 1 };
    struct sink              sink;
    draw(&empty, 1, &sink);
    sink_free(&sink);
    draw(&one, 1, &sink);
    sink_free(&sink);
    draw(NULL, 0, &sink);
    sink_free(&sink);
}

/* From a day to the whole calendar: some ticks, never more than fit, ascending and inside. */
/* The head and the first column are set apart; what is over the limits is not drawn. */
static void test_a_table(void **state)
{
    (void) state;
    const char        *cells[(CHART_TABLE_ROWS + 1) * 2] = { "statistic", "median", "deaths", "1 < 2" };
    struct chart_table table = { cells, 2, 2 };
    struct chart       chart = { .title = "t", .table = &table };
    struct sink        sink;
    for (size_t i = 4; i < sizeof cells / sizeof *cells; i++)
        cells[i] = "x";
    sink_init_memory(&sink);
    chart_write(&chart, &sink);
    sink_character(&sink, '\0');
    assert_non_null(strstr(sink.bytes, "class=\"name\">statistic</text>"));
    assert_non_null(strstr(sink.bytes, "class=\"name\" text-anchor=\"end\">median</text>"));
    assert_non_null(strstr(sink.bytes, "class=\"key\">deaths</text>"));
    assert_non_null(strstr(sink.bytes, "text-anchor=\"end\">1 &lt; 2</text>"));
    sink_free(&sink);
    table.rows = CHART_TABLE_ROWS + 1;
    sink_init_memory(&sink);
    chart_write(&chart, &sink);
    sink_character(&sink, '\0');
    assert_int_equal(count(sink.bytes, ">x</text>"), 2 * (CHART_TABLE_ROWS - 2));
    sink_free(&sink);
}

static void test_date_ticks(void **state)
{
    (void) state;
    struct chart_tick ticks[CHART_MAX_TICKS];
    const toc_date    first = 19724; /* 2024-01-02 */
    for (int form = DATE_FORM_DAY; form <= DATE_FORM_MONTH; form++)
        for (double days = 1; days < 2e6; days = days * 1.3 + 1)
            for (double pixels = 250; pixels < 1000; pixels += 370) {
                size_t num = chart_date_ticks(first, first + (toc_date) days - 1, pixels, (enum date_form) form, ticks);
                assert_true((double) num <= pixels / 30);
                if (days > 100)
                    assert_true(num >= 1);
                for (size_t i = 0; i < num; i++)
                    assert_true(ticks[i].date >= first && ticks[i].date < first + (toc_date) days);
                for (size_t i = 1; i < num; i++)
                    assert_true(ticks[i].date > ticks[i - 1].date);
            }
}

static void test_value_steps(void **state)
{
    (void) state;
    assert_close(chart_value_step(1, 5, true), 1, 0, 0);
    assert_close(chart_value_step(1, 5, false), 0.2, 1e-15, 0);
    assert_close(chart_value_step(7, 3, true), 5, 0, 0);
    assert_close(chart_value_step(90, 4, true), 25, 0, 0);
    assert_close(chart_value_step(100, 5, true), 20, 0, 0);
    assert_close(chart_value_step(1e300, 5, true), 2e299, 1e-12, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_shape),
        cmocka_unit_test(test_texts_are_escaped),
        cmocka_unit_test(test_a_wild_line_is_cut),
        cmocka_unit_test(test_nothing_to_draw),
        cmocka_unit_test(test_a_table),
        cmocka_unit_test(test_a_fan_is_not_cut),
        cmocka_unit_test(test_date_ticks),
        cmocka_unit_test(test_value_steps),
    };
    return cmocka_run_group_tests(tests, make_weeks, NULL);
}
