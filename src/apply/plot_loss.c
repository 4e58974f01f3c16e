// SPDX-License-Identifier: MIT
/* The loss curve, from the history of a run; and the list of plots. */
#include "apply/plot.h"
#include "report/report.h"

#include <math.h>

const hgi_plot_row hgi_plot_rows[] = {
    {"loss", "training and validation loss by epoch"},
    {"grid", "originals over reconstructions"},
    {"filters",
     "weights of code units (decoder) or first hidden units (encoder) as images"},
    {"latent", "codes as points in a plane, coloured by label"},
    {"manifold", "what the plane of a code of two values decodes to"},
    {"traversal", "a row with one value of its code changed at a time"},
    {"roc", "a detector's false alarms and what it finds, by labels"},
    {"pr", "a detector's precision over recall, by labels"},
    {"scores", "scores of normal and anomalous rows, and the threshold"},
    {"series", "scores of a series over time, and the spans that are anomalies"},
    {NULL, NULL},
};

hg_status hgi_plot_options(hg_ctx *ctx, const hg_plot_options *options,
                           hg_plot_options *out)
{
    *out = (hg_plot_options){.size = sizeof *out};
    if (options == NULL) return HG_OK;
    if (options->size != sizeof *options)
        return hgi_fail(ctx, HG_EINVAL, "plot options: size is not set");
    *out = *options;
    return HG_OK;
}

/* The epoch with the lowest validation loss, or training loss when there is no other. */
static int64_t best_epoch(const double *loss, const double *valid, int64_t n)
{
    int64_t best = -1;
    const double *y = valid;
    for (int pass = 0; pass < 2 && best < 0; pass++, y = loss)
        for (int64_t i = 0; i < n; i++)
            if (isfinite(y[i]) && (best < 0 || y[i] < y[best])) best = i;
    return best;
}

hg_status hg_plot_loss(hg_ctx *ctx, const hg_epoch *epochs, int64_t n, const char *path,
                       const hg_plot_options *options)
{
    hg_plot_options o;
    HGI_TRY(hgi_plot_options(ctx, options, &o));
    if (epochs == NULL || n < 1)
        return hgi_fail(ctx, HG_EINVAL, "%s: no epochs to draw", path);
    /* A caller compiled against another header would be misread. */
    if (epochs[0].size != sizeof *epochs)
        return hgi_fail(ctx, HG_EINVAL, "hg_plot_loss: epochs->size is not set");
    double *x = hgi_calloc(&ctx->mem, (size_t)n * 3, sizeof *x);
    if (x == NULL) return hgi_fail_mem(ctx, (size_t)n * 3 * sizeof *x, "a curve");
    double *loss = x + n, *valid = loss + n;
    bool any_valid = false, penalty = false;
    for (int64_t i = 0; i < n; i++) {
        x[i] = (double)epochs[i].epoch;
        loss[i] = epochs[i].loss;
        valid[i] = epochs[i].val_loss;
        any_valid = any_valid || isfinite(valid[i]);
        penalty = penalty || epochs[i].penalty > 0;
    }
    const hgi_series series[2] = {{"training", loss}, {"validation", valid}};
    int64_t mark = best_epoch(loss, valid, n);
    char label[64] = "";
    if (mark >= 0)
        snprintf(label, sizeof label, "best: epoch %lld", (long long)epochs[mark].epoch);
    char axis[96];
    snprintf(axis, sizeof axis, "loss (%.40s%smean over features%s)",
             o.loss != NULL ? o.loss : "", o.loss != NULL ? ", " : "",
             penalty ? ", with penalty" : "");
    hgi_chart c = {
        .title = o.title != NULL ? o.title : "Loss by epoch",
        .x_label = "epoch",
        .y_label = axis,
        .x = x,
        .n = n,
        .series = series,
        .series_count = any_valid ? 2 : 1,
        .mark = mark,
        .mark_label = label,
        .width = o.width,
        .dark = o.dark != 0,
    };
    /* 0 stays 0: the chart then chooses both. */
    c.height = o.width * 5 / 8;
    hg_status status = hgi_chart_draw(ctx, &c, path);
    hgi_free(&ctx->mem, x);
    return status;
}
