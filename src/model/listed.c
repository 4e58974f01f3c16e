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

static bool is_zero(hgi_real x) { return x >= 0 && x <= 0; } /* NaN is not */

static void count_columns(const hgi_listed *s, int64_t n, const int32_t *index,
                          const hgi_real *value)
{
    for (int64_t i = 0; i < n; i++)
        if (!is_zero(value[i])) s->start[index[i] + 1]++;
}

void hgi_listed_start(const hgi_listed *s, int64_t n, int64_t columns)
{
    for (int64_t c = 0; c <= columns; c++) s->start[c] = 0;
    count_columns(s, n * s->k, s->index, s->value);
}

/* n rows of `used` of k values each; start[c] moves to the end of its list, which is where
 * the next one starts. */
static void scatter(const hgi_listed *s, int64_t n, int64_t k, int64_t used,
                    const int32_t *index, const hgi_real *value, const hgi_real *g)
{
    for (int64_t r = 0; r < n; r++)
        for (int64_t i = r * k; i < r * k + used; i++) {
            if (is_zero(value[i])) continue;
            int64_t at = s->start[index[i]]++;
            s->row[at] = (int32_t)r;
            s->by_value[at] = value[i];
            s->by_g[at] = g[i];
            if (s->along != NULL) s->along[index[i]] += value[i] * g[i];
        }
}

void hgi_listed_collect(const hgi_listed *s, int64_t n, int64_t columns, int64_t aux)
{
    int64_t *start = s->start;
    for (int64_t r = 0; r < n && aux > 0; r++)
        count_columns(s, aux, s->aux_index + r * s->aux, s->aux_value + r * s->aux);
    for (int64_t c = 0; c < columns; c++) {
        start[c + 1] += start[c];
        if (s->along != NULL) s->along[c] = 0;
    }
    scatter(s, n, s->k, s->k, s->index, s->value, s->g);
    for (int64_t c = 0; s->aux_start != NULL && c < columns; c++)
        s->aux_start[c] = start[c];
    if (aux > 0) scatter(s, n, s->aux, aux, s->aux_index, s->aux_value, s->aux_g);
    for (int64_t c = columns; c > 0; c--) start[c] = start[c - 1];
    start[0] = 0;
}

void hgi_listed_product(const hgi_pass *p, const hgi_listed *s, int64_t r0, int64_t r1,
                        int64_t h, const hgi_real *B, const hgi_real *init, hgi_real *out)
{
    int64_t start[ROWS + 1], most = s->count != NULL ? 1 : ROWS;
    for (int64_t r = 0; r <= ROWS; r++) start[r] = r * s->k;
    for (int64_t r = r0; r < r1; r += most) {
        if (s->count != NULL) start[1] = s->count[r];
        p->k->sum_rows(hgi_min(most, r1 - r), start, s->index + r * s->k,
                       s->value + r * s->k, h, B, h, init, out + (r - r0) * h, h);
    }
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
        p->k->dot_rows(s->count != NULL ? s->count[r] : s->k, s->index + r * s->k, h,
                       slot->gy + r * h, slot->packed, h, s->g + r * s->k);
}

int64_t hgi_listed_items(const hgi_layer *l)
{
    return hgi_ceil_div(l->d_out, TILE_ROWS) * hgi_ceil_div(l->d_in, TILE_COLUMNS);
}

/* Columns of W have norm 1, and packed is W^T before the step. */
static void leave_along(const hgi_listed *s, const hgi_real *packed, int64_t h, int64_t r,
                        int64_t R, int64_t c, int64_t C, hgi_real *tile)
{
    for (int64_t j = 0; j < C; j++)
        for (int64_t i = 0; i < R; i++)
            tile[j * R + i] -= s->along[c + j] * packed[(c + j) * h + r + i];
}

/* Values of dead units meet another gradient: each column is two sums. */
static void sum_both(const hgi_pass *p, const hgi_listed *s, const hgi_real *gy,
                     int64_t h, int64_t r, int64_t R, int64_t c, int64_t C,
                     hgi_real *tile)
{
    for (int64_t j = 0; j < C; j++, tile += R) {
        const int64_t at = s->aux_start[c + j];
        const int64_t own[2] = {s->start[c + j], at}, aux[2] = {at, s->start[c + j + 1]};
        p->k->sum_rows(1, own, s->row, s->by_value, R, gy + r, h, NULL, tile, R);
        if (aux[0] < aux[1])
            p->k->sum_rows(1, aux, s->row, s->by_value, R, s->aux_gy + r, h, tile, tile,
                           R);
    }
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
    if (s->aux_start == NULL)
        p->k->sum_rows(C, s->start + c, s->row, s->by_value, R, slot->gy + r, h, NULL,
                       tile, R);
    else
        sum_both(p, s, slot->gy, h, r, R, c, C, tile);
    if (s->along != NULL) leave_along(s, slot->packed, h, r, R, c, C, tile);
    p->k->transpose(C, R, tile, R, out.g, out.ld);
    hgi_grad_end(p, w, d, r, R, c, C, out);
}
