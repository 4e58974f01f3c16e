// SPDX-License-Identifier: MIT
/* How long the library takes to score one row: reconstruct it, mean squared error.
 *
 *     session MODEL THREADS         {"p50_us":1.93,"p99_us":2.61}
 *
 * Median and 99th percentile of a call in microseconds, of the faster of one thread and
 * THREADS, as the peers do.                                                            */
#include <hourglass.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CALLS = 20000 };

#define TRY(call)                                                                        \
    do {                                                                                 \
        if ((call) != HG_OK) {                                                           \
            fprintf(stderr, "session: %s\n", ctx ? hg_message(ctx) : "no context");      \
            exit(EXIT_FAILURE);                                                          \
        }                                                                                \
    } while (0)

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Fill times [CALLS] with sorted microseconds. */
static void measure(const char *path, int threads, double *times)
{
    hg_ctx *ctx = NULL;
    hg_model *model;
    hg_ctx_options options = {.size = sizeof(options), .threads = threads};
    hg_model_info info = {.size = sizeof(info)};
    TRY(hg_ctx_new(&options, &ctx));
    TRY(hg_model_load(ctx, path, &model));
    TRY(hg_model_get_info(ctx, model, &info));
    float *x = malloc(sizeof(float) * (size_t)info.inputs);
    float *y = malloc(sizeof(float) * (size_t)info.inputs);
    if (x == NULL || y == NULL) exit(EXIT_FAILURE);
    for (int64_t j = 0; j < info.inputs; j++) x[j] = (float)(j % 7) / 7.0f;
    volatile float score = 0.0f; /* read as a number by every call, as a caller would */
    for (int i = -CALLS / 4; i < CALLS; i++) {
        double began = now();
        TRY(hg_reconstruct(ctx, model, x, 1, y));
        float sum = 0.0f;
        for (int64_t j = 0; j < info.inputs; j++) sum += (y[j] - x[j]) * (y[j] - x[j]);
        score = sum / (float)info.inputs;
        if (i >= 0) times[i] = 1e6 * (now() - began);
    }
    (void)score;
    qsort(times, CALLS, sizeof(times[0]), compare);
    free(x);
    free(y);
    hg_model_free(&model);
    hg_ctx_free(&ctx);
}

int main(int argc, char **argv)
{
    static double one[CALLS], many[CALLS];
    if (argc != 3) return fputs("usage: session MODEL THREADS\n", stderr), 2;
    measure(argv[1], 1, one);
    measure(argv[1], atoi(argv[2]), many);
    const double *best = one[CALLS / 2] < many[CALLS / 2] ? one : many;
    printf("{\"p50_us\":%.3f,\"p99_us\":%.3f}\n", best[CALLS / 2],
           best[CALLS / 100 * 99]);
    return EXIT_SUCCESS;
}
