// SPDX-License-Identifier: MIT
/* RMSprop:  v = rho v + (1 - rho) g^2     theta -= lr g / (sqrt(v) + epsilon)
 * With momentum the step goes through m = momentum m + g / (sqrt(v) + epsilon).
 * Source: Tieleman & Hinton, Coursera lecture 6.5, 2012. */
#include "train/optim.h"

static void read_options(const hg_config *cfg, hgi_optim *o)
{
    o->beta1 = hgi_config_real(cfg, "momentum");
    o->beta2 = hgi_config_real(cfg, "rho");
    o->epsilon = hgi_config_real(cfg, "epsilon");
    o->moments = 2;
}

static void step(const hgi_optim *o, int64_t t, hgi_step *s)
{
    (void)t;
    s->beta1 = (hgi_real)o->beta1;
    s->beta2 = (hgi_real)o->beta2;
    s->rest2 = (hgi_real)(1 - o->beta2);
    s->epsilon = (hgi_real)o->epsilon;
}

static void apply(const hgi_kernels *k, const hgi_step *s, int64_t n, hgi_real *theta,
                  const hgi_real *g, hgi_real *m, hgi_real *v)
{
    k->rmsprop(s, n, theta, g, m, v);
}

const hgi_optimizer hgi_optim_rmsprop = {
    .name = "rmsprop",
    .brief = "scales by a running mean of squares; rho, momentum, epsilon",
    .lr = 0.001,
    .read = read_options,
    .step = step,
    .apply = apply,
};
