// SPDX-License-Identifier: MIT
/* The BatchTopK bottleneck: of all values of a batch the n k largest are its codes, so that
 * rows share: a plain row has fewer than k, a rich one more.
 *                                                        x [n,h]  W [d,h]  b [d]  z [n,d]
 *     training    z = a at the n k largest places of relu(a) of the batch, a = x W^T + b
 *     in use      z = a where a > threshold, else 0
 *
 * threshold, a state of the model, is the running mean over steps of the smallest value
 * that a batch kept: a row's code never depends on its batch.  Of equal values at the edge
 * all stay.  A row keeps at most MOST times k, its largest, as its list has room for no
 * more; the cost after the encoder grows with what it keeps.
 *
 * Backward is topk's, with the selection taken as fixed.  model/wide.h has the products and
 * the revival of dead units.
 *
 * The batch's threshold is found between two passes over its rows: the rows' own largest
 * values are lists by then, and a histogram of their bits, 11 at a time, has the n k-th.
 *
 * Source: Bussmann, Leask & Nanda, "BatchTopK sparse autoencoders", arXiv:2412.06410,
 * 2024. */
#include "model/wide.h"

#include <string.h>

enum { O_SIZE, O_K, O_UNIT, O_AUXK, O_DEAD, O_PRE, O_MIRROR, O_NO_MIRROR };
enum { MOST = 8, LEVELS = 3, BITS = 11, BINS = 1 << BITS };
/* Of the running threshold: what a step adds to it is 1 in 100. */
#define MOMENTUM 0.99

static const hgi_opt_decl options[] = {
    HGI_CODE_SIZE_OPTION,
    HGI_WIDE_K_OPTION("how many of them a row keeps, mean over a batch"),
    HGI_WIDE_UNIT_OPTION,
    HGI_WIDE_LAST_OPTIONS,
    {.name = NULL},
};

static const hgi_example examples[] = {
    {"batchtopk 9 k=3", {1, {4}}},
    {"batchtopk 40 k=4", {1, {5}}},
    {NULL, {0, {0}}},
};

/* silent is always there: tensors have fixed places. */
static hg_status plan(hg_ctx *ctx, hgi_layer *l, int64_t inputs)
{
    (void)inputs;
    const double *v = l->line.value;
    int64_t d = (int64_t)v[O_SIZE], k = (int64_t)v[O_K], one = 1;
    int64_t most = hgi_min(d, MOST * k);
    hgi_wide_options o = {
        .units = d,
        .listed = most,
        .apply = most,
        .auxk = v[O_AUXK],
        .dead = (int64_t)v[O_DEAD],
        .pre_bias = v[O_PRE] != 0,
        .mirror = v[O_MIRROR] != 0,
        .no_mirror = v[O_NO_MIRROR] != 0,
        .unit_decoder = v[O_UNIT] != 0,
    };
    if (k > d)
        return hgi_fail(ctx, HG_ERANGE, "code: k=%lld of %lld values", (long long)k,
                        (long long)d);
    HGI_TRY(hgi_wide_plan(ctx, l, &o));
    hgi_layer_tensor(l, "threshold", HGI_STATE, 1, &one)->positive = true;
    l->wide.counts = true;
    l->cache += 1; /* the batch's threshold */
    return HG_OK;
}

static hgi_real *batch_threshold(const hgi_layer *l, const hgi_pass *p)
{
    return p->slot[l->index].cache + l->cache - 1;
}

/* As floats, which is what the histogram counts. */
static void keep_above(const hgi_listed *z, int64_t r, float limit)
{
    int32_t *index = z->index + r * z->k;
    hgi_real *value = z->value + r * z->k;
    int64_t n = 0;
    for (int64_t i = 0; i < z->count[r]; i++) { /* what is not a number stays */
        if ((float)value[i] < limit) continue;
        index[n] = index[i];
        value[n++] = value[i];
    }
    for (int64_t i = n; i < z->count[r]; i++) value[i] = 0;
    z->count[r] = (int32_t)n;
}

/* Rows' largest values above `limit`, as lists. */
static void choose(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                   hgi_real limit, int worker)
{
    const hgi_slot *s = &p->slot[l->index];
    hgi_top top[HGI_WIDE_ROWS];
    for (int64_t r = r0; r < r1; r += HGI_WIDE_ROWS) {
        int64_t n = hgi_min(HGI_WIDE_ROWS, r1 - r);
        hgi_wide_choose(l, p, r, n, limit, worker, top);
        for (int64_t i = 0; i < n; i++) {
            hgi_wide_keep(l, s, r + i, &top[i]);
            s->listed.count[r + i] = (int32_t)top[i].count;
        }
    }
}

