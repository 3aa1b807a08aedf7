/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The primitive types of R4, each by its published expression. */
#include <string.h>

#include "formats/fhir/parts.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* ---- dates and times ---- */

struct scan {
    const char *at, *end;
};

static bool take_digits(struct scan *scan, size_t num)
{
    for (size_t i = 0; i < num; i++, scan->at++)
        if (scan->at == scan->end || !is_digit(*scan->at))
            return false;
    return true;
}

static bool take(struct scan *scan, char c)
{
    if (scan->at == scan->end || *scan->at != c)
        return false;
    scan->at++;
    return true;
}

/* hh:mm:ss with a fraction */
static bool take_clock(struct scan *scan)
{
    const char *begin = scan->at;
    if (!take_digits(scan, 2) || !take(scan, ':') || !take_digits(scan, 2) || !take(scan, ':') || !take_digits(scan, 2))
        return false;
    if (begin[0] > '2' || (begin[0] == '2' && begin[1] > '3') || begin[3] > '5')
        return false;
    if (begin[6] > '5' && !(begin[6] == '6' && begin[7] == '0')) /* a leap second */
        return false;
    if (take(scan, '.')) {
        if (!take_digits(scan, 1))
            return false;
        while (scan->at < scan->end && is_digit(*scan->at))
            scan->at++;
    }
    return true;
}

/* Z or +hh:mm, within 14 hours */
static bool take_zone(struct scan *scan)
{
    if (take(scan, 'Z'))
        return true;
    const char *begin = scan->at;
    if (!(take(scan, '+') || take(scan, '-')) || !take_digits(scan, 2) || !take(scan, ':') || !take_digits(scan, 2))
        return false;
    int hours = 10 * (begin[1] - '0') + begin[2] - '0', minutes = 10 * (begin[4] - '0') + begin[5] - '0';
    return minutes < 60 && (hours < 14 || (hours == 14 && minutes == 0));
}

/* The day exists; `at` is behind YYYY-MM-DD. */
static bool is_day(const char *text)
{
    struct report_time time = { .precision = REPORT_DAY };
    const char        *what;
    time.year = (int16_t) (1000 * (text[0] - '0') + 100 * (text[1] - '0') + 10 * (text[2] - '0') + text[3] - '0');
    time.month = (int8_t) (10 * (text[5] - '0') + text[6] - '0');
    time.day = (int8_t) (10 * (text[8] - '0') + text[9] - '0');
    return report_time_check(&time, &what);
}

enum parts { DATE = 1, DATE_TIME, INSTANT };

static bool is_date(const char *text, size_t size, enum parts parts)
{
    struct scan scan = { text, text + size };
    if (!take_digits(&scan, 4) || memcmp(text, "0000", 4) == 0)
        return false;
    if (scan.at == scan.end)
        return parts != INSTANT;
    if (!take(&scan, '-') || !take_digits(&scan, 2) || memcmp(text + 5, "00", 2) == 0 || memcmp(text + 5, "12", 2) > 0)
        return false;
    if (scan.at == scan.end)
        return parts != INSTANT;
    if (!take(&scan, '-') || !take_digits(&scan, 2) || !is_day(text))
        return false;
    if (scan.at == scan.end)
        return parts != INSTANT;
    return parts != DATE && take(&scan, 'T') && take_clock(&scan) && take_zone(&scan) && scan.at == scan.end;
}

static bool is_time(const char *text, size_t size)
{
    struct scan scan = { text, text + size };
    return take_clock(&scan) && scan.at == scan.end;
}

/* ---- words ---- */

/* No blank at either end, and single ones within. */
static bool is_code(const char *text, size_t size)
{
    if (size == 0 || is_blank(text[0]) || is_blank(text[size - 1]))
        return false;
    for (size_t i = 1; i < size; i++)
        if (is_blank(text[i]) && (text[i] != ' ' || text[i - 1] == ' '))
            return false;
    return true;
}

static bool is_id(const char *text, size_t size)
{
    if (size == 0 || size > 64)
        return false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (!is_digit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '-' && c != '.')
            return false;
    }
    return true;
}

static bool is_uri(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (is_blank(text[i]))
            return false;
    return size > 0;
}

static bool is_oid(const char *text, size_t size)
{
    if (size < 12 || memcmp(text, "urn:oid:", 8) != 0 || text[8] < '0' || text[8] > '2')
        return false;
    for (size_t i = 9; i < size; i++) {
        if (text[i] == '.') {
            bool zero = i + 2 < size && text[i + 1] == '0' && text[i + 2] != '.';
            if (i + 1 == size || text[i + 1] == '.' || zero)
                return false;
        } else if (!is_digit(text[i]) || i == 9) {
            return false;
        }
    }
    return true;
}

