// SPDX-License-Identifier: MIT
/* Using a model: the same numbers whichever way rows come in, in the units of the data,
 * equal to a plain calculation in double; and refusals that name their place. */
#include "test_models.h"

#include "kernels/kernels.h"

#include <math.h>

/* ---- a plain forward pass in double ---------------------------------------------- */

static double activate(hgi_act act, double alpha, double x)
{
    switch (act) {
    case HGI_ACT_RELU: return x > 0 ? x : 0;
    case HGI_ACT_LEAKY: return x > 0 ? x : alpha * x;
    case HGI_ACT_ELU: return x > 0 ? x : alpha * expm1(x);
    case HGI_ACT_SELU:
        return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * expm1(x));
    case HGI_ACT_GELU: return 0.5 * x * (1 + erf(x / sqrt(2)));
    case HGI_ACT_TANH: return tanh(x);
    case HGI_ACT_SIGMOID: return 1 / (1 + exp(-x));
    case HGI_ACT_SOFTPLUS: return log1p(exp(x));
    default: return x;
    }
}

static void dense(const hg_model *m, const hgi_layer *l, const double *x, double *y)
{
    const hgi_tensor *w = l->tied != NULL ? &l->tied->tensor[0] : &l->tensor[0];
    const hgi_tensor *b = l->tied != NULL ? &l->tensor[0] : &l->tensor[1];
    for (int64_t j = 0; j < l->d_out; j++) {
        double sum = (double)m->theta[b->offset + j];
        for (int64_t i = 0; i < l->d_in; i++) {
            int64_t at = l->tied != NULL ? i * l->d_out + j : j * l->d_in + i;
            sum += (double)m->theta[w->offset + at] * x[i];
        }
        y[j] = activate(l->act, (double)l->alpha, sum);
    }
}

/* epsilon is the usual 1e-3; channels are the last dimension. */
static void batchnorm(const hg_model *m, const hgi_layer *l, const double *x, double *y)
{
    const hgi_tensor *t = l->tensor;
    for (int64_t i = 0; i < l->d_in; i++) {
        int64_t c = i % t->count;
        double gamma = (double)m->theta[t[0].offset + c];
        double beta = (double)m->theta[t[1].offset + c];
        double mean = (double)m->state[t[2].offset + c];
        double variance = (double)m->state[t[3].offset + c];
        y[i] = gamma * (x[i] - mean) / sqrt(variance + 1e-3) + beta;
    }
}

enum { WIDEST = 256 };

/* One row, in the units of the data, to its code and its reconstruction. */
static void plain_row(const hg_model *m, const float *row, double *z, double *out)
{
    double a[WIDEST], b[WIDEST];
    const hgi_scaler *s = &m->scaler;
    for (int64_t i = 0; i < m->net.inputs; i++)
        a[i] = ((double)row[i] - s->shift[i]) * s->scale[i];
    for (int64_t k = 0; k < m->net.count; k++) {
        const hgi_layer *l = &m->net.layer[k];
        if (strcmp(l->kind->name, "dense") == 0)
            dense(m, l, a, b);
        else if (strcmp(l->kind->name, "batchnorm") == 0)
            batchnorm(m, l, a, b);
        else if (strcmp(l->kind->name, "activation") == 0)
            for (int64_t i = 0; i < l->d_in; i++)
                b[i] = activate(l->act, (double)l->alpha, a[i]);
        else /* dropout and the code change nothing here */
            memcpy(b, a, sizeof b);
        memcpy(a, b, sizeof a);
        if (k == m->net.code) memcpy(z, a, (size_t)l->d_out * sizeof *z);
    }
    const hgi_layer *last = &m->net.layer[m->net.count - 1];
    bool logits = strcmp(m->net.loss->name, "bce") == 0 && last->act == HGI_ACT_LINEAR;
    for (int64_t i = 0; i < m->net.inputs; i++) {
        if (logits) a[i] = activate(HGI_ACT_SIGMOID, 1, a[i]);
        out[i] = a[i] / s->scale[i] + s->shift[i];
    }
}

