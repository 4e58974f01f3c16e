// SPDX-License-Identifier: MIT
/* KANN (github.com/attractivechaos/kann) on the dense workloads W1, W3, W5 and W8.
 *
 *     peer_kann --workload W1 --data PATH [--batch N --epochs N --rows N --threads N]
 *
 * `make bench-peers KANN=folder` builds it with KANN's own threads and with OpenBLAS, as
 * fast as its flags allow.  KANN has RMSprop only, so Adam is written here, in one pass.
 * It has no transposed convolution, no random code and no top-k: W4, W6 and W7 cannot be
 * said in it.  Prints a line of JSON an epoch, as peer_torch.py does.                  */
#include "kann.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

typedef struct options {
    const char *workload, *data;
    int batch, epochs, threads;
    long rows;
} options;

typedef struct table {
    float *x; /* [n, width] */
    long n;
    int width;
} table;

static void die(const char *why, const char *what)
{
    fprintf(stderr, "peer_kann: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static table read_mnist(const char *folder)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/train-images-idx3-ubyte.gz", folder);
    table t = {NULL, 60000, 784};
    size_t values = (size_t)t.n * 784;
    unsigned char head[16], *pixels = malloc(values);
    t.x = malloc(sizeof(float) * values);
    gzFile f = gzopen(path, "rb");
    if (f == NULL || t.x == NULL || pixels == NULL) die("cannot read", path);
    if (gzread(f, head, 16) != 16 || gzread(f, pixels, (unsigned)values) != (int)values)
        die("too short", path);
    gzclose(f);
    for (size_t i = 0; i < values; i++) t.x[i] = (float)pixels[i] / 255.0f;
    free(pixels);
    return t;
}

/* A file of bench/data.c: 128 bytes of header, then floats. */
static table read_npy(const char *path)
{
    table t = {NULL, 0, 0};
    char head[129] = {0};
    FILE *f = fopen(path, "rb");
    if (f == NULL || fread(head, 128, 1, f) != 1) die("cannot read", path);
    const char *shape = strstr(head + 10, "'shape': (");
    if (shape == NULL || sscanf(shape, "'shape': (%ld, %d)", &t.n, &t.width) != 2)
        die("not a file of bench/data.c", path);
    size_t values = (size_t)t.n * (size_t)t.width;
    t.x = malloc(sizeof(float) * values);
    if (t.x == NULL || fread(t.x, sizeof(float), values, f) != values)
        die("too short", path);
    fclose(f);
    return t;
}

/* Dense layers with ReLU between them; bce of the last one's sigmoid, or mse. */
static kann_t *make_net(const int *sizes, int count, int bce)
{
    kad_node_t *x = kad_feed(2, 1, sizes[0]), *truth = kad_feed(2, 1, sizes[0]), *t = x;
    x->ext_flag |= KANN_F_IN;
    truth->ext_flag |= KANN_F_TRUTH;
    for (int i = 1; i < count; i++) {
        t = kann_layer_dense(t, sizes[i]);
        if (i + 1 < count) t = kad_relu(t);
    }
    if (bce) t = kad_sigm(t);
    t->ext_flag |= KANN_F_OUT;
    t = bce ? kad_ce_bin(t, truth) : kad_mse(t, truth);
    t->ext_flag |= KANN_F_COST;
    return kann_new(t, 0);
}

static void adam(kann_t *net, float *m, float *v, long step)
{
    float bias1 = 1.0f - powf(0.9f, (float)step);
    float bias2 = sqrtf(1.0f - powf(0.999f, (float)step));
    float lr = 1e-3f * bias2 / bias1, epsilon = 1e-7f * bias2;
    float *restrict x = net->x;
    const float *restrict g = net->g;
    int count = kann_size_var(net);
    for (int i = 0; i < count; i++) {
        m[i] += 0.1f * (g[i] - m[i]);
        v[i] += 0.001f * (g[i] * g[i] - v[i]);
        x[i] -= lr * m[i] / (sqrtf(v[i]) + epsilon);
    }
}

