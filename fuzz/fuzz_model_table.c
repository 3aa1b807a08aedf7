/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as rows of a record: rows do not depend on how the bytes come in, and each is written and read again as the
 * same. They begin with the record's name (fuzz_record); the next byte chooses the format and how many bytes come at a
 * time. */
#include "fuzz_model.h"
#include "model/model_table.h"

/* A copy of all rows, as CSV. */
static int read_all(const struct model_record *record, enum model_table_format format, struct fuzz_bytes source,
                    struct sink *copy, uint64_t *num_faults)
{
    struct table_input  input = { fuzz_read_bytes, &source, "fuzz" };
    struct fault_list   faults = { 0 };
    struct model_table *table = NULL;
    struct fault_place  place = { 0 };
    struct arena        arena = { 0 };
    struct model_set    given, columns = model_table_exported(record);
    _Alignas(16) char   value[FUZZ_RECORD_ROOM];
    MUST(record->size <= sizeof value);
    sink_init_memory(copy);
    model_table_header(copy, MODEL_TABLE_CSV, record, &columns);
    int status = model_table_open(input, format, record, &faults, &table);
    while (status == 0 && (status = model_table_next(table, &arena, value, &given, &place)) == 1) {
        MUST(place.line > 0);
        model_table_row(copy, MODEL_TABLE_CSV, record, &columns, &columns, value);
        arena_free(&arena);
        status = 0;
    }
    MUST(status == 0 || (status < 0 && faults.num_all > 0));
    fuzz_look_at_faults(&faults);
    *num_faults = faults.num_all;
    model_table_close(table);
    fault_list_free(&faults);
    arena_free(&arena);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 100000)
        return 0;
    const struct model_record *record = fuzz_record(&data, &size);
    if (size == 0)
        return 0;
    enum model_table_format format = (enum model_table_format)(data[0] % 3);
    struct sink             copies[3];
    uint64_t                num_faults[3];
    int                     whole =
        read_all(record, format, (struct fuzz_bytes){ data + 1, size - 1, SIZE_MAX }, &copies[0], &num_faults[0]);
    int parts = read_all(record, format, (struct fuzz_bytes){ data + 1, size - 1, (size_t) data[0] / 3 + 1 },
                         &copies[1], &num_faults[1]);
    MUST(whole == parts && num_faults[0] == num_faults[1] && copies[0].used == copies[1].used);
    MUST(memcmp(copies[0].bytes, copies[1].bytes, copies[0].used) == 0);
    struct fuzz_bytes again = { (const uint8_t *) copies[0].bytes, copies[0].used, SIZE_MAX };
    read_all(record, MODEL_TABLE_CSV, again, &copies[2], &num_faults[2]);
    /* What was too long for a field can be too long for a cell: the row is then missing, with a fault. */
    MUST(num_faults[2] > 0 ||
         (copies[0].used == copies[2].used && memcmp(copies[0].bytes, copies[2].bytes, copies[0].used) == 0));
    for (size_t i = 0; i < 3; i++)
        sink_free(&copies[i]);
    return 0;
}
