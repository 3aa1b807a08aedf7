/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "response/intake_residence.h"

#include <string.h>

#include "base/text.h"

enum {
    MOST_MENTIONS = 16,
    MOST_NAMED = 4096,     /* areas of one name that are weighed; of a more common one only that it fits counts */
    LONGEST_NAME = 40,     /* characters of a name within a chain */
    MOST_BEFORE_CHAIN = 4, /* characters before the first name of a chain: a country that is written there */
    OF_A_NAME = 2,
    OF_THE_FEED = 1,
    LEAST_SUPPORT = 3
};

/* A name in the address, with the areas that have it, ascending. */
struct mention {
    const uint32_t *areas;
    size_t          num;
    size_t          weight;
};

struct looking {
    const struct area_tree  *tree;
    const struct area_names *names;
    struct arena            *arena;
    struct mention           mentions[MOST_MENTIONS];
    size_t                   num;
};

static void mention(struct looking *looking, const uint32_t *areas, size_t num, size_t weight)
{
    for (size_t i = 0; i < looking->num; i++)
        if (looking->mentions[i].areas == areas)
            return; /* said twice is said once */
    if (num > 0 && looking->num < MOST_MENTIONS)
        looking->mentions[looking->num++] = (struct mention){ areas, num, weight };
}

/* ---- names in the address ---- */

static size_t next_character(const char *text, size_t size, size_t at)
{
    for (at++; at < size && ((unsigned char) text[at] & 0xc0) == 0x80;)
        at++;
    return at;
}

/* The longest name that the text begins with: its bytes; 0 = none. */
static size_t take_name(struct looking *looking, const char *text, size_t size)
{
    const uint32_t *areas = NULL, *longest = NULL;
    size_t          found = 0, num = 0, at = 0;
    for (size_t characters = 0; characters < LONGEST_NAME && at < size; characters++) {
        at = next_character(text, size, at);
        size_t here = characters == 0 ? 0 : area_names_find(looking->names, text, at, &areas);
        if (here > 0) {
            found = at;
            longest = areas;
            num = here;
        }
    }
    if (found > 0)
        mention(looking, longest, num, OF_A_NAME);
    return found;
}

static void take_chain(struct looking *looking, const char *text, size_t size)
{
    size_t at = 0, taken = 0;
    for (size_t skipped = 0; taken == 0 && at < size && skipped <= MOST_BEFORE_CHAIN; skipped++) {
        taken = take_name(looking, text + at, size - at);
        at = taken > 0 ? at + taken : next_character(text, size, at);
    }
    while (taken > 0 && at < size) {
        taken = take_name(looking, text + at, size - at);
        at += taken;
    }
}

static void take_piece(struct looking *looking, const char *text, size_t size)
{
    const char     *folded;
    const uint32_t *areas;
    size_t          num = area_names_fold(text, size, looking->arena, &folded);
    size_t          found = num == 0 ? 0 : area_names_find(looking->names, folded, num, &areas);
    if (found > 0)
        mention(looking, areas, found, OF_A_NAME);
    else if (num > 0 && (unsigned char) folded[0] >= 0x80)
        take_chain(looking, folded, num);
}

/* Bytes of the sign between two pieces that stands here; 0 = none. */
static size_t separator(const char *text, size_t size)
{
    static const char *const signs[] = { ",", ";", "\n", "/", "，", "、", "；", "།" };
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strlen(signs[i]) <= size && memcmp(text, signs[i], strlen(signs[i])) == 0)
            return strlen(signs[i]);
    return 0;
}

static void take_part(struct looking *looking, struct report_text part)
{
    size_t from = 0;
    for (size_t at = 0; at <= part.size;) {
        size_t gap = at < part.size ? separator(part.bytes + at, part.size - at) : 1;
        if (gap > 0) {
            take_piece(looking, part.bytes + from, at - from);
            from = at + gap;
        }
        at += gap > 0 ? gap : 1;
    }
}

