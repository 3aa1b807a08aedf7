/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/fault.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

void fault_list_free(struct fault_list *list)
{
    free(list->faults);
    *list = (struct fault_list){ 0 };
}

/* Room for one more, or NULL where it is only to be counted. */
static struct fault *next_kept(struct fault_list *list)
{
    if (list->num_kept >= FAULT_MAX_KEPT)
        return NULL;
    if (list->num_kept == list->capacity) {
        size_t        capacity = list->capacity == 0 ? 8 : 2 * list->capacity;
        struct fault *faults = memory_resize(list->faults, capacity, sizeof *faults);
        if (faults == NULL)
            return NULL;
        list->faults = faults;
        list->capacity = capacity;
    }
    return &list->faults[list->num_kept++];
}

/* A formatted text that was cut may end inside a character; end it before. */
static void end_whole(char *text)
{
    text[text_check_utf8(text, strlen(text))] = '\0';
}

void fault_add(struct fault_list *list, struct fault_place place, const char *allowed, const char *found, ...)
{
    list->num_all++;
    struct fault *fault = next_kept(list);
    if (fault == NULL)
        return;
    *fault = (struct fault){ .file = place.file, .line = place.line, .cell = place.cell };
    if (place.name != NULL)
        text_escape(place.name, strlen(place.name), fault->name, sizeof fault->name);
    if (allowed != NULL) {
        snprintf(fault->allowed, sizeof fault->allowed, "%s", allowed);
        end_whole(fault->allowed);
    }
    va_list arguments;
    va_start(arguments, found);
    vsnprintf(fault->found, sizeof fault->found, found, arguments);
    va_end(arguments);
    end_whole(fault->found);
}

/* A fault and where it belongs. */
struct ranked {
    struct fault fault;
    size_t       file;   /* place of its file among the files; 0 = none of them */
    size_t       number; /* in which order it was added */
};

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    if (x->fault.line != y->fault.line)
        return x->fault.line < y->fault.line ? -1 : 1;
    if (x->fault.cell != y->fault.cell)
        return x->fault.cell < y->fault.cell ? -1 : 1;
    return x->number < y->number ? -1 : 1;
}

static struct ranked rank(const struct fault *fault, size_t number, const char *const *files, size_t num_files)
{
    struct ranked ranked = { *fault, 0, number };
    for (size_t i = 0; i < num_files && ranked.file == 0; i++)
        if (files[i] == fault->file)
            ranked.file = i + 1;
    return ranked;
}

void fault_list_merge(struct fault_list *list, size_t from, struct fault_list *other, const char *const *files,
                      size_t num_files)
{
    size_t         old = list->num_kept - from, count = old + other->num_kept;
    size_t         kept = count < FAULT_MAX_KEPT - from ? count : FAULT_MAX_KEPT - from;
    struct ranked *all = count > 0 ? memory_array(count, sizeof *all) : NULL;
    struct fault  *room = all != NULL ? memory_resize(list->faults, from + kept, sizeof *room) : NULL;
    list->num_all += other->num_all; /* without memory they are only counted */
    if (room != NULL) {
        list->faults = room;
        list->capacity = from + kept;
        for (size_t i = 0; i < count; i++)
            all[i] = rank(i < old ? &list->faults[from + i] : &other->faults[i - old], i, files, num_files);
        qsort(all, count, sizeof *all, compare_ranked);
        for (size_t i = 0; i < kept; i++)
            list->faults[from + i] = all[i].fault;
        list->num_kept = from + kept;
    }
    free(all);
    fault_list_free(other);
}

size_t fault_render(const struct fault *fault, char *line, size_t size)
{
    char   place[1100], number[2][24] = { "", "" };
    size_t length = 0;
    if (fault->file != NULL)
        length = text_escape(fault->file, strlen(fault->file), place, 1024);
    place[length] = '\0';
    if (fault->line != 0)
        snprintf(number[0], sizeof number[0], ":%" PRIu64, fault->line);
    if (fault->cell != 0)
        snprintf(number[1], sizeof number[1], ":%" PRIu32, fault->cell);
    const char *after_place = fault->file != NULL ? ": " : "";
    const char *after_name = fault->name[0] != '\0' ? ": " : "";
    const char *before_allowed = fault->allowed[0] != '\0' ? "; allowed: " : "";
    int written = snprintf(line, size, "%s%s%s%s%s%s%s%s%s", place, number[0], number[1], after_place, fault->name,
                           after_name, fault->found, before_allowed, fault->allowed);
    if (written >= 0 && (size_t) written < size)
        return (size_t) written;
    if (size > 0)
        end_whole(line);
    return size > 0 ? strlen(line) : 0;
}

int fault_list_write(const struct fault_list *list, FILE *stream)
{
    char line[FAULT_LINE_BYTES];
    for (size_t i = 0; i < list->num_kept; i++) {
        fault_render(&list->faults[i], line, sizeof line);
        fprintf(stream, "%s\n", line);
    }
    uint64_t more = list->num_all - list->num_kept;
    if (more > 0)
        fprintf(stream, "… and %" PRIu64 " more fault%s\n", more, more == 1 ? "" : "s");
    return fflush(stream) != 0 || ferror(stream) ? BASE_ERR_SYSTEM : 0;
}
