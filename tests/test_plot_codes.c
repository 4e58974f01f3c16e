// SPDX-License-Identifier: MIT
/* Pictures of codes: drawn for codes of any length, refused where they mean nothing, and
 * nothing leaks when memory runs out. */
#include "test_models.h"

#include "report/report.h"

#include <math.h>

enum { N = 30, D = 6 };

static hg_model *model_of(hg_ctx *ctx, const char *encoder, const char *code)
{
    return make_model(
        ctx, &(model_recipe){
                 {1, {D}}, encoder, code, "dense input linear", "mse", HGI_SCALE_NONE});
}

/* The build may lack cairo: then every picture is refused, and there is nothing to test. */
static void need_pictures(void)
{
    if (hgi_picture_backend() == NULL) SKIP("built without cairo");
}

TEST(codes_of_any_length_are_drawn_as_points)
{
    static const char *const lines[] = {"dense 1 linear", "dense 2 relu", "dense 5 tanh"};
    need_pictures();
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(1, N * D, -1, 1), label[N];
    char path[TEST_PATH];
    test_path(path, "latent.svg");
    for (int i = 0; i < N; i++) label[i] = (float)(i % 12);
    hg_dataset *rows = rows_of(ctx, x, N, D), *labels = rows_of(ctx, label, N, 1);
    for (int i = 0; i < 3; i++) {
        size_t n;
        hg_model *m = model_of(ctx, lines[i], NULL);
        CHECK_OK(ctx, hg_plot_latent(ctx, m, rows, labels, path, NULL));
        char *text = test_read(path, &n);
        CHECK(n > 2000);
        free(text);
        hg_model_free(&m);
    }
    hg_dataset_free(&rows);
    hg_dataset_free(&labels);
    free(x);
}

static void keep_line(void *user, hg_log_level level, const char *line)
{
    if (level == HG_LOG_WARNING) snprintf(user, 120, "%s", line);
}

/* One row a hundred times as far from the others as those lie from each other is counted
 * and left out; a tenth of the rows as far off is a crowd, and stays. */
TEST(a_far_code_does_not_crowd_the_rest)
{
    enum { MANY = 200 };
    need_pictures();
    char said[120] = "", path[TEST_PATH];
    hg_ctx *ctx = test_ctx_with(&(hg_ctx_options){
        .size = sizeof(hg_ctx_options), .log = keep_line, .log_user = said});
    float *x = random_floats(1, MANY * D, -1, 1);
    hg_dataset *rows = rows_of(ctx, x, MANY, D);
    hg_model *m = model_of(ctx, "dense 2 linear", NULL);
    test_path(path, "latent.svg");
    CHECK_OK(ctx, hg_plot_latent(ctx, m, rows, NULL, path, NULL));
    CHECK_STR(said, "");
    for (int i = 0; i < D; i++) x[7 * D + i] = 100;
    CHECK_OK(ctx, hg_plot_latent(ctx, m, rows, NULL, path, NULL));
    CHECK_STR(said, "1 of 200 points lie far from all others and are not drawn");
    said[0] = '\0';
    for (int i = 0; i < 20 * D; i++) x[i] += 100;
    CHECK_OK(ctx, hg_plot_latent(ctx, m, rows, NULL, path, NULL));
    CHECK_STR(said, "");
    hg_dataset_free(&rows);
    hg_model_free(&m);
    free(x);
}

/* Values of bits and of codebooks do not change by degrees. */
TEST(walks_through_codes_of_bits_and_entries_are_drawn_or_refused)
{
    need_pictures();
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(1, N * D, -1, 1);
    char path[TEST_PATH];
    hg_dataset *rows = rows_of(ctx, x, N, D);
    hg_model *bits = model_of(ctx, "dense 2 linear", "binary");
    hg_model *vq = model_of(ctx, "dense 2 linear", "vq 3");
    test_path(path, "walk.svg");
    CHECK_OK(ctx, hg_plot_traversal(ctx, bits, rows, 0, path, NULL));
    CHECK_OK(ctx, hg_plot_latent(ctx, vq, rows, NULL, path, NULL));
    CHECK_FAILS(ctx, hg_plot_traversal(ctx, vq, rows, 0, path, NULL), HG_EINVAL,
                "no values to change one by one");
    CHECK_FAILS(ctx, hg_plot_manifold(ctx, vq, rows, path, NULL), HG_EINVAL,
                "nothing between the entries of a codebook");
    CHECK_FAILS(ctx, hg_plot_manifold(ctx, bits, rows, path, NULL), HG_EINVAL,
                "nothing between bits");
    hg_model_free(&bits);
    hg_model_free(&vq);
    hg_dataset_free(&rows);
    free(x);
}

