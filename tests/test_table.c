// SPDX-License-Identifier: MIT
/* Models of tables: words, gaps and dates through a net and back.                      */
#include "test.h"

#include "data/expand.h"
#include "model/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 900 };

/* What a word says of the numbers beside it, and the reverse; a cell in twelve is a gap. */
static void write_table(char path[TEST_PATH], bool gaps)
{
    static const char *const kinds[] = {"card", "cash", "wire"};
    char *text = malloc(120 * ROWS), *p = text;
    p += sprintf(p, "amount,kind,ok,day,city,rate\n");
    for (int i = 0; i < ROWS; i++) {
        int k = i * 7919 % 3, u = i * 104729 % 100;
        char cell[6][32];
        sprintf(cell[0], "%d.5", 100 * k + u);
        sprintf(cell[1], "%s", kinds[k]);
        sprintf(cell[2], "%s", k == 2 ? "yes" : "no");
        sprintf(cell[3], "2024-%02d-%02d 10:00", k * 4 + 1, u % 28 + 1);
        sprintf(cell[4], "c%d", k * 10 + u % 10);
        sprintf(cell[5], "%.2f", 0.1 * k + 0.001 * u);
        for (int c = 0; c < 6; c++)
            p += sprintf(p, "%s%s", gaps && (i * 31 + c * 17) % 12 == 0 ? "" : cell[c],
                         c < 5 ? "," : "\n");
    }
    test_write(path, "table.csv", text, (size_t)(p - text));
    free(text);
}

static hg_config *config(hg_ctx *ctx, const char *const *more)
{
    static const char *const usual[] = {"hidden",     "24",    "code",   "4",
                                        "batch-size", "50",    "epochs", "25",
                                        "lr",         "0.005", NULL};
    hg_config *c;
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    for (int i = 0; usual[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(c, usual[i], usual[i + 1]));
    for (int i = 0; more != NULL && more[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(c, more[i], more[i + 1]));
    return c;
}

static hg_dataset *open_table(hg_ctx *ctx, const char *path, int stream)
{
    hg_dataset *d;
    hg_data_options o = {.size = sizeof o, .stream = stream};
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &d));
    return d;
}

static hg_model *train(hg_ctx *ctx, const hg_dataset *d, const char *const *more)
{
    hg_model *m;
    hg_config *cfg = config(ctx, more);
    CHECK_OK(ctx, hg_train(ctx, cfg, d, NULL, NULL, &m));
    hg_config_free(&cfg);
    return m;
}

static float *rows_of(hg_ctx *ctx, const hg_dataset *d)
{
    float *x = malloc((size_t)(d->rows * d->features) * sizeof *x);
    CHECK_OK(ctx, hg_dataset_read(ctx, d, 0, d->rows, x));
    return x;
}

static double loss_of(hg_ctx *ctx, const hg_model *m, const hg_dataset *d)
{
    hg_metrics *metrics;
    CHECK_OK(ctx, hg_evaluate(ctx, m, d, &metrics));
    double loss = hg_metrics_get(metrics, "loss");
    hg_metrics_free(&metrics);
    return loss;
}

TEST(table_model_learns_words_from_numbers_and_fills_gaps)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    hg_dataset *whole, *gaps, *filled;
    write_table(path, false);
    whole = open_table(ctx, path, 0);
    CHECK(hg_dataset_schema(whole) != NULL);
    hg_model *m = train(ctx, whole, NULL);
    CHECK_STR(m->net.loss->name, "table");
    /* 1 is what the best constant has; the words, the dates and the numbers agree. */
    CHECK(loss_of(ctx, m, whole) < 0.5);
    write_table(path, true);
    hg_data_options o = {.size = sizeof o, .schema = hg_model_schema(m)};
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &gaps));
    CHECK_OK(ctx, hg_impute_dataset(ctx, m, gaps, &filled));
    float *want = rows_of(ctx, whole), *had = rows_of(ctx, gaps),
          *got = rows_of(ctx, filled);
    int words = 0, right = 0;
    for (int64_t i = 0; i < ROWS * 6; i++) {
        CHECK(!isnan(got[i]));
        if (!isnan(had[i])) CHECK(got[i] == had[i]);
        if (!isnan(had[i]) || i % 6 != 1) continue;
        words++;
        right += got[i] == want[i];
    }
    /* The kind is in all the other columns; chance is a third. */
    CHECK(words > 50 && right > 0.9 * words);
    free(want), free(had), free(got);
    hg_dataset_free(&filled);
    hg_dataset_free(&gaps);
    hg_dataset_free(&whole);
    hg_model_free(&m);
}

