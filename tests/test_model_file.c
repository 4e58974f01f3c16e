// SPDX-License-Identifier: MIT
/* Model files: what is saved comes back to the bit; what does not fit is refused with a
 * line that names the file and the place. */
#include "test_models.h"

#include "model/window.h"

#include "model/container.h"

#include <jansson.h>
#include <math.h>

/* ---- round trips ----------------------------------------------------------------- */

static void check_same_bytes(const char *a, const char *b)
{
    size_t na, nb;
    char *pa = test_read(a, &na), *pb = test_read(b, &nb);
    CHECK(na == nb && memcmp(pa, pb, na) == 0);
    free(pa);
    free(pb);
}

/* Saved, loaded and saved again: the same bytes, and the same codes and rows. */
static void check_round_trip(hg_ctx *ctx, hg_model *m)
{
    char first[TEST_PATH], second[TEST_PATH];
    hg_model *back;
    enum { N = 3 };
    int64_t d = m->net.inputs, k = m->net.code_size;
    float *x = random_floats(3, N * d, 0, 1), *a = calloc((size_t)(N * (d + k)), 4),
          *b = calloc((size_t)(N * (d + k)), 4);
    test_path(first, "first.safetensors");
    test_path(second, "second.safetensors");
    CHECK_OK(ctx, hg_model_save(ctx, m, first));
    CHECK_OK(ctx, hg_model_load(ctx, first, &back));
    CHECK_OK(ctx, hg_model_save(ctx, back, second));
    check_same_bytes(first, second);
    CHECK_STR(back->text, m->text);
    CHECK_OK(ctx, hg_encode(ctx, m, x, N, a));
    CHECK_OK(ctx, hg_encode(ctx, back, x, N, b));
    CHECK_OK(ctx, hg_reconstruct(ctx, m, x, N, a + N * k));
    CHECK_OK(ctx, hg_reconstruct(ctx, back, x, N, b + N * k));
    CHECK(memcmp(a, b, (size_t)(N * (d + k)) * 4) == 0);
    hg_model_free(&back);
    free(x);
    free(a);
    free(b);
}

static void check_line(hg_ctx *ctx, const char *line, const hgi_shape *in)
{
    char encoder[160], decoder[160], shape[HGI_SHAPE_MAX];
    bool sigma = strncmp(line, "sigma", 5) == 0; /* has one place, and one loss */
    test_where("%s", line);
    if (strncmp(line, "condition", 9) == 0) return; /* wants classes: test_condition.c */
    /* The shape is the example's own: a row of two sizes would be an image.  And there is
     * a line before it to reach back to. */
    snprintf(encoder, sizeof encoder, "reshape %s; dropout 0; %s",
             hgi_shape_text(in, shape), line);
    snprintf(decoder, sizeof decoder, "dense input; reshape %s; %s", shape, line);
    const model_recipe r = {.input = *in,
                            .encoder = sigma ? "dense 3" : encoder,
                            .decoder = sigma ? decoder : "dense 3 tanh; dense input",
                            .loss = sigma ? "gaussian" : "mse"};
    hg_model *m = make_model(ctx, &r);
    check_round_trip(ctx, m);
    hg_model_free(&m);
}

TEST(every_layer_kind_comes_back_from_its_file_to_the_bit)
{
    hg_ctx *ctx = test_ctx();
    for (int i = 0; hgi_layer_kinds[i] != NULL; i++)
        for (const hgi_example *e = hgi_layer_kinds[i]->examples; e->line != NULL; e++)
            check_line(ctx, e->line, &e->in);
}

TEST(every_activation_comes_back_from_its_file_to_the_bit)
{
    hg_ctx *ctx = test_ctx();
    char line[64];
    for (int i = 0; hgi_act_words[i] != NULL; i++) {
        snprintf(line, sizeof line, "dense 5 %s; activation %s", hgi_act_words[i],
                 hgi_act_words[i]);
        check_line(ctx, line, &(hgi_shape){2, {2, 4, 0}});
    }
}

