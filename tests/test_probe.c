// SPDX-License-Identifier: MIT
/* Neighbours against a plain search in double, logistic regression on classes whose best
 * answer is known, and probes of codes against what is known of the rows. */
#include "test_models.h"

#include "apply/neighbours.h"
#include "train/logistic.h"

#include <math.h>

static double apart(const float *a, const float *b, int64_t d)
{
    double s = 0;
    for (int64_t c = 0; c < d; c++)
        s += ((double)a[c] - (double)b[c]) * ((double)a[c] - (double)b[c]);
    return s;
}

/* Across the bounds of blocks of rows (1,024) and of queries (64); far from 0. */
TEST(neighbours_are_those_of_a_plain_search)
{
    enum { M = 1100, N = 70, D = 7, K = 3 };
    hg_ctx *ctx = test_ctx();
    float *rows = random_floats(1, (int64_t)M * D, 99, 101),
          *query = random_floats(2, (int64_t)N * D, 99, 101);
    int64_t index[N * K];
    CHECK_OK(ctx, hgi_neighbours(ctx, D, rows, M, query, N, K, index, NULL));
    for (int64_t q = 0; q < N; q++) {
        double last = 0;
        for (int64_t k = 0; k < K; k++) {
            double far = apart(rows + index[q * K + k] * D, query + q * D, D);
            int64_t nearer = 0;
            for (int64_t r = 0; r < M; r++)
                /* Of distances near 0.1, by floats near 1: a few 1e-7. */
                nearer += apart(rows + r * D, query + q * D, D) < far - 1e-6;
            CHECK(nearer <= k);
            CHECK(far >= last - 1e-6);
            last = far;
        }
    }
    free(rows);
    free(query);
}

TEST(of_equal_neighbours_the_first_comes_first)
{
    hg_ctx *ctx = test_ctx();
    float rows[] = {5, 1, 1, 3}, query[] = {1};
    int64_t index[3];
    CHECK_OK(ctx, hgi_neighbours(ctx, 1, rows, 4, query, 1, 3, index, NULL));
    CHECK_INT(index[0], 1);
    CHECK_INT(index[1], 2);
    CHECK_INT(index[2], 3);
}

/* Of one column and two classes of 30 and 10 rows that it does not tell apart, the best
 * is to say the more frequent one; and what it does tell apart it gets right. */
TEST(logistic_regression_learns_shares_and_borders)
{
    enum { N = 40 };
    hg_ctx *ctx = test_ctx();
    float flat[N], steep[N], query[] = {-3, -0.2f, 0.2f, 3};
    int32_t rare[N], side[N], got[4];
    for (int i = 0; i < N; i++) {
        flat[i] = (float)(i / 4 % 2);
        rare[i] = i % 4 == 0;
        steep[i] = (float)(i - N / 2) + 0.5f;
        side[i] = steep[i] > 0 ? 2 : 1; /* class 0 has no rows */
    }
    CHECK_OK(ctx, hgi_logistic(ctx, 1, 2, flat, rare, N, query, 4, got, NULL));
    for (int i = 0; i < 4; i++) CHECK_INT(got[i], 0);
    CHECK_OK(ctx, hgi_logistic(ctx, 1, 3, steep, side, N, query, 4, got, NULL));
    for (int i = 0; i < 4; i++) CHECK_INT(got[i], i < 2 ? 1 : 2);
}

/* Columns that hardly vary, as the last of many principal components, are not blown up to
 * the size of the one that counts: divided by its own deviation each would tell 60 rows
 * apart by heart. */
TEST(logistic_regression_is_not_led_by_columns_of_mere_noise)
{
    enum { N = 60, D = 41, M = 200 };
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(3, (int64_t)N * D, -1e-3, 1e-3),
          *query = random_floats(4, (int64_t)M * D, -1e-3, 1e-3);
    int32_t side[N], got[M];
    int64_t right = 0;
    uint64_t seed = 6;
    for (int i = 0; i < N; i++) {
        side[i] = i % 2;
        x[i * D] = (float)(side[i] + test_uniform(&seed, -0.6, 0.6));
    }
    for (int i = 0; i < M; i++)
        query[i * D] = (float)(i % 2 + test_uniform(&seed, -0.6, 0.6));
    CHECK_OK(ctx, hgi_logistic(ctx, D, 2, x, side, N, query, M, got, NULL));
    for (int i = 0; i < M; i++) right += got[i] == i % 2;
    /* A tenth of 0.6 overlaps on each side: the best is some 92 in 100. */
    CHECK(right > 85 * M / 100);
    free(x);
    free(query);
}

static int stop_at_once(void *user, const char *what, double share)
{
    int *calls = user;
    CHECK(what[0] != '\0');
    CHECK(share >= 0 && share <= 1);
    return ++*calls == 3;
}

/* ---- probes ------------------------------------------------------------------------ */

