// SPDX-License-Identifier: MIT
/* Tables as they come from elsewhere: decimal signs, bytes that are no UTF-8, rows that
 * cannot be read, names of rows, copies of cells.  What users see of it is in
 * tests/cli/table_reading.sh.                                                          */
#include "test_models.h"

#include "data/csv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static hg_status read_with(hg_ctx *ctx, const char *text, size_t n,
                           const hg_data_options *options, hg_dataset **out)
{
    hgi_source *s;
    hg_data_options o = {.size = sizeof o};
    if (options != NULL) o = *options;
    CHECK_OK(ctx, hgi_source_from_memory(ctx, "a.csv", text, n, &s));
    hg_status status = hgi_dataset_from_source(ctx, s, &o, out);
    hgi_source_close(&s);
    return status;
}

static hgi_csv_sign sign_of(const char *text, char point)
{
    hgi_csv_field f = {text, text + strlen(text), false};
    return hgi_csv_sign_of(&f, point);
}

TEST(a_text_tells_its_decimal_sign_or_leaves_it_open)
{
    static const struct {
        const char *text;
        hgi_csv_sign with_point;
    } all[] = {{"1.5", HGI_CSV_OWN},        {"1,5", HGI_CSV_OTHER},
               {"1,234", HGI_CSV_EITHER},   {"-1,234", HGI_CSV_EITHER},
               {"0,123", HGI_CSV_OTHER},    {"0.123", HGI_CSV_OWN},
               {"1,234.5", HGI_CSV_OWN},    {"1.234,5", HGI_CSV_OTHER},
               {"1,234,567", HGI_CSV_OWN},  {"1.234.567", HGI_CSV_OTHER},
               {"1234,567", HGI_CSV_OTHER}, {"$1,234", HGI_CSV_EITHER},
               {"12,5 %", HGI_CSV_OTHER},   {"12", HGI_CSV_NEITHER},
               {"1,2,3", HGI_CSV_NEITHER},  {"1.2.2024", HGI_CSV_NEITHER},
               {"", HGI_CSV_NEITHER},       {"a,b", HGI_CSV_NEITHER},
               {"1 234,5", HGI_CSV_OTHER},  {"1'234.5", HGI_CSV_OWN},
               {"1 234", HGI_CSV_NEITHER},  {"(1,5)", HGI_CSV_OTHER},
               {",", HGI_CSV_NEITHER}};
    for (int i = 0; i < HGI_COUNT(all); i++) {
        hgi_csv_sign want = all[i].with_point, turned = want;
        if (want == HGI_CSV_OWN) turned = HGI_CSV_OTHER;
        if (want == HGI_CSV_OTHER) turned = HGI_CSV_OWN;
        test_where("%s", all[i].text);
        CHECK_INT(sign_of(all[i].text, '.'), want);
        CHECK_INT(sign_of(all[i].text, ','), turned);
    }
    test_where(NULL);
}

/* The largest value of the first column, or NaN where the file is refused. */
static double largest(hg_ctx *ctx, const char *text, char decimal)
{
    hg_dataset *d;
    hg_data_options o = {.size = sizeof o, .decimal = decimal};
    float row[8];
    double most = -HUGE_VAL;
    if (read_with(ctx, text, strlen(text), &o, &d) != HG_OK) return (double)NAN;
    for (int64_t r = 0; r < hg_dataset_rows(d); r++) {
        CHECK_OK(ctx, hg_dataset_read(ctx, d, r, 1, row));
        if ((double)row[0] > most) most = (double)row[0];
    }
    hg_dataset_free(&d);
    return most;
}

TEST(digits_are_grouped_only_where_nothing_says_otherwise)
{
    hg_ctx *ctx = test_ctx();
    CHECK_NEAR(largest(ctx, "a;b\n1,234;2.5\n3,534;4\n", 0), 3534, 0);
    CHECK_NEAR(largest(ctx, "a;b\n1,234;2\n3,534;4\n", '.'), 3534, 0);
    CHECK_NEAR(largest(ctx, "a;b\n1,234;2\n1,234,567;4\n", 0), 1234567, 0);
    CHECK_NEAR(largest(ctx, "a;b\n1,234;2\n3,534;4\n", ','), 3.534, 1e-6);
    CHECK_NEAR(largest(ctx, "a,b\n\"1,234\",2\n\"3,534\",4\n", 0), 3534, 0);
    /* Blanks and apostrophes are no decimal signs. */
    CHECK_NEAR(largest(ctx, "a,b\n1 234 567,2\n\"1'234\",3\n", 0), 1234567, 0);
    CHECK_NEAR(largest(ctx,
                       "a,b\n1\xc2\xa0"
                       "234,2\n1\xa0"
                       "235,3\n",
                       0),
               1235, 0);
    CHECK_NEAR(largest(ctx,
                       "a;b\n1\xe2\x80\xaf"
                       "234,5;2\n12;3\n",
                       ','),
               1234.5, 0);
    /* Nothing tells, or both are told. */
    CHECK(isnan(largest(ctx, "a;b\n1,234;2\n3,534;4\n", 0)));
    CHECK(isnan(largest(ctx, "a;b\n1,234;2.5\n3,534;4,5\n", 0)));
    CHECK(isnan(largest(ctx, "a;b\n1,234;2\n3,5;4\n", 0)));
    CHECK(isnan(largest(ctx, "a;b\n1,5;2.5\n3,5;4\n", 0)));
}

