/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which fields are denied, and where they lie. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "formats/hl7v2/denied.h"
#include "formats/hl7v2/memo.h"

static const struct {
    char     segment[4];
    uint32_t field;
} fields[] = {
#define FIELD(segment, field, what) { segment, field },
#define QUESTION(code, what)
#define WORD(word)
#include "formats/hl7v2/denied.def"
#undef FIELD
#undef QUESTION
#undef WORD
};

static const char *const questions[] = {
#define FIELD(segment, field, what)
#define QUESTION(code, what) code,
#define WORD(word)
#include "formats/hl7v2/denied.def"
#undef FIELD
#undef QUESTION
#undef WORD
};

static const char *const words[] = {
#define FIELD(segment, field, what)
#define QUESTION(code, what)
#define WORD(word) word,
#include "formats/hl7v2/denied.def"
#undef FIELD
#undef QUESTION
#undef WORD
};

/* Words of letters outside ASCII stand anywhere; others as whole words. `at` begins a word. */
static bool begins_denied_word(const char *at, size_t size)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if ((at[0] | 0x20) != words[i][0] || size < 4 || (at[1] | 0x20) != words[i][1])
            continue;
        size_t length = strlen(words[i]);
        if (length <= size && strncasecmp(at, words[i], length) == 0 &&
            (length == size || !isalnum((unsigned char) at[length])))
            return true;
    }
    return false;
}

static bool has_wide_word(const char *text, size_t size)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if ((unsigned char) words[i][0] >= 0x80 && memmem(text, size, words[i], strlen(words[i])) != NULL)
            return true;
    return false;
}

bool hl7_has_denied_word(const char *text, size_t size)
{
    /* What a byte is: 1 a letter or digit, 2 also the first letter of a denied word. */
    static const uint8_t kinds[128] = {
        ['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1, ['4'] = 1, ['5'] = 1, ['6'] = 1, ['7'] = 1, ['8'] = 1,
        ['9'] = 1, ['a'] = 1, ['b'] = 1, ['c'] = 3, ['d'] = 1, ['e'] = 3, ['f'] = 1, ['g'] = 3, ['h'] = 3,
        ['i'] = 1, ['j'] = 1, ['k'] = 1, ['l'] = 1, ['m'] = 1, ['n'] = 1, ['o'] = 1, ['p'] = 3, ['q'] = 1,
        ['r'] = 3, ['s'] = 3, ['t'] = 3, ['u'] = 1, ['v'] = 1, ['w'] = 1, ['x'] = 1, ['y'] = 1, ['z'] = 1,
        ['A'] = 1, ['B'] = 1, ['C'] = 3, ['D'] = 1, ['E'] = 3, ['F'] = 1, ['G'] = 3, ['H'] = 3, ['I'] = 1,
        ['J'] = 1, ['K'] = 1, ['L'] = 1, ['M'] = 1, ['N'] = 1, ['O'] = 1, ['P'] = 3, ['Q'] = 1, ['R'] = 3,
        ['S'] = 3, ['T'] = 3, ['U'] = 1, ['V'] = 1, ['W'] = 1, ['X'] = 1, ['Y'] = 1, ['Z'] = 1,
    };
    uint8_t before = 0; /* a letter or digit stands before */
    bool    wide = false;
    for (size_t at = 0; at < size; at++) {
        unsigned char c = (unsigned char) text[at];
        uint8_t       kind = c < 128 ? kinds[c] : 0;
        if (kind == 3 && before == 0 && begins_denied_word(text + at, size - at))
            return true;
        before = kind;
        wide |= c >= 0x80;
    }
    return wide && has_wide_word(text, size);
}

bool hl7_is_denied_question(const struct hl7_message *message, const struct hl7_segment *obx)
{
    struct hl7_part asked = hl7_field(message, obx, 3), parts[9];
    size_t          num = hl7_split(asked, message->component, parts, 9);
    for (size_t c = 0; c < num; c += 3)
        for (size_t i = 0; i < sizeof questions / sizeof *questions && parts[c].size == 7; i++) /* 12345-6 */
            if (parts[c].size == strlen(questions[i]) && memcmp(parts[c].bytes, questions[i], parts[c].size) == 0)
                return true;
    return hl7_has_denied_word(asked.bytes, asked.size);
}

bool hl7_is_denied_note(const struct hl7_message *message, const struct hl7_segment *nte)
{
    struct hl7_part text = hl7_field(message, nte, 3);
    return hl7_has_denied_word(text.bytes, text.size);
}

static void strike(const struct hl7_message *message, const struct hl7_segment *segment, uint32_t field,
                   struct report *report)
{
    struct hl7_part part = hl7_field(message, segment, field);
    if (part.size > 0)
        report_add_denied(report, (size_t) (part.bytes - message->bytes), part.size);
}

/* Those of the segment's fields that are in the table. */
static void strike_fields(const struct hl7_message *message, const struct hl7_segment *segment, struct report *report)
{
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++)
        if (hl7_is(segment, fields[f].segment))
            strike(message, segment, fields[f].field, report);
}

static bool is_denied(const struct hl7_message *message, const struct hl7_segment *obx, struct hl7_memo *memo)
{
    struct hl7_memo_test *known = hl7_memo_find(memo, hl7_field(message, obx, 3));
    if (known == NULL)
        return hl7_is_denied_question(message, obx);
    if (!known->denied_known) {
        known->denied = hl7_is_denied_question(message, obx);
        known->denied_known = true;
    }
    return known->denied;
}

void hl7_strike_out(struct hl7_message *message, struct report *report, struct hl7_memo *memo)
{
    for (uint32_t i = 0; i < message->num_segments; i++) {
        struct hl7_segment *segment = &message->segments[i];
        if (hl7_is(segment, "OBX")) {
            segment->denied = is_denied(message, segment, memo);
            if (segment->denied)
                strike(message, segment, 5, report);
        } else if (hl7_is(segment, "NTE")) {
            segment->denied = hl7_is_denied_note(message, segment);
            if (segment->denied)
                strike(message, segment, 3, report);
        } else {
            strike_fields(message, segment, report);
        }
    }
}
