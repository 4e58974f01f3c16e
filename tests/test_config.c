// SPDX-License-Identifier: MIT
/* Configurations: the option table, values, presets and YAML files.                    */
#include "model/net.h"
#include "test.h"

#include <stdlib.h>

static hg_config *new_config(hg_ctx *ctx)
{
    hg_config *c;
    CHECK_OK(ctx, hg_config_new(ctx, &c));
    return c;
}

TEST(every_option_has_a_help_line_and_a_default_of_its_own_type)
{
    hg_option o;
    hg_ctx *ctx = test_ctx();
    int n = 0;
    for (; hg_config_option(n, &o); n++) {
        test_where("option %s", o.name);
        hg_config *c = new_config(ctx);
        CHECK(strlen(o.help) >= 10 && strlen(o.help) <= 90);
        CHECK(strchr(o.help, '\n') == NULL);
        CHECK(strchr(o.name, '_') == NULL);
        if (o.initial != NULL) CHECK_OK(ctx, hg_config_set(c, o.name, o.initial));
        const hgi_config_decl *d = &hgi_config_decls[n];
        CHECK((o.argument == NULL) == (d->type == HGI_CFG_FLAG));
        /* --help is where a user finds the words. */
        for (int i = 0; d->words != NULL && d->words[i] != NULL; i++)
            CHECK(strstr(o.help, d->words[i]) != NULL);
        hg_config_free(&c);
    }
    test_where(NULL);
    CHECK(n > 40 && n < 96);
    CHECK(!hg_config_option(-1, &o));
}

TEST(every_name_and_alias_leads_to_its_own_option)
{
    int aliases = 0;
    for (int i = 0; hgi_config_decls[i].name != NULL; i++) {
        const hgi_config_decl *d = &hgi_config_decls[i];
        test_where("option %s", d->name);
        CHECK_INT(hgi_config_find(d->name), i);
        if (d->alias == NULL) continue;
        CHECK_INT(hgi_config_find(d->alias), i);
        aliases++;
    }
    test_where(NULL);
    CHECK(aliases >= 4);
}

TEST(options_are_set_and_read_by_type)
{
    int64_t sizes[4];
    hg_ctx *ctx = test_ctx();
    hg_config *c = new_config(ctx);
    CHECK_INT(hgi_config_int(c, "epochs"), 50);
    CHECK_NEAR(hgi_config_real(c, "epsilon"), 1e-7, 0);
    CHECK(!hgi_config_given(c, "epochs"));
    CHECK(!hgi_config_has(c, "lr"));
    CHECK(hg_config_get(c, "lr") == NULL);
    CHECK(hg_config_get(c, "no-such") == NULL);
    CHECK_OK(ctx, hg_config_set(c, "encoder", "dense 32 relu ;\n dropout 0.1;"));
    CHECK_OK(ctx, hg_config_set(c, "epochs", "7"));
    CHECK_OK(ctx, hg_config_set(c, "learning_rate", "1e-2"));
    CHECK_OK(ctx, hg_config_set(c, "latent-dim", "12"));
    CHECK_OK(ctx, hg_config_set(c, "tied", ""));
    CHECK_OK(ctx, hg_config_set(c, "nesterov", "no"));
    CHECK_OK(ctx, hg_config_set(c, "hidden", " 128, 64"));
    CHECK_INT(hgi_config_int(c, "epochs"), 7);
    CHECK(hgi_config_given(c, "epochs"));
    CHECK_NEAR(hgi_config_real(c, "lr"), 0.01, 0);
    CHECK_STR(hg_config_get(c, "code"), "12");
    CHECK(hgi_config_flag(c, "tied"));
    CHECK(!hgi_config_flag(c, "nesterov"));
    CHECK_STR(hg_config_get(c, "encoder"), "dense 32 relu;dropout 0.1");
    CHECK_INT(hgi_config_sizes(c, "hidden", sizes, 4), 2);
    CHECK_INT(sizes[0], 128);
    CHECK_INT(sizes[1], 64);
    CHECK_INT(hgi_config_sizes(c, "hidden", sizes, 0), 2);
    hg_config_free(&c);
    hg_config_free(&c);
}