TEST(every_code_loss_and_scale_comes_back_from_its_file)
{
    hg_ctx *ctx = test_ctx();
    for (int i = 0; hgi_code_kinds[i] != NULL; i++)
        for (const hgi_example *e = hgi_code_kinds[i]->examples; e->line != NULL; e++)
            for (int k = 0; hgi_losses[k] != NULL; k++)
                for (int s = 0; hgi_scales[s].name != NULL; s++) {
                    test_where("%s, %s, %s", e->line, hgi_losses[k]->name,
                               hgi_scales[s].name);
                    const char *act = hgi_code_kinds[i]->example_act;
                    char first[32];
                    snprintf(first, sizeof first, "dense 4 %s", act != NULL ? act : "");
                    const char *last =
                        hgi_losses[k]->softmax ? "dense 6" : "dense 6 sigmoid";
                    model_recipe r = {{1, {6, 0, 0}},      first, e->line, last,
                                      hgi_losses[k]->name, 0};
                    CHECK(hgi_scale_find(hgi_scales[s].name, &r.scale));
                    hg_model *m = make_model(ctx, &r);
                    check_round_trip(ctx, m);
                    hg_model_free(&m);
                    if (!hgi_code_kinds[i]->sized) continue;
                    r.encoder = "";
                    m = make_model(ctx, &r);
                    check_round_trip(ctx, m);
                    hg_model_free(&m);
                }
}

/* What training leaves in a model comes back, too. */
TEST(history_columns_and_numbers_of_the_run_come_back)
{
    hg_ctx *ctx = test_ctx();
    const model_recipe r = {
        .input = {1, {3, 0, 0}}, .encoder = "dense 2", .decoder = "dense 3"};
    hg_model *m = make_model(ctx, &r), *back;
    char path[TEST_PATH];
    char names[3][24] = {"plain", "with \"quotes\", \\", "\xc3\xa9t\xc3\xa9"};
    char *columns[3] = {names[0], names[1], names[2]};
    CHECK_OK(ctx, hgi_model_set_columns(ctx, m, columns));
    for (int64_t i = 0; i < 100; i++) {
        hg_epoch e = {sizeof e,    i + 1, 0.1 / (double)(i + 1), 1e-300, 0,
                      (double)NAN, 0.1};
        CHECK_OK(ctx, hgi_model_add_epoch(ctx, m, &e));
    }
    m->trained = (hgi_trained){.rows = 77,
                               .epochs = 100,
                               .best_epoch = 42,
                               .seed = UINT64_C(0xfedcba9876543210),
                               .history = m->trained.history,
                               .history_count = 100};
    m->clip = false;
    test_path(path, "m.safetensors");
    CHECK_OK(ctx, hg_model_save(ctx, m, path));
    CHECK_OK(ctx, hg_model_load(ctx, path, &back));
    for (int i = 0; i < 3; i++) CHECK_STR(back->columns[i], names[i]);
    CHECK_INT(back->trained.rows, 77);
    CHECK_INT(back->trained.epochs, 100);
    CHECK_INT(back->trained.best_epoch, 42);
    CHECK(back->trained.seed == UINT64_C(0xfedcba9876543210));
    CHECK(!back->clip);
    hg_epoch e = {.size = sizeof e};
    CHECK(hg_model_history(back, 99, &e) && !hg_model_history(back, 100, &e));
    CHECK_INT(e.epoch, 100);
    CHECK(e.loss == 0.1 / 100 && e.recon == 1e-300 && isnan(e.val_loss) && e.lr == 0.1);
    hg_model_free(&m);
    hg_model_free(&back);
}

TEST(a_tied_weight_is_stored_once)
{
    hg_ctx *ctx = test_ctx();
    const model_recipe r = {.input = {1, {7, 0, 0}},
                            .encoder = "dense 5 relu; dense 3",
                            .decoder = "dense 5 relu tied; dense 7 tied"};
    hg_model *m = make_model(ctx, &r);
    char path[TEST_PATH];
    hgi_container *c;
    test_path(path, "m.safetensors");
    check_round_trip(ctx, m);
    CHECK_OK(ctx, hg_model_save(ctx, m, path));
    CHECK_OK(ctx, hgi_container_read(ctx, path, &c));
    CHECK(hgi_container_get(c, "encoder.0.weight") != NULL);
    CHECK(hgi_container_get(c, "decoder.0.bias") != NULL);
    CHECK(hgi_container_get(c, "decoder.0.weight") == NULL);
    CHECK(hgi_container_get(c, "decoder.1.weight") == NULL);
    CHECK_INT(hgi_container_count(c), 6); /* 2 weights, 4 biases; the scale is none */
    hgi_container_free(&c);
    hg_model_free(&m);
}

