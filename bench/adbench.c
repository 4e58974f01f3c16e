// SPDX-License-Identifier: MIT
/* A detector of anomalies on one labelled table: a line of JSON for each seed and method.
 *
 *     adbench FILE.npz PROTOCOL SEEDS [METHODS [NAME=VALUE ...]]
 *
 * FILE has X and y, 1 = anomaly.  Protocols:
 *     dte     normal rows in the file's order, the first half trains, the others and all
 *             anomalies test; tables under 1,000 rows are drawn to 1,000 with replacement
 *             (Livernoche et al., ICLR 2024)
 *     half    a random half of the normal rows trains, no row is drawn twice
 *     mixed   as many rows as there are, drawn with replacement and with their anomalies,
 *             train; all rows test
 * At most 50,000 rows of a table are taken, at random; MOST=rows says otherwise.
 *
 * Methods, with ',' between: preset (`anomaly`, with NAME=VALUE for options of it; mixed
 * adds trim), pca (residual of half as many components as columns), mahalanobis (of all
 * components), trimmed (mahalanobis, five times fitted again to the nearest 75 %),
 * neighbours (5 nearest of standardised rows).  Equal scores share their ranks; average
 * precision is the sum of precision at each step of recall.                            */
#include <hourglass.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LEAST = 1000, MOST = 50000, REFITS = 5, NAME = 64 };
#define KEPT 0.75
#define TRIM "0.25"

static hg_ctx *ctx;
static int64_t most = MOST;

static void end(const char *what)
{
    fprintf(stderr, "adbench: %s\n", what);
    exit(EXIT_FAILURE);
}

static void try(hg_status status)
{
    if (status != HG_OK) end(ctx != NULL ? hg_message(ctx) : "no context");
}

static void *room(int64_t n, size_t size)
{
    void *p = calloc((size_t)(n > 0 ? n : 1), size);
    if (p == NULL) end("out of memory");
    return p;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- rows -------------------------------------------------------------------------- */

typedef struct rows {
    int64_t n, d;
    float *x; /* [n,d] */
    unsigned char *y;
} rows;

static rows rows_new(int64_t n, int64_t d)
{
    return (rows){n, d, room(n * d, sizeof(float)), room(n, 1)};
}

static void rows_free(rows *r)
{
    free(r->x);
    free(r->y);
}

static rows pick(const rows *from, const int64_t *index, int64_t n)
{
    rows r = rows_new(n, from->d);
    for (int64_t i = 0; i < n; i++) {
        memcpy(r.x + i * r.d, from->x + index[i] * r.d, (size_t)r.d * sizeof *r.x);
        r.y[i] = from->y[index[i]];
    }
    return r;
}

static rows read_table(const char *path)
{
    hg_dataset *x, *y;
    hg_data_options o = {.size = sizeof o, .array = "X"};
    try(hg_dataset_open(ctx, path, &o, &x));
    o.array = "y";
    try(hg_dataset_open(ctx, path, &o, &y));
    rows r = rows_new(hg_dataset_rows(x), hg_dataset_features(x));
    if (hg_dataset_rows(y) != r.n || hg_dataset_features(y) != 1)
        end("y is not one label for each row");
    float *label = room(r.n, sizeof *label);
    try(hg_dataset_read(ctx, x, 0, r.n, r.x));
    try(hg_dataset_read(ctx, y, 0, r.n, label));
    for (int64_t i = 0; i < r.n; i++) r.y[i] = label[i] > 0;
    free(label);
    hg_dataset_free(&x);
    hg_dataset_free(&y);
    return r;
}

/* ---- protocols --------------------------------------------------------------------- */

/* SplitMix64 (Steele, Lea & Flood 2014): draws of this program alone. */
static uint64_t state;
static int64_t below(int64_t n)
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (int64_t)((z ^ (z >> 31)) % (uint64_t)n);
}

static void shuffle(int64_t *a, int64_t n)
{
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t j = below(i + 1), t = a[i];
        a[i] = a[j];
        a[j] = t;
    }
}

/* The rows of a run: some, or some more than once. */
static rows draw(const rows *all, bool again)
{
    int64_t n = all->n, m = n > most ? most : n;
    if (again && n < LEAST) m = LEAST;
    int64_t *index = room(n > m ? n : m, sizeof *index);
    for (int64_t i = 0; i < n; i++) index[i] = i;
    if (n > m) shuffle(index, n);
    if (m > n)
        for (int64_t i = 0; i < m; i++) index[i] = below(n);
    rows r = pick(all, index, m);
    free(index);
    return r;
}

