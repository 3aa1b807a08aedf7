/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/sheet/xlsx.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "formats/sheet/xlsx_internal.h"
#include "formats/sheet/xlsx_rows.h"
#include "tocsin/status.h"

#define PART_NAME_BYTES 512
#define ID_BYTES 64

struct sheet {
    struct xlsx_sheet shown;
    char              id[ID_BYTES]; /* of the relationship that tells its part */
    char             *part;
};

struct xlsx {
    struct package   package;
    struct styles    styles;
    struct strings   strings;
    struct xlsx_rows rows;
    bool             from_1904;
    struct sheet     sheets[XLSX_MAX_SHEETS];
    size_t           num_sheets;
};

void sheet_letters(size_t column, char letters[SHEET_LETTERS_BYTES])
{
    char   reversed[SHEET_LETTERS_BYTES];
    size_t num = 0;
    for (column++; column > 0 && num < SHEET_LETTERS_BYTES - 1; column = (column - 1) / 26)
        reversed[num++] = (char) ('A' + (column - 1) % 26);
    for (size_t i = 0; i < num; i++)
        letters[i] = reversed[num - 1 - i];
    letters[num] = '\0';
}

/* ---- relationships: which part is what ---- */

struct relationships {
    struct xml *xml;
    const char *folder; /* of the part whose they are: "" or "xl/" */
    void       *context;
    /* type is the last word of the relationship's type: "worksheet" */
    int (*each)(void *context, const char *id, const char *type, const char *part);
};

/* The part that a target means, in the archive: "/xl/a.xml" and, from folder "xl/", "a.xml" and "../xl/a.xml". */
static bool part_of_target(const char *folder, const char *target, char part[PART_NAME_BYTES])
{
    char base[PART_NAME_BYTES];
    if (strlen(folder) + strlen(target) >= PART_NAME_BYTES)
        return false;
    snprintf(base, sizeof base, "%s", *target == '/' ? "" : folder);
    target += *target == '/';
    while (strncmp(target, "../", 3) == 0 || strncmp(target, "./", 2) == 0) {
        bool up = target[1] == '.';
        target += up ? 3 : 2;
        size_t length = strlen(base);
        while (up && length > 0 && base[--length] != '\0' && (length == 0 || base[length - 1] != '/'))
            ;
        if (up)
            base[length] = '\0';
    }
    return snprintf(part, PART_NAME_BYTES, "%s%s", base, target) < PART_NAME_BYTES;
}

static void on_relationship(void *context, const char *name, const char **attributes)
{
    struct relationships *wanted = context;
    char                  part[PART_NAME_BYTES];
    const char           *id = xml_attribute(attributes, "Id"), *type = xml_attribute(attributes, "Type");
    const char           *target = xml_attribute(attributes, "Target"), *mode = xml_attribute(attributes, "TargetMode");
    if (strcmp(name, "Relationship") != 0 || id == NULL || type == NULL || target == NULL ||
        (mode != NULL && strcmp(mode, "External") == 0) || !part_of_target(wanted->folder, target, part))
        return;
    const char *slash = strrchr(type, '/');
    int         ret = wanted->each(wanted->context, id, slash != NULL ? slash + 1 : type, part);
    if (ret != 0)
        xml_fail(wanted->xml, ret);
}

static void no_end(void *context, const char *name)
{
    (void) context;
    (void) name;
}

static void no_text(void *context, const char *text, size_t size)
{
    (void) context;
    (void) text;
    (void) size;
}

static int read_small_part(const struct package *package, const char *part, struct xml *xml)
{
    int ret = xml_open(xml, package, part);
    if (ret == 0)
        ret = xml_read_part(xml, XLSX_MAX_SMALL_PART);
    xml_close(xml);
    return ret;
}

static int read_relationships(const struct package *package, const char *part, struct relationships *wanted)
{
    struct xml xml = { .context = wanted, .start = on_relationship, .end = no_end, .text = no_text };
    wanted->xml = &xml;
    return read_small_part(package, part, &xml);
}

static int take_main_part(void *context, const char *id, const char *type, const char *part)
{
    (void) id;
    if (strcmp(type, "officeDocument") == 0)
        snprintf(context, PART_NAME_BYTES, "%s", part);
    return 0;
}

struct parts {
    struct xlsx *workbook;
    char         styles[PART_NAME_BYTES], strings[PART_NAME_BYTES];
};

static int take_part(void *context, const char *id, const char *type, const char *part)
{
    struct parts *parts = context;
    if (strcmp(type, "styles") == 0)
        snprintf(parts->styles, PART_NAME_BYTES, "%s", part);
    else if (strcmp(type, "sharedStrings") == 0)
        snprintf(parts->strings, PART_NAME_BYTES, "%s", part);
    for (size_t i = 0; i < parts->workbook->num_sheets; i++) {
        struct sheet *sheet = &parts->workbook->sheets[i];
        if (strcmp(sheet->id, id) == 0 && sheet->part == NULL && strcmp(type, "worksheet") == 0) {
            sheet->part = strdup(part);
            if (sheet->part == NULL)
                return TOC_ERR_NO_MEMORY;
        }
    }
    return 0;
}

/* ---- the list of sheets ---- */

struct listing {
    struct xlsx *workbook;
    struct xml  *xml;
};

