// SPDX-License-Identifier: MIT
/* Scalers against their formulas, and batches against scaling value by value.          */
#include "test.h"

#include "data/data.h"
#include "kernels/kernels.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static hg_dataset *view(hg_ctx *ctx, const void *x, hg_type type, int64_t rows,
                        int64_t columns)
{
    hg_dataset *d;
    hg_view v = {.size = sizeof v,
                 .data = x,
                 .type = type,
                 .rows = rows,
                 .rank = 1,
                 .shape = {columns}};
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &d));
    return d;
}

static void last_line(void *user, hg_log_level level, const char *line)
{
    if (level == HG_LOG_WARNING) snprintf(user, HG_MESSAGE_MAX, "%s", line);
}

TEST(a_fit_warns_of_a_column_that_floats_are_too_coarse_for)
{
    char line[HG_MESSAGE_MAX] = "";
    hg_ctx *ctx = test_ctx_with(&(hg_ctx_options){
        .size = sizeof(hg_ctx_options), .log = last_line, .log_user = line});
    hgi_scaler s;
    /* 2^16 and a span of one: exactly the limit, so nothing is said; nor of a constant. */
    const float fine[] = {65535, 2024, 65536, 2024};
    hg_dataset *d = view(ctx, fine, HG_F32, 2, 2);
    CHECK_OK(ctx, hgi_scaler_fit(ctx, "standard", d, &s));
    CHECK_STR(line, "");
    hgi_scaler_free(&ctx->mem, &s);
    hg_dataset_free(&d);
    /* Half the span, and seconds since 1970 that fell together into one float. */
    const float bad[] = {1, 65535.5f, 1.7e9f, 2, 65536, 1.7e9f};
    static const char *const kinds[] = {"standard", "minmax"};
    d = view(ctx, bad, HG_F32, 2, 3);
    for (int i = 0; i < 2; i++) {
        line[0] = '\0';
        CHECK_OK(ctx, hgi_scaler_fit(ctx, kinds[i], d, &s));
        CHECK(strstr(line, "memory: column 2 has values from 65535.5 to 65536,") != NULL);
        CHECK(strstr(line, "subtract an offset in the file (2 such columns)") != NULL);
        hgi_scaler_free(&ctx->mem, &s);
    }
    hg_dataset_free(&d);
}

/* Floats of images are often divided already, and presets of images ask for unit. */
TEST(unit_scale_takes_values_in_0_to_1_as_they_are_and_says_so)
{
    char line[HG_MESSAGE_MAX] = "";
    hg_ctx *ctx = test_ctx_with(&(hg_ctx_options){
        .size = sizeof(hg_ctx_options), .log = last_line, .log_user = line});
    static const struct {
        float x[4];
        hgi_scale_kind kind;
    } cases[] = {{{0, 0.5f, 1, 0.25f}, HGI_SCALE_NONE},
                 {{0, 0, 1, 1}, HGI_SCALE_NONE},
                 {{0, 0, 0, 0}, HGI_SCALE_UNIT}, /* black, in whatever units */
                 {{0, 0.5f, 2, 1}, HGI_SCALE_UNIT}};
    for (int i = 0; i < 4; i++) {
        hgi_scaler s;
        hg_dataset *d = view(ctx, cases[i].x, HG_F32, 2, 2);
        test_where("case %d", i);
        line[0] = '\0';
        CHECK_OK(ctx, hgi_scaler_fit(ctx, "unit", d, &s));
        CHECK_INT(s.kind, cases[i].kind);
        CHECK_INT(strstr(line, "scale unit would divide") != NULL,
                  cases[i].kind == HGI_SCALE_NONE);
        hgi_scaler_free(&ctx->mem, &s);
        hg_dataset_free(&d);
    }
    test_where(NULL);
}

