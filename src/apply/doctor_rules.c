// SPDX-License-Identifier: MIT
/* What can be wrong with a model, how it shows, and what to do: a row of hgi_rules each.
 *
 * Texts are for people who train their first model: what was seen, with its number, then
 * one thing to try, by its option's name.  Thresholds are wide: a warning that is often
 * wrong is soon read no more.  Each says why it stands where it does.                  */
#include "apply/doctor.h"

#include <math.h>
#include <string.h>

static const hgi_layer *last_layer(const hgi_exam *e)
{
    const hgi_net *net = &e->model->net;
    int64_t i = net->count - 1;
    while (net->layer[i].kind->moves && i > net->code + 1) i--;
    return &net->layer[i];
}

/* The activation that outputs have in the end, whoever applies it. */
static hgi_act output_act(const hgi_exam *e)
{
    const hgi_net *net = &e->model->net;
    return net->output_act != HGI_ACT_LINEAR ? net->output_act : last_layer(e)->act;
}

static const hg_epoch *history(const hgi_exam *e, int64_t *n)
{
    *n = e->model->trained.history_count;
    return e->model->trained.history;
}

/* Standard deviations that a column has at the most, in those of the training rows. */
#define FAR 5.0

/* What an epoch is judged by. */
static double judged(const hg_epoch *e)
{
    return isnan(e->val_loss) ? e->loss : e->val_loss;
}

/* What is left is a ten-thousandth of what there was: nobody needs less. */
static bool is_small(const hgi_exam *e) { return e->mse < 1e-4 * e->mean_mse; }

/* PCA was not trained: advice on training is none for it. */
static bool is_fitted(const hgi_exam *e)
{
    int64_t n;
    const hg_epoch *h = history(e, &n);
    return n == 1 && isnan(h[0].lr);
}

static const char *code_kind(const hgi_exam *e)
{
    return e->model->net.layer[e->model->net.code].kind->name;
}

/* Rows in other units or of another kind: what a model does with them says nothing of the
 * model, and advice on its training would be wrong. */
static bool is_foreign(const hgi_exam *e)
{
    bool standard = e->model->scaler.kind == HGI_SCALE_STANDARD;
    return e->apart != HGI_ALIKE || e->outside > 0.2 || e->shift > 3 ||
           (standard && e->mean_mse > FAR * FAR);
}

/* Values that the output's activation can give. */
static void reach(const hgi_exam *e, double *lo, double *hi)
{
    hgi_act act = output_act(e);
    *lo = -HUGE_VAL, *hi = HUGE_VAL;
    if (act == HGI_ACT_SIGMOID) *lo = 0, *hi = 1;
    if (act == HGI_ACT_TANH) *lo = -1, *hi = 1;
    if (act == HGI_ACT_RELU || act == HGI_ACT_SOFTPLUS) *lo = 0;
    /* A hundredth of the range is rounding and rare rows. */
    double room = 0.01 * (e->high - e->low);
    *lo -= room, *hi += room;
}

static bool out_of_reach(const hgi_exam *e)
{
    double lo, hi;
    reach(e, &lo, &hi);
    return e->low < lo || e->high > hi;
}

/* ---- the rows ---------------------------------------------------------------------- */

/* 2 %: less is what any net finds in its first steps. */
static void no_better_than_mean(const hgi_exam *e, char *out, size_t n)
{
    if (!(e->mse > 0.98 * e->mean_mse) || e->mean_mse <= 0) return;
    /* These have a note that says why. */
    if (is_foreign(e) || (hgi_net_draws(&e->model->net) && e->active == 0)) return;
    snprintf(
        out, n,
        "it rebuilds these rows no better than their mean would (squared error %.4g, "
        "the mean's %.4g): train longer, or try another lr, scale or loss",
        e->mse, e->mean_mse);
}

/* A bce model is not trained on squared error, and pays a little for that: 5 %. */
static void pca_is_better(const hgi_exam *e, char *out, size_t n)
{
    const char *kind = code_kind(e);
    bool noisy = e->model->corrupt != NULL;
    if (noisy || !(e->own_mse > 1.05 * e->pca_mse)) return;
    /* A code of few values that are not 0, of bits or of entries says far less than as many
     * numbers of PCA. */
    if (strcmp(kind, "plain") != 0 && strcmp(kind, "variational") != 0) return;
    /* Said already, and worse; and rows that the model may not follow are no match. */
    if (e->mse > 0.98 * e->mean_mse || e->outside > 0.01 || is_small(e)) return;
    if (is_foreign(e) || out_of_reach(e)) return;
    snprintf(out, n,
             "PCA with the same %lld numbers is better (squared error %.4g against "
             "%.4g%s): train longer, %s, or use hourglass pca",
             (long long)e->code, e->pca_mse, e->own_mse,
             e->pca_trained ? "" : ", fitted to half of these rows",
             e->model->spec.encoder_count > 1 ? "try another lr" : "add a hidden layer");
}

