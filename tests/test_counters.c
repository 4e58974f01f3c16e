// SPDX-License-Identifier: MIT
/* Numbers that name or date their rows are told of when a model is trained on them.    */
#include "test.h"

#include "data/blocks.h"

#include <stdlib.h>
#include <string.h>

typedef struct heard {
    int lines;
    char text[4][HG_MESSAGE_MAX];
} heard_lines;

static void hear(void *user, hg_log_level level, const char *line)
{
    heard_lines *h = user;
    if (level != HG_LOG_WARNING) return;
    if (h->lines < 4) snprintf(h->text[h->lines], sizeof h->text[0], "%s", line);
    h->lines++;
}

static void tell(hg_ctx *ctx, heard_lines *h, int rows, const char *head,
                 void (*cell)(int row, char *out))
{
    char path[TEST_PATH], line[256];
    size_t n = (size_t)rows * sizeof line + 256, len;
    char *text = malloc(n);
    hg_dataset *d;
    len = (size_t)snprintf(text, n, "%s\n", head);
    for (int i = 0; i < rows; i++) {
        cell(i, line);
        len += (size_t)snprintf(text + len, n - len, "%s\n", line);
    }
    test_write(path, "rows.csv", text, len);
    free(text);
    CHECK_OK(ctx, hg_dataset_open(ctx, path, NULL, &d));
    h->lines = 0;
    CHECK_OK(ctx, hgi_tell_counters(ctx, d));
    hg_dataset_free(&d);
}

static int noise(int i) { return (int)((unsigned)i * 7919U % 997U); }

static void counters(int i, char *out)
{
    sprintf(out, "%d,%lld,%d,%d,%d.5", 100000 + i, 1700000000LL + 3600LL * i,
            20240101 + i / 25 % 12 * 100 + i % 25, noise(i), i);
}

static void others(int i, char *out)
{
    sprintf(out, "%d,%lld,%d,%d,%d", noise(i), 52706401595LL + noise(i) * 1000003LL,
            20240101 + noise(i) * 13, i / 2, 1700000000);
}

static void worded(int i, char *out)
{
    sprintf(out, "%s,%d,%s,%d", i % 3 == 0 ? "red" : "blue", 5000 - i,
            i % 5 == 0 ? "" : "7", noise(i));
}

TEST(counters_numbers_of_rows_and_times_are_told_of_with_what_to_do)
{
    heard_lines h;
    hg_ctx *ctx = test_ctx_with(
        &(hg_ctx_options){.size = sizeof(hg_ctx_options), .log = hear, .log_user = &h});
    tell(ctx, &h, 400, "Konto Nr,epoch,day,x,y", counters);
    CHECK_INT(h.lines, 3);
    CHECK(strstr(h.text[0], "rows.csv: column 1 (\"Konto Nr\") grows from row to row, as "
                            "numbers of rows do: it is taken for a quantity, and later "
                            "rows lie beyond all that training has seen of it; --drop "
                            "'Konto Nr' leaves it out") != NULL);
    CHECK(strstr(h.text[1], "looks like seconds since 1970") != NULL);
    CHECK(strstr(h.text[1], "--date epoch makes a date of it, --drop epoch leaves it "
                            "out") != NULL);
    CHECK(strstr(h.text[2], "(\"day\") looks like days, as 20240301") != NULL);
    /* In a table, and from the newest row to the oldest. */
    tell(ctx, &h, 400, "w,n,gap,x", worded);
    CHECK_INT(h.lines, 1);
    CHECK(strstr(h.text[0], "(\"n\") falls from row to row") != NULL);
}

TEST(counters_quantities_and_few_rows_are_not_told_of)
{
    heard_lines h;
    hg_ctx *ctx = test_ctx_with(
        &(hg_ctx_options){.size = sizeof(hg_ctx_options), .log = hear, .log_user = &h});
    tell(ctx, &h, 400, "a,b,c,d,constant", others);
    CHECK_INT(h.lines, 0);
    tell(ctx, &h, 31, "Konto Nr,epoch,day,x,y", counters);
    CHECK_INT(h.lines, 0);
}

TEST(counters_are_told_of_once_in_a_training_of_several_nets)
{
    heard_lines h = {0};
    hg_ctx *ctx = test_ctx_with(
        &(hg_ctx_options){.size = sizeof(hg_ctx_options), .log = hear, .log_user = &h});
    static const char *const set[][2] = {{"code", "1"},
                                         {"hidden", "2"},
                                         {"epochs", "1"},
                                         {"ensemble", "2"},
                                         {"trim", "0.01"}};
    float *x;
    hg_dataset *d;
    hg_config *cfg;
    hg_model *m;
    CHECK_OK(ctx, hgi_dataset_new(ctx, "rows", "memory", 200, 1, (int64_t[]){3}, &x, &d));
    for (int i = 0; i < 200; i++) {
        x[3 * i] = (float)i;
        x[3 * i + 1] = (float)noise(i);
        x[3 * i + 2] = (float)noise(i + 7) / 3;
    }
    CHECK_OK(ctx, hgi_dataset_check(ctx, d));
    CHECK_OK(ctx, hg_config_new(ctx, &cfg));
    for (int i = 0; i < HGI_COUNT(set); i++)
        CHECK_OK(ctx, hg_config_set(cfg, set[i][0], set[i][1]));
    CHECK_OK(ctx, hg_detector_train(ctx, cfg, d, NULL, NULL, NULL, &m));
    int told = 0;
    for (int i = 0; i < h.lines && i < 4; i++)
        told += strstr(h.text[i], "grows from row to row") != NULL;
    CHECK_INT(told, 1);
    CHECK(strstr(h.text[0], "column 1 grows from row to row") != NULL);
    hg_model_free(&m);
    hg_config_free(&cfg);
    hg_dataset_free(&d);
}
