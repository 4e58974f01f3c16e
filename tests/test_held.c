// SPDX-License-Identifier: MIT
/* Rows that stay in a file train the model, and give the numbers and files, that the same
 * rows give from memory, bit for bit.                                                  */
#include "test_streamed.h"

#include <math.h>
#include <unistd.h>

static hg_dataset *open_as(hg_ctx *ctx, const char *path, int stream, int64_t limit)
{
    hg_data_options o = {.size = sizeof o, .stream = stream, .limit = limit};
    hg_dataset *d;
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &d));
    return d;
}

static hg_config *config_of(hg_ctx *ctx, const char *const *settings)
{
    hg_config *c;
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    for (int i = 0; settings[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(c, settings[i], settings[i + 1]));
    return c;
}

/* The model file's bytes. */
static char *trained(hg_ctx *ctx, const hg_dataset *d, const char *const *settings,
                     const char *name, char path[TEST_PATH], size_t *n)
{
    hg_config *c = config_of(ctx, settings);
    hg_model *m;
    test_path(path, name);
    CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
    CHECK_OK(ctx, hg_model_save(ctx, m, path));
    hg_model_free(&m);
    hg_config_free(&c);
    return test_read(path, n);
}

/* Shuffled, split, noisy; batchnorm has statistics of the whole batch. */
TEST(rows_in_a_file_train_the_same_model_as_rows_in_memory)
{
    static const char *const settings[] = {
        "hidden",    "6",           "code",  "3",        "batch-size",
        "500",       "epochs",      "2",     "corrupt",  "gaussian:0.2",
        "batchnorm", "true",        "scale", "standard", "seed",
        "5",         "valid-split", "0.2",   NULL};
    char path[5][TEST_PATH], out[TEST_PATH];
    save_long(test_ctx(), "a.npy", HG_F32, path[0]);
    save_long(test_ctx(), "b.idx", HG_U8, path[1]);
    save_long(test_ctx(), "c.csv", HG_F32, path[2]);
    save_npy("d.npy", ">f8", false, path[3]);
    save_npy("e.npy", "<i2", true, path[4]);
    for (int i = 0; i < 5; i++) {
        size_t n[2];
        char *bytes[2];
        hg_ctx *ctx = test_ctx();
        test_where("%s", path[i]);
        for (int held = 0; held < 2; held++) {
            hg_dataset *d = open_as(ctx, path[i], held != 0 ? 1 : -1, 4000);
            bytes[held] = trained(ctx, d, settings + 0, "m.st", out, &n[held]);
            hg_dataset_free(&d);
        }
        CHECK_INT(n[0], n[1]);
        CHECK(memcmp(bytes[0], bytes[1], n[0]) == 0);
        free(bytes[0]);
        free(bytes[1]);
    }
}

/* Both ways, through the steps of a level, its probes and means, and what it gives to the
 * next one, whose rows are in a file then, too. */
TEST(rows_in_a_file_pretrain_the_same_model_as_rows_in_memory)
{
    static const char *const settings[2][32] = {
        {"pretrain",
         "rbm",
         "activation",
         "relu",
         "loss",
         "mse",
         "hidden",
         "6",
         "code",
         "3",
         "scale",
         "standard",
         "pretrain-epochs",
         "2",
         "epochs",
         "1",
         "valid-split",
         "0.2",
         "seed",
         "3"},
        {"pretrain", "stacked", "pretrain-corrupt", "mask:0.2", "hidden", "6", "code",
         "3", "scale", "minmax", "pretrain-epochs", "1", "epochs", "1", "valid-split",
         "0.2"}};
    char path[2][TEST_PATH], out[TEST_PATH];
    save_long(test_ctx(), "a.npy", HG_F32, path[0]);
    save_long(test_ctx(), "c.csv", HG_F32, path[1]);
    for (int i = 0; i < 4; i++) {
        size_t n[2];
        char *bytes[2];
        hg_ctx *ctx = test_ctx();
        test_where("%s, %s", settings[i / 2][1], path[i % 2]);
        for (int held = 0; held < 2; held++) {
            hg_dataset *d = open_as(ctx, path[i % 2], held != 0 ? 1 : -1, 0);
            bytes[held] = trained(ctx, d, settings[i / 2], "m.st", out, &n[held]);
            hg_dataset_free(&d);
        }
        CHECK_INT(n[0], n[1]);
        CHECK(memcmp(bytes[0], bytes[1], n[0]) == 0);
        free(bytes[0]);
        free(bytes[1]);
    }
}

static hg_model *small_model(hg_ctx *ctx, const hg_dataset *d, const char *kind)
{
    const char *const settings[] = {"code", "3", "epochs",    "1",  "scale", "minmax",
                                    "seed", "2", "code-kind", kind, NULL};
    hg_config *c = config_of(ctx, settings);
    hg_model *m;
    CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
    hg_config_free(&c);
    return m;
}

/* A plain code, and one that is drawn, by the row's number in the file. */
TEST(rows_in_a_file_are_measured_as_rows_in_memory)
{
    static const char *const kinds[] = {"plain", "variational"};
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    save_long(ctx, "a.csv", HG_F32, path);
    hg_dataset *a = open_as(ctx, path, -1, 0), *b = open_as(ctx, path, 1, 0);
    hg_dataset *some = open_as(ctx, path, -1, 600);
    for (int i = 0; i < 2; i++) {
        hg_model *m = small_model(ctx, some, kinds[i]);
        hg_metrics *of[3];
        hg_metric x, y;
        /* The bound by importance sampling needs several runs over each window. */
        hg_evaluate_options o = {.size = sizeof o};
        if (i == 1) o.iwae = 70;
        if (i == 1) o.binarise = "epoch";
        CHECK_OK(ctx, hg_evaluate_with(ctx, m, a, &o, &of[0]));
        CHECK_OK(ctx, hg_evaluate_with(ctx, m, b, &o, &of[1]));
        /* Windows of memory and of a file move together. */
        CHECK_OK(ctx, hg_evaluate_pair(ctx, m, a, b, &of[2]));
        for (int k = 0; hg_metrics_at(of[0], k, &x); k++) {
            CHECK(hg_metrics_at(of[1], k, &y) != 0);
            test_where("%s", x.name);
            CHECK_STR(x.name, y.name);
            CHECK(memcmp(&x.value, &y.value, sizeof x.value) == 0);
        }
        if (i == 0) /* the other was held against rows that are drawn */
            CHECK_NEAR(hg_metrics_get(of[2], "mse"), hg_metrics_get(of[0], "mse"), 0);
        for (int k = 0; k < 3; k++) hg_metrics_free(&of[k]);
        hg_model_free(&m);
    }
    hg_dataset_free(&a);
    hg_dataset_free(&b);
    hg_dataset_free(&some);
}

static void check_files(const char *a, const char *b)
{
    size_t n, m;
    char *x = test_read(a, &n), *y = test_read(b, &m);
    CHECK_INT(n, m);
    CHECK(n == m && memcmp(x, y, n) == 0);
    free(x);
    free(y);
}

/* From each format to each, CSV to NPY too, where the number of rows comes last. */
TEST(files_are_mapped_to_the_bytes_that_datasets_give)
{
    static const char *const in[] = {"a.npy", "b.idx", "c.csv"};
    static const char *const to[] = {"npy", "idx", "csv"};
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH], one[TEST_PATH], two[TEST_PATH];
    for (int i = 0; i < 9; i++) {
        save_long(ctx, in[i / 3], i / 3 == 1 ? HG_U8 : HG_F32, path);
        hg_dataset *d = open_as(ctx, path, -1, 0), *z = NULL, *noisy = NULL;
        hg_dataset *some = open_as(ctx, path, -1, 600);
        hg_model *m = small_model(ctx, some, "plain");
        int64_t rows;
        test_where("%s to %s", in[i / 3], to[i % 3]);
        test_path(one, "one");
        test_path(two, "two");
        CHECK_OK(ctx, hg_encode_dataset(ctx, m, d, &z));
        CHECK_OK(ctx, hg_dataset_save(ctx, z, one, to[i % 3]));
        CHECK_OK(ctx,
                 hg_map_file(ctx, m, "encode", path, NULL, two, to[i % 3], NULL, &rows));
        CHECK_INT(rows, LONG);
        check_files(one, two);
        hg_dataset_free(&z);
        if (i % 4 == 0) { /* noise is slow to write nine times */
            const char *noise = "mask:0.3";
            CHECK_OK(ctx, hg_corrupt_dataset(ctx, m, d, noise, &noisy));
            CHECK_OK(ctx, hg_reconstruct_dataset(ctx, m, noisy, &z));
            CHECK_OK(ctx, hg_dataset_save(ctx, z, one, to[i % 3]));
            CHECK_OK(ctx, hg_map_file(ctx, m, "reconstruct", path, NULL, two, to[i % 3],
                                      noise, &rows));
            check_files(one, two);
            hg_dataset_free(&z);
        }
        hg_dataset_free(&noisy);
        hg_dataset_free(&some);
        hg_dataset_free(&d);
        hg_model_free(&m);
    }
}

