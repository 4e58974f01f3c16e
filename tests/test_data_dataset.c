// SPDX-License-Identifier: MIT
/* Views of memory in any layout, splits, facts about a dataset.                        */
#include "test.h"

#include "data/data.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t hash_of(hg_ctx *ctx, const hg_dataset *d)
{
    uint64_t hash = 0;
    CHECK_OK(ctx, hgi_dataset_hash(ctx, d, &hash));
    return hash;
}

/* 3 rows of 2x3: row r, pixel (i,j) is 100 r + 10 i + j. */
#define ROWS 3
#define H 2
#define W 3

static float cell(int64_t r, int64_t i, int64_t j)
{
    return (float)(100 * r + 10 * i + j);
}

static void check_cells(hg_ctx *ctx, const hg_dataset *d)
{
    float row[H * W];
    CHECK_INT(hg_dataset_rows(d), ROWS);
    CHECK_INT(hg_dataset_features(d), H * W);
    for (int64_t r = 0; r < ROWS; r++) {
        CHECK_OK(ctx, hg_dataset_read(ctx, d, r, 1, row));
        for (int64_t c = 0; c < H * W; c++) CHECK_NEAR(row[c], cell(r, c / W, c % W), 0);
    }
    CHECK_NEAR(d->min, 0, 0);
    CHECK_NEAR(d->max, 212, 0);
    CHECK_NEAR(d->mean, 106, 0);
}

/* Strides in elements into a block where element (0,0,0) is at `at`. */
static void check_layout(hg_ctx *ctx, int64_t at, int64_t sr, int64_t si, int64_t sj,
                         bool packed)
{
    float block[64];
    hg_dataset *d;
    for (int i = 0; i < 64; i++) block[i] = NAN; /* what a view must not look at */
    for (int64_t r = 0; r < ROWS; r++) {
        for (int64_t k = 0; k < H * W; k++) {
            block[at + r * sr + k / W * si + k % W * sj] = cell(r, k / W, k % W);
        }
    }
    hg_view v = {.size = sizeof v,
                 .data = block + at,
                 .rows = ROWS,
                 .rank = 2,
                 .shape = {H, W},
                 .row_stride = sr * 4,
                 .stride = {si * 4, sj * 4}};
    test_where("strides %d %d %d", (int)sr, (int)si, (int)sj);
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &d));
    check_cells(ctx, d);
    CHECK((hgi_dataset_row_f32(d, 1) != NULL) == packed);
    hg_dataset_free(&d);
    test_where(NULL);
}

TEST(a_view_may_have_any_strides)
{
    hg_ctx *ctx = test_ctx();
    check_layout(ctx, 0, 6, 3, 1, true);
    check_layout(ctx, 0, 20, 3, 1, true);
    check_layout(ctx, 50, -20, 3, 1, true);
    check_layout(ctx, 0, 1, 3, 6, false);
    check_layout(ctx, 0, 1, 10, 20, false);
    check_layout(ctx, 0, 20, 1, 2, false);
    check_layout(ctx, 63, -20, -3, -1, false);
    check_layout(ctx, 0, 20, 8, 2, false);
}

TEST(a_view_of_bytes_reads_one_channel_of_images)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    uint8_t rgb[ROWS * H * W * 3];
    float row[H * W];
    for (int i = 0; i < ROWS * H * W * 3; i++) rgb[i] = (uint8_t)(255 - i);
    hg_view v = {.size = sizeof v,
                 .data = rgb + 1,
                 .type = HG_U8,
                 .rows = ROWS,
                 .rank = 2,
                 .shape = {H, W},
                 .row_stride = H * W * 3,
                 .stride = {W * 3, 3}};
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &d));
    CHECK_OK(ctx, hg_dataset_read(ctx, d, 2, 1, row));
    for (int c = 0; c < H * W; c++) CHECK_NEAR(row[c], 255 - (2 * 18 + 3 * c + 1), 0);
    CHECK_NEAR(d->max, 254, 0);
    CHECK_FAILS(ctx, hg_dataset_read(ctx, d, 2, 2, row), HG_ERANGE, "there are 3");
    CHECK_FAILS(ctx, hg_dataset_read(ctx, d, -1, 1, row), HG_ERANGE, "rows from -1");
    hg_dataset_free(&d);
}