/* ---- weighing ---- */

static bool has(const struct mention *one, uint32_t area)
{
    size_t low = 0, high = one->num;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (one->areas[middle] < area)
            low = middle + 1;
        else
            high = middle;
    }
    return low < one->num && one->areas[low] == area;
}

/* How much speaks for an area: its own name, and those of areas above it. */
static size_t support(const struct looking *looking, uint32_t area)
{
    uint32_t up[AREA_TREE_MAX_DEPTH];
    size_t   num_up = area_tree_ancestors(looking->tree, area, up), count = 0;
    for (size_t i = 0; i < looking->num; i++) {
        bool speaks = false;
        for (size_t k = 0; k < num_up && !speaks; k++)
            speaks = has(&looking->mentions[i], up[k]);
        count += speaks ? looking->mentions[i].weight : 0;
    }
    return count;
}

/* The lowest area that both lie in, themselves included; AREA_NONE: none. */
static uint32_t in_common(const struct area_tree *tree, uint32_t a, uint32_t b)
{
    while (a != AREA_NONE && !area_tree_within(tree, b, a))
        a = area_tree_parent(tree, a);
    return a;
}

static uint32_t choose(const struct looking *looking, size_t num_named)
{
    uint32_t best = AREA_NONE;
    size_t   most = LEAST_SUPPORT - 1;
    unsigned depth = 0; /* of the areas that `best` was made of */
    for (size_t i = 0; i < num_named; i++)
        for (size_t k = 0; looking->mentions[i].num <= MOST_NAMED && k < looking->mentions[i].num; k++) {
            uint32_t area = looking->mentions[i].areas[k];
            size_t   speak = support(looking, area);
            unsigned own = area_tree_depth(looking->tree, area);
            if (speak > most || (speak == most && best != AREA_NONE && own > depth)) {
                best = area;
                most = speak;
                depth = own;
            } else if (speak == most && best != AREA_NONE && own == depth) {
                best = in_common(looking->tree, best, area);
            }
        }
    return best;
}

static const struct report_address *home_of(const struct report_subject *subject)
{
    for (uint32_t i = 0; i < subject->num_addresses; i++) {
        struct report_text use = subject->addresses[i].use;
        if (text_equal_nocase(use.bytes, use.size, "H", 1) || text_equal_nocase(use.bytes, use.size, "home", 4))
            return &subject->addresses[i];
    }
    return subject->num_addresses > 0 ? &subject->addresses[0] : NULL;
}

uint32_t intake_residence(const struct report_subject *subject, const struct area_tree *tree,
                          const struct area_names *names, uint32_t of_feed, struct arena *arena)
{
    const struct report_address *home = home_of(subject);
    struct looking               looking = { .tree = tree, .names = names, .arena = arena };
    const uint32_t              *coded = NULL;
    if (home == NULL)
        return AREA_NONE;
    size_t num_coded = area_names_find_code(names, home->area_code.bytes, home->area_code.size, &coded);
    if (report_text_is_given(home->area_code) && num_coded == 1)
        return coded[0];
    const struct report_text parts[] = { home->state, home->county, home->city, home->other, home->street };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (report_text_is_given(parts[i]))
            take_part(&looking, parts[i]);
    if (report_text_is_given(home->county)) { /* HL7 v2 has a code there */
        size_t num = area_names_find_code(names, home->county.bytes, home->county.size, &coded);
        mention(&looking, coded, num, OF_A_NAME);
    }
    size_t num_named = looking.num;
    if (of_feed != AREA_NONE)
        mention(&looking, &of_feed, 1, OF_THE_FEED);
    uint32_t found = choose(&looking, num_named);
    bool     wider = found != AREA_NONE && of_feed != AREA_NONE && area_tree_within(tree, of_feed, found);
    return wider && found != of_feed ? AREA_NONE : found;
}
