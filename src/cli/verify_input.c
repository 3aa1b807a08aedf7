/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cli/verify_input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json_reader.h"
#include "base/memory.h"
#include "formats/picture.h"
#include "tocsin/status.h"

/* A file being read, and the parts that wait for the rest of their card. */
struct input {
    const char                *name;
    char                      *bytes;
    size_t                     size, capacity;
    const struct verify_taker *taker;
    struct verify_item         item;
    unsigned                   wanted; /* parts of the card that waits; 0 = none waits */
    struct fault_list         *faults;
};

/* ---- bytes ---- */

/* Larger room; what was in the old one is cleared. */
static int grow(struct input *input)
{
    size_t capacity = input->capacity == 0 ? (size_t) 1 << 16 : input->capacity * 2;
    char  *grown = capacity <= 2 * VERIFY_INPUT_BYTES ? memory_array(capacity, 1) : NULL;
    if (grown == NULL)
        return TOC_ERR_NO_MEMORY;
    if (input->size > 0) {
        memcpy(grown, input->bytes, input->size);
        explicit_bzero(input->bytes, input->size);
    }
    free(input->bytes);
    input->bytes = grown;
    input->capacity = capacity;
    return 0;
}

/* What there is to read now; waits where there is nothing. */
static int read_some(struct input *input, int file, bool *end)
{
    if (input->size == input->capacity && grow(input) != 0)
        return TOC_ERR_NO_MEMORY;
    ssize_t num;
    do
        num = read(file, input->bytes + input->size, input->capacity - input->size);
    while (num < 0 && errno == EINTR);
    if (num < 0)
        return BASE_ERR_SYSTEM;
    *end = num == 0;
    input->size += (size_t) num;
    if (input->size <= VERIFY_INPUT_BYTES)
        return 0;
    fault_add(input->faults, (struct fault_place){ .file = input->name }, "at most 1 GiB",
              "the file, or a line of it, is longer");
    return BASE_ERR_INPUT;
}

/* ---- credentials ---- */

/* Of how many parts the text is one; 0 = it is whole. */
static unsigned parts_of(struct credential_text text)
{
    unsigned number, of;
    char     head[16] = "";
    if (text.size < 9 || memcmp(text.text, "shc:/", 5) != 0)
        return 0;
    memcpy(head, text.text + 5, text.size - 5 < sizeof head - 1 ? text.size - 5 : sizeof head - 1);
    return sscanf(head, "%3u/%3u/", &number, &of) == 2 && of > 1 && of <= CREDENTIAL_MAX_PARTS ? of : 0;
}

static int hand_out(struct input *input)
{
    if (input->item.num_parts == 0)
        return 0;
    input->item.number++;
    int ret = input->taker->each(input->taker->context, &input->item);
    input->item.num_parts = 0;
    input->item.ill_made = false;
    input->wanted = 0;
    return ret;
}

static int take(struct input *input, const char *text, size_t size)
{
    struct credential_text trimmed = credential_trim(text, size);
    unsigned               of = parts_of(trimmed);
    int                    ret = 0;
    if (trimmed.size == 0)
        return 0;
    if (input->wanted != of)
        ret = hand_out(input); /* a card that stays without its rest */
    if (ret != 0)
        return ret;
    input->item.parts[input->item.num_parts++] = trimmed;
    input->wanted = of;
    return of == 0 || input->item.num_parts == of ? hand_out(input) : 0;
}

/* Forget the first bytes. */
static void drop(struct input *input, size_t num)
{
    memmove(input->bytes, input->bytes + num, input->size - num);
    explicit_bzero(input->bytes + input->size - num, num);
    input->size -= num;
}

/* The lines that are whole; at the end of the file also the last. Parts that wait for the rest of their card are kept,
 * to be taken again with it. */
static int take_lines(struct input *input, bool end_of_file)
{
    size_t at = 0, waiting = 0; /* where the first line of the card that waits begins */
    int    ret = 0;
    while (ret == 0 && at < input->size) {
        const char *end = memchr(input->bytes + at, '\n', input->size - at);
        if (end == NULL && !end_of_file)
            break;
        size_t size = end != NULL ? (size_t) (end - input->bytes) - at : input->size - at;
        ret = take(input, input->bytes + at, size);
        if (input->item.num_parts == 1)
            waiting = at;
        at += end != NULL ? size + 1 : size;
    }
    if (end_of_file || ret != 0)
        return ret;
    drop(input, input->wanted > 0 ? waiting : at);
    input->item.num_parts = 0;
    input->wanted = 0;
    return 0;
}

