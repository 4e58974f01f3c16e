// SPDX-License-Identifier: MIT
/* Linear algebra in double against its own definitions, and principal components against
 * rows whose components are known. */
#include "test_models.h"

#include "base/linear.h"

#include <math.h>

/* ---- eigenvectors, Cholesky ------------------------------------------------------ */

/* A random symmetric matrix, with a block of equal eigenvalues when `flat`. */
static void symmetric(int64_t n, uint64_t seed, bool flat, double *a)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++)
            a[i * n + j] = a[j * n + i] =
                flat ? (i == j ? 3 : 0) : test_uniform(&seed, -1, 1);
}

static void check_eigen(int64_t n, bool flat)
{
    double *a = malloc((size_t)(n * n) * sizeof *a),
           *v = malloc((size_t)(n * n) * sizeof *v),
           *value = malloc((size_t)n * sizeof *value),
           *work = malloc((size_t)n * sizeof *work), worst = 0, crooked = 0;
    symmetric(n, 7 + (uint64_t)n, flat, a);
    memcpy(v, a, (size_t)(n * n) * sizeof *v);
    test_where("n %lld", (long long)n);
    CHECK(hgi_eigen(n, v, value, work));
    for (int64_t i = 0; i < n; i++) {
        if (i > 0) CHECK(value[i] <= value[i - 1]);
        for (int64_t r = 0; r < n; r++) {
            double s = 0, d = 0;
            for (int64_t c = 0; c < n; c++) {
                s += a[r * n + c] * v[i * n + c];
                d += v[r * n + c] * v[i * n + c];
            }
            worst = fmax(worst, fabs(s - value[i] * v[i * n + r]));
            crooked = fmax(crooked, fabs(d - (i == r ? 1 : 0)));
        }
    }
    /* Backward stable: some n times the rounding of the largest value, 1e-16 n. */
    CHECK_NEAR(worst, 0, 1e-14 * (double)(n + 10));
    CHECK_NEAR(crooked, 0, 1e-14 * (double)(n + 10));
    free(a);
    free(v);
    free(value);
    free(work);
}

TEST(eigenvectors_are_orthonormal_and_map_to_multiples_of_themselves)
{
    static const int64_t sizes[] = {1, 2, 3, 4, 7, 32, 100};
    for (int i = 0; i < 7; i++) check_eigen(sizes[i], false);
    check_eigen(9, true);
    test_where(NULL);
}

TEST(eigenvalues_of_a_known_matrix)
{
    /* 2 on the diagonal, -1 beside it: 2 - 2 cos(i pi / (n + 1)). */
    enum { N = 12 };
    double a[N * N] = {0}, value[N], work[N];
    for (int i = 0; i < N; i++) {
        a[i * N + i] = 2;
        if (i > 0) a[i * N + i - 1] = a[(i - 1) * N + i] = -1;
    }
    CHECK(hgi_eigen(N, a, value, work));
    for (int i = 0; i < N; i++)
        CHECK_NEAR(value[i], 2 - 2 * cos((N - i) * acos(-1) / (N + 1)), 1e-13);
}

TEST(eigenvectors_of_numbers_that_are_not_finite_are_refused)
{
    double a[4] = {1, (double)NAN, (double)NAN, 1}, value[2], work[2];
    CHECK(!hgi_eigen(2, a, value, work));
}

TEST(rows_that_depend_on_each_other_become_an_orthonormal_basis)
{
    enum { P = 4, D = 6 };
    double q[P * D];
    uint64_t seed = 4;
    for (int i = 0; i < D; i++) {
        q[i] = test_uniform(&seed, -1, 1);
        q[D + i] = 2 * q[i]; /* the same direction */
        q[2 * D + i] = 0;    /* none */
        q[3 * D + i] = test_uniform(&seed, -1, 1);
    }
    hgi_orthonormal_rows(P, D, q);
    for (int i = 0; i < P; i++)
        for (int j = 0; j <= i; j++) {
            double s = 0;
            for (int k = 0; k < D; k++) s += q[i * D + k] * q[j * D + k];
            CHECK_NEAR(s, i == j ? 1 : 0, 1e-14);
        }
}

TEST(cholesky_solves_what_it_factored)
{
    enum { N = 15 };
    double a[N * N], l[N * N], b[N], x[N];
    uint64_t seed = 5;
    symmetric(N, 3, false, a);
    for (int i = 0; i < N; i++) a[i * N + i] += N; /* positive definite: dominant */
    for (int i = 0; i < N; i++) b[i] = x[i] = test_uniform(&seed, -1, 1);
    memcpy(l, a, sizeof l);
    CHECK(hgi_cholesky(N, l));
    hgi_solve_lower(N, l, x);
    hgi_solve_upper(N, l, x);
    for (int i = 0; i < N; i++) {
        double s = 0;
        for (int j = 0; j < N; j++) s += a[i * N + j] * x[j];
        CHECK_NEAR(s, b[i], 1e-13);
    }
    a[0] = -1;
    CHECK(!hgi_cholesky(N, a));
}

/* ---- principal components -------------------------------------------------------- */

/* Rows mean + sum of score times direction, of three orthonormal directions whose scores
 * have the variances 9, 4 and 1 in exact shares: each of the 8 sign patterns n/8 times. */
static float *three_directions(int64_t n, int64_t d)
{
    float *x = malloc((size_t)(n * d) * sizeof *x);
    double *v = malloc((size_t)(3 * d) * sizeof *v);
    uint64_t seed = 8;
    for (int64_t i = 0; i < 3 * d; i++) v[i] = test_uniform(&seed, -1, 1);
    hgi_orthonormal_rows(3, d, v);
    for (int64_t r = 0; r < n; r++)
        for (int64_t c = 0; c < d; c++) {
            double s = 5 + 0.01 * (double)(c % 7);
            for (int i = 0; i < 3; i++)
                s += (3 - i) * ((r >> i & 1) != 0 ? 1 : -1) * v[i * d + c];
            x[r * d + c] = (float)s;
        }
    free(v);
    return x;
}

