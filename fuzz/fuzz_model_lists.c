/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a reference list: whatever is read without a fault is found by its code, once, in the order of the file,
 * and can be added again row by row. The first byte says how many bytes come at a time. */
#include "fuzz_model.h"
#include "model/model_lists.h"

static void look_at(const struct model_lists *lists, struct model_lists *copy)
{
    const struct model_entry *entry;
    for (size_t i = 0; (entry = model_lists_entry(lists, "list", i)) != NULL; i++) {
        MUST(entry->code != NULL && strlen(entry->code) <= MODEL_LISTS_CODE);
        MUST(model_lists_find(lists, "list", entry->code, strlen(entry->code)) == entry);
        MUST(entry->parent == NULL || model_lists_find(lists, "list", entry->parent, strlen(entry->parent)) != NULL);
        for (int language = 0; language < MODEL_NUM_LANGUAGES; language++)
            fuzz_look(model_entry_name(entry, (enum model_language) language),
                      strlen(model_entry_name(entry, (enum model_language) language)));
        MUST(model_lists_add_entry(copy, "copy", entry) == 0);
        MUST(model_lists_add_entry(copy, "copy", entry) == BASE_ERR_INPUT);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > 300000)
        return 0;
    struct fuzz_bytes   source = { data + 1, size - 1, (size_t) data[0] + 1 };
    struct fault_list   faults = { 0 };
    struct model_lists *lists = NULL, *copy = NULL;
    MUST(model_lists_new(&lists) == 0 && model_lists_new(&copy) == 0);
    int status = model_lists_add(lists, "list", (struct table_input){ fuzz_read_bytes, &source, "fuzz" }, &faults);
    MUST(status == 0 ? faults.num_all == 0 : status == BASE_ERR_INPUT && faults.num_all > 0);
    MUST(model_lists_has(lists, "list") == (status == 0));
    look_at(lists, copy);
    fuzz_look_at_faults(&faults);
    model_lists_free(lists);
    model_lists_free(copy);
    fault_list_free(&faults);
    return 0;
}
