// SPDX-License-Identifier: MIT
/* Ensembles of detectors: nets of one shape, one scaler and one table's columns, so that a
 * row has the same score whichever way it comes. */
#include "test_models.h"

#include "model/container.h"

#include <math.h>

enum { ROWS = 400, TABLES = 2, COLUMNS = 5 };

/* A cell in fifteen is empty.  Table 0: words, numbers, yes and no, dates; 1: numbers. */
static void write_table(char path[TEST_PATH], int table)
{
    static const char *const colour[] = {"red", "green", "\"blue, \"\"light\"\"\""};
    char *text = malloc(ROWS * 160 + 64), *at = text;
    uint64_t seed = 7;
    at += sprintf(at, table == 0 ? "colour,a,b,ok,day\n" : "a,b,c,d,e\n");
    for (int r = 0; r < ROWS; r++) {
        int k = (int)test_uniform(&seed, 0, 3);
        double a = 3 * k + test_uniform(&seed, -1, 1);
        for (int c = 0; c < COLUMNS; c++) {
            if (c > 0) *at++ = ',';
            if (test_uniform(&seed, 0, 15) < 1) continue;
            if (table == 0 && c == 0)
                at += sprintf(at, "%s", colour[k]);
            else if (table == 0 && c == 3)
                at += sprintf(at, "%s", k == 2 ? "yes" : "no");
            else if (table == 0 && c == 4)
                at += sprintf(at, "%02d.%02d.%d %02d:30", r % 28 + 1, r / 28 % 12 + 1,
                              2020 + r / 100, (r * 7 + k) % 24);
            else
                at += sprintf(at, "%.3f", c * a + test_uniform(&seed, -1, 1));
        }
        *at++ = '\n';
    }
    test_write(path, table == 0 ? "words.csv" : "numbers.csv", text, (size_t)(at - text));
    free(text);
}

/* The next kind of score that is not of images. */
static bool next_kind(int *k, hg_fact *kind)
{
    while (hg_list("scores", *k, kind))
        if (++*k, strcmp(kind->name, "image") != 0) return true;
    return false;
}

static hg_model *train(hg_ctx *ctx, const hg_dataset *data, const char *score,
                       const char *const *more)
{
    static const char *const usual[] = {"hidden", "8", "code",     "3",
                                        "epochs", "2", "ensemble", "2"};
    const char *code = strcmp(score, "probability") == 0 ? "variational" : "plain";
    hg_config *cfg;
    hg_model *m;
    CHECK_OK(ctx, hg_config_new(ctx, &cfg));
    for (int i = 0; i < HGI_COUNT(usual); i += 2)
        CHECK_OK(ctx, hg_config_set(cfg, usual[i], usual[i + 1]));
    CHECK_OK(ctx, hg_config_set(cfg, "score", score));
    CHECK_OK(ctx, hg_config_set(cfg, "code-kind", code));
    for (; more != NULL && *more != NULL; more += 2)
        CHECK_OK(ctx, hg_config_set(cfg, more[0], more[1]));
    CHECK_OK(ctx, hg_detector_train(ctx, cfg, data, NULL, NULL, NULL, &m));
    CHECK_INT(m->detector.nets, 2);
    hg_config_free(&cfg);
    return m;
}

static hg_model *reload(hg_ctx *ctx, const hg_model *m, char path[TEST_PATH])
{
    hg_model *back;
    test_path(path, "m.safetensors");
    CHECK_OK(ctx, hg_model_save(ctx, m, path));
    CHECK_OK(ctx, hg_model_load(ctx, path, &back));
    return back;
}

static void check_file(hg_ctx *ctx, const hg_model *m, const char *in, const double *want)
{
    char out[TEST_PATH];
    size_t n;
    int64_t rows;
    hg_score_file_options o = {.size = sizeof o};
    test_path(out, "scores.csv");
    CHECK_OK(ctx, hg_score_file(ctx, m, in, NULL, out, &o, &rows, NULL));
    CHECK_INT(rows, ROWS);
    char *text = test_read(out, &n), *at = strchr(text, '\n');
    for (int r = 0; r < ROWS; r++) CHECK_NEAR(strtof(at + 1, &at), (float)want[r], 0);
    free(text);
}

