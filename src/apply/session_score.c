// SPDX-License-Identifier: MIT
/* Sessions that score: one for each net of the model's detector, and what its score wants,
 * so that a row is scored without memory being taken. */
#include "apply/session.h"

#include <math.h>

/* The detector's state and kind for one net. */
static hg_status prepare(hg_ctx *ctx, const hgi_score_kind *kind, hgi_score_state *state,
                         hg_session *s)
{
    hgi_score_rows sizes = hgi_score_sizes(kind, s->model);
    sizes.n = s->ws.rows;
    int64_t scratch = kind->scratch != NULL ? kind->scratch(state, &sizes) : 0;
    size_t errors = (size_t)(sizes.n * sizes.samples * sizes.c) * sizeof *s->score_r;
    size_t doubles = (size_t)hgi_max(1, scratch), parts = (size_t)sizes.n;
    s->score = kind;
    s->score_state = state;
    s->score_r = hgi_alloc(&ctx->mem, errors);
    s->score_scratch = hgi_calloc(&ctx->mem, doubles, sizeof *s->score_scratch);
    s->score_part = hgi_calloc(&ctx->mem, parts, sizeof *s->score_part);
    size_t bytes = errors + (doubles + parts) * sizeof *s->score_part;
    if (s->score_r == NULL || s->score_scratch == NULL || s->score_part == NULL)
        return hgi_fail_mem(ctx, bytes, "a session's scores");
    s->bytes_held += (int64_t)bytes;
    return hgi_score_prepare(ctx, kind, state, &sizes, &s->score_made);
}

/* Where the code is drawn, also the first net has a session of its own, whose layers behind
 * the code have room for all draws.  A detector that cannot be used is told of when a score
 * is asked for, not before. */
hg_status hgi_session_score_make(hg_ctx *ctx, const hg_session_options *o, hg_session *s)
{
    const hgi_detector *d = &s->model->detector;
    const hgi_score_kind *kind;
    if (d->score == NULL || hgi_score_open(ctx, s->model, &kind) != HG_OK) return HG_OK;
    const int64_t samples = hgi_max(1, kind->samples);
    HGI_TRY(prepare(ctx, kind, &d->state[0], s));
    s->score_alone = samples == 1;
    size_t count = (size_t)(d->nets - s->score_alone);
    if (count == 0) return HG_OK;
    s->score_net = hgi_calloc(&ctx->mem, count, sizeof(hg_session *));
    if (s->score_net == NULL) return hgi_fail_mem(ctx, count * 8, "a session's nets");
    hg_session_options own = *o;
    if (samples > 1) own.weights = NULL; /* what draws runs as everywhere else */
    for (int64_t i = s->score_alone; i < d->nets; i++) {
        hg_session **net = &s->score_net[s->score_nets];
        HGI_TRY(hgi_session_make(ctx, i == 0 ? s->model : d->net[i], &own, samples, net));
        s->score_nets++;
        HGI_TRY(prepare(ctx, kind, &d->state[i], *net));
        s->bytes_held += (int64_t)((*net)->ws.bytes) + (*net)->bytes_held;
    }
    return HG_OK;
}

void hgi_session_score_free(hg_session *s)
{
    for (int64_t i = 0; i < s->score_nets; i++) hg_session_free(&s->score_net[i]);
    if (s->score != NULL) hgi_score_release(&s->mem, s->score, s->score_made);
    hgi_free(&s->mem, s->score_net);
    hgi_free(&s->mem, s->score_r);
    hgi_free(&s->mem, s->score_scratch);
    hgi_free(&s->mem, s->score_part);
}

void hgi_session_score_rows(hg_session *s, int64_t n, const hgi_real *y, double *score)
{
    const hg_model *m = s->model;
    hgi_score_rows rows = hgi_score_sizes(s->score, m);
    hgi_score_errors(m, n, rows.samples, s->target != NULL ? s->target : s->ws.input, y,
                     s->score_r);
    rows.kernels = s->ws.pass.k;
    rows.n = n;
    rows.x = s->ws.input;
    rows.z = hgi_code_of(&m->net, &s->ws.pass);
    rows.y = y;
    rows.r = s->score_r;
    rows.prepared = s->score_made;
    s->score->score(s->score_state, &rows, s->score_scratch, score);
}