static void on_list_start(void *context, const char *name, const char **attributes)
{
    struct listing *listing = context;
    struct xlsx    *workbook = listing->workbook;
    if (strcmp(name, "workbookPr") == 0) {
        const char *from = xml_attribute(attributes, "date1904");
        workbook->from_1904 = from != NULL && (strcmp(from, "1") == 0 || strcmp(from, "true") == 0);
    }
    const char *title = xml_attribute(attributes, "name"), *id = xml_attribute(attributes, "id");
    if (strcmp(name, "sheet") != 0 || title == NULL || id == NULL || strlen(id) >= ID_BYTES)
        return;
    if (workbook->num_sheets == XLSX_MAX_SHEETS) {
        package_refuse(&workbook->package, "at most 255", "more than 255 sheets");
        xml_fail(listing->xml, BASE_ERR_INPUT);
        return;
    }
    struct sheet *sheet = &workbook->sheets[workbook->num_sheets];
    const char   *state = xml_attribute(attributes, "state");
    sheet->shown.hidden = state != NULL && strcmp(state, "visible") != 0;
    snprintf(sheet->id, ID_BYTES, "%s", id);
    sheet->shown.name = strdup(title);
    if (sheet->shown.name == NULL)
        xml_fail(listing->xml, TOC_ERR_NO_MEMORY);
    else
        workbook->num_sheets++;
}

static int read_list(struct xlsx *workbook, const char *part)
{
    struct listing listing = { .workbook = workbook };
    struct xml     xml = { .context = &listing, .start = on_list_start, .end = no_end, .text = no_text };
    listing.xml = &xml;
    int ret = read_small_part(&workbook->package, part, &xml);
    if (ret == 0 && workbook->num_sheets == 0)
        ret = package_refuse(&workbook->package, "a sheet", "a workbook without a sheet");
    return ret;
}

/* ---- the whole ---- */

static int read_parts(struct xlsx *workbook)
{
    char                 main_part[PART_NAME_BYTES] = "xl/workbook.xml", folder[PART_NAME_BYTES], path[1100];
    struct parts         parts = { .workbook = workbook };
    struct relationships top = { .folder = "", .context = main_part, .each = take_main_part };
    struct relationships own = { .folder = folder, .context = &parts, .each = take_part };
    int                  ret = 0;
    if (package_has(&workbook->package, "_rels/.rels"))
        ret = read_relationships(&workbook->package, "_rels/.rels", &top);
    if (ret == 0)
        ret = read_list(workbook, main_part);
    if (ret != 0)
        return ret;
    const char *slash = strrchr(main_part, '/');
    size_t      length = slash != NULL ? (size_t) (slash - main_part) + 1 : 0;
    snprintf(folder, sizeof folder, "%.*s", (int) length, main_part);
    snprintf(path, sizeof path, "%s_rels/%s.rels", folder, main_part + length);
    ret = read_relationships(&workbook->package, path, &own);
    if (ret == 0 && *parts.styles != '\0')
        ret = styles_read(&workbook->package, parts.styles, &workbook->styles);
    if (ret == 0 && *parts.strings != '\0')
        ret = strings_read(&workbook->package, parts.strings, &workbook->strings);
    return ret;
}

int xlsx_open(const void *bytes, size_t size, const char *name, struct fault_list *faults, struct xlsx **workbook)
{
    struct xlsx *opened = memory_array(1, sizeof *opened);
    if (opened == NULL)
        return TOC_ERR_NO_MEMORY;
    opened->package = (struct package){ .name = name, .faults = faults };
    int ret = package_open(&opened->package, bytes, size);
    if (ret == 0)
        ret = read_parts(opened);
    if (ret == 0)
        *workbook = opened;
    else
        xlsx_close(opened);
    return ret;
}

void xlsx_close(struct xlsx *workbook)
{
    if (workbook == NULL)
        return;
    xlsx_rows_close(&workbook->rows);
    for (size_t i = 0; i < workbook->num_sheets; i++) {
        free((char *) (uintptr_t) workbook->sheets[i].shown.name);
        free(workbook->sheets[i].part);
    }
    free(workbook->styles.kinds);
    strings_free(&workbook->strings);
    package_close(&workbook->package);
    free(workbook);
}

size_t xlsx_num_sheets(const struct xlsx *workbook)
{
    return workbook->num_sheets;
}

const struct xlsx_sheet *xlsx_sheet(const struct xlsx *workbook, size_t number)
{
    return &workbook->sheets[number].shown;
}

size_t xlsx_first_sheet(const struct xlsx *workbook)
{
    for (size_t i = 0; i < workbook->num_sheets; i++)
        if (!workbook->sheets[i].shown.hidden)
            return i;
    return 0;
}

int xlsx_begin(struct xlsx *workbook, size_t sheet)
{
    const char *part = workbook->sheets[sheet].part;
    xlsx_rows_close(&workbook->rows);
    if (part == NULL)
        return package_refuse(&workbook->package, "a sheet of cells", "the sheet %.100s is a chart or is missing",
                              workbook->sheets[sheet].shown.name);
    return xlsx_rows_open(&workbook->rows, &workbook->package, part, &workbook->styles, &workbook->strings,
                          workbook->from_1904);
}

int xlsx_next(struct xlsx *workbook, struct sheet_row *row)
{
    return xlsx_rows_next(&workbook->rows, row);
}

size_t xlsx_num_merged(const struct xlsx *workbook)
{
    return workbook->rows.num_merged;
}
