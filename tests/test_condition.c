// SPDX-License-Identifier: MIT
/* Models that are conditional on a class: what the class does, what is kept, what is told
 * when it is missing. */
#include "test_models.h"

#include <math.h>
#include <string.h>

enum { N = 300, D = 6, CLASSES = 3 };

/* Rows of class k are 1 in features 2 k and 2 k + 1, but for some noise.  Labels are 7, 2
 * and 10.5 in turn: of no order, and not the numbers of the classes. */
static const float names[CLASSES] = {7, 2, 10.5f};

static void make_rows(float *x, float *labels)
{
    uint64_t seed = 9;
    for (int r = 0; r < N; r++) {
        labels[r] = names[r % CLASSES];
        for (int i = 0; i < D; i++)
            x[r * D + i] = (float)(i / 2 == r % CLASSES ? 0.9 : 0.1) +
                           (float)test_uniform(&seed, -0.05, 0.05);
    }
}

static hg_dataset *labelled_rows(hg_ctx *ctx, const float *x, const float *labels)
{
    hg_dataset *d = rows_of(ctx, x, N, D), *l = rows_of(ctx, labels, N, 1);
    CHECK_OK(ctx, hg_dataset_set_labels(ctx, d, l));
    hg_dataset_free(&l);
    return d;
}

static hg_config *configure(hg_ctx *ctx, const char *const *more)
{
    static const char *const always[] = {
        "condition",  "labels", "code-kind", "variational", "code", "1",
        "batch-size", "50",     "lr",        "0.01",        NULL};
    hg_config *c;
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    for (int i = 0; always[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(c, always[i], always[i + 1]));
    for (int i = 0; more != NULL && more[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(c, more[i], more[i + 1]));
    return c;
}

static hg_model *train_on(hg_ctx *ctx, const hg_dataset *d, const char *const *more)
{
    hg_config *c = configure(ctx, more);
    hg_model *m;
    CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &m));
    hg_config_free(&c);
    return m;
}

/* One number tells all there is of a row, and that is its class: samples of a class are
 * rows of it whatever code is drawn. */
TEST(samples_of_a_class_are_rows_of_that_class)
{
    hg_ctx *ctx = context_of(2);
    float x[N * D], labels[N], y[D * 30];
    make_rows(x, labels);
    hg_dataset *d = labelled_rows(ctx, x, labels), *rows;
    const char *const more[] = {"epochs", "60", NULL};
    hg_model *m = train_on(ctx, d, more), *back;
    char path[TEST_PATH];
    double label;
    test_path(path, "conditional.safetensors");
    CHECK_OK(ctx, hg_model_save(ctx, m, path));
    CHECK_OK(ctx, hg_model_load(ctx, path, &back));
    hg_model_info info = {.size = sizeof info};
    CHECK_OK(ctx, hg_model_get_info(ctx, back, &info));
    CHECK_INT(info.classes, CLASSES);
    CHECK(hg_model_class(back, 0, &label) && label == 2);
    CHECK(hg_model_class(back, 2, &label) && label == 10.5);
    CHECK(!hg_model_class(back, 3, &label) && !hg_model_class(back, -1, &label));
    hg_sample_options o = {.size = sizeof o};
    for (int k = -1; k < CLASSES; k++) {
        o.labelled = k >= 0;
        o.label = k >= 0 ? (double)names[k] : 0;
        CHECK_OK(ctx, hg_sample(ctx, back, 30, &o, &rows, NULL));
        CHECK_OK(ctx, hg_dataset_read(ctx, rows, 0, 30, y));
        hg_dataset_free(&rows);
        for (int r = 0; r < 30; r++) {
            /* Without a class each in turn, ascending: 2 is names[1], then 7, then 10.5. */
            static const int turn[CLASSES] = {1, 0, 2};
            int is = k >= 0 ? k : turn[r % CLASSES];
            for (int i = 0; i < D; i++)
                CHECK(fabs((double)y[r * D + i] - (i / 2 == is ? 0.9 : 0.1)) < 0.2);
        }
    }
    o.labelled = 1;
    o.label = 5;
    CHECK_FAILS(ctx, hg_sample(ctx, back, 3, &o, &rows, NULL), HG_ERANGE,
                "label 5 is no class of the model; it knows 2, 7, 10.5");
    hg_dataset_free(&d);
    hg_model_free(&m);
    hg_model_free(&back);
}

