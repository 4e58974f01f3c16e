// SPDX-License-Identifier: MIT
/* "did you mean": the nearest word of a list.
 *
 * Optimal string alignment distance: insert, delete, replace, and swap of neighbours (the
 * commonest slip of fingers) count 1 each.                                            */
#include "base/base.h"

#include <string.h>

#define LONGEST 63 /* longer words get no suggestion */

static int64_t distance(const char *a, int64_t a_len, const char *b, int64_t b_len)
{
    /* Rows i-2, i-1 and i of the table d(i, j) between prefixes of a and b.           */
    int64_t rows[3][LONGEST + 1];
    for (int64_t j = 0; j <= b_len; j++) rows[0][j] = j;
    for (int64_t i = 1; i <= a_len; i++) {
        int64_t *now = rows[i % 3], *last = rows[(i + 2) % 3],
                *before = rows[(i + 1) % 3];
        now[0] = i;
        for (int64_t j = 1; j <= b_len; j++) {
            int64_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            best = hgi_min(best, hgi_min(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = hgi_min(best, before[j - 2] + 1);
            now[j] = best;
        }
    }
    return rows[a_len % 3][b_len];
}

const char *hgi_nearest(const char *word, const char *const *names, int64_t n)
{
    int64_t length = (int64_t)strlen(word);
    if (length > LONGEST) return NULL;
    /* A suggestion must keep something of what was typed: "x" is not a slip for "lr". */
    int64_t best = hgi_min(hgi_max(2, length / 3), length - 1) + 1;
    const char *nearest = NULL;
    for (int64_t i = 0; i < n; i++) {
        int64_t name_length = (int64_t)strlen(names[i]);
        if (name_length > LONGEST) continue;
        int64_t d = distance(word, length, names[i], name_length);
        if (d >= best) continue;
        best = d;
        nearest = names[i];
    }
    return nearest;
}