static int no_credential(struct input *input, const struct value *value)
{
    uint64_t line, column;
    json_position(input->bytes, value->place, &line, &column);
    fault_add(input->faults, (struct fault_place){ .file = input->name, .line = line },
              "a text, or an object with \"credential\", \"text\" or \"verifiableCredential\"", "no credential");
    return BASE_ERR_INPUT;
}

static int take_value(struct input *input, const struct value *value)
{
    const struct value *cards = value_get(value, "verifiableCredential"), *text = value_get(value, "credential");
    int                 ret = 0;
    if (text == NULL)
        text = value_get(value, "text");
    if (value_is(value, VALUE_TEXT))
        text = value;
    if (value_is(text, VALUE_TEXT))
        return take(input, text->text, text->length);
    if (!value_is(cards, VALUE_ARRAY))
        return no_credential(input, value);
    for (VALUE_EACH(card, cards)) {
        ret = value_is(card, VALUE_TEXT) ? take(input, card->text, card->length) : no_credential(input, card);
        if (ret != 0)
            break;
    }
    return ret;
}

static int take_json(struct input *input)
{
    struct value_tree tree = VALUE_TREE_INIT;
    struct json_fault broken;
    size_t            offset = 0;
    int               ret = 0;
    while (ret == 0) {
        ret = json_read_next(input->bytes, input->size, &offset, NULL, &tree, &broken);
        if (ret == BASE_ERR_INPUT || ret == TOC_ERR_TOO_LARGE) {
            fault_add(input->faults, (struct fault_place){ .file = input->name, .line = broken.line }, broken.allowed,
                      "%s", broken.found);
            ret = BASE_ERR_INPUT;
        }
        if (ret != 0 || tree.num_values == 0)
            break;
        ret = take_value(input, tree.values);
        if (ret == 0 && input->wanted > 0)
            ret = hand_out(input); /* its text is the tree's: it cannot wait for the next value */
    }
    value_tree_wipe(&tree);
    value_tree_free(&tree);
    return ret;
}

static int take_picture(struct input *input)
{
    struct picture_codes *codes = NULL;
    enum picture_fault    fault;
    int                   ret = picture_read(input->bytes, input->size, &codes, &fault);
    if (ret == BASE_ERR_INPUT) {
        struct toc_error why = picture_error(fault);
        fault_add(input->faults, (struct fault_place){ .file = input->name, .name = why.what }, why.allowed,
                  "the picture cannot be used");
    }
    for (size_t i = 0; ret == 0 && i < codes->num; i++) {
        const struct picture_code *code = &codes->codes[i];
        if (memmem(code->text, code->size, "shc:/", 5) == code->text)
            input->item.ill_made |= code->above_22 || code->one_segment;
        ret = take(input, code->text, code->size);
    }
    if (ret == 0)
        ret = hand_out(input); /* before the texts go */
    picture_codes_free(codes);
    return ret;
}

enum form { NOT_KNOWN, LINES, VALUES, PICTURE };

/* By its first characters, once they are there. */
static enum form form_of(const struct input *input, bool end)
{
    size_t first = 0;
    while (first < input->size && input->bytes[first] != '\0' && strchr(" \t\r\n", input->bytes[first]) != NULL)
        first++;
    if (first == input->size || (input->size < PICTURE_BEGINNING && (input->bytes[0] & 0x80) != 0))
        return end ? LINES : NOT_KNOWN;
    if (picture_is(input->bytes, input->size))
        return PICTURE;
    return input->bytes[first] == '{' || input->bytes[first] == '"' ? VALUES : LINES;
}

/* Lines are answered as they come, for a scanner at the other end; values and pictures when all is there. */
static int read_and_take(struct input *input, int file)
{
    enum form form = NOT_KNOWN;
    bool      end = false;
    int       ret = 0;
    while (ret == 0 && !end) {
        ret = read_some(input, file, &end);
        if (ret == 0 && form == NOT_KNOWN)
            form = form_of(input, end);
        if (ret == 0 && form == LINES)
            ret = take_lines(input, end);
        if (ret == 0 && form == LINES && !end)
            input->taker->pause(input->taker->context);
    }
    if (ret == 0 && form != LINES)
        ret = form == PICTURE ? take_picture(input) : take_json(input);
    return ret == 0 ? hand_out(input) : ret;
}

int verify_input_each(const char *path, const struct verify_taker *taker, struct fault_list *faults)
{
    struct input input = { .name = path != NULL ? path : "-", .taker = taker, .faults = faults };
    bool         standard = path == NULL || strcmp(path, "-") == 0;
    int          file = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return BASE_ERR_SYSTEM;
    int ret = read_and_take(&input, file);
    int why = errno;
    if (!standard)
        close(file);
    if (input.bytes != NULL)
        explicit_bzero(input.bytes, input.capacity);
    free(input.bytes);
    errno = why;
    return ret;
}