/* Rounding: 2^-24 a product, sums of 37 terms of size 1, some layers deep, and a scaler
 * that is undone with a factor of at most 255: 1e-4 of the values' size is generous to
 * rounding, and far below any mistake. */
static void check_plain(hg_ctx *ctx, const model_recipe *r, double lo, double hi)
{
    enum { N = 70 };
    hg_model *m = make_model(ctx, r);
    int64_t d = m->net.inputs, k = m->net.code_size;
    float *x = random_floats(9, N * d, lo, hi);
    float *z = calloc((size_t)(N * k), 4), *y = calloc((size_t)(N * d), 4);
    CHECK_OK(ctx, hg_encode(ctx, m, x, N, z));
    CHECK_OK(ctx, hg_reconstruct(ctx, m, x, N, y));
    for (int n = 0; n < N; n++) {
        double want_z[WIDEST], want[WIDEST];
        plain_row(m, x + n * d, want_z, want);
        for (int64_t i = 0; i < k; i++)
            CHECK_NEAR(z[n * k + i], want_z[i], 1e-5 * (1 + fabs(want_z[i])));
        for (int64_t i = 0; i < d; i++)
            CHECK_NEAR(y[n * d + i], want[i], 1e-4 * fmax(hi, fabs(want[i])));
    }
    hg_model_free(&m);
    free(x);
    free(z);
    free(y);
}

TEST(a_model_gives_what_a_plain_calculation_gives)
{
    hg_ctx *ctx = test_ctx();
    static const model_recipe rows[] = {
        {{1, {37, 0, 0}},
         "dense 20 relu; dense 5",
         "plain",
         "dense 20 relu; dense 37",
         "mse",
         HGI_SCALE_STANDARD},
        {{1, {37, 0, 0}},
         "dense 20 gelu; batchnorm; dense 5",
         "plain l1=0.1",
         "dense 20 softplus; dropout 0.5; dense 37",
         "huber",
         HGI_SCALE_MINMAX},
        {{2, {4, 5, 0}},
         "dropout 0.3; dense 9 tanh",
         "plain",
         "dense 20 tied sigmoid",
         "bce",
         HGI_SCALE_NONE},
        {{3, {2, 3, 2}},
         "batchnorm; dense 9 selu; dense 3 elu",
         "plain",
         "dense 9 leaky tied; dense 12 tied",
         "bce",
         HGI_SCALE_UNIT},
        {{1, {8, 0, 0}},
         "dense 4; batchnorm; activation relu",
         "plain",
         "dense 8; activation sigmoid",
         "bce",
         HGI_SCALE_NONE},
        {{1, {1, 0, 0}}, "dense 1", "plain", "dense 1", "mae", HGI_SCALE_STANDARD},
    };
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        test_where("model %d", i);
        check_plain(ctx, &rows[i], 0, rows[i].scale == HGI_SCALE_UNIT ? 255 : 1);
    }
}

TEST(every_activation_gives_what_its_formula_gives)
{
    hg_ctx *ctx = test_ctx();
    char encoder[64], decoder[64];
    for (int i = 0; hgi_act_words[i] != NULL; i++) {
        test_where("%s", hgi_act_words[i]);
        snprintf(encoder, sizeof encoder, "dense 17 %s", hgi_act_words[i]);
        snprintf(decoder, sizeof decoder, "dense 9; activation %s", hgi_act_words[i]);
        check_plain(ctx,
                    &(model_recipe){
                        .input = {1, {9, 0, 0}}, .encoder = encoder, .decoder = decoder},
                    -3, 3);
    }
}

/* ---- the same bits whichever way ------------------------------------------------- */

