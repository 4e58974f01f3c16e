// SPDX-License-Identifier: MIT
/* How fast the library scores rows that are in memory: a score is a row's mean squared
 * error against its reconstruction.
 *
 *     score MODEL DATA THREADS        a line of JSON a run: {"rows_per_second":17500000}
 *
 * Each thread has a session of its own and its share of the rows; sessions share the
 * model.  The threads are made anew in each run, inside the time.                      */
#include <hourglass.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 8, MAX_THREADS = 256 };

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

typedef struct share {
    pthread_t thread;
    hg_session *session;
    const float *x; /* [n, width] */
    double *score;  /* [n] */
    int64_t n;
    hg_status status;
} share;

static void *work(void *user)
{
    share *s = user;
    s->status = hg_session_error(s->session, s->x, s->n, s->score);
    return NULL;
}

/* Seconds of scoring all rows; ends the program when a share fails. */
static double run(share *shares, int threads)
{
    double began = now();
    for (int i = 1; i < threads; i++)
        if (pthread_create(&shares[i].thread, NULL, work, &shares[i]) != 0) {
            fputs("score: no thread\n", stderr);
            exit(EXIT_FAILURE);
        }
    work(&shares[0]);
    for (int i = 1; i < threads; i++) pthread_join(shares[i].thread, NULL);
    double took = now() - began;
    for (int i = 0; i < threads; i++)
        if (shares[i].status != HG_OK) {
            fprintf(stderr, "score: %s\n", hg_session_message(shares[i].session));
            exit(EXIT_FAILURE);
        }
    return took;
}

int main(int argc, char **argv)
{
    int threads = argc == 4 ? atoi(argv[3]) : 0;
    if (threads < 1 || threads > MAX_THREADS)
        return fputs("usage: score MODEL DATA THREADS\n", stderr), 2;
    hg_ctx *ctx = NULL;
    hg_dataset *data;
    hg_model *model;
    hg_session_options options = {.size = sizeof(options), .rows = 64};
    share shares[MAX_THREADS] = {0};
    TRY(hg_ctx_new(NULL, &ctx));
    TRY(hg_model_load(ctx, argv[1], &model));
    TRY(hg_dataset_open(ctx, argv[2], NULL, &data));
    int64_t n = hg_dataset_rows(data), width = hg_dataset_features(data);
    float *x = malloc(sizeof(float) * (size_t)(n * width));
    double *score = malloc(sizeof(double) * (size_t)n);
    if (x == NULL || score == NULL)
        return fputs("score: out of memory\n", stderr), EXIT_FAILURE;
    TRY(hg_dataset_read(ctx, data, 0, n, x));
    hg_dataset_free(&data);
    for (int i = 0; i < threads; i++) {
        int64_t first = n * i / threads, end = n * (i + 1) / threads;
        shares[i] =
            (share){.x = x + first * width, .score = score + first, .n = end - first};
        TRY(hg_session_new(ctx, model, &options, &shares[i].session));
    }

    run(shares, threads); /* warms up */
    for (int k = 0; k < RUNS; k++)
        printf("{\"rows_per_second\":%.0f}\n", (double)n / run(shares, threads));

    for (int i = 0; i < threads; i++) hg_session_free(&shares[i].session);
    free(x);
    free(score);
    hg_model_free(&model);
    hg_ctx_free(&ctx);
    return EXIT_SUCCESS;
}
