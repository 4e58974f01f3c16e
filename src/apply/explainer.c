// SPDX-License-Identifier: MIT
/* The memory of a search for causes, and what both searches share. */
#include "apply/explain.h"

#include <math.h>
#include <string.h>

/* Columns of a row that are tried; channels of a window, and cuts of a span. */
enum { CANDIDATES = 128, TOGETHER = 32 };
/* Of a narrow row so many are tried at once all the same: a session's block. */
enum { FULL = 64 };
/* Floats of the rows that are tried at once. */
#define VALUES_MOST ((int64_t)1 << 24)

bool hgi_explain_steps(const hg_model *m, int64_t *steps, int64_t *channels)
{
    const hgi_net *net = &m->net;
    if (m->series != NULL) {
        *steps = m->series->window;
        *channels = m->series->channels;
        return true;
    }
    /* A row that the first layer lays out as steps for convolutions along them. */
    if (net->schema != NULL || net->code < 2 ||
        strcmp(net->layer[0].kind->name, "reshape") != 0 || net->layer[0].out.rank != 2 ||
        strcmp(net->layer[1].kind->name, "conv") != 0)
        return false;
    *steps = net->layer[0].out.dim[0];
    *channels = net->layer[0].out.dim[1];
    return *steps > 1 && *steps * *channels == hgi_model_raw(m);
}

static hg_status take_memory(hg_ctx *ctx, hgi_explainer *e)
{
    const hgi_mem *mem = &ctx->mem;
    const int64_t d = e->d;
    e->most = hgi_max(1, hgi_min(hgi_min(d, CANDIDATES), VALUES_MOST / d));
    e->room = hgi_max(e->most, hgi_min(FULL, VALUES_MOST / d));
    if (e->steps > 0) {
        e->most = hgi_max(1, hgi_min(TOGETHER, VALUES_MOST / d));
        e->room = e->most;
    }
    const size_t count = (size_t)((2 + 3 * e->room) * d);
    e->x = hgi_calloc(mem, count, sizeof *e->x);
    e->score = hgi_calloc(mem, (size_t)(2 * e->room), sizeof *e->score);
    e->taken = hgi_calloc(mem, (size_t)d, sizeof *e->taken);
    e->candidate = hgi_calloc(mem, (size_t)e->most, sizeof *e->candidate);
    e->trial = hgi_calloc(mem, (size_t)e->room, sizeof *e->trial);
    if (e->x == NULL || e->score == NULL || e->taken == NULL || e->candidate == NULL ||
        e->trial == NULL)
        return hgi_fail_mem(ctx, count * sizeof *e->x, "rows to try");
    HGI_TRY(hgi_explain_image_room(ctx, e));
    e->y = e->x + d;
    e->rows = e->y + d;
    e->made = e->rows + e->room * d;
    e->best = e->made + e->room * d;
    return HG_OK;
}

hg_status hgi_explainer_new(hg_ctx *ctx, const hg_model *m, const hg_session_options *own,
                            hgi_explainer **out)
{
    hg_status status;
    hg_detector_info info = {.size = sizeof info};
    hg_session_options o = {.size = sizeof o, .rows = FULL};
    if (own != NULL) {
        o.labelled = own->labelled;
        o.label = own->label;
    }
    hgi_explainer *e = *out = hgi_calloc(&ctx->mem, 1, sizeof *e);
    if (e == NULL) return hgi_fail_mem(ctx, sizeof *e, "an explanation");
    e->mem = ctx->mem;
    e->m = m;
    e->schema = m->scaler.schema;
    e->d = hgi_model_raw(m);
    (void)hgi_explain_steps(m, &e->steps, &e->channels);
    HGI_GOTO(hg_detector_get_info(ctx, m, &info));
    e->normal = info.median;
    HGI_GOTO(take_memory(ctx, e));
    status = hg_session_new(ctx, m, &o, &e->session);
done:
    if (status != HG_OK) hgi_explainer_free(out);
    return status;
}

void hgi_explainer_free(hgi_explainer **explainer)
{
    if (*explainer == NULL) return;
    hgi_explainer *e = *explainer;
    const hgi_mem mem = e->mem;
    hgi_free(&mem, e->x);
    hgi_free(&mem, e->score);
    hgi_free(&mem, e->taken);
    hgi_free(&mem, e->candidate);
    hgi_free(&mem, e->trial);
    hgi_explain_image_free(e);
    hg_session_free(&e->session);
    hgi_free(&mem, e);
    *explainer = NULL;
}

hg_status hgi_explain_any(hgi_explainer *e, hgi_explained *r, hgi_cause *cause,
                          int64_t most, float *curve)
{
    HGI_TRY(hg_session_score(e->session, e->x, 1, &r->score));
    r->p_value = hg_p_value(e->m, r->score);
    r->left = r->score;
    r->first = r->last = -1;
    r->causes = 0;
    memset(e->taken, 0, (size_t)e->d * sizeof *e->taken);
    if (e->steps > 0) return hgi_explain_window(e, r, cause, most, curve);
    if (e->image.height > 0) return hgi_explain_image(e, r, cause, most);
    return hgi_explain_row(e, r, cause, most);
}

bool hgi_explain_is_number(const hgi_explainer *e, int64_t column)
{
    if (e->schema == NULL) return true;
    const hgi_kind kind = e->schema->column[column].kind;
    return kind == HGI_NUMERIC || kind == HGI_DATE;
}

int64_t hgi_explain_place(const hgi_explainer *e, int64_t column)
{
    if (e->m->scaler.uniform) return 0;
    return e->schema != NULL ? e->schema->column[column].first : column;
}

hg_status hgi_explain_reconstruct(const hgi_explainer *e, const float *x, int64_t n,
                                  float *y)
{
    hg_status status = hg_session_reconstruct(e->session, x, n, y);
    if (status != HG_ENONFINITE) return status;
    for (int64_t i = 0; i < n; i++)
        if (hg_session_reconstruct(e->session, x + i * e->d, 1, y + i * e->d) != HG_OK)
            for (int64_t c = 0; c < e->d; c++) y[i * e->d + c] = NAN;
    return HG_OK;
}