/* Line by line, as they arrive. */
static void check_lines(hg_ctx *ctx, const hg_model *m, const char *in,
                        const double *want)
{
    hg_lines *lines;
    hg_session *s;
    size_t n;
    char *text = test_read(in, &n), *line = text;
    CHECK_OK(ctx, hg_lines_new(ctx, m, NULL, NULL, &lines));
    CHECK_OK(ctx, hg_session_new(ctx, m, NULL, &s));
    for (int r = 0; *line != '\0';) {
        float x[COLUMNS];
        double score;
        int row;
        size_t length = strcspn(line, "\n");
        CHECK_OK(ctx, hg_lines_read(lines, line, length, x, &row));
        line += length + 1;
        if (row != 1) continue;
        CHECK_INT(hg_session_score(s, x, 1, &score), HG_OK);
        CHECK_NEAR(score, want[r++], 0);
    }
    hg_session_free(&s);
    hg_lines_free(&lines);
    free(text);
}

static void check_use(hg_ctx *ctx, hg_model *m, const hg_dataset *data)
{
    const int64_t row[2] = {0, ROWS - 1};
    double median;
    hg_explanation *why;
    hg_detector_info info = {.size = sizeof info};
    CHECK_OK(ctx, hg_explain(ctx, m, data, row, 2, NULL, &why));
    hg_explanation_free(&why);
    CHECK_OK(ctx, hg_detector_get_info(ctx, m, &info));
    median = info.median;
    CHECK_OK(ctx, hg_detector_calibrate(ctx, m, data));
    CHECK_OK(ctx, hg_detector_get_info(ctx, m, &info));
    CHECK_INT(info.calibration_rows, ROWS);
    CHECK(isfinite(median) && isfinite(info.median));
}

static void check_table(hg_ctx *ctx, const char *path, const hg_dataset *data,
                        const char *score, const char *const *more)
{
    static double a[ROWS], b[ROWS], c[ROWS];
    static float x[ROWS * COLUMNS];
    char file[TEST_PATH];
    hg_session *s;
    hg_model *m = train(ctx, data, score, more), *back = reload(ctx, m, file);
    CHECK(back->detector.net[1]->net.schema != NULL);
    CHECK_OK(ctx, hg_score_dataset(ctx, m, data, a));
    CHECK_OK(ctx, hg_score_dataset(ctx, back, data, b));
    CHECK(memcmp(a, b, sizeof a) == 0);
    CHECK_OK(ctx, hg_dataset_read(ctx, data, 0, ROWS, x));
    CHECK_OK(ctx, hg_score(ctx, back, x, ROWS, b));
    CHECK(memcmp(a, b, sizeof a) == 0);
    CHECK_OK(ctx, hg_session_new(ctx, back, NULL, &s));
    CHECK_INT(hg_session_score(s, x, ROWS, c), HG_OK);
    CHECK(memcmp(a, c, sizeof a) == 0);
    hg_session_free(&s);
    check_file(ctx, back, path, a);
    check_lines(ctx, back, path, a);
    check_use(ctx, back, data);
    hg_model_free(&back);
    hg_model_free(&m);
}

TEST(an_ensemble_of_a_table_gives_a_row_one_score_by_every_kind_and_way)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    hg_dataset *data;
    hg_fact kind;
    for (int table = 0; table < TABLES; table++) {
        write_table(path, table);
        CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &data));
        for (int k = 0; next_kind(&k, &kind);) {
            test_where("table %d, score %s", table, kind.name);
            check_table(ctx, path, data, kind.name, NULL);
        }
        /* Rows to validate on would be others for each seed, and so would the scaling. */
        test_where("table %d, valid-split", table);
        check_table(ctx, path, data, "joint",
                    (const char *const[]){"valid-split", "0.3", "trim", "0.1", NULL});
        hg_dataset_free(&data);
    }
    test_where(NULL);
}

TEST(an_ensembles_nets_of_numbers_are_scaled_alike_with_rows_to_validate_on)
{
    hg_ctx *ctx = test_ctx();
    double a[ROWS], b[ROWS];
    char file[TEST_PATH];
    float *x = random_floats(3, ROWS * COLUMNS, -5, 9);
    hg_dataset *data = rows_of(ctx, x, ROWS, COLUMNS);
    hg_model *m =
        train(ctx, data, "joint", (const char *const[]){"valid-split", "0.3", NULL});
    hg_model *back = reload(ctx, m, file);
    CHECK_OK(ctx, hg_score_dataset(ctx, m, data, a));
    CHECK_OK(ctx, hg_score_dataset(ctx, back, data, b));
    CHECK(memcmp(a, b, sizeof a) == 0);
    hg_model_free(&back);
    hg_model_free(&m);
    hg_dataset_free(&data);
    free(x);
}

