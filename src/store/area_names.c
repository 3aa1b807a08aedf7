/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/area_names.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "base/unicode.h"

#define FIRST_ROOM 1024
#define OF_CODES UINT64_C(0x9e3779b97f4a7c15) /* parts the hashes of codes from those of names */

struct named {
    uint64_t hash;
    uint32_t area;
};

struct area_names {
    struct named *rows; /* while they are added */
    size_t        num, room;
    uint64_t     *hash; /* ascending; of equal ones by area */
    uint32_t     *area;
};

struct area_names *area_names_new(void)
{
    return memory_array(1, sizeof(struct area_names));
}

void area_names_free(struct area_names *names)
{
    if (names == NULL)
        return;
    free(names->rows);
    free(names->hash);
    free(names->area);
    free(names);
}

/* ---- the form ---- */

/* Bytes of the character that begins here: of well-formed UTF-8. */
static size_t bytes_of(unsigned char first)
{
    return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

static bool is_ascii_alphanumeric(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

/* Punctuation and signs beyond ASCII: Latin-1's, the general and the ideographic blocks, the marks between Tibetan
 * syllables and phrases. */
static bool is_mark(const unsigned char *c, size_t size)
{
    uint32_t point = size == 2   ? (uint32_t) (c[0] & 0x1f) << 6 | (c[1] & 0x3f)
                     : size == 3 ? (uint32_t) (c[0] & 0x0f) << 12 | (uint32_t) (c[1] & 0x3f) << 6 | (c[2] & 0x3f)
                                 : UINT32_MAX;
    return point < 0xc0 || (point >= 0x2000 && point <= 0x206f) || (point >= 0x3000 && point <= 0x303f) ||
           (point >= 0x0f04 && point <= 0x0f14);
}

size_t area_names_fold(const char *text, size_t size, struct arena *arena, const char **folded)
{
    const char *normal;
    size_t      normal_size, used = 0;
    *folded = "";
    if (size == 0 || size > AREA_NAMES_MAX_BYTES ||
        unicode_normalize(text, size, UNICODE_NFKC, arena, &normal, &normal_size) != 0)
        return 0;
    char *kept = arena_array(arena, normal_size + 1, 1);
    for (size_t i = 0; kept != NULL && i < normal_size;) {
        const unsigned char *c = (const unsigned char *) normal + i;
        size_t               length = bytes_of(*c);
        if (length == 1 ? is_ascii_alphanumeric(*c) : !is_mark(c, length)) {
            memcpy(kept + used, c, length);
            used += length;
        }
        i += length;
    }
    if (kept != NULL)
        *folded = kept;
    return used;
}

/* ---- making ---- */

static int add_row(struct area_names *names, uint64_t hash, uint32_t area)
{
    if (names->num == names->room) {
        size_t        wanted = names->room == 0 ? FIRST_ROOM : 2 * names->room;
        struct named *larger = memory_resize(names->rows, wanted, sizeof *larger);
        if (larger == NULL)
            return TOC_ERR_NO_MEMORY;
        names->rows = larger;
        names->room = wanted;
    }
    names->rows[names->num++] = (struct named){ hash, area };
    return 0;
}

static int add_text(struct area_names *names, const char *text, size_t size, bool code, uint32_t area,
                    struct arena *arena)
{
    const char *folded;
    if (code)
        return size == 0 ? 0 : add_row(names, text_hash(text, size) ^ OF_CODES, area);
    size_t num = area_names_fold(text, size, arena, &folded);
    return num == 0 ? 0 : add_row(names, text_hash(folded, num), area);
}

int area_names_add(struct area_names *names, const char *text, size_t size, bool code, uint32_t area)
{
    struct arena arena = ARENA_INIT;
    int          ret = add_text(names, text, size, code, area, &arena);
    arena_free(&arena);
    return ret;
}

static int compare(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    return x->hash != y->hash ? (x->hash > y->hash) - (x->hash < y->hash) : (x->area > y->area) - (x->area < y->area);
}

int area_names_ready(struct area_names *names)
{
    names->hash = memory_array(names->num + 1, sizeof *names->hash);
    names->area = memory_array(names->num + 1, sizeof *names->area);
    if (names->hash == NULL || names->area == NULL)
        return TOC_ERR_NO_MEMORY;
    if (names->num > 0)
        qsort(names->rows, names->num, sizeof *names->rows, compare);
    size_t kept = 0;
    for (size_t i = 0; i < names->num; i++) {
        if (i > 0 && compare(&names->rows[i - 1], &names->rows[i]) == 0)
            continue; /* the same in two languages */
        names->hash[kept] = names->rows[i].hash;
        names->area[kept++] = names->rows[i].area;
    }
    names->num = kept;
    free(names->rows);
    names->rows = NULL;
    return 0;
}

/* ---- loading ---- */

enum { ID, CODE, NAME_EN, NAME_ZH, NAME_BO, COLUMNS };

static int add_area(struct area_names *names, const struct area_tree *tree, const struct db_value *row,
                    struct arena *arena)
{
    struct id id = { { 0 } };
    if (row[ID].type != DB_BYTES || row[ID].size != ID_BYTES)
        return DB_ERR_CORRUPT;
    memcpy(id.bytes, row[ID].bytes, ID_BYTES);
    uint32_t area = area_tree_find(tree, &id);
    int      ret = 0;
    for (size_t i = CODE; area != AREA_NONE && ret == 0 && i < COLUMNS; i++)
        if (row[i].type == DB_TEXT)
            ret = add_text(names, row[i].bytes, row[i].size, i == CODE, area, arena);
    return ret;
}

int area_names_load(struct db *db, const struct area_tree *tree, struct area_names **names, struct db_error *error)
{
    struct arena           arena = ARENA_INIT;
    struct db_statement   *statement;
    const struct db_value *row;
    size_t                 columns;
    struct area_names     *made = area_names_new();
    int                    ret = made == NULL ? TOC_ERR_NO_MEMORY : 0;
    if (ret == 0)
        ret = db_prepare(db, "SELECT id, code, name_en, name_zh, name_bo FROM area WHERE valid_to = ''", &statement,
                         error);
    if (ret == 0)
        ret = db_run(statement, NULL, 0, error);
    if (ret != 0)
        goto out;
    while ((ret = db_step(statement, &row, &columns, error)) == 1) {
        ret = columns == COLUMNS ? add_area(made, tree, row, &arena) : DB_ERR_CORRUPT;
        if (ret != 0) {
            db_reset(statement);
            goto out;
        }
        arena_free(&arena);
    }
    if (ret == 0)
        ret = area_names_ready(made);
    if (ret == 0) {
        *names = made;
        made = NULL;
    }
out:
    area_names_free(made);
    arena_free(&arena);
    return ret;
}

/* ---- finding ---- */

/* The first row whose hash is at least this. */
static size_t first_from(const struct area_names *names, uint64_t hash)
{
    size_t low = 0, high = names->num;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (names->hash[middle] < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static size_t find(const struct area_names *names, uint64_t hash, const uint32_t **areas)
{
    size_t first = first_from(names, hash), end = first;
    while (end < names->num && names->hash[end] == hash)
        end++;
    *areas = names->area + first;
    return end - first;
}

size_t area_names_find(const struct area_names *names, const char *folded, size_t size, const uint32_t **areas)
{
    return find(names, text_hash(folded, size), areas);
}

size_t area_names_find_code(const struct area_names *names, const char *code, size_t size, const uint32_t **areas)
{
    return find(names, text_hash(code, size) ^ OF_CODES, areas);
}
