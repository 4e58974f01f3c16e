// SPDX-License-Identifier: MIT
/* Made-up rows for the benches, the same bytes on every machine, as a NumPy file.
 *
 *     data table ROWS FILE.npy         30 columns, standardised, as of card payments
 *                                      has: tanh(z A) + 0.3 noise of 8 hidden causes
 *     data activations ROWS FILE.npy   768 columns: each row a mixture of 16 out of 2,048
 *                                      directions, as the inside of a language model has
 *
 * Speed does not depend on the values, but a made-up table that could not be learnt would
 * hide a peer that does not train.                                                     */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 30, CAUSES = 8, WIDTH = 768, DIRECTIONS = 2048, MIXED = 16 };

/* splitmix64 (Steele, Lea & Flood 2014): any state is a good one. */
static uint64_t next_bits(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* In [0,1). */
static float uniform(uint64_t *state)
{
    return (float)(next_bits(state) >> 40) * 0x1p-24f;
}

/* Box & Muller 1958; one of the pair is enough here. */
static float normal(uint64_t *state)
{
    float u = 1.0f - uniform(state), v = uniform(state);
    return sqrtf(-2.0f * logf(u)) * cosf(6.2831853f * v);
}

/* x [n, COLUMNS]: mean 0 and variance 1 of each column. */
static void standardise(float *x, int64_t n)
{
    for (int j = 0; j < COLUMNS; j++) {
        double sum = 0.0, squares = 0.0;
        for (int64_t r = 0; r < n; r++) {
            double v = (double)x[r * COLUMNS + j];
            sum += v;
            squares += v * v;
        }
        double mean = sum / (double)n;
        double spread = sqrt(squares / (double)n - mean * mean);
        for (int64_t r = 0; r < n; r++) {
            float *v = &x[r * COLUMNS + j];
            *v = (float)(((double)*v - mean) / spread);
        }
    }
}

static void fill_table(float *x, int64_t n, uint64_t *state)
{
    float mix[CAUSES][COLUMNS], cause[CAUSES];
    for (int i = 0; i < CAUSES; i++)
        for (int j = 0; j < COLUMNS; j++) mix[i][j] = normal(state) / sqrtf(CAUSES);
    for (int64_t r = 0; r < n; r++) {
        for (int i = 0; i < CAUSES; i++) cause[i] = normal(state);
        for (int j = 0; j < COLUMNS; j++) {
            float sum = 0.0f;
            for (int i = 0; i < CAUSES; i++) sum += cause[i] * mix[i][j];
            x[r * COLUMNS + j] = tanhf(sum) + 0.3f * normal(state);
        }
    }
    standardise(x, n);
}

/* False when there is no memory. */
static int fill_activations(float *x, int64_t n, uint64_t *state)
{
    float *direction = malloc(sizeof(float) * DIRECTIONS * WIDTH);
    if (direction == NULL) return 0;
    for (int i = 0; i < DIRECTIONS * WIDTH; i++)
        direction[i] = normal(state) / sqrtf(WIDTH);
    for (int64_t r = 0; r < n; r++) {
        float *row = &x[r * WIDTH];
        for (int j = 0; j < WIDTH; j++) row[j] = 0.01f * normal(state);
        for (int i = 0; i < MIXED; i++) {
            const float *from = &direction[next_bits(state) % DIRECTIONS * WIDTH];
            float share = uniform(state);
            for (int j = 0; j < WIDTH; j++) row[j] += share * from[j];
        }
    }
    free(direction);
    return 1;
}

/* NumPy's format 1.0: magic, length of the header, header padded to 64 bytes, values. */
static int write_npy(const char *path, const float *x, int64_t n, int width)
{
    char head[128];
    memset(head, ' ', sizeof(head));
    memcpy(head, "\x93NUMPY\x01\x00\x76\x00", 10);
    int used = snprintf(head + 10, sizeof(head) - 10,
                        "{'descr': '<f4', 'fortran_order': False, 'shape': (%lld, %d), }",
                        (long long)n, width);
    head[10 + used] = ' '; /* over the terminating zero */
    head[sizeof(head) - 1] = '\n';
    FILE *f = fopen(path, "wb");
    if (f == NULL) return 0;
    size_t values = (size_t)n * (size_t)width;
    int good = fwrite(head, sizeof(head), 1, f) == 1;
    good &= fwrite(x, sizeof(float), values, f) == values;
    return (fclose(f) == 0) & good;
}

int main(int argc, char **argv)
{
    int table = argc == 4 && strcmp(argv[1], "table") == 0;
    long rows = argc == 4 ? strtol(argv[2], NULL, 10) : 0;
    if (argc != 4 || rows < 2 || rows > 100000000 ||
        (!table && strcmp(argv[1], "activations") != 0)) {
        fputs("usage: data table|activations ROWS FILE.npy\n", stderr);
        return 2;
    }
    uint64_t state = 7;
    int width = table ? COLUMNS : WIDTH;
    float *x = malloc(sizeof(float) * (size_t)rows * (size_t)width);
    int good = x != NULL;
    if (good && table) fill_table(x, rows, &state);
    if (good && !table) good = fill_activations(x, rows, &state);
    if (!good) fputs("data: out of memory\n", stderr);
    if (good && !write_npy(argv[3], x, rows, width)) {
        perror(argv[3]);
        good = 0;
    }
    free(x);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
