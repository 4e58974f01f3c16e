// SPDX-License-Identifier: MIT
/* Optimisers, plain C.
 *
 * Sources: Adam, Kingma & Ba, arXiv:1412.6980; decoupled decay, Loshchilov & Hutter,
 * arXiv:1711.05101; RMSProp, Hinton's lecture 6e; Nesterov's form, Sutskever et al. 2013.
 * Each line is IEEE operations in a stated order, which the vector kernels repeat: so a
 * step gives the same bits on every instruction set.                                   */
#include "kernels/ref/ref.h"

#include <tgmath.h>

/* The gradient the moments see: clipped, with the L2 penalty.                          */
static hgi_real gradient(const hgi_step *s, hgi_real g, hgi_real theta)
{
    return s->scale * g + s->l2 * theta;
}

static hgi_real decayed(const hgi_step *s, hgi_real theta)
{
    return theta - s->lr * s->decay * theta;
}

void hgk_sgd_ref(const hgi_step *s, int64_t n, hgi_real *theta, const hgi_real *g,
                 hgi_real *v)
{
    for (int64_t i = 0; i < n; i++) {
        hgi_real gi = gradient(s, g[i], theta[i]), step = gi;
        if (s->beta1 > 0) {
            v[i] = s->beta1 * v[i] + gi;
            step = s->nesterov ? gi + s->beta1 * v[i] : v[i];
        }
        theta[i] = decayed(s, theta[i]) - s->lr * step;
    }
}

void hgk_adam_ref(const hgi_step *s, int64_t n, hgi_real *theta, const hgi_real *g,
                  hgi_real *m, hgi_real *v)
{
    for (int64_t i = 0; i < n; i++) {
        hgi_real gi = gradient(s, g[i], theta[i]);
        m[i] = s->beta1 * m[i] + s->rest1 * gi;
        v[i] = s->beta2 * v[i] + s->rest2 * (gi * gi);
        hgi_real root = sqrt(s->correct2 * v[i]) + s->epsilon;
        theta[i] = decayed(s, theta[i]) - s->lr * s->correct1 * m[i] / root;
    }
}

void hgk_rmsprop_ref(const hgi_step *s, int64_t n, hgi_real *theta, const hgi_real *g,
                     hgi_real *m, hgi_real *v)
{
    for (int64_t i = 0; i < n; i++) {
        hgi_real gi = gradient(s, g[i], theta[i]);
        v[i] = s->beta2 * v[i] + s->rest2 * (gi * gi);
        hgi_real step = gi / (sqrt(v[i]) + s->epsilon);
        if (s->beta1 > 0) step = m[i] = s->beta1 * m[i] + step;
        theta[i] = decayed(s, theta[i]) - s->lr * step;
    }
}