static hg_model *fit(hg_ctx *ctx, const float *x, int64_t n, int64_t d, const char *code,
                     double *share)
{
    hg_dataset *data = rows_of(ctx, x, n, d);
    hg_config *cfg;
    hg_model *m;
    CHECK_OK(ctx, hg_config_new(ctx, &cfg));
    CHECK_OK(ctx, hg_config_set(cfg, "code", code));
    CHECK_OK(ctx, hg_config_set(cfg, "scale", "none"));
    CHECK_OK(ctx, hg_pca(ctx, cfg, data, share, &m));
    hg_config_free(&cfg);
    hg_dataset_free(&data);
    return m;
}

/* All eigenvectors at once, subspace iteration on a matrix, passes over the rows: the same
 * answer by each way. */
TEST(known_components_are_found_whatever_the_width)
{
    static const int64_t widths[] = {5, 300, 4200};
    hg_ctx *ctx = test_ctx();
    for (int i = 0; i < 3; i++) {
        int64_t d = widths[i], n = 64;
        double share[3];
        float *x = three_directions(n, d), z[3], *y = malloc((size_t)d * sizeof *y);
        hg_model *m = fit(ctx, x, n, d, "3", share);
        test_where("%lld columns", (long long)d);
        /* Of floats near 5: some 3e-7 each, d of them beside scores of 1 to 3. */
        for (int k = 0; k < 3; k++) CHECK_NEAR(share[k], (3 - k) * (3 - k) / 14.0, 1e-5);
        for (int64_t r = 0; r < n; r += 13) {
            CHECK_OK(ctx, hg_encode(ctx, m, x + r * d, 1, z));
            for (int k = 0; k < 3; k++) CHECK_NEAR(fabsf(z[k]), 3 - k, 1e-3);
            CHECK_OK(ctx, hg_reconstruct(ctx, m, x + r * d, 1, y));
            double worst = 0;
            for (int64_t c = 0; c < d; c++)
                worst = fmax(worst, fabs((double)y[c] - (double)x[r * d + c]));
            CHECK_NEAR(worst, 0, 2e-5);
        }
        hg_model_free(&m);
        free(x);
        free(y);
    }
    test_where(NULL);
}

TEST(components_beyond_the_rank_of_the_rows_hold_nothing)
{
    hg_ctx *ctx = test_ctx();
    float x[3 * 6] = {1, 2, 3, 4, 5, 6, 2, 3, 4, 5, 6, 7, 9, 9, 9, 9, 9, 9};
    double share[6];
    hg_model *m = fit(ctx, x, 3, 6, "6", share);
    /* Products of centred floats: 24 bits, 6e-8 of the largest variance. */
    CHECK_NEAR(share[0] + share[1], 1, 6e-8);
    for (int k = 2; k < 6; k++) CHECK_NEAR(share[k], 0, 6e-8);
    hg_model_free(&m);
}

TEST(one_row_and_constant_columns_have_components_of_no_variance)
{
    hg_ctx *ctx = test_ctx();
    float x[4] = {7, 7, 7, 7}, y[4];
    double share[2];
    hg_model *m = fit(ctx, x, 1, 4, "2", share);
    CHECK_NEAR(share[0], 0, 0);
    CHECK_OK(ctx, hg_reconstruct(ctx, m, x, 1, y));
    for (int i = 0; i < 4; i++) CHECK_NEAR(y[i], 7, 0);
    hg_model_free(&m);
}

TEST(components_are_the_same_bits_for_any_number_of_threads)
{
    int64_t n = 500, d = 270;
    float *x = random_floats(9, n * d, -1, 1);
    hg_model *one = fit(context_of(1), x, n, d, "4", NULL),
             *three = fit(context_of(3), x, n, d, "4", NULL);
    CHECK_INT(
        memcmp(one->theta, three->theta, (size_t)one->net.params * sizeof *one->theta),
        0);
    hg_model_free(&one);
    hg_model_free(&three);
    free(x);
}

TEST(a_pca_refuses_what_it_cannot_do)
{
    hg_ctx *ctx = test_ctx();
    float x[8] = {0, 1, 2, 3, 4, 5, 6, 8};
    hg_dataset *data = rows_of(ctx, x, 4, 2);
    hg_config *cfg;
    hg_model *m;
    CHECK_OK(ctx, hg_config_new(ctx, &cfg));
    CHECK_FAILS(ctx, hg_pca(ctx, cfg, data, NULL, &m), HG_EINVAL, "code");
    CHECK_OK(ctx, hg_config_set(cfg, "code", "3"));
    CHECK_FAILS(ctx, hg_pca(ctx, cfg, data, NULL, &m), HG_ERANGE, "3 components");
    CHECK(m == NULL);
    CHECK_OK(ctx, hg_config_set(cfg, "code", "1"));
    for (int64_t n = 0;; n++) {
        test_fail_alloc(n);
        hg_status status = hg_pca(ctx, cfg, data, NULL, &m);
        bool failed = test_alloc_failed();
        test_fail_alloc(-1);
        if (!failed) {
            CHECK_INT(status, HG_OK);
            break;
        }
        CHECK_INT(status, HG_ENOMEM);
        CHECK(m == NULL);
    }
    hg_model_free(&m);
    hg_config_free(&cfg);
    hg_dataset_free(&data);
}
