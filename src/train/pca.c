// SPDX-License-Identifier: MIT
/* Principal component analysis, as a model like any other: a linear encoder and decoder
 * that no other pair of that code size can beat in squared error on the rows it was fitted
 * to (Eckart & Young 1936).  It is what every autoencoder is held against.
 *
 * One pass makes the covariance matrix in double, from products of centred rows in blocks;
 * rows too wide for a matrix of all columns are passed over again at every turn instead.
 * The leading eigenvectors come from subspace iteration with Rayleigh-Ritz steps (Golub &
 * Van Loan, Matrix Computations, 4th ed., 8.2.4), narrow matrices from hgi_eigen whole. */
#include "train/pca.h"

#include "base/linear.h"
#include "base/rng.h"
#include "base/team.h"
#include "train/trainer.h"

#include <math.h>
#include <string.h>

/* FULL: as wide, all eigenvectors are found at once.  WIDEST: a covariance matrix of 128
 * MiB.  SPARE: directions beside those asked for, which make the last ones converge.
 * TURNS: of the iteration, at the most; RITZ: from one look at the gain to the next. */
enum {
    FULL = 256,
    WIDEST = 4096,
    SPARE = 16,
    TURNS = 300,
    RITZ = 5,
    ROWS = 64,
    TILE = 96
};
/* The variance found grows by less than this share of itself: converged far beyond what
 * a float's 24 bits of a weight can keep. */
#define GAIN 1e-9

typedef struct pca {
    hg_ctx *ctx;
    const hg_dataset *data;
    const hgi_scaler *scaler;
    hgi_team *team;
    int64_t n, d, k, p;     /* rows, columns, components; rows of q */
    int64_t block;          /* rows of a pass's blocks */
    bool narrow;            /* covariance holds C; else a pass gives q C */
    double *mean;           /* [d] of the scaled rows */
    double total;           /* variance, over all columns */
    double *covariance;     /* [d,d] */
    double *q, *y;          /* [p,d] rows span the subspace; q C */
    double *value;          /* [p] eigenvalues */
    double *small, *turned; /* [p,p] of Rayleigh and Ritz; [p,d] */

    /* of one pass */
    hgi_rows window;    /* the block under way: its rows */
    int64_t rows;       /* how many */
    hg_status read;     /* a failure to read them ends all passes */
    int64_t wide;       /* rows of the products' left side: d or p */
    hgi_real *x;        /* [block, d] scaled and centred */
    hgi_real *left;     /* x, or [block, p] x q^T */
    hgi_real *packed;   /* q^T as the matrix product wants it */
    hgi_real *narrowed; /* [p,d] q as floats */
    hgi_real *part;     /* [workers][TILE * TILE] */
    float *scratch;     /* [workers][d] */
    double *sum;        /* [wide, d] what the products are added to */
    double *column_sum; /* [block / ROWS, d] of sums for the mean */
} pca;

/* ---- passes over the rows -------------------------------------------------------- */

static int64_t block_items(const pca *j) { return hgi_ceil_div(j->rows, ROWS); }

static void fill(pca *j, int64_t item, int worker)
{
    int64_t r0 = item * ROWS, n = hgi_min(ROWS, j->rows - r0);
    const hgi_range anything = {.check = false};
    hgi_batch_fill(j->ctx->kernels, j->window.rows, j->scaler, &anything, NULL,
                   j->window.at + r0, n, j->scratch + (int64_t)worker * j->d,
                   j->x + r0 * j->d, NULL);
}

/* The block from this row on; false behind the last, and when j->read says why. */
static bool move(pca *j, int64_t first)
{
    j->rows = hgi_min(j->block, j->n - first);
    if (j->rows <= 0 || j->read != HG_OK) return false;
    j->read = hgi_rows_range(j->ctx, &j->window, first, j->rows);
    return j->read == HG_OK;
}

static void fill_sums(void *arg, int64_t item, int worker)
{
    pca *j = arg;
    fill(j, item, worker);
    double *sum = j->column_sum + item * j->d;
    memset(sum, 0, (size_t)j->d * sizeof *sum);
    for (int64_t r = item * ROWS; r < hgi_min((item + 1) * ROWS, j->rows); r++)
        for (int64_t c = 0; c < j->d; c++) sum[c] += (double)j->x[r * j->d + c];
}

