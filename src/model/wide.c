// SPDX-License-Identifier: MIT
/* A wide layer of which a row keeps few values: see wide.h. */
#include "model/wide.h"

#include <string.h>

/* A block of a stays in the second-level cache: ROWS x about BLOCK reals.  SPARE places
 * beyond k let the limit rise a few times a row, not at each value. */
enum { ROWS = HGI_WIDE_ROWS, BLOCK = 1024, SPARE = 128, BIAS_TILE = 4096, ALIGNED = 16 };

static int64_t room_of(int64_t k) { return k + SPARE; }

hg_status hgi_wide_plan(hg_ctx *ctx, hgi_layer *l, const hgi_wide_options *o)
{
    int64_t d = o->units, h = l->d_in;
    size_t count;
    if (!hgi_mul_size((size_t)d, (size_t)h, &count) || count > (size_t)1 << 40)
        return hgi_fail(ctx, HG_ERANGE, "code: a weight of %lld x %lld is too large",
                        (long long)d, (long long)h);
    l->out = (hgi_shape){1, {d, 0, 0}};
    hgi_layer_tensor(l, "weight", HGI_WEIGHT, 2, (int64_t[]){d, h});
    hgi_layer_tensor(l, "bias", HGI_BIAS, 1, &d);
    l->act = HGI_ACT_RELU;
    l->flops = 2 * d * h + d;
    l->packed_rows = h;
    l->packed_columns = d;
    l->listed = o->listed;
    l->listed_apply = o->apply;
    l->wide = (hgi_wide){.auxk = o->auxk,
                         .dead = o->dead,
                         .pre_bias = o->pre_bias,
                         .mirror = o->mirror,
                         .no_mirror = o->no_mirror,
                         .unit_decoder = o->unit_decoder,
                         .aux = o->auxk > 0 ? hgi_min(d, hgi_max(h / 2, 1)) : 0};
    if (o->dead > 0) hgi_layer_tensor(l, "silent", HGI_STATE, 1, &d)->positive = true;
    if (o->pre_bias) l->packed_more = d + h;
    l->cache = l->wide.aux > 0 ? 1 + d : 0; /* the number of dead units, then they */
    int64_t room = room_of(hgi_max(o->listed, o->apply)), aux = l->wide.aux;
    /* a, the lists of its rows (a real holds an index), and the same of dead units. */
    l->work = ROWS * (BLOCK + 2 * room);
    if (aux > 0) l->work += ROWS * 2 * room_of(aux) + BLOCK;
    return HG_OK;
}

void hgi_wide_init(const hgi_layer *l, bool he, uint64_t seed, hgi_real *theta,
                   hgi_real *state)
{
    hgi_init_uniform(&l->tensor[HGI_WIDE_WEIGHT], l->d_in, l->d_out, he, seed, theta);
    hgi_real *b = theta + l->tensor[HGI_WIDE_BIAS].offset;
    for (int64_t i = 0; i < l->d_out; i++) b[i] = 0;
    for (int k = HGI_WIDE_SILENT; k < l->tensors; k++)
        for (int64_t i = 0; i < l->tensor[k].count; i++)
            state[l->tensor[k].offset + i] = 0;
}

void hgi_wide_mirror(const hgi_layer *l, const hgi_layer *next, hgi_real *theta)
{
    hgi_real *W = theta + l->tensor[HGI_WIDE_WEIGHT].offset;
    const hgi_real *V = theta + next->tensor[0].offset;
    for (int64_t c = 0; c < l->d_out; c++)
        for (int64_t j = 0; j < l->d_in; j++) W[c * l->d_in + j] = V[j * l->d_out + c];
}

/* ---- forward ----------------------------------------------------------------------- */

/* Behind the packed weight: b - W b_dec, then b_dec itself, which the step will change
 * while it is still wanted. */
static hgi_real *shifted_bias(const hgi_layer *l, const hgi_pass *p, const hgi_slot *s)
{
    int64_t size = p->k->packed_size(l->packed_rows, l->packed_columns);
    return s->packed + hgi_ceil_div(size, ALIGNED) * ALIGNED;
}

void hgi_wide_prepare(const hgi_layer *l, const hgi_pass *p, const hgi_slot *s,
                      int64_t item)
{
    const hgi_real *W = p->theta + l->tensor[HGI_WIDE_WEIGHT].offset;
    int64_t d = l->d_out, h = l->d_in, step = hgi_ceil_div(d, hgi_pack_items(l, p->k));
    hgi_pack_item(l, p, s, W, item);
    if (item == 0 && p->training && l->wide.aux > 0) hgi_dead_list(l, p);
    if (!l->wide.pre_bias) return;
    const hgi_real *b = p->theta + l->tensor[HGI_WIDE_BIAS].offset;
    const hgi_real *off = p->theta + l->wide.decoder_bias;
    hgi_real *out = shifted_bias(l, p, s);
    if (item == 0) memcpy(out + d, off, sizeof *off * (size_t)h);
    for (int64_t c = item * step; c < hgi_min(d, (item + 1) * step); c++) {
        double sum = (double)b[c];
        for (int64_t j = 0; j < h; j++) sum -= (double)W[c * h + j] * (double)off[j];
        out[c] = (hgi_real)sum;
    }
}

