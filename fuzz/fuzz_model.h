/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz/fuzz_model.h: what the targets of the model share. */
#ifndef FUZZ_FUZZ_MODEL_H
#define FUZZ_FUZZ_MODEL_H

#include <string.h>

#include "base/fault.h"
#include "base/text.h"
#include "formats/table.h"
#include "fuzz.h"
#include "model/model.h"

/* Bytes that come a few at a time. */
struct fuzz_bytes {
    const uint8_t *at;
    size_t         left, chunk;
};

static inline ssize_t fuzz_read_bytes(void *context, void *bytes, size_t size)
{
    struct fuzz_bytes *source = context;
    size_t             count = source->left < size ? source->left : size;
    count = count < source->chunk ? count : source->chunk;
    if (count > 0)
        memcpy(bytes, source->at, count);
    source->at += count;
    source->left -= count;
    return (ssize_t) count;
}

/* Every fault can be shown. */
static inline void fuzz_look_at_faults(const struct fault_list *faults)
{
    for (size_t i = 0; i < faults->num_kept; i++) {
        char   text[FAULT_LINE_BYTES];
        size_t length = fault_render(&faults->faults[i], text, sizeof text);
        MUST(text_check_utf8(text, length) == length);
        for (size_t at = 0; at < length; at++)
            MUST((unsigned char) text[at] >= 0x20 && text[at] != 0x7f);
    }
}

/* The record that the bytes begin with, "case:", or one by their first byte; they then begin behind it. */
static inline const struct model_record *fuzz_record(const uint8_t **data, size_t *size)
{
    size_t                     num;
    const struct model_record *records = model_records(&num);
    for (size_t i = 0; i < num; i++) {
        size_t length = strlen(records[i].name);
        if (*size > length && memcmp(*data, records[i].name, length) == 0 && (*data)[length] == ':') {
            *data += length + 1;
            *size -= length + 1;
            return &records[i];
        }
    }
    *size -= 1;
    return &records[*(*data)++ % num];
}

static inline void fuzz_must_be_same(const struct model_record *record, const void *a, const void *b)
{
    for (size_t i = 0; i < record->num_fields; i++)
        MUST(model_equal(&record->fields[i], a, b));
}

#define FUZZ_RECORD_ROOM 4096 /* bytes of any record's struct */

#endif