static const model_recipe usual = {
    {1, {19, 0, 0}}, "dense 33 relu; batchnorm; dense 7 tanh",
    "plain",         "dense 33 gelu tied; dense 19 sigmoid",
    "mse",           HGI_SCALE_STANDARD};
enum { D = 19, CODE = 7, ROWS = 130 };

TEST(encode_then_decode_is_reconstruct_to_the_bit)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model(ctx, &usual);
    float *x = random_floats(1, ROWS * D, 0, 1), z[ROWS * CODE], y[ROWS * D],
          want[ROWS * D];
    CHECK_OK(ctx, hg_encode(ctx, m, x, ROWS, z));
    CHECK_OK(ctx, hg_decode(ctx, m, z, ROWS, y));
    CHECK_OK(ctx, hg_reconstruct(ctx, m, x, ROWS, want));
    CHECK(memcmp(y, want, sizeof y) == 0);
    hg_model_free(&m);
    free(x);
}

TEST(rows_do_not_depend_on_their_company_or_the_threads)
{
    hg_model *m = make_model(context_of(1), &usual);
    float *x = random_floats(2, ROWS * D, 0, 1), want[ROWS * D], y[ROWS * D];
    for (int r = 0; r < ROWS; r++)
        CHECK_OK(context_of(1),
                 hg_reconstruct(context_of(1), m, x + r * D, 1, want + r * D));
    for (int threads = 1; threads <= 4; threads++)
        for (int n = 1; n <= ROWS; n++) {
            hg_ctx *ctx = context_of(threads);
            test_where("%d rows, %d threads", n, threads);
            memset(y, 0xff, sizeof y);
            CHECK_OK(ctx, hg_reconstruct(ctx, m, x, n, y));
            CHECK(memcmp(y, want, (size_t)(n * D) * sizeof *y) == 0);
            CHECK(n == ROWS || isnan(y[n * D])); /* not a value too many */
        }
    hg_model_free(&m);
    free(x);
}

/* A model is shared between contexts that may run other kernels than the one it was made
 * in, whose packed weights are of another size.  Sums differ in their order: 1e-5 of values
 * of size 1 to 10 is 100 roundings. */
TEST(a_model_made_with_one_kernel_set_runs_with_any_other)
{
    float *x = random_floats(2, ROWS * D, 0, 1), want[ROWS * D], y[ROWS * D];
    const hgi_kernels *made, *used;
    for (int i = 0; (made = hgi_kernels_at(i)) != NULL; i++) {
        hg_ctx_options o = {.size = sizeof o, .threads = 1, .cpu = made->name};
        hg_ctx *ctx = test_ctx_with(&o);
        hg_model *m = make_model(ctx, &usual);
        CHECK_OK(ctx, hg_reconstruct(ctx, m, x, ROWS, want));
        for (int k = 0; (used = hgi_kernels_at(k)) != NULL; k++) {
            test_where("made with %s, used with %s", made->name, used->name);
            hg_ctx_options p = {.size = sizeof p, .threads = 2, .cpu = used->name};
            hg_ctx *other = test_ctx_with(&p);
            CHECK_OK(other, hg_reconstruct(other, m, x, ROWS, y));
            for (int j = 0; j < ROWS * D; j++)
                if (!CHECK_NEAR(y[j], want[j], 1e-5 * fmax(1, fabs((double)want[j]))))
                    break;
        }
        hg_model_free(&m);
    }
    free(x);
}

/* A dataset's reconstruction as floats, to free. */
static float *reconstructed(hg_ctx *ctx, const hg_model *m, const hg_view *v)
{
    hg_dataset *d, *out;
    CHECK_OK(ctx, hg_dataset_view(ctx, v, &d));
    CHECK_OK(ctx, hg_reconstruct_dataset(ctx, m, d, &out));
    float *y = calloc((size_t)(v->rows * D), sizeof *y);
    CHECK_OK(ctx, hg_dataset_read(ctx, out, 0, v->rows, y));
    hg_dataset_free(&d);
    hg_dataset_free(&out);
    return y;
}