TEST(table_gaps_are_filled_in_a_file_and_all_other_cells_stay_as_they_were)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH], in[TEST_PATH], out[TEST_PATH];
    static const char text[] =
        "x,amount,kind,ok,day,city,rate\n"
        "1,123456789.12,\"a \"\"b\"\", c\",no,2024-01-05,Mars,0.000\n"
        "2,,CARD,,,c1,1e-1\n";
    size_t n;
    write_table(path, true);
    hg_dataset *d = open_table(ctx, path, 0);
    hg_model *m = train(ctx, d, (const char *const[]){"epochs", "2", NULL});
    test_write(in, "in.csv", text, strlen(text));
    test_write(out, "out.csv", "", 0);
    hg_data_options o = {.size = sizeof o, .ignore_extra = 1};
    CHECK_OK(ctx, hg_map_file(ctx, m, "impute", in, &o, out, "csv", NULL, NULL));
    char *got = test_read(out, &n);
    const char *first = "amount,kind,ok,day,city,rate\n"
                        "123456789.12,\"a \"\"b\"\", c\",no,2024-01-05,Mars,0.000\n";
    CHECK(n > strlen(first) && memcmp(got, first, strlen(first)) == 0);
    const char *second = got + strlen(first);
    CHECK(strstr(second, ",CARD,") != NULL && strstr(second, ",c1,1e-1\n") != NULL);
    CHECK(second[0] != ',' && strstr(second, ",,") == NULL);
    free(got);
    hg_model_free(&m);
    hg_dataset_free(&d);
}

TEST(table_of_numbers_with_a_column_left_out_says_so_where_it_is_refused)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    static const char text[] = "a,b,c\n1,2,\n3,5,\n5,1,\n";
    hg_model *m;
    test_write(path, "left.csv", text, strlen(text));
    hg_dataset *d = open_table(ctx, path, 0);
    hg_config *cfg = config(ctx, (const char *const[]){"loss", "gaussian", NULL});
    CHECK_FAILS(ctx, hg_train(ctx, cfg, d, NULL, NULL, &m), HG_EINVAL,
                "a table with words, gaps or columns left out: drop those");
    hg_config_free(&cfg);
    hg_dataset_free(&d);
}

TEST(table_model_is_the_same_for_any_threads_and_wherever_rows_are)
{
    char path[TEST_PATH];
    hgi_real *want = NULL;
    int64_t params = 0;
    write_table(path, true);
    for (int threads = 1; threads <= 3; threads += 2)
        for (int stream = -1; stream <= 1; stream += 2) {
            hg_ctx *ctx = test_ctx_with(
                &(hg_ctx_options){.size = sizeof(hg_ctx_options), .threads = threads});
            hg_dataset *d = open_table(ctx, path, stream);
            const char *const more[] = {"epochs",      "3",   "corrupt", "mask:0.2",
                                        "valid-split", "0.2", NULL};
            hg_model *m = train(ctx, d, more);
            size_t bytes = (size_t)m->net.params * sizeof *want;
            if (want == NULL) {
                params = m->net.params;
                want = malloc(bytes);
                memcpy(want, m->theta, bytes);
            }
            CHECK_INT(m->net.params, params);
            CHECK(memcmp(want, m->theta, bytes) == 0);
            hg_dataset_free(&d);
            hg_model_free(&m);
        }
    free(want);
}

