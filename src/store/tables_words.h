/* SPDX-License-Identifier: GPL-3.0-or-later */
/* src/store/tables_words.h: gives the words of tables.def their empty meaning, as model/def.h does for the model. */
#ifdef STORE_WORDS_DEFAULT
#undef STORE_WORDS_DEFAULT
#undef TABLE
#undef COLUMN
#undef TABLE_INDEX
#undef TABLE_UNIQUE
#undef END_TABLE
#define TABLE(num_key)
#define COLUMN(name, kind, need)
#define TABLE_INDEX(name, ...)
#define TABLE_UNIQUE(name, ...)
#define END_TABLE
#endif