TEST(any_layout_in_memory_gives_the_same_reconstruction)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model(ctx, &usual);
    float packed[ROWS * D], column[D * ROWS], gaps[ROWS * 2 * D * 3], back[ROWS * D];
    unsigned char bytes[ROWS * D];
    uint64_t seed = 4;
    for (int r = 0; r < ROWS; r++)
        for (int c = 0; c < D; c++) {
            bytes[r * D + c] = (unsigned char)(test_random(&seed) & 255);
            float v = bytes[r * D + c];
            packed[r * D + c] = v;
            column[c * ROWS + r] = v;
            gaps[r * 2 * D * 3 + c * 3] = v;
            back[(ROWS - 1 - r) * D + (D - 1 - c)] = v;
        }
    hg_view v = {.size = sizeof v, .data = packed, .rows = ROWS, .rank = 1, .shape = {D}};
    float *want = reconstructed(ctx, m, &v);
    const hg_view others[] = {
        {.data = bytes, .type = HG_U8},
        {.data = column, .row_stride = 4, .stride = {4 * ROWS}},
        {.data = gaps, .row_stride = 2 * D * 3 * 4, .stride = {12}},
        {.data = back + ROWS * D - 1, .row_stride = -4 * D, .stride = {-4}},
    };
    for (int i = 0; i < HGI_COUNT(others); i++) {
        hg_view o = v;
        test_where("layout %d", i);
        o.data = others[i].data;
        o.type = others[i].type;
        o.row_stride = others[i].row_stride;
        o.stride[0] = others[i].stride[0];
        float *y = reconstructed(ctx, m, &o);
        CHECK(memcmp(y, want, sizeof packed) == 0);
        free(y);
    }
    free(want);
    hg_model_free(&m);
}

TEST(datasets_and_buffers_give_the_same_and_columns_get_names)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model(ctx, &usual);
    float *x = random_floats(6, ROWS * D, 0, 1), z[ROWS * CODE], got[ROWS * CODE];
    char names[D][16];
    char *columns[D];
    for (int i = 0; i < D; i++) {
        snprintf(names[i], sizeof names[i], "c%d", i);
        columns[i] = names[i];
    }
    CHECK_OK(ctx, hgi_model_set_columns(ctx, m, columns));
    hg_dataset *d = rows_of(ctx, x, ROWS, D), *codes, *rows;
    CHECK_OK(ctx, hg_encode_dataset(ctx, m, d, &codes));
    CHECK_OK(ctx, hg_decode_dataset(ctx, m, codes, &rows));
    CHECK_OK(ctx, hg_encode(ctx, m, x, ROWS, z));
    CHECK_OK(ctx, hg_dataset_read(ctx, codes, 0, ROWS, got));
    CHECK(memcmp(z, got, sizeof z) == 0);
    CHECK_STR(hg_dataset_column(codes, 6), "z7");
    CHECK_STR(hg_dataset_column(rows, 18), "c18");
    hg_data_info info = {.size = sizeof info};
    CHECK_OK(ctx, hg_dataset_info(ctx, codes, &info));
    double lo = (double)INFINITY, hi = -(double)INFINITY;
    for (int i = 0; i < ROWS * CODE; i++) {
        lo = fmin(lo, (double)z[i]);
        hi = fmax(hi, (double)z[i]);
    }
    CHECK(info.min == lo && info.max == hi);
    hg_dataset_free(&d);
    hg_dataset_free(&codes);
    hg_dataset_free(&rows);
    hg_model_free(&m);
    free(x);
}

/* ---- refusals -------------------------------------------------------------------- */

