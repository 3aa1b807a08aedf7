/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/hl7v2/hl7.h"

#include <endian.h>
#include <string.h>

#include "base/fault.h"
#include "tocsin/status.h"

#define SEGMENTS_AT_FIRST 32
#define STARTS_AT_FIRST 768

/* What a reading needs besides the message that it makes. */
struct reading {
    struct report     *report;
    struct hl7_message message;
    size_t             room_segments, num_starts, room_starts;
    size_t             at;
    bool               has_return; /* CR ends segments */
    bool               told_odd;
};

static int refuse(struct report *report, enum report_rule rule, struct report_place place, struct report_text found,
                  const char *what, const char *allowed)
{
    report_add_fault(report, REPORT_FATAL, rule, place, found, what, allowed);
    return BASE_ERR_INPUT;
}

static void warn_at(struct reading *reading, size_t offset, const char *what)
{
    struct report_place place = { .offset = offset };
    if (reading->message.num_segments > 0) {
        const struct hl7_segment *segment = &reading->message.segments[reading->message.num_segments - 1];
        memcpy(place.segment, segment->id, sizeof place.segment);
        place.sequence = segment->sequence;
    }
    report_add_fault(reading->report, REPORT_WARNING, REPORT_STRUCTURE, place, (struct report_text){ 0 }, what, NULL);
}

