// SPDX-License-Identifier: MIT
/* The TopK bottleneck: of a wide layer the k largest values of each row are the code.
 *                                                        x [n,h]  W [d,h]  b [d]  z [n,d]
 *     z = relu(a) at the k largest places of a = x W^T + b, else 0
 *
 * so a row has at most k values that are not 0: fewer where fewer of a are above 0.  Of
 * equal values those with the lower index stay.  With alpha a row has k values while
 * training and alpha k (rounded up) everywhere else.  model/wide.h has the products, the
 * revival of dead units (auxk, dead) and pre-bias.
 *
 * Backward, gz at the kept places alone (the selection is taken as fixed, which is exact
 * where no two values tie):   gx = gz W      gW = gz^T x      gb = sum_n gz[n,:]
 *
 * Sources: Makhzani & Frey, "k-Sparse autoencoders", arXiv:1312.5663, 2013 (alpha); Gao et
 * al., "Scaling and evaluating sparse autoencoders", arXiv:2406.04093, 2024. */
#include "model/wide.h"

#include <math.h>

enum { O_SIZE, O_K, O_UNIT, O_ALPHA, O_AUXK, O_DEAD, O_PRE, O_MIRROR, O_NO_MIRROR };

static const hgi_opt_decl options[] = {
    HGI_CODE_SIZE_OPTION,
    HGI_WIDE_K_OPTION("how many of them a row keeps"),
    HGI_WIDE_UNIT_OPTION,
    {.name = "alpha",
     .type = HGI_OPT_REAL,
     .lo = 0.01,
     .hi = 100,
     .initial = 1,
     .help = "outside training a row keeps alpha k values"},
    HGI_WIDE_LAST_OPTIONS,
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"topk 9 k=3", {1, {4}}}, {"topk 40 k=7", {1, {5}}},
    {"topk 5 k=5", {1, {5}}}, {"topk 40 k=7 alpha=2 dead=100000", {1, {5}}},
    {NULL, {0, {0}}},
};

static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)inputs;
    const double *v = l->line.value;
    int64_t d = (int64_t)v[O_SIZE], k = (int64_t)v[O_K];
    bool counts = v[O_AUXK] > 0 || l->line.given[O_DEAD];
    hgi_wide_options o = {
        .units = d,
        .listed = k,
        .apply = hgi_min(d, hgi_max(1, (int64_t)ceil(v[O_ALPHA] * (double)k))),
        .auxk = v[O_AUXK],
        .dead = counts ? (int64_t)v[O_DEAD] : 0,
        .pre_bias = v[O_PRE] != 0,
        .mirror = v[O_MIRROR] != 0,
        .no_mirror = v[O_NO_MIRROR] != 0,
        .unit_decoder = v[O_UNIT] != 0,
    };
    if (k > d)
        return hgi_fail(ctx, HG_ERANGE, "code: k=%lld of %lld values", (long long)k,
                        (long long)d);
    return hgi_wide_plan(ctx, l, &o);
}

static void forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    hgi_top top[HGI_WIDE_ROWS];
    for (int64_t r = r0; r < r1; r += HGI_WIDE_ROWS) {
        int64_t n = hgi_min(HGI_WIDE_ROWS, r1 - r);
        hgi_wide_choose(l, p, r, n, 0, worker, top);
        for (int64_t i = 0; i < n; i++)
            hgi_wide_keep(l, &p->slot[l->index], r + i, &top[i]);
    }
}

const hgi_layer_kind hgi_code_topk = {
    .name = "topk",
    .brief = "the k= largest values of a wide layer, all others 0",
    .options = options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .reads = HGI_GRADIENT_X,
    .sized = true,
    .plan = plan,
    .init = hgi_wide_init,
    .prepare_items = hgi_pack_items,
    .prepare = hgi_wide_prepare,
    .forward = forward,
    .backward = hgi_wide_backward,
    .collect = hgi_wide_collect,
    .gradient_items = hgi_wide_gradient_items,
    .gradient = hgi_wide_gradient,
    .project_items = hgi_wide_project_items,
    .project = hgi_unit_project,
    .dead = hgi_wide_dead,
};
