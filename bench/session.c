// SPDX-License-Identifier: MIT
/* How long the library takes to score one row: its mean squared error against its
 * reconstruction, by a session made once.
 *
 *     session MODEL [WEIGHTS [THREADS]]      {"p50_us":1.93,"p99_us":2.61,"off":0.0002}
 *
 * Median and 99th percentile of a call in microseconds; by how much of itself the score is
 * off from that of f32 weights.  Weights f32, bf16 or int8 [f32], threads [1].         */
#include <hourglass.h>
#include <math.h>
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

int main(int argc, char **argv)
{
    static double times[CALLS];
    if (argc < 2 || argc > 4)
        return fputs("usage: session MODEL [WEIGHTS [THREADS]]\n", stderr), 2;
    hg_ctx *ctx = NULL;
    hg_model *model;
    hg_session *session, *plain;
    hg_session_options options = {.size = sizeof(options)};
    if (argc > 2) options.weights = argv[2];
    if (argc > 3) options.threads = atoi(argv[3]);
    hg_model_info info = {.size = sizeof(info)};
    TRY(hg_ctx_new(NULL, &ctx));
    TRY(hg_model_load(ctx, argv[1], &model));
    TRY(hg_model_get_info(ctx, model, &info));
    TRY(hg_session_new(ctx, model, &options, &session));
    TRY(hg_session_new(ctx, model, NULL, &plain));
    float *x = malloc(sizeof(float) * (size_t)info.inputs);
    if (x == NULL) return fputs("session: out of memory\n", stderr), EXIT_FAILURE;
    for (int64_t j = 0; j < info.inputs; j++) x[j] = (float)(j % 7) / 7.0f;
    double score = 0, want = 0;
    TRY(hg_session_error(plain, x, 1, &want));
    for (int i = -CALLS / 4; i < CALLS; i++) { /* the first quarter warms up */
        double began = now();
        hg_status status = hg_session_error(session, x, 1, &score);
        double took = now() - began;
        if (status != HG_OK) {
            fprintf(stderr, "session: %s\n", hg_session_message(session));
            return EXIT_FAILURE;
        }
        if (i >= 0) times[i] = 1e6 * took;
    }
    qsort(times, CALLS, sizeof(times[0]), compare);
    printf("{\"p50_us\":%.3f,\"p99_us\":%.3f,\"off\":%.2g}\n", times[CALLS / 2],
           times[CALLS / 100 * 99], fabs(score - want) / want);
    free(x);
    hg_session_free(&session);
    hg_session_free(&plain);
    hg_model_free(&model);
    hg_ctx_free(&ctx);
    return EXIT_SUCCESS;
}
