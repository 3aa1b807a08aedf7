/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/spreadsheet.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xlsxwriter.h>

#include "base/fault.h"
#include "base/memory.h"
#include "tocsin/status.h"

struct spreadsheet {
    lxw_workbook  *file;
    lxw_worksheet *sheet;
    lxw_row_t      row;
    lxw_col_t      column;
    int            failure;
    char           path[64];
    char           cell[4 * SPREADSHEET_MOST_TEXT + 1];
};

int spreadsheet_new(struct spreadsheet **spreadsheet)
{
    lxw_workbook_options options = { .constant_memory = LXW_TRUE };
    struct spreadsheet  *made = memory_array(1, sizeof *made);
    if (made == NULL)
        return TOC_ERR_NO_MEMORY;
    snprintf(made->path, sizeof made->path, "/tmp/tocsin-sheet-XXXXXX");
    int fd = mkstemp(made->path);
    if (fd < 0) {
        free(made);
        return BASE_ERR_SYSTEM;
    }
    close(fd);
    made->file = workbook_new_opt(made->path, &options);
    if (made->file == NULL) {
        unlink(made->path);
        free(made);
        return TOC_ERR_NO_MEMORY;
    }
    *spreadsheet = made;
    return 0;
}

void spreadsheet_free(struct spreadsheet *spreadsheet)
{
    if (spreadsheet == NULL)
        return;
    if (spreadsheet->file != NULL) {
        (void) workbook_close(spreadsheet->file);
        unlink(spreadsheet->path);
    }
    free(spreadsheet);
}

static void take(struct spreadsheet *spreadsheet, lxw_error error)
{
    if (error != LXW_NO_ERROR && spreadsheet->failure == 0)
        spreadsheet->failure =
            error == LXW_ERROR_WORKSHEET_INDEX_OUT_OF_RANGE || error == LXW_ERROR_MAX_STRING_LENGTH_EXCEEDED
                ? BASE_ERR_INPUT
                : BASE_ERR_SYSTEM;
}

void spreadsheet_sheet(struct spreadsheet *spreadsheet, const char *name)
{
    spreadsheet->sheet = workbook_add_worksheet(spreadsheet->file, name);
    spreadsheet->row = 0;
    spreadsheet->column = 0;
    if (spreadsheet->sheet == NULL)
        take(spreadsheet, LXW_ERROR_MEMORY_MALLOC_FAILED);
}

void spreadsheet_text(struct spreadsheet *spreadsheet, const char *text, size_t size)
{
    if (spreadsheet->failure != 0)
        return;
    if (size >= sizeof spreadsheet->cell) {
        take(spreadsheet, LXW_ERROR_MAX_STRING_LENGTH_EXCEEDED);
        return;
    }
    memcpy(spreadsheet->cell, text, size);
    spreadsheet->cell[size] = '\0';
    take(spreadsheet,
         worksheet_write_string(spreadsheet->sheet, spreadsheet->row, spreadsheet->column++, spreadsheet->cell, NULL));
}

void spreadsheet_number(struct spreadsheet *spreadsheet, double value)
{
    if (spreadsheet->failure == 0 && isfinite(value))
        take(spreadsheet,
             worksheet_write_number(spreadsheet->sheet, spreadsheet->row, spreadsheet->column, value, NULL));
    spreadsheet->column++;
}

void spreadsheet_skip(struct spreadsheet *spreadsheet)
{
    spreadsheet->column++;
}

void spreadsheet_end_row(struct spreadsheet *spreadsheet)
{
    spreadsheet->row++;
    spreadsheet->column = 0;
    if (spreadsheet->row > SPREADSHEET_MOST_ROWS)
        take(spreadsheet, LXW_ERROR_WORKSHEET_INDEX_OUT_OF_RANGE);
}

int spreadsheet_finish(struct spreadsheet *spreadsheet, int *fd)
{
    take(spreadsheet, workbook_close(spreadsheet->file)); /* frees it */
    spreadsheet->file = NULL;
    int opened = spreadsheet->failure == 0 ? open(spreadsheet->path, O_RDONLY | O_CLOEXEC) : -1;
    unlink(spreadsheet->path);
    if (spreadsheet->failure == 0 && opened < 0)
        spreadsheet->failure = BASE_ERR_SYSTEM;
    if (spreadsheet->failure == 0)
        *fd = opened;
    return spreadsheet->failure;
}
