// SPDX-License-Identifier: MIT
/* The language of lines: what is understood, what is refused and how it is said.       */
#include "model/line.h"
#include "test.h"

static const char *const acts[] = {"linear", "relu", "leaky", "sigmoid", NULL};
static const char *const modes[] = {"same", "valid", NULL};
static const char *const units[] = {"input", "match", NULL};

/* A kind with every type of option, as a layer would declare it. */
static const hgi_opt_decl decl[] = {
    {"units", HGI_OPT_UNITS, true, true, 0, 0, 0, units, "values of a row"},
    {"activation", HGI_OPT_WORD, true, false, 0, 0, 0, acts, "after the sum"},
    {"groups", HGI_OPT_INT, true, false, 1, 64, 1, NULL, "cut in groups"},
    {"l1-weight", HGI_OPT_REAL, false, false, 0, 1, 0, NULL, "penalty"},
    {"padding", HGI_OPT_WORD, false, false, 0, 0, 1, modes, "at the edge"},
    {"tied", HGI_OPT_FLAG, false, false, 0, 0, 0, NULL, "shares weights"},
    {NULL, HGI_OPT_FLAG, false, false, 0, 0, 0, NULL, NULL},
};

static hg_status parse(hg_ctx *ctx, const char *text, hgi_line *l)
{
    return hgi_line_parse(ctx, "encoder line 2", text, decl, l);
}

/* Parse and print; the caller compares. */
static void canonical(hg_ctx *ctx, const char *text, int64_t inputs, char out[200])
{
    hgi_line l;
    hgi_text t;
    hgi_text_init(&t, &ctx->mem);
    CHECK_OK(ctx, parse(ctx, text, &l));
    CHECK_OK(ctx, hgi_line_print(&l, inputs, &t));
    snprintf(out, 200, "%s", t.s);
    hgi_text_free(&t);
}

TEST(a_line_is_read_by_position_by_key_and_by_word)
{
    hgi_line l;
    hg_ctx *ctx = test_ctx();
    CHECK_OK(ctx, parse(ctx, "  dense\t32 relu 4 l1_weight=1e-4 tied ", &l));
    CHECK_STR(l.kind, "dense");
    CHECK_NEAR(hgi_line_get(&l, "units"), 32, 0);
    CHECK_NEAR(hgi_line_get(&l, "activation"), 1, 0);
    CHECK_NEAR(hgi_line_get(&l, "groups"), 4, 0);
    CHECK_NEAR(hgi_line_get(&l, "l1-weight"), 1e-4, 0);
    CHECK_NEAR(hgi_line_get(&l, "tied"), 1, 0);
    CHECK(!hgi_line_given(&l, "padding"));
    /* What was not given has its default. */
    CHECK_NEAR(hgi_line_get(&l, "padding"), 1, 0);
}

TEST(a_word_is_recognised_wherever_it_stands)
{
    char text[200];
    hg_ctx *ctx = test_ctx();
    canonical(ctx, "dense relu 32", 0, text);
    CHECK_STR(text, "dense 32 relu");
    canonical(ctx, "dense activation=sigmoid units=7", 0, text);
    CHECK_STR(text, "dense 7 sigmoid");
}

TEST(a_line_is_printed_in_one_form_with_what_was_given)
{
    char text[200];
    hg_ctx *ctx = test_ctx();
    canonical(ctx, "dense tied padding=same 32 l1-weight=0.0001 groups=2", 0, text);
    CHECK_STR(text, "dense 32 2 l1-weight=0.0001 padding=same tied");
    canonical(ctx, "dense +032 tied=false", 0, text);
    CHECK_STR(text, "dense 32");
}

TEST(a_printed_line_reads_back_as_itself)
{
    static const char *const lines[] = {"dense 1", "dense input relu",
                                        "dense 9 leaky 3 tied",
                                        "dense 5 l1-weight=0.30000000000000004"};
    char once[200], twice[200];
    hg_ctx *ctx = test_ctx();
    for (int i = 0; i < HGI_COUNT(lines); i++) {
        canonical(ctx, lines[i], 0, once);
        canonical(ctx, once, 0, twice);
        CHECK_STR(once, lines[i]);
        CHECK_STR(twice, lines[i]);
    }
}

TEST(input_stands_for_the_width_of_a_row)
{
    char text[200];
    hgi_line l;
    hg_ctx *ctx = test_ctx();
    CHECK_OK(ctx, parse(ctx, "dense input sigmoid", &l));
    CHECK_NEAR(hgi_line_get(&l, "units"), HGI_LINE_INPUT, 0);
    canonical(ctx, "dense sigmoid input", 784, text);
    CHECK_STR(text, "dense 784 sigmoid");
    canonical(ctx, "dense units=input", 0, text);
    CHECK_STR(text, "dense input");
}

