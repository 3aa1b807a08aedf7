/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Person linkage: taking over the records. */
#include <string.h>

#include "linkage_internal.h"

/* ---- checks ---- */

static int check_options(const struct toc_linkage_options *options, struct toc_error *error)
{
    if (!(options->same > 0 && options->same < 1))
        return toci_fail(error, TOC_ERR_OPTION, "options.same", TOC_NOWHERE, options->same, "perhaps < same < 1");
    if (!(options->perhaps > 0 && options->perhaps < options->same))
        return toci_fail(error, TOC_ERR_OPTION, "options.perhaps", TOC_NOWHERE, options->perhaps, "0 < perhaps < same");
    if (!(options->pairs_per_record >= 1 && options->pairs_per_record <= 1e6))
        return toci_fail(error, TOC_ERR_OPTION, "options.pairs_per_record", TOC_NOWHERE, options->pairs_per_record,
                         "1 to 1,000,000");
    if (options->sample_pairs < 1000 || options->sample_pairs > 100000000)
        return toci_fail(error, TOC_ERR_OPTION, "options.sample_pairs", TOC_NOWHERE, (double) options->sample_pairs,
                         "1,000 to 100,000,000");
    return 0;
}

/* A day that does not exist (31 April, month 14) is a slip of the pen and compared like any other. */
static bool is_date(uint32_t value)
{
    return value >= 10000 && value <= 99999999 && (value / 100 % 100 != 0 || value % 100 == 0);
}

static int check_column(const struct toc_linkage_column *column, size_t num_records, struct toc_error *error)
{
    if ((unsigned) column->role >= TOC_LINKAGE_NUM_ROLES)
        return toci_fail(error, TOC_ERR_DOMAIN, "records.columns.role", TOC_NOWHERE, column->role, "a role");
    enum toci_kind kind = toci_roles[column->role].kind;
    bool           coded = kind == KIND_DATE || kind == KIND_CODE;
    if (coded != (column->values == NULL))
        return toci_fail(error, TOC_ERR_SHAPE, "records.columns.values", TOC_NOWHERE, column->role,
                         "NULL for dates and sex, and only for them");
    for (size_t i = 0; i < num_records; i++) {
        uint32_t value = column->value[i];
        if (kind == KIND_DATE ? value != 0 && !is_date(value) : !coded && value > column->values->num_values)
            return toci_fail(error, TOC_ERR_DOMAIN, "records.columns.value", i, value,
                             kind == KIND_DATE ? "0, or year * 10000 + month * 100 + day" : "0 to num_values");
    }
    return 0;
}

static int check_records(const struct toc_linkage_records *records, struct toc_error *error)
{
    if (records->num_records > TOC_LINKAGE_MAX_RECORDS)
        return toci_fail(error, TOC_ERR_TOO_LARGE, "records.num_records", TOC_NOWHERE, (double) records->num_records,
                         "at most 100,000,000");
    if (records->num_first > records->num_records)
        return toci_fail(error, TOC_ERR_SHAPE, "records.num_first", TOC_NOWHERE, (double) records->num_first,
                         "at most num_records");
    if (records->num_columns < 1 || records->num_columns > TOC_LINKAGE_MAX_COLUMNS)
        return toci_fail(error, TOC_ERR_SHAPE, "records.num_columns", TOC_NOWHERE, (double) records->num_columns,
                         "1 to 15");
    int of_role[TOC_LINKAGE_NUM_ROLES] = { 0 };
    for (size_t i = 0; i < records->num_columns; i++) {
        int ret = check_column(&records->columns[i], records->num_records, error);
        if (ret != 0)
            return ret;
        if (++of_role[records->columns[i].role] > 1 && records->columns[i].role <= TOC_LINKAGE_SEX)
            return toci_fail(error, TOC_ERR_SHAPE, "records.columns.role", i, records->columns[i].role,
                             "one column each of given name, family name, birth date and sex");
    }
    return 0;
}

/* ---- memory ---- */

static void *take(struct toc_linkage *linkage, size_t count, size_t size, int *ret, struct toc_error *error)
{
    return toci_allocate(&linkage->allocator, count == 0 ? 1 : count, size, ret, error);
}