TEST(wrong_arguments_are_refused)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model(ctx, &usual);
    float x[2 * D] = {0}, z[2 * CODE] = {0};
    hg_dataset *d = rows_of(ctx, x, 2, D - 1), *out;
    hg_metrics *metrics;
    CHECK_FAILS(ctx, hg_encode(ctx, m, x, 0, z), HG_ESHAPE, "0 rows");
    CHECK_FAILS(ctx, hg_decode(ctx, m, z, -7, x), HG_ESHAPE, "-7 rows");
    CHECK_FAILS(ctx, hg_encode(ctx, NULL, x, 1, z), HG_EINVAL, "model");
    CHECK_FAILS(ctx, hg_encode(ctx, m, NULL, 1, z), HG_EINVAL, "buffers");
    CHECK_FAILS(ctx, hg_reconstruct(ctx, m, x, 1, NULL), HG_EINVAL, "buffers");
    CHECK_FAILS(ctx, hg_encode_dataset(ctx, m, NULL, &out), HG_EINVAL, "data");
    CHECK_FAILS(ctx, hg_evaluate(ctx, NULL, d, &metrics), HG_EINVAL, "model");
    CHECK_FAILS(ctx, hg_plot_grid(ctx, m, NULL, "x.png", NULL), HG_EINVAL, "data");
    /* Both numbers are named: what there is and what is wanted. */
    CHECK_FAILS(ctx, hg_encode_dataset(ctx, m, d, &out), HG_ESHAPE, "18 values");
    CHECK(strstr(hg_message(ctx), "wants 19") != NULL && out == NULL);
    CHECK_FAILS(ctx, hg_decode_dataset(ctx, m, d, &out), HG_ESHAPE, "wants 7");
    CHECK_FAILS(ctx, hg_evaluate(ctx, m, d, &metrics), HG_ESHAPE, "wants 19");
    CHECK(metrics == NULL);
    CHECK_FAILS(ctx, hg_plot_grid(ctx, m, d, "x.png", NULL), HG_ESHAPE, "wants 19");
    hg_dataset_free(&d);
    hg_model_free(&m);
}

TEST(values_that_are_not_finite_are_named_by_row_and_column)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model(ctx, &usual);
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 3; i++) {
        float *x = random_floats(8, ROWS * D, 0, 1), z[ROWS * CODE];
        x[66 * D + 4] = bad[i];
        CHECK_FAILS(ctx, hg_encode(ctx, m, x, ROWS, z), HG_ENONFINITE,
                    "row 67, column 5");
        CHECK_FAILS(ctx, hg_decode(ctx, m, x + 66 * D, 1, x), HG_ENONFINITE,
                    "row 1, column 5");
        free(x);
    }
    hg_model_free(&m);
}

/* 200 rows are four chunks: whichever worker sees one first, the first row is named. */
TEST(results_beyond_floats_are_an_error_that_names_the_first_row)
{
    enum { N = 200 };
    hg_ctx *ctx = context_of(3);
    hg_model *m = make_model(ctx, &(model_recipe){.input = {1, {5, 0, 0}},
                                                  .encoder = "dense 3",
                                                  .decoder = "dense 5"});
    float *z = random_floats(4, N * 3, 0, 1), *x = random_floats(5, N * 5, 0, 1),
          y[N * 5];
    hg_dataset *d, *out;
    for (int c = 0; c < 3; c++) z[70 * 3 + c] = z[150 * 3 + c] = 3e38f;
    for (int c = 0; c < 5; c++) x[3 * 5 + c] = 3e38f;
    for (int c = 0; c < 3; c++) m->theta[c] *= 100;
    CHECK_FAILS(ctx, hg_decode(ctx, m, z, N, y), HG_ENONFINITE,
                "memory: row 71: its decoded row has values beyond 32-bit floats "
                "(3.4e38); is it a code of this model?");
    d = rows_of(ctx, z, N, 3);
    CHECK_FAILS(ctx, hg_decode_dataset(ctx, m, d, &out), HG_ENONFINITE, "row 71");
    CHECK(out == NULL);
    hg_dataset_free(&d);
    CHECK_FAILS(ctx, hg_encode(ctx, m, x, N, z), HG_ENONFINITE, "row 4: its code");
    CHECK_FAILS(ctx, hg_reconstruct(ctx, m, x, N, y), HG_ENONFINITE,
                "row 4: its reconstruction");
    hg_model_free(&m);
    free(x);
    free(z);
}