/* Ten times the trained-on error is far beyond what a test set costs. */
static void unlike_training(const hgi_exam *e, char *out, size_t n)
{
    int64_t count;
    const hg_epoch *h = history(e, &count);
    bool mse = strcmp(e->model->spec.loss, "mse") == 0;
    if (e->apart != HGI_ALIKE)
        snprintf(out, n, "%s", hgi_apart_text(e->apart));
    else if (e->outside > 0.2)
        snprintf(
            out, n,
            "%.0f %% of these rows have values beyond the range that was trained on: "
            "they are not like the training rows, or in other units",
            100 * e->outside);
    else if (e->shift > 3)
        snprintf(out, n,
                 "column %lld lies %.3g training spreads from its training mean: these "
                 "rows are not like the training rows, or in other units",
                 (long long)e->shift_column + 1, e->shift);
    else if (is_foreign(e))
        snprintf(out, n,
                 "the columns of these rows vary %.3g times as much as those of the "
                 "training rows: they are not like them, or in other units",
                 sqrt(e->mean_mse));
    else if (mse && count > 0 && !is_small(e) && e->mse > 10 * judged(&h[count - 1]))
        snprintf(out, n,
                 "the squared error of these rows, %.4g, is %.3g times that of training: "
                 "they are not like the training rows",
                 e->mse, e->mse / judged(&h[count - 1]));
}

/* ---- the code ---------------------------------------------------------------------- */

static void constant_units(const hgi_exam *e, char *out, size_t n)
{
    if (e->still == 0 || is_fitted(e) || hgi_net_draws(&e->model->net)) return;
    /* One of many is how relu codes are; a tenth is a waste. */
    if (e->still * 10 < e->code || is_foreign(e)) return;
    /* Units that no row keeps are dead, and there is an option against that. */
    if (e->model->net.layer[e->model->net.code].listed > 0)
        snprintf(out, n,
                 "%lld of %lld code units are dead, no row uses them: set auxk 0.03125, "
                 "which revives them, or make the code smaller",
                 (long long)e->still, (long long)e->code);
    else
        snprintf(out, n,
                 "%lld of %lld code values are the same for every row: try a smaller lr "
                 "or penalty, another activation, or a smaller code",
                 (long long)e->still, (long long)e->code);
}

/* Burda et al. 2016: a latent is active when its mean varies by more than 0.01. */
static void collapsed(const hgi_exam *e, char *out, size_t n)
{
    if (!hgi_net_draws(&e->model->net) || e->active >= e->code || is_foreign(e)) return;
    snprintf(out, n,
             "%lld of %lld latents carry nothing (their means do not vary): lower beta, "
             "let the KL term grow slowly, give free bits, or make the code smaller",
             (long long)(e->code - e->active), (long long)e->code);
}

/* Half: then the code is far larger than what it holds. */
static void low_rank(const hgi_exam *e, char *out, size_t n)
{
    if (e->directions < 1 || e->directions * 2 > e->code - e->still) return;
    /* One that has not learnt yet has learnt few directions. */
    if (hgi_net_draws(&e->model->net) || e->own_mse > 1.05 * e->pca_mse) return;
    if (e->mse > 0.98 * e->mean_mse || is_fitted(e) || e->directions >= e->inputs) return;
    if (is_foreign(e)) return;
    /* Sparse, binary and listed codes are wide on purpose. */
    if (strcmp(code_kind(e), "plain") != 0) return;
    snprintf(out, n,
             "the codes use %lld directions of %lld (99 %% of their variance): a code of "
             "%lld would do nearly as well",
             (long long)e->directions, (long long)e->code, (long long)e->directions);
}

