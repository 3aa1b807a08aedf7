/* SPDX-License-Identifier: GPL-3.0-or-later */
/* response/intake_upload.h: a file of a line list after it was kept (intake_table.h): what became of its rows, its file
 * of errors, and its mapping confirmed by a person. */
#ifndef RESPONSE_INTAKE_UPLOAD_H
#define RESPONSE_INTAKE_UPLOAD_H

#include "response/intake_table.h"
#include "store/message_bytes.h"

#define INTAKE_UPLOAD_ERRORS 10000 /* rows of a file of errors; the rest comes with the next */

/* The message of a file, in arena: as the caller may read it, or, of a machine (who NULL), where its institution sent
 * it. STORE_ERR_ABSENT: there is none such; as store_read. */
int intake_upload_find(struct store_reader *reader, const struct access *who, const struct id *institution,
                       const struct id *file, struct arena *arena, struct model_message *message);

/* Its rows that cannot be used, as CSV with a column that says why and one that says which row it was; nothing where
 * there are none. A row whose bytes are gone is left out. Returns 0, as store_message_bytes, TOC_ERR_NO_MEMORY. */
int intake_upload_errors(struct intake *intake, struct store_reader *reader, const struct model_message *message,
                         struct sink *sink);

/* What a file that is held or rejected would be read as: what is proposed, or remembered, for its columns, and what is
 * asked (faults). table: from zeroes; to be closed in all cases, before *bytes is cleared and freed. Returns as
 * intake_table_open; STORE_ERR_VERSION (it is neither); STORE_ERR_ABSENT (its bytes are gone). */
int intake_upload_propose(struct intake *intake, struct store_reader *reader, const struct model_message *message,
                          struct fault_list *faults, struct intake_table *table, char **bytes);

/* The mapping of a file that is held, or rejected because nothing could be proposed for it, is confirmed: remembered,
 * and the file waits to be worked off. who: the user. Returns 0; BASE_ERR_INPUT with faults; STORE_ERR_VERSION (it is
 * neither); STORE_ERR_ABSENT (its bytes are gone); TOC_ERR_NO_MEMORY, db_status. */
int intake_upload_confirm(struct intake *intake, struct store_reader *reader, const struct model_message *message,
                          const struct report_text *mapping, const struct id *who, struct fault_list *faults);

#endif