TEST(a_bad_value_is_refused_with_option_value_and_range)
{
    static const struct {
        const char *name, *value;
        hg_status status;
        const char *part;
    } rows[] = {
        {"batch-size", "abc", HG_EINVAL, "batch-size: 'abc' is not a whole number"},
        {"batch-size", "1e3", HG_EINVAL, "batch-size: '1e3' is not a whole number"},
        {"batch-size", "0", HG_ERANGE, "batch-size: 0, expected 1 <= batch-size"},
        {"batch_size", "64 ", HG_EINVAL, "'64 '"},
        {"lr", "-1", HG_ERANGE, "lr: -1, expected 0 < lr <= 1000"},
        {"lr", "0", HG_ERANGE, "0 < lr"},
        {"lr", "1e3x", HG_EINVAL, "lr: '1e3x' is not a number"},
        {"lr", "nan", HG_ERANGE, "lr: nan"},
        {"lr", "", HG_EINVAL, "lr: empty"},
        {"l1", "inf", HG_ERANGE, "l1: inf, expected l1 >= 0"},
        {"clip", "0", HG_ERANGE, "expected clip > 0"},
        {"dropout", "1", HG_ERANGE, "0 <= dropout < 1"},
        {"seed", "-1", HG_ERANGE, "seed >= 0"},
        {"seed", "9223372036854775808", HG_EINVAL, "seed"},
        {"optimizer", "adma", HG_EUNKNOWN,
         "unknown optimizer 'adma'; did you mean 'adam'?"},
        {"loss", "zzzzzzzz", HG_EUNKNOWN, "known: auto, mse, mae, bce, huber"},
        {"tied", "perhaps", HG_EINVAL, "true or false"},
        {"hidden", "128,,64", HG_EINVAL, "item 2 is empty"},
        {"hidden", "128,0", HG_ERANGE, "hidden: 0"},
        {"hidden", "128 64", HG_EINVAL, "'128 64'"},
        {"encoder", " ;\n; ", HG_EINVAL, "encoder: empty"},
        {"checkpoint", "a\001b", HG_EINVAL, "control character"},
        {"epoch", "3", HG_EUNKNOWN, "unknown option 'epoch'; did you mean 'epochs'?"},
    };
    hg_ctx *ctx = test_ctx();
    hg_config *c = new_config(ctx);
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        test_where("%s=%s", rows[i].name, rows[i].value);
        CHECK_FAILS(ctx, hg_config_set(c, rows[i].name, rows[i].value), rows[i].status,
                    rows[i].part);
        /* A refused value leaves the option as it was. */
        int at = hgi_config_find(rows[i].name);
        if (at >= 0) CHECK(!hgi_config_given(c, hgi_config_decls[at].name));
    }
    hg_config_free(&c);
}

TEST(the_largest_seed_is_kept_exactly)
{
    hg_ctx *ctx = test_ctx();
    hg_config *c = new_config(ctx);
    CHECK_OK(ctx, hg_config_set(c, "seed", "9223372036854775807"));
    CHECK_INT(hgi_config_int(c, "seed"), INT64_MAX);
    hg_config_free(&c);
}

TEST(every_preset_can_be_applied)
{
    hg_ctx *ctx = test_ctx();
    for (int i = 0; hgi_presets[i].name != NULL; i++) {
        test_where("preset %s", hgi_presets[i].name);
        hg_config *c = new_config(ctx);
        CHECK_OK(ctx, hg_config_preset(c, hgi_presets[i].name));
        for (int j = 0; hgi_presets[i].settings[j] != NULL; j += 2)
            CHECK_STR(hg_config_get(c, hgi_presets[i].settings[j]),
                      hgi_presets[i].settings[j + 1]);
        CHECK(hgi_config_given(c, "code") || hgi_config_given(c, "encoder"));
        CHECK_STR(hg_config_get(c, "preset"), hgi_presets[i].name);
        hg_config_free(&c);
    }
}