static void corrupt(float *out, const float *x, long values)
{
    for (long i = 0; i < values; i++) {
        float noisy = x[i] + 0.5f * (float)kad_drand_normal(NULL);
        out[i] = noisy < 0.0f ? 0.0f : noisy > 1.0f ? 1.0f : noisy;
    }
}

static void train(kann_t *net, const options *o, const table *data, int noisy)
{
    int width = data->width, count = kann_size_var(net);
    size_t values = (size_t)o->batch * (size_t)width;
    float *truth = malloc(sizeof(float) * values);
    float *input = noisy ? malloc(sizeof(float) * values) : truth;
    float *m = calloc((size_t)count, sizeof(float)),
          *v = calloc((size_t)count, sizeof(float));
    int *order = malloc(sizeof(int) * (size_t)data->n);
    if (!truth || !input || !m || !v || !order) die("out of memory", o->workload);
    kann_feed_bind(net, KANN_F_IN, 0, &input);
    kann_feed_bind(net, KANN_F_TRUTH, 0, &truth);
    if (o->threads > 1) kann_mt(net, o->threads, o->batch);
    kann_switch(net, 1);
    long step = 0;
    for (int epoch = 1; epoch <= o->epochs; epoch++) {
        double began = now(), cost = 0.0;
        kann_shuffle((int)data->n, order);
        for (long first = 0; first < data->n; first += o->batch) {
            long left = data->n - first;
            int rows = left < o->batch ? (int)left : o->batch;
            for (int b = 0; b < rows; b++)
                memcpy(truth + (long)b * width, data->x + (long)order[first + b] * width,
                       sizeof(float) * (size_t)width);
            if (noisy) corrupt(input, truth, (long)rows * width);
            kann_set_batch_size(net, rows);
            cost += (double)kann_cost(net, 0, 1) * rows;
            adam(net, m, v, ++step);
        }
        double took = now() - began;
        printf("{\"epoch\":%d,\"loss\":%.6f,\"seconds\":%.4f,\"rows_per_second\":%.1f}\n",
               epoch, cost / (double)data->n, took, (double)data->n / took);
        fflush(stdout);
    }
}

static options read_options(int argc, char **argv)
{
    options o = {"W1", "", 256, 4, 2, 0};
    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (strcmp(name, "--workload") == 0) o.workload = value;
        if (strcmp(name, "--data") == 0) o.data = value;
        if (strcmp(name, "--batch") == 0) o.batch = atoi(value);
        if (strcmp(name, "--epochs") == 0) o.epochs = atoi(value);
        if (strcmp(name, "--rows") == 0) o.rows = atol(value);
        if (strcmp(name, "--threads") == 0) o.threads = atoi(value);
    }
    return o;
}

int main(int argc, char **argv)
{
    static const int keras[] = {784, 32, 784};
    static const int deep[] = {784, 1000, 500, 250, 30, 250, 500, 1000, 784};
    static const int tabular[] = {30, 16, 8, 16, 30};
    options o = read_options(argc, argv);
    int is_table = strcmp(o.workload, "W8") == 0, noisy = strcmp(o.workload, "W3") == 0;
    if (!is_table && !noisy && strcmp(o.workload, "W1") && strcmp(o.workload, "W5"))
        die("cannot be said in KANN", o.workload);
    table data = is_table ? read_npy(o.data) : read_mnist(o.data);
    if (o.rows > 0 && o.rows < data.n) data.n = o.rows;
    kann_srand(1);
    kann_t *net = is_table                        ? make_net(tabular, 5, 0)
                  : strcmp(o.workload, "W5") == 0 ? make_net(deep, 9, 1)
                                                  : make_net(keras, 3, 1);
    printf("{\"peer\":\"KANN\",\"workload\":\"%s\",\"threads\":%d,\"batch\":%d}\n",
           o.workload, o.threads, o.batch);
    train(net, &o, &data, noisy);
    return EXIT_SUCCESS;
}