TEST(a_file_says_its_delimiter_itself)
{
    hg_ctx *ctx = test_ctx();
    CHECK_NEAR(largest(ctx, "sep=;\na;b\n1;2\n3;4\n", 0), 3, 0);
    CHECK_NEAR(largest(ctx, "\xef\xbb\xbfSEP=,\r\na,b\r\n1,2\r\n3,4\r\n", 0), 3, 0);
    CHECK_NEAR(largest(ctx, "a|b\n1|2\n3|4\n", 0), 3, 0);
    /* Only in a line of its own, and no sign that numbers have. */
    CHECK_NEAR(largest(ctx, "sep=;a;b\n1;2;3\n3;4;5\n", 0), 3, 0);
    hg_dataset *d;
    CHECK_FAILS(ctx, read_with(ctx, "a,b\r1,2\r", 8, NULL, &d), HG_EFORMAT,
                "lines end in CR alone");
}

TEST(bytes_of_windows_1252_become_utf8)
{
    static const unsigned char text[] = "n\xe4me,w\n\x80"
                                        "uro,1\nna\xc3\xafve,2\n\x80uro,2\n";
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    CHECK_OK(ctx, read_with(ctx, (const char *)text, sizeof text - 1, NULL, &d));
    const hg_schema *s = hg_dataset_schema(d);
    CHECK_STR(hg_dataset_column(d, 0), "n\xc3\xa4me");
    CHECK_STR(hg_schema_word(s, 0, 0), "\xe2\x82\xacuro");
    CHECK_STR(hg_schema_word(s, 0, 1), "na\xc3\xafve");
    hg_dataset_free(&d);
    char out[4] = "";
    for (int b = 1; b < 256; b++) {
        size_t n = hgi_utf8_of_1252((unsigned char)b, out);
        out[n] = '\0';
        CHECK_INT(hgi_utf8_length((const unsigned char *)out), n);
    }
}

TEST(zero_bytes_are_refused_with_their_line_wherever_they_are)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    /* Far behind the first buffer. */
    const int64_t lines = 200000;
    char *text = malloc((size_t)lines * 8 + 8);
    size_t n = 0;
    for (int64_t i = 0; i < lines; i++) n += (size_t)sprintf(text + n, "1,2\n");
    text[n - 2] = '\0';
    CHECK_FAILS(ctx, read_with(ctx, text, n, NULL, &d), HG_EFORMAT,
                "a.csv:200000: a zero byte");
    free(text);
    CHECK_FAILS(ctx, read_with(ctx, "\0a\0,\0b\0\n\0001\0,\0002\0\n", 16, NULL, &d),
                HG_EFORMAT, "UTF-16BE");
}

