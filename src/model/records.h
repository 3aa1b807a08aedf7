/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/records.h: the struct of each record, made from its .def file: struct model_case, MODEL_CASE, and the
 * number of each field, model_case_onset_date, for struct model_set. */
#ifndef MODEL_RECORDS_H
#define MODEL_RECORDS_H

#include "model/model.h"

#define MODEL_TYPE_REFERENCE(record) struct id
#define MODEL_TYPE_TEXT(most) struct model_text
#define MODEL_TYPE_CODE(list) struct model_text
#define MODEL_TYPE_DATE toc_date
#define MODEL_TYPE_TIME struct model_text
#define MODEL_TYPE_INSTANT int64_t
#define MODEL_TYPE_INTEGER(low, high) int64_t
#define MODEL_TYPE_REAL(low, high) double
#define MODEL_TYPE_FLAG int64_t
#define MODEL_TYPE_BYTES(most) struct model_text

/* enum model_record_number */
#define MODEL_WORDS_DEFAULT
#include "model/def.h"
#undef RECORD
#define RECORD(code, title_en, title_zh) MODEL_##code,
enum model_record_number {
#include "model/all.def"
    MODEL_NUM_RECORDS
};

/* struct model_<record> */
#define MODEL_WORDS_DEFAULT
#include "model/def.h"
#undef RECORD
#undef FIELD
#undef END_RECORD
#define RECORD(code, title_en, title_zh)                                                                               \
    struct MODEL_PASTE(model_, SELF) {                                                                                 \
        struct model_head head;
#define FIELD(name, kind, rule, class, label_en, label_zh) MODEL_TYPE_##kind name;
#define END_RECORD                                                                                                     \
    }                                                                                                                  \
    ;
#include "model/all.def"

/* model_<record>_<field> */
#define MODEL_WORDS_DEFAULT
#include "model/def.h"
#undef RECORD
#undef FIELD
#undef END_RECORD
#define MODEL_FIELD_NUMBER_(record, name) model_##record##_##name
#define MODEL_FIELD_NUMBER(record, name) MODEL_FIELD_NUMBER_(record, name)
#define RECORD(code, title_en, title_zh) enum MODEL_PASTE(MODEL_PASTE(model_, SELF), _field) {
#define FIELD(name, kind, rule, class, label_en, label_zh) MODEL_FIELD_NUMBER(SELF, name),
#define END_RECORD                                                                                                     \
    }                                                                                                                  \
    ;
#include "model/all.def"

#define MODEL_WORDS_DEFAULT
#include "model/def.h"

/* The description of a record. */
const struct model_record *model_record(enum model_record_number code);

#endif
