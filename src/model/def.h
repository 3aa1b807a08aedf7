/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/model/def.h: the words of .def files. Each use of all.def defines the words it wants, includes all.def, and then
 * this file, which gives every word its empty meaning, so that the next use starts clean:
 *
 *     #define MODEL_WORDS_DEFAULT
 *     #include "model/def.h"        all words empty
 *     #undef FIELD
 *     #define FIELD(...) …          the ones this use wants
 *     #include "model/all.def"
 *
 * A .def file, one record:
 *
 *     #define SELF case                          the record's name: its table, its struct (struct model_case)
 *     RECORD(CASE, "Case", "病例")               its enum model_record_number (MODEL_CASE) and titles
 *     SCOPE(AREA, "responsible_area")            OPEN, AREA or OFFICE, and the path that leads to the area
 *     ROUTES("cases", EVERYTHING)                where it is served, /api/v1/cases, and what may be asked for there:
 *                                                READING (by its id), ADDING (also create), WRITING (also change)
 *                                                or EVERYTHING (also erase)
 *     BELONGS_TO("laboratory")                   a path to a facility whose row it is: a grant of that facility reaches
 *                                                it; several lines
 *     OWNER("person")                            whose key seals the identifying fields
 *     FIELD(name, kind, rule, class, "English", "中文")
 *         kind   REFERENCE(record) TEXT(most characters) CODE(list) DATE TIME INSTANT INTEGER(low, high)
 *                REAL(low, high) FLAG BYTES(most bytes)
 *         rule   OPTIONAL REQUIRED FIXED WRITTEN
 *         class  OPEN ROUTINE SENSITIVE IDENTIFYING
 *     INDEX(name, "field", …)  UNIQUE(name, "field", …)
 *     COUNTER(name, "day field", "dimension", …)
 *     DATED_COUNTER(name, "day field", "dimension", …)  the same, without records that have no such day
 *     COUNTER_OF(name, "field", CODES("code", …), "day field", "dimension", …)  the same, of records with one of these
 *                                                codes in the field alone; four codes at most
 *     ORDER("earlier", "later")
 *     NEEDS("field", "code", "other")           where the field holds the code, the other field must be given
 *     ONLY_WITH("other", "field", "code")       the other field may be given only there; several lines, of one field:
 * in any of them SEARCHED("field") RETAINED("field", days) END_RECORD #undef SELF
 */
#ifdef MODEL_WORDS_DEFAULT
#undef MODEL_WORDS_DEFAULT
#undef RECORD
#undef SCOPE
#undef ROUTES
#undef OWNER
#undef FIELD
#undef INDEX
#undef UNIQUE
#undef COUNTER
#undef DATED_COUNTER
#undef COUNTER_OF
#undef ORDER
#undef NEEDS
#undef ONLY_WITH
#undef SEARCHED
#undef BELONGS_TO
#undef RETAINED
#undef END_RECORD
#define RECORD(code, title_en, title_zh)
#define SCOPE(...)
#define ROUTES(path, verbs)
#define OWNER(path)
#define FIELD(name, kind, rule, class, label_en, label_zh)
#define INDEX(name, ...)
#define UNIQUE(name, ...)
#define COUNTER(name, day, ...)
#define DATED_COUNTER(name, day, ...)
#define COUNTER_OF(name, field, codes, day, ...)
#define ORDER(earlier, later)
#define NEEDS(field, code, other)
#define ONLY_WITH(other, field, code)
#define SEARCHED(field)
#define BELONGS_TO(path)
#define RETAINED(field, days)
#define END_RECORD
#endif

#ifndef MODEL_PASTE
#define MODEL_PASTE_(a, b) a##b
#define MODEL_PASTE(a, b) MODEL_PASTE_(a, b)
#define MODEL_STRING_(a) #a
#define MODEL_STRING(a) MODEL_STRING_(a)
#endif