/* Sums of ROWS rows each, added in order: the threads do not show. */
static void find_mean(pca *j)
{
    for (int64_t first = 0; move(j, first); first += j->block) {
        hgi_team_run(j->team, &(hgi_stage){fill_sums, j, block_items(j)}, 1);
        for (int64_t i = 0; i < block_items(j); i++)
            for (int64_t c = 0; c < j->d; c++) j->mean[c] += j->column_sum[i * j->d + c];
    }
    for (int64_t c = 0; c < j->d; c++) j->mean[c] /= (double)j->n;
}

static void fill_centred(void *arg, int64_t item, int worker)
{
    pca *j = arg;
    fill(j, item, worker);
    int64_t r0 = item * ROWS, n = hgi_min(ROWS, j->rows - r0);
    for (int64_t r = r0; r < r0 + n; r++)
        for (int64_t c = 0; c < j->d; c++)
            j->x[r * j->d + c] = (hgi_real)((double)j->x[r * j->d + c] - j->mean[c]);
    if (j->narrow) return;
    j->ctx->kernels->gemm(&(hgi_gemm){.M = n,
                                      .N = j->p,
                                      .K = j->d,
                                      .A = j->x + r0 * j->d,
                                      .a_row = j->d,
                                      .a_col = 1,
                                      .B = j->packed,
                                      .b_row = HGI_PACKED,
                                      .C = j->left + r0 * j->p,
                                      .c_row = j->p});
}

/* A tile of left^T x, added to the sum in double: floats carry one block's rows only. */
static void add_tile(void *arg, int64_t item, int worker)
{
    pca *j = arg;
    int64_t across = hgi_ceil_div(j->d, TILE), a = item / across * TILE,
            b = item % across * TILE;
    int64_t M = hgi_min(TILE, j->wide - a), N = hgi_min(TILE, j->d - b);
    hgi_real *part = j->part + (int64_t)worker * TILE * TILE;
    if (j->narrow && b < a) return; /* the other triangle is the same */
    j->ctx->kernels->gemm(&(hgi_gemm){.M = M,
                                      .N = N,
                                      .K = j->rows,
                                      .A = j->left + a,
                                      .a_row = 1,
                                      .a_col = j->wide,
                                      .B = j->x + b,
                                      .b_row = j->d,
                                      .C = part,
                                      .c_row = N});
    for (int64_t m = 0; m < M; m++)
        for (int64_t i = 0; i < N; i++)
            j->sum[(a + m) * j->d + b + i] += (double)part[m * N + i];
}

/* sum = left^T x / n over all rows. */
static void pass(pca *j, double *sum)
{
    j->wide = j->narrow ? j->d : j->p;
    j->sum = sum;
    memset(sum, 0, (size_t)(j->wide * j->d) * sizeof *sum);
    int64_t tiles = hgi_ceil_div(j->wide, TILE) * hgi_ceil_div(j->d, TILE);
    for (int64_t first = 0; move(j, first); first += j->block) {
        hgi_stage stages[2] = {{fill_centred, j, block_items(j)}, {add_tile, j, tiles}};
        hgi_team_run(j->team, stages, 2);
    }
    for (int64_t i = 0; i < j->wide * j->d; i++) sum[i] /= (double)j->n;
}

/* ---- the leading subspace -------------------------------------------------------- */

/* A row of y = q C, C's rows added up: the inner loop runs along both. */
static void times_covariance(void *arg, int64_t item, int worker)
{
    pca *j = arg;
    double *y = j->y + item * j->d;
    const double *q = j->q + item * j->d;
    (void)worker;
    memset(y, 0, (size_t)j->d * sizeof *y);
    for (int64_t r = 0; r < j->d; r++) {
        const double *row = j->covariance + r * j->d;
        for (int64_t c = 0; c < j->d; c++) y[c] += q[r] * row[c];
    }
}

static void apply(pca *j)
{
    if (j->narrow) {
        hgi_team_run(j->team, &(hgi_stage){times_covariance, j, j->p}, 1);
        return;
    }
    for (int64_t i = 0; i < j->p * j->d; i++) j->narrowed[i] = (hgi_real)j->q[i];
    j->ctx->kernels->pack(j->d, j->p, j->narrowed, 1, j->d, j->packed);
    pass(j, j->y);
}

static void ritz_row(void *arg, int64_t item, int worker)
{
    pca *j = arg;
    double *out = j->turned + item * j->d;
    (void)worker;
    memset(out, 0, (size_t)j->d * sizeof *out);
    for (int64_t i = 0; i < j->p; i++)
        for (int64_t c = 0; c < j->d; c++)
            out[c] += j->small[item * j->p + i] * j->y[i * j->d + c];
}

