// SPDX-License-Identifier: MIT
/* Explanations: the column that was changed is found, with what it was; formats. */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { D = 6, TRAIN = 1500, ODD = 60 };

static double normal(uint64_t *seed)
{
    double u = 1 - test_uniform(seed, 0, 1), v = test_uniform(seed, 0, 1);
    return sqrt(-2 * log(u)) * cos(2 * acos(-1) * v);
}

/* Two hidden numbers seen through six columns of very different units, with noise. */
static const double unit[D] = {1, 1000, 0.01, 5, 20, 300};

static void make_row(uint64_t *seed, float *x)
{
    static const double look[D][2] = {{1, 0}, {0, 1}, {1, 1}, {1, -1}, {2, 1}, {1, 2}};
    double a = normal(seed), b = normal(seed);
    for (int j = 0; j < D; j++) {
        double v = look[j][0] * a + look[j][1] * b + 0.1 * normal(seed);
        x[j] = (float)(unit[j] * (v + 7));
    }
}

static hg_dataset *rows_of(hg_ctx *ctx, const float *x, int64_t n)
{
    hg_view v = {.size = sizeof v, .data = x, .rows = n, .rank = 1, .shape = {D}};
    hg_dataset *d;
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &d));
    return d;
}

static hg_model *train(hg_ctx *ctx, const char *score)
{
    static const char *const set[] = {"code",       "2",        "activation", "linear",
                                      "scale",      "standard", "loss",       "mse",
                                      "lr",         "0.01",     "epochs",     "30",
                                      "batch-size", "32",       "ensemble",   "1"};
    static float x[TRAIN * D];
    uint64_t seed = 5;
    hg_config *cfg;
    hg_model *m;
    for (int i = 0; i < TRAIN; i++) make_row(&seed, x + i * D);
    hg_dataset *data = rows_of(ctx, x, TRAIN);
    CHECK_OK(ctx, hg_config_new(ctx, &cfg));
    for (int i = 0; i < (int)(sizeof set / sizeof *set); i += 2)
        CHECK_OK(ctx, hg_config_set(cfg, set[i], set[i + 1]));
    CHECK_OK(ctx, hg_config_set(cfg, "score", score));
    CHECK_OK(ctx, hg_detector_train(ctx, cfg, data, NULL, NULL, NULL, &m));
    hg_config_free(&cfg);
    hg_dataset_free(&data);
    return m;
}

/* Rows of which each had one value changed by several of its spreads. */
typedef struct planted {
    float x[ODD * D], was[ODD];
    int column[ODD];
    int64_t row[ODD];
} planted;

static void plant(planted *p, double size)
{
    uint64_t seed = 77;
    for (int i = 0; i < ODD; i++) {
        float *x = p->x + i * D;
        make_row(&seed, x);
        int c = p->column[i] = (int)(test_random(&seed) % D);
        p->was[i] = x[c];
        x[c] += (float)(unit[c] * size * (i % 2 ? 1 : -1));
        p->row[i] = i;
    }
}

TEST(the_column_that_was_changed_is_named_first_by_every_kind_of_score)
{
    hg_ctx *ctx = test_ctx();
    hg_fact kind;
    static planted p;
    plant(&p, 8);
    hg_dataset *data = rows_of(ctx, p.x, ODD);
    for (int k = 0; hg_list("scores", k, &kind); k++) {
        if (strcmp(kind.name, "image") == 0) continue; /* these rows are none */
        /* It wants a code that is drawn. */
        if (strcmp(kind.name, "probability") == 0) continue;
        test_where("score %s", kind.name);
        hg_model *m = train(ctx, kind.name);
        hg_explanation *e;
        CHECK_OK(ctx, hg_explain(ctx, m, data, p.row, ODD, NULL, &e));
        int right = 0, near = 0;
        for (int i = 0; i < ODD; i++) {
            hg_explained_row r = {.size = sizeof r};
            hg_cause c = {.size = sizeof c};
            CHECK(hg_explanation_row(e, i, &r));
            CHECK_INT(r.row, i);
            CHECK(r.score > r.normal && r.left < r.score);
            if (!hg_explanation_cause(e, i, 0, &c)) continue;
            right += c.column == p.column[i];
            CHECK_NEAR(c.found, (double)p.x[i * D + c.column], 0);
            /* What it was is known to a few times the noise of 0.1 units. */
            near += c.column == p.column[i] &&
                    fabs(c.expected - (double)p.was[i]) < 1.5 * unit[c.column];
        }
        /* With one value wrong the others tell all there is to know. */
        CHECK(right >= 0.95 * ODD);
        CHECK(near >= 0.8 * ODD);
        hg_explanation_free(&e);
        hg_model_free(&m);
    }
    test_where(NULL);
    hg_dataset_free(&data);
}

