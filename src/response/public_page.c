/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/public_page.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "base/instant.h"
#include "base/markup.h"
#include "base/memory.h"
#include "store/area_tree.h"
#include "store/rows_by.h"
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

static size_t count_below(const struct area_tree *tree, uint32_t area)
{
    uint32_t end = area_tree_subtree(tree, area).end;
    size_t   num = 0;
    for (uint32_t child = area + 1; child < end; child = area_tree_subtree(tree, child).end)
        num++;
    return num;
}

static int take_ids(const struct area_tree *tree, uint32_t area, struct arena *arena, struct public_figures *figures,
                    struct id **ids)
{
    size_t   room = 1 + count_below(tree, area);
    uint32_t end = area_tree_subtree(tree, area).end;
    *ids = arena_array(arena, room, sizeof **ids);
    figures->parent = arena_array(arena, room, sizeof *figures->parent);
    if (*ids == NULL || figures->parent == NULL)
        return TOC_ERR_NO_MEMORY;
    figures->parent[0] = TOC_SUPPRESSION_NO_PARENT;
    (*ids)[figures->num_areas++] = *area_tree_id(tree, area);
    for (uint32_t child = area + 1; child < end && room <= PUBLIC_MOST_AREAS;
         child = area_tree_subtree(tree, child).end)
        (*ids)[figures->num_areas++] = *area_tree_id(tree, child);
    return 0;
}

/* The area of this code that has not ended; missing where no code is said. */
static int find_area(struct store_reader *reader, const char *code, struct arena *arena, struct id *found)
{
    const struct model_text key = { code, strlen(code) };
    void                   *rows = NULL;
    size_t                  num = 0;
    *found = (struct id){ { 0 } };
    if (key.size == 0)
        return 0;
    int ret = store_rows_by(reader, model_record(MODEL_AREA), "code", &key, 1, 100, arena, &rows, &num);
    for (size_t i = 0; i < num && ret == 0; i++)
        if (((struct model_area *) rows)[i].valid_to == MODEL_MISSING_DATE)
            *found = ((struct model_area *) rows)[i].head.id;
    return ret == 0 && id_is_missing(found) ? STORE_ERR_ABSENT : ret;
}

/* That area, else from the first top down to the first with several below it. */
static uint32_t place_of(const struct area_tree *tree, const struct id *id)
{
    if (!id_is_missing(id))
        return area_tree_find(tree, id);
    uint32_t area = area_tree_count(tree) > 0 ? 0 : AREA_NONE;
    while (area != AREA_NONE && count_below(tree, area) == 1)
        area++;
    return area;
}

static const struct access program = { .role = ACCESS_PROGRAM, .everywhere = true };

static int take_areas(struct store_reader *reader, const char *code, struct arena *arena,
                      struct public_figures *figures)
{
    struct id        one, *ids = NULL;
    struct model_set visible;
    int              ret = find_area(reader, code, arena, &one);
    if (ret != 0)
        return ret;
    struct store           *store = store_of_reader(reader);
    const struct area_tree *tree = store_hold_areas(store);
    uint32_t                area = tree != NULL ? place_of(tree, &one) : AREA_NONE;
    ret = area == AREA_NONE ? STORE_ERR_ABSENT : take_ids(tree, area, arena, figures, &ids);
    if (tree != NULL)
        store_release_areas(store, tree);
    if (ret != 0)
        return ret;
    bool *there = arena_array(arena, figures->num_areas + 1, sizeof *there);
    figures->areas = arena_array(arena, figures->num_areas + 1, sizeof *figures->areas);
    if (there == NULL || figures->areas == NULL)
        return TOC_ERR_NO_MEMORY;
    return store_read_many(reader, &program, model_record(MODEL_AREA), ids, figures->num_areas, arena, figures->areas,
                           there, &visible);
}

/* Are the areas those of the day on which the week was published? Else its table would be another one. */
static bool is_published(const struct public_figures *figures, toc_date monday)
{
    int64_t end = (int64_t) (monday + 7 + PUBLIC_RELEASE_DAYS) * INSTANT_DAY;
    for (size_t i = 0; i < figures->num_areas; i++)
        if (figures->areas[i].head.updated >= end)
            return false;
    return figures->num_areas > 0;
}

/* ---- the numbers ---- */

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
    int ret = take_areas(reader, options->area, arena, &made);
    if (ret != 0)
        return ret;
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

static const char *const codes[MODEL_NUM_LANGUAGES] = { "en", "zh", "bo" };
static const char *const tags[MODEL_NUM_LANGUAGES] = { "en", "zh-CN", "bo" };
static const char *const own_names[MODEL_NUM_LANGUAGES] = { "English", "简体中文", "བོད་ཡིག" };

static const char style[] =
    "<style>:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60em;margin:0 auto;"
    "padding:1em;color:#1a1c1f;background:#fff}:lang(bo){font-family:\"Noto Serif Tibetan\",\"Microsoft "
    "Himalaya\",Kailasa,serif;line-height:1.8}h1{font-size:1.5em}h2{font-size:1.2em;margin:1.6em 0 .3em}"
    "nav a{margin-inline-end:1em;line-height:2}.note{border:2px solid;padding:.4em .8em;font-weight:650}.scroll{"
    "overflow-x:auto}"
    "table{border-collapse:collapse}caption{text-align:start;color:#565b64}th,td{padding:.25em .6em;border-bottom:1px "
    "solid #8a8e96;text-align:end;white-space:nowrap}th:first-child{text-align:start}.top th,.top td{font-weight:650}"
    ".quiet,.no{color:#565b64}.no{font-size:.85em}a{color:#0a58a8}@media(prefers-color-scheme:dark){body{color:#e9ebee;"
    "background:#101216}caption,.quiet,.no{color:#a7adb8}a{color:#84baff}}</style>";

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
    const struct model_text names[] = { area->name_en, area->name_zh, area->name_bo };
    struct model_text       name = names[to->language];
    for (size_t i = 0; i < MODEL_NUM_LANGUAGES && name.size == 0; i++)
        name = names[i];
    sink_markup(to->sink, name.bytes != NULL ? name.bytes : area->code.bytes,
                name.bytes != NULL ? name.size : area->code.size);
}

static void put_head(const struct writing *to, const struct public_options *options)
{
    sink_format(to->sink,
                "<!doctype html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
                "content=\"width=device-width\"><title>",
                tags[to->language]);
    say(to, TITLE, NULL, NULL);
    sink_text(to->sink, "</title>");
    sink_text(to->sink, style);
    put_element(to, "</head><body><header><nav aria-label=\"", LANGUAGES, "\">");
    for (size_t i = 0; i < MODEL_NUM_LANGUAGES; i++)
        sink_format(to->sink, "<a href=\"/public/%s\" lang=\"%s\"%s>%s</a>", codes[i], tags[i],
                    i == to->language ? " aria-current=\"page\"" : "", own_names[i]);
    put_element(to, "</nav></header><main><h1>", TITLE, "</h1>");
    if (options->exercise)
        put_element(to, "<p class=\"note\">", EXERCISE, "</p>");
    if (options->invented)
        put_element(to, "<p class=\"note\">", INVENTED, "</p>");
    if (texts[UNREVIEWED][to->language][0] != '\0')
        put_element(to, "<p class=\"quiet\">", UNREVIEWED, "</p>");
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
    put_head(&to, options);
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
    sink_text(sink, "</main></body></html>\n");
}