static void rayleigh_row(void *arg, int64_t item, int worker)
{
    pca *j = arg;
    (void)worker;
    for (int64_t i = 0; i <= item; i++) {
        double s = 0;
        for (int64_t c = 0; c < j->d; c++)
            s += j->q[i * j->d + c] * j->y[item * j->d + c];
        j->small[item * j->p + i] = j->small[i * j->p + item] = s;
    }
}

/* Turn q within its span to the eigenvectors of q C q^T; y = q C turns with it.  The
 * variance that the first k rows hold. */
static bool ritz(pca *j, double *found)
{
    double *work = j->turned; /* [p] before it is written */
    hgi_team_run(j->team, &(hgi_stage){rayleigh_row, j, j->p}, 1);
    if (!hgi_eigen(j->p, j->small, j->value, work)) return false;
    hgi_team_run(j->team, &(hgi_stage){ritz_row, j, j->p}, 1);
    double *y = j->y;
    j->y = j->q;
    j->q = j->turned;
    j->turned = y;
    *found = 0;
    for (int64_t i = 0; i < j->k; i++) *found += j->value[i];
    return true;
}

static bool iterate(pca *j)
{
    hgi_rng rng = {.seed = 1, .use = HGI_USE_INIT, .epoch = HGI_EPOCH_HELD};
    double before = -1, found = 0;
    for (int64_t i = 0; i < j->p * j->d; i++) {
        uint32_t w[4];
        hgi_philox(&rng, (uint64_t)i, 0, w);
        j->q[i] = (double)hgi_unit(w[0]) - 0.5;
    }
    hgi_orthonormal_rows(j->p, j->d, j->q);
    for (int64_t turn = 1; turn <= TURNS; turn++) {
        bool look = turn % RITZ == 0;
        apply(j);
        if (look && !ritz(j, &found)) return false;
        /* After a look q holds y, turned; the vectors that y itself is. */
        if (!look) {
            double *y = j->y;
            j->y = j->q;
            j->q = y;
        }
        hgi_orthonormal_rows(j->p, j->d, j->q);
        if (look && found - before <= GAIN * found) return true;
        if (look) before = found;
    }
    return true; /* close eigenvalues: which of them is which no longer matters */
}

static bool find_components(pca *j)
{
    if (j->p < j->d) return iterate(j);
    memcpy(j->q, j->covariance, (size_t)(j->d * j->d) * sizeof *j->q);
    return hgi_eigen(j->d, j->q, j->value, j->y);
}

/* ---- the model ------------------------------------------------------------------- */

/* code = V (x - mean), row = V^T code + mean. */
static void write_weights(const pca *j, hg_model *m)
{
    const hgi_layer *encoder = &m->net.layer[0],
                    *decoder = &m->net.layer[m->net.count - 1];
    hgi_real *we = m->theta + encoder->tensor[0].offset,
             *be = m->theta + encoder->tensor[1].offset,
             *wd = m->theta + decoder->tensor[0].offset,
             *bd = m->theta + decoder->tensor[1].offset;
    for (int64_t i = 0; i < j->k; i++) {
        const double *v = j->q + i * j->d;
        double shift = 0;
        for (int64_t c = 0; c < j->d; c++) {
            shift += v[c] * j->mean[c];
            we[i * j->d + c] = wd[c * j->k + i] = (hgi_real)v[c];
        }
        be[i] = (hgi_real)-shift;
    }
    for (int64_t c = 0; c < j->d; c++) bd[c] = (hgi_real)j->mean[c];
}