/* Curves over two hidden numbers. */
static void make_bent(uint64_t *seed, float *x)
{
    const double a = test_uniform(seed, -1.7, 1.7), b = test_uniform(seed, -1.7, 1.7);
    const double v[D] = {a, b * b / 2, a + b / 2, sin(2 * a), exp(b / 2), a - b};
    for (int j = 0; j < D; j++) x[j] = (float)(v[j] + 0.05 * normal(seed));
}

/* A value far outside bends a net of tanh: what it makes of the row says little of what
 * belongs there, and nor does the column's mean. */
TEST(what_is_expected_is_near_what_stood_there_also_where_the_net_is_bent)
{
    static const double spread[D] = {1, 0.5, 1.2, 0.8, 0.7, 1.5};
    static const char *const set[] = {
        "hidden",   "16",       "code", "2",      "activation", "tanh",       "scale",
        "standard", "lr",       "0.01", "epochs", "60",         "batch-size", "32",
        "score",    "residual", "loss", "mse",    "ensemble",   "1"};
    hg_ctx *ctx = test_ctx();
    static float x[TRAIN * D], odd[ODD * D];
    float was[ODD];
    int64_t row[ODD];
    uint64_t seed = 21;
    hg_config *cfg;
    hg_model *m;
    hg_explanation *e;
    hg_cause c = {.size = sizeof c};
    for (int i = 0; i < TRAIN; i++) make_bent(&seed, x + i * D);
    for (int i = 0; i < ODD; i++) {
        const int at = i % D;
        make_bent(&seed, odd + i * D);
        row[i] = i;
        was[i] = odd[i * D + at];
        odd[i * D + at] += (float)((i % 2 ? 6 : -6) * spread[at]);
    }
    CHECK_OK(ctx, hg_config_new(ctx, &cfg));
    for (size_t i = 0; i < sizeof set / sizeof *set; i += 2)
        CHECK_OK(ctx, hg_config_set(cfg, set[i], set[i + 1]));
    hg_dataset *data = rows_of(ctx, x, TRAIN), *rows = rows_of(ctx, odd, ODD);
    CHECK_OK(ctx, hg_detector_train(ctx, cfg, data, NULL, NULL, NULL, &m));
    CHECK_OK(ctx, hg_explain(ctx, m, rows, row, ODD, NULL, &e));
    int right = 0;
    double square = 0;
    for (int i = 0; i < ODD; i++) {
        if (!hg_explanation_cause(e, i, 0, &c) || c.column != i % D) continue;
        const double off = (c.expected - (double)was[i]) / spread[i % D];
        right++;
        square += off * off;
    }
    CHECK(right >= 0.95 * ODD);
    /* 0.09; by reconstructions and the mean alone it was 0.40. */
    CHECK(sqrt(square / right) < 0.3);
    hg_explanation_free(&e);
    hg_dataset_free(&rows);
    hg_dataset_free(&data);
    hg_config_free(&cfg);
    hg_model_free(&m);
}

TEST(shares_of_causes_add_up_to_what_goes_and_the_score_falls_with_each)
{
    hg_ctx *ctx = test_ctx();
    static planted p;
    plant(&p, 6);
    /* A second wrong value. */
    for (int i = 0; i < ODD; i++) {
        int c = (p.column[i] + 2) % D;
        p.x[i * D + c] += (float)(9 * unit[c]);
    }
    hg_dataset *data = rows_of(ctx, p.x, ODD);
    hg_model *m = train(ctx, "residual");
    hg_explanation *e;
    hg_explain_options o = {.size = sizeof o, .columns = 3};
    CHECK_OK(ctx, hg_explain(ctx, m, data, p.row, ODD, &o, &e));
    int both = 0;
    for (int i = 0; i < ODD; i++) {
        hg_explained_row r = {.size = sizeof r};
        hg_cause c = {.size = sizeof c};
        CHECK(hg_explanation_row(e, i, &r));
        CHECK(r.causes >= 1 && r.causes <= 3);
        double sum = 0, left = r.score;
        int found = 0;
        for (int64_t k = 0; hg_explanation_cause(e, i, k, &c); k++) {
            CHECK(c.left < left && c.share > 0 && c.share <= 1);
            sum += c.share;
            left = c.left;
            found += c.column == p.column[i] || c.column == (p.column[i] + 2) % D;
        }
        CHECK_NEAR(left, r.left, 0);
        double gone = (r.score - fmax(r.left, r.normal)) / (r.score - r.normal);
        CHECK_NEAR(sum, gone, 1e-9); /* sums of doubles */
        both += found == 2;
    }
    /* Two wrong values of six leave four to tell two hidden numbers from. */
    CHECK(both >= 0.8 * ODD);
    CHECK(!hg_explanation_row(e, ODD,
                              &(hg_explained_row){.size = sizeof(hg_explained_row)}));
    hg_explanation_free(&e);
    hg_model_free(&m);
    hg_dataset_free(&data);
}

