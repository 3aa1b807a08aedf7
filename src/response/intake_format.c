/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/intake_format.h"

#include <sodium.h>

#include "base/fault.h"
#include "base/instant.h"
#include "base/time_zone.h"
#include "formats/fhir/fhir.h"
#include "formats/hl7v2/map.h"
#include "formats/list/alone.h"
#include "tocsin/date.h"
#include "tocsin/status.h"

struct report_time intake_time(int64_t instant)
{
    int64_t            days = instant / INSTANT_DAY, rest = instant % INSTANT_DAY;
    struct report_time time = { .precision = REPORT_SECOND, .zone_known = true };
    if (rest < 0) {
        days--;
        rest += INSTANT_DAY;
    }
    struct toc_civil civil = toc_date_to_civil((toc_date) days);
    time.year = (int16_t) civil.year;
    time.month = (int8_t) civil.month;
    time.day = (int8_t) civil.day;
    time.hour = (int8_t) (rest / (3600 * INSTANT_SECOND));
    time.minute = (int8_t) (rest / (60 * INSTANT_SECOND) % 60);
    time.second = (int8_t) (rest / INSTANT_SECOND % 60);
    return time;
}

/* ---- HL7 v2: one message; a file's messages are taken one by one ---- */

/* From each PID to the next, where there are as many as persons. */
static int slice_hl7(const struct intake_reading *reading, const struct hl7_message *message, struct intake_read *read)
{
    const struct report *report = &read->report;
    uint32_t             num_persons = 0, num = 0, person = 0;
    for (uint32_t i = 0; i < report->num_subjects; i++)
        num_persons += report->subjects[i].kind == REPORT_PERSON;
    for (uint32_t i = 0; i < message->num_segments; i++)
        num += hl7_is(&message->segments[i], "PID");
    if (report->bytes != reading->bytes || num_persons == 0 || num != num_persons)
        return 0; /* decoded from another character set: places do not hold in the bytes as they came */
    read->slices = arena_array(reading->arena, num, sizeof *read->slices);
    if (read->slices == NULL)
        return TOC_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < message->num_segments; i++) {
        const struct hl7_segment *segment = &message->segments[i];
        if (!hl7_is(segment, "PID"))
            continue;
        while (report->subjects[person].kind != REPORT_PERSON)
            person++;
        if (read->num_slices > 0) {
            struct intake_slice *last = &read->slices[read->num_slices - 1];
            last->size = segment->offset - last->offset;
        }
        read->slices[read->num_slices++] = (struct intake_slice){ .subject = person++,
                                                                  .offset = segment->offset,
                                                                  .size = reading->size - segment->offset };
    }
    return 0;
}

static int read_hl7(const struct intake_reading *reading, struct intake_read *read)
{
    struct report_time now = intake_time(reading->now);
    struct hl7_message message;
    char               charset[41] = "";
    struct hl7_options options = { .tables = reading->tables, .now = &now };
    if (reading->feed != NULL) {
        struct model_text named = reading->feed->charset;
        if (named.size > 0 && named.size < sizeof charset) {
            memcpy(charset, named.bytes, named.size);
            options.charset = charset;
        }
        options.pooled = reading->feed->pooled == 1;
        options.blank_processing = reading->feed->blank_is_live == 1 ? REPORT_LIVE : REPORT_PROCESSING_NOT_SENT;
    }
    int ret = hl7_map(&read->report, &options, &message);
    return ret == 0 ? slice_hl7(reading, &message, read) : ret;
}

/* ---- FHIR: one resource or bundle ---- */

int intake_format_fhir(const struct intake_reading *reading, struct intake_read *read, struct fhir_document *document)
{
    struct report_time  now = intake_time(reading->now);
    struct fhir_options options = {
        .tables = reading->tables, .now = &now, .left_out = reading->left_out, .num_left_out = reading->num_left_out
    };
    if (reading->feed != NULL) {
        options.pooled = reading->feed->pooled == 1;
        options.blank_processing = reading->feed->blank_is_live == 1 ? REPORT_LIVE : REPORT_PROCESSING_NOT_SENT;
    }
    return fhir_map(&read->report, &options, document);
}

