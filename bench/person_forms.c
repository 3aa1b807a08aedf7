/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bench_person_forms [PERSONS]: how long the forms of a person take, a typed name, and the prefix search over the
 * identities of a county, decrypted. One thread, CPU time; invented people (model/people.h). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/people.h"
#include "store/person_forms.h"
#include "store/search_words.h"

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static void stop(const char *what)
{
    fprintf(stderr, "bench_person_forms: %s\n", what);
    exit(1);
}

static const struct person_form_options options = PERSON_FORM_OPTIONS_INIT;

static void bench_forms(struct people_sample *samples, size_t num)
{
    uint64_t num_all = 0, bytes = 0;
    double   begin = seconds();
    for (size_t i = 0; i < num; i++) {
        struct arena        arena = ARENA_INIT;
        struct person_form *forms;
        size_t              num_forms;
        if (person_forms(&samples[i].identity, &options, &arena, &forms, &num_forms) != 0)
            stop("person_forms");
        for (size_t k = 0; k < num_forms; k++)
            bytes += forms[k].size;
        num_all += num_forms;
        arena_wipe(&arena);
    }
    double taken = seconds() - begin;
    printf("forms: %.2f us a person, %.2f forms of %.1f bytes each\n", 1e6 * taken / (double) num,
           (double) num_all / (double) num, (double) bytes / (double) num_all);
}

static void bench_queries(struct people_sample *samples, size_t num)
{
    uint64_t num_all = 0;
    double   begin = seconds();
    for (size_t i = 0; i < num; i++) {
        struct arena        arena = ARENA_INIT;
        struct person_query query;
        struct model_text   name = samples[i].identity.name;
        if (person_query_read(name.bytes, name.size, &options, &arena, &query) != 0)
            stop("person_query_read");
        num_all += query.num_forms;
        arena_wipe(&arena);
    }
    printf("query: %.2f us a name, %.2f forms\n", 1e6 * (seconds() - begin) / (double) num,
           (double) num_all / (double) num);
}

static void bench_prefix(const struct people_sample *samples, size_t num, const char *typed)
{
    struct person_prefix prefix;
    size_t               found = 0;
    double               begin = seconds();
    if (person_prefix_read(typed, strlen(typed), &prefix) != 0)
        stop("person_prefix_read");
    for (size_t i = 0; i < num; i++)
        found += person_prefix_matches(&prefix, &samples[i].identity);
    double taken = seconds() - begin;
    printf("prefix: %-12s %.2f us a person, %.0f ms for %zu, %zu found\n", typed, 1e6 * taken / (double) num,
           1e3 * taken, num, found);
}

static void bench_words(size_t num)
{
    static const char *const texts[] = { "拉萨市城关区", "Lhasa, Chengguan District", "ལྷ་ས་གྲོང་ཁྱེར།" };
    struct model_text fields[3];
    uint64_t          num_all = 0;
    for (size_t i = 0; i < 3; i++)
        fields[i] = (struct model_text){ texts[i], strlen(texts[i]) };
    double begin = seconds();
    for (size_t i = 0; i < num; i++) {
        struct arena        arena = ARENA_INIT;
        struct search_term *terms;
        size_t              num_terms;
        if (search_words_of_texts(fields, 3, &arena, &terms, &num_terms) != 0)
            stop("search_words_of_texts");
        num_all += num_terms;
        arena_free(&arena);
    }
    printf("words: %.2f us an area with a name in each language, %.0f terms\n",
           1e6 * (seconds() - begin) / (double) num, (double) num_all / (double) num);
}

int main(int argc, char **argv)
{
    static const struct people_place place = { { { 1 } }, "松谷乡鹤桥村" };
    const struct people              people = { .seed = 1,
                                                .today = 20000,
                                                .days = PEOPLE_DAYS,
                                                .places = &place,
                                                .num_places = 1,
                                                .tibetan_permille = PEOPLE_TIBETAN_PERMILLE };
    size_t                           num = argc > 1 ? strtoul(argv[1], NULL, 10) : 50000;
    struct people_sample            *samples = num > 0 ? calloc(num, sizeof *samples) : NULL;
    if (samples == NULL)
        stop("a number of persons that fits into memory");
    for (size_t i = 0; i < num; i++)
        people_generate(&people, i, &samples[i]);
    bench_forms(samples, num);
    bench_queries(samples, num);
    static const char *const typed[] = { "张", "zhang", "zs", "ciren zh", "xyz", "བཀྲ་ཤིས" };
    for (size_t i = 0; i < sizeof typed / sizeof *typed; i++)
        bench_prefix(samples, num, typed[i]);
    bench_words(num);
    free(samples);
    return 0;
}
