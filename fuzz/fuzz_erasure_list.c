/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any file as a list of who was erased: what is read lies within the file, each person of a sorted list stands once,
 * and what is no list changes nothing. */
#include <string.h>

#include "base/fault.h"
#include "fuzz.h"
#include "store/erasure_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct erasure_list list, before;
    struct erasure_seal seal, seal_before;
    memset(&list, 0x5a, sizeof list);
    memset(&seal, 0x5a, sizeof seal);
    before = list;
    seal_before = seal;
    int ret = erasure_list_parse((const char *) data, size, &list, &seal);
    if (ret != 0) {
        MUST(ret == BASE_ERR_INPUT);
        MUST(memcmp(&list, &before, sizeof list) == 0 && memcmp(&seal, &seal_before, sizeof seal) == 0);
        return 0;
    }
    MUST(seal.size < size && data[seal.size - 1] == '\n');
    MUST(list.num <= size / ID_TEXT_BYTES);
    fuzz_look(list.entries, list.num * sizeof *list.entries);
    erasure_list_sort(&list);
    for (size_t i = 1; i < list.num; i++)
        MUST(id_compare(&list.entries[i - 1].person, &list.entries[i].person) < 0);
    erasure_list_free(&list);
    return 0;
}