/* A condition that names no option, or a value it cannot have, would always warn. */
TEST(what_an_option_needs_is_made_of_options_and_their_values)
{
    hg_ctx *ctx = test_ctx();
    hg_config *c = new_config(ctx);
    int64_t terms = 0;
    for (const hgi_config_decl *d = hgi_config_decls; d->name != NULL; d++) {
        char text[200];
        snprintf(text, sizeof text, "%s", d->needs != NULL ? d->needs : "");
        for (char *term = strtok(text, " +"); term != NULL; term = strtok(NULL, " +")) {
            char *value = strchr(term, '=');
            test_where("%s: %s", d->name, term);
            if (value != NULL) *value++ = '\0';
            CHECK(hgi_config_find(term) >= 0);
            if (value != NULL) CHECK_OK(ctx, hg_config_set(c, term, value));
            terms++;
        }
    }
    CHECK(terms > 0);
    hg_config_free(&c);
}

TEST(a_later_preset_replaces_the_structure_and_keeps_the_rest)
{
    hg_ctx *ctx = test_ctx();
    hg_config *c = new_config(ctx);
    CHECK_OK(ctx, hg_config_set(c, "seed", "5"));
    CHECK_OK(ctx, hg_config_preset(c, "keras-sparse"));
    CHECK_OK(ctx, hg_config_set(c, "preset", "stacked"));
    CHECK(!hgi_config_given(c, "encoder"));
    CHECK(!hgi_config_given(c, "l1"));
    CHECK_STR(hg_config_get(c, "hidden"), "128,64");
    CHECK_INT(hgi_config_int(c, "seed"), 5);
    CHECK_FAILS(ctx, hg_config_preset(c, "keras-dens"), HG_EUNKNOWN, "'keras-dense'?");
    CHECK_STR(hg_config_get(c, "preset"), "stacked");
    hg_config_free(&c);
}

/* The same words in any order are the same configuration. */
TEST(a_preset_gives_what_was_not_chosen_wherever_it_stands)
{
    static const char *const words[][2] = {
        {"preset", "keras-sparse"}, {"code", "16"}, {"epochs", "3"}, {"l1", "0.5"}};
    hg_ctx *ctx = test_ctx();
    for (int first = 0; first < 4; first++) {
        hg_config *c = new_config(ctx);
        for (int i = 0; i < 4; i++) {
            const char *const *w = words[(first + i) % 4];
            CHECK_OK(ctx, hg_config_set(c, w[0], w[1]));
        }
        test_where("the preset is word %d", (4 - first) % 4 + 1);
        CHECK_INT(hgi_config_int(c, "code"), 16);
        CHECK_INT(hgi_config_int(c, "epochs"), 3);
        CHECK_NEAR(hgi_config_real(c, "l1"), 0.5, 0);
        CHECK_STR(hg_config_get(c, "loss"), "bce");
        hg_config_free(&c);
    }
}

TEST(lines_chosen_before_a_preset_leave_no_room_for_its_sizes)
{
    hg_ctx *ctx = test_ctx();
    hg_config *c = new_config(ctx);
    CHECK_OK(ctx, hg_config_set(c, "encoder", "dense 7"));
    CHECK_OK(ctx, hg_config_set(c, "decoder", "dense input"));
    CHECK_OK(ctx, hg_config_preset(c, "stacked"));
    CHECK_STR(hg_config_get(c, "encoder"), "dense 7");
    CHECK(hg_config_get(c, "hidden") == NULL);
    CHECK(hg_config_get(c, "code") == NULL);
    CHECK_STR(hg_config_get(c, "loss"), "bce");
    hg_config_free(&c);
}