TEST(a_view_at_an_odd_address_is_read_and_not_taken_for_packed)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    char block[1 + sizeof(float) * ROWS * H * W];
    for (int64_t k = 0; k < ROWS * H * W; k++) {
        float v = cell(k / 6, k / W % H, k % W);
        memcpy(block + 1 + 4 * k, &v, 4);
    }
    hg_view v = {
        .size = sizeof v, .data = block + 1, .rows = ROWS, .rank = 2, .shape = {H, W}};
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &d));
    CHECK(hgi_dataset_row_f32(d, 0) == NULL || (uintptr_t)(block + 1) % 4 == 0);
    check_cells(ctx, d);
    hg_dataset_free(&d);
}

TEST(a_view_with_rows_at_odd_distances_is_not_taken_for_packed)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    float first[2] = {1, 2}, second[2] = {3, 4}, row[2];
    _Alignas(4) char block[9 + 8];
    memcpy(block, first, 8);
    memcpy(block + 9, second, 8);
    hg_view v = {.size = sizeof v,
                 .data = block,
                 .rows = 2,
                 .rank = 1,
                 .shape = {2},
                 .row_stride = 9};
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &d));
    CHECK(hgi_dataset_row_f32(d, 1) == NULL);
    CHECK_OK(ctx, hg_dataset_read(ctx, d, 1, 1, row));
    CHECK_NEAR(row[1], 4, 0);
    hg_dataset_free(&d);
}

TEST(a_view_that_makes_no_sense_is_refused)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    float x[6] = {1, 2, 3, 4, NAN, INFINITY};
    const hg_view good = {
        .size = sizeof good, .data = x, .rows = 2, .rank = 1, .shape = {2}};
    hg_view v = good;
    v.data = NULL;
    CHECK_FAILS(ctx, hg_dataset_view(ctx, &v, &d), HG_EINVAL, "memory: data is NULL");
    v = good;
    v.rank = 4;
    CHECK_FAILS(ctx, hg_dataset_view(ctx, &v, &d), HG_EINVAL, "rank is 4");
    v = good;
    v.rows = 0;
    CHECK_FAILS(ctx, hg_dataset_view(ctx, &v, &d), HG_ESHAPE, "0 rows");
    v = good;
    v.shape[0] = 0;
    CHECK_FAILS(ctx, hg_dataset_view(ctx, &v, &d), HG_ESHAPE,
                "dimension 1 of a row is 0");
    v = good;
    v.row_stride = INT64_MAX / 2;
    v.rows = 4;
    CHECK_FAILS(ctx, hg_dataset_view(ctx, &v, &d), HG_EINVAL, "beyond the address space");
    v = good;
    v.rank = 2;
    v.shape[0] = v.shape[1] = INT64_MAX / 2;
    CHECK_FAILS(ctx, hg_dataset_view(ctx, &v, &d), HG_ESHAPE, "too large");
    v = good;
    v.type = (hg_type)7;
    CHECK_FAILS(ctx, hg_dataset_view(ctx, &v, &d), HG_EINVAL, "type is 7");
    v = good;
    v.size = 0;
    CHECK_FAILS(ctx, hg_dataset_view(ctx, &v, &d), HG_EINVAL, "size");
    v = good;
    v.rows = 3;
    v.name = "table";
    CHECK_FAILS(ctx, hg_dataset_view(ctx, &v, &d), HG_ENONFINITE,
                "table: row 3, column 1 is NaN, expected finite numbers; 2 such values");
    CHECK(d == NULL);
}

