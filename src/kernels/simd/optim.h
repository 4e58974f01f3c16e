// SPDX-License-Identifier: MIT
/* Optimisers for any vector set.
 *
 * The operations and their order are those of ref/optim_ref.c, without fused
 * multiply-adds: the same bits on every instruction set.  That costs nothing, because a
 * step waits for memory.  Square root and division are the exact ones for the same reason
 * (and so 0 / (0 + epsilon) is 0, where an estimate of 1/sqrt(0) would need care).     */
#ifndef HGK_SIMD_OPTIM_H
#define HGK_SIMD_OPTIM_H

#include "kernels/simd/template.h"

/* The numbers of a step in all lanes.                                                  */
typedef struct step {
    vf lr, beta1, beta2, rest1, rest2, epsilon, correct2, l2, scale;
    vf lr1, lr_decay; /* lr * correct1, lr * decay */
    int momentum, nesterov;
} step;

static step step_of(const hgi_step *s)
{
    return (step){
        .lr = v_set1(s->lr),
        .beta1 = v_set1(s->beta1),
        .beta2 = v_set1(s->beta2),
        .rest1 = v_set1(s->rest1),
        .rest2 = v_set1(s->rest2),
        .epsilon = v_set1(s->epsilon),
        .correct2 = v_set1(s->correct2),
        .l2 = v_set1(s->l2),
        .scale = v_set1(s->scale),
        .lr1 = v_set1(s->lr * s->correct1),
        .lr_decay = v_set1(s->lr * s->decay),
        .momentum = s->beta1 > 0,
        .nesterov = s->nesterov,
    };
}

/* a x + b y, each operation rounded.                                                   */
ALWAYS vf mix(vf a, vf x, vf b, vf y) { return v_add(v_mul(a, x), v_mul(b, y)); }

ALWAYS vf gradient(const step *s, vf g, vf theta)
{
    return mix(s->scale, g, s->l2, theta);
}

ALWAYS vf decayed(const step *s, vf theta)
{
    return v_sub(theta, v_mul(s->lr_decay, theta));
}

/* The three rules: new theta returned, moments through the pointers.                   */
ALWAYS vf sgd_rule(const step *s, vf theta, vf g, vf *m, vf *v)
{
    (void)m;
    vf gi = gradient(s, g, theta), by = gi;
    if (s->momentum) {
        *v = v_add(v_mul(s->beta1, *v), gi);
        by = s->nesterov ? v_add(gi, v_mul(s->beta1, *v)) : *v;
    }
    return v_sub(decayed(s, theta), v_mul(s->lr, by));
}

ALWAYS vf adam_rule(const step *s, vf theta, vf g, vf *m, vf *v)
{
    vf gi = gradient(s, g, theta);
    *m = mix(s->beta1, *m, s->rest1, gi);
    *v = mix(s->beta2, *v, s->rest2, v_mul(gi, gi));
    vf root = v_add(v_sqrt(v_mul(s->correct2, *v)), s->epsilon);
    return v_sub(decayed(s, theta), v_div(v_mul(s->lr1, *m), root));
}

ALWAYS vf rmsprop_rule(const step *s, vf theta, vf g, vf *m, vf *v)
{
    vf gi = gradient(s, g, theta);
    *v = mix(s->beta2, *v, s->rest2, v_mul(gi, gi));
    vf by = v_div(gi, v_add(v_sqrt(*v), s->epsilon));
    if (s->momentum) by = *m = v_add(v_mul(s->beta1, *m), by);
    return v_sub(decayed(s, theta), v_mul(s->lr, by));
}

typedef vf (*rule_fn)(const step *s, vf theta, vf g, vf *m, vf *v);

/* `rule` is a constant where this is used and is inlined.  m or v NULL: not kept.      */
ALWAYS void walk(const hgi_step *hs, rule_fn rule, int64_t n, float *theta,
                 const float *g, float *m, float *v)
{
    const step s = step_of(hs);
    int64_t i = 0;
    vf mi = v_zero(), vi = v_zero();
    for (; i + VL <= n; i += VL) {
        if (m) mi = v_load(m + i);
        if (v) vi = v_load(v + i);
        v_store(theta + i, rule(&s, v_load(theta + i), v_load(g + i), &mi, &vi));
        if (m) v_store(m + i, mi);
        if (v) v_store(v + i, vi);
    }
    if (i == n) return;
    n -= i;
    if (m) mi = v_load_n(m + i, n);
    if (v) vi = v_load_n(v + i, n);
    vf next = rule(&s, v_load_n(theta + i, n), v_load_n(g + i, n), &mi, &vi);
    v_store_n(theta + i, next, n);
    if (m) v_store_n(m + i, mi, n);
    if (v) v_store_n(v + i, vi, n);
}

static void sgd(const hgi_step *s, int64_t n, float *theta, const float *g, float *v)
{
    walk(s, sgd_rule, n, theta, g, NULL, s->beta1 > 0 ? v : NULL);
}

static void adam(const hgi_step *s, int64_t n, float *theta, const float *g, float *m,
                 float *v)
{
    walk(s, adam_rule, n, theta, g, m, v);
}

static void rmsprop(const hgi_step *s, int64_t n, float *theta, const float *g, float *m,
                    float *v)
{
    walk(s, rmsprop_rule, n, theta, g, s->beta1 > 0 ? m : NULL, v);
}

#endif
