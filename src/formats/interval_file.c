/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/interval_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "formats/table.h"

#define ALLOWED_DAYS "a whole number of days, 0 … 3659"

struct reading {
    struct fault_list *faults;
    struct table      *table;
    const char        *path;
    size_t             days, probability; /* columns */
    double             w[TOC_SERIAL_INTERVAL_MAX];
    bool               seen[TOC_SERIAL_INTERVAL_MAX];
    size_t             num_w;
    uint64_t           num_before; /* faults in the list when this file began */
};

static int find_columns(struct reading *reading)
{
    static const char *const names[] = { "days", "probability" };
    size_t *const            places[] = { &reading->days, &reading->probability };
    const struct table_row  *header = table_header(reading->table);
    for (size_t i = 0; i < 2; i++) {
        size_t cell = 0;
        while (cell < header->num_cells &&
               !text_equal_nocase(header->cells[cell].text, header->cells[cell].size, names[i], strlen(names[i])))
            cell++;
        *places[i] = cell;
        if (cell == header->num_cells)
            fault_add(reading->faults, table_place(reading->table, header, TABLE_WHOLE_ROW), "days, probability",
                      "there is no column %s", names[i]);
    }
    return reading->faults->num_all == reading->num_before ? 0 : BASE_ERR_INPUT;
}

static void refuse(struct reading *reading, const struct table_row *row, size_t cell, const char *allowed,
                   const char *found)
{
    char quoted[TEXT_QUOTE_BYTES];
    text_quote(row->cells[cell].text, row->cells[cell].size, quoted);
    fault_add(reading->faults, table_place(reading->table, row, cell), allowed, "%s %s", quoted, found);
}

static void take_row(struct reading *reading, const struct table_row *row)
{
    const struct table_cell *days = &row->cells[reading->days], *p = &row->cells[reading->probability];
    int64_t                  day = 0;
    double                   value = 0;
    bool day_known = text_to_integer(days->text, days->size, 0, TOC_SERIAL_INTERVAL_MAX - 1, &day) == 0;
    if (!day_known)
        refuse(reading, row, reading->days, ALLOWED_DAYS, "is not that");
    if (text_to_double(p->text, p->size, &value) != 0 || !(value >= 0 && value <= 1)) {
        refuse(reading, row, reading->probability, "a number, 0 … 1", "is not a probability");
        return;
    }
    if (!day_known)
        return;
    if (day == 0 && value > 0)
        refuse(reading, row, reading->probability, "0 for 0 days", "is the probability of no day between two onsets");
    else if (reading->seen[day])
        refuse(reading, row, reading->days, NULL, "comes twice");
    reading->seen[day] = true;
    reading->w[day] = value;
    if (value > 0 && (size_t) day + 1 > reading->num_w)
        reading->num_w = (size_t) day + 1;
}

static void check_sum(struct reading *reading)
{
    struct toc_error error = { 0 };
    if (reading->faults->num_all != reading->num_before)
        return;
    if (reading->num_w == 0)
        fault_add(reading->faults, (struct fault_place){ .file = reading->path }, NULL,
                  "no day has a probability above 0");
    else if (toc_serial_interval_normalise(reading->w, reading->num_w, &error) != 0)
        fault_add(reading->faults, (struct fault_place){ .file = reading->path, .name = "probability" }, error.allowed,
                  "the sum is %.6g", error.found);
}

static int read_rows(struct reading *reading)
{
    struct table_row row;
    int              ret = find_columns(reading);
    while (ret == 0 && (ret = table_next(reading->table, &row)) == 1) {
        take_row(reading, &row);
        ret = 0;
    }
    if (ret == 0)
        check_sum(reading);
    return ret != 0 ? ret : reading->faults->num_all == reading->num_before ? 0 : BASE_ERR_INPUT;
}

int interval_file_read(const char *path, struct fault_list *faults, double *w, size_t *num_w)
{
    struct reading       reading = { .faults = faults, .path = path, .num_before = faults->num_all };
    struct table_options options = { 0 };
    int                  fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fault_add(faults, (struct fault_place){ .file = path }, NULL, "cannot be opened: %s", strerrordesc_np(errno));
        return BASE_ERR_SYSTEM;
    }
    int ret = table_open(table_input_file(&fd, path), &options, faults, &reading.table);
    if (ret == 0) {
        ret = read_rows(&reading);
        table_close(reading.table);
    }
    close(fd);
    if (ret == 0) {
        memcpy(w, reading.w, reading.num_w * sizeof *w);
        *num_w = reading.num_w;
    }
    return ret;
}