TEST(a_preset_takes_back_what_another_gave)
{
    hg_ctx *ctx = test_ctx();
    hg_config *c = new_config(ctx), *alone = new_config(ctx);
    hgi_text a, b;
    hgi_text_init(&a, &ctx->mem);
    hgi_text_init(&b, &ctx->mem);
    CHECK_OK(ctx, hg_config_preset(c, "hinton-deep"));
    CHECK_OK(ctx, hg_config_preset(c, "vae"));
    CHECK_OK(ctx, hg_config_preset(alone, "vae"));
    CHECK_OK(ctx, hgi_config_print(c, &a));
    CHECK_OK(ctx, hgi_config_print(alone, &b));
    CHECK_STR(a.s, b.s);
    hgi_text_free(&a);
    hgi_text_free(&b);
    hg_config_free(&alone);
    hg_config_free(&c);
}

TEST(lines_replace_the_sizes_that_came_before)
{
    hg_ctx *ctx = test_ctx();
    hg_config *c = new_config(ctx);
    CHECK_OK(ctx, hg_config_preset(c, "stacked"));
    CHECK_OK(ctx, hg_config_set(c, "code", "16"));
    CHECK_STR(hg_config_get(c, "code"), "16");
    CHECK_STR(hg_config_get(c, "hidden"), "128,64");
    CHECK_OK(ctx, hg_config_set(c, "decoder", "dense input"));
    CHECK(hg_config_get(c, "hidden") == NULL);
    CHECK(hg_config_get(c, "code") == NULL);
    CHECK_STR(hg_config_get(c, "loss"), "bce");
    /* A size behind lines stays: the trainer compares the two. */
    CHECK_OK(ctx, hg_config_set(c, "code", "16"));
    CHECK_STR(hg_config_get(c, "decoder"), "dense input");
    hg_config_free(&c);
}

TEST(a_configuration_prints_what_changes_the_result_and_nothing_else)
{
    hgi_text a, b;
    hg_ctx *ctx = test_ctx();
    hg_config *c = new_config(ctx), *d = new_config(ctx);
    hgi_text_init(&a, &ctx->mem);
    hgi_text_init(&b, &ctx->mem);
    CHECK_OK(ctx, hg_config_set(c, "lr", "1e-3"));
    CHECK_OK(ctx, hg_config_set(c, "epsilon", "0.0000001"));
    CHECK_OK(ctx, hg_config_set(c, "tied", "false"));
    CHECK_OK(ctx, hg_config_set(c, "checkpoint", "folder"));
    CHECK_OK(ctx, hg_config_set(d, "lr", "0.001"));
    CHECK_OK(ctx, hgi_config_print(c, &a));
    CHECK_OK(ctx, hgi_config_print(d, &b));
    CHECK_STR(a.s, b.s);
    CHECK(strstr(a.s, "epochs=50\n") != NULL);
    CHECK(strstr(a.s, "folder") == NULL);
    hgi_text_free(&b);
    hgi_text_init(&b, &ctx->mem);
    CHECK_OK(ctx, hg_config_set(d, "seed", "2"));
    CHECK_OK(ctx, hgi_config_print(d, &b));
    CHECK(strcmp(a.s, b.s) != 0);
    hgi_text_free(&a);
    hgi_text_free(&b);
    hg_config_free(&c);
    hg_config_free(&d);
}

/* ---- YAML ------------------------------------------------------------------------- */

static hg_status load(hg_config *c, const char *text)
{
    return hgi_config_load_text(c, "a.yaml", text, strlen(text));
}

/* Without libyaml there is nothing to test but its error, below. */
static void need_yaml(void)
{
#if !HG_WITH_YAML
    SKIP("built without libyaml");
#endif
}

