// SPDX-License-Identifier: MIT
/* What the doctor, the probe and plots of codes share: see beside.h. */
#include "apply/beside.h"

void hgi_to_scale(const hgi_scaler *s, int64_t n, float *x)
{
    for (int64_t r = 0; r < n; r++)
        for (int64_t c = 0; c < s->features; c++, x++)
            *x = (float)hgi_scale_value(s, c, (double)*x);
}

hg_status hgi_pca_beside(hg_ctx *ctx, const float *x, int64_t n, int64_t d, int64_t step,
                         int64_t k, hg_model **out)
{
    hg_status status = HG_OK;
    char code[24];
    hg_config *cfg = NULL;
    hg_dataset *rows = NULL;
    hg_view v = {.size = sizeof v,
                 .data = x,
                 .rows = n,
                 .rank = 1,
                 .shape = {d},
                 .row_stride = step * d * (int64_t)sizeof *x};
    snprintf(code, sizeof code, "%lld", (long long)k);
    HGI_GOTO(hg_config_new(ctx, &cfg));
    HGI_GOTO(hg_config_set(cfg, "code", code));
    HGI_GOTO(hg_config_set(cfg, "scale", "none")); /* they are scaled */
    HGI_GOTO(hg_dataset_view(ctx, &v, &rows));
    HGI_GOTO(hg_pca(ctx, cfg, rows, NULL, out));
done:
    hg_config_free(&cfg);
    hg_dataset_free(&rows);
    return status;
}

hg_status hgi_check_labels(hg_ctx *ctx, const hg_dataset *labels, const hg_dataset *data)
{
    if (labels->features != 1)
        return hgi_fail(ctx, HG_ESHAPE,
                        "%s: %lld values a row, expected labels: one value a row",
                        labels->name, (long long)labels->features);
    if (labels->rows != data->rows)
        return hgi_fail(ctx, HG_ESHAPE, "%s: %lld labels for %lld rows of %s",
                        labels->name, (long long)labels->rows, (long long)data->rows,
                        data->name);
    return HG_OK;
}
