/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/json_reader.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/text.h"
#include "tocsin/status.h"

struct reader {
    const char              *begin, *at, *end;
    struct value_tree       *tree;
    const struct json_limits limits;
    struct json_fault       *fault;
    unsigned                 depth;
    uint32_t open[JSON_READ_MAX_DEPTH]; /* the arrays and objects that are not closed, outermost first */
};

/* ---- the first fault ---- */

void json_position(const char *bytes, size_t place, uint64_t *line, uint64_t *column)
{
    uint64_t lines = 1, characters = 1;
    for (size_t i = 0; i < place; i++) {
        bool begins_character = ((unsigned char) bytes[i] & 0xc0) != 0x80;
        characters = bytes[i] == '\n' ? 1 : characters + begins_character;
        lines += bytes[i] == '\n';
    }
    *line = lines;
    *column = characters;
}

/* Give every open array and object the size it has so far, so that the tree can be walked. */
static void close_for_now(struct reader *reader)
{
    for (unsigned i = 0; i < reader->depth; i++) {
        struct value *open = &reader->tree->values[reader->open[i]];
        open->size = (uint32_t) (reader->tree->num_values - reader->open[i]);
    }
}

enum { AT_NEXT_VALUE = -1, AT_CONTAINER = -2 };

/* target: the index of the value at fault, or a word above. */
static void path_of_fault(struct reader *reader, ptrdiff_t target)
{
    struct value_tree *tree = reader->tree;
    if (target == AT_NEXT_VALUE && value_tree_reserve(tree, 1) != 0)
        target = AT_CONTAINER; /* no room for an entry that stands for it */
    if (target == AT_CONTAINER)
        target = reader->depth == 0 ? 0 : reader->open[reader->depth - 1];
    if (target == AT_NEXT_VALUE) {
        target = (ptrdiff_t) tree->num_values;
        tree->values[tree->num_values++] = (struct value){ .kind = VALUE_NULL, .size = 1 };
    }
    if (tree->values == NULL) /* nothing was read */
        return;
    close_for_now(reader);
    value_path(tree->values, tree->values + target, reader->fault->path, sizeof reader->fault->path);
}

static bool is_word_character(char c)
{
    char lower = (char) (c | 0x20);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

/* What stands at a place: a word, else one character. */
static void show_found(const struct reader *reader, const char *at, char *found, size_t size)
{
    char   quoted[TEXT_QUOTE_BYTES];
    size_t length = 0, room = (size_t) (reader->end - at);
    while (length < room && length < 24 && is_word_character(at[length]))
        length++;
    if (length == 0)
        for (length = 1; length < room && length < 4 && ((unsigned char) at[length] & 0xc0) == 0x80;)
            length++;
    if (room > 0)
        text_quote(at, length, quoted);
    snprintf(found, size, "%s", room > 0 ? quoted : "the end of the text");
}

/* found NULL: what stands at the place. Answers the status. */
static int refuse(struct reader *reader, const char *at, ptrdiff_t target, const char *found, const char *allowed)
{
    struct json_fault *fault = reader->fault;
    if (fault == NULL)
        return BASE_ERR_INPUT;
    *fault = (struct json_fault){ .byte = (size_t) (at - reader->begin), .allowed = allowed, .cut = at == reader->end };
    json_position(reader->begin, fault->byte, &fault->line, &fault->column);
    if (found == NULL)
        show_found(reader, at, fault->found, sizeof fault->found);
    else
        snprintf(fault->found, sizeof fault->found, "%s", found);
    path_of_fault(reader, target);
    return BASE_ERR_INPUT;
}

static int refuse_limit(struct reader *reader, const char *at, ptrdiff_t target, const char *allowed, size_t limit,
                        const char *what)
{
    char found[JSON_FOUND_BYTES];
    snprintf(found, sizeof found, "more than %zu %s", limit, what);
    refuse(reader, at, target, found, allowed);
    if (reader->fault != NULL)
        reader->fault->cut = false;
    return TOC_ERR_TOO_LARGE;
}

/* ---- room ---- */

/* The next entry of the tree, all zero but for its size and place; NULL with *status where there is no room. */
static struct value *next_entry(struct reader *reader, const char *at, int *status)
{
    struct value_tree *tree = reader->tree;
    if (tree->num_values >= reader->limits.max_values) {
        *status = refuse_limit(reader, at, AT_CONTAINER, "fewer", reader->limits.max_values, "keys and values");
        return NULL;
    }
    if (tree->num_values == tree->max_values) {
        *status = value_tree_reserve(tree, 1);
        if (*status == TOC_ERR_TOO_LARGE)
            refuse_limit(reader, at, AT_CONTAINER, "fewer", tree->max_values, "keys and values");
        if (*status != 0)
            return NULL;
    }
    struct value *entry = &tree->values[tree->num_values++];
    *entry = (struct value){ .size = 1, .place = (uint32_t) (at - reader->begin) };
    return entry;
}

/* ---- blanks ---- */

static inline uint64_t load_eight(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return le64toh(word);
}

static inline bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at)) {
        at++;
        while (end - at >= 8 && load_eight(at) == UINT64_C(0x2020202020202020)) /* an indentation */
            at += 8;
    }
    return at;
}