static int read_fhir(const struct intake_reading *reading, struct intake_read *read)
{
    struct fhir_document document = FHIR_DOCUMENT_INIT;
    int                  ret = intake_format_fhir(reading, read, &document);
    fhir_document_free(&document); /* nothing of the report points into it */
    return ret;
}

/* ---- a row of a line list ---- */

bool intake_list_options(const struct intake_reading *reading, struct list_options *options)
{
    *options = (struct list_options){ .tables = reading->tables, .today = time_zone_day(reading->now) };
    if (reading->feed == NULL || reading->feed->sending_facility.size == 0)
        return true;
    struct model_text named = reading->feed->sending_facility;
    options->sender = (struct report_text){ arena_copy(reading->arena, named.bytes, named.size), named.size };
    return options->sender.bytes != NULL;
}

bool intake_list_authority(const struct model_feed *feed, const char *list, struct arena *arena,
                           struct report_text *authority)
{
    crypto_generichash_state state;
    uint8_t                  hash[crypto_generichash_BYTES_MIN];
    char                    *text = arena_array(arena, 17, 1);
    if (text == NULL)
        return false;
    crypto_generichash_init(&state, NULL, 0, sizeof hash);
    crypto_generichash_update(&state, feed->head.id.bytes, ID_BYTES);
    crypto_generichash_update(&state, (const uint8_t *) list, strlen(list));
    crypto_generichash_final(&state, hash, sizeof hash);
    sodium_bin2hex(text, 17, hash, 8);
    *authority = (struct report_text){ text, 16 };
    return true;
}

static int read_listed(const struct intake_reading *reading, struct intake_read *read)
{
    struct list_options options;
    const char         *name = list_alone_name(reading->bytes, reading->size, reading->arena);
    if (!intake_list_options(reading, &options) ||
        (name != NULL && reading->feed != NULL &&
         !intake_list_authority(reading->feed, name, reading->arena, &options.authority)))
        return TOC_ERR_NO_MEMORY;
    int ret = list_read_alone(&options, reading->row, &read->report);
    if (read->report.processing_sent.size == 0)
        read->report.processing = REPORT_LIVE; /* a list without a word on it is no test */
    return ret;
}

/* ---- the table ---- */

static const struct intake_format formats[] = {
    { "hl7v2", read_hl7 },
    { "fhir", read_fhir },
    { "row", read_listed },
};

const struct intake_format *intake_format_find(const char *code, size_t size)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strlen(formats[i].code) == size && memcmp(formats[i].code, code, size) == 0)
            return &formats[i];
    return NULL;
}

static int slice_whole(const struct intake_reading *reading, struct intake_read *read)
{
    uint32_t person = REPORT_NONE, num = 0;
    for (uint32_t i = 0; i < read->report.num_subjects; i++)
        if (read->report.subjects[i].kind == REPORT_PERSON) {
            person = i;
            num++;
        }
    if (num != 1)
        return 0;
    read->slices = arena_array(reading->arena, 1, sizeof *read->slices);
    if (read->slices == NULL)
        return TOC_ERR_NO_MEMORY;
    read->slices[read->num_slices++] = (struct intake_slice){ .subject = person, .size = reading->size };
    return 0;
}

int intake_format_read(const struct intake_format *format, const struct intake_reading *reading,
                       struct intake_read *read)
{
    *read = (struct intake_read){ .num_slices = 0 };
    report_init(&read->report, reading->arena, reading->bytes, reading->size);
    int ret = format->read(reading, read);
    return ret == 0 && read->num_slices == 0 ? slice_whole(reading, read) : ret;
}
