/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/model_moment.h"

#include "base/date_text.h"
#include "base/instant.h"
#include "model/model_value.h"

#define HOUR (3600 * INSTANT_SECOND)
#define MINUTE (60 * INSTANT_SECOND)
#define ANY_ZONE (14 * HOUR)

static int64_t two_digits(const char *text)
{
    return (text[0] - '0') * 10 + (text[1] - '0');
}

/* text is well-formed (time_check), so that its parts stand at known places: 2026-11-22T10:30:05+08:00 */
static bool moment_of_time(const struct model_text *text, struct model_moment *moment)
{
    const char    *at = text->bytes;
    toc_date       date;
    enum date_form form;
    if (time_check(at, text->size) != 0 || date_from_text(at, 10, &date, &form, NULL) != 0)
        return false;
    *moment = (struct model_moment){ .start = date * INSTANT_DAY, .span = INSTANT_DAY, .local = true };
    static const int64_t units[] = { HOUR, MINUTE, INSTANT_SECOND };
    size_t               next = 10;
    for (size_t unit = 0; unit < 3 && next < text->size && (at[next] == 'T' || at[next] == ':'); unit++, next += 3) {
        moment->start += two_digits(at + next + 1) * units[unit];
        moment->span = units[unit];
    }
    if (next == text->size)
        return true;
    moment->zone_known = true;
    if (at[next] != 'Z')
        moment->zone =
            (two_digits(at + next + 1) * HOUR + two_digits(at + next + 4) * MINUTE) * (at[next] == '-' ? -1 : 1);
    return true;
}

bool model_moment_of(const struct model_field *field, const void *value, struct model_moment *moment)
{
    if (model_is_missing(field, value))
        return false;
    switch (field->kind) {
    case MODEL_KIND_DATE:
        *moment = (struct model_moment){ .start = model_value_date(field, value) * INSTANT_DAY,
                                         .span = INSTANT_DAY,
                                         .local = true };
        return true;
    case MODEL_KIND_TIME: return moment_of_time(model_value_text(field, value), moment);
    case MODEL_KIND_INSTANT:
    case MODEL_KIND_INTEGER:
        *moment = (struct model_moment){ .start = model_value_integer(field, value), .span = 1, .zone_known = true };
        return true;
    default: return false;
    }
}

bool model_moment_may_follow(const struct model_moment *earlier, const struct model_moment *later)
{
    int64_t start = earlier->start, end = later->start + (later->span - 1);
    if (earlier->zone_known && later->zone_known) {
        start -= earlier->zone;
        end -= later->zone;
    } else if (earlier->local != later->local) {
        end += ANY_ZONE;
    }
    return end >= start;
}
