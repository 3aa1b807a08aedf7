/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/support.h"

#include <math.h>

#include "base/instant.h"
#include "base/unicode.h"
#include "model/model_value.h"

void assert_fault(const struct fault_list *faults, const char *line)
{
    char found[FAULT_LINE_BYTES];
    for (size_t i = 0; i < faults->num_kept; i++) {
        fault_render(&faults->faults[i], found, sizeof found);
        if (strcmp(found, line) == 0)
            return;
    }
    for (size_t i = 0; i < faults->num_kept; i++) {
        fault_render(&faults->faults[i], found, sizeof found);
        print_message("# found: %s\n", found);
    }
    fail_msg("no fault: %s", line);
}

static ssize_t read_bytes(void *context, void *bytes, size_t size)
{
    struct test_bytes *from = context;
    size_t             left = from->size - from->at;
    size = size < left ? size : left;
    memcpy(bytes, from->bytes + from->at, size);
    from->at += size;
    return (ssize_t) size;
}

struct table_input test_input(struct test_bytes *bytes, const char *name)
{
    return (struct table_input){ .read = read_bytes, .context = bytes, .name = name };
}

struct id test_id(unsigned number)
{
    uint8_t random[ID_RANDOM_BYTES] = { 0 };
    random[9] = (uint8_t) number;
    random[8] = (uint8_t) (number >> 8);
    return id_make(1, random);
}

struct model_lists *test_lists(void)
{
    static const char *const codes[][2] = {
        { "disease", "measles" },
        { "disease", "plague" },
        { "case_classification", "suspected" },
        { "classification_basis", "clinical" },
        { "sex", "female" },
    };
    struct model_lists *lists;
    assert_ok(model_lists_new(&lists));
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct model_entry entry = { .code = codes[i][1],
                                     .name = { codes[i][1] },
                                     .valid_from = MODEL_MISSING_DATE,
                                     .valid_to = MODEL_MISSING_DATE };
        assert_ok(model_lists_add_entry(lists, codes[i][0], &entry));
    }
    return lists;
}

struct model_case test_case(void)
{
    struct model_case made;
    model_init(model_record(MODEL_CASE), &made);
    made.head.id = test_id(1);
    made.person = test_id(2);
    made.responsible_area = test_id(3);
    made.disease = TEXT("measles");
    made.classification = TEXT("suspected");
    made.received_date = 20000;
    return made;
}

/* ---- random records ---- */

static struct model_text draw_text(struct test_random *random, struct arena *arena, size_t most, bool lines)
{
    static const char *const pieces[] = { "a", "Z",  "0",  " ", ",", "\"", "'",  ";",    "=",   "+",
                                          "-", "@",  "\\", "/", "<", "中", "鼠", "疫",   "བོད",  "་",
                                          "é", "𠀀", "|",  "#", "{", "[",  "~",  "true", "null" };
    const size_t             num_pieces = sizeof pieces / sizeof *pieces;
    size_t                   length = test_between(random, 1, most < 60 ? most : 60), used = 0;
    char                    *text = arena_array(arena, 12 * length + 1, 1);
    for (size_t i = 0; i < length; i++) {
        const char *piece = pieces[test_between(random, 0, num_pieces - 1)];
        if (lines && test_between(random, 0, 20) == 0)
            piece = "\n";
        if (unicode_length(text, used) + unicode_length(piece, strlen(piece)) > most)
            break;
        memcpy(text + used, piece, strlen(piece));
        used += strlen(piece);
    }
    if (used == 0)
        text[used++] = 'x';
    const char *normal;
    size_t      size;
    assert_ok(unicode_normalize(text, used, UNICODE_NFC, arena, &normal, &size));
    return (struct model_text){ normal, size };
}

static struct model_text draw_time(struct test_random *random, struct arena *arena)
{
    static const char *const times[] = { "2026-11-22",          "2026-11-22T10",          "2026-11-22T10:30",
                                         "2026-11-22T10:30:05", "2026-11-22T10:30+08:00", "2026-11-22T10:30:05Z",
                                         "2026-11-22T10-03:30" };
    const char              *time = times[test_between(random, 0, 6)];
    return (struct model_text){ arena_copy(arena, time, strlen(time)), strlen(time) };
}

static struct model_text draw_bytes(struct test_random *random, struct arena *arena, size_t most)
{
    size_t size = test_between(random, 1, most < 200 ? most : 200);
    char  *bytes = arena_array(arena, size, 1);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char) test_between(random, 0, 255);
    return (struct model_text){ bytes, size };
}

