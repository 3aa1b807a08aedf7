/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/public_page.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "base/markup.h"
#include "base/memory.h"
#include "base/time_zone.h"
#include "response/public_areas.h"
#include "response/public_frame.h"
#include "tocsin/suppression.h"

/* ---- the words ---- */

enum text {
#define TEXT(name, en, zh, bo) name,
#include "response/public_page.def"
#undef TEXT
    NUM_TEXTS
};

static const char *const texts[NUM_TEXTS][MODEL_NUM_LANGUAGES] = {
#define TEXT(name, en, zh, bo) { en, zh, bo },
#include "response/public_page.def"
#undef TEXT
};

const size_t public_num_texts = NUM_TEXTS;

const char *public_text(size_t number, enum model_language language)
{
    return texts[number][language];
}

/* ---- what is shown ---- */

/* The next code of a setting's value; its size, 0 at the end. */
static size_t next_code(const char **at)
{
    *at += strspn(*at, " ,");
    return strcspn(*at, " ,");
}

int public_diseases_check(const char *diseases, const struct model_lists *lists, struct fault_list *faults)
{
    const char *at = diseases;
    size_t      num = 0;
    for (size_t size; (size = next_code(&at)) > 0; at += size, num++)
        if (num == PUBLIC_MOST_DISEASES || size > MODEL_LISTS_CODE || lists == NULL ||
            model_lists_find(lists, "disease", at, size) == NULL) {
            fault_add(faults, (struct fault_place){ .name = "public_diseases" },
                      "at most 8 codes of the list disease, with blanks between them", "something else");
            return BASE_ERR_INPUT;
        }
    return 0;
}

static void take_diseases(const char *at, struct public_figures *figures)
{
    for (size_t size; (size = next_code(&at)) > 0 && figures->num_diseases < PUBLIC_MOST_DISEASES; at += size)
        if (size <= MODEL_LISTS_CODE)
            snprintf(figures->diseases[figures->num_diseases++], MODEL_LISTS_CODE + 1, "%.*s", (int) size, at);
}

/* The newest week that may be shown on a day, and those before it. */
static void take_weeks(toc_date today, struct public_figures *figures)
{
    toc_date day = today - 7 - PUBLIC_RELEASE_DAYS; /* in the newest week that is over so long */
    toc_date monday = day - (toc_date) (((day + 3) % 7 + 7) % 7);
    for (int week = 0; week < PUBLIC_WEEKS; week++)
        figures->monday[week] = monday - 7 * week;
}

/* Are the areas those of the day on which the week was published? Else its table would be another one. */
static bool is_published(const struct public_figures *figures, toc_date monday)
{
    int64_t end = time_zone_start(monday + 7 + PUBLIC_RELEASE_DAYS);
    for (size_t i = 0; i < figures->num_areas; i++)
        if (figures->areas[i].head.updated >= end)
            return false;
    return figures->num_areas > 0;
}

/* ---- the numbers ---- */

static const struct access program = { .role = ACCESS_PROGRAM, .everywhere = true };

/* Cases of a week in an area, as they were known when the week was published. */
static int count_week(struct store_reader *reader, const struct id *area, const char *disease, toc_date monday,
                      int64_t *count)
{
    static const char *const    classes[] = { "confirmed", "clinically-diagnosed" };
    const struct model_record  *record = model_record(MODEL_CASE);
    const struct model_counter *counter = NULL;
    int                         ret = 0;
    for (size_t i = 0; i < record->num_counters; i++)
        if (strcmp(record->counters[i].name, "case_by_received") == 0)
            counter = &record->counters[i];
    *count = 0;
    for (size_t i = 0; i < sizeof classes / sizeof *classes && ret == 0; i++) {
        struct store_count_query query = { .record = record,
                                           .counter = counter,
                                           .area = *area,
                                           .dimensions = { disease, classes[i] },
                                           .from = monday,
                                           .to = monday + 6,
                                           .known = monday + 6 + PUBLIC_RELEASE_DAYS };
        int64_t                  days[7] = { 0 };
        ret = store_counts(reader, &program, &query, days, NULL);
        for (size_t day = 0; day < 7 && ret == 0; day++)
            *count += days[day];
    }
    return ret;
}

