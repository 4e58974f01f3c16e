// SPDX-License-Identifier: MIT
/* Max-norm and orthogonality of whole weights, through training: what is held is held, for
 * dense layers and both convolutions, and for any number of threads.  The gradient of the
 * orthogonality is checked in double.                                                  */
#include "test_models.h"

#include <math.h>

enum { ROWS = 64, SIDE = 8, D = SIDE * SIDE };

/* options: name, value, ..., NULL */
static hg_model *trained(hg_ctx *ctx, const float *x, const char *const *net,
                         const char *const *options)
{
    static const char *const usual[] = {"scale", "none",  "epochs", "30", "lr",
                                        "0.02",  "shape", "8x8",    NULL};
    const char *const *const all[] = {usual, net, options};
    hg_dataset *d = rows_of(ctx, x, ROWS, D);
    hg_config *c;
    hg_model *m;
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    for (int k = 0; k < 3; k++)
        for (int i = 0; all[k][i] != NULL; i += 2)
            CHECK_OK(ctx, hg_config_set(c, all[k][i], all[k][i + 1]));
    CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
    hg_config_free(&c);
    hg_dataset_free(&d);
    return m;
}

static const char *const dense[] = {"hidden", "40", "code", "70", NULL};
static const char *const conv[] = {"encoder", "conv 6 3x3 relu; maxpool 2", "decoder",
                                   "convt 5 3x3 relu stride=2; conv 1 3x3", NULL};

/* |w|^2 of a unit: dense [units, inputs], conv [.., units], convt [.., units, inputs]. */
static double square_of(const hg_model *m, const hgi_layer *l, int64_t unit)
{
    const hgi_tensor *t = &l->tensor[0];
    int64_t last = t->dim[t->rank - 1], before = t->dim[t->rank - 2];
    bool turned = strcmp(l->kind->name, "convt") == 0 || t->rank == 2;
    double sum = 0;
    for (int64_t i = 0; i < t->count; i++) {
        double w = (double)m->theta[t->offset + i];
        if ((turned ? i / last % before : i % last) == unit) sum += w * w;
    }
    return sum;
}

static double longest(const hg_model *m)
{
    double most = 0;
    for (int64_t i = 0; i < m->net.count; i++) {
        const hgi_layer *l = &m->net.layer[i];
        if (l->tensors == 0) continue;
        int64_t units = l->tensor[1].count; /* of the bias */
        for (int64_t u = 0; u < units; u++) most = fmax(most, square_of(m, l, u));
    }
    return sqrt(most);
}

TEST(max_norm_holds_every_units_incoming_weights)
{
    static const char *const *const nets[] = {dense, conv};
    static const char *const none[] = {NULL}, *const held[] = {"max-norm", "0.7", NULL},
                             *const whole[] = {"max-norm", "0.7", "clip", "1e9", NULL};
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(31, ROWS * D, -1, 1);
    for (int i = 0; i < 2; i++) {
        hg_model *free_of = trained(ctx, x, nets[i], none),
                 *held_at = trained(ctx, x, nets[i], held),
                 *again = trained(ctx, x, nets[i], whole);
        size_t bytes = (size_t)held_at->net.params * sizeof *held_at->theta;
        CHECK(longest(free_of) > 0.8);
        /* A length is off by the rounding of its values, 6e-8 of each.                 */
        CHECK_NEAR(longest(held_at), 0.7, 1e-6);
        /* The step in the gradients' tiles or apart from them. */
        CHECK(memcmp(held_at->theta, again->theta, bytes) == 0);
        hg_model_free(&free_of);
        hg_model_free(&held_at);
        hg_model_free(&again);
    }
    free(x);
}

/* |M^T M - 1|_F^2 of the smaller side of a weight [rows, columns].                     */
static double distance(const hg_model *m, const hgi_tensor *t)
{
    const hgi_real *w = m->theta + t->offset;
    int64_t C = t->dim[t->rank - 1], R = t->count / C, n = hgi_min(R, C);
    int64_t step = R < C ? C : 1, along = R < C ? 1 : C;
    double sum = 0;
    for (int64_t a = 0; a < n; a++)
        for (int64_t b = 0; b < n; b++) {
            double dot = a == b ? -1 : 0;
            for (int64_t k = 0; k < t->count / n; k++)
                dot += (double)w[a * step + k * along] * (double)w[b * step + k * along];
            sum += dot * dot;
        }
    return sum;
}

TEST(orthogonality_brings_every_weight_near_an_orthonormal_set)
{
    static const char *const *const nets[] = {dense, conv};
    static const char *const none[] = {NULL}, *const pulled[] = {"orthogonal", "1", NULL};
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(32, ROWS * D, -1, 1);
    for (int i = 0; i < 2; i++) {
        hg_model *a = trained(ctx, x, nets[i], none),
                 *b = trained(ctx, x, nets[i], pulled);
        for (int64_t k = 0; k < a->net.count; k++) {
            if (a->net.layer[k].tensors == 0) continue;
            double far = distance(a, &a->net.layer[k].tensor[0]);
            double near = distance(b, &b->net.layer[k].tensor[0]);
            test_where("%s", a->net.layer[k].name);
            CHECK(near < 0.1 * far);
        }
        hg_model_free(&a);
        hg_model_free(&b);
    }
    free(x);
}

TEST(constraints_of_weights_give_the_same_bits_for_any_number_of_threads)
{
    static const char *const *const nets[] = {dense, conv};
    static const char *const options[] = {"orthogonal", "0.1", "max-norm", "0.9", NULL};
    float *x = random_floats(33, ROWS * D, -1, 1);
    for (int i = 0; i < 2; i++) {
        hg_model *m[2];
        for (int k = 0; k < 2; k++)
            m[k] = trained(context_of(k == 0 ? 1 : 3), x, nets[i], options);
        size_t bytes = (size_t)m[0]->net.params * sizeof *m[0]->theta;
        CHECK(memcmp(m[0]->theta, m[1]->theta, bytes) == 0);
        hg_model_free(&m[0]);
        hg_model_free(&m[1]);
    }
    free(x);
}