TEST(table_model_comes_back_from_its_file)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH], file[TEST_PATH];
    write_table(path, true);
    hg_dataset *d = open_table(ctx, path, 0), *a, *b;
    hg_model *m = train(ctx, d, (const char *const[]){"epochs", "2", NULL}), *again;
    test_path(file, "m.safetensors");
    CHECK_OK(ctx, hg_model_save(ctx, m, file));
    CHECK_OK(ctx, hg_model_load(ctx, file, &again));
    int64_t column;
    CHECK(hgi_schema_equal(hg_model_schema(m), hg_model_schema(again), &column));
    for (int64_t i = 0; i < 6; i++) {
        const hgi_schema_column *x = &m->scaler.schema->column[i],
                                *y = &again->scaler.schema->column[i];
        CHECK(x->weight == y->weight && x->missing == y->missing && x->last == y->last);
    }
    CHECK_OK(ctx, hg_reconstruct_dataset(ctx, m, d, &a));
    CHECK_OK(ctx, hg_reconstruct_dataset(ctx, again, d, &b));
    float *x = rows_of(ctx, a), *y = rows_of(ctx, b);
    CHECK(memcmp(x, y, (size_t)(ROWS * 6) * sizeof *x) == 0);
    free(x), free(y);
    hg_dataset_free(&a);
    hg_dataset_free(&b);
    hg_dataset_free(&d);
    hg_model_free(&m);
    hg_model_free(&again);
}

TEST(table_session_does_what_datasets_do)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    write_table(path, true);
    hg_dataset *d = open_table(ctx, path, 0), *r, *z;
    hg_model *m = train(ctx, d, (const char *const[]){"epochs", "2", NULL});
    hg_session *s;
    float *x = rows_of(ctx, d), y[6], code[4];
    CHECK_OK(ctx, hg_reconstruct_dataset(ctx, m, d, &r));
    CHECK_OK(ctx, hg_encode_dataset(ctx, m, d, &z));
    float *want = rows_of(ctx, r), *codes = rows_of(ctx, z);
    CHECK_OK(ctx, hg_session_new(ctx, m,
                                 &(hg_session_options){.size = sizeof(hg_session_options),
                                                       .error = "loss"},
                                 &s));
    double sum = 0, error;
    for (int64_t i = 0; i < ROWS; i++) {
        CHECK(hg_session_reconstruct(s, x + 6 * i, 1, y) == HG_OK);
        CHECK(memcmp(y, want + 6 * i, sizeof y) == 0);
        CHECK(hg_session_encode(s, x + 6 * i, 1, code) == HG_OK);
        CHECK(memcmp(code, codes + 4 * i, sizeof code) == 0);
        CHECK(hg_session_error(s, x + 6 * i, 1, &error) == HG_OK);
        CHECK(isfinite(error) && error >= 0);
        sum += error;
    }
    CHECK(sum > 0);
    /* A row without any value has nothing to be wrong about. */
    for (int i = 0; i < 6; i++) y[i] = NAN;
    CHECK(hg_session_error(s, y, 1, &error) == HG_OK);
    CHECK(error == 0);
    y[0] = INFINITY;
    CHECK(hg_session_error(s, y, 1, &error) == HG_ENONFINITE);
    CHECK(strstr(hg_session_message(s), "row 1, column 1: infinite") != NULL);
    hg_session_free(&s);
    free(x), free(want), free(codes);
    hg_dataset_free(&r);
    hg_dataset_free(&z);
    hg_dataset_free(&d);
    hg_model_free(&m);
}

