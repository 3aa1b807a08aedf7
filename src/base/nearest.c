/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/nearest.h"

#include <string.h>

#define MAX_NAME 40 /* longer words are nobody's slip of the finger */

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Letters to change, add, leave out or swap (optimal string alignment) to turn a into b. */
static size_t distance(const char *a, const char *b)
{
    size_t length_a = strlen(a), length_b = strlen(b);
    if (length_a > MAX_NAME || length_b > MAX_NAME)
        return MAX_NAME;
    size_t cost[MAX_NAME + 1][MAX_NAME + 1];
    for (size_t i = 0; i <= length_a; i++)
        cost[i][0] = i;
    for (size_t j = 0; j <= length_b; j++)
        cost[0][j] = j;
    for (size_t i = 1; i <= length_a; i++)
        for (size_t j = 1; j <= length_b; j++) {
            cost[i][j] =
                smallest(cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + (a[i - 1] != b[j - 1] ? 1 : 0));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && cost[i - 2][j - 2] + 1 < cost[i][j])
                cost[i][j] = cost[i - 2][j - 2] + 1;
        }
    return cost[length_a][length_b];
}

void nearest_offer(struct nearest *nearest, const char *name)
{
    size_t length = strlen(nearest->word);
    size_t allowed = length < 3 ? 1 : length / 3 + 1;
    size_t found = distance(nearest->word, name);
    /* What was typed and is only not finished counts as near: "farrington" for farrington-flexible. */
    if (length >= 3 && strncmp(nearest->word, name, length) == 0)
        found = 0;
    if (found <= allowed && (nearest->best == NULL || found < nearest->distance)) {
        nearest->best = name;
        nearest->distance = found;
    }
}
