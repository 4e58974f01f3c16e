// SPDX-License-Identifier: MIT
/* Classes that are words: a model keeps them, other files are held against them by name. */
#include "test_models.h"

#include "data/names.h"

#include <math.h>
#include <string.h>

enum { N = 60, D = 4 };

/* Rows of "b" are high, of "a" low, of "c" in between; "c" is the most frequent. */
static const char *const cycle[6] = {"c", "b", "c", "a", "c", "b"};

static void make_rows(float *x)
{
    uint64_t seed = 3;
    for (int r = 0; r < N; r++)
        for (int i = 0; i < D; i++)
            x[r * D + i] = (float)(cycle[r % 6][0] == 'b'   ? 0.9
                                   : cycle[r % 6][0] == 'a' ? 0.1
                                                            : 0.5) +
                           (float)test_uniform(&seed, -0.02, 0.02);
}

/* A file of words, those of rows first .. first+n-1 of the cycle. */
static hg_dataset *words(hg_ctx *ctx, const char *name, int first, int n)
{
    char path[TEST_PATH];
    test_path(path, name);
    FILE *f = fopen(path, "w");
    fprintf(f, "class\n");
    for (int i = 0; i < n; i++) fprintf(f, "%s\n", cycle[(first + i) % 6]);
    fclose(f);
    hg_dataset *d;
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &d));
    return d;
}

static hg_model *train_on(hg_ctx *ctx, const hg_dataset *d)
{
    static const char *const set[] = {
        "condition",  "labels", "code-kind", "variational", "code",   "1",  "loss", "mse",
        "batch-size", "20",     "lr",        "0.02",        "epochs", "80", NULL};
    hg_config *c;
    hg_model *m;
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    for (int i = 0; set[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(c, set[i], set[i + 1]));
    CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
    hg_config_free(&c);
    return m;
}

static hg_model *saved_and_loaded(hg_ctx *ctx, hg_model *m)
{
    char path[TEST_PATH];
    hg_model *back;
    test_path(path, "named.safetensors");
    CHECK_OK(ctx, hg_model_save(ctx, m, path));
    CHECK_OK(ctx, hg_model_load(ctx, path, &back));
    hg_model_free(&m);
    return back;
}

TEST(a_model_keeps_the_names_of_its_classes_and_is_asked_by_them)
{
    hg_ctx *ctx = context_of(2);
    float x[N * D], y[D];
    make_rows(x);
    hg_dataset *d = rows_of(ctx, x, N, D), *l = words(ctx, "all.csv", 0, N), *rows;
    CHECK_OK(ctx, hg_dataset_set_labels(ctx, d, l));
    hg_model *m = saved_and_loaded(ctx, train_on(ctx, d));
    static const char *const order[] = {"a", "b", "c"};
    double label;
    for (int i = 0; i < 3; i++) {
        char number[16];
        CHECK_STR(hg_model_class_name(m, i), order[i]);
        CHECK(hg_model_class(m, i, &label) && label == i);
        snprintf(number, sizeof number, "%d", i);
        CHECK_OK(ctx, hg_model_find_class(ctx, m, order[i], &label));
        CHECK(label == i);
        CHECK_OK(ctx, hg_model_find_class(ctx, m, number, &label));
        CHECK(label == i);
    }
    CHECK(hg_model_class_name(m, 3) == NULL && hg_model_class_name(m, -1) == NULL);
    CHECK_FAILS(ctx, hg_model_find_class(ctx, m, "d", &label), HG_ERANGE,
                "class 'd' is none of the model's; it knows a, b, c");
    CHECK_OK(ctx, hg_model_find_class(ctx, m, "B", &label));
    hg_sample_options o = {.size = sizeof o, .labelled = 1, .label = label};
    CHECK_OK(ctx, hg_sample(ctx, m, 1, &o, &rows, NULL));
    CHECK_OK(ctx, hg_dataset_read(ctx, rows, 0, 1, y));
    /* Trained to within a tenth of the classes' distance, whatever the code says. */
    for (int i = 0; i < D; i++) CHECK_NEAR((double)y[i], 0.9, 0.1);
    hg_dataset_free(&rows);
    o.label = 3;
    CHECK_FAILS(ctx, hg_sample(ctx, m, 1, &o, &rows, NULL), HG_ERANGE, "label 3 is no");
    hg_model_free(&m);
    hg_dataset_free(&l);
    hg_dataset_free(&d);
}

/* Its words get other numbers there; what counts is the word. */
TEST(a_file_with_fewer_words_means_the_same_classes)
{
    hg_ctx *ctx = context_of(1);
    float x[N * D], all[N * D], part[2 * D];
    make_rows(x);
    hg_dataset *d = rows_of(ctx, x, N, D), *l = words(ctx, "all.csv", 0, N);
    hg_dataset *few = rows_of(ctx, x + 4 * D, 2, D),
               *of_few = words(ctx, "few.csv", 4, 2);
    hg_dataset *out, *side[2];
    CHECK_OK(ctx, hg_dataset_set_labels(ctx, d, l));
    hg_model *m = train_on(ctx, d);
    CHECK_OK(ctx, hg_reconstruct_dataset(ctx, m, d, &out));
    CHECK_OK(ctx, hg_dataset_read(ctx, out, 0, N, all));
    hg_dataset_free(&out);
    CHECK_OK(ctx, hg_dataset_set_labels(ctx, few, of_few));
    CHECK_OK(ctx, hg_reconstruct_dataset(ctx, m, few, &out));
    CHECK_OK(ctx, hg_dataset_read(ctx, out, 0, 2, part));
    CHECK(memcmp(part, all + 4 * D, sizeof part) == 0);
    hg_dataset_free(&out);
    CHECK_OK(ctx, hg_dataset_split(ctx, d, 0.5, 1, &side[0], &side[1]));
    CHECK_OK(ctx, hg_reconstruct_dataset(ctx, m, side[1], &out));
    CHECK_OK(ctx, hg_dataset_read(ctx, out, 0, 1, part));
    CHECK(memcmp(part, all + side[1]->order[0] * D, sizeof *part * D) == 0);
    hg_dataset_free(&out);
    CHECK_OK(ctx, hg_corrupt_dataset(ctx, m, d, "mask:0.5", &out));
    CHECK(out->labels != NULL && out->label_names == d->label_names);
    hg_dataset_free(&out);
    hg_dataset_free(&side[0]);
    hg_dataset_free(&side[1]);
    hg_dataset_free(&of_few);
    hg_dataset_free(&few);
    hg_model_free(&m);
    hg_dataset_free(&l);
    hg_dataset_free(&d);
}

TEST(words_that_the_model_does_not_know_and_rows_without_one_are_told)
{
    hg_ctx *ctx = context_of(1);
    float x[N * D];
    char path[TEST_PATH];
    make_rows(x);
    hg_dataset *d = rows_of(ctx, x, N, D), *l = words(ctx, "all.csv", 0, N), *out, *bad;
    CHECK_OK(ctx, hg_dataset_set_labels(ctx, d, l));
    hg_model *m = train_on(ctx, d);
    hg_dataset *two = rows_of(ctx, x, 2, D);
    test_write(path, "bad.csv", "class\na\nzebra\n", 14);
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &bad));
    CHECK_OK(ctx, hg_dataset_set_labels(ctx, two, bad));
    CHECK_FAILS(ctx, hg_encode_dataset(ctx, m, two, &out), HG_ERANGE,
                "row 2: label 'zebra' is no class of the model; it knows a, b, c");
    hg_dataset_free(&bad);
    test_write(path, "bad.csv", "class,x\n,1\nb,2\n", 15);
    hg_data_options o = {.size = sizeof o, .columns = "class"};
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &bad));
    CHECK_FAILS(ctx, hg_dataset_set_labels(ctx, two, bad), HG_ERANGE,
                "row 1 has no label");
    hg_dataset_free(&bad);
    hg_dataset_free(&two);
    hg_model_free(&m);
    hg_dataset_free(&l);
    hg_dataset_free(&d);
}