/* ---- outside the range a bce model was trained on -------------------------------- */

static int lines_logged;
static char last_line[512];

static void note_line(void *user, hg_log_level level, const char *line)
{
    (void)user;
    CHECK(level == HG_LOG_WARNING);
    CHECK(strchr(line, '\n') == NULL);
    snprintf(last_line, sizeof last_line, "%s", line);
    lines_logged++;
}

static const model_recipe bce = {{1, {3, 0, 0}},    "dense 2", "plain",
                                 "dense 3 sigmoid", "bce",     HGI_SCALE_UNIT};

TEST(rows_outside_the_range_are_clipped_counted_and_warned_of_once)
{
    hg_ctx_options o = {.size = sizeof o, .threads = 2, .log = note_line};
    hg_ctx *ctx = test_ctx_with(&o);
    hg_model *m = make_model(ctx, &bce);
    enum { N = 200 };
    float x[N * 3], edge[N * 3], z[N * 2], want[N * 2];
    for (int i = 0; i < N * 3; i++) edge[i] = x[i] = (float)(i % 256);
    x[1 * 3 + 0] = 300, edge[1 * 3 + 0] = 255;
    x[1 * 3 + 2] = -9, edge[1 * 3 + 2] = 0;
    x[150 * 3 + 1] = 1e30f, edge[150 * 3 + 1] = 255;
    CHECK_OK(ctx, hg_encode(ctx, m, edge, N, want));
    CHECK_INT(lines_logged, 0);
    CHECK_OK(ctx, hg_encode(ctx, m, x, N, z));
    CHECK_INT(lines_logged, 1);
    CHECK(strstr(last_line, "2 of 200 rows") != NULL);
    CHECK(memcmp(z, want, sizeof z) == 0); /* as if the values had stood at the ends */
    hg_dataset *d = rows_of(ctx, x, N, 3);
    hg_metrics *metrics;
    CHECK_OK(ctx, hg_evaluate(ctx, m, d, &metrics));
    CHECK_INT(lines_logged, 2);
    CHECK_NEAR(hg_metrics_get(metrics, "clipped_rows"), 2, 0);
    hg_metrics_free(&metrics);
    hg_dataset_free(&d);
    hg_model_free(&m);
}

TEST(a_model_that_refuses_names_the_first_row_outside)
{
    hg_ctx *ctx = context_of(3);
    hg_model *m = make_model(ctx, &bce);
    enum { N = 500 };
    float x[N * 3] = {0}, z[N * 2];
    hg_dataset *out;
    hg_metrics *metrics;
    m->clip = false;
    CHECK_OK(ctx, hg_encode(ctx, m, x, N, z));
    x[77 * 3 + 2] = 256;
    for (int r = 78; r < N; r += 5) x[r * 3] = -1;
    CHECK_FAILS(ctx, hg_encode(ctx, m, x, N, z), HG_ERANGE, "row 78, column 3: 256");
    hg_dataset *d = rows_of(ctx, x, N, 3);
    CHECK_FAILS(ctx, hg_reconstruct_dataset(ctx, m, d, &out), HG_ERANGE,
                "row 78, column 3");
    CHECK_FAILS(ctx, hg_evaluate(ctx, m, d, &metrics), HG_ERANGE, "row 78, column 3");
    CHECK(out == NULL && metrics == NULL);
    hg_dataset_free(&d);
    hg_model_free(&m);
}

/* ---- out of memory --------------------------------------------------------------- */

typedef enum call { ENCODE, EVALUATE, RECONSTRUCT, GRID, FILTERS, LOSS, CALLS } call;