TEST(a_positional_number_behind_a_missing_one_is_printed_with_its_key)
{
    static const hgi_opt_decl two[] = {
        {"alpha", HGI_OPT_REAL, true, false, 0, 1, 0.5, NULL, ""},
        {"beta", HGI_OPT_REAL, true, false, 0, 1, 0.5, NULL, ""},
        {NULL, HGI_OPT_FLAG, false, false, 0, 0, 0, NULL, NULL},
    };
    hgi_line l;
    hgi_text t;
    hg_ctx *ctx = test_ctx();
    hgi_text_init(&t, &ctx->mem);
    CHECK_OK(ctx, hgi_line_parse(ctx, "code", "mix beta=0.25", two, &l));
    CHECK_OK(ctx, hgi_line_print(&l, 0, &t));
    CHECK_STR(t.s, "mix beta=0.25");
    hgi_text_free(&t);
}

TEST(sizes_are_whole_numbers_with_an_x_between)
{
    static const hgi_opt_decl sized[] = {
        {"filters", HGI_OPT_INT, true, true, 1, 64, 1, NULL, NULL},
        {"kernel", HGI_OPT_SIZE, true, false, 1, 99, 3, NULL, NULL},
        {"stride", HGI_OPT_SIZE, false, false, 1, 9, 1, NULL, NULL},
        {NULL, HGI_OPT_FLAG, false, false, 0, 0, 0, NULL, NULL},
    };
    hgi_line l;
    hg_ctx *ctx = test_ctx();
    CHECK_OK(ctx, hgi_line_parse(ctx, "here", "conv 8 5x3x7 stride=2", sized, &l));
    CHECK_INT((int)l.value[1], 3);
    CHECK_INT(l.size[1][0], 5);
    CHECK_INT(l.size[1][1], 3);
    CHECK_INT(l.size[1][2], 7);
    CHECK_INT((int)l.value[2], 1);
    CHECK_INT(l.size[2][0], 2);
    hgi_text t;
    hgi_text_init(&t, &ctx->mem);
    CHECK_OK(ctx, hgi_line_print(&l, 0, &t));
    CHECK_STR(t.s, "conv 8 5x3x7 stride=2");
    hgi_text_free(&t);
    CHECK_OK(ctx, hgi_line_parse(ctx, "here", "conv 8", sized, &l));
    CHECK_INT(l.size[1][0], 3);
    static const char *const bad[] = {"conv 8 3x", "conv 8 3x3x3x3", "conv 8 0x3",
                                      "conv 8 3x100", "conv 8 x3"};
    for (int i = 0; i < HGI_COUNT(bad); i++)
        CHECK(hgi_line_parse(ctx, "here", bad[i], sized, &l) != HG_OK);
}

TEST(a_choice_is_a_word_or_a_whole_number)
{
    static const char *const words[] = {"same", "valid", NULL};
    static const hgi_opt_decl choice[] = {
        {"padding", HGI_OPT_CHOICE, false, false, 0, 9, -1, words, NULL},
        {NULL, HGI_OPT_FLAG, false, false, 0, 0, 0, NULL, NULL},
    };
    static const struct {
        const char *text;
        int value;
    } good[] = {{"pool", -1},
                {"pool padding=same", -1},
                {"pool padding=valid", -2},
                {"pool padding=0", 0},
                {"pool padding=9", 9}};
    hg_ctx *ctx = test_ctx();
    hgi_line l;
    for (int i = 0; i < HGI_COUNT(good); i++) {
        CHECK_OK(ctx, hgi_line_parse(ctx, "here", good[i].text, choice, &l));
        CHECK_INT((int)l.value[0], good[i].value);
        hgi_text t;
        hgi_text_init(&t, &ctx->mem);
        CHECK_OK(ctx, hgi_line_print(&l, 0, &t));
        CHECK_STR(t.s, good[i].text);
        hgi_text_free(&t);
    }
    CHECK_FAILS(ctx, hgi_line_parse(ctx, "here", "pool padding=10", choice, &l),
                HG_ERANGE, "padding is 10, expected 0 to 9");
    CHECK_FAILS(ctx, hgi_line_parse(ctx, "here", "pool padding=smae", choice, &l),
                HG_EUNKNOWN, "did you mean 'same'?");
}