/* The list of a row's values goes to a dense layer, the class in behind it. */
TEST(a_sparse_code_is_conditional_with_a_hidden_layer)
{
    static const char *const kinds[] = {"topk k=2", "batchtopk k=2"};
    hg_ctx *ctx = context_of(2);
    float x[N * D], labels[N], y[2][D * 30];
    make_rows(x, labels);
    hg_dataset *d = labelled_rows(ctx, x, labels), *rows;
    for (int i = 0; i < 2; i++) {
        const char *const more[] = {"code-kind", kinds[i], "code", "8", "hidden",
                                    "12",        "epochs", "60",   NULL};
        const char *const flat[] = {"code-kind", kinds[i], "code", "8", NULL};
        hg_model *m = train_on(ctx, d, more);
        CHECK_STR(m->spec.decoder[0], "dense 12 relu");
        CHECK_STR(m->spec.decoder[1], "condition 3");
        CHECK_OK(ctx, hg_mixture_fit(ctx, m, d, NULL));
        for (int k = 0; k < 2; k++) { /* the same codes */
            hg_sample_options o = {.size = sizeof o, .labelled = 1};
            o.label = (double)names[k];
            CHECK_OK(ctx, hg_sample(ctx, m, 30, &o, &rows, NULL));
            CHECK_OK(ctx, hg_dataset_read(ctx, rows, 0, 30, y[k]));
            hg_dataset_free(&rows);
        }
        double change = 0;
        for (int k = 0; k < 30 * D; k++)
            change = fmax(change, fabs((double)y[0][k] - (double)y[1][k]));
        CHECK(change > 1e-3); /* the code tells the class, too */
        hg_model_free(&m);
        hg_config *c = configure(ctx, flat);
        CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, NULL, &m), HG_EINVAL,
                    "needs a dense layer right after it, before it is given the class: "
                    "set hidden");
        hg_config_free(&c);
    }
    hg_dataset_free(&d);
}

/* The same weights: a row's reconstruction depends on its label, and on no other row's; a
 * file's rows, a dataset's, a split's and a session's come out with the same bits. */
TEST(each_row_has_its_own_class_however_rows_are_given)
{
    hg_ctx *ctx = context_of(2);
    float x[N * D], labels[N], y[N * D], part[N * D], again[D];
    make_rows(x, labels);
    hg_dataset *d = labelled_rows(ctx, x, labels), *a, *b, *out;
    const char *const more[] = {"epochs", "3", "hidden", "5", NULL};
    hg_model *m = train_on(ctx, d, more);
    CHECK_OK(ctx, hg_reconstruct_dataset(ctx, m, d, &out));
    CHECK_OK(ctx, hg_dataset_read(ctx, out, 0, N, y));
    hg_dataset_free(&out);
    CHECK_OK(ctx, hg_dataset_split(ctx, d, 0.4, 1, &a, &b));
    CHECK_OK(ctx, hg_reconstruct_dataset(ctx, m, b, &out));
    CHECK_OK(ctx, hg_dataset_read(ctx, out, 0, out->rows, part));
    for (int64_t r = 0; r < b->rows; r++)
        CHECK(memcmp(part + r * D, y + b->order[r] * D, sizeof *y * D) == 0);
    hg_dataset_free(&out);
    hg_dataset_free(&a);
    hg_dataset_free(&b);
    for (int k = 0; k < CLASSES; k++) {
        hg_session *s;
        hg_session_options o = {.size = sizeof o, .labelled = 1};
        o.label = (double)names[k];
        CHECK_OK(ctx, hg_session_new(ctx, m, &o, &s));
        CHECK_INT(hg_session_reconstruct(s, x + k * D, 1, again), HG_OK);
        CHECK(memcmp(again, y + k * D, sizeof again) == 0);
        hg_session_free(&s);
    }
    labels[0] = names[1];
    hg_dataset_free(&d);
    d = labelled_rows(ctx, x, labels);
    CHECK_OK(ctx, hg_reconstruct_dataset(ctx, m, d, &out));
    CHECK_OK(ctx, hg_dataset_read(ctx, out, 0, N, part));
    CHECK(memcmp(part, y, sizeof *y * D) != 0);
    CHECK(memcmp(part + D, y + D, sizeof *y * (N - 1) * D) == 0);
    hg_dataset_free(&out);
    hg_dataset_free(&d);
    hg_model_free(&m);
}