TEST(an_ensemble_that_is_conditional_on_classes_comes_back_with_them)
{
    hg_ctx *ctx = test_ctx();
    double a[ROWS], b[ROWS];
    char file[TEST_PATH];
    float *x = random_floats(3, ROWS * COLUMNS, -5, 9), class[ROWS];
    for (int i = 0; i < ROWS; i++) class[i] = (float)(i % 3);
    hg_dataset *data = rows_of(ctx, x, ROWS, COLUMNS),
               *labels = rows_of(ctx, class, ROWS, 1);
    CHECK_OK(ctx, hg_dataset_set_labels(ctx, data, labels));
    hg_model *m =
        train(ctx, data, "residual", (const char *const[]){"condition", "labels", NULL});
    hg_model *back = reload(ctx, m, file);
    CHECK_OK(ctx, hg_score_dataset(ctx, m, data, a));
    CHECK_OK(ctx, hg_score_dataset(ctx, back, data, b));
    CHECK(memcmp(a, b, sizeof a) == 0);
    hg_model_free(&back);
    hg_model_free(&m);
    hg_dataset_free(&labels);
    hg_dataset_free(&data);
    free(x);
}

/* ---- files ------------------------------------------------------------------------- */

/* The file with one tensor replaced, or without it (no data). */
static hg_status edited(hg_ctx *ctx, const char *from, const hgi_entry *edit,
                        hg_model **m)
{
    char path[TEST_PATH];
    hgi_container *c, *out;
    test_path(path, "hostile.safetensors");
    CHECK_OK(ctx, hgi_container_read(ctx, from, &c));
    CHECK_OK(ctx, hgi_container_new(ctx, &out));
    CHECK_OK(ctx, hgi_container_put_text(out, "hourglass",
                                         hgi_container_text(c, "hourglass")));
    for (int64_t i = 0; i < hgi_container_count(c); i++) {
        const hgi_entry *e = hgi_container_at(c, i);
        if (strcmp(e->name, edit->name) == 0) e = edit;
        if (e->data == NULL) continue;
        CHECK_OK(ctx,
                 hgi_container_put(out, e->name, e->dtype, e->rank, e->shape, e->data));
    }
    CHECK_OK(ctx, hgi_container_write(out, path));
    hg_status status = hg_model_load(ctx, path, m);
    hgi_container_free(&out);
    hgi_container_free(&c);
    return status;
}

TEST(an_ensemble_whose_nets_differ_in_shape_is_refused_when_it_is_loaded)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH], file[TEST_PATH];
    hg_dataset *data;
    static const float few[64 * 64];
    write_table(path, 0);
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &data));
    hg_model *m = train(ctx, data, "joint", NULL), *back = reload(ctx, m, file);
    hg_model_free(&back);
    const int64_t wide = m->net.inputs;
    /* As wide as the table has columns, or wider or narrower by one; all layers but those
     * beside the code have it. */
    const struct {
        hgi_entry edit;
        const char *part;
    } rows[] = {
        {{"net.1.encoder.0.weight", HGI_DT_F32, 2, {8, COLUMNS}, few, 0}, "encoder.0"},
        {{"net.1.encoder.0.weight", HGI_DT_F32, 2, {8, wide + 1}, few, 0}, "encoder.0"},
        {{"net.1.decoder.1.weight", HGI_DT_F32, 2, {wide - 1, 8}, few, 0}, "decoder.1"},
        {{"net.1.decoder.1.bias", HGI_DT_F32, 1, {COLUMNS}, few, 0}, "decoder.1"},
        {{"net.1.decoder.1.bias", HGI_DT_F32, 1, {0}, NULL, 0}, "decoder.1"},
    };
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        test_where("%s, row %d", rows[i].edit.name, i);
        CHECK_FAILS(ctx, edited(ctx, file, &rows[i].edit, &back), HG_EFORMAT,
                    rows[i].part);
    }
    test_where(NULL);
    hg_model_free(&m);
    hg_dataset_free(&data);
}

TEST(an_ensemble_of_a_table_without_memory_to_load_it_leaks_nothing)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH], file[TEST_PATH];
    hg_dataset *data;
    write_table(path, 0);
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &data));
    hg_model *m = train(ctx, data, "residual", NULL), *back = reload(ctx, m, file);
    hg_model_free(&back);
    hg_model_free(&m);
    hg_dataset_free(&data);
    bool failed = true;
    int64_t n = 0;
    for (; failed && n < 2000; n++) {
        int64_t held = test_alloc_bytes();
        test_fail_alloc(n);
        hg_status status = hg_model_load(ctx, file, &back);
        failed = test_alloc_failed();
        test_fail_alloc(-1);
        CHECK_INT(status, failed ? HG_ENOMEM : HG_OK);
        hg_model_free(&back);
        CHECK_INT(test_alloc_bytes(), held);
    }
    CHECK(!failed && n > 100);
}
