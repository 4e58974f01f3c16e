// SPDX-License-Identifier: MIT
/* Units that no row has kept for long, and the second loss that revives them: see wide.h.
 *
 * Everything about them follows from the state `silent` as it was before the step, so a
 * resumed run goes on with the same units.  The list of dead units is made anew in each
 * step. */
#include "model/wide.h"

#include <math.h>

/* Whole numbers up to 2^24 are exact in float. */
void hgi_dead_list(const hgi_layer *l, const hgi_pass *p)
{
    const hgi_real *silent = p->state + l->tensor[HGI_WIDE_SILENT].offset;
    hgi_real *cache = p->slot[l->index].cache;
    int64_t n = 0;
    for (int64_t c = 0; c < l->d_out; c++)
        if (silent[c] >= (hgi_real)l->wide.dead) cache[1 + n++] = (hgi_real)c;
    cache[0] = (hgi_real)n;
}

int64_t hgi_dead_places(const hgi_layer *l, const hgi_pass *p)
{
    if (l->wide.aux == 0) return 0;
    return hgi_min(l->wide.aux, (int64_t)p->slot[l->index].cache[0]);
}

void hgi_dead_offer(const hgi_layer *l, const hgi_pass *p, int64_t n, int64_t c,
                    int64_t N, const hgi_real *a, int64_t lda, hgi_real *gather,
                    int64_t *next, hgi_top *top)
{
    const hgi_real *cache = p->slot[l->index].cache, *list = cache + 1;
    int64_t count = (int64_t)cache[0], first = *next, end = first;
    while (end < count && (int64_t)list[end] < c + N) end++;
    *next = end;
    for (int64_t i = 0; end > first && i < n; i++) {
        for (int64_t j = first; j < end; j++)
            gather[j - first] = a[i * lda + (int64_t)list[j] - c];
        p->k->top_offer(&top[i], end - first, (int32_t)first, gather);
    }
}

/* What was offered were places in the list. */
void hgi_dead_keep(const hgi_layer *l, const hgi_pass *p, int64_t r, const hgi_top *top)
{
    const hgi_slot *s = &p->slot[l->index];
    const hgi_real *list = s->cache + 1;
    int64_t aux = hgi_dead_places(l, p);
    int32_t *index = s->listed.aux_index + r * l->wide.aux;
    hgi_real *value = s->listed.aux_value + r * l->wide.aux;
    for (int64_t i = 0; i < aux; i++) {
        index[i] = i < top->count ? (int32_t)list[top->index[i]] : 0;
        value[i] = i < top->count ? top->value[i] : 0;
    }
}

/* aux_gy becomes the gradient of the second loss by its output V z':
 *     2 auxk / (n D) (V z' - e) */
void hgi_dead_backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1)
{
    const hgi_slot *s = &p->slot[l->index], *decoder = s + 1;
    const hgi_listed *z = &s->listed;
    int64_t aux = hgi_dead_places(l, p), D = l->wide.outputs;
    double each = (double)p->n * (double)D, weight = l->wide.auxk;
    hgi_real scale = (hgi_real)(2 * weight / each);
    hgi_real back = (hgi_real)(each / l->wide.residual); /* -e = back gy */
    const int64_t start[2] = {0, aux};
    for (int64_t r = r0; aux > 0 && r < r1; r++) {
        const int32_t *index = z->aux_index + r * l->wide.aux;
        const hgi_real *value = z->aux_value + r * l->wide.aux, *gy = decoder->gy + r * D;
        hgi_real *g = z->aux_g + r * l->wide.aux, *gu = z->aux_gy + r * D;
        double sum = 0;
        p->k->sum_rows(1, start, index, value, D, decoder->packed, D, NULL, gu, D);
        for (int64_t j = 0; j < D; j++) {
            hgi_real u = gu[j] + back * gy[j];
            sum += (double)u * (double)u;
            gu[j] = scale * u;
        }
        if (p->penalty != NULL) p->penalty[r] += weight / (double)D * sum;
        p->k->dot_rows(aux, index, D, gu, decoder->packed, D, g);
        for (int64_t i = 0; i < aux; i++)
            if (value[i] <= 0) g[i] = 0;
    }
}

/* At `dead` it stops: a whole number that a float holds. */
void hgi_dead_count(const hgi_layer *l, const hgi_pass *p, const int64_t *start)
{
    hgi_real *silent = p->state + l->tensor[HGI_WIDE_SILENT].offset;
    hgi_real most = (hgi_real)l->wide.dead;
    for (int64_t c = 0; c < l->d_out; c++)
        silent[c] =
            start[c + 1] > 0 ? 0 : (hgi_real)fmin((double)silent[c] + 1, (double)most);
}

int64_t hgi_wide_dead(const hgi_layer *l, const hgi_real *state, int64_t steps)
{
    int64_t n = 0;
    if (l->wide.dead == 0) return -1;
    const hgi_real *silent = state + l->tensor[HGI_WIDE_SILENT].offset;
    const hgi_real least = (hgi_real)hgi_min(l->wide.dead, steps);
    for (int64_t c = 0; c < l->d_out; c++) n += silent[c] >= least;
    return n;
}
