/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/area_shapes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "formats/area_codes_index.h"

static uint32_t find_open(const struct area_index *index, const struct area_codes *list, const char *code)
{
    uint32_t area = area_index_find(index, list, code, strlen(code));
    while (area != AREA_CODES_NONE && list->areas[area].valid_to != AREA_CODES_NO_DATE)
        area = index->next_same[area];
    return area;
}

int area_shapes_match(const struct geojson *shapes, const char *name, const struct area_codes *list,
                      struct fault_list *faults, uint32_t *areas)
{
    struct area_index index = { 0 };
    int               ret = area_index_reserve(&index, list, list->num_areas);
    uint32_t         *found = memory_array((size_t) shapes->num_features + 1, sizeof *found);
    char              quoted[TEXT_QUOTE_BYTES];
    if (found == NULL)
        ret = TOC_ERR_NO_MEMORY;
    if (ret != 0)
        goto out;
    for (uint32_t i = 0; i < list->num_areas; i++)
        area_index_add(&index, list, i);
    for (uint32_t i = 0; i < shapes->num_features; i++) {
        const struct geojson_feature *feature = &shapes->features[i];
        found[i] = find_open(&index, list, feature->code);
        if (found[i] != AREA_CODES_NONE)
            continue;
        text_quote(feature->code, strlen(feature->code), quoted);
        fault_add(faults, (struct fault_place){ .file = name, .line = feature->line },
                  "the code of an area of the list without a last day", "feature %" PRIu32 ": no area has the code %s",
                  i + 1, quoted);
        ret = BASE_ERR_INPUT;
    }
    if (ret == 0)
        memcpy(areas, found, shapes->num_features * sizeof *areas);
out:
    free(found);
    area_index_free(&index);
    return ret;
}
