// SPDX-License-Identifier: MIT
/* Any bytes as lines that a stream brings, for a model of numbers, of a table, or of a
 * series with times and groups: each line is a row of values that the kind can have, or a
 * message of one line; and reading on never fails for good, but behind a header that does
 * not fit.  The first byte of an input chooses the model and the options.              */
#include "data/schema.h"
#include "model/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MODELS = 3, WINDOW = 3 };

/* The text of the files that models are trained on; the third is a series. */
static const char *const texts[MODELS] = {
    "a,b\n1,2\n2,3\n3,5\n4,4\n5,6\n6,7\n7,8\n8,9\n9,1\n1,1\n",
    ("size,colour,day\n1,red,2024-03-01\n2,blue,2024-03-02\n,red,2024-03-05\n"
     "3,red,\n4,blue,2024-03-09\n5,red,2024-03-11\n6,blue,2024-03-12\n"),
    "up,down\n1,2\n2,3\n3,5\n4,4\n5,6\n6,7\n7,8\n8,9\n9,1\n1,1\n2,2\n3,3\n",
};

static hg_dataset *read_text(hg_ctx *ctx, const char *text)
{
    const hg_data_options o = {.size = sizeof o};
    hg_dataset *d;
    hgi_source *s;
    if (hgi_source_from_memory(ctx, "train", text, strlen(text), &s) != HG_OK ||
        hgi_dataset_from_source(ctx, s, &o, &d) != HG_OK)
        abort();
    hgi_source_close(&s);
    return d;
}

static hg_model *make_model(hg_ctx *ctx, int which)
{
    hg_dataset *d = read_text(ctx, texts[which]), *w = NULL;
    hg_config *cfg;
    hg_model *m;
    double time[12];
    for (int i = 0; i < 12; i++) time[i] = 60.0 * i;
    const hg_window_options windows = {.size = sizeof windows,
                                       .window = WINDOW,
                                       .stride = 1,
                                       .time = time,
                                       .time_name = "t",
                                       .group_name = "g"};
    if (which == 2 && hg_dataset_windows(ctx, d, &windows, &w) != HG_OK) abort();
    if (hg_config_new(ctx, &cfg) != HG_OK || hg_config_set(cfg, "code", "1") != HG_OK ||
        hg_config_set(cfg, "epochs", "1") != HG_OK ||
        hg_train_dry_run(ctx, cfg, w != NULL ? w : d, NULL, &m) != HG_OK)
        abort();
    hg_config_free(&cfg);
    hg_dataset_free(&w);
    hg_dataset_free(&d);
    return m;
}

static void check_row(const hg_model *m, const float *x, int64_t n)
{
    const hg_schema *s = m->scaler.schema;
    for (int64_t i = 0; i < n; i++) {
        if (isinf(x[i]) || (isnan(x[i]) && s == NULL)) abort();
        if (s == NULL || isnan(x[i]) || s->column[i].kind != HGI_CATEGORY) continue;
        if (x[i] < 0 || x[i] > (float)s->column[i].words) abort();
    }
}

static void check_info(const hg_lines *l, int64_t lines, bool failed)
{
    hg_lines_info info = {.size = sizeof info};
    if (hg_lines_get_info(l, &info) != HG_OK || info.lines != lines) abort();
    if (info.rows + info.bad > lines || strchr(info.note, '\n') != NULL) abort();
    const char *message = hg_lines_message(l);
    if (failed && (*message == '\0' || strchr(message, '\n') != NULL)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const hg_ctx_options one = {.size = sizeof one, .threads = 1};
    const int choice = size > 0 ? data[0] : 0;
    hg_data_options o = {.size = sizeof o};
    /* Models are made once: they take longer than all lines of an input. */
    static hg_ctx *ctx;
    static hg_model *models[MODELS];
    hg_lines *l;
    int64_t lines = 0;
    if (size == 0) return 0;
    if (ctx == NULL && hg_ctx_new(&one, &ctx) != HG_OK) abort();
    if (models[choice % MODELS] == NULL)
        models[choice % MODELS] = make_model(ctx, choice % MODELS);
    const hg_model *m = models[choice % MODELS];
    o.header = (choice & 4) != 0 ? 1 : (choice & 8) != 0 ? -1 : 0;
    o.ignore_extra = (choice & 16) != 0;
    o.decimal = (choice & 32) != 0 ? ',' : '\0';
    o.delimiter = (choice & 32) != 0 ? ';' : '\0';
    o.rename = (choice & 64) != 0 ? "x=a" : NULL;
    o.drop = (choice & 128) != 0 ? "extra" : NULL;
    if (hg_lines_new(ctx, m, &o, "pipe", &l) != HG_OK) abort();
    const int64_t n = hgi_model_raw(m);
    float *x = malloc((size_t)n * sizeof *x);
    for (size_t at = 1; at < size; lines++) {
        const uint8_t *end = memchr(data + at, '\n', size - at);
        const size_t length = end != NULL ? (size_t)(end - data) + 1 - at : size - at;
        int row;
        /* Of its own size, so that a sanitizer sees one byte too far. */
        char *text = malloc(length);
        memcpy(text, data + at, length);
        hg_status status = hg_lines_read(l, text, length, x, &row);
        free(text);
        if (status == HG_OK && row > 0) check_row(m, x, n);
        if (row < -1 || row > 1 || (status != HG_OK && row != 0)) abort();
        check_info(l, lines + 1, status != HG_OK);
        at += length;
    }
    free(x);
    hg_lines_free(&l);
    return 0;
}
