/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/audit_page.h"

#include <string.h>

#include "store/select_many.h"
#include "store/store_internal.h"

struct paging {
    struct arena      *arena;
    struct audit_line *lines;
    size_t             max, num;
};

/* Subjects as audit.h has them, being read. */
struct reading {
    const unsigned char *at, *end;
};

static bool take(struct reading *reading, void *to, size_t size)
{
    if (size > (size_t) (reading->end - reading->at))
        return false;
    memcpy(to, reading->at, size);
    reading->at += size;
    return true;
}

/* One group: length of the record's name, name, how many, ids. */
static int take_group(struct reading *reading, struct arena *arena, struct audit_subjects *group, size_t *num)
{
    unsigned char size, count[4];
    char         *name = arena_array(arena, UINT8_MAX + 1, 1);
    if (name == NULL)
        return TOC_ERR_NO_MEMORY;
    if (!take(reading, &size, 1) || !take(reading, name, size) || !take(reading, count, sizeof count))
        return DB_ERR_CORRUPT;
    *num = count[0] | (size_t) count[1] << 8 | (size_t) count[2] << 16 | (size_t) count[3] << 24;
    if (*num > (size_t) (reading->end - reading->at) / ID_BYTES)
        return DB_ERR_CORRUPT;
    size_t     shown = *num < AUDIT_PAGE_IDS ? *num : AUDIT_PAGE_IDS;
    struct id *ids = arena_array(arena, shown + 1, sizeof *ids);
    if (ids == NULL)
        return TOC_ERR_NO_MEMORY;
    memcpy(ids, reading->at, shown * ID_BYTES);
    reading->at += *num * ID_BYTES;
    *group = (struct audit_subjects){ .record = name, .ids = ids, .num = shown };
    return 0;
}

static int take_subjects(struct arena *arena, const struct db_value *value, struct audit_line *line)
{
    enum { LEAST = 1 + 4 };
    const unsigned char   *bytes = (const unsigned char *) value->bytes;
    size_t                 size = value->type == DB_BYTES ? value->size : 0, num = 0;
    struct reading         reading = { bytes, bytes + size };
    struct audit_subjects *groups = arena_array(arena, size / LEAST + 1, sizeof *groups);
    size_t                *nums = arena_array(arena, size / LEAST + 1, sizeof *nums);
    int                    ret = groups == NULL || nums == NULL ? TOC_ERR_NO_MEMORY : 0;
    for (; ret == 0 && size > 0 && reading.at < reading.end; num++)
        ret = take_group(&reading, arena, &groups[num], &nums[num]);
    line->entry.subjects = groups;
    line->entry.num_subjects = num;
    line->num = nums;
    return ret;
}

static const char *word_in(struct arena *arena, const struct db_value *value)
{
    return value->type == DB_TEXT ? arena_copy(arena, value->bytes, value->size) : "";
}

static int take_line(void *context, const struct db_value *row, size_t num_columns)
{
    struct paging     *paging = context;
    struct audit_line *line = &paging->lines[paging->num];
    (void) num_columns;
    if (paging->num == paging->max)
        return 0;
    *line = (struct audit_line){ .number = row[0].integer, .entry = { .at = row[1].integer } };
    if (row[2].type == DB_BYTES && row[2].size == ID_BYTES)
        memcpy(line->entry.actor.bytes, row[2].bytes, ID_BYTES);
    line->entry.role = word_in(paging->arena, &row[3]);
    line->entry.purpose = word_in(paging->arena, &row[4]);
    line->entry.verb = word_in(paging->arena, &row[5]);
    if (line->entry.role == NULL || line->entry.purpose == NULL || line->entry.verb == NULL)
        return TOC_ERR_NO_MEMORY;
    paging->num++;
    return take_subjects(paging->arena, &row[6], line);
}

int store_audit_page(struct store_reader *reader, const struct access *who, int64_t before, struct arena *arena,
                     struct audit_line *lines, size_t max_lines, size_t *num_lines)
{
    struct paging   paging = { .arena = arena, .lines = lines, .max = max_lines };
    struct db_value parameters[] = { db_integer(before), db_integer((int64_t) max_lines) };
    struct db      *db;
    if (who->role != ACCESS_AUDITOR || access_is_of_facilities(who))
        return STORE_ERR_DENIED;
    int ret = store_reader_db(reader, &db);
    if (ret == 0)
        ret = select_rows(db,
                          "SELECT number, at, actor, role, purpose, verb, subjects FROM audit WHERE number < $1 ORDER "
                          "BY number DESC LIMIT $2",
                          parameters, 2, take_line, &paging, &reader->error);
    if (ret == 0)
        *num_lines = paging.num;
    return ret;
}
