// SPDX-License-Identifier: MIT
/* The history of a run in a container: F64 [epochs, 6], in model files and checkpoints.
 * Columns: epoch, loss, recon, penalty, val_loss, lr; NaN where not measured. */
#include "model/container.h"
#include "model/model.h"

#include <string.h>

enum { COLUMNS = 6 };

hg_status hgi_history_put(hg_ctx *ctx, const hg_model *m, hgi_container *c, double **keep)
{
    const hgi_trained *t = &m->trained;
    *keep = NULL;
    if (t->history_count == 0) return HG_OK;
    double *h = hgi_calloc(&ctx->mem, (size_t)t->history_count * COLUMNS, sizeof *h);
    if (h == NULL) return hgi_fail_mem(ctx, 64, "the history");
    *keep = h;
    for (int64_t i = 0; i < t->history_count; i++) {
        const hg_epoch *e = &t->history[i];
        const double row[COLUMNS] = {(double)e->epoch, e->loss,     e->recon,
                                     e->penalty,       e->val_loss, e->lr};
        memcpy(h + i * COLUMNS, row, sizeof row);
    }
    return hgi_container_put(c, "history", HGI_DT_F64, 2,
                             (int64_t[]){t->history_count, COLUMNS}, h);
}

hg_status hgi_history_get(hg_ctx *ctx, const hgi_container *c, hg_model *m)
{
    const hgi_entry *e = hgi_container_get(c, "history");
    const char *path = hgi_container_path(c);
    if (e == NULL) return HG_OK;
    if (e->dtype != HGI_DT_F64 || e->rank != 2 || e->shape[1] != COLUMNS)
        return hgi_fail(ctx, HG_EFORMAT, "%s: tensor 'history' is not F64 [n,%d]", path,
                        COLUMNS);
    const double *row = e->data;
    for (int64_t i = 0; i < e->shape[0]; i++, row += COLUMNS) {
        if (!(row[0] >= 0 && row[0] < 1e15))
            return hgi_fail(ctx, HG_EFORMAT,
                            "%s: tensor 'history': row %lld has no epoch", path,
                            (long long)i + 1);
        hg_epoch epoch = {sizeof epoch, (int64_t)row[0], row[1], row[2],
                          row[3],       row[4],          row[5]};
        HGI_TRY(hgi_model_add_epoch(ctx, m, &epoch));
    }
    return HG_OK;
}
