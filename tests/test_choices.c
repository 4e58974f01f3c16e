// SPDX-License-Identifier: MIT
/* Mixtures for codes that are no numbers: bits that go together, entries of a codebook. */
#include "test_models.h"

#include "model/mixture.h"

#include <math.h>
#include <string.h>

enum { N = 3000, D = 6 };

/* Codes are the signs of the rows: of three parts the first has the first half of its bits,
 * the second the other half, the third none. */
static hg_model *bits_of_signs(hg_ctx *ctx)
{
    const model_recipe r = {{1, {D}}, "dense 6 linear", "binary", "dense input",
                            "mse",    HGI_SCALE_NONE};
    hg_model *m = make_model(ctx, &r);
    for (int64_t i = 0; i < m->net.params; i++) m->theta[i] = 0;
    for (int64_t l = 0; l < m->net.count; l++)
        for (int64_t i = 0; m->net.layer[l].tensors > 0 && i < D; i++)
            m->theta[m->net.layer[l].tensor[0].offset + i * D + i] = 1;
    return m;
}

/* A twentieth of the bits are the other way round. */
static float *groups(void)
{
    uint64_t seed = 7;
    float *x = malloc(sizeof *x * N * D);
    for (int r = 0; r < N; r++) {
        double u = test_uniform(&seed, 0, 1);
        int part = u < 0.5 ? 0 : u < 0.8 ? 1 : 2;
        for (int i = 0; i < D; i++) {
            bool on = part < 2 && (i < D / 2) == (part == 0);
            if (test_uniform(&seed, 0, 1) < 0.05) on = !on;
            x[r * D + i] = on ? 1 : -1;
        }
    }
    return x;
}

/* Shares of rows with bit i, and with bits i and j. */
static void moments(hg_ctx *ctx, const hg_dataset *codes, double *one, double *two)
{
    float z[D];
    const int64_t n = hg_dataset_rows(codes);
    for (int i = 0; i < D; i++) one[i] = 0;
    for (int i = 0; i < D * D; i++) two[i] = 0;
    for (int64_t r = 0; r < n; r++) {
        CHECK_OK(ctx, hg_dataset_read(ctx, codes, r, 1, z));
        for (int i = 0; i < D; i++) {
            CHECK(z[i] == 0 || z[i] == 1);
            one[i] += (double)z[i] / (double)n;
            for (int j = 0; j < D; j++)
                two[i * D + j] += (double)(z[i] * z[j]) / (double)n;
        }
    }
}

TEST(bits_that_go_together_are_drawn_together)
{
    hg_ctx *ctx = context_of(2);
    float *x = groups();
    char path[TEST_PATH];
    hg_model *m = bits_of_signs(ctx), *back;
    hg_dataset *d = rows_of(ctx, x, N, D), *codes, *rows, *drawn;
    double want[D], pairs[D * D], got[D], both[D * D];
    CHECK_OK(ctx, hg_encode_dataset(ctx, m, d, &codes));
    moments(ctx, codes, want, pairs);
    CHECK_OK(ctx, hg_mixture_fit(ctx, m, d, NULL));
    hg_mixture_info info = {.size = sizeof info};
    CHECK_OK(ctx, hg_mixture_get_info(ctx, m, &info));
    CHECK_STR(info.covariance, "none");
    CHECK_INT(info.components, 3); /* as many as BIC should find */
    test_path(path, "bits.safetensors");
    CHECK_OK(ctx, hg_model_save(ctx, m, path));
    CHECK_OK(ctx, hg_model_load(ctx, path, &back));
    hg_sample_options o = {.size = sizeof o};
    CHECK_OK(ctx, hg_sample(ctx, back, N, &o, &rows, &drawn));
    moments(ctx, drawn, got, both);
    /* Four times what a share of 3,000 rows wanders by, twice over: 0.5 / sqrt(n). */
    for (int i = 0; i < D; i++) CHECK_NEAR(got[i], want[i], 0.05);
    for (int i = 0; i < D * D; i++) CHECK_NEAR(both[i], pairs[i], 0.05);
    hg_dataset_free(&rows);
    hg_dataset_free(&drawn);
    /* Cold draws are each component's likeliest bits. */
    o.temperature = 0.01;
    CHECK_OK(ctx, hg_sample(ctx, back, 200, &o, &rows, &drawn));
    moments(ctx, drawn, got, both);
    for (int i = 0; i < D / 2; i++) {
        CHECK_NEAR(both[i * D], got[0], 1e-9);
        CHECK_NEAR(both[i * D + D - 1], 0, 1e-9);
    }
    hg_dataset_free(&rows);
    hg_dataset_free(&drawn);
    o.temperature = 0;
    o.from = "prior";
    CHECK_FAILS(ctx, hg_sample(ctx, back, 3, &o, &rows, NULL), HG_EINVAL,
                "nothing of a normal distribution");
    hg_mixture_options with = {.size = sizeof with, .covariance = "full"};
    CHECK_FAILS(ctx, hg_mixture_fit(ctx, m, d, &with), HG_EINVAL, "have none");
    hg_model_free(&back);
    hg_model_free(&m);
    hg_dataset_free(&codes);
    hg_dataset_free(&d);
    free(x);
}

