/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as what a door is sent: the first line is the header If-None-Exist of a single resource, the rest the body.
 * Whatever it asks for is told from its bytes, and answered. */
#include <string.h>

#include "formats/fhir/outcome.h"
#include "fuzz.h"
#include "response/intake_fhir.h"

static struct code_tables *tables;

static void look_at_text(struct report_text text)
{
    fuzz_look(text.bytes, text.size);
}

static void look_at_resources(const struct intake_fhir *fhir)
{
    uint32_t conditions = 0;
    for (size_t i = 0; i < fhir->num_resources; i++) {
        const struct intake_resource *resource = &fhir->resources[i];
        MUST(resource->position == i && i < fhir->document.num_bundle_entries);
        MUST(resource->wish != INTAKE_REFUSED || resource->status == 422);
        for (size_t n = 0; n < resource->num_names; n++) {
            MUST(resource->names[n].value.size > 0);
            look_at_text(resource->names[n].value);
            look_at_text(resource->names[n].system);
        }
        if (resource->wish == INTAKE_CREATE_IF_NONE || resource->wish == INTAKE_UPDATE) {
            conditions++;
            look_at_text(resource->asked.value);
            look_at_text(resource->asked.system);
        }
    }
    MUST(conditions <= INTAKE_FHIR_MAX_CONDITIONS);
}

static void look_at_answer(const struct intake_fhir *fhir, const struct intake_fhir_call *call, const char *verdict)
{
    struct intake_receipt receipt = { .received = 0 };
    struct sink           sink;
    struct json_writer    json;
    sink_init_memory(&sink);
    json_writer_init(&json, &sink);
    memcpy(receipt.verdict, verdict, strlen(verdict) + 1);
    unsigned status = intake_fhir_answer(fhir, call, &receipt, &json);
    MUST(status >= 200 && status < 500);
    fuzz_look(sink.bytes, sink.used);
    sink_free(&sink);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const verdicts[] = { "received", "held", "rejected" };
    struct intake_fhir       fhir;
    struct arena             arena = { .limit = (size_t) 16 << 20 };
    char                     condition[300];
    const uint8_t           *line = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t                   length = line != NULL ? (size_t) (line - data) : 0;
    if (tables == NULL) {
        struct fault_list faults = FAULT_LIST_INIT;
        MUST(code_tables_new(&tables) == 0 && code_tables_add_folder(tables, INTAKE, &faults) == 0);
        fault_list_free(&faults);
    }
    if (line == NULL || length >= sizeof condition || memchr(data, '\0', length) != NULL)
        return 0;
    memcpy(condition, data, length);
    condition[length] = '\0';
    struct intake_fhir_call call = { .place = INTAKE_FHIR_ANY, .if_none_exist = length > 0 ? condition : NULL };
    struct intake_reading   reading = {
          .tables = tables, .bytes = (const char *) line + 1, .size = size - length - 1, .arena = &arena
    };
    int ret = intake_fhir_read(&reading, &call, &fhir);
    if (ret != TOC_ERR_NO_MEMORY) {
        look_at_resources(&fhir);
        for (size_t i = 0; i < fhir.num_resources; i++)
            if (fhir.resources[i].wish != INTAKE_REFUSED)
                fhir.resources[i].status = i % 3 == 0 ? 201 : i % 3 == 1 ? 200 : 412;
        for (size_t i = ret == 0 ? 0 : 2; i < 3; i++)
            look_at_answer(&fhir, &call, verdicts[i]);
    }
    intake_fhir_free(&fhir);
    arena_free(&arena);
    return 0;
}
