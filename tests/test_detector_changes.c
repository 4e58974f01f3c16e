// SPDX-License-Identifier: MIT
/* Detectors when things change: the usual rule with other calibration rows, a training that
 * is stopped. */
#include "test_models.h"

#include <math.h>

enum { D = 5 };

/* Columns that go up together, with noise. */
static float *some_rows(uint64_t seed, int64_t n)
{
    float *x = malloc((size_t)(n * D) * sizeof *x);
    for (int64_t r = 0; r < n; r++) {
        const double a = test_uniform(&seed, -1, 1);
        for (int j = 0; j < D; j++)
            x[r * D + j] = (float)((j + 1) * a + test_uniform(&seed, -0.1, 0.1));
    }
    return x;
}

static hg_config *config_of(hg_ctx *ctx, const char *const *pairs)
{
    hg_config *cfg;
    CHECK_OK(ctx, hg_config_new(ctx, &cfg));
    for (; *pairs != NULL; pairs += 2)
        CHECK_OK(ctx, hg_config_set(cfg, *pairs, pairs[1]));
    return cfg;
}

TEST(the_usual_rule_follows_the_calibration_rows_and_one_that_was_set_stays)
{
    enum { N = 300 };
    hg_ctx *ctx = test_ctx();
    float *x = some_rows(11, N);
    hg_config *cfg =
        config_of(ctx, (const char *const[]){"code", "2", "epochs", "2", "score",
                                             "residual", "calibrate", "0.1", NULL});
    hg_model *m;
    hg_dataset *many = rows_of(ctx, x, N, D), *few = rows_of(ctx, x, 9, D);
    hg_detector_info info = {.size = sizeof info};
    hg_rule rule = {sizeof rule, "false-alarms", 0.05};
    const struct {
        const hg_dataset *rows;
        double usual;
    } step[] = {{many, 0.01}, {few, 0.1}, {many, 0.01}};
    CHECK_OK(ctx, hg_detector_train(ctx, cfg, many, NULL, NULL, NULL, &m));
    CHECK_OK(ctx, hg_detector_get_info(ctx, m, &info));
    CHECK_NEAR(info.rule.value, 1.0 / 31, 1e-15);
    for (int i = 0; i < 3; i++) {
        CHECK_OK(ctx, hg_detector_calibrate(ctx, m, step[i].rows));
        CHECK_OK(ctx, hg_detector_get_info(ctx, m, &info));
        CHECK_NEAR(info.rule.value, step[i].usual, 1e-15);
    }
    CHECK_OK(ctx, hg_detector_set_rule(ctx, m, &rule));
    CHECK_OK(ctx, hg_detector_calibrate(ctx, m, few));
    CHECK_OK(ctx, hg_detector_get_info(ctx, m, &info));
    CHECK_NEAR(info.rule.value, 0.05, 1e-15);
    hg_dataset_free(&few);
    hg_dataset_free(&many);
    hg_model_free(&m);
    hg_config_free(&cfg);
    free(x);
}

static int stop_in_epoch_two(void *user, const hg_progress *p)
{
    (void)user;
    return p->epoch >= 2;
}

TEST(a_detector_whose_training_is_stopped_is_one_of_the_weights_so_far)
{
    enum { N = 200 };
    hg_ctx *ctx = test_ctx();
    float *x = some_rows(13, N);
    hg_dataset *data = rows_of(ctx, x, N, D);
    const hg_callbacks stop = {sizeof stop, NULL, stop_in_epoch_two, NULL};
    static const char *const nets[] = {"1", "3"};
    double score[N];
    for (int i = 0; i < 2; i++) {
        hg_config *cfg =
            config_of(ctx, (const char *const[]){"code", "2", "epochs", "20", "score",
                                                 "residual", "ensemble", nets[i], NULL});
        hg_detector_info info = {.size = sizeof info};
        hg_model *m = NULL;
        test_where("%s nets", nets[i]);
        CHECK_FAILS(ctx, hg_detector_train(ctx, cfg, data, NULL, NULL, &stop, &m),
                    HG_ECANCELED, "");
        CHECK(m != NULL);
        CHECK_OK(ctx, hg_detector_get_info(ctx, m, &info));
        CHECK_INT(info.nets, 1);
        CHECK(info.calibration_rows > 10);
        CHECK_OK(ctx, hg_score_dataset(ctx, m, data, score));
        hg_model_free(&m);
        hg_config_free(&cfg);
    }
    test_where(NULL);
    hg_dataset_free(&data);
    free(x);
}

/* ---- rows that tell nothing -------------------------------------------------------- */

static void keep_lines(void *user, hg_log_level level, const char *line)
{
    char *all = user;
    if (level == HG_LOG_WARNING) strncat(all, line, 4000 - strlen(all) - 1);
}

TEST(a_detector_of_rows_that_tell_nothing_is_made_with_a_warning)
{
    enum { MOST = 40, C = 3 };
    static char said[4000];
    hg_ctx_options c = {.size = sizeof c, .log = keep_lines, .log_user = said};
    hg_ctx *ctx = test_ctx_with(&c);
    static const struct {
        const char *what, *part;
        int rows, nan, varied; /* of the last row */
    } all[] = {{"constant", "every column is constant", MOST, 0, 0},
               {"constant with gaps", "every column is constant", MOST, 1, 0},
               {"nothing", "not one value", MOST, C, 0},
               {"few", "8 rows, 2 of them to calibrate", 8, 0, 1},
               {"usual", NULL, MOST, 0, 1},
               {"usual with a gap", NULL, MOST, 1, 1}};
    for (int k = 0; k < HGI_COUNT(all); k++) {
        float x[MOST * C];
        uint64_t seed = 3;
        hg_model *m;
        hg_config *cfg;
        hg_dataset *rows;
        test_where("%s", all[k].what);
        for (int i = 0; i < MOST * C; i++) {
            x[i] = i % C < all[k].nan ? (float)NAN : 4;
            if (all[k].varied) x[i] += (float)test_uniform(&seed, 0, 1);
        }
        hg_schema *schema;
        CHECK_OK(ctx, hgi_schema_new(ctx, C, &schema));
        CHECK_OK(ctx, hgi_schema_settle(ctx, schema));
        hg_view v = {.size = sizeof v,
                     .data = x,
                     .rows = all[k].rows,
                     .rank = 1,
                     .shape = {C},
                     .schema = schema};
        CHECK_OK(ctx, hg_dataset_view(ctx, &v, &rows));
        CHECK_OK(ctx, hg_config_new(ctx, &cfg));
        CHECK_OK(ctx, hg_config_set(cfg, "epochs", "1"));
        CHECK_OK(ctx, hg_config_set(cfg, "code", "2"));
        CHECK_OK(ctx, hg_config_set(cfg, "score", "residual"));
        said[0] = '\0';
        CHECK_OK(ctx, hg_detector_train(ctx, cfg, rows, NULL, NULL, NULL, &m));
        const bool told = strstr(said, "every column") != NULL ||
                          strstr(said, "not one value") != NULL ||
                          strstr(said, "too few") != NULL;
        CHECK_INT(told, all[k].part != NULL);
        if (all[k].part != NULL) CHECK(strstr(said, all[k].part) != NULL);
        hg_model_free(&m);
        hg_config_free(&cfg);
        hg_dataset_free(&rows);
        hgi_schema_free(&schema);
    }
    test_where(NULL);
}
