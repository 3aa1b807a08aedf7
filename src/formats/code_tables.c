/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "formats/code_tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "formats/code_tables_rows.h"
#include "tocsin/status.h"

#define SLOTS_AT_FIRST 4096 /* a power of 2 */

/* ---- the hash table ---- */

static uint64_t hash_key(const struct code_key *key)
{
    uint64_t hash = text_hash(key->code.bytes, key->code.size);
    if (key->sender.size > 0)
        hash ^= text_hash(key->sender.bytes, key->sender.size) * 31;
    return (hash ^ ((uint64_t) key->kind << 8 | key->system)) * UINT64_C(0x9e3779b97f4a7c15) >> 20;
}

static bool same(struct report_text a, struct report_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.bytes, b.bytes, a.size) == 0);
}

static uint32_t *slot_of(const struct code_tables *tables, const struct code_key *key)
{
    for (uint64_t i = hash_key(key);; i++) {
        uint32_t *slot = &tables->slots[i & (tables->num_slots - 1)];
        if (*slot == 0)
            return slot;
        const struct code_key *there = &tables->rows[*slot - 1].key;
        if (there->kind == key->kind && there->system == key->system && same(there->code, key->code) &&
            same(there->sender, key->sender))
            return slot;
    }
}

static int grow(struct code_tables *tables)
{
    size_t           num = tables->num_slots == 0 ? SLOTS_AT_FIRST : 2 * tables->num_slots;
    struct code_row *rows = memory_resize(tables->rows, num / 2, sizeof *rows);
    if (rows == NULL)
        return TOC_ERR_NO_MEMORY;
    tables->rows = rows;
    uint32_t *slots = memory_array(num, sizeof *slots);
    if (slots == NULL)
        return TOC_ERR_NO_MEMORY;
    free(tables->slots);
    tables->slots = slots;
    tables->num_slots = num;
    for (size_t i = 0; i < tables->num_rows; i++)
        *slot_of(tables, &rows[i].key) = (uint32_t) i + 1;
    return 0;
}

int code_tables_put(struct code_tables *tables, const struct code_row *row)
{
    if (2 * (tables->num_rows + 1) > tables->num_slots) {
        int ret = grow(tables);
        if (ret != 0)
            return ret;
    }
    uint32_t *slot = slot_of(tables, &row->key);
    if (*slot == 0) {
        tables->rows[tables->num_rows] = *row;
        *slot = (uint32_t) ++tables->num_rows;
    } else {
        tables->rows[*slot - 1] = *row;
    }
    return 0;
}

int code_tables_new(struct code_tables **tables)
{
    struct code_tables *new = memory_array(1, sizeof *new);
    if (new == NULL)
        return TOC_ERR_NO_MEMORY;
    int ret = grow(new);
    if (ret != 0) {
        free(new);
        return ret;
    }
    new->arena.limit = (size_t) 256 << 20;
    *tables = new;
    return 0;
}

void code_tables_free(struct code_tables *tables)
{
    if (tables == NULL)
        return;
    arena_free(&tables->arena);
    free(tables->rows);
    free(tables->slots);
    free(tables);
}

static const struct code_row *find(const struct code_tables *tables, enum code_kind kind,
                                   enum report_code_system system, struct report_text code, struct report_text sender)
{
    struct code_key key = { (uint8_t) kind, (uint8_t) system, code, { 0 } };
    if (code.size == 0 || code.size > CODE_TABLES_MAX_TEXT)
        return NULL;
    uint32_t slot = *slot_of(tables, &key);
    if (slot == 0 && sender.size > 0 && tables->has_senders) {
        key.sender = sender;
        slot = *slot_of(tables, &key);
    }
    return slot > 0 ? &tables->rows[slot - 1] : NULL;
}

/* ---- texts alike ---- */

size_t code_tables_fold(struct report_text text, char folded[CODE_TABLES_MAX_TEXT])
{
    size_t used = 0;
    if (text.size > CODE_TABLES_MAX_TEXT)
        return 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.bytes[i];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            if (used > 0 && folded[used - 1] != ' ')
                folded[used++] = ' ';
            continue;
        }
        folded[used++] = (char) (c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    while (used > 0 && folded[used - 1] == ' ')
        used--;
    return used;
}