typedef struct cutter {
    const char *path;
    int64_t epochs;
} cutter;

static int cut_after_an_epoch(void *user, const hg_progress *p)
{
    cutter *c = user;
    (void)p;
    if (c->epochs++ == 0 && truncate(c->path, 4096) != 0) return 1;
    return 0;
}

TEST(training_on_a_file_that_is_cut_short_gives_the_model_so_far)
{
    static const char *const settings[] = {"code", "3", "epochs", "3", NULL};
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    save_long(ctx, "a.npy", HG_F32, path);
    hg_dataset *d = open_as(ctx, path, 1, 2000);
    hg_config *c = config_of(ctx, settings);
    cutter cut = {.path = path};
    hg_callbacks cb = {.size = sizeof cb, .on_epoch = cut_after_an_epoch, .user = &cut};
    hg_model *m;
    hg_epoch e = {.size = sizeof e};
    CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, &cb, &m), HG_EIO, "was cut short");
    CHECK(m != NULL);
    CHECK(hg_model_history(m, 0, &e) != 0 && isfinite(e.loss));
    CHECK(hg_model_history(m, 1, &e) == 0);
    hg_model_free(&m);
    /* Before the first step there is nothing to give. */
    CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, NULL, &m), HG_EIO, "was cut short");
    CHECK(m == NULL);
    hg_config_free(&c);
    hg_dataset_free(&d);
}

