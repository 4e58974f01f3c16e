// SPDX-License-Identifier: MIT
/* What can be wrong with a model, how it shows, and what to do: a row of hgi_rules each.
 *
 * Texts are for people who train their first model: what was seen, with its number, then
 * one thing to try, by its option's name.  Thresholds are wide: a warning that is often
 * wrong is soon read no more.  Each says why it stands where it does.                  */
#include "apply/doctor.h"

#include "model/objective.h"

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

/* Fewer go up and down, and nobody takes them for all that there is to learn. */
#define FEW_EPOCHS 5

/* Standard deviations that a column has at the most, in those of the training rows. */
#define FAR 5.0

/* What an epoch is judged by. */
static double judged(const hg_epoch *e)
{
    return isnan(e->val_loss) ? e->loss : e->val_loss;
}

/* The epoch whose weights the model has. */
static const hg_epoch *last_epoch(const hgi_exam *e)
{
    int64_t n, best = e->model->trained.best_epoch;
    const hg_epoch *h = history(e, &n);
    for (int64_t i = 0; i < n && best > 0; i++)
        if (h[i].epoch == best) return &h[i];
    return n > 0 ? &h[n - 1] : NULL;
}

/* A value's loss in training, of validation rows if there were any; NaN: not known.  A
 * gaussian's is in squared errors: with its sigma learnt that is what sigma is. */
static double trained_loss(const hgi_exam *e)
{
    const hg_epoch *h = last_epoch(e);
    const hgi_net *net = &e->model->net;
    if (h == NULL) return (double)NAN;
    double loss = h->recon + (isnan(h->val_loss) ? 0 : fmax(h->val_loss - h->loss, 0));
    if (hgi_net_draws(net)) loss /= (double)e->inputs;
    if (!net->loss->has_sigma) return loss;
    const double sigma = hgi_net_sigma(net, e->model->theta), square = sigma * sigma;
    if (net->sigma != NULL) return square;
    return 2 * square * (loss - log(sigma) - 0.5 * log(2 * 3.14159265358979323846));
}

/* How many times as large as in training is the error?  Of bce what lies above its floor,
 * which differs from rows to rows, is held against all of training's: less than it is. */