/* ---- texts ---- */

#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The high bit of every byte that is zero in `word`; wrong ones only above a right one. */
static inline uint64_t zero_bytes(uint64_t word)
{
    return (word - EACH_BYTE(1)) & ~word & EACH_BYTE(0x80);
}

/* The first quote, backslash or control character from `at` on, or end; *high gets a high bit where a byte had one. */
static inline const char *plain_run(const char *at, const char *end, uint64_t *high)
{
    for (; end - at >= 8; at += 8) {
        uint64_t word = load_eight(at);
        uint64_t control = (word - EACH_BYTE(0x20)) & ~word & EACH_BYTE(0x80);
        uint64_t stop = zero_bytes(word ^ EACH_BYTE('"')) | zero_bytes(word ^ EACH_BYTE('\\')) | control;
        if (stop != 0) {
            unsigned bit = (unsigned) __builtin_ctzll(stop);
            *high |= word & ((UINT64_C(1) << bit) - 1);
            return at + bit / 8;
        }
        *high |= word;
    }
    for (; at < end && *at != '"' && *at != '\\' && (unsigned char) *at >= 0x20; at++)
        *high |= (uint64_t) (unsigned char) *at;
    return at;
}

static inline bool any_high(uint64_t high)
{
    return (high & EACH_BYTE(0x80)) != 0;
}

static int refuse_in_text(struct reader *reader, const char *at, ptrdiff_t target)
{
    if (at == reader->end)
        return refuse(reader, at, target, "the end of the text within a string", "a closing \"");
    return refuse(reader, at, target, "a control character within a string", "\\n, \\t or \\u00XX in its place");
}

static int check_utf8(struct reader *reader, const char *from, const char *to, ptrdiff_t target)
{
    size_t size = (size_t) (to - from), good = text_check_utf8(from, size);
    if (good == size)
        return 0;
    int status = refuse(reader, from + good, target, "a byte that is not UTF-8", "UTF-8");
    if (reader->fault != NULL)
        reader->fault->cut = to == reader->end && size - good < 4;
    return status;
}

/* Four hexadecimal digits, or -1. */
static int32_t four_digits(const char *at, const char *end)
{
    int32_t code = 0;
    for (int i = 0; i < 4; i++, at++) {
        if (at >= end)
            return -1;
        int digit = *at >= '0' && *at <= '9'                     ? *at - '0'
                    : (*at | 0x20) >= 'a' && (*at | 0x20) <= 'f' ? (*at | 0x20) - 'a' + 10
                                                                 : -1;
        if (digit < 0)
            return -1;
        code = code * 16 + digit;
    }
    return code;
}

static char *put_utf8(char *to, uint32_t code)
{
    if (code < 0x80) {
        *to++ = (char) code;
        return to;
    }
    if (code < 0x800) {
        *to++ = (char) (0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            *to++ = (char) (0xe0 | code >> 12);
        } else {
            *to++ = (char) (0xf0 | code >> 18);
            *to++ = (char) (0x80 | (code >> 12 & 0x3f));
        }
        *to++ = (char) (0x80 | (code >> 6 & 0x3f));
    }
    *to++ = (char) (0x80 | (code & 0x3f));
    return to;
}

