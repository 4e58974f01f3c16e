// SPDX-License-Identifier: MIT
/* Stochastic gradient descent with momentum, Keras's form without dampening:
 *     v = momentum v + g        theta -= lr v,  or with Nesterov  lr (g + momentum v)
 * Source: Sutskever et al., ICML 2013. */
#include "train/optim.h"

static void read_options(const hg_config *cfg, hgi_optim *o)
{
    o->beta1 = hgi_config_real(cfg, "momentum");
    o->nesterov = hgi_config_flag(cfg, "nesterov");
    o->moments = o->beta1 > 0 ? 1 : 0;
}

static void step(const hgi_optim *o, int64_t t, hgi_step *s)
{
    (void)t;
    s->beta1 = (hgi_real)o->beta1;
    s->nesterov = o->nesterov;
}

static void apply(const hgi_kernels *k, const hgi_step *s, int64_t n, hgi_real *theta,
                  const hgi_real *g, hgi_real *m, hgi_real *v)
{
    (void)v;
    k->sgd(s, n, theta, g, m);
}

const hgi_optimizer hgi_optim_sgd = {
    .name = "sgd",
    .brief = "gradient descent; momentum, nesterov",
    .lr = 0.01,
    .read = read_options,
    .step = step,
    .apply = apply,
};
