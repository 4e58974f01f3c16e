// SPDX-License-Identifier: MIT
/* The library as a program meets it: lists that end, several contexts at once, any locale,
 * structs whose size was forgotten, and memory that all comes back. */
#include "test_models.h"

#include <locale.h>
#include <pthread.h>
#include <stdatomic.h>

/* ---- lists ----------------------------------------------------------------------- */

TEST(every_table_is_listed_to_its_end_and_not_beyond)
{
    hg_fact table, row;
    int tables = 0;
    for (; hg_list(NULL, tables, &table); tables++) {
        int n = 0;
        test_where("%s", table.name);
        CHECK(table.value[0] != '\0');
        for (; hg_list(table.name, n, &row); n++) {
            CHECK(row.name[0] != '\0' && row.value[0] != '\0');
            CHECK(strchr(row.value, '\n') == NULL);
        }
        CHECK(n > 0);
        for (int beyond = n; beyond < n + 100; beyond++)
            CHECK(!hg_list(table.name, beyond, &row));
        CHECK(!hg_list(table.name, INT32_MAX, &row) && !hg_list(table.name, -1, &row));
        CHECK(!hg_list(table.name, 0, NULL));
    }
    CHECK(tables >= 12);
    CHECK(!hg_list(NULL, INT32_MAX, &row) && !hg_list("no such table", 0, &row));
}

TEST(facts_have_values_and_end)
{
    hg_ctx *ctx = test_ctx();
    hg_fact f;
    int n = 0;
    for (; hg_info(ctx, n, &f); n++) CHECK(f.name[0] != '\0' && f.value[0] != '\0');
    CHECK(n >= 5);
    CHECK(!hg_info(ctx, n + 1, &f) && !hg_info(ctx, -1, &f) &&
          !hg_info(ctx, INT32_MAX, &f));
    CHECK(!hg_info(NULL, 0, &f) && !hg_info(ctx, 0, NULL));
}

TEST(every_status_has_a_text_and_unknown_ones_too)
{
    for (int code = -100; code <= 100; code++) {
        const char *text = hg_strerror((hg_status)code);
        CHECK(text != NULL && text[0] != '\0');
        bool known = code <= 0 && code >= HG_EUNAVAILABLE;
        CHECK((strcmp(text, "unknown status") == 0) == !known);
    }
    CHECK(hg_strerror((hg_status)INT32_MIN) != NULL);
}

/* ---- structs whose size was not set ---------------------------------------------- */

TEST(a_struct_without_its_size_is_refused)
{
    hg_ctx *ctx = test_ctx(), *other;
    const model_recipe r = {
        .input = {1, {3, 0, 0}}, .encoder = "dense 2", .decoder = "dense 3"};
    hg_model *m = make_model(ctx, &r), *trained;
    float x[6] = {1, 2, 3, 4, 5, 7};
    hg_dataset *d = rows_of(ctx, x, 2, 3), *out;
    hg_config *c;
    char path[TEST_PATH];
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    CHECK_OK(ctx, hg_config_set(c, "code", "1"));
    test_write(path, "d.csv", "1,2\n", 4);
    hg_epoch e = {.epoch = 1};
    CHECK_OK(ctx, hgi_model_add_epoch(ctx, m, &(hg_epoch){.size = sizeof e, .epoch = 1}));
    CHECK_INT(hg_ctx_new(&(hg_ctx_options){.threads = 1}, &other), HG_EINVAL);
    CHECK(other == NULL);
    CHECK_FAILS(ctx, hg_dataset_open(ctx, path, &(hg_data_options){0}, &out), HG_EINVAL,
                "size");
    CHECK_FAILS(ctx,
                hg_dataset_view(ctx, &(hg_view){.data = x, .rows = 1, .rank = 1}, &out),
                HG_EINVAL, "size");
    CHECK_FAILS(ctx, hg_dataset_info(ctx, d, &(hg_data_info){0}), HG_EINVAL, "size");
    CHECK_FAILS(ctx, hg_model_get_info(ctx, m, &(hg_model_info){0}), HG_EINVAL, "size");
    CHECK_FAILS(ctx, hg_model_layer(ctx, m, 0, &(hg_layer_info){0}), HG_EINVAL, "");
    CHECK_FAILS(ctx, hg_train(ctx, c, d, NULL, &(hg_callbacks){0}, &trained), HG_EINVAL,
                "size");
    CHECK(trained == NULL);
    CHECK(!hg_model_history(m, 0, &e));
    e.size = sizeof e;
    CHECK(hg_model_history(m, 0, &e));
    hg_plot_options none = {0};
    CHECK_FAILS(ctx, hg_plot_loss(ctx, &e, 1, "x.png", &none), HG_EINVAL, "size");
    CHECK_FAILS(ctx, hg_plot_grid(ctx, m, d, "x.png", &none), HG_EINVAL, "size");
    CHECK_FAILS(ctx, hg_plot_filters(ctx, m, "encoder", "x.png", &none), HG_EINVAL,
                "size");
    CHECK_FAILS(ctx, hg_plot_loss(ctx, &(hg_epoch){.epoch = 1}, 1, "x.png", NULL),
                HG_EINVAL, "size");
    hg_config_free(&c);
    hg_dataset_free(&d);
    hg_model_free(&m);
}