static void open_tops(hgi_top *top, int64_t n, int64_t k, hgi_real limit,
                      hgi_real *buffer)
{
    int64_t room = room_of(k);
    for (int64_t i = 0; i < n; i++) {
        hgi_real *own = buffer + i * 2 * room;
        top[i] = (hgi_top){.k = k, .room = room, .limit = limit, .value = own};
        top[i].index = (int32_t *)(void *)(own + room);
    }
}

void hgi_wide_choose(const hgi_layer *l, const hgi_pass *p, int64_t r, int64_t n,
                     hgi_real limit, int worker, hgi_top *top)
{
    const hgi_slot *s = &p->slot[l->index];
    const hgi_kernels *k = p->k;
    int64_t d = l->d_out, h = l->d_in, step = hgi_max(BLOCK / k->panel, 1) * k->panel;
    int64_t most = hgi_max(l->listed, l->listed_apply), next = 0;
    int64_t aux = p->training ? hgi_dead_places(l, p) : 0;
    hgi_real *a = hgi_work(p, worker), *lists = a + ROWS * BLOCK;
    hgi_real *more = lists + ROWS * 2 * room_of(most), *gather = more;
    hgi_top dead[ROWS];
    open_tops(top, n, s->listed.k, limit, lists);
    if (aux > 0) {
        open_tops(dead, n, aux, 0, more);
        gather = more + ROWS * 2 * room_of(l->wide.aux);
    }
    for (int64_t c = 0; c < d; c += step) {
        hgi_gemm g = {
            .M = n,
            .N = hgi_min(step, d - c),
            .K = h,
            .A = s->x + r * h,
            .a_row = h,
            .a_col = 1,
            .B = s->packed + k->packed_size(h, c),
            .b_row = HGI_PACKED,
            .init = (l->wide.pre_bias ? shifted_bias(l, p, s)
                                      : p->theta + l->tensor[HGI_WIDE_BIAS].offset) +
                    c,
            .init_row = 0,
            .C = a,
            .c_row = step,
        };
        k->gemm(&g);
        for (int64_t i = 0; i < n; i++)
            k->top_offer(&top[i], g.N, (int32_t)c, a + i * step);
        if (aux > 0) hgi_dead_offer(l, p, n, c, g.N, a, step, gather, &next, dead);
    }
    for (int64_t i = 0; i < n; i++) {
        k->top_cut(&top[i]);
        if (aux == 0) continue;
        k->top_cut(&dead[i]);
        hgi_dead_keep(l, p, r + i, &dead[i]);
    }
}

void hgi_wide_keep(const hgi_layer *l, const hgi_slot *s, int64_t r, const hgi_top *top)
{
    int64_t k = s->listed.k, d = l->d_out;
    int32_t *index = s->listed.index + r * k;
    hgi_real *value = s->listed.value + r * k;
    for (int64_t i = 0; i < k; i++) {
        index[i] = i < top->count ? top->index[i] : 0;
        value[i] = i < top->count ? top->value[i] : 0;
    }
    if (s->y == NULL) return;
    memset(s->y + r * d, 0, sizeof(hgi_real) * (size_t)d);
    for (int64_t i = 0; i < top->count; i++) s->y[r * d + top->index[i]] = top->value[i];
}

/* ---- backward ---------------------------------------------------------------------- */

/* gx [r0, r1) += the dead units' values' gradients times their rows of W. */
static void add_dead(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1)
{
    const hgi_slot *s = &p->slot[l->index];
    const hgi_real *W = p->theta + l->tensor[HGI_WIDE_WEIGHT].offset;
    int64_t aux = hgi_dead_places(l, p), h = l->d_in;
    const int64_t start[2] = {0, aux};
    for (int64_t r = r0; aux > 0 && r < r1; r++) {
        hgi_real *gx = s->gx + r * h;
        int64_t at = r * l->wide.aux;
        p->k->sum_rows(1, start, s->listed.aux_index + at, s->listed.aux_g + at, h, W, h,
                       gx, gx, h);
    }
}

void hgi_wide_backward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                       int worker)
{
    (void)worker;
    const hgi_slot *s = &p->slot[l->index];
    const hgi_listed *z = &s->listed;
    for (int64_t i = r0 * z->k; i < r1 * z->k; i++)
        if (z->value[i] <= 0) z->g[i] = 0; /* fills the row up and was not kept */
    if (l->wide.aux > 0) hgi_dead_backward(l, p, r0, r1);
    if (s->gx == NULL) return;
    hgi_listed gz = {.k = z->k, .index = z->index, .value = z->g, .count = z->count};
    hgi_listed_product(p, &gz, r0, r1, l->d_in,
                       p->theta + l->tensor[HGI_WIDE_WEIGHT].offset, NULL,
                       s->gx + r0 * l->d_in);
    if (l->wide.aux > 0) add_dead(l, p, r0, r1);
}