static void split(const rows *all, const char *protocol, rows *train, rows *test)
{
    rows r = draw(all, strcmp(protocol, "dte") == 0);
    int64_t *index = room(2 * r.n, sizeof *index), normals = 0, from = r.n;
    if (strcmp(protocol, "mixed") == 0) {
        for (int64_t i = 0; i < r.n; i++) index[i] = below(r.n);
        *train = pick(&r, index, r.n);
        *test = r;
        free(index);
        return;
    }
    for (int64_t i = 0; i < r.n; i++)
        if (!r.y[i]) index[normals++] = i;
    if (strcmp(protocol, "half") == 0)
        shuffle(index, normals);
    else if (strcmp(protocol, "dte") != 0)
        end("a protocol is dte, half or mixed");
    int64_t half = normals / 2, n = normals - half;
    *train = pick(&r, index, half);
    memmove(index + from, index + half, (size_t)n * sizeof *index);
    for (int64_t i = 0; i < r.n; i++)
        if (r.y[i]) index[from + n++] = i;
    *test = pick(&r, index + from, n);
    rows_free(&r);
    free(index);
}

/* ---- methods ----------------------------------------------------------------------- */

static hg_dataset *view(const rows *r)
{
    hg_dataset *d;
    hg_view v = {.size = sizeof v, .data = r->x, .type = HG_F32, .rows = r->n, .rank = 1};
    v.shape[0] = r->d;
    try(hg_dataset_view(ctx, &v, &d));
    return d;
}

typedef struct job {
    const rows *train, *test;
    const char *protocol;
    int seed;
    char **set; /* NAME=VALUE */
    int sets;
    double seconds[2]; /* training, scoring */
} job;

static void set(hg_config *cfg, const char *name, const char *value)
{
    if (hg_config_set(cfg, name, value) != HG_OK) end(name);
}

static void score_rows(job *j, const hg_model *m, const rows *r, double *score)
{
    hg_dataset *data = view(r);
    double began = now();
    try(hg_score_dataset(ctx, m, data, score));
    j->seconds[1] = now() - began;
    hg_dataset_free(&data);
}

static void run_preset(job *j, double *score)
{
    hg_config *cfg;
    hg_model *m;
    char text[NAME];
    double began = now();
    try(hg_config_new(ctx, &cfg));
    try(hg_config_preset(cfg, "anomaly"));
    snprintf(text, sizeof text, "%d", j->seed);
    set(cfg, "seed", text);
    if (strcmp(j->protocol, "mixed") == 0) set(cfg, "trim", TRIM);
    for (int i = 0; i < j->sets; i++) {
        const char *value = strchr(j->set[i], '=');
        if (value == NULL || value - j->set[i] >= NAME) end("expected NAME=VALUE");
        snprintf(text, sizeof text, "%.*s", (int)(value - j->set[i]), j->set[i]);
        set(cfg, text, value + 1);
    }
    hg_dataset *train = view(j->train);
    try(hg_detector_train(ctx, cfg, train, NULL, NULL, NULL, &m));
    j->seconds[0] = now() - began;
    score_rows(j, m, j->test, score);
    hg_dataset_free(&train);
    hg_config_free(&cfg);
    hg_model_free(&m);
}

/* Principal components with a score of them. */
static hg_model *components(const rows *r, int64_t count, const char *kind)
{
    hg_config *cfg;
    hg_model *m;
    char text[NAME];
    count = count > 0 ? count : 1;
    double *share = room(count, sizeof *share);
    hg_dataset *data = view(r);
    try(hg_config_new(ctx, &cfg));
    snprintf(text, sizeof text, "%lld", (long long)count);
    set(cfg, "code", text);
    set(cfg, "scale", "standard");
    try(hg_pca(ctx, cfg, data, share, &m));
    try(hg_detector_fit(ctx, m, data, data, kind)); /* nothing is calibrated here */
    hg_config_free(&cfg);
    hg_dataset_free(&data);
    free(share);
    return m;
}

static void run_components(job *j, int64_t count, const char *kind, double *score)
{
    double began = now();
    hg_model *m = components(j->train, count, kind);
    j->seconds[0] = now() - began;
    score_rows(j, m, j->test, score);
    hg_model_free(&m);
}

