/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/release_file.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"
#include "cli/input_options.h"
#include "formats/table.h"
#include "tocsin/status.h"

enum { AREA, DATE, COUNT, NUM_COLUMNS };
#define MOST_BYTES ((size_t) 1 << 30) /* of its texts */

static int check_header(const struct table *table, struct fault_list *faults)
{
    static const char *const names[NUM_COLUMNS] = { "area", "date", "count" };
    const struct table_row  *header = table_header(table);
    for (size_t i = 0; i < NUM_COLUMNS; i++)
        if (header->num_cells != NUM_COLUMNS || strcmp(header->cells[i].text, names[i]) != 0) {
            fault_add(faults, table_place(table, header, TABLE_WHOLE_ROW),
                      "area,date,count, as tocsin suppress writes it", "other columns");
            return BASE_ERR_INPUT;
        }
    return 0;
}

static int add_row(const struct table *table, const struct table_row *row, struct fault_list *faults,
                   struct release *release)
{
    const struct table_cell *cells = row->cells;
    struct release_row       made = { .count = (double) NAN };
    enum date_form           form;
    char                     why[DATE_FAULT_BYTES];
    if (date_from_text(cells[DATE].text, cells[DATE].size, &made.day, &form, why) != 0) {
        fault_add(faults, table_place(table, row, DATE), "a date", "%s", why);
        return 0;
    }
    if (cells[COUNT].size > 0 && (text_to_double(cells[COUNT].text, cells[COUNT].size, &made.count) != 0 ||
                                  !(made.count >= 0 && made.count == floor(made.count)))) {
        fault_add(faults, table_place(table, row, COUNT), "a whole number, 0 or more, or nothing", "not a count");
        return 0;
    }
    if (release->num_rows == release->room) {
        size_t              room = release->room == 0 ? 1024 : 2 * release->room;
        struct release_row *grown = memory_resize(release->rows, room, sizeof *grown);
        if (grown == NULL)
            return TOC_ERR_NO_MEMORY;
        release->rows = grown;
        release->room = room;
    }
    made.area = arena_copy(&release->arena, cells[AREA].text, cells[AREA].size);
    made.date = arena_copy(&release->arena, cells[DATE].text, cells[DATE].size);
    if (made.area == NULL || made.date == NULL)
        return TOC_ERR_NO_MEMORY;
    release->rows[release->num_rows++] = made;
    return 0;
}

static int read_rows(struct table *table, struct fault_list *faults, struct release *release)
{
    struct table_row row;
    int              ret = check_header(table, faults), next = 1;
    while (ret == 0 && (next = table_next(table, &row)) == 1)
        ret = add_row(table, &row, faults, release);
    return ret != 0 ? ret : next;
}

int release_read(const struct cli_command *command, const char *path, struct fault_list *faults,
                 struct release *release)
{
    struct table *table = NULL;
    int           fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return cli_complain(command, CLI_MACHINE, "%s: cannot be opened: %s", path, strerrordesc_np(errno));
    release->arena.limit = MOST_BYTES;
    int ret = table_open(table_input_file(&fd, path), &(struct table_options){ .delimiter = ',' }, faults, &table);
    if (ret == 0) {
        ret = read_rows(table, faults, release);
        table_close(table);
    }
    close(fd);
    if (ret == 0 && faults->num_all > 0)
        ret = BASE_ERR_INPUT;
    return ret == 0 ? CLI_DONE : input_report(command, ret, faults);
}

void release_free(struct release *release)
{
    free(release->rows);
    arena_free(&release->arena);
    *release = (struct release){ 0 };
}

bool release_has(const struct release *release, toc_date date)
{
    for (size_t i = 0; i < release->num_rows; i++)
        if (release->rows[i].day == date)
            return true;
    return false;
}