static hg_status attempt(hg_ctx *ctx, call what, const hg_model *m, const hg_dataset *d,
                         const float *x, float *z, const char *path)
{
    hg_dataset *out = NULL;
    hg_metrics *metrics = NULL;
    hg_plot_options o = {.size = sizeof o, .items = 2, .seed = 1};
    const hg_epoch epochs[3] = {{sizeof(hg_epoch), 1, 3, 3, 0, (double)NAN, 1},
                                {sizeof(hg_epoch), 2, 2, 2, 0, 4, 1},
                                {sizeof(hg_epoch), 3, 1, 1, 0, 2, 1}};
    hg_status status = HG_OK;
    switch (what) {
    case ENCODE: status = hg_encode(ctx, m, x, ROWS, z); break;
    case EVALUATE: status = hg_evaluate(ctx, m, d, &metrics); break;
    case RECONSTRUCT: status = hg_reconstruct_dataset(ctx, m, d, &out); break;
    case GRID: status = hg_plot_grid(ctx, m, d, path, &o); break;
    case FILTERS: status = hg_plot_filters(ctx, m, "encoder", path, &o); break;
    default: status = hg_plot_loss(ctx, epochs, 3, path, &o); break;
    }
    if (status != HG_OK) CHECK(out == NULL && metrics == NULL);
    hg_dataset_free(&out);
    hg_metrics_free(&metrics);
    return status;
}

static bool has_cairo(hg_ctx *ctx)
{
    hg_fact f;
    for (int i = 0; hg_info(ctx, i, &f); i++)
        if (strcmp(f.name, "cairo") == 0) return strncmp(f.value, "not ", 4) != 0;
    return false;
}

TEST(every_failing_allocation_of_using_a_model_is_reported)
{
    hg_ctx *ctx = context_of(2);
    hg_model *m = make_model(ctx, &usual);
    char path[TEST_PATH];
    test_path(path, "p.svg");
    float *x = random_floats(6, ROWS * D, 0, 1), z[ROWS * CODE];
    hg_dataset *d = rows_of(ctx, x, ROWS, D);
    for (call what = ENCODE; what < (has_cairo(ctx) ? CALLS : GRID); what++) {
        hg_status status = HG_ENOMEM;
        int n = 0;
        CHECK_OK(ctx, attempt(ctx, what, m, d, x, z, path)); /* the team is there now */
        int64_t held = test_alloc_bytes();
        for (; n < 2000 && status == HG_ENOMEM; n++) {
            test_where("call %d, allocation %d", (int)what, n);
            test_fail_alloc(n);
            status = attempt(ctx, what, m, d, x, z, path);
            CHECK_INT(status, test_alloc_failed() ? HG_ENOMEM : HG_OK);
            test_fail_alloc(-1);
            CHECK_INT(test_alloc_bytes(), held);
        }
        CHECK_INT(status, HG_OK);
        CHECK(n > 1);
    }
    hg_dataset_free(&d);
    hg_model_free(&m);
    free(x);
}

/* The first call on a context makes its team; it fails cleanly, too, and works later. */
TEST(a_team_that_cannot_be_made_is_reported_and_made_later)
{
    hg_model *m = make_model(context_of(1), &usual);
    float *x = random_floats(6, D, 0, 1), z[CODE];
    bool failed = true;
    for (int n = 0; failed && n < 25; n++) {
        hg_ctx_options o = {.size = sizeof o, .threads = 2};
        hg_ctx *ctx = test_ctx_with(&o);
        test_fail_alloc(n);
        hg_status status = hg_encode(ctx, m, x, 1, z);
        failed = test_alloc_failed();
        test_fail_alloc(-1);
        CHECK_INT(status, failed ? HG_ENOMEM : HG_OK);
        CHECK_OK(ctx, hg_encode(ctx, m, x, 1, z));
    }
    CHECK(!failed);
    hg_model_free(&m);
    free(x);
}