TEST(a_file_that_cannot_be_mapped_leaves_the_old_one)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH], out[TEST_PATH], bad[TEST_PATH];
    size_t n;
    save_long(ctx, "a.npy", HG_F32, path);
    hg_dataset *some = open_as(ctx, path, -1, 100);
    hg_model *m = small_model(ctx, some, "plain");
    test_write(bad, "bad.csv", "1,2,3\n", 6);
    test_write(out, "out.npy", "old", 3);
    CHECK_FAILS(ctx, hg_map_file(ctx, m, "encode", bad, NULL, out, NULL, NULL, NULL),
                HG_ESHAPE, "3 values a row");
    CHECK_FAILS(ctx, hg_map_file(ctx, m, "encode", path, NULL, "x.odt", NULL, NULL, NULL),
                HG_EUNKNOWN, "unknown ending");
    CHECK_FAILS(ctx, hg_map_file(ctx, m, "enc", path, NULL, out, NULL, NULL, NULL),
                HG_EUNKNOWN, "verb 'enc'");
    CHECK_FAILS(ctx, hg_map_file(ctx, m, "indices", path, NULL, out, NULL, NULL, NULL),
                HG_EINVAL, "no indices");
    char *p = test_read(out, &n);
    CHECK_INT(n, 3);
    free(p);
    hg_model_free(&m);
    hg_dataset_free(&some);
}