TEST(table_rows_become_features_and_come_back)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    write_table(path, true);
    hg_dataset *d = open_table(ctx, path, 0);
    hgi_scaler s;
    CHECK_OK(ctx, hgi_scaler_fit(ctx, NULL, d, &s));
    /* Of the dates the week and the month; all times are 10:00. */
    CHECK_INT(s.features, 1 + 4 + 1 + 4 + 31 + 1);
    hgi_real *t = malloc((size_t)s.features * sizeof *t),
             *x = malloc((size_t)s.features * sizeof *x);
    float raw[6], back[6];
    double mean = 0, square = 0;
    int64_t count = 0;
    for (int64_t r = 0; r < ROWS; r++) {
        CHECK_OK(ctx, hg_dataset_read(ctx, d, r, 1, raw));
        hgi_expand(&s, raw, t);
        hgi_expand_input(&s, 1, t, x);
        for (int64_t i = 0; i < s.features; i++) CHECK(!isnan(x[i]));
        hgi_collapse(&s, t, back);
        for (int i = 0; i < 6; i++)
            if (!isnan(raw[i]) && i != 3)
                CHECK(fabsf(back[i] - raw[i]) <= 1e-4f * fabsf(raw[i]) + 1e-4f);
        /* Cycles do not say the year, but the date that they give has their weekday. */
        double days = d->schema->column[3].origin / HGI_DAY;
        if (!isnan(raw[3]))
            CHECK(!(fabs(fmod(floor(days + (double)back[3]), 7) -
                         fmod(floor(days + (double)raw[3]), 7)) > 0));
        if (isnan(raw[0])) continue;
        mean += (double)t[0];
        square += (double)t[0] * (double)t[0];
        count++;
    }
    /* Standardised over what is there, in float. */
    CHECK_NEAR(mean / (double)count, 0, 1e-5);
    CHECK_NEAR(square / (double)count, 1, 1e-5);
    free(t), free(x);
    hgi_scaler_free(&ctx->mem, &s);
    hg_dataset_free(&d);
}

/* So many rows, some hours apart, from a day of January 2024 on. */
static hg_dataset *dated(hg_ctx *ctx, const hg_schema *like, int rows, int hours,
                         int from)
{
    char path[TEST_PATH], *text = malloc(64 * (size_t)rows + 64), *p = text;
    p += sprintf(p, "when,x,y\n");
    for (int i = 0; i < rows; i++) {
        double at = 1704067200 + 3600.0 * ((double)i * hours + 24.0 * from);
        char date[HGI_DATE_MAX];
        int n = hgi_date_print(date, at, true), u = (int)(i * 7919L % 997);
        p += sprintf(p, "%.*s,%d,%d\n", n, date, u, 3 * u + (int)(i * 31L % 17));
    }
    test_write(path, "dated.csv", text, (size_t)(p - text));
    free(text);
    hg_dataset *d;
    hg_data_options o = {.size = sizeof o, .schema = like};
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &d));
    return d;
}

static unsigned cycles_of(hg_ctx *ctx, int rows, int hours)
{
    hg_dataset *d = dated(ctx, NULL, rows, hours, 0);
    hgi_scaler s;
    CHECK_OK(ctx, hgi_scaler_fit(ctx, NULL, d, &s));
    unsigned cycles = s.schema->column[0].cycles;
    hgi_scaler_free(&ctx->mem, &s);
    hg_dataset_free(&d);
    return cycles;
}

TEST(table_dates_are_cycles_that_training_has_been_through_twice)
{
    hg_ctx *ctx = test_ctx();
    const unsigned week = 1U << HGI_CYCLE_WEEK, day = 1U << HGI_CYCLE_DAY,
                   month = 1U << HGI_CYCLE_MONTH, year = 1U << HGI_CYCLE_YEAR;
    CHECK_INT(cycles_of(ctx, 30, 1), 0);                           /* a day and more */
    CHECK_INT(cycles_of(ctx, 9, 24), 0);                           /* at one time */
    CHECK_INT(cycles_of(ctx, 120, 1), day);                        /* five days */
    CHECK_INT(cycles_of(ctx, 720, 1), day | week);                 /* a month */
    CHECK_INT(cycles_of(ctx, 1680, 1), day | week | month);        /* ten weeks */
    CHECK_INT(cycles_of(ctx, 400, 24), week | month);              /* over a year */
    CHECK_INT(cycles_of(ctx, 3000, 7), day | week | month | year); /* over two */
}

TEST(table_dates_beyond_all_calendars_have_a_place_in_each_cycle)
{
    static const double far[] = {1e38, -1e38, HUGE_VAL, -HUGE_VAL, (double)NAN};
    for (int k = 0; k < 5; k++)
        for (int i = HGI_CYCLE_WEEK; i < HGI_CYCLES; i++)
            CHECK(isfinite(hgi_cycle_turns((hgi_cycle)i, far[k])));
}