/* ---- several contexts at once ---------------------------------------------------- */

enum { ROWS = 300, D = 30, CODE = 5, CALLERS = 4 };

typedef struct caller {
    pthread_t thread;
    hg_ctx *ctx;
    const hg_model *model;
    const hg_dataset *data;
    const float *x, *want;
    int bad;
} caller;

static void *use_model(void *arg)
{
    caller *c = arg;
    static _Thread_local float z[ROWS * CODE];
    for (int i = 0; i < 30; i++) {
        hg_dataset *rows = NULL;
        hg_metrics *e = NULL;
        c->bad += hg_encode(c->ctx, c->model, c->x, ROWS, z) != HG_OK;
        c->bad += memcmp(z, c->want, sizeof z) != 0;
        c->bad += hg_reconstruct_dataset(c->ctx, c->model, c->data, &rows) != HG_OK;
        c->bad += hg_evaluate(c->ctx, c->model, c->data, &e) != HG_OK;
        /* A failure here must not reach the other contexts' messages. */
        c->bad += hg_encode(c->ctx, c->model, c->x, -1 - i, z) != HG_ESHAPE;
        char wanted[32];
        snprintf(wanted, sizeof wanted, "-%d rows", 1 + i);
        c->bad += strstr(hg_message(c->ctx), wanted) == NULL;
        hg_dataset_free(&rows);
        hg_metrics_free(&e);
    }
    return NULL;
}

TEST(several_contexts_use_one_model_at_once)
{
    hg_ctx *ctx = context_of(1); /* with the kernels that the callers have */
    const model_recipe r = {{1, {D, 0, 0}}, "dense 40 relu; batchnorm; dense 5",
                            "plain",        "dense 40 relu; dense 30",
                            "mse",          HGI_SCALE_STANDARD};
    hg_model *m = make_model(ctx, &r);
    float *x = random_floats(2, ROWS * D, 0, 1), want[ROWS * CODE];
    hg_dataset *d = rows_of(ctx, x, ROWS, D);
    caller callers[CALLERS];
    CHECK_OK(ctx, hg_encode(ctx, m, x, ROWS, want));
    for (int i = 0; i < CALLERS; i++) {
        hg_ctx_options o = {.size = sizeof o, .threads = 1 + i % 3};
        callers[i] = (caller){
            .ctx = test_ctx_with(&o), .model = m, .data = d, .x = x, .want = want};
        CHECK_INT(pthread_create(&callers[i].thread, NULL, use_model, &callers[i]), 0);
    }
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(callers[i].thread, NULL);
        CHECK_INT(callers[i].bad, 0);
    }
    hg_dataset_free(&d);
    hg_model_free(&m);
    free(x);
}

/* ---- any locale ------------------------------------------------------------------ */

/* Train, save, load, evaluate and write a table; the bytes of the three files. */
static void produce(hg_ctx *ctx, const char *name, char *bytes[3], size_t n[3])
{
    static const char csv[] =
        "alpha,beta,gamma\n0.5,1.25,-3e-2\n0.25,2.5,1\n1.5,0.125,2.5\n"
        "0.75,1.75,0.5\n";
    static const char *const settings[] = {
        "encoder",     "dense 2 leaky alpha=0.125; dropout 0.25",
        "decoder",     "dense 3",
        "lr",          "0.0125",
        "epochs",      "3",
        "loss",        "huber",
        "huber-delta", "1.5",
        "schedule",    "step every=2 factor=0.5",
        NULL};
    char data[TEST_PATH], path[3][TEST_PATH], file[64];
    hg_dataset *d, *rows;
    hg_config *c;
    hg_model *trained, *m;
    hg_metrics *e;
    hg_metric metric;
    test_write(data, "d.csv", csv, sizeof csv - 1);
    CHECK_OK(ctx, hg_dataset_open(ctx, data, NULL, &d));
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    for (int i = 0; settings[i] != NULL; i += 2)
        CHECK_OK(ctx, hg_config_set(c, settings[i], settings[i + 1]));
    CHECK_OK(ctx, hg_train(ctx, c, d, NULL, NULL, &trained));
    for (int i = 0; i < 3; i++) {
        static const char *const endings[3] = {"m.safetensors", "rows.csv", "metrics"};
        snprintf(file, sizeof file, "%s-%s", name, endings[i]);
        test_path(path[i], file);
    }
    CHECK_OK(ctx, hg_model_save(ctx, trained, path[0]));
    CHECK_OK(ctx, hg_model_load(ctx, path[0], &m));
    CHECK_OK(ctx, hg_reconstruct_dataset(ctx, m, d, &rows));
    CHECK_OK(ctx, hg_dataset_save(ctx, rows, path[1], NULL));
    CHECK_OK(ctx, hg_evaluate(ctx, m, d, &e));
    double values[32] = {0};
    for (int i = 0; i < 32 && hg_metrics_at(e, i, &metric); i++) values[i] = metric.value;
    test_write(path[2], file, values, sizeof values);
    for (int i = 0; i < 3; i++) bytes[i] = test_read(path[i], &n[i]);
    hg_metrics_free(&e);
    hg_dataset_free(&rows);
    hg_dataset_free(&d);
    hg_config_free(&c);
    hg_model_free(&trained);
    hg_model_free(&m);
}