static void give(struct toc_linkage *linkage, void *pointer, size_t count, size_t size)
{
    if (pointer != NULL)
        toci_release(&linkage->allocator, pointer, count == 0 ? 1 : count, size);
}

static void free_dictionary(struct toc_linkage *linkage, struct toci_dictionary *dictionary)
{
    give(linkage, dictionary->first, dictionary->num + 1, sizeof *dictionary->first);
    give(linkage, dictionary->units, dictionary->num_units, sizeof *dictionary->units);
    give(linkage, dictionary->letters, dictionary->num, sizeof *dictionary->letters);
    give(linkage, dictionary->sound, dictionary->num, sizeof *dictionary->sound);
    give(linkage, dictionary->phonetic, dictionary->num, sizeof *dictionary->phonetic);
}

void toc_linkage_free(struct toc_linkage *linkage)
{
    if (linkage == NULL)
        return;
    for (size_t i = 0; i < linkage->num_dictionaries; i++)
        free_dictionary(linkage, &linkage->dictionaries[i]);
    for (size_t i = 0; i < linkage->num_columns; i++) {
        struct toci_column *column = &linkage->columns[i];
        give(linkage, column->rarity, column->num_values, sizeof *column->rarity);
        give(linkage, column->holders, column->num_values, sizeof *column->holders);
    }
    for (size_t i = 0; i < linkage->num_rules; i++) {
        struct toci_blocks *blocks = &linkage->blocks[i];
        give(linkage, blocks->order, blocks->room_order, sizeof *blocks->order);
        give(linkage, blocks->first, blocks->room_blocks + 1, sizeof *blocks->first);
        give(linkage, blocks->second, blocks->room_blocks, sizeof *blocks->second);
    }
    give(linkage, linkage->value, linkage->n * linkage->num_columns, sizeof *linkage->value);
    give(linkage, linkage->block_of, linkage->n * linkage->num_rules, sizeof *linkage->block_of);
    give(linkage, linkage->slices, linkage->room_slices, sizeof *linkage->slices);
    give(linkage, linkage->blocked, linkage->num_blocked, sizeof *linkage->blocked);
    give(linkage, linkage->random, linkage->num_random, sizeof *linkage->random);
    give(linkage, linkage->place_u, PLACE_CELLS, sizeof *linkage->place_u);
    struct toc_allocator allocator = linkage->allocator;
    toci_release(&allocator, linkage, 1, sizeof *linkage);
}

/* ---- texts ---- */

/* Letters of the same sound in one class, in the manner of Soundex (Odell and Russell 1918): b f p v, c g j k q s x z,
 * d t, l, m n, r; the first letter itself; vowels, h, w and y only part them. Of other scripts, the first three
 * characters. Also what pinyin is confused in: zh z, ch c, sh s, and a final g. */
static uint32_t phonetic(struct toci_text text)
{
    static const char class_of[] = "01230120022455012623010202";
    uint32_t          code = 0;
    int               num = 0;
    char              last = 0;
    for (size_t i = 0; i < text.size && num < 4; i++) {
        uint16_t character = text.characters[i];
        if (character < 'a' || character > 'z') {
            if (character >= 0x80 && num < 3) {
                code = code * 65599u + character;
                num++;
            }
            continue;
        }
        char class = class_of[character - 'a'];
        bool vowel = class == '0';
        if (i == 0)
            code = character;
        else if (!vowel && class != last)
            code = code * 7u + (uint32_t) (class - '0');
        num += i == 0 || (!vowel && class != last);
        if (!vowel || (character != 'h' && character != 'w'))
            last = class;
    }
    return code == 0 ? 0 : code | UINT32_C(0x80000000);
}

