/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a record in JSON: what is read is written and read again as the same record and the same bytes; checks
 * take whatever was read. They begin with the record's name (fuzz_record). */
#include "base/json_writer.h"
#include "fuzz_model.h"
#include "model/model_check.h"
#include "model/model_json.h"

static void write(const struct model_record *record, const void *value, struct sink *sink)
{
    struct json_writer json;
    struct model_set   visible = model_set_all(record);
    sink_init_memory(sink);
    json_writer_init(&json, sink);
    model_json_write(&json, record, value, &visible);
    MUST(sink->failure == 0);
}

static void read_again(const struct model_record *record, const void *value, struct arena *arena)
{
    _Alignas(16) char back[FUZZ_RECORD_ROOM];
    struct fault_list faults = { 0 };
    struct model_set  given;
    struct sink       once, twice;
    write(record, value, &once);
    MUST(model_json_read(once.bytes, once.used, record, (struct fault_place){ 0 }, arena, back, &given, &faults) == 0);
    fuzz_must_be_same(record, back, value);
    for (size_t i = 0; i < record->num_fields; i++)
        MUST(model_set_has(&given, i) == !model_is_missing(&record->fields[i], value));
    write(record, back, &twice);
    MUST(once.used == twice.used && memcmp(once.bytes, twice.bytes, once.used) == 0);
    sink_free(&once);
    sink_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const struct model_record *record = fuzz_record(&data, &size);
    _Alignas(16) char          value[FUZZ_RECORD_ROOM];
    struct arena               arena = { 0 };
    struct fault_list          faults = { 0 };
    struct model_set           given = { { 0 } };
    MUST(record->size <= sizeof value);
    int status = model_json_read((const char *) data, size, record, (struct fault_place){ .name = "/entry/0" }, &arena,
                                 value, &given, &faults);
    MUST(status == 0 ? faults.num_all == 0 : status == BASE_ERR_INPUT && faults.num_all > 0);
    if (status == 0) {
        read_again(record, value, &arena);
        struct model_check check = { 0 };
        status = model_check_create(&check, record, value, &faults);
        MUST(status == 0 ? faults.num_all == 0 : status == BASE_ERR_INPUT && faults.num_all > 0);
        model_check_change(&check, record, value, value, &given, &faults);
    }
    fuzz_look_at_faults(&faults);
    fault_list_free(&faults);
    arena_free(&arena);
    return 0;
}