static bool is_uuid(const char *text, size_t size)
{
    if (size != 45 || memcmp(text, "urn:uuid:", 9) != 0)
        return false;
    for (size_t i = 9; i < size; i++) {
        bool dash = i == 17 || i == 22 || i == 27 || i == 32;
        char c = text[i];
        if (dash ? c != '-' : !is_digit(c) && !((c | 0x20) >= 'a' && (c | 0x20) <= 'f'))
            return false;
    }
    return true;
}

static bool is_base64(const char *text, size_t size)
{
    size_t digits = 0, ends = 0;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (is_blank(c))
            continue;
        if (c == '=')
            ends++;
        else if (ends > 0 || !(is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '+' || c == '/'))
            return false;
        digits++;
    }
    return digits > 0 && digits % 4 == 0 && ends <= 2;
}

/* Something besides blanks, no control character but line ends and tabs, at most a megabyte. */
static bool is_string(const char *text, size_t size)
{
    bool something = false;
    for (size_t i = 0; i < size; i++) {
        if ((unsigned char) text[i] < ' ' && !is_blank(text[i]))
            return false;
        something |= !is_blank(text[i]);
    }
    return something && size <= (size_t) 1 << 20;
}

static bool is_narrative(const char *text, size_t size)
{
    static const char begin[] = "<div", end[] = "</div>";
    while (size > 0 && is_blank(text[size - 1]))
        size--;
    while (size > 0 && is_blank(text[0]))
        text++, size--;
    if (size < sizeof begin || memcmp(text, begin, sizeof begin - 1) != 0)
        return false;
    bool closed = size > sizeof end && memcmp(text + size - sizeof end + 1, end, sizeof end - 1) == 0;
    return (closed || memcmp(text + size - 2, "/>", 2) == 0) && memmem(text, size, "<script", 7) == NULL;
}

/* ---- by type ---- */

static const char *wrong_text(uint16_t type, const char *text, size_t size, const char **allowed)
{
    bool good = true;
    switch (type) {
    case FHIR_string:
    case FHIR_markdown:
        good = is_string(text, size);
        *allowed = "a text that is not empty, without control characters, of at most 1 MiB";
        break;
    case FHIR_code:
        good = is_code(text, size);
        *allowed = "no blanks at the ends, single ones within";
        break;
    case FHIR_id:
        good = is_id(text, size);
        *allowed = "1 … 64 of A-Z a-z 0-9 - .";
        break;
    case FHIR_uri:
    case FHIR_url:
    case FHIR_canonical:
        good = is_uri(text, size);
        *allowed = "a URI without blanks";
        break;
    case FHIR_oid:
        good = is_oid(text, size);
        *allowed = "urn:oid:2.16…";
        break;
    case FHIR_uuid:
        good = is_uuid(text, size);
        *allowed = "urn:uuid: and a UUID";
        break;
    case FHIR_date:
        good = is_date(text, size, DATE);
        *allowed = "YYYY, YYYY-MM or YYYY-MM-DD, a day that exists";
        break;
    case FHIR_dateTime:
        good = is_date(text, size, DATE_TIME);
        *allowed = "YYYY, YYYY-MM, YYYY-MM-DD, or YYYY-MM-DDThh:mm:ss with its zone";
        break;
    case FHIR_instant:
        good = is_date(text, size, INSTANT);
        *allowed = "YYYY-MM-DDThh:mm:ss with its zone";
        break;
    case FHIR_time:
        good = is_time(text, size);
        *allowed = "hh:mm:ss";
        break;
    case FHIR_base64Binary:
        good = is_base64(text, size);
        *allowed = "base64";
        break;
    case FHIR_xhtml:
        good = is_narrative(text, size);
        *allowed = "XHTML within one <div>, without scripts";
        break;
    default: break;
    }
    return good ? NULL : size == 0 ? "an empty text" : "not of the form of its type";
}

const char *fhir_check_primitive(uint16_t type, const struct value *value, const char **allowed)
{
    switch (type) {
    case FHIR_boolean:
        *allowed = "true or false";
        return value_is(value, VALUE_TRUE) || value_is(value, VALUE_FALSE) ? NULL : "not a boolean";
    case FHIR_integer:
    case FHIR_unsignedInt:
    case FHIR_positiveInt: {
        int64_t low = type == FHIR_integer ? INT32_MIN : type == FHIR_positiveInt;
        *allowed = type == FHIR_integer ? "a whole number of 32 bits"
                   : low == 1           ? "a whole number above 0"
                                        : "a whole number, 0 or above";
        bool whole = value_is(value, VALUE_INTEGER) && memchr(value->text, '.', value->length) == NULL;
        if (!whole)
            return "not a whole number";
        return value->integer < low || value->integer > INT32_MAX ? "a number outside what its type allows" : NULL;
    }
    case FHIR_decimal:
        *allowed = "a number, not in quotes";
        return value_is(value, VALUE_INTEGER) || value_is(value, VALUE_NUMBER) ? NULL : "not a number";
    default:
        if (!value_is(value, VALUE_TEXT)) {
            *allowed = "a text";
            return "not a text";
        }
        return wrong_text(type, value->text, value->length, allowed);
    }
}