/* The first value with the same letters, by a table of hashes. */
static void same_sound(struct toci_dictionary *dictionary, uint32_t *slots, size_t num_slots)
{
    memset(slots, 0, num_slots * sizeof *slots);
    for (size_t v = 0; v < dictionary->num; v++) {
        const uint16_t *units = dictionary->units + dictionary->first[v];
        size_t          size = dictionary->first[v + 1] - dictionary->first[v];
        uint64_t        hash = size;
        for (size_t i = 0; i < size; i++)
            hash = toci_mix(hash * 31 + units[i]);
        for (size_t slot = hash % num_slots;; slot = slot + 1 == num_slots ? 0 : slot + 1) {
            if (slots[slot] == 0) {
                slots[slot] = (uint32_t) v + 1;
                dictionary->sound[v] = (uint32_t) v;
                break;
            }
            size_t other = slots[slot] - 1;
            if (dictionary->first[other + 1] - dictionary->first[other] == size &&
                memcmp(dictionary->units + dictionary->first[other], units, size * sizeof *units) == 0) {
                dictionary->sound[v] = (uint32_t) other;
                break;
            }
        }
    }
}

static void fill_dictionary(struct toci_dictionary *dictionary)
{
    const struct toc_linkage_values *values = dictionary->source;
    uint16_t                         room[TOC_LINKAGE_MAX_TEXT];
    uint32_t                         at = 0;
    for (size_t v = 0; v < dictionary->num; v++) {
        size_t size =
            toci_linkage_characters(values->letters + values->first[v], values->first[v + 1] - values->first[v], room);
        dictionary->first[v] = at;
        memcpy(dictionary->units + at, room, size * sizeof *room);
        dictionary->letters[v] = 0;
        for (size_t i = 0; i < size; i++)
            dictionary->letters[v] |= UINT64_C(1) << (room[i] & 63);
        dictionary->phonetic[v] = phonetic((struct toci_text){ room, size });
        at += (uint32_t) size;
    }
    dictionary->first[dictionary->num] = at;
}

static int make_dictionary(struct toc_linkage *linkage, const struct toc_linkage_values *values,
                           struct toci_dictionary **made, struct toc_error *error)
{
    int                     ret = 0;
    struct toci_dictionary *dictionary = &linkage->dictionaries[linkage->num_dictionaries];
    for (size_t i = 0; i < linkage->num_dictionaries; i++)
        if (linkage->dictionaries[i].source == values) {
            *made = &linkage->dictionaries[i];
            return 0;
        }
    *dictionary = (struct toci_dictionary){ .source = values, .num = values->num_values };
    dictionary->num_units = values->num_values == 0 ? 0 : values->first[values->num_values];
    linkage->num_dictionaries++;
    dictionary->first = take(linkage, dictionary->num + 1, sizeof *dictionary->first, &ret, error);
    if (ret == 0)
        dictionary->units = take(linkage, dictionary->num_units, sizeof *dictionary->units, &ret, error);
    if (ret == 0)
        dictionary->letters = take(linkage, dictionary->num, sizeof *dictionary->letters, &ret, error);
    if (ret == 0)
        dictionary->sound = take(linkage, dictionary->num, sizeof *dictionary->sound, &ret, error);
    if (ret == 0)
        dictionary->phonetic = take(linkage, dictionary->num, sizeof *dictionary->phonetic, &ret, error);
    size_t    num_slots = 2 * dictionary->num + 1;
    uint32_t *slots = ret == 0 ? take(linkage, num_slots, sizeof *slots, &ret, error) : NULL;
    if (ret == 0) {
        fill_dictionary(dictionary);
        same_sound(dictionary, slots, num_slots);
        *made = dictionary;
    }
    give(linkage, slots, num_slots, sizeof *slots);
    return ret;
}

/* ---- columns ---- */