TEST(table_rows_of_later_are_not_strange_for_being_new)
{
    hg_ctx *ctx = test_ctx();
    for (int few = 0; few < 2; few++) {
        const int rows = few ? 40 : 1680; /* of which few have no cycle at all */
        hg_dataset *d = dated(ctx, NULL, rows, 1, 0);
        hg_model *m = train(ctx, d, (const char *const[]){"epochs", "3", NULL});
        /* The same rows, but decades later, at whole weeks. */
        hg_dataset *later =
            dated(ctx, hg_model_schema(m), rows, 1, few ? 5000 : 7 * 2922);
        float raw[3];
        hgi_real *t = malloc((size_t)m->scaler.features * sizeof *t);
        double far = 0;
        for (int64_t i = 0; i < rows; i++) {
            CHECK_OK(ctx, hg_dataset_read(ctx, later, i, 1, raw));
            hgi_expand(&m->scaler, raw, t);
            CHECK(isnan(t[0]) == (few == 1));
            for (int64_t k = 0; k < m->scaler.features; k++)
                if (!isnan(t[k])) far = fmax(far, fabs((double)t[k]));
        }
        CHECK(far < 3); /* no feature leaves the range that training had */
        CHECK(fabs(loss_of(ctx, m, later) - loss_of(ctx, m, d)) < 0.25);
        free(t);
        hg_dataset_free(&later);
        hg_model_free(&m);
        hg_dataset_free(&d);
    }
}

TEST(table_columns_that_never_change_or_are_all_gaps_in_training_do_no_harm)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH], text[4000], *p = text;
    p += sprintf(p, "a,b,c,d\n");
    for (int i = 0; i < 60; i++)
        p += sprintf(p, "%d,5,same,%s\n", i, i == 7 ? "" : "2024-01-01");
    test_write(path, "constant.csv", text, (size_t)(p - text));
    hg_dataset *d = open_table(ctx, path, 0);
    hg_model *m = train(ctx, d, (const char *const[]){"epochs", "3", NULL});
    CHECK(isfinite(loss_of(ctx, m, d)));
    hg_model_free(&m);
    hg_dataset_free(&d);
}

TEST(table_model_refuses_what_does_not_fit_it)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    write_table(path, true);
    hg_dataset *d = open_table(ctx, path, 0), *other, *z;
    hg_model *m = train(ctx, d, (const char *const[]){"epochs", "1", NULL}), *none;
    hg_config *cfg = config(ctx, (const char *const[]){"loss", "bce", NULL});
    CHECK_FAILS(ctx, hg_train(ctx, cfg, d, NULL, NULL, &none), HG_EINVAL,
                "loss bce is for values in [0,1], this is a table");
    hg_config_free(&cfg);
    const char *text = "amount,kind,ok,day,city,rate\n1,x,no,2024-01-01,q,2\n";
    test_write(path, "other.csv", text, strlen(text));
    other = open_table(ctx, path, 0);
    CHECK_FAILS(ctx, hg_encode_dataset(ctx, m, other, &z), HG_EMISMATCH,
                "read the file by its schema");
    hg_dataset_free(&other);
    test_write(path, "numbers.csv", "1,2,3,4,5,6\n", 12);
    other = open_table(ctx, path, 0);
    CHECK_FAILS(ctx, hg_encode_dataset(ctx, m, other, &z), HG_EMISMATCH,
                "6 numbers a row, but the model is a table of 6 columns with words");
    hg_dataset_free(&other);
    hg_dataset_free(&d);
    hg_model_free(&m);
}