/* ---- hostile files --------------------------------------------------------------- */

/* A model file with something of everything: batchnorm's state, a scaler, a history. */
static const model_recipe usual = {.input = {1, {6, 0, 0}},
                                   .encoder = "dense 5 relu; batchnorm; dense 2",
                                   .decoder = "dense 5 relu tied; dense 6",
                                   .scale = HGI_SCALE_STANDARD};

static void write_usual(hg_ctx *ctx, char path[TEST_PATH])
{
    hg_model *m = make_model(ctx, &usual);
    char names[6][4] = {"a", "b", "c", "d", "e", "f"};
    char *columns[6];
    for (int i = 0; i < 6; i++) columns[i] = names[i];
    hg_epoch e = {sizeof e, 1, 0.5, 0.5, 0, 0.25, 0.001};
    CHECK_OK(ctx, hgi_model_set_columns(ctx, m, columns));
    CHECK_OK(ctx, hgi_model_add_epoch(ctx, m, &e));
    test_path(path, "usual.safetensors");
    CHECK_OK(ctx, hg_model_save(ctx, m, path));
    hg_model_free(&m);
}

/* One change to a good file: of the description (key, json; NULL removes), or of a
 * tensor: renamed, left out, or with other contents. */
typedef struct edit {
    const char *key, *json;
    const char *tensor, *rename; /* rename NULL: left out, unless entry is set */
    const hgi_entry *entry;      /* what stands there instead */
    const hgi_entry *extra;      /* put behind all others */
} file_edit;

static void put_description(hg_ctx *ctx, hgi_container *to, const char *text,
                            const file_edit *e)
{
    json_t *o = json_loads(text, 0, NULL);
    if (e->key != NULL && e->json == NULL) CHECK_INT(json_object_del(o, e->key), 0);
    if (e->key != NULL && e->json != NULL) {
        json_t *v = json_loads(e->json, JSON_DECODE_ANY, NULL);
        CHECK(v != NULL);
        json_object_set_new(o, e->key, v);
    }
    char *out = json_dumps(o, JSON_COMPACT);
    CHECK_OK(ctx, hgi_container_put_text(to, "hourglass", out));
    free(out);
    json_decref(o);
}

static void edit_file(hg_ctx *ctx, const char *from, const file_edit *e,
                      char out[TEST_PATH])
{
    hgi_container *a, *b;
    CHECK_OK(ctx, hgi_container_read(ctx, from, &a));
    CHECK_OK(ctx, hgi_container_new(ctx, &b));
    put_description(ctx, b, hgi_container_text(a, "hourglass"), e);
    for (int64_t i = 0; i < hgi_container_count(a); i++) {
        const hgi_entry *t = hgi_container_at(a, i);
        const char *name = t->name;
        bool here = e->tensor != NULL && strcmp(name, e->tensor) == 0;
        if (here && e->entry == NULL && e->rename == NULL) continue;
        if (here && e->rename != NULL) name = e->rename;
        if (here && e->entry != NULL) t = e->entry;
        CHECK_OK(ctx, hgi_container_put(b, name, t->dtype, t->rank, t->shape, t->data));
    }
    const hgi_entry *x = e->extra;
    if (x != NULL)
        CHECK_OK(ctx,
                 hgi_container_put(b, x->name, x->dtype, x->rank, x->shape, x->data));
    test_path(out, "edited.safetensors");
    CHECK_OK(ctx, hgi_container_write(b, out));
    hgi_container_free(&a);
    hgi_container_free(&b);
}

