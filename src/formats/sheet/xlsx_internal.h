/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/formats/sheet/xlsx_internal.h: what the parts of the reader of spreadsheets share. */
#ifndef FORMATS_SHEET_XLSX_INTERNAL_H
#define FORMATS_SHEET_XLSX_INTERNAL_H

#include <expat.h>
#include <stdbool.h>
#include <stdint.h>
#include <zip.h>

#include "formats/sheet/xlsx.h"

#define BLOCK_BYTES 65536

/* A text that grows, up to a limit. */
struct growing {
    char  *bytes;
    size_t size, room;
};

/* Append; 0, TOC_ERR_TOO_LARGE beyond the limit, TOC_ERR_NO_MEMORY. */
int growing_add(struct growing *text, const char *bytes, size_t size, size_t limit);

/* ---- the archive (xlsx_package.c) ---- */

/* A part being unpacked, with its bounds. */
struct part {
    zip_file_t *file;
    uint64_t    packed, unpacked, limit;
    const char *name; /* for faults */
};

struct package {
    zip_t             *archive;
    const char        *name; /* of the file */
    struct fault_list *faults;
};

/* Tell a fault of the whole file. Returns BASE_ERR_INPUT. */
int package_refuse(const struct package *package, const char *allowed, const char *found, ...)
    __attribute__((format(printf, 3, 4)));

int  package_open(struct package *package, const void *bytes, size_t size);
void package_close(struct package *package);
bool package_has(const struct package *package, const char *part);

/* Returns 0, BASE_ERR_INPUT or TOC_ERR_NO_MEMORY. */
int  part_open(const struct package *package, const char *name, uint64_t limit, struct part *part);
void part_close(struct part *part);
/* Up to size bytes; *got = 0 at the end. */
int part_read(const struct package *package, struct part *part, void *bytes, size_t size, size_t *got);

/* ---- XML ---- */

/* An XML reader that refuses document types and depth; handlers get `context`. */
struct xml {
    XML_Parser            parser;
    unsigned              depth;
    bool                  refused; /* a fault was told */
    int                   failure; /* why a handler stopped: a status */
    const struct package *package;
    const char           *part;
    void                 *context;
    void (*start)(void *context, const char *name, const char **attributes);
    void (*end)(void *context, const char *name);
    void (*text)(void *context, const char *text, size_t size);
};

int  xml_open(struct xml *xml, const struct package *package, const char *part);
void xml_close(struct xml *xml);
void xml_fail(struct xml *xml, int status); /* from a handler: stop with this status */
/* What the parser answered, as a status; XML_STATUS_SUSPENDED is 0. */
int xml_status(struct xml *xml, enum XML_Status status);

/* Read a whole part. */
int xml_read_part(struct xml *xml, uint64_t limit);

/* The value of an attribute, whatever its prefix; NULL = not there. */
const char *xml_attribute(const char **attributes, const char *name);

/* ---- styles (xlsx_styles.c) ---- */

enum style_kind { STYLE_PLAIN, STYLE_DATE, STYLE_TIME };

struct styles {
    uint8_t *kinds; /* of each cell format */
    size_t   num, room;
};
int styles_read(const struct package *package, const char *part, struct styles *styles);

/* What a number format of this code makes of a number. */
enum style_kind style_of_code(const char *code);

/* The text of a number in a cell of this style. Returns its kind (enum sheet_kind). */
#define STYLE_TEXT_BYTES 40
uint8_t style_text(double value, enum style_kind style, bool from_1904, char text[STYLE_TEXT_BYTES], size_t *size);

/* ---- shared texts (xlsx_strings.c) ---- */

struct strings {
    struct growing bytes; /* each ends with '\0' */
    uint32_t      *ends;  /* behind its text, without '\0' */
    size_t         num, room;
};
int  strings_read(const struct package *package, const char *part, struct strings *strings);
void strings_free(struct strings *strings);

/* Put the format's escapes (_x000D_) back, in place. Returns the new size. */
size_t text_without_escapes(char *text, size_t size);

#endif
