/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/area_import.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/date_text.h"
#include "base/instant.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/area_stored.h"
#include "cli/command.h"
#include "formats/area_shapes.h"
#include "formats/outline.h"
#include "model/area_records.h"
#include "model/record_id.h"

#define NAME_BYTES 80      /* of a set (model/reference_set.def) */
#define NAME_PART_BYTES 10 /* of them for a word behind the file's name, and the end */
#define CODE_BYTES 41      /* of a calendar (model/calendar.def) */

struct importing {
    const struct area_import *import;
    struct node               node;
    struct access             who;
    struct fault_list         faults;
    struct area_stored        stored;
    struct area_change       *changes;
    size_t                    num_changes;
    size_t                    num_written; /* rows of all kinds */
};

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static int complain(struct importing *importing, int status)
{
    return node_complain(importing->import->command, status, &importing->faults);
}

/* ---- one set ---- */

/* SHA-256 of files, one behind the other. */
static int digest_files(const struct importing *importing, char *const *paths, size_t num,
                        uint8_t digest[crypto_hash_sha256_BYTES])
{
    crypto_hash_sha256_state state;
    unsigned char            bytes[65536];
    crypto_hash_sha256_init(&state);
    for (size_t i = 0; i < num; i++) {
        FILE  *file = fopen(paths[i], "rbe");
        size_t got;
        while (file != NULL && (got = fread(bytes, 1, sizeof bytes, file)) > 0)
            crypto_hash_sha256_update(&state, bytes, got);
        bool failed = file == NULL || ferror(file);
        int  reason = errno;
        if (file != NULL)
            fclose(file);
        if (failed)
            return cli_complain(importing->import->command, CLI_MACHINE, "%s: %s", paths[i], strerror(reason));
    }
    crypto_hash_sha256_final(&state, digest);
    return CLI_DONE;
}

/* The first of these bytes, at most `most`, that end with a whole character. */
static size_t cut(const char *text, size_t size, size_t most)
{
    size_t used = size > most ? most : size;
    while (used > 0 && text_check_utf8(text, used) != used)
        used--;
    return used;
}

/* What a path's file is called, without the folders. */
static const char *file_name(const char *path)
{
    const char *last = strrchr(path, '/');
    return last != NULL ? last + 1 : path;
}

/* The name of a set: its first file's. */
static void name_set(const char *path, const char *part, char name[NAME_BYTES])
{
    const char *from = file_name(path);
    size_t      used = cut(from, strlen(from), NAME_BYTES - NAME_PART_BYTES);
    snprintf(name, NAME_BYTES, "%.*s%s", used > 0 ? (int) used : 7, used > 0 ? from : "unnamed", part);
}

/* "2024-01-01 2026-11-22T02:50:00Z": the day from which the list holds, where one is told, and when it was loaded. */
static size_t write_edition(const struct area_import *import, int64_t now, char edition[40])
{
    char   day[DATE_TEXT_BYTES] = "", instant[INSTANT_TEXT_BYTES];
    size_t size = 0;
    if (import->edition != AREA_CODES_NO_DATE)
        size = date_to_text(import->edition, DATE_FORM_DAY, day);
    instant_to_text(now, instant);
    return (size_t) snprintf(edition, 40, "%.10s%s%s", day, size > 0 ? " " : "", instant);
}

/* Load rows as one set and say what became of them: "12 outlines: 12 new, 0 changed". */
static int load(struct importing *importing, enum model_record_number record, void *rows, size_t num, const char *kind,
                char *const *paths, size_t num_paths, const char *part, struct store_loaded *loaded)
{
    char                       name[NAME_BYTES], edition[40];
    uint8_t                    digest[crypto_hash_sha256_BYTES];
    struct model_reference_set set;
    int64_t                    now = instant_now();
    int                        exit_code = digest_files(importing, paths, num_paths, digest);
    if (exit_code != CLI_DONE)
        return exit_code;
    name_set(paths[0], part, name);
    model_init(model_record(MODEL_REFERENCE_SET), &set);
    set.head.id = node_new_id(now);
    set.kind = (struct model_text){ kind, strlen(kind) };
    set.name = (struct model_text){ name, strlen(name) };
    set.edition = (struct model_text){ edition, write_edition(importing->import, now, edition) };
    set.digest = (struct model_text){ (const char *) digest, sizeof digest };
    set.valid_from = importing->import->edition == AREA_CODES_NO_DATE ? MODEL_MISSING_DATE : importing->import->edition;
    set.num_rows = (int64_t) num;
    set.loaded = now;
    set.loaded_by = importing->who.user;
    const struct store_load what = { .record = model_record(record), .rows = rows, .num_rows = num, .set = &set };
    int status = store_load_set(importing->node.store, &importing->who, &what, loaded, &importing->faults);
    if (status != 0)
        return complain(importing, status);
    importing->num_written += loaded->created + loaded->changed;
    return CLI_DONE;
}