/* The kernel's shortcut for numbers: complete rows as ever, gaps by what is there. */
TEST(table_of_numbers_with_gaps_trains_and_scores_like_numbers_where_it_is_complete)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    hg_dataset *plain, *table;
    write_table(path, false);
    hg_data_options o = {.size = sizeof o, .columns = "amount,rate"};
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &plain));
    CHECK(hg_dataset_schema(plain) == NULL);
    o.table = 1;
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &table));
    CHECK(hg_dataset_schema(table) != NULL);
    const char *const more[] = {"epochs", "3",    "scale", "standard", "loss",
                                "mse",    "code", "1",     NULL};
    hg_model *a = train(ctx, plain, more), *b = train(ctx, table, more);
    /* The scaler's sums run in another order: its last bits may differ. */
    for (int64_t i = 0; i < a->net.params; i++)
        CHECK(fabsf(a->theta[i] - b->theta[i]) < 1e-3f);
    hg_session *s, *t;
    CHECK_OK(ctx, hg_session_new(ctx, a, NULL, &s));
    CHECK_OK(ctx, hg_session_new(ctx, b, NULL, &t));
    float rows[6] = {120, 0.15f, NAN, 0.2f, 250, NAN};
    double x[3], y[3];
    CHECK(hg_session_error(s, rows, 1, x) == HG_OK);
    CHECK(hg_session_error(t, rows, 3, y) == HG_OK);
    CHECK_NEAR(x[0], y[0], 1e-3);
    CHECK(isfinite(y[1]) && isfinite(y[2]));
    CHECK(hg_session_error(s, rows, 2, x) == HG_ENONFINITE);
    hg_session_free(&s);
    hg_session_free(&t);
    hg_model_free(&a);
    hg_model_free(&b);
    hg_dataset_free(&plain);
    hg_dataset_free(&table);
}

TEST(table_mask_takes_whole_columns)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    write_table(path, false);
    hg_dataset *d = open_table(ctx, path, 0);
    hg_model *m =
        train(ctx, d, (const char *const[]){"epochs", "1", "corrupt", "mask:0.5", NULL});
    const hg_schema *s = m->scaler.schema;
    int64_t n = m->net.inputs, masked = 0;
    hgi_real *x = malloc((size_t)n * sizeof *x);
    for (int64_t row = 0; row < 200; row++) {
        for (int64_t i = 0; i < n; i++) x[i] = 7;
        hgi_rng rng = hgi_corrupt_rng(&m->spec.corrupt, 1, false, 0);
        hgi_corrupt_rows(&m->spec.corrupt, ctx->kernels, &rng, &row, 0, 1, n, x, x);
        for (int64_t c = 0; c < s->columns; c++) {
            bool gone = x[s->column[c].first] == 0;
            masked += gone;
            for (int64_t k = 0; k < s->column[c].count; k++)
                CHECK((x[s->column[c].first + k] == 0) == gone);
        }
    }
    /* 1200 throws of a coin: 4 standard deviations are 70. */
    CHECK(masked > 530 && masked < 670);
    free(x);
    hg_model_free(&m);
    hg_dataset_free(&d);
}

TEST(table_rows_of_floats_have_gaps_where_they_are_nan)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH], npy[TEST_PATH];
    hg_dataset *d, *e;
    uint64_t want, got;
    write_table(path, true);
    hg_data_options o = {.size = sizeof o, .columns = "amount,rate"};
    CHECK_OK(ctx, hg_dataset_open(ctx, path, &o, &d));
    CHECK_OK(ctx, hgi_dataset_hash(ctx, d, &want));
    test_path(npy, "rows.npy");
    CHECK_OK(ctx, hg_dataset_save(ctx, d, npy, NULL));
    for (int stream = -1; stream <= 1; stream++) {
        o = (hg_data_options){.size = sizeof o, .stream = stream};
        CHECK_OK(ctx, hg_dataset_open(ctx, npy, &o, &e));
        CHECK(hg_dataset_schema(e) != NULL && e->schema->numbers);
        CHECK(e->min == d->min && e->max == d->max && e->mean == d->mean);
        CHECK_OK(ctx, hgi_dataset_hash(ctx, e, &got));
        CHECK(got == want);
        hg_dataset_free(&e);
    }
    o = (hg_data_options){.size = sizeof o, .strict = 1};
    CHECK_FAILS(ctx, hg_dataset_open(ctx, npy, &o, &e), HG_ENONFINITE, "is NaN");
    o = (hg_data_options){.size = sizeof o, .schema = hg_dataset_schema(d)};
    CHECK_OK(ctx, hg_dataset_open(ctx, npy, &o, &e));
    CHECK(hg_dataset_schema(e) == hg_dataset_schema(d));
    hg_dataset_free(&e);
    hg_dataset_free(&d);
}