size_t code_tables_tokens(struct report_text text, char tokens[CODE_TABLES_MAX_TEXT])
{
    size_t used = 0;
    for (size_t i = 0; i < text.size && used < CODE_TABLES_MAX_TEXT; i++) {
        unsigned char c = (unsigned char) text.bytes[i];
        if (c >= 'A' && c <= 'Z')
            tokens[used++] = (char) (c | 0x20);
        else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c >= 0x80)
            tokens[used++] = (char) c;
        else if (used > 0 && tokens[used - 1] != ' ')
            tokens[used++] = ' ';
    }
    while (used > 0 && tokens[used - 1] == ' ')
        used--;
    return used;
}

size_t code_tables_squeeze(struct report_text text, char squeezed[CODE_TABLES_MAX_TEXT])
{
    size_t size = code_tables_tokens(text, squeezed), used = 0;
    for (size_t i = 0; i < size; i++)
        if (squeezed[i] != ' ')
            squeezed[used++] = squeezed[i];
    return used;
}

/* ---- look-ups ---- */

static bool is_hl7_table(struct report_text said)
{
    if (said.size < 6 || memcmp(said.bytes, "HL7", 3) != 0)
        return false;
    for (size_t i = said.size - 3; i < said.size; i++)
        if (said.bytes[i] < '0' || said.bytes[i] > '9')
            return false;
    return true;
}

enum report_code_system code_tables_system(const struct code_tables *tables, struct report_text said)
{
    if (said.size == 0)
        return REPORT_SYSTEM_UNKNOWN;
    if (said.size == 2 && said.bytes[0] == 'L' && said.bytes[1] == 'N')
        return REPORT_LOINC;
    if (said.size == 3 && memcmp(said.bytes, "SCT", 3) == 0)
        return REPORT_SNOMED_CT;
    if ((said.size == 1 && said.bytes[0] == 'L') || (said.size > 2 && memcmp(said.bytes, "99", 2) == 0))
        return REPORT_LOCAL;
    if (is_hl7_table(said))
        return REPORT_HL7_TABLE;
    char                   folded[CODE_TABLES_MAX_TEXT];
    size_t                 size = code_tables_fold(said, folded);
    const struct code_row *row = find(tables, CODE_KIND_SYSTEM, REPORT_SYSTEM_UNKNOWN,
                                      (struct report_text){ folded, size }, (struct report_text){ 0 });
    return row != NULL ? (enum report_code_system) row->number : REPORT_SYSTEM_UNKNOWN;
}

const struct code_meaning *code_tables_meaning(const struct code_tables *tables, enum report_code_system system,
                                               struct report_text code, struct report_text sender)
{
    const struct code_row *row = find(tables, CODE_KIND_MEANING, system, code, sender);
    return row != NULL ? &row->meaning : NULL;
}

enum report_interpretation code_tables_flag(const struct code_tables *tables, struct report_text flag)
{
    char                   folded[CODE_TABLES_MAX_TEXT];
    size_t                 size = code_tables_fold(flag, folded);
    const struct code_row *row = find(tables, CODE_KIND_FLAG, REPORT_SYSTEM_UNKNOWN,
                                      (struct report_text){ folded, size }, (struct report_text){ 0 });
    return row != NULL ? (enum report_interpretation) row->meaning.interpretation : REPORT_NOT_UNDERSTOOD;
}