TEST(a_yaml_file_sets_every_kind_of_option)
{
    need_yaml();
    static const char text[] = "# a comment\n"
                               "input: [28, 28, 1]\n"
                               "scale: unit\n"
                               "encoder:\n"
                               "  - dense 128 relu\n"
                               "  - \"dropout 0.2\"\n"
                               "code: 32\n"
                               "decoder: dense 128 relu; dense input sigmoid\n"
                               "loss: bce\n"
                               "batchnorm: yes\n"
                               "train:\n"
                               "  epochs: 3\n"
                               "  batch_size: 64\n"
                               "  valid-split: 0.1\n";
    char path[TEST_PATH];
    hg_ctx *ctx = test_ctx();
    hg_config *c = new_config(ctx);
    test_write(path, "a.yaml", text, sizeof(text) - 1);
    CHECK_OK(ctx, hg_config_load(c, path));
    CHECK_STR(hg_config_get(c, "shape"), "28x28x1");
    CHECK_STR(hg_config_get(c, "scale"), "unit");
    CHECK_STR(hg_config_get(c, "encoder"), "dense 128 relu;dropout 0.2");
    CHECK_STR(hg_config_get(c, "code"), "32");
    CHECK_STR(hg_config_get(c, "decoder"), "dense 128 relu;dense input sigmoid");
    CHECK_STR(hg_config_get(c, "batchnorm"), "true");
    CHECK_STR(hg_config_get(c, "batch-size"), "64");
    CHECK_STR(hg_config_get(c, "valid-split"), "0.1");
    hg_config_free(&c);
}

TEST(a_code_line_in_yaml_gives_kind_and_size)
{
    need_yaml();
    hg_ctx *ctx = test_ctx();
    hg_config *c = new_config(ctx);
    CHECK_OK(ctx, load(c, "code: plain 32 l1=1e-4\n"));
    CHECK_STR(hg_config_get(c, "code"), "32");
    CHECK_STR(hg_config_get(c, "code-kind"), "plain l1=1e-4");
    CHECK_OK(ctx, load(c, "code: plain\n"));
    /* Kinds that have their size in their line take it from there or from code. */
    CHECK_OK(ctx, load(c, "code: variational 9 beta=2\n"));
    CHECK_STR(hg_config_get(c, "code"), "9");
    CHECK_STR(hg_config_get(c, "code-kind"), "variational beta=2");
    CHECK_OK(ctx, load(c, "code_kind: variational beta=2\ncode: 5\n"));
    CHECK_OK(ctx, load(c, "code_kind: plain\n"));
    CHECK_STR(hg_config_get(c, "code-kind"), "plain");
    CHECK_FAILS(ctx, load(c, "code_kind: plain\ncode: plain 3\n"), HG_EFORMAT, "twice");
    hg_config_free(&c);
}

TEST(a_preset_in_yaml_comes_before_the_files_own_settings)
{
    need_yaml();
    hg_ctx *ctx = test_ctx();
    hg_config *c = new_config(ctx);
    CHECK_OK(ctx, load(c, "epochs: 3\ncode: 9\npreset: stacked\n"));
    CHECK_STR(hg_config_get(c, "epochs"), "3");
    CHECK_STR(hg_config_get(c, "code"), "9");
    CHECK_STR(hg_config_get(c, "hidden"), "128,64");
    hg_config_free(&c);
}