static uint64_t lot_of(const struct public_options *options, const char *disease, toc_date monday)
{
    unsigned char            hash[crypto_generichash_BYTES_MIN];
    uint64_t                 seed;
    int64_t                  day = monday;
    crypto_generichash_state state;
    crypto_generichash_init(&state, options->lot, PUBLIC_LOT_BYTES, sizeof hash);
    crypto_generichash_update(&state, (const unsigned char *) disease, strlen(disease) + 1);
    crypto_generichash_update(&state, (const unsigned char *) &day, sizeof day);
    crypto_generichash_final(&state, hash, sizeof hash);
    memcpy(&seed, hash, sizeof seed);
    return seed;
}

/* One table: counted, and what may not be shown left out. What does not add up is not shown at all. */
static int fill_table(struct store_reader *reader, const struct public_options *options, const char *disease,
                      toc_date monday, const struct public_figures *figures, int64_t *cells)
{
    struct toc_suppression_options suppression = TOC_SUPPRESSION_OPTIONS_INIT;
    size_t                         num = figures->num_areas;
    uint8_t                       *decided = memory_array(num + 1, sizeof *decided);
    int                            ret = decided == NULL ? TOC_ERR_NO_MEMORY : 0;
    suppression.seed = lot_of(options, disease, monday);
    for (size_t i = 0; i < num && ret == 0; i++)
        ret = count_week(reader, &figures->areas[i].head.id, disease, monday, &cells[i]);
    if (ret == 0)
        ret = toc_suppress(figures->parent, cells, num, &suppression, &memory_allocator, decided, NULL);
    for (size_t i = 0; i < num && (ret == 0 || ret == TOC_ERR_DOMAIN); i++)
        if (ret != 0 || decided[i] != TOC_SUPPRESSION_SHOWN)
            cells[i] = PUBLIC_LEFT_OUT;
    free(decided);
    return ret == TOC_ERR_DOMAIN ? 0 : ret;
}

int public_figures_read(struct store_reader *reader, const struct public_options *options, toc_date today,
                        struct arena *arena, struct public_figures *figures)
{
    struct public_figures made = { .num_areas = 0 };
    take_diseases(options->diseases, &made);
    take_weeks(today, &made);
    int ret = public_areas_read(reader, options->area, PUBLIC_MOST_AREAS, arena, &made.areas, &made.num_areas);
    if (ret != 0)
        return ret;
    made.parent = arena_array(arena, made.num_areas, sizeof *made.parent);
    if (made.parent == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t i = 0; i < made.num_areas; i++)
        made.parent[i] = i == 0 ? TOC_SUPPRESSION_NO_PARENT : 0;
    made.cells = arena_array(arena, made.num_diseases * PUBLIC_WEEKS * made.num_areas + 1, sizeof *made.cells);
    if (made.cells == NULL)
        return TOC_ERR_NO_MEMORY;
    for (size_t week = 0; week < PUBLIC_WEEKS; week++)
        made.published[week] = is_published(&made, made.monday[week]);
    for (size_t disease = 0; disease < made.num_diseases && ret == 0; disease++)
        for (size_t week = 0; week < PUBLIC_WEEKS && made.published[week] && ret == 0; week++)
            ret = fill_table(reader, options, made.diseases[disease], made.monday[week], &made,
                             made.cells + (disease * PUBLIC_WEEKS + week) * made.num_areas);
    if (ret == 0)
        *figures = made;
    return ret;
}

/* ---- the page ---- */

struct writing {
    struct sink                 *sink;
    const struct public_figures *figures;
    const struct model_lists    *lists;
    enum model_language          language;
};

/* A text with what stands for each %s. */
static void say(const struct writing *to, enum text number, const char *first, const char *second)
{
    const char *at = texts[number][to->language], *values[] = { first, second };
    for (size_t i = 0; *at != '\0'; at++)
        if (at[0] == '%' && at[1] == 's' && i < 2 && values[i] != NULL) {
            sink_markup(to->sink, values[i], strlen(values[i]));
            i++;
            at++;
        } else {
            sink_markup(to->sink, at, 1);
        }
}

static void put_element(const struct writing *to, const char *open, enum text number, const char *close)
{
    sink_text(to->sink, open);
    say(to, number, NULL, NULL);
    sink_text(to->sink, close);
}

static void put_area(const struct writing *to, const struct model_area *area)
{
    struct model_text name = public_area_name(area, to->language);
    sink_markup(to->sink, name.bytes, name.size);
}

