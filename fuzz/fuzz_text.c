/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a number, a date, a text to be shown and the words of --columns. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/date_text.h"
#include "base/fault.h"
#include "base/text.h"
#include "formats/counts.h"
#include "fuzz.h"

/* What is read as a number is what the C library reads; and its shortest text reads back. */
static void check_number(const char *text, size_t size)
{
    double  value, again;
    int64_t whole;
    char    copy[TEXT_MAX_NUMBER + 1], shortest[TEXT_DOUBLE_BYTES];
    if (text_to_integer(text, size, INT64_MIN, INT64_MAX, &whole) == 0) {
        char   back[TEXT_INTEGER_BYTES];
        size_t length = text_from_integer(whole, back);
        MUST(text_to_integer(back, length, whole, whole, &whole) == 0);
        MUST(size > TEXT_MAX_NUMBER || (text_to_double(text, size, &value) == 0 && value == (double) whole));
    }
    if (text_to_double(text, size, &value) != 0)
        return;
    MUST(size <= TEXT_MAX_NUMBER && isfinite(value));
    memcpy(copy, text, size);
    copy[size] = '\0';
    char *end;
    MUST(strtod(copy, &end) == value && end == copy + size);
    size_t length = text_from_double(value, shortest);
    MUST(length < sizeof shortest && text_to_double(shortest, length, &again) == 0 && again == value);
}

static void check_bits(const uint8_t *data, size_t size)
{
    double value, again;
    char   text[TEXT_DOUBLE_BYTES];
    if (size < sizeof value)
        return;
    memcpy(&value, data, sizeof value);
    size_t length = text_from_double(value, text);
    MUST(length == strlen(text) && length < sizeof text);
    MUST(!isfinite(value) || (text_to_double(text, length, &again) == 0 && again == value));
}

static void check_date(const char *text, size_t size)
{
    toc_date       date;
    enum date_form form;
    char           back[DATE_TEXT_BYTES], fault[DATE_FAULT_BYTES] = "";
    if (date_from_text(text, size, &date, &form, fault) == 0) {
        MUST(date_to_text(date, form, back) == size && memcmp(back, text, size) == 0);
    } else {
        MUST(fault[0] != '\0' && memchr(fault, '\0', sizeof fault) != NULL);
    }
}

static void check_shown(const char *text, size_t size)
{
    char   quoted[TEXT_QUOTE_BYTES], small[8];
    size_t good = text_check_utf8(text, size), length = text_quote(text, size, quoted);
    MUST(good <= size && text_check_utf8(text, good) == good);
    MUST(length < sizeof quoted && strlen(quoted) == length && text_check_utf8(quoted, length) == length);
    for (size_t i = 0; i < length; i++)
        MUST((unsigned char) quoted[i] >= 0x20 && quoted[i] != 0x7f);
    length = text_escape(text, size, small, sizeof small);
    MUST(length < sizeof small && text_check_utf8(small, length) == length);
}

static void check_columns(const char *text, size_t size)
{
    struct counts_columns columns;
    struct fault_list     faults = { 0 };
    char                 *copy = malloc(size + 1);
    memcpy(copy, text, size);
    copy[size] = '\0';
    int status = counts_columns_from_text(copy, &columns, &faults);
    MUST(status == 0 ? faults.num_all == 0 : faults.num_all > 0);
    fault_list_free(&faults);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *) data;
    if (size == 0) /* libFuzzer gives NULL */
        return 0;
    check_number(text, size);
    check_bits(data, size);
    check_date(text, size);
    check_shown(text, size);
    check_columns(text, size);
    return 0;
}
