/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/model.h: what a record is. Every field is described once, in src/model/<record>.def, one line a field:
 *
 *     FIELD(onset_date, DATE, OPTIONAL, ROUTINE, "Onset", "发病日期")
 *           name        kind  rule      class    labels in English and Chinese
 *
 * The lines become a struct (model/records.h), numbers of fields, and the descriptions below. Code that knows a record
 * uses its struct; code that is for all records walks the descriptions: JSON, checks, SQL, tables, exports, OpenAPI,
 * types for the web, masking. Adding a field is that line and `./dev migration`; adding a record is a file and a line
 * in src/model/all.def. src/model/def.h explains every word of a .def file.
 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/id.h"
#include "tocsin/date.h"

/* Text or bytes of a record: borrowed, living as long as the arena or constant it points into. bytes NULL = missing; a
 * present text is never empty. */
struct model_text {
    const char *bytes;
    size_t      size;
};

#define MODEL_MISSING_INTEGER INT64_MIN
#define MODEL_MISSING_DATE INT32_MIN

/* What a field holds.        C member           missing                 JSON                    */
enum model_kind {
    MODEL_KIND_REFERENCE, /* struct id          all zero                "a UUID"                */
    MODEL_KIND_TEXT,      /* struct model_text  bytes NULL              "text", NFC             */
    MODEL_KIND_CODE,      /* struct model_text  bytes NULL              "a code of its list"    */
    MODEL_KIND_DATE,      /* toc_date           MODEL_MISSING_DATE      "2026-11-22"            */
    MODEL_KIND_TIME,      /* struct model_text  bytes NULL              "2026-11-22T10:30"      */
    MODEL_KIND_INSTANT,   /* int64_t, µs UTC    MODEL_MISSING_INTEGER   "2026-11-22T02:30:00Z"  */
    MODEL_KIND_INTEGER,   /* int64_t            MODEL_MISSING_INTEGER   number                  */
    MODEL_KIND_REAL,      /* double             NaN                     number                  */
    MODEL_KIND_FLAG,      /* int64_t, 0 or 1    MODEL_MISSING_INTEGER   true, false             */
    MODEL_KIND_BYTES      /* struct model_text  bytes NULL              "base64"                */
};

/* Who may see a field (DESIGN section 6), the next always rarer than the one before. IDENTIFYING fields are sealed
 * together in the record's `sealed` column under the key of its owner and have no column of their own. */
enum model_class { MODEL_CLASS_OPEN, MODEL_CLASS_ROUTINE, MODEL_CLASS_SENSITIVE, MODEL_CLASS_IDENTIFYING };

enum model_rule {
    MODEL_RULE_OPTIONAL, /* may be missing */
    MODEL_RULE_REQUIRED, /* always there */
    MODEL_RULE_FIXED,    /* required, and never changed once written */
    MODEL_RULE_WRITTEN   /* set by the program, never by a caller */
};

struct model_field {
    const char     *name; /* in JSON, CSV and SQL alike */
    enum model_kind kind;
    enum model_rule rule;
    enum model_class class;
    const char *label_en, *label_zh;
    const char *target; /* REFERENCE: the record; CODE: the list; else NULL */
    double      low,
        high;      /* INTEGER, REAL: the bounds, included; TEXT: the most characters is high; BYTES: the most bytes */
    size_t offset; /* in the record's struct */
};

/* What every record's struct begins with. */
struct model_head {
    struct id id;
    int64_t   version; /* 1 = as created; for If-Match */
    int64_t   created; /* instants; set by the writer */
    int64_t   updated;
};

/* A sum of records kept by the writer as signed increments, by day and by every combination of the dimensions, for the
 * record's area and all areas above it. */
#define MODEL_MAX_DIMENSIONS 6
#define MODEL_MAX_ONLY 4
struct model_counter {
    const char *name;
    const char *day; /* a DATE or TIME field: the day it happened; records without it count on no day ("missing") */
    const char
        *dimensions[MODEL_MAX_DIMENSIONS]; /* CODE, FLAG or REFERENCE fields; ends with NULL or the array's end */
    bool dated;                            /* records without the day are not counted at all */
    const char *only;                      /* a CODE field; NULL = all records */
    const char *codes[MODEL_MAX_ONLY];     /* what it must hold for a record to be counted; ends as dimensions do */
};