/* What pre-bias takes off the decoder's bias's gradient: gb W, gb the bias's own. */
static void pull_bias(const hgi_layer *l, const hgi_pass *p)
{
    const hgi_listed *z = &p->slot[l->index].listed;
    const hgi_real *W = p->theta + l->tensor[HGI_WIDE_WEIGHT].offset;
    int64_t h = l->d_in;
    for (int64_t j = 0; j < h; j++) z->pull[j] = 0;
    for (int64_t c = 0; c < l->d_out; c++) {
        hgi_real sum = 0;
        for (int64_t i = z->start[c]; i < z->start[c + 1]; i++) sum += z->by_g[i];
        if (z->start[c] == z->start[c + 1]) continue;
        for (int64_t j = 0; j < h; j++) z->pull[j] += sum * W[c * h + j];
    }
}

void hgi_wide_collect(const hgi_layer *l, const hgi_pass *p)
{
    const hgi_listed *z = &p->slot[l->index].listed;
    hgi_listed_start(z, p->n, l->d_out);
    if (l->wide.dead > 0) hgi_dead_count(l, p, z->start);
    int64_t aux = l->wide.aux > 0 ? hgi_dead_places(l, p) : 0;
    hgi_listed_collect(z, p->n, l->d_out, aux);
    if (l->wide.pre_bias) pull_bias(l, p);
}

/* ---- gradients --------------------------------------------------------------------- */

/* Tiles of W [d,h] are whole rows where they fit. */
static int64_t tile_columns(const hgi_layer *l)
{
    return hgi_min(l->d_in, HGI_TILE_REALS);
}
static int64_t tile_rows(const hgi_layer *l) { return HGI_TILE_REALS / tile_columns(l); }
static int64_t bias_items(const hgi_layer *l)
{
    return hgi_ceil_div(l->d_out, BIAS_TILE);
}

int64_t hgi_wide_gradient_items(const hgi_layer *l)
{
    return bias_items(l) +
           hgi_ceil_div(l->d_out, tile_rows(l)) * hgi_ceil_div(l->d_in, tile_columns(l));
}

static void bias_gradient(const hgi_layer *l, const hgi_pass *p, int64_t item, int worker)
{
    const hgi_listed *z = &p->slot[l->index].listed;
    const hgi_tensor *b = &l->tensor[HGI_WIDE_BIAS];
    int64_t c = item * BIAS_TILE, C = hgi_min(BIAS_TILE, l->d_out - c);
    hgi_grad out = hgi_grad_begin(p, b, 1, c, 0, 1, worker);
    for (int64_t j = 0; j < C; j++) {
        hgi_real sum = 0;
        for (int64_t i = z->start[c + j]; i < z->start[c + j + 1]; i++) sum += z->by_g[i];
        out.g[j] = sum;
    }
    hgi_grad_end(p, b, 1, c, C, 0, 1, out);
}

/* gW = gz^T (x - b_dec): of pre-bias the rows' sums of gz take the bias off again. */
static void take_bias_off(const hgi_layer *l, const hgi_pass *p, int64_t r, int64_t R,
                          int64_t c, int64_t C, hgi_grad out)
{
    const hgi_listed *z = &p->slot[l->index].listed;
    const hgi_real *off = shifted_bias(l, p, &p->slot[l->index]) + l->d_out;
    for (int64_t j = 0; j < R; j++) {
        hgi_real sum = 0;
        for (int64_t i = z->start[r + j]; i < z->start[r + j + 1]; i++) sum += z->by_g[i];
        for (int64_t i = 0; i < C; i++) out.g[j * out.ld + i] -= sum * off[c + i];
    }
}

void hgi_wide_gradient(const hgi_layer *l, const hgi_pass *p, int64_t item, int worker)
{
    const hgi_slot *s = &p->slot[l->index];
    const hgi_listed *z = &s->listed;
    const hgi_tensor *w = &l->tensor[HGI_WIDE_WEIGHT];
    if (item < bias_items(l)) {
        bias_gradient(l, p, item, worker);
        return;
    }
    item -= bias_items(l);
    int64_t h = l->d_in, across = hgi_ceil_div(h, tile_columns(l));
    int64_t r = item / across * tile_rows(l), c = item % across * tile_columns(l);
    int64_t R = hgi_min(tile_rows(l), l->d_out - r), C = hgi_min(tile_columns(l), h - c);
    hgi_grad out = hgi_grad_begin(p, w, h, r, c, C, worker);
    p->k->sum_rows(R, z->start + r, z->row, z->by_g, C, s->x + c, h, NULL, out.g, out.ld);
    if (l->wide.pre_bias) take_bias_off(l, p, r, R, c, C, out);
    hgi_grad_end(p, w, h, r, R, c, C, out);
}

int64_t hgi_wide_project_items(const hgi_layer *l)
{
    return l->wide.unit_decoder ? hgi_unit_items(l) : 0;
}
