// SPDX-License-Identifier: MIT
/* hg_session_explain: why the row that was just scored has its score, without memory being
 * taken.  The search goes through a session of its own, so that single rows stay as fast as
 * they are without it. */
#include "apply/explain.h"
#include "apply/session.h"

#include <string.h>

struct hgi_session_causes {
    hgi_mem mem;
    hgi_explainer *search;
    int64_t most;
    hgi_cause *cause; /* [most], whose texts the caller is given */
};

void hgi_session_explain_free(hg_session *s)
{
    hgi_session_causes *c = s->causes;
    if (c == NULL) return;
    hgi_explainer_free(&c->search);
    hgi_free(&s->mem, c->cause);
    hgi_free(&s->mem, c);
    s->causes = NULL;
}

hg_status hgi_session_explain_make(hg_ctx *ctx, const hg_session_options *o,
                                   hg_session *s)
{
    if (o->explain == 0) return HG_OK;
    if (o->explain < 0 || o->explain > HGI_CAUSES_MOST)
        return hgi_fail(ctx, HG_ERANGE, "explain: %lld causes, expected 0 to %d",
                        (long long)o->explain, HGI_CAUSES_MOST);
    hgi_session_causes *c = s->causes = hgi_calloc(&ctx->mem, 1, sizeof *c);
    if (c == NULL) return hgi_fail_mem(ctx, sizeof *c, "explanations");
    c->most = o->explain;
    c->cause = hgi_calloc(&ctx->mem, (size_t)c->most, sizeof *c->cause);
    if (c->cause == NULL)
        return hgi_fail_mem(ctx, (size_t)c->most * sizeof *c->cause, "explanations");
    HGI_TRY(hgi_explainer_new(ctx, s->model, o, &c->search));
    hg_session_info inner = {.size = sizeof inner};
    (void)hg_session_get_info(c->search->session, &inner);
    s->bytes_held += inner.bytes + c->most * (int64_t)sizeof *c->cause +
                     (2 + 3 * c->search->room) * c->search->d * (int64_t)sizeof(float);
    return HG_OK;
}

static hg_status refuse(hg_session *s, const char *why)
{
    snprintf(s->message, sizeof s->message, "%s", why);
    return HG_EINVAL;
}

hg_status hg_session_explain(hg_session *s, const float *x, hg_cause *cause, int64_t most,
                             int64_t *causes)
{
    hgi_explained r = {.row = 0};
    if (s == NULL) return HG_EINVAL;
    if (s->causes == NULL)
        return refuse(s, "explain: the session was made without, see its options");
    if (x == NULL || cause == NULL || causes == NULL || most < 1)
        return refuse(s, "explain: a row and room for causes are needed");
    *causes = 0;
    hgi_session_causes *c = s->causes;
    hgi_explainer *e = c->search;
    most = hgi_min(most, c->most);
    for (int64_t i = 0; i < most; i++)
        if (cause[i].size != sizeof *cause)
            return refuse(s, "explain: a cause's size is not set");
    memcpy(e->x, x, (size_t)e->d * sizeof *x);
    hg_status status = hgi_explain_any(e, &r, c->cause, most, NULL);
    if (status != HG_OK) {
        snprintf(s->message, sizeof s->message, "%s", hg_session_message(e->session));
        return status;
    }
    for (int64_t i = 0; i < r.causes; i++) {
        hgi_explain_name(e, NULL, &c->cause[i]);
        hgi_cause_give(&c->cause[i], NULL, &cause[i]);
    }
    *causes = r.causes;
    return HG_OK;
}