enum { ROWS = 120, D = 4 };

/* The first feature tells three classes apart, called 7, -1 and 0.5; the rest is noise, of
 * a larger spread, which is what PCA keeps. */
static float *three_classes(float *labels)
{
    static const float names[] = {7, -1, 0.5f};
    float *x = random_floats(3, (int64_t)ROWS * D, -9, 9);
    for (int i = 0; i < ROWS; i++) {
        labels[i] = names[i % 7 % 3];
        x[i * D] = 2 * (float)(i % 7 % 3) + 0.03f * x[i * D];
    }
    return x;
}

static hg_model *keeps_the_first(hg_ctx *ctx)
{
    const model_recipe r = {
        .input = {1, {D, 0, 0}}, .encoder = "dense 1 nobias", .decoder = "dense 4"};
    hg_model *m = make_model(ctx, &r);
    memset(m->theta, 0, (size_t)m->net.params * sizeof *m->theta);
    m->theta[m->net.layer[0].tensor->offset] = 1;
    return m;
}

TEST(a_probe_tells_what_a_code_knows)
{
    hg_ctx *ctx = test_ctx();
    float names[ROWS], *x = three_classes(names);
    hg_model *m = keeps_the_first(ctx);
    hg_dataset *d = rows_of(ctx, x, ROWS, D), *l = rows_of(ctx, names, ROWS, 1);
    hg_probe halves = {.size = sizeof halves}, known = {.size = sizeof known};
    CHECK_OK(ctx, hg_probe_run(ctx, m, NULL, NULL, d, l, &halves));
    CHECK_INT(halves.classes, 3);
    CHECK_INT(halves.train_rows, ROWS / 2);
    CHECK_INT(halves.rows, ROWS / 2);
    CHECK_NEAR(halves.knn_code, 1, 0);
    /* Ordered classes on a line: the middle one needs its bias, which is free. */
    CHECK(halves.linear_code > 0.9);
    CHECK(halves.knn_pca < 0.7); /* noise: a third, and luck */
    /* The rows in one unit: the penalty holds the weight of the narrow column back. */
    CHECK(halves.linear_raw > 0.8);
    CHECK_OK(ctx, hg_probe_run(ctx, m, d, l, d, l, &known));
    CHECK_INT(known.train_rows, ROWS);
    int calls = 0;
    known.on_progress = stop_at_once;
    known.user = &calls;
    CHECK_FAILS(ctx, hg_probe_run(ctx, m, d, l, d, l, &known), HG_ECANCELED, "stopped");
    CHECK_INT(calls, 3);
    CHECK_NEAR(known.knn_code, 1, 0);
    hg_dataset_free(&d);
    hg_dataset_free(&l);
    hg_model_free(&m);
    free(x);
}

TEST(a_probe_refuses_labels_that_do_not_fit)
{
    hg_ctx *ctx = context_of(2);
    float names[ROWS], *x = three_classes(names), same[ROWS] = {0};
    hg_model *m = keeps_the_first(ctx);
    hg_dataset *d = rows_of(ctx, x, ROWS, D), *l = rows_of(ctx, names, ROWS, 1),
               *few = rows_of(ctx, names, ROWS - 1, 1),
               *one = rows_of(ctx, same, ROWS, 1);
    hg_probe p = {.size = sizeof p}, unset = {0};
    CHECK_FAILS(ctx, hg_probe_run(ctx, m, NULL, NULL, d, few, &p), HG_ESHAPE,
                "119 labels for 120 rows");
    CHECK_FAILS(ctx, hg_probe_run(ctx, m, NULL, NULL, d, d, &p), HG_ESHAPE, "one value");
    CHECK_FAILS(ctx, hg_probe_run(ctx, m, NULL, NULL, d, one, &p), HG_ERANGE,
                "same label");
    CHECK_FAILS(ctx, hg_probe_run(ctx, m, d, NULL, d, l, &p), HG_EINVAL, "go together");
    CHECK_FAILS(ctx, hg_probe_run(ctx, m, NULL, NULL, d, l, &unset), HG_EINVAL, "size");
    names[ROWS - 1] = 99; /* of an odd row: among those that judge */
    CHECK_FAILS(ctx, hg_probe_run(ctx, m, NULL, NULL, d, l, &p), HG_ERANGE, "label 99");
    names[ROWS - 1] = 7;
    for (int64_t n = 0;; n += 2) {
        test_fail_alloc(n);
        hg_status status = hg_probe_run(ctx, m, NULL, NULL, d, l, &p);
        bool failed = test_alloc_failed();
        test_fail_alloc(-1);
        if (!failed) break;
        CHECK_INT(status, HG_ENOMEM);
    }
    hg_dataset_free(&d);
    hg_dataset_free(&l);
    hg_dataset_free(&few);
    hg_dataset_free(&one);
    hg_model_free(&m);
    free(x);
}