/* The edited file is refused in one line that begins with its name. */
static void check_refused(hg_ctx *ctx, const file_edit *e, hg_status status,
                          const char *part)
{
    char good[TEST_PATH], bad[TEST_PATH];
    hg_model *m;
    write_usual(ctx, good);
    edit_file(ctx, good, e, bad);
    CHECK_FAILS(ctx, hg_model_load(ctx, bad, &m), status, part);
    CHECK(strncmp(hg_message(ctx), bad, strlen(bad)) == 0);
    CHECK(m == NULL);
}

TEST(an_unedited_file_still_loads)
{
    hg_ctx *ctx = test_ctx();
    char good[TEST_PATH], same[TEST_PATH];
    hg_model *m;
    write_usual(ctx, good);
    edit_file(ctx, good, &(file_edit){0}, same);
    CHECK_OK(ctx, hg_model_load(ctx, same, &m)); /* so it is the edits that are refused */
    hg_model_free(&m);
}

TEST(every_field_that_is_missing_is_named)
{
    hg_ctx *ctx = test_ctx();
    static const char *const needed[] = {
        "version", "input",       "encoder", "code",         "decoder",
        "loss",    "huber_delta", "scale",   "out_of_range", "trained_rows",
        "epochs",  "best_epoch",  "seed"};
    char word[40];
    for (int i = 0; i < HGI_COUNT(needed); i++) {
        test_where("%s", needed[i]);
        snprintf(word, sizeof word, "'%s'", needed[i]);
        check_refused(ctx, &(file_edit){.key = needed[i]}, HG_EFORMAT, word);
    }
}

TEST(fields_of_the_wrong_type_or_value_are_refused)
{
    hg_ctx *ctx = test_ctx();
    static const struct {
        const char *key, *json, *part;
    } rows[] = {
        {"version", "\"1\"", "'version'"},
        {"version", "0", "'version'"},
        {"version", "1.0", "'version'"},
        {"input", "6", "'input'"},
        {"input", "[]", "'input'"},
        {"input", "[6,1,1,1]", "'input'"},
        {"input", "[6.0]", "'input'"},
        {"input", "[-6]", "'input'"},
        {"input", "[16777216,16777216,16777216]", "'input'"}, /* the product is 2^72 */
        {"input", "[9223372036854775807]", "'input'"},
        {"encoder", "[]", "the encoder has no layers"},
        {"encoder", "\"dense 5\"", "'encoder'"},
        {"encoder", "[5]", "'encoder'"},
        {"encoder", "[\"dens 5\"]", "did you mean 'dense'"},
        {"encoder", "[\"\"]", "encoder line 1"},
        {"encoder", "[\"dense 5 relu\",\"batchnorm\",\"dense 2 dense 2\"]",
         "encoder line 3"},
        {"encoder", "[\"dense 5 relu\\nbad\\u001b[31m\"]", "encoder line 1"},
        {"encoder", "[\"dense 1e400\"]", "encoder line 1"},
        {"encoder", "[\"dense -5\"]", "encoder line 1"},
        {"encoder", "[\"dense 5 tied\"]", "'tied' belongs in the decoder"},
        {"decoder", "[\"dense 6 tied\"]", "tied"},
        {"decoder", "[\"dense 7\"]", "gives 7 values, but a row has 6"},
        {"decoder", "[\"batchnorm\"]", "gives 2 values"},
        {"code", "7", "'code'"},
        {"code", "\"plan\"", "did you mean 'plain'"},
        {"code", "\"plain unit-decoder\"", "unit-decoder needs"},
        {"code", "\"plain l1=nan\"", "l1"},
        {"loss", "null", "'loss'"},
        {"loss", "\"mean\"", "unknown loss"},
        {"loss", "\"a\\nb\"", "unknown loss"},
        {"huber_delta", "\"1\"", "'huber_delta'"},
        {"huber_delta", "-1", "'huber_delta'"},
        {"scale", "\"big\"", "'scale'"},
        {"scale", "1", "'scale'"},
        {"out_of_range", "\"maybe\"", "'out_of_range'"},
        {"trained_rows", "-1", "'trained_rows'"},
        {"epochs", "1e3", "'epochs'"},
        {"best_epoch", "[]", "'best_epoch'"},
        {"seed", "\"1\"", "'seed'"},
        {"columns", "[\"a\"]", "'columns'"},
        {"columns", "\"abcdef\"", "'columns'"},
        {"columns", "[1,2,3,4,5,6]", "'columns'"},
        {"columns", "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\"]", "'columns'"},
    };
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        test_where("%s: %s", rows[i].key, rows[i].json);
        check_refused(ctx, &(file_edit){.key = rows[i].key, .json = rows[i].json},
                      HG_EFORMAT, rows[i].part);
    }
}

