// SPDX-License-Identifier: MIT
/* Weights to start from: another model's in place of random ones.
 *
 * Training goes on with other rows, another objective or a longer plan.  Only weights are
 * taken: scaling, loss, penalties and what a code does beside its weights (how often it is
 * drawn, k of topk) are those of the new training, and so may differ. */
#include "train/trainer.h"

#include <string.h>

static bool same_tensors(const hgi_layer *a, const hgi_layer *b)
{
    if (a->kind != b->kind || a->tensors != b->tensors) return false;
    for (int i = 0; i < a->tensors; i++) {
        const hgi_tensor *x = &a->tensor[i], *y = &b->tensor[i];
        if (x->rank != y->rank || strcmp(x->name, y->name) != 0) return false;
        for (int k = 0; k < x->rank; k++)
            if (x->dim[k] != y->dim[k]) return false;
    }
    return true;
}

static hg_status check_layers(hg_ctx *ctx, const char *path, const hg_model *from,
                              const hg_model *to)
{
    if (from->net.count != to->net.count)
        return hgi_fail(ctx, HG_EMISMATCH,
                        "init-from: %s has %lld layers, this model has %lld", path,
                        (long long)from->net.count, (long long)to->net.count);
    for (int64_t i = 0; i < to->net.count; i++)
        if (!same_tensors(&from->net.layer[i], &to->net.layer[i]))
            return hgi_fail(ctx, HG_EMISMATCH,
                            "init-from: layer %lld of %s is '%s' of %lld values, here it "
                            "is '%s' of %lld",
                            (long long)i + 1, path, from->line[i],
                            (long long)from->net.layer[i].d_in, to->line[i],
                            (long long)to->net.layer[i].d_in);
    return HG_OK;
}

hg_status hgi_start_weights(hgi_trainer *t)
{
    const char *path = hgi_config_text(t->cfg, "init-from");
    const hgi_net *net = &t->m->net;
    hg_model *from = NULL;
    hgi_net_init(net, t->m->trained.seed, t->m->theta, t->m->state);
    if (*path == '\0') return HG_OK;
    if (hgi_pretrain_asked(t->cfg))
        return hgi_fail(t->ctx, HG_EINVAL,
                        "init-from: the weights are there, set pretrain to none");
    hg_status status;
    HGI_GOTO(hg_model_load(t->ctx, path, &from));
    HGI_GOTO(check_layers(t->ctx, path, from, t->m));
    memcpy(t->m->theta, from->theta, (size_t)net->params * sizeof *t->m->theta);
    memcpy(t->m->state, from->state, (size_t)net->states * sizeof *t->m->state);
    hgi_log(t->ctx, HG_LOG_INFO, "weights: to begin with those of %s", path);
done:
    hg_model_free(&from);
    return status;
}