static hg_status allocate(pca *j)
{
    hg_ctx *ctx = j->ctx;
    const hgi_mem *mem = &ctx->mem;
    size_t d = (size_t)j->d, p = (size_t)j->p, workers = (size_t)hgi_team_size(j->team);
    size_t block = (size_t)j->block;
    double bytes = (double)d * ((double)p * 28 + (double)block * 4.2 + 64) +
                   (j->narrow ? 8.0 * (double)d * (double)d : 0);
    HGI_TRY(hgi_check_memory(ctx, bytes, "principal components"));
    j->mean = hgi_calloc(mem, d, sizeof *j->mean);
    j->q = hgi_calloc(mem, p * d, sizeof *j->q);
    j->y = hgi_calloc(mem, p * d, sizeof *j->y);
    j->turned = hgi_calloc(mem, p * d, sizeof *j->turned);
    j->small = hgi_calloc(mem, p * p, sizeof *j->small);
    j->value = hgi_calloc(mem, p, sizeof *j->value);
    j->x = hgi_calloc(mem, block * d, sizeof *j->x);
    j->part = hgi_calloc(mem, workers * TILE * TILE, sizeof *j->part);
    j->scratch = hgi_calloc(mem, workers * d, sizeof *j->scratch);
    j->column_sum = hgi_calloc(mem, (block / ROWS) * d, sizeof *j->column_sum);
    bool ok = j->mean && j->q && j->y && j->turned && j->small && j->value && j->x &&
              j->part && j->scratch && j->column_sum;
    if (j->narrow) {
        j->covariance = hgi_calloc(mem, d * d, sizeof *j->covariance);
        j->left = j->x;
        ok = ok && j->covariance;
    } else {
        j->left = hgi_calloc(mem, block * p, sizeof *j->left);
        j->narrowed = hgi_calloc(mem, p * d, sizeof *j->narrowed);
        j->packed = hgi_calloc(mem, (size_t)ctx->kernels->packed_size(j->d, j->p),
                               sizeof *j->packed);
        ok = ok && j->left && j->narrowed && j->packed;
    }
    return ok ? HG_OK : hgi_fail_mem(ctx, (size_t)bytes, "principal components");
}

static void release(pca *j)
{
    const hgi_mem *mem = &j->ctx->mem;
    hgi_rows_close(&j->window);
    if (j->left != j->x) hgi_free(mem, j->left);
    void *all[] = {j->mean,     j->q,      j->y,         j->turned,  j->small,
                   j->value,    j->x,      j->part,      j->scratch, j->covariance,
                   j->narrowed, j->packed, j->column_sum};
    for (int64_t i = 0; i < HGI_COUNT(all); i++) hgi_free(mem, all[i]);
}

static hg_status fit(pca *j)
{
    j->narrow = j->d <= WIDEST;
    j->p = j->d <= FULL ? j->d : hgi_min(j->d, j->k + hgi_max(SPARE, j->k / 4));
    /* Blocks of some 16 MiB, whole chunks of rows. */
    j->block = hgi_max(1, hgi_min(4096, (4 << 20) / j->d) / ROWS) * ROWS;
    HGI_TRY(allocate(j));
    HGI_TRY(hgi_rows_open(j->ctx, j->data, hgi_min(j->block, j->n), &j->window));
    find_mean(j);
    if (j->narrow) {
        pass(j, j->covariance);
        for (int64_t r = 0; r < j->d; r++)
            for (int64_t c = 0; c < r; c++)
                j->covariance[r * j->d + c] = j->covariance[c * j->d + r];
        for (int64_t c = 0; c < j->d; c++) j->total += j->covariance[c * j->d + c];
    }
    bool found = find_components(j);
    HGI_TRY(j->read);
    if (!found)
        return hgi_fail(j->ctx, HG_ENONFINITE,
                        "%s: the covariance of its columns is not finite: values are too "
                        "large for 32-bit floats; scale them",
                        j->data->name);
    return HG_OK;
}

/* Variance of all columns, where no covariance matrix told it. */
static void add_total(pca *j)
{
    if (j->narrow) return;
    for (int64_t first = 0; move(j, first); first += j->block) {
        hgi_team_run(j->team, &(hgi_stage){fill_centred, j, block_items(j)}, 1);
        for (int64_t i = 0; i < j->rows * j->d; i++)
            j->total += (double)j->x[i] * (double)j->x[i] / (double)j->n;
    }
}