/* A code as large as a row can copy it, and a copy has learnt nothing. */
static void identity(const hgi_exam *e, char *out, size_t n)
{
    const hgi_layer *code = &e->model->net.layer[e->model->net.code];
    bool held =
        e->model->corrupt != NULL || code->listed > 0 || hgi_net_draws(&e->model->net);
    if (held || is_fitted(e) || e->code < e->inputs || !(e->mse < 1e-3 * e->mean_mse))
        return;
    snprintf(out, n,
             "it copies: the code has %lld values for %lld and the error is nearly 0; a "
             "smaller code, noise (corrupt) or sparsity (l1, topk) makes it learn",
             (long long)e->code, (long long)e->inputs);
}

/* ---- the output -------------------------------------------------------------------- */

static void saturated(const hgi_exam *e, char *out, size_t n)
{
    if (!(e->saturated > 0.5 && e->saturated > e->edge + 0.25) || is_foreign(e)) return;
    snprintf(out, n,
             "%.0f %% of the outputs are stuck at 0 or 1, of the rows only %.0f %% are: "
             "try a smaller lr, or scale minmax",
             100 * e->saturated, 100 * e->edge);
}

static void output_range(const hgi_exam *e, char *out, size_t n)
{
    if (!out_of_reach(e) || is_foreign(e)) return;
    snprintf(out, n,
             "the output's %s cannot reach the rows, which lie in %.3g to %.3g once "
             "scaled: set output-activation linear, or scale minmax",
             hgi_act_words[output_act(e)], e->low, e->high);
}

/* ---- the run ----------------------------------------------------------------------- */

/* The best epoch lies in the first two thirds, and 2 % were lost since. */
static void overfitting(const hgi_exam *e, char *out, size_t n)
{
    int64_t count, best = 0;
    const hg_epoch *h = history(e, &count);
    if (count < 6 || e->model->trained.best_epoch > 0) return;
    for (int64_t i = 0; i < count; i++) {
        if (isnan(h[i].val_loss)) return;
        if (h[i].val_loss < h[best].val_loss) best = i;
    }
    if (best * 3 > count * 2 || h[count - 1].loss >= h[best].loss) return;
    if (!(h[count - 1].val_loss > h[best].val_loss + 0.02 * fabs(h[best].val_loss)))
        return;
    snprintf(
        out, n,
        "it learns the training rows by heart: val_loss was lowest in epoch %lld and "
        "rose from %.4g to %.4g since; use early-stop, dropout, weight-decay or more "
        "rows",
        (long long)h[best].epoch, h[best].val_loss, h[count - 1].val_loss);
}

/* The lowest of epochs first .. last. */
static double lowest(const hg_epoch *h, int64_t first, int64_t last)
{
    double low = judged(&h[first]);
    for (int64_t i = first + 1; i <= last; i++) low = fmin(low, judged(&h[i]));
    return low;
}

/* Half as many epochs again would still gain: the last fifth of them took 2 % off the best
 * before.  Single epochs go up and down, and over-fitting is no gain.  A detector is judged
 * by its scores, and its preset sets the steps that these take. */
static void improving(const hgi_exam *e, char *out, size_t n)
{
    int64_t count;
    const hg_epoch *h = history(e, &count);
    if (count < 5 || is_small(e) || e->model->detector.score != NULL) return;
    const int64_t then = count - 1 - hgi_max(1, count / 5);
    const double before = lowest(h, 0, then);
    const double gain = before - lowest(h, then + 1, count - 1);
    if (!(gain > 0.02 * fabs(before))) return;
    snprintf(out, n,
             "it was still improving when it ended (%.1f %% in the last %lld epochs): "
             "train longer",
             100 * gain / fabs(before), (long long)(h[count - 1].epoch - h[then].epoch));
}

const hgi_rule hgi_rules[] = {
    {"no-better-than-mean", "the columns' means would do as well", no_better_than_mean},
    {"unlike-training", "the rows differ from those of training", unlike_training},
    {"output-range", "the output's activation cannot reach the rows", output_range},
    {"pca-is-better", "PCA with the same code size has less error", pca_is_better},
    {"over-fitting", "val_loss rises while the loss falls", overfitting},
    {"still-improving", "the loss was falling when training ended", improving},
    {"identity", "an overcomplete code that copies", identity},
    {"collapsed-latents", "latents of a variational code that carry nothing", collapsed},
    {"constant-units", "code values that never change", constant_units},
    {"low-rank", "codes that use few of their directions", low_rank},
    {"saturated-outputs", "outputs stuck at 0 or 1", saturated},
    {NULL, NULL, NULL},
};