TEST(a_newer_format_asks_for_an_update)
{
    hg_ctx *ctx = test_ctx();
    check_refused(ctx, &(file_edit){.key = "version", .json = "2"}, HG_EVERSION,
                  "update hourglass");
    check_refused(ctx, &(file_edit){.key = "version", .json = "9223372036854775807"},
                  HG_EVERSION, "update hourglass");
}

TEST(a_container_that_is_no_model_says_so)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    hgi_container *c;
    hg_model *m;
    static const char *const texts[] = {NULL, "",  "[]",
                                        "{",  "7", "{\"version\":1,\"version\":1}"};
    for (int i = 0; i < HGI_COUNT(texts); i++) {
        test_where("%s", texts[i] != NULL ? texts[i] : "none");
        CHECK_OK(ctx, hgi_container_new(ctx, &c));
        if (texts[i] != NULL)
            CHECK_OK(ctx, hgi_container_put_text(c, "hourglass", texts[i]));
        test_path(path, "c.safetensors");
        CHECK_OK(ctx, hgi_container_write(c, path));
        hgi_container_free(&c);
        CHECK_FAILS(ctx, hg_model_load(ctx, path, &m), HG_EFORMAT,
                    texts[i] == NULL ? "not an hourglass model" : "description");
        CHECK(strncmp(hg_message(ctx), path, strlen(path)) == 0);
    }
    CHECK_FAILS(ctx, hg_model_load(ctx, NULL, &m), HG_EINVAL, "path");
}

/* ---- sizes ----------------------------------------------------------------------- */

/* A context whose allocator notes the largest block and refuses those over a megabyte. */
static size_t largest;

static void *modest_alloc(void *user, size_t n)
{
    (void)user;
    if (n > largest) largest = n;
    return n > 1 << 20 ? NULL : malloc(n);
}

static void modest_free(void *user, void *p)
{
    (void)user;
    free(p);
}

static void check_modest(const char *path, const char *part)
{
    hg_ctx_options o = {.size = sizeof o, .allocator = {modest_alloc, modest_free, NULL}};
    hg_ctx *ctx;
    hg_model *m;
    CHECK_INT(hg_ctx_new(&o, &ctx), HG_OK);
    largest = 0;
    CHECK_FAILS(ctx, hg_model_load(ctx, path, &m), HG_EFORMAT, part);
    CHECK(largest < 1 << 20);
    hg_ctx_free(&ctx);
}

/* What a file asks for is bounded by what it holds, before memory is allocated. */
TEST(a_small_file_cannot_ask_for_large_memory)
{
    hg_ctx *ctx = test_ctx();
    static const struct {
        const char *key, *json, *part;
    } rows[] = {
        {"encoder", "[\"dense 16000000\",\"dense 5\",\"dense 2\"]", "encoder.0.weight"},
        {"decoder", "[\"dense 16000000\",\"dense 6\"]", "decoder.0.weight"},
        {"encoder", "[\"dense 16777216\",\"dense 16777216\"]", "too large"},
        {"input", "[16777216]", "a row has 16777216"},
        {"input", "[16777216,256]", "a row has 4294967296"},
        {"input", "[6,16777216,16777216]", "sane size"},
    };
    char good[TEST_PATH], bad[TEST_PATH];
    write_usual(ctx, good);
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        const file_edit e = {.key = rows[i].key, .json = rows[i].json};
        test_where("%s: %s", rows[i].key, rows[i].json);
        edit_file(ctx, good, &e, bad);
        check_modest(bad, rows[i].part);
    }
}

static char *many_lines(int n, const char *line)
{
    json_t *a = json_array();
    for (int i = 0; i < n; i++) json_array_append_new(a, json_string(line));
    char *text = json_dumps(a, JSON_COMPACT);
    json_decref(a);
    return text;
}