TEST(rows_on_another_scale_than_those_of_training_are_known)
{
    static const double bytes[] = {0, 30, 100, 40}, of_bytes[] = {1, .02, .01, .02},
                        shares[] = {0, .1, .4, .9}, of_shares[] = {1, 4, 2.5, 3},
                        year[] = {0, .1, 2024, .2}, of_year[] = {1, 4, 2, 4};
    hg_ctx *ctx = test_ctx();
    static const struct {
        hgi_scale_kind kind;
        const double *shift, *scale;
        bool shares;
        double min, max;
        int64_t rows;
        bool u8;
        hgi_apart want;
    } cases[] = {
        {HGI_SCALE_UNIT, NULL, NULL, false, 0, 1, 1, false, HGI_NO_BYTES},
        {HGI_SCALE_UNIT, NULL, NULL, false, 0, 0, 50, false, HGI_ALIKE}, /* black */
        {HGI_SCALE_UNIT, NULL, NULL, false, 0, 3, 50, false, HGI_ALIKE},
        {HGI_SCALE_UNIT, NULL, NULL, false, 0, 1, 1, true, HGI_ALIKE}, /* a dark one */
        {HGI_SCALE_UNIT, NULL, NULL, false, 0, 1, 10, true, HGI_NO_BYTES},
        {HGI_SCALE_NONE, NULL, NULL, true, 0, 255, 1, false, HGI_TOO_LARGE},
        {HGI_SCALE_NONE, NULL, NULL, true, 0, 1, 1, false, HGI_ALIKE},
        {HGI_SCALE_NONE, NULL, NULL, true, -1, 255, 50, false, HGI_ALIKE},
        {HGI_SCALE_NONE, NULL, NULL, false, 0, 255, 50, false, HGI_ALIKE},
        {HGI_SCALE_STANDARD, bytes, of_bytes, false, 0, 1, 10, false, HGI_TOO_SMALL},
        {HGI_SCALE_STANDARD, bytes, of_bytes, false, 0, 1, 9, false, HGI_ALIKE},
        {HGI_SCALE_STANDARD, bytes, of_bytes, false, 0, 255, 50, false, HGI_ALIKE},
        {HGI_SCALE_MINMAX, bytes, of_bytes, false, 0, 1, 50, false, HGI_TOO_SMALL},
        {HGI_SCALE_STANDARD, shares, of_shares, false, 0, 255, 50, false, HGI_TOO_LARGE},
        {HGI_SCALE_STANDARD, shares, of_shares, false, 0, 9, 50, false, HGI_ALIKE},
        /* One large column is no scale. */
        {HGI_SCALE_STANDARD, year, of_year, false, 0, 255, 50, false, HGI_ALIKE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hgi_scaler s;
        CHECK_OK(ctx, hgi_scaler_make(ctx, cases[i].kind, 4, cases[i].shift,
                                      cases[i].scale, &s));
        test_where("case %zu", i);
        CHECK_INT(hgi_scaler_apart(&s, cases[i].shares, cases[i].min, cases[i].max,
                                   cases[i].rows, cases[i].u8),
                  cases[i].want);
        hgi_scaler_free(&ctx->mem, &s);
    }
    test_where(NULL);
}

/* ---- scalers ----------------------------------------------------------------------- */

TEST(standard_scale_is_that_of_scikit_learn)
{
    /* StandardScaler().fit([[0,1,7],[2,1,7],[4,5,7]]): mean_ 2, 7/3, 7; var_ 8/3, 32/9, 0
     * (biased: divided by n); scale_ of the constant column is 1.                      */
    static const float x[] = {0, 1, 7, 2, 1, 7, 4, 5, 7};
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view(ctx, x, HG_F32, 3, 3);
    hgi_scaler s;
    CHECK_OK(ctx, hgi_scaler_fit(ctx, "standard", d, &s));
    CHECK(!s.uniform);
    /* A few roundings in double. */
    CHECK_NEAR(s.shift[0], 2, 1e-15);
    CHECK_NEAR(s.shift[1], 7.0 / 3, 1e-15);
    CHECK_NEAR(s.shift[2], 7, 0);
    CHECK_NEAR(s.scale[0], 1 / sqrt(8.0 / 3), 1e-15);
    CHECK_NEAR(s.scale[1], 1 / sqrt(32.0 / 9), 1e-15);
    CHECK_NEAR(s.scale[2], 1, 0);
    hgi_scaler_free(&ctx->mem, &s);
    hg_dataset_free(&d);
}

TEST(minmax_scale_maps_each_column_to_0_and_1)
{
    static const float x[] = {-1, 5, 3, 5};
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view(ctx, x, HG_F32, 2, 2);
    hgi_scaler s;
    double lo, hi;
    CHECK_OK(ctx, hgi_scaler_fit(ctx, "minmax", d, &s));
    CHECK_NEAR(s.shift[0], -1, 0);
    CHECK_NEAR(s.scale[0], 0.25, 0);
    CHECK_NEAR(s.shift[1], 5, 0);
    CHECK_NEAR(s.scale[1], 1, 0);
    CHECK_OK(ctx, hgi_scaled_range(ctx, d, &s, &lo, &hi));
    CHECK_NEAR(lo, 0, 0);
    CHECK_NEAR(hi, 1, 0);
    hgi_scaler_free(&ctx->mem, &s);
    hg_dataset_free(&d);
}

TEST(a_column_that_is_constant_or_nearly_so_has_scale_1)
{
    float x[7];
    hg_ctx *ctx = test_ctx();
    for (int i = 0; i < 7; i++) x[i] = 0.1f;
    hg_dataset *d = view(ctx, x, HG_F32, 7, 1);
    hgi_scaler s;
    CHECK_OK(ctx, hgi_scaler_fit(ctx, "standard", d, &s));
    CHECK_NEAR(s.scale[0], 1, 0);
    CHECK_NEAR(s.shift[0], 0.1f, 0);
    hgi_scaler_free(&ctx->mem, &s);
    hg_dataset_free(&d);
    /* A spread whose reciprocal is no float is none. */
    float tiny[2] = {0, 1e-45f};
    d = view(ctx, tiny, HG_F32, 2, 1);
    CHECK_OK(ctx, hgi_scaler_fit(ctx, "standard", d, &s));
    CHECK_NEAR(s.scale[0], 1, 0);
    hgi_scaler_free(&ctx->mem, &s);
    CHECK_OK(ctx, hgi_scaler_fit(ctx, "minmax", d, &s));
    CHECK_NEAR(s.scale[0], 1, 0);
    hgi_scaler_free(&ctx->mem, &s);
    hg_dataset_free(&d);
    float wide[2] = {-FLT_MAX, FLT_MAX};
    d = view(ctx, wide, HG_F32, 2, 1);
    CHECK_FAILS(ctx, hgi_scaler_fit(ctx, "minmax", d, &s), HG_ERANGE,
                "too wide to scale");
    hg_dataset_free(&d);
}

static void check_auto(hg_ctx *ctx, hg_type type, int rank, const void *x,
                       hgi_scale_kind want)
{
    hg_dataset *d;
    hg_view v = {.size = sizeof v, .data = x, .type = type, .rows = 2, .rank = rank};
    for (int i = 0; i < rank; i++) v.shape[i] = i == 0 ? 2 : 1;
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &d));
    hgi_scaler s;
    CHECK_OK(ctx, hgi_scaler_fit(ctx, NULL, d, &s));
    CHECK_STR(hgi_scale_name(s.kind), hgi_scale_name(want));
    hgi_scaler_free(&ctx->mem, &s);
    CHECK_OK(ctx, hgi_scaler_fit(ctx, "auto", d, &s));
    CHECK_INT(s.kind, want);
    hgi_scaler_free(&ctx->mem, &s);
    hg_dataset_free(&d);
}

