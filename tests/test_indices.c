// SPDX-License-Identifier: MIT
/* Rows from numbers of codebook entries: as from the entries; other numbers are told. */
#include "test_models.h"

#include <math.h>
#include <string.h>

enum { N = 150, PARTS = 3, ENTRIES = 5, D = 6 };

static hg_model *quantised(hg_ctx *ctx)
{
    const model_recipe r = {{1, {D}}, "dense 6 linear", "vq 5 parts=3", "dense input",
                            "mse",    HGI_SCALE_NONE};
    return make_model(ctx, &r);
}

TEST(indices_are_decoded_to_the_same_bits_as_their_vectors)
{
    hg_ctx *ctx = context_of(2);
    hg_model *m = quantised(ctx);
    float *x = random_floats(4, N * D, -1, 1), y[N * D], want[N * D];
    hg_dataset *d = rows_of(ctx, x, N, D), *index, *out;
    char in[TEST_PATH], path[TEST_PATH];
    int64_t rows;
    CHECK_OK(ctx, hg_encode_indices(ctx, m, d, &index));
    CHECK_INT(hg_dataset_features(index), PARTS);
    CHECK_OK(ctx, hg_reconstruct_dataset(ctx, m, d, &out));
    CHECK_OK(ctx, hg_dataset_read(ctx, out, 0, N, want));
    hg_dataset_free(&out);
    /* Asked for by name; told by their number; and from file to file, both ways. */
    CHECK_OK(ctx, hg_decode_indices(ctx, m, index, &out));
    CHECK_OK(ctx, hg_dataset_read(ctx, out, 0, N, y));
    CHECK(memcmp(y, want, sizeof y) == 0);
    hg_dataset_free(&out);
    CHECK_OK(ctx, hg_decode_dataset(ctx, m, index, &out));
    CHECK_OK(ctx, hg_dataset_read(ctx, out, 0, N, y));
    CHECK(memcmp(y, want, sizeof y) == 0);
    hg_dataset_free(&out);
    test_path(in, "index.csv");
    test_path(path, "rows.npy");
    CHECK_OK(ctx, hg_dataset_save(ctx, index, in, NULL));
    for (int i = 0; i < 2; i++) {
        const char *verb = i == 0 ? "decode" : "decode-indices";
        CHECK_OK(ctx, hg_map_file(ctx, m, verb, in, NULL, path, NULL, NULL, &rows));
        CHECK_INT(rows, N);
        CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &out));
        CHECK_OK(ctx, hg_dataset_read(ctx, out, 0, N, y));
        CHECK(memcmp(y, want, sizeof y) == 0);
        hg_dataset_free(&out);
    }
    hg_dataset_free(&index);
    hg_dataset_free(&d);
    hg_model_free(&m);
    free(x);
}

TEST(numbers_that_are_no_entries_are_told_with_their_place)
{
    hg_ctx *ctx = context_of(2);
    hg_model *m = quantised(ctx);
    const struct {
        float value;
        const char *text;
    } bad[] = {{5, "5 is no entry of the codebook, expected a whole number from 0 to 4"},
               {-1, "-1 is no entry"},
               {1.5f, "1.5 is no entry"},
               {1e30f, "1e30 is no entry"}};
    float index[N * PARTS] = {0};
    hg_dataset *out;
    for (int i = 0; i < 4; i++) {
        char want[120];
        /* The first of two, whichever thread meets it. */
        index[140 * PARTS] = 99;
        index[71 * PARTS + 1] = bad[i].value;
        hg_dataset *d = rows_of(ctx, index, N, PARTS);
        snprintf(want, sizeof want, "row 72, column 2: %s", bad[i].text);
        CHECK_FAILS(ctx, hg_decode_indices(ctx, m, d, &out), HG_ERANGE, want);
        hg_dataset_free(&d);
    }
    hg_dataset *d = rows_of(ctx, index, N / 2, 2);
    CHECK_FAILS(ctx, hg_decode_indices(ctx, m, d, &out), HG_ESHAPE,
                "2 values a row, but a code of the model has 3 indices");
    CHECK_FAILS(ctx, hg_decode_dataset(ctx, m, d, &out), HG_ESHAPE,
                "a code of the model has 6 values, or 3 indices");
    const model_recipe r = {{1, {D}},      "dense 3", NULL,
                            "dense input", NULL,      HGI_SCALE_NONE};
    hg_model *plain = make_model(ctx, &r);
    CHECK_FAILS(ctx, hg_decode_indices(ctx, plain, d, &out), HG_EINVAL, "only vq has");
    hg_dataset_free(&d);
    hg_model_free(&plain);
    hg_model_free(&m);
}

/* Bits change one after the other; vectors are entries all the way. */
TEST(codes_on_the_way_are_codes)
{
    hg_ctx *ctx = context_of(1);
    float *x = random_floats(4, 2 * D, -1, 1), z[7 * D];
    hg_dataset *d = rows_of(ctx, x, 2, D), *rows, *codes;
    const model_recipe r = {{1, {D}}, "dense 6 linear", "binary", "dense input",
                            NULL,     HGI_SCALE_NONE};
    hg_model *m = make_model(ctx, &r);
    CHECK_OK(ctx, hg_interpolate(ctx, m, d, 0, 1, 7, NULL, &rows, &codes));
    CHECK_OK(ctx, hg_dataset_read(ctx, codes, 0, 7, z));
    int changes = 0, ends = 0;
    for (int s = 1; s < 7; s++) {
        int now = 0;
        for (int i = 0; i < D; i++) now += z[s * D + i] != z[(s - 1) * D + i];
        CHECK(now <= 1);
        changes += now;
    }
    for (int i = 0; i < D; i++) {
        ends += z[i] != z[6 * D + i];
        for (int s = 0; s < 7; s++) CHECK(z[s * D + i] == 0 || z[s * D + i] == 1);
    }
    CHECK(ends > 0);
    CHECK_INT(changes, ends);
    hg_dataset_free(&rows);
    hg_dataset_free(&codes);
    hg_model_free(&m);
    m = quantised(ctx);
    const hgi_real *book = m->state + m->net.layer[m->net.code].tensor[0].offset;
    CHECK_OK(ctx, hg_interpolate(ctx, m, d, 0, 1, 7, NULL, &rows, &codes));
    CHECK_OK(ctx, hg_dataset_read(ctx, codes, 0, 7, z));
    for (int v = 0; v < 7 * PARTS; v++) {
        bool entry = false;
        for (int j = 0; j < ENTRIES; j++)
            entry |=
                z[2 * v] == (float)book[2 * j] && z[2 * v + 1] == (float)book[2 * j + 1];
        CHECK(entry);
    }
    hg_dataset_free(&rows);
    hg_dataset_free(&codes);
    hg_model_free(&m);
    hg_dataset_free(&d);
    free(x);
}