TEST(hostile_yaml_is_refused_with_its_place)
{
    need_yaml();
    static const struct {
        const char *text;
        hg_status status;
        const char *part;
    } rows[] = {
        {"", HG_EFORMAT, "a.yaml: empty, expected a mapping"},
        {"3", HG_EFORMAT, "a.yaml:1:1: expected a mapping, found a value"},
        {"[a]", HG_EFORMAT, "a.yaml:1:1: expected a mapping, found a list"},
        {"epochs: 1e3x\n", HG_EINVAL, "a.yaml:1:9: epochs: '1e3x' is not a whole number"},
        {"loss: mse\n\nlr: 1e3x\n", HG_EINVAL, "a.yaml:3:5: lr: '1e3x' is not a number"},
        {"lr: -1\n", HG_ERANGE, "a.yaml:1:5: lr: -1, expected 0 < lr"},
        {"epoch: 3\n", HG_EUNKNOWN, "'epoch' at a.yaml:1:1; did you mean 'epochs'?"},
        {"train:\n  epoch: 3\n", HG_EUNKNOWN, "at a.yaml:2:3; did you mean 'epochs'?"},
        {"corrupt: gaussian\n", HG_EINVAL,
         "a.yaml:1:10: corrupt: gaussian has no amount"},
        {"corrupt: gausian:0.5\n", HG_EUNKNOWN, "did you mean 'gaussian'?"},
        {"corrupt: mask:1.5\n", HG_ERANGE, "mask: 1.5, expected above 0, at most 1"},
        {"corrupt: mask:0.5x\n", HG_EINVAL, "'0.5x' is not a number"},
        {"corrupt: mask:0.5+\n", HG_EINVAL, "nothing on one side of a '+'"},
        {"redraw: twice\n", HG_EUNKNOWN, "unknown redraw 'twice'"},
        {"lr: 1\nlr: 2\n", HG_EFORMAT, "a.yaml:2:1: duplicate key 'lr', first on line 1"},
        {"lr: 1\nlearning_rate: 2\n", HG_EFORMAT, "duplicate key 'learning_rate'"},
        {"lr: 1\ntrain: {lr: 2}\n", HG_EFORMAT, "a.yaml:2:9: duplicate key 'lr'"},
        {"input: 2\nshape: 2\n", HG_EFORMAT, "duplicate key 'shape'"},
        {"train: {lr: 1}\ntrain: {epochs: 2}\n", HG_EFORMAT, "duplicate key 'train'"},
        {"lr: &a 1\n", HG_EFORMAT, "a.yaml:1:5: anchors"},
        {"&a lr: 1\n", HG_EFORMAT, "anchors"},
        {"lr: *a\n", HG_EFORMAT, "a.yaml:1:5: aliases"},
        {"lr: !!float 1\n", HG_EFORMAT, "a.yaml:1:5: tags"},
        {"!x {lr: 1}\n", HG_EFORMAT, "tags"},
        {"%TAG ! tag:x,2000:\n---\nlr: 1\n", HG_EFORMAT, "%TAG"},
        {"lr: 1\n---\nlr: 2\n", HG_EFORMAT, "a.yaml:2:1: a second document"},
        {"[a]: 1\n", HG_EFORMAT, "expected a name as key, found a list"},
        {"lr: [1]\n", HG_EFORMAT, "a.yaml:1:5: expected a value, found a list"},
        {"lr: {a: 1}\n", HG_EFORMAT, "expected a value, found a mapping"},
        {"encoder: [[dense 3]]\n", HG_EFORMAT,
         "a.yaml:1:11: expected a value in the list"},
        {"encoder: [dense 3; dense 4]\n", HG_EFORMAT, "one item of a list holds several"},
        {"encoder: []\n", HG_EFORMAT, "an empty list"},
        {"code: 4\nencoder:\n  - dense 9 relu\n  - dens 4\n", HG_EUNKNOWN,
         "a.yaml:4:5: unknown layer 'dens' at encoder line 2; did you mean 'dense'?"},
        {"decoder: dense 9; dense 3 unit=2\n", HG_EUNKNOWN,
         "a.yaml:1:10: unknown option 'unit' at decoder line 2 (dense); did you "
         "mean 'units'?"},
        {"encoder: [dense 3, dropout 2]\n", HG_ERANGE, "a.yaml:1:20: encoder line 2"},
        {"\ncode: plan\n", HG_EUNKNOWN,
         "a.yaml:2:7: code: expected a number of values, or a line such as 'plain "
         "l1=1e-4': unknown code 'plan' at code; did you mean 'plain'?"},
        {"code: 32.5\n", HG_EUNKNOWN,
         "a.yaml:1:7: code: expected a number of values, or"},
        {"code: plain 32 l2=1\n", HG_EUNKNOWN, "a.yaml:1:7: code: expected a number"},
        {"code_kind: plan\n", HG_EUNKNOWN, "a.yaml:1:12: unknown code 'plan'"},
        {"encoder: [dense 3, ~]\n", HG_EFORMAT, "empty, expected a value"},
        {"encoder: {a: b}\n", HG_EFORMAT, "expected a list or a value, found a mapping"},
        {"train: 3\n", HG_EFORMAT, "expected a mapping under train, found a value"},
        {"train: {train: {lr: 1}}\n", HG_EUNKNOWN, "unknown option 'train'"},
        {"train: {hidden: 3}\n", HG_EFORMAT, "'hidden' belongs to the top level"},
        {"lr:\n", HG_EFORMAT, "empty, expected a value"},
        {"lr: null\n", HG_EFORMAT, "empty, expected a value"},
        {"lr: \"1\\0\"\n", HG_EFORMAT, "NUL"},
        {"lr: 1\n lr: 2\n", HG_EFORMAT, "a.yaml:2:"},
        {"lr: [1\n", HG_EFORMAT, "a.yaml:"},
        {"lr: \"\xff\"\n", HG_EFORMAT, "a.yaml: byte"},
    };
    hg_ctx *ctx = test_ctx();
    hg_config *c = new_config(ctx);
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        test_where("%s", rows[i].text);
        CHECK_FAILS(ctx, load(c, rows[i].text), rows[i].status, rows[i].part);
        CHECK(!hgi_config_given(c, "lr"));
    }
    hg_config_free(&c);
}