TEST(mixtures_of_choices_do_not_depend_on_threads_and_leak_nothing)
{
    float *x = groups();
    double first = 0;
    for (int threads = 1; threads <= 3; threads++) {
        hg_ctx *ctx = context_of(threads);
        hg_model *m = bits_of_signs(ctx);
        hg_dataset *d = rows_of(ctx, x, N, D);
        hg_mixture_info info = {.size = sizeof info};
        hg_mixture_options o = {.size = sizeof o, .components = 4};
        CHECK_OK(ctx, hg_mixture_fit(ctx, m, d, &o));
        CHECK_OK(ctx, hg_mixture_get_info(ctx, m, &info));
        if (threads == 1) first = info.log_likelihood;
        CHECK(info.log_likelihood == first);
        hg_dataset_free(&d);
        hg_model_free(&m);
    }
    hg_ctx *ctx = test_ctx();
    hg_model *m = bits_of_signs(ctx);
    hg_dataset *d = rows_of(ctx, x, 50, D);
    for (int64_t n = 0;; n++) {
        test_fail_alloc(n);
        hg_status status = hg_mixture_fit(ctx, m, d, NULL);
        bool failed = test_alloc_failed();
        test_fail_alloc(-1);
        if (!failed) break;
        CHECK_INT(status, HG_ENOMEM);
    }
    hg_dataset_free(&d);
    hg_model_free(&m);
    free(x);
}

/* Of vectors: what is drawn are entries, and those that are never used are as good as never
 * drawn. */
TEST(vectors_are_drawn_from_the_codebook)
{
    enum { ENTRIES = 5, PARTS = 3 };
    hg_ctx *ctx = context_of(1);
    const model_recipe r = {{1, {D}}, "dense 6 linear", "vq 5 parts=3", "dense input",
                            "mse",    HGI_SCALE_NONE};
    hg_model *m = make_model(ctx, &r);
    float *x = random_floats(2, 400 * D, -1, 1), z[50 * D];
    hg_dataset *d = rows_of(ctx, x, 400, D), *rows, *drawn, *index, *again;
    CHECK_OK(ctx, hg_mixture_fit(ctx, m, d, NULL));
    CHECK_OK(ctx, hg_sample(ctx, m, 50, NULL, &rows, &drawn));
    CHECK_OK(ctx, hg_dataset_read(ctx, drawn, 0, 50, z));
    const hgi_real *book = m->state + m->net.layer[m->net.code].tensor[0].offset;
    for (int v = 0; v < 50 * PARTS; v++) {
        bool entry = false;
        for (int j = 0; j < ENTRIES; j++)
            entry |=
                z[2 * v] == (float)book[2 * j] && z[2 * v + 1] == (float)book[2 * j + 1];
        CHECK(entry);
    }
    hg_dataset_free(&rows);
    hg_dataset_free(&drawn);
    /* One row alone: it is drawn, again and again, but for what was never seen: of 401
     * parts one is shared by all entries. */
    hg_dataset *same = rows_of(ctx, x, 1, D);
    float *many = malloc(sizeof *many * 400 * D);
    for (int i = 0; i < 400 * D; i++) many[i] = x[i % D];
    hg_dataset *copies = rows_of(ctx, many, 400, D);
    CHECK_OK(ctx, hg_mixture_fit(ctx, m, copies, NULL));
    CHECK_OK(ctx, hg_sample(ctx, m, 50, NULL, &rows, &drawn));
    CHECK_OK(ctx, hg_encode_indices(ctx, m, same, &index));
    CHECK_OK(ctx, hg_decode_indices(ctx, m, index, &again));
    float want[D], got[D];
    int equal = 0;
    CHECK_OK(ctx, hg_dataset_read(ctx, again, 0, 1, want));
    for (int i = 0; i < 50; i++) {
        CHECK_OK(ctx, hg_dataset_read(ctx, rows, i, 1, got));
        equal += memcmp(got, want, sizeof got) == 0;
    }
    CHECK(equal >= 48);
    hg_dataset_free(&again);
    hg_dataset_free(&index);
    hg_dataset_free(&rows);
    hg_dataset_free(&drawn);
    hg_dataset_free(&copies);
    hg_dataset_free(&same);
    hg_dataset_free(&d);
    hg_model_free(&m);
    free(many);
    free(x);
}

TEST(broken_tables_of_choices_are_refused)
{
    hg_ctx *ctx = context_of(1);
    float *x = groups();
    char path[TEST_PATH];
    hg_model *m = bits_of_signs(ctx), *back;
    hg_dataset *d = rows_of(ctx, x, N, D);
    CHECK_OK(ctx, hg_mixture_fit(ctx, m, d, NULL));
    test_path(path, "bad.safetensors");
    m->mixture.table[3] += 0.5;
    CHECK_OK(ctx, hg_model_save(ctx, m, path));
    CHECK_FAILS(ctx, hg_model_load(ctx, path, &back), HG_EFORMAT,
                "'mixture.table' is not lines of numbers from 0 to 1 whose sum is 1");
    /* Another code's. */
    m->mixture.table[3] -= 0.5;
    const model_recipe r = {{1, {D}},      "dense 6", NULL,
                            "dense input", "mse",     HGI_SCALE_NONE};
    hg_model *plain = make_model(ctx, &r);
    plain->mixture = m->mixture;
    m->mixture = (hgi_mixture){0};
    CHECK_OK(ctx, hg_model_save(ctx, plain, path));
    CHECK_FAILS(ctx, hg_model_load(ctx, path, &back), HG_EFORMAT,
                "for codes of bits or entries");
    hg_dataset_free(&d);
    hg_model_free(&plain);
    hg_model_free(&m);
    free(x);
}
