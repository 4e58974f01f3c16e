// SPDX-License-Identifier: MIT
/* Products with listed rows: see listed.h.
 *
 * A tile of the gradient is few rows wide, so that its part of gy, [n, TILE_ROWS], stays in
 * the second-level cache, and long, so that the optimiser's step runs over long pieces of
 * each row of W.  It is summed transposed, a list after the other. */
#include "model/listed.h"

enum {
    ROWS = 64,
    TILE_ROWS = 16,
    TILE_COLUMNS = HGI_TILE_REALS / TILE_ROWS,
    PREPARE_PANELS = 4
};

void hgi_listed_collect(const hgi_listed *s, int64_t n, int64_t columns)
{
    int64_t *start = s->start;
    for (int64_t c = 0; c <= columns; c++) start[c] = 0;
    for (int64_t i = 0; i < n * s->k; i++) /* NaN is not 0 */
        if (!(s->value[i] >= 0 && s->value[i] <= 0)) start[s->index[i] + 1]++;
    for (int64_t c = 0; c < columns; c++) start[c + 1] += start[c];
    /* start[c] moves to the end of its list, which is where the next one starts. */
    for (int64_t i = 0; i < n * s->k; i++) {
        if (s->value[i] >= 0 && s->value[i] <= 0) continue;
        int64_t at = start[s->index[i]]++;
        s->row[at] = (int32_t)(i / s->k);
        s->by_value[at] = s->value[i];
        s->by_g[at] = s->g[i];
    }
    for (int64_t c = columns; c > 0; c--) start[c] = start[c - 1];
    start[0] = 0;
}

void hgi_listed_product(const hgi_pass *p, const hgi_listed *s, int64_t r0, int64_t r1,
                        int64_t h, const hgi_real *B, const hgi_real *init, hgi_real *out)
{
    int64_t start[ROWS + 1];
    for (int64_t r = 0; r <= ROWS; r++) start[r] = r * s->k;
    for (int64_t r = r0; r < r1; r += ROWS)
        p->k->sum_rows(hgi_min(ROWS, r1 - r), start, s->index + r * s->k,
                       s->value + r * s->k, h, B, h, init, out + (r - r0) * h, h);
}

/* Items as hgi_pack_items() counts them. */
void hgi_listed_prepare(const hgi_layer *l, const hgi_pass *p, const hgi_slot *s,
                        int64_t item)
{
    int64_t d = l->d_in, h = l->d_out, step = p->k->panel * PREPARE_PANELS;
    int64_t first = item * step;
    p->k->transpose(hgi_min(step, h - first), d,
                    p->theta + l->tensor[0].offset + first * d, d, s->packed + first, h);
}

void hgi_listed_backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1)
{
    const hgi_slot *slot = &p->slot[l->index];
    const hgi_listed *s = slot->x_listed;
    int64_t h = l->d_out;
    for (int64_t r = r0; r < r1; r++)
        p->k->dot_rows(s->k, s->index + r * s->k, h, slot->gy + r * h, slot->packed, h,
                       s->g + r * s->k);
}

int64_t hgi_listed_items(const hgi_layer *l)
{
    return hgi_ceil_div(l->d_out, TILE_ROWS) * hgi_ceil_div(l->d_in, TILE_COLUMNS);
}

void hgi_listed_gradient(const hgi_layer *l, const hgi_pass *p, int64_t item, int worker)
{
    const hgi_slot *slot = &p->slot[l->index];
    const hgi_listed *s = slot->x_listed;
    const hgi_tensor *w = &l->tensor[0];
    int64_t h = l->d_out, d = l->d_in, across = hgi_ceil_div(d, TILE_COLUMNS);
    int64_t r = item / across * TILE_ROWS, c = item % across * TILE_COLUMNS;
    int64_t R = hgi_min(TILE_ROWS, h - r), C = hgi_min(TILE_COLUMNS, d - c);
    hgi_real *tile = hgi_work(p, worker);
    hgi_grad out = hgi_grad_begin(p, w, d, r, c, C, worker);
    p->k->sum_rows(C, s->start + c, s->row, s->by_value, R, slot->gy + r, h, NULL, tile,
                   R);
    p->k->transpose(C, R, tile, R, out.g, out.ld);
    hgi_grad_end(p, w, d, r, R, c, C, out);
}
