/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a code list, and as two editions of one: what is read is a tree in preorder, and an edition compared
 * with itself changes nothing. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/area_codes.h"
#include "fuzz.h"

static int read_list(int number, const uint8_t *data, size_t size, bool allow_gaps, struct area_codes *list)
{
    struct fault_list         faults = { 0 };
    struct area_codes_options options = { .allow_gaps = allow_gaps };
    int                       fd = open(fuzz_file(number, data, size), O_RDONLY | O_CLOEXEC);
    struct table_input        input = table_input_file(&fd, "list");
    int                       status = area_codes_read(&input, 1, &options, &faults, list);
    MUST(status == 0 ? faults.num_all == 0 : status == BASE_ERR_INPUT && faults.num_all > 0);
    fault_list_free(&faults);
    close(fd);
    return status;
}

static void check_tree(const struct area_codes *list, bool allow_gaps)
{
    for (uint32_t i = 0; i < list->num_areas; i++) {
        const struct area_code *area = &list->areas[i];
        const char             *texts[] = { area_codes_text(list, area->code), area_codes_text(list, area->name_en),
                                            area_codes_text(list, area->name_zh), area_codes_text(list, area->name_bo) };
        for (int j = 0; j < 4; j++)
            fuzz_look(texts[j], strlen(texts[j]));
        MUST(*texts[0] != '\0' && area->level <= AREA_CODES_MAX_LEVEL);
        MUST(area->parent == AREA_CODES_NONE || area->parent < i);
        if (area->parent != AREA_CODES_NONE && !allow_gaps)
            MUST(area->level == list->areas[area->parent].level + 1);
        MUST(area->successor == AREA_CODES_NONE || area->successor < list->num_areas);
    }
}

static void compare(const struct area_codes *older, struct area_codes *newer, bool same)
{
    struct area_change *changes;
    size_t              num;
    MUST(area_codes_update(older, newer, 20000, false, &changes, &num) == 0);
    MUST(!same || num == 0);
    for (size_t i = 0; i < num; i++)
        MUST(changes[i].what != 0 &&
             (changes[i].old_index != AREA_CODES_NONE || changes[i].new_index != AREA_CODES_NONE));
    free(changes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    bool              allow_gaps = data[0] & 1;
    const uint8_t    *second = memchr(data, 0x1e, size);
    size_t            first_size = second == NULL ? size - 1 : (size_t) (second - data) - 1;
    struct area_codes first = { 0 }, other = { 0 };
    if (second == data)
        return 0;
    int status = read_list(0, data + 1, first_size, allow_gaps, &first);
    check_tree(&first, allow_gaps);
    if (status == 0 && second != NULL && read_list(1, second + 1, size - first_size - 2, allow_gaps, &other) == 0) {
        compare(&first, &other, false);
        area_codes_free(&other);
        MUST(read_list(1, data + 1, first_size, allow_gaps, &other) == 0);
        compare(&first, &other, true);
    }
    area_codes_free(&other);
    area_codes_free(&first);
    return 0;
}