/* A short row takes less text than its values' room is measured by. */
TEST(many_short_rows_are_left_out_by_any_number_of_threads)
{
    hg_dataset *d[2];
    const int64_t rows = 60000;
    char *text = malloc((size_t)rows * 24 + 32);
    size_t n = (size_t)sprintf(text, "a,b,c,d,e,f,g,h\n");
    for (int64_t i = 0; i < rows; i++)
        n += (size_t)sprintf(text + n, i % 7 == 0 ? "%d,1,2,3,4,5,6,7\n" : "x\n",
                             (int)(i % 100));
    for (int k = 0; k < 2; k++) {
        hg_ctx *ctx = context_of(k == 0 ? 1 : 4);
        hg_data_options o = {.size = sizeof o, .skip_bad = 1};
        float row[8];
        CHECK_OK(ctx, read_with(ctx, text, n, &o, &d[k]));
        CHECK_INT(hg_dataset_rows(d[k]), (rows + 6) / 7);
        CHECK_OK(ctx, hg_dataset_read(ctx, d[k], 3, 1, row));
        CHECK_NEAR((double)row[0], 21, 0);
        hg_dataset_free(&d[k]);
    }
    free(text);
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void read_text(const char *path, char *out, size_t room)
{
    FILE *f = fopen(path, "r");
    CHECK(f != NULL);
    out[fread(out, 1, room - 1, f)] = '\0';
    fclose(f);
}

TEST(csv_is_copied_to_csv_as_it_is)
{
    hg_ctx *ctx = test_ctx();
    char in[TEST_PATH], out[TEST_PATH], got[512];
    test_path(in, "in.csv");
    test_path(out, "out.csv");
    write_text(in, "id;a b;day;note\r\n007;1,50;01.03.2024;\"x \"\"y\"\"; z\"\r\n"
                   "008;;NA; p,q \r\n009;1.234,5;?;\"\"\r\n");
    hg_data_options o = {.size = sizeof o, .rename = "a b=a", .decimal = ','};
    int64_t rows;
    CHECK_OK(ctx, hg_convert_file(ctx, in, &o, out, NULL, &rows));
    read_text(out, got, sizeof got);
    CHECK_INT(rows, 3);
    CHECK_STR(got, "id,a,day,note\n007,1.50,01.03.2024,\"x \"\"y\"\"; z\"\n"
                   "008,,NA,\"p,q\"\n009,1234.5,?,\"\"\n");
    o = (hg_data_options){.size = sizeof o, .columns = "day,id", .limit = 2};
    CHECK_OK(ctx, hg_convert_file(ctx, in, &o, out, NULL, &rows));
    read_text(out, got, sizeof got);
    CHECK_STR(got, "day,id\n01.03.2024,007\nNA,008\n");
    /* One empty cell is no blank line. */
    write_text(in, "a\n1\n\"\"\n2\n");
    CHECK_OK(ctx, hg_convert_file(ctx, in, NULL, out, NULL, &rows));
    read_text(out, got, sizeof got);
    CHECK_STR(got, "a\n1\n\"\"\n2\n");
    write_text(in, "a,b\n1,2\n3\n");
    CHECK_FAILS(ctx, hg_convert_file(ctx, in, NULL, out, NULL, &rows), HG_EFORMAT,
                "in.csv:3: 1 column, expected 2");
    bool failed = true;
    write_text(in, "a,b\n1,2\n3,x\n");
    for (int64_t n = 0; failed && n < 100; n++) {
        int64_t held = test_alloc_bytes();
        test_fail_alloc(n);
        hg_status status = hg_convert_file(ctx, in, NULL, out, NULL, &rows);
        failed = test_alloc_failed();
        test_fail_alloc(-1);
        CHECK_INT(status, failed ? HG_ENOMEM : HG_OK);
        CHECK_INT(test_alloc_bytes(), held);
    }
    CHECK(!failed);
}

/* A detector of a table whose file had decimal commas and other names. */
static hg_model *train_table(hg_ctx *ctx)
{
    static const char *const set[][2] = {
        {"code", "1"}, {"hidden", "4"}, {"epochs", "2"}, {"score", "residual"}};
    char text[4096];
    size_t n = (size_t)sprintf(text, "wert;art;tag\n");
    for (int i = 0; i < 60; i++)
        n += (size_t)sprintf(text + n, "%d,5;%s;%02d.03.2024\n", i * 7 % 40,
                             i % 3 ? "rot" : "gelb", 1 + i % 28);
    hg_data_options o = {.size = sizeof o, .decimal = ',', .rename = "wert=v,art=k"};
    hg_dataset *d;
    hg_config *cfg;
    hg_model *m;
    CHECK_OK(ctx, read_with(ctx, text, n, &o, &d));
    CHECK_OK(ctx, hg_config_new(ctx, &cfg));
    for (int i = 0; i < HGI_COUNT(set); i++)
        CHECK_OK(ctx, hg_config_set(cfg, set[i][0], set[i][1]));
    CHECK_OK(ctx, hg_detector_train(ctx, cfg, d, NULL, NULL, NULL, &m));
    hg_dataset_free(&d);
    hg_config_free(&cfg);
    return m;
}

TEST(scores_stand_beside_the_records_that_they_are_of)
{
    hg_ctx *ctx = test_ctx();
    char in[TEST_PATH], out[TEST_PATH], model[TEST_PATH], got[512];
    test_path(in, "in.csv");
    test_path(out, "out.csv");
    test_path(model, "m.safetensors");
    hg_model *first = train_table(ctx), *m;
    CHECK_OK(ctx, hg_model_save(ctx, first, model));
    CHECK_OK(ctx, hg_model_load(ctx, model, &m));
    hg_model_free(&first);
    CHECK_INT(m->decimal, ',');
    CHECK_STR(m->renamed, "wert=v,art=k");
    write_text(in, "nr;wert;art;tag\nx\n\"a;1\";1,5;rot;02.03.2024\n\n"
                   "b;inf;gelb;nie\nc;aus;rot;nie\nd\n");
    int64_t rows, skipped, held = 0;
    hg_rule rule = {sizeof rule, "contamination", 0.5};
    hg_data_options o = {.size = sizeof o, .id = "nr", .skip_bad = 1};
    hg_score_file_options s = {.size = sizeof s, .score = 1, .skipped = &skipped};
    bool failed = true;
    /* With a rule about all rows, and without. */
    for (int k = 0; k < 2; k++) {
        s.rule = k == 0 ? NULL : &rule;
        for (int64_t n = 0; (failed || n == 0) && n < 400; n++) {
            held = test_alloc_bytes();
            test_fail_alloc(n);
            hg_status status = hg_score_file(ctx, m, in, &o, out, &s, &rows, NULL);
            failed = test_alloc_failed();
            test_fail_alloc(-1);
            CHECK_INT(status, failed ? HG_ENOMEM : HG_OK);
            CHECK_INT(test_alloc_bytes(), held);
        }
        CHECK(!failed);
        failed = true;
        CHECK_INT(rows, 2);
        CHECK_INT(skipped, 3);
        read_text(out, got, sizeof got);
        char *number = strstr(got, "\"a;1\",");
        CHECK(strncmp(got, "nr,score\nx,\n\"a;1\",", 18) == 0);
        CHECK(number != NULL && strstr(number, "\nb,\nc,") != NULL);
        CHECK(strcmp(got + strlen(got) - 4, "\nd,\n") == 0);
    }
    /* Names in order of the file, whatever their cells are. */
    o.skip_bad = 0;
    CHECK_FAILS(ctx, hg_score_file(ctx, m, in, &o, out, &s, &rows, NULL), HG_EFORMAT,
                "in.csv:2: 1 column, expected 4");
    o.id = "no";
    CHECK_FAILS(ctx, hg_score_file(ctx, m, in, &o, out, &s, &rows, NULL), HG_EUNKNOWN,
                "among the 4; did you mean 'nr'?");
    hg_model_free(&m);
}

TEST(a_table_is_read_as_its_model_read_its_own)
{
    static const char *const same[] = {
        "wert;art;tag\n3,5;rot;02.03.2024\n", "v,k,tag\n3.5,rot,02.03.2024\n",
        "tag;k;v\n02.03.2024;rot;3,5\n", "v;k;tag\n3.5;rot;02.03.2024\n",
        "wert;k;tag\n3,5;rot;02.03.2024\n"};
    hg_ctx *ctx = test_ctx();
    hg_model *m = train_table(ctx);
    hg_data_options o = {.size = sizeof o, .schema = hg_model_schema(m)};
    hg_dataset *d;
    float row[3];
    for (int i = 0; i < HGI_COUNT(same); i++) {
        test_where("%s", same[i]);
        CHECK_OK(ctx, read_with(ctx, same[i], strlen(same[i]), &o, &d));
        CHECK_OK(ctx, hg_dataset_read(ctx, d, 0, 1, row));
        CHECK_NEAR((double)row[0], 3.5, 0);
        hg_dataset_free(&d);
    }
    test_where(NULL);
    /* Two columns that could be the one: the new name is the one. */
    const char *both = "wert;v;art;tag\n1,5;3,5;rot;02.03.2024\n";
    CHECK_FAILS(ctx, read_with(ctx, both, strlen(both), &o, &d), HG_EMISMATCH,
                "column 'wert' is none of the model's 3");
    /* What is said now comes first. */
    const char *other = "x;k;tag\n3.5;rot;02.03.2024\n";
    o.rename = "x=v";
    o.decimal = '.';
    CHECK_OK(ctx, read_with(ctx, other, strlen(other), &o, &d));
    hg_dataset_free(&d);
    hg_model_free(&m);
}

TEST(names_that_change_places_do)
{
    hg_ctx *ctx = test_ctx();
    hg_dataset *d;
    hg_data_options o = {.size = sizeof o, .rename = "a=b,b=a"};
    CHECK_OK(ctx, read_with(ctx, "a,b\n1,2\n3,4\n", 12, &o, &d));
    CHECK_STR(hg_dataset_column(d, 0), "b");
    CHECK_STR(hg_dataset_column(d, 1), "a");
    hg_dataset_free(&d);
}