static void propose(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    choose(l, p, r0, r1, 0, worker);
}

/* One for all units. */
static hgi_real threshold(const hgi_layer *l, const hgi_real *theta,
                          const hgi_real *state, int64_t j)
{
    (void)theta, (void)j;
    return state[l->tensor[HGI_WIDE_THRESHOLD].offset];
}

static void forward(const hgi_layer *l, const hgi_pass *p, int64_t r0, int64_t r1,
                    int worker)
{
    const hgi_listed *z = &p->slot[l->index].listed;
    if (!p->training) {
        choose(l, p, r0, r1, threshold(l, p->theta, p->state, 0), worker);
        return;
    }
    for (int64_t r = r0; r < r1; r++) keep_above(z, r, (float)*batch_threshold(l, p));
}

/* ---- the batch's threshold ---------------------------------------------------------- */

static uint32_t bits_of(hgi_real x)
{
    float f = (float)x;
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits & 0x7fffffffu; /* values above 0 are ordered as these */
}

/* The want-th largest of the batch's values, 0 when there are fewer; as a float. */
static float nth_largest(const hgi_listed *z, int64_t n, int64_t want)
{
    uint32_t prefix = 0;
    for (int level = 0; level < LEVELS; level++) {
        int64_t bin[BINS] = {0};
        int shift = 32 - BITS * (level + 1), above = 32 - BITS * level;
        int low = shift > 0 ? shift : 0; /* the last level has 10 bits */
        uint32_t mask = (1u << (hgi_min(above, 32) - low)) - 1;
        for (int64_t r = 0; r < n; r++)
            for (int64_t i = 0; i < z->count[r]; i++) {
                uint32_t bits = bits_of(z->value[r * z->k + i]);
                if (above < 32 && bits >> above != prefix >> above) continue;
                bin[(bits >> low) & mask]++;
            }
        int64_t b = BINS;
        while (b > 0 && want > bin[b - 1]) want -= bin[--b];
        if (b == 0) return 0;
        prefix |= (uint32_t)(b - 1) << low;
    }
    float x;
    memcpy(&x, &prefix, sizeof x);
    return x;
}

static float smallest(const hgi_listed *z, int64_t n)
{
    float least = 0;
    for (int64_t r = 0; r < n; r++)
        for (int64_t i = 0; i < z->count[r]; i++) {
            float x = (float)z->value[r * z->k + i];
            if (least <= 0 || x < least) least = x;
        }
    return least;
}

static int64_t statistics_items(const hgi_layer *l)
{
    (void)l;
    return 1;
}

/* The first batch sets the running threshold, which starts at 0. */
static void forward_statistics(const hgi_layer *l, const hgi_pass *p, int64_t item)
{
    (void)item;
    const hgi_listed *z = &p->slot[l->index].listed;
    hgi_real *running = p->state + l->tensor[HGI_WIDE_THRESHOLD].offset;
    float limit = nth_largest(z, p->n, p->n * (int64_t)l->line.value[O_K]);
    *batch_threshold(l, p) = (hgi_real)limit;
    if (limit <= 0) limit = smallest(z, p->n);
    if (limit <= 0) return;
    double was = *running > 0 ? (double)*running : (double)limit;
    *running = (hgi_real)(MOMENTUM * was + (1 - MOMENTUM) * (double)limit);
}

static void backward_statistics(const hgi_layer *l, const hgi_pass *p, int64_t item)
{
    (void)l, (void)p, (void)item; /* all is known before */
}

const hgi_layer_kind hgi_code_batchtopk = {
    .name = "batchtopk",
    .brief = "k= values a row, the largest of a batch; in use all above a threshold",
    .options = options,
    .examples = examples,
    .gradient_is = HGI_GRAD_EXACT,
    .reads = HGI_GRADIENT_X,
    .sized = true,
    .plan = plan,
    .init = hgi_wide_init,
    .prepare_items = hgi_pack_items,
    .prepare = hgi_wide_prepare,
    .propose = propose,
    .forward = forward,
    .backward = hgi_wide_backward,
    .collect = hgi_wide_collect,
    .gradient_items = hgi_wide_gradient_items,
    .gradient = hgi_wide_gradient,
    .statistics_items = statistics_items,
    .forward_statistics = forward_statistics,
    .backward_statistics = backward_statistics,
    .project_items = hgi_wide_project_items,
    .project = hgi_unit_project,
    .threshold = threshold,
    .dead = hgi_wide_dead,
};