/* ---- names and delimiters ---- */

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_alphanumeric(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Does a segment begin here: its name and then the field separator or the end of the line? */
static bool begins_segment(const char *at, const char *end, char field)
{
    if (end - at < 3 || !is_upper(at[0]) || !(is_upper(at[1]) || (at[1] >= '0' && at[1] <= '9')) ||
        !(is_upper(at[2]) || (at[2] >= '0' && at[2] <= '9')))
        return false;
    return end - at == 3 || at[3] == field || at[3] == '\r' || at[3] == '\n';
}

bool hl7_read_delimiters(const char *bytes, size_t size, struct hl7_message *message, const char **what)
{
    char given[6] = { 0 }; /* in the order of MSH-1, MSH-2 */
    if (size < 5) {
        *what = "too short to name its delimiters";
        return false;
    }
    given[0] = bytes[3];
    size_t num = 1;
    for (size_t at = 4; at < size && bytes[at] != given[0] && bytes[at] != '\r' && bytes[at] != '\n'; at++) {
        if (num == sizeof given) {
            *what = "more than five encoding characters";
            return false;
        }
        given[num++] = bytes[at];
    }
    if (num < 2) {
        *what = "no encoding characters";
        return false;
    }
    for (size_t i = 0; i < num; i++) {
        if (is_alphanumeric(given[i]) || (unsigned char) given[i] <= ' ' || (unsigned char) given[i] >= 0x7f ||
            given[i] == '"') {
            *what = "a delimiter may not be a letter, digit, blank, control character or quote";
            return false;
        }
        for (size_t j = 0; j < i; j++)
            if (given[i] == given[j]) {
                *what = "two delimiters are the same";
                return false;
            }
    }
    message->field = given[0];
    message->component = given[1];
    message->repetition = given[2];
    message->escape = given[3];
    message->subcomponent = given[4];
    return true;
}

/* ---- the index ---- */

static void *grow(struct reading *reading, void *array, size_t num, size_t *room, size_t at_first, size_t size)
{
    if (num < *room)
        return array;
    size_t more = *room == 0 ? at_first : 2 * *room;
    void  *larger = arena_array(reading->report->arena, more, size);
    if (larger == NULL)
        return NULL;
    if (num > 0)
        memcpy(larger, array, num * size);
    *room = more;
    return larger;
}

/* How many segments of this name came before: looked up from the newest, as equal names stand together. */
static uint32_t sequence_of(const struct hl7_message *message, const char *id)
{
    for (uint32_t i = message->num_segments; i-- > 0;)
        if (memcmp(message->segments[i].id, id, 3) == 0)
            return message->segments[i].sequence + 1;
    return 1;
}

static int limit_passed(struct reading *reading, const char *what)
{
    struct report_place place = { .offset = reading->at };
    return refuse(reading->report, REPORT_LIMIT, place, (struct report_text){ 0 }, what, NULL);
}

/* Room for the starts of one more segment. */
static int make_room(struct reading *reading)
{
    struct hl7_message *message = &reading->message;
    if (reading->num_starts + HL7_MAX_FIELDS + 1 <= reading->room_starts)
        return 0;
    size_t    room = reading->room_starts == 0 ? STARTS_AT_FIRST : 2 * reading->room_starts;
    uint32_t *starts = arena_array(reading->report->arena, room, sizeof *starts);
    if (starts == NULL)
        return TOC_ERR_NO_MEMORY;
    if (reading->num_starts > 0)
        memcpy(starts, message->starts, reading->num_starts * sizeof *starts);
    message->starts = starts;
    reading->room_starts = room;
    return 0;
}

static int begin_segment(struct reading *reading, struct hl7_segment **segment)
{
    struct hl7_message *message = &reading->message;
    if (message->num_segments == HL7_MAX_SEGMENTS)
        return limit_passed(reading, "more segments than a message may have");
    struct hl7_segment *segments = grow(reading, message->segments, message->num_segments, &reading->room_segments,
                                        SEGMENTS_AT_FIRST, sizeof *segments);
    if (segments == NULL)
        return TOC_ERR_NO_MEMORY;
    message->segments = segments;
    struct hl7_segment *new = &segments[message->num_segments];
    memcpy(new->id, message->bytes + reading->at, 3);
    new->sequence = sequence_of(message, new->id);
    new->offset = (uint32_t) reading->at;
    new->first_start = (uint32_t) reading->num_starts;
    new->header = memcmp(new->id, "MSH", 3) == 0 || memcmp(new->id, "BHS", 3) == 0 || memcmp(new->id, "FHS", 3) == 0;
    *segment = new;
    return 0;
}

/* A message with CR that has a bare LF before what looks like a segment: its sender should know. */
static void tell_feeds(struct reading *reading)
{
    const struct hl7_message *message = &reading->message;
    const char               *end = message->bytes + message->size, *at = message->bytes;
    while (reading->has_return && (at = memchr(at, '\n', (size_t) (end - at))) != NULL) {
        at++;
        if (at - 2 >= message->bytes && at[-2] != '\r' && begins_segment(at, end, message->field)) {
            warn_at(reading, (size_t) (at - message->bytes),
                    "a line feed within a field is followed by what looks like a segment; in a message with carriage "
                    "returns only these end segments");
            return;
        }
    }
}

/* Skip ends of lines and blank lines from `at` on. */
static size_t skip_ends(const struct hl7_message *message, size_t at)
{
    while (at < message->size) {
        size_t next = at;
        while (next < message->size && (message->bytes[next] == ' ' || message->bytes[next] == '\t'))
            next++;
        if (next < message->size && message->bytes[next] != '\r' && message->bytes[next] != '\n')
            return at;
        at = next < message->size ? next + 1 : next;
    }
    return at;
}

/* The end of the segment that begins at `at`: of its line, or of the last line that continues it. *next: where the
 * segment behind it begins. */
static size_t find_end(struct reading *reading, size_t at, size_t *next)
{
    const struct hl7_message *message = &reading->message;
    const char               *bytes = message->bytes, *end = bytes + message->size;
    for (;;) {
        const char *stop = memchr(bytes + at, reading->has_return ? '\r' : '\n', message->size - at);
        if (stop == NULL) {
            *next = message->size;
            return message->size;
        }
        at = (size_t) (stop - bytes);
        *next = skip_ends(message, at);
        if (*next == message->size || begins_segment(bytes + *next, end, message->field))
            return at;
        if (!reading->told_odd)
            warn_at(reading, *next, "a line that begins with no segment's name was read as part of the field before");
        reading->told_odd = true;
        at = *next;
    }
}

/* Read the segment that begins at reading->at, with the lines that continue it. */
static int read_segment(struct reading *reading)
{
    struct hl7_segment *segment = NULL;
    struct hl7_message *message = &reading->message;
    size_t              next, num = 0, begin = reading->at;
    int                 ret = begin_segment(reading, &segment);
    if (ret == 0)
        ret = make_room(reading);
    if (ret != 0)
        return ret;
    size_t      end = find_end(reading, begin + 3, &next);
    const char *bytes = message->bytes, *at = bytes + begin + 3;
    uint32_t   *starts = message->starts + reading->num_starts;
    while ((at = memchr(at, message->field, (size_t) (bytes + end - at))) != NULL) {
        if (num == HL7_MAX_FIELDS) {
            reading->at = (size_t) (at - bytes);
            return limit_passed(reading, "more fields than a segment may have");
        }
        starts[num++] = (uint32_t) (++at - bytes);
    }
    starts[num] = (uint32_t) end + 1; /* as if a separator stood behind the last field */
    reading->num_starts += num + 1;
    segment->repeats = message->repetition != '\0' && memchr(bytes + begin, message->repetition, end - begin) != NULL;
    segment->num_fields = (uint16_t) num;
    segment->size = (uint32_t) (end - begin);
    message->num_segments++;
    reading->at = next;
    return 0;
}

static int read_all(struct reading *reading)
{
    struct hl7_message *message = &reading->message;
    int                 ret = 0;
    reading->at = skip_ends(message, reading->at);
    while (ret == 0 && reading->at < message->size)
        ret = read_segment(reading);
    if (ret == 0)
        tell_feeds(reading);
    return ret;
}

/* What may stand before a message: a byte-order mark, MLLP's start, blank lines. */
static size_t skip_noise(const char *bytes, size_t size)
{
    size_t at = 0;
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        at = 3;
    while (at < size &&
           (bytes[at] == '\r' || bytes[at] == '\n' || bytes[at] == ' ' || bytes[at] == '\t' || bytes[at] == '\v'))
        at++;
    return at;
}

int hl7_read(struct report *report, struct hl7_message *message)
{
    struct reading      reading = { .report = report };
    struct hl7_message *made = &reading.message;
    struct report_place place = { .segment = "MSH", .sequence = 1 };
    const char         *bytes = report->bytes, *what;
    size_t              size = report->size;
    reading.at = place.offset = skip_noise(bytes, size);
    if (size > HL7_MAX_BYTES)
        return limit_passed(&reading, "more bytes than a message may have");
    struct report_text found = { bytes + reading.at, size - reading.at < 12 ? size - reading.at : 12 };
    if (size - reading.at < 4 || memcmp(bytes + reading.at, "MSH", 3) != 0)
        return refuse(report, REPORT_STRUCTURE, place, found, "the message does not begin with the segment MSH",
                      "MSH|^~\\&|…");
    while (size > reading.at && (bytes[size - 1] == '\x1c' || bytes[size - 1] == '\r' || bytes[size - 1] == '\n' ||
                                 bytes[size - 1] == '\x1a'))
        size--;
    if (!hl7_read_delimiters(bytes + reading.at, size - reading.at, made, &what)) {
        place.field = 2;
        return refuse(report, REPORT_VALUE, place, found, what, "different punctuation marks, as in MSH|^~\\&|");
    }
    made->bytes = bytes;
    made->size = size;
    reading.has_return = memchr(bytes, '\r', size) != NULL;
    const char *behind = memchr(bytes + reading.at + 4, made->field, size - reading.at - 4); /* MSH-2 */
    made->has_escape = made->escape != '\0' && behind != NULL &&
                       memchr(behind, made->escape, (size_t) (bytes + size - behind)) != NULL;
    int ret = read_all(&reading);
    if (ret == TOC_ERR_NO_MEMORY)
        report->out_of_memory = true;
    if (ret == 0)
        *message = *made;
    return ret;
}

/* ---- looking ---- */

bool hl7_is(const struct hl7_segment *segment, const char *id)
{
    return memcmp(segment->id, id, 3) == 0;
}

const struct hl7_segment *hl7_find(const struct hl7_message *message, const char *id, uint32_t from)
{
    for (uint32_t i = from; i < message->num_segments; i++)
        if (hl7_is(&message->segments[i], id))
            return &message->segments[i];
    return NULL;
}

struct hl7_part hl7_field(const struct hl7_message *message, const struct hl7_segment *segment, uint32_t n)
{
    if (segment->header) {
        if (n == 1)
            return (struct hl7_part){ message->bytes + segment->offset + 3, 1 };
        n--; /* the separator itself is field 1 */
    }
    if (n == 0 || n > segment->num_fields)
        return (struct hl7_part){ 0 };
    const uint32_t *start = message->starts + segment->first_start + n - 1;
    return (struct hl7_part){ message->bytes + start[0], start[1] - start[0] - 1 };
}

/* Bit 7 of each byte that equals `mark`, exactly: all eight bytes at once. */
static uint64_t equal_bytes(const char *at, uint64_t marks)
{
    const uint64_t low = UINT64_C(0x7f7f7f7f7f7f7f7f);
    uint64_t       word;
    memcpy(&word, at, sizeof word);
    word = htole64(word) ^ marks;
    return ~(((word & low) + low) | word | low);
}

size_t hl7_split(struct hl7_part part, char delimiter, struct hl7_part *parts, size_t max)
{
    const uint64_t marks = UINT64_C(0x0101010101010101) * (unsigned char) delimiter;
    size_t         num = 0;
    if (part.size == 0 || max == 0)
        return 0;
    const char *begin = part.bytes, *at = begin, *end = part.bytes + part.size;
    if (delimiter == '\0') {
        parts[0] = part;
        return 1;
    }
    for (; end - at >= 8; at += 8)
        for (uint64_t found = equal_bytes(at, marks); found != 0; found &= found - 1) {
            const char *mark = at + __builtin_ctzll(found) / 8;
            parts[num++] = (struct hl7_part){ begin, (size_t) (mark - begin) };
            if (num == max)
                return num;
            begin = mark + 1;
        }
    for (; at < end; at++) {
        if (*at != delimiter)
            continue;
        parts[num++] = (struct hl7_part){ begin, (size_t) (at - begin) };
        if (num == max)
            return num;
        begin = at + 1;
    }
    parts[num++] = (struct hl7_part){ begin, (size_t) (end - begin) };
    return num;
}

struct hl7_part hl7_first(const struct hl7_message *message, const struct hl7_segment *segment, uint32_t n)
{
    struct hl7_part field = hl7_field(message, segment, n);
    return segment->repeats && !(segment->header && n <= 2) ? hl7_nth(field, message->repetition, 1) : field;
}

struct hl7_part hl7_nth(struct hl7_part part, char delimiter, uint32_t n)
{
    if (part.size == 0)
        return part;
    const char *at = part.bytes, *end = part.bytes + part.size;
    for (; n > 1; n--) {
        const char *found = delimiter != '\0' ? memchr(at, delimiter, (size_t) (end - at)) : NULL;
        if (found == NULL)
            return (struct hl7_part){ 0 };
        at = found + 1;
    }
    const char *found = delimiter != '\0' && at < end ? memchr(at, delimiter, (size_t) (end - at)) : NULL;
    return (struct hl7_part){ at, (size_t) ((found != NULL ? found : end) - at) };
}

bool hl7_is_empty(struct hl7_part part)
{
    return part.size == 0 || (part.size == 2 && part.bytes[0] == '"' && part.bytes[1] == '"');
}

struct report_place hl7_place(const struct hl7_message *message, const struct hl7_segment *segment, uint32_t field,
                              uint32_t repetition, uint32_t component)
{
    struct report_place place = {
        .sequence = segment->sequence,
        .field = field,
        .repetition = repetition,
        .component = component,
        .offset = segment->offset,
    };
    memcpy(place.segment, segment->id, sizeof place.segment);
    if (field > 0) {
        struct hl7_part part = hl7_field(message, segment, field);
        if (part.size > 0 && repetition > 0)
            part = hl7_nth(part, message->repetition, repetition);
        if (part.size > 0 && component > 0)
            part = hl7_nth(part, message->component, component);
        if (part.bytes != NULL)
            place.offset = (size_t) (part.bytes - message->bytes);
    }
    return place;
}