TEST(pictures_of_codes_that_mean_nothing_are_refused)
{
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(1, N * D, -1, 1), label[N];
    for (int i = 0; i < N; i++) label[i] = (float)i;
    hg_dataset *rows = rows_of(ctx, x, N, D), *many = rows_of(ctx, label, N, 1),
               *few = rows_of(ctx, label, N - 1, 1);
    hg_model *m = model_of(ctx, "dense 3 linear", NULL), *two, *vae;
    two = model_of(ctx, "dense 2 linear", NULL);
    vae = model_of(ctx, "", "variational 2");
    CHECK_FAILS(ctx, hg_plot_latent(ctx, m, rows, many, "x.png", NULL), HG_ERANGE,
                "more than 20 different labels");
    CHECK_FAILS(ctx, hg_plot_latent(ctx, m, rows, few, "x.png", NULL), HG_ESHAPE,
                "29 labels for 30 rows");
    CHECK_FAILS(ctx, hg_plot_latent(ctx, m, rows, rows, "x.png", NULL), HG_ESHAPE,
                "one value a row");
    CHECK_FAILS(ctx, hg_plot_manifold(ctx, m, rows, "x.png", NULL), HG_EINVAL,
                "no plane");
    CHECK_FAILS(ctx, hg_plot_manifold(ctx, two, NULL, "x.png", NULL), HG_EINVAL,
                "data are needed");
    CHECK_FAILS(ctx, hg_plot_traversal(ctx, vae, rows, N, "x.png", NULL), HG_ERANGE,
                "no row 31: it has 30");
    /* A build without pictures has no endings, either. */
    if (hgi_picture_backend() != NULL)
        CHECK_FAILS(ctx, hg_plot_traversal(ctx, vae, rows, 0, "x.txt", NULL), HG_EINVAL,
                    "x.txt");
    hg_model_free(&m);
    hg_model_free(&two);
    hg_model_free(&vae);
    hg_dataset_free(&rows);
    hg_dataset_free(&many);
    hg_dataset_free(&few);
    free(x);
}

TEST(memory_that_runs_out_while_codes_are_drawn_leaks_nothing)
{
    need_pictures();
    hg_ctx *ctx = test_ctx();
    float *x = random_floats(1, N * D, -1, 1), label[N];
    char path[TEST_PATH];
    test_path(path, "codes.svg");
    for (int i = 0; i < N; i++) label[i] = (float)(i % 3);
    hg_dataset *rows = rows_of(ctx, x, N, D), *labels = rows_of(ctx, label, N, 1);
    hg_model *m = model_of(ctx, "dense 2 linear", NULL);
    hg_plot_options o = {.size = sizeof o, .columns = 3};
    for (int kind = 0; kind < 3; kind++) {
        hg_status status = HG_ENOMEM;
        for (int64_t i = 0; status != HG_OK && i < 400; i++) {
            test_fail_alloc(i);
            status = kind == 0   ? hg_plot_latent(ctx, m, rows, labels, path, &o)
                     : kind == 1 ? hg_plot_manifold(ctx, m, rows, path, &o)
                                 : hg_plot_traversal(ctx, m, rows, 1, path, &o);
            test_fail_alloc(-1);
            if (status != HG_OK) CHECK_INT(status, HG_ENOMEM);
        }
        test_where("picture %d", kind);
        CHECK_INT(status, HG_OK);
    }
    hg_model_free(&m);
    hg_dataset_free(&rows);
    hg_dataset_free(&labels);
    free(x);
}