#define MODEL_INDEX_FIELDS 8
struct model_index {
    const char *name;
    const char *fields[MODEL_INDEX_FIELDS]; /* ends with NULL or the array's end */
    bool        unique;
};

/* later may not lie before earlier, where both are given. */
struct model_precedence {
    const char *earlier, *later;
};

/* `other` goes with a code of `field`, as a lane of a form opens with an answer. */
struct model_condition {
    const char *field, *code, *other;
};

/* How far rows of a record reach (who may see them at all). */
enum model_scope {
    MODEL_SCOPE_OPEN,  /* reference data: everybody who is signed in */
    MODEL_SCOPE_AREA,  /* `scope_path` leads to the area that decides, `belongs_to` to facilities that have it too */
    MODEL_SCOPE_OFFICE /* the records of the program itself: administrators and auditors */
};

/* What may be asked for at a record's path. The access table decides who may. */
enum model_verb {
    MODEL_READING = 1,
    MODEL_CREATING = 2,
    MODEL_CHANGING = 4,
    MODEL_ADDING = MODEL_READING | MODEL_CREATING,
    MODEL_WRITING = MODEL_READING | MODEL_CREATING | MODEL_CHANGING,
    MODEL_ERASING = 8,
    MODEL_EVERYTHING = MODEL_WRITING | MODEL_ERASING
};

#define MODEL_MAX_FACILITIES 3

struct model_record {
    const char                    *name; /* of the table and in JSON: "case" */
    const char                    *title_en, *title_zh;
    const struct model_field      *fields;
    size_t                         num_fields;
    size_t                         size; /* of the struct */
    const struct model_counter    *counters;
    size_t                         num_counters;
    const struct model_index      *indexes;
    size_t                         num_indexes;
    const struct model_precedence *orders;
    size_t                         num_orders;
    enum model_scope               scope;
    const char *scope_path; /* "responsible_area", "case.responsible_area": references, then the area; NULL = none */
    const char
            *path;  /* of the API: "cases"; also the name of its list, where it has one. NULL = not served by its id */
    unsigned verbs; /* enum model_verb, by the path */
    const char *owner; /* whose key seals the identifying fields: a REFERENCE(person), or "id"; NULL = none sealed */
    const char *const *belongs_to; /* paths to the facilities whose row it is (at most MODEL_MAX_FACILITIES), of which
                                    * the record itself has those without a step; ends with NULL */
    const char *const            *searched;      /* fields that may be found by their words; ends with NULL */
    const char                   *retained_from; /* rows go this many days after the day of this field; NULL = kept */
    long                          retained_days; /* a protocol may set others */
    const struct model_condition *needs;         /* where field holds code, other must be given */
    size_t                        num_needs;
    const struct model_condition *only_with; /* other may be given only where one of its lines holds */
    size_t                        num_only_with;
};

/* All records, in the order of all.def; enum model_record_number (model/records.h) is the index. */
const struct model_record *model_records(size_t *num_records);
const struct model_record *model_record_find(const char *name); /* NULL = none of that name */

/* The field of a name (size bytes), or NULL; its index is field - record->fields. */
const struct model_field *model_field_find(const struct model_record *record, const char *name, size_t size);

/* Set every field to missing and the head to zero. */
void model_init(const struct model_record *record, void *value);

bool model_is_missing(const struct model_field *field, const void *value);

/* The fields that a change gives, a caller may see, … */
#define MODEL_MAX_FIELDS 128
struct model_set {
    uint64_t bits[MODEL_MAX_FIELDS / 64];
};
bool model_set_has(const struct model_set *set, size_t field);
void model_set_add(struct model_set *set, size_t field);
void model_set_remove(struct model_set *set, size_t field);
/* All fields of a record. */
struct model_set model_set_all(const struct model_record *record);

/* Do the field's values in two structs say the same? */
bool model_equal(const struct model_field *field, const void *a, const void *b);
/* Copy one field; texts stay borrowed. */
void model_copy(const struct model_field *field, void *to, const void *from);

#endif