TEST(ten_thousand_layers_are_too_many)
{
    hg_ctx *ctx = test_ctx();
    char *lines = many_lines(10000, "dropout 0.5");
    check_refused(ctx, &(file_edit){.key = "encoder", .json = lines}, HG_EFORMAT,
                  "'encoder'");
    free(lines);
}

/* A net without weights is odd but sound; one of four billion features is not. */
TEST(a_net_without_weights_loads_only_at_a_sane_width)
{
    hg_ctx *ctx = test_ctx();
    model_recipe r = {
        .input = {1, {6, 0, 0}}, .encoder = "dropout 0.5", .decoder = "activation tanh"};
    hg_model *m = make_model(ctx, &r);
    char good[TEST_PATH], bad[TEST_PATH];
    check_round_trip(ctx, m);
    test_path(good, "none.safetensors");
    CHECK_OK(ctx, hg_model_save(ctx, m, good));
    hg_model_free(&m);
    edit_file(ctx, good, &(file_edit){.key = "input", .json = "[16777216,256]"}, bad);
    check_modest(bad, "values a row");
}

/* ---- tensors --------------------------------------------------------------------- */

TEST(tensors_that_do_not_fit_are_named)
{
    hg_ctx *ctx = test_ctx();
    static float zeros[64];
    static const double wide[64];
    hgi_entry small = {.dtype = HGI_DT_F32, .rank = 2, .shape = {5, 5}, .data = zeros};
    hgi_entry flat = {.dtype = HGI_DT_F32, .rank = 1, .shape = {30}, .data = zeros};
    hgi_entry swapped = {.dtype = HGI_DT_F32, .rank = 2, .shape = {6, 5}, .data = zeros};
    hgi_entry f64 = {.dtype = HGI_DT_F64, .rank = 2, .shape = {5, 6}, .data = wide};
    hgi_entry extra = {.name = "encoder.7.weight",
                       .dtype = HGI_DT_F32,
                       .rank = 2,
                       .shape = {2, 2},
                       .data = zeros};
    hgi_entry history = {.dtype = HGI_DT_F64, .rank = 2, .shape = {2, 5}, .data = wide};
    hgi_entry epochs = {.dtype = HGI_DT_F32, .rank = 2, .shape = {2, 6}, .data = zeros};
    static const double nan_epoch[6] = {(double)NAN, 1, 1, 0, 1, 1},
                        early[6] = {-1, 1, 1, 0, 1, 1};
    hgi_entry nan_row = {
        .dtype = HGI_DT_F64, .rank = 2, .shape = {1, 6}, .data = nan_epoch};
    hgi_entry early_row = {
        .dtype = HGI_DT_F64, .rank = 2, .shape = {1, 6}, .data = early};
    hgi_entry scale = {.dtype = HGI_DT_F64, .rank = 1, .shape = {5}, .data = wide};
    const struct {
        file_edit e;
        const char *part;
    } rows[] = {
        {{.tensor = "encoder.0.weight"}, "encoder.0.weight"},
        {{.tensor = "decoder.1.bias"}, "decoder.1.bias"},
        {{.tensor = "encoder.1.variance"}, "encoder.1.variance"},
        {{.tensor = "encoder.0.weight", .rename = "encoder.0.weights"},
         "encoder.0.weight"},
        {{.tensor = "encoder.0.weight", .entry = &small}, "encoder.0.weight"},
        {{.tensor = "encoder.0.weight", .entry = &flat}, "encoder.0.weight"},
        {{.tensor = "encoder.0.weight", .entry = &swapped}, "encoder.0.weight"},
        {{.tensor = "encoder.0.weight", .entry = &f64}, "encoder.0.weight"},
        {{.extra = &extra}, "encoder.7.weight"},
        {{.tensor = "scaler.shift"}, "scaler.shift"},
        {{.tensor = "scaler.scale", .entry = &scale}, "scaler.scale"},
        {{.tensor = "history", .entry = &history}, "history"},
        {{.tensor = "history", .entry = &epochs}, "history"},
        {{.tensor = "history", .entry = &nan_row}, "history"},
        {{.tensor = "history", .entry = &early_row}, "history"},
    };
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        test_where("%d: %s", i, rows[i].part);
        check_refused(ctx, &rows[i].e, HG_EFORMAT, rows[i].part);
    }
}

