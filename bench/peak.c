// SPDX-License-Identifier: MIT
/* How fast this machine multiplies and adds in float32: the floor that benches divide by.
 *
 *     peak [THREADS]       prints one line of JSON: {"threads":2,"gflops":447.0}
 *
 * Each thread runs chains of fused multiply-adds in registers, enough of them to hide the
 * latency; the best of several rounds counts, because what slows a round down (another
 * program, a low clock) is not the machine.  The loop is built for each instruction set
 * from one text, and the best that this CPU has runs.  It is compiled with
 * -ffp-contract=fast, unlike the library: a * b + c must become one instruction.       */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { CHAINS = 12, ROUNDS = 40, LENGTH = 1000000, MAX_THREADS = 256 };

typedef float (*peak_loop)(long length);

/* The chains converge to 1, so that they stay normal numbers for ever. */
#define PEAK_LOOP(name, lanes, target)                                                   \
    target static float name(long length)                                                \
    {                                                                                    \
        typedef float vec __attribute__((vector_size(4 * (lanes))));                     \
        vec c[CHAINS], shrink = (vec){0} + 0.999f, add = (vec){0} + 0.001f;              \
        for (int i = 0; i < CHAINS; i++) c[i] = (vec){0} + (float)i;                     \
        for (long n = 0; n < length; n++)                                                \
            _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) c[i] =             \
                c[i] * shrink + add;                                                     \
        float sum = 0.0f;                                                                \
        for (int i = 0; i < CHAINS; i++) sum += c[i][0];                                 \
        return sum;                                                                      \
    }

#ifdef __x86_64__
PEAK_LOOP(loop_avx512, 16, __attribute__((target("avx512f,fma"))))
PEAK_LOOP(loop_avx2, 8, __attribute__((target("avx2,fma"))))
#endif
PEAK_LOOP(loop_plain, 4, )

static peak_loop pick(int *lanes)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f")) return *lanes = 16, loop_avx512;
    if (__builtin_cpu_supports("avx2")) return *lanes = 8, loop_avx2;
#endif
    return *lanes = 4, loop_plain;
}

typedef struct peak_worker {
    pthread_t thread;
    peak_loop loop;
    float sum; /* kept, so that the loop is not dropped as useless */
} peak_worker;

static void *work(void *user)
{
    peak_worker *w = user;
    w->sum = w->loop(LENGTH);
    return NULL;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int argc, char **argv)
{
    long threads = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
    if (argc > 2 || threads < 1 || threads > MAX_THREADS) {
        fputs("usage: peak [THREADS]\n", stderr);
        return 2;
    }
    peak_worker workers[MAX_THREADS];
    int lanes;
    peak_loop loop = pick(&lanes);
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double began = now();
        for (long i = 0; i < threads; i++) {
            workers[i].loop = loop;
            if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) {
                fputs("peak: no thread\n", stderr);
                return EXIT_FAILURE;
            }
        }
        for (long i = 0; i < threads; i++) pthread_join(workers[i].thread, NULL);
        double took = now() - began;
        if (took < best) best = took;
    }
    double flops = 2.0 * lanes * CHAINS * (double)LENGTH * (double)threads;
    printf("{\"threads\":%ld,\"gflops\":%.1f}\n", threads, flops / best * 1e-9);
    return workers[0].sum > 0.0f ? EXIT_SUCCESS : EXIT_FAILURE;
}
