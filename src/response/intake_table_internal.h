/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/intake_table_internal.h: what the files of intake_table.h share. */
#ifndef RESPONSE_INTAKE_TABLE_INTERNAL_H
#define RESPONSE_INTAKE_TABLE_INTERNAL_H

#include "response/intake_table.h"

/* ---- intake_table.c ---- */

/* What is remembered for a header's fingerprint; NULL = nothing. */
int intake_table_find_mapping(struct store_reader *reader, const struct model_feed *feed, const char *fingerprint,
                              struct arena *arena, struct model_list_mapping **found);

/* ---- intake_file.c ---- */

/* Another verdict for a file, whose parts stay. As store_submit. */
int intake_table_say(struct intake *intake, const struct id *file, const char *verdict, const char *reason);

/* The whole file from its parts, and how it is to be read. bytes: to be cleared and freed. STORE_ERR_ABSENT: they are
 * gone. */
int intake_table_bytes(struct store_reader *reader, const struct model_message *file, struct intake_table_form *form,
                       char **bytes);

/* All its rows are messages: the verdict, and the parts go with their keys. As store_submit. */
int intake_table_end(struct intake *intake, struct store_reader *reader, const struct id *file, const char *verdict,
                     const char *reason, const struct intake_table_counts *counts);

#endif