/* The character of \uXXXX (or of two of them), reader->at behind the u. Negative where it is none, with the reason. */
static int64_t unicode_escape(struct reader *reader, const char **why)
{
    int32_t code = four_digits(reader->at, reader->end), low;
    *why = "\\u without four hexadecimal digits";
    if (code < 0)
        return -1;
    reader->at += 4;
    *why = "\\u0000, which no text may hold";
    if (code == 0)
        return -1;
    if (code < 0xd800 || code > 0xdfff)
        return code;
    *why = "half of a surrogate pair alone";
    if (code >= 0xdc00 || reader->end - reader->at < 2 || memcmp(reader->at, "\\u", 2) != 0)
        return -1;
    low = four_digits(reader->at + 2, reader->end);
    if (low < 0xdc00 || low > 0xdfff)
        return -1;
    reader->at += 6;
    return 0x10000 + ((int64_t) (code - 0xd800) << 10) + (low - 0xdc00);
}

/* One escape, reader->at behind the backslash; *to moves on. */
static int read_escape(struct reader *reader, char **to, ptrdiff_t target)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char       *backslash = reader->at - 1, *why = "a backslash before something that needs none";
    if (reader->at == reader->end)
        return refuse_in_text(reader, reader->end, target);
    char        letter = *reader->at++;
    const char *known = letter != '\0' ? strchr(letters, letter) : NULL;
    if (known != NULL) {
        *(*to)++ = meanings[known - letters];
        return 0;
    }
    int64_t code = letter == 'u' ? unicode_escape(reader, &why) : -1;
    if (code < 0) {
        bool cut = letter == 'u' && reader->end - backslash < 12;
        int  status =
            refuse(reader, backslash, target, why, "\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX, surrogates in pairs");
        if (reader->fault != NULL)
            reader->fault->cut = cut;
        return status;
    }
    *to = put_utf8(*to, (uint32_t) code);
    return 0;
}

/* The quote that ends a string, or end. */
static const char *closing_quote(const char *at, const char *end)
{
    for (; at < end && *at != '"'; at++)
        at += *at == '\\' && at + 1 < end;
    return at;
}

/* A string with escapes; start: behind its quote. */
static int read_escaped_text(struct reader *reader, size_t index, const char *start, ptrdiff_t target)
{
    struct value_tree *tree = reader->tree;
    size_t             most = (size_t) (closing_quote(start, reader->end) - start);
    int                status = value_tree_reserve_text(tree, most);
    if (status == TOC_ERR_TOO_LARGE)
        return refuse_limit(reader, start, target, "fewer", tree->max_text, "bytes of texts with escapes");
    if (status != 0)
        return status;
    char *begin = tree->text + tree->used_text, *to = begin;
    for (reader->at = start;;) {
        uint64_t    high = 0;
        const char *run = reader->at;
        reader->at = plain_run(run, reader->end, &high);
        if (any_high(high) && (status = check_utf8(reader, run, reader->at, target)) != 0)
            return status;
        memcpy(to, run, (size_t) (reader->at - run));
        to += reader->at - run;
        if (reader->at == reader->end || (*reader->at != '"' && *reader->at != '\\'))
            return refuse_in_text(reader, reader->at, target);
        if (*reader->at++ == '"')
            break;
        status = read_escape(reader, &to, target);
        if (status != 0)
            return status;
    }
    tree->used_text += (size_t) (to - begin);
    tree->values[index].text = begin;
    tree->values[index].length = (uint32_t) (to - begin);
    return 0;
}