TEST(auto_scale_looks_at_type_shape_and_range)
{
    static const uint8_t grey[] = {0, 9, 255, 3}, bits[] = {0, 1, 1, 0};
    static const float image[] = {0, 9, 255, 3}, unit[] = {0, 0.5f, 1, 1},
                       signs[] = {-1, 0.5f, 1, 1}, large[] = {0, 0.5f, 1, 256};
    hg_ctx *ctx = test_ctx();
    check_auto(ctx, HG_U8, 1, grey, HGI_SCALE_UNIT);
    check_auto(ctx, HG_U8, 2, bits, HGI_SCALE_NONE);
    check_auto(ctx, HG_F32, 2, image, HGI_SCALE_UNIT);
    check_auto(ctx, HG_F32, 1, image, HGI_SCALE_STANDARD);
    check_auto(ctx, HG_F32, 3, unit, HGI_SCALE_NONE);
    check_auto(ctx, HG_F32, 1, unit, HGI_SCALE_NONE);
    check_auto(ctx, HG_F32, 2, signs, HGI_SCALE_STANDARD);
    check_auto(ctx, HG_F32, 2, large, HGI_SCALE_STANDARD);
}

TEST(unit_scale_refuses_what_is_not_in_0_to_255)
{
    static const float x[] = {0, 255, 3, 256};
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view(ctx, x, HG_F32, 2, 2);
    hgi_scaler s;
    CHECK_FAILS(ctx, hgi_scaler_fit(ctx, "unit", d, &s), HG_ERANGE,
                "memory: row 2, column 2 is 256, scale unit expects values in 0..255");
    CHECK_FAILS(ctx, hgi_scaler_fit(ctx, "minmx", d, &s), HG_EUNKNOWN,
                "did you mean 'minmax'?");
    CHECK_FAILS(ctx, hgi_scaler_fit(ctx, "logarithm", d, &s), HG_EUNKNOWN,
                "expected auto, none");
    hg_dataset_free(&d);
}

