// SPDX-License-Identifier: MIT
/* Adam, and AdamW, which decays weights outside the gradient.
 *     m = b1 m + (1 - b1) g      v = b2 v + (1 - b2) g^2
 *     theta -= lr mhat / (sqrt(vhat) + epsilon),  mhat = m / (1 - b1^t), vhat likewise
 * Source: Kingma & Ba, arXiv:1412.6980; Loshchilov & Hutter, arXiv:1711.05101. */
#include "train/optim.h"

#include <math.h>

static void read_options(const hg_config *cfg, hgi_optim *o)
{
    o->beta1 = hgi_config_real(cfg, "beta1");
    o->beta2 = hgi_config_real(cfg, "beta2");
    o->epsilon = hgi_config_real(cfg, "epsilon");
    o->moments = 2;
}

static void step(const hgi_optim *o, int64_t t, hgi_step *s)
{
    s->beta1 = (hgi_real)o->beta1;
    s->beta2 = (hgi_real)o->beta2;
    s->rest1 = (hgi_real)(1 - o->beta1);
    s->rest2 = (hgi_real)(1 - o->beta2);
    s->correct1 = (hgi_real)(1 / (1 - pow(o->beta1, (double)t)));
    s->correct2 = (hgi_real)(1 / (1 - pow(o->beta2, (double)t)));
    s->epsilon = (hgi_real)o->epsilon;
}

static void apply(const hgi_kernels *k, const hgi_step *s, int64_t n, hgi_real *theta,
                  const hgi_real *g, hgi_real *m, hgi_real *v)
{
    k->adam(s, n, theta, g, m, v);
}

const hgi_optimizer hgi_optim_adam = {
    .name = "adam",
    .brief = "adaptive moments; beta1, beta2, epsilon",
    .lr = 0.001,
    .read = read_options,
    .step = step,
    .apply = apply,
};

const hgi_optimizer hgi_optim_adamw = {
    .name = "adamw",
    .brief = "Adam with decoupled weight decay",
    .lr = 0.001,
    .decoupled = true,
    .read = read_options,
    .step = step,
    .apply = apply,
};