static hg_status check(hg_ctx *ctx, const hg_config *cfg, const hg_dataset *data)
{
    if (cfg == NULL || data == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a configuration and data are needed");
    if (!hgi_config_given(cfg, "code"))
        return hgi_fail(ctx, HG_EINVAL, "a PCA needs a code size: set code");
    return HG_OK;
}

static hg_status check_code(hg_ctx *ctx, const hg_config *cfg, const hg_dataset *data,
                            int64_t features)
{
    int64_t k = hgi_config_int(cfg, "code");
    if (k <= features) return HG_OK;
    return hgi_fail(ctx, HG_ERANGE, "code: %lld components, but %s has %lld values a row",
                    (long long)k, data->name, (long long)features);
}

/* The linear model and zeros for weights.  Takes the scaler. */
static hg_status make_model(hg_ctx *ctx, int64_t k, hgi_scaler *scaler,
                            const hg_dataset *data, const hgi_shape *input,
                            hg_model **out)
{
    hg_status status = HG_OK;
    hgi_spec spec = {.mem = ctx->mem, .input = *input, .huber_delta = 1};
    char line[64];
    snprintf(line, sizeof line, "dense %lld linear", (long long)k);
    HGI_GOTO(hgi_spec_set_lines(ctx, &spec.encoder, &spec.encoder_count, line));
    HGI_GOTO(hgi_spec_set_lines(ctx, &spec.decoder, &spec.decoder_count,
                                "dense input linear"));
    spec.code = hgi_strdup(&ctx->mem, "plain");
    spec.loss = hgi_strdup(&ctx->mem, "mse");
    if (spec.code == NULL || spec.loss == NULL)
        HGI_GOTO(hgi_fail_mem(ctx, 6, "the model's lines"));
    HGI_GOTO(hgi_model_take(ctx, &spec, scaler, out));
    (*out)->trained.rows = data->rows;
    HGI_GOTO(hgi_model_set_columns(ctx, *out, data->columns));
    HGI_GOTO(hgi_model_read_as(ctx, *out, data->decimal, data->renamed));
    hgi_model_set_pictures(*out, data);
done:
    hgi_spec_free(&spec);
    hgi_scaler_free(&ctx->mem, scaler);
    if (status != HG_OK) hg_model_free(out);
    return status;
}

/* One pass is its one epoch; its loss is what the components leave of the variance. */
static hg_status finish(pca *j, hg_model *m, double *share)
{
    double found = 0;
    for (int64_t i = 0; i < j->k; i++) {
        found += fmax(j->value[i], 0);
        if (share != NULL) share[i] = j->total > 0 ? fmax(j->value[i], 0) / j->total : 0;
    }
    double left = fmax(j->total - found, 0) / (double)j->d;
    m->trained.epochs = 1;
    write_weights(j, m);
    return hgi_model_add_epoch(j->ctx, m,
                               &(hg_epoch){.size = sizeof(hg_epoch),
                                           .epoch = 1,
                                           .loss = left,
                                           .recon = left,
                                           .val_loss = (double)NAN,
                                           .lr = (double)NAN});
}

/* Fit the model's weights; it is the caller's, also on failure. */
static hg_status fit_model(hg_ctx *ctx, const hg_dataset *data, double *share,
                           hg_model *m)
{
    hg_status status = HG_OK;
    pca j = {.ctx = ctx, .data = data, .n = data->rows, .d = data->features};
    HGI_GOTO(hgi_ctx_team(ctx, &j.team));
    if (data->schema != NULL) j.d = m->scaler.features;
    j.k = m->net.code_size;
    j.scaler = &m->scaler;
    HGI_GOTO(fit(&j));
    add_total(&j);
    HGI_GOTO(j.read);
    status = finish(&j, m, share);
done:
    release(&j);
    return status;
}

hg_status hg_pca(hg_ctx *ctx, const hg_config *cfg, const hg_dataset *data, double *share,
                 hg_model **out)
{
    hgi_scaler scaler;
    *out = NULL;
    memset(&scaler, 0, sizeof scaler);
    HGI_TRY(check(ctx, cfg, data));
    hg_status status = hgi_scaler_fit(ctx, hgi_config_text(cfg, "scale"), data, &scaler);
    if (status == HG_OK) status = check_code(ctx, cfg, data, scaler.features);
    if (status != HG_OK) hgi_scaler_free(&ctx->mem, &scaler);
    HGI_TRY(status);
    hgi_shape input = {.rank = data->rank};
    for (int i = 0; i < data->rank; i++) input.dim[i] = data->shape[i];
    if (scaler.schema != NULL) input.dim[0] = scaler.features;
    HGI_TRY(make_model(ctx, hgi_config_int(cfg, "code"), &scaler, data, &input, out));
    (*out)->shares = hgi_are_shares(&(*out)->scaler, data);
    (*out)->trained.seed = (uint64_t)hgi_config_int(cfg, "seed");
    status = fit_model(ctx, data, share, *out);
    if (status != HG_OK) hg_model_free(out);
    return status;
}

hg_status hgi_pca_like(hg_ctx *ctx, const hg_model *like, int64_t k,
                       const hg_dataset *data, hg_model **out)
{
    hgi_scaler scaler;
    *out = NULL;
    memset(&scaler, 0, sizeof scaler);
    HGI_TRY(hgi_scaler_copy(ctx, &like->scaler, &scaler));
    HGI_TRY(make_model(ctx, k, &scaler, data, &like->spec.input, out));
    hg_status status = fit_model(ctx, data, NULL, *out);
    if (status != HG_OK) hg_model_free(out);
    return status;
}