TEST(a_scaler_from_a_file_is_checked_and_comes_back)
{
    static const double shift[] = {1, 2}, scale[] = {0.5, 4};
    hg_ctx *ctx = test_ctx();
    hgi_scaler s;
    CHECK_OK(ctx, hgi_scaler_make(ctx, HGI_SCALE_STANDARD, 2, shift, scale, &s));
    CHECK(!s.uniform);
    CHECK_NEAR(s.shift_r[1], 2, 0);
    CHECK_NEAR(s.scale_r[1], 4, 0);
    hgi_scaler_free(&ctx->mem, &s);
    CHECK_OK(ctx, hgi_scaler_make(ctx, HGI_SCALE_UNIT, 3, NULL, NULL, &s));
    CHECK(s.uniform);
    CHECK_NEAR(s.scale[2], 1.0 / 255, 0);
    hgi_scaler_free(&ctx->mem, &s);
    double bad[][2] = {{1, 0}, {1, -1}, {1, (double)NAN}, {1, HUGE_VAL}, {1, 1e39}};
    for (int i = 0; i < 5; i++) {
        CHECK_FAILS(ctx, hgi_scaler_make(ctx, HGI_SCALE_MINMAX, 2, shift, bad[i], &s),
                    HG_EFORMAT, "scaler, column 2");
    }
    bad[0][1] = (double)NAN;
    CHECK_FAILS(ctx, hgi_scaler_make(ctx, HGI_SCALE_MINMAX, 2, bad[0], scale, &s),
                HG_EFORMAT, "scaler, column 2");
    for (int i = 0; hgi_scales[i].name != NULL; i++) {
        hgi_scale_kind kind;
        CHECK(hgi_scale_find(hgi_scales[i].name, &kind) && (int)kind == i);
    }
}

TEST(fitting_survives_each_failing_allocation)
{
    static const float x[] = {0, 255, 3, 25};
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view(ctx, x, HG_F32, 2, 2);
    bool failed = true;
    for (int64_t n = 0; failed && n < 50; n++) {
        hgi_scaler s;
        int64_t held = test_alloc_bytes();
        test_fail_alloc(n);
        hg_status status = hgi_scaler_fit(ctx, "standard", d, &s);
        failed = test_alloc_failed();
        test_fail_alloc(-1);
        CHECK_INT(status, failed ? HG_ENOMEM : HG_OK);
        hgi_scaler_free(&ctx->mem, &s);
        CHECK_INT(test_alloc_bytes(), held);
    }
    CHECK(!failed);
    hg_dataset_free(&d);
}

/* ---- batches ----------------------------------------------------------------------- */

#define N 9
#define C 37

/* Every value of a batch is (x - shift) * scale in float arithmetic; an instruction set may
 * fuse the two into one rounding, so one unit in the last place of either is allowed. */
static void check_batch(hg_ctx *ctx, const hg_dataset *d, const hgi_scaler *s)
{
    static const int64_t index[] = {7, 0, 3, 3, 8};
    const hgi_range open = {.check = false};
    float row[C], scratch[C];
    hgi_real x[N * C];
    for (int pass = 0; pass < 2; pass++) {
        int64_t n = pass == 0 ? 5 : N - 2;
        int64_t at = hgi_batch_fill(ctx->kernels, d, s, &open, pass == 0 ? index : NULL,
                                    2, n, scratch, x, NULL);
        CHECK_INT(at, -1);
        for (int64_t i = 0; i < n; i++) {
            hgi_dataset_row(d, pass == 0 ? index[i] : 2 + i, row);
            for (int64_t c = 0; c < C; c++) {
                double want =
                    ((double)row[c] - (double)s->shift_r[c]) * (double)s->scale_r[c];
                double slack = ((fabs((double)row[c]) + fabs(s->shift[c])) * s->scale[c]);
                CHECK_NEAR(x[i * C + c], want, 2 * (double)FLT_EPSILON * slack);
            }
        }
    }
}

