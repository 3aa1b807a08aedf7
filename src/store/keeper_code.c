/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The recovery code as text. */
#include <sodium.h>
#include <string.h>

#include "base/fault.h"
#include "store/keeper_recovery.h"

#define GROUP 4 /* characters that carry the code, 5 bits each; 13 × 4 × 5 = 260 bits, the last four are zero */

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/* Double in GF(32) = GF(2)[x] / (x^5 + x^2 + 1). */
static unsigned twice(unsigned value)
{
    return (value << 1 & 31) ^ ((value & 16) != 0 ? 5 : 0);
}

/* The check of a group: its values and its place, each with a weight of its own, summed in GF(32). The weights are
 * different and not zero, so that any one wrong character and any two swapped ones change the sum; the places are
 * different, so that two swapped groups do. */
static unsigned check_of(const uint8_t values[GROUP], unsigned group)
{
    unsigned sum = group + 1;
    for (unsigned i = 0; i < GROUP; i++) {
        unsigned weighted = values[i];
        for (unsigned j = 0; j <= i; j++)
            weighted = twice(weighted);
        sum ^= weighted;
    }
    return sum;
}

/* 5 bits of the code, the most significant first; behind its end zeros. */
static uint8_t bits_at(const struct keeper_code *code, size_t index)
{
    unsigned value = 0;
    for (size_t bit = 5 * index; bit < 5 * index + 5; bit++)
        value = value << 1 | (bit < 8 * KEEPER_CODE_BYTES ? (unsigned) code->bytes[bit / 8] >> (7 - bit % 8) & 1U : 0);
    return (uint8_t) value;
}

void keeper_code_to_text(const struct keeper_code *code, char text[KEEPER_CODE_TEXT_BYTES])
{
    uint8_t values[GROUP];
    for (unsigned group = 0; group < KEEPER_CODE_GROUPS; group++) {
        for (unsigned i = 0; i < GROUP; i++) {
            values[i] = bits_at(code, GROUP * group + i);
            *text++ = alphabet[values[i]];
        }
        *text++ = alphabet[check_of(values, group)];
        *text++ = group + 1 < KEEPER_CODE_GROUPS ? '-' : '\0';
    }
    sodium_memzero(values, sizeof values);
}

/* The value of a typed character, 32 for one that carries nothing, or -1. */
static int value_of(char typed)
{
    if (typed == ' ' || typed == '-' || typed == '\n' || typed == '\r' || typed == '\t')
        return 32;
    if (typed >= 'a' && typed <= 'z')
        typed = (char) (typed - 'a' + 'A');
    if (typed == 'O')
        typed = '0';
    if (typed == 'I' || typed == 'L')
        typed = '1';
    const char *found = typed != '\0' ? strchr(alphabet, typed) : NULL;
    return found != NULL ? (int) (found - alphabet) : -1;
}

static int take_values(const char *text, size_t size, uint8_t values[KEEPER_CODE_GROUPS * (GROUP + 1)],
                       struct keeper_error *error)
{
    enum { ALL = KEEPER_CODE_GROUPS * (GROUP + 1) };
    size_t num = 0;
    for (size_t i = 0; i < size; i++) {
        int value = value_of(text[i]);
        if (value == 32)
            continue;
        if (value < 0)
            return keeper_fail(error, BASE_ERR_INPUT,
                               "group %zu has a character that no code has; a code has 0-9 and "
                               "A-Z without I, L, O, U",
                               num / (GROUP + 1) + 1);
        if (num < ALL)
            values[num] = (uint8_t) value;
        num++;
    }
    if (num != ALL)
        return keeper_fail(error, BASE_ERR_INPUT, "%zu characters; a code has %d groups of %d", num, KEEPER_CODE_GROUPS,
                           GROUP + 1);
    return 0;
}

int keeper_code_from_text(const char *text, size_t size, struct keeper_code *code, struct keeper_error *error)
{
    uint8_t            values[KEEPER_CODE_GROUPS * (GROUP + 1)] = { 0 };
    struct keeper_code read = { { 0 } };
    unsigned           behind = 0; /* what follows the code's last bit */
    int                ret = take_values(text, size, values, error);
    for (unsigned group = 0; group < KEEPER_CODE_GROUPS && ret == 0; group++)
        if (check_of(&values[group * (GROUP + 1)], group) != values[group * (GROUP + 1) + GROUP])
            ret = keeper_fail(error, BASE_ERR_INPUT, "group %u is mistyped", group + 1);
    for (size_t bit = 0; bit < 5 * GROUP * KEEPER_CODE_GROUPS && ret == 0; bit++) {
        unsigned index = (unsigned) (bit / 5), value = values[index / GROUP * (GROUP + 1) + index % GROUP];
        unsigned set = value >> (4 - bit % 5) & 1U;
        if (bit < 8 * KEEPER_CODE_BYTES)
            read.bytes[bit / 8] = (uint8_t) (read.bytes[bit / 8] | set << (7 - bit % 8));
        else
            behind |= set;
    }
    if (ret == 0 && behind != 0)
        ret = keeper_fail(error, BASE_ERR_INPUT, "group %d is mistyped", KEEPER_CODE_GROUPS);
    if (ret == 0)
        *code = read;
    sodium_memzero(values, sizeof values);
    sodium_memzero(&read, sizeof read);
    return ret;
}