TEST(an_unknown_word_in_a_line_names_the_nearest)
{
    hgi_line l;
    hg_ctx *ctx = test_ctx();
    CHECK_FAILS(ctx, parse(ctx, "dense 32 rleu", &l), HG_EUNKNOWN,
                "did you mean 'relu'?");
    CHECK_FAILS(ctx, parse(ctx, "dense 32 rleu", &l), HG_EUNKNOWN,
                "encoder line 2 (dense)");
    CHECK_FAILS(ctx, parse(ctx, "dense 32 group=2", &l), HG_EUNKNOWN, "'groups'?");
    CHECK_FAILS(ctx, parse(ctx, "dense 32 teid", &l), HG_EUNKNOWN, "'tied'?");
    CHECK_FAILS(ctx, parse(ctx, "dense 32 padding=smae", &l), HG_EUNKNOWN, "'same'?");
    CHECK_FAILS(ctx, parse(ctx, "dense 32 =4", &l), HG_EUNKNOWN, "unknown option ''");
}

TEST(numbers_of_a_line_are_read_whole_and_within_their_range)
{
    hgi_line l;
    hg_ctx *ctx = test_ctx();
    CHECK_FAILS(ctx, parse(ctx, "dense 0", &l), HG_ERANGE, "units is 0, expected 1 to");
    CHECK_FAILS(ctx, parse(ctx, "dense -3", &l), HG_ERANGE, "units is -3");
    CHECK_FAILS(ctx, parse(ctx, "dense 2147483648", &l), HG_ERANGE, "units");
    CHECK_FAILS(ctx, parse(ctx, "dense 3.5", &l), HG_EINVAL, "'3.5', expected a whole");
    CHECK_FAILS(ctx, parse(ctx, "dense 32x", &l), HG_EINVAL, "'32x'");
    CHECK_FAILS(ctx, parse(ctx, "dense 1 groups=65", &l), HG_ERANGE, "expected 1 to 64");
    CHECK_FAILS(ctx, parse(ctx, "dense 1 l1-weight=1e3x", &l), HG_EINVAL, "'1e3x'");
    CHECK_FAILS(ctx, parse(ctx, "dense 1 l1-weight=nan", &l), HG_ERANGE, "nan");
    CHECK_FAILS(ctx, parse(ctx, "dense 1 l1-weight=", &l), HG_EINVAL,
                "expected a number");
    CHECK_FAILS(ctx, parse(ctx, "dense 1 l1-weight=1.01", &l), HG_ERANGE, "0 to 1");
    CHECK_FAILS(ctx, parse(ctx, "dense 1 tied=maybe", &l), HG_EINVAL, "true or false");
}

TEST(what_is_missing_doubled_or_too_much_in_a_line_is_named)
{
    hgi_line l;
    hg_ctx *ctx = test_ctx();
    CHECK_FAILS(ctx, parse(ctx, "", &l), HG_EINVAL, "empty");
    CHECK_FAILS(ctx, parse(ctx, "dense", &l), HG_EINVAL, "units is missing");
    CHECK_FAILS(ctx, parse(ctx, "dense 1 2 3", &l), HG_EINVAL,
                "'3' is one number too many");
    CHECK_FAILS(ctx, parse(ctx, "dense 1 units=2", &l), HG_EINVAL, "given twice");
    CHECK_FAILS(ctx, parse(ctx, "dense 1 relu relu", &l), HG_EINVAL,
                "activation is given");
    CHECK_FAILS(ctx, parse(ctx, "dense 1 tied tied", &l), HG_EINVAL,
                "tied is given twice");
    CHECK_FAILS(ctx, parse(ctx, "dense 1 l1-weight", &l), HG_EINVAL,
                "expected l1-weight=");
}

TEST(a_hostile_word_stays_one_short_line_of_the_message)
{
    hgi_line l;
    char text[2000];
    hg_ctx *ctx = test_ctx();
    memset(text, 'q', sizeof(text));
    memcpy(text, "dense 3 ", 8);
    text[20] = '\001';
    text[sizeof(text) - 1] = '\0';
    CHECK_FAILS(ctx, parse(ctx, text, &l), HG_EUNKNOWN, "qqqq?qqqq");
    CHECK(strlen(hg_message(ctx)) < 400);
    /* A first word longer than a kind can be is cut, not overrun. */
    char kind[32];
    memset(text, 'k', 100);
    hgi_line_kind(text, kind);
    CHECK_INT(strlen(kind), 31);
}

TEST(an_unknown_name_without_a_near_one_lists_a_short_table)
{
    static const char *const names[] = {"dense", "dropout"};
    hg_ctx *ctx = test_ctx();
    CHECK_FAILS(ctx, hgi_unknown(ctx, "layer", "dens", "encoder line 2", names, 2),
                HG_EUNKNOWN,
                "unknown layer 'dens' at encoder line 2; did you mean 'dense'?");
    CHECK_FAILS(ctx, hgi_unknown(ctx, "layer", "zzzzzz", NULL, names, 2), HG_EUNKNOWN,
                "unknown layer 'zzzzzz'; known: dense, dropout");
}
