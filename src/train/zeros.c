// SPDX-License-Identifier: MIT
/* Rows that are mostly zeros: the first layer then multiplies only by what is not 0.
 *
 * Skipping costs an index and a broken stride for each value, about as much as two dense
 * multiply-adds of a panel; measured, lists win below 45 % on AVX2 and AVX-512, and a
 * third leaves a margin.  The choice is made from the data alone, once, so that it is
 * the same in every run; it changes no bit of the result (see simd/sparse.h).  Products
 * in bf16 take rows whole: they are twice as fast and more, and know no lists.
 */
#include "train/trainer.h"

enum { SAMPLE_ROWS = 256, WIDEST = 1 << 20 };
static const double SPARSE_SHARE = 1.0 / 3.0; /* of values that are not 0 */

/* Share of values that are not 0 as the net sees them: scaled, and corrupted (noise makes
 * rows dense, masking makes them sparser), in rows spread over the data. */
static hg_status share_of_nonzeros(hgi_trainer *t, double *share)
{
    int64_t d = t->m->net.inputs, rows = hgi_min(SAMPLE_ROWS, t->train->rows),
            nonzero = 0;
    const hgi_range range = {.check = false};
    hgi_real *x = hgi_workspace_view(&t->w, 0, 0)->input; /* not in use yet */
    for (int64_t i = 0; i < rows; i++) {
        int64_t row = i * t->train->rows / rows;
        bool held = t->train->held != NULL;
        if (held) HGI_TRY(hgi_rows_gather(t->ctx, &t->fetch, &row, 1));
        hgi_batch_fill(t->k, held ? t->fetch.rows : t->train, &t->m->scaler, &range, NULL,
                       held ? 0 : row, 1, t->row_scratch, x, NULL);
        if (t->corrupt != NULL) {
            hgi_rng rng = hgi_corrupt_rng(t->corrupt, t->m->trained.seed, false, 0);
            hgi_corrupt_rows(t->corrupt, t->k, &rng, &row, 0, 1, d, x, x);
        }
        for (int64_t c = 0; c < d; c++) nonzero += x[c] < 0 || x[c] > 0;
    }
    *share = (double)nonzero / ((double)rows * (double)d);
    return HG_OK;
}

hg_status hgi_zeros_plan(hgi_trainer *t)
{
    int64_t d = t->m->net.inputs, tiles = hgi_ceil_div(d, HGI_SPARSE_TILE);
    double share;
    if (d > WIDEST || t->k->bf16 != 0) return HG_OK;
    HGI_TRY(share_of_nonzeros(t, &share));
    if (share > SPARSE_SHARE) return HG_OK;
    hgi_sparse *z = &t->zeros;
    z->ld_index = hgi_ceil_div(d, 16) * 16;
    z->ld_start = tiles + 1;
    size_t rows = (size_t)t->batch, count;
    if (!hgi_mul_size(rows, (size_t)z->ld_index, &count)) return HG_OK;
    z->index = hgi_calloc(&t->ctx->mem, count, sizeof *z->index);
    z->start = hgi_calloc(&t->ctx->mem, rows * (size_t)z->ld_start, sizeof *z->start);
    if (z->index == NULL || z->start == NULL)
        return hgi_fail_mem(t->ctx, count * sizeof *z->index, "lists of nonzeros");
    t->w.pass.sparse = z;
    return HG_OK;
}