/* A string, reader->at on its quote, into the entry `index`. */
static inline int read_text(struct reader *reader, size_t index, ptrdiff_t target)
{
    struct value *value = &reader->tree->values[index];
    const char   *start = reader->at + 1;
    uint64_t      high = 0;
    const char   *stop = plain_run(start, reader->end, &high);
    value->kind = VALUE_TEXT;
    if (stop == reader->end || *stop != '"') {
        if (stop != reader->end && *stop == '\\')
            return read_escaped_text(reader, index, start, target);
        int status = any_high(high) ? check_utf8(reader, start, stop, target) : 0; /* the first fault, not the last */
        return status != 0 ? status : refuse_in_text(reader, stop, target);
    }
    if (any_high(high)) {
        int status = check_utf8(reader, start, stop, target);
        if (status != 0)
            return status;
    }
    value->text = start;
    value->length = (uint32_t) (stop - start);
    reader->at = stop + 1;
    return 0;
}

/* ---- numbers ---- */

struct decimal {
    uint64_t digits;     /* the significant ones as a number, where there are at most 19 */
    unsigned num_digits; /* from the first that is not 0 on */
    int64_t  exponent;   /* of ten, with the places behind the point taken off */
    bool     whole;      /* neither point nor exponent */
    bool     negative;
};

static inline bool is_digit(const char *at, const char *end)
{
    return at < end && *at >= '0' && *at <= '9';
}

static inline const char *take_digits(struct decimal *decimal, const char *at, const char *end)
{
    for (; is_digit(at, end); at++) {
        if (decimal->num_digits < 19)
            decimal->digits = decimal->digits * 10 + (uint64_t) (*at - '0');
        decimal->num_digits += decimal->num_digits > 0 || *at != '0';
    }
    return at;
}

/* The grammar of numbers. Answers their end; NULL with *wrong at the character that does not belong there. */
static const char *scan_number(const char *at, const char *end, struct decimal *decimal, const char **wrong)
{
    *decimal = (struct decimal){ .whole = true, .negative = *at == '-' };
    at += decimal->negative;
    *wrong = at;
    if (!is_digit(at, end) || (*at == '0' && is_digit(at + 1, end)))
        return NULL;
    at = take_digits(decimal, at, end);
    if (at < end && *at == '.') {
        const char *behind = at + 1;
        at = take_digits(decimal, behind, end);
        decimal->whole = false;
        decimal->exponent = behind - at;
        *wrong = at;
        if (at == behind)
            return NULL;
    }
    if (at < end && (*at | 0x20) == 'e') {
        bool    minus = end - at > 1 && at[1] == '-';
        int64_t exponent = 0;
        at += 1 + (end - at > 1 && (at[1] == '-' || at[1] == '+'));
        *wrong = at;
        if (!is_digit(at, end))
            return NULL;
        for (; is_digit(at, end); at++)
            exponent = exponent < 100000 ? exponent * 10 + (*at - '0') : exponent;
        decimal->whole = false;
        decimal->exponent += minus ? -exponent : exponent;
    }
    return at;
}

/* Fewer than 2^53 and a power of ten that a double holds exactly: one rounding, so the nearest double. */
static bool quick_double(const struct decimal *decimal, double *number)
{
    static const double powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                     1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    if (decimal->num_digits > 19 || decimal->digits > UINT64_C(1) << 53 || decimal->exponent < -22 ||
        decimal->exponent > 22)
        return false;
    double value = (double) decimal->digits;
    value = decimal->exponent < 0 ? value / powers[-decimal->exponent] : value * powers[decimal->exponent];
    *number = decimal->negative ? -value : value;
    return true;
}

static int read_number(struct reader *reader, struct value *value)
{
    struct decimal decimal;
    const char    *wrong, *start = reader->at, *end = scan_number(start, reader->end, &decimal, &wrong);
    ptrdiff_t      target = value - reader->tree->values;
    if (end == NULL)
        return refuse(reader, wrong, target, NULL, "a number as JSON writes it: -1, 0.5, 2e10");
    value->text = start;
    value->length = (uint32_t) (end - start);
    reader->at = end;
    if (end - start > TEXT_MAX_NUMBER)
        return refuse(reader, start, target, "a number of more than 400 characters", "a shorter one");
    uint64_t most = (uint64_t) INT64_MAX + decimal.negative;
    if (decimal.whole && decimal.num_digits <= 19 && decimal.digits <= most) {
        value->kind = VALUE_INTEGER;
        value->integer = (int64_t) (decimal.negative ? -decimal.digits : decimal.digits);
        return 0;
    }
    value->kind = VALUE_NUMBER;
    if (decimal.num_digits == 0 || decimal.exponent + decimal.num_digits < -330) { /* the least double is 4.9e-324 */
        value->number = decimal.negative ? -0.0 : 0.0;
        return 0;
    }
    if (!quick_double(&decimal, &value->number) && text_to_double(start, (size_t) (end - start), &value->number) != 0)
        return refuse(reader, start, target, "a number too large for a double", "at most 1.797e308");
    return 0;
}