TEST(a_normal_row_has_no_causes_and_huge_values_have_one)
{
    hg_ctx *ctx = test_ctx();
    float x[2 * D];
    uint64_t seed = 1;
    hg_model *m = train(ctx, "residual");
    /* The row in the middle of all, and one with a value near the end of floats. */
    for (int j = 0; j < D; j++) x[j] = (float)(7 * unit[j]);
    make_row(&seed, x + D);
    x[D + 3] = 3e38F;
    hg_dataset *data = rows_of(ctx, x, 2);
    hg_explanation *e;
    hg_cause c = {.size = sizeof c};
    CHECK_OK(ctx, hg_explain(ctx, m, data, (const int64_t[]){0, 1}, 2, NULL, &e));
    CHECK(!hg_explanation_cause(e, 0, 0, &c));
    CHECK(hg_explanation_cause(e, 1, 0, &c));
    CHECK_INT(c.column, 3);
    CHECK(fabs(c.expected) < 100);
    hg_explanation_free(&e);
    CHECK_FAILS(ctx, hg_explain(ctx, m, data, (const int64_t[]){2}, 1, NULL, &e),
                HG_ERANGE, "no row 3, there are 2");
    CHECK(e == NULL);
    hg_explain_options o = {.size = sizeof o, .columns = 5000};
    CHECK_FAILS(ctx, hg_explain(ctx, m, data, (const int64_t[]){0}, 1, &o, &e), HG_ERANGE,
                "1 to 1000");
    hg_dataset_free(&data);
    hg_model_free(&m);
}

TEST(names_from_a_file_mean_nothing_in_any_format)
{
    static const char csv[] = "\"<b>&\"\"x\",b,c,d,e,f\n"
                              "70,7000,0.07,35,140,2100\n";
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH], out[TEST_PATH];
    size_t n;
    hg_model *m = train(ctx, "residual");
    test_write(path, "rows.csv", csv, sizeof csv - 1);
    hg_dataset *data;
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &data));
    hg_explanation *e;
    CHECK_OK(ctx, hg_explain(ctx, m, data, (const int64_t[]){0}, 1, NULL, &e));
    static const struct {
        const char *file, *format, *has, *lacks;
    } rows[] = {{"a.html", NULL, "&#60;b&#62;&#38;&#34;x", "<b>"},
                {"b.txt", "html", "<!DOCTYPE html>", "http"},
                {"a.json", NULL, "\"<b>&\\\"x\"", "\"\"x"},
                {"a.txt", NULL, "<b>&\"x", "&#"}};
    for (int i = 0; i < (int)(sizeof rows / sizeof *rows); i++) {
        test_where("%s", rows[i].file);
        test_path(out, rows[i].file);
        CHECK_OK(ctx, hg_explanation_save(ctx, e, out, rows[i].format));
        char *text = test_read(out, &n);
        CHECK(strstr(text, rows[i].has) != NULL);
        CHECK(strstr(text, rows[i].lacks) == NULL);
        free(text);
    }
    test_where(NULL);
    CHECK_FAILS(ctx, hg_explanation_save(ctx, e, out, "htm"), HG_EUNKNOWN, "'html'");
    hg_explanation_free(&e);
    hg_dataset_free(&data);
    hg_model_free(&m);
}

TEST(explaining_without_memory_fails_cleanly)
{
    hg_ctx *ctx = test_ctx();
    static planted p;
    plant(&p, 8);
    hg_dataset *data = rows_of(ctx, p.x, 1);
    hg_model *m = train(ctx, "residual");
    hg_explanation *e;
    CHECK_OK(ctx, hg_explain(ctx, m, data, p.row, 1, NULL, &e));
    hg_explanation_free(&e);
    for (int64_t n = 0;; n++) {
        test_fail_alloc(n);
        hg_status status = hg_explain(ctx, m, data, p.row, 1, NULL, &e);
        bool failed = test_alloc_failed();
        test_fail_alloc(-1);
        if (!failed) {
            CHECK_INT(status, HG_OK);
            break;
        }
        CHECK_INT(status, HG_ENOMEM);
        CHECK(e == NULL);
    }
    hg_explanation_free(&e);
    hg_model_free(&m);
    hg_dataset_free(&data);
}