/* What only planning the net finds names the line of the file, too; but not that of a value
 * which was set again since. */
TEST(a_shape_error_names_the_layers_line_in_the_yaml_file)
{
    need_yaml();
    static const struct {
        const char *text;
        hg_status status;
        const char *message;
    } rows[] = {
        {"encoder:\n  - dense 9 relu\n  - maxpool 99\n  - dense 2\ndecoder: [dense "
         "input]\n",
         HG_ESHAPE, "a.yaml:3:5: encoder line 2 (maxpool): a window"},
        {"encoder: [dense 9, dense 2]\ndecoder: [dense 9 relu,\n  dense 5 linear]\n",
         HG_ESHAPE,
         "a.yaml:3:3: decoder line 2 (dense): gives 5 values, but a row has 12"},
        {"encoder: dense 9; dense 2\ndecoder: dense 9 relu; dense 5\n", HG_ESHAPE,
         "a.yaml:2:10: decoder line 2 (dense): gives 5 values"},
        {"encoder: [dense 9]\ncode: plain unit-decoder\n"
         "decoder: [activation relu, dense input]\n",
         HG_EINVAL, "a.yaml:2:7: code: unit-decoder needs a dense layer"},
        {"encoder: [dense 9]\ndecoder: [dense 9 relu, dense input tied]\n", HG_EINVAL,
         "a.yaml:2:25: decoder line 2: 'tied'"},
    };
    hg_ctx *ctx = test_ctx();
    const hgi_shape row = {.rank = 1, .dim = {12}};
    for (int i = 0; i < HGI_COUNT(rows); i++) {
        hg_config *c = new_config(ctx);
        hgi_spec spec;
        hgi_net net;
        test_where("%s", rows[i].text);
        CHECK_OK(ctx, load(c, rows[i].text));
        CHECK_OK(ctx, hgi_spec_from_config(c, &row, "mse", &spec));
        CHECK_FAILS(ctx, hgi_net_plan(ctx, &spec, &net), rows[i].status, rows[i].message);
        CHECK(strncmp(hg_message(ctx), "a.yaml:", 7) == 0);
        hgi_spec_free(&spec);
        CHECK_OK(ctx, hg_config_set(c, "decoder", "dense 7"));
        CHECK_OK(ctx, hg_config_set(c, "encoder", "dense 2"));
        CHECK_OK(ctx, hgi_spec_from_config(c, &row, "mse", &spec));
        CHECK(hgi_net_plan(ctx, &spec, &net) != HG_OK);
        CHECK(strstr(hg_message(ctx), "a.yaml") == NULL || i == 3);
        hgi_spec_free(&spec);
        hg_config_free(&c);
    }
}