enum report_interpretation code_tables_words(const struct code_tables *tables, struct report_text words,
                                             struct report_text sender)
{
    char   folded[CODE_TABLES_MAX_TEXT];
    size_t size = code_tables_fold(words, folded);
    if (size > 12 && memcmp(folded, "no ", 3) == 0) {
        size_t end = folded[size - 1] == '.' ? size - 1 : size;
        if (memcmp(folded + end - 9, " detected", 9) == 0 || memcmp(folded + end - 9, " isolated", 9) == 0)
            return REPORT_NOT_DETECTED;
    }
    /* The whole, then what stands before the last bracket, star or blank, and so on to the front. */
    while (size > 0) {
        const struct code_row *row =
            find(tables, CODE_KIND_WORDS, REPORT_SYSTEM_UNKNOWN, (struct report_text){ folded, size }, sender);
        if (row != NULL)
            return (enum report_interpretation) row->meaning.interpretation;
        size_t cut = size - 1;
        while (cut > 0 && strchr(" (*,;:.[", folded[cut]) == NULL)
            cut--;
        while (cut > 0 && folded[cut - 1] == ' ')
            cut--;
        size = cut;
    }
    return REPORT_NOT_UNDERSTOOD;
}

const struct code_test *code_tables_test(const struct code_tables *tables, enum report_code_system system,
                                         struct report_text code, struct report_text sender)
{
    const struct code_row *row = find(tables, CODE_KIND_TEST, system, code, sender);
    return row != NULL ? &row->test : NULL;
}

/* The longest row of the kind whose words begin at tokens[at]; *length of them. */
static const struct code_row *longest(const struct code_tables *tables, enum code_kind kind, const char *tokens,
                                      size_t size, size_t at, size_t *length)
{
    const struct code_row *found = NULL;
    size_t                 words = 0;
    for (size_t end = at; end <= size && words < CODE_TABLES_WORDS; end++) {
        if (end < size && tokens[end] != ' ')
            continue;
        const struct code_row *row = find(tables, kind, REPORT_SYSTEM_UNKNOWN,
                                          (struct report_text){ tokens + at, end - at }, (struct report_text){ 0 });
        if (row != NULL) {
            found = row;
            *length = end - at;
        }
        words++;
    }
    return found;
}

/* Words of scripts without blanks between words: anywhere in the text. */
static const struct code_row *wide(const struct code_tables *tables, enum code_kind kind, const char *tokens,
                                   size_t size)
{
    for (size_t i = 0; i < tables->num_rows; i++) {
        const struct code_key *key = &tables->rows[i].key;
        if (key->kind == kind && (unsigned char) key->code.bytes[0] >= 0x80 &&
            memmem(tokens, size, key->code.bytes, key->code.size) != NULL)
            return &tables->rows[i];
    }
    return NULL;
}

static bool has_wide(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char) text[i] >= 0x80)
            return true;
    return false;
}

const char *code_tables_target_named(const struct code_tables *tables, struct report_text name)
{
    char                   tokens[CODE_TABLES_MAX_TEXT];
    size_t                 size = code_tables_tokens(name, tokens);
    const struct code_row *found = NULL;
    for (size_t at = 0; at < size;) {
        size_t                 length = 0;
        const struct code_row *row = longest(tables, CODE_KIND_TARGET_WORDS, tokens, size, at, &length);
        if (row != NULL && (row->text == NULL || (found != NULL && strcmp(found->text, row->text) != 0)))
            return NULL; /* several */
        if (row != NULL)
            found = row;
        at += length;
        while (at < size && tokens[at] != ' ')
            at++;
        at++;
    }
    if (found == NULL && has_wide(tokens, size))
        found = wide(tables, CODE_KIND_TARGET_WORDS, tokens, size);
    return found != NULL ? found->text : NULL;
}

const char *code_tables_method_named(const struct code_tables *tables, struct report_text name)
{
    char   tokens[CODE_TABLES_MAX_TEXT];
    size_t size = code_tables_tokens(name, tokens);
    for (size_t at = 0; at < size; at++) {
        size_t                 length = 0;
        const struct code_row *row = longest(tables, CODE_KIND_METHOD_WORDS, tokens, size, at, &length);
        if (row != NULL)
            return row->text;
        while (at < size && tokens[at] != ' ')
            at++;
    }
    const struct code_row *row = has_wide(tokens, size) ? wide(tables, CODE_KIND_METHOD_WORDS, tokens, size) : NULL;
    return row != NULL ? row->text : NULL;
}

