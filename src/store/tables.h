/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/tables.h: the store's own tables, from tables.def: their descriptions (store_table_event) and the numbers
 * of their columns (store_event_number, …, STORE_COLUMNS_event = how many). */
#ifndef STORE_TABLES_H
#define STORE_TABLES_H

#include "model/def.h"
#include "store/db.h"

#define STORE_WORDS_DEFAULT
#include "store/tables_words.h"
#undef TABLE
#define TABLE(num_key) extern const struct db_table MODEL_PASTE(store_table_, SELF);
#include "store/tables.def"

#define STORE_WORDS_DEFAULT
#include "store/tables_words.h"
#undef TABLE
#undef COLUMN
#undef END_TABLE
#define STORE_COLUMN_(table, name) store_##table##_##name
#define STORE_COLUMN(table, name) STORE_COLUMN_(table, name)
#define TABLE(num_key) enum MODEL_PASTE(MODEL_PASTE(store_, SELF), _column) {
#define COLUMN(name, kind, need) STORE_COLUMN(SELF, name),
#define END_TABLE                                                                                                      \
    MODEL_PASTE(STORE_COLUMNS_, SELF)                                                                                  \
    }                                                                                                                  \
    ;
#include "store/tables.def"

#define STORE_WORDS_DEFAULT
#include "store/tables_words.h"

#endif