/* Labels, codes and rows on disk, in blocks: as from memory. */
TEST(labels_go_beside_rows_from_file_to_file)
{
    hg_ctx *ctx = context_of(2);
    float x[N * D], labels[N], y[N * D], z[N], want[N * D];
    char in[TEST_PATH], codes[TEST_PATH], out_path[TEST_PATH];
    make_rows(x, labels);
    hg_dataset *d = labelled_rows(ctx, x, labels), *l = rows_of(ctx, labels, N, 1), *out;
    hg_dataset *few = rows_of(ctx, labels, N - 1, 1);
    const char *const more[] = {"epochs", "2", NULL};
    hg_model *m = train_on(ctx, d, more);
    hg_data_options o = {.size = sizeof o, .labels = l};
    int64_t rows;
    test_path(in, "in.npy");
    test_path(codes, "codes.npy");
    test_path(out_path, "out.npy");
    CHECK_OK(ctx, hg_dataset_save(ctx, d, in, NULL));
    CHECK_OK(ctx, hg_map_file(ctx, m, "encode", in, &o, codes, NULL, NULL, &rows));
    CHECK_INT(rows, N);
    CHECK_OK(ctx, hg_map_file(ctx, m, "decode", codes, &o, out_path, NULL, NULL, &rows));
    CHECK_OK(ctx, hg_dataset_open(ctx, out_path, NULL, &out));
    CHECK_OK(ctx, hg_dataset_read(ctx, out, 0, N, y));
    hg_dataset_free(&out);
    CHECK_OK(ctx, hg_reconstruct_dataset(ctx, m, d, &out));
    CHECK_OK(ctx, hg_dataset_read(ctx, out, 0, N, want));
    CHECK(memcmp(y, want, sizeof y) == 0);
    hg_dataset_free(&out);
    o.labels = NULL;
    CHECK_FAILS(ctx, hg_map_file(ctx, m, "encode", in, &o, codes, NULL, NULL, &rows),
                HG_EINVAL, "have no labels");
    o.labels = few;
    CHECK_FAILS(ctx, hg_map_file(ctx, m, "encode", in, &o, codes, NULL, NULL, &rows),
                HG_ESHAPE, "299 labels");
    CHECK_FAILS(ctx, hg_encode(ctx, m, x, N, z), HG_EINVAL, "have no labels");
    CHECK_FAILS(ctx, hg_dataset_set_labels(ctx, d, few), HG_ESHAPE,
                "299 labels for 300 rows");
    CHECK_FAILS(ctx, hg_dataset_set_labels(ctx, d, d), HG_ESHAPE, "one value a row");
    hg_session *s;
    CHECK_FAILS(ctx, hg_session_new(ctx, m, NULL, &s), HG_EINVAL, "one of 2, 7, 10.5");
    hg_dataset_free(&few);
    hg_dataset_free(&l);
    hg_dataset_free(&d);
    hg_model_free(&m);
}

/* Validation rows have classes of their own, evaluate gives the loss that training saw. */
TEST(validation_and_evaluation_take_each_rows_class)
{
    hg_ctx *ctx = context_of(3);
    float x[N * D], labels[N];
    make_rows(x, labels);
    hg_dataset *d = labelled_rows(ctx, x, labels);
    for (int samples = 1; samples <= 3; samples += 2) {
        const char *const more[] = {"epochs",   "4",       "corrupt",
                                    "mask:0.1", "samples", samples == 1 ? "1" : "3",
                                    NULL};
        hg_config *c = configure(ctx, more);
        hg_model *m;
        hg_epoch e = {.size = sizeof e};
        hg_metrics *v;
        hg_dataset *noisy;
        CHECK_OK(ctx, hg_train(ctx, c, d, d, NULL, &m));
        CHECK(hg_model_history(m, 3, &e));
        CHECK_OK(ctx, hg_corrupt_dataset(ctx, m, d, NULL, &noisy));
        hg_dataset *l = rows_of(ctx, labels, N, 1);
        CHECK_OK(ctx, hg_dataset_set_labels(ctx, noisy, l));
        hg_dataset_free(&l);
        CHECK_OK(ctx, hg_evaluate_pair(ctx, m, noisy, d, &v));
        CHECK_NEAR(hg_metrics_get(v, "loss"), e.val_loss, 1e-6 * fabs(e.val_loss));
        hg_metrics_free(&v);
        hg_dataset_free(&noisy);
        hg_model_free(&m);
        hg_config_free(&c);
    }
    hg_dataset_free(&d);
}