TEST(a_yaml_file_is_taken_whole_or_not_at_all)
{
    need_yaml();
    hg_ctx *ctx = test_ctx();
    hg_config *c = new_config(ctx);
    CHECK_OK(ctx, hg_config_set(c, "epochs", "4"));
    CHECK_FAILS(ctx, load(c, "epochs: 9\nbatch_size: 0\n"), HG_ERANGE, "a.yaml:2:13");
    CHECK_INT(hgi_config_int(c, "epochs"), 4);
    hg_config_free(&c);
}

TEST(a_yaml_file_over_one_megabyte_a_folder_and_a_missing_one_are_refused)
{
    need_yaml();
    char path[TEST_PATH];
    size_t n = ((size_t)1 << 20) + 1;
    char *big = malloc(n);
    hg_ctx *ctx = test_ctx();
    hg_config *c = new_config(ctx);
    memset(big, '#', n);
    test_write(path, "big.yaml", big, n);
    free(big);
    CHECK(hg_config_load(c, path) != HG_OK);
    CHECK(strstr(hg_message(ctx), "big.yaml") != NULL);
    test_path(path, "none.yaml");
    CHECK_FAILS(ctx, hg_config_load(c, path), HG_EIO, "none.yaml");
    test_path(path, "");
    CHECK_FAILS(ctx, hg_config_load(c, path), HG_EIO, "");
    hg_config_free(&c);
}

TEST(nesting_deeper_than_a_configuration_has_is_refused_at_once)
{
    need_yaml();
    char text[20001];
    memset(text, '[', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    memcpy(text, "encoder: ", 9);
    hg_ctx *ctx = test_ctx();
    hg_config *c = new_config(ctx);
    CHECK_FAILS(ctx, load(c, text), HG_EFORMAT, "a.yaml:1:");
    hg_config_free(&c);
}

TEST(without_libyaml_the_package_is_named)
{
#if HG_WITH_YAML
    SKIP("built with libyaml");
#endif
    hg_ctx *ctx = test_ctx();
    hg_config *c = new_config(ctx);
    CHECK_FAILS(ctx, load(c, "lr: 1\n"), HG_EUNAVAILABLE, "libyaml-dev");
    hg_config_free(&c);
}

TEST(out_of_memory_at_any_point_leaves_a_configuration_whole)
{
    hg_ctx *ctx = test_ctx();
    for (int64_t n = 0; n < 1000; n++) {
        hg_config *c = NULL;
        test_fail_alloc(n);
        hg_status status = hg_config_new(ctx, &c);
        if (status == HG_OK) status = hg_config_set(c, "hidden", "128, 64");
        if (status == HG_OK) status = hg_config_preset(c, "keras-dense");
#if HG_WITH_YAML
        if (status == HG_OK)
            status = load(c, "code: plain 3\nencoder: [dense 3, dense 4]\nlr: 1e-3\n");
#endif
        bool failed = test_alloc_failed();
        test_fail_alloc(-1);
        if (!failed) {
            CHECK_OK(ctx, status);
            CHECK(n > 10);
            hg_config_free(&c);
            return;
        }
        CHECK_INT(status, HG_ENOMEM);
        hg_config_free(&c);
    }
    CHECK(false && "the calls never ran out of failures");
}
