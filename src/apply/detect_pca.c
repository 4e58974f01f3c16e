// SPDX-License-Identifier: MIT
/* What a linear map would make of the same rows: a detector by PCA with as many numbers as
 * a model's code, with the same scaling and the same kind of score.  A net that does not
 * beat it is not worth its training. */
#include "model/model.h"

/* Held apart, as the default of training is. */
#define CALIBRATE 0.2

static hg_status fit(hg_ctx *ctx, const hg_model *m, const hg_dataset *train,
                     const hg_dataset *calibration, hg_model **out)
{
    hg_status status;
    hg_config *cfg = NULL;
    char code[24];
    /* More components than rows or values there are not. */
    const int64_t most = hgi_min(m->net.inputs, train->rows - 1);
    snprintf(code, sizeof code, "%lld",
             (long long)hgi_max(1, hgi_min(m->net.code_size, most)));
    HGI_GOTO(hg_config_new(ctx, &cfg));
    HGI_GOTO(hg_config_set(cfg, "code", code));
    HGI_GOTO(hg_config_set(cfg, "scale", hgi_scale_name(m->scaler.kind)));
    HGI_GOTO(hg_pca(ctx, cfg, train, NULL, out));
    status = hg_detector_fit(ctx, *out, train, calibration, m->detector.score);
done:
    hg_config_free(&cfg);
    if (status != HG_OK) hg_model_free(out);
    return status;
}

hg_status hg_detector_pca(hg_ctx *ctx, const hg_model *m, const hg_dataset *train,
                          hg_model **out)
{
    hg_detector_info info = {.size = sizeof info};
    hg_dataset *first = NULL, *second = NULL;
    *out = NULL;
    if (m == NULL || train == NULL)
        return hgi_fail(ctx, HG_EINVAL, "a model and rows to fit PCA to are needed");
    HGI_TRY(hg_detector_get_info(ctx, m, &info));
    HGI_TRY(hg_dataset_split(ctx, train, CALIBRATE, m->trained.seed, &first, &second));
    hg_status status = fit(ctx, m, first, second, out);
    hg_dataset_free(&first);
    hg_dataset_free(&second);
    return status;
}
