// SPDX-License-Identifier: MIT
/* hg_session: one row after another, where the time around the arithmetic counts.
 *
 * A small net is done in a fraction of a microsecond, less than a lock, a wake-up or a
 * block of memory takes.  So everything is made ready at the start (buffers, packed
 * weights), and a call is a loop over layers in the caller's own thread.  Layers run the
 * same functions as everywhere, so a row comes out with the same bits. */
#include "apply/session.h"

#include "apply/gaps.h"

#include "base/team.h"
#include "data/expand.h"
#include "model/objective.h"
#include "model/table.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

static hg_status fail(hg_session *s, hg_status status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static hg_status fail(hg_session *s, hg_status status, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(s->message, sizeof s->message, fmt, args);
    va_end(args);
    return status;
}

enum { SMALL_ROWS = 4800 }; /* whose errors stay in the second-level cache */
enum { MOST_THREADS = 64, TOGETHER_FLOPS = 500000 }; /* some 5 microseconds of one */
enum { MOST_AHEAD = 512 }; /* lines of the caller's rows, 32 KiB */

/* ---- a chunk of rows --------------------------------------------------------------- */

typedef enum mode { ENCODE, DECODE, RECONSTRUCT, ERROR, SCORE } session_mode;

/* What a call is about; `at` counts the rows that are done. */
typedef struct call {
    hg_session *s;
    session_mode mode;
    const float *in;
    float *out;
    double *error;
    int64_t n, at;
    hg_status status;
} session_call;

/* The first value that is not finite, or n: exponents of all ones. */
static int64_t first_bad(int64_t n, const float *x)
{
    uint32_t any = 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        any |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    if (!any) return n;
    for (int64_t i = 0; i < n; i++)
        if (!isfinite(x[i])) return i;
    return n;
}

/* Of the first value in n rows that is not finite, if there is one. */
static hg_status find_bad(const session_call *c, int64_t n, int64_t wide)
{
    const float *from = c->in + c->at * wide;
    int64_t bad = first_bad(n * wide, from);
    if (bad == n * wide) return HG_OK;
    return fail(c->s, HG_ENONFINITE, "row %lld, column %lld: %g, expected finite values",
                (long long)(c->at + bad / wide) + 1, (long long)(bad % wide) + 1,
                (double)from[bad]);
}

/* Values of a row on the caller's side. */
static int64_t row_values(const hg_session *s, session_mode side)
{
    const hg_model *m = s->model;
    return side == ENCODE ? m->net.code_size : hgi_model_raw(m);
}

static int64_t in_values(const session_call *c)
{
    return row_values(c->s, c->mode == DECODE ? ENCODE : DECODE);
}

/* Rows of a table, in which NaN is a missing value. */
static hg_status take_table(session_call *c, int64_t n, hgi_real *to)
{
    hg_session *s = c->s;
    const hgi_scaler *scaler = &s->model->scaler;
    int64_t wide = in_values(c);
    const float *from = c->in + c->at * wide;
    for (int64_t i = 0; i < n * wide; i++)
        if (isinf(from[i]))
            return fail(
                s, HG_ENONFINITE,
                "row %lld, column %lld: infinite, expected a finite value, or NaN "
                "for none",
                (long long)(c->at + i / wide) + 1, (long long)(i % wide) + 1);
    for (int64_t r = 0; r < n; r++)
        hgi_expand(scaler, from + r * wide, s->target + r * scaler->features);
    hgi_expand_input(scaler, n, s->target, to);
    return HG_OK;
}

/* The first row that is not to be gone on with is told of: not finite before outside. */
static hg_status take_rows(session_call *c, int64_t n, hgi_real *to)
{
    hg_session *s = c->s;
    const hgi_net *net = &s->model->net;
    bool finite = true, outside;
    int64_t wide = in_values(c), refused = n;
    const float *from = c->in + c->at * wide;
    if (c->mode != DECODE && net->schema != NULL) return take_table(c, n, to);
    if (c->mode == DECODE) {
        for (int64_t i = 0; i < n * wide; i++) to[i] = from[i];
        return find_bad(c, n, wide);
    }
    int64_t clipped = 0;
    for (int64_t r = 0; r < n; r++) {
        finite &= hgi_batch_row(s->ws.pass.k, &s->model->scaler, &s->range,
                                from + r * wide, to + r * wide, &outside);
        clipped += outside;
        if (outside && !s->range.clip) refused = hgi_min(refused, r);
    }
    if (!finite) HGI_TRY(find_bad(c, n, wide));
    if (refused < n && s->model->net.loss->counts)
        return fail(s, HG_ERANGE,
                    "row %lld: a value is below 0, but loss multinomial takes counts",
                    (long long)(c->at + refused) + 1);
    if (refused < n)
        return fail(s, HG_ERANGE,
                    "row %lld: a value is outside the range the model was trained "
                    "on, and the model refuses such rows",
                    (long long)(c->at + refused) + 1);
    s->clipped += clipped;
    return HG_OK;
}

/* Means over what is there, of columns for the loss and of features for squares, times what
 * finish_errors() divides by. */
static void measure_table(session_call *c, int64_t n, const hgi_real *y)
{
    const hg_session *s = c->s;
    const hgi_net *net = &s->model->net;
    const int64_t d = net->inputs;
    for (int64_t r = 0; r < n; r++) {
        const hgi_real *t = s->target + r * d, *yr = y + r * d;
        double *error = c->error + c->at + r, sum = 0;
        int64_t known = 0;
        for (int64_t i = 0; i < d; i++) {
            if (isnan(t[i])) continue;
            double e = (double)yr[i] - (double)t[i];
            sum += e * e;
            known++;
        }
        *error = known > 0 ? sum / (double)known * (double)d : 0;
        if (!s->own_loss) continue;
        hgi_table_loss(net, 1, 1, yr, t, 0, NULL, &sum);
        known = 0;
        for (int64_t i = 0; i < net->schema->columns; i++) {
            const hgi_schema_column *column = &net->schema->column[i];
            known += isnan(t[column->first]) ? 0 : net->loss->grouped ? 1 : column->count;
        }
        *error = known > 0 ? sum / (double)known * net->recon_divisor : 0;
    }
}

static void measure(session_call *c, int64_t n, const hgi_real *y)
{
    const hg_session *s = c->s;
    const hgi_net *net = &s->model->net;
    int64_t d = net->inputs;
    if (net->schema != NULL) {
        measure_table(c, n, y);
        return;
    }
    if (!s->own_loss) {
        s->ws.pass.k->loss(HGI_LOSS_MSE, 0, 1, n, d, y, d, s->ws.input, d, NULL, d,
                           c->error + c->at);
        return;
    }
    hgi_loss_call call = hgi_net_loss(net, &s->ws.pass, n, y, s->ws.input);
    hgi_net_loss_rows(net, &call, c->error + c->at);
}

/* Sums become means; the first that is not finite, or n. */
static int64_t finish_errors(session_call *c, int64_t n)
{
    const hgi_net *net = &c->s->model->net;
    double by = c->s->own_loss ? net->recon_divisor : (double)net->inputs, any = 0;
    double *error = c->error + c->at;
    for (int64_t r = 0; r < n; r++) {
        error[r] /= by;
        any += error[r] * 0;
    }
    if (any == 0) return n;
    int64_t bad = 0;
    while (isfinite(error[bad])) bad++;
    return bad;
}

/* Of n rows: y, or in c->error the sums. */
static hg_status give_rows(session_call *c, int64_t n, const hgi_real *y)
{
    hg_session *s = c->s;
    int64_t wide = row_values(s, c->mode), bad;
    float *out = c->out != NULL ? c->out + c->at * wide : NULL;
    if (c->mode == ERROR) {
        bad = finish_errors(c, n);
    } else if (c->mode == ENCODE) {
        for (int64_t i = 0; i < n * wide; i++) out[i] = (float)y[i];
        bad = first_bad(n * wide, out) / wide;
    } else {
        hgi_scaler_undo(&s->model->scaler, n, y, out);
        bad = first_bad(n * wide, out) / wide;
    }
    if (bad == n) return HG_OK;
    return fail(s, HG_ENONFINITE, "row %lld: its %s is beyond 32-bit floats (3.4e38)",
                (long long)(c->at + bad) + 1, c->mode == ENCODE ? "code" : "result");
}

/* A chunk of a small net is done before memory has answered: what the next one reads is
 * asked for meanwhile, in parts behind the layers, because a core waits for some twenty
 * lines at a time.  Longer rows are found by the hardware's prefetcher. */
static int64_t lines_ahead(const session_call *c, int64_t n, int64_t wide)
{
    int64_t rows = hgi_min(n, c->n - c->at - n);
    int64_t lines = hgi_ceil_div(rows * wide * (int64_t)sizeof *c->in, HGI_ALIGN);
    return lines <= MOST_AHEAD ? lines : 0;
}

static void ask_ahead(const float *next, int64_t lines, int64_t part, int64_t parts)
{
    const char *from = (const char *)next;
    for (int64_t i = lines * part / parts; i < lines * (part + 1) / parts; i++)
        __builtin_prefetch(from + i * HGI_ALIGN);
}

static void run_stage(void *arg, int64_t item, int worker)
{
    const hgi_session_stage *a = arg;
    for (int64_t i = a->first; i < a->last; i++)
        hgi_own_forward(a->s, i, a->rows, item, a->items, worker);
}

/* Layers [first, last) on n rows as stages of the session's threads: those that are not
 * cut, one after the other, are one stage. */
static void run_together(hg_session *s, int64_t first, int64_t last, int64_t n)
{
    int64_t count = 0;
    for (int64_t i = first; i < last; i++) {
        int64_t items = hgi_own_items(s, i);
        hgi_session_stage *a = &s->stage_arg[count];
        if (items == 1 && count > 0 && a[-1].items == 1) {
            a[-1].last = i + 1;
            continue;
        }
        *a = (hgi_session_stage){s, i, i + 1, n, items};
        s->stage[count++] = (hgi_stage){run_stage, a, items};
    }
    hgi_team_run(s->team, s->stage, count);
}

/* n rows layer by layer. */
static void run_layers(session_call *c, int64_t n)
{
    hg_session *s = c->s;
    const hgi_net *net = &s->model->net;
    int64_t first = c->mode == DECODE ? net->code + 1 : 0;
    int64_t last = c->mode == ENCODE ? net->code + 1 : net->count;
    int64_t wide = in_values(c);
    s->ws.pass.n = n;
    s->ws.pass.first = c->at;
    if (s->ws.pass.samples > 1) hgi_pass_ready(&s->ws);
    c->status = take_rows(c, n, s->ws.pass.slot[first].x);
    if (c->status != HG_OK) return;
    if (s->team != NULL) {
        run_together(s, first, last, n);
    } else {
        const float *next = c->in + (c->at + n) * wide;
        int64_t lines = lines_ahead(c, n, wide);
        for (int64_t i = first; i < last; i++) {
            if (s->own != NULL)
                hgi_own_forward(s, i, n, 0, 1, 0);
            else if (s->ws.pass.samples > 1)
                hgi_layer_forward(net, &s->ws.pass, i, 0, n, 0);
            else
                net->layer[i].kind->forward(&net->layer[i], &s->ws.pass, 0, n, 0);
            if (lines > 0) ask_ahead(next, lines, i - first, last - first);
        }
    }
    hgi_real *y = s->ws.pass.slot[last - 1].y;
    bool logits = c->mode == ERROR && s->own_loss;
    int64_t each = hgi_max(1, s->ws.pass.samples);
    if (c->mode != ENCODE && !logits)
        hgi_predict(net, s->ws.pass.k, n, each, c->mode == DECODE ? NULL : s->ws.input,
                    y);
    if (c->mode == ERROR) measure(c, n, y);
    if (c->mode == SCORE)
        hgi_session_score_rows(s, n, y, c->error + c->at);
    else
        c->status = give_rows(c, n, y);
}

/* As many of n rows as a small net does at once; what it leaves has something to be told
 * of, or to be clipped. */
static int64_t run_small(session_call *c, int64_t n)
{
    hg_session *s = c->s;
    const hgi_net *net = &s->model->net;
    bool errors = c->mode == ERROR;
    const float *in = c->in + c->at * in_values(c);
    hgi_real *y = errors ? NULL : s->ws.pass.slot[net->count - 1].y;
    if (errors && s->own_loss && net->loss->kind != HGI_LOSS_MSE) return 0;
    n = hgi_small_run(s, c->mode != DECODE, c->mode != ENCODE,
                      errors ? n : hgi_min(n, s->ws.rows), in, y,
                      errors ? c->error + c->at : NULL);
    if (n > 0) c->status = give_rows(c, n, y);
    return n;
}

/* A stage of the team, run by the caller alone, because that sets how denormals are taken
 * as everywhere else. */
static void run_call(void *arg, int64_t item, int worker)
{
    session_call *c = arg;
    hg_session *s = c->s;
    (void)item;
    (void)worker;
    s->ws.pass.dense_code = c->mode == DECODE;
    for (int64_t n; c->at < c->n && c->status == HG_OK; c->at += n) {
        n = s->small.count > 0 && c->mode != SCORE
                ? run_small(c, hgi_min(SMALL_ROWS, c->n - c->at))
                : 0;
        if (n > 0) continue;
        n = hgi_min(s->ws.rows, c->n - c->at);
        run_layers(c, n);
    }
}

static hg_status run(session_call c)
{
    if (c.s == NULL) return HG_EINVAL;
    if (c.in == NULL || (c.out == NULL && c.error == NULL))
        return fail(c.s, HG_EINVAL, "two buffers are needed");
    if (c.n < 1)
        return fail(c.s, HG_ESHAPE, "%lld rows, expected at least 1", (long long)c.n);
    hgi_stage stage = {run_call, &c, 1};
    hgi_team_run_alone(&stage, 1);
    return c.status;
}

hg_status hg_session_encode(hg_session *s, const float *x, int64_t n, float *z)
{
    return run((session_call){.s = s, .mode = ENCODE, .in = x, .out = z, .n = n});
}

hg_status hg_session_decode(hg_session *s, const float *z, int64_t n, float *y)
{
    return run((session_call){.s = s, .mode = DECODE, .in = z, .out = y, .n = n});
}

hg_status hg_session_reconstruct(hg_session *s, const float *x, int64_t n, float *y)
{
    return run((session_call){.s = s, .mode = RECONSTRUCT, .in = x, .out = y, .n = n});
}

hg_status hg_session_error(hg_session *s, const float *x, int64_t n, double *error)
{
    return run((session_call){.s = s, .mode = ERROR, .in = x, .error = error, .n = n});
}

/* The mean over nets, row by row.  Another net's scores are made in blocks that its room
 * has. */
hg_status hg_session_score(hg_session *s, const float *x, int64_t n, double *score)
{
    if (s == NULL) return HG_EINVAL;
    if (s->score == NULL)
        return fail(s, HG_EINVAL, "the model has no detector that can be used");
    const int64_t d = hgi_model_raw(s->model);
    if (s->score_alone)
        HGI_TRY(
            run((session_call){.s = s, .mode = SCORE, .in = x, .error = score, .n = n}));
    for (int64_t i = 0; i < n && !s->score_alone; i++) score[i] = 0;
    for (int64_t i = 0; i < s->score_nets; i++)
        for (int64_t at = 0, some; at < n; at += some) {
            some = hgi_min(s->ws.rows, n - at);
            session_call part = {.s = s->score_net[i], .mode = SCORE, .n = some};
            part.in = x + at * d;
            part.error = s->score_part;
            hg_status status = run(part);
            if (status != HG_OK)
                return fail(s, status, "%s", hg_session_message(s->score_net[i]));
            for (int64_t r = 0; r < some; r++) score[at + r] += s->score_part[r];
        }
    const hgi_detector *detector = &s->model->detector;
    for (int64_t i = 0; i < n; i++) {
        score[i] = hgi_score_settle(score[i], s->score_nets + s->score_alone);
        if (detector->gap_levels > 0)
            score[i] = hgi_gaps_adjust(detector, score[i], hgi_gaps_count(x + i * d, d));
    }
    return HG_OK;
}

/* ---- making one --------------------------------------------------------------------- */

/* The place of `word` (NULL: the first) in a NULL-ended list. */
static hg_status find_word(hg_ctx *ctx, const char *what, const char *word,
                           const char *const *words, int *out)
{
    int64_t n = 0;
    for (*out = 0; words[n] != NULL; n++)
        if (word != NULL && strcmp(word, words[n]) == 0) *out = (int)n;
    if (word == NULL || strcmp(word, words[*out]) == 0) return HG_OK;
    const char *near = hgi_nearest(word, words, n);
    return hgi_fail(ctx, HG_EUNKNOWN, "%s '%.100s': %s '%s'%s", what, word,
                    near != NULL ? "did you mean" : "expected for example",
                    near != NULL ? near : words[0], near != NULL ? "?" : "");
}

static hg_status take_options(hg_ctx *ctx, const hg_session_options *given,
                              hg_session_options *o, hg_session *s)
{
    static const char *const errors[] = {"mse", "loss", NULL};
    int error, weights;
    *o = (hg_session_options){.size = sizeof *o};
    if (given != NULL) *o = *given;
    if (o->size != sizeof *o)
        return hgi_fail(ctx, HG_EINVAL, "hg_session_options: size is not set");
    if (o->rows == 0) o->rows = 1;
    if (o->rows < 1 || o->rows > HGI_INFER_ROWS)
        return hgi_fail(ctx, HG_ERANGE, "%lld rows together, expected 1 to %d",
                        (long long)o->rows, (int)HGI_INFER_ROWS);
    if (o->threads == 0) o->threads = 1;
    if (o->threads < 1 || o->threads > MOST_THREADS)
        return hgi_fail(ctx, HG_ERANGE, "%d threads, expected 1 to %d", o->threads,
                        (int)MOST_THREADS);
    HGI_TRY(find_word(ctx, "error", o->error, errors, &error));
    HGI_TRY(find_word(ctx, "weights", o->weights, hgi_weights_words, &weights));
    s->own_loss = error == 1;
    s->weights = (hgi_weights)weights;
    return HG_OK;
}

/* Of the layers that run as everywhere else. */
static void pack_weights(hg_session *s, const bool *bare)
{
    const hgi_net *net = &s->model->net;
    for (int64_t i = 0; i < net->count; i++) {
        if (bare[i]) continue;
        hgi_prepare p = {net, &s->ws.pass, i, i + 1};
        hgi_stage stage = {hgi_prepare_item, &p, hgi_prepare_items(&p, s->ws.pass.k)};
        hgi_team_run_alone(&stage, 1);
    }
}

static hg_status make_workspace(hg_ctx *ctx, int64_t rows, int64_t samples, hg_session *s)
{
    const hg_model *m = s->model;
    hg_status status = HG_OK;
    size_t layers = (size_t)m->net.count;
    bool *bare = hgi_calloc(&ctx->mem, layers, sizeof *bare);
    if (bare == NULL) return hgi_fail_mem(ctx, layers, "a session");
    if (s->weights != HGI_WEIGHTS_F32 || s->team != NULL)
        HGI_GOTO(hgi_own_make(ctx, s, bare));
    hgi_workspace_options o = {
        .k = ctx->kernels, .rows = rows, .samples = samples, .workers = 1, .bare = bare};
    HGI_GOTO(hgi_workspace_new(ctx, &m->net, &o, &s->ws));
    s->ws.pass.theta = m->theta;
    s->ws.pass.state = m->state;
    s->ws.pass.sample = s->ws.pass.alike = samples > 1;
    s->ws.pass.seed = HGI_SCORE_SEED;
    s->ws.pass.epoch = HGI_EPOCH_HELD;
    pack_weights(s, bare);
done:
    hgi_free(&ctx->mem, bare);
    return status;
}

/* Threads of its own, where a row is worth more than their meetings. */
static hg_status make_team(hg_ctx *ctx, int threads, hg_session *s)
{
    const hgi_net *net = &s->model->net;
    size_t layers = (size_t)net->count;
    if (threads == 1 || hgi_net_flops(net, 0, net->count) < TOGETHER_FLOPS) return HG_OK;
    HGI_TRY(hgi_team_new(ctx, threads, &s->team));
    s->stage = hgi_calloc(&ctx->mem, layers, sizeof *s->stage);
    s->stage_arg = hgi_calloc(&ctx->mem, layers, sizeof *s->stage_arg);
    if (s->stage == NULL || s->stage_arg == NULL)
        return hgi_fail_mem(ctx, layers * sizeof *s->stage, "a session's stages");
    return HG_OK;
}

static hg_status make_targets(hg_ctx *ctx, int64_t rows, hg_session *s)
{
    size_t bytes = (size_t)(rows * s->model->net.inputs) * sizeof *s->target;
    s->target = hgi_alloc(&ctx->mem, bytes);
    return s->target != NULL ? HG_OK : hgi_fail_mem(ctx, bytes, "rows of a table");
}

/* A session has one class for all of its rows. */
static hg_status choose_class(hg_ctx *ctx, const hg_session_options *o, hg_session *s)
{
    const hgi_classes *known = &s->model->spec.classes;
    char all[160];
    if (known->count == 0) return HG_OK;
    int64_t class = o->labelled != 0 ? hgi_classes_place(known, o->label) : -1;
    s->ws.pass.one_class = (int32_t) class;
    if (class >= 0) return HG_OK;
    hgi_classes_print(known, all, sizeof all);
    return hgi_fail(ctx, HG_EINVAL,
                    "a session of a conditional model has rows of one class: set its "
                    "label (--class LABEL) to one of %s",
                    all);
}

hg_status hgi_session_make(hg_ctx *ctx, const hg_model *m,
                           const hg_session_options *options, int64_t samples,
                           hg_session **out)
{
    hg_status status = HG_OK;
    hg_session_options o;
    *out = NULL;
    if (m == NULL) return hgi_fail(ctx, HG_EINVAL, "a model is needed");
    hg_session *s = hgi_calloc(&ctx->mem, 1, sizeof *s);
    if (s == NULL) return hgi_fail_mem(ctx, sizeof *s, "a session");
    s->mem = s->ws.mem = ctx->mem;
    s->model = m;
    HGI_GOTO(take_options(ctx, options, &o, s));
    s->range = hgi_model_range(m);
    if (samples == 1) HGI_GOTO(make_team(ctx, o.threads, s));
    HGI_GOTO(make_workspace(ctx, o.rows, samples, s));
    HGI_GOTO(choose_class(ctx, &o, s));
    /* Numbers of a table are what any numbers are, as long as none is missing. */
    const hg_schema *schema = m->net.schema;
    if (schema != NULL) HGI_GOTO(make_targets(ctx, o.rows, s));
    if (s->weights == HGI_WEIGHTS_F32 &&
        (schema == NULL || (schema->numbers && !m->net.loss->grouped)))
        HGI_GOTO(hgi_small_make(ctx, s));
    if (samples == 1) HGI_GOTO(hgi_session_score_make(ctx, &o, s));
    *out = s;
done:
    if (status != HG_OK) hg_session_free(&s);
    return status;
}

hg_status hg_session_new(hg_ctx *ctx, const hg_model *m,
                         const hg_session_options *options, hg_session **out)
{
    HGI_TRY(hgi_session_make(ctx, m, options, 1, out));
    if (options == NULL) return HG_OK;
    hg_status status = hgi_session_explain_make(ctx, options, *out);
    if (status != HG_OK) hg_session_free(out);
    return status;
}

void hg_session_free(hg_session **session)
{
    if (session == NULL || *session == NULL) return;
    hgi_mem mem = (*session)->mem;
    hgi_team_free(&mem, &(*session)->team);
    hgi_free(&mem, (*session)->target);
    hgi_free(&mem, (*session)->stage);
    hgi_free(&mem, (*session)->stage_arg);
    hgi_own_free(*session);
    hgi_small_free(*session);
    hgi_session_score_free(*session);
    hgi_session_explain_free(*session);
    hgi_workspace_free(&(*session)->ws);
    hgi_free(&mem, *session);
    *session = NULL;
}

const char *hg_session_message(const hg_session *s)
{
    return s != NULL ? s->message : "";
}

hg_status hg_session_get_info(const hg_session *s, hg_session_info *info)
{
    if (s == NULL || info == NULL || info->size != sizeof *info) return HG_EINVAL;
    *info = (hg_session_info){
        .size = sizeof *info,
        .kernels = s->ws.pass.k->name,
        .rows = s->ws.rows,
        .weights = hgi_weights_words[s->weights],
        .bytes = (int64_t)(sizeof *s + s->ws.bytes) + s->bytes_held,
        .clipped = s->clipped,
        .threads = s->team != NULL ? hgi_team_size(s->team) : 1,
    };
    return HG_OK;
}