bool code_tables_names_cycle_threshold(struct report_text name)
{
    char   tokens[CODE_TABLES_MAX_TEXT + 2] = " ";
    size_t size = 1 + code_tables_tokens(name, tokens + 1);
    if (size > CODE_TABLES_MAX_TEXT)
        size = CODE_TABLES_MAX_TEXT;
    tokens[size++] = ' ';
    return memmem(tokens, size, " ct ", 4) != NULL || memmem(tokens, size, " cycle threshold ", 17) != NULL ||
           memmem(tokens, size, " threshold cycle ", 17) != NULL;
}

const char *code_tables_organism(const struct code_tables *tables, enum report_code_system system,
                                 struct report_text code)
{
    const struct code_row *row = find(tables, CODE_KIND_ORGANISM, system, code, (struct report_text){ 0 });
    return row != NULL ? row->text : NULL;
}

const char *code_tables_disease_of(const struct code_tables *tables, const char *target)
{
    if (target == NULL)
        return NULL;
    const struct code_row *row =
        find(tables, CODE_KIND_DISEASE, REPORT_SYSTEM_UNKNOWN, report_text_of(target), (struct report_text){ 0 });
    return row != NULL ? row->text : NULL;
}

long code_tables_episode_days(const struct code_tables *tables, const char *disease, size_t size)
{
    const struct report_text nobody = { 0 };
    const struct code_row   *row =
        find(tables, CODE_KIND_EPISODE, REPORT_SYSTEM_UNKNOWN, (struct report_text){ disease, size }, nobody);
    if (row == NULL)
        row = find(tables, CODE_KIND_EPISODE, REPORT_SYSTEM_UNKNOWN, report_text_of("*"), nobody);
    return row == NULL ? -1 : row->number;
}

const char *code_tables_condition(const struct code_tables *tables, enum report_code_system system,
                                  struct report_text code, struct report_text sender)
{
    char plain[CODE_TABLES_MAX_TEXT];
    if (system != REPORT_ICD_10) {
        const struct code_row *row = find(tables, CODE_KIND_CONDITION, system, code, sender);
        return row != NULL ? row->text : NULL;
    }
    size_t size = 0; /* A15.0 and A150 are the same; the store's list has the point */
    for (size_t i = 0; i < code.size && size < sizeof plain; i++)
        if (code.bytes[i] != '.')
            plain[size++] =
                (char) (code.bytes[i] >= 'a' && code.bytes[i] <= 'z' ? code.bytes[i] ^ 0x20 : code.bytes[i]);
    for (; size >= 3; size--) {
        const struct code_row *row =
            find(tables, CODE_KIND_CONDITION, system, (struct report_text){ plain, size }, sender);
        if (row != NULL)
            return row->text;
    }
    return NULL;
}

enum report_subject_kind code_tables_material(const struct code_tables *tables, enum report_code_system system,
                                              struct report_text code)
{
    const struct code_row *row = find(tables, CODE_KIND_MATERIAL, system, code, (struct report_text){ 0 });
    return row != NULL ? (enum report_subject_kind) row->number : REPORT_PERSON;
}

const char *code_tables_column(const struct code_tables *tables, struct report_text header, struct report_text sender)
{
    char                   squeezed[CODE_TABLES_MAX_TEXT];
    size_t                 size = code_tables_squeeze(header, squeezed);
    const struct code_row *row =
        find(tables, CODE_KIND_COLUMN, REPORT_SYSTEM_UNKNOWN, (struct report_text){ squeezed, size }, sender);
    return row != NULL ? row->text : NULL;
}

const char *code_tables_value(const struct code_tables *tables, enum code_value kind, struct report_text words,
                              struct report_text sender)
{
    char                   folded[CODE_TABLES_MAX_TEXT];
    size_t                 size = code_tables_fold(words, folded);
    const struct code_row *row =
        find(tables, CODE_KIND_VALUE, (enum report_code_system) kind, (struct report_text){ folded, size }, sender);
    return row != NULL ? row->text : NULL;
}