/* ---- objects with the same key twice ---- */

static uint64_t sketch_of(const char *text, size_t length)
{
    uint64_t first = 0, last = 0;
    if (length >= 8) {
        first = load_eight(text);
        last = load_eight(text + length - 8);
    } else if (length >= 4) {
        memcpy(&first, text, 4);
        memcpy(&last, text + length - 4, 4);
    } else {
        for (size_t i = 0; i < length; i++)
            first = first << 8 | (unsigned char) text[i];
    }
    uint64_t mixed = (first ^ (last << 29 | last >> 35)) * UINT64_C(0x9e3779b97f4a7c15) + length;
    return (mixed ^ mixed >> 32) * UINT64_C(0xd6e8feb86659fd93);
}

static inline bool same_key(const struct value *a, const struct value *b)
{
    return a->sketch == b->sketch && a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

/* Few pairs: a sketch bit seen before calls for a look at those before. Answers the second of two equal keys. */
static const struct value *repeated_of_few(const struct value *object)
{
    const struct value *keys[JSON_PAIRS_AT_ONCE];
    size_t              num = 0;
    uint64_t            seen = 0;
    for (VALUE_EACH_PAIR(key, object)) {
        uint64_t bit = UINT64_C(1) << (key->sketch >> 58);
        for (size_t i = 0; (seen & bit) != 0 && i < num; i++) {
            if (same_key(keys[i], key))
                return key;
        }
        seen |= bit;
        keys[num++] = key;
    }
    return NULL;
}

/* Order of the keys by sketch, then length, bytes and place; `equal` where only the place differs. */
static bool key_before(const struct value *a, const struct value *b, bool *equal)
{
    int order = a->sketch != b->sketch   ? (a->sketch < b->sketch ? -1 : 1)
                : a->length != b->length ? (a->length < b->length ? -1 : 1)
                                         : memcmp(a->text, b->text, a->length);
    *equal = order == 0;
    return order != 0 ? order < 0 : a < b;
}

static void sift_down(const struct value *values, uint32_t *heap, size_t from, size_t num)
{
    bool equal;
    for (size_t child; (child = 2 * from + 1) < num; from = child) {
        if (child + 1 < num && key_before(values + heap[child], values + heap[child + 1], &equal))
            child++;
        if (!key_before(values + heap[from], values + heap[child], &equal))
            return;
        uint32_t swap = heap[from];
        heap[from] = heap[child];
        heap[child] = swap;
    }
}

static const struct value *repeated_of_sorted(const struct value *values, const uint32_t *order, size_t num)
{
    const struct value *first = NULL;
    bool                equal;
    for (size_t i = 1; i < num; i++) {
        key_before(values + order[i - 1], values + order[i], &equal);
        if (equal && (first == NULL || values + order[i] < first))
            first = values + order[i];
    }
    return first;
}

/* Many pairs: sorted, by a heap, in room behind the tree. *index: the second of two equal keys, 0 = none. */
static int repeated_of_many(struct reader *reader, size_t object, size_t *index)
{
    struct value_tree *tree = reader->tree;
    size_t             num = tree->values[object].count, room = num * sizeof(uint32_t) / sizeof(struct value) + 1;
    int                status = value_tree_reserve(tree, room);
    if (status == TOC_ERR_TOO_LARGE)
        refuse_limit(reader, reader->at, AT_CONTAINER, "fewer", tree->max_values, "keys and values with room to sort");
    if (status != 0)
        return status;
    const struct value *values = tree->values;
    uint32_t           *order = (uint32_t *) (void *) (tree->values + tree->num_values);
    size_t              at = 0;
    for (VALUE_EACH_PAIR(key, values + object))
        order[at++] = (uint32_t) (key - values);
    for (size_t i = num / 2; i-- > 0;)
        sift_down(values, order, i, num);
    for (size_t i = num; i-- > 1;) {
        uint32_t swap = order[0];
        order[0] = order[i];
        order[i] = swap;
        sift_down(values, order, 0, i);
    }
    const struct value *repeated = repeated_of_sorted(values, order, num);
    *index = repeated != NULL ? (size_t) (repeated - values) : 0;
    return 0;
}

static int check_keys(struct reader *reader, size_t object)
{
    struct value_tree *tree = reader->tree;
    size_t             index = 0;
    if (tree->values[object].count <= JSON_PAIRS_AT_ONCE) {
        const struct value *repeated = repeated_of_few(tree->values + object);
        index = repeated != NULL ? (size_t) (repeated - tree->values) : 0;
    } else {
        int status = repeated_of_many(reader, object, &index);
        if (status != 0)
            return status;
    }
    if (index == 0)
        return 0;
    return refuse(reader, reader->begin + tree->values[index].place, (ptrdiff_t) index,
                  "the same key twice in an object", "each key once");
}

/* ---- the whole ---- */

static int read_word(struct reader *reader, struct value *value, const char *word, size_t length, enum value_kind kind)
{
    size_t room = (size_t) (reader->end - reader->at);
    if (room < length || memcmp(reader->at, word, length) != 0) {
        bool cut = room < length && memcmp(reader->at, word, room) == 0;
        int  status = refuse(reader, reader->at, value - reader->tree->values, NULL, "true, false, null or a value");
        if (reader->fault != NULL)
            reader->fault->cut = cut;
        return status;
    }
    value->kind = (uint8_t) kind;
    reader->at += length;
    return 0;
}

static int open_container(struct reader *reader, struct value *value)
{
    if (reader->depth == reader->limits.max_depth)
        return refuse_limit(reader, reader->at, value - reader->tree->values, "flatter", reader->limits.max_depth,
                            "arrays and objects within one another");
    value->kind = *reader->at++ == '[' ? VALUE_ARRAY : VALUE_OBJECT;
    value->count = 0;
    reader->open[reader->depth++] = (uint32_t) (value - reader->tree->values);
    return 0;
}

static int read_value(struct reader *reader)
{
    int status = 0;
    if (reader->at == reader->end)
        return refuse(reader, reader->at, AT_NEXT_VALUE, NULL, "a value");
    struct value *value = next_entry(reader, reader->at, &status);
    if (value == NULL)
        return status;
    switch (*reader->at) {
    case '"': return read_text(reader, reader->tree->num_values - 1, (ptrdiff_t) reader->tree->num_values - 1);
    case '{':
    case '[': return open_container(reader, value);
    case 't': return read_word(reader, value, "true", 4, VALUE_TRUE);
    case 'f': return read_word(reader, value, "false", 5, VALUE_FALSE);
    case 'n': return read_word(reader, value, "null", 4, VALUE_NULL);
    default:
        if (*reader->at == '-' || is_digit(reader->at, reader->end))
            return read_number(reader, value);
        return refuse(reader, reader->at, value - reader->tree->values, NULL, "a value");
    }
}

/* A key and its colon. */
static int read_key(struct reader *reader)
{
    int status = 0;
    reader->at = skip_blanks(reader->at, reader->end);
    if (reader->at == reader->end || *reader->at != '"')
        return refuse(reader, reader->at, AT_CONTAINER, NULL, "a key in double quotes");
    if (next_entry(reader, reader->at, &status) == NULL)
        return status;
    size_t index = reader->tree->num_values - 1;
    status = read_text(reader, index, AT_CONTAINER);
    if (status != 0)
        return status;
    struct value *key = &reader->tree->values[index];
    key->sketch = sketch_of(key->text, key->length);
    reader->at = skip_blanks(reader->at, reader->end);
    if (reader->at == reader->end || *reader->at != ':')
        return refuse(reader, reader->at, AT_CONTAINER, NULL, "a colon behind the key");
    reader->at++;
    return 0;
}

/* Behind a value or an opening bracket: close what is closed here. *more: a further value follows. */
static int after_value(struct reader *reader, bool opened, bool *more)
{
    struct value_tree *tree = reader->tree;
    for (; reader->depth > 0; opened = false) {
        size_t index = reader->open[reader->depth - 1];
        bool   object = tree->values[index].kind == VALUE_OBJECT;
        reader->at = skip_blanks(reader->at, reader->end);
        char next = reader->at < reader->end ? *reader->at : '\0';
        if (next == (object ? '}' : ']')) {
            reader->at++;
            tree->values[index].size = (uint32_t) (tree->num_values - index);
            int status = object ? check_keys(reader, index) : 0;
            if (status != 0)
                return status;
            reader->depth--;
            continue;
        }
        if (!opened && next != ',')
            return refuse(reader, reader->at, AT_CONTAINER, NULL, object ? "a comma or }" : "a comma or ]");
        reader->at += !opened;
        tree->values[index].count++;
        *more = true;
        return object ? read_key(reader) : 0;
    }
    *more = false;
    return 0;
}

static int read_one(struct reader *reader)
{
    int  status = 0;
    bool more = true;
    while (status == 0 && more) {
        unsigned depth = reader->depth;
        reader->at = skip_blanks(reader->at, reader->end);
        status = read_value(reader);
        if (status == 0)
            status = after_value(reader, reader->depth > depth, &more);
    }
    return status;
}

static struct reader reader_of(const char *bytes, size_t size, const struct json_limits *given, struct value_tree *tree,
                               struct json_fault *fault)
{
    struct json_limits limits = given != NULL ? *given : (struct json_limits){ 0 };
    if (limits.max_depth == 0 || limits.max_depth > JSON_READ_MAX_DEPTH)
        limits.max_depth = JSON_READ_MAX_DEPTH;
    if (limits.max_values == 0 || limits.max_values > JSON_READ_MAX_VALUES)
        limits.max_values = JSON_READ_MAX_VALUES;
    if (limits.max_bytes == 0 || limits.max_bytes > JSON_READ_MAX_BYTES)
        limits.max_bytes = JSON_READ_MAX_BYTES;
    value_tree_clear(tree);
    return (struct reader){
        .begin = bytes, .at = bytes, .end = bytes + size, .tree = tree, .limits = limits, .fault = fault
    };
}

static int check_size(struct reader *reader)
{
    size_t size = (size_t) (reader->end - reader->begin);
    if (size > reader->limits.max_bytes)
        return refuse_limit(reader, reader->begin, AT_CONTAINER, "fewer", reader->limits.max_bytes, "bytes");
    if (size >= 3 && memcmp(reader->begin, "\xef\xbb\xbf", 3) == 0)
        return refuse(reader, reader->begin, AT_CONTAINER, "a byte-order mark", "the JSON text alone");
    return 0;
}

int json_read(const char *bytes, size_t size, const struct json_limits *limits, struct value_tree *tree,
              struct json_fault *fault)
{
    struct reader reader = reader_of(bytes, size, limits, tree, fault);
    int           status = check_size(&reader);
    if (status == 0)
        status = read_one(&reader);
    if (status == 0) {
        reader.at = skip_blanks(reader.at, reader.end);
        if (reader.at != reader.end)
            status = refuse(&reader, reader.at, AT_CONTAINER, NULL, "nothing behind the value");
    }
    if (status != 0)
        value_tree_clear(tree);
    return status;
}

int json_read_next(const char *bytes, size_t size, size_t *offset, const struct json_limits *limits,
                   struct value_tree *tree, struct json_fault *fault)
{
    struct reader reader = reader_of(bytes, size, limits, tree, fault);
    int           status = check_size(&reader);
    if (status == 0) {
        reader.at = skip_blanks(bytes + *offset, reader.end);
        if (reader.at != reader.end)
            status = read_one(&reader);
    }
    if (status == 0)
        *offset = (size_t) (reader.at - bytes);
    else
        value_tree_clear(tree);
    return status;
}