/* How many records of each list hold a value gives how many pairs agree in it. */
static int count_holders(struct toc_linkage *linkage, struct toci_column *column, const uint32_t *value,
                         struct toc_error *error)
{
    int    ret = 0;
    size_t second_present = 0;
    column->num_values = column->dictionary->num;
    column->rarity = take(linkage, column->num_values, sizeof *column->rarity, &ret, error);
    if (ret == 0)
        column->holders = take(linkage, column->num_values, sizeof *column->holders, &ret, error);
    uint32_t *first = ret == 0 ? take(linkage, column->num_values, sizeof *first, &ret, error) : NULL;
    if (ret != 0)
        return ret;
    memset(column->holders, 0, column->num_values * sizeof *column->holders);
    memset(first, 0, column->num_values * sizeof *first);
    for (size_t r = 0; r < linkage->n; r++) {
        if (value[r] == 0)
            continue;
        column->holders[value[r] - 1]++;
        first[value[r] - 1] += r < linkage->num_first;
        column->num_present++;
        second_present += r >= linkage->num_first;
    }
    for (size_t v = 0; v < column->num_values; v++) {
        double all = column->holders[v], of_a = first[v];
        column->exact_pairs += linkage->one_list ? 0.5 * all * (all - 1) : of_a * (all - of_a);
    }
    double present = (double) column->num_present, second = (double) second_present;
    column->present_pairs = linkage->one_list ? 0.5 * present * (present - 1) : (present - second) * second;
    give(linkage, first, column->num_values, sizeof *first);
    return 0;
}

static int take_columns(struct toc_linkage *linkage, const struct toc_linkage_records *records, struct toc_error *error)
{
    int ret = 0;
    for (size_t role = 0; role < TOC_LINKAGE_NUM_ROLES; role++)
        linkage->column_of[role] = -1;
    linkage->value = take(linkage, linkage->n * linkage->num_columns, sizeof *linkage->value, &ret, error);
    for (size_t i = 0; i < linkage->num_columns && ret == 0; i++) {
        const struct toc_linkage_column *from = &records->columns[i];
        struct toci_column              *column = &linkage->columns[i];
        column->role = from->role;
        if (linkage->column_of[from->role] < 0)
            linkage->column_of[from->role] = (int) i;
        for (size_t r = 0; r < linkage->n; r++)
            linkage->value[r * linkage->num_columns + i] = from->value[r];
        if (from->values == NULL)
            continue;
        ret = make_dictionary(linkage, from->values, &column->dictionary, error);
        if (ret == 0)
            ret = count_holders(linkage, column, from->value, error);
    }
    return ret;
}

static void choose_places(struct toc_linkage *linkage)
{
    int num = 0;
    for (int i = 0; i < MAX_PLACES; i++)
        linkage->places[i] = -1;
    for (size_t i = 0; i < linkage->num_columns; i++)
        if (toci_roles[linkage->columns[i].role].place && num < MAX_PLACES)
            linkage->places[num++] = (int) i;
}

int toc_linkage_create(const struct toc_linkage_records *records, const struct toc_linkage_options *options,
                       const struct toc_allocator *allocator, struct toc_linkage **linkage, struct toc_error *error)
{
    struct toc_linkage *made = NULL;
    int                 ret = check_options(options, error);
    if (ret == 0)
        ret = check_records(records, error);
    if (ret == 0)
        made = toci_allocate(allocator, 1, sizeof *made, &ret, error);
    if (ret != 0)
        goto out;
    memset(made, 0, sizeof *made);
    made->allocator = *allocator;
    made->options = *options;
    made->n = records->num_records;
    made->num_first = records->num_first;
    made->one_list = records->num_first == records->num_records;
    made->num_columns = records->num_columns;
    ret = take_columns(made, records, error);
    if (ret != 0)
        goto out;
    for (size_t i = 0; i < made->num_dictionaries; i++)
        made->dictionaries[i].source = NULL;
    choose_places(made);
    for (size_t i = 0; i < made->num_columns; i++)
        made->has_namesakes = made->has_namesakes || !toci_roles[made->columns[i].role].namesake;
    toci_linkage_rules(made);
    size_t cells = made->n * made->num_rules;
    made->block_of = take(made, cells, sizeof *made->block_of, &ret, error);
    if (ret == 0)
        made->place_u = take(made, PLACE_CELLS, sizeof *made->place_u, &ret, error);
    if (ret != 0)
        goto out;
    memset(made->block_of, 0, cells * sizeof *made->block_of);
    *linkage = made;
    made = NULL;
out:
    toc_linkage_free(made);
    return ret;
}

const struct toc_linkage_model *toc_linkage_learned(const struct toc_linkage *linkage)
{
    return &linkage->model;
}
