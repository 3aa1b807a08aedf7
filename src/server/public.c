/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/public.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/time_zone.h"
#include "response/public_frame.h"
#include "response/public_page.h"
#include "server/handlers.h"
#include "server/key_file.h"
#include "server/request.h"
#include "server/server_internal.h"

#define ARENA_BYTES ((size_t) 64 << 20)

struct public_pages {
    const struct node_settings *settings;
    unsigned char               lot[PUBLIC_LOT_BYTES];
    pthread_mutex_t             lock;
    toc_date                    day; /* that the pages were made on; MODEL_MISSING_DATE = none yet */
    struct sink                 pages[MODEL_NUM_LANGUAGES];
};

int public_pages_new(const struct node_settings *settings, struct store *store, const char *lot,
                     struct public_pages **pages, struct fault_list *faults)
{
    *pages = NULL;
    if (settings->public_diseases[0] == '\0' || lot == NULL)
        return 0;
    int ret = public_diseases_check(settings->public_diseases, store_lists(store), faults);
    if (ret != 0)
        return ret;
    struct public_pages *made = memory_array(1, sizeof *made);
    if (made == NULL)
        return TOC_ERR_NO_MEMORY;
    made->settings = settings;
    made->day = MODEL_MISSING_DATE;
    pthread_mutex_init(&made->lock, NULL);
    for (size_t i = 0; i < MODEL_NUM_LANGUAGES; i++)
        sink_init_memory(&made->pages[i]);
    ret = key_file_read(lot, made->lot, sizeof made->lot);
    if (ret != 0) {
        fault_add(faults, (struct fault_place){ .name = "public-lot" }, "a folder that can be written",
                  "cannot be kept");
        public_pages_free(made);
        return ret;
    }
    *pages = made;
    return 0;
}

void public_pages_free(struct public_pages *pages)
{
    if (pages == NULL)
        return;
    for (size_t i = 0; i < MODEL_NUM_LANGUAGES; i++)
        sink_free(&pages->pages[i]);
    pthread_mutex_destroy(&pages->lock);
    free(pages);
}

/* Under the lock. */
static int make_pages(struct public_pages *pages, struct store_reader *reader, toc_date today)
{
    const struct public_options options = { .diseases = pages->settings->public_diseases,
                                            .area = pages->settings->public_area,
                                            .contact = pages->settings->public_contact,
                                            .lot = pages->lot,
                                            .reports = pages->settings->public_reports,
                                            .invented = pages->settings->demo,
                                            .exercise = pages->settings->exercise };
    struct public_figures       figures;
    struct arena                arena = { .limit = ARENA_BYTES };
    const struct model_lists   *lists = store_lists(store_of_reader(reader));
    int                         ret = public_figures_read(reader, &options, today, &arena, &figures);
    pages->day = MODEL_MISSING_DATE;
    for (size_t i = 0; i < MODEL_NUM_LANGUAGES && ret == 0; i++) {
        pages->pages[i].used = 0;
        public_page_write(&pages->pages[i], &options, &figures, lists, (enum model_language) i);
        ret = pages->pages[i].failure != 0 ? TOC_ERR_NO_MEMORY : 0;
    }
    if (ret == 0)
        pages->day = today;
    arena_free(&arena);
    return ret;
}

static int answer(struct exchange *exchange, enum model_language language)
{
    struct public_pages *pages = exchange->server != NULL ? exchange->server->pages : NULL;
    toc_date             today = time_zone_day(exchange->now);
    int                  ret = request_parameters(exchange);
    if (ret == 0 && pages == NULL)
        ret = SERVER_ERR_UNKNOWN_PATH;
    if (ret != 0)
        return ret;
    pthread_mutex_lock(&pages->lock);
    if (pages->day != today)
        ret = make_pages(pages, exchange->reader, today);
    if (ret == 0)
        sink_write(&exchange->answer.body, pages->pages[language].bytes, pages->pages[language].used);
    pthread_mutex_unlock(&pages->lock);
    if (ret != 0)
        return ret;
    exchange->answer.type = "text/html; charset=utf-8";
    answer_header(exchange, "Cache-Control", "public, max-age=600");
    answer_header(exchange, "Content-Security-Policy",
                  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
                  "frame-ancestors 'none'");
    return 0;
}

int public_answer(struct exchange *exchange)
{
    answer_header(exchange, "Vary", "Accept-Language");
    return answer(exchange, public_language_of(exchange_header(exchange, "accept-language")));
}

int public_answer_language(struct exchange *exchange)
{
    enum model_language language;
    return public_language_find(exchange->segments[0], &language) ? answer(exchange, language)
                                                                  : SERVER_ERR_UNKNOWN_PATH;
}
