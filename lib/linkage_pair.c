/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two persons where there is no list to learn from: the weights are those that learning begins with. */
#include "linkage_internal.h"

#include <string.h>

/* What learning begins with (linkage_estimate.c), for one record: as likely as not its person is there; as many of the
 * household, as many namesakes, hardly a twin. */
static const double MATCHES = 0.5, HOUSEHOLDS = 0.5, TWINS = 0.005, NAMESAKES = 0.5;

static bool same_bytes(const char *a, size_t size_a, const char *b, size_t size_b)
{
    return size_a == size_b && memcmp(a, b, size_a) == 0;
}

static enum toc_linkage_level texts(const struct toc_linkage_form *a, const struct toc_linkage_form *b, bool name)
{
    uint16_t room_a[TOC_LINKAGE_MAX_TEXT], room_b[TOC_LINKAGE_MAX_TEXT];
    if (same_bytes(a->written, a->num_written, b->written, b->num_written))
        return TOC_LINKAGE_EXACT;
    if (same_bytes(a->letters, a->num_letters, b->letters, b->num_letters))
        return TOC_LINKAGE_SOUND;
    struct toci_text one = { room_a, toci_linkage_characters(a->letters, a->num_letters, room_a) };
    struct toci_text two = { room_b, toci_linkage_characters(b->letters, b->num_letters, room_b) };
    if (name && (one.size == 1 || two.size == 1))
        return one.characters[0] == two.characters[0] ? TOC_LINKAGE_PART : TOC_LINKAGE_DIFFERENT;
    double similar = toci_jaro_winkler(one, two);
    return similar >= NEAR_AT ? TOC_LINKAGE_NEAR : similar >= LIKE_AT ? TOC_LINKAGE_LIKE : TOC_LINKAGE_DIFFERENT;
}

static enum toc_linkage_level numbers(const struct toc_linkage_form *a, const struct toc_linkage_form *b)
{
    if (same_bytes(a->letters, a->num_letters, b->letters, b->num_letters))
        return TOC_LINKAGE_EXACT;
    return toc_one_error(a->letters, a->num_letters, b->letters, b->num_letters) ? TOC_LINKAGE_NEAR
                                                                                 : TOC_LINKAGE_DIFFERENT;
}

static enum toc_linkage_level level_of(enum toc_linkage_role role, const struct toc_linkage_person *a,
                                       const struct toc_linkage_person *b)
{
    enum toci_kind                 kind = toci_roles[role].kind;
    const struct toc_linkage_form *one = &a->form[role], *two = &b->form[role];
    if (kind == KIND_DATE)
        return toc_linkage_dates(a->birth_date, b->birth_date);
    if (kind == KIND_CODE)
        return a->sex == 0 || b->sex == 0 ? TOC_LINKAGE_MISSING
               : a->sex == b->sex         ? TOC_LINKAGE_EXACT
                                          : TOC_LINKAGE_DIFFERENT;
    if (one->num_letters == 0 || two->num_letters == 0)
        return TOC_LINKAGE_MISSING;
    return kind == KIND_NUMBER ? numbers(one, two) : texts(one, two, kind == KIND_NAME);
}

/* Given and family name exchanged: said once, of the given name. */
static void see_exchange(const struct toc_linkage_person *a, const struct toc_linkage_person *b, uint8_t *level)
{
    const struct toc_linkage_form *given = a->form, *family = a->form + TOC_LINKAGE_FAMILY;
    const struct toc_linkage_form *other_given = b->form, *other_family = b->form + TOC_LINKAGE_FAMILY;
    if (level[TOC_LINKAGE_GIVEN] == TOC_LINKAGE_MISSING || level[TOC_LINKAGE_FAMILY] == TOC_LINKAGE_MISSING ||
        level[TOC_LINKAGE_GIVEN] >= TOC_LINKAGE_SOUND || level[TOC_LINKAGE_FAMILY] >= TOC_LINKAGE_SOUND)
        return;
    if (texts(given, other_family, true) >= TOC_LINKAGE_NEAR && texts(family, other_given, true) >= TOC_LINKAGE_NEAR) {
        level[TOC_LINKAGE_GIVEN] = TOC_LINKAGE_SWAPPED;
        level[TOC_LINKAGE_FAMILY] = TOC_LINKAGE_MISSING;
    }
}

static double add_logs(double a, double b)
{
    double high = fmax(a, b), low = fmin(a, b);
    return low == -INFINITY ? high : high + log1p(exp(low - high));
}

double toc_linkage_weigh(const struct toc_linkage_person *a, const struct toc_linkage_person *b, double persons,
                         uint8_t level[TOC_LINKAGE_NUM_ROLES])
{
    uint8_t own[TOC_LINKAGE_NUM_ROLES];
    double  match = log(MATCHES), random = log(fmax(1.0, persons)), household = log(HOUSEHOLDS), twin = log(TWINS);
    double  namesake = log(NAMESAKES);
    bool    more_than_names = false;
    level = level == NULL ? own : level;
    for (int role = 0; role < TOC_LINKAGE_NUM_ROLES; role++)
        level[role] = (uint8_t) level_of((enum toc_linkage_role) role, a, b);
    see_exchange(a, b, level);
    for (int role = 0; role < TOC_LINKAGE_NUM_ROLES; role++) {
        const struct toci_role *of = &toci_roles[role];
        if (level[role] == TOC_LINKAGE_MISSING)
            continue;
        double m = log(of->m[level[role]]), u = log(of->u[level[role]]);
        match += m;
        random += u;
        household += of->household ? m : u;
        twin += of->twin ? m : u;
        namesake += of->namesake ? m : u;
        more_than_names = more_than_names || !of->namesake;
    }
    if (!more_than_names)
        namesake = -INFINITY;
    return match - add_logs(add_logs(random, namesake), add_logs(household, twin));
}
