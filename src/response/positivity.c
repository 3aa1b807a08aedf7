/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/positivity.h"

#include <stdio.h>
#include <string.h>

#include "store/node.h"

static const struct definition {
    const char *code, *numerator, *denominator, *by_day, *by_week;
} definitions[] = {
#define POSITIVITY(code, numerator, denominator, by_day, by_week) { code, numerator, denominator, by_day, by_week },
#include "response/positivity.def"
#undef POSITIVITY
};

enum { POSITIVE, TESTED, SHARE, STREAMS, NUM_DEFINITIONS = sizeof definitions / sizeof *definitions };

static struct model_text text_of(const char *text)
{
    return text != NULL ? (struct model_text){ text, strlen(text) } : (struct model_text){ NULL, 0 };
}

static const struct definition *find(const char *by)
{
    size_t i = 0;
    while (i < NUM_DEFINITIONS && by != NULL && strcmp(definitions[i].code, by) != 0)
        i++;
    return i < NUM_DEFINITIONS ? &definitions[i] : NULL;
}

static int fault(struct fault_list *faults, const char *name, const char *allowed, const char *found)
{
    fault_add(faults, (struct fault_place){ .name = name }, allowed, "%s", found);
    return BASE_ERR_INPUT;
}

static void make_stream(struct positivity *positivity, size_t which, const struct definition *definition)
{
    struct model_stream *stream = &positivity->streams[which];
    bool                 weeks = strcmp(positivity->period, "week") == 0;
    model_init(model_record(MODEL_STREAM), stream);
    stream->head.id = node_new_id(positivity->now);
    stream->code = text_of(positivity->codes[which]);
    stream->disease = text_of(positivity->disease);
    stream->area = positivity->area;
    stream->period = text_of(positivity->period);
    if (which == SHARE) {
        stream->indicator = text_of("positivity");
        stream->feed = text_of("share");
        stream->numerator = positivity->streams[POSITIVE].head.id;
        stream->denominator = positivity->streams[TESTED].head.id;
        stream->window_steps = positivity->window_steps;
    } else {
        stream->indicator = text_of(which == POSITIVE ? definition->numerator : definition->denominator);
        stream->feed = text_of("counter");
        stream->counter = text_of(weeks ? definition->by_week : definition->by_day);
    }
    positivity->changes[which] =
        (struct store_change){ .verb = STORE_CREATE, .record = model_record(MODEL_STREAM), .value = stream };
}

int positivity_request(struct positivity *positivity, struct fault_list *faults)
{
    static const char *const behind[STREAMS] = { "-positive", "-tested", "" };
    const struct definition *definition = find(positivity->by);
    const size_t             most = POSITIVITY_CODE_BYTES - 1 - strlen("-positive");
    if (definition == NULL)
        return fault(faults, "/by", "persons, tests", "no such definition");
    if (positivity->disease == NULL)
        return fault(faults, "/disease", "a code of the list disease", "missing");
    if (positivity->code == NULL || positivity->code[0] == '\0' || strlen(positivity->code) > most)
        return fault(faults, "/code", "a code for the share of at most 71 bytes", "missing or too long");
    for (size_t i = 0; i < STREAMS; i++) {
        snprintf(positivity->codes[i], POSITIVITY_CODE_BYTES, "%s%s", positivity->code, behind[i]);
        make_stream(positivity, i, definition);
    }
    positivity->request = (struct store_request){ .verb = "create streams", .set = { positivity->changes, STREAMS } };
    return 0;
}