TEST(batches_are_the_scaled_rows_in_every_layout)
{
    hg_ctx *ctx = test_ctx();
    static uint8_t u8[N * C];
    static float f32[N * C], turned[N * C];
    static const char *const words[] = {"none", "unit", "minmax", "standard"};
    uint64_t state = 11;
    for (int i = 0; i < N * C; i++) {
        u8[i] = (uint8_t)(test_random(&state) >> 56);
        f32[i] = turned[i % C * N + i / C] = (float)u8[i];
    }
    hg_dataset *d[4], *rest;
    d[0] = view(ctx, u8, HG_U8, N, C);
    d[1] = view(ctx, f32, HG_F32, N, C);
    hg_view v = {.size = sizeof v,
                 .data = turned,
                 .rows = N,
                 .rank = 1,
                 .shape = {C},
                 .row_stride = 4,
                 .stride = {4 * N}};
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &d[2]));
    for (int k = 0; k < 4; k++) {
        hgi_real first[N * C];
        for (int i = 0; i < 3; i++) {
            hgi_scaler s;
            hgi_real x[N * C];
            float scratch[C];
            const hgi_range open = {.check = false};
            test_where("%s, layout %d", words[k], i);
            CHECK_OK(ctx, hgi_scaler_fit(ctx, words[k], d[i], &s));
            check_batch(ctx, d[i], &s);
            hgi_batch_fill(ctx->kernels, d[i], &s, &open, NULL, 0, N, scratch, x, NULL);
            if (i == 0) memcpy(first, x, sizeof x);
            CHECK_INT(memcmp(first, x, sizeof x), 0);
            hgi_scaler_free(&ctx->mem, &s);
        }
    }
    CHECK_OK(ctx, hg_dataset_split(ctx, d[0], 0.3, 1, &d[3], &rest));
    float row[C];
    for (int64_t r = 0; r < d[3]->rows; r++) {
        hgi_dataset_row(d[3], r, row);
        CHECK_NEAR(row[5], hgi_dataset_row_u8(d[3], r)[5], 0);
    }
    hg_dataset_free(&d[3]);
    hg_dataset_free(&rest);
    for (int i = 0; i < 3; i++) hg_dataset_free(&d[i]);
}

TEST(values_outside_are_clipped_and_counted_or_refused)
{
    static const float x[] = {0, 0.5f, 1,     0.5f, 0.5f,       1.25f,
                              0, 1.5f, 0.25f, 0,    1.0000005f, 1};
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view(ctx, x, HG_F32, 4, 3);
    hgi_scaler s;
    hgi_range range = {.check = true, .clip = true, .lo = 0, .hi = 1};
    hgi_real out[12];
    float scratch[3];
    unsigned char clipped[4] = {9, 9, 9, 9};
    CHECK_OK(ctx, hgi_scaler_fit(ctx, "none", d, &s));
    CHECK_INT(
        hgi_batch_fill(ctx->kernels, d, &s, &range, NULL, 0, 4, scratch, out, clipped),
        -1);
    CHECK_INT(clipped[0], 0);
    CHECK_INT(clipped[1], 1);
    CHECK_INT(clipped[2], 1);
    CHECK_INT(clipped[3], 0); /* rounding alone: clipped, not counted */
    for (int i = 0; i < 12; i++) CHECK(out[i] >= 0 && out[i] <= 1);
    CHECK_NEAR(out[7], 1, 0);
    range.clip = false;
    CHECK_INT(hgi_batch_fill(ctx->kernels, d, &s, &range, NULL, 0, 4, scratch, out, NULL),
              1);
    CHECK_INT(hgi_batch_fill(ctx->kernels, d, &s, &range, NULL, 3, 1, scratch, out, NULL),
              -1);
    CHECK_INT(hgi_batch_fill(ctx->kernels, d, &s, &range, (int64_t[]){0, 2}, 0, 2,
                             scratch, out, NULL),
              1);
    hgi_scaler_free(&ctx->mem, &s);
    hg_dataset_free(&d);

    static const float below[] = {0.5f, -0.25f};
    d = view(ctx, below, HG_F32, 2, 1);
    CHECK_OK(ctx, hgi_scaler_fit(ctx, "none", d, &s));
    CHECK_INT(hgi_batch_fill(ctx->kernels, d, &s, &range, NULL, 0, 2, scratch, out, NULL),
              1);
    hgi_scaler_free(&ctx->mem, &s);
    hg_dataset_free(&d);
}

TEST(scaled_range_of_unseen_rows_is_theirs)
{
    static const float x[] = {0, 10, 4, 20}, y[] = {-2, 15, 4, 35};
    hg_ctx *ctx = test_ctx();
    hg_dataset *d = view(ctx, x, HG_F32, 2, 2), *e = view(ctx, y, HG_F32, 2, 2);
    hgi_scaler s;
    double lo, hi;
    CHECK_OK(ctx, hgi_scaler_fit(ctx, "minmax", d, &s));
    CHECK_OK(ctx, hgi_scaled_range(ctx, e, &s, &lo, &hi));
    CHECK_NEAR(lo, -0.5, 1e-15);
    CHECK_NEAR(hi, 2.5, 1e-15);
    hgi_scaler_free(&ctx->mem, &s);
    hg_dataset_free(&d);
    hg_dataset_free(&e);
}