TEST(the_mean_has_the_same_bits_in_every_layout)
{
    enum { N = 1037, C = 13 };
    hg_ctx *ctx = test_ctx();
    hg_dataset *a, *b;
    uint64_t state = 3;
    float *rows = malloc(sizeof(float) * N * C), *columns = malloc(sizeof(float) * N * C);
    for (int r = 0; r < N; r++) {
        for (int c = 0; c < C; c++) {
            rows[r * C + c] = columns[c * N + r] =
                (float)(test_uniform(&state, -1, 1) *
                        pow(10, test_uniform(&state, -9, 9)));
        }
    }
    hg_view v = {.size = sizeof v, .data = rows, .rows = N, .rank = 1, .shape = {C}};
    hg_view w = v;
    w.data = columns;
    w.row_stride = 4;
    w.stride[0] = 4 * N;
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &a));
    CHECK_OK(ctx, hg_dataset_view(ctx, &w, &b));
    CHECK_INT(memcmp(&a->mean, &b->mean, sizeof a->mean), 0);
    CHECK_NEAR(a->min, b->min, 0);
    CHECK(hash_of(ctx, a) == hash_of(ctx, b));
    hg_dataset_free(&b);
    columns[5] += 1;
    CHECK_OK(ctx, hg_dataset_view(ctx, &w, &b));
    CHECK(hash_of(ctx, a) != hash_of(ctx, b));
    hg_dataset_free(&a);
    hg_dataset_free(&b);
    free(rows);
    free(columns);
}

TEST(a_hash_knows_the_shape_and_not_the_type)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *a, *b, *c;
    uint8_t u8[4] = {1, 2, 3, 4};
    float f32[4] = {1, 2, 3, 4};
    hg_view v = {
        .size = sizeof v, .data = u8, .type = HG_U8, .rows = 1, .rank = 1, .shape = {4}};
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &a));
    v.data = f32;
    v.type = HG_F32;
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &b));
    v.rank = 2;
    v.shape[0] = v.shape[1] = 2;
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &c));
    CHECK(hash_of(ctx, a) == hash_of(ctx, b));
    CHECK(hash_of(ctx, a) != hash_of(ctx, c));
    hg_dataset_free(&a);
    hg_dataset_free(&b);
    hg_dataset_free(&c);
}

/* ---- splits ------------------------------------------------------------------------ */

static hg_dataset *numbered(hg_ctx *ctx, int64_t rows, float *x)
{
    hg_dataset *d;
    for (int64_t r = 0; r < rows; r++) x[r] = (float)r;
    hg_view v = {.size = sizeof v, .data = x, .rows = rows, .rank = 1, .shape = {1}};
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &d));
    return d;
}

/* Both sides ascend and together are every row once. */
static void check_sides(hg_ctx *ctx, const hg_dataset *a, const hg_dataset *b,
                        int64_t rows)
{
    int64_t i = 0, k = 0;
    for (int64_t r = 0; r < rows; r++) {
        float v = -1;
        if (i < a->rows) CHECK_OK(ctx, hg_dataset_read(ctx, a, i, 1, &v));
        if (v == (float)r) {
            i++;
        } else if (k < b->rows) {
            CHECK_OK(ctx, hg_dataset_read(ctx, b, k, 1, &v));
            k += v == (float)r;
        }
    }
    CHECK_INT(i, a->rows);
    CHECK_INT(k, b->rows);
    CHECK_INT(i + k, rows);
}

TEST(a_split_is_a_partition_in_order_that_the_seed_decides)
{
    hg_ctx *ctx = test_ctx();
    float x[1000];
    hg_dataset *d = numbered(ctx, 1000, x), *a, *b, *a2, *b2;
    CHECK_OK(ctx, hg_dataset_split(ctx, d, 0.2, 5, &a, &b));
    CHECK_INT(a->rows, 800);
    CHECK_INT(b->rows, 200);
    check_sides(ctx, a, b, 1000);
    /* A uniform draw of 200 rows: their mean is 499.5 with standard error 18; 5 of them. */
    CHECK_NEAR(b->mean, 499.5, 90);
    CHECK_NEAR(a->mean * 0.8 + b->mean * 0.2, 499.5, 1e-9);
    CHECK_OK(ctx, hg_dataset_split(ctx, d, 0.2, 5, &a2, &b2));
    CHECK(hash_of(ctx, b) == hash_of(ctx, b2));
    hg_dataset_free(&a2);
    hg_dataset_free(&b2);
    CHECK_OK(ctx, hg_dataset_split(ctx, d, 0.2, 6, &a2, &b2));
    CHECK(hash_of(ctx, b) != hash_of(ctx, b2));
    hg_dataset_free(&a2);
    hg_dataset_free(&b2);
    /* A split of a split refers to the same rows. */
    CHECK_OK(ctx, hg_dataset_split(ctx, b, 0.5, 1, &a2, &b2));
    CHECK_NEAR((a2->mean + b2->mean) / 2, b->mean, 1e-9);
    CHECK_STR(a2->format, "split");
    hg_dataset_free(&a2);
    hg_dataset_free(&b2);
    hg_dataset_free(&a);
    hg_dataset_free(&b);
    hg_dataset_free(&d);
}

