/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What server and worker read of each other, and what a job's parameters may say. The first byte says which. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "server/job_plan.h"
#include "server/worker_wire.h"

static void check_packet(const uint8_t *data, size_t size)
{
    static struct worker_message message, again;
    static uint8_t               packet[WORKER_MOST_BYTES];
    uint8_t                     *tight = malloc(size + 1);
    MUST(tight != NULL);
    memcpy(tight, data, size);
    tight = realloc(tight, size > 0 ? size : 1);
    if (worker_read(tight, size, &message)) {
        MUST(message.word > 0 && message.word < WORKER_NUM_WORDS);
        MUST(message.who.num_areas + message.who.num_facilities <= WORKER_MOST_AREAS);
        MUST(message.who.purpose == ACCESS_NO_PURPOSE && message.fraction >= 0 && message.fraction <= 1);
        size_t written = worker_write(&message, packet);
        MUST(written == size && memcmp(packet, tight, size) == 0);
        MUST(worker_read(packet, written, &again) && strcmp(again.text, message.text) == 0);
    }
    free(tight);
}

/* What is taken is written and taken again, and says the same. */
static void check_plan(const uint8_t *data, size_t size, const char *kind)
{
    struct fault_list faults = FAULT_LIST_INIT;
    struct job_plan   plan, again;
    struct sink       sink, other;
    char             *text = malloc(size + 1);
    MUST(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    int ret = job_plan_parse(text, kind, &plan, &faults);
    MUST(ret == 0 || faults.num_all > 0 || ret == TOC_ERR_NO_MEMORY);
    if (ret == 0) {
        enum access_role role = kind != NULL ? plan.role : ACCESS_ANALYST;
        sink_init_memory(&sink);
        sink_init_memory(&other);
        job_plan_write(&plan, role, &sink);
        sink_character(&sink, '\0');
        MUST(job_plan_parse(sink.bytes, job_plan_kind(&plan), &again, &faults) == 0);
        MUST(again.role == role);
        job_plan_write(&again, role, &other);
        sink_character(&other, '\0');
        MUST(strcmp(sink.bytes, other.bytes) == 0);
        job_plan_free(&again);
        sink_free(&sink);
        sink_free(&other);
    }
    job_plan_free(&plan);
    fault_list_free(&faults);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    switch (data[0]) {
    case 'w': check_packet(data + 1, size - 1); break;
    case 'b': check_plan(data + 1, size - 1, NULL); break;
    case 'r': check_plan(data + 1, size - 1, JOB_EXPORT); break;
    case 'p': check_plan(data + 1, size - 1, JOB_LINE_LIST_AS_OF); break;
    default: break;
    }
    return 0;
}