/* German writes 0,5; a system without it has localedef make one in the scratch folder. */
static bool comma_locale(void)
{
    char folder[TEST_PATH], command[2 * TEST_PATH];
    if (setlocale(LC_ALL, "de_DE.UTF-8") != NULL) return true;
    test_path(folder, "de_DE.UTF-8");
    snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 '%s' >/dev/null 2>&1",
             folder);
    if (system(command) != 0) return false;
    *strrchr(folder, '/') = '\0';
    setenv("LOCPATH", folder, 1);
    return setlocale(LC_ALL, "de_DE.UTF-8") != NULL;
}

TEST(a_locale_with_a_decimal_comma_changes_nothing)
{
    hg_ctx *ctx = test_ctx();
    char *plain[3], *comma[3], shown[16];
    size_t n[3], m[3];
    produce(ctx, "plain", plain, n);
    if (!comma_locale()) SKIP("no locale de_DE, and localedef cannot make it");
    snprintf(shown, sizeof shown, "%.1f", 0.5);
    CHECK_STR(shown, "0,5"); /* the locale is at work */
    produce(ctx, "comma", comma, m);
    for (int i = 0; i < 3; i++) {
        test_where("file %d", i);
        CHECK(n[i] == m[i] && memcmp(plain[i], comma[i], n[i]) == 0);
        free(plain[i]);
        free(comma[i]);
    }
}

/* ---- hooks ----------------------------------------------------------------------- */

static int lines, bad_lines;

static void note_line(void *user, hg_log_level level, const char *line)
{
    (void)user;
    lines++;
    bad_lines += line[0] == '\0' || strchr(line, '\n') != NULL ||
                 (level != HG_LOG_WARNING && level != HG_LOG_INFO);
}

TEST(log_lines_are_single_lines_whatever_the_names)
{
    hg_ctx_options o = {.size = sizeof o, .log = note_line, .log_user = &o};
    hg_ctx *ctx = test_ctx_with(&o);
    const model_recipe r = {{1, {2, 0, 0}},    "dense 1", "plain",
                            "dense 2 sigmoid", "bce",     HGI_SCALE_NONE};
    hg_model *m = make_model(ctx, &r);
    const float x[4] = {0.5f, 2, 0, 1};
    hg_view v = {.size = sizeof v,
                 .data = x,
                 .rows = 2,
                 .rank = 1,
                 .shape = {2},
                 .name = "two\nlines\x1b[31m"};
    hg_dataset *d, *codes;
    CHECK_OK(ctx, hg_dataset_view(ctx, &v, &d));
    CHECK_OK(ctx, hg_encode_dataset(ctx, m, d, &codes));
    CHECK_INT(lines, 1);
    CHECK_INT(bad_lines, 0);
    hg_dataset_free(&d);
    hg_dataset_free(&codes);
    hg_model_free(&m);
}

static atomic_int blocks, strangers;

static void *counted_alloc(void *user, size_t n)
{
    if (user != &blocks) atomic_fetch_add(&strangers, 1);
    atomic_fetch_add(&blocks, 1);
    return malloc(n);
}

static void counted_free(void *user, void *p)
{
    if (user != &blocks || p == NULL) atomic_fetch_add(&strangers, 1);
    atomic_fetch_sub(&blocks, 1);
    free(p);
}

/* Everything is freed after the context it was made with, by the allocator it came from. */
TEST(objects_may_outlive_their_context_and_all_memory_comes_back)
{
    hg_ctx_options o = {.size = sizeof o,
                        .threads = 2,
                        .allocator = {counted_alloc, counted_free, &blocks}};
    hg_ctx *ctx;
    hg_model *m;
    hg_dataset *d, *codes;
    hg_metrics *e;
    float *x = random_floats(2, 50 * 3, 0, 1);
    CHECK_INT(hg_ctx_new(&o, &ctx), HG_OK);
    const model_recipe r = {
        .input = {1, {3, 0, 0}}, .encoder = "dense 2", .decoder = "dense 3"};
    m = make_model(ctx, &r);
    d = rows_of(ctx, x, 50, 3);
    CHECK_OK(ctx, hg_encode_dataset(ctx, m, d, &codes));
    CHECK_OK(ctx, hg_evaluate(ctx, m, d, &e));
    hg_ctx_free(&ctx);
    CHECK(ctx == NULL && atomic_load(&blocks) > 0);
    hg_metrics_free(&e);
    hg_dataset_free(&codes);
    hg_dataset_free(&d);
    hg_model_free(&m);
    CHECK_INT(atomic_load(&blocks), 0);
    CHECK_INT(atomic_load(&strangers), 0);
    free(x);
}