TEST(pca_at_the_same_code_size_is_a_detector_to_beat)
{
    hg_ctx *ctx = test_ctx();
    static planted p;
    double score[2 * ODD];
    unsigned char label[2 * ODD];
    static float x[2 * ODD * D];
    uint64_t seed = 9;
    plant(&p, 8);
    for (int i = 0; i < 2 * ODD; i++) {
        label[i] = i < ODD;
        if (i < ODD)
            memcpy(x + i * D, p.x + i * D, D * sizeof *x);
        else
            make_row(&seed, x + i * D);
    }
    hg_model *m = train(ctx, "residual"), *pca;
    static float rows[TRAIN * D];
    for (int i = 0; i < TRAIN; i++) make_row(&seed, rows + i * D);
    hg_dataset *data = rows_of(ctx, rows, TRAIN);
    CHECK_OK(ctx, hg_detector_pca(ctx, m, data, &pca));
    hg_model_info info = {.size = sizeof info};
    hg_detector_info detector = {.size = sizeof detector};
    CHECK_OK(ctx, hg_model_get_info(ctx, pca, &info));
    CHECK_OK(ctx, hg_detector_get_info(ctx, pca, &detector));
    CHECK_INT(info.code, 2);
    CHECK_STR(detector.score, "residual");
    CHECK_INT(detector.calibration_rows, TRAIN / 5);
    CHECK_OK(ctx, hg_score(ctx, pca, x, 2 * ODD, score));
    hg_detection *d;
    CHECK_OK(ctx, hg_detection_new(ctx, score, label, 2 * ODD, NULL, &d));
    /* Two hidden numbers and a wrong value of 80 times the noise: nothing is easier. */
    CHECK(hg_detection_get(d, "roc_auc") > 0.99);
    hg_detection_free(&d);
    hg_model_free(&pca);
    CHECK_FAILS(ctx, hg_detector_pca(ctx, m, NULL, &pca), HG_EINVAL, "rows to fit PCA");
    /* Without training rows as well, and each row by a model that has not seen it. */
    hg_dataset *both = rows_of(ctx, x, 2 * ODD);
    CHECK_OK(ctx, hg_detector_pca_scores(ctx, m, both, label, score));
    CHECK_OK(ctx, hg_detection_new(ctx, score, label, 2 * ODD, NULL, &d));
    CHECK(hg_detection_get(d, "roc_auc") > 0.99);
    hg_detection_free(&d);
    memset(label, 1, sizeof label);
    CHECK_FAILS(ctx, hg_detector_pca_scores(ctx, m, both, label, score), HG_ERANGE,
                "0 normal rows");
    hg_dataset_free(&both);
    hg_model_free(&m);
    hg_dataset_free(&data);
}

/* The rows are linear, so PCA with the same two numbers can do no worse than this net. */
TEST(pca_stands_beside_a_detector_from_its_training_on)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    hg_beside b = {.size = sizeof b}, back = {.size = sizeof back}, unset = {.size = 0};
    hg_model *m = train(ctx, "residual"), *loaded;
    CHECK(hg_detector_beside(m, &b));
    CHECK_INT(b.components, 2);
    CHECK(b.pca_roc_auc > 0.9 && b.roc_auc > 0.5 && b.roc_auc <= 1);
    CHECK(b.low <= b.roc_auc - b.pca_roc_auc && b.roc_auc - b.pca_roc_auc <= b.high);
    CHECK(b.winner == NULL || (strcmp(b.winner, "model") == 0) == (b.low > 0));
    CHECK(b.error > 0 && b.pca_error > 0 && b.pca_error < 1.05 * b.error);
    CHECK(strstr(b.text, "PCA") != NULL && strlen(b.text) < sizeof b.text - 1);
    test_path(path, "beside.safetensors");
    CHECK_OK(ctx, hg_model_save(ctx, m, path));
    CHECK_OK(ctx, hg_model_load(ctx, path, &loaded));
    CHECK(hg_detector_beside(loaded, &back));
    CHECK_STR(back.text, b.text);
    CHECK(!hg_detector_beside(m, &unset) && !hg_detector_beside(NULL, &b));
    hg_model_free(&loaded);
    hg_model_free(&m);
}
