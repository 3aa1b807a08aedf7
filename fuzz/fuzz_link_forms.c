/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cells of a person's list, made ready for linkage and compared: whatever they hold, forms are whole UTF-8 within their
 * room, a form made ready again is itself, and comparing is the same both ways. */
#include <string.h>

#include "base/fault.h"
#include "base/text.h"
#include "formats/person_fields.h"
#include "fuzz.h"
#include "store/link_forms.h"
#include "tocsin/linkage.h"

static void check(const struct link_text *form)
{
    MUST(form->num_written < LINK_TEXT_BYTES && form->num_letters < LINK_TEXT_BYTES);
    MUST(text_check_utf8(form->written, form->num_written) == form->num_written);
    MUST(text_check_utf8(form->letters, form->num_letters) == form->num_letters);
}

typedef int (*maker)(const char *text, size_t size, struct link_text *form);

static void make_all(const char *text, size_t size)
{
    static const maker makers[] = { link_given, link_family, link_words, link_number, link_phone };
    struct link_text   one, two;
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++) {
        int ret = makers[i](text, size, &one);
        MUST(ret == 0 || ret == BASE_ERR_INPUT);
        if (ret == 0)
            check(&one);
    }
    if (link_full_name(text, size, &one, &two) == 0) {
        check(&one);
        check(&two);
    }
}

static void compare(const char *a, size_t size_a, const char *b, size_t size_b)
{
    double jaro = toc_jaro(a, size_a, b, size_b), winkler = toc_jaro_winkler(a, size_a, b, size_b);
    MUST(jaro >= 0 && jaro <= winkler + 1e-12 && winkler <= 1 + 1e-12);
    MUST(toc_one_error(a, size_a, b, size_b) == toc_one_error(b, size_b, a, size_a));
    MUST(toc_one_error(a, size_a, a, size_a));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *) data;
    if (size > 5000)
        return 0;
    const char *end = memchr(text, '\n', size);
    size_t      first = end == NULL ? size : (size_t) (end - text), rest = end == NULL ? 0 : size - first - 1;
    const char *second = end == NULL ? text : end + 1;
    make_all(text, first);
    make_all(second, rest);
    compare(text, first, second, rest);
    uint32_t one = link_date(text, first, true), two = link_date(second, rest, false);
    MUST(one <= 99999999 && (one == 0 || one >= 10000));
    MUST(toc_linkage_dates(one, two) == toc_linkage_dates(two, one));
    MUST(link_sex(text, first) <= 3);
    int order = link_date_order(text, first);
    MUST(order >= -1 && order <= 1);
    MUST(person_field_of_header(text, first) < PERSON_NUM_FIELDS);
    return 0;
}