TEST(a_weight_that_is_not_finite_is_named_with_its_element)
{
    hg_ctx *ctx = test_ctx();
    float w[30] = {0}, state[5] = {1, 1, 1, 1, -1};
    hgi_entry t = {.dtype = HGI_DT_F32, .rank = 2, .shape = {5, 6}, .data = w};
    hgi_entry variance = {.dtype = HGI_DT_F32, .rank = 1, .shape = {5}, .data = state};
    const file_edit e = {.tensor = "encoder.0.weight", .entry = &t};
    w[17] = NAN;
    check_refused(ctx, &e, HG_ENONFINITE, "'encoder.0.weight', element 17");
    w[17] = 0;
    w[0] = -INFINITY;
    check_refused(ctx, &e, HG_ENONFINITE, "'encoder.0.weight', element 0");
    /* A running variance below 0 would make every output NaN. */
    check_refused(ctx, &(file_edit){.tensor = "encoder.1.variance", .entry = &variance},
                  HG_EFORMAT, "'encoder.1.variance'");
}

TEST(a_scaler_that_cannot_be_undone_is_refused)
{
    hg_ctx *ctx = test_ctx();
    /* 1e-300 and 1e300 are no float: the kernels would multiply by infinity or by 0. */
    static const double bad[] = {
        0, -1, 1e-300, (double)NAN, (double)INFINITY, -(double)INFINITY, 1e300};
    for (int i = 0; i < HGI_COUNT(bad); i++) {
        double v[6] = {1, 1, 1, 1, 1, 1};
        hgi_entry t = {.dtype = HGI_DT_F64, .rank = 1, .shape = {6}, .data = v};
        v[3] = bad[i];
        test_where("%g", bad[i]);
        check_refused(ctx, &(file_edit){.tensor = "scaler.scale", .entry = &t},
                      HG_EFORMAT, "column 4");
        if (i < 3) continue; /* these are shifts like any other */
        check_refused(ctx, &(file_edit){.tensor = "scaler.shift", .entry = &t},
                      HG_EFORMAT, "column 4");
    }
}

/* A long history must not make loading quadratic: 200,000 epochs in well under a second. */
TEST(a_long_history_loads_quickly)
{
    hg_ctx *ctx = test_ctx();
    enum { EPOCHS = 200000 };
    double *h = calloc(EPOCHS * 6, sizeof *h);
    for (int i = 0; i < EPOCHS; i++) h[i * 6] = i + 1;
    hgi_entry t = {.dtype = HGI_DT_F64, .rank = 2, .shape = {EPOCHS, 6}, .data = h};
    char good[TEST_PATH], path[TEST_PATH];
    hg_model *m;
    write_usual(ctx, good);
    edit_file(ctx, good, &(file_edit){.tensor = "history", .entry = &t}, path);
    int64_t before = test_alloc_count();
    CHECK_OK(ctx, hg_model_load(ctx, path, &m));
    CHECK_INT(m->trained.history_count, EPOCHS);
    CHECK(test_alloc_count() - before < 1000); /* not one for each epoch */
    hg_model_free(&m);
    free(h);
}

/* ---- cut, and out of memory ------------------------------------------------------ */

TEST(a_file_cut_anywhere_is_refused)
{
    hg_ctx *ctx = test_ctx();
    char good[TEST_PATH], path[TEST_PATH];
    size_t n;
    hg_model *m;
    write_usual(ctx, good);
    char *bytes = test_read(good, &n);
    for (size_t cut = 0; cut < n; cut += cut < 64 ? 1 : 13) {
        test_where("%zu of %zu bytes", cut, n);
        test_write(path, "cut.safetensors", bytes, cut);
        CHECK_FAILS(ctx, hg_model_load(ctx, path, &m), HG_EFORMAT, path);
    }
    test_write(path, "cut.safetensors", bytes, n - 1);
    CHECK_FAILS(ctx, hg_model_load(ctx, path, &m), HG_EFORMAT, path);
    free(bytes);
}