static int load_and_tell(struct importing *importing, enum model_record_number record, void *rows, size_t num,
                         const char *kind, const char *path, const char *part, const char *what)
{
    struct store_loaded loaded;
    char *const         paths[] = { (char *) (uintptr_t) path };
    int                 exit_code = load(importing, record, rows, num, kind, paths, 1, part, &loaded);
    if (exit_code == CLI_DONE)
        printf("%zu %s: %zu new, %zu changed\n", num, what, loaded.created, loaded.changed);
    return exit_code;
}

/* ---- areas ---- */

static int compare_id(const void *id, const void *area)
{
    return id_compare(id, &((const struct model_area *) area)->head.id);
}

static int put_centre(const struct importing *importing, uint32_t shape, struct model_area *area)
{
    struct geojson_point centre;
    int                  ret = area_shapes_centre(importing->import->shapes, shape, &centre);
    if (ret == 0) {
        area->centre_latitude = 1e-7 * (double) centre.latitude;
        area->centre_longitude = 1e-7 * (double) centre.longitude;
    }
    return ret;
}

/* The rows that change, whole: changes of the list, and areas with a shape, whose centre may be another. room: as many
 * as changes and shapes. row_of: of each area of the list, its row + 1. */
static int make_rows(const struct importing *importing, struct model_area *rows, uint32_t *row_of, size_t *num_rows)
{
    const struct area_import *import = importing->import;
    const struct area_stored *stored = &importing->stored;
    size_t                    num = 0;
    for (size_t i = 0; i < importing->num_changes; i++, num++) {
        const struct area_change *change = &importing->changes[i];
        const struct model_area  *old = change->old_index == AREA_CODES_NONE ? NULL : &stored->areas[change->old_index];
        area_record_after_change(old, &stored->list, import->list, change, &rows[num]);
        if (change->new_index != AREA_CODES_NONE)
            row_of[change->new_index] = (uint32_t) num + 1;
    }
    for (uint32_t i = 0; import->shapes_path != NULL && i < import->shapes->num_features; i++) {
        uint32_t area = import->shape_areas[i];
        if (row_of[area] == 0) {
            const struct model_area *old =
                bsearch(&import->list->areas[area].id, stored->areas, stored->num_areas, sizeof *old, compare_id);
            if (old == NULL)
                return TOC_ERR_DOMAIN;
            rows[num++] = *old;
            row_of[area] = (uint32_t) num;
        }
        int ret = put_centre(importing, i, &rows[row_of[area] - 1]);
        if (ret != 0)
            return ret;
    }
    *num_rows = num;
    return 0;
}

static void tell_areas(const struct importing *importing)
{
    size_t new = 0, renamed = 0, moved = 0, closed = 0;
    unsigned counted = AREA_CHANGE_NEW | AREA_CHANGE_RENAMED | AREA_CHANGE_MOVED | AREA_CHANGE_CLOSED;
    size_t   otherwise = 0;
    for (size_t i = 0; i < importing->num_changes; i++) {
        unsigned what = importing->changes[i].what;
        new += (what & AREA_CHANGE_NEW) != 0;
        renamed += (what & AREA_CHANGE_RENAMED) != 0;
        moved += (what & AREA_CHANGE_MOVED) != 0;
        closed += (what & AREA_CHANGE_CLOSED) != 0;
        otherwise += (what & counted) == 0;
    }
    printf("%" PRIu32 " areas: %zu new, %zu renamed, %zu moved, %zu closed, %zu with another successor or last day\n",
           importing->import->list->num_areas, new, renamed, moved, closed, otherwise);
}

static int load_areas(struct importing *importing)
{
    const struct area_import *import = importing->import;
    struct store_loaded       loaded = { 0 };
    size_t                    num = 0;
    size_t                    room = importing->num_changes + (import->shapes_path ? import->shapes->num_features : 0);
    struct model_area        *rows = memory_array(room + 1, sizeof *rows);
    uint32_t                 *row_of = memory_array((size_t) import->list->num_areas + 1, sizeof *row_of);
    int                       status = rows != NULL && row_of != NULL ? 0 : TOC_ERR_NO_MEMORY;
    int                       exit_code = CLI_DONE;
    if (status == 0)
        status = make_rows(importing, rows, row_of, &num);
    if (status != 0)
        exit_code = complain(importing, status);
    else if (num > 0)
        exit_code =
            load(importing, MODEL_AREA, rows, num, "areas", import->list_paths, import->num_list_paths, "", &loaded);
    free(rows);
    free(row_of);
    if (exit_code == CLI_DONE && loaded.created + loaded.changed > 0) {
        status = store_load_words(importing->node.store, &importing->who, model_record(MODEL_AREA));
        exit_code = status == 0 ? CLI_DONE : complain(importing, status);
    }
    if (exit_code == CLI_DONE)
        tell_areas(importing);
    return exit_code;
}

/* ---- what belongs to areas ---- */

