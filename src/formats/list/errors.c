/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file of errors of a line list: what its people mend and send again. */
#include <string.h>

#include "base/text.h"
#include "formats/list/list_internal.h"
#include "formats/sheet/xlsx.h"

static char delimiter_of(const struct list *list)
{
    char delimiter = sheet_form(list->sheet)->delimiter;
    return delimiter != '\0' ? delimiter : ',';
}

bool list_is_left_out(const struct list_column *column)
{
    return column->field == LIST_DENIED || column->field == LIST_ERRORS || column->field == LIST_ROW;
}

void list_write_errors_header(const struct list *list, struct sink *sink)
{
    sink_text(sink, "\xef\xbb\xbf"); /* or spreadsheets take it for another encoding */
    for (size_t i = 0; i < list->num_columns; i++) {
        if (list_is_left_out(&list->columns[i]))
            continue;
        sheet_put_cell(sink, list->columns[i].header.bytes, list->columns[i].header.size);
        sink_character(sink, delimiter_of(list));
    }
    sink_text(sink, LIST_ERRORS_COLUMN "\n");
}

/* "C onset: is no date; allowed: …" of every fault that kept the row out. */
void list_put_faults(const struct report *report, struct sink *sink)
{
    bool first = true;
    sink_character(sink, '"');
    for (uint32_t i = 0; i < report->num_faults; i++) {
        const struct report_fault *fault = &report->faults[i];
        char                       letters[SHEET_LETTERS_BYTES] = "", name[80] = "";
        if (fault->severity < REPORT_ERROR)
            continue;
        if (fault->place.column > 0)
            sheet_letters(fault->place.column - 1, letters);
        if (fault->place.column_name != NULL)
            text_escape(fault->place.column_name, strlen(fault->place.column_name), name, sizeof name);
        for (char *c = name; *c != '\0'; c++)
            if (*c == '"')
                *c = '\'';
        sink_format(sink, "%s%s%s%s%s%s", first ? "" : "; ", letters, *name != '\0' ? " " : "", name,
                    *letters != '\0' ? ": " : "", fault->what);
        if (fault->allowed != NULL)
            sink_format(sink, " (allowed: %s)", fault->allowed);
        first = false;
    }
    sink_character(sink, '"');
}

void list_write_errors_row(const struct list *list, const struct report *report, struct sink *sink)
{
    for (size_t i = 0; i < list->num_columns; i++) {
        struct report_text cell = list_cell(list, &list->row, i);
        if (list_is_left_out(&list->columns[i]))
            continue;
        sheet_put_cell(sink, cell.bytes, cell.size);
        sink_character(sink, delimiter_of(list));
    }
    list_put_faults(report, sink);
    sink_character(sink, '\n');
}