TEST(a_conditional_model_without_classes_is_refused)
{
    hg_ctx *ctx = context_of(1);
    float x[N * D], labels[N];
    make_rows(x, labels);
    hg_dataset *d = rows_of(ctx, x, N, D), *l = labelled_rows(ctx, x, labels);
    hg_model *m;
    hg_config *c = configure(ctx, NULL);
    CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, NULL, &m), HG_EINVAL, "have no labels");
    CHECK_FAILS(ctx, hg_train(ctx, c, l, d, NULL, &m), HG_EINVAL, "have no labels");
    CHECK_OK(ctx, hg_config_set(c, "condition", "none"));
    CHECK_OK(ctx, hg_config_set(c, "decoder", "condition 3; dense input"));
    CHECK_OK(ctx, hg_config_set(c, "encoder", "dense 5"));
    CHECK_OK(ctx, hg_config_set(c, "code-kind", "variational 1"));
    CHECK_FAILS(ctx, hg_train(ctx, c, l, NULL, NULL, &m), HG_EINVAL,
                "for 3 classes, but the model has none");
    CHECK_OK(ctx, hg_config_set(c, "condition", "labels"));
    CHECK_OK(ctx, hg_config_set(c, "decoder", "condition 4; dense input"));
    CHECK_FAILS(ctx, hg_train(ctx, c, l, NULL, NULL, &m), HG_EINVAL,
                "another number of them");
    hg_config_free(&c);
    hg_dataset_free(&d);
    hg_dataset_free(&l);
}

/* The class at each place of an image, and behind the code. */
TEST(convolutions_are_given_the_class_as_channels)
{
    hg_ctx *ctx = context_of(1);
    float *x = random_floats(4, 12 * 36, 0, 1), labels[12];
    for (int i = 0; i < 12; i++) labels[i] = (float)(i % 2);
    hg_view view = {.size = sizeof view, .data = x, .rows = 12, .rank = 2};
    view.shape[0] = view.shape[1] = 6;
    hg_dataset *d, *l = rows_of(ctx, labels, 12, 1);
    hg_model *m;
    CHECK_OK(ctx, hg_dataset_view(ctx, &view, &d));
    CHECK_OK(ctx, hg_dataset_set_labels(ctx, d, l));
    const char *const more[] = {"code-kind", "variational 1",
                                "encoder",   "conv 2 3x3 stride=2; dense 3",
                                "decoder",   "dense 36 sigmoid; reshape 6x6x1",
                                "epochs",    "1",
                                NULL};
    m = train_on(ctx, d, more);
    CHECK(strstr(m->text, "condition 2 channels\n") != NULL);
    CHECK_INT(m->net.layer[1].in.dim[2], 3);
    CHECK_INT(m->net.layer[m->net.code + 2].d_in, 3);
    hg_model_free(&m);
    hg_dataset_free(&d);
    hg_dataset_free(&l);
    free(x);
}

/* A row of one class that says it is of another is an anomaly, and no other row is. */
TEST(a_detector_scores_rows_as_rows_of_their_class)
{
    hg_ctx *ctx = context_of(2);
    float x[N * D], labels[N], wrong[N];
    double score[N], other[N], one[N];
    make_rows(x, labels);
    for (int r = 0; r < N; r++) wrong[r] = names[(r + 1) % CLASSES];
    hg_dataset *d = labelled_rows(ctx, x, labels), *e = labelled_rows(ctx, x, wrong);
    static const char *const more[] = {"epochs", "60",       "code-kind", "plain",
                                       "score",  "residual", NULL};
    hg_config *cfg = configure(ctx, more);
    hg_model *m;
    CHECK_OK(ctx, hg_detector_train(ctx, cfg, d, NULL, NULL, NULL, &m));
    CHECK_OK(ctx, hg_score_dataset(ctx, m, d, score));
    CHECK_OK(ctx, hg_score_dataset(ctx, m, e, other));
    int above = 0;
    for (int r = 0; r < N; r++) above += other[r] > 2 * score[r];
    CHECK(above > N * 9 / 10);
    /* A session has one class. */
    hg_session_options o = {.size = sizeof o, .labelled = 1, .label = (double)names[0]};
    hg_session *s;
    CHECK_OK(ctx, hg_session_new(ctx, m, &o, &s));
    for (int r = 0; r < N; r += CLASSES) {
        CHECK_INT(hg_session_score(s, x + r * D, 1, &one[r]), HG_OK);
        CHECK(one[r] >= score[r] && one[r] <= score[r]);
    }
    hg_session_free(&s);
    /* Narrow weights are compared for each class, in all rows. */
    hg_session_cost cost = {.size = sizeof cost};
    CHECK_OK(ctx, hg_session_compare(ctx, m, d, "bf16", &cost));
    CHECK_INT(cost.rows, N);
    CHECK(cost.f32 > 0 && cost.mean < 0.1);
    const int64_t first = 0;
    hg_explanation *why;
    CHECK_INT(hg_explain(ctx, m, d, &first, 1, NULL, &why), HG_EINVAL);
    hg_model_free(&m);
    hg_config_free(&cfg);
    hg_dataset_free(&d);
    hg_dataset_free(&e);
}