/* One sentence, of the newest week. */
static void put_newest(const struct writing *to, const int64_t *cells)
{
    char from[DATE_TEXT_BYTES], until[DATE_TEXT_BYTES], number[24];
    date_to_text(to->figures->monday[0], DATE_FORM_DAY, from);
    date_to_text(to->figures->monday[0] + 6, DATE_FORM_DAY, until);
    snprintf(number, sizeof number, "%lld", (long long) cells[0]);
    sink_text(to->sink, "<p>");
    put_area(to, &to->figures->areas[0]);
    sink_text(to->sink, to->language == MODEL_CHINESE ? "，" : ", ");
    say(to, NEWEST, from, until);
    sink_text(to->sink, to->language == MODEL_CHINESE ? "：<strong>" : ": <strong>");
    say(to, cells[0] == 0 ? NONE : cells[0] < 0 ? SOME : CASES, number, NULL);
    sink_text(to->sink, "</strong></p>");
}

/* The newest weeks, without a gap. */
static size_t num_published(const struct public_figures *figures)
{
    size_t num = 0;
    while (num < PUBLIC_WEEKS && figures->published[num])
        num++;
    return num;
}

static void put_table(const struct writing *to, const int64_t *cells)
{
    const struct public_figures *figures = to->figures;
    put_element(to, "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"", TABLE, "\"><table><caption>");
    say(to, TABLE, NULL, NULL);
    put_element(to, "</caption><thead><tr><th scope=\"col\">", AREA, "</th>");
    for (size_t week = num_published(figures); week-- > 0;) {
        char day[DATE_TEXT_BYTES];
        date_to_text(figures->monday[week], DATE_FORM_DAY, day);
        sink_format(to->sink, "<th scope=\"col\">%s</th>", day);
    }
    sink_text(to->sink, "</tr></thead><tbody>");
    for (size_t i = 0; i < figures->num_areas; i++) {
        bool top = figures->parent[i] == TOC_SUPPRESSION_NO_PARENT;
        sink_text(to->sink, top ? "<tr class=\"top\"><th scope=\"row\">" : "<tr><th scope=\"row\">");
        put_area(to, &figures->areas[i]);
        sink_text(to->sink, "</th>");
        for (size_t week = num_published(figures); week-- > 0;) {
            int64_t cell = cells[week * figures->num_areas + i];
            if (cell < 0)
                put_element(to, "<td class=\"no\">", HIDDEN, "</td>");
            else
                sink_format(to->sink, "<td>%lld</td>", (long long) cell);
        }
        sink_text(to->sink, "</tr>");
    }
    sink_text(to->sink, "</tbody></table></div>");
}

void public_page_write(struct sink *sink, const struct public_options *options, const struct public_figures *figures,
                       const struct model_lists *lists, enum model_language language)
{
    const struct writing to = { .sink = sink, .figures = figures, .lists = lists, .language = language };
    public_frame_begin(sink, &(struct public_frame){ .language = language,
                                                     .title = texts[TITLE][language],
                                                     .path = "/public/%s",
                                                     .invented = options->invented,
                                                     .exercise = options->exercise });
    for (size_t disease = 0; disease < figures->num_diseases; disease++) {
        const char               *code = figures->diseases[disease];
        const struct model_entry *entry = lists != NULL ? model_lists_find(lists, "disease", code, strlen(code)) : NULL;
        const char               *name = entry != NULL ? model_entry_name(entry, language) : code;
        const int64_t            *cells = figures->cells + disease * PUBLIC_WEEKS * figures->num_areas;
        bool                      own = entry != NULL && entry->name[language] != NULL;
        sink_text(sink, own ? "<section><h2>" : "<section><h2 lang=\"en\">");
        sink_markup(sink, name, strlen(name));
        sink_text(sink, "</h2>");
        if (figures->published[0]) {
            put_newest(&to, cells);
            put_table(&to, cells);
        } else
            put_element(&to, "<p>", NOT_YET, "</p>");
        sink_text(sink, "</section>");
    }
    put_element(&to, "<p class=\"quiet\">", WHY, " ");
    say(&to, FIXED, NULL, NULL);
    put_element(&to, "</p><h2>", ADVICE, "</h2><ul>");
    for (enum text advice = STAY; advice <= HANDS; advice++)
        put_element(&to, "<li>", advice, "</li>");
    sink_text(sink, "</ul>");
    if (options->contact != NULL && options->contact[0] != '\0') {
        sink_text(sink, "<p>");
        say(&to, CONTACT, options->contact, NULL);
        sink_text(sink, "</p>");
    }
    if (options->reports) {
        sink_format(sink, "<p><a href=\"/report/%s\">", public_language_codes[language]);
        put_element(&to, "", REPORT, "</a></p>");
    }
    public_frame_end(sink);
}
