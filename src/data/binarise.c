// SPDX-License-Identifier: MIT
/* Drawing rows of 0 and 1.  A value's word is the philox word of its place in the row. */
#include "data/binarise.h"

#include <string.h>

enum { BLOCK = 256 };

const char *const hgi_binarise_words[] = {"none", "epoch", "once", "threshold", NULL};

bool hgi_binarise_find(const char *word, hgi_binarise *out)
{
    for (int i = 0; hgi_binarise_words[i] != NULL; i++) {
        if (strcmp(word, hgi_binarise_words[i]) != 0) continue;
        *out = (hgi_binarise)i;
        return true;
    }
    return false;
}

hgi_rng hgi_binarise_rng(hgi_binarise how, uint64_t seed, bool held, int64_t epoch)
{
    uint32_t drawn = how == HGI_BINARISE_EPOCH ? (uint32_t)epoch : 0;
    return (hgi_rng){seed, HGI_USE_BINARISE, held ? HGI_EPOCH_HELD : drawn};
}

/* A unit below x has probability x to 24 bits: never for 0, always for 1. */
static void draw_row(const hgi_rng *rng, uint64_t row, int64_t d, hgi_real *x)
{
    for (int64_t c = 0; c < d; c += BLOCK) {
        uint32_t words[BLOCK];
        int64_t n = hgi_min(BLOCK, d - c);
        hgi_philox_fill(rng, row, (uint32_t)(c / 4), hgi_ceil_div(n, 4) * 4, words);
        for (int64_t i = 0; i < n; i++)
            x[c + i] = (hgi_real)hgi_unit(words[i]) < x[c + i] ? 1 : 0;
    }
}

void hgi_binarise_rows(hgi_binarise how, const hgi_rng *rng, const int64_t *index,
                       int64_t first, int64_t n, int64_t d, hgi_real *x)
{
    if (how == HGI_BINARISE_NONE) return;
    for (int64_t r = 0; r < n; r++, x += d)
        if (how == HGI_BINARISE_THRESHOLD)
            for (int64_t c = 0; c < d; c++) x[c] = x[c] > (hgi_real)0.5 ? 1 : 0;
        else
            draw_row(rng, (uint64_t)(index != NULL ? index[r] : first + r), d, x);
}
