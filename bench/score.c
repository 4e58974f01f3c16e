// SPDX-License-Identifier: MIT
/* How fast the library scores rows that are in memory: a score is a row's mean squared
 * error against its reconstruction.
 *
 *     score MODEL DATA THREADS        a line of JSON a run: {"rows_per_second":17500000}
 *
 * Several block sizes are tried and the runs of the fastest are printed, as the peers do:
 * small blocks stay in cache, large ones wake the threads less often.                  */
#include <hourglass.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 8 };

#define TRY(call)                                                                        \
    do {                                                                                 \
        if ((call) != HG_OK) {                                                           \
            fprintf(stderr, "score: %s\n", ctx ? hg_message(ctx) : "no context");        \
            exit(EXIT_FAILURE);                                                          \
        }                                                                                \
    } while (0)

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* x, y [n, width], score [n]. */
static void errors(const float *x, const float *y, int64_t n, int64_t width, float *score)
{
    for (int64_t r = 0; r < n; r++) {
        float sum = 0.0f;
        for (int64_t j = 0; j < width; j++) {
            float e = y[r * width + j] - x[r * width + j];
            sum += e * e;
        }
        score[r] = sum / (float)width;
    }
}

typedef struct work {
    const hg_model *model;
    const float *x; /* [n, width] */
    float *y;       /* [block, width] */
    float *score;   /* [n] */
    int64_t n, width;
} work;

/* Seconds of scoring all rows. */
static double run(hg_ctx *ctx, const work *w, int64_t block)
{
    double began = now();
    for (int64_t at = 0; at < w->n; at += block) {
        int64_t rows = w->n - at < block ? w->n - at : block;
        const float *x = w->x + at * w->width;
        TRY(hg_reconstruct(ctx, w->model, x, rows, w->y));
        errors(x, w->y, rows, w->width, w->score + at);
    }
    return now() - began;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static const int64_t blocks[] = {1000000, 65536, 16384, 4096, 1024};
    if (argc != 4) return fputs("usage: score MODEL DATA THREADS\n", stderr), 2;
    hg_ctx *ctx = NULL;
    hg_dataset *data;
    hg_model *model;
    hg_ctx_options options = {.size = sizeof(options), .threads = atoi(argv[3])};
    TRY(hg_ctx_new(&options, &ctx));
    TRY(hg_model_load(ctx, argv[1], &model));
    TRY(hg_dataset_open(ctx, argv[2], NULL, &data));
    int64_t n = hg_dataset_rows(data), width = hg_dataset_features(data);
    float *x = malloc(sizeof(float) * (size_t)(n * width));
    work w = {model,
              x,
              malloc(sizeof(float) * (size_t)(n * width)),
              malloc(sizeof(float) * (size_t)n),
              n,
              width};
    if (x == NULL || w.y == NULL || w.score == NULL)
        return fputs("score: out of memory\n", stderr), EXIT_FAILURE;
    TRY(hg_dataset_read(ctx, data, 0, n, x));
    hg_dataset_free(&data);

    double best[RUNS] = {0};
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        double rates[RUNS];
        run(ctx, &w, blocks[i]); /* warms up */
        for (int k = 0; k < RUNS; k++) rates[k] = (double)n / run(ctx, &w, blocks[i]);
        qsort(rates, RUNS, sizeof(rates[0]), compare);
        if (rates[RUNS / 2] > best[RUNS / 2]) memcpy(best, rates, sizeof(best));
    }
    for (int k = 0; k < RUNS; k++) printf("{\"rows_per_second\":%.0f}\n", best[k]);

    free(x);
    free(w.y);
    free(w.score);
    hg_model_free(&model);
    hg_ctx_free(&ctx);
    return EXIT_SUCCESS;
}
