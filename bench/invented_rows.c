/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "invented_rows.h"

#include <stdio.h>
#include <string.h>

#include "store/tables.h"

static void number_id(uint64_t number, uint8_t place, uint8_t bytes[ID_BYTES])
{
    memset(bytes, 0, ID_BYTES);
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t) (number >> (56 - 8 * i));
    bytes[8] = 0x80;
    bytes[15] = place;
}

void invented_row(const struct db_table *table, uint64_t number, struct invented_row *row)
{
    static const char sealed[220] = "\x01sealed";
    for (size_t i = 0; i < table->num_columns; i++) {
        const struct db_column *column = &table->columns[i];
        struct db_value        *value = &row->values[i];
        switch (column->kind) {
        case DB_KIND_ID:
            number_id(number * 2654435761U + i * 97, (uint8_t) i, row->ids[i]);
            *value = !column->not_null && i % 3 == 0 ? db_null() : db_bytes(row->ids[i], ID_BYTES);
            break;
        case DB_KIND_INTEGER: *value = db_integer((int64_t) (1764000000000000 + number)); break;
        case DB_KIND_REAL: *value = db_null(); break;
        case DB_KIND_TEXT:
            snprintf(row->texts[i], sizeof row->texts[i], "2025-%02u-%02u", (unsigned) (number % 12 + 1),
                     (unsigned) (number % 28 + 1));
            *value = column->not_null || i % 2 == 0 ? db_word(row->texts[i]) : db_text("", 0);
            break;
        case DB_KIND_BYTES: *value = db_bytes(sealed, strcmp(column->name, "sealed") == 0 ? 220 : 48); break;
        }
    }
}

void invented_key(const struct db_table *table, uint64_t number, struct invented_row *row)
{
    for (size_t i = 0; i < table->num_key; i++) {
        if (table->columns[i].kind == DB_KIND_INTEGER) {
            row->values[i] = db_integer((int64_t) (i + 1 < table->num_key ? number / 50 : number));
        } else {
            number_id(number, 0, row->ids[i]);
            row->values[i] = db_bytes(row->ids[i], ID_BYTES);
        }
    }
    if (table == &store_table_counter)
        row->values[store_counter_event_day] = db_integer((int64_t) (number % 50));
}