TEST(rows_with_their_classes_are_a_table)
{
    hg_ctx *ctx = context_of(1);
    float x[2 * D] = {1, 2, 3, 4, 5, 6, 7, 8};
    char path[TEST_PATH];
    size_t n;
    hg_dataset *d = rows_of(ctx, x, 2, D), *l = words(ctx, "two.csv", 2, 2), *out;
    CHECK_FAILS(ctx, hg_dataset_with_classes(ctx, d, "class", &out), HG_EINVAL,
                "the rows have no classes");
    CHECK_OK(ctx, hg_dataset_set_labels(ctx, d, l));
    CHECK_OK(ctx, hg_dataset_with_classes(ctx, d, "class", &out));
    test_path(path, "out.csv");
    CHECK_OK(ctx, hg_dataset_save(ctx, out, path, NULL));
    char *text = test_read(path, &n);
    CHECK(n > 0 && strncmp(text, "x1,x2,x3,x4,class\n1,2,3,4,c\n5,6,7,8,a\n", n) == 0);
    free(text);
    hg_dataset_free(&out);
    CHECK_FAILS(ctx, hg_dataset_with_classes(ctx, d, "x2", &out), HG_EINVAL,
                "there is a column 'x2' already");
    hg_dataset_free(&l);
    hg_dataset_free(&d);
}

/* In each file words have numbers of their own: "b" is 1 here, and 0 there. */
TEST(a_probe_holds_the_words_of_two_files_against_each_other)
{
    hg_ctx *ctx = context_of(1);
    float x[N * D];
    make_rows(x);
    hg_dataset *d = rows_of(ctx, x, N, D), *l = words(ctx, "all.csv", 0, N);
    hg_dataset *test = rows_of(ctx, x + 4 * D, 2, D),
               *of_test = words(ctx, "t.csv", 4, 2);
    const model_recipe r = {{1, {D}}, "dense 3 linear", NULL, "dense input",
                            "mse",    HGI_SCALE_NONE};
    hg_model *m = make_model(ctx, &r);
    hg_probe p = {.size = sizeof p};
    CHECK_OK(ctx, hg_probe_run(ctx, m, d, l, test, of_test, &p));
    CHECK_INT(p.classes, 3);
    /* The classes lie far apart. */
    CHECK(p.knn_raw == 1 && p.knn_code == 1);
    hg_model_free(&m);
    hg_dataset_free(&of_test);
    hg_dataset_free(&test);
    hg_dataset_free(&l);
    hg_dataset_free(&d);
}

TEST(names_are_found_to_the_letter_first_and_kept_as_utf8)
{
    hg_ctx *ctx = context_of(1);
    hgi_names *n, *other;
    CHECK_OK(ctx, hgi_names_new(ctx, 3, &n));
    CHECK_OK(ctx, hgi_names_set(ctx, n, 0, "Cat"));
    CHECK_OK(ctx, hgi_names_set(ctx, n, 1, "cat"));
    CHECK_OK(ctx, hgi_names_set(ctx, n, 2, "caf\xe9"));
    CHECK_INT(hgi_names_find(n, "cat"), 1);
    CHECK_INT(hgi_names_find(n, "CAT"), 0);
    CHECK_INT(hgi_names_find(n, "dog"), -1);
    CHECK_STR(n->name[2], "caf?");
    other = hgi_names_share(n);
    hgi_names_free(&n);
    CHECK_INT(hgi_names_find(other, "cat"), 1);
    hgi_names_free(&other);
}