static int load_outlines(struct importing *importing)
{
    const struct area_import *import = importing->import;
    struct outline_options    usual = { { 0 } };
    struct outline_set        set = { 0 };
    size_t                    num = (size_t) import->shapes->num_features * OUTLINE_DETAILS;
    struct model_outline     *rows = memory_array(num + 1, sizeof *rows);
    int                       status = rows != NULL ? outline_make(import->shapes, &usual, &set) : TOC_ERR_NO_MEMORY;
    int                       exit_code = CLI_DONE;
    if (status != 0)
        exit_code = complain(importing, status);
    for (uint32_t i = 0; status == 0 && i < num; i++) {
        uint32_t feature = i / OUTLINE_DETAILS;
        outline_record(&set, feature, (int) (i % OUTLINE_DETAILS),
                       &import->list->areas[import->shape_areas[feature]].id, &rows[i]);
    }
    if (exit_code == CLI_DONE)
        exit_code = load_and_tell(importing, MODEL_OUTLINE, rows, num, "outlines", import->shapes_path, "", "outlines");
    outline_free(&set);
    free(rows);
    return exit_code;
}

static int load_population(struct importing *importing)
{
    const struct area_import *import = importing->import;
    struct model_population  *rows = memory_array(import->population->num_rows + 1, sizeof *rows);
    if (rows == NULL)
        return complain(importing, TOC_ERR_NO_MEMORY);
    for (size_t i = 0; i < import->population->num_rows; i++)
        population_record(import->population, import->list, i, &rows[i]);
    int exit_code = load_and_tell(importing, MODEL_POPULATION, rows, import->population->num_rows, "populations",
                                  import->population_path, "", "numbers of population");
    free(rows);
    return exit_code;
}

static int load_calendar(struct importing *importing)
{
    const struct area_import  *import = importing->import;
    size_t                     num = import->calendar->calendar.num_holidays;
    struct model_calendar      calendar;
    struct store_loaded        loaded;
    char                       code[CODE_BYTES];
    const char                *from = file_name(import->calendar_path);
    size_t                     used = cut(from, strcspn(from, "."), CODE_BYTES - 1);
    char *const                paths[] = { (char *) (uintptr_t) import->calendar_path };
    struct model_calendar_day *rows = memory_array(num + 1, sizeof *rows);
    if (rows == NULL)
        return complain(importing, TOC_ERR_NO_MEMORY);
    snprintf(code, sizeof code, "%.*s", used > 0 ? (int) used : 8, used > 0 ? from : "calendar");
    model_init(model_record(MODEL_CALENDAR), &calendar);
    calendar.head.id = record_id_of(MODEL_CALENDAR, code);
    calendar.code = calendar.name_en = (struct model_text){ code, strlen(code) };
    for (size_t i = 0; i < num; i++)
        calendar_day_record(import->calendar, i, &calendar.head.id, &rows[i]);
    int exit_code = load(importing, MODEL_CALENDAR, &calendar, 1, "calendar", paths, 1, "", &loaded);
    if (exit_code == CLI_DONE)
        exit_code = load_and_tell(importing, MODEL_CALENDAR_DAY, rows, num, "calendar", import->calendar_path, ", days",
                                  "holidays");
    free(rows);
    return exit_code;
}

/* ---- all ---- */

/* What the node has, by a connection of its own, and what the list changes of it. */
static int compare(struct importing *importing)
{
    const struct area_import *import = importing->import;
    struct db                *db = NULL;
    struct db_error           error = { 0 };
    int ret = db_open(importing->node.settings.database, &(struct db_options){ .read_only = true }, &db, &error);
    if (ret == 0)
        ret = area_stored_read(db, &importing->stored, &error);
    db_close(db);
    if (ret != 0 && *error.what != '\0')
        return cli_complain(import->command, CLI_MACHINE, "%s", error.what);
    /* the first list of a node is no newer edition: what it does not date has no first day */
    bool adds = import->edition == AREA_CODES_NO_DATE || importing->stored.num_areas == 0;
    if (ret == 0)
        ret = area_codes_update(&importing->stored.list, import->list, adds ? AREA_CODES_NO_DATE : import->edition,
                                adds || import->partial, &importing->changes, &importing->num_changes);
    return ret == 0 ? CLI_DONE : complain(importing, ret);
}

int area_import(const struct area_import *import)
{
    struct importing importing = { .import = import };
    double           began = seconds();
    int exit_code = node_options_open(import->command, import->node, true, &importing.node, &importing.who);
    if (exit_code != CLI_DONE)
        return exit_code;
    exit_code = compare(&importing);
    if (exit_code == CLI_DONE)
        exit_code = load_areas(&importing);
    if (exit_code == CLI_DONE && import->shapes_path != NULL)
        exit_code = load_outlines(&importing);
    if (exit_code == CLI_DONE && import->population_path != NULL)
        exit_code = load_population(&importing);
    if (exit_code == CLI_DONE && import->calendar_path != NULL)
        exit_code = load_calendar(&importing);
    if (exit_code == CLI_DONE && importing.num_written == 0)
        puts("Nothing has changed: the node had all of this.");
    if (exit_code == CLI_DONE)
        printf("%.1f s\n", seconds() - began);
    node_close(&importing.node);
    area_stored_free(&importing.stored);
    free(importing.changes);
    fault_list_free(&importing.faults);
    return cli_finish_stdout(import->command, exit_code);
}