static double draw_real(struct test_random *random, double low, double high)
{
    switch (test_between(random, 0, 4)) {
    case 0: return low;
    case 1: return high;
    case 2: return floor(low + (high - low) * test_uniform(random));
    default: return low + (high - low) * test_uniform(random);
    }
}

static void put(const struct model_field *field, void *value, const void *member, size_t size)
{
    memcpy((char *) value + field->offset, member, size);
}

static void draw_field(struct test_random *random, const struct model_field *field, struct arena *arena, void *value)
{
    struct model_text text = { NULL, 0 };
    struct id         id = test_id((unsigned) test_between(random, 1, 60000));
    toc_date          date = (toc_date) test_between(random, 0, 40000) - 10000;
    switch (field->kind) {
    case MODEL_KIND_REFERENCE: put(field, value, &id, sizeof id); return;
    case MODEL_KIND_DATE: put(field, value, &date, sizeof date); return;
    case MODEL_KIND_INSTANT:
        model_value_set_integer(field, value, (int64_t) test_between(random, 0, 4000000000000000));
        return;
    case MODEL_KIND_FLAG: model_value_set_integer(field, value, (int64_t) test_between(random, 0, 1)); return;
    case MODEL_KIND_INTEGER:
        model_value_set_integer(field, value, (int64_t) floor(draw_real(random, field->low, field->high)));
        return;
    case MODEL_KIND_REAL: model_value_set_real(field, value, draw_real(random, field->low, field->high)); return;
    case MODEL_KIND_TEXT: text = draw_text(random, arena, (size_t) field->high, field->high >= 500); break;
    case MODEL_KIND_CODE: text = TEXT("a-code.1"); break;
    case MODEL_KIND_TIME: text = draw_time(random, arena); break;
    case MODEL_KIND_BYTES: text = draw_bytes(random, arena, (size_t) field->high); break;
    }
    put(field, value, &text, sizeof text);
}

static bool is_ordered(const struct model_record *record, const char *name)
{
    for (size_t i = 0; i < record->num_orders; i++)
        if (strcmp(record->orders[i].earlier, name) == 0 || strcmp(record->orders[i].later, name) == 0)
            return true;
    return false;
}

void test_draw_record(struct test_random *random, const struct model_record *record, struct arena *arena, void *value)
{
    model_init(record, value);
    ((struct model_head *) value)->id = test_id((unsigned) test_between(random, 1, 60000));
    for (size_t i = 0; i < record->num_fields; i++) {
        const struct model_field *field = &record->fields[i];
        bool                      needed = field->rule == MODEL_RULE_REQUIRED || field->rule == MODEL_RULE_FIXED ||
                      (record->owner != NULL && strcmp(record->owner, field->name) == 0);
        /* Dates with an order are drawn only where they must be there, so that the order holds. */
        if (field->rule == MODEL_RULE_WRITTEN)
            continue; /* nobody sends it */
        if (needed || (!is_ordered(record, field->name) && test_between(random, 0, 2) > 0))
            draw_field(random, field, arena, value);
    }
    for (size_t i = 0; i < record->num_only_with; i++) { /* the codes drawn are none of the special ones */
        _Alignas(16) char empty[4096];
        model_init(record, empty);
        const char *other = record->only_with[i].other;
        model_copy(model_field_find(record, other, strlen(other)), value, empty);
    }
    for (size_t i = 0; i < record->num_orders; i++) { /* two needed ones: the later as the earlier */
        const struct model_field *earlier =
            model_field_find(record, record->orders[i].earlier, strlen(record->orders[i].earlier));
        const struct model_field *later =
            model_field_find(record, record->orders[i].later, strlen(record->orders[i].later));
        if (!model_is_missing(earlier, value) && !model_is_missing(later, value) && earlier->kind == later->kind) {
            struct model_field shifted = *later;
            memcpy((char *) value + shifted.offset, (char *) value + earlier->offset,
                   earlier->kind == MODEL_KIND_DATE   ? sizeof(toc_date)
                   : earlier->kind == MODEL_KIND_TIME ? sizeof(struct model_text)
                                                      : sizeof(int64_t));
        }
    }
}

void assert_same_record(const struct model_record *record, const void *actual, const void *expected)
{
    for (size_t i = 0; i < record->num_fields; i++)
        if (!model_equal(&record->fields[i], actual, expected))
            fail_msg("%s.%s differs", record->name, record->fields[i].name);
}