static void run_trimmed(job *j, double *score)
{
    double began = now(), *of = room(j->train->n, sizeof *of);
    hg_model *m = components(j->train, j->train->d, "mahalanobis");
    for (int i = 0; i < REFITS; i++) {
        int64_t n = j->train->n, kept = 0, *index = room(n, sizeof *index), least = 0;
        score_rows(j, m, j->train, of);
        double low = 0, high = HUGE_VAL; /* the score that the share KEPT is below */
        for (int64_t k = 0; k < n; k++) least = of[k] > of[least] ? k : least;
        high = of[least];
        for (int step = 0; step < 100; step++) {
            double middle = low + (high - low) / 2;
            int64_t count = 0;
            for (int64_t k = 0; k < n; k++) count += of[k] <= middle;
            if ((double)count >= KEPT * (double)n)
                high = middle;
            else
                low = middle;
        }
        for (int64_t k = 0; k < n; k++)
            if (of[k] <= high) index[kept++] = k;
        rows near = pick(j->train, index, kept);
        hg_model_free(&m);
        m = components(&near, near.d, "mahalanobis");
        rows_free(&near);
        free(index);
    }
    j->seconds[0] = now() - began;
    score_rows(j, m, j->test, score);
    hg_model_free(&m);
    free(of);
}

static void run(job *j, const char *method, double *score)
{
    if (strcmp(method, "preset") == 0)
        run_preset(j, score);
    else if (strcmp(method, "pca") == 0)
        run_components(j, j->train->d / 2, "residual", score);
    else if (strcmp(method, "mahalanobis") == 0)
        run_components(j, j->train->d, "mahalanobis", score);
    else if (strcmp(method, "neighbours") == 0)
        run_components(j, 1, "neighbours", score);
    else if (strcmp(method, "trimmed") == 0)
        run_trimmed(j, score);
    else
        end(method);
}

/* ---- how good ---------------------------------------------------------------------- */

typedef struct scored {
    double score;
    int anomaly;
} scored;

static int descending(const void *a, const void *b)
{
    double x = ((const scored *)a)->score, y = ((const scored *)b)->score;
    return (x < y) - (x > y);
}

static void judge(const rows *test, const double *score, double *auc, double *precision)
{
    int64_t n = test->n, hits = 0, seen = 0;
    double pairs = 0, sum = 0, anomalies = 0;
    scored *s = room(n, sizeof *s);
    for (int64_t i = 0; i < n; i++) {
        s[i] = (scored){score[i], test->y[i]};
        anomalies += test->y[i];
    }
    qsort(s, (size_t)n, sizeof *s, descending);
    for (int64_t i = 0, next; i < n; i = next) {
        int64_t found = 0;
        for (next = i; next < n && !(s[next].score < s[i].score); next++)
            found += s[next].anomaly;
        double normal = (double)(next - i - found);
        pairs += normal * ((double)hits + 0.5 * (double)found);
        hits += found;
        seen = next;
        sum += (double)found * (double)hits / (double)seen;
    }
    *auc = pairs / (anomalies * ((double)n - anomalies));
    *precision = sum / anomalies;
    free(s);
}

int main(int argc, char **argv)
{
    if (argc < 4)
        end("usage: adbench FILE.npz PROTOCOL SEEDS [METHODS [NAME=VALUE ...]]");
    const char *methods =
        argc > 4 ? argv[4] : "preset,pca,mahalanobis,neighbours,trimmed";
    const char *cap = getenv("MOST");
    if (cap != NULL) most = atoll(cap);
    try(hg_ctx_new(NULL, &ctx));
    rows all = read_table(argv[1]);
    for (int seed = 1; seed <= atoi(argv[3]); seed++) {
        rows train, test;
        char list[256];
        state = (uint64_t)seed;
        split(&all, argv[2], &train, &test);
        double *score = room(test.n, sizeof *score), auc, precision;
        snprintf(list, sizeof list, "%s", methods);
        for (char *m = strtok(list, ","); m != NULL; m = strtok(NULL, ",")) {
            job j = {&train, &test, argv[2], seed, argv + 5, argc > 5 ? argc - 5 : 0,
                     {0, 0}};
            run(&j, m, score);
            judge(&test, score, &auc, &precision);
            printf("{\"protocol\":\"%s\",\"seed\":%d,\"method\":\"%s\",\"auc\":%.6f,"
                   "\"ap\":%.6f,\"train\":%lld,\"test\":%lld,\"columns\":%lld,"
                   "\"train_seconds\":%.4f,\"score_seconds\":%.4f}\n",
                   argv[2], seed, m, auc, precision, (long long)train.n,
                   (long long)test.n, (long long)train.d, j.seconds[0], j.seconds[1]);
            fflush(stdout);
        }
        free(score);
        rows_free(&train);
        rows_free(&test);
    }
    rows_free(&all);
    hg_ctx_free(&ctx);
    return 0;
}