/* jansson has an allocator of its own; here it fails, too, at the n-th call. */
static int64_t json_left = -1, json_live;
static bool json_failed;

static void *json_malloc(size_t n)
{
    if (json_left == 0) json_failed = true;
    if (json_left >= 0 && json_left-- == 0) return NULL;
    json_live++;
    return malloc(n);
}

static void json_release(void *p)
{
    if (p != NULL) json_live--;
    free(p);
}

typedef enum what { SAVE, LOAD } what;

static hg_status attempt(hg_ctx *ctx, what w, const hg_model *m, const char *path)
{
    hg_model *back = NULL;
    if (w == SAVE) return hg_model_save(ctx, m, path);
    hg_status status = hg_model_load(ctx, path, &back);
    CHECK((back != NULL) == (status == HG_OK));
    if (back != NULL) CHECK_STR(back->text, m->text);
    hg_model_free(&back);
    return status;
}

/* Fail the library's n-th allocation (json false) or jansson's, n = 0, 1, ... until neither
 * is reached.  jansson tells some of its failures as a syntax error, and does without some
 * blocks; then the result has to be right. */
static void check_out_of_memory(hg_ctx *ctx, what w, bool json, const hg_model *m,
                                const char *good)
{
    bool reached = true;
    int64_t n = 0, held = test_alloc_bytes();
    char path[TEST_PATH];
    test_path(path, "saved.safetensors");
    for (; reached && n < 5000; n++) {
        test_where("%s, %s allocation %d", w == SAVE ? "save" : "load",
                   json ? "jansson's" : "our", (int)n);
        json_failed = false;
        if (json)
            json_left = n;
        else
            test_fail_alloc(n);
        hg_status status = attempt(ctx, w, m, w == SAVE ? path : good);
        reached = json ? json_failed : test_alloc_failed();
        json_left = -1;
        test_fail_alloc(-1);
        if (!json || !reached) CHECK_INT(status, reached ? HG_ENOMEM : HG_OK);
        CHECK(status == HG_OK || status == HG_ENOMEM ||
              (w == LOAD && status == HG_EFORMAT));
        if (w == SAVE && status == HG_OK) check_same_bytes(path, good);
        CHECK_INT(json_live, 0);
        CHECK_INT(test_alloc_bytes(), held);
    }
    CHECK(n > 10 && n < 5000);
}

TEST(every_failing_allocation_of_load_and_save_is_reported)
{
    hg_ctx *ctx = test_ctx();
    char path[TEST_PATH];
    hg_model *m;
    json_set_alloc_funcs(json_malloc, json_release);
    write_usual(ctx, path);
    CHECK_OK(ctx, hg_model_load(ctx, path, &m));
    for (int json = 0; json < 2; json++) {
        check_out_of_memory(ctx, LOAD, json != 0, m, path);
        check_out_of_memory(ctx, SAVE, json != 0, m, path);
    }
    hg_model_free(&m);
}

/* ---- saving ---------------------------------------------------------------------- */

TEST(what_cannot_be_saved_is_an_error_with_its_reason)
{
    hg_ctx *ctx = test_ctx();
    hg_model *m = make_model(ctx, &usual);
    char path[TEST_PATH + 20], folder[TEST_PATH];
    char latin[] = "caf\xe9", plain[] = "b";
    char *columns[6] = {latin, plain, plain, plain, plain, plain};
    test_path(folder, "none");
    snprintf(path, sizeof path, "%s/m.safetensors", folder);
    CHECK_FAILS(ctx, hg_model_save(ctx, m, path), HG_EIO, "No such file");
    CHECK_FAILS(ctx, hg_model_save(ctx, NULL, path), HG_EINVAL, "model");
    CHECK_FAILS(ctx, hg_model_save(ctx, m, NULL), HG_EINVAL, "path");
    /* A column's name that is no UTF-8 (an old CSV file) is no reason to lose a model. */
    test_path(folder, "latin.safetensors");
    CHECK_OK(ctx, hgi_model_set_columns(ctx, m, columns));
    CHECK_OK(ctx, hg_model_save(ctx, m, folder));
    hg_model_free(&m);
}