TEST(a_split_gives_each_side_a_row)
{
    hg_ctx *ctx = test_ctx();
    float x[2];
    hg_dataset *d = numbered(ctx, 2, x), *a, *b, *one = numbered(ctx, 1, x);
    static const double fractions[] = {1e-9, 0.5, 0.999999};
    for (int i = 0; i < 3; i++) {
        CHECK_OK(ctx, hg_dataset_split(ctx, d, fractions[i], 1, &a, &b));
        CHECK_INT(a->rows, 1);
        CHECK_INT(b->rows, 1);
        hg_dataset_free(&a);
        hg_dataset_free(&b);
    }
    CHECK_FAILS(ctx, hg_dataset_split(ctx, d, 0, 1, &a, &b), HG_ERANGE, "fraction is 0");
    CHECK_FAILS(ctx, hg_dataset_split(ctx, d, 1, 1, &a, &b), HG_ERANGE, "fraction is 1");
    CHECK_FAILS(ctx, hg_dataset_split(ctx, d, (double)NAN, 1, &a, &b), HG_ERANGE,
                "fraction");
    CHECK_FAILS(ctx, hg_dataset_split(ctx, one, 0.5, 1, &a, &b), HG_ERANGE, "at least 2");
    CHECK(a == NULL && b == NULL);
    hg_dataset_free(&one);
    hg_dataset_free(&d);
}

TEST(views_and_splits_survive_each_failing_allocation)
{
    hg_ctx *ctx = test_ctx();
    float x[10];
    hg_dataset *d = numbered(ctx, 10, x), *a, *b;
    bool failed = true;
    for (int64_t n = 0; failed && n < 100; n++) {
        int64_t held = test_alloc_bytes();
        test_fail_alloc(n);
        hg_status status = hg_dataset_split(ctx, d, 0.5, 1, &a, &b);
        failed = test_alloc_failed();
        test_fail_alloc(-1);
        CHECK_INT(status, failed ? HG_ENOMEM : HG_OK);
        CHECK((a == NULL) == failed && (b == NULL) == failed);
        hg_dataset_free(&a);
        hg_dataset_free(&b);
        CHECK_INT(test_alloc_bytes(), held);
    }
    CHECK(!failed);
    hg_dataset_free(&d);
}

TEST(a_new_dataset_is_zero_and_owned)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    float *values, row[4];
    CHECK_OK(ctx, hgi_dataset_new(ctx, "codes", "codes", 2, 2, (int64_t[]){2, 2}, &values,
                                  &d));
    CHECK_OK(ctx, hg_dataset_read(ctx, d, 1, 1, row));
    CHECK_NEAR(row[3], 0, 0);
    values[5] = 3;
    CHECK_OK(ctx, hgi_dataset_check(ctx, d));
    CHECK_NEAR(d->max, 3, 0);
    CHECK_NEAR(d->mean, 0.375, 0);
    values[7] = INFINITY;
    CHECK_FAILS(ctx, hgi_dataset_check(ctx, d), HG_ENONFINITE,
                "codes: row 2, pixel (2,2) is Inf, expected finite numbers");
    hg_dataset_free(&d);
    CHECK_FAILS(
        ctx,
        hgi_dataset_new(ctx, "codes", "codes", INT64_MAX, 1, (int64_t[]){4}, &values, &d),
        HG_ENOMEM, "out of memory");
}