static double times_trained(const hgi_exam *e)
{
    double trained = trained_loss(e), times = (e->loss - e->floor) / trained;
    return isfinite(times) && trained > 0 ? times : 0;
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

/* Far beyond what a test set costs, and rows that were learnt by heart: ten times the
 * squared error, which is three to four times the error itself, and of what counts all of
 * bce in training, floor and all, four times.  A model that had learnt, and does next to
 * nothing for these rows, needs less to be told apart from one that has not learnt yet:
 * that one does as badly in training. */
static bool is_far(const hgi_exam *e)
{
    const char *loss = e->model->spec.loss;
    bool single = strcmp(loss, "mae") == 0 || strcmp(loss, "bce") == 0;
    bool useless = e->mse > 0.9 * e->mean_mse;
    double most = single ? (useless ? 1.5 : 4) : (useless ? 2.5 : 10);
    return !is_small(e) && times_trained(e) > most;
}

/* Rows in other units or of another kind, or all the same: what a model does with them says
 * nothing of the model, and advice on its training would be wrong. */
static bool is_foreign(const hgi_exam *e)
{
    if (e->constant) return true;
    bool standard = hgi_scaler_standard(&e->model->scaler);
    return e->apart != HGI_ALIKE || e->outside > 0.2 || e->shift > 3 ||
           (standard && e->mean_mse > FAR * FAR) || is_far(e);
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

/* The lowest val_loss is a fifth of the run ago, or the run was stopped for that: more
 * epochs would not help. */
static bool is_stalled(const hgi_exam *e)
{
    int64_t n, best = 0;
    const hg_epoch *h = history(e, &n);
    if (n < 5 || isnan(h[n - 1].val_loss)) return false;
    for (int64_t i = 1; i < n; i++)
        if (h[i].val_loss < h[best].val_loss) best = i;
    return n - 1 - best >= hgi_max(3, n / 5);
}

/* The lowest of epochs first .. last. */
static double lowest(const hg_epoch *h, int64_t first, int64_t last)
{
    double low = judged(&h[first]);
    for (int64_t i = first + 1; i <= last; i++) low = fmin(low, judged(&h[i]));
    return low;
}

/* How many epochs the last fifth of them is. */
static int64_t last_fifth(int64_t epochs) { return hgi_max(1, epochs / 5); }

double hgi_late_gain(const hg_model *m, int64_t least)
{
    const int64_t n = m->trained.history_count, then = n - 1 - last_fifth(n);
    const hg_epoch *h = m->trained.history;
    if (n < least || then < 0) return 0;
    const double before = lowest(h, 0, then);
    return (before - lowest(h, then + 1, n - 1)) / fabs(before);
}

/* What else to try with a model that rebuilds badly, in front of another way. */
static const char *advice(const hgi_exam *e)
{
    bool improving = hgi_late_gain(e->model, FEW_EPOCHS) > 0.02;
    /* Its layers are not what holds it: draws and their price are. */
    if (hgi_net_draws(&e->model->net)) {
        if (strstr(e->model->spec.code, "capacity") != NULL)
            return "lower beta or raise capacity, because the KL term takes its share";
        return improving ? "train longer, or lower beta, whose KL term takes its share"
                         : "lower beta, whose KL term takes its share";
    }
    if (is_stalled(e))
        return "val_loss has stopped falling, so try more rows, dropout or weight-decay";
    return e->model->spec.encoder_count > 1 ? "train longer, try another lr"
                                            : "train longer, add a hidden layer";
}

/* ---- the rows ---------------------------------------------------------------------- */

/* 2 %: less is what any net finds in its first steps. */
static void no_better_than_mean(const hgi_exam *e, char *out, size_t n)
{
    if (!(e->mse > 0.98 * e->mean_mse) || e->mean_mse <= 0) return;
    /* These have a note that says why. */
    if (is_foreign(e) || (hgi_net_draws(&e->model->net) && e->active == 0)) return;
    bool draws = hgi_net_draws(&e->model->net), stalled = is_stalled(e);
    bool improving = hgi_late_gain(e->model, 2) > 0.02;
    snprintf(
        out, n,
        "it rebuilds these rows no better than their mean would (squared error %.4g, "
        "the mean's %.4g): %s",
        e->mse, e->mean_mse,
        draws && improving
            ? "train longer, or lower beta, whose KL term may outweigh the rows"
        : draws   ? "lower beta, whose KL term may outweigh the rows, or train longer"
        : stalled ? "try another lr, scale or loss, or more rows"
                  : "train longer, or try another lr, scale or loss");
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
             "%.4g%s): %s, or use hourglass pca",
             (long long)e->code, e->pca_mse, e->own_mse,
             e->pca_trained ? "" : ", fitted to half of these rows", advice(e));
}

static void unlike_training(const hgi_exam *e, char *out, size_t n)
{
    const bool standard = hgi_scaler_standard(&e->model->scaler);
    const hg_epoch *h = last_epoch(e);
    /* Where nobody looked at other rows in training both look the same. */
    const bool by_heart = h != NULL && isnan(h->val_loss) && times_trained(e) < 20;
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
    else if (standard && e->mean_mse > FAR * FAR)
        snprintf(out, n,
                 "the columns of these rows vary %.3g times as much as those of the "
                 "training rows: they are not like them, or in other units",
                 sqrt(e->mean_mse));
    else if (is_far(e))
        snprintf(out, n,
                 "the %s of these rows, %.4g%s, is %.3g times that of training: they are "
                 "not like the training rows%s",
                 e->model->net.loss->has_sigma ? "squared error" : e->model->spec.loss,
                 e->loss - e->floor, e->floor > 0 ? " above its floor" : "",
                 times_trained(e), by_heart ? ", or it knows those by heart" : "");
}

static void constant_data(const hgi_exam *e, char *out, size_t n)
{
    if (!e->constant) return;
    snprintf(out, n,
             "all of these rows are the same: there is nothing to learn from them, and "
             "nothing to judge a model by");
}

/* ---- the code ---------------------------------------------------------------------- */

/* Units that no row keeps are dead: what is not yet set against that, best first. */
static void dead_units(const hgi_exam *e, char *out, size_t n)
{
    const hgi_net *net = &e->model->net;
    const hgi_wide *w = &net->layer[net->code].wide;
    const bool one = net->count == net->code + 2;
    const bool revivable = one && (net->loss->kind == HGI_LOSS_MSE ||
                                   net->loss->kind == HGI_LOSS_BCE_LOGITS);
    const char *what = "make k larger or the code smaller";
    if (w->no_mirror && one && net->code == 0)
        what = "leave no-mirror out, so that each starts looking for what it paints";
    else if (revivable && w->aux == 0)
        what = "set auxk 0.03125, and dead-after to the steps of an epoch, which revives "
               "them";
    else if (revivable)
        what =
            "set a smaller dead-after or a larger auxk, train longer, or make the code "
            "smaller";
    snprintf(out, n, "%lld of %lld code units are dead, no row uses them: %s",
             (long long)e->still, (long long)e->code, what);
}

static void constant_units(const hgi_exam *e, char *out, size_t n)
{
    if (e->still == 0 || is_fitted(e) || hgi_net_draws(&e->model->net)) return;
    /* One of many is how relu codes are; a tenth is a waste. */
    if (e->still * 10 < e->code || is_foreign(e)) return;
    if (e->model->net.layer[e->model->net.code].listed > 0)
        dead_units(e, out, n);
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

/* Half as many epochs again would still gain: the last fifth of them took 2 % off the best
 * before.  Single epochs go up and down, and over-fitting is no gain.  A detector is judged
 * by its scores, and its preset sets the steps that these take. */
static void improving(const hgi_exam *e, char *out, size_t n)
{
    int64_t count;
    const hg_epoch *h = history(e, &count);
    if (is_small(e) || e->model->detector.score != NULL || is_foreign(e)) return;
    const double gain = hgi_late_gain(e->model, FEW_EPOCHS);
    if (!(gain > 0.02)) return;
    char epochs[40] = "epoch";
    const int64_t last = h[count - 1].epoch - h[count - 1 - last_fifth(count)].epoch;
    if (last > 1) snprintf(epochs, sizeof epochs, "%lld epochs", (long long)last);
    snprintf(
        out, n,
        "it was still improving when it ended (%.1f %% in the last %s): train longer",
        100 * gain, epochs);
}

const hgi_rule hgi_rules[] = {
    {"no-better-than-mean", "the columns' means would do as well", no_better_than_mean},
    {"constant-data", "the rows are all the same", constant_data},
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
